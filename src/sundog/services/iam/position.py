"""Where statements stand in a policy's text: lines and columns from 1, the end behind the closing brace."""

from __future__ import annotations

import json
import re

Place = tuple[int, int]
_SPACE = re.compile(r"[ \t\r\n]*")


def statement_positions(document: str) -> list[tuple[Place, Place]]:
    """Begin and end of each statement of a document that is known to be good."""
    decoder = json.JSONDecoder()
    at = _skip(document, document.index("{") + 1)
    while document[at] != "}":
        key, at = decoder.raw_decode(document, at)
        at = _skip(document, at)
        at = _skip(document, at + 1)
        if key == "Statement":
            return [(_place(document, begin), _place(document, end)) for begin, end in _spans(document, at, decoder)]
        _, at = decoder.raw_decode(document, at)
        at = _skip(document, at)
        if document[at] == ",":
            at = _skip(document, at + 1)
    return []


def _spans(document: str, at: int, decoder: json.JSONDecoder) -> list[tuple[int, int]]:
    if document[at] == "{":
        return [(at, decoder.raw_decode(document, at)[1])]
    found: list[tuple[int, int]] = []
    at = _skip(document, at + 1)
    while document[at] != "]":
        _, end = decoder.raw_decode(document, at)
        found.append((at, end))
        at = _skip(document, end)
        if document[at] == ",":
            at = _skip(document, at + 1)
    return found


def _skip(document: str, at: int) -> int:
    found = _SPACE.match(document, at)
    return found.end() if found is not None else at


def _place(document: str, at: int) -> Place:
    return document.count("\n", 0, at) + 1, at - document.rfind("\n", 0, at)
