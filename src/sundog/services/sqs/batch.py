"""What all batches share: their limits, and failures of single entries."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from sundog.api import sqs as api
from sundog.core import AwsError

MOST = 10
_ID = re.compile(r"[A-Za-z0-9_-]{1,80}\Z")


def checked(entries: list[Any] | None, kind: str) -> list[Any]:
    """The entries; the batch as a whole is refused if it breaks a rule."""
    if not entries:
        raise api.EmptyBatchRequest(f"There should be at least one {kind} in the request.")
    if len(entries) > MOST:
        raise api.TooManyEntriesInBatchRequest(
            f"Maximum number of entries per request are {MOST}. You have sent {len(entries)}."
        )
    seen: set[str] = set()
    for entry in entries:
        if entry.id is None or _ID.match(entry.id) is None:
            raise api.InvalidBatchEntryId(
                "A batch entry id can only contain alphanumeric characters, hyphens and underscores. "
                "It can be at most 80 letters long."
            )
        if entry.id in seen:
            raise api.BatchEntryIdsNotDistinct(f"Id {entry.id} repeated.")
        seen.add(entry.id)
    return entries


def each(entries: list[Any], work: Callable[[Any], Any]) -> tuple[list[Any], list[Any] | None]:
    """What the work made of the entries, and the failures; a failure of one leaves the others alone.

    The work must check before it changes anything.
    """
    done: list[Any] = []
    failed: list[Any] = []
    for entry in entries:
        try:
            done.append(work(entry))
        except AwsError as error:
            failed.append(failure(entry.id, error))
    return done, failed or None


def failure(entry_id: str, error: AwsError) -> Any:
    return api.BatchResultErrorEntry(
        id=entry_id, sender_fault=error.status < 500, code=error.code, message=error.message
    )
