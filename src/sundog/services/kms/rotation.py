"""Rotation of key material."""

from __future__ import annotations

import datetime

from sundog.api import kms as api
from sundog.core import Tx, op
from sundog.services.kms.state import KmsKey, customers, enabled, key_of, new_material, not_going

MOST_ON_DEMAND = 10


def _rotatable(key: KmsKey, external: bool = False) -> KmsKey:
    if key.key_spec != "SYMMETRIC_DEFAULT":
        raise api.UnsupportedOperationException("")
    if key.origin != "AWS_KMS" and not external:
        raise api.UnsupportedOperationException(
            f"{key.arn} origin is {key.origin} which is not valid for this operation."
        )
    return key


@op
def enable_key_rotation(tx: Tx, req: api.EnableKeyRotationRequest) -> None:
    there, key = key_of(tx, req.key_id)
    enabled(_rotatable(customers(there, key, "EnableKeyRotation")))
    days = req.rotation_period_in_days or 365
    since = tx.now if key.rotation_days is None else key.rotated_since
    key = there.update(key, rotation_days=days, rotated_since=since)
    _plan(there, key)


def _plan(tx: Tx, key: KmsKey) -> None:
    due = next_rotation(key)
    if due is not None:
        tx.at(due, rotate, key.key_id, due.timestamp())


def next_rotation(key: KmsKey) -> datetime.datetime | None:
    if key.rotation_days is None or key.rotated_since is None:
        return None
    return key.rotated_since + datetime.timedelta(days=key.rotation_days)


def rotate(tx: Tx, key_id: str, due: float) -> None:
    """The period of a key is over."""
    key = tx.find(KmsKey, key_id)
    planned = next_rotation(key) if key is not None else None
    if key is None or planned is None or planned.timestamp() != due:
        return
    key = tx.update(key, rotated_since=planned)
    if key.key_state == "Enabled":
        key = rotated(tx, key, "AUTOMATIC")
    _plan(tx, key)


def rotated(tx: Tx, key: KmsKey, how: str) -> KmsKey:
    """The key with new material; the old still decrypts."""
    made = new_material(tx)
    told = {
        "KeyId": key.key_id,
        "KeyMaterialId": made.id,
        "RotationDate": tx.now,
        "RotationType": how,
        "KeyMaterialState": "CURRENT",
    }
    before = tuple({**one, "KeyMaterialState": "NON_CURRENT"} for one in key.rotations)
    return tx.update(key, materials=(*key.materials, made), rotations=(*before, told))


@op
def disable_key_rotation(tx: Tx, req: api.DisableKeyRotationRequest) -> None:
    there, key = key_of(tx, req.key_id)
    enabled(_rotatable(customers(there, key, "DisableKeyRotation")))
    there.update(key, rotation_days=None, rotated_since=None)


@op
def get_key_rotation_status(tx: Tx, req: api.GetKeyRotationStatusRequest) -> api.GetKeyRotationStatusResponse:
    _, key = key_of(tx, req.key_id)
    _rotatable(key)
    return api.GetKeyRotationStatusResponse(
        key_id=key.key_id,
        key_rotation_enabled=key.rotation_days is not None and key.key_state != "PendingDeletion",
        rotation_period_in_days=key.rotation_days,
        next_rotation_date=next_rotation(key),
    )


@op
def rotate_key_on_demand(tx: Tx, req: api.RotateKeyOnDemandRequest) -> api.RotateKeyOnDemandResponse:
    there, key = key_of(tx, req.key_id)
    not_going(enabled(_rotatable(customers(there, key, "RotateKeyOnDemand"))))
    if sum(1 for one in key.rotations if one["RotationType"] == "ON_DEMAND") >= MOST_ON_DEMAND:
        raise api.LimitExceededException(
            f"The on-demand rotations limit has been reached for the given keyId: {key.arn}"
        )
    rotated(there, key, "ON_DEMAND")
    return api.RotateKeyOnDemandResponse(key_id=key.arn)


@op(page_size=100)
def list_key_rotations(tx: Tx, req: api.ListKeyRotationsRequest) -> api.ListKeyRotationsResponse:
    _, key = key_of(tx, req.key_id)
    _rotatable(key, external=True)
    return api.ListKeyRotationsResponse(rotations=list(key.rotations))
