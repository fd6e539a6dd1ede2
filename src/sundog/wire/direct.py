"""Answers as botocore would parse them from the wire, without a wire.

``parsed(op, result)`` equals what botocore's parser makes of ``encode(op, result)``: the same members present, the same
types, zones and precision of timestamps, and containers of its own that the caller may change.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime
from typing import Any

from dateutil.tz import tzlocal, tzutc

from sundog.wire import fault
from sundog.wire.errors import AwsError
from sundog.wire.model import Operation, Service
from sundog.wire.plan import Compiler, Traits, output_traits, unknown_member
from sundog.wire.rest import Output, output_of
from sundog.wire.values import UTC, as_bytes, epoch_milliseconds, utc

Convert = Callable[[Any], Any]

_UTC = tzutc()


def _same(value: Any) -> Any:
    return value


def _absent(value: Any) -> Any:
    raise AssertionError


class Direct(Compiler):
    """Members compile to a function, to ``_same`` for what needs none, to ``_absent`` for what isn't in the body."""

    null_items = True
    """Whether lists and maps can hold null."""
    null_entries = True
    owned = False
    """Whether the result is the caller's own, so that what needs no change may be handed on as it is."""

    def __init__(self, service: Service) -> None:
        super().__init__(service)
        self._inert: dict[str, bool] = {}

    def compile(self, traits: Traits) -> Convert:
        if self.owned and self.inert(traits):
            return _same
        return super().compile(traits)

    def inert(self, traits: Traits) -> bool:
        """Whether nothing in a value of the shape is another thing after the wire."""
        kind = traits["type"]
        if kind not in ("structure", "list", "map"):
            return self.scalar(traits) is _same
        if traits.get("document") or traits.get("eventstream") or traits.get("flattened"):
            return False
        name = traits["shape"]
        known = self._inert.get(name)
        if known is None:
            self._inert[name] = True  # a shape that contains itself is inert if all else in it is
            if kind == "structure":
                known = all("location" not in ref and self.inert(self.sub(ref)) for ref in traits["members"].values())
            else:
                known = self.inert(self.sub(traits["member" if kind == "list" else "value"]))
            self._inert[name] = known
        return known

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
                    convert = known[name]
                except KeyError:
                    convert = find(name)
                if convert is _same:
                    out[name] = item
                elif convert is None:
                    if name != "ResponseMetadata":
                        raise unknown_member(shape, name)
                elif convert is not _absent:
                    found = convert(item)
                    if found is not None:
                        out[name] = found
            return out

        return structure

    def member(self, name: str, traits: Traits) -> Convert:
        if traits.get("location") in ("header", "headers", "statusCode"):
            return _absent
        return self.compile(traits)

    def list(self, traits: Traits) -> Convert:
        convert = self.compile(self.sub(traits["member"]))
        if self.null_items:
            if convert is _same:
                return list
            return lambda value: [None if item is None else convert(item) for item in value]
        return lambda value: [convert(item) for item in value if item is not None]

    def map(self, traits: Traits) -> Convert:
        convert = self.compile(self.sub(traits["value"]))
        if self.null_entries:
            if convert is _same:
                return dict
            return lambda value: {key: None if item is None else convert(item) for key, item in value.items()}
        return lambda value: {key: convert(item) for key, item in value.items() if item is not None}

    def document(self, traits: Traits) -> Convert:
        return copy

    def scalar(self, traits: Traits) -> Convert:
        kind = traits["type"]
        if kind == "timestamp":
            return _TIMESTAMPS[(traits.get("timestampFormat") or self.timestamp_format).lower()]
        if kind == "blob":
            return as_bytes
        return _same

    timestamp_format = "unixtimestamp"


class DirectXml(Direct):
    kind = "direct-xml"
    null_items = False
    null_entries = False
    timestamp_format = "iso8601"

    def member(self, name: str, traits: Traits) -> Convert:
        convert = super().member(name, traits)
        if traits.get("flattened") and convert is not _absent:
            return lambda value: convert(value) or None  # nothing on the wire
        return convert

    def document(self, traits: Traits) -> Convert:
        return lambda value: {}

    def scalar(self, traits: Traits) -> Convert:
        kind = traits["type"]
        return float if kind in ("float", "double") else super().scalar(traits)


