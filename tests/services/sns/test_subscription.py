from __future__ import annotations

import pytest

QUEUE = "arn:aws:sqs:us-east-1:123456789012:q"


def test_a_subscription_s_attributes(sns, topic):
    arn = sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=QUEUE)["SubscriptionArn"]
    assert arn.startswith(topic + ":")
    assert sns.get_subscription_attributes(SubscriptionArn=arn)["Attributes"] == {
        "ConfirmationWasAuthenticated": "true",
        "Endpoint": QUEUE,
        "Owner": "123456789012",
        "PendingConfirmation": "false",
        "Protocol": "sqs",
        "RawMessageDelivery": "false",
        "SubscriptionArn": arn,
        "SubscriptionPrincipal": "arn:aws:iam::123456789012:root",
        "TopicArn": topic,
    }
    assert sns.get_topic_attributes(TopicArn=topic)["Attributes"]["SubscriptionsConfirmed"] == "1"


def test_subscribing_twice_is_once(sns, topic, refused):
    given = {"TopicArn": topic, "Protocol": "sqs", "Endpoint": QUEUE}
    first = sns.subscribe(**given)["SubscriptionArn"]
    assert sns.subscribe(**given)["SubscriptionArn"] == first
    error = refused("subscribe", Attributes={"RawMessageDelivery": "true"}, **given)
    assert error["Message"] == (
        "Invalid parameter: Attributes Reason: Subscription already exists with different attributes"
    )


def test_unsubscribing(sns, topic):
    arn = sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=QUEUE)["SubscriptionArn"]
    sns.unsubscribe(SubscriptionArn=arn)
    sns.unsubscribe(SubscriptionArn=arn)
    assert sns.list_subscriptions_by_topic(TopicArn=topic)["Subscriptions"] == []
    assert sns.get_topic_attributes(TopicArn=topic)["Attributes"]["SubscriptionsDeleted"] == "1"


@pytest.mark.parametrize(
    ("protocol", "endpoint", "message"),
    [
        ("test-protocol", "x", "Invalid parameter: Amazon SNS does not support this protocol string: test-protocol"),
        ("sqs", "https://sqs.us-east-1.amazonaws.com/1/q", "Invalid parameter: SQS endpoint ARN"),
        ("sms", "invalid-number", "Invalid SMS endpoint: invalid-number"),
        ("sms", "NAA+15551234567", "Invalid SMS endpoint: NAA+15551234567"),
        ("http", "https://example.com", "Invalid parameter: Endpoint must match the specified protocol"),
        (
            "sqs",
            QUEUE + ".fifo",
            "Invalid parameter: Invalid parameter: Endpoint Reason: FIFO SQS Queues can not be subscribed to standard "
            "SNS topics",
        ),
    ],
)
def test_bad_endpoints_are_refused(topic, refused, protocol, endpoint, message):
    assert refused("subscribe", TopicArn=topic, Protocol=protocol, Endpoint=endpoint)["Message"] == message


@pytest.mark.parametrize(
    ("arn", "message"),
    [
        ("randomstring", "Invalid parameter: SubscriptionArn Reason: An ARN must have at least 6 elements, not 1"),
        (
            "arn:aws:sns:us-east-1:random",
            "Invalid parameter: SubscriptionArn Reason: An ARN must have at least 6 elements, not 5",
        ),
        ("arn:aws:sns:us-east-1:111111111111:random", "Invalid parameter: SubscriptionId"),
        ("", "Invalid parameter: SubscriptionArn Reason: no value for required parameter"),
    ],
)
def test_bad_subscription_arns_are_refused(refused, arn, message):
    assert refused("unsubscribe", SubscriptionArn=arn)["Message"] == message


def test_a_wrong_value_is_refused(topic, refused):
    error = refused(
        "subscribe",
        TopicArn=topic,
        Protocol="sqs",
        Endpoint=QUEUE,
        Attributes={"RawMessageDelivery": "wrongvalue"},
    )
    assert error["Message"] == (
        "Invalid parameter: Attributes Reason: RawMessageDelivery: Invalid value [wrongvalue]. Must be true or false."
    )


