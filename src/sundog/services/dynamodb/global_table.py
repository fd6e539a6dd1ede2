"""Global tables: copies of a table in several regions, each of which tells the others what it writes."""

from __future__ import annotations

from typing import Any

import msgspec

from sundog.api import dynamodb as api
from sundog.core import AwsError, Tx, op
from sundog.services.dynamodb import rows
from sundog.services.dynamodb.fault import bad_parameter, invalid
from sundog.services.dynamodb.state import GlobalTable, Row, Table
from sundog.services.dynamodb.stream import open_stream

OLD_VERSION = "2017.11.29"
NEW_VERSION = "2019.11.21"


def join_as_replica(tx: Tx, req: Any) -> Any:
    """A replica in another account's global table."""
    raise AwsError("NotImplemented", "Sundog does not support GlobalTableSourceArn of CreateTable yet.", 501)


# -- the second version: replicas of a table ------------------------------------------------------------------------


def update_replicas(tx: Tx, table: Table, updates: Any, consistency: str | None, witnesses: Any) -> Table:
    """Add, change and remove replicas."""
    if consistency is not None:
        table = tx.update(table, consistency=consistency)
    for each in witnesses or ():
        if each.create is not None:
            made = {"RegionName": each.create.region_name, "WitnessStatus": "ACTIVE"}
            table = tx.update(table, witnesses=(*table.witnesses, made))
        else:
            left = tuple(one for one in table.witnesses if one["RegionName"] != each.delete.region_name)
            table = tx.update(table, witnesses=left)
    for each in updates or ():
        given = [part for part in (each.create, each.update, each.delete) if part is not None]
        if len(given) != 1:
            raise bad_parameter("One of ReplicaUpdate's Create, Update, Delete must be given, and only one")
        region = given[0].region_name
        if region == tx.region:
            raise invalid(
                "Cannot add, delete, or update the local region through ReplicaUpdates. Use CreateTable, "
                "DeleteTable, or UpdateTable as required."
            )
        known = any(replica["RegionName"] == region for replica in table.replicas)
        if each.create is not None:
            if known:
                raise invalid(
                    f"Failed to create a the new replica of table with name: '{table.table_name}' because "
                    "one or more replicas already existed as tables."
                )
            table = _add(tx, table, region, each.create)
        elif not known:
            raise invalid(
                "Replica specified in the Replica Update or Replica Delete action of the request was not found."
            )
        elif each.delete is not None:
            table = _remove(tx, table, region)
        else:
            table = _change(tx, table, region, each.update)
    return table


def _add(tx: Tx, table: Table, region: str, given: Any) -> Table:
    there = tx.in_(region=region)
    if there.find(Table, table.table_name) is not None:
        raise invalid(
            f"Failed to create a the new replica of table with name: '{table.table_name}' because one or more replicas "
            "already existed as tables."
        )
    if table.stream_view is None:
        table = open_stream(tx, table, "NEW_AND_OLD_IMAGES")
    replicas = list(table.replicas) or [{"RegionName": tx.region, "ReplicaStatus": "ACTIVE"}]
    made: dict[str, Any] = {"RegionName": region, "ReplicaStatus": "ACTIVE"}
    if given.kms_master_key_id is not None:
        made["KMSMasterKeyId"] = given.kms_master_key_id
    for member, wire in (
        ("provisioned_throughput_override", "ProvisionedThroughputOverride"),
        ("on_demand_throughput_override", "OnDemandThroughputOverride"),
    ):
        value = getattr(given, member)
        if value is not None:
            made[wire] = value.plain_()
    if given.global_secondary_indexes is not None:
        made["GlobalSecondaryIndexes"] = [each.plain_() for each in given.global_secondary_indexes]
    if given.table_class_override is not None:
        made["ReplicaTableClassSummary"] = {"TableClass": given.table_class_override}
    replicas.append(made)
    copy = msgspec.structs.replace(
        table,
        serial_=0,
        table_id=tx.ids.uuid(),
        created=tx.now,
        indexes=tuple(msgspec.structs.replace(index, id=tx.ids.uuid()) for index in table.indexes),
        stream_view=None,
        stream_label=None,
        recovery=None,
        policy=None,
        policy_revision=None,
        kinesis=(),
        insights=None,
        tags={},
        table_class=made.get("ReplicaTableClassSummary", table.table_class),
    )
    copy = there.add(copy)
    for row in list(rows.rows(tx).starting_with(table.table_id)):
        rows.rows(there).add(Row(key=(copy.table_id, *row.key[1:]), size=row.size, data=row.data))
        if copy.ttl is not None:
            from sundog.services.dynamodb.ttl import moved

            moved(there, copy, (copy.table_id, *row.key[1:]), None, rows.unpack(row.data))
    for index in copy.indexes:
        rows.backfill(there, copy, index)
    open_stream(there, copy, table.stream_view or "NEW_AND_OLD_IMAGES")
    return _share(tx, table, tuple(replicas), NEW_VERSION)


