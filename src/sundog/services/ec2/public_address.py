"""Public IPv4 addresses: drawn from ranges that AWS has, never the same twice."""

from __future__ import annotations

from sundog.core import Tx
from sundog.services.ec2.state.interface import Address, NetworkInterface

_FIRST_OCTETS = (3, 13, 18, 34, 35, 44, 52, 54)


def new_public_address(tx: Tx) -> str:
    """A public address that nobody here has."""
    bits = tx.ids.random.getrandbits
    while True:
        chance = bits(27)
        last = (chance & 255) % 254 + 1
        address = f"{_FIRST_OCTETS[chance >> 24]}.{chance >> 16 & 255}.{chance >> 8 & 255}.{last}"
        if not tx.select(Address, public_ip=address) and not tx.select(NetworkInterface, public_ips=address):
            return address
