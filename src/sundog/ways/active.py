"""Which Cloud answers now, and the patches that lead the process's calls to it.

The patches are in place while at least one Cloud is active, and what stood there before is put back with the last one.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Generator, Iterable, Mapping
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


class _Site:
    """One attribute and what stands there, by turns."""

    __slots__ = ("inherited", "make", "name", "original", "owner", "past", "replacement")

    def __init__(self, owner: Any, name: str, make: Callable[[Any], Any]) -> None:
        self.owner = owner
        self.name = name
        self.make = make
        self.original: Any = None
        self.replacement: Any = None
        self.inherited = False
        self.past: dict[int, tuple[Any, Any, bool]] = {}
        """Replacements that somebody patched over, by id, with what they replaced."""

    def apply(self) -> None:
        own: Mapping[str, Any] = self.owner.__dict__
        inherited = self.name not in own
        original: Any = getattr(self.owner, self.name) if inherited else own[self.name]
        if (ours := self.past.get(id(original))) is not None:
            # A mock ended below somebody's patch, and they put ours back since: its original is still the original.
            self.replacement, self.original, self.inherited = ours
        elif self.replacement is None or original is not self.original:
            self.original, self.inherited = original, inherited
            self.replacement = self.make(original)
        setattr(self.owner, self.name, self.replacement)

    def restore(self) -> None:
        own: Mapping[str, Any] = self.owner.__dict__
        if own.get(self.name) is not self.replacement:
            # Somebody else's is on top: ours stays below it, and does nothing.
            self.past[id(self.replacement)] = (self.replacement, self.original, self.inherited)
        elif self.inherited:
            delattr(self.owner, self.name)
        else:
            setattr(self.owner, self.name, self.original)


ended: list[Callable[[Any], None]] = []
"""Called with each Cloud that was popped."""

_lock = threading.RLock()
_shared: list[_Entry] = []
_pushed: list[_Entry] = []
_private: ContextVar[tuple[_Entry, ...]] = ContextVar("sundog_private", default=())
_installs = 0
_applied: list[_Site] = []
_known: dict[str, tuple[ModuleType, list[_Site]]] = {}
"""The sites of each module that was patched before."""
_attended: set[str] = set()


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
    if entry.cloud is not None:
        for listener in tuple(ended):
            listener(entry.cloud)


@contextmanager
def outside() -> Generator[None, None, None]:
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
            for target in TARGETS:
                module = sys.modules.get(target)
                if module is not None:
                    _apply(target, module)
                if target not in _attended:
                    _attended.add(target)
                    imports.on_import(target, partial(_executed, target))
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
        while _applied:
            _applied.pop().restore()


def installed() -> bool:
    return _installs > 0


def _executed(target: str, module: ModuleType) -> None:
    """A module that we patch was imported, or loaded anew."""
    with _lock:
        _known.pop(target, None)
        if _installs:
            _apply(target, module)


def _apply(target: str, module: ModuleType) -> None:
    known = _known.get(target)
    if known is None or known[0] is not module:
        patches: Iterable[Patch] = import_module(TARGETS[target]).patches(module)
        known = _known[target] = (module, [_Site(*patch) for patch in patches])
    for site in known[1]:
        _applied.append(site)
        site.apply()


boto2_import.enable()
