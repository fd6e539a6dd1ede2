"""Tags of modelled resources."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from botocore.model import ListShape, MapShape, StructureShape

from sundog.modelled import faults
from sundog.modelled.forms import content, is_tags, tag_form
from sundog.modelled.names import low, words
from sundog.modelled.resource import Resource, handle, home_of, tail_of
from sundog.modelled.show import View, show
from sundog.modelled.values import tags_as, tags_of

if TYPE_CHECKING:
    from sundog.core.tx import Tx
    from sundog.modelled.plan import Plan

Params = dict[str, Any]
_KEYS = ("tagkeys", "keys", "tagkeylist", "tagstoremove", "tagkey", "tagslist", "tags")


def targets(plan: Plan, tx: Tx, params: Params) -> list[Resource]:
    """The resources that a tagging operation names."""
    values: list[str] = []
    for name, shape in plan.inputs.items():
        value = params.get(name)
        if value is None or name == plan.tags or low(name) in _KEYS or _paging(name):
            continue
        if shape.type_name == "string" and not shape.metadata.get("enum"):
            values.append(value)
        elif isinstance(shape, ListShape) and shape.member.type_name == "string":
            values.extend(value)
    found: list[Resource] = []
    for value in values:
        row = target(plan, tx, value)
        if row is None:
            if len(values) > 1 and not any("arn" in low(n) for n in plan.inputs):
                continue
            raise faults.missing(plan.operation, "Resource" if not plan.rule.noun else plan.rule.noun, value)
        found.append(row)
    if values and not found:
        raise faults.missing(plan.operation, "Resource" if not plan.rule.noun else plan.rule.noun, values[0])
    return found


def _paging(name: str) -> bool:
    from sundog.modelled.forms import PAGER

    return low(name) in PAGER


def target(plan: Plan, tx: Tx, value: str) -> Resource | None:
    """The service's resource that an ARN, an id or a name names."""
    service = plan.operation.service.name
    if value.startswith("arn:"):
        for row in tx.select(Resource, arn=value):
            if row.service == service:
                return row
    nouns = list(plan.table.nouns)
    if plan.rule.noun:
        nouns.insert(0, plan.rule.noun)
    for text in dict.fromkeys((value, tail_of(value)) if value.startswith("arn:") and plan.rule.noun else (value,)):
        for noun in nouns:
            for row in tx.select(Resource, handles=handle(home_of(service, noun), text)):
                return row
    return None


def tag(plan: Plan, tx: Tx, params: Params) -> Params:
    member = next((n for n, s in plan.inputs.items() if tag_form(s) and n in params), plan.tags)
    new = tags_of(params.get(member)) if member else {}
    removed = params.get(
        next((n for n in plan.inputs if low(n) in ("removetagkeys", "tagkeystoremove", "tagstoremove")), ""), ()
    )
    done: list[Resource] = []
    for row in targets(plan, tx, {n: v for n, v in params.items() if n != member and low(n) != "removetagkeys"}):
        tags = {**row.tags, **new}
        if removed:
            tags = {key: value for key, value in tags.items() if key not in removed}
        done.append(tx.update(row, tags=tags))
    return _answer(plan, tx, done, params)


def untag(plan: Plan, tx: Tx, params: Params) -> Params:
    keys: set[str] = set()
    used: set[str] = set()
    for name in plan.inputs:
        value = params.get(name)
        if value and low(name) in _KEYS:
            used.add(name)
            keys.update(value if isinstance(value, list) and isinstance(value[0], str) else tags_of(value))
            if isinstance(value, str):
                keys.add(value)
    done = [
        tx.update(row, tags={key: value for key, value in row.tags.items() if key not in keys})
        for row in targets(plan, tx, {n: v for n, v in params.items() if n not in used})
    ]
    return _answer(plan, tx, done, params)


def list_tags(plan: Plan, tx: Tx, params: Params) -> Params:
    rows = targets(plan, tx, params)
    if not rows and not any(isinstance(params.get(n), (str, list)) for n in plan.required):
        service = plan.operation.service.name
        rows = [row for row in tx.select(Resource) if row.service == service and row.tags]
    return _answer(plan, tx, rows, params)


def _answer(plan: Plan, tx: Tx, rows: list[Resource], params: Params) -> Params:
    output = plan.output
    if output is None:
        return {}
    given: Params = {}
    tags: dict[str, str] = {}
    for row in rows:
        tags.update(row.tags)
    for name, shape in content(output).items():
        value = _tags_in(plan, tx, name, shape, rows, tags)
        if value is not None:
            given[name] = value
    return show(View(tx, plan.operation.service, None, None, params), output, given)


def _tags_in(plan: Plan, tx: Tx, name: str, shape: Any, rows: list[Resource], tags: dict[str, str]) -> Any:
    if is_tags(name, shape) or (tag_form(shape) and "tag" in low(name)):
        if isinstance(shape, ListShape) and any("resource" in low(n) for n in shape.member.members):  # type: ignore[attr-defined]
            return [_described(plan, tx, shape.member, row, key) for row in rows for key in row.tags]
        return tags_as(tags, shape)
    if isinstance(shape, MapShape) and shape.value.type_name == "string" and "tag" in low(name):
        return dict(tags)
    if isinstance(shape, ListShape) and isinstance(shape.member, StructureShape):
        inner = next((n for n, s in shape.member.members.items() if tag_form(s)), None)
        if inner is not None:
            return [
                {**_named(plan, tx, shape.member, row), inner: tags_as(row.tags, shape.member.members[inner])}
                for row in rows
            ]
    if isinstance(shape, StructureShape):
        inner = next((n for n, s in shape.members.items() if tag_form(s)), None)
        if inner is not None and rows:
            return {**_named(plan, tx, shape, rows[0]), inner: tags_as(tags, shape.members[inner])}
    return None


def _named(plan: Plan, tx: Tx, shape: StructureShape, row: Resource) -> Params:
    made: Params = {}
    for name, member in shape.members.items():
        if member.type_name == "string" and low(name).startswith("resource"):
            value = (
                row.arn if low(name).endswith("arn") else row.noun.lower() if low(name).endswith("type") else row.key
            )
            enum = member.metadata.get("enum")
            if enum:
                value = next((e for e in enum if low(e) == low(row.noun)), enum[0])
            made[name] = value or ""
    return made


def _described(plan: Plan, tx: Tx, shape: Any, row: Resource, key: str) -> Params:
    made = _named(plan, tx, shape, row)
    for name in shape.members:
        if low(name) in ("key", "tagkey"):
            made[name] = key
        elif low(name) in ("value", "tagvalue"):
            made[name] = row.tags[key]
        elif "tag" in low(name):
            made[name] = tags_as({key: row.tags[key]}, shape.members[name])
    return made


__all__ = ["list_tags", "tag", "target", "targets", "untag", "words"]
