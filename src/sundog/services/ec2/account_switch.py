"""What an account turns on and off in a region: the serial console, and what may be public or launched."""

from __future__ import annotations

from typing import Any

from sundog.api import ec2 as api
from sundog.core import AwsError, Tx, op
from sundog.core.structure import plain
from sundog.services.ec2.state.capacity import Switch

_CONSOLE, _SNAPSHOTS, _IMAGES = "serial-console", "snapshot-block-public-access", "image-block-public-access"
_ALLOWED, _CRITERIA = "allowed-images", "allowed-images-criteria"
MAX_CRITERIA = 10


def switch(tx: Tx, name: str, default: Any) -> Any:
    """What is set, or the default."""
    row = tx.find(Switch, name)
    return default if row is None else row.value


def snapshots_blocked(tx: Tx) -> bool:
    """Whether snapshots can't be made public."""
    return switch(tx, _SNAPSHOTS, "unblocked") != "unblocked"


def images_blocked(tx: Tx) -> bool:
    """Whether images can't be made public."""
    return switch(tx, _IMAGES, "unblocked") != "unblocked"


def _set(tx: Tx, name: str, value: Any) -> Any:
    row = tx.find(Switch, name)
    if row is None:
        tx.add(Switch(name=name, value=value))
    else:
        tx.update(row, value=value)
    return value


@op
def enable_serial_console_access(
    tx: Tx, req: api.EnableSerialConsoleAccessRequest
) -> api.EnableSerialConsoleAccessResult:
    """Let the account use the serial console."""
    return api.EnableSerialConsoleAccessResult(serial_console_access_enabled=_set(tx, _CONSOLE, True))


@op
def disable_serial_console_access(
    tx: Tx, req: api.DisableSerialConsoleAccessRequest
) -> api.DisableSerialConsoleAccessResult:
    """Keep the account from the serial console."""
    return api.DisableSerialConsoleAccessResult(serial_console_access_enabled=_set(tx, _CONSOLE, False))


@op
def get_serial_console_access_status(
    tx: Tx, req: api.GetSerialConsoleAccessStatusRequest
) -> api.GetSerialConsoleAccessStatusResult:
    """Whether the account may use the serial console."""
    return api.GetSerialConsoleAccessStatusResult(
        serial_console_access_enabled=switch(tx, _CONSOLE, False), managed_by="account"
    )


@op
def enable_snapshot_block_public_access(
    tx: Tx, req: api.EnableSnapshotBlockPublicAccessRequest
) -> api.EnableSnapshotBlockPublicAccessResult:
    """Keep snapshots from being public: all, or those that aren't yet."""
    if req.state not in ("block-all-sharing", "block-new-sharing"):
        raise AwsError("InvalidParameterValue", f"Value ({req.state}) for parameter State is invalid.")
    return api.EnableSnapshotBlockPublicAccessResult(state=_set(tx, _SNAPSHOTS, req.state))


@op
def disable_snapshot_block_public_access(
    tx: Tx, req: api.DisableSnapshotBlockPublicAccessRequest
) -> api.DisableSnapshotBlockPublicAccessResult:
    """Let snapshots be public."""
    return api.DisableSnapshotBlockPublicAccessResult(state=_set(tx, _SNAPSHOTS, "unblocked"))


@op
def get_snapshot_block_public_access_state(
    tx: Tx, req: api.GetSnapshotBlockPublicAccessStateRequest
) -> api.GetSnapshotBlockPublicAccessStateResult:
    """Whether snapshots may be public."""
    return api.GetSnapshotBlockPublicAccessStateResult(state=switch(tx, _SNAPSHOTS, "unblocked"), managed_by="account")


@op
def enable_image_block_public_access(
    tx: Tx, req: api.EnableImageBlockPublicAccessRequest
) -> api.EnableImageBlockPublicAccessResult:
    """Keep images from being made public."""
    state = _set(tx, _IMAGES, req.image_block_public_access_state)
    return api.EnableImageBlockPublicAccessResult(image_block_public_access_state=state)


@op
def disable_image_block_public_access(
    tx: Tx, req: api.DisableImageBlockPublicAccessRequest
) -> api.DisableImageBlockPublicAccessResult:
    """Let images be public."""
    return api.DisableImageBlockPublicAccessResult(image_block_public_access_state=_set(tx, _IMAGES, "unblocked"))


@op
def get_image_block_public_access_state(
    tx: Tx, req: api.GetImageBlockPublicAccessStateRequest
) -> api.GetImageBlockPublicAccessStateResult:
    """Whether images may be made public."""
    return api.GetImageBlockPublicAccessStateResult(
        image_block_public_access_state=switch(tx, _IMAGES, "unblocked"), managed_by="account"
    )


@op
def enable_allowed_images_settings(
    tx: Tx, req: api.EnableAllowedImagesSettingsRequest
) -> api.EnableAllowedImagesSettingsResult:
    """Allow only images that meet the criteria, or see which don't."""
    state = _set(tx, _ALLOWED, req.allowed_images_settings_state)
    return api.EnableAllowedImagesSettingsResult(allowed_images_settings_state=state)


@op
def disable_allowed_images_settings(
    tx: Tx, req: api.DisableAllowedImagesSettingsRequest
) -> api.DisableAllowedImagesSettingsResult:
    """Allow all images."""
    return api.DisableAllowedImagesSettingsResult(allowed_images_settings_state=_set(tx, _ALLOWED, "disabled"))


@op
def get_allowed_images_settings(tx: Tx, req: api.GetAllowedImagesSettingsRequest) -> api.GetAllowedImagesSettingsResult:
    """Which images are allowed."""
    return api.GetAllowedImagesSettingsResult(
        state=switch(tx, _ALLOWED, "disabled"), image_criteria=switch(tx, _CRITERIA, []), managed_by="account"
    )


@op
def replace_image_criteria_in_allowed_images_settings(
    tx: Tx, req: api.ReplaceImageCriteriaInAllowedImagesSettingsRequest
) -> api.ReplaceImageCriteriaInAllowedImagesSettingsResult:
    """Set the criteria anew."""
    criteria = plain(req.image_criteria or [])
    if len(criteria) > MAX_CRITERIA:
        raise AwsError("InvalidParameterValue", "At most 10 image criteria can be given.")
    _set(tx, _CRITERIA, criteria)
    return api.ReplaceImageCriteriaInAllowedImagesSettingsResult(return_value=True)
