"""Versions: how a new one takes the place of the last, and the bucket's switch."""

from __future__ import annotations

from typing import Any

import msgspec

from sundog.api import s3 as api
from sundog.core import AwsError, Tx, op
from sundog.services.s3 import errors
from sundog.services.s3.body import check_body
from sundog.services.s3.place import bucket_of, current, new_version_id, versions
from sundog.services.s3.state import NULL, Annotation, Bucket, Object, Upload


def put_version(tx: Tx, bucket: Bucket, row: Object) -> Object:
    """Make the row the key's newest version, as the bucket's versioning says."""
    disturb(tx, bucket, row.key)
    if bucket.versioning is None:
        old = tx.find(Object, bucket.name, row.key, 0)
        if old is not None:
            drop(tx, old)
        return tx.add(row)
    last = current(tx, bucket, row.key)
    order = -tx.store.next_serial()
    if bucket.versioning == "Enabled":
        row = msgspec.structs.replace(row, version_id=new_version_id(tx), order=order)
    else:
        row = msgspec.structs.replace(row, version_id=NULL, order=order)
        for old in versions(tx, bucket, row.key):
            if old.version_id == NULL:
                if last is old:
                    last = None
                drop(tx, old)
                break
    if last is not None and last.noncurrent is None:
        tx.update(last, noncurrent=tx.now)
    return tx.add(row)


def drop(tx: Tx, row: Object) -> None:
    """Delete a version's row and what is kept beside it."""
    for note in list(tx.range(Annotation, (row.bucket, row.key, row.order), (row.bucket, row.key, row.order + 1))):
        tx.delete(note)
    tx.delete(row)


def remove_version(tx: Tx, bucket: Bucket, row: Object) -> None:
    """Remove one version; the one before it becomes the newest if it was."""
    disturb(tx, bucket, row.key)
    newest = current(tx, bucket, row.key)
    drop(tx, row)
    if newest is row and bucket.versioning is not None:
        following = current(tx, bucket, row.key)
        if following is not None:
            tx.update(following, noncurrent=None)


def disturb(tx: Tx, bucket: Bucket, key: bytes) -> None:
    """Let uploads that go on know that something happened to their key meanwhile."""
    for upload in list(tx.range(Upload, (bucket.name, key), (bucket.name, key + b"\0"))):
        tx.update(upload, disturbed=True)


def shown(bucket: Bucket, row: Object) -> str | None:
    """The version's id in answers: none in a bucket that never had versions."""
    return row.version_id if bucket.versioning is not None else None


def shown_new(bucket: Bucket, row: Object) -> str | None:
    """The same in the answer to what made it."""
    return row.version_id if bucket.versioning == "Enabled" else None


@op
def put_bucket_versioning(tx: Tx, req: api.PutBucketVersioningRequest) -> None:
    """Switch versions on, or suspend them."""
    bucket = bucket_of(tx, req)
    check_body(tx, req)
    configuration = req.versioning_configuration
    status, mfa = configuration.status, configuration.mfa_delete
    if status is None and mfa is None:
        raise AwsError(
            "IllegalVersioningConfigurationException",
            "The Versioning element must be specified",
        )
    if (status is not None and status not in ("Enabled", "Suspended")) or (
        mfa is not None and mfa not in ("Enabled", "Disabled")
    ):
        raise errors.malformed()
    if bucket.directory:
        raise errors.not_allowed("PUT", "BUCKET")
    changes: dict[str, Any] = {}
    if mfa == "Enabled" or bucket.mfa_delete:
        _check_device(req.mfa)
        changes["mfa_delete"] = mfa == "Enabled"
    if status == "Suspended" and bucket.object_lock:
        raise AwsError(
            "InvalidBucketState",
            "An Object Lock configuration is present on this bucket, so the versioning state cannot be changed.",
            409,
        )
    if status is not None:
        changes["versioning"] = status
    tx.update(bucket, **changes)


def _check_device(mfa: str | None) -> None:
    """What a multi-factor device says: its serial number and six digits."""
    serial, _, digits = (mfa or "").rpartition(" ")
    if not serial or len(digits) != 6 or not digits.isdecimal():
        raise errors.denied("Mfa Authentication must be used for this request")


def check_mfa(bucket: Bucket, mfa: str | None) -> None:
    """Refuse to remove versions without a device where the bucket wants one."""
    if bucket.mfa_delete:
        _check_device(mfa)


@op
def get_bucket_versioning(tx: Tx, req: api.GetBucketVersioningRequest) -> api.GetBucketVersioningOutput:
    """Whether the bucket keeps versions."""
    bucket = bucket_of(tx, req)
    return api.GetBucketVersioningOutput(status=bucket.versioning, mfa_delete="Enabled" if bucket.mfa_delete else None)
