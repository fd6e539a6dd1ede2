from __future__ import annotations

import pytest
from boto3.dynamodb.conditions import Attr, Key


@pytest.fixture
def table(make):
    table = make(
        range="at:N",
        indexes={"by-kind": ("kind:S", "at:N"), "keys": ("kind:S", None, {"ProjectionType": "KEYS_ONLY"})},
        local={"by-name": ("id:S", "name:S", {"ProjectionType": "INCLUDE", "NonKeyAttributes": ["v"]})},
    )
    for at in range(1, 11):
        table.put_item(Item={"id": "a", "at": at, "kind": f"k{at % 2}", "name": f"n{at:02}", "v": at, "w": -at})
    table.put_item(Item={"id": "b", "at": 1})
    return table


def ats(answer):
    return [int(item["at"]) for item in answer["Items"]]


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        (Key("at").eq(3), [3]),
        (Key("at").lt(3), [1, 2]),
        (Key("at").lte(3), [1, 2, 3]),
        (Key("at").gt(8), [9, 10]),
        (Key("at").gte(8), [8, 9, 10]),
        (Key("at").between(4, 6), [4, 5, 6]),
    ],
)
def test_a_range_is_read_both_ways(table, condition, expected):
    whole = Key("id").eq("a") & condition
    assert ats(table.query(KeyConditionExpression=whole)) == expected
    assert ats(table.query(KeyConditionExpression=whole, ScanIndexForward=False)) == expected[::-1]


def test_numbers_are_ordered_as_numbers(make):
    table = make("numbers", range="at:N")
    from decimal import Decimal

    values = ["-1e20", "-10", "-9", "-1.5", "-1", "-0.5", "0", "1e-100", "0.5", "1", "1.5", "2", "10", "1e20"]
    for value in reversed(values):
        table.put_item(Item={"id": "a", "at": Decimal(value)})
    found = [item["at"] for item in table.query(KeyConditionExpression=Key("id").eq("a"))["Items"]]
    assert found == [Decimal(value) for value in values]


@pytest.mark.parametrize(
    ("kind", "values"),
    [
        ("S", ["", "a", "a\x00", "ab", "b", "\xe9", "\uffff", "\U0001f600"][1:]),
        ("B", [b"\x00", b"\x00\x01", b"\x7f", b"\xff"]),
    ],
)
def test_texts_and_binaries_are_ordered_by_bytes(client, make, kind, values):
    make("others", range=f"at:{kind}")
    for value in reversed(values):
        client.put_item(TableName="others", Item={"id": {"S": "a"}, "at": {kind: value}})
    found = client.query(
        TableName="others", KeyConditionExpression="id = :a", ExpressionAttributeValues={":a": {"S": "a"}}
    )
    assert [item["at"][kind] for item in found["Items"]] == values


def test_pages_end_at_the_limit_and_go_on(table):
    first = table.query(KeyConditionExpression=Key("id").eq("a"), Limit=4)
    assert (ats(first), first["LastEvaluatedKey"]) == ([1, 2, 3, 4], {"id": "a", "at": 4})
    rest = table.query(KeyConditionExpression=Key("id").eq("a"), ExclusiveStartKey=first["LastEvaluatedKey"])
    assert ats(rest) == [5, 6, 7, 8, 9, 10]
    assert "LastEvaluatedKey" not in rest
    back = table.query(
        KeyConditionExpression=Key("id").eq("a"), ExclusiveStartKey={"id": "a", "at": 4}, ScanIndexForward=False
    )
    assert ats(back) == [3, 2, 1]


def test_a_page_has_a_megabyte_at_most(make):
    table = make("big", range="at:N")
    for at in range(5):
        table.put_item(Item={"id": "a", "at": at, "v": "x" * 300_000})
    page = table.query(KeyConditionExpression=Key("id").eq("a"))
    assert (page["Count"], page["LastEvaluatedKey"]["at"]) == (4, 3)
    counted = table.scan(Select="COUNT")
    assert (counted["Count"], "Items" in counted) == (4, False)


