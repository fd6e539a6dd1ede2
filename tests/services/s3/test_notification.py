"""Who is to hear of what: the configuration and its errors, and what the records hold that few look at."""

from __future__ import annotations

import json

import boto3
import pytest

LAMBDA = "arn:aws:lambda:us-east-1:123456789012:function:my-lambda"
KINDS = [
    ("TopicConfigurations", "TopicArn", "Topic", "arn:aws:sns:us-east-1:123456789012:my-topic"),
    ("QueueConfigurations", "QueueArn", "Queue", "arn:aws:sqs:us-east-1:123456789012:my-queue"),
    ("LambdaFunctionConfigurations", "LambdaFunctionArn", "CloudFunction", LAMBDA),
]
CREATED = ["s3:ObjectCreated:*"]


@pytest.fixture
def queue(aws):
    """A queue's ARN, and what takes its messages."""
    sqs = boto3.client("sqs", "us-east-1")
    url = sqs.create_queue(QueueName="my-queue")["QueueUrl"]

    class Queue:
        arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]

        @staticmethod
        def take():
            found = []
            while messages := sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10, AttributeNames=["All"]).get(
                "Messages"
            ):
                for message in messages:
                    found.append(message)
                    sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
            return found

        @staticmethod
        def records():
            return [record for message in Queue.take() for record in json.loads(message["Body"]).get("Records", ())]

    return Queue


@pytest.fixture
def listen(s3, bucket, queue):
    def listen(*events, **more):
        given = {"QueueConfigurations": [{"QueueArn": queue.arn, "Events": list(events), **more}]}
        s3.put_bucket_notification_configuration(Bucket=bucket, NotificationConfiguration=given)
        queue.take()

    return listen


def test_a_bucket_tells_nobody_at_first(s3, bucket, refused):
    found = s3.get_bucket_notification_configuration(Bucket=bucket)
    assert list(found) == ["ResponseMetadata"]
    assert refused(s3.get_bucket_notification_configuration, Bucket="nothing")["Code"] == "NoSuchBucket"
    given = {"Bucket": "nothing", "NotificationConfiguration": {}}
    assert refused(s3.put_bucket_notification_configuration, **given)["Code"] == "NoSuchBucket"


@pytest.mark.parametrize(("member", "arn_member", "argument", "arn"), KINDS)
def test_a_destination_is_an_arn(s3, bucket, refused, member, arn_member, argument, arn):
    given = {"NotificationConfiguration": {member: [{"Id": "id123", arn_member: "invalid", "Events": CREATED}]}}
    for skip in (True, False):
        found = refused(
            s3.put_bucket_notification_configuration, Bucket=bucket, SkipDestinationValidation=skip, **given
        )
        assert found == {
            "Code": "InvalidArgument",
            "Message": "The ARN could not be parsed",
            "ArgumentName": argument,
            "ArgumentValue": "invalid",
            "Status": 400,
        }


@pytest.mark.parametrize(("member", "arn_member", "argument", "arn"), KINDS)
def test_a_destination_may_go_unvalidated(s3, bucket, member, arn_member, argument, arn):
    item = {"Id": "id123", arn_member: arn, "Events": CREATED}
    s3.put_bucket_notification_configuration(
        Bucket=bucket, NotificationConfiguration={member: [item]}, SkipDestinationValidation=True
    )
    found = s3.get_bucket_notification_configuration(Bucket=bucket)
    del found["ResponseMetadata"]
    assert found == {member: [item]}


def test_names_of_filters_do_not_mind_case(s3, bucket, queue):
    rules = [{"Name": "suffix", "Value": ".txt"}, {"Name": "PREFIX", "Value": "notif-"}]
    item = {"QueueArn": queue.arn, "Events": CREATED, "Filter": {"Key": {"FilterRules": rules}}}
    s3.put_bucket_notification_configuration(Bucket=bucket, NotificationConfiguration={"QueueConfigurations": [item]})
    (found,) = s3.get_bucket_notification_configuration(Bucket=bucket)["QueueConfigurations"]
    assert found.pop("Id")
    named = [{"Name": "Prefix", "Value": "notif-"}, {"Name": "Suffix", "Value": ".txt"}]
    assert sorted(found["Filter"]["Key"]["FilterRules"], key=str) == named


def test_a_filters_value_may_be_empty(s3, bucket, queue):
    rules = [{"Name": "suffix", "Value": ""}]
    item = {"QueueArn": queue.arn, "Events": CREATED, "Filter": {"Key": {"FilterRules": rules}}}
    s3.put_bucket_notification_configuration(Bucket=bucket, NotificationConfiguration={"QueueConfigurations": [item]})
    (found,) = s3.get_bucket_notification_configuration(Bucket=bucket)["QueueConfigurations"]
    assert found["Filter"]["Key"]["FilterRules"] == [{"Name": "Suffix", "Value": ""}]


