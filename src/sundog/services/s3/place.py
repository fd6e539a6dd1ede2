"""Finding buckets and objects as requests name them."""

from __future__ import annotations

import re
from typing import Any

from sundog.core import AwsError, Tx, parse_arn
from sundog.services.s3 import errors
from sundog.services.s3.state import NULL, Bucket, Object

MAX_KEY = 1024
_ACCOUNT = re.compile(r"\d{12}\Z")
_ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._"


def bucket_of(tx: Tx, req: Any, name: str | None = None) -> Bucket:
    """The request's bucket, in the caller's region and with the owner that the caller expects."""
    expected = req.expected_bucket_owner
    if expected is not None and not _ACCOUNT.match(expected):
        raise AwsError(
            "InvalidBucketOwnerAWSAccountID",
            f"The value of the expected bucket owner parameter must be an AWS Account ID... [{expected}]",
        )
    bucket = find_bucket(tx, req.bucket if name is None else name)
    if expected is not None and expected != bucket.account:
        raise errors.denied()
    payer = req.request_payer if "request_payer" in req.wire_ else None
    if payer != "requester" and tx.account != bucket.account and bucket.configuration.get("payer") == "Requester":
        raise errors.denied()
    if "logging" in bucket.configuration:
        from sundog.services.s3.log import note

        note(tx, bucket)
    return bucket


def find_bucket(tx: Tx, name: str) -> Bucket:
    """The bucket of a name, an access point's ARN or alias."""
    found = tx.find(Bucket, name)
    if found is None:
        found = _behind(tx, name)
        if found is None:
            raise errors.no_bucket(name)
    if found.region != tx.region:
        from sundog.services.s3.redirect import check_region

        check_region(tx, found)
    return found


def _behind(tx: Tx, name: str) -> Bucket | None:
    """The bucket behind an access point."""
    from sundog.services.s3.access_point import bucket_behind

    arn = parse_arn(name) if name.startswith("arn:") else None
    return bucket_behind(tx, name, arn)


def key_bytes(key: str) -> bytes:
    """The key as the store orders it."""
    try:
        made = key.encode()
    except UnicodeEncodeError:
        made = key.encode("utf-8", "surrogateescape")
    if len(made) > MAX_KEY:
        raise errors.fault("KeyTooLongError", "Your key is too long", 400, Size=len(made), MaxSizeAllowed=MAX_KEY)
    return made


def current(tx: Tx, bucket: Bucket, key: bytes) -> Object | None:
    """The newest version of a key, be it a delete marker."""
    if bucket.versioning is None:
        return tx.find(Object, bucket.name, key, 0)
    return next(tx.range(Object, (bucket.name, key), (bucket.name, key, 1)), None)


def versions(tx: Tx, bucket: Bucket, key: bytes) -> Any:
    """All versions of a key, the newest first."""
    return tx.range(Object, (bucket.name, key), (bucket.name, key, 1))


def version(tx: Tx, bucket: Bucket, key: bytes, version_id: str) -> Object | None:
    """One version of a key. An id that S3 can't have made is an error."""
    if version_id != NULL and not is_version_id(version_id):
        raise errors.argument("versionId", version_id, "Invalid version id specified")
    for row in versions(tx, bucket, key):
        if row.version_id == version_id:
            return row
    return None


def object_of(tx: Tx, bucket: Bucket, key: str, version_id: str | None, method: str = "GET") -> Object:
    """The version that a request is about; errors for missing ones and for delete markers."""
    raw = key_bytes(key)
    if version_id is None:
        found = current(tx, bucket, raw)
        if found is None:
            raise _no_key(tx, bucket, key)
        if found.marker:
            error = errors.no_key(key) if method in ("GET", "HEAD") else errors.not_allowed(method, "DeleteMarker")
            error.headers = {"x-amz-delete-marker": "true", "x-amz-version-id": found.version_id}
            raise error
        return found
    found = version(tx, bucket, raw, version_id)
    if found is None:
        raise errors.no_version(key, version_id)
    if found.marker:
        error = errors.not_allowed(method, "DeleteMarker")
        error.headers = {
            "x-amz-delete-marker": "true",
            "x-amz-version-id": found.version_id,
            "allow": "DELETE",
            "last-modified": found.modified.strftime("%a, %d %b %Y %H:%M:%S GMT"),
        }
        raise error
    return found


def _no_key(tx: Tx, bucket: Bucket, key: str) -> AwsError:
    """What who may not list the bucket isn't told: that a key is not there."""
    if tx.setting("enforce_iam"):
        from sundog.services.s3.policy import allowed

        if not allowed(tx, "s3:ListBucket", bucket, None):
            return errors.denied()
    return errors.no_key(key)


def new_version_id(tx: Tx) -> str:
    """An id of 32 characters, the last two of which tell that S3 made it."""
    head = tx.ids.choose(_ALPHABET, 30)
    return head + _check(head)


def is_version_id(text: str) -> bool:
    return len(text) == 32 and _check(text[:30]) == text[30:]


def _check(head: str) -> str:
    total = 7
    for char in head:
        total = total * 31 + ord(char) & 0xFFFFFF
    return _ALPHABET[total & 63] + _ALPHABET[total >> 6 & 63]
