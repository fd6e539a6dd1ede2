"""The JSON protocols 1.0 and 1.1: one target, JSON in and out."""

from __future__ import annotations

from typing import Any
from zlib import crc32

from sundog.wire import fault
from sundog.wire.errors import AwsError
from sundog.wire.http import Request, Response
from sundog.wire.jsonshape import JsonIn, JsonOut, complaint, dump, load
from sundog.wire.model import Operation, Service
from sundog.wire.plan import input_traits, output_traits
from sundog.wire.values import WrongType

NAMESPACES = {
    "dynamodb": "com.amazonaws.dynamodb.v20120810#",
    "dynamodbstreams": "com.amazonaws.dynamodb.v20120810#",
    "sqs": "com.amazonaws.sqs#",
}
"""What some services write before an error's name; clients cut it off."""

_CORAL = {
    "SerializationException": "com.amazon.coral.service#",
    "UnknownOperationException": "com.amazon.coral.service#",
    "ValidationException": "com.amazon.coral.validate#",
    "AccessDeniedException": "com.amazon.coral.service#",
    "UnrecognizedClientException": "com.amazon.coral.service#",
    "InvalidSignatureException": "com.amazon.coral.service#",
    "MissingAuthenticationTokenException": "com.amazon.coral.service#",
    "IncompleteSignatureException": "com.amazon.coral.service#",
}


def decode(op: Operation, request: Request, labels: dict[str, str]) -> dict[str, Any]:
    plan = op.plans.get("json-in")
    if plan is None:
        traits = input_traits(op)
        plan = op.plans["json-in"] = JsonIn.of(op.service).compile(traits) if traits else _no_input
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
        raise complaint(error) from None
    except RecursionError:
        raise AwsError("SerializationException", "") from None


def encode(op: Operation, result: dict[str, Any], request_id: str, version: str | None = None) -> Response:
    plan = op.plans.get("json-out")
    if plan is None:
        plan = op.plans["json-out"] = _output_plan(op)
    convert, stream = plan
    if stream is not None:
        from sundog.wire.eventstream import respond

        return respond(op, result, request_id, convert, stream, JsonOut.of(op.service), dump, "application/json")
    if convert is None:
        # An operation without a result answers with an empty body, and DynamoDB's kind of service with its checksum.
        return respond_with(
            200, b"" if op.service.metadata.get("jsonVersion") == "1.1" else b"{}", op.service, request_id
        )
    return respond_with(200, dump(convert(result)), op.service, request_id)


def encode_error(
    service: Service, op: Operation | None, error: AwsError, request_id: str, version: str | None = None
) -> Response:
    traits = fault.error_traits(service, error)
    members = fault.error_members(service, traits, error)
    inside, others = fault.modelled(traits, members)
    body: dict[str, Any] = {"__type": error_type(service, error)}
    if traits is not None and inside:
        body.update(JsonOut.of(service).compile(traits)(inside))
    if error.message and fault.message_member(traits) is None:
        body["Message" if traits is None and error.code in _CORAL else "message"] = error.message
    body.update(others)
    response = respond_with(error.status, dump(body), service, request_id)
    if "awsQueryCompatible" in service.metadata:
        response.headers["x-amzn-query-error"] = query_error(service, error)
    response.headers.update(error.headers)
    return response


def error_type(service: Service, error: AwsError) -> str:
    name = fault.shape_name(service, error)
    if name is not None:
        return NAMESPACES.get(service.name, "") + name
    if service.name == "sqs":
        from sundog.wire.sqs_query import JSON_NAMES

        return NAMESPACES["sqs"] + JSON_NAMES.get(error.code, error.code)
    return (_CORAL.get(error.code, "") if service.name in NAMESPACES else "") + error.code


def query_error(service: Service, error: AwsError) -> str:
    """The code that the query protocol has for the error, for clients that knew the service by it."""
    return f"{fault.wire_code(service, error)};{error.fault}"


def respond_with(status: int, body: bytes, service: Service, request_id: str) -> Response:
    headers = {
        "content-type": f"application/x-amz-json-{service.metadata.get('jsonVersion', '1.0')}",
        "x-amzn-requestid": request_id,
    }
    if service.name in ("dynamodb", "dynamodbstreams"):
        headers["x-amz-crc32"] = str(crc32(body))
    return Response(status, headers, body)


def _output_plan(op: Operation) -> tuple[Any, Any]:
    traits = output_traits(op)
    if traits is None:
        return None, None
    from sundog.wire.eventstream import split

    return split(JsonOut.of(op.service), traits)


def _no_input(_: Any) -> dict[str, Any]:
    return {}
