"""The orders in which a queue's messages lie. Nothing here looks at more messages than it moves."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import Any

from msgspec.structs import replace

from sundog.core import Tx
from sundog.core.table import TOP
from sundog.services.sqs.state import DELAYED, IN_FLIGHT, Hidden, Message, Place, Queue


def put(tx: Tx, queue: Queue, message: Message, delay: float = 0) -> Message:
    """Add a message behind all others, not to be seen for ``delay`` seconds."""
    name, number = queue.name, message.number
    if queue.fifo:
        tx.add(Place(queue=name, group=message.group or "", number=number))
    if delay > 0:
        due = tx.now.timestamp() + delay
        tx.add(Hidden(queue=name, reason=DELAYED, due=due, number=number))
        return tx.add(_with(message, hidden=DELAYED, due=due))
    first = not queue.fifo or _head(tx, name, message.group or "") == number
    return tx.add(_with(message, ready=name if first else None))


def _with(message: Message, hidden: str | None = None, due: float = 0.0, ready: str | None = None) -> Message:
    return replace(message, hidden=hidden, due=due, ready=ready)


def hide(tx: Tx, message: Message, due: float, **changes: Any) -> Message:
    """Take a message out of sight until ``due``; other changes of it go along."""
    _forget_hidden(tx, message)
    tx.add(Hidden(queue=message.queue, reason=IN_FLIGHT, due=due, number=message.number))
    return tx.update(message, hidden=IN_FLIGHT, due=due, ready=None, **changes)


def show(tx: Tx, queue: Queue, message: Message) -> Message:
    """Let a message be seen."""
    _forget_hidden(tx, message)
    first = not queue.fifo or _head(tx, queue.name, message.group or "") == message.number
    return tx.update(message, hidden=None, due=0.0, ready=queue.name if first else None)


def remove(tx: Tx, queue: Queue, message: Message) -> None:
    """Take a message off the queue; on a FIFO queue the next of its group takes its place."""
    _forget_hidden(tx, message)
    tx.delete(message)
    if queue.fifo:
        name, group = queue.name, message.group or ""
        tx.delete(Place(queue=name, group=group, number=message.number))
        head = _head(tx, name, group)
        if head is not None:
            following = tx.get(Message, name, head)
            if following.hidden is None and following.ready is None:
                tx.update(following, ready=name)


def settle(tx: Tx, queue: Queue) -> None:
    """Bring the queue up to the clock: messages whose time has come are seen, those that are too old are gone."""
    name, now = queue.name, tx.now.timestamp()
    oldest = now - queue.retention
    while True:
        first = next(tx.range(Message, (name,), (name, TOP)), None)
        if first is None or first.sent > oldest:
            break
        remove(tx, queue, first)
    for reason in (DELAYED, IN_FLIGHT):
        for row in list(tx.range(Hidden, (name, reason), (name, reason, now, TOP))):
            show(tx, queue, tx.get(Message, name, row.number))


def candidates(tx: Tx, queue: Queue) -> Iterator[Message]:
    """The messages that may be received now, in order. On a FIFO queue: each group up to its first hidden message."""
    for first in tx.select(Message, ready=queue.name):
        yield first
        if queue.fifo:
            group = first.group or ""
            for place in tx.range(Place, (queue.name, group, first.number + 1), (queue.name, group, TOP)):
                message = tx.get(Message, queue.name, place.number)
                if message.hidden is not None:
                    break
                yield message


def all_of(tx: Tx, queue: str, limit: int | None = None) -> list[Message]:
    """A queue's messages in the order in which they came."""
    return list(islice(tx.range(Message, (queue,), (queue, TOP)), limit))


def clear(tx: Tx, queue: str) -> int:
    """Drop every message of a queue; gives how many there were."""
    rows = all_of(tx, queue)
    for row in rows:
        tx.delete(row)
    for kind in (Hidden, Place):
        for row in list(tx.range(kind, (queue,), (queue, TOP))):
            tx.delete(row)
    return len(rows)


def next_due(tx: Tx, queue: str) -> float | None:
    """When the next hidden message comes to sight."""
    found = [next(tx.range(Hidden, (queue, reason), (queue, reason, TOP)), None) for reason in (DELAYED, IN_FLIGHT)]
    return min((row.due for row in found if row is not None), default=None)


def counts(tx: Tx, queue: str) -> tuple[int, int, int]:
    """How many messages are visible, in flight, and delayed."""
    delayed = tx.count(Hidden, (queue, DELAYED), (queue, DELAYED, TOP))
    in_flight = tx.count(Hidden, (queue, IN_FLIGHT), (queue, IN_FLIGHT, TOP))
    return tx.count(Message, (queue,), (queue, TOP)) - delayed - in_flight, in_flight, delayed


def in_flight_count(tx: Tx, queue: str) -> int:
    return tx.count(Hidden, (queue, IN_FLIGHT), (queue, IN_FLIGHT, TOP))


def _forget_hidden(tx: Tx, message: Message) -> None:
    if message.hidden is not None:
        tx.delete(Hidden(queue=message.queue, reason=message.hidden, due=message.due, number=message.number))


def _head(tx: Tx, queue: str, group: str) -> int | None:
    """The number of a group's first message."""
    first = next(tx.range(Place, (queue, group), (queue, group, TOP)), None)
    return None if first is None else first.number
