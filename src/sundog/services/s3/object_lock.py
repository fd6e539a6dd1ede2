"""Object lock: retention, legal holds, and what they forbid."""

from __future__ import annotations

import datetime
from typing import Any

from sundog.api import s3 as api
from sundog.core import AwsError, Tx, op
from sundog.core.structure import plain
from sundog.services.s3 import errors
from sundog.services.s3.body import check_body
from sundog.services.s3.place import bucket_of, object_of
from sundog.services.s3.state import Bucket, Lock, Object

MODES = ("GOVERNANCE", "COMPLIANCE")
_UNTIL, _MODE, _HOLD = "x-amz-object-lock-retain-until-date", "x-amz-object-lock-mode", "x-amz-object-lock-legal-hold"


def unlockable() -> AwsError:
    return errors.invalid("Bucket is missing Object Lock Configuration")


def for_new_object(tx: Tx, bucket: Bucket, req: Any) -> Lock | None:
    """What locks an object that a request makes: its headers, else the bucket's default."""
    mode, until = req.object_lock_mode, req.object_lock_retain_until_date
    hold = req.object_lock_legal_hold_status
    if mode is None and until is None and hold is None:
        return default_lock(tx, bucket)
    if not bucket.object_lock:
        raise unlockable()
    if hold is not None and hold not in ("ON", "OFF"):
        raise errors.argument(_HOLD, hold, "Legal Hold must be either of 'ON' or 'OFF'")
    if (mode is None) != (until is None):
        lacking = _UNTIL if until is None else _MODE
        raise errors.argument(lacking, ..., f"{_UNTIL} and {_MODE} must both be supplied")
    if mode is None:
        standard = default_lock(tx, bucket)
        return Lock(standard.mode, standard.until, hold) if standard is not None else Lock(hold=hold)
    if mode not in MODES:
        raise errors.argument(_MODE, mode, "Unknown wormMode directive.")
    _check_future(tx, until)
    return Lock(mode, until, hold)


def _check_future(tx: Tx, until: datetime.datetime) -> None:
    if until <= tx.now:
        text = until.strftime("%a %b %d %H:%M:%S UTC %Y")
        raise errors.argument(_UNTIL, text, "The retain until date must be in the future!")


def default_lock(tx: Tx, bucket: Bucket) -> Lock | None:
    """What the bucket locks new objects with."""
    if not bucket.lock_rule:
        return None
    retention = bucket.lock_rule["DefaultRetention"]
    days = retention.get("Days")
    if days is None:
        days = retention["Years"] * 365
    return Lock(retention["Mode"], tx.now + datetime.timedelta(days=days))


def is_retained(tx: Tx, row: Object) -> bool:
    return row.lock is not None and row.lock.until is not None and row.lock.until > tx.now


def check_removable(tx: Tx, row: Object, bypass: bool) -> None:
    """Refuse to remove or replace a version that is protected."""
    lock = row.lock
    if lock is None:
        return
    if lock.hold == "ON" or (is_retained(tx, row) and (lock.mode == "COMPLIANCE" or not bypass)):
        raise protected()


def protected() -> AwsError:
    return errors.denied("Access Denied because object protected by object lock.")


def check_bypass(bucket: Bucket, bypass: bool | None) -> None:
    """The header that bypasses governance has no place where nothing is locked."""
    if bypass is not None and not bucket.object_lock:
        name = "x-amz-bypass-governance-retention"
        raise errors.argument(name, ..., f"{name} is only applicable to Object Lock enabled buckets.")


@op
def put_object_lock_configuration(tx: Tx, req: api.PutObjectLockConfigurationRequest) -> None:
    """Switch object lock on, or set the default retention."""
    bucket = bucket_of(tx, req)
    check_body(tx, req)
    configuration = req.object_lock_configuration
    if configuration is None or configuration.object_lock_enabled != "Enabled":
        raise errors.malformed()
    rule = configuration.rule
    if rule is not None:
        retention = rule.default_retention
        if retention is None or retention.mode not in MODES or (retention.days is None) == (retention.years is None):
            raise errors.malformed()
        for name, value, most in (("days", retention.days, 36500), ("years", retention.years, 100)):
            if value is not None and value <= 0:
                raise AwsError("InvalidArgument", "Default retention period must be a positive integer value.")
            if value is not None and value > most:
                raise AwsError("InvalidArgument", f"Default retention period too large. Must be at most {most} {name}.")
    if bucket.versioning != "Enabled":
        raise AwsError(
            "InvalidBucketState",
            "Versioning must be 'Enabled' on the bucket to apply a Object Lock configuration",
            409,
        )
    tx.update(bucket, object_lock=True, lock_rule=plain(rule) if rule is not None else None)


