"""A cloud that answers as each test says, and a network that nobody may reach."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from sundog.core.clock import Clock
from sundog.core.tx import Wait
from sundog.core.waiters import Waiters
from sundog.settings import Settings
from sundog.ways import active
from sundog.wire import hosts
from sundog.wire.http import Request, Response


class Canned:
    """Stands in for a Cloud: keeps the requests, answers what ``reply`` gives."""

    def __init__(self, reply: Callable[[Request], Response] | None = None, **settings: Any) -> None:
        self.settings = Settings(**settings)
        self.hosts = hosts.DEFAULT
        self.clock = Clock()
        self.waiters = Waiters()
        self.default_account = self.settings.account
        self.requests: list[Request] = []
        self.reply = reply or (lambda request: Response(200, {"content-type": "text/plain"}, b"canned"))
        self.ready = True
        self.next_due = None

    def attempt(self, request: Request, final: bool = False) -> Response:
        if not self.ready and not final:
            raise Wait(self.clock.timestamp() + 20)
        self.requests.append(request)
        return self.reply(request)

    def handle(self, request: Request) -> Response:
        until = time.monotonic() + 20
        while not self.ready and time.monotonic() < until:
            time.sleep(0.01)
        return self.attempt(request, final=True)

    @property
    def last(self) -> Request:
        return self.requests[-1]


def is_local(address: Any) -> bool:
    return isinstance(address, str | bytes) or address[0] in ("127.0.0.1", "::1", "localhost")


@pytest.fixture(autouse=True)
def no_network(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """No test of this folder reaches anything but loopback; what tried is in the list."""
    tried: list[Any] = []
    connect, getaddrinfo = socket.socket.connect, socket.getaddrinfo

    def guarded_connect(self: socket.socket, address: Any) -> None:
        if not is_local(address):
            tried.append(address)
            raise AssertionError(f"a packet would have left for {address}")
        connect(self, address)

    def guarded_getaddrinfo(host: Any, *args: Any, **kwargs: Any) -> Any:
        host = host.decode() if isinstance(host, bytes) else host
        if host not in (None, "", "127.0.0.1", "::1", "localhost", "0.0.0.0"):
            tried.append(host)
            raise AssertionError(f"{host} would have been looked up")
        return getaddrinfo(host, *args, **kwargs)

    monkeypatch.setattr(socket.socket, "connect", guarded_connect)
    monkeypatch.setattr(socket, "getaddrinfo", guarded_getaddrinfo)
    return tried


@pytest.fixture
def cloud() -> Iterator[Canned]:
    """An active canned cloud."""
    made = Canned()
    active.push(made)  # type: ignore[arg-type]
    yield made
    active.pop(made)  # type: ignore[arg-type]


@pytest.fixture
def make_canned() -> type[Canned]:
    return Canned
