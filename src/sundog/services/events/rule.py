"""Rules and their targets."""

from __future__ import annotations

import re
from typing import Any

from sundog.api import events as api
from sundog.core import AwsError, Tx, op
from sundog.core.structure import plain
from sundog.core.tag import to_dict
from sundog.services.events.pattern import parsed
from sundog.services.events.state import EventBus, Rule, bus_name, bus_of, rule_of

_RATE = re.compile(r"rate\((\d+) (minute|minutes|hour|hours|day|days)\)\Z")
_CRON = re.compile(r"cron\((\S+ ){5}\S+\)\Z")
MOST_TARGETS = 5


@op
def put_rule(tx: Tx, req: api.PutRuleRequest) -> api.PutRuleResponse:
    bus = bus_of(tx, req.event_bus_name)
    pattern, schedule = req.event_pattern, req.schedule_expression
    if not pattern and not schedule:
        raise AwsError("ValidationException", "Parameter(s) EventPattern or ScheduleExpression must be specified.")
    if pattern:
        parsed(pattern)
    if schedule:
        if bus.name != "default":
            raise AwsError("ValidationException", "ScheduleExpression is supported only on the default event bus.")
        if not (_RATE.match(schedule) or _CRON.match(schedule)):
            raise AwsError("ValidationException", "Parameter ScheduleExpression is not valid.")
    existing = tx.find(Rule, bus.name, req.name)
    where = req.name if bus.name == "default" else f"{bus.name}/{req.name}"
    fields: dict[str, Any] = {
        "event_pattern": pattern,
        "schedule_expression": schedule,
        "state": req.state or "ENABLED",
        "description": req.description,
        "role_arn": req.role_arn,
    }
    tags = to_dict(req.tags)
    if existing is not None:
        return api.PutRuleResponse(rule_arn=tx.update(existing, **fields).arn)
    made = Rule(
        event_bus_name=bus.name, name=req.name, arn=tx.arn(f"rule/{where}"), created_by=tx.account, tags=tags, **fields
    )
    return api.PutRuleResponse(rule_arn=tx.add(made).arn)


@op
def describe_rule(tx: Tx, req: api.DescribeRuleRequest) -> api.DescribeRuleResponse:
    rule = rule_of(tx, req.name, req.event_bus_name)
    return api.DescribeRuleResponse(created_by=rule.created_by, **_shown(rule))


def _shown(rule: Rule) -> dict[str, Any]:
    names = ("name", "arn", "event_pattern", "schedule_expression", "state", "description", "role_arn", "managed_by",
             "event_bus_name")  # fmt: skip
    return {name: getattr(rule, name) for name in names}


@op(page_size=100)
def list_rules(tx: Tx, req: api.ListRulesRequest) -> api.ListRulesResponse:
    bus, prefix = bus_of(tx, req.event_bus_name), req.name_prefix or ""
    rows = tx.select(Rule).where(lambda row: row.event_bus_name == bus.name and row.name.startswith(prefix))
    return api.ListRulesResponse(rules=rows.map(lambda row: api.Rule(**_shown(row))))


@op(page_size=100)
def list_rule_names_by_target(tx: Tx, req: api.ListRuleNamesByTargetRequest) -> api.ListRuleNamesByTargetResponse:
    bus, arn = bus_of(tx, req.event_bus_name), req.target_arn
    rows = tx.select(Rule).where(
        lambda row: row.event_bus_name == bus.name and any(target["Arn"] == arn for target in row.targets)
    )
    return api.ListRuleNamesByTargetResponse(rule_names=[row.name for row in rows])


@op
def delete_rule(tx: Tx, req: api.DeleteRuleRequest) -> None:
    bus = bus_of(tx, req.event_bus_name)
    rule = tx.find(Rule, bus.name, req.name)
    if rule is None:
        return
    if rule.targets:
        raise AwsError("ValidationException", "Rule can't be deleted since it has targets.")
    tx.delete(rule)


