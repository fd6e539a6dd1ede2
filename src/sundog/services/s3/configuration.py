"""The many configurations that a bucket keeps and gives back."""

from __future__ import annotations

import base64
import binascii
from typing import Any

from sundog.api import s3 as api
from sundog.core import AwsError, Tx, op
from sundog.core.structure import plain
from sundog.services.s3 import errors
from sundog.services.s3.acl import OWNERSHIPS, is_private
from sundog.services.s3.body import check_body
from sundog.services.s3.place import bucket_of
from sundog.services.s3.state import Bucket

PAGE = 100


def configured(tx: Tx, bucket: Bucket, name: str, value: Any) -> Bucket:
    """The bucket with one of its configurations set, or (None) removed."""
    rest = {key: kept for key, kept in bucket.configuration.items() if key != name}
    if value is not None:
        rest[name] = value
    return tx.update(bucket, configuration=rest)


# -- acceleration, payment, logging ---------------------------------------------------------------------------------


@op
def put_bucket_accelerate_configuration(tx: Tx, req: api.PutBucketAccelerateConfigurationRequest) -> None:
    """Switch transfer acceleration on or off."""
    bucket = bucket_of(tx, req)
    check_body(tx, req)
    status = req.accelerate_configuration.status
    if "." in bucket.name:
        raise errors.invalid("S3 Transfer Acceleration is not supported for buckets with periods (.) in their names")
    if status not in ("Enabled", "Suspended"):
        raise errors.malformed()
    configured(tx, bucket, "accelerate", status)


@op
def get_bucket_accelerate_configuration(
    tx: Tx, req: api.GetBucketAccelerateConfigurationRequest
) -> api.GetBucketAccelerateConfigurationOutput:
    """Whether transfers are accelerated; nothing if nobody ever said."""
    bucket = bucket_of(tx, req)
    return api.GetBucketAccelerateConfigurationOutput(status=bucket.configuration.get("accelerate"))


@op
def put_bucket_request_payment(tx: Tx, req: api.PutBucketRequestPaymentRequest) -> None:
    """Say who pays for requests."""
    bucket = bucket_of(tx, req)
    check_body(tx, req)
    payer = req.request_payment_configuration.payer
    if payer not in ("Requester", "BucketOwner"):
        raise errors.malformed()
    configured(tx, bucket, "payer", payer)


@op
def get_bucket_request_payment(tx: Tx, req: api.GetBucketRequestPaymentRequest) -> api.GetBucketRequestPaymentOutput:
    """Who pays for requests."""
    return api.GetBucketRequestPaymentOutput(payer=bucket_of(tx, req).configuration.get("payer", "BucketOwner"))


@op
def put_bucket_logging(tx: Tx, req: api.PutBucketLoggingRequest) -> None:
    """Have requests logged into a bucket, or (with an empty status) no longer."""
    bucket = bucket_of(tx, req)
    check_body(tx, req)
    enabled = req.bucket_logging_status.logging_enabled
    if enabled is None:
        configured(tx, bucket, "logging", None)
        return
    if enabled.target_bucket is None or enabled.target_prefix is None:
        raise errors.malformed()
    target = tx.find(Bucket, enabled.target_bucket)
    if target is None or target.account != bucket.account:
        message = "The target bucket for logging does not exist"
        if target is not None:
            message = "The owner for the bucket to be logged and the target bucket must be the same."
        raise errors.fault("InvalidTargetBucketForLogging", message, 400, TargetBucket=enabled.target_bucket)
    if target.region != bucket.region:
        raise errors.fault(
            "CrossLocationLoggingProhibitted",
            "Cross S3 location logging not allowed. ",
            403,
            TargetBucketLocation=target.region,
            SourceBucketLocation=None if bucket.region == "us-east-1" else bucket.region,
        )
    configured(tx, bucket, "logging", plain(enabled))


@op
def get_bucket_logging(tx: Tx, req: api.GetBucketLoggingRequest) -> api.GetBucketLoggingOutput:
    """Where requests are logged."""
    return api.GetBucketLoggingOutput(logging_enabled=bucket_of(tx, req).configuration.get("logging"))


# -- ownership and public access ------------------------------------------------------------------------------------


@op
def put_bucket_ownership_controls(tx: Tx, req: api.PutBucketOwnershipControlsRequest) -> None:
    """Say who owns objects that others put, and so whether ACLs count."""
    bucket = bucket_of(tx, req)
    check_body(tx, req)
    rules = req.ownership_controls.rules
    if not rules or len(rules) > 1 or rules[0].object_ownership not in OWNERSHIPS:
        raise errors.malformed()
    wanted = rules[0].object_ownership
    if wanted == "BucketOwnerEnforced" and not is_private(bucket.acl, bucket.account):
        raise AwsError(
            "InvalidBucketAclWithObjectOwnership",
            "Bucket cannot have ACLs set with ObjectOwnership's BucketOwnerEnforced setting",
        )
    configured(tx, bucket, "ownership", wanted)


