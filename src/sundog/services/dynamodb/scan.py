"""Scan: all items of a table or index, or of one segment of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from zlib import crc32

from sundog.api import dynamodb as api
from sundog.core import Tx, op
from sundog.services.dynamodb import legacy
from sundog.services.dynamodb.check import names_of
from sundog.services.dynamodb.expression.condition import condition
from sundog.services.dynamodb.fault import invalid
from sundog.services.dynamodb.item import projection_of
from sundog.services.dynamodb.read import Bounds, consumed, fetching, find_index, read_page, selection, start_key
from sundog.services.dynamodb.rows import open_table
from sundog.services.dynamodb.state import ItemKey


@op(paged=False)
def scan(tx: Tx, req: api.ScanInput) -> api.ScanOutput:
    """Read on through the items from where the last page ended."""
    names = names_of(req)
    _check_segments(req.segment, req.total_segments)
    if req.filter_expression is not None:
        test = condition(req.filter_expression, names, "FilterExpression").test
    else:
        test = legacy.filter_of(req.scan_filter, req.conditional_operator)
    wanted = projection_of(req, names)
    names.unused()
    tx, table = open_table(tx, req.table_name)
    consistent = bool(req.consistent_read)
    index = find_index(table, req.index_name, consistent)
    chosen = selection(table, index, req.select, wanted)
    bounds = Bounds.of_prefix(table.table_id if index is None else index.id)
    mine = segment_test(req.segment, req.total_segments)
    if req.exclusive_start_key is not None:
        position = start_key(table, index, req.exclusive_start_key)
        if mine is not None and not mine((table.table_id, *position[-2:])):
            raise invalid(
                "The provided starting key is invalid: Invalid ExclusiveStartKey. Please use ExclusiveStartKey with "
                f"correct Segment. TotalSegments: {req.total_segments} Segment: {req.segment}"
            )
        bounds = bounds.after(position, False)
    page = read_page(
        tx,
        table,
        index,
        bounds,
        limit=req.limit,
        test=test,
        mine=mine,
        shape=fetching(tx, table, chosen) if chosen.fetch else chosen.shape,
        keep=not chosen.count,
    )
    return api.ScanOutput(
        items=None if chosen.count else page.items,
        count=page.count,
        scanned_count=page.scanned,
        last_evaluated_key=page.last,
        consumed_capacity=consumed(table, index, page, consistent, req.return_consumed_capacity),
    )


def _check_segments(segment: int | None, total: int | None) -> None:
    if segment is None and total is None:
        return
    if segment is None:
        raise invalid(
            "The Segment parameter is required but was not present in the request "
            "when parameter TotalSegments is present"
        )
    if total is None:
        raise invalid(
            "The TotalSegments parameter is required but was not present in the request "
            "when Segment parameter is present"
        )
    if segment >= total:
        raise invalid(
            "The Segment parameter is zero-based and must be less than parameter TotalSegments: "
            f"Segment: {segment} is not less than TotalSegments: {total}"
        )


def segment_test(segment: int | None, total: int | None) -> Callable[[ItemKey], bool] | None:
    """Whether an item is of the segment: partitions are spread over segments by a hash."""
    if segment is None or total is None or total == 1:
        return None

    def mine(key: Any) -> bool:
        form = key[1]
        data = form if isinstance(form, bytes) else form.encode("utf-8", "surrogatepass")
        return crc32(data) % total == segment

    return mine
