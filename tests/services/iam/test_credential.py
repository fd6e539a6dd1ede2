from __future__ import annotations

import datetime

import boto3
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID


@pytest.fixture(scope="module")
def key():
    return rsa.generate_private_key(65537, 2048)


@pytest.fixture(scope="module")
def certificate(key):
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "example.com")])
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(datetime.datetime(2020, 1, 1))
        .not_valid_after(datetime.datetime(2040, 1, 1))
        .sign(key, hashes.SHA256())
    )
    return made.public_bytes(serialization.Encoding.PEM).decode()


def test_ssh_keys_are_shown_in_either_form(iam, help, key):
    iam.create_user(UserName="u")
    form = serialization.Encoding.OpenSSH, serialization.PublicFormat.OpenSSH
    text = key.public_key().public_bytes(*form).decode()
    made = iam.upload_ssh_public_key(UserName="u", SSHPublicKeyBody=text)["SSHPublicKey"]
    unique = made["SSHPublicKeyId"]
    assert len(made["Fingerprint"]) == 47
    pem = iam.get_ssh_public_key(UserName="u", SSHPublicKeyId=unique, Encoding="PEM")["SSHPublicKey"]
    assert pem["SSHPublicKeyBody"].startswith("-----BEGIN PUBLIC KEY-----")
    again = help.refusal(iam.upload_ssh_public_key, UserName="u", SSHPublicKeyBody=text)
    assert again[0] == "DuplicateSSHPublicKey"
    assert help.refusal(iam.upload_ssh_public_key, UserName="u", SSHPublicKeyBody="none")[0] == "InvalidPublicKey"
    iam.update_ssh_public_key(UserName="u", SSHPublicKeyId=unique, Status="Inactive")
    assert [one["Status"] for one in iam.list_ssh_public_keys(UserName="u")["SSHPublicKeys"]] == ["Inactive"]
    iam.delete_ssh_public_key(UserName="u", SSHPublicKeyId=unique)
    assert help.refusal(iam.delete_ssh_public_key, UserName="u", SSHPublicKeyId=unique)[0] == "NoSuchEntity"


def test_signing_certificates_are_certificates(iam, help, certificate):
    iam.create_user(UserName="u")
    wrong = help.refusal(iam.upload_signing_certificate, UserName="u", CertificateBody="none")
    assert wrong[0] == "MalformedCertificate"
    made = iam.upload_signing_certificate(UserName="u", CertificateBody=certificate)["Certificate"]
    unique = made["CertificateId"]
    iam.update_signing_certificate(UserName="u", CertificateId=unique, Status="Inactive")
    (listed,) = iam.list_signing_certificates(UserName="u")["Certificates"]
    assert (listed["Status"], listed["UserName"]) == ("Inactive", "u")
    assert help.refusal(iam.delete_user, UserName="u")[0] == "DeleteConflict"
    iam.delete_signing_certificate(UserName="u", CertificateId=unique)
    iam.delete_user(UserName="u")


def test_a_server_certificate_expires_when_it_says_so(iam, certificate):
    answer = iam.upload_server_certificate(ServerCertificateName="c", CertificateBody=certificate, PrivateKey="k")
    assert answer["ServerCertificateMetadata"]["Expiration"].year == 2040
    iam.update_server_certificate(ServerCertificateName="c", NewServerCertificateName="d", NewPath="/p/")
    (listed,) = iam.list_server_certificates(PathPrefix="/p/")["ServerCertificateMetadataList"]
    assert listed["Arn"] == "arn:aws:iam::111111111111:server-certificate/p/d"


def test_service_credentials_are_updated_and_deleted(iam):
    iam.create_user(UserName="u")
    made = iam.create_service_specific_credential(UserName="u", ServiceName="bedrock.amazonaws.com")
    credential = made["ServiceSpecificCredential"]
    assert credential["ServiceCredentialSecret"].startswith("ABSK")
    iam.delete_service_specific_credential(
        UserName="u", ServiceSpecificCredentialId=credential["ServiceSpecificCredentialId"]
    )
    everybody = iam.list_service_specific_credentials(AllUsers=True)
    assert everybody["ServiceSpecificCredentials"] == []


def test_users_change_their_own_password(iam, help):
    iam.create_user(UserName="u")
    iam.create_login_profile(UserName="u", Password="first-secret")
    made = iam.create_access_key(UserName="u")["AccessKey"]
    own = boto3.client(
        "iam", "us-east-1", aws_access_key_id=made["AccessKeyId"], aws_secret_access_key=made["SecretAccessKey"]
    )
    wrong = {"OldPassword": "other", "NewPassword": "second-secret"}
    assert help.refusal(own.change_password, **wrong)[0] == "AccessDenied"
    own.change_password(OldPassword="first-secret", NewPassword="second-secret")
    own.change_password(OldPassword="second-secret", NewPassword="third-secret")
    iam.update_login_profile(UserName="u", Password="fourth-secret", PasswordResetRequired=True)
    assert iam.get_login_profile(UserName="u")["LoginProfile"]["PasswordResetRequired"]
    assert help.refusal(iam.change_password, **wrong)[0] == "InvalidUserType"
    iam.update_account_password_policy(PasswordReusePrevention=5)
    again = help.refusal(iam.update_login_profile, UserName="u", Password="third-secret")
    assert again[0] == "PasswordPolicyViolation"
    iam.delete_account_password_policy()
    assert help.refusal(iam.delete_account_password_policy) == (
        "NoSuchEntity",
        "The account policy with name PasswordPolicy cannot be found.",
    )


def test_a_device_is_read_and_set_right(iam, help):
    iam.create_user(UserName="u")
    serial = iam.create_virtual_mfa_device(VirtualMFADeviceName="d")["VirtualMFADevice"]["SerialNumber"]
    codes = {"AuthenticationCode1": "123456", "AuthenticationCode2": "234567"}
    iam.enable_mfa_device(UserName="u", SerialNumber=serial, **codes)
    iam.resync_mfa_device(UserName="u", SerialNumber=serial, **codes)
    assert iam.get_mfa_device(SerialNumber=serial)["UserName"] == "u"
    letters = {"AuthenticationCode1": "abcdef", "AuthenticationCode2": "234567"}
    refused = help.refusal(iam.resync_mfa_device, UserName="u", SerialNumber=serial, **letters)
    assert refused[0] == "InvalidAuthenticationCode"
