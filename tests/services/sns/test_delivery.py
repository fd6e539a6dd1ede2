from __future__ import annotations

import base64
import json
import os
import urllib.request

import pytest

before_the_answer = pytest.mark.skipif(
    os.environ.get("SUNDOG_PATH") == "server",
    reason="a server calls endpoints after it has answered; test_server.py waits for them",
)
NUMBER = {"attr1": {"DataType": "Number", "StringValue": "99.12"}}


def test_a_queue_gets_a_notification(sns, topic, subscribe):
    box = subscribe()
    sent = sns.publish(TopicArn=topic, Message="hello", Subject="subject", MessageAttributes=NUMBER)
    [note] = box.notes()
    assert (note["Type"], note["Message"], note["Subject"]) == ("Notification", "hello", "subject")
    assert (note["MessageId"], note["TopicArn"]) == (sent["MessageId"], topic)
    assert note["MessageAttributes"] == {"attr1": {"Type": "Number", "Value": "99.12"}}
    assert note["UnsubscribeURL"].endswith(f"/?Action=Unsubscribe&SubscriptionArn={box.subscription}")
    assert note["SignatureVersion"] == "1"


def test_no_subject_no_member(sns, topic, subscribe):
    box = subscribe()
    sns.publish(TopicArn=topic, Message="hello")
    assert set(box.notes()[0]) == {
        "Type",
        "MessageId",
        "TopicArn",
        "Message",
        "Timestamp",
        "SignatureVersion",
        "Signature",
        "SigningCertURL",
        "UnsubscribeURL",
    }


@pytest.mark.parametrize("version", ["1", "2"])
def test_signatures_verify_against_the_certificate_that_is_served(sns, topic, subscribe, version):
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import padding

    box = subscribe()
    sns.set_topic_attributes(TopicArn=topic, AttributeName="SignatureVersion", AttributeValue=version)
    sns.publish(TopicArn=topic, Message="hello", Subject="subject")
    [note] = box.notes()
    with urllib.request.urlopen(note["SigningCertURL"]) as response:
        key = x509.load_pem_x509_certificate(response.read()).public_key()
    names = ("Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type")
    text = "".join(f"{name}\n{note[name]}\n" for name in names)
    algorithm = hashes.SHA1() if version == "1" else hashes.SHA256()
    key.verify(base64.b64decode(note["Signature"]), text.encode(), padding.PKCS1v15(), algorithm)
    assert note["SignatureVersion"] == version


def test_raw_delivery_brings_the_message_itself(sns, topic, subscribe):
    box = subscribe(RawMessageDelivery="true")
    sns.publish(TopicArn=topic, Message="Test msg", MessageAttributes=NUMBER)
    [message] = box.messages()
    assert message["Body"] == "Test msg"
    assert message["MessageAttributes"] == NUMBER
    assert message["MD5OfMessageAttributes"] == "d302007e9aa062660afc85fd0a482472"


def test_a_json_structure_has_a_text_for_each_protocol(sns, topic, subscribe, aws):
    box = subscribe()
    sns.subscribe(TopicArn=topic, Protocol="sms", Endpoint="+15551234567")
    sns.publish(TopicArn=topic, MessageStructure="json", Message=json.dumps({"default": "d", "sqs": "for sqs"}))
    assert box.texts() == ["for sqs"]
    assert [row.message for row in aws.sns.sent] == ["d"]


def test_what_came_before_the_subscription_is_not_delivered(sns, topic, subscribe):
    sns.publish(TopicArn=topic, Message="before")
    box = subscribe()
    sns.publish(TopicArn=topic, Message="after")
    assert box.texts() == ["after"]


def test_a_group_passes_to_standard_queues(sns, topic, subscribe):
    box = subscribe()
    sns.publish(TopicArn=topic, Message="m", MessageGroupId="my-group-id-1")
    assert box.messages()[0]["Attributes"]["MessageGroupId"] == "my-group-id-1"


def test_the_log_tells_what_led_to_a_delivery(sns, topic, subscribe, aws):
    box = subscribe()
    sns.publish(TopicArn=topic, Message="m")
    [delivery] = [call for call in aws.calls if call.kind == "delivery"]
    assert delivery.target == box.arn
    assert [call.operation for call in delivery.chain] == ["Publish", "notify"]
    assert delivery.error is None


def test_a_delivery_that_fails_is_in_the_log_and_in_the_dead_letters(sns, sqs, topic, subscribe, aws):
    grave = sqs.create_queue(QueueName="grave")["QueueUrl"]
    policy = json.dumps({"deadLetterTargetArn": "arn:aws:sqs:us-east-1:123456789012:grave"})
    box = subscribe(RedrivePolicy=policy)
    sqs.delete_queue(QueueUrl=box.url)
    sns.publish(TopicArn=topic, Message="m")
    notify, bury = [call for call in aws.calls if call.kind == "delivery"]
    assert notify.error.shape == "QueueDoesNotExist"
    assert (bury.cause, bury.error) == (notify, None)
    [message] = sqs.receive_message(QueueUrl=grave)["Messages"]
    assert json.loads(message["Body"])["Message"] == "m"


