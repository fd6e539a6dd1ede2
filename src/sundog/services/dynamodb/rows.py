"""Items in the store: keys, reading, and the one way in which an item is written."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from sundog.core import Tx, parse_arn
from sundog.services.dynamodb.fault import bad_parameter, invalid, not_found
from sundog.services.dynamodb.state import Entry, ItemKey, KeyPart, Row, SecondaryIndex, Table
from sundog.services.dynamodb.value import MAX_HASH, MAX_ITEM, MAX_RANGE, Item, Value, key_form, kind_of

if TYPE_CHECKING:
    from sundog.core.part import Part

pack = msgspec.msgpack.Encoder().encode
unpack: Any = msgspec.msgpack.Decoder().decode

EMPTY_KEY = (
    "One or more parameter values are not valid. "
    "The AttributeValue for a key attribute cannot contain an empty {} value. "
)
WRONG_KEY = "The provided key element does not match the schema"


# -- tables -------------------------------------------------------------------------------------------------------


def open_table(tx: Tx, name: str) -> tuple[Tx, Table]:
    """The table of that name or ARN, for work on its items, and the transaction where it lies."""
    if name.startswith("arn:"):
        arn = parse_arn(name)
        if arn is None or arn.service != "dynamodb" or not arn.resource.startswith("table/"):
            raise invalid("Invalid table ARN: " + name)
        name = arn.resource.split("/")[1]
        if arn.account != tx.account or arn.region != tx.region:
            tx = tx.in_(account=arn.account, region=arn.region)
    table = tx.find(Table, name)
    if table is None or table.status == "CREATING":
        raise not_found()
    return tx, table


# -- keys ---------------------------------------------------------------------------------------------------------


def key_of_item(table: Table, item: Item) -> ItemKey:
    """The key of an item that is to be put."""
    first = _checked_form(table.hash, item)
    second = "" if table.range is None else _checked_form(table.range, item)
    return _finished(table.table_id, first, second)


def _checked_form(part: KeyPart, item: Item) -> Any:
    value = item.get(part.name)
    if value is None:
        raise bad_parameter(f"Missing the key {part.name} in the item")
    if part.type not in value:
        raise bad_parameter(f"Type mismatch for key {part.name} expected: {part.type} actual: {kind_of(value)}")
    return _form(part, value)


def key_of_request(table: Table, key: Item) -> ItemKey:
    """The key that a request names an item by."""
    if len(key) != (1 if table.range is None else 2):
        raise invalid(WRONG_KEY)
    first = _named_form(table.hash, key)
    second = "" if table.range is None else _named_form(table.range, key)
    return _finished(table.table_id, first, second)


def _named_form(part: KeyPart, key: Item) -> Any:
    value = key.get(part.name)
    if value is None or part.type not in value:
        raise invalid(WRONG_KEY)
    return _form(part, value)


def _form(part: KeyPart, value: Value) -> Any:
    inner = value[part.type]
    if not inner:
        kind = "binary" if part.type == "B" else "string"
        raise invalid(EMPTY_KEY.format(kind) + f"Key: {part.name}")
    return key_form(value, part.type)


def _finished(rows_id: str, first: Any, second: Any) -> ItemKey:
    # No character has more than four bytes: short keys need no counting.
    if len(first) > MAX_HASH // 4 and _length(first) > MAX_HASH:
        raise bad_parameter("Size of hashkey has exceeded the maximum size limit of2048 bytes")
    if len(second) > MAX_RANGE // 4 and _length(second) > MAX_RANGE:
        raise bad_parameter("Aggregated size of all range keys has exceeded the size limit of 1024 bytes")
    return rows_id, first, second


def _length(form: Any) -> int:
    return len(form) if isinstance(form, bytes) or form.isascii() else len(form.encode("utf-8", "surrogatepass"))


def key_attributes(table: Table, item: Any) -> Item:
    """The key's attributes out of an item."""
    if table.range is None:
        return {table.hash.name: item[table.hash.name]}
    return {table.hash.name: item[table.hash.name], table.range.name: item[table.range.name]}


def entry_key(index: SecondaryIndex, item: Item, key: ItemKey) -> tuple[Any, ...] | None:
    """The item's key in an index; None if it isn't in it."""
    found: list[Any] = [index.id]
    for part in index.hash + index.range:
        value = item.get(part.name)
        if value is None:
            return None
        inner = value.get(part.type)
        if inner is None or not inner:
            return None
        found.append(key_form(value, part.type))
    found.append(key[1])
    found.append(key[2])
    return tuple(found)


