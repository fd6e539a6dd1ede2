"""What IAM's operations share: paths, names, limits, documents, tags and lists."""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterable
from typing import Any, TypeVar
from urllib.parse import quote

from sundog.api import iam as api
from sundog.core import AwsError, Record, Rows, Tags, Tx, parse_arn

PAGE = 100
PATH = re.compile(r"(\u002F)|(\u002F[\u0021-\u007E]+\u002F)")
NAME = re.compile(r"[\w+=,.@-]+", re.ASCII)
TAG_KEY = re.compile(r"[\w\s.:/=+\-@]+")
MAX_TAGS = 50

R = TypeVar("R", bound=Record)


def invalid(message: str) -> AwsError:
    return AwsError("ValidationError", message)


def pattern_error(value: str | None, member: str, pattern: str) -> AwsError:
    shown = "" if value is None else f" '{value}'"
    return invalid(
        f"1 validation error detected: Value{shown} at '{member}' failed to satisfy constraint: "
        f"Member must satisfy regular expression pattern: {pattern}"
    )


def checked_path(path: str | None, member: str = "path") -> str:
    """A path: ``/``, or something between two of them."""
    if path is None:
        return "/"
    if not PATH.fullmatch(path):
        raise invalid(
            f"The specified value for {member} is invalid. It must begin and end with / and contain only alphanumeric "
            "characters and/or / characters."
        )
    return path


def checked_name(name: str, member: str) -> str:
    """The name of a new entity, held against the model's pattern whether or not patterns are enforced."""
    if not NAME.fullmatch(name):
        raise invalid(
            f"The specified value for {member} is invalid. It must contain only alphanumeric characters and/or the "
            "following: +=,.@_-"
        )
    return name


def exists(kind: str, name: str) -> AwsError:
    return api.EntityAlreadyExistsException(f"{kind} with name {name} already exists.")


def over(what: str, limit: int) -> AwsError:
    return api.LimitExceededException(f"Cannot exceed quota for {what}: {limit}")


def now(tx: Tx) -> datetime.datetime:
    """The time in whole seconds, which is all that IAM tells."""
    return tx.now.replace(microsecond=0)


def arn_of(tx: Tx, resource: str) -> str:
    return f"arn:{tx.partition}:iam::{tx.account}:{resource}"


def encoded(document: str) -> str:
    """A document as answers hold it: percent-encoded."""
    return quote(document, safe="-_.~")


def checked_document(document: str, kind: Any = "identity") -> str:
    """A policy document that IAM can read."""
    from sundog.core.policy import validate_policy

    problems = validate_policy(document, kind)
    if problems:
        raise api.MalformedPolicyDocumentException(problems[0])
    return document


def weight(document: str) -> int:
    """The size of a document by IAM's count: white space is free."""
    return sum(1 for char in document if not char.isspace())


# -- tags


def new_tags(tags: Iterable[Any] | None, present: Tags | None = None) -> Tags:
    """A request's tags over those that are there already, by IAM's rules."""
    found: Tags = dict(present or {})
    spelled = {key.lower(): key for key in found}
    seen: set[str] = set()
    for index, tag in enumerate(tags or (), 1):
        key, value = tag.key, tag.value or ""
        low = key.lower()
        if len(key) > 128:
            raise _tag_error(key, index, "key", "Member must have length less than or equal to 128")
        if not TAG_KEY.fullmatch(key):
            raise _tag_error(
                key, index, "key", r"Member must satisfy regular expression pattern: [\p{L}\p{Z}\p{N}_.:/=+\-@]+"
            )
        if len(value) > 256:
            raise _tag_error(value, index, "value", "Member must have length less than or equal to 256")
        if low.startswith("aws:"):
            raise invalid(f"Tag keys starting with 'aws:' are reserved for system use: {key}")
        if low in seen:
            raise api.InvalidInputException("Duplicate tag keys found. Please note that Tag keys are case insensitive.")
        seen.add(low)
        old = spelled.get(low)
        if old is not None and old != key:
            del found[old]
        spelled[low] = key
        found[key] = value
    if len(found) > MAX_TAGS:
        raise api.LimitExceededException(f"The number of tags has reached the maximum limit: {MAX_TAGS}")
    return found


def _tag_error(value: str, index: int, part: str, rule: str) -> AwsError:
    return invalid(
        f"1 validation error detected: Value '{value}' at 'tags.{index}.member.{part}' failed to satisfy "
        f"constraint: {rule}"
    )


def without(tags: Tags, keys: Iterable[str]) -> Tags:
    gone = {key.lower() for key in keys}
    return {key: value for key, value in tags.items() if key.lower() not in gone}


def tag_list(tags: Tags) -> list[dict[str, str]]:
    return [{"Key": key, "Value": tags[key]} for key in sorted(tags)]


# -- lists


def under(rows: Rows[Any], prefix: str | None) -> Rows[Any]:
    """Only the entities whose path begins with the prefix."""
    if prefix is None or prefix == "/":
        return rows
    return rows.where(lambda row: row.path.startswith(prefix))


def boundary_view(arn: str | None) -> api.AttachedPermissionsBoundary | None:
    if arn is None:
        return None
    return api.AttachedPermissionsBoundary(permissions_boundary_type="Policy", permissions_boundary_arn=arn)


def checked_boundary(tx: Tx, arn: str) -> str:
    """A permissions boundary: a policy that is there."""
    from sundog.services.iam.managed import find_policy

    parts = parse_arn(arn)
    if parts is None or parts.service != "iam" or not parts.resource.startswith("policy/"):
        raise invalid(
            f"Value ({arn}) failed validation: must be a valid policy ARN"
            if parts is None
            else f"ARN {arn} is not valid."
        )
    if find_policy(tx, arn) is None:
        raise api.NoSuchEntityException(f"Policy {arn} does not exist or is not attachable.")
    return arn
