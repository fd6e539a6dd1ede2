"""Peerings of transit gateways, between accounts and regions too."""

from __future__ import annotations

from msgspec.structs import replace

from sundog.api import ec2 as api
from sundog.core import AwsError, Tx, op
from sundog.core.tx import missing
from sundog.services.ec2.lifecycle import SECONDS, alive
from sundog.services.ec2.settle import moment, settle
from sundog.services.ec2.state.transit_gateway import PeeringTgw, TransitGateway, TransitGatewayAttachment
from sundog.services.ec2.transit_gateway.attachment import (
    add_rows,
    attachment,
    become_available,
    become_deleted,
    close_attachment,
    set_rows,
    waiting,
)


def view(row: TransitGatewayAttachment) -> api.TransitGatewayPeeringAttachment:
    """A peering as either side sees it."""
    return api.TransitGatewayPeeringAttachment(
        transit_gateway_attachment_id=row.transit_gateway_attachment_id,
        accepter_transit_gateway_attachment_id=row.other_attachment_id,
        requester_tgw_info=row.requester_tgw_info,
        accepter_tgw_info=row.accepter_tgw_info,
        options={"DynamicRouting": row.dynamic_routing} if row.dynamic_routing else None,
        status=row.status,
        state=row.state,
        creation_time=row.creation_time,
        tags=row.tags,
    )


@op
def create_transit_gateway_peering_attachment(
    tx: Tx, req: api.CreateTransitGatewayPeeringAttachmentRequest
) -> api.CreateTransitGatewayPeeringAttachmentResult:
    """Ask another gateway's owner to join it with one's own."""
    gateway = alive(tx, TransitGateway, req.transit_gateway_id)
    there = tx.in_(account=req.peer_account_id, region=req.peer_region)
    peer = there.find(TransitGateway, req.peer_transit_gateway_id)
    if peer is None or peer.state == "deleted":
        raise missing(TransitGateway, (req.peer_transit_gateway_id,))
    if peer.transit_gateway_id == gateway.transit_gateway_id:
        raise AwsError("InvalidParameterValue", "A transit gateway cannot be peered with itself.")
    attachment_id = tx.new_id("tgw-attach")
    same_home = (there.account, there.region) == (tx.account, tx.region)
    dynamic = req.options.dynamic_routing if req.options is not None else None
    row = TransitGatewayAttachment(
        transit_gateway_attachment_id=attachment_id,
        transit_gateway_id=gateway.transit_gateway_id,
        transit_gateway_owner_id=tx.account,
        resource_type="peering",
        resource_id=peer.transit_gateway_id,
        resource_owner_id=peer.owner_id,
        remote_owner_id=peer.owner_id,
        state="initiatingRequest",
        creation_time=moment(tx),
        homes=((tx.account, tx.region),),
        requester_tgw_info=PeeringTgw(gateway.transit_gateway_id, tx.account, tx.region),
        accepter_tgw_info=PeeringTgw(peer.transit_gateway_id, peer.owner_id, there.region),
        # Two rows of one home can't bear the same id.
        other_attachment_id=tx.new_id("tgw-attach") if same_home else attachment_id,
        dynamic_routing=dynamic or "disable",
        status={"Code": "initiatingRequest"},
    )
    made = add_rows(tx, row, req.tag_specifications)
    waits = {"state": "pendingAcceptance", "status": {"Code": "pendingAcceptance"}}
    tx.update(made, **waits)
    there.add(
        replace(
            row,
            transit_gateway_attachment_id=row.other_attachment_id or attachment_id,
            transit_gateway_id=peer.transit_gateway_id,
            transit_gateway_owner_id=peer.owner_id,
            resource_id=gateway.transit_gateway_id,
            resource_owner_id=tx.account,
            remote_owner_id=tx.account,
            homes=((there.account, there.region),),
            other_attachment_id=attachment_id,
            **waits,
        )
    )
    return api.CreateTransitGatewayPeeringAttachmentResult(transit_gateway_peering_attachment=view(made))


