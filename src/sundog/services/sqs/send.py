"""Putting messages on queues, whoever they come from."""

from __future__ import annotations

from typing import Any

import msgspec

from sundog.core import AwsError, Tx
from sundog.services.sqs import order
from sundog.services.sqs.content import attributes_of, check_text, is_token, md5, size_of, trace_header
from sundog.services.sqs.refusal import FOREIGN_TO_TYPE, bad_request, bad_value, check_range
from sundog.services.sqs.state import Duplicate, Message, Queue

REMEMBERED = 300
"""Seconds in which a deduplication id counts."""
FIRST_SEQUENCE = 18_849_496_460_467_696_128


class Draft(msgspec.Struct, frozen=True, gc=False):
    """A message that was checked, and may be put on its queue."""

    body: str
    attributes: dict[str, Any] | None = None
    delay: int | None = None
    group: str | None = None
    deduplication_id: str | None = None
    trace_header: str | None = None
    size: int = 0


def draft(queue: Queue, req: Any, whole: bool = False) -> Draft:
    """What a request, or an entry of a batch (``whole``: the batch is judged elsewhere), wants to send."""
    if not req.message_body:
        raise AwsError("MissingParameter", "The request must contain the parameter MessageBody.")
    check_text(req.message_body)
    attributes = attributes_of(req.message_attributes)
    size = size_of(req.message_body, attributes)
    if size > queue.max_size:
        words = "cannot be validated" if whole else "are invalid"
        raise bad_request(
            f"One or more parameters {words}. Reason: Message must be shorter than {queue.max_size} bytes."
        )
    group, deduplication_id, delay = req.message_group_id, req.message_deduplication_id, req.delay_seconds
    _check_names(group, deduplication_id)
    if queue.fifo:
        if delay:
            raise bad_value("DelaySeconds", delay, FOREIGN_TO_TYPE)
        delay = None
        if group is None:
            message = "The request must contain the parameter MessageGroupId."
            raise bad_request(message) if whole else AwsError("MissingParameter", message)
        if deduplication_id is None:
            if not queue.content_deduplication:
                raise bad_request(
                    "The queue should either have ContentBasedDeduplication enabled or MessageDeduplicationId provided "
                    "explicitly"
                )
            deduplication_id = content_id(req.message_body)
    else:
        check_range("DelaySeconds", delay, 0, 900, "DelaySeconds must be >= 0 and <= 900.")
        if deduplication_id is not None:
            raise bad_value("MessageDeduplicationId", deduplication_id, FOREIGN_TO_TYPE)
    return Draft(
        body=req.message_body,
        attributes=attributes,
        delay=delay,
        group=group,
        deduplication_id=deduplication_id,
        trace_header=trace_header(req.message_system_attributes),
        size=size,
    )


def _check_names(group: str | None, deduplication_id: str | None) -> None:
    for parameter, value in (("MessageGroupId", group), ("MessageDeduplicationId", deduplication_id)):
        if value is not None and not is_token(value):
            raise bad_value(
                parameter,
                value,
                f"{parameter} can only include alphanumeric and punctuation characters. 1 to 128 in length.",
            )


def content_id(body: str) -> str:
    """The deduplication id that a body gives."""
    import hashlib

    return hashlib.sha256(body.encode()).hexdigest()


def enqueue(tx: Tx, queue: Queue, given: Draft, sender: str) -> Message:
    """Put the message on the queue. A FIFO queue that has seen it gives the one that it took."""
    now = tx.now.timestamp()
    number = tx.store.next_serial()
    message = Message(
        queue=queue.name,
        number=number,
        message_id=tx.ids.uuid(),
        body=given.body,
        md5=md5(given.body),
        sent=now,
        sender=sender,
        attributes=given.attributes,
        group=given.group,
        deduplication_id=given.deduplication_id,
        trace_header=given.trace_header,
    )
    if queue.fifo and given.deduplication_id is not None:
        seen = _seen(tx, queue, given.group or "", given.deduplication_id, now)
        if seen is not None:
            return msgspec.structs.replace(message, message_id=seen.message_id, number=seen.number)
        tx.add(
            Duplicate(
                queue=queue.name,
                scope=(given.group or "") if queue.deduplication_scope == "messageGroup" else "",
                deduplication_id=given.deduplication_id,
                message_id=message.message_id,
                number=number,
                expires=now + REMEMBERED,
            )
        )
    return order.put(tx, queue, message, queue.delay if given.delay is None else given.delay)


def _seen(tx: Tx, queue: Queue, group: str, deduplication_id: str, now: float) -> Duplicate | None:
    for old in tx.select(Duplicate):  # in the order in which they expire
        if old.expires > now:
            break
        tx.delete(old)
    found = tx.find(Duplicate, queue.name, "", deduplication_id)
    if found is None and queue.deduplication_scope == "messageGroup":
        found = tx.find(Duplicate, queue.name, group, deduplication_id)
    return found


def sequence_number(queue: Queue, number: int) -> str | None:
    """The place that a FIFO queue tells of a message: 20 digits."""
    return str(FIRST_SEQUENCE + number * 256) if queue.fifo else None
