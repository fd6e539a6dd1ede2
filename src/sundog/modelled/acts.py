"""What the kinds of operations do."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import msgspec

from sundog.modelled import faults
from sundog.modelled.forms import content, is_failure
from sundog.modelled.lacking import missing
from sundog.modelled.make import change, make
from sundog.modelled.names import TRANSITION, low
from sundog.modelled.resource import Resource, Shelf
from sundog.modelled.results import answer_empty, answer_many, answer_one
from sundog.modelled.shapes import shape_named
from sundog.modelled.show import View
from sundog.modelled.table import Noun
from sundog.modelled.tagging import list_tags, tag, untag
from sundog.modelled.within import blocked, remove_within, scopes_given

if TYPE_CHECKING:
    from sundog.core.tx import Tx
    from sundog.modelled.plan import Plan

Params = dict[str, Any]
Act = Callable[["Plan", "Tx", Params], "Params | None"]


def shelf(plan: Plan, tx: Tx, noun: Noun | None = None) -> Shelf:
    kind = noun or plan.noun
    assert kind is not None
    return Shelf(tx, plan.operation.service.name, kind)


def view(plan: Plan, tx: Tx, row: Resource | None, params: Params | None = None) -> View:
    return View(tx, plan.operation.service, plan.noun, row, params)


# -- finding


def find(plan: Plan, tx: Tx, params: Params) -> Resource | None:
    """The resource that the call names."""
    noun = plan.noun
    assert noun is not None
    scopes = scopes_given(plan, tx, params)
    kind = shelf(plan, tx)
    for name in plan.own:
        value = params.get(name)
        if value is not None and value != "":
            return kind.named(value, scopes)
    for name in plan.own_lists:
        values = params.get(name)
        if values:
            return kind.named(values[0], scopes)
    wrap = plan.wrapper
    if wrap is not None and isinstance(inner := params.get(wrap[0]), dict) and not noun.setting:
        from sundog.modelled.identity import is_own

        for name in wrap[1].members:
            if is_own(noun, name) and isinstance(inner.get(name), str):
                found = kind.named(inner[name], scopes)
                if found is not None:
                    return found
    if noun.setting or not (plan.own or plan.own_lists):
        return kind.one(scopes)
    return None


def named_value(plan: Plan, params: Params) -> Any:
    """What the call named the resource by, for an error's message."""
    for name in (*plan.own, *(n for n in reversed(plan.scopes) if n), *plan.own_lists):
        value = params.get(name)
        if value not in (None, "", []):
            return value[0] if isinstance(value, list) else value
    for name in plan.required:
        if isinstance(params.get(name), str):
            return params[name]
    return ""


def get(plan: Plan, tx: Tx, params: Params) -> Resource:
    """The resource that the call names; the operation's error if there is none."""
    found = find(plan, tx, params)
    if found is None:
        raise missing(plan, tx, named_value(plan, params), params)
    return found


# -- acts


def create(plan: Plan, tx: Tx, params: Params) -> Params:
    entries = plan.entries
    if entries is not None and not any(n in plan.required for n in plan.own):
        return each(plan, tx, params, lambda item: make(plan, tx, item))
    _row, first = make(plan, tx, params)
    return answer_one(plan, view(plan, tx, first, params), params)


def upsert(plan: Plan, tx: Tx, params: Params) -> Params:
    entries = plan.entries
    if entries is not None:
        return each(plan, tx, params, lambda item: _put(plan, tx, item))
    _, row = _put(plan, tx, params)
    return answer_one(plan, view(plan, tx, row, params), params)


def _put(plan: Plan, tx: Tx, params: Params) -> tuple[Resource, Resource]:
    found = find(plan, tx, params) if plan.noun is not None and (plan.noun.setting or plan.own) else None
    if found is None:
        return make(plan, tx, params)
    row = change(plan, tx, found, params)
    return row, row


def read(plan: Plan, tx: Tx, params: Params) -> Params:
    noun = plan.noun
    assert noun is not None
    found = find(plan, tx, params)
    if found is None:
        told = plan.tuned.missing is not None or plan.tuned_op.missing is not None
        if noun.setting and not told and not (faults.models_missing(plan.operation, noun.name) and any(plan.scopes)):
            return answer_empty(plan, tx, params)
        unnamed = not any(params.get(n) for n in (*plan.own, *plan.own_lists))
        if not noun.setting and unnamed and not faults.models_missing(plan.operation, noun.name):
            return answer_empty(plan, tx, params)
        raise missing(plan, tx, named_value(plan, params), params)
    return answer_one(plan, view(plan, tx, found, params), params)


def listing(plan: Plan, tx: Tx, params: Params) -> Params:
    from sundog.modelled.listing import rows

    return answer_many(plan, tx, rows(plan, tx, params), params)


