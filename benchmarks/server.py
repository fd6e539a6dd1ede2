"""Requests a second of the server, against the same HTTP server with a handler that answers a constant.

    python benchmarks/server.py [--seconds 3] [--connections 16]

Both sides run in processes of their own, one after the other, with the same client. The floor is uvicorn's
``HttpToolsProtocol`` on uvloop, and its ASGI application answers as many bytes as the operation does. Go by the
ratio of requests per second of the *server's CPU time*: it does not depend on what else the machine does.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

import httptools

CONSTANT = """
import asyncio, socket, sys, uvloop
from uvicorn.config import Config
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.server import ServerState
BODY = b"x" * int(sys.argv[1])
START = {"type": "http.response.start", "status": 200, "headers": [
    (b"content-type", b"text/xml"), (b"content-length", b"%d" % len(BODY))]}
async def app(scope, receive, send):
    await receive()
    await send(START)
    await send({"type": "http.response.body", "body": BODY})
async def main():
    config = Config(app, ws="none", lifespan="off", log_config=None, access_log=False)
    config.load()
    state = ServerState()
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: HttpToolsProtocol(config, state, {}), "127.0.0.1", 0)
    print("http://127.0.0.1:%d" % server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()
uvloop.run(main())
"""

BARE = """
import sys, tempfile, time
from pathlib import Path
from sundog import cli
from sundog.core.clock import Clock
from sundog.core.waiters import Waiters
from sundog.ways.server import Server
from sundog.ways.worlds import Worlds
from sundog.wire.http import Response
class Constant:
    clock, faults, calls, waiters = Clock(), (), (), Waiters()
    def attempt(self, request, final=False):
        return Response(200, {"content-type": "text/xml"}, BODY)
    def key(self, key): return None
    def close(self): pass
BODY = b"x" * int(sys.argv[1])
cli.run(Server(port=0, worlds=Worlds(Constant), home=Path(tempfile.gettempdir()) / "sundog-bench"))
"""


@contextmanager
def process(*command: str) -> Iterator[tuple[int, int]]:
    """A server in a process: its port and its process id."""
    started = subprocess.Popen([sys.executable, *command], stdout=subprocess.PIPE, text=True)
    try:
        assert started.stdout is not None
        yield int(started.stdout.readline().strip().rpartition(":")[2]), started.pid
    finally:
        started.terminate()
        started.wait()


def signed(service: str, action: str, version: str, port: int) -> bytes:
    """The bytes that a client sends, signed by botocore."""
    from botocore.auth import SigV4Auth
    from botocore.awsrequest import AWSRequest
    from botocore.credentials import Credentials

    body = f"Action={action}&Version={version}"
    headers = {
        "Content-Type": "application/x-www-form-urlencoded; charset=utf-8",
        "User-Agent": "Boto3/1.43.117 md/Botocore#1.43.117 ua/2.1 os/linux md/arch#x86_64 lang/python#3.11",
        "amz-sdk-invocation-id": "9b9ef6b5-6eb1-4a4e-9c0e-1a4f0f8c2b1e",
        "amz-sdk-request": "attempt=1",
    }
    request = AWSRequest("POST", f"http://127.0.0.1:{port}/", headers, body)
    SigV4Auth(Credentials("AKIAIOSFODNN7EXAMPLE", "secret"), service, "us-east-1").add_auth(request)
    lines = [f"{name}: {value}\r\n" for name, value in request.headers.items()]
    head = f"POST / HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n{''.join(lines)}Content-Length: {len(body)}\r\n\r\n"
    return (head + body).encode()


class Client(asyncio.Protocol):
    """Sends the next request as soon as the answer to the last one is there."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.count = 0
        self.size = 0
        self.failed: str | None = None
        self.parser = httptools.HttpResponseParser(self)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport
        transport.write(self.data)  # type: ignore[attr-defined]

    def data_received(self, data: bytes) -> None:
        self.parser.feed_data(data)

    def on_body(self, body: bytes) -> None:
        self.size += len(body)
        if self.parser.get_status_code() != 200:
            self.failed = body.decode("utf-8", "replace")

    def on_message_complete(self) -> None:
        self.count += 1
        self.transport.write(self.data)  # type: ignore[attr-defined]


def cpu(pid: int) -> float:
    with open(f"/proc/{pid}/stat") as file:
        fields = file.read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def measure(port: int, pid: int, data: bytes, seconds: float, connections: int) -> tuple[float, float, int]:
    """Requests a second, requests a second of the server's CPU, and the bytes of an answer."""

    async def run() -> tuple[float, float, int]:
        loop = asyncio.get_running_loop()
        clients = [
            (await loop.create_connection(lambda: Client(data), "127.0.0.1", port))[1] for _ in range(connections)
        ]
        await asyncio.sleep(0.5)
        begin, begin_cpu, before = time.perf_counter(), cpu(pid), sum(client.count for client in clients)
        await asyncio.sleep(seconds)
        took, took_cpu = time.perf_counter() - begin, cpu(pid) - begin_cpu
        done = sum(client.count for client in clients) - before
        for client in clients:
            client.transport.close()
            if client.failed:
                raise SystemExit(f"the server refused: {client.failed}")
        return done / took, done / took_cpu, round(clients[0].size / max(clients[0].count, 1))

    import uvloop

    return uvloop.run(run())


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--seconds", type=float, default=3)
    arguments.add_argument("--connections", type=int, default=16)
    arguments.add_argument("--bare", action="store_true", help="our connections alone, with a cloud that does nothing")
    given = arguments.parse_args()
    operations = [("sts", "GetCallerIdentity", "2011-06-15"), ("ec2", "DescribeVpcs", "2016-11-15")]
    operations.append(("sqs", "ListQueues", "2012-11-05"))
    print(f"{'':28}{'requests/s':>12}{'per CPU s':>12}{'ratio':>8}")
    for service, action, version in operations[:1] if given.bare else operations:
        command = ("-c", BARE, "400") if given.bare else ("-m", "sundog", "serve", "--port", "0")
        results = []
        with process(*command) as (port, pid):
            data = signed(service, action, version, port)
            results.append(measure(port, pid, data, given.seconds, given.connections))
        with process("-c", CONSTANT, str(results[0][2])) as (port, pid):
            data = signed(service, action, version, port)
            results.append(measure(port, pid, data, given.seconds, given.connections))
        (rate, per_cpu, _), (floor, floor_cpu, _) = results
        name = "a cloud that does nothing" if given.bare else f"{service} {action}"
        print(f"{name:28}{rate:12,.0f}{per_cpu:12,.0f}{per_cpu / floor_cpu:8.2f}")
        print(f"{'  a constant':28}{floor:12,.0f}{floor_cpu:12,.0f}")


if __name__ == "__main__":
    main()
