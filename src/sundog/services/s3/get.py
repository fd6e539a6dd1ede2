"""Objects as they go out."""

from __future__ import annotations

import re
from typing import Any

from sundog.api import s3 as api
from sundog.core import Tx, op
from sundog.services.s3 import condition, encryption, errors
from sundog.services.s3.body import checksum_of
from sundog.services.s3.lifecycle import expiration_of
from sundog.services.s3.place import bucket_of, object_of
from sundog.services.s3.state import Bucket, Object
from sundog.services.s3.storage import ARCHIVES
from sundog.services.s3.version import shown

OVERRIDES = {
    "response_cache_control": "cache_control",
    "response_content_disposition": "content_disposition",
    "response_content_encoding": "content_encoding",
    "response_content_language": "content_language",
    "response_content_type": "content_type",
    "response_expires": "expires",
}
_RANGE = re.compile(r"\s*bytes\s*=\s*(\d*)\s*-\s*(\d*)\s*\Z")


@op
def get_object(tx: Tx, req: api.GetObjectRequest) -> api.GetObjectOutput:
    """An object's bytes, all or a range of them, and what is known of it."""
    bucket = bucket_of(tx, req)
    row = object_of(tx, bucket, req.key, req.version_id, "GET")
    _check_readable(tx, row)
    members, start, stop = describe(tx, bucket, row, req)
    assert row.blob is not None
    return api.GetObjectOutput(body=row.blob.content(start, stop), **members)


@op
def head_object(tx: Tx, req: api.HeadObjectRequest) -> api.HeadObjectOutput:
    """What is known of an object."""
    bucket = bucket_of(tx, req)
    row = object_of(tx, bucket, req.key, req.version_id, "HEAD")
    members, _, _ = describe(tx, bucket, row, req)
    return api.HeadObjectOutput(**members)


def _check_readable(tx: Tx, row: Object) -> None:
    """Refuse what lies in an archive and isn't restored."""
    if row.storage_class in ARCHIVES and not is_restored(tx, row):
        raise errors.fault(
            "InvalidObjectState",
            "The operation is not valid for the object's storage class",
            403,
            StorageClass=row.storage_class,
        )


def is_restored(tx: Tx, row: Object) -> bool:
    return row.restored is not None and row.restored.until is not None and row.restored.until > tx.now


def describe(tx: Tx, bucket: Bucket, row: Object, req: Any) -> tuple[dict[str, Any], int, int]:
    """The members that GET and HEAD share, and which of the bytes are asked for."""
    encryption.check_access(row, req)
    condition.check_read(tx, req, row)
    start, stop, partial, part = _extent(req, row)
    found: dict[str, Any] = dict(row.upkeep.headers)
    for asked, name in OVERRIDES.items():
        value = getattr(req, asked)
        if value is not None:
            found[name] = _override(tx, asked, value)
    found |= row.encryption.attributes()
    found["metadata"] = row.upkeep.metadata
    found["accept_ranges"] = "bytes"
    found["content_length"] = stop - start
    found["e_tag"] = f'"{row.etag}"'
    found["last_modified"] = row.modified
    found["version_id"] = shown(bucket, row)
    found["website_redirect_location"] = row.upkeep.redirect
    found["replication_status"] = row.replication
    found["expiration"] = expiration_of(bucket, row)
    if row.storage_class != "STANDARD":
        found["storage_class"] = row.storage_class
    if row.tags:
        found["tag_count"] = len(row.tags)
    if row.lock is not None:
        found["object_lock_mode"] = row.lock.mode
        found["object_lock_retain_until_date"] = row.lock.until
        found["object_lock_legal_hold_status"] = row.lock.hold
    if row.restored is not None:
        if row.restored.until is None:
            found["restore"] = 'ongoing-request="true"'
        elif is_restored(tx, row):
            when = condition.http_date(row.restored.until)
            found["restore"] = f'ongoing-request="false", expiry-date="{when}"'
    if partial:
        tx.entry.status = 206
        found["content_range"] = f"bytes {start}-{stop - 1}/{row.size}"
    if part is not None and row.parts:
        found["parts_count"] = len(row.parts)
    if req.checksum_mode is not None and (req.checksum_mode or "").upper() == "ENABLED":
        found |= _checksums(row, partial, part)
    return found, start, stop