def update(plan: Plan, tx: Tx, params: Params) -> Params:
    if plan.entries is not None and not plan.own:
        return each(plan, tx, params, lambda item: _changed(plan, tx, item))
    found = find(plan, tx, params)
    if found is None:
        noun = plan.noun
        assert noun is not None
        if noun.setting and plan.rule.verb in ("Put", "Set", "Update", "Modify", "Change", "Enable"):
            _, found = make(plan, tx, params)
            return answer_one(plan, view(plan, tx, found, params), params)
        raise missing(plan, tx, named_value(plan, params), params)
    row = change(plan, tx, found, params)
    return answer_one(plan, view(plan, tx, row, params), params)


def _changed(plan: Plan, tx: Tx, item: Params) -> tuple[Resource, Resource]:
    row = change(plan, tx, get(plan, tx, item), item)
    return row, row


def delete(plan: Plan, tx: Tx, params: Params) -> Params:
    if plan.entries is not None and not any(params.get(n) for n in plan.own):
        return each(plan, tx, params, lambda item: _removed(plan, tx, item))
    lists = [n for n in plan.own_lists if params.get(n)]
    if lists and not any(params.get(n) for n in plan.own):
        return _delete_many(plan, tx, params, lists[0])
    noun = plan.noun
    assert noun is not None
    found = find(plan, tx, params)
    if found is None:
        if plan.tuned_op.lenient or (noun.setting and not faults.models_missing(plan.operation, noun.name)):
            return answer_empty(plan, tx, params)
        raise missing(plan, tx, named_value(plan, params), params)
    gone = remove(plan, tx, found, params)
    return answer_one(plan, view(plan, tx, gone, params), params)


def remove(plan: Plan, tx: Tx, row: Resource, params: Params | None = None) -> Resource:
    """Remove the resource and what lies within it; as the answer shows it."""
    blocked(plan, tx, row, params or {})
    if plan.tuned.kept:
        kept = shelf(plan, tx).update(row, status=plan.tuned.kept)
        return msgspec.structs.replace(kept, status=plan.tuned.deleted or plan.tuned.kept)
    remove_within(plan, tx, row)
    shelf(plan, tx).delete(row)
    if plan.tuned.deleted:
        return msgspec.structs.replace(row, status=plan.tuned.deleted)
    status = status_for(
        plan, ("DELETING", "DELETED", "DELETE_IN_PROGRESS", "TERMINATING", "TERMINATED", "INACTIVE", "REMOVING")
    )
    return msgspec.structs.replace(row, status=status) if status else row


def _removed(plan: Plan, tx: Tx, item: Params) -> tuple[Resource, Resource]:
    row = get(plan, tx, item)
    return row, remove(plan, tx, row)


def _delete_many(plan: Plan, tx: Tx, params: Params, member: str) -> Params:
    kind = shelf(plan, tx)
    scopes = scopes_given(plan, tx, params)
    gone: list[Resource] = []
    lacking: list[Any] = []
    for value in params[member]:
        row = kind.named(value, scopes)
        if row is None:
            lacking.append(value)
        else:
            gone.append(remove(plan, tx, row))
    if lacking and plan.failures is None and not plan.name.startswith("Batch"):
        raise missing(plan, tx, lacking[0], params)
    return answer_many(plan, tx, gone, params, lacking)


def transition(plan: Plan, tx: Tx, params: Params) -> Params:
    noun = plan.noun
    assert noun is not None
    lists = [n for n in plan.own_lists if params.get(n)]
    if plan.entries is not None and not any(params.get(n) for n in plan.own):
        return each(plan, tx, params, lambda item: _turned(plan, tx, get(plan, tx, item), item))
    if lists and not any(params.get(n) for n in plan.own):
        scopes = scopes_given(plan, tx, params)
        kind = shelf(plan, tx)
        rows: list[Resource] = []
        lacking: list[Any] = []
        for value in params[lists[0]]:
            row = kind.named(value, scopes)
            if row is None:
                lacking.append(value)
            else:
                rows.append(_turned(plan, tx, row, {})[0])
        if lacking and plan.failures is None and not plan.name.startswith("Batch"):
            raise missing(plan, tx, lacking[0], params)
        return answer_many(plan, tx, rows, params, lacking)
    found = find(plan, tx, params)
    if found is None:
        if noun.setting:
            _, found = make(plan, tx, params)
        elif not (plan.own or plan.own_lists or plan.scopes):
            return answer_empty(plan, tx, params)
        else:
            raise missing(plan, tx, named_value(plan, params), params)
    row, _ = _turned(plan, tx, found, params)
    return answer_one(plan, view(plan, tx, row, params), params)


def _turned(plan: Plan, tx: Tx, row: Resource, params: Params) -> tuple[Resource, Resource]:
    row = change(plan, tx, row, params)
    status = plan.tuned_op.status or status_for(plan, TRANSITION.get(plan.rule.verb, ()))
    if status:
        row = shelf(plan, tx).update(row, status=status, revision=row.revision)
    return row, row


