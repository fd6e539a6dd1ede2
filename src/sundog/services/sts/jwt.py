"""JSON Web Tokens: read without checking, and signed."""

from __future__ import annotations

import base64
import binascii
import hashlib
from typing import Any

import msgspec

from sundog.core import Tx


def read(token: str) -> dict[str, Any] | None:
    """The claims of a token; None if it isn't one."""
    parts = token.split(".")
    if len(parts) != 3:
        return None
    try:
        header, claims = (
            msgspec.json.decode(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))) for part in parts[:2]
        )
    except (ValueError, binascii.Error, msgspec.DecodeError):
        return None
    return claims if isinstance(header, dict) and isinstance(claims, dict) else None


def encoded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def signed(tx: Tx, key: bytes, algorithm: str, claims: dict[str, Any]) -> str:
    """A token, signed by a private key in PEM form."""
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
    from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

    private = serialization.load_pem_private_key(key, None)
    public = private.public_key().public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    header = {"kid": encoded(hashlib.sha256(public).digest()), "typ": "JWT", "alg": algorithm}
    text = f"{encoded(msgspec.json.encode(header))}.{encoded(msgspec.json.encode(claims))}"
    if isinstance(private, rsa.RSAPrivateKey):
        signature = private.sign(text.encode(), padding.PKCS1v15(), hashes.SHA256())
    else:
        assert isinstance(private, ec.EllipticCurvePrivateKey)
        r, s = decode_dss_signature(private.sign(text.encode(), ec.ECDSA(hashes.SHA384())))
        signature = r.to_bytes(48, "big") + s.to_bytes(48, "big")
    return f"{text}.{encoded(signature)}"
