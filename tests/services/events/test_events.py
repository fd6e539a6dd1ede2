"""EventBridge."""

from __future__ import annotations

import json
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from sundog.cloud import Cloud

QUEUE = "arn:aws:sqs:us-east-1:123456789012:q"


@pytest.fixture
def events(aws: Cloud) -> Any:
    return boto3.client("events", region_name="us-east-1")


@pytest.fixture
def queue(aws: Cloud) -> Any:
    sqs = boto3.client("sqs", region_name="us-east-1")
    url = sqs.create_queue(QueueName="q")["QueueUrl"]
    return lambda: [m["Body"] for m in sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages", [])]


def put(events: Any, detail: Any, bus: str = "default", source: str = "app") -> dict[str, Any]:
    entry = {"Source": source, "DetailType": "t", "Detail": json.dumps(detail), "EventBusName": bus}
    return events.put_events(Entries=[entry])


def test_rules_are_described(events: Any) -> None:
    arn = events.put_rule(Name="r", EventPattern='{"source": ["a"]}', Description="d")["RuleArn"]
    assert arn == "arn:aws:events:us-east-1:123456789012:rule/r"
    told = events.describe_rule(Name="r")
    assert (told["State"], told["EventBusName"], told["CreatedBy"]) == ("ENABLED", "default", "123456789012")
    events.disable_rule(Name="r")
    assert [rule["State"] for rule in events.list_rules()["Rules"]] == ["DISABLED"]
    with pytest.raises(events.exceptions.ResourceNotFoundException, match="Rule no does not exist on EventBus default"):
        events.describe_rule(Name="no")


def test_what_fits_comes_to_the_target(events: Any, queue: Any) -> None:
    events.put_rule(Name="r", EventPattern='{"source": ["app"], "detail": {"n": [{"numeric": [">", 1]}]}}')
    events.put_targets(Rule="r", Targets=[{"Id": "1", "Arn": QUEUE}])
    assert put(events, {"n": 1})["FailedEntryCount"] == 0
    told = put(events, {"n": 2})
    [body] = queue()
    event = json.loads(body)
    assert event["id"] == told["Entries"][0]["EventId"]
    assert (event["detail"], event["detail-type"], event["source"]) == ({"n": 2}, "t", "app")


@pytest.mark.parametrize(
    ("how", "body"),
    [
        ({"Input": '{"fixed": 1}'}, '{"fixed": 1}'),
        ({"InputPath": "$.detail"}, '{"who":"x"}'),
        (
            {
                "InputTransformer": {
                    "InputPathsMap": {"w": "$.detail.who"},
                    "InputTemplate": '{"hello": <w>, "t": "a <w>"}',
                }
            },
            '{"hello": "x", "t": "a x"}',
        ),
    ],
)
def test_targets_get_what_they_ask_for(events: Any, queue: Any, how: dict[str, Any], body: str) -> None:
    events.put_rule(Name="r", EventPattern='{"source": ["app"]}')
    events.put_targets(Rule="r", Targets=[{"Id": "1", "Arn": QUEUE, **how}])
    put(events, {"who": "x"})
    assert queue() == [body]


def test_disabled_rules_and_other_buses_send_nothing(events: Any, queue: Any) -> None:
    events.create_event_bus(Name="own")
    events.put_rule(Name="r", EventPattern='{"source": ["app"]}', EventBusName="own")
    events.put_targets(Rule="r", EventBusName="own", Targets=[{"Id": "1", "Arn": QUEUE}])
    put(events, {"n": 1})
    events.disable_rule(Name="r", EventBusName="own")
    put(events, {"n": 2}, "own")
    assert queue() == []
    events.enable_rule(Name="r", EventBusName="own")
    put(events, {"n": 3}, "own")
    assert [json.loads(body)["detail"] for body in queue()] == [{"n": 3}]


def test_events_go_to_groups_of_logs(events: Any) -> None:
    logs = boto3.client("logs", region_name="us-east-1")
    logs.create_log_group(logGroupName="/e")
    events.put_rule(Name="r", EventPattern='{"source": ["app"]}')
    arn = "arn:aws:logs:us-east-1:123456789012:log-group:/e"
    events.put_targets(Rule="r", Targets=[{"Id": "1", "Arn": arn}])
    put(events, {"n": 1})
    [line] = logs.filter_log_events(logGroupName="/e")["events"]
    assert json.loads(line["message"])["detail"] == {"n": 1}


def test_bad_entries_are_told_one_by_one(events: Any) -> None:
    told = events.put_events(
        Entries=[
            {"Source": "app", "DetailType": "t", "Detail": "{}"},
            {"Source": "app", "DetailType": "t", "Detail": "no"},
            {"Source": "app", "Detail": "{}"},
        ]
    )
    assert told["FailedEntryCount"] == 2
    assert [one.get("ErrorCode") for one in told["Entries"]] == [None, "MalformedDetail", "InvalidArgument"]


@pytest.mark.parametrize(
    ("pattern", "detail", "result"),
    [
        ({"a": ["x"]}, {"a": "x"}, True),
        ({"a": ["x"]}, {"a": ["y", "x"]}, True),
        ({"a": [{"prefix": "x"}]}, {"a": "xy"}, True),
        ({"a": [{"suffix": "y"}]}, {"a": "xz"}, False),
        ({"a": [{"anything-but": ["x"]}]}, {"a": "y"}, True),
        ({"a": [{"anything-but": {"prefix": "x"}}]}, {"a": "xy"}, False),
        ({"a": [{"exists": False}]}, {}, True),
        ({"a": [{"exists": True}]}, {}, False),
        ({"a": [{"numeric": [">=", 1, "<", 5]}]}, {"a": 5}, False),
        ({"a": [{"cidr": "10.0.0.0/8"}]}, {"a": "10.1.2.3"}, True),
        ({"a": [{"wildcard": "x*z"}]}, {"a": "xyyz"}, True),
        ({"a": [{"equals-ignore-case": "X"}]}, {"a": "x"}, True),
        ({"$or": [{"a": ["x"]}, {"b": ["y"]}]}, {"b": "y"}, True),
        ({"a": [None]}, {"a": None}, True),
        ({"a": [1]}, {"a": True}, False),
    ],
)
def test_patterns(events: Any, pattern: Any, detail: Any, result: bool) -> None:
    event = {"id": "1", "source": "s", "detail-type": "t", "account": "1", "time": "2020-01-01T00:00:00Z",
             "region": "us-east-1", "resources": [], "detail": detail}  # fmt: skip
    told = events.test_event_pattern(EventPattern=json.dumps({"detail": pattern}), Event=json.dumps(event))
    assert told["Result"] is result


@pytest.mark.parametrize(
    ("pattern", "reason"),
    [
        ('{"a": "x"}', '"a" must be an object or an array'),
        ('["a"]', "Filter is not an object"),
        ('{"a": [{"EXISTS": true}]}', "Unrecognized match type EXISTS"),
        ('{"a": [{"prefix": 1}]}', "prefix match pattern must be a string"),
    ],
)
def test_bad_patterns_are_refused(events: Any, pattern: str, reason: str) -> None:
    with pytest.raises(events.exceptions.InvalidEventPatternException) as caught:
        events.put_rule(Name="r", EventPattern=pattern)
    assert caught.value.response["Error"]["Message"] == f"Event pattern is not valid. Reason: {reason}"


def test_rules_with_targets_stay(events: Any) -> None:
    events.put_rule(Name="r", ScheduleExpression="rate(5 minutes)")
    events.put_targets(Rule="r", Targets=[{"Id": "1", "Arn": QUEUE}])
    assert events.list_rule_names_by_target(TargetArn=QUEUE)["RuleNames"] == ["r"]
    with pytest.raises(ClientError, match="Rule can't be deleted since it has targets"):
        events.delete_rule(Name="r")
    events.remove_targets(Rule="r", Ids=["1"])
    events.delete_rule(Name="r")
    assert events.list_rules()["Rules"] == []


def test_buses_come_and_go(events: Any) -> None:
    events.create_event_bus(Name="own", Tags=[{"Key": "a", "Value": "1"}])
    assert [bus["Name"] for bus in events.list_event_buses()["EventBuses"]] == ["default", "own"]
    with pytest.raises(events.exceptions.ResourceAlreadyExistsException, match="Event bus own already exists"):
        events.create_event_bus(Name="own")
    arn = events.describe_event_bus(Name="own")["Arn"]
    assert events.list_tags_for_resource(ResourceARN=arn)["Tags"] == [{"Key": "a", "Value": "1"}]
    events.put_permission(EventBusName="own", StatementId="s", Principal="111122223333", Action="events:PutEvents")
    assert json.loads(events.describe_event_bus(Name="own")["Policy"])["Statement"][0]["Sid"] == "s"
    with pytest.raises(events.exceptions.ResourceNotFoundException, match="Statement with the provided id"):
        events.remove_permission(EventBusName="own", StatementId="no")
    events.delete_event_bus(Name="own")
    with pytest.raises(events.exceptions.ResourceNotFoundException, match="Event bus own does not exist"):
        events.describe_event_bus(Name="own")
