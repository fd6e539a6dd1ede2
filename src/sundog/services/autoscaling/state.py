"""Groups, what they launch, their instances, and what they do when."""

from __future__ import annotations

import datetime
from typing import Any

import msgspec

from sundog.core import AwsError, Index, Key, Record, record


def invalid(message: str) -> AwsError:
    return AwsError("ValidationError", message)


def no_group(name: str) -> AwsError:
    return invalid(f"AutoScalingGroup name not found - AutoScalingGroup '{name}' not found")


@record(missing=lambda name: invalid(f"Launch configuration name not found - Launch configuration {name} not found"))
class LaunchConfiguration(Record):
    """What a group launches, in the older way; ``settings`` are in botocore's form."""

    launch_configuration_name: Key[str]
    launch_configuration_arn: str
    created_time: datetime.datetime
    settings: dict[str, Any]


class WarmPool(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """How many instances wait, and in which state."""

    max_group_prepared_capacity: int | None = None
    min_size: int = 0
    pool_state: str = "Stopped"
    instance_reuse_policy: dict[str, Any] | None = None
    status: str | None = None


@record(missing=no_group)
class Group(Record):
    """A group. What it launches is one of a configuration, a template and a policy (botocore's form)."""

    auto_scaling_group_name: Key[str]
    auto_scaling_group_arn: str
    launch_configuration_name: str | None = None
    launch_template: dict[str, Any] | None = None
    mixed_instances_policy: dict[str, Any] | None = None
    min_size: int
    max_size: int
    desired_capacity: int
    default_cooldown: int = 300
    availability_zones: tuple[str, ...]
    load_balancer_names: tuple[str, ...] = ()
    target_group_arns: tuple[str, ...] = ()
    traffic_sources: tuple[dict[str, Any], ...] = ()
    health_check_type: str = "EC2"
    health_check_grace_period: int = 0
    created_time: datetime.datetime
    suspended: dict[str, str] = {}
    placement_group: str | None = None
    vpc_zone_identifier: str = ""
    enabled_metrics: tuple[str, ...] = ()
    status: str | None = None
    group_tags: tuple[dict[str, Any], ...] = ()
    termination_policies: tuple[str, ...] = ("Default",)
    new_instances_protected_from_scale_in: bool = False
    service_linked_role_arn: str
    max_instance_lifetime: int | None = None
    capacity_rebalance: bool | None = None
    warm_pool: WarmPool | None = None
    context: str | None = None
    desired_capacity_type: str | None = None
    default_instance_warmup: int | None = None
    instance_maintenance_policy: dict[str, Any] | None = None
    deletion_protection: str = "none"
    availability_zone_distribution: dict[str, Any] | None = None
    availability_zone_impairment_policy: dict[str, Any] | None = None
    capacity_reservation_specification: dict[str, Any] | None = None
    instance_lifecycle_policy: dict[str, Any] | None = None
    last_scaled: datetime.datetime | None = None


@record(order="added")
class Member(Record):
    """An instance of a group. ``token`` and ``hook`` while a lifecycle hook holds it."""

    instance_id: Key[str]
    auto_scaling_group_name: Index[str]
    instance_type: str
    availability_zone: str
    availability_zone_id: str | None = None
    lifecycle_state: str
    health_status: str = "Healthy"
    launch_configuration_name: str | None = None
    launch_template: dict[str, Any] | None = None
    image_id: str | None = None
    protected_from_scale_in: bool = False
    weighted_capacity: str | None = None
    launched: datetime.datetime
    token: str | None = None
    hook: str | None = None
    held_until: datetime.datetime | None = None


@record(order="added")
class Activity(Record):
    """Something that a group did."""

    activity_id: Key[str]
    auto_scaling_group_name: Index[str]
    auto_scaling_group_arn: str
    auto_scaling_group_state: str | None = None
    description: str
    cause: str
    start_time: datetime.datetime
    end_time: datetime.datetime | None = None
    status_code: str
    status_message: str | None = None
    progress: int = 100
    details: str


@record()
class Hook(Record):
    """What holds an instance on its way in or out."""

    auto_scaling_group_name: Key[str]
    lifecycle_hook_name: Key[str]
    lifecycle_transition: str
    notification_target_arn: str | None = None
    role_arn: str | None = None
    notification_metadata: str | None = None
    heartbeat_timeout: int = 3600
    global_timeout: int = 172800
    default_result: str = "ABANDON"


@record()
class Policy(Record):
    """When to change a group's size, and by how much."""

    auto_scaling_group_name: Key[str]
    policy_name: Key[str]
    policy_arn: Index[str]
    policy_type: str
    adjustment_type: str | None = None
    min_adjustment_step: int | None = None
    min_adjustment_magnitude: int | None = None
    scaling_adjustment: int | None = None
    cooldown: int | None = None
    step_adjustments: tuple[dict[str, Any], ...] = ()
    metric_aggregation_type: str | None = None
    estimated_instance_warmup: int | None = None
    alarms: tuple[dict[str, str], ...] = ()
    target_tracking_configuration: dict[str, Any] | None = None
    enabled: bool = True
    predictive_scaling_configuration: dict[str, Any] | None = None


@record()
class ScheduledAction(Record):
    """A change of size at a time. ``number`` tells a task whether the action is still the one it was made for."""

    auto_scaling_group_name: Key[str]
    scheduled_action_name: Key[str]
    scheduled_action_arn: str
    start_time: datetime.datetime
    end_time: datetime.datetime | None = None
    recurrence: str | None = None
    min_size: int | None = None
    max_size: int | None = None
    desired_capacity: int | None = None
    time_zone: str | None = None
    number: str


@record()
class Notification(Record):
    """A kind of event that a topic is told of."""

    auto_scaling_group_name: Key[str]
    topic_arn: Key[str]
    notification_type: Key[str]


@record(order="added")
class Refresh(Record):
    """The replacing of all instances of a group."""

    instance_refresh_id: Key[str]
    auto_scaling_group_name: Index[str]
    status: str
    status_reason: str | None = None
    start_time: datetime.datetime
    end_time: datetime.datetime | None = None
    percentage_complete: int = 0
    instances_to_update: int = 0
    preferences: dict[str, Any] | None = None
    desired_configuration: dict[str, Any] | None = None
    rollback_details: dict[str, Any] | None = None
    strategy: str = "Rolling"
    waiting: tuple[str, ...] = ()
    before: dict[str, Any] = {}
