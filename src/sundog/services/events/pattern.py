"""Event patterns: whether an event fits one."""

from __future__ import annotations

import functools
import ipaddress
import json
import re
from typing import Any

from sundog.api import events as api

_MISSING = object()
_RANGES = ("=", "<", "<=", ">", ">=")
_KINDS = {"prefix", "suffix", "anything-but", "numeric", "cidr", "exists", "equals-ignore-case", "wildcard"}


def invalid(reason: str) -> Exception:
    return api.InvalidEventPatternException(f"Event pattern is not valid. Reason: {reason}")


def parsed(text: str) -> dict[str, Any]:
    """A pattern, refused if it isn't valid."""
    try:
        found = json.loads(text)
    except ValueError:
        raise invalid("Unrecognized token: was expecting JSON") from None
    if not isinstance(found, dict):
        raise invalid("Filter is not an object")
    _check(found)
    return found


def _check(pattern: dict[str, Any]) -> None:
    for key, value in pattern.items():
        if key == "$or" and isinstance(value, list) and all(isinstance(one, dict) for one in value):
            for one in value:
                _check(one)
        elif isinstance(value, dict):
            if not value:
                raise invalid("Empty objects are not allowed")
            _check(value)
        elif isinstance(value, list):
            if not value:
                raise invalid("Empty arrays are not allowed")
            for one in value:
                _check_matcher(one)
        else:
            raise invalid(f'"{key}" must be an object or an array')


def _check_matcher(one: Any) -> None:
    if isinstance(one, list):
        raise invalid("Match value must be String, number, true, false, or null")
    if not isinstance(one, dict):
        return
    if len(one) != 1:
        raise invalid("Only one key allowed in match expression")
    [(kind, want)] = one.items()
    if kind not in _KINDS:
        raise invalid(f"Unrecognized match type {kind}")
    if kind in ("prefix", "suffix") and isinstance(want, dict):
        want = want.get("equals-ignore-case")
    if kind in ("prefix", "suffix", "equals-ignore-case", "wildcard") and not isinstance(want, str):
        raise invalid(f"{kind} match pattern must be a string")
    if kind == "numeric":
        if not isinstance(want, list):
            raise invalid("Value of numeric must be an array.")
        for sign, number in zip(want[::2], want[1::2], strict=False):
            if sign not in _RANGES or not isinstance(number, (int, float)):
                raise invalid(f"Bad numeric range operator: {sign}")
    if kind == "wildcard" and "**" in want:
        raise invalid(f"Consecutive wildcard characters at pos {want.index('**') + 1}")
    if kind == "cidr":
        try:
            ipaddress.ip_network(want, strict=False)
        except ValueError:
            raise invalid("Malformed CIDR, mask bits must be an integer") from None


@functools.lru_cache(512)
def compiled(text: str) -> dict[str, Any]:
    return parsed(text)


def fits(pattern: dict[str, Any], event: Any) -> bool:
    """Whether the event has all that the pattern asks for."""
    for key, want in pattern.items():
        if key == "$or" and isinstance(want, list) and all(isinstance(one, dict) for one in want):
            if not any(fits(one, event) for one in want):
                return False
            continue
        have = event.get(key, _MISSING) if isinstance(event, dict) else _MISSING
        if isinstance(want, dict):
            inner = have if isinstance(have, list) else [have]
            if not any(fits(want, one) for one in inner):
                return False
        elif not any(_matches(one, have) for one in want):
            return False
    return True


def _matches(want: Any, have: Any) -> bool:
    if isinstance(want, dict) and "exists" in want:
        leaf = have is not _MISSING and not isinstance(have, dict)
        return leaf == want["exists"]
    if have is _MISSING or isinstance(have, dict):
        return False
    if isinstance(have, list):
        if isinstance(want, dict) and "anything-but" in want:
            return any(_matches(want, one) for one in have) if have else True
        return any(_matches(want, one) for one in have)
    if not isinstance(want, dict):
        return want == have and isinstance(want, bool) == isinstance(have, bool)
    [(kind, value)] = want.items()
    return _by_kind(kind, value, have)


def _by_kind(kind: str, value: Any, have: Any) -> bool:
    if kind == "anything-but":
        if isinstance(value, dict):
            [(inner, wanted)] = value.items()
            several = wanted if isinstance(wanted, list) else [wanted]
            return not any(_by_kind(inner, one, have) for one in several)
        return have not in (value if isinstance(value, list) else [value])
    if kind == "numeric":
        if isinstance(have, bool) or not isinstance(have, (int, float)):
            return False
        return all(_ranged(have, sign, number) for sign, number in zip(value[::2], value[1::2], strict=False))
    if not isinstance(have, str):
        return False
    if kind in ("prefix", "suffix"):
        if isinstance(value, dict):
            value, have = value["equals-ignore-case"].lower(), have.lower()
        return have.startswith(value) if kind == "prefix" else have.endswith(value)
    if kind == "equals-ignore-case":
        return have.lower() == value.lower()
    if kind == "wildcard":
        parts = [re.escape(part) for part in value.replace("\\*", "\0").split("*")]
        return re.fullmatch(".*".join(parts).replace("\0", r"\*"), have, re.DOTALL) is not None
    try:
        return ipaddress.ip_address(have) in ipaddress.ip_network(value, strict=False)
    except ValueError:
        return False


def _ranged(have: float, sign: str, number: float) -> bool:
    if sign == "=":
        return have == number
    if sign.startswith("<"):
        return have < number or (sign == "<=" and have == number)
    return have > number or (sign == ">=" and have == number)
