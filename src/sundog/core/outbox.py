"""HTTP requests that the cloud itself makes: to endpoints that its users named, if they let these hosts through."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

import msgspec

from sundog.wire.http import Request

if TYPE_CHECKING:
    from urllib.parse import SplitResult

    from sundog.cloud import Cloud

PATIENCE = 15.0
"""Seconds that an endpoint may take."""
MOST_READ = 65_536


class Answer(msgspec.Struct, frozen=True):
    """What an endpoint said. ``status`` is 0 if it was never reached; ``error`` says why."""

    status: int
    body: bytes = b""
    error: str | None = None

    @property
    def ok(self) -> bool:
        return 200 <= self.status < 300


class Job(msgspec.Struct, frozen=True):
    """One request to be made, and what is done with its answer."""

    tx: Any
    url: str
    headers: dict[str, str]
    body: bytes
    then: Any
    arguments: tuple[Any, ...]
    cause: Any
    moment: float | None


def post(*_: Any) -> None:
    """Marks a request among the work after a commit; the cloud makes it when it holds no lock."""
    raise RuntimeError("requests are made by the cloud")


def is_loopback(host: str) -> bool:
    name = host.lower()
    return name in ("localhost", "::1", "0.0.0.0") or name.startswith("127.") or name.endswith(".localhost")


def allowed(cloud: Cloud, host: str) -> bool:
    """Whether the cloud may reach the host: loopback always, others if the user let them through."""
    return is_loopback(host) or any(fnmatchcase(host.lower(), pattern.lower()) for pattern in cloud.allow_hosts)


def perform(cloud: Cloud, job: Job) -> Answer:
    """Make the request. Whatever goes wrong is the answer."""
    import http.client
    import ssl
    from urllib.parse import urlsplit

    try:
        parts = urlsplit(job.url)
        host, port = parts.hostname or "", parts.port
    except ValueError as error:
        return Answer(0, error=str(error))
    if not allowed(cloud, host):
        if cloud.hosts.covers(host):
            return _ask_ourselves(cloud, parts, job)
        return Answer(0, error=f"Sundog lets nothing out to {host}: name it in allow_hosts")
    connection: http.client.HTTPConnection
    if parts.scheme == "https":
        context = ssl.create_default_context()
        if is_loopback(host):  # nobody has a certificate for it that the Web trusts
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
        connection = http.client.HTTPSConnection(host, port, timeout=PATIENCE, context=context)
    else:
        connection = http.client.HTTPConnection(host, port, timeout=PATIENCE)
    try:
        connection.request("POST", _target(parts), job.body, _headers(parts, job))
        response = connection.getresponse()
        return Answer(response.status, response.read(MOST_READ))
    except (OSError, http.client.HTTPException, ValueError) as error:
        return Answer(0, error=f"{type(error).__name__}: {error}")
    finally:
        connection.close()


def _target(parts: SplitResult) -> str:
    return (parts.path or "/") + (f"?{parts.query}" if parts.query else "")


def _headers(parts: SplitResult, job: Job) -> dict[str, str]:
    """The request's headers, with the user and password that stand in the URL."""
    headers = dict(job.headers)
    if parts.username is not None:
        import base64
        from urllib.parse import unquote

        pair = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
        headers["Authorization"] = "Basic " + base64.b64encode(pair.encode()).decode()
    return headers


def _ask_ourselves(cloud: Cloud, parts: SplitResult, job: Job) -> Answer:
    """An endpoint of AWS's is the cloud's own."""
    headers = {name.lower(): value for name, value in _headers(parts, job).items()}
    host = parts.netloc.rpartition("@")[2]
    request = Request("POST", host, parts.path or "/", parts.query, headers, job.body, parts.scheme)
    response = cloud.handle(request)
    return Answer(response.status, response.read()[:MOST_READ])
