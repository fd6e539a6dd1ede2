from __future__ import annotations

import pytest


def key(name):
    return {"id": {"S": name}}


def test_all_writes_of_a_transaction_are_done(client, make):
    make()
    client.put_item(TableName="things", Item={**key("b"), "n": {"N": "1"}})
    client.put_item(TableName="things", Item=key("c"))
    client.put_item(TableName="things", Item=key("d"))
    client.transact_write_items(
        TransactItems=[
            {"Put": {"TableName": "things", "Item": key("a")}},
            {
                "Update": {
                    "TableName": "things",
                    "Key": key("b"),
                    "UpdateExpression": "ADD n :one",
                    "ExpressionAttributeValues": {":one": {"N": "1"}},
                }
            },
            {"Delete": {"TableName": "things", "Key": key("c")}},
            {"ConditionCheck": {"TableName": "things", "Key": key("d"), "ConditionExpression": "attribute_exists(id)"}},
        ]
    )
    items = {item["id"]["S"]: item for item in client.scan(TableName="things")["Items"]}
    assert items.keys() == {"a", "b", "d"}
    assert items["b"]["n"] == {"N": "2"}


def test_a_cancelled_transaction_says_why_in_order_and_does_nothing(client, make):
    make()
    client.put_item(TableName="things", Item={**key("b"), "n": {"N": "1"}})
    with pytest.raises(client.exceptions.TransactionCanceledException) as caught:
        client.transact_write_items(
            TransactItems=[
                {"Put": {"TableName": "things", "Item": key("a")}},
                {
                    "Put": {
                        "TableName": "things",
                        "Item": key("b"),
                        "ConditionExpression": "attribute_not_exists(id)",
                        "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
                    }
                },
            ]
        )
    response = caught.value.response
    assert response["Error"]["Message"] == (
        "Transaction cancelled, please refer cancellation reasons for specific reasons [None, ConditionalCheckFailed]"
    )
    assert response["CancellationReasons"] == [
        {"Code": "None"},
        {
            "Code": "ConditionalCheckFailed",
            "Message": "The conditional request failed",
            "Item": {"id": {"S": "b"}, "n": {"N": "1"}},
        },
    ]
    assert "Item" not in client.get_item(TableName="things", Key=key("a"))


def test_one_item_is_touched_once(client, make, refused):
    make()
    assert refused(
        client.transact_write_items,
        TransactItems=[
            {"Put": {"TableName": "things", "Item": key("a")}},
            {"Delete": {"TableName": "things", "Key": key("a")}},
        ],
    ) == ("ValidationException", "Transaction request cannot include multiple operations on one item")


def test_a_token_makes_a_transaction_happen_once(aws, client, make):
    make()
    client.put_item(TableName="things", Item={**key("a"), "n": {"N": "0"}})

    def add(amount):
        return client.transact_write_items(
            ClientRequestToken="token",
            ReturnConsumedCapacity="TOTAL",
            TransactItems=[
                {
                    "Update": {
                        "TableName": "things",
                        "Key": key("a"),
                        "UpdateExpression": "ADD n :n",
                        "ExpressionAttributeValues": {":n": {"N": amount}},
                    }
                }
            ],
        )

    def value():
        return client.get_item(TableName="things", Key=key("a"))["Item"]["n"]["N"]

    first = add("1")["ConsumedCapacity"][0]
    assert first == {"TableName": "things", "CapacityUnits": 2.0, "WriteCapacityUnits": 2.0}
    assert add("1")["ConsumedCapacity"][0] == {"TableName": "things", "CapacityUnits": 2.0, "ReadCapacityUnits": 2.0}
    assert value() == "1"
    with pytest.raises(client.exceptions.IdempotentParameterMismatchException):
        add("2")
    aws.clock.advance(minutes=11)
    add("2")
    assert value() == "3"


def test_an_update_that_can_t_be_done_is_a_reason(client, make):
    make()
    client.put_item(TableName="things", Item={**key("a"), "v": {"S": "x"}})
    with pytest.raises(client.exceptions.TransactionCanceledException) as caught:
        client.transact_write_items(
            TransactItems=[
                {
                    "Update": {
                        "TableName": "things",
                        "Key": key("a"),
                        "UpdateExpression": "ADD v :one",
                        "ExpressionAttributeValues": {":one": {"N": "1"}},
                    }
                }
            ]
        )
    assert caught.value.response["CancellationReasons"] == [
        {"Code": "ValidationError", "Message": "An operand in the update expression has an incorrect data type"}
    ]


def test_reads_of_a_transaction_come_in_order(client, make):
    make()
    client.put_item(TableName="things", Item={**key("a"), "v": {"S": "x"}})
    answer = client.transact_get_items(
        TransactItems=[
            {"Get": {"TableName": "things", "Key": key("none")}},
            {"Get": {"TableName": "things", "Key": key("a"), "ProjectionExpression": "v"}},
        ],
        ReturnConsumedCapacity="TOTAL",
    )
    assert answer["Responses"] == [{}, {"Item": {"v": {"S": "x"}}}]
    assert answer["ConsumedCapacity"] == [{"TableName": "things", "CapacityUnits": 4.0, "ReadCapacityUnits": 4.0}]


def test_transactions_on_no_table_are_refused(client, make, refused):
    assert refused(
        client.transact_write_items, TransactItems=[{"Put": {"TableName": "nothing", "Item": key("a")}}]
    ) == ("ResourceNotFoundException", "Requested resource not found")
