"""Access keys and the identities behind them: what STS and IAM give out and every call is made with."""

from __future__ import annotations

import datetime
from typing import Literal

import msgspec

from sundog.core.record import Index, Key, Record, record

DEFAULT_ACCOUNT = "123456789012"

Kind = Literal["root", "user", "role", "federated"]


@record(scope="cloud", order="added")
class AccessKey(Record):
    """One access key that somebody was given. ``expires`` is None for long-lived keys, ``token`` too.

    ``arn`` and ``user_id`` are what GetCallerIdentity says; ``role_arn`` the role behind a session, ``source_arn`` the
    user behind a federated one. ``policies`` are the documents of session policies, ``policy_arns`` managed ones;
    ``context`` holds what else the session says of itself, by condition key (``sts:ExternalId``, ``saml:sub``, ...).
    """

    access_key: Key[str]
    secret: str
    account: str
    arn: str
    user_id: Index[str]
    kind: Kind = "role"
    created: datetime.datetime | None = None
    token: str | None = None
    expires: datetime.datetime | None = None
    active: bool = True
    user_name: str | None = None
    session_name: str | None = None
    role_arn: str | None = None
    source_arn: str | None = None
    source_identity: str | None = None
    multi_factor: bool = False
    chained: bool = False
    tags: dict[str, str] = {}
    transitive_tag_keys: tuple[str, ...] = ()
    policies: tuple[str, ...] = ()
    policy_arns: tuple[str, ...] = ()
    context: dict[str, str] = {}


@record(scope="cloud")
class TradeInToken(Record):
    """What IAM sends for an accepted delegation request, and STS takes for credentials."""

    token: Key[str]
    account: str
    arn: str
    policies: tuple[str, ...] = ()
    policy_arns: tuple[str, ...] = ()
    duration: int = 3600
    expires: datetime.datetime


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
