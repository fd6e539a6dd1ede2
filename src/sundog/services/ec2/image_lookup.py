"""Which image an id stands for: one of the account's, a public one, or one that somebody shares."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from hashlib import sha256

from sundog.core import AwsError, Tx
from sundog.services.ec2 import facts
from sundog.services.ec2.identifier import check_ids
from sundog.services.ec2.state.storage import Image
from sundog.wire.model import python_name

MALFORMED = "InvalidAMIID.Malformed"


@lru_cache(maxsize=32)
def public_images(region: str) -> dict[str, Image]:
    """A region's public images as records that are in no table. Not to be changed."""
    return {data["ImageId"]: _image(data) for data in facts.images(region)}


@lru_cache(maxsize=256)
def _public_image(region: str, image_id: str) -> Image | None:
    data = facts.image(region, image_id)
    return None if data is None else _image(data)


def _image(data: dict[str, object]) -> Image:
    named = {python_name(name): tuple(value) if isinstance(value, list) else value for name, value in data.items()}
    return Image(**{name: value for name, value in named.items() if name in Image.__struct_fields__})  # type: ignore[arg-type]


def find_image(tx: Tx, image_id: str) -> Image | None:
    """The image, if the account may see it. One that was deregistered is found too."""
    return tx.find(Image, image_id) or _public_image(tx.region, image_id) or _shared_image(tx, image_id)


def _shared_image(tx: Tx, image_id: str) -> Image | None:
    for account, region, row in tx.everywhere(Image):
        if row.image_id == image_id and region == tx.region and account != tx.account and may_launch(row, tx.account):
            return row
    return None


def shared_images(tx: Tx) -> list[Image]:
    """Other accounts' images that this one may launch."""
    return [
        row
        for account, region, row in tx.everywhere(Image)
        if region == tx.region and account != tx.account and row.state != "deregistered" and may_launch(row, tx.account)
    ]


def may_launch(image: Image, account: str) -> bool:
    """Whether an account that isn't the owner may launch the image. Organizations are taken to hold every account."""
    return image.public or any(
        member in ("OrganizationArn", "OrganizationalUnitArn") or (member == "UserId" and value == account)
        for member, value in image.launch_permissions
    )


def check_image_ids(tx: Tx, ids: Iterable[str]) -> None:
    """Refuse malformed ids. Eucalyptus's images, kernels and ramdisks have prefixes of their own."""
    profile = tx.profile
    others = () if profile is None else profile.images
    check_ids([text for text in ids if text.partition("-")[0] not in others], "ami", MALFORMED)


def get_image(tx: Tx, image_id: str) -> Image:
    """The image that a request names."""
    check_image_ids(tx, (image_id,))
    found = find_image(tx, image_id)
    if found is None:
        raise not_found(image_id)
    if found.state == "deregistered":
        raise unavailable(image_id)
    return found


def own_image(tx: Tx, image_id: str) -> Image:
    """The image that a request wants to change."""
    found = get_image(tx, image_id)
    if found.owner_id != tx.account:
        raise AwsError("AuthFailure", f"Not authorized for image:{image_id}", 403)
    return found


def not_found(*image_ids: str) -> AwsError:
    missing = Image.meta_.missing
    assert callable(missing)
    return missing(*image_ids)  # type: ignore[return-value]


def unavailable(image_id: str) -> AwsError:
    return AwsError("InvalidAMIID.Unavailable", f"The image ID '{image_id}' is no longer available")


def launchable_image(tx: Tx, image_id: str, architecture: str) -> Image:
    """The image to launch. One that nobody made is taken to be a plain Linux, unless the cloud refuses those."""
    check_image_ids(tx, (image_id,))
    found = find_image(tx, image_id)
    if found is None:
        if tx.setting("refuse_unknown_images"):
            raise not_found(image_id)
        return assumed_image(image_id, architecture)
    if found.state in ("deregistered", "disabled"):
        raise unavailable(image_id)
    if found.state != "available":
        raise AwsError("IncorrectState", f"Image '{image_id}' is not in the 'available' state.")
    return found


@lru_cache(maxsize=64)
def assumed_image(image_id: str, architecture: str) -> Image:
    """What an image that nobody made is taken to be."""
    snapshot_id = "snap-0" + sha256(image_id.encode()).hexdigest()[:16]
    ebs = {
        "DeleteOnTermination": True,
        "SnapshotId": snapshot_id,
        "VolumeSize": 8,
        "VolumeType": "gp2",
        "Encrypted": False,
    }
    return Image(
        image_id=image_id,
        owner_id="137112412989",
        name=image_id,
        creation_date="2024-01-01T00:00:00.000Z",
        image_location=f"amazon/{image_id}",
        architecture=architecture,
        block_device_mappings=({"DeviceName": "/dev/xvda", "Ebs": ebs},),
        ena_support=True,
        image_owner_alias="amazon",
        public=True,
        root_device_name="/dev/xvda",
    )
