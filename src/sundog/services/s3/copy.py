"""Copies: of objects, and of ranges of them into parts. Their bytes are shared."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import unquote

import msgspec

from sundog.api import s3 as api
from sundog.core import Tx, op
from sundog.core.blob import Blobs
from sundog.services.s3 import acl, checksum, condition, encryption, errors, object_lock, storage, tagging
from sundog.services.s3.body import shown_checksum
from sundog.services.s3.checksum import ATTRIBUTES, COMPOSITE, Checksum
from sundog.services.s3.get import is_restored
from sundog.services.s3.lifecycle import expiration_of
from sundog.services.s3.multipart import check_customer_key, check_number, keep_part, upload_of
from sundog.services.s3.notification import announce
from sundog.services.s3.place import bucket_of, current, find_bucket, key_bytes, object_of
from sundog.services.s3.place import version as find_version
from sundog.services.s3.put import check_key, etag_of, upkeep_of
from sundog.services.s3.replication import replicate
from sundog.services.s3.state import Bucket, Object
from sundog.services.s3.storage import ARCHIVES
from sundog.services.s3.version import put_version, shown

MAX_COPY = 5 * 1024**3
_RANGE = re.compile(r"bytes=(\d+)-(\d+)\Z")
_DIRECTIVES = ("COPY", "REPLACE")


def source_name(text: str) -> tuple[str, str, str | None]:
    """Bucket, key and version in a copy's source."""
    path, mark, query = text.partition("?versionId=")
    version = unquote(query) if mark else None
    path = path.removeprefix("/")
    if path.startswith("arn:"):
        name, _, key = path.partition("/object/")
        return unquote(name), unquote(key), version
    name, slash, key = path.partition("/")
    if not slash:
        name, slash, key = unquote(path).partition("/")
        if not slash:
            raise errors.argument("x-amz-copy-source", "x-amz-copy-source", "Invalid copy source object key")
        return name, key, version
    if not name or not key:
        raise errors.argument("x-amz-copy-source", "x-amz-copy-source", "Invalid copy source object key")
    return unquote(name), unquote(key), version


def source_of(tx: Tx, req: Any) -> tuple[Bucket, Object, str | None]:
    """What is copied, and the version if the request names one."""
    name, key, version = source_name(req.copy_source)
    inside = tx
    known = tx.find(Bucket, name)
    if known is not None and known.region != tx.region:
        inside = tx.in_(region=known.region)  # copies may cross regions
    bucket = find_bucket(inside, name)
    expected = req.expected_source_bucket_owner
    if expected is not None and expected != bucket.account:
        raise errors.denied()
    if version is not None:
        row = find_version(tx, bucket, key_bytes(key), version)
        if row is not None and row.marker:
            raise errors.invalid(
                "The source of a copy request may not specifically refer to a delete marker by version id."
            )
    row = object_of(tx, bucket, key, version)
    if row.storage_class in ARCHIVES and not is_restored(tx, row):
        raise errors.fault(
            "InvalidObjectState",
            "Operation is not valid for the source object's storage class",
            403,
            StorageClass=row.storage_class,
        )
    encryption.check_access(row, req, "copy_source_sse_customer_")
    condition.check_source(req, row)
    return bucket, row, version


def _directive(value: str | None, name: str) -> str:
    if value is not None and value not in _DIRECTIVES:
        what = "metadata" if name == "x-amz-metadata-directive" else "tagging"
        raise errors.argument(name, value, f"Unknown {what} directive.")
    return value or "COPY"


