"""Moves of messages out of a dead-letter queue."""

from __future__ import annotations

import base64
import binascii
import datetime
from typing import Any

import msgspec
from msgspec.structs import replace

from sundog.api import sqs as api
from sundog.core import Tx, op, parse_arn
from sundog.services.sqs import order
from sundog.services.sqs.place import arn_of, queue_by_arn
from sundog.services.sqs.queue import find_by_arn
from sundog.services.sqs.refusal import bad_request, check_range
from sundog.services.sqs.state import Message, MoveTask, Queue

FASTEST = 500
MOST_LISTED = 10
AT_ONCE = 1000
"""Messages that a move without a limit takes in one step."""


@op
def start_message_move_task(tx: Tx, req: api.StartMessageMoveTaskRequest) -> api.StartMessageMoveTaskResult:
    """Begin to move a dead-letter queue's messages to where they came from, or to another queue."""
    there, source = find_by_arn(tx, req.source_arn, "SourceArn")
    rate = req.max_number_of_messages_per_second
    check_range("MaxNumberOfMessagesPerSecond", rate, 1, FASTEST)
    if req.destination_arn is not None:
        if req.destination_arn == req.source_arn:
            raise bad_request("Source queue arn and destination queue arn cannot be the same.")
        _, destination = find_by_arn(tx, req.destination_arn, "DestinationArn")
        if destination.fifo != source.fifo:
            raise bad_request("Source queue and destination queue must be of the same type.")
    if there.select(Queue, dead_letter_arn=arn_of(there, source.name)).first() is None:
        raise bad_request("Source queue must be configured as a Dead Letter Queue.")
    if there.select(MoveTask, source=source.name).where(lambda row: row.status == "RUNNING"):
        raise bad_request(
            "There is already a task running. Only one active task is allowed for a source queue arn at a given time."
        )
    order.settle(there, source)
    visible, in_flight, delayed = order.counts(there, source.name)
    task = there.add(
        MoveTask(
            task_id=tx.ids.uuid(),
            source=source.name,
            source_arn=req.source_arn,
            destination_arn=req.destination_arn,
            rate=rate,
            started=tx.now.timestamp(),
            to_move=visible + in_flight + delayed,
        )
    )
    if rate is None:
        there.after_commit(step, task.task_id)
    else:
        there.at(tx.now + datetime.timedelta(seconds=1), step, task.task_id)
    return api.StartMessageMoveTaskResult(task_handle=_handle(task))


def step(tx: Tx, task_id: str) -> None:
    """Move the next messages; a second later the next ones, until none is left."""
    task = tx.find(MoveTask, task_id)
    if task is None or task.status != "RUNNING":
        return
    source = tx.find(Queue, task.source)
    if source is None:
        return
    order.settle(tx, source)
    most = task.rate or AT_ONCE
    moved = 0
    for message in list(_movable(tx, source, most)):
        destination = _destination(tx, task, message)
        if destination is None:
            tx.update(task, status="FAILED", moved=task.moved + moved, failure="CouldNotDetermineMessageSource")
            return
        _move(tx, source, message, *destination)
        moved += 1
    done = moved < most or order.counts(tx, source.name)[0] == 0
    tx.update(task, moved=task.moved + moved, status="COMPLETED" if done else "RUNNING")
    if not done:
        if task.rate is None:
            tx.after_commit(step, task_id)
        else:
            tx.at(tx.now + datetime.timedelta(seconds=1), step, task_id)


def _movable(tx: Tx, source: Queue, most: int) -> list[Message]:
    found: list[Message] = []
    for message in order.candidates(tx, source):
        found.append(message)
        if len(found) == most:
            break
    return found


def _destination(tx: Tx, task: MoveTask, message: Message) -> tuple[Tx, Queue] | None:
    arn = task.destination_arn or message.dead_letter_source
    return None if arn is None else queue_by_arn(tx, parse_arn(arn))


def _move(tx: Tx, source: Queue, message: Message, there: Tx, destination: Queue) -> None:
    """A message that was moved counts as new."""
    order.remove(tx, source, message)
    fresh = replace(
        message,
        queue=destination.name,
        number=tx.store.next_serial(),
        message_id=tx.ids.uuid(),
        sent=tx.now.timestamp(),
        receives=0,
        first_received=0.0,
        dead_letter_source=None,
        serial_=0,
    )
    order.put(there, destination, fresh)


@op
def cancel_message_move_task(tx: Tx, req: api.CancelMessageMoveTaskRequest) -> api.CancelMessageMoveTaskResult:
    """Stop a move; what was moved stays moved."""
    try:
        handle: Any = msgspec.json.decode(base64.b64decode(req.task_handle, validate=True))
        task_id, source_arn = handle["taskId"], handle["sourceArn"]
    except (binascii.Error, ValueError, msgspec.DecodeError, KeyError, TypeError):
        raise bad_request("Value for parameter TaskHandle is invalid.") from None
    there, _ = find_by_arn(tx, source_arn, "SourceArn")
    task = there.find(MoveTask, task_id)
    if task is None:
        raise api.ResourceNotFoundException("Task does not exist.")
    if task.status != "RUNNING":
        raise bad_request("Only active tasks can be cancelled.")
    there.update(task, status="CANCELLED")
    return api.CancelMessageMoveTaskResult(approximate_number_of_messages_moved=task.moved)


@op
def list_message_move_tasks(tx: Tx, req: api.ListMessageMoveTasksRequest) -> api.ListMessageMoveTasksResult:
    """A queue's last moves, the latest first."""
    there, source = find_by_arn(tx, req.source_arn, "SourceArn")
    most = 1 if req.max_results is None else req.max_results
    check_range("MaxResults", most, 1, MOST_LISTED)
    rows = list(there.select(MoveTask, source=source.name))[::-1][:most]
    return api.ListMessageMoveTasksResult(results=[_view(row) for row in rows] or None)


def _handle(task: MoveTask) -> str:
    return base64.b64encode(msgspec.json.encode({"taskId": task.task_id, "sourceArn": task.source_arn})).decode()


def _view(task: MoveTask) -> Any:
    return api.ListMessageMoveTasksResultEntry(
        task_handle=_handle(task) if task.status == "RUNNING" else None,
        status=task.status,
        source_arn=task.source_arn,
        destination_arn=task.destination_arn,
        max_number_of_messages_per_second=task.rate,
        approximate_number_of_messages_moved=task.moved,
        approximate_number_of_messages_to_move=task.to_move,
        failure_reason=task.failure,
        started_timestamp=int(task.started * 1000),
    )
