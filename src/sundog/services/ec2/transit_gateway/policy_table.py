"""Policy tables: rules that say which route table decides."""

from __future__ import annotations

from typing import Any

from sundog.api import ec2 as api
from sundog.core import AwsError, Tx, op, rows_of
from sundog.core.filter import narrow
from sundog.core.structure import plain
from sundog.services.ec2.lifecycle import alive, begin, end
from sundog.services.ec2.settle import moment
from sundog.services.ec2.state.transit_gateway import (
    TransitGateway,
    TransitGatewayAttachment,
    TransitGatewayPolicyTable,
    TransitGatewayRouteTable,
)
from sundog.services.ec2.transit_gateway.attachment import attachment, set_rows

_RULE = {
    "SourceCidrBlock": "0.0.0.0/0",
    "SourcePortRange": "*",
    "DestinationCidrBlock": "0.0.0.0/0",
    "DestinationPortRange": "*",
    "Protocol": "*",
}


@op
def create_transit_gateway_policy_table(
    tx: Tx, req: api.CreateTransitGatewayPolicyTableRequest
) -> api.CreateTransitGatewayPolicyTableResult:
    """Make a table without rules."""
    gateway = alive(tx, TransitGateway, req.transit_gateway_id)
    row = TransitGatewayPolicyTable(
        transit_gateway_policy_table_id=tx.new_id("tgw-ptb"),
        transit_gateway_id=gateway.transit_gateway_id,
        creation_time=moment(tx),
    )
    made = begin(tx, row, tags=req.tag_specifications)
    return api.CreateTransitGatewayPolicyTableResult(transit_gateway_policy_table=made)


@op
def describe_transit_gateway_policy_tables(
    tx: Tx, req: api.DescribeTransitGatewayPolicyTablesRequest
) -> api.DescribeTransitGatewayPolicyTablesResult:
    """List policy tables."""
    found = tx.search(TransitGatewayPolicyTable, ids=req.transit_gateway_policy_table_ids, filters=req.filters)
    return api.DescribeTransitGatewayPolicyTablesResult(transit_gateway_policy_tables=found)


@op
def delete_transit_gateway_policy_table(
    tx: Tx, req: api.DeleteTransitGatewayPolicyTableRequest
) -> api.DeleteTransitGatewayPolicyTableResult:
    """Delete a table that nothing is associated with."""
    row = alive(tx, TransitGatewayPolicyTable, req.transit_gateway_policy_table_id)
    wanted = row.transit_gateway_policy_table_id
    if tx.select(TransitGatewayAttachment, policy_table_id=wanted):
        raise AwsError("IncorrectState", f"{wanted} has active associations.")
    return api.DeleteTransitGatewayPolicyTableResult(transit_gateway_policy_table=end(tx, row))


def _association(row: TransitGatewayAttachment, table_id: str, state: str) -> dict[str, Any]:
    return {
        "TransitGatewayPolicyTableId": table_id,
        "TransitGatewayAttachmentId": row.transit_gateway_attachment_id,
        "ResourceId": row.resource_id,
        "ResourceType": row.resource_type,
        "State": state,
    }


@op
def associate_transit_gateway_policy_table(
    tx: Tx, req: api.AssociateTransitGatewayPolicyTableRequest
) -> api.AssociateTransitGatewayPolicyTableResult:
    """Let a table's rules decide on what comes from an attachment."""
    table = alive(tx, TransitGatewayPolicyTable, req.transit_gateway_policy_table_id)
    row = attachment(tx, req.transit_gateway_attachment_id)
    if row.route_table_id is not None or row.policy_table_id is not None:
        raise AwsError(
            "Resource.AlreadyAssociated",
            f"Transit Gateway Attachment {row.transit_gateway_attachment_id} is already associated.",
        )
    set_rows(tx, row, policy_table_id=table.transit_gateway_policy_table_id)
    return api.AssociateTransitGatewayPolicyTableResult(
        association=_association(row, table.transit_gateway_policy_table_id, "associating")
    )


@op
def disassociate_transit_gateway_policy_table(
    tx: Tx, req: api.DisassociateTransitGatewayPolicyTableRequest
) -> api.DisassociateTransitGatewayPolicyTableResult:
    """Let a table's rules decide no longer."""
    table = alive(tx, TransitGatewayPolicyTable, req.transit_gateway_policy_table_id)
    row = attachment(tx, req.transit_gateway_attachment_id)
    if row.policy_table_id != table.transit_gateway_policy_table_id:
        raise AwsError(
            "InvalidAssociation.NotFound",
            f"{row.transit_gateway_attachment_id} is not associated with {table.transit_gateway_policy_table_id}.",
        )
    set_rows(tx, row, policy_table_id=None)
    return api.DisassociateTransitGatewayPolicyTableResult(
        association=_association(row, table.transit_gateway_policy_table_id, "disassociating")
    )


