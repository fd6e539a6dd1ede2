from __future__ import annotations

import json

import boto3
import pytest


def attributes(sns, topic):
    return sns.get_topic_attributes(TopicArn=topic)["Attributes"]


def test_a_new_topic_has_the_defaults(sns, topic):
    assert topic == "arn:aws:sns:us-east-1:123456789012:t"
    found = attributes(sns, topic)
    policy = json.loads(found.pop("Policy"))
    assert policy["Statement"][0]["Condition"] == {"StringEquals": {"AWS:SourceOwner": "123456789012"}}
    assert json.loads(found.pop("EffectiveDeliveryPolicy")) == {
        "http": {
            "defaultHealthyRetryPolicy": {
                "backoffFunction": "linear",
                "maxDelayTarget": 20,
                "minDelayTarget": 20,
                "numMaxDelayRetries": 0,
                "numMinDelayRetries": 0,
                "numNoDelayRetries": 0,
                "numRetries": 3,
            },
            "defaultRequestPolicy": {"headerContentType": "text/plain; charset=UTF-8"},
            "disableSubscriptionOverrides": False,
        }
    }
    assert found == {
        "TopicArn": topic,
        "Owner": "123456789012",
        "DisplayName": "",
        "SubscriptionsConfirmed": "0",
        "SubscriptionsPending": "0",
        "SubscriptionsDeleted": "0",
    }


def test_the_same_topic_again_is_found(sns, topic):
    assert sns.create_topic(Name="t")["TopicArn"] == topic


def test_other_attributes_are_refused(sns, refused):
    sns.create_topic(Name="x", Attributes={"DisplayName": "Value1"})
    sns.create_topic(Name="x")
    for given in ({"DisplayName": "Value2"}, {"KmsMasterKeyId": "k"}):
        error = refused("create_topic", Name="x", Attributes=given)
        assert error["Message"] == (
            "Invalid parameter: Attributes Reason: Topic already exists with different attributes"
        )
    error = refused("create_topic", Name="x", Attributes={"FifoTopic": "true"})
    assert error["Message"] == "Invalid parameter: Topic Name"


@pytest.mark.parametrize("name", ["a b", "a.fifo", "a" * 257])
def test_bad_names_are_refused(refused, name):
    assert refused("create_topic", Name=name)["Message"] == "Invalid parameter: Topic Name"


def test_deleting_twice_is_no_error(sns, topic):
    sns.delete_topic(TopicArn=topic)
    sns.delete_topic(TopicArn=topic)
    assert sns.list_topics()["Topics"] == []


def test_a_missing_topic(refused, topic):
    for operation in ("get_topic_attributes", "list_subscriptions_by_topic"):
        error = refused(operation, TopicArn=topic + "x")
        assert (error["Code"], error["Message"]) == ("NotFound", "Topic does not exist")


def test_another_region_s_topic_is_an_invalid_arn(topic):
    client = boto3.client("sns", region_name="eu-west-1")
    with pytest.raises(client.exceptions.InvalidParameterException, match="Invalid parameter: TopicArn"):
        client.publish(TopicArn=topic, Message="m")


def test_topics_come_in_pages_of_a_hundred(sns):
    for number in range(101):
        sns.create_topic(Name=f"t{number}")
    first = sns.list_topics()
    assert len(first["Topics"]) == 100
    assert len(sns.list_topics(NextToken=first["NextToken"])["Topics"]) == 1


def test_tags(sns, topic):
    sns.tag_resource(ResourceArn=topic, Tags=[{"Key": "a", "Value": "1"}, {"Key": "b", "Value": "2"}])
    sns.untag_resource(ResourceArn=topic, TagKeys=["a"])
    assert sns.list_tags_for_resource(ResourceArn=topic)["Tags"] == [{"Key": "b", "Value": "2"}]


def test_permissions(sns, topic, refused):
    sns.add_permission(TopicArn=topic, Label="l", AWSAccountId=["111111111111"], ActionName=["Publish"])
    statement = json.loads(attributes(sns, topic)["Policy"])["Statement"][1]
    assert statement == {
        "Sid": "l",
        "Effect": "Allow",
        "Principal": {"AWS": "arn:aws:iam::111111111111:root"},
        "Action": "SNS:Publish",
        "Resource": topic,
    }
    given = {"TopicArn": topic, "AWSAccountId": ["111111111111"]}
    error = refused("add_permission", Label="l", ActionName=["Publish"], **given)
    assert error["Message"] == "Invalid parameter: Statement already exists"
    error = refused("add_permission", Label="m", ActionName=["Nonsense"], **given)
    assert error["Message"] == "Invalid parameter: Policy statement action out of service scope!"
    sns.remove_permission(TopicArn=topic, Label="l")
    assert len(json.loads(attributes(sns, topic)["Policy"])["Statement"]) == 1


def test_a_delivery_policy_comes_and_goes(sns, topic):
    request = {"headerContentType": "application/json"}
    policy = json.dumps({"http": {"defaultRequestPolicy": request, "disableSubscriptionOverrides": False}})
    sns.set_topic_attributes(TopicArn=topic, AttributeName="DeliveryPolicy", AttributeValue=policy)
    found = attributes(sns, topic)
    assert found["DeliveryPolicy"] == policy
    effective = json.loads(found["EffectiveDeliveryPolicy"])["http"]
    assert effective["defaultRequestPolicy"] == {"headerContentType": "application/json"}
    sns.set_topic_attributes(TopicArn=topic, AttributeName="DeliveryPolicy", AttributeValue="")
    assert "DeliveryPolicy" not in attributes(sns, topic)


