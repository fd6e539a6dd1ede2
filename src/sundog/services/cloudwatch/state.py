"""Data of metrics, and alarms."""

from __future__ import annotations

import datetime
from typing import Any

from sundog.core import NO_TAGS, Key, Record, Tags, record

Dimensions = tuple[tuple[str, str], ...]


@record()
class Datum(Record):
    """Some values of one metric at one time."""

    namespace: Key[str]
    metric: Key[str]
    dimensions: Key[Dimensions]
    time: Key[float]
    number: Key[str]
    unit: str
    values: tuple[tuple[float, float], ...] = ()
    """Values with their counts; of a statistic set only the figures are known."""
    count: float
    total: float
    least: float
    most: float


@record()
class Alarm(Record):
    name: Key[str]
    arn: str
    kind: str
    settings: dict[str, Any]
    actions_enabled: bool = True
    state: str = "INSUFFICIENT_DATA"
    reason: str = "Unchecked: Initial alarm creation"
    reason_data: str | None = None
    configured: datetime.datetime
    updated: datetime.datetime
    moved: datetime.datetime
    tags: Tags = NO_TAGS
