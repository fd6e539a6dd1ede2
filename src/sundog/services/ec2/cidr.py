"""Addresses and ranges as numbers and as text. The standard library's classes cost a hundred times more."""

from __future__ import annotations

from socket import AF_INET, AF_INET6, inet_ntop, inet_pton

from sundog.core import AwsError

Range = tuple[int, int]
"""First address and prefix length."""


def ipv4(text: str | None) -> int | None:
    """The number of a dotted address; None if it isn't one."""
    try:
        return int.from_bytes(inet_pton(AF_INET, text or ""), "big")
    except (OSError, UnicodeEncodeError, ValueError):
        return None


def ipv4_text(number: int) -> str:
    return f"{number >> 24}.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}"


def ipv6(text: str | None) -> int | None:
    """The number of an IPv6 address; None if it isn't one."""
    try:
        return int.from_bytes(inet_pton(AF_INET6, text or ""), "big")
    except (OSError, UnicodeEncodeError, ValueError):
        return None


def ipv6_text(number: int) -> str:
    return inet_ntop(AF_INET6, number.to_bytes(16, "big"))


def ipv4_range(text: str | None) -> Range | None:
    """A CIDR block with its host bits cleared, as EC2 clears them; None if it isn't one."""
    address, slash, length = (text or "").partition("/")
    number = ipv4(address)
    if number is None or not slash or not length.isdecimal() or len(length) > 2 or int(length) > 32:
        return None
    bits = 32 - int(length)
    return number >> bits << bits, int(length)


def ipv6_range(text: str | None) -> Range | None:
    """An IPv6 CIDR block with its host bits cleared; None if it isn't one."""
    address, slash, length = (text or "").partition("/")
    number = ipv6(address)
    if number is None or not slash or not length.isdecimal() or len(length) > 3 or int(length) > 128:
        return None
    bits = 128 - int(length)
    return number >> bits << bits, int(length)


def range_text(block: Range) -> str:
    return f"{ipv4_text(block[0])}/{block[1]}"


def range6_text(block: Range) -> str:
    return f"{ipv6_text(block[0])}/{block[1]}"


def known_range(text: str) -> Range:
    """The range of a CIDR block that was checked before."""
    found = ipv4_range(text)
    assert found is not None, text
    return found


def known_range6(text: str) -> Range:
    """The range of an IPv6 CIDR block that was checked before."""
    found = ipv6_range(text)
    assert found is not None, text
    return found


def contains(outer: Range, inner: Range, bits: int = 32) -> bool:
    """Whether all of ``inner`` lies in ``outer``."""
    return inner[1] >= outer[1] and inner[0] >> (bits - outer[1]) == outer[0] >> (bits - outer[1])


def overlap(one: Range, other: Range, bits: int = 32) -> bool:
    shorter = bits - min(one[1], other[1])
    return one[0] >> shorter == other[0] >> shorter


def checked_range(text: str | None, parameter: str = "cidrBlock") -> Range:
    """The range of a request's CIDR block, or EC2's error."""
    found = ipv4_range(text)
    if found is None:
        raise AwsError(
            "InvalidParameterValue",
            f"Value ({text}) for parameter {parameter} is invalid. This is not a valid CIDR block.",
        )
    return found


def checked_range6(text: str | None, parameter: str = "ipv6CidrBlock") -> Range:
    """The range of a request's IPv6 CIDR block, or EC2's error."""
    found = ipv6_range(text)
    if found is None:
        raise AwsError(
            "InvalidParameterValue",
            f"Value ({text}) for parameter {parameter} is invalid. This is not a valid IPv6 CIDR block.",
        )
    return found
