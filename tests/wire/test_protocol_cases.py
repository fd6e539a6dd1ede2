"""AWS's own protocol cases, run in reverse: we read what clients write, and clients read what we write."""

from __future__ import annotations

from typing import Any

import cases
import pytest
from botocore.parsers import create_parser

from sundog.wire.codec import codec
from sundog.wire.direct import Headers, parsed, parsed_error
from sundog.wire.errors import AwsError
from sundog.wire.http import Response

_NOTHING = "what was empty left no trace on the wire"
INPUT_EXCEPTIONS = {
    "Ec2EmptyQueryLists": _NOTHING,
    "QueryEmptyQueryMaps": _NOTHING,
    "RestJsonHttpPrefixHeadersAreNotPresent": _NOTHING,
    "HttpPrefixHeadersAreNotPresent": _NOTHING,
    "RestJsonOmitsEmptyListQueryValues": _NOTHING,
    "MediaTypeHeaderInputBase64": "botocore's parameter is the JSON value, the case's is its text",
}

_ITEM_NAME = "botocore looks for flattened lists under their items' name, Smithy doesn't"
_TEXT = "botocore leaves the numbers that JSON lacks as text; see test_json"
_UNION = "botocore refuses a union without a member"
_BODY = "botocore gives a body even where none was set"
_SPLIT = "botocore splits header lists at every comma"
OUTPUT_EXCEPTIONS = {
    "Ec2XmlLists": _ITEM_NAME,
    "QueryXmlLists": _ITEM_NAME,
    "XmlLists": _ITEM_NAME,
    "AwsJson11SupportsNaNFloatInputs": _TEXT,
    "AwsJson11SupportsInfinityFloatInputs": _TEXT,
    "AwsJson11SupportsNegativeInfinityFloatInputs": _TEXT,
    "AwsJson10SupportsNaNFloatInputs": _TEXT,
    "AwsJson10SupportsInfinityFloatInputs": _TEXT,
    "AwsJson10SupportsNegativeInfinityFloatInputs": _TEXT,
    "RestJsonHttpPayloadWithUnsetUnion": _UNION,
    "RestXmlHttpPayloadWithUnsetUnion": _UNION,
    "RestJsonHttpPayloadTraitsWithNoBlobBody": _BODY,
    "HttpPayloadTraitsWithNoBlobBody": _BODY,
    "RestJsonInputAndOutputWithQuotedStringHeaders": _SPLIT,
    "RestJsonInputAndOutputWithTimestampHeaders": _SPLIT,
    "InputAndOutputWithTimestampHeaders": _SPLIT,
    "HttpPrefixHeadersResponse": "botocore puts every header into a map without a prefix",
}


def protocol_of(name: str, suite: dict[str, Any]) -> str:
    return "smithy-rpc-v2-cbor" if name.startswith("smithy") else suite["metadata"]["protocol"]


def test_the_cases_are_there() -> None:
    cases.require()
    assert len(cases.load("input")) > 300
    assert len(cases.load("output")) > 300


@pytest.mark.parametrize(("name", "suite", "case"), cases.load("input"))
def test_requests_are_read(name: str, suite: dict[str, Any], case: dict[str, Any]) -> None:
    if case["id"] in INPUT_EXCEPTIONS:
        pytest.skip(INPUT_EXCEPTIONS[case["id"]])
    op = cases.operation(suite, case)
    protocol = protocol_of(name, suite)
    request, labels = cases.request_of(op, case["serialized"], case["params"], protocol == "smithy-rpc-v2-cbor")
    params = codec(protocol).decode(op, request, labels)
    expected = cases.unbound(op, cases.native(op.input, case["params"]))
    token = cases.token_member(op)
    if token is not None:
        expected.setdefault(token, "00000000-0000-4000-8000-000000000000")
    assert cases.same(params, expected), f"{params} is not {expected}"


def as_botocore(op: Any, protocol: str, response: Response, shape: Any = None) -> dict[str, Any]:
    """The response as botocore parses it."""
    from io import BytesIO

    from botocore.response import StreamingBody

    body: Any = response.read()
    if op.model.has_streaming_output and response.status < 300:
        body = StreamingBody(BytesIO(body), len(body))
    message = {
        "status_code": response.status,
        "headers": Headers(response.headers),
        "body": body,
        "context": {"operation_name": op.name},
    }
    answer = create_parser(protocol).parse(message, shape or op.model.output_shape)
    answer.pop("ResponseMetadata", None)
    return answer


@pytest.mark.parametrize(
    ("name", "suite", "case"),
    [p for p in cases.load("output") if "error" not in p.values[2]],  # type: ignore[index]
)
def test_answers_are_written(name: str, suite: dict[str, Any], case: dict[str, Any]) -> None:
    if case["id"] in OUTPUT_EXCEPTIONS:
        pytest.skip(OUTPUT_EXCEPTIONS[case["id"]])
    op = cases.operation(suite, case)
    protocol = protocol_of(name, suite)
    result = cases.native(op.output, case["result"])
    answer = as_botocore(op, protocol, codec(protocol).encode(op, result, "request-id"))
    expected = {key: value for key, value in result.items() if value is not None}
    assert cases.same(answer, expected), f"{answer} is not {expected}"
    direct = parsed(op, result, protocol)
    again = as_botocore(op, protocol, codec(protocol).encode(op, result, "request-id"))
    assert cases.same(direct, again), f"{direct} is not {again}"


@pytest.mark.parametrize(
    ("name", "suite", "case"),
    [p for p in cases.load("output") if "error" in p.values[2]],  # type: ignore[index]
)
def test_errors_are_written(name: str, suite: dict[str, Any], case: dict[str, Any]) -> None:
    if case["id"] in OUTPUT_EXCEPTIONS:
        pytest.skip(OUTPUT_EXCEPTIONS[case["id"]])
    op = cases.operation(suite, case)
    protocol = protocol_of(name, suite)
    shape = next(s for s in op.service.model.error_shapes if s.name == case["given"]["errors"][0]["shape"])
    members = cases.native(shape, case["error"])
    error = AwsError(case["errorCode"], case.get("errorMessage", ""), case["response"]["status_code"], members)
    error.shape = shape.name
    response = codec(protocol).encode_error(op.service, op, error, "request-id")
    assert response.status == case["response"]["status_code"]
    answer = as_botocore(op, protocol, response)
    assert answer["Error"]["Code"] == case["errorCode"]
    if "errorMessage" in case:
        assert answer["Error"]["Message"] == case["errorMessage"]
    modelled = as_botocore(op, protocol, response, shape)
    assert cases.same({key: modelled.get(key) for key in members}, members), f"{modelled} is not {members}"
    direct = parsed_error(op, error, protocol)
    assert direct["Error"] == answer["Error"]
    assert cases.same({key: direct.get(key) for key in members}, members)
