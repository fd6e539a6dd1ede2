"""Objects as they come in."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from sundog.api import s3 as api
from sundog.core import AwsError, Tx, op
from sundog.services.s3 import acl, condition, encryption, errors, object_lock, storage, tagging
from sundog.services.s3.body import shown_checksum, take
from sundog.services.s3.lifecycle import expiration_of
from sundog.services.s3.notification import announce
from sundog.services.s3.place import bucket_of, current, key_bytes
from sundog.services.s3.replication import replicate
from sundog.services.s3.state import Bucket, Encryption, Object, Upkeep
from sundog.services.s3.version import put_version, shown_new
from sundog.services.s3.words import normal

HEADERS = {
    "cache_control": "CacheControl",
    "content_disposition": "ContentDisposition",
    "content_encoding": "ContentEncoding",
    "content_language": "ContentLanguage",
    "content_type": "ContentType",
}
MAX_METADATA = 2048
DEFAULT_TYPE = "binary/octet-stream"


def upkeep_of(tx: Tx, req: Any) -> Upkeep:
    """What the request says of the object."""
    headers = {
        name: value if value.isascii() else _as_sent(tx, name, value)
        for name in HEADERS
        if (value := getattr(req, name))
    }
    if req.expires is not None:
        headers["expires"] = _expires(tx, req)
    metadata = req.metadata or {}
    if sum(len(name) + len(value) for name, value in metadata.items()) > MAX_METADATA:
        size = sum(len(name.encode()) + len(value.encode()) for name, value in metadata.items())
        raise errors.fault(
            "MetadataTooLarge",
            "Your metadata headers exceed the maximum allowed metadata size",
            400,
            Size=size,
            MaxSizeAllowed=MAX_METADATA,
        )
    redirect = req.website_redirect_location
    if redirect is not None and not redirect.startswith(("/", "http://", "https://")):
        message = "The website redirect location must have a prefix of 'http://' or 'https://' or '/'."
        raise AwsError("InvalidRedirectLocation", message)
    return Upkeep(
        {"content_type": DEFAULT_TYPE, **headers}, {key.lower(): normal(metadata[key]) for key in metadata}, redirect
    )


def _as_sent(tx: Tx, name: str, value: str) -> str:
    """A header's value with each of its bytes a character, as it goes out again. A form's fields are no headers."""
    request = tx.entry.http
    if request is None or tx.entry.service != "s3" or name == "content_type":
        return value
    return request.headers.get(name.replace("_", "-"), value)


def _expires(tx: Tx, req: Any) -> str:
    """The date as it was sent: S3 doesn't judge it."""
    request = tx.entry.http
    sent = request.headers.get("expires") if request is not None and tx.entry.service == "s3" else None
    if sent is not None:
        return sent
    return req.expires if isinstance(req.expires, str) else condition.http_date(req.expires)


def check_key(key: str) -> bytes:
    raw = key_bytes(key)
    if not raw:
        raise errors.argument("key", key, "Invalid key")
    return raw


@op
def put_object(tx: Tx, req: api.PutObjectRequest) -> api.PutObjectOutput:
    """Keep a body under a key."""
    bucket = bucket_of(tx, req)
    if req.write_offset_bytes is not None:
        from sundog.services.s3.append import append

        return append(tx, bucket, req)
    return stored(tx, req, bucket)


def stored(tx: Tx, req: Any, bucket: Bucket, event: str = "ObjectCreated:Put") -> api.PutObjectOutput:
    """The request's body kept under its key; browser forms come here too."""
    key = req.key
    raw = check_key(key)
    last = current(tx, bucket, raw)
    condition.check_write(req, key, last)
    kept = storage.checked(req.storage_class, "EXPRESS_ONEZONE" if bucket.directory else "STANDARD")
    owner, grants = acl.for_new_object(tx, bucket, req)
    sealed = encryption.for_new_object(tx, bucket, req)
    lock = object_lock.for_new_object(tx, bucket, req)
    upkeep = upkeep_of(tx, req)
    tags = tagging.header_tags(req.tagging)
    taken = take(tx, req, req.body)
    row = put_version(
        tx,
        bucket,
        Object(
            bucket=bucket.name,
            key=raw,
            order=0,
            blob=taken.blob,
            size=taken.blob.size,
            etag=etag_of(tx, taken.blob.whole_md5, sealed),
            modified=tx.now.replace(microsecond=0),
            owner=owner,
            upkeep=upkeep,
            storage_class=kept,
            checksum=taken.checksum,
            encryption=sealed,
            tags=tags,
            acl=grants,
            lock=lock,
        ),
    )
    row = replicate(tx, bucket, row)
    announce(tx, bucket, event, row)
    shown = shown_checksum(row)
    return api.PutObjectOutput(
        e_tag=f'"{row.etag}"',
        version_id=shown_new(bucket, row),
        expiration=expiration_of(bucket, row),
        ssekms_encryption_context=sealed.context,
        **sealed.attributes(),
        **(shown.attributes() if shown is not None else {}),
    )


def etag_of(tx: Tx, md5: str, sealed: Encryption) -> str:
    """The body's MD5, but where the encryption makes it something else."""
    if sealed.customer_md5 is not None or sealed.algorithm in encryption.KMS:
        return tx.ids.hex(32)
    return md5


def location(tx: Tx, bucket: Bucket, key: str) -> str:
    """An object's URL, as answers to multipart uploads and forms give it."""
    request = tx.entry.http
    host = f"{bucket.name}.s3.{bucket.region}.{tx.dns_suffix}"
    scheme = "https"
    if request is not None and tx.entry.service == "s3":
        found = tx.cloud.hosts.parse(request.host)
        scheme = request.scheme
        host = request.host
        if not found.rest and found.aws and "." not in bucket.name:
            host = f"{bucket.name}.{request.host}"
        elif not found.rest:
            host = f"{request.host}/{bucket.name}"
    return f"{scheme}://{host}/{quote(key, safe='')}"
