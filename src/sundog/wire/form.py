"""Form parameters to a call's parameters: the request side of the query and ec2 protocols.

The parameters become a tree along the dots of their names; plans then turn the tree into parameters. Lists and maps are
read in every form that clients send: flattened or under ``member``, ``entry`` or the model's own names, their items in
numeric order, whatever order they came in.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any
from urllib.parse import unquote_plus

from sundog.wire.http import Request
from sundog.wire.plan import Compiler, Traits
from sundog.wire.values import TEXT_READERS, WrongType

Tree = dict[str, Any]
Read = Callable[[Any], Any]

_DEPTH = 64
_VALUE = ""
"""Where a node that is a branch keeps a value of its own."""


class TooDeep(Exception):
    """A parameter's name has more dots than any model could have."""


def parse(text: str) -> Tree:
    """The tree of a form's parameters."""
    tree: Tree = {}
    add(tree, text)
    return tree


def add(tree: Tree, text: str) -> None:
    """Hang a form's parameters into the tree. What came later wins."""
    hang(tree, _fields(text))


def _fields(text: str) -> list[tuple[str, str]]:
    pairs = [pair.partition("=") for pair in text.split("&")]
    if "%" not in text and "+" not in text:
        return [(name, value) for name, _, value in pairs]
    return [
        (
            unquote_plus(name) if "%" in name or "+" in name else name,
            unquote_plus(value) if "%" in value or "+" in value else value,
        )
        for name, _, value in pairs
    ]


def hang(tree: Tree, fields: Iterable[tuple[str, Any]]) -> None:
    """Hang names and values, decoded, into the tree."""
    for name, value in fields:
        if value.__class__ is not str:
            value = str(value)
        if "." not in name:
            if name:
                known: Any = tree.get(name)
                if known.__class__ is dict:
                    known[_VALUE] = value
                else:
                    tree[name] = value
            continue
        parts = name.split(".")
        if len(parts) > _DEPTH:
            raise TooDeep(name[:80])
        node: Any = tree
        last = parts.pop()
        for part in parts:
            child = node.get(part)
            if child is None:
                node[part] = child = {}
            elif child.__class__ is str:
                node[part] = child = {_VALUE: child}
            node = child
        known = node.get(last)
        if known.__class__ is dict:
            known[_VALUE] = value
        else:
            node[last] = value


def read_tree(request: Request) -> Tree:
    """The parameters of the query string and of a form body."""
    tree: Tree = {}
    if request.query:
        add(tree, request.query)
    if request.form is not None:
        hang(tree, request.form.items())
        return tree
    if "content-encoding" in request.headers:
        from sundog.wire.body import unwrap

        unwrap(request)
    body = request.read()
    if body:
        kind = request.headers.get("content-type", "")
        if kind.startswith("multipart/form-data"):
            for name, value in multipart(body, kind):
                from urllib.parse import quote_plus

                add(tree, f"{quote_plus(name)}={quote_plus(value)}")
        else:
            # Clients percent-encode; what some don't is UTF-8.
            add(tree, body.decode("utf-8", "replace"))
    return tree


def multipart(body: bytes, content_type: str) -> Iterable[tuple[str, str]]:
    """The text fields of a multipart form."""
    from email.parser import BytesParser
    from email.policy import HTTP

    message = BytesParser(policy=HTTP).parsebytes(b"Content-Type: " + content_type.encode() + b"\r\n\r\n" + body)
    if message.is_multipart():
        for part in message.iter_parts():  # type: ignore[attr-defined]
            name = part.get_param("name", header="content-disposition")
            if isinstance(name, str):
                payload: Any = part.get_payload(decode=True)
                yield name, (payload or b"").decode("utf-8", "replace")


