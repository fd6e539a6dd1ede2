"""What SQS keeps: queues, and messages in the orders in which they are asked for."""

from __future__ import annotations

import datetime
from typing import Any

from sundog.api import sqs as api
from sundog.core import NO_TAGS, Index, Key, Record, Tags, record

NO_QUEUE = "The specified queue does not exist."
DELAYED, IN_FLIGHT = "delayed", "flight"


def no_queue(*_: Any) -> Exception:
    return api.QueueDoesNotExist(NO_QUEUE)


@record(missing=no_queue)
class Queue(Record):
    """One queue and its attributes."""

    name: Key[str]
    fifo: bool = False
    created: datetime.datetime
    modified: datetime.datetime
    delay: int = 0
    max_size: int = 1_048_576
    retention: int = 345_600
    wait: int = 0
    visibility: int = 30
    policy: str | None = None
    redrive: str | None = None
    dead_letter_arn: Index[str | None] = None
    max_receives: int = 0
    redrive_allow: str | None = None
    content_deduplication: bool = False
    deduplication_scope: str = "queue"
    throughput_limit: str = "perQueue"
    kms_key: str | None = None
    kms_reuse: int | None = None
    managed_sse: bool = True
    purged: datetime.datetime | None = None
    tags: Tags = NO_TAGS


@record(order="added")
class DeletedQueue(Record):
    """The name of a queue that was deleted: it can't be taken again at once."""

    name: Key[str]
    until: datetime.datetime


@record()
class Message(Record):
    """One message on a queue. Times are seconds since the epoch.

    ``ready`` is the queue's name while the message may be received next: every visible one of a standard queue, of a
    FIFO queue each group's first if it is visible. ``hidden`` says why it isn't visible, and ``due`` until when.
    """

    queue: Key[str]
    number: Key[int]
    message_id: str
    body: str
    md5: str
    sent: float
    sender: str
    attributes: dict[str, Any] | None = None
    group: str | None = None
    deduplication_id: str | None = None
    trace_header: str | None = None
    dead_letter_source: str | None = None
    receives: int = 0
    first_received: float = 0.0
    last_received: float = 0.0
    hidden: str | None = None
    due: float = 0.0
    ready: Index[str | None] = None


@record()
class Hidden(Record):
    """A message that can't be seen until ``due``: those of a queue in the order in which they come to sight."""

    queue: Key[str]
    reason: Key[str]
    due: Key[float]
    number: Key[int]


@record()
class Place(Record):
    """A message's place in its group on a FIFO queue."""

    queue: Key[str]
    group: Key[str]
    number: Key[int]


@record(order="added")
class Duplicate(Record):
    """A deduplication id that a FIFO queue has seen; ``scope`` is the message group, or empty for the whole queue."""

    queue: Key[str]
    scope: Key[str]
    deduplication_id: Key[str]
    message_id: str
    number: int
    expires: float


@record(order="added")
class Attempt(Record):
    """What an attempt to receive from a FIFO queue got: the same attempt gets it again."""

    queue: Key[str]
    attempt_id: Key[str]
    receives: dict[int, int]
    expires: float


@record(order="added")
class MoveTask(Record):
    """One move of messages out of a dead-letter queue."""

    task_id: Key[str]
    source: Index[str]
    source_arn: str
    destination_arn: str | None = None
    rate: int | None = None
    started: float
    status: str = "RUNNING"
    moved: int = 0
    to_move: int = 0
    failure: str | None = None
