"""Attributes of subscriptions, and replays of what a topic keeps."""

from __future__ import annotations

import datetime
from typing import Any

import msgspec

from sundog.core import Tx, parse_arn
from sundog.core.table import TOP
from sundog.services.sns import filter_policy
from sundog.services.sns.delivery_policy import checked_policy, effective_for
from sundog.services.sns.refusal import invalid
from sundog.services.sns.state import Archived, Subscription, Topic

NAMES = {
    "DeliveryPolicy",
    "FilterPolicy",
    "FilterPolicyScope",
    "RawMessageDelivery",
    "RedrivePolicy",
    "SubscriptionRoleArn",
    "ReplayPolicy",
}
BODY, ATTRIBUTES = "MessageBody", "MessageAttributes"


def checked(tx: Tx, topic: Topic, others: dict[str, str], name: str, value: str, where: str) -> str:
    """The value of an attribute, as it is kept; an empty one takes it away."""
    if name not in NAMES:
        raise invalid("AttributeName") if where == "AttributeName" else invalid(where, f"Unknown attribute: {name}")
    if name == "RawMessageDelivery":
        if value.lower() not in ("true", "false"):
            raise invalid("Attributes", f"RawMessageDelivery: Invalid value [{value}]. Must be true or false.")
        return value.lower()
    if not value:
        return ""
    if name == "FilterPolicyScope":
        if value not in (BODY, ATTRIBUTES):
            raise invalid(
                "Attributes",
                f"FilterPolicyScope: Invalid value [{value}]. Please use either MessageBody or MessageAttributes",
            )
        if others.get("FilterPolicy"):
            filter_policy.rules_of(others["FilterPolicy"], value == BODY)
    elif name == "FilterPolicy":
        nested = others.get("FilterPolicyScope") == BODY
        if not filter_policy.parse(value, nested):
            return ""
        filter_policy.rules_of(value, nested)
    elif name == "DeliveryPolicy":
        return checked_policy(value, topic=False)
    elif name == "RedrivePolicy":
        return _redrive(tx, topic, value)
    elif name == "ReplayPolicy":
        return _replay(topic, value)
    elif name == "SubscriptionRoleArn" and parse_arn(value) is None:
        raise invalid("Attributes", "SubscriptionRoleArn")
    return value


def _object(text: str) -> dict[str, Any] | None:
    try:
        found = msgspec.json.decode(text)
    except (msgspec.DecodeError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def _redrive(tx: Tx, topic: Topic, text: str) -> str:
    policy = _object(text)
    if policy is None:
        raise invalid("Attributes", "RedrivePolicy: failed to parse JSON.")
    if not policy:
        return ""
    arn = parse_arn(str(policy.get("deadLetterTargetArn", "")))
    if "deadLetterTargetArn" not in policy or arn is None:
        raise invalid("Attributes", "RedrivePolicy: deadLetterTargetArn is an invalid arn")
    if arn.service != "sqs":
        raise invalid("Attributes", "RedrivePolicy: deadLetterTargetArn is not an SQS queue arn")
    if arn.account != tx.account or arn.region != tx.region:
        raise invalid("Attributes", "RedrivePolicy: deadLetterTargetArn must be in the same account and region")
    if arn.resource.endswith(".fifo") != topic.fifo and topic.fifo:
        raise invalid("Attributes", "RedrivePolicy: must use a FIFO queue as DLQ for a FIFO topic")
    return text


def dead_letter_arn(row: Subscription) -> str | None:
    policy = _object(row.attributes.get("RedrivePolicy", ""))
    return None if policy is None else policy.get("deadLetterTargetArn")


def shown(topic: Topic | None, row: Subscription) -> dict[str, str]:
    """All attributes of a subscription."""
    found = {
        "SubscriptionArn": row.arn,
        "TopicArn": row.topic_arn,
        "Protocol": row.protocol,
        "Endpoint": row.endpoint,
        "Owner": row.owner,
        "SubscriptionPrincipal": row.principal,
        "PendingConfirmation": "true" if row.pending else "false",
        "ConfirmationWasAuthenticated": "true" if row.authenticated else "false",
        "RawMessageDelivery": "false",
        **row.attributes,
    }
    if "FilterPolicy" in found:
        found.setdefault("FilterPolicyScope", ATTRIBUTES)
    if row.protocol in ("http", "https"):
        policy = None if topic is None else topic.attributes.get("DeliveryPolicy")
        found["EffectiveDeliveryPolicy"] = effective_for(policy, row.attributes.get("DeliveryPolicy"))
    return found


# -- replays


def _replay(topic: Topic, text: str) -> str:
    policy = _object(text)
    if policy is None:
        raise invalid("Attributes", "ReplayPolicy: failed to parse JSON.")
    if not policy:
        return ""
    if "ArchivePolicy" not in topic.attributes:
        raise invalid("Attributes", "ReplayPolicy: the topic has no archive policy")
    if policy.get("PointType") != "Timestamp" or _moment(policy.get("StartingPoint")) is None:
        raise invalid("Attributes", "ReplayPolicy: Invalid value for StartingPoint")
    return text


def _moment(value: Any) -> float | None:
    if not isinstance(value, str):
        return None
    try:
        found = datetime.datetime.fromisoformat(value.replace("Z", "+00:00"))
    except ValueError:
        return None
    return (found if found.tzinfo else found.replace(tzinfo=datetime.timezone.utc)).timestamp()


def start_replay(tx: Tx, row: Subscription) -> None:
    """Deliver again what the subscription's replay policy asks for, in its order."""
    policy = _object(row.attributes.get("ReplayPolicy", ""))
    if policy is None:
        return
    from sundog.services.sns.fanout import redeliver

    begin = _moment(policy["StartingPoint"]) or 0.0
    end = _moment(policy.get("EndingPoint"))
    for kept in tx.range(Archived, (row.topic, begin), (row.topic, TOP)):
        if end is not None and kept.sent > end:
            break
        tx.after_commit(redeliver, row.endpoint, row.arn, kept.message)