class FormIn(Compiler):
    """Trees to parameters."""

    kind = "form-in"

    def make_structure(self, traits: Traits) -> Read:
        table = self.members(traits, self.member, wire=True)
        known = table.known
        folded: dict[str, str] = {}

        def find(name: str) -> Any:
            """A member not met before: by its name, or by one that the client wrote in another case."""
            if name not in table.refs and name:
                if not folded:
                    folded.update({wire.lower(): wire for wire in reversed(table.refs)})
                wire = folded.get(name.lower())
                if wire is not None:
                    return table.find(wire)
            return table.find(name)

        def structure(node: Any) -> dict[str, Any]:
            if node.__class__ is not dict:
                if node == "":
                    return {}
                raise WrongType(node, "Structure")
            out: dict[str, Any] = {}
            for name, item in node.items():
                try:
                    plan = known[name]
                except KeyError:
                    plan = find(name)
                if plan is None:
                    continue
                member, read = plan
                if read is None:
                    if item.__class__ is str:
                        out[member] = item
                        continue
                    item = item.get(_VALUE)
                    if item is None:
                        raise _named(WrongType({}, "String"), name)
                    out[member] = item
                else:
                    try:
                        out[member] = read(item)
                    except WrongType as error:
                        raise _named(error, name)  # noqa: B904
            return out

        return structure

    def member(self, name: str, traits: Traits) -> tuple[str, Read | None]:
        return name, self.compile(traits)

    def wire_names(self, name: str, ref: Traits) -> Iterable[str]:
        traits = self.sub(ref)
        wire = traits.get("locationName") or name
        if traits["type"] == "list" and traits.get("flattened"):
            item = self.sub(traits["member"]).get("locationName")
            if item:
                return (item, wire)
        return (wire, name)

    def list(self, traits: Traits) -> Read:
        item = self.sub(traits["member"])
        read = self.compile(item) or _text
        wrappers = [name for name in (item.get("locationName"), "member", "item") if name]

        def items(node: Any) -> Any:
            if node.__class__ is not dict:
                return [] if node == "" else [read(node)]
            for wrapper in wrappers:
                inner = node.get(wrapper)
                if inner is not None:
                    if inner.__class__ is dict:
                        node = inner
                    elif inner == "":
                        return []
                    break
            if len(node) == 1:
                ((key, value),) = node.items()
                if key.isdecimal() or key == _VALUE:
                    return [] if key == _VALUE and value == "" else [_at(read, value, key)]
            numbered = sorted([(int(key), value) for key, value in node.items() if key.isdecimal() and len(key) < 20])
            if not numbered:
                raise WrongType(node, "List")
            return [_at(read, value, number) for number, value in numbered]

        return items

    def map(self, traits: Traits) -> Read:
        key_traits, value_traits = self.sub(traits["key"]), self.sub(traits["value"])
        key_names = [n for n in (key_traits.get("locationName"), "key", "Name", "Key", "name") if n]
        value_names = [n for n in (value_traits.get("locationName"), "value", "Value") if n]
        read = self.compile(value_traits) or _text

        def entries(node: Any) -> dict[str, Any]:
            if node.__class__ is not dict:
                if node == "":
                    return {}
                raise WrongType(node, "Map")
            inner = node.get("entry")
            if inner.__class__ is dict:
                node = inner
            numbered = sorted([(int(key), value) for key, value in node.items() if key.isdecimal() and len(key) < 20])
            if not numbered and node.keys() - {_VALUE, "entry"}:
                raise WrongType(node, "Map")
            out: dict[str, Any] = {}
            for number, entry in numbered:
                if entry.__class__ is not dict:
                    raise _named(WrongType(entry, "Structure"), str(number))
                key = next((entry[name] for name in key_names if name in entry), None)
                if not isinstance(key, str):
                    raise _named(WrongType(entry, "Map"), str(number))
                value = next((entry[name] for name in value_names if name in entry), None)
                if value is not None:
                    out[key] = _at(read, value, number)
            return out

        return entries

    def document(self, traits: Traits) -> Read:
        from msgspec import DecodeError
        from msgspec.json import decode

        def document(node: Any) -> Any:
            try:
                return decode(node)
            except (DecodeError, TypeError, RecursionError):
                raise WrongType(node, "Document") from None

        return document

    def scalar(self, traits: Traits) -> Read | None:
        read = TEXT_READERS.get(traits["type"])
        if read is None:
            return None

        def scalar(node: Any) -> Any:
            return read(node if node.__class__ is str else _text(node))

        return scalar


def _text(node: Any) -> str:
    if node.__class__ is str:
        return node
    value = node.get(_VALUE)
    if value is None:
        raise WrongType(node, "String")
    return value


def _at(read: Read, node: Any, number: Any) -> Any:
    try:
        return read(node)
    except WrongType as error:
        raise _named(error, str(number))  # noqa: B904


def _named(error: WrongType, name: str) -> WrongType:
    error.path.append(name)
    return error
