"""Do something just before or just after a module is first imported, without importing it."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Sequence
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any

Hook = Callable[[ModuleType], None]

_before: dict[str, Hook] = {}
_after: dict[str, Hook] = {}
_lock = threading.RLock()


def on_import(name: str, *, before: Hook | None = None, after: Hook | None = None) -> None:
    """Call the hooks whenever module ``name`` is executed from now on. One of each kind a module."""
    with _lock:
        if before is not None:
            _before[name] = before
        if after is not None:
            _after[name] = after
        if _finder not in sys.meta_path:
            sys.meta_path.insert(0, _finder)


def forget(name: str) -> None:
    """Drop the hooks of ``name``; the finder goes with the last one."""
    with _lock:
        _before.pop(name, None)
        _after.pop(name, None)
        if not _before and not _after and _finder in sys.meta_path:
            sys.meta_path.remove(_finder)


class _Finder:
    """Lets the other finders find, and wraps what the loader they found does."""

    def __init__(self) -> None:
        self._busy = threading.local()

    def find_spec(
        self, fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if fullname not in _after and fullname not in _before:
            return None
        busy: set[str] = self._busy.__dict__.setdefault("names", set())
        if fullname in busy:
            return None
        busy.add(fullname)
        try:
            spec = self._find_elsewhere(fullname, path, target)
        finally:
            busy.discard(fullname)
        if spec is not None and hasattr(spec.loader, "exec_module"):
            _wrap(spec.loader)
        return spec

    def _find_elsewhere(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None
    ) -> ModuleSpec | None:
        for finder in list(sys.meta_path):
            find_spec = getattr(finder, "find_spec", None)
            if finder is self or find_spec is None:
                continue
            spec: ModuleSpec | None = find_spec(fullname, path, target)
            if spec is not None:
                return spec
        return None


def _wrap(loader: Any) -> None:
    """Shadow the loader's ``exec_module`` on the instance, for one execution."""
    exec_module = loader.exec_module

    def execute(module: ModuleType) -> None:
        loader.__dict__.pop("exec_module", None)
        name = module.__name__
        if (hook := _before.get(name)) is not None:
            hook(module)
        exec_module(module)
        if (hook := _after.get(name)) is not None:
            hook(module)

    if "exec_module" not in getattr(loader, "__dict__", {"exec_module": None}):
        loader.exec_module = execute


_finder = _Finder()
