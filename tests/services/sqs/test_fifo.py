from __future__ import annotations

import pytest


@pytest.fixture
def send(sqs):
    def send(url, body, group="g", **more):
        return sqs.send_message(QueueUrl=url, MessageBody=body, MessageGroupId=group, **more)

    return send


def bodies(messages):
    return [message["Body"] for message in messages]


def test_a_group_keeps_its_order_and_waits_for_its_first(sqs, make, receive, send):
    url = make("q.fifo", ContentBasedDeduplication="true")
    for body in "abc":
        send(url, body)
    first = receive(url, MaxNumberOfMessages=1)
    assert bodies(first) == ["a"]
    assert receive(url) == []
    sqs.delete_message(QueueUrl=url, ReceiptHandle=first[0]["ReceiptHandle"])
    assert bodies(receive(url)) == ["b", "c"]


def test_one_group_does_not_hold_another_up(make, receive, send):
    url = make("q.fifo", ContentBasedDeduplication="true")
    for group in "ab":
        for number in range(2):
            send(url, f"{group}{number}", group)
    assert bodies(receive(url, MaxNumberOfMessages=1)) == ["a0"]
    assert bodies(receive(url)) == ["b0", "b1"]


def test_messages_of_one_group_come_first(make, receive, send):
    url = make("q.fifo", ContentBasedDeduplication="true")
    for body in ("a0", "b0", "a1"):
        send(url, body, body[0])
    assert bodies(receive(url)) == ["a0", "a1", "b0"]


