"""Route tables of transit gateways: associations, propagations, announcements."""

from __future__ import annotations

from typing import Any

from sundog.api import ec2 as api
from sundog.core import AwsError, Tx, op, rows_of
from sundog.core.filter import narrow
from sundog.services.ec2.lifecycle import alive, begin, end
from sundog.services.ec2.settle import moment
from sundog.services.ec2.state.transit_gateway import (
    TransitGateway,
    TransitGatewayAttachment,
    TransitGatewayPrefixListReference,
    TransitGatewayPropagation,
    TransitGatewayRoute,
    TransitGatewayRouteTable,
    TransitGatewayRouteTableAnnouncement,
)
from sundog.services.ec2.transit_gateway.attachment import attachment, set_rows

_FILTERS = {
    "resource-id": "ResourceId",
    "resource-type": "ResourceType",
    "transit-gateway-attachment-id": "TransitGatewayAttachmentId",
    "transit-gateway-route-table-id": "TransitGatewayRouteTableId",
    "state": "State",
}


@op
def create_transit_gateway_route_table(
    tx: Tx, req: api.CreateTransitGatewayRouteTableRequest
) -> api.CreateTransitGatewayRouteTableResult:
    """Make an empty table."""
    gateway = alive(tx, TransitGateway, req.transit_gateway_id)
    row = TransitGatewayRouteTable(
        transit_gateway_route_table_id=tx.new_id("tgw-rtb"),
        transit_gateway_id=gateway.transit_gateway_id,
        creation_time=moment(tx),
    )
    made = begin(tx, row, tags=req.tag_specifications)
    return api.CreateTransitGatewayRouteTableResult(transit_gateway_route_table=made)


@op
def describe_transit_gateway_route_tables(
    tx: Tx, req: api.DescribeTransitGatewayRouteTablesRequest
) -> api.DescribeTransitGatewayRouteTablesResult:
    """List tables."""
    found = tx.search(TransitGatewayRouteTable, ids=req.transit_gateway_route_table_ids, filters=req.filters)
    return api.DescribeTransitGatewayRouteTablesResult(transit_gateway_route_tables=found)


@op
def delete_transit_gateway_route_table(
    tx: Tx, req: api.DeleteTransitGatewayRouteTableRequest
) -> api.DeleteTransitGatewayRouteTableResult:
    """Delete a table that nothing is associated with and that is nobody's default."""
    table = alive(tx, TransitGatewayRouteTable, req.transit_gateway_route_table_id)
    wanted = table.transit_gateway_route_table_id
    if tx.select(TransitGatewayAttachment, route_table_id=wanted):
        raise AwsError("IncorrectState", f"{wanted} has active associations.")
    if table.default_association_route_table or table.default_propagation_route_table:
        raise AwsError("IncorrectState", f"{wanted} is a default route table of {table.transit_gateway_id}.")
    for kind in (TransitGatewayPropagation, TransitGatewayRoute, TransitGatewayPrefixListReference):
        for row in tx.select(kind, transit_gateway_route_table_id=wanted):
            tx.delete(row)
    return api.DeleteTransitGatewayRouteTableResult(transit_gateway_route_table=end(tx, table))


def pair(tx: Tx, table_id: str, attachment_id: str) -> tuple[TransitGatewayRouteTable, TransitGatewayAttachment]:
    """A table and an attachment of the same gateway."""
    table = alive(tx, TransitGatewayRouteTable, table_id)
    row = attachment(tx, attachment_id)
    if row.transit_gateway_id != table.transit_gateway_id:
        raise AwsError("InvalidParameterValue", f"{attachment_id} and {table_id} belong to different transit gateways.")
    return table, row


def _brief(row: TransitGatewayAttachment, state: str | None, **more: Any) -> dict[str, Any]:
    found = {
        "TransitGatewayAttachmentId": row.transit_gateway_attachment_id,
        "ResourceId": row.resource_id,
        "ResourceType": row.resource_type,
        "State": state,
    }
    return found | more


