"""Conditions and filters: a bound condition is a function of an item."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sundog.services.dynamodb.expression.bind import (
    BOUNDS,
    COUNT,
    DISTINCT,
    FUNCTION_NAME,
    MISPLACED,
    TYPE,
    Binder,
    Names,
    Path,
    shown,
    walker,
)
from sundog.services.dynamodb.expression.parser import (
    BetweenNode,
    BooleanNode,
    CompareNode,
    FunctionNode,
    InNode,
    NotNode,
    PathNode,
    SumNode,
    ValueNode,
    parse_condition,
)
from sundog.services.dynamodb.value import Item, Value, equal, java, kind_of, number, rank

Test = Callable[[Item], bool]
Read = Callable[[Item], "Value | None"]

ARGUMENTS = {
    "attribute_exists": 1,
    "attribute_not_exists": 1,
    "attribute_type": 2,
    "begins_with": 2,
    "contains": 2,
    "size": 1,
}
UPDATE_FUNCTIONS = {"if_not_exists": 2, "list_append": 2}
TYPES = ("S", "SS", "N", "NS", "B", "BS", "BOOL", "NULL", "L", "M")


class Operand:
    """One operand: how to read it from an item; its value if it is the same for all, its path if it has one."""

    __slots__ = ("path", "read", "text", "value")

    def __init__(self, read: Read, path: Path | None = None, value: Value | None = None, text: str = "") -> None:
        self.read = read
        self.path = path
        self.value = value
        self.text = text


class Condition:
    """A condition: whether it holds for an item, and which top-level attributes it looks at."""

    __slots__ = ("paths", "test")

    def __init__(self, test: Test, paths: list[Path]) -> None:
        self.test = test
        self.paths = paths


def condition(text: str, names: Names, parameter: str = "ConditionExpression") -> Condition:
    """The condition of a text with the request's names and values."""
    tree = parse_condition(text, parameter)
    made = ConditionBinder(names, parameter)
    test = made.test(tree)
    made.finish()
    return Condition(test, made.paths)


