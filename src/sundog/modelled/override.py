"""What a service's own table (``services/<name>.toml``) says beyond what is inferred. See docs/explanation/modelled.md."""

from __future__ import annotations

import re
from importlib import resources
from typing import Any

import msgspec

from sundog.modelled.names import low
from sundog.modelled.table import Noun, Rule, Scope, Table
from sundog.wire.model import Service


class OverrideError(Exception):
    """A table that can't be used; says the file and the line."""


class Words(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An error's code and message; ``{Member}`` stands for a parameter, ``{key}`` for what the call named."""

    code: str = ""
    message: str = ""
    status: int = 0


class NounOverride(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is special about one resource."""

    alias: tuple[str, ...] = ()
    """Nouns that are this one under other names."""
    key: tuple[str, ...] = ()
    """The members that tell one from another: the last is its own, those before it are its scopes."""
    idents: tuple[str, ...] = ()
    """Canonical names of all that may name it (``id``, ``arn``, ``name``), the key first."""
    setting: bool | None = None
    client_named: bool | None = None
    id: str = ""
    """The pattern of the ids that the engine makes."""
    arn: str = ""
    shape: str = ""
    status: str | None = None
    first: str = ""
    """The status that the making operation answers."""
    settled: str = ""
    """The status it comes to."""
    deleted: str = ""
    """The status that the deleting operation answers."""
    kept: str = ""
    """The status with which it stays, once deleted, where it does."""
    defaults: dict[str, Any] = {}
    """Values of members that were not given when it was made."""
    derive: dict[str, Any] = {}
    """Values of members made of others; ``{Member}``, ``{key}``, ``{arn}``, ``{account}``, ``{region}``, ``{id}`` ..."""
    rename: dict[str, str] = {}
    """Members of answers, by the (dotted) input member that they show."""
    parents: tuple[str, ...] = ()
    """Scopes that must exist."""
    unique: tuple[str, ...] = ()
    """Members of which no two may have the same values."""
    blocked_by: dict[str, Words] = {}
    """It can't be deleted while there are resources of these nouns in it."""
    within: dict[str, str] = {}
    """What a scope is when the call names none."""
    counter: dict[str, list[str]] = {}
    """Members that count up, among the resources that have the same values of others."""
    key_text: str = ""
    """The key, made of other members."""
    latest: str = ""
    """A member whose value names the newest of those that have it."""
    seed: tuple[dict[str, Any], ...] = ()
    """What every account has from the start."""
    missing: Words | None = None
    exists: Words | None = None
    untagged: bool = False
    """Answers don't show its tags."""


class OpOverride(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is special about one operation."""

    kind: str = ""
    noun: str = ""
    own: tuple[str, ...] = ()
    """The members that name the resource."""
    set: dict[str, Any] = {}
    """Values that the resource has from then on."""
    status: str = ""
    """The status that the resource has from then on."""
    answer: dict[str, Any] = {}
    """Values of the answer's members, by dotted paths."""
    missing: Words | None = None
    exists: Words | None = None
    idempotent: bool = True
    """Whether a client token that comes again gets the first answer again."""
    lenient: bool = False
    """A resource that isn't there is no error."""


class Override(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One service's table."""

    noun: dict[str, NounOverride] = {}
    op: dict[str, OpOverride] = {}


NOTHING = Override()
_NO_NOUN = NounOverride()
_NO_OP = OpOverride()
KINDS = frozenset(
    "create upsert read list update delete transition detach facet empty action tag untag tags none".split()
)


def override_of(service: Service) -> Override:
    """The service's override table; an empty one if it has none."""
    found: Override | None = service.plans.get("override")
    if found is None:
        file = resources.files("sundog.services") / f"{service.python_name}.toml"
        try:
            text = file.read_text(encoding="utf-8")
        except FileNotFoundError:
            found = NOTHING
        else:
            found = parse(text, f"{service.python_name}.toml")
        service.plans["override"] = found
    return found


def parse(text: str, name: str) -> Override:
    """A table's text, checked against the schema."""
    try:
        import tomllib
    except ModuleNotFoundError:  # Python 3.10
        import tomli as tomllib  # type: ignore[no-redef]
    try:
        raw = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise OverrideError(f"{name}: {error}") from None
    try:
        return msgspec.convert(raw, Override)
    except msgspec.ValidationError as error:
        raise OverrideError(f"{name}:{line_of(text, str(error))}: {error}") from None


def line_of(text: str, fault: str) -> int:
    """The line that a fault of the schema is about."""
    path = re.search(r"at `\$?([^`]*)`", fault)
    field = re.search(r"unknown field `(\w+)`", fault)
    parts = [part for part in re.split(r"[.\[\]]+", path[1] if path else "") if part and part != "..."]
    if field:
        parts.append(field[1])
    best = 0
    for number, line in enumerate(text.splitlines(), 1):
        bare = line.strip().replace('"', "")
        if bare.startswith("[") and all(part in re.split(r"[.\[\]]+", bare) for part in parts[:2]):
            best = best or number
        if parts and best and re.match(rf"{re.escape(parts[-1])}\b", bare):
            return number
        if parts and not best and re.match(rf"{re.escape(parts[-1])}\b\s*=", bare):
            best = number
    if not best and parts:
        for number, line in enumerate(text.splitlines(), 1):
            if parts[-1] in line:
                return number
    return best or 1


def apply(service: Service, table: Table) -> Table:
    """The table as the override has it."""
    override = override_of(service)
    if override is NOTHING:
        return table
    nouns = dict(table.nouns)
    rules = dict(table.rules)
    for name, tuned in override.noun.items():
        base = nouns.get(name) or next((nouns[a] for a in tuned.alias if a in nouns), None) or Noun(name, made=True)
        nouns[name] = _noun(name, base, tuned)
        for alias in tuned.alias:
            nouns.pop(alias, None)
            for op, rule in list(rules.items()):
                if rule.noun == alias:
                    rules[op] = msgspec.structs.replace(rule, noun=name)
        if name not in table.nouns:
            _adopt(service, name, rules)
    for name, tuned_op in override.op.items():
        rule = rules.get(name, Rule("none"))
        changes: dict[str, Any] = {"grade": "high"}
        if tuned_op.kind:
            changes["kind"] = tuned_op.kind
        if tuned_op.noun:
            changes["noun"] = tuned_op.noun
        rules[name] = msgspec.structs.replace(rule, **changes)
    return msgspec.structs.replace(table, nouns=nouns, rules=rules)


def _adopt(service: Service, name: str, rules: dict[str, Rule]) -> None:
    """Give the operations that are about a noun to it, which the inference did not know to be made."""
    from sundog.modelled.infer import Parsed
    from sundog.modelled.names import DELETE, LIST, READ, UPDATE

    for op, rule in list(rules.items()):
        if rule.kind not in ("empty", "none", "facet", "action", "transition", "update"):
            continue
        parsed = Parsed(op, service.model.operation_model(op))
        if low(name) not in (low(parsed.full), low(parsed.cut)):
            continue
        if parsed.verb in LIST or parsed.plural:
            kind = "list"
        elif parsed.verb in READ:
            kind = "read"
        else:
            kind = "delete" if parsed.verb in DELETE else "update" if parsed.verb in UPDATE else rule.kind
        rules[op] = Rule(kind, name, parsed.verb)


def _noun(name: str, base: Noun, tuned: NounOverride) -> Noun:
    changes: dict[str, Any] = {"name": name, "made": True}
    if tuned.key:
        own = tuned.key[-1]
        known = {low(scope.member): scope for scope in base.scopes}
        changes["scopes"] = tuple(known.get(low(member), Scope(member)) for member in tuned.key[:-1])
        from sundog.modelled.identity import own_name

        ident = own_name(name, own) or low(own)
        changes["idents"] = (ident, *(i for i in base.idents if i != ident))
        changes["setting"] = False
    if tuned.within:
        scopes = changes.get("scopes", base.scopes)
        changes["scopes"] = tuple(
            msgspec.structs.replace(scope, default=tuned.within.get(scope.member, "")) for scope in scopes
        )
    for field in ("idents", "arn", "shape", "settled", "latest"):
        if getattr(tuned, field):
            changes[field] = getattr(tuned, field)
    for field in ("setting", "client_named", "status"):
        if getattr(tuned, field) is not None:
            changes[field] = getattr(tuned, field)
    return msgspec.structs.replace(base, **changes)


def noun_override(service: Service, noun: str) -> NounOverride:
    return override_of(service).noun.get(noun, _NO_NOUN)


def op_override(service: Service, name: str) -> OpOverride:
    return override_of(service).op.get(name, _NO_OP)


def check(service: Service, override: Override, text: str, name: str) -> None:
    """Refuse a table that names what the service's model doesn't have."""

    def fault(line: str, what: str) -> OverrideError:
        number = next((n for n, found in enumerate(text.splitlines(), 1) if line in found), 1)
        return OverrideError(f"{name}:{number}: {what}")

    table = apply(service, _table(service))
    for op, tuned in override.op.items():
        if op not in service.operation_names:
            raise fault(op, f"{service.name} has no operation {op}")
        if tuned.kind and tuned.kind not in KINDS:
            raise fault(op, f"there is no kind {tuned.kind}")
        if tuned.noun and tuned.noun not in table.nouns:
            raise fault(op, f"{service.name} has no resource {tuned.noun}")
    shapes = service.description["shapes"]
    for noun, tuned_noun in override.noun.items():
        if tuned_noun.shape and tuned_noun.shape not in shapes:
            raise fault(tuned_noun.shape, f"{service.name} has no shape {tuned_noun.shape}")
        if noun not in {rule.noun for rule in table.rules.values()}:
            raise fault(noun, f"no operation of {service.name} is about a {noun}")
        for other in tuned_noun.blocked_by:
            if other not in table.nouns:
                raise fault(other, f"{service.name} has no resource {other}")


def _table(service: Service) -> Table:
    from sundog.modelled.infer import infer
    from sundog.modelled.store import load

    return load(service.name) or infer(service)
