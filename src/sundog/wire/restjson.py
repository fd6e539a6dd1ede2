"""The rest-json protocol."""

from __future__ import annotations

from typing import Any

from sundog.wire import fault
from sundog.wire.body import is_packed, unwrap
from sundog.wire.errors import AwsError
from sundog.wire.http import Request, Response
from sundog.wire.jsonshape import JsonIn, JsonOut, complaint, dump, load
from sundog.wire.model import Operation, Service
from sundog.wire.plan import Traits
from sundog.wire.rest import Input, Output, input_of, output_of
from sundog.wire.values import WrongType, as_bytes


def decode(op: Operation, request: Request, labels: dict[str, str]) -> dict[str, Any]:
    bound = input_of(op)
    if bound is None:
        return {}
    if is_packed(request):
        unwrap(request, inflate=bound.payload is None or bound.payload[1]["type"] != "blob")
    try:
        params = bound.read(request, labels)
        if bound.payload is not None:
            _read_payload(op, bound, bound.payload, request, params)
        elif bound.rest is not None:
            body = request.read()
            if body:
                plan = op.plans.get("rest-json-in")
                if plan is None:
                    plan = op.plans["rest-json-in"] = JsonIn.of(op.service).make_structure(bound.rest)
                value = load(body)
                if value is not None:
                    params.update(plan(value))
    except WrongType as error:
        raise complaint(error, classes=True) from None
    except RecursionError:
        raise AwsError("SerializationException", "") from None
    return params


def _read_payload(
    op: Operation, bound: Input, payload: tuple[str, Traits], request: Request, params: dict[str, Any]
) -> None:
    name, traits = payload
    if traits.get("eventstream"):
        from sundog.wire.eventstream import read_events

        params[name] = read_events(op, traits, request.body, JsonIn.of(op.service), load)
        return
    kind = traits["type"]
    if kind == "blob":
        if request.body or name in bound.required:
            params[name] = request.body
        return
    body = request.read()
    if not body:
        return
    if kind == "string":
        try:
            params[name] = body.decode()
        except UnicodeDecodeError:
            raise AwsError("SerializationException", "") from None
        return
    value = load(body)
    # Clients send an empty object for a payload that was left out.
    if value is not None and (value != {} or name in bound.required):
        params[name] = JsonIn.of(op.service).compile(traits)(value)


def head(op: Operation, result: dict[str, Any], request_id: str) -> tuple[int, dict[str, str]]:
    """Status and headers of the answer that holds a result."""
    headers = {"x-amzn-requestid": request_id}
    output = output_of(op)
    if output is None:
        return op.status, headers
    status = output.code(result, op.status)
    kind = output.kind
    if kind in ("members", "value") or (kind == "nothing" and status != 204 and op.method != "HEAD"):
        headers["content-type"] = "application/json"
    elif kind == "stream":
        headers["content-type"] = "application/vnd.amazon.eventstream"
    elif kind != "nothing":
        headers["content-type"] = output.content_type(op.service.name)
    if output.headers or output.header_maps:
        output.write(result, headers)
    return status, headers


def encode(op: Operation, result: dict[str, Any], request_id: str, version: str | None = None) -> Response:
    status, headers = head(op, result, request_id)
    output = output_of(op)
    if output is None:
        return Response(status, headers)
    return Response(status, headers, _body(op, output, result, status))


def _body(op: Operation, output: Output, result: dict[str, Any], status: int) -> Any:
    out = JsonOut.of(op.service)
    if output.payload is not None:
        name, traits = output.payload
        value = result.get(name)
        if output.kind == "stream":
            from sundog.wire.eventstream import write_events

            return write_events(op.service, traits, value or (), out, dump, "application/json")
        if output.kind == "value":
            if value is None:
                return b"{}" if traits["type"] == "structure" else b""
            convert = out.compile(traits)
            return dump(value if convert is None else convert(value))
        return b"" if value is None else value if hasattr(value, "read") else as_bytes(value)
    if output.rest is not None:
        plan = op.plans.get("rest-json-out")
        if plan is None:
            plan = op.plans["rest-json-out"] = out.make_structure(output.traits)
        return dump(plan(result))
    return b"" if status == 204 or op.method == "HEAD" else b"{}"


def encode_error(
    service: Service, op: Operation | None, error: AwsError, request_id: str, version: str | None = None
) -> Response:
    traits = fault.error_traits(service, error)
    headers = {
        "content-type": "application/json",
        "x-amzn-requestid": request_id,
        "x-amzn-errortype": fault.shape_name(service, error) or error.code,
    }
    members = fault.error_members(service, traits, error)
    inside, others = fault.modelled(traits, members)
    body: dict[str, Any] = {}
    if traits is not None:
        output = Output(service.description["shapes"], traits)
        for name, header, write, _ in output.headers:
            if inside.get(name) is not None and header != "x-amzn-errortype":
                headers[header] = write(inside[name])
        body.update(JsonOut.of(service).compile(traits)(inside))
    if fault.message_member(traits) is None:
        body["Message" if service.name == "lambda" else "message"] = error.message
    body.update(others)
    headers.update(error.headers)
    return Response(error.status, headers, b"" if op is not None and op.method == "HEAD" else dump(body))
