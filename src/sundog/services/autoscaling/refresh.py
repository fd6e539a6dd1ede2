"""Instance refreshes: all instances of a group replaced by what it launches now."""

from __future__ import annotations

import datetime
from typing import Any

from sundog.api import autoscaling as api
from sundog.core import Tx, op
from sundog.core.structure import plain
from sundog.services.autoscaling.capacity import counts, leave, members_of, reconcile, stamp
from sundog.services.autoscaling.group import mixed
from sundog.services.autoscaling.launch import resolved_template
from sundog.services.autoscaling.state import Group, Member, Refresh, invalid

STEP = datetime.timedelta(seconds=60)
_ACTIVE = ("Pending", "InProgress", "Cancelling", "RollbackInProgress", "Baking")
_WAYS = ("launch_configuration_name", "launch_template", "mixed_instances_policy")


def _active(tx: Tx, name: str) -> Refresh | None:
    return tx.select(Refresh, auto_scaling_group_name=name).where(lambda row: row.status in _ACTIVE).first()


def _no_active(name: str) -> Any:
    return api.ActiveInstanceRefreshNotFoundFault(
        f"No in progress or pending Instance Refresh found for Auto Scaling group {name}"
    )


@op
def start_instance_refresh(tx: Tx, req: api.StartInstanceRefreshType) -> api.StartInstanceRefreshAnswer:
    """Begin to replace a group's instances; with delays one a minute."""
    group = tx.get(Group, req.auto_scaling_group_name)
    name = group.auto_scaling_group_name
    active = _active(tx, name)
    if active is not None:
        raise api.InstanceRefreshInProgressFault(
            "An Instance Refresh is already in progress and blocks the execution of this Instance Refresh."
        )
    before = {way: getattr(group, way) for way in _WAYS}
    desired = None
    if req.desired_configuration is not None:
        desired = plain(req.desired_configuration)
        changes: dict[str, Any] = dict.fromkeys(_WAYS)
        if desired.get("LaunchTemplate"):
            desired["LaunchTemplate"] = changes["launch_template"] = resolved_template(tx, desired["LaunchTemplate"])
        elif desired.get("MixedInstancesPolicy"):
            policy = mixed(tx, desired["MixedInstancesPolicy"])
            desired["MixedInstancesPolicy"] = changes["mixed_instances_policy"] = policy
        else:
            raise invalid("A desired configuration must have a launch template or a mixed instances policy.")
        group = tx.update(group, **changes)
    preferences = {
        "MinHealthyPercentage": 90,
        "InstanceWarmup": group.default_instance_warmup or group.health_check_grace_period,
        "SkipMatching": False,
        "AutoRollback": False,
        "ScaleInProtectedInstances": "Wait",
        "StandbyInstances": "Wait",
        **(plain(req.preferences) or {}),
    }
    waiting = [member for member in members_of(tx, name) if counts(member)]
    if preferences["ScaleInProtectedInstances"] == "Ignore":
        waiting = [member for member in waiting if not member.protected_from_scale_in]
    if preferences["SkipMatching"]:
        waiting = [member for member in waiting if not _matches(group, member)]
    row = tx.add(
        Refresh(
            instance_refresh_id=tx.ids.uuid(),
            auto_scaling_group_name=name,
            status="InProgress",
            start_time=tx.now,
            instances_to_update=len(waiting),
            preferences=preferences,
            desired_configuration=desired,
            strategy=req.strategy or "Rolling",
            waiting=tuple(member.instance_id for member in waiting),
            before=before,
        )
    )
    if tx.setting("delays"):
        tx.update(row, status="Pending")
        tx.at(tx.now + STEP, go_on, row.instance_refresh_id)
    else:
        while tx.get(Refresh, row.instance_refresh_id).status in _ACTIVE:
            go_on(tx, row.instance_refresh_id)
    return api.StartInstanceRefreshAnswer(instance_refresh_id=row.instance_refresh_id)


def _matches(group: Group, member: Member) -> bool:
    if group.launch_template is not None:
        return member.launch_template == group.launch_template
    return member.launch_configuration_name == group.launch_configuration_name


