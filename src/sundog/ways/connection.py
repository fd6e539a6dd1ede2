"""One connection of a client: uvicorn's HTTP protocol, without ASGI between it and the cloud.

A request that the cloud answers at once is answered within the callback of the parser that completes it: no task, no
queue. Only what takes time (long polls, slow calls, big answers) leaves that path.
"""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Iterator
from typing import IO, TYPE_CHECKING, Any
from urllib.parse import quote_from_bytes, urlsplit

import httptools
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

from sundog.wire.http import Request, Response

if TYPE_CHECKING:
    from sundog.ways.server import Hub

STREAM_CHUNK = 256 * 1024
CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
_BODILESS = frozenset((204, 304))
_NAMES: dict[bytes, str] = {}


class Connection(HttpToolsProtocol):
    """Reads requests, hands them to the hub, writes the answers in their order."""

    parser: Any

    def __init__(self, hub: Hub, secure: bool, tunnel: str | None = None) -> None:
        super().__init__(hub.config, hub.state, {}, hub.loop)
        self.hub = hub
        self.tunnel = tunnel
        self.default_scheme = "https" if secure else "http"
        self.date = ""
        # What the connection does now, and since when by the hub's coarse clock; the hub's sweep looks at these.
        self.since = hub.time
        self.reading_head = True
        self.reading_body = False
        self.idle = True
        self.lingering = False
        # The answer that is under way, if it wasn't given at once.
        self.busy = False
        self.pending: Any = None
        self.waiting = False
        self._form = (False, False, False)
        self.stream: asyncio.Task[None] | None = None
        self.queue: list[tuple[Request, bool, bool, bool]] = []
        self.no_more = False
        # The request that is being read.
        self.head_size = 0
        self.size = 0
        self.chunks: list[bytes] = []
        self.spool: IO[bytes] | None = None
        self.raw_left = 0
        self.continue_owed = False
        self.fields: dict[str, str] = {}
        self.handover: Any = None

    # -- the transport's side

    def connection_lost(self, exc: Exception | None) -> None:
        if self.pending is not None:
            self.pending.cancel()
        if self.stream is not None:
            self.stream.cancel()
        self.queue.clear()
        self._drop_body()
        super().connection_lost(exc)
        if self.handover is not None:
            self.hub.front.take(*self.handover)
            self.handover = None

    def eof_received(self) -> Any:
        """The client sends no more. It may still read an answer, but a long poll's it no longer waits for."""
        if self.busy and not self.waiting and self.default_scheme == "http" and not self.lingering:
            self.no_more = True
            return True
        return False

    def data_received(self, data: bytes) -> None:
        if self.lingering or self.no_more:
            return
        if self.raw_left:
            data = self._raw_body(data)
            if not data:
                return
        if self.reading_head:
            self.head_size += len(data)
        elif self.reading_body:
            self.since = self.hub.time
        try:
            self.parser.feed_data(data)
        except httptools.HttpParserUpgrade as upgrade:
            self._upgrade(data[upgrade.args[0] :])
        except httptools.HttpParserError as error:
            if isinstance(error.__context__, _Refused):
                self.refuse(*error.__context__.args)
            elif isinstance(error, httptools.HttpParserCallbackError) and error.__context__ is not None:
                self.hub.log.error("A request could not be read", exc_info=error.__context__)
                self.refuse(500, "Sundog could not read this request.")
            else:
                self.refuse(400, f"This is no HTTP request: {error}")
            return
        if self.reading_head and self.head_size > self.hub.limits.head:
            self.refuse(431, f"The head of the request is longer than {self.hub.limits.head} bytes.")

    # -- the parser's side

    def on_message_begin(self) -> None:
        self.url = b""
        self.fields = {}
        self.idle = False
        self.since = self.hub.time

    def on_header(self, name: bytes, value: bytes) -> None:
        if not self.reading_head:
            return  # A trailer: AWS's clients send none that matter outside the body.
        key = _NAMES.get(name) or _lower(name)
        text = value.decode("latin-1")
        fields = self.fields
        if key in fields:
            text = f"{fields[key]},{text}"
        fields[key] = text

    def on_headers_complete(self) -> None:
        self.reading_head = False
        self.head_size = 0
        fields = self.fields
        length = fields.get("content-length")
        if length is not None:
            size = int(length)
            if size > self.hub.limits.body:
                raise _Refused(413, f"The body is longer than {self.hub.limits.body} bytes.")
            self.reading_body = size > 0
        elif "transfer-encoding" in fields:
            self.reading_body = True
        if "expect" in fields:
            self._expect(fields["expect"])
        if "upgrade" in fields and self.reading_body and self.parser.should_upgrade():
            if length is None:
                raise _Refused(501, "A chunked body can't come with an upgrade of the protocol.")
            # llhttp takes an upgrade for the end of HTTP; we upgrade nothing, so the body follows all the same.
            self.raw_left = int(length)

    def on_body(self, body: bytes) -> None:
        self.size += len(body)
        limits = self.hub.limits
        if self.size > limits.body:
            raise _Refused(413, f"The body is longer than {limits.body} bytes.")
        if self.size > limits.spool:
            if self.spool is None:
                self.spool = tempfile.TemporaryFile(prefix="sundog-")  # noqa: SIM115 - it lives as long as the request
                self.spool.writelines(self.chunks)
                self.chunks = []
            self.spool.write(body)
        else:
            self.chunks.append(body)

    def on_message_complete(self) -> None:
        if self.raw_left:
            return
        method = self.parser.get_method()
        self.reading_head = True
        self.reading_body = False
        self.continue_owed = False
        if method == b"CONNECT":
            return
        request, proxied = self._request(method.decode("ascii"))
        keep_alive = self.parser.should_keep_alive()
        old = self.parser.get_http_version() == "1.0"
        if self.busy:
            self.queue.append((request, proxied, keep_alive, old))
            self.flow.pause_reading()
        else:
            self._answer(request, proxied, keep_alive, old)

    def _request(self, method: str) -> tuple[Request, bool]:
        """The request that has been read, and whether it names its host as to a proxy."""
        url = self.url
        if not url.isascii():
            url = quote_from_bytes(url, safe="!#$%&'()*+,/:;=?@[]~").encode()
        text = url.decode("ascii")
        fields = self.fields
        scheme = self.default_scheme
        host = fields.get("host") or self.tunnel or ""
        proxied = False
        if text[0] != "/" and text != "*":
            proxied = True
            try:
                parts = urlsplit(text)
                host = parts.netloc.rpartition("@")[2]
            except ValueError:
                raise _Refused(400, "The URL of the request can't be read.") from None
            scheme = parts.scheme.lower()
            text = parts.path or "/"
            if parts.query:
                text = f"{text}?{parts.query}"
            if not fields.get("host"):
                fields["host"] = host
        elif fields.get("x-forwarded-proto") in ("http", "https"):
            # Whoever took TLS off in front of us says how the client came: answers' URLs are to lead there.
            scheme = fields["x-forwarded-proto"]
        path, _, query = text.partition("?")
        if self.spool is not None:
            self.spool.seek(0)
            body: bytes | IO[bytes] = self.spool
            self.spool = None
        else:
            chunks = self.chunks
            body = chunks[0] if len(chunks) == 1 else b"".join(chunks)
            if chunks:
                self.chunks = []
        self.size = 0
        return Request(method, host.lower(), path, query, fields, body, scheme), proxied

    def _expect(self, expectation: str) -> None:
        if expectation.lower() != "100-continue":
            raise _Refused(417, "The only expectation that can be met is 100-continue.")
        if self.reading_body and self.parser.get_http_version() != "1.0":
            if self.busy:
                self.continue_owed = True
            else:
                self.transport.write(CONTINUE)

    # -- upgrades that we don't make, and CONNECT, which is one

    def _upgrade(self, rest: bytes) -> None:
        if self.parser.get_method() == b"CONNECT":
            self._connect(rest)
        elif rest:
            self.data_received(rest)

    def _raw_body(self, data: bytes) -> bytes:
        """Take what is the body's of ``data``; give the rest."""
        body, rest = data[: self.raw_left], data[self.raw_left :]
        self.since = self.hub.time
        self.raw_left -= len(body)
        try:
            self.on_body(body)
            if not self.raw_left:
                self.on_message_complete()
        except _Refused as refused:
            self.refuse(*refused.args)
            return b""
        return rest

    def _connect(self, rest: bytes) -> None:
        """A tunnel asked for on a connection that has already been used: give its socket back to the front."""
        if self.default_scheme == "https" or self.tunnel is not None or self.busy or rest:
            self.refuse(501, "A CONNECT stands alone, outside TLS, and waits for its answer.")
            return
        target = self.url.decode("latin-1")
        if not self.hub.front.admits(target):
            self.refuse(403, self.hub.front.refusal(target))
            return
        self.flow.pause_reading()
        sock = self.transport.get_extra_info("socket").dup()
        self.handover = (sock, target)
        self.transport.close()

    # -- answers

    def _answer(self, request: Request, proxied: bool, keep_alive: bool, old: bool) -> None:
        response = self.hub.answer(self, request, proxied)
        if response is not None:
            self._send(response, request.method == "HEAD", keep_alive, old)
            return
        self.busy = True
        self._form = (request.method == "HEAD", keep_alive, old)

    def reply(self, response: Response) -> None:
        """Give the answer that the hub didn't have at once."""
        self.pending = None
        self.waiting = False
        self.busy = False
        if self.transport.is_closing():
            return
        self._send(response, *self._form)
        self._go_on()

    def _send(self, response: Response, bodiless: bool, keep_alive: bool, old: bool) -> None:
        status = response.status
        body = response.body
        fields = response.headers
        keep_alive = keep_alive and not self.no_more and not self.hub.stopping
        lines = [
            f"{name}: {value}\r\n"
            for name, value in fields.items()
            if name != "content-length" and name != "transfer-encoding" and name != "connection"
        ]
        if "date" not in fields:
            lines.append(f"date: {self.date or self.hub.date()}\r\n")
        if "server" not in fields:
            lines.append("server: sundog\r\n")
        chunked = False
        small = isinstance(body, bytes)
        length = fields.get("content-length")
        if status in _BODILESS or status < 200:
            bodiless = True
        elif small:
            if bodiless and length is not None and not body:
                lines.append(f"content-length: {length}\r\n")
            else:
                lines.append(f"content-length: {len(body)}\r\n")  # type: ignore[arg-type]
        else:
            if length is None:
                length = _length(body)
            if length is not None:
                lines.append(f"content-length: {length}\r\n")
            elif not old:
                chunked = True
                lines.append("transfer-encoding: chunked\r\n")
            else:
                keep_alive = False
        if not keep_alive:
            lines.append("connection: close\r\n")
        elif old:
            lines.append("connection: keep-alive\r\n")
        head = "".join(lines)
        if head.count("\n") != len(lines) or head.count("\r") != len(lines):
            head = "".join(_one_line(line) for line in lines)
        try:
            start = STATUS_LINE[status] + head.encode("latin-1")
        except UnicodeEncodeError:
            start = STATUS_LINE[status] + head.encode()
        if small or bodiless:
            self.transport.write(start + b"\r\n" if bodiless else start + b"\r\n" + body)  # type: ignore[operator]
            if not small:
                _close(body)
            self._sent(keep_alive)
        else:
            self.transport.write(start + b"\r\n")
            self.busy = True
            self.stream = self.loop.create_task(self._pump(body, chunked, length, keep_alive))  # type: ignore[arg-type]

    async def _pump(
        self, body: IO[bytes] | Iterator[bytes], chunked: bool, length: str | int | None, keep_alive: bool
    ) -> None:
        """Write a big body, no faster than the client reads. Reading it may block, so a thread does."""
        left = None if length is None else int(length)
        try:
            while left is None or left > 0:
                if self.flow.write_paused:
                    await self.flow.drain()
                data = await self.loop.run_in_executor(self.hub.threads, _next_chunk, body)
                if not data:
                    break
                if left is not None:
                    data = data[:left]
                    left -= len(data)
                self.since = self.hub.time
                self.transport.write(b"%x\r\n%b\r\n" % (len(data), data) if chunked else data)
            if chunked:
                self.transport.write(b"0\r\n\r\n")
        except Exception:
            self.hub.log.exception("An answer broke off")
            self.transport.abort()
            return
        finally:
            _close(body)
        self.stream = None
        self.busy = False
        if left:
            self.hub.log.error("An answer was %d bytes shorter than it said", left)
            self.transport.close()
            return
        self._sent(keep_alive)
        self._go_on()

    def _sent(self, keep_alive: bool) -> None:
        self.since = self.hub.time
        self.idle = True
        self.hub.answered += 1
        if not keep_alive:
            self.lingering = True
            self.queue.clear()
            self.transport.close()

    def _go_on(self) -> None:
        """Answer what was asked in the meantime, and listen again."""
        while self.queue and not self.busy and not self.lingering:
            self._answer(*self.queue.pop(0))
        if not self.busy and not self.lingering:
            if self.continue_owed:
                self.continue_owed = False
                self.transport.write(CONTINUE)
            if self.no_more:
                self.transport.close()
            else:
                self.flow.resume_reading()

    def refuse(self, status: int, text: str) -> None:
        """Answer what can't be answered otherwise, and end the connection.

        Not at once: closing with unread bytes would reset the connection, and the client might never read why.
        """
        if self.lingering or self.transport.is_closing():
            return
        self._drop_body()
        if self.busy:
            self.transport.close()
            return
        body = text.encode()
        self.transport.write(
            STATUS_LINE[status]
            + b"content-type: text/plain; charset=utf-8\r\ncontent-length: %d\r\nconnection: close\r\n"
            b"date: %b\r\nserver: sundog\r\n\r\n%b" % (len(body), self.hub.date().encode(), body)
        )
        self.lingering = True
        self.since = self.hub.time
        if self.transport.can_write_eof():
            self.transport.write_eof()

    def _drop_body(self) -> None:
        self.chunks = []
        if self.spool is not None:
            self.spool.close()
            self.spool = None

    # -- time

    def sweep(self, now: float) -> None:
        """End the connection if it has been silent for too long in what it does."""
        limits = self.hub.limits
        if self.flow.write_paused:
            allowed = limits.write_timeout
        elif self.lingering:
            allowed = limits.linger_timeout
        elif self.busy:
            return
        elif self.idle:
            allowed = limits.idle_timeout
        else:
            allowed = limits.read_timeout
        if now - self.since > allowed:
            if self.idle or self.lingering:
                self.transport.close()
            elif self.flow.write_paused:
                self.transport.abort()
            else:
                self.refuse(408, "The request took too long to come.")

    def shutdown(self) -> None:
        """End when the answer that is under way is out. Called again and again."""
        if self.transport.is_closing():
            if not self.transport.get_write_buffer_size():
                self.transport.abort()  # TLS would wait for the client's farewell
        elif not self.busy and not self.queue and (self.idle or self.lingering):
            self.transport.close()

    def timeout_keep_alive_handler(self) -> None:
        """Not used: ``sweep`` costs nothing per request."""


class _Refused(Exception):
    """What the parser's callbacks raise to end a request: a status and a text."""


def _lower(name: bytes) -> str:
    text = name.decode("latin-1").lower()
    if len(_NAMES) < 1024 and len(name) < 64:
        _NAMES[name] = text
    return text


def _one_line(line: str) -> str:
    return line[:-2].replace("\r", " ").replace("\n", " ") + "\r\n"


def _length(body: Any) -> int | None:
    """How long a file is from where it stands; None for what can't tell."""
    try:
        here = body.tell()
        end = body.seek(0, 2)
        body.seek(here)
    except (AttributeError, OSError, ValueError):
        return None
    return end - here


def _next_chunk(body: Any) -> bytes:
    if hasattr(body, "read"):
        return body.read(STREAM_CHUNK)
    for data in body:
        if data:
            return data
    return b""


def _close(body: Any) -> None:
    close = getattr(body, "close", None)
    if close is not None:
        close()