def _override(tx: Tx, asked: str, value: Any) -> Any:
    """A header that the client wants in the answer; one that has no place in a header is refused."""
    request = tx.entry.http
    if asked == "response_expires":
        if request is not None and tx.entry.service == "s3":
            from urllib.parse import parse_qs

            sent = parse_qs(request.query).get("response-expires")
            if sent:
                return sent[0]
        return value
    try:
        value.encode("latin-1")
    except UnicodeEncodeError:
        name = asked.replace("_", "-")
        raise errors.argument(name, value, "Header value cannot be represented using ISO-8859-1.") from None
    return value


def _checksums(row: Object, partial: bool, part: int | None) -> dict[str, str]:
    if partial and part is None:
        return {}
    if part is not None and row.parts:
        own = row.parts[part - 1].checksum
        if len(row.parts) > 1 and (own is None or row.checksum is None or row.checksum.kind != "COMPOSITE"):
            return {}
        if row.checksum is not None and row.checksum.kind == "COMPOSITE" and own is not None:
            return {**own.attributes(), "checksum_type": "COMPOSITE"}
    if row.encryption.customer_md5 is not None and row.checksum is None:
        return {}
    found = checksum_of(row)
    return {} if found is None else found.attributes()


def _extent(req: Any, row: Object) -> tuple[int, int, bool, int | None]:
    """Which bytes are meant, whether that is less than all, and by which part."""
    number, text, size = req.part_number, req.range, row.size
    if number is not None:
        if text is not None:
            raise errors.invalid("Cannot specify both Range header and partNumber query parameter")
        count = max(1, len(row.parts))
        if not 1 <= number <= 10000:
            message = "Part number must be an integer between 1 and 10000, inclusive"
            raise errors.argument("partNumber", number, message)
        if number > count:
            raise errors.fault(
                "InvalidPartNumber",
                "The requested partnumber is not satisfiable",
                416,
                PartNumberRequested=number,
                ActualPartCount=count,
            )
        start = sum(part.size for part in row.parts[: number - 1])
        stop = start + row.parts[number - 1].size if row.parts else size
        return start, stop, size > 0, number
    if text is None:
        return 0, size, False, None
    found = parse_range(text, size)
    return (0, size, False, None) if found is None else (*found, True, None)


def parse_range(text: str, size: int) -> tuple[int, int] | None:
    """The bytes that a Range header means; None if it is to be ignored; an error if there are none such."""
    found = _RANGE.match(text)
    if found is None or (not found[1] and not found[2]):
        return None
    if not found[1]:
        length = int(found[2])
        if length == 0 or size == 0:
            raise _unsatisfiable(text, size)
        return max(0, size - length), size
    start = int(found[1])
    stop = int(found[2]) + 1 if found[2] else size
    if stop <= start and found[2]:
        return None
    if start >= size:
        raise _unsatisfiable(text, size)
    return start, min(stop, size)


def _unsatisfiable(text: str, size: int) -> Exception:
    error = errors.fault(
        "InvalidRange",
        "The requested range is not satisfiable",
        416,
        RangeRequested=text,
        ActualObjectSize=size,
    )
    error.headers = {"content-range": f"bytes */{size}"}
    return error


@op
def get_object_torrent(tx: Tx, req: api.GetObjectTorrentRequest) -> None:
    """BitTorrent is no more."""
    bucket = bucket_of(tx, req)
    object_of(tx, bucket, req.key, None)
    raise errors.not_allowed("GET", "OBJECT")
