"""What is inferred of a service: its resources, and what each operation does with them."""

from __future__ import annotations

import msgspec


class Scope(msgspec.Struct, frozen=True, omit_defaults=True, array_like=True):
    """What a resource lies within: the member that names it, and the resource it names, if that is one of the service."""

    member: str
    noun: str = ""
    default: str = ""
    """What it is when the call names none."""


class Noun(msgspec.Struct, frozen=True, omit_defaults=True):
    """One kind of resource."""

    name: str
    idents: tuple[str, ...] = ()
    """Canonical names of what tells it from its like; the first one is its key."""
    scopes: tuple[Scope, ...] = ()
    setting: bool = False
    """It has no name of its own: there is one in each scope."""
    shape: str = ""
    """The structure that shows it."""
    arn: str = ""
    key_shape: str = ""
    """The shape of its key, where it has a pattern or a length."""
    made: bool = False
    """Whether an operation makes it."""
    client_named: bool = False
    status: str = ""
    """The dotted path of its status in its structure."""
    settled: str = ""
    """The status it comes to."""
    cfn: str = ""
    """The CloudFormation type it is."""
    latest: str = ""
    """A member whose value names the newest of those that have it."""
    link: tuple[str, str] = ("", "")
    """An association: the resource that is put somewhere, and where it is put."""


class Rule(msgspec.Struct, frozen=True, omit_defaults=True, array_like=True):
    """What an operation does."""

    kind: str
    noun: str = ""
    verb: str = ""
    grade: str = "high"
    """``high``: all of it is known; ``medium``: the resource is checked, the rest defaulted; ``low``: nothing to read from."""


class Table(msgspec.Struct, frozen=True, omit_defaults=True):
    """All that is inferred of one service."""

    service: str
    version: str = ""
    nouns: dict[str, Noun] = {}
    rules: dict[str, Rule] = {}
