"""Bucket policies, and what they, ACLs and blocks let happen once IAM is enforced."""

from __future__ import annotations

import json

import boto3
import pytest
import requests
from botocore import UNSIGNED
from botocore.config import Config

from sundog import mock_aws


def policy(bucket, action="s3:GetObject", effect="Allow", principal="*", path="/*", **more):
    statement = {
        "Effect": effect,
        "Principal": principal,
        "Action": action,
        "Resource": f"arn:aws:s3:::{bucket}{path}",
        **more,
    }
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def test_a_policy_comes_back_as_it_was_set(s3, bucket):
    s3.delete_public_access_block(Bucket=bucket)
    text = policy(bucket, principal={"AWS": "*"}).replace(":", " :")
    made = s3.put_bucket_policy(
        Bucket=bucket, Policy=text.replace("arn :aws :s3 : : :", "arn:aws:s3:::").replace("s3 :", "s3:")
    )
    assert made["ResponseMetadata"]["HTTPStatusCode"] == 204
    found = s3.get_bucket_policy(Bucket=bucket)["Policy"]
    assert json.loads(found) == json.loads(policy(bucket, principal={"AWS": "*"}))
    assert '"Effect" : "Allow"' in found.replace("  ", " ")


def test_no_policy_is_an_error(s3, bucket, refused):
    wanted = {
        "Code": "NoSuchBucketPolicy",
        "Message": "The bucket policy does not exist",
        "BucketName": bucket,
        "Status": 404,
    }
    assert refused(s3.get_bucket_policy, Bucket=bucket) == wanted
    assert refused(s3.get_bucket_policy_status, Bucket=bucket) == wanted


def test_a_policy_is_removed_by_whoever_is_expected_to_own_the_bucket(client, refused):
    s3 = client(account="111111111111")
    s3.create_bucket(Bucket="plain")
    s3.put_bucket_policy(Bucket="plain", Policy=policy("plain", principal={"AWS": "111111111111"}))
    answer = refused(s3.delete_bucket_policy, Bucket="plain", ExpectedBucketOwner="222222222222")
    assert (answer["Code"], answer["Status"]) == ("AccessDenied", 403)
    answer = refused(s3.delete_bucket_policy, Bucket="plain", ExpectedBucketOwner="invalid")
    assert answer["Message"].endswith("must be an AWS Account ID... [invalid]")
    done = s3.delete_bucket_policy(Bucket="plain", ExpectedBucketOwner="111111111111")
    assert done["ResponseMetadata"]["HTTPStatusCode"] == 204
    assert refused(s3.get_bucket_policy, Bucket="plain")["Code"] == "NoSuchBucketPolicy"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("no json", "Policies must be valid JSON and the first byte must be '{'"),
        ("[]", "Policies must be valid JSON and the first byte must be '{'"),
        ("{}", "Missing required field Statement"),
        (policy("sun-and-dogs", effect="Perhaps"), "Invalid effect"),
        (policy("sun-and-dogs", action="ec2:RunInstances"), "Policy has invalid action"),
        (policy("other-bucket"), "Policy has invalid resource"),
        (policy("sun-and-dogs").replace('"Principal": "*", ', ""), "Missing required field Principal"),
    ],
)
def test_a_policy_must_be_one_of_the_bucket(s3, bucket, refused, text, message):
    assert refused(s3.put_bucket_policy, Bucket=bucket, Policy=text) == {
        "Code": "MalformedPolicy",
        "Message": message,
        "Status": 400,
    }


@pytest.mark.parametrize(
    ("principal", "condition", "public"),
    [
        ("*", None, True),
        ({"AWS": "*"}, None, True),
        ({"AWS": "111111111111"}, None, False),
        ("*", {"StringEquals": {"aws:PrincipalAccount": "111111111111"}}, False),
        ("*", {"IpAddress": {"aws:SourceIp": "0.0.0.0/0"}}, True),
        ("*", {"StringLike": {"aws:UserAgent": "x"}}, True),
    ],
)
def test_the_status_tells_whether_a_policy_is_public(s3, bucket, refused, principal, condition, public):
    more = {"Condition": condition} if condition else {}
    text = policy(bucket, principal=principal, **more)
    if public:
        answer = refused(s3.put_bucket_policy, Bucket=bucket, Policy=text)
        assert (answer["Code"], answer["Status"]) == ("AccessDenied", 403)
        assert "BlockPublicPolicy setting in S3 Block Public Access" in answer["Message"]
    s3.delete_public_access_block(Bucket=bucket)
    s3.put_bucket_policy(Bucket=bucket, Policy=text)
    assert s3.get_bucket_policy_status(Bucket=bucket)["PolicyStatus"] == {"IsPublic": public}


