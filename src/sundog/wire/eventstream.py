"""Event streams (``application/vnd.amazon.eventstream``), both ways."""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from typing import Any
from zlib import crc32

from sundog.wire import fault
from sundog.wire.errors import AwsError
from sundog.wire.http import Body, Response
from sundog.wire.model import Operation, Service
from sundog.wire.plan import Traits, resolve
from sundog.wire.values import as_bytes, epoch_milliseconds

CONTENT_TYPE = "application/vnd.amazon.eventstream"
_MOST_HEADERS = 128 * 1024
_MOST_PAYLOAD = 24 * 1024 * 1024

Dump = Callable[[Any], bytes]


# -- messages -------------------------------------------------------------------------------------------------------


class Header:
    """A header whose type isn't what its Python value says: ``Header(4, 17)`` is a 32-bit integer."""

    __slots__ = ("type", "value")

    def __init__(self, type_: int, value: Any) -> None:
        self.type = type_
        self.value = value


def message(headers: dict[str, Any], payload: bytes) -> bytes:
    """One message: prelude, headers, payload, and the checksums."""
    encoded = b"".join([_header(name, value) for name, value in headers.items()])
    prelude = struct.pack(">II", len(encoded) + len(payload) + 16, len(encoded))
    start = prelude + struct.pack(">I", crc32(prelude)) + encoded + payload
    return start + struct.pack(">I", crc32(start))


_INTEGERS = {2: ">b", 3: ">h", 4: ">i", 5: ">q", 8: ">q"}


def _header(name: str, value: Any) -> bytes:
    key = name.encode()
    start = bytes((len(key),)) + key
    kind = None
    if isinstance(value, Header):
        kind, value = value.type, value.value
    if kind in _INTEGERS:
        return start + bytes((kind,)) + struct.pack(_INTEGERS[kind], value)
    if value is True or value is False:
        return start + (b"\0" if value else b"\1")
    if isinstance(value, str):
        data = value.encode("utf-8", "replace")[:32767]
        return start + b"\7" + struct.pack(">H", len(data)) + data
    if isinstance(value, (bytes, bytearray)):
        return start + b"\6" + struct.pack(">H", len(value)) + bytes(value)
    if isinstance(value, datetime):
        return start + b"\10" + struct.pack(">q", epoch_milliseconds(value))
    if isinstance(value, int):
        wide = not -0x80000000 <= value <= 0x7FFFFFFF
        return start + (b"\5" + struct.pack(">q", value) if wide else b"\4" + struct.pack(">i", value))
    return _header(name, str(value))


class BadFrame(ValueError):
    """Not an event stream's message."""


def messages(body: Body) -> Iterator[tuple[dict[str, Any], bytes]]:
    """The messages in a body, checked: headers and payload."""
    if isinstance(body, bytes):
        from io import BytesIO

        body = BytesIO(body)
    while True:
        prelude = body.read(12)
        if not prelude:
            return
        if len(prelude) < 12:
            raise BadFrame("prelude")
        total, headers_size, checksum = struct.unpack(">III", prelude)
        if crc32(prelude[:8]) != checksum:
            raise BadFrame("prelude checksum")
        payload_size = total - headers_size - 16
        if headers_size > _MOST_HEADERS or not 0 <= payload_size <= _MOST_PAYLOAD:
            raise BadFrame("size")
        rest = body.read(total - 12)
        if len(rest) < total - 12:
            raise BadFrame("end")
        if crc32(rest[:-4], crc32(prelude)) != struct.unpack(">I", rest[-4:])[0]:
            raise BadFrame("checksum")
        yield _headers(rest[:headers_size]), rest[headers_size:-4]


