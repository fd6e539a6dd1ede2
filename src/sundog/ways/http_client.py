"""``http.client``: what ``urllib.request``, boto 2 and much else sits on."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from types import ModuleType
from typing import Any
from urllib.parse import urlsplit

from sundog.ways import network
from sundog.ways.active import Patch, current
from sundog.ways.duplex import Duplex

CLAIM = "_sundog_claimed"
"""Set on connections made by a client that speaks to AWS and its copies alone (boto 2)."""


def patches(module: ModuleType) -> Iterator[Patch]:
    yield Patch(module.HTTPConnection, "putrequest", _putrequest)
    yield Patch(module.HTTPConnection, "getresponse", _getresponse)
    yield Patch(module.HTTPConnection, "connect", connect)
    # Without OpenSSL there is no HTTPSConnection.
    if (https := getattr(module, "HTTPSConnection", None)) is not None:
        yield Patch(https, "connect", connect)


def _putrequest(original: Callable[..., None]) -> Callable[..., None]:
    """Each request decides anew, so that connections kept open since before the mock are covered."""

    @functools.wraps(original)
    def putrequest(self: Any, method: str, url: str, *args: Any, **kwargs: Any) -> None:
        _place(self, url)
        original(self, method, url, *args, **kwargs)

    return putrequest


def _getresponse(original: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """Our socket goes after each answer, so that none is left in a connection when the mock ends."""

    @functools.wraps(original)
    def getresponse(self: Any) -> Any:
        response = original(self)
        if isinstance(self.sock, Duplex):
            self.sock = None
        return response

    return getresponse


def connect(original: Callable[[Any], None]) -> Callable[[Any], None]:
    @functools.wraps(original)
    def wrapper(self: Any) -> None:
        if not _place(self, ""):
            original(self)

    return wrapper


def _place(connection: Any, url: str) -> bool:
    """Give the connection the socket it needs for this request: ours, or none of ours."""
    cloud = current()
    sock = connection.sock
    if isinstance(sock, Duplex) and sock.pinned:
        return True
    scheme, host = where(connection, url)
    if cloud is None or not network.decide(cloud, host, getattr(connection, CLAIM, False)):
        if isinstance(sock, Duplex):
            connection.close()
        return False
    if not (isinstance(sock, Duplex) and sock.cloud is cloud):
        if sock is not None:
            connection.close()
        connection.sock = Duplex(cloud, scheme, host)
    return True


def where(connection: Any, url: str) -> tuple[str, str]:
    """Scheme and host the request is for, be it through a proxy. The host has its port if it isn't the scheme's own."""
    if "://" in url[:9]:
        parts = urlsplit(url)
        return parts.scheme, parts.netloc.rpartition("@")[2]
    tunnel = getattr(connection, "_tunnel_host", None)
    # ``default_port`` is 443 for whatever wraps its socket in TLS itself; a tunnel is dug for nothing else.
    secure = bool(tunnel) or connection.default_port == 443
    host = tunnel or connection.host
    port = getattr(connection, "_tunnel_port", None) if tunnel else connection.port
    if ":" in host and not host.startswith("["):
        host = f"[{host}]"
    if port not in (None, 443 if secure else 80):
        host = f"{host}:{port}"
    return "https" if secure else "http", host
