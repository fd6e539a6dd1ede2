"""From a service's model to its table: which resources it has, and what each operation does with them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import msgspec
from botocore.model import ListShape, OperationModel, Shape, StructureShape

from sundog.modelled import identity
from sundog.modelled.forms import content, list_form, members, struct_form, tag_form
from sundog.modelled.names import (
    ATTACH,
    BULK,
    CREATE,
    DELETE,
    DETACH,
    LIST,
    MAKE,
    PREPOSITIONS,
    READ,
    TRANSITION,
    UPDATE,
    UPSERT,
    low,
    plural,
    singular,
    words,
)
from sundog.modelled.table import Noun, Rule, Table
from sundog.wire.model import Service

_REMAKE = frozenset([
    "Import", "Request", "Run", "Purchase", "Copy", "Restore", "Clone", "Export", "Invite", "Schedule", "Submit",
    "Upload", "Generate", "Issue", "Send", "Initiate", "Create", "Register", "Allocate", "Define", "Provision",
    "Replicate", "Launch", "Reserve", "Claim", "Deploy", "Begin",
])  # fmt: skip
_ASPECTS = frozenset({"Status", "Detail", "Details", "Summary", "Info", "Information", "Metadata", "Attribute", "Attributes",
                      "Id", "Name", "Arn", "State", "Record", "Description"})  # fmt: skip
_NO_TAGS = ("LFTag", "TagOption", "UserDefinedTag", "TagKey", "CostAllocation", "TagSync", "ConfigurationTag", "TagPolicy",
            "ContainerTag", "ImageTag", "TagRule", "PartnerTag")  # fmt: skip
_SAME = frozenset({"Summary", "Id", "Name", "Arn", "Detail", "Info", "Metadata", "Description", "Record"})
_FILLERS = frozenset({"Associated", "Attached", "Available", "All", "Managed", "Supported", "Admin", "Aws", "Resource"})


class Parsed:
    """An operation's name, taken apart."""

    __slots__ = ("bulk", "cut", "full", "model", "name", "plural", "tail", "verb")

    def __init__(self, name: str, model: OperationModel) -> None:
        self.name = name
        self.model = model
        parts = list(words(name))
        self.bulk = parts[0] in BULK
        if (self.bulk or parts[0] == "Admin") and len(parts) > 1:
            parts = parts[1:]
        self.verb = parts[0]
        rest = parts[1:]
        if len(rest) > 2 and rest[-2] == "V" and rest[-1].isdigit():
            rest = rest[:-2]
        elif len(rest) > 1 and rest[-1] in ("V2", "V3"):
            rest = rest[:-1]
        self.full = noun_of(rest)
        at = next((i for i, word in enumerate(rest) if i and word in PREPOSITIONS), None)
        head = rest if at is None else rest[:at]
        self.cut = noun_of(head)
        self.tail = "" if at is None else noun_of(rest[at + 1 :])
        self.plural = bool(head) and plural(head[-1])


def noun_of(parts: Iterable[str]) -> str:
    found = list(parts)
    if found:
        found[-1] = singular(found[-1])
    return "".join(word[0].upper() + word[1:] for word in found)


