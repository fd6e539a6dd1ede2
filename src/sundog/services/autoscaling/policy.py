"""Scaling policies: simple, by steps, tracking a target, predictive."""

from __future__ import annotations

import math
from typing import Any

from sundog.api import autoscaling as api
from sundog.core import AwsError, Tx, op
from sundog.core.structure import plain
from sundog.services.autoscaling.capacity import counts, members_of, stamp
from sundog.services.autoscaling.group import check_cooldown, resize
from sundog.services.autoscaling.state import Group, Policy, invalid

KINDS = ("SimpleScaling", "StepScaling", "TargetTrackingScaling", "PredictiveScaling")
ADJUSTMENTS = ("ChangeInCapacity", "ExactCapacity", "PercentChangeInCapacity")
_METRICS = {
    "ASGAverageCPUUtilization": ("AWS/EC2", "CPUUtilization"),
    "ASGAverageNetworkIn": ("AWS/EC2", "NetworkIn"),
    "ASGAverageNetworkOut": ("AWS/EC2", "NetworkOut"),
    "ALBRequestCountPerTarget": ("AWS/ApplicationELB", "RequestCountPerTarget"),
}


def _check(req: Any, kind: str) -> None:
    if kind not in KINDS:
        raise invalid(f"Policy type {kind} is not valid. Must be one of {', '.join(KINDS)}")
    if kind in ("SimpleScaling", "StepScaling"):
        if req.adjustment_type not in ADJUSTMENTS:
            raise invalid(
                "AdjustmentType must be specified"
                if req.adjustment_type is None
                else f"Adjustment type {req.adjustment_type} is not valid."
            )
        if kind == "SimpleScaling" and req.scaling_adjustment is None:
            raise invalid("You must specify a ScalingAdjustment for a SimpleScaling policy")
        if kind == "StepScaling" and not req.step_adjustments:
            raise invalid("At least one StepAdjustment must be specified")
        if kind == "StepScaling" and req.scaling_adjustment is not None:
            raise invalid("ScalingAdjustment cannot be specified for a StepScaling policy")
    elif kind == "TargetTrackingScaling":
        given = req.target_tracking_configuration
        if given is None:
            raise invalid("TargetTrackingConfiguration must be specified")
        if (given.predefined_metric_specification is None) == (given.customized_metric_specification is None):
            raise invalid("Either a predefined or a customized metric specification must be given, and not both")
    elif req.predictive_scaling_configuration is None:
        raise invalid("PredictiveScalingConfiguration must be specified")


@op
def put_scaling_policy(tx: Tx, req: api.PutScalingPolicyType) -> api.PolicyARNType:
    """Make a policy, or replace the one of the name."""
    group = tx.get(Group, req.auto_scaling_group_name)
    kind = req.policy_type or "SimpleScaling"
    _check(req, kind)
    name = group.auto_scaling_group_name
    known = tx.find(Policy, name, req.policy_name)
    part = f"autoScalingGroupName/{name}:policyName/{req.policy_name}"
    arn = known.policy_arn if known is not None else tx.arn(f"scalingPolicy:{tx.ids.uuid()}:{part}")
    alarms: tuple[dict[str, str], ...] = ()
    tracking = plain(req.target_tracking_configuration)
    if kind == "TargetTrackingScaling":
        tracking = {"DisableScaleIn": False, **tracking}
        if known is not None:
            _drop_alarms(tx, known)
        alarms = _make_alarms(tx, name, arn, tracking)
    predictive = plain(req.predictive_scaling_configuration)
    if predictive is not None:
        predictive = {"Mode": "ForecastOnly", "MaxCapacityBreachBehavior": "HonorMaxCapacity", **predictive}
    row = Policy(
        auto_scaling_group_name=name,
        policy_name=req.policy_name,
        policy_arn=arn,
        policy_type=kind,
        adjustment_type=req.adjustment_type,
        min_adjustment_step=req.min_adjustment_step,
        min_adjustment_magnitude=req.min_adjustment_magnitude or req.min_adjustment_step,
        scaling_adjustment=req.scaling_adjustment,
        cooldown=req.cooldown,
        step_adjustments=tuple(plain(req.step_adjustments or [])),
        metric_aggregation_type=req.metric_aggregation_type or ("Average" if kind == "StepScaling" else None),
        estimated_instance_warmup=req.estimated_instance_warmup,
        alarms=alarms,
        target_tracking_configuration=tracking,
        enabled=req.enabled is not False,
        predictive_scaling_configuration=predictive,
    )
    if known is not None:
        tx.delete(known)
    tx.add(row)
    return api.PolicyARNType(policy_arn=arn, alarms=list(alarms))


def _make_alarms(tx: Tx, group: str, arn: str, tracking: dict[str, Any]) -> tuple[dict[str, str], ...]:
    """The two alarms that follow the target from above and from below, in CloudWatch where it can be asked."""
    found: list[dict[str, str]] = []
    predefined = tracking.get("PredefinedMetricSpecification")
    custom = tracking.get("CustomizedMetricSpecification") or {}
    namespace, metric = (
        _METRICS.get(predefined["PredefinedMetricType"], ("AWS/EC2", "CPUUtilization"))
        if predefined
        else (custom.get("Namespace", "AWS/EC2"), custom.get("MetricName", "CPUUtilization"))
    )
    target = float(tracking["TargetValue"])
    ways = [("High", "GreaterThanThreshold", target, 3)]
    if not tracking["DisableScaleIn"]:
        ways.append(("Low", "LessThanThreshold", target * 0.9, 15))
    for side, comparison, threshold, periods in ways:
        name = f"TargetTracking-{group}-Alarm{side}-{tx.ids.uuid()}"
        found.append({"AlarmName": name, "AlarmARN": tx.arn(f"alarm:{name}", service="cloudwatch")})
        try:
            tx.call(
                "cloudwatch",
                "PutMetricAlarm",
                alarm_name=name,
                alarm_description=f"DO NOT EDIT OR DELETE. For TargetTrackingScaling policy {arn}.",
                alarm_actions=[arn],
                namespace=namespace,
                metric_name=metric,
                statistic="Average",
                dimensions=[{"Name": "AutoScalingGroupName", "Value": group}],
                period=60,
                evaluation_periods=periods,
                threshold=threshold,
                comparison_operator=comparison,
            )
        except AwsError:
            continue
    return tuple(found)


