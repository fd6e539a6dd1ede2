"""Messages: sent, deleted, and kept out of sight."""

from __future__ import annotations

from typing import Any

from sundog.api import sqs as api
from sundog.core import AwsError, Tx, op
from sundog.services.sqs import batch, order
from sundog.services.sqs.content import attributes_md5, system_md5
from sundog.services.sqs.handle import message_of, read_handle
from sundog.services.sqs.place import queue_at
from sundog.services.sqs.refusal import bad_request, bad_value, check_range
from sundog.services.sqs.send import Draft, draft, enqueue, sequence_number
from sundog.services.sqs.state import Message, Queue

LONGEST_BATCH = 1_048_576
LONGEST_HIDDEN = 43_200


@op
def send_message(tx: Tx, req: api.SendMessageRequest) -> api.SendMessageResult:
    """Put one message on a queue."""
    there, queue = queue_at(tx, req.queue_url)
    given = draft(queue, req)
    message = enqueue(there, queue, given, tx.caller.user_id)
    return api.SendMessageResult(**_sent(queue, message))


def _sent(queue: Queue, message: Message) -> dict[str, Any]:
    return {
        "message_id": message.message_id,
        "md5_of_message_body": message.md5,
        "md5_of_message_attributes": attributes_md5(message.attributes),
        "md5_of_message_system_attributes": system_md5(message.trace_header),
        "sequence_number": sequence_number(queue, message.number),
    }


@op
def send_message_batch(tx: Tx, req: api.SendMessageBatchRequest) -> api.SendMessageBatchResult:
    """Put up to ten messages on a queue, in their order."""
    there, queue = queue_at(tx, req.queue_url)
    entries = batch.checked(req.entries, "SendMessageBatchRequestEntry")
    drafts: dict[str, Draft] = {}
    failed: list[Any] = []
    total = 0
    for entry in entries:
        if queue.fifo and entry.message_group_id is None:
            raise bad_request("The request must contain the parameter MessageGroupId.")
        try:
            drafts[entry.id] = found = draft(queue, entry, whole=True)
            total += found.size
        except AwsError as error:
            total += len((entry.message_body or "").encode("utf-8", "replace"))
            failed.append(batch.failure(entry.id, error))
    if total > LONGEST_BATCH:
        raise api.BatchRequestTooLong(
            f"Batch requests cannot be longer than {LONGEST_BATCH} bytes. You have sent {total} bytes."
        )
    sender = tx.caller.user_id
    done = [
        api.SendMessageBatchResultEntry(id=name, **_sent(queue, enqueue(there, queue, given, sender)))
        for name, given in drafts.items()
    ]
    return api.SendMessageBatchResult(successful=done, failed=failed or None)


@op
def delete_message(tx: Tx, req: api.DeleteMessageRequest) -> None:
    """Delete a message that was received. One that is gone, or was received again since, is no error."""
    there, queue = queue_at(tx, req.queue_url)
    _delete(there, queue, req.receipt_handle)


def _delete(tx: Tx, queue: Queue, handle: str) -> None:
    message = message_of(tx, queue, handle)
    if message is not None:
        order.remove(tx, queue, message)


@op
def delete_message_batch(tx: Tx, req: api.DeleteMessageBatchRequest) -> api.DeleteMessageBatchResult:
    there, queue = queue_at(tx, req.queue_url)

    def delete(entry: Any) -> Any:
        _delete(there, queue, entry.receipt_handle or "")
        return api.DeleteMessageBatchResultEntry(id=entry.id)

    done, failed = batch.each(batch.checked(req.entries, "DeleteMessageBatchRequestEntry"), delete)
    return api.DeleteMessageBatchResult(successful=done, failed=failed)


@op
def change_message_visibility(tx: Tx, req: api.ChangeMessageVisibilityRequest) -> None:
    """Keep a received message out of sight for longer, or for less long."""
    there, queue = queue_at(tx, req.queue_url)
    _change_visibility(there, queue, req.receipt_handle, req.visibility_timeout)


def _change_visibility(tx: Tx, queue: Queue, handle: str, seconds: int | None) -> None:
    if seconds is None:
        raise AwsError("MissingParameter", "The request must contain the parameter VisibilityTimeout.")
    check_range("VisibilityTimeout", seconds, 0, LONGEST_HIDDEN)
    order.settle(tx, queue)
    message = message_of(tx, queue, handle)
    if message is None:
        number, _ = read_handle(tx, queue, handle)
        if tx.find(Message, queue.name, number) is None:
            raise bad_value(
                "ReceiptHandle", handle, "Message does not exist or is not available for visibility timeout change."
            )
        return
    due = tx.now.timestamp() + seconds
    if seconds and due > message.last_received + LONGEST_HIDDEN:
        raise bad_value(
            "VisibilityTimeout",
            seconds,
            f"Total VisibilityTimeout for the message is beyond the limit [{LONGEST_HIDDEN} seconds]",
        )
    if seconds == 0:
        order.show(tx, queue, message)
    else:
        order.hide(tx, message, due)


@op
def change_message_visibility_batch(
    tx: Tx, req: api.ChangeMessageVisibilityBatchRequest
) -> api.ChangeMessageVisibilityBatchResult:
    there, queue = queue_at(tx, req.queue_url)

    def change(entry: Any) -> Any:
        _change_visibility(there, queue, entry.receipt_handle or "", entry.visibility_timeout)
        return api.ChangeMessageVisibilityBatchResultEntry(id=entry.id)

    done, failed = batch.each(batch.checked(req.entries, "ChangeMessageVisibilityBatchRequestEntry"), change)
    return api.ChangeMessageVisibilityBatchResult(successful=done, failed=failed)
