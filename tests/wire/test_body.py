"""Unpacking of bodies: ``aws-chunked`` and gzip, from bytes and from files."""

from __future__ import annotations

import gzip
from io import BytesIO
from typing import Any

import pytest

from sundog.wire.body import gunzip, unchunk, unwrap
from sundog.wire.codec import codec
from sundog.wire.errors import AwsError
from sundog.wire.http import Request
from sundog.wire.model import get_service

SIGNED = (
    b"5;chunk-signature=aa\r\nhello\r\n6;chunk-signature=bb\r\n world\r\n0;chunk-signature=cc\r\n"
    b"x-amz-checksum-crc32:AAAA==\r\nx-amz-trailer-signature:dd\r\n\r\n"
)
UNSIGNED = b"B\r\nhello world\r\n0\r\nx-amz-checksum-crc32: AAAA==\r\n\r\n"


def content(body: Any) -> bytes:
    return body if isinstance(body, bytes) else body.read()


@pytest.mark.parametrize("body", [SIGNED, UNSIGNED, UNSIGNED[:-2]])
@pytest.mark.parametrize("kind", [bytes, BytesIO])
def test_chunks_and_trailers(body: bytes, kind: Any) -> None:
    payload, trailers = unchunk(kind(body))
    assert content(payload) == b"hello world"
    assert trailers == {"x-amz-checksum-crc32": "AAAA=="}


@pytest.mark.parametrize("kind", [bytes, BytesIO])
def test_an_empty_body_and_none_trailing(kind: Any) -> None:
    for body in (b"0\r\n\r\n", b"0;chunk-signature=x\r\n\r\n", b"0\r\n"):
        payload, trailers = unchunk(kind(body))
        assert (content(payload), trailers) == (b"", {})


@pytest.mark.parametrize("kind", [bytes, BytesIO])
@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"", "IncompleteBody"),
        (b"5\r\nhel", "IncompleteBody"),
        (b"5\r\nhelloX\r\n0\r\n\r\n", "IncompleteBody"),
        (b"5\r\nhello\r\n", "IncompleteBody"),
        (b"-5\r\nhello\r\n0\r\n\r\n", "InvalidRequest"),
        (b"zz\r\nhello\r\n0\r\n\r\n", "InvalidRequest"),
        (b"0x5\r\nhello\r\n0\r\n\r\n", "InvalidRequest"),
        (b"ffffffffffffffff\r\nhello\r\n0\r\n\r\n", "IncompleteBody"),
        (b"f" * 20_000, "IncompleteBody"),
        (b"0\r\nno colon\r\n\r\n", "IncompleteBody"),
    ],
)
def test_bad_chunks_are_refused(kind: Any, body: bytes, code: str) -> None:
    with pytest.raises(AwsError) as caught:
        unchunk(kind(body))
    assert (caught.value.code, caught.value.status) == (code, 400)


def test_a_put_reads_the_content_and_the_trailing_checksum() -> None:
    op = get_service("s3").operation("PutObject")
    assert op is not None
    headers = {
        "content-encoding": "gzip,aws-chunked",
        "x-amz-decoded-content-length": "11",
        "x-amz-trailer": "x-amz-checksum-crc32",
        "x-amz-content-sha256": "STREAMING-UNSIGNED-PAYLOAD-TRAILER",
    }
    request = Request("PUT", "x", "/", "", headers, UNSIGNED)
    params = codec("rest-xml").decode(op, request, {"Bucket": "b", "Key": "k"})
    assert params["Body"] == b"hello world"
    assert params["ChecksumCRC32"] == "AAAA=="
    assert params["ContentEncoding"] == "gzip"  # the object's own, which nobody undoes


def test_a_wrong_length_is_refused() -> None:
    headers = {"content-encoding": "aws-chunked", "x-amz-decoded-content-length": "12"}
    with pytest.raises(AwsError, match="IncompleteBody"):
        unwrap(Request("PUT", "x", "/", "", headers, UNSIGNED))


def test_chunks_are_known_by_the_content_hash_alone() -> None:
    request = Request("PUT", "x", "/", "", {"x-amz-content-sha256": "STREAMING-AWS4-HMAC-SHA256-PAYLOAD"}, SIGNED)
    unwrap(request)
    assert request.body == b"hello world"
    unwrap(request)
    assert request.body == b"hello world"


@pytest.mark.parametrize("kind", [bytes, BytesIO])
def test_gzip_is_undone(kind: Any) -> None:
    data = b"x" * 3_000_000
    assert content(gunzip(kind(gzip.compress(data, mtime=0)))) == data
    assert content(gunzip(kind(gzip.compress(b"a", mtime=0) + gzip.compress(b"b", mtime=0)))) == b"ab"
    assert content(gunzip(kind(gzip.compress(b"", mtime=0)))) == b""


@pytest.mark.parametrize("kind", [bytes, BytesIO])
def test_a_bomb_does_not_go_off(kind: Any) -> None:
    bomb = gzip.compress(b"\0" * 50_000_000, mtime=0)
    with pytest.raises(AwsError) as caught:
        gunzip(kind(bomb), limit=1_000_000)
    assert caught.value.status == 413


@pytest.mark.parametrize(
    "body", [b"nonsense", gzip.compress(b"hello", mtime=0)[:-4], gzip.compress(b"hello", mtime=0)[:12], b"\x1f\x8b"]
)
def test_what_is_no_gzip_is_refused(body: bytes) -> None:
    with pytest.raises(AwsError, match="InvalidRequest"):
        gunzip(body)


@pytest.mark.parametrize(
    ("service", "name", "protocol", "body", "expected"),
    [
        ("cloudwatch", "ListMetrics", "json", b'{"Namespace":"n"}', {"Namespace": "n"}),
        ("cloudwatch", "ListMetrics", "query", b"Namespace=n", {"Namespace": "n"}),
        ("cloudwatch", "ListMetrics", "smithy-rpc-v2-cbor", b"\xa1iNamespacean", {"Namespace": "n"}),
        ("xray", "GetServiceGraph", "rest-json", b'{"GroupName":"g"}', {"GroupName": "g"}),
    ],
)
def test_every_protocol_reads_gzip(service: str, name: str, protocol: str, body: bytes, expected: Any) -> None:
    op = get_service(service).operation(name)
    assert op is not None
    request = Request("POST", "x", "/", "", {"content-encoding": "gzip"}, gzip.compress(body, mtime=0))
    assert codec(protocol).decode(op, request, {}) == expected
