from __future__ import annotations

import contextlib
import json

import boto3
import pytest
from botocore.exceptions import ClientError

from sundog import mock_aws


@pytest.fixture
def aws_settings():
    return {"enforce_iam": True}


def keys(made):
    token = {"aws_session_token": made["SessionToken"]} if "SessionToken" in made else {}
    return {"aws_access_key_id": made["AccessKeyId"], "aws_secret_access_key": made["SecretAccessKey"], **token}


def client(service, given, **more):
    return boto3.client(service, region_name="us-east-1", **given, **more)


def refusal(call, **params):
    with pytest.raises(ClientError) as caught:
        call(**params)
    error = caught.value.response["Error"]
    return error["Code"], error["Message"]


def document(*statements):
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def allow(action, resource="*", **more):
    return {"Effect": "Allow", "Action": action, "Resource": resource, **more}


@pytest.fixture
def root(aws):
    return aws.root_credentials()


@pytest.fixture
def iam(root):
    return client("iam", root)


@pytest.fixture
def alice(iam):
    iam.create_user(UserName="alice")
    return keys(iam.create_access_key(UserName="alice")["AccessKey"])


def grant(iam, *statements):
    iam.put_user_policy(UserName="alice", PolicyName="p", PolicyDocument=document(*statements))


def test_the_root_user_may_do_everything(iam):
    assert iam.list_users()["Users"] == []


def test_nobody_else_may_do_anything_but_say_who_they_are(alice):
    assert client("sts", alice).get_caller_identity()["Arn"] == "arn:aws:iam::123456789012:user/alice"
    assert refusal(client("iam", alice).list_users) == (
        "AccessDenied",
        "User: arn:aws:iam::123456789012:user/alice is not authorized to perform: iam:ListUsers on resource: "
        "arn:aws:iam::123456789012:user/ because no identity-based policy allows the iam:ListUsers action",
    )


def test_a_policy_lets_the_call_through(iam, alice):
    grant(iam, allow("iam:List*"))
    assert len(client("iam", alice).list_users()["Users"]) == 1


def test_a_resource_narrows_the_policy(iam, alice):
    grant(iam, allow("iam:GetUser", "arn:aws:iam::123456789012:user/${aws:username}"))
    iam.create_user(UserName="bob")
    own = client("iam", alice)
    assert own.get_user(UserName="alice")["User"]
    assert own.get_user()["User"]["UserName"] == "alice"
    assert refusal(own.get_user, UserName="bob")[0] == "AccessDenied"


def test_an_explicit_deny_is_named(iam, alice):
    grant(iam, allow("*"), {**allow("iam:ListUsers"), "Effect": "Deny"})
    assert refusal(client("iam", alice).list_users)[1].endswith("with an explicit deny in an identity-based policy")


def test_a_group_grants_to_its_users(iam, alice):
    iam.create_group(GroupName="ops")
    iam.attach_group_policy(GroupName="ops", PolicyArn="arn:aws:iam::aws:policy/IAMReadOnlyAccess")
    iam.add_user_to_group(GroupName="ops", UserName="alice")
    assert client("iam", alice).list_users()["Users"]


def test_a_boundary_narrows(iam, alice):
    grant(iam, allow("*"))
    arn = iam.create_policy(PolicyName="b", PolicyDocument=document(allow("sts:*")))["Policy"]["Arn"]
    iam.put_user_permissions_boundary(UserName="alice", PermissionsBoundary=arn)
    message = refusal(client("iam", alice).list_users)[1]
    assert message.endswith("because no permissions boundary allows the iam:ListUsers action")


def test_ec2_encodes_why(iam, root, alice):
    code, message = refusal(client("ec2", alice).describe_vpcs)
    assert code == "UnauthorizedOperation"
    assert message.startswith(
        "You are not authorized to perform this operation. User: arn:aws:iam::123456789012:user/alice is not "
        "authorized to perform: ec2:DescribeVpcs because no identity-based policy allows the ec2:DescribeVpcs action. "
        "Encoded authorization failure message: "
    )
    decoded = client("sts", root).decode_authorization_message(EncodedMessage=message.split()[-1])
    found = json.loads(decoded["DecodedMessage"])
    assert found["allowed"] is False
    assert found["context"]["action"] == "ec2:DescribeVpcs"


@pytest.mark.parametrize(
    ("service", "operation", "code", "action"),
    [
        ("dynamodb", "list_tables", "AccessDeniedException", "dynamodb:ListTables"),
        ("lambda", "list_functions", "AccessDeniedException", "lambda:ListFunctions"),
        ("s3", "list_buckets", "AccessDenied", "s3:ListAllMyBuckets"),
        ("sns", "list_topics", "AuthorizationError", "SNS:ListTopics"),
    ],
)
def test_each_family_refuses_in_its_words(alice, service, operation, code, action):
    found, message = refusal(getattr(client(service, alice), operation))
    assert found == code
    assert f"is not authorized to perform: {action}" in message


