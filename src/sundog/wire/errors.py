"""The one exception that answers a call with an error."""

from __future__ import annotations

from typing import Any


class AwsError(Exception):
    """An error as AWS answers it.

    ``code`` and ``message`` are what the client sees, ``status`` the HTTP status, ``members`` further members of the
    modelled error shape by their wire names. ``shape`` is the model's name of the error, where it has one: the codecs
    put it where their protocol wants it. ``fault`` says whose fault it is (``Sender``, ``Receiver``).
    """

    shape: str | None = None

    def __init__(self, code: str, message: str = "", status: int = 400, members: dict[str, Any] | None = None) -> None:
        super().__init__(code, message)
        self.code = code
        self.message = message
        self.status = status
        self.members = members or {}
        self.headers: dict[str, str] = {}

    @property
    def fault(self) -> str:
        return "Sender" if self.status < 500 else "Receiver"

    def __str__(self) -> str:
        return f"{self.code}: {self.message}"
