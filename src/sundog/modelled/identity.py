"""What tells a resource from its like: its key, what it lies within, how it is shown, its status and its ARN."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import msgspec
from botocore.model import ListShape, Shape, StructureShape

from sundog.modelled.forms import PAGER, SORT, list_form, members, struct_form, wrapper
from sundog.modelled.names import DELETE, IDENTITIES, LIST, READ, UPDATE, canon, low, singular, suffixes, words
from sundog.modelled.table import Noun, Scope

if TYPE_CHECKING:
    from sundog.modelled.infer import Inference, Parsed

_SKIPPED = frozenset([
    "clienttoken", "clientrequesttoken", "idempotencytoken", "dryrun", "locktoken", "accept", "contenttype",
    "ifmatch", "revisionid", "requestid", "clientid", "region", "partition", "xamzsecuritytoken",
    "expectedrevision", "etag",
])  # fmt: skip
_OWN = frozenset(
    {*IDENTITIES, "idorname", "nameorid", "nameorarn", "arnorname", "uuid", "handle", "resourcearn", "resourceid"}
)
_ORDER = {"id": 0, "arn": 1, "name": 2}
_ENDS = frozenset(["get", "describe", "list"])


def own_name(noun: str, member: str) -> str | None:
    """The canonical identity that a member gives the noun's resource; None if it gives none."""
    found = canon(member, noun)
    if found == "" and noun.endswith(("Version", "Revision")):
        return "version"
    if found in (
        "",
        "idorarn",
        "arnorid",
        "idorname",
        "nameorid",
        "nameorarn",
        "arnorname",
        "resourceid",
        "uuid",
        "handle",
    ):
        return "id"
    if found == "resourcearn":
        return "arn"
    if found in IDENTITIES:
        return found
    return None


def gives_key(noun: str, key: str, member: str, shape: Shape | None) -> bool:
    """Whether a member of what makes the resource gives its key."""
    if low(member) == key:
        return True
    shown = {low(n): canon(n, noun) for n in members(shape)}
    own = any(short == key for name, short in shown.items() if name != low(member))
    short = canon(member, noun)
    if short == "":
        return key == "id" and not own
    # Where the resource shows both this member and a key of its own, this is something else: the account of an account.
    return short == key and not (own and low(member) in shown)


def is_own(noun: Noun, member: str) -> bool:
    """Whether a selector of this name names the noun's resource."""
    name = low(member)
    if name in noun.idents:
        return True
    if noun.setting or any(low(scope.member) == name for scope in noun.scopes):
        return False
    found = canon(member, noun.name)
    if found in _OWN or found in noun.idents or found in ("ids", "arns", "names", ""):
        return True
    return singular(found) in noun.idents


def record_shape(self: Inference, noun: str) -> StructureShape | None:
    """The structure that shows the noun's resource: of its read, else of its list, else of its maker."""
    best: Shape | None = None
    for op in self.readers.get(noun, ()):
        form = struct_form(op.model.output_shape, noun)
        if form.kind == "struct" and op.verb not in LIST:
            return form.shape  # type: ignore[return-value]
    for op in self.readers.get(noun, ()):
        if op.verb in LIST or op.plural or op.bulk:
            key = self.service.paginators.get(op.name, {}).get("result_key")
            form = list_form(op.model.output_shape, noun, key)
            if form.kind == "list" and best is None:
                best = form.shape
        elif (form := struct_form(op.model.output_shape, noun)).kind == "flat":
            return form.shape  # type: ignore[return-value]
    if best is not None:
        return best  # type: ignore[return-value]
    for op in self.makers.get(noun, ()):
        form = struct_form(op.model.output_shape, noun)
        if form.shape is not None:
            return form.shape  # type: ignore[return-value]
    return None


def _base_ops(self: Inference, noun: str) -> list[Parsed]:
    """The operations whose selectors tell what the key is, the most telling first."""
    found: list[tuple[int, int, Parsed]] = []
    for order, op in enumerate(self.ops.values()):
        if op.name in self.tagging or self.resolve(op) != noun or op.bulk:
            continue
        # GetX counts before GetXStatus and XFromY.
        exact = 0 if low(op.full) == low(noun) else 4
        if op.verb in READ and not op.plural:
            rank = 0
        elif op.verb in DELETE:
            rank = 1
        elif op.verb in UPDATE and op not in self.makers.get(noun, ())[:1]:
            rank = 2
        else:
            continue
        found.append((rank + exact, order, op))
    return [op for _, _, op in sorted(found, key=lambda item: item[:2])]


