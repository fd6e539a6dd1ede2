"""Replication: the rules, as buckets keep them."""

from __future__ import annotations

from typing import Any

from sundog.api import s3 as api
from sundog.core import AwsError, Tx, op, parse_arn
from sundog.core.structure import plain
from sundog.services.s3 import errors
from sundog.services.s3.body import check_body
from sundog.services.s3.place import bucket_of
from sundog.services.s3.state import Bucket, Object


def replicate(tx: Tx, bucket: Bucket, row: Object) -> Object:
    """Have a new version copied if a rule says so; the version as it stands at first."""
    if "replication" not in bucket.configuration:
        return row
    from sundog.services.s3.replica import begin

    return begin(tx, bucket, row)


@op
def put_bucket_replication(tx: Tx, req: api.PutBucketReplicationRequest) -> None:
    """Set the bucket's rules."""
    from sundog.services.s3.configuration import configured

    bucket = bucket_of(tx, req)
    check_body(tx, req)
    if bucket.versioning != "Enabled":
        raise errors.invalid("Versioning must be 'Enabled' on the bucket to apply a replication configuration")
    given = req.replication_configuration
    if not given.rules or not given.role or len(given.rules) > 1000:
        raise errors.malformed()
    seen: set[str] = set()
    made = plain(given)
    rules: list[dict[str, Any]] = []
    for rule, form in zip(given.rules, made["Rules"], strict=True):
        _check_rule(tx, rule)
        name = form.get("ID") or tx.ids.alnum(32)
        if name in seen:
            raise errors.argument("ID", name, "Rule Id must be unique. Found same Id for more than one rule")
        seen.add(name)
        rules.append({**form, "ID": name})
    newer = [rule for rule in rules if "Filter" in rule]
    if newer and len({rule.get("Priority", 0) for rule in newer}) != len(newer):
        raise errors.invalid("Found duplicate priority for replication rules. Priority must be unique.")
    configured(tx, bucket, "replication", {"Role": made["Role"], "Rules": rules})


def _check_rule(tx: Tx, rule: Any) -> None:
    if rule.status not in ("Enabled", "Disabled") or rule.destination is None:
        raise errors.malformed()
    arn = parse_arn(rule.destination.bucket or "")
    if arn is None or arn.service != "s3" or not arn.resource:
        raise errors.argument("Bucket", rule.destination.bucket, "Invalid bucket ARN")
    if rule.filter is not None and rule.prefix is not None:
        raise errors.malformed()
    if rule.filter is not None and rule.delete_marker_replication is None:
        raise errors.invalid(
            "DeleteMarkerReplication must be specified for this version of Cross Region "
            "Replication configuration schema."
        )
    target = tx.find(Bucket, arn.resource)
    if target is None:
        raise errors.invalid("Destination bucket must exist.")
    if target.versioning != "Enabled":
        raise errors.invalid("Destination bucket must have versioning enabled.")


@op
def get_bucket_replication(tx: Tx, req: api.GetBucketReplicationRequest) -> api.GetBucketReplicationOutput:
    """The bucket's rules."""
    bucket = bucket_of(tx, req)
    found = bucket.configuration.get("replication")
    if found is None:
        raise unconfigured(bucket)
    return api.GetBucketReplicationOutput(replication_configuration=found)


def unconfigured(bucket: Bucket) -> AwsError:
    return errors.unconfigured(
        "ReplicationConfigurationNotFoundError", "The replication configuration was not found", bucket.name
    )


@op
def delete_bucket_replication(tx: Tx, req: api.DeleteBucketReplicationRequest) -> None:
    """Remove the bucket's rules."""
    from sundog.services.s3.configuration import configured

    configured(tx, bucket_of(tx, req), "replication", None)
