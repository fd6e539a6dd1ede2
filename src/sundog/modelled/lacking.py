"""The error for what isn't there, in the words of the service's own table where it has some."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sundog.modelled import faults
from sundog.modelled.template import words

if TYPE_CHECKING:
    from sundog.core.tx import Tx
    from sundog.modelled.plan import Plan
    from sundog.wire.errors import AwsError


def missing(plan: Plan, tx: Tx, value: Any, params: dict[str, Any]) -> AwsError:
    """What the operation says of a resource that the call named and that isn't there."""
    noun = plan.noun
    said = plan.tuned_op.missing or plan.tuned.missing
    if said is None:
        return faults.missing(plan.operation, noun.name if noun else "", value)
    own = {"account": tx.account, "region": tx.region, "partition": tx.partition}
    text = words(said.message, params, value, own) if said.message else ""
    error = faults.missing(plan.operation, noun.name if noun else "", value, said.code, text)
    if said.status:
        error.status = said.status
    return error
