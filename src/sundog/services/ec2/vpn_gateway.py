"""VPN gateways."""

from __future__ import annotations

from msgspec.structs import replace

from sundog.api import ec2 as api
from sundog.core import AwsError, Tx, op
from sundog.services.ec2.lifecycle import GONE, alive, begin, end
from sundog.services.ec2.route import set_route_states
from sundog.services.ec2.settle import settle
from sundog.services.ec2.state.network import GatewayAttachment, RouteTable, Vpc
from sundog.services.ec2.state.vpn import VpnConnection, VpnGateway
from sundog.services.ec2.vpn_propagation import propagate


@op
def create_vpn_gateway(tx: Tx, req: api.CreateVpnGatewayRequest) -> api.CreateVpnGatewayResult:
    """Make a gateway that serves no VPC yet."""
    asn = req.amazon_side_asn
    if asn is not None and not (64512 <= asn <= 65534 or 4200000000 <= asn <= 4294967294):
        raise AwsError("InvalidParameterValue", f"Value ({asn}) for parameter amazonSideAsn is invalid.")
    row = VpnGateway(
        vpn_gateway_id=tx.new_id("vgw"),
        type=req.type,
        amazon_side_asn=asn or 64512,
        availability_zone=req.availability_zone,
        state="available",
    )
    return api.CreateVpnGatewayResult(vpn_gateway=begin(tx, row, tags=req.tag_specifications))


@op
def describe_vpn_gateways(tx: Tx, req: api.DescribeVpnGatewaysRequest) -> api.DescribeVpnGatewaysResult:
    """List VPN gateways."""
    found = tx.search(VpnGateway, ids=req.vpn_gateway_ids, filters=req.filters)
    return api.DescribeVpnGatewaysResult(vpn_gateways=found)


@op
def attach_vpn_gateway(tx: Tx, req: api.AttachVpnGatewayRequest) -> api.AttachVpnGatewayResult:
    """Let a VPC that has no gateway yet use this one."""
    row = alive(tx, VpnGateway, req.vpn_gateway_id)
    vpc = tx.get(Vpc, req.vpc_id)
    if row.vpc_id == vpc.vpc_id:
        return api.AttachVpnGatewayResult(vpc_attachment=row.vpc_attachments[0])
    if row.vpc_id is not None:
        raise AwsError(
            "VpnGatewayAttachmentLimitExceeded",
            f"The maximum number of VPC attachments has been reached for {row.vpn_gateway_id}.",
        )
    if any(other.state not in GONE for other in tx.select(VpnGateway, vpc_id=vpc.vpc_id)):
        raise AwsError("InvalidParameterValue", f"Network {vpc.vpc_id} already has a VPN gateway attached")
    attaching = GatewayAttachment("attaching", vpc.vpc_id)
    tx.update(row, vpc_id=vpc.vpc_id, vpc_attachments=(attaching,))
    settle(tx, 30, turn_attachment, row.vpn_gateway_id, "attaching", "attached")
    return api.AttachVpnGatewayResult(vpc_attachment=attaching)


def turn_attachment(tx: Tx, gateway_id: str, before: str, then: str) -> None:
    """Let a gateway be attached, or detached."""
    row = tx.find(VpnGateway, gateway_id)
    if row is None or not row.vpc_attachments or row.vpc_attachments[0].state != before:
        return
    gone = then == "detached"
    vpc_id = row.vpc_attachments[0].vpc_id
    tx.update(
        row,
        vpc_id=None if gone else row.vpc_id,
        vpc_attachments=() if gone else (replace(row.vpc_attachments[0], state=then),),
    )
    set_route_states(tx, "gateway_id", gateway_id, "blackhole" if gone else "active", vpc_id)


@op
def detach_vpn_gateway(tx: Tx, req: api.DetachVpnGatewayRequest) -> None:
    """Take a VPC's gateway from it; what it propagated is forgotten."""
    row = alive(tx, VpnGateway, req.vpn_gateway_id)
    vpc = tx.get(Vpc, req.vpc_id)
    if row.vpc_id != vpc.vpc_id:
        raise AwsError(
            "InvalidVpnGatewayAttachment.NotFound",
            f"The attachment with vpn gateway ID '{row.vpn_gateway_id}' and vpc ID '{vpc.vpc_id}' does not exist",
        )
    for table in tx.select(RouteTable, vpc_id=vpc.vpc_id):
        left = tuple(item for item in table.propagating_vgws if item.gateway_id != row.vpn_gateway_id)
        if left != table.propagating_vgws:
            propagate(tx, tx.update(table, propagating_vgws=left))
    tx.update(row, vpc_attachments=(GatewayAttachment("detaching", vpc.vpc_id),))
    settle(tx, 30, turn_attachment, row.vpn_gateway_id, "detaching", "detached")


@op
def delete_vpn_gateway(tx: Tx, req: api.DeleteVpnGatewayRequest) -> None:
    """Delete a gateway that serves no VPC and no connection."""
    row = alive(tx, VpnGateway, req.vpn_gateway_id)
    connections = tx.select(VpnConnection, vpn_gateway_id=row.vpn_gateway_id)
    if row.vpc_id is not None or any(connection.state not in GONE for connection in connections):
        raise AwsError("IncorrectState", "The VPN gateway is in use.")
    end(tx, row)
