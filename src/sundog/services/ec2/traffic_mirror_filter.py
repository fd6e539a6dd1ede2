"""Traffic mirror filters and their rules."""

from __future__ import annotations

from typing import Any

from sundog.api import ec2 as api
from sundog.core import AwsError, Tx, op
from sundog.services.ec2.cidr import ipv4_range, ipv6_range, range6_text, range_text
from sundog.services.ec2.state.traffic_mirror import MirrorPorts, TrafficMirrorFilter, TrafficMirrorFilterRule
from sundog.services.ec2.traffic_mirror import check_unused


def view(tx: Tx, row: TrafficMirrorFilter) -> api.TrafficMirrorFilter:
    """A filter with its rules."""
    rules = sorted(
        tx.select(TrafficMirrorFilterRule, traffic_mirror_filter_id=row.traffic_mirror_filter_id),
        key=lambda rule: rule.rule_number,
    )
    return api.TrafficMirrorFilter(
        traffic_mirror_filter_id=row.traffic_mirror_filter_id,
        ingress_filter_rules=[rule for rule in rules if rule.traffic_direction == "ingress"],
        egress_filter_rules=[rule for rule in rules if rule.traffic_direction == "egress"],
        network_services=row.network_services,
        description=row.description,
        tags=row.tags,
    )


@op
def create_traffic_mirror_filter(
    tx: Tx, req: api.CreateTrafficMirrorFilterRequest
) -> api.CreateTrafficMirrorFilterResult:
    """Make a filter that lets nothing be mirrored yet."""
    row = TrafficMirrorFilter(traffic_mirror_filter_id=tx.new_id("tmf"), description=req.description)
    made = tx.add(row, tags=req.tag_specifications)
    return api.CreateTrafficMirrorFilterResult(traffic_mirror_filter=view(tx, made), client_token=req.client_token)


@op
def describe_traffic_mirror_filters(
    tx: Tx, req: api.DescribeTrafficMirrorFiltersRequest
) -> api.DescribeTrafficMirrorFiltersResult:
    """List filters."""
    found = tx.search(TrafficMirrorFilter, ids=req.traffic_mirror_filter_ids, filters=req.filters)
    return api.DescribeTrafficMirrorFiltersResult(traffic_mirror_filters=found.map(lambda row: view(tx, row)))


@op
def modify_traffic_mirror_filter_network_services(
    tx: Tx, req: api.ModifyTrafficMirrorFilterNetworkServicesRequest
) -> api.ModifyTrafficMirrorFilterNetworkServicesResult:
    """Let AWS's own services be mirrored too, or no longer."""
    row = tx.get(TrafficMirrorFilter, req.traffic_mirror_filter_id)
    gone = set(req.remove_network_services or ())
    services = dict.fromkeys((*row.network_services, *(req.add_network_services or ())))
    made = tx.update(row, network_services=tuple(item for item in services if item not in gone))
    return api.ModifyTrafficMirrorFilterNetworkServicesResult(traffic_mirror_filter=view(tx, made))


@op
def delete_traffic_mirror_filter(
    tx: Tx, req: api.DeleteTrafficMirrorFilterRequest
) -> api.DeleteTrafficMirrorFilterResult:
    """Delete a filter that no session uses, with its rules."""
    row = tx.get(TrafficMirrorFilter, req.traffic_mirror_filter_id)
    wanted = row.traffic_mirror_filter_id
    check_unused(tx, "traffic_mirror_filter_id", wanted)
    for rule in list(tx.select(TrafficMirrorFilterRule, traffic_mirror_filter_id=wanted)):
        tx.delete(rule)
    tx.delete(row)
    return api.DeleteTrafficMirrorFilterResult(traffic_mirror_filter_id=wanted)


def _block(text: str) -> str:
    four, six = ipv4_range(text), ipv6_range(text)
    if four is None and six is None:
        raise AwsError("InvalidParameterValue", f"{text} is not a valid CIDR block.")
    return range_text(four) if four is not None else range6_text(six or (0, 0))


