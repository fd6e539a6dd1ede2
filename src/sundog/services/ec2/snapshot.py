"""Snapshots: made, copied, shared and deleted."""

from __future__ import annotations

import datetime
from typing import Any

from msgspec.structs import replace

from sundog.api import ec2 as api
from sundog.core import AwsError, Tx, op, rows_of
from sundog.services.ec2 import ebs
from sundog.services.ec2.account_switch import snapshots_blocked
from sundog.services.ec2.identifier import check_ids, check_parameter
from sundog.services.ec2.image_lookup import public_images
from sundog.services.ec2.settle import moment, settle
from sundog.services.ec2.state.compute import Instance
from sundog.services.ec2.state.snapshot_extra import FastRestore, SnapshotLock
from sundog.services.ec2.state.storage import Image, Snapshot, Volume

COPYING = 30
_EVERYBODY = "all"


def may_use(row: Snapshot, account: str) -> bool:
    """Whether the account may make volumes of the snapshot."""
    return row.public or row.owner_id == account or account in row.users


def find_usable_snapshot(tx: Tx, snapshot_id: str) -> Snapshot | None:
    """The account's snapshot, one that is shared with it, or one behind a public image."""
    own = tx.find(Snapshot, snapshot_id)
    if own is not None:
        return own
    for account, region, row in tx.everywhere(Snapshot):
        if row.snapshot_id == snapshot_id and region == tx.region and account != tx.account:
            return row if may_use(row, tx.account) else None
    return _public_snapshot(tx, snapshot_id)


def _public_snapshot(tx: Tx, snapshot_id: str) -> Snapshot | None:
    for image in public_images(tx.region).values():
        for item in image.block_device_mappings:
            ebs_part = item.get("Ebs", {})
            if ebs_part.get("SnapshotId") == snapshot_id:
                return Snapshot(
                    snapshot_id=snapshot_id,
                    owner_id=image.owner_id,
                    owner_alias=image.image_owner_alias,
                    volume_id="vol-ffffffff",
                    volume_size=ebs_part["VolumeSize"],
                    start_time=datetime.datetime.fromisoformat(image.creation_date.replace("Z", "+00:00")),
                    public=True,
                )
    return None


def usable_snapshot(tx: Tx, snapshot_id: str) -> Snapshot:
    """The snapshot that a request wants a volume or a copy of."""
    found = find_usable_snapshot(tx, snapshot_id)
    if found is None:
        return tx.get(Snapshot, snapshot_id)
    return found


def get_snapshot(tx: Tx, snapshot_id: str) -> Snapshot:
    """The account's snapshot that a request names."""
    check_parameter((snapshot_id,), "snap", "snapshotId")
    return tx.get(Snapshot, snapshot_id)


def make_snapshot(tx: Tx, volume: Volume, description: str, tags: Any = None) -> Snapshot:
    """Begin a snapshot of a volume, and see to its end."""
    row = Snapshot(
        snapshot_id=tx.new_id("snap"),
        owner_id=tx.account,
        volume_id=volume.volume_id,
        volume_size=volume.size,
        start_time=moment(tx),
        state="pending",
        progress="",
        description=description,
        encrypted=volume.encrypted,
        kms_key_id=volume.kms_key_id,
    )
    row = tx.add(row, tags=tags)
    settle(tx, COPYING, become_completed, row.snapshot_id)
    return row


def become_completed(tx: Tx, snapshot_id: str) -> None:
    """A snapshot has all its data."""
    row = tx.find(Snapshot, snapshot_id)
    if row is not None and row.state == "pending":
        tx.update(row, state="completed", progress="100%", completion_time=moment(tx))


def _no_outpost(arn: str | None) -> None:
    if arn is not None:
        raise AwsError("InvalidParameterValue", f"The outpost '{arn}' does not exist.")


@op
def create_snapshot(tx: Tx, req: api.CreateSnapshotRequest) -> Snapshot:
    """Copy a volume as it is now."""
    check_parameter((req.volume_id,), "vol", "volumeId")
    _no_outpost(req.outpost_arn)
    volume = tx.get(Volume, req.volume_id)
    if volume.state not in ("available", "in-use"):
        raise AwsError("IncorrectState", f"Volume '{volume.volume_id}' is not in the 'available' or 'in-use' state.")
    return make_snapshot(tx, volume, req.description or "", req.tag_specifications)


