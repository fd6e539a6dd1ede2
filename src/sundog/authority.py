"""Who may do what: signatures checked, and calls held against policies. Loaded only where a setting asks for it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from sundog.actions import action_of, passed_roles, prefix_of, request_context, resources_of, service_hook
from sundog.core.access import caller_context, verdict_for
from sundog.core.arn import parse_arn
from sundog.core.denial import encode
from sundog.core.errors import modelled_error
from sundog.core.identity import Grants
from sundog.core.policy import Request as Question
from sundog.core.policy import Verdict, compile_policy, decide
from sundog.wire.auth_errors import expired_token, family_of, missing_token, unknown_key
from sundog.wire.errors import AwsError
from sundog.wire.http import Request
from sundog.wire.model import Operation
from sundog.wire.presigned import check_form, is_presigned
from sundog.wire.sigv4 import verify

if TYPE_CHECKING:
    from sundog.cloud import Cloud
    from sundog.core.calls import Call
    from sundog.core.tx import Tx
    from sundog.wire.route import Routed

FREE = {
    ("sts", "GetCallerIdentity"),
    ("sts", "GetSessionToken"),
    ("sts", "AssumeRole"),
    ("sts", "AssumeRoleWithSAML"),
    ("sts", "AssumeRoleWithWebIdentity"),
    ("sts", "GetAccessKeyInfo"),
}
"""Operations that need no permission, or whose handlers ask for it themselves (a role's trust policy decides)."""


def authenticate(cloud: Cloud, request: Request, routed: Routed, call: Call) -> None:
    """Refuse a request whose signature isn't its key's, or whose key nobody has."""
    credential = routed.credential
    family = family_of(call.service, routed.protocol)
    operation = routed.operation
    if credential.kind == "bearer" or (operation is not None and _unsigned(operation)):
        return
    if credential.access_key is None:
        if family == "s3":
            return  # Anybody may ask; what they may have, the bucket's policy says.
        raise missing_token(family)
    if family == "s3" and is_presigned(credential):
        check_form(request, credential)
    key = cloud.key(credential.access_key)
    if key is None or not key.active:
        raise unknown_key(credential, family)
    if key.token is not None and credential.token != key.token:
        raise unknown_key(credential, family)
    now = cloud.clock.now()
    if key.expires is not None and key.expires <= now:
        raise expired_token(credential, family)
    verify(request, credential, key.secret, now, family, bucket=routed.host.rest or None)


def _unsigned(operation: Operation) -> bool:
    return operation.model.auth_type in ("none", "smithy.api#noAuth")


def authorize(tx: Tx, operation: Operation, params: dict[str, Any], call: Call) -> None:
    """Refuse a call that the policies don't allow."""
    if call.kind != "call" or (call.service, operation.name) in FREE or _unsigned(operation):
        return
    own = service_hook(operation.service.python_name, "authorize")
    if own is not None:
        own(tx, operation, params, call)
        return
    action = action_of(operation)
    context = context_of(operation, params, call)
    service = operation.service.python_name
    for arn in resources_of(tx, operation, params):
        verdict, whole = _decide(tx, service, action, arn, context, call)
        if not verdict.allowed:
            raise denial(tx, operation, action, arn, verdict, whole)
    for role in passed_roles(action, params):
        there = {**context, "iam:passedtoservice": [f"{prefix_of(operation)}.{tx.dns_suffix}"]}
        verdict, whole = _decide(tx, "iam", "iam:PassRole", role, there, call)
        if not verdict.allowed:
            raise denial(tx, operation, "iam:PassRole", role, verdict, whole)


def _decide(
    tx: Tx, service: str, action: str, arn: str, context: dict[str, list[str]], call: Call
) -> tuple[Verdict, dict[str, list[str]]]:
    there = dict(context)
    parts = parse_arn(arn)
    owner = parts.account if parts is not None else None
    document = None
    if parts is not None:
        policy_hook = service_hook(service, "resource_policy")
        document = None if policy_hook is None else policy_hook(tx, arn)
        owner_hook = service_hook(service, "resource_account")
        if owner_hook is not None:
            owner = owner_hook(tx, arn) or owner
        tags_hook = service_hook(service, "resource_tags")
        for key, value in ((tags_hook(tx, arn) or {}) if tags_hook is not None else {}).items():
            there[f"aws:resourcetag/{key}".lower()] = [value]
            there[f"{service}:resourcetag/{key}".lower()] = [value]
    if owner:
        there["aws:resourceaccount"] = [owner]
    if call.access_key is None:
        question = Question(action, arn, there, {})
        policy = None if document is None else compile_policy(document)
        return decide(question, (), resource=policy, resource_must_allow=True), there
    verdict = verdict_for(tx, action, arn, there, resource_policy=document, resource_account=owner)
    return verdict, there


def context_of(operation: Operation, params: dict[str, Any], call: Call) -> dict[str, list[str]]:
    found = request_context(prefix_of(operation), params)
    http = call.http
    found["aws:sourceip"] = ["127.0.0.1"]
    found["aws:securetransport"] = ["true"]
    found["aws:viaawsservice"] = ["false"]
    if http is not None:
        found["aws:securetransport"] = ["true" if http.scheme == "https" else "false"]
        if "user-agent" in http.headers:
            found["aws:useragent"] = [http.headers["user-agent"]]
        if "referer" in http.headers:
            found["aws:referer"] = [http.headers["referer"]]
        for name in ("x-forwarded-for",):
            if name in http.headers:
                found["aws:sourceip"] = [http.headers[name].split(",")[0].strip()]
        for name, value in http.headers.items():
            if name.startswith("x-amz-") and call.service == "s3":
                found[f"s3:{name}"] = [value]
    return found


def reason(verdict: Verdict, action: str) -> str:
    """Why, as AWS says it at the end of its messages."""
    if verdict.decision == "explicitDeny":
        return f"with an explicit deny in {verdict.reason}"
    return f"because no {verdict.reason.partition(' ')[2]} allows the {action} action"


def denial(
    tx: Tx, operation: Operation, action: str, arn: str, verdict: Verdict, context: dict[str, list[str]]
) -> AwsError:
    """The refusal in the words of the service's family."""
    family = family_of(operation.service.name, operation.service.protocols[0])
    caller = tx.caller
    if operation.service.name == "sns":
        action = action.replace("sns:", "SNS:")
    elif operation.service.name == "sqs":
        action = action.lower()
    who = "User: anonymous" if tx.entry.access_key is None else f"User: {caller.arn}"
    where = f' on resource: "{arn}"' if family == "s3" else f" on resource: {arn}"
    if arn == "*" and family in ("s3", "ec2"):
        where = ""
    text = f"{who} is not authorized to perform: {action}{where} {reason(verdict, action)}"
    if family == "ec2":
        message = encode(tx, details(tx, action, arn, verdict, context))
        return AwsError(
            "UnauthorizedOperation",
            f"You are not authorized to perform this operation. {text}. "
            f"Encoded authorization failure message: {message}",
            403,
        )
    if operation.service.name == "sqs":
        return AwsError("AccessDenied", text, 403)
    named = modelled_error(operation, "AccessDeniedException", "AccessDenied", "AuthorizationErrorException")
    if named is not None:
        return named(text)
    if family in ("json", "rest"):
        return AwsError("AccessDeniedException", text, 400 if family == "json" else 403)
    return AwsError("AccessDenied", text, 403)


def details(tx: Tx, action: str, arn: str, verdict: Verdict, context: dict[str, list[str]]) -> str:
    """What DecodeAuthorizationMessage tells of a refusal."""
    caller = tx.caller
    whole = {**context, **caller_context(tx, caller, Grants())}
    statements = [
        {
            "statementId": statement.sid or "",
            "effect": statement.effect.upper(),
            "principals": {"items": [{"value": caller.user_id}]},
            "principalGroups": {"items": []},
            "actions": {"items": [{"value": text} for text in _texts(statement.source.get("Action"))]},
            "resources": {"items": [{"value": text} for text in _texts(statement.source.get("Resource"))]},
            "conditions": {"items": []},
        }
        for _, statement in verdict.matched
    ]
    return msgspec.json.encode(
        {
            "allowed": False,
            "explicitDeny": verdict.decision == "explicitDeny",
            "matchedStatements": {"items": statements},
            "failures": {"items": []},
            "context": {
                "principal": {"id": caller.user_id, "arn": caller.arn},
                "action": action,
                "resource": arn,
                "conditions": {
                    "items": [
                        {"key": key, "values": {"items": [{"value": value} for value in values]}}
                        for key, values in sorted(whole.items())
                    ]
                },
            },
        }
    ).decode()


def _texts(value: Any) -> list[str]:
    return [str(item) for item in (value if isinstance(value, list) else [value])] if value is not None else []
