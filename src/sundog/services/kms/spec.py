"""Which specs of keys there are, and what each can do."""

from __future__ import annotations

from sundog.api import kms as api
from sundog.services.kms.state import KmsKey

RSA_BITS = {"RSA_2048": 2048, "RSA_3072": 3072, "RSA_4096": 4096}
CURVES = {
    "ECC_NIST_P256": ("SECP256R1", "ECDSA_SHA_256"),
    "ECC_NIST_P384": ("SECP384R1", "ECDSA_SHA_384"),
    "ECC_NIST_P521": ("SECP521R1", "ECDSA_SHA_512"),
    "ECC_SECG_P256K1": ("SECP256K1", "ECDSA_SHA_256"),
}
HMAC_BITS = {"HMAC_224": 224, "HMAC_256": 256, "HMAC_384": 384, "HMAC_512": 512}
RSA_SIGNING = [f"RSASSA_{kind}_SHA_{bits}" for kind in ("PKCS1_V1_5", "PSS") for bits in (256, 384, 512)]
RSA_ENCRYPTION = ["RSAES_OAEP_SHA_1", "RSAES_OAEP_SHA_256"]


def usages(spec: str) -> tuple[str, ...]:
    """What a key of the spec may be for; the first is what it is for when nothing is said."""
    if spec == "SYMMETRIC_DEFAULT":
        return ("ENCRYPT_DECRYPT",)
    if spec in RSA_BITS:
        return ("ENCRYPT_DECRYPT", "SIGN_VERIFY")
    if spec in HMAC_BITS:
        return ("GENERATE_VERIFY_MAC",)
    if spec == "ECC_SECG_P256K1":
        return ("SIGN_VERIFY",)
    return ("SIGN_VERIFY", "KEY_AGREEMENT")


def supported(spec: str) -> None:
    if spec != "SYMMETRIC_DEFAULT" and not (spec in RSA_BITS or spec in CURVES or spec in HMAC_BITS):
        raise api.UnsupportedOperationException(f"KeySpec {spec} is not supported in this region.")


def algorithms(key: KmsKey) -> dict[str, list[str]]:
    """The key's algorithms, by the member of its metadata that shows them."""
    spec = key.key_spec
    if key.key_usage == "ENCRYPT_DECRYPT":
        return {"encryption_algorithms": list(RSA_ENCRYPTION) if spec in RSA_BITS else ["SYMMETRIC_DEFAULT"]}
    if key.key_usage == "GENERATE_VERIFY_MAC":
        return {"mac_algorithms": [spec.replace("HMAC_", "HMAC_SHA_")]}
    if key.key_usage == "KEY_AGREEMENT":
        return {"key_agreement_algorithms": ["ECDH"]}
    return {"signing_algorithms": list(RSA_SIGNING) if spec in RSA_BITS else [CURVES[spec][1]]}


def check(key: KmsKey, usage: str, operation: str, algorithm: str | None, member: str) -> None:
    """Refuse a key for what it isn't for, and an algorithm that it hasn't."""
    if key.key_usage != usage:
        raise api.InvalidKeyUsageException(
            f"{key.arn} key usage is {key.key_usage} which is not valid for {operation}."
        )
    if algorithm is not None and algorithm not in algorithms(key)[member]:
        raise api.InvalidKeyUsageException(f"Algorithm {algorithm} is incompatible with key spec {key.key_spec}.")
