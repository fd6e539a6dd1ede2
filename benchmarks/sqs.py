"""SQS with full queues, and a server with many long polls open."""

from __future__ import annotations

import json
import statistics
import threading
import time
import urllib.request
from typing import Any

import boto3

from sundog import mock_aws

KEYS = {"region_name": "us-east-1", "aws_access_key_id": "AKIAIOSFODNN7EXAMPLE", "aws_secret_access_key": "secret"}


def filled(client: Any, name: str, count: int) -> str:
    url = client.create_queue(QueueName=name)["QueueUrl"]
    for start in range(0, count, 10):
        entries = [{"Id": str(n), "MessageBody": "m"} for n in range(min(10, count - start))]
        client.send_message_batch(QueueUrl=url, Entries=entries)
    return url


def send_when_full(few: int = 10, many: int = 10_000, rounds: int = 40, calls: int = 50) -> dict[str, float]:
    """Microseconds of SendMessage to a queue with few messages and to one with many, in turns."""
    with mock_aws():
        client = boto3.client("sqs", **KEYS)
        urls = {"few": filled(client, "few", few), "many": filled(client, "many", many)}
        taken: dict[str, list[float]] = {"few": [], "many": []}
        for _ in range(rounds):
            for name, url in urls.items():
                begin = time.perf_counter()
                for _ in range(calls):
                    client.send_message(QueueUrl=url, MessageBody="m")
                taken[name].append((time.perf_counter() - begin) / calls * 1e6)
            if rounds:  # the small one stays small
                client.delete_queue(QueueUrl=urls["few"])
                urls["few"] = filled(client, f"few{len(taken['few'])}", few)
    medians = {name: statistics.median(values) for name, values in taken.items()}
    return {**medians, "ratio": medians["many"] / medians["few"]}


def through(count: int = 100_000, fifo: bool = False) -> dict[str, float]:
    """Seconds to send, receive and delete so many messages in batches of ten, checked to be in order."""
    with mock_aws(call_log=100):
        client = boto3.client("sqs", **KEYS)
        name, attributes = ("q.fifo", {"FifoQueue": "true"}) if fifo else ("q", {})
        url = client.create_queue(QueueName=name, Attributes=attributes)["QueueUrl"]
        found: dict[str, float] = {}
        begin = time.perf_counter()
        for start in range(0, count, 10):
            entries = [{"Id": str(n), "MessageBody": str(start + n)} for n in range(10)]
            if fifo:
                for n, entry in enumerate(entries):
                    entry |= {"MessageGroupId": "g", "MessageDeduplicationId": str(start + n)}
            client.send_message_batch(QueueUrl=url, Entries=entries)
        found["send"] = time.perf_counter() - begin
        begin = time.perf_counter()
        expected = 0
        while expected < count:
            messages = client.receive_message(QueueUrl=url, MaxNumberOfMessages=10)["Messages"]
            for message in messages:
                assert message["Body"] == str(expected), (message["Body"], expected)
                expected += 1
            handles = [{"Id": str(n), "ReceiptHandle": m["ReceiptHandle"]} for n, m in enumerate(messages)]
            assert "Failed" not in client.delete_message_batch(QueueUrl=url, Entries=handles)
        found["receive and delete"] = time.perf_counter() - begin
    return found


def polls(open_polls: int = 100, calls: int = 400) -> dict[str, float]:
    """Microseconds of a SendMessage to another queue, with no long poll open and with many."""
    from sundog.ways.server import serve

    server = serve(port=0)
    try:
        client = boto3.client("sqs", endpoint_url=server.url, **KEYS)
        waiting, busy = (client.create_queue(QueueName=name)["QueueUrl"] for name in ("waiting", "busy"))

        def send() -> float:
            begin = time.perf_counter()
            for _ in range(calls):
                client.send_message(QueueUrl=busy, MessageBody="m")
            return (time.perf_counter() - begin) / calls * 1e6

        def poll() -> None:
            body = json.dumps({"QueueUrl": waiting, "WaitTimeSeconds": 20}).encode()
            headers = {"X-Amz-Target": "AmazonSQS.ReceiveMessage", "Content-Type": "application/x-amz-json-1.0"}
            urllib.request.urlopen(urllib.request.Request(server.url, body, headers)).read()

        send()
        without = min(send() for _ in range(3))
        threads = [threading.Thread(target=poll, daemon=True) for _ in range(open_polls)]
        for thread in threads:
            thread.start()
        time.sleep(1)
        among = min(send() for _ in range(3))
        for _ in range(open_polls):
            client.send_message(QueueUrl=waiting, MessageBody="end")
        for thread in threads:
            thread.join(10)
    finally:
        server.stop()
    return {"none open": without, f"{open_polls} open": among, "ratio": among / without}


def main() -> None:
    for title, found in (
        ("SendMessage, 10 or 10,000 queued (us)", send_when_full()),
        ("100,000 messages (s)", through()),
        ("100,000 messages of one FIFO group (s)", through(fifo=True)),
        ("SendMessage beside long polls (us)", polls()),
    ):
        print(title + ": " + ", ".join(f"{name} {value:.2f}" for name, value in found.items()))


if __name__ == "__main__":
    main()