def _plain_members(op: Parsed, required: bool = True) -> list[str]:
    shape = op.model.input_shape
    inside = members(shape)
    names = getattr(shape, "required_members", []) if required else list(inside)
    return [
        n
        for n in inside
        if n in names
        and (inside[n].type_name == "string" or (inside[n].type_name in ("integer", "long") and _is_number(n)))
        and low(n) not in _SKIPPED
        and low(n) not in PAGER
        and low(n) not in SORT
        and not (inside[n].metadata.get("enum") and inside[n].serialization.get("location") != "uri")
    ]


def _is_number(name: str) -> bool:
    return low(name).endswith(("version", "number", "revision", "id"))


def noun_of(self: Inference, noun: str, makers: list[Parsed]) -> Noun:
    """A made resource: its key and its scopes."""
    bases = _base_ops(self, noun)
    maker = makers[0]
    # ``ResourceArn`` in what makes it is what the resource is about, not its own.
    about = {low(n) for n in members(maker.model.input_shape)} & {"resourcearn", "resourceid"}
    own: list[tuple[str, str]] = []
    scopes: list[str] = []
    base: Parsed | None = None
    for op in bases:
        names = _plain_members(op)
        found = [(n, own_name(noun, n)) for n in names]
        mine = [(n, c) for n, c in found if c is not None and not _is_parent(self, noun, n) and low(n) not in about]
        if mine:
            own, base = [(n, c) for n, c in mine if c], op
            taken = {n for n, _ in mine}
            scopes = [n for n in names if n not in taken]
            break
    if base is None:
        for op in bases:  # optional selectors: GetUser, DescribeX(id=None)
            names = _plain_members(op, required=False)
            mine = [
                (n, c)
                for n in names
                if (c := own_name(noun, n)) is not None and not _is_parent(self, noun, n) and low(n) not in about
            ]
            if mine:
                own, base = mine[:1], op
                scopes = [n for n in _plain_members(op) if n != mine[0][0]]
                break
    if base is None:
        for op in self.ops.values():  # lists of ids: DeleteFleets, DescribeClusters
            if op.name in self.tagging or self.resolve(op) != noun or op in makers:
                continue
            for n, s in members(op.model.input_shape).items():
                if isinstance(s, ListShape) and s.member.type_name == "string":
                    c = canon(n, noun)
                    c = "id" if c in ("", "s") else singular(c)
                    if c in IDENTITIES:
                        own, base, scopes = [(n, c)], op, [m for m in _plain_members(op) if m != n]
                        break
            if base is not None:
                break
    maker_names = members(maker.model.input_shape)
    maker_required = set(getattr(maker.model.input_shape, "required_members", ()))
    if base is None and bases:
        names = _plain_members(bases[0])
        labels = [n for n in names if members(bases[0].model.input_shape)[n].serialization.get("location") == "uri"]
        names = [n for n in names if low(n) not in about]
        fresh = [n for n in names if n not in maker_required and not self.named_by(n)]
        chosen = None
        if len(fresh) == 1:
            chosen = fresh[0]
        elif labels and not self.named_by(labels[-1]):
            chosen = labels[-1]
        elif len(names) == 1 and names[0] not in maker_required and not self.named_by(names[0]):
            chosen = names[0]
        if chosen is not None:
            own, base = [(chosen, low(chosen))], bases[0]
            scopes = [n for n in names if n != chosen]
        else:
            scopes = names
        scopes = [*scopes, *(n for n in _plain_members(bases[0]) if low(n) in about)]
    shape = record_shape(self, noun)
    if base is None and not bases:
        # Nothing takes a selector. What its maker gives or shows of an identity is the key.
        listed = any(op.verb in LIST or op.plural for op in self.readers.get(noun, ()))
        named = [
            n
            for n in _plain_members(maker)
            if own_name(noun, n) and low(n) not in about and not _is_parent(self, noun, n)
        ]
        shown = [n for n in members(shape) if canon(n, noun) in ("id", "arn", "name")] if shape is not None else []
        if named:
            own = [(named[0], own_name(noun, named[0]) or "id")]
            scopes = [n for n in _plain_members(maker) if n != named[0] and self.named_by(n)]
        elif listed and shown:
            first = min(shown, key=lambda n: _ORDER.get(canon(n, noun), 9))
            own = [(first, canon(first, noun))]
            scopes = [n for n in _plain_members(maker) if self.named_by(n)]
        else:
            scopes = [n for n in _plain_members(maker) if self.named_by(n)]
    if base is not None:
        # An optional member may name what the resource lies within too: a schedule's group, a service's cluster.
        for name in _plain_members(base, required=False):
            if (
                name not in scopes
                and all(name != n for n, _ in own)
                and _parent(self, noun, name)
                and name in maker_names
            ):
                scopes.append(name)
    if (
        own
        and own[0][1] == "id"
        and canon(own[0][0], noun) in ("", "idorarn", "nameorarn", "arnorname", "idorname", "nameorid", "arnorid")
    ):
        # ``cluster`` takes whatever names one: what its maker is given is the key, or what shows it.
        has = {canon(n, noun) for n in (*members(shape), *maker_names)}
        given_name = any(canon(n, noun) == "name" for n in maker_names)
        given_id = any(canon(n, noun) in ("id", "") for n in maker_names)
        if given_name and not given_id:
            own = [(own[0][0], "name")]
        elif "id" not in has and not given_id and "arn" in has:
            own = [(own[0][0], "arn")]
    setting = not own
    idents: list[str] = []
    if own:
        own = own if len(own) == 1 else _one_key(noun, own, maker_names, scopes)
        idents.append(own[0][1])
    known = {low(n) for n in scopes}
    for name in ("id", "arn", "name"):
        if name in idents or setting:
            continue
        spots = [n for n in (*members(shape), *maker_names) if canon(n, noun) == name and low(n) not in known]
        if spots:
            idents.append(name)
    key = idents[0] if idents else ""
    wrap = wrapper(maker.model.input_shape, noun)
    given = [*maker_names, *(members(wrap[1]) if wrap else ())]
    client = bool(key) and any(gives_key(noun, key, n, shape) for n in given)
    key_shape = ""
    if own and base is not None:
        found_shape = members(base.model.input_shape).get(own[0][0])
        if isinstance(found_shape, ListShape):
            found_shape = found_shape.member
        key_shape = found_shape.name if found_shape is not None else ""
    return Noun(
        noun,
        tuple(idents),
        tuple(Scope(n, _parent(self, noun, n)) for n in scopes),
        setting,
        shape.name if shape is not None else "",
        key_shape=key_shape,
        made=True,
        client_named=client,
    )


