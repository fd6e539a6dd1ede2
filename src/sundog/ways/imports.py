"""Do something when a module is first imported, without importing it."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Sequence
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any

After = Callable[[ModuleType], None]
Execute = Callable[[Any, ModuleType], None]

_after: dict[str, After] = {}
_packages: dict[str, Execute] = {}
_lock = threading.RLock()


def on_import(name: str, after: After) -> None:
    """Call ``after`` with the module whenever ``name`` has been executed from now on."""
    with _lock:
        _after[name] = after
        _attend()


def execute_package(name: str, execute: Execute) -> None:
    """Let ``execute(loader, module)`` execute the modules of a top-level package, in place of their loader."""
    with _lock:
        _packages[name] = execute
        _attend()


def forget(name: str) -> None:
    """Undo ``on_import``; the finder goes with the last of all."""
    with _lock:
        _after.pop(name, None)
        if not _after and not _packages and _finder in sys.meta_path:
            sys.meta_path.remove(_finder)


def _attend() -> None:
    if _finder not in sys.meta_path:
        sys.meta_path.insert(0, _finder)


class _Finder:
    """Lets the other finders find, and steps between their loader and the module."""

    def __init__(self) -> None:
        self._busy = threading.local()

    def find_spec(
        self, fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if fullname not in _after and fullname.partition(".")[0] not in _packages:
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
            _step_between(spec.loader)
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


def _step_between(loader: Any) -> None:
    """Shadow the loader's ``exec_module`` on the instance, for one execution: what the module sees as its loader stays
    what it is."""
    exec_module = loader.exec_module

    def execute(module: ModuleType) -> None:
        loader.__dict__.pop("exec_module", None)
        name = module.__name__
        if (instead := _packages.get(name.partition(".")[0])) is not None:
            instead(loader, module)
        else:
            exec_module(module)
        if (after := _after.get(name)) is not None:
            after(module)

    if "exec_module" not in getattr(loader, "__dict__", {"exec_module": None}):
        loader.exec_module = execute


_finder = _Finder()
