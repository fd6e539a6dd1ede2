"""Keys, aliases and grants, and how calls name them."""

from __future__ import annotations

import datetime
import re
from typing import Any

import msgspec

from sundog.api import kms as api
from sundog.core import NO_TAGS, AwsError, Index, Key, Record, Tags, Tx, record

_ID = re.compile(r"(mrk-[0-9a-f]{32}|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12})\Z")


class Material(msgspec.Struct, frozen=True, kw_only=True):
    """What a key encrypts or signs with: a symmetric key, or a private key as DER. Empty until first used."""

    id: str
    secret: bytes = b""


@record(table="kms.Key", order="added")
class KmsKey(Record):
    key_id: Key[str]
    arn: str
    description: str = ""
    key_usage: str = "ENCRYPT_DECRYPT"
    key_spec: str = "SYMMETRIC_DEFAULT"
    origin: str = "AWS_KMS"
    key_state: str = "Enabled"
    key_manager: str = "CUSTOMER"
    creation_date: datetime.datetime
    deletion_date: datetime.datetime | None = None
    deletion_window: int | None = None
    multi_region: bool = False
    primary_region: str | None = None
    regions: tuple[str, ...] = ()
    policy: str
    materials: tuple[Material, ...] = ()
    rotation_days: int | None = None
    rotated_since: datetime.datetime | None = None
    rotations: tuple[dict[str, Any], ...] = ()
    valid_to: datetime.datetime | None = None
    expiration_model: str | None = None
    tags: Tags = NO_TAGS


@record()
class Alias(Record):
    alias_name: Key[str]
    alias_arn: str
    target: Index[str]
    creation_date: datetime.datetime
    last_updated_date: datetime.datetime


@record(order="added")
class Grant(Record):
    grant_id: Key[str]
    key_arn: Index[str]
    grant_token: Index[str]
    creation_date: datetime.datetime
    name: str | None = None
    grantee_principal: str
    retiring_principal: str | None = None
    issuing_account: str
    operations: tuple[str, ...]
    constraints: dict[str, Any] | None = None


def key_of(tx: Tx, wanted: str, aliases: bool = False) -> tuple[Tx, KmsKey]:
    """The key that an id or an ARN names, or (``aliases``) an alias, and where it lies."""
    there, name = tx, wanted
    if wanted.startswith("arn:"):
        parts = wanted.split(":", 5)
        if len(parts) < 6:
            raise api.InvalidArnException(f"Invalid arn {wanted}")
        if parts[3] != tx.region:
            raise api.NotFoundException(f"Invalid arn {parts[3]}")
        there, name = tx.in_(account=parts[4]), parts[5]
        if name.startswith("key/"):
            name = name[4:]
    if name.startswith("alias/"):
        if not aliases:
            raise api.NotFoundException(f"Invalid keyId '{wanted}'")
        return there, _behind(there, name)
    found = there.find(KmsKey, name)
    if found is None:
        if _ID.match(name) is None:
            raise api.NotFoundException(f"Invalid keyId '{wanted}'")
        raise api.NotFoundException(f"Key '{there.arn('key/' + name, service='kms')}' does not exist")
    return there, found


def _behind(tx: Tx, name: str) -> KmsKey:
    alias = tx.find(Alias, name)
    if alias is not None:
        return tx.get(KmsKey, alias.target)
    if not name.startswith("alias/aws/"):
        raise api.NotFoundException(f"Alias {tx.arn(name, service='kms')} is not found.")
    # AWS makes a service's key when it is first used.
    service = name.rsplit("/", 1)[-1]
    key = new_key(
        tx,
        description=f"Default key that protects my {service.upper()} data when no other key is defined",
        key_manager="AWS",
        rotation_days=365,
        rotated_since=tx.now,
    )
    tx.add(
        Alias(
            alias_name=name,
            alias_arn=tx.arn(name, service="kms"),
            target=key.key_id,
            creation_date=tx.now,
            last_updated_date=tx.now,
        )
    )
    return key


def new_key(tx: Tx, multi_region: bool = False, **fields: Any) -> KmsKey:
    key_id = f"mrk-{tx.ids.hex(32)}" if multi_region else tx.ids.uuid()
    fields.setdefault("policy", default_policy(tx))
    if fields.get("origin", "AWS_KMS") == "AWS_KMS":
        fields["materials"] = (new_material(tx),)
    else:
        fields["key_state"] = "PendingImport"
    return tx.add(
        KmsKey(
            key_id=key_id,
            arn=tx.arn(f"key/{key_id}", service="kms"),
            creation_date=tx.now,
            multi_region=multi_region,
            primary_region=tx.region if multi_region else None,
            regions=(tx.region,) if multi_region else (),
            **fields,
        )
    )


def new_material(tx: Tx) -> Material:
    return Material(id=tx.ids.hex(64))


def default_policy(tx: Tx) -> str:
    import json

    statement = {
        "Sid": "Enable IAM User Permissions",
        "Effect": "Allow",
        "Principal": {"AWS": f"arn:{tx.partition}:iam::{tx.account}:root"},
        "Action": "kms:*",
        "Resource": "*",
    }
    return json.dumps({"Version": "2012-10-17", "Id": "key-default-1", "Statement": [statement]}, indent=2)


def invalid_state(key: KmsKey) -> Exception:
    """What a key's state refuses with."""
    if key.key_state == "Disabled":
        return api.DisabledException(f"{key.arn} is disabled.")
    words = {"PendingDeletion": "pending deletion", "PendingImport": "pending import"}
    return api.KMSInvalidStateException(f"{key.arn} is {words.get(key.key_state, key.key_state)}.")


def enabled(key: KmsKey) -> KmsKey:
    if key.key_state != "Enabled":
        raise invalid_state(key)
    return key


def not_going(key: KmsKey) -> KmsKey:
    """The key, refused if it waits for its deletion."""
    if key.key_state == "PendingDeletion":
        raise invalid_state(key)
    return key


def customers(tx: Tx, key: KmsKey, operation: str) -> KmsKey:
    """The key, refused if it is AWS's own."""
    if key.key_manager == "AWS":
        raise AwsError(
            "AccessDeniedException",
            f"User: {tx.caller.arn} is not authorized to perform: kms:{operation} on resource: {key.arn}",
        )
    return key
