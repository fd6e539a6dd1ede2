"""The JSON that endpoints get."""

from __future__ import annotations

import base64
import datetime
import json
from typing import Any

from sundog.core import Tx
from sundog.services.sns.message import Message
from sundog.services.sns.signing import certificate_path, sign
from sundog.services.sns.state import Subscription, Topic


def stamp(moment: float) -> str:
    when = datetime.datetime.fromtimestamp(moment, datetime.timezone.utc)
    return when.strftime("%Y-%m-%dT%H:%M:%S.") + f"{when.microsecond // 1000:03d}Z"


def _host(tx: Tx) -> str:
    """Where links lead: to the server that the client calls, or to AWS."""
    request = tx.http
    if request is not None:
        name = request.host.partition(":")[0]
        if not name.endswith((tx.dns_suffix, ".aws")):
            return f"{request.scheme}://{request.host}"
    return f"https://sns.{tx.region}.{tx.dns_suffix}"


def attributes_in_json(attributes: dict[str, Any] | None) -> dict[str, Any]:
    """Message attributes as notifications show them."""
    found: dict[str, Any] = {}
    for name, value in (attributes or {}).items():
        binary = value["DataType"].startswith("Binary")
        content = base64.b64encode(value["BinaryValue"]).decode() if binary else value["StringValue"]
        found[name] = {"Type": value["DataType"], "Value": content}
    return found


def envelope(
    tx: Tx, subscription: Subscription, topic: Topic | None, message: Message, protocol: str
) -> dict[str, Any]:
    """A notification, signed; those of FIFO topics aren't."""
    host = _host(tx)
    found: dict[str, Any] = {"Type": "Notification", "MessageId": message.message_id}
    if message.sequence is not None:
        found["SequenceNumber"] = message.sequence
    found["TopicArn"] = subscription.topic_arn
    if message.subject is not None:
        found["Subject"] = message.subject
    found["Message"] = message.text_for(protocol)
    found["Timestamp"] = stamp(message.time)
    if message.sequence is None:
        _sign(tx, found, topic, host)
    found["UnsubscribeURL"] = f"{host}/?Action=Unsubscribe&SubscriptionArn={subscription.arn}"
    if message.attributes:
        found["MessageAttributes"] = attributes_in_json(message.attributes)
    if message.replayed:
        found["Replayed"] = True
    return found


def _sign(tx: Tx, found: dict[str, Any], topic: Topic | None, host: str) -> None:
    home = tx.cloud.home
    version = "1" if topic is None else topic.attributes.get("SignatureVersion", "1")
    found["SignatureVersion"] = version
    found["Signature"] = sign(home, found, version)
    found["SigningCertURL"] = f"{host}{certificate_path(home)}"


def confirmation(
    tx: Tx, subscription: Subscription, topic: Topic | None, message_id: str, leave: bool
) -> dict[str, Any]:
    """What asks an endpoint whether it wants a subscription, or (``leave``) tells it that it is over."""
    host = _host(tx)
    if leave:
        text = (
            f"You have chosen to deactivate subscription {subscription.arn}.\n"
            "To cancel this operation and restore the subscription, visit the SubscribeURL included in this message."
        )
    else:
        text = (
            f"You have chosen to subscribe to the topic {subscription.topic_arn}.\n"
            "To confirm the subscription, visit the SubscribeURL included in this message."
        )
    found: dict[str, Any] = {
        "Type": "UnsubscribeConfirmation" if leave else "SubscriptionConfirmation",
        "MessageId": message_id,
        "Token": subscription.token,
        "TopicArn": subscription.topic_arn,
        "Message": text,
        "SubscribeURL": f"{host}/?Action=ConfirmSubscription&TopicArn={subscription.topic_arn}"
        f"&Token={subscription.token}",
        "Timestamp": stamp(tx.now.timestamp()),
    }
    _sign(tx, found, topic, host)
    return found


def dump(found: dict[str, Any]) -> str:
    """The JSON as SNS lays it out."""
    return json.dumps(found, indent=2, separators=(",", " : "), ensure_ascii=False)


def lambda_event(tx: Tx, subscription: Subscription, topic: Topic | None, message: Message) -> str:
    """What a function gets."""
    found = envelope(tx, subscription, topic, message, "lambda")
    inner = {
        ("SigningCertUrl" if key == "SigningCertURL" else "UnsubscribeUrl" if key == "UnsubscribeURL" else key): value
        for key, value in found.items()
    }
    inner.setdefault("Subject", None)
    inner.setdefault("MessageAttributes", {})
    record = {"EventSource": "aws:sns", "EventVersion": "1.0", "EventSubscriptionArn": subscription.arn, "Sns": inner}
    return json.dumps({"Records": [record]}, ensure_ascii=False)
