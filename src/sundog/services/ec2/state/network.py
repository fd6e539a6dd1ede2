"""VPCs, subnets, and what routes and guards them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

import msgspec

from sundog.core import NO_TAGS, Index, Key, Record, Tags, record
from sundog.core.filter import parse_names, values_at

if TYPE_CHECKING:
    from sundog.core import Tx


def joined(kind: type[Record], field: str, paths: dict[str, str]) -> dict[str, Callable[[Tx, Any], Iterable[Any]]]:
    """Filters on the rows of another kind that name a row: by ``field``, which is the name of the row's own key too."""

    def values(path: str) -> Callable[[Tx, Any], Iterable[Any]]:
        parts = tuple(path.split("."))

        def read(tx: Tx, row: Any) -> Iterable[Any]:
            for other in tx.select(kind, **{field: getattr(row, field)}):
                yield from values_at(other, parts)

        return read

    return {name: values(path) for name, path in paths.items()}


class CidrState(msgspec.Struct, frozen=True):
    """Whether a CIDR block counts yet."""

    state: str = "associated"
    status_message: str | None = None


ASSOCIATED = CidrState()


class VpcCidr(msgspec.Struct, frozen=True):
    """One IPv4 range of a VPC."""

    association_id: str
    cidr_block: str
    cidr_block_state: CidrState = ASSOCIATED


class Ipv6Cidr(msgspec.Struct, frozen=True, kw_only=True):
    """One IPv6 range of a VPC or of a subnet."""

    association_id: str
    ipv6_cidr_block: str
    ipv6_cidr_block_state: CidrState = ASSOCIATED
    network_border_group: str | None = None
    ipv6_pool: str | None = None
    ipv6_address_attribute: str | None = "public"
    ip_source: str | None = "amazon"


class BlockPublicAccess(msgspec.Struct, frozen=True):
    """What VPC Block Public Access does to a VPC or a subnet."""

    internet_gateway_block_mode: str = "off"


NOT_BLOCKED = BlockPublicAccess()


@record(
    missing=("InvalidVpcID.NotFound", "The vpc ID '{}' does not exist"),
    tagged_as="vpc",
    order="added",
    bare=True,
    filters=parse_names(
        (
            "cidr=cidr_block",
            "cidr-block=cidr_block",
            "cidrBlock=cidr_block",
            "cidr-block-association.association-id=cidr_block_association_set.association_id",
            "cidr-block-association.cidr-block=cidr_block_association_set.cidr_block",
            "cidr-block-association.state=cidr_block_association_set.cidr_block_state.state",
            "dhcp-options-id",
            "dhcpOptionsId=dhcp_options_id",
            "instance-tenancy",
            "ipv6-cidr-block-association.association-id=ipv6_cidr_block_association_set.association_id",
            "ipv6-cidr-block-association.ipv6-cidr-block=ipv6_cidr_block_association_set.ipv6_cidr_block",
            "ipv6-cidr-block-association.ipv6-pool=ipv6_cidr_block_association_set.ipv6_pool",
            "ipv6-cidr-block-association.state=ipv6_cidr_block_association_set.ipv6_cidr_block_state.state",
            "is-default",
            "isDefault=is_default",
            "owner-id",
            "state",
            "vpc-id",
        )
    ),
)
class Vpc(Record):
    """One virtual network."""

    vpc_id: Key[str]
    owner_id: str
    cidr_block: str
    cidr_block_association_set: tuple[VpcCidr, ...]
    ipv6_cidr_block_association_set: tuple[Ipv6Cidr, ...] | None = None
    dhcp_options_id: Index[str]
    instance_tenancy: str = "default"
    is_default: bool = False
    state: str = "available"
    block_public_access_states: BlockPublicAccess = NOT_BLOCKED
    enable_dns_support: bool = True
    enable_dns_hostnames: bool = False
    enable_network_address_usage_metrics: bool = False
    tags: Tags = NO_TAGS


class NameOptions(msgspec.Struct, frozen=True):
    """How instances of a subnet are named."""

    hostname_type: str = "ip-name"
    enable_resource_name_dns_a_record: bool = False
    enable_resource_name_dns_aaaa_record: bool = False


NAME_OPTIONS = NameOptions()


