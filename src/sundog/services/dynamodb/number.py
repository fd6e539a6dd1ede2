"""DynamoDB's numbers: texts of up to 38 significant digits, kept in one form and ordered by a sortable key."""

from __future__ import annotations

import re
from decimal import Context, Decimal, InvalidOperation

from sundog.services.dynamodb.fault import invalid

DIGITS = 38
LARGEST = 125
SMALLEST = -130

_plain = re.compile(r"-?[1-9][0-9]{0,36}\Z|0\Z", re.ASCII)
_syntax = re.compile(r"\s*[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?\s*\Z", re.ASCII)
_exact = Context(prec=200, Emax=999999, Emin=-999999)


is_plain = _plain.match
"""Whether a text is canonical at a glance; most are."""


def canonical(text: str) -> str:
    """The one text that the number is kept as; refused if it is none, or too big, small or precise."""
    if _plain.match(text):
        return text
    if not _syntax.match(text):
        if not text.strip():
            raise invalid("The parameter cannot be converted to a numeric value")
        raise invalid(f"The parameter cannot be converted to a numeric value: {text}")
    try:
        return of_decimal(_exact.create_decimal(text.strip()))
    except InvalidOperation:
        raise invalid(f"The parameter cannot be converted to a numeric value: {text}") from None


def of_decimal(number: Decimal) -> str:
    """A number's canonical text, within DynamoDB's limits."""
    if not number:
        return "0"
    sign, digits, exponent = number.as_tuple()
    assert isinstance(exponent, int)
    text = "".join(map(str, digits)).lstrip("0")
    stripped = text.rstrip("0")
    exponent += len(text) - len(stripped)
    magnitude = exponent + len(stripped) - 1
    if magnitude > LARGEST:
        raise invalid("Number overflow. Attempting to store a number with magnitude larger than supported range")
    if magnitude < SMALLEST:
        raise invalid("Number underflow. Attempting to store a number with magnitude smaller than supported range")
    if len(stripped) > DIGITS:
        raise invalid("Attempting to store more than 38 significant digits in a Number")
    if exponent >= 0:
        plain = stripped + "0" * exponent
    elif magnitude >= 0:
        plain = f"{stripped[: magnitude + 1]}.{stripped[magnitude + 1 :]}"
    else:
        plain = f"0.{'0' * (-magnitude - 1)}{stripped}"
    return "-" + plain if sign else plain


def add(left: str, right: str) -> str:
    """The sum of two numbers."""
    return of_decimal(_exact.add(Decimal(left), Decimal(right)))


def subtract(left: str, right: str) -> str:
    """The difference of two numbers."""
    return of_decimal(_exact.subtract(Decimal(left), Decimal(right)))


def sortable(text: str) -> bytes:
    """Bytes that stand to each other as the (canonical) numbers do."""
    negative = text[0] == "-"
    if negative:
        text = text[1:]
    whole, _, fraction = text.partition(".")
    if whole != "0":
        magnitude = len(whole) - 1
        digits = (whole + fraction).rstrip("0")
    else:
        digits = fraction.lstrip("0")
        if not digits:
            return b"\x80"
        magnitude = len(digits) - len(fraction) - 1
    if not negative:
        return b"\x81" + (magnitude + 256).to_bytes(2, "big") + digits.encode()
    return b"\x7f" + (256 - magnitude).to_bytes(2, "big") + digits.encode().translate(_inverted) + b"\xff"


_inverted = bytes.maketrans(b"0123456789", b"9876543210")


def size(text: str) -> int:
    """Bytes that DynamoDB counts for a number: one for each two digits, one for the rest, one for the sign."""
    negative = text[0] == "-"
    digits = text.replace(".", "").lstrip("-0").rstrip("0")
    return (len(digits) + 1) // 2 + 1 + negative
