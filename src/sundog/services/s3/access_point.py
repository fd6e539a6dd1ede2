"""Access points as S3 itself sees them: names that stand for buckets."""

from __future__ import annotations

from typing import Any

from sundog.core import Arn, Index, Key, Record, Tx, record
from sundog.services.s3.state import Bucket


@record(missing=("NoSuchAccessPoint", "The specified accesspoint does not exist"))
class AccessPoint(Record):
    """One access point of an account in a region."""

    name: Key[str]
    bucket: str
    bucket_account: str
    alias: str
    created: float
    vpc: str | None = None
    policy: str | None = None
    blocks: dict[str, bool] = {}
    tags: dict[str, str] = {}
    scope: dict[str, Any] | None = None


@record(scope="partition")
class Alias(Record):
    """The name under which an access point passes for a bucket."""

    alias: Key[str]
    account: str
    region: str
    name: Index[str]


def bucket_behind(tx: Tx, name: str, arn: Arn | None) -> Bucket | None:
    """The bucket behind an access point's ARN or alias."""
    if arn is not None:
        kind, _, rest = arn.resource.replace(":", "/").partition("/")
        if kind != "accesspoint":
            return None
        found = tx.in_(account=arn.account, region=arn.region).find(AccessPoint, rest.partition("/")[0])
    else:
        alias = tx.find(Alias, name)
        if alias is None:
            return None
        found = tx.in_(account=alias.account, region=alias.region).find(AccessPoint, alias.name)
    return None if found is None else tx.find(Bucket, found.bucket)
