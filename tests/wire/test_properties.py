"""What any client writes we read, and what we write any client reads: for random calls of random operations."""

from __future__ import annotations

import os
import random
from datetime import datetime, timedelta, timezone
from functools import lru_cache
from typing import Any
from urllib.parse import urlencode, urlsplit

import cases
import pytest
from botocore.awsrequest import prepare_request_dict
from botocore.parsers import create_parser
from botocore.serialize import create_serializer
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sundog.wire.codec import codec
from sundog.wire.direct import Headers, head, parsed
from sundog.wire.http import Request
from sundog.wire.model import Operation, get_service, service_names

# A few services of every protocol each run, all of them where SUNDOG_ALL_SERVICES is set.
ALWAYS = ("ec2", "sqs", "iam", "s3", "dynamodb", "lambda", "route53", "cloudwatch", "kinesis", "sdb", "eventbridgev2")
EXAMPLES = 5

TEXT = st.text(
    st.characters(codec="utf-8", exclude_characters="\x7f", exclude_categories=("Cs", "Cc", "Co", "Cn", "Zl", "Zp")),
    max_size=8,
)
LABEL = st.text(st.sampled_from("abcXYZ019-_.~ é%+"), min_size=1, max_size=8).filter(lambda text: text.strip("."))
HEADER = st.text(st.sampled_from("abcXYZ019-_./+"), min_size=1, max_size=8)
TIME = st.integers(0, 4_000_000_000_000).map(
    lambda ms: datetime(1970, 1, 1, tzinfo=timezone.utc) + timedelta(milliseconds=ms)
)
SECOND = TIME.map(lambda value: value.replace(microsecond=0))
FLOAT = st.floats(-1e6, 1e6, width=32)
DOCUMENT = st.recursive(
    st.booleans() | st.integers(-1000, 1000) | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=5,
)


def services() -> list[str]:
    if os.environ.get("SUNDOG_ALL_SERVICES"):
        return sorted(service_names())
    others = sorted(service_names() - set(ALWAYS))
    return [*ALWAYS, *random.Random(len(others)).sample(others, 12)]


