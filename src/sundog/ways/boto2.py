"""boto 2.49: its connections are led to the mock. (``boto2_import`` is what lets it be imported.)"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from types import ModuleType
from typing import Any

from sundog.ways import network
from sundog.ways.active import Patch, current
from sundog.ways.boto2_tls import target
from sundog.ways.http_client import CLAIM, connect


def patches(module: ModuleType) -> Iterator[Patch]:
    if module.__name__ == "boto.https_connection":
        yield Patch(module.CertValidatingHTTPSConnection, "connect", connect)
    else:
        yield Patch(module.AWSAuthConnection, "get_http_connection", _get_http_connection)
        yield Patch(module.AWSAuthConnection, "proxy_ssl", _proxy_ssl)


def _get_http_connection(original: Callable[..., Any]) -> Callable[..., Any]:
    """Whatever host a connection of boto's is for, somebody there speaks AWS's language: claim it."""

    @functools.wraps(original)
    def get_http_connection(self: Any, *args: Any, **kwargs: Any) -> Any:
        connection = original(self, *args, **kwargs)
        if current() is not None:
            setattr(connection, CLAIM, True)
        return connection

    return get_http_connection


def _proxy_ssl(original: Callable[..., Any]) -> Callable[..., Any]:
    """No tunnel through a real proxy for what doesn't leave."""

    @functools.wraps(original)
    def proxy_ssl(self: Any, host: str | None = None, port: int | None = None) -> Any:
        cloud = current()
        name, number = target(self, host, port)
        if cloud is None or not network.decide(cloud, name):
            return original(self, host, port)
        from http.client import HTTPSConnection

        return HTTPSConnection(name, number)

    return proxy_ssl
