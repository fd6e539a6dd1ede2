"""Alarms that set policies off."""

from __future__ import annotations

import json
from typing import Any

from sundog.core import Arn, Event, Tx, target
from sundog.services.autoscaling.capacity import stamp
from sundog.services.autoscaling.policy import execute
from sundog.services.autoscaling.state import Group, Policy


@target("autoscaling")
def receive(tx: Tx, arn: Arn, event: Event) -> None:
    """An alarm went off: its metric's value and threshold choose the step."""
    row = tx.select(Policy, policy_arn=str(arn)).first()
    if row is None or not row.enabled or row.policy_type not in ("SimpleScaling", "StepScaling"):
        return
    group = tx.get(Group, row.auto_scaling_group_name)
    if "AlarmNotification" in group.suspended:
        return
    told: dict[str, Any] = event.attributes
    if not told and isinstance(event.body, str):
        told = json.loads(event.body) if event.body.startswith("{") else {}
    value, threshold = told.get("value"), told.get("threshold")
    breach = float(value) - float(threshold) if value is not None and threshold is not None else 0.0
    execute(tx, group, row, breach, f"At {stamp(tx)} a monitor alarm triggered policy {row.policy_name}")
