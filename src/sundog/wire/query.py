"""The query protocol: form parameters in, XML out."""

from __future__ import annotations

import re
from typing import Any

from sundog.wire import fault
from sundog.wire.errors import AwsError
from sundog.wire.form import FormIn, TooDeep, read_tree
from sundog.wire.http import Request, Response
from sundog.wire.model import Operation, Service
from sundog.wire.plan import Traits, input_traits, output_traits
from sundog.wire.values import WrongType
from sundog.wire.xmlout import XmlOut, escape

CONTENT_TYPE = "text/xml;charset=UTF-8"
_VERSION = re.compile(r"\d{4}-\d\d-\d\d\Z", re.ASCII)
_NAMED_VERSION = re.compile(r"(?:^|&)Version=(\d{4}-\d\d-\d\d)(?:&|$)", re.ASCII)
_NAMED_VERSION_BYTES = re.compile(rb"(?:^|&)Version=(\d{4}-\d\d-\d\d)(?:&|$)")


class QueryIn(FormIn):
    kind = "query-in"

    def __init__(self, service: Service) -> None:
        super().__init__(service)
        self.shapes = shapes(service)


class QueryOut(XmlOut):
    kind = "query-out"

    def __init__(self, service: Service) -> None:
        super().__init__(service)
        self.shapes = shapes(service)


def shapes(service: Service) -> dict[str, Any]:
    """The service's shapes with the names that they have in the query protocol."""
    if service.name == "sqs" and "query" not in service.protocols:
        from sundog.wire.sqs_query import named

        return named(service)
    return service.description["shapes"]


def decode(op: Operation, request: Request, labels: dict[str, str]) -> dict[str, Any]:
    plan = op.plans.get("query-in")
    if plan is None:
        traits = input_traits(op)
        compiler = QueryIn.of(op.service)
        plan = op.plans["query-in"] = compiler.compile(_from(compiler, traits)) if traits else _no_input
    try:
        params = plan(read_tree(request))
    except WrongType as error:
        raise complaint(error) from None
    except TooDeep as error:
        raise AwsError("MalformedInput", f"Unexpected complex element termination: {error}") from None
    if labels and "QueueUrl" in labels:
        params.setdefault("QueueUrl", labels["QueueUrl"])
    return params


def encode(op: Operation, result: dict[str, Any], request_id: str, version: str | None = None) -> Response:
    plan = op.plans.get("query-out")
    if plan is None:
        plan = op.plans["query-out"] = _output_plan(op)
    convert, wrapper = plan
    start = f"<{op.name}Response{xmlns(op.service, version)}>"
    metadata = f"<ResponseMetadata><RequestId>{request_id}</RequestId></ResponseMetadata></{op.name}Response>"
    if convert is None:
        text = f"{start}{metadata}"
    else:
        text = f"{start}<{wrapper}>{convert(result)}</{wrapper}>{metadata}"
    return respond(200, text, request_id)


def encode_error(
    service: Service, op: Operation | None, error: AwsError, request_id: str, version: str | None = None
) -> Response:
    text = (
        f"<ErrorResponse{xmlns(service, version)}><Error><Type>{error.fault}</Type>"
        f"{error_body(service, QueryOut, error)}{_DETAIL.get(service.name, '')}</Error>"
        f"<RequestId>{request_id}</RequestId></ErrorResponse>"
    )
    response = respond(error.status, text, request_id)
    response.headers.update(error.headers)
    return response


def error_body(service: Service, out: type[XmlOut], error: AwsError) -> str:
    """Code, message and the error's own members."""
    traits = fault.error_traits(service, error)
    members = fault.error_members(service, traits, error)
    message = members.pop(fault.message_member(traits) or "Message", error.message)
    inside, others = fault.modelled(traits, members)
    text = f"<Code>{escape(fault.wire_code(service, error))}</Code><Message>{escape(message)}</Message>"
    if inside and traits is not None:
        compiler = out.of(service)
        text += compiler.compile(_from(compiler, traits))(inside)
    for name, value in others.items():
        text += f"<{name}>{escape(value)}</{name}>"
    return text


def respond(status: int, text: str, request_id: str) -> Response:
    return Response(
        status, {"content-type": CONTENT_TYPE, "x-amzn-requestid": request_id}, text.encode("utf-8", "replace")
    )


def version_of(request: Request) -> str | None:
    """The version of the API that a form names, which is the one that its answer is in."""
    found = _NAMED_VERSION.search(request.query)
    if found is None and isinstance(request.body, bytes):
        in_body = _NAMED_VERSION_BYTES.search(request.body)
        return None if in_body is None else in_body[1].decode("ascii")
    return None if found is None else found[1]


def xmlns(service: Service, version: str | None) -> str:
    """The answer's namespace; it names the version of the API that the client asked for."""
    cache: dict[str | None, str] | None = service.plans.get("xmlns")
    if cache is None:
        cache = service.plans["xmlns"] = {}
    found = cache.get(version)
    if found is None:
        uri = service.metadata.get("xmlNamespace") or _NAMESPACES.get(service.name, "").format(
            service.metadata["apiVersion"]
        )
        if uri and version and _VERSION.match(version) and len(cache) < 64:
            uri = uri.replace(service.metadata["apiVersion"], version)
        found = f' xmlns="{escape(uri)}"' if uri else ""
        if len(cache) < 64:
            cache[version] = found
    return found


_DETAIL = {"sqs": "<Detail/>"}
"""What stands in a service's errors though it is always empty."""
_NAMESPACES = {"sqs": "http://queue.amazonaws.com/doc/{}/"}


def complaint(error: WrongType) -> AwsError:
    """A value of the wrong type, as the query services word it."""
    value, expected = error.value, error.expected
    if expected == "Timestamp":
        message = "timestamp must follow ISO8601"
    elif isinstance(value, dict):
        message = "Start of structure or map found where not expected."
    elif expected in ("Structure", "Map"):
        message = "Unexpected complex element termination"
    elif expected == "List":
        message = "Unexpected list element termination"
    elif expected == "Boolean":
        message = f"Invalid boolean value: {value[:200]}"
    elif expected == "Blob":
        message = "Invalid Base64 encoding"
    else:
        message = f'For input string: "{value[:200]}"'
    return AwsError("MalformedInput", message)


def _output_plan(op: Operation) -> tuple[Any, str]:
    traits = output_traits(op)
    if traits is None:
        return None, ""
    compiler = QueryOut.of(op.service)
    return compiler.compile(_from(compiler, traits)), traits.get("resultWrapper") or f"{op.name}Result"


def _from(compiler: Any, traits: Traits) -> Traits:
    """The same shape, with the compiler's own idea of its members."""
    return {**traits, **compiler.shapes[traits["shape"]]}


def _no_input(_: Any) -> dict[str, Any]:
    return {}
