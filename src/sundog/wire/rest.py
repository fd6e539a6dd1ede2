"""What the two REST protocols share: members in labels, query strings, headers and the status; payloads."""

from __future__ import annotations

from base64 import b64decode, b64encode
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import unquote_plus

from sundog.wire.http import Request
from sundog.wire.model import Operation
from sundog.wire.plan import Traits, input_traits, output_traits, resolve
from sundog.wire.values import (
    TEXT_READERS,
    TIMESTAMP_WRITERS,
    WrongType,
    write_blob,
    write_boolean,
    write_float,
)

Read = Callable[[str], Any]
Write = Callable[[Any], str]


class Input:
    """Where each member of an operation's input is."""

    __slots__ = (
        "bound",
        "header_maps",
        "headers",
        "labels",
        "payload",
        "queries",
        "query_map",
        "required",
        "rest",
        "traits",
    )

    def __init__(self, shapes: dict[str, Any], traits: Traits) -> None:
        self.traits = traits
        self.labels: list[tuple[str, str, Read | None]] = []
        self.queries: list[tuple[str, str, Read | None, bool]] = []
        self.query_map: tuple[str, bool] | None = None
        self.headers: list[tuple[str, str, Read | None]] = []
        self.header_maps: list[tuple[str, str]] = []
        self.payload: tuple[str, Traits] | None = None
        self.required = frozenset(traits.get("required", ()))
        self.rest: Traits | None = None
        body: dict[str, Any] = {}
        payload = traits.get("payload")
        for name, ref in traits["members"].items():
            member = resolve(shapes, ref)
            location = member.get("location")
            wire = member.get("locationName") or name
            if location == "uri":
                self.labels.append((name, wire, reader(shapes, member)))
            elif location == "querystring":
                if member["type"] == "map":
                    self.query_map = name, shapes[member["value"]["shape"]]["type"] == "list"
                elif member["type"] == "list":
                    self.queries.append((name, wire, reader(shapes, resolve(shapes, member["member"])), True))
                else:
                    self.queries.append((name, wire, reader(shapes, member), False))
            elif location == "header":
                read = read_expires if wire == "Expires" else reader(shapes, member, header=True)
                self.headers.append((name, wire.lower(), read))
            elif location == "headers":
                self.header_maps.append((name, (member.get("locationName") or "").lower()))
            elif name == payload:
                self.payload = name, member
            else:
                body[name] = ref
        if payload is None and body:
            self.rest = {**traits, "members": body}
        self.bound = frozenset([wire for _, wire, _, _ in self.queries])

    def read(self, request: Request, labels: dict[str, str]) -> dict[str, Any]:
        """The members that stand outside of the body."""
        params: dict[str, Any] = {}
        wire = ""
        try:
            for name, wire, read in self.labels:
                value = labels.get(wire)
                if value is not None:
                    params[name] = value if read is None else read(value)
            if (self.queries or self.query_map) and request.query:
                self._read_query(request.query, params)
            headers = request.headers
            for name, wire, read in self.headers:
                value = headers.get(wire)
                if value is not None:
                    params[name] = value if read is None else read(value)
        except WrongType as error:
            if not error.path:
                error.path.append(wire)
            raise
        for name, prefix in self.header_maps:
            size = len(prefix)
            found = {header[size:]: value for header, value in headers.items() if header.startswith(prefix)}
            if found:
                params[name] = found
        return params

    def _read_query(self, text: str, params: dict[str, Any]) -> None:
        query = parse_query(text)
        for name, wire, read, many in self.queries:
            values = query.get(wire)
            if values is None:
                continue
            try:
                if many:
                    params[name] = values if read is None else [read(value) for value in values]
                else:
                    params[name] = values[-1] if read is None else read(values[-1])
            except WrongType as error:
                error.path.append(wire)
                raise
        if self.query_map is not None:
            name, many = self.query_map
            rest = {key: values if many else values[-1] for key, values in query.items() if key not in self.bound}
            if rest:
                params[name] = rest


class Output:
    """Where each member of an operation's output, or of an error, goes.

    ``kind`` is what the body is: event ``stream``, ``blob``, ``string``, one ``value``, ``members``, ``nothing``.
    """

    __slots__ = ("header_maps", "headers", "kind", "payload", "rest", "status", "traits")

    def __init__(self, shapes: dict[str, Any], traits: Traits) -> None:
        self.traits = traits
        self.headers: list[tuple[str, str, Write, Traits]] = []
        self.header_maps: list[tuple[str, str]] = []
        self.status: str | None = None
        self.payload: tuple[str, Traits] | None = None
        self.rest: Traits | None = None
        body: dict[str, Any] = {}
        payload = traits.get("payload")
        for name, ref in traits["members"].items():
            member = resolve(shapes, ref)
            location = member.get("location")
            if location == "header":
                self.headers.append(
                    (name, (member.get("locationName") or name).lower(), writer(shapes, member), member)
                )
            elif location == "headers":
                self.header_maps.append((name, (member.get("locationName") or "").lower()))
            elif location == "statusCode":
                self.status = name
            elif name == payload:
                self.payload = name, member
            else:
                body[name] = ref
        if payload is None and body:
            self.rest = {**traits, "members": body}
        self.kind = "members" if self.rest is not None else "nothing"
        if self.payload is not None:
            kind = self.payload[1]["type"]
            self.kind = "stream" if self.payload[1].get("eventstream") else kind if kind in _BARE else "value"

    def write(self, result: dict[str, Any], headers: dict[str, str]) -> None:
        """Put the members that are headers among the headers."""
        for name, header, write, _ in self.headers:
            value = result.get(name)
            if value is not None:
                headers[header] = clean(write(value))
        for name, prefix in self.header_maps:
            entries: dict[str, Any] = result.get(name) or {}
            for key, value in entries.items():
                headers[prefix + key.lower()] = clean(str(value))

    def content_type(self, service: str) -> str:
        """What a payload of bytes or text is called if no member says what it is."""
        if self.kind == "blob":
            return "binary/octet-stream" if service == "s3" else "application/octet-stream"
        return "application/json" if service == "s3" else "text/plain"

    def code(self, result: dict[str, Any], default: int) -> int:
        """The HTTP status."""
        found = result.get(self.status) if self.status is not None else None
        return default if found is None else int(found)


