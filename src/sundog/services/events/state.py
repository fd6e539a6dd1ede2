"""Buses, rules and their targets."""

from __future__ import annotations

import datetime
from typing import Any

from sundog.api import events as api
from sundog.core import NO_TAGS, Key, Record, Tags, Tx, record


@record()
class EventBus(Record):
    name: Key[str]
    arn: str
    description: str | None = None
    kms_key_identifier: str | None = None
    dead_letter_config: dict[str, Any] | None = None
    policy: str | None = None
    creation_time: datetime.datetime
    last_modified_time: datetime.datetime
    tags: Tags = NO_TAGS


@record()
class Rule(Record):
    event_bus_name: Key[str]
    name: Key[str]
    arn: str
    event_pattern: str | None = None
    schedule_expression: str | None = None
    state: str = "ENABLED"
    description: str | None = None
    role_arn: str | None = None
    managed_by: str | None = None
    created_by: str
    targets: tuple[dict[str, Any], ...] = ()
    tags: Tags = NO_TAGS


def bus_name(wanted: str | None) -> str:
    """The name of a bus that is given by name or ARN; nothing means the default one."""
    if not wanted:
        return "default"
    return wanted.split(":event-bus/", 1)[-1] if wanted.startswith("arn:") else wanted


def bus_of(tx: Tx, wanted: str | None) -> EventBus:
    name = bus_name(wanted)
    found = tx.find(EventBus, name)
    if found is None:
        raise api.ResourceNotFoundException(f"Event bus {name} does not exist.")
    return found


def rule_of(tx: Tx, name: str, bus: str | None) -> Rule:
    found = tx.find(Rule, bus_of(tx, bus).name, name)
    if found is None:
        raise api.ResourceNotFoundException(f"Rule {name} does not exist on EventBus {bus_name(bus)}.")
    return found