def _drop_alarms(tx: Tx, row: Policy) -> None:
    names = [alarm["AlarmName"] for alarm in row.alarms]
    if names:
        try:
            tx.call("cloudwatch", "DeleteAlarms", alarm_names=names)
        except AwsError:
            return


@op(page_size=50)
def describe_policies(tx: Tx, req: api.DescribePoliciesType) -> api.PoliciesType:
    """List policies, of a group or of all."""
    name = req.auto_scaling_group_name
    if name is not None:
        tx.get(Group, name)
        found = list(tx.range(Policy, (name, ""), (name + "\0", "")))
    else:
        found = list(tx.select(Policy))
    if req.policy_names:
        wanted = set(req.policy_names)
        found = [row for row in found if row.policy_name in wanted or row.policy_arn in wanted]
    if req.policy_types:
        found = [row for row in found if row.policy_type in req.policy_types]
    return api.PoliciesType(scaling_policies=found)


def find_policy(tx: Tx, group: str | None, name: str) -> Policy:
    """The policy that a request names, by its ARN or by group and name."""
    row = None
    if name.startswith("arn:"):
        row = tx.select(Policy, policy_arn=name).first()
    elif group is None:
        raise invalid("AutoScalingGroupName is required when a policy is given by its name.")
    else:
        tx.get(Group, group)
        row = tx.find(Policy, group, name)
    if row is None:
        raise invalid(f"No such policy exists - {name}")
    return row


@op
def delete_policy(tx: Tx, req: api.DeletePolicyType) -> None:
    """Delete a policy and the alarms that were made for it."""
    row = find_policy(tx, req.auto_scaling_group_name, req.policy_name)
    _drop_alarms(tx, row)
    tx.delete(row)


@op
def execute_policy(tx: Tx, req: api.ExecutePolicyType) -> None:
    """Do what a policy says."""
    row = find_policy(tx, req.auto_scaling_group_name, req.policy_name)
    if row.policy_type not in ("SimpleScaling", "StepScaling"):
        raise invalid(f"Cannot execute a policy of type {row.policy_type}")
    breach = None
    if row.policy_type == "StepScaling":
        if req.metric_value is None or req.breach_threshold is None:
            raise invalid("MetricValue and BreachThreshold must be specified for a StepScaling policy")
        breach = req.metric_value - req.breach_threshold
    group = tx.get(Group, row.auto_scaling_group_name)
    if req.honor_cooldown and row.policy_type == "SimpleScaling":
        check_cooldown(tx, group, row.cooldown if row.cooldown is not None else group.default_cooldown)
    execute(tx, group, row, breach, f"At {stamp(tx)} a user request executed policy {row.policy_name}")


def execute(tx: Tx, group: Group, row: Policy, breach: float | None, why: str) -> None:
    """Change the group's size as the policy says."""
    adjustment = row.scaling_adjustment
    if row.policy_type == "StepScaling":
        step = _step(row, breach or 0.0)
        if step is None:
            return
        adjustment = step["ScalingAdjustment"]
    wanted = adjusted(group, row, adjustment or 0, _size(tx, group))
    resize(tx, group, wanted, f"{why} changing the desired capacity from {group.desired_capacity} to {wanted}.")


def _size(tx: Tx, group: Group) -> int:
    """The capacity that steps are counted from."""
    live = sum(1 for member in members_of(tx, group.auto_scaling_group_name) if counts(member))
    return group.desired_capacity if live <= group.desired_capacity else live


def _step(row: Policy, breach: float) -> dict[str, Any] | None:
    for step in row.step_adjustments:
        low = step.get("MetricIntervalLowerBound", -math.inf)
        high = step.get("MetricIntervalUpperBound", math.inf)
        if low <= breach < high or (low < breach <= high and breach < 0):
            return step
    return None


def adjusted(group: Group, row: Policy, adjustment: int, size: int) -> int:
    """The new desired capacity, within the group's bounds."""
    if row.adjustment_type == "ExactCapacity":
        wanted = adjustment
    elif row.adjustment_type == "PercentChangeInCapacity":
        change = size * adjustment / 100
        # Fractions above one are cut, those below one become one.
        whole = int(change) if abs(change) >= 1 else (1 if change > 0 else -1 if change < 0 else 0)
        least = row.min_adjustment_magnitude or 0
        if whole and abs(whole) < least:
            whole = least if whole > 0 else -least
        wanted = size + whole
    else:
        wanted = size + adjustment
    return min(max(wanted, group.min_size), group.max_size)


@op
def describe_adjustment_types(tx: Tx, req: None) -> api.DescribeAdjustmentTypesAnswer:
    """The ways in which policies count."""
    return api.DescribeAdjustmentTypesAnswer(adjustment_types=[{"AdjustmentType": name} for name in ADJUSTMENTS])
