"""Tags of queues."""

from __future__ import annotations

from sundog.api import sqs as api
from sundog.core import Tags, Tx, op
from sundog.services.sqs.place import queue_at
from sundog.services.sqs.refusal import bad_request

MOST_TAGS = 50


def checked(tags: Tags) -> Tags:
    """The tags, refused if a queue can't have them."""
    for key in tags:
        if key.lower().startswith("aws:"):
            raise bad_request(f"Tag keys starting with 'aws:' are reserved for internal use: {key}")
        if not 1 <= len(key) <= 128 or len(tags[key]) > 256:
            raise bad_request("Tag keys must be between 1 and 128 characters in length, tag values at most 256.")
    if len(tags) > MOST_TAGS:
        raise bad_request(f"Too many tags added for queue. Maximum {MOST_TAGS} tags allowed.")
    return tags


@op
def tag_queue(tx: Tx, req: api.TagQueueRequest) -> None:
    there, queue = queue_at(tx, req.queue_url)
    there.update(queue, tags=checked({**queue.tags, **(req.tags or {})}))


@op
def untag_queue(tx: Tx, req: api.UntagQueueRequest) -> None:
    there, queue = queue_at(tx, req.queue_url)
    gone = set(req.tag_keys or ())
    there.update(queue, tags={key: value for key, value in queue.tags.items() if key not in gone})


@op
def list_queue_tags(tx: Tx, req: api.ListQueueTagsRequest) -> api.ListQueueTagsResult:
    _, queue = queue_at(tx, req.queue_url)
    return api.ListQueueTagsResult(tags=queue.tags or None)