class Values:
    """Strategies for the values of shapes, as the caller of a client would give them, or a handler of ours."""

    def __init__(self, protocol: str, output: bool) -> None:
        self.protocol = protocol
        self.output = output
        self.xml = protocol in ("query", "ec2", "rest-xml")

    def of(self, shape: Any, depth: int = 0) -> st.SearchStrategy[Any]:
        kind = shape.type_name
        if getattr(shape, "is_document_type", False):
            return DOCUMENT.filter(lambda value: value is not None)
        location = shape.serialization.get("location")
        if kind == "structure":
            return self.structure(shape, depth)
        if kind == "list":
            # The query protocols have no way to say what stands in an empty list, nor headers and query strings that
            # there is one; XML can't say so of a flattened one.
            least = 0 if not self.xml and location is None else 1
            item = HEADER if location and shape.member.type_name == "string" else self.of(shape.member, depth + 1)
            return st.lists(item, min_size=least, max_size=2)
        if kind == "map":
            least = 0 if not self.xml and location is None else 1
            keys = self.keys(shape, location)
            if location == "querystring" and shape.value.type_name == "list":
                return st.dictionaries(keys, st.lists(HEADER, min_size=1, max_size=2), min_size=1, max_size=2)
            return st.dictionaries(keys, self.of(shape.value, depth + 1), min_size=least, max_size=2)
        if shape.serialization.get("hostLabel"):
            return st.sampled_from(("123456789012", "g-0123"))
        if location == "uri" and kind == "string":
            return st.sampled_from(shape.enum) if shape.enum else LABEL
        if location in ("header", "headers") and kind == "string":
            return DOCUMENT if shape.serialization.get("jsonvalue") else HEADER
        return self.scalar(shape, kind, location)

    def keys(self, shape: Any, location: str | None) -> st.SearchStrategy[str]:
        if location == "headers":
            return HEADER.map(lambda text: "h" + text.lower().replace("/", "").replace("+", ""))
        if location == "querystring":
            return HEADER.map(lambda text: "map-" + text)
        return TEXT

    def scalar(self, shape: Any, kind: str, location: str | None) -> st.SearchStrategy[Any]:
        if kind == "string":
            return st.sampled_from(shape.enum) if shape.enum else HEADER if location else TEXT
        if kind == "integer":
            return st.integers(-(2**31), 2**31 - 1) if location != "statusCode" else st.sampled_from((200, 202, 206))
        if kind == "long":
            return st.integers(-(2**63), 2**63 - 1)
        if kind in ("float", "double"):
            return FLOAT
        if kind == "boolean":
            return st.booleans()
        if kind == "blob":
            return st.binary(max_size=8)
        if kind == "timestamp":
            bare = shape.serialization.get("timestampFormat", "").lower() == "rfc822" or location == "header"
            return SECOND if bare else TIME
        return TEXT

    def structure(self, shape: Any, depth: int) -> st.SearchStrategy[dict[str, Any]]:
        members = {name: member for name, member in shape.members.items() if self.wanted(shape, name, member)}
        if shape.is_tagged_union:
            if not members:
                return st.just({})
            return st.sampled_from(sorted(members)).flatmap(
                lambda name: self.of(members[name], depth + 1).map(lambda value: {name: value})
            )
        required = [name for name in members if name in shape.required_members]
        if depth > 3:
            optional: list[str] = []
        else:
            optional = [name for name in members if name not in required]
        return _some(
            {name: _Lazy(self, members[name], depth) for name in required},
            {name: _Lazy(self, members[name], depth) for name in optional},
        )

    def wanted(self, shape: Any, name: str, member: Any) -> bool:
        serialization = member.serialization
        if serialization.get("eventstream"):
            return False
        if serialization.get("jsonvalue") and serialization.get("location") != "header":
            return self.output
        if serialization.get("location") == "headers" and not serialization.get("name"):
            return False  # every header of the answer
        if self.output and serialization.get("location") == "header" and member.type_name == "list":
            return member.member.type_name == "string"
        return True


class _Lazy:
    """A strategy that is made when it is drawn from, so that recursive shapes end."""

    def __init__(self, values: Values, shape: Any, depth: int) -> None:
        self.values, self.shape, self.depth = values, shape, depth

    def make(self) -> st.SearchStrategy[Any]:
        return self.values.of(self.shape, self.depth + 1)


@st.composite
def _some(draw: Any, required: dict[str, _Lazy], optional: dict[str, _Lazy]) -> dict[str, Any]:
    names = list(required)
    if optional:
        names += draw(st.lists(st.sampled_from(sorted(optional)), max_size=4, unique=True))
    return {name: draw({**optional, **required}[name].make()) for name in names}


@lru_cache(maxsize=None)  # noqa: UP033
def operations(name: str, count: int = 6) -> list[Operation]:
    service = get_service(name)
    names = sorted(service.operation_names)
    chosen = random.Random(name).sample(names, min(count, len(names)))
    return [op for op in map(service.operation, chosen) if op is not None]


def request_of(op: Operation, params: dict[str, Any], protocol: str) -> tuple[Request, dict[str, str]]:
    """The request that botocore sends for the parameters."""
    serialized = create_serializer(protocol, include_validation=False).serialize_to_request(dict(params), op.model)
    body = serialized["body"]
    if isinstance(body, dict):
        body = urlencode(body, doseq=True).encode()
    if hasattr(body, "read"):
        body = body.read()
    if isinstance(body, str):
        body = body.encode()
    serialized.setdefault("context", {})
    labels: dict[str, str] = {}
    if protocol.startswith("rest"):
        labels = cases.labels(op.uri, urlsplit(serialized["url_path"]).path)
    prepare_request_dict(serialized, "https://aws.example", {"is_presign_request": False})
    parts = urlsplit(serialized["url"])
    headers = {key.lower(): str(value) for key, value in serialized["headers"].items()}
    return Request(serialized["method"], "aws.example", parts.path, parts.query, headers, body), labels


