"""Attributes of topics."""

from __future__ import annotations

import re
from typing import Any

import msgspec

from sundog.core import Tx
from sundog.services.sns.delivery_policy import checked_policy, effective
from sundog.services.sns.refusal import invalid
from sundog.services.sns.state import Archived, Subscription, Topic

_FEEDBACK = re.compile(r"(HTTP|SQS|Lambda|Firehose|Application)(Success|Failure)Feedback(RoleArn|SampleRate)\Z")
FIFO_ONLY = {"ContentBasedDeduplication", "FifoThroughputScope", "ArchivePolicy"}
PLAIN = {"DisplayName", "KmsMasterKeyId", "Policy", "DeliveryPolicy", "SignatureVersion", "TracingConfig"}
OWNERS_ACTIONS = (
    "GetTopicAttributes",
    "SetTopicAttributes",
    "AddPermission",
    "RemovePermission",
    "DeleteTopic",
    "Subscribe",
    "ListSubscriptionsByTopic",
    "Publish",
)


def checked(topic: Topic, name: str, value: str, where: str = "AttributeName") -> str:
    """The value of an attribute, as it is kept; an empty one takes it away."""
    if name in FIFO_ONLY:
        if not topic.fifo:
            raise invalid(where) if where == "AttributeName" else invalid("Attributes", f"Unknown attribute: {name}")
    elif name not in PLAIN and _FEEDBACK.match(name) is None:
        raise invalid(where) if where == "AttributeName" else invalid("Attributes", f"Unknown attribute: {name}")
    if name == "DeliveryPolicy":
        return checked_policy(value, topic=True) if value else ""
    if name == "Policy":
        if not value:
            return ""
        if not isinstance(_json(value), dict):
            raise invalid("Policy Error: null")
        return value
    if not value:
        return ""
    if name == "DisplayName" and len(value) > 100:
        raise invalid("DisplayName", "must be at most 100 characters long")
    if name == "SignatureVersion" and value not in ("1", "2"):
        raise invalid("SignatureVersion")
    if name == "TracingConfig" and value not in ("PassThrough", "Active"):
        raise invalid("TracingConfig")
    if name == "FifoThroughputScope" and value not in ("Topic", "MessageGroup"):
        raise invalid("FifoThroughputScope")
    if name == "ContentBasedDeduplication":
        if value.lower() not in ("true", "false"):
            raise invalid("ContentBasedDeduplication", "must be true or false")
        return value.lower()
    if name == "ArchivePolicy":
        policy = _json(value)
        days = str(policy.get("MessageRetentionPeriod", "")) if isinstance(policy, dict) else ""
        if isinstance(policy, dict) and not policy:
            return ""
        if not days.isdigit() or not 1 <= int(days) <= 365:
            raise invalid("ArchivePolicy", "MessageRetentionPeriod must be between 1 and 365 days")
        return value
    if name.endswith("SampleRate") and not (value.isdigit() and 0 <= int(value) <= 100):
        raise invalid(name)
    return value


def _json(text: str) -> Any:
    try:
        return msgspec.json.decode(text)
    except (msgspec.DecodeError, RecursionError):
        return None


def default_policy(topic: Topic, account: str) -> str:
    """The policy of a topic that was given none: its account may do all."""
    statement = {
        "Sid": "__default_statement_ID",
        "Effect": "Allow",
        "Principal": {"AWS": "*"},
        "Action": [f"SNS:{name}" for name in OWNERS_ACTIONS],
        "Resource": topic.arn,
        "Condition": {"StringEquals": {"AWS:SourceOwner": account}},
    }
    document = {"Version": "2008-10-17", "Id": "__default_policy_ID", "Statement": [statement]}
    return msgspec.json.encode(document).decode()


def policy_of(topic: Topic, account: str) -> str:
    return topic.attributes.get("Policy") or default_policy(topic, account)


def shown(tx: Tx, topic: Topic) -> dict[str, str]:
    """All attributes of a topic."""
    subscriptions = list(tx.select(Subscription, topic=topic.name))
    pending = sum(1 for row in subscriptions if row.pending)
    found = {
        "TopicArn": topic.arn,
        "Owner": tx.account,
        "DisplayName": "",
        "Policy": default_policy(topic, tx.account),
        "EffectiveDeliveryPolicy": effective(topic.attributes.get("DeliveryPolicy")),
        "SubscriptionsConfirmed": str(len(subscriptions) - pending),
        "SubscriptionsPending": str(pending),
        "SubscriptionsDeleted": str(topic.deleted_subscriptions),
        **topic.attributes,
    }
    if topic.fifo:
        found["FifoTopic"] = "true"
        found.setdefault("ContentBasedDeduplication", "false")
        if "ArchivePolicy" in topic.attributes:
            first = next(tx.range(Archived, (topic.name,)), None)
            begin = (
                topic.archived_since if first is None or first.topic != topic.name else tx.cloud.clock.at(first.sent)
            )
            if begin is not None:
                found["BeginningArchiveTime"] = (
                    begin.strftime("%Y-%m-%dT%H:%M:%S.") + f"{begin.microsecond // 1000:03d}Z"
                )
    return found