def test_other_accounts_queues_are_asked_first(sns, topic, sqs, aws):
    import boto3

    other = boto3.client("sqs", region_name="us-east-1", aws_access_key_id="111111111111", aws_secret_access_key="x")
    url = other.create_queue(QueueName="q")["QueueUrl"]
    answer = sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint="arn:aws:sqs:us-east-1:111111111111:q")
    assert answer["SubscriptionArn"] == "pending confirmation"
    [message] = other.receive_message(QueueUrl=url)["Messages"]
    note = json.loads(message["Body"])
    assert note["Type"] == "SubscriptionConfirmation"
    sns.confirm_subscription(TopicArn=topic, Token=note["Token"])
    sns.publish(TopicArn=topic, Message="m")
    [message] = other.receive_message(QueueUrl=url)["Messages"]
    assert json.loads(message["Body"])["Message"] == "m"


# -- FIFO


@pytest.fixture
def fifo(sns):
    attributes = {"FifoTopic": "true", "ContentBasedDeduplication": "true"}
    return sns.create_topic(Name="t.fifo", Attributes=attributes)["TopicArn"]


def test_fifo_to_fifo_keeps_group_and_deduplication_id(sns, fifo, subscribe):
    box = subscribe("q.fifo", to=fifo, RawMessageDelivery="true")
    sent = sns.publish(TopicArn=fifo, Message="Test", MessageGroupId="g")
    again = sns.publish(TopicArn=fifo, Message="Test", MessageGroupId="g")
    assert (again["MessageId"], again["SequenceNumber"]) == (sent["MessageId"], sent["SequenceNumber"])
    [message] = box.messages()
    assert message["Attributes"]["MessageGroupId"] == "g"
    assert message["Attributes"]["MessageDeduplicationId"] == (
        "532eaabd9574880dbf76b9b8cc00832c20a6ec113d682299550d7a6e0f345e25"
    )


def test_fifo_to_a_standard_queue(sns, fifo, subscribe):
    box = subscribe(to=fifo)
    sent = sns.publish(TopicArn=fifo, Message="Test", MessageGroupId="g")
    [message] = box.messages()
    assert "MessageGroupId" not in message["Attributes"]
    note = json.loads(message["Body"])
    assert note["SequenceNumber"] == sent["SequenceNumber"]
    assert "Signature" not in note


def test_a_topic_s_archive_is_replayed(sns, fifo, subscribe, aws):
    sns.set_topic_attributes(
        TopicArn=fifo, AttributeName="ArchivePolicy", AttributeValue='{"MessageRetentionPeriod":"30"}'
    )
    begin = aws.clock.now().isoformat()
    for text in "ab":
        sns.publish(TopicArn=fifo, Message=text, MessageGroupId="g")
    policy = json.dumps({"PointType": "Timestamp", "StartingPoint": begin})
    box = subscribe("q.fifo", to=fifo, ReplayPolicy=policy)
    assert [(note["Message"], note["Replayed"]) for note in box.notes()] == [("a", True), ("b", True)]


# -- HTTP


def confirmed(sns, topic, endpoint, **attributes):
    answer = sns.subscribe(TopicArn=topic, Protocol="http", Endpoint=endpoint.url, Attributes=attributes)
    assert answer["SubscriptionArn"] == "pending confirmation"
    [note] = endpoint.notes
    arn = sns.confirm_subscription(TopicArn=topic, Token=note["Token"])["SubscriptionArn"]
    endpoint.got.clear()
    return arn


@before_the_answer
def test_an_endpoint_is_asked_and_then_gets_messages(sns, topic, endpoint):
    sns.subscribe(TopicArn=topic, Protocol="http", Endpoint=endpoint.url)
    headers, body = endpoint.got.pop()
    note = json.loads(body)
    assert headers["x-amz-sns-message-type"] == note["Type"] == "SubscriptionConfirmation"
    assert headers["user-agent"] == "Amazon Simple Notification Service Agent"
    assert headers["content-type"] == "text/plain; charset=UTF-8"
    assert note["Message"] == (
        f"You have chosen to subscribe to the topic {topic}.\nTo confirm the subscription, visit the SubscribeURL "
        "included in this message."
    )
    sns.publish(TopicArn=topic, Message="too early")
    assert endpoint.got == []
    with urllib.request.urlopen(note["SubscribeURL"]) as response:
        assert b"<SubscriptionArn>" in response.read()
    sns.publish(TopicArn=topic, Message="hello")
    headers, body = endpoint.got.pop()
    assert json.loads(body)["Message"] == "hello"
    assert headers["x-amz-sns-subscription-arn"].startswith(topic)
    assert headers["x-amz-sns-message-id"] == json.loads(body)["MessageId"]


