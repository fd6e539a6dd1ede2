from __future__ import annotations

import json


def test_a_group_takes_its_users_along_under_a_new_name(iam, help):
    iam.create_group(GroupName="ops", Path="/a/")
    iam.create_user(UserName="u")
    iam.add_user_to_group(GroupName="ops", UserName="u")
    iam.update_group(GroupName="ops", NewGroupName="sre", NewPath="/b/")
    (group,) = iam.list_groups_for_user(UserName="u")["Groups"]
    assert group["Arn"] == "arn:aws:iam::111111111111:group/b/sre"
    assert [one["GroupName"] for one in iam.list_groups(PathPrefix="/b/")["Groups"]] == ["sre"]
    assert help.refusal(iam.get_group, GroupName="ops") == (
        "NoSuchEntity",
        "The group with name ops cannot be found.",
    )


def test_a_groups_policies_come_and_go(iam, help):
    arn = "arn:aws:iam::aws:policy/ReadOnlyAccess"
    iam.create_group(GroupName="g")
    iam.attach_group_policy(GroupName="g", PolicyArn=arn)
    assert iam.list_attached_group_policies(GroupName="g")["AttachedPolicies"][0]["PolicyArn"] == arn
    assert iam.list_attached_group_policies(GroupName="g", PathPrefix="/x/")["AttachedPolicies"] == []
    iam.detach_group_policy(GroupName="g", PolicyArn=arn)
    iam.put_group_policy(GroupName="g", PolicyName="p", PolicyDocument=help.document())
    assert iam.get_group_policy(GroupName="g", PolicyName="p")["PolicyDocument"] == json.loads(help.document())
    assert iam.list_group_policies(GroupName="g")["PolicyNames"] == ["p"]
    iam.delete_group_policy(GroupName="g", PolicyName="p")
    iam.delete_group(GroupName="g")
    assert iam.list_groups()["Groups"] == []


def test_a_users_policies_come_and_go(iam, help):
    arn = "arn:aws:iam::aws:policy/ReadOnlyAccess"
    iam.create_user(UserName="u")
    iam.attach_user_policy(UserName="u", PolicyArn=arn)
    assert len(iam.list_attached_user_policies(UserName="u")["AttachedPolicies"]) == 1
    iam.detach_user_policy(UserName="u", PolicyArn=arn)
    assert iam.list_attached_user_policies(UserName="u")["AttachedPolicies"] == []
    iam.put_user_policy(UserName="u", PolicyName="p", PolicyDocument=help.document())
    assert iam.get_user_policy(UserName="u", PolicyName="p")["PolicyDocument"] == json.loads(help.document())
    assert iam.list_user_policies(UserName="u")["PolicyNames"] == ["p"]
    iam.delete_user_policy(UserName="u", PolicyName="p")
    assert iam.list_user_policies(UserName="u")["PolicyNames"] == []


def test_an_inline_policy_has_a_size(iam, help):
    iam.create_user(UserName="u")
    text = help.document(resource=[f"arn:aws:s3:::{'b' * 50}{index}" for index in range(50)])
    assert help.refusal(iam.put_user_policy, UserName="u", PolicyName="p", PolicyDocument=text) == (
        "LimitExceeded",
        "Maximum policy size of 2048 bytes exceeded for user u",
    )


def test_boundaries_are_set_and_lifted(iam, help):
    arn = iam.create_policy(PolicyName="b", PolicyDocument=help.document())["Policy"]["Arn"]
    iam.create_user(UserName="x")
    iam.create_role(RoleName="x", AssumeRolePolicyDocument=help.trust())
    expected = {"PermissionsBoundaryType": "Policy", "PermissionsBoundaryArn": arn}
    iam.put_user_permissions_boundary(UserName="x", PermissionsBoundary=arn)
    assert iam.get_user(UserName="x")["User"]["PermissionsBoundary"] == expected
    iam.put_role_permissions_boundary(RoleName="x", PermissionsBoundary=arn)
    assert iam.get_role(RoleName="x")["Role"]["PermissionsBoundary"] == expected
    iam.delete_user_permissions_boundary(UserName="x")
    iam.delete_role_permissions_boundary(RoleName="x")
    assert "PermissionsBoundary" not in iam.get_user(UserName="x")["User"]
    assert help.refusal(iam.delete_role_permissions_boundary, RoleName="x")[0] == "NoSuchEntity"


def test_roles_are_changed_and_their_policies_detached(iam, help):
    iam.create_role(RoleName="r", AssumeRolePolicyDocument=help.trust(), Description="one")
    iam.attach_role_policy(RoleName="r", PolicyArn="arn:aws:iam::aws:policy/ReadOnlyAccess")
    iam.put_role_policy(RoleName="r", PolicyName="p", PolicyDocument=help.document())
    iam.update_role(RoleName="r", Description="two", MaxSessionDuration=7200)
    assert iam.update_role_description(RoleName="r", Description="three")["Role"]["Description"] == "three"
    other = help.trust({"Service": "lambda.amazonaws.com"})
    iam.update_assume_role_policy(RoleName="r", PolicyDocument=other)
    role = iam.get_role(RoleName="r")["Role"]
    assert (role["MaxSessionDuration"], role["AssumeRolePolicyDocument"]) == (7200, json.loads(other))
    assert help.refusal(iam.delete_role, RoleName="r")[0] == "DeleteConflict"
    iam.detach_role_policy(RoleName="r", PolicyArn="arn:aws:iam::aws:policy/ReadOnlyAccess")
    assert iam.get_role_policy(RoleName="r", PolicyName="p")["RoleName"] == "r"
    assert iam.list_role_policies(RoleName="r")["PolicyNames"] == ["p"]
    iam.delete_role_policy(RoleName="r", PolicyName="p")
    iam.delete_role(RoleName="r")
    assert iam.list_roles()["Roles"] == []
