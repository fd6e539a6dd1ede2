from __future__ import annotations


def key(name):
    return {"id": {"S": name}}


def test_batches_write_and_delete(client, make):
    make()
    client.put_item(TableName="things", Item=key("old"))
    answer = client.batch_write_item(
        RequestItems={"things": [{"PutRequest": {"Item": key("new")}}, {"DeleteRequest": {"Key": key("old")}}]}
    )
    assert answer["UnprocessedItems"] == {}
    assert client.scan(TableName="things")["Items"] == [key("new")]


def test_an_item_comes_once_in_a_batch(client, make, refused):
    make()
    put = {"PutRequest": {"Item": key("a")}}
    expected = ("ValidationException", "Provided list of item keys contains duplicates")
    assert refused(client.batch_write_item, RequestItems={"things": [put, put]}) == expected
    assert refused(client.batch_get_item, RequestItems={"things": {"Keys": [key("a"), key("a")]}}) == expected


def test_a_batch_has_limits(client, make, refused):
    make("one")
    make("two")
    puts = [{"PutRequest": {"Item": key(str(n))}} for n in range(13)]
    assert refused(client.batch_write_item, RequestItems={"one": puts, "two": puts}) == (
        "ValidationException",
        "Too many items requested for the BatchWriteItem call",
    )
    keys = {"Keys": [key(str(n)) for n in range(51)]}
    assert refused(client.batch_get_item, RequestItems={"one": keys, "two": keys}) == (
        "ValidationException",
        "Too many items requested for the BatchGetItem call",
    )
    code, message = refused(client.batch_write_item, RequestItems={"one": puts * 2})
    assert code == "ValidationException"
    assert "less than or equal to 25" in message


def test_an_invalid_item_spoils_the_batch(client, make, refused):
    make()
    puts = [{"PutRequest": {"Item": key("a")}}, {"PutRequest": {"Item": {"x": {"S": "y"}}}}]
    code, message = refused(client.batch_write_item, RequestItems={"things": puts})
    assert (code, message) == (
        "ValidationException",
        "One or more parameter values were invalid: Missing the key id in the item",
    )
    assert client.scan(TableName="things")["Count"] == 0


def test_batches_read_what_there_is(client, make):
    make("one")
    make("two")
    for table in ("one", "two"):
        client.put_item(TableName=table, Item={**key(table), "v": {"S": "x"}})
    answer = client.batch_get_item(
        RequestItems={
            "one": {"Keys": [key("one"), key("nothing")], "ProjectionExpression": "v"},
            "two": {"Keys": [key("two")], "ConsistentRead": True},
        },
        ReturnConsumedCapacity="TOTAL",
    )
    assert answer["Responses"] == {"one": [{"v": {"S": "x"}}], "two": [{**key("two"), "v": {"S": "x"}}]}
    assert answer["UnprocessedKeys"] == {}
    units = {each["TableName"]: each["CapacityUnits"] for each in answer["ConsumedCapacity"]}
    assert units == {"one": 1.0, "two": 1.0}


def test_more_than_16_megabytes_are_left_unprocessed(client, make):
    table = make()
    with table.batch_writer() as batch:
        for number in range(60):
            batch.put_item(Item={"id": str(number), "v": "x" * 390_000})
    keys = [key(str(n)) for n in range(60)]
    answer = client.batch_get_item(RequestItems={"things": {"Keys": keys}})
    left = answer["UnprocessedKeys"]["things"]["Keys"]
    assert 0 < len(left) < 60
    assert len(answer["Responses"]["things"]) + len(left) == 60


def test_the_batch_writer_puts_many(make):
    table = make(range="n:N")
    with table.batch_writer(overwrite_by_pkeys=["id", "n"]) as batch:
        for number in range(100):
            batch.put_item(Item={"id": "a", "n": number % 60})
    assert table.scan()["Count"] == 60