@op
def create_snapshots(tx: Tx, req: api.CreateSnapshotsRequest) -> api.CreateSnapshotsResult:
    """Copy an instance's volumes, all at one moment."""
    wanted = req.instance_specification
    _no_outpost(req.outpost_arn)
    check_ids((wanted.instance_id,), "i", "InvalidInstanceID.Malformed")
    instance = tx.get(Instance, wanted.instance_id)
    excluded = set(wanted.exclude_data_volume_ids or ())
    made: list[Snapshot] = []
    for volume in list(tx.select(Volume, instance_ids=instance.instance_id)):
        boot = any(
            each.instance_id == instance.instance_id and each.device == instance.root_device_name
            for each in volume.attachments
        )
        if volume.volume_id in excluded or (boot and wanted.exclude_boot_volume):
            if boot and volume.volume_id in excluded:
                raise AwsError(
                    "InvalidParameterValue", f"The volume '{volume.volume_id}' is a boot volume: use ExcludeBootVolume."
                )
            continue
        row = make_snapshot(tx, volume, req.description or "", req.tag_specifications)
        if req.copy_tags_from_source == "volume" and volume.tags:
            own = {key: value for key, value in volume.tags.items() if not key.startswith("aws:")}
            stored = tx.get(Snapshot, row.snapshot_id)
            stored = tx.update(stored, tags={**own, **row.tags})
            row = replace(row, tags=stored.tags)
        made.append(row)
    if not made:
        raise AwsError("InvalidParameterValue", "There are no volumes to make snapshots of.")
    return api.CreateSnapshotsResult(snapshots=made)


def _check_presigned(url: str, snapshot_id: str) -> None:
    """The request that clients sign for the source region must be for the same copy."""
    from urllib.parse import parse_qs, urlsplit

    asked = parse_qs(urlsplit(url).query)
    if asked.get("Action") != ["CopySnapshot"] or asked.get("SourceSnapshotId") != [snapshot_id]:
        raise AwsError("InvalidParameterValue", f"Value ({url}) for parameter PresignedUrl is invalid.")


@op
def copy_snapshot(tx: Tx, req: api.CopySnapshotRequest) -> api.CopySnapshotResult:
    """Copy a snapshot from a region, this one or another."""
    check_parameter((req.source_snapshot_id,), "snap", "snapshotId")
    _no_outpost(req.destination_outpost_arn)
    if req.presigned_url is not None:
        _check_presigned(req.presigned_url, req.source_snapshot_id)
    there = tx.in_(region=req.source_region)
    source = usable_snapshot(there, req.source_snapshot_id)
    if source.state != "completed":
        raise AwsError("IncorrectState", f"Snapshot '{source.snapshot_id}' is not 'completed'.")
    if req.destination_region not in (None, tx.region):
        raise AwsError(
            "InvalidParameterValue",
            f"The destination region '{req.destination_region}' must be the region that the request is sent to.",
        )
    on = bool(req.encrypted) or source.encrypted or req.kms_key_id is not None or ebs.defaults(tx).encryption
    if req.kms_key_id is not None and req.encrypted is False:
        raise AwsError(
            "InvalidParameterDependency", "The parameter KmsKeyId requires the parameter Encrypted to be set."
        )
    row = Snapshot(
        snapshot_id=tx.new_id("snap"),
        owner_id=tx.account,
        volume_id="vol-ffffffff",
        volume_size=source.volume_size,
        start_time=moment(tx),
        state="pending",
        progress="",
        description=req.description or f"[Copied {source.snapshot_id} from {req.source_region}]",
        encrypted=on,
        kms_key_id=ebs.key_arn(tx, req.kms_key_id) if on else None,
        transfer_type="time-based" if req.completion_duration_minutes else "standard",
        completion_duration_minutes=req.completion_duration_minutes,
    )
    row = tx.add(row, tags=req.tag_specifications)
    settle(tx, COPYING, become_completed, row.snapshot_id)
    return api.CopySnapshotResult(snapshot_id=row.snapshot_id, tags=row.tags or None)


@op
def describe_snapshots(tx: Tx, req: api.DescribeSnapshotsRequest) -> api.DescribeSnapshotsResult:
    """List the account's snapshots and those that it may use."""
    ids = req.snapshot_ids
    if ids and req.max_results is not None:
        raise AwsError(
            "InvalidParameterCombination", "The parameter snapshotSet cannot be used with the parameter maxResults"
        )
    check_parameter(ids or (), "snap", "snapshotId")
    if ids:
        seen = [usable_snapshot(tx, snapshot_id) for snapshot_id in dict.fromkeys(ids)]
    else:
        seen = list(tx.select(Snapshot))
        seen += [
            row
            for account, region, row in tx.everywhere(Snapshot)
            if region == tx.region and account != tx.account and may_use(row, tx.account)
        ]
    owners, users = _accounts(tx, req.owner_ids), req.restorable_by_user_ids
    if owners is not None:
        seen = [row for row in seen if row.owner_id in owners or (row.owner_alias or "") in owners]
    if users:
        seen = [row for row in seen if _restorable(tx, row, users)]
    return api.DescribeSnapshotsResult(snapshots=tx.search(Snapshot, filters=req.filters, among=rows_of(seen)))


def _accounts(tx: Tx, owners: list[str] | None) -> set[str] | None:
    return {tx.account if owner == "self" else owner for owner in owners} if owners else None


