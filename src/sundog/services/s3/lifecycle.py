"""Lifecycle rules: as buckets keep them, and what answers tell of them."""

from __future__ import annotations

import datetime
from typing import Any

from sundog.api import s3 as api
from sundog.core import AwsError, Tx, op
from sundog.core.structure import plain
from sundog.services.s3 import errors
from sundog.services.s3.body import check_body
from sundog.services.s3.place import bucket_of
from sundog.services.s3.state import Bucket, Object
from sundog.services.s3.storage import CLASSES

MINIMUMS = ("all_storage_classes_128K", "varies_by_storage_class")
_INFREQUENT = ("STANDARD_IA", "ONEZONE_IA")


def expiration_of(bucket: Bucket, row: Object) -> str | None:
    """When a rule will remove the object, as a header tells it."""
    if "lifecycle" not in bucket.configuration:
        return None
    from sundog.services.s3.upkeep import expiration_header

    return expiration_header(bucket, row)


def abort_of(bucket: Bucket, key: str, initiated: datetime.datetime) -> tuple[datetime.datetime | None, str | None]:
    """When a rule will abort an upload that begins now, and the rule's id."""
    if "lifecycle" not in bucket.configuration:
        return None, None
    from sundog.services.s3.upkeep import abort_rule

    return abort_rule(bucket, key, initiated)


@op
def put_bucket_lifecycle_configuration(
    tx: Tx, req: api.PutBucketLifecycleConfigurationRequest
) -> api.PutBucketLifecycleConfigurationOutput:
    """Set the bucket's rules; from then on the clock carries them out, at midnight."""
    from sundog.services.s3.configuration import configured
    from sundog.services.s3.upkeep import schedule

    bucket = bucket_of(tx, req)
    check_body(tx, req)
    minimum = req.transition_default_minimum_object_size or MINIMUMS[0]
    if minimum not in MINIMUMS:
        raise errors.invalid(f"Invalid TransitionDefaultMinimumObjectSize found: {minimum}")
    given = req.lifecycle_configuration
    if given is None or not given.rules or len(given.rules) > 1000:
        raise errors.malformed()
    seen: set[str] = set()
    rules: list[dict[str, Any]] = []
    for rule in given.rules:
        _check_rule(rule)
        made = plain(rule)
        if rule.id is None:
            made = {**made, "ID": tx.ids.alnum(32)}
        if made["ID"] in seen:
            raise errors.argument("ID", made["ID"], "Rule ID must be unique. Found same ID for more than one rule")
        seen.add(made["ID"])
        rules.append(made)
    kept = {"Rules": rules, "minimum": minimum, "generation": tx.store.next_serial()}
    schedule(tx, configured(tx, bucket, "lifecycle", kept))
    return api.PutBucketLifecycleConfigurationOutput(transition_default_minimum_object_size=minimum)


def _check_rule(rule: Any) -> None:
    if rule.id is not None and len(rule.id) > 255:
        raise errors.argument("ID", ..., "ID length should not exceed allowed limit of 255")
    if rule.status not in ("Enabled", "Disabled"):
        raise errors.malformed()
    if (rule.filter is None) == (rule.prefix is None):
        raise errors.malformed()
    if rule.filter is not None:
        _check_filter(rule.filter)
    actions = (
        rule.expiration,
        rule.transitions,
        rule.noncurrent_version_expiration,
        rule.noncurrent_version_transitions,
        rule.abort_incomplete_multipart_upload,
    )
    if not any(action is not None for action in actions):
        raise errors.invalid("At least one action needs to be specified in a rule")
    expiration = rule.expiration
    if expiration is not None:
        given = [expiration.days, expiration.date, expiration.expired_object_delete_marker]
        if sum(value is not None for value in given) != 1:
            raise errors.malformed()
        _check_days(expiration.days, "'Days' for Expiration action must be a positive integer")
        _check_date(expiration.date)
    for transition in rule.transitions or ():
        _check_transition(transition)
    noncurrent = rule.noncurrent_version_expiration
    if noncurrent is not None:
        message = "'NoncurrentDays' for NoncurrentVersionExpiration action must be a positive integer"
        if noncurrent.noncurrent_days is None:
            raise errors.malformed()
        _check_days(noncurrent.noncurrent_days, message)
    abort = rule.abort_incomplete_multipart_upload
    if abort is not None:
        message = "'DaysAfterInitiation' for AbortIncompleteMultipartUpload action must be a positive integer"
        if abort.days_after_initiation is None:
            raise errors.malformed()
        _check_days(abort.days_after_initiation, message)
        if rule.filter is not None and _has_tags(rule.filter):
            raise errors.invalid("AbortIncompleteMultipartUpload cannot be specified with Tags.")


def _has_tags(given: Any) -> bool:
    return given.tag is not None or (given.and_ is not None and bool(given.and_.tags))


def _check_filter(given: Any) -> None:
    predicates = (
        given.prefix,
        given.tag,
        given.object_size_greater_than,
        given.object_size_less_than,
        given.and_,
    )
    if sum(value is not None for value in predicates) > 1:
        raise errors.malformed()


def _check_days(days: int | None, message: str) -> None:
    if days is not None and days <= 0:
        raise AwsError("InvalidArgument", message)


def _check_date(date: datetime.datetime | None) -> None:
    if date is not None and (date.hour or date.minute or date.second):
        raise AwsError("InvalidArgument", "'Date' must be at midnight GMT")


def _check_transition(given: Any) -> None:
    if given.storage_class not in CLASSES - {"STANDARD", "REDUCED_REDUNDANCY"}:
        raise errors.malformed()
    if (given.days is None) == (given.date is None):
        raise errors.malformed()
    if given.days is not None and given.days < 0:
        raise AwsError("InvalidArgument", "'Days' for Transition action must be nonnegative")
    _check_date(given.date)
    if given.days is not None and given.days < 30 and given.storage_class in _INFREQUENT:
        raise AwsError(
            "InvalidArgument",
            f"'Days' in Transition action must be greater than or equal to 30 for storageClass '{given.storage_class}'",
        )


@op
def get_bucket_lifecycle_configuration(
    tx: Tx, req: api.GetBucketLifecycleConfigurationRequest
) -> api.GetBucketLifecycleConfigurationOutput:
    """The bucket's rules."""
    bucket = bucket_of(tx, req)
    found = bucket.configuration.get("lifecycle")
    if found is None:
        raise errors.unconfigured(
            "NoSuchLifecycleConfiguration", "The lifecycle configuration does not exist", bucket.name
        )
    return api.GetBucketLifecycleConfigurationOutput(
        rules=found["Rules"], transition_default_minimum_object_size=found["minimum"]
    )


@op
def delete_bucket_lifecycle(tx: Tx, req: api.DeleteBucketLifecycleRequest) -> None:
    """Remove the bucket's rules."""
    from sundog.services.s3.configuration import configured

    configured(tx, bucket_of(tx, req), "lifecycle", None)
