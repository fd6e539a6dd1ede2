"""Access points."""

from __future__ import annotations

import datetime
import re
from typing import Any

from sundog.api import s3control as api
from sundog.core import AwsError, Tx, op
from sundog.core.structure import plain
from sundog.core.tag import to_dict
from sundog.services.s3.access_point import AccessPoint, Alias
from sundog.services.s3.bucket import BLOCKED
from sundog.services.s3.policy import is_public
from sundog.services.s3.state import Bucket

_NAME = re.compile(r"[a-z0-9][a-z0-9-]{1,48}[a-z0-9]\Z")


def account_of(tx: Tx, req: Any) -> Tx:
    """The transaction in the account that the request is about."""
    wanted = req.account_id
    if wanted is not None and wanted != tx.account and tx.setting("enforce_iam"):
        raise AwsError("AccessDenied", "Access Denied", 403)
    return tx.in_(account=wanted) if wanted else tx


def _find(tx: Tx, req: Any) -> AccessPoint:
    name = req.name.rpartition("/")[2] if req.name.startswith("arn:") else req.name
    found = account_of(tx, req).find(AccessPoint, name)
    if found is None:
        raise AwsError(
            "NoSuchAccessPoint", "The specified accesspoint does not exist", 404, {"AccessPointName": req.name}
        )
    return found


def arn_of(tx: Tx, name: str) -> str:
    return tx.arn(f"accesspoint/{name}", service="s3")


@op
def create_access_point(tx: Tx, req: api.CreateAccessPointRequest) -> api.CreateAccessPointResult:
    """Give a bucket a name of its own rules."""
    there = account_of(tx, req)
    name = req.name
    if not _NAME.match(name) or name.endswith("-s3alias"):
        raise AwsError("InvalidRequest", "Your Amazon S3 AccessPoint name is invalid")
    bucket = there.find(Bucket, req.bucket)
    if bucket is None:
        raise AwsError("InvalidRequest", "Amazon S3 AccessPoint can only be created for existing bucket")
    if bucket.region != there.region:
        raise AwsError("InvalidRequest", "Bucket and access point must be in the same region")
    if there.find(AccessPoint, name) is not None:
        raise AwsError(
            "AccessPointAlreadyOwnedByYou",
            "Your previous request to create the named accesspoint succeeded and you already own it.",
            409,
            {"AccessPointName": name},
        )
    alias = f"{name[:20].rstrip('-')}-{tx.ids.choose('abcdefghijklmnopqrstuvwxyz0123456789', 34)}-s3alias"
    vpc = req.vpc_configuration
    given = req.public_access_block_configuration
    scope = plain(req.scope) if req.scope is not None else None
    there.add(
        AccessPoint(
            name=name,
            bucket=bucket.name,
            bucket_account=req.bucket_account_id or bucket.account,
            alias=alias,
            created=tx.now.timestamp(),
            vpc=vpc.vpc_id if vpc is not None else None,
            blocks={**dict.fromkeys(BLOCKED, False), **plain(given)} if given is not None else dict(BLOCKED),
            tags=to_dict(req.tags),
            scope=scope,
        )
    )
    there.add(Alias(alias=alias, account=there.account, region=there.region, name=name))
    return api.CreateAccessPointResult(access_point_arn=arn_of(there, name), alias=alias)


@op
def get_access_point(tx: Tx, req: api.GetAccessPointRequest) -> api.GetAccessPointResult:
    """What is known of an access point."""
    row = _find(tx, req)
    there = account_of(tx, req)
    domain = f"{there.region}.{there.dns_suffix}"
    return api.GetAccessPointResult(
        name=row.name,
        bucket=row.bucket,
        bucket_account_id=row.bucket_account,
        network_origin="VPC" if row.vpc else "Internet",
        vpc_configuration=api.VpcConfiguration(vpc_id=row.vpc) if row.vpc else None,
        public_access_block_configuration=row.blocks,
        creation_date=datetime.datetime.fromtimestamp(row.created, datetime.timezone.utc),
        alias=row.alias,
        access_point_arn=arn_of(there, row.name),
        endpoints={
            "ipv4": f"s3-accesspoint.{domain}",
            "fips": f"s3-accesspoint-fips.{domain}",
            "fips_dualstack": f"s3-accesspoint-fips.dualstack.{domain}",
            "dualstack": f"s3-accesspoint.dualstack.{domain}",
        },
    )


