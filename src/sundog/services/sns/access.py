"""What the policies' judge asks of SNS."""

from __future__ import annotations

from typing import Any

from sundog.core import Tx, parse_arn
from sundog.services.sns.state import Topic
from sundog.services.sns.topic_attribute import policy_of


def _topic(tx: Tx, text: str) -> tuple[Tx, Topic] | None:
    arn = parse_arn(text)
    if arn is None or arn.service != "sns" or not arn.account or not arn.region:
        return None
    there = tx.in_(account=arn.account, region=arn.region)
    topic = there.find(Topic, arn.resource.partition(":")[0])
    return None if topic is None else (there, topic)


def resources_of(tx: Tx, operation: str, params: dict[str, Any]) -> list[str] | None:
    """The topic, application or endpoint that a call is about."""
    for name in ("TopicArn", "TargetArn", "ResourceArn", "PlatformApplicationArn", "EndpointArn"):
        value = params.get(name)
        if isinstance(value, str) and value:
            return [value]
    value = params.get("SubscriptionArn")
    if isinstance(value, str) and value.count(":") > 5:
        return [value.rpartition(":")[0]]
    if operation == "CreateTopic" and isinstance(params.get("Name"), str):
        return [tx.arn(params["Name"], service="sns")]
    return None


def resource_policy(tx: Tx, arn: str) -> str | None:
    found = _topic(tx, arn)
    return None if found is None else policy_of(found[1], found[0].account)


def resource_tags(tx: Tx, arn: str) -> dict[str, str] | None:
    found = _topic(tx, arn)
    return None if found is None else found[1].tags
