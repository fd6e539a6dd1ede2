"""What is published: its rules, and the form in which it travels to deliveries."""

from __future__ import annotations

import re
from typing import Any

import msgspec

from sundog.api import sns as api
from sundog.core.structure import plain
from sundog.services.sns.refusal import invalid

LONGEST = 262_144
_NAME = re.compile(r"[A-Za-z0-9_.-]")
_TOKEN = re.compile(r"[A-Za-z0-9!\"#$%&'()*+,\-./:;<=>?@\[\\\]^_`{|}~]{1,128}\Z")


class Message(msgspec.Struct, frozen=True, kw_only=True):
    """One message on its way. ``variants``: texts by protocol, if the structure was JSON."""

    message_id: str
    text: str
    time: float
    topic_arn: str | None = None
    subject: str | None = None
    variants: dict[str, str] | None = None
    attributes: dict[str, Any] | None = None
    group: str | None = None
    deduplication_id: str | None = None
    sequence: str | None = None
    replayed: bool = False

    def text_for(self, protocol: str) -> str:
        return self.text if self.variants is None else self.variants.get(protocol, self.text)


def checked_attributes(given: Any) -> dict[str, Any] | None:
    """Message attributes in the model's form."""
    if not given:
        return None
    found: dict[str, Any] = {name: plain(value) for name, value in given.items()}
    for name, value in found.items():
        _check_name(name)
        _check_value(name, value)
    return found


def _bad(message: str) -> Exception:
    return api.InvalidParameterValueException(message)


def _check_name(name: str) -> None:
    if not name:
        raise _bad("Message attribute name can not be empty.")
    if len(name) > 256:
        raise _bad("Length of message attribute name must be less than 256 bytes.")
    if name[0] == ".":
        raise _bad("Invalid message attribute name starting with character '.' was found.")
    if name[-1] == ".":
        raise _bad("Invalid message attribute name ending with character '.' was found.")
    if ".." in name:
        raise _bad("Message attribute name can not have successive '.' character.")
    for char in name:
        if _NAME.match(char) is None:
            raise _bad(
                f"Invalid non-alphanumeric character '#x{ord(char):X}' was found in the message attribute name. Can "
                "only include alphanumeric characters, hyphens, underscores, or dots."
            )


def _check_value(name: str, value: dict[str, Any]) -> None:
    kind = value.get("DataType") or ""
    base = kind.partition(".")[0]
    if base not in ("String", "Number", "Binary"):
        if not kind:
            raise _bad(f"The message attribute '{name}' must contain non-empty message attribute type.")
        raise _bad(
            f"The message attribute '{name}' has an invalid message attribute type, the set of supported type prefixes "
            "is Binary, Number, and String."
        )
    right, other = ("BinaryValue", "StringValue") if base == "Binary" else ("StringValue", "BinaryValue")
    if not value.get(right):
        if value.get(other):
            raise _bad(
                f"The message attribute '{name}' with type '{base}' must use field "
                f"'{'Binary' if base == 'Binary' else 'String'}'."
            )
        raise _bad(
            f"The message attribute '{name}' must contain non-empty message attribute value for message attribute type "
            f"'{base}'."
        )
    if base == "Number":
        try:
            float(value["StringValue"])
        except ValueError:
            raise _bad(f"Could not cast message attribute '{name}' value to number.") from None


def size_of(text: str, attributes: dict[str, Any] | None) -> int:
    size = len(text.encode())
    for name, value in (attributes or {}).items():
        content = value.get("StringValue") or value.get("BinaryValue") or ""
        size += len(name.encode()) + len(value["DataType"]) + len(content)
    return size


def variants_of(text: str) -> tuple[str, dict[str, str]]:
    """The texts by protocol of a message whose structure is JSON; the default one first."""
    try:
        found = msgspec.json.decode(text)
    except (msgspec.DecodeError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise invalid("Message Structure - JSON message body failed to parse")
    if not isinstance(found.get("default"), str):
        raise invalid("Message Structure - No default entry in JSON message body")
    return found["default"], {key: value for key, value in found.items() if isinstance(value, str)}


def check_subject(subject: str | None) -> None:
    if subject is None:
        return
    if subject == "":
        raise invalid("Subject")
    if len(subject) > 100 or "\n" in subject or "\r" in subject or any(ord(char) < 32 for char in subject):
        raise invalid("Subject")


def check_token(parameter: str, value: str | None) -> None:
    if value is not None and _TOKEN.match(value) is None:
        raise invalid(
            f"{parameter}", f"{parameter} can only include alphanumeric and punctuation characters. 1 to 128 in length"
        )
