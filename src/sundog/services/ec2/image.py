"""Images: made from instances and snapshots, copied, listed, shared, deprecated, deregistered."""

from __future__ import annotations

import re
from typing import Any

from msgspec.structs import replace

from sundog.api import ec2 as api
from sundog.core import AwsError, Tx, op, rows_of
from sundog.services.ec2 import ebs
from sundog.services.ec2.identifier import check_parameter
from sundog.services.ec2.image_lookup import (
    check_image_ids,
    find_image,
    get_image,
    not_found,
    own_image,
    public_images,
    shared_images,
)
from sundog.services.ec2.instance.transition import get_instance
from sundog.services.ec2.settle import moment, settle
from sundog.services.ec2.snapshot import image_of, make_snapshot, usable_snapshot
from sundog.services.ec2.state.compute import RUNNING, STOPPED
from sundog.services.ec2.state.storage import Image, Snapshot
from sundog.services.ec2.volume import volumes_of

_NAME = re.compile(r"[A-Za-z0-9()\[\] ./\-'@_]{3,128}")
BAKING = 60


def check_name(tx: Tx, name: str) -> None:
    """Refuse a name that no image may have, or that one has."""
    if _NAME.fullmatch(name) is None:
        raise AwsError(
            "InvalidAMIName.Malformed",
            "AMI names must be between 3 and 128 characters long, and may contain letters, numbers, '(', ')', '.', "
            "'-', '/' and '_'",
        )
    for row in tx.select(Image, name=name):
        if row.state != "deregistered":
            raise AwsError("InvalidAMIName.Duplicate", f"AMI name {name} is already in use by AMI {row.image_id}")


def _iso(tx: Tx) -> str:
    return f"{tx.now:%Y-%m-%dT%H:%M:%S}.000Z"


# -- making


@op(taggable=("snapshot",))
def create_image(tx: Tx, req: api.CreateImageRequest) -> api.CreateImageResult:
    """Make an image of an instance, with a snapshot of each of its volumes."""
    row = get_instance(tx, req.instance_id)
    if row.state not in (RUNNING, STOPPED):
        raise AwsError(
            "IncorrectState",
            f"The instance '{row.instance_id}' is not in a state from which an image can be created.",
        )
    check_name(tx, req.name)
    image_id = tx.new_id("ami")
    asked = {each.device_name: each for each in req.block_device_mappings or ()}
    mappings: list[dict[str, Any]] = []
    for volume, attachment in volumes_of(tx, row.instance_id):
        given = asked.pop(attachment.device, None)
        if given is not None and given.no_device is not None:
            continue
        description = f"Created by CreateImage({row.instance_id}) for {image_id}"
        snapshot = make_snapshot(tx, volume, description, req.tag_specifications)
        part: dict[str, Any] = {
            "DeleteOnTermination": attachment.delete_on_termination,
            "SnapshotId": snapshot.snapshot_id,
            "VolumeSize": volume.size,
            "VolumeType": volume.volume_type,
            "Encrypted": volume.encrypted,
        }
        if volume.volume_type in ("gp3", "io1", "io2"):
            part["Iops"] = volume.iops
        if volume.throughput is not None:
            part["Throughput"] = volume.throughput
        if given is not None and given.ebs is not None:
            part.update(_given(given.ebs))
        mappings.append({"DeviceName": attachment.device, "Ebs": part})
    mappings += [_mapping(tx, each) for each in asked.values() if each.no_device is None]
    source = find_image(tx, row.image_id)
    traits = row.traits
    image = Image(
        image_id=image_id,
        owner_id=tx.account,
        name=req.name,
        creation_date=_iso(tx),
        image_location=f"{tx.account}/{req.name}",
        architecture=traits.architecture,
        block_device_mappings=tuple(mappings),
        boot_mode=req.boot_mode_override or traits.boot_mode,
        description=req.description,
        ena_support=row.ena_support,
        imds_support=source.imds_support if source is not None else None,
        kernel_id=row.kernel_id,
        ramdisk_id=row.ramdisk_id,
        platform=traits.platform,
        platform_details=traits.platform_details,
        product_codes=traits.product_codes,
        root_device_name=row.root_device_name,
        root_device_type=traits.root_device_type,
        source_image_id=row.image_id if source is not None else None,
        source_image_region=tx.region if source is not None else None,
        source_instance_id=row.instance_id,
        sriov_net_support=row.sriov_net_support,
        state="pending",
        tpm_support=traits.tpm_support,
        usage_operation=traits.usage_operation,
        virtualization_type=traits.virtualization_type,
    )
    return api.CreateImageResult(image_id=_begin(tx, image, req.tag_specifications))


