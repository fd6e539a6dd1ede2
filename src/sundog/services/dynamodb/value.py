"""Attribute values in botocore's form (``{"S": "x"}``): what makes them valid, how big they are, how they compare.

Values come from the wire in this form and are kept so; numbers are made canonical on their way in. Whoever changes a
value makes a new one.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sundog.core import AwsError
from sundog.services.dynamodb import number
from sundog.services.dynamodb.fault import bad_parameter, invalid

Value = dict[str, Any]
Item = dict[str, Value]

MAX_DEPTH = 32
MAX_ITEM = 400 * 1024
MAX_HASH = 2048
MAX_RANGE = 1024

NAMES = {
    "S": "STRING",
    "N": "NUMBER",
    "B": "BINARY",
    "SS": "STRING_SET",
    "NS": "NUMBER_SET",
    "BS": "BINARY_SET",
    "L": "LIST",
    "M": "MAP",
    "BOOL": "BOOLEAN",
    "NULL": "NULL",
}


# -- what comes in ------------------------------------------------------------------------------------------------


def accept(item: Any) -> tuple[Item, int]:
    """A request's item or key with its numbers canonical, and its size; refused if it isn't valid."""
    odd: list[str] = []
    size = 0
    for name, value in item.items():
        size += (len(name) if name.isascii() else len(name.encode())) + _measure(value, 0, odd)
    if odd:
        item = {name: _canonical(value) for name, value in item.items()}
    return item, size


def accept_value(value: Value) -> Value:
    """One value from a request, likewise."""
    odd: list[str] = []
    _measure(value, 0, odd)
    return _canonical(value) if odd else value


def _measure(value: Value, depth: int, odd: list[str]) -> int:
    """The size of a value; refuses an invalid one; notes that numbers are not canonical in ``odd``."""
    if len(value) != 1:
        if not value:
            raise invalid("Supplied AttributeValue is empty, must contain exactly one of the supported datatypes")
        raise invalid(
            "Supplied AttributeValue has more than one datatypes set, "
            "must contain exactly one of the supported datatypes"
        )
    kind = next(iter(value))
    inner = value[kind]
    if kind == "S":
        return len(inner) if inner.isascii() else len(inner.encode("utf-8", "surrogatepass"))
    if kind == "N":
        if not number.is_plain(inner):
            odd.append(inner)
            inner = number.canonical(inner)
        return number.size(inner)
    if kind == "B":
        return len(inner)
    if kind == "BOOL":
        return 1
    if kind == "NULL":
        if inner is not True:
            raise bad_parameter("Null attribute value types must have the value of true")
        return 1
    if kind == "M":
        if depth >= MAX_DEPTH:
            raise invalid("Nesting Levels have exceeded supported limits")
        size = 3
        for name, item in inner.items():
            if item is None:
                item = {}
            size += 1 + (len(name) if name.isascii() else len(name.encode())) + _measure(item, depth + 1, odd)
        return size
    if kind == "L":
        if depth >= MAX_DEPTH:
            raise invalid("Nesting Levels have exceeded supported limits")
        size = 3
        for item in inner:
            size += 1 + _measure({} if item is None else item, depth + 1, odd)
        return size
    return _measure_set(kind, inner, odd)


_EMPTY_SETS = {
    "SS": "An string set  may not be empty",
    "NS": "An number set  may not be empty",
    "BS": "Binary sets should not be empty",
}


def _measure_set(kind: str, members: list[Any], odd: list[str]) -> int:
    if not members:
        raise bad_parameter(_EMPTY_SETS[kind])
    if kind == "NS":
        texts = [number.canonical(text) for text in members]
        if texts != members:
            odd.append("")
        if len(set(texts)) < len(texts):
            raise bad_parameter("Input collection contains duplicates")
        return sum(map(number.size, texts))
    if len(set(members)) < len(members):
        if kind == "SS":
            raise bad_parameter(f"Input collection [{', '.join(members)}] contains duplicates.")
        import base64

        shown = ", ".join(base64.b64encode(member).decode() for member in members)
        raise bad_parameter(f"Input collection [{shown}]of type BS contains duplicates.")
    if kind == "SS":
        return sum(len(member.encode()) for member in members)
    return sum(map(len, members))


def _canonical(value: Value) -> Value:
    ((kind, inner),) = value.items()
    if kind == "N":
        return {"N": number.canonical(inner)}
    if kind == "NS":
        return {"NS": [number.canonical(text) for text in inner]}
    if kind == "L":
        return {"L": [_canonical(item) for item in inner]}
    if kind == "M":
        return {"M": {name: _canonical(item) for name, item in inner.items()}}
    return value


def size_of(item: Item) -> int:
    """The size of an item that was accepted before."""
    odd: list[str] = []
    return sum(len(name.encode()) + _measure(value, 0, odd) for name, value in item.items())


def value_size(value: Value) -> int:
    return _measure(value, 0, [])


# -- what they are ------------------------------------------------------------------------------------------------


def kind_of(value: Value) -> str:
    """``S``, ``N``, ``L`` ..."""
    for kind in value:
        return kind
    raise AssertionError


def equal(left: Value, right: Value) -> bool:
    """Whether two values are the same: sets in any order, all else as it stands (numbers are canonical)."""
    if left == right:
        return True
    kind = kind_of(left)
    if kind != kind_of(right):
        return False
    one, other = left[kind], right[kind]
    if kind in ("SS", "NS", "BS"):
        return len(one) == len(other) and set(one) == set(other)
    if kind == "L":
        return len(one) == len(other) and all(map(equal, one, other))
    if kind == "M":
        return one.keys() == other.keys() and all(equal(item, other[name]) for name, item in one.items())
    return False


def rank(value: Value) -> tuple[str, Any] | None:
    """What values of one kind are ordered by; None for the kinds that have no order."""
    for kind, inner in value.items():
        if kind == "S" or kind == "B":
            return kind, inner
        if kind == "N":
            return kind, number.sortable(inner)
    return None


def key_form(value: Value, kind: str) -> Any:
    """A key's value as rows are ordered by it: the text, the bytes, or a number's sortable bytes."""
    return number.sortable(value["N"]) if kind == "N" else value[kind]


def java(value: Value) -> str:
    """A value as DynamoDB's messages print it: ``AttributeValue: {N:5}``."""
    return f"AttributeValue: {{{_inner(value)}}}"


def _inner(value: Value) -> str:
    ((kind, inner),) = value.items()
    if kind == "B":
        return f"B:java.nio.HeapByteBuffer[pos=0 lim={len(inner)} cap={len(inner)}]"
    if kind in ("SS", "NS"):
        return f"{kind}:[{', '.join(inner)}]"
    if kind == "L":
        return f"L:[{', '.join('{' + _inner(item) + '}' for item in inner)}]"
    if kind == "M":
        return f"M:{{{', '.join(name + '={' + _inner(item) + '}' for name, item in inner.items())}}}"
    if kind in ("BOOL", "NULL"):
        return f"{kind}:{str(inner).lower()}"
    return f"{kind}:{inner}"


def ordered_names(names: Iterable[str]) -> str:
    """Names as messages list them."""
    return ", ".join(names)


def wrapped(prefix: str, error: AwsError) -> AwsError:
    """The error with where it was met before its message."""
    return AwsError(error.code, prefix + error.message, error.status)
