"""KMS: keys, aliases, grants and what they encrypt."""

from __future__ import annotations

import hashlib
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from sundog.cloud import Cloud


@pytest.fixture
def kms(aws: Cloud) -> Any:
    return boto3.client("kms", region_name="us-east-1")


@pytest.fixture
def key(kms: Any) -> str:
    return kms.create_key(Description="d")["KeyMetadata"]["KeyId"]


def test_a_new_key_says_what_it_is(kms: Any) -> None:
    made = kms.create_key(Description="d", Tags=[{"TagKey": "a", "TagValue": "1"}])["KeyMetadata"]
    assert made["Arn"] == f"arn:aws:kms:us-east-1:123456789012:key/{made['KeyId']}"
    assert {name: made[name] for name in ("Enabled", "KeyState", "KeyUsage", "KeySpec", "Origin", "KeyManager")} == {
        "Enabled": True, "KeyState": "Enabled", "KeyUsage": "ENCRYPT_DECRYPT", "KeySpec": "SYMMETRIC_DEFAULT",
        "Origin": "AWS_KMS", "KeyManager": "CUSTOMER",
    }  # fmt: skip
    assert (made["EncryptionAlgorithms"], made["MultiRegion"]) == (["SYMMETRIC_DEFAULT"], False)
    assert kms.describe_key(KeyId=made["Arn"])["KeyMetadata"] == made
    assert kms.list_resource_tags(KeyId=made["KeyId"])["Tags"] == [{"TagKey": "a", "TagValue": "1"}]
    assert kms.list_keys()["Keys"] == [{"KeyId": made["KeyId"], "KeyArn": made["Arn"]}]


def test_what_is_encrypted_is_decrypted_in_its_context(kms: Any, key: str) -> None:
    sealed = kms.encrypt(KeyId=key, Plaintext=b"text", EncryptionContext={"a": "1", "b": "2"})
    assert b"text" not in sealed["CiphertextBlob"]
    opened = kms.decrypt(CiphertextBlob=sealed["CiphertextBlob"], EncryptionContext={"b": "2", "a": "1"})
    assert (opened["Plaintext"], opened["KeyId"]) == (b"text", sealed["KeyId"])
    with pytest.raises(kms.exceptions.InvalidCiphertextException):
        kms.decrypt(CiphertextBlob=sealed["CiphertextBlob"])
    with pytest.raises(kms.exceptions.InvalidCiphertextException):
        kms.decrypt(CiphertextBlob=b"nonsense")


def test_another_key_does_not_decrypt(kms: Any, key: str) -> None:
    sealed = kms.encrypt(KeyId=key, Plaintext=b"text")["CiphertextBlob"]
    other = kms.create_key()["KeyMetadata"]["KeyId"]
    with pytest.raises(kms.exceptions.IncorrectKeyException):
        kms.decrypt(CiphertextBlob=sealed, KeyId=other)
    moved = kms.re_encrypt(CiphertextBlob=sealed, DestinationKeyId=other)
    assert moved["SourceKeyId"].endswith(key)
    assert kms.decrypt(CiphertextBlob=moved["CiphertextBlob"], KeyId=other)["Plaintext"] == b"text"


def test_data_keys_are_kept_encrypted(kms: Any, key: str) -> None:
    made = kms.generate_data_key(KeyId=key, KeySpec="AES_256")
    assert len(made["Plaintext"]) == 32
    assert kms.decrypt(CiphertextBlob=made["CiphertextBlob"])["Plaintext"] == made["Plaintext"]
    assert "Plaintext" not in kms.generate_data_key_without_plaintext(KeyId=key, NumberOfBytes=16)
    with pytest.raises(ClientError, match="either number of bytes or key spec"):
        kms.generate_data_key(KeyId=key)


def test_pairs_of_data_keys_fit_each_other(kms: Any, key: str) -> None:
    from cryptography.hazmat.primitives.serialization import load_der_private_key, load_der_public_key

    made = kms.generate_data_key_pair(KeyId=key, KeyPairSpec="ECC_NIST_P256")
    private: Any = load_der_private_key(made["PrivateKeyPlaintext"], None)
    assert private.public_key() == load_der_public_key(made["PublicKey"])
    assert kms.decrypt(CiphertextBlob=made["PrivateKeyCiphertextBlob"])["Plaintext"] == made["PrivateKeyPlaintext"]


