"""Tags of groups."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sundog.api import autoscaling as api
from sundog.core import Tx, op
from sundog.core.filter import pattern
from sundog.services.autoscaling.state import Group, invalid

MAX_TAGS = 50


def checked_group_tags(name: str, before: Iterable[dict[str, Any]], given: Iterable[Any]) -> tuple[dict[str, Any], ...]:
    """The tags of a group with a request's over them, by key."""
    found = {tag["Key"]: tag for tag in before}
    for tag in given:
        if tag.key.lower().startswith("aws:"):
            raise invalid("Tag keys starting with 'aws:' are reserved for internal use")
        found[tag.key] = {
            "ResourceId": name,
            "ResourceType": "auto-scaling-group",
            "Key": tag.key,
            "Value": tag.value or "",
            "PropagateAtLaunch": bool(tag.propagate_at_launch),
        }
    if len(found) > MAX_TAGS:
        raise invalid("The number of tags exceeds the limit of 50 tags per Auto Scaling group.")
    return tuple(found[key] for key in sorted(found))


def _group(tx: Tx, tag: Any) -> Group:
    if tag.resource_type not in (None, "auto-scaling-group"):
        raise invalid(f"The resource type '{tag.resource_type}' is not supported.")
    if tag.resource_id is None:
        raise invalid("Null or empty resource id.")
    return tx.get(Group, tag.resource_id)


@op
def create_or_update_tags(tx: Tx, req: api.CreateOrUpdateTagsType) -> None:
    """Add tags to groups, or change them. Instances that are there keep theirs."""
    for tag in req.tags:
        row = _group(tx, tag)
        tx.update(row, group_tags=checked_group_tags(row.auto_scaling_group_name, row.group_tags, (tag,)))


@op
def delete_tags(tx: Tx, req: api.DeleteTagsType) -> None:
    """Remove tags from groups by their keys."""
    for tag in req.tags:
        row = _group(tx, tag)
        tx.update(row, group_tags=tuple(each for each in row.group_tags if each["Key"] != tag.key))


_FILTERS = {
    "auto-scaling-group": "ResourceId",
    "key": "Key",
    "value": "Value",
    "propagate-at-launch": "PropagateAtLaunch",
}


@op(page_size=50)
def describe_tags(tx: Tx, req: api.DescribeTagsType) -> api.TagsType:
    """List the tags of all groups."""
    found = [tag for row in tx.select(Group) for tag in row.group_tags]
    for item in req.filters or ():
        member = _FILTERS.get(item.name or "")
        if member is None:
            raise invalid(f"Filter type {item.name} is not correct. Allowed Filter types are: " + " ".join(_FILTERS))
        matches = [pattern(value) for value in item.values or ()]
        found = [
            tag
            for tag in found
            if any(
                match(str(tag[member]).lower() if member == "PropagateAtLaunch" else tag[member]) for match in matches
            )
        ]
    return api.TagsType(tags=found)
