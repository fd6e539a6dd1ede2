"""Event streams: what we write botocore reads, and what clients write we read."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime, timezone
from io import BytesIO
from typing import Any

import pytest
from botocore.exceptions import EventStreamError
from botocore.parsers import create_parser

from sundog.wire.codec import codec
from sundog.wire.direct import parsed
from sundog.wire.errors import AwsError
from sundog.wire.eventstream import BadFrame, Header, message, messages
from sundog.wire.http import Request, Response
from sundog.wire.model import Operation, get_service


def operation(service: str, name: str) -> Operation:
    found = get_service(service).operation(name)
    assert found is not None
    return found


class Raw:
    """A response's raw body, in chunks that don't fit the messages."""

    def __init__(self, response: Response) -> None:
        self.data = response.read()

    def stream(self) -> Iterator[bytes]:
        for begin in range(0, len(self.data), 7):
            yield self.data[begin : begin + 7]


def as_botocore(op: Operation, response: Response) -> dict[str, Any]:
    body = {
        "status_code": 200,
        "headers": response.headers,
        "body": Raw(response),
        "context": {"operation_name": op.name},
    }
    return create_parser(op.service.protocols[0]).parse(body, op.model.output_shape)


SELECTED = [
    {"Records": {"Payload": b"a,b\n"}},
    {"Stats": {"Details": {"BytesScanned": 4, "BytesProcessed": 4, "BytesReturned": 4}}},
    {"Cont": {}},
    {"End": {}},
]


def test_s3_select_streams_xml_events() -> None:
    op = operation("s3", "SelectObjectContent")
    response = codec("rest-xml").encode(op, {"Payload": iter(SELECTED)}, "r")
    assert response.headers["content-type"] == "application/vnd.amazon.eventstream"
    assert list(as_botocore(op, response)["Payload"]) == SELECTED
    assert list(parsed(op, {"Payload": iter(SELECTED)})["Payload"]) == SELECTED


def test_kinesis_starts_with_an_initial_response() -> None:
    op = operation("kinesis", "SubscribeToShard")
    moment = datetime(2020, 1, 2, 3, 4, 5, tzinfo=timezone.utc)
    record = {"SequenceNumber": "1", "ApproximateArrivalTimestamp": moment, "Data": b"x", "PartitionKey": "p"}
    event = {"SubscribeToShardEvent": {"Records": [record], "ContinuationSequenceNumber": "2", "MillisBehindLatest": 0}}
    response = codec("json").encode(op, {"EventStream": [event, event]}, "r")
    answer = as_botocore(op, response)
    assert list(answer["EventStream"]) == [event, event]
    assert list(parsed(op, {"EventStream": [event]})["EventStream"]) == [event]


def test_a_modelled_error_in_the_midst_ends_the_stream() -> None:
    def events() -> Iterator[dict[str, Any]]:
        yield {"SubscribeToShardEvent": {"Records": [], "ContinuationSequenceNumber": "2", "MillisBehindLatest": 0}}
        raise AwsError("ResourceInUseException", "busy")

    op = operation("kinesis", "SubscribeToShard")
    stream = iter(as_botocore(op, codec("json").encode(op, {"EventStream": events()}, "r"))["EventStream"])
    assert "SubscribeToShardEvent" in next(stream)
    with pytest.raises(EventStreamError, match=r"ResourceInUseException.*busy"):
        next(stream)


def test_any_other_error_ends_it_too() -> None:
    def events() -> Iterator[dict[str, Any]]:
        yield from ()
        raise AwsError("Broken", "pipe")

    op = operation("s3", "SelectObjectContent")
    with pytest.raises(EventStreamError, match=r"Broken.*pipe"):
        list(as_botocore(op, codec("rest-xml").encode(op, {"Payload": events()}, "r"))["Payload"])


def test_events_with_headers_and_text() -> None:
    op = operation("bedrock-runtime", "InvokeModelWithResponseStream")
    events = [{"chunk": {"bytes": b"\x00\x01"}}, {"chunk": {"bytes": b""}}]
    response = codec("rest-json").encode(op, {"body": events, "contentType": "application/json"}, "r")
    assert response.headers["x-amzn-bedrock-content-type"] == "application/json"
    assert list(as_botocore(op, response)["body"]) == events


def chat(frames: list[bytes]) -> list[Any]:
    request = Request("POST", "x", body=b"".join(frames))
    params = codec("rest-json").decode(operation("qbusiness", "Chat"), request, {"applicationId": "a"})
    return list(params["inputStream"])


def frame(name: str, payload: Any) -> bytes:
    headers = {":message-type": "event", ":event-type": name, ":content-type": "application/json"}
    return message(headers, json.dumps(payload).encode())


def test_events_that_clients_send() -> None:
    frames = [frame("textEvent", {"userMessage": "hé"}), frame("unheardOf", {}), frame("endOfInputEvent", {})]
    expected = [{"textEvent": {"userMessage": "hé"}}, {"endOfInputEvent": {}}]
    assert chat(frames) == expected
    signed = [
        message({":date": datetime(2020, 1, 1, tzinfo=timezone.utc), ":chunk-signature": b"s"}, f) for f in frames
    ]
    end = message({":date": datetime(2020, 1, 1, tzinfo=timezone.utc), ":chunk-signature": b"s"}, b"")
    assert chat([*signed, end, b"never read"]) == expected


@pytest.mark.parametrize("spoil", range(0, 60, 3))
def test_a_spoilt_frame_is_refused(spoil: int) -> None:
    data = bytearray(frame("textEvent", {"userMessage": "x"}))
    data[spoil] ^= 0x55
    with pytest.raises(AwsError, match="SerializationException"):
        chat([bytes(data)])


def test_an_unfinished_frame_is_refused() -> None:
    data = frame("textEvent", {"userMessage": "x"})
    for end in (1, 11, 12, len(data) - 1):
        with pytest.raises(BadFrame):
            list(messages(data[:end]))
    assert list(messages(b"")) == []
    assert len(list(messages(BytesIO(data * 3)))) == 3


def test_headers_of_every_type() -> None:
    headers = {
        "true": True,
        "false": False,
        "byte": Header(2, -1),
        "short": Header(3, -300),
        "integer": 70_000,
        "long": 2**40,
        "bytes": b"\x00",
        "text": "é",
        "time": datetime(2020, 1, 2, 3, 4, 5, 678000, timezone.utc),
    }
    ((found, payload),) = messages(message(headers, b"p"))
    plain = {name: value.value if isinstance(value, Header) else value for name, value in headers.items()}
    assert (found, payload) == (plain, b"p")
