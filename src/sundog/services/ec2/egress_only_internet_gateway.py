"""Egress-only internet gateways."""

from __future__ import annotations

from sundog.api import ec2 as api
from sundog.core import Tx, op
from sundog.services.ec2.route import set_route_states
from sundog.services.ec2.state.gateway import EgressOnlyInternetGateway
from sundog.services.ec2.state.network import GatewayAttachment, Vpc


@op
def create_egress_only_internet_gateway(
    tx: Tx, req: api.CreateEgressOnlyInternetGatewayRequest
) -> api.CreateEgressOnlyInternetGatewayResult:
    """Make a gateway for a VPC."""
    vpc = tx.get(Vpc, req.vpc_id)
    made = EgressOnlyInternetGateway(
        egress_only_internet_gateway_id=tx.new_id("eigw"),
        vpc_id=vpc.vpc_id,
        attachments=(GatewayAttachment("attached", vpc.vpc_id),),
    )
    return api.CreateEgressOnlyInternetGatewayResult(
        egress_only_internet_gateway=tx.add(made, tags=req.tag_specifications), client_token=req.client_token
    )


@op
def describe_egress_only_internet_gateways(
    tx: Tx, req: api.DescribeEgressOnlyInternetGatewaysRequest
) -> api.DescribeEgressOnlyInternetGatewaysResult:
    """List gateways."""
    found = tx.search(EgressOnlyInternetGateway, ids=req.egress_only_internet_gateway_ids, filters=req.filters)
    return api.DescribeEgressOnlyInternetGatewaysResult(egress_only_internet_gateways=found)


@op
def delete_egress_only_internet_gateway(
    tx: Tx, req: api.DeleteEgressOnlyInternetGatewayRequest
) -> api.DeleteEgressOnlyInternetGatewayResult:
    """Delete a gateway; routes to it lead nowhere then."""
    gateway = tx.get(EgressOnlyInternetGateway, req.egress_only_internet_gateway_id)
    set_route_states(
        tx, "egress_only_internet_gateway_id", gateway.egress_only_internet_gateway_id, "blackhole", gateway.vpc_id
    )
    tx.delete(gateway)
    return api.DeleteEgressOnlyInternetGatewayResult(return_code=True)
