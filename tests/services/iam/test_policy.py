from __future__ import annotations

import pytest

OWN = "arn:aws:iam::111111111111:policy/p"


def create(iam, help, name="p", **more):
    return iam.create_policy(PolicyName=name, PolicyDocument=help.document(), **more)["Policy"]


def test_a_new_policy_is_attached_to_nobody(iam, help):
    policy = create(iam, help)
    del policy["CreateDate"], policy["UpdateDate"]
    assert policy.pop("PolicyId").startswith("ANPA")
    assert policy == {
        "PolicyName": "p",
        "Arn": OWN,
        "Path": "/",
        "DefaultVersionId": "v1",
        "AttachmentCount": 0,
        "PermissionsBoundaryUsageCount": 0,
        "IsAttachable": True,
    }


def test_names_of_policies_are_unique_whatever_the_path(iam, help):
    create(iam, help)
    params = {"PolicyName": "P", "Path": "/x/", "PolicyDocument": help.document()}
    assert help.refusal(iam.create_policy, **params) == (
        "EntityAlreadyExists",
        "A policy called P already exists. Duplicate names are not allowed.",
    )


def test_five_versions_are_the_limit(iam, help):
    create(iam, help)
    for _ in range(4):
        iam.create_policy_version(PolicyArn=OWN, PolicyDocument=help.document("s3:*"))
    code, message = help.refusal(iam.create_policy_version, PolicyArn=OWN, PolicyDocument=help.document())
    assert code == "LimitExceeded"
    assert message.startswith("A managed policy can have up to 5 versions.")
    iam.set_default_policy_version(PolicyArn=OWN, VersionId="v3")
    refused = help.refusal(iam.delete_policy_version, PolicyArn=OWN, VersionId="v3")
    assert refused == ("DeleteConflict", "Cannot delete the default version of a policy.")
    iam.delete_policy_version(PolicyArn=OWN, VersionId="v5")
    made = iam.create_policy_version(PolicyArn=OWN, PolicyDocument=help.document(), SetAsDefault=True)
    assert made["PolicyVersion"]["VersionId"] == "v6"
    versions = iam.list_policy_versions(PolicyArn=OWN)["Versions"]
    assert [one["VersionId"] for one in versions] == ["v6", "v4", "v3", "v2", "v1"]
    assert help.refusal(iam.delete_policy, PolicyArn=OWN)[0] == "DeleteConflict"


def test_a_policy_of_aws_is_read_and_attached_but_not_changed(iam, help):
    arn = "arn:aws:iam::aws:policy/AdministratorAccess"
    version = iam.get_policy_version(PolicyArn=arn, VersionId="v1")["PolicyVersion"]
    assert version["Document"]["Statement"] == [{"Effect": "Allow", "Action": "*", "Resource": "*"}]
    iam.create_role(RoleName="r", AssumeRolePolicyDocument=help.trust())
    iam.attach_role_policy(RoleName="r", PolicyArn=arn)
    assert iam.get_policy(PolicyArn=arn)["Policy"]["AttachmentCount"] == 1
    assert [one["Arn"] for one in iam.list_policies(OnlyAttached=True)["Policies"]] == [arn]
    assert help.refusal(iam.delete_policy, PolicyArn=arn)[0] == "AccessDenied"


def test_lists_of_policies_reach_all_of_awss(iam, help):
    create(iam, help)
    names = [one["PolicyName"] for page in iam.get_paginator("list_policies").paginate() for one in page["Policies"]]
    assert len(names) > 1500
    assert {"p", "ReadOnlyAccess", "AmazonS3FullAccess"} <= set(names)
    assert [one["PolicyName"] for one in iam.list_policies(Scope="Local")["Policies"]] == ["p"]


@pytest.mark.parametrize("arn", ["longpolicynamebutnoarn", "arn:aws:iam::111111111111"])
def test_what_is_no_arn_cannot_be_attached(iam, help, arn):
    iam.create_user(UserName="Bob")
    expected = ("ValidationError", "Invalid ARN:  Could not be parsed!")
    assert help.refusal(iam.attach_user_policy, UserName="Bob", PolicyArn=arn) == expected


