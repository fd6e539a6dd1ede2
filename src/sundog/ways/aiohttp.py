"""aiohttp: a connector gives out connections that end in this process. All above them is aiohttp's own."""

from __future__ import annotations

import asyncio
import functools
from collections.abc import Awaitable, Callable, Iterable, Iterator
from types import ModuleType
from typing import TYPE_CHECKING, Any

from sundog.ways import network
from sundog.ways.active import Patch, current
from sundog.ways.http1 import RequestReader, response_chunks
from sundog.wire.http import Response

if TYPE_CHECKING:
    from sundog.cloud import Cloud


def patches(module: ModuleType) -> Iterator[Patch]:
    yield Patch(module.BaseConnector, "connect", _connect)


def _connect(original: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
    @functools.wraps(original)
    async def connect(self: Any, req: Any, *args: Any, **kwargs: Any) -> Any:
        cloud = current()
        host = _host(req.url)
        if cloud is None or _unix_socket(self) or not network.decide(cloud, host, claimed=False):
            return await original(self, req, *args, **kwargs)
        from aiohttp.client_proto import ResponseHandler
        from aiohttp.connector import Connection

        loop = asyncio.get_running_loop()
        protocol = ResponseHandler(loop)
        protocol.force_close()  # never kept in the connector's pool: the mock may be over by then
        protocol.connection_made(_Transport(cloud, req.url.scheme, host, protocol, loop))
        return Connection(self, req.connection_key, protocol, loop)

    return connect


def _host(url: Any) -> str:
    host = url.raw_host or ""
    if ":" in host:
        host = f"[{host}]"
    return host if url.is_default_port() else f"{host}:{url.port}"


def _unix_socket(connector: Any) -> bool:
    return type(connector).__name__ in ("UnixConnector", "NamedPipeConnector")


class _Transport(asyncio.Transport):
    """Takes the request's bytes from aiohttp, and feeds the answer's to its protocol as fast as that reads them."""

    def __init__(self, cloud: Cloud, scheme: str, host: str, protocol: Any, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__()
        self._cloud = cloud
        self._reader = RequestReader(scheme, host)
        self._protocol = protocol
        self._loop = loop
        self._task: asyncio.Task[None] | None = None
        self._may_read = asyncio.Event()
        self._may_read.set()
        self._continued = False
        self._closing = False

    def write(self, data: Any) -> None:
        if self._closing:
            return
        self._reader.feed(bytes(data))
        if self._reader.complete:
            request = self._reader.take()
            self._task = self._loop.create_task(self._answer(request))
        elif self._reader.awaits_continue and not self._continued:
            self._continued = True
            self._loop.call_soon(self._feed, b"HTTP/1.1 100 Continue\r\n\r\n")

    def writelines(self, list_of_data: Iterable[Any]) -> None:
        self.write(b"".join(list_of_data))

    async def _answer(self, request: Any) -> None:
        try:
            response: Response = await network.answer_async(self._cloud, request)
            for chunk in response_chunks(response, request.method):
                await self._may_read.wait()
                if self._closing:
                    return
                self._feed(chunk)
        except asyncio.CancelledError:
            raise
        except Exception as error:
            self._closing = True
            self._protocol.set_exception(error)
            self._protocol.connection_lost(None)

    def _feed(self, data: bytes) -> None:
        if not self._closing:
            self._protocol.data_received(data)

    def pause_reading(self) -> None:
        self._may_read.clear()

    def resume_reading(self) -> None:
        self._may_read.set()

    def is_reading(self) -> bool:
        return self._may_read.is_set()

    def close(self) -> None:
        if self._closing:
            return
        self._closing = True
        self._may_read.set()
        if self._task is not None and self._task is not asyncio.current_task(self._loop):
            self._task.cancel()
        self._loop.call_soon(self._protocol.connection_lost, None)

    def abort(self) -> None:
        self.close()

    def is_closing(self) -> bool:
        return self._closing

    def get_protocol(self) -> Any:
        return self._protocol

    def set_protocol(self, protocol: Any) -> None:
        self._protocol = protocol

    def get_write_buffer_size(self) -> int:
        return 0

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None: ...

    def can_write_eof(self) -> bool:
        return False

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        return ("127.0.0.1", 0) if name in ("peername", "sockname") else default
