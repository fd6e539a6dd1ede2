"""The least that can follow a store: plain dicts, kept by its feed alone."""

from __future__ import annotations

from typing import Any

from sundog.core.record import Record
from sundog.core.store import Changes, ScopeKey, Store
from sundog.core.table import same


class Mirror:
    """Holds the rows of a store without ever looking at it after the start: what a database has to do, and no more."""

    def __init__(self, store: Store) -> None:
        self.rows: dict[tuple[str, ScopeKey], dict[Any, Record]] = rows_of(store)
        self.serial = store.serial
        store.listeners.append(self)

    def __call__(self, changes: Changes) -> None:
        for change in changes:
            rows = self.rows.setdefault((change.table, change.scope), {})
            if not same(rows.get(change.key), change.old):
                raise AssertionError(f"the feed has a gap before {change!r}")
            if change.new is None:
                del rows[change.key]
            else:
                rows[change.key] = change.new
            if not rows:
                del self.rows[(change.table, change.scope)]
        self.serial = changes.serial


def rows_of(store: Store) -> dict[tuple[str, ScopeKey], dict[Any, Record]]:
    """All rows of a store, by table and scope, then by key."""
    found: dict[tuple[str, ScopeKey], dict[Any, Record]] = {}
    for part in store.parts.values():
        if len(part):
            found[(part.meta.table, part.scope)] = {part.meta.key_of(row): row for row in part}
    return found
