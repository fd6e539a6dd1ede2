"""What every account has of a service from the start, by its override table."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sundog.core.prepared import Prepared
from sundog.modelled.make import make
from sundog.modelled.override import override_of
from sundog.modelled.plan import Plan
from sundog.modelled.store import table_of
from sundog.modelled.table import Rule

if TYPE_CHECKING:
    from sundog.core.tx import Tx
    from sundog.wire.model import Service


def seed(service: Service, tx: Tx) -> None:
    """Make the service's seeds, once in each account and region."""
    name = f"modelled:{service.name}"
    if tx.find(Prepared, name) is not None:
        return
    tx.add(Prepared(service=name))
    table = table_of(service)
    for noun, tuned in override_of(service).noun.items():
        if not tuned.seed:
            continue
        rules = [(op, rule) for op, rule in table.rules.items() if rule.noun == noun]
        chosen = next((op for op, rule in rules if rule.kind in ("create", "upsert")), rules[0][0])
        operation = service.operation(chosen)
        assert operation is not None
        plan = Plan(operation, Rule("create", noun, "Create"), table)
        for values in tuned.seed:
            make(plan, tx, dict(values))