def test_a_policy_that_is_not_there_cannot_be_attached(iam, help):
    iam.create_role(RoleName="r", AssumeRolePolicyDocument=help.trust())
    assert help.refusal(iam.attach_role_policy, RoleName="r", PolicyArn=OWN + "123") == (
        "NoSuchEntity",
        f"Policy {OWN}123 does not exist or is not attachable.",
    )
    assert help.refusal(iam.detach_role_policy, RoleName="r", PolicyArn=OWN) == (
        "NoSuchEntity",
        f"Policy {OWN} was not found.",
    )


def test_a_policy_that_is_not_there_cannot_be_deleted(iam, help):
    arn = "arn:aws:iam::111111111111:policy/non-existent-policy"
    assert help.refusal(iam.delete_policy, PolicyArn=arn) == ("NoSuchEntity", f"Policy {arn} was not found.")


def test_entities_of_a_policy_are_named_by_kind(iam, help):
    create(iam, help)
    iam.create_user(UserName="u")
    iam.create_group(GroupName="g")
    iam.create_role(RoleName="r", AssumeRolePolicyDocument=help.trust(), PermissionsBoundary=OWN)
    iam.attach_user_policy(UserName="u", PolicyArn=OWN)
    iam.attach_group_policy(GroupName="g", PolicyArn=OWN)
    found = iam.list_entities_for_policy(PolicyArn=OWN, PolicyUsageFilter="PermissionsPolicy")
    assert [one["UserName"] for one in found["PolicyUsers"]] == ["u"]
    assert [one["GroupName"] for one in found["PolicyGroups"]] == ["g"]
    assert found["PolicyRoles"] == []
    assert iam.get_policy(PolicyArn=OWN)["Policy"]["PermissionsBoundaryUsageCount"] == 1
    assert help.refusal(iam.delete_policy, PolicyArn=OWN) == (
        "DeleteConflict",
        "Cannot delete a policy attached to entities.",
    )


@pytest.mark.parametrize("kind", ["user", "group", "role"])
def test_percent_signs_survive_in_inline_policies(iam, help, kind):
    resource = "arn:aws:apigateway:us-east-1::/tags/arn%3Aaws%3Aapigateway%3Aus-east-1%3A%3A%2Frestapis%2Faaeeieije"
    name = {f"{kind.title()}Name": "x"}
    more = {"AssumeRolePolicyDocument": help.trust()} if kind == "role" else {}
    getattr(iam, f"create_{kind}")(**name, **more)
    text = help.document(["apigatway:PUT"], [resource])
    getattr(iam, f"put_{kind}_policy")(**name, PolicyName="p", PolicyDocument=text)
    answer = getattr(iam, f"get_{kind}_policy")(**name, PolicyName="p")
    assert answer["PolicyDocument"]["Statement"][0]["Resource"] == [resource]
    assert getattr(iam, f"list_{kind}_policies")(**name)["PolicyNames"] == ["p"]
    getattr(iam, f"delete_{kind}_policy")(**name, PolicyName="p")
    code, message = help.refusal(getattr(iam, f"get_{kind}_policy"), **name, PolicyName="p")
    assert (code, message) == ("NoSuchEntity", f"The {kind} policy with name p cannot be found.")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "Syntax errors in policy."),
        ('{"Version":"2012-10-17"}', "Syntax errors in policy."),
        (
            '{"Statement":[{"Effect":"Allow","Action":"s3:Get*","Resource":"*"}]}',
            "Policy document must be version 2012-10-17 or greater.",
        ),
        (
            '{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"GetObject","Resource":"*"}}',
            "Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.",
        ),
        (
            '{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"s3:*","Resource":"bucket"}}',
            'Resource bucket must be in ARN format or "*".',
        ),
        (
            '{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"s3:*","Resource":""}}',
            'Resource  must be in ARN format or "*".',
        ),
        (
            '{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"s3:*","Resource":"arn:aws:s3::b"}}',
            "The policy failed legacy parsing",
        ),
        (
            '{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"s3:*","Resource":"arn:x:s3:::b"}}',
            'Partition "x" is not valid for resource "arn:x:s3:::b".',
        ),
        (
            '{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":"*","Action":"s3:*","Resource":"*"}}',
            "Policy document should not specify a principal.",
        ),
    ],
)
def test_a_broken_document_is_refused(iam, help, text, message):
    assert help.refusal(iam.create_policy, PolicyName="p", PolicyDocument=text) == ("MalformedPolicyDocument", message)