def _remove(tx: Tx, table: Table, region: str) -> Table:
    from sundog.services.dynamodb.table import remove_table

    left = tuple(replica for replica in table.replicas if replica["RegionName"] != region)
    there = tx.in_(region=region)
    copy = there.find(Table, table.table_name)
    if copy is not None:
        copy = there.update(copy, replicas=())
        remove_table(there, copy.table_name, copy.table_id)
    if len(left) < 2:
        left = ()
    return _share(tx, table, left, NEW_VERSION if left else None)


def _change(tx: Tx, table: Table, region: str, given: Any) -> Table:
    replicas: list[dict[str, Any]] = []
    for replica in table.replicas:
        if replica["RegionName"] == region:
            replica = dict(replica)
            for member, wire in (
                ("provisioned_throughput_override", "ProvisionedThroughputOverride"),
                ("on_demand_throughput_override", "OnDemandThroughputOverride"),
            ):
                value = getattr(given, member)
                if value is not None:
                    replica[wire] = value.plain_()
            if given.kms_master_key_id is not None:
                replica["KMSMasterKeyId"] = given.kms_master_key_id
            if given.global_secondary_indexes is not None:
                replica["GlobalSecondaryIndexes"] = [each.plain_() for each in given.global_secondary_indexes]
            if given.table_class_override is not None:
                replica["ReplicaTableClassSummary"] = {"TableClass": given.table_class_override}
        replicas.append(replica)
    return _share(tx, table, tuple(replicas), table.version)


def _share(tx: Tx, table: Table, replicas: tuple[dict[str, Any], ...], version: str | None) -> Table:
    """Tell every copy who its fellows are."""
    regions = {replica["RegionName"] for replica in (*replicas, *table.replicas)} - {tx.region}
    for region in regions:
        there = tx.in_(region=region)
        copy = there.find(Table, table.table_name)
        if copy is not None:
            there.update(copy, replicas=replicas, version=version, consistency=table.consistency)
    return tx.update(table, replicas=replicas, version=version)


def leave(tx: Tx, table: Table) -> Table:
    """The table here goes: its fellows lose a replica."""
    if table.version == OLD_VERSION:
        known = tx.find(GlobalTable, table.table_name)
        if known is not None:
            tx.update(known, regions=tuple(region for region in known.regions if region != tx.region))
    left = tuple(replica for replica in table.replicas if replica["RegionName"] != tx.region)
    if len(left) < 2:
        left = ()
    table = _share(tx, table, left, table.version if left else None)
    return tx.update(table, replicas=())


