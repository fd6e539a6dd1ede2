"""CloudWatch Logs."""

from __future__ import annotations

import gzip
import json
import sys
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from sundog.cloud import Cloud


@pytest.fixture
def logs(aws: Cloud) -> Any:
    return boto3.client("logs", region_name="us-east-1")


@pytest.fixture
def now(aws: Cloud) -> int:
    return int(aws.clock.timestamp() * 1000)


@pytest.fixture
def stream(logs: Any) -> dict[str, str]:
    logs.create_log_group(logGroupName="g")
    logs.create_log_stream(logGroupName="g", logStreamName="s")
    return {"logGroupName": "g", "logStreamName": "s"}


def events(*found: tuple[int, str]) -> list[dict[str, Any]]:
    return [{"timestamp": time, "message": message} for time, message in found]


def test_groups_are_described(logs: Any) -> None:
    logs.create_log_group(logGroupName="/app/a", tags={"k": "v"})
    logs.create_log_group(logGroupName="/app/b")
    logs.create_log_group(logGroupName="other")
    found = logs.describe_log_groups(logGroupNamePrefix="/app/")["logGroups"]
    assert [one["logGroupName"] for one in found] == ["/app/a", "/app/b"]
    assert found[0]["arn"] == "arn:aws:logs:us-east-1:123456789012:log-group:/app/a:*"
    assert (found[0]["metricFilterCount"], found[0]["storedBytes"], found[0]["logGroupClass"]) == (0, 0, "STANDARD")
    assert "retentionInDays" not in found[0]
    assert logs.list_tags_for_resource(resourceArn=found[0]["logGroupArn"])["tags"] == {"k": "v"}


def test_group_names_are_taken_once(logs: Any) -> None:
    logs.create_log_group(logGroupName="g")
    with pytest.raises(logs.exceptions.ResourceAlreadyExistsException, match="The specified log group already exists"):
        logs.create_log_group(logGroupName="g")


def test_retention_has_certain_lengths(logs: Any) -> None:
    logs.create_log_group(logGroupName="g")
    logs.put_retention_policy(logGroupName="g", retentionInDays=7)
    assert logs.describe_log_groups()["logGroups"][0]["retentionInDays"] == 7
    with pytest.raises(logs.exceptions.InvalidParameterException, match="retentionInDays"):
        logs.put_retention_policy(logGroupName="g", retentionInDays=8)
    logs.delete_retention_policy(logGroupName="g")
    assert "retentionInDays" not in logs.describe_log_groups()["logGroups"][0]


def test_what_is_written_is_read(logs: Any, stream: dict[str, str], now: int) -> None:
    logs.put_log_events(**stream, logEvents=events((now - 2, "a"), (now - 1, "b")))
    read = logs.get_log_events(**stream, startFromHead=True)
    assert [(one["timestamp"], one["message"]) for one in read["events"]] == [(now - 2, "a"), (now - 1, "b")]
    told = logs.describe_log_streams(logGroupName="g")["logStreams"][0]
    assert (told["firstEventTimestamp"], told["lastEventTimestamp"]) == (now - 2, now - 1)


def test_tokens_lead_on_and_back(logs: Any, stream: dict[str, str], now: int) -> None:
    logs.put_log_events(**stream, logEvents=events(*((now + n, str(n)) for n in range(5))))

    def page(**more: Any) -> tuple[list[str], dict[str, Any]]:
        read = logs.get_log_events(**stream, limit=2, **more)
        return [one["message"] for one in read["events"]], read

    texts, read = page(startFromHead=True)
    assert texts == ["0", "1"]
    texts, read = page(nextToken=read["nextForwardToken"])
    assert texts == ["2", "3"]
    texts, _ = page(nextToken=read["nextBackwardToken"])
    assert texts == ["0", "1"]
    texts, read = page(nextToken=read["nextForwardToken"])
    assert texts == ["4"]
    texts, end = page(nextToken=read["nextForwardToken"])
    assert texts == []
    assert end["nextForwardToken"] == read["nextForwardToken"]
    assert page()[0] == ["3", "4"]


@pytest.mark.parametrize(
    ("pattern", "found"),
    [
        ("", [0, 1, 2, 3]),
        ("ERROR", [0]),
        ("ERROR disk", [0]),
        ("?ERROR ?login", [0, 1]),
        ("disk -ERROR", [3]),
        ('"disk full"', [0]),
        ("%l[o]gin%", [1]),
        ('{ $.level = "warn" }', [2]),
        ('{ $.code >= 500 && $.level = "w*" }', [2]),
        ("{ $.code < 500 || $.none = 1 }", []),
        ("{ $.items[0].name = x }", [2]),
        ("{ $.gone NOT EXISTS }", [2]),
        ("[first, second=login, ...]", [1]),
    ],
)
def test_patterns_find_events(logs: Any, stream: dict[str, str], now: int, pattern: str, found: list[int]) -> None:
    texts = (
        "ERROR disk full",
        "user login 10.0.0.1",
        '{"level": "warn", "code": 503, "items": [{"name": "x"}]}',
        "disk ok",
    )
    logs.put_log_events(**stream, logEvents=events(*((now + n, text) for n, text in enumerate(texts))))
    read = logs.filter_log_events(logGroupName="g", filterPattern=pattern)["events"]
    assert [texts.index(one["message"]) for one in read] == found


