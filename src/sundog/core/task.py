"""Work that falls due later: rows like all others, so that a snapshot or a rollback covers them."""

from __future__ import annotations

import importlib
from typing import Any

from sundog.core.record import Key, Record, record


@record(scope="cloud")
class Task(Record):
    """One call of ``function`` (``module:name``) when the cloud's clock reaches ``due`` (seconds since the epoch)."""

    due: Key[float]
    number: Key[int]
    function: str
    arguments: tuple[Any, ...]
    account: str
    region: str
    service: str


def name_of(function: Any) -> str:
    """The name by which a task finds its function again, also in another process."""
    if "<" in function.__qualname__ or "." in function.__qualname__:
        raise TypeError(f"{function.__qualname__} can't be scheduled: only a module's own functions can be found again")
    return f"{function.__module__}:{function.__qualname__}"


def function_of(name: str) -> Any:
    module, _, attribute = name.partition(":")
    return getattr(importlib.import_module(module), attribute)
