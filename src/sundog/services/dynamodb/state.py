"""DynamoDB's records.

An item is one row: its key is (table's id, partition key, sort key) in forms that sort as DynamoDB sorts them, its
attributes are packed as MessagePack (a tenth of the memory of dictionaries). An index has a row for each item that is
in it, whose key holds the index's own key and then the item's.
"""

from __future__ import annotations

import datetime
from typing import Any

import msgspec

from sundog.core import NO_TAGS, Index, Key, Record, Tags, record
from sundog.services.dynamodb.fault import no_table

ItemKey = tuple[Any, ...]
"""(table's id, partition key, sort key); the last is empty text where the table has none."""


class KeyPart(msgspec.Struct, frozen=True):
    """One attribute of a key: its name and type (``S``, ``N``, ``B``)."""

    name: str
    type: str


class Throughput(msgspec.Struct, frozen=True):
    """Provisioned capacity."""

    read_capacity_units: int = 0
    write_capacity_units: int = 0
    number_of_decreases_today: int = 0
    last_increase_date_time: datetime.datetime | None = None
    last_decrease_date_time: datetime.datetime | None = None


class SecondaryIndex(msgspec.Struct, frozen=True):
    """A local or global secondary index. ``id`` begins its rows' keys."""

    name: str
    id: str
    local: bool
    hash: tuple[KeyPart, ...]
    range: tuple[KeyPart, ...]
    projection_type: str
    non_key_attributes: tuple[str, ...] = ()
    status: str = "ACTIVE"
    throughput: Throughput = Throughput()
    on_demand: dict[str, Any] | None = None
    warm: dict[str, int] | None = None
    backfilling: bool | None = None

    @property
    def parts(self) -> tuple[KeyPart, ...]:
        return self.hash + self.range


@record(missing=no_table)
class Table(Record):
    """One table. ``id`` begins its items' keys and is never used again."""

    table_name: Key[str]
    table_id: Index[str]
    status: str
    created: datetime.datetime
    hash: KeyPart
    range: KeyPart | None = None
    indexes: tuple[SecondaryIndex, ...] = ()
    attributes: tuple[KeyPart, ...] = ()
    throughput: Throughput = Throughput()
    billing: str = "PROVISIONED"
    billing_summary: dict[str, Any] | None = None
    table_class: dict[str, Any] | None = None
    protected: bool = False
    stream_view: str | None = None
    stream_label: str | None = None
    sse: dict[str, Any] | None = None
    on_demand: dict[str, Any] | None = None
    warm: dict[str, int] | None = None
    ttl: str | None = None
    ttl_status: str = "DISABLED"
    ttl_changed: datetime.datetime | None = None
    recovery: dict[str, Any] | None = None
    replicas: tuple[dict[str, Any], ...] = ()
    version: str | None = None
    group: str | None = None
    consistency: str | None = None
    witnesses: tuple[dict[str, Any], ...] = ()
    restored: dict[str, Any] | None = None
    policy: str | None = None
    policy_revision: str | None = None
    kinesis: tuple[dict[str, Any], ...] = ()
    insights: dict[str, Any] | None = None
    scaling: dict[str, Any] | None = None
    disassociation_protected: bool = False
    settings_replication: str | None = None
    tags: Tags = NO_TAGS

    @property
    def parts(self) -> tuple[KeyPart, ...]:
        return (self.hash,) if self.range is None else (self.hash, self.range)

    def index(self, name: str) -> SecondaryIndex | None:
        for index in self.indexes:
            if index.name == name:
                return index
        return None

    @property
    def watched(self) -> bool:
        """Whether a change of an item means more than the item and its index rows."""
        return bool(self.stream_view or self.ttl or self.recovery is not None or len(self.replicas) > 0 or self.kinesis)


@record()
class Row(Record):
    """One item."""

    key: Key[tuple[Any, ...]]
    size: int
    data: bytes


@record()
class Entry(Record):
    """One item's place in one index: (index's id, index's key ..., partition key, sort key)."""

    key: Key[tuple[Any, ...]]


@record()
class Expiry(Record):
    """When an item is deleted by its time to live: (table's id, timestamp, partition key, sort key)."""

    key: Key[tuple[Any, ...]]


@record()
class Former(Record):
    """What an item was before a change, kept for point-in-time recovery: (table's id, number)."""

    key: Key[tuple[Any, ...]]
    time: float
    row: tuple[Any, ...]
    data: bytes | None


@record(missing=("ResourceNotFoundException", "Requested resource not found: Stream: {} not found"))
class Stream(Record):
    """One stream of a table: enabled or, for a day, disabled."""

    arn: Key[str]
    table_name: Index[str]
    table_id: str
    label: str
    view: str
    status: str
    created: datetime.datetime
    shard: str
    first: int
    key_schema: tuple[dict[str, str], ...]
    closed: datetime.datetime | None = None
    last: int | None = None


@record()
class Change(Record):
    """One record of a stream: (stream's ARN, number)."""

    key: Key[tuple[Any, ...]]
    time: float
    data: bytes


@record(missing=("BackupNotFoundException", "Backup not found: {}"))
class Backup(Record):
    """A backup: the table as it was; its items are rows under the backup's own id."""

    arn: Key[str]
    name: str
    status: str
    created: datetime.datetime
    table: Table
    rows_id: str
    count: int
    size: int
    features: dict[str, Any]


@record()
class Job(Record):
    """An export or an import."""

    arn: Key[str]
    what: Index[str]
    table_arn: str
    started: datetime.datetime
    description: dict[str, Any]


@record(scope="account", missing=("GlobalTableNotFoundException", "Global table not found: {}"))
class GlobalTable(Record):
    """A global table of the first version."""

    name: Key[str]
    arn: str
    status: str
    created: datetime.datetime
    regions: tuple[str, ...]


@record(order="added")
class Token(Record):
    """A transaction's idempotency token."""

    token: Key[str]
    digest: bytes
    expires: float
    answer: dict[str, Any]
