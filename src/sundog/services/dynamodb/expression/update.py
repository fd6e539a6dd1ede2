"""Updates: what an update expression makes of an item."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sundog.services.dynamodb import number
from sundog.services.dynamodb.expression.bind import (
    COUNT,
    FUNCTION_NAME,
    MISPLACED,
    TYPE,
    VALUE_MISSING,
    Binder,
    Names,
    Path,
    shown,
    walk,
)
from sundog.services.dynamodb.expression.condition import ARGUMENTS, UPDATE_FUNCTIONS
from sundog.services.dynamodb.expression.parser import (
    FunctionNode,
    PathNode,
    SumNode,
    ValueNode,
    is_condition,
    parse_update,
)
from sundog.services.dynamodb.fault import invalid
from sundog.services.dynamodb.value import NAMES, Item, Value, kind_of

Read = Callable[[Item], Value]

MISSING = "The provided expression refers to an attribute that does not exist in the item"
NO_WAY = "The document path provided in the update expression is invalid for update"
WRONG_DATA = "An operand in the update expression has an incorrect data type"


class Update:
    """An update that knows its names and values."""

    __slots__ = ("adds", "deletes", "paths", "removes", "sets")

    def __init__(
        self,
        sets: list[tuple[Path, Read]],
        removes: list[Path],
        adds: list[tuple[Path, Value]],
        deletes: list[tuple[Path, Value]],
    ) -> None:
        self.sets = sets
        self.removes = removes
        self.adds = adds
        self.deletes = deletes
        self.paths: list[Path] = [path for path, _ in sets] + removes
        self.paths += [path for path, _ in adds] + [path for path, _ in deletes]

    def apply(self, item: Item) -> Item:
        """The item that it makes of this one, which stays as it is. Everything is computed from the item as it was."""
        values = [(path, read(item)) for path, read in self.sets]
        sums = [(path, _added(walk(path, item), value)) for path, value in self.adds]
        rests = [(path, _without(walk(path, item), value)) for path, value in self.deletes]
        made = Draft(item)
        for path, value in sorted(values, key=_list_order):
            made.put(path, value)
        for path, value in sums:
            made.put(path, value)
        for path, rest in rests:
            if rest is not None:
                made.put(path, rest)
        gone = [path for path, rest in rests if rest is None]
        for path in sorted(gone + self.removes, key=_list_order, reverse=True):
            made.remove(path)
        return made.item


def _list_order(entry: Any) -> tuple[tuple[int, str], ...]:
    """Puts list elements of one list in the order of their index."""
    path = entry[0] if isinstance(entry[0], tuple) else entry
    return tuple((part, "") if isinstance(part, int) else (-1, part) for part in path)


def _is_list(holder: Any) -> bool:
    return isinstance(holder, list)


class Draft:
    """A copy of an item that is changed: only the containers on the way to a change are copied."""

    __slots__ = ("item", "own")

    def __init__(self, item: Item) -> None:
        self.item: Any = dict(item)
        self.own: dict[int, Any] = {}

    def _container(self, path: Path) -> Any:
        """The dict or list that holds the path's last part, made the draft's own."""
        holder: Any = self.item
        part: Any
        for part in path[:-1]:
            if _is_list(holder):
                if not isinstance(part, int) or part >= len(holder):
                    raise invalid(NO_WAY)
            elif isinstance(part, int) or part not in holder:
                raise invalid(NO_WAY)
            value = holder[part]
            inner = value.get("M")
            kind = "M"
            if inner is None:
                inner, kind = value.get("L"), "L"
            if inner is None:
                raise invalid(NO_WAY)
            if id(inner) not in self.own:
                inner = inner.copy()
                self.own[id(inner)] = inner
                holder[part] = {kind: inner}
            holder = inner
        if _is_list(holder) != isinstance(path[-1], int):
            raise invalid(NO_WAY)
        return holder

    def put(self, path: Path, value: Value) -> None:
        holder: Any = self._container(path)
        last: Any = path[-1]
        if _is_list(holder) and isinstance(last, int) and last >= len(holder):
            holder.append(value)
        else:
            holder[last] = value

    def remove(self, path: Path) -> None:
        holder: Any = self._container(path)
        last: Any = path[-1]
        if _is_list(holder):
            if isinstance(last, int) and last < len(holder):
                del holder[last]
        else:
            holder.pop(last, None)


def _added(old: Value | None, more: Value) -> Value:
    """``ADD``: a number more, or a set's members more."""
    kind = kind_of(more)
    if old is None:
        return more
    if kind_of(old) != kind:
        raise invalid(WRONG_DATA)
    if kind == "N":
        return {"N": number.add(old["N"], more["N"])}
    return {kind: list(dict.fromkeys([*old[kind], *more[kind]]))}


def _without(old: Value | None, less: Value) -> Value | None:
    """``DELETE``: a set without some members; None if none is left."""
    if old is None:
        return None
    kind = kind_of(less)
    if kind_of(old) != kind:
        raise invalid(WRONG_DATA)
    gone = set(less[kind])
    left = [member for member in old[kind] if member not in gone]
    return {kind: left} if left else None


