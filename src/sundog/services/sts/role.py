"""Sessions of roles: assumed with an access key, with a token of an identity provider, or as an account's root user."""

from __future__ import annotations

from typing import Any

from sundog.api import sts as api
from sundog.core import Arn, Tx, op
from sundog.core.credential import AccessKey
from sundog.core.identity import RoleFacts, iam
from sundog.services.sts.claims import Claims, saml_claims, web_claims
from sundog.services.sts.session import (
    Limits,
    check_chain,
    checked_arn,
    checked_name,
    checked_role,
    invalid,
    new_session,
    not_authorized,
    passed_on,
    session_tags,
    sizes,
    stable_id,
)
from sundog.services.sts.trust import check_trust

ROOT_TASKS = (
    "IAMAuditRootUserCredentials",
    "IAMCreateRootUserPassword",
    "IAMDeleteRootUserCredentials",
    "S3UnlockBucketPolicy",
    "SQSUnlockQueuePolicy",
)


@op
def assume_role(tx: Tx, req: api.AssumeRoleRequest) -> api.AssumeRoleResponse:
    """Act in a role. Who may is the trust policy's say when policies decide; else everybody may, in any role."""
    caller = tx.caller
    name = checked_name(req.role_session_name, "roleSessionName")
    arn = checked_role(caller.arn, req.role_arn, "sts:AssumeRole")
    check_chain(caller, req.duration_seconds)
    asked = session_tags(req.tags)
    limits = Limits(tx, req.policy, req.policy_arns, asked)
    tags, transitive = passed_on(caller.key, asked, req.transitive_tag_keys)
    identity = req.source_identity
    if caller.key is not None and caller.key.source_identity is not None:
        if identity is not None and identity != caller.key.source_identity:
            raise not_authorized(caller.arn, "sts:SetSourceIdentity", req.role_arn)
        identity = caller.key.source_identity
    role = _role(tx, arn)
    context: dict[str, str] = {}
    if req.external_id is not None:
        context["sts:ExternalId"] = req.external_id
    mfa = req.serial_number is not None and req.token_code is not None
    for provided in req.provided_contexts or ():
        context[f"sts:RequestContext/{provided.provider_arn}"] = provided.context_assertion or ""
    check_trust(tx, role, req.role_arn, "sts:AssumeRole", session=name, tags=asked, identity=identity, more=context)
    key, credentials, user = _session(
        tx,
        arn,
        role,
        name,
        _seconds(req.duration_seconds, role),
        limits,
        req.minimum_session_token_size,
        tags=tags,
        transitive_tag_keys=transitive,
        source_identity=identity,
        multi_factor=mfa,
        context=context,
        chained=caller.key is not None and caller.key.role_arn is not None,
    )
    return api.AssumeRoleResponse(
        credentials=credentials,
        assumed_role_user=user,
        packed_policy_size=limits.packed,
        source_identity=identity,
        **sizes(key, req.minimum_session_token_size),
    )


@op
def assume_role_with_web_identity(
    tx: Tx, req: api.AssumeRoleWithWebIdentityRequest
) -> api.AssumeRoleWithWebIdentityResponse:
    """Act in a role by the token of an OpenID Connect provider, or of one that STS knows by name."""
    name = checked_name(req.role_session_name, "roleSessionName")
    arn = checked_role("unknown", req.role_arn, "sts:AssumeRoleWithWebIdentity")
    claims = web_claims(tx, req.web_identity_token, req.provider_id, arn.account)
    limits = Limits(tx, req.policy, req.policy_arns, claims.tags)
    role = _role(tx, arn)
    _check_federated(tx, role, req.role_arn, "sts:AssumeRoleWithWebIdentity", name, claims)
    key, credentials, user = _session(
        tx,
        arn,
        role,
        name,
        _seconds(req.duration_seconds, role),
        limits,
        req.minimum_session_token_size,
        tags=claims.tags,
        transitive_tag_keys=claims.transitive,
        source_identity=claims.source_identity,
        context=claims.context,
    )
    return api.AssumeRoleWithWebIdentityResponse(
        credentials=credentials,
        subject_from_web_identity_token=claims.subject,
        assumed_role_user=user,
        packed_policy_size=limits.packed,
        provider=claims.issuer,
        audience=claims.audience,
        source_identity=claims.source_identity,
        **sizes(key, req.minimum_session_token_size),
    )


