"""JSON values to parameters and results to JSON values, by shape, for both JSON protocols and their event streams."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from sundog.wire.errors import AwsError
from sundog.wire.plan import Compiler, Traits, unknown_member
from sundog.wire.values import (
    TIMESTAMP_WRITERS,
    WrongType,
    as_bytes,
    read_blob,
    read_epoch,
    read_float,
    read_timestamp,
)

Convert = Callable[[Any], Any]


class JsonIn(Compiler):
    """JSON to parameters. ``null`` is the same as nothing, but for sparse lists and maps and documents."""

    kind = "json-in"

    def make_structure(self, traits: Traits) -> Convert:
        table = self.members(traits, self.member, wire=True)
        known, find = table.known, table.find

        def structure(value: Any) -> dict[str, Any]:
            if value.__class__ is not dict:
                raise WrongType(value, "Structure")
            out: dict[str, Any] = {}
            for key, item in value.items():
                if item is None:
                    continue
                try:
                    plan = known[key]
                except KeyError:
                    plan = find(key)
                if plan is None:
                    continue
                name, read = plan
                out[name] = read(item)
            return out

        return structure

    def member(self, name: str, traits: Traits) -> tuple[str, Convert] | None:
        if traits.get("location"):
            return None
        return name, self.compile(traits)

    def wire_names(self, name: str, ref: Traits) -> Iterable[str]:
        return (ref.get("locationName") or self.shapes[ref["shape"]].get("locationName") or name,)

    def list(self, traits: Traits) -> Convert:
        read = self.compile(self.sub(traits["member"]))

        def items(value: Any) -> list[Any]:
            if value.__class__ is not list:
                raise WrongType(value, "List")
            return [None if item is None else read(item) for item in value]

        return items

    def map(self, traits: Traits) -> Convert:
        read = self.compile(self.sub(traits["value"]))

        def entries(value: Any) -> dict[str, Any]:
            if value.__class__ is not dict:
                raise WrongType(value, "Map")
            return {key: None if item is None else read(item) for key, item in value.items()}

        return entries

    def document(self, traits: Traits) -> Convert:
        return _same

    def scalar(self, traits: Traits) -> Convert:
        return _READERS.get(traits["type"], read_text)


def _same(value: Any) -> Any:
    return value


def read_text(value: Any) -> str:
    if value.__class__ is str:
        return value
    raise WrongType(value, "String")


def _integer(value: Any) -> int:
    if value.__class__ is int:
        return value
    if value.__class__ is float and value.is_integer() and abs(value) < 1e18:
        return int(value)
    raise WrongType(value, "Integer")


def _long(value: Any) -> int:
    try:
        return _integer(value)
    except WrongType:
        raise WrongType(value, "Long") from None


def _float(value: Any) -> float:
    kind = value.__class__
    if kind is float or kind is int:
        return value
    if kind is str:
        return read_float(value)
    raise WrongType(value, "Double")


def _boolean(value: Any) -> bool:
    if value.__class__ is bool:
        return value
    raise WrongType(value, "Boolean")


def _blob(value: Any) -> bytes:
    if value.__class__ is str:
        return read_blob(value)
    raise WrongType(value, "Blob")


def _timestamp(value: Any) -> Any:
    kind = value.__class__
    if kind is int or kind is float:
        return read_epoch(value)
    if kind is str:
        return read_timestamp(value)
    raise WrongType(value, "Timestamp")


_READERS: dict[str, Convert] = {
    "string": read_text,
    "character": read_text,
    "integer": _integer,
    "long": _long,
    "float": _float,
    "double": _float,
    "boolean": _boolean,
    "blob": _blob,
    "timestamp": _timestamp,
}


class JsonOut(Compiler):
    """Results to what msgspec writes as JSON. A member compiles to ``(wire name, convert)``; no convert, no change."""

    kind = "json-out"

    def make_structure(self, traits: Traits) -> Convert:
        table = self.members(traits, self.member)
        shape = traits["shape"]
        known, find = table.known, table.find

        def structure(value: dict[str, Any]) -> dict[str, Any]:
            out: dict[str, Any] = {}
            for name, item in value.items():
                if item is None:
                    continue
                try:
                    plan = known[name]
                except KeyError:
                    plan = find(name)
                if plan is None:
                    if name == "ResponseMetadata":
                        continue
                    raise unknown_member(shape, name)
                key, convert = plan
                if key is not None:
                    out[key] = item if convert is None else convert(item)
            return out

        return structure

    def member(self, name: str, traits: Traits) -> tuple[str | None, Convert | None]:
        if traits.get("location") in ("header", "headers", "statusCode") or traits.get("eventheader"):
            return None, None
        return traits.get("locationName") or name, self.compile(traits)

    def list(self, traits: Traits) -> Convert:
        convert = self.compile(self.sub(traits["member"]))
        if convert is None:
            return list

        def items(value: Any) -> list[Any]:
            return [None if item is None else convert(item) for item in value]

        return items

    def map(self, traits: Traits) -> Convert:
        convert = self.compile(self.sub(traits["value"]))
        if convert is None:
            return dict

        def entries(value: dict[str, Any]) -> dict[str, Any]:
            return {key: None if item is None else convert(item) for key, item in value.items()}

        return entries

    def document(self, traits: Traits) -> Convert | None:
        return None

    def scalar(self, traits: Traits) -> Convert | None:
        kind = traits["type"]
        if kind == "timestamp":
            return TIMESTAMP_WRITERS[(traits.get("timestampFormat") or "unixtimestamp").lower()]
        return _WRITERS.get(kind)


def write_number(value: Any) -> Any:
    """A float as JSON; what JSON has no number for is text."""
    if value - value == 0:
        return value if isinstance(value, (int, float)) else float(value)
    return "NaN" if value != value else "Infinity" if value > 0 else "-Infinity"


_WRITERS: dict[str, Convert] = {"float": write_number, "double": write_number, "blob": as_bytes}


def load(body: bytes) -> Any:
    """The value of a JSON text; ``AwsError`` if it is none."""
    from msgspec import MsgspecError
    from msgspec.json import decode

    try:
        return decode(body)
    except (MsgspecError, UnicodeError, RecursionError, ValueError):
        raise AwsError("SerializationException", "") from None


_TOKENS = {int: "NUMBER_VALUE", float: "DECIMAL_VALUE", str: "STRING_VALUE"}
_CLASSES = {
    int: "com.amazon.coral.value.json.numbers.TruncatingBigNumber",
    float: "com.amazon.coral.value.json.numbers.TruncatingBigNumber",
    str: "java.lang.String",
    bool: "java.lang.Boolean",
}


def complaint(error: WrongType, classes: bool = False) -> AwsError:
    """A value of the wrong type, as the JSON services word it; ``classes`` as those of REST do."""
    value, expected = error.value, error.expected
    if isinstance(value, list):
        message = "Start of list found where not expected"
    elif isinstance(value, dict):
        message = "Start of structure or map found where not expected."
    elif expected in ("Structure", "Map", "List"):
        message = (
            f"Expected {'list' if expected == 'List' else 'map'} or null" if not classes else "Unexpected field type"
        )
    else:
        article = "an" if expected[0] in "AEIO" or classes else "a"
        if classes:
            held = f"class {_CLASSES.get(value.__class__, 'java.lang.Object')}"
        elif isinstance(value, bool):
            held = "TRUE_VALUE" if value else "FALSE_VALUE"
        else:
            held = _TOKENS.get(value.__class__, "EMBEDDED_OBJECT")
        message = f"{held} can not be converted to {article} {expected}"
    return AwsError("SerializationException", message)


def dump(value: Any) -> bytes:
    """JSON text."""
    from msgspec.json import encode

    return encode(value)
