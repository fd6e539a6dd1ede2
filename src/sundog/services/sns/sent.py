"""What goes to people: kept for assertions, as nobody reads it here."""

from __future__ import annotations

from sundog.core import AwsError, Tx
from sundog.services.sns.message import Message
from sundog.services.sns.state import Endpoint, OptedOut, PlatformApplication, Sent


def send(tx: Tx, protocol: str, endpoint: str, message: Message, text: str, kind: str = "Notification") -> None:
    """Note a text message or a mail. Numbers that opted out get none."""
    if protocol == "sms" and tx.find(OptedOut, endpoint) is not None:
        raise AwsError("OptedOut", f"The phone number {endpoint} is opted out", 400)
    tx.add(
        Sent(
            number=tx.store.next_serial(),
            protocol=protocol,
            endpoint=endpoint,
            message=text,
            subject=message.subject,
            message_id=message.message_id,
            topic_arn=message.topic_arn,
            kind=kind,
            attributes=message.attributes or {},
            time=tx.now,
        )
    )


def push(tx: Tx, endpoint: Endpoint, message: Message) -> None:
    """Note a push notification."""
    if endpoint.attributes.get("Enabled", "true").lower() != "true":
        raise AwsError("EndpointDisabled", "Endpoint is disabled")
    application = tx.find(PlatformApplication, endpoint.application)
    if application is None or application.attributes.get("Enabled", "true").lower() != "true":
        raise AwsError("PlatformApplicationDisabled", "Platform application is disabled")
    send(tx, "application", endpoint.arn, message, message.text_for(application.platform))
