"""Network interfaces: made, plugged in, unplugged, deleted."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from msgspec.structs import replace

from sundog.core import AwsError, Tx
from sundog.services.ec2.cidr import ipv6, ipv6_text, known_range6
from sundog.services.ec2.dns import private_name, public_name
from sundog.services.ec2.private_address import (
    allocate_prefix,
    allocate_private_address,
    allocate_private_addresses,
    release_private_address,
)
from sundog.services.ec2.public_address import new_public_address
from sundog.services.ec2.state.interface import (
    Address,
    GroupIdentifier,
    InterfaceAttachment,
    Ipv4Prefix,
    Ipv6Address,
    NetworkInterface,
    PrivateIp,
    PublicAssociation,
)
from sundog.services.ec2.state.network import Subnet, Vpc
from sundog.services.ec2.state.security_group import SecurityGroup


def create_interface(
    tx: Tx,
    subnet: Subnet,
    groups: Sequence[SecurityGroup],
    private_ip: str | None = None,
    description: str = "",
    *,
    secondary_ips: Iterable[str] = (),
    secondary_count: int = 0,
    prefixes: Iterable[str] = (),
    prefix_count: int = 0,
    ipv6_addresses: Iterable[str] = (),
    ipv6_count: int | None = None,
    primary_ipv6: bool = False,
    tags: Any = None,
    **members: Any,
) -> NetworkInterface:
    """Add an interface in the subnet with the groups. ``members`` are further fields of the record.

    ``ipv6_count`` None means what the subnet does by itself.
    """
    interface_id = tx.new_id("eni")
    vpc = tx.get(Vpc, subnet.vpc_id)
    named = vpc.enable_dns_hostnames and vpc.enable_dns_support
    addresses: list[PrivateIp] = []
    if not subnet.ipv6_native:
        wanted: list[str | None] = [private_ip, *secondary_ips, *[None] * secondary_count]
        for place, address in enumerate(wanted):
            given = allocate_private_address(tx, subnet, address, interface_id)
            addresses.append(
                PrivateIp(
                    private_ip_address=given,
                    primary=place == 0,
                    private_dns_name=private_name(tx, given) if named else None,
                )
            )
    blocks = tuple(
        Ipv4Prefix(allocate_prefix(tx, subnet, wanted, interface_id)) for wanted in [*prefixes, *[None] * prefix_count]
    )
    if ipv6_count is None:
        ipv6_count = 1 if subnet.assign_ipv6_address_on_creation and not ipv6_addresses else 0
    sixes: tuple[Ipv6Address, ...] = ()
    if ipv6_count or ipv6_addresses:
        sixes = tuple(
            Ipv6Address(text, primary_ipv6 and place == 0)
            for place, text in enumerate(ipv6_addresses_for(tx, subnet, ipv6_addresses, ipv6_count))
        )
    first = addresses[0] if addresses else None
    return tx.add(
        NetworkInterface(
            network_interface_id=interface_id,
            subnet_id=subnet.subnet_id,
            vpc_id=subnet.vpc_id,
            owner_id=tx.account,
            availability_zone=subnet.availability_zone,
            availability_zone_id=subnet.availability_zone_id,
            description=description,
            groups=tuple([GroupIdentifier(group.group_id, group.group_name) for group in groups]),
            group_ids=tuple([group.group_id for group in groups]),
            mac_address=new_mac(tx),
            private_ip_address=first.private_ip_address if first else None,
            private_dns_name=first.private_dns_name if first else None,
            private_ip_addresses=tuple(addresses),
            ipv4_prefixes=blocks or None,
            ipv6_address=sixes[0].ipv6_address if sixes else None,
            ipv6_addresses=sixes,
            ipv6_native=True if subnet.ipv6_native else None,
            requester_id=members.pop("requester_id", None) or tx.account,
            **members,
        ),
        tags=tags,
    )


def launch_interfaces(
    tx: Tx,
    subnet: Subnet,
    groups: Sequence[SecurityGroup],
    instance_ids: Sequence[str],
    *,
    public: bool = False,
    delete_on_termination: bool = True,
    tags: Any = None,
    **members: Any,
) -> list[NetworkInterface]:
    """One interface for each instance, plugged in as its first; ``public`` lends each a public address.

    The same as ``create_interface``, ``give_public_address`` and ``attach_interface`` in turn, many times as fast.
    """
    vpc = tx.get(Vpc, subnet.vpc_id)
    if subnet.ipv6_native or subnet.assign_ipv6_address_on_creation:
        return [
            _launch_one(tx, subnet, groups, instance_id, public, delete_on_termination, tags, members)
            for instance_id in instance_ids
        ]
    named = vpc.enable_dns_hostnames and vpc.enable_dns_support
    identifiers = tuple([GroupIdentifier(group.group_id, group.group_name) for group in groups])
    group_ids = tuple([group.group_id for group in groups])
    attach_time = tx.now.replace(microsecond=0)
    interface_ids = [tx.new_id("eni") for _ in instance_ids]
    found: list[NetworkInterface] = []
    for instance_id, interface_id, address in zip(
        instance_ids, interface_ids, allocate_private_addresses(tx, subnet, interface_ids), strict=True
    ):
        association = lent_address(tx, named) if public else None
        name = private_name(tx, address) if named else None
        row = NetworkInterface(
            network_interface_id=interface_id,
            subnet_id=subnet.subnet_id,
            vpc_id=subnet.vpc_id,
            owner_id=tx.account,
            availability_zone=subnet.availability_zone,
            availability_zone_id=subnet.availability_zone_id,
            groups=identifiers,
            group_ids=group_ids,
            mac_address=new_mac(tx),
            private_ip_address=address,
            private_dns_name=name,
            private_ip_addresses=(
                PrivateIp(private_ip_address=address, primary=True, private_dns_name=name, association=association),
            ),
            association=association,
            attachment=InterfaceAttachment(
                attachment_id=tx.new_id("eni-attach"),
                instance_id=instance_id,
                instance_owner_id=tx.account,
                device_index=0,
                attach_time=attach_time,
                delete_on_termination=delete_on_termination,
            ),
            instance_id=instance_id,
            requester_id=tx.account,
            status="in-use",
            **members,
        )
        found.append(tx.add(row, tags=tags))
    return found


def _launch_one(
    tx: Tx,
    subnet: Subnet,
    groups: Sequence[SecurityGroup],
    instance_id: str,
    public: bool,
    delete_on_termination: bool,
    tags: Any,
    members: dict[str, Any],
) -> NetworkInterface:
    made = create_interface(tx, subnet, groups, tags=tags, **members)
    if public:
        made = give_public_address(tx, made)
    return attach_interface(tx, made, instance_id, 0, delete_on_termination)


def new_mac(tx: Tx) -> str:
    """A hardware address that is marked as locally given, as EC2's are."""
    digits = f"{tx.ids.random.getrandbits(40):010x}"
    return f"02:{digits[:2]}:{digits[2:4]}:{digits[4:6]}:{digits[6:8]}:{digits[8:]}"


