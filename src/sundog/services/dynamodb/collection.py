"""Item collections: all items with one partition key, of a table that has local indexes."""

from __future__ import annotations

from typing import Any

from sundog.core import Tx
from sundog.services.dynamodb.rows import rows
from sundog.services.dynamodb.state import ItemKey, Table
from sundog.services.dynamodb.value import Item

GIGABYTE = 1024**3


def collection_metrics(tx: Tx, table: Table, key: ItemKey, item: Item | None) -> dict[str, Any] | None:
    """``ItemCollectionMetrics`` of a written item's collection; None if the table keeps no track of them."""
    if item is None or not any(index.local for index in table.indexes):
        return None
    size = sum(row.size for row in rows(tx).starting_with(key[0], key[1]))
    low = size // GIGABYTE
    return {
        "ItemCollectionKey": {table.hash.name: item[table.hash.name]},
        "SizeEstimateRangeGB": [float(low), float(low + 1)],
    }
