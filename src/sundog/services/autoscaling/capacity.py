"""Keeping a group's size: instances launched and terminated, by way of hooks, and put behind load balancers."""

from __future__ import annotations

import datetime
import json
from collections.abc import Iterable
from typing import Any

from sundog.core import AwsError, Tx
from sundog.core.structure import structure_class
from sundog.services.autoscaling.launch import in_place, places, request_of, spread, template_of
from sundog.services.autoscaling.notify import announce, tell_hook
from sundog.services.autoscaling.state import Activity, Group, Hook, Member

BOOTING = 30
LEAVING = 30
IN, OUT = "autoscaling:EC2_INSTANCE_LAUNCHING", "autoscaling:EC2_INSTANCE_TERMINATING"
_ON_ITS_WAY_OUT = ("Terminating", "Detach")
_BATCH = 200


def members_of(tx: Tx, name: str) -> list[Member]:
    return list(tx.select(Member, auto_scaling_group_name=name))


def is_warm(member: Member) -> bool:
    return member.lifecycle_state.startswith("Warmed:")


def counts(member: Member) -> bool:
    """Whether an instance is part of the group's capacity."""
    state = member.lifecycle_state
    return not (is_warm(member) or state.startswith(_ON_ITS_WAY_OUT) or state.endswith("Standby"))


def stamp(tx: Tx) -> str:
    return f"{tx.now:%Y-%m-%dT%H:%M:%SZ}"


def record_activity(
    tx: Tx, group: Group, description: str, cause: str, place: tuple[str, str | None] | None, **more: Any
) -> Activity:
    """Write down what the group did."""
    details: dict[str, str] = {}
    if place is not None:
        if place[1] is not None:
            details["Subnet ID"] = place[1]
        details["Availability Zone"] = place[0]
    values: dict[str, Any] = {"end_time": tx.now, "status_code": "Successful", **more}
    return tx.add(
        Activity(
            activity_id=tx.ids.uuid(),
            auto_scaling_group_name=group.auto_scaling_group_name,
            auto_scaling_group_arn=group.auto_scaling_group_arn,
            description=description,
            cause=cause,
            start_time=tx.now,
            details=json.dumps(details, separators=(",", ":")),
            **values,
        )
    )


def reconcile(tx: Tx, name: str, why: str) -> None:
    """Launch or terminate instances until there are as many as desired; ``why`` begins the activities' causes."""
    group = tx.find(Group, name)
    if group is None:
        return
    live = [member for member in members_of(tx, name) if counts(member)]
    lacking = group.desired_capacity - len(live)
    if lacking > 0 and "Launch" not in group.suspended:
        lacking -= _from_warm_pool(tx, group, lacking)
        if lacking:
            launch(tx, group, lacking, why)
    elif lacking < 0 and "Terminate" not in group.suspended:
        for member in choose(tx, group, live, -lacking):
            cause = (
                f"{why}  At {stamp(tx)} an instance was taken out of service in response to a difference between "
                f"desired and actual capacity, shrinking the capacity from {len(live)} to {group.desired_capacity}."
                f"  At {stamp(tx)} instance {member.instance_id} was selected for termination."
            )
            leave(tx, group, member, cause)


def launch(tx: Tx, group: Group, count: int, why: str, warm: bool = False) -> list[str]:
    """Launch so many instances; what fails is written down as an activity that failed."""
    have = members_of(tx, group.auto_scaling_group_name)
    live = len([member for member in have if counts(member)])
    cause = (
        f"{why}  At {stamp(tx)} an instance was started in response to a difference between desired and actual "
        f"capacity, increasing the capacity from {live} to {live + count}."
    )
    try:
        found = places(tx, group)
        request = request_of(tx, group)
    except AwsError as error:
        _failed(tx, group, cause, error, None)
        return []
    made: list[str] = []
    for place, number in spread(found, have, count).items():
        try:
            instances = _run(tx, in_place(request, *place), number)
        except AwsError as error:
            _failed(tx, group, cause, error, place)
            continue
        for instance in instances:
            made.append(instance.instance_id)
            where = (instance.placement.availability_zone, instance.subnet_id)
            enter(tx, group, instance, cause, where, warm)
    return made


