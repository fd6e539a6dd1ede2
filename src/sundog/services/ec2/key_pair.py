"""Key pairs: made, imported, listed and deleted."""

from __future__ import annotations

from typing import Any

from sundog.api import ec2 as api
from sundog.core import AwsError, Tx, op
from sundog.services.ec2.settle import moment
from sundog.services.ec2.state.compute import KeyPair


def key_named(tx: Tx, name: str) -> KeyPair | None:
    """The key pair of that name."""
    return tx.select(KeyPair, key_name=name).first()


def _add(tx: Tx, name: str, fingerprint: str, kind: str, public_key: str, tags: Any) -> KeyPair:
    row = KeyPair(
        key_pair_id=tx.new_id("key"),
        key_name=name,
        key_fingerprint=fingerprint,
        key_type=kind,
        public_key=public_key,
        create_time=moment(tx),
    )
    return tx.add(row, tags=tags)


def _check_name(tx: Tx, name: str) -> None:
    if not name or len(name) > 255 or not name.isascii():
        raise AwsError(
            "InvalidParameterValue", f"Value ({name}) for parameter KeyName is invalid. Invalid key pair name."
        )
    if key_named(tx, name) is not None:
        raise AwsError("InvalidKeyPair.Duplicate", "The keypair already exists")


@op
def create_key_pair(tx: Tx, req: api.CreateKeyPairRequest) -> api.KeyPair:
    """Make a key pair; the private half is told once."""
    from sundog.services.ec2 import key_material

    _check_name(tx, req.key_name)
    made = key_material.make(req.key_type or "rsa", req.key_format or "pem", req.key_name)
    row = _add(tx, req.key_name, made.fingerprint, made.kind, made.public, req.tag_specifications)
    return api.KeyPair(
        key_pair_id=row.key_pair_id,
        key_name=row.key_name,
        key_fingerprint=row.key_fingerprint,
        key_material=made.private,
        tags=row.tags or None,
    )


@op
def import_key_pair(tx: Tx, req: api.ImportKeyPairRequest) -> api.ImportKeyPairResult:
    """Keep a public key that was made elsewhere."""
    from sundog.services.ec2 import key_material

    _check_name(tx, req.key_name)
    kind, fingerprint, public = key_material.read(req.public_key_material, req.key_name)
    row = _add(tx, req.key_name, fingerprint, kind, public, req.tag_specifications)
    return api.ImportKeyPairResult(
        key_pair_id=row.key_pair_id,
        key_name=row.key_name,
        key_fingerprint=row.key_fingerprint,
        tags=row.tags or None,
    )


@op
def describe_key_pairs(tx: Tx, req: api.DescribeKeyPairsRequest) -> api.DescribeKeyPairsResult:
    """List key pairs; their public keys if asked."""
    ids = list(req.key_pair_ids or ())
    missing = [name for name in req.key_names or () if key_named(tx, name) is None]
    if missing:
        many = len(missing) > 1
        raise AwsError(
            "InvalidKeyPair.NotFound",
            f"The key pair{'s' if many else ''} '{', '.join(missing)}' do{'' if many else 'es'} not exist",
        )
    for name in req.key_names or ():
        row = key_named(tx, name)
        if row is not None:
            ids.append(row.key_pair_id)

    def shown(row: KeyPair) -> Any:
        return api.KeyPairInfo(
            key_pair_id=row.key_pair_id,
            key_type=row.key_type,
            tags=row.tags,
            public_key=row.public_key if req.include_public_key else None,
            create_time=row.create_time,
            key_name=row.key_name,
            key_fingerprint=row.key_fingerprint,
        )

    rows = tx.search(KeyPair, ids=ids or None, filters=req.filters)
    return api.DescribeKeyPairsResult(key_pairs=[shown(row) for row in sorted(rows, key=lambda row: row.key_name)])


@op
def delete_key_pair(tx: Tx, req: api.DeleteKeyPairRequest) -> api.DeleteKeyPairResult:
    """Forget a key pair; one that isn't there is forgotten already."""
    if req.key_name is None and req.key_pair_id is None:
        raise AwsError("MissingParameter", "The request must contain the parameter KeyName or KeyPairId")
    if req.key_name is not None and req.key_pair_id is not None:
        raise AwsError("InvalidParameterCombination", "The parameters KeyName and KeyPairId cannot be used together")
    row = tx.find(KeyPair, req.key_pair_id) if req.key_pair_id is not None else key_named(tx, req.key_name or "")
    if row is None:
        return api.DeleteKeyPairResult(return_=True)
    tx.delete(row)
    return api.DeleteKeyPairResult(return_=True, key_pair_id=row.key_pair_id)
