"""What the error answers of all protocols share: the error's shape, its members, its message."""

from __future__ import annotations

from typing import Any

from sundog.wire.errors import AwsError
from sundog.wire.model import Service
from sundog.wire.plan import Traits


def code_of(service: Service, name: str) -> str:
    """The code that the model, or SQS, gives the error of that name."""
    if service.name == "sqs":
        from sundog.wire.sqs_query import CODES

        return CODES.get(name, name)
    traits: dict[str, Any] = service.description["shapes"][name].get("error") or {}
    return traits.get("code") or name


def error_shapes(service: Service) -> dict[str, str]:
    """The model's errors by code and by name."""
    found: dict[str, str] | None = service.plans.get("errors")
    if found is None:
        found = service.plans["errors"] = {}
        for name, shape in service.description["shapes"].items():
            if shape.get("exception"):
                found.setdefault(code_of(service, name), name)
        for name in list(found.values()):
            found.setdefault(name, name)
    return found


def shape_name(service: Service, error: AwsError) -> str | None:
    """The name of the error's shape, if the model has it."""
    name = error.shape
    if name is not None and name in service.description["shapes"]:
        return name
    return error_shapes(service).get(error.code)


def error_traits(service: Service, error: AwsError) -> Traits | None:
    name = shape_name(service, error)
    return None if name is None else {**service.description["shapes"][name], "shape": name}


def wire_code(service: Service, error: AwsError) -> str:
    """The code that the model gives the error, where the caller named only its shape."""
    name = shape_name(service, error)
    if name is None or error.code != name:
        return error.code
    return code_of(service, name)


def message_member(traits: Traits | None) -> str | None:
    """The member of an error that holds its message."""
    for name in (traits or {}).get("members", ()):
        if name.lower() == "message":
            return name
    return None


def error_members(service: Service, traits: Traits | None, error: AwsError) -> dict[str, Any]:
    """Every member of the error that stands in its body, the message included."""
    members = {name: value for name, value in error.members.items() if value is not None}
    name = message_member(traits)
    if name is not None and name not in members and (error.message or not traits or name in traits.get("required", ())):
        members[name] = error.message
    if service.name == "lambda" and traits and "Type" in traits["members"] and "Type" not in members:
        members["Type"] = "User" if error.status < 500 else "Service"
    return members


def modelled(traits: Traits | None, members: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """The members that the shape has, and the others."""
    known = (traits or {}).get("members", {})
    inside = {name: value for name, value in members.items() if name in known}
    return inside, {name: value for name, value in members.items() if name not in known}
