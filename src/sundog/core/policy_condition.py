"""The conditions of policies: every operator, with ``IfExists``, ``ForAllValues`` and ``ForAnyValue``."""

from __future__ import annotations

import base64
import binascii
import datetime
import ipaddress
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any

from sundog.core.policy_match import Text, compile_text, glob

Context = Mapping[str, Sequence[str]]
Test = Callable[[str, Text, Context], bool]


def _equal(value: str, wanted: Text, context: Context) -> bool:
    return value == wanted.filled(context)


def _equal_ignoring_case(value: str, wanted: Text, context: Context) -> bool:
    filled = wanted.filled(context)
    return filled is not None and value.lower() == filled.lower()


def _like(value: str, wanted: Text, context: Context) -> bool:
    return wanted.matches(value, context)


def _arn_like(value: str, wanted: Text, context: Context) -> bool:
    pieces = wanted.pieces(context)
    if pieces is None:
        return False
    # Each of the first five parts is matched by itself: a wildcard reaches over no colon but the last part's.
    parts: list[list[object]] = [[]]
    for piece in pieces:
        if piece == ":" and len(parts) < 6:
            parts.append([])
        else:
            parts[-1].append(piece)
    fields = value.split(":", 5)
    return len(parts) == len(fields) == 6 and all(glob(part, field) for part, field in zip(parts, fields, strict=True))


def number(text: str) -> float | None:
    try:
        return float(text) if len(text) < 64 else None
    except ValueError:
        return None


def moment(text: str) -> float | None:
    """A date in ISO 8601, or seconds since 1970, as seconds."""
    plain = number(text)
    if plain is not None:
        return plain
    try:
        found = datetime.datetime.fromisoformat(text.replace("Z", "+00:00"))
    except ValueError:
        return None
    return (found if found.tzinfo else found.replace(tzinfo=datetime.timezone.utc)).timestamp()


@lru_cache(maxsize=2048)
def network(text: str) -> Any:
    try:
        return ipaddress.ip_network(text, strict=False)
    except ValueError:
        return None


def _in_network(value: str, wanted: Text, context: Context) -> bool:
    inside = network(wanted.filled(context) or "")
    try:
        return inside is not None and ipaddress.ip_address(value) in inside
    except ValueError:
        return False


def _bool(value: str, wanted: Text, context: Context) -> bool:
    return value.lower() == (wanted.filled(context) or "").lower()


def _binary(value: str, wanted: Text, context: Context) -> bool:
    try:
        return base64.b64decode(value, validate=True) == base64.b64decode(wanted.filled(context) or "", validate=True)
    except (ValueError, binascii.Error):
        return False


def _compare(parse: Callable[[str], float | None], test: Callable[[float, float], bool]) -> Test:
    def compare(value: str, wanted: Text, context: Context) -> bool:
        left, right = parse(value), parse(wanted.filled(context) or "")
        return left is not None and right is not None and test(left, right)

    return compare


_ORDERS: dict[str, Callable[[float, float], bool]] = {
    "equals": lambda a, b: a == b,
    "lessthan": lambda a, b: a < b,
    "lessthanequals": lambda a, b: a <= b,
    "greaterthan": lambda a, b: a > b,
    "greaterthanequals": lambda a, b: a >= b,
}
_TESTS: dict[str, tuple[Test, bool]] = {
    "stringequals": (_equal, False),
    "stringnotequals": (_equal, True),
    "stringequalsignorecase": (_equal_ignoring_case, False),
    "stringnotequalsignorecase": (_equal_ignoring_case, True),
    "stringlike": (_like, False),
    "stringnotlike": (_like, True),
    "arnequals": (_arn_like, False),
    "arnlike": (_arn_like, False),
    "arnnotequals": (_arn_like, True),
    "arnnotlike": (_arn_like, True),
    "bool": (_bool, False),
    "binaryequals": (_binary, False),
    "ipaddress": (_in_network, False),
    "notipaddress": (_in_network, True),
    "numericnotequals": (_compare(number, _ORDERS["equals"]), True),
    "datenotequals": (_compare(moment, _ORDERS["equals"]), True),
}
for _name, _order in _ORDERS.items():
    _TESTS["numeric" + _name] = (_compare(number, _order), False)
    _TESTS["date" + _name] = (_compare(moment, _order), False)


def known_operator(operator: str) -> bool:
    """Whether there is such an operator, with whatever stands before and behind it."""
    name = operator.lower()
    for prefix in ("forallvalues:", "foranyvalue:"):
        name = name.removeprefix(prefix)
    return name == "null" or name.removesuffix("ifexists") in _TESTS


class Condition:
    """One operator with one key and its values."""

    __slots__ = ("_every", "_if_exists", "_negated", "_null", "_some", "_test", "_values", "key", "name")

    def __init__(self, operator: str, key: str, values: Sequence[str]) -> None:
        self.name = key
        self.key = key.lower()
        name = operator.lower()
        self._every = name.startswith("forallvalues:")
        self._some = name.startswith("foranyvalue:")
        name = name.removeprefix("forallvalues:").removeprefix("foranyvalue:")
        self._if_exists = name.endswith("ifexists")
        name = name.removesuffix("ifexists")
        self._null = name == "null"
        self._test, self._negated = _TESTS.get(name, (lambda *_: False, False))
        self._values = tuple(compile_text(value) for value in values)

    def holds(self, context: Context) -> bool:
        found = context.get(self.key)
        if self._null:
            absent = not found
            return any(value.pattern.lower() == ("true" if absent else "false") for value in self._values)
        if found is None or (not found and not self._every):
            # Without a value, a negated test holds, and so does one over all of no values.
            return self._if_exists or self._every or (self._negated and not self._some)
        tests = (self._one(value, context) for value in found)
        return all(tests) if self._every or (self._negated and not self._some) else any(tests)

    def _one(self, value: str, context: Context) -> bool:
        hit = any(self._test(value, wanted, context) for wanted in self._values)
        return hit is not self._negated


def compile_condition(operator: str, key: str, values: Sequence[str]) -> Condition:
    return Condition(operator, key, values)