def _other(tx: Tx, row: TransitGatewayAttachment) -> tuple[Tx, TransitGatewayAttachment] | None:
    """The peering's row on the other side."""
    assert row.requester_tgw_info is not None
    assert row.accepter_tgw_info is not None
    side = row.accepter_tgw_info
    if side.transit_gateway_id == row.transit_gateway_id:
        side = row.requester_tgw_info
    there = tx.in_(account=side.owner_id, region=side.region)
    found = there.find(TransitGatewayAttachment, row.other_attachment_id)
    return (there, found) if found is not None else None


@op
def describe_transit_gateway_peering_attachments(
    tx: Tx, req: api.DescribeTransitGatewayPeeringAttachmentsRequest
) -> api.DescribeTransitGatewayPeeringAttachmentsResult:
    """List peerings of either side."""
    found = tx.search(TransitGatewayAttachment, ids=req.transit_gateway_attachment_ids, filters=req.filters)
    shown = found.where(lambda row: row.resource_type == "peering").map(view)
    return api.DescribeTransitGatewayPeeringAttachmentsResult(transit_gateway_peering_attachments=shown)


def _mine_to_answer(tx: Tx, attachment_id: str) -> TransitGatewayAttachment:
    row = waiting(tx, attachment_id, "peering")
    asked = row.accepter_tgw_info
    if asked is None or asked.transit_gateway_id != row.transit_gateway_id:
        raise AwsError(
            "OperationNotPermitted", f"The attachment {attachment_id} is the other side's to accept or reject."
        )
    return row


@op
def accept_transit_gateway_peering_attachment(
    tx: Tx, req: api.AcceptTransitGatewayPeeringAttachmentRequest
) -> api.AcceptTransitGatewayPeeringAttachmentResult:
    """Take another gateway's offer."""
    row = _mine_to_answer(tx, req.transit_gateway_attachment_id)
    now = {"state": "pending", "status": {"Code": "pending"}}
    other = _other(tx, row)
    row = set_rows(tx, row, **now)
    homes = [(tx, row)]
    if other is not None:
        homes.append((other[0], set_rows(other[0], other[1], **now)))
    for there, each in homes:
        settle(there, SECONDS, join, each.transit_gateway_attachment_id)
    return api.AcceptTransitGatewayPeeringAttachmentResult(transit_gateway_peering_attachment=view(row))


def join(tx: Tx, attachment_id: str) -> None:
    """Let packets pass."""
    become_available(tx, attachment_id)
    row = tx.find(TransitGatewayAttachment, attachment_id)
    if row is not None and row.state == "available":
        tx.update(row, status={"Code": "available"})


@op
def reject_transit_gateway_peering_attachment(
    tx: Tx, req: api.RejectTransitGatewayPeeringAttachmentRequest
) -> api.RejectTransitGatewayPeeringAttachmentResult:
    """Refuse another gateway's offer."""
    row = _mine_to_answer(tx, req.transit_gateway_attachment_id)
    return api.RejectTransitGatewayPeeringAttachmentResult(
        transit_gateway_peering_attachment=view(_close(tx, row, "rejecting", "rejected"))
    )


def _close(tx: Tx, row: TransitGatewayAttachment, now: str, then: str) -> TransitGatewayAttachment:
    other = _other(tx, row)
    if other is not None:
        close_attachment(other[0], other[1], now)
        become_deleted(other[0], other[1].transit_gateway_attachment_id, then)
    return replace(close_attachment(tx, row, now), status={"Code": now})


@op
def delete_transit_gateway_peering_attachment(
    tx: Tx, req: api.DeleteTransitGatewayPeeringAttachmentRequest
) -> api.DeleteTransitGatewayPeeringAttachmentResult:
    """Part two gateways."""
    row = attachment(tx, req.transit_gateway_attachment_id, "peering")
    return api.DeleteTransitGatewayPeeringAttachmentResult(
        transit_gateway_peering_attachment=view(_close(tx, row, "deleting", "deleted"))
    )
