"""urllib3, and with it requests and what botocore fetches by itself (instance metadata, container credentials)."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from types import ModuleType
from typing import Any

from sundog.ways import network
from sundog.ways.active import Patch, current
from sundog.ways.duplex import Duplex
from sundog.ways.http_client import where

_MISSING = object()


def patches(module: ModuleType) -> Iterator[Patch]:
    yield Patch(module.HTTPConnectionPool, "_make_request", _make_request)
    yield Patch(module.HTTPSConnectionPool, "_prepare_proxy", _prepare_proxy)


def _target(pool: Any, conn: Any, url: str) -> tuple[str, str]:
    if url.startswith("/"):
        # Through a tunnel the pool is the target's, and the connection may not know yet.
        return pool.scheme, where(_Named(pool.host, pool.port, 443 if pool.scheme == "https" else 80), "")[1]
    return where(conn, url)


class _Named:
    """Host and port as a connection has them."""

    def __init__(self, host: str, port: int | None, default_port: int) -> None:
        self.host = host
        self.port = port
        self.default_port = default_port


def _make_request(original: Callable[..., Any]) -> Callable[..., Any]:
    """The connection's socket is ours for this one request; a real one kept open waits aside meanwhile."""

    @functools.wraps(original)
    def make_request(self: Any, conn: Any, method: str, url: str, *args: Any, **kwargs: Any) -> Any:
        cloud = current()
        if cloud is None:
            return original(self, conn, method, url, *args, **kwargs)
        scheme, host = _target(self, conn, url)
        if not network.decide(cloud, host, claimed=False):
            return original(self, conn, method, url, *args, **kwargs)
        aside = {name: conn.__dict__.get(name, _MISSING) for name in ("sock", "is_verified")}
        conn.sock = duplex = Duplex(cloud, scheme, host, pinned=True)
        conn.is_verified = True
        try:
            return original(self, conn, method, url, *args, **kwargs)
        finally:
            if conn.sock in (duplex, None):
                for name, value in aside.items():
                    if value is _MISSING:
                        conn.__dict__.pop(name, None)
                    else:
                        setattr(conn, name, value)

    return make_request


def _prepare_proxy(original: Callable[..., None]) -> Callable[..., None]:
    """No tunnel through a real proxy for what doesn't leave."""

    @functools.wraps(original)
    def prepare_proxy(self: Any, conn: Any) -> None:
        cloud = current()
        if cloud is None or not network.decide(cloud, _target(self, conn, "/")[1], claimed=False):
            original(self, conn)
        else:
            # The connection says in its Host header whom the tunnel is for.
            conn.set_tunnel(getattr(self, "_tunnel_host", self.host), self.port)

    return prepare_proxy