def ipv6_addresses_for(tx: Tx, subnet: Subnet, wanted: Iterable[str], count: int) -> list[str]:
    """The wanted IPv6 addresses and ``count`` new ones, of the subnet's range and not in use."""
    from sundog.services.ec2.cidr import contains

    block = next((known_range6(item.ipv6_cidr_block) for item in subnet.ipv6_cidr_block_association_set), None)
    if block is None:
        raise AwsError(
            "InvalidParameterValue", f"Subnet {subnet.subnet_id} does not have an IPv6 CIDR block associated with it."
        )
    rows = tx.select(NetworkInterface, subnet_id=subnet.subnet_id)
    taken = {item.ipv6_address for row in rows for item in row.ipv6_addresses}
    found: list[str] = []
    for text in wanted:
        number = ipv6(text)
        if number is None:
            raise AwsError("InvalidParameterValue", f"Value ({text}) for parameter Ipv6Address is invalid.")
        canonical = ipv6_text(number)
        if not contains(block, (number, 128), 128):
            raise AwsError("InvalidParameterValue", "Address does not fall within the subnet's address range")
        if canonical in taken or canonical in found:
            raise AwsError("InvalidIPAddress.InUse", f"Address {text} is in use.")
        found.append(canonical)
    while count:
        text = ipv6_text(block[0] + tx.ids.random.randrange(16, 1 << 128 - block[1]))
        if text not in taken and text not in found:
            found.append(text)
            count -= 1
    return found


