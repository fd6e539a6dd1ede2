"""Deliveries: from one service to whatever an ARN names, without either knowing the other."""

from __future__ import annotations

import keyword
from collections.abc import Callable
from typing import Any, TypeVar

from sundog.core.arn import Arn, parse_arn
from sundog.core.op import service_part
from sundog.wire.errors import AwsError

Receiver = Callable[..., Any]
F = TypeVar("F", bound=Receiver)

_targets: dict[str, Receiver] = {}


class Event:
    """What is delivered: a body, and who sends it.

    ``source`` is the sending service's principal (``s3.amazonaws.com``), ``source_arn`` the resource in whose name it
    sends: policies are asked about both. ``attributes`` are what the kind of target takes: SQS and SNS take ``attributes``
    (message attributes in the model's form), ``group``, ``deduplication_id``, ``trace_header``; SNS also ``subject``.
    """

    __slots__ = ("attributes", "body", "source", "source_arn")

    def __init__(self, body: Any, source: str = "", source_arn: str = "", **attributes: Any) -> None:
        self.body = body
        self.source = source
        self.source_arn = source_arn
        self.attributes = attributes

    @property
    def service(self) -> str:
        """The sender's short name."""
        return self.source.partition(".")[0]


def target(service: str) -> Callable[[F], F]:
    """The function receives what is delivered to ARNs of the service: ``receive(tx, arn, event)``."""

    def mark(function: F) -> F:
        _targets[service] = function
        return function

    return mark


def deliver(tx: Any, arn: str | Arn, event: Event) -> Any:
    """Hand the event to the ARN's service. An ARN of a service that takes no deliveries is an error."""
    parsed = parse_arn(arn) if isinstance(arn, str) else arn
    if parsed is None:
        raise AwsError("InvalidParameter", f"Invalid parameter: {arn} is no ARN")
    receive = _targets.get(parsed.service)
    if receive is None:
        name = parsed.service.replace("-", "_")
        service_part(name + "_" if keyword.iskeyword(name) else name, "target")
        receive = _targets.get(parsed.service)
    if receive is None:
        raise AwsError("InvalidParameter", f"Nothing can be delivered to {parsed}")
    return receive(tx.in_(account=parsed.account or None, region=parsed.region or None), parsed, event)
