"""Tags of topics."""

from __future__ import annotations

from sundog.api import sns as api
from sundog.core import AwsError, Tags, Tx, op
from sundog.core.tag import to_dict
from sundog.services.sns.refusal import arn_in
from sundog.services.sns.state import Topic

MOST_TAGS = 50


def checked_tags(tags: Tags) -> Tags:
    """The tags, refused if a topic can't have them."""
    if len(tags) > MOST_TAGS:
        raise api.TagLimitExceededException("Could not complete request: tag quota of per resource exceeded")
    for key in tags:
        if key.lower().startswith("aws:"):
            raise AwsError("InvalidParameter", f"Invalid parameter: Tag keys must not start with aws: {key}")
    return tags


def _topic(tx: Tx, text: str) -> tuple[Tx, Topic]:
    arn = arn_in("ResourceArn", text)
    there = tx.in_(account=arn.account)
    topic = there.find(Topic, arn.resource)
    if topic is None or arn.region != tx.region:
        raise api.ResourceNotFoundException("Resource does not exist")
    return there, topic


@op
def tag_resource(tx: Tx, req: api.TagResourceRequest) -> api.TagResourceResponse:
    there, topic = _topic(tx, req.resource_arn)
    there.update(topic, tags=checked_tags({**topic.tags, **to_dict(req.tags)}))
    return api.TagResourceResponse()


@op
def untag_resource(tx: Tx, req: api.UntagResourceRequest) -> api.UntagResourceResponse:
    there, topic = _topic(tx, req.resource_arn)
    gone = set(req.tag_keys)
    there.update(topic, tags={key: value for key, value in topic.tags.items() if key not in gone})
    return api.UntagResourceResponse()


@op
def list_tags_for_resource(tx: Tx, req: api.ListTagsForResourceRequest) -> api.ListTagsForResourceResponse:
    _, topic = _topic(tx, req.resource_arn)
    return api.ListTagsForResourceResponse(tags=topic.tags)
