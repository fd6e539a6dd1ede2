"""Which Cloud answers now, and the patches that lead the process's calls to it.

The patches are in place while at least one Cloud is active, and what stood there before is put back with the last one.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import partial
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING, Any, NamedTuple

from sundog.ways import boto2_import, imports

if TYPE_CHECKING:
    from sundog.cloud import Cloud


class Patch(NamedTuple):
    """Replace attribute ``name`` of ``owner`` (a class or module) by ``make(what stood there)``.

    The replacement must ask ``current()`` at each call, and call what stood there when that is None: it may outlive
    the mock when somebody else patched on top of it. For a class attribute, ``make`` gets the plain function.
    """

    owner: Any
    name: str
    make: Callable[[Any], Any]


TARGETS: dict[str, str] = {
    "botocore.endpoint": "sundog.ways.botocore",
    "aiobotocore.endpoint": "sundog.ways.aiobotocore",
    "http.client": "sundog.ways.http_client",
    "urllib3.connectionpool": "sundog.ways.urllib3",
    "httpx": "sundog.ways.httpx",
    "aiohttp.client": "sundog.ways.aiohttp",
    "boto.connection": "sundog.ways.boto2",
    "boto.https_connection": "sundog.ways.boto2",
    "socket": "sundog.ways.sockets",
}
"""Which of our modules patches which module. Each has ``patches(module) -> Iterable[Patch]``; it is imported once the
module it patches is."""


class _Entry:
    """One push. ``live`` ends with the pop, even if that comes from another context than the push."""

    __slots__ = ("cloud", "live", "private")

    def __init__(self, cloud: Cloud | None, private: bool) -> None:
        self.cloud = cloud
        self.private = private
        self.live = True


class _Applied(NamedTuple):
    owner: Any
    name: str
    original: Any
    inherited: bool
    replacement: Any


_lock = threading.RLock()
_shared: list[_Entry] = []
_pushed: list[_Entry] = []
_private: ContextVar[tuple[_Entry, ...]] = ContextVar("sundog_private", default=())
_installs = 0
_applied: list[_Applied] = []
_ours: dict[int, tuple[Any, Any, bool]] = {}
"""What a replacement of ours replaced, by the replacement's id: (replacement, original, inherited). Kept only for those
somebody patched over, so that a later mock finds its way back to the true original."""


def current() -> Cloud | None:
    """The Cloud that answers calls made here and now: this task's or thread's own, else the process's latest."""
    for entry in reversed(_private.get()):
        if entry.live:
            return entry.cloud
    try:
        return _shared[-1].cloud
    except IndexError:
        return None


def push(cloud: Cloud, private: bool = False) -> None:
    """Let ``cloud`` answer: the whole process, or (private) this thread or task and the tasks it starts."""
    _push(cloud, private)


def _push(cloud: Cloud | None, private: bool) -> _Entry:
    entry = _Entry(cloud, private)
    with _lock:
        install()
        _pushed.append(entry)
        if private:
            _private.set((*(each for each in _private.get() if each.live), entry))
        else:
            _shared.append(entry)
    return entry


def pop(cloud: Cloud) -> None:
    """Undo the latest push of ``cloud``, whatever was pushed since; ``ValueError`` if it isn't active."""
    with _lock:
        own = set(map(id, _private.get()))
        entries = [entry for entry in _pushed if entry.cloud is cloud]
        if not entries:
            raise ValueError(f"{cloud!r} is not active")
        # A private one of this context first: two tasks may have pushed the same Cloud.
        _pop(next((entry for entry in reversed(entries) if id(entry) in own), entries[-1]))


def _pop(entry: _Entry) -> None:
    with _lock:
        entry.live = False
        _pushed.remove(entry)
        if entry.private:
            _private.set(tuple(each for each in _private.get() if each.live))
        else:
            _shared.remove(entry)
        uninstall()


@contextmanager
def outside() -> Iterator[None]:
    """Calls made inside, by this thread or task, are nobody's business: they go where they would without a mock."""
    entry = _push(None, True)
    try:
        yield
    finally:
        _pop(entry)


def install() -> None:
    """Patch what is imported, and have the rest patched when it is. Counted: only the first call does something."""
    global _installs
    with _lock:
        _installs += 1
        if _installs > 1:
            return
        try:
            for target, ours in TARGETS.items():
                module = sys.modules.get(target)
                if module is not None:
                    _apply(ours, module)
                imports.on_import(target, partial(_apply, ours))
        except BaseException:
            uninstall()
            raise


def uninstall() -> None:
    """The counterpart of ``install``: the last call puts back what stood there."""
    global _installs
    with _lock:
        if _installs == 0:
            raise RuntimeError("uninstall() without install()")
        _installs -= 1
        if _installs:
            return
        for target in TARGETS:
            imports.forget(target)
        while _applied:
            _restore(_applied.pop())


def installed() -> bool:
    return _installs > 0


def _apply(ours: str, module: ModuleType) -> None:
    with _lock:
        if _installs == 0:
            return
        try:
            patches: Iterable[Patch] = import_module(ours).patches(module)
        except ModuleNotFoundError as error:
            if error.name != ours:
                raise
            return
        for patch in patches:
            _replace(patch)


def _replace(patch: Patch) -> None:
    owner, name = patch.owner, patch.name
    inherited = name not in vars(owner)
    original = getattr(owner, name) if inherited else vars(owner)[name]
    left_over = _ours.get(id(original))
    if left_over is not None:
        # Somebody patched over ours, a mock ended, and they put ours back: what it replaced is the original.
        original, inherited = left_over[1:]
        del _ours[id(left_over[0])]
    replacement = patch.make(original)
    setattr(owner, name, replacement)
    _applied.append(_Applied(owner, name, original, inherited, replacement))


def _restore(applied: _Applied) -> None:
    owner, name, original, inherited, replacement = applied
    if vars(owner).get(name) is not replacement:
        _ours[id(replacement)] = (replacement, original, inherited)
    elif inherited:
        delattr(owner, name)
    else:
        setattr(owner, name, original)


boto2_import.enable()