class DirectJson(Direct):
    kind = "direct-json"

    def scalar(self, traits: Traits) -> Convert:
        return _json_number if traits["type"] in ("float", "double") else super().scalar(traits)


class DirectRestJson(Direct):
    kind = "direct-rest-json"

    def scalar(self, traits: Traits) -> Convert:
        return float if traits["type"] in ("float", "double") else super().scalar(traits)


class DirectCbor(Direct):
    kind = "direct-cbor"
    null_entries = False


COMPILERS: dict[str, type[Direct]] = {
    "query": DirectXml,
    "ec2": DirectXml,
    "rest-xml": DirectXml,
    "json": DirectJson,
    "rest-json": DirectRestJson,
    "smithy-rpc-v2-cbor": DirectCbor,
}
OWNED: dict[str, type[Direct]] = {
    protocol: type(compiler.__name__, (compiler,), {"owned": True, "kind": compiler.kind + "-owned"})
    for protocol, compiler in COMPILERS.items()
}


def copy(value: Any) -> Any:
    """A document's own copy."""
    if isinstance(value, dict):
        entries: dict[Any, Any] = value
        return {key: copy(item) for key, item in entries.items()}
    if isinstance(value, (list, tuple)):
        items: list[Any] | tuple[Any, ...] = value
        return [copy(item) for item in items]
    return value


def _json_number(value: Any) -> Any:
    if value - value == 0:
        return value if isinstance(value, (int, float)) else float(value)
    return "NaN" if value != value else "Infinity" if value > 0 else "-Infinity"


# -- timestamps -----------------------------------------------------------------------------------------------------


_names: Any = None
_zone: Any = None
_iso_zone: Any = None
_local: dict[int, datetime] = {}


def _look_at_zone() -> None:
    """Learn the machine's zone; ``time.tzname`` is a new object when it has changed."""
    global _names, _zone, _iso_zone
    _names = time.tzname
    _zone = tzlocal()
    # What ends in Z is "UTC" to dateutil, and that's the local zone where the local zone is called so.
    _iso_zone = _zone if "UTC" in _names else _UTC
    _local.clear()


def from_iso(value: datetime | float) -> datetime:
    """What comes of ISO 8601 text: UTC, in milliseconds."""
    if time.tzname is not _names:
        _look_at_zone()
    moment = value if value.__class__ is datetime and value.tzinfo is UTC else utc(value)  # type: ignore[union-attr]
    microsecond = moment.microsecond  # type: ignore[union-attr]
    return moment.replace(microsecond=microsecond - microsecond % 1000, tzinfo=_iso_zone)  # type: ignore[union-attr]


def from_http_date(value: datetime | float) -> datetime:
    return utc(value).replace(microsecond=0, tzinfo=_UTC)


def from_epoch(value: datetime | float) -> datetime:
    """What comes of a number: the machine's own zone."""
    if time.tzname is not _names:
        _look_at_zone()
    milliseconds = epoch_milliseconds(value)
    found = _local.get(milliseconds)
    if found is None:
        if len(_local) > 4096:
            _local.clear()
        try:
            found = datetime.fromtimestamp(milliseconds / 1000, _zone)
        except (OSError, OverflowError, ValueError):
            from botocore.utils import parse_timestamp

            found = parse_timestamp(milliseconds / 1000)
        _local[milliseconds] = found
    return found


_TIMESTAMPS: dict[str, Convert] = {"iso8601": from_iso, "rfc822": from_http_date, "unixtimestamp": from_epoch}


# -- answers --------------------------------------------------------------------------------------------------------


def parsed_owned(op: Operation, result: dict[str, Any]) -> dict[str, Any]:
    """The same for a result that nobody else holds: what needs no change is not made again."""
    plan = op.plans.get("direct-owned")
    if plan is None:
        plan = op.plans["direct-owned"] = _plan(op, op.service.protocols[0], OWNED)
    made = plan(result)
    # The answer gets a member more, and the result of a handler without any may be shared.
    return dict(made) if made is result else made


def parsed(op: Operation, result: dict[str, Any], protocol: str | None = None) -> dict[str, Any]:
    """The answer in botocore's parsed form, without ``ResponseMetadata``."""
    plan = op.plans.get(protocol) if protocol is not None else op.plans.get("direct")
    if plan is None:
        plan = _plan(op, protocol or op.service.protocols[0])
        op.plans[protocol or "direct"] = plan
    return plan(result)


