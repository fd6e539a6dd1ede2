"""Every operation of every service, serialized by botocore, finds its way back: at AWS's host and at a bare endpoint.

An ordinary run takes every fourth operation of each service; ``SUNDOG_ALL=1`` takes them all (some 40,000 requests).
"""

from __future__ import annotations

import os
from typing import Any
from urllib.parse import urlencode, urlsplit

import pytest
from botocore.awsrequest import prepare_request_dict
from botocore.model import Shape
from botocore.serialize import create_serializer

from sundog.wire.http import Request
from sundog.wire.model import Operation, Service, get_service, service_names
from sundog.wire.route import route

STEP = 1 if os.environ.get("SUNDOG_ALL") else 4
SHARDS = 8

# What nothing in the request tells apart, and which service answers then. "host": even at AWS's own host name.
SAME_AT_HOST = {
    # One API with three names; engines differ in their parameters only.
    "neptune": "rds",
    "docdb": "rds",
    # The older name of the same API, path by path.
    "wisdom": "qconnect",
    "pinpoint-sms-voice": "sms-voice",
    # TagResource and the like have the same path in both; the ARN alone differs.
    "greengrassv2": "greengrass",
    "lambda-microvms": "lambda",
    # One operation, modelled twice.
    "signer-data": "signer",
}
SAME_WITHOUT_HOST = {
    # One signing name, and the paths of tagging are the same.
    "bedrock-agent-runtime": "bedrock-agent",
    "bedrock-data-automation": "bedrock",
    "chime-sdk-identity": "chime-sdk-voice",
    "chime-sdk-media-pipelines": "chime-sdk-voice",
    "chime-sdk-meetings": "chime-sdk-voice",
    "chime-sdk-messaging": "chime-sdk-voice",
    "ivs-realtime": "ivs",
    "lexv2-models": "lex-models",  # and ListImports, whose path is StartImport's
    # Chime's own phone numbers and Voice's: the later API kept the earlier one's paths.
    "chime-sdk-voice": "chime",
    # One target prefix for both.
    "timestream-write": "timestream-query",
}
# Older operations whose requests are the newer ones'; and a list that only its own host name asks for.
OLDER = {
    "GetBucketLifecycle": "GetBucketLifecycleConfiguration",
    "PutBucketLifecycle": "PutBucketLifecycleConfiguration",
    "GetBucketNotification": "GetBucketNotificationConfiguration",
    "PutBucketNotification": "PutBucketNotificationConfiguration",
    "ListDirectoryBuckets": "ListBuckets",
}

SAME_PATH = {"ListImports": "StartImport"}


def value(shape: Shape, name: str = "x", depth: int = 0) -> Any:
    """The least that the model takes."""
    kind = shape.type_name
    if kind == "string":
        values = getattr(shape, "enum", None)
        return values[0] if values else f"v{name}"[:8].ljust(min(shape.metadata.get("min", 1), 64), "a")
    if kind == "structure":
        required = shape.required_members if depth < 5 else ()
        return {member: value(shape.members[member], member, depth + 1) for member in required}
    if kind == "list":
        return [value(shape.member, "i", depth + 1)] if depth < 4 else []
    if kind == "map":
        return {value(shape.key): value(shape.value, "v", depth + 1)} if depth < 4 else {}
    if kind in ("integer", "long"):
        return max(1, shape.metadata.get("min", 1))
    simple: dict[str, Any] = {"float": 1.0, "double": 1.0, "boolean": True, "blob": b"x"}
    return simple.get(kind, "2026-01-01T00:00:00Z")


