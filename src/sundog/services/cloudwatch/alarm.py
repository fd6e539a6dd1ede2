"""Alarms. They keep the state that they are set to: data don't move them yet."""

from __future__ import annotations

from typing import Any

import msgspec

from sundog.api import cloudwatch as api
from sundog.core import AwsError, Event, Tx, deliver, op
from sundog.core.tag import to_dict
from sundog.services.cloudwatch.state import Alarm

_OWN = ("AlarmName", "ActionsEnabled", "Tags")
_ACTIONS = {"OK": "OKActions", "ALARM": "AlarmActions", "INSUFFICIENT_DATA": "InsufficientDataActions"}


def _put(tx: Tx, req: Any, kind: str, **defaults: Any) -> None:
    plain = req.plain_()
    settings = {**defaults, **{name: value for name, value in plain.items() if name not in _OWN}}
    enabled = req.actions_enabled is not False
    existing = tx.find(Alarm, req.alarm_name)
    if existing is not None and existing.kind != kind:
        raise AwsError("ValidationError", f"An alarm of another type has the name {req.alarm_name}.")
    if existing is not None:
        tx.update(existing, settings=settings, actions_enabled=enabled, configured=tx.now)
        return
    tx.add(
        Alarm(
            name=req.alarm_name,
            arn=tx.arn(f"alarm:{req.alarm_name}"),
            kind=kind,
            settings=settings,
            actions_enabled=enabled,
            configured=tx.now,
            updated=tx.now,
            moved=tx.now,
            tags=to_dict(req.tags),
        )
    )


@op
def put_metric_alarm(tx: Tx, req: api.PutMetricAlarmInput) -> None:
    if req.metric_name is None and not req.metrics and req.evaluation_criteria is None:
        raise AwsError("ValidationError", "Either MetricName or Metrics must be specified.")
    if req.metric_name is not None and req.metrics:
        raise AwsError("ValidationError", "MetricName and Metrics must not both be specified.")
    lists: dict[str, Any] = {name: [] for name in _ACTIONS.values()}
    if req.metric_name is not None:
        lists["Dimensions"] = []
    _put(tx, req, "MetricAlarm", **lists)


@op
def put_composite_alarm(tx: Tx, req: api.PutCompositeAlarmInput) -> None:
    _put(tx, req, "CompositeAlarm", **{name: [] for name in _ACTIONS.values()})


def _shown(alarm: Alarm) -> dict[str, Any]:
    shown = {
        **alarm.settings,
        "AlarmName": alarm.name,
        "AlarmArn": alarm.arn,
        "ActionsEnabled": alarm.actions_enabled,
        "AlarmConfigurationUpdatedTimestamp": alarm.configured,
        "StateValue": alarm.state,
        "StateReason": alarm.reason,
        "StateUpdatedTimestamp": alarm.updated,
        "StateTransitionedTimestamp": alarm.moved,
    }
    if alarm.reason_data is not None:
        shown["StateReasonData"] = alarm.reason_data
    return shown


@op(paged=False)
def describe_alarms(tx: Tx, req: api.DescribeAlarmsInput) -> api.DescribeAlarmsOutput:
    names, prefix = req.alarm_names, req.alarm_name_prefix
    if names and prefix:
        raise AwsError(
            "ValidationError",
            "AlarmNames and AlarmNamePrefix must not both be specified.",
        )
    kinds = set(req.alarm_types or ("MetricAlarm",))
    rows = [
        row
        for row in tx.select(Alarm)
        if (names is None or row.name in names)
        and row.name.startswith(prefix or "")
        and (row.kind in kinds or names)
        and req.state_value in (None, row.state)
        and (req.action_prefix is None or any(a.startswith(req.action_prefix) for a in _all_actions(row)))
    ]
    start, size = int(req.next_token or 0), req.max_records or 50
    page = rows[start : start + size]
    return api.DescribeAlarmsOutput(
        metric_alarms=[_shown(row) for row in page if row.kind == "MetricAlarm"],
        composite_alarms=[_shown(row) for row in page if row.kind == "CompositeAlarm"],
        next_token=str(start + size) if start + size < len(rows) else None,
    )


def _all_actions(alarm: Alarm) -> list[str]:
    return [arn for name in _ACTIONS.values() for arn in alarm.settings[name]]


