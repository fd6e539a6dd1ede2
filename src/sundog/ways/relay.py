"""A plain request for a host that the user lets through, sent on to that host."""

from __future__ import annotations

import http.client
from collections.abc import Iterator

from sundog.wire.http import Request, Response

_HOP_BY_HOP = frozenset(
    (
        "connection",
        "keep-alive",
        "proxy-authenticate",
        "proxy-authorization",
        "proxy-connection",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
        "expect",
    )
)
TIMEOUT = 60


def forward(request: Request) -> Response:
    """Ask the host itself. Blocks: call it from a thread."""
    # By the connection's real host: the environment's proxy settings may well name ourselves.
    connection = http.client.HTTPConnection(request.host, timeout=TIMEOUT)
    target = request.path + (f"?{request.query}" if request.query else "")
    drop = _HOP_BY_HOP | {part.strip().lower() for part in request.headers.get("connection", "").split(",")}
    headers = {name: value for name, value in request.headers.items() if name not in drop}
    if request.body != b"":
        headers.setdefault("content-length", str(len(request.read())) if isinstance(request.body, bytes) else "")
        if not headers["content-length"]:
            headers["content-length"] = str(request.body.seek(0, 2))  # type: ignore[union-attr]
            request.body.seek(0)  # type: ignore[union-attr]
    try:
        connection.request(request.method, target, request.body or None, headers)
        answer = connection.getresponse()
    except (OSError, http.client.HTTPException) as error:
        connection.close()
        return Response(502, {"content-type": "text/plain"}, f"{request.host} can't be reached: {error}\n".encode())
    fields: dict[str, str] = {}
    for name, value in answer.getheaders():
        key = name.lower()
        if key not in _HOP_BY_HOP:
            fields[key] = f"{fields[key]}, {value}" if key in fields else value
    return Response(answer.status, fields, _chunks(connection, answer))


def _chunks(connection: http.client.HTTPConnection, answer: http.client.HTTPResponse) -> Iterator[bytes]:
    try:
        while data := answer.read1(65536):
            yield data
    finally:
        connection.close()
