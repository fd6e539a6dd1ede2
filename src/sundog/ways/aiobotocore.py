"""The way in for aiobotocore: the same two paths as botocore's, on an event loop that nothing holds up."""

from __future__ import annotations

import io
from collections.abc import Iterable
from types import ModuleType
from typing import TYPE_CHECKING, Any

from sundog.exchange import decoded
from sundog.ways import active
from sundog.ways.active import Patch
from sundog.ways.botocore import Spool, answer_of, answers_for, from_prepared, in_memory, prepare_direct, rewinder
from sundog.ways.network import answer_async, when_ready

if TYPE_CHECKING:
    from sundog.cloud import Cloud


def patches(module: ModuleType) -> Iterable[Patch]:
    """What to replace in ``aiobotocore.endpoint``."""
    yield Patch(module.AioEndpoint, "make_request", _make_request)
    yield Patch(module.AioEndpoint, "_send", _send)


def _make_request(original: Any) -> Any:
    async def make_request(self: Any, operation_model: Any, request_dict: dict[str, Any]) -> Any:
        cloud = active.current()
        if cloud is not None and not operation_model.has_streaming_output:
            answer = await _direct(cloud, self, operation_model, request_dict)
            if answer is not None:
                return answer
        # Not what stood here before: that is botocore's own, which the other patch has replaced.
        return await self._send_request(request_dict, operation_model)

    return make_request


async def _direct(cloud: Cloud, endpoint: Any, operation_model: Any, request_dict: dict[str, Any]) -> Any:
    body = request_dict["body"]
    rewind = None
    if not in_memory(body):
        rewind = rewinder(body)
        if rewind is None or cloud.settings.path != "direct":
            return None
        request_dict = {**request_dict, "body": await _gathered(body)}
    prepared = prepare_direct(cloud, endpoint, operation_model, request_dict)
    answer = None
    if prepared is not None:
        operation, request, call = prepared
        if decoded(cloud, operation, request, call):
            await when_ready(cloud, lambda final: cloud.execute(operation, call.params, call, final))
        answer = answer_of(cloud, operation, call, request_dict)
    if answer is None and rewind is not None:
        rewind()
    return answer


async def _gathered(body: Any) -> Any:
    """A copy of a body that may be read asynchronously."""
    from aiobotocore._helpers import resolve_awaitable

    spool = Spool()
    if hasattr(body, "read"):
        while chunk := await resolve_awaitable(body.read(1 << 16)):
            spool.add(chunk)
    elif hasattr(body, "__aiter__"):
        async for chunk in body:
            spool.add(chunk)
    else:
        for chunk in body:
            spool.add(chunk)
    return spool.body()


def _send(original: Any) -> Any:
    async def send(self: Any, request: Any) -> Any:
        cloud = active.current()
        if cloud is None:
            return await original(self, request)
        if cloud.settings.path == "server":
            from sundog.ways import loopback

            return await loopback.send_async(original, self, cloud, request)
        made = from_prepared(request, None if in_memory(request.body) else await _gathered(request.body))
        if not answers_for(cloud, made.host):
            return await original(self, request)
        response = await answer_async(cloud, made)
        return _to_aiobotocore(response, request.url)

    return send


def _to_aiobotocore(response: Any, url: str) -> Any:
    """A response as aiobotocore's HTTP session gives it."""
    from aiobotocore.awsrequest import AioAWSResponse

    body = response.body
    if "content-length" not in response.headers and isinstance(body, bytes):
        response.headers["content-length"] = str(len(body))
    return AioAWSResponse(url, response.status, response.headers, _AsyncRaw(url, response, body))


class _Content:
    """What aiobotocore reads a body from: aiohttp's ``StreamReader``, as far as it is used."""

    def __init__(self, file: Any) -> None:
        self._file = file
        self._total = 0

    def _read(self, size: int) -> bytes:
        return self._file.read() if size is None or size < 0 else self._file.read(size)

    async def read(self, size: int = -1) -> bytes:
        return self._read(size)

    async def readline(self) -> bytes:
        return self._file.readline()

    async def readany(self) -> bytes:
        return self._read(1 << 16)

    def at_eof(self) -> bool:
        position = self._file.tell()
        more = self._file.read(1)
        self._file.seek(position)
        return not more

    async def iter_chunked(self, size: int) -> Any:
        while chunk := self._read(size):
            yield chunk

    async def iter_chunks(self) -> Any:
        while chunk := self._read(1 << 16):
            yield chunk, True

    async def iter_any(self) -> Any:
        while chunk := self._read(1 << 16):
            yield chunk


class _AsyncRaw:
    """What aiobotocore takes for aiohttp's response."""

    def __init__(self, url: str, response: Any, body: Any) -> None:
        self.url = url
        self.status = response.status
        self.headers = response.headers
        self.raw_headers = [(k.encode(), v.encode("utf-8", "surrogateescape")) for k, v in response.headers.items()]
        self._file = body if hasattr(body, "read") and hasattr(body, "seek") else io.BytesIO(response.read())
        self.content = _Content(self._file)

    async def read(self) -> bytes:
        return self._file.read()

    async def text(self) -> str:
        return self._file.read().decode()

    def close(self) -> None:
        self._file.close()

    def release(self) -> None:
        pass

    @property
    def closed(self) -> bool:
        return self._file.closed

    async def __aenter__(self) -> Any:
        return self

    async def __aexit__(self, *_: Any) -> None:
        self.close()
