"""Queues."""

from __future__ import annotations

import datetime
import re

from sundog.api import sqs as api
from sundog.core import Tx, op, parse_arn
from sundog.core.tag import to_dict
from sundog.services.sqs.attribute import changes_of, shown, unknown_attribute
from sundog.services.sqs.order import clear, settle
from sundog.services.sqs.place import arn_of, queue_at, queue_by_arn, url_of
from sundog.services.sqs.refusal import bad_request, check_range
from sundog.services.sqs.state import Attempt, DeletedQueue, Duplicate, MoveTask, Queue, no_queue
from sundog.services.sqs.tag import checked

_NAME = re.compile(r"[A-Za-z0-9_-]{1,80}\Z")
REST = datetime.timedelta(seconds=60)
"""For so long the name of a deleted queue can't be taken, nor a queue be purged again."""


@op
def create_queue(tx: Tx, req: api.CreateQueueRequest) -> api.CreateQueueResult:
    """Make a queue, or find the one of that name if it has the given attributes."""
    given = dict(req.attributes or {})
    name = req.queue_name
    fifo = _is_fifo(given, name)
    existing = tx.find(Queue, name)
    queue = Queue(name=name, fifo=fifo, created=tx.now, modified=tx.now)
    given.pop("FifoQueue", None)
    changes = changes_of(tx, queue if existing is None else existing, given)
    if existing is not None:
        for attribute in given:
            wanted = changes_of(tx, existing, {attribute: given[attribute]})
            if any(getattr(existing, field) != value for field, value in wanted.items()):
                raise api.QueueNameExists(
                    f"A queue already exists with the same name and a different value for attribute {attribute}"
                )
        return api.CreateQueueResult(queue_url=url_of(tx, name))
    grave = tx.find(DeletedQueue, name)
    if grave is not None:
        if grave.until > tx.now:
            raise api.QueueDeletedRecently(
                "You must wait 60 seconds after deleting a queue before you can create another with the same name."
            )
        tx.delete(grave)
    tags = checked(to_dict(req.tags))
    tx.update(tx.add(queue, tags=tags), **changes)
    return api.CreateQueueResult(queue_url=url_of(tx, name))


def _is_fifo(given: dict[str, str], name: str) -> bool:
    """Whether a FIFO queue is asked for; the name must fit."""
    flag = given.get("FifoQueue")
    if flag is None or flag != "true":
        if flag is not None:
            raise unknown_attribute("FifoQueue")
        if _NAME.match(name) is None:
            raise bad_request("Can only include alphanumeric characters, hyphens, or underscores. 1 to 80 in length")
        return False
    if not name.endswith(".fifo") or len(name) > 80 or _NAME.match(name[:-5]) is None:
        raise bad_request(
            "The name of a FIFO queue can only include alphanumeric characters, hyphens, or underscores, must end with "
            ".fifo suffix and be 1 to 80 in length."
        )
    return True


@op
def delete_queue(tx: Tx, req: api.DeleteQueueRequest) -> None:
    """Delete a queue and whatever is on it."""
    there, queue = queue_at(tx, req.queue_url)
    clear(there, queue.name)
    for kind in (Duplicate, Attempt):
        for row in list(there.select(kind, queue=queue.name)):
            there.delete(row)
    for task in list(there.select(MoveTask, source=queue.name)):
        there.delete(task)
    there.delete(queue)
    for old in there.select(DeletedQueue):
        if old.until > tx.now:
            break
        there.delete(old)
    there.add(DeletedQueue(name=queue.name, until=tx.now + REST))


@op
def purge_queue(tx: Tx, req: api.PurgeQueueRequest) -> None:
    """Drop every message."""
    there, queue = queue_at(tx, req.queue_url)
    if queue.purged is not None and tx.now < queue.purged + REST:
        raise api.PurgeQueueInProgress(f"Only one PurgeQueue operation on {queue.name} is allowed every 60 seconds.")
    clear(there, queue.name)
    there.update(queue, purged=tx.now)


@op
def get_queue_url(tx: Tx, req: api.GetQueueUrlRequest) -> api.GetQueueUrlResult:
    there = tx.in_(account=req.queue_owner_aws_account_id)
    queue = there.get(Queue, req.queue_name)
    return api.GetQueueUrlResult(queue_url=url_of(there, queue.name))


@op(page_size=1000)
def list_queues(tx: Tx, req: api.ListQueuesRequest) -> api.ListQueuesResult:
    """Queues by name."""
    check_range("MaxResults", req.max_results, 1, 1000)
    prefix = req.queue_name_prefix or ""
    rows = tx.select(Queue).where(lambda queue: queue.name.startswith(prefix)).map(lambda queue: url_of(tx, queue.name))
    return api.ListQueuesResult(queue_urls=rows if rows else None)


@op(page_size=1000)
def list_dead_letter_source_queues(
    tx: Tx, req: api.ListDeadLetterSourceQueuesRequest
) -> api.ListDeadLetterSourceQueuesResult:
    """The queues whose dead letters go to this one."""
    there, queue = queue_at(tx, req.queue_url)
    check_range("MaxResults", req.max_results, 1, 1000)
    rows = there.select(Queue, dead_letter_arn=arn_of(there, queue.name))
    return api.ListDeadLetterSourceQueuesResult(queue_urls=rows.map(lambda source: url_of(there, source.name)))


@op
def get_queue_attributes(tx: Tx, req: api.GetQueueAttributesRequest) -> api.GetQueueAttributesResult:
    there, queue = queue_at(tx, req.queue_url)
    settle(there, queue)
    return api.GetQueueAttributesResult(attributes=shown(there, queue, req.attribute_names or ()) or None)


@op
def set_queue_attributes(tx: Tx, req: api.SetQueueAttributesRequest) -> None:
    there, queue = queue_at(tx, req.queue_url)
    there.update(queue, **changes_of(there, queue, dict(req.attributes or {})), modified=tx.now)


def find_by_arn(tx: Tx, arn: str, parameter: str) -> tuple[Tx, Queue]:
    """The queue of an ARN that a parameter names."""
    found = queue_by_arn(tx, parse_arn(arn))
    if found is None:
        raise api.ResourceNotFoundException(
            f"The resource that you specified for the {parameter} parameter doesn't exist."
        )
    return found


__all__ = ["find_by_arn", "no_queue"]
