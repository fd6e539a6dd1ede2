"""The errors that an operation's model names, for what a modelled resource can go wrong with."""

from __future__ import annotations

import datetime
import re
from typing import Any

from botocore.model import StructureShape

from sundog.core.errors import error_class
from sundog.modelled.names import low, suffixes, words
from sundog.modelled.values import zero
from sundog.wire.errors import AwsError
from sundog.wire.model import Operation

_MISSING = re.compile(
    r"notfound|nosuch|doesnotexist|doesntexist|notexist|nonexistent|unknown|missing|notavailable|undefined", re.I
)
_TAKEN = re.compile(
    r"alreadyexist|exists|duplicate|conflict|inuse|alreadyregistered|alreadyassociated|namecollision|taken", re.I
)
_OF_VALUES = (
    "validation",
    "invalidparameter",
    "invalidrequest",
    "badrequest",
    "invalidargument",
    "invalidinput",
    "clientexception",
)
_EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)
_FOREIGN = re.compile(r"limit|quota|token|concurrent|state|nextpage|throttl", re.I)


def modelled(operation: Operation, wanted: re.Pattern[str], noun: str) -> StructureShape | None:
    """The best of the operation's errors whose name says what is wanted."""
    best: tuple[int, StructureShape] | None = None
    tails = suffixes(noun) if noun else ()
    for shape in operation.model.error_shapes:
        name = low(shape.name)
        if not wanted.search(name) or (wanted is _TAKEN and _FOREIGN.search(name)):
            continue
        score = 1
        if "resource" in name or "entity" in name or name.startswith(("notfound", "nosuchentity")):
            score = 10
        for index, tail in enumerate(tails):
            if tail and tail in name:
                score = 40 - index * 5
                break
        if wanted is _TAKEN and ("exist" in name or "duplicate" in name):
            score += 3
        if wanted is _MISSING and "unknown" in name:
            score -= 1
        if best is None or score > best[0]:
            best = (score, shape)
    return best[1] if best else None


def of_values(operation: Operation) -> StructureShape | None:
    """The operation's error for values that are wrong."""
    for start in _OF_VALUES:
        for shape in operation.model.error_shapes:
            if low(shape.name).startswith(start) or (start in low(shape.name) and start != "validation"):
                return shape
    return None


def models_missing(operation: Operation, noun: str) -> bool:
    return modelled(operation, _MISSING, noun) is not None


def models_taken(operation: Operation, noun: str) -> bool:
    return modelled(operation, _TAKEN, noun) is not None


def missing(operation: Operation, noun: str, value: Any, code: str = "", message: str = "", arn: str = "") -> AwsError:
    """The error for a resource that is not there."""
    unsaid = f"No {_spoken(noun)} was found." if value in (None, "") else f"{_spoken(noun)} {value} was not found."
    text = message or unsaid
    shape = _named(operation, code) if code else modelled(operation, _MISSING, noun)
    if shape is None and not code:
        shape = of_values(operation)
    if shape is not None:
        return build(operation, shape, text, value, noun)
    if code:
        return AwsError(code, text)
    family = operation.service.protocols[0]
    if family == "ec2":
        return AwsError(f"Invalid{noun}ID.NotFound", f"The {_spoken(noun).lower()} ID '{value}' does not exist")
    if family == "rest-xml":
        return AwsError(f"NoSuch{noun}", f"The specified {_spoken(noun).lower()} does not exist.", 404)
    if family == "query":
        return AwsError(f"{noun}NotFound", text, 404)
    return AwsError("ResourceNotFoundException", text, 404 if family.startswith("rest") else 400)


def taken(operation: Operation, noun: str, value: Any, code: str = "", message: str = "") -> AwsError | None:
    """The error for a resource that is there already, if the operation has one."""
    text = message or f"{_spoken(noun)} {value} already exists."
    shape = _named(operation, code) if code else modelled(operation, _TAKEN, noun)
    if shape is not None:
        return build(operation, shape, text, value, noun)
    if code:
        return AwsError(code, text)
    family = operation.service.protocols[0]
    if family == "ec2":
        return AwsError(f"Invalid{noun}.Duplicate", f"The {_spoken(noun).lower()} '{value}' already exists")
    if family in ("query", "rest-xml"):
        return AwsError(f"{noun}AlreadyExists", text, 409)
    return None


def invalid(operation: Operation, text: str, code: str = "") -> AwsError:
    """The error for a request that can't be fulfilled as it is."""
    shape = _named(operation, code) if code else of_values(operation)
    if shape is not None:
        return build(operation, shape, text, None, "")
    return AwsError(
        code or ("ValidationError" if operation.service.protocols[0] in ("query", "ec2") else "ValidationException"),
        text,
    )


def named(operation: Operation, code: str, text: str) -> AwsError:
    """The error of this name."""
    shape = _named(operation, code)
    return build(operation, shape, text, None, "") if shape is not None else AwsError(code, text)


def _named(operation: Operation, code: str) -> StructureShape | None:
    for shape in operation.model.error_shapes:
        if code in (shape.name, shape.metadata.get("error", {}).get("code")):
            return shape
    shapes = operation.service.description["shapes"]
    if code in shapes and shapes[code].get("exception"):
        return operation.service.model.shape_for(code)  # type: ignore[return-value]
    return None


def build(operation: Operation, shape: StructureShape, text: str, value: Any, noun: str) -> AwsError:
    made = error_class(operation.service, shape)(text)
    for name, member in shape.members.items():
        key = low(name)
        if key == "message":
            if name not in ("message", "Message"):
                made.members[name] = text
        elif member.type_name == "string" and key in (
            "resourceid",
            "resource",
            "resourcename",
            "resourcearn",
            "entityid",
        ):
            if value not in (None, ""):
                made.members[name] = str(value)
        elif member.type_name == "string" and key in ("resourcetype", "entitytype") and noun:
            enum = member.metadata.get("enum")
            fitting = next((e for e in enum or () if low(e) == low(noun)), None)
            if fitting or not enum:
                made.members[name] = fitting or noun
            elif name in shape.required_members:
                made.members[name] = enum[0]
        elif name in shape.required_members:
            made.members[name] = zero(member, name, _EPOCH)
    return made


def _spoken(noun: str) -> str:
    """``DBInstance`` as ``DB instance``."""
    parts = words(noun)
    return (
        " ".join(part if index == 0 or part.isupper() else part.lower() for index, part in enumerate(parts))
        or "resource"
    )
