"""The command ``sundog``: serve, ca, env, exec."""

from __future__ import annotations

import sys
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, NoReturn

if TYPE_CHECKING:
    from sundog.ways.server import Server


def main() -> None:
    """The entry point."""
    if find_spec("click") is None:
        fail("The command line needs click: pip install sundog[server]")
    from sundog.commands import cli

    cli(prog_name="sundog")


def fail(text: str, code: int = 1) -> NoReturn:
    print(f"sundog: {text}", file=sys.stderr)
    sys.exit(code)


def start(host: str, port: int, options: dict[str, Any]) -> Server:
    """A server that listens, but does not serve yet; what is wrong is one line and exit code 1."""
    from sundog.ways.server import Server, ServerError, require_extra

    try:
        require_extra()
        return Server(host, port, **options)
    except (ServerError, ValueError) as error:
        fail(str(error))


def run(server: Server) -> None:
    """Serve in this thread until SIGINT or SIGTERM."""
    import asyncio
    import signal

    from sundog.ways.network import is_loopback
    from sundog.ways.server import new_loop

    if not is_loopback(server.host) or server.host in ("0.0.0.0", "::"):
        print(
            f"sundog: warning: on {server.host}, everybody who reaches this machine can use and steer this server.",
            file=sys.stderr,
            flush=True,
        )
    loop = new_loop()
    asyncio.set_event_loop(loop)

    def stop(*_: object) -> None:
        server.stop()

    for number in (signal.SIGINT, signal.SIGTERM):
        try:
            loop.add_signal_handler(number, stop)
        except NotImplementedError:  # Windows
            signal.signal(number, stop)

    def ready() -> None:
        print(f"Sundog is ready: {server.url}", flush=True)

    try:
        loop.run_until_complete(server.run(ready))
    finally:
        loop.close()


def child_environment(
    url: str, ca: str, bundle: str, proxy: bool, world: str | None, present: dict[str, str]
) -> dict[str, str]:
    """The variables that lead a client's calls to the server."""
    from sundog.ways.environment import ACCESS_KEY, SECRET_KEY

    found: dict[str, str] = {}
    if proxy:
        for name in ("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"):
            found[name] = url
        own = [*filter(None, (present.get("NO_PROXY") or present.get("no_proxy") or "").split(","))]
        direct = ",".join(dict.fromkeys([*own, "localhost", "127.0.0.1", "::1"]))
        found["NO_PROXY"] = found["no_proxy"] = direct
        for name in ("AWS_CA_BUNDLE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE"):
            found[name] = bundle
        found["NODE_EXTRA_CA_CERTS"] = ca
    else:
        found["AWS_ENDPOINT_URL"] = url
    if world is not None:
        found["AWS_ACCESS_KEY_ID"] = f"world-{world}"
        found["AWS_SECRET_ACCESS_KEY"] = SECRET_KEY
    elif not _has_credentials(present):
        found["AWS_ACCESS_KEY_ID"] = ACCESS_KEY
        found["AWS_SECRET_ACCESS_KEY"] = SECRET_KEY
    if not present.get("AWS_REGION") and not present.get("AWS_DEFAULT_REGION"):
        found["AWS_DEFAULT_REGION"] = "us-east-1"
    return found


def _has_credentials(present: dict[str, str]) -> bool:
    from pathlib import Path

    if present.get("AWS_ACCESS_KEY_ID") or present.get("AWS_PROFILE"):
        return True
    file = present.get("AWS_SHARED_CREDENTIALS_FILE")
    return (Path(file) if file else Path.home() / ".aws" / "credentials").expanduser().exists()


def run_child(command: tuple[str, ...], environment: dict[str, str]) -> int:
    """Run a command to its end, signals passed on; its exit code as a shell shows it."""
    import signal
    import subprocess

    started: list[subprocess.Popen[bytes]] = []
    early: list[int] = []

    def pass_on(number: int, _frame: object) -> None:
        # One that comes before there is a child is kept for it.
        if started:
            started[0].send_signal(number)
        else:
            early.append(number)

    old: dict[int, Any] = {}
    for number in (signal.SIGTERM, getattr(signal, "SIGHUP", signal.SIGTERM)):
        old.setdefault(number, signal.signal(number, pass_on))
    try:
        child = subprocess.Popen(command, env=environment)
    except FileNotFoundError:
        print(f"sundog: {command[0]}: command not found", file=sys.stderr)
        return 127
    except OSError as error:
        print(f"sundog: {command[0]}: {error.strerror}", file=sys.stderr)
        return 126
    # The terminal sends its SIGINT to the child too; of the others we are the only one who hears.
    started.append(child)
    for number in early:
        child.send_signal(number)
    old[signal.SIGINT] = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        code = child.wait()
    finally:
        for number, handler in old.items():
            signal.signal(number, handler)
    return code if code >= 0 else 128 - code
