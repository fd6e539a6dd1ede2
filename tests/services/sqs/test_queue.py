from __future__ import annotations

import json

import boto3
import pytest
from botocore.exceptions import ClientError

DEFAULTS = {
    "ApproximateNumberOfMessages": "0",
    "ApproximateNumberOfMessagesDelayed": "0",
    "ApproximateNumberOfMessagesNotVisible": "0",
    "DelaySeconds": "0",
    "MaximumMessageSize": "1048576",
    "MessageRetentionPeriod": "345600",
    "QueueArn": "arn:aws:sqs:us-east-1:123456789012:q",
    "ReceiveMessageWaitTimeSeconds": "0",
    "SqsManagedSseEnabled": "true",
    "VisibilityTimeout": "30",
}


def attributes(sqs, url, *names):
    return sqs.get_queue_attributes(QueueUrl=url, AttributeNames=list(names or ["All"])).get("Attributes", {})


def test_a_new_queue_has_the_defaults(sqs, make):
    found = attributes(sqs, make())
    assert found.pop("CreatedTimestamp") == found.pop("LastModifiedTimestamp")
    assert found == DEFAULTS


def test_the_url_is_aws_s(make):
    assert make() == "https://sqs.us-east-1.amazonaws.com/123456789012/q"


def test_a_fifo_queue_shows_its_own_attributes(sqs, make):
    found = attributes(sqs, make("q.fifo", DelaySeconds=13, VisibilityTimeout=42, KmsMasterKeyId="alias/aws/sqs"))
    assert found["FifoQueue"] == "true"
    assert found["ContentBasedDeduplication"] == "false"
    assert found["DeduplicationScope"] == "queue"
    assert found["FifoThroughputLimit"] == "perQueue"
    assert (found["DelaySeconds"], found["VisibilityTimeout"]) == ("13", "42")
    assert (found["SqsManagedSseEnabled"], found["KmsDataKeyReusePeriodSeconds"]) == ("false", "300")


def test_creating_the_same_queue_again_finds_it(make):
    assert make(DelaySeconds=5) == make(DelaySeconds=5) == make()


def test_creating_it_with_another_value_is_refused(make, refused):
    make(DelaySeconds=5)
    error = refused("create_queue", QueueName="q", Attributes={"DelaySeconds": "6"})
    assert error["Code"] == "QueueAlreadyExists"
    assert error["QueryErrorCode"] == "QueueNameExists"
    assert error["Message"] == (
        "A queue already exists with the same name and a different value for attribute DelaySeconds"
    )


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("ContentBasedDeduplication", "true", "Unknown Attribute ContentBasedDeduplication."),
        ("FifoQueue", "false", "Unknown Attribute FifoQueue."),
        (
            "DeduplicationScope",
            "queue",
            "You can specify the DeduplicationScope only when FifoQueue is set to true.",
        ),
        (
            "FifoThroughputLimit",
            "perQueue",
            "You can specify the FifoThroughputLimit only when FifoQueue is set to true.",
        ),
        ("Nonsense", "1", "Unknown Attribute Nonsense."),
    ],
)
def test_a_standard_queue_refuses_what_only_fifo_queues_have(refused, name, value, message):
    error = refused("create_queue", QueueName="q", Attributes={name: value})
    assert (error["Code"], error["Message"]) == ("InvalidAttributeName", message)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DelaySeconds", "901"),
        ("DelaySeconds", "-1"),
        ("DelaySeconds", "x"),
        ("MaximumMessageSize", "1023"),
        ("MaximumMessageSize", "1048577"),
        ("MessageRetentionPeriod", "59"),
        ("MessageRetentionPeriod", "1209601"),
        ("ReceiveMessageWaitTimeSeconds", "21"),
        ("VisibilityTimeout", "43201"),
        ("KmsDataKeyReusePeriodSeconds", "59"),
        ("Policy", "{"),
    ],
)
def test_values_out_of_range_are_refused(refused, name, value):
    error = refused("create_queue", QueueName="q", Attributes={name: value})
    assert (error["Code"], error["Message"]) == ("InvalidAttributeValue", f"Invalid value for the parameter {name}.")


