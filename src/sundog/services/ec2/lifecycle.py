"""The way of a resource through its states: what an operation answers, what it settles in, and when it is forgotten."""

from __future__ import annotations

import datetime
import importlib
from typing import Any, TypeVar

from msgspec.structs import replace

from sundog.core import Record, Tx
from sundog.core.tx import missing
from sundog.services.ec2.settle import settle

R = TypeVar("R", bound=Record)

SECONDS = 30
"""How long a transition takes where the cloud's ``delays`` are on."""
REMEMBERED = datetime.timedelta(hours=1)
"""How long a deleted resource can still be described."""
GONE = ("deleted", "deleting", "delete-complete", "delete-in-progress")


def begin(
    tx: Tx, row: R, *, then: str = "available", tags: Any = None, field: str = "state", seconds: float = SECONDS
) -> R:
    """Add a row that is on its way to a state; gives it as the operation that makes it shows it."""
    row = tx.add(row, tags=tags)
    _settle(tx, row, field, then, seconds)
    return row


def change(tx: Tx, row: R, now: str, then: str, *, field: str = "state", seconds: float = SECONDS, **changes: Any) -> R:
    """Change a row that passes through the state ``now``; gives it in that state."""
    row = tx.update(row, **{field: now}, **changes)
    _settle(tx, row, field, then, seconds)
    return row


def end(
    tx: Tx,
    row: R,
    now: str = "deleting",
    then: str | None = "deleted",
    *,
    field: str = "state",
    seconds: float = SECONDS,
    **changes: Any,
) -> R:
    """Delete a row; gives it in the state ``now``. It can be seen as ``then`` for a while, with None not at all."""
    home, name, key = _place(row)
    if then is None:
        row = tx.update(row, **{field: now}, **changes)
        settle(tx, seconds, forget, home, name, key)
        return row
    tx.at(tx.now + REMEMBERED, forget, home, name, key)
    return change(tx, row, now, then, field=field, seconds=seconds, **changes)


def alive(tx: Tx, kind: type[R], key: Any, field: str = "state") -> R:
    """The row, unless it is deleted already."""
    row = tx.get(kind, key)
    if getattr(row, field) in GONE:
        raise missing(kind, (key,))
    return row


def shown(row: R, **members: Any) -> R:
    """The row as one operation shows it, other than it is kept."""
    return replace(row, **members)


def _place(row: Record) -> tuple[str, str, Any]:
    kind = type(row)
    key = kind.meta_.key_of(row)
    return kind.__module__, kind.__qualname__, key


def _settle(tx: Tx, row: Record, field: str, then: str, seconds: float) -> None:
    if getattr(row, field) != then:
        settle(tx, seconds, turn, *_place(row), field, getattr(row, field), then)


def _found(tx: Tx, home: str, name: str, key: Any) -> Record | None:
    kind: type[Record] = getattr(importlib.import_module(home), name)
    return tx.find(kind, *key) if isinstance(key, (tuple, list)) else tx.find(kind, key)


def turn(tx: Tx, home: str, name: str, key: Any, field: str, before: str, then: str) -> None:
    """Let a row come into its next state, if it still is where it was."""
    row = _found(tx, home, name, key)
    if row is not None and getattr(row, field) == before:
        tx.update(row, **{field: then})


def forget(tx: Tx, home: str, name: str, key: Any) -> None:
    """Remove a deleted row."""
    row = _found(tx, home, name, key)
    if row is not None:
        tx.delete(row)
