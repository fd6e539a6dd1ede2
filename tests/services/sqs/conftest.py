from __future__ import annotations

from collections.abc import Callable
from typing import Any

import boto3
import pytest


@pytest.fixture
def sqs(aws: Any) -> Any:
    return boto3.client("sqs", region_name="us-east-1")


@pytest.fixture
def make(sqs: Any) -> Callable[..., str]:
    """Makes a queue; attributes by name. A name that ends with ``.fifo`` makes a FIFO queue."""

    def make(name: str = "q", **attributes: Any) -> str:
        if name.endswith(".fifo"):
            attributes.setdefault("FifoQueue", "true")
        found = {key: str(value) for key, value in attributes.items()}
        return sqs.create_queue(QueueName=name, Attributes=found)["QueueUrl"]

    return make


@pytest.fixture
def receive(sqs: Any) -> Callable[..., list[dict[str, Any]]]:
    def receive(url: str, **more: Any) -> list[dict[str, Any]]:
        more.setdefault("MaxNumberOfMessages", 10)
        return sqs.receive_message(QueueUrl=url, **more).get("Messages", [])

    return receive


@pytest.fixture
def arn(sqs: Any) -> Callable[[str], str]:
    def arn(url: str) -> str:
        return sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]

    return arn


@pytest.fixture
def refused(sqs: Any) -> Callable[..., dict[str, Any]]:
    """Calls, and gives the error with which the call is refused."""
    from botocore.exceptions import ClientError

    def refused(operation: str, **params: Any) -> dict[str, Any]:
        with pytest.raises(ClientError) as caught:
            getattr(sqs, operation)(**params)
        return caught.value.response["Error"]

    return refused
