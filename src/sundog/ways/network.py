"""Who answers for a host: the Cloud, the network, or nobody. And the Cloud's answer, for every way in."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from email.utils import formatdate
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, TypeVar

from sundog.wire.http import Request, Response

if TYPE_CHECKING:
    from sundog.cloud import Cloud

T = TypeVar("T")

METADATA_HOSTS = frozenset(("169.254.169.254", "169.254.170.2", "169.254.170.23", "fd00:ec2::254", "fd00:ec2::23"))
"""Where instances and containers ask for their own credentials and data."""


class HostRefused(RuntimeError):
    """Code under a mock called a host that isn't AWS's.

    No kind of OSError: the client libraries would take that for an unlucky connection, and try again and again.
    """

    def __init__(self, host: str) -> None:
        super().__init__(
            f"Sundog let no call to {host!r} out to the network: it isn't a host of AWS. If your test is to call it, "
            f"say mock_aws(allow_hosts=[{bare(host)!r}]); patterns such as '*.example.com' and '*' may stand there too."
        )
        self.host = host


def bare(host: str) -> str:
    """The name or address alone: no port, no brackets, lower-case."""
    host = host.lower()
    if host.startswith("["):
        return host[1:].partition("]")[0]
    if host.count(":") == 1:
        host = host.partition(":")[0]
    return host.removesuffix(".")


def is_loopback(name: str) -> bool:
    return name in ("localhost", "::1", "0.0.0.0", "::") or name.startswith("127.") or name.endswith(".localhost")


def decide(cloud: Cloud, host: str, claimed: bool = True) -> bool:
    """True if ``cloud`` answers for ``host``, False if the network may; else ``HostRefused``.

    ``claimed`` says that the client speaks to AWS and its copies alone, so that any host is taken for one of theirs.
    """
    name = bare(host)
    allowed = cloud.settings.allow_hosts
    if is_loopback(name):
        return False
    if claimed or name in METADATA_HOSTS or cloud.hosts.covers(host):
        # Not by a mere ``*``, which means everybody else.
        return not (allowed and _allowed([pattern for pattern in allowed if pattern != "*"], host, name))
    if allowed and _allowed(allowed, host, name):
        return False
    raise HostRefused(host)


def _allowed(patterns: list[str] | tuple[str, ...], host: str, name: str) -> bool:
    host = host.lower()
    return any(fnmatchcase(name, pattern.lower()) or fnmatchcase(host, pattern.lower()) for pattern in patterns)


def _is_clouds(name: str) -> bool:
    from sundog.wire import hosts

    return name in METADATA_HOSTS or hosts.DEFAULT.covers(name)


def is_aws(host: str) -> bool:
    """Whether the host is AWS's, a known copy's, or one of those that give instances their data."""
    return _is_clouds(bare(host))


def answer(cloud: Cloud, request: Request) -> Response:
    """The Cloud's answer. Waits inside for a long poll."""
    return dated(cloud, _metadata(cloud, request) or cloud.handle(request))


async def answer_async(cloud: Cloud, request: Request) -> Response:
    """The same on an asyncio loop, which nothing holds up."""
    response = _metadata(cloud, request) or await when_ready(cloud, lambda final: cloud.attempt(request, final))
    return dated(cloud, response)


async def when_ready(cloud: Cloud, attempt: Callable[[bool], T]) -> T:
    """``attempt(False)`` again and again until it doesn't raise ``Wait``; ``attempt(True)`` when its time is over."""
    from sundog.core.tx import Wait

    try:
        return attempt(False)
    except Wait as given_up:
        wait = given_up
    deadline = wait.deadline
    patience = wait.seconds_left(cloud)
    loop = asyncio.get_running_loop()
    changed = asyncio.Event()

    def announce() -> None:
        if not loop.is_closed():
            loop.call_soon_threadsafe(changed.set)

    # In real time too, so that a poll ends on a frozen clock.
    limit = loop.time() + patience
    handle = cloud.waiters.add(announce, wait)
    try:
        while True:
            left = min(deadline - cloud.clock.timestamp(), limit - loop.time(), patience)
            if left <= 0:
                return attempt(True)
            look = wait.next_look(cloud)
            left = left if look is None else min(left, look)
            if not cloud.waiters.stale(wait):
                try:
                    await asyncio.wait_for(changed.wait(), left)
                except asyncio.TimeoutError:
                    patience -= left  # the loop's time stands still under freezegun
            changed.clear()
            try:
                return attempt(False)
            except Wait as given_up:
                wait = given_up
    finally:
        cloud.waiters.remove(handle)


def _metadata(cloud: Cloud, request: Request) -> Response | None:
    if bare(request.host) not in METADATA_HOSTS:
        return None
    from sundog.ways import metadata

    return metadata.answer(cloud, request)


def dated(cloud: Cloud, response: Response) -> Response:
    """Every answer of AWS has a date; it is the Cloud's clock's."""
    if "date" not in response.headers:
        response.headers["date"] = formatdate(cloud.clock.timestamp(), usegmt=True)
    return response
