"""Second factors."""

from __future__ import annotations

import base64
import hashlib
import hmac
import struct

from sundog.api import iam as api
from sundog.core import AwsError, Tx, op
from sundog.services.iam.common import PAGE, arn_of, checked_path, new_tags, now, tag_list, without
from sundog.services.iam.state import MfaDevice, User
from sundog.services.iam.user import caller_name, get_user_row, view_user

DEVICES = 8
STEP = 30


def get_device(tx: Tx, serial: str) -> MfaDevice:
    row = tx.find(MfaDevice, serial)
    if row is None:
        raise _no_device(serial)
    return row


def _no_device(serial: str) -> AwsError:
    return api.NoSuchEntityException(f"VirtualMFADevice with serial number {serial} doesn't exist.")


def totp(seed: bytes, counter: int) -> str:
    """The six digits of a moment (RFC 6238)."""
    digest = hmac.new(seed, struct.pack(">Q", counter), hashlib.sha1).digest()
    offset = digest[-1] & 15
    return f"{(struct.unpack('>I', digest[offset : offset + 4])[0] & 0x7FFFFFFF) % 1_000_000:06d}"


def check_codes(tx: Tx, row: MfaDevice, first: str, second: str) -> None:
    """Two codes are digits, and differ; with policies enforced they are the device's own, one after the other."""
    right = first.isdigit() and second.isdigit() and len(first) == len(second) == 6
    if right and tx.setting("enforce_iam") and row.seed:
        seed = base64.b32decode(row.seed)
        now = int(tx.now.timestamp()) // STEP
        right = any((totp(seed, at), totp(seed, at + 1)) == (first, second) for at in range(now - 20, now + 20))
    if not right:
        raise api.InvalidAuthenticationCodeException("Authentication code for device is not valid.")


@op
def create_virtual_mfa_device(tx: Tx, req: api.CreateVirtualMFADeviceRequest) -> api.CreateVirtualMFADeviceResponse:
    """Make a device; its seed and the picture that holds it are told this once."""
    path = checked_path(req.path)
    name = req.virtual_mfa_device_name
    serial = arn_of(tx, f"mfa{path}{name}")
    if tx.find(MfaDevice, serial) is not None:
        raise api.EntityAlreadyExistsException("MFADevice entity at the same path and name already exists.")
    seed = base64.b32encode(tx.ids.random.randbytes(40))
    tx.add(MfaDevice(serial_number=serial, name=name, path=path, seed=seed.decode(), tags=new_tags(req.tags)))
    from sundog.services.iam.picture import png

    uri = f"otpauth://totp/Amazon%20Web%20Services:{name}@{tx.account}?secret={seed.decode()}&issuer=Amazon%20Web%20Services"
    return api.CreateVirtualMFADeviceResponse(
        virtual_mfa_device=api.VirtualMFADevice(
            serial_number=serial,
            base32_string_seed=seed,
            qr_code_png=png(uri.encode()),
            tags=tag_list(new_tags(req.tags)) if req.tags else None,
        )
    )


@op
def delete_virtual_mfa_device(tx: Tx, req: api.DeleteVirtualMFADeviceRequest) -> None:
    row = get_device(tx, req.serial_number)
    if row.user is not None:
        raise api.DeleteConflictException("Cannot delete entity, must deactivate MFA device first.")
    tx.delete(row)


@op(page_size=PAGE)
def list_virtual_mfa_devices(tx: Tx, req: api.ListVirtualMFADevicesRequest) -> api.ListVirtualMFADevicesResponse:
    """Virtual devices: all, those that a user has, or those that nobody has."""
    status = req.assignment_status or "Any"
    rows = tx.select(MfaDevice).where(
        lambda row: row.virtual and (status == "Any" or (row.user is not None) is (status == "Assigned"))
    )
    return api.ListVirtualMFADevicesResponse(virtual_mfa_devices=rows.map(lambda row: _view(tx, row)))


def _view(tx: Tx, row: MfaDevice) -> api.VirtualMFADevice:
    user = None
    if row.user == "":
        user = api.User(
            user_id=tx.account, arn=f"arn:{tx.partition}:iam::{tx.account}:root", create_date=row.enable_date
        )
    elif row.user is not None:
        owner = tx.find(User, row.user)
        user = None if owner is None else view_user(owner, False)
    return api.VirtualMFADevice(serial_number=row.serial_number, user=user, enable_date=row.enable_date)


