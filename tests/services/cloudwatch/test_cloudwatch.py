"""CloudWatch: metrics and alarms."""

from __future__ import annotations

import datetime
import json
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from sundog.cloud import Cloud

START = datetime.datetime(2026, 1, 1, tzinfo=datetime.timezone.utc)
ALARM = {"AlarmName": "a", "MetricName": "m", "Namespace": "n", "Statistic": "Sum", "Period": 60, "EvaluationPeriods": 1,
         "Threshold": 1.0, "ComparisonOperator": "GreaterThanThreshold"}  # fmt: skip


@pytest.fixture
def cloudwatch(aws: Cloud) -> Any:
    return boto3.client("cloudwatch", region_name="us-east-1")


def put(cloudwatch: Any, second: int, **more: Any) -> None:
    when = START + datetime.timedelta(seconds=second)
    cloudwatch.put_metric_data(Namespace="n", MetricData=[{"MetricName": "m", "Timestamp": when, **more}])


def test_statistics_are_of_periods(cloudwatch: Any) -> None:
    put(cloudwatch, 1, Value=1.0, Unit="Count")
    put(cloudwatch, 2, Values=[3.0, 5.0], Counts=[2.0, 1.0], Unit="Count")
    put(cloudwatch, 61, StatisticValues={"SampleCount": 2, "Sum": 10, "Minimum": 4, "Maximum": 6}, Unit="Count")
    told = cloudwatch.get_metric_statistics(
        Namespace="n", MetricName="m", StartTime=START, EndTime=START + datetime.timedelta(minutes=5), Period=60,
        Statistics=["Sum", "Average", "Minimum", "Maximum", "SampleCount"],
    )  # fmt: skip
    assert told["Label"] == "m"
    assert told["Datapoints"] == [
        {"Timestamp": START, "Unit": "Count", "Sum": 12.0, "Average": 3.0, "Minimum": 1.0, "Maximum": 5.0,
         "SampleCount": 4.0},
        {"Timestamp": START + datetime.timedelta(minutes=1), "Unit": "Count", "Sum": 10.0, "Average": 5.0, "Minimum": 4.0,
         "Maximum": 6.0, "SampleCount": 2.0},
    ]  # fmt: skip


def test_dimensions_make_metrics(cloudwatch: Any) -> None:
    put(cloudwatch, 1, Value=1.0, Dimensions=[{"Name": "d", "Value": "1"}])
    put(cloudwatch, 1, Value=2.0)
    listed = cloudwatch.list_metrics(Namespace="n", Dimensions=[{"Name": "d"}])["Metrics"]
    assert listed == [{"Namespace": "n", "MetricName": "m", "Dimensions": [{"Name": "d", "Value": "1"}]}]
    assert len(cloudwatch.list_metrics(MetricName="m")["Metrics"]) == 2
    metric = {"Namespace": "n", "MetricName": "m", "Dimensions": [{"Name": "d", "Value": "1"}]}
    told = cloudwatch.get_metric_data(
        MetricDataQueries=[{"Id": "q", "MetricStat": {"Metric": metric, "Period": 60, "Stat": "Sum"}}],
        StartTime=START, EndTime=START + datetime.timedelta(minutes=1),
    )  # fmt: skip
    [result] = told["MetricDataResults"]
    assert (result["Id"], result["Label"], result["Timestamps"], result["Values"]) == ("q", "m", [START], [1.0])


def test_bad_data_are_refused(cloudwatch: Any) -> None:
    with pytest.raises(ClientError) as caught:
        put(cloudwatch, 1, Value=1.0, Values=[1.0])
    assert caught.value.response["Error"]["Message"] == (
        "The parameters MetricData.member.1.Value and MetricData.member.1.Values are mutually exclusive and you have "
        "specified both."
    )
    with pytest.raises(ClientError, match="must be of the same size"):
        put(cloudwatch, 1, Values=[1.0], Counts=[1.0, 2.0])
    with pytest.raises(ClientError, match="StartTime must be less than the parameter EndTime"):
        cloudwatch.get_metric_statistics(
            Namespace="n", MetricName="m", StartTime=START, EndTime=START, Period=60, Statistics=["Sum"]
        )


def test_a_new_alarm_waits_for_data(cloudwatch: Any) -> None:
    cloudwatch.put_metric_alarm(**ALARM, Tags=[{"Key": "k", "Value": "v"}])
    [told] = cloudwatch.describe_alarms()["MetricAlarms"]
    assert told["AlarmArn"] == "arn:aws:cloudwatch:us-east-1:123456789012:alarm:a"
    assert (told["StateValue"], told["StateReason"], told["ActionsEnabled"]) == (
        "INSUFFICIENT_DATA", "Unchecked: Initial alarm creation", True,
    )  # fmt: skip
    assert (told["Dimensions"], told["AlarmActions"], told["Threshold"]) == ([], [], 1.0)
    assert cloudwatch.list_tags_for_resource(ResourceARN=told["AlarmArn"])["Tags"] == [{"Key": "k", "Value": "v"}]
    cloudwatch.delete_alarms(AlarmNames=["a"])
    assert cloudwatch.describe_alarms()["MetricAlarms"] == []


def test_alarms_are_found_by_prefix_state_and_metric(cloudwatch: Any) -> None:
    cloudwatch.put_metric_alarm(**ALARM)
    cloudwatch.put_metric_alarm(**{**ALARM, "AlarmName": "b", "MetricName": "other"})
    cloudwatch.set_alarm_state(AlarmName="b", StateValue="OK", StateReason="r")

    def names(**how: Any) -> list[str]:
        return [one["AlarmName"] for one in cloudwatch.describe_alarms(**how)["MetricAlarms"]]

    assert names(AlarmNamePrefix="a") == ["a"]
    assert names(StateValue="OK") == ["b"]
    found = cloudwatch.describe_alarms_for_metric(MetricName="m", Namespace="n")["MetricAlarms"]
    assert [one["AlarmName"] for one in found] == ["a"]


def test_a_moved_alarm_tells_its_topics(cloudwatch: Any) -> None:
    sns, sqs = (boto3.client(name, region_name="us-east-1") for name in ("sns", "sqs"))
    topic = sns.create_topic(Name="t")["TopicArn"]
    url = sqs.create_queue(QueueName="q")["QueueUrl"]
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint="arn:aws:sqs:us-east-1:123456789012:q")
    cloudwatch.put_metric_alarm(**ALARM, AlarmActions=[topic])
    cloudwatch.set_alarm_state(AlarmName="a", StateValue="ALARM", StateReason="because")
    [message] = sqs.receive_message(QueueUrl=url)["Messages"]
    told = json.loads(json.loads(message["Body"])["Message"])
    assert (told["NewStateValue"], told["OldStateValue"], told["NewStateReason"]) == (
        "ALARM", "INSUFFICIENT_DATA", "because",
    )  # fmt: skip
    with pytest.raises(ClientError):
        cloudwatch.set_alarm_state(AlarmName="no", StateValue="OK", StateReason="r")
