"""Bodies as they were before the client packed them: ``aws-chunked`` and gzip undone."""

from __future__ import annotations

import io
import re
import zlib
from tempfile import SpooledTemporaryFile
from typing import IO, Any

from sundog.wire.errors import AwsError
from sundog.wire.http import Body, Request

INFLATED_LIMIT = 256 * 1024 * 1024
"""The most that a gzipped body may hold."""

_IN_MEMORY = 1024 * 1024
_BLOCK = 256 * 1024
_SIZE = re.compile(rb"[0-9A-Fa-f]{1,16}\Z")
_LINE = 8192


def unwrap(request: Request, inflate: bool = True) -> None:
    """Put the body into the request as the client had it before packing, and the trailing headers among the headers.

    Where the body is an object's content, gzip is the object's own affair: then ``inflate`` is false.
    """
    headers = request.headers
    encodings = [part.strip() for part in headers.get("content-encoding", "").split(",") if part.strip()]
    packed = headers.get("x-amz-content-sha256", "").startswith("STREAMING-")
    if packed or "aws-chunked" in encodings:
        request.body, trailers = unchunk(request.body)
        length = headers.pop("x-amz-decoded-content-length", None)
        if length is not None and (not length.isdecimal() or int(length) != size(request.body)):
            raise incomplete("You did not provide the number of bytes specified by the Content-Length HTTP header")
        headers.update(trailers)
        # Who unwraps again finds nothing left to do.
        headers.pop("x-amz-content-sha256", None)
        encodings = [encoding for encoding in encodings if encoding != "aws-chunked"]
        if "content-length" in headers:
            headers["content-length"] = str(size(request.body))
    elif not inflate or not encodings:
        return
    if inflate:
        while encodings and encodings[-1].lower() in ("gzip", "x-gzip"):
            encodings.pop()
            if request.body:
                request.body = gunzip(request.body)
    if encodings:
        headers["content-encoding"] = ",".join(encodings)
    else:
        headers.pop("content-encoding", None)


def is_packed(request: Request) -> bool:
    headers = request.headers
    return "content-encoding" in headers or headers.get("x-amz-content-sha256", "").startswith("STREAMING-")


def size(body: Body) -> int:
    if isinstance(body, bytes):
        return len(body)
    end = body.seek(0, io.SEEK_END)
    body.seek(0)
    return end


def incomplete(message: str = "The request body terminated unexpectedly") -> AwsError:
    return AwsError("IncompleteBody", message)


def unchunk(body: Body) -> tuple[Body, dict[str, str]]:
    """The payload of an ``aws-chunked`` body, signed or not, and its trailing headers."""
    if isinstance(body, bytes):
        return _unchunk_bytes(body)
    body.seek(0)
    out: IO[bytes] = SpooledTemporaryFile(_IN_MEMORY)  # type: ignore[assignment]  # noqa: SIM115
    try:
        while True:
            count = _chunk_size(_line(body))
            if count == 0:
                break
            while count:
                block = body.read(min(count, _BLOCK))
                if not block:
                    raise incomplete()
                out.write(block)
                count -= len(block)
            if body.read(2) != b"\r\n":
                raise incomplete()
        trailers: dict[str, str] = {}
        while True:
            line = body.readline(_LINE)
            if not line.strip():
                break
            _trailer(line, trailers)
    except BaseException:
        out.close()
        raise
    out.seek(0)
    return out, trailers


def _unchunk_bytes(body: bytes) -> tuple[bytes, dict[str, str]]:
    view = memoryview(body)
    parts: list[Any] = []
    position = 0
    while True:
        end = body.find(b"\r\n", position, position + _LINE)
        if end < 0:
            raise incomplete()
        count = _chunk_size(body[position:end])
        position = end + 2
        if count == 0:
            break
        end = position + count
        if body[end : end + 2] != b"\r\n":
            raise incomplete()
        parts.append(view[position:end])
        position = end + 2
    trailers: dict[str, str] = {}
    for line in body[position:].split(b"\r\n"):
        if not line:
            break
        _trailer(line, trailers)
    return b"".join(parts), trailers


def _line(body: IO[bytes]) -> bytes:
    line = body.readline(_LINE)
    if not line.endswith(b"\r\n"):
        raise incomplete()
    return line[:-2]


def _chunk_size(line: bytes) -> int:
    text = line.partition(b";")[0].strip()
    if _SIZE.match(text) is None:
        raise AwsError("InvalidRequest", "The chunk size of the request body is not valid")
    return int(text, 16)


def _trailer(line: bytes, trailers: dict[str, str]) -> None:
    name, colon, value = line.partition(b":")
    if not colon:
        raise incomplete()
    key = name.strip().decode("latin-1").lower()
    if key != "x-amz-trailer-signature":
        trailers[key] = value.strip().decode("latin-1")


def gunzip(body: Body, limit: int | None = None) -> Body:
    """What was gzipped; ``AwsError`` if it is none or more than ``limit`` bytes."""
    most = INFLATED_LIMIT if limit is None else limit
    source: IO[bytes] = io.BytesIO(body) if isinstance(body, bytes) else body
    source.seek(0)
    out: IO[bytes] = SpooledTemporaryFile(_IN_MEMORY)  # type: ignore[assignment]  # noqa: SIM115
    inflater = zlib.decompressobj(31)
    written = 0
    finished = False
    block = source.read(_BLOCK)
    try:
        while block:
            data = inflater.decompress(block, _BLOCK)
            finished = inflater.eof
            written += len(data)
            if written > most:
                raise AwsError("RequestEntityTooLarge", "Request is too large.", 413)
            out.write(data)
            if inflater.eof:
                block = inflater.unused_data or source.read(_BLOCK)
                if block:
                    inflater = zlib.decompressobj(31)
            else:
                block = inflater.unconsumed_tail or source.read(_BLOCK)
        while not finished and not inflater.eof:
            data = inflater.decompress(b"", _BLOCK)
            if not data:
                break
            written += len(data)
            if written > most:
                raise AwsError("RequestEntityTooLarge", "Request is too large.", 413)
            out.write(data)
            finished = inflater.eof
        if not finished:
            raise AwsError("InvalidRequest", "The request body is not valid gzip data")
    except zlib.error:
        out.close()
        raise AwsError("InvalidRequest", "The request body is not valid gzip data") from None
    except BaseException:
        out.close()
        raise
    out.seek(0)
    if isinstance(body, bytes):
        with out:
            return out.read()
    return out