class Inference:
    """One service's inference. Hints from elsewhere (ARN formats, CloudFormation's types) make it better, not possible."""

    def __init__(self, service: Service, hints: Any = None) -> None:
        self.service = service
        self.hints = hints
        self.ops = {name: Parsed(name, service.model.operation_model(name)) for name in service.operation_names}
        self.tagging: dict[str, str] = {}
        self.strong: set[str] = set()
        self.makers: dict[str, list[Parsed]] = {}
        self.known: dict[str, str] = {}
        self.readers: dict[str, list[Parsed]] = {}
        self.nouns: dict[str, Noun] = {}
        self.rules: dict[str, Rule] = {}
        self.links: dict[tuple[str, str], Noun] = {}

    # -- the whole

    def run(self) -> Table:
        for op in self.ops.values():
            kind = tagging_kind(op)
            if kind:
                self.tagging[op.name] = kind
        self._find_nouns()
        for noun, makers in list(self.makers.items()):
            self.nouns[noun] = identity.noun_of(self, noun, makers)
        self._find_links()
        for op in self.ops.values():
            self.rules[op.name] = self._rule(op)
        for name, noun in list(self.nouns.items()):
            self.nouns[name] = identity.finished(self, noun)
        return Table(self.service.name, "", self.nouns, self.rules)

    def _find_nouns(self) -> None:
        plain = [op for op in self.ops.values() if op.name not in self.tagging]
        for op in plain:
            if op.verb in CREATE and op.cut:
                noun = op.cut if op.tail and not self._reads(op.full) else op.full or op.cut
                if op.verb == "Register" and op.tail and not self._reads(noun):
                    continue
                self.strong.add(noun)
                self.makers.setdefault(noun, []).append(op)
        for noun in sorted(self.strong):
            self.known[low(noun)] = noun
        read = [op for op in plain if op.verb in READ or op.verb in LIST]
        reads: dict[str, list[Parsed]] = {}
        for op in read:
            for noun in {op.full, op.cut, *_without_aspects(op.full), *_without_fillers(op.full)}:
                if noun:
                    reads.setdefault(low(noun), []).append(op)
        for op in plain:
            if op.verb not in MAKE or not op.cut:
                continue
            for noun in dict.fromkeys((op.full, op.cut)):
                if low(noun) in self.known:
                    if noun not in self.strong:
                        self.makers[self.known[low(noun)]].append(op)
                    break
                if low(noun) in reads:
                    self.known[low(noun)] = noun
                    self.makers.setdefault(noun, []).append(op)
                    break
        # Several weak verbs may make a noun: those that make it anew count before those that only change it.
        for noun, makers in self.makers.items():
            if noun not in self.strong:
                makers.sort(key=_maker_rank)
        for noun in self.makers:
            self.known.setdefault(low(noun), noun)
        for op in read:
            noun = self.resolve(op)
            if noun is not None:
                self.readers.setdefault(noun, []).append(op)

    def _reads(self, noun: str) -> bool:
        wanted = low(noun)
        return any(low(op.full) == wanted for op in self.ops.values() if op.verb in READ or op.verb in LIST)

    # -- what an operation is about

    def resolve(self, op: Parsed) -> str | None:
        """The known noun that the operation's name says it is about."""
        for noun in (op.full, op.cut, *_without_fillers(op.full), *_without_fillers(op.cut)):
            found = self.known.get(low(noun)) if noun else None
            if found is not None:
                return found
        if op.verb in READ or op.verb in LIST:
            for noun in (*_without_same(op.full), *_without_same(op.cut)):
                found = self.known.get(low(noun))
                if found is not None:
                    return found
        return None

    def owner(self, op: Parsed) -> str | None:
        """The made resource that the operation's input names, where its name does not say so itself."""
        inside = {name: shape for name, shape in members(op.model.input_shape).items() if selects(shape)}
        prefixes = [n for n in self.nouns if not self.nouns[n].setting and low(op.full).startswith(low(n))]
        for noun in sorted(prefixes, key=len, reverse=True):
            if any(identity.is_own(self.nouns[noun], name) for name in inside):
                return noun
        required = set(getattr(op.model.input_shape, "required_members", ()))
        for name in sorted(inside, key=lambda n: n not in required):
            found = self.named_by(name)
            if found is not None and (name in required or len(inside) == 1):
                return found
        ends = [n for n in self.nouns if not self.nouns[n].setting and low(op.full).endswith(low(n))]
        for noun in sorted(ends, key=len, reverse=True):
            if any(identity.is_own(self.nouns[noun], name) and name in required for name in inside):
                return noun
        return None

    def named_by(self, member: str) -> str | None:
        """The resource that a member like ``ApplicationId`` names."""
        name = low(member)
        for tail in ("arn", "id", "name", "ids", "arns", "names", ""):
            if name.endswith(tail) and len(name) > len(tail):
                stem = name[: len(name) - len(tail)]
                found = self.known.get(stem)
                if found is not None and found in self.makers:
                    return found
                if len(stem) > 3:
                    ends = [n for k, n in self.known.items() if n in self.makers and k.endswith(stem)]
                    if len(ends) == 1:
                        return ends[0]
        return None

    # -- associations

    def _find_links(self) -> None:
        for op in self.ops.values():
            if (
                op.name in self.tagging
                or op.verb not in ATTACH
                or op.verb in ("Register", "Authorize", "Grant", "Enable")
            ):
                continue
            pair = self._pair(op)
            if pair is None:
                continue
            thing, place = pair
            name = f"{thing}In{place}"
            if pair in self.links or name in self.nouns:
                continue
            noun = identity.link_of(self, name, thing, place, op)
            if noun is not None:
                self.links[pair] = self.nouns[name] = noun

    def _pair(self, op: Parsed) -> tuple[str, str] | None:
        """The two made resources that an operation ties together or takes apart."""
        if op.full and self.known.get(low(op.full)) in self.makers and low(op.full) not in (low(op.cut),):
            return None
        thing = self.known.get(low(op.cut)) if op.cut else None
        if thing is None or self.nouns.get(thing) is None or self.nouns[thing].setting:
            return None
        if thing not in self.strong:
            return None
        place = self.known.get(low(op.tail)) if op.tail else None
        if place is None:
            for member in getattr(op.model.input_shape, "required_members", ()):
                found = self.named_by(member)
                if found and found != thing and found not in (s.noun for s in self.nouns[thing].scopes):
                    place = found
                    break
        if place is None or place == thing or place not in self.nouns or self.nouns[place].setting:
            return None
        return thing, place

    def _link(self, op: Parsed) -> Noun | None:
        pair = self._pair(op)
        return self.links.get(pair) if pair else None

    def _linked(self, op: Parsed, noun: str) -> Noun | None:
        """The association that a listing like ``ListUsersInGroup`` lists one end of."""
        inside = members(op.model.input_shape)
        for (thing, place), link in self.links.items():
            for one, other in ((thing, place), (place, thing)):
                if one != noun:
                    continue
                if op.tail and self.known.get(low(op.tail)) == other:
                    return link
                if any(word in op.full for word in ("Associated", "Attached")) and any(
                    self.named_by(name) == other for name in inside
                ):
                    return link
        return None

    # -- rules

    def _rule(self, op: Parsed) -> Rule:
        if op.name in self.tagging:
            noun = self._tag_target(op)
            return Rule(self.tagging[op.name], noun or "", op.verb)
        noun = self.resolve(op)
        if (
            op.verb in READ
            or op.verb in LIST
            or (op.verb in ("Export", "Generate", "Check", "Is") and noun is None and _reading(op))
        ):
            return self._reading_rule(op, noun)
        link = self._link(op) if op.verb in ATTACH or op.verb in DETACH else None
        if link is not None:
            return Rule("link" if op.verb in ATTACH else "unlink", link.name, op.verb)
        if noun is not None and noun in self.nouns:
            return self._writing_rule(op, noun)
        owner = self.owner(op)
        if owner is not None:
            if op.verb in UPDATE:
                return Rule("update", owner, op.verb, "medium")
            if op.verb in TRANSITION and op.verb not in DELETE:
                return Rule("transition", owner, op.verb, "medium")
            return Rule("action", owner, op.verb, "medium")
        return Rule("none", "", op.verb, "none")

    def _reading_rule(self, op: Parsed, noun: str | None) -> Rule:
        output = op.model.output_shape
        result_key = self.service.paginators.get(op.name, {}).get("result_key")
        if noun is not None and noun in self.nouns:
            link = self._linked(op, noun)
            if link is not None:
                return Rule("linked", link.name, noun)
            one = struct_form(output, noun)
            several = list_form(output, noun, result_key)
            if (op.verb in LIST or op.plural or op.bulk) and several.kind != "none":
                return Rule("list", noun, op.verb)
            if one.kind == "struct":
                return Rule("read", noun, op.verb)
            if several.kind == "list" and len(_beside_failures(output)) == 1:
                return Rule("list", noun, op.verb)
            if one.kind == "none":
                return Rule("action", noun, op.verb, "medium")
            return Rule("read", noun, op.verb)
        owner = self.owner(op)
        if owner is not None:
            return Rule("facet", owner, op.verb, "medium")
        if not content(output):
            return Rule("none", "", op.verb, "none")
        return Rule("empty", "", op.verb, "low")

    def _writing_rule(self, op: Parsed, noun: str) -> Rule:
        made = op in self.makers.get(noun, ())
        strong = noun in self.strong
        if op.verb in CREATE:
            return Rule("create", noun, op.verb)
        if strong or (made and op is not self.makers[noun][0]):
            if op.verb in UPDATE:
                return Rule("update", noun, op.verb)
            if op.verb in _REMAKE and not self._names_existing(op, noun):
                return Rule("create", noun, op.verb)
            if op.verb in TRANSITION and op.verb not in DELETE:
                return Rule("transition", noun, op.verb)
            if op.verb == "Disable" and _has_status(self, noun):
                return Rule("transition", noun, op.verb)
            if op.verb in DELETE:
                if op.verb in ("Detach", "Disassociate", "Unassign") and strong:
                    return Rule("detach", noun, op.verb, "medium")
                return Rule("delete", noun, op.verb)
            if op.verb in UPSERT:
                return Rule("update", noun, op.verb, "medium")
            return Rule("action", noun, op.verb, "medium")
        if made:
            return Rule("upsert" if op.verb in UPSERT else "create", noun, op.verb)
        if op.verb in UPDATE:
            return Rule("update", noun, op.verb)
        if op.verb in DELETE:
            if op.verb == "Disable" and _has_status(self, noun):
                return Rule("transition", noun, op.verb)
            return Rule("delete", noun, op.verb)
        if op.verb in TRANSITION:
            return Rule("transition", noun, op.verb)
        return Rule("action", noun, op.verb, "medium")

    def _names_existing(self, op: Parsed, noun: str) -> bool:
        """Whether a making verb's input names a resource that must be there already."""
        kind = self.nouns[noun]
        if kind.client_named:
            return op.verb in ("Export", "Send", "Submit", "Schedule", "Initiate", "Begin")
        required = getattr(op.model.input_shape, "required_members", ())
        return any(identity.is_own(kind, name) and identity.own_name(noun, name) != "name" for name in required)

    def _tag_target(self, op: Parsed) -> str | None:
        for noun in (op.tail, op.cut, op.full.removesuffix("Tag")):
            if noun and self.known.get(low(noun)) in self.nouns:
                return self.known[low(noun)]
        return None


