from __future__ import annotations

import json

import pytest

from sundog.services.sns.filter_policy import wants


def wanted(policy, data, nested=True):
    return wants(json.dumps(policy), nested, data)


@pytest.mark.parametrize(
    ("condition", "yes", "no"),
    [
        ("a", ["a", ["b", "a"]], ["b", 1, None, ["b"]]),
        (1, [1, 1.0], ["1", 2, True]),
        (True, [True], [1, "true"]),
        (None, [None], ["", 0]),
        ({"prefix": "ab"}, ["abc"], ["cab", 1]),
        ({"suffix": "bc"}, ["abc"], ["bca"]),
        ({"equals-ignore-case": "AbC"}, ["aBc"], ["abcd"]),
        ({"wildcard": "a*c*e"}, ["ace", "abcde"], ["aec", "abcd"]),
        ({"wildcard": "a*a"}, ["aa", "aba"], ["a"]),
        ({"exists": True}, ["x", 0, None], []),
        ({"exists": False}, [], ["x"]),
        ({"anything-but": "a"}, ["b", 1], ["a"]),
        ({"anything-but": ["a", 1]}, ["b", 2], ["a", 1]),
        ({"anything-but": {"prefix": "a"}}, ["b"], ["ab"]),
        ({"anything-but": {"suffix": "a"}}, ["ab"], ["ba"]),
        ({"numeric": ["=", 3]}, [3, 3.0], [4, "3"]),
        ({"numeric": [">", 0, "<=", 10]}, [10, 0.5], [0, 11]),
        ({"cidr": "10.0.0.0/24"}, ["10.0.0.255"], ["10.0.1.1", "x"]),
        ({"cidr": "2001:db8:1234:1a00::/64"}, ["2001:0db8:1234:1a00:0000:0000:0000:0000"], ["10.0.0.1"]),
    ],
)
def test_conditions(condition, yes, no):
    for value in yes:
        assert wanted({"key": [condition]}, {"key": value}), value
    for value in no:
        assert not wanted({"key": [condition]}, {"key": value}), value


def test_a_missing_key_only_meets_exists_false():
    assert wanted({"key": [{"exists": False}]}, {})
    assert not wanted({"key": [{"anything-but": "a"}]}, {})
    assert not wanted({"key": ["a"]}, {})


def test_every_key_must_match_and_any_value_will_do():
    policy = {"a": ["1", "2"], "b": ["3"]}
    assert wanted(policy, {"a": "2", "b": "3"})
    assert not wanted(policy, {"a": "2"})


def test_or_at_any_depth():
    policy = {
        "metricName": ["CPUUtilization", "ReadLatency"],
        "$or": [{"source": ["aws.cloudwatch"]}, {"detail": {"scope": ["Service"], "$or": [{"x": [1]}, {"y": [1]}]}}],
    }
    assert wanted(policy, {"metricName": "ReadLatency", "source": "aws.cloudwatch"})
    assert wanted(policy, {"metricName": "ReadLatency", "detail": {"scope": "Service", "y": 1}})
    assert not wanted(policy, {"metricName": "ReadLatency", "detail": {"scope": "Service"}})


def test_one_element_of_an_array_must_meet_all():
    policy = {
        "Records": {"s3": {"object": {"key": [{"prefix": "auto-"}]}}, "eventName": [{"prefix": "ObjectCreated:"}]}
    }

    def record(name, key):
        return {"eventName": name, "s3": {"object": [[{"key": key}]]}}

    assert wanted(
        policy, {"Records": [record("ObjectRemoved:Delete", "home-1"), record("ObjectCreated:Put", "auto-1")]}
    )
    assert not wanted(policy, {"Records": [record("ObjectRemoved:Delete", "auto-1"), record("ObjectCreated:Put", "x")]})


def test_dots_and_depth_are_the_same():
    for policy in ({"object.nested.test": ["x"]}, {"object": {"nested": {"test": ["x"]}}}):
        assert wanted(policy, {"object": {"nested": {"test": "x"}}})
        assert wanted(policy, {"object.nested.test": "x"})
        assert wanted(policy, {"object": {"nested.test": "x"}})
        assert not wanted(policy, {"object": {"nested": "x"}})


def test_a_body_that_is_no_object_is_not_wanted():
    assert not wanted({"key": [{"exists": False}]}, "text")
    assert not wanted({"key": [{"exists": False}]}, None)


def test_many_stars_take_no_time():
    assert not wanted({"key": [{"wildcard": "*a" * 40 + "b"}]}, {"key": "a" * 5000})


