"""httpx, both kinds of client: their transports, by class, so that clients made before the mock are covered."""

from __future__ import annotations

import asyncio
import functools
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from types import ModuleType
from typing import TYPE_CHECKING, Any

from sundog.ways import network
from sundog.ways.active import Patch, current
from sundog.ways.http1 import Spool, body_chunks, canonical_host, reason, spooled
from sundog.wire.http import Request, Response

if TYPE_CHECKING:
    from sundog.cloud import Cloud


def patches(module: ModuleType) -> Iterator[Patch]:
    yield Patch(module.HTTPTransport, "handle_request", _handle_request)
    yield Patch(module.AsyncHTTPTransport, "handle_async_request", _handle_async_request)


def _handle_request(original: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    @functools.wraps(original)
    def handle_request(self: Any, request: Any) -> Any:
        cloud = current()
        if cloud is None or not _covers(cloud, self, request):
            return original(self, request)
        ours = _request(request)
        ours.body = spooled(iter(request.stream))
        return _response(network.answer(cloud, ours), ours.method)

    return handle_request


def _handle_async_request(original: Callable[[Any, Any], Awaitable[Any]]) -> Callable[[Any, Any], Awaitable[Any]]:
    @functools.wraps(original)
    async def handle_async_request(self: Any, request: Any) -> Any:
        cloud = current()
        if cloud is None or not _covers(cloud, self, request):
            return await original(self, request)
        ours = _request(request)
        spool = Spool()
        async for chunk in request.stream:
            spool.write(chunk)
        ours.body = spool.body()
        return _response(await _answer(cloud, ours), ours.method)

    return handle_async_request


def _covers(cloud: Cloud, transport: Any, request: Any) -> bool:
    if getattr(getattr(transport, "_pool", None), "_uds", None) is not None:
        return False  # a socket in the file system
    return network.decide(cloud, request.url.netloc.decode("ascii"), claimed=False)


async def _answer(cloud: Cloud, request: Request) -> Response:
    """On asyncio, or (trio) in a thread."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        from anyio.to_thread import run_sync

        return await run_sync(lambda: network.answer(cloud, request))
    return await network.answer_async(cloud, request)


def _request(request: Any) -> Request:
    headers: dict[str, str] = {}
    for name, value in request.headers.multi_items():
        headers[name] = f"{headers[name]},{value}" if name in headers else value
    path, _, query = request.url.raw_path.decode("ascii").partition("?")
    scheme = request.url.scheme
    host = headers.get("host") or request.url.netloc.decode("ascii")
    headers.pop("transfer-encoding", None)
    return Request(request.method, canonical_host(scheme, host), path, query, headers, b"", scheme)


def _response(answer: Response, method: str) -> Any:
    import httpx

    class Stream(httpx.SyncByteStream, httpx.AsyncByteStream):
        """The body, for whichever kind of client."""

        def __iter__(self) -> Iterator[bytes]:
            return iter(()) if method == "HEAD" else body_chunks(answer.body)

        async def __aiter__(self) -> AsyncIterator[bytes]:
            for chunk in self:
                yield chunk

    headers = [(name.encode(), _encoded(value)) for name, value in answer.headers.items()]
    if isinstance(answer.body, bytes) and method != "HEAD" and "content-length" not in answer.headers:
        headers.append((b"content-length", b"%d" % len(answer.body)))
    extensions = {"http_version": b"HTTP/1.1", "reason_phrase": reason(answer.status).encode()}
    return httpx.Response(answer.status, headers=headers, stream=Stream(), extensions=extensions)


def _encoded(value: str) -> bytes:
    try:
        return value.encode("latin-1")
    except UnicodeEncodeError:
        return value.encode()
