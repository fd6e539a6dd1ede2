"""Statements, done: reads by key, range or scan; writes of one item each."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sundog.api import dynamodb as api
from sundog.core import Tx
from sundog.services.dynamodb import change
from sundog.services.dynamodb.expression.keys import KeyCondition
from sundog.services.dynamodb.expression.projection import Projection
from sundog.services.dynamodb.expression.update import Draft, check_overlaps
from sundog.services.dynamodb.fault import invalid
from sundog.services.dynamodb.partiql.evaluate import conjuncts, fixed, holds, new_value
from sundog.services.dynamodb.partiql.parser import (
    Between,
    Compare,
    Delete,
    Function,
    Get,
    Insert,
    Literal,
    Path,
    Select,
    Update,
)
from sundog.services.dynamodb.query import bounds_of
from sundog.services.dynamodb.read import Bounds, Page, find_index, read_page, start_key
from sundog.services.dynamodb.rows import key_of_item, key_of_request, open_table, rows
from sundog.services.dynamodb.state import SecondaryIndex, Table
from sundog.services.dynamodb.value import Item, Value, accept

NO_KEY = "Where clause does not contain a mandatory equality on all key attributes"


class Done:
    """What a statement did: the items it shows, and what it cost."""

    __slots__ = ("items", "new", "old", "page", "table", "write")

    def __init__(self, table: Table, items: list[Item], write: bool) -> None:
        self.table = table
        self.items = items
        self.write = write
        self.page: Page | None = None
        self.old: Item | None = None
        self.new: Item | None = None


def run(
    tx: Tx,
    tree: Any,
    *,
    start: Item | None = None,
    limit: int | None = None,
    consistent: bool = False,
    show: bool = False,
) -> Done:
    """Do one statement. ``show``: a failed condition is to show the item."""
    if isinstance(tree, Select):
        return _select(tx, tree, start, limit, consistent)
    there, table = open_table(tx, tree.table)
    if isinstance(tree, Insert):
        return _insert(there, table, tree)
    key = full_key(table, tree.where)
    if key is None:
        raise invalid(NO_KEY)
    found = key_of_request(table, key)
    where = tree.where
    if isinstance(tree, Delete):
        test = None if _only_key(table, where) else (lambda item: holds(where, item))
        outcome = change.delete(there, table, found, test, show)
        return _written(table, outcome, outcome.old if tree.returning == "ALL_OLD" else None)
    assert isinstance(tree, Update)
    changes = Changes(tree)
    outcome = change.update(there, table, key, found, changes, lambda item: bool(item) and holds(where, item), show)
    from sundog.services.dynamodb.item import updated

    return _written(table, outcome, updated(tree.returning or "NONE", outcome, changes))


class Changes:
    """An ``UPDATE``'s clauses as an update of an item."""

    def __init__(self, tree: Update) -> None:
        self.tree = tree
        self.paths: list[Path] = [path for path, _ in tree.sets] + list(tree.removes)
        check_overlaps(self.paths, "UpdateExpression")

    def apply(self, item: Item) -> Item:
        values = [(path, new_value(node, item)) for path, node in self.tree.sets]
        draft = Draft(item)
        for path, value in values:
            if any(
                isinstance(inner, list) and not inner for kind, inner in value.items() if kind in ("SS", "NS", "BS")
            ):
                draft.remove(path)
            else:
                draft.put(path, value)
        for path in sorted(self.tree.removes, key=lambda each: [str(part).rjust(8) for part in each], reverse=True):
            draft.remove(path)
        return draft.item


def _written(table: Table, outcome: change.Outcome, shown: Item | None) -> Done:
    done = Done(table, [] if shown is None else [shown], True)
    done.old, done.new = outcome.old, outcome.new
    return done


def _insert(tx: Tx, table: Table, tree: Insert) -> Done:
    item, size = accept(tree.item)
    if rows(tx).get(key_of_item(table, item)) is not None:
        raise api.DuplicateItemException("Duplicate primary key exists in table")
    return _written(table, change.put(tx, table, item, size, None, False, False), None)


def full_key(table: Table, where: Any) -> Item | None:
    """The one key that a condition fixes; None if it doesn't."""
    values = fixed(where)
    key: Item = {}
    for part in table.parts:
        found = values.get(part.name)
        if found is None or len(found) != 1:
            return None
        key[part.name] = found[0]
    return key


def _only_key(table: Table, where: Any) -> bool:
    return len(conjuncts(where)) == len(table.parts)


# -- reading --------------------------------------------------------------------------------------------------------


