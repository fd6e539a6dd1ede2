"""Managed policies, wherever they come from."""

from __future__ import annotations

from sundog.core import Tx, parse_arn
from sundog.services.iam.state import Policy


def find_policy(tx: Tx, arn: str) -> Policy | None:
    """The managed policy with the ARN: the account's own, or AWS's."""
    row = tx.find(Policy, arn)
    if row is not None or ":aws:policy/" not in arn:
        return row
    from sundog.services.iam.aws import aws_policy

    parts = parse_arn(arn)
    if parts is None or parts.service != "iam" or parts.account != "aws" or parts.partition != tx.partition:
        return None
    return aws_policy(arn, parts)
