"""Snapshots whose volumes are fast from the start."""

from __future__ import annotations

from typing import Any

from sundog.api import ec2 as api
from sundog.core import AwsError, Tx, op
from sundog.services.ec2.settle import moment
from sundog.services.ec2.state.snapshot_extra import FastRestore
from sundog.services.ec2.state.storage import Snapshot
from sundog.services.ec2.zone import zone_ids, zone_named


def _zones(tx: Tx, req: Any) -> list[str]:
    found: list[str] = []
    for given in [*(req.availability_zones or ()), *(req.availability_zone_ids or ())]:
        zone = zone_named(tx, given)
        if zone is None:
            raise AwsError("InvalidParameterValue", f"Invalid availability zone: [{given}]")
        found.append(zone)
    if not found:
        raise AwsError("MissingParameter", "The request must contain the parameter AvailabilityZone")
    return found


def _problem(snapshot_id: str, zone: str, code: str, message: str) -> dict[str, Any]:
    error = {"AvailabilityZone": zone, "Error": {"Code": code, "Message": message}}
    return {"SnapshotId": snapshot_id, "FastSnapshotRestoreStateErrors": [error]}


@op
def enable_fast_snapshot_restores(
    tx: Tx, req: api.EnableFastSnapshotRestoresRequest
) -> api.EnableFastSnapshotRestoresResult:
    """Make volumes of snapshots fast in zones; each that can't be is told of."""
    good: list[Any] = []
    bad: list[Any] = []
    now = moment(tx)
    for snapshot_id in req.source_snapshot_ids:
        for zone in _zones(tx, req):
            snapshot = tx.find(Snapshot, snapshot_id)
            if snapshot is None:
                message = f"The snapshot '{snapshot_id}' does not exist."
                bad.append(_problem(snapshot_id, zone, "InvalidSnapshot.NotFound", message))
                continue
            row = tx.find(FastRestore, snapshot_id, zone) or tx.add(
                FastRestore(
                    snapshot_id=snapshot_id,
                    availability_zone=zone,
                    availability_zone_id=zone_ids(tx)[zone],
                    owner_id=snapshot.owner_id,
                    enabling_time=now,
                    optimizing_time=now,
                    enabled_time=now,
                )
            )
            good.append(_told(row, "enabling"))
    return api.EnableFastSnapshotRestoresResult(successful=good, unsuccessful=bad)


def _told(row: FastRestore, state: str) -> dict[str, Any]:
    return {
        "SnapshotId": row.snapshot_id,
        "AvailabilityZone": row.availability_zone,
        "AvailabilityZoneId": row.availability_zone_id,
        "State": state,
        "StateTransitionReason": row.state_transition_reason,
        "OwnerId": row.owner_id,
        "EnablingTime": row.enabling_time,
    }


@op
def disable_fast_snapshot_restores(
    tx: Tx, req: api.DisableFastSnapshotRestoresRequest
) -> api.DisableFastSnapshotRestoresResult:
    """Make volumes of snapshots fast in zones no longer."""
    good: list[Any] = []
    bad: list[Any] = []
    for snapshot_id in req.source_snapshot_ids:
        for zone in _zones(tx, req):
            row = tx.find(FastRestore, snapshot_id, zone)
            if row is None:
                message = f"Fast snapshot restores are not enabled for snapshot '{snapshot_id}' in {zone}."
                bad.append(_problem(snapshot_id, zone, "InvalidSnapshot.FastSnapshotRestoreNotEnabled", message))
                continue
            tx.delete(row)
            good.append({**_told(row, "disabling"), "DisablingTime": moment(tx)})
    return api.DisableFastSnapshotRestoresResult(successful=good, unsuccessful=bad)


@op
def describe_fast_snapshot_restores(
    tx: Tx, req: api.DescribeFastSnapshotRestoresRequest
) -> api.DescribeFastSnapshotRestoresResult:
    """List where snapshots are restored fast."""
    return api.DescribeFastSnapshotRestoresResult(fast_snapshot_restores=tx.search(FastRestore, filters=req.filters))
