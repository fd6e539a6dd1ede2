"""The stand-alone server: many clouds on one port, for every client of AWS's API in any language.

with sundog.serve(port=0) as url:
    boto3.client("sqs", endpoint_url=url)
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import socket
import threading
import time
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from email.utils import formatdate
from functools import partial
from typing import TYPE_CHECKING, Any, TypeGuard

from sundog import settings as settings_
from sundog.ways.admin import COURTESY, Admin, is_admin
from sundog.ways.network import METADATA_HOSTS, bare
from sundog.ways.waiting import WaitingRoom
from sundog.ways.worlds import WorldError, Worlds
from sundog.wire import hosts
from sundog.wire.http import Request, Response

if TYPE_CHECKING:
    from pathlib import Path
    from types import TracebackType

    from sundog.cloud import Cloud
    from sundog.core.tx import Wait
    from sundog.ways.ca import Authority
    from sundog.ways.connection import Connection
    from sundog.wire.hosts import Hosts
    from sundog.wire.profile import Profile

PORT = 4566
TICK = 1.0
_OWN_PATHS = ("/_sundog", "/moto-api/", "/_localstack/")
log = logging.getLogger("sundog.server")


class ServerError(RuntimeError):
    """The server can't start; the text says why, in a line."""


class Limits:
    """What a client may ask of the server: sizes in bytes, times in seconds."""

    __slots__ = ("body", "grace", "head", "idle_timeout", "linger_timeout", "read_timeout", "spool", "write_timeout")

    def __init__(
        self,
        head: int = 64 * 1024,
        body: int = 6 * 1024**3,
        spool: int = 8 * 1024**2,
        idle_timeout: float = 120,
        read_timeout: float = 30,
        write_timeout: float = 60,
        linger_timeout: float = 2,
        grace: float = 5,
    ) -> None:
        self.head = head
        self.body = body
        self.spool = spool
        self.idle_timeout = idle_timeout
        self.read_timeout = read_timeout
        self.write_timeout = write_timeout
        self.linger_timeout = linger_timeout
        self.grace = grace


