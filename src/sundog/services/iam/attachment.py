"""Policies of users, groups and roles: managed ones attached to them, and inline ones inside them."""

from __future__ import annotations

from typing import Any

from sundog.api import iam as api
from sundog.core import AwsError, Tx, op
from sundog.services.iam.common import PAGE, checked_document, checked_name, encoded, weight
from sundog.services.iam.group import get_group_row
from sundog.services.iam.managed import attachable, checked_policy_arn, find_policy
from sundog.services.iam.role import get_role_row, own_role
from sundog.services.iam.state import Group, Role, User
from sundog.services.iam.user import get_user_row

Entity = User | Group | Role
ATTACHED = 10
INLINE_SIZE = {User: 2048, Group: 5120, Role: 10240}
_KINDS: dict[type, str] = {User: "user", Group: "group", Role: "role"}


def _name(row: Any) -> str:
    return getattr(row, f"{_KINDS[type(row)]}_name")


# -- managed


def attach(tx: Tx, row: Any, arn: str) -> None:
    """Attach a policy; one that is attached stays."""
    policy = attachable(tx, arn)
    if policy.arn in row.attached:
        return
    if len(row.attached) >= ATTACHED:
        raise api.LimitExceededException(f"Cannot exceed quota for PoliciesPer{type(row).__name__}: {ATTACHED}")
    tx.update(row, attached=(*row.attached, policy.arn))


def detach(tx: Tx, row: Any, arn: str) -> None:
    """Detach a policy that is attached."""
    checked_policy_arn(arn)
    if arn not in row.attached:
        raise api.NoSuchEntityException(f"Policy {arn} was not found.")
    tx.update(row, attached=tuple(one for one in row.attached if one != arn))


def attached(tx: Tx, row: Any, prefix: str | None) -> list[api.AttachedPolicy]:
    """What is attached, in the order in which it was."""
    found: list[api.AttachedPolicy] = []
    for arn in row.attached:
        policy = find_policy(tx, arn)
        # One of AWS's that was retired since stays attached: the ARN alone knows it.
        path, name = (policy.path, policy.policy_name) if policy is not None else _from_arn(arn)
        if path.startswith(prefix or "/"):
            found.append(api.AttachedPolicy(policy_name=name, policy_arn=arn))
    return found


def _from_arn(arn: str) -> tuple[str, str]:
    path, _, name = arn.partition(":policy")[2].rpartition("/")
    return path + "/", name


@op
def attach_user_policy(tx: Tx, req: api.AttachUserPolicyRequest) -> None:
    attach(tx, get_user_row(tx, req.user_name), req.policy_arn)


@op
def attach_group_policy(tx: Tx, req: api.AttachGroupPolicyRequest) -> None:
    attach(tx, get_group_row(tx, req.group_name), req.policy_arn)


@op
def attach_role_policy(tx: Tx, req: api.AttachRolePolicyRequest) -> None:
    attach(tx, own_role(tx, req.role_name), req.policy_arn)


@op
def detach_user_policy(tx: Tx, req: api.DetachUserPolicyRequest) -> None:
    detach(tx, get_user_row(tx, req.user_name), req.policy_arn)


@op
def detach_group_policy(tx: Tx, req: api.DetachGroupPolicyRequest) -> None:
    detach(tx, get_group_row(tx, req.group_name), req.policy_arn)


@op
def detach_role_policy(tx: Tx, req: api.DetachRolePolicyRequest) -> None:
    detach(tx, own_role(tx, req.role_name), req.policy_arn)


@op(page_size=PAGE)
def list_attached_user_policies(
    tx: Tx, req: api.ListAttachedUserPoliciesRequest
) -> api.ListAttachedUserPoliciesResponse:
    row = get_user_row(tx, req.user_name)
    return api.ListAttachedUserPoliciesResponse(attached_policies=attached(tx, row, req.path_prefix))


@op(page_size=PAGE)
def list_attached_group_policies(
    tx: Tx, req: api.ListAttachedGroupPoliciesRequest
) -> api.ListAttachedGroupPoliciesResponse:
    row = get_group_row(tx, req.group_name)
    return api.ListAttachedGroupPoliciesResponse(attached_policies=attached(tx, row, req.path_prefix))


