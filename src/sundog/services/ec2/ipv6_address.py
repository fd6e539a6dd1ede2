"""IPv6 addresses of network interfaces."""

from __future__ import annotations

from sundog.api import ec2 as api
from sundog.core import AwsError, Tx, op
from sundog.services.ec2.cidr import contains, ipv6, ipv6_range, ipv6_text, known_range6, overlap, range6_text
from sundog.services.ec2.network_interface import ipv6_addresses_for
from sundog.services.ec2.state.interface import Ipv6Address, Ipv6Prefix, NetworkInterface
from sundog.services.ec2.state.network import Subnet

PREFIX = 80


@op
def assign_ipv6_addresses(tx: Tx, req: api.AssignIpv6AddressesRequest) -> api.AssignIpv6AddressesResult:
    """Give an interface IPv6 addresses, or prefixes: those named, or so many of the subnet's free ones."""
    interface = tx.get(NetworkInterface, req.network_interface_id)
    subnet = tx.get(Subnet, interface.subnet_id)
    if req.ipv6_addresses and req.ipv6_address_count:
        raise AwsError(
            "InvalidParameterCombination", "The parameters ipv6Addresses and ipv6AddressCount cannot be used together"
        )
    given: list[str] = []
    if req.ipv6_addresses or req.ipv6_address_count:
        given = ipv6_addresses_for(tx, subnet, req.ipv6_addresses or (), req.ipv6_address_count or 0)
    blocks = _prefixes(tx, subnet, list(req.ipv6_prefixes or ()), req.ipv6_prefix_count or 0)
    addresses = (*interface.ipv6_addresses, *[Ipv6Address(text) for text in given])
    tx.update(
        interface,
        ipv6_addresses=addresses,
        ipv6_address=addresses[0].ipv6_address if addresses else None,
        ipv6_prefixes=(*(interface.ipv6_prefixes or ()), *[Ipv6Prefix(text) for text in blocks]) or None,
    )
    return api.AssignIpv6AddressesResult(
        network_interface_id=interface.network_interface_id,
        assigned_ipv6_addresses=given,
        assigned_ipv6_prefixes=blocks or None,
    )


def _prefixes(tx: Tx, subnet: Subnet, wanted: list[str], count: int) -> list[str]:
    """The wanted /80 prefixes and ``count`` new ones, of the subnet's range and not in use."""
    if not wanted and not count:
        return []
    home = next((known_range6(item.ipv6_cidr_block) for item in subnet.ipv6_cidr_block_association_set), None)
    if home is None:
        raise AwsError(
            "InvalidParameterValue", f"Subnet {subnet.subnet_id} does not have an IPv6 CIDR block associated with it."
        )
    rows = tx.select(NetworkInterface, subnet_id=subnet.subnet_id)
    taken = [known_range6(item.ipv6_prefix) for row in rows for item in row.ipv6_prefixes or ()]
    found: list[str] = []
    for text in wanted:
        block = ipv6_range(text)
        if block is None or block[1] != PREFIX or not contains(home, block, 128):
            raise AwsError("InvalidParameterValue", f"Value ({text}) for parameter Ipv6Prefix is invalid.")
        if any(overlap(other, block, 128) for other in taken):
            raise AwsError("InvalidIPAddress.InUse", f"The prefix {text} is already in use.")
        taken.append(block)
        found.append(range6_text(block))
    while count:
        block = (home[0] + (tx.ids.random.getrandbits(PREFIX - home[1]) << 128 - PREFIX), PREFIX)
        if not any(overlap(other, block, 128) for other in taken):
            taken.append(block)
            found.append(range6_text(block))
            count -= 1
    return found


@op
def unassign_ipv6_addresses(tx: Tx, req: api.UnassignIpv6AddressesRequest) -> api.UnassignIpv6AddressesResult:
    """Take IPv6 addresses, or prefixes, from an interface."""
    interface = tx.get(NetworkInterface, req.network_interface_id)
    numbers = [ipv6(text) for text in req.ipv6_addresses or ()]
    gone = [ipv6_text(number) for number in numbers if number is not None]
    present = {item.ipv6_address for item in interface.ipv6_addresses}
    unwanted: list[str] = list(req.ipv6_prefixes or ())
    prefixes = {item.ipv6_prefix for item in interface.ipv6_prefixes or ()}
    if None in numbers or not present.issuperset(gone) or not prefixes.issuperset(unwanted):
        raise AwsError(
            "InvalidParameterValue",
            f"Some of the specified addresses are not assigned to interface {interface.network_interface_id}",
        )
    addresses = tuple(item for item in interface.ipv6_addresses if item.ipv6_address not in gone)
    tx.update(
        interface,
        ipv6_addresses=addresses,
        ipv6_address=addresses[0].ipv6_address if addresses else None,
        ipv6_prefixes=tuple(x for x in interface.ipv6_prefixes or () if x.ipv6_prefix not in unwanted) or None,
    )
    return api.UnassignIpv6AddressesResult(
        network_interface_id=interface.network_interface_id,
        unassigned_ipv6_addresses=gone,
        unassigned_ipv6_prefixes=unwanted or None,
    )
