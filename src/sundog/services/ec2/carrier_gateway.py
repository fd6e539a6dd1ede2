"""Carrier gateways."""

from __future__ import annotations

from sundog.api import ec2 as api
from sundog.core import AwsError, Tx, op
from sundog.services.ec2.lifecycle import alive, begin, end
from sundog.services.ec2.route import set_route_states
from sundog.services.ec2.state.gateway import CarrierGateway
from sundog.services.ec2.state.network import Vpc


@op
def create_carrier_gateway(tx: Tx, req: api.CreateCarrierGatewayRequest) -> api.CreateCarrierGatewayResult:
    """Make a gateway for a VPC that has none."""
    vpc = tx.get(Vpc, req.vpc_id)
    if any(row.state != "deleted" for row in tx.select(CarrierGateway, vpc_id=vpc.vpc_id)):
        raise AwsError("CarrierGatewayLimitExceeded", f"The VPC {vpc.vpc_id} already has a carrier gateway.")
    row = CarrierGateway(carrier_gateway_id=tx.new_id("cagw"), vpc_id=vpc.vpc_id, owner_id=tx.account)
    return api.CreateCarrierGatewayResult(carrier_gateway=begin(tx, row, tags=req.tag_specifications))


@op
def describe_carrier_gateways(tx: Tx, req: api.DescribeCarrierGatewaysRequest) -> api.DescribeCarrierGatewaysResult:
    """List gateways."""
    found = tx.search(CarrierGateway, ids=req.carrier_gateway_ids, filters=req.filters)
    return api.DescribeCarrierGatewaysResult(carrier_gateways=found)


@op
def delete_carrier_gateway(tx: Tx, req: api.DeleteCarrierGatewayRequest) -> api.DeleteCarrierGatewayResult:
    """Delete a gateway; routes to it lead nowhere then."""
    gateway = alive(tx, CarrierGateway, req.carrier_gateway_id)
    set_route_states(tx, "carrier_gateway_id", gateway.carrier_gateway_id, "blackhole", gateway.vpc_id)
    return api.DeleteCarrierGatewayResult(carrier_gateway=end(tx, gateway))
