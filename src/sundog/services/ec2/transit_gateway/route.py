"""Routes of transit gateways: static, propagated, and to prefix lists."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from sundog.api import ec2 as api
from sundog.core import AwsError, Tx, op, rows_of
from sundog.core.filter import checked, narrow, pattern, unknown_filter
from sundog.services.ec2.cidr import Range, contains, ipv4_range, ipv6_range, range6_text, range_text
from sundog.services.ec2.lifecycle import GONE, alive
from sundog.services.ec2.managed_prefix_list import entries_of, with_aws_lists
from sundog.services.ec2.state.network import Vpc
from sundog.services.ec2.state.prefix_list import ManagedPrefixList
from sundog.services.ec2.state.transit_gateway import (
    TransitGatewayAttachment,
    TransitGatewayPrefixListReference,
    TransitGatewayPropagation,
    TransitGatewayRoute,
    TransitGatewayRouteTable,
)
from sundog.services.ec2.transit_gateway.route_table import pair


def _block(text: str) -> str:
    four = ipv4_range(text)
    six = ipv6_range(text) if four is None else None
    if four is None and six is None:
        raise AwsError("InvalidParameterValue", f"Invalid CIDR block: {text}")
    return range_text(four) if four is not None else range6_text(six or (0, 0))


def _shape(tx: Tx, attachment_id: str | None, destination: str | None, kind: str, **more: Any) -> dict[str, Any]:
    """A route as it is shown: to an attachment, or to nowhere."""
    row = tx.find(TransitGatewayAttachment, attachment_id) if attachment_id else None
    found: dict[str, Any] = {
        "DestinationCidrBlock": destination,
        "Type": kind,
        "State": "active" if row is not None and row.state not in GONE else "blackhole",
    }
    if row is not None:
        found["TransitGatewayAttachments"] = [
            {
                "ResourceId": row.resource_id,
                "ResourceType": row.resource_type,
                "TransitGatewayAttachmentId": row.transit_gateway_attachment_id,
            }
        ]
    return found | more


def _target(tx: Tx, req: Any) -> str | None:
    """The attachment that a request names; None if it asks for a blackhole."""
    if req.blackhole:
        if req.transit_gateway_attachment_id is not None:
            raise AwsError(
                "InvalidParameterCombination", "TransitGatewayAttachmentId and Blackhole cannot be used together."
            )
        return None
    if req.transit_gateway_attachment_id is None:
        raise AwsError("MissingParameter", "The request must contain the parameter TransitGatewayAttachmentId")
    _, row = pair(tx, req.transit_gateway_route_table_id, req.transit_gateway_attachment_id)
    return row.transit_gateway_attachment_id


@op
def create_transit_gateway_route(
    tx: Tx, req: api.CreateTransitGatewayRouteRequest
) -> api.CreateTransitGatewayRouteResult:
    """Say where packets for a range go."""
    table = alive(tx, TransitGatewayRouteTable, req.transit_gateway_route_table_id)
    wanted, block = table.transit_gateway_route_table_id, _block(req.destination_cidr_block)
    target = _target(tx, req)
    if tx.find(TransitGatewayRoute, wanted, block) is not None:
        raise AwsError("RouteAlreadyExists", f"Route {block} already exists in Transit Gateway Route Table {wanted}.")
    tx.add(
        TransitGatewayRoute(
            transit_gateway_route_table_id=wanted,
            destination_cidr_block=block,
            transit_gateway_attachment_id=target,
        )
    )
    return api.CreateTransitGatewayRouteResult(route=_shape(tx, target, block, "static"))


def _static(tx: Tx, table_id: str, text: str) -> TransitGatewayRoute:
    table = alive(tx, TransitGatewayRouteTable, table_id)
    block = _block(text)
    found = tx.find(TransitGatewayRoute, table.transit_gateway_route_table_id, block)
    if found is None:
        raise AwsError(
            "InvalidRoute.NotFound",
            f"Static route {block} does not exist in Transit Gateway Route Table {table_id}.",
        )
    return found


@op
def replace_transit_gateway_route(
    tx: Tx, req: api.ReplaceTransitGatewayRouteRequest
) -> api.ReplaceTransitGatewayRouteResult:
    """Change where packets for a range go."""
    found = _static(tx, req.transit_gateway_route_table_id, req.destination_cidr_block)
    target = _target(tx, req)
    tx.update(found, transit_gateway_attachment_id=target)
    return api.ReplaceTransitGatewayRouteResult(route=_shape(tx, target, found.destination_cidr_block, "static"))


@op
def delete_transit_gateway_route(
    tx: Tx, req: api.DeleteTransitGatewayRouteRequest
) -> api.DeleteTransitGatewayRouteResult:
    """Forget a static route."""
    found = _static(tx, req.transit_gateway_route_table_id, req.destination_cidr_block)
    tx.delete(found)
    shown = _shape(tx, found.transit_gateway_attachment_id, found.destination_cidr_block, "static", State="deleted")
    return api.DeleteTransitGatewayRouteResult(route=shown)


def ranges_of(tx: Tx, row: TransitGatewayAttachment) -> Iterator[str]:
    """The ranges that an attachment propagates."""
    if row.resource_type == "vpc":
        vpc = tx.in_(account=row.resource_owner_id).find(Vpc, row.vpc_id)
        if vpc is not None:
            yield from (item.cidr_block for item in vpc.cidr_block_association_set)
            yield from (item.ipv6_cidr_block for item in vpc.ipv6_cidr_block_association_set or ())
    elif row.resource_type == "vpn":
        from sundog.services.ec2.state.vpn import VpnConnection

        found = tx.find(VpnConnection, row.resource_id)
        yield from (route.destination_cidr_block for route in (found.routes if found else ()))


def routes(tx: Tx, table_id: str) -> list[dict[str, Any]]:
    """All routes of a table: a static one hides a propagated one of the same range."""
    found: dict[str, dict[str, Any]] = {}
    for row in tx.select(TransitGatewayRoute, transit_gateway_route_table_id=table_id):
        block = row.destination_cidr_block
        found[block] = _shape(tx, row.transit_gateway_attachment_id, block, "static")
    for reference in tx.select(TransitGatewayPrefixListReference, transit_gateway_route_table_id=table_id):
        prefix_list = tx.find(ManagedPrefixList, reference.prefix_list_id)
        for entry in entries_of(prefix_list) if prefix_list else ():
            target = reference.transit_gateway_attachment_id
            found.setdefault(
                entry.cidr, _shape(tx, target, entry.cidr, "static", PrefixListId=reference.prefix_list_id)
            )
    for item in tx.select(TransitGatewayPropagation, transit_gateway_route_table_id=table_id):
        row = tx.find(TransitGatewayAttachment, item.transit_gateway_attachment_id)
        for block in ranges_of(tx, row) if row is not None and row.state not in GONE else ():
            found.setdefault(block, _shape(tx, item.transit_gateway_attachment_id, block, "propagated"))
    return list(found.values())


def _parsed(text: str) -> tuple[Range, int] | None:
    four = ipv4_range(text)
    if four is not None:
        return four, 32
    six = ipv6_range(text)
    return (six, 128) if six is not None else None


def _within(outer: str, inner: str) -> bool:
    one, other = _parsed(outer), _parsed(inner)
    return bool(one and other and one[1] == other[1] and contains(one[0], other[0], one[1]))


def searched(tx: Tx, table_id: str, filters: Any) -> list[dict[str, Any]]:
    """A table's routes that pass a search's filters."""
    found = routes(tx, table_id)
    fields = {
        "attachment.transit-gateway-attachment-id": "TransitGatewayAttachments.TransitGatewayAttachmentId",
        "attachment.resource-id": "TransitGatewayAttachments.ResourceId",
        "attachment.resource-type": "TransitGatewayAttachments.ResourceType",
        "prefix-list-id": "PrefixListId",
        "state": "State",
        "type": "Type",
    }
    plain = [item for item in filters or () if item.name in fields]
    found = narrow(found, plain, fields)
    for name, values in checked(filters or ()):
        if name in fields:
            continue
        how, _, kind = name.partition(".")
        if how != "route-search":
            raise unknown_filter(name)
        tests: dict[str, Callable[[dict[str, Any], str], Any]] = {
            "exact-match": lambda route, value: pattern(value)(route["DestinationCidrBlock"]),
            "subnet-of-match": lambda route, value: _within(value, route["DestinationCidrBlock"]),
            "supernet-of-match": lambda route, value: _within(route["DestinationCidrBlock"], value),
            "longest-prefix-match": lambda route, value: _within(route["DestinationCidrBlock"], value),
        }
        if kind not in tests:
            raise unknown_filter(name)
        texts = [value if "/" in value or kind == "exact-match" else value + "/32" for value in values]
        found = [route for route in found if any(tests[kind](route, text) for text in texts)]
        if kind == "longest-prefix-match" and found:
            found = [max(found, key=lambda route: int(route["DestinationCidrBlock"].rpartition("/")[2]))]
    return found


@op
def search_transit_gateway_routes(
    tx: Tx, req: api.SearchTransitGatewayRoutesRequest
) -> api.SearchTransitGatewayRoutesResult:
    """Find routes by what they are and by what they match."""
    table = alive(tx, TransitGatewayRouteTable, req.transit_gateway_route_table_id)
    found = searched(tx, table.transit_gateway_route_table_id, req.filters)
    most = req.max_results or 1000
    return api.SearchTransitGatewayRoutesResult(routes=found[:most], additional_routes_available=len(found) > most)


@op
def export_transit_gateway_routes(
    tx: Tx, req: api.ExportTransitGatewayRoutesRequest
) -> api.ExportTransitGatewayRoutesResult:
    """Write routes to a bucket, as JSON."""
    import json

    table = alive(tx, TransitGatewayRouteTable, req.transit_gateway_route_table_id)
    wanted = table.transit_gateway_route_table_id
    found = searched(tx, wanted, req.filters)
    stamp = tx.now.strftime("%Y-%m-%dT%H:%M:%SZ")
    key = f"VPCTransitGateway/TransitGatewayRouteTables/{wanted}_{stamp}.json"
    body = json.dumps({"transitGatewayRouteTableId": wanted, "routes": found}).encode()
    tx.call("s3", "PutObject", bucket=req.s3_bucket, key=key, body=body)
    return api.ExportTransitGatewayRoutesResult(s3_location=f"s3://{req.s3_bucket}/{key}")


def _reference(tx: Tx, row: TransitGatewayPrefixListReference, state: str | None = None) -> dict[str, Any]:
    found: dict[str, Any] = {
        "TransitGatewayRouteTableId": row.transit_gateway_route_table_id,
        "PrefixListId": row.prefix_list_id,
        "PrefixListOwnerId": row.prefix_list_owner_id,
        "State": state or row.state,
        "Blackhole": row.blackhole,
    }
    target = row.transit_gateway_attachment_id
    there = tx.find(TransitGatewayAttachment, target) if target else None
    if there is not None:
        found["TransitGatewayAttachment"] = {
            "TransitGatewayAttachmentId": target,
            "ResourceType": there.resource_type,
            "ResourceId": there.resource_id,
        }
    return found


@op
def create_transit_gateway_prefix_list_reference(
    tx: Tx, req: api.CreateTransitGatewayPrefixListReferenceRequest
) -> api.CreateTransitGatewayPrefixListReferenceResult:
    """Route to all ranges of a prefix list."""
    table = alive(tx, TransitGatewayRouteTable, req.transit_gateway_route_table_id)
    with_aws_lists(tx)
    prefix_list = tx.get(ManagedPrefixList, req.prefix_list_id)
    wanted = table.transit_gateway_route_table_id
    if tx.find(TransitGatewayPrefixListReference, wanted, prefix_list.prefix_list_id) is not None:
        raise AwsError(
            "TransitGatewayPrefixListReference.Duplicate",
            f"{prefix_list.prefix_list_id} is already referenced in {wanted}.",
        )
    row = tx.add(
        TransitGatewayPrefixListReference(
            transit_gateway_route_table_id=wanted,
            prefix_list_id=prefix_list.prefix_list_id,
            prefix_list_owner_id=prefix_list.owner_id,
            blackhole=bool(req.blackhole),
            transit_gateway_attachment_id=_target(tx, req),
        )
    )
    return api.CreateTransitGatewayPrefixListReferenceResult(
        transit_gateway_prefix_list_reference=_reference(tx, row, "pending")
    )


def _referenced(tx: Tx, table_id: str, prefix_list_id: str) -> TransitGatewayPrefixListReference:
    table = alive(tx, TransitGatewayRouteTable, table_id)
    found = tx.find(TransitGatewayPrefixListReference, table.transit_gateway_route_table_id, prefix_list_id)
    if found is None:
        raise AwsError("InvalidPrefixListReference.NotFound", f"{prefix_list_id} is not referenced in {table_id}.")
    return found


@op
def modify_transit_gateway_prefix_list_reference(
    tx: Tx, req: api.ModifyTransitGatewayPrefixListReferenceRequest
) -> api.ModifyTransitGatewayPrefixListReferenceResult:
    """Change where the ranges of a prefix list are routed to."""
    found = _referenced(tx, req.transit_gateway_route_table_id, req.prefix_list_id)
    row = tx.update(found, blackhole=bool(req.blackhole), transit_gateway_attachment_id=_target(tx, req))
    return api.ModifyTransitGatewayPrefixListReferenceResult(
        transit_gateway_prefix_list_reference=_reference(tx, row, "modifying")
    )


@op
def delete_transit_gateway_prefix_list_reference(
    tx: Tx, req: api.DeleteTransitGatewayPrefixListReferenceRequest
) -> api.DeleteTransitGatewayPrefixListReferenceResult:
    """Route to a prefix list no longer."""
    found = _referenced(tx, req.transit_gateway_route_table_id, req.prefix_list_id)
    tx.delete(found)
    return api.DeleteTransitGatewayPrefixListReferenceResult(
        transit_gateway_prefix_list_reference=_reference(tx, found, "deleting")
    )


@op
def get_transit_gateway_prefix_list_references(
    tx: Tx, req: api.GetTransitGatewayPrefixListReferencesRequest
) -> api.GetTransitGatewayPrefixListReferencesResult:
    """List a table's references to prefix lists."""
    table = alive(tx, TransitGatewayRouteTable, req.transit_gateway_route_table_id)
    wanted = table.transit_gateway_route_table_id
    rows = tx.select(TransitGatewayPrefixListReference, transit_gateway_route_table_id=wanted)
    declared = {
        "attachment.resource-id": "TransitGatewayAttachment.ResourceId",
        "attachment.resource-type": "TransitGatewayAttachment.ResourceType",
        "attachment.transit-gateway-attachment-id": "TransitGatewayAttachment.TransitGatewayAttachmentId",
        "is-blackhole": "Blackhole",
        "prefix-list-id": "PrefixListId",
        "prefix-list-owner-id": "PrefixListOwnerId",
        "state": "State",
    }
    found = narrow([_reference(tx, row) for row in rows], req.filters, declared)
    return api.GetTransitGatewayPrefixListReferencesResult(transit_gateway_prefix_list_references=rows_of(found))
