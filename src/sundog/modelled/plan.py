"""What one operation's input and output mean for its resource, found out once."""

from __future__ import annotations

from functools import cached_property
from typing import Any

from botocore.model import ListShape, Shape, StructureShape

from sundog.core.page import Pager, pager_of
from sundog.modelled import forms, identity
from sundog.modelled.forms import (
    PAGER,
    SORT,
    Form,
    at,
    content,
    is_failure,
    is_tags,
    list_form,
    members,
    path_names,
    struct_form,
)
from sundog.modelled.names import IDENTITIES, canon, low, singular, suffixes
from sundog.modelled.override import noun_override, op_override
from sundog.modelled.table import Noun, Rule, Table
from sundog.wire.model import Operation

_TOKENS = frozenset(["clienttoken", "clientrequesttoken", "idempotencytoken", "dryrun"])


class Plan:
    """One operation's part of the table, with its members' parts."""

    def __init__(self, operation: Operation, rule: Rule, table: Table) -> None:
        self.operation = operation
        self.rule = rule
        self.table = table
        self.noun: Noun | None = table.nouns.get(rule.noun)
        self.inputs: dict[str, Shape] = members(operation.input)
        self.required: frozenset[str] = frozenset(getattr(operation.input, "required_members", ()))
        self.output: StructureShape | None = operation.output if isinstance(operation.output, StructureShape) else None
        self.name = operation.name
        self.tuned = noun_override(operation.service, rule.noun)
        self.tuned_op = op_override(operation.service, operation.name)

    # -- input

    @cached_property
    def tags(self) -> str | None:
        """The member that carries tags."""
        found = [name for name, shape in self.inputs.items() if is_tags(name, shape) and low(name) != "items"]
        return found[0] if found else None

    @cached_property
    def scopes(self) -> list[str | None]:
        """The members that give the noun's scopes, in order; None where there is none."""
        return [] if self.noun is None else self.scopes_of(self.noun)

    def scopes_of(self, noun: Noun) -> list[str | None]:
        by_low = {
            low(name): name for name, shape in self.inputs.items() if shape.type_name in ("string", "integer", "long")
        }
        found: list[str | None] = []
        for scope in noun.scopes:
            name = by_low.get(low(scope.member))
            if name is None and scope.noun:
                name = next((n for n in by_low.values() if n not in found and self._names(n, scope.noun, noun)), None)
            found.append(name)
        return found

    def _names(self, member: str, parent: str, noun: Noun) -> bool:
        if low(member).startswith(suffixes(noun.name)[0]):
            return False
        name = low(member)
        rest = canon(member, parent)
        return rest != name and rest in ("id", "arn", "name", "", "idorarn", "nameorarn", "arnorname")

    @cached_property
    def own(self) -> list[str]:
        """The members that name the resource, the most telling first."""
        noun = self.noun
        if noun is None or noun.setting:
            return []
        if self.tuned_op.own:
            return list(self.tuned_op.own)
        taken = set(self.scopes)
        found = [
            name
            for name, shape in self.inputs.items()
            if shape.type_name in ("string", "integer", "long")
            and name not in taken
            and low(name) not in PAGER
            and low(name) not in SORT
            and low(name) not in _TOKENS
            and identity.is_own(noun, name)
        ]
        found.sort(key=lambda name: (name not in self.required, _rank(noun, name)))
        if self.rule.kind in ("update", "upsert", "transition") and found:
            keys = [name for name in found if _rank(noun, name) == 0]
            return [keys[0]] if keys else [n for n in found if n in self.required][:1] or found[:1]
        required = [name for name in found if name in self.required]
        if required and self.rule.kind != "list":
            return required[:1] if _rank(noun, required[0]) == 0 else required
        return found

    @cached_property
    def own_lists(self) -> list[str]:
        """The members that list ids, names or ARNs of the resources."""
        noun = self.noun
        if noun is None:
            return []
        found: list[str] = []
        for name, shape in self.inputs.items():
            if not isinstance(shape, ListShape) or shape.member.type_name != "string" or name == self.tags:
                continue
            rest = canon(name, noun.name)
            if rest in (
                "",
                "s",
                "ids",
                "arns",
                "names",
                "idlist",
                "arnlist",
                "namelist",
                "idorarns",
                "resourcearns",
            ) or (singular(rest) in noun.idents):
                found.append(name)
        found.sort(key=lambda name: name not in self.required)
        return found

    @cached_property
    def entries(self) -> tuple[str, StructureShape] | None:
        """The list of structures each of which is for one resource, in an operation on many."""
        noun = self.noun
        if noun is None:
            return None
        found: list[tuple[str, StructureShape]] = []
        for name, shape in self.inputs.items():
            if isinstance(shape, ListShape) and isinstance(shape.member, StructureShape) and name in self.required:
                found.append((name, shape.member))
        if len(found) != 1 or found[0][0] == self.tags:
            return None
        name, shape = found[0]
        bulk = self.name.startswith(("Batch", "Bulk"))
        if not bulk and any(n in self.required for n in self.own):
            return None
        keyed = any(identity.own_name(noun.name, n) for n in shape.members) or any(
            low(n) in noun.idents for n in shape.members
        )
        if not bulk and (not keyed or forms.low(singular(name)) not in _entry_names(noun.name)):
            return None
        return name, shape

    @cached_property
    def wrapper(self) -> tuple[str, StructureShape] | None:
        return forms.wrapper(self.operation.input, self.rule.noun) if self.rule.noun else None

    # -- output

    @cached_property
    def result_key(self) -> Any:
        return self.operation.service.paginators.get(self.name, {}).get("result_key")

    @cached_property
    def one(self) -> Form:
        return struct_form(self.output, self.rule.noun)

    @cached_property
    def several(self) -> Form:
        return list_form(self.output, self.rule.noun, self.result_key)

    @cached_property
    def lists_noun(self) -> bool:
        """Whether the output's list is named after the noun, so that it can show the one resource."""
        path = self.several.path
        found = at(self.output, path) if self.output is not None and path else None
        return found is not None and path_names((path[-1],), found, self.rule.noun)

    @cached_property
    def lists(self) -> list[tuple[str, ListShape]]:
        """The lists in the output that aren't lists of failures."""
        inside = content(self.output)
        return [(n, s) for n, s in inside.items() if isinstance(s, ListShape) and not is_failure(n)]

    @cached_property
    def failures(self) -> tuple[str, Shape] | None:
        """The list of what failed."""
        inside = content(self.output)
        return next(((n, s.member) for n, s in inside.items() if isinstance(s, ListShape) and is_failure(n)), None)

    @cached_property
    def pager(self) -> Pager | None:
        """How it pages where botocore has no rule and its members' names tell."""
        if pager_of(self.operation) is not None or self.output is None:
            return None
        tokens = [
            n for n in self.inputs if low(n) in ("nexttoken", "marker", "nextpagetoken", "pagetoken", "paginationtoken")
        ]
        outs = [
            n
            for n in self.output.members
            if low(n) in ("nexttoken", "marker", "nextmarker", "nextpagetoken", "paginationtoken")
        ]
        result = [n for n, _ in self.lists]
        if not tokens or not outs:
            return None
        path = (
            ".".join(self.several.path)
            if self.several.kind in ("list", "strings")
            else result[0]
            if len(result) == 1
            else ""
        )
        if not path:
            return None
        limits = [n for n in self.inputs if low(n) in ("maxresults", "limit", "maxitems", "pagesize", "maxrecords")
                  and self.inputs[n].type_name in ("integer", "long")]  # fmt: skip
        rule: dict[str, Any] = {"input_token": tokens[0], "output_token": outs[0], "result_key": path}
        if limits:
            rule["limit_key"] = limits[0]
        return Pager(self.operation, rule)


def _entry_names(noun: str) -> set[str]:
    tails = suffixes(noun)
    found = set(tails)
    for tail in tails:
        for end in (
            "request",
            "entry",
            "entrie",
            "item",
            "list",
            "input",
            "requestentry",
            "requestlist",
            "requestitem",
            "set",
        ):
            found.add(tail + end)
    return found | {"entry", "entrie", "item", "request", "requestitem"}


def _rank(noun: Noun, member: str) -> int:
    """How telling a member is: by the order of the noun's identities."""
    name = low(member)
    if name in noun.idents:
        return noun.idents.index(name)
    found = identity.own_name(noun.name, member) or ""
    if found in noun.idents:
        return noun.idents.index(found)
    # ``cluster`` or ``idOrArn`` stands for whatever the key is.
    return (
        0
        if canon(member, noun.name) in ("", "idorarn", "nameorarn", "arnorname", "idorname", "nameorid", "arnorid")
        else 5
    )


__all__ = ["IDENTITIES", "Plan"]
