"""Volumes: made, attached, changed and deleted."""

from __future__ import annotations

import re
from typing import Any

from sundog.api import ec2 as api
from sundog.core import AwsError, Rows, Tx, op
from sundog.core.filter import narrow, parse_names
from sundog.services.ec2 import ebs
from sundog.services.ec2.identifier import check_ids, check_parameter
from sundog.services.ec2.settle import moment, settle
from sundog.services.ec2.snapshot import usable_snapshot
from sundog.services.ec2.state.compute import Instance
from sundog.services.ec2.state.storage import Volume, VolumeAttachment, VolumeModification
from sundog.services.ec2.volume_kind import KINDS, Spec, spec
from sundog.services.ec2.zone import zones

_DEVICE = re.compile(r"(?:/dev/)?(?:sd|xvd|hd)[a-z]{1,2}(?:[1-9]\d?)?")

CREATING = 3
ATTACHING = 3
MODIFYING = 30
OPTIMIZING = 60


def get_volume(tx: Tx, volume_id: str) -> Volume:
    """The volume that a request names."""
    check_parameter((volume_id,), "vol", "volume")
    return tx.get(Volume, volume_id)


def make_volume(
    tx: Tx,
    zone: str,
    zone_id: str,
    kind: Spec,
    *,
    snapshot_id: str = "",
    encrypted: bool = False,
    kms_key_id: str | None = None,
    multi_attach: bool = False,
    initialization_rate: int | None = None,
    state: str = "available",
    tags: Any = None,
) -> Volume:
    """Add a volume whose parts were checked already."""
    row = Volume(
        volume_id=tx.new_id("vol"),
        availability_zone=zone,
        availability_zone_id=zone_id,
        create_time=moment(tx),
        size=kind.size,
        volume_type=kind.volume_type,
        iops=kind.iops,
        throughput=kind.throughput,
        snapshot_id=snapshot_id,
        encrypted=encrypted,
        kms_key_id=kms_key_id,
        multi_attach_enabled=multi_attach,
        volume_initialization_rate=initialization_rate,
        state=state,
    )
    return tx.add(row, tags=tags)


def encryption(
    tx: Tx, wanted: bool | None, kms_key_id: str | None, source_encrypted: bool, source_key: str | None
) -> tuple[bool, str | None]:
    """Whether a new volume or snapshot is encrypted, and by which key."""
    if kms_key_id is not None and wanted is False:
        raise AwsError(
            "InvalidParameterDependency", "The parameter KmsKeyId requires the parameter Encrypted to be set."
        )
    if wanted is False and source_encrypted:
        raise AwsError(
            "InvalidParameterCombination",
            "The parameter encrypted cannot be false for a volume from an encrypted snapshot.",
        )
    on = bool(wanted) or source_encrypted or kms_key_id is not None or ebs.defaults(tx).encryption
    if not on:
        return False, None
    if kms_key_id is None and source_encrypted and source_key is not None:
        return True, source_key
    return True, ebs.key_arn(tx, kms_key_id)


