"""BatchGetItem and BatchWriteItem: many items in one call, of one or several tables."""

from __future__ import annotations

from typing import Any

from sundog.api import dynamodb as api
from sundog.core import Tx, op
from sundog.core.structure import raw
from sundog.services.dynamodb import change
from sundog.services.dynamodb.capacity import Tally
from sundog.services.dynamodb.check import names_of
from sundog.services.dynamodb.collection import collection_metrics
from sundog.services.dynamodb.fault import bad_parameter, invalid
from sundog.services.dynamodb.item import projection_of
from sundog.services.dynamodb.rows import key_of_item, key_of_request, open_table, rows, unpack
from sundog.services.dynamodb.value import Item, accept

MAX_GET = 100
MAX_WRITE = 25
MAX_ANSWER = 16 * 1024 * 1024
DUPLICATES = "Provided list of item keys contains duplicates"


@op
def batch_get_item(tx: Tx, req: api.BatchGetItemInput) -> api.BatchGetItemOutput:
    """Items by their keys, in no order that is promised; keys past 16 MB come back as unprocessed."""
    requests: dict[str, Any] = req.request_items
    if sum(len(each.keys) for each in requests.values()) > MAX_GET:
        raise invalid("Too many items requested for the BatchGetItem call")
    answers: dict[str, list[Item]] = {}
    unprocessed: dict[str, Any] = {}
    consumed: list[Any] = []
    total = 0
    for name, each in requests.items():
        names = names_of(each)
        wanted = projection_of(each, names)
        names.unused()
        keys = [accept(key)[0] for key in each.keys]
        there, table = open_table(tx, name)
        part = rows(there)
        consistent = bool(each.consistent_read)
        tally = Tally(table, "read")
        found = answers[name] = []
        seen: set[Any] = set()
        for number, key in enumerate([key_of_request(table, key) for key in keys]):
            if key in seen:
                raise invalid(DUPLICATES)
            seen.add(key)
            if total > MAX_ANSWER:
                left = dict(each.raw_)
                left["Keys"] = each.keys[number:]
                unprocessed[name] = left
                break
            row = part.get(key)
            tally.read(0 if row is None else row.size, consistent)
            if row is not None:
                total += row.size
                item: Item = unpack(row.data)
                found.append(item if wanted is None else wanted.of(item))
        consumed.append(tally.answer(req.return_consumed_capacity))
    return api.BatchGetItemOutput(
        responses=answers,
        unprocessed_keys=unprocessed,
        consumed_capacity=consumed if consumed and consumed[0] is not None else None,
    )


@op
def batch_write_item(tx: Tx, req: api.BatchWriteItemInput) -> api.BatchWriteItemOutput:
    """Put and delete up to 25 items; all of them or, for an invalid request, none."""
    requests: dict[str, list[Any]] = raw(req, "request_items")
    if sum(len(each) for each in requests.values()) > MAX_WRITE:
        raise invalid("Too many items requested for the BatchWriteItem call")
    accepted: list[tuple[str, list[tuple[Item, int, bool]]]] = []
    for name, listed in requests.items():
        accepted.append((name, [_accepted(each) for each in listed]))
    consumed: list[Any] = []
    metrics: dict[str, list[Any]] = {}
    counted = req.return_consumed_capacity not in (None, "NONE")
    measured = req.return_item_collection_metrics == "SIZE"
    for name, writes in accepted:
        there, table = open_table(tx, name)
        keys = [key_of_request(table, item) if gone else key_of_item(table, item) for item, _, gone in writes]
        if len(set(keys)) < len(keys):
            raise invalid(DUPLICATES)
        tally = Tally(table, "write")
        for (item, size, gone), key in zip(writes, keys, strict=True):
            if gone:
                done = change.delete(there, table, key, None, False)
            else:
                done = change.put(there, table, item, size, None, False, counted, key)
            if counted:
                tally.written(done.old, done.new)
            if measured:
                found = collection_metrics(there, table, key, done.new or done.old)
                if found is not None:
                    metrics.setdefault(name, []).append(found)
        if counted:
            consumed.append(tally.answer(req.return_consumed_capacity))
    return api.BatchWriteItemOutput(
        unprocessed_items={},
        consumed_capacity=consumed if counted else None,
        item_collection_metrics=metrics if measured else None,
    )


def _accepted(each: dict[str, Any]) -> tuple[Item, int, bool]:
    """One write, in botocore's form: the item, or the key of the one that is to go."""
    put, delete = each.get("PutRequest"), each.get("DeleteRequest")
    if (put is None) == (delete is None):
        raise bad_parameter("WriteRequest must contain exactly one of PutRequest and DeleteRequest")
    if put is not None:
        return (*accept(put["Item"]), False)
    assert delete is not None
    return (*accept(delete["Key"]), True)