def share_settings(tx: Tx, table: Table) -> None:
    """What global tables have in common everywhere: capacity mode, capacity to write, and indexes."""
    for replica in table.replicas:
        region = replica["RegionName"]
        if region == tx.region:
            continue
        there = tx.in_(region=region)
        copy = there.find(Table, table.table_name)
        if copy is None:
            continue
        names = {index.name for index in table.indexes}
        for index in copy.indexes:
            if index.name not in names:
                rows.clear_index(there, index)
        kept = {index.name: index for index in copy.indexes if index.name in names}
        made = [msgspec.structs.replace(each, id=tx.ids.uuid()) for each in table.indexes if each.name not in kept]
        copy = there.update(
            copy,
            billing=table.billing,
            billing_summary=table.billing_summary,
            throughput=table.throughput,
            attributes=table.attributes,
            indexes=(*kept.values(), *made),
        )
        for index in made:
            rows.backfill(there, copy, index)


# -- the first version: tables made one by one, then joined ---------------------------------------------------------


def _member(tx: Tx, name: str, region: str) -> Table:
    table = tx.in_(region=region).find(Table, name)
    if table is None:
        raise api.TableNotFoundException(f"Table not found: {name} in region {region}")
    if table.stream_view != "NEW_AND_OLD_IMAGES":
        raise invalid(
            f"One or more parameter values were invalid: Table {name} in region {region} must have a stream with new "
            "and old images"
        )
    return table


def _joined(tx: Tx, name: str, regions: tuple[str, ...], gone: tuple[str, ...] = ()) -> None:
    replicas = tuple({"RegionName": region, "ReplicaStatus": "ACTIVE"} for region in regions)
    for region in (*regions, *gone):
        there = tx.in_(region=region)
        table = there.find(Table, name)
        if table is not None:
            mine = replicas if region in regions and len(regions) > 1 else ()
            there.update(table, replicas=mine, version=OLD_VERSION if mine else None)


def _shown(tx: Tx, found: GlobalTable, status: str | None = None) -> dict[str, Any]:
    return {
        "ReplicationGroup": [{"RegionName": region, "ReplicaStatus": "ACTIVE"} for region in found.regions],
        "GlobalTableArn": found.arn,
        "CreationDateTime": found.created,
        "GlobalTableStatus": status or found.status,
        "GlobalTableName": found.name,
    }


@op
def create_global_table(tx: Tx, req: api.CreateGlobalTableInput) -> api.CreateGlobalTableOutput:
    """Join tables of one name in several regions."""
    name = req.global_table_name
    if tx.find(GlobalTable, name) is not None:
        raise api.GlobalTableAlreadyExistsException(f"Global table with name: '{name}' already exists")
    regions: tuple[str, ...] = tuple(replica.region_name or "" for replica in req.replication_group)
    for region in regions:
        table = _member(tx, name, region)
        if next(rows.rows(tx.in_(region=region)).starting_with(table.table_id), None) is not None:
            raise invalid(f"One or more parameter values were invalid: Table {name} in region {region} is not empty")
    arn = f"arn:{tx.partition}:dynamodb::{tx.account}:global-table/{name}"
    made = tx.add(GlobalTable(name=name, arn=arn, status="ACTIVE", created=tx.now, regions=regions))
    _joined(tx, name, regions)
    return api.CreateGlobalTableOutput(global_table_description=_shown(tx, made, "CREATING"))


@op
def update_global_table(tx: Tx, req: api.UpdateGlobalTableInput) -> api.UpdateGlobalTableOutput:
    """Let tables of more regions in, or some go."""
    found = tx.get(GlobalTable, req.global_table_name)
    regions = list(found.regions)
    gone: list[str] = []
    for update in req.replica_updates:
        if update.create is not None:
            region = update.create.region_name
            if region in regions:
                raise api.ReplicaAlreadyExistsException(
                    f"Failed to create a the new replica of table with name: '{found.name}': it exists in {region}"
                )
            _member(tx, found.name, region)
            regions.append(region)
        elif update.delete is not None:
            region = update.delete.region_name
            if region not in regions:
                raise api.ReplicaNotFoundException(f"Replica not found in region: {region}")
            regions.remove(region)
            gone.append(region)
    found = tx.update(found, regions=tuple(regions))
    _joined(tx, found.name, found.regions, tuple(gone))
    return api.UpdateGlobalTableOutput(global_table_description=_shown(tx, found, "UPDATING"))


