"""Signatures of notifications, and the certificate that they verify against."""

from __future__ import annotations

import base64
import contextlib
import functools
import hashlib
import os
import tempfile
from pathlib import Path
from typing import Any

_SIGNED = {
    "Notification": ("Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type"),
    "SubscriptionConfirmation": ("Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"),
}
_SIGNED["UnsubscribeConfirmation"] = _SIGNED["SubscriptionConfirmation"]
_PUBLIC = b"-----BEGIN CERTIFICATE-----"
PREFIX = "/SimpleNotificationService-"


@functools.cache
def _key(home: Path) -> tuple[Any, bytes]:
    """The key that signs, and its certificate. Both are kept, as it takes long to make a key."""
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    path = home / "sns.pem"
    try:
        pem = path.read_bytes()
        private, _, public = pem.partition(_PUBLIC)
        key = load_pem_private_key(private, None, unsafe_skip_rsa_key_validation=True)
        return key, _PUBLIC + public
    except (OSError, ValueError):
        pass
    key, private, public = _make()
    # Whoever can't keep it goes without.
    with contextlib.suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        handle, name = tempfile.mkstemp(dir=path.parent, prefix="sns-")  # only its owner may read it
        with os.fdopen(handle, "wb") as file:
            file.write(private + public)
        os.replace(name, path)
    return key, public


def _make() -> tuple[Any, bytes, bytes]:
    """A key, and it and its certificate as text."""
    import datetime

    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import rsa

    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "sns.amazonaws.com")])
    begin = datetime.datetime(2020, 1, 1, tzinfo=datetime.timezone.utc)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(begin)
        .not_valid_after(begin + datetime.timedelta(days=36_500))
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return key, private, certificate.public_bytes(serialization.Encoding.PEM)


def certificate(home: Path) -> bytes:
    """The certificate, as its URL serves it."""
    return _key(home)[1]


def certificate_path(home: Path) -> str:
    return f"{PREFIX}{hashlib.sha256(certificate(home)).hexdigest()[:32]}.pem"


def sign(home: Path, envelope: dict[str, Any], version: str) -> str:
    """The signature of a message in the form of its JSON."""
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import padding

    text = "".join(
        f"{name}\n{envelope[name]}\n" for name in _SIGNED[envelope["Type"]] if envelope.get(name) is not None
    )
    # AWS's first version is SHA-1, and clients verify it as such.
    algorithm = hashes.SHA256() if version == "2" else hashes.SHA1()
    return base64.b64encode(_key(home)[0].sign(text.encode(), padding.PKCS1v15(), algorithm)).decode()
