"""What a token or an assertion of an identity provider says of its bearer."""

from __future__ import annotations

import base64
import binascii
import hashlib
from typing import Any
from urllib.parse import urlsplit

import msgspec

from sundog.api import sts as api
from sundog.core import Arn, Tx
from sundog.core.identity import iam
from sundog.services.sts.jwt import read
from sundog.services.sts.saml import Assertion, parse

TAGS_CLAIM = "https://aws.amazon.com/tags"
SOURCE_CLAIM = "https://aws.amazon.com/source_identity"
SAML_ATTRIBUTES = "https://aws.amazon.com/SAML/Attributes/"
KNOWN_PROVIDERS = ("graph.facebook.com", "www.amazon.com", "accounts.google.com", "cognito-identity.amazonaws.com")


class Claims(msgspec.Struct, kw_only=True):
    """An identity, as its provider told it. ``provider`` is what a trust policy names as ``Federated``."""

    subject: str
    issuer: str
    provider: str
    audience: str | None = None
    subject_type: str | None = None
    name_qualifier: str | None = None
    session_name: str | None = None
    seconds: int | None = None
    source_identity: str | None = None
    tags: dict[str, str] = {}
    transitive: tuple[str, ...] = ()
    context: dict[str, str] = {}


def web_claims(tx: Tx, token: str, provider_id: str | None, account: str) -> Claims:
    """A web identity token's claims. Unless policies decide, any text will do as a token."""
    strict = tx.setting("enforce_iam") or tx.setting("strict")
    claims = read(token)
    if claims is None:
        if strict and provider_id is None:
            raise api.InvalidIdentityTokenException(
                "The ID Token provided is not a valid JWT. (You may see this error if you sent an Access Token)"
            )
        issuer = provider_id or "accounts.google.com"
        subject = hashlib.sha256(token.encode()).hexdigest()[:21]
        return Claims(subject=subject, issuer=issuer, provider=issuer, context={f"{issuer}:sub": subject})
    subject, issuer = str(claims.get("sub", "")), str(claims.get("iss", provider_id or ""))
    audience = claims.get("azp") or claims.get("aud")
    if isinstance(audience, list):
        audience = audience[0] if audience else None
    name = issuer.removeprefix("https://")
    if strict:
        _check_web(tx, claims, name, audience, account)
    context = {f"{name}:sub": subject}
    if audience is not None:
        context[f"{name}:aud"] = str(audience)
    for claim in ("amr", "email", "oaud"):
        if isinstance(claims.get(claim), str):
            context[f"{name}:{claim}"] = claims[claim]
    tags: dict[str, str] = {}
    transitive: tuple[str, ...] = ()
    granted = claims.get(TAGS_CLAIM)
    if isinstance(granted, dict):
        for key, values in (granted.get("principal_tags") or {}).items():
            tags[key] = str(values[0] if isinstance(values, list) and values else values)
        transitive = tuple(granted.get("transitive_tag_keys") or ())
    identity = claims.get(SOURCE_CLAIM)
    provider = name if name in KNOWN_PROVIDERS else f"arn:{tx.partition}:iam::{account}:oidc-provider/{name}"
    return Claims(
        subject=subject,
        issuer=issuer,
        provider=provider,
        audience=None if audience is None else str(audience),
        tags=tags,
        transitive=transitive,
        context=context,
        source_identity=identity if isinstance(identity, str) else None,
    )


def _check_web(tx: Tx, claims: dict[str, Any], name: str, audience: Any, account: str) -> None:
    expires = claims.get("exp")
    if isinstance(expires, (int, float)) and expires <= tx.now.timestamp():
        raise api.ExpiredTokenException(
            f"Token expired: current date/time {int(tx.now.timestamp())} must be before the "
            f"expiration date/time {int(expires)}"
        )
    if name in KNOWN_PROVIDERS:
        return
    found = iam().find_provider(tx, "oidc", account, name)
    if found is None:
        raise api.InvalidIdentityTokenException(
            f"No OpenIDConnect provider found in your account for https://{urlsplit('//' + name).netloc}"
            f"{urlsplit('//' + name).path}"
        )
    if found.clients and audience not in found.clients:
        raise api.InvalidIdentityTokenException("Incorrect token audience")


def saml_claims(tx: Tx, assertion: str, role: Arn, principal: Arn) -> Claims:
    """What a SAML response says."""
    try:
        document = base64.b64decode(assertion, validate=False)
        found: Assertion = parse(document)
    except (ValueError, binascii.Error):
        raise api.InvalidIdentityTokenException("Invalid base64 SAMLResponse") from None
    provider = principal.resource_id
    if tx.setting("enforce_iam") and iam().find_provider(tx, "saml", principal.account, provider) is None:
        raise api.InvalidIdentityTokenException("Specified provider doesn't exist")
    values = found.attributes
    tags = {
        name.removeprefix(SAML_ATTRIBUTES + "PrincipalTag:"): value[0]
        for name, value in values.items()
        if name.startswith(SAML_ATTRIBUTES + "PrincipalTag:") and value
    }
    duration = (values.get(SAML_ATTRIBUTES + "SessionDuration") or [""])[0]
    digest = hashlib.sha1(f"{found.issuer}{principal.account}/{provider}".encode(), usedforsecurity=False).digest()
    qualifier = base64.b64encode(digest).decode()
    context = {
        "saml:sub": found.subject,
        "saml:sub_type": found.subject_type,
        "saml:iss": found.issuer,
        "saml:aud": found.audience,
        "saml:namequalifier": qualifier,
        "saml:doc": f"{principal.account}/{provider}",
    }
    return Claims(
        subject=found.subject,
        subject_type=found.subject_type,
        issuer=found.issuer,
        audience=found.audience,
        provider=str(principal),
        name_qualifier=qualifier,
        session_name=(values.get(SAML_ATTRIBUTES + "RoleSessionName") or [None])[0],
        seconds=int(duration) if duration.isdigit() else None,
        source_identity=(values.get(SAML_ATTRIBUTES + "SourceIdentity") or [None])[0],
        tags=tags,
        transitive=tuple(values.get(SAML_ATTRIBUTES + "TransitiveTagKeys") or ()),
        context={key: value for key, value in context.items() if value},
    )
