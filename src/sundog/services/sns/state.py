"""What SNS keeps."""

from __future__ import annotations

import datetime
from typing import Any

from sundog.api import sns as api
from sundog.core import NO_TAGS, Index, Key, Record, Tags, record


def no_topic(*_: Any) -> Exception:
    return api.NotFoundException("Topic does not exist")


def no_subscription(*_: Any) -> Exception:
    return api.NotFoundException("Subscription does not exist")


def no_application(*_: Any) -> Exception:
    return api.NotFoundException("PlatformApplication does not exist")


def no_endpoint(*_: Any) -> Exception:
    return api.NotFoundException("Endpoint does not exist")


@record(missing=no_topic)
class Topic(Record):
    """One topic. ``attributes`` holds those that were set, by name."""

    name: Key[str]
    arn: str
    fifo: bool = False
    attributes: dict[str, str] = {}
    data_protection: str | None = None
    deleted_subscriptions: int = 0
    archived_since: datetime.datetime | None = None
    tags: Tags = NO_TAGS


@record(missing=no_subscription, order="added")
class Subscription(Record):
    """One subscription; ``token`` confirms it, and restores it after an unsubscription by mail or link."""

    arn: Key[str]
    topic: Index[str]
    topic_arn: str
    protocol: str
    endpoint: str
    owner: str
    principal: str
    token: Index[str]
    pending: bool = False
    authenticated: bool = True
    protected: bool = False
    attributes: dict[str, str] = {}


@record(order="added")
class Duplicate(Record):
    """A deduplication id that a FIFO topic has seen."""

    topic: Key[str]
    scope: Key[str]
    deduplication_id: Key[str]
    message_id: str
    sequence: str
    expires: float


@record()
class Archived(Record):
    """A message that a FIFO topic keeps, to be replayed."""

    topic: Key[str]
    sent: Key[float]
    number: Key[int]
    message: dict[str, Any]


@record(missing=no_application)
class PlatformApplication(Record):
    """An app at a push service."""

    arn: Key[str]
    name: str
    platform: str
    attributes: dict[str, str] = {}


@record(missing=no_endpoint)
class Endpoint(Record):
    """One device of an app."""

    arn: Key[str]
    application: Index[str]
    token: Index[str]
    attributes: dict[str, str] = {}


@record(order="added")
class OptedOut(Record):
    """A phone number that wants no messages."""

    number: Key[str]
    since: datetime.datetime


@record()
class SmsSettings(Record):
    """The account's attributes for text messages."""

    name: Key[str]
    value: str


@record(order="added")
class SandboxNumber(Record):
    """A phone number that an account in the sandbox may send to once it is verified."""

    number: Key[str]
    password: str
    verified: bool = False
    language: str | None = None


@record(order="added")
class Sent(Record):
    """What went out to people: a text message, a mail, or a push notification."""

    number: Key[int]
    protocol: str
    endpoint: str
    message: str
    subject: str | None = None
    message_id: str
    topic_arn: str | None = None
    kind: str = "Notification"
    attributes: dict[str, Any] = {}
    time: datetime.datetime
