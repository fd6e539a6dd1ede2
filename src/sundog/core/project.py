"""From what a handler returns to a result in botocore's form: only the shape's members, in fresh containers.

A handler may return an ``api`` structure, a record, or a dict in botocore's form, nested at will. How to read each Python
type as each shape is found out once.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable, Iterable
from typing import Any

import msgspec
from botocore.model import ListShape, MapShape, Shape, StructureShape

from sundog.core.record import Record
from sundog.core.structure import OPAQUE, Structure
from sundog.wire.model import Service, python_name

Project = Callable[[Any], Any]
Named = list[tuple[str, str, "Project | None"]]
"""Attribute, wire name, and what the attribute's value goes through."""

_TAG_KEYS = {"key", "tagkey"}
_TAG_VALUES = {"value", "tagvalue"}


def projection(service: Service, shape: Shape) -> Project | None:
    """What turns a value into the shape's canonical form; None if any value may pass as it is."""
    cache: dict[str, Project | None] = service.plans.setdefault("projections", {})
    key = shape.name
    if key in cache:
        return cache[key]
    made: Project | None
    if isinstance(shape, StructureShape):
        if (service.name, shape.name) in OPAQUE:
            made = None
        elif shape.is_document_type:
            made = _copy
        elif shape.serialization.get("eventstream") or getattr(shape, "is_eventstream", False):
            made = _EventProjection(service, shape)
        else:
            made = _StructureProjection(service, shape)
            cache[key] = made  # before its members: a shape may contain itself
            made.prepare()
        cache[key] = made
        return made
    if isinstance(shape, ListShape):
        holder = _ListProjection(service, shape)
        cache[key] = holder
        holder.prepare()
        return holder
    if isinstance(shape, MapShape):
        mapping = _MapProjection(service, shape)
        cache[key] = mapping
        mapping.prepare()
        return mapping
    made = _timestamp if shape.type_name == "timestamp" else None
    cache[key] = made
    return made


def _copy(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _copy(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_copy(item) for item in value]
    return value


def _timestamp(value: Any) -> Any:
    if isinstance(value, (int, float)):
        return datetime.datetime.fromtimestamp(value, datetime.timezone.utc)
    return value


def _reader(named: Named, bare: bool) -> Project:
    """A function that reads a struct's attributes into a dict; ``bare``: no empty tags.

    Written as source, as a loop over the names takes three times as long, and lists of a thousand things are read so.
    """
    lines = ["def read(value):", " result = {}"]
    scope: dict[str, Any] = {}
    for number, (attribute, wire, inner) in enumerate(named):
        item = "item" if inner is None else f"inner{number}(item)"
        scope[f"inner{number}"] = inner
        there = "item" if bare and attribute == "tags" else "item is not None"
        lines += [f" item = value.{attribute}", f" if {there}: result[{wire!r}] = {item}"]
    lines.append(" return result")
    exec("\n".join(lines), scope)  # the names are the model's and the records' own
    return scope["read"]


class _Remembering:
    """A reader of structs without depth that keeps the last one: neighbours in a list often share the very object."""

    __slots__ = ("last", "read")

    def __init__(self, read: Project) -> None:
        self.read = read
        self.last: tuple[Any, Any] = (None, None)

    def __call__(self, value: Any) -> Any:
        last = self.last
        if last[0] is value:
            return last[1].copy()
        result = self.read(value)
        self.last = (value, result.copy())
        return result


class _StructureProjection:
    __slots__ = ("by_wire", "members", "readers", "service", "shape")

    def __init__(self, service: Service, shape: StructureShape) -> None:
        self.service = service
        self.shape = shape
        self.members: dict[str, tuple[str, Project | None]] = {}
        self.by_wire: dict[str, Project | None] = {}
        self.readers: dict[type, Project] = {}

    def prepare(self) -> None:
        for wire, member in self.shape.members.items():
            inner = projection(self.service, member)
            self.members[python_name(wire)] = (wire, inner)
            self.by_wire[wire] = inner

    def __call__(self, value: Any) -> Any:
        kind = type(value)
        reader = self.readers.get(kind)
        if reader is not None:
            return reader(value)
        if isinstance(value, Structure):
            return self._from_structure(value, {})
        if kind is dict:
            return self._from_dict(value, {})
        if isinstance(value, msgspec.Struct):
            fields = value.__struct_fields__
            named = [(name, *self.members[name]) for name in self.members if name in fields]
            if "tags" in fields and "tag_set" in self.members and "tag_set" not in fields:
                named.append(("tags", *self.members["tag_set"]))
            bare = isinstance(value, Record) and value.meta_.bare
            made = self.readers[kind] = _reader(named, bare)
            if kind.__struct_config__.frozen and all(inner is None or inner is _timestamp for _, _, inner in named):
                made = self.readers[kind] = _Remembering(made)
            return made(value)
        raise TypeError(f"{kind.__name__} can't stand for {self.shape.name}")

    def _from_structure(self, value: Structure, result: dict[str, Any]) -> dict[str, Any]:
        if value.raw_ is not None:
            return self._from_dict(value.plain_(), result)
        members = self.members
        for name, item in value.__dict__.items():
            if item is None:
                continue
            try:
                wire, inner = members[name]
            except KeyError:
                raise TypeError(f"{self.shape.name} has no member {name}, which {value.shape_.name} has") from None
            result[wire] = item if inner is None else inner(item)
        return result

    def _from_dict(self, value: dict[str, Any], result: dict[str, Any]) -> dict[str, Any]:
        by_wire = self.by_wire
        for wire, item in value.items():
            if item is None:
                continue
            try:
                inner = by_wire[wire]
            except KeyError:
                raise TypeError(f"{self.shape.name} has no member {wire}") from None
            result[wire] = item if inner is None else inner(item)
        return result


class _ListProjection:
    __slots__ = ("inner", "service", "shape", "tag_names")

    def __init__(self, service: Service, shape: ListShape) -> None:
        self.service = service
        self.shape = shape
        self.inner: Project | None = None
        self.tag_names: tuple[str, str] | None = None

    def prepare(self) -> None:
        member = self.shape.member
        self.inner = projection(self.service, member)
        if isinstance(member, StructureShape):
            key = next((m for m in member.members if m.lower() in _TAG_KEYS), None)
            value = next((m for m in member.members if m.lower() in _TAG_VALUES), None)
            if key and value:
                self.tag_names = (key, value)

    def __call__(self, value: Iterable[Any]) -> list[Any]:
        if type(value) is dict and self.tag_names is not None:
            key_name, value_name = self.tag_names
            return [{key_name: key, value_name: item} for key, item in value.items()]
        inner = self.inner
        if inner is None:
            return list(value)
        return [inner(item) for item in value]


class _MapProjection:
    __slots__ = ("inner", "service", "shape")

    def __init__(self, service: Service, shape: MapShape) -> None:
        self.service = service
        self.shape = shape
        self.inner: Project | None = None

    def prepare(self) -> None:
        self.inner = projection(self.service, self.shape.value)

    def __call__(self, value: dict[str, Any]) -> dict[str, Any]:
        inner = self.inner
        if inner is None:
            return dict(value)
        return {key: inner(item) for key, item in value.items()}


class _EventProjection:
    """An event stream: an iterable of events, each a structure or dict with one member."""

    def __init__(self, service: Service, shape: StructureShape) -> None:
        self.event = _StructureProjection(service, shape)
        self.event.prepare()

    def __call__(self, value: Iterable[Any]) -> Iterable[Any]:
        return (self.event(event) for event in value)
