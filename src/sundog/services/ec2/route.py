"""Routes."""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from sundog.api import ec2 as api
from sundog.core import AwsError, Tx, op
from sundog.services.ec2.cidr import checked_range, checked_range6, range6_text, range_text
from sundog.services.ec2.foreign import described
from sundog.services.ec2.limits import ROUTES_PER_TABLE
from sundog.services.ec2.state.interface import NetworkInterface
from sundog.services.ec2.state.network import InternetGateway, Route, RouteTable

_TARGETS = (
    "gateway_id",
    "instance_id",
    "network_interface_id",
    "vpc_peering_connection_id",
    "nat_gateway_id",
    "egress_only_internet_gateway_id",
    "transit_gateway_id",
    "local_gateway_id",
    "carrier_gateway_id",
    "core_network_arn",
    "odb_network_arn",
    "vpc_endpoint_id",
)
_DESCRIBED = {
    "nat_gateway_id": ("DescribeNatGateways", "nat_gateway_ids", "nat_gateways"),
    "egress_only_internet_gateway_id": (
        "DescribeEgressOnlyInternetGateways",
        "egress_only_internet_gateway_ids",
        "egress_only_internet_gateways",
    ),
    "vpc_peering_connection_id": (
        "DescribeVpcPeeringConnections",
        "vpc_peering_connection_ids",
        "vpc_peering_connections",
    ),
    "transit_gateway_id": ("DescribeTransitGateways", "transit_gateway_ids", "transit_gateways"),
    "local_gateway_id": ("DescribeLocalGateways", "local_gateway_ids", "local_gateways"),
    "carrier_gateway_id": ("DescribeCarrierGateways", "carrier_gateway_ids", "carrier_gateways"),
    "vpc_endpoint_id": ("DescribeVpcEndpoints", "vpc_endpoint_ids", "vpc_endpoints"),
}


@op
def create_route(tx: Tx, req: api.CreateRouteRequest) -> api.CreateRouteResult:
    """Say where packets for a destination go that has no route yet."""
    table = tx.get(RouteTable, req.route_table_id)
    where = _destination(req)
    target = _target(tx, table, req)
    if _find(table, where) is not None:
        raise AwsError("RouteAlreadyExists", f"The route identified by {_text(where)} already exists.")
    if len(table.routes) >= ROUTES_PER_TABLE:
        raise AwsError("RouteLimitExceeded", "The maximum number of routes has been reached.")
    tx.update(table, routes=(*table.routes, Route(**where, **target)))
    return api.CreateRouteResult(return_=True)


@op
def replace_route(tx: Tx, req: api.ReplaceRouteRequest) -> None:
    """Change where packets for a destination go."""
    table = tx.get(RouteTable, req.route_table_id)
    where = _destination(req)
    target = {"gateway_id": "local"} if req.local_target else _target(tx, table, req)
    old = _find(table, where)
    if old is None:
        raise AwsError(
            "InvalidParameterValue",
            f"There is no route defined for '{_text(where)}' in the route table. Use CreateRoute instead.",
        )
    new = Route(**where, **target, origin=old.origin)
    tx.update(table, routes=tuple(new if route is old else route for route in table.routes))


@op
def delete_route(tx: Tx, req: api.DeleteRouteRequest) -> None:
    """Forget a destination's route."""
    table = tx.get(RouteTable, req.route_table_id)
    where = _destination(req)
    old = _find(table, where)
    if old is None:
        kind = next(iter(where)).replace("_", "-")
        raise AwsError(
            "InvalidRoute.NotFound", f"no route with {kind} {_text(where)} in route table {table.route_table_id}"
        )
    if old.gateway_id == "local" and old.origin == "CreateRouteTable":
        raise AwsError(
            "InvalidParameterValue",
            f"cannot remove local route {_text(where)} in route table {table.route_table_id}",
        )
    tx.update(table, routes=tuple(route for route in table.routes if route is not old))


def _text(where: dict[str, str]) -> str:
    return next(iter(where.values()))


def _find(table: RouteTable, where: dict[str, str]) -> Route | None:
    ((field, value),) = where.items()
    return next((route for route in table.routes if getattr(route, field) == value), None)


def _destination(req: Any) -> dict[str, str]:
    """The request's destination as a route's field and value."""
    found: dict[str, str] = {}
    if req.destination_cidr_block:
        block = checked_range(req.destination_cidr_block, "destinationCidrBlock")
        found["destination_cidr_block"] = range_text(block)
    if req.destination_ipv6_cidr_block:
        six = checked_range6(req.destination_ipv6_cidr_block, "destinationIpv6CidrBlock")
        found["destination_ipv6_cidr_block"] = range6_text(six)
    if req.destination_prefix_list_id:
        found["destination_prefix_list_id"] = req.destination_prefix_list_id
    if len(found) != 1:
        kind = "InvalidParameterCombination" if found else "MissingParameter"
        raise AwsError(
            kind,
            "The request must contain exactly one of destinationCidrBlock, destinationIpv6CidrBlock, "
            "destinationPrefixListId",
        )
    return found


