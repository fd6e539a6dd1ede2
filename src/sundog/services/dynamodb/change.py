"""One item's change: put, delete or update under a condition. What single, transactional and PartiQL writes share."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sundog.core import Tx
from sundog.services.dynamodb.fault import bad_parameter, condition_failed, invalid
from sundog.services.dynamodb.rows import (
    check_index_keys,
    item_at,
    key_of_item,
    needs_old,
    rows,
    unpack,
    write,
)
from sundog.services.dynamodb.state import ItemKey, Table
from sundog.services.dynamodb.value import MAX_ITEM, Item, size_of

Test = Callable[[Item], bool]


class Outcome:
    """What a write did: the item before and after (None: there was, or is, none)."""

    __slots__ = ("key", "new", "old")

    def __init__(self, key: ItemKey, old: Item | None, new: Item | None) -> None:
        self.key = key
        self.old = old
        self.new = new


def check(tx: Tx, key: ItemKey, test: Test, show: bool) -> Item | None:
    """The item of the key, if the condition holds for it."""
    item = item_at(tx, key)
    if not test(item or {}):
        raise condition_failed(item if show else None)
    return item


def put(
    tx: Tx,
    table: Table,
    item: Item,
    size: int,
    test: Test | None,
    show: bool,
    look: bool,
    key: ItemKey | None = None,
) -> Outcome:
    """Put an item in the place of whatever has its key. ``look``: the caller wants the old item."""
    if key is None:
        key = key_of_item(table, item)
    if table.indexes:
        check_index_keys(table, item)
    if size > MAX_ITEM:
        raise invalid("Item size has exceeded the maximum allowed size")
    old = rows(tx).get(key)
    old_item: Item | None = None
    if old is not None and (look or test is not None or needs_old(table)):
        old_item = unpack(old.data)
    if test is not None and not test(old_item or {}):
        raise condition_failed(old_item if show else None)
    write(tx, table, key, old, old_item, item, size)
    return Outcome(key, old_item, item)


def delete(tx: Tx, table: Table, key: ItemKey, test: Test | None, show: bool) -> Outcome:
    """Remove the item of a key, if there is one."""
    old = rows(tx).get(key)
    old_item = None if old is None else unpack(old.data)
    if test is not None and not test(old_item or {}):
        raise condition_failed(old_item if show else None)
    write(tx, table, key, old, old_item, None, 0)
    return Outcome(key, old_item, None)


def update(
    tx: Tx, table: Table, names: Item, key: ItemKey, change: Any | None, test: Test | None, show: bool
) -> Outcome:
    """Apply an update to the item of a key; without one, an item of the key alone (``names``) is the start."""
    if change is not None:
        parts = {part.name for part in table.parts}
        for path in change.paths:
            if path[0] in parts:
                raise bad_parameter(f"Cannot update attribute {path[0]}. This attribute is part of the key")
    old = rows(tx).get(key)
    old_item: Item | None = None if old is None else unpack(old.data)
    if test is not None and not test(old_item or {}):
        raise condition_failed(old_item if show else None)
    if old_item is None and getattr(change, "makes_nothing", False):
        return Outcome(key, None, None)
    start = dict(names) if old_item is None else old_item
    new = start if change is None else change.apply(start)
    if table.indexes:
        check_index_keys(table, new)
    size = size_of(new)
    if size > MAX_ITEM:
        raise invalid("Item size to update has exceeded the maximum allowed size")
    write(tx, table, key, old, old_item, new, size)
    return Outcome(key, old_item, new)
