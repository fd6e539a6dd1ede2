"""Publishing."""

from __future__ import annotations

import hashlib
import re
from typing import Any

from msgspec.structs import replace

from sundog.api import sns as api
from sundog.core import Tx, op, parse_arn
from sundog.services.sns.data_protection import protect
from sundog.services.sns.fanout import fan_out, pack
from sundog.services.sns.message import (
    LONGEST,
    Message,
    check_subject,
    check_token,
    checked_attributes,
    size_of,
    variants_of,
)
from sundog.services.sns.refusal import arn_in, invalid, topic_in
from sundog.services.sns.sent import push, send
from sundog.services.sns.state import Archived, Duplicate, Endpoint, OptedOut, Topic

REMEMBERED = 300
MOST_ENTRIES = 10
FIRST_SEQUENCE = 10_000_000_000_000_000_000
_PHONE = re.compile(r"\+?[0-9]{4,20}\Z")
_ENTRY = re.compile(r"[A-Za-z0-9_-]+\Z")


@op
def publish(tx: Tx, req: api.PublishInput) -> api.PublishResponse:
    """Send a message to a topic's subscribers, to a device, or to a phone."""
    if sum(1 for value in (req.topic_arn, req.target_arn, req.phone_number) if value is not None) > 1:
        raise invalid("TopicArn or TargetArn or PhoneNumber", "only one may be given")
    message = _message(tx, req)
    if req.phone_number is not None:
        return _to_phone(tx, req.phone_number, message)
    parameter = "TopicArn" if req.topic_arn is not None else "TargetArn"
    target = req.topic_arn if req.topic_arn is not None else req.target_arn
    if target is None:
        raise invalid("TopicArn or TargetArn", "no value for required parameter")
    arn = arn_in(parameter, target)
    if arn.resource.startswith("endpoint/"):
        return _to_device(tx, target, message)
    there, topic = topic_in(tx, target, parameter)
    return api.PublishResponse(**_accept(there, topic, message))


def _message(tx: Tx, req: Any) -> Message:
    text = req.message
    if not text:
        raise invalid("Empty message")
    check_subject(req.subject)
    attributes = checked_attributes(req.message_attributes)
    if size_of(text, attributes) > LONGEST:
        raise invalid("Message too long")
    variants = None
    if req.message_structure == "json":
        text, variants = variants_of(text)
    check_token("MessageGroupId", req.message_group_id)
    check_token("MessageDeduplicationId", req.message_deduplication_id)
    return Message(
        message_id=tx.ids.uuid(),
        text=text,
        time=tx.now.timestamp(),
        subject=req.subject,
        variants=variants,
        attributes=attributes,
        group=req.message_group_id,
        deduplication_id=req.message_deduplication_id,
    )


def _check_order(topic: Topic, message: Message) -> None:
    if not topic.fifo:
        if message.deduplication_id is not None:
            raise invalid(
                "MessageDeduplicationId",
                "The request includes MessageDeduplicationId parameter that is not valid for this topic type",
            )
    elif message.group is None:
        raise invalid("The MessageGroupId parameter is required for FIFO topics")
    elif message.deduplication_id is None and topic.attributes.get("ContentBasedDeduplication") != "true":
        raise invalid(
            "The topic should either have ContentBasedDeduplication enabled or MessageDeduplicationId provided "
            "explicitly"
        )


def _accept(tx: Tx, topic: Topic, message: Message) -> dict[str, Any]:
    """Take a message for a topic: what the answer says of it."""
    _check_order(topic, message)
    message = replace(message, topic_arn=topic.arn)
    if topic.fifo:
        found = _in_order(tx, topic, message)
        if isinstance(found, Duplicate):
            return {"message_id": found.message_id, "sequence_number": found.sequence}
        message = found
    message = protect(topic, message)
    if "ArchivePolicy" in topic.attributes:
        tx.add(Archived(topic=topic.name, sent=message.time, number=tx.store.next_serial(), message=pack(message)))
    fan_out(tx, topic, message)
    return {"message_id": message.message_id, "sequence_number": message.sequence}


def _in_order(tx: Tx, topic: Topic, message: Message) -> Message | Duplicate:
    """The message with its number; or the one that was taken before, if this is the same again."""
    deduplication_id = message.deduplication_id or hashlib.sha256(message.text.encode()).hexdigest()
    now = tx.now.timestamp()
    for old in tx.select(Duplicate):
        if old.expires > now:
            break
        tx.delete(old)
    scope = (message.group or "") if topic.attributes.get("FifoThroughputScope") == "MessageGroup" else ""
    seen = tx.find(Duplicate, topic.name, scope, deduplication_id)
    if seen is not None:
        return seen
    sequence = str(FIRST_SEQUENCE + tx.store.next_serial() * 1000)
    tx.add(
        Duplicate(
            topic=topic.name,
            scope=scope,
            deduplication_id=deduplication_id,
            message_id=message.message_id,
            sequence=sequence,
            expires=now + REMEMBERED,
        )
    )
    return replace(message, deduplication_id=deduplication_id, sequence=sequence)


def _to_phone(tx: Tx, number: str, message: Message) -> api.PublishResponse:
    if _PHONE.match(number) is None:
        raise invalid("PhoneNumber", f"{number} is not valid to publish to")
    if tx.find(OptedOut, number) is None:
        send(tx, "sms", number, message, message.text_for("sms"))
    return api.PublishResponse(message_id=message.message_id)


def _to_device(tx: Tx, target: str, message: Message) -> api.PublishResponse:
    arn = parse_arn(target)
    there = tx if arn is None else tx.in_(account=arn.account)
    endpoint = there.find(Endpoint, target)
    if endpoint is None:
        raise invalid("TargetArn", "No endpoint found for the target arn specified")
    if endpoint.attributes.get("Enabled", "true").lower() != "true":
        raise api.EndpointDisabledException("Endpoint is disabled")
    push(there, endpoint, message)
    return api.PublishResponse(message_id=message.message_id)


@op
def publish_batch(tx: Tx, req: api.PublishBatchInput) -> api.PublishBatchResponse:
    """Send up to ten messages to a topic's subscribers."""
    there, topic = topic_in(tx, req.topic_arn)
    entries = req.publish_batch_request_entries or []
    if not entries:
        raise api.EmptyBatchRequestException("The batch request doesn't contain any entries.")
    if len(entries) > MOST_ENTRIES:
        raise api.TooManyEntriesInBatchRequestException("The batch request contains more entries than permissible.")
    for entry in entries:
        if len(entry.id) > 80:
            raise api.InvalidBatchEntryIdException(
                f"The Id of a batch entry in the batch request is too long: {entry.id}"
            )
        if _ENTRY.match(entry.id) is None:
            raise api.InvalidBatchEntryIdException(
                f"The Id of a batch entry in the batch request contains an impermissible character: {entry.id}"
            )
    if len({entry.id for entry in entries}) < len(entries):
        raise api.BatchEntryIdsNotDistinctException("Two or more batch entries in the request have the same Id.")
    messages = [_message(tx, entry) for entry in entries]
    if (
        sum(size_of(entry.message, message.attributes) for entry, message in zip(entries, messages, strict=True))
        > LONGEST
    ):
        raise api.BatchRequestTooLongException("The length of all the messages put together is more than the limit.")
    for message in messages:
        _check_order(topic, message)
    done = [
        api.PublishBatchResultEntry(id=entry.id, **_accept(there, topic, message))
        for entry, message in zip(entries, messages, strict=True)
    ]
    return api.PublishBatchResponse(successful=done, failed=[])