def _one_key(noun: str, own: list[tuple[str, str]], maker: Any, scopes: list[str]) -> list[tuple[str, str]]:
    """One key of several: what comes last tells the most (a version within a name), the others are scopes."""
    order = sorted(own, key=lambda item: (item[1] in ("version", "number", "revision"), _ORDER.get(item[1], 5)))
    chosen = order[-1] if order[-1][1] in ("version", "number", "revision") and order[-1][0] not in maker else order[0]
    scopes.extend(
        item[0]
        for item in own
        if item is not chosen
        and (
            item[1] not in ("id", "arn", "name", "version", "revision")
            or chosen[1] in ("version", "number", "revision")
        )
    )
    return [chosen]


def _is_parent(self: Inference, noun: str, member: str) -> bool:
    """Whether the member names another resource, of which the noun is a part: ``restApiId`` of a RestApiStage."""
    name = low(member)
    tails = suffixes(noun)
    if name.startswith(tails[0]):
        return False
    parent = _parent(self, noun, member)
    if not parent or parent == noun:
        return False
    stem = low(parent)
    return name.startswith(stem) and stem not in tails


def _parent(self: Inference, noun: str, member: str) -> str:
    found = self.named_by(member)
    if found and found != noun:
        return found
    return ""


def link_of(self: Inference, name: str, thing: str, place: str, op: Parsed) -> Noun | None:
    """The association of one resource with another, keyed by both."""
    scopes: list[Scope] = []
    inside = members(op.model.input_shape)
    for noun in (thing, place):
        kind = self.nouns[noun]
        spot = next((n for n in inside if is_own(kind, n) and not _names_other(self, n, noun, (thing, place))), None)
        if spot is None:
            spot = next((n for n in inside if self.named_by(n) == noun), None)
        if spot is None or spot in (s.member for s in scopes):
            return None
        scopes.append(Scope(spot, noun))
    return Noun(name, (), tuple(scopes), setting=True, made=True, link=(thing, place))


_STATUS = re.compile(
    r"^(current|lifecycle|provisioning|deployment|creation|resource|instance|operational|health)?(status|state)$"
)


def status_path(shape: Shape | None, noun: str = "") -> str:
    """The dotted path of the status in a structure; empty if there is none."""
    for name, member in members(shape).items():
        if _STATUS.match(canon(name, noun) if noun else low(name)) or _STATUS.match(low(name)):
            if member.type_name == "string":
                return name
            if isinstance(member, StructureShape):
                for inner, deeper in members(member).items():
                    if low(inner) in ("status", "state", "code", "name", "value") and deeper.type_name == "string":
                        return f"{name}.{inner}"
    if noun:
        for name, member in members(shape).items():
            if (
                low(name).endswith(("status", "state"))
                and member.type_name == "string"
                and low(name) in (tail + end for tail in suffixes(noun) for end in ("status", "state"))
            ):
                return name
    return ""


