"""What a row is: an immutable struct that says how its table is kept."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from operator import attrgetter
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal, TypeVar, get_origin

import msgspec
from msgspec import StructMeta

if TYPE_CHECKING:
    from typing_extensions import dataclass_transform
else:

    def dataclass_transform(**_: Any) -> Callable[[type], type]:
        return lambda cls: cls


T = TypeVar("T")
C = TypeVar("C", bound="type[Record]")

Key = Annotated[T, "key"]
"""A field of the key; a checker sees the plain type."""
Index = Annotated[T, "index"]
"""A field by whose value rows are found. ``None`` is not indexed, a list's or tuple's elements are, one by one."""
Tags = dict[str, str]
"""A resource's tags. Treated as immutable: replace it, never change it."""

Scope = Literal["region", "account", "partition", "cloud"]
Order = Literal["key", "added"]
Fault = tuple[str, str] | Callable[..., Exception]
"""An error's code and message, with ``{}`` where the key's values go; or what makes the error of them."""


@dataclass_transform(kw_only_default=True, frozen_default=True, field_specifiers=(msgspec.field,))
class RecordMeta(StructMeta):
    """Makes every record frozen and keyword-only; records hold no cycles, so the garbage collector may skip them."""

    def __new__(cls, name: str, bases: tuple[type, ...], namespace: dict[str, Any], **options: Any) -> RecordMeta:
        for option, value in (("frozen", True), ("kw_only", True), ("gc", False)):
            options.setdefault(option, value)
        return super().__new__(cls, name, bases, namespace, **options)


class Record(msgspec.Struct, metaclass=RecordMeta):
    """The base of all rows. ``serial_`` tells the order in which they were added; the store sets it."""

    serial_: int = 0
    meta_: ClassVar[Meta]


class Meta:
    """How a table is kept. ``key_of`` gives a row's key: the key field's value, or a tuple of them."""

    __slots__ = (
        "bare",
        "by_added",
        "cls",
        "exists",
        "filters",
        "index_values",
        "indexes",
        "key_of",
        "keys",
        "missing",
        "name",
        "order",
        "scope",
        "table",
        "tagged",
        "tagged_as",
    )

    def __init__(
        self,
        cls: type[Record],
        table: str,
        keys: tuple[str, ...],
        indexes: tuple[str, ...],
        scope: Scope,
        order: Order,
        missing: Fault | None,
        exists: Fault | None,
        tagged_as: str | None,
        filters: Any,
        bare: bool = False,
    ) -> None:
        self.cls = cls
        self.name = cls.__name__
        self.table = table
        self.keys = keys
        self.key_of: Callable[[Any], Any] = attrgetter(*keys)
        self.indexes = indexes
        self.index_values: Callable[[Any], Any] | None = attrgetter(*indexes) if indexes else None
        self.scope: Scope = scope
        self.order: Order = order
        self.by_added = order == "added"
        self.missing = missing
        self.exists = exists
        self.tagged_as = tagged_as
        self.tagged = "tags" in cls.__struct_fields__
        self.filters = filters
        self.bare = bare

    def __repr__(self) -> str:
        return f"<Meta {self.table}>"

    def scope_key(self, account: str, region: str, partition: str) -> tuple[str, str]:
        """Where the rows lie that this account sees in this region."""
        scope = self.scope
        if scope == "region":
            return account, region
        if scope == "account":
            return account, ""
        if scope == "partition":
            return "", partition
        return "", ""


_tables: dict[str, type[Record]] = {}
_marker = re.compile(r"^(?:\w+\.)*(Key|Index)\s*\[")


def record(
    *,
    missing: Fault | None = None,
    exists: Fault | None = None,
    tagged_as: str | None = None,
    scope: Scope = "region",
    order: Order = "key",
    filters: Any = None,
    table: str | None = None,
    bare: bool = False,
) -> Callable[[C], C]:
    """Make a table of a ``Record``.

    ``missing`` and ``exists`` are the errors for a key that isn't there, or is there already; ``tagged_as`` is the
    resource type of tag specifications; ``scope`` says which rows see each other, ``order`` in which order they are
    listed; ``filters`` is for whoever filters lists. ``bare``: a row without tags is shown without the member, not with an
    empty list.
    """

    def decorate(cls: C) -> C:
        marked = dict(_markers(cls))
        keys = tuple(name for name, marker in marked.items() if marker == "Key")
        if not keys:
            raise TypeError(f"{cls.__qualname__} has no Key field")
        cls.meta_ = Meta(
            cls=cls,
            table=table or table_name(cls),
            keys=keys,
            indexes=tuple(name for name, marker in marked.items() if marker == "Index"),
            scope=scope,
            order=order,
            missing=missing,
            exists=exists,
            tagged_as=tagged_as,
            filters=filters,
            bare=bare,
        )
        _register(cls)
        return cls

    return decorate


def table_name(cls: type) -> str:
    """``ec2.Instance`` for a record of ``sundog.services.ec2``; elsewhere the whole path."""
    module = cls.__module__
    for prefix in ("sundog.services.", "sundog."):
        if module.startswith(prefix):
            return f"{module[len(prefix) :].split('.')[0]}.{cls.__qualname__}"
    return f"{module}.{cls.__qualname__}"


def find_table(table: str) -> type[Record]:
    """The record class of a table; ``KeyError`` while its module isn't imported."""
    return _tables[table]


def tables() -> dict[str, type[Record]]:
    """Every record class so far, by its table's name."""
    return dict(_tables)


def _register(cls: type[Record]) -> None:
    name = cls.meta_.table
    other = _tables.get(name)
    if other is not None and (other.__module__, other.__qualname__) != (cls.__module__, cls.__qualname__):
        raise TypeError(f"two records named {name}: in {other.__module__} and in {cls.__module__}")
    _tables[name] = cls


def _markers(cls: type[Record]) -> Iterable[tuple[str, str]]:
    """The fields marked ``Key`` or ``Index``, base classes' first. Annotations are read as text: resolving costs ms."""
    for base in reversed(cls.__mro__):
        for name, annotation in base.__dict__.get("__annotations__", {}).items():  # noqa: RUF063
            if isinstance(annotation, str):
                found = _marker.match(annotation)
                if found:
                    yield name, found[1]
            elif get_origin(annotation) is Annotated and annotation.__metadata__[0] in ("key", "index"):
                yield name, annotation.__metadata__[0].capitalize()
