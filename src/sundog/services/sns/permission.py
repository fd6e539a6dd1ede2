"""Permissions: statements of a topic's policy, by label."""

from __future__ import annotations

from typing import Any

import msgspec

from sundog.api import sns as api
from sundog.core import Tx, op
from sundog.services.sns.refusal import invalid, topic_in
from sundog.services.sns.topic_attribute import OWNERS_ACTIONS, policy_of

ACTIONS = {*OWNERS_ACTIONS, "Receive"}


def _statements(policy: dict[str, Any]) -> list[dict[str, Any]]:
    found = policy.get("Statement", [])
    return [found] if isinstance(found, dict) else list(found)


@op
def add_permission(tx: Tx, req: api.AddPermissionInput) -> None:
    """Let other accounts do something to a topic."""
    there, topic = topic_in(tx, req.topic_arn)
    for action in req.action_name:
        if action not in ACTIONS:
            raise invalid("Policy statement action out of service scope!")
    for account in req.aws_account_id:
        if len(account) != 12 or not account.isdigit():
            raise invalid("AWSAccountId", f"{account} is no account")
    policy = msgspec.json.decode(policy_of(topic, there.account))
    statements = _statements(policy)
    if any(statement.get("Sid") == req.label for statement in statements):
        raise invalid("Statement already exists")
    principals = [f"arn:{tx.partition}:iam::{account}:root" for account in req.aws_account_id]
    actions = [f"SNS:{action}" for action in req.action_name]
    statements.append(
        {
            "Sid": req.label,
            "Effect": "Allow",
            "Principal": {"AWS": principals[0] if len(principals) == 1 else principals},
            "Action": actions[0] if len(actions) == 1 else actions,
            "Resource": topic.arn,
        }
    )
    policy["Statement"] = statements
    there.update(topic, attributes={**topic.attributes, "Policy": msgspec.json.encode(policy).decode()})


@op
def remove_permission(tx: Tx, req: api.RemovePermissionInput) -> None:
    """Take a label's statement out of a topic's policy; a label that isn't there is no error."""
    there, topic = topic_in(tx, req.topic_arn)
    policy = msgspec.json.decode(policy_of(topic, there.account))
    policy["Statement"] = [statement for statement in _statements(policy) if statement.get("Sid") != req.label]
    there.update(topic, attributes={**topic.attributes, "Policy": msgspec.json.encode(policy).decode()})