def _has_status(self: Inference, noun: str) -> bool:
    shape = identity.record_shape(self, noun)
    return shape is not None and bool(identity.status_path(shape))


def _maker_rank(op: Parsed) -> int:
    if op.bulk:
        return 3
    return 0 if op.verb in ("Put", "Import", "Request", "Run", "Start", "Submit", "Purchase", "Publish") else 1


def _without_aspects(noun: str) -> Iterator[str]:
    parts = words(noun)
    if len(parts) > 1 and parts[-1] in _ASPECTS:
        yield noun_of(parts[:-1])


def _without_same(noun: str) -> Iterator[str]:
    parts = words(noun)
    if len(parts) > 1 and parts[-1] in _SAME:
        yield noun_of(parts[:-1])


def _without_fillers(noun: str) -> Iterator[str]:
    parts = words(noun)
    if len(parts) > 1 and parts[0] in _FILLERS:
        yield noun_of(parts[1:])


def _beside_failures(output: Shape | None) -> list[str]:
    from sundog.modelled.forms import is_failure

    return [name for name in content(output) if not is_failure(name)]


def _reading(op: Parsed) -> bool:
    return False


def selects(shape: Shape) -> bool:
    """Whether a member of the shape may name resources."""
    return shape.type_name == "string" or (isinstance(shape, ListShape) and shape.member.type_name == "string")


