"""XML from clients to parameters. Hostile XML is refused: no document types, so no entities, no bottomless nesting."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from xml.etree.ElementTree import Element, ParseError, TreeBuilder, XMLParser

from sundog.wire.plan import Compiler, Traits
from sundog.wire.values import TEXT_READERS, WrongType

Read = Callable[[Any], Any]

_DEPTH = 100


class BadXml(Exception):
    """Not well-formed, or of a kind that nobody sends in earnest."""


class _Builder(TreeBuilder):
    depth = 0

    def doctype(self, name: str, public: str | None, system: str | None) -> None:
        raise BadXml("document type")

    def start(self, tag: str, attrs: dict[str, str]) -> Element:  # type: ignore[override]
        self.depth += 1
        if self.depth > _DEPTH:
            raise BadXml("too deep")
        return super().start(tag, attrs)

    def end(self, tag: str) -> Element:
        self.depth -= 1
        return super().end(tag)


def parse(body: bytes) -> Element:
    parser = XMLParser(target=_Builder())
    try:
        parser.feed(body)
        return parser.close()
    except (ParseError, ValueError, LookupError, UnicodeError) as error:
        raise BadXml(str(error)) from None


def local(name: str) -> str:
    """A name without its namespace."""
    return name.rpartition("}")[2]


class XmlIn(Compiler):
    """Elements to parameters."""

    kind = "xml-in"

    def make_structure(self, traits: Traits) -> Read:
        table = self.members(traits, self.member, wire=True)
        known, find = table.known, table.find
        attributes: dict[str, str] = {}
        for name, ref in traits["members"].items():
            member = self.sub(ref)
            if member.get("xmlAttribute"):
                attributes[(member.get("locationName") or name).rpartition(":")[2]] = name

        def structure(node: Element) -> dict[str, Any]:
            out: dict[str, Any] = {}
            for child in node:
                tag = child.tag
                if tag[0] == "{":
                    tag = tag.rpartition("}")[2]
                try:
                    plan = known[tag]
                except KeyError:
                    plan = find(tag)
                if plan is None:
                    continue
                name, read, gather = plan
                if gather is not None:
                    gathered = out.get(name)
                    if gathered is None:
                        gathered = out[name] = gather()
                    read(child, gathered)
                elif read is None:
                    out[name] = child.text or ""
                else:
                    try:
                        out[name] = read(child)
                    except WrongType as error:
                        error.path.append(name)
                        raise
            if attributes:
                for key, text in node.attrib.items():
                    name = attributes.get(key.rpartition("}")[2].rpartition(":")[2])
                    if name is not None:
                        out[name] = text
            return out

        return structure

    def member(self, name: str, traits: Traits) -> tuple[str, Any, Any] | None:
        if traits.get("location") or traits.get("xmlAttribute"):
            return None
        if traits.get("flattened"):
            if traits["type"] == "list":
                return name, self.append(traits), list
            if traits["type"] == "map":
                return name, self.update(traits), dict
        return name, self.compile(traits), None

    def append(self, traits: Traits) -> Callable[[Element, list[Any]], None]:
        read = self.compile(self.sub(traits["member"])) or _text

        def append(node: Element, into: list[Any]) -> None:
            into.append(read(node))

        return append

    def update(self, traits: Traits) -> Callable[[Element, dict[str, Any]], None]:
        entry = self.entry(traits)

        def update(node: Element, into: dict[str, Any]) -> None:
            key, value = entry(node)
            into[key] = value

        return update

    def wire_names(self, name: str, ref: Traits) -> tuple[str, ...]:
        traits = self.sub(ref)
        wire = traits.get("locationName") or name
        if traits["type"] == "list" and traits.get("flattened"):
            # botocore's clients write the member's own name, AWS's documents the item's: take either.
            return (wire, self.sub(traits["member"]).get("locationName") or wire)
        return (wire, name)

    def list(self, traits: Traits) -> Read:
        read = self.compile(self.sub(traits["member"])) or _text
        return lambda node: [read(child) for child in node]

    def map(self, traits: Traits) -> Read:
        entry = self.entry(traits)
        return lambda node: dict([entry(child) for child in node])

    def entry(self, traits: Traits) -> Callable[[Element], tuple[str, Any]]:
        key_traits, value_traits = self.sub(traits["key"]), self.sub(traits["value"])
        key_name = key_traits.get("locationName") or "key"
        value_name = value_traits.get("locationName") or "value"
        read = self.compile(value_traits) or _text

        def entry(node: Element) -> tuple[str, Any]:
            key = value = None
            for child in node:
                tag = local(child.tag)
                if tag == key_name:
                    key = child
                elif tag == value_name:
                    value = child
            if key is None or value is None:
                raise WrongType(node, "Map")
            return key.text or "", read(value)

        return entry

    def document(self, traits: Traits) -> Read:
        return _text

    def scalar(self, traits: Traits) -> Read | None:
        read = TEXT_READERS.get(traits["type"])
        if read is None:
            return None
        return lambda node: read((node.text or "").strip())


def _text(node: Element) -> str:
    return node.text or ""
