"""Where in an operation's input and output its resource stands."""

from __future__ import annotations

from typing import Any, NamedTuple

from botocore.model import ListShape, MapShape, Shape, StructureShape

from sundog.modelled.names import canon, low, singular, suffixes, words

PAGER = frozenset(
    [
        "nexttoken",
        "nextpagetoken",
        "marker",
        "nextmarker",
        "maxresults",
        "maxitems",
        "limit",
        "pagesize",
        "istruncated",
        "position",
        "nextposition",
        "requestid",
        "pagenumber",
        "pagetoken",
        "maxrecords",
        "nextpage",
        "hasmoreresults",
        "responsemetadata",
        "totalcount",
        "totalresults",
        "totalsize",
        "responseresultmetadata",
        "paginationtoken",
        "nextforwardtoken",
        "nextbackwardtoken",
        "more",
        "maxresultcount",
        "startingtoken",
        "moreresults",
        "lastevaluatedkey",
        "exclusivestartkey",
    ]
)
SHAPE_SUFFIXES = frozenset(
    [
        "detail",
        "details",
        "info",
        "information",
        "summary",
        "metadata",
        "description",
        "configuration",
        "config",
        "record",
        "item",
        "data",
        "object",
        "response",
        "output",
        "result",
        "type",
        "properties",
        "entry",
        "listitem",
        "summaries",
        "overview",
        "view",
        "model",
        "structure",
        "instance",
        "document",
        "content",
        "v2",
        "status",
        "definition",
        "member",
        "settings",
        "state",
        "listentry",
        "projection",
        "listelement",
        "listmember",
        "forlist",
        "list",
        "resource",
        "message",
        "attributes",
        "extended",
        "full",
        "public",
        "basic",
        "short",
        "brief",
        "dto",
    ]
)
SCALARS = frozenset({"string", "integer", "long", "boolean", "timestamp", "float", "double", "blob", "character"})
SORT = frozenset(
    {"sortby", "sortorder", "sort", "orderby", "order", "reverseorder", "sortkey", "sortcriteria", "ascending"}
)


class Form(NamedTuple):
    """``kind`` is struct, flat, list, strings, map or none; ``path`` leads to it; ``shape`` is the structure in it."""

    kind: str
    path: tuple[str, ...] = ()
    shape: Shape | None = None


NONE = Form("none")


def members(shape: Shape | None) -> dict[str, Shape]:
    return shape.members if isinstance(shape, StructureShape) else {}


def content(shape: Shape | None) -> dict[str, Shape]:
    """The members that are no part of paging."""
    return {name: member for name, member in members(shape).items() if low(name) not in PAGER}


def is_document(shape: Shape) -> bool:
    return bool(getattr(shape, "is_document_type", False))


def is_tags(name: str, shape: Shape) -> bool:
    """Whether the member carries tags: keys with values, under a name that says so."""
    if low(name) not in TAG_MEMBERS and not low(name).endswith("tags") and low(name) != "tagset":
        return False
    return tag_form(shape) != ""


TAG_MEMBERS = frozenset(
    [
        "tags",
        "tag",
        "taglist",
        "tagset",
        "resourcetags",
        "tagstoadd",
        "newtags",
        "tagmap",
        "tagslist",
        "tagstoset",
        "resourcetagset",
        "items",
    ]
)


def tag_form(shape: Shape) -> str:
    """``map``, ``list`` (of keys and values), ``wrapped`` (a structure with such a list in it), or nothing."""
    if isinstance(shape, MapShape):
        return "map" if shape.value.type_name == "string" else ""
    if isinstance(shape, ListShape):
        member = shape.member
        if isinstance(member, StructureShape):
            names = {low(name) for name in member.members}
            if (names & {"key", "tagkey"}) and (names & {"value", "tagvalue"}):
                return "list"
        return ""
    if isinstance(shape, StructureShape) and len(shape.members) == 1:
        inner = next(iter(shape.members.values()))
        return "wrapped" if isinstance(inner, ListShape) and tag_form(inner) == "list" else ""
    return ""


