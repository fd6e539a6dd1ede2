"""Answers: one resource, many, or none, in the operation's output."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from botocore.model import ListShape, MapShape, Shape, StructureShape

from sundog.modelled.forms import PAGER, content, is_failure, members
from sundog.modelled.names import canon, low
from sundog.modelled.resource import Resource
from sundog.modelled.show import View, of_member, show
from sundog.modelled.values import zero

if TYPE_CHECKING:
    from sundog.core.tx import Tx
    from sundog.modelled.plan import Plan
    from sundog.modelled.table import Noun

Params = dict[str, Any]


def answer_one(plan: Plan, seen: View, params: Params, lists: bool = False) -> Params:
    """The resource in the output: wrapped in a member of its own, in a list of one, or as the output itself."""
    output = plan.output
    if output is None:
        return {}
    given: Params = {}
    one = plan.one
    if one.kind == "struct" and isinstance(one.shape, StructureShape):
        given[one.path[0]] = show(seen, one.shape)
    elif plan.several.kind != "none" and _about(plan) and seen.row is not None and plan.lists_noun:
        path, element = plan.several.path, plan.several.shape
        assert element is not None
        if not _held(seen, path[0]) and (seen.row.key or plan.several.kind != "map"):
            given.update(_nest(path, _elements(plan, [seen], element, path[-1], plan.rule.noun), output, seen))
    made = show(seen, output, given)
    _lists(output, made, lists)
    return made


def _about(plan: Plan) -> bool:
    return (
        plan.rule.kind in ("create", "upsert", "update", "transition", "delete", "read") and plan.rule.grade == "high"
    )


def _held(seen: View, name: str) -> bool:
    return low(name) in seen.names


def _lists(output: StructureShape, made: Params, lists: bool) -> None:
    if lists:
        for name, shape in content(output).items():
            if name not in made and isinstance(shape, ListShape) and not shape.metadata.get("min"):
                made[name] = []


def answer_many(
    plan: Plan,
    tx: Tx,
    rows: Iterable[Resource],
    params: Params,
    failed: list[Any] | None = None,
    noun: Noun | None = None,
) -> Params:
    """Resources in the output's list, with what failed."""
    output = plan.output
    if output is None:
        return {}
    kind = noun or plan.noun
    service = plan.operation.service
    given: Params = {}
    views = [View(tx, service, kind, row) for row in rows]
    several = plan.several
    name = kind.name if kind else ""
    blank = View(tx, service, None, None, params)
    if several.kind != "none" and several.shape is not None:
        items = _elements(plan, views, several.shape, several.path[-1], name)
        given.update(_nest(several.path, items, output, blank))
        if not items and len(several.path) == 1 and _must_hold(output, several.path[0]):
            del given[several.path[0]]
    elif views and plan.one.kind == "struct" and isinstance(plan.one.shape, StructureShape):
        given[plan.one.path[0]] = show(views[0], plan.one.shape)
    failures = plan.failures
    if failures is not None and failures[0] not in given and (failed or not _must_hold(output, failures[0])):
        given[failures[0]] = [_failure(blank, item, failures[1]) for item in failed or ()]
    for member, shape in members(output).items():
        if (
            member not in given
            and shape.type_name in ("integer", "long")
            and low(member).endswith(("count", "total", "quantity", "totalresults", "totalsize"))
        ) and (low(member) not in PAGER or member in output.required_members):
            given[member] = len(views)
    made = show(blank, output, given)
    if several.kind == "none":
        _lists(output, made, True)
    return made


def _must_hold(output: StructureShape, name: str) -> bool:
    """Whether the list may be left out, but may not be empty."""
    return name not in output.required_members and bool(output.members[name].metadata.get("min"))


def _nest(path: tuple[str, ...], items: Any, output: StructureShape, blank: View) -> Params:
    if len(path) == 1:
        return {path[0]: items}
    holder: Any = output.members[path[0]]
    inner = _nest(path[1:], items, holder, blank)
    for name, shape in holder.members.items():
        if name not in inner and low(name) in ("quantity", "count", "total"):
            inner[name] = len(items)
        elif name not in inner and name in holder.required_members:
            inner[name] = zero(shape, name, blank.now)
    return {path[0]: inner}


def _elements(plan: Plan, views: list[View], element: Shape, member: str, noun: str) -> Any:
    if plan.several.kind == "map":
        made: Params = {}
        for seen in views:
            assert seen.row is not None
            if not seen.row.key:
                continue
            if isinstance(element, StructureShape):
                made[seen.row.key] = show(seen, element)
            elif element.type_name == "string":
                value = next((v for v in seen.names.values() if isinstance(v, str) and v != seen.row.key), seen.row.key)
                made[seen.row.key] = value
            else:
                made[seen.row.key] = zero(element, "", seen.now)
        return made
    if isinstance(element, StructureShape):
        return [show(seen, element) for seen in views]
    found = [of_member(seen, member, element, noun) for seen in views]
    return [item for item in found if item is not None]


def _failure(blank: View, item: Any, shape: Shape) -> Any:
    """One entry of a list of failures."""
    if not isinstance(shape, StructureShape):
        return str(item) if shape.type_name == "string" and isinstance(item, str) else zero(shape, "", blank.now)
    seen = View(blank.tx, blank.service, None, None, item if isinstance(item, dict) else {})
    given: Params = {}
    if not isinstance(item, dict):
        for name, member in shape.members.items():
            key = low(name)
            if member.type_name != "string":
                continue
            if key in ("arn", "id", "name", "resourcearn", "resourceid") or key.endswith(("id", "arn", "name")):
                given.setdefault(name, str(item))
            elif key == "reason":
                given[name] = "MISSING"
            elif key in ("errorcode", "code", "failurecode") and not member.metadata.get("enum"):
                given[name] = "ResourceNotFoundException"
            elif key in ("errormessage", "message", "failurereason", "detail") and not member.metadata.get("enum"):
                given[name] = f"{item} was not found."
    return show(seen, shape, given)


def answer_empty(plan: Plan, tx: Tx, params: Params) -> Params:
    """The valid answer that holds nothing: empty lists, and what is required."""
    output = plan.output
    if output is None:
        return {}
    seen = View(tx, plan.operation.service, None, None, params)
    made = show(seen, output)
    _lists(output, made, True)
    for name, shape in content(output).items():
        if (
            name in made
            and isinstance(shape, ListShape)
            and name not in output.required_members
            and low(name) in seen.extra
        ):
            continue
    return made


__all__ = ["MapShape", "answer_empty", "answer_many", "answer_one", "canon", "is_failure"]
