from __future__ import annotations

from decimal import Decimal

import pytest
from botocore.exceptions import ClientError


def put(client, item, **more):
    return client.put_item(TableName="things", Item=item, **more)


def test_an_item_comes_back_as_it_was_put(client, make):
    make()
    item = {
        "id": {"S": "a"},
        "n": {"N": "1.5"},
        "b": {"B": b"\x00\xff"},
        "empty": {"S": ""},
        "nothing": {"NULL": True},
        "yes": {"BOOL": False},
        "ss": {"SS": ["x", "y"]},
        "ns": {"NS": ["1", "2"]},
        "bs": {"BS": [b"1", b"2"]},
        "l": {"L": [{"S": "x"}, {"L": []}, {"M": {}}]},
        "m": {"M": {"k": {"M": {"deep": {"N": "7"}}}}},
    }
    put(client, item)
    assert client.get_item(TableName="things", Key={"id": {"S": "a"}})["Item"] == item


def test_what_a_caller_does_to_an_answer_changes_no_item(client, make):
    make()
    put(client, {"id": {"S": "a"}, "l": {"L": [{"S": "x"}]}})
    key = {"id": {"S": "a"}}
    client.get_item(TableName="things", Key=key)["Item"]["l"]["L"].append({"S": "y"})
    assert client.get_item(TableName="things", Key=key)["Item"]["l"] == {"L": [{"S": "x"}]}


def test_an_item_that_is_not_there_is_no_error(client, make):
    make()
    assert "Item" not in client.get_item(TableName="things", Key={"id": {"S": "a"}})


def test_a_table_that_is_not_there_is_one(client, make, refused):
    assert refused(client.get_item, TableName="things", Key={"id": {"S": "a"}}) == (
        "ResourceNotFoundException",
        "Requested resource not found",
    )


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("1", "1"),
        ("-0", "0"),
        ("1.0", "1"),
        ("007.500", "7.5"),
        ("1e3", "1000"),
        ("1E-3", "0.001"),
        ("-12.30e1", "-123"),
        ("+5", "5"),
        ("9" * 38, "9" * 38),
        ("1e125", "1" + "0" * 125),
        ("1e-130", "0." + "0" * 129 + "1"),
    ],
)
def test_numbers_are_kept_in_one_form(client, make, sent, kept):
    make()
    put(client, {"id": {"S": "a"}, "n": {"N": sent}, "s": {"NS": [sent]}})
    item = client.get_item(TableName="things", Key={"id": {"S": "a"}})["Item"]
    assert (item["n"], item["s"]) == ({"N": kept}, {"NS": [kept]})


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ({"N": "x"}, "The parameter cannot be converted to a numeric value: x"),
        ({"N": "1" * 39}, "Attempting to store more than 38 significant digits in a Number"),
        (
            {"N": "1e126"},
            "Number overflow. Attempting to store a number with magnitude larger than supported range",
        ),
        (
            {"N": "1e-131"},
            "Number underflow. Attempting to store a number with magnitude smaller than supported range",
        ),
        ({}, "Supplied AttributeValue is empty, must contain exactly one of the supported datatypes"),
        (
            {"S": "a", "N": "1"},
            "Supplied AttributeValue has more than one datatypes set, must contain exactly one of the supported datatypes",
        ),
        (
            {"NULL": False},
            "One or more parameter values were invalid: Null attribute value types must have the value of true",
        ),
        ({"SS": []}, "One or more parameter values were invalid: An string set  may not be empty"),
        ({"SS": ["a", "a"]}, "One or more parameter values were invalid: Input collection [a, a] contains duplicates."),
        ({"NS": ["1", "1.0"]}, "One or more parameter values were invalid: Input collection contains duplicates"),
    ],
)
def test_values_that_are_none_are_refused(client, make, refused, value, message):
    make()
    code, text = refused(client.put_item, TableName="things", Item={"id": {"S": "a"}, "v": value})
    assert (code, text) == ("ValidationException", message)


def nested(depth):
    value = {"S": "x"}
    for _ in range(depth):
        value = {"L": [value]}
    return value


def test_values_nest_to_a_depth_of_32(client, make, refused):
    make()
    put(client, {"id": {"S": "a"}, "v": nested(32)})
    assert refused(client.put_item, TableName="things", Item={"id": {"S": "a"}, "v": nested(33)}) == (
        "ValidationException",
        "Nesting Levels have exceeded supported limits",
    )


def test_an_item_has_at_most_400_kilobytes(client, make, refused):
    make()
    rest = 400 * 1024 - len("id") - len("a") - len("v")
    put(client, {"id": {"S": "a"}, "v": {"S": "x" * rest}})
    assert refused(client.put_item, TableName="things", Item={"id": {"S": "a"}, "v": {"S": "x" * (rest + 1)}}) == (
        "ValidationException",
        "Item size has exceeded the maximum allowed size",
    )
    assert refused(
        client.update_item,
        TableName="things",
        Key={"id": {"S": "a"}},
        UpdateExpression="SET w = :w",
        ExpressionAttributeValues={":w": {"S": "x"}},
    ) == ("ValidationException", "Item size to update has exceeded the maximum allowed size")