def names_noun(member: str, shape: Shape, noun: str) -> bool:
    """Whether the member's name, or its shape's, is the noun's."""
    tails = suffixes(noun)
    if not tails:
        return False
    name = low(member)
    if name == tails[0] or name in (tails[0] + tail for tail in SHAPE_SUFFIXES):
        return True
    kind = low(shape.name)
    if kind == tails[0]:
        return True
    if kind.startswith(tails[0]) and kind[len(tails[0]) :] in SHAPE_SUFFIXES:
        return True
    return name == "resource" + tails[0] or kind == "aws" + tails[0]


def names_tail(member: str, shape: Shape, noun: str) -> bool:
    """Whether the member's name, or its shape's, is the end of the noun's."""
    name, kind = low(member), low(shape.name)
    return any(
        name == tail or (kind.startswith(tail) and kind[len(tail) :] in SHAPE_SUFFIXES | {""})
        for tail in suffixes(noun)[1:]
    )


def list_form(output: Shape | None, noun: str, result_key: Any = None) -> Form:
    """The list of resources in an output."""
    if not isinstance(output, StructureShape):
        return NONE
    keys = result_key if isinstance(result_key, list) else [result_key] if result_key else []
    best: Form | None = None
    for key in keys:
        if any(char in key for char in "[]|"):
            continue
        path = tuple(key.split("."))
        found = at(output, path)
        if found is not None and (best is None or path_names((path[-1],), found, noun)):
            made = _list(path, found)
            if made.kind != "none":
                best = made
    if best is not None:
        return best
    candidates: list[tuple[tuple[str, ...], Shape]] = []
    for name, member in content(output).items():
        if isinstance(member, (ListShape, MapShape)) and not (is_tags(name, member) and "tag" not in noun.lower()):
            candidates.append(((name,), member))
    if not candidates or not any(path_names(path, shape, noun) for path, shape in candidates):
        for name, member in content(output).items():
            if isinstance(member, StructureShape) and not is_document(member):
                inner = [(n, m) for n, m in content(member).items() if isinstance(m, ListShape)]
                if len(inner) == 1 and (len(content(output)) == 1 or path_names((name,), inner[0][1], noun)):
                    candidates.append(((name, inner[0][0]), inner[0][1]))
    named = [(path, shape) for path, shape in candidates if path_names(path, shape, noun)]
    useful = named or [(p, s) for p, s in candidates if not _is_failure(p[-1])]
    if not useful or (not named and len(useful) > 1 and not _one_structured(useful)):
        return NONE
    if not named and len(useful) > 1:
        useful = [(p, s) for p, s in useful if isinstance(s, ListShape) and isinstance(s.member, StructureShape)]
    path, shape = useful[0]
    return _list(path, shape)


def _one_structured(found: list[tuple[tuple[str, ...], Shape]]) -> bool:
    return sum(isinstance(s, ListShape) and isinstance(s.member, StructureShape) for _, s in found) == 1


def _is_failure(name: str) -> bool:
    text = low(name)
    return text.startswith(
        ("fail", "unprocessed", "error", "unsuccess", "notfound", "invalid", "missing", "warning")
    ) or text.endswith(("errors", "failures", "notfound", "unprocessed"))


is_failure = _is_failure


def at(shape: Shape, path: tuple[str, ...]) -> Shape | None:
    """The shape that a path of members leads to."""
    current = shape
    for part in path:
        if not isinstance(current, StructureShape) or part not in current.members:
            return None
        current = current.members[part]
    return current


def path_names(path: tuple[str, ...], shape: Shape, noun: str) -> bool:
    name = low(singular(words(path[0])[-1])) if words(path[0]) else low(path[0])
    whole = low("".join((*words(path[0])[:-1], singular(words(path[0])[-1])))) if words(path[0]) else ""
    tails = suffixes(noun)
    if not tails:
        return False
    if whole in tails or whole.removesuffix("list") in tails or (whole.startswith(tails[0])):
        return True
    for tail in (
        "summary",
        "list",
        "detail",
        "id",
        "arn",
        "name",
        "info",
        "entry",
        "metadata",
        "description",
        "ids",
        "set",
    ):
        if whole.removesuffix(tail) in tails:
            return True
    element = shape.member if isinstance(shape, ListShape) else shape.value if isinstance(shape, MapShape) else None
    if isinstance(element, StructureShape):
        kind = low(element.name)
        return any(kind == t or (kind.startswith(t) and kind[len(t) :] in SHAPE_SUFFIXES) for t in tails)
    return name in tails and not isinstance(shape, MapShape)


