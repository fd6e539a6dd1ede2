"""User metadata as headers can carry it: what isn't printable ASCII stands in encoded words (RFC 2047)."""

from __future__ import annotations

import base64
import binascii
import contextlib
import re

_WORD = re.compile(r"=\?([\w-]+)\?([bq])\?([^?]*)\?=", re.IGNORECASE)
_SPECIAL = frozenset(b"=_?")


def normal(value: str) -> str:
    """The value as S3 gives it back, whether it came as plain text, as UTF-8 in a header, or in encoded words."""
    if value.isascii() and value.isprintable() and "=?" not in value:
        return value
    with contextlib.suppress(UnicodeError):  # a form's field is text already
        value = value.encode("latin-1").decode()
    return _encoded(_WORD.sub(_decoded, value))


def _decoded(found: re.Match[str]) -> str:
    charset, how, text = found[1], found[2].lower(), found[3]
    try:
        if how == "b":
            raw = base64.b64decode(text)
        else:
            raw = binascii.a2b_qp(text.replace("_", " "), header=True)
        return raw.decode(charset)
    except (binascii.Error, UnicodeError, LookupError, ValueError):
        return found[0]


def _strange(char: str) -> bool:
    return char >= "\x7f" or (char < " " and char not in "\r\n\t")


def _encoded(text: str) -> str:
    count = sum(map(_strange, text))
    if not count:
        return text
    raw = text.encode()
    if count >= len(text) - count:
        return f"=?UTF-8?B?{base64.b64encode(raw).decode()}?="
    letters = (
        "_" if byte == 32 else f"={byte:02X}" if byte < 32 or byte > 126 or byte in _SPECIAL else chr(byte)
        for byte in raw
    )
    return f"=?UTF-8?Q?{''.join(letters)}?="
