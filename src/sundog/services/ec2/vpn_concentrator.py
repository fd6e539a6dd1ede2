"""VPN concentrators."""

from __future__ import annotations

from sundog.api import ec2 as api
from sundog.core import AwsError, Tx, op
from sundog.services.ec2.lifecycle import GONE, alive, begin, end
from sundog.services.ec2.settle import moment
from sundog.services.ec2.state.transit_gateway import TransitGatewayAttachment
from sundog.services.ec2.state.vpn import VpnConcentrator, VpnConnection
from sundog.services.ec2.transit_gateway.attachment import close_attachment, open_attachment, usable


@op
def create_vpn_concentrator(tx: Tx, req: api.CreateVpnConcentratorRequest) -> api.CreateVpnConcentratorResult:
    """Make a concentrator, which is an attachment of the transit gateway if one is named."""
    wanted = tx.new_id("vcn")
    attached = None
    if req.transit_gateway_id is not None:
        owner, gateway = usable(tx, req.transit_gateway_id)
        attached = open_attachment(
            tx,
            TransitGatewayAttachment(
                transit_gateway_attachment_id=tx.new_id("tgw-attach"),
                transit_gateway_id=gateway.transit_gateway_id,
                transit_gateway_owner_id=owner,
                resource_type="vpn-concentrator",
                resource_id=wanted,
                resource_owner_id=tx.account,
                creation_time=moment(tx),
                homes=tuple(dict.fromkeys([(tx.account, tx.region), (owner, tx.region)])),
            ),
        ).transit_gateway_attachment_id
    row = VpnConcentrator(
        vpn_concentrator_id=wanted,
        type=req.type,
        transit_gateway_id=req.transit_gateway_id,
        transit_gateway_attachment_id=attached,
    )
    return api.CreateVpnConcentratorResult(vpn_concentrator=begin(tx, row, tags=req.tag_specifications))


@op
def describe_vpn_concentrators(tx: Tx, req: api.DescribeVpnConcentratorsRequest) -> api.DescribeVpnConcentratorsResult:
    """List concentrators."""
    found = tx.search(VpnConcentrator, ids=req.vpn_concentrator_ids, filters=req.filters)
    return api.DescribeVpnConcentratorsResult(vpn_concentrators=found)


@op
def delete_vpn_concentrator(tx: Tx, req: api.DeleteVpnConcentratorRequest) -> api.DeleteVpnConcentratorResult:
    """Delete a concentrator that no connection uses."""
    row = alive(tx, VpnConcentrator, req.vpn_concentrator_id)
    wanted = row.vpn_concentrator_id
    if any(item.vpn_concentrator_id == wanted and item.state not in GONE for item in tx.select(VpnConnection)):
        raise AwsError("IncorrectState", "The VPN concentrator is in use.")
    attached = row.transit_gateway_attachment_id
    found = tx.find(TransitGatewayAttachment, attached) if attached else None
    if found is not None:
        close_attachment(tx, found)
    end(tx, row)
    return api.DeleteVpnConcentratorResult(return_=True)