@op
def describe_global_table(tx: Tx, req: api.DescribeGlobalTableInput) -> api.DescribeGlobalTableOutput:
    """A global table of the first version."""
    found = tx.get(GlobalTable, req.global_table_name)
    return api.DescribeGlobalTableOutput(global_table_description=_shown(tx, found))


@op(paged=False)
def list_global_tables(tx: Tx, req: api.ListGlobalTablesInput) -> api.ListGlobalTablesOutput:
    """Global tables of the first version, or those with a replica in a region."""
    limit = req.limit or 100
    listed: list[dict[str, Any]] = []
    for found in tx.range(GlobalTable, req.exclusive_start_global_table_name):
        if found.name == req.exclusive_start_global_table_name:
            continue
        if req.region_name is not None and req.region_name not in found.regions:
            continue
        if len(listed) == limit:
            return api.ListGlobalTablesOutput(
                global_tables=listed, last_evaluated_global_table_name=listed[-1]["GlobalTableName"]
            )
        group = [{"RegionName": region} for region in found.regions]
        listed.append({"GlobalTableName": found.name, "ReplicationGroup": group})
    return api.ListGlobalTablesOutput(global_tables=listed)


def _settings(tx: Tx, found: GlobalTable) -> list[dict[str, Any]]:
    listed: list[dict[str, Any]] = []
    for region in found.regions:
        table = tx.in_(region=region).find(Table, found.name)
        if table is None:
            continue
        listed.append(
            {
                "RegionName": region,
                "ReplicaStatus": "ACTIVE",
                "ReplicaBillingModeSummary": {"BillingMode": table.billing},
                "ReplicaProvisionedReadCapacityUnits": table.throughput.read_capacity_units,
                "ReplicaProvisionedWriteCapacityUnits": table.throughput.write_capacity_units,
                "ReplicaGlobalSecondaryIndexSettings": [
                    {
                        "IndexName": index.name,
                        "IndexStatus": "ACTIVE",
                        "ProvisionedReadCapacityUnits": index.throughput.read_capacity_units,
                        "ProvisionedWriteCapacityUnits": index.throughput.write_capacity_units,
                    }
                    for index in table.indexes
                    if not index.local
                ]
                or None,
            }
        )
    return listed


@op
def describe_global_table_settings(
    tx: Tx, req: api.DescribeGlobalTableSettingsInput
) -> api.DescribeGlobalTableSettingsOutput:
    """Capacity of each replica."""
    found = tx.get(GlobalTable, req.global_table_name)
    return api.DescribeGlobalTableSettingsOutput(global_table_name=found.name, replica_settings=_settings(tx, found))


@op
def update_global_table_settings(
    tx: Tx, req: api.UpdateGlobalTableSettingsInput
) -> api.UpdateGlobalTableSettingsOutput:
    """Change the capacity of all replicas, or of one."""
    found = tx.get(GlobalTable, req.global_table_name)
    one = {each.region_name: each for each in req.replica_settings_update or ()}
    for region in one:
        if region not in found.regions:
            raise api.ReplicaNotFoundException(f"Replica not found in region: {region}")
    writes = req.global_table_provisioned_write_capacity_units
    for region in found.regions:
        there = tx.in_(region=region)
        table = there.get(Table, found.name)
        throughput = table.throughput
        if writes is not None:
            throughput = msgspec.structs.replace(throughput, write_capacity_units=writes)
        reads = one[region].replica_provisioned_read_capacity_units if region in one else None
        if reads is not None:
            throughput = msgspec.structs.replace(throughput, read_capacity_units=reads)
        billing = req.global_table_billing_mode or table.billing
        there.update(table, throughput=throughput, billing=billing)
    return api.UpdateGlobalTableSettingsOutput(global_table_name=found.name, replica_settings=_settings(tx, found))
