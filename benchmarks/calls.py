"""What a call costs in-process, against the same call answered by a canned ``before-send`` handler.

The canned handler is the floor of every mock that answers below botocore: serializing, signing and parsing are botocore's.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from typing import Any

import boto3
from botocore.awsrequest import AWSResponse

from sundog import mock_aws

KEYS = {"region_name": "us-east-1", "aws_access_key_id": "AKIAIOSFODNN7EXAMPLE", "aws_secret_access_key": "secret"}


class _Raw:
    def __init__(self, body: bytes) -> None:
        self._body = body

    def stream(self, *_: Any, **__: Any) -> Any:
        yield self._body


def recorded(service: str, operation: str, arguments: dict[str, Any], prepare: Callable[[Any], Any] | None) -> Any:
    """The bytes that the wire path answers the call with."""
    kept: list[Any] = []
    with mock_aws(path="wire"):
        client = boto3.client(service, **KEYS)
        if prepare:
            prepare(client)
        client.meta.events.register(
            "before-parse",
            lambda response_dict, **_: kept.append((response_dict["body"], dict(response_dict["headers"]))),
        )
        getattr(client, operation)(**arguments)
    return kept[-1]


def canned(
    service: str, operation: str, arguments: dict[str, Any], body: bytes, headers: dict[str, str]
) -> Callable[[], Any]:
    client = boto3.client(service, **KEYS)
    client.meta.events.register("before-send", lambda request, **_: AWSResponse(request.url, 200, headers, _Raw(body)))
    method = getattr(client, operation)
    return lambda: method(**arguments)


def timed(call: Callable[[], Any], count: int) -> float:
    begin = time.perf_counter()
    for _ in range(count):
        call()
    return (time.perf_counter() - begin) / count


def compare(
    service: str, operation: str, arguments: dict[str, Any], prepare: Callable[[Any], Any] | None = None
) -> dict[str, float]:
    """Microseconds of the floor, and the ratios of both paths to it; medians of interleaved rounds."""
    body, headers = recorded(service, operation, arguments, prepare)
    floor = canned(service, operation, arguments, body, headers)
    floors: list[float] = []
    ratios: dict[str, list[float]] = {"direct": [], "wire": []}
    for _ in range(9):
        base = timed(floor, 60)
        floors.append(base)
        for path in ratios:
            with mock_aws(path=path):
                client = boto3.client(service, **KEYS)
                if prepare:
                    prepare(client)
                method = getattr(client, operation)
                method(**arguments)
                ratios[path].append(timed(lambda method=method: method(**arguments), 60) / base)
    return {"floor_us": statistics.median(floors) * 1e6, **{k: statistics.median(v) for k, v in ratios.items()}}


CASES: list[tuple[str, str, dict[str, Any], Callable[[Any], Any] | None]] = [
    ("sts", "get_caller_identity", {}, None),
]


def main() -> None:
    for service, operation, arguments, prepare in CASES:
        found = compare(service, operation, arguments, prepare)
        print(
            f"{service}.{operation}: floor {found['floor_us']:.0f} us, "
            f"direct {found['direct']:.2f} (budget 0.5), wire {found['wire']:.2f} (budget 1.3)"
        )


if __name__ == "__main__":
    main()
