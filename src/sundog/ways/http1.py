"""HTTP/1.1 within the process: the bytes a client library sends become a Request, a Response becomes bytes for it.

The libraries' own code then does what it does on a real connection: redirects, cookies, decoding, streaming, limits.
Both ends are in this process and well-behaved; the server has a real parser.
"""

from __future__ import annotations

import io
import os
import tempfile
from collections.abc import Iterator
from http import HTTPStatus
from typing import IO, Any
from urllib.parse import urlsplit

from sundog.wire.http import Body, Request, Response

SPOOL_LIMIT = 8 * 1024 * 1024
"""Bodies above this are kept in a temporary file."""

CHUNK = 256 * 1024

_DEFAULT_PORTS = {"http": ":80", "https": ":443"}
_BODILESS = frozenset((204, 304))


class Spool:
    """Collects a body: bytes while it is small, then a temporary file."""

    def __init__(self) -> None:
        self._file: IO[bytes] = tempfile.SpooledTemporaryFile(SPOOL_LIMIT)  # noqa: SIM115
        self.size = 0

    def write(self, data: Any) -> None:
        self._file.write(data)
        self.size += len(data)

    def body(self) -> Body:
        self._file.seek(0)
        if self.size > SPOOL_LIMIT:
            return self._file
        data = self._file.read()
        self._file.close()
        return data


def spooled(chunks: Iterator[bytes]) -> Body:
    """One body of many chunks."""
    first = next(chunks, b"")
    second = next(chunks, None)
    if second is None and len(first) <= SPOOL_LIMIT:
        return bytes(first)
    spool = Spool()
    spool.write(first)
    if second is not None:
        spool.write(second)
    for chunk in chunks:
        spool.write(chunk)
    return spool.body()


class RequestReader:
    """Takes the bytes of one request as they come.

    ``scheme`` and ``host`` (with the port, if it isn't the scheme's own) are the connection's: requests in absolute
    form, as sent to a proxy, name their own.
    """

    def __init__(self, scheme: str, host: str) -> None:
        self._scheme = scheme
        self._host = host
        self._head = bytearray()
        self._request: Request | None = None
        self._body: Spool | None = None
        self._left: int | None = 0
        self._chunks: _Chunks | None = None

    @property
    def started(self) -> bool:
        return bool(self._head) or self._request is not None

    @property
    def complete(self) -> bool:
        if self._request is None:
            return False
        return self._chunks.done if self._chunks is not None else not self._left

    @property
    def awaits_continue(self) -> bool:
        """The client sent the head alone and wants to hear that it may go on."""
        request = self._request
        return request is not None and not self.complete and request.headers.get("expect", "").lower() == "100-continue"

    def feed(self, data: Any) -> None:
        if self._request is None:
            self._head += data
            end = self._head.find(b"\r\n\r\n")
            if end < 0:
                return
            data = bytes(self._head[end + 4 :])
            self._begin(bytes(self._head[:end]))
        if not data:
            return
        assert self._body is not None
        if self._chunks is not None:
            self._chunks.feed(bytes(data))
        elif self._left:
            view = memoryview(data).cast("B")[: self._left]
            self._body.write(view)
            self._left -= len(view)

    def _begin(self, head: bytes) -> None:
        lines = head.decode("latin-1").split("\r\n")
        method, target, _ = lines[0].split(" ", 2)
        headers: dict[str, str] = {}
        for line in lines[1:]:
            if line[:1] in (" ", "\t"):  # a folded header, as email.message may write them
                last = next(reversed(headers))
                headers[last] = f"{headers[last]} {line.strip()}"
                continue
            name, _, value = line.partition(":")
            name, value = name.strip().lower(), value.strip()
            headers[name] = f"{headers[name]},{value}" if name in headers else value
        scheme, host = self._scheme, headers.get("host") or self._host
        if not target.startswith("/") and "://" in target:
            parts = urlsplit(target)
            scheme, host = parts.scheme, parts.netloc.rpartition("@")[2]
            target = target[target.index("://") + 3 :]
            target = "/" + target.partition("/")[2] if "/" in target.partition("?")[0] else "/" + target[len(host) :]
        path, _, query = target.partition("?")
        self._request = Request(method, canonical_host(scheme, host), path or "/", query, headers, b"", scheme)
        self._body = Spool()
        if "chunked" in headers.get("transfer-encoding", "").lower():
            self._chunks = _Chunks(self._body)
        else:
            self._left = int(headers.get("content-length") or 0)

    def take(self) -> Request:
        """The request so far; the reader is ready for the next."""
        request = self._request
        if request is None or self._body is None:
            raise ValueError("no request was sent")
        request.body = self._body.body()
        if self._chunks is not None:
            # The framing is undone: who reads on must not undo it again.
            request.headers.pop("transfer-encoding", None)
            request.headers["content-length"] = str(self._body.size)
        self.__init__(self._scheme, self._host)  # type: ignore[misc]
        return request


