"""SQS as a target of deliveries."""

from __future__ import annotations

from typing import Any

from sundog.core import Arn, AwsError, Event, Tx, target
from sundog.core.access import service_may
from sundog.services.sqs.content import size_of
from sundog.services.sqs.place import arn_of, queue_by_arn
from sundog.services.sqs.refusal import bad_request
from sundog.services.sqs.send import Draft, content_id, enqueue
from sundog.services.sqs.state import no_queue

SENDERS = {"sns": "AIDAIT2UOQQY3AUEKVGXU", "s3": "AIDAJQOC3SADRY5PEMBNW", "events": "AIDAJQOC3SADRY5PEMBNW"}
"""Who sends in the name of a service."""


@target("sqs")
def receive(tx: Tx, arn: Arn, event: Event) -> None:
    """Put what another service delivers on the queue.

    ``attributes`` are message attributes in the model's form, ``group`` and ``deduplication_id`` those of FIFO queues.
    """
    found = queue_by_arn(tx, arn)
    if found is None:
        raise no_queue()
    there, queue = found
    more: dict[str, Any] = event.attributes
    service = event.service
    if tx.setting("enforce_iam") and service:
        name = arn_of(there, queue.name)
        principal = f"{service}.amazonaws.com"
        if not service_may(there, principal, "sqs:SendMessage", name, queue.policy, event.source_arn, tx.entry.account):
            raise AwsError("AccessDenied", f"Access to the resource {name} is denied.", 403)
    attributes = more.get("attributes") or None
    body = event.body if isinstance(event.body, str) else event.body.decode()
    if size_of(body, attributes) > queue.max_size:
        raise bad_request(
            f"One or more parameters are invalid. Reason: Message must be shorter than {queue.max_size} bytes."
        )
    group, deduplication_id = more.get("group"), more.get("deduplication_id")
    if queue.fifo:
        if group is None:
            raise AwsError("MissingParameter", "The request must contain the parameter MessageGroupId.")
        if deduplication_id is None:
            if not queue.content_deduplication:
                raise bad_request(
                    "The queue should either have ContentBasedDeduplication enabled or MessageDeduplicationId provided "
                    "explicitly"
                )
            deduplication_id = content_id(body)
    else:
        deduplication_id = None
    given = Draft(
        body=body,
        attributes=attributes,
        group=group,
        deduplication_id=deduplication_id,
        trace_header=more.get("trace_header"),
    )
    enqueue(there, queue, given, SENDERS.get(service, f"AIDA{service.upper():A<17}"[:21]))
