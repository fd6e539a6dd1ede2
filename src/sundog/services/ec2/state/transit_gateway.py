"""Transit gateways and all that hangs on them."""

from __future__ import annotations

import datetime
from typing import Any

import msgspec

from sundog.core import NO_TAGS, Index, Key, Record, Tags, record
from sundog.core.filter import parse_names


class TransitGatewayOptions(msgspec.Struct, frozen=True, kw_only=True):
    """What a gateway does by itself."""

    amazon_side_asn: int = 64512
    transit_gateway_cidr_blocks: tuple[str, ...] | None = None
    auto_accept_shared_attachments: str = "disable"
    default_route_table_association: str = "enable"
    association_default_route_table_id: str | None = None
    default_route_table_propagation: str = "enable"
    propagation_default_route_table_id: str | None = None
    vpn_ecmp_support: str = "enable"
    dns_support: str = "enable"
    security_group_referencing_support: str = "disable"
    multicast_support: str = "disable"
    encryption_support: dict[str, str] | None = None


@record(
    missing=("InvalidTransitGatewayID.NotFound", "Transit Gateway {} was deleted or does not exist."),
    tagged_as="transit-gateway",
    order="added",
    filters=parse_names(
        (
            "options.propagation-default-route-table-id=options.propagation_default_route_table_id",
            "options.amazon-side-asn=options.amazon_side_asn",
            "options.association-default-route-table-id=options.association_default_route_table_id",
            "options.auto-accept-shared-attachments=options.auto_accept_shared_attachments",
            "options.default-route-table-association=options.default_route_table_association",
            "options.default-route-table-propagation=options.default_route_table_propagation",
            "options.dns-support=options.dns_support",
            "options.vpn-ecmp-support=options.vpn_ecmp_support",
            "owner-id",
            "state",
            "transit-gateway-id",
        )
    ),
)
class TransitGateway(Record):
    """A hub between VPCs, VPNs and other hubs."""

    transit_gateway_id: Key[str]
    transit_gateway_arn: str
    state: str = "pending"
    owner_id: str
    description: str | None = None
    creation_time: datetime.datetime
    options: TransitGatewayOptions
    tags: Tags = NO_TAGS


class VpcAttachmentOptions(msgspec.Struct, frozen=True):
    """How a VPC's attachment behaves."""

    dns_support: str = "enable"
    security_group_referencing_support: str = "enable"
    ipv6_support: str = "disable"
    appliance_mode_support: str = "disable"


class PeeringTgw(msgspec.Struct, frozen=True):
    """One side of a peering."""

    transit_gateway_id: str
    owner_id: str
    region: str


@record(
    missing=(
        "InvalidTransitGatewayAttachmentID.NotFound",
        "Transit Gateway Attachment {} was deleted or does not exist.",
    ),
    tagged_as="transit-gateway-attachment",
    order="added",
    filters=parse_names(
        (
            "association.state=association_state",
            "association.transit-gateway-route-table-id=route_table_id",
            "resource-id",
            "resource-owner-id",
            "resource-type",
            "state",
            "transit-gateway-attachment-id",
            "transit-gateway-id",
            "transit-gateway-owner-id",
            "transport-transit-gateway-attachment-id",
            "options.protocol=protocol",
            "vpc-id",
            "local-owner-id=resource_owner_id",
            "remote-owner-id",
        )
    ),
)
class TransitGatewayAttachment(Record):
    """Something plugged into a transit gateway.

    Where two accounts or regions see it, each has a row; ``homes`` names them.
    """

    transit_gateway_attachment_id: Key[str]
    transit_gateway_id: Index[str]
    transit_gateway_owner_id: str
    resource_type: str
    resource_id: Index[str | None]
    resource_owner_id: str
    state: str = "pending"
    creation_time: datetime.datetime
    homes: tuple[tuple[str, str], ...]
    route_table_id: Index[str | None] = None
    association_state: str | None = None
    policy_table_id: Index[str | None] = None
    vpc_id: Index[str | None] = None
    vpc_owner_id: str | None = None
    subnet_ids: tuple[str, ...] | None = None
    interface_ids: tuple[str, ...] = ()
    options: VpcAttachmentOptions | None = None
    transport_transit_gateway_attachment_id: str | None = None
    protocol: str | None = None
    requester_tgw_info: PeeringTgw | None = None
    accepter_tgw_info: PeeringTgw | None = None
    other_attachment_id: str | None = None
    remote_owner_id: str | None = None
    dynamic_routing: str | None = None
    status: dict[str, str] | None = None
    tags: Tags = NO_TAGS


@record(
    missing=("InvalidRouteTableID.NotFound", "Transit Gateway Route Table {} was deleted or does not exist."),
    tagged_as="transit-gateway-route-table",
    order="added",
    filters=parse_names(
        (
            "default-association-route-table",
            "default-propagation-route-table",
            "state",
            "transit-gateway-id",
            "transit-gateway-route-table-id",
        )
    ),
)
class TransitGatewayRouteTable(Record):
    """Where a gateway sends what comes from the attachments that are associated with the table."""

    transit_gateway_route_table_id: Key[str]
    transit_gateway_id: Index[str]
    state: str = "pending"
    default_association_route_table: bool = False
    default_propagation_route_table: bool = False
    creation_time: datetime.datetime
    tags: Tags = NO_TAGS