def test_filters_work_after_the_limit(table):
    page = table.query(KeyConditionExpression=Key("id").eq("a"), FilterExpression=Attr("v").gt(3), Limit=5)
    assert (page["Count"], page["ScannedCount"], page["LastEvaluatedKey"]["at"]) == (2, 5, 5)


def test_indexes_hold_what_they_project(table):
    whole = table.query(IndexName="by-kind", KeyConditionExpression=Key("kind").eq("k0") & Key("at").gt(6))
    assert ats(whole) == [8, 10]
    assert whole["Items"][0]["w"] == -8
    keys = table.query(IndexName="keys", KeyConditionExpression=Key("kind").eq("k0"), Limit=1)
    assert keys["Items"] == [{"id": "a", "at": 2, "kind": "k0"}]
    assert keys["LastEvaluatedKey"] == {"id": "a", "at": 2, "kind": "k0"}
    included = table.query(
        IndexName="by-name", KeyConditionExpression=Key("id").eq("a") & Key("name").begins_with("n1")
    )
    assert included["Items"] == [{"id": "a", "at": 10, "name": "n10", "v": 10}]


def test_a_local_index_fetches_what_it_doesn_t_hold(table):
    condition = Key("id").eq("a") & Key("name").eq("n03")
    found = table.query(IndexName="by-name", KeyConditionExpression=condition, Select="ALL_ATTRIBUTES")
    assert found["Items"][0]["w"] == -3
    found = table.query(IndexName="by-name", KeyConditionExpression=condition, ProjectionExpression="w")
    assert found["Items"] == [{"w": -3}]


def test_an_index_follows_its_items(table):
    def count(kind):
        return table.query(IndexName="by-kind", KeyConditionExpression=Key("kind").eq(kind))["Count"]

    table.update_item(
        Key={"id": "a", "at": 1}, UpdateExpression="SET kind = :k", ExpressionAttributeValues={":k": "new"}
    )
    table.update_item(Key={"id": "a", "at": 3}, UpdateExpression="REMOVE kind")
    table.delete_item(Key={"id": "a", "at": 5})
    assert (count("new"), count("k1"), count("k0")) == (1, 2, 5)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"KeyConditionExpression": "#at = :n"}, "Query condition missed key schema element: id"),
        ({"KeyConditionExpression": "id > :s"}, "Query key condition not supported"),
        ({"KeyConditionExpression": "id = :s AND v = :n"}, "Query condition missed key schema element: at"),
        (
            {"KeyConditionExpression": "id = :s OR id = :s2"},
            "Invalid operator used in KeyConditionExpression: OR",
        ),
        (
            {"KeyConditionExpression": "id = :s AND #at > :n AND #at < :n2"},
            "KeyConditionExpressions must only contain one condition per key",
        ),
        (
            {"KeyConditionExpression": "id = :n"},
            "One or more parameter values were invalid: Condition parameter type does not match schema type",
        ),
        (
            {"KeyConditionExpression": "id = :s", "FilterExpression": "#at > :n"},
            "Filter Expression can only contain non-primary key attributes: Primary key attribute: at",
        ),
        (
            {"KeyConditionExpression": "id = :s", "IndexName": "nothing"},
            "The table does not have the specified index: nothing",
        ),
        (
            {"KeyConditionExpression": "kind = :s", "IndexName": "by-kind", "ConsistentRead": True},
            "Consistent reads are not supported on global secondary indexes",
        ),
        (
            {"KeyConditionExpression": "kind = :s", "IndexName": "keys", "Select": "ALL_ATTRIBUTES"},
            "One or more parameter values were invalid: Select type ALL_ATTRIBUTES is not supported for global secondary "
            "index keys because its projection type is not ALL",
        ),
        (
            {"KeyConditionExpression": "id = :s", "ExclusiveStartKey": {"id": {"S": "b"}, "at": {"N": "1"}}},
            "The provided starting key is outside query boundaries based on provided conditions",
        ),
        (
            {},
            "Either the KeyConditions or KeyConditionExpression parameter must be specified in the request.",
        ),
    ],
)
def test_queries_that_can_t_be_answered_are_refused(client, table, refused, arguments, message):
    import re

    values = {":s": {"S": "a"}, ":s2": {"S": "b"}, ":n": {"N": "1"}, ":n2": {"N": "2"}}
    named = set(re.findall(r":\w+", " ".join(str(value) for key, value in arguments.items() if "Expression" in key)))
    if named:
        arguments = {**arguments, "ExpressionAttributeValues": {name: values[name] for name in named}}
    if "#at" in str(arguments):
        arguments["ExpressionAttributeNames"] = {"#at": "at"}
    assert refused(client.query, TableName="things", **arguments) == ("ValidationException", message)


