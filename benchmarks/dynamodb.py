"""What DynamoDB's calls cost in-process: against a canned answer, against the number of items, and in memory."""

from __future__ import annotations

import statistics
import sys
import time
from pathlib import Path
from typing import Any

import boto3

from sundog import mock_aws

sys.path.insert(0, str(Path(__file__).parent))
from calls import KEYS, compare, timed

ITEM = {"id": {"S": "a"}, "at": {"N": "1"}, "name": {"S": "something"}, "tags": {"SS": ["x", "y"]}}
KEY = {"id": {"S": "a"}, "at": {"N": "1"}}


def prepare(client: Any) -> None:
    client.create_table(
        TableName="things",
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}, {"AttributeName": "at", "KeyType": "RANGE"}],
        AttributeDefinitions=[
            {"AttributeName": "id", "AttributeType": "S"},
            {"AttributeName": "at", "AttributeType": "N"},
        ],
        BillingMode="PAY_PER_REQUEST",
    )
    client.put_item(TableName="things", Item=ITEM)


def fill(client: Any, count: int, begin: int = 2) -> None:
    for start in range(begin, begin + count, 25):
        writes = [
            {"PutRequest": {"Item": {**ITEM, "at": {"N": str(start + n)}}}}
            for n in range(min(25, begin + count - start))
        ]
        client.batch_write_item(RequestItems={"things": writes})


def one_of(client: Any, at: int) -> Any:
    return lambda: client.query(
        TableName="things",
        KeyConditionExpression="id = :id AND #at = :at",
        ExpressionAttributeNames={"#at": "at"},
        ExpressionAttributeValues={":id": {"S": "a"}, ":at": {"N": str(at)}},
    )


def fill_inside(aws: Any, count: int) -> None:
    """The same without a client, whose own work would take minutes."""
    from sundog.core.calls import Call
    from sundog.wire.model import get_service

    operation = get_service("dynamodb").operation("BatchWriteItem")
    assert operation is not None
    for start in range(2, 2 + count, 25):
        writes = [{"PutRequest": {"Item": {**ITEM, "at": {"N": str(start + n)}}}} for n in range(25)]
        params = {"RequestItems": {"things": writes}}
        call = aws.execute(operation, params, Call("dynamodb", "BatchWriteItem", params, "123456789012", "us-east-1"))
        assert call.error is None
        aws.calls.clear()  # the log isn't what is measured


def resident() -> int:
    """Bytes of memory that the process has."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * 4096


def main() -> None:
    for name, arguments in (
        ("get_item", {"Key": KEY}),
        ("put_item", {"Item": ITEM}),
        (
            "query",
            {
                "KeyConditionExpression": "id = :id",
                "ExpressionAttributeValues": {":id": {"S": "a"}},
            },
        ),
    ):
        found = compare("dynamodb", name, {"TableName": "things", **arguments}, prepare)
        ours = [found["floor_us"] * found[path] for path in ("direct", "wire")]
        print(
            f"dynamodb.{name}: floor {found['floor_us']:.0f} us, "
            f"direct {found['direct']:.2f} (budget 0.5; {ours[0]:.0f} us), "
            f"wire {found['wire']:.2f} (budget 1.3)"
        )
    with mock_aws(path="direct"):
        client = boto3.client("dynamodb", **KEYS)
        prepare(client)
        fill(client, 100)
        few = statistics.median(timed(one_of(client, 50), 100) for _ in range(5))
        fill(client, 100_000, 200)
        many = statistics.median(timed(one_of(client, 50_000), 100) for _ in range(5))
        print(
            f"query of one item: {few * 1e6:.0f} us among 100, {many * 1e6:.0f} among 100,000: "
            f"{many / few:.2f} (budget 2)"
        )
        put = statistics.median(timed(lambda: client.put_item(TableName="things", Item=ITEM), 100) for _ in range(5))
        writes = [{"PutRequest": {"Item": {**ITEM, "at": {"N": str(n)}}}} for n in range(1, 26)]
        batch = statistics.median(
            timed(lambda: client.batch_write_item(RequestItems={"things": writes}), 20) for _ in range(5)
        )
        print(f"a put {put * 1e6:.0f} us, a batch of 25 {batch * 1e6:.0f} us: {batch / put:.2f} (budget 3)")
    with mock_aws(path="direct") as aws:
        client = boto3.client("dynamodb", **KEYS)
        prepare(client)
        before = resident()
        begin = time.perf_counter()
        fill_inside(aws, 1_000_000)
        seconds = time.perf_counter() - begin
        print(f"a million items: {(resident() - before) / 1e6:.0f} MB (budget 1,000), put in {seconds:.0f} s")
        begin = time.perf_counter()
        aws.snapshot()
        print(f"a snapshot of them: {(time.perf_counter() - begin) * 1e6:.0f} us")


if __name__ == "__main__":
    main()