def attach_interface(
    tx: Tx,
    interface: NetworkInterface,
    instance_id: str,
    device_index: int,
    delete_on_termination: bool = False,
    network_card_index: int = 0,
    instance_owner_id: str | None = None,
) -> NetworkInterface:
    """Plug an interface into an instance. Whether the instance may have it is the caller's business."""
    attachment = InterfaceAttachment(
        attachment_id=tx.new_id("eni-attach"),
        instance_id=instance_id,
        instance_owner_id=instance_owner_id or tx.account,
        device_index=device_index,
        network_card_index=network_card_index,
        attach_time=tx.now.replace(microsecond=0),
        delete_on_termination=delete_on_termination,
    )
    interface = tx.update(
        interface,
        attachment=attachment,
        instance_id=instance_id,
        status="in-use",
    )
    for address in tx.select(Address, network_interface_id=interface.network_interface_id):
        tx.update(address, instance_id=instance_id)
    return interface


def detach_interface(tx: Tx, interface: NetworkInterface) -> NetworkInterface:
    """Unplug an interface; its addresses stay with it, but for a public one that was lent."""
    for address in tx.select(Address, network_interface_id=interface.network_interface_id):
        tx.update(address, instance_id=None)
    return tx.update(take_public_address(tx, interface), attachment=None, instance_id=None, status="available")


def delete_interface(tx: Tx, interface: NetworkInterface) -> None:
    """Remove an interface and give its addresses back; an Elastic IP becomes free."""
    for address in tx.select(Address, network_interface_id=interface.network_interface_id):
        tx.update(address, **UNASSOCIATED)
    for item in interface.private_ip_addresses:
        release_private_address(tx, interface.subnet_id, item.private_ip_address)
    for block in interface.ipv4_prefixes or ():
        release_private_address(tx, interface.subnet_id, block.ipv4_prefix)
    tx.delete(interface)


UNASSOCIATED: dict[str, None] = {
    "association_id": None,
    "instance_id": None,
    "network_interface_id": None,
    "network_interface_owner_id": None,
    "private_ip_address": None,
}
"""The fields of an Elastic IP that nothing has."""


def give_public_address(tx: Tx, interface: NetworkInterface) -> NetworkInterface:
    """Lend a public address to the primary private one, until the instance stops. An interface that has one keeps it."""
    if interface.association is not None or not interface.private_ip_addresses:
        return interface
    vpc = tx.get(Vpc, interface.vpc_id)
    association = lent_address(tx, vpc.enable_dns_hostnames and vpc.enable_dns_support)
    return associate(tx, interface, interface.private_ip_addresses[0].private_ip_address, association)


def lent_address(tx: Tx, named: bool) -> PublicAssociation:
    """A public address of Amazon's."""
    address = new_public_address(tx)
    return PublicAssociation(
        public_ip=address, ip_owner_id="amazon", public_dns_name=public_name(tx, address) if named else ""
    )


def take_public_address(tx: Tx, interface: NetworkInterface) -> NetworkInterface:
    """Take a lent public address back; Elastic IPs stay."""
    found = interface.association
    if found is None or found.allocation_id is not None or interface.private_ip_address is None:
        return interface
    return associate(tx, interface, interface.private_ip_address, None)


def associate(
    tx: Tx, interface: NetworkInterface, private_ip: str, association: PublicAssociation | None
) -> NetworkInterface:
    """Set, or remove, the public address behind which one private address is seen."""
    return set_addresses(
        tx,
        interface,
        [
            replace(item, association=association) if item.private_ip_address == private_ip else item
            for item in interface.private_ip_addresses
        ],
    )


def set_addresses(tx: Tx, interface: NetworkInterface, addresses: Iterable[PrivateIp]) -> NetworkInterface:
    """Replace an interface's private addresses, and what follows from them."""
    found = tuple(addresses)
    return tx.update(
        interface,
        private_ip_addresses=found,
        association=next((item.association for item in found if item.primary), None),
    )
