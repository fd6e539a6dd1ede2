"""Network interfaces of a launch: from the request's interface specifications, or from its subnet and groups."""

from __future__ import annotations

from typing import Any

import msgspec

from sundog.core import AwsError, Tx
from sundog.services.ec2.identifier import check_ids
from sundog.services.ec2.network_interface import (
    attach_interface,
    create_interface,
    give_public_address,
    launch_interfaces,
)
from sundog.services.ec2.security_group import groups_for
from sundog.services.ec2.state.interface import NetworkInterface
from sundog.services.ec2.state.network import Subnet
from sundog.services.ec2.state.security_group import SecurityGroup
from sundog.services.ec2.subnet import default_subnet


class Card(msgspec.Struct, frozen=True, kw_only=True):
    """One interface that each instance of a launch gets: one that exists, or what to make."""

    index: int
    existing: NetworkInterface | None = None
    subnet: Subnet
    groups: list[SecurityGroup]
    private_ip: str | None = None
    description: str = ""
    delete_on_termination: bool = True
    network_card_index: int = 0
    public: bool = False
    asked_public: bool = False
    more: dict[str, Any] = {}


def plan_cards(tx: Tx, req: Any) -> list[Card]:
    """The interfaces for a launch; checked, none made. The primary one comes first."""
    zone = req.placement.availability_zone or req.placement.availability_zone_id if req.placement else None
    if not req.network_interfaces:
        return [_simple(tx, req, zone)]
    for given, what in (
        (req.subnet_id, "subnet ID"),
        (req.security_group_ids, "security groups"),
        (req.security_groups, "security groups"),
        (req.private_ip_address, "private address"),
    ):
        if given:
            raise _combination(
                f"Network interfaces and an instance-level {what} may not be specified on the same request"
            )
    if req.ipv6_addresses or req.ipv6_address_count:
        raise _combination(
            "Network interfaces and instance-level IPv6 addresses may not be specified on the same request"
        )
    cards = [_card(tx, each, req.max_count, zone) for each in req.network_interfaces]
    places = [(card.network_card_index, card.index) for card in cards]
    if len(set(places)) < len(places):
        raise _combination("Each network interface must have a unique device index.")
    cards.sort(key=lambda card: (card.network_card_index, card.index))
    if cards[0].index != 0:
        raise _combination("Primary network interface (device index 0) must be specified when launching an instance.")
    if len({card.subnet.vpc_id for card in cards}) > 1:
        raise AwsError("InvalidParameterCombination", "Network interfaces must belong to the same VPC.")
    if len({card.subnet.availability_zone for card in cards}) > 1:
        raise _combination("Network interfaces must be in the same Availability Zone.")
    return cards


def _subnet(tx: Tx, subnet_id: str | None, zone: str | None) -> Subnet:
    if subnet_id is None:
        return default_subnet(tx, zone)
    check_ids((subnet_id,), "subnet", "InvalidSubnetID.Malformed")
    subnet = tx.get(Subnet, subnet_id)
    if zone is not None and zone not in (subnet.availability_zone, subnet.availability_zone_id):
        raise AwsError(
            "InvalidParameterValue",
            f"The availability zone '{zone}' does not match the availability zone of the subnet '{subnet_id}'.",
        )
    return subnet


def _simple(tx: Tx, req: Any, zone: str | None) -> Card:
    """The one interface of a launch that names no interfaces."""
    if req.subnet_id and req.security_groups:
        raise _combination("The parameter groupName cannot be used with the parameter subnet")
    subnet = _subnet(tx, req.subnet_id, zone)
    groups = groups_for(tx, subnet.vpc_id, req.security_group_ids, req.security_groups)
    if req.private_ip_address and req.max_count > 1:
        raise _combination("The parameter PrivateIpAddress cannot be used when launching more than one instance.")
    more: dict[str, Any] = {}
    if req.ipv6_addresses:
        more["ipv6_addresses"] = [each.ipv6_address for each in req.ipv6_addresses]
    if req.ipv6_address_count is not None:
        more["ipv6_count"] = req.ipv6_address_count
    if req.enable_primary_ipv6:
        more["primary_ipv6"] = True
    return Card(
        index=0,
        subnet=subnet,
        groups=groups,
        private_ip=req.private_ip_address,
        public=subnet.map_public_ip_on_launch,
        more=more,
    )


