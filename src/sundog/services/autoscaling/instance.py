"""Instances of groups: attached, detached, on standby, protected, told to be ill, terminated."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from sundog.api import autoscaling as api
from sundog.core import AwsError, Tx, op
from sundog.services.autoscaling.capacity import (
    connect,
    counts,
    disconnect,
    enter,
    launch,
    leave,
    members_of,
    reconcile,
    record_activity,
    stamp,
    upkeep,
)
from sundog.services.autoscaling.launch import GROUP_TAG
from sundog.services.autoscaling.state import Activity, Group, Member, invalid


def _members(tx: Tx, group: Group, ids: Iterable[str]) -> list[Member]:
    found: list[Member] = []
    for instance_id in ids:
        member = tx.find(Member, instance_id)
        if member is None or member.auto_scaling_group_name != group.auto_scaling_group_name:
            raise invalid(
                f"The instance {instance_id} is not part of Auto Scaling group {group.auto_scaling_group_name}."
            )
        found.append(member)
    return found


def _shrink(tx: Tx, group: Group, count: int) -> Group:
    """Lower the desired capacity with the instances that go."""
    if group.desired_capacity - count < group.min_size:
        raise invalid(
            f"AutoScalingGroup {group.auto_scaling_group_name} has min-size={group.min_size}, max-size="
            f"{group.max_size}, and desired-size={group.desired_capacity}. To detach {count} instance(s) and decrement "
            "desired capacity, please update the AutoScalingGroup sizes appropriately."
        )
    return tx.update(group, desired_capacity=group.desired_capacity - count)


@op
def attach_instances(tx: Tx, req: api.AttachInstancesQuery) -> None:
    """Take running instances into a group, which grows by them."""
    group = tx.get(Group, req.auto_scaling_group_name)
    ids = list(dict.fromkeys(req.instance_ids or ()))
    if group.desired_capacity + len(ids) > group.max_size:
        raise invalid(
            f"AutoScalingGroup {group.auto_scaling_group_name} has min-size={group.min_size}, max-size="
            f"{group.max_size}, and desired-size={group.desired_capacity}. To attach {len(ids)} more instance, please "
            "update the AutoScalingGroup sizes appropriately."
        )
    instances: list[Any] = []
    for instance_id in ids:
        known = tx.find(Member, instance_id)
        if known is not None:
            raise invalid(f"Instance {instance_id} is already part of AutoScalingGroup:{known.auto_scaling_group_name}")
        try:
            answer = tx.call("ec2", "DescribeInstances", instance_ids=[instance_id])
        except AwsError:
            raise invalid(f"Invalid Instance ID(s): [{instance_id}] specified") from None
        instance = answer.reservations[0].instances[0]
        if instance.state.name != "running":
            raise invalid(f"Instance {instance_id} is not in correct state. Instance(s) must be in 'running' state.")
        if instance.placement.availability_zone not in group.availability_zones:
            raise invalid(
                f"The availability zone of instance {instance_id} is not part of the Auto Scaling group "
                f"{group.auto_scaling_group_name}."
            )
        instances.append(instance)
    group = tx.update(group, desired_capacity=group.desired_capacity + len(ids))
    for instance in instances:
        cause = f"At {stamp(tx)} an instance was attached in response to a user request."
        place = (instance.placement.availability_zone, instance.subnet_id)
        tx.call(
            "ec2",
            "CreateTags",
            resources=[instance.instance_id],
            tags=[{"Key": tag["Key"], "Value": tag["Value"]} for tag in group.group_tags if tag["PropagateAtLaunch"]]
            + [{"Key": GROUP_TAG, "Value": group.auto_scaling_group_name}],
        )
        record_activity(tx, group, f"Attaching an existing EC2 instance: {instance.instance_id}", cause, place)
        member = enter(tx, group, instance, "", place)
        if member.lifecycle_state == "Pending":
            tx.update(member, lifecycle_state="InService")
            connect(tx, group, [member.instance_id])


@op
def detach_instances(tx: Tx, req: api.DetachInstancesQuery) -> api.DetachInstancesAnswer:
    """Let instances go on without the group; it may replace them."""
    group = tx.get(Group, req.auto_scaling_group_name)
    members = _members(tx, group, req.instance_ids or ())
    if req.should_decrement_desired_capacity:
        group = _shrink(tx, group, len(members))
    activities: list[Activity] = []
    for member in members:
        disconnect(tx, group, [member.instance_id])
        tx.delete(member)
        tx.call("ec2", "DeleteTags", resources=[member.instance_id], tags=[{"Key": GROUP_TAG}])
        cause = f"At {stamp(tx)} instance {member.instance_id} was detached in response to a user request."
        activities.append(
            record_activity(
                tx,
                group,
                f"Detaching EC2 instance: {member.instance_id}",
                cause,
                (member.availability_zone, None),
                status_code="InProgress",
                progress=50,
                end_time=None,
            )
        )
    for activity in activities:
        tx.update(activity, status_code="Successful", progress=100, end_time=tx.now)
    reconcile(tx, group.auto_scaling_group_name, f"At {stamp(tx)} instances were detached.")
    return api.DetachInstancesAnswer(activities=activities)


@op
def enter_standby(tx: Tx, req: api.EnterStandbyQuery) -> api.EnterStandbyAnswer:
    """Take instances out of service for a while."""
    group = tx.get(Group, req.auto_scaling_group_name)
    members = _members(tx, group, req.instance_ids or ())
    for member in members:
        if member.lifecycle_state != "InService":
            raise invalid(f"The instance {member.instance_id} is not in InService.")
    if req.should_decrement_desired_capacity:
        group = _shrink(tx, group, len(members))
    activities: list[Activity] = []
    for member in members:
        disconnect(tx, group, [member.instance_id])
        tx.update(member, lifecycle_state="Standby")
        cause = f"At {stamp(tx)} instance {member.instance_id} was moved to standby in response to a user request."
        activities.append(
            record_activity(
                tx, group, f"Moving EC2 instance to Standby: {member.instance_id}", cause,
                (member.availability_zone, None), status_code="InProgress", progress=50, end_time=None,
            )
        )  # fmt: skip
    for activity in activities:
        tx.update(activity, status_code="Successful", progress=100, end_time=tx.now)
    reconcile(tx, group.auto_scaling_group_name, f"At {stamp(tx)} instances were moved to standby.")
    return api.EnterStandbyAnswer(activities=activities)


@op
def exit_standby(tx: Tx, req: api.ExitStandbyQuery) -> api.ExitStandbyAnswer:
    """Put instances back to service; the group grows by them."""
    group = tx.get(Group, req.auto_scaling_group_name)
    members = _members(tx, group, req.instance_ids or ())
    for member in members:
        if member.lifecycle_state != "Standby":
            raise invalid(f"The instance {member.instance_id} is not in Standby.")
    live = sum(1 for member in members_of(tx, group.auto_scaling_group_name) if counts(member))
    wanted = max(group.desired_capacity, live + len(members))
    if wanted > group.max_size:
        raise invalid(
            f"AutoScalingGroup {group.auto_scaling_group_name} has min-size={group.min_size}, max-size="
            f"{group.max_size}, and desired-size={group.desired_capacity}. To exit {len(members)} instance(s) from "
            "standby, please update the AutoScalingGroup sizes appropriately."
        )
    group = tx.update(group, desired_capacity=wanted)
    activities: list[Activity] = []
    for member in members:
        tx.update(member, lifecycle_state="InService")
        connect(tx, group, [member.instance_id])
        cause = f"At {stamp(tx)} instance {member.instance_id} was moved out of standby in response to a user request."
        activities.append(
            record_activity(
                tx, group, f"Moving EC2 instance out of Standby: {member.instance_id}", cause,
                (member.availability_zone, None), status_code="PreInService", progress=30, end_time=None,
            )
        )  # fmt: skip
    for activity in activities:
        tx.update(activity, status_code="Successful", progress=100, end_time=tx.now)
    return api.ExitStandbyAnswer(activities=activities)


@op
def set_instance_protection(tx: Tx, req: api.SetInstanceProtectionQuery) -> api.SetInstanceProtectionAnswer:
    """Keep instances from being chosen when the group shrinks; or no longer."""
    group = tx.get(Group, req.auto_scaling_group_name)
    for member in _members(tx, group, req.instance_ids):
        tx.update(member, protected_from_scale_in=req.protected_from_scale_in)
    return api.SetInstanceProtectionAnswer()


@op
def set_instance_health(tx: Tx, req: api.SetInstanceHealthQuery) -> None:
    """Say that an instance is well or ill; an ill one is replaced."""
    member = tx.find(Member, req.instance_id)
    if member is None:
        raise invalid(f"Instance Id not found - No managed instance found for instance ID: {req.instance_id}")
    if req.health_status not in ("Healthy", "Unhealthy"):
        raise invalid("Valid instance health states are: [Healthy, Unhealthy].")
    group = tx.get(Group, member.auto_scaling_group_name)
    age = (tx.now - member.launched).total_seconds()
    if req.should_respect_grace_period is not False and age < group.health_check_grace_period:
        return
    tx.update(member, health_status=req.health_status)
    if tx.setting("delays"):
        upkeep(tx, group)


@op
def terminate_instance_in_auto_scaling_group(
    tx: Tx, req: api.TerminateInstanceInAutoScalingGroupType
) -> api.ActivityType:
    """Terminate one instance, with or without a replacement."""
    member = tx.find(Member, req.instance_id) if req.instance_id else None
    if member is None:
        raise invalid(f"Instance Id not found - No managed instance found for instance ID: {req.instance_id}")
    group = tx.get(Group, member.auto_scaling_group_name)
    if req.should_decrement_desired_capacity and counts(member):
        if group.desired_capacity - 1 < group.min_size:
            raise invalid(
                f"Currently, desiredSize equals minSize ({group.min_size}). Terminating instance without replacement "
                "will violate group's min size constraint. Either set shouldDecrementDesiredCapacity flag to false or "
                "lower group's min size."
            )
        group = tx.update(group, desired_capacity=group.desired_capacity - 1)
    cause = f"At {stamp(tx)} instance {member.instance_id} was taken out of service in response to a user request."
    activity = leave(tx, group, member, cause)
    why = f"At {stamp(tx)} an instance was launched in response to a user's termination of another."
    reconcile(tx, group.auto_scaling_group_name, why)
    return api.ActivityType(
        activity=api.Activity(
            activity_id=activity.activity_id,
            auto_scaling_group_name=activity.auto_scaling_group_name,
            auto_scaling_group_arn=activity.auto_scaling_group_arn,
            description=activity.description,
            cause=activity.cause,
            start_time=activity.start_time,
            status_code="InProgress",
            progress=0,
            details=json.dumps({"Availability Zone": member.availability_zone}, separators=(",", ":")),
        )
    )


@op
def launch_instances(tx: Tx, req: api.LaunchInstancesRequest) -> api.LaunchInstancesResult:
    """Launch so many instances at once, and raise the desired capacity by them."""
    group = tx.get(Group, req.auto_scaling_group_name)
    count = req.requested_capacity
    if group.desired_capacity + count > group.max_size:
        raise invalid(f"The requested capacity of {count} would exceed the group's max size of {group.max_size}.")
    group = tx.update(group, desired_capacity=group.desired_capacity + count)
    ids = launch(tx, group, count, f"At {stamp(tx)} a user request launched instances.")
    found: dict[tuple[str, str, str | None], list[str]] = {}
    for each in ids:
        member = tx.get(Member, each)
        key = (member.instance_type, member.availability_zone, member.availability_zone_id)
        found.setdefault(key, []).append(each)
    return api.LaunchInstancesResult(
        auto_scaling_group_name=group.auto_scaling_group_name,
        client_token=req.client_token,
        instances=[
            {
                "InstanceType": kind,
                "MarketType": "OnDemand",
                "AvailabilityZone": zone,
                "AvailabilityZoneId": zone_id,
                "InstanceIds": each,
            }
            for (kind, zone, zone_id), each in found.items()
        ],
        errors=[],
    )


@op(page_size=100)
def describe_scaling_activities(tx: Tx, req: api.DescribeScalingActivitiesType) -> api.ActivitiesType:
    """List what groups did, the latest first."""
    name = req.auto_scaling_group_name
    if name is not None:
        if tx.find(Group, name) is None and not req.include_deleted_groups:
            raise invalid("Group name not found - no such group: " + name)
        found = list(tx.select(Activity, auto_scaling_group_name=name))
    else:
        found = list(tx.select(Activity))
    if not req.include_deleted_groups:
        found = [row for row in found if row.auto_scaling_group_state != "Deleted"]
    if req.activity_ids:
        found = [row for row in found if row.activity_id in req.activity_ids]
    for item in req.filters or ():
        if item.name == "Status":
            found = [row for row in found if row.status_code in (item.values or ())]
        elif item.name not in ("StartTimeLowerBound", "StartTimeUpperBound"):
            raise invalid(f"Invalid filter type: {item.name}")
        elif item.values:
            import datetime

            bound = datetime.datetime.fromisoformat(item.values[0].replace("Z", "+00:00"))
            low = item.name.endswith("LowerBound")
            found = [row for row in found if (row.start_time >= bound if low else row.start_time <= bound)]
    return api.ActivitiesType(activities=found[::-1])
