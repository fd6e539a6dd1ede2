"""SNS as a target of deliveries: what another service sends is published."""

from __future__ import annotations

from sundog.core import Arn, AwsError, Event, Tx, target
from sundog.core.access import service_may
from sundog.services.sns.data_protection import protect
from sundog.services.sns.fanout import fan_out
from sundog.services.sns.message import Message
from sundog.services.sns.state import Topic
from sundog.services.sns.topic_attribute import policy_of


@target("sns")
def receive(tx: Tx, arn: Arn, event: Event) -> None:
    """Publish; the event may bring a ``subject`` and message ``attributes`` in the model's form."""
    topic = tx.get(Topic, arn.resource)
    if tx.setting("enforce_iam") and event.service:
        principal, policy = f"{event.service}.amazonaws.com", policy_of(topic, tx.account)
        if not service_may(tx, principal, "sns:Publish", topic.arn, policy, event.source_arn, tx.entry.account):
            raise AwsError(
                "AuthorizationError", f"{principal} is not authorized to perform: SNS:Publish on {topic.arn}", 403
            )
    message = Message(
        message_id=tx.ids.uuid(),
        text=event.body if isinstance(event.body, str) else event.body.decode(),
        time=tx.now.timestamp(),
        topic_arn=topic.arn,
        subject=event.attributes.get("subject"),
        attributes=event.attributes.get("attributes"),
        group=event.attributes.get("group"),
    )
    fan_out(tx, topic, protect(topic, message))