def input_of(op: Operation) -> Input | None:
    found = op.plans.get("rest-input", op)
    if found is op:
        traits = input_traits(op)
        found = op.plans["rest-input"] = None if traits is None else Input(op.service.description["shapes"], traits)
    return found


def output_of(op: Operation) -> Output | None:
    found = op.plans.get("rest-output", op)
    if found is op:
        traits = output_traits(op)
        found = op.plans["rest-output"] = None if traits is None else Output(op.service.description["shapes"], traits)
    return found


def parse_query(text: str) -> dict[str, list[str]]:
    """Query string parameters; one without a value has the empty one."""
    query: dict[str, list[str]] = {}
    for pair in text.split("&"):
        if pair:
            name, _, value = pair.partition("=")
            query.setdefault(unquote_plus(name), []).append(unquote_plus(value))
    return query


def clean(text: str) -> str:
    """A header's value, which can't hold a line end."""
    return text.replace("\r", " ").replace("\n", " ") if "\n" in text or "\r" in text else text


def reader(shapes: dict[str, Any], traits: Traits, header: bool = False) -> Read | None:
    """From the text in a URI or header; None if the text is the value."""
    kind = traits["type"]
    if kind == "list":
        item = resolve(shapes, traits["member"])
        read = reader(shapes, item)
        dates = item["type"] == "timestamp" and (item.get("timestampFormat") or "rfc822").lower() == "rfc822"

        def items(text: str) -> list[Any]:
            if not text:
                return []
            return [value if read is None else read(value) for value in split_header(text, dates)]

        return items
    if kind == "string" and traits.get("jsonvalue") and header:
        return _read_json_value
    return TEXT_READERS.get(kind)


def read_expires(text: str) -> Any:
    """The date of an Expires header; S3 takes what is none as it is."""
    try:
        return TEXT_READERS["timestamp"](text)
    except WrongType:
        return text


def split_header(text: str, dates: bool = False) -> Iterator[str]:
    """The items of a header's comma-separated list: quoted where they hold commas themselves, but for dates."""
    parts = text.split(",")
    if dates and len(parts) % 2 == 0:
        for index in range(0, len(parts), 2):
            yield f"{parts[index].strip()}, {parts[index + 1].strip()}"
        return
    if '"' not in text:
        for part in parts:
            yield part.strip()
        return
    position, size = 0, len(text)
    while position <= size:
        while position < size and text[position] in " \t":
            position += 1
        if position < size and text[position] == '"':
            item: list[str] = []
            position += 1
            while position < size and text[position] != '"':
                if text[position] == "\\" and position + 1 < size:
                    position += 1
                item.append(text[position])
                position += 1
            yield "".join(item)
            end = text.find(",", position)
        else:
            end = text.find(",", position)
            yield text[position : size if end < 0 else end].strip()
        if end < 0:
            return
        position = end + 1


def _read_json_value(text: str) -> Any:
    """A document, base64 in a header. It reaches the handler as botocore takes it: as the value."""
    from msgspec import MsgspecError
    from msgspec.json import decode

    try:
        return decode(b64decode(text, validate=True))
    except (MsgspecError, ValueError, RecursionError):
        raise WrongType(text, "Document") from None


def writer(shapes: dict[str, Any], traits: Traits) -> Write:
    """To the text in a header."""
    kind = traits["type"]
    if kind == "list":
        item = resolve(shapes, traits["member"])
        write = _quoted if item["type"] == "string" else writer(shapes, item)
        return lambda value: ",".join([write(entry) for entry in value if entry is not None])
    if kind == "timestamp":
        form = TIMESTAMP_WRITERS[(traits.get("timestampFormat") or "rfc822").lower()]
        # S3 keeps an Expires header that is no date as it was sent.
        return lambda value: value if isinstance(value, str) else str(form(value))
    if kind == "string" and traits.get("jsonvalue"):
        return _write_json_value
    return _WRITERS.get(kind, str)


def _quoted(value: Any) -> str:
    text = str(value)
    if '"' in text or "," in text:
        escaped = text.replace("\\", "\\\\").replace('"', '\\"')
        return f'"{escaped}"'
    return text


def _write_json_value(value: Any) -> str:
    from msgspec.json import encode

    return b64encode(encode(value)).decode("ascii")


_BARE = ("blob", "string")

_WRITERS: dict[str, Write] = {
    "boolean": write_boolean,
    "float": write_float,
    "double": write_float,
    "blob": write_blob,
}
