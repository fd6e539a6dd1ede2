"""Transactions: up to 100 reads or writes, all or none."""

from __future__ import annotations

import hashlib
from typing import Any

import msgspec

from sundog.api import dynamodb as api
from sundog.core import AwsError, Tx, op
from sundog.core.structure import plain
from sundog.services.dynamodb import change
from sundog.services.dynamodb.capacity import Tally
from sundog.services.dynamodb.check import names_of
from sundog.services.dynamodb.collection import collection_metrics
from sundog.services.dynamodb.expression.condition import condition
from sundog.services.dynamodb.expression.projection import projection
from sundog.services.dynamodb.expression.update import update as update_expression
from sundog.services.dynamodb.fault import bad_parameter, invalid
from sundog.services.dynamodb.rows import item_at, key_of_item, key_of_request, open_table, rows, unpack
from sundog.services.dynamodb.state import ItemKey, Table, Token
from sundog.services.dynamodb.value import Item, accept

TOKEN_LIFE = 600
MAX_SIZE = 4 * 1024 * 1024


class Step:
    """One action of a transaction, ready to be done."""

    __slots__ = ("changes", "item", "key", "kind", "show", "size", "table", "test", "tx")

    def __init__(self, tx: Tx, table: Table, kind: str, item: Item, size: int, show: bool) -> None:
        self.tx = tx
        self.table = table
        self.kind = kind
        self.item = item
        """The item to put, or the key."""
        self.size = size
        self.show = show
        self.test: change.Test | None = None
        self.changes: Any = None
        self.key: ItemKey = ()

    def find_key(self) -> None:
        self.key = (key_of_item if self.kind == "Put" else key_of_request)(self.table, self.item)

    def run(self) -> change.Outcome:
        """Do it; the error says why it can't be done."""
        if self.kind == "Put":
            return change.put(self.tx, self.table, self.item, self.size, self.test, self.show, True)
        if self.kind == "Delete":
            return change.delete(self.tx, self.table, self.key, self.test, self.show)
        if self.kind == "Update":
            return change.update(self.tx, self.table, self.item, self.key, self.changes, self.test, self.show)
        if self.test is not None:
            change.check(self.tx, self.key, self.test, self.show)
        item = item_at(self.tx, self.key)
        return change.Outcome(self.key, item, item)


REASONS = {
    "ConditionalCheckFailedException": "ConditionalCheckFailed",
    "ValidationException": "ValidationError",
    "ItemCollectionSizeLimitExceededException": "ItemCollectionSizeLimitExceeded",
    "ProvisionedThroughputExceededException": "ProvisionedThroughputExceeded",
    "DuplicateItemException": "DuplicateItem",
}


def run_all(tx: Tx, steps: list[Any]) -> list[Any]:
    """What each step's ``run`` gives; if one fails, nothing is done, and the error has a reason for each."""
    done: list[Any] = []
    reasons: list[dict[str, Any]] = []
    failed = False
    store = tx.store
    begin = store.savepoint()
    for step in steps:
        try:
            result = step.run()
        except AwsError as error:
            code = REASONS.get(error.code)
            if code is None:
                raise
            failed = True
            reason: dict[str, Any] = {"Code": code, "Message": error.message}
            if "Item" in error.members:
                reason["Item"] = error.members["Item"]
            reasons.append(reason)
        else:
            reasons.append({"Code": "None"})
            done.append(result)
    if failed:
        store.rollback_to(begin)
        codes = ", ".join(reason["Code"] for reason in reasons)
        raise api.TransactionCanceledException(
            f"Transaction cancelled, please refer cancellation reasons for specific reasons [{codes}]",
            cancellation_reasons=reasons,
        )
    return done


@op(idempotent=False)
def transact_write_items(tx: Tx, req: api.TransactWriteItemsInput) -> api.TransactWriteItemsOutput:
    """Write several items, each under its condition, or none."""
    token = req.client_request_token
    listed = req.transact_items
    known = _remembered(tx, req, token)
    if known is not None:
        plain(listed)  # compared as a whole
        return _answer(req, known, "read")
    steps = [_step(tx, each) for each in listed]
    if sum(step.size for step in steps) > MAX_SIZE:
        raise bad_parameter("Aggregate size of the items in the transaction exceeds the limit of 4 MB")
    _find_keys(steps)
    done: list[change.Outcome] = run_all(tx, steps)
    touched: dict[str, tuple[Table, list[Any]]] = {}
    for step, outcome in zip(steps, done, strict=True):
        touched.setdefault(step.table.table_name, (step.table, []))[1].append((outcome.old, outcome.new))
    answer = _answer(req, touched, "write")
    if req.return_item_collection_metrics == "SIZE":
        metrics: dict[str, list[Any]] = {}
        for step, outcome in zip(steps, done, strict=True):
            found = collection_metrics(step.tx, step.table, step.key, outcome.new or outcome.old)
            if found is not None and step.kind != "ConditionCheck":
                metrics.setdefault(step.table.table_name, []).append(found)
        answer.item_collection_metrics = metrics
    if token is not None:
        _remember(tx, req, token, touched)
    return answer


