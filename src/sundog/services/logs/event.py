"""Events: writing, reading and searching."""

from __future__ import annotations

import base64
import re
from typing import Any

from sundog.api import logs as api
from sundog.core import Tx, op
from sundog.services.logs.pattern import compiled
from sundog.services.logs.state import (
    LogEvent,
    LogStream,
    SubscriptionFilter,
    below,
    group_of,
    milliseconds,
    stream_of,
)

HOUR, DAY = 3_600_000, 86_400_000
MOST = 10_000
_TOKEN = re.compile(r"([fb])/(\d{20})(\d{36})/s\Z")


def event_id(event: LogEvent) -> str:
    return f"{event.timestamp:020d}{event.number:036d}"


@op
def put_log_events(tx: Tx, req: api.PutLogEventsRequest) -> api.PutLogEventsResponse:
    group = group_of(tx, req.log_group_name)
    stream = stream_of(tx, group, req.log_stream_name)
    events, now = list(req.log_events), milliseconds(tx)
    times = [event.timestamp for event in events if event.message is not None]
    if times != sorted(times):
        raise api.InvalidParameterException(
            "Log events in a single PutLogEvents request must be in chronological order."
        )
    oldest = now - 14 * DAY
    kept_from = now - group.retention_in_days * DAY if group.retention_in_days else oldest
    too_old = sum(1 for time in times if time < oldest)
    expired = sum(1 for time in times if oldest <= time < kept_from)
    too_new = sum(1 for time in times if time > now + 2 * HOUR)
    rejected = api.RejectedLogEventsInfo(
        too_new_log_event_start_index=len(times) - too_new if too_new else None,
        too_old_log_event_end_index=too_old or None,
        expired_log_event_end_index=too_old + expired or None if expired else None,
    )
    good = events[too_old + expired : len(events) - too_new]
    number = stream.sequence
    for event in good:
        number += 1
        tx.add(
            LogEvent(
                group=group.name,
                stream=stream.name,
                timestamp=event.timestamp,
                number=number,
                message=event.message,
                ingestion_time=now,
            )
        )
    if good:
        first, last = good[0].timestamp, good[-1].timestamp
        tx.update(
            stream,
            first_event=first if stream.first_event is None else min(first, stream.first_event),
            last_event=last if stream.last_event is None else max(last, stream.last_event),
            last_ingestion=now,
            sequence=number,
        )
        _forward(tx, stream, [(f"{e.timestamp:020d}{stream.sequence + i + 1:036d}", e) for i, e in enumerate(good)])
    return api.PutLogEventsResponse(
        next_sequence_token=f"{number:056d}",
        rejected_log_events_info=rejected if too_old or too_new or expired else None,
    )


def _forward(tx: Tx, stream: LogStream, events: list[tuple[str, Any]]) -> None:
    """Hand the events to the group's subscribers."""
    for row in tx.range(SubscriptionFilter, *below(stream.group)):
        match = compiled(row.filter_pattern)
        found = [
            {"id": number, "timestamp": event.timestamp, "message": event.message}
            for number, event in events
            if match(event.message)
        ]
        if found:
            tx.after_commit(send, row.destination_arn, stream.group, stream.name, row.filter_name, found)


def send(tx: Tx, arn: str, group: str, stream: str, name: str, events: list[dict[str, Any]]) -> None:
    """One delivery to a subscriber: zipped JSON, as AWS sends it."""
    import gzip

    import msgspec

    from sundog.core import Event, deliver

    data = {
        "messageType": "DATA_MESSAGE",
        "owner": tx.account,
        "logGroup": group,
        "logStream": stream,
        "subscriptionFilters": [name],
        "logEvents": events,
    }
    zipped = gzip.compress(msgspec.json.encode(data), mtime=0)
    body: Any = zipped
    if ":lambda:" in arn:
        body = msgspec.json.encode({"awslogs": {"data": base64.b64encode(zipped).decode()}}).decode()
    deliver(
        tx, arn, Event(body, source="logs.amazonaws.com", source_arn=tx.arn(f"log-group:{group}:*", service="logs"))
    )


