"""Filter patterns: words, and conditions on JSON or on columns."""

from __future__ import annotations

import fnmatch
import functools
import json
import re
from collections.abc import Callable
from typing import Any

from sundog.api import logs as api

Match = Callable[[str], bool]
_WORD = re.compile(r'([?-]?)(?:"((?:[^"\\]|\\.)*)"|%([^%]+)%|([^\s"]+))')
_TOKEN = re.compile(r'\s*(?:(\(|\)|&&|\|\||<=|>=|!=|=|<|>)|"((?:[^"\\]|\\.)*)"|%([^%]+)%|([^\s()=<>!&|"]+))')


def invalid() -> Exception:
    return api.InvalidParameterException("Invalid filter pattern")


@functools.lru_cache(256)
def compiled(pattern: str) -> Match:
    """Whether a message fits the pattern."""
    text = pattern.strip()
    if not text:
        return lambda message: True
    if text.startswith("{"):
        if not text.endswith("}"):
            raise invalid()
        test = _Parser(text[1:-1]).whole()
        return lambda message: _on_json(test, message)
    if text.startswith("["):
        if not text.endswith("]"):
            raise invalid()
        return _columns(text[1:-1])
    return _words(text)


def _words(text: str) -> Match:
    wanted: list[Match] = []
    optional: list[Match] = []
    for sign, quoted, regex, bare in _WORD.findall(text):
        if regex:
            test: Match = functools.partial(_has_regex, re.compile(regex))
        else:
            test = functools.partial(_has, quoted.replace('\\"', '"') or bare)
        if sign == "?":
            optional.append(test)
        elif sign == "-":
            wanted.append(functools.partial(_not, test))
        else:
            wanted.append(test)
    # Next to words that must be there, those that may be there say nothing.
    if wanted:
        return lambda message: all(test(message) for test in wanted)
    return lambda message: any(test(message) for test in optional)


def _has(word: str, message: str) -> bool:
    return word in message


def _has_regex(regex: re.Pattern[str], message: str) -> bool:
    return regex.search(message) is not None


def _not(test: Match, message: str) -> bool:
    return not test(message)


def _on_json(test: Callable[[Any], bool], message: str) -> bool:
    try:
        value = json.loads(message)
    except ValueError:
        return False
    return test(value)


_MISSING = object()
_STEP = re.compile(r"\.?([^.\[\]]+)|\[(\d+|\*)\]|\[['\"]([^'\"]+)['\"]\]")


def _at(value: Any, path: str) -> Any:
    """What a selector (``$.a.b[0]``) leads to; any of several for ``[*]``."""
    for name, index, quoted in _STEP.findall(path[1:]):
        key = quoted or name
        if key:
            value = value.get(key, _MISSING) if isinstance(value, dict) else _MISSING
        elif index == "*":
            return [_at(item, "$" + path.split("[*]", 1)[1]) for item in value] if isinstance(value, list) else _MISSING
        else:
            found = isinstance(value, list) and int(index) < len(value)
            value = value[int(index)] if found else _MISSING
    return value