@pytest.mark.parametrize(
    ("rule", "code"),
    [
        ({"Name": "INVALID", "Value": "x"}, "InvalidArgument"),
        ({"Value": "x"}, "MalformedXML"),
        ({"Name": "prefix"}, "MalformedXML"),
        ({}, "MalformedXML"),
    ],
)
def test_filters_that_can_not_be_are_refused(s3, bucket, queue, refused, rule, code):
    item = {"QueueArn": queue.arn, "Events": CREATED, "Filter": {"Key": {"FilterRules": [rule]}}}
    given = {"NotificationConfiguration": {"QueueConfigurations": [item]}}
    found = refused(s3.put_bucket_notification_configuration, Bucket=bucket, **given)
    assert (found["Code"], found["Status"]) == (code, 400)
    if code == "InvalidArgument":
        assert found == {
            "Code": code,
            "Message": "filter rule name must be either prefix or suffix",
            "ArgumentName": "FilterRule.Name",
            "ArgumentValue": "INVALID",
            "Status": 400,
        }


def test_an_event_that_s3_does_not_know_is_refused(s3, bucket, queue, refused):
    given = {"QueueConfigurations": [{"QueueArn": queue.arn, "Events": ["s3:Whatever"]}]}
    found = refused(s3.put_bucket_notification_configuration, Bucket=bucket, NotificationConfiguration=given)
    assert found["Message"] == "The event is not supported for notifications"


def test_a_key_is_encoded_in_a_record(s3, bucket, queue, listen):
    listen(*CREATED)
    s3.put_object(Bucket=bucket, Key="a@b c/é")
    (record,) = queue.records()
    assert record["s3"]["object"]["key"] == "a%40b+c/%C3%A9"


def test_tagging_tells_of_the_tag(s3, bucket, queue, listen):
    listen("s3:ObjectTagging:*")
    s3.put_object(Bucket=bucket, Key="k", Body=b"FooBar", Tagging="a=b")
    s3.put_object_tagging(Bucket=bucket, Key="k", Tagging={"TagSet": [{"Key": "c", "Value": "d"}]})
    s3.delete_object_tagging(Bucket=bucket, Key="k")
    put, delete = queue.records()
    assert (put["eventName"], delete["eventName"]) == ("ObjectTagging:Put", "ObjectTagging:Delete")
    assert put["eventVersion"] == "2.3"
    assert put["s3"]["object"] == {"key": "k", "eTag": "f32a26e2a3a8aa338cd77b6e1263c535"}


def test_changed_acls_are_told(s3, bucket, queue, listen):
    listen("s3:ObjectAcl:Put")
    s3.put_object(Bucket=bucket, Key="k")
    s3.put_object_acl(Bucket=bucket, Key="k", ACL="bucket-owner-full-control")
    assert [record["eventName"] for record in queue.records()] == ["ObjectAcl:Put"]


def test_a_restore_is_told_twice(s3, bucket, queue, listen):
    listen("s3:ObjectRestore:*")
    s3.put_object(Bucket=bucket, Key="k", Body=b"something", StorageClass="GLACIER")
    s3.restore_object(Bucket=bucket, Key="k", RestoreRequest={"Days": 1})
    begun, done = sorted(queue.records(), key=lambda record: record["eventName"] != "ObjectRestore:Post")
    assert (begun["eventName"], done["eventName"]) == ("ObjectRestore:Post", "ObjectRestore:Completed")
    assert "glacierEventData" not in begun
    told = done["glacierEventData"]["restoreEventData"]
    assert told["lifecycleRestoreStorageClass"] == "GLACIER"
    assert told["lifecycleRestorationExpiryTime"].endswith("T00:00:00.000Z")
    assert done["userIdentity"]["principalId"].startswith(("AmazonCustomer:", "AWS:"))


def test_traces_go_along(s3, bucket, queue, listen):
    trace = "Root=1-3152b799-8954dae64eda91bc9a23a7e8;Parent=7fa8c0f79203be72;Sampled=1"
    listen(*CREATED)

    def add(request, **_):
        request.headers["X-Amzn-Trace-Id"] = trace

    s3.meta.events.register("before-send.s3.PutObject", add)
    s3.put_object(Bucket=bucket, Key="test-data", Body=b"something")
    (message,) = queue.take()
    assert message["Attributes"]["AWSTraceHeader"] == trace


def test_configurations_of_the_first_form_are_the_same(s3, bucket, queue):
    given = {"QueueConfiguration": {"Id": "one", "Queue": queue.arn, "Events": CREATED}}
    s3.put_bucket_notification(Bucket=bucket, NotificationConfiguration=given)
    (newer,) = s3.get_bucket_notification_configuration(Bucket=bucket)["QueueConfigurations"]
    assert newer == {"Id": "one", "QueueArn": queue.arn, "Events": CREATED}
    found = s3.get_bucket_notification(Bucket=bucket)["QueueConfiguration"]
    assert (found["Id"], found["Queue"], found["Events"]) == ("one", queue.arn, CREATED)


def test_the_event_bus_is_switched_on_by_an_empty_element(s3, bucket):
    s3.put_bucket_notification_configuration(Bucket=bucket, NotificationConfiguration={"EventBridgeConfiguration": {}})
    found = s3.get_bucket_notification_configuration(Bucket=bucket)
    assert found["EventBridgeConfiguration"] == {}
    s3.put_object(Bucket=bucket, Key="k")  # nobody has to listen