def _find_keys(steps: list[Step]) -> None:
    """Every step's key; one that is wrong cancels the transaction with a reason at its place."""
    reasons: list[dict[str, Any]] = []
    wrong = False
    seen: set[ItemKey] = set()
    for step in steps:
        try:
            step.find_key()
        except AwsError as error:
            wrong = True
            reasons.append({"Code": "ValidationError", "Message": error.message})
            continue
        reasons.append({"Code": "None"})
        if step.key in seen:
            raise invalid("Transaction request cannot include multiple operations on one item")
        seen.add(step.key)
    if wrong:
        codes = ", ".join(reason["Code"] for reason in reasons)
        raise api.TransactionCanceledException(
            f"Transaction cancelled, please refer cancellation reasons for specific reasons [{codes}]",
            cancellation_reasons=reasons,
        )


KINDS = (("ConditionCheck", "condition_check"), ("Put", "put"), ("Delete", "delete"), ("Update", "update"))


def _step(tx: Tx, each: Any) -> Step:
    given = [(kind, getattr(each, name)) for kind, name in KINDS if getattr(each, name) is not None]
    if len(given) != 1:
        raise invalid("TransactItems can only contain one of Check, Put, Update or Delete")
    kind, action = given[0]
    names = names_of(action)
    item, size = accept(action.item if kind == "Put" else action.key)
    changes = update_expression(action.update_expression, names) if kind == "Update" else None
    test = None
    if action.condition_expression is not None:
        test = condition(action.condition_expression, names).test
    names.unused()
    there, table = open_table(tx, action.table_name)
    made = Step(there, table, kind, item, size, action.return_values_on_condition_check_failure == "ALL_OLD")
    made.test = test
    made.changes = changes
    return made


def _answer(req: Any, touched: dict[str, tuple[Table, list[Any]]], kind: str) -> Any:
    wanted = req.return_consumed_capacity
    consumed: list[Any] | None = None
    if wanted not in (None, "NONE"):
        consumed = []
        for table, pairs in touched.values():
            tally = Tally(table, kind, 2)
            for old, new in pairs:
                if kind == "write":
                    tally.written(old, new)
                else:
                    tally.read(0, True)
            consumed.append(tally.answer(wanted, transaction=True))
    return api.TransactWriteItemsOutput(consumed_capacity=consumed)


def _digest(req: Any) -> bytes:
    kept = {name: value for name, value in req.raw_.items() if name == "TransactItems"}
    packed = msgspec.msgpack.encode(kept, order="deterministic")
    return hashlib.blake2b(packed, digest_size=16).digest()


def _remembered(tx: Tx, req: Any, token: str | None) -> dict[str, tuple[Table, list[Any]]] | None:
    """The tables of the transaction that had this token within the last ten minutes."""
    now = tx.now.timestamp()
    for old in tx.select(Token):
        if old.expires > now:
            break
        tx.delete(old)
    known = None if token is None else tx.find(Token, token)
    if known is None:
        return None
    if known.digest != _digest(req):
        raise api.IdempotentParameterMismatchException(
            "The provided client token was already used with different request parameters."
        )
    found: dict[str, tuple[Table, list[Any]]] = {}
    for name, count in known.answer.items():
        table = open_table(tx, name)[1]
        found[name] = (table, [(None, None)] * count)
    return found


def _remember(tx: Tx, req: Any, token: str, touched: dict[str, tuple[Table, list[Any]]]) -> None:
    counts = {name: len(pairs) for name, (_, pairs) in touched.items()}
    tx.add(Token(token=token, digest=_digest(req), expires=tx.now.timestamp() + TOKEN_LIFE, answer=counts))


@op
def transact_get_items(tx: Tx, req: api.TransactGetItemsInput) -> api.TransactGetItemsOutput:
    """Several items as they are at one moment; an empty answer for each that isn't there."""
    answers: list[Any] = []
    tallies: dict[str, Tally] = {}
    seen: set[ItemKey] = set()
    for each in req.transact_items:
        get = each.get
        names = names_of(get)
        key = accept(get.key)[0]
        wanted = projection(get.projection_expression, names) if get.projection_expression is not None else None
        names.unused()
        there, table = open_table(tx, get.table_name)
        found = key_of_request(table, key)
        if found in seen:
            raise invalid("Transaction request cannot include multiple operations on one item")
        seen.add(found)
        row = rows(there).get(found)
        tally = tallies.setdefault(table.table_name, Tally(table, "read", 2))
        tally.read(0 if row is None else row.size, True)
        if row is None:
            answers.append({})
        else:
            item: Item = unpack(row.data)
            answers.append({"Item": item if wanted is None else wanted.of(item)})
    consumed = None
    if req.return_consumed_capacity not in (None, "NONE"):
        consumed = [tally.answer(req.return_consumed_capacity, transaction=True) for tally in tallies.values()]
    return api.TransactGetItemsOutput(responses=answers, consumed_capacity=consumed)
