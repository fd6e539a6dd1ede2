"""What the compiled plans of all codecs are made of.

A plan is a tree of small functions, one a structure, kept in ``Service.plans``. A structure's members are compiled when
they are first met, so a client that uses three members pays for three, and recursive shapes need no special care.
Shapes are read from the raw model: making botocore's ``Shape`` objects would cost more than the plan.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from sundog.wire.model import Operation, Service

Traits = dict[str, Any]
"""A shape as one member sees it: the shape's own traits with the member's on top, and its name under ``shape``."""


class Members:
    """A structure's members, compiled on first use. ``known`` holds those that were; ``find`` is for the others.

    The loops over a structure's members look into ``known`` themselves: a plain dictionary is the fastest there is.
    """

    __slots__ = ("compile", "known", "refs", "room", "shapes")

    def __init__(
        self, shapes: dict[str, Any], refs: dict[str, tuple[str, Traits]], compile_: Callable[[str, Traits], Any]
    ) -> None:
        self.shapes = shapes
        self.refs = refs
        self.compile = compile_
        self.known: dict[str, Any] = {}
        self.room = len(refs) + 32

    def find(self, key: str) -> Any:
        """The member's plan; None for what the structure lacks."""
        found = self.refs.get(key)
        if found is None:
            # Kept too, since clients that send one unknown member do so with every call; but not without bounds.
            if len(self.known) < self.room and len(key) < 64:
                self.known[key] = None
            return None
        name, ref = found
        plan = self.known[key] = self.compile(name, resolve(self.shapes, ref))
        return plan


def resolve(shapes: dict[str, Any], ref: Traits) -> Traits:
    """The shape that a member refers to, with the member's own traits on top."""
    return {**shapes[ref["shape"]], **ref}


class Compiler:
    """Makes the plans of one kind for one service. A subclass says what each type of shape becomes."""

    kind = ""

    def __init__(self, service: Service) -> None:
        self.service = service
        self.shapes: dict[str, Any] = service.description["shapes"]
        self.structures: dict[str, Any] = {}

    @classmethod
    def of(cls, service: Service) -> Any:
        found = service.plans.get(cls.kind)
        if found is None:
            found = service.plans[cls.kind] = cls(service)
        return found

    def compile(self, traits: Traits) -> Any:
        kind = traits["type"]
        if kind == "structure":
            return self.structure(traits)
        if kind == "list":
            return self.list(traits)
        if kind == "map":
            return self.map(traits)
        return self.scalar(traits)

    def structure(self, traits: Traits) -> Any:
        if traits.get("document"):
            return self.document(traits)
        name = traits["shape"]
        plan = self.structures.get(name)
        if plan is None:
            plan = self.structures[name] = self.make_structure(traits)
        return plan

    def make_structure(self, traits: Traits) -> Any:
        raise NotImplementedError

    def document(self, traits: Traits) -> Any:
        raise NotImplementedError

    def list(self, traits: Traits) -> Any:
        raise NotImplementedError

    def map(self, traits: Traits) -> Any:
        raise NotImplementedError

    def scalar(self, traits: Traits) -> Any:
        raise NotImplementedError

    def sub(self, ref: Traits) -> Traits:
        return resolve(self.shapes, ref)

    def members(self, traits: Traits, compile_: Callable[[str, Traits], Any], wire: bool = False) -> Members:
        """The members of a structure, by their own names or (``wire``) by the names they have on the wire."""
        refs: dict[str, tuple[str, Traits]] = {}
        for name, ref in traits["members"].items():
            if wire:
                for alias in self.wire_names(name, ref):
                    refs.setdefault(alias, (name, ref))
            else:
                refs[name] = (name, ref)
        return Members(self.shapes, refs, compile_)

    def wire_names(self, name: str, ref: Traits) -> Iterable[str]:
        """The names under which a request may hold a member, the right one first."""
        return (ref.get("locationName") or self.shapes[ref["shape"]].get("locationName") or name,)


def input_traits(op: Operation) -> Traits | None:
    """The input shape, as the operation refers to it."""
    ref = op.service.description["operations"][op.name].get("input")
    return None if ref is None else resolve(op.service.description["shapes"], ref)


def output_traits(op: Operation) -> Traits | None:
    ref = op.service.description["operations"][op.name].get("output")
    return None if ref is None else resolve(op.service.description["shapes"], ref)


def is_event_stream(traits: Traits) -> bool:
    return bool(traits.get("eventstream"))


def unknown_member(shape: str, name: str) -> TypeError:
    """A result that holds what its shape lacks is a bug of ours, not of the client."""
    return TypeError(f"{shape} has no member {name!r}")