def head(op: Operation, result: dict[str, Any], request_id: str) -> tuple[int, dict[str, str]]:
    """Status and headers that ``encode(op, result)`` would send, but for checksums of bytes that there are not."""
    protocol = op.service.protocols[0]
    if protocol == "rest-json":
        from sundog.wire.restjson import head as of_json

        return of_json(op, result, request_id)
    if protocol == "rest-xml":
        from sundog.wire.restxml import head as of_xml

        return of_xml(op, result, request_id)
    headers = {"x-amzn-requestid": request_id}
    if protocol in ("query", "ec2"):
        headers["content-type"] = "text/xml;charset=UTF-8"
    elif protocol == "json":
        headers["content-type"] = f"application/x-amz-json-{op.service.metadata.get('jsonVersion', '1.0')}"
    else:
        headers["smithy-protocol"] = "rpc-v2-cbor"
        if output_traits(op) is not None:
            headers["content-type"] = "application/cbor"
    return 200, headers


def _plan(op: Operation, protocol: str, compilers: dict[str, type[Direct]] = COMPILERS) -> Convert:
    traits = output_traits(op)
    if traits is None:
        return lambda _: {}
    compiler: Direct = compilers[protocol].of(op.service)
    shapes = compiler.shapes
    for ref in traits["members"].values():
        if shapes[ref["shape"]].get("eventstream"):
            from sundog.wire.eventstream import parsed_stream

            return lambda result: parsed_stream(op, result, protocol)
    if protocol == "query":
        from sundog.wire.query import shapes as query_shapes

        if query_shapes(op.service) is not shapes:
            compiler = DirectXml(op.service)
            compiler.shapes = query_shapes(op.service)
        return compiler.compile({**traits, **compiler.shapes[traits["shape"]]})
    if not protocol.startswith("rest"):
        return compiler.compile(traits)
    output = output_of(op)
    assert output is not None
    return _rest_plan(op, output, compiler, protocol)


def _rest_plan(op: Operation, output: Output, compiler: Direct, protocol: str) -> Convert:
    if op.service.name == "s3" and op.name == "GetBucketLocation":
        # The region is the answer's root element, which botocore's own handler reads: None for us-east-1.
        return lambda result: {"LocationConstraint": result.get("LocationConstraint")}
    typed = output.kind in ("blob", "string")
    headers = [
        (
            name,
            write,
            _header_reader(compiler, traits, protocol),
            output.content_type(op.service.name) if typed and header == "content-type" else None,
        )
        for name, header, write, traits in output.headers
    ]
    maps = [name for name, _ in output.header_maps]
    status, default = output.status, op.status
    body = compiler.make_structure(output.rest) if output.rest is not None else None
    payload = None
    if output.payload is not None:
        member, traits = output.payload
        payload = member, _payload_reader(compiler, traits)
    if not headers and not maps and status is None and payload is None:
        return body or (lambda _: {})
    placed = frozenset([name for name, _, _, _ in headers] + maps + ([status] if status else []))

    def rest(result: dict[str, Any]) -> dict[str, Any]:
        out: dict[str, Any] = {}
        for name, write, read, otherwise in headers:
            value = result.get(name)
            if value is not None and name == "Expires" and isinstance(value, str):
                _expires(value, read, out)
            elif value is not None:
                out[name] = read(write(value))
            elif otherwise is not None:
                out[name] = otherwise
        for name in maps:
            entries: dict[str, Any] = result.get(name) or {}
            out[name] = {key.lower(): str(value) for key, value in entries.items()}
        if status is not None:
            value = result.get(status)
            out[status] = default if value is None else int(value)
        if payload is not None:
            member, read = payload
            out[member] = read(result.get(member))
        elif body is not None:
            out.update(body({name: value for name, value in result.items() if name not in placed}))
        return out

    return rest


def _expires(text: str, read: Convert, out: dict[str, Any]) -> None:
    """S3's Expires as botocore has it: what was sent, and the date if it is one."""
    out["ExpiresString"] = text
    try:
        out["Expires"] = read(text)
    except (ValueError, RuntimeError):
        return


