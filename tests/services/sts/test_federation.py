from __future__ import annotations

import boto3
import pytest
from botocore.exceptions import ClientError


def client(credentials=None):
    if credentials is None:
        return boto3.client("sts", "us-east-1", aws_access_key_id="222222222222", aws_secret_access_key="secret")
    return boto3.client(
        "sts",
        "us-east-1",
        aws_access_key_id=credentials["AccessKeyId"],
        aws_secret_access_key=credentials["SecretAccessKey"],
        aws_session_token=credentials["SessionToken"],
    )


def test_a_session_token_is_the_callers_own_identity(aws):
    sts = client()
    credentials = sts.get_session_token()["Credentials"]
    assert credentials["AccessKeyId"].startswith("ASIA")
    assert client(credentials).get_caller_identity()["Arn"] == sts.get_caller_identity()["Arn"]
    left = credentials["Expiration"] - aws.clock.now()
    assert 43_000 < left.total_seconds() <= 43_200


def test_a_federated_user_is_somebody_else(aws):
    answer = client().get_federation_token(Name="Bob", DurationSeconds=900)
    assert answer["FederatedUser"] == {
        "FederatedUserId": "222222222222:Bob",
        "Arn": "arn:aws:sts::222222222222:federated-user/Bob",
    }
    who = client(answer["Credentials"]).get_caller_identity()
    assert who["Arn"] == "arn:aws:sts::222222222222:federated-user/Bob"


@pytest.mark.parametrize(("operation", "more"), [("get_session_token", {}), ("get_federation_token", {"Name": "Bob"})])
def test_a_session_makes_no_other_session(aws, operation, more):
    session = client(client().get_session_token()["Credentials"])
    with pytest.raises(ClientError) as caught:
        getattr(session, operation)(**more)
    assert caught.value.response["Error"]["Code"] == "AccessDenied"
    assert "with session credentials" in caught.value.response["Error"]["Message"]


def test_an_access_key_tells_its_account(aws):
    sts = client()
    key = sts.get_session_token()["Credentials"]["AccessKeyId"]
    other = boto3.client("sts", "us-east-1", aws_access_key_id="x", aws_secret_access_key="y")
    assert other.get_access_key_info(AccessKeyId=key)["Account"] == "222222222222"


def test_a_message_that_nobody_encoded_is_refused(aws):
    with pytest.raises(ClientError) as caught:
        client().decode_authorization_message(EncodedMessage="x" * 40)
    assert caught.value.response["Error"]["Code"] == "InvalidAuthorizationMessageException"


def test_a_web_identity_token_needs_the_feature(aws):
    with pytest.raises(ClientError) as caught:
        client().get_web_identity_token(Audience=["https://api.example.com"], SigningAlgorithm="ES384")
    assert caught.value.response["Error"]["Code"] == "OutboundWebIdentityFederationDisabledException"


def test_a_trade_in_token_that_nobody_sent_is_refused(aws):
    with pytest.raises(ClientError) as caught:
        client().get_delegated_access_token(TradeInToken="nothing")
    assert caught.value.response["Error"]["Code"] == "InvalidParameterValue"
