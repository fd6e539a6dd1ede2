"""DynamoDB Streams: what reads the streams that DynamoDB's tables write."""

from __future__ import annotations

import base64
from typing import Any

import msgspec

from sundog.api import dynamodbstreams as api
from sundog.core import AwsError, Tx, op
from sundog.core.table import TOP
from sundog.services.dynamodb.state import Change, Stream
from sundog.services.dynamodb.stream import DAY, number_of, record_of, sequence, stream_at

LIFETIME = 15 * 60
PAGE = 1000
PAGE_BYTES = 1024 * 1024


@op(paged=False)
def list_streams(tx: Tx, req: api.ListStreamsInput) -> api.ListStreamsOutput:
    """The streams here, or those of one table: enabled, and disabled within the last day."""
    found: list[dict[str, str]] = []
    limit = req.limit or 100
    for stream in tx.range(Stream, req.exclusive_start_stream_arn):
        if stream.arn == req.exclusive_start_stream_arn:
            continue
        if req.table_name is not None and stream.table_name != _name(req.table_name):
            continue
        if len(found) == limit:
            return api.ListStreamsOutput(streams=found, last_evaluated_stream_arn=found[-1]["StreamArn"])
        found.append({"StreamArn": stream.arn, "TableName": stream.table_name, "StreamLabel": stream.label})
    return api.ListStreamsOutput(streams=found)


def _name(name_or_arn: str) -> str:
    return name_or_arn.rpartition("/")[2] if name_or_arn.startswith("arn:") else name_or_arn


@op(paged=False)
def describe_stream(tx: Tx, req: api.DescribeStreamInput) -> api.DescribeStreamOutput:
    """A stream and its shard."""
    _, stream = stream_at(tx, req.stream_arn)
    numbers = {"StartingSequenceNumber": sequence(stream.first)}
    if stream.last is not None:
        numbers["EndingSequenceNumber"] = sequence(stream.last)
    shards: list[dict[str, Any]] = []
    wanted = req.shard_filter
    of_parent = wanted is not None and wanted.type == "CHILD_SHARDS"
    if req.exclusive_start_shard_id != stream.shard and not of_parent:
        shards.append({"ShardId": stream.shard, "SequenceNumberRange": numbers})
    return api.DescribeStreamOutput(
        stream_description={
            "StreamArn": stream.arn,
            "StreamLabel": stream.label,
            "StreamStatus": stream.status,
            "StreamViewType": stream.view,
            "CreationRequestDateTime": stream.created,
            "TableName": stream.table_name,
            "KeySchema": list(stream.key_schema),
            "Shards": shards[: req.limit],
        }
    )


class Position(msgspec.Struct, array_like=True):
    """Where an iterator stands: it reads records from ``number`` on."""

    shard: str
    number: int
    made: float


@op
def get_shard_iterator(tx: Tx, req: api.GetShardIteratorInput) -> api.GetShardIteratorOutput:
    """Where to begin reading a shard."""
    there, stream = stream_at(tx, req.stream_arn)
    if req.shard_id != stream.shard:
        raise api.ResourceNotFoundException(f"Requested resource not found: Shard does not exist: {req.shard_id}")
    kind = req.shard_iterator_type
    oldest = _oldest(there, stream)
    if kind == "TRIM_HORIZON":
        number = oldest
    elif kind == "LATEST":
        number = tx.store.serial + 1
    else:
        if req.sequence_number is None:
            raise AwsError("ValidationException", f"SequenceNumber is required for ShardIteratorType {kind}")
        number = number_of(req.sequence_number)
        if number < stream.first or (stream.last is not None and number > stream.last):
            raise AwsError(
                "ValidationException",
                f"Invalid SequenceNumber: {req.sequence_number} is not in the range of the shard {stream.shard}",
            )
        if number < oldest:
            raise api.TrimmedDataAccessException(
                "The operation attempted to read past the oldest stream record in a shard."
            )
        if kind == "AFTER_SEQUENCE_NUMBER":
            number += 1
    return api.GetShardIteratorOutput(shard_iterator=_iterator(tx, stream, number))


def _iterator(tx: Tx, stream: Stream, number: int) -> str:
    position = msgspec.msgpack.encode(Position(stream.shard, number, tx.now.timestamp()))
    return f"{stream.arn}|1|{base64.b64encode(position).decode()}"


def _oldest(tx: Tx, stream: Stream) -> int:
    """The number of the oldest record that can still be read; that of the shard's beginning if none has gone yet."""
    horizon = (tx.now - DAY).timestamp()
    part = tx.store.part(Change, tx.account, tx.region)
    for change in part.starting_with(stream.arn):
        if change.time > horizon:
            return stream.first if stream.created.timestamp() > horizon else change.key[1]
    return stream.first if stream.created.timestamp() > horizon else tx.store.serial + 1


@op
def get_records(tx: Tx, req: api.GetRecordsInput) -> api.GetRecordsOutput:
    """The records from the iterator on, and the iterator for those after them; none at the end of a closed shard."""
    arn, _, text = req.shard_iterator.partition("|1|")
    try:
        position = msgspec.msgpack.decode(base64.b64decode(text), type=Position)
    except (ValueError, msgspec.DecodeError):
        raise AwsError("ValidationException", "Invalid ShardIterator") from None
    if tx.now.timestamp() - position.made > LIFETIME:
        raise api.ExpiredIteratorException("Iterator expired. The iterator was created more than 15 minutes ago.")
    there, stream = stream_at(tx, arn)
    horizon = (tx.now - DAY).timestamp()
    limit = req.limit or PAGE
    found: list[dict[str, Any]] = []
    size = 0
    number = position.number
    part = there.store.part(Change, there.account, there.region)
    finished = True
    for change in part.range((arn, number), (arn, TOP)):
        if change.time <= horizon:
            continue
        if len(found) >= limit or size > PAGE_BYTES:
            finished = False
            break
        record = record_of(change)
        size += record["dynamodb"]["SizeBytes"]
        found.append(record)
        number = change.key[1] + 1
    following = None
    if stream.last is None or not finished:
        following = _iterator(tx, stream, number)
    return api.GetRecordsOutput(records=found, next_shard_iterator=following)