@op
def get_transit_gateway_policy_table_associations(
    tx: Tx, req: api.GetTransitGatewayPolicyTableAssociationsRequest
) -> api.GetTransitGatewayPolicyTableAssociationsResult:
    """List a table's attachments."""
    wanted = alive(tx, TransitGatewayPolicyTable, req.transit_gateway_policy_table_id).transit_gateway_policy_table_id
    rows = tx.select(TransitGatewayAttachment, policy_table_id=wanted)
    declared = {
        "resource-id": "ResourceId",
        "resource-type": "ResourceType",
        "transit-gateway-attachment-id": "TransitGatewayAttachmentId",
        "state": "State",
    }
    found = narrow([_association(row, wanted, "associated") for row in rows], req.filters, declared)
    return api.GetTransitGatewayPolicyTableAssociationsResult(associations=rows_of(found))


@op
def create_transit_gateway_policy_table_entry(
    tx: Tx, req: api.CreateTransitGatewayPolicyTableEntryRequest
) -> api.CreateTransitGatewayPolicyTableEntryResult:
    """Add a rule under a free number."""
    table = alive(tx, TransitGatewayPolicyTable, req.transit_gateway_policy_table_id)
    if any(entry["PolicyRuleNumber"] == req.policy_rule_number for entry in table.entries):
        raise AwsError("DuplicatePolicyTableEntry", f"The rule {req.policy_rule_number} already exists.")
    target = alive(tx, TransitGatewayRouteTable, req.target_route_table_id)
    entry = {
        "PolicyRuleNumber": req.policy_rule_number,
        "PolicyRule": {**_RULE, **plain(req.policy_rule)},
        "TargetRouteTableId": target.transit_gateway_route_table_id,
        "State": "active",
    }
    entries = sorted((*table.entries, entry), key=lambda item: str(item["PolicyRuleNumber"]).zfill(10))
    tx.update(table, entries=tuple(entries))
    return api.CreateTransitGatewayPolicyTableEntryResult(transit_gateway_policy_table_entry=entry)


def _entry(table: TransitGatewayPolicyTable, number: str) -> dict[str, Any]:
    for entry in table.entries:
        if entry["PolicyRuleNumber"] == number:
            return entry
    raise AwsError("InvalidPolicyTableEntry.NotFound", f"The rule {number} does not exist.")


@op
def modify_transit_gateway_policy_table_entry(
    tx: Tx, req: api.ModifyTransitGatewayPolicyTableEntryRequest
) -> api.ModifyTransitGatewayPolicyTableEntryResult:
    """Change a rule."""
    table = alive(tx, TransitGatewayPolicyTable, req.transit_gateway_policy_table_id)
    old = _entry(table, req.policy_rule_number)
    new = dict(old)
    if req.policy_rule is not None:
        new["PolicyRule"] = {**old["PolicyRule"], **plain(req.policy_rule)}
    if req.target_route_table_id is not None:
        target = alive(tx, TransitGatewayRouteTable, req.target_route_table_id)
        new["TargetRouteTableId"] = target.transit_gateway_route_table_id
    tx.update(table, entries=tuple(new if entry is old else entry for entry in table.entries))
    return api.ModifyTransitGatewayPolicyTableEntryResult(transit_gateway_policy_table_entry=new)


@op
def delete_transit_gateway_policy_table_entry(
    tx: Tx, req: api.DeleteTransitGatewayPolicyTableEntryRequest
) -> api.DeleteTransitGatewayPolicyTableEntryResult:
    """Remove a rule."""
    table = alive(tx, TransitGatewayPolicyTable, req.transit_gateway_policy_table_id)
    old = _entry(table, req.policy_rule_number)
    tx.update(table, entries=tuple(entry for entry in table.entries if entry is not old))
    return api.DeleteTransitGatewayPolicyTableEntryResult(
        transit_gateway_policy_table_entry={**old, "State": "deleted"}
    )


@op
def get_transit_gateway_policy_table_entries(
    tx: Tx, req: api.GetTransitGatewayPolicyTableEntriesRequest
) -> api.GetTransitGatewayPolicyTableEntriesResult:
    """List a table's rules."""
    table = alive(tx, TransitGatewayPolicyTable, req.transit_gateway_policy_table_id)
    declared = {
        "policy-rule-number": "PolicyRuleNumber",
        "target-route-table-id": "TargetRouteTableId",
        "policy-rule.protocol": "PolicyRule.Protocol",
        "policy-rule.source-cidr-block": "PolicyRule.SourceCidrBlock",
        "policy-rule.destination-cidr-block": "PolicyRule.DestinationCidrBlock",
    }
    found = narrow(table.entries, req.filters, declared)
    return api.GetTransitGatewayPolicyTableEntriesResult(transit_gateway_policy_table_entries=found)
