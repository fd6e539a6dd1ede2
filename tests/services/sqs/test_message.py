from __future__ import annotations

import hashlib
import threading
import time

import pytest

TEXT = {"DataType": "String", "StringValue": "Bar"}


def test_a_message_goes_through(sqs, make, receive):
    url = make()
    sent = sqs.send_message(QueueUrl=url, MessageBody="msg")
    assert sent["MD5OfMessageBody"] == "6e2baaf3b97dbeef01c0043275f9a0e7"
    [message] = receive(url)
    assert message["Body"] == "msg"
    assert message["MD5OfBody"] == sent["MD5OfMessageBody"]
    assert message["MessageId"] == sent["MessageId"]
    assert set(message) == {"Body", "MD5OfBody", "MessageId", "ReceiptHandle"}
    sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
    assert receive(url, VisibilityTimeout=0) == []


def test_a_received_message_is_hidden_until_its_timeout(sqs, make, receive, aws):
    url = make(VisibilityTimeout=10)
    sqs.send_message(QueueUrl=url, MessageBody="m")
    assert receive(url)
    assert receive(url) == []
    aws.clock.advance(seconds=10)
    assert receive(url)


def test_messages_come_in_the_order_of_sending(sqs, make, receive):
    url = make()
    for number in range(25):
        sqs.send_message(QueueUrl=url, MessageBody=str(number))
    found = [message["Body"] for _ in range(3) for message in receive(url)]
    assert found == [str(number) for number in range(25)]


def test_one_message_unless_more_are_asked_for(sqs, make):
    url = make()
    for body in "ab":
        sqs.send_message(QueueUrl=url, MessageBody=body)
    assert len(sqs.receive_message(QueueUrl=url)["Messages"]) == 1


def test_an_empty_queue_has_no_messages(sqs, make):
    assert "Messages" not in sqs.receive_message(QueueUrl=make())


@pytest.mark.parametrize(
    ("params", "message"),
    [
        (
            {"MaxNumberOfMessages": 11},
            "Value 11 for parameter MaxNumberOfMessages is invalid. Reason: Must be between 1 and 10, if provided.",
        ),
        (
            {"WaitTimeSeconds": 21},
            "Value 21 for parameter WaitTimeSeconds is invalid. Reason: Must be >= 0 and <= 20, if provided.",
        ),
        (
            {"WaitTimeSeconds": -1},
            "Value -1 for parameter WaitTimeSeconds is invalid. Reason: Must be >= 0 and <= 20, if provided.",
        ),
    ],
)
def test_receiving_out_of_range_is_refused(make, refused, params, message):
    assert refused("receive_message", QueueUrl=make(), **params)["Message"] == message


def test_system_attributes(sqs, make, receive, aws):
    url = make()
    sqs.send_message(
        QueueUrl=url,
        MessageBody="m",
        MessageSystemAttributes={"AWSTraceHeader": {"DataType": "String", "StringValue": "Root=1"}},
    )
    [message] = receive(url, MessageSystemAttributeNames=["All"], VisibilityTimeout=0)
    found = message["Attributes"]
    assert set(found) == {
        "SenderId",
        "SentTimestamp",
        "ApproximateReceiveCount",
        "ApproximateFirstReceiveTimestamp",
        "AWSTraceHeader",
    }
    assert found["ApproximateReceiveCount"] == "1"
    [message] = receive(url, AttributeNames=["ApproximateReceiveCount"])
    assert message["Attributes"] == {"ApproximateReceiveCount": "2"}


