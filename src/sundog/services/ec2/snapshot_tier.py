"""The archive of snapshots, and back."""

from __future__ import annotations

import datetime
from typing import Any

from sundog.api import ec2 as api
from sundog.core import AwsError, Tx, op
from sundog.core.filter import narrow
from sundog.services.ec2.settle import moment
from sundog.services.ec2.snapshot import get_snapshot, image_of
from sundog.services.ec2.state.snapshot_extra import SnapshotTier
from sundog.services.ec2.state.storage import Snapshot


def _note(tx: Tx, snapshot_id: str, status: str, **more: Any) -> SnapshotTier:
    known = tx.find(SnapshotTier, snapshot_id)
    if known is not None:
        tx.delete(known)
    return tx.add(
        SnapshotTier(
            snapshot_id=snapshot_id,
            last_tiering_start_time=moment(tx),
            last_tiering_operation_status=status,
            **more,
        )
    )


@op
def modify_snapshot_tier(tx: Tx, req: api.ModifySnapshotTierRequest) -> api.ModifySnapshotTierResult:
    """Move a snapshot to the archive."""
    row = get_snapshot(tx, req.snapshot_id)
    if row.state != "completed" or row.storage_tier == "archive":
        raise AwsError("IncorrectState", f"The snapshot '{row.snapshot_id}' can't be archived in its state.")
    image = image_of(tx, row.snapshot_id)
    if image is not None:
        raise AwsError(
            "InvalidSnapshot.InUse", f"The snapshot {row.snapshot_id} is currently in use by {image.image_id}"
        )
    tx.update(row, storage_tier="archive")
    note = _note(tx, row.snapshot_id, "archival-completed", archival_complete_time=moment(tx))
    return api.ModifySnapshotTierResult(snapshot_id=row.snapshot_id, tiering_start_time=note.last_tiering_start_time)


@op
def restore_snapshot_tier(tx: Tx, req: api.RestoreSnapshotTierRequest) -> api.RestoreSnapshotTierResult:
    """Take a snapshot out of the archive, for some days or for good."""
    row = get_snapshot(tx, req.snapshot_id)
    if row.storage_tier != "archive" and not req.permanent_restore:
        raise AwsError("IncorrectState", f"The snapshot '{row.snapshot_id}' is not archived.")
    days = req.temporary_restore_days
    if bool(req.permanent_restore) == (days is not None):
        raise AwsError(
            "InvalidParameterCombination",
            "Either TemporaryRestoreDays or PermanentRestore must be given, and not both.",
        )
    tx.update(row, storage_tier="standard")
    if days is None:
        _note(tx, row.snapshot_id, "permanent-restore-completed")
    else:
        end = moment(tx) + datetime.timedelta(days=days)
        _note(tx, row.snapshot_id, "temporary-restore-completed", restore_expiry_time=end)
        tx.at(end, archive_again, row.snapshot_id)
    return api.RestoreSnapshotTierResult(
        snapshot_id=row.snapshot_id,
        restore_start_time=moment(tx),
        restore_duration=days,
        is_permanent_restore=days is None,
    )


def archive_again(tx: Tx, snapshot_id: str) -> None:
    """A temporary restore is over, unless the snapshot was restored for good meanwhile."""
    row, note = tx.find(Snapshot, snapshot_id), tx.find(SnapshotTier, snapshot_id)
    end = note.restore_expiry_time if note is not None else None
    if row is not None and end is not None and end <= tx.now:
        tx.update(row, storage_tier="archive")
        _note(tx, snapshot_id, "archival-completed", archival_complete_time=moment(tx))


_FILTERS = {
    "snapshot-id": "SnapshotId",
    "volume-id": "VolumeId",
    "last-tiering-operation": "LastTieringOperationStatus",
}


@op
def describe_snapshot_tier_status(
    tx: Tx, req: api.DescribeSnapshotTierStatusRequest
) -> api.DescribeSnapshotTierStatusResult:
    """List snapshots with their tiers."""
    found: list[dict[str, Any]] = []
    for row in tx.select(Snapshot):
        note = tx.find(SnapshotTier, row.snapshot_id)
        shown: dict[str, Any] = {
            "SnapshotId": row.snapshot_id,
            "VolumeId": row.volume_id,
            "Status": row.state,
            "OwnerId": row.owner_id,
            "Tags": row.tags,
            "StorageTier": row.storage_tier,
        }
        if note is not None:
            shown.update(
                LastTieringStartTime=note.last_tiering_start_time,
                LastTieringProgress=100,
                LastTieringOperationStatus=note.last_tiering_operation_status,
                ArchivalCompleteTime=note.archival_complete_time,
                RestoreExpiryTime=note.restore_expiry_time,
            )
        found.append(shown)
    return api.DescribeSnapshotTierStatusResult(snapshot_tier_statuses=narrow(found, req.filters, _FILTERS))