class ConditionBinder(Binder):
    __slots__ = ("paths",)

    def __init__(self, names: Names, parameter: str) -> None:
        super().__init__(names, parameter)
        self.paths: list[Path] = []

    # -- conditions

    def test(self, node: Any) -> Test:
        if isinstance(node, BooleanNode):
            left, right = self.test(node.left), self.test(node.right)
            if node.operator == "AND":
                return lambda item: left(item) and right(item)
            return lambda item: left(item) or right(item)
        if isinstance(node, NotNode):
            inner = self.test(node.inner)
            return lambda item: not inner(item)
        if isinstance(node, CompareNode):
            return self._compare(node)
        if isinstance(node, BetweenNode):
            return self._between(node)
        if isinstance(node, InNode):
            operand = self.operand(node.operand).read
            options = [self.operand(option).read for option in node.options]
            if len(options) > 100:
                self.fault(
                    COUNT,
                    "Incorrect number of operands for operator or function; operator or function: IN, "
                    f"number of operands: {len(options) + 1}",
                )
            return lambda item: _among(operand(item), options, item)
        assert isinstance(node, FunctionNode)
        return self._function(node)

    def _compare(self, node: CompareNode) -> Test:
        left, right = self.operand(node.left), self.operand(node.right)
        self._distinct(node.operator, left, [right])
        one, other = left.read, right.read
        if node.operator == "=":
            return lambda item: _equal(one(item), other(item))
        if node.operator == "<>":
            return lambda item: not _equal(one(item), other(item))
        for operand in (left, right):
            self._ordered(node.operator, operand)
        compare = ORDERS[node.operator]
        return lambda item: compare(one(item), other(item))

    def _ordered(self, operator: str, operand: Operand) -> None:
        if operand.value is not None and kind_of(operand.value) not in ("S", "N", "B"):
            self._wrong_type(operator, kind_of(operand.value), "operator")

    def _between(self, node: BetweenNode) -> Test:
        operand, low, high = self.operand(node.operand), self.operand(node.low), self.operand(node.high)
        for each in (operand, low, high):
            self._ordered("BETWEEN", each)
        if low.value is not None and high.value is not None:
            below, above = rank(low.value), rank(high.value)
            bounds = f"lower bound operand: {java(low.value)}, upper bound operand: {java(high.value)}"
            if below is not None and above is not None:
                if below[0] != above[0]:
                    self.fault(
                        BOUNDS,
                        f"The BETWEEN operator requires same data type for lower and upper bounds; {bounds}",
                    )
                elif below > above:
                    self.fault(
                        BOUNDS,
                        "The BETWEEN operator requires upper bound to be greater than or equal to lower bound; "
                        + bounds,
                    )
        read, least, most = operand.read, low.read, high.read

        def between(item: Item) -> bool:
            value = read(item)
            return _at_most(least(item), value) and _at_most(value, most(item))

        return between

    # -- functions

    def _function(self, node: FunctionNode) -> Test:
        name = node.name
        if not self._known(node):
            return lambda item: False
        if name == "size" or name in UPDATE_FUNCTIONS:
            self.fault(MISPLACED, f"The function is not allowed to be used this way in an expression; function: {name}")
            return lambda item: False
        operands = [self.operand(argument) for argument in node.arguments]
        if not self._counted(node):
            return lambda item: False
        first = operands[0]
        read = first.read
        if name in ("attribute_exists", "attribute_not_exists"):
            if first.path is None:
                self.fault(TYPE, f"Operator or function requires a document path; operator or function: {name}")
            if name == "attribute_exists":
                return lambda item: read(item) is not None
            return lambda item: read(item) is None
        second = operands[1]
        self._distinct(name, first, [second])
        if name == "attribute_type":
            return self._attribute_type(first, second)
        if name == "begins_with":
            for operand in operands:
                if operand.value is not None and kind_of(operand.value) not in ("S", "B"):
                    self._wrong_type(name, kind_of(operand.value))
            other = second.read
            return lambda item: begins_with(read(item), other(item))
        if first.value is not None and kind_of(first.value) not in ("S", "B", "SS", "NS", "BS", "L"):
            self._wrong_type(name, kind_of(first.value))
        part = second.read
        return lambda item: contains(read(item), part(item))

    def _attribute_type(self, first: Operand, second: Operand) -> Test:
        if second.value is None:
            self._wrong_type("attribute_type", "M")
            return lambda item: False
        kind = second.value.get("S")
        if kind is None:
            self._wrong_type("attribute_type", kind_of(second.value))
        elif kind not in TYPES:
            self.fault(
                TYPE,
                f"Invalid attribute type name found; type: {kind}, valid types: {{B,NULL,SS,BOOL,L,BS,N,NS,S,M}}",
            )
        read = first.read

        def is_type(item: Item) -> bool:
            value = read(item)
            return value is not None and kind in value

        return is_type

    def _known(self, node: FunctionNode) -> bool:
        if node.name in ARGUMENTS or node.name in UPDATE_FUNCTIONS:
            return True
        self.fault(FUNCTION_NAME, f"Invalid function name; function: {node.name}")
        for argument in node.arguments:
            self.operand(argument)
        return False

    def _counted(self, node: FunctionNode) -> bool:
        wanted = ARGUMENTS.get(node.name) or UPDATE_FUNCTIONS[node.name]
        if len(node.arguments) == wanted:
            return True
        self.fault(
            COUNT,
            f"Incorrect number of operands for operator or function; operator or function: {node.name}, "
            f"number of operands: {len(node.arguments)}",
        )
        return False

    def _wrong_type(self, name: str, kind: str, what: str = "") -> None:
        self.fault(
            TYPE, f"Incorrect operand type for operator or function; operator or function: {name}, operand type: {kind}"
        )

    def _distinct(self, name: str, first: Operand, others: list[Operand]) -> None:
        for other in others:
            same = first.path is not None and first.path == other.path and first.text == other.text
            if same:
                assert first.path is not None
                self.fault(
                    DISTINCT,
                    "The first operand must be distinct from the remaining operands for this operator or function; "
                    f"operator: {name}, first operand: {shown(first.path)}",
                )

    # -- operands

    def operand(self, node: Any) -> Operand:
        if isinstance(node, PathNode):
            path = self.path(node)
            self.paths.append(path)
            return Operand(walker(path), path=path)
        if isinstance(node, ValueNode):
            value = self.value(node)
            return Operand(lambda item: value, value=value)
        if isinstance(node, FunctionNode):
            return self._operand_function(node)
        if isinstance(node, SumNode):
            self.operand(node.left)
            self.operand(node.right)
        self.fault(MISPLACED, f'Syntax error; token: "{getattr(node, "operator", "")}"')
        return Operand(lambda item: None)

    def _operand_function(self, node: FunctionNode) -> Operand:
        if not self._known(node):
            return Operand(lambda item: None)
        operands = [self.operand(argument) for argument in node.arguments]
        if node.name != "size":
            self.fault(
                MISPLACED, f"The function is not allowed to be used this way in an expression; function: {node.name}"
            )
            return Operand(lambda item: None)
        if not self._counted(node):
            return Operand(lambda item: None)
        inner = operands[0]
        if inner.value is not None and kind_of(inner.value) in ("N", "BOOL", "NULL"):
            self._wrong_type("size", kind_of(inner.value))
        read = inner.read
        return Operand(lambda item: length(read(item)), path=inner.path, text="size")