@op
def create_volume(tx: Tx, req: api.CreateVolumeRequest) -> api.Volume:
    """Make an empty volume, or one of a snapshot's contents."""
    zone, zone_id = _zone(tx, req.availability_zone, req.availability_zone_id)
    if req.outpost_arn is not None:
        raise AwsError("InvalidParameterValue", f"The outpost '{req.outpost_arn}' does not exist.")
    if req.operator is not None:
        raise AwsError("UnauthorizedOperation", "You are not authorized to perform this operation.", 403)
    size, snapshot = req.size, None
    if req.snapshot_id:
        check_parameter((req.snapshot_id,), "snap", "snapshotId")
        snapshot = usable_snapshot(tx, req.snapshot_id)
        if snapshot.state != "completed":
            raise AwsError("IncorrectState", f"Snapshot '{snapshot.snapshot_id}' is not 'completed'.")
        if size is not None and size < snapshot.volume_size:
            raise AwsError(
                "InvalidParameterValue",
                f"Volume of size {size}GB is smaller than snapshot '{snapshot.snapshot_id}', "
                f"expect size >= {snapshot.volume_size}GB",
            )
        size = size or snapshot.volume_size
    if size is None:
        raise AwsError("MissingParameter", "The request must contain the parameter size/snapshot")
    if req.volume_initialization_rate is not None and snapshot is None:
        raise AwsError(
            "InvalidParameterCombination", "The parameter VolumeInitializationRate requires the parameter SnapshotId."
        )
    kind = spec(req.volume_type or "gp2", size, req.iops, req.throughput)
    if req.multi_attach_enabled and not KINDS[kind.volume_type].multi_attach:
        raise AwsError(
            "InvalidParameterCombination",
            f"The parameter MultiAttachEnabled is not supported for {kind.volume_type} volumes.",
        )
    encrypted, key = encryption(
        tx, req.encrypted, req.kms_key_id, bool(snapshot and snapshot.encrypted), snapshot and snapshot.kms_key_id
    )
    row = make_volume(
        tx,
        zone,
        zone_id,
        kind,
        snapshot_id=req.snapshot_id or "",
        encrypted=encrypted,
        kms_key_id=key,
        multi_attach=bool(req.multi_attach_enabled),
        initialization_rate=req.volume_initialization_rate,
        state="creating",
        tags=req.tag_specifications,
    )
    settle(tx, CREATING, become_available, row.volume_id)
    shown = {name: getattr(row, name) for name in row.__struct_fields__ if name in api.Volume.wire_}
    del shown["attachments"]
    return api.Volume(**shown)


def _zone(tx: Tx, name: str | None, zone_id: str | None) -> tuple[str, str]:
    """Name and id of the zone that a request names by either."""
    if name is None and zone_id is None:
        raise AwsError("MissingParameter", "The request must contain the parameter AvailabilityZone")
    if name is not None and zone_id is not None:
        raise AwsError(
            "InvalidParameterCombination",
            "The parameters AvailabilityZone and AvailabilityZoneId cannot be specified together.",
        )
    for zone in zones(tx):
        if name == zone["ZoneName"] or zone_id == zone["ZoneId"]:
            return zone["ZoneName"], zone["ZoneId"]
    raise AwsError("InvalidZone.NotFound", f"The zone '{name or zone_id}' does not exist.")


def become_available(tx: Tx, volume_id: str) -> None:
    """A new volume is ready."""
    row = tx.find(Volume, volume_id)
    if row is not None and row.state == "creating":
        tx.update(row, state="available")


@op
def describe_volumes(tx: Tx, req: api.DescribeVolumesRequest) -> api.DescribeVolumesResult:
    """List volumes."""
    check_parameter(req.volume_ids or (), "vol", "volumes")
    return api.DescribeVolumesResult(volumes=tx.search(Volume, ids=req.volume_ids, filters=req.filters))


@op
def delete_volume(tx: Tx, req: api.DeleteVolumeRequest) -> None:
    """Delete a volume that nobody holds."""
    row = get_volume(tx, req.volume_id)
    if row.attachments:
        holders = ", ".join(attachment.instance_id for attachment in row.attachments)
        raise AwsError("VolumeInUse", f"Volume {row.volume_id} is currently attached to {holders}")
    remove_volume(tx, row)


def remove_volume(tx: Tx, row: Volume) -> None:
    """Forget a volume and what is known of its changes."""
    modification = tx.find(VolumeModification, row.volume_id)
    if modification is not None:
        tx.delete(modification)
    tx.delete(row)


# -- attachments


def plug(
    tx: Tx, row: Volume, instance_id: str, device: str, *, delete_on_termination: bool = False, state: str = "attached"
) -> Volume:
    """Put a volume at an instance."""
    attachment = VolumeAttachment(
        volume_id=row.volume_id,
        instance_id=instance_id,
        device=device,
        attach_time=moment(tx),
        delete_on_termination=delete_on_termination,
        state=state,
    )
    attachments = (*row.attachments, attachment)
    ids = tuple(each.instance_id for each in attachments)
    return tx.update(row, attachments=attachments, instance_ids=ids, state="in-use")


