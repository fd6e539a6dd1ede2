"""Conditional requests: reads, writes and copies."""

from __future__ import annotations

import datetime
from typing import Any

from sundog.core import AwsError, Tx
from sundog.services.s3 import errors
from sundog.services.s3.state import Object


def _matches(wanted: str, etag: str) -> bool:
    for item in wanted.split(","):
        text = item.strip()
        if text.startswith("W/"):
            text = text[2:]
        if text == "*" or text.strip('"') == etag:
            return True
    return False


def check_read(tx: Tx, req: Any, row: Object) -> None:
    """The conditions of GET and HEAD: 412 or 304 where they don't hold."""
    unmodified, modified = req.if_unmodified_since, req.if_modified_since
    if req.if_match is not None:
        if not _matches(req.if_match, row.etag):
            raise errors.precondition("If-Match")
    elif unmodified is not None and row.modified > unmodified:
        raise errors.precondition("If-Unmodified-Since")
    if req.if_none_match is not None:
        if _matches(req.if_none_match, row.etag):
            raise _unchanged(row)
    elif modified is not None and modified < tx.now and row.modified <= modified:
        raise _unchanged(row)


def _unchanged(row: Object) -> AwsError:
    error = AwsError("304", "Not Modified", 304)
    error.headers = {"etag": f'"{row.etag}"', "last-modified": http_date(row.modified)}
    return error


def http_date(when: datetime.datetime) -> str:
    days, months = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"), (
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"
    )  # fmt: skip
    return f"{days[when.weekday()]}, {when.day:02d} {months[when.month - 1]} {when.year} {when:%H:%M:%S} GMT"


def check_source(req: Any, row: Object) -> None:
    """The conditions on a copy's source: all that fails is 412."""
    name = "x-amz-copy-source-If-"
    unmodified, modified = req.copy_source_if_unmodified_since, req.copy_source_if_modified_since
    if req.copy_source_if_match is not None:
        if not _matches(req.copy_source_if_match, row.etag):
            raise errors.precondition(name + "Match")
    elif unmodified is not None and row.modified > unmodified:
        raise errors.precondition(name + "Unmodified-Since")
    if req.copy_source_if_none_match is not None and _matches(req.copy_source_if_none_match, row.etag):
        raise errors.precondition(name + "None-Match")
    if modified is not None and row.modified <= modified:
        raise errors.precondition(name + "Modified-Since")


def check_form(req: Any) -> None:
    """What writes may be conditional on: If-None-Match on ``*`` alone, If-Match on an ETag, and not both."""
    match, none = req.if_match, req.if_none_match
    if match is not None and none is not None:
        raise errors.not_implemented(
            "If-Match,If-None-Match", "Multiple conditional request headers present in the request"
        )
    if none is not None and none != "*":
        raise errors.not_implemented(
            "If-None-Match", "We don't accept the provided value of If-None-Match header for this API"
        )
    if match == "*":
        raise errors.not_implemented("If-Match", "We don't accept the provided value of If-Match header for this API")


def check_write(req: Any, key: str, last: Object | None, begun: datetime.datetime | None = None) -> None:
    """The conditions of a write on what is there; ``begun``: when the upload began that it completes."""
    check_form(req)
    match, none = req.if_match, req.if_none_match
    if match is None and none is None:
        return
    there = last is not None and not last.marker
    if none is not None and there:
        raise errors.precondition("If-None-Match")
    if match is not None:
        if not there:
            raise errors.no_key(key)
        assert last is not None
        if match.strip('"') != last.etag:
            raise errors.precondition("If-Match")


def conflict(condition: str, key: str) -> AwsError:
    message = "The conditional request cannot succeed due to a conflicting operation against this resource."
    return errors.fault("ConditionalRequestConflict", message, 409, Condition=condition, Key=key)
