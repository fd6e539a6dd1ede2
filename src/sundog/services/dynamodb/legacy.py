"""What expressions replaced: ``Expected``, ``KeyConditions``, ``QueryFilter``, ``ScanFilter``, ``AttributeUpdates``."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sundog.services.dynamodb import number
from sundog.services.dynamodb.expression.condition import ORDERS, begins_with, contains
from sundog.services.dynamodb.fault import bad_parameter, invalid
from sundog.services.dynamodb.value import Item, Value, accept_value, equal, kind_of, rank

Test = Callable[[Item], bool]

COUNTS = {
    "EQ": (1, 1),
    "NE": (1, 1),
    "IN": (1, 100),
    "LE": (1, 1),
    "LT": (1, 1),
    "GE": (1, 1),
    "GT": (1, 1),
    "BETWEEN": (2, 2),
    "NOT_NULL": (0, 0),
    "NULL": (0, 0),
    "CONTAINS": (1, 1),
    "NOT_CONTAINS": (1, 1),
    "BEGINS_WITH": (1, 1),
}
_SIGNS = {"LE": "<=", "LT": "<", "GE": ">=", "GT": ">"}


def condition(name: str, operator: str, values: list[Value]) -> Test:
    """One attribute's condition."""
    values = [accept_value(value) for value in values]
    check_count(operator, len(values))
    _check_types(operator, values)
    return lambda item: holds(operator, item.get(name), values)


def check_count(operator: str, count: int) -> None:
    low, high = COUNTS[operator]
    if not low <= count <= high:
        raise bad_parameter(f"Invalid number of argument(s) for the {operator} ComparisonOperator")


def _check_types(operator: str, values: list[Value]) -> None:
    if operator in ("LE", "LT", "GE", "GT", "BETWEEN", "BEGINS_WITH", "CONTAINS", "NOT_CONTAINS", "IN"):
        allowed = ("S", "B") if operator == "BEGINS_WITH" else ("S", "N", "B")
        if operator in ("CONTAINS", "NOT_CONTAINS"):
            allowed = ("S", "N", "B", "BOOL", "NULL")
        for value in values:
            kind = kind_of(value)
            if kind not in allowed:
                raise bad_parameter(f"ComparisonOperator {operator} is not valid for {kind} AttributeValue type")
    if operator == "BETWEEN":
        low, high = rank(values[0]), rank(values[1])
        if low is not None and high is not None:
            if low[0] != high[0]:
                raise bad_parameter("AttributeValues inside AttributeValueList must be of same type")
            if low > high:
                raise bad_parameter(
                    "The BETWEEN condition was provided a range where the lower bound is greater than the upper bound"
                )


def holds(operator: str, value: Value | None, values: list[Value]) -> bool:
    """Whether an attribute's value (None: it is not there) meets a condition."""
    if operator == "NULL":
        return value is None
    if operator == "NOT_NULL":
        return value is not None
    if operator == "NE":
        return value is None or not equal(value, values[0])
    if operator == "NOT_CONTAINS":
        return value is not None and not contains(value, values[0])
    if value is None:
        return False
    if operator == "EQ":
        return equal(value, values[0])
    if operator == "IN":
        return any(equal(value, each) for each in values)
    if operator == "CONTAINS":
        return contains(value, values[0])
    if operator == "BEGINS_WITH":
        return begins_with(value, values[0])
    if operator == "BETWEEN":
        return ORDERS["<="](values[0], value) and ORDERS["<="](value, values[1])
    return ORDERS[_SIGNS[operator]](value, values[0])


def joined(tests: list[Test], operator: str | None) -> Test:
    """All of the conditions, or (``OR``) any."""
    if len(tests) == 1:
        return tests[0]
    if operator == "OR":
        return lambda item: any(test(item) for test in tests)
    return lambda item: all(test(item) for test in tests)


