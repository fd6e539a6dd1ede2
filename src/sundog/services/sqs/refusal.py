"""The errors that several operations share."""

from __future__ import annotations

from typing import Any

from sundog.core import AwsError

FOREIGN_TO_TYPE = "The request include parameter that is not valid for this queue type."


def bad_value(parameter: str, value: Any, reason: str) -> AwsError:
    """A parameter's value that SQS doesn't take."""
    return AwsError("InvalidParameterValue", f"Value {value} for parameter {parameter} is invalid. Reason: {reason}")


def bad_request(message: str) -> AwsError:
    return AwsError("InvalidParameterValue", message)


def check_range(parameter: str, value: int | None, low: int, high: int, words: str | None = None) -> None:
    """Refuse a number outside of its range."""
    if value is not None and not low <= value <= high:
        raise bad_value(parameter, value, words or f"Must be >= {low} and <= {high}, if provided.")
