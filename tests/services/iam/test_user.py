from __future__ import annotations

import re

import boto3
import pytest


def test_a_user_has_an_id_and_an_arn_with_its_path(iam):
    user = iam.create_user(UserName="Bob", Path="/team/")["User"]
    assert user["Arn"] == "arn:aws:iam::111111111111:user/team/Bob"
    assert re.fullmatch("AIDA[A-Z2-7]{17}", user["UserId"])
    assert user["CreateDate"].microsecond == 0
    assert iam.get_user(UserName="Bob")["User"] == user


def test_names_differ_by_more_than_case(iam, help):
    iam.create_user(UserName="Bob")
    assert help.refusal(iam.create_user, UserName="BOB") == (
        "EntityAlreadyExists",
        "User with name BOB already exists.",
    )


def test_an_unknown_user_cannot_be_found(iam, help):
    assert help.refusal(iam.get_user, UserName="nobody") == (
        "NoSuchEntity",
        "The user with name nobody cannot be found.",
    )


def test_a_list_shows_no_tags_and_pages_by_name(iam):
    for name in ("carol", "alice", "bob"):
        iam.create_user(UserName=name, Tags=[{"Key": "a", "Value": "b"}])
    pages = list(iam.get_paginator("list_users").paginate(PaginationConfig={"PageSize": 2}))
    assert [[user["UserName"] for user in page["Users"]] for page in pages] == [["alice", "bob"], ["carol"]]
    assert "Tags" not in pages[0]["Users"][0]


def test_a_path_prefix_narrows_the_list(iam):
    iam.create_user(UserName="a", Path="/x/y/")
    iam.create_user(UserName="b", Path="/z/")
    assert [user["UserName"] for user in iam.list_users(PathPrefix="/x/")["Users"]] == ["a"]


def test_a_renamed_user_keeps_id_keys_and_groups(iam):
    user = iam.create_user(UserName="Bob")["User"]
    iam.create_group(GroupName="ops")
    iam.add_user_to_group(GroupName="ops", UserName="Bob")
    key = iam.create_access_key(UserName="Bob")["AccessKey"]
    iam.update_user(UserName="Bob", NewUserName="Rob", NewPath="/new/")
    renamed = iam.get_user(UserName="Rob")["User"]
    assert renamed["UserId"] == user["UserId"]
    assert renamed["Arn"] == "arn:aws:iam::111111111111:user/new/Rob"
    assert [one["UserName"] for one in iam.list_access_keys(UserName="Rob")["AccessKeyMetadata"]] == ["Rob"]
    assert [one["UserName"] for one in iam.get_group(GroupName="ops")["Users"]] == ["Rob"]
    sts = boto3.client(
        "sts", "us-east-1", aws_access_key_id=key["AccessKeyId"], aws_secret_access_key=key["SecretAccessKey"]
    )
    assert sts.get_caller_identity()["Arn"] == renamed["Arn"]


@pytest.mark.parametrize(
    ("give", "message"),
    [
        (lambda iam, help: iam.create_access_key(UserName="Bob"), "must delete access keys first."),
        (
            lambda iam, help: iam.create_login_profile(UserName="Bob", Password="secret-123"),
            "must delete login profile",
        ),
        (
            lambda iam, help: iam.put_user_policy(UserName="Bob", PolicyName="p", PolicyDocument=help.document()),
            "must delete policies first.",
        ),
        (
            lambda iam, help: iam.attach_user_policy(
                UserName="Bob", PolicyArn="arn:aws:iam::aws:policy/ReadOnlyAccess"
            ),
            "must detach all policies first.",
        ),
    ],
)
def test_a_user_that_has_something_stays(iam, help, give, message):
    iam.create_user(UserName="Bob")
    give(iam, help)
    code, text = help.refusal(iam.delete_user, UserName="Bob")
    assert code == "DeleteConflict"
    assert message in text


def test_a_user_in_a_group_stays(iam, help):
    iam.create_user(UserName="Bob")
    iam.create_group(GroupName="ops")
    iam.add_user_to_group(GroupName="ops", UserName="Bob")
    assert help.refusal(iam.delete_user, UserName="Bob")[0] == "DeleteConflict"
    assert help.refusal(iam.delete_group, GroupName="ops") == (
        "DeleteConflict",
        "Cannot delete entity, must remove users from group first.",
    )
    iam.remove_user_from_group(GroupName="ops", UserName="Bob")
    iam.delete_user(UserName="Bob")
    assert iam.list_users()["Users"] == []