@op
def enable_mfa_device(tx: Tx, req: api.EnableMFADeviceRequest) -> None:
    """Give a user a device: a virtual one that was made, or one of another kind."""
    user = get_user_row(tx, req.user_name)
    row = tx.find(MfaDevice, req.serial_number)
    if row is None:
        if req.serial_number.startswith("arn:"):
            raise _no_device(req.serial_number)
        row = MfaDevice(serial_number=req.serial_number, name=req.serial_number, virtual=False)
        tx.add(row)
    elif row.user is not None:
        raise api.EntityAlreadyExistsException("MFA Device is already in use.")
    check_codes(tx, row, req.authentication_code1, req.authentication_code2)
    if tx.select(MfaDevice, user=user.key).count() >= DEVICES:
        raise api.LimitExceededException(f"Cannot exceed quota for MFADevicesPerUser: {DEVICES}")
    tx.update(tx.get(MfaDevice, req.serial_number), user=user.key, enable_date=now(tx))


@op
def resync_mfa_device(tx: Tx, req: api.ResyncMFADeviceRequest) -> None:
    """Bring a device's clock in line."""
    row = _of_user(tx, req.user_name, req.serial_number)
    check_codes(tx, row, req.authentication_code1, req.authentication_code2)


@op
def deactivate_mfa_device(tx: Tx, req: api.DeactivateMFADeviceRequest) -> None:
    """Take a device from its user. One that isn't virtual is forgotten."""
    row = _of_user(tx, caller_name(tx, req.user_name), req.serial_number)
    if row.virtual:
        tx.update(row, user=None, enable_date=None)
    else:
        tx.delete(row)


def _of_user(tx: Tx, name: str | None, serial: str) -> MfaDevice:
    key = "" if name is None else get_user_row(tx, name).key
    row = tx.find(MfaDevice, serial)
    if row is None or row.user != key:
        raise _not_theirs(serial)
    return row


def _not_theirs(serial: str) -> AwsError:
    return api.NoSuchEntityException(f"Device with serial number {serial} doesn't exist.")


@op(page_size=PAGE)
def list_mfa_devices(tx: Tx, req: api.ListMFADevicesRequest) -> api.ListMFADevicesResponse:
    """The devices of a user, or of who calls."""
    name = caller_name(tx, req.user_name)
    user = None if name is None else get_user_row(tx, name)
    rows = tx.select(MfaDevice, user="" if user is None else user.key)
    shown = "" if user is None else user.user_name
    return api.ListMFADevicesResponse(
        mfa_devices=rows.map(
            lambda row: api.MFADevice(user_name=shown, serial_number=row.serial_number, enable_date=row.enable_date)
        )
    )


@op
def get_mfa_device(tx: Tx, req: api.GetMFADeviceRequest) -> api.GetMFADeviceResponse:
    row = get_device(tx, req.serial_number)
    owner = tx.find(User, row.user) if row.user else None
    if req.user_name is not None and (owner is None or owner.key != req.user_name.lower()):
        raise _not_theirs(req.serial_number)
    return api.GetMFADeviceResponse(
        user_name=None if owner is None else owner.user_name,
        serial_number=row.serial_number,
        enable_date=row.enable_date,
    )


@op
def tag_mfa_device(tx: Tx, req: api.TagMFADeviceRequest) -> None:
    row = get_device(tx, req.serial_number)
    tx.update(row, tags=new_tags(req.tags, row.tags))


@op
def untag_mfa_device(tx: Tx, req: api.UntagMFADeviceRequest) -> None:
    row = get_device(tx, req.serial_number)
    tx.update(row, tags=without(row.tags, req.tag_keys))


@op(page_size=PAGE)
def list_mfa_device_tags(tx: Tx, req: api.ListMFADeviceTagsRequest) -> api.ListMFADeviceTagsResponse:
    return api.ListMFADeviceTagsResponse(tags=tag_list(get_device(tx, req.serial_number).tags), is_truncated=False)
