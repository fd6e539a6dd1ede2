"""From a topic to its subscribers: each delivery in a transaction of its own, tried again or buried as AWS does."""

from __future__ import annotations

import datetime
from typing import Any

import msgspec

from sundog.core import AwsError, Event, Tx, deliver
from sundog.core.outbox import Answer
from sundog.services.sns import filter_policy
from sundog.services.sns.delivery_policy import delays, rules
from sundog.services.sns.delivery_status import report
from sundog.services.sns.message import Message
from sundog.services.sns.notification import confirmation, dump, envelope, lambda_event
from sundog.services.sns.sent import push, send
from sundog.services.sns.state import Endpoint, Subscription, Topic
from sundog.services.sns.subscription_attribute import BODY, dead_letter_arn

SOURCE = "sns.amazonaws.com"
AGENT = "Amazon Simple Notification Service Agent"
CONFIRMATION_RETRIES = (20, 20, 20)


def fan_out(tx: Tx, topic: Topic, message: Message) -> None:
    """Send a message to every subscription that wants it."""
    body: Any = filter_policy.MISSING
    packed: dict[str, Any] | None = None
    for row in tx.select(Subscription, topic=topic.name):
        if row.pending:
            continue
        policy = row.attributes.get("FilterPolicy")
        if policy:
            if row.attributes.get("FilterPolicyScope") == BODY:
                if body is filter_policy.MISSING:
                    body = _parsed(message.text)
                if not filter_policy.wants(policy, True, body):
                    continue
            elif not filter_policy.wants(policy, False, _values(message.attributes)):
                continue
        if packed is None:
            packed = pack(message)
        tx.after_commit(notify, row.endpoint, row.arn, packed)


def pack(message: Message) -> dict[str, Any]:
    """A message as plain values, for tasks and archives."""
    return msgspec.to_builtins(message, builtin_types=(bytes,))


def _unpack(packed: dict[str, Any]) -> Message:
    return msgspec.convert(packed, Message)


def _parsed(text: str) -> Any:
    try:
        return msgspec.json.decode(text)
    except (msgspec.DecodeError, RecursionError):
        return None


def _values(attributes: dict[str, Any] | None) -> dict[str, Any]:
    """Message attributes as filter policies see them."""
    found: dict[str, Any] = {}
    for name, value in (attributes or {}).items():
        kind = value["DataType"]
        if kind.startswith("Number"):
            number = float(value["StringValue"])
            found[name] = int(number) if number.is_integer() else number
        elif kind == "String.Array":
            found[name] = _parsed(value["StringValue"])
        elif kind.startswith("String"):
            found[name] = value["StringValue"]
    return found


# -- one delivery


def notify(tx: Tx, endpoint: str, subscription_arn: str, packed: dict[str, Any], retry: int = 0) -> None:
    """Bring one message to one subscription."""
    row = tx.find(Subscription, subscription_arn)
    if row is None:
        return
    message, topic = _unpack(packed), tx.find(Topic, row.topic)
    tx.entry.params = {"SubscriptionArn": row.arn, "Protocol": row.protocol, "MessageId": message.message_id}
    tx.entry.target = endpoint
    if row.protocol in ("http", "https"):
        _post(tx, row, topic, message, packed, retry)
        return
    error = tx.attempt(_bring, tx, row, topic, message)
    report(tx, row, topic, message, error)
    if error is not None:
        _bury(tx, row, packed, error)


def redeliver(tx: Tx, endpoint: str, subscription_arn: str, packed: dict[str, Any]) -> None:
    """Bring a message that the topic kept."""
    notify(tx, endpoint, subscription_arn, {**packed, "replayed": True})


def _bring(tx: Tx, row: Subscription, topic: Topic | None, message: Message) -> None:
    protocol = row.protocol
    if protocol == "sqs":
        _to_queue(tx, row.endpoint, row, topic, message)
    elif protocol == "lambda":
        deliver(tx, row.endpoint, Event(lambda_event(tx, row, topic, message), SOURCE, row.topic_arn))
    elif protocol == "firehose":
        raw = row.attributes.get("RawMessageDelivery") == "true"
        body = message.text_for("firehose") if raw else dump(envelope(tx, row, topic, message, "firehose"))
        deliver(tx, row.endpoint, Event(body + "\n", SOURCE, row.topic_arn))
    elif protocol == "application":
        endpoint = tx.find(Endpoint, row.endpoint)
        if endpoint is None:
            raise AwsError("EndpointNotFound", "Endpoint does not exist", 404)
        push(tx, endpoint, message)
    else:
        text = message.text_for(protocol)
        if protocol == "email-json":
            text = dump(envelope(tx, row, topic, message, protocol))
        send(tx, protocol, row.endpoint, message, text)


def _to_queue(tx: Tx, arn: str, row: Subscription, topic: Topic | None, message: Message) -> None:
    raw = row.attributes.get("RawMessageDelivery") == "true"
    body = message.text_for(row.protocol) if raw else dump(envelope(tx, row, topic, message, row.protocol))
    fifo = arn.endswith(".fifo")
    more: dict[str, Any] = {"attributes": message.attributes if raw else None}
    if fifo or message.sequence is None:
        more["group"] = message.group or ("default" if fifo else None)
    if fifo:
        more["deduplication_id"] = message.deduplication_id
    deliver(tx, arn, Event(body, SOURCE, row.topic_arn, **more))


def _bury(tx: Tx, row: Subscription, packed: dict[str, Any], error: AwsError) -> None:
    """What can't be brought goes to the subscription's dead-letter queue; without one it is lost."""
    arn = dead_letter_arn(row)
    if arn is not None:
        tx.after_commit(bury, arn, row.arn, packed, error.code)


