"""Attachments of all kinds: found, associated, propagated, taken away; and those of VPCs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from msgspec.structs import replace

from sundog.api import ec2 as api
from sundog.core import AwsError, Tx, op
from sundog.core.tx import missing
from sundog.services.ec2.lifecycle import GONE, REMEMBERED, SECONDS, forget
from sundog.services.ec2.managed_interface import drop_interfaces, make_managed_interface
from sundog.services.ec2.settle import moment, settle
from sundog.services.ec2.state.network import Subnet, Vpc
from sundog.services.ec2.state.transit_gateway import (
    TransitGateway,
    TransitGatewayAttachment,
    TransitGatewayPropagation,
    TransitGatewayRoute,
    VpcAttachmentOptions,
)

REQUESTER = "amazon-aws"


def gateway_here(tx: Tx, gateway_id: str) -> tuple[str, TransitGateway]:
    """The owner and row of a gateway in this region: the account's own, or one that another shares."""
    found = tx.find(TransitGateway, gateway_id)
    owner = tx.account
    if found is None:
        for account, region, row in tx.everywhere(TransitGateway):
            if row.transit_gateway_id == gateway_id and region == tx.region:
                owner, found = account, row
    if found is None or found.state in GONE:
        raise missing(TransitGateway, (gateway_id,))
    return owner, found


def usable(tx: Tx, gateway_id: str) -> tuple[str, TransitGateway]:
    owner, gateway = gateway_here(tx, gateway_id)
    if gateway.state == "pending":
        raise AwsError("IncorrectState", f"{gateway_id} is in invalid state")
    return owner, gateway


def attachment(tx: Tx, attachment_id: str, *kinds: str) -> TransitGatewayAttachment:
    """An attachment that isn't deleted; of one of the kinds, if any are named."""
    found = tx.find(TransitGatewayAttachment, attachment_id)
    if found is None or found.state in GONE or (kinds and found.resource_type not in kinds):
        raise missing(TransitGatewayAttachment, (attachment_id,))
    return found


def rows(tx: Tx, found: TransitGatewayAttachment) -> Iterator[tuple[Tx, TransitGatewayAttachment]]:
    """The attachment's row at each of its homes."""
    for account, region in found.homes:
        there = tx.in_(account=account, region=region)
        row = there.find(TransitGatewayAttachment, found.transit_gateway_attachment_id)
        if row is not None:
            yield there, row


def set_rows(tx: Tx, found: TransitGatewayAttachment, **changes: Any) -> TransitGatewayAttachment:
    for there, row in rows(tx, found):
        there.update(row, **changes)
    return tx.get(TransitGatewayAttachment, found.transit_gateway_attachment_id)


def add_rows(tx: Tx, row: TransitGatewayAttachment, tags: Any = None) -> TransitGatewayAttachment:
    """Add an attachment here, and wherever else it is seen; only here does it bear the tags."""
    made = tx.add(row, tags=tags)
    for account, region in row.homes:
        if (account, region) != (tx.account, tx.region):
            tx.in_(account=account, region=region).add(row)
    return made


def open_attachment(tx: Tx, row: TransitGatewayAttachment, tags: Any = None) -> TransitGatewayAttachment:
    """Add an attachment that needs nobody's leave; gives it as it is at first."""
    made = add_rows(tx, row, tags)
    settle(tx, SECONDS, become_available, made.transit_gateway_attachment_id)
    return made


def become_available(tx: Tx, attachment_id: str) -> None:
    """Let an attachment work, with the gateway's default association and propagation."""
    row = tx.find(TransitGatewayAttachment, attachment_id)
    if row is None or row.state not in ("pending", "modifying", "initiating"):
        return
    first = row.state != "modifying"
    row = set_rows(tx, row, state="available")
    if first and row.resource_type != "peering":
        there = tx.in_(account=row.transit_gateway_owner_id)
        gateway = there.get(TransitGateway, row.transit_gateway_id)
        options = gateway.options
        if options.default_route_table_association == "enable" and options.association_default_route_table_id:
            set_rows(tx, row, route_table_id=options.association_default_route_table_id, association_state="associated")
        if options.default_route_table_propagation == "enable" and options.propagation_default_route_table_id:
            there.add(
                TransitGatewayPropagation(
                    transit_gateway_route_table_id=options.propagation_default_route_table_id,
                    transit_gateway_attachment_id=attachment_id,
                )
            )


