"""How services word what is wrong with parameters: the common framework's sentences, and who differs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

from sundog.wire.errors import AwsError
from sundog.wire.model import Operation, Service
from sundog.wire.validate import Fault

Wording = Callable[[Operation, "list[Fault]", "dict[str, Any]"], "AwsError | None"]

CODES = {
    "apigatewayv2": "BadRequestException",
    "appconfig": "BadRequestException",
    "athena": "InvalidRequestException",
    "batch": "ClientException",
    "codebuild": "InvalidInputException",
    "cognito-identity": "InvalidParameterException",
    "cognito-idp": "InvalidParameterException",
    "ecr": "InvalidParameterException",
    "ecs": "InvalidParameterException",
    "efs": "BadRequest",
    "eks": "InvalidParameterException",
    "glacier": "InvalidParameterValueException",
    "glue": "InvalidInputException",
    "iot": "InvalidRequestException",
    "kafka": "BadRequestException",
    "logs": "InvalidParameterException",
    "mq": "BadRequestException",
    "organizations": "InvalidInputException",
    "pinpoint": "BadRequestException",
    "route53": "InvalidInput",
    "sesv2": "BadRequestException",
    "transcribe": "BadRequestException",
    "workmail": "InvalidParameterException",
}
"""The error's code where it isn't ValidationException (JSON, REST, CBOR) or ValidationError (query). An operation whose
model declares ValidationException uses that anyway."""

INPUT_NAMED = frozenset({"apigateway"})
"""Services that put the input's name before members of the body: ``createRestApiInput.endpointConfiguration``."""

SILENT = frozenset({"iam"})
"""Services that never repeat the value, nor list an enumeration."""

PARAMETER_NEEDED = frozenset({"docdb", "elasticache", "neptune", "rds", "redshift", "sqs"})
"""Services that answer MissingParameter to what is missing at the top."""

_wordings: dict[str, Wording] = {}


def wording(service: str) -> Callable[[Wording], Wording]:
    """Let a service word its own faults. The function may return None for the family's words."""

    def keep(function: Wording) -> Wording:
        _wordings[service] = function
        return function

    return keep


def error_for(op: Operation, faults: list[Fault], params: dict[str, Any], protocol: str) -> AwsError:
    """The error with which the operation's service answers."""
    service = op.service
    own = _wordings.get(service.name)
    if own is not None:
        error = own(op, faults, params)
        if error is not None:
            return error
    if faults[0].rule == "type":
        error = _wrong_type(faults[0], protocol, service)
        if error is not None:
            return error
        faults = [fault for fault in faults if fault.rule != "type"] or faults
    name = service.name
    first = faults[0]
    if protocol == "ec2" or name == "ec2":
        return _ec2(op, first)
    if name in ("s3", "s3control"):
        return _s3(op, first)
    if first.rule == "null" and len(first.path) == 1:
        member = str(first.path[0])
        if name in PARAMETER_NEEDED:
            return AwsError("MissingParameter", f"The request must contain the parameter {member}.")
        if name == "sns":
            return AwsError("InvalidParameter", f"Invalid parameter: {member} Reason: no value for required parameter")
        if name == "cloudwatch":
            return AwsError("MissingParameter", f"The parameter {member} is required.")
    return AwsError(code_of(op, protocol), coral(op, faults))


def code_of(op: Operation, protocol: str) -> str:
    name = op.service.name
    # A service that spoke the query protocol once keeps its codes in the newer ones.
    if protocol == "query" or name == "cloudwatch":
        return CODES.get(name, "ValidationError")
    raw: list[dict[str, Any]] = op.service.description["operations"][op.name].get("errors", [])
    declared = {error["shape"] for error in raw}
    if "ValidationException" in declared:
        return "ValidationException"
    if name in CODES:
        return CODES[name]
    if op.service.protocols[0] == "rest-xml":
        return "InvalidInput" if "InvalidInput" in declared else "InvalidArgument"
    return "ValidationException"


# ---- the common framework ----