def status_for(plan: Plan, wanted: tuple[str, ...]) -> str:
    """The first of the statuses that the noun's resource can have."""
    noun = plan.noun
    if noun is None or not noun.status or not noun.shape or not wanted:
        return ""
    shape: Any = shape_named(plan.operation.service, noun.shape)
    for part in noun.status.split("."):
        shape = shape.members.get(part)
        if shape is None:
            return ""
    enum = shape.metadata.get("enum")
    if not enum:
        return wanted[0]
    by_low = {low(value): value for value in enum}
    return next((by_low[low(value)] for value in wanted if low(value) in by_low), "")


def detach(plan: Plan, tx: Tx, params: Params) -> Params:
    """Take back what an attaching operation told the resource."""
    found = get(plan, tx, params)
    named = {low(name) for name in params if name not in plan.own}
    kept = {name: value for name, value in found.data.items() if low(name) not in named}
    row = shelf(plan, tx).update(found, data=kept)
    return answer_one(plan, view(plan, tx, row, params), params)


def link(plan: Plan, tx: Tx, params: Params) -> Params:
    _, row = _put(plan, tx, params)
    return _of_thing(plan, tx, row, params)


def unlink(plan: Plan, tx: Tx, params: Params) -> Params:
    found = find(plan, tx, params)
    if found is None:
        raise missing(plan, tx, named_value(plan, params), params)
    shelf(plan, tx).delete(found)
    return _of_thing(plan, tx, found, params)


def _of_thing(plan: Plan, tx: Tx, row: Resource, params: Params) -> Params:
    return answer_one(plan, view(plan, tx, row, params), params)


def linked(plan: Plan, tx: Tx, params: Params) -> Params:
    """The resources at one end of an association."""
    link_noun = plan.noun
    assert link_noun is not None
    noun = plan.table.nouns[plan.rule.verb]
    end = next(i for i, scope in enumerate(link_noun.scopes) if scope.noun == noun.name)
    kind = shelf(plan, tx)
    things = shelf(plan, tx, noun)
    scopes = [scope if index != end else None for index, scope in enumerate(scopes_given(plan, tx, params))]
    found: list[Resource] = []
    for row in kind.within(tuple(scopes)):
        thing = things.named(row.scopes[end])
        if thing is not None:
            found.append(msgspec.structs.replace(thing, data={**row.data, **thing.data}))
    return answer_many(plan, tx, found, params, noun=noun)


def facet(plan: Plan, tx: Tx, params: Params) -> Params:
    """Some aspect of a resource: the resource must be there, what is not known of it is defaulted."""
    found = find(plan, tx, params)
    if found is None:
        if any(params.get(n) for n in (*plan.own, *plan.own_lists)):
            raise missing(plan, tx, named_value(plan, params), params)
        return answer_empty(plan, tx, params)
    return answer_one(plan, view(plan, tx, found, params), params, lists=True)


def empty(plan: Plan, tx: Tx, params: Params) -> Params:
    """Nothing writes what this reads: there is none of it."""
    inside = content(plan.output)
    listed = any(shape.type_name in ("list", "map") for shape in inside.values())
    wanted = [
        n for n in plan.required if plan.inputs[n].type_name == "string" and not plan.inputs[n].metadata.get("enum")
    ]
    if wanted and not listed and faults.models_missing(plan.operation, ""):
        raise faults.missing(plan.operation, _subject(plan), params[wanted[-1]])
    return answer_empty(plan, tx, params)


def _subject(plan: Plan) -> str:
    from sundog.modelled.names import words

    return "".join(words(plan.name)[1:])


def action(plan: Plan, tx: Tx, params: Params) -> Params:
    """Something done to a resource that leaves no trace which a model could tell of."""
    found = find(plan, tx, params)
    if found is None:
        if any(params.get(n) for n in (*plan.own, *plan.own_lists)):
            raise missing(plan, tx, named_value(plan, params), params)
        return answer_empty(plan, tx, params)
    return answer_one(plan, view(plan, tx, found, params), params)


def each(plan: Plan, tx: Tx, params: Params, act: Callable[[Params], tuple[Resource, Resource]]) -> Params:
    """One act for each entry of a bulk operation; what fails is told in the list of failures, if there is one."""
    from sundog.wire.errors import AwsError

    entries = plan.entries
    assert entries is not None
    outer = {name: value for name, value in params.items() if name != entries[0]}
    done: list[Resource] = []
    failed: list[Params] = []
    for item in params.get(entries[0]) or ():
        try:
            done.append(act({**outer, **item})[1])
        except AwsError as error:
            if plan.failures is None:
                raise
            failed.append({**item, "errorcode": error.code, "errormessage": error.message, "code": error.code,
                           "message": error.message, "reason": error.message})  # fmt: skip
    return answer_many(plan, tx, done, params, failed)


def _failures(output: Any) -> Iterator[str]:
    return (name for name in content(output) if is_failure(name))


ACTS: dict[str, Act] = {
    "create": create,
    "upsert": upsert,
    "read": read,
    "list": listing,
    "update": update,
    "delete": delete,
    "transition": transition,
    "detach": detach,
    "link": link,
    "unlink": unlink,
    "linked": linked,
    "facet": facet,
    "empty": empty,
    "action": action,
    "tag": tag,
    "untag": untag,
    "tags": list_tags,
}
