from __future__ import annotations

import json

import pytest


@pytest.fixture
def pair(sqs, make, arn):
    """A queue whose messages are buried after one receipt, and their grave."""

    def pair(suffix="", **attributes):
        grave = make("grave" + suffix, **attributes)
        policy = json.dumps({"deadLetterTargetArn": arn(grave), "maxReceiveCount": 1})
        return make("q" + suffix, RedrivePolicy=policy, **attributes), grave

    return pair


def test_a_message_that_was_received_too_often_is_buried(sqs, pair, receive, arn):
    url, grave = pair()
    sent = sqs.send_message(QueueUrl=url, MessageBody="m")
    receive(url, VisibilityTimeout=0)
    assert receive(grave) == []
    assert receive(url) == []
    [message] = receive(grave, AttributeNames=["All"])
    assert message["MessageId"] == sent["MessageId"]
    assert message["Attributes"]["DeadLetterQueueSourceArn"] == arn(url)


def test_a_fifo_queue_buries_in_order(sqs, pair, receive):
    url, grave = pair(".fifo", ContentBasedDeduplication="true")
    for body in "ab":
        sqs.send_message(QueueUrl=url, MessageBody=body, MessageGroupId="g")
    receive(url, MaxNumberOfMessages=1, VisibilityTimeout=0)
    assert [message["Body"] for message in receive(url)] == ["b"]
    assert [message["Body"] for message in receive(grave)] == ["a"]


def test_sources_of_a_grave_are_listed(sqs, pair):
    url, grave = pair()
    assert sqs.list_dead_letter_source_queues(QueueUrl=grave)["queueUrls"] == [url]


def test_an_empty_policy_takes_it_away(sqs, pair):
    url, grave = pair()
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"RedrivePolicy": ""})
    assert "Attributes" not in sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["RedrivePolicy"])
    assert sqs.list_dead_letter_source_queues(QueueUrl=grave)["queueUrls"] == []


@pytest.mark.parametrize(
    ("policy", "reason"),
    [
        ("{", "Redrive policy is not a valid JSON map."),
        (
            '{"deadLetterTargetArn":"arn:aws:sqs:us-east-1:123456789012:x"}',
            "Redrive policy does not contain mandatory attribute: maxReceiveCount.",
        ),
        (
            '{"maxReceiveCount":1,"deadLetterTargetArn":"arn:aws:sqs:us-east-1:123456789012:x"}',
            "Dead letter target does not exist.",
        ),
    ],
)
def test_bad_policies_are_refused(refused, policy, reason):
    error = refused("create_queue", QueueName="q", Attributes={"RedrivePolicy": policy})
    assert error["Message"] == f"Value {policy} for parameter RedrivePolicy is invalid. Reason: {reason}"


def test_a_grave_may_deny_a_source(sqs, make, arn, refused):
    grave = make("grave", RedriveAllowPolicy='{"redrivePermission":"denyAll"}')
    policy = json.dumps({"deadLetterTargetArn": arn(grave), "maxReceiveCount": 1})
    assert refused("create_queue", QueueName="q", Attributes={"RedrivePolicy": policy})["Code"] == (
        "InvalidParameterValue"
    )


# -- moves back


def bury(sqs, receive, url, *bodies):
    for body in bodies:
        sqs.send_message(QueueUrl=url, MessageBody=body)
    receive(url, VisibilityTimeout=0)
    assert receive(url) == []


def test_messages_are_moved_back_to_where_they_came_from(sqs, pair, receive, arn):
    url, grave = pair()
    bury(sqs, receive, url, "a", "b")
    sqs.start_message_move_task(SourceArn=arn(grave))
    assert [message["Body"] for message in receive(url)] == ["a", "b"]
    [task] = sqs.list_message_move_tasks(SourceArn=arn(grave))["Results"]
    assert (task["Status"], task["ApproximateNumberOfMessagesMoved"]) == ("COMPLETED", 2)
    assert task["ApproximateNumberOfMessagesToMove"] == 2
    assert "TaskHandle" not in task


def test_a_move_with_a_rate_takes_its_time_and_can_be_cancelled(sqs, pair, make, receive, arn, refused, aws):
    url, grave = pair()
    bury(sqs, receive, url, "a", "b", "c")
    other = make("other")
    handle = sqs.start_message_move_task(
        SourceArn=arn(grave), DestinationArn=arn(other), MaxNumberOfMessagesPerSecond=1
    )["TaskHandle"]
    error = refused("start_message_move_task", SourceArn=arn(grave))
    assert error["Message"] == (
        "There is already a task running. Only one active task is allowed for a source queue arn at a given time."
    )
    aws.clock.advance(seconds=1.5)
    assert sqs.cancel_message_move_task(TaskHandle=handle)["ApproximateNumberOfMessagesMoved"] == 1
    aws.clock.advance(seconds=10)
    assert len(receive(other)) == 1


def test_moves_are_refused(sqs, make, arn, refused, pair):
    error = refused("start_message_move_task", SourceArn=arn(make()))
    assert error["Message"] == "Source queue must be configured as a Dead Letter Queue."
    error = refused("cancel_message_move_task", TaskHandle="foobared")
    assert error["Message"] == "Value for parameter TaskHandle is invalid."
    error = refused("start_message_move_task", SourceArn=arn(make()) + "x")
    assert (error["Code"], error["Message"]) == (
        "ResourceNotFoundException",
        "The resource that you specified for the SourceArn parameter doesn't exist.",
    )
