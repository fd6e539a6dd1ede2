from __future__ import annotations

import base64
import json

import boto3
import pytest
from botocore.exceptions import ClientError

ROLE = "arn:aws:iam::111111111111:role/some/path/deploy"


def client(service="sts", credentials=None, **more):
    given = {"aws_access_key_id": "123456789012", "aws_secret_access_key": "secret"}
    if credentials is not None:
        given = {
            "aws_access_key_id": credentials["AccessKeyId"],
            "aws_secret_access_key": credentials["SecretAccessKey"],
            "aws_session_token": credentials["SessionToken"],
        }
    return boto3.client(service, region_name="us-east-1", **given, **more)


def assume(sts, arn=ROLE, name="me", **more):
    return sts.assume_role(RoleArn=arn, RoleSessionName=name, **more)


def tags(**pairs):
    return [{"Key": key, "Value": value} for key, value in pairs.items()]


def refusal(call, *args, **kwargs):
    with pytest.raises(ClientError) as caught:
        call(*args, **kwargs)
    error = caught.value.response["Error"]
    return error["Code"], error["Message"]


def test_a_session_acts_in_the_role_and_in_the_roles_account(aws):
    answer = assume(client())
    assert answer["AssumedRoleUser"]["Arn"] == "arn:aws:sts::111111111111:assumed-role/deploy/me"
    who = client(credentials=answer["Credentials"]).get_caller_identity()
    assert who["Account"] == "111111111111"
    assert who["Arn"] == answer["AssumedRoleUser"]["Arn"]
    assert who["UserId"] == answer["AssumedRoleUser"]["AssumedRoleId"]


def test_temporary_credentials_look_like_aws_own(aws):
    credentials = assume(client())["Credentials"]
    assert credentials["AccessKeyId"].startswith("ASIA")
    assert len(credentials["AccessKeyId"]) == 20
    assert len(credentials["SecretAccessKey"]) == 40
    assert len(credentials["SessionToken"]) == 356


def test_a_session_expires_by_the_clouds_clock(aws):
    session = client(credentials=assume(client(), DurationSeconds=900)["Credentials"])
    session.get_caller_identity()
    aws.clock.advance(seconds=901)
    assert refusal(session.get_caller_identity) == (
        "ExpiredToken",
        "The security token included in the request is expired",
    )


@pytest.mark.parametrize(
    "arn",
    [
        "nothing-valid-in-here",
        "arn::b:::something/test-role",
        "arn:a:a::aaaaaaaaaa:",
        "arn:a::::something/test-role",
        "arn:a:::something/test-role",
    ],
)
def test_an_arn_that_is_none_is_invalid(aws, arn):
    assert refusal(assume, client(), arn) == ("ValidationError", f"{arn} is invalid")


def test_a_session_name_has_few_letters_to_choose_from(aws):
    assert refusal(assume, client(), name="Session1:2") == (
        "ValidationError",
        "1 validation error detected: Value 'Session1:2' at 'roleSessionName' failed to satisfy constraint: "
        "Member must satisfy regular expression pattern: [\\w+=,.@-]*",
    )


def test_only_a_role_can_be_assumed(aws):
    code, message = refusal(assume, client(), "arn:aws:iam::111111111111:user/alice")
    assert code == "AccessDenied"
    assert message.endswith("sts:AssumeRole on resource: arn:aws:iam::111111111111:user/alice")


def test_a_chained_session_lasts_an_hour_at_most(aws):
    session = client(credentials=assume(client())["Credentials"])
    assert refusal(assume, session, DurationSeconds=3601) == (
        "ValidationError",
        "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining",
    )
    assert assume(session, DurationSeconds=3600)["Credentials"]


@pytest.mark.parametrize("key", ["SessionTag1", "SESSIONTAG1"])
def test_a_transitive_tag_key_cannot_be_set_again(aws, key):
    first = assume(client(), Tags=tags(SessionTag1="a", SessionTag2="b"), TransitiveTagKeys=["SessionTag1"])
    session = client(credentials=first["Credentials"])
    code, message = refusal(assume, session, Tags=tags(**{key: "c"}), TransitiveTagKeys=[key])
    assert code == "InvalidParameterValue"
    assert message == (
        "One of the specified transitive tag keys can't be set because it conflicts with a transitive tag key from the "
        "calling session."
    )


def test_transitive_tags_go_along_a_chain(aws):
    first = assume(client(), Tags=tags(Team="x", Cost="y"), TransitiveTagKeys=["Team"])
    second = assume(client(credentials=first["Credentials"]), Tags=tags(Cost="z"))
    key = aws.key(second["Credentials"]["AccessKeyId"])
    assert key.tags == {"Team": "x", "Cost": "z"}
    assert key.transitive_tag_keys == ("Team",)


