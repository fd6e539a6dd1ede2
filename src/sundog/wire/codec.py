"""The codec of each protocol, loaded when it is first needed.

A codec turns a request's bytes into the call's parameters and a result into the answer's bytes, in botocore's own form:
wire names, Python values. It knows neither state nor services beyond what their models say.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any, Protocol

from sundog.wire.errors import AwsError
from sundog.wire.http import Request, Response
from sundog.wire.model import Operation, Service


class Codec(Protocol):
    def decode(self, op: Operation, request: Request, labels: dict[str, str]) -> dict[str, Any]:
        """The parameters of a call. ``labels`` are what the URI's labels hold, decoded.

        Raises ``AwsError`` for whatever can't be read.
        """
        ...

    def encode(self, op: Operation, result: dict[str, Any], request_id: str, version: str | None = None) -> Response:
        """The answer that holds a result. ``version`` is the API's version that the client named, if it did."""
        ...

    def encode_error(
        self, service: Service, op: Operation | None, error: AwsError, request_id: str, version: str | None = None
    ) -> Response:
        """The answer that holds an error."""
        ...


MODULES = {
    "query": "query",
    "ec2": "ec2",
    "json": "json_",
    "rest-json": "restjson",
    "rest-xml": "restxml",
    "smithy-rpc-v2-cbor": "cbor",
}

_loaded: dict[str, Codec] = {}


def codec(protocol: str) -> Codec:
    """The codec of a protocol, by botocore's name for it."""
    found = _loaded.get(protocol)
    if found is None:
        module: Any = import_module(f"sundog.wire.{MODULES[protocol]}")
        found = _loaded[protocol] = module
    return found
