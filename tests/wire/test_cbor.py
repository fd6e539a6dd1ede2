"""CBOR: our own small codec against botocore's, and hostile bytes."""

from __future__ import annotations

import io
import math
import struct
from contextlib import suppress
from datetime import datetime, timezone
from typing import Any

import pytest
from botocore.parsers import RpcV2CBORParser
from hypothesis import given, settings
from hypothesis import strategies as st

from sundog.wire.cborcodec import BadCbor, Epoch, dumps, loads
from sundog.wire.codec import codec
from sundog.wire.errors import AwsError
from sundog.wire.http import Request
from sundog.wire.model import Operation, get_service

VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**64), 2**64 - 1)
    | st.floats(allow_nan=False)
    | st.text(st.characters(codec="utf-8"), max_size=300)
    | st.binary(max_size=300),
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(st.text(max_size=5), inner, max_size=5),
    max_leaves=10,
)


def botocore_reads(data: bytes) -> Any:
    return RpcV2CBORParser().parse_data_item(io.BufferedReader(io.BytesIO(data)))  # type: ignore[arg-type]


def without_nulls(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: without_nulls(item) for key, item in value.items() if item is not None}
    return [without_nulls(item) for item in value] if isinstance(value, list) else value


@settings(max_examples=150, derandomize=True, database=None, deadline=None)
@given(VALUES)
def test_what_is_written_is_read_by_us_and_by_botocore(value: Any) -> None:
    data = dumps(value)
    assert loads(data) == value
    assert botocore_reads(data) == without_nulls(value)


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        ("bf6161019f0203ff6162ff", None),
        ("bf61610161629f0203ffff", {"a": 1, "b": [2, 3]}),
        ("5f42010243030405ff", b"\x01\x02\x03\x04\x05"),
        ("7f657374726561646d696e67ff", "streaming"),
        ("9fff", []),
        ("f97bff", 65504.0),
        ("fa47c35000", 100000.0),
        ("f97c00", math.inf),
        ("f7", None),
        ("3903e7", -1000),
        ("c11a514b67b0", datetime(2013, 3, 21, 20, 4, 0, tzinfo=timezone.utc)),
        ("c1fb41d452d9ec200000", datetime(2013, 3, 21, 20, 4, 0, 500000, tzinfo=timezone.utc)),
        ("c249010000000000000000", 2**64),
        ("d9d9f7a0", {}),
    ],
)
def test_forms_that_clients_may_send(data: str, expected: Any) -> None:
    if expected is None and data != "f7":
        with pytest.raises(BadCbor):
            loads(bytes.fromhex(data))
        return
    assert loads(bytes.fromhex(data)) == expected


@settings(max_examples=500, derandomize=True, database=None, deadline=None)
@given(st.binary(max_size=60))
def test_hostile_bytes_raise_nothing_else(data: bytes) -> None:
    with suppress(BadCbor):
        loads(data)


@pytest.mark.parametrize(
    "data", [b"\x81" * 100_000, b"\x9b" + b"\xff" * 8, b"\xbb" + b"\x7f" * 8, b"\x7b" + b"\xff" * 8]
)
def test_depths_and_lengths_have_limits(data: bytes) -> None:
    with pytest.raises(BadCbor):
        loads(data)


def test_half_a_double_is_still_nan() -> None:
    assert math.isnan(loads(bytes.fromhex("f97e00")))
    assert math.isnan(loads(dumps(math.nan)))
    assert loads(dumps(Epoch(1.5))) == datetime(1970, 1, 1, 0, 0, 1, 500000, timezone.utc)


def operation(name: str) -> Operation:
    found = get_service("cloudwatch").operation(name)
    assert found is not None
    return found


def test_a_call_both_ways() -> None:
    moment = datetime(2020, 1, 2, 3, 4, 5, 500000, timezone.utc)
    point = {"MetricName": "m", "Value": 1.5, "Timestamp": Epoch(1577934245.5), "Nonsense": None, "Other": [1]}
    body = dumps({"Namespace": "n", "MetricData": [point]})
    params = codec("smithy-rpc-v2-cbor").decode(operation("PutMetricData"), Request("POST", "x", body=body), {})
    assert params == {"Namespace": "n", "MetricData": [{"MetricName": "m", "Value": 1.5, "Timestamp": moment}]}
    result = {"MetricAlarms": [{"AlarmName": "a", "StateUpdatedTimestamp": moment, "Threshold": 0.1}]}
    response = codec("smithy-rpc-v2-cbor").encode(operation("DescribeAlarms"), result, "r")
    assert response.headers["smithy-protocol"] == "rpc-v2-cbor"
    assert loads(response.read()) == result


@pytest.mark.parametrize(
    "value", [[], "x", {"Namespace": 1}, {"Namespace": b"x"}, {"MetricData": {}}, {"MetricData": 1}]
)
def test_what_is_of_the_wrong_type_is_refused(value: Any) -> None:
    with pytest.raises(AwsError, match="SerializationException"):
        codec("smithy-rpc-v2-cbor").decode(operation("PutMetricData"), Request("POST", "x", body=dumps(value)), {})
    with pytest.raises(AwsError, match="SerializationException"):
        codec("smithy-rpc-v2-cbor").decode(operation("PutMetricData"), Request("POST", "x", body=b"\xa1"), {})


def test_an_error_tells_the_query_code_too() -> None:
    error = AwsError("ResourceNotFound", "no", 404)
    error.shape = "DashboardNotFoundError"
    response = codec("smithy-rpc-v2-cbor").encode_error(get_service("cloudwatch"), None, error, "r")
    assert response.headers["x-amzn-query-error"] == "ResourceNotFound;Sender"
    assert loads(response.read()) == {"__type": "DashboardNotFoundError", "message": "no"}


def test_single_precision_is_read_as_it_is() -> None:
    assert loads(b"\xfa" + struct.pack(">f", 0.5)) == 0.5