class _Chunks:
    """Undoes the chunked coding."""

    def __init__(self, out: Spool) -> None:
        self._out = out
        self._buffer = b""
        self._left = 0
        self._trailer = False
        self.done = False

    def feed(self, data: bytes) -> None:
        buffer = self._buffer + data
        while buffer and not self.done:
            if self._left > 2:
                part = buffer[: self._left - 2]
                self._out.write(part)
                self._left -= len(part)
                buffer = buffer[len(part) :]
            elif self._left:
                dropped = min(self._left, len(buffer))
                buffer = buffer[dropped:]
                self._left -= dropped
            else:
                line, end, rest = buffer.partition(b"\r\n")
                if not end:
                    break
                buffer = rest
                if self._trailer:
                    self.done = not line
                else:
                    size = int(line.partition(b";")[0], 16)
                    self._trailer = size == 0
                    self._left = size + 2 if size else 0
        self._buffer = buffer


def canonical_host(scheme: str, host: str) -> str:
    """Lower-case, without the scheme's own port."""
    return host.lower().removesuffix(_DEFAULT_PORTS.get(scheme, ":443"))


def response_chunks(response: Response, method: str) -> Iterator[bytes]:
    """The bytes of one response, head first. A body of unknown length is sent chunked."""
    headers = dict(response.headers)
    body = response.body
    bodiless = method == "HEAD" or response.status in _BODILESS
    chunked = False
    if not bodiless and "content-length" not in headers:
        size = _size(body)
        if size is None:
            headers["transfer-encoding"] = "chunked"
            chunked = True
        else:
            headers["content-length"] = str(size)
    yield _head(response.status, headers)
    if bodiless:
        if not isinstance(body, bytes) and hasattr(body, "close"):
            body.close()  # type: ignore[union-attr]
        return
    for chunk in body_chunks(body):
        yield b"%x\r\n%b\r\n" % (len(chunk), chunk) if chunked else chunk
    if chunked:
        yield b"0\r\n\r\n"


def body_chunks(body: Any) -> Iterator[bytes]:
    """A response's body, whichever of its forms it has, as non-empty chunks."""
    if isinstance(body, bytes):
        if body:
            yield body
    elif hasattr(body, "read"):
        try:
            while chunk := body.read(CHUNK):
                yield chunk
        finally:
            body.close()
    else:
        for chunk in body:
            if chunk:
                yield chunk


def _size(body: Any) -> int | None:
    if isinstance(body, bytes):
        return len(body)
    try:
        here = body.tell()
        size = body.seek(0, os.SEEK_END) - here
        body.seek(here)
    except (AttributeError, OSError):
        return None
    return size


def reason(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "Unknown"


def _head(status: int, headers: dict[str, str]) -> bytes:
    lines = [f"HTTP/1.1 {status} {reason(status)}".encode()]
    for name, value in headers.items():
        text = f"{name}: {value}"
        try:
            lines.append(text.encode("latin-1"))
        except UnicodeEncodeError:
            lines.append(text.encode())
    return b"\r\n".join(lines) + b"\r\n\r\n"


class _Stream(io.RawIOBase):
    """An iterator of chunks as a raw file."""

    def __init__(self, chunks: Iterator[bytes]) -> None:
        self._chunks = chunks
        self._rest = memoryview(b"")

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        if not self._rest:
            self._rest = memoryview(next(self._chunks, b""))
        size = min(len(buffer), len(self._rest))
        buffer[:size] = self._rest[:size]
        self._rest = self._rest[size:]
        return size

    def close(self) -> None:
        close = getattr(self._chunks, "close", None)
        if close is not None and not self.closed:
            close()
        super().close()


def response_file(response: Response, method: str) -> io.BufferedReader:
    """The bytes of one response as a file to read from."""
    return io.BufferedReader(_Stream(response_chunks(response, method)))