def _headers(data: bytes) -> dict[str, Any]:
    headers: dict[str, Any] = {}
    position = 0
    try:
        while position < len(data):
            size = data[position]
            name = data[position + 1 : position + 1 + size].decode()
            position += 1 + size
            kind = data[position]
            position += 1
            if kind < 2:
                value: Any = kind == 0
            elif kind in _INTEGERS:
                size = struct.calcsize(_INTEGERS[kind])
                (value,) = struct.unpack(_INTEGERS[kind], data[position : position + size])
                position += size
                if kind == 8:
                    from sundog.wire.values import read_epoch

                    value = read_epoch(value / 1000)
            elif kind in (6, 7):
                (size,) = struct.unpack(">H", data[position : position + 2])
                value = data[position + 2 : position + 2 + size]
                if len(value) < size:
                    raise BadFrame("header")
                position += 2 + size
                if kind == 7:
                    value = value.decode()
            elif kind == 9:
                value = data[position : position + 16]
                position += 16
            else:
                raise BadFrame("header type")
            headers[name] = value
    except (IndexError, struct.error, UnicodeDecodeError, OverflowError):
        raise BadFrame("header") from None
    return headers


# -- out ------------------------------------------------------------------------------------------------------------


def split(compiler: Any, traits: Traits) -> tuple[Any, str | None]:
    """The plan of an output's ordinary members, and the member that is an event stream."""
    for name, ref in traits["members"].items():
        if compiler.shapes[ref["shape"]].get("eventstream"):
            rest = {key: value for key, value in traits["members"].items() if key != name}
            return compiler.make_structure({**traits, "members": rest}), name
    return compiler.compile(traits), None


def respond(
    op: Operation,
    result: dict[str, Any],
    request_id: str,
    convert: Callable[[Any], Any],
    stream: str,
    compiler: Any,
    dump: Dump,
    content_type: str,
) -> Response:
    """A call's answer in a protocol where the ordinary members come as the first event."""
    output = op.service.description["operations"][op.name]["output"]["shape"]
    traits = resolve(compiler.shapes, compiler.shapes[output]["members"][stream])
    rest = {name: value for name, value in result.items() if name != stream}
    first = message(
        {":message-type": "event", ":event-type": "initial-response", ":content-type": content_type},
        dump(convert(rest)),
    )

    def body() -> Iterator[bytes]:
        yield first
        yield from write_events(op.service, traits, result.get(stream) or (), compiler, dump, content_type)

    return Response(200, {"content-type": CONTENT_TYPE, "x-amzn-requestid": request_id}, body())


def write_events(
    service: Service, traits: Traits, events: Iterable[Any], compiler: Any, dump: Dump | None, content_type: str
) -> Iterator[bytes]:
    """Events as messages, one by one as they come. An ``AwsError`` that the iterator raises ends the stream."""
    try:
        for event in events:
            for name, value in event.items():
                if value is not None:
                    yield _event(traits, name, value, compiler, dump, content_type)
    except AwsError as error:
        yield _failure(service, traits, error, compiler, dump, content_type)


def _event(traits: Traits, name: str, value: Any, compiler: Any, dump: Dump | None, content_type: str) -> bytes:
    shape = resolve(compiler.shapes, traits["members"][name])
    if shape.get("exception"):
        headers: dict[str, Any] = {":message-type": "exception", ":exception-type": name}
    else:
        headers = {":message-type": "event", ":event-type": name}
    payload_member = None
    rest = False
    for member, ref in shape["members"].items():
        item = resolve(compiler.shapes, ref)
        if item.get("eventheader"):
            if value.get(member) is not None:
                headers[member] = _typed(item["type"], value[member])
        elif item.get("eventpayload"):
            payload_member = member, item
        else:
            rest = True
    payload = b""
    if payload_member is not None:
        member, item = payload_member
        content = value.get(member)
        if item["type"] == "blob":
            headers[":content-type"] = "application/octet-stream"
            payload = b"" if content is None else as_bytes(content)
        elif item["type"] == "string":
            headers[":content-type"] = "text/plain"
            payload = b"" if content is None else str(content).encode()
        else:
            headers[":content-type"] = content_type
            payload = _dump(compiler, item, {} if content is None else content, dump)
    elif rest:
        headers[":content-type"] = content_type
        ordinary = {key: entry for key, entry in value.items() if key not in headers}
        payload = _dump(compiler, shape, ordinary, dump)
    return message(headers, payload)


