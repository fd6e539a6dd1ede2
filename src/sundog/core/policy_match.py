"""Wildcards and variables in policies' texts, in time that grows with the lengths alone."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache

Context = Mapping[str, Sequence[str]]

ANY, ONE = object(), object()
_VARIABLE = re.compile(r"\$\{\s*([^}]*?)\s*\}")
_WILD = re.compile(r"[*?]")


def glob(pieces: Sequence[object], text: str) -> bool:
    """Whether the pieces (characters, ``ONE``, ``ANY``) cover the text.

    The last ``ANY`` alone is ever tried again, so no pattern costs more than the product of the lengths.
    """
    at = place = 0
    star = mark = -1
    size, length = len(pieces), len(text)
    while at < length:
        piece = pieces[place] if place < size else None
        if piece is ANY:
            star, mark = place, at
            place += 1
        elif piece is ONE or piece == text[at]:
            place += 1
            at += 1
        elif star >= 0:
            mark += 1
            place, at = star + 1, mark
        else:
            return False
    while place < size and pieces[place] is ANY:
        place += 1
    return place == size


def pieces_of(pattern: str) -> list[object]:
    return [ANY if char == "*" else ONE if char == "?" else char for char in pattern]


@lru_cache(maxsize=4096)
def like(pattern: str) -> Callable[[str], bool]:
    """A matcher for a pattern without variables."""
    if not _WILD.search(pattern):
        return pattern.__eq__
    head = pattern[:-1]
    if pattern.endswith("*") and not _WILD.search(head):
        return lambda text: text.startswith(head)
    pieces = pieces_of(pattern)
    return lambda text: glob(pieces, text)


def action_matcher(pattern: str) -> Callable[[str], bool]:
    """A matcher of actions in small letters."""
    return like(pattern.lower())


class Text:
    """A pattern that may hold variables (``${aws:username}``), filled from a request's context."""

    __slots__ = ("_parts", "pattern", "plain")

    def __init__(self, pattern: str) -> None:
        self.pattern = pattern
        parts: list[object] = []
        end = 0
        for found in _VARIABLE.finditer(pattern):
            parts.append(pattern[end : found.start()])
            parts.append(_Variable(found[1]))
            end = found.end()
        parts.append(pattern[end:])
        self._parts = parts
        self.plain = len(parts) == 1

    def pieces(self, context: Context) -> list[object] | None:
        """Characters and wildcards; None if a variable has no value."""
        found: list[object] = []
        for part in self._parts:
            if isinstance(part, str):
                found.extend(pieces_of(part))
                continue
            assert isinstance(part, _Variable)
            value = part.value(context)
            if value is None:
                return None
            found.extend(value)
        return found

    def filled(self, context: Context) -> str | None:
        """The text with its variables' values, wildcards as they are; None if one has no value."""
        if self.plain:
            return self.pattern
        pieces = self.pieces(context)
        return (
            None
            if pieces is None
            else "".join("*" if piece is ANY else "?" if piece is ONE else str(piece) for piece in pieces)
        )

    def matches(self, text: str, context: Context) -> bool:
        """Whether the text matches, wildcards and all."""
        if self.plain:
            return like(self.pattern)(text)
        pieces = self.pieces(context)
        return pieces is not None and glob(pieces, text)

    def matches_arn(self, text: str, context: Context) -> bool:
        """The same for resources: a pattern of the whole text, ``*`` for everything."""
        return self.pattern == "*" or text == "*" == self.pattern or self.matches(text, context)


class _Variable:
    __slots__ = ("default", "key")

    def __init__(self, text: str) -> None:
        name, comma, default = text.partition(",")
        self.key = name.strip().lower()
        self.default = default.strip().strip("'\"") if comma else None

    def value(self, context: Context) -> str | None:
        if self.key in ("*", "?", "$"):
            return self.key
        values = context.get(self.key)
        if values is not None and len(values) == 1:
            return values[0]
        return self.default


@lru_cache(maxsize=8192)
def compile_text(pattern: str) -> Text:
    return Text(pattern)
