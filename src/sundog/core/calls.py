"""The call log: what was asked, what was answered, how faithfully, and because of what."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from typing import Any, overload

import msgspec

from sundog.core.structure import Structure
from sundog.wire.errors import AwsError
from sundog.wire.http import Request
from sundog.wire.profile import Profile

KEPT_BODY = 64 * 1024
"""The biggest body that the log keeps."""
EMULATED, MODELLED, UNSUPPORTED = "emulated", "modelled", "unsupported"


class Call:
    """One call: of an operation by a client, or a delivery or due task that another call caused.

    ``params`` and ``answer`` are in botocore's form; ``duration`` is in seconds; ``cause`` is the call that this one follows
    from; ``http`` is the request itself, ``headers`` what the handler adds to the response's, ``status`` the HTTP status if
    it isn't the model's; ``unread`` names members that were sent and that the answer took no notice of.
    """

    __slots__ = (
        "_answer",
        "_packed",
        "access_key",
        "account",
        "cause",
        "duration",
        "error",
        "exception",
        "fidelity",
        "headers",
        "http",
        "ignored",
        "kind",
        "operation",
        "params",
        "profile",
        "protocol",
        "region",
        "request",
        "request_id",
        "service",
        "status",
        "target",
        "time",
    )

    def __init__(
        self,
        service: str,
        operation: str,
        params: dict[str, Any],
        account: str,
        region: str,
        access_key: str | None = None,
        kind: str = "call",
        cause: Call | None = None,
    ) -> None:
        self.service = service
        self.operation = operation
        self.params = params
        self.account = account
        self.region = region
        self.access_key = access_key
        self.kind = kind
        self.cause = cause
        self.profile: Profile | None = None if cause is None else cause.profile
        self.time = 0.0
        self.duration = 0.0
        self._answer: dict[str, Any] | None = None
        self._packed: bytes | None = None
        self.error: AwsError | None = None
        self.exception: BaseException | None = None
        self.fidelity = EMULATED
        self.request_id = ""
        self.request: Structure | None = None
        self.ignored: frozenset[str] = frozenset()
        self.target: str | None = None
        self.protocol = "query"
        self.http: Request | None = None
        self.headers: dict[str, str] | None = None
        self.status: int | None = None

    @property
    def answer(self) -> dict[str, Any] | None:
        """The result in botocore's form; None of a call that failed."""
        if self._answer is None and self._packed is not None:
            self._answer = msgspec.msgpack.decode(self._packed)
        return self._answer

    @answer.setter
    def answer(self, result: dict[str, Any] | None) -> None:
        self._answer = result
        self._packed = None

    def take(self) -> dict[str, Any] | None:
        """The result, to do with as one likes: the log keeps a packed copy. None if it can't be copied."""
        result = self._answer
        try:
            self._packed = msgspec.msgpack.encode(result)
        except (TypeError, OverflowError, ValueError):
            return None
        self._answer = None
        return result

    @property
    def unread(self) -> list[str]:
        """Wire paths of members that were sent but never read, of a call that a handler answered well."""
        if self.request is None or self.error is not None or self.fidelity != EMULATED:
            return []
        return [path for path in self.request.unread_() if path.split(".")[0] not in self.ignored]

    def slim(self) -> None:
        """Let go of big bodies: the log would keep them for long after everybody else has."""
        for members in (self.params, self.answer):
            for name, value in (members or {}).items():
                if isinstance(value, bytes):
                    if len(value) > KEPT_BODY:
                        members[name] = f"<{len(value)} bytes>"  # type: ignore[index]
                elif hasattr(value, "read"):
                    members[name] = "<stream>"  # type: ignore[index]
        if self.request is not None:
            for name, value in self.request.__dict__.items():
                if hasattr(value, "read") or (isinstance(value, bytes) and len(value) > KEPT_BODY):
                    self.request.__dict__[name] = "<stream>"
        if self.http is not None and (not isinstance(self.http.body, bytes) or len(self.http.body) > KEPT_BODY):
            self.http.body = b""

    @property
    def chain(self) -> list[Call]:
        """This call and those that led to it, the first cause first."""
        found: list[Call] = []
        call: Call | None = self
        while call is not None:
            found.append(call)
            call = call.cause
        return found[::-1]

    def to_dict(self) -> dict[str, Any]:
        error = None
        if self.error is not None:
            error = {"Code": self.error.code, "Message": self.error.message, "Status": self.error.status}
        return {
            "kind": self.kind,
            "service": self.service,
            "operation": self.operation,
            "params": self.params,
            "answer": self.answer,
            "error": error,
            "account": self.account,
            "region": self.region,
            "access_key": self.access_key,
            "time": self.time,
            "duration": self.duration,
            "fidelity": self.fidelity,
            "request_id": self.request_id,
            "target": self.target,
            "unread": self.unread,
            "cause": self.cause.request_id if self.cause else None,
        }

    def __repr__(self) -> str:
        outcome = f"{self.error.code}" if self.error else "ok"
        return f"<{self.kind} {self.service}:{self.operation} {outcome}>"


class Calls:
    """The last calls of a cloud, oldest first, as a sequence."""

    def __init__(self, limit: int | None) -> None:
        self._log: deque[Call] = deque(maxlen=limit)
        self.add = self._log.append

    def clear(self) -> None:
        self._log.clear()

    def discard(self, call: Call) -> None:
        """Take a call out again that another way in makes once more."""
        for index in range(len(self._log) - 1, -1, -1):
            if self._log[index] is call:
                del self._log[index]
                return

    def of(self, service: str | None = None, operation: str | None = None) -> list[Call]:
        """The calls of a service, of an operation, or of both."""
        return [
            call
            for call in list(self._log)
            if (service is None or call.service == service) and (operation is None or call.operation == operation)
        ]

    def __iter__(self) -> Iterator[Call]:
        return iter(list(self._log))

    def __len__(self) -> int:
        return len(self._log)

    @overload
    def __getitem__(self, index: int) -> Call: ...
    @overload
    def __getitem__(self, index: slice) -> list[Call]: ...
    def __getitem__(self, index: int | slice) -> Call | list[Call]:
        return list(self._log)[index] if isinstance(index, slice) else self._log[index]

    def __repr__(self) -> str:
        return f"<Calls {list(self._log)!r}>"
