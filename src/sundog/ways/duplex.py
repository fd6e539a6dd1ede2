"""What stands where a connection's socket would: takes a request's bytes, gives its answer's."""

from __future__ import annotations

import io
import os
from typing import TYPE_CHECKING, Any

from sundog.ways import network
from sundog.ways.http1 import RequestReader, response_file

if TYPE_CHECKING:
    from sundog.cloud import Cloud


class Duplex:
    """The part of a socket that ``http.client`` and those who build on it touch. Answers by ``cloud``."""

    def __init__(self, cloud: Cloud, scheme: str, host: str, pinned: bool = False) -> None:
        self.cloud = cloud
        # Placed by a layer that knows better than the connection whom it is for.
        self.pinned = pinned
        self._reader = RequestReader(scheme, host)
        self._fileno = -1

    def sendall(self, data: Any, flags: int = 0) -> None:
        # SSLSocket takes any buffer, and so must this.
        self._reader.feed(data if isinstance(data, bytes) else memoryview(data).cast("B").tobytes())

    def send(self, data: Any, flags: int = 0) -> int:
        self.sendall(data)
        return len(data)

    def makefile(self, mode: str = "r", buffering: int | None = None, **_: Any) -> io.BufferedReader:
        if "w" in mode:
            raise io.UnsupportedOperation("makefile for writing")
        if self._reader.awaits_continue:
            return io.BufferedReader(io.BytesIO(b"HTTP/1.1 100 Continue\r\n\r\n"))  # type: ignore[arg-type]
        request = self._reader.take()
        return response_file(network.answer(self.cloud, request), request.method)

    def fileno(self) -> int:
        """Always readable, as a closed connection is: who polls it before using it again makes a new one."""
        if self._fileno < 0:
            self._fileno = os.open(os.devnull, os.O_RDONLY)
        return self._fileno

    def close(self) -> None:
        if self._fileno >= 0:
            os.close(self._fileno)
            self._fileno = -1

    def __del__(self) -> None:
        self.close()

    def settimeout(self, value: float | None) -> None: ...

    def gettimeout(self) -> float | None:
        return None

    def setblocking(self, flag: bool) -> None: ...

    def setsockopt(self, *args: Any) -> None: ...

    def shutdown(self, how: int = 2) -> None: ...

    def getpeername(self) -> tuple[str, int]:
        return ("127.0.0.1", 0)

    def getsockname(self) -> tuple[str, int]:
        return ("127.0.0.1", 0)