# -- enforced -------------------------------------------------------------------------------------------------------


@pytest.fixture
def strict():
    with mock_aws(enforce_iam=True) as cloud:
        yield cloud


def service(name, made):
    """A client with a key, as IAM or the cloud itself gives one."""
    if "AccessKeyId" in made:
        made = {"aws_access_key_id": made["AccessKeyId"], "aws_secret_access_key": made["SecretAccessKey"]}
    return boto3.client(name, "us-east-1", **made)


@pytest.fixture
def iam(strict):
    return service("iam", strict.root_credentials("111111111111"))


@pytest.fixture
def root(strict):
    s3 = service("s3", strict.root_credentials("111111111111"))
    s3.create_bucket(Bucket="guarded")
    s3.delete_public_access_block(Bucket="guarded")
    s3.put_object(Bucket="guarded", Key="open/k", Body=b"open")
    s3.put_object(Bucket="guarded", Key="shut/k", Body=b"shut")
    return s3


@pytest.fixture
def anonymous(strict):
    return boto3.client("s3", "us-east-1", config=Config(signature_version=UNSIGNED))


@pytest.fixture
def user(iam):
    """Makes a user of the account with a policy, and gives the user's client."""

    def make(name="ann", *statements):
        iam.create_user(UserName=name)
        if statements:
            document = {"Version": "2012-10-17", "Statement": list(statements)}
            iam.put_user_policy(UserName=name, PolicyName="own", PolicyDocument=json.dumps(document))
        return service("s3", iam.create_access_key(UserName=name)["AccessKey"])

    return make


def may(action, resource):
    return {"Effect": "Allow", "Action": action, "Resource": resource}


def test_strangers_read_nothing(root, anonymous, refused):
    denied = {"Code": "AccessDenied", "Message": "Access Denied", "Status": 403}
    assert refused(anonymous.get_object, Bucket="guarded", Key="open/k") == denied
    assert refused(anonymous.put_object, Bucket="guarded", Key="new") == denied
    assert refused(anonymous.list_objects_v2, Bucket="guarded") == denied


def test_a_public_policy_lets_strangers_read_what_it_names(root, anonymous, refused):
    root.put_bucket_policy(Bucket="guarded", Policy=policy("guarded", path="/open/*"))
    assert anonymous.get_object(Bucket="guarded", Key="open/k")["Body"].read() == b"open"
    assert requests.get("https://guarded.s3.amazonaws.com/open/k").content == b"open"
    assert refused(anonymous.get_object, Bucket="guarded", Key="shut/k")["Code"] == "AccessDenied"


def test_restricted_public_buckets_let_no_strangers_in(root, anonymous, refused):
    root.put_bucket_policy(Bucket="guarded", Policy=policy("guarded"))
    root.put_public_access_block(Bucket="guarded", PublicAccessBlockConfiguration={"RestrictPublicBuckets": True})
    assert refused(anonymous.get_object, Bucket="guarded", Key="open/k")["Code"] == "AccessDenied"


def test_a_public_acl_lets_strangers_read_unless_it_is_ignored(root, anonymous, refused):
    root.put_bucket_ownership_controls(
        Bucket="guarded", OwnershipControls={"Rules": [{"ObjectOwnership": "ObjectWriter"}]}
    )
    root.put_object_acl(Bucket="guarded", Key="open/k", ACL="public-read")
    assert anonymous.get_object(Bucket="guarded", Key="open/k")["Body"].read() == b"open"
    assert refused(anonymous.get_object, Bucket="guarded", Key="shut/k")["Code"] == "AccessDenied"
    root.put_public_access_block(Bucket="guarded", PublicAccessBlockConfiguration={"IgnorePublicAcls": True})
    assert refused(anonymous.get_object, Bucket="guarded", Key="open/k")["Code"] == "AccessDenied"


