"""Whoever waits for a change in a cloud: long polls, in threads and in event loops."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any


class Waiters:
    """Callbacks that are called (from whichever thread) after every commit that changed something, and when the clock moves."""

    def __init__(self) -> None:
        self._callbacks: dict[int, Callable[[], Any]] = {}
        self._next = 0
        self._lock = threading.Lock()
        self.version = 0

    def add(self, callback: Callable[[], Any]) -> int:
        with self._lock:
            self._next += 1
            self._callbacks[self._next] = callback
            return self._next

    def remove(self, handle: int) -> None:
        with self._lock:
            self._callbacks.pop(handle, None)

    def notify(self) -> None:
        self.version += 1
        if self._callbacks:
            with self._lock:
                callbacks = list(self._callbacks.values())
            for callback in callbacks:
                callback()

    def wait(self, version: int, seconds: float) -> bool:
        """Block until something has changed since ``version`` (then True), or for the seconds of real time."""
        changed = threading.Event()
        handle = self.add(changed.set)
        try:
            return self.version != version or changed.wait(seconds)
        finally:
            self.remove(handle)


def monotonic() -> float:
    """Real time, which a frozen clock does not stop."""
    return time.monotonic()
