"""Customer gateways, VPN gateways and VPN connections."""

from __future__ import annotations

from typing import Any

import msgspec

from sundog.core import NO_TAGS, Index, Key, Record, Tags, record
from sundog.core.filter import parse_names
from sundog.services.ec2.state.network import GatewayAttachment


@record(
    missing=("InvalidCustomerGatewayID.NotFound", "The customerGateway ID '{}' does not exist"),
    tagged_as="customer-gateway",
    order="added",
    filters=parse_names(("bgp-asn", "customer-gateway-id", "ip-address", "state", "type")),
)
class CustomerGateway(Record):
    """A customer's device."""

    customer_gateway_id: Key[str]
    type: str
    ip_address: str | None = None
    bgp_asn: str | None = None
    bgp_asn_extended: str | None = None
    certificate_arn: str | None = None
    device_name: str | None = None
    state: str = "pending"
    tags: Tags = NO_TAGS


@record(
    missing=("InvalidVpnGatewayID.NotFound", "The vpnGateway ID '{}' does not exist"),
    tagged_as="vpn-gateway",
    order="added",
    filters=parse_names(
        (
            "amazon-side-asn",
            "attachment.state=vpc_attachments.state",
            "attachment.vpc-id=vpc_attachments.vpc_id",
            "availability-zone",
            "state",
            "type",
            "vpn-gateway-id",
        )
    ),
)
class VpnGateway(Record):
    """AWS's side of VPN connections to one VPC."""

    vpn_gateway_id: Key[str]
    type: str
    amazon_side_asn: int = 64512
    availability_zone: str | None = None
    state: str = "pending"
    vpc_id: Index[str | None] = None
    vpc_attachments: tuple[GatewayAttachment, ...] = ()
    tags: Tags = NO_TAGS


class VpnRoute(msgspec.Struct, frozen=True):
    """A range behind the customer's device."""

    destination_cidr_block: str
    source: str = "Static"
    state: str = "available"


@record(
    missing=("InvalidVpnConnectionID.NotFound", "The vpnConnection ID '{}' does not exist"),
    tagged_as="vpn-connection",
    order="added",
    filters=parse_names(
        (
            "customer-gateway-id",
            "option.static-routes-only=static_routes_only",
            "route.destination-cidr-block=routes.destination_cidr_block",
            "bgp-asn=customer_asn",
            "state",
            "transit-gateway-id",
            "type",
            "vpn-connection-id",
            "vpn-gateway-id",
        )
    ),
)
class VpnConnection(Record):
    """Two tunnels to a customer's device. ``options`` and ``vgw_telemetry`` are the shape's own."""

    vpn_connection_id: Key[str]
    state: str = "pending"
    type: str
    category: str = "VPN"
    customer_gateway_id: Index[str]
    customer_asn: str | None = None
    vpn_gateway_id: Index[str | None] = None
    transit_gateway_id: Index[str | None] = None
    transit_gateway_attachment_id: str | None = None
    vpn_concentrator_id: str | None = None
    gateway_association_state: str | None = None
    static_routes_only: bool = False
    options: dict[str, Any]
    routes: tuple[VpnRoute, ...] = ()
    vgw_telemetry: tuple[dict[str, Any], ...] = ()
    customer_gateway_configuration: str = ""
    pre_shared_key_arn: str | None = None
    tags: Tags = NO_TAGS


@record(
    missing=("InvalidVpnConcentratorID.NotFound", "The vpnConcentrator ID '{}' does not exist"),
    tagged_as="vpn-concentrator",
    order="added",
    filters=parse_names(("state", "transit-gateway-id", "type", "vpn-concentrator-id")),
)
class VpnConcentrator(Record):
    """Many VPN connections behind one attachment of a transit gateway."""

    vpn_concentrator_id: Key[str]
    state: str = "pending"
    type: str
    transit_gateway_id: str | None = None
    transit_gateway_attachment_id: str | None = None
    tags: Tags = NO_TAGS