def _restorable(tx: Tx, row: Snapshot, users: list[str]) -> bool:
    for user in users:
        account = tx.account if user == "self" else user
        if user == _EVERYBODY:
            if row.public:
                return True
        elif account in row.users or row.owner_id == account:
            return True
    return False


@op
def delete_snapshot(tx: Tx, req: api.DeleteSnapshotRequest) -> None:
    """Delete a snapshot that no image needs."""
    row = get_snapshot(tx, req.snapshot_id)
    image = image_of(tx, row.snapshot_id)
    if image is not None:
        raise AwsError(
            "InvalidSnapshot.InUse", f"The snapshot {row.snapshot_id} is currently in use by {image.image_id}"
        )
    lock = tx.find(SnapshotLock, row.snapshot_id)
    if lock is not None and lock.lock_expires_on > tx.now:
        raise AwsError("OperationNotPermitted", f"The snapshot '{row.snapshot_id}' is locked and cannot be deleted.")
    for restore in list(tx.range(FastRestore, (row.snapshot_id, ""), (row.snapshot_id + "\0", ""))):
        tx.delete(restore)
    tx.delete(row)


def image_of(tx: Tx, snapshot_id: str) -> Image | None:
    """An image that a snapshot belongs to."""
    for image in tx.select(Image):
        if image.state != "deregistered" and any(
            item.get("Ebs", {}).get("SnapshotId") == snapshot_id for item in image.block_device_mappings
        ):
            return image
    return None


# -- permissions


@op
def describe_snapshot_attribute(
    tx: Tx, req: api.DescribeSnapshotAttributeRequest
) -> api.DescribeSnapshotAttributeResult:
    """Tell who may use a snapshot."""
    row = get_snapshot(tx, req.snapshot_id)
    if req.attribute == "productCodes":
        return api.DescribeSnapshotAttributeResult(snapshot_id=row.snapshot_id, product_codes=[])
    permissions = [{"UserId": user} for user in row.users]
    if row.public:
        permissions.append({"Group": _EVERYBODY})
    return api.DescribeSnapshotAttributeResult(snapshot_id=row.snapshot_id, create_volume_permissions=permissions)


@op
def modify_snapshot_attribute(tx: Tx, req: api.ModifySnapshotAttributeRequest) -> None:
    """Let accounts use a snapshot, or no longer."""
    row = get_snapshot(tx, req.snapshot_id)
    if req.attribute == "productCodes":
        raise AwsError("InvalidParameterValue", "Value (productCodes) for parameter Attribute is invalid.")
    added: list[tuple[str | None, str | None]] = []
    removed: list[tuple[str | None, str | None]] = []
    if req.create_volume_permission is not None:
        added += [(each.user_id, each.group) for each in req.create_volume_permission.add or ()]
        removed += [(each.user_id, each.group) for each in req.create_volume_permission.remove or ()]
    if req.user_ids or req.group_names:
        if req.operation_type is None:
            raise AwsError("MissingParameter", "The request must contain the parameter operationType")
        listed = [(user, None) for user in req.user_ids or ()] + [(None, group) for group in req.group_names or ()]
        (added if req.operation_type == "add" else removed).extend(listed)
    if not added and not removed:
        raise AwsError("InvalidParameterCombination", "No attributes specified.")
    users, public = list(row.users), row.public
    for user, group in added:
        _check_permission(user, group)
        if group is not None:
            if row.encrypted:
                raise AwsError("InvalidParameterValue", "Encrypted snapshots with EBS default key cannot be shared")
            if snapshots_blocked(tx):
                raise AwsError("OperationNotPermitted", "Public sharing of snapshots is blocked for this account.")
            public = True
        elif user not in users:
            users.append(str(user))
    for user, group in removed:
        _check_permission(user, group)
        if group is not None:
            public = False
        elif user in users:
            users.remove(str(user))
    tx.update(row, users=tuple(users), public=public)


def _check_permission(user: str | None, group: str | None) -> None:
    if group is not None and group != _EVERYBODY:
        raise AwsError(
            "InvalidAMIAttributeItemValue", f'Invalid attribute item value "{group}" for userGroup item type.'
        )
    if group is None and (user is None or len(user) != 12 or not user.isdigit()):
        raise AwsError("InvalidAMIAttributeItemValue", f'Invalid attribute item value "{user}" for userId item type.')


@op
def reset_snapshot_attribute(tx: Tx, req: api.ResetSnapshotAttributeRequest) -> None:
    """Let nobody else use a snapshot."""
    row = get_snapshot(tx, req.snapshot_id)
    if req.attribute != "createVolumePermission":
        raise AwsError("InvalidParameterValue", f"Value ({req.attribute}) for parameter Attribute is invalid.")
    tx.update(row, users=(), public=False)