@pytest.mark.parametrize(
    ("item", "message"),
    [
        ({"v": {"S": "x"}}, "One or more parameter values were invalid: Missing the key id in the item"),
        (
            {"id": {"N": "1"}},
            "One or more parameter values were invalid: Type mismatch for key id expected: S actual: N",
        ),
        (
            {"id": {"S": ""}},
            "One or more parameter values are not valid. The AttributeValue for a key attribute cannot contain an empty "
            "string value. Key: id",
        ),
        (
            {"id": {"S": "x" * 2049}},
            "One or more parameter values were invalid: Size of hashkey has exceeded the maximum size limit of2048 bytes",
        ),
    ],
)
def test_items_need_their_table_s_key(client, make, refused, item, message):
    make()
    assert refused(client.put_item, TableName="things", Item=item) == ("ValidationException", message)


@pytest.mark.parametrize("key", [{}, {"id": {"N": "1"}}, {"other": {"S": "x"}}, {"id": {"S": "x"}, "more": {"S": "x"}}])
def test_keys_are_exactly_the_table_s(client, make, refused, key):
    make()
    expected = ("ValidationException", "The provided key element does not match the schema")
    assert refused(client.get_item, TableName="things", Key=key) == expected
    assert refused(client.delete_item, TableName="things", Key=key) == expected
    assert refused(client.update_item, TableName="things", Key=key) == expected


def test_index_keys_must_have_their_type(client, make, refused):
    make(indexes={"by-kind": ("kind:S",)})
    put(client, {"id": {"S": "a"}})
    assert refused(client.put_item, TableName="things", Item={"id": {"S": "a"}, "kind": {"N": "1"}}) == (
        "ValidationException",
        "One or more parameter values were invalid: Type mismatch for Index Key kind Expected: S Actual: N "
        "IndexName: by-kind",
    )


def test_old_values_come_back_when_asked_for(client, make):
    make()
    assert "Attributes" not in put(client, {"id": {"S": "a"}}, ReturnValues="ALL_OLD")
    assert put(client, {"id": {"S": "a"}, "v": {"S": "x"}}, ReturnValues="ALL_OLD")["Attributes"] == {"id": {"S": "a"}}
    gone = client.delete_item(TableName="things", Key={"id": {"S": "a"}}, ReturnValues="ALL_OLD")
    assert gone["Attributes"]["v"] == {"S": "x"}
    assert "Attributes" not in client.delete_item(TableName="things", Key={"id": {"S": "a"}}, ReturnValues="ALL_OLD")


def test_put_knows_only_two_return_values(client, make, refused):
    make()
    assert refused(client.put_item, TableName="things", Item={"id": {"S": "a"}}, ReturnValues="ALL_NEW") == (
        "ValidationException",
        "ReturnValues can only be ALL_OLD or NONE",
    )


def test_a_failed_condition_changes_nothing_and_can_show_the_item(client, make):
    make()
    put(client, {"id": {"S": "a"}, "v": {"N": "1"}})
    with pytest.raises(client.exceptions.ConditionalCheckFailedException) as caught:
        put(
            client,
            {"id": {"S": "a"}, "v": {"N": "2"}},
            ConditionExpression="attribute_not_exists(id)",
            ReturnValuesOnConditionCheckFailure="ALL_OLD",
        )
    assert caught.value.response["Error"]["Message"] == "The conditional request failed"
    assert caught.value.response["Item"] == {"id": {"S": "a"}, "v": {"N": "1"}}
    assert client.get_item(TableName="things", Key={"id": {"S": "a"}})["Item"]["v"] == {"N": "1"}


def test_update_makes_an_item_where_none_is(make):
    table = make()
    table.update_item(Key={"id": "a"})
    assert table.get_item(Key={"id": "a"})["Item"] == {"id": "a"}


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        ("NONE", None),
        ("ALL_OLD", {"id": "a", "n": 1, "m": {"x": 1, "y": 2}}),
        ("ALL_NEW", {"id": "a", "n": 2, "m": {"x": 5, "y": 2}}),
        ("UPDATED_OLD", {"n": 1, "m": {"x": 1}}),
        ("UPDATED_NEW", {"n": 2, "m": {"x": 5}}),
    ],
)
def test_update_returns_what_is_asked_for(make, wanted, expected):
    table = make()
    table.put_item(Item={"id": "a", "n": 1, "m": {"x": 1, "y": 2}})
    answer = table.update_item(
        Key={"id": "a"},
        UpdateExpression="SET n = n + :one, m.x = :five",
        ExpressionAttributeValues={":one": 1, ":five": 5},
        ReturnValues=wanted,
    )
    assert answer.get("Attributes") == expected


