"""The account as an issuer of tokens for services outside."""

from __future__ import annotations

from sundog.api import iam as api
from sundog.core import Tx, op
from sundog.services.iam.state import account_row, update_account


def signing_key(tx: Tx, algorithm: str) -> bytes:
    """The account's private key for an algorithm, in PEM form; made when first needed."""
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import ec, rsa

    row = account_row(tx)
    found = row.signing_keys.get(algorithm)
    if found is None:
        key = rsa.generate_private_key(65537, 2048) if algorithm == "RS256" else ec.generate_private_key(ec.SECP384R1())
        found = key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        update_account(tx, signing_keys={**row.signing_keys, algorithm: found})
    return found


@op
def enable_outbound_web_identity_federation(
    tx: Tx, req: api.EnableOutboundWebIdentityFederationRequest
) -> api.EnableOutboundWebIdentityFederationResponse:
    """Let GetWebIdentityToken work."""
    row = account_row(tx)
    if row.issuer is not None:
        raise api.FeatureEnabledException("Outbound web identity federation is already enabled for the account.")
    issuer = f"https://{tx.ids.uuid()}.tokens.sts.global.api.aws"
    update_account(tx, issuer=issuer)
    return api.EnableOutboundWebIdentityFederationResponse(issuer_identifier=issuer)


@op
def disable_outbound_web_identity_federation(tx: Tx, req: api.DisableOutboundWebIdentityFederationRequest) -> None:
    if account_row(tx).issuer is None:
        raise _disabled()
    update_account(tx, issuer=None)


def _disabled() -> api.FeatureDisabledException:
    return api.FeatureDisabledException("Outbound web identity federation is not enabled for the account.")


@op
def get_outbound_web_identity_federation_info(
    tx: Tx, req: api.GetOutboundWebIdentityFederationInfoRequest
) -> api.GetOutboundWebIdentityFederationInfoResponse:
    issuer = account_row(tx).issuer
    if issuer is None:
        raise _disabled()
    return api.GetOutboundWebIdentityFederationInfoResponse(issuer_identifier=issuer, jwt_vending_enabled=True)
