"""Checksums: of bodies as they come in, of wholes from their parts, and how requests and answers carry them."""

from __future__ import annotations

import base64
import binascii
import hashlib
import zlib
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import msgspec

from sundog.core import AwsError
from sundog.services.s3.crc import combine, crc32c, crc64nvme

if TYPE_CHECKING:
    from sundog.core.blob import Blob

ATTRIBUTES = {
    "CRC32": "checksum_crc32",
    "CRC32C": "checksum_crc32_c",
    "CRC64NVME": "checksum_crc64_nvme",
    "SHA1": "checksum_sha1",
    "SHA256": "checksum_sha256",
    "SHA512": "checksum_sha512",
    "MD5": "checksum_md5",
    "XXHASH64": "checksum_xxhash64",
    "XXHASH3": "checksum_xxhash3",
    "XXHASH128": "checksum_xxhash128",
}
MEMBERS = {
    "CRC32": "ChecksumCRC32",
    "CRC32C": "ChecksumCRC32C",
    "CRC64NVME": "ChecksumCRC64NVME",
    "SHA1": "ChecksumSHA1",
    "SHA256": "ChecksumSHA256",
    "SHA512": "ChecksumSHA512",
    "MD5": "ChecksumMD5",
    "XXHASH64": "ChecksumXXHASH64",
    "XXHASH3": "ChecksumXXHASH3",
    "XXHASH128": "ChecksumXXHASH128",
}
SIZES = {
    "CRC32": 4,
    "CRC32C": 4,
    "CRC64NVME": 8,
    "SHA1": 20,
    "SHA256": 32,
    "SHA512": 64,
    "MD5": 16,
    "XXHASH64": 8,
    "XXHASH3": 8,
    "XXHASH128": 16,
}
CRCS = ("CRC32", "CRC32C", "CRC64NVME")
FULL_OBJECT, COMPOSITE = "FULL_OBJECT", "COMPOSITE"


class Checksum(msgspec.Struct, frozen=True, gc=False):
    """A checksum: its algorithm, its value in base64, and whether it is of all bytes or of the parts' checksums."""

    algorithm: str
    value: str
    kind: str = FULL_OBJECT

    def attributes(self, typed: bool = True) -> dict[str, str]:
        """As members of an answer, by Python names."""
        found = {ATTRIBUTES[self.algorithm]: self.value}
        if typed:
            found["checksum_type"] = self.kind
        return found


class _Crc:
    """A CRC that is fed bit by bit, as hashlib's digests are."""

    def __init__(self, function: Any, size: int) -> None:
        self._function = function
        self._size = size
        self._value = 0

    def update(self, data: bytes) -> None:
        self._value = self._function(data, self._value)

    def digest(self) -> bytes:
        return self._value.to_bytes(self._size, "big")


def hasher(algorithm: str) -> Any:
    """Something with ``update`` and ``digest`` that makes the checksum."""
    if algorithm == "CRC32":
        return _Crc(zlib.crc32, 4)
    if algorithm == "CRC32C":
        return _Crc(crc32c, 4)
    if algorithm == "CRC64NVME":
        return _Crc(crc64nvme, 8)
    if algorithm.startswith("XXHASH"):
        return _xxhash(algorithm)
    return hashlib.new(algorithm.lower(), usedforsecurity=False)


def _xxhash(algorithm: str) -> Any:
    try:
        import xxhash
    except ImportError:
        raise AwsError(
            "NotImplemented", f"Checksums by {algorithm} need the package xxhash: pip install xxhash", 501
        ) from None
    return {"XXHASH64": xxhash.xxh64, "XXHASH3": xxhash.xxh3_64, "XXHASH128": xxhash.xxh3_128}[algorithm]()


def of_blob(blob: Blob, algorithm: str) -> Checksum:
    """The checksum of all of a body's bytes."""
    made = hasher(algorithm)
    for piece in blob.chunks():
        made.update(piece)
    return Checksum(algorithm, encoded(made.digest()))


def encoded(digest: bytes) -> str:
    return base64.b64encode(digest).decode()


def sent(req: Any) -> tuple[str, str] | None:
    """Algorithm and value of the checksum that the request carries; None if it has none."""
    found = [(name, value) for name, attribute in ATTRIBUTES.items() if (value := getattr(req, attribute)) is not None]
    if not found:
        return None
    if len(found) > 1:
        raise AwsError(
            "InvalidRequest", "Expecting a single x-amz-checksum- header. Multiple checksum Types are not allowed."
        )
    return found[0]


def checked_form(algorithm: str, value: str) -> str:
    """The value, if it can be one of the algorithm."""
    try:
        if len(base64.b64decode(value, validate=True)) == SIZES[algorithm]:
            return value
    except (binascii.Error, ValueError):
        pass
    raise AwsError("InvalidRequest", f"Value for x-amz-checksum-{algorithm.lower()} header is invalid.")


def mismatch(algorithm: str) -> AwsError:
    return AwsError("BadDigest", f"The {algorithm} you specified did not match the calculated checksum.")


def composite(algorithm: str, values: Iterable[str]) -> str:
    """The checksum of parts' checksums, without the count of parts."""
    made = hasher(algorithm)
    for value in values:
        made.update(base64.b64decode(value))
    return encoded(made.digest())


def whole(algorithm: str, parts: Iterable[tuple[str, int]]) -> str:
    """The CRC of all bytes from those of the parts and their sizes."""
    total = 0
    for value, size in parts:
        total = combine(algorithm, total, int.from_bytes(base64.b64decode(value), "big"), size)
    return encoded(total.to_bytes(SIZES[algorithm], "big"))