@pytest.mark.parametrize(
    ("names", "expected", "md5"),
    [
        ([], None, None),
        (["All"], {"Hello", "General", "Help.Me"}, "4c360f3fdafd970e05fae2f149d997f5"),
        ([".*"], {"Hello", "General", "Help.Me"}, "4c360f3fdafd970e05fae2f149d997f5"),
        (["Foo", "Hello"], {"Hello"}, "a311262e065454b75da111d535b8dacd"),
        (["Hello", "General"], {"Hello", "General"}, "fca026605781cb4126a1e9044df24232"),
        (["Hel.*"], {"Hello", "Help.Me"}, "83fee93c1bcd8b9a5a923ffacdc636c7"),
        (["Foo"], None, None),
    ],
)
def test_message_attributes_are_asked_for(sqs, make, receive, names, expected, md5):
    url = make()
    values = {"Hello": "There", "General": "Kenobi", "Help.Me": "Me"}
    sqs.send_message(
        QueueUrl=url,
        MessageBody="msg",
        MessageAttributes={key: {"DataType": "String", "StringValue": value} for key, value in values.items()},
    )
    [message] = receive(url, MessageAttributeNames=names)
    assert message.get("MD5OfMessageAttributes") == md5
    assert (set(message["MessageAttributes"]) if expected else message.get("MessageAttributes")) == expected


def test_binary_attributes(sqs, make, receive):
    url = make()
    value = b"traceparent\x1e00-774062d6c37081a5a0b9b5b88e30627c-2d2482211f6489da-01"
    sqs.send_message(
        QueueUrl=url, MessageBody="test", MessageAttributes={"attr1": {"DataType": "Binary", "BinaryValue": value}}
    )
    [message] = receive(url, MessageAttributeNames=["All"])
    assert message["MD5OfMessageAttributes"] == "8cbe4db156db8a94db8b801b7addb984"
    assert message["MessageAttributes"]["attr1"]["BinaryValue"] == value


@pytest.mark.parametrize(
    ("attribute", "message"),
    [
        (
            {"DataType": "String", "StringValue": ""},
            "Message (user) attribute 'a' must contain a non-empty value of type 'String'.",
        ),
        (
            {"DataType": "Other", "StringValue": "x"},
            "The type of message (user) attribute 'a' is invalid. You must use only the following supported type "
            "prefixes: Binary, Number, String.",
        ),
    ],
)
def test_bad_attributes_are_refused(make, refused, attribute, message):
    error = refused("send_message", QueueUrl=make(), MessageBody="m", MessageAttributes={"a": attribute})
    assert error["Message"] == message


def test_an_empty_body_is_refused(make, refused):
    error = refused("send_message", QueueUrl=make(), MessageBody="")
    assert error["Code"] == "MissingParameter"
    assert error["QueryErrorCode"] == "MissingRequiredParameterException"
    assert error["Message"] == "The request must contain the parameter MessageBody."


def test_characters_that_xml_lacks_are_refused(make, refused):
    assert refused("send_message", QueueUrl=make(), MessageBody="a\x00")["Code"] == "InvalidMessageContents"


def test_attributes_count_against_the_size(sqs, make, refused):
    url = make(MaximumMessageSize=1024)
    sqs.send_message(QueueUrl=url, MessageBody="x" * 1024)
    error = refused("send_message", QueueUrl=url, MessageBody="x" * 1012, MessageAttributes={"Fooo": TEXT})
    assert error["Message"] == "One or more parameters are invalid. Reason: Message must be shorter than 1024 bytes."


def test_a_delayed_message_comes_later(sqs, make, receive, aws):
    url = make()
    sqs.send_message(QueueUrl=url, MessageBody="m", DelaySeconds=10)
    assert receive(url) == []
    found = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
    assert found["ApproximateNumberOfMessagesDelayed"] == "1"
    aws.clock.advance(seconds=10)
    assert len(receive(url)) == 1


def test_the_queue_s_delay_holds_unless_the_message_has_one(sqs, make, receive):
    url = make(DelaySeconds=60)
    sqs.send_message(QueueUrl=url, MessageBody="late")
    sqs.send_message(QueueUrl=url, MessageBody="now", DelaySeconds=0)
    assert [message["Body"] for message in receive(url)] == ["now"]


def test_old_messages_are_forgotten(sqs, make, receive, aws):
    url = make(MessageRetentionPeriod=60)
    sqs.send_message(QueueUrl=url, MessageBody="old")
    aws.clock.advance(seconds=40)
    sqs.send_message(QueueUrl=url, MessageBody="young")
    aws.clock.advance(seconds=20)
    assert [message["Body"] for message in receive(url)] == ["young"]


