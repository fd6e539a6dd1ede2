"""How one operation is answered: everything that can be known before a call comes, found out once."""

from __future__ import annotations

from typing import Any

from sundog.core.calls import EMULATED, MODELLED, UNSUPPORTED
from sundog.core.op import Op, find_defaults, find_handler
from sundog.core.page import Pager, pager_of
from sundog.core.project import Project, projection
from sundog.core.structure import Structure, structure_class
from sundog.core.token import token_member
from sundog.wire.errors import AwsError
from sundog.wire.model import Operation, Service

_DEFAULT = Op(True, None, True, ())


class Behaviour:
    """One operation's handler with what surrounds it."""

    __slots__ = (
        "dry_run",
        "fidelity",
        "handler",
        "ignored",
        "op",
        "operation",
        "pager",
        "prepare",
        "project",
        "request",
        "token",
    )

    def __init__(self, operation: Operation) -> None:
        self.operation = operation
        service = operation.service
        self.handler: Any = find_handler(service.python_name, operation.python_name)
        self.fidelity = EMULATED
        if self.handler is None:
            self.handler, self.fidelity = engine(operation)
        self.op: Op = getattr(self.handler, "__op__", _DEFAULT)
        self.prepare = _defaults(service)
        self.request: type[Structure] | None = structure_class(service, operation.input) if operation.input else None
        self.project: Project | None = projection(service, operation.output) if operation.output else None
        self.pager: Pager | None = pager_of(operation) if self.op.paged else None
        members = operation.input.members if operation.input else {}
        self.dry_run = "DryRun" in members and service.protocols[0] == "ec2"
        token = token_member(operation) if self.op.idempotent else None
        self.token = token
        ignored: set[str] = {"DryRun"} if self.dry_run else set()
        if token:
            ignored.add(token)
        if self.pager:
            ignored.add(self.pager.input_token)
            if self.pager.limit_wire:
                ignored.add(self.pager.limit_wire)
        self.ignored = frozenset(ignored)


def behaviour(operation: Operation) -> Behaviour:
    """The operation's behaviour; made when first asked for."""
    found = operation.plans.get("behaviour")
    if found is None:
        found = operation.plans["behaviour"] = Behaviour(operation)
    return found


def _defaults(service: Service) -> Any:
    if "defaults" not in service.plans:
        service.plans["defaults"] = find_defaults(service.python_name)
    return service.plans["defaults"]


def engine(operation: Operation) -> tuple[Any, str]:
    """The generic engine's handler of an operation, or one that refuses it, and which of these it is."""
    try:
        from sundog.modelled.engine import handler_of
    except ModuleNotFoundError:
        return unsupported(operation), UNSUPPORTED
    made = handler_of(operation)
    return (made, MODELLED) if made is not None else (unsupported(operation), UNSUPPORTED)


def unsupported(operation: Operation) -> Any:
    """A handler that refuses, naming the operation."""

    def refuse(tx: Any, req: Any) -> Any:
        raise AwsError(
            "NotImplemented",
            f"Sundog does not support the operation {operation.name} of {operation.service.name} yet.",
            501,
        )

    return refuse
