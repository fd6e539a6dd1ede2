"""Users."""

from __future__ import annotations

from sundog.api import iam as api
from sundog.core import AwsError, Tx, op
from sundog.core.credential import AccessKey
from sundog.services.iam.common import (
    PAGE,
    arn_of,
    boundary_view,
    checked_boundary,
    checked_name,
    checked_path,
    exists,
    new_tags,
    now,
    tag_list,
    under,
    without,
)
from sundog.services.iam.state import (
    LoginProfile,
    MfaDevice,
    ServiceCredential,
    SigningCertificate,
    SshKey,
    User,
)


def get_user_row(tx: Tx, name: str) -> User:
    """The user of the name, in whatever case."""
    row = tx.find(User, name.lower())
    if row is None:
        raise api.NoSuchEntityException(f"The user with name {name} cannot be found.")
    return row


def caller_name(tx: Tx, name: str | None) -> str | None:
    """The user that a request without a name means: the one that calls. None for the root user."""
    if name is not None:
        return name
    key = tx.caller.key
    return key.user_name if key is not None and key.kind == "user" else None


def user_or_caller(tx: Tx, name: str | None) -> User:
    """The named user, or the one that calls; the root user is none."""
    found = caller_name(tx, name)
    if found is None:
        raise AwsError("ValidationError", "Must specify userName when calling with non-User credentials")
    return get_user_row(tx, found)


def view_user(row: User, detail: bool = True) -> api.User:
    return api.User(
        path=row.path,
        user_name=row.user_name,
        user_id=row.user_id,
        arn=row.arn,
        create_date=row.create_date,
        password_last_used=row.password_last_used,
        permissions_boundary=boundary_view(row.boundary),
        tags=tag_list(row.tags) if row.tags and detail else None,
    )


@op
def create_user(tx: Tx, req: api.CreateUserRequest) -> api.CreateUserResponse:
    """Make a user, who can do nothing yet."""
    name = checked_name(req.user_name, "userName")
    path = checked_path(req.path)
    if tx.find(User, name.lower()) is not None:
        raise exists("User", name)
    boundary = checked_boundary(tx, req.permissions_boundary) if req.permissions_boundary is not None else None
    row = tx.add(
        User(
            key=name.lower(),
            user_name=name,
            path=path,
            user_id=tx.ids.unique_id("AIDA"),
            arn=arn_of(tx, f"user{path}{name}"),
            create_date=now(tx),
            boundary=boundary,
            tags=new_tags(req.tags),
        )
    )
    return api.CreateUserResponse(user=view_user(row))


@op
def get_user(tx: Tx, req: api.GetUserRequest) -> api.GetUserResponse:
    """The named user, or who calls: the root user too."""
    name = caller_name(tx, req.user_name)
    if name is None:
        caller = tx.caller
        if caller.key is not None and caller.key.role_arn is not None:
            raise AwsError("ValidationError", "Must specify userName when calling with non-User credentials")
        arn = f"arn:{tx.partition}:iam::{tx.account}:root"
        return api.GetUserResponse(user=api.User(user_id=tx.account, arn=arn, create_date=now(tx)))
    return api.GetUserResponse(user=view_user(get_user_row(tx, name)))


@op(page_size=PAGE)
def list_users(tx: Tx, req: api.ListUsersRequest) -> api.ListUsersResponse:
    """Users by name."""
    return api.ListUsersResponse(users=under(tx.select(User), req.path_prefix).map(lambda row: view_user(row, False)))


@op
def update_user(tx: Tx, req: api.UpdateUserRequest) -> None:
    """Give a user another name, or path: the ARN changes, the id stays."""
    row = get_user_row(tx, req.user_name)
    name = row.user_name if req.new_user_name is None else checked_name(req.new_user_name, "newUserName")
    path = row.path if req.new_path is None else checked_path(req.new_path, "newPath")
    key = name.lower()
    other = tx.find(User, key)
    if other is not None and other.user_id != row.user_id:
        raise exists("User", name)
    arn = arn_of(tx, f"user{path}{name}")
    tx.delete(row)
    new = User(
        **{field: getattr(row, field) for field in row.__struct_fields__ if field != "serial_"}
        | {"key": key, "user_name": name, "path": path, "arn": arn}
    )
    tx.add(new)
    _follow(tx, row, new)


