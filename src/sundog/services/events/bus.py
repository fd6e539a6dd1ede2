"""Event buses and their policies."""

from __future__ import annotations

import json
from typing import Any

from sundog.api import events as api
from sundog.core import AwsError, Tx, op
from sundog.core.structure import plain
from sundog.core.tag import to_dict
from sundog.services.events.state import EventBus, Rule, bus_name, bus_of


@op
def create_event_bus(tx: Tx, req: api.CreateEventBusRequest) -> api.CreateEventBusResponse:
    name = req.name
    if "/" in name and not name.startswith("aws.partner/"):
        raise AwsError("ValidationException", "Event bus name must not contain '/'.")
    if tx.find(EventBus, name) is not None:
        raise api.ResourceAlreadyExistsException(f"Event bus {name} already exists.")
    made = tx.add(
        EventBus(
            name=name,
            arn=tx.arn(f"event-bus/{name}"),
            description=req.description,
            kms_key_identifier=req.kms_key_identifier,
            dead_letter_config=plain(req.dead_letter_config),
            creation_time=tx.now,
            last_modified_time=tx.now,
            tags=to_dict(req.tags),
        )
    )
    return api.CreateEventBusResponse(
        event_bus_arn=made.arn, description=made.description, kms_key_identifier=made.kms_key_identifier
    )


@op
def delete_event_bus(tx: Tx, req: api.DeleteEventBusRequest) -> None:
    name = bus_name(req.name)
    if name == "default":
        raise AwsError("ValidationException", "Cannot delete event bus default.")
    found = tx.find(EventBus, name)
    if found is None:
        return
    if tx.select(Rule).where(lambda row: row.event_bus_name == name):
        raise AwsError("ValidationException", f"Event bus {name} can't be deleted since it has rules.")
    tx.delete(found)


def _shown(bus: EventBus) -> dict[str, Any]:
    names = ("name", "arn", "description", "policy", "creation_time", "last_modified_time")
    return {name: getattr(bus, name) for name in names}


@op
def describe_event_bus(tx: Tx, req: api.DescribeEventBusRequest) -> api.DescribeEventBusResponse:
    bus = bus_of(tx, req.name)
    return api.DescribeEventBusResponse(
        kms_key_identifier=bus.kms_key_identifier, dead_letter_config=bus.dead_letter_config, **_shown(bus)
    )


@op(page_size=100)
def list_event_buses(tx: Tx, req: api.ListEventBusesRequest) -> api.ListEventBusesResponse:
    prefix = req.name_prefix or ""
    rows = tx.select(EventBus).where(lambda row: row.name.startswith(prefix))
    return api.ListEventBusesResponse(event_buses=rows.map(lambda row: api.EventBus(**_shown(row))))


@op
def put_permission(tx: Tx, req: api.PutPermissionRequest) -> None:
    bus = bus_of(tx, req.event_bus_name)
    if req.policy is not None:
        tx.update(bus, policy=req.policy)
        return
    if req.statement_id is None or req.principal is None or req.action is None:
        raise AwsError("ValidationException", "Parameters StatementId, Principal and Action must be specified.")
    principal = "*" if req.principal == "*" else {"AWS": f"arn:{tx.partition}:iam::{req.principal}:root"}
    made: dict[str, Any] = {
        "Sid": req.statement_id,
        "Effect": "Allow",
        "Principal": principal,
        "Action": req.action,
        "Resource": bus.arn,
    }
    if req.condition is not None:
        made["Condition"] = {req.condition.type: {req.condition.key: req.condition.value}}
    kept = [one for one in _statements(bus) if one.get("Sid") != req.statement_id]
    _keep(tx, bus, [*kept, made])


def _statements(bus: EventBus) -> list[dict[str, Any]]:
    return json.loads(bus.policy)["Statement"] if bus.policy else []


def _keep(tx: Tx, bus: EventBus, statements: list[dict[str, Any]]) -> None:
    text = json.dumps({"Version": "2012-10-17", "Statement": statements}) if statements else None
    tx.update(bus, policy=text)


@op
def remove_permission(tx: Tx, req: api.RemovePermissionRequest) -> None:
    bus = bus_of(tx, req.event_bus_name)
    if req.remove_all_permissions:
        tx.update(bus, policy=None)
        return
    if not bus.policy:
        raise api.ResourceNotFoundException("EventBus does not have a policy.")
    statements = _statements(bus)
    kept = [one for one in statements if one.get("Sid") != req.statement_id]
    if len(kept) == len(statements):
        raise api.ResourceNotFoundException("Statement with the provided id does not exist.")
    _keep(tx, bus, kept)