def _begin(tx: Tx, image: Image, tags: Any) -> str:
    tx.add(image, tags=tags)
    settle(tx, BAKING, become_available, image.image_id)
    return image.image_id


def become_available(tx: Tx, image_id: str) -> None:
    """An image can be launched."""
    row = tx.find(Image, image_id)
    if row is not None and row.state == "pending":
        tx.update(row, state="available")


def _given(part: Any) -> dict[str, Any]:
    """What a request says of a volume, in botocore's form."""
    found = {
        "DeleteOnTermination": part.delete_on_termination,
        "Iops": part.iops,
        "SnapshotId": part.snapshot_id,
        "VolumeSize": part.volume_size,
        "VolumeType": part.volume_type,
        "KmsKeyId": part.kms_key_id,
        "Throughput": part.throughput,
        "Encrypted": part.encrypted,
        "VolumeInitializationRate": part.volume_initialization_rate,
    }
    return {name: value for name, value in found.items() if value is not None}


def _mapping(tx: Tx, given: Any) -> dict[str, Any]:
    """One block device mapping of a new image."""
    if given.virtual_name is not None or given.ebs is None:
        return {"DeviceName": given.device_name, "VirtualName": given.virtual_name}
    part: dict[str, Any] = {"DeleteOnTermination": True, "VolumeType": "gp2", **_given(given.ebs)}
    if "SnapshotId" in part:
        check_parameter((part["SnapshotId"],), "snap", "snapshotId")
        snapshot = usable_snapshot(tx, part["SnapshotId"])
        part.setdefault("VolumeSize", snapshot.volume_size)
        part.setdefault("Encrypted", snapshot.encrypted)
        if part["VolumeSize"] < snapshot.volume_size:
            raise AwsError(
                "InvalidBlockDeviceMapping",
                f"Volume of size {part['VolumeSize']}GB is smaller than snapshot '{snapshot.snapshot_id}', "
                f"expect size >= {snapshot.volume_size}GB",
            )
    elif "VolumeSize" not in part:
        raise AwsError("MissingParameter", "The request must contain the parameter size or snapshotId")
    part.setdefault("Encrypted", False)
    return {"DeviceName": given.device_name, "Ebs": part}


@op
def register_image(tx: Tx, req: api.RegisterImageRequest) -> api.RegisterImageResult:
    """Make an image of snapshots, or of a manifest in S3."""
    check_name(tx, req.name)
    if req.image_location is None and req.root_device_name is None:
        raise AwsError("MissingParameter", "The request must contain the parameter rootDeviceName or imageLocation")
    mappings = tuple(_mapping(tx, each) for each in req.block_device_mappings or () if each.no_device is None)
    root = req.root_device_name
    if req.image_location is None and not any(each["DeviceName"] == root and "Ebs" in each for each in mappings):
        raise AwsError(
            "InvalidBlockDeviceMapping", "The device is not configured with a snapshot: the root device has no mapping."
        )
    product_codes = tuple({"ProductCodeId": code, "ProductCodeType": "devpay"} for code in req.billing_products or ())
    virtualization = req.virtualization_type or "paravirtual"
    if virtualization not in ("hvm", "paravirtual"):
        raise AwsError(
            "InvalidParameterValue", f"Value ({virtualization}) for parameter virtualizationType is invalid."
        )
    image = Image(
        image_id=tx.new_id("ami"),
        owner_id=tx.account,
        name=req.name,
        creation_date=_iso(tx),
        image_location=req.image_location or f"{tx.account}/{req.name}",
        architecture=req.architecture or "i386",
        block_device_mappings=mappings,
        boot_mode=req.boot_mode,
        description=req.description,
        ena_support=bool(req.ena_support),
        imds_support=req.imds_support,
        kernel_id=req.kernel_id,
        product_codes=product_codes,
        ramdisk_id=req.ramdisk_id,
        root_device_name=root,
        root_device_type="ebs" if req.image_location is None else "instance-store",
        sriov_net_support=req.sriov_net_support,
        tpm_support=req.tpm_support,
        uefi_data=req.uefi_data,
        virtualization_type=virtualization,
        state="pending",
    )
    return api.RegisterImageResult(image_id=_begin(tx, image, req.tag_specifications))


