"""What became of deliveries, in CloudWatch Logs: for topics that were given a role for that."""

from __future__ import annotations

import hashlib
import json

from sundog.core import AwsError, Tx
from sundog.services.sns.message import Message
from sundog.services.sns.notification import stamp
from sundog.services.sns.state import Subscription, Topic

_NAMES = {
    "http": "HTTP",
    "https": "HTTP",
    "sqs": "SQS",
    "lambda": "Lambda",
    "firehose": "Firehose",
    "application": "Application",
}


def report(
    tx: Tx, row: Subscription, topic: Topic | None, message: Message, error: AwsError | None, status: int | None = None
) -> None:
    """Log one delivery, if the topic wants it logged."""
    name = _NAMES.get(row.protocol)
    if topic is None or name is None:
        return
    kind = "Success" if error is None else "Failure"
    if not topic.attributes.get(f"{name}{kind}FeedbackRoleArn"):
        return
    if error is None:
        rate = int(topic.attributes.get(f"{name}SuccessFeedbackSampleRate", "100"))
        if tx.ids.random.random() * 100 >= rate:
            return
    tx.after_commit(log, topic.arn, row.arn, row.endpoint, message.message_id, message.text, _outcome(error, status))


def _outcome(error: AwsError | None, status: int | None) -> tuple[bool, int, str]:
    if error is None:
        return True, status or 200, ""
    return False, status or error.status, error.message


def log(
    tx: Tx,
    topic_arn: str,
    subscription_arn: str,
    endpoint: str,
    message_id: str,
    text: str,
    outcome: tuple[bool, int, str],
) -> None:
    """Write one event to the topic's log group."""
    success, status, provider = outcome
    topic = topic_arn.rpartition(":")[2]
    group = f"sns/{tx.region}/{tx.account}/{topic}" + ("" if success else "/Failure")
    stream = tx.ids.uuid()
    delivery: dict[str, object] = {
        "deliveryId": tx.ids.uuid(),
        "destination": endpoint,
        "dwellTimeMs": 1,
        "statusCode": status,
    }
    if provider:
        delivery["providerResponse"] = provider
    event = {
        "notification": {
            "messageMD5Sum": hashlib.md5(text.encode(), usedforsecurity=False).hexdigest(),
            "messageId": message_id,
            "topicArn": topic_arn,
            "timestamp": stamp(tx.now.timestamp()).replace("T", " ").rstrip("Z"),
        },
        "delivery": delivery,
        "status": "SUCCESS" if success else "FAILURE",
    }
    exists = tx.attempt(lambda: tx.call("logs", "CreateLogGroup", log_group_name=group))
    if exists is not None:
        tx.entry.error = None
    tx.call("logs", "CreateLogStream", log_group_name=group, log_stream_name=stream)
    entry = {"timestamp": int(tx.now.timestamp() * 1000), "message": json.dumps(event)}
    tx.call("logs", "PutLogEvents", log_group_name=group, log_stream_name=stream, log_events=[entry])
