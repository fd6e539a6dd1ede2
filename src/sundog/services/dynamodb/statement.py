"""ExecuteStatement, BatchExecuteStatement, ExecuteTransaction: PartiQL's ways in."""

from __future__ import annotations

import base64
import hashlib
from typing import Any

import msgspec

from sundog.api import dynamodb as api
from sundog.core import AwsError, Tx, op
from sundog.services.dynamodb.capacity import Tally
from sundog.services.dynamodb.fault import condition_failed, invalid
from sundog.services.dynamodb.partiql.parser import Select, parse
from sundog.services.dynamodb.partiql.run import Done, full_key, run
from sundog.services.dynamodb.rows import open_table
from sundog.services.dynamodb.transaction import REASONS, run_all
from sundog.services.dynamodb.value import Item

MAX_BATCH = 25


def _parsed(statement: str, parameters: list[Any] | None) -> Any:
    if parameters is not None and not parameters:
        raise invalid(
            "1 validation error detected: Value '[]' at 'parameters' failed to satisfy constraint: "
            "Member must have length greater than or equal to 1"
        )
    return parse(statement, parameters)


def _tally(done: Done, consistent: bool, factor: int = 1) -> Tally:
    tally = Tally(done.table, "write" if done.write else "read", factor)
    if done.write:
        tally.written(done.old, done.new)
    else:
        tally.read(done.page.size if done.page is not None else 0, consistent)
    return tally


def _token(statement: str, last: Item) -> str:
    digest = hashlib.blake2b(statement.encode(), digest_size=8).digest()
    return base64.b64encode(msgspec.msgpack.encode((digest, last))).decode()


def _start(statement: str, token: str | None) -> Item | None:
    if token is None:
        return None
    try:
        digest, last = msgspec.msgpack.decode(base64.b64decode(token), type=tuple[bytes, dict[str, Any]])
    except (ValueError, msgspec.DecodeError):
        raise invalid("Given NextToken is invalid") from None
    if digest != hashlib.blake2b(statement.encode(), digest_size=8).digest():
        raise invalid("NextToken does not match request")
    return last


@op(paged=False)
def execute_statement(tx: Tx, req: api.ExecuteStatementInput) -> api.ExecuteStatementOutput:
    """One statement: a page of items, or one item's change."""
    tree = _parsed(req.statement, req.parameters)
    if isinstance(tree, Select) and tree.exists:
        raise invalid("EXISTS can only be used in ExecuteTransaction")
    done = run(
        tx,
        tree,
        start=_start(req.statement, req.next_token),
        limit=req.limit,
        consistent=bool(req.consistent_read),
        show=req.return_values_on_condition_check_failure == "ALL_OLD",
    )
    consumed = None
    if req.return_consumed_capacity is not None:
        consumed = _tally(done, bool(req.consistent_read)).answer(req.return_consumed_capacity)
    last = done.page.last if done.page is not None else None
    return api.ExecuteStatementOutput(
        items=done.items,
        next_token=None if last is None else _token(req.statement, last),
        last_evaluated_key=last,
        consumed_capacity=consumed,
    )


@op
def batch_execute_statement(tx: Tx, req: api.BatchExecuteStatementInput) -> api.BatchExecuteStatementOutput:
    """Up to 25 statements, each with an answer or error of its own; either all read or all write."""
    trees: list[Any] = []
    for each in req.statements:
        try:
            trees.append(_parsed(each.statement, each.parameters))
        except AwsError as error:
            trees.append(error)
    _all_alike(trees)
    responses: list[dict[str, Any]] = []
    tallies: dict[str, Tally] = {}
    for each, tree in zip(req.statements, trees, strict=True):
        consistent = bool(each.consistent_read)
        show = each.return_values_on_condition_check_failure == "ALL_OLD"
        savepoint = tx.store.savepoint()
        try:
            if isinstance(tree, AwsError):
                raise tree
            if isinstance(tree, Select):
                table = open_table(tx, tree.table)[1]
                if full_key(table, tree.where) is None:
                    raise invalid(
                        "Select statements within BatchExecuteStatement must specify "
                        "the primary key in the where clause."
                    )
            done = run(tx, tree, consistent=consistent, show=show)
        except AwsError as error:
            tx.store.rollback_to(savepoint)
            responses.append(_failed(tree, error))
            continue
        answer: dict[str, Any] = {"TableName": done.table.table_name}
        if done.items:
            answer["Item"] = done.items[0]
        responses.append(answer)
        if req.return_consumed_capacity not in (None, "NONE"):
            found = tallies.get(done.table.table_name)
            one = _tally(done, consistent)
            if found is None:
                tallies[done.table.table_name] = one
            else:
                found.units += one.units
                for name, units in one.indexes.items():
                    found.indexes[name] = found.indexes.get(name, 0.0) + units
    consumed = [tally.answer(req.return_consumed_capacity) for tally in tallies.values()]
    return api.BatchExecuteStatementOutput(responses=responses, consumed_capacity=consumed or None)


