"""What still hangs on a resource that is to be deleted."""

from __future__ import annotations

from collections.abc import Iterable

from sundog.core import AwsError, Tx
from sundog.core.record import tables


def in_use(noun: str, resource_id: str) -> AwsError:
    """The error for a resource that something else needs."""
    return AwsError("DependencyViolation", f"The {noun} '{resource_id}' has dependencies and cannot be deleted.")


def any_of(tx: Tx, names: Iterable[str], field: str, value: str) -> bool:
    """Whether one of the records named has a row with this value; those whose module isn't loaded have no rows."""
    known = tables()
    kinds = [known[f"ec2.{name}"] for name in names if f"ec2.{name}" in known]
    return any(field in kind.__struct_fields__ and tx.select(kind, **{field: value}) for kind in kinds)