@op
def copy_object(tx: Tx, req: api.CopyObjectRequest) -> api.CopyObjectOutput:
    """Make an object of another, with its metadata and tags or with new ones."""
    bucket = bucket_of(tx, req)
    raw = check_key(req.key)
    condition.check_form(req)
    origin, source, _ = source_of(tx, req)
    if source.size > MAX_COPY:
        raise errors.invalid(
            f"The specified copy source is larger than the maximum allowable size for a copy source: {MAX_COPY}"
        )
    about = _directive(req.metadata_directive, "x-amz-metadata-directive")
    tagged = _directive(req.tagging_directive, "x-amz-tagging-directive")
    condition.check_write(req, req.key, current(tx, bucket, raw))
    sealed = encryption.for_new_object(tx, bucket, req)
    itself = origin.name == bucket.name and source.key == raw
    if itself and not _changes(req, bucket, source, about):
        raise errors.invalid(
            "This copy request is illegal because it is trying to copy an object to itself "
            "without changing the object's "
            "metadata, storage class, website redirect location or encryption attributes."
        )
    owner, grants = acl.for_new_object(tx, bucket, req)
    algorithm = req.checksum_algorithm
    if algorithm is not None and algorithm.upper() not in ATTRIBUTES:
        raise errors.invalid(
            "Checksum algorithm provided is unsupported. Please try again with any of the valid types: "
            "[CRC32, CRC32C, CRC64NVME, SHA1, SHA256]"
        )
    upkeep = upkeep_of(tx, req)
    if about == "COPY":
        upkeep = msgspec.structs.replace(source.upkeep, redirect=req.website_redirect_location)
    assert source.blob is not None
    row = put_version(
        tx,
        bucket,
        Object(
            bucket=bucket.name,
            key=raw,
            order=0,
            blob=source.blob,
            size=source.size,
            etag=etag_of(tx, source.blob.whole_md5, sealed),
            modified=tx.now.replace(microsecond=0),
            owner=owner,
            upkeep=upkeep,
            storage_class=storage.checked(req.storage_class, "EXPRESS_ONEZONE" if bucket.directory else "STANDARD"),
            checksum=_checksum(source, algorithm),
            encryption=sealed,
            tags=source.tags if tagged == "COPY" else tagging.header_tags(req.tagging),
            acl=grants,
            lock=object_lock.for_new_object(tx, bucket, req),
        ),
    )
    row = replicate(tx, bucket, row)
    announce(tx, bucket, "ObjectCreated:Copy", row)
    made = shown_checksum(row) if row.size or row.checksum is not None else None
    return api.CopyObjectOutput(
        copy_object_result=api.CopyObjectResult(
            e_tag=f'"{row.etag}"',
            last_modified=row.modified,
            **(made.attributes() if made is not None else {}),
        ),
        expiration=expiration_of(bucket, row),
        copy_source_version_id=shown(origin, source),
        version_id=shown(bucket, row),
        ssekms_encryption_context=sealed.context,
        **sealed.attributes(),
    )


def _changes(req: Any, bucket: Bucket, source: Object, about: str) -> bool:
    """Whether a copy of an object onto itself changes anything."""
    return (
        about == "REPLACE"
        or req.storage_class is not None
        or req.server_side_encryption is not None
        or req.sse_customer_algorithm is not None
        or req.website_redirect_location is not None
        or req.checksum_algorithm is not None
        or source.encryption.customer_md5 is not None
        or "?versionId=" in req.copy_source
        or bucket.versioning == "Suspended"
        or bool(bucket.configuration.get("encryption"))
    )


def _checksum(source: Object, algorithm: str | None) -> Checksum | None:
    """A copy's checksum: as asked for, else of the source's algorithm, and always of all bytes."""
    assert source.blob is not None
    if algorithm is not None:
        return checksum.of_blob(source.blob, algorithm.upper())
    if source.checksum is None:
        return None
    if source.checksum.kind == COMPOSITE:
        return checksum.of_blob(source.blob, source.checksum.algorithm)
    return source.checksum


@op
def upload_part_copy(tx: Tx, req: api.UploadPartCopyRequest) -> api.UploadPartCopyOutput:
    """Make a part of an object, or of a range of one."""
    bucket = bucket_of(tx, req)
    number = req.part_number
    check_number(number)
    upload = upload_of(tx, bucket, req)
    check_customer_key(upload, req)
    origin, source, _ = source_of(tx, req)
    assert source.blob is not None
    blob = source.blob
    if req.copy_source_range is not None:
        start, stop = _part_range(req.copy_source_range, source.size)
        blob = Blobs.cut(blob, start, stop)
    if blob.size > MAX_COPY:
        raise errors.invalid(
            f"The specified copy source is larger than the maximum allowable size for a copy source: {MAX_COPY}"
        )
    made = checksum.of_blob(blob, upload.algorithm) if upload.algorithm is not None else None
    part = keep_part(tx, upload, number, blob, made)
    return api.UploadPartCopyOutput(
        copy_source_version_id=shown(origin, source),
        copy_part_result=api.CopyPartResult(
            e_tag=f'"{part.etag}"',
            last_modified=part.modified,
            **(made.attributes(typed=False) if made is not None else {}),
        ),
        **upload.encryption.attributes(),
    )


def _part_range(text: str, size: int) -> tuple[int, int]:
    name = "x-amz-copy-source-range"
    found = _RANGE.match(text)
    if found is None or int(found[1]) > int(found[2]):
        message = (
            "The x-amz-copy-source-range value must be of the form bytes=first-last where first and last are the "
            "zero-based offsets of the first and last bytes to copy"
        )
        raise errors.argument(name, text, message)
    start, last = int(found[1]), int(found[2])
    if last >= size:
        raise errors.argument(name, text, f"Range specified is not valid for source object of size: {size}")
    return start, last + 1