@op
def get_bucket_ownership_controls(
    tx: Tx, req: api.GetBucketOwnershipControlsRequest
) -> api.GetBucketOwnershipControlsOutput:
    """Who owns objects that others put."""
    bucket = bucket_of(tx, req)
    found = bucket.configuration.get("ownership")
    if found is None:
        raise errors.unconfigured(
            "OwnershipControlsNotFoundError", "The bucket ownership controls were not found", bucket.name
        )
    return api.GetBucketOwnershipControlsOutput(
        ownership_controls=api.OwnershipControls(rules=[api.OwnershipControlsRule(object_ownership=found)])
    )


@op
def delete_bucket_ownership_controls(tx: Tx, req: api.DeleteBucketOwnershipControlsRequest) -> None:
    """Leave objects to their writers."""
    configured(tx, bucket_of(tx, req), "ownership", None)


BLOCKS = ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets")


@op
def put_public_access_block(tx: Tx, req: api.PutPublicAccessBlockRequest) -> None:
    """Say what of public access is blocked."""
    bucket = bucket_of(tx, req)
    check_body(tx, req)
    given = plain(req.public_access_block_configuration)
    if not given:
        raise errors.invalid("Must specify at least one configuration.")
    configured(tx, bucket, "public_access_block", {name: bool(given.get(name)) for name in BLOCKS})


@op
def get_public_access_block(tx: Tx, req: api.GetPublicAccessBlockRequest) -> api.GetPublicAccessBlockOutput:
    """What of public access is blocked."""
    bucket = bucket_of(tx, req)
    found = bucket.configuration.get("public_access_block")
    if found is None:
        raise errors.unconfigured(
            "NoSuchPublicAccessBlockConfiguration", "The public access block configuration was not found", bucket.name
        )
    return api.GetPublicAccessBlockOutput(public_access_block_configuration=found)


@op
def delete_public_access_block(tx: Tx, req: api.DeletePublicAccessBlockRequest) -> None:
    """Block nothing."""
    configured(tx, bucket_of(tx, req), "public_access_block", None)


# -- configurations that a bucket has many of, by id -----------------------------------------------------------------


def _put(tx: Tx, req: Any, name: str, given: Any) -> None:
    bucket = bucket_of(tx, req)
    if given.id is None or given.id != req.id:
        raise errors.argument("id", req.id, "The ID in the request does not match the ID in the configuration.")
    known = bucket.configuration.get(name, {})
    configured(tx, bucket, name, {**known, given.id: plain(given)})


def _get(tx: Tx, req: Any, name: str) -> dict[str, Any]:
    found = bucket_of(tx, req).configuration.get(name, {}).get(req.id)
    if found is None:
        raise errors.unconfigured("NoSuchConfiguration", "The specified configuration does not exist.")
    return found


def _delete(tx: Tx, req: Any, name: str) -> None:
    bucket = bucket_of(tx, req)
    known = bucket.configuration.get(name, {})
    if req.id not in known:
        raise errors.unconfigured("NoSuchConfiguration", "The specified configuration does not exist.")
    rest = {key: value for key, value in known.items() if key != req.id}
    configured(tx, bucket, name, rest or None)


def _list(tx: Tx, req: Any, name: str, member: str) -> dict[str, Any]:
    """A page of them by id, as members of the answer."""
    known = bucket_of(tx, req).configuration.get(name, {})
    after = ""
    if req.continuation_token is not None:
        try:
            after = base64.urlsafe_b64decode(req.continuation_token.encode()).decode()
        except (binascii.Error, ValueError):
            message = "The continuation token provided is incorrect"
            raise errors.argument("continuation-token", req.continuation_token, message) from None
    behind = [key for key in sorted(known) if key > after]
    page = behind[:PAGE]
    more = len(behind) > len(page)
    return {
        member: [known[key] for key in page] or None,
        "is_truncated": more,
        "continuation_token": req.continuation_token,
        "next_continuation_token": base64.urlsafe_b64encode(page[-1].encode()).decode() if more else None,
    }


@op
def put_bucket_analytics_configuration(tx: Tx, req: api.PutBucketAnalyticsConfigurationRequest) -> None:
    """Set one storage class analysis."""
    _put(tx, req, "analytics", req.analytics_configuration)


@op
def get_bucket_analytics_configuration(
    tx: Tx, req: api.GetBucketAnalyticsConfigurationRequest
) -> api.GetBucketAnalyticsConfigurationOutput:
    """One storage class analysis."""
    return api.GetBucketAnalyticsConfigurationOutput(analytics_configuration=_get(tx, req, "analytics"))


@op
def delete_bucket_analytics_configuration(tx: Tx, req: api.DeleteBucketAnalyticsConfigurationRequest) -> None:
    """Remove one storage class analysis."""
    _delete(tx, req, "analytics")


