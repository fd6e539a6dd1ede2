"""Errors that a service's model names, as exceptions."""

from __future__ import annotations

from typing import Any

from botocore.model import StructureShape

from sundog.wire.errors import AwsError
from sundog.wire.model import Operation, Service, python_name


class ModelError(AwsError):
    """An error that a service's model names; ``members`` by their Python names."""

    model_shape: StructureShape
    default_code: str
    default_status: int

    def __init__(self, message: str = "", **members: Any) -> None:
        wire = {python_name(member): member for member in self.model_shape.members}
        unknown = members.keys() - wire.keys()
        if unknown:
            raise TypeError(f"{self.shape} has no member {', '.join(sorted(unknown))}")
        super().__init__(
            self.default_code, message, self.default_status, {wire[name]: value for name, value in members.items()}
        )


def error_class(service: Service, shape: StructureShape) -> type[ModelError]:
    """The exception class of one modelled error; made once."""
    classes: dict[str, type[ModelError]] = service.plans.setdefault("error classes", {})
    found = classes.get(shape.name)
    if found is None:
        error = shape.metadata.get("error", {})
        found = type(
            shape.name,
            (ModelError,),
            {
                "shape": shape.name,
                "model_shape": shape,
                "default_code": error.get("code", shape.name),
                "default_status": int(error.get("httpStatusCode", 500 if shape.metadata.get("fault") else 400)),
            },
        )
        classes[shape.name] = found
    return found


def modelled_error(operation: Operation, *names: str) -> type[ModelError] | None:
    """The first of the named errors that the operation's model lists."""
    listed = {shape.name: shape for shape in operation.model.error_shapes}
    for name in names:
        if name in listed:
            return error_class(operation.service, listed[name])
    return None
