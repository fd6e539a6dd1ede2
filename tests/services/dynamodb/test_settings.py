from __future__ import annotations

import json

import boto3
import pytest
from botocore.exceptions import ClientError

STREAM = "arn:aws:kinesis:us-east-1:123456789012:stream/changes"


def test_a_kinesis_destination_goes_on_and_off(client, make):
    make()
    assert (
        client.enable_kinesis_streaming_destination(TableName="things", StreamArn=STREAM)["DestinationStatus"]
        == "ENABLING"
    )
    with pytest.raises(ClientError, match="must be DISABLED or ENABLE_FAILED"):
        client.enable_kinesis_streaming_destination(TableName="things", StreamArn=STREAM)
    (found,) = client.describe_kinesis_streaming_destination(TableName="things")["KinesisDataStreamDestinations"]
    assert (found["StreamArn"], found["DestinationStatus"]) == (STREAM, "ACTIVE")
    client.disable_kinesis_streaming_destination(TableName="things", StreamArn=STREAM)
    (found,) = client.describe_kinesis_streaming_destination(TableName="things")["KinesisDataStreamDestinations"]
    assert found["DestinationStatus"] == "DISABLED"


def test_changes_are_sent_to_kinesis(aws, client, make, handler):
    sent = []

    @handler("kinesis", "PutRecord")
    def put_record(tx, req):
        sent.append((req.stream_arn, json.loads(req.data)))
        return {"ShardId": "shardId-0", "SequenceNumber": "1"}

    make()
    client.enable_kinesis_streaming_destination(TableName="things", StreamArn=STREAM)
    client.put_item(TableName="things", Item={"id": {"S": "a"}, "b": {"B": b"x"}})
    ((arn, record),) = sent
    assert arn == STREAM
    assert (record["eventName"], record["tableName"]) == ("INSERT", "things")
    assert record["dynamodb"]["NewImage"] == {"id": {"S": "a"}, "b": {"B": "eA=="}}
    assert record["dynamodb"]["ApproximateCreationDateTime"] > 10**12


def test_insights_are_watched_by_table_and_index(client, make):
    make(range="at:N", indexes={"by-kind": ("kind:S",)})
    client.update_contributor_insights(TableName="things", ContributorInsightsAction="ENABLE")
    client.update_contributor_insights(TableName="things", IndexName="by-kind", ContributorInsightsAction="ENABLE")
    found = client.describe_contributor_insights(TableName="things")
    assert found["ContributorInsightsStatus"] == "ENABLED"
    assert len(found["ContributorInsightsRuleList"]) == 4
    listed = client.list_contributor_insights(TableName="things")["ContributorInsightsSummaries"]
    assert [each.get("IndexName") for each in listed] == [None, "by-kind"]


def test_auto_scaling_is_described_as_it_was_set(client, make):
    make()
    settings = {"MinimumUnits": 1, "MaximumUnits": 9}
    client.update_table_replica_auto_scaling(
        TableName="things",
        ProvisionedWriteCapacityAutoScalingUpdate=settings,
    )
    found = client.describe_table_replica_auto_scaling(TableName="things")["TableAutoScalingDescription"]
    assert found["Replicas"][0]["ReplicaProvisionedWriteCapacityAutoScalingSettings"] == settings


def test_endpoints_and_limits_are_told(aws):
    client = boto3.client("dynamodb", "eu-west-1")
    assert client.describe_endpoints()["Endpoints"][0]["Address"] == "dynamodb.eu-west-1.amazonaws.com"
    assert client.describe_limits()["TableMaxReadCapacityUnits"] == 40000
