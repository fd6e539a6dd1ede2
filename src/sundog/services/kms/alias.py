"""Aliases."""

from __future__ import annotations

import re

from sundog.api import kms as api
from sundog.core import AwsError, Tx, op
from sundog.services.kms.state import Alias, key_of, not_going

_NAME = re.compile(r"alias/[a-zA-Z0-9/_-]+\Z")


def _check(name: str) -> None:
    if name.startswith("alias/aws/"):
        raise AwsError("NotAuthorizedException", "")
    if not name.startswith("alias/"):
        raise AwsError("ValidationException", "Invalid identifier")
    if _NAME.match(name) is None:
        raise AwsError(
            "ValidationException",
            f"1 validation error detected: Value '{name}' at 'aliasName' failed to satisfy constraint: Member must "
            "satisfy regular expression pattern: ^[a-zA-Z0-9:/_-]+$",
        )


def _alias(tx: Tx, name: str) -> Alias:
    found = tx.find(Alias, name)
    if found is None:
        raise api.NotFoundException(f"Alias {tx.arn(name)} is not found.")
    return found


@op
def create_alias(tx: Tx, req: api.CreateAliasRequest) -> None:
    name = req.alias_name
    _check(name)
    there, key = key_of(tx, req.target_key_id)
    arn = there.arn(name)
    if there.find(Alias, name) is not None:
        raise api.AlreadyExistsException(f"An alias with the name {arn} already exists")
    not_going(key)
    there.add(Alias(alias_name=name, alias_arn=arn, target=key.key_id, creation_date=tx.now, last_updated_date=tx.now))


@op
def update_alias(tx: Tx, req: api.UpdateAliasRequest) -> None:
    name = req.alias_name
    _check(name)
    alias = _alias(tx, name)
    there, key = key_of(tx, req.target_key_id)
    there.update(alias, target=not_going(key).key_id, last_updated_date=tx.now)


@op
def delete_alias(tx: Tx, req: api.DeleteAliasRequest) -> None:
    _check(req.alias_name)
    tx.delete(_alias(tx, req.alias_name))


@op(page_size=50)
def list_aliases(tx: Tx, req: api.ListAliasesRequest) -> api.ListAliasesResponse:
    rows = tx.select(Alias) if req.key_id is None else tx.select(Alias, target=key_of(tx, req.key_id)[1].key_id)
    return api.ListAliasesResponse(
        aliases=[
            api.AliasListEntry(
                alias_name=row.alias_name,
                alias_arn=row.alias_arn,
                target_key_id=row.target,
                creation_date=row.creation_date,
                last_updated_date=row.last_updated_date,
            )
            for row in rows
        ]
    )
