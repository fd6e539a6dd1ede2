"""Streams of tables: every change of an item, in order, for a day."""

from __future__ import annotations

import datetime
from typing import Any

from sundog.core import AwsError, Tx
from sundog.services.dynamodb import rows
from sundog.services.dynamodb.description import key_schema, table_arn
from sundog.services.dynamodb.fault import invalid
from sundog.services.dynamodb.follow import event_name
from sundog.services.dynamodb.state import Change, Stream, Table
from sundog.services.dynamodb.value import Item, size_of

DAY = datetime.timedelta(hours=24)


def apply_specification(tx: Tx, table: Table, wanted: Any) -> Table:
    """Enable or disable the table's stream as the request says."""
    if wanted.stream_enabled:
        if table.stream_view is not None:
            raise invalid(f"Table already has an enabled stream: TableName: {table.table_name}")
        if wanted.stream_view_type is None:
            raise invalid(
                "One or more parameter values were invalid: StreamViewType must be specified when StreamEnabled is true"
            )
        return open_stream(tx, table, wanted.stream_view_type)
    if wanted.stream_view_type is not None:
        raise invalid(
            "One or more parameter values were invalid: StreamViewType can only be specified when StreamEnabled is true"
        )
    if table.stream_view is None:
        return table
    close(tx, table)
    return tx.update(table, stream_view=None)


def open_stream(tx: Tx, table: Table, view: str) -> Table:
    """A new stream of the table."""
    moment = tx.now
    while True:
        label = f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03d}"
        arn = f"{table_arn(tx, table)}/stream/{label}"
        if tx.find(Stream, arn) is None:
            break
        moment += datetime.timedelta(milliseconds=1)
    number = tx.store.next_serial()
    tx.add(
        Stream(
            arn=arn,
            table_name=table.table_name,
            table_id=table.table_id,
            label=label,
            view=view,
            status="ENABLED",
            created=tx.now,
            shard=f"shardId-{int(tx.now.timestamp() * 1000):020d}-{tx.ids.hex(8)}",
            first=number,
            key_schema=tuple(key_schema(table)),
        )
    )
    return tx.update(table, stream_view=view, stream_label=label)


def current(tx: Tx, table: Table) -> Stream:
    return tx.get(Stream, f"{table_arn(tx, table)}/stream/{table.stream_label}")


def close(tx: Tx, table: Table) -> None:
    """No more records; what is there can be read for a day."""
    stream = current(tx, table)
    tx.update(stream, status="DISABLED", closed=tx.now, last=tx.store.next_serial())
    tx.at(tx.now + DAY, remove, stream.arn)


def remove(tx: Tx, arn: str) -> None:
    stream = tx.find(Stream, arn)
    if stream is not None:
        part = tx.store.part(Change, tx.account, tx.region)
        for change in list(part.starting_with(arn)):
            part.delete(change.key)
        tx.delete(stream)


def sequence(number: int) -> str:
    """A sequence number as AWS writes it: its digits sort as it does."""
    return f"{number + 10**20:d}"


def number_of(sequence_number: str) -> int:
    return int(sequence_number) - 10**20


def append(tx: Tx, table: Table, old_item: Item | None, new_item: Item | None, identity: dict[str, str] | None) -> None:
    """Write the record of one change."""
    stream = current(tx, table)
    item = new_item or old_item
    assert item is not None
    keys = rows.key_attributes(table, item)
    number = tx.store.next_serial()
    change: dict[str, Any] = {"Keys": keys}
    size = size_of(keys)
    if new_item is not None and stream.view in ("NEW_IMAGE", "NEW_AND_OLD_IMAGES"):
        change["NewImage"] = new_item
        size += size_of(new_item)
    if old_item is not None and stream.view in ("OLD_IMAGE", "NEW_AND_OLD_IMAGES"):
        change["OldImage"] = old_item
        size += size_of(old_item)
    change.update(SequenceNumber=sequence(number), SizeBytes=size, StreamViewType=stream.view)
    record: dict[str, Any] = {
        "eventID": tx.ids.hex(32),
        "eventName": event_name(old_item, new_item),
        "eventVersion": "1.1",
        "eventSource": "aws:dynamodb",
        "awsRegion": tx.region,
        "dynamodb": change,
    }
    if identity is not None:
        record["userIdentity"] = identity
    part = tx.store.part(Change, tx.account, tx.region)
    now = tx.now.timestamp()
    part.add(Change(key=(stream.arn, number), time=now, data=rows.pack(record)))
    for old in part.starting_with(stream.arn):
        if old.time > now - DAY.total_seconds():
            break
        part.delete(old.key)


def record_of(change: Change) -> dict[str, Any]:
    """A record as readers get it."""
    record: dict[str, Any] = rows.unpack(change.data)
    moment = datetime.datetime.fromtimestamp(int(change.time), datetime.timezone.utc)
    record["dynamodb"] = {"ApproximateCreationDateTime": moment, **record["dynamodb"]}
    return record


def stream_at(tx: Tx, arn: str) -> tuple[Tx, Stream]:
    """The stream of an ARN, and the transaction where it lies."""
    from sundog.core import parse_arn

    parsed = parse_arn(arn)
    if parsed is None or "/stream/" not in parsed.resource:
        raise AwsError("ValidationException", f"Invalid StreamArn: {arn}")
    there = tx.in_(account=parsed.account, region=parsed.region)
    return there, there.get(Stream, arn)
