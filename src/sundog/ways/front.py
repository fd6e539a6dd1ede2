"""The front of the server's one port: looks at the first bytes of a connection and hands it to whom it is meant for.

0x16 begins TLS, ``CONNECT`` asks for a tunnel (which ends here: what follows is looked at again), and all else is HTTP.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import socket
from collections.abc import Coroutine
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

import httptools

from sundog.ways.connection import Connection
from sundog.ways.network import bare

if TYPE_CHECKING:
    import ssl

    from sundog.ways.server import Hub

OWN_HOST = "sundog.local"
ESTABLISHED = b"HTTP/1.1 200 Connection established\r\n\r\n"
_TLS = 0x16
_CONNECT = b"CONNECT "
_COPY = 64 * 1024


class Front:
    """Accepts connections."""

    def __init__(self, hub: Hub, allow_hosts: tuple[str, ...]) -> None:
        self.hub = hub
        self.allow_hosts = tuple(pattern.lower() for pattern in allow_hosts)
        self._tasks: set[asyncio.Task[None]] = set()
        self._listening: list[asyncio.Task[None]] = []
        self._tls: dict[str, ssl.SSLContext] = {}

    def listen(self, sockets: list[socket.socket]) -> None:
        self._listening = [self.hub.loop.create_task(self._accept(sock)) for sock in sockets]

    def stop_listening(self) -> None:
        for task in self._listening:
            task.cancel()

    def stop(self) -> None:
        """Drop the connections that have not said what they want, and the tunnels."""
        for task in [*self._listening, *self._tasks]:
            task.cancel()

    def take(self, sock: socket.socket, tunnel: str) -> None:
        """Take a socket back that asked for a tunnel after it had been used for something else."""
        sock.setblocking(False)
        self._spawn(self._greet(sock, tunnel))

    # -- who is answered

    @staticmethod
    def is_own(host: str) -> bool:
        """Whether the host is the server itself, as clients of the proxy may call it."""
        return bare(host) == OWN_HOST

    def answers(self, host: str, path: str = "/") -> bool:
        """Whether we answer in the name of the host, or of the path on whatever host (``/services/Eucalyptus``)."""
        known = self.hub.hosts
        return self.is_own(host) or known.covers(host) or known.profile_of(known.parse(host), path) is not None

    def lets_through(self, host: str) -> bool:
        """Whether the user lets calls of the host out."""
        name = bare(host)
        return any(fnmatchcase(name, pattern) or fnmatchcase(host.lower(), pattern) for pattern in self.allow_hosts)

    def admits(self, host: str) -> bool:
        return self.answers(host) or self.lets_through(host)

    @staticmethod
    def refusal(host: str) -> str:
        name = bare(host)
        return (
            f"Sundog is a proxy for AWS alone, and {name!r} isn't a host of AWS or of a cloud that copies its API. "
            f"To let calls of it out to the network, start the server with --allow-host {name} "
            "(or set SUNDOG_ALLOW_HOSTS; * is a wildcard), or name the host in the client's NO_PROXY.\n"
        )

    # -- accepting

    async def _accept(self, listener: socket.socket) -> None:
        loop = self.hub.loop
        while True:
            try:
                sock, _ = await loop.sock_accept(listener)
            except OSError as error:
                if error.errno in (errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM):
                    self.hub.log.error("No connection can be accepted: %s", error)
                    await asyncio.sleep(0.5)
                    continue
                if error.errno == errno.ECONNABORTED:
                    continue
                raise
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
            self._spawn(self._greet(sock))

    def _spawn(self, coroutine: Coroutine[Any, Any, None]) -> None:
        task = self.hub.loop.create_task(coroutine)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _greet(self, sock: socket.socket, tunnel: str | None = None) -> None:
        try:
            if tunnel is not None:
                await self._open(sock, tunnel)
            else:
                await self._sort(sock)
        except (OSError, asyncio.TimeoutError, TimeoutError) as error:  # two of one kind from Python 3.11 on
            self.hub.log.debug("A connection came to nothing: %r", error)
            sock.close()
        except asyncio.CancelledError:
            sock.close()
            raise
        except Exception:
            self.hub.log.exception("A connection failed")
            sock.close()

    async def _sort(self, sock: socket.socket, tunnel: str | None = None) -> None:
        """Look at the first bytes, and find the connection its protocol."""
        limits = self.hub.limits
        first = await asyncio.wait_for(_peek(self.hub.loop, sock), limits.idle_timeout)
        if not first:
            sock.close()
        elif first[0] == _TLS:
            context = await self._context(sock, tunnel)
            with contextlib.suppress(OSError):  # a client that distrusts us is no error of ours
                await self.hub.loop.connect_accepted_socket(
                    lambda: Connection(self.hub, True, tunnel),
                    sock,
                    ssl=context,
                    ssl_handshake_timeout=limits.read_timeout,
                )
        elif first.startswith(_CONNECT) and tunnel is None:
            head = await asyncio.wait_for(_read_head(self.hub.loop, sock, limits.head), limits.read_timeout)
            target = _target(head)
            if target is None:
                await self._say(sock, 400, "This CONNECT can't be read.\n")
            else:
                await self._open(sock, target)
        else:
            await self.hub.loop.connect_accepted_socket(lambda: Connection(self.hub, False, tunnel), sock)

    async def _open(self, sock: socket.socket, target: str) -> None:
        """Open the tunnel to the target, which mostly ends here."""
        if self.answers(target):
            await self.hub.loop.sock_sendall(sock, ESTABLISHED)
            await self._sort(sock, target)
        elif self.lets_through(target):
            await self._pass(sock, target)
        else:
            await self._say(sock, 403, self.refusal(target))

    async def _context(self, sock: socket.socket, tunnel: str | None) -> ssl.SSLContext:
        """The context a handshake starts with; the client's hello may pick another by its name."""
        authority = self.hub.authority
        name = bare(tunnel) if tunnel else ""
        address = sock.getsockname()[0].partition("%")[0]
        key = name or address
        found = self._tls.get(key)
        if found is None:
            # In a thread: the first one imports cryptography, and may make the authority.
            found = await self.hub.loop.run_in_executor(
                self.hub.threads, authority.context, name or None, () if name else (address,)
            )
            if len(self._tls) > 256:
                self._tls.clear()
            self._tls[key] = found
        return found

    async def _say(self, sock: socket.socket, status: int, text: str) -> None:
        from uvicorn.protocols.http.httptools_impl import STATUS_LINE

        body = text.encode()
        head = b"content-type: text/plain; charset=utf-8\r\ncontent-length: %d\r\nconnection: close\r\n\r\n" % len(body)
        await self.hub.loop.sock_sendall(sock, STATUS_LINE[status] + head + body)
        with contextlib.suppress(OSError):
            sock.shutdown(socket.SHUT_WR)
        with contextlib.suppress(asyncio.TimeoutError, TimeoutError):
            await asyncio.wait_for(self.hub.loop.sock_recv(sock, _COPY), self.hub.limits.linger_timeout)
        sock.close()

    # -- hosts that the user lets through

    async def _pass(self, sock: socket.socket, target: str) -> None:
        """Connect the client to the host itself, and copy bytes both ways."""
        host, _, port = target.rpartition(":")
        try:
            reader, writer = await asyncio.wait_for(
                asyncio.open_connection(host.strip("[]"), int(port)), self.hub.limits.read_timeout
            )
        except (OSError, ValueError, asyncio.TimeoutError, TimeoutError) as error:
            await self._say(sock, 502, f"{target} can't be reached: {error}\n")
            return
        await self.hub.loop.sock_sendall(sock, ESTABLISHED)
        near_reader, near_writer = await asyncio.open_connection(sock=sock)
        try:
            await asyncio.gather(_copy(near_reader, writer), _copy(reader, near_writer))
        finally:
            writer.close()
            near_writer.close()


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        while data := await reader.read(_COPY):
            writer.write(data)
            await writer.drain()
        if writer.can_write_eof():
            writer.write_eof()


