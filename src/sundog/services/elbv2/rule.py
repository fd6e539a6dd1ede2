"""Rules: which requests of a listener go where."""

from __future__ import annotations

from typing import Any

from sundog.api import elbv2 as api
from sundog.core import Tx, op, rows_of
from sundog.core.structure import plain
from sundog.services.elbv2.action import checked_actions, checked_conditions
from sundog.services.elbv2.common import arn, checked_arn, checked_tags, invalid, new_part
from sundog.services.elbv2.listener import get_listener
from sundog.services.elbv2.state import Listener, LoadBalancer, Rule

MAX_RULES = 100


def get_rule(tx: Tx, rule_arn: str) -> Rule:
    """The rule that a request names."""
    return tx.get(Rule, checked_arn(rule_arn, "listener-rule"))


def shown(row: Rule) -> Any:
    """A rule as it is answered."""
    made = api.Rule(
        rule_arn=row.rule_arn,
        priority="default" if row.number == 0 else str(row.number),
        conditions=list(row.conditions),
        actions=list(row.actions),
        is_default=row.number == 0,
    )
    if row.transforms is not None:
        made.transforms = list(row.transforms)
    return made


def _check_free(tx: Tx, listener_arn: str, number: int) -> None:
    if tx.select(Rule, listener_arn=listener_arn, number=number):
        raise api.PriorityInUseException(f"Priority '{number}' is currently in use")


def _balancer(tx: Tx, listener: Listener) -> LoadBalancer:
    return tx.get(LoadBalancer, listener.load_balancer_arn)


@op
def create_rule(tx: Tx, req: api.CreateRuleInput) -> api.CreateRuleOutput:
    """Add a rule at a priority that is free."""
    listener = get_listener(tx, req.listener_arn)
    balancer = _balancer(tx, listener)
    if balancer.type != "application":
        raise api.UnsupportedProtocolException(f"Rules are not supported for {balancer.type} load balancers")
    conditions = checked_conditions(req.conditions)
    _check_free(tx, listener.listener_arn, req.priority)
    actions, groups = checked_actions(tx, balancer, req.actions, listener.protocol)
    rules = [
        rule
        for each in tx.select(Listener, load_balancer_arn=balancer.load_balancer_arn)
        for rule in tx.select(Rule, listener_arn=each.listener_arn)
        if rule.number
    ]
    if len(rules) >= MAX_RULES:
        raise api.TooManyRulesException(
            f"The maximum number of rules on load balancer '{balancer.load_balancer_arn}' has been reached"
        )
    row = tx.add(
        Rule(
            rule_arn=arn(tx, f"listener-rule/{listener.listener_arn.partition(':listener/')[2]}/{new_part(tx)}"),
            listener_arn=listener.listener_arn,
            number=req.priority,
            conditions=conditions,
            actions=actions,
            transforms=tuple(plain(req.transforms)) if req.transforms else None,
            target_groups=groups,
            tags=checked_tags(req.tags),
        )
    )
    return api.CreateRuleOutput(rules=[shown(row)])


@op(page_size=400)
def describe_rules(tx: Tx, req: api.DescribeRulesInput) -> api.DescribeRulesOutput:
    """List rules by priority, the default one last; or those named."""
    if (req.listener_arn is None) == (not req.rule_arns):
        raise invalid("You must specify either listener rule ARNs or a listener ARN")
    if req.rule_arns:
        found = [get_rule(tx, each) for each in dict.fromkeys(req.rule_arns)]
    else:
        listener = get_listener(tx, req.listener_arn)
        rows = tx.select(Rule, listener_arn=listener.listener_arn)
        found = sorted(rows, key=lambda row: (row.number == 0, row.number))
    return api.DescribeRulesOutput(rules=rows_of(found).map(shown))


@op
def modify_rule(tx: Tx, req: api.ModifyRuleInput) -> api.ModifyRuleOutput:
    """Change a rule's conditions or actions; not the default one's, which are its listener's."""
    row = get_rule(tx, req.rule_arn)
    if row.number == 0:
        raise api.OperationNotPermittedException(f"Default rule '{row.rule_arn}' cannot be modified")
    changes: dict[str, Any] = {}
    if req.conditions is not None:
        changes["conditions"] = checked_conditions(req.conditions)
    if req.actions is not None:
        listener = tx.get(Listener, row.listener_arn)
        actions, groups = checked_actions(tx, _balancer(tx, listener), req.actions, listener.protocol)
        changes.update(actions=actions, target_groups=groups)
    if req.reset_transforms:
        changes["transforms"] = None
    elif req.transforms is not None:
        changes["transforms"] = tuple(plain(req.transforms))
    return api.ModifyRuleOutput(rules=[shown(tx.update(row, **changes))])


@op
def set_rule_priorities(tx: Tx, req: api.SetRulePrioritiesInput) -> api.SetRulePrioritiesOutput:
    """Move rules to other priorities, all at once."""
    rows = [(get_rule(tx, item.rule_arn), item.priority) for item in req.rule_priorities]
    moved = {row.rule_arn for row, _ in rows}
    if len({number for _, number in rows}) < len(rows):
        raise invalid("Priorities must be unique")
    for row, number in rows:
        if row.number == 0:
            raise api.OperationNotPermittedException("You cannot change the priority of a default rule")
        for other in tx.select(Rule, listener_arn=row.listener_arn, number=number):
            if other.rule_arn not in moved:
                raise api.PriorityInUseException(f"Priority '{number}' is currently in use")
    changed = [tx.update(row, number=number) for row, number in rows]
    return api.SetRulePrioritiesOutput(rules=[shown(row) for row in changed])


@op
def delete_rule(tx: Tx, req: api.DeleteRuleInput) -> api.DeleteRuleOutput:
    """Delete a rule that isn't its listener's default one."""
    row = get_rule(tx, req.rule_arn)
    if row.number == 0:
        raise api.OperationNotPermittedException(f"Default rule '{row.rule_arn}' cannot be deleted")
    tx.delete(row)
    return api.DeleteRuleOutput()