def test_searches_go_over_streams_in_pages(logs: Any, stream: dict[str, str], now: int) -> None:
    logs.create_log_stream(logGroupName="g", logStreamName="t")
    logs.put_log_events(**stream, logEvents=events((now, "a"), (now + 2, "c")))
    logs.put_log_events(logGroupName="g", logStreamName="t", logEvents=events((now + 1, "b")))
    pages = logs.get_paginator("filter_log_events").paginate(logGroupName="g", PaginationConfig={"PageSize": 2})
    assert [[one["message"] for one in page["events"]] for page in pages] == [["a", "b"], ["c"]]
    assert len(logs.filter_log_events(logGroupName="g", logStreamNames=["t"])["events"]) == 1
    with pytest.raises(logs.exceptions.InvalidParameterException, match="The specified nextToken is invalid"):
        logs.filter_log_events(logGroupName="g", nextToken="no")


def test_events_of_other_times_are_rejected(logs: Any, stream: dict[str, str], now: int) -> None:
    day = 86_400_000
    told = logs.put_log_events(**stream, logEvents=events((now - 15 * day, "old"), (now, "good"), (now + day, "new")))
    assert told["rejectedLogEventsInfo"] == {"tooOldLogEventEndIndex": 1, "tooNewLogEventStartIndex": 2}
    assert [one["message"] for one in logs.get_log_events(**stream)["events"]] == ["good"]
    with pytest.raises(logs.exceptions.InvalidParameterException, match="must be in chronological order"):
        logs.put_log_events(**stream, logEvents=events((now, "b"), (now - 1, "a")))


def test_what_is_missing_is_named(logs: Any, stream: dict[str, str], now: int) -> None:
    with pytest.raises(logs.exceptions.ResourceNotFoundException, match="The specified log stream does not exist"):
        logs.put_log_events(logGroupName="g", logStreamName="no", logEvents=events((now, "a")))
    with pytest.raises(logs.exceptions.ResourceNotFoundException, match="The specified log group does not exist"):
        logs.describe_log_streams(logGroupName="no")


def test_a_group_goes_with_all_in_it(logs: Any, stream: dict[str, str], now: int) -> None:
    logs.put_log_events(**stream, logEvents=events((now, "a")))
    logs.delete_log_group(logGroupName="g")
    logs.create_log_group(logGroupName="g")
    assert logs.describe_log_streams(logGroupName="g")["logStreams"] == []
    logs.create_log_stream(**stream)
    assert logs.get_log_events(**stream)["events"] == []


def test_metric_filters_are_kept_by_group(logs: Any, stream: dict[str, str]) -> None:
    change = [{"metricName": "m", "metricNamespace": "n", "metricValue": "1"}]
    logs.put_metric_filter(logGroupName="g", filterName="f", filterPattern="ERROR", metricTransformations=change)
    assert logs.describe_log_groups()["logGroups"][0]["metricFilterCount"] == 1
    found = logs.describe_metric_filters(metricName="m", metricNamespace="n")["metricFilters"]
    assert [(one["filterName"], one["metricTransformations"]) for one in found] == [("f", change)]
    logs.delete_metric_filter(logGroupName="g", filterName="f")
    with pytest.raises(ClientError):
        logs.delete_metric_filter(logGroupName="g", filterName="f")


def test_subscribers_get_what_fits(logs: Any, stream: dict[str, str], now: int, monkeypatch: Any) -> None:
    got: list[Any] = []
    targets = sys.modules["sundog.core.deliver"]._targets
    monkeypatch.setitem(targets, "kinesis", lambda tx, arn, event: got.append((str(arn), event.body)))
    arn = "arn:aws:kinesis:us-east-1:123456789012:stream/k"
    logs.put_subscription_filter(logGroupName="g", filterName="f", filterPattern="ERROR", destinationArn=arn)
    told = logs.describe_subscription_filters(logGroupName="g")["subscriptionFilters"][0]
    assert (told["destinationArn"], told["distribution"]) == (arn, "ByLogStream")
    logs.put_log_events(**stream, logEvents=events((now, "ERROR a"), (now, "fine")))
    [(to, body)] = got
    data = json.loads(gzip.decompress(body))
    assert (to, data["logGroup"], data["logStream"]) == (arn, "g", "s")
    assert [one["message"] for one in data["logEvents"]] == ["ERROR a"]