# -- what is refused, at a subscription


@pytest.mark.parametrize(
    ("policy", "message"),
    [
        (
            {"key": [{"exists": None}]},
            "exists match pattern must be either true or false.\n at {}; line: 1, column: 23]",
        ),
        (
            {"key": [{"exists": "no"}]},
            "exists match pattern must be either true or false.\n at {}; line: 1, column: 20]",
        ),
        ({"key": [{"suffix": 100}]}, "suffix match pattern must be a string\n at {}; line: 1, column: 22]"),
        ({"key": [{"suffix": []}]}, "suffix match pattern must be a string\n at {}; line: 1, column: 20]"),
        ({"key": [{"cidr": ["bad-filter"]}]}, "prefix match pattern must be a string\n at {}; line: 1, column: 18]"),
        ({"key": []}, "Empty arrays are not allowed\n at {}; line: 1, column: 10]"),
        ({"key": {"suffix": "value"}}, '"suffix" must be an object or an array\n at {}; line: 1, column: 19]'),
        ({"key": [{"cidr": "bad-filter"}]}, "Malformed CIDR, one '/' required"),
        ({"key": [{"cidr": "bad-filter/64"}]}, "Nonstandard IP address: bad-filter"),
        ({"key": [{"cidr": "bad-filter/xx"}]}, "Malformed CIDR, mask bits must be an integer"),
        ({"key": [{"cidr": "xx.11.xx/8"}]}, "Nonstandard IP address: xx.11.xx"),
        ({f"k{n}": ["a"] for n in range(6)}, "Filter policy can not have more than 5 keys"),
        ({"key": ["v"] * 151}, "Filter policy is too complex"),
        ({"a": ["v"] * 13, "b": ["v"] * 12}, "Filter policy is too complex"),
    ],
)
def test_policies_that_are_refused(sns, topic, refused, policy, message):
    source = json.dumps(policy, separators=(",", ":"))
    error = refused(
        "subscribe",
        TopicArn=topic,
        Protocol="sqs",
        Endpoint="arn:aws:sqs:us-east-1:123456789012:q",
        Attributes={"FilterPolicy": json.dumps(policy)},
    )
    expected = message.replace("{}", f'[Source: (String)"{source}"')
    assert error["Code"] == "InvalidParameter"
    assert error["Message"] == f"Invalid parameter: Attributes Reason: FilterPolicy: {expected}"


# -- deliveries


def attributes(**values):
    return {key: {"DataType": "String", "StringValue": value} for key, value in values.items()}


def test_attributes_decide(sns, topic, subscribe):
    box = subscribe(FilterPolicy=json.dumps({"store": ["value1"], "price": [{"numeric": [">=", 100]}]}))
    for text, store, price in (("1", "value1", "100"), ("2", "value1", "99"), ("3", "other", "100")):
        given = attributes(store=store)
        given["price"] = {"DataType": "Number", "StringValue": price}
        sns.publish(TopicArn=topic, Message=text, MessageAttributes=given)
    sns.publish(TopicArn=topic, Message="4")
    assert box.texts() == ["1"]


def test_arrays_in_attributes(sns, topic, subscribe):
    box = subscribe(FilterPolicy=json.dumps({"interests": ["rugby"]}))
    for value in ('["soccer", "rugby"]', '["soccer"]'):
        given = {"interests": {"DataType": "String.Array", "StringValue": value}}
        sns.publish(TopicArn=topic, Message=value, MessageAttributes=given)
    assert box.texts() == ['["soccer", "rugby"]']


def test_bodies_decide_if_asked_to(sns, topic, subscribe):
    box = subscribe(FilterPolicy='{"headers":{"route-to":["queue1"]}}', FilterPolicyScope="MessageBody")
    for body in ('{"headers":{"route-to":["queue1","queue2"]}}', '{"headers":{"route-to":["queue2"]}}', "text"):
        sns.publish(TopicArn=topic, Message=body)
    assert box.texts() == ['{"headers":{"route-to":["queue1","queue2"]}}']


def test_an_empty_policy_takes_the_filter_away(sns, topic, subscribe):
    box = subscribe(FilterPolicy='{"a":["b"]}')
    sns.set_subscription_attributes(SubscriptionArn=box.subscription, AttributeName="FilterPolicy", AttributeValue="{}")
    assert "FilterPolicy" not in sns.get_subscription_attributes(SubscriptionArn=box.subscription)["Attributes"]
    sns.publish(TopicArn=topic, Message="m")
    assert box.texts() == ["m"]
