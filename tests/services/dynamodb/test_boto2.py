"""boto 2: its module of 2011's API, and the one of today's."""

from __future__ import annotations

import pytest

boto = pytest.importorskip("boto")
pytest.importorskip("boto.dynamodb")

KEYS = {"aws_access_key_id": "AKIAIOSFODNN7EXAMPLE", "aws_secret_access_key": "secret"}


@pytest.fixture
def old(aws):
    import boto.dynamodb

    return boto.dynamodb.connect_to_region("us-east-1", **KEYS)


@pytest.fixture
def table(old):
    schema = old.create_schema("id", str, "at", int)
    return old.create_table("things", schema, read_units=5, write_units=6)


def test_tables_of_2011_have_key_elements(old, table):
    assert old.list_tables() == ["things"]
    described = old.describe_table("things")["Table"]
    assert described["TableStatus"] == "ACTIVE"
    assert described["KeySchema"] == {
        "HashKeyElement": {"AttributeName": "id", "AttributeType": "S"},
        "RangeKeyElement": {"AttributeName": "at", "AttributeType": "N"},
    }
    assert described["ProvisionedThroughput"]["WriteCapacityUnits"] == 6


def test_items_of_2011_are_kept(old, table):
    item = table.new_item("a", 1, {"v": "x", "n": 3, "s": {"p", "q"}})
    item.put()
    found = table.get_item("a", 1)
    assert (found["v"], found["n"], found["s"]) == ("x", 3, {"p", "q"})
    found.add_attribute("n", 4)
    found.delete_attribute("v")
    found.save()
    again = table.get_item("a", 1)
    assert again["n"] == 7
    assert "v" not in again
    again.delete()
    from boto.dynamodb.exceptions import DynamoDBKeyNotFoundError

    with pytest.raises(DynamoDBKeyNotFoundError):
        table.get_item("a", 1)


def test_a_failed_condition_of_2011_has_its_error(old, table):
    from boto.dynamodb.exceptions import DynamoDBConditionalCheckFailedError

    table.new_item("a", 1, {"v": "x"}).put()
    with pytest.raises(DynamoDBConditionalCheckFailedError):
        table.new_item("a", 1, {"v": "y"}).put(expected_value={"v": "other"})


def test_queries_of_2011_go_on_after_a_page(old, table):
    from boto.dynamodb.condition import GT

    for at in range(1, 8):
        table.new_item("a", at, {"v": at}).put()
    assert [item["at"] for item in table.query("a", GT(2), request_limit=2)] == [3, 4, 5, 6, 7]
    page = old.layer1.query("things", {"S": "a"}, limit=2)
    assert page["LastEvaluatedKey"] == {"HashKeyElement": {"S": "a"}, "RangeKeyElement": {"N": "2"}}
    assert page["ConsumedCapacityUnits"] == 0.5


def test_scans_of_2011_filter(old, table):
    from boto.dynamodb.condition import EQ

    for at in range(1, 4):
        table.new_item("a", at, {"v": at}).put()
    assert [item["at"] for item in table.scan({"v": EQ(2)})] == [2]


def test_batches_of_2011(old, table):
    writes = old.new_batch_write_list()
    writes.add_batch(table, puts=[table.new_item("a", at) for at in range(1, 4)])
    old.batch_write_item(writes)
    reads = old.new_batch_list()
    reads.add_batch(table, [("a", 1), ("a", 3), ("b", 1)])
    answer = old.batch_get_item(reads)
    assert sorted(item["at"] for item in answer["Responses"]["things"]["Items"]) == [1, 3]


def test_today_s_api_through_boto_2(aws):
    import boto.dynamodb2
    from boto.dynamodb2.fields import GlobalAllIndex, HashKey, RangeKey
    from boto.dynamodb2.table import Table
    from boto.dynamodb2.types import NUMBER

    connection = boto.dynamodb2.connect_to_region("us-east-1", **KEYS)
    table = Table.create(
        "things",
        schema=[HashKey("id"), RangeKey("at", data_type=NUMBER)],
        throughput={"read": 5, "write": 5},
        global_indexes=[GlobalAllIndex("by-kind", parts=[HashKey("kind")], throughput={"read": 1, "write": 1})],
        connection=connection,
    )
    with table.batch_write() as batch:
        for at in range(5):
            batch.put_item(data={"id": "a", "at": at, "kind": "even" if at % 2 == 0 else "odd"})
    assert [item["at"] for item in table.query_2(id__eq="a", at__gte=3)] == [3, 4]
    assert table.query_count(index="by-kind", kind__eq="odd") == 2
    item = table.get_item(id="a", at=1)
    item["kind"] = "even"
    item.save()
    assert len(list(table.scan(kind__eq="even"))) == 4