def test_an_update_can_t_touch_the_key(client, make, refused):
    make()
    assert refused(
        client.update_item,
        TableName="things",
        Key={"id": {"S": "a"}},
        UpdateExpression="SET id = :x",
        ExpressionAttributeValues={":x": {"S": "b"}},
    ) == (
        "ValidationException",
        "One or more parameter values were invalid: Cannot update attribute id. This attribute is part of the key",
    )


def test_tables_can_be_named_by_arn(client, make):
    make()
    arn = client.describe_table(TableName="things")["Table"]["TableArn"]
    client.put_item(TableName=arn, Item={"id": {"S": "a"}})
    assert client.get_item(TableName=arn, Key={"id": {"S": "a"}})["Item"] == {"id": {"S": "a"}}


def test_consumed_capacity_follows_the_sizes(client, make):
    make(indexes={"by-kind": ("kind:S", None, {"ProjectionType": "KEYS_ONLY"})})
    item = {"id": {"S": "a"}, "kind": {"S": "k"}, "v": {"S": "x" * 2000}}
    written = put(client, item, ReturnConsumedCapacity="INDEXES")["ConsumedCapacity"]
    assert written == {
        "TableName": "things",
        "CapacityUnits": 3.0,
        "Table": {"CapacityUnits": 2.0},
        "GlobalSecondaryIndexes": {"by-kind": {"CapacityUnits": 1.0}},
    }
    again = put(client, item, ReturnConsumedCapacity="TOTAL")["ConsumedCapacity"]
    assert again == {"TableName": "things", "CapacityUnits": 2.0}
    for consistent, units in ((False, 0.5), (True, 1.0)):
        read = client.get_item(
            TableName="things", Key={"id": {"S": "a"}}, ConsistentRead=consistent, ReturnConsumedCapacity="TOTAL"
        )
        assert read["ConsumedCapacity"]["CapacityUnits"] == units


def test_item_collections_are_measured_where_there_are_local_indexes(client, make):
    make(range="at:N", local={"by-kind": ("id:S", "kind:S")})
    answer = put(client, {"id": {"S": "a"}, "at": {"N": "1"}}, ReturnItemCollectionMetrics="SIZE")
    assert answer["ItemCollectionMetrics"] == {
        "ItemCollectionKey": {"id": {"S": "a"}},
        "SizeEstimateRangeGB": [0.0, 1.0],
    }


def test_the_resource_layer_s_types_survive(make):
    table = make()
    item = {"id": "a", "n": Decimal("3.14"), "s": {"x", "y"}, "l": [1, None, True], "m": {"k": [{"z": Decimal(1)}]}}
    table.put_item(Item=item)
    assert table.get_item(Key={"id": "a"})["Item"] == item


def test_a_condition_of_the_old_form_holds_or_not(client, make):
    make()
    put(client, {"id": {"S": "a"}, "v": {"N": "1"}})
    put(client, {"id": {"S": "a"}, "v": {"N": "2"}}, Expected={"v": {"Value": {"N": "1"}}})
    with pytest.raises(ClientError, match="conditional request failed"):
        put(
            client, {"id": {"S": "a"}}, Expected={"v": {"ComparisonOperator": "LT", "AttributeValueList": [{"N": "2"}]}}
        )


def test_attribute_updates_put_add_and_delete(client, make):
    make()
    put(client, {"id": {"S": "a"}, "n": {"N": "1"}, "s": {"SS": ["x", "y"]}, "gone": {"S": "x"}})
    answer = client.update_item(
        TableName="things",
        Key={"id": {"S": "a"}},
        AttributeUpdates={
            "n": {"Action": "ADD", "Value": {"N": "4"}},
            "s": {"Action": "DELETE", "Value": {"SS": ["x"]}},
            "gone": {"Action": "DELETE"},
            "new": {"Value": {"S": "v"}},
        },
        ReturnValues="ALL_NEW",
    )
    assert answer["Attributes"] == {"id": {"S": "a"}, "n": {"N": "5"}, "s": {"SS": ["y"]}, "new": {"S": "v"}}


def test_deleting_attributes_of_no_item_makes_none(client, make):
    make()
    client.update_item(TableName="things", Key={"id": {"S": "a"}}, AttributeUpdates={"v": {"Action": "DELETE"}})
    assert "Item" not in client.get_item(TableName="things", Key={"id": {"S": "a"}})


def test_old_and_new_parameters_don_t_mix(client, make, refused):
    make()
    assert refused(
        client.put_item,
        TableName="things",
        Item={"id": {"S": "a"}},
        ConditionExpression="attribute_exists(id)",
        Expected={"id": {"Exists": False}},
    ) == (
        "ValidationException",
        "Can not use both expression and non-expression parameters in the same request: Non-expression parameters: "
        "{Expected} Expression parameters: {ConditionExpression}",
    )
