"""What still hangs on a resource that is to be deleted."""

from __future__ import annotations

from collections.abc import Iterable

from sundog.core import AwsError, Tx
from sundog.core.record import tables
from sundog.services.ec2.lifecycle import GONE


def in_use(noun: str, resource_id: str) -> AwsError:
    """The error for a resource that something else needs."""
    return AwsError("DependencyViolation", f"The {noun} '{resource_id}' has dependencies and cannot be deleted.")


def any_of(tx: Tx, names: Iterable[str], field: str, value: str) -> bool:
    """Whether one of the records named has a row with this value; those whose module isn't loaded have no rows.

    Rows that are deleted, and only shown for a while, don't count; nor do peerings that aren't active.
    """
    known = tables()
    kinds = [known[f"ec2.{name}"] for name in names if f"ec2.{name}" in known]
    return any(
        getattr(row, "state", None) not in GONE and getattr(getattr(row, "status", None), "code", "active") == "active"
        for kind in kinds
        if field in kind.__struct_fields__
        for row in tx.select(kind, **{field: value})
    )
