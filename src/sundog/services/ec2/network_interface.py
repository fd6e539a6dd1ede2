"""Network interfaces: made, plugged in, unplugged, deleted."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from msgspec.structs import replace

from sundog.api import ec2 as api
from sundog.core import AwsError, Tx, op
from sundog.core.structure import plain
from sundog.services.ec2 import facts
from sundog.services.ec2.cidr import ipv6, ipv6_text, known_range6
from sundog.services.ec2.dns import private_name, public_name
from sundog.services.ec2.limits import INTERFACES
from sundog.services.ec2.private_address import (
    allocate_prefix,
    allocate_private_address,
    allocate_private_addresses,
    release_private_address,
)
from sundog.services.ec2.public_address import new_public_address
from sundog.services.ec2.route import follow_interface
from sundog.services.ec2.security_group import groups_for
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
    follow_interface(tx, interface)
    return interface


def detach_interface(tx: Tx, interface: NetworkInterface) -> NetworkInterface:
    """Unplug an interface; its addresses stay with it, but for a public one that was lent."""
    for address in tx.select(Address, network_interface_id=interface.network_interface_id):
        tx.update(address, instance_id=None)
    interface = tx.update(take_public_address(tx, interface), attachment=None, instance_id=None, status="available")
    follow_interface(tx, interface)
    return interface


def delete_interface(tx: Tx, interface: NetworkInterface) -> None:
    """Remove an interface and give its addresses back; an Elastic IP becomes free."""
    for address in tx.select(Address, network_interface_id=interface.network_interface_id):
        tx.update(address, **UNASSOCIATED)
    for item in interface.private_ip_addresses:
        release_private_address(tx, interface.subnet_id, item.private_ip_address)
    for block in interface.ipv4_prefixes or ():
        release_private_address(tx, interface.subnet_id, block.ipv4_prefix)
    follow_interface(tx, interface, there=False)
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
    """Lend a public address to the primary private one, until the instance stops; one that it has stays."""
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


def rename_in(tx: Tx, vpc: Vpc, subnet_ids: Iterable[str]) -> None:
    """Give interfaces the DNS names that their VPC's switches now ask for, or none."""
    named = vpc.enable_dns_hostnames and vpc.enable_dns_support
    for subnet_id in subnet_ids:
        for interface in tx.select(NetworkInterface, subnet_id=subnet_id):
            addresses = [_renamed(tx, item, named) for item in interface.private_ip_addresses]
            if addresses and addresses != list(interface.private_ip_addresses):
                tx.update(
                    set_addresses(tx, interface, addresses),
                    private_dns_name=next(item.private_dns_name for item in addresses if item.primary),
                )


def _renamed(tx: Tx, item: PrivateIp, named: bool) -> PrivateIp:
    association = item.association
    if association is not None:
        name = public_name(tx, association.public_ip) if named else ""
        association = replace(association, public_dns_name=name)
    private = private_name(tx, item.private_ip_address) if named else None
    return replace(item, private_dns_name=private, association=association)


@op
def create_network_interface(tx: Tx, req: api.CreateNetworkInterfaceRequest) -> api.CreateNetworkInterfaceResult:
    """Make an interface that is plugged in nowhere yet."""
    subnet = tx.get(Subnet, req.subnet_id)
    groups = groups_for(tx, subnet.vpc_id, req.groups)
    if len(tx.store.part(NetworkInterface, tx.account, tx.region)) >= INTERFACES:
        raise AwsError("NetworkInterfaceLimitExceeded", "The maximum number of network interfaces has been reached.")
    primary, secondary = _addresses_asked(req)
    tracking = req.connection_tracking_specification
    interface = create_interface(
        tx,
        subnet,
        groups,
        primary,
        req.description or "",
        secondary_ips=secondary,
        secondary_count=req.secondary_private_ip_address_count or 0,
        prefixes=[item.ipv4_prefix for item in req.ipv4_prefixes or ()],
        prefix_count=req.ipv4_prefix_count or 0,
        ipv6_addresses=[item.ipv6_address for item in req.ipv6_addresses or ()],
        ipv6_count=req.ipv6_address_count,
        primary_ipv6=bool(req.enable_primary_ipv6),
        tags=req.tag_specifications,
        interface_type=req.interface_type or "interface",
        requester_id=tx.caller.user_id,
        connection_tracking_configuration=plain(tracking) if tracking is not None else None,
    )
    return api.CreateNetworkInterfaceResult(
        network_interface=replace(interface, status="pending"), client_token=req.client_token
    )