def test_counts_tell_visible_hidden_and_delayed(sqs, make, receive):
    url = make()
    for number in range(4):
        sqs.send_message(QueueUrl=url, MessageBody=str(number), DelaySeconds=60 if number == 3 else 0)
    receive(url, MaxNumberOfMessages=1)
    found = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
    assert found["ApproximateNumberOfMessages"] == "2"
    assert found["ApproximateNumberOfMessagesNotVisible"] == "1"
    assert found["ApproximateNumberOfMessagesDelayed"] == "1"


def test_visibility_changes(sqs, make, receive, aws):
    url = make()
    sqs.send_message(QueueUrl=url, MessageBody="m")
    [message] = receive(url)
    sqs.change_message_visibility(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"], VisibilityTimeout=100)
    aws.clock.advance(seconds=99)
    assert receive(url) == []
    sqs.change_message_visibility(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"], VisibilityTimeout=0)
    assert len(receive(url)) == 1


def test_a_standard_queue_deletes_after_the_timeout(sqs, make, receive, aws):
    url = make(VisibilityTimeout=1)
    sqs.send_message(QueueUrl=url, MessageBody="m")
    [message] = receive(url)
    aws.clock.advance(seconds=2)
    sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
    assert receive(url) == []


def test_an_older_handle_deletes_nothing(sqs, make, receive):
    url = make()
    sqs.send_message(QueueUrl=url, MessageBody="m")
    [old] = receive(url, VisibilityTimeout=0)
    [new] = receive(url, VisibilityTimeout=0)
    sqs.delete_message(QueueUrl=url, ReceiptHandle=old["ReceiptHandle"])
    assert receive(url, VisibilityTimeout=0)
    assert old["ReceiptHandle"] != new["ReceiptHandle"]


def test_a_handle_must_be_one(make, refused):
    error = refused("delete_message", QueueUrl=make(), ReceiptHandle="nonsense")
    assert error["Code"] == "ReceiptHandleIsInvalid"
    assert error["Message"] == 'The input receipt handle "nonsense" is not a valid receipt handle.'


def test_a_handle_belongs_to_its_queue(sqs, make, receive, refused):
    one, other = make("one"), make("other")
    sqs.send_message(QueueUrl=one, MessageBody="m")
    [message] = receive(one)
    assert refused("delete_message", QueueUrl=other, ReceiptHandle=message["ReceiptHandle"])["Code"] == (
        "ReceiptHandleIsInvalid"
    )


def test_the_visibility_of_a_deleted_message_can_t_change(sqs, make, receive, refused):
    url = make()
    sqs.send_message(QueueUrl=url, MessageBody="m")
    handle = receive(url)[0]["ReceiptHandle"]
    sqs.delete_message(QueueUrl=url, ReceiptHandle=handle)
    error = refused("change_message_visibility", QueueUrl=url, ReceiptHandle=handle, VisibilityTimeout=1)
    assert error["Message"].endswith(
        "Reason: Message does not exist or is not available for visibility timeout change."
    )


# -- long polls


def test_a_poll_ends_as_soon_as_a_message_comes(sqs, make, receive):
    url = make()
    timer = threading.Timer(0.2, lambda: sqs.send_message(QueueUrl=url, MessageBody="m"))
    timer.start()
    begin = time.monotonic()
    assert [message["Body"] for message in receive(url, WaitTimeSeconds=10)] == ["m"]
    assert time.monotonic() - begin < 2
    timer.join()


def test_a_poll_wakes_for_a_message_whose_delay_ends(sqs, make, receive):
    url = make()
    sqs.send_message(QueueUrl=url, MessageBody="m", DelaySeconds=1)
    begin = time.monotonic()
    assert receive(url, WaitTimeSeconds=10)
    assert 0.5 < time.monotonic() - begin < 3


def test_a_poll_sleeps_through_other_queues_messages(sqs, make, receive, aws):
    url, other = make(), make("other")
    tries = []
    real = aws.attempt, aws.store.rollback
    aws.store.rollback = lambda: (tries.append(1), real[1]())[1]
    thread = threading.Thread(target=lambda: receive(url, WaitTimeSeconds=1))
    thread.start()
    time.sleep(0.2)
    for _ in range(50):
        sqs.send_message(QueueUrl=other, MessageBody="m")
    thread.join()
    assert len(tries) <= 3


def test_the_queue_s_own_wait_counts(make, receive):
    begin = time.monotonic()
    assert receive(make(ReceiveMessageWaitTimeSeconds=1)) == []
    assert time.monotonic() - begin > 0.9


# -- batches


def entries(*bodies):
    return [{"Id": str(index), "MessageBody": body} for index, body in enumerate(bodies)]


def test_a_batch_is_sent_received_and_deleted(sqs, make, receive):
    url = make()
    sent = sqs.send_message_batch(QueueUrl=url, Entries=entries("a", "b", "c"))
    assert [item["Id"] for item in sent["Successful"]] == ["0", "1", "2"]
    assert sent["Successful"][0]["MD5OfMessageBody"] == hashlib.md5(b"a").hexdigest()
    found = receive(url)
    handles = [{"Id": str(i), "ReceiptHandle": message["ReceiptHandle"]} for i, message in enumerate(found)]
    handles[1]["ReceiptHandle"] = "bad"
    deleted = sqs.delete_message_batch(QueueUrl=url, Entries=handles)
    assert [item["Id"] for item in deleted["Successful"]] == ["0", "2"]
    assert (deleted["Failed"][0]["Id"], deleted["Failed"][0]["Code"]) == ("1", "ReceiptHandleIsInvalid")


def test_a_bad_entry_fails_alone(sqs, make, receive):
    url = make(MaximumMessageSize=1024)
    sent = sqs.send_message_batch(QueueUrl=url, Entries=entries("a" * 1025, "b"))
    assert [item["Id"] for item in sent["Successful"]] == ["1"]
    assert sent["Failed"] == [
        {
            "Id": "0",
            "SenderFault": True,
            "Code": "InvalidParameterValue",
            "Message": "One or more parameters cannot be validated. Reason: Message must be shorter than 1024 bytes.",
        }
    ]


@pytest.mark.parametrize(
    ("given", "code", "message"),
    [
        ([], "EmptyBatchRequest", "There should be at least one SendMessageBatchRequestEntry in the request."),
        (
            [{"Id": str(n), "MessageBody": "m"} for n in range(20)],
            "TooManyEntriesInBatchRequest",
            "Maximum number of entries per request are 10. You have sent 20.",
        ),
        ([{"Id": "a", "MessageBody": "m"}] * 2, "BatchEntryIdsNotDistinct", "Id a repeated."),
        (
            [{"Id": "a:b", "MessageBody": "m"}],
            "InvalidBatchEntryId",
            "A batch entry id can only contain alphanumeric characters, hyphens and underscores. "
            "It can be at most 80 letters long.",
        ),
        (
            [{"Id": "a", "MessageBody": "m" * 1048576}, {"Id": "b", "MessageBody": "m"}],
            "BatchRequestTooLong",
            "Batch requests cannot be longer than 1048576 bytes. You have sent 1048577 bytes.",
        ),
    ],
    ids=["empty", "many", "twice", "id", "long"],
)
def test_a_bad_batch_fails_as_a_whole(make, refused, given, code, message):
    error = refused("send_message_batch", QueueUrl=make(), Entries=given)
    assert (error["Code"], error["Message"]) == (f"AWS.SimpleQueueService.{code}", message)
    assert error["QueryErrorCode"] == code


def test_visibility_changes_in_batches(sqs, make, receive):
    url = make()
    sqs.send_message_batch(QueueUrl=url, Entries=entries("a", "b"))
    handles = [
        {"Id": message["Body"], "ReceiptHandle": message["ReceiptHandle"], "VisibilityTimeout": 0}
        for message in receive(url)
    ]
    assert len(sqs.change_message_visibility_batch(QueueUrl=url, Entries=handles)["Successful"]) == 2
    assert len(receive(url)) == 2
