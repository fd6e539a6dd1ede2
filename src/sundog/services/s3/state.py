"""What S3 keeps. Keys of objects are ordered by their UTF-8 bytes; a key's newest version comes first."""

from __future__ import annotations

import datetime
from typing import Any

import msgspec

from sundog.core import Index, Key, Record, record
from sundog.core.blob import Blob
from sundog.services.s3.checksum import Checksum

NULL = "null"


class Grant(msgspec.Struct, frozen=True, gc=False):
    """Who may do what. ``kind`` is CanonicalUser, Group or AmazonCustomerByEmail, ``who`` an id, a URI, an address."""

    kind: str
    who: str
    permission: str


@record(scope="partition")
class Bucket(Record):
    """One bucket. ``configuration`` holds what the many Put...Configuration operations left, by a name of ours."""

    name: Key[str]
    account: Index[str]
    region: str
    created: datetime.datetime
    versioning: str | None = None
    mfa_delete: bool = False
    object_lock: bool = False
    lock_rule: dict[str, Any] | None = None
    acl: tuple[Grant, ...] = ()
    policy: str | None = None
    tags: dict[str, str] = {}
    directory: bool = False
    zone: str | None = None
    zone_type: str | None = None
    redundancy: str | None = None
    namespace: str | None = None
    configuration: dict[str, Any] = {}


class PartInfo(msgspec.Struct, frozen=True, gc=False):
    """One part of an object that was uploaded in parts."""

    number: int
    size: int
    checksum: Checksum | None = None


class Encryption(msgspec.Struct, frozen=True, gc=False):
    """How an object is encrypted: ``algorithm`` for keys of S3 or KMS, ``customer_...`` for keys that clients keep."""

    algorithm: str | None = "AES256"
    key_id: str | None = None
    bucket_key: bool = False
    context: str | None = None
    customer_md5: str | None = None

    def attributes(self) -> dict[str, Any]:
        """As members of an answer, by Python names."""
        if self.customer_md5 is not None:
            return {"sse_customer_algorithm": "AES256", "sse_customer_key_md5": self.customer_md5}
        found: dict[str, Any] = {"server_side_encryption": self.algorithm}
        if self.key_id is not None:
            found["ssekms_key_id"] = self.key_id
        if self.bucket_key:
            found["bucket_key_enabled"] = True
        return found


SSE_S3 = Encryption()


class Lock(msgspec.Struct, frozen=True, gc=False):
    """What object lock says of a version."""

    mode: str | None = None
    until: datetime.datetime | None = None
    hold: str | None = None


class Restored(msgspec.Struct, frozen=True, gc=False):
    """A restore from an archive: going on while ``until`` is None."""

    until: datetime.datetime | None = None
    days: int = 1
    tier: str = "Standard"


class Upkeep(msgspec.Struct, frozen=True, gc=False):
    """What a client says of an object when it makes it."""

    headers: dict[str, str] = {}
    metadata: dict[str, str] = {}
    redirect: str | None = None


@record(scope="partition")
class Object(Record):
    """One version of an object, or a delete marker. ``order`` falls with each version of the key; 0 is the one that was
    there before versions."""

    bucket: Key[str]
    key: Key[bytes]
    order: Key[int]
    version_id: str = NULL
    marker: bool = False
    blob: Blob | None = None
    size: int = 0
    etag: str = ""
    modified: datetime.datetime
    owner: str = ""
    upkeep: Upkeep = Upkeep()
    storage_class: str = "STANDARD"
    checksum: Checksum | None = None
    parts: tuple[PartInfo, ...] = ()
    encryption: Encryption = SSE_S3
    tags: dict[str, str] = {}
    acl: tuple[Grant, ...] | None = None
    lock: Lock | None = None
    restored: Restored | None = None
    replication: str | None = None
    transitioned: datetime.datetime | None = None
    noncurrent: datetime.datetime | None = None

    @property
    def name(self) -> str:
        """The key as text."""
        return self.key.decode("utf-8", "surrogateescape")

    @property
    def shown_version(self) -> str | None:
        """The version's id where answers show one."""
        return self.version_id if self.order else None


@record(scope="partition")
class Upload(Record):
    """One multipart upload that is going on."""

    bucket: Key[str]
    key: Key[bytes]
    begun: Key[int]
    upload_id: Index[str]
    initiated: datetime.datetime
    owner: str
    initiator: str
    upkeep: Upkeep = Upkeep()
    storage_class: str = "STANDARD"
    algorithm: str | None = None
    kind: str | None = None
    encryption: Encryption = SSE_S3
    tags: dict[str, str] = {}
    acl: tuple[Grant, ...] | None = None
    lock: Lock | None = None
    disturbed: bool = False

    @property
    def name(self) -> str:
        return self.key.decode("utf-8", "surrogateescape")


@record(scope="partition")
class Part(Record):
    """One part of a multipart upload."""

    upload_id: Key[str]
    number: Key[int]
    blob: Blob
    size: int
    etag: str
    modified: datetime.datetime
    checksum: Checksum | None = None


@record(scope="partition")
class Annotation(Record):
    """One annotation of a version; it goes when the version goes."""

    bucket: Key[str]
    key: Key[bytes]
    order: Key[int]
    name: Key[str]
    blob: Blob
    modified: datetime.datetime
    checksum: Checksum | None = None