def check_index_keys(table: Table, item: Item) -> None:
    """Refuse an item whose attributes can't be the keys of the table's indexes that they are."""
    for index in table.indexes:
        for part in index.hash + index.range:
            value = item.get(part.name)
            if value is None:
                continue
            inner = value.get(part.type)
            if inner is None:
                raise bad_parameter(
                    f"Type mismatch for Index Key {part.name} Expected: {part.type} Actual: {kind_of(value)} "
                    f"IndexName: {index.name}"
                )
            if not inner:
                kind = "binary" if part.type == "B" else "string"
                raise invalid(
                    "One or more parameter values are not valid. A value specified for a secondary index key is not "
                    f"supported. The AttributeValue for a key attribute cannot contain an empty {kind} value. "
                    f"IndexName: {index.name}, IndexKey: {part.name}"
                )
            if not index.local:
                form = key_form(value, part.type)
                limit = MAX_HASH if part in index.hash else MAX_RANGE
                if _length(form) > limit:
                    what = "hashkey" if part in index.hash else "rangekey"
                    raise bad_parameter(
                        f"Size of {what} has exceeded the maximum size limit of {limit} bytes. IndexName: {index.name}"
                    )


# -- rows ---------------------------------------------------------------------------------------------------------


def rows(tx: Tx) -> Part[Row]:
    """Every item here."""
    return tx.store.part(Row, tx.account, tx.region)


def entries(tx: Tx) -> Part[Entry]:
    """Every index row here."""
    return tx.store.part(Entry, tx.account, tx.region)


def item_at(tx: Tx, key: ItemKey) -> Item | None:
    """The item with the key."""
    row = rows(tx).get(key)
    return None if row is None else unpack(row.data)


def write(
    tx: Tx,
    table: Table,
    key: ItemKey,
    old: Row | None,
    old_item: Item | None,
    new_item: Item | None,
    size: int,
    identity: dict[str, str] | None = None,
    origin: bool = True,
) -> None:
    """Make the item of a key another one, or (``new_item`` None) none: its row, its index rows, and what follows.

    ``old_item`` may be left out while nothing needs it: see ``needs_old``. ``identity`` is who did it, if not a caller;
    not ``origin``: the change comes from another region's copy of the table.
    """
    part = rows(tx)
    if new_item is None:
        if old is None:
            return
        part.delete(key)
    else:
        if size > MAX_ITEM:
            raise invalid("Item size has exceeded the maximum allowed size")
        data = pack(new_item)
        if old is None:
            part.add(Row(key=key, size=size, data=data))
        else:
            if data == old.data:
                return
            part.replace(old, Row(key=key, size=size, data=data, serial_=old.serial_))
    if table.indexes:
        _index(tx, table, key, old_item, new_item)
    if table.watched:
        from sundog.services.dynamodb.follow import changed

        changed(tx, table, key, old, old_item, new_item, identity, origin)


def needs_old(table: Table) -> bool:
    """Whether ``write`` must be told what the item was."""
    return bool(table.indexes) or table.watched


def _index(tx: Tx, table: Table, key: ItemKey, old_item: Item | None, new_item: Item | None) -> None:
    part = entries(tx)
    for index in table.indexes:
        was = None if old_item is None else entry_key(index, old_item, key)
        becomes = None if new_item is None else entry_key(index, new_item, key)
        if was == becomes:
            continue
        if was is not None:
            part.delete(was)
        if becomes is not None:
            part.add(Entry(key=becomes))


def backfill(tx: Tx, table: Table, index: SecondaryIndex) -> None:
    """Enter every item of the table into a new index; those whose attributes don't fit stay out."""
    part = entries(tx)
    for row in rows(tx).starting_with(table.table_id):
        becomes = entry_key(index, unpack(row.data), row.key)
        if becomes is not None:
            part.add(Entry(key=becomes))


def clear_index(tx: Tx, index: SecondaryIndex) -> None:
    part = entries(tx)
    for entry in list(part.starting_with(index.id)):
        part.delete(entry.key)


def clear(tx: Tx, rows_id: str) -> None:
    """Remove every item of a table (or backup)."""
    part = rows(tx)
    for row in list(part.starting_with(rows_id)):
        part.delete(row.key)


def copy(tx: Tx, source: str, target: str) -> tuple[int, int]:
    """Copy all items of one table or backup under another id; how many they were, and their size."""
    part = rows(tx)
    count = size = 0
    for row in list(part.starting_with(source)):
        part.add(Row(key=(target, *row.key[1:]), size=row.size, data=row.data))
        count += 1
        size += row.size
    return count, size


def measure(tx: Tx, rows_id: str) -> tuple[int, int]:
    """How many items a table has, and their size."""
    count = size = 0
    for row in rows(tx).starting_with(rows_id):
        count += 1
        size += row.size
    return count, size
