"""Windows in which events may come upon instances."""

from __future__ import annotations

import re
from typing import Any

from sundog.api import ec2 as api
from sundog.core import AwsError, Tx, op
from sundog.core.structure import plain
from sundog.services.ec2.instance.transition import get_instances
from sundog.services.ec2.state.capacity import EventWindow, Host

_CRON = re.compile(r"\* (\*|[\d,\-]+) \* \* (\*|[A-Za-z\d,\-]+)")
_DAYS = ("sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday")
_LEAST_HOURS = 2


def _check(ranges: list[dict[str, Any]] | None, cron: str | None) -> None:
    if ranges and cron:
        raise AwsError("InvalidParameterCombination", "Either TimeRanges or CronExpression can be given, and not both.")
    if cron is not None and _CRON.fullmatch(cron) is None:
        raise AwsError("InvalidParameterValue", f"Value ({cron}) for parameter CronExpression is invalid.")
    for each in ranges or ():
        start = _DAYS.index(each["StartWeekDay"]) * 24 + each.get("StartHour", 0)
        end = _DAYS.index(each["EndWeekDay"]) * 24 + each.get("EndHour", 0)
        if (end - start) % (7 * 24) < _LEAST_HOURS:
            raise AwsError("InvalidParameterValue", "A time range must be at least 2 hours long.")


@op
def create_instance_event_window(
    tx: Tx, req: api.CreateInstanceEventWindowRequest
) -> api.CreateInstanceEventWindowResult:
    """Make a window of ranges of a week, or of a cron expression."""
    ranges = plain(req.time_ranges)
    if not ranges and req.cron_expression is None:
        raise AwsError("MissingParameter", "The request must contain the parameter TimeRange or CronExpression")
    _check(ranges, req.cron_expression)
    row = tx.add(
        EventWindow(
            instance_event_window_id=tx.new_id("iew"),
            name=req.name,
            time_ranges=tuple(ranges) if ranges else None,
            cron_expression=req.cron_expression,
        ),
        tags=req.tag_specifications,
    )
    return api.CreateInstanceEventWindowResult(instance_event_window=row)


@op
def describe_instance_event_windows(
    tx: Tx, req: api.DescribeInstanceEventWindowsRequest
) -> api.DescribeInstanceEventWindowsResult:
    """List windows."""
    found = tx.search(EventWindow, ids=req.instance_event_window_ids, filters=req.filters)
    return api.DescribeInstanceEventWindowsResult(instance_event_windows=found)


@op
def modify_instance_event_window(
    tx: Tx, req: api.ModifyInstanceEventWindowRequest
) -> api.ModifyInstanceEventWindowResult:
    """Change a window's name or times."""
    row = tx.get(EventWindow, req.instance_event_window_id)
    ranges = plain(req.time_ranges)
    _check(ranges, req.cron_expression)
    changes: dict[str, Any] = {}
    if req.name is not None:
        changes["name"] = req.name
    if ranges:
        changes.update(time_ranges=tuple(ranges), cron_expression=None)
    if req.cron_expression is not None:
        changes.update(time_ranges=None, cron_expression=req.cron_expression)
    return api.ModifyInstanceEventWindowResult(instance_event_window=tx.update(row, **changes))


@op
def delete_instance_event_window(
    tx: Tx, req: api.DeleteInstanceEventWindowRequest
) -> api.DeleteInstanceEventWindowResult:
    """Delete a window; one with targets by force only."""
    row = tx.get(EventWindow, req.instance_event_window_id)
    if row.association_target and not req.force_delete:
        raise AwsError(
            "DependencyViolation",
            f"The instance event window '{row.instance_event_window_id}' has targets and cannot be deleted.",
        )
    tx.delete(row)
    return api.DeleteInstanceEventWindowResult(
        instance_event_window_state={"InstanceEventWindowId": row.instance_event_window_id, "State": "deleting"}
    )


def _targets(given: Any) -> dict[str, list[Any]]:
    made = {
        "InstanceIds": list(given.instance_ids or ()),
        "Tags": plain(given.instance_tags or []),
        "DedicatedHostIds": list(given.dedicated_host_ids or ()),
    }
    kinds = [name for name, values in made.items() if values]
    if len(kinds) != 1:
        raise AwsError("InvalidParameterCombination", "Exactly one kind of association target must be given.")
    return made


@op
def associate_instance_event_window(
    tx: Tx, req: api.AssociateInstanceEventWindowRequest
) -> api.AssociateInstanceEventWindowResult:
    """Let a window hold for instances, hosts or tags."""
    row = tx.get(EventWindow, req.instance_event_window_id)
    given = _targets(req.association_target)
    get_instances(tx, given["InstanceIds"])
    tx.get_all(Host, given["DedicatedHostIds"])
    before = row.association_target or {}
    target = {name: [*before.get(name, []), *(v for v in values if v not in before.get(name, []))]
              for name, values in given.items()}  # fmt: skip
    return api.AssociateInstanceEventWindowResult(instance_event_window=tx.update(row, association_target=target))


@op
def disassociate_instance_event_window(
    tx: Tx, req: api.DisassociateInstanceEventWindowRequest
) -> api.DisassociateInstanceEventWindowResult:
    """Let a window hold for targets no longer."""
    row = tx.get(EventWindow, req.instance_event_window_id)
    given = _targets(req.association_target)
    before = row.association_target or {}
    target = {name: [v for v in before.get(name, []) if v not in values] for name, values in given.items()}
    left = target if any(target.values()) else None
    return api.DisassociateInstanceEventWindowResult(instance_event_window=tx.update(row, association_target=left))
