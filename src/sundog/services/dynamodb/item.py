"""Single items: get, put, delete, update."""

from __future__ import annotations

from typing import Any

from sundog.api import dynamodb as api
from sundog.core import Tx, op
from sundog.services.dynamodb import change, legacy
from sundog.services.dynamodb.capacity import Tally
from sundog.services.dynamodb.check import names_of, return_values
from sundog.services.dynamodb.collection import collection_metrics
from sundog.services.dynamodb.expression.condition import condition
from sundog.services.dynamodb.expression.projection import Projection, projection
from sundog.services.dynamodb.expression.update import update as update_expression
from sundog.services.dynamodb.fault import bad_parameter
from sundog.services.dynamodb.rows import key_of_request, open_table, rows, unpack
from sundog.services.dynamodb.value import Item, accept


def test_of(req: Any, names: Any) -> change.Test | None:
    """The request's condition, in either form."""
    if req.condition_expression is not None:
        return condition(req.condition_expression, names).test
    return legacy.expected(req.expected, req.conditional_operator)


def shows_item(req: Any) -> bool:
    """Whether a failed condition is to show the item."""
    return req.return_values_on_condition_check_failure == "ALL_OLD"


def projection_of(req: Any, names: Any) -> Projection | None:
    """The attributes that the request asks for, in either form."""
    if req.projection_expression is not None:
        return projection(req.projection_expression, names)
    return attributes_to_get(req.attributes_to_get)


def attributes_to_get(listed: list[str] | None) -> Projection | None:
    if listed is None:
        return None
    if len(set(listed)) < len(listed):
        twice = next(name for index, name in enumerate(listed) if name in listed[:index])
        raise bad_parameter(f"Duplicate value in attribute name: {twice}")
    return Projection([(name,) for name in listed])


@op
def get_item(tx: Tx, req: api.GetItemInput) -> api.GetItemOutput:
    """One item by its key; an answer without ``Item`` if there is none."""
    names = names_of(req)
    key = accept(req.key)[0]
    wanted = projection_of(req, names)
    names.unused()
    tx, table = open_table(tx, req.table_name)
    row = rows(tx).get(key_of_request(table, key))
    item: Item | None = None if row is None else unpack(row.data)
    consistent = bool(req.consistent_read)
    consumed = None
    if req.return_consumed_capacity is not None:
        tally = Tally(table, "read")
        tally.read(row.size if row is not None else 0, consistent)
        consumed = tally.answer(req.return_consumed_capacity)
    if item is not None and wanted is not None:
        item = wanted.of(item)
    return api.GetItemOutput(item=item, consumed_capacity=consumed)


@op
def put_item(tx: Tx, req: api.PutItemInput) -> api.PutItemOutput:
    """Put an item in the place of the one with its key."""
    names = names_of(req)
    wanted = return_values(req.return_values, ("NONE", "ALL_OLD"))
    item, size = accept(req.item)
    test = test_of(req, names)
    names.unused()
    tx, table = open_table(tx, req.table_name)
    counted = req.return_consumed_capacity not in (None, "NONE")
    done = change.put(tx, table, item, size, test, shows_item(req), counted or wanted == "ALL_OLD")
    return _written(tx, req, table, done, api.PutItemOutput, done.old if wanted == "ALL_OLD" else None)


@op
def delete_item(tx: Tx, req: api.DeleteItemInput) -> api.DeleteItemOutput:
    """Remove an item, if it is there."""
    names = names_of(req)
    wanted = return_values(req.return_values, ("NONE", "ALL_OLD"))
    key = accept(req.key)[0]
    test = test_of(req, names)
    names.unused()
    tx, table = open_table(tx, req.table_name)
    done = change.delete(tx, table, key_of_request(table, key), test, shows_item(req))
    return _written(tx, req, table, done, api.DeleteItemOutput, done.old if wanted == "ALL_OLD" else None)


@op
def update_item(tx: Tx, req: api.UpdateItemInput) -> api.UpdateItemOutput:
    """Change attributes of an item, or make one."""
    names = names_of(req)
    wanted = return_values(req.return_values, ("NONE", "ALL_OLD", "ALL_NEW", "UPDATED_OLD", "UPDATED_NEW"))
    key = accept(req.key)[0]
    changes: Any = None
    if req.update_expression is not None:
        changes = update_expression(req.update_expression, names)
    elif req.attribute_updates is not None:
        changes = legacy.AttributeUpdates(req.attribute_updates)
    test = test_of(req, names)
    names.unused()
    tx, table = open_table(tx, req.table_name)
    done = change.update(tx, table, key, key_of_request(table, key), changes, test, shows_item(req))
    return _written(tx, req, table, done, api.UpdateItemOutput, updated(wanted, done, changes))


def updated(wanted: str, done: change.Outcome, changes: Any) -> Item | None:
    """The attributes that ``ReturnValues`` asks for; None if there are none to show."""
    if wanted == "NONE":
        return None
    item = done.old if wanted.endswith("OLD") else done.new
    if item is None:
        return None
    if wanted.startswith("ALL"):
        return item
    if changes is None:
        return None
    return Projection(changes.paths).of(item) or None


def _written(tx: Tx, req: Any, table: Any, done: change.Outcome, answer: Any, attributes: Item | None) -> Any:
    consumed = metrics = None
    if req.return_consumed_capacity is not None:
        tally = Tally(table, "write")
        tally.written(done.old, done.new)
        consumed = tally.answer(req.return_consumed_capacity)
    if req.return_item_collection_metrics == "SIZE":
        metrics = collection_metrics(tx, table, done.key, done.new or done.old)
    return answer(attributes=attributes, consumed_capacity=consumed, item_collection_metrics=metrics)