def _card(tx: Tx, item: Any, count: int, zone: str | None) -> Card:
    """One interface specification."""
    if item.network_interface_id is not None:
        return _existing(tx, item, count)
    index = item.device_index
    if index is None:
        raise _combination("Each network interface requires a device index.")
    subnet = _subnet(tx, item.subnet_id, zone)
    private_ip = item.private_ip_address
    secondary: list[str] = []
    for each in item.private_ip_addresses or ():
        if each.primary:
            private_ip = each.private_ip_address
        else:
            secondary.append(each.private_ip_address)
    if (private_ip or secondary) and count > 1:
        raise _combination("A private address cannot be specified when launching more than one instance.")
    public = item.associate_public_ip_address
    asked: dict[str, Any] = {
        "secondary_ips": secondary,
        "secondary_count": item.secondary_private_ip_address_count,
        "prefixes": [each.ipv4_prefix for each in item.ipv4_prefixes or ()],
        "prefix_count": item.ipv4_prefix_count,
        "ipv6_addresses": [each.ipv6_address for each in item.ipv6_addresses or ()],
        "ipv6_count": item.ipv6_address_count,
        "primary_ipv6": item.primary_ipv6,
        "interface_type": item.interface_type,
    }
    more = {name: value for name, value in asked.items() if value}
    return Card(
        index=index,
        subnet=subnet,
        groups=groups_for(tx, subnet.vpc_id, item.groups),
        private_ip=private_ip,
        description=item.description or "",
        delete_on_termination=True if item.delete_on_termination is None else item.delete_on_termination,
        network_card_index=item.network_card_index or 0,
        public=(subnet.map_public_ip_on_launch and index == 0) if public is None else public,
        asked_public=public is True,
        more=more,
    )


def _existing(tx: Tx, item: Any, count: int) -> Card:
    """A specification that names an interface which exists."""
    check_ids((item.network_interface_id,), "eni", "InvalidNetworkInterfaceID.Malformed")
    row = tx.get(NetworkInterface, item.network_interface_id)
    if count > 1:
        raise _combination("A network interface ID cannot be specified when launching more than one instance.")
    if item.associate_public_ip_address is not None:
        raise _combination("A network interface may not specify both a network interface ID and a public IP address")
    if item.subnet_id or item.groups or item.private_ip_address:
        raise _combination(
            "A network interface may not specify both a network interface ID and a subnet, a group or a private address"
        )
    if row.attachment is not None:
        raise AwsError("InvalidNetworkInterface.InUse", f"Interface: [{row.network_interface_id}] in use.")
    keep = item.delete_on_termination
    return Card(
        index=item.device_index or 0,
        existing=row,
        subnet=tx.get(Subnet, row.subnet_id),
        groups=[],
        delete_on_termination=bool(keep),
        network_card_index=item.network_card_index or 0,
    )


def make_cards(tx: Tx, cards: list[Card], ids: list[str], public: bool, tags: Any) -> list[list[NetworkInterface]]:
    """Make the planned interfaces, or take those that exist, and attach them: a list for each instance.

    ``public``: the first has a public address at once.
    """
    first = cards[0]
    if len(cards) == 1 and first.existing is None and first.private_ip is None and not first.more:
        made = launch_interfaces(
            tx,
            first.subnet,
            first.groups,
            ids,
            public=public,
            delete_on_termination=first.delete_on_termination,
            tags=tags,
            description=first.description,
        )
        return [[row] for row in made]
    return [_one_by_one(tx, cards, instance_id, public, tags) for instance_id in ids]


def _one_by_one(tx: Tx, cards: list[Card], instance_id: str, public: bool, tags: Any) -> list[NetworkInterface]:
    made: list[NetworkInterface] = []
    for card in cards:
        row = card.existing
        if row is None:
            row = create_interface(
                tx, card.subnet, card.groups, card.private_ip, card.description, tags=tags, **card.more
            )
            if public and card.index == 0:
                row = give_public_address(tx, row)
        made.append(
            attach_interface(tx, row, instance_id, card.index, card.delete_on_termination, card.network_card_index)
        )
    return made


def _combination(message: str) -> AwsError:
    return AwsError("InvalidParameterCombination", message)
