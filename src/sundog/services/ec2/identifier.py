"""Ids in requests: which are well-formed, and what EC2 says of the others."""

from __future__ import annotations

import re
from collections.abc import Iterable

from sundog.core import AwsError

_TAIL = re.compile(r"(?:[0-9a-f]{8}|[0-9a-f]{17})")


def well_formed(text: str, prefix: str) -> bool:
    """Whether the text is an id of the prefix: 8 or 17 hexadecimal digits behind it."""
    head, dash, tail = text.rpartition("-")
    return bool(dash) and head == prefix and _TAIL.fullmatch(tail) is not None


def check_ids(ids: Iterable[str], prefix: str, code: str) -> None:
    """Refuse malformed ids in the words that instances and images have."""
    for text in ids:
        if not well_formed(text, prefix):
            expecting = "" if text.startswith(prefix + "-") else f' (expecting "{prefix}-...")'
            raise AwsError(code, f'Invalid id: "{text}"{expecting}')


def check_parameter(ids: Iterable[str], prefix: str, parameter: str) -> None:
    """Refuse malformed ids in the words that volumes and snapshots have."""
    for text in ids:
        if not well_formed(text, prefix):
            raise AwsError(
                "InvalidParameterValue",
                f"Value ({text}) for parameter {parameter} is invalid. Expected: '{prefix}-...'.",
            )