def test_a_transitive_tag_key_needs_its_tag(aws):
    code, message = refusal(assume, client(), TransitiveTagKeys=["Team"])
    assert code == "InvalidParameterValue"
    assert message == "The specified transitive tag key must be included in the requested tags."


def test_tag_keys_differ_by_more_than_case(aws):
    code, message = refusal(assume, client(), Tags=tags(team="a", Team="b"))
    assert (code, message) == (
        "InvalidParameterValue",
        "Duplicate tag keys found. Please note that Tag keys are case insensitive.",
    )


def test_a_source_identity_stays_along_a_chain(aws):
    first = assume(client(), SourceIdentity="alice")
    assert first["SourceIdentity"] == "alice"
    session = client(credentials=first["Credentials"])
    assert assume(session)["SourceIdentity"] == "alice"
    assert refusal(assume, session, SourceIdentity="bob")[0] == "AccessDenied"


def test_the_packed_size_is_told_when_there_is_something_to_pack(aws):
    sts = client()
    assert "PackedPolicySize" not in assume(sts)
    policy = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}]}
    assert 0 < assume(sts, Policy=json.dumps(policy))["PackedPolicySize"] <= 100


def test_a_broken_session_policy_is_refused(aws):
    assert refusal(assume, client(), Policy="{")[0] == "MalformedPolicyDocument"


def jwt(**claims):
    parts = [{"alg": "RS256"}, claims]
    return (
        ".".join(base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in parts) + ".c2ln"
    )


def test_a_web_identity_tells_subject_audience_and_issuer(aws):
    token = jwt(iss="https://oidc.example.com/id/1", sub="system:sa", aud="sts.amazonaws.com", exp=9999999999)
    answer = client().assume_role_with_web_identity(RoleArn=ROLE, RoleSessionName="pod", WebIdentityToken=token)
    assert answer["SubjectFromWebIdentityToken"] == "system:sa"
    assert answer["Audience"] == "sts.amazonaws.com"
    assert answer["Provider"] == "https://oidc.example.com/id/1"
    who = client(credentials=answer["Credentials"]).get_caller_identity()
    assert who["Arn"] == "arn:aws:sts::111111111111:assumed-role/deploy/pod"


SAML = """<samlp:Response xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol"
 xmlns="urn:oasis:names:tc:SAML:2.0:assertion"><Issuer>http://localhost/</Issuer><Assertion>
<Issuer>http://localhost:3000/</Issuer><Subject>
<NameID Format="urn:oasis:names:tc:SAML:2.0:nameid-format:persistent">CORP\\alice</NameID>
<SubjectConfirmation><SubjectConfirmationData Recipient="https://signin.aws.amazon.com/saml"/></SubjectConfirmation>
</Subject><AttributeStatement>
<Attribute Name="https://aws.amazon.com/SAML/Attributes/RoleSessionName"><AttributeValue>alice@corp</AttributeValue>
</Attribute>
<Attribute Name="https://aws.amazon.com/SAML/Attributes/SessionDuration"><AttributeValue>900</AttributeValue></Attribute>
</AttributeStatement></Assertion></samlp:Response>"""
PROVIDER = "arn:aws:iam::111111111111:saml-provider/corp"


def with_saml(document):
    assertion = base64.b64encode(document.encode()).decode()
    return client().assume_role_with_saml(RoleArn=ROLE, PrincipalArn=PROVIDER, SAMLAssertion=assertion)


def test_a_saml_assertion_names_session_and_duration(aws):
    answer = with_saml(SAML)
    assert answer["AssumedRoleUser"]["Arn"].endswith("assumed-role/deploy/alice@corp")
    assert answer["Subject"] == "CORP\\alice"
    assert answer["SubjectType"] == "persistent"
    assert answer["Issuer"] == "http://localhost:3000/"
    assert answer["Audience"] == "https://signin.aws.amazon.com/saml"
    left = answer["Credentials"]["Expiration"] - aws.clock.now()
    assert left.total_seconds() <= 900


def test_a_saml_document_with_entities_is_refused(aws):
    bomb = '<!DOCTYPE a [<!ENTITY b "x">]>' + SAML.replace("alice@corp", "&b;")
    assert refusal(with_saml, bomb)[0] == "InvalidIdentityToken"


def test_root_sessions_are_for_the_privileged_tasks(aws):
    sts = client(endpoint_url="https://sts.us-east-1.amazonaws.com")
    task = {"arn": "arn:aws:iam::aws:policy/root-task/S3UnlockBucketPolicy"}
    answer = sts.assume_root(TargetPrincipal="222222222222", TaskPolicyArn=task)
    who = client(credentials=answer["Credentials"]).get_caller_identity()
    assert who["Arn"] == "arn:aws:iam::222222222222:root"
    other = {"arn": "arn:aws:iam::aws:policy/AdministratorAccess"}
    assert refusal(sts.assume_root, TargetPrincipal="222222222222", TaskPolicyArn=other)[0] == "ValidationError"
