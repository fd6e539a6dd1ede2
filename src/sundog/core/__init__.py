"""What operations share. A handler's usual imports are here."""

from __future__ import annotations

from sundog.core.arn import Arn, parse_arn
from sundog.core.deliver import Event, deliver, target
from sundog.core.op import op
from sundog.core.page import Rows
from sundog.core.record import Index, Key, Record, Tags, record
from sundog.core.tag import NO_TAGS
from sundog.core.tx import Tx, rows_of
from sundog.wire.errors import AwsError

__all__ = [
    "NO_TAGS",
    "Arn",
    "AwsError",
    "Event",
    "Index",
    "Key",
    "Record",
    "Rows",
    "Tags",
    "Tx",
    "deliver",
    "op",
    "parse_arn",
    "record",
    "rows_of",
    "target",
]