def _target(tx: Tx, table: RouteTable, req: Any) -> dict[str, Any]:
    """The request's target as a route's fields, found to be there."""
    named = {name: value for name in _TARGETS if (value := getattr(req, name)) is not None}
    if len(named) != 1:
        kind = "InvalidParameterCombination" if named else "MissingParameter"
        names = "gatewayId, natGatewayId, networkInterfaceId, vpcPeeringConnectionId, instanceId, "
        raise AwsError(
            kind,
            f"The request must contain exactly one of: {names}egressOnlyInternetGatewayId, transitGatewayId, "
            "localGatewayId, carrierGatewayId, vpcEndpointId, coreNetworkArn, odbNetworkArn.",
        )
    ((name, value),) = named.items()
    if name == "gateway_id":
        _check_gateway(tx, table, value)
    elif name == "instance_id":
        return _instance(tx, table, value)
    elif name == "network_interface_id":
        interface = tx.get(NetworkInterface, value)
        _same_network(table, interface.vpc_id, f"interface {value}")
        return _interface(interface)
    elif name in _DESCRIBED:
        operation, member, _ = _DESCRIBED[name]
        described(tx, operation, **{member: [value]})
    return {"gateway_id": value} if name == "vpc_endpoint_id" else {name: value}


def _check_gateway(tx: Tx, table: RouteTable, gateway_id: str) -> None:
    if gateway_id == "local":
        return
    if gateway_id.startswith("vgw-"):
        described(tx, "DescribeVpnGateways", vpn_gateway_ids=[gateway_id])
        return
    if gateway_id.startswith("vpce-"):
        described(tx, "DescribeVpcEndpoints", vpc_endpoint_ids=[gateway_id])
        return
    gateway = tx.find(InternetGateway, gateway_id)
    if gateway is None:
        raise AwsError("InvalidGatewayID.NotFound", f"The gateway ID '{gateway_id}' does not exist")
    _same_network(table, gateway.vpc_id, f"network gateway {gateway_id}")


def _same_network(table: RouteTable, vpc_id: str | None, what: str) -> None:
    if vpc_id != table.vpc_id:
        raise AwsError(
            "InvalidParameterValue", f"route table {table.route_table_id} and {what} belong to different networks"
        )


def _instance(tx: Tx, table: RouteTable, instance_id: str) -> dict[str, Any]:
    from sundog.services.ec2.state.compute import Instance

    tx.get(Instance, instance_id)
    interfaces = list(tx.select(NetworkInterface, instance_id=instance_id))
    if len(interfaces) != 1:
        raise AwsError(
            "InvalidInstanceID",
            f"There are multiple interfaces attached to instance '{instance_id}'. Please specify an interface ID for "
            "the operation instead.",
        )
    _same_network(table, interfaces[0].vpc_id, f"instance {instance_id}")
    return _interface(interfaces[0])


def _interface(interface: NetworkInterface) -> dict[str, Any]:
    """Routes to an instance and to its interface are the same thing, and show both."""
    attachment = interface.attachment
    return {
        "network_interface_id": interface.network_interface_id,
        "instance_id": attachment.instance_id if attachment else None,
        "instance_owner_id": attachment.instance_owner_id if attachment else None,
        "state": "active" if attachment else "blackhole",
    }


def follow_interface(tx: Tx, interface: NetworkInterface, there: bool = True) -> None:
    """Bring the routes to an interface up to date after it was plugged in, unplugged or (not ``there``) deleted."""
    wanted = interface.network_interface_id
    for table in tx.select(RouteTable, vpc_id=interface.vpc_id):
        if any(route.network_interface_id == wanted for route in table.routes):
            now = (
                _interface(interface)
                if there
                else {"state": "blackhole", "instance_id": None, "instance_owner_id": None}
            )
            tx.update(
                table,
                routes=tuple(
                    replace(route, **now) if route.network_interface_id == wanted else route for route in table.routes
                ),
            )


def set_route_states(tx: Tx, field: str, target: str, state: str, vpc_id: str | None = None) -> None:
    """Let routes to a target lead somewhere again, or nowhere (``blackhole``): in one VPC, or wherever they are."""
    tables = tx.select(RouteTable, vpc_id=vpc_id) if vpc_id is not None else tx.select(RouteTable)
    for table in tables:
        if any(getattr(route, field) == target and route.state != state for route in table.routes):
            tx.update(
                table,
                routes=tuple(
                    replace(route, state=state) if getattr(route, field) == target else route for route in table.routes
                ),
            )