def tagging_kind(op: Parsed) -> str:
    """``tag``, ``untag`` or ``tags`` for the operations on tags alone."""
    name = op.name
    ins, outs = members(op.model.input_shape), members(op.model.output_shape)
    named = any(word in ("Tag", "Tags", "Untag") for word in words(name))
    if not named or any(part in name for part in _NO_TAGS):
        return ""
    keys = [n for n, s in ins.items() if low(n) in ("tagkeys", "keys", "tagkeylist", "tags", "tagstoremove", "tagkey", "tagslist")
            and isinstance(s, ListShape) and s.member.type_name == "string"]  # fmt: skip
    pairs = [n for n, s in ins.items() if tag_form(s)]
    verb = op.verb
    if verb == "Untag" or (verb in ("Remove", "Delete", "Disassociate") and "Tag" in name):
        return "untag" if keys or pairs else ""
    if verb == "Tag" or verb in ("Add", "Create", "Put", "Update", "Associate", "Change", "Set"):
        if verb != "Tag" and not words(name)[1:2][0].startswith(("Tag", "Resource")):
            return ""
        return "tag" if pairs else ""
    if verb in READ or verb in LIST:
        second = words(name)[1:3]
        if not any(word in ("Tag", "Tags") for word in second):
            return ""
        found = any(
            tag_form(s) or isinstance(s, (StructureShape, ListShape)) for s in content(op.model.output_shape).values()
        )
        return "tags" if found and outs and any("tag" in low(n) for n in outs) else ""
    return ""


def infer(service: Service, hints: Any = None) -> Table:
    return Inference(service, hints).run()


def live(service: Service, known: Table) -> Table:
    """The table, with what a newer model has beyond it."""
    fresh = infer(service)
    nouns = {**fresh.nouns, **known.nouns}
    rules = {name: known.rules.get(name) or rule for name, rule in fresh.rules.items()}
    return msgspec.structs.replace(known, nouns=nouns, rules=rules)
