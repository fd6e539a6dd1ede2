"""A cloud that answers by the path, for tests of the server alone."""

from __future__ import annotations

import hashlib
import io
import time
from typing import Any

from sundog.core.clock import Clock
from sundog.core.faults import Faults
from sundog.core.tx import Wait
from sundog.core.waiters import Waiters
from sundog.settings import Settings
from sundog.wire.http import Request, Response


class FakeCloud:
    """Echoes; ``/poll`` waits for ``/post``, ``/slow`` takes long in a thread, ``/big`` and ``/stream`` are long."""

    def __init__(self) -> None:
        self.settings = Settings()
        self.waiters = Waiters()
        self.clock = Clock(self.waiters.notify)
        self.faults = Faults()
        self.calls: list[Any] = []
        self.posted: list[str] = []
        self.attempts = 0
        self.deadlines: dict[int, float] = {}
        self.closed = False
        self.next_due: float | None = None
        self.last: Request | None = None
        self.finished_streams = 0
        self.given = 0
        self.known_keys: set[str] = set()

    def key(self, access_key: str | None) -> str | None:
        return access_key if access_key in self.known_keys else None

    def is_slow(self, request: Request) -> bool:
        return request.path == "/slow"

    def attempt(self, request: Request, final: bool = False) -> Response:
        self.attempts += 1
        self.last = request
        for fault in self.faults:
            time.sleep(fault.latency)
        action = request.path.strip("/").split("/")[0]
        handler = getattr(self, f"do_{action}", None)
        if handler is None:
            body = request.read() if isinstance(request.body, bytes) else b""
            text = f"{request.method} {request.url} {len(body)}"
            return Response(200, {"content-type": "text/plain", "x-world": str(id(self))}, text.encode())
        return handler(request, final)

    def do_poll(self, request: Request, final: bool) -> Response:
        if self.posted:
            message = self.posted.pop(0)
            self.waiters.notify()
            return Response(200, {}, message.encode())
        if final:
            return Response(200, {}, b"nothing")
        deadline = self.deadlines.setdefault(id(request), self.clock.timestamp() + float(request.query or 20))
        raise Wait(deadline)

    def do_post(self, request: Request, final: bool) -> Response:
        self.posted.append(request.query)
        self.waiters.notify()
        return Response(200, {}, b"posted")

    def do_slow(self, request: Request, final: bool) -> Response:
        time.sleep(float(request.query or 0.3))
        return Response(200, {}, b"slow")

    def do_digest(self, request: Request, final: bool) -> Response:
        digest = hashlib.md5()
        if isinstance(request.body, bytes):
            kind = "bytes"
            digest.update(request.body)
        else:
            kind = "file"
            while chunk := request.body.read(1 << 20):
                digest.update(chunk)
        return Response(200, {"x-kind": kind}, digest.hexdigest().encode())

    def do_big(self, request: Request, final: bool) -> Response:
        return Response(200, {"content-type": "application/octet-stream"}, io.BytesIO(bytes(int(request.query))))

    def do_stream(self, request: Request, final: bool) -> Response:
        def chunks() -> Any:
            try:
                for index in range(int(request.query)):
                    yield b"%08d" % index * 128
            finally:
                self.finished_streams += 1

        return Response(200, {}, chunks())

    def do_wide(self, request: Request, final: bool) -> Response:
        def chunks() -> Any:
            for _ in range(int(request.query)):
                self.given += 1
                yield bytes(1 << 20)

        return Response(200, {}, chunks())

    def do_sized(self, request: Request, final: bool) -> Response:
        return Response(200, {"content-length": "1234", "etag": '"x"'}, b"")

    def do_empty(self, request: Request, final: bool) -> Response:
        return Response(204, {}, b"")

    def do_split(self, request: Request, final: bool) -> Response:
        return Response(200, {"x-meta": "a\r\nset-cookie: evil=1\r\n\r\nbody"}, b"ok")

    def do_broken(self, request: Request, final: bool) -> Response:
        raise ZeroDivisionError("inside")

    def snapshot(self) -> Any:
        return list(self.posted)

    def restore(self, snapshot: Any) -> None:
        self.posted = list(snapshot)

    def reset(self) -> None:
        self.posted.clear()

    def fork(self) -> FakeCloud:
        made = FakeCloud()
        made.posted = list(self.posted)
        return made

    def close(self) -> None:
        self.closed = True