def test_tags_differ_by_more_than_case_and_are_replaced(iam, help):
    iam.create_user(UserName="Bob", Tags=[{"Key": "Team", "Value": "x"}])
    iam.tag_user(UserName="Bob", Tags=[{"Key": "team", "Value": "y"}])
    assert iam.list_user_tags(UserName="Bob")["Tags"] == [{"Key": "team", "Value": "y"}]
    iam.untag_user(UserName="Bob", TagKeys=["TEAM"])
    assert iam.list_user_tags(UserName="Bob")["Tags"] == []
    twice = [{"Key": "a", "Value": "1"}, {"Key": "A", "Value": "2"}]
    assert help.refusal(iam.tag_user, UserName="Bob", Tags=twice) == (
        "InvalidInput",
        "Duplicate tag keys found. Please note that Tag keys are case insensitive.",
    )


def test_get_user_without_a_name_means_the_caller(iam):
    iam.create_user(UserName="Bob")
    key = iam.create_access_key(UserName="Bob")["AccessKey"]
    own = boto3.client(
        "iam", "us-east-1", aws_access_key_id=key["AccessKeyId"], aws_secret_access_key=key["SecretAccessKey"]
    )
    assert own.get_user()["User"]["UserName"] == "Bob"
    assert iam.get_user()["User"]["Arn"] == "arn:aws:iam::111111111111:root"


def test_accounts_do_not_see_each_other(iam):
    iam.create_user(UserName="Bob")
    other = boto3.client("iam", "eu-west-1", aws_access_key_id="222222222222", aws_secret_access_key="x")
    assert other.list_users()["Users"] == []
    same = boto3.client("iam", "eu-west-1", aws_access_key_id="111111111111", aws_secret_access_key="x")
    assert len(same.list_users()["Users"]) == 1


def test_two_access_keys_are_the_limit(iam, help):
    iam.create_user(UserName="Bob")
    key = iam.create_access_key(UserName="Bob")["AccessKey"]["AccessKeyId"]
    iam.create_access_key(UserName="Bob")
    assert help.refusal(iam.create_access_key, UserName="Bob") == (
        "LimitExceeded",
        "Cannot exceed quota for AccessKeysPerUser: 2",
    )
    iam.update_access_key(UserName="Bob", AccessKeyId=key, Status="Inactive")
    states = {one["AccessKeyId"]: one["Status"] for one in iam.list_access_keys(UserName="Bob")["AccessKeyMetadata"]}
    assert states[key] == "Inactive"
    iam.delete_access_key(UserName="Bob", AccessKeyId=key)
    assert help.refusal(iam.delete_access_key, UserName="Bob", AccessKeyId=key) == (
        "NoSuchEntity",
        f"The Access Key with id {key} cannot be found.",
    )


def test_a_keys_last_use_is_its_last_call(iam):
    iam.create_user(UserName="Bob")
    key = iam.create_access_key(UserName="Bob")["AccessKey"]
    used = iam.get_access_key_last_used(AccessKeyId=key["AccessKeyId"])["AccessKeyLastUsed"]
    assert used == {"ServiceName": "N/A", "Region": "N/A"}
    own = boto3.client(
        "sts", "eu-west-1", aws_access_key_id=key["AccessKeyId"], aws_secret_access_key=key["SecretAccessKey"]
    )
    own.get_caller_identity()
    used = iam.get_access_key_last_used(AccessKeyId=key["AccessKeyId"])
    assert used["UserName"] == "Bob"
    assert used["AccessKeyLastUsed"]["ServiceName"] == "sts"
    assert used["AccessKeyLastUsed"]["Region"] == "eu-west-1"


