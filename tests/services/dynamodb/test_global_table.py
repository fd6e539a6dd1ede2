from __future__ import annotations

import boto3
import pytest


@pytest.fixture
def elsewhere(aws):
    return boto3.client("dynamodb", "eu-west-1")


def replicate(client, region="eu-west-1"):
    client.update_table(TableName="things", ReplicaUpdates=[{"Create": {"RegionName": region}}])


def test_a_replica_has_the_items_and_gets_the_changes(client, make, elsewhere):
    make(indexes={"by-kind": ("kind:S",)})
    client.put_item(TableName="things", Item={"id": {"S": "a"}, "kind": {"S": "k"}})
    replicate(client)
    client.put_item(TableName="things", Item={"id": {"S": "b"}})
    elsewhere.put_item(TableName="things", Item={"id": {"S": "c"}})
    client.delete_item(TableName="things", Key={"id": {"S": "a"}})
    for each in (client, elsewhere):
        assert [item["id"]["S"] for item in each.scan(TableName="things")["Items"]] == ["b", "c"]
        assert each.scan(TableName="things", IndexName="by-kind")["Count"] == 0


def test_each_replica_names_the_others(client, make, elsewhere):
    make()
    replicate(client)
    here = client.describe_table(TableName="things")["Table"]
    assert [(each["RegionName"], each["ReplicaStatus"]) for each in here["Replicas"]] == [("eu-west-1", "ACTIVE")]
    assert here["GlobalTableVersion"] == "2019.11.21"
    there = elsewhere.describe_table(TableName="things")["Table"]
    assert [each["RegionName"] for each in there["Replicas"]] == ["us-east-1"]


def test_replicas_have_streams_of_their_own(client, make, elsewhere):
    make(StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"})
    replicate(client)
    client.put_item(TableName="things", Item={"id": {"S": "a"}})
    streams = boto3.client("dynamodbstreams", "eu-west-1")
    (stream,) = streams.list_streams(TableName="things")["Streams"]
    shard = streams.describe_stream(StreamArn=stream["StreamArn"])["StreamDescription"]["Shards"][0]["ShardId"]
    iterator = streams.get_shard_iterator(
        StreamArn=stream["StreamArn"], ShardId=shard, ShardIteratorType="TRIM_HORIZON"
    )["ShardIterator"]
    (record,) = streams.get_records(ShardIterator=iterator)["Records"]
    assert (record["awsRegion"], record["eventName"]) == ("eu-west-1", "INSERT")


def test_a_replica_that_is_taken_away_is_gone(client, make, elsewhere):
    make()
    replicate(client)
    client.update_table(TableName="things", ReplicaUpdates=[{"Delete": {"RegionName": "eu-west-1"}}])
    assert elsewhere.list_tables()["TableNames"] == []
    assert "Replicas" not in client.describe_table(TableName="things")["Table"]


def test_a_deleted_replica_leaves_the_others(client, make, elsewhere):
    make()
    replicate(client)
    elsewhere.delete_table(TableName="things")
    client.put_item(TableName="things", Item={"id": {"S": "a"}})
    assert "Replicas" not in client.describe_table(TableName="things")["Table"]


def test_new_indexes_reach_the_replicas(client, make, elsewhere):
    make()
    replicate(client)
    client.put_item(TableName="things", Item={"id": {"S": "a"}, "kind": {"S": "k"}})
    client.update_table(
        TableName="things",
        AttributeDefinitions=[
            {"AttributeName": "id", "AttributeType": "S"},
            {"AttributeName": "kind", "AttributeType": "S"},
        ],
        GlobalSecondaryIndexUpdates=[
            {
                "Create": {
                    "IndexName": "by-kind",
                    "KeySchema": [{"AttributeName": "kind", "KeyType": "HASH"}],
                    "Projection": {"ProjectionType": "ALL"},
                }
            }
        ],
    )
    assert elsewhere.scan(TableName="things", IndexName="by-kind")["Count"] == 1


def test_the_first_version_joins_tables(client, make, elsewhere):
    stream = {"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"}
    make(StreamSpecification=stream)
    elsewhere.create_table(
        TableName="things",
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
        StreamSpecification=stream,
    )
    group = [{"RegionName": "us-east-1"}, {"RegionName": "eu-west-1"}]
    made = client.create_global_table(GlobalTableName="things", ReplicationGroup=group)["GlobalTableDescription"]
    assert made["GlobalTableStatus"] == "CREATING"
    client.put_item(TableName="things", Item={"id": {"S": "a"}})
    assert elsewhere.scan(TableName="things")["Count"] == 1
    assert elsewhere.list_global_tables()["GlobalTables"][0]["GlobalTableName"] == "things"
    client.update_global_table(GlobalTableName="things", ReplicaUpdates=[{"Delete": {"RegionName": "eu-west-1"}}])
    client.put_item(TableName="things", Item={"id": {"S": "b"}})
    assert elsewhere.scan(TableName="things")["Count"] == 1


def test_a_global_table_needs_its_tables(client, make):
    make()
    with pytest.raises(client.exceptions.TableNotFoundException):
        client.create_global_table(GlobalTableName="nothing", ReplicationGroup=[{"RegionName": "us-east-1"}])