def bury(tx: Tx, arn: str, subscription_arn: str, packed: dict[str, Any], reason: str) -> None:
    """Put a message that could not be delivered on a dead-letter queue."""
    row = tx.find(Subscription, subscription_arn)
    if row is None:
        return
    message, topic = _unpack(packed), tx.find(Topic, row.topic)
    tx.entry.params = {"SubscriptionArn": row.arn, "MessageId": message.message_id, "Reason": reason}
    _to_queue(tx, arn, row, topic, message)


# -- over HTTP


def _post(tx: Tx, row: Subscription, topic: Topic | None, message: Message, packed: dict[str, Any], retry: int) -> None:
    raw = row.attributes.get("RawMessageDelivery") == "true"
    body = message.text_for(row.protocol) if raw else dump(envelope(tx, row, topic, message, row.protocol))
    _, kind = _rules(row, topic)
    headers = _headers(row, "Notification", message.message_id, kind)
    headers["x-amz-sns-subscription-arn"] = row.arn
    if raw:
        headers["x-amz-sns-rawdelivery"] = "true"
    tx.post(row.endpoint, headers, body.encode(), settle, row.endpoint, row.arn, packed, retry)


def _rules(row: Subscription, topic: Topic | None) -> tuple[dict[str, Any], str]:
    policy = None if topic is None else topic.attributes.get("DeliveryPolicy")
    return rules(policy, row.attributes.get("DeliveryPolicy"))


def _headers(row: Subscription, kind: str, message_id: str, content_type: str) -> dict[str, str]:
    return {
        "x-amz-sns-message-type": kind,
        "x-amz-sns-message-id": message_id,
        "x-amz-sns-topic-arn": row.topic_arn,
        "Content-Type": content_type,
        "User-Agent": AGENT,
        "Accept-Encoding": "gzip,deflate",
    }


def settle(tx: Tx, answer: Answer, endpoint: str, subscription_arn: str, packed: dict[str, Any], retry: int) -> None:
    """What comes of an answer: done, tried again later, or given up."""
    row = tx.find(Subscription, subscription_arn)
    if row is None:
        return
    message, topic = _unpack(packed), tx.find(Topic, row.topic)
    tx.entry.params = {"SubscriptionArn": row.arn, "MessageId": message.message_id, "Status": answer.status}
    tx.entry.target = endpoint
    if answer.ok:
        report(tx, row, topic, message, None, answer.status)
        return
    error = _refused(tx, endpoint, answer)
    waits = delays(_rules(row, topic)[0])
    final = answer.status and 400 <= answer.status < 500 and answer.status != 429
    if retry < len(waits) and not final:
        when = tx.now + datetime.timedelta(seconds=waits[retry])
        tx.at(when, notify, endpoint, subscription_arn, packed, retry + 1)
        return
    report(tx, row, topic, message, error, answer.status)
    _bury(tx, row, packed, error)


def _refused(tx: Tx, endpoint: str, answer: Answer) -> AwsError:
    """The failure, as the log tells it."""
    text = answer.error or f"{endpoint} answered {answer.status}"
    tx.entry.error = AwsError("EndpointFailed", text, answer.status or 502)
    return tx.entry.error


# -- asking


def ask(tx: Tx, endpoint: str, subscription_arn: str, _: bool, retry: int = 0) -> None:
    """Ask an endpoint whether it wants the subscription."""
    row = tx.find(Subscription, subscription_arn)
    if row is None or not row.pending:
        return
    message_id = tx.ids.uuid()
    tx.entry.target = endpoint
    found = confirmation(tx, row, tx.find(Topic, row.topic), message_id, leave=False)
    if row.protocol in ("http", "https"):
        headers = _headers(row, "SubscriptionConfirmation", message_id, "text/plain; charset=UTF-8")
        tx.post(endpoint, headers, dump(found).encode(), asked, endpoint, subscription_arn, retry)
    elif row.protocol == "sqs":
        tx.attempt(deliver, tx, endpoint, Event(dump(found), SOURCE, row.topic_arn))
    else:
        _mail(tx, row, found, "AWS Notification - Subscription Confirmation")


def asked(tx: Tx, answer: Answer, endpoint: str, subscription_arn: str, retry: int) -> None:
    tx.entry.target = endpoint
    if not answer.ok:
        _refused(tx, endpoint, answer)
        if retry < len(CONFIRMATION_RETRIES) and not 400 <= answer.status < 500:
            when = tx.now + datetime.timedelta(seconds=CONFIRMATION_RETRIES[retry])
            tx.at(when, ask, endpoint, subscription_arn, False, retry + 1)


def farewell(tx: Tx, row: Subscription) -> None:
    """Tell an endpoint that its subscription is over."""
    message_id = tx.ids.uuid()
    found = confirmation(tx, row, tx.find(Topic, row.topic), message_id, leave=True)
    if row.protocol in ("http", "https"):
        headers = _headers(row, "UnsubscribeConfirmation", message_id, "text/plain; charset=UTF-8")
        headers["x-amz-sns-subscription-arn"] = row.arn
        tx.post(row.endpoint, headers, dump(found).encode(), left, row.endpoint)
    else:
        _mail(tx, row, found, "AWS Notification - Unsubscribe Confirmation")


def left(tx: Tx, answer: Answer, endpoint: str) -> None:
    tx.entry.target = endpoint
    if not answer.ok:
        _refused(tx, endpoint, answer)


def _mail(tx: Tx, row: Subscription, found: dict[str, Any], subject: str) -> None:
    text = dump(found) if row.protocol == "email-json" else f"{found['Message']}\n{found['SubscribeURL']}"
    message = Message(
        message_id=found["MessageId"], text=text, time=tx.now.timestamp(), topic_arn=row.topic_arn, subject=subject
    )
    send(tx, row.protocol, row.endpoint, message, text, found["Type"])
