"""Backups on demand, and point-in-time recovery: both keep the items as they were."""

from __future__ import annotations

import datetime
from typing import Any

import msgspec

from sundog.api import dynamodb as api
from sundog.core import Tx, op, parse_arn
from sundog.services.dynamodb import rows
from sundog.services.dynamodb.description import describe, key_schema, table_arn
from sundog.services.dynamodb.fault import bad_parameter, invalid
from sundog.services.dynamodb.schema import check_indexes, check_table_name, make_index
from sundog.services.dynamodb.state import Backup, Former, Row, SecondaryIndex, Table, Throughput
from sundog.services.dynamodb.table import BIRTH, become_active, billing_summary, encryption, table_throughput

DAYS = 35


def _source(tx: Tx, name: str) -> Table:
    """The table, by name or ARN; these operations have an error of their own for one that isn't there."""
    if name.startswith("arn:"):
        parsed = parse_arn(name)
        name = parsed.resource.split("/")[1] if parsed is not None and "/" in parsed.resource else name
    table = tx.find(Table, name)
    if table is None:
        raise api.TableNotFoundException(f"Table not found: {name}")
    return table


# -- backups --------------------------------------------------------------------------------------------------------


@op
def create_backup(tx: Tx, req: api.CreateBackupInput) -> api.CreateBackupOutput:
    """Keep a table with all its items as it is now."""
    table = _source(tx, req.table_name)
    if table.status != "ACTIVE":
        raise api.TableInUseException(f"Table is being changed: {table.table_name}")
    moment = int(tx.now.timestamp() * 1000)
    arn = f"{table_arn(tx, table)}/backup/{moment:014d}-{tx.ids.hex(8)}"
    rows_id = tx.ids.uuid()
    count, size = rows.copy(tx, table.table_id, rows_id)
    backup = tx.add(
        Backup(
            arn=arn,
            name=req.backup_name,
            status="AVAILABLE",
            created=tx.now,
            table=table,
            rows_id=rows_id,
            count=count,
            size=size,
            features=_features(table),
        )
    )
    return api.CreateBackupOutput(backup_details={**_details(backup), "BackupStatus": "CREATING"})


def _features(table: Table) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for member, local in (("LocalSecondaryIndexes", True), ("GlobalSecondaryIndexes", False)):
        listed: list[dict[str, Any]] = []
        for index in table.indexes:
            if index.local is local:
                projection: dict[str, Any] = {"ProjectionType": index.projection_type}
                if index.non_key_attributes:
                    projection["NonKeyAttributes"] = list(index.non_key_attributes)
                each: dict[str, Any] = {
                    "IndexName": index.name,
                    "KeySchema": key_schema(table, index),
                    "Projection": projection,
                }
                if not local:
                    each["ProvisionedThroughput"] = _units(index.throughput)
                listed.append(each)
        if listed:
            found[member] = listed
    if table.stream_view is not None:
        found["StreamDescription"] = {"StreamEnabled": True, "StreamViewType": table.stream_view}
    if table.ttl is not None:
        found["TimeToLiveDescription"] = {"TimeToLiveStatus": table.ttl_status, "AttributeName": table.ttl}
    if table.sse is not None:
        found["SSEDescription"] = table.sse
    return found


def _units(throughput: Throughput) -> dict[str, int]:
    return {
        "ReadCapacityUnits": throughput.read_capacity_units,
        "WriteCapacityUnits": throughput.write_capacity_units,
    }


def _details(backup: Backup) -> dict[str, Any]:
    return {
        "BackupArn": backup.arn,
        "BackupName": backup.name,
        "BackupSizeBytes": backup.size,
        "BackupStatus": backup.status,
        "BackupType": "USER",
        "BackupCreationDateTime": backup.created,
    }


def _description(tx: Tx, backup: Backup) -> dict[str, Any]:
    table = backup.table
    return {
        "BackupDetails": _details(backup),
        "SourceTableDetails": {
            "TableName": table.table_name,
            "TableId": table.table_id,
            "TableArn": table_arn(tx, table),
            "TableSizeBytes": backup.size,
            "KeySchema": key_schema(table),
            "TableCreationDateTime": table.created,
            "ProvisionedThroughput": _units(table.throughput),
            "ItemCount": backup.count,
            "BillingMode": table.billing,
        },
        "SourceTableFeatureDetails": backup.features,
    }


@op
def describe_backup(tx: Tx, req: api.DescribeBackupInput) -> api.DescribeBackupOutput:
    """A backup, and the table it is of as that was."""
    return api.DescribeBackupOutput(backup_description=_description(tx, tx.get(Backup, req.backup_arn)))


