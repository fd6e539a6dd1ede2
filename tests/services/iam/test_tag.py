from __future__ import annotations

import pytest

ACCOUNT = "arn:aws:iam::111111111111:"


def make_role(iam, help):
    iam.create_role(RoleName="x", AssumeRolePolicyDocument=help.trust())
    return iam.tag_role, iam.untag_role, iam.list_role_tags, {"RoleName": "x"}


def make_policy(iam, help):
    iam.create_policy(PolicyName="x", PolicyDocument=help.document())
    return iam.tag_policy, iam.untag_policy, iam.list_policy_tags, {"PolicyArn": ACCOUNT + "policy/x"}


def make_profile(iam, help):
    iam.create_instance_profile(InstanceProfileName="x")
    calls = iam.tag_instance_profile, iam.untag_instance_profile, iam.list_instance_profile_tags
    return *calls, {"InstanceProfileName": "x"}


def make_device(iam, help):
    iam.create_virtual_mfa_device(VirtualMFADeviceName="x")
    return iam.tag_mfa_device, iam.untag_mfa_device, iam.list_mfa_device_tags, {"SerialNumber": ACCOUNT + "mfa/x"}


def make_oidc(iam, help):
    arn = iam.create_open_id_connect_provider(Url="https://x.example.com")["OpenIDConnectProviderArn"]
    calls = (
        iam.tag_open_id_connect_provider,
        iam.untag_open_id_connect_provider,
        iam.list_open_id_connect_provider_tags,
    )
    return *calls, {"OpenIDConnectProviderArn": arn}


def make_saml(iam, help):
    arn = iam.create_saml_provider(SAMLMetadataDocument="x" * 1024, Name="x")["SAMLProviderArn"]
    calls = iam.tag_saml_provider, iam.untag_saml_provider, iam.list_saml_provider_tags
    return *calls, {"SAMLProviderArn": arn}


def make_certificate(iam, help):
    iam.upload_server_certificate(ServerCertificateName="x", CertificateBody="b", PrivateKey="k")
    calls = iam.tag_server_certificate, iam.untag_server_certificate, iam.list_server_certificate_tags
    return *calls, {"ServerCertificateName": "x"}


@pytest.mark.parametrize(
    "make", [make_role, make_policy, make_profile, make_device, make_oidc, make_saml, make_certificate]
)
def test_everything_that_bears_tags_shows_them_in_order(iam, help, make):
    tag, untag, listed, name = make(iam, help)
    tag(**name, Tags=[{"Key": "b", "Value": "2"}, {"Key": "a", "Value": "1"}])
    assert listed(**name)["Tags"] == [{"Key": "a", "Value": "1"}, {"Key": "b", "Value": "2"}]
    untag(**name, TagKeys=["a"])
    answer = listed(**name)
    assert answer["Tags"] == [{"Key": "b", "Value": "2"}]
    assert answer["IsTruncated"] is False


def test_fifty_tags_are_the_limit(iam, help):
    tags = [{"Key": f"k{index}", "Value": ""} for index in range(50)]
    iam.create_user(UserName="u", Tags=tags)
    code, _ = help.refusal(iam.tag_user, UserName="u", Tags=[{"Key": "more", "Value": ""}])
    assert code == "LimitExceeded"
