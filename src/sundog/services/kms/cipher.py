"""Encrypting and decrypting."""

from __future__ import annotations

from typing import Any

import msgspec

from sundog.api import kms as api
from sundog.core import AwsError, Tx, op
from sundog.services.kms.grant import dry
from sundog.services.kms.material import private_key, secret_of, symmetric_secret
from sundog.services.kms.spec import RSA_BITS, check
from sundog.services.kms.state import KmsKey, enabled, key_of

MAGIC = b"\x01\x02\x02\x00"
_OVERHEAD = {"RSAES_OAEP_SHA_1": 42, "RSAES_OAEP_SHA_256": 66}


def context_bytes(context: dict[str, str] | None) -> bytes:
    return msgspec.json.encode(sorted((context or {}).items()))


def seal(tx: Tx, key: KmsKey, text: bytes, context: dict[str, str] | None) -> bytes:
    """Cipher text that names its key and material, bound to the context."""
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    material, secret = symmetric_secret(tx, key)
    nonce = bytes.fromhex(tx.ids.hex(24))
    arn = key.arn.encode()
    head = MAGIC + bytes([len(arn)]) + arn + bytes.fromhex(material.id)
    return head + nonce + AESGCM(secret).encrypt(nonce, text, head + context_bytes(context))


def unseal(tx: Tx, blob: bytes, context: dict[str, str] | None, expected: KmsKey | None) -> tuple[KmsKey, str, bytes]:
    """The key, the id of its material, and the plain text of what ``seal`` made."""
    from cryptography.exceptions import InvalidTag
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    size = blob[4] if len(blob) > 5 else 0
    end = 5 + size
    if blob[:4] != MAGIC or len(blob) < end + 32 + 12 + 16:
        raise api.InvalidCiphertextException("")
    arn = blob[5:end].decode(errors="replace")
    if expected is not None and arn != expected.arn and not _twins(arn, expected):
        raise api.IncorrectKeyException(
            "The key ID in the request does not identify a CMK that can perform this operation."
        )
    there, key = (tx, expected) if expected is not None else key_of(tx, arn)
    enabled(key)
    material_id = blob[end : end + 32].hex()
    secret = secret_of(there, key, material_id)
    if secret is None:
        raise api.InvalidCiphertextException("")
    head, nonce = blob[: end + 32], blob[end + 32 : end + 44]
    try:
        return key, material_id, AESGCM(secret).decrypt(nonce, blob[end + 44 :], head + context_bytes(context))
    except InvalidTag:
        raise api.InvalidCiphertextException("") from None


def _twins(arn: str, key: KmsKey) -> bool:
    """Whether the ARN is of the same key in another region."""
    return key.multi_region and arn.rsplit("/", 1)[-1] == key.key_id


def _padding(algorithm: str) -> Any:
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import padding

    digest: Any = hashes.SHA1() if algorithm.endswith("SHA_1") else hashes.SHA256()
    return padding.OAEP(mgf=padding.MGF1(algorithm=digest), algorithm=digest, label=None)


def _encrypted(tx: Tx, key: KmsKey, algorithm: str, text: bytes, context: dict[str, str] | None) -> bytes:
    if key.key_spec == "SYMMETRIC_DEFAULT":
        return seal(tx, key, text, context)
    most = RSA_BITS[key.key_spec] // 8 - _OVERHEAD[algorithm]
    if len(text) > most:
        raise AwsError(
            "ValidationException",
            f"Algorithm {algorithm} and key spec {key.key_spec} cannot encrypt data larger than {most} bytes.",
        )
    return private_key(tx, key).public_key().encrypt(text, _padding(algorithm))


def _decrypted(
    tx: Tx, wanted: str | None, algorithm: str, blob: bytes | None, context: dict[str, str] | None, operation: str
) -> tuple[KmsKey, str | None, bytes]:
    if blob is None:
        raise AwsError(
            "ValidationException",
            "1 validation error detected: Value null at 'ciphertextBlob' failed to satisfy constraint: "
            "Member must not be null",
        )
    if wanted is None:
        if algorithm != "SYMMETRIC_DEFAULT":
            raise AwsError("ValidationException", "KeyId is required for asymmetric encryption algorithms.")
        return unseal(tx, blob, context, None)
    there, key = key_of(tx, wanted, aliases=True)
    enabled(key)
    check(key, "ENCRYPT_DECRYPT", operation, algorithm, "encryption_algorithms")
    if algorithm == "SYMMETRIC_DEFAULT":
        return unseal(there, blob, context, key)
    try:
        return key, None, private_key(there, key).decrypt(blob, _padding(algorithm))
    except ValueError:
        raise api.InvalidCiphertextException("") from None


@op
def encrypt(tx: Tx, req: api.EncryptRequest) -> api.EncryptResponse:
    there, key = key_of(tx, req.key_id, aliases=True)
    enabled(key)
    algorithm = req.encryption_algorithm or "SYMMETRIC_DEFAULT"
    check(key, "ENCRYPT_DECRYPT", "Encrypt", algorithm, "encryption_algorithms")
    blob = _encrypted(there, key, algorithm, req.plaintext, req.encryption_context)
    dry(req.dry_run)
    return api.EncryptResponse(ciphertext_blob=blob, key_id=key.arn, encryption_algorithm=algorithm)


@op
def decrypt(tx: Tx, req: api.DecryptRequest) -> api.DecryptResponse:
    algorithm = req.encryption_algorithm or "SYMMETRIC_DEFAULT"
    key, material, text = _decrypted(tx, req.key_id, algorithm, req.ciphertext_blob, req.encryption_context, "Decrypt")
    dry(req.dry_run)
    return api.DecryptResponse(key_id=key.arn, plaintext=text, encryption_algorithm=algorithm, key_material_id=material)


@op
def re_encrypt(tx: Tx, req: api.ReEncryptRequest) -> api.ReEncryptResponse:
    old = req.source_encryption_algorithm or "SYMMETRIC_DEFAULT"
    new = req.destination_encryption_algorithm or "SYMMETRIC_DEFAULT"
    source, was, text = _decrypted(
        tx, req.source_key_id, old, req.ciphertext_blob, req.source_encryption_context, "ReEncryptFrom"
    )
    there, key = key_of(tx, req.destination_key_id, aliases=True)
    enabled(key)
    check(key, "ENCRYPT_DECRYPT", "ReEncryptTo", new, "encryption_algorithms")
    blob = _encrypted(there, key, new, text, req.destination_encryption_context)
    dry(req.dry_run)
    return api.ReEncryptResponse(
        ciphertext_blob=blob,
        source_key_id=source.arn,
        key_id=key.arn,
        source_encryption_algorithm=old,
        destination_encryption_algorithm=new,
        source_key_material_id=was,
        destination_key_material_id=key.materials[-1].id if new == "SYMMETRIC_DEFAULT" else None,
    )
