"""Access keys and the identities behind them: what STS and IAM give out and every call is made with."""

from __future__ import annotations

import datetime
from typing import Any

import msgspec

from sundog.core.record import Key, Record, record

DEFAULT_ACCOUNT = "123456789012"


@record(scope="cloud")
class AccessKey(Record):
    """One access key that somebody was given. ``expires`` is None for long-lived keys."""

    access_key: Key[str]
    secret: str
    account: str
    arn: str
    user_id: str
    token: str | None = None
    expires: datetime.datetime | None = None
    active: bool = True
    session_name: str | None = None
    role_arn: str | None = None
    tags: dict[str, str] = {}
    transitive_tag_keys: tuple[str, ...] = ()
    policies: tuple[str, ...] = ()


class Caller(msgspec.Struct, frozen=True):
    """Who makes a call."""

    account: str
    arn: str
    user_id: str
    access_key: str | None = None
    key: AccessKey | None = None


def account_of_unknown_key(access_key: str | None, default: str) -> str:
    """A key that nobody gave out belongs to the account whose 12 digits it is, else to the default account."""
    if access_key is not None and len(access_key) == 12 and access_key.isdigit():
        return access_key
    return default


def caller_of(key: AccessKey | None, access_key: str | None, account: str, partition: str) -> Caller:
    """The identity of a key; one that nobody gave out is its account's root user."""
    if key is not None:
        return Caller(key.account, key.arn, key.user_id, access_key, key)
    return Caller(account, f"arn:{partition}:iam::{account}:root", account, access_key)


def expired(key: AccessKey, now: datetime.datetime) -> Any:
    return key.expires is not None and key.expires <= now