def _follow(tx: Tx, old: User, new: User) -> None:
    """Let what belongs to a renamed user belong to it still."""
    for key in list(tx.select(AccessKey, user_id=old.user_id)):
        tx.update(key, arn=new.arn, user_name=new.user_name)
    for device in list(tx.select(MfaDevice, user=old.key)):
        tx.update(device, user=new.key)
    for kind in (SigningCertificate, SshKey, ServiceCredential):
        for row in list(tx.select(kind, user=old.key)):
            tx.update(row, user=new.key, user_name=new.user_name)
    profile = tx.find(LoginProfile, old.key)
    if profile is not None and old.key != new.key:
        tx.delete(profile)
        fields = {field: getattr(profile, field) for field in profile.__struct_fields__ if field != "serial_"}
        tx.add(LoginProfile(**fields | {"key": new.key, "user_name": new.user_name}))


@op
def delete_user(tx: Tx, req: api.DeleteUserRequest) -> None:
    """Remove a user that has nothing left."""
    row = get_user_row(tx, req.user_name)
    if tx.find(LoginProfile, row.key) is not None:
        raise _conflict("Cannot delete entity, must delete login profile first.")
    if tx.select(AccessKey, user_id=row.user_id).where(lambda key: key.token is None):
        raise _conflict("Cannot delete entity, must delete access keys first.")
    if tx.select(MfaDevice, user=row.key):
        raise _conflict("Cannot delete entity, must delete MFA device first.")
    if row.inline:
        raise _conflict("Cannot delete entity, must delete policies first.")
    if row.attached:
        raise _conflict("Cannot delete entity, must detach all policies first.")
    if row.groups:
        raise _conflict("Cannot delete entity, must remove users from group first.")
    if tx.select(SigningCertificate, user=row.key):
        raise _conflict("Cannot delete entity, must delete signing certificates first.")
    if tx.select(SshKey, user=row.key):
        raise _conflict("Cannot delete entity, must delete SSH public keys first.")
    if tx.select(ServiceCredential, user=row.key):
        raise _conflict("Cannot delete entity, must delete service specific credentials first.")
    tx.delete(row)


def _conflict(message: str) -> AwsError:
    return api.DeleteConflictException(message)


@op
def put_user_permissions_boundary(tx: Tx, req: api.PutUserPermissionsBoundaryRequest) -> None:
    """Limit what a user's policies can give it."""
    row = get_user_row(tx, req.user_name)
    tx.update(row, boundary=checked_boundary(tx, req.permissions_boundary))


@op
def delete_user_permissions_boundary(tx: Tx, req: api.DeleteUserPermissionsBoundaryRequest) -> None:
    """Lift the limit."""
    row = get_user_row(tx, req.user_name)
    if row.boundary is None:
        raise api.NoSuchEntityException(f"The user with name {row.user_name} has no permissions boundary.")
    tx.update(row, boundary=None)


@op
def tag_user(tx: Tx, req: api.TagUserRequest) -> None:
    row = get_user_row(tx, req.user_name)
    tx.update(row, tags=new_tags(req.tags, row.tags))


@op
def untag_user(tx: Tx, req: api.UntagUserRequest) -> None:
    row = get_user_row(tx, req.user_name)
    tx.update(row, tags=without(row.tags, req.tag_keys))


@op(page_size=PAGE)
def list_user_tags(tx: Tx, req: api.ListUserTagsRequest) -> api.ListUserTagsResponse:
    return api.ListUserTagsResponse(tags=tag_list(get_user_row(tx, req.user_name).tags), is_truncated=False)
