"""What is sent, and what became of it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec

from sundog.services.ec2.cidr import Range, contains, ipv4, ipv4_range, ipv6, ipv6_range

NUMBERS = {"icmp": "1", "tcp": "6", "udp": "17", "icmpv6": "58", "-1": "-1", "all": "-1"}


class Packet(msgspec.Struct, frozen=True, kw_only=True):
    """The head of a packet. ``protocol`` is tcp, udp, icmp or -1; the ports are None where it has none."""

    source: str
    destination: str
    protocol: str
    source_port: int | None = None
    port: int | None = None

    def answer(self) -> Packet:
        """The head of what is sent back."""
        return msgspec.structs.replace(
            self, source=self.destination, destination=self.source, source_port=self.port, port=self.source_port
        )

    def header(self) -> dict[str, Any]:
        """The head as EC2 shows it."""
        found: dict[str, Any] = {
            "Protocol": NUMBERS[self.protocol],
            "SourceAddresses": [self.source + _length(self.source)],
            "DestinationAddresses": [self.destination + _length(self.destination)],
        }
        if self.port is not None:
            found["DestinationPortRanges"] = [{"From": self.port, "To": self.port}]
        return found


def _length(address: str) -> str:
    return "/128" if ":" in address else "/32"


def inside(address: str, block: str | None) -> bool:
    """Whether an address lies in a range of its own kind."""
    return length_of_match(address, block) is not None


def length_of_match(address: str, block: str | None) -> int | None:
    """The prefix length of a range that an address lies in; None if it doesn't."""
    if block is None:
        return None
    number, found, bits = (
        (ipv6(address), ipv6_range(block), 128) if ":" in address else (ipv4(address), ipv4_range(block), 32)
    )
    if number is None or found is None:
        return None
    point: Range = (number, bits)
    return found[1] if contains(found, point, bits) else None


class Hop(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that a packet meets. ``detail`` is EC2's description of it; ``code`` says why it goes no further."""

    component: str
    text: str
    passed: bool = True
    code: str | None = None
    detail: dict[str, Any] = {}
    component_arn: str | None = None

    def shown(self, number: int) -> dict[str, Any]:
        """The hop as a path's component."""
        return {"SequenceNumber": number, "Component": self.thing(), **self.detail}

    def explanation(self) -> dict[str, Any]:
        """Why nothing came further."""
        return {"ExplanationCode": self.code, "Component": self.thing(), **self.detail}

    def thing(self) -> dict[str, Any]:
        return {"Id": self.component, "Arn": self.component_arn}


class Dropped(Exception):
    """A packet goes no further."""

    def __init__(self, hop: Hop) -> None:
        super().__init__(hop.text)
        self.hop = hop


class Reach(msgspec.Struct, frozen=True, kw_only=True):
    """Whether traffic passes, and by what or at what. True if it does."""

    reachable: bool
    hops: tuple[Hop, ...]
    back: tuple[Hop, ...] = ()
    """The way of what is sent back: stateful groups let it pass, ACLs and routes have their say."""
    dropped_by: Hop | None = None

    def __bool__(self) -> bool:
        return self.reachable

    def __str__(self) -> str:
        return "\n".join(self.lines())

    def lines(self) -> Iterator[str]:
        yield "reachable" if self.reachable else f"not reachable: {self.dropped_by.text if self.dropped_by else ''}"
        yield from (f"  {'ok  ' if hop.passed else 'DROP'} {hop.component}: {hop.text}" for hop in self.hops)
        yield from (f"  {'ok  ' if hop.passed else 'DROP'} (back) {hop.component}: {hop.text}" for hop in self.back)