_SETTLED = [
    "ACTIVE",
    "AVAILABLE",
    "ENABLED",
    "RUNNING",
    "READY",
    "CREATED",
    "COMPLETED",
    "COMPLETE",
    "SUCCEEDED",
    "SUCCESS",
    "SUCCESSFUL",
    "ISSUED",
    "DEPLOYED",
    "InService",
    "IN_SERVICE",
    "ONLINE",
    "HEALTHY",
    "OPEN",
    "REGISTERED",
    "ASSOCIATED",
    "ATTACHED",
    "PUBLISHED",
    "PROVISIONED",
    "CREATE_COMPLETE",
    "IDLE",
    "CONNECTED",
    "VALID",
    "ON",
    "OPERATIONAL",
    "NORMAL",
    "STARTED",
    "APPROVED",
    "ACCEPTED",
    "PROCESSED",
    "IN_SYNC",
    "INSTALLED",
    "FINISHED",
    "DONE",
    "UPDATED",
    "IMPORTED",
    "CREATION_SUCCESSFUL",
    "CREATE_SUCCEEDED",
    "CONFIRMED",
    "VERIFIED",
    "LIVE",
    "NEW",
    "Passed",
    "DRAFT",
    "PENDING",
    "IN_PROGRESS",
    "INITIALIZED",
    "STOPPED",
    "INACTIVE",
    "DISABLED",
]
_FINISHED = [
    "SUCCEEDED",
    "COMPLETED",
    "SUCCESS",
    "COMPLETE",
    "SUCCESSFUL",
    "FINISHED",
    "DONE",
    "SUCCESSFULLY",
    "PASSED",
    "EXPORTED",
    "COMPLETED_SUCCESSFULLY",
    "CREATE_COMPLETE",
    "Completed",
]
_FINITE = frozenset(
    [
        "Job",
        "Run",
        "Execution",
        "Task",
        "Query",
        "Import",
        "Export",
        "Build",
        "Invocation",
        "Operation",
        "Request",
        "Statement",
        "Scan",
        "Crawl",
    ]
)


def settled_status(self: Inference, noun: Noun, shape: StructureShape | None, path: str) -> str:
    """The status that the resource comes to by itself."""
    current: Any = shape
    for part in path.split("."):
        current = members(current).get(part)
        if current is None:
            return ""
    values = list(current.metadata.get("enum", ()))
    waited = _waited(self, noun, values)
    if waited:
        return waited
    by_low = {low(value): value for value in values}
    last = words(noun.name)[-1] if words(noun.name) else ""
    for wanted in (*(_FINISHED if last in _FINITE else ()), *_SETTLED):
        found = by_low.get(low(wanted))
        if found is not None:
            return found
    if values:
        return values[0]
    return "available" if self.service.protocols[0] in ("query", "ec2") else "ACTIVE"


def _waited(self: Inference, noun: Noun, values: list[str]) -> str:
    from sundog.wire.model import load_data

    waiters = self.service.plans.get("waiters")
    if waiters is None:
        waiters = self.service.plans["waiters"] = load_data(self.service.name, "waiters-2").get("waiters", {})
    for name, waiter in waiters.items():
        op = self.ops.get(waiter.get("operation", ""))
        if (
            op is None
            or self.resolve(op) != noun.name
            or any(p in name for p in ("Deleted", "Stopped", "Terminated", "NotExist"))
        ):
            continue
        for acceptor in waiter["acceptors"]:
            wanted = acceptor.get("expected")
            if acceptor["state"] == "success" and isinstance(wanted, str) and (not values or wanted in values):
                return wanted
    return ""


def finished(self: Inference, noun: Noun) -> Noun:
    """The noun with its status and its ARN."""
    shape = record_shape(self, noun.name)
    path = status_path(shape, noun.name) if shape is not None else ""
    changes: dict[str, Any] = {"status": path}
    if path:
        changes["settled"] = settled_status(self, noun, shape, path)
    if self.hints is not None:
        changes["arn"] = self.hints.arn(self, noun)
        changes["cfn"] = self.hints.cfn(self, noun)
    return msgspec.structs.replace(noun, **changes)


def _names_other(self: Inference, member: str, noun: str, pair: tuple[str, str]) -> bool:
    found = self.named_by(member)
    return found is not None and found != noun and found in pair
