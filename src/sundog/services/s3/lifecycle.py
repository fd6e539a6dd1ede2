"""Lifecycle rules."""

from __future__ import annotations

import datetime

from sundog.services.s3.state import Bucket, Object


def expiration_of(bucket: Bucket, row: Object) -> str | None:
    """When a rule will remove the object, as a header tells it."""
    if "lifecycle" not in bucket.configuration:
        return None
    from sundog.services.s3.upkeep import expiration_header

    return expiration_header(bucket, row)


def abort_of(bucket: Bucket, key: str, initiated: datetime.datetime) -> tuple[datetime.datetime | None, str | None]:
    """When a rule will abort an upload that begins now, and the rule's id."""
    if "lifecycle" not in bucket.configuration:
        return None, None
    from sundog.services.s3.upkeep import abort_rule

    return abort_rule(bucket, key, initiated)