@record(order="added")
class TransitGatewayPropagation(Record):
    """An attachment whose ranges a table takes over."""

    transit_gateway_route_table_id: Key[str]
    transit_gateway_attachment_id: Key[str]
    state: str = "enabled"
    transit_gateway_route_table_announcement_id: str | None = None


@record(order="added")
class TransitGatewayRoute(Record):
    """A static route; without an attachment it drops what it matches."""

    transit_gateway_route_table_id: Key[str]
    destination_cidr_block: Key[str]
    transit_gateway_attachment_id: str | None = None


@record(order="added")
class TransitGatewayPrefixListReference(Record):
    """A route to all ranges of a prefix list."""

    transit_gateway_route_table_id: Key[str]
    prefix_list_id: Key[str]
    prefix_list_owner_id: str
    state: str = "available"
    blackhole: bool = False
    transit_gateway_attachment_id: str | None = None


@record(
    missing=(
        "InvalidTransitGatewayRouteTableAnnouncementID.NotFound",
        "Transit Gateway Route Table Announcement {} was deleted or does not exist.",
    ),
    tagged_as="transit-gateway-route-table-announcement",
    order="added",
    filters=parse_names(
        (
            "transit-gateway-route-table-announcement-id",
            "transit-gateway-id",
            "transit-gateway-route-table-id",
            "peering-attachment-id",
            "state",
        )
    ),
)
class TransitGatewayRouteTableAnnouncement(Record):
    """A table that is told to the other side of a peering."""

    transit_gateway_route_table_announcement_id: Key[str]
    transit_gateway_id: str
    peer_transit_gateway_id: str | None = None
    peering_attachment_id: str
    announcement_direction: str = "outgoing"
    transit_gateway_route_table_id: Index[str]
    state: str = "pending"
    creation_time: datetime.datetime
    tags: Tags = NO_TAGS


@record(
    missing=(
        "InvalidTransitGatewayConnectPeerID.NotFound",
        "Transit Gateway Connect Peer {} was deleted or does not exist.",
    ),
    tagged_as="transit-gateway-connect-peer",
    order="added",
    filters=parse_names(("state", "transit-gateway-attachment-id", "transit-gateway-connect-peer-id")),
)
class TransitGatewayConnectPeer(Record):
    """A GRE tunnel of a Connect attachment."""

    transit_gateway_connect_peer_id: Key[str]
    transit_gateway_attachment_id: Index[str]
    state: str = "pending"
    creation_time: datetime.datetime
    connect_peer_configuration: dict[str, Any]
    tags: Tags = NO_TAGS


@record(
    missing=(
        "InvalidTransitGatewayMulticastDomainId.NotFound",
        "Transit Gateway Multicast Domain {} was deleted or does not exist.",
    ),
    tagged_as="transit-gateway-multicast-domain",
    order="added",
    filters=parse_names(("state", "transit-gateway-id", "transit-gateway-multicast-domain-id")),
)
class TransitGatewayMulticastDomain(Record):
    """Subnets in which members of groups are reached by multicast."""

    transit_gateway_multicast_domain_id: Key[str]
    transit_gateway_id: Index[str]
    transit_gateway_multicast_domain_arn: str
    owner_id: str
    options: dict[str, str]
    state: str = "pending"
    creation_time: datetime.datetime
    tags: Tags = NO_TAGS


@record(order="added")
class MulticastSubnet(Record):
    """A subnet of a multicast domain."""

    transit_gateway_multicast_domain_id: Key[str]
    subnet_id: Key[str]
    transit_gateway_attachment_id: str
    resource_id: str | None
    resource_type: str
    resource_owner_id: str
    state: str = "associated"


@record(order="added")
class MulticastInterface(Record):
    """An interface that belongs to a group, or sends to it."""

    transit_gateway_multicast_domain_id: Key[str]
    group_ip_address: Key[str]
    network_interface_id: Key[str]
    source: Key[bool]


@record(
    missing=(
        "InvalidTransitGatewayPolicyTableId.NotFound",
        "Transit Gateway Policy Table {} was deleted or does not exist.",
    ),
    tagged_as="transit-gateway-policy-table",
    order="added",
    filters=parse_names(("state", "transit-gateway-id", "transit-gateway-policy-table-id")),
)
class TransitGatewayPolicyTable(Record):
    """Rules that say which route table decides. ``entries`` are the shape's own, by number."""

    transit_gateway_policy_table_id: Key[str]
    transit_gateway_id: Index[str]
    state: str = "pending"
    creation_time: datetime.datetime
    entries: tuple[dict[str, Any], ...] = ()
    tags: Tags = NO_TAGS


@record(
    missing=(
        "InvalidTransitGatewayMeteringPolicyId.NotFound",
        "Transit Gateway Metering Policy {} was deleted or does not exist.",
    ),
    tagged_as="transit-gateway-metering-policy",
    order="added",
    filters=parse_names(("state", "transit-gateway-id", "transit-gateway-metering-policy-id")),
)
class TransitGatewayMeteringPolicy(Record):
    """Rules that say who pays. ``entries`` are the shape's own, by number."""

    transit_gateway_metering_policy_id: Key[str]
    transit_gateway_id: Index[str]
    middlebox_attachment_ids: tuple[str, ...] = ()
    state: str = "pending"
    update_effective_at: datetime.datetime | None = None
    entries: tuple[dict[str, Any], ...] = ()
    tags: Tags = NO_TAGS
