"""What resources lie within, and what lies within them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sundog.modelled import faults
from sundog.modelled.names import low
from sundog.modelled.override import noun_override
from sundog.modelled.resource import Resource, Shelf, tail_of
from sundog.modelled.template import words

if TYPE_CHECKING:
    from sundog.core.tx import Tx
    from sundog.modelled.plan import Plan
    from sundog.modelled.table import Noun


def scopes_given(plan: Plan, tx: Tx, params: dict[str, Any]) -> tuple[str | None, ...]:
    """The scopes that the call names; None where it names none."""
    noun = plan.noun
    assert noun is not None
    found: list[str | None] = []
    for scope, member in zip(noun.scopes, plan.scopes, strict=False):
        value = params.get(member) if member is not None else params.get(scope.member)
        if (value is None or value == "") and scope.default and plan.rule.kind != "list":
            value = scope.default
        found.append(None if value is None or value == "" else resolved(plan, tx, scope.noun, value))
    return tuple(found)


def resolved(plan: Plan, tx: Tx, noun: str, value: Any) -> str:
    """A scope's value as rows have it: the key of the resource that it names, if there is one."""
    text = str(value)
    kind = plan.table.nouns.get(noun) if noun else None
    if kind is not None:
        row = Shelf(tx, plan.operation.service.name, kind).named(text)
        if row is not None and row.key:
            return row.key
    return tail_of(text) if kind is not None and text.startswith("arn:") else text


def require_parents(plan: Plan, tx: Tx, params: dict[str, Any]) -> None:
    """Refuse a scope that isn't there, where the service's own table says that it must be."""
    noun = plan.noun
    assert noun is not None
    for member in plan.tuned.parents:
        value = params.get(member)
        scope = next((s for s in noun.scopes if low(s.member) == low(member)), None)
        parent = plan.table.nouns.get(scope.noun) if scope is not None else None
        if value is None or parent is None:
            continue
        if Shelf(tx, plan.operation.service.name, parent).named(value) is None:
            said = noun_override(plan.operation.service, parent.name).missing
            text = words(said.message, params, value) if said is not None and said.message else ""
            raise faults.missing(plan.operation, parent.name, value, said.code if said is not None else "", text)


def blocked(plan: Plan, tx: Tx, row: Resource, params: dict[str, Any]) -> None:
    """Refuse to remove what other resources lie in, where the service's own table says so."""
    noun = plan.noun
    assert noun is not None
    for name, said in plan.tuned.blocked_by.items():
        child = plan.table.nouns[name]
        index = next((i for i, scope in enumerate(child.scopes) if scope.noun == noun.name), None)
        for other in Shelf(tx, plan.operation.service.name, child).all():
            held = index is not None and index < len(other.scopes) and other.scopes[index] == row.key
            if held or (
                index is None
                and any(value in (row.key, row.arn) for value in other.data.values() if isinstance(value, str))
            ):
                raise faults.named(plan.operation, said.code, words(said.message, params, row.key))


def parents_of(plan: Plan, tx: Tx, scopes: tuple[str, ...]) -> dict[str, Any]:
    """What is known of the resources that a resource lies within, as templates name it: ``Cluster.arn``."""
    noun = plan.noun
    assert noun is not None
    found: dict[str, Any] = {}
    for scope, key in zip(noun.scopes, scopes, strict=False):
        kind = plan.table.nouns.get(scope.noun) if key else None
        row = Shelf(tx, plan.operation.service.name, kind).named(key) if kind is not None else None
        if row is not None and kind is not None:
            found.update({f"{kind.name}.{name}": value for name, value in row.data.items()})
            found[f"{kind.name}.arn"], found[f"{kind.name}.key"] = row.arn, row.key
    return found


def remove_within(plan: Plan, tx: Tx, row: Resource) -> None:
    """Remove what lies within a resource that goes away."""
    noun = plan.noun
    assert noun is not None
    _remove(plan, tx, noun, row.key, 0)


def _remove(plan: Plan, tx: Tx, noun: Noun, key: str, depth: int) -> None:
    if not key or depth > 5:
        return
    for child in plan.table.nouns.values():
        for index, scope in enumerate(child.scopes):
            if scope.noun != noun.name:
                continue
            kind = Shelf(tx, plan.operation.service.name, child)
            for row in list(kind.all()):
                if index < len(row.scopes) and row.scopes[index] == key:
                    tx.delete(row)
                    _remove(plan, tx, child, row.key, depth + 1)
            break