@op(taggable=("snapshot",))
def copy_image(tx: Tx, req: api.CopyImageRequest) -> api.CopyImageResult:
    """Copy an image, with its snapshots, from a region."""
    there = tx.in_(region=req.source_region)
    source = get_image(there, req.source_image_id)
    if source.state != "available":
        raise AwsError("InvalidAMIID.Unavailable", f"The image ID '{source.image_id}' is not available")
    if req.destination_outpost_arn is not None:
        raise AwsError("InvalidParameterValue", f"The outpost '{req.destination_outpost_arn}' does not exist.")
    if req.kms_key_id is not None and not req.encrypted:
        raise AwsError(
            "InvalidParameterDependency", "The parameter KmsKeyId requires the parameter Encrypted to be set."
        )
    check_name(tx, req.name)
    image_id = tx.new_id("ami")
    mappings = tuple(_copied(tx, each, source, image_id, req) for each in source.block_device_mappings)
    image = replace(
        source,
        serial_=0,
        image_id=image_id,
        owner_id=tx.account,
        image_owner_alias=None,
        name=req.name,
        description=req.description
        if req.description is not None
        else f"[Copied {source.image_id} from {req.source_region}] {source.name}",
        creation_date=_iso(tx),
        image_location=f"{tx.account}/{req.name}",
        block_device_mappings=mappings,
        public=False,
        launch_permissions=(),
        deprecation_time=None,
        deregistration_protection="disabled",
        source_image_id=source.image_id,
        source_image_region=req.source_region,
        source_instance_id=None,
        state="pending",
        tags={k: v for k, v in source.tags.items() if not k.startswith("aws:")} if req.copy_image_tags else {},
    )
    if req.tag_specifications and image.tags:
        kept = image.tags
        _begin(tx, image, req.tag_specifications)
        row = tx.get(Image, image_id)
        tx.update(row, tags={**kept, **row.tags})
        return api.CopyImageResult(image_id=image_id)
    return api.CopyImageResult(image_id=_begin(tx, image, req.tag_specifications))


def _copied(tx: Tx, mapping: dict[str, Any], source: Image, image_id: str, req: Any) -> dict[str, Any]:
    """A mapping of a copied image, with a snapshot of its own."""
    part = mapping.get("Ebs")
    if part is None:
        return mapping
    encrypted = bool(req.encrypted) or bool(part.get("Encrypted"))
    row = tx.add(
        Snapshot(
            snapshot_id=tx.new_id("snap"),
            owner_id=tx.account,
            volume_id="vol-ffffffff",
            volume_size=part.get("VolumeSize", 8),
            start_time=moment(tx),
            completion_time=moment(tx),
            description=(
                f"Copied for DestinationAmi {image_id} from SourceAmi {source.image_id} for SourceSnapshot "
                f"{part.get('SnapshotId', '')}. Task created on {tx.now.timestamp() * 1000:,.0f}."
            ),
            encrypted=encrypted,
            kms_key_id=ebs.key_arn(tx, req.kms_key_id) if encrypted else None,
        ),
        tags=req.tag_specifications,
    )
    made = {**part, "SnapshotId": row.snapshot_id, "Encrypted": encrypted}
    if req.kms_key_id is not None:
        made["KmsKeyId"] = row.kms_key_id
    return {**mapping, "Ebs": made}


# -- listing


@op
def describe_images(tx: Tx, req: api.DescribeImagesRequest) -> api.DescribeImagesResult:
    """List images: the account's, the public ones, and those that it may launch."""
    ids = list(dict.fromkeys(req.image_ids or ()))
    check_image_ids(tx, ids)
    if ids:
        found = [find_image(tx, image_id) for image_id in ids]
        lacking = [
            image_id for image_id, row in zip(ids, found, strict=True) if row is None or row.state == "deregistered"
        ]
        if lacking:
            raise not_found(*lacking)
        seen = [row for row in found if row is not None]
    else:
        seen = [row for row in tx.select(Image) if row.state != "deregistered"]
        seen += shared_images(tx)
        seen += public_images(tx.region).values()
        if not req.include_disabled:
            seen = [row for row in seen if row.state != "disabled"]
        if not req.include_deprecated:
            now = _iso(tx)
            seen = [
                row
                for row in seen
                if row.owner_id == tx.account or row.deprecation_time is None or row.deprecation_time > now
            ]
    if req.owners:
        owners = {tx.account if owner == "self" else owner for owner in req.owners}
        seen = [row for row in seen if row.owner_id in owners or row.image_owner_alias in owners]
    if req.executable_users:
        seen = [row for row in seen if _executable(tx, row, req.executable_users)]
    return api.DescribeImagesResult(images=tx.search(Image, filters=req.filters, among=rows_of(seen)))


