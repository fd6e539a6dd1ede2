"""Filters as EC2 and its like have them: names with values, wildcards, tags."""

from __future__ import annotations

import datetime
import re
from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import Any

from sundog.wire.errors import AwsError

Match = Callable[[Any], bool]
MAX_VALUES = 200


@lru_cache(maxsize=1024)
def pattern(text: str) -> Callable[[str], Any]:
    """A matcher for a filter's value: ``*`` is any text, ``?`` any character, a backslash takes their meaning away."""
    if "*" not in text and "?" not in text and "\\" not in text:
        return text.__eq__
    parts: list[str] = [""]
    index = 0
    while index < len(text):
        char = text[index]
        if char == "\\" and index + 1 < len(text):
            index += 1
            parts[-1] += re.escape(text[index])
        elif char == "*":
            if parts[-1] or len(parts) == 1:
                parts.append("")
        elif char == "?":
            parts[-1] += "."
        else:
            parts[-1] += re.escape(char)
        index += 1
    if len(parts) == 1:
        return re.compile(parts[0], re.DOTALL).fullmatch
    begin, *middle = (re.compile(part, re.DOTALL) for part in parts[:-1])
    last = re.compile(f"(?:{parts[-1]})\\Z", re.DOTALL)
    length = len(re.sub(r"\\(.)", r"\1", parts[-1], flags=re.DOTALL))

    def match(value: str) -> bool:
        # Part by part, each as early as it can be: one expression with many ".*" would try them all against each other.
        found = begin.match(value)
        if found is None:
            return False
        position = found.end()
        for part in middle:
            found = part.search(value, position)
            if found is None:
                return False
            position = found.end()
        return len(value) - length >= position and last.match(value, len(value) - length) is not None

    return match


def has_wildcard(text: str) -> bool:
    return "*" in text or "?" in text or "\\" in text


def text_of(value: Any) -> str:
    """A value as filters write it."""
    if value is True:
        return "true"
    if value is False:
        return "false"
    if isinstance(value, datetime.datetime):
        return value.strftime("%Y-%m-%dT%H:%M:%S.") + f"{value.microsecond // 1000:03d}Z"
    return str(value)


def values_at(row: Any, path: tuple[str, ...]) -> Iterable[Any]:
    """All values that a dotted path leads to, through lists."""
    if isinstance(row, (list, tuple)):
        for item in row:
            yield from values_at(item, path)
        return
    if row is None:
        return
    if not path:
        yield row
        return
    value = row.get(path[0]) if isinstance(row, dict) else getattr(row, path[0], None)
    yield from values_at(value, path[1:])


def parse_names(names: Iterable[str]) -> dict[str, str]:
    """Filter names to attribute paths: ``vpc-id`` is ``vpc_id``, ``instance-state-name=state.name`` says its own."""
    found: dict[str, str] = {}
    for name in names:
        left, equals, right = name.partition("=")
        found[left] = right if equals else left.replace("-", "_").replace(".", ".")
    return found


def tag_match(name: str, values: list[str], tags_of: Callable[[Any], dict[str, str]]) -> Match | None:
    """The match for ``tag:KEY``, ``tag-key`` and ``tag-value``; None for another name."""
    matchers = [pattern(value) for value in values]
    if name.startswith("tag:"):
        key = name[4:]

        def by_tag(row: Any) -> bool:
            value = tags_of(row).get(key)
            return value is not None and any(match(value) for match in matchers)

        return by_tag
    if name == "tag-key":
        return lambda row: any(match(key) for key in tags_of(row) for match in matchers)
    if name == "tag-value":
        return lambda row: any(match(value) for value in tags_of(row).values() for match in matchers)
    return None


def field_match(path: str, values: list[str]) -> Match:
    """The match of one field against any of the values."""
    parts = tuple(path.split("."))
    if len(parts) == 1 and len(values) == 1 and not has_wildcard(values[0]):
        name, wanted = parts[0], values[0]

        def same(row: Any) -> bool:
            found = row.get(name) if isinstance(row, dict) else getattr(row, name, None)
            if type(found) is str:
                return found == wanted
            return any(text_of(value) == wanted for value in values_at(found, ()))

        return same
    matchers = [pattern(value) for value in values]
    return lambda row: any(match(text_of(value)) for value in values_at(row, parts) for match in matchers)


def computed_match(values_of: Callable[[Any], Iterable[Any]], values: list[str]) -> Match:
    """The match of what a function says of a row against any of the values."""
    matchers = [pattern(value) for value in values]
    return lambda row: any(match(text_of(value)) for value in values_of(row) for match in matchers)


def unknown_filter(name: str) -> AwsError:
    return AwsError("InvalidParameterValue", f"The filter '{name}' is invalid")


def checked(filters: Iterable[Any]) -> list[tuple[str, list[str]]]:
    """Names and values of a request's filters; those without a name or a value are refused."""
    found: list[tuple[str, list[str]]] = []
    for item in filters:
        name, values = item.name, item.values
        if not name:
            raise AwsError("InvalidParameterValue", "The filter 'null' is invalid")
        if not values:
            raise AwsError("InvalidParameterValue", f"The filter '{name}' is invalid: no values were given")
        if len(values) > MAX_VALUES:
            raise AwsError(
                "FilterLimitExceeded", "The maximum number of filter values specified on a single call is 200"
            )
        found.append((name, list(values)))
    return found


def narrow(items: Iterable[Any], filters: Iterable[Any] | None, declared: dict[str, str]) -> list[Any]:
    """The structures or dicts that pass a request's filters, for what isn't kept as rows."""
    kept = list(items)
    for name, values in checked(filters or ()):
        path = declared.get(name)
        if path is None:
            raise unknown_filter(name)
        match = field_match(path, values)
        kept = [item for item in kept if match(item)]
    return kept
