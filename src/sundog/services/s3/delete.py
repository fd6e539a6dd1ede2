"""Objects as they go: one, or up to a thousand."""

from __future__ import annotations

import msgspec

from sundog.api import s3 as api
from sundog.core import AwsError, Tx, op
from sundog.services.s3 import errors
from sundog.services.s3.body import check_body
from sundog.services.s3.condition import http_date
from sundog.services.s3.notification import announce
from sundog.services.s3.object_lock import check_bypass, check_removable
from sundog.services.s3.place import bucket_of, current, is_version_id, key_bytes, version
from sundog.services.s3.policy import allowed
from sundog.services.s3.state import NULL, Bucket, Object
from sundog.services.s3.version import check_mfa, put_version, remove_version

MAX_KEYS = 1000


class Removed(msgspec.Struct, gc=False):
    """What became of one key."""

    version_id: str | None = None
    marker: bool = False
    marker_version: str | None = None


def remove(
    tx: Tx, bucket: Bucket, key: str, version_id: str | None, bypass: bool = False, mfa: str | None = None
) -> Removed:
    """Remove a version, or put a delete marker on top of the versions."""
    raw = key_bytes(key)
    if version_id is not None:
        check_mfa(bucket, mfa)
        row = version(tx, bucket, raw, version_id)
        if row is None:
            return Removed(version_id if bucket.versioning is not None else None)
        if not row.marker:
            check_removable(tx, row, bypass)
        remove_version(tx, bucket, row)
        announce(tx, bucket, "ObjectRemoved:Delete", row)
        shown = version_id if bucket.versioning is not None else None
        return Removed(shown, row.marker, version_id if row.marker else None)
    if bucket.versioning is None:
        row = tx.find(Object, bucket.name, raw, 0)
        if row is not None:
            remove_version(tx, bucket, row)
            announce(tx, bucket, "ObjectRemoved:Delete", row)
        return Removed()
    return mark(tx, bucket, raw)


def mark(tx: Tx, bucket: Bucket, raw: bytes, event: str = "ObjectRemoved:DeleteMarkerCreated") -> Removed:
    """Put a delete marker on top of a key's versions."""
    marker = put_version(
        tx,
        bucket,
        Object(
            bucket=bucket.name,
            key=raw,
            order=0,
            marker=True,
            etag="d41d8cd98f00b204e9800998ecf8427e",
            modified=tx.now.replace(microsecond=0),
            owner=tx.account,
        ),
    )
    from sundog.services.s3.replication import replicate

    replicate(tx, bucket, marker)
    announce(tx, bucket, event, marker)
    return Removed(None, True, marker.version_id)


def _check_match(bucket: Bucket, row: Object | None, key: str, etag: str | None) -> None:
    if etag is None:
        return
    if row is None or row.marker:
        if etag == "*":
            raise errors.precondition("If-Match")
        raise errors.no_key(key)
    if etag != "*" and etag.strip('"') != row.etag:
        raise errors.precondition("If-Match")


@op
def delete_object(tx: Tx, req: api.DeleteObjectRequest) -> api.DeleteObjectOutput:
    """Remove an object, or a version of it. That there is none is no error."""
    bucket = bucket_of(tx, req)
    check_bypass(bucket, req.bypass_governance_retention)
    modified, size = req.if_match_last_modified_time, req.if_match_size
    if not bucket.directory:
        if modified is not None:
            raise errors.not_implemented("x-amz-if-match-last-modified-time")
        if size is not None:
            raise errors.not_implemented("x-amz-if-match-size")
    raw = key_bytes(req.key)
    if req.if_match is not None or modified is not None or size is not None:
        row = current(tx, bucket, raw)
        _check_match(bucket, row, req.key, req.if_match)
        if row is not None and (
            (modified is not None and modified != row.modified) or (size is not None and size != row.size)
        ):
            raise errors.precondition("If-Match")
    removed = remove(tx, bucket, req.key, req.version_id, bool(req.bypass_governance_retention), req.mfa)
    return api.DeleteObjectOutput(
        version_id=removed.version_id or removed.marker_version, delete_marker=True if removed.marker else None
    )


@op
def delete_objects(tx: Tx, req: api.DeleteObjectsRequest) -> api.DeleteObjectsOutput:
    """Remove many objects; each by itself succeeds or fails."""
    bucket = bucket_of(tx, req)
    check_body(tx, req)
    check_bypass(bucket, req.bypass_governance_retention)
    wanted = req.delete.objects if req.delete is not None else None
    if not wanted or len(wanted) > MAX_KEYS:
        raise errors.malformed()
    deleted: list[api.DeletedObject] = []
    failed: list[api.Error] = []
    bypass = bool(req.bypass_governance_retention)
    for item in wanted:
        try:
            if item.key is None:
                raise errors.malformed()
            if not item.key:
                raise AwsError("UserKeyMustBeSpecified", "The key must be specified.")
            done = _remove_item(tx, bucket, item, bypass, req.mfa)
        except AwsError as error:
            if error.code == "MalformedXML":
                raise
            failed.append(api.Error(key=item.key, version_id=item.version_id, code=error.code, message=error.message))
        else:
            deleted.append(done)
    if req.delete.quiet:
        deleted = []
    return api.DeleteObjectsOutput(deleted=deleted or None, errors=failed or None)


def _remove_item(
    tx: Tx, bucket: Bucket, item: api.ObjectIdentifier, bypass: bool, mfa: str | None
) -> api.DeletedObject:
    key, version_id = item.key, item.version_id
    action = "s3:DeleteObject" if version_id is None else "s3:DeleteObjectVersion"
    if not allowed(tx, action, bucket, key, version_id):
        raise errors.denied()
    if version_id not in (None, NULL):
        known = is_version_id(version_id) and version(tx, bucket, key_bytes(key), version_id) is not None
        if not known:
            raise errors.no_version(key, version_id)
    row = current(tx, bucket, key_bytes(key))
    _check_match(bucket, row, key, item.e_tag)
    modified, size = item.last_modified_time, item.size
    if row is not None and (
        (modified is not None and http_date(modified) != http_date(row.modified))
        or (size is not None and size != row.size)
    ):
        raise errors.precondition("If-Match")
    removed = remove(tx, bucket, key, version_id, bypass, mfa)
    return api.DeletedObject(
        key=key,
        version_id=removed.version_id,
        delete_marker=True if removed.marker else None,
        delete_marker_version_id=removed.marker_version,
    )
