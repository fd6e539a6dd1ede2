"""Instance profiles: what carries a role to an instance."""

from __future__ import annotations

from sundog.api import iam as api
from sundog.core import Tx, op
from sundog.services.iam.common import (
    PAGE,
    arn_of,
    checked_name,
    checked_path,
    new_tags,
    now,
    tag_list,
    under,
    without,
)
from sundog.services.iam.role import get_role_row, own_role, whole_role
from sundog.services.iam.state import InstanceProfile, Role


def get_profile_row(tx: Tx, name: str) -> InstanceProfile:
    row = tx.find(InstanceProfile, name.lower())
    if row is None:
        raise api.NoSuchEntityException(f"Instance Profile {name} cannot be found.")
    return row


def view_profile(tx: Tx, row: InstanceProfile, detail: bool = False) -> api.InstanceProfile:
    """The profile with its role; tags only where one profile is shown."""
    roles = [role for key in row.roles if (role := tx.find(Role, key)) is not None]
    return api.InstanceProfile(
        path=row.path,
        instance_profile_name=row.instance_profile_name,
        instance_profile_id=row.instance_profile_id,
        arn=row.arn,
        create_date=row.create_date,
        roles=[whole_role(role) for role in roles],
        tags=tag_list(row.tags) if detail else None,
    )


@op
def create_instance_profile(tx: Tx, req: api.CreateInstanceProfileRequest) -> api.CreateInstanceProfileResponse:
    """Make a profile without a role."""
    name = checked_name(req.instance_profile_name, "instanceProfileName")
    path = checked_path(req.path)
    if tx.find(InstanceProfile, name.lower()) is not None:
        raise api.EntityAlreadyExistsException(f"Instance Profile {name} already exists.")
    row = tx.add(
        InstanceProfile(
            key=name.lower(),
            instance_profile_name=name,
            instance_profile_id=tx.ids.unique_id("AIPA"),
            path=path,
            arn=arn_of(tx, f"instance-profile{path}{name}"),
            create_date=now(tx),
            tags=new_tags(req.tags),
        )
    )
    return api.CreateInstanceProfileResponse(instance_profile=view_profile(tx, row, bool(row.tags)))


@op
def get_instance_profile(tx: Tx, req: api.GetInstanceProfileRequest) -> api.GetInstanceProfileResponse:
    row = get_profile_row(tx, req.instance_profile_name)
    return api.GetInstanceProfileResponse(instance_profile=view_profile(tx, row, True))


@op(page_size=PAGE)
def list_instance_profiles(tx: Tx, req: api.ListInstanceProfilesRequest) -> api.ListInstanceProfilesResponse:
    rows = under(tx.select(InstanceProfile), req.path_prefix)
    return api.ListInstanceProfilesResponse(instance_profiles=rows.map(lambda row: view_profile(tx, row)))


@op(page_size=PAGE)
def list_instance_profiles_for_role(
    tx: Tx, req: api.ListInstanceProfilesForRoleRequest
) -> api.ListInstanceProfilesForRoleResponse:
    role = get_role_row(tx, req.role_name)
    rows = tx.select(InstanceProfile, roles=role.key)
    return api.ListInstanceProfilesForRoleResponse(instance_profiles=rows.map(lambda row: view_profile(tx, row)))


@op
def add_role_to_instance_profile(tx: Tx, req: api.AddRoleToInstanceProfileRequest) -> None:
    """Put the one role in that a profile may have."""
    row = get_profile_row(tx, req.instance_profile_name)
    role = own_role(tx, req.role_name)
    if row.roles:
        raise api.LimitExceededException("Cannot exceed quota for InstanceSessionsPerInstanceProfile: 1")
    tx.update(row, roles=(role.key,))


@op
def remove_role_from_instance_profile(tx: Tx, req: api.RemoveRoleFromInstanceProfileRequest) -> None:
    row = get_profile_row(tx, req.instance_profile_name)
    key = req.role_name.lower()
    if key not in row.roles:
        raise api.NoSuchEntityException(f"The role with name {req.role_name} cannot be found.")
    tx.update(row, roles=tuple(one for one in row.roles if one != key))


@op
def delete_instance_profile(tx: Tx, req: api.DeleteInstanceProfileRequest) -> None:
    row = get_profile_row(tx, req.instance_profile_name)
    if row.roles:
        raise api.DeleteConflictException("Cannot delete entity, must remove roles from instance profile first.")
    tx.delete(row)


@op
def tag_instance_profile(tx: Tx, req: api.TagInstanceProfileRequest) -> None:
    row = get_profile_row(tx, req.instance_profile_name)
    tx.update(row, tags=new_tags(req.tags, row.tags))


@op
def untag_instance_profile(tx: Tx, req: api.UntagInstanceProfileRequest) -> None:
    row = get_profile_row(tx, req.instance_profile_name)
    tx.update(row, tags=without(row.tags, req.tag_keys))


@op(page_size=PAGE)
def list_instance_profile_tags(tx: Tx, req: api.ListInstanceProfileTagsRequest) -> api.ListInstanceProfileTagsResponse:
    tags = tag_list(get_profile_row(tx, req.instance_profile_name).tags)
    return api.ListInstanceProfileTagsResponse(tags=tags, is_truncated=False)