@before_the_answer
def test_raw_delivery_over_http(sns, topic, endpoint):
    policy = json.dumps({"requestPolicy": {"headerContentType": "text/csv"}})
    confirmed(sns, topic, endpoint, RawMessageDelivery="true", DeliveryPolicy=policy)
    sns.publish(TopicArn=topic, Message="a,b")
    headers, body = endpoint.got.pop()
    assert (body, headers["content-type"], headers["x-amz-sns-rawdelivery"]) == ("a,b", "text/csv", "true")


@before_the_answer
def test_an_endpoint_that_fails_is_tried_again_and_then_buried(sns, sqs, topic, endpoint, aws):
    grave = sqs.create_queue(QueueName="grave")["QueueUrl"]
    policy = json.dumps({"deadLetterTargetArn": "arn:aws:sqs:us-east-1:123456789012:grave"})
    confirmed(sns, topic, endpoint, RedrivePolicy=policy)
    endpoint.answers = [500] * 4
    sns.publish(TopicArn=topic, Message="m")
    assert len(endpoint.got) == 1
    for tries in (2, 3, 4):
        aws.clock.advance(seconds=20)
        assert len(endpoint.got) == tries
    assert [json.loads(m["Body"])["Message"] for m in sqs.receive_message(QueueUrl=grave)["Messages"]] == ["m"]
    failures = [call for call in aws.calls if call.error is not None]
    assert {call.target for call in failures} == {endpoint.url}


@before_the_answer
def test_an_endpoint_that_recovers_gets_its_message(sns, topic, endpoint, aws):
    confirmed(sns, topic, endpoint)
    endpoint.answers = [503]
    sns.publish(TopicArn=topic, Message="m")
    aws.clock.advance(minutes=10)
    assert [note["Message"] for note in endpoint.notes] == ["m", "m"]


@before_the_answer
def test_leaving_is_told(sns, topic, endpoint):
    arn = confirmed(sns, topic, endpoint)
    sns.unsubscribe(SubscriptionArn=arn)
    assert [note["Type"] for note in endpoint.notes] == ["UnsubscribeConfirmation"]


@before_the_answer
def test_hosts_that_were_not_let_through_get_nothing(sns, topic, aws):
    sns.subscribe(TopicArn=topic, Protocol="https", Endpoint="https://hooks.example.com/x")
    call = next(call for call in aws.calls if call.error is not None)
    assert "allow_hosts" in call.error.message


# -- people


def test_mail_waits_for_its_confirmation(sns, topic, aws):
    sns.subscribe(TopicArn=topic, Protocol="email", Endpoint="me@example.com")
    [mail] = aws.sns.sent
    assert (mail.kind, mail.endpoint) == ("SubscriptionConfirmation", "me@example.com")
    assert sns.list_subscriptions()["Subscriptions"][0]["SubscriptionArn"] == "PendingConfirmation"
    token = mail.message.partition("&Token=")[2]
    sns.confirm_subscription(TopicArn=topic, Token=token)
    sns.publish(TopicArn=topic, Message="hello", Subject="hi")
    assert (aws.sns.sent[-1].message, aws.sns.sent[-1].subject) == ("hello", "hi")


def test_text_messages_are_kept(sns, aws):
    sent = sns.publish(PhoneNumber="+15551234567", Message="hello")
    [row] = aws.sns.sent
    assert (row.protocol, row.endpoint, row.message) == ("sms", "+15551234567", "hello")
    assert row.message_id == sent["MessageId"]


def test_who_opted_out_gets_none(sns, aws):
    aws.sns.opt_out("+15551234567")
    sns.publish(PhoneNumber="+15551234567", Message="hello")
    assert aws.sns.sent == []
    assert sns.check_if_phone_number_is_opted_out(phoneNumber="+15551234567")["isOptedOut"] is True
    assert sns.list_phone_numbers_opted_out()["phoneNumbers"] == ["+15551234567"]
    sns.opt_in_phone_number(phoneNumber="+15551234567")
    sns.publish(PhoneNumber="+15551234567", Message="hello")
    assert len(aws.sns.sent) == 1


def test_push_by_platform(sns, aws):
    application = sns.create_platform_application(Name="app", Platform="GCM", Attributes={"PlatformCredential": "x"})[
        "PlatformApplicationArn"
    ]
    device = sns.create_platform_endpoint(PlatformApplicationArn=application, Token="t")["EndpointArn"]
    sns.publish(TargetArn=device, MessageStructure="json", Message='{"default":"d","GCM":"{}"}')
    assert [(row.protocol, row.endpoint, row.message) for row in aws.sns.sent] == [("application", device, "{}")]
    sns.set_endpoint_attributes(EndpointArn=device, Attributes={"Enabled": "false"})
    with pytest.raises(sns.exceptions.EndpointDisabledException):
        sns.publish(TargetArn=device, Message="m")