@pytest.mark.parametrize("name", ["", "a b", "a" * 81, "a.fifo", "ä"])
def test_bad_names_are_refused(refused, name):
    assert refused("create_queue", QueueName=name)["Code"] in ("InvalidParameterValue", "MissingParameter")


def test_a_fifo_queue_needs_its_suffix(refused):
    error = refused("create_queue", QueueName="q", Attributes={"FifoQueue": "true"})
    assert "must end with .fifo suffix" in error["Message"]


def test_the_type_of_a_queue_stays(make, refused):
    error = refused("set_queue_attributes", QueueUrl=make("q.fifo"), Attributes={"FifoQueue": "false"})
    assert error["Code"] == "InvalidAttributeValue"
    assert error["Message"] == (
        "Invalid value for the parameter FifoQueue. Reason: Modifying queue type is not supported."
    )
    error = refused("set_queue_attributes", QueueUrl=make(), Attributes={"FifoQueue": "true"})
    assert error["Message"] == "Unknown Attribute FifoQueue."


def test_attributes_change(sqs, make, aws):
    url = make()
    aws.clock.advance(seconds=5)
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"DelaySeconds": "420", "VisibilityTimeout": "69"})
    found = attributes(sqs, url)
    assert (found["DelaySeconds"], found["VisibilityTimeout"]) == ("420", "69")
    assert int(found["LastModifiedTimestamp"]) >= int(found["CreatedTimestamp"]) + 5


def test_no_attributes_without_names(sqs, make):
    assert "Attributes" not in sqs.get_queue_attributes(QueueUrl=make())


def test_an_unknown_name_is_refused(make, refused):
    error = refused("get_queue_attributes", QueueUrl=make(), AttributeNames=["Nonsense"])
    assert (error["Code"], error["Message"]) == ("InvalidAttributeName", "Unknown Attribute Nonsense.")


def test_a_missing_queue_is_named_in_both_protocols(sqs, make, refused):
    error = refused("send_message", QueueUrl=make() + "x", MessageBody="m")
    assert error["Code"] == "AWS.SimpleQueueService.NonExistentQueue"
    assert error["QueryErrorCode"] == "QueueDoesNotExist"
    assert error["Message"] == "The specified queue does not exist."
    with pytest.raises(sqs.exceptions.QueueDoesNotExist):
        sqs.get_queue_url(QueueName="none")


def test_the_url_is_found_by_name(sqs, make):
    assert sqs.get_queue_url(QueueName="q.fifo" if make("q.fifo") else "")["QueueUrl"].endswith("/123456789012/q.fifo")


def test_any_host_in_the_url_will_do(sqs, make):
    make()
    for host in ("queue.amazonaws.com", "us-east-1.queue.amazonaws.com", "localhost:4566"):
        sqs.send_message(QueueUrl=f"http://{host}/123456789012/q", MessageBody="m")
    assert attributes(sqs, "q")["ApproximateNumberOfMessages"] == "3"


def test_queues_are_listed_by_prefix_and_in_pages(sqs, make):
    urls = [make(f"a{number}") for number in range(5)]
    make("b")
    assert sqs.list_queues(QueueNamePrefix="a")["QueueUrls"] == urls
    first = sqs.list_queues(QueueNamePrefix="a", MaxResults=2)
    assert first["QueueUrls"] == urls[:2]
    rest = sqs.list_queues(QueueNamePrefix="a", MaxResults=10, NextToken=first["NextToken"])
    assert rest["QueueUrls"] == urls[2:]
    assert "NextToken" not in rest


def test_no_queues_no_list(sqs):
    assert "QueueUrls" not in sqs.list_queues()


