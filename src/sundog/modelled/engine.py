"""The handlers of operations that nobody wrote one for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sundog.core.structure import Structure, structure_class
from sundog.modelled.store import rule_of, table_of
from sundog.wire.model import Operation, python_name

if TYPE_CHECKING:
    from sundog.core.tx import Tx

Handler = "Callable[[Tx, Any], Any]"


def handler_of(operation: Operation) -> Any:
    """What answers the operation by its table; None if nothing can."""
    rule = rule_of(operation)
    if rule is None or rule.kind == "none":
        return None
    from sundog.core.op import Op
    from sundog.modelled.override import op_override

    prepared: list[Any] = []

    def answer(tx: Tx, req: Any) -> Any:
        if not prepared:
            prepared.append(_prepare(operation, rule))
        return prepared[0](tx, req)

    answer.__op__ = Op(True, None, op_override(operation.service, operation.name).idempotent, ())  # type: ignore[attr-defined]
    return answer


def _prepare(operation: Operation, rule: Any) -> Any:
    from sundog.modelled.acts import ACTS
    from sundog.modelled.override import override_of
    from sundog.modelled.plan import Plan
    from sundog.modelled.resource import index_of
    from sundog.modelled.seeds import seed
    from sundog.modelled.template import fill, put

    seeds = any(tuned.seed for tuned in override_of(operation.service).noun.values())
    plan = Plan(operation, rule, table_of(operation.service))
    act = ACTS[rule.kind]
    made = structure_class(operation.service, plan.output) if plan.output is not None else None

    def answer(tx: Tx, req: Structure | None) -> Any:
        params: dict[str, Any] = {} if req is None else (req.raw_ if req.raw_ is not None else req.plain_())
        if seeds:
            seed(operation.service, tx)
        result = act(plan, tx, params)
        if made is None:
            return None
        if plan.tuned_op.answer:
            result = {} if result is None else result
            for path, template in plan.tuned_op.answer.items():
                put(result, path, fill(tx, template, index_of(params, rule.noun), {}))
        value = _structured(made, result or {}, plan)
        if plan.pager is not None:
            plan.pager.apply(params, value, None)
        return value

    return answer


def _structured(made: type[Structure], result: dict[str, Any], plan: Any) -> Structure:
    """The result as a structure, and the structures on the way to its list too: the pager cuts that."""
    value = made(**{python_name(name): item for name, item in result.items()})
    path = plan.several.path
    holder = value
    shape: Any = made.shape_
    for part in path[:-1]:
        attribute = python_name(part)
        inner = holder.__dict__.get(attribute)
        if not isinstance(inner, dict):
            break
        shape = shape.members[part]
        kind = structure_class(plan.operation.service, shape)
        holder.__dict__[attribute] = holder = kind(**{python_name(n): i for n, i in inner.items()})
    return value
