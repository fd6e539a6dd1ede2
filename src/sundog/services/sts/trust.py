"""Whether a role trusts who asks for it: asked only when policies decide."""

from __future__ import annotations

from sundog.core import Tx
from sundog.core.identity import RoleFacts
from sundog.services.sts.session import not_authorized


def check_trust(
    tx: Tx,
    role: RoleFacts | None,
    arn: str,
    action: str,
    *,
    session: str,
    tags: dict[str, str],
    identity: str | None = None,
    federated: str | None = None,
    more: dict[str, str] | None = None,
) -> None:
    """Refuse a session that the role's trust policy, or the caller's own policies, don't allow."""
    if not tx.setting("enforce_iam"):
        return
    from sundog.core.access import may_assume

    caller = tx.caller.arn if federated is None else federated
    if role is None:
        raise not_authorized(caller, action, arn)
    wanted = [action]
    if tags:
        wanted.append("sts:TagSession")
    if identity is not None:
        wanted.append("sts:SetSourceIdentity")
    context: dict[str, list[str]] = {"sts:RoleSessionName": [session]}
    for key, value in (more or {}).items():
        context[key] = [value]
    for key, value in tags.items():
        context[f"aws:RequestTag/{key}"] = [value]
    if tags:
        context["aws:TagKeys"] = list(tags)
    if identity is not None:
        context["sts:SourceIdentity"] = [identity]
    for name in wanted:
        if not may_assume(tx, role, name, context, federated):
            raise not_authorized(caller, name, arn)