@op
def describe_alarms_for_metric(tx: Tx, req: api.DescribeAlarmsForMetricInput) -> api.DescribeAlarmsForMetricOutput:
    wanted = {"MetricName": req.metric_name, "Namespace": req.namespace}
    wanted |= {
        name: value
        for name, value in (("Statistic", req.statistic), ("Period", req.period), ("Unit", req.unit))
        if value is not None
    }
    dimensions = sorted((one.name, one.value) for one in req.dimensions or ())
    return api.DescribeAlarmsForMetricOutput(
        metric_alarms=[
            _shown(row)
            for row in tx.select(Alarm)
            if all(row.settings.get(name) == value for name, value in wanted.items())
            and sorted((one["Name"], one["Value"]) for one in row.settings.get("Dimensions", ())) == dimensions
        ]
    )


@op
def delete_alarms(tx: Tx, req: api.DeleteAlarmsInput) -> None:
    for name in req.alarm_names:
        found = tx.find(Alarm, name)
        if found is not None:
            tx.delete(found)


def _enable(tx: Tx, names: list[str], enabled: bool) -> None:
    for name in names:
        found = tx.find(Alarm, name)
        if found is not None:
            tx.update(found, actions_enabled=enabled)


@op
def enable_alarm_actions(tx: Tx, req: api.EnableAlarmActionsInput) -> None:
    _enable(tx, req.alarm_names, True)


@op
def disable_alarm_actions(tx: Tx, req: api.DisableAlarmActionsInput) -> None:
    _enable(tx, req.alarm_names, False)


@op
def set_alarm_state(tx: Tx, req: api.SetAlarmStateInput) -> None:
    """Move an alarm by hand; its actions of the new state follow."""
    alarm = tx.find(Alarm, req.alarm_name)
    if alarm is None:
        raise api.ResourceNotFound("")
    if req.state_reason_data is not None:
        try:
            msgspec.json.decode(req.state_reason_data)
        except msgspec.DecodeError:
            raise api.InvalidFormatFault("StateReasonData was not in JSON format") from None
    old, state = alarm.state, req.state_value
    alarm = tx.update(
        alarm,
        state=state,
        reason=req.state_reason,
        reason_data=req.state_reason_data,
        updated=tx.now,
        moved=tx.now if old != state else alarm.moved,
    )
    if old == state or not alarm.actions_enabled:
        return
    for arn in alarm.settings[_ACTIONS[state]]:
        if arn.split(":")[2] == "sns":
            tx.after_commit(send, arn, alarm.name, old)


def send(tx: Tx, arn: str, name: str, old: str) -> None:
    """Tell a topic that an alarm moved."""
    alarm = tx.get(Alarm, name)
    settings = alarm.settings
    body: dict[str, Any] = {
        "AlarmName": alarm.name,
        "AlarmDescription": settings.get("AlarmDescription"),
        "AWSAccountId": tx.account,
        "AlarmConfigurationUpdatedTimestamp": _iso(alarm.configured),
        "NewStateValue": alarm.state,
        "NewStateReason": alarm.reason,
        "StateChangeTime": _iso(alarm.updated),
        "Region": tx.region,
        "AlarmArn": alarm.arn,
        "OldStateValue": old,
        **{name: settings[name] for name in _ACTIONS.values()},
    }
    if "MetricName" in settings:
        body["Trigger"] = {
            "MetricName": settings["MetricName"],
            "Namespace": settings["Namespace"],
            "StatisticType": "Statistic",
            "Statistic": (settings.get("Statistic") or "").upper(),
            "Unit": settings.get("Unit"),
            "Dimensions": [{"value": one["Value"], "name": one["Name"]} for one in settings["Dimensions"]],
            "Period": settings.get("Period"),
            "EvaluationPeriods": settings["EvaluationPeriods"],
            "ComparisonOperator": settings["ComparisonOperator"],
            "Threshold": settings.get("Threshold"),
            "TreatMissingData": settings.get("TreatMissingData", ""),
        }
    text = msgspec.json.encode(body).decode()
    subject = f'{alarm.state}: "{alarm.name}" in {tx.region}'
    deliver(tx, arn, Event(text, "cloudwatch.amazonaws.com", alarm.arn, subject=subject))


def _iso(moment: Any) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}+0000"
