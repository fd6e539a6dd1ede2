"""What an account blocks for all of its buckets."""

from __future__ import annotations

from sundog.api import s3control as api
from sundog.core import AwsError, Tx, op
from sundog.core.structure import plain
from sundog.services.s3.bucket import BLOCKED
from sundog.services.s3.public import AccountBlocks


def _check(tx: Tx, account: str | None) -> str:
    if not account:
        raise AwsError("InvalidRequest", "x-amz-account-id header is required")
    if account != tx.account:
        raise AwsError("AccessDenied", "Access Denied", 403)
    return account


@op
def put_public_access_block(tx: Tx, req: api.PutPublicAccessBlockRequest) -> None:
    """Say what of public access the account blocks."""
    account = _check(tx, req.account_id)
    given = plain(req.public_access_block_configuration)
    if not given:
        raise AwsError("InvalidRequest", "Must specify at least one configuration.")
    made = {**dict.fromkeys(BLOCKED, False), **given}
    row = tx.find(AccountBlocks, account)
    if row is None:
        tx.add(AccountBlocks(account=account, blocks=made))
    else:
        tx.update(row, blocks=made)


@op
def get_public_access_block(tx: Tx, req: api.GetPublicAccessBlockRequest) -> api.GetPublicAccessBlockOutput:
    """What of public access the account blocks."""
    row = tx.find(AccountBlocks, _check(tx, req.account_id))
    if row is None:
        raise AwsError(
            "NoSuchPublicAccessBlockConfiguration",
            "The public access block configuration was not found",
            404,
            {"AccountId": req.account_id},
        )
    return api.GetPublicAccessBlockOutput(public_access_block_configuration=row.blocks)


@op
def delete_public_access_block(tx: Tx, req: api.DeletePublicAccessBlockRequest) -> None:
    """Block nothing."""
    row = tx.find(AccountBlocks, _check(tx, req.account_id))
    if row is not None:
        tx.delete(row)
