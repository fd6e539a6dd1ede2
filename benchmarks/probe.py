"""One measurement of one mock, in a fresh process: ``python probe.py sundog|moto NAME`` prints JSON.

Run by ``run.py`` with the Python of each mock's own environment, which has the one and not the other. Times are the
process's own CPU time, which depends less on what else the machine does; nothing here waits.
"""

from __future__ import annotations

import json
import os
import statistics
import sys
import time
from collections.abc import Callable
from typing import Any

KEYS = {"region_name": "us-east-1", "aws_access_key_id": "AKIAIOSFODNN7EXAMPLE", "aws_secret_access_key": "secret"}
os.environ.update(AWS_ACCESS_KEY_ID="k", AWS_SECRET_ACCESS_KEY="s", AWS_DEFAULT_REGION="us-east-1")
WHO = sys.argv[1]


def mock(**settings: Any) -> Any:
    if WHO == "sundog":
        from sundog import mock_aws

        return mock_aws(**settings)
    from moto import mock_aws  # type: ignore[import-not-found]

    return mock_aws()


def client(service: str) -> Any:
    import boto3

    return boto3.client(service, **KEYS)


def timed(call: Callable[[], Any], count: int = 1) -> float:
    begin = time.process_time()
    for _ in range(count):
        call()
    return (time.process_time() - begin) / count


def imports() -> dict[str, float]:
    """Milliseconds of ``from X import mock_aws`` when boto3 is there already."""
    import boto3  # noqa: F401

    begin = time.process_time()
    if WHO == "sundog":
        from sundog import mock_aws
    else:
        from moto import mock_aws  # type: ignore[import-not-found]  # noqa: F401
    return {"ms": (time.process_time() - begin) * 1e3}


def opening() -> dict[str, float]:
    """Milliseconds of ``with mock_aws(): pass``, after the first."""

    def once() -> None:
        with mock():
            pass

    once()
    return {"ms": statistics.median(timed(once) for _ in range(100)) * 1e3}


def s3() -> dict[str, float]:
    """Milliseconds of a test that opens the mock, makes an S3 client and calls once, after the first."""

    def once() -> None:
        with mock():
            client("s3").list_buckets()

    once()
    return {"ms": statistics.median(timed(once) for _ in range(15)) * 1e3}


def first_ec2() -> dict[str, float]:
    """Milliseconds of a process's first EC2 call, its client being there."""
    with mock():
        ec2 = client("ec2")
        return {"ms": timed(ec2.describe_vpcs) * 1e3}


def thousand() -> dict[str, float]:
    """Milliseconds of launching 1,000 instances, and of describing them all."""
    rounds: list[tuple[float, float]] = []
    for _ in range(3 if WHO == "sundog" else 1):
        with mock():
            ec2 = client("ec2")
            ec2.describe_instances()
            run = timed(lambda ec2=ec2: ec2.run_instances(ImageId="ami-1234abcd", MinCount=1000, MaxCount=1000))
            rounds.append((run, timed(ec2.describe_instances)))
    return {"run": min(run for run, _ in rounds) * 1e3, "describe": min(show for _, show in rounds) * 1e3}


def _queue(sqs: Any) -> dict[str, Any]:
    return {"QueueUrl": sqs.create_queue(QueueName="q")["QueueUrl"], "MessageBody": "hello"}


def _table(dynamodb: Any) -> dict[str, Any]:
    dynamodb.create_table(
        TableName="table",
        AttributeDefinitions=[{"AttributeName": n, "AttributeType": "S"} for n in ("p", "s")],
        KeySchema=[{"AttributeName": "p", "KeyType": "HASH"}, {"AttributeName": "s", "KeyType": "RANGE"}],
        BillingMode="PAY_PER_REQUEST",
    )
    return {"TableName": "table", "Item": {"p": {"S": "a"}, "s": {"S": "b"}, "v": {"N": "1"}}}


def _nothing(_: Any) -> dict[str, Any]:
    return {}


CALLS: dict[str, tuple[str, str, Callable[[Any], dict[str, Any]]]] = {
    "sts GetCallerIdentity": ("sts", "get_caller_identity", _nothing),
    "ec2 DescribeVpcs": ("ec2", "describe_vpcs", _nothing),
    "sqs SendMessage": ("sqs", "send_message", _queue),
    "dynamodb PutItem": ("dynamodb", "put_item", _table),
}


class _Raw:
    def __init__(self, body: bytes) -> None:
        self._body = body

    def stream(self, *_: Any, **__: Any) -> Any:
        yield self._body


