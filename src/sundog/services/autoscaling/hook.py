"""Lifecycle hooks."""

from __future__ import annotations

import datetime
from typing import Any

from sundog.api import autoscaling as api
from sundog.core import Tx, op
from sundog.services.autoscaling.capacity import IN, OUT, proceed
from sundog.services.autoscaling.state import Group, Hook, Member, invalid


def put_hook(tx: Tx, group: Group, given: Any) -> Hook:
    """Add a hook, or change what is given of one."""
    known = tx.find(Hook, group.auto_scaling_group_name, given.lifecycle_hook_name)
    transition = given.lifecycle_transition or (known.lifecycle_transition if known is not None else None)
    if transition is None:
        raise invalid("Lifecycle transition is required when creating a new lifecycle hook.")
    if transition not in (IN, OUT):
        raise invalid(f"Unknown lifecycle transition: {transition}")
    if given.default_result not in (None, "CONTINUE", "ABANDON"):
        raise invalid("Lifecycle default result must be CONTINUE or ABANDON.")
    timeout = given.heartbeat_timeout
    if timeout is not None and not 30 <= timeout <= 7200:
        raise invalid("Heartbeat timeout must be between 30 and 7200 seconds, inclusive")
    changes: dict[str, Any] = {
        "lifecycle_transition": transition,
        "notification_target_arn": given.notification_target_arn,
        "role_arn": given.role_arn,
        "notification_metadata": given.notification_metadata,
        "heartbeat_timeout": timeout,
        "default_result": given.default_result,
    }
    changes = {name: value for name, value in changes.items() if value is not None}
    if known is not None:
        row = tx.update(known, **changes)
    else:
        row = tx.add(
            Hook(
                auto_scaling_group_name=group.auto_scaling_group_name,
                lifecycle_hook_name=given.lifecycle_hook_name,
                **changes,
            )
        )
    return tx.update(row, global_timeout=min(172800, row.heartbeat_timeout * 100))


@op
def put_lifecycle_hook(tx: Tx, req: api.PutLifecycleHookType) -> api.PutLifecycleHookAnswer:
    """Hold instances on their way in or out."""
    put_hook(tx, tx.get(Group, req.auto_scaling_group_name), req)
    return api.PutLifecycleHookAnswer()


@op
def describe_lifecycle_hooks(tx: Tx, req: api.DescribeLifecycleHooksType) -> api.DescribeLifecycleHooksAnswer:
    """List a group's hooks."""
    group = tx.get(Group, req.auto_scaling_group_name)
    name = group.auto_scaling_group_name
    found = list(tx.range(Hook, (name, ""), (name + "\0", "")))
    if req.lifecycle_hook_names:
        found = [row for row in found if row.lifecycle_hook_name in req.lifecycle_hook_names]
    return api.DescribeLifecycleHooksAnswer(lifecycle_hooks=found)


def _hook(tx: Tx, group_name: str, name: str) -> Hook:
    group = tx.get(Group, group_name)
    row = tx.find(Hook, group.auto_scaling_group_name, name)
    if row is None:
        raise invalid(f"No lifecycle hook found with name {name} for group {group_name}")
    return row


@op
def delete_lifecycle_hook(tx: Tx, req: api.DeleteLifecycleHookType) -> api.DeleteLifecycleHookAnswer:
    """Remove a hook; the instances that it holds go on."""
    row = _hook(tx, req.auto_scaling_group_name, req.lifecycle_hook_name)
    tx.delete(row)
    for member in list(tx.select(Member, auto_scaling_group_name=row.auto_scaling_group_name)):
        if member.hook == row.lifecycle_hook_name:
            proceed(tx, member, row.default_result)
    return api.DeleteLifecycleHookAnswer()


def _held(tx: Tx, req: Any) -> Member:
    hook = _hook(tx, req.auto_scaling_group_name, req.lifecycle_hook_name)
    if req.instance_id is None and req.lifecycle_action_token is None:
        raise invalid("Either an instance ID or a lifecycle action token must be given.")
    for member in tx.select(Member, auto_scaling_group_name=hook.auto_scaling_group_name):
        if member.hook != hook.lifecycle_hook_name:
            continue
        if req.lifecycle_action_token in (None, member.token) and req.instance_id in (None, member.instance_id):
            return member
    if req.lifecycle_action_token is not None:
        raise invalid(f"No active Lifecycle Action found with token {req.lifecycle_action_token}")
    raise invalid(f"No active Lifecycle Action found with instance ID {req.instance_id}")


@op
def complete_lifecycle_action(tx: Tx, req: api.CompleteLifecycleActionType) -> api.CompleteLifecycleActionAnswer:
    """Let an instance go on, or abandon it."""
    if req.lifecycle_action_result not in ("CONTINUE", "ABANDON"):
        raise invalid("Lifecycle action result must be CONTINUE or ABANDON.")
    proceed(tx, _held(tx, req), req.lifecycle_action_result)
    return api.CompleteLifecycleActionAnswer()


@op
def record_lifecycle_action_heartbeat(
    tx: Tx, req: api.RecordLifecycleActionHeartbeatType
) -> api.RecordLifecycleActionHeartbeatAnswer:
    """Ask for more time."""
    member = _held(tx, req)
    hook = _hook(tx, req.auto_scaling_group_name, req.lifecycle_hook_name)
    tx.update(member, held_until=tx.now + datetime.timedelta(seconds=hook.heartbeat_timeout))
    return api.RecordLifecycleActionHeartbeatAnswer()


@op
def describe_lifecycle_hook_types(tx: Tx, req: None) -> api.DescribeLifecycleHookTypesAnswer:
    """The transitions that hooks hold."""
    return api.DescribeLifecycleHookTypesAnswer(lifecycle_hook_types=[IN, OUT])
