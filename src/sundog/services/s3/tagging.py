"""Tags of buckets and objects, with the rules that each has."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any
from urllib.parse import parse_qsl

from sundog.api import s3 as api
from sundog.core import AwsError, Tx, op
from sundog.services.s3 import errors
from sundog.services.s3.body import check_body
from sundog.services.s3.notification import announce
from sundog.services.s3.place import bucket_of, object_of

_ALLOWED = re.compile(r"[\w\s_.:/=+\-@]*\Z", re.UNICODE)


def _checked(tags: Iterable[Any], what: str, creating: bool = False) -> dict[str, str]:
    found: dict[str, str] = {}
    for tag in tags:
        key, value = tag.key, tag.value
        if key is None or value is None:
            raise errors.malformed()
        if key in found:
            if creating:
                raise AwsError("InternalError", "We encountered an internal error. Please try again.", 500)
            raise errors.fault("InvalidTag", "Cannot provide multiple Tags with the same key", 400, TagKey=key)
        if key.startswith("aws:"):
            if creating:
                message = (
                    'User-defined tag keys can\'t start with "aws:". This prefix is reserved for system tags. Remove '
                    '"aws:" from your tag keys and try again.'
                )
                raise AwsError("InvalidTag", message)
            message = "System tags cannot be added/updated by requester"
            if what == "object":
                message = "Your TagKey cannot be prefixed with aws:"
            raise errors.fault("InvalidTag", message, 400, TagKey=key)
        if not key or len(key) > 128 or not _ALLOWED.match(key):
            raise errors.fault("InvalidTag", "The TagKey you have provided is invalid", 400, TagKey=key)
        if len(value) > 256 or not _ALLOWED.match(value):
            raise errors.fault(
                "InvalidTag", "The TagValue you have provided is invalid", 400, TagKey=key, TagValue=value
            )
        found[key] = value
    return found


def bucket_tags(tags: Iterable[Any] | None, creating: bool = False) -> dict[str, str]:
    """A bucket's tags, checked."""
    found = _checked(tags or (), "bucket", creating)
    if len(found) > 50:
        raise AwsError("BadRequest", "Bucket tag count cannot be greater than 50")
    return found


def object_tags(tags: Iterable[Any] | None) -> dict[str, str]:
    """An object's tags, checked."""
    found = _checked(tags or (), "object")
    if len(found) > 10:
        raise AwsError("BadRequest", "Object tags cannot be greater than 10")
    return found


def header_tags(text: str | None) -> dict[str, str]:
    """The tags in a ``x-amz-tagging`` header."""
    if not text:
        return {}
    try:
        pairs = parse_qsl(text, keep_blank_values=True, strict_parsing=True, errors="strict")
    except (ValueError, UnicodeDecodeError):
        raise _bad_header(text) from None
    if len({key for key, _ in pairs}) != len(pairs) or any("=" in value for _, value in pairs if "," in value):
        raise _bad_header(text)
    return object_tags([api.Tag(key=key, value=value) for key, value in pairs])


def _bad_header(text: str) -> AwsError:
    message = (
        "The header 'x-amz-tagging' shall be encoded as UTF-8 then URLEncoded URL query parameters without tag name "
        "duplicates."
    )
    return errors.argument("x-amz-tagging", text, message)


@op
def put_bucket_tagging(tx: Tx, req: api.PutBucketTaggingRequest) -> None:
    """Replace a bucket's tags."""
    bucket = bucket_of(tx, req)
    check_body(tx, req)
    tx.update(bucket, tags=bucket_tags(req.tagging.tag_set))
    tx.entry.status = 204


@op
def get_bucket_tagging(tx: Tx, req: api.GetBucketTaggingRequest) -> api.GetBucketTaggingOutput:
    """A bucket's tags; without any that is an error."""
    bucket = bucket_of(tx, req)
    if not bucket.tags:
        raise errors.unconfigured("NoSuchTagSet", "The TagSet does not exist", bucket.name)
    return api.GetBucketTaggingOutput(tag_set=bucket.tags)


@op
def delete_bucket_tagging(tx: Tx, req: api.DeleteBucketTaggingRequest) -> None:
    """Remove a bucket's tags."""
    tx.update(bucket_of(tx, req), tags={})


@op
def put_object_tagging(tx: Tx, req: api.PutObjectTaggingRequest) -> api.PutObjectTaggingOutput:
    """Replace a version's tags."""
    bucket = bucket_of(tx, req)
    row = object_of(tx, bucket, req.key, req.version_id, "PUT")
    check_body(tx, req)
    row = tx.update(row, tags=object_tags(req.tagging.tag_set))
    announce(tx, bucket, "ObjectTagging:Put", row)
    return api.PutObjectTaggingOutput(version_id=row.version_id if bucket.versioning else None)


@op
def get_object_tagging(tx: Tx, req: api.GetObjectTaggingRequest) -> api.GetObjectTaggingOutput:
    """A version's tags."""
    bucket = bucket_of(tx, req)
    try:
        row = object_of(tx, bucket, req.key, req.version_id)
    except AwsError as error:
        if error.code == "NoSuchKey":
            error.members["Key"] = f"{bucket.name}/{req.key}"  # so it is told here, and only here
        raise
    return api.GetObjectTaggingOutput(tag_set=row.tags, version_id=row.version_id if bucket.versioning else None)


@op
def delete_object_tagging(tx: Tx, req: api.DeleteObjectTaggingRequest) -> api.DeleteObjectTaggingOutput:
    """Remove a version's tags."""
    bucket = bucket_of(tx, req)
    row = object_of(tx, bucket, req.key, req.version_id, "DELETE")
    row = tx.update(row, tags={})
    announce(tx, bucket, "ObjectTagging:Delete", row)
    return api.DeleteObjectTaggingOutput(version_id=row.version_id if bucket.versioning else None)
