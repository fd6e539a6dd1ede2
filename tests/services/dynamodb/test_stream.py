from __future__ import annotations

import boto3
import pytest
from botocore.exceptions import ClientError


@pytest.fixture
def streams(aws):
    return boto3.client("dynamodbstreams", "us-east-1")


def opened(client, make, view="NEW_AND_OLD_IMAGES"):
    make(StreamSpecification={"StreamEnabled": True, "StreamViewType": view})
    return client.describe_table(TableName="things")["Table"]["LatestStreamArn"]


def iterator(streams, arn, kind="TRIM_HORIZON", **more):
    shard = streams.describe_stream(StreamArn=arn)["StreamDescription"]["Shards"][0]["ShardId"]
    answer = streams.get_shard_iterator(StreamArn=arn, ShardId=shard, ShardIteratorType=kind, **more)
    return answer["ShardIterator"]


def records(streams, arn, **more):
    return streams.get_records(ShardIterator=iterator(streams, arn, **more))["Records"]


def change(client):
    key = {"id": {"S": "a"}}
    client.put_item(TableName="things", Item={**key, "v": {"N": "1"}})
    client.put_item(TableName="things", Item={**key, "v": {"N": "2"}})
    client.delete_item(TableName="things", Key=key)


def test_changes_are_recorded_in_order(client, make, streams):
    arn = opened(client, make)
    change(client)
    found = records(streams, arn)
    assert [record["eventName"] for record in found] == ["INSERT", "MODIFY", "REMOVE"]
    modified = found[1]
    assert modified["eventSource"] == "aws:dynamodb"
    assert modified["eventVersion"] == "1.1"
    assert modified["awsRegion"] == "us-east-1"
    assert modified["dynamodb"]["Keys"] == {"id": {"S": "a"}}
    assert modified["dynamodb"]["OldImage"] == {"id": {"S": "a"}, "v": {"N": "1"}}
    assert modified["dynamodb"]["NewImage"] == {"id": {"S": "a"}, "v": {"N": "2"}}
    assert modified["dynamodb"]["StreamViewType"] == "NEW_AND_OLD_IMAGES"
    numbers = [record["dynamodb"]["SequenceNumber"] for record in found]
    assert numbers == sorted(numbers)


def test_sizes_are_those_aws_recorded(client, make, streams):
    arn = opened(client, make)
    client.put_item(TableName="things", Item={"id": {"S": "Fred"}})
    assert records(streams, arn)[0]["dynamodb"]["SizeBytes"] == 12


@pytest.mark.parametrize(
    ("view", "images"),
    [
        ("KEYS_ONLY", set()),
        ("NEW_IMAGE", {"NewImage"}),
        ("OLD_IMAGE", {"OldImage"}),
        ("NEW_AND_OLD_IMAGES", {"NewImage", "OldImage"}),
    ],
)
def test_the_view_says_which_images_there_are(client, make, streams, view, images):
    arn = opened(client, make, view)
    change(client)
    assert {name for name in records(streams, arn)[1]["dynamodb"] if name.endswith("Image")} == images


def test_a_write_that_changes_nothing_is_not_recorded(client, make, streams):
    arn = opened(client, make)
    client.put_item(TableName="things", Item={"id": {"S": "a"}, "s": {"SS": ["x", "y"]}})
    client.put_item(TableName="things", Item={"s": {"SS": ["y", "x"]}, "id": {"S": "a"}})
    assert len(records(streams, arn)) == 1


def test_iterators_begin_where_they_say(client, make, streams):
    arn = opened(client, make)
    change(client)
    first = records(streams, arn)[0]["dynamodb"]["SequenceNumber"]
    assert len(records(streams, arn, kind="AT_SEQUENCE_NUMBER", SequenceNumber=first)) == 3
    assert len(records(streams, arn, kind="AFTER_SEQUENCE_NUMBER", SequenceNumber=first)) == 2
    latest = iterator(streams, arn, "LATEST")
    assert streams.get_records(ShardIterator=latest)["Records"] == []
    client.put_item(TableName="things", Item={"id": {"S": "b"}})
    assert len(streams.get_records(ShardIterator=latest)["Records"]) == 1


def test_records_come_in_pages(client, make, streams):
    arn = opened(client, make)
    change(client)
    page = streams.get_records(ShardIterator=iterator(streams, arn), Limit=2)
    assert len(page["Records"]) == 2
    assert len(streams.get_records(ShardIterator=page["NextShardIterator"])["Records"]) == 1