def test_conditions_of_the_old_form_are_understood(client, table):
    answer = client.query(
        TableName="things",
        KeyConditions={
            "id": {"ComparisonOperator": "EQ", "AttributeValueList": [{"S": "a"}]},
            "at": {"ComparisonOperator": "GE", "AttributeValueList": [{"N": "8"}]},
        },
        QueryFilter={"v": {"ComparisonOperator": "NE", "AttributeValueList": [{"N": "9"}]}},
        AttributesToGet=["at"],
    )
    assert answer["Items"] == [{"at": {"N": "8"}}, {"at": {"N": "10"}}]


def test_segments_share_a_scan(make):
    table = make("many")
    for number in range(50):
        table.put_item(Item={"id": str(number)})
    parts = [[item["id"] for item in table.scan(Segment=n, TotalSegments=4)["Items"]] for n in range(4)]
    assert all(parts)
    assert sorted(name for part in parts for name in part) == sorted(map(str, range(50)))


def test_scans_are_paged_by_botocore(client, table):
    pages = list(client.get_paginator("scan").paginate(TableName="things", PaginationConfig={"PageSize": 3}))
    assert sum(page["Count"] for page in pages) == 11
    assert len(pages) == 4


def test_an_index_is_scanned(client, table):
    assert client.scan(TableName="things", IndexName="by-kind")["Count"] == 10


def test_capacity_is_that_of_what_was_read(client, table):
    answer = client.query(
        TableName="things",
        IndexName="by-kind",
        KeyConditionExpression="kind = :k",
        ExpressionAttributeValues={":k": {"S": "k0"}},
        ReturnConsumedCapacity="INDEXES",
    )
    assert answer["ConsumedCapacity"] == {
        "TableName": "things",
        "CapacityUnits": 0.5,
        "Table": {"CapacityUnits": 0.0},
        "GlobalSecondaryIndexes": {"by-kind": {"CapacityUnits": 0.5}},
    }


def test_an_index_may_have_several_attributes_of_a_kind(client):
    parts = ("h1", "h2", "r1", "r2")
    client.create_table(
        TableName="multi",
        BillingMode="PAY_PER_REQUEST",
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in ("id", *parts)],
        GlobalSecondaryIndexes=[
            {
                "IndexName": "all",
                "KeySchema": [
                    {"AttributeName": name, "KeyType": "HASH" if name[0] == "h" else "RANGE"} for name in parts
                ],
                "Projection": {"ProjectionType": "ALL"},
            }
        ],
    )
    for number in range(4):
        item = {"id": str(number), "h1": "a", "h2": "b", "r1": "c", "r2": str(number)}
        client.put_item(TableName="multi", Item={name: {"S": value} for name, value in item.items()})
    answer = client.query(
        TableName="multi",
        IndexName="all",
        KeyConditionExpression="h1 = :a AND h2 = :b AND r1 = :c AND r2 > :d",
        ExpressionAttributeValues={":a": {"S": "a"}, ":b": {"S": "b"}, ":c": {"S": "c"}, ":d": {"S": "1"}},
    )
    assert [item["id"]["S"] for item in answer["Items"]] == ["2", "3"]
