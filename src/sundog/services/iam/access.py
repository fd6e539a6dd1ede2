"""What policies may say of IAM's own resources: their ARNs with paths, and their tags."""

from __future__ import annotations

from typing import Any

from sundog.core import Tx, parse_arn
from sundog.services.iam.state import Group, InstanceProfile, OidcProvider, Policy, Role, SamlProvider, User
from sundog.services.iam.user import caller_name

_NAMED: tuple[tuple[str, Any, str], ...] = (
    ("UserName", User, "user"),
    ("RoleName", Role, "role"),
    ("GroupName", Group, "group"),
    ("InstanceProfileName", InstanceProfile, "instance-profile"),
)
_ARNS = ("PolicyArn", "SAMLProviderArn", "OpenIDConnectProviderArn", "SerialNumber", "PolicySourceArn", "Arn")
_COLLECTIONS = {
    "ListUsers": "user/",
    "ListGroups": "group/",
    "ListRoles": "role/",
    "ListPolicies": "policy/",
    "ListInstanceProfiles": "instance-profile/",
}


def resources_of(tx: Tx, operation: str, params: dict[str, Any]) -> list[str] | None:
    """The entity that an operation is about, with its path; a new one gets the path that it asks for."""
    for member, kind, prefix in _NAMED:
        name = params.get(member)
        if name is not None:
            row = tx.find(kind, name.lower())
            return [row.arn if row is not None else _arn(tx, f"{prefix}{params.get('Path') or '/'}{name}")]
    for member in _ARNS:
        if isinstance(params.get(member), str):
            return [params[member]]
    if operation == "CreatePolicy":
        return [_arn(tx, f"policy{params.get('Path') or '/'}{params.get('PolicyName', '')}")]
    if operation in _COLLECTIONS:
        return [_arn(tx, _COLLECTIONS[operation])]
    own = caller_name(tx, None)
    if own is not None:
        row = tx.find(User, own.lower())
        if row is not None and "UserName" in _members(operation):
            return [row.arn]
    return None


def _members(operation: str) -> Any:
    from sundog.wire.model import get_service

    found = get_service("iam").operation(operation)
    return () if found is None or found.input is None else found.input.members


def _arn(tx: Tx, resource: str) -> str:
    return f"arn:{tx.partition}:iam::{tx.account}:{resource}"


def resource_tags(tx: Tx, arn: str) -> dict[str, str] | None:
    """The tags of the entity with the ARN."""
    parts = parse_arn(arn)
    if parts is None:
        return None
    kind: Any = {"user": User, "role": Role, "instance-profile": InstanceProfile}.get(parts.resource_type)
    if kind is not None:
        row = tx.find(kind, parts.resource.rpartition("/")[2].lower())
    else:
        kind = {"policy": Policy, "saml-provider": SamlProvider, "oidc-provider": OidcProvider}.get(parts.resource_type)
        row = None if kind is None else tx.find(kind, arn)
    return None if row is None else row.tags