@op
def get_object_lock_configuration(
    tx: Tx, req: api.GetObjectLockConfigurationRequest
) -> api.GetObjectLockConfigurationOutput:
    """Whether objects are locked here, and for how long by default."""
    bucket = bucket_of(tx, req)
    if not bucket.object_lock:
        raise errors.unconfigured(
            "ObjectLockConfigurationNotFoundError",
            "Object Lock configuration does not exist for this bucket",
            bucket.name,
        )
    return api.GetObjectLockConfigurationOutput(
        object_lock_configuration=api.ObjectLockConfiguration(object_lock_enabled="Enabled", rule=bucket.lock_rule)
    )


@op
def put_object_retention(tx: Tx, req: api.PutObjectRetentionRequest) -> None:
    """Set how long a version is kept; what is kept already may only be kept longer."""
    bucket = bucket_of(tx, req)
    row = object_of(tx, bucket, req.key, req.version_id, "PUT")
    check_body(tx, req)
    if not bucket.object_lock:
        raise unlockable()
    retention = req.retention
    mode = retention.mode if retention is not None else None
    until = retention.retain_until_date if retention is not None else None
    if (mode is None) != (until is None) or (mode is not None and mode not in MODES):
        raise errors.malformed()
    if until is not None:
        _check_future(tx, until)
    lock = row.lock or Lock()
    if is_retained(tx, row):
        assert lock.until is not None
        loosened = until is None or until < lock.until or (mode == "GOVERNANCE" and lock.mode == "COMPLIANCE")
        changed = loosened or mode != lock.mode
        if lock.mode == "COMPLIANCE" and loosened:
            raise protected()
        if lock.mode == "GOVERNANCE" and changed and not req.bypass_governance_retention:
            raise protected()
    tx.update(row, lock=Lock(mode, until, lock.hold))


@op
def get_object_retention(tx: Tx, req: api.GetObjectRetentionRequest) -> api.GetObjectRetentionOutput:
    """How long a version is kept."""
    bucket = bucket_of(tx, req)
    row = object_of(tx, bucket, req.key, req.version_id)
    if not bucket.object_lock:
        raise unlockable()
    if row.lock is None or row.lock.mode is None:
        raise _unset()
    return api.GetObjectRetentionOutput(
        retention=api.ObjectLockRetention(mode=row.lock.mode, retain_until_date=row.lock.until)
    )


def _unset() -> AwsError:
    return AwsError(
        "NoSuchObjectLockConfiguration", "The specified object does not have a ObjectLock configuration", 404
    )


@op
def put_object_legal_hold(tx: Tx, req: api.PutObjectLegalHoldRequest) -> None:
    """Put a version on hold, or release it."""
    bucket = bucket_of(tx, req)
    row = object_of(tx, bucket, req.key, req.version_id, "PUT")
    check_body(tx, req)
    if not bucket.object_lock:
        raise unlockable()
    if req.legal_hold is None or req.legal_hold.status not in ("ON", "OFF"):
        raise errors.malformed()
    lock = row.lock or Lock()
    tx.update(row, lock=Lock(lock.mode, lock.until, req.legal_hold.status))


@op
def get_object_legal_hold(tx: Tx, req: api.GetObjectLegalHoldRequest) -> api.GetObjectLegalHoldOutput:
    """Whether a version is on hold."""
    bucket = bucket_of(tx, req)
    row = object_of(tx, bucket, req.key, req.version_id)
    if not bucket.object_lock:
        raise unlockable()
    if row.lock is None or row.lock.hold is None:
        raise _unset()
    return api.GetObjectLegalHoldOutput(legal_hold=api.ObjectLockLegalHold(status=row.lock.hold))
