"""Parameters and their versions."""

from __future__ import annotations

import datetime
from typing import Any

import msgspec

from sundog.api import ssm as api
from sundog.core import NO_TAGS, Key, Record, Tags, Tx, record


class Version(msgspec.Struct, frozen=True, kw_only=True):
    """One version of a parameter."""

    version: int
    type: str
    value: str
    description: str | None = None
    key_id: str | None = None
    allowed_pattern: str | None = None
    tier: str = "Standard"
    data_type: str = "text"
    policies: tuple[dict[str, Any], ...] = ()
    last_modified_date: datetime.datetime
    last_modified_user: str
    labels: tuple[str, ...] = ()


@record()
class Parameter(Record):
    name: Key[str]
    arn: str
    versions: tuple[Version, ...]
    tags: Tags = NO_TAGS

    @property
    def latest(self) -> Version:
        return self.versions[-1]


def plain_name(wanted: str) -> str:
    """The name of a parameter that may be given by its ARN."""
    if not wanted.startswith("arn:"):
        return wanted
    name = wanted.split(":parameter/", 1)[-1]
    return f"/{name}" if "/" in name else name


def parameter_of(tx: Tx, wanted: str) -> Parameter:
    found = find_parameter(tx, wanted)
    if found is None:
        raise api.ParameterNotFound("")
    return found


def find_parameter(tx: Tx, wanted: str) -> Parameter | None:
    if wanted.startswith("arn:"):
        parts = wanted.split(":", 5)
        if len(parts) < 6:
            return None
        tx = tx.in_(account=parts[4] or None, region=parts[3] or None)
    return tx.find(Parameter, plain_name(wanted))
