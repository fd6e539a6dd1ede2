"""Secondary private addresses of network interfaces."""

from __future__ import annotations

from sundog.api import ec2 as api
from sundog.core import AwsError, Tx, op
from sundog.services.ec2.address import disassociate
from sundog.services.ec2.cidr import ipv4
from sundog.services.ec2.dns import private_name
from sundog.services.ec2.network_interface import most, set_addresses
from sundog.services.ec2.private_address import allocate_prefix, allocate_private_address, release_private_address
from sundog.services.ec2.state.interface import Address, Ipv4Prefix, NetworkInterface, PrivateIp, UsedAddress
from sundog.services.ec2.state.network import Subnet, Vpc


@op
def assign_private_ip_addresses(tx: Tx, req: api.AssignPrivateIpAddressesRequest) -> api.AssignPrivateIpAddressesResult:
    """Give an interface more addresses: those named, or so many of the subnet's free ones."""
    interface = tx.get(NetworkInterface, req.network_interface_id)
    subnet = tx.get(Subnet, interface.subnet_id)
    named = list(req.private_ip_addresses or ())
    count = req.secondary_private_ip_address_count or 0
    if named and count:
        raise AwsError(
            "InvalidParameterCombination",
            "The parameters privateIpAddresses and secondaryPrivateIpAddressCount cannot be used together",
        )
    _check_limit(tx, interface, len(named) + count + len(req.ipv4_prefixes or ()) + (req.ipv4_prefix_count or 0))
    wanted: list[str | None] = [*named, *[None] * count]
    given: list[str | None] = []
    for address in wanted:
        if address is not None and any(item.private_ip_address == address for item in interface.private_ip_addresses):
            given.append(address)
            continue
        if address is not None and req.allow_reassignment:
            _take_over(tx, subnet, address)
        given.append(allocate_private_address(tx, subnet, address, interface.network_interface_id))
    interface = show_addresses(tx, interface.network_interface_id, [address for address in given if address])
    blocks = [
        Ipv4Prefix(allocate_prefix(tx, subnet, block, interface.network_interface_id))
        for block in [*(req.ipv4_prefixes or ()), *[None] * (req.ipv4_prefix_count or 0)]
    ]
    if blocks:
        tx.update(interface, ipv4_prefixes=(*(interface.ipv4_prefixes or ()), *blocks))
    return api.AssignPrivateIpAddressesResult(
        network_interface_id=interface.network_interface_id,
        assigned_private_ip_addresses=[{"PrivateIpAddress": address} for address in given],
        assigned_ipv4_prefixes=blocks or None,
    )


def show_addresses(tx: Tx, interface_id: str, given: list[str]) -> NetworkInterface:
    """Note the addresses that an interface was given and doesn't show yet."""
    interface = tx.get(NetworkInterface, interface_id)
    vpc = tx.get(Vpc, interface.vpc_id)
    has_names = vpc.enable_dns_hostnames and vpc.enable_dns_support
    present = {item.private_ip_address for item in interface.private_ip_addresses}
    more = [
        PrivateIp(
            private_ip_address=address,
            primary=False,
            private_dns_name=private_name(tx, address) if has_names else None,
        )
        for address in given
        if address not in present
    ]
    return set_addresses(tx, interface, [*interface.private_ip_addresses, *more])


def _check_limit(tx: Tx, interface: NetworkInterface, more: int) -> None:
    """Refuse more addresses than the instance's type can have on one interface."""
    if interface.instance_id is None:
        return
    from sundog.services.ec2.state.compute import Instance

    instance = tx.find(Instance, interface.instance_id)
    present = len(interface.private_ip_addresses) + len(interface.ipv4_prefixes or ())
    if instance is not None and present + more > most(instance.instance_type, "Ipv4AddressesPerInterface"):
        raise AwsError("PrivateIpAddressLimitExceeded", "Number of private addresses will exceed limit.")


def _take_over(tx: Tx, subnet: Subnet, address: str) -> None:
    """Take a secondary address from the interface that has it."""
    used = tx.find(UsedAddress, subnet.subnet_id, ipv4(address) or 0)
    owner = tx.find(NetworkInterface, used.network_interface_id) if used is not None else None
    if owner is not None and owner.private_ip_address != address:
        remove(tx, owner, [address])


def remove(tx: Tx, interface: NetworkInterface, addresses: list[str]) -> None:
    """Give secondary addresses of an interface back to its subnet."""
    gone = set(addresses)
    for item in interface.private_ip_addresses:
        if item.private_ip_address in gone and item.association is not None and item.association.allocation_id:
            disassociate(tx, tx.get(Address, item.association.allocation_id))
    interface = tx.get(NetworkInterface, interface.network_interface_id)
    for address in addresses:
        release_private_address(tx, interface.subnet_id, address)
    set_addresses(tx, interface, [x for x in interface.private_ip_addresses if x.private_ip_address not in gone])


@op
def unassign_private_ip_addresses(tx: Tx, req: api.UnassignPrivateIpAddressesRequest) -> None:
    """Take secondary addresses, or delegated prefixes, from an interface."""
    interface = tx.get(NetworkInterface, req.network_interface_id)
    addresses: list[str] = list(req.private_ip_addresses or ())
    present = {item.private_ip_address for item in interface.private_ip_addresses}
    prefixes = {item.ipv4_prefix for item in interface.ipv4_prefixes or ()}
    unwanted: set[str] = set(req.ipv4_prefixes or ())
    if not present.issuperset(addresses) or not prefixes.issuperset(unwanted):
        raise AwsError(
            "InvalidParameterValue",
            f"Some of the specified addresses are not assigned to interface {interface.network_interface_id}",
        )
    if interface.private_ip_address in addresses:
        raise AwsError("InvalidParameterValue", "The primary private IP address of an interface cannot be unassigned.")
    remove(tx, interface, addresses)
    if unwanted:
        for block in unwanted:
            release_private_address(tx, interface.subnet_id, block)
        left = tuple(item for item in interface.ipv4_prefixes or () if item.ipv4_prefix not in unwanted)
        tx.update(tx.get(NetworkInterface, interface.network_interface_id), ipv4_prefixes=left or None)
