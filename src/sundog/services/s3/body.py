"""Bodies as requests bring them: digests that they claim, checked, and the blob they become."""

from __future__ import annotations

import base64
import binascii
import hashlib
from typing import Any

import msgspec

from sundog.core import Tx
from sundog.core.blob import Blob, Blobs
from sundog.services.s3 import checksum as checksums
from sundog.services.s3 import errors
from sundog.services.s3.checksum import Checksum
from sundog.services.s3.crc import has_machine_code

MAX_PUT = 5 * 1024**3
UNASKED = 32 * 1024 * 1024
"""Up to this size an object gets at once the checksum that nobody sent; a bigger one, without machine code for it, when
it is asked for."""


class Taken(msgspec.Struct, frozen=True, gc=False):
    """A body that was taken in."""

    blob: Blob
    checksum: Checksum | None


class Ingested:
    """A big body that was kept and digested before the call's transaction began, so that it holds up nobody."""

    __slots__ = ("blob", "digests")

    def __init__(self, blob: Blob, digests: dict[str, str]) -> None:
        self.blob = blob
        self.digests = digests

    def read(self) -> bytes:
        return self.blob.read()


def ingest(blobs: Blobs, params: dict[str, Any]) -> None:
    """Keep a call's body now."""
    wanted = {name: checksums.hasher(name) for name, member in checksums.MEMBERS.items() if params.get(member)}
    blob = blobs.put(params["Body"], *wanted.values())
    params["Body"] = Ingested(blob, {name: checksums.encoded(made.digest()) for name, made in wanted.items()})


def blobs_of(tx: Tx) -> Blobs:
    """Where this cloud's bodies are kept."""
    return tx.cloud.blobs


def _content_md5(req: Any) -> bytes | None:
    text = req.content_md5
    if text is None:
        return None
    try:
        wanted = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        wanted = b""
    if len(wanted) != 16:
        raise errors.fault("InvalidDigest", "The Content-MD5 you specified was invalid.", 400, **{"Content-MD5": text})
    return wanted


def take(tx: Tx, req: Any, body: Any, part: bool = False) -> Taken:
    """Keep a body, having checked it against the digests that the request brings."""
    wanted_md5 = _content_md5(req)
    named = req.checksum_algorithm
    if named is not None and named.upper() not in checksums.ATTRIBUTES:
        raise errors.invalid("Value for x-amz-sdk-checksum-algorithm header is invalid.")
    claimed = checksums.sent(req)
    if claimed is not None:
        checksums.checked_form(*claimed)
    if not isinstance(body, Ingested):
        hashers = () if claimed is None else (checksums.hasher(claimed[0]),)
        blob = blobs_of(tx).put(body if body is not None else b"", *hashers)
        body = Ingested(blob, {} if claimed is None else {claimed[0]: checksums.encoded(hashers[0].digest())})
    blob = body.blob
    if blob.size > MAX_PUT:
        message = "Your proposed upload exceeds the maximum allowed size"
        raise errors.fault("EntityTooLarge", message, 400, ProposedSize=blob.size, MaxSizeAllowed=MAX_PUT)
    length = req.content_length if "content_length" in req.wire_ else None
    if length is not None and length != blob.size and not is_packed_length(tx):
        raise errors.fault(
            "IncompleteBody",
            "You did not provide the number of bytes specified by the Content-Length HTTP header",
            400,
        )
    if wanted_md5 is not None and wanted_md5.hex() != blob.whole_md5:
        raise errors.fault(
            "BadDigest",
            "The Content-MD5 you specified did not match what we received.",
            400,
            ExpectedDigest=req.content_md5 if part else wanted_md5.hex(),
            CalculatedDigest=base64.b64encode(bytes.fromhex(blob.whole_md5)).decode(),
        )
    if claimed is None:
        return Taken(blob, None)
    value = body.digests[claimed[0]]
    if value != claimed[1]:
        raise checksums.mismatch(claimed[0])
    return Taken(blob, Checksum(claimed[0], value))


def is_packed_length(tx: Tx) -> bool:
    """Whether the length in the request is that of its chunks, not of what they hold."""
    request = tx.entry.http
    return request is not None and "x-amz-trailer" in request.headers


def check_body(tx: Tx, req: Any) -> None:
    """Check a document's bytes against the digests that its request brings."""
    request = tx.entry.http
    if request is None or tx.entry.service != "s3":
        return
    wanted = _content_md5(req) if "content_md5" in req.wire_ else None
    if "checksum_algorithm" in req.wire_:
        req.checksum_algorithm  # noqa: B018 - it only says which of the headers below to expect
    if wanted is not None:
        digest = hashlib.md5(request.read(), usedforsecurity=False).digest()
        if digest != wanted:
            raise errors.fault(
                "BadDigest",
                "The Content-MD5 you specified did not match what we received.",
                400,
                ExpectedDigest=req.content_md5,
                CalculatedDigest=base64.b64encode(digest).decode(),
            )
    for algorithm, attribute in checksums.ATTRIBUTES.items():
        value = request.headers.get("x-amz-checksum-" + algorithm.lower())
        if value is None:
            continue
        if attribute in req.wire_:
            getattr(req, attribute)
        checksums.checked_form(algorithm, value)
        made = checksums.hasher(algorithm)
        made.update(request.read())
        if checksums.encoded(made.digest()) != value:
            raise checksums.mismatch(algorithm)


def checksum_of(row: Any) -> Checksum | None:
    """An object's checksum; one that nobody asked for at the upload is CRC-64, made when it is first shown."""
    if row.checksum is not None or row.blob is None:
        return row.checksum
    return default_checksum(row.blob)


def default_checksum(blob: Blob) -> Checksum:
    """The checksum of bodies that come without one."""
    value = blob.crc64
    if value is None:
        value = blob.crc64 = checksums.of_blob(blob, "CRC64NVME").value
    return Checksum("CRC64NVME", value)


def shown_checksum(row: Any) -> Checksum | None:
    """The checksum in the answer to what made the object."""
    if row.checksum is None and row.blob is not None and row.size > UNASKED and not has_machine_code():
        return None
    return checksum_of(row)
