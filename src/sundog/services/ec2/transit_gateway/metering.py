"""Metering policies of transit gateways: who pays for what passes."""

from __future__ import annotations

from typing import Any

from sundog.api import ec2 as api
from sundog.core import AwsError, Tx, op, rows_of
from sundog.core.filter import narrow
from sundog.services.ec2.lifecycle import GONE, alive, begin, change, end
from sundog.services.ec2.settle import moment
from sundog.services.ec2.state.transit_gateway import TransitGateway, TransitGatewayMeteringPolicy
from sundog.services.ec2.transit_gateway.attachment import attachment

_RULE = {
    "SourceTransitGatewayAttachmentId": "source_transit_gateway_attachment_id",
    "SourceTransitGatewayAttachmentType": "source_transit_gateway_attachment_type",
    "SourceCidrBlock": "source_cidr_block",
    "SourcePortRange": "source_port_range",
    "DestinationTransitGatewayAttachmentId": "destination_transit_gateway_attachment_id",
    "DestinationTransitGatewayAttachmentType": "destination_transit_gateway_attachment_type",
    "DestinationCidrBlock": "destination_cidr_block",
    "DestinationPortRange": "destination_port_range",
    "Protocol": "protocol",
}


@op
def create_transit_gateway_metering_policy(
    tx: Tx, req: api.CreateTransitGatewayMeteringPolicyRequest
) -> api.CreateTransitGatewayMeteringPolicyResult:
    """Make a policy for a gateway that has none."""
    gateway = alive(tx, TransitGateway, req.transit_gateway_id)
    wanted = gateway.transit_gateway_id
    if any(row.state not in GONE for row in tx.select(TransitGatewayMeteringPolicy, transit_gateway_id=wanted)):
        raise AwsError("TransitGatewayMeteringPolicyLimitExceeded", f"{wanted} already has a metering policy.")
    row = TransitGatewayMeteringPolicy(
        transit_gateway_metering_policy_id=tx.new_id("tgw-mp"),
        transit_gateway_id=wanted,
        middlebox_attachment_ids=tuple(
            attachment(tx, item).transit_gateway_attachment_id for item in req.middlebox_attachment_ids or ()
        ),
        update_effective_at=moment(tx),
    )
    made = begin(tx, row, tags=req.tag_specifications)
    return api.CreateTransitGatewayMeteringPolicyResult(transit_gateway_metering_policy=view(made))


def view(row: TransitGatewayMeteringPolicy) -> api.TransitGatewayMeteringPolicy:
    return api.TransitGatewayMeteringPolicy(
        transit_gateway_metering_policy_id=row.transit_gateway_metering_policy_id,
        transit_gateway_id=row.transit_gateway_id,
        middlebox_attachment_ids=row.middlebox_attachment_ids,
        state=row.state,
        update_effective_at=row.update_effective_at,
        tags=row.tags,
    )


@op
def describe_transit_gateway_metering_policies(
    tx: Tx, req: api.DescribeTransitGatewayMeteringPoliciesRequest
) -> api.DescribeTransitGatewayMeteringPoliciesResult:
    """List policies."""
    ids = req.transit_gateway_metering_policy_ids
    found = tx.search(TransitGatewayMeteringPolicy, ids=ids, filters=req.filters)
    return api.DescribeTransitGatewayMeteringPoliciesResult(transit_gateway_metering_policies=found.map(view))


@op
def modify_transit_gateway_metering_policy(
    tx: Tx, req: api.ModifyTransitGatewayMeteringPolicyRequest
) -> api.ModifyTransitGatewayMeteringPolicyResult:
    """Change which attachments are middleboxes."""
    row = alive(tx, TransitGatewayMeteringPolicy, req.transit_gateway_metering_policy_id)
    gone = set(req.remove_middlebox_attachment_ids or ())
    added = [attachment(tx, item).transit_gateway_attachment_id for item in req.add_middlebox_attachment_ids or ()]
    left = dict.fromkeys(item for item in (*row.middlebox_attachment_ids, *added) if item not in gone)
    made = change(
        tx, row, "modifying", "available", middlebox_attachment_ids=tuple(left), update_effective_at=moment(tx)
    )
    return api.ModifyTransitGatewayMeteringPolicyResult(transit_gateway_metering_policy=view(made))


