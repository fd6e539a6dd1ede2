"""Scheduled actions: sizes that change by the clock."""

from __future__ import annotations

from typing import Any

from sundog.api import autoscaling as api
from sundog.core import AwsError, Tx, op
from sundog.services.autoscaling.capacity import reconcile, stamp
from sundog.services.autoscaling.cron import Cron
from sundog.services.autoscaling.state import Group, ScheduledAction, invalid


def _put(tx: Tx, group: Group, given: Any) -> None:
    name = given.scheduled_action_name
    start = given.start_time if given.start_time is not None else getattr(given, "time", None)
    if given.min_size is None and given.max_size is None and given.desired_capacity is None:
        raise invalid("At least one of MinSize, MaxSize and DesiredCapacity must be specified.")
    least, most = given.min_size, given.max_size
    if least is not None and most is not None and least > most:
        raise invalid(f"Max bound, {most}, must be greater than or equal to min bound, {least}")
    if start is not None and start <= tx.now:
        raise invalid("Given start time is in the past")
    if given.end_time is not None and given.end_time <= (start or tx.now):
        raise invalid("End time must be after the start time")
    if given.recurrence is not None:
        try:
            following = Cron(given.recurrence, given.time_zone).after(start or tx.now)
        except (ValueError, TypeError):
            raise invalid(f"Given recurrence string:{given.recurrence} is invalid") from None
        if start is None:
            start = following
    elif start is None:
        raise invalid("Either a start time or a recurrence must be specified.")
    assert start is not None
    key = group.auto_scaling_group_name
    known = tx.find(ScheduledAction, key, name)
    arn = (
        known.scheduled_action_arn
        if known is not None
        else tx.arn(f"scheduledUpdateGroupAction:{tx.ids.uuid()}:autoScalingGroupName/{key}:scheduledActionName/{name}")
    )
    if known is not None:
        tx.delete(known)
    row = tx.add(
        ScheduledAction(
            auto_scaling_group_name=key,
            scheduled_action_name=name,
            scheduled_action_arn=arn,
            start_time=start,
            end_time=given.end_time,
            recurrence=given.recurrence,
            min_size=least,
            max_size=most,
            desired_capacity=given.desired_capacity,
            time_zone=given.time_zone,
            number=tx.ids.uuid(),
        )
    )
    tx.at(start, act, key, name, row.number)


def act(tx: Tx, group_name: str, name: str, number: str) -> None:
    """The action's time has come."""
    row = tx.find(ScheduledAction, group_name, name)
    if row is None or row.number != number:
        return
    group = tx.get(Group, group_name)
    if row.end_time is not None and tx.now >= row.end_time:
        tx.delete(row)
        return
    if "ScheduledActions" not in group.suspended:
        least = group.min_size if row.min_size is None else row.min_size
        most = max(group.max_size if row.max_size is None else row.max_size, least)
        wanted = group.desired_capacity if row.desired_capacity is None else row.desired_capacity
        wanted = min(max(wanted, least), most)
        before = group.desired_capacity
        tx.update(group, min_size=least, max_size=most, desired_capacity=wanted)
        why = (
            f"At {stamp(tx)} scheduled action {name} executed, changing the desired capacity from {before} to {wanted}."
        )
        reconcile(tx, group_name, why)
    following = Cron(row.recurrence, row.time_zone).after(tx.now) if row.recurrence is not None else None
    if following is None or (row.end_time is not None and following >= row.end_time):
        tx.delete(row)
        return
    tx.update(row, start_time=following)
    tx.at(following, act, group_name, name, number)


@op
def put_scheduled_update_group_action(tx: Tx, req: api.PutScheduledUpdateGroupActionType) -> None:
    """Plan a change of size, or change the plan of the name."""
    _put(tx, tx.get(Group, req.auto_scaling_group_name), req)


@op
def batch_put_scheduled_update_group_action(
    tx: Tx, req: api.BatchPutScheduledUpdateGroupActionType
) -> api.BatchPutScheduledUpdateGroupActionAnswer:
    """Plan several changes; each that can't be planned is told of."""
    group = tx.get(Group, req.auto_scaling_group_name)
    failed: list[Any] = []
    for item in req.scheduled_update_group_actions:
        try:
            _put(tx, group, item)
        except AwsError as error:
            failed.append(
                {
                    "ScheduledActionName": item.scheduled_action_name,
                    "ErrorCode": error.code,
                    "ErrorMessage": error.message,
                }
            )
    return api.BatchPutScheduledUpdateGroupActionAnswer(failed_scheduled_update_group_actions=failed)


@op(page_size=50)
def describe_scheduled_actions(tx: Tx, req: api.DescribeScheduledActionsType) -> api.ScheduledActionsType:
    """List what is planned."""
    name = req.auto_scaling_group_name
    if name is not None:
        tx.get(Group, name)
        found = list(tx.range(ScheduledAction, (name, ""), (name + "\0", "")))
    else:
        found = list(tx.select(ScheduledAction))
    if req.scheduled_action_names:
        found = [row for row in found if row.scheduled_action_name in req.scheduled_action_names]
    else:
        if req.start_time is not None:
            found = [row for row in found if row.start_time >= req.start_time]
        if req.end_time is not None:
            found = [row for row in found if row.start_time <= req.end_time]
    return api.ScheduledActionsType(
        scheduled_update_group_actions=[
            {
                "AutoScalingGroupName": row.auto_scaling_group_name,
                "ScheduledActionName": row.scheduled_action_name,
                "ScheduledActionARN": row.scheduled_action_arn,
                "Time": row.start_time,
                "StartTime": row.start_time,
                "EndTime": row.end_time,
                "Recurrence": row.recurrence,
                "MinSize": row.min_size,
                "MaxSize": row.max_size,
                "DesiredCapacity": row.desired_capacity,
                "TimeZone": row.time_zone,
            }
            for row in found
        ]
    )


def _missing(name: str) -> AwsError:
    return invalid(f"Scheduled action name not found - no such scheduled action: {name}")


@op
def delete_scheduled_action(tx: Tx, req: api.DeleteScheduledActionType) -> None:
    """Drop a plan."""
    group = tx.get(Group, req.auto_scaling_group_name)
    row = tx.find(ScheduledAction, group.auto_scaling_group_name, req.scheduled_action_name)
    if row is None:
        raise _missing(req.scheduled_action_name)
    tx.delete(row)


@op
def batch_delete_scheduled_action(
    tx: Tx, req: api.BatchDeleteScheduledActionType
) -> api.BatchDeleteScheduledActionAnswer:
    """Drop several plans; each that isn't there is told of."""
    group = tx.get(Group, req.auto_scaling_group_name)
    failed: list[Any] = []
    for name in req.scheduled_action_names:
        row = tx.find(ScheduledAction, group.auto_scaling_group_name, name)
        if row is None:
            error = _missing(name)
            failed.append({"ScheduledActionName": name, "ErrorCode": error.code, "ErrorMessage": error.message})
        else:
            tx.delete(row)
    return api.BatchDeleteScheduledActionAnswer(failed_scheduled_actions=failed)
