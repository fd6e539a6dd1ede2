"""EC2's protocol: the query protocol with names, errors and request ids of its own."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sundog.wire.errors import AwsError
from sundog.wire.form import FormIn, TooDeep, read_tree
from sundog.wire.http import Request, Response
from sundog.wire.model import Operation, Service, as_of
from sundog.wire.plan import Traits, input_traits, output_traits
from sundog.wire.query import error_body, respond, xmlns
from sundog.wire.values import WrongType
from sundog.wire.xmlout import XmlOutEdition, XmlOutMilliseconds

_DECLARATION = '<?xml version="1.0" encoding="UTF-8"?>\n'


class Ec2In(FormIn):
    kind = "ec2-in"

    def wire_names(self, name: str, ref: Traits) -> Iterable[str]:
        query_name = ref.get("queryName") or self.shapes[ref["shape"]].get("queryName")
        location = ref.get("locationName") or self.shapes[ref["shape"]].get("locationName")
        if location:
            location = location[0].upper() + location[1:]
        return [wire for wire in (query_name, location, name) if wire]


def decode(op: Operation, request: Request, labels: dict[str, str]) -> dict[str, Any]:
    plan = op.plans.get("ec2-in")
    if plan is None:
        traits = input_traits(op)
        plan = op.plans["ec2-in"] = Ec2In.of(op.service).compile(traits) if traits else _no_input
    try:
        return plan(read_tree(request))
    except WrongType as error:
        raise complaint(error) from None
    except TooDeep as error:
        raise AwsError("InvalidParameter", f"The parameter {error} is not recognized") from None


def encode(op: Operation, result: dict[str, Any], request_id: str, version: str | None = None) -> Response:
    edition = as_of(op, version)
    plan = edition.plans.get("ec2-out")
    if plan is None:
        traits = output_traits(edition)
        writer = XmlOutMilliseconds if edition is op else XmlOutEdition
        plan = edition.plans["ec2-out"] = writer.of(edition.service).compile(traits) if traits else _acknowledge
    name = op.name
    text = (
        f"{_DECLARATION}<{name}Response{xmlns(op.service, version)}><requestId>{request_id}</requestId>"
        f"{plan(result)}</{name}Response>"
    )
    return respond(200, text, request_id)


def encode_error(
    service: Service, op: Operation | None, error: AwsError, request_id: str, version: str | None = None
) -> Response:
    text = (
        f"{_DECLARATION}<Response><Errors><Error>{error_body(service, XmlOutMilliseconds, error)}</Error></Errors>"
        f"<RequestID>{request_id}</RequestID></Response>"
    )
    response = respond(error.status, text, request_id)
    response.headers.update(error.headers)
    return response


def complaint(error: WrongType) -> AwsError:
    """A value of the wrong type, as EC2 words it."""
    name, value, expected = error.name, error.value, error.expected
    if isinstance(value, dict) or expected in ("Structure", "Map", "List"):
        return AwsError("InvalidParameter", f"The parameter {name} is not valid: unexpected structure")
    if expected == "Boolean":
        return AwsError(
            "InvalidParameterValue", f"Value ({value[:200]}) for parameter {name} is invalid. Must be true or false"
        )
    if expected in ("Integer", "Long"):
        return AwsError(
            "InvalidParameterValue", f"Value ({value[:200]}) for parameter {name} is invalid. Expecting an integer"
        )
    if expected == "Double":
        return AwsError(
            "InvalidParameterValue", f"Value ({value[:200]}) for parameter {name} is invalid. Expecting a number"
        )
    if expected == "Timestamp":
        return AwsError(
            "InvalidParameterValue", f"Value ({value[:200]}) for parameter {name} is invalid. Expecting a date"
        )
    return AwsError("InvalidParameterValue", f"Value ({value[:200]}) for parameter {name} is invalid.")


def _no_input(_: Any) -> dict[str, Any]:
    return {}


def _acknowledge(_: Any) -> str:
    """EC2 answers an operation that has nothing to say with ``return``."""
    return "<return>true</return>"