def test_an_unknown_key_is_refused(aws):
    unknown = {"aws_access_key_id": "AKIAUNKNOWN", "aws_secret_access_key": "x"}
    assert refusal(client("sts", unknown).get_caller_identity)[0] == "InvalidClientTokenId"
    assert refusal(client("dynamodb", unknown).list_tables)[0] == "UnrecognizedClientException"
    assert refusal(client("s3", unknown).list_buckets)[0] == "InvalidAccessKeyId"
    assert refusal(client("ec2", unknown).describe_vpcs)[0] == "AuthFailure"


def test_a_wrong_secret_and_an_inactive_key_are_refused(iam, alice):
    wrong = {**alice, "aws_secret_access_key": "wrong"}
    assert refusal(client("sts", wrong).get_caller_identity)[0] == "SignatureDoesNotMatch"
    iam.update_access_key(UserName="alice", AccessKeyId=alice["aws_access_key_id"], Status="Inactive")
    assert refusal(client("sts", alice).get_caller_identity)[0] == "InvalidClientTokenId"


ROLE = "arn:aws:iam::123456789012:role/r"


def make_role(iam, principal, *statements):
    trust = document({"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": principal})
    iam.create_role(RoleName="r", AssumeRolePolicyDocument=trust)
    if statements:
        iam.put_role_policy(RoleName="r", PolicyName="p", PolicyDocument=document(*statements))


def test_the_trust_policy_decides_who_assumes_a_role(iam, alice):
    sts = client("sts", alice)
    refused = (
        "AccessDenied",
        f"User: arn:aws:iam::123456789012:user/alice is not authorized to perform: sts:AssumeRole on resource: {ROLE}",
    )
    assert refusal(sts.assume_role, RoleArn=ROLE, RoleSessionName="me") == refused
    make_role(iam, {"AWS": "arn:aws:iam::123456789012:user/alice"}, allow("iam:ListUsers"))
    session = keys(sts.assume_role(RoleArn=ROLE, RoleSessionName="me")["Credentials"])
    assert client("iam", session).list_users()["Users"]
    message = refusal(client("iam", session).list_roles)[1]
    assert message.startswith("User: arn:aws:sts::123456789012:assumed-role/r/me is not authorized")


def test_a_role_that_trusts_the_account_leaves_it_to_the_users_policies(iam, alice):
    make_role(iam, {"AWS": "123456789012"})
    sts = client("sts", alice)
    assert refusal(sts.assume_role, RoleArn=ROLE, RoleSessionName="me")[0] == "AccessDenied"
    grant(iam, allow("sts:AssumeRole", ROLE))
    assert sts.assume_role(RoleArn=ROLE, RoleSessionName="me")["Credentials"]


def test_whoever_hands_a_role_on_needs_permission(aws, iam, alice):
    make_role(iam, {"Service": "lambda.amazonaws.com"})
    grant(iam, allow("lambda:*"))
    create = {
        "FunctionName": "f", "Role": ROLE, "Runtime": "python3.12", "Handler": "a.b", "Code": {"ZipFile": b"x"},
    }  # fmt: skip
    message = refusal(client("lambda", alice).create_function, **create)[1]
    assert f"is not authorized to perform: iam:PassRole on resource: {ROLE}" in message
    passes = allow("iam:PassRole", ROLE, Condition={"StringEquals": {"iam:PassedToService": "lambda.amazonaws.com"}})
    grant(iam, allow("lambda:*"), passes)
    with contextlib.suppress(ClientError):
        client("lambda", alice).create_function(**create)
    _, call = aws.calls.of("lambda", "CreateFunction")
    assert call.error is None or call.error.code != "AccessDeniedException"


def test_an_external_id_is_asked_for(iam, alice):
    statement = {"Effect": "Allow", "Action": "sts:AssumeRole",
                 "Principal": {"AWS": "arn:aws:iam::123456789012:user/alice"},
                 "Condition": {"StringEquals": {"sts:ExternalId": "secret"}}}  # fmt: skip
    iam.create_role(RoleName="r", AssumeRolePolicyDocument=document(statement))
    sts = client("sts", alice)
    assert refusal(sts.assume_role, RoleArn=ROLE, RoleSessionName="me")[0] == "AccessDenied"
    assert sts.assume_role(RoleArn=ROLE, RoleSessionName="me", ExternalId="secret")["Credentials"]


def test_a_session_policy_narrows_the_role(iam, alice):
    make_role(iam, {"AWS": "arn:aws:iam::123456789012:user/alice"}, allow("iam:*"))
    sts = client("sts", alice)
    given = sts.assume_role(RoleArn=ROLE, RoleSessionName="me", Policy=document(allow("iam:ListRoles")))
    session = keys(given["Credentials"])
    assert client("iam", session).list_roles()["Roles"]
    message = refusal(client("iam", session).list_users)[1]
    assert message.endswith("because no session policy allows the iam:ListUsers action")


