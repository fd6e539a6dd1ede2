"""Where queues are: by URL, in whatever form, and by ARN."""

from __future__ import annotations

from sundog.api import sqs as api
from sundog.core import Arn, Tx
from sundog.services.sqs.state import Queue, no_queue


def url_of(tx: Tx, name: str) -> str:
    """A queue's URL, at the host that the client calls."""
    return f"{_endpoint(tx)}/{tx.account}/{name}"


def _endpoint(tx: Tx) -> str:
    request = tx.http
    if request is not None:
        host = request.host.partition(":")[0]
        labels = host.split(".")
        ours = "sqs" in labels or "queue" in labels or "sqs-fips" in labels
        if ours or not host.endswith((tx.dns_suffix, ".aws")):
            return f"{request.scheme}://{request.host}"
    return f"https://sqs.{tx.region}.{tx.dns_suffix}"


def arn_of(tx: Tx, name: str) -> str:
    return tx.arn(name, service="sqs")


def split_url(tx: Tx, url: str) -> tuple[str, str]:
    """Account and name of a queue's URL; a name alone is a queue of the caller's."""
    _, found, rest = url.partition("://")
    path = rest.partition("/")[2] if found else url
    parts = [part for part in path.split("?")[0].split("/") if part]
    if not parts:
        raise api.InvalidAddress(f"The address {url} is not valid for this endpoint.")
    account = parts[-2] if len(parts) > 1 and len(parts[-2]) == 12 and parts[-2].isdigit() else tx.account
    return account, parts[-1]


def queue_at(tx: Tx, url: str) -> tuple[Tx, Queue]:
    """The queue of a URL, and the transaction as its owner sees it."""
    account, name = split_url(tx, url)
    there = tx if account == tx.account else tx.in_(account=account)
    queue = there.find(Queue, name)
    if queue is None:
        raise no_queue()
    return there, queue


def queue_by_arn(tx: Tx, arn: Arn | None) -> tuple[Tx, Queue] | None:
    """The queue of an ARN, and the transaction as its owner sees it; None if there is no such queue."""
    if arn is None or arn.service != "sqs" or not arn.account or not arn.region:
        return None
    there = tx.in_(account=arn.account, region=arn.region, service="sqs")
    queue = there.find(Queue, arn.resource)
    return None if queue is None else (there, queue)
