"""Whoever waits for a change in a cloud: long polls, in threads and in event loops."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sundog.core.store import Change
    from sundog.core.tx import Wait

Topic = tuple[str, tuple[str, str], Any]
"""A table, a scope, and the key (or its first part) of the rows that matter; None: all of them."""
Callback = Callable[[], Any]


class Waiters:
    """Callbacks that are called (from whichever thread) after a commit, and when the clock moves.

    One that waits for topics only hears of changes in them, so that many long polls cost a commit nothing that none of
    them waits for.
    """

    def __init__(self) -> None:
        self._callbacks: dict[int, tuple[Callback, tuple[Topic, ...]]] = {}
        self._general: dict[int, Callback] = {}
        self._by_topic: dict[Topic, dict[int, Callback]] = {}
        self._moved: dict[Topic, int] = {}
        self._next = 0
        self._all = 0
        self._lock = threading.Lock()
        self.version = 0

    def watch(self, topics: tuple[Topic, ...]) -> int:
        """Count changes of the topics from here on; gives how often they, or the cloud as a whole, changed so far."""
        if not topics:
            return self.version
        moved = self._moved
        with self._lock:
            return self._all + sum(moved.setdefault(topic, 0) for topic in topics)

    def stale(self, wait: Wait) -> bool:
        """Whether something that the wait is for has changed since its handler looked."""
        return wait.moved is not None and self.watch(wait.topics) != wait.moved

    def add(self, callback: Callback, wait: Wait | None = None) -> int:
        with self._lock:
            self._next += 1
            handle = self._next
            topics = () if wait is None else wait.topics
            self._callbacks[handle] = (callback, topics)
            if not topics:
                self._general[handle] = callback
            for topic in topics:
                self._by_topic.setdefault(topic, {})[handle] = callback
            return handle

    def remove(self, handle: int) -> None:
        with self._lock:
            _, topics = self._callbacks.pop(handle, (None, ()))
            self._general.pop(handle, None)
            for topic in topics:
                listeners = self._by_topic.get(topic)
                if listeners is not None:
                    listeners.pop(handle, None)
                    if not listeners:
                        del self._by_topic[topic]

    def notify(self, changes: Iterable[Change] | None = None) -> None:
        """Rows changed; None: all of them may have, or time went on."""
        self.version += 1
        moved = self._moved
        if changes is None:
            with self._lock:
                self._all += 1
                callbacks = [callback for callback, _ in self._callbacks.values()]
        elif moved or self._general:
            with self._lock:
                called = dict(self._general)
                for topic in {topic for change in changes for topic in _topics(change)} if moved else ():
                    if topic in moved:
                        moved[topic] += 1
                        called.update(self._by_topic.get(topic, ()))
                callbacks = list(called.values())
        else:
            return
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

    def wait_for(self, wait: Wait, seconds: float) -> bool:
        """Block until something that the wait is for has changed (then True), or for the seconds of real time."""
        changed = threading.Event()
        handle = self.add(changed.set, wait)
        try:
            return self.stale(wait) or changed.wait(seconds)
        finally:
            self.remove(handle)


def _topics(change: Change) -> tuple[Topic, Topic]:
    key = change.key
    return (change.table, change.scope, None), (change.table, change.scope, key[0] if type(key) is tuple else key)


def monotonic() -> float:
    """Real time, which a frozen clock does not stop."""
    return time.monotonic()
