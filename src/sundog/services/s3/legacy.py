"""The first forms of two configurations, which botocore still has: the newer operations answer for them."""

from __future__ import annotations

from typing import Any

from sundog.api import s3 as api
from sundog.core import Tx, op
from sundog.core.structure import plain
from sundog.services.s3.body import check_body


def _moved(source: dict[str, Any], names: dict[str, str]) -> dict[str, Any]:
    """A configuration with single entries where the newer form has lists."""
    found = dict(source)
    for old, new in names.items():
        if old in found:
            found[new] = [found.pop(old)]
    return found


_TRANSITIONS = {
    "Transition": "Transitions",
    "NoncurrentVersionTransition": "NoncurrentVersionTransitions",
}


@op
def put_bucket_lifecycle(tx: Tx, req: api.PutBucketLifecycleRequest) -> None:
    """Set the bucket's rules, each with one transition at most."""
    check_body(tx, req)
    given = plain(req.lifecycle_configuration) or {}
    rules = [_moved(rule, _TRANSITIONS) for rule in given.get("Rules", ())]
    tx.call(
        "s3",
        "PutBucketLifecycleConfiguration",
        bucket=req.bucket,
        lifecycle_configuration={"Rules": rules},
        expected_bucket_owner=req.expected_bucket_owner,
    )


@op
def get_bucket_lifecycle(tx: Tx, req: api.GetBucketLifecycleRequest) -> api.GetBucketLifecycleOutput:
    """The bucket's rules, as far as the old form can hold them."""
    found = tx.call(
        "s3",
        "GetBucketLifecycleConfiguration",
        bucket=req.bucket,
        expected_bucket_owner=req.expected_bucket_owner,
    )
    rules: list[dict[str, Any]] = []
    for rule in plain(found.rules):
        made = {**rule, "Prefix": rule.get("Prefix") or rule.get("Filter", {}).get("Prefix", "")}
        made.pop("Filter", None)
        for old, new in _TRANSITIONS.items():
            if new in made:
                made[old] = made.pop(new)[0]
        rules.append(made)
    return api.GetBucketLifecycleOutput(rules=rules)


_NOTIFICATIONS = (
    ("TopicConfiguration", "TopicConfigurations", "Topic", "TopicArn"),
    ("QueueConfiguration", "QueueConfigurations", "Queue", "QueueArn"),
    ("CloudFunctionConfiguration", "LambdaFunctionConfigurations", "CloudFunction", "LambdaFunctionArn"),
)


@op
def put_bucket_notification(tx: Tx, req: api.PutBucketNotificationRequest) -> None:
    """Set who hears of what: one of each kind at most."""
    check_body(tx, req)
    given = plain(req.notification_configuration) or {}
    made: dict[str, Any] = {}
    for old, new, old_arn, new_arn in _NOTIFICATIONS:
        item = given.get(old)
        if item:
            events = item.get("Events") or ([item["Event"]] if "Event" in item else [])
            made[new] = [{"Events": events, new_arn: item.get(old_arn), **({"Id": item["Id"]} if "Id" in item else {})}]
    tx.call(
        "s3",
        "PutBucketNotificationConfiguration",
        bucket=req.bucket,
        notification_configuration=made,
        expected_bucket_owner=req.expected_bucket_owner,
    )


@op
def get_bucket_notification(
    tx: Tx, req: api.GetBucketNotificationConfigurationRequest
) -> api.NotificationConfigurationDeprecated:
    """Who hears of what, as far as the old form can hold it."""
    found = plain(
        tx.call(
            "s3",
            "GetBucketNotificationConfiguration",
            bucket=req.bucket,
            expected_bucket_owner=req.expected_bucket_owner,
        )
    )
    made: dict[str, Any] = {}
    for old, new, old_arn, new_arn in _NOTIFICATIONS:
        for item in found.get(new, ())[:1]:
            made[old] = {"Id": item["Id"], "Events": item["Events"], old_arn: item[new_arn], "Event": item["Events"][0]}
    return api.NotificationConfigurationDeprecated.of(made)
