from __future__ import annotations

import base64
import hashlib
import hmac
import struct
from typing import Any

import pytest
from botocore.exceptions import ClientError
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
    load_ssh_private_key,
    load_ssh_public_key,
)


def error(call: Any, **params: Any) -> tuple[str, str]:
    with pytest.raises(ClientError) as caught:
        call(**params)
    found = caught.value.response["Error"]
    return found["Code"], found["Message"]


def colons(digits: str) -> str:
    return ":".join(digits[index : index + 2] for index in range(0, len(digits), 2))


@pytest.fixture(scope="module")
def key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(65537, 2048)


def test_a_new_rsa_key_is_real_and_its_fingerprint_is_of_the_private_key(ec2):
    pair = ec2.create_key_pair(KeyName="mine")
    assert pair["KeyMaterial"].startswith("-----BEGIN RSA PRIVATE KEY-----\n")
    assert pair["KeyMaterial"].endswith("-----END RSA PRIVATE KEY-----")
    loaded = load_pem_private_key(pair["KeyMaterial"].encode(), None)
    assert isinstance(loaded, rsa.RSAPrivateKey)
    assert loaded.key_size == 2048
    der = loaded.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    assert pair["KeyFingerprint"] == colons(hashlib.sha1(der).hexdigest())
    assert pair["KeyPairId"].startswith("key-0")
    (shown,) = ec2.describe_key_pairs(IncludePublicKey=True)["KeyPairs"]
    assert shown["PublicKey"].endswith(" mine")
    numbers = load_ssh_public_key(shown["PublicKey"].encode()).public_numbers()  # type: ignore[union-attr]
    assert numbers == loaded.public_key().public_numbers()
    assert shown["KeyType"] == "rsa"


def test_a_new_ed25519_key(ec2):
    pair = ec2.create_key_pair(KeyName="mine", KeyType="ed25519")
    loaded = load_ssh_private_key(pair["KeyMaterial"].encode(), None)
    assert isinstance(loaded, ed25519.Ed25519PrivateKey)
    line = loaded.public_key().public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH)
    digest = hashlib.sha256(base64.b64decode(line.split()[1])).digest()
    assert pair["KeyFingerprint"] == base64.b64encode(digest).decode()


@pytest.mark.parametrize("kind", ["rsa", "ed25519"])
def test_a_putty_file_holds_the_key_and_its_mac_is_right(ec2, kind: str):
    text = ec2.create_key_pair(KeyName="mine", KeyType=kind, KeyFormat="ppk")["KeyMaterial"]
    lines = text.split("\r\n")
    header = dict(line.split(": ", 1) for line in lines if ": " in line)
    assert header["PuTTY-User-Key-File-2"] == f"ssh-{kind}"
    assert header["Comment"] == "mine"

    def block(name: str) -> bytes:
        start = next(number for number, line in enumerate(lines) if line.startswith(f"{name}-Lines"))
        return base64.b64decode("".join(lines[start + 1 : start + 1 + int(header[f"{name}-Lines"])]))

    public, private = block("Public"), block("Private")
    shown = ec2.describe_key_pairs(IncludePublicKey=True)["KeyPairs"][0]["PublicKey"]
    assert base64.b64decode(shown.split()[1]) == public
    parts = (f"ssh-{kind}".encode(), b"none", b"mine", public, private)
    signed = b"".join(struct.pack(">I", len(part)) + part for part in parts)
    mac_key = hashlib.sha1(b"putty-private-key-file-mac-key").digest()
    assert header["Private-MAC"] == hmac.new(mac_key, signed, "sha1").hexdigest()


def test_an_imported_key_s_fingerprint_is_of_the_public_key(ec2, key):
    line = key.public_key().public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH)
    der = key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    made = ec2.import_key_pair(KeyName="theirs", PublicKeyMaterial=line + b" somebody@somewhere")
    assert made["KeyFingerprint"] == colons(hashlib.md5(der).hexdigest())


@pytest.mark.parametrize(
    "encoded",
    [
        lambda public: public.public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH),
        lambda public: public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo),
        lambda public: base64.b64encode(public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)),
        lambda public: base64.b64encode(public.public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH)),
        lambda public: (
            b'---- BEGIN SSH2 PUBLIC KEY ----\nComment: "x"\n'
            + public.public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH).split()[1]
            + b"\n---- END SSH2 PUBLIC KEY ----"
        ),
    ],
)
def test_forms_of_imported_keys(ec2, key, encoded: Any):
    der = key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    made = ec2.import_key_pair(KeyName="theirs", PublicKeyMaterial=encoded(key.public_key()))
    assert made["KeyFingerprint"] == colons(hashlib.md5(der).hexdigest())


def test_an_imported_ed25519_key(ec2):
    public = ed25519.Ed25519PrivateKey.generate().public_key()
    line = public.public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH)
    made = ec2.import_key_pair(KeyName="theirs", PublicKeyMaterial=line)
    digest = hashlib.sha256(base64.b64decode(line.split()[1])).digest()
    assert made["KeyFingerprint"] == base64.b64encode(digest).decode()


@pytest.mark.parametrize(
    "material",
    [
        b"nonsense",
        b"ssh-rsa AAAA",
        b"",
        ec.generate_private_key(ec.SECP256R1()).public_key().public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH),
    ],
)
def test_other_material_is_refused(ec2, material: bytes):
    assert error(ec2.import_key_pair, KeyName="theirs", PublicKeyMaterial=material) == (
        "InvalidKey.Format",
        "Key is not in valid OpenSSH public key format",
    )


def test_names_are_taken_once(ec2):
    ec2.create_key_pair(KeyName="mine", KeyType="ed25519")
    assert error(ec2.create_key_pair, KeyName="mine") == ("InvalidKeyPair.Duplicate", "The keypair already exists")


def test_finding(ec2):
    first = ec2.create_key_pair(
        KeyName="b",
        KeyType="ed25519",
        TagSpecifications=[{"ResourceType": "key-pair", "Tags": [{"Key": "x", "Value": "y"}]}],
    )
    assert first["Tags"] == [{"Key": "x", "Value": "y"}]
    second = ec2.create_key_pair(KeyName="a", KeyType="ed25519")

    def names(**params: Any) -> list[str]:
        return [each["KeyName"] for each in ec2.describe_key_pairs(**params)["KeyPairs"]]

    assert names() == ["a", "b"]
    assert names(KeyNames=["b"]) == ["b"]
    assert names(KeyPairIds=[second["KeyPairId"]]) == ["a"]
    assert names(Filters=[{"Name": "tag:x", "Values": ["y"]}]) == ["b"]
    assert names(Filters=[{"Name": "fingerprint", "Values": [second["KeyFingerprint"]]}]) == ["a"]
    assert names(Filters=[{"Name": "key-name", "Values": ["z*"]}]) == []
    assert "PublicKey" not in ec2.describe_key_pairs()["KeyPairs"][0]
    assert error(ec2.describe_key_pairs, KeyNames=["nobody"]) == (
        "InvalidKeyPair.NotFound",
        "The key pair 'nobody' does not exist",
    )


def test_deletion_may_be_repeated(ec2):
    made = ec2.create_key_pair(KeyName="mine", KeyType="ed25519")
    answer = ec2.delete_key_pair(KeyName="mine")
    assert (answer["Return"], answer["KeyPairId"]) == (True, made["KeyPairId"])
    assert ec2.delete_key_pair(KeyName="mine")["Return"] is True
    assert ec2.describe_key_pairs()["KeyPairs"] == []