@op
def associate_transit_gateway_route_table(
    tx: Tx, req: api.AssociateTransitGatewayRouteTableRequest
) -> api.AssociateTransitGatewayRouteTableResult:
    """Let a table route what comes from an attachment that has none."""
    table, row = pair(tx, req.transit_gateway_route_table_id, req.transit_gateway_attachment_id)
    if row.state not in ("available", "modifying"):
        raise AwsError("IncorrectState", f"{row.transit_gateway_attachment_id} is in invalid state")
    if row.route_table_id is not None or row.policy_table_id is not None:
        raise AwsError(
            "Resource.AlreadyAssociated",
            f"Transit Gateway Attachment {row.transit_gateway_attachment_id} is already associated to a route table.",
        )
    wanted = table.transit_gateway_route_table_id
    set_rows(tx, row, route_table_id=wanted, association_state="associated")
    return api.AssociateTransitGatewayRouteTableResult(
        association=_brief(row, "associating", TransitGatewayRouteTableId=wanted)
    )


@op
def disassociate_transit_gateway_route_table(
    tx: Tx, req: api.DisassociateTransitGatewayRouteTableRequest
) -> api.DisassociateTransitGatewayRouteTableResult:
    """Let a table route an attachment's packets no longer."""
    table, row = pair(tx, req.transit_gateway_route_table_id, req.transit_gateway_attachment_id)
    wanted = table.transit_gateway_route_table_id
    if row.route_table_id != wanted:
        raise AwsError(
            "InvalidAssociation.NotFound",
            f"Transit Gateway Attachment {row.transit_gateway_attachment_id} is not associated with {wanted}.",
        )
    set_rows(tx, row, route_table_id=None, association_state=None)
    return api.DisassociateTransitGatewayRouteTableResult(
        association=_brief(row, "disassociating", TransitGatewayRouteTableId=wanted)
    )


@op
def get_transit_gateway_route_table_associations(
    tx: Tx, req: api.GetTransitGatewayRouteTableAssociationsRequest
) -> api.GetTransitGatewayRouteTableAssociationsResult:
    """List a table's attachments."""
    table = alive(tx, TransitGatewayRouteTable, req.transit_gateway_route_table_id)
    rows = tx.select(TransitGatewayAttachment, route_table_id=table.transit_gateway_route_table_id)
    found = narrow([_brief(row, row.association_state) for row in rows], req.filters, _FILTERS)
    return api.GetTransitGatewayRouteTableAssociationsResult(associations=rows_of(found))


def _source(tx: Tx, req: Any) -> tuple[str, str | None]:
    """The attachment that a propagation names, and the announcement if it names that."""
    if req.transit_gateway_route_table_announcement_id is not None:
        found = tx.get(TransitGatewayRouteTableAnnouncement, req.transit_gateway_route_table_announcement_id)
        return found.peering_attachment_id, found.transit_gateway_route_table_announcement_id
    if req.transit_gateway_attachment_id is None:
        raise AwsError("MissingParameter", "The request must contain the parameter TransitGatewayAttachmentId")
    return req.transit_gateway_attachment_id, None


@op
def enable_transit_gateway_route_table_propagation(
    tx: Tx, req: api.EnableTransitGatewayRouteTablePropagationRequest
) -> api.EnableTransitGatewayRouteTablePropagationResult:
    """Let a table take over an attachment's ranges."""
    source, announcement = _source(tx, req)
    table, row = pair(tx, req.transit_gateway_route_table_id, source)
    wanted = table.transit_gateway_route_table_id
    if tx.find(TransitGatewayPropagation, wanted, row.transit_gateway_attachment_id) is not None:
        raise AwsError(
            "TransitGatewayRouteTablePropagation.Duplicate",
            f"Propagation of {row.transit_gateway_attachment_id} to {wanted} is already enabled.",
        )
    tx.add(
        TransitGatewayPropagation(
            transit_gateway_route_table_id=wanted,
            transit_gateway_attachment_id=row.transit_gateway_attachment_id,
            transit_gateway_route_table_announcement_id=announcement,
        )
    )
    return api.EnableTransitGatewayRouteTablePropagationResult(
        propagation=_brief(
            row,
            "enabled",
            TransitGatewayRouteTableId=wanted,
            TransitGatewayRouteTableAnnouncementId=announcement,
        )
    )


@op
def disable_transit_gateway_route_table_propagation(
    tx: Tx, req: api.DisableTransitGatewayRouteTablePropagationRequest
) -> api.DisableTransitGatewayRouteTablePropagationResult:
    """Let a table take over an attachment's ranges no longer."""
    source, announcement = _source(tx, req)
    table, row = pair(tx, req.transit_gateway_route_table_id, source)
    wanted = table.transit_gateway_route_table_id
    found = tx.find(TransitGatewayPropagation, wanted, row.transit_gateway_attachment_id)
    if found is None:
        raise AwsError(
            "TransitGatewayRouteTablePropagation.NotFound",
            f"Propagation of {row.transit_gateway_attachment_id} to {wanted} is not enabled.",
        )
    tx.delete(found)
    return api.DisableTransitGatewayRouteTablePropagationResult(
        propagation=_brief(
            row,
            "disabled",
            TransitGatewayRouteTableId=wanted,
            TransitGatewayRouteTableAnnouncementId=announcement,
        )
    )


