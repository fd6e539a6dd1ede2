"""Results to XML, for every protocol that answers in it.

A member compiles to ``(opening, closing, convert)``: what stands before and after it and what turns its value into the
text between, ``None`` for plain text. Lists and maps that are flattened stand without an element of their own, so their
opening and closing are empty.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial
from typing import Any

from sundog.wire.plan import Compiler, Traits, unknown_member
from sundog.wire.values import (
    write_blob,
    write_boolean,
    write_epoch_text,
    write_float,
    write_http_date,
    write_iso,
    write_iso_milliseconds,
)

Convert = Callable[[Any], str]

_UNSAFE = re.compile("[&<>\\r\\x00-\\x08\\x0b\\x0c\\x0e-\\x1f\\ud800-\\udfff\\ufffe\\uffff]")
_NAMED = {"&": "&amp;", "<": "&lt;", ">": "&gt;", "\r": "&#13;"}


def _entity(match: re.Match[str]) -> str:
    character = match.group()
    named = _NAMED.get(character)
    if named is not None:
        return named
    # XML 1.0 has no way to write these. AWS sends the reference all the same, and so do we, but for what isn't Unicode.
    return f"&#x{ord(character):x};" if ord(character) < 32 else "\ufffd"


_plain: set[str] = set()
"""Short texts seen lately that need no escaping. Answers say the same things over and over, and this asks fastest."""


def escape(text: Any) -> str:
    """Character data, with what would break the document or not survive it as references."""
    if not isinstance(text, str):
        text = str(text)
    if text.isprintable() and "&" not in text and "<" not in text and ">" not in text:
        if len(text) <= 48:
            if len(_plain) >= 8192:
                _plain.clear()
            _plain.add(text)
        return text
    return _UNSAFE.sub(_entity, text)


def escape_attribute(text: Any) -> str:
    return escape(text).replace('"', "&quot;").replace("\n", "&#10;").replace("\t", "&#9;")


def namespace(traits: Traits) -> str:
    """The ``xmlns`` attribute that a shape wants on its element."""
    found = traits.get("xmlNamespace")
    if not found:
        return ""
    if isinstance(found, str):
        return f' xmlns="{escape_attribute(found)}"'
    prefix = found.get("prefix")
    return f' xmlns{":" + prefix if prefix else ""}="{escape_attribute(found["uri"])}"'


class XmlOut(Compiler):
    """Structures to XML. Whole seconds stand bare: ``05Z``."""

    kind = "xml-out"
    lax = False
    """Whether a member that the shape lacks is left out, instead of being a fault of whoever made the value."""
    write_time = staticmethod(write_iso)

    def make_structure(self, traits: Traits) -> Convert:
        table = self.members(traits, self.member)
        shape = traits["shape"]
        known, find = table.known, table.find
        plain, lax = _plain, self.lax

        def structure(value: dict[str, Any]) -> str:
            parts: list[str] = []
            add = parts.append
            for name, item in value.items():
                if item is None:
                    continue
                try:
                    plan = known[name]
                except KeyError:
                    plan = find(name)
                if plan is None:
                    if lax or name == "ResponseMetadata":
                        continue
                    raise unknown_member(shape, name)
                opening, closing, convert = plan
                if convert is not None:
                    add(opening + convert(item) + closing)
                elif item in plain:
                    add(opening + item + closing)
                else:
                    add(opening + escape(item) + closing)
            return "".join(parts)

        return structure

    def member(self, name: str, traits: Traits) -> tuple[str, str, Convert | None]:
        if traits.get("location") in _OUTSIDE or traits.get("xmlAttribute") or traits.get("eventheader"):
            return "", "", _nothing
        kind = traits["type"]
        if kind == "list" and traits.get("flattened"):
            item = self.sub(traits["member"])
            return "", "", self.items(item, item.get("locationName") or traits.get("locationName") or name)
        tag = traits.get("locationName") or name
        if kind == "map" and traits.get("flattened"):
            return "", "", self.entries(traits, tag)
        return self.element(tag, traits)

    def element(self, tag: str, traits: Traits) -> tuple[str, str, Convert | None]:
        """The element for a value; with attributes, if the structure has any."""
        opening = f"<{tag}{namespace(traits)}"
        convert = self.compile(traits)
        if traits["type"] == "structure":
            attributes = self.attributes(traits)
            if attributes:
                return "", f"</{tag}>", partial(_with_attributes, opening, attributes, convert)
        return f"{opening}>", f"</{tag}>", convert

    def attributes(self, traits: Traits) -> list[tuple[str, str]]:
        """The members that are attributes of the structure's element."""
        return [
            (name, merged.get("locationName") or name)
            for name, ref in traits.get("members", {}).items()
            if (merged := self.sub(ref)).get("xmlAttribute")
        ]

    def items(self, item: Traits, tag: str) -> Convert:
        opening, closing, convert = self.element(tag, item)
        text = convert or escape

        def items(value: Any) -> str:
            return "".join([opening + text(entry) + closing for entry in value if entry is not None])

        return items

    def list(self, traits: Traits) -> Convert:
        item = self.sub(traits["member"])
        return self.items(item, item.get("locationName") or "member")

    def entries(self, traits: Traits, tag: str) -> Convert:
        key_traits, value_traits = self.sub(traits["key"]), self.sub(traits["value"])
        key_open, key_close, _ = self.element(key_traits.get("locationName") or "key", key_traits)
        opening, closing, convert = self.element(value_traits.get("locationName") or "value", value_traits)
        before = f"<{tag}{namespace(traits) if traits.get('flattened') else ''}>{key_open}"
        between = f"{key_close}{opening}"
        after = f"{closing}</{tag}>"
        text = convert or escape

        def entries(value: dict[str, Any]) -> str:
            return "".join(
                [
                    f"{before}{escape(key)}{between}{text(item)}{after}"
                    for key, item in value.items()
                    if item is not None
                ]
            )

        return entries

    def map(self, traits: Traits) -> Convert:
        return self.entries({**traits, "flattened": False}, "entry")

    def document(self, traits: Traits) -> Convert:
        from msgspec.json import encode

        return lambda value: escape(encode(value).decode())

    def scalar(self, traits: Traits) -> Convert | None:
        kind = traits["type"]
        if kind == "timestamp":
            form = (traits.get("timestampFormat") or "iso8601").lower()
            return {"rfc822": write_http_date, "unixtimestamp": write_epoch_text}.get(form, self.write_time)
        return _SCALARS.get(kind)


class XmlOutMilliseconds(XmlOut):
    """The same, with milliseconds always: EC2 and S3."""

    kind = "xml-out-ms"
    write_time = staticmethod(write_iso_milliseconds)


class XmlOutEdition(XmlOutMilliseconds):
    """The same, in an older version of the API: what that version didn't have is left out."""

    kind = "xml-out-edition"
    lax = True


_OUTSIDE = ("header", "headers", "statusCode")

_SCALARS: dict[str, Convert] = {
    "boolean": write_boolean,
    "integer": str,
    "long": str,
    "float": write_float,
    "double": write_float,
    "blob": write_blob,
}


def _nothing(_: Any) -> str:
    return ""


def write_attributes(attributes: list[tuple[str, str]], value: dict[str, Any]) -> str:
    return "".join(
        [f' {tag}="{escape_attribute(value[name])}"' for name, tag in attributes if value.get(name) is not None]
    )


def _with_attributes(opening: str, attributes: list[tuple[str, str]], convert: Convert, value: dict[str, Any]) -> str:
    return f"{opening}{write_attributes(attributes, value)}>{convert(value)}"
