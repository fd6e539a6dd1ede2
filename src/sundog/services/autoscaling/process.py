"""Processes that can be suspended, metrics that can be collected, topics that can be told, and the account's limits."""

from __future__ import annotations

from sundog.api import autoscaling as api
from sundog.core import Tx, op
from sundog.services.autoscaling.capacity import reconcile, stamp
from sundog.services.autoscaling.group import POLICIES
from sundog.services.autoscaling.state import Group, LaunchConfiguration, Notification, invalid

PROCESSES = (
    "AZRebalance",
    "AddToLoadBalancer",
    "AlarmNotification",
    "HealthCheck",
    "InstanceRefresh",
    "Launch",
    "ReplaceUnhealthy",
    "ScheduledActions",
    "Terminate",
)
METRICS = tuple(
    f"{front}{name}"
    for front, names in (
        ("Group", ("MinSize", "MaxSize", "DesiredCapacity", "InServiceInstances", "PendingInstances")),
        ("Group", ("InServiceCapacity", "PendingCapacity", "TerminatingCapacity", "StandbyCapacity")),
        ("Group", ("StandbyInstances", "TerminatingInstances", "TotalInstances", "TotalCapacity")),
        ("WarmPool", ("DesiredCapacity", "WarmedCapacity", "PendingCapacity", "TerminatingCapacity", "TotalCapacity")),
        ("GroupAndWarmPool", ("DesiredCapacity", "TotalCapacity")),
    )
    for name in names
)
NOTIFICATIONS = (
    "autoscaling:EC2_INSTANCE_LAUNCH",
    "autoscaling:EC2_INSTANCE_LAUNCH_ERROR",
    "autoscaling:EC2_INSTANCE_TERMINATE",
    "autoscaling:EC2_INSTANCE_TERMINATE_ERROR",
    "autoscaling:TEST_NOTIFICATION",
)
MAX_GROUPS, MAX_CONFIGURATIONS = 500, 200


@op
def suspend_processes(tx: Tx, req: api.ScalingProcessQuery) -> None:
    """Suspend processes: those named, or all."""
    row = tx.get(Group, req.auto_scaling_group_name)
    names = _checked(req.scaling_processes)
    reason = f"User suspended at {stamp(tx)}"
    tx.update(row, suspended={**row.suspended, **dict.fromkeys(names, reason)})


@op
def resume_processes(tx: Tx, req: api.ScalingProcessQuery) -> None:
    """Resume processes: those named, or all. The group catches up."""
    row = tx.get(Group, req.auto_scaling_group_name)
    names = set(_checked(req.scaling_processes))
    row = tx.update(row, suspended={name: why for name, why in row.suspended.items() if name not in names})
    reconcile(tx, row.auto_scaling_group_name, f"At {stamp(tx)} a user request resumed processes.")


def _checked(names: list[str] | None) -> list[str]:
    for name in names or ():
        if name not in PROCESSES:
            raise invalid(f"{name} is not a valid scaling process")
    return list(names or PROCESSES)


@op
def describe_scaling_process_types(tx: Tx, req: None) -> api.ProcessesType:
    """The processes."""
    return api.ProcessesType(processes=[{"ProcessName": name} for name in PROCESSES])


@op
def enable_metrics_collection(tx: Tx, req: api.EnableMetricsCollectionQuery) -> None:
    """Collect metrics of a group: those named, or all."""
    row = tx.get(Group, req.auto_scaling_group_name)
    if req.granularity != "1Minute":
        raise invalid(f"{req.granularity} is not a valid granularity")
    names = _metrics(req.metrics)
    tx.update(row, enabled_metrics=tuple(dict.fromkeys((*row.enabled_metrics, *names))))


@op
def disable_metrics_collection(tx: Tx, req: api.DisableMetricsCollectionQuery) -> None:
    """Collect metrics no longer: those named, or all."""
    row = tx.get(Group, req.auto_scaling_group_name)
    names = set(_metrics(req.metrics))
    tx.update(row, enabled_metrics=tuple(name for name in row.enabled_metrics if name not in names))


def _metrics(names: list[str] | None) -> list[str]:
    for name in names or ():
        if name not in METRICS:
            raise invalid(f"{name} is not a valid metric")
    return list(names or METRICS)


@op
def describe_metric_collection_types(tx: Tx, req: None) -> api.DescribeMetricCollectionTypesAnswer:
    """The metrics of groups."""
    return api.DescribeMetricCollectionTypesAnswer(
        metrics=[{"Metric": name} for name in METRICS], granularities=[{"Granularity": "1Minute"}]
    )


@op
def describe_termination_policy_types(tx: Tx, req: None) -> api.DescribeTerminationPolicyTypesAnswer:
    """The ways of choosing who goes."""
    return api.DescribeTerminationPolicyTypesAnswer(termination_policy_types=list(POLICIES))


@op
def describe_account_limits(tx: Tx, req: None) -> api.DescribeAccountLimitsAnswer:
    """What the account may have, and has."""
    return api.DescribeAccountLimitsAnswer(
        max_number_of_auto_scaling_groups=MAX_GROUPS,
        max_number_of_launch_configurations=MAX_CONFIGURATIONS,
        number_of_auto_scaling_groups=tx.select(Group).count(),
        number_of_launch_configurations=tx.select(LaunchConfiguration).count(),
    )


# -- notifications


@op
def put_notification_configuration(tx: Tx, req: api.PutNotificationConfigurationType) -> None:
    """Tell a topic of events of these kinds, and of no others."""
    row = tx.get(Group, req.auto_scaling_group_name)
    name = row.auto_scaling_group_name
    for kind in req.notification_types:
        if kind not in NOTIFICATIONS:
            raise invalid(f'"{kind}" is not a valid Notification Type.')
    _drop(tx, name, req.topic_arn)
    for kind in dict.fromkeys(req.notification_types):
        tx.add(Notification(auto_scaling_group_name=name, topic_arn=req.topic_arn, notification_type=kind))


def _drop(tx: Tx, name: str, topic: str) -> bool:
    found = list(tx.range(Notification, (name, topic, ""), (name, topic + "\0", "")))
    for row in found:
        tx.delete(row)
    return bool(found)


@op(page_size=50)
def describe_notification_configurations(
    tx: Tx, req: api.DescribeNotificationConfigurationsType
) -> api.DescribeNotificationConfigurationsAnswer:
    """List who is told of what."""
    names = req.auto_scaling_group_names
    for name in names or ():
        tx.get(Group, name)
    found = [row for row in tx.select(Notification) if not names or row.auto_scaling_group_name in names]
    return api.DescribeNotificationConfigurationsAnswer(notification_configurations=found)


@op
def delete_notification_configuration(tx: Tx, req: api.DeleteNotificationConfigurationType) -> None:
    """Tell a topic nothing more."""
    row = tx.get(Group, req.auto_scaling_group_name)
    if not _drop(tx, row.auto_scaling_group_name, req.topic_arn):
        raise invalid("Notification Topic doesn't exist.")


@op
def describe_auto_scaling_notification_types(tx: Tx, req: None) -> api.DescribeAutoScalingNotificationTypesAnswer:
    """The kinds of events."""
    return api.DescribeAutoScalingNotificationTypesAnswer(auto_scaling_notification_types=list(NOTIFICATIONS))
