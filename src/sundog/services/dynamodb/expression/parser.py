"""The grammar of DynamoDB's expressions, by recursive descent.

::

    condition  = and { OR and }
    and        = not { AND not }
    not        = NOT not | test
    test       = operand [ comparator operand | BETWEEN operand AND operand | IN "(" operand { "," operand } ")" ]
               | "(" condition ")"
    operand    = path | value | function | "(" operand ")"
    function   = name "(" operand { "," operand } ")"
    path       = part { "." part | "[" digits "]" }
    part       = name | "#alias"

    projection = path { "," path }

    update     = section { section }                       each of the four at most once
    section    = SET path "=" sum { "," path "=" sum } | REMOVE path { "," path }
               | ADD path value { "," path value } | DELETE path value { "," path value }
    sum        = operand [ ("+" | "-") operand ]           in an update, "(" sum ")" is an operand too

A parsed expression knows no names and values yet: ``bind`` gives it those of a request.
Texts are parsed once and kept.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any, NamedTuple

from sundog.services.dynamodb.expression.lexer import Words
from sundog.services.dynamodb.fault import invalid


class PathNode(NamedTuple):
    """A document path: names (``name`` or ``#alias``) and list indexes."""

    parts: tuple[str | int, ...]


class ValueNode(NamedTuple):
    """A ``:placeholder``."""

    name: str


class FunctionNode(NamedTuple):
    name: str
    arguments: tuple[Any, ...]


class CompareNode(NamedTuple):
    operator: str
    left: Any
    right: Any


class BetweenNode(NamedTuple):
    operand: Any
    low: Any
    high: Any


class InNode(NamedTuple):
    operand: Any
    options: tuple[Any, ...]


class BooleanNode(NamedTuple):
    """``AND`` or ``OR`` of two conditions."""

    operator: str
    left: Any
    right: Any


class NotNode(NamedTuple):
    inner: Any


class SumNode(NamedTuple):
    operator: str
    left: Any
    right: Any


class UpdateNode(NamedTuple):
    """The clauses of an update: path and operand each; ``REMOVE`` has paths alone."""

    sets: tuple[tuple[PathNode, Any], ...]
    removes: tuple[PathNode, ...]
    adds: tuple[tuple[PathNode, Any], ...]
    deletes: tuple[tuple[PathNode, Any], ...]


CONDITIONS = (CompareNode, BetweenNode, InNode, BooleanNode, NotNode)
COMPARATORS = frozenset({"=", "<>", "<", "<=", ">", ">="})
MAX_OPERATORS = 300
MAX_LENGTH = 4096


def _measured(text: str, parameter: str) -> None:
    if len(text.encode()) > MAX_LENGTH:
        raise invalid(
            f"Invalid {parameter}: Expression size has exceeded the maximum allowed size; "
            f"expression size: {len(text.encode())}"
        )


@lru_cache(maxsize=2048)
def parse_condition(text: str, parameter: str) -> Any:
    """A condition's tree."""
    _measured(text, parameter)
    words = Words(text, parameter)
    parser = _Conditions(words)
    try:
        tree = parser.condition()
    except RecursionError:
        raise invalid(f"Invalid {parameter}: The expression is nested too deeply;") from None
    if not is_condition(tree) or words.here.kind != "end":
        raise words.error()
    if parser.redundant:
        raise invalid(f"Invalid {parameter}: The expression has redundant parentheses;")
    if parser.operators > MAX_OPERATORS:
        raise invalid(
            f"Invalid {parameter}: The expression contains too many operators; operator count: {parser.operators}"
        )
    return tree


@lru_cache(maxsize=1024)
def parse_projection(text: str, parameter: str) -> tuple[PathNode, ...]:
    """The paths of a projection."""
    _measured(text, parameter)
    words = Words(text, parameter)
    paths = [path(words)]
    while words.accept(","):
        paths.append(path(words))
    if words.here.kind != "end":
        raise words.error()
    return tuple(paths)


@lru_cache(maxsize=2048)
def parse_update(text: str, parameter: str) -> UpdateNode:
    """The clauses of an update."""
    _measured(text, parameter)
    words = Words(text, parameter)
    parser = _Conditions(words)
    found: dict[str, list[Any]] = {}
    while words.here.kind != "end":
        section = words.here.upper
        if section not in ("SET", "REMOVE", "ADD", "DELETE"):
            raise words.error()
        words.take()
        if section in found:
            raise invalid(
                f'Invalid {parameter}: The "{section}" section can only be used once in an update expression;'
            )
        clauses = found[section] = []
        while True:
            target = path(words)
            if section == "SET":
                words.expect("=")
                clauses.append((target, parser.sum()))
            elif section == "REMOVE":
                clauses.append(target)
            else:
                if words.here.kind != "value":
                    raise words.error()
                clauses.append((target, ValueNode(words.take().text)))
            if not words.accept(","):
                break
    return UpdateNode(
        tuple(found.get("SET", ())),
        tuple(found.get("REMOVE", ())),
        tuple(found.get("ADD", ())),
        tuple(found.get("DELETE", ())),
    )


def is_condition(tree: Any) -> bool:
    """Whether the tree may stand where a condition must."""
    return isinstance(tree, (*CONDITIONS, FunctionNode))


def path(words: Words) -> PathNode:
    """A document path."""
    parts: list[str | int] = [_part(words)]
    while True:
        if words.accept("."):
            parts.append(_part(words))
        elif words.here.text == "[":
            words.take()
            if words.here.kind != "number":
                raise words.error()
            parts.append(int(words.take().text))
            words.expect("]")
        else:
            return PathNode(tuple(parts))


def _part(words: Words) -> str:
    if words.here.kind not in ("name", "alias"):
        raise words.error()
    return words.take().text


class _Conditions:
    """Conditions and operands. A parenthesis may hold either: what came out of it tells."""

    def __init__(self, words: Words) -> None:
        self.words = words
        self.redundant = False
        self.operators = 0

    def condition(self) -> Any:
        left = self._and()
        while self.words.here.upper == "OR":
            left = self._joined("OR", left, self._and)
        return left

    def _and(self) -> Any:
        left = self._not()
        while self.words.here.upper == "AND":
            left = self._joined("AND", left, self._not)
        return left

    def _joined(self, operator: str, left: Any, read: Any) -> Any:
        if not is_condition(left):
            raise self.words.error()
        self.words.take()
        self.operators += 1
        right = read()
        if not is_condition(right):
            raise self.words.error()
        return BooleanNode(operator, left, right)

    def _not(self) -> Any:
        words = self.words
        if words.here.upper == "NOT" and words.here.kind == "name":
            words.take()
            self.operators += 1
            inner = self._not()
            if not is_condition(inner):
                raise words.error()
            return NotNode(inner)
        return self._test()

    def _test(self) -> Any:
        words = self.words
        left = self._parenthesis() if words.here.text == "(" else self.operand()
        if isinstance(left, CONDITIONS):
            return left
        sign = words.here
        if sign.text in COMPARATORS:
            words.take()
            self.operators += 1
            return CompareNode(sign.text, left, self.operand())
        if sign.upper == "BETWEEN":
            words.take()
            self.operators += 1
            low = self.operand()
            words.expect("AND")
            return BetweenNode(left, low, self.operand())
        if sign.upper == "IN":
            words.take()
            self.operators += 1
            words.expect("(")
            options = [self.operand()]
            while words.accept(","):
                options.append(self.operand())
            words.expect(")")
            return InNode(left, tuple(options))
        return left

    def _parenthesis(self) -> Any:
        words = self.words
        words.expect("(")
        twice = words.here.text == "("
        start = words.at
        inner = self.condition()
        words.expect(")")
        if twice and self._closes(start, words.at - 2):
            self.redundant = True
        return inner

    def _closes(self, start: int, end: int) -> bool:
        """Whether the parenthesis at ``start`` is closed by the one at ``end``."""
        depth = 0
        for index in range(start, end + 1):
            text = self.words.all[index].text
            depth += (text == "(") - (text == ")")
            if depth == 0:
                return index == end
        return False

    def operand(self) -> Any:
        words = self.words
        here = words.here
        if here.text == "(":
            inner = self._parenthesis()
            if isinstance(inner, CONDITIONS):
                raise words.error()
            return inner
        if here.kind == "value":
            return ValueNode(words.take().text)
        if here.kind == "name" and words.following.text == "(":
            return self._function()
        return path(words)

    def _function(self) -> FunctionNode:
        words = self.words
        name = words.take().text
        words.expect("(")
        arguments = [self.sum()]
        while words.accept(","):
            arguments.append(self.sum())
        words.expect(")")
        return FunctionNode(name, tuple(arguments))

    def sum(self) -> Any:
        """An operand of an update."""
        words = self.words
        left = self._sum_operand()
        sign = words.here.text
        if sign in ("+", "-"):
            words.take()
            return SumNode(sign, left, self._sum_operand())
        return left

    def _sum_operand(self) -> Any:
        words = self.words
        if words.accept("("):
            inner = self.sum()
            words.expect(")")
            return inner
        return self.operand()
