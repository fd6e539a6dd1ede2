"""Raw sockets and a server of fake clouds, for the server's tests."""

from __future__ import annotations

import socket
from typing import Any

from sundog.ways.server import Server


def connect(server: Server, timeout: float = 5) -> socket.socket:
    return socket.create_connection(("127.0.0.1", server.port), timeout=timeout)


class Answer:
    def __init__(self, status: int, version: str, fields: dict[str, str], body: bytes) -> None:
        self.status = status
        self.version = version
        self.fields = fields
        self.body = body


def read_head(file: Any) -> tuple[int, str, dict[str, str]]:
    line = file.readline()
    assert line, "the connection ended before an answer"
    version, status, _ = line.decode().split(" ", 2)
    fields: dict[str, str] = {}
    while (line := file.readline().decode("latin-1").rstrip("\r\n")) != "":
        name, _, value = line.partition(": ")
        assert name not in fields, f"{name} came twice"
        fields[name] = value
    return int(status), version, fields


def read_answer(file: Any, head: bool = False) -> Answer:
    status, version, fields = read_head(file)
    body = b""
    if head or status in (204, 304) or status < 200:
        pass
    elif fields.get("transfer-encoding") == "chunked":
        while size := int(file.readline(), 16):
            body += file.read(size)
            assert file.readline() == b"\r\n"
        assert file.readline() == b"\r\n"
    elif "content-length" in fields:
        body = file.read(int(fields["content-length"]))
        assert len(body) == int(fields["content-length"])
    else:
        body = file.read()
    return Answer(status, version, fields, body)


def ask(server: Server, data: bytes, head: bool = False) -> Answer:
    """One exchange on a connection of its own."""
    with connect(server) as sock, sock.makefile("rb") as file:
        sock.sendall(data)
        return read_answer(file, head)


def get(path: str, host: str = "x", more: str = "") -> bytes:
    return f"GET {path} HTTP/1.1\r\nHost: {host}\r\n{more}\r\n".encode()