def filter_of(conditions: dict[str, Any] | None, operator: str | None) -> Test | None:
    """``QueryFilter`` or ``ScanFilter``."""
    if not conditions:
        if operator is not None:
            raise bad_parameter("ConditionalOperator cannot be used without Filter or Expected")
        return None
    if operator is not None and len(conditions) == 1:
        raise bad_parameter("ConditionalOperator can only be used when Filter or Expected has two or more elements")
    tests = [
        condition(name, each.comparison_operator, each.attribute_value_list or []) for name, each in conditions.items()
    ]
    return joined(tests, operator)


def expected(conditions: dict[str, Any] | None, operator: str | None) -> Test | None:
    """``Expected``, in its older form (``Value``, ``Exists``) and its newer one."""
    if not conditions:
        if operator is not None:
            raise bad_parameter("ConditionalOperator cannot be used without Filter or Expected")
        return None
    if operator is not None and len(conditions) == 1:
        raise bad_parameter("ConditionalOperator can only be used when Filter or Expected has two or more elements")
    return joined([_expected(name, each) for name, each in conditions.items()], operator)


def _expected(name: str, each: Any) -> Test:
    operator, values, value, exists = each.comparison_operator, each.attribute_value_list, each.value, each.exists
    if operator is not None:
        if exists is not None:
            raise bad_parameter(f"Exists and ComparisonOperator cannot be used together for Attribute: {name}")
        if value is not None:
            if values is not None:
                raise bad_parameter(f"Value and AttributeValueList cannot be used together for Attribute: {name}")
            values = [value]
        return condition(name, operator, values or [])
    if values is not None:
        raise bad_parameter(f"AttributeValueList can only be used with a ComparisonOperator for Attribute: {name}")
    if exists is False:
        if value is not None:
            raise bad_parameter(f"Value cannot be used when Exists is set to false for Attribute: {name}")
        return lambda item: name not in item
    if value is None:
        what = "true" if exists else "null"
        raise bad_parameter(f"Value must be provided when Exists is {what} for Attribute: {name}")
    return condition(name, "EQ", [value])


class AttributeUpdates:
    """``AttributeUpdates``: what to do with each attribute. ``paths`` are the attributes."""

    def __init__(self, updates: dict[str, Any]) -> None:
        self.actions: list[tuple[str, str, Value | None]] = []
        for name, each in updates.items():
            action = each.action or "PUT"
            value = None if each.value is None else accept_value(each.value)
            if value is None and action != "DELETE":
                raise bad_parameter("Only DELETE action is allowed when no attribute value is specified")
            if value is not None:
                kind = kind_of(value)
                if action == "ADD" and kind not in ("N", "SS", "NS", "BS", "L"):
                    raise bad_parameter(f"ADD action is not supported for the type {kind}")
                if action == "DELETE" and kind not in ("SS", "NS", "BS"):
                    raise bad_parameter(f"DELETE action with value is not supported for the type {kind}")
            self.actions.append((name, action, value))
        self.paths: list[tuple[str | int, ...]] = [(name,) for name, _, _ in self.actions]

    @property
    def makes_nothing(self) -> bool:
        """Whether it only takes away: then it makes no item where none is."""
        return bool(self.actions) and all(action == "DELETE" for _, action, _ in self.actions)

    def apply(self, item: Item) -> Item:
        made = dict(item)
        for name, action, value in self.actions:
            old = made.get(name)
            if action == "PUT":
                assert value is not None
                made[name] = value
            elif action == "ADD":
                assert value is not None
                made[name] = _sum(old, value)
            elif value is None:
                made.pop(name, None)
            elif old is not None:
                kind = kind_of(value)
                if kind not in old:
                    raise invalid("Type mismatch for attribute to update")
                left = [member for member in old[kind] if member not in value[kind]]
                if left:
                    made[name] = {kind: left}
                else:
                    del made[name]
        return made


def _sum(old: Value | None, value: Value) -> Value:
    if old is None:
        return value
    kind = kind_of(value)
    if kind not in old:
        raise invalid("Type mismatch for attribute to update")
    if kind == "N":
        return {"N": number.add(old["N"], value["N"])}
    if kind == "L":
        return {"L": old["L"] + value["L"]}
    return {kind: list(dict.fromkeys([*old[kind], *value[kind]]))}
