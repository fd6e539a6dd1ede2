"""Dead letters: which queue they go to, and which queues may send it theirs."""

from __future__ import annotations

from typing import Any

import msgspec

from sundog.api import sqs as api
from sundog.core import Tx, parse_arn
from sundog.services.sqs.place import arn_of, queue_by_arn
from sundog.services.sqs.refusal import bad_value
from sundog.services.sqs.state import Queue

MOST_RECEIVES = 1000
MOST_SOURCES = 10
NO_REDRIVE: dict[str, Any] = {"redrive": None, "dead_letter_arn": None, "max_receives": 0}


def read_redrive_policy(tx: Tx, queue: Queue, text: str) -> dict[str, Any]:
    """The fields of a RedrivePolicy; an empty one takes it away."""
    if not text:
        return NO_REDRIVE
    policy = _map(text)
    if policy is None:
        raise _refused(text, "Redrive policy is not a valid JSON map.")
    if not policy:
        return NO_REDRIVE
    for name in ("deadLetterTargetArn", "maxReceiveCount"):
        if name not in policy:
            raise _refused(text, f"Redrive policy does not contain mandatory attribute: {name}.")
    for name in policy:
        if name not in ("deadLetterTargetArn", "maxReceiveCount"):
            raise _refused(text, "Only following attributes are supported: [deadLetterTargetArn, maxReceiveCount].")
    try:
        most = int(policy["maxReceiveCount"])
    except (TypeError, ValueError):
        most = 0
    if not 1 <= most <= MOST_RECEIVES:
        raise _refused(
            text,
            f"Invalid value for maxReceiveCount: {policy['maxReceiveCount']}, valid values are from 1 to "
            f"{MOST_RECEIVES} both inclusive.",
        )
    target = parse_arn(str(policy["deadLetterTargetArn"]))
    if target is None or target.service != "sqs":
        raise _refused(text, "Invalid value for deadLetterTargetArn.")
    if target.account != tx.account:
        raise _refused(text, "Dead-letter target owner should be same as the source.")
    if target.region != tx.region:
        raise _refused(text, "Dead-letter target must be in same region as the source.")
    found = queue_by_arn(tx, target)
    if found is None:
        raise _refused(text, "Dead letter target does not exist.")
    if found[1].fifo != queue.fifo:
        raise _refused(text, "Dead-letter target must be same type of queue as the source.")
    if not allows(found[1], arn_of(tx, queue.name)):
        raise _refused(text, "Dead-letter target does not allow this source queue.")
    return {"redrive": text, "dead_letter_arn": str(target), "max_receives": most}


def read_allow_policy(tx: Tx, queue: Queue, text: str) -> dict[str, Any]:
    """The field of a RedriveAllowPolicy; an empty one takes it away."""
    if not text:
        return {"redrive_allow": None}
    policy = _map(text)
    if policy is None or policy.get("redrivePermission") not in ("allowAll", "denyAll", "byQueue"):
        raise _not_allowed(text)
    sources = policy.get("sourceQueueArns")
    by_queue = policy["redrivePermission"] == "byQueue"
    if by_queue != bool(sources) or (by_queue and (not isinstance(sources, list) or len(sources) > MOST_SOURCES)):
        raise _not_allowed(text)
    return {"redrive_allow": text}


def allows(queue: Queue, source_arn: str) -> bool:
    """Whether the queue takes dead letters of that source."""
    policy = _map(queue.redrive_allow) if queue.redrive_allow else None
    if policy is None or policy["redrivePermission"] == "allowAll":
        return True
    return policy["redrivePermission"] == "byQueue" and source_arn in policy["sourceQueueArns"]


def dead_letter_queue(tx: Tx, queue: Queue) -> Queue | None:
    """Where the queue's dead letters go, if that is there and takes them."""
    if queue.dead_letter_arn is None:
        return None
    found = queue_by_arn(tx, parse_arn(queue.dead_letter_arn))
    return found[1] if found is not None and allows(found[1], arn_of(tx, queue.name)) else None


def _map(text: str) -> dict[str, Any] | None:
    try:
        found = msgspec.json.decode(text)
    except (msgspec.DecodeError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def _refused(text: str, reason: str) -> Exception:
    return bad_value("RedrivePolicy", text, reason)


def _not_allowed(text: str) -> Exception:
    return api.InvalidAttributeValue(
        f"Value {text} for parameter RedriveAllowPolicy is invalid. Reason: Amazon SQS can't "
        "create the redrive allow policy."
    )
