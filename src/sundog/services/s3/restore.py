"""Objects brought back from archives, for a time that the clock keeps."""

from __future__ import annotations

import datetime

from sundog.api import s3 as api
from sundog.core import AwsError, Tx, op
from sundog.services.s3 import errors
from sundog.services.s3.body import check_body
from sundog.services.s3.get import is_restored
from sundog.services.s3.notification import announce
from sundog.services.s3.place import bucket_of, object_of, version
from sundog.services.s3.state import Bucket, Object, Restored
from sundog.services.s3.storage import ARCHIVES
from sundog.services.s3.upkeep import due

_HOURS = {
    ("GLACIER", "Expedited"): 5 / 60,
    ("GLACIER", "Standard"): 4,
    ("GLACIER", "Bulk"): 8,
    ("DEEP_ARCHIVE", "Standard"): 12,
    ("DEEP_ARCHIVE", "Bulk"): 48,
}


@op
def restore_object(tx: Tx, req: api.RestoreObjectRequest) -> api.RestoreObjectOutput:
    """Bring an object back: at once, or with delays switched on as long after as at AWS."""
    bucket = bucket_of(tx, req)
    row = object_of(tx, bucket, req.key, req.version_id, "POST")
    check_body(tx, req)
    wanted = req.restore_request
    if wanted is None:
        raise errors.malformed()
    if wanted.type == "SELECT":
        raise errors.not_implemented("SELECT")
    if row.storage_class not in ARCHIVES:
        raise errors.fault(
            "InvalidObjectState",
            "Restore is not allowed for the object's current storage class",
            403,
            StorageClass=row.storage_class,
        )
    parameters = wanted.glacier_job_parameters
    tier = (parameters.tier if parameters is not None else None) or wanted.tier or "Standard"
    if wanted.days is None:
        raise errors.malformed()
    if wanted.days <= 0:
        raise AwsError("InvalidArgument", "restoration days should be at least 1")
    if (row.storage_class, tier) not in _HOURS:
        raise errors.argument("Tier", tier, f"The retrieval option {tier} is not supported by this storage class")
    if row.restored is not None and row.restored.until is None:
        raise AwsError("RestoreAlreadyInProgress", "Object restore is already in progress", 409)
    if is_restored(tx, row):
        until = due(tx.now, wanted.days)
        tx.update(row, restored=Restored(until, wanted.days, tier))
        tx.at(until, lapse, bucket.name, row.key, row.version_id)
        return api.RestoreObjectOutput()
    row = tx.update(row, restored=Restored(None, wanted.days, tier))
    announce(tx, bucket, "ObjectRestore:Post", row)
    tx.entry.status = 202
    if tx.setting("delays"):
        hours = datetime.timedelta(hours=_HOURS[row.storage_class, tier])
        tx.at(tx.now + hours, complete, bucket.name, row.key, row.version_id)
    else:
        _complete(tx, bucket, row)
    return api.RestoreObjectOutput()


def _found(tx: Tx, name: str, key: bytes, version_id: str) -> tuple[Bucket, Object] | None:
    bucket = tx.find(Bucket, name)
    row = version(tx, bucket, key, version_id) if bucket is not None else None
    return None if bucket is None or row is None or row.restored is None else (bucket, row)


def complete(tx: Tx, name: str, key: bytes, version_id: str) -> None:
    """The archive has given the object back."""
    found = _found(tx, name, key, version_id)
    if found is not None:
        _complete(tx, *found)


def _complete(tx: Tx, bucket: Bucket, row: Object) -> None:
    assert row.restored is not None
    until = due(tx.now, row.restored.days)
    row = tx.update(row, restored=Restored(until, row.restored.days, row.restored.tier))
    announce(tx, bucket, "ObjectRestore:Completed", row, restored=until)
    tx.at(until, lapse, bucket.name, row.key, row.version_id)


def lapse(tx: Tx, name: str, key: bytes, version_id: str) -> None:
    """The object is in the archive alone again."""
    found = _found(tx, name, key, version_id)
    if found is None or is_restored(tx, found[1]):
        return
    bucket, row = found
    row = tx.update(row, restored=None)
    announce(tx, bucket, "ObjectRestore:Delete", row)
