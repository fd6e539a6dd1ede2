from __future__ import annotations

import boto3
import pytest

from sundog import mock_aws

ONE = {"TableName": "things", "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}]}
DEFINED = {"AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}]}
UNITS = {"ProvisionedThroughput": {"ReadCapacityUnits": 5, "WriteCapacityUnits": 5}}


def test_a_table_is_described_as_aws_recorded(client):
    made = client.create_table(**ONE, **DEFINED, **UNITS)["TableDescription"]
    assert made["TableStatus"] == "CREATING"
    assert "WarmThroughput" not in made
    found = client.describe_table(TableName="things")["Table"]
    assert found.pop("CreationDateTime")
    assert len(found.pop("TableId")) == 36
    assert found == {
        "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
        "DeletionProtectionEnabled": False,
        "ItemCount": 0,
        "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
        "ProvisionedThroughput": {"NumberOfDecreasesToday": 0, "ReadCapacityUnits": 5, "WriteCapacityUnits": 5},
        "TableArn": "arn:aws:dynamodb:us-east-1:123456789012:table/things",
        "TableName": "things",
        "TableSizeBytes": 0,
        "TableStatus": "ACTIVE",
        "WarmThroughput": {"ReadUnitsPerSecond": 5, "Status": "ACTIVE", "WriteUnitsPerSecond": 5},
    }
    gone = client.delete_table(TableName="things")["TableDescription"]
    assert gone.keys() == {
        "DeletionProtectionEnabled",
        "ItemCount",
        "ProvisionedThroughput",
        "TableArn",
        "TableId",
        "TableName",
        "TableSizeBytes",
        "TableStatus",
    }
    assert gone["TableStatus"] == "DELETING"


def test_a_table_on_demand_says_so(client):
    client.create_table(**ONE, **DEFINED, BillingMode="PAY_PER_REQUEST")
    found = client.describe_table(TableName="things")["Table"]
    assert found["BillingModeSummary"]["BillingMode"] == "PAY_PER_REQUEST"
    assert found["ProvisionedThroughput"]["ReadCapacityUnits"] == 0
    assert found["WarmThroughput"] == {"ReadUnitsPerSecond": 12000, "WriteUnitsPerSecond": 4000, "Status": "ACTIVE"}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"BillingMode": "PAY_PER_REQUEST"},
            "One or more parameter values were invalid: Neither ReadCapacityUnits nor WriteCapacityUnits can be specified "
            "when BillingMode is PAY_PER_REQUEST",
        ),
        (
            {"ProvisionedThroughput": None},
            "One or more parameter values were invalid: ReadCapacityUnits and WriteCapacityUnits must both be specified "
            "when BillingMode is PROVISIONED",
        ),
        (
            {"AttributeDefinitions": [*DEFINED["AttributeDefinitions"], {"AttributeName": "x", "AttributeType": "S"}]},
            "One or more parameter values were invalid: Number of attributes in KeySchema does not exactly match number "
            "of attributes defined in AttributeDefinitions",
        ),
        (
            {"KeySchema": [{"AttributeName": "no", "KeyType": "HASH"}]},
            "One or more parameter values were invalid: Some index key attributes are not defined in "
            "AttributeDefinitions. Keys: [no], AttributeDefinitions: [id]",
        ),
        (
            {"KeySchema": [{"AttributeName": "id", "KeyType": "RANGE"}]},
            "Invalid KeySchema: The first KeySchemaElement is not a HASH key type",
        ),
        (
            {
                "LocalSecondaryIndexes": [
                    {
                        "IndexName": "lsi",
                        "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
                        "Projection": {"ProjectionType": "ALL"},
                    }
                ]
            },
            "One or more parameter values were invalid: Table KeySchema does not have a range key, which is required "
            "when specifying a LocalSecondaryIndex",
        ),
        ({"TableName": "x"}, "TableName must be at least 3 characters long and at most 255 characters long"),
    ],
)
def test_tables_that_can_t_be_made_are_refused(client, refused, changes, message):
    request = {**ONE, **DEFINED, **UNITS, **changes}
    request = {name: value for name, value in request.items() if value is not None}
    assert refused(client.create_table, **request) == ("ValidationException", message)


def test_a_name_is_taken_once(client, make, refused):
    make()
    assert refused(client.create_table, **ONE, **DEFINED, **UNITS) == (
        "ResourceInUseException",
        "Table already exists: things",
    )


def test_tables_that_are_not_there(client, refused):
    expected = ("ResourceNotFoundException", "Requested resource not found: Table: nothing not found")
    assert refused(client.describe_table, TableName="nothing") == expected
    assert refused(client.delete_table, TableName="nothing") == expected


def test_tables_are_listed_in_pages(client, make):
    for name in ("ccc", "aaa", "bbb"):
        make(name)
    page = client.list_tables(Limit=2)
    assert (page["TableNames"], page["LastEvaluatedTableName"]) == (["aaa", "bbb"], "bbb")
    assert client.list_tables(ExclusiveStartTableName="bbb")["TableNames"] == ["ccc"]
    assert client.list_tables(ExclusiveStartTableName="bba")["TableNames"] == ["bbb", "ccc"]


def test_a_deleted_table_s_items_don_t_come_back(client, make):
    make()
    client.put_item(TableName="things", Item={"id": {"S": "a"}})
    client.delete_table(TableName="things")
    make()
    assert client.scan(TableName="things")["Count"] == 0