class Hub:
    """What all connections of a server share; lives on its event loop."""

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        worlds: Worlds,
        authority: Authority,
        limits: Limits,
        allow_hosts: tuple[str, ...],
        known: Hosts = hosts.DEFAULT,
    ) -> None:
        from uvicorn.config import Config
        from uvicorn.server import ServerState

        from sundog.ways.front import Front

        self.loop = loop
        self.worlds = worlds
        self.authority = authority
        self.limits = limits
        self.log = log
        self.hosts = known
        self.url = ""
        self.config = Config(_no_app, ws="none", lifespan="off", log_config=None, access_log=False)
        self.config.load()
        self.state = ServerState()
        self.threads = ThreadPoolExecutor(32, "sundog")
        self.front = Front(self, allow_hosts)
        self.admin = Admin(self)
        self.time = loop.time()
        self.answered = 0
        self.stopping = False
        self._rooms: dict[Cloud, WaitingRoom] = {}
        self._ticking: asyncio.TimerHandle | None = None
        self._second = -1
        self._date = ""
        self._tick()

    # -- answering

    def answer(self, connection: Connection, request: Request, proxied: bool) -> Response | None:
        """The answer, or None if it comes later by ``connection.reply``."""
        connection.date = ""
        cloud: Cloud | None = None
        try:
            if request.path.startswith(_OWN_PATHS) and self._is_own(request, proxied or connection.tunnel is not None):
                return self.admin.answer(request)
            if proxied and not self.front.answers(request.host, request.path):
                return self._stranger(connection, request)
            cloud = self.worlds.pick(request).cloud
            clock = cloud.clock.timestamp()
            connection.date = self._date if int(clock) == self._second else self._dated(clock)
            if not isinstance(request.body, bytes) or self._is_slow(cloud, request):
                return self._in_thread(connection, partial(cloud.attempt, request), request, cloud)
            if proxied and bare(request.host) in METADATA_HOSTS:
                from sundog.ways import metadata

                return metadata.answer(cloud, request)
            return cloud.attempt(request)
        except WorldError as error:
            return _text(error.status, str(error))
        except Exception as error:
            if cloud is not None and _is_wait(error):
                connection.waiting = True
                connection.pending = self._room(cloud).add(request, error, self._replier(connection, request))
                return None
            return self._failure(request, error)

    def _is_own(self, request: Request, proxied: bool) -> bool:
        """Whether the request is for the admin API, and not for a key of that name on one of AWS's hosts."""
        if not is_admin(request) and (request.method, request.path) not in COURTESY:
            return False
        return self.front.is_own(request.host) or not (proxied or hosts.is_aws(request.host))

    def _is_slow(self, cloud: Cloud, request: Request) -> bool:
        """Whether the call may take long enough to hold up others."""
        if len(cloud.faults) and any(fault.latency for fault in cloud.faults):
            return True
        is_slow = getattr(cloud, "is_slow", None)
        return is_slow is not None and is_slow(request)

    def _stranger(self, connection: Connection, request: Request) -> Response | None:
        if not self.front.lets_through(request.host):
            return _text(403, self.front.refusal(request.host))
        from sundog.ways.relay import forward

        return self._in_thread(connection, lambda: forward(request), request, None)

    def _in_thread(self, connection: Connection, work: Any, request: Request, cloud: Cloud | None) -> None:
        reply = self._replier(connection, request)

        def done(future: asyncio.Future[Response]) -> None:
            if future.cancelled():
                return
            error = future.exception()
            if error is None:
                reply(future.result())
            elif cloud is not None and _is_wait(error):
                connection.waiting = True
                connection.pending = self._room(cloud).add(request, error, reply)
            elif isinstance(error, Exception):
                reply(error)
            else:
                connection.transport.abort()

        connection.pending = future = self.loop.run_in_executor(self.threads, work)
        future.add_done_callback(done)

    def _replier(self, connection: Connection, request: Request) -> Any:
        def reply(answer: Response | Exception) -> None:
            connection.reply(answer if isinstance(answer, Response) else self._failure(request, answer))

        return reply

    def _failure(self, request: Request, error: Exception) -> Response:
        self.log.error("%s %s failed inside", request.method, request.url, exc_info=error)
        return _text(500, f"Sundog failed inside: {type(error).__name__}: {error}\n")

    def _room(self, cloud: Cloud) -> WaitingRoom:
        room = self._rooms.get(cloud)
        if room is None:
            room = self._rooms[cloud] = WaitingRoom(cloud, self.loop)
        return room

    @property
    def waiting(self) -> int:
        """How many long polls are open."""
        return sum(len(room) for room in self._rooms.values())

    def leave(self, cloud: Cloud) -> None:
        """Answer the long polls of a cloud that is no world here any more, and forget it."""
        room = self._rooms.pop(cloud, None)
        if room is not None:
            room.finish()

    def drop(self, name: str) -> None:
        """Delete a world; its long polls are answered first."""
        room = self._rooms.pop(self.worlds[name].cloud, None) if name != "default" else None
        if room is not None:
            room.finish()
        self.worlds.delete(name)

    # -- time

    def date(self) -> str:
        """The Date header of an answer that no cloud gave."""
        return formatdate(time.time(), usegmt=True)

    def _dated(self, clock: float) -> str:
        self._second = int(clock)
        self._date = formatdate(clock, usegmt=True)
        return self._date

    def _tick(self) -> None:
        """Once a second: move the coarse clock, and end the connections that have been silent for too long."""
        now = self.time = self.loop.time()
        for connection in list(self.state.connections):
            connection.sweep(now)  # type: ignore[union-attr]
        self._ticking = self.loop.call_later(min(TICK, self.limits.linger_timeout), self._tick)

    # -- the end

    async def stop(self) -> None:
        """Let what is under way finish, for a while."""
        self.stopping = True
        self.front.stop_listening()
        for room in list(self._rooms.values()):
            room.finish()
        connections = self.state.connections
        end = self.loop.time() + self.limits.grace
        while connections and self.loop.time() < end:
            for connection in list(connections):
                connection.shutdown()
            await asyncio.sleep(0.01)
        for connection in list(connections):
            connection.transport.abort()
        self.front.stop()
        if self._ticking is not None:
            self._ticking.cancel()
        await asyncio.sleep(0)
        self.threads.shutdown(wait=False, cancel_futures=True)
        self.worlds.close()