def test_data_protection_denies_and_masks(sns, topic, subscribe):
    box = subscribe()

    def protect(operation):
        identifier = "arn:aws:dataprotection::aws:data-identifier/EmailAddress"
        statement = {"DataDirection": "Inbound", "DataIdentifier": [identifier], "Operation": operation}
        sns.put_data_protection_policy(ResourceArn=topic, DataProtectionPolicy=json.dumps({"Statement": [statement]}))

    protect({"Deny": {}})
    with pytest.raises(sns.exceptions.AuthorizationErrorException):
        sns.publish(TopicArn=topic, Message="to me@example.com")
    protect({"Deidentify": {"MaskConfig": {"MaskWithCharacter": "#"}}})
    sns.publish(TopicArn=topic, Message="to a@b.de")
    assert box.texts() == ["to ######"]


# -- publishing


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"Message": ""}, "Invalid parameter: Empty message"),
        (
            {"Message": "{", "MessageStructure": "json"},
            "Invalid parameter: Message Structure - JSON message body failed to parse",
        ),
        (
            {"Message": '{"default":1}', "MessageStructure": "json"},
            "Invalid parameter: Message Structure - No default entry in JSON message body",
        ),
        ({"Message": "x" * 262145}, "Invalid parameter: Message too long"),
    ],
    ids=["empty", "json", "default", "long"],
)
def test_bad_messages_are_refused(refused, topic, params, message):
    assert refused("publish", TopicArn=topic, **params)["Message"] == message


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"TopicArn": ""}, "Invalid parameter: TopicArn Reason: An ARN must have at least 6 elements, not 1"),
        ({"TopicArn": "a:b"}, "Invalid parameter: TopicArn Reason: An ARN must have at least 6 elements, not 2"),
        (
            {"TargetArn": "arn:aws:sns:us-east-1:123456789012:endpoint/APNS/abcdef/1"},
            "Invalid parameter: TargetArn Reason: No endpoint found for the target arn specified",
        ),
        ({"PhoneNumber": "+1a234"}, "Invalid parameter: PhoneNumber Reason: +1a234 is not valid to publish to"),
    ],
)
def test_bad_targets_are_refused(refused, params, message):
    assert refused("publish", Message="m", **params)["Message"] == message


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        (
            "a^",
            {"DataType": "String", "StringValue": "v"},
            "Invalid non-alphanumeric character '#x5E' was found in the ",
        ),
        (
            ".a",
            {"DataType": "String", "StringValue": "v"},
            "Invalid message attribute name starting with character '.'",
        ),
        ("a..b", {"DataType": "String", "StringValue": "v"}, "Message attribute name can not have successive '.'"),
        (
            "attr1",
            {"DataType": "Binary", "StringValue": "v"},
            "The message attribute 'attr1' with type 'Binary' must use field 'Binary'.",
        ),
        (
            "attr1",
            {"DataType": "String", "StringValue": ""},
            "The message attribute 'attr1' must contain non-empty message attribute value for message attribute type "
            "'String'.",
        ),
        (
            "attr1",
            {"DataType": "Nope", "StringValue": "v"},
            "The message attribute 'attr1' has an invalid message attribute type, the set of supported type prefixes "
            "is Binary, Number, and String.",
        ),
    ],
)
def test_bad_attributes_are_refused(refused, topic, name, value, message):
    error = refused("publish", TopicArn=topic, Message="m", MessageAttributes={name: value})
    assert error["Code"] == "ParameterValueInvalid"
    assert error["Message"].startswith(message)


def test_a_batch_reaches_the_subscribers_in_order(sns, topic, subscribe):
    box = subscribe()
    entries = [{"Id": str(number), "Message": f"m{number}"} for number in range(10)]
    assert len(sns.publish_batch(TopicArn=topic, PublishBatchRequestEntries=entries)["Successful"]) == 10
    assert box.texts() == [f"m{number}" for number in range(10)]


@pytest.mark.parametrize(
    ("ids", "code"),
    [
        (["a", "a"], "BatchEntryIdsNotDistinct"),
        ([str(n) for n in range(11)], "TooManyEntriesInBatchRequest"),
        (["message.id"], "InvalidBatchEntryId"),
        (["a" * 81], "InvalidBatchEntryId"),
    ],
)
def test_bad_batches_are_refused(refused, topic, ids, code):
    entries = [{"Id": name, "Message": "m"} for name in ids]
    assert refused("publish_batch", TopicArn=topic, PublishBatchRequestEntries=entries)["Code"] == code


def test_a_fifo_topic_needs_group_and_deduplication(sns, refused):
    arn = sns.create_topic(Name="t.fifo", Attributes={"FifoTopic": "true"})["TopicArn"]
    error = refused("publish", TopicArn=arn, Message="m")
    assert error["Message"] == "Invalid parameter: The MessageGroupId parameter is required for FIFO topics"
    error = refused("publish", TopicArn=arn, Message="m", MessageGroupId="g")
    assert error["Message"] == (
        "Invalid parameter: The topic should either have ContentBasedDeduplication enabled or MessageDeduplicationId "
        "provided explicitly"
    )