def _list(path: tuple[str, ...], shape: Shape) -> Form:
    if isinstance(shape, ListShape):
        element = shape.member
        if isinstance(element, StructureShape) and not is_document(element):
            return Form("list", path, element)
        if element.type_name == "string":
            return Form("strings", path, element)
        return NONE
    if isinstance(shape, MapShape):
        return Form("map", path, shape.value)
    if isinstance(shape, StructureShape):
        inner = [(n, m) for n, m in content(shape).items() if isinstance(m, ListShape)]
        if len(inner) == 1:
            return _list((*path, inner[0][0]), inner[0][1])
    return NONE


def struct_form(output: Shape | None, noun: str) -> Form:
    """The one resource in an output."""
    if not isinstance(output, StructureShape):
        return NONE
    inside = content(output)
    if not inside:
        return NONE
    structs = {n: m for n, m in inside.items() if isinstance(m, StructureShape) and not is_document(m)}
    for name, member in structs.items():
        if names_noun(name, member, noun):
            own = [
                n for n, m in inside.items() if m.type_name in SCALARS and canon(n, noun) in ("id", "arn", "name", "")
            ]
            if low(name).endswith(("config", "configuration", "definition", "status", "settings")) and own:
                continue
            return Form("struct", (name,), member)
    scalars = [n for n, m in inside.items() if m.type_name in SCALARS]
    for name, member in structs.items():
        if names_tail(name, member, noun) and len(structs) == 1:
            return Form("struct", (name,), member)
    if len(structs) == 1 and len(inside) - len(scalars) == 1:
        name, member = next(iter(structs.items()))
        minor = all(low(n) in _MINOR for n in scalars)
        if minor:
            return Form("struct", (name,), member)
    return Form("flat", (), output)


_MINOR = frozenset(
    [
        "etag",
        "location",
        "requestid",
        "version",
        "warnings",
        "warning",
        "locktoken",
        "changetoken",
        "revisionid",
        "isnew",
        "created",
    ]
)


def wrapper(input_: Shape | None, noun: str) -> tuple[str, StructureShape] | None:
    """The one structure of an input that holds the resource: ``DistributionConfig``, ``JobUpdate``."""
    inside = members(input_)
    for name, member in inside.items():
        if isinstance(member, StructureShape) and not is_document(member):
            kind = low(name)
            for tail in suffixes(noun):
                rest = kind.removeprefix(tail)
                if kind == tail or (
                    kind.startswith(tail)
                    and rest in ("config", "configuration", "update", "input", "info", "spec", "data", "updates", "request",
                                 "definition", "configwithtags", "configurationinput", "updatemessage", "changes",
                                 "configurationupdate", "settings", "properties", "attributes", "detail", "details")
                ):  # fmt: skip
                    return name, member
    required = list(getattr(input_, "required_members", ()))
    large = [n for n, m in inside.items() if isinstance(m, StructureShape) and not is_document(m)]
    if len(large) == 1 and low(large[0]) in suffixes(noun):
        only: Any = inside[large[0]]
        return large[0], only
    whole = [n for n, m in inside.items() if isinstance(m, StructureShape) and not is_document(m)]
    if len(whole) == 1 and low(whole[0]) in suffixes(noun):
        found: Any = inside[whole[0]]
        return whole[0], found
    structs = [n for n in required if isinstance(inside[n], StructureShape) and not is_document(inside[n])]
    if len(structs) == 1 and len(inside) == 1:
        shape: Any = inside[structs[0]]
        return structs[0], shape
    return None
