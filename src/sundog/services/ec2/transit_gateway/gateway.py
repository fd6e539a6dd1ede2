"""Transit gateways themselves."""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from sundog.api import ec2 as api
from sundog.core import AwsError, Tx, op
from sundog.services.ec2.cidr import ipv4_range, ipv6_range
from sundog.services.ec2.lifecycle import GONE, alive, begin, change, end
from sundog.services.ec2.route import set_route_states
from sundog.services.ec2.settle import moment
from sundog.services.ec2.state.transit_gateway import (
    TransitGateway,
    TransitGatewayAttachment,
    TransitGatewayOptions,
    TransitGatewayRouteTable,
)

_CHOICES = (
    "auto_accept_shared_attachments",
    "default_route_table_association",
    "default_route_table_propagation",
    "vpn_ecmp_support",
    "dns_support",
    "security_group_referencing_support",
)
_NAMES = {"vpc": "VPC", "vpn": "VPN", "peering": "Peering", "connect": "Connect"}


@op
def create_transit_gateway(tx: Tx, req: api.CreateTransitGatewayRequest) -> api.CreateTransitGatewayResult:
    """Make a gateway, with a route table for what it associates and propagates by itself."""
    asked = req.options
    given: dict[str, Any] = {}
    if asked is not None:
        given = {
            name: value for name in (*_CHOICES, "multicast_support") if (value := getattr(asked, name)) is not None
        }
        if asked.amazon_side_asn is not None:
            given["amazon_side_asn"] = _checked_asn(asked.amazon_side_asn)
        if asked.transit_gateway_cidr_blocks:
            given["transit_gateway_cidr_blocks"] = tuple(map(_checked_block, asked.transit_gateway_cidr_blocks))
    gateway_id = tx.new_id("tgw")
    options = TransitGatewayOptions(**given)
    options = _with_tables(tx, gateway_id, options)
    made = TransitGateway(
        transit_gateway_id=gateway_id,
        transit_gateway_arn=tx.arn(f"transit-gateway/{gateway_id}"),
        owner_id=tx.account,
        description=req.description,
        creation_time=moment(tx),
        options=options,
    )
    return api.CreateTransitGatewayResult(transit_gateway=begin(tx, made, tags=req.tag_specifications, seconds=60))


def _checked_asn(number: int) -> int:
    if 64512 <= number <= 65534 or 4200000000 <= number <= 4294967294:
        return number
    raise AwsError("InvalidParameterValue", f"Value ({number}) for parameter AmazonSideAsn is invalid.")


def _checked_block(text: str) -> str:
    if ipv4_range(text) is None and ipv6_range(text) is None:
        raise AwsError("InvalidParameterValue", f"Value ({text}) for parameter TransitGatewayCidrBlocks is invalid.")
    return text


def _with_tables(tx: Tx, gateway_id: str, options: TransitGatewayOptions) -> TransitGatewayOptions:
    """The options with a default route table wherever one is asked for and none is named."""
    associates = options.default_route_table_association == "enable"
    propagates = options.default_route_table_propagation == "enable"
    named = options.association_default_route_table_id or options.propagation_default_route_table_id
    if not (associates or propagates):
        return options
    if named is None:
        named = tx.add(
            TransitGatewayRouteTable(
                transit_gateway_route_table_id=tx.new_id("tgw-rtb"),
                transit_gateway_id=gateway_id,
                state="available",
                default_association_route_table=associates,
                default_propagation_route_table=propagates,
                creation_time=moment(tx),
            )
        ).transit_gateway_route_table_id
    return replace(
        options,
        association_default_route_table_id=(options.association_default_route_table_id or named)
        if associates
        else None,
        propagation_default_route_table_id=(options.propagation_default_route_table_id or named)
        if propagates
        else None,
    )


@op
def describe_transit_gateways(tx: Tx, req: api.DescribeTransitGatewaysRequest) -> api.DescribeTransitGatewaysResult:
    """List gateways."""
    found = tx.search(TransitGateway, ids=req.transit_gateway_ids, filters=req.filters)
    return api.DescribeTransitGatewaysResult(transit_gateways=found)


@op
def modify_transit_gateway(tx: Tx, req: api.ModifyTransitGatewayRequest) -> api.ModifyTransitGatewayResult:
    """Change what a gateway does by itself."""
    gateway = alive(tx, TransitGateway, req.transit_gateway_id)
    changes: dict[str, Any] = {}
    if req.description is not None:
        changes["description"] = req.description
    asked = req.options
    if asked is not None:
        given = {name: value for name in _CHOICES if (value := getattr(asked, name)) is not None}
        for name in ("association_default_route_table_id", "propagation_default_route_table_id"):
            table_id = getattr(asked, name)
            if table_id is not None:
                given[name] = alive(tx, TransitGatewayRouteTable, table_id).transit_gateway_route_table_id
        if asked.amazon_side_asn is not None:
            given["amazon_side_asn"] = _checked_asn(asked.amazon_side_asn)
        if asked.encryption_support is not None:
            state = "enabled" if asked.encryption_support == "enable" else "disabled"
            given["encryption_support"] = {"EncryptionState": state}
        gone = set(asked.remove_transit_gateway_cidr_blocks or ())
        blocks = [item for item in gateway.options.transit_gateway_cidr_blocks or () if item not in gone]
        blocks += [_checked_block(item) for item in asked.add_transit_gateway_cidr_blocks or ()]
        given["transit_gateway_cidr_blocks"] = tuple(dict.fromkeys(blocks)) or None
        options = _with_tables(tx, gateway.transit_gateway_id, replace(gateway.options, **given))
        _mark_defaults(tx, gateway.transit_gateway_id, options)
        changes["options"] = options
    made = change(tx, gateway, "modifying", "available", **changes)
    return api.ModifyTransitGatewayResult(transit_gateway=made)


def _mark_defaults(tx: Tx, gateway_id: str, options: TransitGatewayOptions) -> None:
    for table in tx.select(TransitGatewayRouteTable, transit_gateway_id=gateway_id):
        wanted = table.transit_gateway_route_table_id
        marks = {
            "default_association_route_table": options.association_default_route_table_id == wanted,
            "default_propagation_route_table": options.propagation_default_route_table_id == wanted,
        }
        if any(getattr(table, name) != value for name, value in marks.items()):
            tx.update(table, **marks)


@op
def delete_transit_gateway(tx: Tx, req: api.DeleteTransitGatewayRequest) -> api.DeleteTransitGatewayResult:
    """Delete a gateway that nothing is attached to, with its tables."""
    gateway = alive(tx, TransitGateway, req.transit_gateway_id)
    wanted = gateway.transit_gateway_id
    present = [
        row for row in tx.select(TransitGatewayAttachment, transit_gateway_id=wanted) if row.state not in _CLOSED
    ]
    if present:
        kind = _NAMES.get(present[0].resource_type, present[0].resource_type)
        names = ", ".join(row.transit_gateway_attachment_id for row in present)
        raise AwsError("IncorrectState", f"{wanted} has non-deleted {kind} Attachments: {names}.")
    for table in tx.select(TransitGatewayRouteTable, transit_gateway_id=wanted):
        tx.delete(table)
    set_route_states(tx, "transit_gateway_id", wanted, "blackhole")
    return api.DeleteTransitGatewayResult(transit_gateway=end(tx, gateway, seconds=60))


_CLOSED = (*GONE, "rejected", "failed", "rejecting")
