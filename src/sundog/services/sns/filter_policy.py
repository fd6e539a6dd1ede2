"""Filter policies: which messages a subscription wants. Read once into rules, then held against each message."""

from __future__ import annotations

import functools
import ipaddress
import json
import re
from collections.abc import Callable, Iterator
from typing import Any

import msgspec

from sundog.services.sns.refusal import invalid

MOST_KEYS = 5
MOST_COMBINATIONS = 150
MISSING: Any = object()
Test = Callable[[Any], bool]
Rules = dict[str, list[Test]]
"""Tests by dotted path: of each path one must hold."""

TEXT_OPERATORS = ("prefix", "suffix", "equals-ignore-case", "wildcard", "cidr")


class Reader:
    """Reads one policy, and says where it is wrong."""

    def __init__(self, policy: dict[str, Any], nested: bool) -> None:
        self.policy = policy
        self.nested = nested
        self.source = json.dumps(policy, separators=(",", ":"), ensure_ascii=False)
        self.keys = 0

    def read(self) -> list[Rules]:
        rules = self._object(self.policy, "", ())
        if self.keys > MOST_KEYS:
            raise wrong(f"Filter policy can not have more than {MOST_KEYS} keys")
        if combinations(self.policy, 1) > MOST_COMBINATIONS:
            raise wrong("Filter policy is too complex")
        return rules

    def _object(self, policy: dict[str, Any], prefix: str, path: tuple[Any, ...]) -> list[Rules]:
        found: list[Rules] = [{}]
        for key, value in policy.items():
            here = (*path, key)
            if key == "$or" and isinstance(value, list) and len(value) > 1 and all(isinstance(x, dict) for x in value):
                branches = [
                    rules for index, item in enumerate(value) for rules in self._object(item, prefix, (*here, index))
                ]
                found = [_both(rules, branch) for rules in found for branch in branches]
            elif isinstance(value, dict):
                if not self.nested:
                    if not value:
                        raise wrong("Filter policy scope MessageAttributes does not support nested filter policy")
                    inner = next(iter(value.items()))
                    if not isinstance(inner[1], (list, dict)):
                        raise self._at(f'"{inner[0]}" must be an object or an array', (*here, inner[0]))
                    raise wrong("Filter policy scope MessageAttributes does not support nested filter policy")
                deeper = self._object(value, f"{prefix}{key}.", here)
                found = [_both(rules, branch) for rules in found for branch in deeper]
            elif isinstance(value, list):
                self.keys += 1
                if not value:
                    raise self._at("Empty arrays are not allowed", here, end=True)
                tests = [self._condition(item, (*here, index)) for index, item in enumerate(value)]
                found = [_both(rules, {prefix + key: tests}) for rules in found]
            else:
                raise self._at(f'"{key}" must be an object or an array', here)
            if len(found) > MOST_COMBINATIONS:
                raise wrong("Filter policy is too complex")
        return found

    def _condition(self, item: Any, path: tuple[Any, ...]) -> Test:
        if isinstance(item, list):
            raise self._at("Match value must be String, number, true, false, or null", path)
        if not isinstance(item, dict):
            return equal_to(item)
        if len(item) != 1:
            raise self._at("Only one key allowed in match expression", path)
        name, operand = next(iter(item.items()))
        here = (*path, name)
        if name == "exists":
            if not isinstance(operand, bool):
                raise self._at("exists match pattern must be either true or false.", here)
            return exists if operand else absent
        if name in TEXT_OPERATORS:
            if not isinstance(operand, str):
                raise self._at(f"{'prefix' if name == 'cidr' else name} match pattern must be a string", here)
            return text_test(name, operand)
        if name == "numeric":
            return self._numeric(operand, here)
        if name == "anything-but":
            return self._anything_but(operand, here)
        raise self._at(f"Unrecognized match type {name}", here)

    def _anything_but(self, operand: Any, path: tuple[Any, ...]) -> Test:
        if isinstance(operand, dict):
            if len(operand) != 1:
                raise self._at("Only one key allowed in match expression", path)
            name, inner = next(iter(operand.items()))
            if name not in TEXT_OPERATORS or name == "cidr":
                raise self._at(f"Unsupported anything-but pattern: {name}", (*path, name))
            texts = inner if isinstance(inner, list) else [inner]
            if not texts or not all(isinstance(text, str) for text in texts):
                raise self._at(f"{name} match pattern must be a string", (*path, name))
            return none_of([text_test(name, text) for text in texts])
        values = operand if isinstance(operand, list) else [operand]
        if not values:
            raise self._at("Empty arrays are not allowed", path, end=True)
        if any(isinstance(value, (dict, list)) or value is None or isinstance(value, bool) for value in values):
            raise self._at("Inside anything but list, start|null|boolean is not supported.", path)
        return none_of([equal_to(value) for value in values])

    def _numeric(self, operand: Any, path: tuple[Any, ...]) -> Test:
        if not isinstance(operand, list):
            raise self._at("Value of numeric must be an array.", path)
        if not operand:
            raise self._at("Invalid member in numeric match: ]", path, end=True)
        tests: list[Test] = []
        for index in range(0, len(operand), 2):
            sign = operand[index]
            if sign not in ("=", "<", "<=", ">", ">="):
                if not isinstance(sign, str):
                    raise self._at(f"Invalid member in numeric match: {_word(sign)}", (*path, index))
                raise self._at(f"Unrecognized numeric range operator: {sign}", (*path, index))
            limit = operand[index + 1] if index + 1 < len(operand) else None
            if not _is_number(limit):
                raise self._at(f"Value of {'equals' if sign == '=' else sign} must be numeric", (*path, index))
            if abs(limit) > 1_000_000_000:
                raise self._at("Value must be between -1.0E9 and 1.0E9, inclusive", (*path, index + 1))
            tests.append(compares(sign, limit))
        if len(operand) > 4:
            raise self._at("Too many elements in numeric expression", path)
        if len(operand) == 4:
            first, low, second, high = operand
            if first not in (">", ">=") or second not in ("<", "<="):
                raise self._at("Too many terms in numeric range expression", path)
            if low >= high:
                raise self._at("Bottom must be less than top", path)
        return lambda value: all(test(value) for test in tests)

    def _at(self, message: str, path: tuple[Any, ...], end: bool = False) -> Exception:
        column = position(self.policy, path, end)
        return wrong(f'{message}\n at [Source: (String)"{self.source}"; line: 1, column: {column}]')


