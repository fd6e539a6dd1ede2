"""Consumed capacity, by DynamoDB's rules: 1 KB a unit of writing, 4 KB a unit of strongly consistent reading."""

from __future__ import annotations

import math
from typing import Any

from sundog.services.dynamodb.rows import entry_key
from sundog.services.dynamodb.state import SecondaryIndex, Table
from sundog.services.dynamodb.value import Item, size_of

WRITE, READ = 1024, 4096


def write_units(size: int) -> float:
    return float(max(1, math.ceil(size / WRITE)))


def read_units(size: int, consistent: bool) -> float:
    units = max(1, math.ceil(size / READ))
    return float(units) if consistent else units / 2


class Tally:
    """What one table's part in a request consumed: the table itself, and its indexes by name."""

    __slots__ = ("factor", "indexes", "kind", "table", "units")

    def __init__(self, table: Table, kind: str, factor: int = 1) -> None:
        self.table = table
        self.kind = kind
        """``read`` or ``write``."""
        self.factor = factor
        self.units = 0.0
        self.indexes: dict[str, float] = {}

    def written(self, old: Item | None, new: Item | None) -> None:
        """Count one write: the greater of both sizes, and the same in each index that it changes."""
        sizes = [size_of(item) for item in (old, new) if item is not None]
        self.units += self.factor * write_units(max(sizes, default=0))
        for index in self.table.indexes:
            units = _index_units(self.table, index, old, new)
            if units:
                self.indexes[index.name] = self.indexes.get(index.name, 0.0) + self.factor * units

    def read(self, size: int, consistent: bool) -> None:
        self.units += self.factor * read_units(size, consistent)

    def answer(self, wanted: str | None, transaction: bool = False) -> dict[str, Any] | None:
        """``ConsumedCapacity`` as the request wants it."""
        if wanted not in ("TOTAL", "INDEXES"):
            return None
        total = self.units + sum(self.indexes.values())
        answer: dict[str, Any] = {"TableName": self.table.table_name, "CapacityUnits": total}
        one = "ReadCapacityUnits" if self.kind == "read" else "WriteCapacityUnits"
        if transaction:
            answer[one] = total
        if wanted == "INDEXES":
            answer["Table"] = self._capacity(self.units, one if transaction else None)
            for member, local in (("LocalSecondaryIndexes", True), ("GlobalSecondaryIndexes", False)):
                found = {
                    index.name: self._capacity(self.indexes[index.name], one if transaction else None)
                    for index in self.table.indexes
                    if index.local is local and index.name in self.indexes
                }
                if found:
                    answer[member] = found
        return answer

    @staticmethod
    def _capacity(units: float, more: str | None) -> dict[str, float]:
        return {"CapacityUnits": units, more: units} if more else {"CapacityUnits": units}


def projected(table: Table, index: SecondaryIndex, item: Item) -> Item:
    """What an index holds of an item."""
    if index.projection_type == "ALL":
        return item
    names = projected_names(table, index)
    return {name: value for name, value in item.items() if name in names}


def projected_names(table: Table, index: SecondaryIndex) -> set[str]:
    """The attributes that an index which doesn't hold all of them holds."""
    names = {part.name for part in table.parts + index.parts}
    if index.projection_type == "INCLUDE":
        names.update(index.non_key_attributes)
    return names


def _index_units(table: Table, index: SecondaryIndex, old: Item | None, new: Item | None) -> float:
    was = None if old is None else entry_key(index, old, ("", "", ""))
    becomes = None if new is None else entry_key(index, new, ("", "", ""))
    before = projected(table, index, old) if was is not None and old is not None else None
    after = projected(table, index, new) if becomes is not None and new is not None else None
    if before == after:
        return 0.0
    sizes = [size_of(part) for part in (before, after) if part is not None]
    if was is not None and becomes is not None and was != becomes:
        return sum(map(write_units, sizes))
    return write_units(max(sizes))
