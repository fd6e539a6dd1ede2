"""AWS's own managed policies, read from the data when first asked for."""

from __future__ import annotations

import base64
import datetime
import hashlib
import zlib
from collections.abc import Iterator
from functools import lru_cache
from importlib.resources import files
from typing import Any

import msgspec

from sundog.core import Arn
from sundog.services.iam.state import Policy, Version

_Entry = tuple[str, str, str, str, str, int, int]


def _read(name: str) -> bytes:
    return zlib.decompress((files("sundog.services.iam") / "data" / name).read_bytes())


@lru_cache(maxsize=1)
def _index() -> dict[str, _Entry]:
    entries: list[Any] = msgspec.msgpack.decode(_read("aws_policies.msgpack.z"))
    return {f"policy{entry[1]}{entry[0]}": tuple(entry) for entry in entries}


@lru_cache(maxsize=1)
def _documents() -> bytes:
    return _read("aws_documents.z")


class AwsPolicy:
    """One of AWS's policies, with everything that a ``Policy`` has; its document is read when asked for."""

    __slots__ = ("_entry", "arn", "create_date", "default_version_id", "update_date")

    description = None
    tags: dict[str, str] = {}

    def __init__(self, arn: str, entry: _Entry) -> None:
        self._entry = entry
        self.arn = arn
        self.default_version_id = entry[2]
        self.create_date = datetime.datetime.fromisoformat(entry[3])
        self.update_date = datetime.datetime.fromisoformat(entry[4])

    @property
    def policy_name(self) -> str:
        return self._entry[0]

    @property
    def path(self) -> str:
        return self._entry[1]

    @property
    def policy_id(self) -> str:
        # AWS's real ids are in no source; each policy's is always the same.
        return "ANPA" + base64.b32encode(hashlib.sha256(self._entry[0].encode()).digest()).decode()[:17]

    @property
    def document(self) -> str:
        offset, length = self._entry[5:]
        return _documents()[offset : offset + length].decode()

    @property
    def versions(self) -> tuple[Version, ...]:
        return (Version(self.default_version_id, self.document, self.update_date),)

    def version(self, version_id: str) -> Version | None:
        return self.versions[0] if version_id == self.default_version_id else None


AnyPolicy = Policy | AwsPolicy


@lru_cache(maxsize=4096)
def _made(partition: str, resource: str) -> AwsPolicy:
    return AwsPolicy(f"arn:{partition}:iam::aws:{resource}", _index()[resource])


def aws_policy(parts: Arn) -> AwsPolicy | None:
    """The policy that AWS has under the ARN."""
    return _made(parts.partition, parts.resource) if parts.resource in _index() else None


def aws_policies(partition: str) -> Iterator[AwsPolicy]:
    """All of AWS's policies, by name."""
    for resource in _index():
        yield _made(partition, resource)
