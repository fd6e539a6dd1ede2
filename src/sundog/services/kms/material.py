"""The secrets of keys. They are made when they are first needed: an RSA key takes a while."""

from __future__ import annotations

from typing import Any

import msgspec

from sundog.core import Tx
from sundog.services.kms.spec import CURVES, HMAC_BITS, RSA_BITS
from sundog.services.kms.state import KmsKey, Material


def random_bytes(tx: Tx, count: int) -> bytes:
    return bytes.fromhex(tx.ids.hex(2 * count))


def generated(tx: Tx, spec: str) -> bytes:
    """A new secret for a spec: a private key as DER, or random bytes."""
    if spec in RSA_BITS or spec in CURVES:
        return der_of(new_pair(spec))
    return random_bytes(tx, HMAC_BITS.get(spec, 256) // 8)


def new_pair(spec: str) -> Any:
    from cryptography.hazmat.primitives.asymmetric import ec, rsa

    if spec in RSA_BITS:
        return rsa.generate_private_key(public_exponent=65537, key_size=RSA_BITS[spec])
    return ec.generate_private_key(getattr(ec, CURVES[spec][0])())


def der_of(private: Any) -> bytes:
    from cryptography.hazmat.primitives import serialization as form

    return private.private_bytes(form.Encoding.DER, form.PrivateFormat.PKCS8, form.NoEncryption())


def public_der(private: Any) -> bytes:
    from cryptography.hazmat.primitives import serialization as form

    return private.public_key().public_bytes(form.Encoding.DER, form.PublicFormat.SubjectPublicKeyInfo)


def secret_of(tx: Tx, key: KmsKey, material_id: str | None = None) -> bytes | None:
    """The secret of the key's newest material, or of the one with the id."""
    wanted = key.materials[-1].id if material_id is None else material_id
    # A key that an earlier step of this call gave its secret to is newer than the row at hand.
    row = tx.find(KmsKey, key.key_id) or key
    material = next((one for one in row.materials if one.id == wanted), None)
    if material is None:
        return None
    if material.secret:
        return material.secret
    made = msgspec.structs.replace(material, secret=generated(tx, key.key_spec))
    # All regions of a key share it.
    for region in row.regions or (tx.region,):
        place = tx.in_(region=region)
        copy = place.find(KmsKey, key.key_id)
        if copy is not None:
            place.update(copy, materials=tuple(made if one.id == wanted else one for one in copy.materials))
    return made.secret


def symmetric_secret(tx: Tx, key: KmsKey) -> tuple[Material, bytes]:
    secret = secret_of(tx, key)
    assert secret is not None
    return key.materials[-1], secret


def private_key(tx: Tx, key: KmsKey) -> Any:
    from cryptography.hazmat.primitives.serialization import load_der_private_key

    secret = secret_of(tx, key)
    assert secret is not None
    return load_der_private_key(secret, None)
