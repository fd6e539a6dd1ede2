"""The rows of one table in one account and region, with their indexes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, Generic, TypeVar, cast

from msgspec.structs import force_setattr, replace

from sundog.core.record import Meta, Record
from sundog.core.table import EMPTY, TOP, Frozen, SortedMap
from sundog.wire.errors import AwsError

R = TypeVar("R", bound=Record)
Scan = Callable[..., Iterator[tuple[Any, R]]]
"""``scan(after=None, reverse=False)``: positions and rows."""


class Log(list[tuple["Part[Any]", Any, "Record | None"]]):
    """What the open transaction overwrote: part, key, the row before. ``serial`` is the number of the latest row."""

    __slots__ = ("serial",)

    def __init__(self) -> None:
        super().__init__()
        self.serial = 0


class FrozenPart:
    """A part as it was at one moment."""

    __slots__ = ("added", "indexes", "meta", "rows")

    def __init__(
        self,
        meta: Meta,
        rows: Frozen[Any, Any],
        added: Frozen[int, Any] | None,
        indexes: tuple[Frozen[Any, Any], ...],
    ) -> None:
        self.meta = meta
        self.rows = rows
        self.added = added
        self.indexes = indexes


class Part(Generic[R]):
    """The rows of one table in one scope.

    ``get(key)`` is the row or ``None``. Rows are met in the table's order: by key, or as they were added. A row's
    position is what that order goes by: its key, or its serial number. Iterations are lazy and may go on while rows
    change: they meet the rows that were there when they began, each as it is then, if it still is.
    """

    __slots__ = (
        "_added",
        "_by_name",
        "_frozen",
        "_indexes",
        "_key_of",
        "_log",
        "_many",
        "_rows",
        "_values_of",
        "get",
        "meta",
        "scope",
    )

    def __init__(self, log: Log, meta: Meta, scope: tuple[str, str]) -> None:
        self.meta = meta
        self.scope = scope
        self._log = log
        self._key_of = meta.key_of
        self._values_of = meta.index_values
        self._rows: SortedMap[Any, R] = SortedMap()
        self.get: Callable[[Any], R | None] = self._rows.get
        # An index's entries are (value, position) -> key; in the order of adding there is also position -> key.
        self._added: SortedMap[int, Any] | None = SortedMap() if meta.by_added else None
        self._indexes: tuple[SortedMap[Any, Any], ...] = tuple(SortedMap() for _ in meta.indexes)
        self._by_name = dict(zip(meta.indexes, self._indexes, strict=True))
        self._many = len(self._indexes) > 1
        self._frozen: FrozenPart | None = None

    def __repr__(self) -> str:
        return f"<Part {self.meta.table} {self.scope}: {len(self)} rows>"

    # -- reading

    def __len__(self) -> int:
        return len(self._rows)

    def __iter__(self) -> Iterator[R]:
        for _, row in self.scan():
            yield row

    def __contains__(self, key: Any) -> bool:
        return self.get(key) is not None

    def all(self) -> list[R]:
        """All rows, in the table's order."""
        if self._added is None:
            return self._rows.list_values()
        get = cast(Callable[[Any], R], self._rows.get)
        return [get(key) for key in self._added.list_values()]

    def scan(self, after: Any = None, reverse: bool = False) -> Iterator[tuple[Any, R]]:
        """Positions and rows; those behind the position ``after``, or before it if ``reverse``."""
        source: SortedMap[Any, Any] = self._rows if self._added is None else self._added
        entries = source.items(None, after, True) if reverse else source.items(after, None, include_start=False)
        return entries if self._added is None else self._resolve(entries)

    def range(
        self,
        start: Any = None,
        stop: Any = None,
        reverse: bool = False,
        include_start: bool = True,
        include_stop: bool = False,
    ) -> Iterator[R]:
        """Rows by key from ``start`` to ``stop``, in the order of their keys whatever the table's order is."""
        for _, row in self._rows.items(start, stop, reverse, include_start, include_stop):
            yield row

    def count(self, start: Any = None, stop: Any = None) -> int:
        """How many rows ``range`` would give."""
        return self._rows.count(start, stop)

    def starting_with(self, *begin: Any, reverse: bool = False) -> Iterator[R]:
        """Rows whose key is a tuple that begins with these values, in the order of their keys."""
        return self.range(begin, (*begin, TOP), reverse)

    def first(self) -> R | None:
        """The row with the least key."""
        found = self._rows.first()
        return found[1] if found else None

    def last(self) -> R | None:
        """The row with the greatest key."""
        found = self._rows.last()
        return found[1] if found else None

    def by_index(self, field: str, value: Any) -> Iterator[R]:
        """Rows whose indexed field equals the value, or is a list that has it, in the table's order."""
        for _, row in self._scan_index(field, value):
            yield row

    def index_scan(self, field: str, value: Any) -> Scan[R]:
        """``scan`` over the rows that ``by_index`` gives."""
        return partial(self._scan_index, field, value)

    def _scan_index(self, field: str, value: Any, after: Any = None, reverse: bool = False) -> Iterator[tuple[Any, R]]:
        if value is None:  # None is not in the index
            return (entry for entry in self.scan(after, reverse) if getattr(entry[1], field) is None)
        start: Any = (value,)
        stop: Any = (value, TOP)
        if after is not None:
            if reverse:
                stop = (value, after)
            else:
                start = (value, after)
        return self._resolve(self._by_name[field].items(start, stop, reverse, include_start=False), True)

    def count_by(self, field: str, value: Any) -> int:
        """How many rows ``by_index`` would give."""
        if value is None:
            return sum(1 for _ in self.by_index(field, None))
        return self._by_name[field].count((value,), (value, TOP))

    def index_values(self, field: str) -> Iterator[Any]:
        """Every value that an indexed field has, once, in order."""
        index = self._by_name[field]
        found = next(index.items(), None)
        while found is not None:
            value = found[0][0]
            yield value
            found = next(index.items((value, TOP)), None)

    def _resolve(self, entries: Iterator[tuple[Any, Any]], of_index: bool = False) -> Iterator[tuple[Any, R]]:
        get = self.get
        for position, key in entries:
            row = get(key)
            if row is not None:
                yield position[1] if of_index else position, row

    # -- writing: each gives the row as it is stored, which may be a copy of the one given

    def add(self, row: R) -> R:
        """Add a row; the table's error if its key is taken."""
        key = self._key_of(row)
        log = self._log
        serial = log.serial + 1
        if row.serial_:  # it is, or was, somebody's row already: leave that one alone
            row = replace(row, serial_=serial)
        else:
            force_setattr(row, "serial_", serial)
        if self._rows.add(key, row) is not None:
            raise self._taken(key)
        log.serial = serial
        log.append((self, key, None))
        self._frozen = None
        if self._added is not None:
            self._added.put(serial, key)
        if self._indexes:
            self._enter(key, row)
        return row

    def put(self, row: R) -> R:
        """Replace the row with the same key, or add it if there is none."""
        old = self.get(self._key_of(row))
        return self.add(row) if old is None else self.replace(old, row)

    def replace(self, old: R, new: R) -> R:
        """Put a row in the place of another: it keeps its serial number, and so its place in the order of adding."""
        key = self._key_of(new)
        if key != self._key_of(old):
            return self._rename(self._key_of(old), key, new)
        was = self._rows.put(key, new)
        if was is None:
            self._rows.delete(key)
            raise KeyError(f"{self.meta.table} {key!r} is not there to be replaced")
        self._log.append((self, key, was))
        self._frozen = None
        if new.serial_ != was.serial_:
            new = _numbered(new, was.serial_)
            self._rows.put(key, new)
        values_of = self._values_of
        if values_of is not None and values_of(was) != values_of(new):
            self._leave(key, was)
            self._enter(key, new)
        return new

    def remove(self, row: R) -> R | None:
        """Remove the row with this one's key; gives it, or ``None`` if there was none."""
        return self.delete(self._key_of(row))

    def delete(self, key: Any) -> R | None:
        """Remove the row with a key; gives it, or ``None`` if there was none."""
        old = self._rows.delete(key)
        if old is None:
            return None
        self._log.append((self, key, old))
        self._frozen = None
        if self._added is not None:
            self._added.delete(old.serial_)
        if self._indexes:
            self._leave(key, old)
        return old

    def _rename(self, old_key: Any, key: Any, row: R) -> R:
        if self.get(key) is not None:
            raise self._taken(key)
        old = self.delete(old_key)
        if old is None:
            raise KeyError(f"{self.meta.table} {old_key!r} is not there to be replaced")
        row = _numbered(row, old.serial_)
        self._log.append((self, key, None))
        self.force(key, row)
        return row

    def _taken(self, key: Any) -> Exception:
        exists = self.meta.exists
        values: tuple[Any, ...] = key if len(self.meta.keys) > 1 else (key,)
        if exists is None:
            return KeyError(f"{self.meta.table} {key!r} is there already")
        if callable(exists):
            return exists(*values)
        code, message = exists
        return AwsError(code, message.format(*values))

    def force(self, key: Any, row: R | None) -> None:
        """Make the row of a key this one, serial number and all, unseen by the transaction: to undo and to load."""
        self._frozen = None
        old = self._rows.delete(key) if row is None else self._rows.put(key, row)
        if old is not None:
            if self._added is not None:
                self._added.delete(old.serial_)
            self._leave(key, old)
        if row is not None:
            if self._added is not None:
                self._added.put(row.serial_, key)
            self._enter(key, row)

    # -- indexes

    def _enter(self, key: Any, row: R) -> None:
        """Put a row into the indexes."""
        position = key if self._added is None else row.serial_
        for index, value in zip(self._indexes, self._indexed(row), strict=True):
            if value is None:
                continue
            if isinstance(value, (list, tuple)):
                for element in cast("tuple[Any, ...]", value):
                    if element is not None:
                        index.put((element, position), key)
            else:
                index.put((value, position), key)

    def _leave(self, key: Any, row: R) -> None:
        """Take a row out of the indexes. It isn't in all of them if the change that is undone failed midway."""
        position = key if self._added is None else row.serial_
        for index, value in zip(self._indexes, self._indexed(row), strict=True):
            if value is None:
                continue
            elements = cast("tuple[Any, ...]", value) if isinstance(value, (list, tuple)) else (value,)
            for element in elements:
                try:
                    index.delete((element, position))
                except TypeError:  # a value that doesn't compare with the others: that is how it failed
                    continue

    def _indexed(self, row: R) -> tuple[Any, ...]:
        values_of = self._values_of
        if values_of is None:
            return ()
        values = values_of(row)
        return values if self._many else (values,)

    # -- snapshots

    def freeze(self) -> FrozenPart:
        """The part as it is now; the same one again while nothing was written."""
        frozen = self._frozen
        if frozen is None:
            frozen = self._frozen = FrozenPart(
                self.meta,
                self._rows.freeze(),
                None if self._added is None else self._added.freeze(),
                tuple(index.freeze() for index in self._indexes),
            )
        return frozen

    def thaw(self, frozen: FrozenPart | None) -> None:
        """Become what was frozen, or empty."""
        if frozen is not None and frozen is self._frozen:
            return
        self._frozen = frozen
        self._rows.thaw(frozen.rows if frozen else EMPTY)
        if self._added is not None:
            self._added.thaw((frozen.added if frozen else None) or EMPTY)
        for i, index in enumerate(self._indexes):
            index.thaw(frozen.indexes[i] if frozen else EMPTY)


def _numbered(row: R, serial: int) -> R:
    """The row with a serial number; one that has another is somebody's, and stays as it is."""
    if row.serial_ == serial:
        return row
    if row.serial_:
        return replace(row, serial_=serial)
    force_setattr(row, "serial_", serial)
    return row