@op
def delete_backup(tx: Tx, req: api.DeleteBackupInput) -> api.DeleteBackupOutput:
    """Let go of a backup."""
    backup = tx.get(Backup, req.backup_arn)
    rows.clear(tx, backup.rows_id)
    tx.delete(backup)
    gone = msgspec.structs.replace(backup, status="DELETED")
    return api.DeleteBackupOutput(backup_description=_description(tx, gone))


@op(paged=False)
def list_backups(tx: Tx, req: api.ListBackupsInput) -> api.ListBackupsOutput:
    """Backups by table, time and kind; only those that users made exist here."""
    name = req.table_name
    if name is not None and name.startswith("arn:"):
        name = name.rpartition("/")[2]
    limit = req.limit or 100
    low, high = req.time_range_lower_bound, req.time_range_upper_bound
    found: list[dict[str, Any]] = []
    for backup in tx.range(Backup, req.exclusive_start_backup_arn):
        if backup.arn == req.exclusive_start_backup_arn or (name is not None and backup.table.table_name != name):
            continue
        if (low is not None and backup.created < low) or (high is not None and backup.created >= high):
            continue
        if req.backup_type not in (None, "USER", "ALL"):
            continue
        if len(found) == limit:
            return api.ListBackupsOutput(backup_summaries=found, last_evaluated_backup_arn=found[-1]["BackupArn"])
        summary = _details(backup)
        summary.update(
            TableName=backup.table.table_name, TableId=backup.table.table_id, TableArn=table_arn(tx, backup.table)
        )
        found.append(summary)
    return api.ListBackupsOutput(backup_summaries=found)


# -- restoring ------------------------------------------------------------------------------------------------------


@op
def restore_table_from_backup(tx: Tx, req: api.RestoreTableFromBackupInput) -> api.RestoreTableFromBackupOutput:
    """A new table with the items of a backup."""
    backup = tx.get(Backup, req.backup_arn)
    summary = {
        "SourceBackupArn": backup.arn,
        "SourceTableArn": table_arn(tx, backup.table),
        "RestoreDateTime": backup.created,
    }
    items = {row.key[1:]: (row.size, row.data) for row in rows.rows(tx).starting_with(backup.rows_id)}
    table = _restored(tx, req, backup.table, summary, items)
    return api.RestoreTableFromBackupOutput(table_description=table)


@op
def restore_table_to_point_in_time(
    tx: Tx, req: api.RestoreTableToPointInTimeInput
) -> api.RestoreTableToPointInTimeOutput:
    """A new table with the items that another had at some moment."""
    name = req.source_table_name or req.source_table_arn
    if name is None:
        raise bad_parameter("One of SourceTableName and SourceTableArn must be specified")
    table = _source(tx, name)
    if table.recovery is None:
        raise api.PointInTimeRecoveryUnavailableException(
            f"Point in time recovery is not enabled for table '{table.table_name}'"
        )
    moment = tx.now
    if req.restore_date_time is not None:
        moment = req.restore_date_time
        if not _earliest(tx, table) <= moment <= tx.now:
            raise api.InvalidRestoreTimeException(
                "The specified restore time is not within the point in time recovery window: it must be between "
                "EarliestRestorableDateTime and LatestRestorableDateTime"
            )
    elif not req.use_latest_restorable_time:
        raise bad_parameter("One of RestoreDateTime and UseLatestRestorableTime must be specified")
    summary = {"SourceTableArn": table_arn(tx, table), "RestoreDateTime": moment}
    return api.RestoreTableToPointInTimeOutput(
        table_description=_restored(tx, req, table, summary, items_at(tx, table, moment))
    )


def items_at(tx: Tx, table: Table, moment: datetime.datetime) -> dict[tuple[Any, ...], tuple[int, bytes]]:
    """Size and attributes of the items that a table had at a moment, by their keys' forms."""
    found = {row.key[1:]: (row.size, row.data) for row in rows.rows(tx).starting_with(table.table_id)}
    part = tx.store.part(Former, tx.account, tx.region)
    when = moment.timestamp()
    for former in part.starting_with(table.table_id, reverse=True):
        if former.time <= when:
            break
        if former.data is None:
            found.pop(tuple(former.row), None)
        else:
            from sundog.services.dynamodb.value import size_of

            found[tuple(former.row)] = (size_of(rows.unpack(former.data)), former.data)
    return found


