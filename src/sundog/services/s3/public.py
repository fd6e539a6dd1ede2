"""The account's own blocks of public access, which count for all of its buckets."""

from __future__ import annotations

from sundog.core import Key, Record, Tx, record
from sundog.services.s3.state import Bucket


@record(scope="cloud")
class AccountBlocks(Record):
    """What of public access an account blocks."""

    account: Key[str]
    blocks: dict[str, bool] = {}


def blocks_of(tx: Tx, bucket: Bucket) -> dict[str, bool]:
    """What of public access is blocked in a bucket, by itself or by its account."""
    own: dict[str, bool] = bucket.configuration.get("public_access_block") or {}
    account = tx.find(AccountBlocks, bucket.account)
    if account is None:
        return own
    return {name: bool(own.get(name) or account.blocks.get(name)) for name in {*own, *account.blocks}}
