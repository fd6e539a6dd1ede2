"""Route tables and what they are associated with."""

from __future__ import annotations

from sundog.api import ec2 as api
from sundog.core import AwsError, Tx, op
from sundog.services.ec2.dependency import in_use
from sundog.services.ec2.foreign import described
from sundog.services.ec2.limits import ROUTE_TABLES_PER_VPC
from sundog.services.ec2.state.network import (
    ROUTES_ASSOCIATED,
    InternetGateway,
    PropagatingGateway,
    RouteTable,
    RouteTableAssociation,
    Subnet,
    Vpc,
)
from sundog.services.ec2.vpc import local_routes
from sundog.services.ec2.vpn_propagation import propagate


@op
def create_route_table(tx: Tx, req: api.CreateRouteTableRequest) -> api.CreateRouteTableResult:
    """Make a table with the VPC's local routes."""
    vpc = tx.get(Vpc, req.vpc_id)
    if tx.select(RouteTable, vpc_id=vpc.vpc_id).count() >= ROUTE_TABLES_PER_VPC:
        raise AwsError("RouteTableLimitExceeded", "The maximum number of route tables has been reached.")
    table = tx.add(
        RouteTable(route_table_id=tx.new_id("rtb"), vpc_id=vpc.vpc_id, owner_id=tx.account, routes=local_routes(vpc)),
        tags=req.tag_specifications,
    )
    return api.CreateRouteTableResult(route_table=view(tx, table), client_token=req.client_token)


def view(tx: Tx, table: RouteTable) -> api.RouteTable:
    """A table with its associations."""
    return api.RouteTable(
        route_table_id=table.route_table_id,
        vpc_id=table.vpc_id,
        owner_id=table.owner_id,
        routes=table.routes,
        propagating_vgws=table.propagating_vgws,
        associations=tx.select(RouteTableAssociation, route_table_id=table.route_table_id),
        tags=table.tags,
    )


@op
def describe_route_tables(tx: Tx, req: api.DescribeRouteTablesRequest) -> api.DescribeRouteTablesResult:
    """List tables."""
    found = tx.search(RouteTable, ids=req.route_table_ids, filters=req.filters)
    return api.DescribeRouteTablesResult(route_tables=found.map(lambda table: view(tx, table)))


@op
def delete_route_table(tx: Tx, req: api.DeleteRouteTableRequest) -> None:
    """Delete a table that nothing is associated with; a main table always is."""
    table = tx.get(RouteTable, req.route_table_id)
    if tx.select(RouteTableAssociation, route_table_id=table.route_table_id):
        raise in_use("routeTable", table.route_table_id)
    tx.delete(table)


@op
def associate_route_table(tx: Tx, req: api.AssociateRouteTableRequest) -> api.AssociateRouteTableResult:
    """Let a table route for a subnet or for a gateway; asked again, it answers the same association."""
    table = tx.get(RouteTable, req.route_table_id)
    if bool(req.subnet_id) == bool(req.gateway_id):
        raise AwsError("InvalidParameterCombination", "The request must contain exactly one of gatewayId, subnetId")
    if req.subnet_id:
        subnet = tx.get(Subnet, req.subnet_id)
        home, place, found = subnet.vpc_id, "subnet", tx.select(RouteTableAssociation, subnet_id=subnet.subnet_id)
    else:
        home = _gateway_vpc(tx, req.gateway_id)
        place, found = "gateway", tx.select(RouteTableAssociation, gateway_id=req.gateway_id)
    if home is not None and home != table.vpc_id:
        raise AwsError(
            "InvalidParameterValue",
            f"route table {table.route_table_id} and {place} {req.subnet_id or req.gateway_id} belong to different "
            "networks",
        )
    present = found.first()
    if present is not None and present.route_table_id != table.route_table_id:
        raise AwsError(
            "Resource.AlreadyAssociated",
            f"the specified association for route table {table.route_table_id} conflicts with an existing association",
        )
    if present is None:
        present = tx.add(
            RouteTableAssociation(
                route_table_association_id=tx.new_id("rtbassoc"),
                route_table_id=table.route_table_id,
                vpc_id=table.vpc_id,
                subnet_id=req.subnet_id,
                gateway_id=req.gateway_id,
            )
        )
    return api.AssociateRouteTableResult(
        association_id=present.route_table_association_id, association_state=ROUTES_ASSOCIATED
    )


def _gateway_vpc(tx: Tx, gateway_id: str) -> str | None:
    """The VPC of an internet gateway or a VPN gateway; None if nobody knows."""
    if gateway_id.startswith("vgw-"):
        found = described(tx, "DescribeVpnGateways", vpn_gateway_ids=[gateway_id])
        attached = [item.vpc_id for item in found.vpn_gateways[0].vpc_attachments or ()] if found else [None]
        return attached[0] if attached else ""
    gateway = tx.find(InternetGateway, gateway_id)
    if gateway is None:
        raise AwsError("InvalidGatewayID.NotFound", f"The gateway ID '{gateway_id}' does not exist")
    return gateway.vpc_id or ""


@op
def disassociate_route_table(tx: Tx, req: api.DisassociateRouteTableRequest) -> None:
    """End an association; the subnet follows the main table then."""
    found = tx.get(RouteTableAssociation, req.association_id)
    if found.main:
        raise AwsError(
            "InvalidParameterValue",
            f"cannot disassociate the main route table association {found.route_table_association_id}",
        )
    tx.delete(found)


@op
def replace_route_table_association(
    tx: Tx, req: api.ReplaceRouteTableAssociationRequest
) -> api.ReplaceRouteTableAssociationResult:
    """Put another table in the place of an association's; also of the main one."""
    old = tx.get(RouteTableAssociation, req.association_id)
    table = tx.get(RouteTable, req.route_table_id)
    if table.vpc_id != old.vpc_id:
        raise AwsError(
            "InvalidParameterValue",
            f"route table {table.route_table_id} and association {old.route_table_association_id} belong to different "
            "networks",
        )
    tx.delete(old)
    made = tx.add(
        RouteTableAssociation(
            route_table_association_id=tx.new_id("rtbassoc"),
            route_table_id=table.route_table_id,
            vpc_id=table.vpc_id,
            main=old.main,
            subnet_id=old.subnet_id,
            gateway_id=old.gateway_id,
        )
    )
    return api.ReplaceRouteTableAssociationResult(
        new_association_id=made.route_table_association_id, association_state=ROUTES_ASSOCIATED
    )


@op
def enable_vgw_route_propagation(tx: Tx, req: api.EnableVgwRoutePropagationRequest) -> None:
    """Let a table take over the routes of the VPC's VPN gateway."""
    table = tx.get(RouteTable, req.route_table_id)
    home = _gateway_vpc(tx, req.gateway_id)
    if home is not None and home != table.vpc_id:
        raise AwsError("Gateway.NotAttached", f"resource {req.gateway_id} is not attached to network {table.vpc_id}")
    gateway = PropagatingGateway(req.gateway_id)
    if gateway not in table.propagating_vgws:
        propagate(tx, tx.update(table, propagating_vgws=(*table.propagating_vgws, gateway)))


@op
def disable_vgw_route_propagation(tx: Tx, req: api.DisableVgwRoutePropagationRequest) -> None:
    """Let a table take over a VPN gateway's routes no longer."""
    table = tx.get(RouteTable, req.route_table_id)
    left = tuple(item for item in table.propagating_vgws if item.gateway_id != req.gateway_id)
    propagate(tx, tx.update(table, propagating_vgws=left))