def close_attachment(tx: Tx, row: TransitGatewayAttachment, now: str = "deleting") -> TransitGatewayAttachment:
    """Take an attachment away: nothing is routed by it any more. Gives it as it is at first."""
    drop_interfaces(tx.in_(account=row.resource_owner_id), row.interface_ids)
    for there, _ in rows(tx, row):
        for propagation in there.select(TransitGatewayPropagation):
            if propagation.transit_gateway_attachment_id == row.transit_gateway_attachment_id:
                there.delete(propagation)
    shown = set_rows(
        tx, row, state=now, route_table_id=None, association_state=None, policy_table_id=None, interface_ids=()
    )
    settle(
        tx, SECONDS, become_deleted, row.transit_gateway_attachment_id, "rejected" if now == "rejecting" else "deleted"
    )
    return shown


def become_deleted(tx: Tx, attachment_id: str, state: str) -> None:
    row = tx.find(TransitGatewayAttachment, attachment_id)
    if row is None:
        return
    for there, each in rows(tx, row):
        there.update(each, state=state)
        kind = TransitGatewayAttachment
        there.at(tx.now + REMEMBERED, forget, kind.__module__, kind.__qualname__, attachment_id)


@op
def describe_transit_gateway_attachments(
    tx: Tx, req: api.DescribeTransitGatewayAttachmentsRequest
) -> api.DescribeTransitGatewayAttachmentsResult:
    """List attachments of all kinds."""
    found = tx.search(TransitGatewayAttachment, ids=req.transit_gateway_attachment_ids, filters=req.filters)
    return api.DescribeTransitGatewayAttachmentsResult(transit_gateway_attachments=found.map(view))


def view(row: TransitGatewayAttachment) -> api.TransitGatewayAttachment:
    """An attachment where all kinds are shown alike."""
    association = None
    if row.route_table_id is not None:
        association = {"TransitGatewayRouteTableId": row.route_table_id, "State": row.association_state}
    elif row.policy_table_id is not None:
        association = {"TransitGatewayPolicyTableId": row.policy_table_id, "State": "associated"}
    return api.TransitGatewayAttachment(
        transit_gateway_attachment_id=row.transit_gateway_attachment_id,
        transit_gateway_id=row.transit_gateway_id,
        transit_gateway_owner_id=row.transit_gateway_owner_id,
        resource_owner_id=row.resource_owner_id,
        resource_type=row.resource_type,
        resource_id=row.resource_id,
        state=row.state,
        association=association,
        creation_time=row.creation_time,
        tags=row.tags,
    )


def vpc_view(row: TransitGatewayAttachment) -> api.TransitGatewayVpcAttachment:
    return api.TransitGatewayVpcAttachment(
        transit_gateway_attachment_id=row.transit_gateway_attachment_id,
        transit_gateway_id=row.transit_gateway_id,
        vpc_id=row.vpc_id,
        vpc_owner_id=row.vpc_owner_id,
        state=row.state,
        subnet_ids=row.subnet_ids,
        creation_time=row.creation_time,
        options=row.options,
        tags=row.tags,
    )


