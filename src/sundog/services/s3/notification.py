"""Event notifications: who hears of what happens to objects."""

from __future__ import annotations

from typing import Any

from sundog.core import Tx
from sundog.services.s3.state import Bucket, Object


def announce(tx: Tx, bucket: Bucket, event: str, row: Object, **more: Any) -> None:
    """Tell whoever the bucket's configuration names of an event."""
    if bucket.configuration.get("notification"):
        from sundog.services.s3.event import send

        send(tx, bucket, event, row, more)
