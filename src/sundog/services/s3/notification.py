"""Event notifications: who is to hear of what, and the telling."""

from __future__ import annotations

from typing import Any

from sundog.api import s3 as api
from sundog.core import AwsError, Event, Tx, deliver, op, parse_arn
from sundog.core.structure import plain
from sundog.services.s3 import errors
from sundog.services.s3.place import bucket_of
from sundog.services.s3.state import Bucket, Object

EVENTS = frozenset(
    {
        "s3:ReducedRedundancyLostObject",
        "s3:ObjectCreated:*",
        "s3:ObjectCreated:Put",
        "s3:ObjectCreated:Post",
        "s3:ObjectCreated:Copy",
        "s3:ObjectCreated:CompleteMultipartUpload",
        "s3:ObjectRemoved:*",
        "s3:ObjectRemoved:Delete",
        "s3:ObjectRemoved:DeleteMarkerCreated",
        "s3:ObjectRestore:*",
        "s3:ObjectRestore:Post",
        "s3:ObjectRestore:Completed",
        "s3:ObjectRestore:Delete",
        "s3:Replication:*",
        "s3:Replication:OperationFailedReplication",
        "s3:Replication:OperationNotTracked",
        "s3:Replication:OperationMissedThreshold",
        "s3:Replication:OperationReplicatedAfterThreshold",
        "s3:LifecycleTransition",
        "s3:IntelligentTiering",
        "s3:ObjectAcl:Put",
        "s3:LifecycleExpiration:*",
        "s3:LifecycleExpiration:Delete",
        "s3:LifecycleExpiration:DeleteMarkerCreated",
        "s3:ObjectTagging:*",
        "s3:ObjectTagging:Put",
        "s3:ObjectTagging:Delete",
    }
)
KINDS = (
    ("TopicConfigurations", "TopicArn", "Topic", "sns"),
    ("QueueConfigurations", "QueueArn", "Queue", "sqs"),
    ("LambdaFunctionConfigurations", "LambdaFunctionArn", "CloudFunction", "lambda"),
)


def announce(tx: Tx, bucket: Bucket, event: str, row: Object, **more: Any) -> None:
    """Tell whoever the bucket's configuration names of an event."""
    if bucket.configuration.get("notification"):
        from sundog.services.s3.event import send

        send(tx, bucket, event, row, more)


@op
def put_bucket_notification_configuration(tx: Tx, req: api.PutBucketNotificationConfigurationRequest) -> None:
    """Set who hears of what. Queues and topics get a test event, which they must be able to take."""
    from sundog.services.s3.configuration import configured

    bucket = bucket_of(tx, req)
    made = plain(req.notification_configuration)
    seen: set[str] = set()
    unfit: list[tuple[str, str]] = []
    for member, arn_member, argument, service in KINDS:
        for index, item in enumerate(made.get(member, ())):
            item = dict(item)
            made[member] = [*made[member][:index], item, *made[member][index + 1 :]]
            _check(item, item.get(arn_member), argument, service)
            item.setdefault("Id", tx.ids.alnum(48))
            if item["Id"] in seen:
                raise errors.argument("Id", item["Id"], "Same ID used for multiple configurations. IDs must be unique")
            seen.add(item["Id"])
            if not req.skip_destination_validation:
                trouble = _trouble(tx, bucket, item[arn_member], service)
                if trouble is not None:
                    unfit.append((item[arn_member], trouble))
    if unfit:
        members = {}
        for number, (arn, trouble) in enumerate(unfit, 1):
            members[f"ArgumentName{number}"] = f"{arn}, null"
            members[f"ArgumentValue{number}"] = trouble
        raise AwsError("InvalidArgument", "Unable to validate the following destination configurations", 400, members)
    configured(tx, bucket, "notification", made or None)


def _check(item: dict[str, Any], arn: str | None, argument: str, service: str) -> None:
    if not item.get("Events") or arn is None:
        raise errors.malformed()
    for event in item["Events"]:
        if event not in EVENTS:
            raise errors.argument("Event", event, "The event is not supported for notifications")
    parsed = parse_arn(arn)
    if parsed is None or parsed.service != service:
        raise errors.argument(argument, arn, "The ARN could not be parsed")
    rules = item.get("Filter", {}).get("Key", {}).get("FilterRules", ())
    names: set[str] = set()
    for rule in rules:
        name, value = rule.get("Name"), rule.get("Value")
        if name is None or value is None:
            raise errors.malformed()
        if name.lower() not in ("prefix", "suffix"):
            raise errors.argument("FilterRule.Name", name, "filter rule name must be either prefix or suffix")
        if name.lower() in names:
            message = f"Cannot specify more than one {name.lower()} rule in a filter."
            raise errors.argument(f"FilterRule.{name.capitalize()}", value, message)
        names.add(name.lower())
        rule["Name"] = name.capitalize()


def _trouble(tx: Tx, bucket: Bucket, arn: str, service: str) -> str | None:
    """Why a destination can't take events; None if it can. Queues and topics are told that they will."""
    from sundog.core.op import find_handler

    parsed = parse_arn(arn)
    assert parsed is not None
    there = tx.in_(account=parsed.account or None, region=parsed.region or None)
    if service == "lambda":
        if find_handler("lambda_", "get_function") is None:
            return None
        try:
            there.call("lambda", "GetFunction", function_name=arn)
        except AwsError:
            return f"Not authorized to invoke function [{arn}]"
        return None
    operation = ("sqs", "GetQueueUrl") if service == "sqs" else ("sns", "GetTopicAttributes")
    if find_handler(service, "get_queue_url" if service == "sqs" else "get_topic_attributes") is None:
        return None
    try:
        if service == "sqs":
            there.call(*operation, queue_name=parsed.resource, queue_owner_aws_account_id=parsed.account)
        else:
            there.call(*operation, topic_arn=arn)
    except AwsError:
        return "The destination queue does not exist" if service == "sqs" else "The destination topic does not exist"
    tx.after_commit(send_test, bucket.name, arn)
    return None


def send_test(tx: Tx, bucket: str, arn: str) -> None:
    """Tell a destination that it will hear from the bucket."""
    import msgspec

    body = {
        "Service": "Amazon S3",
        "Event": "s3:TestEvent",
        "Time": tx.now.strftime("%Y-%m-%dT%H:%M:%S.") + f"{tx.now.microsecond // 1000:03d}Z",
        "Bucket": bucket,
        "RequestId": tx.ids.alnum(16, upper=True),
        "HostId": tx.ids.secret(56),
    }
    source = f"arn:{tx.partition}:s3:::{bucket}"
    text = msgspec.json.encode(body).decode()
    deliver(tx, arn, Event(text, "s3.amazonaws.com", source, subject="Amazon S3 Notification"))


@op
def get_bucket_notification_configuration(
    tx: Tx, req: api.GetBucketNotificationConfigurationRequest
) -> api.NotificationConfiguration:
    """Who hears of what."""
    found = bucket_of(tx, req).configuration.get("notification") or {}
    return api.NotificationConfiguration(
        topic_configurations=found.get("TopicConfigurations"),
        queue_configurations=found.get("QueueConfigurations"),
        lambda_function_configurations=found.get("LambdaFunctionConfigurations"),
        event_bridge_configuration=found.get("EventBridgeConfiguration"),
    )
