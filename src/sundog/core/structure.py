"""A service model's structures as Python objects: snake_case attributes over botocore's dicts, converted when read.

Reading lazily makes two things free: a handler pays for the members it reads, and which members were sent but never read is
known afterwards.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, ClassVar

from botocore.model import ListShape, MapShape, Shape, StructureShape

from sundog.wire.model import Service, python_name

Wrap = Callable[[Any], Any]

OPAQUE = frozenset({("dynamodb", "AttributeValue"), ("dynamodbstreams", "AttributeValue")})
"""Structures that handlers and records keep as they come, dicts in botocore's form: data of users, not parameters."""


class Structure:
    """One structure. Made from members by their Python names, or (``of``) from a dict in botocore's form.

    A member that was not given reads as None; a name that the shape lacks is an error in both directions.
    """

    __slots__ = ("__dict__", "raw_")

    shape_: ClassVar[Shape]
    wire_: ClassVar[dict[str, str]]
    wraps_: ClassVar[dict[str, Wrap]]
    raw_: dict[str, Any] | None

    def __init__(self, **members: Any) -> None:
        if not members.keys() <= self.wire_.keys():
            unknown = ", ".join(sorted(members.keys() - self.wire_.keys()))
            raise TypeError(f"{self.shape_.name} has no member {unknown}")
        self.raw_ = None
        self.__dict__.update(members)

    @classmethod
    def of(cls, raw: dict[str, Any]) -> Any:
        made = cls.__new__(cls)
        made.raw_ = raw
        return made

    def __getattr__(self, name: str) -> Any:
        wire = self.wire_.get(name)
        if wire is None:
            raise AttributeError(f"{self.shape_.name} has no member {name}")
        raw = self.raw_
        value = raw.get(wire) if raw is not None else None
        if value is not None:
            wrap = self.wraps_.get(name)
            if wrap is not None:
                value = wrap(value)
        self.__dict__[name] = value
        return value

    def sent_(self, name: str) -> bool:
        """Whether the member was given at all (a None that was given counts)."""
        if self.raw_ is None:
            return name in self.__dict__
        return self.wire_[name] in self.raw_

    def plain_(self) -> dict[str, Any]:
        """The structure in botocore's form; every member counts as read."""
        if self.raw_ is not None:
            for name in self.wire_:
                plain(getattr(self, name))
            return self.raw_
        return {self.wire_[name]: plain(value) for name, value in self.__dict__.items() if value is not None}

    def unread_(self, prefix: str = "") -> Iterator[str]:
        """Wire paths of the members that were sent and never read."""
        if self.raw_ is None:
            return
        read = {self.wire_[name]: value for name, value in self.__dict__.items()}
        for wire in self.raw_:
            if wire not in read:
                yield prefix + wire
            else:
                yield from _unread(read[wire], prefix + wire)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Structure) and self.shape_ is other.shape_ and plain(self) == plain(other)

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"{self.shape_.name}({plain(self)!r})"


def _unread(value: Any, path: str) -> Iterator[str]:
    if isinstance(value, Structure):
        yield from value.unread_(path + ".")
    elif isinstance(value, list):
        seen: set[str] = set()
        for item in value:  # type: ignore[assignment]
            for found in _unread(item, path + "[]"):
                if found not in seen:
                    seen.add(found)
                    yield found


def raw(structure: Structure, name: str) -> Any:
    """A member in botocore's form, all of it counted as read: for handlers of long lists that no object is needed for."""
    if structure.raw_ is None:
        return plain(getattr(structure, name))
    value = structure.__dict__[name] = structure.raw_.get(structure.wire_[name])
    return value


def plain(value: Any) -> Any:
    """A structure, or a list or map of them, in botocore's form."""
    if isinstance(value, Structure):
        return value.plain_()
    if isinstance(value, list):
        return [plain(item) for item in value]
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    return value


def structure_class(service: Service, shape: StructureShape) -> type[Structure]:
    """The class of one structure of a service; made once."""
    classes: dict[str, type[Structure]] = service.plans.setdefault("structures", {})
    found = classes.get(shape.name)
    if found is None:
        wire: dict[str, str] = {}
        wraps = _Wraps(service, shape)
        for member in shape.members:
            wire[python_name(member)] = member
        found = type(shape.name, (Structure,), {"__slots__": (), "shape_": shape, "wire_": wire, "wraps_": wraps})
        wraps.wire = wire
        classes[shape.name] = found
    return found


class _Wraps(dict[str, "Wrap | None"]):
    """What turns a raw member into its Python form, found out when the member is first read."""

    def __init__(self, service: Service, shape: StructureShape) -> None:
        super().__init__()
        self.service = service
        self.shape = shape
        self.wire: dict[str, str] = {}

    def get(self, name: str, default: Any = None) -> Wrap | None:  # type: ignore[override]
        try:
            return self[name]
        except KeyError:
            made = self[name] = wrap_of(self.service, self.shape.members[self.wire[name]])
            return made


def wrap_of(service: Service, shape: Shape) -> Wrap | None:
    """What makes Python objects of a raw value of the shape; None if it may stay as it is."""
    if isinstance(shape, StructureShape):
        if shape.is_document_type or (service.name, shape.name) in OPAQUE:
            return None
        if getattr(shape, "is_eventstream", False) or shape.serialization.get("eventstream"):
            return None
        return structure_class(service, shape).of
    if isinstance(shape, ListShape):
        inner = _lazy(service, shape.member)
        return None if inner is None else lambda raw: [inner(item) for item in raw]
    if isinstance(shape, MapShape):
        inner = _lazy(service, shape.value)
        return None if inner is None else lambda raw: {key: inner(item) for key, item in raw.items()}
    return None


def _lazy(service: Service, shape: Shape) -> Wrap | None:
    # A recursive shape's wrap can't be made before itself: structures are looked up when used.
    if isinstance(shape, StructureShape):
        if shape.is_document_type or (service.name, shape.name) in OPAQUE:
            return None
        made: list[Wrap] = []

        def of(raw: Any) -> Any:
            if not made:
                made.append(structure_class(service, shape).of)
            return made[0](raw) if isinstance(raw, dict) else raw

        return of
    return wrap_of(service, shape)
