"""What the policies' judge asks of SQS."""

from __future__ import annotations

from typing import Any

from sundog.core import Tx, parse_arn
from sundog.services.sqs.place import queue_by_arn, split_url


def resources_of(tx: Tx, operation: str, params: dict[str, Any]) -> list[str] | None:
    """The queue that a call is about."""
    url = params.get("QueueUrl")
    if isinstance(url, str) and url.strip("/"):
        account, name = split_url(tx, url)
        return [tx.arn(name, service="sqs", account=account)]
    name = params.get("QueueName")
    if isinstance(name, str):
        return [tx.arn(name, service="sqs", account=params.get("QueueOwnerAWSAccountId"))]
    arn = params.get("SourceArn")
    return [arn] if isinstance(arn, str) else None


def resource_policy(tx: Tx, arn: str) -> str | None:
    found = queue_by_arn(tx, parse_arn(arn))
    return None if found is None else found[1].policy


def resource_tags(tx: Tx, arn: str) -> dict[str, str] | None:
    found = queue_by_arn(tx, parse_arn(arn))
    return None if found is None else found[1].tags