@op
def enable_rule(tx: Tx, req: api.EnableRuleRequest) -> None:
    tx.update(rule_of(tx, req.name, req.event_bus_name), state="ENABLED")


@op
def disable_rule(tx: Tx, req: api.DisableRuleRequest) -> None:
    tx.update(rule_of(tx, req.name, req.event_bus_name), state="DISABLED")


@op
def put_targets(tx: Tx, req: api.PutTargetsRequest) -> api.PutTargetsResponse:
    rule = rule_of(tx, req.rule, req.event_bus_name)
    found = {target["Id"]: target for target in rule.targets}
    for target in plain(req.targets):
        given = [name for name in ("Input", "InputPath", "InputTransformer") if name in target]
        if len(given) > 1:
            raise AwsError(
                "ValidationException",
                f"Only one of Input, InputPath, or InputTransformer must be provided for target {target['Id']}.",
            )
        if not target["Arn"].startswith("arn:"):
            raise AwsError(
                "ValidationException",
                f"Parameter {target['Arn']} is not valid. Reason: Provided Arn is not in correct format.",
            )
        if target["Arn"].endswith(".fifo") and "SqsParameters" not in target:
            raise AwsError(
                "ValidationException",
                f"Parameter(s) SqsParameters must be specified for target: {target['Id']}.",
            )
        found[target["Id"]] = target
    if len(found) > MOST_TARGETS:
        raise api.LimitExceededException("The requested resource exceeds the maximum number allowed.")
    tx.update(rule, targets=tuple(found.values()))
    return api.PutTargetsResponse(failed_entry_count=0, failed_entries=[])


@op
def remove_targets(tx: Tx, req: api.RemoveTargetsRequest) -> api.RemoveTargetsResponse:
    rule, gone = rule_of(tx, req.rule, req.event_bus_name), set(req.ids)
    tx.update(rule, targets=tuple(target for target in rule.targets if target["Id"] not in gone))
    return api.RemoveTargetsResponse(failed_entry_count=0, failed_entries=[])


@op(page_size=100)
def list_targets_by_rule(tx: Tx, req: api.ListTargetsByRuleRequest) -> api.ListTargetsByRuleResponse:
    return api.ListTargetsByRuleResponse(targets=list(rule_of(tx, req.rule, req.event_bus_name).targets))


def _tagged(tx: Tx, arn: str) -> Rule | EventBus:
    """The rule or bus that an ARN names."""
    kind, _, name = arn.split(":", 5)[-1].partition("/")
    if kind == "event-bus":
        return bus_of(tx, name)
    bus, _, rule = name.rpartition("/")
    return rule_of(tx, rule, bus_name(bus))


def _is_ours(arn: str) -> bool:
    return ":rule/" in arn or ":event-bus/" in arn


@op
def tag_resource(tx: Tx, req: api.TagResourceRequest) -> api.TagResourceResponse:
    if not _is_ours(req.resource_arn):
        return tx.modelled("TagResource", req)
    row = _tagged(tx, req.resource_arn)
    tx.update(row, tags={**row.tags, **to_dict(req.tags)})
    return api.TagResourceResponse()


@op
def untag_resource(tx: Tx, req: api.UntagResourceRequest) -> api.UntagResourceResponse:
    if not _is_ours(req.resource_arn):
        return tx.modelled("UntagResource", req)
    row, gone = _tagged(tx, req.resource_arn), set(req.tag_keys)
    tx.update(row, tags={key: value for key, value in row.tags.items() if key not in gone})
    return api.UntagResourceResponse()


@op
def list_tags_for_resource(tx: Tx, req: api.ListTagsForResourceRequest) -> api.ListTagsForResourceResponse:
    if not _is_ours(req.resource_arn):
        return tx.modelled("ListTagsForResource", req)
    return api.ListTagsForResourceResponse(tags=_tagged(tx, req.resource_arn).tags)
