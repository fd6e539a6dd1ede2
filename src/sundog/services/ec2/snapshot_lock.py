"""Locks that keep snapshots from being deleted."""

from __future__ import annotations

import datetime

from msgspec.structs import replace

from sundog.api import ec2 as api
from sundog.core import AwsError, Tx, op, rows_of
from sundog.services.ec2.settle import moment
from sundog.services.ec2.snapshot import get_snapshot
from sundog.services.ec2.state.snapshot_extra import SnapshotLock
from sundog.services.ec2.state.storage import Snapshot

MAX_DAYS, MAX_HOURS = 36500, 72


def current(tx: Tx, row: SnapshotLock) -> SnapshotLock:
    """The lock as it is now: its cooling-off, or all of it, may be over."""
    if row.lock_expires_on <= tx.now:
        return replace(row, lock_state="expired")
    cooling = row.cool_off_period_expires_on
    if row.lock_state == "compliance-cooloff" and cooling is not None and cooling <= tx.now:
        return replace(row, lock_state="compliance")
    return row


@op
def lock_snapshot(tx: Tx, req: api.LockSnapshotRequest) -> api.LockSnapshotResult:
    """Lock a snapshot for some days, or until a date; or change its lock."""
    snapshot = get_snapshot(tx, req.snapshot_id)
    if (req.lock_duration is None) == (req.expiration_date is None):
        raise AwsError(
            "InvalidParameterCombination", "Either LockDuration or ExpirationDate must be given, and not both."
        )
    if req.cool_off_period is not None and req.lock_mode != "compliance":
        raise AwsError("InvalidParameterCombination", "CoolOffPeriod can only be used with the compliance mode.")
    if req.lock_duration is not None and not 1 <= req.lock_duration <= MAX_DAYS:
        raise AwsError("InvalidParameterValue", f"Value ({req.lock_duration}) for parameter LockDuration is invalid.")
    if req.cool_off_period is not None and not 1 <= req.cool_off_period <= MAX_HOURS:
        raise AwsError(
            "InvalidParameterValue", f"Value ({req.cool_off_period}) for parameter CoolOffPeriod is invalid."
        )
    now = moment(tx)
    end = req.expiration_date or now + datetime.timedelta(days=req.lock_duration or 0)
    if end <= tx.now:
        raise AwsError("InvalidParameterValue", "The expiration date must be in the future.")
    known = tx.find(SnapshotLock, snapshot.snapshot_id)
    if known is not None:
        before = current(tx, known)
        if before.lock_state == "compliance" and end < before.lock_expires_on:
            raise AwsError("OperationNotPermitted", "A lock in compliance mode can't be shortened.")
        tx.delete(known)
    cooling = req.cool_off_period
    state = req.lock_mode if cooling is None else "compliance-cooloff"
    row = tx.add(
        SnapshotLock(
            snapshot_id=snapshot.snapshot_id,
            owner_id=snapshot.owner_id,
            lock_state=state,
            lock_duration=req.lock_duration or -(-int((end - now).total_seconds()) // 86400),
            cool_off_period=cooling,
            cool_off_period_expires_on=now + datetime.timedelta(hours=cooling) if cooling is not None else None,
            lock_created_on=now,
            lock_duration_start_time=now,
            lock_expires_on=end,
        )
    )
    return api.LockSnapshotResult(
        **{name: getattr(row, name) for name in SnapshotLock.__struct_fields__ if name in api.LockSnapshotResult.wire_}
    )


@op
def unlock_snapshot(tx: Tx, req: api.UnlockSnapshotRequest) -> api.UnlockSnapshotResult:
    """Unlock a snapshot whose lock may still be taken off."""
    snapshot = get_snapshot(tx, req.snapshot_id)
    row = tx.find(SnapshotLock, snapshot.snapshot_id)
    if row is None or current(tx, row).lock_state == "expired":
        raise AwsError("SnapshotNotLocked", f"The snapshot '{snapshot.snapshot_id}' is not locked.")
    if current(tx, row).lock_state == "compliance":
        raise AwsError("OperationNotPermitted", f"The lock of snapshot '{snapshot.snapshot_id}' can't be taken off.")
    tx.delete(row)
    return api.UnlockSnapshotResult(snapshot_id=snapshot.snapshot_id)


@op
def describe_locked_snapshots(tx: Tx, req: api.DescribeLockedSnapshotsRequest) -> api.DescribeLockedSnapshotsResult:
    """List the snapshots that are, or were, locked."""
    there = [current(tx, row) for row in tx.select(SnapshotLock) if tx.find(Snapshot, row.snapshot_id) is not None]
    if req.snapshot_ids:
        there = [row for row in there if row.snapshot_id in req.snapshot_ids]
    found = tx.search(SnapshotLock, filters=req.filters, among=rows_of(there))
    return api.DescribeLockedSnapshotsResult(snapshots=found)
