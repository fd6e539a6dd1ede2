"""Time to live: items are deleted when the clock has passed the time that an attribute of theirs tells."""

from __future__ import annotations

import datetime

from sundog.api import dynamodb as api
from sundog.core import Tx, op
from sundog.services.dynamodb import rows
from sundog.services.dynamodb.fault import invalid
from sundog.services.dynamodb.state import Expiry, ItemKey, Table
from sundog.services.dynamodb.table import settled_table, table_of
from sundog.services.dynamodb.value import Item

IDENTITY = {"PrincipalId": "dynamodb.amazonaws.com", "Type": "Service"}
OLDEST = 5 * 365 * 86400
"""Times further back than five years are taken for mistakes."""
GRACE = 60.0
"""How long an item stays that was past its time already when it was written. AWS takes its time, too."""
SETTLING = datetime.timedelta(minutes=1)


@op
def update_time_to_live(tx: Tx, req: api.UpdateTimeToLiveInput) -> api.UpdateTimeToLiveOutput:
    """Name the attribute that tells when items are to go, or let items stay again."""
    table = settled_table(tx, req.table_name)
    wanted = req.time_to_live_specification
    if wanted.enabled:
        if table.ttl is not None:
            raise invalid("TimeToLive is already enabled")
        delayed = tx.setting("delays")
        table = tx.update(
            table,
            ttl=wanted.attribute_name,
            ttl_status="ENABLING" if delayed else "ENABLED",
            ttl_changed=tx.now,
        )
        if delayed:
            tx.at(tx.now + SETTLING, settle, table.table_name, table.table_id)
        for row in rows.rows(tx).starting_with(table.table_id):
            moved(tx, table, row.key, None, rows.unpack(row.data))
    else:
        if table.ttl is None:
            raise invalid("TimeToLive is already disabled")
        if wanted.attribute_name != table.ttl:
            raise invalid(f"TimeToLive is active on a different AttributeName: current AttributeName is {table.ttl}")
        tx.update(table, ttl=None, ttl_status="DISABLED", ttl_changed=tx.now)
        part = tx.store.part(Expiry, tx.account, tx.region)
        for row in list(part.starting_with(table.table_id)):
            part.delete(row.key)
    return api.UpdateTimeToLiveOutput(time_to_live_specification=wanted.plain_())


def settle(tx: Tx, name: str, table_id: str) -> None:
    table = tx.find(Table, name)
    if table is not None and table.table_id == table_id and table.ttl_status == "ENABLING":
        tx.update(table, ttl_status="ENABLED")


@op
def describe_time_to_live(tx: Tx, req: api.DescribeTimeToLiveInput) -> api.DescribeTimeToLiveOutput:
    """Whether items of the table expire, and by which attribute."""
    table = table_of(tx, req.table_name)
    return api.DescribeTimeToLiveOutput(
        time_to_live_description={"TimeToLiveStatus": table.ttl_status, "AttributeName": table.ttl}
    )


def expiry(table: Table, item: Item | None) -> float | None:
    """When the item is to go; None if never."""
    if item is None or table.ttl is None:
        return None
    text = item.get(table.ttl, {}).get("N")
    return None if text is None else float(text)


def moved(tx: Tx, table: Table, key: ItemKey, old_item: Item | None, new_item: Item | None) -> None:
    """Note when the item of a key is to go now."""
    was, becomes = expiry(table, old_item), expiry(table, new_item)
    if was == becomes:
        return
    part = tx.store.part(Expiry, tx.account, tx.region)
    if was is not None:
        part.delete((table.table_id, was, *key[1:]))
    now = tx.now.timestamp()
    if becomes is None or becomes < now - OLDEST or becomes > 253402300799:
        return
    first = next(part.starting_with(table.table_id), None)
    part.put(Expiry(key=(table.table_id, becomes, *key[1:])))
    if first is None or not now < first.key[1] <= becomes:
        _sweep_at(tx, table, becomes)


def _sweep_at(tx: Tx, table: Table, due: float) -> None:
    now = tx.now.timestamp()
    when = due if due > now else now + GRACE
    tx.at(datetime.datetime.fromtimestamp(when, datetime.timezone.utc), sweep, table.table_name, table.table_id)


def sweep(tx: Tx, name: str, table_id: str) -> None:
    """Delete what is past its time, and come again for the next."""
    table = tx.find(Table, name)
    if table is None or table.table_id != table_id:
        return
    part = tx.store.part(Expiry, tx.account, tx.region)
    now = tx.now.timestamp()
    for row in list(part.range((table_id,), (table_id, now), include_stop=False)) + list(
        part.starting_with(table_id, now)
    ):
        key = (table_id, *row.key[2:])
        old = rows.rows(tx).get(key)
        part.delete(row.key)
        if old is not None:
            rows.write(tx, table, key, old, rows.unpack(old.data), None, 0, IDENTITY)
    following = next(part.starting_with(table_id), None)
    if following is not None:
        _sweep_at(tx, table, following.key[1])
