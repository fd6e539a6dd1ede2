"""Groups, and who is in them."""

from __future__ import annotations

from sundog.api import iam as api
from sundog.core import Tx, op
from sundog.services.iam.common import PAGE, arn_of, checked_name, checked_path, exists, now, over, under
from sundog.services.iam.state import Group, User
from sundog.services.iam.user import get_user_row, view_user

GROUPS_PER_USER = 10


def get_group_row(tx: Tx, name: str) -> Group:
    """The group of the name, in whatever case."""
    row = tx.find(Group, name.lower())
    if row is None:
        raise api.NoSuchEntityException(f"The group with name {name} cannot be found.")
    return row


def view_group(row: Group) -> api.Group:
    return api.Group(
        path=row.path, group_name=row.group_name, group_id=row.group_id, arn=row.arn, create_date=row.create_date
    )


@op
def create_group(tx: Tx, req: api.CreateGroupRequest) -> api.CreateGroupResponse:
    """Make a group of nobody."""
    name = checked_name(req.group_name, "groupName")
    path = checked_path(req.path)
    if tx.find(Group, name.lower()) is not None:
        raise exists("Group", name)
    row = tx.add(
        Group(
            key=name.lower(),
            group_name=name,
            path=path,
            group_id=tx.ids.unique_id("AGPA"),
            arn=arn_of(tx, f"group{path}{name}"),
            create_date=now(tx),
        )
    )
    return api.CreateGroupResponse(group=view_group(row))


@op(page_size=PAGE)
def get_group(tx: Tx, req: api.GetGroupRequest) -> api.GetGroupResponse:
    """A group, and a page of its users."""
    row = get_group_row(tx, req.group_name)
    users = tx.select(User, groups=row.key).map(lambda user: view_user(user, False))
    return api.GetGroupResponse(group=view_group(row), users=users)


@op(page_size=PAGE)
def list_groups(tx: Tx, req: api.ListGroupsRequest) -> api.ListGroupsResponse:
    """Groups by name."""
    return api.ListGroupsResponse(groups=under(tx.select(Group), req.path_prefix).map(view_group))


@op(page_size=PAGE)
def list_groups_for_user(tx: Tx, req: api.ListGroupsForUserRequest) -> api.ListGroupsForUserResponse:
    """The groups that a user is in, by name."""
    row = get_user_row(tx, req.user_name)
    return api.ListGroupsForUserResponse(groups=[view_group(tx.get(Group, key)) for key in sorted(row.groups)])


@op
def update_group(tx: Tx, req: api.UpdateGroupRequest) -> None:
    """Give a group another name, or path."""
    row = get_group_row(tx, req.group_name)
    name = row.group_name if req.new_group_name is None else checked_name(req.new_group_name, "newGroupName")
    path = row.path if req.new_path is None else checked_path(req.new_path, "newPath")
    key = name.lower()
    if key != row.key and tx.find(Group, key) is not None:
        raise exists("Group", name)
    fields = {field: getattr(row, field) for field in row.__struct_fields__ if field != "serial_"}
    tx.delete(row)
    tx.add(Group(**fields | {"key": key, "group_name": name, "path": path, "arn": arn_of(tx, f"group{path}{name}")}))
    for user in list(tx.select(User, groups=row.key)):
        tx.update(user, groups=tuple(key if one == row.key else one for one in user.groups))


@op
def delete_group(tx: Tx, req: api.DeleteGroupRequest) -> None:
    """Remove a group that has neither users nor policies."""
    row = get_group_row(tx, req.group_name)
    if tx.select(User, groups=row.key):
        raise api.DeleteConflictException("Cannot delete entity, must remove users from group first.")
    if row.inline:
        raise api.DeleteConflictException("Cannot delete entity, must delete policies first.")
    if row.attached:
        raise api.DeleteConflictException("Cannot delete entity, must detach all policies first.")
    tx.delete(row)


@op
def add_user_to_group(tx: Tx, req: api.AddUserToGroupRequest) -> None:
    """Put a user in a group; one that is in it stays."""
    group = get_group_row(tx, req.group_name)
    user = get_user_row(tx, req.user_name)
    if group.key in user.groups:
        return
    if len(user.groups) >= GROUPS_PER_USER:
        raise over("GroupsPerUser", GROUPS_PER_USER)
    tx.update(user, groups=(*user.groups, group.key))


@op
def remove_user_from_group(tx: Tx, req: api.RemoveUserFromGroupRequest) -> None:
    """Take a user out of a group; one that isn't in it is taken out all the same."""
    group = get_group_row(tx, req.group_name)
    user = get_user_row(tx, req.user_name)
    if group.key in user.groups:
        tx.update(user, groups=tuple(key for key in user.groups if key != group.key))