@op(paged=False)
def list_bucket_analytics_configurations(
    tx: Tx, req: api.ListBucketAnalyticsConfigurationsRequest
) -> api.ListBucketAnalyticsConfigurationsOutput:
    """All storage class analyses by id."""
    found = _list(tx, req, "analytics", "analytics_configuration_list")
    return api.ListBucketAnalyticsConfigurationsOutput(**found)


@op
def put_bucket_intelligent_tiering_configuration(
    tx: Tx, req: api.PutBucketIntelligentTieringConfigurationRequest
) -> None:
    """Set one intelligent tiering rule."""
    given = req.intelligent_tiering_configuration
    if not given.tierings or given.status not in ("Enabled", "Disabled"):
        raise errors.malformed()
    _put(tx, req, "tiering", given)


@op
def get_bucket_intelligent_tiering_configuration(
    tx: Tx, req: api.GetBucketIntelligentTieringConfigurationRequest
) -> api.GetBucketIntelligentTieringConfigurationOutput:
    """One intelligent tiering rule."""
    return api.GetBucketIntelligentTieringConfigurationOutput(
        intelligent_tiering_configuration=_get(tx, req, "tiering")
    )


@op
def delete_bucket_intelligent_tiering_configuration(
    tx: Tx, req: api.DeleteBucketIntelligentTieringConfigurationRequest
) -> None:
    """Remove one intelligent tiering rule."""
    _delete(tx, req, "tiering")


@op(paged=False)
def list_bucket_intelligent_tiering_configurations(
    tx: Tx, req: api.ListBucketIntelligentTieringConfigurationsRequest
) -> api.ListBucketIntelligentTieringConfigurationsOutput:
    """All intelligent tiering rules by id."""
    found = _list(tx, req, "tiering", "intelligent_tiering_configuration_list")
    return api.ListBucketIntelligentTieringConfigurationsOutput(**found)


@op
def put_bucket_inventory_configuration(tx: Tx, req: api.PutBucketInventoryConfigurationRequest) -> None:
    """Set one inventory."""
    _put(tx, req, "inventory", req.inventory_configuration)
    tx.entry.status = 204


@op
def get_bucket_inventory_configuration(
    tx: Tx, req: api.GetBucketInventoryConfigurationRequest
) -> api.GetBucketInventoryConfigurationOutput:
    """One inventory."""
    return api.GetBucketInventoryConfigurationOutput(inventory_configuration=_get(tx, req, "inventory"))


@op
def delete_bucket_inventory_configuration(tx: Tx, req: api.DeleteBucketInventoryConfigurationRequest) -> None:
    """Remove one inventory."""
    _delete(tx, req, "inventory")


@op(paged=False)
def list_bucket_inventory_configurations(
    tx: Tx, req: api.ListBucketInventoryConfigurationsRequest
) -> api.ListBucketInventoryConfigurationsOutput:
    """All inventories by id."""
    found = _list(tx, req, "inventory", "inventory_configuration_list")
    return api.ListBucketInventoryConfigurationsOutput(**found)


@op
def put_bucket_metrics_configuration(tx: Tx, req: api.PutBucketMetricsConfigurationRequest) -> None:
    """Set one filter of metrics."""
    _put(tx, req, "metrics", req.metrics_configuration)
    tx.entry.status = 204


@op
def get_bucket_metrics_configuration(
    tx: Tx, req: api.GetBucketMetricsConfigurationRequest
) -> api.GetBucketMetricsConfigurationOutput:
    """One filter of metrics."""
    return api.GetBucketMetricsConfigurationOutput(metrics_configuration=_get(tx, req, "metrics"))


@op
def delete_bucket_metrics_configuration(tx: Tx, req: api.DeleteBucketMetricsConfigurationRequest) -> None:
    """Remove one filter of metrics."""
    _delete(tx, req, "metrics")


@op(paged=False)
def list_bucket_metrics_configurations(
    tx: Tx, req: api.ListBucketMetricsConfigurationsRequest
) -> api.ListBucketMetricsConfigurationsOutput:
    """All filters of metrics by id."""
    found = _list(tx, req, "metrics", "metrics_configuration_list")
    return api.ListBucketMetricsConfigurationsOutput(**found)


# -- attribute-based access ------------------------------------------------------------------------------------------


@op
def put_bucket_abac(tx: Tx, req: api.PutBucketAbacRequest) -> None:
    """Say whether the bucket's tags count in policies."""
    bucket = bucket_of(tx, req)
    check_body(tx, req)
    if req.abac_status is None or req.abac_status.status not in ("Enabled", "Disabled"):
        raise errors.malformed()
    configured(tx, bucket, "abac", req.abac_status.status)


@op
def get_bucket_abac(tx: Tx, req: api.GetBucketAbacRequest) -> api.GetBucketAbacOutput:
    """Whether the bucket's tags count in policies."""
    status = bucket_of(tx, req).configuration.get("abac", "Disabled")
    return api.GetBucketAbacOutput(abac_status=api.AbacStatus(status=status))
