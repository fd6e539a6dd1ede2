"""Scalars on the wire: timestamps, numbers, text; and the complaint that a value is of the wrong type."""

from __future__ import annotations

import re
from base64 import b64decode, b64encode
from binascii import Error as Base64Error
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from typing import Any

UTC = timezone.utc
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

_ISO = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)(?:[Tt ](\d\d):(\d\d)(?::(\d\d)(?:[.,](\d{1,9}))?)?)?\s*([Zz]|[+-]\d\d:?(?:\d\d)?)?\Z",
    re.ASCII,
)
_COMPACT = re.compile(r"(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z\Z", re.ASCII)
_INTEGER = re.compile(r"[+-]?[0-9]{1,40}\Z")
_DECIMAL = re.compile(r"[+-]?(?:[0-9]{1,400}(?:\.[0-9]{0,400})?|\.[0-9]{1,400})(?:[eE][+-]?[0-9]{1,4})?\Z")
_SPECIAL = {
    "NaN": float("nan"),
    "Infinity": float("inf"),
    "-Infinity": float("-inf"),
    "INF": float("inf"),
    "-INF": float("-inf"),
}


class WrongType(Exception):
    """A value that can't be what its shape says. ``path`` is filled, innermost first, on the way out."""

    def __init__(self, value: Any, expected: str) -> None:
        super().__init__(value, expected)
        self.value = value
        self.expected = expected
        self.path: list[str] = []

    @property
    def name(self) -> str:
        """The parameter as a query request spells it."""
        return ".".join(reversed(self.path))


def utc(value: datetime | float) -> datetime:
    """A timestamp in UTC, from what a handler may have put: aware, naive (then UTC) or an epoch number."""
    if isinstance(value, datetime):
        zone = value.tzinfo
        if zone is UTC:
            return value
        return value.replace(tzinfo=UTC) if zone is None else value.astimezone(UTC)
    return EPOCH + timedelta(milliseconds=round(value * 1000))


def epoch_milliseconds(value: datetime | float) -> int:
    """Milliseconds since 1970, cut like AWS cuts them."""
    delta = utc(value) - EPOCH
    return (delta.days * 86400 + delta.seconds) * 1000 + delta.microseconds // 1000


def write_epoch(value: datetime | float) -> int | float:
    """Seconds since 1970; an integer if they are whole."""
    milliseconds = epoch_milliseconds(value)
    return milliseconds / 1000 if milliseconds % 1000 else milliseconds // 1000


def write_iso(value: datetime | float) -> str:
    """``2020-01-02T03:04:05Z``, with milliseconds if there are any."""
    value = utc(value)
    if value.microsecond >= 1000:
        return value.isoformat(timespec="milliseconds")[:23] + "Z"
    return value.isoformat(timespec="seconds")[:19] + "Z"


def write_iso_milliseconds(value: datetime | float) -> str:
    """``2020-01-02T03:04:05.000Z``, as EC2 and S3 write it."""
    return utc(value).isoformat(timespec="milliseconds")[:23] + "Z"


_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def write_http_date(value: datetime | float) -> str:
    """``Thu, 02 Jan 2020 03:04:05 GMT``."""
    v = utc(value)
    return f"{_DAYS[v.weekday()]}, {v.day:02d} {_MONTHS[v.month - 1]} {v.isoformat()[:4]} {v.isoformat()[11:19]} GMT"


def write_epoch_text(value: datetime | float) -> str:
    return str(write_epoch(value))


TIMESTAMP_WRITERS: dict[str, Callable[[Any], Any]] = {
    "iso8601": write_iso,
    "rfc822": write_http_date,
    "unixtimestamp": write_epoch,
}


def read_epoch(value: float) -> datetime:
    try:
        if isinstance(value, int):
            return EPOCH + timedelta(seconds=value)
        return EPOCH + timedelta(microseconds=round(value * 1_000_000))
    except (OverflowError, ValueError):
        raise WrongType(value, "Timestamp") from None


