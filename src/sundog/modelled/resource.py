"""The rows of modelled resources, and how they are found."""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import msgspec

from sundog.core.record import Index, Key, Record, record
from sundog.modelled.names import IDENTITIES, canon, low

if TYPE_CHECKING:
    from sundog.core.tx import Tx
    from sundog.modelled.table import Noun

SEPARATOR = "\x1f"


@record(table="modelled.Resource", order="added")
class Resource(Record):
    """One resource that the engine keeps. ``data`` is what its operations were given, by the members' names."""

    service: Key[str]
    noun: Key[str]
    scope: Key[str]
    key: Key[str]
    home: Index[str]
    """Service and noun."""
    handles: Index[tuple[str, ...]] = ()
    """Home with everything that names it."""
    arn: Index[str | None] = None
    status: str = ""
    data: dict[str, Any] = {}
    tags: dict[str, str] = {}
    made: datetime.datetime | None = None
    changed: datetime.datetime | None = None
    revision: int = 1
    creator: str = ""

    @property
    def scopes(self) -> tuple[str, ...]:
        return tuple(self.scope.split(SEPARATOR)) if self.scope else ()


def home_of(service: str, noun: str) -> str:
    return f"{service}:{noun}"


def handle(home: str, value: str) -> str:
    return home + SEPARATOR + value


def tail_of(arn: str) -> str:
    """The last part of an ARN's resource."""
    resource = arn.split(":", 5)[-1]
    return resource.replace(":", "/").rsplit("/", 1)[-1]


def index_of(data: dict[str, Any], noun: str) -> dict[str, Any]:
    """What the data hold, by plain and by canonical names; plain names win."""
    plain: dict[str, Any] = {}
    short: dict[str, Any] = {}
    for name, value in data.items():
        plain[low(name)] = value
        short.setdefault(canon(name, noun), value)
    short.pop("", None)
    short.update(plain)
    return short


class Shelf:
    """The resources of one noun, in one transaction."""

    __slots__ = ("home", "noun", "service", "tx")

    def __init__(self, tx: Tx, service: str, noun: Noun) -> None:
        self.tx = tx
        self.service = service
        self.noun = noun
        self.home = home_of(service, noun.name)

    def all(self) -> Iterator[Resource]:
        """Every one, in the order in which they were made."""
        return iter(self.tx.select(Resource, home=self.home))

    def within(self, scopes: tuple[str | None, ...]) -> Iterator[Resource]:
        """Those in the scopes; None stands for any."""
        if not any(scopes):
            yield from self.all()
            return
        for row in self.all():
            if fits(row, scopes):
                yield row

    def named(self, value: Any, scopes: tuple[str | None, ...] = ()) -> Resource | None:
        """The one that an id, a name or an ARN names."""
        text = str(value)
        found = self._named(text, scopes)
        if found is None and text.startswith("arn:"):
            found = self._named(tail_of(text), scopes)
        if found is None and self.noun.latest:
            wanted = tail_of(text) if text.startswith("arn:") else text
            for row in self.within(scopes):
                if row.data.get(self.noun.latest) == wanted and row.status != "INACTIVE":
                    found = row
        return found

    def _named(self, text: str, scopes: tuple[str | None, ...]) -> Resource | None:
        best: Resource | None = None
        for row in self.tx.select(Resource, handles=handle(self.home, text)):
            if fits(row, scopes) and (best is None or not _loose(scopes) or not any(row.scopes)):
                best = row
        return best

    def one(self, scopes: tuple[str | None, ...]) -> Resource | None:
        return next(self.within(scopes), None)

    def exact(self, scopes: tuple[str, ...], key: str) -> Resource | None:
        return self.tx.find(Resource, self.service, self.noun.name, SEPARATOR.join(scopes), key)

    def add(self, scopes: tuple[str, ...], key: str, **fields: Any) -> Resource:
        row = Resource(
            service=self.service,
            noun=self.noun.name,
            scope=SEPARATOR.join(scopes),
            key=key,
            home=self.home,
            made=self.tx.now,
            changed=self.tx.now,
            **fields,
        )
        return self.tx.add(msgspec.structs.replace(row, handles=self.handles(row)))

    def update(self, row: Resource, **changes: Any) -> Resource:
        changes.setdefault("changed", self.tx.now)
        changes.setdefault("revision", row.revision + 1)
        changed = msgspec.structs.replace(row, **changes)
        return self.tx.update(row, handles=self.handles(changed), **changes)

    def delete(self, row: Resource) -> None:
        self.tx.delete(row)

    def handles(self, row: Resource) -> tuple[str, ...]:
        """Everything that names the row."""
        names = index_of(row.data, self.noun.name)
        found = {row.key} if row.key else set()
        if row.arn:
            found.add(row.arn)
        for ident in self.noun.idents:
            value = names.get(ident)
            if isinstance(value, (str, int)) and not isinstance(value, bool):
                found.add(str(value))
        return tuple(handle(self.home, value) for value in sorted(found))


def fits(row: Resource, scopes: tuple[str | None, ...]) -> bool:
    if not scopes:
        return True
    return all(want is None or want == have for want, have in zip(scopes, row.scopes, strict=False))


def _loose(scopes: tuple[str | None, ...]) -> bool:
    return any(scope is None for scope in scopes)


__all__ = ["IDENTITIES", "Resource", "Shelf", "fits", "handle", "home_of", "index_of", "tail_of"]