def _run(tx: Tx, request: dict[str, Any], count: int) -> list[Any]:
    from sundog.wire.model import get_service

    operation = get_service("ec2").operation("RunInstances")
    assert operation is not None
    assert operation.input is not None
    shape = structure_class(operation.service, operation.input)
    wanted = shape.of({**request, "MinCount": count, "MaxCount": count})
    members = {name: getattr(wanted, name) for name, wire in shape.wire_.items() if wire in wanted.raw_}
    return tx.call("ec2", "RunInstances", **members).instances


def _failed(tx: Tx, group: Group, cause: str, error: AwsError, place: tuple[str, str | None] | None) -> None:
    message = f"{error.message} Launching EC2 instance failed."
    record_activity(tx, group, "Launching a new EC2 instance.  Status Reason: " + message, cause, place,
                    status_code="Failed", status_message=message)  # fmt: skip
    announce(tx, group, "autoscaling:EC2_INSTANCE_LAUNCH_ERROR", None, cause)


def enter(tx: Tx, group: Group, instance: Any, cause: str, place: tuple[str, str | None], warm: bool = False) -> Member:
    """An instance joins: pending, held by a hook if there is one, then in service."""
    template = template_of(group)
    if template is not None:
        tags = {tag.key: tag.value for tag in instance.tags or ()}
        shown = {name: template[name] for name in ("LaunchTemplateId", "LaunchTemplateName")}
        template = {**shown, "Version": tags.get("aws:ec2launchtemplate:version", template.get("Version", "1"))}
    member = tx.add(
        Member(
            instance_id=instance.instance_id,
            auto_scaling_group_name=group.auto_scaling_group_name,
            instance_type=instance.instance_type,
            availability_zone=place[0],
            availability_zone_id=instance.placement.availability_zone_id,
            lifecycle_state="Warmed:Pending" if warm else "Pending",
            launch_configuration_name=group.launch_configuration_name,
            launch_template=template,
            image_id=instance.image_id,
            protected_from_scale_in=group.new_instances_protected_from_scale_in,
            launched=tx.now,
        )
    )
    if cause:
        slow = tx.setting("delays")
        record_activity(
            tx,
            group,
            f"Launching a new EC2 instance: {instance.instance_id}",
            cause,
            place,
            **({"status_code": "InProgress", "progress": 30, "end_time": None} if slow else {}),
        )
        announce(tx, group, "autoscaling:EC2_INSTANCE_LAUNCH", instance.instance_id, cause)
    if hold(tx, group, member, IN):
        return tx.get(Member, member.instance_id)
    if tx.setting("delays"):
        tx.at(tx.now + datetime.timedelta(seconds=BOOTING), arrive, member.instance_id)
    else:
        arrive(tx, member.instance_id)
    return tx.get(Member, member.instance_id)


def hold(tx: Tx, group: Group, member: Member, transition: str) -> bool:
    """Whether a lifecycle hook holds the instance now."""
    name = group.auto_scaling_group_name
    for hook in tx.range(Hook, (name, ""), (name + "\0", "")):
        if hook.lifecycle_transition != transition:
            continue
        until = tx.now + datetime.timedelta(seconds=hook.heartbeat_timeout)
        base = "Pending:Wait" if transition == IN else "Terminating:Wait"
        state = "Warmed:" + base if is_warm(member) else base
        token = tx.ids.uuid()
        tx.update(member, lifecycle_state=state, token=token, hook=hook.lifecycle_hook_name, held_until=until)
        tell_hook(tx, group, hook, member.instance_id, token)
        tx.at(until, time_is_up, member.instance_id, token)
        return True
    return False


def time_is_up(tx: Tx, instance_id: str, token: str) -> None:
    """Nobody completed the lifecycle action in time."""
    member = tx.find(Member, instance_id)
    if member is None or member.token != token or member.held_until is None:
        return
    if member.held_until > tx.now:
        tx.at(member.held_until, time_is_up, instance_id, token)
        return
    hook = tx.find(Hook, member.auto_scaling_group_name, member.hook)
    proceed(tx, member, hook.default_result if hook is not None else "ABANDON")


def proceed(tx: Tx, member: Member, result: str) -> None:
    """A hook lets go of an instance."""
    group = tx.get(Group, member.auto_scaling_group_name)
    coming = "Pending:Wait" in member.lifecycle_state
    state = member.lifecycle_state.replace(":Wait", ":Proceed")
    member = tx.update(member, token=None, hook=None, held_until=None, lifecycle_state=state)
    if not coming:
        depart(tx, member.instance_id)
    elif result == "CONTINUE":
        arrive(tx, member.instance_id)
    else:
        cause = f"At {stamp(tx)} the lifecycle action of instance {member.instance_id} was abandoned."
        leave(tx, group, member, cause, hooks=False)
        reconcile(tx, group.auto_scaling_group_name, cause)