def update(text: str, names: Names) -> Update:
    """The update of a text with the request's names and values."""
    parameter = "UpdateExpression"
    tree = parse_update(text, parameter)
    binder = UpdateBinder(names, parameter)
    sets = [(binder.path(path), binder.operand(node)) for path, node in tree.sets]
    removes = [binder.path(path) for path in tree.removes]
    adds = [(binder.path(path), binder.clause("ADD", node)) for path, node in tree.adds]
    deletes = [(binder.path(path), binder.clause("DELETE", node)) for path, node in tree.deletes]
    binder.finish()
    made = Update(sets, removes, adds, deletes)
    check_overlaps(made.paths, parameter)
    return made


def check_overlaps(paths: list[Path], parameter: str) -> None:
    """Refuse paths of which one leads into another, or that take the same place for a map and a list."""
    if len(paths) < 2:
        return
    for index, one in enumerate(paths):
        for other in paths[index + 1 :]:
            shorter, longer = (one, other) if len(one) <= len(other) else (other, one)
            if longer[: len(shorter)] == shorter:
                raise invalid(
                    f"Invalid {parameter}: Two document paths overlap with each other; must remove or rewrite one of "
                    f"these paths; path one: {shown(one)}, path two: {shown(other)}"
                )
            for left, right in zip(one, other, strict=False):
                if left == right:
                    continue
                if isinstance(left, int) != isinstance(right, int):
                    raise invalid(
                        f"Invalid {parameter}: Two document paths conflict with each other; must remove or rewrite "
                        f"one of these paths; path one: {shown(one)}, path two: {shown(other)}"
                    )
                break


class UpdateBinder(Binder):
    __slots__ = ()

    def clause(self, section: str, node: ValueNode) -> Value:
        """The operand of ``ADD`` or ``DELETE``."""
        value = self.value(node)
        kind = kind_of(value)
        allowed = ("N", "SS", "NS", "BS") if section == "ADD" else ("SS", "NS", "BS")
        if kind not in allowed and not any(rank == VALUE_MISSING for rank, _ in self.faults):
            self.fault(
                TYPE,
                f"Incorrect operand type for operator or function; operator: {section}, operand type: {NAMES[kind]}, "
                f"typeSet: ALLOWED_FOR_{section}_OPERAND",
            )
        return value

    def operand(self, node: Any) -> Read:
        return self._operand(node)[0]

    def _operand(self, node: Any) -> tuple[Read, Value | None]:
        """How to read an operand, and its value if it is the same for every item."""
        if isinstance(node, PathNode):
            path = self.path(node)

            def read(item: Item) -> Value:
                value = walk(path, item)
                if value is None:
                    raise invalid(MISSING)
                return value

            return read, None
        if isinstance(node, ValueNode):
            value = self.value(node)
            return (lambda item: value), value
        if isinstance(node, SumNode):
            return self._sum(node), None
        if isinstance(node, FunctionNode):
            return self._function(node), None
        assert is_condition(node)
        self.fault(MISPLACED, 'Syntax error; token: "="')
        return (lambda item: {}), None

    def _sum(self, node: SumNode) -> Read:
        left, one = self._operand(node.left)
        right, other = self._operand(node.right)
        for known in (one, other):
            if known is not None and kind_of(known) != "N":
                self.fault(
                    TYPE,
                    "Incorrect operand type for operator or function; "
                    f"operator or function: {node.operator}, operand type: {kind_of(known)}",
                )
        combine = number.add if node.operator == "+" else number.subtract

        def total(item: Item) -> Value:
            first, second = left(item), right(item)
            if "N" not in first or "N" not in second:
                raise invalid(WRONG_DATA)
            return {"N": combine(first["N"], second["N"])}

        return total

    def _function(self, node: FunctionNode) -> Read:
        name = node.name
        if name not in UPDATE_FUNCTIONS:
            if name in ARGUMENTS:
                self.fault(
                    MISPLACED, f"The function is not allowed to be used this way in an expression; function: {name}"
                )
            else:
                self.fault(FUNCTION_NAME, f"Invalid function name; function: {name}")
            for argument in node.arguments:
                self._operand(argument)
            return lambda item: {}
        operands = [self._operand(argument) for argument in node.arguments]
        if len(operands) != UPDATE_FUNCTIONS[name]:
            self.fault(
                COUNT,
                f"Incorrect number of operands for operator or function; operator or function: {name}, "
                f"number of operands: {len(operands)}",
            )
            return lambda item: {}
        (first, one), (second, other) = operands
        if name == "if_not_exists":
            target = node.arguments[0]
            if not isinstance(target, PathNode):
                self.fault(TYPE, f"Operator or function requires a document path; operator or function: {name}")
                return second
            path = self.path(target)

            def otherwise(item: Item) -> Value:
                value = walk(path, item)
                return second(item) if value is None else value

            return otherwise
        for known in (one, other):
            if known is not None and kind_of(known) != "L":
                self.fault(
                    TYPE,
                    "Incorrect operand type for operator or function; "
                    f"operator or function: {name}, operand type: {kind_of(known)}",
                )

        def joined(item: Item) -> Value:
            front, back = first(item), second(item)
            if "L" not in front or "L" not in back:
                raise invalid(WRONG_DATA)
            return {"L": front["L"] + back["L"]}

        return joined
