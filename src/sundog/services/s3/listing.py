"""Listings of objects and versions, in the order of keys' UTF-8 bytes; what shares a prefix is skipped by seeking."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator
from typing import Any, Literal
from urllib.parse import quote_plus

from sundog.api import s3 as api
from sundog.core import Tx, op
from sundog.core.access import canonical_id
from sundog.services.s3 import errors
from sundog.services.s3.place import bucket_of, is_version_id, version, versions
from sundog.services.s3.state import NULL, Bucket, Object

END = b"\xff"
"""Comes after every byte of UTF-8."""
LIMIT = 1000
Entry = tuple[Literal["prefix", "row"], Any]


def encoded(text: str | None, how: str | None) -> str | None:
    """A key in an answer, encoded if the client asked for that."""
    if text is None or how is None:
        return text
    return quote_plus(text, safe="/*", errors="surrogateescape")


def check_encoding(tx: Tx, how: str | None) -> None:
    if how is not None and how != "url":
        raise errors.argument("encoding-type", how or None, "Invalid Encoding Method specified in Request")


def limited(value: int | None, name: str = "maxKeys") -> int:
    """How many entries a page has."""
    if value is None:
        return LIMIT
    if value < 0 or value > 2**31 - 1:
        raise errors.argument(name, value, f"Argument {name} must be an integer between 0 and 2147483647")
    return min(value, LIMIT)


def text_of(key: bytes) -> str:
    return key.decode("utf-8", "surrogateescape")


def raw_of(text: str | None) -> bytes:
    return (text or "").encode("utf-8", "surrogateescape")


def walk(tx: Tx, bucket: Bucket, prefix: bytes, delimiter: bytes, after: bytes, every: bool = False) -> Iterator[Entry]:
    """Common prefixes and newest versions (``every``: all of them) behind the key ``after``."""
    name = bucket.name
    # A key that shares a prefix which was met already is behind it altogether.
    common = _common(after, prefix, delimiter)
    if common is not None:
        start: tuple[Any, ...] = (name, common + END)
    elif after:
        start = (name, after, 1)
    else:
        start = (name, prefix)
    if start < (name, prefix):
        start = (name, prefix)
    stop = (name, prefix + END)
    while True:
        last: bytes | None = None
        for row in tx.range(Object, start, stop):
            key = row.key
            if key == last and not every:
                continue
            last = key
            if row.marker and not every:
                continue
            shared = _common(key, prefix, delimiter)
            if shared is not None:
                yield "prefix", shared
                start = (name, shared + END)
                break
            yield "row", row
        else:
            return


def _common(key: bytes, prefix: bytes, delimiter: bytes) -> bytes | None:
    """The prefix that the key shares with others, up to the delimiter."""
    if not delimiter or not key.startswith(prefix):
        return None
    found = key.find(delimiter, len(prefix))
    return None if found < 0 else key[: found + len(delimiter)]


def _cut(entries: Iterator[Entry], limit: int) -> tuple[list[Entry], bool]:
    """A page, and whether there is more."""
    page: list[Entry] = []
    if limit == 0:
        return page, False
    for entry in entries:
        if len(page) == limit:
            return page, True
        page.append(entry)
    return page, False


class _View:
    """Rows as listings show them."""

    def __init__(self, tx: Tx, req: Any, owner: bool) -> None:
        self.now = tx.now
        self.how: str | None = req.encoding_type
        self.owner = owner
        self.restore = "RestoreStatus" in (req.optional_object_attributes or ())
        self.owners: dict[str, Any] = {}

    def owner_of(self, account: str) -> dict[str, str]:
        found = self.owners.get(account)
        if found is None:
            found = self.owners[account] = {"ID": canonical_id(account)}
        return found

    def members(self, row: Object) -> dict[str, Any]:
        checksum = row.checksum
        found: dict[str, Any] = {
            "Key": encoded(row.name, self.how),
            "LastModified": row.modified,
            "ETag": f'"{row.etag}"',
            "Size": row.size,
            "StorageClass": row.storage_class,
        }
        if checksum is not None:
            found["ChecksumAlgorithm"] = [checksum.algorithm]
            found["ChecksumType"] = checksum.kind
        elif row.encryption.customer_md5 is None:
            found["ChecksumAlgorithm"] = ["CRC64NVME"]
            found["ChecksumType"] = "FULL_OBJECT"
        if self.owner:
            found["Owner"] = self.owner_of(row.owner)
        if self.restore and row.restored is not None:
            going_on = row.restored.until is None
            if going_on or row.restored.until > self.now:  # type: ignore[operator]
                found["RestoreStatus"] = {"IsRestoreInProgress": going_on, "RestoreExpiryDate": row.restored.until}
        return found

    def prefixes(self, page: list[Entry]) -> list[dict[str, Any]] | None:
        found = [{"Prefix": encoded(text_of(item), self.how)} for kind, item in page if kind == "prefix"]
        return found or None


def _region_header(tx: Tx, bucket: Bucket) -> None:
    tx.entry.headers = {"x-amz-bucket-region": bucket.region}


@op(paged=False)
def list_objects(tx: Tx, req: api.ListObjectsRequest) -> api.ListObjectsOutput:
    """Objects by key, the old way: a page begins behind the marker."""
    bucket = bucket_of(tx, req)
    check_encoding(tx, req.encoding_type)
    limit = limited(req.max_keys)
    delimiter = raw_of(req.delimiter)
    page, more = _cut(walk(tx, bucket, raw_of(req.prefix), delimiter, raw_of(req.marker)), limit)
    view = _View(tx, req, owner=True)
    how = view.how
    following = None
    if more and delimiter:
        kind, item = page[-1]
        following = encoded(text_of(item) if kind == "prefix" else item.name, how)
    _region_header(tx, bucket)
    return api.ListObjectsOutput(
        name=req.bucket,
        prefix=encoded(req.prefix or "", how),
        marker=encoded(req.marker or "", how),
        delimiter=encoded(req.delimiter or None, how),
        max_keys=limit,
        encoding_type=how,
        is_truncated=more,
        next_marker=following,
        contents=[view.members(item) for kind, item in page if kind == "row"] or None,
        common_prefixes=view.prefixes(page),
    )


def _token(key: bytes) -> str:
    return base64.urlsafe_b64encode(b"1" + key).decode()


def _from_token(token: str) -> bytes:
    try:
        raw = base64.b64decode(token.encode(), altchars=b"-_", validate=True)
        if raw[:1] == b"1":
            return raw[1:]
    except (binascii.Error, ValueError):
        pass
    raise errors.argument("continuation-token", token or None, "The continuation token provided is incorrect")


@op(paged=False)
def list_objects_v2(tx: Tx, req: api.ListObjectsV2Request) -> api.ListObjectsV2Output:
    """Objects by key: a page begins where the last one's token says."""
    bucket = bucket_of(tx, req)
    check_encoding(tx, req.encoding_type)
    limit = limited(req.max_keys)
    token = req.continuation_token
    start_after = req.start_after
    after = raw_of(start_after) if token is None else _from_token(token)
    page, more = _cut(walk(tx, bucket, raw_of(req.prefix), raw_of(req.delimiter), after), limit)
    view = _View(tx, req, owner=bool(req.fetch_owner))
    how = view.how
    following = None
    if more:
        kind, item = page[-1]
        following = _token(item if kind == "prefix" else item.key)
    _region_header(tx, bucket)
    return api.ListObjectsV2Output(
        name=req.bucket,
        prefix=encoded(req.prefix or "", how),
        delimiter=encoded(req.delimiter or None, how),
        max_keys=limit,
        encoding_type=how,
        key_count=len(page),
        is_truncated=more,
        continuation_token=token,
        next_continuation_token=following,
        start_after=encoded(start_after, how) if token is None else None,
        contents=[view.members(item) for kind, item in page if kind == "row"] or None,
        common_prefixes=view.prefixes(page),
    )