def wrong(message: str) -> Exception:
    return invalid("Attributes", f"FilterPolicy: {message}")


def position(value: Any, path: tuple[Any, ...], end: bool = False) -> int:
    """The column behind the first token (``end``: the last) of the value at a path, in the policy's compact text."""
    column = 1
    for step in path:
        column += 1
        if isinstance(value, dict):
            for key, item in value.items():
                column += len(_text(key)) + 1
                if key == step:
                    break
                column += len(_text(item)) + 1
            value = value[step]
        else:
            column += sum(len(_text(item)) + 1 for item in value[:step])
            value = value[step]
    if isinstance(value, (str, list, dict)) and not end:
        return column + 1
    return column + len(_text(value))


def _text(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


def _word(value: Any) -> str:
    return _text(value)


def _both(one: Rules, other: Rules) -> Rules:
    found = dict(one)
    for path, tests in other.items():
        if path in found:
            first = found[path]
            found[path] = [lambda value, a=first, b=tests: any(t(value) for t in a) and any(t(value) for t in b)]
        else:
            found[path] = tests
    return found


def combinations(policy: dict[str, Any], level: int) -> int:
    """How complex a policy is: values times depth, multiplied over the keys, added up over the branches of ``$or``."""
    found = 1
    for key, value in policy.items():
        if key == "$or" and isinstance(value, list) and all(isinstance(item, dict) for item in value):
            found *= sum(combinations(item, level) for item in value)
        elif isinstance(value, dict):
            found *= combinations(value, level + 1)
        elif isinstance(value, list):
            found *= max(1, sum(_weight(item) for item in value)) * level
    return found


def _weight(item: Any) -> int:
    if isinstance(item, dict) and isinstance(item.get("anything-but"), list):
        return max(1, len(item["anything-but"]))
    return 1


# -- tests of single values


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def exists(value: Any) -> bool:
    return value is not MISSING


def absent(value: Any) -> bool:
    return value is MISSING


def equal_to(wanted: Any) -> Test:
    if _is_number(wanted):
        return lambda value: _is_number(value) and value == wanted
    if isinstance(wanted, bool) or wanted is None:
        return lambda value: value is wanted
    return lambda value: isinstance(value, str) and value == wanted


def none_of(tests: list[Test]) -> Test:
    return lambda value: value is not MISSING and not any(test(value) for test in tests)


def compares(sign: str, limit: float) -> Test:
    if sign == "=":
        return lambda value: _is_number(value) and value == limit
    if sign == "<":
        return lambda value: _is_number(value) and value < limit
    if sign == "<=":
        return lambda value: _is_number(value) and value <= limit
    if sign == ">":
        return lambda value: _is_number(value) and value > limit
    return lambda value: _is_number(value) and value >= limit


def text_test(name: str, wanted: str) -> Test:
    if name == "prefix":
        return lambda value: isinstance(value, str) and value.startswith(wanted)
    if name == "suffix":
        return lambda value: isinstance(value, str) and value.endswith(wanted)
    if name == "equals-ignore-case":
        low = wanted.lower()
        return lambda value: isinstance(value, str) and value.lower() == low
    if name == "cidr":
        return _within(wanted)
    return _wildcard(wanted)


def _wildcard(pattern: str) -> Test:
    if "**" in pattern:
        raise wrong("Consecutive wildcard characters at pos " + str(pattern.index("**")))
    parts = [part.replace("\0", "*") for part in pattern.replace("\\*", "\0").split("*")]

    def matches(value: Any) -> bool:
        # By hand: a regular expression with many stars can take forever on a hostile text.
        if not isinstance(value, str):
            return False
        if len(parts) == 1:
            return value == parts[0]
        first, last = parts[0], parts[-1]
        if not value.startswith(first) or not value.endswith(last) or len(value) < len(first) + len(last):
            return False
        begin, end = len(first), len(value) - len(last)
        for part in parts[1:-1]:
            found = value.find(part, begin, end)
            if found < 0:
                return False
            begin = found + len(part)
        return True

    return matches


def _within(text: str) -> Test:
    address, slash, bits = text.partition("/")
    if not slash:
        raise wrong("Malformed CIDR, one '/' required")
    if not re.fullmatch(r"\d+", bits):
        raise wrong("Malformed CIDR, mask bits must be an integer")
    try:
        ipaddress.ip_address(address)
    except ValueError:
        raise wrong(f"Nonstandard IP address: {address}") from None
    try:
        network = ipaddress.ip_network(text, strict=False)
    except ValueError:
        raise wrong("Malformed CIDR, mask bits must be between 0 and 32 or 128") from None

    def contains(value: Any) -> bool:
        try:
            return isinstance(value, str) and ipaddress.ip_address(value) in network
        except ValueError:
            return False

    return contains


# -- reading and holding


def parse(text: str, nested: bool) -> dict[str, Any]:
    try:
        policy = msgspec.json.decode(text)
    except (msgspec.DecodeError, RecursionError):
        raise wrong("failed to parse JSON.") from None
    if not isinstance(policy, dict):
        raise wrong("Filter is not an object") from None
    return policy


@functools.lru_cache(maxsize=512)
def rules_of(text: str, nested: bool) -> list[Rules]:
    """The rules of a policy; what is wrong with it is raised as the error. ``nested``: it is about bodies."""
    return Reader(parse(text, nested), nested).read()


def wants(text: str, nested: bool, data: Any) -> bool:
    """Whether a policy wants a message with these attributes, or this body."""
    if not isinstance(data, dict):
        return False
    return any(_holds(rules, data) for rules in rules_of(text, nested))


def _holds(rules: Rules, data: dict[str, Any]) -> bool:
    below: dict[str, Rules] = {}
    for path, tests in rules.items():
        if path in data:
            if not _leaf(tests, data[path]):
                return False
            continue
        key = _key_towards(path, data)
        if key is None:
            if not any(test(MISSING) for test in tests):
                return False
        else:
            below.setdefault(key, {})[path[len(key) + 1 :]] = tests
    for key, inner in below.items():
        # One element of an array must meet all that is asked of it.
        objects = [item for item in _flat(data[key]) if isinstance(item, dict)]
        if not any(_holds(inner, item) for item in objects or [{}]):
            return False
    return True


def _key_towards(path: str, data: dict[str, Any]) -> str | None:
    end = path.rfind(".")
    while end > 0:
        if path[:end] in data:
            return path[:end]
        end = path.rfind(".", 0, end)
    return None


def _leaf(tests: list[Test], value: Any) -> bool:
    values = [item for item in _flat(value) if not isinstance(item, dict)]
    if not values:
        values = [MISSING]
    return any(test(item) for item in values for test in tests)


def _flat(value: Any) -> Iterator[Any]:
    if isinstance(value, list):
        for item in value:
            yield from _flat(item)
    else:
        yield value
