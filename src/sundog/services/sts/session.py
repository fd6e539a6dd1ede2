"""What every kind of temporary credentials has in common: tags, policies, size, and the credentials themselves."""

from __future__ import annotations

import base64
import datetime
import hashlib
import re
import zlib
from collections.abc import Iterable
from typing import Any

from sundog.api import sts as api
from sundog.core import Arn, AwsError, Tx, parse_arn
from sundog.core.credential import AccessKey, Caller, Kind

SESSION_NAME = re.compile(r"[\w+=,.@-]*", re.ASCII)
TOKEN_HEAD = "FwoGZXIvYXdzE"
TOKEN_SIZE = 4096
DEFAULT_SIZE = 356
PACKED_SIZE = 2048
POLICY_ARNS = 10


def invalid(message: str) -> AwsError:
    return AwsError("ValidationError", message)


def checked_name(value: str, member: str) -> str:
    """A session's name, held against the model's pattern whether or not patterns are enforced."""
    if not SESSION_NAME.fullmatch(value):
        raise invalid(
            f"1 validation error detected: Value '{value}' at '{member}' failed to satisfy constraint: "
            "Member must satisfy regular expression pattern: [\\w+=,.@-]*"
        )
    return value


def checked_arn(text: str) -> Arn:
    arn = parse_arn(text)
    if arn is None:
        raise invalid(f"{text} is invalid")
    return arn


def checked_role(caller: str, text: str, action: str) -> Arn:
    """A role's ARN, taken apart. A session for anything else is refused like one for a role that trusts nobody."""
    arn = checked_arn(text)
    if (
        arn.service != "iam"
        or not arn.resource.startswith("role/")
        or len(arn.account) != 12
        or not arn.account.isdigit()
    ):
        raise not_authorized(caller, action, text)
    return arn


def not_authorized(caller: str, action: str, resource: str) -> AwsError:
    return AwsError(
        "AccessDenied", f"User: {caller} is not authorized to perform: {action} on resource: {resource}", 403
    )


def session_tags(tags: Iterable[Any] | None) -> dict[str, str]:
    """A session's tags; their keys differ by more than case."""
    found: dict[str, str] = {}
    seen: set[str] = set()
    for tag in tags or ():
        if tag.key.lower() in seen:
            raise AwsError(
                "InvalidParameterValue", "Duplicate tag keys found. Please note that Tag keys are case insensitive."
            )
        if tag.key.lower().startswith("aws:"):
            raise AwsError("InvalidParameterValue", "Tag keys starting with 'aws:' are reserved for system use.")
        seen.add(tag.key.lower())
        found[tag.key] = tag.value or ""
    return found


def passed_on(
    caller: AccessKey | None, tags: dict[str, str], wanted: Iterable[str] | None
) -> tuple[dict[str, str], tuple[str, ...]]:
    """The tags of a session and the keys that it passes on, with those that the calling session passes on to it."""
    given = list(wanted or ())
    keys = {key.lower() for key in tags}
    for key in given:
        if key.lower() not in keys:
            raise AwsError(
                "InvalidParameterValue", "The specified transitive tag key must be included in the requested tags."
            )
    inherited = caller.transitive_tag_keys if caller is not None else ()
    blocked = {key.lower() for key in inherited}
    if any(key.lower() in blocked for key in given):
        raise AwsError(
            "InvalidParameterValue",
            "One of the specified transitive tag keys can't be set because it conflicts with a transitive tag key from "
            "the calling session.",
        )
    if any(key.lower() in blocked for key in tags):
        raise AwsError(
            "InvalidParameterValue",
            "One of the specified tag keys can't be set because it conflicts with a transitive tag key from the "
            "calling session.",
        )
    if not inherited or caller is None:
        return tags, tuple(given)
    carried = {key: value for key, value in caller.tags.items() if key.lower() in blocked}
    return {**carried, **tags}, (*inherited, *given)


class Limits:
    """The session policies of a request, checked, and how much of the allowed space they and the tags take."""

    __slots__ = ("arns", "documents", "packed")

    def __init__(
        self, tx: Tx, policy: str | None, arns: Iterable[Any] | None, tags: dict[str, str] | None = None
    ) -> None:
        self.documents = () if policy is None else (checked_policy(policy),)
        self.arns = tuple(item.arn for item in arns or () if item.arn)
        if len(self.arns) > POLICY_ARNS:
            raise invalid(f"Number of policy arns exceeds the limit of {POLICY_ARNS}.")
        for text in self.arns:
            arn = parse_arn(text)
            if arn is None or arn.service != "iam" or not arn.resource.startswith("policy/"):
                raise invalid(f"ARN {text} is not valid.")
        self.packed: int | None = None
        if self.documents or self.arns or tags:
            text = "\0".join((*self.documents, *self.arns, *(f"{key}={value}" for key, value in (tags or {}).items())))
            self.packed = -(-len(zlib.compress(text.encode(), 9)) * 100 // PACKED_SIZE)
            if self.packed > 100:
                raise api.PackedPolicyTooLargeException(
                    f"Packed policy consumes {self.packed}% of allotted space, please use smaller policy."
                )


def checked_policy(document: str) -> str:
    from sundog.core.policy import validate_policy

    problems = validate_policy(document, "session")
    if problems:
        raise api.MalformedPolicyDocumentException(problems[0])
    return document


def stable_id(prefix: str, text: str) -> str:
    """A unique id for what nobody made: the same for the same text."""
    return prefix + base64.b32encode(hashlib.sha256(text.encode()).digest()).decode()[:17]


def check_chain(caller: Caller, seconds: int | None) -> None:
    """Refuse a session of more than an hour for who has a role already."""
    if seconds is not None and seconds > 3600 and caller.key is not None and caller.key.role_arn is not None:
        raise invalid(
            "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining"
        )


def new_session(
    tx: Tx, kind: Kind, account: str, arn: str, user_id: str, seconds: int, token_size: int | None = None, **more: Any
) -> tuple[AccessKey, api.Credentials]:
    """New temporary credentials, and what the caller is told of them."""
    ids = tx.ids
    length = min(max(DEFAULT_SIZE, token_size or 0), TOKEN_SIZE)
    expires = tx.now.replace(microsecond=0) + datetime.timedelta(seconds=seconds)
    key = AccessKey(
        access_key=ids.access_key(account, "ASIA"),
        secret=ids.secret(),
        token=TOKEN_HEAD + ids.secret(length - len(TOKEN_HEAD)),
        account=account,
        arn=arn,
        user_id=user_id,
        kind=kind,
        created=tx.now,
        expires=expires,
        **more,
    )
    tx.add(key)
    credentials = api.Credentials(
        access_key_id=key.access_key, secret_access_key=key.secret, session_token=key.token, expiration=expires
    )
    return key, credentials


def sizes(key: AccessKey, asked: int | None) -> dict[str, int]:
    """What answers say of the token's size to callers who asked for a size."""
    if asked is None or key.token is None:
        return {}
    return {
        "session_token_size": len(key.token),
        "session_token_utilization": -(-len(key.token) * 100 // TOKEN_SIZE),
    }
