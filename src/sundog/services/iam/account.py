"""What an account has one of: alias, summary, preferences, features; and everything in it at once."""

from __future__ import annotations

from typing import Any

from sundog.api import iam as api
from sundog.core import AwsError, Tx, op
from sundog.services.iam.access_key import keys_of
from sundog.services.iam.attachment import attached
from sundog.services.iam.common import PAGE, boundary_view, encoded, tag_list
from sundog.services.iam.instance_profile import view_profile
from sundog.services.iam.managed import holders, view_policy
from sundog.services.iam.state import (
    AliasOwner,
    Group,
    InstanceProfile,
    MfaDevice,
    OidcProvider,
    Policy,
    Role,
    SamlProvider,
    ServerCertificate,
    User,
    account_row,
    update_account,
)
from sundog.services.iam.used import role_last_used

QUOTAS = {
    "AccessKeysPerUserQuota": 2,
    "AssumeRolePolicySizeQuota": 2048,
    "AttachedPoliciesPerGroupQuota": 10,
    "AttachedPoliciesPerRoleQuota": 10,
    "AttachedPoliciesPerUserQuota": 10,
    "GroupPolicySizeQuota": 5120,
    "GroupsPerUserQuota": 10,
    "GroupsQuota": 300,
    "InstanceProfilesQuota": 1000,
    "PoliciesQuota": 1500,
    "PolicySizeQuota": 6144,
    "PolicyVersionsInUseQuota": 10000,
    "RolePolicySizeQuota": 10240,
    "RolesQuota": 1000,
    "ServerCertificatesQuota": 20,
    "SigningCertificatesPerUserQuota": 2,
    "UserPolicySizeQuota": 2048,
    "UsersQuota": 5000,
    "VersionsPerPolicyQuota": 5,
}


@op
def create_account_alias(tx: Tx, req: api.CreateAccountAliasRequest) -> None:
    """Give the account a name, in place of the one that it has. No two accounts have the same."""
    alias = req.account_alias
    owner = tx.find(AliasOwner, alias)
    if owner is not None and owner.account != tx.account:
        raise api.EntityAlreadyExistsException(f"The account alias {alias} already exists.")
    old = account_row(tx).alias
    if old == alias:
        return
    if old is not None:
        tx.delete(tx.get(AliasOwner, old))
    tx.add(AliasOwner(alias=alias, account=tx.account))
    update_account(tx, alias=alias)


@op
def delete_account_alias(tx: Tx, req: api.DeleteAccountAliasRequest) -> None:
    owner = tx.find(AliasOwner, req.account_alias)
    if owner is None or owner.account != tx.account:
        raise api.NoSuchEntityException(f"The account alias with name {req.account_alias} cannot be found.")
    tx.delete(owner)
    update_account(tx, alias=None)


@op(page_size=PAGE)
def list_account_aliases(tx: Tx, req: api.ListAccountAliasesRequest) -> api.ListAccountAliasesResponse:
    alias = account_row(tx).alias
    return api.ListAccountAliasesResponse(account_aliases=[] if alias is None else [alias])


@op
def get_account_summary(tx: Tx, req: api.GetAccountSummaryRequest) -> api.GetAccountSummaryResponse:
    """How much of everything there is, and may be."""
    devices = list(tx.select(MfaDevice))
    policies = list(tx.select(Policy))
    present: dict[str, int] = {
        "Users": tx.select(User).count(),
        "Groups": tx.select(Group).count(),
        "Roles": tx.select(Role).count(),
        "Policies": len(policies),
        "PolicyVersionsInUse": sum(len(row.versions) for row in policies),
        "InstanceProfiles": tx.select(InstanceProfile).count(),
        "ServerCertificates": tx.select(ServerCertificate).count(),
        "Providers": tx.select(SamlProvider).count() + tx.select(OidcProvider).count(),
        "MFADevices": len(devices),
        "MFADevicesInUse": sum(1 for row in devices if row.user is not None),
        "AccountMFAEnabled": int(any(row.user == "" for row in devices)),
        "AccountAccessKeysPresent": int(bool(keys_of(tx, tx.account))),
        "AccountPasswordPresent": 1,
        "AccountSigningCertificatesPresent": 0,
        "GlobalEndpointTokenVersion": account_row(tx).token_version,
    }
    return api.GetAccountSummaryResponse(summary_map={**QUOTAS, **present})


@op
def set_security_token_service_preferences(tx: Tx, req: api.SetSecurityTokenServicePreferencesRequest) -> None:
    update_account(tx, token_version=2 if req.global_endpoint_token_version == "v2Token" else 1)


@op
def get_account_properties(tx: Tx, req: api.GetAccountPropertiesRequest) -> api.GetAccountPropertiesResponse:
    return api.GetAccountPropertiesResponse(properties=account_row(tx).properties)


@op
def put_account_properties(tx: Tx, req: api.PutAccountPropertiesRequest) -> None:
    update_account(tx, properties={**account_row(tx).properties, **req.properties})


# -- everything at once


def _inline(row: Any) -> list[api.PolicyDetail]:
    return [
        api.PolicyDetail(policy_name=name, policy_document=encoded(row.inline[name])) for name in sorted(row.inline)
    ]


def _user_detail(tx: Tx, row: User) -> api.UserDetail:
    return api.UserDetail(
        path=row.path,
        user_name=row.user_name,
        user_id=row.user_id,
        arn=row.arn,
        create_date=row.create_date,
        user_policy_list=_inline(row) or None,
        group_list=[tx.get(Group, key).group_name for key in row.groups],
        attached_managed_policies=attached(tx, row, None),
        permissions_boundary=boundary_view(row.boundary),
        tags=tag_list(row.tags),
    )


