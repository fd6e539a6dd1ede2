"""What follows an item's change: its stream record, its expiry, its history, its copies in other regions, Kinesis."""

from __future__ import annotations

import base64
from typing import Any

import msgspec

from sundog.core import Tx
from sundog.services.dynamodb import rows
from sundog.services.dynamodb.state import Expiry, Former, ItemKey, Row, Table
from sundog.services.dynamodb.value import Item, equal, size_of

DAY = 86400.0


def changed(
    tx: Tx,
    table: Table,
    key: ItemKey,
    old: Row | None,
    old_item: Item | None,
    new_item: Item | None,
    identity: dict[str, str] | None,
    origin: bool,
) -> None:
    """Tell everybody who follows the table's changes."""
    if table.recovery is not None:
        _keep_former(tx, table, key, old)
    if table.ttl is not None:
        from sundog.services.dynamodb.ttl import moved

        moved(tx, table, key, old_item, new_item)
    if old_item is not None and new_item is not None and equal({"M": old_item}, {"M": new_item}):
        return
    if table.stream_view is not None:
        from sundog.services.dynamodb.stream import append

        append(tx, table, old_item, new_item, identity)
    if table.kinesis:
        _send(tx, table, old_item, new_item, identity)
    if origin and table.replicas:
        for replica in table.replicas:
            region = replica["RegionName"]
            if region != tx.region and replica["ReplicaStatus"] == "ACTIVE":
                replicate(tx.in_(region=region), table.table_name, key, new_item, identity)


def replicate(tx: Tx, name: str, key: ItemKey, item: Item | None, identity: dict[str, str] | None = None) -> None:
    """Make the item of a key what it is in another region."""
    table = tx.find(Table, name)
    if table is None:
        return
    own = (table.table_id, *key[1:])
    old = rows.rows(tx).get(own)
    old_item = None if old is None else rows.unpack(old.data)
    size = 0 if item is None else size_of(item)
    rows.write(tx, table, own, old, old_item, item, size, identity, origin=False)


# -- history for point-in-time recovery -----------------------------------------------------------------------------


def _keep_former(tx: Tx, table: Table, key: ItemKey, old: Row | None) -> None:
    number = tx.store.next_serial()
    data = None if old is None else old.data
    part = tx.store.part(Former, tx.account, tx.region)
    now = tx.now.timestamp()
    part.add(Former(key=(table.table_id, number), time=now, row=tuple(key[1:]), data=data))
    assert table.recovery is not None
    oldest = now - table.recovery["days"] * DAY
    for former in part.starting_with(table.table_id):
        if former.time >= oldest:
            break
        part.delete(former.key)


def forget(tx: Tx, table: Table) -> None:
    """Drop what was kept of a table's past and of its items' expiry."""
    for kind in (Former, Expiry):
        part: Any = tx.store.part(kind, tx.account, tx.region)  # type: ignore[type-var]
        for row in list(part.starting_with(table.table_id)):
            part.delete(row.key)


# -- Kinesis --------------------------------------------------------------------------------------------------------


def _send(tx: Tx, table: Table, old_item: Item | None, new_item: Item | None, identity: dict[str, str] | None) -> None:
    arns = [each["StreamArn"] for each in table.kinesis if each["DestinationStatus"] in ("ACTIVE", "UPDATING")]
    if not arns:
        return
    item = new_item or old_item
    assert item is not None
    keys = rows.key_attributes(table, item)
    change: dict[str, Any] = {"Keys": keys}
    images = 0
    for name, image in (("NewImage", new_item), ("OldImage", old_item)):
        if image is not None:
            change[name] = image
            images += size_of(image)
    change["SizeBytes"] = size_of(keys) + images
    for each in table.kinesis:
        if each["StreamArn"] not in arns:
            continue
        precise = each.get("ApproximateCreationDateTimePrecision") == "MICROSECOND"
        change["ApproximateCreationDateTime"] = int(tx.now.timestamp() * (1_000_000 if precise else 1000))
        if precise:
            change["ApproximateCreationDateTimePrecision"] = "MICROSECOND"
        record = {
            "awsRegion": tx.region,
            "eventID": tx.ids.uuid(),
            "eventName": event_name(old_item, new_item),
            "userIdentity": None
            if identity is None
            else {"principalId": identity["PrincipalId"], "type": identity["Type"]},
            "recordFormat": "application/json",
            "tableName": table.table_name,
            "dynamodb": change,
            "eventSource": "aws:dynamodb",
        }
        data = msgspec.json.encode(record)
        partition = base64.b64encode(rows.pack(keys)).decode()[:256]
        tx.after_commit(put_record, each["StreamArn"], data, partition)


def put_record(tx: Tx, arn: str, data: bytes, partition: str) -> None:
    """Hand a change to a Kinesis stream."""
    tx.call("kinesis", "PutRecord", stream_arn=arn, data=data, partition_key=partition)


def event_name(old_item: Item | None, new_item: Item | None) -> str:
    if old_item is None:
        return "INSERT"
    return "REMOVE" if new_item is None else "MODIFY"