def test_service_credentials_come_and_go(iam, help):
    iam.create_user(UserName="Bob")
    made = iam.create_service_specific_credential(UserName="Bob", ServiceName="cassandra.amazonaws.com")
    made = made["ServiceSpecificCredential"]
    assert made["ServiceUserName"] == "Bob-at-111111111111"
    unique = made["ServiceSpecificCredentialId"]
    iam.update_service_specific_credential(UserName="Bob", ServiceSpecificCredentialId=unique, Status="Inactive")
    (listed,) = iam.list_service_specific_credentials(UserName="Bob")["ServiceSpecificCredentials"]
    assert listed["Status"] == "Inactive"
    assert "ServicePassword" not in listed
    again = iam.reset_service_specific_credential(UserName="Bob", ServiceSpecificCredentialId=unique)
    assert again["ServiceSpecificCredential"]["ServicePassword"] != made["ServicePassword"]
    other = iam.list_service_specific_credentials(UserName="Bob", ServiceName="codecommit.amazonaws.com")
    assert other["ServiceSpecificCredentials"] == []
    wrong = {"UserName": "Bob", "ServiceName": "nonexistentservice.amazonaws.com"}
    assert help.refusal(iam.list_service_specific_credentials, **wrong) == (
        "NoSuchEntity",
        "No such service nonexistentservice.amazonaws.com is supported for Service Specific Credentials",
    )


@pytest.mark.parametrize(
    ("credential", "expected"),
    [
        (
            "satisfiesregexbutstillinvalid",
            ("NoSuchEntity", "No such credential satisfiesregexbutstillinvalid exists"),
        ),
        (
            "totally-wrong-credential-id-with-hyphens",
            (
                "ValidationError",
                "1 validation error detected: Value at 'serviceSpecificCredentialId' failed to satisfy constraint: "
                "Member must satisfy regular expression pattern: [\\w]+",
            ),
        ),
    ],
)
def test_a_wrong_credential_id_is_refused(iam, help, credential, expected):
    iam.create_user(UserName="Bob")
    for call in (iam.delete_service_specific_credential, iam.reset_service_specific_credential):
        assert help.refusal(call, UserName="Bob", ServiceSpecificCredentialId=credential) == expected


def test_passwords_keep_the_accounts_rules(iam, help):
    iam.create_user(UserName="Bob")
    missing = help.refusal(iam.get_account_password_policy)
    assert missing[0] == "NoSuchEntity"
    iam.update_account_password_policy(MinimumPasswordLength=12, RequireNumbers=True)
    assert iam.get_account_password_policy()["PasswordPolicy"]["MinimumPasswordLength"] == 12
    weak = help.refusal(iam.create_login_profile, UserName="Bob", Password="short")
    assert weak[0] == "PasswordPolicyViolation"
    iam.create_login_profile(UserName="Bob", Password="long-enough-1", PasswordResetRequired=True)
    assert iam.get_login_profile(UserName="Bob")["LoginProfile"]["PasswordResetRequired"]
    iam.delete_login_profile(UserName="Bob")
    assert help.refusal(iam.get_login_profile, UserName="Bob")[1] == "Login Profile for User Bob cannot be found."
    assert help.refusal(iam.delete_login_profile, UserName="Bob")[1] == "Cannot find Login Profile for User Bob"


def test_a_device_has_one_user(iam, help):
    iam.create_user(UserName="Bob")
    device = iam.create_virtual_mfa_device(VirtualMFADeviceName="phone")["VirtualMFADevice"]
    assert device["QRCodePNG"].startswith(b"\x89PNG")
    serial = device["SerialNumber"]
    codes = {"AuthenticationCode1": "123456", "AuthenticationCode2": "234567"}
    iam.enable_mfa_device(UserName="Bob", SerialNumber=serial, **codes)
    assert [one["SerialNumber"] for one in iam.list_mfa_devices(UserName="Bob")["MFADevices"]] == [serial]
    (listed,) = iam.list_virtual_mfa_devices(AssignmentStatus="Assigned")["VirtualMFADevices"]
    assert listed["User"]["UserName"] == "Bob"
    assert help.refusal(iam.delete_virtual_mfa_device, SerialNumber=serial)[0] == "DeleteConflict"
    iam.deactivate_mfa_device(UserName="Bob", SerialNumber=serial)
    iam.delete_virtual_mfa_device(SerialNumber=serial)
    assert iam.list_virtual_mfa_devices()["VirtualMFADevices"] == []


def test_boto_2_lists_users(aws, monkeypatch):
    boto = pytest.importorskip("boto")
    connection = boto.connect_iam("111111111111", "secret")
    connection.create_user("Bob")
    users = connection.get_all_users()["list_users_response"]["list_users_result"]["users"]
    assert [user["user_name"] for user in users] == ["Bob"]
