"""Tables as DynamoDB describes them."""

from __future__ import annotations

from typing import Any

from sundog.core import Tx
from sundog.services.dynamodb import rows
from sundog.services.dynamodb.state import KeyPart, Row, SecondaryIndex, Table, Throughput


def table_arn(tx: Tx, table: Table) -> str:
    return tx.arn(f"table/{table.table_name}", service="dynamodb")


def key_schema(table: Table, index: SecondaryIndex | None = None) -> list[dict[str, str]]:
    """``KeySchema`` of a table or an index of it."""
    if index is None:
        hashes: tuple[KeyPart, ...] = (table.hash,)
        ranges: tuple[KeyPart, ...] = () if table.range is None else (table.range,)
    else:
        hashes, ranges = index.hash, index.range
    return [{"AttributeName": part.name, "KeyType": "HASH"} for part in hashes] + [
        {"AttributeName": part.name, "KeyType": "RANGE"} for part in ranges
    ]


def throughput(given: Throughput) -> dict[str, Any]:
    """``ProvisionedThroughputDescription``."""
    return {
        "LastIncreaseDateTime": given.last_increase_date_time,
        "LastDecreaseDateTime": given.last_decrease_date_time,
        "NumberOfDecreasesToday": given.number_of_decreases_today,
        "ReadCapacityUnits": given.read_capacity_units,
        "WriteCapacityUnits": given.write_capacity_units,
    }


def describe(
    tx: Tx, table: Table, status: str | None = None, full: bool = False, brief: bool = False
) -> dict[str, Any]:
    """``TableDescription``. ``full``: as DescribeTable shows it; ``brief``: as DeleteTable does."""
    count, size = rows.measure(tx, table.table_id)
    state = status or table.status
    found: dict[str, Any] = {
        "TableName": table.table_name,
        "TableStatus": state,
        "ProvisionedThroughput": throughput(table.throughput),
        "TableSizeBytes": size,
        "ItemCount": count,
        "TableArn": table_arn(tx, table),
        "TableId": table.table_id,
        "BillingModeSummary": _billing(table, state),
        "TableClassSummary": table.table_class,
        "DeletionProtectionEnabled": table.protected,
    }
    if brief:
        return found
    found.update(
        {
            "AttributeDefinitions": [
                {"AttributeName": part.name, "AttributeType": part.type}
                for part in sorted(table.attributes, key=lambda part: part.name)
            ],
            "KeySchema": key_schema(table),
            "CreationDateTime": table.created,
            "SSEDescription": table.sse,
            "OnDemandThroughput": table.on_demand,
            "RestoreSummary": table.restored,
            "MultiRegionConsistency": table.consistency,
            "GlobalTableVersion": table.version,
            "GlobalTableSettingsReplicationMode": table.settings_replication,
        }
    )
    if table.disassociation_protected:
        found["DisassociationProtectionEnabled"] = True
    if table.stream_label:
        found["LatestStreamLabel"] = table.stream_label
        found["LatestStreamArn"] = f"{table_arn(tx, table)}/stream/{table.stream_label}"
        if table.stream_view:
            found["StreamSpecification"] = {"StreamEnabled": True, "StreamViewType": table.stream_view}
    others = [dict(replica) for replica in table.replicas if replica["RegionName"] != tx.region]
    if others:
        found["Replicas"] = others
    if table.witnesses:
        found["GlobalTableWitnesses"] = list(table.witnesses)
    for member, local in (("LocalSecondaryIndexes", True), ("GlobalSecondaryIndexes", False)):
        listed = [_index(tx, table, index, state, full) for index in table.indexes if index.local is local]
        if listed:
            found[member] = listed
    if full or table.warm is not None:
        found["WarmThroughput"] = _warm(table.warm, table.throughput, table.billing, state)
    return found


def _billing(table: Table, state: str) -> dict[str, Any] | None:
    summary = table.billing_summary
    if summary is None or state != "CREATING":
        return summary
    return {"BillingMode": summary["BillingMode"]}


def _warm(given: dict[str, int] | None, provisioned: Throughput, billing: str, state: str) -> dict[str, Any]:
    if given is not None:
        found: dict[str, Any] = dict(given)
    elif billing == "PAY_PER_REQUEST":
        found = {"ReadUnitsPerSecond": 12000, "WriteUnitsPerSecond": 4000}
    else:
        found = {
            "ReadUnitsPerSecond": provisioned.read_capacity_units,
            "WriteUnitsPerSecond": provisioned.write_capacity_units,
        }
    found["Status"] = "ACTIVE" if state == "ACTIVE" else "UPDATING"
    return found


def _index(tx: Tx, table: Table, index: SecondaryIndex, state: str, full: bool) -> dict[str, Any]:
    count, size = index_size(tx, table, index)
    projection: dict[str, Any] = {"ProjectionType": index.projection_type}
    if index.non_key_attributes:
        projection["NonKeyAttributes"] = list(index.non_key_attributes)
    found: dict[str, Any] = {
        "IndexName": index.name,
        "KeySchema": key_schema(table, index),
        "Projection": projection,
        "IndexSizeBytes": size,
        "ItemCount": count,
        "IndexArn": f"{table_arn(tx, table)}/index/{index.name}",
    }
    if not index.local:
        found["IndexStatus"] = "CREATING" if state == "CREATING" else index.status
        found["ProvisionedThroughput"] = throughput(index.throughput)
        found["OnDemandThroughput"] = index.on_demand
        found["Backfilling"] = index.backfilling
        if full or index.warm is not None:
            found["WarmThroughput"] = _warm(index.warm, index.throughput, table.billing, state)
    return found


def index_size(tx: Tx, table: Table, index: SecondaryIndex) -> tuple[int, int]:
    """How many items an index holds, and their size."""
    from sundog.services.dynamodb.capacity import projected
    from sundog.services.dynamodb.value import size_of

    count = size = 0
    get = rows.rows(tx).get
    for entry in rows.entries(tx).starting_with(index.id):
        row: Row | None = get((table.table_id, *entry.key[-2:]))
        if row is not None:
            count += 1
            if index.projection_type == "ALL":
                size += row.size
            else:
                size += size_of(projected(table, index, rows.unpack(row.data)))
    return count, size
