from __future__ import annotations

import json

import boto3
import pytest


def test_a_new_role_shows_its_trust_and_a_read_one_its_use(iam, help):
    made = iam.create_role(RoleName="r", Path="/a/b/", AssumeRolePolicyDocument=help.trust())["Role"]
    assert made["Arn"] == "arn:aws:iam::111111111111:role/a/b/r"
    assert made["AssumeRolePolicyDocument"] == json.loads(help.trust())
    assert "MaxSessionDuration" not in made
    read = iam.get_role(RoleName="r")["Role"]
    assert read == {**made, "MaxSessionDuration": 3600, "RoleLastUsed": {}}
    (listed,) = iam.list_roles()["Roles"]
    assert listed == {**made, "MaxSessionDuration": 3600}


def test_a_role_is_used_by_its_sessions(iam, help):
    arn = iam.create_role(RoleName="r", AssumeRolePolicyDocument=help.trust())["Role"]["Arn"]
    sts = boto3.client("sts", "eu-west-1", aws_access_key_id="111111111111", aws_secret_access_key="x")
    session = sts.assume_role(RoleArn=arn, RoleSessionName="job")
    assert session["AssumedRoleUser"]["AssumedRoleId"] == iam.get_role(RoleName="r")["Role"]["RoleId"] + ":job"
    given = session["Credentials"]
    boto3.client(
        "sts", "eu-west-1", aws_access_key_id=given["AccessKeyId"], aws_secret_access_key=given["SecretAccessKey"],
        aws_session_token=given["SessionToken"],
    ).get_caller_identity()  # fmt: skip
    assert iam.get_role(RoleName="r")["Role"]["RoleLastUsed"]["Region"] == "eu-west-1"


def test_a_sessions_length_is_limited_by_its_role(iam, help):
    arn = iam.create_role(RoleName="r", AssumeRolePolicyDocument=help.trust())["Role"]["Arn"]
    sts = boto3.client("sts", "us-east-1", aws_access_key_id="111111111111", aws_secret_access_key="x")
    long = {"RoleArn": arn, "RoleSessionName": "me", "DurationSeconds": 7200}
    assert help.refusal(sts.assume_role, **long) == (
        "ValidationError",
        "The requested DurationSeconds exceeds the MaxSessionDuration set for this role.",
    )
    iam.update_role(RoleName="r", MaxSessionDuration=7200)
    assert sts.assume_role(**long)["Credentials"]


def test_a_trust_policy_that_is_no_json_is_refused(iam, help):
    assert help.refusal(iam.create_role, RoleName="r", AssumeRolePolicyDocument='{"Version"') == (
        "MalformedPolicyDocument",
        "This policy contains invalid Json",
    )


@pytest.mark.parametrize(
    ("statement", "message"),
    [
        ({"Action": "sts:AssumeRole"}, "Missing required field Principal"),
        (
            {"Action": "sts:AssumeRole", "Principal": {"Service": "x.amazonaws.com"}, "Resource": "*"},
            "Has prohibited field Resource",
        ),
        ({"Action": "sts:AssumeRole", "Principal": {"AWS": "me"}}, 'Invalid principal in policy: "AWS":"me"'),
        ({"Action": "s3:Get", "Principal": "*"}, "AssumeRole policy may only specify STS AssumeRole actions."),
    ],
)
def test_a_broken_trust_policy_is_refused(iam, help, statement, message):
    text = json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", **statement}]})
    expected = ("MalformedPolicyDocument", message)
    assert help.refusal(iam.create_role, RoleName="r", AssumeRolePolicyDocument=text) == expected


