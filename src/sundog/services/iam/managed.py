"""Managed policies, wherever they come from."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sundog.api import iam as api
from sundog.core import AwsError, Tx, parse_arn
from sundog.services.iam.state import Group, Policy, Role, User

if TYPE_CHECKING:
    from sundog.services.iam.aws import AnyPolicy


def find_policy(tx: Tx, arn: str) -> AnyPolicy | None:
    """The managed policy with the ARN: the account's own, or AWS's."""
    row = tx.find(Policy, arn)
    if row is not None or ":aws:policy/" not in arn:
        return row
    from sundog.services.iam.aws import aws_policy

    parts = parse_arn(arn)
    if parts is None or parts.service != "iam" or parts.account != "aws" or parts.partition != tx.partition:
        return None
    return aws_policy(parts)


def checked_policy_arn(arn: str) -> str:
    """An ARN that at least could be a policy's."""
    parts = arn.split(":", 5)
    if len(parts) != 6 or parts[0] != "arn":
        raise AwsError("ValidationError", "Invalid ARN:  Could not be parsed!")
    if parts[2] != "iam" or not parts[5].startswith("policy/"):
        raise api.InvalidInputException(f"ARN {arn} is not valid.")
    return arn


def get_policy(tx: Tx, arn: str) -> AnyPolicy:
    """The policy that an operation is about."""
    policy = find_policy(tx, checked_policy_arn(arn))
    if policy is None:
        raise api.NoSuchEntityException(f"Policy {arn} was not found.")
    return policy


def get_own_policy(tx: Tx, arn: str) -> Policy:
    """The same, of the account's own: AWS's can't be changed."""
    row = tx.find(Policy, checked_policy_arn(arn))
    if row is None:
        if ":aws:policy/" in arn and find_policy(tx, arn) is not None:
            raise AwsError(
                "AccessDenied",
                f"User: {tx.caller.arn} is not authorized to perform: "
                f"iam:{tx.entry.operation} on resource: policy {arn}",
                403,
            )
        raise api.NoSuchEntityException(f"Policy {arn} was not found.")
    return row


def attachable(tx: Tx, arn: str) -> AnyPolicy:
    """The policy that an operation wants to attach."""
    policy = find_policy(tx, checked_policy_arn(arn))
    if policy is None:
        raise api.NoSuchEntityException(f"Policy {arn} does not exist or is not attachable.")
    if policy.path.startswith("/aws-service-role/"):
        raise api.PolicyNotAttachableException("Cannot attach a Service Role Policy to a Customer Role.")
    return policy


def holders(tx: Tx, arn: str, boundary: bool = False) -> list[Any]:
    """The users, groups and roles that have the policy attached, or as their boundary."""
    if boundary:
        return [*tx.select(User, boundary=arn), *tx.select(Role, boundary=arn)]
    return [*tx.select(User, attached=arn), *tx.select(Group, attached=arn), *tx.select(Role, attached=arn)]


def view_policy(tx: Tx, policy: AnyPolicy, detail: bool = True) -> api.Policy:
    """What answers say of a policy; lists leave description and tags out."""
    tags = policy.tags or None
    return api.Policy(
        policy_name=policy.policy_name,
        policy_id=policy.policy_id,
        arn=policy.arn,
        path=policy.path,
        default_version_id=policy.default_version_id,
        attachment_count=len(holders(tx, policy.arn)),
        permissions_boundary_usage_count=len(holders(tx, policy.arn, boundary=True)),
        is_attachable=True,
        description=policy.description if detail else None,
        create_date=policy.create_date,
        update_date=policy.update_date,
        tags=(tags if tags or policy.arn.split(":")[4] == "aws" else {}) if detail else None,
    )
