"""Real keys: made, written as PEM and PuTTY files, read from what users import, and fingerprinted as EC2 does."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import struct
from typing import Any, NamedTuple

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ed25519, rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_der_public_key,
    load_pem_public_key,
    load_ssh_public_key,
)

from sundog.core import AwsError

RSA_BITS = 2048
RSA_SIZES = (1024, 2048, 4096)
_LINE = 64


class Made(NamedTuple):
    """A new key pair: its public half as an OpenSSH line, its private half as the file that the user gets."""

    kind: str
    fingerprint: str
    public: str
    private: str


def make(kind: str, file_format: str, name: str) -> Made:
    """A new key pair. The keys come from the system's generator: a seed doesn't make them repeat."""
    key: Any
    if kind == "ed25519":
        key = ed25519.Ed25519PrivateKey.generate()
        fingerprint = _ssh_fingerprint(key.public_key())
        pem = key.private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption()).decode()
    else:
        key = rsa.generate_private_key(65537, RSA_BITS)
        der = key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
        fingerprint = _colons(hashlib.sha1(der, usedforsecurity=False).hexdigest())
        pem = key.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption()).decode().rstrip("\n")
    private = _putty(key, name) if file_format == "ppk" else pem
    return Made(kind, fingerprint, f"{_ssh(key.public_key()).decode()} {name}", private)


def read(material: bytes, name: str) -> tuple[str, str, str]:
    """Kind, fingerprint and OpenSSH line of an imported public key; EC2's error for anything else."""
    key = _load(material)
    if isinstance(key, rsa.RSAPublicKey):
        if key.key_size not in RSA_SIZES:
            raise _invalid()
        der = key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        fingerprint = _colons(hashlib.md5(der, usedforsecurity=False).hexdigest())
        return "rsa", fingerprint, f"{_ssh(key).decode()} {name}"
    if isinstance(key, ed25519.Ed25519PublicKey):
        return "ed25519", _ssh_fingerprint(key), f"{_ssh(key).decode()} {name}"
    raise _invalid()


def _load(material: bytes) -> Any:
    """OpenSSH, RFC 4716, PEM or base64 of DER. Clients that encode twice are understood, as EC2 understands them."""
    text = material.strip()
    try:
        if not text.startswith((b"ssh-", b"-----", b"----")):
            inner = base64.b64decode(b"".join(text.split()), validate=True)
            if inner.startswith((b"ssh-", b"-----", b"----")):
                text = inner.strip()
            else:
                return load_der_public_key(inner)
        if text.startswith(b"---- BEGIN SSH2 PUBLIC KEY"):
            return load_ssh_public_key(_from_rfc4716(text))
        if text.startswith(b"ssh-"):
            return load_ssh_public_key(text)
        return load_pem_public_key(text)
    except (ValueError, UnsupportedAlgorithm, binascii.Error):
        raise _invalid() from None


def _from_rfc4716(text: bytes) -> bytes:
    body: list[bytes] = []
    continued = False
    for line in text.splitlines()[1:-1]:
        if continued or b":" in line:
            continued = line.endswith(b"\\")
        else:
            body.append(line.strip())
    blob = b"".join(body)
    raw = base64.b64decode(blob, validate=True)
    length = struct.unpack(">I", raw[:4])[0] if len(raw) >= 4 else 0
    return raw[4 : 4 + length] + b" " + blob


def _invalid() -> AwsError:
    return AwsError("InvalidKey.Format", "Key is not in valid OpenSSH public key format")


def _ssh(key: Any) -> bytes:
    return key.public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH)


def _colons(digits: str) -> str:
    return ":".join(digits[index : index + 2] for index in range(0, len(digits), 2))


def _ssh_fingerprint(key: Any) -> str:
    blob = base64.b64decode(_ssh(key).split()[1])
    return base64.b64encode(hashlib.sha256(blob).digest()).decode()


# -- PuTTY's files (version 2, without a passphrase)


def _putty(key: Any, comment: str) -> str:
    if isinstance(key, rsa.RSAPrivateKey):
        kind = "ssh-rsa"
        numbers = key.private_numbers()
        private = b"".join(_mpint(n) for n in (numbers.d, numbers.p, numbers.q, numbers.iqmp))
    else:
        kind = "ssh-ed25519"
        raw = key.private_bytes(Encoding.Raw, PrivateFormat.Raw, NoEncryption())
        private = _mpint(int.from_bytes(raw, "little"))
    public = base64.b64decode(_ssh(key.public_key()).split()[1])
    signed = b"".join(_string(part) for part in (kind.encode(), b"none", comment.encode(), public, private))
    mac_key = hashlib.sha1(b"putty-private-key-file-mac-key", usedforsecurity=False).digest()
    mac = hmac.new(mac_key, signed, "sha1").hexdigest()
    lines = [
        f"PuTTY-User-Key-File-2: {kind}",
        "Encryption: none",
        f"Comment: {comment}",
        *_block("Public", public),
        *_block("Private", private),
        f"Private-MAC: {mac}",
    ]
    return "\r\n".join(lines)


def _block(name: str, data: bytes) -> list[str]:
    text = base64.b64encode(data).decode()
    lines = [text[index : index + _LINE] for index in range(0, len(text), _LINE)]
    return [f"{name}-Lines: {len(lines)}", *lines]


def _string(data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + data


def _mpint(number: int) -> bytes:
    return _string(number.to_bytes(number.bit_length() // 8 + 1, "big"))