_BATCH_CODES = {
    **REASONS,
    "ResourceNotFoundException": "ResourceNotFound",
    "InternalServerError": "InternalServerError",
}


def _failed(tree: Any, error: AwsError) -> dict[str, Any]:
    found: dict[str, Any] = {"Code": _BATCH_CODES.get(error.code, "ValidationError"), "Message": error.message}
    if "Item" in error.members:
        found["Item"] = error.members["Item"]
    answer: dict[str, Any] = {"Error": found}
    table = getattr(tree, "table", None)
    if table is not None and found["Code"] not in ("ValidationError", "ResourceNotFound"):
        answer["TableName"] = table
    return answer


def _all_alike(trees: list[Any]) -> None:
    kinds = {isinstance(tree, Select) for tree in trees if not isinstance(tree, AwsError)}
    if len(kinds) > 1:
        raise invalid("Batch statements should be either all read or all write")


class Statement:
    """One statement of a transaction."""

    def __init__(self, tx: Tx, tree: Any, show: bool) -> None:
        self.tx = tx
        self.tree = tree
        self.show = show

    def run(self) -> Done:
        done = run(self.tx, self.tree, consistent=True, show=self.show)
        if isinstance(self.tree, Select) and self.tree.exists and not done.items:
            raise condition_failed()
        return done


@op
def execute_transaction(tx: Tx, req: api.ExecuteTransactionInput) -> api.ExecuteTransactionOutput:
    """Up to 100 statements, all or none: all read, or all write (``EXISTS`` checks a condition among writes)."""
    steps: list[Statement] = []
    for each in req.transact_statements:
        tree = _parsed(each.statement, each.parameters)
        steps.append(Statement(tx, tree, each.return_values_on_condition_check_failure == "ALL_OLD"))
    reads = {isinstance(step.tree, Select) and not step.tree.exists for step in steps}
    if len(reads) > 1:
        raise invalid("Transaction statements should be either all read or all write")
    seen: set[Any] = set()
    for step in steps:
        _, table = open_table(tx, step.tree.table)
        if isinstance(step.tree, Select):
            key = full_key(table, step.tree.where)
            if key is None:
                raise invalid(
                    "Select statements within ExecuteTransaction must specify the primary key in the where clause."
                )
        else:
            key = _key_of(table, step.tree)
        if key is not None:
            mark = msgspec.msgpack.encode((table.table_id, key), order="deterministic")
            if mark in seen:
                raise invalid("Transaction request cannot include multiple operations on one item")
            seen.add(mark)
    done: list[Done] = run_all(tx, steps)
    tallies: dict[str, Tally] = {}
    if req.return_consumed_capacity not in (None, "NONE"):
        for each in done:
            one = _tally(each, True, 2)
            found = tallies.setdefault(each.table.table_name, one)
            if found is not one:
                found.units += one.units
    consumed = [tally.answer(req.return_consumed_capacity, transaction=True) for tally in tallies.values()]
    responses: list[dict[str, Any]] = []
    if reads == {True}:
        responses = [{"Item": each.items[0]} if each.items else {} for each in done]
    return api.ExecuteTransactionOutput(responses=responses, consumed_capacity=consumed or None)


def _key_of(table: Any, tree: Any) -> Item | None:
    item = getattr(tree, "item", None)
    if item is not None:
        return {part.name: item[part.name] for part in table.parts if part.name in item}
    return full_key(table, tree.where)
