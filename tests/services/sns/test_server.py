"""Deliveries of a server: to endpoints that call it back, and links that lead to it."""

from __future__ import annotations

import json
import time
import urllib.request

import boto3
import pytest

KEYS = {"aws_access_key_id": "AKIAIOSFODNN7EXAMPLE", "aws_secret_access_key": "x", "region_name": "us-east-1"}


@pytest.fixture
def sns(aws_server):
    return boto3.client("sns", endpoint_url=aws_server, **KEYS)


def until(condition, seconds=5):
    limit = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < limit, "it did not come to pass"
        time.sleep(0.01)


def test_an_endpoint_confirms_by_the_link_and_gets_messages(sns, endpoint, aws_server):
    topic = sns.create_topic(Name="t")["TopicArn"]
    sns.subscribe(TopicArn=topic, Protocol="http", Endpoint=endpoint.url)
    until(lambda: endpoint.got)
    note = json.loads(endpoint.got.pop()[1])
    assert note["SubscribeURL"].startswith(aws_server)
    with urllib.request.urlopen(note["SubscribeURL"]) as response:
        assert b"ConfirmSubscriptionResult" in response.read()
    with urllib.request.urlopen(note["SigningCertURL"]) as response:
        assert response.read().startswith(b"-----BEGIN CERTIFICATE-----")
    sns.publish(TopicArn=topic, Message="hello")
    until(lambda: endpoint.got)
    assert json.loads(endpoint.got.pop()[1])["Message"] == "hello"


def test_a_slow_endpoint_holds_nobody_up(sns, endpoint):
    topic = sns.create_topic(Name="t")["TopicArn"]
    sns.subscribe(TopicArn=topic, Protocol="http", Endpoint=endpoint.url)
    until(lambda: endpoint.got)
    sns.confirm_subscription(TopicArn=topic, Token=json.loads(endpoint.got.pop()[1])["Token"])
    endpoint.delay = 1.0
    begin = time.monotonic()
    sns.publish(TopicArn=topic, Message="slow")
    sns.list_topics()
    assert time.monotonic() - begin < 0.9
    until(lambda: endpoint.got)


def test_resources_of_boto3(aws):
    queue = boto3.resource("sqs", region_name="us-east-1").create_queue(QueueName="q")
    topic = boto3.resource("sns", region_name="us-east-1").create_topic(Name="t")
    subscription = topic.subscribe(Protocol="sqs", Endpoint=queue.attributes["QueueArn"])
    assert subscription.attributes["Protocol"] == "sqs"
    topic.publish(Message="hello")
    queue.send_message(MessageBody="direct")
    messages = queue.receive_messages(MaxNumberOfMessages=10, WaitTimeSeconds=1)
    assert len(messages) == 2
    for message in messages:
        message.delete()
    queue.reload()
    assert queue.attributes["ApproximateNumberOfMessages"] == "0"
    assert [found.arn for found in boto3.resource("sns", region_name="us-east-1").topics.all()] == [topic.arn]
