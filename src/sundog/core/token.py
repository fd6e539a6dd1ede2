"""Client tokens: the same request under the same token is answered once, and from then on alike."""

from __future__ import annotations

import datetime
import hashlib
from typing import Any

import msgspec

from sundog.core.errors import error_class, modelled_error
from sundog.core.record import Key, Record, record
from sundog.wire.errors import AwsError
from sundog.wire.model import Operation

LIFETIME = datetime.timedelta(hours=24)
_NOT_COMPARED = {"DryRun"}


@record(order="added")
class ClientToken(Record):
    """What a token stands for: the request's digest and its answer, packed."""

    service: Key[str]
    operation: Key[str]
    token: Key[str]
    digest: bytes
    answer: bytes
    expires: datetime.datetime


def token_member(operation: Operation) -> str | None:
    """The wire name of the operation's idempotency token, if it has one."""
    shape = operation.input
    if shape is None:
        return None
    for name, member in shape.members.items():
        if member.metadata.get("idempotencyToken"):
            return name
    return "ClientToken" if "ClientToken" in shape.members else None


def digest(params: dict[str, Any], member: str) -> bytes:
    kept = {name: value for name, value in params.items() if name != member and name not in _NOT_COMPARED}
    return hashlib.blake2b(msgspec.msgpack.encode(kept, enc_hook=str, order="deterministic"), digest_size=16).digest()


def mismatch(operation: Operation, token: str) -> AwsError:
    """The error for a token that comes again with other parameters, by the operation's own model where it names one."""
    text = "Arguments on this idempotent request are inconsistent with arguments used in previous request(s)."
    for shape in operation.model.error_shapes:
        if "idempoten" in shape.name.lower():
            return error_class(operation.service, shape)(text)
    if operation.service.name == "ec2":
        return AwsError("IdempotentParameterMismatch", text)
    named = modelled_error(
        operation, "ConflictException", "ValidationException", "InvalidParameterException", "InvalidRequestException"
    )
    if named is not None:
        return named(text)
    return AwsError("IdempotentParameterMismatch", text)
