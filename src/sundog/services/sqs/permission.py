"""Permissions: statements of a queue's policy, by label."""

from __future__ import annotations

import re
from typing import Any

import msgspec

from sundog.api import sqs as api
from sundog.core import AwsError, Tx, op
from sundog.services.sqs.place import arn_of, queue_at
from sundog.services.sqs.refusal import bad_value

ACTIONS = {
    "*",
    "ChangeMessageVisibility",
    "DeleteMessage",
    "GetQueueAttributes",
    "GetQueueUrl",
    "ListDeadLetterSourceQueues",
    "PurgeQueue",
    "ReceiveMessage",
    "SendMessage",
}
OWNERS = {
    "AddPermission",
    "CreateQueue",
    "DeleteQueue",
    "ListQueues",
    "ListQueueTags",
    "RemovePermission",
    "SetQueueAttributes",
    "TagQueue",
    "UntagQueue",
    "CancelMessageMoveTask",
    "ListMessageMoveTasks",
    "StartMessageMoveTask",
}
MOST_ACTIONS = 7
_LABEL = re.compile(r"[A-Za-z0-9_-]{1,80}\Z")


@op
def add_permission(tx: Tx, req: api.AddPermissionRequest) -> None:
    """Let other accounts do something to a queue."""
    there, queue = queue_at(tx, req.queue_url)
    if _LABEL.match(req.label) is None:
        raise bad_value(
            "Label", req.label, "Can only include alphanumeric characters, hyphens, or underscores. 1 to 80 in length."
        )
    actions, accounts = req.actions or [], req.aws_account_ids or []
    if not actions:
        raise AwsError("MissingParameter", "The request must contain the parameter Actions.")
    if not accounts:
        raise AwsError("MissingParameter", "The request must contain the parameter PrincipalId.")
    if len(actions) > MOST_ACTIONS:
        raise AwsError("OverLimit", f"{len(actions)} Actions were found, maximum allowed is {MOST_ACTIONS}.", 403)
    for action in actions:
        if action in OWNERS:
            raise bad_value("ActionName", f"SQS:{action}", "Only the queue owner is allowed to invoke this action.")
        if action not in ACTIONS:
            raise bad_value(
                "ActionName", f"SQS:{action}", "Please refer to the appropriate WSDL for a list of valid actions."
            )
    for account in accounts:
        if len(account) != 12 or not account.isdigit():
            raise bad_value("PrincipalId", f"[{account}]", "Unable to verify.")
    arn = arn_of(there, queue.name)
    policy = _document(queue.policy) or {"Version": "2008-10-17", "Id": f"{arn}/SQSDefaultPolicy", "Statement": []}
    statements = _statements(policy)
    if any(statement.get("Sid") == req.label for statement in statements):
        raise bad_value("Label", req.label, "Already exists.")
    statement = {
        "Sid": req.label,
        "Effect": "Allow",
        "Principal": {"AWS": _one_or_all([f"arn:{tx.partition}:iam::{account}:root" for account in accounts])},
        "Action": _one_or_all([f"SQS:{action}" for action in actions]),
        "Resource": arn,
    }
    policy["Statement"] = [*statements, statement]
    there.update(queue, policy=msgspec.json.encode(policy).decode(), modified=tx.now)


@op
def remove_permission(tx: Tx, req: api.RemovePermissionRequest) -> None:
    """Take a label's statement out of a queue's policy."""
    there, queue = queue_at(tx, req.queue_url)
    policy = _document(queue.policy) or {}
    statements = _statements(policy)
    left = [statement for statement in statements if statement.get("Sid") != req.label]
    if len(left) == len(statements):
        raise bad_value("Label", req.label, "can't find label.")
    policy["Statement"] = left
    there.update(queue, policy=msgspec.json.encode(policy).decode() if left else None, modified=tx.now)


def _document(policy: str | None) -> dict[str, Any] | None:
    return None if policy is None else msgspec.json.decode(policy)


def _statements(policy: dict[str, Any]) -> list[dict[str, Any]]:
    found = policy.get("Statement", [])
    return [found] if isinstance(found, dict) else list(found)


def _one_or_all(texts: list[str]) -> Any:
    return texts[0] if len(texts) == 1 else texts
