"""Faults: rules that make calls fail, or answer late, on purpose."""

from __future__ import annotations

import fnmatch
from collections.abc import Iterator
from typing import Any

from sundog.wire.errors import AwsError


class Fault:
    """One rule. ``remaining`` counts down; None means for ever."""

    __slots__ = (
        "error",
        "hits",
        "latency",
        "message",
        "operation",
        "parameters",
        "probability",
        "remaining",
        "service",
        "status",
    )

    def __init__(
        self,
        service: str,
        operation: str,
        error: str | None,
        message: str,
        status: int,
        latency: float,
        times: int | None,
        probability: float,
        parameters: dict[str, Any] | None,
    ) -> None:
        self.service = service
        self.operation = operation
        self.error = error
        self.message = message
        self.status = status
        self.latency = latency
        self.remaining = times
        self.probability = probability
        self.parameters = parameters or {}
        self.hits = 0

    def covers(self, service: str, operation: str) -> bool:
        """Whether the rule could ever apply to the operation."""
        return (
            self.remaining != 0
            and fnmatch.fnmatchcase(service, self.service)
            and fnmatch.fnmatchcase(operation, self.operation)
        )

    def spare(self) -> None:
        """Take a strike back: the call came to nothing yet, and will be made again."""
        self.hits -= 1
        if self.remaining is not None:
            self.remaining += 1

    def to_dict(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in self.__slots__}


_SERVER_ERRORS = {"InternalError", "InternalFailure", "ServiceUnavailable", "InternalServerError", "Unavailable"}


class Faults:
    """The rules of one cloud, tried in the order in which they were added."""

    def __init__(self) -> None:
        self._rules: list[Fault] = []

    def add(
        self,
        service: str = "*",
        operation: str = "*",
        *,
        error: str | None = None,
        message: str = "A fault was asked for.",
        status: int | None = None,
        latency: float = 0.0,
        times: int | None = None,
        probability: float = 1.0,
        parameters: dict[str, Any] | None = None,
    ) -> Fault:
        """Make calls of the service's operation (wildcards allowed) fail with an error code, or answer ``latency`` seconds late.

        ``parameters``: only calls that have these members with these values. ``probability`` is drawn from the cloud's
        generator; ``times`` limits how often the rule strikes.
        """
        if not 0 <= probability <= 1:
            raise ValueError("probability lies between 0 and 1")
        if error is None and not latency:
            raise ValueError("a fault needs an error or a latency")
        if status is None:
            status = (503 if "Unavailable" in (error or "") else 500) if error in _SERVER_ERRORS else 400
        rule = Fault(service, operation, error, message, status, latency, times, probability, parameters)
        self._rules.append(rule)
        return rule

    def remove(self, rule: Fault) -> None:
        self._rules.remove(rule)

    def clear(self) -> None:
        self._rules.clear()

    def __iter__(self) -> Iterator[Fault]:
        return iter(list(self._rules))

    def __len__(self) -> int:
        return len(self._rules)

    def covers(self, service: str, operation: str) -> bool:
        return any(rule.covers(service, operation) for rule in self._rules)

    def strike(self, service: str, operation: str, params: dict[str, Any], chance: Any) -> Fault | None:
        """The rule that this call runs into, counted; None if it gets through."""
        for rule in self._rules:
            if not rule.covers(service, operation):
                continue
            if any(params.get(name) != value for name, value in rule.parameters.items()):
                continue
            if rule.probability < 1 and chance() >= rule.probability:
                continue
            rule.hits += 1
            if rule.remaining is not None:
                rule.remaining -= 1
            return rule
        return None


def fault_error(rule: Fault) -> AwsError:
    assert rule.error is not None
    return AwsError(rule.error, rule.message, rule.status)
