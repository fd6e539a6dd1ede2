"""Hosted zones and their records."""

from __future__ import annotations

import datetime
from typing import Any

from sundog.api import route53 as api
from sundog.core import NO_TAGS, Index, Key, Record, Tags, Tx, record


@record(scope="account", order="added")
class HostedZone(Record):
    id: Key[str]
    name: Index[str]
    caller_reference: Index[str]
    comment: str | None = None
    private: bool = False
    vpcs: tuple[dict[str, Any], ...] = ()
    name_servers: tuple[str, ...] = ()
    tags: Tags = NO_TAGS

    def arn(self, tx: Tx) -> str:
        return tx.arn(f"hostedzone/{self.id}", service="route53", region="", account="")


@record(scope="account")
class RecordSet(Record):
    zone: Key[str]
    order: Key[tuple[str, ...]]
    """The labels of its name from the last one on: the order in which AWS lists."""
    type: Key[str]
    identifier: Key[str] = ""
    data: dict[str, Any]


@record(scope="account")
class Change(Record):
    id: Key[str]
    submitted: datetime.datetime
    comment: str | None = None


def zone_of(tx: Tx, wanted: str) -> HostedZone:
    plain = wanted.removeprefix("/hostedzone/")
    found = tx.find(HostedZone, plain)
    if found is None:
        raise api.NoSuchHostedZone(f"No hosted zone found with ID: {plain}")
    return found


def full(name: str) -> str:
    """A domain name as it is kept: in lower case, with its last dot, other characters as octal codes."""
    lowered = name.lower().replace("*", "\\052")
    return lowered if lowered.endswith(".") else lowered + "."


def order_of(name: str) -> tuple[str, ...]:
    return tuple(reversed(name.rstrip(".").split(".")))


def new_change(tx: Tx, comment: str | None = None) -> dict[str, Any]:
    change = tx.add(Change(id="C" + tx.ids.alnum(20, upper=True), submitted=tx.now, comment=comment))
    return {"Id": f"/change/{change.id}", "Status": "PENDING", "SubmittedAt": change.submitted}