@op
def delete_transit_gateway_metering_policy(
    tx: Tx, req: api.DeleteTransitGatewayMeteringPolicyRequest
) -> api.DeleteTransitGatewayMeteringPolicyResult:
    """Delete a policy with its rules."""
    row = alive(tx, TransitGatewayMeteringPolicy, req.transit_gateway_metering_policy_id)
    return api.DeleteTransitGatewayMeteringPolicyResult(transit_gateway_metering_policy=view(end(tx, row)))


@op
def create_transit_gateway_metering_policy_entry(
    tx: Tx, req: api.CreateTransitGatewayMeteringPolicyEntryRequest
) -> api.CreateTransitGatewayMeteringPolicyEntryResult:
    """Add a rule under a free number."""
    row = alive(tx, TransitGatewayMeteringPolicy, req.transit_gateway_metering_policy_id)
    number = str(req.policy_rule_number)
    if any(entry["PolicyRuleNumber"] == number for entry in row.entries):
        raise AwsError("DuplicateMeteringPolicyEntry", f"The rule {number} already exists.")
    rule = {wire: value for wire, name in _RULE.items() if (value := getattr(req, name)) is not None}
    entry: dict[str, Any] = {
        "PolicyRuleNumber": number,
        "MeteredAccount": req.metered_account,
        "State": "available",
        "UpdatedAt": moment(tx),
        "UpdateEffectiveAt": moment(tx),
        "MeteringPolicyRule": rule,
    }
    entries = sorted((*row.entries, entry), key=lambda item: int(item["PolicyRuleNumber"]))
    tx.update(row, entries=tuple(entries))
    return api.CreateTransitGatewayMeteringPolicyEntryResult(transit_gateway_metering_policy_entry=entry)


@op
def delete_transit_gateway_metering_policy_entry(
    tx: Tx, req: api.DeleteTransitGatewayMeteringPolicyEntryRequest
) -> api.DeleteTransitGatewayMeteringPolicyEntryResult:
    """Remove a rule."""
    row = alive(tx, TransitGatewayMeteringPolicy, req.transit_gateway_metering_policy_id)
    number = str(req.policy_rule_number)
    old = next((entry for entry in row.entries if entry["PolicyRuleNumber"] == number), None)
    if old is None:
        raise AwsError("InvalidMeteringPolicyEntry.NotFound", f"The rule {number} does not exist.")
    tx.update(row, entries=tuple(entry for entry in row.entries if entry is not old))
    return api.DeleteTransitGatewayMeteringPolicyEntryResult(
        transit_gateway_metering_policy_entry={**old, "State": "deleted"}
    )


@op
def get_transit_gateway_metering_policy_entries(
    tx: Tx, req: api.GetTransitGatewayMeteringPolicyEntriesRequest
) -> api.GetTransitGatewayMeteringPolicyEntriesResult:
    """List a policy's rules."""
    row = alive(tx, TransitGatewayMeteringPolicy, req.transit_gateway_metering_policy_id)
    declared = {
        "policy-rule-number": "PolicyRuleNumber",
        "metered-account": "MeteredAccount",
        "state": "State",
        "source-cidr-block": "MeteringPolicyRule.SourceCidrBlock",
        "destination-cidr-block": "MeteringPolicyRule.DestinationCidrBlock",
        "protocol": "MeteringPolicyRule.Protocol",
    }
    found = rows_of(narrow(row.entries, req.filters, declared))
    return api.GetTransitGatewayMeteringPolicyEntriesResult(transit_gateway_metering_policy_entries=found)