def _executable(tx: Tx, row: Image, users: list[str]) -> bool:
    """Whether somebody of the users was let in by name (``self``: this account; ``all``: everybody)."""
    for user in users:
        if user == "all":
            if row.public:
                return True
        elif ("UserId", tx.account if user == "self" else user) in row.launch_permissions:
            return True
    return False


# -- attributes


@op
def describe_image_attribute(tx: Tx, req: api.DescribeImageAttributeRequest) -> api.ImageAttribute:
    """Tell one attribute; only the owner is told."""
    row = own_image(tx, req.image_id)
    answer: Any = api.ImageAttribute(image_id=row.image_id)
    values = {
        "description": ("description", row.description),
        "kernel": ("kernel_id", row.kernel_id),
        "ramdisk": ("ramdisk_id", row.ramdisk_id),
        "sriovNetSupport": ("sriov_net_support", row.sriov_net_support),
        "bootMode": ("boot_mode", row.boot_mode),
        "tpmSupport": ("tpm_support", row.tpm_support),
        "uefiData": ("uefi_data", row.uefi_data),
        "lastLaunchedTime": ("last_launched_time", row.last_launched_time),
        "imdsSupport": ("imds_support", row.imds_support),
        "deregistrationProtection": ("deregistration_protection", row.deregistration_protection),
    }
    if req.attribute in values:
        member, value = values[req.attribute]
        setattr(answer, member, {} if value is None else {"Value": value})
    elif req.attribute == "launchPermission":
        answer.launch_permissions = [{member: value} for member, value in row.launch_permissions]
    elif req.attribute == "productCodes":
        answer.product_codes = row.product_codes
    elif req.attribute == "blockDeviceMapping":
        answer.block_device_mappings = row.block_device_mappings
    else:
        raise AwsError("InvalidParameterValue", f"Value ({req.attribute}) for parameter attribute is invalid.")
    return answer


_LISTS = (
    ("user_ids", "UserId"),
    ("user_groups", "Group"),
    ("organization_arns", "OrganizationArn"),
    ("organizational_unit_arns", "OrganizationalUnitArn"),
)
_MEMBERS = (
    ("user_id", "UserId"),
    ("group", "Group"),
    ("organization_arn", "OrganizationArn"),
    ("organizational_unit_arn", "OrganizationalUnitArn"),
)


@op
def modify_image_attribute(tx: Tx, req: api.ModifyImageAttributeRequest) -> None:
    """Change who may launch an image, or what is said of it."""
    row = own_image(tx, req.image_id)
    changes: dict[str, Any] = {}
    added, removed = _permissions(req)
    if added or removed:
        kept = [each for each in row.launch_permissions if each not in removed]
        kept += [each for each in dict.fromkeys(added) if each not in kept]
        changes["launch_permissions"] = tuple(kept)
        changes["public"] = ("Group", "all") in kept
    if req.description is not None:
        changes["description"] = req.description.value or ""
    elif req.attribute == "description":
        changes["description"] = req.value or ""
    if req.imds_support is not None or req.attribute == "imdsSupport":
        value = req.imds_support.value if req.imds_support is not None else req.value
        if value != "v2.0":
            raise AwsError("InvalidParameterValue", f"Value ({value}) for parameter imdsSupport is invalid.")
        changes["imds_support"] = value
    if req.product_codes:
        codes = [{"ProductCodeId": code, "ProductCodeType": "marketplace"} for code in req.product_codes]
        changes["product_codes"] = (*row.product_codes, *codes)
    if not changes:
        raise AwsError("InvalidParameterCombination", "No attributes specified.")
    tx.update(row, **changes)


def _permissions(req: Any) -> tuple[list[tuple[str, str]], list[tuple[str, str]]]:
    """Launch permissions to add and to remove."""
    added: list[tuple[str, str]] = []
    removed: list[tuple[str, str]] = []
    if req.launch_permission is not None:
        for given, into in ((req.launch_permission.add, added), (req.launch_permission.remove, removed)):
            for each in given or ():
                into += [(wire, value) for name, wire in _MEMBERS if (value := getattr(each, name)) is not None]
    listed = [(wire, value) for name, wire in _LISTS for value in getattr(req, name) or ()]
    if listed:
        if req.operation_type is None:
            raise AwsError("MissingParameter", "The request must contain the parameter operationType")
        (added if req.operation_type == "add" else removed).extend(listed)
    for member, value in (*added, *removed):
        if member == "Group" and value != "all":
            raise AwsError(
                "InvalidAMIAttributeItemValue", f'Invalid attribute item value "{value}" for userGroup item type.'
            )
        if member == "UserId" and (len(value) != 12 or not value.isdigit()):
            raise AwsError(
                "InvalidAMIAttributeItemValue", f'Invalid attribute item value "{value}" for userId item type.'
            )
    return added, removed


