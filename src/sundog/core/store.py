"""All rows of one Cloud: tables, transactions, snapshots, and the feed of what was committed."""

from __future__ import annotations

import logging
from bisect import insort
from collections import deque
from collections.abc import Callable, Iterator
from typing import Any, Literal, TypeVar, cast

import msgspec

from sundog.core.arn import partition_of
from sundog.core.part import FrozenPart, Log, Part
from sundog.core.record import Meta, Record
from sundog.core.table import EMPTY, differences, same

R = TypeVar("R", bound=Record)

ScopeKey = tuple[str, str]
PartKey = tuple[str, str, str]
Reason = Literal["commit", "restore", "reset", "load"]
Savepoint = tuple[int, int]

_log = logging.getLogger(__name__)


class Change(msgspec.Struct, gc=False):
    """One row that was added (``old`` is ``None``), replaced, or removed (``new`` is ``None``)."""

    table: str
    scope: ScopeKey
    key: Any
    old: Record | None
    new: Record | None


class Changes(list[Change]):
    """What one commit, or one restore, changed: each key at most once. ``serial`` is the store's counter after it."""

    serial: int = 0
    reason: Reason = "commit"


Listener = Callable[[Changes], Any]


class Snapshot:
    """A store as it was at one moment; nothing that happens later touches it."""

    __slots__ = ("parts", "serial")

    def __init__(self, parts: dict[PartKey, FrozenPart], serial: int) -> None:
        self.parts = parts
        self.serial = serial