@op(paged=False)
def list_access_points(tx: Tx, req: api.ListAccessPointsRequest) -> api.ListAccessPointsResult:
    """The account's access points in the region, or those of one bucket."""
    there = account_of(tx, req)
    name = req.bucket.rpartition(":")[2].rpartition("/")[2] if req.bucket is not None else None
    after, limit = req.next_token or "", min(req.max_results or 1000, 1000)
    rows = [row for row in there.select(AccessPoint) if row.name > after and name in (None, row.bucket)]
    page = rows[:limit]
    return api.ListAccessPointsResult(
        access_point_list=[_entry(there, row) for row in page],
        next_token=page[-1].name if len(rows) > len(page) else None,
    )


def _entry(tx: Tx, row: AccessPoint) -> api.AccessPoint:
    return api.AccessPoint(
        name=row.name,
        network_origin="VPC" if row.vpc else "Internet",
        vpc_configuration=api.VpcConfiguration(vpc_id=row.vpc) if row.vpc else None,
        bucket=row.bucket,
        bucket_account_id=row.bucket_account,
        access_point_arn=arn_of(tx, row.name),
        alias=row.alias,
    )


@op
def delete_access_point(tx: Tx, req: api.DeleteAccessPointRequest) -> None:
    """Remove an access point."""
    row = _find(tx, req)
    there = account_of(tx, req)
    alias = there.find(Alias, row.alias)
    if alias is not None:
        there.delete(alias)
    there.delete(row)


@op
def put_access_point_policy(tx: Tx, req: api.PutAccessPointPolicyRequest) -> None:
    """Set an access point's policy."""
    row = _find(tx, req)
    if row.blocks.get("BlockPublicPolicy") and is_public(req.policy):
        raise AwsError("AccessDenied", "Access Denied", 403)
    account_of(tx, req).update(row, policy=req.policy)


def _policy(row: AccessPoint) -> str:
    if row.policy is None:
        raise AwsError(
            "NoSuchAccessPointPolicy",
            "The specified accesspoint policy does not exist",
            404,
            {"AccessPointName": row.name},
        )
    return row.policy


@op
def get_access_point_policy(tx: Tx, req: api.GetAccessPointPolicyRequest) -> api.GetAccessPointPolicyResult:
    """An access point's policy."""
    return api.GetAccessPointPolicyResult(policy=_policy(_find(tx, req)))


@op
def delete_access_point_policy(tx: Tx, req: api.DeleteAccessPointPolicyRequest) -> None:
    """Remove an access point's policy."""
    account_of(tx, req).update(_find(tx, req), policy=None)


@op
def get_access_point_policy_status(
    tx: Tx, req: api.GetAccessPointPolicyStatusRequest
) -> api.GetAccessPointPolicyStatusResult:
    """Whether an access point's policy lets in anybody."""
    return api.GetAccessPointPolicyStatusResult(
        policy_status=api.PolicyStatus(is_public=is_public(_policy(_find(tx, req))))
    )


@op
def put_access_point_scope(tx: Tx, req: api.PutAccessPointScopeRequest) -> None:
    """Set which prefixes and actions an access point is for."""
    account_of(tx, req).update(_find(tx, req), scope=plain(req.scope))


@op
def get_access_point_scope(tx: Tx, req: api.GetAccessPointScopeRequest) -> api.GetAccessPointScopeResult:
    """Which prefixes and actions an access point is for."""
    return api.GetAccessPointScopeResult(scope=_find(tx, req).scope or {})


@op
def delete_access_point_scope(tx: Tx, req: api.DeleteAccessPointScopeRequest) -> None:
    """Have an access point be for everything."""
    account_of(tx, req).update(_find(tx, req), scope=None)