def unplug(tx: Tx, row: Volume, instance_id: str) -> Volume:
    """Take a volume away from an instance."""
    attachments = tuple(each for each in row.attachments if each.instance_id != instance_id)
    ids = tuple(each.instance_id for each in attachments)
    return tx.update(row, attachments=attachments, instance_ids=ids, state="in-use" if attachments else "available")


def change_attachment(tx: Tx, row: Volume, instance_id: str, **changes: Any) -> Volume:
    """Replace what is said of a volume at one instance."""
    from msgspec.structs import replace

    attachments = tuple(
        replace(each, **changes) if each.instance_id == instance_id else each for each in row.attachments
    )
    return tx.update(row, attachments=attachments)


def volumes_of(tx: Tx, instance_id: str) -> list[tuple[Volume, VolumeAttachment]]:
    """An instance's volumes, each with its attachment there."""
    return [
        (row, attachment)
        for row in tx.select(Volume, instance_ids=instance_id)
        for attachment in row.attachments
        if attachment.instance_id == instance_id
    ]


def check_device(device: str) -> None:
    if _DEVICE.fullmatch(device) is None:
        raise AwsError(
            "InvalidParameterValue",
            f"Value ({device}) for parameter device is invalid. {device} is not a valid EBS device name.",
        )


@op
def attach_volume(tx: Tx, req: api.AttachVolumeRequest) -> VolumeAttachment:
    """Attach a volume to an instance of its zone."""
    row = get_volume(tx, req.volume_id)
    check_ids((req.instance_id,), "i", "InvalidInstanceID.Malformed")
    instance = tx.get(Instance, req.instance_id)
    check_device(req.device)
    if req.ebs_card_index:
        raise AwsError("InvalidParameterValue", f"Value ({req.ebs_card_index}) for parameter EbsCardIndex is invalid.")
    if row.state not in ("available", "in-use"):
        raise AwsError("IncorrectState", f"Volume '{row.volume_id}' is not 'available'.")
    if instance.state.name not in ("running", "stopped", "pending", "stopping"):
        raise AwsError("IncorrectState", f"Instance '{instance.instance_id}' is not 'running'.")
    if row.availability_zone != instance.placement.availability_zone:
        raise AwsError(
            "InvalidVolume.ZoneMismatch",
            f"The volume '{row.volume_id}' is not in the same availability zone as instance '{instance.instance_id}'",
        )
    if row.attachments and (not row.multi_attach_enabled or instance.instance_id in row.instance_ids):
        raise AwsError("VolumeInUse", f"{row.volume_id} is already attached to an instance")
    if any(attachment.device == req.device for _, attachment in volumes_of(tx, instance.instance_id)):
        raise AwsError(
            "InvalidParameterValue",
            f"Invalid value '{req.device}' for unixDevice. Attachment point {req.device} is already in use",
        )
    row = plug(tx, row, instance.instance_id, req.device, state="attaching")
    settle(tx, ATTACHING, become_attached, row.volume_id, instance.instance_id)
    return row.attachments[-1]


def become_attached(tx: Tx, volume_id: str, instance_id: str) -> None:
    """An attachment stands."""
    row = tx.find(Volume, volume_id)
    if row is not None and any(a.instance_id == instance_id and a.state == "attaching" for a in row.attachments):
        change_attachment(tx, row, instance_id, state="attached")