def test_session_tags_need_permission_and_count_as_the_principals(iam, alice):
    make_role(iam, {"AWS": "arn:aws:iam::123456789012:user/alice"},
              allow("iam:ListUsers", Condition={"StringEquals": {"aws:PrincipalTag/team": "x"}}))  # fmt: skip
    sts = client("sts", alice)
    tagged = {"RoleArn": ROLE, "RoleSessionName": "me", "Tags": [{"Key": "team", "Value": "x"}]}
    assert "sts:TagSession" in refusal(sts.assume_role, **tagged)[1]
    trust = document({"Effect": "Allow", "Action": ["sts:AssumeRole", "sts:TagSession"],
                      "Principal": {"AWS": "arn:aws:iam::123456789012:user/alice"}})  # fmt: skip
    iam.update_assume_role_policy(RoleName="r", PolicyDocument=trust)
    assert client("iam", keys(sts.assume_role(**tagged)["Credentials"])).list_users()["Users"]
    plain = sts.assume_role(RoleArn=ROLE, RoleSessionName="me")["Credentials"]
    assert refusal(client("iam", keys(plain)).list_users)[0] == "AccessDenied"


def test_request_tags_and_regions_are_conditions(iam, alice):
    grant(
        iam,
        allow("iam:CreateUser", Condition={"StringEquals": {"aws:RequestTag/team": "x"}}),
        allow("ec2:DescribeVpcs", Condition={"StringEquals": {"aws:RequestedRegion": "eu-west-1"}}),
    )
    own = client("iam", alice)
    assert refusal(own.create_user, UserName="bob")[0] == "AccessDenied"
    assert own.create_user(UserName="bob", Tags=[{"Key": "team", "Value": "x"}])["User"]
    assert refusal(client("ec2", alice).describe_vpcs)[0] == "UnauthorizedOperation"
    assert boto3.client("ec2", region_name="eu-west-1", **alice).describe_vpcs()["Vpcs"]


def test_a_refused_call_changes_nothing(iam, alice):
    assert refusal(client("iam", alice).create_user, UserName="bob")[0] == "AccessDenied"
    assert [user["UserName"] for user in iam.list_users()["Users"]] == ["alice"]


def test_a_file_says_who_there_is_from_the_start(tmp_path):
    path = tmp_path / "iam.json"
    path.write_text(
        json.dumps(
            {
                "policies": [{"name": "lister", "document": json.loads(document(allow("iam:ListUsers")))}],
                "groups": [{"name": "ops", "policies": ["lister"]}],
                "users": [{"name": "bob", "groups": ["ops"], "keys": [{"id": "AKIABOB", "secret": "s3cret"}]}],
                "roles": [
                    {
                        "name": "build",
                        "trust": json.loads(
                            document({"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"AWS": "*"}})
                        ),
                    }
                ],
            }
        )
    )
    bob = {"aws_access_key_id": "AKIABOB", "aws_secret_access_key": "s3cret"}
    with mock_aws(enforce_iam=True, iam_file=str(path)) as aws:
        assert [user["UserName"] for user in client("iam", bob).list_users()["Users"]] == ["bob"]
        assert refusal(client("iam", bob).list_roles)[0] == "AccessDenied"
        aws.reset()
        assert client("iam", bob).list_users()["Users"]


def test_a_broken_file_is_named(tmp_path):
    path = tmp_path / "iam.json"
    path.write_text('{"people": []}')
    with pytest.raises(ValueError, match="IAM file"), mock_aws(iam_file=str(path)):
        pass


def test_resources_are_told_by_parameters(aws):
    from sundog.actions import action_of, resources_of
    from sundog.core.calls import Call
    from sundog.core.tx import Tx
    from sundog.wire.model import get_service

    tx = Tx(aws, Call("x", "x", {}, "111111111111", "us-east-1"), "x", "111111111111", "us-east-1")

    def about(service, operation, **params):
        found = get_service(service).operation(operation)
        return action_of(found), resources_of(tx, found, params)

    instance = "arn:aws:ec2:us-east-1:111111111111:instance/"
    assert about("ec2", "TerminateInstances", InstanceIds=["i-1", "i-2"]) == (
        "ec2:TerminateInstances",
        [instance + "i-1", instance + "i-2"],
    )
    assert instance + "*" in about("ec2", "RunInstances", ImageId="ami-1")[1]
    assert about("sqs", "SendMessage", QueueUrl="https://sqs.us-east-1.amazonaws.com/111111111111/q") == (
        "sqs:SendMessage",
        ["arn:aws:sqs:us-east-1:111111111111:q"],
    )
    assert about("dynamodb", "GetItem", TableName="t")[1] == ["arn:aws:dynamodb:us-east-1:111111111111:table/t"]
    topic = "arn:aws:sns:us-east-1:222222222222:t"
    assert about("sns", "Publish", TopicArn=topic)[1] == [topic]
    assert about("lambda", "Invoke", FunctionName="f") == (
        "lambda:InvokeFunction",
        ["arn:aws:lambda:us-east-1:111111111111:function:f"],
    )