@pytest.mark.parametrize(
    ("spec", "algorithm", "digest"),
    [
        ("RSA_2048", "RSASSA_PSS_SHA_256", "sha256"),
        ("RSA_2048", "RSASSA_PKCS1_V1_5_SHA_512", "sha512"),
        ("ECC_NIST_P384", "ECDSA_SHA_384", "sha384"),
    ],
)
def test_signatures_are_verified(kms: Any, spec: str, algorithm: str, digest: str) -> None:
    key = kms.create_key(KeySpec=spec, KeyUsage="SIGN_VERIFY")["KeyMetadata"]["KeyId"]
    how = {"KeyId": key, "SigningAlgorithm": algorithm}
    signature = kms.sign(Message=b"m", **how)["Signature"]
    assert kms.verify(Message=b"m", Signature=signature, **how)["SignatureValid"]
    summed = hashlib.new(digest, b"m").digest()
    assert kms.verify(Message=summed, MessageType="DIGEST", Signature=signature, **how)["SignatureValid"]
    with pytest.raises(kms.exceptions.KMSInvalidSignatureException):
        kms.verify(Message=b"other", Signature=signature, **how)
    with pytest.raises(ClientError, match=f"Digest is invalid length for algorithm {algorithm}"):
        kms.sign(Message=b"short", MessageType="DIGEST", **how)


def test_the_public_key_encrypts_for_the_private_one(kms: Any) -> None:
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import padding
    from cryptography.hazmat.primitives.serialization import load_der_public_key

    key = kms.create_key(KeySpec="RSA_2048", KeyUsage="ENCRYPT_DECRYPT")["KeyMetadata"]["KeyId"]
    public: Any = load_der_public_key(kms.get_public_key(KeyId=key)["PublicKey"])
    oaep = padding.OAEP(mgf=padding.MGF1(hashes.SHA256()), algorithm=hashes.SHA256(), label=None)
    sealed = public.encrypt(b"text", oaep)
    how = {"KeyId": key, "EncryptionAlgorithm": "RSAES_OAEP_SHA_256"}
    assert kms.decrypt(CiphertextBlob=sealed, **how)["Plaintext"] == b"text"
    with pytest.raises(ClientError, match="cannot encrypt data larger than 190 bytes"):
        kms.encrypt(Plaintext=b"x" * 191, **how)


def test_macs_are_verified(kms: Any) -> None:
    key = kms.create_key(KeySpec="HMAC_256", KeyUsage="GENERATE_VERIFY_MAC")["KeyMetadata"]["KeyId"]
    how = {"KeyId": key, "MacAlgorithm": "HMAC_SHA_256", "Message": b"m"}
    mac = kms.generate_mac(**how)["Mac"]
    assert kms.verify_mac(Mac=mac, **how)["MacValid"]
    with pytest.raises(kms.exceptions.KMSInvalidMacException):
        kms.verify_mac(Mac=b"\0" * 32, **how)
    with pytest.raises(kms.exceptions.InvalidKeyUsageException, match="Algorithm HMAC_SHA_512 is incompatible"):
        kms.generate_mac(**{**how, "MacAlgorithm": "HMAC_SHA_512"})


def test_a_key_is_refused_for_what_it_is_not_for(kms: Any, key: str) -> None:
    with pytest.raises(kms.exceptions.InvalidKeyUsageException, match="ENCRYPT_DECRYPT which is not valid for Sign"):
        kms.sign(KeyId=key, Message=b"m", SigningAlgorithm="ECDSA_SHA_256")
    with pytest.raises(ClientError, match="KeyUsage KEY_AGREEMENT is not compatible with KeySpec RSA_2048"):
        kms.create_key(KeySpec="RSA_2048", KeyUsage="KEY_AGREEMENT")


def test_aliases_stand_for_keys(kms: Any, key: str) -> None:
    kms.create_alias(AliasName="alias/a", TargetKeyId=key)
    assert kms.describe_key(KeyId="alias/a")["KeyMetadata"]["KeyId"] == key
    sealed = kms.encrypt(KeyId="alias/a", Plaintext=b"t")["CiphertextBlob"]
    assert kms.decrypt(KeyId="arn:aws:kms:us-east-1:123456789012:alias/a", CiphertextBlob=sealed)["Plaintext"] == b"t"
    with pytest.raises(kms.exceptions.AlreadyExistsException, match="alias/a already exists"):
        kms.create_alias(AliasName="alias/a", TargetKeyId=key)
    other = kms.create_key()["KeyMetadata"]["KeyId"]
    kms.update_alias(AliasName="alias/a", TargetKeyId=other)
    assert [one["TargetKeyId"] for one in kms.list_aliases()["Aliases"]] == [other]
    kms.delete_alias(AliasName="alias/a")
    with pytest.raises(kms.exceptions.NotFoundException, match="alias/a is not found"):
        kms.describe_key(KeyId="alias/a")


def test_services_have_keys_of_their_own(kms: Any) -> None:
    assert kms.describe_key(KeyId="alias/aws/s3")["KeyMetadata"]["KeyManager"] == "AWS"


