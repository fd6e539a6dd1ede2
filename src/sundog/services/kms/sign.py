"""Signatures, MACs, shared secrets and public keys."""

from __future__ import annotations

import hashlib
import hmac
from typing import Any

from sundog.api import kms as api
from sundog.core import AwsError, Tx, op
from sundog.services.kms.grant import dry
from sundog.services.kms.material import private_key, public_der, secret_of
from sundog.services.kms.spec import algorithms, check
from sundog.services.kms.state import KmsKey, enabled, key_of


def _signer(tx: Tx, req: Any, operation: str, usage: str, algorithm: str, member: str) -> tuple[Tx, KmsKey]:
    there, key = key_of(tx, req.key_id, aliases=True)
    enabled(key)
    check(key, usage, operation, algorithm, member)
    return there, key


def _digest(req: Any) -> tuple[bytes, Any]:
    """The digest to be signed, and its algorithm as the signing library takes it."""
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric.utils import Prehashed

    bits = req.signing_algorithm.rsplit("_", 1)[-1]
    kind = {"256": hashes.SHA256, "384": hashes.SHA384, "512": hashes.SHA512}[bits]()
    if req.message_type == "DIGEST":
        if len(req.message) != kind.digest_size:
            raise AwsError("ValidationException", f"Digest is invalid length for algorithm {req.signing_algorithm}.")
        return req.message, Prehashed(kind)
    return hashlib.new(f"sha{bits}", req.message).digest(), Prehashed(kind)


def _arguments(algorithm: str, kind: Any) -> tuple[Any, ...]:
    from cryptography.hazmat.primitives.asymmetric import ec, padding

    if algorithm.startswith("ECDSA"):
        return (ec.ECDSA(kind),)
    if "PSS" in algorithm:
        inner = kind._algorithm
        return padding.PSS(mgf=padding.MGF1(inner), salt_length=inner.digest_size), kind
    return padding.PKCS1v15(), kind


@op
def sign(tx: Tx, req: api.SignRequest) -> api.SignResponse:
    algorithm = req.signing_algorithm
    there, key = _signer(tx, req, "Sign", "SIGN_VERIFY", algorithm, "signing_algorithms")
    digest, kind = _digest(req)
    dry(req.dry_run)
    signature = private_key(there, key).sign(digest, *_arguments(algorithm, kind))
    return api.SignResponse(key_id=key.arn, signature=signature, signing_algorithm=algorithm)


@op
def verify(tx: Tx, req: api.VerifyRequest) -> api.VerifyResponse:
    from cryptography.exceptions import InvalidSignature

    algorithm = req.signing_algorithm
    there, key = _signer(tx, req, "Verify", "SIGN_VERIFY", algorithm, "signing_algorithms")
    digest, kind = _digest(req)
    dry(req.dry_run)
    try:
        private_key(there, key).public_key().verify(req.signature, digest, *_arguments(algorithm, kind))
    except InvalidSignature:
        raise api.KMSInvalidSignatureException("") from None
    return api.VerifyResponse(key_id=key.arn, signature_valid=True, signing_algorithm=algorithm)


def _mac(tx: Tx, key: KmsKey, algorithm: str, message: bytes) -> bytes:
    secret = secret_of(tx, key)
    assert secret is not None
    return hmac.new(secret, message, "sha" + algorithm.rsplit("_", 1)[-1]).digest()


@op
def generate_mac(tx: Tx, req: api.GenerateMacRequest) -> api.GenerateMacResponse:
    algorithm = req.mac_algorithm
    there, key = _signer(tx, req, "GenerateMac", "GENERATE_VERIFY_MAC", algorithm, "mac_algorithms")
    dry(req.dry_run)
    return api.GenerateMacResponse(
        mac=_mac(there, key, algorithm, req.message), mac_algorithm=algorithm, key_id=key.arn
    )


@op
def verify_mac(tx: Tx, req: api.VerifyMacRequest) -> api.VerifyMacResponse:
    algorithm = req.mac_algorithm
    there, key = _signer(tx, req, "VerifyMac", "GENERATE_VERIFY_MAC", algorithm, "mac_algorithms")
    dry(req.dry_run)
    if not hmac.compare_digest(_mac(there, key, algorithm, req.message), req.mac):
        raise api.KMSInvalidMacException("")
    return api.VerifyMacResponse(key_id=key.arn, mac_valid=True, mac_algorithm=algorithm)


@op
def get_public_key(tx: Tx, req: api.GetPublicKeyRequest) -> api.GetPublicKeyResponse:
    there, key = key_of(tx, req.key_id, aliases=True)
    if key.key_spec == "SYMMETRIC_DEFAULT" or key.key_spec.startswith("HMAC"):
        raise api.UnsupportedOperationException(f"{key.arn} is a symmetric key: it has no public key.")
    enabled(key)
    return api.GetPublicKeyResponse(
        key_id=key.arn,
        public_key=public_der(private_key(there, key)),
        key_spec=key.key_spec,
        customer_master_key_spec=key.key_spec,
        key_usage=key.key_usage,
        **{name: value for name, value in algorithms(key).items() if name != "mac_algorithms"},
    )


@op
def derive_shared_secret(tx: Tx, req: api.DeriveSharedSecretRequest) -> api.DeriveSharedSecretResponse:
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.hazmat.primitives.serialization import load_der_public_key

    algorithm = req.key_agreement_algorithm
    there, key = _signer(tx, req, "DeriveSharedSecret", "KEY_AGREEMENT", algorithm, "key_agreement_algorithms")
    dry(req.dry_run)
    try:
        public: Any = load_der_public_key(req.public_key)
        secret = private_key(there, key).exchange(ec.ECDH(), public)
    except (ValueError, TypeError):
        raise AwsError("ValidationException", "") from None
    return api.DeriveSharedSecretResponse(
        key_id=key.arn, shared_secret=secret, key_agreement_algorithm=algorithm, key_origin=key.origin
    )
