"""Replication: rules, and the copies they make."""

from __future__ import annotations

from sundog.core import Tx
from sundog.services.s3.state import Bucket, Object


def replicate(tx: Tx, bucket: Bucket, row: Object) -> Object:
    """Have a new version copied if a rule says so; its status as it stands at first."""
    if "replication" not in bucket.configuration:
        return row
    from sundog.services.s3.replica import begin

    return begin(tx, bucket, row)