@op
def get_transit_gateway_route_table_propagations(
    tx: Tx, req: api.GetTransitGatewayRouteTablePropagationsRequest
) -> api.GetTransitGatewayRouteTablePropagationsResult:
    """List the attachments whose ranges a table takes over."""
    table = alive(tx, TransitGatewayRouteTable, req.transit_gateway_route_table_id)
    found: list[dict[str, Any]] = []
    wanted = table.transit_gateway_route_table_id
    for item in tx.select(TransitGatewayPropagation, transit_gateway_route_table_id=wanted):
        row = tx.find(TransitGatewayAttachment, item.transit_gateway_attachment_id)
        if row is not None:
            announcement = item.transit_gateway_route_table_announcement_id
            found.append(_brief(row, item.state, TransitGatewayRouteTableAnnouncementId=announcement))
    shown = rows_of(narrow(found, req.filters, _FILTERS))
    return api.GetTransitGatewayRouteTablePropagationsResult(transit_gateway_route_table_propagations=shown)


@op
def get_transit_gateway_attachment_propagations(
    tx: Tx, req: api.GetTransitGatewayAttachmentPropagationsRequest
) -> api.GetTransitGatewayAttachmentPropagationsResult:
    """List the tables that take over an attachment's ranges."""
    row = attachment(tx, req.transit_gateway_attachment_id)
    found = [
        {"TransitGatewayRouteTableId": item.transit_gateway_route_table_id, "State": item.state}
        for item in tx.select(TransitGatewayPropagation)
        if item.transit_gateway_attachment_id == row.transit_gateway_attachment_id
    ]
    shown = rows_of(narrow(found, req.filters, _FILTERS))
    return api.GetTransitGatewayAttachmentPropagationsResult(transit_gateway_attachment_propagations=shown)


@op
def create_transit_gateway_route_table_announcement(
    tx: Tx, req: api.CreateTransitGatewayRouteTableAnnouncementRequest
) -> api.CreateTransitGatewayRouteTableAnnouncementResult:
    """Tell a table's routes to the other side of a peering."""
    table, row = pair(tx, req.transit_gateway_route_table_id, req.peering_attachment_id)
    if row.resource_type != "peering":
        raise AwsError("InvalidParameterValue", f"{req.peering_attachment_id} is not a peering attachment.")
    announcement = TransitGatewayRouteTableAnnouncement(
        transit_gateway_route_table_announcement_id=tx.new_id("tgw-rtb-ann"),
        transit_gateway_id=table.transit_gateway_id,
        peer_transit_gateway_id=row.resource_id,
        peering_attachment_id=row.transit_gateway_attachment_id,
        transit_gateway_route_table_id=table.transit_gateway_route_table_id,
        creation_time=moment(tx),
    )
    made = begin(tx, announcement, tags=req.tag_specifications)
    return api.CreateTransitGatewayRouteTableAnnouncementResult(transit_gateway_route_table_announcement=made)


@op
def describe_transit_gateway_route_table_announcements(
    tx: Tx, req: api.DescribeTransitGatewayRouteTableAnnouncementsRequest
) -> api.DescribeTransitGatewayRouteTableAnnouncementsResult:
    """List announcements."""
    ids = req.transit_gateway_route_table_announcement_ids
    found = tx.search(TransitGatewayRouteTableAnnouncement, ids=ids, filters=req.filters)
    return api.DescribeTransitGatewayRouteTableAnnouncementsResult(transit_gateway_route_table_announcements=found)


@op
def delete_transit_gateway_route_table_announcement(
    tx: Tx, req: api.DeleteTransitGatewayRouteTableAnnouncementRequest
) -> api.DeleteTransitGatewayRouteTableAnnouncementResult:
    """Tell a table's routes no longer."""
    row = alive(tx, TransitGatewayRouteTableAnnouncement, req.transit_gateway_route_table_announcement_id)
    made = end(tx, row)
    return api.DeleteTransitGatewayRouteTableAnnouncementResult(transit_gateway_route_table_announcement=made)
