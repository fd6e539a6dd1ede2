"""Handlers: how a function becomes the behaviour of an operation, and how it is found without importing the rest."""

from __future__ import annotations

import importlib
import importlib.util
import pkgutil
import re
from collections.abc import Callable
from functools import cache
from types import ModuleType
from typing import Any, TypeVar, overload

Handler = Callable[[Any, Any], Any]
F = TypeVar("F", bound=Callable[..., Any])

SERVICES = "sundog.services"


class Op:
    """What ``@op`` says of a handler beyond the function itself."""

    __slots__ = ("idempotent", "page_size", "paged", "taggable")

    def __init__(self, paged: bool, page_size: int | None, idempotent: bool, taggable: tuple[str, ...]) -> None:
        self.paged = paged
        self.page_size = page_size
        self.idempotent = idempotent
        self.taggable = taggable


@overload
def op(function: F) -> F: ...
@overload
def op(
    *, paged: bool = ..., page_size: int | None = ..., idempotent: bool = ..., taggable: tuple[str, ...] = ...
) -> Callable[[F], F]: ...
def op(
    function: F | None = None,
    *,
    paged: bool = True,
    page_size: int | None = None,
    idempotent: bool = True,
    taggable: tuple[str, ...] = (),
) -> F | Callable[[F], F]:
    """The function handles the operation of its name, in the service of its module.

    ``paged=False``: the handler pages its answer itself. ``page_size``: how many results make a page when the caller names
    no limit (None: all). ``idempotent=False``: the handler looks after client tokens itself. ``taggable``: resource types
    that a tag specification may name though the handler adds none of them.
    """

    def mark(handler: F) -> F:
        handler.__op__ = Op(paged, page_size, idempotent, taggable)  # type: ignore[attr-defined]
        return handler

    return mark if function is None else mark(function)


_DECORATED = re.compile(r"^@op\b.*?^def (\w+)", re.MULTILINE | re.DOTALL)
_homes: dict[str, dict[str, str]] = {}


def handler_homes(service: str) -> dict[str, str]:
    """Module by handler name for one service, read from the sources' text: nothing is imported."""
    found = _homes.get(service)
    if found is None:
        found = _homes[service] = {}
        name = f"{SERVICES}.{service}"
        spec = importlib.util.find_spec(name)
        if spec is not None:
            _scan(name, spec, found)
    return found


def _source(name: str, spec: Any) -> str:
    if hasattr(spec.loader, "get_source"):
        return spec.loader.get_source(name) or ""
    # pytest's loader, which rewrites a plugin's modules, gives no sources.
    if spec.origin and spec.origin.endswith(".py"):
        with open(spec.origin, encoding="utf-8") as file:
            return file.read()
    return ""


def _scan(name: str, spec: Any, found: dict[str, str]) -> None:
    for handler in _DECORATED.findall(_source(name, spec)):
        if handler in found:
            raise ImportError(f"two handlers for {handler}: {found[handler]} and {name}")
        found[handler] = name
    if spec.submodule_search_locations:
        for info in pkgutil.iter_modules(spec.submodule_search_locations, name + "."):
            if info.name.rpartition(".")[2] != "data":
                child = info.module_finder.find_spec(info.name, None)  # type: ignore[call-arg]
                if child is not None:
                    _scan(info.name, child, found)


def find_handler(service: str, operation: str) -> Handler | None:
    """The handler of an operation, both by their Python names; importing its module and no other."""
    home = handler_homes(service).get(operation)
    return None if home is None else getattr(importlib.import_module(home), operation)


@cache
def service_part(service: str, part: str) -> ModuleType | None:
    """One module of a service's folder (``defaults``, ``web``, ``target``, ``helpers``), imported; None if it has none."""
    package = f"{SERVICES}.{service}"
    spec = importlib.util.find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        return None
    name = f"{package}.{part}"
    return importlib.import_module(name) if importlib.util.find_spec(name) is not None else None


def find_defaults(service: str) -> Callable[[Any], None] | None:
    """``prepare(tx)`` of the service's ``defaults`` module: it makes what every account has in every region from the start."""
    module = service_part(service, "defaults")
    return None if module is None else module.prepare


def service_names() -> list[str]:
    """Python names of the services that have hand-written behaviour."""
    package = importlib.import_module(SERVICES)
    return sorted(info.name for info in pkgutil.iter_modules(package.__path__))
