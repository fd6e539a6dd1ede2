"""What may be added to snapshots: locks, tiers and fast restores."""

from __future__ import annotations

import datetime

from sundog.core import Index, Key, Record, record
from sundog.core.filter import parse_names


@record(order="added", filters=parse_names(("lock-state",)))
class SnapshotLock(Record):
    """A lock on a snapshot, in days and hours."""

    snapshot_id: Key[str]
    owner_id: str
    lock_state: str
    lock_duration: int
    cool_off_period: int | None = None
    cool_off_period_expires_on: datetime.datetime | None = None
    lock_created_on: datetime.datetime
    lock_duration_start_time: datetime.datetime
    lock_expires_on: datetime.datetime


@record(order="added", filters=parse_names(("availability-zone", "owner-id", "snapshot-id", "state")))
class FastRestore(Record):
    """A snapshot whose volumes are fast from the start in a zone."""

    snapshot_id: Key[str]
    availability_zone: Key[str]
    availability_zone_id: str
    owner_id: Index[str]
    state: str = "enabled"
    state_transition_reason: str = "Client.UserInitiated"
    enabling_time: datetime.datetime
    optimizing_time: datetime.datetime
    enabled_time: datetime.datetime


@record(order="added")
class SnapshotTier(Record):
    """The last move of a snapshot between tiers."""

    snapshot_id: Key[str]
    last_tiering_start_time: datetime.datetime
    last_tiering_operation_status: str
    archival_complete_time: datetime.datetime | None = None
    restore_expiry_time: datetime.datetime | None = None