def _fields(req: Any) -> dict[str, Any]:
    """What a request says of a rule."""
    found: dict[str, Any] = {
        name: value
        for name in ("traffic_direction", "rule_number", "rule_action", "protocol", "description")
        if (value := getattr(req, name)) is not None
    }
    for name in ("destination_cidr_block", "source_cidr_block"):
        if getattr(req, name) is not None:
            found[name] = _block(getattr(req, name))
    for name in ("destination_port_range", "source_port_range"):
        ports = getattr(req, name)
        if ports is not None:
            found[name] = MirrorPorts(ports.from_port, ports.to_port)
    return found


def _check(tx: Tx, filter_id: str, fields: dict[str, Any], own: str | None = None) -> None:
    number, way = fields["rule_number"], fields["traffic_direction"]
    if not 1 <= number <= 32766:
        raise AwsError("InvalidParameterValue", f"Value ({number}) for parameter RuleNumber is invalid.")
    if (fields.get("destination_port_range") or fields.get("source_port_range")) and fields.get("protocol") not in (
        6,
        17,
    ):
        raise AwsError("InvalidParameterCombination", "Port ranges can only be specified for TCP and UDP.")
    for rule in tx.select(TrafficMirrorFilterRule, traffic_mirror_filter_id=filter_id):
        if (rule.rule_number, rule.traffic_direction) == (number, way) and rule.traffic_mirror_filter_rule_id != own:
            raise AwsError("TrafficMirrorFilterRuleAlreadyExists", f"The {way} rule number {number} is already in use.")


@op
def create_traffic_mirror_filter_rule(
    tx: Tx, req: api.CreateTrafficMirrorFilterRuleRequest
) -> api.CreateTrafficMirrorFilterRuleResult:
    """Add a rule under a free number."""
    row = tx.get(TrafficMirrorFilter, req.traffic_mirror_filter_id)
    fields = _fields(req)
    _check(tx, row.traffic_mirror_filter_id, fields)
    rule = TrafficMirrorFilterRule(
        traffic_mirror_filter_rule_id=tx.new_id("tmfr"), traffic_mirror_filter_id=row.traffic_mirror_filter_id, **fields
    )
    made = tx.add(rule, tags=req.tag_specifications)
    return api.CreateTrafficMirrorFilterRuleResult(traffic_mirror_filter_rule=made, client_token=req.client_token)


@op
def describe_traffic_mirror_filter_rules(
    tx: Tx, req: api.DescribeTrafficMirrorFilterRulesRequest
) -> api.DescribeTrafficMirrorFilterRulesResult:
    """List rules: all, or a filter's."""
    found = tx.search(TrafficMirrorFilterRule, ids=req.traffic_mirror_filter_rule_ids, filters=req.filters)
    if req.traffic_mirror_filter_id is not None:
        wanted = tx.get(TrafficMirrorFilter, req.traffic_mirror_filter_id).traffic_mirror_filter_id
        found = found.where(lambda rule: rule.traffic_mirror_filter_id == wanted)
    return api.DescribeTrafficMirrorFilterRulesResult(traffic_mirror_filter_rules=found)


@op
def modify_traffic_mirror_filter_rule(
    tx: Tx, req: api.ModifyTrafficMirrorFilterRuleRequest
) -> api.ModifyTrafficMirrorFilterRuleResult:
    """Change a rule."""
    rule = tx.get(TrafficMirrorFilterRule, req.traffic_mirror_filter_rule_id)
    changes = _fields(req) | {field.replace("-", "_"): None for field in req.remove_fields or ()}
    whole = {name: getattr(rule, name) for name in rule.__struct_fields__} | changes
    _check(tx, rule.traffic_mirror_filter_id, whole, rule.traffic_mirror_filter_rule_id)
    return api.ModifyTrafficMirrorFilterRuleResult(traffic_mirror_filter_rule=tx.update(rule, **changes))


@op
def delete_traffic_mirror_filter_rule(
    tx: Tx, req: api.DeleteTrafficMirrorFilterRuleRequest
) -> api.DeleteTrafficMirrorFilterRuleResult:
    """Remove a rule."""
    rule = tx.get(TrafficMirrorFilterRule, req.traffic_mirror_filter_rule_id)
    tx.delete(rule)
    return api.DeleteTrafficMirrorFilterRuleResult(traffic_mirror_filter_rule_id=rule.traffic_mirror_filter_rule_id)
