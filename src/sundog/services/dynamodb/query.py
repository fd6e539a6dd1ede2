"""Query: the items of one partition, in the order of their sort key."""

from __future__ import annotations

from typing import Any

from sundog.api import dynamodb as api
from sundog.core import Tx, op
from sundog.core.table import TOP
from sundog.services.dynamodb import legacy
from sundog.services.dynamodb.check import names_of
from sundog.services.dynamodb.expression.condition import condition
from sundog.services.dynamodb.expression.keys import KeyCondition, key_conditions, legacy_key_conditions
from sundog.services.dynamodb.fault import bad_parameter, invalid
from sundog.services.dynamodb.item import projection_of
from sundog.services.dynamodb.read import Bounds, consumed, fetching, find_index, read_page, selection, start_key
from sundog.services.dynamodb.rows import EMPTY_KEY, open_table
from sundog.services.dynamodb.state import KeyPart, SecondaryIndex, Table
from sundog.services.dynamodb.value import key_form, kind_of, rank


@op(paged=False)
def query(tx: Tx, req: api.QueryInput) -> api.QueryOutput:
    """Read a partition of a table or index, or a range of it."""
    names = names_of(req)
    conditions = _conditions(req, names)
    filtered = _filter(req, names)
    wanted = projection_of(req, names)
    names.unused()
    tx, table = open_table(tx, req.table_name)
    consistent = bool(req.consistent_read)
    index = find_index(table, req.index_name, consistent)
    chosen = selection(table, index, req.select, wanted)
    reverse = req.scan_index_forward is False
    bounds = bounds_of(table, index, conditions)
    parts = table.parts if index is None else index.parts
    _check_filter(filtered, parts, req)
    if req.exclusive_start_key is not None:
        bounds = _continued(bounds, start_key(table, index, req.exclusive_start_key), reverse)
    page = read_page(
        tx,
        table,
        index,
        bounds,
        reverse=reverse,
        limit=req.limit,
        test=None if filtered is None else filtered[0],
        shape=fetching(tx, table, chosen) if chosen.fetch else chosen.shape,
        keep=not chosen.count,
    )
    return api.QueryOutput(
        items=None if chosen.count else page.items,
        count=page.count,
        scanned_count=page.scanned,
        last_evaluated_key=page.last,
        consumed_capacity=consumed(table, index, page, consistent, req.return_consumed_capacity),
    )


def _conditions(req: Any, names: Any) -> list[KeyCondition]:
    if req.key_condition_expression is not None:
        return key_conditions(req.key_condition_expression, names)
    if req.key_conditions is None:
        raise invalid("Either the KeyConditions or KeyConditionExpression parameter must be specified in the request.")
    return legacy_key_conditions(req.key_conditions)


def _filter(req: Any, names: Any) -> tuple[Any, set[str]] | None:
    """The filter's test, and the top-level attributes it looks at."""
    if req.filter_expression is not None:
        made = condition(req.filter_expression, names, "FilterExpression")
        return made.test, {str(path[0]) for path in made.paths}
    test = legacy.filter_of(req.query_filter, req.conditional_operator)
    return None if test is None else (test, set(req.query_filter))


def _check_filter(filtered: tuple[Any, set[str]] | None, parts: tuple[KeyPart, ...], req: Any) -> None:
    if filtered is None:
        return
    for part in parts:
        if part.name in filtered[1]:
            if req.filter_expression is not None:
                raise invalid(
                    f"Filter Expression can only contain non-primary key attributes: Primary key attribute: {part.name}"
                )
            raise bad_parameter(
                f"QueryFilter can only contain non-primary key attributes: Primary key attribute: {part.name}"
            )


def _continued(bounds: Bounds, position: tuple[Any, ...], reverse: bool) -> Bounds:
    """The range behind the starting key, which must lie in it."""
    whole = bounds.low[:2]
    if position[: len(whole)] != whole:
        raise invalid("The provided starting key is outside query boundaries based on provided conditions")
    if not bounds.holds(position):
        raise invalid("The provided starting key does not match the range key predicate")
    return bounds.after(position, reverse)


# -- from conditions to a range of keys -----------------------------------------------------------------------------


def bounds_of(table: Table, index: SecondaryIndex | None, conditions: list[KeyCondition]) -> Bounds:
    """The range of keys in which the conditions hold; refused if they don't fit the table's or index's keys."""
    by_name = {each.name: each for each in conditions}
    hashes = (table.hash,) if index is None else index.hash
    ranges = ((table.range,) if table.range is not None else ()) if index is None else index.range
    prefix: list[Any] = [table.table_id if index is None else index.id]
    for part in hashes:
        found = by_name.pop(part.name, None)
        if found is None:
            raise invalid(f"Query condition missed key schema element: {part.name}")
        if found.operator != "EQ":
            raise invalid("Query key condition not supported")
        prefix.append(_form(part, found.values[0]))
    last: tuple[KeyPart, KeyCondition] | None = None
    for part in ranges:
        found = by_name.get(part.name)
        if found is None:
            break
        if last is not None:
            if last[1].operator != "EQ":
                raise invalid("Query key condition not supported")
            prefix.append(_form(last[0], last[1].values[0]))
        del by_name[part.name]
        last = part, found
    if by_name:
        if ranges and last is None:
            raise invalid(f"Query condition missed key schema element: {ranges[0].name}")
        raise invalid("Query key condition not supported")
    if last is None:
        return Bounds.of_prefix(*prefix)
    return _range(prefix, *last)


def _range(prefix: list[Any], part: KeyPart, found: KeyCondition) -> Bounds:
    forms = [_form(part, value) for value in found.values]
    operator = found.operator
    start = tuple(prefix)
    one = (*prefix, forms[0]) if forms else start
    end = (*prefix, TOP)
    if operator == "EQ":
        return Bounds(one, (*one, TOP))
    if operator == "LT":
        return Bounds(start, one)
    if operator == "LE":
        return Bounds(start, (*one, TOP))
    if operator == "GT":
        return Bounds((*one, TOP), end)
    if operator == "GE":
        return Bounds(one, end)
    if operator == "BETWEEN":
        if rank(found.values[0]) > rank(found.values[1]):  # type: ignore[operator]
            raise invalid(
                "The BETWEEN condition was provided a range where the lower bound is greater than the upper bound"
            )
        return Bounds(one, (*prefix, forms[1], TOP))
    if operator == "BEGINS_WITH":
        if part.type == "N":
            raise bad_parameter("ComparisonOperator BEGINS_WITH is not valid for N AttributeValue type")
        beyond = _beyond(forms[0])
        return Bounds(one, end if beyond is None else (*prefix, beyond))
    raise invalid("Attempted conditional constraint is not an indexable operation")


def _beyond(prefix: Any) -> Any:
    """The least key that is greater than all that begin with the prefix; None if there is none."""
    if isinstance(prefix, bytes):
        kept = prefix.rstrip(b"\xff")
        return kept[:-1] + bytes([kept[-1] + 1]) if kept else None
    text: str = prefix.rstrip("\U0010ffff")
    return text[:-1] + chr(ord(text[-1]) + 1) if text else None


def _form(part: KeyPart, value: dict[str, Any]) -> Any:
    if part.type not in value:
        raise bad_parameter("Condition parameter type does not match schema type")
    if not value[part.type]:
        kind = "binary" if kind_of(value) == "B" else "string"
        raise invalid(EMPTY_KEY.format(kind) + f"Key: {part.name}")
    return key_form(value, part.type)