def test_a_deleted_name_rests_for_a_minute(sqs, make, refused, aws):
    sqs.delete_queue(QueueUrl=make())
    error = refused("create_queue", QueueName="q")
    assert error["Code"] == "AWS.SimpleQueueService.QueueDeletedRecently"
    assert error["Message"] == (
        "You must wait 60 seconds after deleting a queue before you can create another with the same name."
    )
    aws.clock.advance(seconds=60)
    make()


def test_a_queue_that_comes_again_is_empty(sqs, make, aws, receive):
    url = make()
    sqs.send_message(QueueUrl=url, MessageBody="m")
    sqs.delete_queue(QueueUrl=url)
    aws.clock.advance(seconds=61)
    assert receive(make()) == []


def test_purging_drops_all_and_rests_for_a_minute(sqs, make, refused, receive, aws):
    url = make()
    for body in "abc":
        sqs.send_message(QueueUrl=url, MessageBody=body)
    receive(url, MaxNumberOfMessages=1)
    sqs.purge_queue(QueueUrl=url)
    assert attributes(sqs, url)["ApproximateNumberOfMessages"] == "0"
    error = refused("purge_queue", QueueUrl=url)
    assert error["Code"] == "AWS.SimpleQueueService.PurgeQueueInProgress"
    assert error["Message"] == "Only one PurgeQueue operation on q is allowed every 60 seconds."
    aws.clock.advance(seconds=60)
    sqs.purge_queue(QueueUrl=url)


def test_tags_come_and_go(sqs, make):
    url = make()
    assert "Tags" not in sqs.list_queue_tags(QueueUrl=url)
    sqs.tag_queue(QueueUrl=url, Tags={"tag1": "value1", "tag2": "value2", "tag3": ""})
    sqs.untag_queue(QueueUrl=url, TagKeys=["tag1", "tag3", "none"])
    assert sqs.list_queue_tags(QueueUrl=url)["Tags"] == {"tag2": "value2"}


def test_tags_from_the_start(sqs):
    url = sqs.create_queue(QueueName="q", tags={"a": "b"})["QueueUrl"]
    assert sqs.list_queue_tags(QueueUrl=url)["Tags"] == {"a": "b"}


def test_a_permission_s_life(sqs, make, refused):
    url, label = make(), "crossaccountpermission"

    def policy():
        found = attributes(sqs, url, "Policy")
        return json.loads(found["Policy"]) if found else None

    sqs.add_permission(
        QueueUrl=url, Label=label, AWSAccountIds=["668614515564", "111111111111"], Actions=["ReceiveMessage"]
    )
    assert policy() == {
        "Version": "2008-10-17",
        "Id": "arn:aws:sqs:us-east-1:123456789012:q/SQSDefaultPolicy",
        "Statement": [
            {
                "Sid": label,
                "Effect": "Allow",
                "Principal": {"AWS": ["arn:aws:iam::668614515564:root", "arn:aws:iam::111111111111:root"]},
                "Action": "SQS:ReceiveMessage",
                "Resource": "arn:aws:sqs:us-east-1:123456789012:q",
            }
        ],
    }
    error = refused("add_permission", QueueUrl=url, Label=label, AWSAccountIds=["111111111111"], Actions=["*"])
    assert error["Message"] == f"Value {label} for parameter Label is invalid. Reason: Already exists."
    sqs.remove_permission(QueueUrl=url, Label=label)
    assert policy() is None
    error = refused("remove_permission", QueueUrl=url, Label=label)
    assert error["Message"] == f"Value {label} for parameter Label is invalid. Reason: can't find label."
    assert (error["Code"], error["QueryErrorCode"]) == ("InvalidParameterValue", "InvalidParameterValueException")


def test_regions_have_queues_of_their_own(make):
    make()
    with pytest.raises(ClientError):
        boto3.client("sqs", region_name="eu-west-1").get_queue_url(QueueName="q")
