"""Which route a packet takes: of its destination's, the one with the longest prefix."""

from __future__ import annotations

from typing import Any

from sundog.core import Tx
from sundog.services.ec2.managed_prefix_list import entries_of, with_aws_lists
from sundog.services.ec2.reach.packet import Dropped, Hop, length_of_match
from sundog.services.ec2.state.network import Route, RouteTable, RouteTableAssociation
from sundog.services.ec2.state.prefix_list import ManagedPrefixList

TARGETS = (
    "gateway_id",
    "nat_gateway_id",
    "network_interface_id",
    "vpc_peering_connection_id",
    "transit_gateway_id",
    "egress_only_internet_gateway_id",
    "local_gateway_id",
    "carrier_gateway_id",
    "core_network_arn",
    "odb_network_arn",
)
_SHOWN = {
    "GatewayId": "gateway_id",
    "NatGatewayId": "nat_gateway_id",
    "NetworkInterfaceId": "network_interface_id",
    "InstanceId": "instance_id",
    "VpcPeeringConnectionId": "vpc_peering_connection_id",
    "TransitGatewayId": "transit_gateway_id",
    "EgressOnlyInternetGatewayId": "egress_only_internet_gateway_id",
    "LocalGatewayId": "local_gateway_id",
    "CarrierGatewayId": "carrier_gateway_id",
    "CoreNetworkArn": "core_network_arn",
    "DestinationPrefixListId": "destination_prefix_list_id",
    "Origin": "origin",
    "State": "state",
}


def table_of(tx: Tx, subnet_id: str, vpc_id: str) -> RouteTable:
    """The table that routes for a subnet: its own, or else the VPC's main one."""
    found = tx.select(RouteTableAssociation, subnet_id=subnet_id).first()
    if found is None:
        found = tx.select(RouteTableAssociation, vpc_id=vpc_id, main=True).first()
    assert found is not None
    return tx.get(RouteTable, found.route_table_id)


def _match(tx: Tx, route: Route, address: str) -> int | None:
    if route.destination_prefix_list_id is not None:
        with_aws_lists(tx)
        found = tx.find(ManagedPrefixList, route.destination_prefix_list_id)
        lengths = [length_of_match(address, entry.cidr) for entry in entries_of(found)] if found else []
        return max((length for length in lengths if length is not None), default=None)
    return length_of_match(address, route.destination_cidr_block or route.destination_ipv6_cidr_block)


def take(tx: Tx, table: RouteTable, address: str) -> tuple[Route, str, str, Hop]:
    """The route to an address, the kind and name of its target, and the hop."""
    best: tuple[int, int, Route] | None = None
    for route in table.routes:
        length = _match(tx, route, address)
        # A static route beats a propagated one of the same range.
        rank = 0 if route.origin == "EnableVgwRoutePropagation" else 1
        if length is not None and (best is None or (length, rank) > best[:2]):
            best = (length, rank, route)
    arn = tx.arn(f"route-table/{table.route_table_id}")
    if best is None:
        raise Dropped(
            Hop(
                component=table.route_table_id,
                component_arn=arn,
                text=f"no route to {address}",
                passed=False,
                code="NO_ROUTE_TO_DESTINATION",
                detail={"RouteTable": {"Id": table.route_table_id}, "Vpc": {"Id": table.vpc_id}},
            )
        )
    route = best[2]
    kind, target = next((name, value) for name in TARGETS if (value := getattr(route, name)) is not None)
    shown: dict[str, Any] = {
        wire: value for wire, name in _SHOWN.items() if (value := getattr(route, name)) is not None
    }
    shown["DestinationCidr"] = route.destination_cidr_block or route.destination_ipv6_cidr_block
    where = shown["DestinationCidr"] or route.destination_prefix_list_id
    if route.state == "blackhole":
        raise Dropped(
            Hop(
                component=table.route_table_id,
                component_arn=arn,
                text=f"the route {where} to {target} is a blackhole",
                passed=False,
                code="BLACKHOLE_ROUTE",
                detail={"RouteTable": {"Id": table.route_table_id}, "RouteTableRoute": shown},
            )
        )
    hop = Hop(
        component=table.route_table_id,
        component_arn=arn,
        text=f"the route {where} leads to {target}",
        detail={"RouteTableRoute": shown},
    )
    return route, kind, target, hop
