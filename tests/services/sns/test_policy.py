"""Deliveries under ``enforce_iam``: a target's policy must let the sender in. And what S3 sends."""

from __future__ import annotations

import json

import boto3
import pytest
from botocore.exceptions import ClientError

from sundog import mock_aws

QUEUE = "arn:aws:sqs:us-east-1:123456789012:q"
TOPIC = "arn:aws:sns:us-east-1:123456789012:t"


def allowing(principal, source):
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": principal},
        "Action": "sqs:SendMessage",
        "Resource": QUEUE,
        "Condition": {"ArnEquals": {"aws:SourceArn": source}},
    }
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


@pytest.fixture
def clients():
    with mock_aws(enforce_iam=True) as aws:
        root = aws.root_credentials()
        made = {name: boto3.client(name, region_name="us-east-1", **root) for name in ("sns", "sqs", "s3", "iam")}
        made["sqs"].create_queue(QueueName="q")
        made["sns"].create_topic(Name="t")
        yield aws, made


def texts(clients):
    return [m["Body"] for m in clients["sqs"].receive_message(QueueUrl="q", MaxNumberOfMessages=10).get("Messages", [])]


def test_a_queue_that_does_not_let_the_topic_in_gets_nothing(clients):
    aws, made = clients
    made["sns"].subscribe(TopicArn=TOPIC, Protocol="sqs", Endpoint=QUEUE, Attributes={"RawMessageDelivery": "true"})
    made["sns"].publish(TopicArn=TOPIC, Message="refused")
    [delivery] = [call for call in aws.calls if call.kind == "delivery"]
    assert delivery.error.code == "AccessDenied"
    policy = allowing("sns.amazonaws.com", TOPIC)
    made["sqs"].set_queue_attributes(QueueUrl="q", Attributes={"Policy": policy})
    made["sns"].publish(TopicArn=TOPIC, Message="let in")
    assert texts(made) == ["let in"]


def test_a_bucket_s_events_are_let_in_by_its_arn(clients):
    _, made = clients
    made["sqs"].set_queue_attributes(
        QueueUrl="q", Attributes={"Policy": allowing("s3.amazonaws.com", "arn:aws:s3:::bucket")}
    )
    made["s3"].create_bucket(Bucket="bucket")
    made["s3"].put_bucket_notification_configuration(
        Bucket="bucket",
        NotificationConfiguration={"QueueConfigurations": [{"QueueArn": QUEUE, "Events": ["s3:ObjectCreated:*"]}]},
    )
    made["s3"].put_object(Bucket="bucket", Key="k", Body=b"x")
    bodies = [json.loads(text) for text in texts(made)]
    assert [body.get("Event") or body["Records"][0]["eventName"] for body in bodies] == [
        "s3:TestEvent",
        "ObjectCreated:Put",
    ]


def test_s3_tells_a_topic_with_its_subject(aws):
    sns, s3 = (boto3.client(name, region_name="us-east-1") for name in ("sns", "s3"))
    sns.create_topic(Name="t")
    sns.subscribe(TopicArn=TOPIC, Protocol="sms", Endpoint="+15551234567")
    s3.create_bucket(Bucket="bucket")
    s3.put_bucket_notification_configuration(
        Bucket="bucket",
        NotificationConfiguration={"TopicConfigurations": [{"TopicArn": TOPIC, "Events": ["s3:ObjectCreated:*"]}]},
    )
    s3.put_object(Bucket="bucket", Key="k", Body=b"x")
    assert [row.subject for row in aws.sns.sent] == ["Amazon S3 Notification"] * 2
    call = [call for call in aws.calls if call.kind == "delivery"][-1]
    assert [link.operation for link in call.chain] == ["PutObject", "tell", "notify"]


def test_refusals_are_worded_as_each_service_does(clients):
    _, made = clients
    key = made["iam"].create_access_key(UserName=made["iam"].create_user(UserName="u")["User"]["UserName"])["AccessKey"]
    mine = {"aws_access_key_id": key["AccessKeyId"], "aws_secret_access_key": key["SecretAccessKey"]}
    sns, sqs = (boto3.client(name, region_name="us-east-1", **mine) for name in ("sns", "sqs"))
    with pytest.raises(ClientError) as caught:
        sqs.send_message(QueueUrl="https://sqs.us-east-1.amazonaws.com/123456789012/q", MessageBody="m")
    assert caught.value.response["Error"]["Code"] == "AccessDenied"
    assert f"is not authorized to perform: sqs:sendmessage on resource: {QUEUE}" in str(caught.value)
    with pytest.raises(sns.exceptions.AuthorizationErrorException, match="SNS:Publish"):
        sns.publish(TopicArn=TOPIC, Message="m")
