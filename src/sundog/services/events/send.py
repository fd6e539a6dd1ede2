"""Events, and how they come to the targets of the rules that they fit."""

from __future__ import annotations

import json
import re
from typing import Any

from sundog.api import events as api
from sundog.core import AwsError, Event, Tx, deliver, op
from sundog.services.events.pattern import compiled, fits, parsed
from sundog.services.events.state import EventBus, Rule, bus_name

_PLACE = re.compile(r"<([\w.-]+)>")


@op
def put_events(tx: Tx, req: api.PutEventsRequest) -> api.PutEventsResponse:
    told: list[Any] = []
    if req.endpoint_id is not None:
        raise api.InternalException("Global endpoints are not supported.")
    for entry in req.entries:
        refusal = _refusal(entry)
        if refusal is not None:
            told.append(api.PutEventsResultEntry(error_code=refusal[0], error_message=refusal[1]))
            continue
        event = {
            "version": "0",
            "id": tx.ids.uuid(),
            "detail-type": entry.detail_type,
            "source": entry.source,
            "account": tx.account,
            "time": (entry.time or tx.now).strftime("%Y-%m-%dT%H:%M:%SZ"),
            "region": tx.region,
            "resources": list(entry.resources or ()),
            "detail": json.loads(entry.detail),
        }
        if entry.trace_header:
            event["trace-header"] = entry.trace_header
        told.append(api.PutEventsResultEntry(event_id=event["id"]))
        _match(tx, entry.event_bus_name, event)
    failed = sum(1 for one in told if one.error_code is not None)
    return api.PutEventsResponse(failed_entry_count=failed, entries=told)


def _refusal(entry: Any) -> tuple[str, str] | None:
    for name, value in (("Source", entry.source), ("DetailType", entry.detail_type), ("Detail", entry.detail)):
        if not value:
            return "InvalidArgument", f"Parameter {name} is not valid. Reason: {name} is a required argument."
    if entry.source.startswith("aws."):
        return "NotAuthorizedForSourceException", "Not authorized for the source."
    try:
        good = isinstance(json.loads(entry.detail), dict)
    except ValueError:
        good = False
    return None if good else ("MalformedDetail", "Detail is malformed.")


def _match(tx: Tx, bus: str | None, event: dict[str, Any]) -> None:
    """Plan the deliveries of an event. A bus that isn't there takes it in silence, as at AWS."""
    where = tx
    if bus and bus.startswith("arn:"):
        parts = bus.split(":", 5)
        where = tx.in_(region=parts[3] or None, account=parts[4] or None)
    found = where.find(EventBus, bus_name(bus))
    name = found.name if found is not None else bus_name(bus)
    for rule in where.select(Rule).where(lambda row: row.event_bus_name == name and row.state != "DISABLED"):
        if rule.event_pattern and fits(compiled(rule.event_pattern), event):
            for target in rule.targets:
                where.after_commit(send, rule.arn, target, event)


def send(tx: Tx, rule: str, target: dict[str, Any], event: dict[str, Any]) -> None:
    """One event to one target; what the target refuses goes to the rule's dead letters, if it has any."""
    body = shaped(tx, rule, target, event)
    more: dict[str, Any] = {}
    if target.get("SqsParameters"):
        more["group"] = target["SqsParameters"].get("MessageGroupId")
    kind = target["Arn"].split(":")[2]
    error = tx.attempt(_hand_over, tx, kind, target, event, body, rule, more)
    letters = (target.get("DeadLetterConfig") or {}).get("Arn")
    if error is not None and letters:
        texts = {
            "RULE_ARN": rule,
            "TARGET_ARN": target["Arn"],
            "ERROR_CODE": error.code,
            "ERROR_MESSAGE": error.message,
        }
        attributes = {name: {"DataType": "String", "StringValue": text} for name, text in texts.items() if text}
        deliver(tx, letters, Event(body, "events.amazonaws.com", rule, attributes=attributes))


def _hand_over(
    tx: Tx, kind: str, target: dict[str, Any], event: dict[str, Any], body: str, rule: str, more: dict[str, Any]
) -> None:
    if kind == "events":
        _match(tx, target["Arn"], event)
    elif kind == "logs":
        _to_logs(tx, target["Arn"], event, body)
    elif kind == "lambda":
        tx.call("lambda", "Invoke", function_name=target["Arn"], invocation_type="Event", payload=body.encode())
    elif kind == "states":
        tx.call("stepfunctions", "StartExecution", state_machine_arn=target["Arn"], input=body)
    else:
        deliver(tx, target["Arn"], Event(body, "events.amazonaws.com", rule, **more))


def _to_logs(tx: Tx, arn: str, event: dict[str, Any], body: str) -> None:
    group, stream = arn.split(":log-group:", 1)[-1].removesuffix(":*"), tx.ids.uuid()
    tx.call("logs", "CreateLogStream", log_group_name=group, log_stream_name=stream)
    line = {"timestamp": int(tx.now.timestamp() * 1000), "message": body}
    tx.call("logs", "PutLogEvents", log_group_name=group, log_stream_name=stream, log_events=[line])


def shaped(tx: Tx, rule: str, target: dict[str, Any], event: dict[str, Any]) -> str:
    """What the target gets of the event."""
    if "Input" in target:
        return target["Input"]
    if "InputPath" in target:
        return json.dumps(at(event, target["InputPath"]), separators=(",", ":"))
    transformer = target.get("InputTransformer")
    if transformer is None:
        return json.dumps(event, separators=(",", ":"))
    values = {name: at(event, path) for name, path in (transformer.get("InputPathsMap") or {}).items()}
    now = tx.now.strftime("%Y-%m-%dT%H:%M:%SZ")
    values |= {
        "aws.events.rule-arn": rule,
        "aws.events.rule-name": rule.rsplit("/", 1)[-1],
        "aws.events.event.ingestion-time": now,
        "aws.events.event": {key: value for key, value in event.items() if key != "detail"},
        "aws.events.event.json": event,
    }
    return _filled(transformer["InputTemplate"], values)


def _filled(template: str, values: dict[str, Any]) -> str:
    """The template with its places filled: bare in a text, as JSON outside."""

    def fill(match: re.Match[str]) -> str:
        value = values.get(match[1])
        inside = len(re.findall(r'(?<!\\)"', template[: match.start()])) % 2 == 1
        if inside:
            return "" if value is None else json.dumps(value)[1:-1] if isinstance(value, str) else json.dumps(value)
        return json.dumps(value, separators=(",", ":")) if value is not None else ""

    return _PLACE.sub(fill, template)


def at(event: Any, path: str) -> Any:
    """What a JSON path (``$.detail.items[0]``) leads to."""
    value = event
    for name, index, quoted in re.findall(r"\.([\w-]+)|\[(\d+)\]|\[['\"]([^'\"]+)['\"]\]", path[1:]):
        key = name or quoted
        if key:
            value = value.get(key) if isinstance(value, dict) else None
        else:
            value = value[int(index)] if isinstance(value, list) and int(index) < len(value) else None
    return value


@op
def test_event_pattern(tx: Tx, req: api.TestEventPatternRequest) -> api.TestEventPatternResponse:
    pattern = parsed(req.event_pattern)
    try:
        event = json.loads(req.event)
    except ValueError:
        event = None
    if not isinstance(event, dict):
        raise AwsError("ValidationException", "Parameter Event is not valid.")
    return api.TestEventPatternResponse(result=fits(pattern, event))