def test_a_missing_subscription(topic, refused):
    error = refused("get_subscription_attributes", SubscriptionArn=f"{topic}:3f1f0ad9-0000-4000-8000-000000000000")
    assert (error["Code"], error["Message"]) == ("NotFound", "Subscription does not exist")


def test_wrong_tokens_are_refused(topic, refused):
    error = refused("confirm_subscription", TopicArn=topic, Token="randomtoken")
    assert error["Message"] == "Invalid token"
    error = refused("confirm_subscription", TopicArn=topic, Token="51b2ff3edb475b7d91550e0ab6edf0c1de2a34e6" * 7)
    assert error["Message"] == "Invalid parameter: Token"
    error = refused("confirm_subscription", TopicArn="arn:aws:sns:eu-west-1:123456789012:t", Token="ab")
    assert error["Message"] == "Invalid parameter: Topic"


# -- platforms, and the sandbox


def test_platform_applications(sns, refused):
    error = refused("create_platform_application", Name="n", Platform="AAA", Attributes={"PlatformCredential": "x"})
    assert error["Message"] == "Invalid parameter: Platform Reason: AAA is not supported"
    error = refused("create_platform_application", Name="n", Platform="ADM", Attributes={"PlatformCredential": "x"})
    assert error["Message"] == (
        "Invalid parameter: Attributes Reason: PlatformCredential attribute provided without PlatformPrincipal"
    )
    given = {"PlatformCredential": "x", "PlatformPrincipal": "y"}
    arn = sns.create_platform_application(Name="n", Platform="ADM", Attributes=given)["PlatformApplicationArn"]
    assert arn == "arn:aws:sns:us-east-1:123456789012:app/ADM/n"
    sns.set_platform_application_attributes(PlatformApplicationArn=arn, Attributes={"SuccessFeedbackSampleRate": "50"})
    assert sns.get_platform_application_attributes(PlatformApplicationArn=arn)["Attributes"] == {
        "Enabled": "true",
        "SuccessFeedbackSampleRate": "50",
    }
    device = sns.create_platform_endpoint(PlatformApplicationArn=arn, Token="token_1")["EndpointArn"]
    assert sns.list_endpoints_by_platform_application(PlatformApplicationArn=arn)["Endpoints"] == [
        {"EndpointArn": device, "Attributes": {"Enabled": "true", "Token": "token_1"}}
    ]
    error = refused("set_endpoint_attributes", EndpointArn=device, Attributes={"InvalidKey": "x"})
    assert error["Message"] == "Invalid parameter: Attributes Reason: Invalid attribute name: InvalidKey"
    error = refused("get_endpoint_attributes", EndpointArn=device + "/x")
    assert error["Message"] == (
        "Invalid parameter: EndpointArn Reason: Wrong number of slashes in relative portion of the ARN."
    )
    sns.delete_endpoint(EndpointArn=device)
    error = refused("get_endpoint_attributes", EndpointArn=device)
    assert (error["Code"], error["Message"]) == ("NotFound", "Endpoint does not exist")


def test_the_sandbox_verifies_numbers(sns, aws):
    assert sns.get_sms_sandbox_account_status()["IsInSandbox"] is True
    sns.create_sms_sandbox_phone_number(PhoneNumber="+15551234567")
    assert sns.list_sms_sandbox_phone_numbers()["PhoneNumbers"][0]["Status"] == "Pending"
    password = aws.sns.sent[-1].message.split()[0]
    with pytest.raises(sns.exceptions.VerificationException):
        sns.verify_sms_sandbox_phone_number(PhoneNumber="+15551234567", OneTimePassword=password[::-1] + "0")
    sns.verify_sms_sandbox_phone_number(PhoneNumber="+15551234567", OneTimePassword=password)
    assert sns.list_sms_sandbox_phone_numbers()["PhoneNumbers"][0]["Status"] == "Verified"


def test_sms_attributes(sns, refused):
    sns.set_sms_attributes(attributes={"DefaultSMSType": "Transactional"})
    assert sns.get_sms_attributes(attributes=["DefaultSMSType"])["attributes"] == {"DefaultSMSType": "Transactional"}
    error = refused("set_sms_attributes", attributes={"InvalidAttribute": "x"})
    assert error["Message"] == "InvalidAttribute is not a valid attribute"
