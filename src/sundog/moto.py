"""moto's names for Sundog's things: run a suite written for moto without touching it.

    pytest -p sundog.moto

or ``sundog.moto.install()`` before the first ``from moto import ...``. Whether or not moto is installed, ``moto`` is
then Sundog's; ``uninstall()`` puts back what there was. moto's *inner* things (its backends and models) have no
counterpart: who reaches for them is told so.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any

_replaced: dict[str, ModuleType] = {}


class Unsupported(ImportError):
    """Something of moto that is about moto itself."""

    def __init__(self, name: str) -> None:
        super().__init__(
            f"{name} belongs to moto's own implementation. Sundog, which stands in for moto here, has no such thing: "
            "ask through the API (boto3) instead, or Sundog's Cloud (with mock_aws() as aws: aws.calls, ...).",
            name=name,
        )


def install() -> None:
    """From now on ``moto`` is Sundog's. A second call does nothing."""
    if _finder in sys.meta_path:
        return
    for name in [name for name in sys.modules if name == "moto" or name.startswith("moto.")]:
        _replaced[name] = sys.modules.pop(name)
    sys.meta_path.insert(0, _finder)


def uninstall() -> None:
    """Undo ``install``: the modules that were imported as ``moto`` before are so again."""
    if _finder not in sys.meta_path:
        return
    sys.meta_path.remove(_finder)
    for name in [name for name in sys.modules if name == "moto" or name.startswith("moto.")]:
        del sys.modules[name]
    sys.modules.update(_replaced)
    _replaced.clear()


def installed() -> bool:
    return _finder in sys.meta_path


def pytest_addoption() -> None:
    # The first hook that is called of a plugin, and before any conftest is imported.
    install()


def pytest_unconfigure() -> None:
    uninstall()


class _Module(ModuleType):
    """One of moto's modules, by its name; what it doesn't have says so."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(f"module {self.__name__!r} has no attribute {name!r}")
        from sundog.ways.moto_names import missing

        found = missing(self.__name__, name)
        if found is None:
            raise Unsupported(f"{self.__name__}.{name}")
        setattr(self, name, found)
        return found


class _Finder:
    """Finds ``moto`` and everything below it: in Sundog."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if fullname != "moto" and not fullname.startswith("moto."):
            return None
        from sundog.ways.moto_names import exists

        if not exists(fullname):
            return None
        spec = ModuleSpec(fullname, self, is_package=True)  # type: ignore[arg-type]
        spec.submodule_search_locations = []
        return spec

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        return _Module(spec.name)

    def exec_module(self, module: ModuleType) -> None:
        from sundog.ways.moto_names import MODULES

        build: Callable[[], dict[str, Any]] | None = MODULES.get(module.__name__)
        if build is not None:
            vars(module).update(build())


_finder = _Finder()
