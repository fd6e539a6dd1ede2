"""Secrets and their versions."""

from __future__ import annotations

import datetime
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from sundog.cloud import Cloud


@pytest.fixture
def secrets(aws: Cloud) -> Any:
    return boto3.client("secretsmanager", region_name="us-east-1")


def test_a_value_is_read_by_name_and_by_arn(secrets: Any) -> None:
    made = secrets.create_secret(Name="db/main", SecretString="one")
    assert made["ARN"].startswith("arn:aws:secretsmanager:us-east-1:123456789012:secret:db/main-")
    for wanted in ("db/main", made["ARN"], made["ARN"][:-7]):
        read = secrets.get_secret_value(SecretId=wanted)
        assert (read["SecretString"], read["VersionStages"], read["VersionId"]) == (
            "one", ["AWSCURRENT"], made["VersionId"],
        )  # fmt: skip
    assert "SecretBinary" not in read


def test_binary_values_come_back_as_they_were(secrets: Any) -> None:
    secrets.create_secret(Name="b", SecretBinary=b"\x00\xff")
    assert secrets.get_secret_value(SecretId="b")["SecretBinary"] == b"\x00\xff"


def test_a_new_value_makes_the_old_one_previous(secrets: Any) -> None:
    one = secrets.create_secret(Name="s", SecretString="one")["VersionId"]
    two = secrets.put_secret_value(SecretId="s", SecretString="two")
    assert two["VersionStages"] == ["AWSCURRENT"]
    assert secrets.get_secret_value(SecretId="s", VersionStage="AWSPREVIOUS")["SecretString"] == "one"
    three = secrets.update_secret(SecretId="s", SecretString="three")["VersionId"]
    assert secrets.describe_secret(SecretId="s")["VersionIdsToStages"] == {
        two["VersionId"]: ["AWSPREVIOUS"],
        three: ["AWSCURRENT"],
    }
    assert secrets.get_secret_value(SecretId="s", VersionId=one)["SecretString"] == "one"


def test_other_stages_leave_the_current_value(secrets: Any) -> None:
    secrets.create_secret(Name="s", SecretString="one")
    put = secrets.put_secret_value(SecretId="s", SecretString="two", VersionStages=["A", "B"])
    assert put["VersionStages"] == ["A", "B"]
    assert secrets.get_secret_value(SecretId="s")["SecretString"] == "one"
    assert secrets.get_secret_value(SecretId="s", VersionStage="B")["SecretString"] == "two"


def test_a_stage_moves_between_versions(secrets: Any) -> None:
    one = secrets.create_secret(Name="s", SecretString="one")["VersionId"]
    two = secrets.put_secret_value(SecretId="s", SecretString="two", VersionStages=["AWSPENDING"])["VersionId"]
    with pytest.raises(ClientError, match="RemoveFromVersionId can't be empty"):
        secrets.update_secret_version_stage(SecretId="s", VersionStage="AWSCURRENT", MoveToVersionId=two)
    secrets.update_secret_version_stage(
        SecretId="s", VersionStage="AWSCURRENT", MoveToVersionId=two, RemoveFromVersionId=one
    )
    assert secrets.describe_secret(SecretId="s")["VersionIdsToStages"] == {
        one: ["AWSPREVIOUS"],
        two: ["AWSPENDING", "AWSCURRENT"],
    }


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"SecretId": "no"}, "Secrets Manager can't find the specified secret."),
        ({"SecretId": "empty"}, "Secrets Manager can't find the specified secret value for staging label: AWSCURRENT"),
        (
            {"SecretId": "empty", "VersionId": "0" * 32},
            "Secrets Manager can't find the specified secret value for VersionId: " + "0" * 32,
        ),
    ],
)
def test_what_is_missing_is_named(secrets: Any, params: dict[str, str], message: str) -> None:
    secrets.create_secret(Name="empty")
    with pytest.raises(secrets.exceptions.ResourceNotFoundException) as caught:
        secrets.get_secret_value(**params)
    assert caught.value.response["Error"]["Message"] == message


def test_names_are_taken_once(secrets: Any) -> None:
    secrets.create_secret(Name="s", SecretString="one")
    with pytest.raises(secrets.exceptions.ResourceExistsException, match="the secret s already exists"):
        secrets.create_secret(Name="s", SecretString="two")
    with pytest.raises(ClientError, match="Must be a valid name containing alphanumeric"):
        secrets.create_secret(Name="a b")


def test_the_token_is_the_versions_id(secrets: Any) -> None:
    token = "t" * 32
    one = secrets.create_secret(Name="s", SecretString="one", ClientRequestToken=token)
    assert one["VersionId"] == token
    assert secrets.create_secret(Name="s", SecretString="one", ClientRequestToken=token)["ARN"] == one["ARN"]
    with pytest.raises(secrets.exceptions.ResourceExistsException):
        secrets.put_secret_value(SecretId="s", SecretString="two", ClientRequestToken=token)