def _group_detail(tx: Tx, row: Group) -> api.GroupDetail:
    return api.GroupDetail(
        path=row.path,
        group_name=row.group_name,
        group_id=row.group_id,
        arn=row.arn,
        create_date=row.create_date,
        group_policy_list=_inline(row),
        attached_managed_policies=attached(tx, row, None),
    )


def _role_detail(tx: Tx, row: Role) -> api.RoleDetail:
    return api.RoleDetail(
        path=row.path,
        role_name=row.role_name,
        role_id=row.role_id,
        arn=row.arn,
        create_date=row.create_date,
        assume_role_policy_document=encoded(row.trust),
        instance_profile_list=[view_profile(tx, one) for one in tx.select(InstanceProfile, roles=row.key)],
        role_policy_list=_inline(row),
        attached_managed_policies=attached(tx, row, None),
        permissions_boundary=boundary_view(row.boundary),
        tags=tag_list(row.tags),
        role_last_used=role_last_used(tx, row.arn),
    )


def _policy_detail(tx: Tx, policy: Any) -> api.ManagedPolicyDetail:
    view = view_policy(tx, policy)
    return api.ManagedPolicyDetail(
        **{name: value for name, value in view.__dict__.items() if name not in ("raw_", "tags")},
        policy_version_list=[
            api.PolicyVersion(
                document=encoded(version.document),
                version_id=version.version_id,
                is_default_version=version.version_id == policy.default_version_id,
                create_date=version.create_date,
            )
            for version in reversed(policy.versions)
        ],
    )


@op(paged=False)
def get_account_authorization_details(
    tx: Tx, req: api.GetAccountAuthorizationDetailsRequest
) -> api.GetAccountAuthorizationDetailsResponse:
    """Users, groups, roles and policies with all that belongs to them; pages run through them in this order."""
    wanted = set(req.filter or ("User", "Group", "Role", "LocalManagedPolicy", "AWSManagedPolicy"))
    found: list[tuple[str, Any]] = []
    for kind, cls in (("User", User), ("Group", Group), ("Role", Role), ("LocalManagedPolicy", Policy)):
        if kind in wanted:
            found.extend((kind, row) for row in tx.select(cls))
    if "AWSManagedPolicy" in wanted:
        from sundog.services.iam.aws import aws_policies

        # AWS lists those of its own that somebody in the account has.
        found.extend(("AWSManagedPolicy", policy) for policy in aws_policies(tx.partition) if holders(tx, policy.arn))
    start = int(req.marker) if req.marker is not None and req.marker.isdigit() else 0
    end = start + (req.max_items or PAGE)
    page = found[start:end]
    more = end < len(found)
    return api.GetAccountAuthorizationDetailsResponse(
        user_detail_list=[_user_detail(tx, row) for kind, row in page if kind == "User"],
        group_detail_list=[_group_detail(tx, row) for kind, row in page if kind == "Group"],
        role_detail_list=[_role_detail(tx, row) for kind, row in page if kind == "Role"],
        policies=[_policy_detail(tx, row) for kind, row in page if kind.endswith("Policy")],
        is_truncated=more,
        marker=str(end) if more else None,
    )


# -- features of organizations


def _organization(tx: Tx) -> str:
    """The organization that the account leads; the features are errors without one."""
    none = api.OrganizationNotFoundException(
        "The request was rejected because no organization is associated with your account."
    )
    try:
        found = tx.call("organizations", "DescribeOrganization").organization
    except AwsError as error:
        if error.code not in ("AWSOrganizationsNotInUseException", "NotImplemented"):
            raise
        raise none from None
    if found is None or found.id is None:
        raise none
    return found.id


def _features(tx: Tx, feature: str | None, on: bool) -> dict[str, Any]:
    organization = _organization(tx)
    features = account_row(tx).features
    if feature is not None:
        features = tuple(sorted({*features, feature} if on else set(features) - {feature}))
        update_account(tx, features=features)
    return {"organization_id": organization, "enabled_features": list(features)}


@op
def list_organizations_features(
    tx: Tx, req: api.ListOrganizationsFeaturesRequest
) -> api.ListOrganizationsFeaturesResponse:
    return api.ListOrganizationsFeaturesResponse(**_features(tx, None, True))


@op
def enable_organizations_root_credentials_management(
    tx: Tx, req: api.EnableOrganizationsRootCredentialsManagementRequest
) -> api.EnableOrganizationsRootCredentialsManagementResponse:
    found = _features(tx, "RootCredentialsManagement", True)
    return api.EnableOrganizationsRootCredentialsManagementResponse(**found)


@op
def disable_organizations_root_credentials_management(
    tx: Tx, req: api.DisableOrganizationsRootCredentialsManagementRequest
) -> api.DisableOrganizationsRootCredentialsManagementResponse:
    found = _features(tx, "RootCredentialsManagement", False)
    return api.DisableOrganizationsRootCredentialsManagementResponse(**found)


@op
def enable_organizations_root_sessions(
    tx: Tx, req: api.EnableOrganizationsRootSessionsRequest
) -> api.EnableOrganizationsRootSessionsResponse:
    return api.EnableOrganizationsRootSessionsResponse(**_features(tx, "RootSessions", True))


@op
def disable_organizations_root_sessions(
    tx: Tx, req: api.DisableOrganizationsRootSessionsRequest
) -> api.DisableOrganizationsRootSessionsResponse:
    return api.DisableOrganizationsRootSessionsResponse(**_features(tx, "RootSessions", False))