def coral(op: Operation, faults: list[Fault]) -> str:
    """``1 validation error detected: Value 'x' at 'name' failed to satisfy constraint: Member must ...``"""
    texts = [_sentence(op, fault) for fault in faults]
    plural = "" if len(texts) == 1 else "s"
    return f"{len(texts)} validation error{plural} detected: {'; '.join(texts)}"


def _sentence(op: Operation, fault: Fault) -> str:
    silent = op.service.name in SILENT
    if silent or (fault.shape.get("sensitive") and fault.rule != "null"):
        value = "Value"
    elif fault.value is None:
        value = "Value null"
    else:
        shapes = op.service.description["shapes"]
        value = f"Value '{java(fault.value, fault.shape, shapes)}'"
    return (
        f"{value} at '{_path(op, fault)}' failed to satisfy constraint: {constraint(fault.rule, fault.limit, silent)}"
    )


def constraint(rule: str, limit: Any, silent: bool = False) -> str:
    if rule == "null":
        return "Member must not be null"
    if rule == "enum":
        return "Member must satisfy enum value set" + ("" if silent else f": [{', '.join(enum_order(limit))}]")
    if rule == "max":
        return f"Member must have length less than or equal to {limit}"
    if rule == "min":
        return f"Member must have length greater than or equal to {limit}"
    if rule == "high":
        return f"Member must have value less than or equal to {_number(limit)}"
    if rule == "low":
        return f"Member must have value greater than or equal to {_number(limit)}"
    if rule == "pattern":
        return f"Member must satisfy regular expression pattern: {limit}"
    if rule == "items":
        return f"Member must satisfy constraint: [{_all_of(limit)}]"
    if rule == "keys":
        return f"Map keys must satisfy constraint: [{_all_of(limit)}]"
    if rule == "values":
        return f"Map value must satisfy constraint: [{_all_of(limit)}]"
    if rule == "union":
        return "Member must have exactly one of its members set"
    return "Member must be of its type"


def _all_of(tests: list[tuple[str, Any, Any]]) -> str:
    """What items must be: length before pattern, as AWS lists it there."""
    order = {"max": 0, "min": 1, "high": 0, "low": 1, "pattern": 2, "enum": 3}
    return ", ".join(constraint(rule, limit) for rule, limit, _ in sorted(tests, key=lambda t: order.get(t[0], 9)))


def _number(limit: Any) -> str:
    return str(int(limit)) if isinstance(limit, float) and limit.is_integer() else str(limit)


def java_hash(text: str) -> int:
    """``String.hashCode`` of Java."""
    value = 0
    for char in text:
        value = (31 * value + ord(char)) & 0xFFFFFFFF
    return value


def enum_order(values: list[str]) -> list[str]:
    """The order in which AWS prints an enumeration: that of a hash table of 32 buckets, newest first in each.

    All of AWS's recorded answers with up to 56 values agree with this but one.
    """
    buckets = sorted((java_hash(value) & 31, -index, value) for index, value in enumerate(values))
    return [value for _, _, value in buckets]


def _path(op: Operation, fault: Fault) -> str:
    """``tags.1.member.tagKey``: first letters in lower case, items counted from 1, map entries by key."""
    parts: list[str] = []
    for step in fault.path:
        if isinstance(step, int):
            parts.append(f"{step}.member")
        elif isinstance(step, tuple):
            parts.append(f"{step[0]}.member")
        else:
            parts.append(camel(str(step)))
    if op.service.name in INPUT_NAMED and not _outside_body(op, str(fault.path[0])):
        parts.insert(0, f"{camel(op.name)}Input")
    return ".".join(parts)


def _outside_body(op: Operation, member: str) -> bool:
    shape = op.service.description["operations"][op.name]["input"]["shape"]
    return "location" in op.service.description["shapes"][shape]["members"].get(member, {})


def camel(name: str) -> str:
    return name[:1].lower() + name[1:]


