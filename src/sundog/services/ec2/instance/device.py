"""Block devices of a launch: the image's, as the request changes them, made as volumes."""

from __future__ import annotations

from typing import Any

import msgspec

from sundog.core import AwsError, Tx
from sundog.services.ec2.identifier import check_parameter
from sundog.services.ec2.settle import moment
from sundog.services.ec2.snapshot import find_usable_snapshot, usable_snapshot
from sundog.services.ec2.state.storage import Image, Volume, VolumeAttachment
from sundog.services.ec2.volume import check_device, encryption
from sundog.services.ec2.volume_kind import KINDS, Spec, spec


class Device(msgspec.Struct, frozen=True, kw_only=True):
    """One volume that each instance of a launch gets."""

    name: str
    kind: Spec
    snapshot_id: str
    encrypted: bool
    kms_key_id: str | None
    delete_on_termination: bool
    initialization_rate: int | None = None


def plan_devices(tx: Tx, image: Image, mappings: list[Any]) -> list[Device]:
    """The volumes for a launch of the image with the request's mappings; checked, none made."""
    merged: dict[str, dict[str, Any]] = {item["DeviceName"]: dict(item) for item in image.block_device_mappings}
    for mapping in mappings:
        name = mapping.device_name
        if not name:
            raise AwsError("MissingParameter", "The request must contain the parameter DeviceName")
        check_device(name)
        if mapping.no_device is not None:
            merged.pop(name, None)
        elif mapping.virtual_name is not None:
            merged[name] = {"DeviceName": name, "VirtualName": mapping.virtual_name}
        elif mapping.ebs is not None:
            known = merged.get(name, {}).get("Ebs", {})
            merged[name] = {"DeviceName": name, "Ebs": _merged(known, mapping.ebs)}
    planned = [_device(tx, item["DeviceName"], item["Ebs"], image) for item in merged.values() if "Ebs" in item]
    root = image.root_device_name
    planned.sort(key=lambda device: device.name != root)
    return planned


def _merged(known: dict[str, Any], ebs: Any) -> dict[str, Any]:
    given = {
        "DeleteOnTermination": ebs.delete_on_termination,
        "Iops": ebs.iops,
        "SnapshotId": ebs.snapshot_id,
        "VolumeSize": ebs.volume_size,
        "VolumeType": ebs.volume_type,
        "KmsKeyId": ebs.kms_key_id,
        "Throughput": ebs.throughput,
        "Encrypted": ebs.encrypted,
        "VolumeInitializationRate": ebs.volume_initialization_rate,
    }
    made = {**known, **{name: value for name, value in given.items() if value is not None}}
    if ebs.volume_type is not None and ebs.volume_type != known.get("VolumeType"):
        # The image's performance is its own type's.
        for name, value in (("Iops", ebs.iops), ("Throughput", ebs.throughput)):
            if value is None:
                made.pop(name, None)
    return made


def _device(tx: Tx, name: str, ebs: dict[str, Any], image: Image) -> Device:
    snapshot_id = ebs.get("SnapshotId") or ""
    size = ebs.get("VolumeSize")
    source_encrypted, source_key = bool(ebs.get("Encrypted")), ebs.get("KmsKeyId")
    from_image = any(item.get("Ebs", {}).get("SnapshotId") == snapshot_id for item in image.block_device_mappings)
    snapshot = None
    if snapshot_id and not from_image:
        check_parameter((snapshot_id,), "snap", "snapshotId")
        snapshot = usable_snapshot(tx, snapshot_id)
    elif snapshot_id:
        snapshot = find_usable_snapshot(tx, snapshot_id)
    smallest = snapshot.volume_size if snapshot is not None else _image_size(image, snapshot_id)
    if size is None:
        size = smallest
    if size is None:
        raise AwsError("MissingParameter", "The request must contain the parameter size or snapshotId")
    if smallest is not None and size < smallest:
        raise AwsError(
            "InvalidBlockDeviceMapping",
            f"Volume of size {size}GB is smaller than snapshot '{snapshot_id}', expect size >= {smallest}GB",
        )
    volume_type = ebs.get("VolumeType") or "gp2"
    if volume_type in KINDS and name == image.root_device_name and not KINDS[volume_type].bootable:
        raise AwsError("InvalidParameterValue", f"The volume type '{volume_type}' cannot be used as a boot volume.")
    kind = spec(volume_type, size, ebs.get("Iops"), ebs.get("Throughput"))
    encrypted, key = encryption(
        tx,
        True if source_encrypted else None,
        source_key,
        bool(snapshot and snapshot.encrypted),
        snapshot.kms_key_id if snapshot else None,
    )
    keep = ebs.get("DeleteOnTermination")
    return Device(
        name=name,
        kind=kind,
        snapshot_id=snapshot_id,
        encrypted=encrypted,
        kms_key_id=key,
        delete_on_termination=True if keep is None else keep,
        initialization_rate=ebs.get("VolumeInitializationRate"),
    )


def _image_size(image: Image, snapshot_id: str) -> int | None:
    for item in image.block_device_mappings:
        ebs = item.get("Ebs", {})
        if snapshot_id and ebs.get("SnapshotId") == snapshot_id:
            return ebs.get("VolumeSize")
    return None


def make_devices(tx: Tx, devices: list[Device], ids: list[str], zone: str, zone_id: str, tags: Any) -> None:
    """Make the planned volumes, attached to each of the instances."""
    now = moment(tx)
    for instance_id in ids:
        for device in devices:
            volume_id = tx.new_id("vol")
            attachment = VolumeAttachment(
                volume_id=volume_id,
                instance_id=instance_id,
                device=device.name,
                attach_time=now,
                delete_on_termination=device.delete_on_termination,
            )
            kind = device.kind
            row = Volume(
                volume_id=volume_id,
                availability_zone=zone,
                availability_zone_id=zone_id,
                create_time=now,
                size=kind.size,
                volume_type=kind.volume_type,
                iops=kind.iops,
                throughput=kind.throughput,
                snapshot_id=device.snapshot_id,
                encrypted=device.encrypted,
                kms_key_id=device.kms_key_id,
                volume_initialization_rate=device.initialization_rate,
                state="in-use",
                attachments=(attachment,),
                instance_ids=(instance_id,),
            )
            tx.add(row, tags=tags)
