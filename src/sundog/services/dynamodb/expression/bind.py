"""Names and values of a request, given to parsed expressions: what is not defined, not used, or used wrongly."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from sundog.core import AwsError
from sundog.services.dynamodb.expression.parser import (
    BetweenNode,
    BooleanNode,
    CompareNode,
    FunctionNode,
    InNode,
    NotNode,
    PathNode,
    SumNode,
    ValueNode,
)
from sundog.services.dynamodb.expression.reserved import RESERVED
from sundog.services.dynamodb.fault import invalid
from sundog.services.dynamodb.value import Value, accept_value, kind_of, wrapped

Path = tuple[str | int, ...]

_alias = re.compile(r"#[A-Za-z0-9_]+\Z", re.ASCII)
_placeholder = re.compile(r":[A-Za-z0-9_]+\Z", re.ASCII)


class Names:
    """``ExpressionAttributeNames`` and ``ExpressionAttributeValues`` of a request, and which of them were used."""

    __slots__ = ("names", "used_names", "used_values", "values")

    def __init__(self, names: dict[str, str] | None, values: dict[str, Value] | None) -> None:
        self.names = names
        self.values = values
        self.used_names: set[str] = set()
        self.used_values: set[str] = set()
        if names is not None:
            _check_names(names)
        if values is not None:
            self.values = _checked_values(values)

    def unused(self) -> None:
        """Refuse what no expression used."""
        if self.names is not None and len(self.used_names) < len(self.names):
            left = [name for name in self.names if name not in self.used_names]
            raise invalid(
                f"Value provided in ExpressionAttributeNames unused in expressions: keys: {{{', '.join(left)}}}"
            )
        if self.values is not None and len(self.used_values) < len(self.values):
            left = [name for name in self.values if name not in self.used_values]
            raise invalid(
                f"Value provided in ExpressionAttributeValues unused in expressions: keys: {{{', '.join(left)}}}"
            )


def _check_names(names: dict[str, str]) -> None:
    if not names:
        raise invalid("ExpressionAttributeNames must not be empty")
    for alias, name in names.items():
        if not _alias.match(alias):
            raise invalid(f'ExpressionAttributeNames contains invalid key: Syntax error; key: "{alias}"')
        if not name:
            raise invalid(f"ExpressionAttributeNames contains invalid value: Empty attribute name for key {alias}")
        if len(name) > 65535:
            raise invalid(
                "ExpressionAttributeNames contains invalid value: Attribute name has exceeded the maximum allowed size "
                f"for key {alias}"
            )


def _checked_values(values: dict[str, Value]) -> dict[str, Value]:
    if not values:
        raise invalid("ExpressionAttributeValues must not be empty")
    found: dict[str, Value] = {}
    for name, value in values.items():
        if not _placeholder.match(name):
            raise invalid(f'ExpressionAttributeValues contains invalid key: Syntax error; key: "{name}"')
        try:
            found[name] = accept_value(value)
        except AwsError as error:
            if error.message.startswith("Supplied"):
                raise wrapped("ExpressionAttributeValues contains invalid value: ", _for_key(error, name)) from None
            raise wrapped("ExpressionAttributeValues contains invalid value: ", _for_key(error, name)) from None
    return found


def _for_key(error: AwsError, name: str) -> AwsError:
    return AwsError(error.code, f"{error.message} for key {name}", error.status)


# What is wrong is looked for in this order over the whole expression, whatever stands first in it.
RESERVED_WORD, FUNCTION_NAME, NAME_MISSING, VALUE_MISSING, MISPLACED, COUNT, DISTINCT, TYPE, BOUNDS = range(9)


class Binder:
    """Binds one expression, and collects what is wrong with it."""

    __slots__ = ("faults", "names", "parameter")

    def __init__(self, names: Names, parameter: str) -> None:
        self.names = names
        self.parameter = parameter
        self.faults: list[tuple[int, str]] = []

    def fault(self, rank: int, message: str) -> None:
        self.faults.append((rank, message))

    def finish(self) -> None:
        """Raise the gravest fault, if there is one."""
        if self.faults:
            message = min(self.faults, key=lambda fault: fault[0])[1]
            raise invalid(f"Invalid {self.parameter}: {message}")

    def path(self, node: PathNode) -> Path:
        """The path with the names that aliases stand for."""
        parts: list[str | int] = []
        for part in node.parts:
            if isinstance(part, int):
                parts.append(part)
            elif part[0] == "#":
                names = self.names.names
                name = names.get(part) if names is not None else None
                if name is None:
                    self.fault(
                        NAME_MISSING,
                        "An expression attribute name used in the document path is not defined; "
                        f"attribute name: {part}",
                    )
                    name = part
                else:
                    self.names.used_names.add(part)
                parts.append(name)
            else:
                if part.upper() in RESERVED:
                    self.fault(RESERVED_WORD, f"Attribute name is a reserved keyword; reserved keyword: {part}")
                parts.append(part)
        if len(parts) > 32:
            self.fault(MISPLACED, "The document path has too many nesting elements; nesting levels: " + str(len(parts)))
        return tuple(parts)

    def value(self, node: ValueNode) -> Value:
        """The value that a placeholder stands for."""
        values = self.names.values
        value = values.get(node.name) if values is not None else None
        if value is None:
            self.fault(
                VALUE_MISSING,
                f"An expression attribute value used in expression is not defined; attribute value: {node.name}",
            )
            return {"NULL": True}
        self.names.used_values.add(node.name)
        return value


def shown(path: Path) -> str:
    """A path as messages print it: ``[a, [0], b]``."""
    return f"[{', '.join(f'[{part}]' if isinstance(part, int) else part for part in path)}]"


def walk(path: Path, item: dict[str, Value]) -> Value | None:
    """The value at a path of an item; None if there is none."""
    value = item.get(path[0])  # type: ignore[arg-type]
    for part in path[1:]:
        if value is None:
            return None
        if isinstance(part, int):
            members = value.get("L")
            if members is None or part >= len(members):
                return None
            value = members[part]
        else:
            inner = value.get("M")
            if inner is None:
                return None
            value = inner.get(part)
    return value


def walker(path: Path) -> Callable[[dict[str, Value]], Value | None]:
    """``walk`` for one path."""
    if len(path) == 1:
        name: Any = path[0]

        def attribute(item: dict[str, Value]) -> Value | None:
            return item.get(name)

        return attribute

    def inner(item: dict[str, Value]) -> Value | None:
        return walk(path, item)

    return inner


__all__ = [
    "BetweenNode",
    "Binder",
    "BooleanNode",
    "CompareNode",
    "FunctionNode",
    "InNode",
    "Names",
    "NotNode",
    "Path",
    "SumNode",
    "kind_of",
    "shown",
    "walk",
    "walker",
]
