"""Grants."""

from __future__ import annotations

from collections.abc import Iterable

from sundog.api import kms as api
from sundog.core import AwsError, Tx, op
from sundog.core.structure import plain
from sundog.services.kms.state import Grant, KmsKey, key_of, not_going


def dry(given: bool | None) -> None:
    """What a dry run that would have succeeded answers."""
    if given:
        raise api.DryRunOperationException("The request would have succeeded, but the DryRun option is set.")


@op
def create_grant(tx: Tx, req: api.CreateGrantRequest) -> api.CreateGrantResponse:
    there, key = key_of(tx, req.key_id)
    not_going(key)
    grantee, operations = req.grantee_principal, tuple(req.operations)
    constraints, retiring = plain(req.constraints), req.retiring_principal
    for one in there.select(Grant, key_arn=key.arn):
        if req.name and (one.name, one.grantee_principal, one.operations, one.constraints, one.retiring_principal) == (
            req.name, grantee, operations, constraints, retiring,
        ):  # fmt: skip
            return api.CreateGrantResponse(grant_id=one.grant_id, grant_token=one.grant_token)
    dry(req.dry_run)
    made = there.add(
        Grant(
            grant_id=tx.ids.hex(64),
            key_arn=key.arn,
            grant_token=tx.ids.alnum(172),
            creation_date=tx.now,
            name=req.name,
            grantee_principal=grantee,
            retiring_principal=retiring,
            issuing_account=f"arn:{tx.partition}:iam::{tx.account}:root",
            operations=operations,
            constraints=constraints,
        )
    )
    return api.CreateGrantResponse(grant_id=made.grant_id, grant_token=made.grant_token)


def _shown(rows: Iterable[Grant]) -> list[api.GrantListEntry]:
    names = ("name", "creation_date", "grantee_principal", "retiring_principal", "issuing_account", "constraints")
    return [
        api.GrantListEntry(
            key_id=row.key_arn,
            grant_id=row.grant_id,
            operations=list(row.operations),
            **{name: getattr(row, name) for name in names},
        )
        for row in rows
    ]


@op(page_size=50)
def list_grants(tx: Tx, req: api.ListGrantsRequest) -> api.ListGrantsResponse:
    there, key = key_of(tx, req.key_id)
    rows = list(there.select(Grant, key_arn=key.arn))
    if req.grant_id is not None:
        rows = [row for row in rows if row.grant_id == req.grant_id]
    if req.grantee_principal is not None:
        rows = [row for row in rows if row.grantee_principal == req.grantee_principal]
    return api.ListGrantsResponse(grants=_shown(rows))


@op(page_size=50)
def list_retirable_grants(tx: Tx, req: api.ListRetirableGrantsRequest) -> api.ListGrantsResponse:
    wanted = req.retiring_principal
    return api.ListGrantsResponse(grants=_shown(row for row in tx.select(Grant) if row.retiring_principal == wanted))


def _of_key(tx: Tx, key: KmsKey, grant_id: str) -> Grant:
    found = tx.find(Grant, grant_id)
    if found is None or found.key_arn != key.arn:
        raise api.NotFoundException(f"Grant ID {grant_id} not found")
    return found


@op
def revoke_grant(tx: Tx, req: api.RevokeGrantRequest) -> None:
    there, key = key_of(tx, req.key_id)
    found = _of_key(there, key, req.grant_id)
    dry(req.dry_run)
    there.delete(found)


@op
def retire_grant(tx: Tx, req: api.RetireGrantRequest) -> None:
    if req.grant_token is not None:
        found = tx.select(Grant, grant_token=req.grant_token).first()
        if found is None:
            raise api.InvalidGrantTokenException("Invalid grant token")
        there = tx
    elif req.key_id is not None and req.grant_id is not None:
        there, key = key_of(tx, req.key_id)
        found = _of_key(there, key, req.grant_id)
    else:
        raise AwsError("ValidationException", "Either GrantToken or both GrantId and KeyId must be given.")
    dry(req.dry_run)
    there.delete(found)
