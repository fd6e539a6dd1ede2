"""UpdateTable: capacity, indexes, streams, encryption, replicas and all else that a table can change."""

from __future__ import annotations

import datetime
from typing import Any

import msgspec

from sundog.api import dynamodb as api
from sundog.core import Tx, op
from sundog.services.dynamodb import rows
from sundog.services.dynamodb.description import describe
from sundog.services.dynamodb.fault import bad_parameter, invalid
from sundog.services.dynamodb.schema import check_all_used, check_indexes, definitions, make_index, plain_or_none
from sundog.services.dynamodb.state import KeyPart, SecondaryIndex, Table, Throughput
from sundog.services.dynamodb.table import BIRTH, become_active, encryption, settled_table

MEMBERS = (
    "provisioned_throughput",
    "billing_mode",
    "stream_specification",
    "global_secondary_index_updates",
    "sse_specification",
    "replica_updates",
    "table_class",
    "deletion_protection_enabled",
    "multi_region_consistency",
    "global_table_witness_updates",
    "on_demand_throughput",
    "warm_throughput",
    "attribute_definitions",
    "global_table_settings_replication_mode",
    "disassociation_protection_enabled",
)


@op
def update_table(tx: Tx, req: api.UpdateTableInput) -> api.UpdateTableOutput:
    """Change a table. Instant, but for what the answer says: the table (and a new index) is being changed."""
    table = settled_table(tx, req.table_name)
    if all(getattr(req, name) is None for name in MEMBERS):
        raise invalid(
            "At least one of ProvisionedThroughput, BillingMode, UpdateStreamEnabled, GlobalSecondaryIndexUpdates or "
            "SSESpecification or ReplicaUpdates is required"
        )
    billing = req.billing_mode or table.billing
    table = _capacity(tx, table, req, billing)
    made: str | None = None
    gone: SecondaryIndex | None = None
    if req.global_secondary_index_updates is not None:
        table, made, gone = _indexes(tx, table, req, billing)
    if req.stream_specification is not None:
        from sundog.services.dynamodb.stream import apply_specification

        if not req.stream_specification.stream_enabled and table.stream_view is None:
            raise invalid("Table is already in the requested stream state: stream is disabled")
        table = apply_specification(tx, table, req.stream_specification)
    if req.sse_specification is not None:
        table = tx.update(table, sse=encryption(tx, req.sse_specification))
    if req.table_class is not None:
        table = tx.update(table, table_class={"TableClass": req.table_class, "LastUpdateDateTime": tx.now})
    if req.deletion_protection_enabled is not None:
        table = tx.update(table, protected=req.deletion_protection_enabled)
    if req.disassociation_protection_enabled is not None:
        table = tx.update(table, disassociation_protected=req.disassociation_protection_enabled)
    if req.global_table_settings_replication_mode is not None:
        table = tx.update(table, settings_replication=req.global_table_settings_replication_mode)
    if req.on_demand_throughput is not None:
        table = tx.update(table, on_demand=plain_or_none(req.on_demand_throughput))
    if req.warm_throughput is not None:
        table = tx.update(table, warm=plain_or_none(req.warm_throughput))
    replicas = (req.replica_updates, req.multi_region_consistency, req.global_table_witness_updates)
    if any(each is not None for each in replicas):
        from sundog.services.dynamodb.global_table import update_replicas

        table = update_replicas(tx, table, *replicas)
    elif table.replicas:
        from sundog.services.dynamodb.global_table import share_settings

        share_settings(tx, table)
    answer = _answer(tx, table, req, made, gone)
    if tx.setting("delays"):
        tx.update(table, status="UPDATING")
        tx.at(tx.now + BIRTH, become_active, table.table_name, table.table_id)
    return api.UpdateTableOutput(table_description=answer)


def _answer(tx: Tx, table: Table, req: Any, made: str | None, gone: SecondaryIndex | None) -> dict[str, Any]:
    """The table as the answer shows it: changing."""
    shown = table
    if gone is not None:
        leaving = msgspec.structs.replace(gone, status="DELETING")
        shown = msgspec.structs.replace(shown, indexes=(*table.indexes, leaving))
    answer = describe(tx, shown, status="UPDATING")
    for each in answer.get("GlobalSecondaryIndexes", ()):
        if each["IndexName"] == made:
            each["IndexStatus"] = "CREATING"
            each["Backfilling"] = False
    for update in req.global_secondary_index_updates or ():
        if update.update is not None:
            for each in answer["GlobalSecondaryIndexes"]:
                if each["IndexName"] == update.update.index_name:
                    each["IndexStatus"] = "UPDATING"
    return answer


# -- capacity -------------------------------------------------------------------------------------------------------


def _capacity(tx: Tx, table: Table, req: Any, billing: str) -> Table:
    given = req.provisioned_throughput
    if req.billing_mode == "PAY_PER_REQUEST" and given is not None:
        raise bad_parameter(
            "Neither ReadCapacityUnits nor WriteCapacityUnits can be specified when BillingMode is PAY_PER_REQUEST"
        )
    if billing == "PAY_PER_REQUEST":
        if given is not None:
            raise bad_parameter(
                "Neither ReadCapacityUnits nor WriteCapacityUnits can be specified when BillingMode is PAY_PER_REQUEST"
            )
        if table.billing == billing:
            return table
        return tx.update(
            table,
            billing=billing,
            billing_summary={"BillingMode": billing, "LastUpdateToPayPerRequestDateTime": tx.now},
            throughput=Throughput(),
            indexes=tuple(
                msgspec.structs.replace(index, throughput=Throughput(), warm=None) for index in table.indexes
            ),
        )
    if table.billing != billing and given is None:
        raise bad_parameter(
            "ReadCapacityUnits and WriteCapacityUnits must both be specified when BillingMode is PROVISIONED"
        )
    if given is None:
        return table
    if table.billing == billing:
        _refuse_same(table.throughput, given, "table")
    else:
        _refuse_unprovisioned(table, req)
    summary = table.billing_summary
    if summary is not None:
        summary = {**summary, "BillingMode": billing}
    return tx.update(
        table,
        billing=billing,
        billing_summary=summary,
        throughput=_changed(tx, table.throughput, given),
    )


