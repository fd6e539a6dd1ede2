"""Roles."""

from __future__ import annotations

from typing import Any

from sundog.api import iam as api
from sundog.core import AwsError, Tx, op
from sundog.services.iam.common import (
    PAGE,
    arn_of,
    boundary_view,
    checked_boundary,
    checked_document,
    checked_name,
    checked_path,
    encoded,
    exists,
    new_tags,
    now,
    tag_list,
    under,
    weight,
    without,
)
from sundog.services.iam.state import InstanceProfile, Role
from sundog.services.iam.used import role_last_used

TRUST_SIZE = 8192


def get_role_row(tx: Tx, name: str) -> Role:
    """The role of the name, in whatever case."""
    row = tx.find(Role, name.lower())
    if row is None:
        raise api.NoSuchEntityException(f"The role with name {name} cannot be found.")
    return row


def own_role(tx: Tx, name: str) -> Role:
    """The same, to be changed: a role linked to a service is that service's to change."""
    row = get_role_row(tx, name)
    if row.service is not None:
        raise api.UnmodifiableEntityException(
            f"Cannot perform the operation on the protected role '{row.role_name}' - this role is only "
            "modifiable by AWS"
        )
    return row


def view_role(row: Role, **more: Any) -> api.Role:
    return api.Role(
        path=row.path,
        role_name=row.role_name,
        role_id=row.role_id,
        arn=row.arn,
        create_date=row.create_date,
        assume_role_policy_document=encoded(row.trust),
        **more,
    )


def whole_role(row: Role, **more: Any) -> api.Role:
    """A role with everything that GetRole shows."""
    return view_role(
        row,
        description=row.description,
        max_session_duration=row.max_session_duration,
        permissions_boundary=boundary_view(row.boundary),
        tags=tag_list(row.tags) if row.tags else None,
        **more,
    )


def listed_role(row: Role) -> api.Role:
    """A role as lists show it: without tags, boundary and last use."""
    return view_role(row, description=row.description, max_session_duration=row.max_session_duration)


@op
def create_role(tx: Tx, req: api.CreateRoleRequest) -> api.CreateRoleResponse:
    """Make a role that whoever its trust policy names may assume."""
    name = checked_name(req.role_name, "roleName")
    path = checked_path(req.path)
    if path.startswith("/aws-service-role/"):
        raise AwsError(
            "ValidationError",
            f"The specified value for path is invalid. The path {path} is reserved for service roles.",
        )
    trust = checked_trust(req.assume_role_policy_document)
    if tx.find(Role, name.lower()) is not None:
        raise exists("Role", name)
    boundary = checked_boundary(tx, req.permissions_boundary) if req.permissions_boundary is not None else None
    duration = 3600 if req.max_session_duration is None else req.max_session_duration
    row = tx.add(
        Role(
            key=name.lower(),
            role_name=name,
            path=path,
            role_id=tx.ids.unique_id("AROA"),
            arn=arn_of(tx, f"role{path}{name}"),
            create_date=now(tx),
            trust=trust,
            description=req.description,
            max_session_duration=duration,
            boundary=boundary,
            tags=new_tags(req.tags),
        )
    )
    asked = {"max_session_duration": duration} if req.max_session_duration is not None else {}
    return api.CreateRoleResponse(
        role=view_role(
            row,
            description=row.description,
            permissions_boundary=boundary_view(row.boundary),
            tags=tag_list(row.tags) if row.tags else None,
            **asked,
        )
    )


def checked_trust(document: str) -> str:
    checked_document(document, "trust")
    if weight(document) > TRUST_SIZE:
        raise api.LimitExceededException(f"Cannot exceed quota for ACLSizePerRole: {TRUST_SIZE}")
    return document


@op
def get_role(tx: Tx, req: api.GetRoleRequest) -> api.GetRoleResponse:
    """One role, with when it was used last."""
    row = get_role_row(tx, req.role_name)
    return api.GetRoleResponse(role=whole_role(row, role_last_used=role_last_used(tx, row.arn)))


@op(page_size=PAGE)
def list_roles(tx: Tx, req: api.ListRolesRequest) -> api.ListRolesResponse:
    """Roles by name."""
    return api.ListRolesResponse(roles=under(tx.select(Role), req.path_prefix).map(listed_role))


@op
def update_role(tx: Tx, req: api.UpdateRoleRequest) -> None:
    """Change a role's description and how long its sessions may last."""
    row = own_role(tx, req.role_name)
    tx.update(
        row,
        description=row.description if req.description is None else req.description,
        max_session_duration=3600 if req.max_session_duration is None else req.max_session_duration,
    )


@op
def update_role_description(tx: Tx, req: api.UpdateRoleDescriptionRequest) -> api.UpdateRoleDescriptionResponse:
    """Change a role's description; one linked to a service lets that happen too."""
    row = tx.update(get_role_row(tx, req.role_name), description=req.description)
    return api.UpdateRoleDescriptionResponse(role=whole_role(row))


@op
def update_assume_role_policy(tx: Tx, req: api.UpdateAssumeRolePolicyRequest) -> None:
    """Change whom a role trusts."""
    row = own_role(tx, req.role_name)
    tx.update(row, trust=checked_trust(req.policy_document))


@op
def delete_role(tx: Tx, req: api.DeleteRoleRequest) -> None:
    """Remove a role that has nothing left."""
    row = own_role(tx, req.role_name)
    if tx.select(InstanceProfile, roles=row.key):
        raise api.DeleteConflictException("Cannot delete entity, must remove roles from instance profile first.")
    if row.attached:
        raise api.DeleteConflictException("Cannot delete entity, must detach all policies first.")
    if row.inline:
        raise api.DeleteConflictException("Cannot delete entity, must delete policies first.")
    tx.delete(row)


@op
def put_role_permissions_boundary(tx: Tx, req: api.PutRolePermissionsBoundaryRequest) -> None:
    """Limit what a role's policies can give it."""
    row = own_role(tx, req.role_name)
    tx.update(row, boundary=checked_boundary(tx, req.permissions_boundary))


@op
def delete_role_permissions_boundary(tx: Tx, req: api.DeleteRolePermissionsBoundaryRequest) -> None:
    """Lift the limit."""
    row = own_role(tx, req.role_name)
    if row.boundary is None:
        raise api.NoSuchEntityException(f"The role with name {row.role_name} has no permissions boundary.")
    tx.update(row, boundary=None)


@op
def tag_role(tx: Tx, req: api.TagRoleRequest) -> None:
    row = get_role_row(tx, req.role_name)
    tx.update(row, tags=new_tags(req.tags, row.tags))


@op
def untag_role(tx: Tx, req: api.UntagRoleRequest) -> None:
    row = get_role_row(tx, req.role_name)
    tx.update(row, tags=without(row.tags, req.tag_keys))


@op(page_size=PAGE)
def list_role_tags(tx: Tx, req: api.ListRoleTagsRequest) -> api.ListRoleTagsResponse:
    return api.ListRoleTagsResponse(tags=tag_list(get_role_row(tx, req.role_name).tags), is_truncated=False)
