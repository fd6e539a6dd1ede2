"""What resources lie within, and what lies within them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sundog.modelled.resource import Resource, Shelf, tail_of

if TYPE_CHECKING:
    from sundog.core.tx import Tx
    from sundog.modelled.plan import Plan
    from sundog.modelled.table import Noun


def scopes_given(plan: Plan, tx: Tx, params: dict[str, Any]) -> tuple[str | None, ...]:
    """The scopes that the call names; None where it names none."""
    noun = plan.noun
    assert noun is not None
    found: list[str | None] = []
    for scope, member in zip(noun.scopes, plan.scopes):
        value = params.get(member) if member is not None else params.get(scope.member)
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