def test_a_role_in_a_profile_stays(iam, help):
    iam.create_role(RoleName="r", AssumeRolePolicyDocument=help.trust())
    iam.create_instance_profile(InstanceProfileName="p")
    iam.add_role_to_instance_profile(InstanceProfileName="p", RoleName="r")
    assert help.refusal(iam.delete_role, RoleName="r")[0] == "DeleteConflict"
    assert help.refusal(iam.delete_instance_profile, InstanceProfileName="p")[0] == "DeleteConflict"
    assert help.refusal(iam.add_role_to_instance_profile, InstanceProfileName="p", RoleName="r")[0] == "LimitExceeded"
    (profile,) = iam.list_instance_profiles_for_role(RoleName="r")["InstanceProfiles"]
    assert profile["Roles"][0]["RoleName"] == "r"
    iam.remove_role_from_instance_profile(InstanceProfileName="p", RoleName="r")
    iam.delete_role(RoleName="r")
    iam.delete_instance_profile(InstanceProfileName="p")
    assert help.refusal(iam.get_instance_profile, InstanceProfileName="p") == (
        "NoSuchEntity",
        "Instance Profile p cannot be found.",
    )


def test_a_linked_role_is_its_services_alone(iam, help):
    iam.create_service_linked_role(AWSServiceName="batch.amazonaws.com")
    role = iam.get_role(RoleName="AWSServiceRoleForBatch")["Role"]
    assert role["Path"] == "/aws-service-role/batch.amazonaws.com/"
    assert role["AssumeRolePolicyDocument"]["Statement"] == [
        {"Action": "sts:AssumeRole", "Effect": "Allow", "Principal": {"Service": "batch.amazonaws.com"}}
    ]
    assert help.refusal(iam.create_service_linked_role, AWSServiceName="batch.amazonaws.com") == (
        "InvalidInput",
        "Service role name AWSServiceRoleForBatch has been taken in this account, please try a different suffix.",
    )
    assert help.refusal(iam.delete_role, RoleName="AWSServiceRoleForBatch") == (
        "UnmodifiableEntity",
        "Cannot perform the operation on the protected role 'AWSServiceRoleForBatch' - this role is only modifiable by "
        "AWS",
    )
    task = iam.delete_service_linked_role(RoleName="AWSServiceRoleForBatch")["DeletionTaskId"]
    assert task.startswith("task/aws-service-role/batch.amazonaws.com/AWSServiceRoleForBatch/")
    assert iam.get_service_linked_role_deletion_status(DeletionTaskId=task)["Status"] == "SUCCEEDED"


RECORDED = [
    ("autoscaling-plans", "AutoScalingPlans_EC2AutoScaling", "AWSAutoScalingPlansEC2AutoScalingPolicy"),
    ("cks.kms", "KeyManagementServiceCustomKeyStores", "AWSKeyManagementServiceCustomKeyStoresServiceRolePolicy"),
    ("ecs", "ECS", "AmazonECSServiceRolePolicy"),
    ("lex", "LexBots", "AmazonLexBotPolicy"),
    ("opensearchservice", "AmazonOpenSearchService", "AmazonOpenSearchServiceRolePolicy"),
    ("rds", "RDS", "AmazonRDSServiceRolePolicy"),
    ("wafv2", "WAFV2Logging", "WAFV2LoggingServiceRolePolicy"),
]


@pytest.mark.parametrize(("service", "name", "policy"), RECORDED)
def test_linked_roles_have_awss_names_and_policies(iam, service, name, policy):
    iam.create_service_linked_role(AWSServiceName=f"{service}.amazonaws.com")
    (attached,) = iam.list_attached_role_policies(RoleName=f"AWSServiceRoleFor{name}")["AttachedPolicies"]
    assert attached == {
        "PolicyName": policy,
        "PolicyArn": f"arn:aws:iam::aws:policy/aws-service-role/{policy}",
    }


def test_a_suffix_is_for_few_services(iam, help):
    iam.create_service_linked_role(AWSServiceName="connect.amazonaws.com", CustomSuffix="one")
    assert iam.get_role(RoleName="AWSServiceRoleForAmazonConnect_one")["Role"]
    assert help.refusal(iam.create_service_linked_role, AWSServiceName="acm.amazonaws.com", CustomSuffix="x") == (
        "InvalidInput",
        "Custom suffix is not allowed for acm.amazonaws.com",
    )
