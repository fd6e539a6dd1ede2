"""Data keys, pairs of them, and random bytes."""

from __future__ import annotations

from typing import Any

from sundog.api import kms as api
from sundog.core import AwsError, Tx, op
from sundog.services.kms.cipher import seal
from sundog.services.kms.grant import dry
from sundog.services.kms.material import der_of, new_pair, public_der, random_bytes
from sundog.services.kms.spec import CURVES, RSA_BITS, check
from sundog.services.kms.state import KmsKey, enabled, key_of

_SIZES = {"AES_256": 32, "AES_128": 16}


def _wrapping(tx: Tx, req: Any, operation: str) -> tuple[Tx, KmsKey]:
    there, key = key_of(tx, req.key_id, aliases=True)
    enabled(key)
    check(key, "ENCRYPT_DECRYPT", operation, "SYMMETRIC_DEFAULT", "encryption_algorithms")
    return there, key


def _data_key(tx: Tx, req: Any, operation: str) -> tuple[KmsKey, bytes, bytes]:
    there, key = _wrapping(tx, req, operation)
    if (req.key_spec is None) == (req.number_of_bytes is None):
        raise AwsError("ValidationException", "Please specify either number of bytes or key spec.")
    text = random_bytes(tx, req.number_of_bytes or _SIZES[req.key_spec])
    blob = seal(there, key, text, req.encryption_context)
    dry(req.dry_run)
    return key, text, blob


def _refuse_recipient(recipient: Any) -> None:
    if recipient is not None:
        raise api.UnsupportedOperationException("Attestation documents of enclaves are not supported.")


@op
def generate_data_key(tx: Tx, req: api.GenerateDataKeyRequest) -> api.GenerateDataKeyResponse:
    _refuse_recipient(req.recipient)
    key, text, blob = _data_key(tx, req, "GenerateDataKey")
    return api.GenerateDataKeyResponse(
        ciphertext_blob=blob, plaintext=text, key_id=key.arn, key_material_id=key.materials[-1].id
    )


@op
def generate_data_key_without_plaintext(
    tx: Tx, req: api.GenerateDataKeyWithoutPlaintextRequest
) -> api.GenerateDataKeyWithoutPlaintextResponse:
    key, _, blob = _data_key(tx, req, "GenerateDataKeyWithoutPlaintext")
    return api.GenerateDataKeyWithoutPlaintextResponse(
        ciphertext_blob=blob, key_id=key.arn, key_material_id=key.materials[-1].id
    )


def _pair(tx: Tx, req: Any, operation: str) -> tuple[KmsKey, dict[str, Any], bytes]:
    there, key = _wrapping(tx, req, operation)
    if req.key_pair_spec not in RSA_BITS and req.key_pair_spec not in CURVES:
        raise api.UnsupportedOperationException(f"KeyPairSpec {req.key_pair_spec} is not supported in this region.")
    dry(req.dry_run)
    private = new_pair(req.key_pair_spec)
    secret = der_of(private)
    told = {
        "private_key_ciphertext_blob": seal(there, key, secret, req.encryption_context),
        "public_key": public_der(private),
        "key_id": key.arn,
        "key_pair_spec": req.key_pair_spec,
        "key_material_id": key.materials[-1].id,
    }
    return key, told, secret


@op
def generate_data_key_pair(tx: Tx, req: api.GenerateDataKeyPairRequest) -> api.GenerateDataKeyPairResponse:
    _refuse_recipient(req.recipient)
    _, told, secret = _pair(tx, req, "GenerateDataKeyPair")
    return api.GenerateDataKeyPairResponse(private_key_plaintext=secret, **told)


@op
def generate_data_key_pair_without_plaintext(
    tx: Tx, req: api.GenerateDataKeyPairWithoutPlaintextRequest
) -> api.GenerateDataKeyPairWithoutPlaintextResponse:
    return api.GenerateDataKeyPairWithoutPlaintextResponse(**_pair(tx, req, "GenerateDataKeyPairWithoutPlaintext")[1])


@op
def generate_random(tx: Tx, req: api.GenerateRandomRequest) -> api.GenerateRandomResponse:
    _refuse_recipient(req.recipient)
    if req.number_of_bytes is None:
        raise AwsError("ValidationException", "NumberOfBytes is required.")
    return api.GenerateRandomResponse(plaintext=random_bytes(tx, req.number_of_bytes))
