"""Reading many items: what query and scan share. The cost is that of the items read, not of those stored."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from sundog.core import Tx
from sundog.core.table import TOP
from sundog.services.dynamodb.capacity import Tally, projected_names
from sundog.services.dynamodb.expression.projection import Projection
from sundog.services.dynamodb.fault import bad_parameter, invalid
from sundog.services.dynamodb.rows import entries, key_of_item, rows, unpack
from sundog.services.dynamodb.state import ItemKey, KeyPart, SecondaryIndex, Table
from sundog.services.dynamodb.value import Item, accept, key_form, size_of

PAGE = 1024 * 1024


class Bounds:
    """A range of keys: all begin with ``low``'s or ``high``'s common part."""

    __slots__ = ("high", "include_high", "include_low", "low")

    def __init__(
        self, low: tuple[Any, ...], high: tuple[Any, ...], include_low: bool = True, include_high: bool = False
    ) -> None:
        self.low = low
        self.high = high
        self.include_low = include_low
        self.include_high = include_high

    @classmethod
    def of_prefix(cls, *prefix: Any) -> Bounds:
        return cls(prefix, (*prefix, TOP))

    def holds(self, key: tuple[Any, ...]) -> bool:
        """Whether a key lies in the range."""
        below = self.low <= key if self.include_low else self.low < key
        return below and (key <= self.high if self.include_high else key < self.high)

    def after(self, key: tuple[Any, ...], reverse: bool) -> Bounds:
        """What is left behind a key."""
        if reverse:
            return Bounds(self.low, key, self.include_low, False)
        return Bounds(key, self.high, False, self.include_high)


class Page:
    """What one read found."""

    __slots__ = ("count", "items", "last", "scanned", "size")

    def __init__(self) -> None:
        self.items: list[Item] = []
        self.count = 0
        self.scanned = 0
        self.size = 0
        self.last: Item | None = None


def read_page(
    tx: Tx,
    table: Table,
    index: SecondaryIndex | None,
    bounds: Bounds,
    *,
    reverse: bool = False,
    limit: int | None = None,
    test: Callable[[Item], bool] | None = None,
    mine: Callable[[ItemKey], bool] | None = None,
    shape: Callable[[Item], Item] | None = None,
    keep: bool = True,
) -> Page:
    """Read until the range, the limit or a megabyte is through. ``mine``: whether an item is of this segment."""
    page = Page()
    names = None if index is None or index.projection_type == "ALL" else projected_names(table, index)
    found = page.items
    key_names = [part.name for part in (table.parts if index is None else table.parts + index.parts)]
    for row in _rows(tx, table, index, bounds, reverse):
        if mine is not None and not mine(row.key):
            continue
        item: Item = unpack(row.data)
        if names is None:
            page.size += row.size
        else:
            whole = item
            item = {name: value for name, value in whole.items() if name in names}
            page.size += size_of(item)
        page.scanned += 1
        if test is None or test(item):
            page.count += 1
            if keep:
                found.append(item if shape is None else shape(item))
        if page.scanned == limit or page.size > PAGE:
            page.last = {name: item[name] for name in key_names}
            break
    return page


def _rows(tx: Tx, table: Table, index: SecondaryIndex | None, bounds: Bounds, reverse: bool) -> Iterator[Any]:
    part = rows(tx)
    if index is None:
        yield from part.range(bounds.low, bounds.high, reverse, bounds.include_low, bounds.include_high)
        return
    table_id = table.table_id
    get = part.get
    for entry in entries(tx).range(bounds.low, bounds.high, reverse, bounds.include_low, bounds.include_high):
        row = get((table_id, *entry.key[-2:]))
        if row is not None:
            yield row


def start_key(table: Table, index: SecondaryIndex | None, start: Any) -> tuple[Any, ...]:
    """The position that ``ExclusiveStartKey`` names."""
    start = accept(start)[0]
    parts: dict[str, KeyPart] = {part.name: part for part in table.parts}
    if index is not None:
        parts.update((part.name, part) for part in index.parts)
    wrong = "The provided starting key is invalid"
    if start.keys() != parts.keys():
        raise invalid(wrong if index is not None else f"{wrong}: The provided key element does not match the schema")
    forms: dict[str, Any] = {}
    for name, part in parts.items():
        if part.type not in start[name]:
            raise invalid(f"{wrong}: The provided key element does not match the schema")
        forms[name] = key_form(start[name], part.type)
    own = (forms[table.hash.name], "" if table.range is None else forms[table.range.name])
    if index is None:
        return (table.table_id, *own)
    return (index.id, *(forms[part.name] for part in index.parts), *own)


def find_index(table: Table, name: str | None, consistent: bool) -> SecondaryIndex | None:
    """The index that a read names."""
    if name is None:
        return None
    index = table.index(name)
    if index is None:
        raise invalid(f"The table does not have the specified index: {name}")
    if not index.local:
        if consistent:
            raise invalid("Consistent reads are not supported on global secondary indexes")
        if index.status == "CREATING":
            raise invalid(f"Cannot read from backfilling global secondary index: {name}")
    return index


class Selection:
    """What a read shows of the items: ``count`` alone, or the items through ``shape``; ``fetch``: from the table."""

    __slots__ = ("count", "fetch", "shape")

    def __init__(self, count: bool, shape: Callable[[Item], Item] | None, fetch: bool) -> None:
        self.count = count
        self.shape = shape
        self.fetch = fetch


def selection(table: Table, index: SecondaryIndex | None, select: str | None, wanted: Projection | None) -> Selection:
    """``Select`` and the projection, checked against each other and the index."""
    if wanted is not None and select is not None and select != "SPECIFIC_ATTRIBUTES":
        if select == "COUNT":
            raise bad_parameter("Cannot specify the ProjectionExpression when choosing to get only the Count")
        raise bad_parameter(f"Cannot specify the ProjectionExpression when choosing to get {select}")
    if select == "SPECIFIC_ATTRIBUTES" and wanted is None:
        raise bad_parameter(
            "Must specify the AttributesToGet or ProjectionExpression when choosing to get SPECIFIC_ATTRIBUTES"
        )
    if select == "ALL_PROJECTED_ATTRIBUTES" and index is None:
        raise bad_parameter("ALL_PROJECTED_ATTRIBUTES can be used only when Querying using an IndexName")
    partial = index is not None and index.projection_type != "ALL"
    if select == "COUNT":
        return Selection(True, None, False)
    if not partial:
        return Selection(False, None if wanted is None else wanted.of, False)
    assert index is not None
    if select == "ALL_ATTRIBUTES":
        if not index.local:
            raise bad_parameter(
                f"Select type ALL_ATTRIBUTES is not supported for global secondary index {index.name} because its "
                "projection type is not ALL"
            )
        return Selection(False, None, True)
    if wanted is None:
        return Selection(False, None, False)
    beyond = wanted.attributes - projected_names(table, index)
    if beyond and not index.local:
        raise bad_parameter(f"Global secondary index {index.name} does not project [{', '.join(sorted(beyond))}]")
    return Selection(False, wanted.of, bool(beyond))


def consumed(table: Table, index: SecondaryIndex | None, page: Page, consistent: bool, wanted: str | None) -> Any:
    """``ConsumedCapacity`` of a read."""
    if wanted is None:
        return None
    tally = Tally(table, "read")
    tally.read(page.size, consistent)
    if index is not None:
        tally.indexes[index.name] = tally.units
        tally.units = 0.0
    return tally.answer(wanted)


def fetching(tx: Tx, table: Table, chosen: Selection) -> Any:
    """Local indexes fetch from the table what they don't hold."""
    part = rows(tx)

    def fetch(item: Item) -> Item:
        row = part.get(key_of_item(table, item))
        assert row is not None
        whole: Item = unpack(row.data)
        return whole if chosen.shape is None else chosen.shape(whole)

    return fetch