def arrive(tx: Tx, instance_id: str) -> None:
    """An instance is in service, or in the warm pool."""
    member = tx.find(Member, instance_id)
    if member is None or "Pending" not in member.lifecycle_state or member.token is not None:
        return
    group = tx.get(Group, member.auto_scaling_group_name)
    if is_warm(member):
        state = group.warm_pool.pool_state if group.warm_pool is not None else "Stopped"
        if state != "Running":
            try:
                tx.call("ec2", "StopInstances", instance_ids=[instance_id], hibernate=state == "Hibernated")
            except AwsError:
                state = "Running"
        tx.update(member, lifecycle_state=f"Warmed:{state}")
    else:
        tx.update(member, lifecycle_state="InService")
        connect(tx, group, [instance_id])
    for activity in tx.select(Activity, auto_scaling_group_name=group.auto_scaling_group_name):
        if activity.status_code == "InProgress" and activity.description.endswith(instance_id):
            tx.update(activity, status_code="Successful", progress=100, end_time=tx.now)


def leave(tx: Tx, group: Group, member: Member, cause: str, hooks: bool = True) -> Activity:
    """An instance is taken out of the group and terminated, held by a hook if there is one."""
    if member.lifecycle_state == "InService":
        disconnect(tx, group, [member.instance_id])
    state = "Warmed:Terminating" if is_warm(member) else "Terminating"
    member = tx.update(member, lifecycle_state=state, token=None, hook=None)
    slow = tx.setting("delays")
    activity = record_activity(
        tx,
        group,
        f"Terminating EC2 instance: {member.instance_id}",
        cause,
        (member.availability_zone, None),
        **({"status_code": "InProgress", "progress": 0, "end_time": None} if slow else {}),
    )
    announce(tx, group, "autoscaling:EC2_INSTANCE_TERMINATE", member.instance_id, cause)
    if hooks and hold(tx, group, member, OUT):
        return activity
    if slow:
        tx.at(tx.now + datetime.timedelta(seconds=LEAVING), depart, member.instance_id)
    else:
        depart(tx, member.instance_id)
    return activity


def depart(tx: Tx, instance_id: str) -> None:
    """An instance is terminated and forgotten by the group."""
    member = tx.find(Member, instance_id)
    if member is None or "Terminating" not in member.lifecycle_state:
        return
    tx.delete(member)
    try:
        tx.call("ec2", "TerminateInstances", instance_ids=[instance_id])
    except AwsError as error:
        if error.code not in ("InvalidInstanceID.NotFound", "OperationNotPermitted"):
            raise
    group = tx.find(Group, member.auto_scaling_group_name)
    for activity in tx.select(Activity, auto_scaling_group_name=member.auto_scaling_group_name):
        if activity.status_code == "InProgress" and activity.description.endswith(instance_id):
            tx.update(activity, status_code="Successful", progress=100, end_time=tx.now)
    if group is not None and group.status == "Delete in progress" and not members_of(tx, group.auto_scaling_group_name):
        tx.delete(group)


def choose(tx: Tx, group: Group, live: list[Member], count: int) -> list[Member]:
    """The instances to terminate, by the group's policies: from the fullest zone, then the oldest way of launching."""
    left = [member for member in live if not member.protected_from_scale_in]
    policy = group.termination_policies[0] if group.termination_policies else "Default"
    chosen: list[Member] = []
    for _ in range(min(count, len(left))):
        zones: dict[str, int] = {}
        for member in left:
            zones[member.availability_zone] = zones.get(member.availability_zone, 0) + 1
        fullest = max(zones.values())
        among = [member for member in left if zones[member.availability_zone] == fullest]
        if policy == "NewestInstance":
            picked = max(among, key=lambda member: (member.launched, member.serial_))
        elif policy == "OldestInstance":
            picked = min(among, key=lambda member: (member.launched, member.serial_))
        else:
            picked = min(among, key=lambda member: (_is_current(group, member), member.launched, member.serial_))
        chosen.append(picked)
        left.remove(picked)
    return chosen


