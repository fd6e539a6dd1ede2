"""Decisions about a caller: the policies that IAM knows of it, held against a request by the evaluator."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from sundog.core.arn import parse_arn
from sundog.core.identity import Grants, Named, RoleFacts, iam
from sundog.core.policy import Labelled, Request, Verdict, compile_policy, decide

if TYPE_CHECKING:
    from sundog.core.credential import Caller
    from sundog.core.tx import Tx

Context = dict[str, list[str]]


def labelled(policies: Sequence[Named]) -> Labelled:
    return [(named.name, compile_policy(named.document)) for named in policies]


def names_of(caller: Caller) -> list[str]:
    """The ARNs by which policies may name a caller, the most particular first; the account's root last."""
    key = caller.key
    names = [caller.arn]
    if key is not None and key.role_arn is not None:
        names.append(key.role_arn)
    if key is not None and key.source_arn is not None:
        names.append(key.source_arn)
    partition = caller.arn.split(":")[1]
    root = f"arn:{partition}:iam::{caller.account}:root"
    if root not in names:
        names.append(root)
    return names


def is_root(caller: Caller) -> bool:
    """Whether the account's root user calls (with no limits on what it may do)."""
    return caller.arn.endswith(":root") and (caller.key is None or not caller.key.policy_arns)


def caller_context(tx: Tx, caller: Caller, grants: Grants) -> Context:
    """The condition keys that say who calls, and when."""
    key = caller.key
    principal = caller.arn if key is None or key.role_arn is None else key.role_arn
    found: Context = {
        "aws:principalarn": [principal],
        "aws:principalaccount": [caller.account],
        "aws:userid": [caller.user_id],
        "aws:principaltype": [_principal_type(caller)],
        "aws:currenttime": [tx.now.strftime("%Y-%m-%dT%H:%M:%SZ")],
        "aws:epochtime": [str(int(tx.now.timestamp()))],
        "aws:requestedregion": [tx.region],
        "aws:principalisawsservice": ["false"],
    }
    if key is not None:
        if key.user_name is not None and key.kind == "user":
            found["aws:username"] = [key.user_name]
        if key.token is not None:
            found["aws:multifactorauthpresent"] = ["true" if key.multi_factor else "false"]
            if key.created is not None:
                found["aws:tokenissuetime"] = [key.created.strftime("%Y-%m-%dT%H:%M:%SZ")]
                if key.multi_factor:
                    found["aws:multifactorauthage"] = [str(int((tx.now - key.created).total_seconds()))]
        if key.source_identity is not None:
            found["aws:sourceidentity"] = [key.source_identity]
        for name, value in key.context.items():
            found.setdefault(name.lower(), [value])
    for name, value in grants.tags.items():
        found[f"aws:principaltag/{name}".lower()] = [value]
    return found


def _principal_type(caller: Caller) -> str:
    key = caller.key
    if key is None or key.kind == "root":
        return "Account"
    return {"role": "AssumedRole", "federated": "FederatedUser", "user": "User"}[key.kind]


def verdict_for(
    tx: Tx,
    action: str,
    resource: str,
    context: Mapping[str, Sequence[str]],
    *,
    resource_policy: str | None = None,
    resource_account: str | None = None,
    grants: Grants | None = None,
    resource_must_allow: bool = False,
) -> Verdict:
    """What the policies say to the transaction's caller doing something to a resource."""
    caller = tx.caller
    known = iam().grants_of(tx, caller) if grants is None else grants
    names = names_of(caller)
    whole = {**caller_context(tx, caller, known), **{key.lower(): value for key, value in context.items()}}
    request = Request(action, resource, whole, {"AWS": names, "CanonicalUser": [canonical_id(caller.account)]})
    identity = labelled(known.identity)
    if is_root(caller):
        identity = [("root", compile_policy(EVERYTHING))]
    return decide(
        request,
        identity,
        resource=None if resource_policy is None else compile_policy(resource_policy),
        boundary=None if known.boundary is None else labelled([known.boundary]),
        session=_session(caller, known),
        organization=[labelled(level) for level in known.organization],
        same_account=resource_account in (None, "", caller.account),
        caller_arns=names[:-1],
        resource_must_allow=resource_must_allow,
    )


EVERYTHING = '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}'


def _session(caller: Caller, grants: Grants) -> Labelled | None:
    if grants.session is not None:
        return labelled(grants.session)
    # A federated user has what its session policies give it, and without any nothing.
    return [] if caller.key is not None and caller.key.kind == "federated" else None


def canonical_id(account: str) -> str:
    """The canonical user id of an account: 64 digits that it alone has."""
    import hashlib

    return hashlib.sha256(b"canonical user " + account.encode()).hexdigest()


def may_assume(tx: Tx, role: RoleFacts, action: str, context: Context, federated: str | None) -> bool:
    """Whether a role's trust policy, and the caller's own policies, allow to take it."""
    parts = parse_arn(role.arn)
    account = parts.account if parts is not None else None
    if federated is None:
        return verdict_for(
            tx,
            action,
            role.arn,
            context,
            resource_policy=role.trust,
            resource_account=account,
            resource_must_allow=True,
        ).allowed
    whole = {key.lower(): value for key, value in context.items()}
    whole["aws:federatedprovider"] = [federated]
    whole["aws:currenttime"] = [tx.now.strftime("%Y-%m-%dT%H:%M:%SZ")]
    request = Request(action, role.arn, whole, {"Federated": [federated]})
    policy = compile_policy(role.trust)
    return decide(request, (), resource=policy, resource_must_allow=True).allowed


def service_may(
    tx: Tx, principal: str, action: str, resource: str, policy: str | None, source_arn: str = "", account: str = ""
) -> bool:
    """Whether a resource's policy lets a service of AWS's do something to it, in the name of ``source_arn``."""
    if policy is None:
        return False
    source = parse_arn(source_arn)
    owner = account or (source.account if source is not None else "")
    context: Context = {
        "aws:principalisawsservice": ["true"],
        "aws:principalservicename": [principal],
        "aws:currenttime": [tx.now.strftime("%Y-%m-%dT%H:%M:%SZ")],
        "aws:securetransport": ["true"],
    }
    if source_arn:
        context["aws:sourcearn"] = [source_arn]
    if owner:
        context["aws:sourceaccount"] = [owner]
        context["aws:sourceowner"] = [owner]
    request = Request(action, resource, context, {"Service": [principal]})
    return decide(request, (), resource=compile_policy(policy), resource_must_allow=True).allowed