def read_timestamp(text: str) -> datetime:
    """Any form that AWS's clients send: ISO 8601, RFC 822, seconds since 1970."""
    match = _ISO.match(text)
    try:
        if match is not None:
            year, month, day, hour, minute, second, fraction, zone = match.groups()
            microsecond = int(fraction.ljust(6, "0")[:6]) if fraction else 0
            value = datetime(
                int(year), int(month), int(day), int(hour or 0), int(minute or 0), int(second or 0), microsecond, UTC
            )
            if zone and zone not in "Zz":
                digits = zone[1:].replace(":", "").ljust(4, "0")
                offset = timedelta(hours=int(digits[:2]), minutes=int(digits[2:]))
                value = value + offset if zone[0] == "-" else value - offset
            return value
        if _DECIMAL.match(text):
            return read_epoch(int(text) if _INTEGER.match(text) else float(text))
        match = _COMPACT.match(text)
        if match is not None:
            return datetime(*(int(part) for part in match.groups()), tzinfo=UTC)  # type: ignore[misc,arg-type]
        if len(text) < 64:
            from email.utils import parsedate_to_datetime

            return utc(parsedate_to_datetime(text))
    except (ValueError, OverflowError, TypeError, IndexError):
        pass
    raise WrongType(text, "Timestamp")


def read_integer(text: str) -> int:
    if _INTEGER.match(text) is None:
        text = text.strip()
        if _INTEGER.match(text) is None:
            raise WrongType(text, "Integer")
    return int(text)


def read_int32(text: str) -> int:
    value = read_integer(text)
    if not -0x80000000 <= value <= 0x7FFFFFFF:
        raise WrongType(text, "Integer")
    return value


def read_int64(text: str) -> int:
    value = read_integer(text)
    if not -0x8000000000000000 <= value <= 0x7FFFFFFFFFFFFFFF:
        raise WrongType(text, "Long")
    return value


def read_float(text: str) -> float:
    if _DECIMAL.match(text):
        return float(text)
    special = _SPECIAL.get(text)
    if special is None:
        raise WrongType(text, "Double")
    return special


_BOOLEANS = {
    "true": True,
    "false": False,
    "True": True,
    "False": False,
    "TRUE": True,
    "FALSE": False,
    "1": True,
    "0": False,
}


def read_boolean(text: str) -> bool:
    value = _BOOLEANS.get(text)
    if value is None:
        raise WrongType(text, "Boolean")
    return value


def read_blob(text: str) -> bytes:
    """Base64, with or without line ends and padding."""
    try:
        return b64decode(text, validate=True)
    except (Base64Error, ValueError):
        pass
    cleaned = "".join(text.split())
    try:
        return b64decode(cleaned + "=" * (-len(cleaned) % 4), validate=True)
    except (Base64Error, ValueError):
        raise WrongType(text, "Blob") from None


def as_bytes(value: Any) -> bytes:
    """A blob's bytes, from bytes, text or a binary file."""
    if isinstance(value, bytes):
        return value
    if isinstance(value, str):
        return value.encode()
    if hasattr(value, "read"):
        if hasattr(value, "seek"):
            value.seek(0)
        return value.read()
    return bytes(value)


def write_blob(value: Any) -> str:
    return b64encode(as_bytes(value)).decode("ascii")


def write_float(value: Any) -> str:
    if value - value == 0:
        return str(value)
    return "NaN" if value != value else "Infinity" if value > 0 else "-Infinity"


def write_boolean(value: Any) -> str:
    return "true" if value else "false"


TEXT_READERS: dict[str, Callable[[str], Any]] = {
    "integer": read_int32,
    "long": read_int64,
    "float": read_float,
    "double": read_float,
    "boolean": read_boolean,
    "blob": read_blob,
    "timestamp": read_timestamp,
}
"""By shape type, from text. A type that isn't here is text itself."""
