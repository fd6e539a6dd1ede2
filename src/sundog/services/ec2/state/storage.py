"""Volumes, snapshots and images: what an account stores."""

from __future__ import annotations

import datetime
from typing import Any

import msgspec

from sundog.core import NO_TAGS, AwsError, Index, Key, Record, Tags, record
from sundog.core.filter import parse_names


class VolumeAttachment(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """A volume's place at one instance."""

    volume_id: str
    instance_id: str
    device: str
    attach_time: datetime.datetime
    delete_on_termination: bool = False
    state: str = "attached"


@record(
    missing=("InvalidVolumeModification.NotFound", "Modification for volume '{}' does not exist."),
    order="added",
    filters=parse_names(
        (
            "modification-state",
            "original-iops",
            "original-size",
            "original-volume-type",
            "originalMultiAttachEnabled=original_multi_attach_enabled",
            "start-time",
            "target-iops",
            "target-size",
            "target-volume-type",
            "targetMultiAttachEnabled=target_multi_attach_enabled",
            "volume-id",
        )
    ),
)
class VolumeModification(Record):
    """The last change of a volume's size or kind."""

    volume_id: Key[str]
    modification_state: str
    progress: int
    start_time: datetime.datetime
    end_time: datetime.datetime | None = None
    original_size: int
    original_volume_type: str
    original_iops: int | None = None
    original_throughput: int | None = None
    original_multi_attach_enabled: bool = False
    target_size: int
    target_volume_type: str
    target_iops: int | None = None
    target_throughput: int | None = None
    target_multi_attach_enabled: bool = False


@record(
    missing=("InvalidVolume.NotFound", "The volume '{}' does not exist."),
    tagged_as="volume",
    order="added",
    filters=parse_names(
        (
            "attachment.attach-time=attachments.attach_time",
            "attachment.delete-on-termination=attachments.delete_on_termination",
            "attachment.device=attachments.device",
            "attachment.instance-id=instance_ids",
            "attachment.status=attachments.state",
            "availability-zone",
            "availability-zone-id",
            "create-time",
            "encrypted",
            "fast-restored",
            "multi-attach-enabled",
            "operator.managed",
            "operator.principal",
            "size",
            "snapshot-id",
            "status=state",
            "volume-id",
            "volume-type",
        )
    ),
)
class Volume(Record):
    """A block device. ``instance_ids`` are those of its attachments, for finding."""

    volume_id: Key[str]
    availability_zone: str
    availability_zone_id: str
    create_time: datetime.datetime
    size: int
    volume_type: str
    iops: int | None = None
    throughput: int | None = None
    snapshot_id: str = ""
    state: str = "available"
    encrypted: bool = False
    kms_key_id: str | None = None
    multi_attach_enabled: bool = False
    fast_restored: bool | None = None
    volume_initialization_rate: int | None = None
    attachments: tuple[VolumeAttachment, ...] = ()
    instance_ids: Index[tuple[str, ...]] = ()
    auto_enable_io: bool = False
    tags: Tags = NO_TAGS


@record(
    missing=("InvalidSnapshot.NotFound", "The snapshot '{}' does not exist."),
    tagged_as="snapshot",
    order="added",
    filters=parse_names(
        (
            "description",
            "encrypted",
            "owner-alias",
            "owner-id",
            "progress",
            "snapshot-id",
            "start-time",
            "status=state",
            "storage-tier",
            "transfer-type",
            "volume-id",
            "volume-size",
        )
    ),
)
class Snapshot(Record):
    """A copy of a volume. ``users`` may make volumes of it; ``public``: everybody may."""

    snapshot_id: Key[str]
    owner_id: str
    volume_id: Index[str]
    volume_size: int
    start_time: datetime.datetime
    state: str = "completed"
    progress: str = "100%"
    completion_time: datetime.datetime | None = None
    description: str = ""
    encrypted: bool = False
    kms_key_id: str | None = None
    owner_alias: str | None = None
    storage_tier: str = "standard"
    transfer_type: str | None = None
    completion_duration_minutes: int | None = None
    users: tuple[str, ...] = ()
    public: bool = False
    tags: Tags = NO_TAGS


def _no_image(*ids: str) -> AwsError:
    many = len(ids) > 1
    text = f"The image id{'s' if many else ''} '[{', '.join(ids)}]' do{'' if many else 'es'} not exist"
    return AwsError("InvalidAMIID.NotFound", text)


@record(
    missing=_no_image,
    tagged_as="image",
    order="added",
    filters=parse_names(
        (
            "architecture",
            "block-device-mapping.delete-on-termination=block_device_mappings.Ebs.DeleteOnTermination",
            "block-device-mapping.device-name=block_device_mappings.DeviceName",
            "block-device-mapping.snapshot-id=block_device_mappings.Ebs.SnapshotId",
            "block-device-mapping.volume-size=block_device_mappings.Ebs.VolumeSize",
            "block-device-mapping.volume-type=block_device_mappings.Ebs.VolumeType",
            "block-device-mapping.encrypted=block_device_mappings.Ebs.Encrypted",
            "creation-date",
            "description",
            "ena-support",
            "free-tier-eligible",
            "hypervisor",
            "image-allowed",
            "image-id",
            "image-type",
            "image-watermark.source-image-creation-time=image_watermarks.SourceImageCreationTime",
            "image-watermark.source-image-id=image_watermarks.SourceImageId",
            "image-watermark.source-image-region=image_watermarks.SourceImageRegion",
            "image-watermark.watermark-creation-time=image_watermarks.WatermarkCreationTime",
            "image-watermark.watermark-key=image_watermarks.WatermarkKey",
            "is-public=public",
            "kernel-id",
            "manifest-location=image_location",
            "name",
            "owner-alias=image_owner_alias",
            "owner-id",
            "platform",
            "product-code=product_codes.ProductCodeId",
            "product-code.type=product_codes.ProductCodeType",
            "public-ssm-parameter-name",
            "ramdisk-id",
            "root-device-name",
            "root-device-type",
            "source-image-id",
            "source-image-region",
            "source-instance-id",
            "sriov-net-support",
            "state",
            "state-reason-code=state_reason.Code",
            "state-reason-message=state_reason.Message",
            "virtualization-type",
        )
    ),
)
class Image(Record):
    """A machine image. ``block_device_mappings`` are in botocore's form and never changed in place.

    A deregistered image stays as a row that no list shows, so that its instances can still tell what they came from.
    """

    image_id: Key[str]
    owner_id: str
    name: Index[str]
    creation_date: str
    image_location: str
    architecture: str = "x86_64"
    block_device_mappings: tuple[dict[str, Any], ...] = ()
    boot_mode: str | None = None
    deprecation_time: str | None = None
    deregistration_protection: str = "disabled"
    description: str | None = None
    ena_support: bool | None = None
    free_tier_eligible: bool | None = None
    hypervisor: str = "xen"
    image_allowed: bool | None = None
    image_owner_alias: str | None = None
    image_type: str = "machine"
    imds_support: str | None = None
    kernel_id: str | None = None
    last_launched_time: str | None = None
    platform: str | None = None
    platform_details: str = "Linux/UNIX"
    product_codes: tuple[dict[str, Any], ...] = ()
    public: bool = False
    ramdisk_id: str | None = None
    root_device_name: str | None = None
    root_device_type: str = "ebs"
    source_image_id: str | None = None
    source_image_region: str | None = None
    source_instance_id: str | None = None
    sriov_net_support: str | None = None
    state: str = "available"
    state_reason: dict[str, str] | None = None
    tpm_support: str | None = None
    uefi_data: str | None = None
    usage_operation: str = "RunInstances"
    virtualization_type: str = "hvm"
    launch_permissions: tuple[tuple[str, str], ...] = ()
    """Who else may launch it: the permission's member (``UserId``, ``OrganizationArn`` ...) and its value."""
    protected_until: datetime.datetime | None = None
    protection_cooldown: bool = False
    tags: Tags = NO_TAGS


@record()
class EbsDefaults(Record):
    """What new volumes of an account in a region are like: one row, once something was set."""

    name: Key[str] = "default"
    encryption: bool = False
    kms_key_id: str | None = None
