"""The compiled tables: read when a service is first asked for, brought up to date if the model is newer."""

from __future__ import annotations

import zlib
from importlib import resources
from typing import Any

import msgspec

from sundog.modelled.table import Rule, Table
from sundog.wire.model import Operation, Service


def table_of(service: Service) -> Table:
    """The service's table: the compiled one, with the service's own overrides, or one inferred now."""
    found: Table | None = service.plans.get("table")
    if found is None:
        from sundog.modelled.override import apply

        found = load(service.name)
        if found is None:
            from sundog.modelled.infer import infer

            found = infer(service)
        elif not found.rules.keys() >= set(service.operation_names):
            from sundog.modelled.infer import live

            found = live(service, found)
        found = service.plans["table"] = apply(service, found)
    return found


def load(name: str) -> Table | None:
    """The compiled table, if there is one."""
    file = resources.files("sundog.modelled") / "tables" / f"{name}.z"
    try:
        packed = file.read_bytes()
    except FileNotFoundError:
        return None
    return unpack(packed)


def pack(table: Table) -> bytes:
    return zlib.compress(msgspec.msgpack.encode(table), 9)


def unpack(packed: bytes) -> Table:
    return msgspec.msgpack.decode(zlib.decompress(packed), type=Table)


def rule_of(operation: Operation) -> Rule | None:
    return table_of(operation.service).rules.get(operation.name)


__all__: list[Any] = ["load", "pack", "rule_of", "table_of", "unpack"]
