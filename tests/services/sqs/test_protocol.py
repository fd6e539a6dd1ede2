"""Other clients than boto3: the query protocol, as boto 2 and many older SDKs speak it."""

from __future__ import annotations

import hashlib
import urllib.error
import urllib.parse
import urllib.request
import xml.etree.ElementTree as ET

import pytest

AUTH = "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20260101/us-east-1/sqs/aws4_request, SignedHeaders=host, Signature=x"
NAMESPACE = "{http://queue.amazonaws.com/doc/2012-11-05/}"


@pytest.fixture
def query(aws_server):
    def query(path="/", **params):
        body = urllib.parse.urlencode({"Version": "2012-11-05", **params}).encode()
        request = urllib.request.Request(aws_server + path, body, {"Authorization": AUTH})
        try:
            with urllib.request.urlopen(request) as response:
                return ET.fromstring(response.read())
        except urllib.error.HTTPError as error:
            return ET.fromstring(error.read())

    return query


def text(tree, name):
    return tree.findtext(f".//{NAMESPACE}{name}")


def test_a_message_goes_through_the_queue_s_own_url(query, aws_server):
    url = text(query(Action="CreateQueue", QueueName="q"), "QueueUrl")
    assert url.startswith(aws_server)
    path = urllib.parse.urlsplit(url).path
    sent = query(path, Action="SendMessage", MessageBody="<hello>")
    assert text(sent, "MD5OfMessageBody") == hashlib.md5(b"<hello>").hexdigest()
    got = query(path, Action="ReceiveMessage", **{"AttributeName.1": "All"})
    assert text(got, "Body") == "<hello>"
    assert {item.text for item in got.iter(f"{NAMESPACE}Name")} >= {"SenderId", "SentTimestamp"}
    query(path, Action="DeleteMessage", ReceiptHandle=text(got, "ReceiptHandle"))
    assert text(query(path, Action="ReceiveMessage", VisibilityTimeout="0"), "Body") is None


def test_errors_have_the_query_protocol_s_codes(query):
    tree = query("/123456789012/none", Action="SendMessage", MessageBody="m")
    assert text(tree, "Code") == "AWS.SimpleQueueService.NonExistentQueue"
    assert text(tree, "Type") == "Sender"
    assert tree.find(f".//{NAMESPACE}Detail") is not None


def test_batches_are_flat_lists(query):
    url = urllib.parse.urlsplit(text(query(Action="CreateQueue", QueueName="q"), "QueueUrl")).path
    prefix = "SendMessageBatchRequestEntry"
    tree = query(
        url,
        Action="SendMessageBatch",
        **{f"{prefix}.{n}.{key}": f"{key}{n}" for n in (1, 2) for key in ("Id", "MessageBody")},
    )
    assert [item.text for item in tree.iter(f"{NAMESPACE}Id")] == ["Id1", "Id2"]


def test_boto_2(aws_server):
    pytest.importorskip("boto")
    import boto.sqs.connection
    import boto.sqs.regioninfo

    host, port = urllib.parse.urlsplit(aws_server).netloc.split(":")
    region = boto.sqs.regioninfo.SQSRegionInfo(name="us-east-1", endpoint=host)
    connection = boto.sqs.connection.SQSConnection(
        "AKIDEXAMPLE", "secret", is_secure=False, port=int(port), region=region
    )
    queue = connection.create_queue("q", visibility_timeout=5)
    queue.write(boto.sqs.message.Message(body="hello"))
    assert queue.count() == 1
    [message] = queue.get_messages(attributes="All")
    assert message.get_body() == "hello"
    queue.delete_message(message)
    assert queue.count() == 0
    assert [found.name for found in connection.get_all_queues()] == ["q"]