def test_records_last_a_day(aws, client, make, streams):
    arn = opened(client, make)
    change(client)
    aws.clock.advance(hours=23)
    assert len(records(streams, arn)) == 3
    aws.clock.advance(hours=2)
    assert records(streams, arn) == []


def test_an_iterator_lasts_fifteen_minutes(aws, client, make, streams):
    arn = opened(client, make)
    old = iterator(streams, arn)
    aws.clock.advance(minutes=16)
    with pytest.raises(streams.exceptions.ExpiredIteratorException):
        streams.get_records(ShardIterator=old)


def test_a_disabled_stream_is_read_to_its_end(aws, client, make, streams):
    arn = opened(client, make)
    change(client)
    client.update_table(TableName="things", StreamSpecification={"StreamEnabled": False})
    description = streams.describe_stream(StreamArn=arn)["StreamDescription"]
    assert description["StreamStatus"] == "DISABLED"
    assert "EndingSequenceNumber" in description["Shards"][0]["SequenceNumberRange"]
    page = streams.get_records(ShardIterator=iterator(streams, arn))
    assert len(page["Records"]) == 3
    assert "NextShardIterator" not in page
    aws.clock.advance(hours=25)
    with pytest.raises(streams.exceptions.ResourceNotFoundException):
        streams.describe_stream(StreamArn=arn)


def test_streams_are_listed_by_table(client, make, streams):
    arn = opened(client, make)
    assert [each["StreamArn"] for each in streams.list_streams(TableName="things")["Streams"]] == [arn]
    assert streams.list_streams(TableName="others")["Streams"] == []


def test_only_one_stream_is_enabled_at_a_time(client, make, streams):
    opened(client, make)
    with pytest.raises(ClientError, match="Table already has an enabled stream: TableName: things"):
        client.update_table(
            TableName="things", StreamSpecification={"StreamEnabled": True, "StreamViewType": "KEYS_ONLY"}
        )


def test_what_expires_goes_by_the_clock_and_says_who_did_it(aws, client, make, streams):
    arn = opened(client, make)
    client.update_time_to_live(TableName="things", TimeToLiveSpecification={"Enabled": True, "AttributeName": "until"})
    now = int(aws.clock.timestamp())
    for name, seconds in (("a", 60), ("b", 3600)):
        client.put_item(TableName="things", Item={"id": {"S": name}, "until": {"N": str(now + seconds)}})
    client.put_item(TableName="things", Item={"id": {"S": "c"}, "until": {"S": str(now)}})
    client.put_item(TableName="things", Item={"id": {"S": "d"}, "until": {"N": "12"}})
    aws.clock.advance(minutes=2)
    left = client.scan(TableName="things")["Items"]
    assert [item["id"]["S"] for item in left] == ["b", "c", "d"]
    removed = records(streams, arn)[-1]
    assert removed["eventName"] == "REMOVE"
    assert removed["userIdentity"] == {"PrincipalId": "dynamodb.amazonaws.com", "Type": "Service"}
    aws.clock.advance(hours=1)
    assert client.scan(TableName="things", Select="COUNT")["Count"] == 2


def test_an_item_whose_time_was_moved_stays(aws, client, make):
    make()
    client.update_time_to_live(TableName="things", TimeToLiveSpecification={"Enabled": True, "AttributeName": "until"})
    now = int(aws.clock.timestamp())
    client.put_item(TableName="things", Item={"id": {"S": "a"}, "until": {"N": str(now + 60)}})
    client.put_item(TableName="things", Item={"id": {"S": "a"}, "until": {"N": str(now + 6000)}})
    aws.clock.advance(minutes=2)
    assert client.scan(TableName="things")["Count"] == 1
    aws.clock.advance(hours=2)
    assert client.scan(TableName="things")["Count"] == 0


def test_enabling_expiry_covers_the_items_there_are(aws, client, make):
    make()
    now = int(aws.clock.timestamp())
    client.put_item(TableName="things", Item={"id": {"S": "a"}, "until": {"N": str(now - 60)}})
    client.update_time_to_live(TableName="things", TimeToLiveSpecification={"Enabled": True, "AttributeName": "until"})
    described = client.describe_time_to_live(TableName="things")["TimeToLiveDescription"]
    assert described == {"TimeToLiveStatus": "ENABLED", "AttributeName": "until"}
    aws.clock.advance(minutes=2)
    assert client.scan(TableName="things")["Count"] == 0