def test_protection_keeps_a_table(client, make, refused):
    make(DeletionProtectionEnabled=True)
    code, message = refused(client.delete_table, TableName="things")
    assert (code, "protected against deletion" in message) == ("ValidationException", True)
    client.update_table(TableName="things", DeletionProtectionEnabled=False)
    client.delete_table(TableName="things")


def test_an_index_that_is_added_holds_the_items_there_are(client, make):
    table = make()
    table.put_item(Item={"id": "a", "kind": "k"})
    table.put_item(Item={"id": "b", "kind": 7})
    answer = client.update_table(
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
    )["TableDescription"]
    assert (answer["TableStatus"], answer["GlobalSecondaryIndexes"][0]["IndexStatus"]) == ("UPDATING", "CREATING")
    assert table.scan(IndexName="by-kind")["Items"] == [{"id": "a", "kind": "k"}]
    gone = client.update_table(TableName="things", GlobalSecondaryIndexUpdates=[{"Delete": {"IndexName": "by-kind"}}])[
        "TableDescription"
    ]
    assert gone["GlobalSecondaryIndexes"][0]["IndexStatus"] == "DELETING"
    found = client.describe_table(TableName="things")["Table"]
    assert "GlobalSecondaryIndexes" not in found
    assert len(found["AttributeDefinitions"]) == 1


def test_capacity_changes_and_is_counted(client, refused):
    client.create_table(**ONE, **DEFINED, **UNITS)
    client.update_table(TableName="things", ProvisionedThroughput={"ReadCapacityUnits": 3, "WriteCapacityUnits": 9})
    found = client.describe_table(TableName="things")["Table"]["ProvisionedThroughput"]
    assert (found["NumberOfDecreasesToday"], found["ReadCapacityUnits"], found["WriteCapacityUnits"]) == (1, 3, 9)
    assert "LastIncreaseDateTime" in found
    code, message = refused(
        client.update_table,
        TableName="things",
        ProvisionedThroughput={"ReadCapacityUnits": 3, "WriteCapacityUnits": 9},
    )
    assert code == "ValidationException"
    assert message.startswith("The provisioned throughput for the table will not change.")


def test_tables_take_their_time_where_the_cloud_has_delays():
    with mock_aws(delays=True) as aws:
        client = boto3.client("dynamodb", "us-east-1")
        client.create_table(**ONE, **DEFINED, **UNITS)
        assert client.describe_table(TableName="things")["Table"]["TableStatus"] == "CREATING"
        with pytest.raises(client.exceptions.ResourceInUseException):
            client.delete_table(TableName="things")
        with pytest.raises(client.exceptions.ResourceNotFoundException):
            client.scan(TableName="things")
        aws.clock.advance(seconds=30)
        assert client.describe_table(TableName="things")["Table"]["TableStatus"] == "ACTIVE"
        client.delete_table(TableName="things")
        assert client.describe_table(TableName="things")["Table"]["TableStatus"] == "DELETING"
        aws.clock.advance(seconds=30)
        with pytest.raises(client.exceptions.ResourceNotFoundException):
            client.describe_table(TableName="things")


def test_waiters_are_content(client):
    client.create_table(**ONE, **DEFINED, **UNITS)
    client.get_waiter("table_exists").wait(TableName="things", WaiterConfig={"MaxAttempts": 1})
    client.delete_table(TableName="things")
    client.get_waiter("table_not_exists").wait(TableName="things", WaiterConfig={"MaxAttempts": 1})


def test_tags_are_kept(client, make):
    make(Tags=[{"Key": "a", "Value": "1"}])
    arn = client.describe_table(TableName="things")["Table"]["TableArn"]
    client.tag_resource(ResourceArn=arn, Tags=[{"Key": f"t{n}", "Value": "x"} for n in range(15)])
    client.untag_resource(ResourceArn=arn, TagKeys=["a"])
    pages = list(client.get_paginator("list_tags_of_resource").paginate(ResourceArn=arn))
    assert [len(page["Tags"]) for page in pages] == [10, 5]


def test_a_policy_is_kept_until_it_is_deleted(client, make):
    make()
    arn = client.describe_table(TableName="things")["Table"]["TableArn"]
    with pytest.raises(client.exceptions.PolicyNotFoundException) as caught:
        client.get_resource_policy(ResourceArn=arn)
    assert caught.value.response["Error"]["Message"] == (
        f"Resource-based policy not found for the provided ResourceArn: {arn}"
    )
    revision = client.put_resource_policy(ResourceArn=arn, Policy='{"Version": "2012-10-17"}')["RevisionId"]
    assert client.get_resource_policy(ResourceArn=arn)["RevisionId"] == revision
    client.delete_resource_policy(ResourceArn=arn)
    with pytest.raises(client.exceptions.PolicyNotFoundException):
        client.get_resource_policy(ResourceArn=arn)


def test_snapshots_hold_the_items(aws, client, make):
    make()
    client.put_item(TableName="things", Item={"id": {"S": "a"}})
    before = aws.snapshot()
    client.delete_table(TableName="things")
    aws.restore(before)
    assert client.scan(TableName="things")["Count"] == 1


def test_encryption_names_a_key(client, make):
    make(SSESpecification={"Enabled": True})
    found = client.describe_table(TableName="things")["Table"]["SSEDescription"]
    assert (found["Status"], found["SSEType"]) == ("ENABLED", "KMS")
    assert ":key/" in found["KMSMasterKeyArn"]
