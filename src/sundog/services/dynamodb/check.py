"""What operations on items check about their parameters before they look at any table."""

from __future__ import annotations

from typing import Any

from sundog.services.dynamodb.expression.bind import Names
from sundog.services.dynamodb.fault import invalid

EXPRESSIONS = (
    ("projection_expression", "ProjectionExpression"),
    ("filter_expression", "FilterExpression"),
    ("update_expression", "UpdateExpression"),
    ("condition_expression", "ConditionExpression"),
    ("key_condition_expression", "KeyConditionExpression"),
)
LEGACY = (
    ("attributes_to_get", "AttributesToGet"),
    ("query_filter", "QueryFilter"),
    ("scan_filter", "ScanFilter"),
    ("attribute_updates", "AttributeUpdates"),
    ("expected", "Expected"),
    ("key_conditions", "KeyConditions"),
    ("conditional_operator", "ConditionalOperator"),
)


def names_of(req: Any, where: str = "") -> Names:
    """The request's names and values, after a look at which parameters go together."""
    wire = req.wire_
    given = [shown for name, shown in EXPRESSIONS if name in wire and getattr(req, name) is not None]
    old = [shown for name, shown in LEGACY if name in wire and getattr(req, name) is not None]
    if given and old:
        raise invalid(
            "Can not use both expression and non-expression parameters in the same request: "
            f"Non-expression parameters: {{{', '.join(old)}}} Expression parameters: {{{', '.join(given)}}}"
        )
    names: dict[str, str] | None = req.expression_attribute_names
    values = req.expression_attribute_values if "expression_attribute_values" in wire else None
    if not given:
        if names is not None:
            raise invalid("ExpressionAttributeNames can only be specified when using expressions")
        if values is not None:
            lacking = _value_takers(wire)
            raise invalid(f"ExpressionAttributeValues can only be specified when using expressions: {lacking} is null")
    elif values is not None and given == ["ProjectionExpression"]:
        lacking = _value_takers(wire)
        raise invalid(f"ExpressionAttributeValues can only be specified when using expressions: {lacking} is null")
    return Names(names, values)


def _value_takers(wire: dict[str, str]) -> str:
    takers = [shown for name, shown in EXPRESSIONS if name in wire and name not in ("projection_expression",)]
    return takers[0] if len(takers) == 1 else " and ".join(takers)


def return_values(value: str | None, allowed: tuple[str, ...]) -> str:
    """``ReturnValues`` of an operation that knows only some of them."""
    if value is None:
        return "NONE"
    if value not in allowed:
        if len(allowed) == 2:
            raise invalid("ReturnValues can only be ALL_OLD or NONE")
        raise invalid("Return values set to invalid value")
    return value
