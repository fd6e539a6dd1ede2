"""The models' regular expressions as Python's, as far as they are safe to run on what users send."""

from __future__ import annotations

import math
import re
import sys
import warnings
from collections.abc import Callable
from functools import lru_cache
from typing import Any

MAX_LENGTH = 2048
"""Longer values are not matched at all."""
MAX_STEPS = 3e6
"""A pattern with several ``.*`` may try as many divisions of its input as there are: its values must be shorter."""

# Java's names inside a character class, as the nearest that Python's classes have. Letters and digits of any script
# are what \w means without the ASCII flag; the underscore that comes with it is in AWS's classes anyway.
_CLASSES = {
    "L": r"\w",
    "Lu": r"\w",
    "Ll": r"\w",
    "N": r"\d",
    "Nd": r"\d",
    "Z": r"\s",
    "Zs": r"\s",
    "IsLetter": r"\w",
    "IsAlphabetic": r"\w",
    "Alpha": "a-zA-Z",
    "Digit": "0-9",
    "Alnum": "a-zA-Z0-9",
    "Upper": "A-Z",
    "Lower": "a-z",
    "Punct": r"!-/:-@\[-`{-~",
    "Graph": "!-~",
    "Print": " -~",
    "Blank": r" \t",
    "Space": r"\s",
    "XDigit": "0-9a-fA-F",
    "ASCII": r"\x00-\x7f",
}
_NAME = re.compile(r"\\p\{(\w+)\}|\\p(\w)")
_HEX = re.compile(r"\\x\{([0-9a-fA-F]+)\}")
_GROUP = re.compile(r"\(\?<(?![=!])")
_FOREIGN = re.compile(r"\\P|&&|[+*?}]\+|\\[QEGXRKhH]|\[\[|\(\?>")
_POSIX = re.compile(r"\[:(\w+):\]")


@lru_cache(maxsize=4096)
def matcher(pattern: str) -> Callable[[str], bool] | None:
    """What tells whether a whole value matches; None where the pattern can't be translated or might run wild.

    A value that is too long to be matched in good time passes.
    """
    text = _POSIX.sub(lambda m: _CLASSES.get(m[1].capitalize(), m[0]), pattern)
    if _FOREIGN.search(_NAME.sub("p", text)):
        return None
    flags = re.ASCII
    names = {m[1] or m[2] for m in _NAME.finditer(text)}
    if names:
        if not names <= _CLASSES.keys():
            return None
        text = _name_classes(text)
        if any("\\" in _CLASSES[name] for name in names):
            flags = re.UNICODE
    text = _HEX.sub(lambda m: re.escape(chr(int(m[1], 16))) if int(m[1], 16) < 0x110000 else m[0], text)
    text = _GROUP.sub("(?P<", text)
    # Java's $ and Python's allow a closing line feed alike; a whole match leaves no room for either.
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = _parser().parse(text, flags)
            if _runs_wild(tree, False):
                return None
            fullmatch = re.compile(text, flags).fullmatch
    except (re.error, OverflowError, RecursionError, ValueError):
        return None
    longest = _longest(_divisions(tree))
    return lambda value: len(value) > longest or fullmatch(value) is not None


def _longest(divisions: int) -> int:
    """The length up to which choosing so many places in a value stays cheap."""
    if divisions < 2:
        return MAX_LENGTH
    return min(MAX_LENGTH, int((MAX_STEPS * math.factorial(divisions)) ** (1 / divisions)))


def _divisions(tree: Any) -> int:
    """How many repetitions could each end at any place: those of ``.`` and of classes that hold the usual separator."""
    count = 0
    for operator, value in tree:
        name = str(operator)
        if name in ("MAX_REPEAT", "MIN_REPEAT"):
            _, high, body = value
            inner = list(body)
            if high > 64 and len(inner) == 1 and _may_be_colon(*inner[0]):
                count += 1
            else:
                count += _divisions(body)
        elif name == "SUBPATTERN":
            count += _divisions(value[3])
        elif name == "BRANCH":
            count += max((_divisions(branch) for branch in value[1]), default=0)
    return count


def _may_be_colon(operator: Any, value: Any) -> bool:
    name = str(operator)
    if name in ("ANY", "NOT_LITERAL"):
        return True
    if name != "IN":
        return False
    negated = str(value[0][0]) == "NEGATE"
    held = any(
        (str(kind) == "LITERAL" and item == 58)
        or (str(kind) == "RANGE" and item[0] <= 58 <= item[1])
        or (str(kind) == "CATEGORY" and "NOT" in str(item))
        for kind, item in value
    )
    return held != negated


def _name_classes(text: str) -> str:
    """``\\p{...}`` inside brackets and outside of them."""
    out: list[str] = []
    inside = False
    index = 0
    while index < len(text):
        named = _NAME.match(text, index)
        if named:
            expansion = _CLASSES[named[1] or named[2]]
            out.append(expansion if inside else f"[{expansion}]")
            index = named.end()
            continue
        char = text[index]
        if char == "\\":
            out.append(text[index : index + 2])
            index += 2
            continue
        if char == "[":
            inside = True
        elif char == "]":
            inside = False
        out.append(char)
        index += 1
    return "".join(out)


def _parser() -> Any:
    import importlib

    # The parser's module has moved in Python 3.11.
    return importlib.import_module("sre_parse" if sys.version_info < (3, 11) else "re._parser")


def _runs_wild(tree: Any, repeated: bool) -> bool:
    """Whether a repetition stands inside another: what makes backtracking exponential."""
    for operator, value in tree:
        name = str(operator)
        if name in ("MAX_REPEAT", "MIN_REPEAT", "POSSESSIVE_REPEAT"):
            low, high, body = value
            # Something of a fixed length inside can't be divided in two ways.
            many = high > 1 and (high > 16 or high != low)
            if (many and repeated) or _runs_wild(body, repeated or many):
                return True
        elif name == "SUBPATTERN":
            if _runs_wild(value[3], repeated):
                return True
        elif name == "BRANCH":
            if any(_runs_wild(branch, repeated) for branch in value[1]):
                return True
        elif name in ("ASSERT", "ASSERT_NOT"):
            if _runs_wild(value[1], repeated):
                return True
        elif name == "ATOMIC_GROUP":
            if _runs_wild(value, repeated):
                return True
        elif name == "GROUPREF_EXISTS":
            return True
    return False
