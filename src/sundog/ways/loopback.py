"""``path="server"``: calls of the process's own clients go over a real socket to a server in a thread.

There is one server a process, started by the first such call. Each cloud is a world of it, by the ``x-sundog-world``
header, until its mock ends.
"""

from __future__ import annotations

import atexit
import os
import threading
from itertools import count
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from sundog.ways import active
from sundog.ways.network import decide
from sundog.ways.worlds import HEADER

if TYPE_CHECKING:
    from sundog.cloud import Cloud
    from sundog.ways.server import Server

_lock = threading.Lock()
_numbers = count(1)
_worlds: dict[int, tuple[Cloud, str]] = {}
"""By the cloud's id: the clouds that the server has, under which names."""
_server: Server | None = None
_plain: Any = None
"""The session of clients that would take a proxy."""


def address(cloud: Cloud) -> tuple[str, str]:
    """The server's URL, and the name of the cloud's world there."""
    known = _worlds.get(id(cloud))
    if known is not None and _server is not None:
        return _server.url, known[1]
    with _lock:
        server = _server or _start()
        known = _worlds.get(id(cloud))
        if known is None:
            known = _worlds[id(cloud)] = (cloud, f"mock-{next(_numbers)}")
            server.adopt(known[1], cloud)
        return server.url, known[1]


def worlds() -> list[str]:
    """Names of the clouds that the server has now."""
    return [name for _, name in _worlds.values()]


def redirected(cloud: Cloud, prepared: Any) -> Any:
    """A copy of a request that botocore has prepared and signed, on its way to the server instead of its host.

    The request itself, if the cloud doesn't answer for that host.
    """
    asked: str = prepared.url
    parts = urlsplit(asked)
    host = parts.netloc.rpartition("@")[2]
    if not decide(cloud, host):
        return prepared
    url, world = address(cloud)
    made = type(prepared)(
        prepared.method,
        url + (parts.path or "/") + (f"?{parts.query}" if parts.query else ""),
        prepared.headers.copy(),
        prepared.body,
        prepared.stream_output,
    )
    for name, value in ((HEADER, world), ("X-Forwarded-Proto", parts.scheme)):
        made.headers[name] = value
    if "Host" not in made.headers:
        made.headers["Host"] = host
    return made


def send(original: Any, endpoint: Any, cloud: Cloud, prepared: Any) -> Any:
    """What botocore's ``_send`` gives for a request that the server answers."""
    request = redirected(cloud, prepared)
    if request is not prepared and _takes_proxy(endpoint.http_session, request.url):
        response = _proxyless().send(request)
    else:
        response = original(endpoint, request)
    response.url = prepared.url
    return response


async def send_async(original: Any, endpoint: Any, cloud: Cloud, prepared: Any) -> Any:
    """The same for aiobotocore."""
    response = await original(endpoint, redirected(cloud, prepared))
    response.url = prepared.url
    return response


def _takes_proxy(session: Any, url: str) -> bool:
    config = getattr(session, "_proxy_config", None)
    return config is not None and config.proxy_url_for(url) is not None


def _proxyless() -> Any:
    global _plain
    if _plain is None:
        from botocore.httpsession import URLLib3Session

        _plain = URLLib3Session(max_pool_connections=64)
    return _plain


def _start() -> Server:
    global _server
    from sundog.ways.server import serve

    _server = serve(port=0)
    active.ended.append(_ended)
    atexit.register(stop)
    return _server


def _ended(cloud: Any) -> None:
    known = _worlds.pop(id(cloud), None)
    if known is not None and _server is not None:
        _server.release(known[1])


def stop() -> None:
    """Stop the server, if it runs; the next call starts another."""
    global _server, _plain
    with _lock:
        server, _server = _server, None
        _worlds.clear()
        if _plain is not None:
            _plain.close()
            _plain = None
        if server is not None:
            active.ended.remove(_ended)
            atexit.unregister(stop)
            server.stop()


def _forget() -> None:
    """A forked child has no thread that would answer."""
    global _lock, _server, _plain
    if _server is not None:
        active.ended.remove(_ended)
        atexit.unregister(stop)
    _lock = threading.Lock()
    _server = _plain = None
    _worlds.clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget)