@op(paged=False)
def get_log_events(tx: Tx, req: api.GetLogEventsRequest) -> api.GetLogEventsResponse:
    """One stream's events; its tokens lead on and back for ever."""
    group = group_of(tx, req.log_group_name, req.log_group_identifier)
    stream = stream_of(tx, group, req.log_stream_name)
    start, stop, limit = req.start_time or 0, req.end_time, req.limit or MOST
    rows = list(tx.range(LogEvent, *_span(stream, start, stop)))
    forward = bool(req.start_from_head)
    at: tuple[int, int] | None = None
    if req.next_token is not None:
        match = _TOKEN.match(req.next_token)
        if match is None:
            raise api.InvalidParameterException("The specified nextToken is invalid.")
        forward = match[1] == "f"
        at = int(match[2]), int(match[3])
        rows = [r for r in rows if ((r.timestamp, r.number) > at if forward else (r.timestamp, r.number) < at)]
    rows = rows[:limit] if forward else rows[-limit:]
    if rows:
        first, last = event_id(rows[0]), event_id(rows[-1])
    else:
        here = at or (milliseconds(tx), 0)
        first = last = f"{here[0]:020d}{here[1]:036d}"
    return api.GetLogEventsResponse(
        events=[
            api.OutputLogEvent(timestamp=row.timestamp, message=row.message, ingestion_time=row.ingestion_time)
            for row in rows
        ],
        next_forward_token=f"f/{last}/s",
        next_backward_token=f"b/{first}/s",
    )


def _span(stream: LogStream, start: int, stop: int | None) -> tuple[Any, Any]:
    from sundog.core.table import TOP

    return (stream.group, stream.name, start), (stream.group, stream.name, TOP if stop is None else stop)


@op(paged=False)
def filter_log_events(tx: Tx, req: api.FilterLogEventsRequest) -> api.FilterLogEventsResponse:
    group = group_of(tx, req.log_group_name, req.log_group_identifier)
    names, prefix = req.log_stream_names, req.log_stream_name_prefix
    if names and prefix:
        raise api.InvalidParameterException("Cannot specify both logStreamNames and logStreamNamePrefix.")
    streams = (
        [stream_of(tx, group, name) for name in names]
        if names
        else [row for row in tx.range(LogStream, *below(group.name)) if not prefix or row.name.startswith(prefix)]
    )
    match = compiled(req.filter_pattern or "")
    # AWS counts the end in here, unlike in GetLogEvents.
    stop = None if req.end_time is None else req.end_time + 1
    found = [
        row
        for stream in streams
        for row in tx.range(LogEvent, *_span(stream, req.start_time or 0, stop))
        if match(row.message)
    ]
    found.sort(key=_order)
    if req.next_token is not None:
        after = _read_token(req.next_token)
        found = [row for row in found if _order(row) > after]
    limit = req.limit or MOST
    page = found[:limit]
    return api.FilterLogEventsResponse(
        events=[
            api.FilteredLogEvent(
                log_stream_name=row.stream,
                timestamp=row.timestamp,
                message=row.message,
                ingestion_time=row.ingestion_time,
                event_id=event_id(row),
            )
            for row in page
        ],
        searched_log_streams=[],
        next_token=_token(page[-1]) if len(found) > limit else None,
    )


def _order(row: LogEvent) -> tuple[int, str, int]:
    return row.timestamp, row.stream, row.number


def _token(row: LogEvent) -> str:
    return base64.urlsafe_b64encode(f"{row.timestamp}/{row.number}/{row.stream}".encode()).decode()


def _read_token(token: str) -> tuple[int, str, int]:
    try:
        time, number, stream = base64.urlsafe_b64decode(token).decode().split("/", 2)
        return int(time), stream, int(number)
    except ValueError:
        raise api.InvalidParameterException("The specified nextToken is invalid.") from None