def go_on(tx: Tx, refresh_id: str) -> None:
    """Replace the next instance, or come to the end."""
    row = tx.find(Refresh, refresh_id)
    if row is None or row.status not in _ACTIVE:
        return
    if row.status == "Cancelling":
        tx.update(row, status="Cancelled", end_time=tx.now)
        return
    waiting = list(row.waiting)
    if waiting:
        member = tx.find(Member, waiting.pop(0))
        if member is not None:
            cause = f"At {stamp(tx)} an instance was taken out of service as part of an instance refresh."
            leave(tx, tx.get(Group, row.auto_scaling_group_name), member, cause)
            reconcile(tx, row.auto_scaling_group_name, f"At {stamp(tx)} an instance refresh replaced an instance.")
    total = len(row.before.get("all", ())) or max(row.instances_to_update, len(waiting) + 1)
    done = int(100 * (total - len(waiting)) / total)
    status = "InProgress" if row.status == "Pending" else row.status
    row = tx.update(
        row,
        waiting=tuple(waiting),
        status=status,
        instances_to_update=len(waiting),
        percentage_complete=max(row.percentage_complete, done),
        before={**row.before, "all": ["" for _ in range(total)]},
    )
    if waiting:
        if tx.setting("delays"):
            tx.at(tx.now + STEP, go_on, refresh_id)
        return
    end = "RollbackSuccessful" if status == "RollbackInProgress" else "Successful"
    tx.update(row, status=end, percentage_complete=100, end_time=tx.now)


@op(page_size=50)
def describe_instance_refreshes(tx: Tx, req: api.DescribeInstanceRefreshesType) -> api.DescribeInstanceRefreshesAnswer:
    """List a group's refreshes, the latest first."""
    group = tx.get(Group, req.auto_scaling_group_name)
    found = list(tx.select(Refresh, auto_scaling_group_name=group.auto_scaling_group_name))[::-1]
    if req.instance_refresh_ids:
        found = [row for row in found if row.instance_refresh_id in req.instance_refresh_ids]
    return api.DescribeInstanceRefreshesAnswer(instance_refreshes=found)


@op
def cancel_instance_refresh(tx: Tx, req: api.CancelInstanceRefreshType) -> api.CancelInstanceRefreshAnswer:
    """Stop a refresh; what it replaced stays replaced."""
    group = tx.get(Group, req.auto_scaling_group_name)
    row = _active(tx, group.auto_scaling_group_name)
    if row is None:
        raise _no_active(group.auto_scaling_group_name)
    quiet = req.wait_for_transitioning_instances is False
    tx.update(row, status="Cancelled" if quiet else "Cancelling", end_time=tx.now if quiet else None)
    return api.CancelInstanceRefreshAnswer(instance_refresh_id=row.instance_refresh_id)


@op
def rollback_instance_refresh(tx: Tx, req: api.RollbackInstanceRefreshType) -> api.RollbackInstanceRefreshAnswer:
    """Go back to what the group launched before."""
    group = tx.get(Group, req.auto_scaling_group_name)
    name = group.auto_scaling_group_name
    row = _active(tx, name)
    if row is None:
        raise _no_active(name)
    if row.desired_configuration is None:
        raise api.IrreversibleInstanceRefreshFault(
            "The instance refresh has no desired configuration, and can't be rolled back."
        )
    tx.update(group, **{way: row.before[way] for way in _WAYS})
    waiting = set(row.waiting)
    replaced = tuple(
        member.instance_id for member in members_of(tx, name) if counts(member) and member.instance_id not in waiting
    )
    tx.update(
        row,
        status="RollbackInProgress",
        waiting=replaced,
        instances_to_update=len(replaced),
        rollback_details={
            "RollbackReason": "User initiated rollback",
            "RollbackStartTime": tx.now,
            "PercentageCompleteOnRollback": row.percentage_complete,
            "InstancesToUpdateOnRollback": row.instances_to_update,
        },
        percentage_complete=0,
        before={way: row.before[way] for way in _WAYS},
    )
    return api.RollbackInstanceRefreshAnswer(instance_refresh_id=row.instance_refresh_id)
