"""Public IPv4 addresses: in ranges that AWS has, never the same twice."""

from __future__ import annotations

from sundog.core import Tx

_FIRST_OCTETS = (3, 13, 18, 34, 35, 44, 52, 54)
_HOSTS = 254
_SPACE = len(_FIRST_OCTETS) * 65536 * _HOSTS
_STRIDE = 82_595_533
"""Has no factor in common with ``_SPACE``: multiples of it meet every address once before the first comes again."""


def new_public_address(tx: Tx) -> str:
    """A public address that nobody in the cloud has: the store's counter, spread over the ranges."""
    rest, last = divmod(tx.store.next_serial() * _STRIDE % _SPACE, _HOSTS)
    return f"{_FIRST_OCTETS[rest >> 16]}.{rest >> 8 & 255}.{rest & 255}.{last + 1}"
