"""Topics."""

from __future__ import annotations

import re

from sundog.api import sns as api
from sundog.core import Tx, op
from sundog.core.table import TOP
from sundog.core.tag import to_dict
from sundog.services.sns.refusal import arn_in, invalid, topic_in
from sundog.services.sns.state import Archived, Duplicate, Subscription, Topic
from sundog.services.sns.tag import checked_tags
from sundog.services.sns.topic_attribute import checked, shown

_NAME = re.compile(r"[A-Za-z0-9_-]{1,256}\Z")
PAGE = 100


@op
def create_topic(tx: Tx, req: api.CreateTopicInput) -> api.CreateTopicResponse:
    """Make a topic, or find the one of that name if it has the given attributes and tags."""
    name, given = req.name, dict(req.attributes or {})
    fifo = str(given.pop("FifoTopic", "false")).lower() == "true"
    if len(name) > 256 or _NAME.match(name.removesuffix(".fifo") if fifo else name) is None:
        raise invalid("Topic Name")
    if fifo and not name.endswith(".fifo"):
        raise invalid("Topic Name")
    tags = checked_tags(to_dict(req.tags))
    existing = tx.find(Topic, name)
    topic = existing or Topic(name=name, arn=tx.arn(name, service="sns"), fifo=fifo)
    attributes = {key: checked(topic, key, value, "Attributes") for key, value in given.items()}
    if existing is not None:
        if any(existing.attributes.get(key, "") != value for key, value in attributes.items()):
            raise invalid("Attributes", "Topic already exists with different attributes")
        if req.tags is not None and tags != existing.tags:
            raise invalid("Tags", "Topic already exists with different tags")
        return api.CreateTopicResponse(topic_arn=existing.arn)
    kept = {key: value for key, value in attributes.items() if value}
    made = tx.add(topic, tags=tags)
    tx.update(
        made,
        attributes=kept,
        data_protection=req.data_protection_policy or None,
        archived_since=tx.now if "ArchivePolicy" in kept else None,
    )
    return api.CreateTopicResponse(topic_arn=made.arn)


@op
def delete_topic(tx: Tx, req: api.DeleteTopicInput) -> None:
    """Delete a topic; its subscriptions stay behind, as at AWS, for a while that nobody waits for. None is no error."""
    arn = arn_in("TopicArn", req.topic_arn)
    there = tx.in_(account=arn.account)
    topic = there.find(Topic, arn.resource)
    if topic is None:
        return
    if "ArchivePolicy" in topic.attributes:
        raise api.InvalidStateException("Topic has an archive policy: remove it before the topic is deleted")
    for row in list(there.select(Subscription, topic=topic.name)):
        there.delete(row)
    for seen in list(there.select(Duplicate, topic=topic.name)):
        there.delete(seen)
    for kept in list(there.range(Archived, (topic.name,), (topic.name, TOP))):
        there.delete(kept)
    there.delete(topic)


@op(page_size=PAGE)
def list_topics(tx: Tx, _: api.ListTopicsInput) -> api.ListTopicsResponse:
    return api.ListTopicsResponse(topics=tx.select(Topic).map(lambda topic: api.Topic(topic_arn=topic.arn)))


@op
def get_topic_attributes(tx: Tx, req: api.GetTopicAttributesInput) -> api.GetTopicAttributesResponse:
    there, topic = topic_in(tx, req.topic_arn)
    return api.GetTopicAttributesResponse(attributes=shown(there, topic))


@op
def set_topic_attributes(tx: Tx, req: api.SetTopicAttributesInput) -> None:
    there, topic = topic_in(tx, req.topic_arn)
    name = req.attribute_name
    value = checked(topic, name, req.attribute_value or "")
    kept = {key: old for key, old in topic.attributes.items() if key != name}
    if value:
        kept[name] = value
    since = topic.archived_since
    if name == "ArchivePolicy":
        since = (since or tx.now) if value else None
        if not value:
            for row in list(there.range(Archived, (topic.name,), (topic.name, TOP))):
                there.delete(row)
    there.update(topic, attributes=kept, archived_since=since)


@op
def put_data_protection_policy(tx: Tx, req: api.PutDataProtectionPolicyInput) -> None:
    """Keep a policy that says which data may pass through a topic."""
    there, topic = topic_in(tx, req.resource_arn, "ResourceArn")
    from sundog.services.sns.data_protection import checked_policy

    there.update(topic, data_protection=checked_policy(req.data_protection_policy, topic))


@op
def get_data_protection_policy(tx: Tx, req: api.GetDataProtectionPolicyInput) -> api.GetDataProtectionPolicyResponse:
    _, topic = topic_in(tx, req.resource_arn, "ResourceArn")
    return api.GetDataProtectionPolicyResponse(data_protection_policy=topic.data_protection or "")
