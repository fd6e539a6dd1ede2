"""CBOR (RFC 8949), as far as Smithy uses it."""

from __future__ import annotations

import struct
from typing import Any

from sundog.wire.values import WrongType, read_epoch

_DEPTH = 128
_BREAK = object()


class BadCbor(ValueError):
    """Not CBOR, or none that a client of AWS sends."""


class Epoch:
    """A timestamp: tag 1 around seconds since 1970."""

    __slots__ = ("seconds",)

    def __init__(self, seconds: int | float) -> None:
        self.seconds = seconds


def dumps(value: Any) -> bytes:
    out = bytearray()
    _write(out, value)
    return bytes(out)


def _head(out: bytearray, major: int, number: int) -> None:
    if number < 24:
        out.append(major | number)
    elif number < 0x100:
        out += bytes((major | 24, number))
    elif number < 0x10000:
        out.append(major | 25)
        out += number.to_bytes(2, "big")
    elif number < 0x100000000:
        out.append(major | 26)
        out += number.to_bytes(4, "big")
    else:
        out.append(major | 27)
        out += number.to_bytes(8, "big")


def _write(out: bytearray, value: Any) -> None:
    if isinstance(value, str):
        data = value.encode("utf-8", "replace")
        _head(out, 0x60, len(data))
        out += data
    elif value is None:
        out.append(0xF6)
    elif value is True:
        out.append(0xF5)
    elif value is False:
        out.append(0xF4)
    elif isinstance(value, int):
        if value >= 0:
            _head(out, 0x00, value)
        else:
            _head(out, 0x20, -1 - value)
    elif isinstance(value, float):
        out.append(0xFB)
        out += struct.pack(">d", value)
    elif isinstance(value, dict):
        entries: dict[Any, Any] = value
        _head(out, 0xA0, len(entries))
        for key, item in entries.items():
            _write(out, key)
            _write(out, item)
    elif isinstance(value, (list, tuple)):
        items: list[Any] | tuple[Any, ...] = value
        _head(out, 0x80, len(items))
        for item in items:
            _write(out, item)
    elif isinstance(value, (bytes, bytearray)):
        _head(out, 0x40, len(value))
        out += value
    elif isinstance(value, Epoch):
        out.append(0xC1)
        _write(out, value.seconds)
    else:
        _write(out, float(value))


def loads(data: bytes) -> Any:
    """The one value in the bytes. Tag 1 becomes a datetime; other tags are let go."""
    reader = _Reader(data)
    value = reader.value(0)
    if value is _BREAK or reader.position != len(data):
        raise BadCbor("trailing data")
    return value


class _Reader:
    __slots__ = ("data", "position")

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.position = 0

    def take(self, count: int) -> bytes:
        begin = self.position
        end = begin + count
        if end > len(self.data):
            raise BadCbor("end of data")
        self.position = end
        return self.data[begin:end]

    def argument(self, info: int) -> int:
        if info < 24:
            return info
        if info > 27:
            raise BadCbor("length")
        return int.from_bytes(self.take(1 << (info - 24)), "big")

    def value(self, depth: int) -> Any:
        if depth > _DEPTH:
            raise BadCbor("too deep")
        initial = self.take(1)[0]
        major, info = initial >> 5, initial & 0x1F
        if major == 3:
            try:
                return self.string(3, info).decode()
            except UnicodeDecodeError:
                raise BadCbor("text") from None
        if major == 0:
            return self.argument(info)
        if major == 1:
            return -1 - self.argument(info)
        if major == 2:
            return self.string(2, info)
        if major == 4:
            return self.array(info, depth + 1)
        if major == 5:
            return self.map(info, depth + 1)
        if major == 6:
            return self.tagged(self.argument(info), depth + 1)
        return self.simple(info)

    def string(self, major: int, info: int) -> bytes:
        if info != 31:
            return self.take(self.argument(info))
        parts: list[bytes] = []
        while True:
            initial = self.take(1)[0]
            if initial == 0xFF:
                return b"".join(parts)
            if initial >> 5 != major or initial & 0x1F == 31:
                raise BadCbor("chunk")
            parts.append(self.take(self.argument(initial & 0x1F)))

    def array(self, info: int, depth: int) -> list[Any]:
        items: list[Any] = []
        if info == 31:
            while (item := self.value(depth)) is not _BREAK:
                items.append(item)
            return items
        count = self.argument(info)
        if count > len(self.data):
            raise BadCbor("length")
        for _ in range(count):
            item = self.value(depth)
            if item is _BREAK:
                raise BadCbor("break")
            items.append(item)
        return items

    def map(self, info: int, depth: int) -> dict[str, Any]:
        items: dict[str, Any] = {}
        count = -1 if info == 31 else self.argument(info)
        if count > len(self.data):
            raise BadCbor("length")
        while count:
            key = self.value(depth)
            if key is _BREAK:
                if count > 0:
                    raise BadCbor("break")
                break
            value = self.value(depth)
            if value is _BREAK or not isinstance(key, str):
                raise BadCbor("key")
            items[key] = value
            count -= 1
        return items

    def tagged(self, tag: int, depth: int) -> Any:
        value = self.value(depth)
        if value is _BREAK:
            raise BadCbor("break")
        if tag == 1:
            if value.__class__ is not int and value.__class__ is not float:
                raise BadCbor("timestamp")
            try:
                return read_epoch(value)
            except WrongType:
                raise BadCbor("timestamp") from None
        if tag in (2, 3) and isinstance(value, bytes):
            number = int.from_bytes(value, "big")
            return number if tag == 2 else -1 - number
        return value

    def simple(self, info: int) -> Any:
        if info == 20:
            return False
        if info == 21:
            return True
        if info in (22, 23):
            return None
        if info == 25:
            return struct.unpack(">e", self.take(2))[0]
        if info == 26:
            return struct.unpack(">f", self.take(4))[0]
        if info == 27:
            return struct.unpack(">d", self.take(8))[0]
        if info == 31:
            return _BREAK
        raise BadCbor("simple")