@op
def detach_volume(tx: Tx, req: api.DetachVolumeRequest) -> VolumeAttachment:
    """Take a volume away from the instance that has it."""
    row = get_volume(tx, req.volume_id)
    if not row.attachments:
        raise AwsError("IncorrectState", f"Volume '{row.volume_id}' is in the '{row.state}' state.")
    if req.instance_id is not None:
        check_ids((req.instance_id,), "i", "InvalidInstanceID.Malformed")
        tx.get(Instance, req.instance_id)
    found = [
        each
        for each in row.attachments
        if req.instance_id in (None, each.instance_id) and req.device in (None, each.device)
    ]
    if not found:
        where = f"instance '{req.instance_id}'" if req.instance_id else f"device '{req.device}'"
        raise AwsError("InvalidAttachment.NotFound", f"The volume '{row.volume_id}' is not attached to {where}.")
    if len(found) > 1:
        raise AwsError("MissingParameter", "The request must contain the parameter instanceId")
    attachment = found[0]
    instance = tx.find(Instance, attachment.instance_id)
    if instance is not None and instance.root_device_name == attachment.device and instance.state.name != "stopped":
        raise AwsError(
            "OperationNotPermitted",
            f"Unable to detach root volume '{row.volume_id}' from instance '{attachment.instance_id}'",
        )
    row = change_attachment(tx, row, attachment.instance_id, state="detaching")
    settle(tx, ATTACHING, become_detached, row.volume_id, attachment.instance_id)
    return next(each for each in row.attachments if each.instance_id == attachment.instance_id)


def become_detached(tx: Tx, volume_id: str, instance_id: str) -> None:
    """An attachment has ended."""
    row = tx.find(Volume, volume_id)
    if row is not None:
        unplug(tx, row, instance_id)


# -- changes


@op
def modify_volume(tx: Tx, req: api.ModifyVolumeRequest) -> api.ModifyVolumeResult:
    """Change a volume's size or kind while it is in use."""
    row = get_volume(tx, req.volume_id)
    if row.state not in ("available", "in-use"):
        raise AwsError("IncorrectState", f"Volume '{row.volume_id}' is not in the 'available' or 'in-use' state.")
    last = tx.find(VolumeModification, row.volume_id)
    if last is not None and last.modification_state in ("modifying", "optimizing"):
        raise AwsError(
            "IncorrectModificationState",
            f"Cannot modify volume {row.volume_id} while a modification of it is in the "
            f"'{last.modification_state}' state.",
        )
    size = req.size or row.size
    if size < row.size:
        raise AwsError("InvalidParameterValue", "New size cannot be smaller than existing size")
    volume_type = req.volume_type or row.volume_type
    same = volume_type == row.volume_type
    can = KINDS[volume_type]
    iops = req.iops if req.iops is not None else row.iops if same and can.iops else None
    throughput = req.throughput if req.throughput is not None else row.throughput if same and can.throughput else None
    kind = spec(volume_type, size, iops, throughput)
    multi_attach = row.multi_attach_enabled if req.multi_attach_enabled is None else req.multi_attach_enabled
    if multi_attach and not can.multi_attach:
        raise AwsError(
            "InvalidParameterCombination",
            f"The parameter MultiAttachEnabled is not supported for {volume_type} volumes.",
        )
    if multi_attach != row.multi_attach_enabled and row.attachments:
        raise AwsError("IncorrectState", f"Volume '{row.volume_id}' is in the 'in-use' state.")
    modification = VolumeModification(
        volume_id=row.volume_id,
        modification_state="modifying",
        progress=0,
        start_time=moment(tx),
        original_size=row.size,
        original_volume_type=row.volume_type,
        original_iops=row.iops,
        original_throughput=row.throughput,
        original_multi_attach_enabled=row.multi_attach_enabled,
        target_size=kind.size,
        target_volume_type=kind.volume_type,
        target_iops=kind.iops,
        target_throughput=kind.throughput,
        target_multi_attach_enabled=multi_attach,
    )
    if last is not None:
        tx.delete(last)
    tx.add(modification)
    settle(tx, MODIFYING, become_optimizing, row.volume_id)
    return api.ModifyVolumeResult(volume_modification=modification)


def become_optimizing(tx: Tx, volume_id: str) -> None:
    """The new size can be used; the data still moves."""
    row, modification = tx.find(Volume, volume_id), tx.find(VolumeModification, volume_id)
    if row is None or modification is None:
        return
    tx.update(
        row,
        size=modification.target_size,
        volume_type=modification.target_volume_type,
        iops=modification.target_iops,
        throughput=modification.target_throughput,
        multi_attach_enabled=modification.target_multi_attach_enabled,
    )
    tx.update(modification, modification_state="optimizing", progress=50)
    settle(tx, OPTIMIZING, become_completed, volume_id)