@op(paged=False)
def list_object_versions(tx: Tx, req: api.ListObjectVersionsRequest) -> api.ListObjectVersionsOutput:
    """Every version and delete marker, by key and the newest first."""
    bucket = bucket_of(tx, req)
    check_encoding(tx, req.encoding_type)
    limit = limited(req.max_keys)
    prefix, delimiter, after = raw_of(req.prefix), raw_of(req.delimiter), raw_of(req.key_marker)
    marker = req.version_id_marker
    if marker and not after:
        message = "A version-id marker cannot be specified without a key marker."
        raise errors.argument("version-id-marker", marker, message)
    page, more = _cut(_versions_behind(tx, bucket, prefix, delimiter, after, marker), limit)
    view = _View(tx, req, owner=True)
    how = view.how
    latest = _Latest(tx, bucket)
    shown: list[dict[str, Any]] = []
    markers: list[dict[str, Any]] = []
    for kind, row in page:
        if kind == "prefix":
            continue
        if row.marker:
            markers.append(
                {
                    "Key": encoded(row.name, how),
                    "VersionId": row.version_id,
                    "IsLatest": latest(row),
                    "LastModified": row.modified,
                    "Owner": view.owner_of(row.owner),
                }
            )
        else:
            shown.append({**view.members(row), "VersionId": row.version_id, "IsLatest": latest(row)})
    next_key = next_version = None
    if more:
        kind, item = page[-1]
        next_key = encoded(text_of(item) if kind == "prefix" else item.name, how)
        next_version = None if kind == "prefix" else item.version_id
    _region_header(tx, bucket)
    return api.ListObjectVersionsOutput(
        name=req.bucket,
        prefix=encoded(req.prefix or "", how),
        delimiter=encoded(req.delimiter or None, how),
        key_marker=encoded(req.key_marker or "", how),
        version_id_marker=marker or "",
        max_keys=limit,
        encoding_type=how,
        is_truncated=more,
        next_key_marker=next_key,
        next_version_id_marker=next_version,
        versions=shown or None,
        delete_markers=markers or None,
        common_prefixes=view.prefixes(page),
    )


def _versions_behind(
    tx: Tx, bucket: Bucket, prefix: bytes, delimiter: bytes, after: bytes, marker: str | None
) -> Iterator[Entry]:
    if marker and _common(after, prefix, delimiter) is None:
        if marker != NULL and not is_version_id(marker):
            raise errors.argument("version-id-marker", marker, "Invalid version id specified")
        found = version(tx, bucket, after, marker)
        if found is not None and after.startswith(prefix):
            for row in versions(tx, bucket, after):
                if row.order > found.order:
                    yield "row", row
    yield from walk(tx, bucket, prefix, delimiter, after, every=True)


class _Latest:
    """Whether a row is its key's newest version; rows come in order."""

    def __init__(self, tx: Tx, bucket: Bucket) -> None:
        self._tx = tx
        self._bucket = bucket
        self._key: bytes | None = None

    def __call__(self, row: Object) -> bool:
        if row.key == self._key:
            return False
        self._key = row.key
        first = next(versions(self._tx, self._bucket, row.key), None)
        return first is row