def told(shape: Any, value: Any, protocol: str, top: bool = False) -> Any:
    """The parameters as they can arrive: what no protocol can tell from nothing is nothing."""
    if shape is None or getattr(shape, "is_document_type", False):
        return value
    kind = shape.type_name
    if kind == "structure":
        found = {}
        payload = shape.serialization.get("payload")
        for name, item in value.items():
            member = shape.members[name]
            item = told(member, item, protocol)
            required = name in shape.required_members
            if top and name == payload and item in (b"", "", {}) and not (required and item != ""):
                continue
            if protocol in ("query", "ec2") and item in ({}, []) and member.type_name in ("structure", "list"):
                continue
            found[name] = item
        return found
    if kind == "list":
        items = [told(shape.member, item, protocol) for item in value]
        if protocol in ("query", "ec2"):
            items = [item for item in items if item not in ({}, [])]
        return items
    if kind == "map":
        return {key: told(shape.value, item, protocol) for key, item in value.items()}
    return value


@pytest.mark.parametrize("name", services())
def test_any_request_is_read_as_it_was_meant(name: str) -> None:
    for op in operations(name):
        if op.input is None or op.model.has_event_stream_input:
            continue
        for protocol in op.service.protocols:
            if protocol in ("query", "json", "smithy-rpc-v2-cbor") and protocol != op.service.protocols[0]:
                continue
            _read_back(op, protocol)


def _read_back(op: Operation, protocol: str) -> None:
    @settings(
        max_examples=EXAMPLES, derandomize=True, database=None, deadline=None, suppress_health_check=list(HealthCheck)
    )
    @given(Values(protocol, output=False).of(op.input))
    def check(params: dict[str, Any]) -> None:
        request, labels = request_of(op, params, protocol)
        decoded = codec(protocol).decode(op, request, labels)
        expected = told(op.input, params, protocol, top=True)
        decoded = told(op.input, decoded, protocol, top=True)
        assert cases.same(decoded, expected), f"{op}\n{request} {request.read()!r}\n{decoded}\nis not\n{expected}"

    check()


@pytest.mark.parametrize("name", services())
def test_any_answer_is_parsed_like_the_direct_one(name: str) -> None:
    for op in operations(name):
        if op.output is None or op.model.has_event_stream_output or op.name == "GetBucketLocation":
            continue
        protocol = op.service.protocols[0] if op.service.name != "cloudwatch" else "json"
        _parse_back(op, protocol)


def _parse_back(op: Operation, protocol: str) -> None:
    @settings(
        max_examples=EXAMPLES, derandomize=True, database=None, deadline=None, suppress_health_check=list(HealthCheck)
    )
    @given(Values(protocol, output=True).of(op.output))
    def check(result: dict[str, Any]) -> None:
        response = codec(protocol).encode(op, result, "request-id")
        status, headers = head(op, result, "request-id")
        if op.service.name not in ("dynamodb", "dynamodbstreams", "cloudwatch"):
            assert (status, headers) == (response.status, response.headers), op
        body: Any = response.read()
        if op.model.has_streaming_output:
            from io import BytesIO

            from botocore.response import StreamingBody

            body = StreamingBody(BytesIO(body), len(body))
        message = {
            "status_code": response.status,
            "headers": Headers(response.headers),
            "body": body,
            "context": {"operation_name": op.name},
        }
        answer = create_parser(protocol).parse(message, op.output)
        answer.pop("ResponseMetadata", None)
        direct = parsed(op, result, protocol)
        assert cases.same(direct, answer), f"{op}\n{result}\n{direct}\nis not\n{answer}"
        assert _zones(direct) == _zones(answer)

    check()


def _zones(value: Any) -> Any:
    """The time zones in an answer, in order."""
    if isinstance(value, dict):
        return [zone for key in sorted(value) for zone in _zones(value[key])]
    if isinstance(value, list):
        return [zone for item in value for zone in _zones(item)]
    return [type(value.tzinfo).__name__] if isinstance(value, datetime) else []