def become_completed(tx: Tx, volume_id: str) -> None:
    """A modification is over."""
    modification = tx.find(VolumeModification, volume_id)
    if modification is not None and modification.modification_state == "optimizing":
        tx.update(modification, modification_state="completed", progress=100, end_time=moment(tx))


@op
def describe_volumes_modifications(
    tx: Tx, req: api.DescribeVolumesModificationsRequest
) -> api.DescribeVolumesModificationsResult:
    """List the last change of each volume that had one."""
    ids = req.volume_ids or ()
    check_parameter(ids, "vol", "volumes")
    tx.get_all(Volume, ids)
    found = tx.search(VolumeModification, ids=ids, filters=req.filters)
    return api.DescribeVolumesModificationsResult(volumes_modifications=found)


# -- attributes and status


@op
def describe_volume_attribute(tx: Tx, req: api.DescribeVolumeAttributeRequest) -> api.DescribeVolumeAttributeResult:
    """Tell one attribute."""
    row = get_volume(tx, req.volume_id)
    answer = api.DescribeVolumeAttributeResult(volume_id=row.volume_id)
    if req.attribute == "autoEnableIO":
        answer.auto_enable_io = api.AttributeBooleanValue(value=row.auto_enable_io)
    else:
        answer.product_codes = []
    return answer


@op
def modify_volume_attribute(tx: Tx, req: api.ModifyVolumeAttributeRequest) -> None:
    """Change the one attribute that can be."""
    row = get_volume(tx, req.volume_id)
    if req.auto_enable_io is None or req.auto_enable_io.value is None:
        raise AwsError("MissingParameter", "The request must contain the parameter AutoEnableIO")
    tx.update(row, auto_enable_io=req.auto_enable_io.value)


@op
def enable_volume_io(tx: Tx, req: api.EnableVolumeIORequest) -> None:
    """Let I/O go on for a volume whose data may be inconsistent; here none ever is."""
    get_volume(tx, req.volume_id)


_STATUS_FILTERS = parse_names(
    (
        "action.code=actions.code",
        "action.description=actions.description",
        "action.event-id=actions.event_id",
        "availability-zone",
        "availability-zone-id",
        "event.description=events.description",
        "event.event-id=events.event_id",
        "event.event-type=events.event_type",
        "event.not-after=events.not_after",
        "event.not-before=events.not_before",
        "volume-status.details-name=volume_status.details.name",
        "volume-status.details-status=volume_status.details.status",
        "volume-status.status=volume_status.status",
    )
)


@op
def describe_volume_status(tx: Tx, req: api.DescribeVolumeStatusRequest) -> api.DescribeVolumeStatusResult:
    """Tell how volumes are: well, as soon as they are made."""
    check_parameter(req.volume_ids or (), "vol", "volumes")
    rows: Rows[Volume] = tx.search(Volume, ids=req.volume_ids)
    return api.DescribeVolumeStatusResult(volume_statuses=narrow(map(_status, rows), req.filters, _STATUS_FILTERS))


def _status(row: Volume) -> Any:
    well = row.state != "creating"
    details = [
        api.VolumeStatusDetails(name="io-enabled", status="passed" if well else "insufficient-data"),
        api.VolumeStatusDetails(name="io-performance", status="not-applicable"),
    ]
    return api.VolumeStatusItem(
        actions=[],
        availability_zone=row.availability_zone,
        availability_zone_id=row.availability_zone_id,
        events=[],
        volume_id=row.volume_id,
        volume_status=api.VolumeStatusInfo(status="ok" if well else "insufficient-data", details=details),
        attachment_statuses=[
            api.VolumeStatusAttachmentStatus(io_performance="not-applicable", instance_id=instance_id)
            for instance_id in row.instance_ids
        ],
    )
