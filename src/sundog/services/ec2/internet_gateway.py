"""Internet gateways."""

from __future__ import annotations

from msgspec.structs import replace

from sundog.api import ec2 as api
from sundog.core import AwsError, Tx, op
from sundog.services.ec2.dependency import in_use
from sundog.services.ec2.limits import INTERNET_GATEWAYS
from sundog.services.ec2.state.interface import NetworkInterface
from sundog.services.ec2.state.network import GatewayAttachment, InternetGateway, RouteTable, Subnet, Vpc


@op
def create_internet_gateway(tx: Tx, req: api.CreateInternetGatewayRequest) -> api.CreateInternetGatewayResult:
    """Make a gateway that serves no VPC yet."""
    if tx.select(InternetGateway).count() >= INTERNET_GATEWAYS:
        raise AwsError("InternetGatewayLimitExceeded", "The maximum number of internet gateways has been reached.")
    gateway = InternetGateway(internet_gateway_id=tx.new_id("igw"), owner_id=tx.account)
    return api.CreateInternetGatewayResult(internet_gateway=tx.add(gateway, tags=req.tag_specifications))


@op
def describe_internet_gateways(tx: Tx, req: api.DescribeInternetGatewaysRequest) -> api.DescribeInternetGatewaysResult:
    """List internet gateways."""
    found = tx.search(InternetGateway, ids=req.internet_gateway_ids, filters=req.filters)
    return api.DescribeInternetGatewaysResult(internet_gateways=found)


@op
def attach_internet_gateway(tx: Tx, req: api.AttachInternetGatewayRequest) -> None:
    """Let a VPC that has no gateway yet use this one."""
    gateway = tx.get(InternetGateway, req.internet_gateway_id)
    vpc = tx.get(Vpc, req.vpc_id)
    if gateway.vpc_id is not None:
        raise AwsError(
            "Resource.AlreadyAssociated",
            f"resource {gateway.internet_gateway_id} is already attached to network {gateway.vpc_id}",
        )
    if tx.select(InternetGateway, vpc_id=vpc.vpc_id):
        raise AwsError("InvalidParameterValue", f"Network {vpc.vpc_id} already has an internet gateway attached")
    tx.update(gateway, vpc_id=vpc.vpc_id, attachments=(GatewayAttachment("available", vpc.vpc_id),))
    _set_routes(tx, vpc.vpc_id, gateway.internet_gateway_id, "active")


@op
def detach_internet_gateway(tx: Tx, req: api.DetachInternetGatewayRequest) -> None:
    """Take a VPC's gateway from it, if nothing there has a public address. Routes to it lead nowhere then."""
    gateway = tx.get(InternetGateway, req.internet_gateway_id)
    vpc = tx.get(Vpc, req.vpc_id)
    if gateway.vpc_id != vpc.vpc_id:
        raise AwsError(
            "Gateway.NotAttached",
            f"resource {gateway.internet_gateway_id} is not attached to network {vpc.vpc_id}",
        )
    for subnet in tx.select(Subnet, vpc_id=vpc.vpc_id):
        for interface in tx.select(NetworkInterface, subnet_id=subnet.subnet_id):
            if any(address.association for address in interface.private_ip_addresses):
                raise AwsError(
                    "DependencyViolation",
                    f"Network {vpc.vpc_id} has some mapped public address(es). Please unmap those public address(es) "
                    "before detaching the gateway.",
                )
    tx.update(gateway, vpc_id=None, attachments=())
    _set_routes(tx, vpc.vpc_id, gateway.internet_gateway_id, "blackhole")


def _set_routes(tx: Tx, vpc_id: str, gateway_id: str, state: str) -> None:
    for table in tx.select(RouteTable, vpc_id=vpc_id):
        if any(route.gateway_id == gateway_id for route in table.routes):
            routes = (
                replace(route, state=state) if route.gateway_id == gateway_id else route for route in table.routes
            )
            tx.update(table, routes=tuple(routes))


@op
def delete_internet_gateway(tx: Tx, req: api.DeleteInternetGatewayRequest) -> None:
    """Delete a gateway that serves no VPC."""
    gateway = tx.get(InternetGateway, req.internet_gateway_id)
    if gateway.vpc_id is not None:
        raise in_use("internetGateway", gateway.internet_gateway_id)
    tx.delete(gateway)
