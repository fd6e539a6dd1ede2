"""What the nouns share: ARNs, attributes, tags of requests."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sundog.api import elbv2 as api
from sundog.core import AwsError, Tags, Tx
from sundog.core.tag import pairs

MAX_TAGS = 50


def arn(tx: Tx, resource: str) -> str:
    return tx.arn(resource, service="elasticloadbalancing")


def new_part(tx: Tx) -> str:
    """The part of an ARN that tells resources of one name apart."""
    return tx.ids.hex(16)


def invalid(message: str) -> AwsError:
    return AwsError("ValidationError", message)


def checked_arn(value: str, *kinds: str) -> str:
    """The ARN, refused if it isn't one of this service and of the kinds."""
    parts = value.split(":", 5)
    if len(parts) != 6 or parts[2] != "elasticloadbalancing" or parts[5].partition("/")[0] not in kinds:
        noun = {"loadbalancer": "load balancer", "targetgroup": "target group", "listener-rule": "listener rule"}
        raise invalid(f"'{value}' is not a valid {noun.get(kinds[0], kinds[0])} ARN")
    return value


def checked_name(value: str, noun: str) -> str:
    """A name of a load balancer or target group."""
    if len(value) > 32:
        raise invalid(f"{noun} name '{value}' cannot be longer than '32' characters")
    if not value or not all((char.isascii() and char.isalnum()) or char == "-" for char in value):
        raise invalid(
            f"{noun} name '{value}' can only contain characters that are alphanumeric characters or hyphens(-)"
        )
    if value.startswith("-") or value.endswith("-"):
        raise invalid(f"{noun} name '{value}' cannot begin or end with '-'")
    return value


def checked_tags(tags: Iterable[Any] | None, before: Tags | None = None) -> Tags:
    """A request's tags over those that were there."""
    given: Tags = {}
    for key, value in pairs(tags or ()):
        if key in given:
            raise api.DuplicateTagKeysException(f"Tag keys '[{key}]' are duplicated")
        if key.lower().startswith("aws:"):
            raise invalid("Tag keys starting with 'aws:' are reserved for internal use")
        given[key] = value
    found = {**(before or {}), **given}
    if len(found) > MAX_TAGS:
        raise api.TooManyTagsException("The maximum number of tags for a resource has been reached.")
    return found


def shown_attributes(attributes: dict[str, str]) -> list[dict[str, str]]:
    return [{"Key": key, "Value": value} for key, value in attributes.items()]


def changed_attributes(
    noun: str, attributes: dict[str, str], given: Iterable[Any], known: Iterable[str]
) -> dict[str, str]:
    """The attributes with a request's over them; a key that the resource hasn't is refused."""
    found = dict(attributes)
    names = set(known) | set(attributes)
    for item in given:
        if item.key not in names:
            raise invalid(f"{noun} attribute key '{item.key}' is not recognized")
        value = item.value if item.value is not None else ""
        if item.key.endswith(".enabled") and item.key not in _NOT_SWITCHES and value not in ("true", "false"):
            raise invalid(f"The value of '{item.key}' must be 'true' or 'false'")
        if item.key.endswith("_seconds") and (not value.isdecimal()):
            raise invalid(f"{noun} attribute key '{item.key}' must be an integer")
        limits = _LIMITS.get(item.key)
        if limits is not None and not limits[0] <= int(value) <= limits[1]:
            raise invalid(f"'{item.key}' must be between {limits[0]} and {limits[1]} seconds inclusive")
        found[item.key] = value
    return found


_NOT_SWITCHES = {"load_balancing.cross_zone.enabled"}
_LIMITS = {
    "idle_timeout.timeout_seconds": (1, 4000),
    "deregistration_delay.timeout_seconds": (0, 3600),
    "stickiness.lb_cookie.duration_seconds": (1, 604800),
    "stickiness.app_cookie.duration_seconds": (1, 604800),
    "client_keep_alive.seconds": (60, 604800),
}
