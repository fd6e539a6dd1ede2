"""Calls of a cloud without a client in between: ``ask`` gives the call's entry in the log."""

from __future__ import annotations

from typing import Any

from sundog import Cloud
from sundog.core.calls import Call
from sundog.wire.model import get_service


def ask(cloud: Cloud, operation: str, service: str = "ec2", account: str | None = None, **params: Any) -> Call:
    model = get_service(service).operation(operation)
    assert model is not None
    entry = Call(service, operation, params, account or cloud.default_account, "us-east-1")
    entry.protocol = model.service.protocols[0]
    return cloud.blocking(lambda final: cloud.execute(model, params, entry, final))


def answer(cloud: Cloud, operation: str, service: str = "ec2", **params: Any) -> Any:
    """The answer; the error as an exception."""
    found = ask(cloud, operation, service, **params)
    if found.exception is not None:
        raise found.exception
    if found.error is not None:
        raise found.error
    return found.answer
