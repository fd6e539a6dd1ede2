"""AWS's protocol cases as this project's tests see them: models, requests and values in botocore's form."""

from __future__ import annotations

import json
import math
import os
import re
import sys
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import botocore
import pytest
from botocore.model import ServiceModel

from sundog.wire.http import Request
from sundog.wire.model import Operation, Service

HOME = Path(__file__).resolve().parents[2] / ".protocol-cases" / botocore.__version__
EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)


def load(kind: str) -> list[Any]:
    """Every case of a kind as a pytest parameter: file name, suite, case."""
    files = sorted((HOME / kind).glob("*.json"))
    return [
        pytest.param(file.stem, suite, case, id=f"{file.stem}-{case['id']}")
        for file in files
        for suite in json.loads(file.read_text())
        for case in suite["cases"]
    ]


def require() -> None:
    """The cases must be there, unless it was said that there is no network to fetch them from."""
    if not HOME.exists():
        if os.environ.get("SUNDOG_OFFLINE"):
            pytest.skip("SUNDOG_OFFLINE is set and tools/fetch_protocol_cases.py has not run")
        pytest.fail(
            f"no protocol cases for botocore {botocore.__version__}: run {sys.executable} tools/fetch_protocol_cases.py"
        )


def operation(suite: dict[str, Any], case: dict[str, Any]) -> Operation:
    """The case's operation, as if it were a service's only one."""
    given = case["given"]
    description = {"metadata": suite["metadata"], "shapes": suite["shapes"], "operations": {given["name"]: given}}
    if suite["metadata"]["protocol"] == "query" and "output" in given:
        given["output"].setdefault("resultWrapper", f"{given['name']}Result")
    description["metadata"].setdefault("endpointPrefix", "cases")
    description["metadata"].setdefault("serviceId", "Cases")
    found = Service("cases", ServiceModel(description, "cases")).operation(given["name"])
    assert found is not None
    return found


def labels(template: str, path: str) -> dict[str, str]:
    """The labels of a URI, decoded."""
    template = template.partition("?")[0].rstrip("/") or "/"
    names = re.findall(r"\{([^}+]+)\+?\}", template)
    pattern = "".join(
        ("(.+)" if part.endswith("+}") else "([^/]+)") if part.startswith("{") else re.escape(part)
        for part in re.split(r"(\{[^}]+\})", template)
    )
    match = re.search(f"{pattern}$", path.rstrip("/") or "/")
    assert match is not None, (template, path)
    return dict(zip(names, map(unquote, match.groups()), strict=True))


def packed(op: Operation, params: dict[str, Any]) -> bytes:
    """The body as botocore sends it, gzipped: these cases leave it out."""
    from gzip import compress
    from urllib.parse import urlencode

    from botocore.serialize import create_serializer

    body = create_serializer(op.service.protocols[0]).serialize_to_request(params, op.model)["body"]
    return compress(urlencode(body).encode() if isinstance(body, dict) else body)


def request_of(
    op: Operation, serialized: dict[str, Any], params: dict[str, Any], binary: bool
) -> tuple[Request, dict[str, str]]:
    from base64 import b64decode

    path, _, query = serialized.get("uri", "/").partition("?")
    headers = {name.lower(): value for name, value in serialized.get("headers", {}).items()}
    if headers.get("content-encoding", "").endswith("gzip"):
        content = packed(op, params)
    else:
        body = serialized.get("body", "") or ""
        content = b64decode(body) if binary else body.encode()
    request = Request(serialized.get("method", "POST"), "cases.amazonaws.com", path, query, headers, content)
    return request, labels(op.uri, path) if op.model.service_model.protocol.startswith("rest") else {}


def token_member(op: Operation) -> str | None:
    """The member that botocore fills by itself."""
    members = op.input.members if op.input is not None else {}
    return next((name for name, shape in members.items() if shape.metadata.get("idempotencyToken")), None)


def unbound(op: Operation, params: dict[str, Any]) -> dict[str, Any]:
    """The parameters, with a map of query parameters holding none that have members of their own."""
    members = op.input.members if op.input is not None else {}
    names = {shape.serialization.get("name", name) for name, shape in members.items() if shape.type_name != "map"}
    found = dict(params)
    for name, shape in members.items():
        if name in params and shape.type_name == "map" and shape.serialization.get("location") == "querystring":
            found[name] = {key: value for key, value in params[name].items() if key not in names}
            if not found[name]:
                del found[name]
    return found


def native(shape: Any, value: Any) -> Any:
    """A case's JSON value as botocore takes and gives it."""
    if value is None or shape is None:
        return value
    kind = shape.type_name
    if getattr(shape, "is_document_type", False):
        return value
    if kind == "structure":
        return {
            name: native(shape.members[name], item)
            for name, item in value.items()
            if item is not None or name not in shape.members
        }
    if kind == "list":
        return [native(shape.member, item) for item in value]
    if kind == "map":
        return {key: native(shape.value, item) for key, item in value.items()}
    if kind == "timestamp" and isinstance(value, (int, float)):
        return EPOCH + timedelta(milliseconds=round(value * 1000))
    if kind == "blob" and isinstance(value, str):
        return value.encode()
    if kind in ("float", "double"):
        return float(value)
    return value


def same(left: Any, right: Any) -> bool:
    """Equality in which NaN equals itself, and streams equal their content."""
    if hasattr(left, "read"):
        left = left.read()
    if hasattr(right, "read"):
        right = right.read()
    if isinstance(left, float) and isinstance(right, float) and math.isnan(left):
        return math.isnan(right)
    if isinstance(left, dict) and isinstance(right, dict):
        return left.keys() == right.keys() and all(same(item, right[key]) for key, item in left.items())
    if isinstance(left, list) and isinstance(right, list):
        return len(left) == len(right) and all(map(same, left, right))
    if isinstance(left, bool) is not isinstance(right, bool):
        return False
    return left == right
