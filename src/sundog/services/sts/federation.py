"""Sessions of users, of people a user vouches for, and tokens for services outside."""

from __future__ import annotations

import datetime

from sundog.api import sts as api
from sundog.core import AwsError, Tx, op, parse_arn
from sundog.core.credential import AccessKey, TradeInToken
from sundog.core.identity import iam
from sundog.services.sts.session import Limits, checked_name, new_session, session_tags, sizes

HALF_DAY = 43_200


def _refuse_sessions(tx: Tx, operation: str) -> AccessKey | None:
    key = tx.caller.key
    if key is not None and key.token is not None:
        raise AwsError("AccessDenied", f"Cannot call {operation} with session credentials", 403)
    return key


@op
def get_session_token(tx: Tx, req: api.GetSessionTokenRequest) -> api.GetSessionTokenResponse:
    """Temporary credentials of the caller's own."""
    known = _refuse_sessions(tx, "GetSessionToken")
    caller = tx.caller
    seconds = req.duration_seconds or HALF_DAY
    if known is not None and known.kind == "root":
        seconds = min(seconds, 3600)
    mfa = req.serial_number is not None and req.token_code is not None
    key, credentials = new_session(
        tx,
        known.kind if known is not None else "root",
        caller.account,
        caller.arn,
        caller.user_id,
        seconds,
        req.minimum_session_token_size,
        user_name=known.user_name if known is not None else None,
        multi_factor=mfa,
    )
    return api.GetSessionTokenResponse(credentials=credentials, **sizes(key, req.minimum_session_token_size))


@op
def get_federation_token(tx: Tx, req: api.GetFederationTokenRequest) -> api.GetFederationTokenResponse:
    """Temporary credentials for somebody whom the calling user vouches for."""
    known = _refuse_sessions(tx, "GetFederationToken")
    name = checked_name(req.name, "name")
    tags = session_tags(req.tags)
    limits = Limits(tx, req.policy, req.policy_arns, tags)
    account = tx.caller.account
    arn = f"arn:{tx.partition}:sts::{account}:federated-user/{name}"
    seconds = req.duration_seconds or HALF_DAY
    if known is not None and known.kind == "root":
        seconds = min(seconds, 3600)
    key, credentials = new_session(
        tx,
        "federated",
        account,
        arn,
        f"{account}:{name}",
        seconds,
        req.minimum_session_token_size,
        session_name=name,
        tags=tags,
        policies=limits.documents,
        policy_arns=limits.arns,
        source_arn=tx.caller.arn,
        user_name=known.user_name if known is not None else None,
    )
    return api.GetFederationTokenResponse(
        credentials=credentials,
        federated_user=api.FederatedUser(federated_user_id=key.user_id, arn=arn),
        packed_policy_size=limits.packed,
        **sizes(key, req.minimum_session_token_size),
    )


@op
def get_delegated_access_token(tx: Tx, req: api.GetDelegatedAccessTokenRequest) -> api.GetDelegatedAccessTokenResponse:
    """Credentials for a token that an accepted delegation request brought. A token is good once."""
    token = tx.find(TradeInToken, req.trade_in_token)
    if token is None:
        raise AwsError("InvalidParameterValue", "The trade-in token is not valid.")
    if token.expires <= tx.now:
        raise api.ExpiredTradeInTokenException("The trade-in token has expired.")
    tx.delete(token)
    arn = parse_arn(token.arn)
    name = arn.resource_id if arn is not None else ""
    limits = Limits(tx, None, None)
    _, credentials = new_session(
        tx,
        "federated",
        token.account,
        token.arn,
        f"{token.account}:{name}",
        token.duration,
        policies=token.policies,
        policy_arns=token.policy_arns,
        source_arn=token.arn,
    )
    return api.GetDelegatedAccessTokenResponse(
        credentials=credentials, packed_policy_size=limits.packed, assumed_principal=token.arn
    )


@op
def get_web_identity_token(tx: Tx, req: api.GetWebIdentityTokenRequest) -> api.GetWebIdentityTokenResponse:
    """A signed token by which services outside the cloud know the caller."""
    from sundog.services.sts.jwt import signed

    issuer = iam().outbound_issuer(tx)
    if issuer is None:
        raise api.OutboundWebIdentityFederationDisabledException(
            "The account does not have the outbound web identity federation feature enabled."
        )
    if req.signing_algorithm not in ("RS256", "ES384"):
        raise AwsError(
            "ValidationError",
            f"1 validation error detected: Value '{req.signing_algorithm}' at 'signingAlgorithm' failed to satisfy "
            "constraint: Member must satisfy enum value set: [RS256, ES384]",
        )
    seconds = req.duration_seconds or 300
    expires = tx.now.replace(microsecond=0) + datetime.timedelta(seconds=seconds)
    caller = tx.caller
    if caller.key is not None and caller.key.expires is not None and caller.key.expires < expires:
        raise api.SessionDurationEscalationException(
            "The requested token duration would extend the session beyond its original expiration time."
        )
    subject = caller.arn if caller.key is None or caller.key.role_arn is None else caller.key.role_arn
    details: dict[str, object] = {
        "aws_account": caller.account,
        "source_region": tx.region,
        "principal_id": subject,
    }
    tags = session_tags(req.tags)
    if tags:
        details["request_tags"] = tags
    if caller.key is not None and caller.key.tags:
        details["principal_tags"] = caller.key.tags
    now = int(tx.now.timestamp())
    audience: list[str] = list(req.audience)
    token = signed(
        tx,
        issuer.key_of(tx, req.signing_algorithm),
        req.signing_algorithm,
        {
            "aud": audience[0] if len(audience) == 1 else audience,
            "sub": subject,
            "https://sts.amazonaws.com/": details,
            "iss": issuer.url,
            "exp": int(expires.timestamp()),
            "iat": now,
            "jti": tx.ids.uuid(),
        },
    )
    if len(token) > 8192:
        raise api.JWTPayloadSizeExceededException("The requested token payload size exceeds the maximum allowed size.")
    return api.GetWebIdentityTokenResponse(web_identity_token=token, expiration=expires)
