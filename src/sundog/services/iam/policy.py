"""Managed policies and their versions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sundog.api import iam as api
from sundog.core import Tx, op
from sundog.services.iam.common import (
    PAGE,
    arn_of,
    checked_document,
    checked_name,
    checked_path,
    encoded,
    invalid,
    new_tags,
    now,
    tag_list,
    under,
    weight,
    without,
)
from sundog.services.iam.managed import get_own_policy, holders, view_policy
from sundog.services.iam.managed import get_policy as policy_of
from sundog.services.iam.state import Group, Policy, Role, User, Version

if TYPE_CHECKING:
    from sundog.services.iam.aws import AnyPolicy

VERSIONS = 5
SIZE = 6144


def checked(document: str) -> str:
    checked_document(document, "managed")
    if weight(document) > SIZE:
        raise api.LimitExceededException(f"Cannot exceed quota for PolicySize: {SIZE}")
    return document


@op
def create_policy(tx: Tx, req: api.CreatePolicyRequest) -> api.CreatePolicyResponse:
    """Make a policy, with its first version as the default one."""
    name = checked_name(req.policy_name, "policyName")
    path = checked_path(req.path)
    document = checked(req.policy_document)
    if tx.select(Policy, name_key=name.lower()):
        raise api.EntityAlreadyExistsException(
            f"A policy called {name} already exists. Duplicate names are not allowed."
        )
    row = tx.add(
        Policy(
            arn=arn_of(tx, f"policy{path}{name}"),
            policy_name=name,
            name_key=name.lower(),
            policy_id=tx.ids.unique_id("ANPA"),
            path=path,
            versions=(Version("v1", document, now(tx)),),
            description=req.description,
            create_date=now(tx),
            update_date=now(tx),
            tags=new_tags(req.tags),
        )
    )
    answer = view_policy(tx, row, detail=False)
    answer.description = None
    if row.tags:
        answer.tags = tag_list(row.tags)
    return api.CreatePolicyResponse(policy=answer)


@op
def get_policy(tx: Tx, req: api.GetPolicyRequest) -> api.GetPolicyResponse:
    """One policy; its documents are with its versions."""
    return api.GetPolicyResponse(policy=view_policy(tx, policy_of(tx, req.policy_arn)))


@op(page_size=PAGE)
def list_policies(tx: Tx, req: api.ListPoliciesRequest) -> api.ListPoliciesResponse:
    """The account's own policies, AWS's, or both."""
    found: list[Any] = []
    scope = req.scope or "All"
    if scope in ("All", "Local"):
        found.extend(sorted(under(tx.select(Policy), req.path_prefix), key=lambda row: row.name_key))
    if scope in ("All", "AWS"):
        from sundog.services.iam.aws import aws_policies

        prefix = req.path_prefix or "/"
        found.extend(policy for policy in aws_policies(tx.partition) if policy.path.startswith(prefix))
    boundaries = req.policy_usage_filter == "PermissionsBoundary"
    if req.only_attached:
        found = [policy for policy in found if holders(tx, policy.arn, boundaries)]
    elif req.policy_usage_filter is not None:
        found = [policy for policy in found if not boundaries or holders(tx, policy.arn, True)]
    return api.ListPoliciesResponse(policies=_Views(tx, found))


class _Views(list[Any]):
    """Policies that become views page by page: of AWS's there are many."""

    def __init__(self, tx: Tx, policies: list[AnyPolicy]) -> None:
        super().__init__(policies)
        self.tx = tx

    def __getitem__(self, index: Any) -> Any:
        found = super().__getitem__(index)
        return [view_policy(self.tx, policy, False) for policy in found] if isinstance(index, slice) else found

    def __iter__(self) -> Any:
        return (view_policy(self.tx, policy, False) for policy in super().__iter__())


@op
def delete_policy(tx: Tx, req: api.DeletePolicyRequest) -> None:
    """Remove a policy that nobody has and that has but its default version."""
    row = get_own_policy(tx, req.policy_arn)
    if holders(tx, row.arn) or holders(tx, row.arn, boundary=True):
        raise api.DeleteConflictException("Cannot delete a policy attached to entities.")
    if len(row.versions) > 1:
        raise api.DeleteConflictException(
            "This policy has more than one version. Before you delete a policy, you must delete the policy's versions. "
            "The default version is deleted with the policy."
        )
    tx.delete(row)


def _view_version(policy: AnyPolicy, version: Version, document: bool) -> api.PolicyVersion:
    return api.PolicyVersion(
        document=encoded(version.document) if document else None,
        version_id=version.version_id,
        is_default_version=version.version_id == policy.default_version_id,
        create_date=version.create_date,
    )


def _no_version(arn: str, version_id: str) -> api.NoSuchEntityException:
    return api.NoSuchEntityException(f"Policy {arn} version {version_id} does not exist or is not attachable.")