def _plug(tx: Tx, vpc: Vpc, attachment_id: str, subnet_ids: list[str], zones: set[str]) -> list[str]:
    made: list[str] = []
    for subnet_id in dict.fromkeys(subnet_ids):
        subnet = tx.get(Subnet, subnet_id)
        if subnet.vpc_id != vpc.vpc_id:
            raise AwsError("InvalidParameterValue", f"Subnet {subnet_id} does not belong to VPC {vpc.vpc_id}.")
        if subnet.availability_zone in zones:
            raise AwsError("DuplicateSubnetsInSameZone", f"Duplicate Subnets for same AZ in {vpc.vpc_id}: {subnet_id}")
        zones.add(subnet.availability_zone)
        text = f"Network Interface for Transit Gateway Attachment {attachment_id}"
        interface = make_managed_interface(tx, subnet, (), "transit_gateway", text, REQUESTER)
        made.append(interface.network_interface_id)
    return made


@op
def create_transit_gateway_vpc_attachment(
    tx: Tx, req: api.CreateTransitGatewayVpcAttachmentRequest
) -> api.CreateTransitGatewayVpcAttachmentResult:
    """Plug a VPC into a gateway. Another account's gateway may want to be asked."""
    owner, gateway = usable(tx, req.transit_gateway_id)
    vpc = tx.get(Vpc, req.vpc_id)
    for row in tx.select(TransitGatewayAttachment, transit_gateway_id=gateway.transit_gateway_id):
        if row.vpc_id == vpc.vpc_id and row.state not in (*GONE, "rejected", "failed"):
            raise AwsError(
                "DuplicateTransitGatewayAttachment",
                f"{gateway.transit_gateway_id} has non-deleted Transit Gateway Attachments with same VPC ID.",
            )
    attachment_id = tx.new_id("tgw-attach")
    interfaces = _plug(tx, vpc, attachment_id, req.subnet_ids, set())
    waits = owner != tx.account and gateway.options.auto_accept_shared_attachments != "enable"
    row = TransitGatewayAttachment(
        transit_gateway_attachment_id=attachment_id,
        transit_gateway_id=gateway.transit_gateway_id,
        transit_gateway_owner_id=owner,
        resource_type="vpc",
        resource_id=vpc.vpc_id,
        resource_owner_id=tx.account,
        state="pendingAcceptance" if waits else "pending",
        creation_time=moment(tx),
        homes=tuple(dict.fromkeys([(tx.account, tx.region), (owner, tx.region)])),
        vpc_id=vpc.vpc_id,
        vpc_owner_id=tx.account,
        subnet_ids=tuple(req.subnet_ids),
        interface_ids=tuple(interfaces),
        options=_options(VpcAttachmentOptions(), req.options),
    )
    made = add_rows(tx, row, req.tag_specifications) if waits else open_attachment(tx, row, req.tag_specifications)
    return api.CreateTransitGatewayVpcAttachmentResult(transit_gateway_vpc_attachment=vpc_view(made))


def _options(old: VpcAttachmentOptions, asked: Any) -> VpcAttachmentOptions:
    if asked is None:
        return old
    fields = VpcAttachmentOptions.__struct_fields__
    return replace(old, **{name: value for name in fields if (value := getattr(asked, name)) is not None})


@op
def describe_transit_gateway_vpc_attachments(
    tx: Tx, req: api.DescribeTransitGatewayVpcAttachmentsRequest
) -> api.DescribeTransitGatewayVpcAttachmentsResult:
    """List VPCs' attachments."""
    found = tx.search(TransitGatewayAttachment, ids=req.transit_gateway_attachment_ids, filters=req.filters)
    shown = found.where(lambda row: row.resource_type == "vpc").map(vpc_view)
    return api.DescribeTransitGatewayVpcAttachmentsResult(transit_gateway_vpc_attachments=shown)


