"""Tags of buckets and access points, by their ARNs."""

from __future__ import annotations

from typing import Any

from sundog.api import s3control as api
from sundog.core import AwsError, Tx, op, parse_arn
from sundog.core.tag import to_dict
from sundog.services.s3.access_point import AccessPoint
from sundog.services.s3.state import Bucket
from sundog.services.s3control.access_point import account_of


def _find(tx: Tx, req: Any) -> tuple[Tx, Bucket | AccessPoint]:
    arn = req.resource_arn
    tx = account_of(tx, req)
    parsed = parse_arn(arn)
    if parsed is None:
        raise AwsError("InvalidRequest", f"Invalid ARN: {arn}")
    there = tx.in_(account=parsed.account or None, region=parsed.region or None)
    kind, _, name = parsed.resource.rpartition("/")
    found: Bucket | AccessPoint | None
    found = there.find(AccessPoint, name) if kind == "accesspoint" else there.find(Bucket, name)
    if found is None:
        if kind == "accesspoint":
            raise AwsError("NoSuchAccessPoint", "The specified accesspoint does not exist", 404)
        raise AwsError("NoSuchBucket", "The specified bucket does not exist", 404, {"BucketName": name})
    return there, found


@op
def tag_resource(tx: Tx, req: api.TagResourceRequest) -> api.TagResourceResult:
    """Add tags, or change them."""
    there, row = _find(tx, req)
    there.update(row, tags={**row.tags, **to_dict(req.tags)})
    tx.entry.status = 204
    return api.TagResourceResult()


@op
def untag_resource(tx: Tx, req: api.UntagResourceRequest) -> api.UntagResourceResult:
    """Remove tags."""
    there, row = _find(tx, req)
    gone = set(req.tag_keys)
    there.update(row, tags={key: value for key, value in row.tags.items() if key not in gone})
    return api.UntagResourceResult()


@op
def list_tags_for_resource(tx: Tx, req: api.ListTagsForResourceRequest) -> api.ListTagsForResourceResult:
    """All tags."""
    return api.ListTagsForResourceResult(tags=_find(tx, req)[1].tags)