@op
def create_policy_version(tx: Tx, req: api.CreatePolicyVersionRequest) -> api.CreatePolicyVersionResponse:
    """Add a version; there are five at most."""
    row = get_own_policy(tx, req.policy_arn)
    document = checked(req.policy_document)
    if len(row.versions) >= VERSIONS:
        raise api.LimitExceededException(
            "A managed policy can have up to 5 versions. Before you create a new version, you must delete an existing "
            "version."
        )
    version = Version(f"v{row.next_version}", document, now(tx))
    row = tx.update(
        row,
        versions=(*row.versions, version),
        next_version=row.next_version + 1,
        default_version_id=version.version_id if req.set_as_default else row.default_version_id,
        update_date=now(tx),
    )
    return api.CreatePolicyVersionResponse(policy_version=_view_version(row, version, False))


@op
def get_policy_version(tx: Tx, req: api.GetPolicyVersionRequest) -> api.GetPolicyVersionResponse:
    """One version, with its document."""
    policy = policy_of(tx, req.policy_arn)
    version = policy.version(req.version_id)
    if version is None:
        raise _no_version(req.policy_arn, req.version_id)
    return api.GetPolicyVersionResponse(policy_version=_view_version(policy, version, True))


@op(page_size=PAGE)
def list_policy_versions(tx: Tx, req: api.ListPolicyVersionsRequest) -> api.ListPolicyVersionsResponse:
    """The versions, the newest first."""
    policy = policy_of(tx, req.policy_arn)
    versions = [_view_version(policy, version, False) for version in reversed(policy.versions)]
    return api.ListPolicyVersionsResponse(versions=versions)


@op
def set_default_policy_version(tx: Tx, req: api.SetDefaultPolicyVersionRequest) -> None:
    """Let another version count."""
    row = get_own_policy(tx, req.policy_arn)
    if row.version(req.version_id) is None:
        raise _no_version(req.policy_arn, req.version_id)
    tx.update(row, default_version_id=req.version_id, update_date=now(tx))


@op
def delete_policy_version(tx: Tx, req: api.DeletePolicyVersionRequest) -> None:
    """Remove a version that isn't the default one."""
    row = get_own_policy(tx, req.policy_arn)
    if row.version(req.version_id) is None:
        raise _no_version(req.policy_arn, req.version_id)
    if req.version_id == row.default_version_id:
        raise api.DeleteConflictException("Cannot delete the default version of a policy.")
    tx.update(row, versions=tuple(one for one in row.versions if one.version_id != req.version_id))


@op(paged=False)
def list_entities_for_policy(tx: Tx, req: api.ListEntitiesForPolicyRequest) -> api.ListEntitiesForPolicyResponse:
    """Who has a policy: users, groups and roles. Pages run through all three."""
    policy = policy_of(tx, req.policy_arn)
    wanted = {"User": User, "Role": Role, "Group": Group}.get(req.entity_filter or "")
    if req.entity_filter in ("LocalManagedPolicy", "AWSManagedPolicy"):
        raise invalid(
            f"1 validation error detected: Value '{req.entity_filter}' at 'entityFilter' failed to satisfy constraint: "
            "Member must satisfy enum value set: [User, Role, Group]"
        )
    found: list[Any] = []
    usage = req.policy_usage_filter
    if usage in (None, "PermissionsPolicy"):
        found.extend(holders(tx, policy.arn))
    if usage in (None, "PermissionsBoundary"):
        known = {id(row) for row in found}
        found.extend(row for row in holders(tx, policy.arn, True) if id(row) not in known)
    prefix = req.path_prefix or "/"
    found = [row for row in found if (wanted is None or type(row) is wanted) and row.path.startswith(prefix)]
    start = int(req.marker) if req.marker is not None and req.marker.isdigit() else 0
    end = start + (req.max_items or PAGE)
    page = found[start:end]
    more = end < len(found)
    return api.ListEntitiesForPolicyResponse(
        policy_groups=[
            api.PolicyGroup(group_name=row.group_name, group_id=row.group_id) for row in page if isinstance(row, Group)
        ],
        policy_users=[
            api.PolicyUser(user_name=row.user_name, user_id=row.user_id) for row in page if isinstance(row, User)
        ],
        policy_roles=[
            api.PolicyRole(role_name=row.role_name, role_id=row.role_id) for row in page if isinstance(row, Role)
        ],
        is_truncated=more,
        marker=str(end) if more else None,
    )


@op
def tag_policy(tx: Tx, req: api.TagPolicyRequest) -> None:
    row = get_own_policy(tx, req.policy_arn)
    tx.update(row, tags=new_tags(req.tags, row.tags))


@op
def untag_policy(tx: Tx, req: api.UntagPolicyRequest) -> None:
    row = get_own_policy(tx, req.policy_arn)
    tx.update(row, tags=without(row.tags, req.tag_keys))


@op(page_size=PAGE)
def list_policy_tags(tx: Tx, req: api.ListPolicyTagsRequest) -> api.ListPolicyTagsResponse:
    return api.ListPolicyTagsResponse(tags=tag_list(policy_of(tx, req.policy_arn).tags), is_truncated=False)