def _typed(kind: str, value: Any) -> Any:
    if kind == "long":
        return Header(5, value)
    if kind == "timestamp":
        return Header(8, epoch_milliseconds(value))
    return value


def _dump(compiler: Any, traits: Traits, value: Any, dump: Dump | None) -> bytes:
    convert = compiler.compile(traits)
    if dump is not None:
        return dump(value if convert is None else convert(value))
    root = traits["shape"]
    return f'<?xml version="1.0" encoding="UTF-8"?><{root} xmlns="">{convert(value)}</{root}>'.encode()


def _failure(
    service: Service, traits: Traits, error: AwsError, compiler: Any, dump: Dump | None, content_type: str
) -> bytes:
    shape = fault.error_traits(service, error)
    for name, ref in traits["members"].items():
        if shape is not None and ref["shape"] == shape["shape"]:
            members, _ = fault.modelled(shape, fault.error_members(service, shape, error))
            return _event(traits, name, members, compiler, dump, content_type)
    headers = {":message-type": "error", ":error-code": error.code, ":error-message": error.message}
    return message(headers, b"")


# -- in -------------------------------------------------------------------------------------------------------------


def read_events(
    op: Operation, traits: Traits, body: Body, compiler: Any, load: Callable[[bytes], Any]
) -> Iterator[dict[str, Any]]:
    """The events that a client sent, one by one; ``AwsError`` in the midst of it if one can't be read."""
    from sundog.wire.jsonshape import complaint
    from sundog.wire.values import WrongType

    try:
        for headers, payload in messages(body):
            if ":chunk-signature" in headers:
                # A signed frame wraps the client's own; an empty one ends the stream.
                if not payload:
                    return
                inner = list(messages(payload))
            else:
                inner = [(headers, payload)]
            for headers, payload in inner:
                name = str(headers.get(":event-type"))
                if name in traits["members"]:
                    yield {name: _read_event(traits, name, headers, payload, compiler, load)}
    except BadFrame:
        raise AwsError("SerializationException", "The event stream is not valid") from None
    except WrongType as error:
        raise complaint(error, classes=True) from None


def _read_event(
    traits: Traits, name: str, headers: dict[str, Any], payload: bytes, compiler: Any, load: Callable[[bytes], Any]
) -> dict[str, Any]:
    shape = resolve(compiler.shapes, traits["members"][name])
    event: dict[str, Any] = {}
    for member, ref in shape["members"].items():
        item = resolve(compiler.shapes, ref)
        if item.get("eventheader"):
            if member in headers:
                event[member] = headers[member]
        elif item.get("eventpayload"):
            if item["type"] == "blob":
                event[member] = payload
            elif item["type"] == "string":
                event[member] = payload.decode("utf-8", "replace")
            elif payload:
                event[member] = compiler.compile(item)(load(payload))
            return event
    if payload:
        event.update(compiler.compile(shape)(load(payload)))
    return event


# -- as botocore hands it out ---------------------------------------------------------------------------------------


class _Raw:
    """What botocore's ``EventStream`` reads from: the messages, without a connection."""

    def __init__(self, chunks: Iterable[bytes]) -> None:
        self._chunks = chunks

    def stream(self, *_: Any, **__: Any) -> Iterator[bytes]:
        return iter(self._chunks)

    def close(self) -> None:
        close = getattr(self._chunks, "close", None)
        if close is not None:
            close()


def parsed_stream(op: Operation, result: dict[str, Any], protocol: str) -> dict[str, Any]:
    """The parsed answer of an operation whose output is an event stream."""
    from botocore.parsers import create_parser

    from sundog.wire.codec import codec

    response = codec(protocol).encode(op, result, "")
    message_ = {
        "status_code": response.status,
        "headers": response.headers,
        "body": _Raw(response.body),  # type: ignore[arg-type]
        "context": {"operation_name": op.name},
    }
    parser: Any = create_parser(protocol)
    answer: dict[str, Any] = parser.parse(message_, op.model.output_shape)
    answer.pop("ResponseMetadata", None)
    return answer