@pytest.mark.parametrize(("visible", "expected"), [(0, []), (1, ["a"]), (2, ["a", "b"]), (3, ["a", "b", "c"])])
def test_a_group_is_open_up_to_its_first_hidden_message(sqs, make, receive, send, aws, visible, expected):
    url = make("q.fifo", ContentBasedDeduplication="true", VisibilityTimeout=5)
    for body in "abc":
        send(url, body)
    for message in receive(url)[visible:]:
        sqs.change_message_visibility(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"], VisibilityTimeout=60)
    aws.clock.advance(seconds=6)
    assert bodies(receive(url)) == expected


def test_the_same_message_within_five_minutes_is_taken_once(sqs, make, receive, send, aws):
    url = make("q.fifo")
    first = send(url, "m", MessageDeduplicationId="1")
    again = send(url, "other", "other", MessageDeduplicationId="1")
    assert (again["MessageId"], again["SequenceNumber"]) == (first["MessageId"], first["SequenceNumber"])
    [message] = receive(url)
    sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
    send(url, "m", MessageDeduplicationId="1")
    assert receive(url) == []
    aws.clock.advance(minutes=5)
    send(url, "m", MessageDeduplicationId="1")
    assert len(receive(url)) == 1


def test_groups_deduplicate_apart_in_high_throughput(make, receive, send):
    url = make("q.fifo", DeduplicationScope="messageGroup", FifoThroughputLimit="perMessageGroupId")
    send(url, "a", "a", MessageDeduplicationId="1")
    send(url, "b", "b", MessageDeduplicationId="1")
    send(url, "b", "b", MessageDeduplicationId="1")
    assert bodies(receive(url)) == ["a", "b"]


def test_what_was_seen_before_high_throughput_stays_seen(sqs, make, receive, send):
    url = make("q.fifo")
    send(url, "Test1", "1", MessageDeduplicationId="1")
    receive(url)
    sqs.set_queue_attributes(
        QueueUrl=url,
        Attributes={"DeduplicationScope": "messageGroup", "FifoThroughputLimit": "perMessageGroupId"},
    )
    send(url, "Test3", "3", MessageDeduplicationId="1")
    assert receive(url) == []
    send(url, "Test4", "4", MessageDeduplicationId="2")
    assert bodies(receive(url)) == ["Test4"]


def test_attributes_tell_group_id_and_sequence(make, receive, send):
    url = make("q.fifo")
    sent = send(url, "message-body-1", "group-1", MessageDeduplicationId="dedup-1")
    later = send(url, "message-body-2", "group-2", MessageDeduplicationId="dedup-2")
    assert len(sent["SequenceNumber"]) == 20
    assert sent["SequenceNumber"] < later["SequenceNumber"]
    found = receive(url, AttributeNames=["All"])[0]["Attributes"]
    assert (found["MessageGroupId"], found["MessageDeduplicationId"]) == ("group-1", "dedup-1")
    assert found["SequenceNumber"] == sent["SequenceNumber"]


def test_a_group_is_needed(make, refused):
    error = refused("send_message", QueueUrl=make("q.fifo"), MessageBody="m", MessageDeduplicationId="1")
    assert (error["Code"], error["Message"]) == (
        "MissingParameter",
        "The request must contain the parameter MessageGroupId.",
    )


def test_a_deduplication_id_is_needed(make, refused):
    error = refused("send_message", QueueUrl=make("q.fifo"), MessageBody="m", MessageGroupId="g")
    assert error["Message"] == (
        "The queue should either have ContentBasedDeduplication enabled or MessageDeduplicationId provided explicitly"
    )


def test_a_batch_without_a_group_is_refused(make, refused):
    error = refused("send_message_batch", QueueUrl=make("q.fifo"), Entries=[{"Id": "1", "MessageBody": "m"}])
    assert (error["Code"], error["Message"]) == (
        "InvalidParameterValue",
        "The request must contain the parameter MessageGroupId.",
    )


@pytest.mark.parametrize("value", ["", "group 123", "a" * 129])
def test_ids_have_rules(make, refused, value):
    for name in ("MessageGroupId", "MessageDeduplicationId"):
        params = {"MessageGroupId": "g", "MessageDeduplicationId": "d", name: value}
        error = refused("send_message", QueueUrl=make("q.fifo"), MessageBody="m", **params)
        assert error["Message"] == (
            f"Value {value} for parameter {name} is invalid. Reason: {name} can only include alphanumeric and "
            "punctuation characters. 1 to 128 in length."
        )


def test_single_messages_are_not_delayed(make, refused):
    error = refused(
        "send_message",
        QueueUrl=make("q.fifo"),
        MessageBody="m",
        MessageGroupId="g",
        MessageDeduplicationId="d",
        DelaySeconds=2,
    )
    assert error["Message"] == (
        "Value 2 for parameter DelaySeconds is invalid. Reason: The request include parameter that is not valid for "
        "this queue type."
    )


def test_a_delay_of_zero_is_the_queue_s(make, receive, send, aws):
    url = make("q.fifo", DelaySeconds=2, ContentBasedDeduplication="true")
    send(url, "message-1", DelaySeconds=0)
    assert receive(url) == []
    aws.clock.advance(seconds=2)
    assert bodies(receive(url)) == ["message-1"]


def test_a_late_deletion_is_refused(sqs, make, receive, send, refused, aws):
    url = make("q.fifo", ContentBasedDeduplication="true", VisibilityTimeout=1)
    send(url, "foobar")
    handle = receive(url)[0]["ReceiptHandle"]
    aws.clock.advance(seconds=2)
    error = refused("delete_message", QueueUrl=url, ReceiptHandle=handle)
    assert error["Code"] == "InvalidParameterValue"
    assert error["Message"] == (
        f"Value {handle} for parameter ReceiptHandle is invalid. Reason: The receipt handle has expired."
    )


def test_the_same_attempt_gets_the_same_messages(make, receive, send):
    url = make("q.fifo", ContentBasedDeduplication="true")
    for body in "ab":
        send(url, body)
    assert bodies(receive(url, MaxNumberOfMessages=1, ReceiveRequestAttemptId="1")) == ["a"]
    assert bodies(receive(url, MaxNumberOfMessages=1, ReceiveRequestAttemptId="1")) == ["a"]
    assert receive(url, ReceiveRequestAttemptId="2") == []


def test_a_standard_queue_takes_a_group_but_no_deduplication_id(sqs, make, receive, refused):
    url = make()
    sqs.send_message(QueueUrl=url, MessageBody="m", MessageGroupId="tenant")
    assert receive(url, AttributeNames=["All"])[0]["Attributes"]["MessageGroupId"] == "tenant"
    error = refused("send_message", QueueUrl=url, MessageBody="m", MessageDeduplicationId="1")
    assert error["Code"] == "InvalidParameterValue"
