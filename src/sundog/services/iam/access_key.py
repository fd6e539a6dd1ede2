"""Long-lived access keys: of users, and of the root user."""

from __future__ import annotations

from typing import Any

from sundog.api import iam as api
from sundog.core import Rows, Tx, op
from sundog.core.credential import AccessKey
from sundog.services.iam.common import PAGE, now
from sundog.services.iam.used import key_last_used
from sundog.services.iam.user import caller_name, get_user_row

KEYS = 2


def keys_of(tx: Tx, user_id: str) -> Rows[AccessKey]:
    """The long-lived keys of a user (the root user's id is the account)."""
    return tx.select(AccessKey, user_id=user_id).where(lambda key: key.token is None and key.account == tx.account)


def _owner(tx: Tx, name: str | None) -> tuple[str, str | None, str, Any]:
    """Id, name, ARN and kind of whose keys are meant."""
    found = caller_name(tx, name)
    if found is None:
        return tx.account, None, f"arn:{tx.partition}:iam::{tx.account}:root", "root"
    row = get_user_row(tx, found)
    return row.user_id, row.user_name, row.arn, "user"


def _own_key(tx: Tx, name: str | None, access_key: str) -> AccessKey:
    key = tx.find(AccessKey, access_key)
    if key is not None and key.token is None and key.account == tx.account:
        if name is None and caller_name(tx, None) is None:
            return key
        if key.user_id == _owner(tx, name)[0]:
            return key
    elif name is not None:
        _owner(tx, name)
    raise api.NoSuchEntityException(f"The Access Key with id {access_key} cannot be found.")


@op
def create_access_key(tx: Tx, req: api.CreateAccessKeyRequest) -> api.CreateAccessKeyResponse:
    """Make a key that works from now on. Its secret is told this once."""
    user_id, user_name, arn, kind = _owner(tx, req.user_name)
    if keys_of(tx, user_id).count() >= KEYS:
        raise api.LimitExceededException(f"Cannot exceed quota for AccessKeysPerUser: {KEYS}")
    key = tx.add(
        AccessKey(
            access_key=tx.ids.access_key(tx.account),
            secret=tx.ids.secret(),
            account=tx.account,
            arn=arn,
            user_id=user_id,
            kind=kind,
            user_name=user_name,
            created=now(tx),
        )
    )
    return api.CreateAccessKeyResponse(
        access_key=api.AccessKey(
            user_name=user_name or "",
            access_key_id=key.access_key,
            status="Active",
            secret_access_key=key.secret,
            create_date=key.created,
        )
    )


@op(page_size=PAGE)
def list_access_keys(tx: Tx, req: api.ListAccessKeysRequest) -> api.ListAccessKeysResponse:
    rows = keys_of(tx, _owner(tx, req.user_name)[0])
    return api.ListAccessKeysResponse(access_key_metadata=rows.map(_metadata))


def _metadata(key: AccessKey) -> api.AccessKeyMetadata:
    return api.AccessKeyMetadata(
        user_name=key.user_name,
        access_key_id=key.access_key,
        status="Active" if key.active else "Inactive",
        create_date=key.created,
    )


@op
def update_access_key(tx: Tx, req: api.UpdateAccessKeyRequest) -> None:
    """Switch a key off, or on again."""
    tx.update(_own_key(tx, req.user_name, req.access_key_id), active=req.status == "Active")


@op
def delete_access_key(tx: Tx, req: api.DeleteAccessKeyRequest) -> None:
    tx.delete(_own_key(tx, req.user_name, req.access_key_id))


@op
def get_access_key_last_used(tx: Tx, req: api.GetAccessKeyLastUsedRequest) -> api.GetAccessKeyLastUsedResponse:
    """When, where and for which service a key was used last, as far as the call log reaches."""
    key = tx.find(AccessKey, req.access_key_id)
    if key is None or key.account != tx.account:
        from sundog.core import AwsError

        raise AwsError(
            "AccessDenied",
            f"User: {tx.caller.arn} is not authorized to perform: iam:GetAccessKeyLastUsed on resource: access key "
            f"{req.access_key_id}",
            403,
        )
    return api.GetAccessKeyLastUsedResponse(
        user_name=key.user_name, access_key_last_used=key_last_used(tx, key.access_key)
    )
