"""Key conditions: which partition, and which range of it."""

from __future__ import annotations

from typing import Any

from sundog.services.dynamodb import legacy
from sundog.services.dynamodb.expression.bind import Names
from sundog.services.dynamodb.expression.condition import ConditionBinder
from sundog.services.dynamodb.expression.parser import (
    BetweenNode,
    BooleanNode,
    CompareNode,
    FunctionNode,
    InNode,
    NotNode,
    PathNode,
    ValueNode,
    parse_condition,
)
from sundog.services.dynamodb.fault import invalid
from sundog.services.dynamodb.value import Value, accept_value

PARAMETER = "KeyConditionExpression"

_NAMES = {"=": "EQ", "<": "LT", "<=": "LE", ">": "GT", ">=": "GE"}
_TURNED = {"=": "EQ", "<": "GT", "<=": "GE", ">": "LT", ">=": "LE"}


class KeyCondition:
    """One attribute's condition; the operator by its name in ``KeyConditions``."""

    __slots__ = ("name", "operator", "values")

    def __init__(self, name: str, operator: str, values: list[Value]) -> None:
        self.name = name
        self.operator = operator
        self.values = values


def key_conditions(text: str, names: Names) -> list[KeyCondition]:
    """The conditions of a ``KeyConditionExpression``."""
    tree = parse_condition(text, PARAMETER)
    binder = ConditionBinder(names, PARAMETER)
    binder.test(tree)
    binder.finish()
    found: list[KeyCondition] = []
    _collect(tree, binder, found)
    seen: set[str] = set()
    for each in found:
        if each.name in seen:
            raise invalid("KeyConditionExpressions must only contain one condition per key")
        seen.add(each.name)
    return found


def _collect(node: Any, binder: ConditionBinder, found: list[KeyCondition]) -> None:
    if isinstance(node, BooleanNode):
        if node.operator == "OR":
            raise invalid(f"Invalid operator used in {PARAMETER}: OR")
        _collect(node.left, binder, found)
        _collect(node.right, binder, found)
        return
    if isinstance(node, NotNode):
        raise invalid(f"Invalid operator used in {PARAMETER}: NOT")
    if isinstance(node, InNode):
        raise invalid(f"Invalid operator used in {PARAMETER}: IN")
    if isinstance(node, CompareNode):
        if node.operator == "<>":
            raise invalid(f"Invalid operator used in {PARAMETER}: <>")
        turned = isinstance(node.left, ValueNode)
        attribute, value = (node.right, node.left) if turned else (node.left, node.right)
        operator = (_TURNED if turned else _NAMES)[node.operator]
        found.append(_condition(attribute, operator, [value], binder))
        return
    if isinstance(node, BetweenNode):
        found.append(_condition(node.operand, "BETWEEN", [node.low, node.high], binder))
        return
    assert isinstance(node, FunctionNode)
    if node.name != "begins_with":
        raise invalid(f"Invalid operator used in {PARAMETER}: {node.name}")
    found.append(_condition(node.arguments[0], "BEGINS_WITH", [node.arguments[1]], binder))


def _condition(attribute: Any, operator: str, values: list[Any], binder: ConditionBinder) -> KeyCondition:
    operands = [attribute, *values]
    for each in operands:
        if isinstance(each, FunctionNode):
            raise invalid("KeyConditionExpressions cannot contain nested operations")
    paths = [each for each in operands if isinstance(each, PathNode)]
    if not paths:
        raise invalid(f"Invalid condition in {PARAMETER}: No key attribute specified")
    if len(paths) > 1:
        raise invalid(f"Invalid condition in {PARAMETER}: Multiple attribute names used in one condition")
    if not isinstance(attribute, PathNode):
        raise invalid(
            f"Invalid condition in {PARAMETER}: {_SHOWN.get(operator, operator)} operator must have the key attribute "
            "as its first operand"
        )
    path = binder.path(attribute)
    if len(path) > 1:
        raise invalid("KeyConditionExpressions cannot have conditions on nested attributes")
    return KeyCondition(str(next(iter(path))), operator, [binder.value(each) for each in values])


_SHOWN = {"BEGINS_WITH": "begins_with"}


def legacy_key_conditions(conditions: dict[str, Any]) -> list[KeyCondition]:
    """The conditions of ``KeyConditions``."""
    found: list[KeyCondition] = []
    for name, each in conditions.items():
        operator: str = each.comparison_operator
        values = [accept_value(value) for value in each.attribute_value_list or ()]
        legacy.condition(name, operator, values)
        if operator not in ("EQ", "LE", "LT", "GE", "GT", "BEGINS_WITH", "BETWEEN"):
            raise invalid("Attempted conditional constraint is not an indexable operation")
        found.append(KeyCondition(name, operator, values))
    if not 1 <= len(found) <= 2:
        raise invalid("Conditions can be of length 1 or 2 only")
    return found