@op(page_size=PAGE)
def list_attached_role_policies(
    tx: Tx, req: api.ListAttachedRolePoliciesRequest
) -> api.ListAttachedRolePoliciesResponse:
    row = get_role_row(tx, req.role_name)
    return api.ListAttachedRolePoliciesResponse(attached_policies=attached(tx, row, req.path_prefix))


# -- inline


def put(tx: Tx, row: Any, name: str, document: str) -> None:
    """Write an inline policy, over one of the name if there is one."""
    checked_name(name, "policyName")
    checked_document(document)
    inline = {**row.inline, name: document}
    limit = INLINE_SIZE[type(row)]
    if sum(weight(text) for text in inline.values()) > limit:
        raise api.LimitExceededException(
            f"Maximum policy size of {limit} bytes exceeded for {_KINDS[type(row)]} {_name(row)}"
        )
    tx.update(row, inline=inline)


def inline_of(row: Any, name: str) -> str:
    document = row.inline.get(name)
    if document is None:
        raise _no_inline(row, name)
    return encoded(document)


def delete_inline(tx: Tx, row: Any, name: str) -> None:
    if name not in row.inline:
        raise _no_inline(row, name)
    tx.update(row, inline={key: text for key, text in row.inline.items() if key != name})


def _no_inline(row: Any, name: str) -> AwsError:
    return api.NoSuchEntityException(f"The {_KINDS[type(row)]} policy with name {name} cannot be found.")


@op
def put_user_policy(tx: Tx, req: api.PutUserPolicyRequest) -> None:
    put(tx, get_user_row(tx, req.user_name), req.policy_name, req.policy_document)


@op
def put_group_policy(tx: Tx, req: api.PutGroupPolicyRequest) -> None:
    put(tx, get_group_row(tx, req.group_name), req.policy_name, req.policy_document)


@op
def put_role_policy(tx: Tx, req: api.PutRolePolicyRequest) -> None:
    put(tx, own_role(tx, req.role_name), req.policy_name, req.policy_document)


@op
def get_user_policy(tx: Tx, req: api.GetUserPolicyRequest) -> api.GetUserPolicyResponse:
    row = get_user_row(tx, req.user_name)
    document = inline_of(row, req.policy_name)
    return api.GetUserPolicyResponse(user_name=row.user_name, policy_name=req.policy_name, policy_document=document)


@op
def get_group_policy(tx: Tx, req: api.GetGroupPolicyRequest) -> api.GetGroupPolicyResponse:
    row = get_group_row(tx, req.group_name)
    document = inline_of(row, req.policy_name)
    return api.GetGroupPolicyResponse(group_name=row.group_name, policy_name=req.policy_name, policy_document=document)


@op
def get_role_policy(tx: Tx, req: api.GetRolePolicyRequest) -> api.GetRolePolicyResponse:
    row = get_role_row(tx, req.role_name)
    document = inline_of(row, req.policy_name)
    return api.GetRolePolicyResponse(role_name=row.role_name, policy_name=req.policy_name, policy_document=document)


@op
def delete_user_policy(tx: Tx, req: api.DeleteUserPolicyRequest) -> None:
    delete_inline(tx, get_user_row(tx, req.user_name), req.policy_name)


@op
def delete_group_policy(tx: Tx, req: api.DeleteGroupPolicyRequest) -> None:
    delete_inline(tx, get_group_row(tx, req.group_name), req.policy_name)


@op
def delete_role_policy(tx: Tx, req: api.DeleteRolePolicyRequest) -> None:
    delete_inline(tx, own_role(tx, req.role_name), req.policy_name)


@op(page_size=PAGE)
def list_user_policies(tx: Tx, req: api.ListUserPoliciesRequest) -> api.ListUserPoliciesResponse:
    return api.ListUserPoliciesResponse(policy_names=sorted(get_user_row(tx, req.user_name).inline))


@op(page_size=PAGE)
def list_group_policies(tx: Tx, req: api.ListGroupPoliciesRequest) -> api.ListGroupPoliciesResponse:
    return api.ListGroupPoliciesResponse(policy_names=sorted(get_group_row(tx, req.group_name).inline))


@op(page_size=PAGE)
def list_role_policies(tx: Tx, req: api.ListRolePoliciesRequest) -> api.ListRolePoliciesResponse:
    return api.ListRolePoliciesResponse(policy_names=sorted(get_role_row(tx, req.role_name).inline))
