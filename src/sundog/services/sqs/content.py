"""What a message may hold, and its checksums."""

from __future__ import annotations

import hashlib
import re
import struct
from typing import Any

from sundog.api import sqs as api
from sundog.core import AwsError
from sundog.core.structure import plain
from sundog.services.sqs.refusal import bad_request

_FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_NAME = re.compile(r"[A-Za-z0-9_.-]{1,256}\Z")
_TOKEN = re.compile(r"[A-Za-z0-9!\"#$%&'()*+,\-./:;<=>?@\[\\\]^_`{|}~]{1,128}\Z")
MOST_ATTRIBUTES = 10

INVALID = (
    "Invalid characters found. Valid unicode characters are #x9 | #xA | #xD | #x20 to #xD7FF | #xE000 to #xFFFD | "
    "#x10000 to #x10FFFF"
)


def md5(text: str) -> str:
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()


def check_text(text: str) -> None:
    """Refuse characters that XML can't hold."""
    if not (text.isascii() and text.isprintable()) and _FORBIDDEN.search(text):
        raise api.InvalidMessageContents(INVALID)


def is_token(text: str) -> bool:
    """Whether the text may be a group's or a deduplication's id."""
    return _TOKEN.match(text) is not None


def attributes_of(given: Any) -> dict[str, Any] | None:
    """Message attributes in the model's form, checked."""
    if not given:
        return None
    if len(given) > MOST_ATTRIBUTES:
        raise bad_request(
            f"Number of message attributes [{len(given)}] exceeds the allowed maximum [{MOST_ATTRIBUTES}]."
        )
    found: dict[str, Any] = {name: plain(value) for name, value in given.items()}
    for name, value in found.items():
        _check_name(name)
        _check_attribute(name, value)
    return found


def _check_name(name: str) -> None:
    if not name:
        raise bad_request("The message attribute name must not be empty.")
    low = name.lower()
    if low.startswith(("aws.", "amazon.")):
        raise bad_request(
            "Message (user) attribute name '" + name + "' is invalid: it must not start with a reserved prefix such as "
            "'AWS.' or 'Amazon.'."
        )
    if _NAME.match(name) is None or name[0] == "." or name[-1] == "." or ".." in name:
        raise bad_request(
            f"The message (user) attribute name '{name}' contains invalid characters: it may contain only alphanumeric "
            "characters, underscores, hyphens, and periods, and must not start or end with a period or have several in "
            "succession."
        )


def _check_attribute(name: str, value: dict[str, Any]) -> None:
    kind = value.get("DataType")
    if not kind:
        raise bad_request(f"The message (user) attribute '{name}' must contain a non-empty message attribute type.")
    if len(kind) > 256:
        raise bad_request(f"The message (user) attribute '{name}' has a type that is longer than 256 bytes.")
    base = kind.partition(".")[0]
    if base not in ("String", "Number", "Binary"):
        raise bad_request(
            f"The type of message (user) attribute '{name}' is invalid. You must use only the following supported type "
            "prefixes: Binary, Number, String."
        )
    content = value.get("BinaryValue" if base == "Binary" else "StringValue")
    if not content:
        raise bad_request(f"Message (user) attribute '{name}' must contain a non-empty value of type '{base}'.")
    if base == "Number":
        try:
            float(content)
        except ValueError:
            raise bad_request(f"Could not cast message (user) attribute '{name}' value to number.") from None
    if isinstance(content, str):
        check_text(content)


def size_of(body: str, attributes: dict[str, Any] | None) -> int:
    """How many bytes count against the queue's maximum."""
    size = len(body) if body.isascii() else len(body.encode("utf-8", "surrogatepass"))
    for name, value in (attributes or {}).items():
        size += len(name.encode()) + len(value["DataType"].encode())
        content = value.get("StringValue") if "StringValue" in value else value.get("BinaryValue", b"")
        size += len(content.encode() if isinstance(content, str) else content)
    return size


def attributes_md5(attributes: dict[str, Any] | None) -> str | None:
    """The checksum that clients compare: over names, types and values, by name."""
    if not attributes:
        return None
    whole = hashlib.md5(usedforsecurity=False)
    for name in sorted(attributes):
        value = attributes[name]
        kind = value["DataType"]
        for text in (name, kind):
            raw = text.encode()
            whole.update(struct.pack(">I", len(raw)) + raw)
        if kind.startswith("Binary"):
            content = value["BinaryValue"]
            whole.update(b"\2")
        else:
            content = value["StringValue"].encode()
            whole.update(b"\1")
        whole.update(struct.pack(">I", len(content)) + content)
    return whole.hexdigest()


def chosen(attributes: dict[str, Any] | None, names: list[str] | None) -> dict[str, Any] | None:
    """The attributes that a receiver asks for: by name, by a prefix and ``.*``, or all."""
    if not attributes or not names:
        return None
    if any(name in ("All", ".*", "*") for name in names):
        return attributes
    prefixes = tuple(name[:-2] for name in names if name.endswith(".*"))
    found = {
        name: value for name, value in attributes.items() if name in names or (prefixes and name.startswith(prefixes))
    }
    return found or None


def trace_header(given: Any) -> str | None:
    """The only system attribute that a sender may set."""
    header = None
    for name, value in (given or {}).items():
        if name != "AWSTraceHeader":
            raise bad_request(f"Message system attribute name '{name}' is invalid.")
        if value.data_type != "String" or not value.string_value:
            raise AwsError(
                "InvalidParameterValue",
                f"Message (system) attribute '{name}' must contain a non-empty value of type 'String'.",
            )
        header = value.string_value
    return header


def system_md5(header: str | None) -> str | None:
    if header is None:
        return None
    return attributes_md5({"AWSTraceHeader": {"DataType": "String", "StringValue": header}})