async def _readable(loop: asyncio.AbstractEventLoop, sock: socket.socket) -> None:
    ready: asyncio.Future[None] = loop.create_future()
    loop.add_reader(sock.fileno(), lambda: ready.done() or ready.set_result(None))
    try:
        await ready
    finally:
        loop.remove_reader(sock.fileno())


async def _peek(loop: asyncio.AbstractEventLoop, sock: socket.socket) -> bytes:
    """The first bytes, left where they are: enough of them to tell what they are; none if the client went away."""
    seen = 0
    while True:
        try:
            first = sock.recv(len(_CONNECT), socket.MSG_PEEK)
        except (BlockingIOError, InterruptedError):
            await _readable(loop, sock)
            continue
        if len(first) == len(_CONNECT) or not _CONNECT.startswith(first) or not first:
            return first
        # Part of the word: the socket stays readable, so waiting for that would spin.
        await asyncio.sleep(0.005 if len(first) > seen else 0.02)
        seen = len(first)


async def _read_head(loop: asyncio.AbstractEventLoop, sock: socket.socket, limit: int) -> bytes:
    """Take the head of a request from the socket, and not one byte more: what follows may be TLS."""
    head = b""
    while len(head) <= limit:
        try:
            seen = sock.recv(4096, socket.MSG_PEEK)
        except (BlockingIOError, InterruptedError):
            await _readable(loop, sock)
            continue
        if not seen:
            break
        end = (head + seen).find(b"\r\n\r\n")
        take = len(seen) if end < 0 else end + 4 - len(head)
        head += sock.recv(take)
        if end >= 0:
            return head
    return b""


class _Target:
    url = b""

    def on_url(self, url: bytes) -> None:
        self.url += url


def _target(head: bytes) -> str | None:
    """The ``host:port`` of a CONNECT's head."""
    found = _Target()
    parser = httptools.HttpRequestParser(found)
    try:
        parser.feed_data(head)
    except httptools.HttpParserUpgrade:
        target = found.url.decode("latin-1")
        name, colon, port = target.rpartition(":")
        if name and colon and port.isdigit():
            return target.lower()
    except httptools.HttpParserError:
        pass
    return None