def _equal(left: Value | None, right: Value | None) -> bool:
    return left is not None and right is not None and (left == right or equal(left, right))


def _among(value: Value | None, options: list[Read], item: Item) -> bool:
    return value is not None and any(_equal(value, option(item)) for option in options)


def _at_most(left: Value | None, right: Value | None) -> bool:
    if left is None or right is None:
        return False
    one, other = rank(left), rank(right)
    return one is not None and other is not None and one[0] == other[0] and one[1] <= other[1]


def _below(left: Value | None, right: Value | None) -> bool:
    if left is None or right is None:
        return False
    one, other = rank(left), rank(right)
    return one is not None and other is not None and one[0] == other[0] and one[1] < other[1]


ORDERS: dict[str, Callable[[Any, Any], bool]] = {
    "<": _below,
    "<=": _at_most,
    ">": lambda left, right: _below(right, left),
    ">=": lambda left, right: _at_most(right, left),
}


def begins_with(value: Value | None, prefix: Value | None) -> bool:
    if value is None or prefix is None:
        return False
    for kind in ("S", "B"):
        if kind in value and kind in prefix:
            return value[kind].startswith(prefix[kind])
    return False


def contains(value: Value | None, part: Value | None) -> bool:
    """Whether a text or binary has a part, or a set or list a member."""
    if value is None or part is None:
        return False
    kind, inner = kind_of(value), kind_of(part)
    if kind == inner and kind in ("S", "B"):
        return part[inner] in value[kind]
    if kind in ("SS", "NS", "BS"):
        return kind[0] == inner and part[inner] in value[kind]
    if kind == "L":
        return any(equal(member, part) for member in value["L"])
    return False


def length(value: Value | None) -> Value | None:
    """What ``size`` gives: bytes of a text or binary, members of the rest; nothing for the others."""
    if value is None:
        return None
    kind = kind_of(value)
    if kind == "S":
        return {"N": str(len(value["S"].encode()))}
    if kind in ("B", "SS", "NS", "BS", "L", "M"):
        return {"N": str(len(value[kind]))}
    return None


__all__ = ["Condition", "ConditionBinder", "condition", "number"]
