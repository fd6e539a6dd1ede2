"""The smithy-rpc-v2-cbor protocol."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from sundog.wire import fault
from sundog.wire.cborcodec import BadCbor, Epoch, dumps, loads
from sundog.wire.errors import AwsError
from sundog.wire.http import Request, Response
from sundog.wire.jsonshape import JsonIn, JsonOut, complaint
from sundog.wire.model import Operation, Service
from sundog.wire.plan import Traits, input_traits, output_traits
from sundog.wire.values import WrongType, as_bytes, read_epoch, utc, write_epoch


class CborIn(JsonIn):
    kind = "cbor-in"

    def scalar(self, traits: Traits) -> Callable[[Any], Any]:
        return _READERS.get(traits["type"]) or super().scalar(traits)


class CborOut(JsonOut):
    kind = "cbor-out"

    def scalar(self, traits: Traits) -> Callable[[Any], Any] | None:
        return _WRITERS.get(traits["type"])


def _timestamp(value: Any) -> datetime:
    if isinstance(value, datetime):
        return value
    if value.__class__ is int or value.__class__ is float:
        return read_epoch(value)
    raise WrongType(value, "Timestamp")


def _blob(value: Any) -> bytes:
    if value.__class__ is bytes:
        return value
    raise WrongType(value, "Blob")


def _float(value: Any) -> float:
    if value.__class__ is float or value.__class__ is int:
        return value
    raise WrongType(value, "Double")


_READERS: dict[str, Callable[[Any], Any]] = {
    "timestamp": _timestamp,
    "blob": _blob,
    "float": _float,
    "double": _float,
}
_WRITERS: dict[str, Callable[[Any], Any]] = {
    "timestamp": lambda value: Epoch(write_epoch(utc(value))),
    "blob": as_bytes,
}


def load(body: bytes) -> Any:
    try:
        return loads(body)
    except BadCbor:
        raise AwsError("SerializationException", "The request body is not valid CBOR") from None


def decode(op: Operation, request: Request, labels: dict[str, str]) -> dict[str, Any]:
    plan = op.plans.get("cbor-in")
    if plan is None:
        traits = input_traits(op)
        plan = op.plans["cbor-in"] = CborIn.of(op.service).compile(traits) if traits else _no_input
    if "content-encoding" in request.headers:
        from sundog.wire.body import unwrap

        unwrap(request)
    body = request.read()
    if not body:
        return {}
    value = load(body)
    try:
        return plan(value)
    except WrongType as error:
        if isinstance(error.value, (bytes, datetime)):
            error.value = str(error.value)
        raise complaint(error) from None
    except RecursionError:
        raise AwsError("SerializationException", "The request body is not valid CBOR") from None


def encode(op: Operation, result: dict[str, Any], request_id: str, version: str | None = None) -> Response:
    plan = op.plans.get("cbor-out")
    if plan is None:
        plan = op.plans["cbor-out"] = _output_plan(op)
    convert, stream = plan
    if stream is not None:
        from sundog.wire.eventstream import respond

        return respond(op, result, request_id, convert, stream, CborOut.of(op.service), dumps, "application/cbor")
    headers = _headers(request_id)
    if convert is None:
        del headers["content-type"]
        return Response(200, headers)
    return Response(200, headers, dumps(convert(result)))


def encode_error(
    service: Service, op: Operation | None, error: AwsError, request_id: str, version: str | None = None
) -> Response:
    from sundog.wire.json_ import error_type, query_error

    traits = fault.error_traits(service, error)
    members = fault.error_members(service, traits, error)
    inside, others = fault.modelled(traits, members)
    body: dict[str, Any] = {"__type": error_type(service, error)}
    if traits is not None:
        body.update(CborOut.of(service).compile(traits)(inside))
    if error.message and fault.message_member(traits) is None:
        body["message"] = error.message
    body.update(others)
    headers = _headers(request_id)
    if "awsQueryCompatible" in service.metadata:
        headers["x-amzn-query-error"] = query_error(service, error)
    headers.update(error.headers)
    return Response(error.status, headers, dumps(body))


def _headers(request_id: str) -> dict[str, str]:
    return {"content-type": "application/cbor", "smithy-protocol": "rpc-v2-cbor", "x-amzn-requestid": request_id}


def _output_plan(op: Operation) -> tuple[Any, str | None]:
    traits = output_traits(op)
    if traits is None:
        return None, None
    from sundog.wire.eventstream import split

    return split(CborOut.of(op.service), traits)


def _no_input(_: Any) -> dict[str, Any]:
    return {}