def test_strangers_delete_what_a_public_acl_lets_them(root):
    root.put_bucket_ownership_controls(
        Bucket="guarded", OwnershipControls={"Rules": [{"ObjectOwnership": "ObjectWriter"}]}
    )
    root.put_bucket_acl(Bucket="guarded", ACL="public-read-write")
    for number in (1, 2):
        made = requests.put(f"https://guarded.s3.amazonaws.com/key-created-by-anonymous-{number}", data=b"x")
        assert made.status_code == 200
    document = (
        b"<Delete><Object><Key>key-created-by-anonymous-1</Key></Object>"
        b"<Object><Key>key-created-by-anonymous-2</Key></Object></Delete>"
    )
    answer = requests.post("https://guarded.s3.amazonaws.com/?delete", data=document)
    assert answer.status_code == 200
    assert answer.text.count("<Deleted>") == 2
    assert root.list_objects_v2(Bucket="guarded", Prefix="key-created")["KeyCount"] == 0


def test_users_may_what_their_own_policies_say(root, user, refused):
    ann = user("ann", may("s3:GetObject", "arn:aws:s3:::guarded/open/*"))
    assert ann.get_object(Bucket="guarded", Key="open/k")["Body"].read() == b"open"
    answer = refused(ann.get_object, Bucket="guarded", Key="shut/k")
    assert (answer["Code"], answer["Status"]) == ("AccessDenied", 403)
    assert "arn:aws:iam::111111111111:user/ann is not authorized to perform: s3:GetObject" in answer["Message"]
    assert refused(ann.list_objects_v2, Bucket="guarded")["Code"] == "AccessDenied"


def test_the_buckets_policy_adds_to_a_users(root, user):
    ann = user("ann")
    principal = {"AWS": "arn:aws:iam::111111111111:user/ann"}
    root.put_bucket_policy(Bucket="guarded", Policy=policy("guarded", principal=principal))
    assert ann.get_object(Bucket="guarded", Key="shut/k")["Body"].read() == b"shut"


def test_a_denial_wins_over_all(root, user, refused):
    ann = user("ann", may("s3:*", "*"))
    root.put_bucket_policy(
        Bucket="guarded", Policy=policy("guarded", effect="Deny", action="s3:DeleteObject", path="/shut/*")
    )
    ann.delete_object(Bucket="guarded", Key="open/k")
    answer = refused(ann.delete_object, Bucket="guarded", Key="shut/k")
    assert "with an explicit deny in a resource-based policy" in answer["Message"]


def test_each_of_many_deletions_is_judged_by_itself(root, user):
    ann = user("ann", may("s3:DeleteObject", "arn:aws:s3:::guarded/open/*"))
    done = ann.delete_objects(Bucket="guarded", Delete={"Objects": [{"Key": "open/k"}, {"Key": "shut/k"}]})
    assert [found["Key"] for found in done["Deleted"]] == ["open/k"]
    assert [(error["Key"], error["Code"]) for error in done["Errors"]] == [("shut/k", "AccessDenied")]
    assert root.get_object(Bucket="guarded", Key="shut/k")["Body"].read() == b"shut"


def test_conditions_on_prefixes_and_headers_count(root, user, refused):
    ann = user(
        "ann",
        {**may("s3:ListBucket", "arn:aws:s3:::guarded"), "Condition": {"StringLike": {"s3:prefix": "open/*"}}},
        {
            **may("s3:PutObject", "arn:aws:s3:::guarded/*"),
            "Condition": {"StringEquals": {"s3:x-amz-server-side-encryption": "AES256"}},
        },
    )
    assert ann.list_objects_v2(Bucket="guarded", Prefix="open/")["KeyCount"] == 1
    assert refused(ann.list_objects_v2, Bucket="guarded", Prefix="shut/")["Code"] == "AccessDenied"
    ann.put_object(Bucket="guarded", Key="new", ServerSideEncryption="AES256")
    assert refused(ann.put_object, Bucket="guarded", Key="newer")["Code"] == "AccessDenied"