def _restored(
    tx: Tx, req: Any, source: Table, summary: dict[str, Any], items: dict[tuple[Any, ...], tuple[int, bytes]]
) -> dict[str, Any]:
    name = req.target_table_name
    check_table_name(name)
    if tx.find(Table, name) is not None:
        raise api.TableAlreadyExistsException(f"Table already exists: {name}")
    billing = req.billing_mode_override or source.billing
    throughput = source.throughput
    if req.provisioned_throughput_override is not None:
        throughput = table_throughput(req.provisioned_throughput_override, billing)
    delayed = tx.setting("delays")
    table = Table(
        table_name=name,
        table_id=tx.ids.uuid(),
        status="CREATING" if delayed else "ACTIVE",
        created=tx.now,
        hash=source.hash,
        range=source.range,
        indexes=_indexes(tx, req, source, billing),
        attributes=source.attributes,
        throughput=throughput,
        billing=billing,
        billing_summary=billing_summary(tx, billing),
        sse=source.sse if req.sse_specification_override is None else encryption(tx, req.sse_specification_override),
        on_demand=source.on_demand,
        restored={**summary, "RestoreInProgress": False},
    )
    used = {part.name for part in table.parts}.union(part.name for each in table.indexes for part in each.parts)
    table = msgspec.structs.replace(table, attributes=tuple(part for part in table.attributes if part.name in used))
    table = tx.add(table)
    part = rows.rows(tx)
    for key, (size, data) in items.items():
        part.add(Row(key=(table.table_id, *key), size=size, data=data))
    for index in table.indexes:
        rows.backfill(tx, table, index)
    if delayed:
        tx.at(tx.now + BIRTH, become_active, table.table_name, table.table_id)
    answer = describe(tx, table, status="CREATING")
    answer["RestoreSummary"] = {**summary, "RestoreInProgress": True}
    answer["ItemCount"] = answer["TableSizeBytes"] = 0
    return answer


def _indexes(tx: Tx, req: Any, source: Table, billing: str) -> tuple[SecondaryIndex, ...]:
    """The source's indexes, or those of them that the request still wants."""
    known = {part.name: part for part in source.attributes}
    own = (source.hash, source.range)
    found: list[SecondaryIndex] = []
    for given, local in ((req.local_secondary_index_override, True), (req.global_secondary_index_override, False)):
        if given is None:
            found += [
                msgspec.structs.replace(index, id=tx.ids.uuid()) for index in source.indexes if index.local is local
            ]
        else:
            found += [make_index(tx, each, known, local, own, billing) for each in given]
    check_indexes(found)
    return tuple(found)


# -- point-in-time recovery -----------------------------------------------------------------------------------------


def _earliest(tx: Tx, table: Table) -> datetime.datetime:
    assert table.recovery is not None
    window = datetime.timedelta(days=table.recovery["days"])
    since: datetime.datetime = table.recovery["since"]
    return max(since, tx.now - window)


def _recovery(tx: Tx, table: Table) -> dict[str, Any]:
    status: dict[str, Any] = {"PointInTimeRecoveryStatus": "DISABLED"}
    if table.recovery is not None:
        status = {
            "PointInTimeRecoveryStatus": "ENABLED",
            "RecoveryPeriodInDays": table.recovery["days"],
            "EarliestRestorableDateTime": _earliest(tx, table),
            "LatestRestorableDateTime": tx.now,
        }
    return {"ContinuousBackupsStatus": "ENABLED", "PointInTimeRecoveryDescription": status}


@op
def describe_continuous_backups(tx: Tx, req: api.DescribeContinuousBackupsInput) -> api.DescribeContinuousBackupsOutput:
    """Whether the table can be restored to a moment, and to which."""
    table = _source(tx, req.table_name)
    return api.DescribeContinuousBackupsOutput(continuous_backups_description=_recovery(tx, table))


@op
def update_continuous_backups(tx: Tx, req: api.UpdateContinuousBackupsInput) -> api.UpdateContinuousBackupsOutput:
    """Begin or stop to keep what items were."""
    table = _source(tx, req.table_name)
    wanted = req.point_in_time_recovery_specification
    if wanted.point_in_time_recovery_enabled:
        days = wanted.recovery_period_in_days or (table.recovery or {}).get("days", DAYS)
        since = tx.now if table.recovery is None else table.recovery["since"]
        table = tx.update(table, recovery={"days": days, "since": since})
    else:
        if wanted.recovery_period_in_days is not None:
            raise invalid("RecoveryPeriodInDays can only be specified when PointInTimeRecoveryEnabled is true")
        if table.recovery is not None:
            part = tx.store.part(Former, tx.account, tx.region)
            for former in list(part.starting_with(table.table_id)):
                part.delete(former.key)
        table = tx.update(table, recovery=None)
    return api.UpdateContinuousBackupsOutput(continuous_backups_description=_recovery(tx, table))
