"""Tags: one form in the store (a dict that nobody changes), whatever the service's models make of it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sundog.core.structure import Structure
from sundog.wire.errors import AwsError

Tags = dict[str, str]
NO_TAGS: Tags = {}
MAX_TAGS = 50


def to_dict(tags: Any) -> Tags:
    """Tags in any of the models' forms (a map, a list of key and value structures) as a dict; the last of a key wins."""
    if not tags:
        return NO_TAGS
    if isinstance(tags, dict):
        return dict(tags)
    return dict(pairs(tags))


def pairs(tags: Iterable[Any]) -> Iterable[tuple[str, str]]:
    """Keys and values of a list of tag structures; a missing value is empty."""
    for tag in tags:
        if isinstance(tag, Structure):
            wire = tag.wire_
            key = tag.key if "key" in wire else tag.tag_key
            value = tag.value if "value" in wire else tag.tag_value
        else:
            key = tag.get("Key", tag.get("key", tag.get("TagKey")))
            value = tag.get("Value", tag.get("value", tag.get("TagValue")))
        yield key, value if value is not None else ""


def ec2_checked(tags: Iterable[Any], own: bool = False) -> Tags:
    """A request's tags by EC2's rules: keys once, not empty, within the lengths, none of AWS's own.

    ``own``: the request is a service's, which may give AWS's own tags.
    """
    found: Tags = {}
    for key, value in pairs(tags):
        if key is None or key == "":
            raise AwsError(
                "InvalidParameterValue", "Tag key cannot be empty" if key == "" else "Tag key cannot be null"
            )
        if key in found:
            raise AwsError("InvalidParameterValue", f"Duplicate tag key '{key}' specified.")
        if not own and key.lower().startswith("aws:"):
            raise AwsError("InvalidParameterValue", "Tag keys starting with 'aws:' are reserved for internal use")
        if len(key) > 127:
            raise AwsError("InvalidParameterValue", f"Tag key exceeds the maximum length of 127 characters: '{key}'")
        if len(value) > 255:
            raise AwsError(
                "InvalidParameterValue", f"Tag value exceeds the maximum length of 255 characters: '{value}'"
            )
        found[key] = value
    return within_limit(found)


def within_limit(tags: Tags) -> Tags:
    """The tags, refused if a resource can't bear so many."""
    if len(tags) > MAX_TAGS and sum(1 for key in tags if not key.startswith("aws:")) > MAX_TAGS:
        raise AwsError("TagLimitExceeded", "The maximum number of Tags for a resource has been reached.")
    return tags
