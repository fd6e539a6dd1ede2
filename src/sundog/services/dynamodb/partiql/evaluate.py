"""PartiQL's conditions and sums as functions of an item, and the keys that a condition fixes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sundog.services.dynamodb import number
from sundog.services.dynamodb.expression.bind import walk
from sundog.services.dynamodb.expression.condition import ORDERS, begins_with, contains, length
from sundog.services.dynamodb.expression.update import MISSING, WRONG_DATA
from sundog.services.dynamodb.fault import invalid
from sundog.services.dynamodb.partiql.parser import Among, Between, Compare, Function, Get, Is, Literal, Logic, Sum
from sundog.services.dynamodb.value import Item, Value, equal, kind_of


def holds(node: Any, item: Item) -> bool:
    """Whether a condition holds for an item."""
    if isinstance(node, Logic):
        if node.operator == "NOT":
            return not holds(node.parts[0], item)
        combine: Callable[[Any], bool] = all if node.operator == "AND" else any
        return combine(holds(part, item) for part in node.parts)
    if isinstance(node, Compare):
        left, right = read(node.left, item), read(node.right, item)
        if node.operator in ("=", "<>"):
            same = left is not None and right is not None and equal(left, right)
            return same if node.operator == "=" else (left is not None and right is not None and not same)
        return ORDERS[node.operator](left, right)
    if isinstance(node, Between):
        value = read(node.term, item)
        return ORDERS["<="](read(node.low, item), value) and ORDERS["<="](value, read(node.high, item))
    if isinstance(node, Among):
        value = read(node.term, item)
        if value is None:
            return False
        options = [read(option, item) for option in node.options]
        return any(option is not None and equal(value, option) for option in options)
    if isinstance(node, Is):
        value = read(node.term, item)
        return value is None if node.what == "MISSING" else value == {"NULL": True}
    if isinstance(node, Function):
        if node.name == "attribute_exists":
            return read(node.arguments[0], item) is not None
        if node.name == "attribute_not_exists":
            return read(node.arguments[0], item) is None
        if node.name in ("begins_with", "contains", "attribute_type"):
            first, second = (read(argument, item) for argument in node.arguments)
            if node.name == "begins_with":
                return begins_with(first, second)
            if node.name == "contains":
                return contains(first, second)
            return first is not None and second is not None and second.get("S") in first
    value = read(node, item)
    return value == {"BOOL": True}


def read(node: Any, item: Item) -> Value | None:
    """A term's value for an item; None if it is missing."""
    if isinstance(node, Literal):
        return node.value
    if isinstance(node, Get):
        return walk(node.path, item)
    if isinstance(node, Function) and node.name == "size":
        return length(read(node.arguments[0], item))
    if isinstance(node, (Compare, Between, Among, Is, Logic, Function)):
        return {"BOOL": holds(node, item)}
    return None


def new_value(node: Any, item: Item) -> Value:
    """What ``SET`` makes of an item."""
    if isinstance(node, Sum):
        left, right = new_value(node.left, item), new_value(node.right, item)
        if "N" not in left or "N" not in right:
            raise invalid(WRONG_DATA)
        return {"N": (number.add if node.operator == "+" else number.subtract)(left["N"], right["N"])}
    if isinstance(node, Function) and node.name in _CHANGES:
        if node.name == "if_not_exists":
            there = read(node.arguments[0], item)
            return new_value(node.arguments[1], item) if there is None else there
        left = read(node.arguments[0], item)
        right = new_value(node.arguments[1], item)
        return _CHANGES[node.name](left, right)
    value = read(node, item)
    if value is None:
        raise invalid(MISSING)
    return value


def _list_append(left: Value | None, right: Value) -> Value:
    if left is None:
        raise invalid(MISSING)
    if "L" not in left or "L" not in right:
        raise invalid(WRONG_DATA)
    return {"L": left["L"] + right["L"]}


def _set_add(left: Value | None, right: Value) -> Value:
    kind = kind_of(right)
    if kind not in ("SS", "NS", "BS") or (left is not None and kind not in left):
        raise invalid(WRONG_DATA)
    return right if left is None else {kind: list(dict.fromkeys([*left[kind], *right[kind]]))}


def _set_delete(left: Value | None, right: Value) -> Value:
    kind = kind_of(right)
    if left is None:
        raise invalid(MISSING)
    if kind not in ("SS", "NS", "BS") or kind not in left:
        raise invalid(WRONG_DATA)
    return {kind: [member for member in left[kind] if member not in right[kind]]}


def _same(left: Value | None, right: Value) -> Value:
    return right if left is None else left


_CHANGES: dict[str, Callable[[Value | None, Value], Value]] = {
    "list_append": _list_append,
    "set_add": _set_add,
    "set_delete": _set_delete,
    "if_not_exists": _same,
}


def fixed(node: Any) -> dict[str, list[Value]]:
    """Attributes that a condition allows only certain values of (``=`` and ``IN``, joined by ``AND``)."""
    found: dict[str, list[Value]] = {}
    for part in conjuncts(node):
        if isinstance(part, Compare) and part.operator == "=":
            for one, other in ((part.left, part.right), (part.right, part.left)):
                if isinstance(one, Get) and len(one.path) == 1 and isinstance(other, Literal):
                    found[str(one.path[0])] = [other.value]
        elif isinstance(part, Among) and isinstance(part.term, Get) and len(part.term.path) == 1:
            options = [option.value for option in part.options if isinstance(option, Literal)]
            if len(options) == len(part.options):
                found[str(part.term.path[0])] = options
    return found


def conjuncts(node: Any) -> list[Any]:
    """The conditions that must all hold."""
    if node is None:
        return []
    if isinstance(node, Logic) and node.operator == "AND":
        return [each for part in node.parts for each in conjuncts(part)]
    return [node]
