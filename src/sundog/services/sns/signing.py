"""Signatures of notifications, and the certificate that they verify against."""

from __future__ import annotations

import base64
import functools
import hashlib
from typing import Any

_SIGNED = {
    "Notification": ("Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type"),
    "SubscriptionConfirmation": ("Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"),
}
_SIGNED["UnsubscribeConfirmation"] = _SIGNED["SubscriptionConfirmation"]
PREFIX = "/SimpleNotificationService-"


@functools.lru_cache(maxsize=1)
def _key() -> tuple[Any, bytes]:
    """A key of this process's own, and its certificate: made when the first message is signed."""
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
    return key, certificate.public_bytes(serialization.Encoding.PEM)


def certificate() -> bytes:
    """The certificate, as its URL serves it."""
    return _key()[1]


def certificate_path() -> str:
    return f"{PREFIX}{hashlib.sha256(certificate()).hexdigest()[:32]}.pem"


def sign(envelope: dict[str, Any], version: str) -> str:
    """The signature of a message in the form of its JSON."""
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import padding

    text = "".join(
        f"{name}\n{envelope[name]}\n" for name in _SIGNED[envelope["Type"]] if envelope.get(name) is not None
    )
    # AWS's first version is SHA-1, and clients verify it as such.
    algorithm = hashes.SHA256() if version == "2" else hashes.SHA1()
    return base64.b64encode(_key()[0].sign(text.encode(), padding.PKCS1v15(), algorithm)).decode()