def _refuse_unprovisioned(table: Table, req: Any) -> None:
    given = {each.update.index_name for each in req.global_secondary_index_updates or () if each.update is not None}
    for index in table.indexes:
        if not index.local and index.name not in given:
            raise bad_parameter(f"ProvisionedThroughput must be specified for index: {index.name}")


def _refuse_same(old: Throughput, given: Any, what: str) -> None:
    read, write = given.read_capacity_units, given.write_capacity_units
    if (old.read_capacity_units, old.write_capacity_units) == (read, write):
        raise invalid(
            f"The provisioned throughput for the {what} will not change. The requested value equals the current value. "
            f"Current ReadCapacityUnits provisioned for the {what}: {old.read_capacity_units}. "
            f"Requested ReadCapacityUnits: {read}. "
            f"Current WriteCapacityUnits provisioned for the {what}: {old.write_capacity_units}. "
            f"Requested WriteCapacityUnits: {write}. "
            "Refer to the Amazon DynamoDB Developer Guide for current limits and how to request higher limits."
        )


def _changed(tx: Tx, old: Throughput, given: Any) -> Throughput:
    read, write = given.read_capacity_units, given.write_capacity_units
    more = read > old.read_capacity_units or write > old.write_capacity_units
    less = read < old.read_capacity_units or write < old.write_capacity_units
    today = old.last_decrease_date_time is not None and old.last_decrease_date_time.date() == tx.now.date()
    decreases = old.number_of_decreases_today if today else 0
    moment: datetime.datetime = tx.now
    return Throughput(
        read_capacity_units=read,
        write_capacity_units=write,
        number_of_decreases_today=decreases + less,
        last_increase_date_time=moment if more else old.last_increase_date_time,
        last_decrease_date_time=moment if less else old.last_decrease_date_time,
    )


# -- indexes --------------------------------------------------------------------------------------------------------


def _indexes(tx: Tx, table: Table, req: Any, billing: str) -> tuple[Table, str | None, SecondaryIndex | None]:
    updates = req.global_secondary_index_updates
    if sum(each.create is not None or each.delete is not None for each in updates) > 1:
        raise api.LimitExceededException(
            "Subscriber limit exceeded: Only 1 online index can be created or deleted simultaneously per table"
        )
    made: str | None = None
    gone: SecondaryIndex | None = None
    for each in updates:
        given = [part for part in (each.create, each.update, each.delete) if part is not None]
        if len(given) != 1:
            raise bad_parameter(
                "One of GlobalSecondaryIndexUpdate's Update, Create, Delete must be given, and only one"
            )
        if each.create is not None:
            table = _add(tx, table, each.create, req, billing)
            made = each.create.index_name
        elif each.delete is not None:
            gone = _index(table, each.delete.index_name)
            table = _remove(tx, table, gone)
        else:
            table = _change(tx, table, each.update, billing)
    return table, made, gone


def _index(table: Table, name: str) -> SecondaryIndex:
    index = table.index(name)
    if index is None or index.local:
        raise api.ResourceNotFoundException("Requested resource not found")
    return index


def _add(tx: Tx, table: Table, given: Any, req: Any, billing: str) -> Table:
    known: dict[str, KeyPart] = {part.name: part for part in table.attributes}
    known.update(definitions(req.attribute_definitions or ()))
    if table.index(given.index_name) is not None:
        raise invalid(f"Attempting to create an index which already exists: {given.index_name}")
    index = make_index(tx, given, known, False, (table.hash, table.range), billing)
    indexes = [*table.indexes, index]
    check_indexes(indexes)
    if req.attribute_definitions is not None:
        check_all_used(definitions(req.attribute_definitions), (table.hash, table.range), indexes)
    used = {part.name for part in table.parts}.union(part.name for each in indexes for part in each.parts)
    attributes = tuple(part for name, part in known.items() if name in used)
    table = tx.update(table, indexes=tuple(indexes), attributes=attributes)
    rows.backfill(tx, table, index)
    return table


def _remove(tx: Tx, table: Table, index: SecondaryIndex) -> Table:
    rows.clear_index(tx, index)
    left = tuple(each for each in table.indexes if each.name != index.name)
    used = {part.name for part in table.parts}.union(part.name for each in left for part in each.parts)
    return tx.update(table, indexes=left, attributes=tuple(part for part in table.attributes if part.name in used))


def _change(tx: Tx, table: Table, given: Any, billing: str) -> Table:
    index = _index(table, given.index_name)
    changes: dict[str, Any] = {}
    if given.provisioned_throughput is not None:
        if billing == "PAY_PER_REQUEST":
            raise bad_parameter(
                "Neither ReadCapacityUnits nor WriteCapacityUnits can be specified for index: "
                f"{index.name} when BillingMode is PAY_PER_REQUEST"
            )
        _refuse_same(index.throughput, given.provisioned_throughput, f"index {index.name}")
        changes["throughput"] = _changed(tx, index.throughput, given.provisioned_throughput)
    if given.on_demand_throughput is not None:
        changes["on_demand"] = plain_or_none(given.on_demand_throughput)
    if given.warm_throughput is not None:
        changes["warm"] = plain_or_none(given.warm_throughput)
    new = msgspec.structs.replace(index, **changes)
    return tx.update(table, indexes=tuple(new if each.name == index.name else each for each in table.indexes))