def _addresses_asked(req: api.CreateNetworkInterfaceRequest) -> tuple[str | None, list[str]]:
    """The primary address that a request names, and the secondary ones."""
    specified = req.private_ip_addresses or ()
    primaries = [item.private_ip_address for item in specified if item.primary]
    if req.private_ip_address is not None:
        primaries.append(req.private_ip_address)
    if len(set(primaries)) > 1:
        raise AwsError("InvalidParameterCombination", "Only one primary private IP address can be specified.")
    secondary = [item.private_ip_address for item in specified if not item.primary]
    primary = primaries[0] if primaries else secondary.pop(0) if secondary else None
    return primary, [address for address in secondary if address is not None]


@op
def describe_network_interfaces(
    tx: Tx, req: api.DescribeNetworkInterfacesRequest
) -> api.DescribeNetworkInterfacesResult:
    """List interfaces."""
    found = tx.search(NetworkInterface, ids=req.network_interface_ids, filters=req.filters)
    return api.DescribeNetworkInterfacesResult(network_interfaces=found)


@op
def delete_network_interface(tx: Tx, req: api.DeleteNetworkInterfaceRequest) -> None:
    """Delete an interface that isn't plugged in."""
    interface = tx.get(NetworkInterface, req.network_interface_id)
    if interface.attachment is not None:
        raise AwsError(
            "InvalidParameterValue", f"Network interface '{interface.network_interface_id}' is currently in use."
        )
    if interface.requester_managed:
        raise AwsError("OperationNotPermitted", "You are not allowed to manage this network interface.")
    delete_interface(tx, interface)


@op
def attach_network_interface(tx: Tx, req: api.AttachNetworkInterfaceRequest) -> api.AttachNetworkInterfaceResult:
    """Plug an interface into an instance of the same zone."""
    from sundog.services.ec2.state.compute import Instance

    interface = tx.get(NetworkInterface, req.network_interface_id)
    instance = tx.get(Instance, req.instance_id)
    if interface.attachment is not None:
        raise AwsError("InvalidNetworkInterface.InUse", f"Interface: [{interface.network_interface_id}] in use.")
    state = instance.state.name
    if state not in ("running", "stopped", "pending", "stopping"):
        raise AwsError(
            "IncorrectInstanceState",
            f"The instance '{instance.instance_id}' is not in a state from which a network interface can be "
            f"attached: {state}",
        )
    present = list(tx.select(NetworkInterface, instance_id=instance.instance_id))
    for other in present:
        assert other.attachment is not None
        if other.attachment.device_index == req.device_index:
            raise AwsError(
                "InvalidParameterValue",
                f"Instance '{instance.instance_id}' already has an interface attached at device index "
                f"'{req.device_index}'.",
            )
    if present and present[0].availability_zone != interface.availability_zone:
        raise AwsError(
            "InvalidParameterCombination",
            "You may not attach a network interface to an instance if they are not in the same availability zone",
        )
    if len(present) >= most(instance.instance_type, "MaximumNetworkInterfaces"):
        raise AwsError(
            "AttachmentLimitExceeded",
            f"Interface count {len(present) + 1} exceeds the limit for {instance.instance_type}",
        )
    card = req.network_card_index or 0
    interface = attach_interface(tx, interface, instance.instance_id, req.device_index, network_card_index=card)
    assert interface.attachment is not None
    return api.AttachNetworkInterfaceResult(attachment_id=interface.attachment.attachment_id, network_card_index=card)


def most(instance_type: str, member: str) -> int:
    """A network limit of an instance type; none is known for types that AWS doesn't have."""
    known = facts.instance_type(instance_type)
    return (known or {}).get("NetworkInfo", {}).get(member, 1000)


@op
def detach_network_interface(tx: Tx, req: api.DetachNetworkInterfaceRequest) -> None:
    """Unplug an interface, unless it is an instance's first."""
    interface = attached(tx, req.attachment_id)
    assert interface.attachment is not None
    if interface.requester_managed:
        raise AwsError("OperationNotPermitted", "You are not allowed to manage this network interface.")
    if interface.attachment.device_index == 0:
        raise AwsError("OperationNotPermitted", "The network interface at device index 0 cannot be detached.")
    detach_interface(tx, interface)


def attached(tx: Tx, attachment_id: str) -> NetworkInterface:
    """The interface with an attachment."""
    for interface in tx.select(NetworkInterface):
        if interface.attachment is not None and interface.attachment.attachment_id == attachment_id:
            return interface
    raise AwsError(
        "InvalidAttachmentID.NotFound", f"The networkInterfaceAttachment ID '{attachment_id}' does not exist"
    )
