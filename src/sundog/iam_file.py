"""Users, groups, roles, policies and keys that a cloud has from the start, read from a JSON file.

    {"root_keys": [{"id": "AKIA...", "secret": "..."}],
     "policies": [{"name": "deploy", "document": {...}}],
     "groups": [{"name": "ops", "policies": [...]}],
     "users": [{"name": "alice", "groups": ["ops"], "policies": [...], "keys": [{"id": ..., "secret": ...}]}],
     "roles": [{"name": "build", "trust": {...}, "policies": [...]}]}

What stands in ``policies`` of an entity is an ARN, the name of a policy of the file, or a document, which becomes an
inline policy. Every entry may name its ``account``.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from sundog.core.calls import Call
from sundog.core.credential import AccessKey
from sundog.core.tx import Tx

if TYPE_CHECKING:
    from sundog.cloud import Cloud

Document = dict[str, Any]


class Key(msgspec.Struct, forbid_unknown_fields=True):
    id: str
    secret: str
    account: str | None = None


class Managed(msgspec.Struct, forbid_unknown_fields=True):
    name: str
    document: Document
    path: str = "/"
    account: str | None = None


class Group(msgspec.Struct, forbid_unknown_fields=True):
    name: str
    path: str = "/"
    policies: list[str | Document] = []
    account: str | None = None


class User(Group, forbid_unknown_fields=True):
    groups: list[str] = []
    keys: list[Key] = []
    boundary: str | None = None
    tags: dict[str, str] = {}


class Role(Group, forbid_unknown_fields=True):
    trust: Document = {}
    boundary: str | None = None
    tags: dict[str, str] = {}


class Content(msgspec.Struct, forbid_unknown_fields=True):
    root_keys: list[Key] = []
    policies: list[Managed] = []
    groups: list[Group] = []
    users: list[User] = []
    roles: list[Role] = []


def load(cloud: Cloud, path: str) -> None:
    """Make what the file says; ``ValueError`` if it can't be read."""
    try:
        content = msgspec.json.decode(Path(path).read_bytes(), type=Content)
    except (OSError, msgspec.DecodeError) as error:
        raise ValueError(f"the IAM file {path} can't be read: {error}") from error
    cloud.store.begin()
    try:
        _make(cloud, content)
    except Exception:
        cloud.store.rollback()
        raise
    cloud.store.commit()


def _tx(cloud: Cloud, account: str | None) -> Tx:
    where = account or cloud.default_account
    return Tx(cloud, Call("iam", "iam_file", {}, where, cloud.settings.region, kind="task"), "iam", where, "us-east-1")


def _make(cloud: Cloud, content: Content) -> None:
    for key in content.root_keys:
        give_root_key(cloud, key.account, key.id, key.secret)
    for policy in content.policies:
        tx = _tx(cloud, policy.account)
        tx.call(
            "iam", "CreatePolicy", policy_name=policy.name, path=policy.path, policy_document=_json(policy.document)
        )
    for group in content.groups:
        tx = _tx(cloud, group.account)
        tx.call("iam", "CreateGroup", group_name=group.name, path=group.path)
        _grant(tx, content, group, "Group", {"group_name": group.name})
    for user in content.users:
        tx = _tx(cloud, user.account)
        made = tx.call("iam", "CreateUser", user_name=user.name, path=user.path, **_more(tx, content, user)).user
        for name in user.groups:
            tx.call("iam", "AddUserToGroup", group_name=name, user_name=user.name)
        _grant(tx, content, user, "User", {"user_name": user.name})
        for key in user.keys:
            tx.add(
                AccessKey(
                    access_key=key.id,
                    secret=key.secret,
                    account=tx.account,
                    arn=made.arn,
                    user_id=made.user_id,
                    kind="user",
                    user_name=user.name,
                    created=tx.now,
                )
            )
    for role in content.roles:
        tx = _tx(cloud, role.account)
        trust = _json(role.trust)
        tx.call(
            "iam",
            "CreateRole",
            role_name=role.name,
            path=role.path,
            assume_role_policy_document=trust,
            **_more(tx, content, role),
        )
        _grant(tx, content, role, "Role", {"role_name": role.name})


def _json(document: Document) -> str:
    return msgspec.json.encode(document).decode()


def _more(tx: Tx, content: Content, entity: User | Role) -> dict[str, Any]:
    found: dict[str, Any] = {}
    if entity.tags:
        found["tags"] = [{"Key": key, "Value": value} for key, value in entity.tags.items()]
    if entity.boundary is not None:
        found["permissions_boundary"] = _arn(tx, content, entity.boundary)
    return found


def _arn(tx: Tx, content: Content, name: str) -> str:
    if name.startswith("arn:"):
        return name
    path = next((policy.path for policy in content.policies if policy.name == name), "/")
    return f"arn:{tx.partition}:iam::{tx.account}:policy{path}{name}"


def _grant(tx: Tx, content: Content, entity: Group, kind: str, name: dict[str, str]) -> None:
    call: Callable[..., Any] = tx.call
    for index, policy in enumerate(entity.policies, 1):
        if isinstance(policy, str):
            call("iam", f"Attach{kind}Policy", policy_arn=_arn(tx, content, policy), **name)
        else:
            call("iam", f"Put{kind}Policy", policy_name=f"inline-{index}", policy_document=_json(policy), **name)


def give_root_key(
    cloud: Cloud, account: str | None = None, access_key: str | None = None, secret: str | None = None
) -> AccessKey:
    """An access key of an account's root user, who may do everything."""
    owner = account or cloud.default_account
    tx = _tx(cloud, owner)
    return tx.add(
        AccessKey(
            access_key=access_key or tx.ids.access_key(owner),
            secret=secret or tx.ids.secret(),
            account=owner,
            arn=f"arn:{tx.partition}:iam::{owner}:root",
            user_id=owner,
            kind="root",
            created=tx.now,
        )
    )
