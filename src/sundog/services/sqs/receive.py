"""Receiving messages, at once or after a wait."""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from sundog.api import sqs as api
from sundog.core import Tx, op
from sundog.services.sqs import order
from sundog.services.sqs.content import attributes_md5, chosen
from sundog.services.sqs.handle import make_handle
from sundog.services.sqs.place import arn_of, queue_at
from sundog.services.sqs.redrive import dead_letter_queue
from sundog.services.sqs.refusal import FOREIGN_TO_TYPE, bad_request, bad_value, check_range
from sundog.services.sqs.send import REMEMBERED, sequence_number
from sundog.services.sqs.state import IN_FLIGHT, Attempt, Message, Queue

MOST_IN_FLIGHT = 120_000
SYSTEM = {
    "SenderId",
    "SentTimestamp",
    "ApproximateReceiveCount",
    "ApproximateFirstReceiveTimestamp",
    "SequenceNumber",
    "MessageDeduplicationId",
    "MessageGroupId",
    "AWSTraceHeader",
    "DeadLetterQueueSourceArn",
}


@op
def receive_message(tx: Tx, req: api.ReceiveMessageRequest) -> api.ReceiveMessageResult:
    """Take up to ten messages, which nobody else sees for a while."""
    there, queue = queue_at(tx, req.queue_url)
    most = req.max_number_of_messages
    check_range("MaxNumberOfMessages", most, 1, 10, "Must be between 1 and 10, if provided.")
    check_range("WaitTimeSeconds", req.wait_time_seconds, 0, 20)
    check_range("VisibilityTimeout", req.visibility_timeout, 0, 43_200)
    system = _system_names(req)
    names = req.message_attribute_names
    hidden_for = queue.visibility if req.visibility_timeout is None else req.visibility_timeout
    attempt = req.receive_request_attempt_id
    if attempt is not None and not queue.fifo:
        raise bad_value("ReceiveRequestAttemptId", attempt, FOREIGN_TO_TYPE)
    order.settle(there, queue)
    taken = _again(there, queue, attempt) if attempt is not None else []
    if not taken:
        taken = _take(there, queue, most or 1)
    if not taken:
        seconds = queue.wait if req.wait_time_seconds is None else req.wait_time_seconds
        there.wait(Message, seconds=seconds, until=order.next_due(there, queue.name), within=queue.name)
    received = [_receive(there, message, hidden_for) for message in taken]
    if attempt is not None and received:
        _remember(there, queue, attempt, received)
    if hidden_for == 0:
        for message in received:
            order.show(there, queue, message)
    answers = [_view(there, queue, message, system, names) for message in received]
    return api.ReceiveMessageResult(messages=answers or None)


def _system_names(req: api.ReceiveMessageRequest) -> set[str]:
    asked = {*(req.attribute_names or ()), *(req.message_system_attribute_names or ())}
    for name in asked:
        if name not in SYSTEM and name != "All" and name not in _QUEUE_NAMES:
            raise bad_request(f"Unknown Attribute {name}.")
    return SYSTEM if "All" in asked else asked


_QUEUE_NAMES = {
    "Policy",
    "VisibilityTimeout",
    "MaximumMessageSize",
    "MessageRetentionPeriod",
    "QueueArn",
    "DelaySeconds",
}
"""The model lets a receiver ask for attributes of the queue, of which messages have none."""


def _take(tx: Tx, queue: Queue, most: int) -> list[Message]:
    """The next messages. Those that were received too often go where dead letters go."""
    room = MOST_IN_FLIGHT - order.in_flight_count(tx, queue.name)
    if room <= 0:
        if queue.fifo:
            return []
        raise api.OverLimit("The maximum number of in flight messages is reached: 120000.")
    dead_letters = dead_letter_queue(tx, queue)
    found: list[Message] = []
    for message in order.candidates(tx, queue):
        if dead_letters is not None and message.receives >= queue.max_receives:
            _bury(tx, queue, message, dead_letters)
            continue
        found.append(message)
        if len(found) >= min(most, room):
            break
    return found


def _bury(tx: Tx, queue: Queue, message: Message, dead_letters: Queue) -> None:
    """Move a message to the dead-letter queue. It stays as old as it is, but on a FIFO queue it begins anew."""
    order.remove(tx, queue, message)
    moved = replace(
        message,
        queue=dead_letters.name,
        number=tx.store.next_serial(),
        sent=tx.now.timestamp() if queue.fifo else message.sent,
        dead_letter_source=arn_of(tx, queue.name),
        receives=0,
        first_received=0.0,
        serial_=0,
    )
    order.put(tx, dead_letters, moved)


def _receive(tx: Tx, message: Message, seconds: int) -> Message:
    now = tx.now.timestamp()
    return order.hide(
        tx,
        message,
        now + seconds,
        receives=message.receives + 1,
        first_received=message.first_received or now,
        last_received=now,
    )


def _again(tx: Tx, queue: Queue, attempt: str) -> list[Message]:
    """What the same attempt got before, if nothing happened to it since."""
    now = tx.now.timestamp()
    for old in tx.select(Attempt):
        if old.expires > now:
            break
        tx.delete(old)
    known = tx.find(Attempt, queue.name, attempt)
    if known is None:
        return []
    found = [tx.find(Message, queue.name, number) for number in known.receives]
    rows = [row for row in found if row is not None]
    if len(rows) == len(found) and all(
        row.hidden == IN_FLIGHT and row.receives == known.receives[row.number] for row in rows
    ):
        return rows
    return []


def _remember(tx: Tx, queue: Queue, attempt: str, received: list[Message]) -> None:
    known = tx.find(Attempt, queue.name, attempt)
    if known is not None:
        tx.delete(known)
    receives = {message.number: message.receives for message in received}
    expires = tx.now.timestamp() + REMEMBERED
    tx.add(Attempt(queue=queue.name, attempt_id=attempt, receives=receives, expires=expires))


def _view(tx: Tx, queue: Queue, message: Message, system: set[str], names: list[str] | None) -> Any:
    attributes = chosen(message.attributes, names)
    return api.Message(
        message_id=message.message_id,
        receipt_handle=make_handle(tx, message),
        md5_of_body=message.md5,
        body=message.body,
        attributes=_system(queue, message, system) if system else None,
        md5_of_message_attributes=attributes_md5(attributes),
        message_attributes=attributes,
    )


def _system(queue: Queue, message: Message, names: set[str]) -> dict[str, str] | None:
    found = {
        "SenderId": message.sender,
        "SentTimestamp": _milliseconds(message.sent),
        "ApproximateReceiveCount": str(message.receives),
        "ApproximateFirstReceiveTimestamp": _milliseconds(message.first_received),
        "SequenceNumber": sequence_number(queue, message.number),
        "MessageDeduplicationId": message.deduplication_id,
        "MessageGroupId": message.group,
        "AWSTraceHeader": message.trace_header,
        "DeadLetterQueueSourceArn": message.dead_letter_source,
    }
    return {name: value for name, value in found.items() if value is not None and name in names} or None


def _milliseconds(moment: float) -> str:
    return str(int(moment * 1000))
