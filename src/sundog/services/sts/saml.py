"""A SAML response's assertion, read from XML that nobody vouches for: no document types, so no entities."""

from __future__ import annotations

from typing import Any
from xml.parsers import expat

import msgspec

RECIPIENT = "https://signin.aws.amazon.com/saml"
_FORMATS = ("urn:oasis:names:tc:SAML:2.0:nameid-format:", "urn:oasis:names:tc:SAML:1.1:nameid-format:")


class Assertion(msgspec.Struct):
    """Who is meant, by whom, for whom."""

    subject: str = ""
    subject_type: str = ""
    issuer: str = ""
    audience: str = RECIPIENT
    attributes: dict[str, list[str]] = {}


class _Reader:
    def __init__(self) -> None:
        self.found = Assertion(attributes={})
        self.path: list[str] = []
        self.text: list[str] = []
        self.attribute = ""

    def start(self, name: str, attributes: dict[str, str]) -> None:
        local = name.rpartition(" ")[2]
        self.path.append(local)
        self.text = []
        if local == "NameID":
            form = attributes.get("Format", "")
            for prefix in _FORMATS:
                form = form.removeprefix(prefix)
            self.found.subject_type = form
        elif local == "SubjectConfirmationData":
            self.found.audience = attributes.get("Recipient", RECIPIENT)
        elif local == "Attribute":
            self.attribute = attributes.get("Name", "")

    def characters(self, text: str) -> None:
        self.text.append(text)

    def end(self, name: str) -> None:
        local = self.path.pop()
        text = "".join(self.text).strip()
        self.text = []
        if local == "NameID" and self.path[-1:] == ["Subject"]:
            self.found.subject = text
        elif local == "Issuer" and (self.path[-1:] == ["Assertion"] or not self.found.issuer):
            self.found.issuer = text
        elif local == "AttributeValue":
            self.found.attributes.setdefault(self.attribute, []).append(text)


def _refuse(*_: Any) -> None:
    raise ValueError("a document type")


def parse(document: bytes) -> Assertion:
    """The assertion in a response; ``ValueError`` if there is none."""
    reader = _Reader()
    parser = expat.ParserCreate(namespace_separator=" ")
    parser.StartElementHandler = reader.start
    parser.EndElementHandler = reader.end
    parser.CharacterDataHandler = reader.characters
    parser.StartDoctypeDeclHandler = _refuse
    try:
        parser.Parse(document, True)
    except expat.ExpatError as error:
        raise ValueError(str(error)) from None
    if not reader.found.subject and not reader.found.attributes:
        raise ValueError("no assertion")
    return reader.found