def _canned(service: str, operation: str, arguments: dict[str, Any], body: bytes, headers: Any) -> Callable[[], Any]:
    """The call, answered by a handler that gives the same bytes each time: the floor of what stands below botocore."""
    from botocore.awsrequest import AWSResponse

    made = client(service)
    made.meta.events.register("before-send", lambda request, **_: AWSResponse(request.url, 200, headers, _Raw(body)))
    method = getattr(made, operation)
    return lambda: method(**arguments)


def calls() -> dict[str, dict[str, float]]:
    """Times of a call, in those of the same call answered by a canned handler; medians of interleaved rounds."""
    found: dict[str, dict[str, float]] = {}
    paths = ("direct", "wire") if WHO == "sundog" else ("moto",)
    for name, (service, operation, prepare) in CALLS.items():
        kept: list[Any] = []
        with mock(**({"path": "wire"} if WHO == "sundog" else {})):
            made = client(service)
            arguments = prepare(made)
            made.meta.events.register(
                "before-parse",
                lambda response_dict, kept=kept, **_: kept.append(
                    (response_dict["body"], dict(response_dict["headers"]))
                ),
            )
            getattr(made, operation)(**arguments)
        floor = _canned(service, operation, arguments, *kept[-1])
        floor()
        ratios: dict[str, list[float]] = {path: [] for path in paths}
        for _ in range(7):
            base = timed(floor, 60)
            for path in paths:
                with mock(**({"path": path} if WHO == "sundog" else {})):
                    made = client(service)
                    arguments = prepare(made)
                    method = getattr(made, operation)
                    method(**arguments)
                    ratios[path].append(
                        timed(lambda method=method, arguments=arguments: method(**arguments), 60) / base
                    )
        found[name] = {path: statistics.median(ratio) for path, ratio in ratios.items()}
    return found


def queue_length() -> dict[str, float]:
    """Time of SendMessage to a long queue, in that of SendMessage to one of ten."""
    count = 10_000 if WHO == "sundog" else 2_000
    with mock():
        sqs = client("sqs")
        arguments = _queue(sqs)

        def send() -> Any:
            return sqs.send_message(**arguments)

        timed(send, 10)
        short = min(timed(send, 20) for _ in range(5))
        timed(send, count)
        return {"ratio": min(timed(send, 20) for _ in range(5)) / short, "at": count}


def partition_size() -> dict[str, float]:
    """Time of a Query for one item of a big partition, in that for one among a hundred."""
    count = 100_000 if WHO == "sundog" else 5_000
    with mock():
        dynamodb = client("dynamodb")
        _table(dynamodb)

        def fill(start: int, stop: int) -> None:
            for first in range(start, stop, 25):
                items = [
                    {"PutRequest": {"Item": {"p": {"S": "a"}, "s": {"S": f"{number:08}"}}}}
                    for number in range(first, min(first + 25, stop))
                ]
                dynamodb.batch_write_item(RequestItems={"table": items})

        def query() -> None:
            found = dynamodb.query(
                TableName="table",
                KeyConditionExpression="p = :p AND s = :s",
                ExpressionAttributeValues={":p": {"S": "a"}, ":s": {"S": "00000050"}},
            )
            assert found["Count"] == 1

        fill(0, 100)
        timed(query, 10)
        small = min(timed(query, 20) for _ in range(5))
        fill(100, count)
        return {"ratio": min(timed(query, 20) for _ in range(5)) / small, "at": count}


def size() -> dict[str, float]:
    """Megabytes of the package and what it needs, without what boto3 and cryptography need."""
    import re
    from importlib.metadata import distribution

    def closure(name: str, found: set[str]) -> set[str]:
        name = re.sub(r"[-_.]+", "-", name).lower()
        if name in found:
            return found
        try:
            needed = distribution(name).requires or []
        except ModuleNotFoundError:
            return found
        found.add(name)
        for text in needed:
            if "extra ==" not in text:
                closure(re.split(r"[\s;<>=!~\[(]", text, maxsplit=1)[0], found)
        return found

    names = closure(WHO, set()) - closure("boto3", set()) - closure("cryptography", set())
    total = 0
    for name in names:
        for file in distribution(name).files or ():
            path = file.locate()
            if os.path.isfile(path):
                total += os.path.getsize(path)
    return {"mb": total / 1e6}


if __name__ == "__main__":
    print(json.dumps(globals()[sys.argv[2]]()))
