"""Attributes of queues: their rules, and how they are told."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Any

import msgspec

from sundog.api import sqs as api
from sundog.core import Tx
from sundog.services.sqs.order import counts
from sundog.services.sqs.place import arn_of
from sundog.services.sqs.redrive import read_allow_policy, read_redrive_policy
from sundog.services.sqs.state import Queue

NUMBERS = {
    "DelaySeconds": ("delay", 0, 900, 0),
    "MaximumMessageSize": ("max_size", 1024, 1_048_576, 1_048_576),
    "MessageRetentionPeriod": ("retention", 60, 1_209_600, 345_600),
    "ReceiveMessageWaitTimeSeconds": ("wait", 0, 20, 0),
    "VisibilityTimeout": ("visibility", 0, 43_200, 30),
}
"""Field, least and greatest value, and default."""

CHOICES = {
    "DeduplicationScope": ("deduplication_scope", ("messageGroup", "queue")),
    "FifoThroughputLimit": ("throughput_limit", ("perQueue", "perMessageGroupId")),
}
COUNTED = {
    "ApproximateNumberOfMessages",
    "ApproximateNumberOfMessagesNotVisible",
    "ApproximateNumberOfMessagesDelayed",
}
READ_ONLY = COUNTED | {"CreatedTimestamp", "LastModifiedTimestamp", "QueueArn"}
_WHOLE = re.compile(r"[+-]?\d{1,18}\Z")


def bad_attribute(name: str, reason: str | None = None) -> Exception:
    more = "" if reason is None else f" Reason: {reason}"
    return api.InvalidAttributeValue(f"Invalid value for the parameter {name}.{more}")


def unknown_attribute(name: str) -> Exception:
    return api.InvalidAttributeName(f"Unknown Attribute {name}.")


def changes_of(tx: Tx, queue: Queue, given: dict[str, str]) -> dict[str, Any]:
    """The fields that the given attributes change."""
    changes: dict[str, Any] = {}
    for name, value in given.items():
        if name in NUMBERS:
            field, low, high, default = NUMBERS[name]
            changes[field] = default if value == "" else _number(name, value, low, high)
        elif name in CHOICES:
            if not queue.fifo:
                raise api.InvalidAttributeName(f"You can specify the {name} only when FifoQueue is set to true.")
            field, allowed = CHOICES[name]
            if value not in allowed:
                raise bad_attribute(name)
            changes[field] = value
        elif name in _OTHERS:
            changes.update(_OTHERS[name](tx, queue, value))
        else:
            raise unknown_attribute(name)
    if changes.get("throughput_limit", queue.throughput_limit) == "perMessageGroupId" and (
        changes.get("deduplication_scope", queue.deduplication_scope) != "messageGroup"
    ):
        raise bad_attribute(
            "FifoThroughputLimit",
            "The perMessageGroupId value is allowed only when the value for DeduplicationScope is messageGroup.",
        )
    if changes.get("kms_key"):
        if changes.get("managed_sse") and "SqsManagedSseEnabled" in given:
            raise api.InvalidAttributeValue(
                "You can use one type of server-side encryption (SSE) at one time. You can either enable KMS SSE or "
                "SQS SSE."
            )
        changes["managed_sse"] = False
    return changes


def _number(name: str, value: str, low: int, high: int) -> int:
    if _WHOLE.match(value) is None or not low <= int(value) <= high:
        raise bad_attribute(name)
    return int(value)


def _flag(name: str, value: str) -> bool:
    if value not in ("true", "false"):
        raise bad_attribute(name)
    return value == "true"


def _fifo(_: Tx, queue: Queue, value: str) -> dict[str, Any]:
    if not queue.fifo:
        raise unknown_attribute("FifoQueue")
    if value != "true":
        raise bad_attribute("FifoQueue", "Modifying queue type is not supported.")
    return {}


def _content_deduplication(_: Tx, queue: Queue, value: str) -> dict[str, Any]:
    if not queue.fifo:
        raise unknown_attribute("ContentBasedDeduplication")
    return {"content_deduplication": _flag("ContentBasedDeduplication", value)}


def _policy(_: Tx, __: Queue, value: str) -> dict[str, Any]:
    if not value:
        return {"policy": None}
    try:
        document = msgspec.json.decode(value)
    except (msgspec.DecodeError, RecursionError):
        raise bad_attribute("Policy") from None
    if not isinstance(document, dict) or "Statement" not in document:
        raise bad_attribute("Policy")
    return {"policy": value}


def _kms_key(_: Tx, __: Queue, value: str) -> dict[str, Any]:
    return {"kms_key": value or None}


def _kms_reuse(_: Tx, __: Queue, value: str) -> dict[str, Any]:
    return {"kms_reuse": _number("KmsDataKeyReusePeriodSeconds", value, 60, 86_400) if value else None}


def _managed_sse(_: Tx, __: Queue, value: str) -> dict[str, Any]:
    enabled = _flag("SqsManagedSseEnabled", value)
    return {"managed_sse": True, "kms_key": None} if enabled else {"managed_sse": False}


_OTHERS: dict[str, Callable[[Tx, Queue, str], dict[str, Any]]] = {
    "FifoQueue": _fifo,
    "ContentBasedDeduplication": _content_deduplication,
    "Policy": _policy,
    "RedrivePolicy": read_redrive_policy,
    "RedriveAllowPolicy": read_allow_policy,
    "KmsMasterKeyId": _kms_key,
    "KmsDataKeyReusePeriodSeconds": _kms_reuse,
    "SqsManagedSseEnabled": _managed_sse,
}


def shown(tx: Tx, queue: Queue, names: Iterable[str]) -> dict[str, str]:
    """The attributes of those names; a queue has no attribute whose value was never set."""
    wanted = list(names)
    every = "All" in wanted
    found = _all(tx, queue, counted=every or any(name in COUNTED for name in wanted))
    for name in wanted:
        if (
            name != "All"
            and name not in NUMBERS
            and name not in CHOICES
            and name not in _OTHERS
            and name not in READ_ONLY
        ):
            raise unknown_attribute(name)
    return found if every else {name: found[name] for name in wanted if name in found}


def _all(tx: Tx, queue: Queue, counted: bool) -> dict[str, str]:
    found: dict[str, Any] = {name: getattr(queue, rule[0]) for name, rule in NUMBERS.items()}
    found["QueueArn"] = arn_of(tx, queue.name)
    found["CreatedTimestamp"] = int(queue.created.timestamp())
    found["LastModifiedTimestamp"] = int(queue.modified.timestamp())
    found["SqsManagedSseEnabled"] = _word(queue.managed_sse)
    found["Policy"] = queue.policy
    found["RedrivePolicy"] = queue.redrive
    found["RedriveAllowPolicy"] = queue.redrive_allow
    if queue.kms_key is not None:
        found["KmsMasterKeyId"] = queue.kms_key
        found["KmsDataKeyReusePeriodSeconds"] = queue.kms_reuse or 300
    if queue.fifo:
        found["FifoQueue"] = "true"
        found["ContentBasedDeduplication"] = _word(queue.content_deduplication)
        found["DeduplicationScope"] = queue.deduplication_scope
        found["FifoThroughputLimit"] = queue.throughput_limit
    if counted:
        visible, in_flight, delayed = counts(tx, queue.name)
        found["ApproximateNumberOfMessages"] = visible
        found["ApproximateNumberOfMessagesNotVisible"] = in_flight
        found["ApproximateNumberOfMessagesDelayed"] = delayed
    return {name: str(value) for name, value in found.items() if value is not None}


def _word(flag: bool) -> str:
    return "true" if flag else "false"
