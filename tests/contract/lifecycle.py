"""The life of every resource that a service makes: created, read back, listed, updated, tagged, deleted, gone.

How the steps are found is told by the engine's table; that they hold together is told by the client's answers alone.
"""

from __future__ import annotations

from collections import Counter
from typing import Any

from botocore.model import ListShape, StructureShape

from sundog import mock_aws
from sundog.behaviour import behaviour
from sundog.core.calls import EMULATED
from sundog.modelled import identity
from sundog.modelled.forms import members, tag_form
from sundog.modelled.names import canon, low, plural, words
from sundog.modelled.plan import Plan
from sundog.modelled.store import table_of
from sundog.modelled.table import Noun, Table
from sundog.wire.model import Service, get_service

from .probe import client_of
from .sample import Sample

STEPS = ("create", "read", "list", "echo", "update", "tag", "delete", "gone")


class Lives:
    """The probe of one service."""

    def __init__(self, name: str) -> None:
        self.service: Service = get_service(name)
        self.table: Table = table_of(self.service)
        self.tried: Counter[str] = Counter()
        self.passed: Counter[str] = Counter()
        self.faults: list[str] = []
        self.whole: list[str] = []
        self.broken: list[str] = []
        self.known: dict[str, dict[str, Any]] = {}

    def run(self) -> Lives:
        with mock_aws() as cloud:
            self.cloud = cloud
            self.client = client_of(self.service.name)
            self.methods = {api: name for name, api in self.client.meta.method_to_api_mapping.items()}
            for noun in self._in_order():
                self._life(noun)
        return self

    def _in_order(self) -> list[Noun]:
        """Parents before what lies within them."""
        done: list[Noun] = []
        left = [n for n in self.table.nouns.values() if n.made and not n.link[0]]
        while left:
            ready = [
                n
                for n in left
                if not any(s.noun and any(o.name == s.noun for o in left if o is not n) for s in n.scopes)
            ]
            ready = ready or left[:1]
            done.extend(ready)
            left = [n for n in left if n not in ready]
        return done

    def _ours(self, noun: Noun) -> bool:
        """Whether the engine alone answers for the resource."""
        for name, rule in self.table.rules.items():
            operation = self.service.operation(name) if rule.noun == noun.name else None
            if operation is not None and behaviour(operation).fidelity == EMULATED:
                return False
        return True

    def ops(self, noun: Noun, *kinds: str) -> list[Plan]:
        found: list[Plan] = []
        for name, rule in self.table.rules.items():
            if rule.noun == noun.name and rule.kind in kinds:
                operation = self.service.operation(name)
                if operation is not None and name in self.methods:
                    found.append(Plan(operation, rule, self.table))
        exact = low(noun.name)
        found.sort(key=lambda plan: (low("".join(words(plan.name)[1:])) not in (exact, exact + "s"), len(plan.name)))
        return found

    def call(self, plan: Plan, params: dict[str, Any]) -> dict[str, Any]:
        answer = getattr(self.client, self.methods[plan.name])(**params)
        answer.pop("ResponseMetadata", None)
        return answer

    def check(self, step: str, noun: Noun, holds: bool, text: str = "") -> bool:
        self.tried[step] += 1
        if holds:
            self.passed[step] += 1
        else:
            self.faults.append(f"{self.service.name}:{noun.name} {step}: {text}")
        return holds

    def _life(self, noun: Noun) -> None:
        makers = self.ops(noun, "create", "upsert")
        if not makers or not self._ours(noun):
            return
        maker = makers[0]
        inside = {scope.member: self._parent(scope.noun) for scope in noun.scopes}
        known = {name: value for name, value in inside.items() if value is not None}
        params = self._making(maker, noun, known, noun.name.lower())
        try:
            made = self.call(maker, params)
        except Exception as error:
            self.check("create", noun, False, f"{maker.name} {_first(error)}")
            self.broken.append(noun.name)
            return
        self.check("create", noun, True)
        for scope, member in zip(noun.scopes, maker.scopes, strict=False):
            if member is not None and params.get(member) is not None:
                known[scope.member] = params[member]
        names = self._identities(noun, made, params, maker)
        self.known[noun.name] = names
        steps: dict[str, bool] = {}
        read = next((p for p in self.ops(noun, "read") if p.rule.grade == "high"), None)
        lists = self.ops(noun, "list")
        if read is not None:
            steps["read"] = self._read(noun, read, names, known, params)
        if lists:
            asked = {n: params[n] for n in lists[0].required if isinstance(params.get(n), str)}
            steps["list"] = self._list(noun, lists[0], names, {**asked, **known})
        self._update(noun, read, names, known)
        deletes = [
            p
            for p in self.ops(noun, "delete")
            if p.rule.verb in ("Delete", "Deregister", "Terminate", "Remove", "Release")
        ]
        delete = next(iter(deletes or self.ops(noun, "delete")), None)
        if delete is not None and not any(
            s.noun == noun.name for n in self.table.nouns.values() for s in n.scopes if n is not noun
        ):
            self._end(noun, read, lists, delete, names, known, steps)
        elif delete is not None:
            self._again(noun, maker, read, lists, delete, known, steps)
        wanted = {"read", "list"} & steps.keys()
        if wanted and "delete" in steps:
            (self.whole if all(steps.values()) else self.broken).append(noun.name)

    def _again(
        self,
        noun: Noun,
        maker: Plan,
        read: Any,
        lists: Any,
        delete: Plan,
        known: dict[str, Any],
        steps: dict[str, bool],
    ) -> None:
        """A second one to delete: the first still has to be the parent of others."""
        params = self._making(maker, noun, known, noun.name.lower() + "2")
        try:
            made = self.call(maker, params)
        except Exception as error:
            steps["delete"] = self.check("delete", noun, False, f"second {maker.name} {_first(error)}")
            return
        self._end(noun, read, lists, delete, self._identities(noun, made, params, maker), known, steps)

    def _making(self, maker: Plan, noun: Noun, known: dict[str, Any], salt: str) -> dict[str, Any]:
        """What makes one: what is required, and its name, which may be optional."""
        sample = Sample({**known, **self._parents(maker, noun)}, salt=salt)
        params = sample.of(maker.operation.input)
        if noun.client_named and noun.idents:
            wrap = maker.wrapper
            for shape, holder in ((maker.operation.input, params), (wrap and wrap[1], wrap and params.get(wrap[0]))):
                for name, member in members(shape).items():
                    if member.type_name != "string" or holder is None or name in holder:
                        continue
                    if canon(name, noun.name) == noun.idents[0] or low(name) == noun.idents[0]:
                        holder[name] = sample.value(member, name, 1)
        return params

    def _parent(self, noun: str) -> Any:
        names = self.known.get(noun)
        return next(iter(names.values()), None) if names else None

    def _parents(self, plan: Plan, noun: Noun) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for scope, member in zip(noun.scopes, plan.scopes, strict=False):
            value = self._parent(scope.noun)
            if member is not None and value is not None:
                found[member] = value
        return found

    def _identities(self, noun: Noun, made: dict[str, Any], params: dict[str, Any], maker: Plan) -> dict[str, Any]:
        """What the client was told, or said itself, that names the resource."""
        found: dict[str, Any] = {}
        for ident in noun.idents:
            value = _dig(made, ident, noun.name)
            if value is None:
                value = _dig(params, ident, noun.name)
            if value is not None:
                found[ident] = value
        return found

    def _select(
        self, plan: Plan, noun: Noun, names: dict[str, Any], known: dict[str, Any], salt: str = ""
    ) -> dict[str, Any]:
        """Parameters that name the resource."""
        given: dict[str, Any] = dict(known)
        for scope, member in zip(noun.scopes, plan.scopes, strict=False):
            if member is not None and known.get(scope.member) is not None:
                given[member] = known[scope.member]
        first = next(iter(names.values()), None)
        for member in plan.own:
            ident = identity.own_name(noun.name, member) or low(member)
            value = names.get(ident, names.get(low(member), first))
            if value is not None and (member in plan.required or member == plan.own[0]):
                given[member] = (
                    int(value)
                    if plan.inputs[member].type_name in ("integer", "long") and str(value).isdigit()
                    else value
                )
        for member in plan.own_lists[:1]:
            if not any(m in given for m in plan.own) and first is not None:
                ident = identity.own_name(noun.name, member.rstrip("s")) or ""
                given[member] = [names.get(ident, first)]
        made = Sample(given, salt=salt or noun.name.lower()).of(plan.operation.input)
        entries = plan.entries
        if entries is not None and entries[0] in made and first is not None:
            for name in entries[1].members:
                ident = identity.own_name(noun.name, name)
                if ident in names:
                    made[entries[0]][0][name] = names[ident]
        wrap = plan.wrapper
        if wrap is not None and isinstance(made.get(wrap[0]), dict):
            for name in wrap[1].members:
                if name in made[wrap[0]] and identity.is_own(noun, name) and first is not None:
                    made[wrap[0]][name] = names.get(identity.own_name(noun.name, name) or "", first)
        return made

    def _read(
        self, noun: Noun, read: Plan, names: dict[str, Any], known: dict[str, Any], params: dict[str, Any]
    ) -> bool:
        try:
            answer = self.call(read, self._select(read, noun, names, known))
        except Exception as error:
            return self.check("read", noun, False, f"{read.name} {_first(error)}")
        if not self.check(
            "read", noun, bool(answer) or read.output is None or noun.setting, f"{read.name} answered nothing"
        ):
            return False
        shown = answer
        if read.one.kind == "struct":
            shown = answer.get(read.one.path[0], {})
        elif read.several.kind == "list" and read.rule.kind == "list":
            shown = next(iter(answer.get(read.several.path[0]) or [{}]))
        shape = read.one.shape if read.one.kind == "struct" else read.output
        for name, value in params.items():
            member = members(shape).get(name)
            given = read.inputs.get(name)
            if (
                member is None
                or given is None
                or member.type_name != given.type_name
                or not isinstance(value, (str, int))
            ):
                continue
            self.check(
                "echo", noun, shown.get(name) == value, f"{read.name}.{name} is {shown.get(name)!r}, was {value!r}"
            )
        return True

    def _list(self, noun: Noun, plan: Plan, names: dict[str, Any], known: dict[str, Any], there: bool = True) -> bool:
        given = {name: value for name, value in known.items() if name in plan.inputs}
        for scope, member in zip(noun.scopes, plan.scopes, strict=False):
            if member is not None and known.get(scope.member) is not None:
                given[member] = known[scope.member]
        for name in (*plan.own, *plan.own_lists):
            if name in plan.required:
                given = self._select(plan, noun, names, known)
        try:
            answer = self.call(plan, {**Sample(given).of(plan.operation.input), **given})
        except Exception as error:
            return self.check("list", noun, not there, f"{plan.name} {_first(error)}") if there else True
        found: Any = answer
        for part in plan.several.path:
            found = (found or {}).get(part)
        text = repr(found)
        if not names:
            return self.check("list", noun, bool(found) == there, f"{plan.name} is empty")
        has = any(repr(value)[1:-1] in text for value in names.values())
        return self.check(
            "list", noun, has == there, f"{plan.name} lacks {names} in {text[:150]}" if there else "still lists it"
        )

    def _update(self, noun: Noun, read: Plan | None, names: dict[str, Any], known: dict[str, Any]) -> None:
        plan = next(
            (p for p in self.ops(noun, "update", "upsert") if p.rule.verb in ("Update", "Modify", "Put", "Edit")), None
        )
        if plan is None or read is None:
            return
        shape = read.one.shape if read.one.kind == "struct" else read.output
        shown = members(shape)
        for name, member in plan.inputs.items():
            if member.type_name != "string" or member.metadata.get("enum") or name in plan.own or name in plan.scopes:
                continue
            if (
                name not in shown
                or shown[name].type_name != "string"
                or canon(name, noun.name) in noun.idents
                or identity.is_own(noun, name)
            ):
                continue
            if low(name).endswith(("status", "state", "token", "etag", "revisionid", "version")) or shown[
                name
            ].metadata.get("enum"):
                continue
            params = self._select(plan, noun, names, known)
            params[name] = Sample(salt="changed").value(member, name, 1)
            try:
                self.call(plan, params)
                answer = self.call(read, self._select(read, noun, names, known))
            except Exception as error:
                self.check("update", noun, False, f"{plan.name} {_first(error)}")
                return
            seen = answer.get(read.one.path[0], {}) if read.one.kind == "struct" else answer
            self.check("update", noun, seen.get(name) == params[name], f"{plan.name}.{name} is {seen.get(name)!r}")
            return

    def _end(
        self,
        noun: Noun,
        read: Plan | None,
        lists: list[Plan],
        delete: Plan,
        names: dict[str, Any],
        known: dict[str, Any],
        steps: dict[str, bool],
    ) -> None:
        from botocore.exceptions import ClientError

        try:
            self.call(delete, self._select(delete, noun, names, known))
        except Exception as error:
            steps["delete"] = self.check("delete", noun, False, f"{delete.name} {_first(error)}")
            return
        steps["delete"] = self.check("delete", noun, True)
        if read is not None and not noun.setting:
            try:
                answer = self.call(read, self._select(read, noun, names, known))
            except ClientError as error:
                code = error.response["Error"]["Code"]
                modelled = {s.metadata.get("error", {}).get("code", s.name) for s in read.operation.model.error_shapes}
                modelled |= {s.name for s in read.operation.model.error_shapes}
                ok = not modelled or code in modelled or not any("NotFound" in m for m in modelled)
                steps["gone"] = self.check("gone", noun, ok, f"{read.name} says {code}, not one of {sorted(modelled)}")
                return
            found = answer
            for part in read.one.path if read.one.kind == "struct" else ():
                found = found.get(part)
            steps["gone"] = self.check("gone", noun, not found, f"{read.name} still answers")
        elif lists and names:
            steps["gone"] = self._list(noun, lists[0], names, known, there=False)


def _first(error: Exception) -> str:
    return f"{type(error).__name__}: {str(error)[:160]}"


def _dig(value: Any, ident: str, noun: str, depth: int = 0) -> Any:
    """The identity somewhere in an answer, nearest the top."""
    if not isinstance(value, dict) or depth > 3:
        return None
    for name, item in value.items():
        if (
            isinstance(item, (str, int))
            and not isinstance(item, bool)
            and (low(name) == ident or canon(name, noun) == ident)
        ):
            return item
    for name, item in value.items():
        if (
            isinstance(item, (str, int))
            and not isinstance(item, bool)
            and canon(name, noun) == ""
            and ident in ("id", "name")
        ):
            return item
    for item in value.values():
        inner = item[0] if isinstance(item, list) and item else item
        found = _dig(inner, ident, noun, depth + 1)
        if found is not None:
            return found
    return None


__all__ = ["ListShape", "Lives", "StructureShape", "plural", "tag_form"]