@record(
    missing=("InvalidSubnetID.NotFound", "The subnet ID '{}' does not exist"),
    tagged_as="subnet",
    order="added",
    bare=True,
    filters=parse_names(
        (
            "availability-zone",
            "availabilityZone=availability_zone",
            "availability-zone-id",
            "availabilityZoneId=availability_zone_id",
            "available-ip-address-count",
            "cidr-block",
            "cidr=cidr_block",
            "cidrBlock=cidr_block",
            "customer-owned-ipv4-pool",
            "default-for-az",
            "defaultForAz=default_for_az",
            "enable-dns64",
            "enable-lni-at-device-index",
            "ipv6-cidr-block-association.association-id=ipv6_cidr_block_association_set.association_id",
            "ipv6-cidr-block-association.ipv6-cidr-block=ipv6_cidr_block_association_set.ipv6_cidr_block",
            "ipv6-cidr-block-association.state=ipv6_cidr_block_association_set.ipv6_cidr_block_state.state",
            "ipv6-native",
            "map-customer-owned-ip-on-launch",
            "map-public-ip-on-launch",
            "outpost-arn",
            "owner-id",
            "private-dns-name-options-on-launch.hostname-type=private_dns_name_options_on_launch.hostname_type",
            "private-dns-name-options-on-launch.enable-resource-name-dns-a-record"
            "=private_dns_name_options_on_launch.enable_resource_name_dns_a_record",
            "private-dns-name-options-on-launch.enable-resource-name-dns-aaaa-record"
            "=private_dns_name_options_on_launch.enable_resource_name_dns_aaaa_record",
            "state",
            "subnet-arn",
            "subnet-id",
            "vpc-id",
        )
    ),
)
class Subnet(Record):
    """One zone's part of a VPC. ``next_address`` is where the search for a free address goes on (an IPv4 number)."""

    subnet_id: Key[str]
    subnet_arn: str
    vpc_id: Index[str]
    owner_id: str
    cidr_block: str | None
    availability_zone: str
    availability_zone_id: str | None
    available_ip_address_count: int
    next_address: int = 0
    default_for_az: bool = False
    map_public_ip_on_launch: bool = False
    map_customer_owned_ip_on_launch: bool = False
    customer_owned_ipv4_pool: str | None = None
    enable_lni_at_device_index: int | None = None
    outpost_arn: str | None = None
    assign_ipv6_address_on_creation: bool = False
    ipv6_cidr_block_association_set: tuple[Ipv6Cidr, ...] = ()
    ipv6_native: bool = False
    enable_dns64: bool = False
    private_dns_name_options_on_launch: NameOptions = NAME_OPTIONS
    block_public_access_states: BlockPublicAccess = NOT_BLOCKED
    state: str = "available"
    tags: Tags = NO_TAGS


@record(
    missing=("InvalidSubnetCidrReservationId.NotFound", "The subnet CIDR reservation ID '{}' does not exist"),
    tagged_as="subnet-cidr-reservation",
    order="added",
    filters=parse_names(
        (
            "reservationType=reservation_type",
            "reservation-type",
            "subnet-id",
        )
    ),
)
class SubnetCidrReservation(Record):
    """A range of a subnet that addresses are not taken from by themselves."""

    subnet_cidr_reservation_id: Key[str]
    subnet_id: Index[str]
    cidr: str
    reservation_type: str
    owner_id: str
    description: str | None = None
    tags: Tags = NO_TAGS


class GatewayAttachment(msgspec.Struct, frozen=True):
    """Which VPC a gateway serves."""

    state: str
    vpc_id: str


@record(
    missing=("InvalidInternetGatewayID.NotFound", "The internetGateway ID '{}' does not exist"),
    tagged_as="internet-gateway",
    order="added",
    filters=parse_names(
        (
            "attachment.state=attachments.state",
            "attachment.vpc-id=vpc_id",
            "internet-gateway-id",
            "owner-id",
        )
    ),
)
class InternetGateway(Record):
    """A VPC's way to the internet."""

    internet_gateway_id: Key[str]
    owner_id: str
    attachments: tuple[GatewayAttachment, ...] = ()
    vpc_id: Index[str | None] = None
    tags: Tags = NO_TAGS


class Route(msgspec.Struct, frozen=True, kw_only=True):
    """Where one destination's packets go. Exactly one destination and one target are set."""

    destination_cidr_block: str | None = None
    destination_ipv6_cidr_block: str | None = None
    destination_prefix_list_id: str | None = None
    gateway_id: str | None = None
    instance_id: str | None = None
    instance_owner_id: str | None = None
    network_interface_id: str | None = None
    nat_gateway_id: str | None = None
    egress_only_internet_gateway_id: str | None = None
    transit_gateway_id: str | None = None
    local_gateway_id: str | None = None
    carrier_gateway_id: str | None = None
    vpc_peering_connection_id: str | None = None
    core_network_arn: str | None = None
    odb_network_arn: str | None = None
    origin: str = "CreateRoute"
    state: str = "active"


class PropagatingGateway(msgspec.Struct, frozen=True):
    """A VPN gateway whose routes a table takes over."""

    gateway_id: str


class AssociationState(msgspec.Struct, frozen=True):
    """How far an association of a route table is."""

    state: str = "associated"


ROUTES_ASSOCIATED = AssociationState()


@record(missing=("InvalidAssociationID.NotFound", "The association ID '{}' does not exist"), order="added")
class RouteTableAssociation(Record):
    """Which table routes for a subnet, for a gateway, or (``main``) for all subnets that name none."""

    route_table_association_id: Key[str]
    route_table_id: Index[str]
    vpc_id: Index[str]
    main: bool = False
    subnet_id: Index[str | None] = None
    gateway_id: Index[str | None] = None
    association_state: AssociationState = ROUTES_ASSOCIATED


