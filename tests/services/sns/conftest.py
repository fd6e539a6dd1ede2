from __future__ import annotations

import http.server
import json
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import boto3
import pytest


@pytest.fixture
def sns(aws: Any) -> Any:
    return boto3.client("sns", region_name="us-east-1")


@pytest.fixture
def sqs(aws: Any) -> Any:
    return boto3.client("sqs", region_name="us-east-1")


@pytest.fixture
def topic(sns: Any) -> str:
    return sns.create_topic(Name="t")["TopicArn"]


@pytest.fixture
def refused(sns: Any) -> Callable[..., dict[str, Any]]:
    from botocore.exceptions import ClientError

    def refused(operation: str, **params: Any) -> dict[str, Any]:
        with pytest.raises(ClientError) as caught:
            getattr(sns, operation)(**params)
        return caught.value.response["Error"]

    return refused


class Box:
    """A queue that listens to a topic."""

    def __init__(self, sqs: Any, sns: Any, topic: str, name: str, **attributes: str) -> None:
        self.sqs = sqs
        given = {"FifoQueue": "true"} if name.endswith(".fifo") else {}
        self.url = sqs.create_queue(QueueName=name, Attributes=given)["QueueUrl"]
        self.arn = f"arn:aws:sqs:us-east-1:123456789012:{name}"
        self.subscription = sns.subscribe(
            TopicArn=topic, Protocol="sqs", Endpoint=self.arn, Attributes=attributes, ReturnSubscriptionArn=True
        )["SubscriptionArn"]

    def messages(self) -> list[dict[str, Any]]:
        return self.sqs.receive_message(
            QueueUrl=self.url, MaxNumberOfMessages=10, AttributeNames=["All"], MessageAttributeNames=["All"]
        ).get("Messages", [])

    def notes(self) -> list[dict[str, Any]]:
        return [json.loads(message["Body"]) for message in self.messages()]

    def texts(self) -> list[str]:
        return [note["Message"] for note in self.notes()]


@pytest.fixture
def subscribe(sns: Any, sqs: Any, topic: str) -> Callable[..., Box]:
    def subscribe(name: str = "q", to: str | None = None, **attributes: str) -> Box:
        return Box(sqs, sns, to or topic, name, **attributes)

    return subscribe


class Endpoint:
    """An HTTP server that keeps what it gets and answers with the statuses in ``answers``, then 200."""

    def __init__(self) -> None:
        self.got: list[tuple[dict[str, str], str]] = []
        self.answers: list[int] = []
        self.delay = 0.0
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"])).decode()
                time.sleep(outer.delay)
                outer.got.append(({key.lower(): value for key, value in self.headers.items()}, body))
                self.send_response(outer.answers.pop(0) if outer.answers else 200)
                self.send_header("content-length", "0")
                self.end_headers()

            def log_message(self, *_: Any) -> None:
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/hook?a=b"
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True)
        self.thread.start()

    @property
    def notes(self) -> list[dict[str, Any]]:
        return [json.loads(body) for _, body in self.got]

    def stop(self) -> None:
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()


@pytest.fixture
def endpoint() -> Iterator[Endpoint]:
    made = Endpoint()
    yield made
    made.stop()