def _select(tx: Tx, tree: Select, start: Item | None, limit: int | None, consistent: bool) -> Done:
    there, table = open_table(tx, tree.table)
    index = find_index(table, tree.index_name, consistent)
    hashes = (table.hash,) if index is None else index.hash
    values = fixed(tree.where)
    reverse = _order(tree, table, index, values)
    ranges: list[Bounds]
    if all(part.name in values for part in hashes):
        ranges = _ranges(table, index, tree.where, values)
    else:
        ranges = [Bounds.of_prefix(table.table_id if index is None else index.id)]
    shape = _shape(tree.paths)
    where = tree.where

    def met(item: Item) -> bool:
        return holds(where, item)

    test = None if where is None else met
    position = None if start is None else start_key(table, index, start)
    whole = Page()
    for bounds in ranges:
        if position is not None:
            if not bounds.holds(position):
                continue
            bounds, position = bounds.after(position, reverse), None
        left = None if limit is None else limit - whole.scanned
        page = read_page(there, table, index, bounds, reverse=reverse, limit=left, test=test, shape=shape)
        whole.items += page.items
        whole.scanned += page.scanned
        whole.size += page.size
        whole.last = page.last
        if page.last is not None:
            break
    done = Done(table, whole.items, False)
    done.page = whole
    return done


def _shape(paths: tuple[Path, ...] | None) -> Callable[[Item], Item] | None:
    """What ``SELECT`` shows: a path's value under the path's last name."""
    if paths is None:
        return None
    if all(len(path) == 1 for path in paths):
        return Projection(list(paths)).of

    from sundog.services.dynamodb.expression.bind import walk

    def shape(item: Item) -> Item:
        found: Item = {}
        for path in paths:
            value = walk(path, item)
            if value is not None:
                last = path[-1]
                name = next((str(part) for part in reversed(path) if isinstance(part, str)), "")
                found[name if isinstance(last, str) else f"{name}[{last}]"] = value
        return found

    return shape


def _order(tree: Select, table: Table, index: SecondaryIndex | None, values: dict[str, list[Value]]) -> bool:
    """Whether the items are wanted backward; refused where they can't be ordered as asked."""
    if not tree.order:
        return False
    hashes = [part.name for part in ((table.hash,) if index is None else index.hash)]
    if any(name not in values for name in hashes):
        raise invalid("Must have WHERE clause in the statement when using ORDER BY clause.")
    parts = [part.name for part in (table.parts if index is None else index.parts)]
    for name, _ in tree.order:
        if name not in parts:
            raise invalid(f"Variable reference {name} in ORDER BY clause must be part of the primary key")
    by_range = [descending for name, descending in tree.order if name not in hashes]
    return by_range[0] if by_range else tree.order[0][1]


_OPERATORS = {"=": "EQ", "<": "LT", "<=": "LE", ">": "GT", ">=": "GE"}
_TURNED = {"=": "EQ", "<": "GT", "<=": "GE", ">": "LT", ">=": "LE"}


def _ranges(table: Table, index: SecondaryIndex | None, where: Any, values: dict[str, list[Value]]) -> list[Bounds]:
    """The ranges of keys to read: one for each partition that the condition allows."""
    hashes = (table.hash,) if index is None else index.hash
    ranges = ((table.range,) if table.range is not None else ()) if index is None else index.range
    more: list[KeyCondition] = []
    if len(ranges) == 1:
        found = _range_condition(where, ranges[0].name, ranges[0].type)
        if found is not None:
            more.append(found)
    combinations: list[list[KeyCondition]] = [[]]
    for part in hashes:
        combinations = [
            [*each, KeyCondition(part.name, "EQ", [value])] for each in combinations for value in values[part.name]
        ]
    return [bounds_of(table, index, [*each, *more]) for each in combinations]


def _range_condition(where: Any, name: str, kind: str) -> KeyCondition | None:
    """A condition on the sort key that all items must meet."""
    for part in conjuncts(where):
        if isinstance(part, Compare) and part.operator in _OPERATORS:
            for one, other, operators in ((part.left, part.right, _OPERATORS), (part.right, part.left, _TURNED)):
                if _is(one, name) and isinstance(other, Literal) and kind in other.value:
                    return KeyCondition(name, operators[part.operator], [other.value])
        if isinstance(part, Between) and _is(part.term, name):
            low, high = part.low, part.high
            if isinstance(low, Literal) and isinstance(high, Literal) and kind in low.value and kind in high.value:
                return KeyCondition(name, "BETWEEN", [low.value, high.value])
        if isinstance(part, Function) and part.name == "begins_with" and _is(part.arguments[0], name) and kind != "N":
            prefix = part.arguments[1]
            if isinstance(prefix, Literal) and prefix.value.get(kind):
                return KeyCondition(name, "BEGINS_WITH", [prefix.value])
    return None


def _is(node: Any, name: str) -> bool:
    return isinstance(node, Get) and node.path == (name,)
