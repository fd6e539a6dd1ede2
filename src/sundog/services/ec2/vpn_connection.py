"""VPN connections and their routes."""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from sundog.api import ec2 as api
from sundog.core import AwsError, Tx, op
from sundog.core.structure import plain
from sundog.services.ec2.cidr import ipv4_range, range_text
from sundog.services.ec2.lifecycle import alive, begin, change, end
from sundog.services.ec2.settle import moment
from sundog.services.ec2.state.transit_gateway import TransitGatewayAttachment
from sundog.services.ec2.state.vpn import CustomerGateway, VpnConcentrator, VpnConnection, VpnGateway, VpnRoute
from sundog.services.ec2.transit_gateway.attachment import close_attachment, open_attachment, usable
from sundog.services.ec2.vpn_propagation import propagate_all
from sundog.services.ec2.vpn_tunnel import configuration, telemetry, tunnel

_OPTIONS = (
    "local_ipv4_network_cidr",
    "remote_ipv4_network_cidr",
    "local_ipv6_network_cidr",
    "remote_ipv6_network_cidr",
)
_WIRE = {
    "local_ipv4_network_cidr": "LocalIpv4NetworkCidr",
    "remote_ipv4_network_cidr": "RemoteIpv4NetworkCidr",
    "local_ipv6_network_cidr": "LocalIpv6NetworkCidr",
    "remote_ipv6_network_cidr": "RemoteIpv6NetworkCidr",
}


@op
def create_vpn_connection(tx: Tx, req: api.CreateVpnConnectionRequest) -> api.CreateVpnConnectionResult:
    """Make two tunnels between a device and a VPN or transit gateway."""
    customer = alive(tx, CustomerGateway, req.customer_gateway_id)
    if req.vpn_gateway_id and req.transit_gateway_id:
        raise AwsError(
            "InvalidParameterCombination", "The request must contain at most one of vpnGatewayId, transitGatewayId"
        )
    gateway = alive(tx, VpnGateway, req.vpn_gateway_id) if req.vpn_gateway_id else None
    if req.vpn_concentrator_id:
        alive(tx, VpnConcentrator, req.vpn_concentrator_id)
    asked = req.options
    static = bool(asked and asked.static_routes_only)
    inside = (asked and asked.tunnel_inside_ip_version) or "ipv4"
    specifications = list((asked and asked.tunnel_options) or ())[:2]
    options: dict[str, Any] = {
        "EnableAcceleration": bool(asked and asked.enable_acceleration),
        "StaticRoutesOnly": static,
        "LocalIpv4NetworkCidr": (asked and asked.local_ipv4_network_cidr) or "0.0.0.0/0",
        "RemoteIpv4NetworkCidr": (asked and asked.remote_ipv4_network_cidr) or "0.0.0.0/0",
        "OutsideIpAddressType": (asked and asked.outside_ip_address_type) or "PublicIpv4",
        "TunnelInsideIpVersion": inside,
        "TunnelOptions": [
            tunnel(tx, plain(specifications[place]) if place < len(specifications) else {}) for place in (0, 1)
        ],
    }
    if inside == "ipv6":
        options["LocalIpv6NetworkCidr"] = (asked and asked.local_ipv6_network_cidr) or "::/0"
        options["RemoteIpv6NetworkCidr"] = (asked and asked.remote_ipv6_network_cidr) or "::/0"
    if asked is not None and asked.tunnel_bandwidth:
        options["TunnelBandwidth"] = asked.tunnel_bandwidth
    if asked is not None and asked.transport_transit_gateway_attachment_id:
        options["TransportTransitGatewayAttachmentId"] = asked.transport_transit_gateway_attachment_id
    connection_id = tx.new_id("vpn")
    attachment = _attach(tx, connection_id, req.transit_gateway_id) if req.transit_gateway_id else None
    row = VpnConnection(
        vpn_connection_id=connection_id,
        type=req.type,
        customer_gateway_id=customer.customer_gateway_id,
        customer_asn=customer.bgp_asn,
        vpn_gateway_id=gateway.vpn_gateway_id if gateway else None,
        transit_gateway_id=req.transit_gateway_id,
        transit_gateway_attachment_id=attachment,
        vpn_concentrator_id=req.vpn_concentrator_id,
        gateway_association_state="associated" if gateway or attachment else "not-associated",
        static_routes_only=static,
        options=options,
        vgw_telemetry=telemetry(options, moment(tx)),
        pre_shared_key_arn=tx.arn(f"secret:s2svpn!{connection_id}", service="secretsmanager")
        if req.pre_shared_key_storage == "SecretsManager"
        else None,
    )
    row = replace(row, customer_gateway_configuration=configuration(row, customer, gateway))
    made = begin(tx, row, tags=req.tag_specifications, seconds=300)
    return api.CreateVpnConnectionResult(vpn_connection=made)