def test_tags_of_objects_count_in_policies(root, user, refused):
    ann = user(
        "ann",
        {
            **may("s3:GetObject", "arn:aws:s3:::guarded/*"),
            "Condition": {"StringEquals": {"s3:ExistingObjectTag/team": "red"}},
        },
    )
    root.put_object_tagging(Bucket="guarded", Key="open/k", Tagging={"TagSet": [{"Key": "team", "Value": "red"}]})
    assert ann.get_object(Bucket="guarded", Key="open/k")["Body"].read() == b"open"
    assert refused(ann.get_object, Bucket="guarded", Key="shut/k")["Code"] == "AccessDenied"


def test_a_copy_needs_its_source_too(root, user, refused):
    ann = user("ann", may("s3:PutObject", "arn:aws:s3:::guarded/*"), may("s3:GetObject", "arn:aws:s3:::guarded/open/*"))
    ann.copy_object(Bucket="guarded", Key="copy", CopySource="guarded/open/k")
    answer = refused(ann.copy_object, Bucket="guarded", Key="copy", CopySource="guarded/shut/k")
    assert answer["Code"] == "AccessDenied"


def test_an_old_version_needs_an_action_of_its_own(root, user, refused):
    root.put_bucket_versioning(Bucket="guarded", VersioningConfiguration={"Status": "Enabled"})
    version = root.put_object(Bucket="guarded", Key="open/k", Body=b"newer")["VersionId"]
    ann = user("ann", may("s3:GetObject", "arn:aws:s3:::guarded/*"))
    assert ann.get_object(Bucket="guarded", Key="open/k")["VersionId"] == version
    answer = refused(ann.get_object, Bucket="guarded", Key="open/k", VersionId=version)
    assert "s3:GetObjectVersion" in answer["Message"]


def test_another_account_needs_both_sides(root, strict, refused):
    iam = service("iam", strict.root_credentials("222222222222"))
    iam.create_user(UserName="bob")
    bob = service("s3", iam.create_access_key(UserName="bob")["AccessKey"])
    root.put_bucket_policy(Bucket="guarded", Policy=policy("guarded", principal={"AWS": "222222222222"}))
    assert refused(bob.get_object, Bucket="guarded", Key="open/k")["Code"] == "AccessDenied"
    document = {"Version": "2012-10-17", "Statement": [may("s3:GetObject", "arn:aws:s3:::guarded/*")]}
    iam.put_user_policy(UserName="bob", PolicyName="own", PolicyDocument=json.dumps(document))
    assert bob.get_object(Bucket="guarded", Key="open/k")["Body"].read() == b"open"


def test_a_website_shows_what_strangers_may_read(root):
    root.put_bucket_website(Bucket="guarded", WebsiteConfiguration={"IndexDocument": {"Suffix": "k"}})
    site = "http://guarded.s3-website-us-east-1.amazonaws.com"
    assert requests.get(f"{site}/open/").status_code == 403
    root.put_bucket_policy(Bucket="guarded", Policy=policy("guarded", path="/open/*"))
    assert requests.get(f"{site}/open/").content == b"open"
    assert requests.get(f"{site}/shut/").status_code == 403


def test_a_key_that_nobody_has_is_refused(root, refused):
    s3 = service("s3", {"AccessKeyId": "AKIAIOSFODNN7NOBODY1", "SecretAccessKey": "x"})
    answer = refused(s3.get_object, Bucket="guarded", Key="open/k")
    assert (answer["Code"], answer["Status"]) == ("InvalidAccessKeyId", 403)
    assert answer["Message"] == "The AWS Access Key Id you provided does not exist in our records."
    assert answer["AWSAccessKeyId"] == "AKIAIOSFODNN7NOBODY1"


def test_a_wrong_secret_is_refused(root, iam, refused):
    iam.create_user(UserName="ann")
    key = iam.create_access_key(UserName="ann")["AccessKey"]["AccessKeyId"]
    answer = refused(
        service("s3", {"AccessKeyId": key, "SecretAccessKey": "wrong"}).get_object, Bucket="guarded", Key="open/k"
    )
    assert (answer["Code"], answer["Status"]) == ("SignatureDoesNotMatch", 403)