@record(
    missing=("InvalidRouteTableID.NotFound", "The routeTable ID '{}' does not exist"),
    tagged_as="route-table",
    order="added",
    filters={
        **parse_names(
            (
                "owner-id",
                "route-table-id",
                "route.carrier-gateway-id=routes.carrier_gateway_id",
                "route.destination-cidr-block=routes.destination_cidr_block",
                "route.destination-ipv6-cidr-block=routes.destination_ipv6_cidr_block",
                "route.destination-prefix-list-id=routes.destination_prefix_list_id",
                "route.egress-only-internet-gateway-id=routes.egress_only_internet_gateway_id",
                "route.gateway-id=routes.gateway_id",
                "route.instance-id=routes.instance_id",
                "route.nat-gateway-id=routes.nat_gateway_id",
                "route.network-interface-id=routes.network_interface_id",
                "route.origin=routes.origin",
                "route.state=routes.state",
                "route.transit-gateway-id=routes.transit_gateway_id",
                "route.vpc-peering-connection-id=routes.vpc_peering_connection_id",
                "vpc-id",
            )
        ),
        **joined(
            RouteTableAssociation,
            "route_table_id",
            {
                "association.gateway-id": "gateway_id",
                "association.main": "main",
                "association.route-table-association-id": "route_table_association_id",
                "association.route-table-id": "route_table_id",
                "association.state": "association_state.state",
                "association.subnet-id": "subnet_id",
            },
        ),
    },
)
class RouteTable(Record):
    """The routes of the subnets and gateways that are associated with it."""

    route_table_id: Key[str]
    vpc_id: Index[str]
    owner_id: str
    routes: tuple[Route, ...]
    propagating_vgws: tuple[PropagatingGateway, ...] = ()
    tags: Tags = NO_TAGS


class PortRange(msgspec.Struct, frozen=True):
    """From a port to a port."""

    from_: int
    to: int


class IcmpTypeCode(msgspec.Struct, frozen=True):
    """Which ICMP messages; -1 is any."""

    type: int
    code: int


class AclEntry(msgspec.Struct, frozen=True, kw_only=True):
    """One rule of a network ACL."""

    rule_number: int
    egress: bool
    protocol: str
    rule_action: str
    cidr_block: str | None = None
    ipv6_cidr_block: str | None = None
    port_range: PortRange | None = None
    icmp_type_code: IcmpTypeCode | None = None


@record(missing=("InvalidAssociationID.NotFound", "The association ID '{}' does not exist"), order="added")
class NetworkAclAssociation(Record):
    """Which ACL guards a subnet. Every subnet has one."""

    network_acl_association_id: Key[str]
    network_acl_id: Index[str]
    subnet_id: Index[str]


@record(
    missing=("InvalidNetworkAclID.NotFound", "The networkAcl ID '{}' does not exist"),
    tagged_as="network-acl",
    order="added",
    filters={
        **parse_names(
            (
                "default=is_default",
                "entry.cidr=entries.cidr_block",
                "entry.egress=entries.egress",
                "entry.icmp.code=entries.icmp_type_code.code",
                "entry.icmp.type=entries.icmp_type_code.type",
                "entry.ipv6-cidr=entries.ipv6_cidr_block",
                "entry.port-range.from=entries.port_range.from_",
                "entry.port-range.to=entries.port_range.to",
                "entry.protocol=entries.protocol",
                "entry.rule-action=entries.rule_action",
                "entry.rule-number=entries.rule_number",
                "network-acl-id",
                "owner-id",
                "vpc-id",
            )
        ),
        **joined(
            NetworkAclAssociation,
            "network_acl_id",
            {
                "association.association-id": "network_acl_association_id",
                "association.network-acl-id": "network_acl_id",
                "association.subnet-id": "subnet_id",
            },
        ),
    },
)
class NetworkAcl(Record):
    """A stateless firewall around subnets. ``entries`` are sorted: outward ones first, by number."""

    network_acl_id: Key[str]
    vpc_id: Index[str]
    owner_id: str
    is_default: bool = False
    entries: tuple[AclEntry, ...] = ()
    tags: Tags = NO_TAGS


class DhcpConfiguration(msgspec.Struct, frozen=True):
    """One DHCP option with its values."""

    key: str
    values: tuple[str, ...]


@record(
    missing=("InvalidDhcpOptionID.NotFound", "The dhcpOption ID '{}' does not exist"),
    tagged_as="dhcp-options",
    order="added",
    filters=parse_names(
        (
            "dhcp-options-id",
            "key=configurations.key",
            "owner-id",
            "value=configurations.values",
        )
    ),
)
class DhcpOptions(Record):
    """What the VPCs' DHCP server tells. ``initial`` marks the set that every VPC begins with."""

    dhcp_options_id: Key[str]
    owner_id: str
    configurations: tuple[DhcpConfiguration, ...]
    initial: bool = False
    tags: Tags = NO_TAGS