def test_a_deleted_secret_waits_for_its_window(aws: Cloud, secrets: Any) -> None:
    secrets.create_secret(Name="s", SecretString="one")
    gone = secrets.delete_secret(SecretId="s", RecoveryWindowInDays=7)
    assert datetime.timedelta(days=6.9) < gone["DeletionDate"] - aws.clock.now() < datetime.timedelta(days=7.1)
    with pytest.raises(secrets.exceptions.InvalidRequestException, match="it was marked for deletion"):
        secrets.get_secret_value(SecretId="s")
    assert "DeletedDate" in secrets.describe_secret(SecretId="s")
    assert secrets.list_secrets()["SecretList"] == []
    assert len(secrets.list_secrets(IncludePlannedDeletion=True)["SecretList"]) == 1
    secrets.restore_secret(SecretId="s")
    assert secrets.get_secret_value(SecretId="s")["SecretString"] == "one"


def test_a_deleted_secret_goes_after_its_window(aws: Cloud, secrets: Any) -> None:
    secrets.create_secret(Name="s", SecretString="one")
    secrets.delete_secret(SecretId="s")
    aws.clock.advance(days=31)
    with pytest.raises(secrets.exceptions.ResourceNotFoundException):
        secrets.describe_secret(SecretId="s")
    secrets.create_secret(Name="s")


def test_forced_deletion_is_at_once(secrets: Any) -> None:
    secrets.create_secret(Name="s")
    secrets.delete_secret(SecretId="s", ForceDeleteWithoutRecovery=True)
    with pytest.raises(secrets.exceptions.ResourceNotFoundException):
        secrets.describe_secret(SecretId="s")
    assert secrets.delete_secret(SecretId="s", ForceDeleteWithoutRecovery=True)["Name"] == "s"


def test_listings_are_filtered(secrets: Any) -> None:
    secrets.create_secret(Name="app/a", Description="Main database", Tags=[{"Key": "env", "Value": "prod"}])
    secrets.create_secret(Name="app/b")
    secrets.create_secret(Name="other")

    def names(key: str, *values: str) -> list[str]:
        return [s["Name"] for s in secrets.list_secrets(Filters=[{"Key": key, "Values": list(values)}])["SecretList"]]

    assert names("name", "app/") == ["app/a", "app/b"]
    assert names("name", "!app/") == ["other"]
    assert names("tag-value", "prod") == names("description", "data") == ["app/a"]


def test_many_are_read_at_once(secrets: Any) -> None:
    secrets.create_secret(Name="a", SecretString="1")
    read = secrets.batch_get_secret_value(SecretIdList=["a", "no"])
    assert [value["SecretString"] for value in read["SecretValues"]] == ["1"]
    assert read["Errors"][0]["ErrorCode"] == "ResourceNotFoundException"


def test_tags_come_and_go(secrets: Any) -> None:
    secrets.create_secret(Name="s", Tags=[{"Key": "a", "Value": "1"}])
    secrets.tag_resource(SecretId="s", Tags=[{"Key": "b", "Value": "2"}])
    secrets.untag_resource(SecretId="s", TagKeys=["a"])
    assert secrets.describe_secret(SecretId="s")["Tags"] == [{"Key": "b", "Value": "2"}]


def test_policies_are_kept(secrets: Any) -> None:
    secrets.create_secret(Name="s")
    policy = '{"Version": "2012-10-17", "Statement": []}'
    secrets.put_resource_policy(SecretId="s", ResourcePolicy=policy)
    assert secrets.get_resource_policy(SecretId="s")["ResourcePolicy"] == policy
    secrets.delete_resource_policy(SecretId="s")
    assert "ResourcePolicy" not in secrets.get_resource_policy(SecretId="s")


def test_passwords_have_each_kind_of_character(secrets: Any) -> None:
    word = secrets.get_random_password(PasswordLength=4)["RandomPassword"]
    assert len(word) == 4
    for kind in (str.islower, str.isupper, str.isdigit):
        assert any(kind(char) for char in word)
    plain = secrets.get_random_password(PasswordLength=64, ExcludePunctuation=True, ExcludeNumbers=True)
    assert plain["RandomPassword"].isalpha()
    assert len(plain["RandomPassword"]) == 64


def test_rotation_needs_a_function(secrets: Any) -> None:
    secrets.create_secret(Name="s", SecretString="one")
    with pytest.raises(secrets.exceptions.InvalidRequestException, match="No Lambda rotation function ARN"):
        secrets.rotate_secret(SecretId="s")
    with pytest.raises(ClientError, match="cannot invoke the specified Lambda function"):
        secrets.rotate_secret(SecretId="s", RotationLambdaARN="arn:aws:lambda:us-east-1:123456789012:function:no")


def test_replicas_are_told_and_hold_the_secret(secrets: Any) -> None:
    secrets.create_secret(Name="s", SecretString="one")
    told = secrets.replicate_secret_to_regions(SecretId="s", AddReplicaRegions=[{"Region": "eu-west-1"}])
    assert [one["Region"] for one in told["ReplicationStatus"]] == ["eu-west-1"]
    with pytest.raises(secrets.exceptions.InvalidRequestException):
        secrets.delete_secret(SecretId="s")
    secrets.remove_regions_from_replication(SecretId="s", RemoveReplicaRegions=["eu-west-1"])
    secrets.delete_secret(SecretId="s")