def _is_current(group: Group, member: Member) -> bool:
    template = template_of(group)
    if template is not None:
        return (member.launch_template or {}).get("LaunchTemplateId") == template["LaunchTemplateId"]
    return member.launch_configuration_name == group.launch_configuration_name


def _from_warm_pool(tx: Tx, group: Group, count: int) -> int:
    """Take instances out of the warm pool; gives how many."""
    warm = [
        member
        for member in members_of(tx, group.auto_scaling_group_name)
        if member.lifecycle_state in ("Warmed:Stopped", "Warmed:Running", "Warmed:Hibernated")
    ][:count]
    for member in warm:
        if member.lifecycle_state != "Warmed:Running":
            tx.call("ec2", "StartInstances", instance_ids=[member.instance_id])
        member = tx.update(member, lifecycle_state="Pending")
        cause = f"At {stamp(tx)} an instance was taken from the warm pool."
        place = (member.availability_zone, None)
        record_activity(tx, group, f"Launching a new EC2 instance from warm pool: {member.instance_id}", cause, place)
        if hold(tx, group, member, IN):
            continue
        if tx.setting("delays"):
            tx.at(tx.now + datetime.timedelta(seconds=BOOTING), arrive, member.instance_id)
        else:
            arrive(tx, member.instance_id)
    return len(warm)


# -- load balancers


def connect(tx: Tx, group: Group, ids: Iterable[str]) -> None:
    """Register instances with the group's load balancers."""
    if "AddToLoadBalancer" not in group.suspended:
        register(tx, list(ids), group.target_group_arns, group.load_balancer_names)


def register(tx: Tx, ids: list[str], target_groups: Iterable[str], balancers: Iterable[str]) -> None:
    for target_group in target_groups:
        tx.call("elbv2", "RegisterTargets", target_group_arn=target_group, targets=[{"Id": each} for each in ids])
    for balancer in balancers:
        tx.call(
            "elb",
            "RegisterInstancesWithLoadBalancer",
            load_balancer_name=balancer,
            instances=[{"InstanceId": each} for each in ids],
        )


def disconnect(tx: Tx, group: Group, ids: list[str]) -> None:
    """Deregister instances from the group's load balancers."""
    unregister(tx, ids, group.target_group_arns, group.load_balancer_names)


def unregister(tx: Tx, ids: list[str], target_groups: Iterable[str], balancers: Iterable[str]) -> None:
    """What is gone already is passed over."""
    for target_group in target_groups:
        try:
            tx.call("elbv2", "DeregisterTargets", target_group_arn=target_group, targets=[{"Id": each} for each in ids])
        except AwsError:
            continue
    for balancer in balancers:
        try:
            tx.call(
                "elb",
                "DeregisterInstancesFromLoadBalancer",
                load_balancer_name=balancer,
                instances=[{"InstanceId": each} for each in ids],
            )
        except AwsError:
            continue


# -- health


def upkeep(tx: Tx, group: Group) -> None:
    """Replace instances that EC2, or somebody, says are no longer well."""
    if "HealthCheck" in group.suspended or "ReplaceUnhealthy" in group.suspended:
        return
    members = [member for member in members_of(tx, group.auto_scaling_group_name) if counts(member)]
    if not members:
        return
    states = states_of(tx, [member.instance_id for member in members])
    sick: list[tuple[Member, str]] = []
    for member in members:
        state = states.get(member.instance_id, "terminated")
        if state not in ("pending", "running"):
            sick.append((member, f"EC2 instance status check failure: the instance is {state}"))
        elif member.health_status == "Unhealthy" and member.lifecycle_state == "InService":
            sick.append((member, "a user health-check"))
    for member, reason in sick:
        cause = f"At {stamp(tx)} an instance was taken out of service in response to {reason}."
        member = tx.update(member, health_status="Unhealthy")
        leave(tx, group, member, cause)
    if sick:
        why = f"At {stamp(tx)} an instance was launched in response to an unhealthy instance needing to be replaced."
        reconcile(tx, group.auto_scaling_group_name, why)


def states_of(tx: Tx, ids: list[str]) -> dict[str, str]:
    """The states of instances of EC2 that are still there."""
    found: dict[str, str] = {}
    for start in range(0, len(ids), _BATCH):
        filters = [{"Name": "instance-id", "Values": ids[start : start + _BATCH]}]
        for reservation in tx.call("ec2", "DescribeInstances", filters=filters).reservations:
            found.update((row.instance_id, row.state.name) for row in reservation.instances)
    return found