class Store:
    """Every row, in parts: one for each table and scope.

    Writes go to the parts and are undone by ``rollback`` until ``commit``; there is one transaction at a time, and
    whoever writes sees to it that nobody else does. ``listeners`` hear of every change that stands, in order.
    """

    def __init__(self) -> None:
        self.parts: dict[PartKey, Part[Any]] = {}
        self.listeners: list[Listener] = []
        self.version = 0
        """Grows with everything that changes rows: who waits for a change need not look at the rows."""
        self._scopes: dict[str, list[ScopeKey]] = {}
        self._log = Log()
        self._serial = 0
        self._undelivered: deque[Changes] = deque()
        self._delivering = False

    def __repr__(self) -> str:
        return f"<Store of {sum(map(len, self.parts.values()))} rows>"

    # -- where rows lie

    def part(self, cls: type[R], account: str, region: str) -> Part[R]:
        """The rows of a table that this account sees in this region."""
        meta = cls.meta_
        scope = meta.scope
        if scope == "region":
            key = (meta.table, account, region)
        elif scope == "account":
            key = (meta.table, account, "")
        elif scope == "cloud":
            key = (meta.table, "", "")
        else:
            key = (meta.table, "", partition_of(region))
        found = self.parts.get(key)
        return self._make(meta, key) if found is None else found

    def scope(self, cls: type[Record], scope: ScopeKey) -> Part[Any]:
        """The part of exactly this scope, as ``scopes`` and changes name it."""
        key = (cls.meta_.table, *scope)
        found = self.parts.get(key)
        return self._make(cls.meta_, key) if found is None else found

    def scopes(self, cls: type[R]) -> list[tuple[ScopeKey, Part[R]]]:
        """Every part of a table that has rows, by account and region."""
        table = cls.meta_.table
        parts = ((scope, self.parts[(table, *scope)]) for scope in self._scopes.get(table, ()))
        return [(scope, cast(Part[R], part)) for scope, part in parts if len(part)]

    def everywhere(self, cls: type[R]) -> Iterator[tuple[str, str, R]]:
        """Account, region and row of every row of a table."""
        for (account, region), part in self.scopes(cls):
            for row in part:
                yield account, region, row

    def count(self, cls: type[Record]) -> int:
        """How many rows a table has, wherever they lie."""
        return sum(len(part) for _, part in self.scopes(cls))

    def _make(self, meta: Meta, key: PartKey) -> Part[Any]:
        made = self.parts[key] = Part(self._log, meta, key[1:])
        insort(self._scopes.setdefault(meta.table, []), key[1:])
        return made

    @property
    def serial(self) -> int:
        """The number of the row added last."""
        return self._log.serial

    def next_serial(self) -> int:
        """A number that grows, as rows get one when they are added."""
        self._log.serial += 1
        return self._log.serial

    # -- transactions

    def begin(self) -> None:
        """Make sure that no transaction is open: what is written from here on stands or falls together."""
        self._closed()

    def commit(self) -> Changes:
        """Let what was written stand, and tell the listeners."""
        log = self._log
        changes = Changes()
        changes.serial = self._serial = log.serial
        if len(log) == 1:
            written = log.copy()
        else:
            first: dict[tuple[Part[Any], Any], Record | None] = {}
            for part, key, old in log:
                first.setdefault((part, key), old)
            written = [(part, key, old) for (part, key), old in first.items()]
        log.clear()
        for part, key, old in written:
            new = part.get(key)
            if not same(old, new):
                changes.append(Change(part.meta.table, part.scope, key, old, new))
        if changes:
            self.version += 1
            if self.listeners:
                self._tell(changes)
        return changes

    def rollback(self) -> None:
        """Undo all that was written since the last commit."""
        self.rollback_to((0, self._serial))

    def savepoint(self) -> Savepoint:
        """For ``rollback_to``: where the open transaction stands."""
        return len(self._log), self._log.serial

    def rollback_to(self, savepoint: Savepoint) -> None:
        """Undo what was written since the savepoint; what was written before it stays open."""
        length, self._log.serial = savepoint
        log = self._log
        while len(log) > length:
            part, key, old = log.pop()
            part.force(key, old)

    def _closed(self) -> None:
        if self._log:
            raise RuntimeError("a transaction is open")

    # -- snapshots

    def snapshot(self) -> Snapshot:
        """The store as it is now. Costs the number of parts, not of rows."""
        self._closed()
        return Snapshot({key: part.freeze() for key, part in self.parts.items() if len(part)}, self._log.serial)

    def restore(self, snapshot: Snapshot, reason: Reason = "restore") -> None:
        """Become what a snapshot holds; the snapshot may be another store's."""
        self._closed()
        changes = None
        if self.listeners:
            changes = diff(self.snapshot(), snapshot)
            changes.reason = reason
        for key, frozen in snapshot.parts.items():
            if key not in self.parts:
                self._make(frozen.meta, key)
        for key, part in self.parts.items():
            part.thaw(snapshot.parts.get(key))
        self._log.serial = self._serial = snapshot.serial
        self.version += 1
        if changes is not None:
            self._tell(changes)

    def reset(self) -> None:
        """Become empty."""
        self.restore(Snapshot({}, 0), "reset")

    def fork(self) -> Store:
        """A store of its own that begins as this one is. Nobody listens to it yet."""
        made = Store()
        made.restore(self.snapshot())
        return made

    @staticmethod
    def diff(before: Snapshot, after: Snapshot) -> Changes:
        """What changed between two snapshots. What they share is not looked into."""
        return diff(before, after)

    # -- the feed

    def _tell(self, changes: Changes) -> None:
        """Call the listeners. What they commit meanwhile is told when all have heard of what came before."""
        self._undelivered.append(changes)
        if self._delivering:
            return
        self._delivering = True
        try:
            while self._undelivered:
                current = self._undelivered.popleft()
                for listener in tuple(self.listeners):
                    try:
                        listener(current)
                    except Exception:
                        _log.exception("a listener of the store failed; the commit stands")
        finally:
            self._delivering = False


def diff(before: Snapshot, after: Snapshot) -> Changes:
    changes = Changes()
    changes.serial = after.serial
    changes.reason = "restore"
    for key in sorted(before.parts.keys() | after.parts.keys()):
        old, new = before.parts.get(key), after.parts.get(key)
        if old is not new:
            for name, was, becomes in differences(old.rows if old else EMPTY, new.rows if new else EMPTY):
                changes.append(Change(key[0], key[1:], name, was, becomes))
    return changes