class _Parser:
    """Conditions with ``&&``, ``||`` and parentheses."""

    def __init__(self, text: str) -> None:
        self.tokens: list[tuple[str, str]] = []
        at = 0
        while text[at:].strip():
            match = _TOKEN.match(text, at)
            if match is None:
                raise invalid()
            sign, quoted, regex, bare = match.groups()
            kind = "sign" if sign else "text" if quoted is not None else "regex" if regex else "bare"
            self.tokens.append((kind, sign or (quoted if quoted is not None else regex or bare)))
            at = match.end()
        self.next = 0

    def take(self, *signs: str) -> str | None:
        if self.next < len(self.tokens):
            kind, text = self.tokens[self.next]
            if kind == "sign" and text in signs:
                self.next += 1
                return text
        return None

    def word(self) -> tuple[str, str]:
        if self.next >= len(self.tokens) or self.tokens[self.next][0] == "sign":
            raise invalid()
        self.next += 1
        return self.tokens[self.next - 1]

    def whole(self) -> Callable[[Any], bool]:
        test = self.either()
        if self.next != len(self.tokens):
            raise invalid()
        return test

    def either(self) -> Callable[[Any], bool]:
        tests = [self.both()]
        while self.take("||"):
            tests.append(self.both())
        return tests[0] if len(tests) == 1 else lambda value: any(test(value) for test in tests)

    def both(self) -> Callable[[Any], bool]:
        tests = [self.one()]
        while self.take("&&"):
            tests.append(self.one())
        return tests[0] if len(tests) == 1 else lambda value: all(test(value) for test in tests)

    def one(self) -> Callable[[Any], bool]:
        if self.take("("):
            test = self.either()
            if self.take(")") is None:
                raise invalid()
            return test
        path = self.word()[1]
        if not path.startswith("$"):
            raise invalid()
        sign = self.take("=", "!=", "<", ">", "<=", ">=")
        if sign is None:
            word = self.word()[1].upper()
            rest = self.word()[1].upper() if word in ("IS", "NOT") else ""
            if (word, rest) == ("NOT", "EXISTS"):
                return lambda value: _at(value, path) is _MISSING
            if word != "IS" or rest not in ("TRUE", "FALSE", "NULL"):
                raise invalid()
            constant = {"TRUE": True, "FALSE": False, "NULL": None}[rest]
            return lambda value: _at(value, path) is constant
        kind, want = self.word()
        return lambda value: _compared(_at(value, path), sign, kind, want)


def _compared(have: Any, sign: str, kind: str, want: str) -> bool:
    if have is _MISSING:
        return False
    if isinstance(have, list):
        return any(_compared(item, sign, kind, want) for item in have)
    if kind == "regex":
        return (isinstance(have, str) and re.search(want, have) is not None) == (sign == "=")
    number = _number(have if kind == "bare" else None)
    wanted = _number(want)
    if number is not None and wanted is not None and not isinstance(have, str):
        return {
            "=": number == wanted,
            "!=": number != wanted,
            "<": number < wanted,
            ">": number > wanted,
            "<=": number <= wanted,
            ">=": number >= wanted,
        }[sign]
    if sign not in ("=", "!="):
        return False
    text = have if isinstance(have, str) else json.dumps(have)
    return fnmatch.fnmatchcase(text, re.sub(r"([\[?])", r"[\1]", want)) == (sign == "=")


def _number(value: Any) -> float | None:
    if value is None or isinstance(value, bool):
        return None
    try:
        return float(value)
    except (TypeError, ValueError):
        return None


_COLUMN = re.compile(r'"([^"]*)"|\[([^\]]*)\]|(\S+)')
_CONDITION = re.compile(r"\s*([\w.]+)\s*(?:(<=|>=|!=|=|<|>)\s*(.+?))?\s*\Z")


def _columns(text: str) -> Match:
    """``[ip, user, ..., status=4*]``: conditions on what spaces part."""
    parts = [part.strip() for part in text.split(",")] if text.strip() else []
    tests: list[Callable[[str], bool] | None] = []
    dots = parts.index("...") if "..." in parts else None
    for part in parts:
        if part == "...":
            continue
        match = _CONDITION.match(part)
        if match is None:
            raise invalid()
        _, sign, want = match.groups()
        if sign is None:
            tests.append(None)
            continue
        kind = "text" if want.startswith('"') else "regex" if want.startswith("%") else "bare"
        tests.append(functools.partial(_column, sign, kind, want.strip('"%')))

    def fits(message: str) -> bool:
        if not parts:
            return True
        fields = ["".join(found) for found in _COLUMN.findall(message)]
        if dots is None:
            if len(fields) != len(tests):
                return False
        else:
            after = len(tests) - dots
            if len(fields) < len(tests):
                return False
            fields = fields[:dots] + (fields[-after:] if after else [])
        return all(test is None or test(field) for test, field in zip(tests, fields, strict=True))

    return fits


def _column(sign: str, kind: str, want: str, have: str) -> bool:
    number = _number(have) if kind == "bare" and _number(want) is not None else None
    return _compared(have if number is None else number, sign, kind, want)
