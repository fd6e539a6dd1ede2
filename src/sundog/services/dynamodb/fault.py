"""The errors that DynamoDB's operations share."""

from __future__ import annotations

from typing import Any

from sundog.api import dynamodb as api
from sundog.core import AwsError

PARAMETERS = "One or more parameter values were invalid: "


def invalid(message: str) -> AwsError:
    """A ``ValidationException``."""
    return AwsError("ValidationException", message)


def bad_parameter(message: str) -> AwsError:
    """A ``ValidationException`` about a parameter's value."""
    return AwsError("ValidationException", PARAMETERS + message)


def not_found(message: str = "Requested resource not found") -> AwsError:
    return api.ResourceNotFoundException(message)


def no_table(name: str) -> AwsError:
    """The error of operations on tables; those on items say less."""
    return not_found(f"Requested resource not found: Table: {name} not found")


def condition_failed(item: dict[str, Any] | None = None) -> AwsError:
    """The condition does not hold; ``item`` is the one it was tried on, where the request wants to know."""
    if item is None:
        return api.ConditionalCheckFailedException("The conditional request failed")
    return api.ConditionalCheckFailedException("The conditional request failed", item=item)