def _header_reader(compiler: Direct, traits: Traits, protocol: str) -> Convert:
    """What botocore makes of a header's text."""
    from botocore.utils import parse_timestamp

    kind = traits["type"]
    if kind == "list":
        read = _header_reader(compiler, compiler.sub(traits["member"]), protocol)
        return lambda text: [read(part.strip()) for part in text.split(",")]
    if kind == "string" and traits.get("jsonvalue"):
        from base64 import b64decode
        from json import loads

        return lambda text: loads(b64decode(text))
    if kind == "timestamp":
        return parse_timestamp
    if kind in ("integer", "long"):
        return int
    if kind in ("float", "double"):
        return float
    if kind == "boolean":
        return lambda text: text == "true"
    if kind == "blob":
        from base64 import b64decode

        return b64decode
    return lambda text: " ".join(text.splitlines()) if "\n" in text or "\r" in text else text


def _payload_reader(compiler: Direct, traits: Traits) -> Convert:
    kind = traits["type"]
    if kind == "blob":
        return streaming_body
    if kind == "string":
        return lambda value: "" if value is None else str(value)
    convert = compiler.compile(traits)
    if kind == "list" and not traits.get("document"):
        return lambda value: convert([] if value is None else value)
    return lambda value: convert({} if value is None else value)


def streaming_body(value: Any) -> Any:
    """A blob as the body that a client reads."""
    from io import BytesIO

    from botocore.response import StreamingBody

    if value is None or isinstance(value, (bytes, bytearray, memoryview, str)):
        data = b"" if value is None else as_bytes(value)
        return StreamingBody(BytesIO(data), len(data))
    size = value.seek(0, 2)
    value.seek(0)
    return StreamingBody(value, size)


# -- errors ---------------------------------------------------------------------------------------------------------


def parsed_error(op: Operation, error: AwsError, protocol: str | None = None) -> dict[str, Any]:
    """The error in botocore's parsed form, without ``ResponseMetadata``."""
    protocol = protocol or op.service.protocols[0]
    service = op.service
    if not error.members and error.status < 500 and op.method != "HEAD" and service.name != "lambda":
        code = fault.wire_code(service, error)
        if protocol == "ec2" and not fault.error_shapes(service):
            return {"Error": {"Code": code, "Message": error.message or None}}
        if protocol == "query":
            answer: dict[str, Any] = {"Error": {"Type": error.fault, "Code": code, "Message": error.message or None}}
            _add_texts(op, code, answer, answer["Error"])
            return answer
    return _through_bytes(op, error, protocol)


def _add_texts(op: Operation, code: str, answer: dict[str, Any], texts: dict[str, Any]) -> None:
    """The members of the error's shape that bear the names of what every error has."""
    name = _codes(op.service).get(code)
    if name is None:
        return
    for member, ref in op.service.description["shapes"][name]["members"].items():
        wire = ref.get("locationName") or member
        if wire in texts:
            answer[member] = texts[wire] or ""


def _codes(service: Any) -> dict[str, str]:
    """The names of the errors by code, as botocore finds them."""
    found: dict[str, str] | None = service.plans.get("botocore-errors")
    if found is None:
        found = service.plans["botocore-errors"] = {
            (shape.get("error") or {}).get("code") or name: name
            for name, shape in service.description["shapes"].items()
            if shape.get("exception")
        }
    return found


def _through_bytes(op: Operation, error: AwsError, protocol: str) -> dict[str, Any]:
    """Errors with members of their own take the long way: they are rare, and botocore knows best."""
    from botocore.parsers import create_parser

    from sundog.wire.codec import codec

    response = codec(protocol).encode_error(op.service, op, error, "")
    message = {
        "status_code": response.status,
        "headers": Headers(response.headers),
        "body": response.read(),
        "context": {"operation_name": op.name},
    }
    parser: Any = create_parser(protocol)
    answer: dict[str, Any] = parser.parse(message, op.model.output_shape)
    code: str | None = answer.get("Error", {}).get("Code")
    name = None if code is None else _codes(op.service).get(code)
    if name is not None:
        answer.update(parser.parse(message, op.service.model.shape_for(name)))
    answer.pop("ResponseMetadata", None)
    return answer


class Headers(dict[str, str]):
    """Headers by lower-case name, found by any."""

    def __contains__(self, key: object) -> bool:
        return isinstance(key, str) and super().__contains__(key.lower())

    def __getitem__(self, key: str) -> str:
        return super().__getitem__(key.lower())

    def get(self, key: str, default: Any = None) -> Any:
        return super().get(key.lower(), default)
