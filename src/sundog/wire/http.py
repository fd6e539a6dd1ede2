"""One HTTP request and one response, as every way in hands them over."""

from __future__ import annotations

from collections.abc import Iterator
from typing import IO, Any

Body = bytes | IO[bytes]
"""Small bodies are bytes; big ones a seekable binary file at position 0."""


class Request:
    """One HTTP request, before anybody knows what it asks for.

    ``path`` and ``query`` are as sent (percent-encoded, without ``?``); ``headers`` have lower-case names, and repeated
    headers are joined by ``,``. ``host`` is the name the client meant, lower-case, with the port only if the client named
    one; ``scheme`` is ``http`` or ``https``. ``form`` holds a form's fields where the client never made text of them.
    """

    __slots__ = ("body", "form", "headers", "host", "method", "path", "query", "scheme")

    def __init__(
        self,
        method: str,
        host: str,
        path: str = "/",
        query: str = "",
        headers: dict[str, str] | None = None,
        body: Body = b"",
        scheme: str = "https",
    ) -> None:
        self.method = method
        self.host = host
        self.path = path
        self.query = query
        self.headers = {} if headers is None else headers
        self.body = body
        self.scheme = scheme
        self.form: dict[str, Any] | None = None

    @property
    def url(self) -> str:
        return f"{self.scheme}://{self.host}{self.path}" + (f"?{self.query}" if self.query else "")

    def read(self) -> bytes:
        """The whole body as bytes."""
        if isinstance(self.body, bytes):
            return self.body
        self.body.seek(0)
        data = self.body.read()
        self.body.seek(0)
        return data

    def __repr__(self) -> str:
        return f"<Request {self.method} {self.url}>"


class Response:
    """One HTTP response. ``headers`` have lower-case names; ``body`` may be bytes, a binary file, or an iterator of chunks."""

    __slots__ = ("body", "headers", "status")

    def __init__(
        self, status: int = 200, headers: dict[str, str] | None = None, body: bytes | IO[bytes] | Iterator[bytes] = b""
    ) -> None:
        self.status = status
        self.headers = {} if headers is None else headers
        self.body = body

    def read(self) -> bytes:
        """The whole body as bytes."""
        if isinstance(self.body, bytes):
            return self.body
        if hasattr(self.body, "read"):
            return self.body.read()  # type: ignore[union-attr]
        return b"".join(self.body)

    def __repr__(self) -> str:
        return f"<Response {self.status}>"