def _attach(tx: Tx, connection_id: str, gateway_id: str) -> str:
    owner, gateway = usable(tx, gateway_id)
    made = open_attachment(
        tx,
        TransitGatewayAttachment(
            transit_gateway_attachment_id=tx.new_id("tgw-attach"),
            transit_gateway_id=gateway.transit_gateway_id,
            transit_gateway_owner_id=owner,
            resource_type="vpn",
            resource_id=connection_id,
            resource_owner_id=tx.account,
            creation_time=moment(tx),
            homes=tuple(dict.fromkeys([(tx.account, tx.region), (owner, tx.region)])),
        ),
    )
    return made.transit_gateway_attachment_id


def _detach(tx: Tx, row: VpnConnection) -> None:
    attachment_id = row.transit_gateway_attachment_id
    found = tx.find(TransitGatewayAttachment, attachment_id) if attachment_id else None
    if found is not None:
        close_attachment(tx, found)


@op
def describe_vpn_connections(tx: Tx, req: api.DescribeVpnConnectionsRequest) -> api.DescribeVpnConnectionsResult:
    """List connections."""
    found = tx.search(VpnConnection, ids=req.vpn_connection_ids, filters=req.filters)
    return api.DescribeVpnConnectionsResult(vpn_connections=found)


@op
def delete_vpn_connection(tx: Tx, req: api.DeleteVpnConnectionRequest) -> None:
    """Delete a connection; what was routed by it no longer is."""
    row = alive(tx, VpnConnection, req.vpn_connection_id)
    _detach(tx, row)
    end(tx, row)
    propagate_all(tx, row.vpn_gateway_id)


@op
def modify_vpn_connection(tx: Tx, req: api.ModifyVpnConnectionRequest) -> api.ModifyVpnConnectionResult:
    """Move a connection to another gateway or device."""
    row = alive(tx, VpnConnection, req.vpn_connection_id)
    changes: dict[str, Any] = {}
    named = [item for item in (req.vpn_gateway_id, req.transit_gateway_id, req.customer_gateway_id) if item]
    if len(named) != 1:
        raise AwsError(
            "InvalidParameterCombination",
            "The request must contain exactly one of vpnGatewayId, transitGatewayId, customerGatewayId",
        )
    if req.customer_gateway_id:
        customer = alive(tx, CustomerGateway, req.customer_gateway_id)
        changes = {"customer_gateway_id": customer.customer_gateway_id, "customer_asn": customer.bgp_asn}
    elif req.vpn_gateway_id:
        gateway = alive(tx, VpnGateway, req.vpn_gateway_id)
        _detach(tx, row)
        changes = {
            "vpn_gateway_id": gateway.vpn_gateway_id,
            "transit_gateway_id": None,
            "transit_gateway_attachment_id": None,
        }
    else:
        _detach(tx, row)
        changes = {
            "vpn_gateway_id": None,
            "transit_gateway_id": req.transit_gateway_id,
            "transit_gateway_attachment_id": _attach(tx, row.vpn_connection_id, req.transit_gateway_id or ""),
        }
    made = change(tx, row, "modifying", "available", gateway_association_state="associated", **changes)
    propagate_all(tx, row.vpn_gateway_id)
    propagate_all(tx, made.vpn_gateway_id)
    return api.ModifyVpnConnectionResult(vpn_connection=made)


@op
def modify_vpn_connection_options(
    tx: Tx, req: api.ModifyVpnConnectionOptionsRequest
) -> api.ModifyVpnConnectionOptionsResult:
    """Change the ranges that may talk through a connection."""
    row = alive(tx, VpnConnection, req.vpn_connection_id)
    given = {_WIRE[name]: value for name in _OPTIONS if (value := getattr(req, name)) is not None}
    if req.tunnel_bandwidth is not None:
        given["TunnelBandwidth"] = req.tunnel_bandwidth
    made = change(tx, row, "modifying", "available", options={**row.options, **given})
    return api.ModifyVpnConnectionOptionsResult(vpn_connection=made)


def _block(text: str) -> str:
    found = ipv4_range(text)
    if found is None:
        raise AwsError("InvalidParameterValue", f"Value ({text}) for parameter destinationCidrBlock is invalid.")
    return range_text(found)


@op
def create_vpn_connection_route(tx: Tx, req: api.CreateVpnConnectionRouteRequest) -> None:
    """Name a range behind the device; only for connections with static routes."""
    row = alive(tx, VpnConnection, req.vpn_connection_id)
    block = _block(req.destination_cidr_block)
    if not row.static_routes_only:
        raise AwsError(
            "InvalidParameterValue",
            f"The vpnConnection {row.vpn_connection_id} uses dynamic routing. Static routes cannot be added.",
        )
    if all(route.destination_cidr_block != block for route in row.routes):
        tx.update(row, routes=(*row.routes, VpnRoute(block)))
    propagate_all(tx, row.vpn_gateway_id)


@op
def delete_vpn_connection_route(tx: Tx, req: api.DeleteVpnConnectionRouteRequest) -> None:
    """Forget a range behind the device."""
    row = alive(tx, VpnConnection, req.vpn_connection_id)
    block = _block(req.destination_cidr_block)
    left = tuple(route for route in row.routes if route.destination_cidr_block != block)
    if len(left) == len(row.routes):
        raise AwsError("InvalidRoute.NotFound", f"The route {block} does not exist")
    tx.update(row, routes=left)
    propagate_all(tx, row.vpn_gateway_id)
