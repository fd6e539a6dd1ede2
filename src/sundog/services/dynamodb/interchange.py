"""Items as texts: DynamoDB's JSON, Ion and CSV, as exports write and imports read them."""

from __future__ import annotations

import base64
import binascii
import csv
import io
from collections.abc import Iterator
from typing import Any

import msgspec

from sundog.services.dynamodb.value import Item, Value, kind_of


def json_line(members: dict[str, Any]) -> bytes:
    """One line of DynamoDB's JSON; binaries are Base64."""
    return msgspec.json.encode(members) + b"\n"


def ion_line(item: Item) -> bytes:
    """One line of Amazon Ion, as text."""
    return b"$ion_1_0 {Item:" + _ion({"M": item}).encode() + b"}\n"


def _ion(value: Value) -> str:
    ((kind, inner),) = value.items()
    if kind == "S":
        return msgspec.json.encode(inner).decode()
    if kind == "N":
        return inner if "." in inner else inner + "."
    if kind == "B":
        return "{{" + base64.b64encode(inner).decode() + "}}"
    if kind == "BOOL":
        return "true" if inner else "false"
    if kind == "NULL":
        return "null"
    if kind == "L":
        return "[" + ",".join(map(_ion, inner)) + "]"
    if kind == "M":
        return "{" + ",".join(f"{_symbol(name)}:{_ion(each)}" for name, each in inner.items()) + "}"
    return f"$dynamodb_{kind}::[" + ",".join(_ion({kind[0]: each}) for each in inner) + "]"


def _symbol(name: str) -> str:
    if name.isidentifier() and name.isascii() and name not in ("null", "true", "false", "nan"):
        return name
    return "'" + name.replace("\\", "\\\\").replace("'", "\\'") + "'"


def from_json(data: bytes) -> Iterator[Item | None]:
    """The items of DynamoDB's JSON, one a line; None for a line that holds none."""
    for line in data.splitlines():
        if not line.strip():
            continue
        try:
            item = msgspec.json.decode(line)["Item"]
            yield {name: _from_json(value) for name, value in item.items()}
        except (msgspec.DecodeError, KeyError, TypeError, AttributeError, ValueError):
            yield None


def _from_json(value: Any) -> Value:
    kind = kind_of(value)
    inner = value[kind]
    if kind == "B":
        return {"B": _binary(inner)}
    if kind == "BS":
        return {"BS": [_binary(each) for each in inner]}
    if kind == "L":
        return {"L": [_from_json(each) for each in inner]}
    if kind == "M":
        return {"M": {name: _from_json(each) for name, each in inner.items()}}
    return value


def _binary(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except binascii.Error as error:
        raise ValueError(str(error)) from None


def from_csv(data: bytes, delimiter: str, header: list[str] | None, types: dict[str, str]) -> Iterator[Item | None]:
    """The items of a CSV file: all texts but the keys, which have their type; None for a line that holds none."""
    reader = csv.reader(io.StringIO(data.decode("utf-8-sig")), delimiter=delimiter)
    names = header
    for line in reader:
        if names is None:
            names = line
            continue
        if len(line) != len(names):
            yield None
            continue
        item: Item = {}
        for name, text in zip(names, line, strict=True):
            if text != "":
                kind = types.get(name, "S")
                item[name] = {kind: text.encode() if kind == "B" else text}
        yield item
