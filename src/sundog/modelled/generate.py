"""Ids that fit their patterns."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

from botocore.model import Shape

from sundog.modelled.names import words

_ALPHABET = "abcdefghijklmnopqrstuvwxyz0123456789"
_STYLES = ("uuid", "hex32", "lower26", "lower10", "upper14", "hex17", "digits12", "lower8")


def new_id(ids: Any, shape: Shape | None, noun: str, least: int = 0) -> str:
    """A new id: by the shape's pattern where it says something, else as most services form theirs."""
    pattern = shape.metadata.get("pattern") if shape is not None else None
    low, high = (shape.metadata.get("min", 1), shape.metadata.get("max", 4096)) if shape is not None else (1, 4096)
    low = max(low, least)
    if shape is not None and shape.type_name in ("integer", "long"):
        return str(ids.random.randint(100000, 999999))
    style = style_of(pattern, low, high)
    if style is None and pattern:
        try:
            made = from_pattern(ids, pattern)
        except (ValueError, RecursionError, re.error):
            made = ""
        if made and len(made) < low:
            made = _longer(ids, pattern, low)
        if made:
            return made[:high]
    made = _styled(ids, style or "lower10", high)
    return made if len(made) >= low else _longer(ids, pattern or ".*", low)


def _longer(ids: Any, pattern: str, low: int) -> str:
    """Hexadecimal digits or letters, as many as there must be."""
    text = ids.hex(low)
    try:
        regex = _compiled(pattern)
    except re.error:
        return text
    return text if regex is None or regex.fullmatch(text) else ids.alnum(low, upper=False)


def _styled(ids: Any, style: str, high: int) -> str:
    if style == "uuid":
        return ids.uuid()
    kind, size = style.rstrip("0123456789"), int(style.lstrip("abcdefghijklmnopqrstuvwxyz"))
    size = min(size, high)
    if kind == "hex":
        return ids.hex(size)
    if kind == "digits":
        return ids.choose("123456789", 1) + ids.choose("0123456789", size - 1)
    return ids.alnum(size, upper=kind == "upper")


_SAMPLES = {
    "uuid": "0a1b2c3d-4e5f-4a7b-8c9d-0e1f2a3b4c5d",
    "hex32": "0a1b2c3d4e5f6a7b8c9d0e1f2a3b4c5d",
    "lower26": "a0b1c2d3e4f5g6h7i8j9k0l1m2",
    "lower10": "a0b1c2d3e4",
    "upper14": "E0B1C2D3F4G5H6",
    "hex17": "0a1b2c3d4e5f6a7b8",
    "digits12": "123456789012",
    "lower8": "a0b1c2d3",
}


@lru_cache(maxsize=4096)
def style_of(pattern: str | None, low: int, high: int) -> str | None:
    """The usual style that the constraints let through; None if the pattern asks for something of its own."""
    if pattern and literal_start(pattern):
        return None
    regex = None
    if pattern:
        regex = _compiled(pattern)
    for style in _STYLES:
        sample = _SAMPLES[style]
        if low <= len(sample) <= high and (regex is None or regex.fullmatch(sample)):
            return style
    return None if pattern else "lower8"


@lru_cache(maxsize=4096)
def _compiled(pattern: str) -> re.Pattern[str] | None:
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return re.compile(_python(pattern))
        except re.error:
            return None


def literal_start(pattern: str) -> str:
    """The fixed text that a pattern begins with: ``fs-`` of ``^fs-[0-9a-f]{8,40}$``."""
    found = re.match(r"^\^?\(?(?:\?:)?([A-Za-z]{1,16}[-_])", pattern)
    return found[1] if found and not found[1].startswith("arn") else ""


def _python(pattern: str) -> str:
    text = re.sub(r"\\p\{(\w+)\}", r"\\w", pattern)
    return text.replace(r"\p{L}", r"\w")


def from_pattern(ids: Any, pattern: str) -> str:
    """A text that the pattern matches; the first alternative that is no ARN."""
    parsed = _parse(_python(pattern))
    return _emit(ids, parsed, 0)


@lru_cache(maxsize=1024)
def _parse(pattern: str) -> Any:
    try:
        from re import _parser as parser  # type: ignore[attr-defined]
    except ImportError:
        import sre_parse as parser
    return parser.parse(pattern)


def _emit(ids: Any, tree: Any, depth: int) -> str:
    if depth > 30:
        raise ValueError("the pattern is too deep")
    out: list[str] = []
    for code, argument in tree:
        name = str(code)
        if name == "LITERAL":
            out.append(chr(argument))
        elif name == "NOT_LITERAL":
            out.append("a" if argument != ord("a") else "b")
        elif name == "ANY":
            out.append(ids.choose(_ALPHABET, 1))
        elif name == "IN":
            out.append(_one_of(ids, argument))
        elif name in ("MAX_REPEAT", "MIN_REPEAT", "POSSESSIVE_REPEAT"):
            least, most, inner = argument
            most = int(most) if isinstance(most, int) or str(most).isdigit() else least + 10
            count = least if least else 0 if most == 1 else min(most, 8)
            if least and most >= 17 and least < 17:
                count = 17 if most < 64 else max(least, 10)
            count = min(count, 64)
            if len(inner) == 1 and str(inner[0][0]) == "IN":
                out.append(ids.choose(_alphabet(tuple(inner[0][1])), count))
            else:
                out.append("".join(_emit(ids, inner, depth + 1) for _ in range(count)))
        elif name == "SUBPATTERN":
            out.append(_emit(ids, argument[-1], depth + 1))
        elif name == "ATOMIC_GROUP":
            out.append(_emit(ids, argument, depth + 1))
        elif name == "BRANCH":
            choices = [_emit(ids, branch, depth + 1) for branch in argument[1]]
            again = [_emit(ids, branch, depth + 1) for branch in argument[1]]
            plain = [choice for choice in choices if not choice.startswith("arn") and choice]
            varied = [a for a, b in zip(choices, again, strict=True) if a != b and a in plain]
            out.append((varied or plain or [""])[0])
        elif name in ("AT", "ASSERT", "ASSERT_NOT", "GROUPREF"):
            continue
        else:
            raise ValueError(name)
    return "".join(out)


def _one_of(ids: Any, items: Any) -> str:
    return ids.choose(_alphabet(tuple(items)), 1)


@lru_cache(maxsize=4096)
def _alphabet(items: tuple[Any, ...]) -> str:
    """The characters that a class lets through, of those that make a good id."""
    if str(items[0][0]) == "NEGATE":
        return _ALPHABET
    good: list[str] = []
    for code, argument in items:
        name = str(code)
        if name == "LITERAL":
            good.append(chr(argument))
        elif name == "RANGE":
            good.extend(chr(c) for c in range(argument[0], min(argument[1], argument[0] + 128) + 1))
        elif name == "CATEGORY":
            good.extend("0123456789" if "DIGIT" in str(argument) else _ALPHABET)
    useful = [c for c in good if c.isascii() and c.isalnum()] or good
    lower = [c for c in useful if not c.isupper()]
    digits = [c for c in lower if c.isdigit()]
    chosen = lower if len(lower) > len(digits) or not any(c.isupper() for c in useful) else useful
    return "".join(chosen) or "a"


def new_name(ids: Any, noun: str) -> str:
    """A name for what nobody named."""
    return "-".join(word.lower() for word in words(noun)) + "-" + ids.alnum(8, upper=False)
