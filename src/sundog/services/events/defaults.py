"""What every account has: the default bus."""

from __future__ import annotations

from sundog.core import Tx
from sundog.services.events.state import EventBus


def prepare(tx: Tx) -> None:
    arn = tx.arn("event-bus/default", service="events")
    tx.add(EventBus(name="default", arn=arn, creation_time=tx.now, last_modified_time=tx.now))