@op
def assume_role_with_saml(tx: Tx, req: api.AssumeRoleWithSAMLRequest) -> api.AssumeRoleWithSAMLResponse:
    """Act in a role by the assertion of a SAML provider."""
    arn = checked_role("unknown", req.role_arn, "sts:AssumeRoleWithSAML")
    principal = checked_arn(req.principal_arn)
    claims = saml_claims(tx, req.saml_assertion, arn, principal)
    name = checked_name(claims.session_name or claims.subject, "roleSessionName")
    limits = Limits(tx, req.policy, req.policy_arns, claims.tags)
    role = _role(tx, arn)
    _check_federated(tx, role, req.role_arn, "sts:AssumeRoleWithSAML", name, claims)
    seconds = _seconds(req.duration_seconds or claims.seconds, role)
    if claims.seconds is not None:
        seconds = min(seconds, claims.seconds)
    key, credentials, user = _session(
        tx,
        arn,
        role,
        name,
        seconds,
        limits,
        req.minimum_session_token_size,
        tags=claims.tags,
        transitive_tag_keys=claims.transitive,
        source_identity=claims.source_identity,
        context=claims.context,
    )
    return api.AssumeRoleWithSAMLResponse(
        credentials=credentials,
        assumed_role_user=user,
        packed_policy_size=limits.packed,
        subject=claims.subject,
        subject_type=claims.subject_type,
        issuer=claims.issuer,
        audience=claims.audience,
        name_qualifier=claims.name_qualifier,
        source_identity=claims.source_identity,
        **sizes(key, req.minimum_session_token_size),
    )


@op
def assume_root(tx: Tx, req: api.AssumeRootRequest) -> api.AssumeRootResponse:
    """Act as a member account's root user, for one of the privileged tasks."""
    target = req.target_principal
    account = target
    if not target.isdigit():
        arn = checked_arn(target)
        if arn.resource != "root":
            raise invalid(f"{target} is invalid")
        account = arn.account
    if len(account) != 12 or not account.isdigit():
        raise invalid(f"{target} is invalid")
    task = req.task_policy_arn.arn or ""
    if task not in {f"arn:{tx.partition}:iam::aws:policy/root-task/{name}" for name in ROOT_TASKS}:
        raise invalid(f"ARN {task} is not valid.")
    identity = tx.caller.key.source_identity if tx.caller.key is not None else None
    key, credentials = new_session(
        tx,
        "root",
        account,
        f"arn:{tx.partition}:iam::{account}:root",
        account,
        req.duration_seconds or 900,
        req.minimum_session_token_size,
        policy_arns=(task,),
        source_identity=identity,
        source_arn=tx.caller.arn,
    )
    return api.AssumeRootResponse(
        credentials=credentials, source_identity=identity, **sizes(key, req.minimum_session_token_size)
    )


def _role(tx: Tx, arn: Arn) -> RoleFacts | None:
    return iam().find_role(tx.in_(account=arn.account), str(arn))


def _seconds(asked: int | None, role: RoleFacts | None) -> int:
    if asked is None:
        return 3600
    if role is not None and asked > role.max_session:
        raise invalid("The requested DurationSeconds exceeds the MaxSessionDuration set for this role.")
    return asked


def _check_federated(tx: Tx, role: RoleFacts | None, arn: str, action: str, name: str, claims: Claims) -> None:
    check_trust(
        tx,
        role,
        arn,
        action,
        session=name,
        tags=claims.tags,
        identity=claims.source_identity,
        federated=claims.provider,
        more=claims.context,
    )


def _session(
    tx: Tx,
    arn: Arn,
    role: RoleFacts | None,
    name: str,
    seconds: int,
    limits: Limits,
    token_size: int | None,
    **more: Any,
) -> tuple[AccessKey, api.Credentials, api.AssumedRoleUser]:
    role_id = role.role_id if role is not None else stable_id("AROA", str(arn))
    role_name = arn.resource.rpartition("/")[2]
    session_arn = f"arn:{arn.partition}:sts::{arn.account}:assumed-role/{role_name}/{name}"
    key, credentials = new_session(
        tx,
        "role",
        arn.account,
        session_arn,
        f"{role_id}:{name}",
        seconds,
        token_size,
        session_name=name,
        role_arn=str(arn),
        policies=limits.documents,
        policy_arns=limits.arns,
        **more,
    )
    return key, credentials, api.AssumedRoleUser(assumed_role_id=f"{role_id}:{name}", arn=session_arn)