@op
def reset_image_attribute(tx: Tx, req: api.ResetImageAttributeRequest) -> None:
    """Let nobody else launch an image."""
    row = own_image(tx, req.image_id)
    if req.attribute != "launchPermission":
        raise AwsError("InvalidParameterValue", f"Value ({req.attribute}) for parameter attribute is invalid.")
    tx.update(row, launch_permissions=(), public=False)


# -- the end of an image


@op
def deregister_image(tx: Tx, req: api.DeregisterImageRequest) -> api.DeregisterImageResult:
    """Take an image away; instances of it go on."""
    row = own_image(tx, req.image_id)
    if row.deregistration_protection != "disabled" and (row.protected_until is None or row.protected_until > tx.now):
        raise AwsError(
            "OperationNotPermitted",
            f"The AMI '{row.image_id}' has deregistration protection enabled. Disable it and try again.",
        )
    tx.update(row, state="deregistered", launch_permissions=(), public=False)
    results: list[dict[str, str]] | None = None
    if req.delete_associated_snapshots:
        results = []
        for item in row.block_device_mappings:
            snapshot_id = item.get("Ebs", {}).get("SnapshotId")
            snapshot = tx.find(Snapshot, snapshot_id) if snapshot_id else None
            if snapshot is None:
                continue
            used = image_of(tx, snapshot.snapshot_id) is not None
            if not used:
                tx.delete(snapshot)
            results.append({"SnapshotId": snapshot.snapshot_id, "ReturnCode": "skipped" if used else "success"})
    return api.DeregisterImageResult(return_=True, delete_snapshot_results=results)


@op
def enable_image_deprecation(tx: Tx, req: api.EnableImageDeprecationRequest) -> api.EnableImageDeprecationResult:
    """Say from when on an image isn't shown to others any longer."""
    row = own_image(tx, req.image_id)
    if req.deprecate_at <= tx.now:
        raise AwsError("InvalidParameterValue", "The deprecation date must be in the future.")
    when = req.deprecate_at
    if when.second or when.microsecond:
        from datetime import timedelta

        when = when.replace(second=0, microsecond=0) + (timedelta(minutes=1) if when.second >= 30 else timedelta())
    tx.update(row, deprecation_time=f"{when:%Y-%m-%dT%H:%M}:00.000Z")
    return api.EnableImageDeprecationResult(return_=True)


@op
def disable_image_deprecation(tx: Tx, req: api.DisableImageDeprecationRequest) -> api.DisableImageDeprecationResult:
    """Take that back."""
    tx.update(own_image(tx, req.image_id), deprecation_time=None)
    return api.DisableImageDeprecationResult(return_=True)


@op
def disable_image(tx: Tx, req: api.DisableImageRequest) -> api.DisableImageResult:
    """Let nobody launch an image, nor see it."""
    row = own_image(tx, req.image_id)
    tx.update(row, state="disabled", launch_permissions=(), public=False)
    return api.DisableImageResult(return_=True)


@op
def enable_image(tx: Tx, req: api.EnableImageRequest) -> api.EnableImageResult:
    """Let an image be launched again."""
    row = own_image(tx, req.image_id)
    if row.state == "disabled":
        tx.update(row, state="available")
    return api.EnableImageResult(return_=True)


@op
def enable_image_deregistration_protection(
    tx: Tx, req: api.EnableImageDeregistrationProtectionRequest
) -> api.EnableImageDeregistrationProtectionResult:
    """Keep an image from being deregistered."""
    row = own_image(tx, req.image_id)
    value = "enabled-with-cooldown" if req.with_cooldown else "enabled-without-cooldown"
    tx.update(row, deregistration_protection=value, protection_cooldown=bool(req.with_cooldown), protected_until=None)
    return api.EnableImageDeregistrationProtectionResult(return_=value)


@op
def disable_image_deregistration_protection(
    tx: Tx, req: api.DisableImageDeregistrationProtectionRequest
) -> api.DisableImageDeregistrationProtectionResult:
    """Let an image be deregistered: at once, or after a day if it was protected with a cooldown."""
    from datetime import timedelta

    row = own_image(tx, req.image_id)
    if row.protection_cooldown:
        tx.update(row, protected_until=tx.now + timedelta(hours=24))
        return api.DisableImageDeregistrationProtectionResult(return_="disabled-with-cooldown")
    tx.update(row, deregistration_protection="disabled", protected_until=None)
    return api.DisableImageDeregistrationProtectionResult(return_="disabled")
