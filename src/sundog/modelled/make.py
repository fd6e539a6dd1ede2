"""Making and changing a resource from what an operation was given."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from botocore.model import Shape

from sundog.modelled import faults
from sundog.modelled.arns import arn_of
from sundog.modelled.forms import members
from sundog.modelled.generate import from_pattern, new_id, new_name
from sundog.modelled.names import canon, low
from sundog.modelled.resource import Resource, Shelf, index_of
from sundog.modelled.shapes import shape_named
from sundog.modelled.template import fill, merged, put
from sundog.modelled.template import words as words_of
from sundog.modelled.values import tags_of
from sundog.modelled.within import parents_of, require_parents, scopes_given

if TYPE_CHECKING:
    from sundog.core.tx import Tx
    from sundog.modelled.plan import Plan
from sundog.modelled.table import Noun

Params = dict[str, Any]
_NOT_KEPT = frozenset(["clienttoken", "clientrequesttoken", "idempotencytoken", "dryrun"])
_STARTING = ("CREATING", "CREATE_IN_PROGRESS", "PROVISIONING", "LAUNCHING", "REGISTERING")
_ASKED = frozenset(["Start", "Run", "Submit", "Request", "Send", "Export", "Import"])
_WAITING = ("PENDING", "QUEUED", "SUBMITTED", "STARTING", "IN_PROGRESS", "RUNNING", "REQUESTED")


def flat(plan: Plan, params: Params) -> tuple[Params, dict[str, str]]:
    """What is to be kept of the parameters, and the tags among them."""
    tags: dict[str, str] = {}
    data: Params = {}
    wrap = plan.wrapper
    for name, value in params.items():
        if value is None or low(name) in _NOT_KEPT:
            continue
        if name == plan.tags:
            tags = tags_of(value)
            continue
        if hasattr(value, "read"):
            value = value.read()
        data[name] = value
        if wrap is not None and name == wrap[0] and isinstance(value, dict):
            inner = dict(value)
            for key in list(inner):
                if low(key) in ("tags", "taglist") and isinstance(inner[key], (list, dict)) and not tags:
                    tags = tags_of(inner[key])
            data = {**inner, **data}
    return data, tags


def make(plan: Plan, tx: Tx, params: Params) -> tuple[Resource, Resource]:
    """A new resource: as it is kept, and as the operation that makes it shows it."""
    noun = plan.noun
    assert noun is not None
    service = plan.operation.service
    shelf = Shelf(tx, service.name, noun)
    data, tags = flat(plan, params)
    if plan.tuned.defaults:
        data = merged(fill(tx, plan.tuned.defaults, index_of(data, noun.name), {}), data)
    if plan.tuned_op.set:
        data = {**data, **fill(tx, plan.tuned_op.set, index_of(data, noun.name), {})}
    require_parents(plan, tx, params)
    scopes = tuple(scope or "" for scope in scopes_given(plan, tx, params))
    names = index_of(data, noun.name)
    _require_unique(plan, shelf, noun, names, scopes, params)
    for member, among in plan.tuned.counter.items():
        data[member] = names[low(member)] = _count(shelf, noun, scopes, member, among, names)
    if plan.tuned.key_text:
        key = str(fill(tx, plan.tuned.key_text, names, {}))
        data[noun.idents[0]] = names[noun.idents[0]] = key
    else:
        key = "" if noun.setting else _given_key(plan, noun, data, names)
    if key and noun.idents[:1] != ("arn",):
        there = shelf.exact(scopes, key)
        if there is not None:
            error = _taken(plan, noun, key, params)
            if error is not None and plan.rule.kind == "create":
                raise error
            row = change(plan, tx, there, params)
            return row, row
    elif noun.setting:
        there = shelf.exact(scopes, "")
        if there is not None:
            if plan.tuned.exists is not None and plan.rule.kind == "create":
                raise faults.named(plan.operation, plan.tuned.exists.code, plan.tuned.exists.message)
            row = change(plan, tx, there, params)
            return row, row
    elif (name := names.get("name")) and isinstance(name, str) and "name" in noun.idents:
        error = _name_taken(plan, shelf, noun, name, scopes, params)
        if error is not None:
            raise error
    ident = noun.idents[0] if noun.idents else ""
    for extra in noun.idents[1:]:
        if extra == "id" and "id" not in names:
            data["id"] = names["id"] = _new_id(plan, tx, noun, "id")
    if not key and ident and ident != "arn":
        key = _new_key(plan, tx, shelf, noun, ident, scopes)
        data[ident] = names[ident] = key
    arn = str(names["arn"]) if isinstance(names.get("arn"), str) and ident == "arn" else None
    if arn is None:
        base = key or str(names.get("id") or names.get("name") or _new_base(plan, tx))
        arn = arn_of(tx, service, noun, base, names, scopes)
        if ident == "arn" and not names.get("name") and not names.get("id") and base not in arn:
            arn = f"{arn}/{base}"
        least = max((shape.metadata.get("min", 0) for shape in _shown(plan, noun, "arn")), default=0)
        if len(arn) < least:
            arn = f"{arn}/{tx.ids.hex(max(8, least - len(arn)))}"
    if ident == "arn":
        key = arn
        there = shelf.exact(scopes, key)
        if there is not None:
            error = _taken(plan, noun, names.get("name") or key, params)
            if error is not None and plan.rule.kind == "create":
                raise error
            row = change(plan, tx, there, params)
            return row, row
    own = {"key": key, "arn": arn, **parents_of(plan, tx, scopes)} if plan.tuned.derive else {}
    for member, template in plan.tuned.derive.items():
        if low(member) not in names:
            value = fill(tx, template, names, own)
            put(data, member, value)
            names[low(member.split(".")[0])] = data[member.split(".")[0]]
    status = plan.tuned_op.status or _status_given(noun, names) or noun.settled
    first = _first_status(plan, noun, status)
    row = shelf.add(
        scopes, key, arn=arn if not noun.setting else None, status=status, data=data, tags=tags, creator=tx.caller.arn
    )
    if first and first != status:
        from msgspec.structs import replace

        if tx.setting("delays"):
            import datetime

            row = shelf.update(row, status=first, revision=row.revision)
            tx.at(tx.now + datetime.timedelta(seconds=30), settle, row.service, row.noun, row.scope, row.key, status)
        return row, replace(row, status=first)
    return row, row


def _count(shelf: Shelf, noun: Noun, scopes: tuple[str, ...], member: str, among: list[str], names: Params) -> int:
    """The next number of a member, among the resources that have the same values of others."""
    highest = 0
    for row in shelf.within(scopes):
        held = index_of(row.data, noun.name)
        if all(held.get(low(other)) == names.get(low(other)) for other in among):
            number = held.get(low(member))
            highest = max(highest, number if isinstance(number, int) else 0)
    return highest + 1


def _taken(plan: Plan, noun: Noun, key: Any, params: Params) -> Exception | None:
    said = plan.tuned_op.exists or plan.tuned.exists
    if said is None:
        return faults.taken(plan.operation, noun.name, key)
    return faults.taken(
        plan.operation, noun.name, key, said.code, words_of(said.message, params, key) if said.message else ""
    )


def _require_unique(
    plan: Plan, shelf: Shelf, noun: Noun, names: Params, scopes: tuple[str, ...], params: Params
) -> None:
    wanted = [low(member) for member in plan.tuned.unique]
    if not wanted or any(names.get(member) is None for member in wanted):
        return
    for row in shelf.within(scopes):
        held = index_of(row.data, noun.name)
        if all(held.get(member) == names[member] for member in wanted):
            error = _taken(plan, noun, names[wanted[0]], params)
            if error is not None:
                raise error


def settle(tx: Tx, service: str, noun: str, scope: str, key: str, status: str) -> None:
    """Let a resource come to its lasting status."""
    row = tx.find(Resource, service, noun, scope, key)
    if row is not None:
        tx.update(row, status=status)


def change(plan: Plan, tx: Tx, row: Resource, params: Params) -> Resource:
    """The resource with what the operation was given."""
    noun = plan.noun
    assert noun is not None
    data, tags = flat(plan, params)
    if plan.tuned_op.set:
        data = {**data, **fill(tx, plan.tuned_op.set, index_of(row.data, noun.name), {"key": row.key, "arn": row.arn})}
    for name in (*plan.own, *(n for n in plan.scopes if n), *plan.own_lists):
        data.pop(name, None)
    if not noun.setting and noun.idents:
        key = noun.idents[0]
        for name in list(data):
            if canon(name, noun.name) == key or (low(name) == key):
                data.pop(name)
    changed = {low(name) for name in data}
    kept = {name: value for name, value in row.data.items() if low(name) not in changed}
    names = index_of(data, noun.name)
    more: dict[str, Any] = {}
    status = plan.tuned_op.status or _status_given(noun, names)
    if status:
        more["status"] = status
    if tags or (plan.tags is not None and plan.tags in params):
        more["tags"] = tags
    if not data and not more:
        return row
    return Shelf(tx, row.service, noun).update(row, data={**kept, **data}, **more)


def _given_key(plan: Plan, noun: Noun, data: Params, names: Params) -> str:
    ident = noun.idents[0] if noun.idents else ""
    if not noun.client_named:
        names.pop(ident, None)
        return ""
    value = names.get(ident)
    if value is None and ident in ("id", "name"):
        for name, item in data.items():
            if isinstance(item, (str, int)) and not isinstance(item, bool) and canon(name, noun.name) == "":
                value = item
                break
    if isinstance(value, bool) or not isinstance(value, (str, int)) or value == "":
        return ""
    return str(value)


def _name_taken(
    plan: Plan, shelf: Shelf, noun: Noun, name: str, scopes: tuple[str, ...], params: Params
) -> Exception | None:
    shape = faults.modelled(plan.operation, faults._TAKEN, noun.name)  # pyright: ignore[reportPrivateUsage]
    if shape is None or not any(part in low(shape.name) for part in ("exist", "duplicate")):
        return None
    if plan.rule.verb in _ASKED or shelf.named(name, scopes) is None:
        return None
    return _taken(plan, noun, name, params)


def _new_key(plan: Plan, tx: Tx, shelf: Shelf, noun: Noun, ident: str, scopes: tuple[str, ...]) -> str:
    if ident in ("version", "number", "revision"):
        return str(sum(1 for _ in shelf.within(scopes)) + 1)
    if ident == "name":
        return new_name(tx.ids, noun.name)
    return _new_id(plan, tx, noun, ident)


def _new_base(plan: Plan, tx: Tx) -> str:
    return from_pattern(tx.ids, plan.tuned.id) if plan.tuned.id else tx.ids.uuid()


def _key_shape(plan: Plan, noun: Noun) -> Shape | None:
    return shape_named(plan.operation.service, noun.key_shape) if noun.key_shape else None


def _new_id(plan: Plan, tx: Tx, noun: Noun, ident: str) -> str:
    """A new id that fits wherever it is shown or asked for."""
    if plan.tuned.id and noun.idents[:1] in ((ident,), ("arn",)):
        return from_pattern(tx.ids, plan.tuned.id)
    shapes = _shown(plan, noun, ident)
    if not shapes:
        return new_id(tx.ids, _key_shape(plan, noun), noun.name)
    least = max(shape.metadata.get("min", 0) for shape in shapes)
    best = max(shapes, key=lambda shape: (bool(shape.metadata.get("pattern")), shape.metadata.get("min", 0)))
    return new_id(tx.ids, best, noun.name, least)


def _shown(plan: Plan, noun: Noun, ident: str) -> list[Shape]:
    """The shapes of an identity: where the resource is shown, and where it is asked for."""
    found: list[Shape] = []
    key = _key_shape(plan, noun) if noun.idents[:1] == (ident,) else None
    shapes = [plan.output, plan.one.shape] if plan.rule.kind != "update" else []
    if noun.shape:
        shapes.append(shape_named(plan.operation.service, noun.shape))  # type: ignore[arg-type]
    for shape in shapes:
        for name, member in members(shape).items():
            if (canon(name, noun.name) == ident or low(name) == ident) and member.type_name in (
                "string",
                "integer",
                "long",
            ):
                found.append(member)
                break
    if key is not None:
        found.append(key)
    return found


def _status_given(noun: Noun, names: Params) -> str:
    if not noun.status or "." in noun.status:
        return ""
    value = names.get(low(noun.status))
    if value is None:
        value = names.get(canon(noun.status, noun.name))
    return value if isinstance(value, str) else ""


def _first_status(plan: Plan, noun: Noun, settled: str) -> str:
    """The status that the making operation itself still answers."""
    if plan.tuned.first and plan.rule.kind == "create":
        return plan.tuned.first
    if not noun.status or not settled or not noun.shape:
        return settled
    shape: Any = shape_named(plan.operation.service, noun.shape)
    for part in noun.status.split("."):
        shape = members(shape).get(part)
        if shape is None:
            return settled
    enum = shape.metadata.get("enum", ())
    wanted = (*_STARTING, *(_WAITING if plan.rule.verb in _ASKED else ()))
    by_low = {low(value): value for value in enum}
    return next((by_low[low(value)] for value in wanted if low(value) in by_low), settled)