def test_missing_keys_are_named(kms: Any) -> None:
    wanted = "12345678-1234-1234-1234-123456789012"
    with pytest.raises(kms.exceptions.NotFoundException) as caught:
        kms.describe_key(KeyId=wanted)
    assert caught.value.response["Error"]["Message"] == (
        f"Key 'arn:aws:kms:us-east-1:123456789012:key/{wanted}' does not exist"
    )
    with pytest.raises(kms.exceptions.NotFoundException, match="Invalid keyId 'no'"):
        kms.describe_key(KeyId="no")


def test_a_disabled_key_does_nothing(kms: Any, key: str) -> None:
    kms.disable_key(KeyId=key)
    with pytest.raises(kms.exceptions.DisabledException, match="is disabled"):
        kms.encrypt(KeyId=key, Plaintext=b"t")
    kms.enable_key(KeyId=key)
    kms.encrypt(KeyId=key, Plaintext=b"t")


def test_a_key_waits_for_its_deletion(aws: Cloud, kms: Any, key: str) -> None:
    kms.create_alias(AliasName="alias/a", TargetKeyId=key)
    told = kms.schedule_key_deletion(KeyId=key, PendingWindowInDays=7)
    assert told["KeyState"] == "PendingDeletion"
    with pytest.raises(kms.exceptions.KMSInvalidStateException, match="is pending deletion"):
        kms.encrypt(KeyId=key, Plaintext=b"t")
    kms.cancel_key_deletion(KeyId=key)
    assert kms.describe_key(KeyId=key)["KeyMetadata"]["KeyState"] == "Disabled"
    kms.schedule_key_deletion(KeyId=key, PendingWindowInDays=7)
    aws.clock.advance(days=8)
    assert kms.list_aliases()["Aliases"] == []
    with pytest.raises(kms.exceptions.NotFoundException):
        kms.describe_key(KeyId=key)


def test_rotated_keys_still_decrypt(aws: Cloud, kms: Any, key: str) -> None:
    sealed = kms.encrypt(KeyId=key, Plaintext=b"t")["CiphertextBlob"]
    kms.rotate_key_on_demand(KeyId=key)
    kms.enable_key_rotation(KeyId=key, RotationPeriodInDays=90)
    status = kms.get_key_rotation_status(KeyId=key)
    assert (status["KeyRotationEnabled"], status["RotationPeriodInDays"]) == (True, 90)
    aws.clock.advance(days=91)
    assert [one["RotationType"] for one in kms.list_key_rotations(KeyId=key)["Rotations"]] == ["ON_DEMAND", "AUTOMATIC"]
    assert kms.decrypt(CiphertextBlob=sealed)["Plaintext"] == b"t"
    kms.disable_key_rotation(KeyId=key)
    assert kms.get_key_rotation_status(KeyId=key)["KeyRotationEnabled"] is False


def test_grants_are_made_once_and_revoked(kms: Any, key: str) -> None:
    how = {"KeyId": key, "GranteePrincipal": "arn:aws:iam::123456789012:role/r", "Operations": ["Decrypt"], "Name": "g"}
    made = kms.create_grant(**how)
    assert kms.create_grant(**how)["GrantId"] == made["GrantId"]
    assert [one["GrantId"] for one in kms.list_grants(KeyId=key)["Grants"]] == [made["GrantId"]]
    kms.revoke_grant(KeyId=key, GrantId=made["GrantId"])
    assert kms.list_grants(KeyId=key)["Grants"] == []


def test_replicas_decrypt_what_the_primary_encrypted(kms: Any) -> None:
    key = kms.create_key(MultiRegion=True)["KeyMetadata"]["KeyId"]
    assert key.startswith("mrk-")
    sealed = kms.encrypt(KeyId=key, Plaintext=b"t")["CiphertextBlob"]
    kms.replicate_key(KeyId=key, ReplicaRegion="eu-west-1")
    there = boto3.client("kms", region_name="eu-west-1")
    assert there.decrypt(KeyId=key, CiphertextBlob=sealed)["Plaintext"] == b"t"
    assert there.describe_key(KeyId=key)["KeyMetadata"]["MultiRegionConfiguration"]["MultiRegionKeyType"] == "REPLICA"


def test_dry_runs_change_nothing(kms: Any, key: str) -> None:
    with pytest.raises(kms.exceptions.DryRunOperationException):
        kms.encrypt(KeyId=key, Plaintext=b"t", DryRun=True)


def test_policies_and_tags_are_kept(kms: Any, key: str) -> None:
    assert "Enable IAM User Permissions" in kms.get_key_policy(KeyId=key)["Policy"]
    kms.put_key_policy(KeyId=key, Policy='{"Version": "2012-10-17", "Statement": []}')
    assert kms.get_key_policy(KeyId=key)["Policy"] == '{"Version": "2012-10-17", "Statement": []}'
    with pytest.raises(kms.exceptions.TagException, match="Duplicate tag keys"):
        kms.tag_resource(KeyId=key, Tags=[{"TagKey": "a", "TagValue": "1"}, {"TagKey": "a", "TagValue": "2"}])
