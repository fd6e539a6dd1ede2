from __future__ import annotations

import json

import boto3
import pytest
from botocore.exceptions import ClientError

ACCOUNT = "123456789012"


@pytest.fixture
def s3(aws):
    return boto3.client("s3", region_name="us-east-1")


@pytest.fixture
def control(aws):
    return boto3.client("s3control", region_name="us-east-1")


@pytest.fixture
def point(s3, control):
    s3.create_bucket(Bucket="bucket")
    return control.create_access_point(AccountId=ACCOUNT, Name="point", Bucket="bucket")


def code(call, **params):
    with pytest.raises(ClientError) as caught:
        call(**params)
    return caught.value.response["Error"]["Code"]


def test_its_arn_and_its_alias_stand_for_the_bucket(s3, point):
    s3.put_object(Bucket=point["AccessPointArn"], Key="a/k", Body=b"body")
    assert s3.get_object(Bucket=point["Alias"], Key="a/k")["Body"].read() == b"body"
    assert s3.list_objects_v2(Bucket=point["AccessPointArn"])["KeyCount"] == 1
    assert s3.head_object(Bucket="bucket", Key="a/k")["ContentLength"] == 4
    assert s3.head_bucket(Bucket=point["Alias"])["AccessPointAlias"] is True


def test_what_is_known_of_it(control, point):
    found = control.get_access_point(AccountId=ACCOUNT, Name="point")
    assert (found["Bucket"], found["NetworkOrigin"], found["Alias"]) == ("bucket", "Internet", point["Alias"])
    assert found["AccessPointArn"] == f"arn:aws:s3:us-east-1:{ACCOUNT}:accesspoint/point"
    assert found["PublicAccessBlockConfiguration"]["BlockPublicAcls"] is True
    assert found["Endpoints"]["ipv4"] == "s3-accesspoint.us-east-1.amazonaws.com"


def test_they_are_listed_and_go(s3, control, point):
    control.create_access_point(AccountId=ACCOUNT, Name="inner", Bucket="bucket", VpcConfiguration={"VpcId": "vpc-1"})
    listed = control.list_access_points(AccountId=ACCOUNT, Bucket="bucket")["AccessPointList"]
    assert [(item["Name"], item["NetworkOrigin"]) for item in listed] == [("inner", "VPC"), ("point", "Internet")]
    first = control.list_access_points(AccountId=ACCOUNT, MaxResults=1)
    assert [item["Name"] for item in first["AccessPointList"]] == ["inner"]
    control.delete_access_point(AccountId=ACCOUNT, Name="point")
    assert code(control.get_access_point, AccountId=ACCOUNT, Name="point") == "NoSuchAccessPoint"
    assert code(s3.list_objects_v2, Bucket=point["Alias"]) == "NoSuchBucket"


def test_its_policy(control, point):
    place = {"AccountId": ACCOUNT, "Name": "point"}
    assert code(control.get_access_point_policy, **place) == "NoSuchAccessPointPolicy"
    statement = {
        "Effect": "Allow",
        "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"},
        "Action": "s3:GetObject",
        "Resource": "*",
    }
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    control.put_access_point_policy(**place, Policy=policy)
    assert control.get_access_point_policy(**place)["Policy"] == policy
    assert control.get_access_point_policy_status(**place)["PolicyStatus"] == {"IsPublic": False}
    public = json.dumps({"Version": "2012-10-17", "Statement": [{**statement, "Principal": "*"}]})
    assert code(control.put_access_point_policy, **place, Policy=public) == "AccessDenied"
    control.delete_access_point_policy(**place)
    assert code(control.get_access_point_policy_status, **place) == "NoSuchAccessPointPolicy"


def test_its_scope(control, point):
    place = {"AccountId": ACCOUNT, "Name": "point"}
    control.put_access_point_scope(**place, Scope={"Prefixes": ["a/*"], "Permissions": ["GetObject"]})
    assert control.get_access_point_scope(**place)["Scope"]["Prefixes"] == ["a/*"]
    control.delete_access_point_scope(**place)
    assert not control.get_access_point_scope(**place).get("Scope")


def test_names_are_used_once_and_need_a_bucket(control, point):
    assert code(control.create_access_point, AccountId=ACCOUNT, Name="point", Bucket="bucket") == (
        "AccessPointAlreadyOwnedByYou"
    )
    assert code(control.create_access_point, AccountId=ACCOUNT, Name="other", Bucket="nowhere") == "InvalidRequest"


def test_tags_by_arn_are_the_buckets_own(s3, control, point):
    for arn in ("arn:aws:s3:::bucket", point["AccessPointArn"]):
        place = {"AccountId": ACCOUNT, "ResourceArn": arn}
        control.tag_resource(**place, Tags=[{"Key": "a", "Value": "1"}, {"Key": "b", "Value": "2"}])
        control.untag_resource(**place, TagKeys=["a"])
        assert control.list_tags_for_resource(**place)["Tags"] == [{"Key": "b", "Value": "2"}]
    assert s3.get_bucket_tagging(Bucket="bucket")["TagSet"] == [{"Key": "b", "Value": "2"}]
