"""Where traffic may begin and end: interfaces, and the world outside."""

from __future__ import annotations

import msgspec

from sundog.core import AwsError, Tx
from sundog.services.ec2.cidr import ipv4, ipv6
from sundog.services.ec2.state.interface import NetworkInterface

SOMEWHERE = "8.8.8.8"
"""An address outside, where only "the internet" is asked for."""


class Place(msgspec.Struct, frozen=True, kw_only=True):
    """An interface with one of its addresses; or, without an interface, an address outside, or behind a gateway."""

    address: str
    public_address: str | None = None
    account: str = ""
    region: str = ""
    interface: NetworkInterface | None = None
    gateway: str | None = None

    def tx(self, tx: Tx) -> Tx:
        return tx.in_(account=self.account, region=self.region)


def of_interface(tx: Tx, row: NetworkInterface, address: str | None = None) -> Place:
    """The place of an interface, under one of its addresses."""
    six = address is not None and ":" in address
    shown = next(
        (
            item
            for item in row.private_ip_addresses
            if address in (None, item.private_ip_address, item.association and item.association.public_ip)
        ),
        None,
    )
    association = shown.association if shown is not None else None
    own = address if six else (shown.private_ip_address if shown is not None else row.ipv6_address)
    return Place(
        address=own or "",
        public_address=association.public_ip if association is not None else None,
        account=tx.account,
        region=tx.region,
        interface=row,
    )


def place(tx: Tx, name: str, ip: str | None = None) -> Place:
    """The place that an id, an ARN or an address names; ``internet`` is any address outside."""
    name = name.rpartition("/")[2] if name.startswith("arn:") else name
    if name == "internet":
        return Place(address=ip or SOMEWHERE)
    if ipv4(name) is not None or ipv6(name) is not None:
        return _with_address(tx, name)
    prefix = name.rpartition("-")[0]
    if prefix in ("igw", "vgw", "eigw", "cagw", "lgw", "tgw", "pcx", "vpce", "tgw-attach"):
        return Place(address=ip or SOMEWHERE, gateway=name)
    for account, region, row in tx.everywhere(NetworkInterface):
        if name == row.network_interface_id:
            return of_interface(tx.in_(account=account, region=region), row, ip)
    if prefix == "i":
        found = [entry for entry in tx.everywhere(NetworkInterface) if entry[2].instance_id == name]
        if found:
            account, region, row = min(
                found, key=lambda entry: entry[2].attachment.device_index if entry[2].attachment else 0
            )
            return of_interface(tx.in_(account=account, region=region), row, ip)
        raise AwsError("InvalidInstanceID.NotFound", f"The instance ID '{name}' does not exist")
    raise AwsError("InvalidParameterValue", f"The resource {name} is not supported as an end of a path.")


def _with_address(tx: Tx, address: str) -> Place:
    """The interface that has an address: of this account and region, or for a public one anywhere."""
    for account, region, row in tx.everywhere(NetworkInterface):
        here = (account, region) == (tx.account, tx.region)
        for item in row.private_ip_addresses:
            public = item.association.public_ip if item.association is not None else None
            if address == public or (here and address == item.private_ip_address):
                return of_interface(tx.in_(account=account, region=region), row, address)
        if any(item.ipv6_address == address for item in row.ipv6_addresses):
            return of_interface(tx.in_(account=account, region=region), row, address)
    return Place(address=address)