class Server:
    """A running server. As a context manager it gives its URL, and stops at the end."""

    def __init__(
        self,
        host: str = "127.0.0.1",
        port: int = PORT,
        *,
        allow_hosts: tuple[str, ...] | list[str] = (),
        limits: Limits | None = None,
        home: Path | None = None,
        worlds: Worlds | None = None,
        profiles: Iterable[Profile] = (),
        **given: Any,
    ) -> None:
        if allow_hosts:
            given["allow_hosts"] = tuple(allow_hosts)
        profiles, settings = settings_.with_profiles(profiles, given)
        self.limits = limits or Limits()
        self.allow_hosts = settings.allow_hosts
        self.worlds = Worlds(lambda: _cloud(settings, profiles)) if worlds is None else worlds
        self.hosts = hosts.of_profiles(profiles, settings.profile)
        self.home = home or settings_.home()
        self._sockets = listen(host, port)
        self.host = host
        self.port: int = self._sockets[0].getsockname()[1]
        shown = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)
        self.url = f"http://[{shown}]:{self.port}" if ":" in shown else f"http://{shown}:{self.port}"
        self._thread: threading.Thread | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._end: asyncio.Event | None = None
        self._hub: Hub | None = None

    @property
    def cloud(self) -> Cloud:
        """The default world's cloud."""
        return self.worlds.default.cloud

    @property
    def ca(self) -> Path:
        """The certificate that clients must trust to speak TLS to it; made on first use."""
        from sundog.ways.ca import Authority

        return Authority(self.home).load()

    def start(self) -> Server:
        """Serve in a thread of its own."""
        started = threading.Event()
        failed: list[BaseException] = []

        def run() -> None:
            try:
                loop = new_loop()
                try:
                    loop.run_until_complete(self.run(started.set))
                finally:
                    loop.close()
            except BaseException as error:
                failed.append(error)
                started.set()

        self._thread = threading.Thread(target=run, name="sundog-server", daemon=True)
        self._thread.start()
        started.wait()
        if failed:
            self._thread = None
            raise failed[0]
        return self

    async def run(self, ready: Any = None) -> None:
        """Serve on the running loop until ``stop`` is called."""
        from sundog.ways.ca import Authority

        self._loop = asyncio.get_running_loop()
        self._end = asyncio.Event()
        try:
            hub = self._hub = Hub(
                self._loop, self.worlds, Authority(self.home), self.limits, self.allow_hosts, self.hosts
            )
            hub.url = self.url
            hub.front.listen(self._sockets)
            if ready is not None:
                ready()
            # The core and botocore take longer to import than all the rest: health checks needn't wait for them.
            hub.threads.submit(_warm, self.worlds)
            try:
                await self._end.wait()
            finally:
                await hub.stop()
        finally:
            for sock in self._sockets:
                sock.close()

    def adopt(self, name: str, cloud: Cloud) -> None:
        """Answer for a cloud that its owner closes, as a world of that name."""
        self.worlds.adopt(name, cloud)

    def release(self, name: str) -> None:
        """No longer answer for a cloud that was adopted; from any thread."""
        cloud = self.worlds[name].cloud
        self.worlds.release(name)
        if self._loop is not None and self._hub is not None:
            with contextlib.suppress(RuntimeError):  # the loop has ended, and its long polls with it
                self._loop.call_soon_threadsafe(self._hub.leave, cloud)

    def stop(self) -> None:
        """Stop gracefully; from any thread, and as often as you like."""
        loop, end = self._loop, self._end
        if loop is not None and end is not None and not loop.is_closed():
            with contextlib.suppress(RuntimeError):
                loop.call_soon_threadsafe(end.set)
        if self._thread is not None and self._thread is not threading.current_thread():
            self._thread.join()
            self._thread = None

    def __enter__(self) -> str:
        return self.url

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.stop()


def serve(host: str = "127.0.0.1", port: int = PORT, **options: Any) -> Server:
    """Start a server in a thread. ``with serve(port=0) as url: ...``, or ``.url`` and ``.stop()`` by hand.

    ``options`` are a cloud's settings (``seed``, ``strict``, ...), and ``limits``.
    """
    require_extra()
    return Server(host, port, **options).start()


def require_extra() -> None:
    """``ServerError`` if what the server needs beyond the core isn't installed."""
    from importlib.util import find_spec

    missing = [name for name in ("uvicorn", "httptools") if find_spec(name) is None]
    if missing:
        raise ServerError(f"The server needs {' and '.join(missing)}: pip install sundog[server]")


def new_loop() -> asyncio.AbstractEventLoop:
    """uvloop's event loop where there is one."""
    try:
        import uvloop
    except ImportError:
        return asyncio.SelectorEventLoop()  # also on Windows: the front needs add_reader
    return uvloop.new_event_loop()


def listen(host: str, port: int) -> list[socket.socket]:
    """Sockets that listen on every address of the host, on one port."""
    try:
        infos = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except (socket.gaierror, UnicodeError, OverflowError) as error:
        raise ServerError(f"Can't listen on {host}: {error}") from None
    sockets: list[socket.socket] = []
    try:
        for family, kind, protocol, _, address in dict.fromkeys(infos):
            if port == 0 and sockets:
                address = (address[0], sockets[0].getsockname()[1], *address[2:])
            sock = socket.socket(family, kind, protocol)
            sockets.append(sock)
            if os.name == "posix":  # elsewhere it would let two servers have the port
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            if family == socket.AF_INET6:
                sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            sock.bind(address)
            sock.listen(1024)
            sock.setblocking(False)
    except OSError as error:
        for sock in sockets:
            sock.close()
        raise ServerError(f"Can't listen on {host}:{port}: {error.strerror or error}") from None
    return sockets


def _warm(worlds: Worlds) -> None:
    """Have the first request find all there."""
    try:
        worlds.default  # noqa: B018
    except Exception:
        log.exception("The default world can't be made")
    import ctypes
    import gc

    # Imports leave much behind that the allocator would keep; where it isn't glibc's, nothing is lost.
    gc.collect()
    with contextlib.suppress(AttributeError, OSError, TypeError):
        ctypes.CDLL(None).malloc_trim(0)


def _is_wait(error: BaseException) -> TypeGuard[Wait]:
    from sundog.core.tx import Wait

    return isinstance(error, Wait)


def _cloud(settings: Any, profiles: tuple[Profile, ...]) -> Cloud:
    from sundog.cloud import Cloud

    return Cloud(settings, profiles)


def _text(status: int, text: str) -> Response:
    return Response(status, {"content-type": "text/plain; charset=utf-8"}, text.encode())


async def _no_app(scope: Any, receive: Any, send: Any) -> None:
    """uvicorn's configuration wants an application; the connections never call it."""
    raise RuntimeError("requests don't pass through ASGI here")
