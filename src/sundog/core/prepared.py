"""Which services have what every account has from the start."""

from __future__ import annotations

from sundog.core.record import Key, Record, record


@record()
class Prepared(Record):
    """The service's defaults were made in this account and region."""

    service: Key[str]