def java(value: Any, shape: dict[str, Any], shapes: dict[str, dict[str, Any]]) -> str:
    """A value as Java's ``toString`` prints it: ``[a, b]``, ``{k=v}``, ``Tag(key=a, value=null)``."""
    kind = shape.get("type")
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if kind == "list" and isinstance(value, list):
        name = shape["member"]["shape"]
        member = shapes[name]
        value = cast("list[Any]", value)
        return "[" + ", ".join(_named(item, name, member, shapes) for item in value) + "]"
    if kind == "map" and isinstance(value, dict):
        value = cast("dict[Any, Any]", value)
        name = shape["value"]["shape"]
        inner = shapes[name]
        return "{" + ", ".join(f"{key}={_named(item, name, inner, shapes)}" for key, item in value.items()) + "}"
    if isinstance(value, (bytes, bytearray)):
        return f"java.nio.HeapByteBuffer[pos=0 lim={len(value)} cap={len(value)}]"
    return str(value)


def _named(value: Any, name: str, shape: dict[str, Any], shapes: dict[str, dict[str, Any]]) -> str:
    if shape.get("type") != "structure" or not isinstance(value, dict):
        return java(value, shape, shapes)
    value = cast("dict[str, Any]", value)
    fields = ", ".join(
        f"{camel(member)}={_named(value.get(member), ref['shape'], shapes[ref['shape']], shapes)}"
        for member, ref in shape.get("members", {}).items()
    )
    return f"{name}({fields})"


# ---- who differs ----


def _wrong_type(fault: Fault, protocol: str, service: Service) -> AwsError | None:
    """A JSON value of the wrong type, as the framework's parser puts it."""
    if protocol not in ("json", "rest-json", "smithy-rpc-v2-cbor"):
        return None
    wanted = fault.limit
    value = fault.value
    if isinstance(value, dict):
        message = "Start of structure or map found where not expected."
    elif isinstance(value, list):
        message = "Start of list found where not expected"
    elif wanted in ("structure", "map", "list"):
        message = "Unexpected field type"
    else:
        kind = {"string": "String", "integer": "Integer", "long": "Long", "boolean": "Boolean"}.get(wanted, "Double")
        given = "STRING_VALUE" if isinstance(value, str) else "NUMBER_VALUE"
        if isinstance(value, bool):
            given = "TRUE_VALUE" if value else "FALSE_VALUE"
        message = f"{given} can not be converted to {'an' if kind == 'Integer' else 'a'} {kind}"
    return AwsError("SerializationException", message)


def _ec2(op: Operation, fault: Fault) -> AwsError:
    member = fault.path[0] if fault.path else ""
    if fault.rule == "null":
        name = _EC2_NAMES.get((op.name, str(member)), ".".join(str(step) for step in fault.path))
        return AwsError("MissingParameter", f"The request must contain the parameter {name}")
    if fault.rule == "type":
        return AwsError("InvalidParameterValue", f"Value ({fault.value}) for parameter {member} is invalid.")
    return AwsError("InvalidParameterValue", f"Value ({fault.value}) for parameter {camel(str(member))} is invalid.")


_EC2_NAMES = {
    ("CreateTags", "Resources"): "resourceIdSet",
    ("DeleteTags", "Resources"): "resourceIdSet",
    ("CreateTags", "Tags"): "tagSet",
}
"""Parameters that EC2 calls by an inner name when they are missing."""


def _s3(op: Operation, fault: Fault) -> AwsError:
    shapes = op.service.description["shapes"]
    member = str(fault.path[0]) if fault.path else ""
    ref = shapes[op.service.description["operations"][op.name]["input"]["shape"]]["members"].get(member, {})
    location = ref.get("location")
    if len(fault.path) == 1 and fault.rule == "null":
        if location == "header":
            return AwsError("InvalidRequest", f"Missing required header for this request: {ref['locationName']}")
        if location == "querystring":
            return AwsError(
                "InvalidArgument",
                f"Missing required parameter for this request: {ref['locationName']}",
                400,
                {"ArgumentName": ref["locationName"]},
            )
        if location is None:
            return AwsError("MissingRequestBodyError", "Request Body is empty")
    return AwsError(
        "MalformedXML", "The XML you provided was not well-formed or did not validate against our published schema"
    )
