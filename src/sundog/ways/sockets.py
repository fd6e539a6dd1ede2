"""The last gate: whatever library it is that we don't know, no name of AWS is looked up while a mock is active."""

from __future__ import annotations

import errno
import functools
from collections.abc import Callable, Iterator
from types import ModuleType
from typing import Any

from sundog.ways.active import Patch, current


class NetworkRefused(OSError):
    """A host of AWS was about to be reached by a way that Sundog doesn't know."""


def patches(module: ModuleType) -> Iterator[Patch]:
    yield Patch(module, "getaddrinfo", _getaddrinfo)


def _getaddrinfo(original: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(original)
    def getaddrinfo(host: Any, *args: Any, **kwargs: Any) -> Any:
        cloud = current()
        if cloud is not None and host:
            name = host.decode("ascii", "replace") if isinstance(host, bytes) else str(host)
            _refuse(cloud, name)
        return original(host, *args, **kwargs)

    return getaddrinfo


def _refuse(cloud: Any, name: str) -> None:
    from sundog.ways import network

    if (network.is_aws(name) or cloud.hosts.covers(name)) and network.decide(cloud, name, claimed=False):
        raise NetworkRefused(
            errno.ENETUNREACH,
            f"Sundog let no connection to {name!r} out to the network. The client that makes it is none that Sundog "
            f"answers in-process: point it at `sundog serve`, or let the host through with "
            f"mock_aws(allow_hosts=[{name!r}])",
        )