@op
def modify_transit_gateway_vpc_attachment(
    tx: Tx, req: api.ModifyTransitGatewayVpcAttachmentRequest
) -> api.ModifyTransitGatewayVpcAttachmentResult:
    """Change a VPC's attachment: its subnets and options."""
    row = attachment(tx, req.transit_gateway_attachment_id, "vpc")
    if row.state != "available":
        raise AwsError("IncorrectState", f"{row.transit_gateway_attachment_id} is in invalid state")
    vpc = tx.get(Vpc, row.vpc_id)
    pairs = dict(zip(row.subnet_ids or (), row.interface_ids, strict=True))
    for subnet_id in req.remove_subnet_ids or ():
        if subnet_id not in pairs:
            raise AwsError("InvalidSubnetID.NotFound", f"The subnet ID '{subnet_id}' does not exist")
        drop_interfaces(tx, [pairs.pop(subnet_id)])
    zones = {tx.get(Subnet, subnet_id).availability_zone for subnet_id in pairs}
    added = list(req.add_subnet_ids or ())
    pairs |= dict(zip(added, _plug(tx, vpc, row.transit_gateway_attachment_id, added, zones), strict=True))
    if not pairs:
        raise AwsError("InvalidParameterValue", "An attachment must have at least one subnet.")
    made = set_rows(
        tx,
        row,
        state="modifying",
        subnet_ids=tuple(pairs),
        interface_ids=tuple(pairs.values()),
        options=_options(row.options or VpcAttachmentOptions(), req.options),
    )
    settle(tx, SECONDS, become_available, row.transit_gateway_attachment_id)
    return api.ModifyTransitGatewayVpcAttachmentResult(transit_gateway_vpc_attachment=vpc_view(made))


@op
def delete_transit_gateway_vpc_attachment(
    tx: Tx, req: api.DeleteTransitGatewayVpcAttachmentRequest
) -> api.DeleteTransitGatewayVpcAttachmentResult:
    """Unplug a VPC, unless a Connect attachment stands on it."""
    row = attachment(tx, req.transit_gateway_attachment_id, "vpc")
    for other in tx.select(TransitGatewayAttachment, transit_gateway_id=row.transit_gateway_id):
        if (
            other.transport_transit_gateway_attachment_id == row.transit_gateway_attachment_id
            and other.state not in GONE
        ):
            raise AwsError(
                "IncorrectState",
                f"{row.transit_gateway_attachment_id} has non-deleted Connect Attachments: "
                f"{other.transit_gateway_attachment_id}.",
            )
    return api.DeleteTransitGatewayVpcAttachmentResult(
        transit_gateway_vpc_attachment=vpc_view(close_attachment(tx, row))
    )


def waiting(tx: Tx, attachment_id: str, kind: str) -> TransitGatewayAttachment:
    """An attachment that this account may accept."""
    row = attachment(tx, attachment_id, kind)
    if row.state != "pendingAcceptance":
        raise AwsError("IncorrectState", f"{attachment_id} is in invalid state")
    if row.transit_gateway_owner_id != tx.account and kind == "vpc":
        raise AwsError("OperationNotPermitted", f"The attachment {attachment_id} is not yours to accept or reject.")
    return row


@op
def accept_transit_gateway_vpc_attachment(
    tx: Tx, req: api.AcceptTransitGatewayVpcAttachmentRequest
) -> api.AcceptTransitGatewayVpcAttachmentResult:
    """Let another account's VPC be plugged in."""
    row = set_rows(tx, waiting(tx, req.transit_gateway_attachment_id, "vpc"), state="pending")
    settle(tx, SECONDS, become_available, row.transit_gateway_attachment_id)
    return api.AcceptTransitGatewayVpcAttachmentResult(transit_gateway_vpc_attachment=vpc_view(row))


@op
def reject_transit_gateway_vpc_attachment(
    tx: Tx, req: api.RejectTransitGatewayVpcAttachmentRequest
) -> api.RejectTransitGatewayVpcAttachmentResult:
    """Refuse another account's VPC."""
    row = close_attachment(tx, waiting(tx, req.transit_gateway_attachment_id, "vpc"), "rejecting")
    return api.RejectTransitGatewayVpcAttachmentResult(transit_gateway_vpc_attachment=vpc_view(row))


def routes_by(tx: Tx, attachment_id: str) -> list[TransitGatewayRoute]:
    """The static routes that lead to an attachment."""
    return [row for row in tx.select(TransitGatewayRoute) if row.transit_gateway_attachment_id == attachment_id]
