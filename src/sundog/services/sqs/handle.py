"""Receipt handles: which message, and which receipt of it."""

from __future__ import annotations

import base64
import binascii
import struct
import zlib

from sundog.api import sqs as api
from sundog.core import Tx
from sundog.services.sqs.refusal import bad_value
from sundog.services.sqs.state import IN_FLIGHT, Message, Queue

_MARK = b"\1\1\1"  # AQEB, as all of AWS's begin
_FORM = struct.Struct(">QII")


def make_handle(tx: Tx, message: Message) -> str:
    """A handle that nobody can tell from AWS's."""
    inner = _FORM.pack(message.number, message.receives, _sign(tx, message.queue)) + tx.ids.random.randbytes(80)
    return base64.b64encode(_MARK + inner + struct.pack(">I", zlib.crc32(inner))).decode()


def _sign(tx: Tx, queue: str) -> int:
    return zlib.crc32(f"{tx.account}/{tx.region}/{queue}".encode())


def read_handle(tx: Tx, queue: Queue, handle: str) -> tuple[int, int]:
    """The number of the message, and of its receipt."""
    try:
        raw = base64.b64decode(handle, validate=True)
    except (binascii.Error, ValueError):
        raw = b""
    inner = raw[3:-4]
    if len(raw) < 23 or raw[:3] != _MARK or struct.pack(">I", zlib.crc32(inner)) != raw[-4:]:
        raise api.ReceiptHandleIsInvalid(f'The input receipt handle "{handle}" is not a valid receipt handle.')
    number, receipt, sign = _FORM.unpack_from(inner)
    if sign != _sign(tx, queue.name):
        raise api.ReceiptHandleIsInvalid("The input receipt handle is invalid.")
    return number, receipt


def message_of(tx: Tx, queue: Queue, handle: str) -> Message | None:
    """The message of a handle, if it is still there and wasn't received again since."""
    number, receipt = read_handle(tx, queue, handle)
    message = tx.find(Message, queue.name, number)
    if message is None:
        return None
    current = message.receives == receipt
    if queue.fifo and (not current or message.hidden != IN_FLIGHT or message.due <= tx.now.timestamp()):
        raise bad_value("ReceiptHandle", handle, "The receipt handle has expired.")
    return message if current else None