def serialized(op: Operation, protocol: str, host: str) -> tuple[Request, dict[str, Any]]:
    params = value(op.input) if op.input is not None else {}
    if (op.service.name, op.name) == ("s3control", "CreateBucket"):
        # Not required by the model, but by AWS; without it a request for a bucket is S3's.
        params["OutpostId"] = "op-1"
    made = create_serializer(protocol, False).serialize_to_request(params, op.model)
    headers = {name.lower(): str(content) for name, content in made["headers"].items()}
    prepare_request_dict(made, endpoint_url="http://x")
    url = urlsplit(made["url"])
    body = made["body"]
    if isinstance(body, dict):
        body = urlencode(body)
    body = body.encode() if isinstance(body, str) else bytes(body)
    headers["authorization"] = (
        f"AWS4-HMAC-SHA256 Credential=AKID/20260101/us-east-1/{op.service.signing_name}/aws4_request, "
        "SignedHeaders=host, Signature=0"
    )
    return Request(made["method"], host, url.path, url.query, headers, body), params


def aws_host(op: Operation) -> str:
    prefix: str = (op.model.endpoint or {}).get("hostPrefix", "")
    return f"{'abc.' if '{' in prefix else prefix}{op.service.endpoint_prefix}.us-east-1.amazonaws.com"


def expected_labels(op: Operation, params: dict[str, Any]) -> dict[str, str]:
    labels: dict[str, str] = {}
    for name, member in (op.input.members if op.input is not None else {}).items():
        if member.serialization.get("location") == "uri":
            text = params[name]
            labels[member.serialization["name"]] = str(text).lower() if isinstance(text, bool) else str(text)
    return labels


def problems(service: Service, op: Operation, at_host: bool) -> list[str]:
    same = SAME_AT_HOST if at_host else {**SAME_WITHOUT_HOST, **SAME_AT_HOST}
    found = []
    for protocol in service.protocols:
        host = aws_host(op) if at_host else "127.0.0.1:4566"
        request, params = serialized(op, protocol, host)
        where = f"{service.name}:{op.name} {protocol} {request}"
        routed = route(request)
        assert routed.operation is not None, where
        got = routed.service.name, routed.operation.name
        if got != (service.name, op.name):
            other = same.get(service.name)
            if got not in {(other, op.name), (service.name, OLDER.get(op.name)), (other, SAME_PATH.get(op.name))}:
                found.append(f"{where}: {got}")
            continue
        if routed.protocol != protocol:
            found.append(f"{where}: {routed.protocol}")
        if routed.region != "us-east-1":
            found.append(f"{where}: region {routed.region}")
        for name, text in expected_labels(op, params).items():
            if routed.labels.get(name) != text:
                found.append(f"{where}: {name}={routed.labels.get(name)!r}, not {text!r}")
    return found


@pytest.mark.parametrize("at_host", [True, False], ids=["host", "bare"])
@pytest.mark.parametrize("shard", range(SHARDS))
def test_every_operation_is_found(shard, at_host):
    wrong: list[str] = []
    count = 0
    for name in sorted(service_names())[shard::SHARDS]:
        service = get_service(name)
        for operation in service.operation_names[::STEP]:
            op = service.operation(operation)
            assert op is not None
            wrong += problems(service, op, at_host)
            count += 1
    assert count > 200
    assert wrong == []


def test_the_ambiguities_are_real():
    """So that the list above doesn't hide what routing could tell by now."""
    for name, other in SAME_AT_HOST.items():
        mine, theirs = get_service(name), get_service(other)
        assert mine.endpoint_prefix == theirs.endpoint_prefix or name == "signer-data"
    for name, other in SAME_WITHOUT_HOST.items():
        assert get_service(name).signing_name == get_service(other).signing_name


@pytest.mark.parametrize(("agent", "service"), [("api/neptune#1.0", "neptune"), ("api/docdb/3", "docdb"), ("x", "rds")])
def test_the_user_agent_tells_twins_apart(agent, service):
    op = get_service(service).operation("DescribeDBClusters")
    assert op is not None
    request, _ = serialized(op, "query", "rds.us-east-1.amazonaws.com")
    request.headers["user-agent"] = f"aws-sdk-js/3.1 {agent} md/nodejs"
    assert route(request).service.name == service
