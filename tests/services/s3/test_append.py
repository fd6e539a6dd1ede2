"""Directory buckets."""

from __future__ import annotations

import pytest

ZONE = "use1-az4"
NAME = f"fast--{ZONE}--x-s3"


@pytest.fixture
def fast(s3):
    s3.create_bucket(
        Bucket=NAME,
        CreateBucketConfiguration={
            "Location": {"Type": "AvailabilityZone", "Name": ZONE},
            "Bucket": {"Type": "Directory", "DataRedundancy": "SingleAvailabilityZone"},
        },
    )
    return NAME


def test_they_are_listed_apart(s3, fast, bucket):
    assert [item["Name"] for item in s3.list_directory_buckets()["Buckets"]] == [fast]
    assert [item["Name"] for item in s3.list_buckets()["Buckets"]] == [bucket]
    head = s3.head_bucket(Bucket=fast)
    assert (head["BucketLocationType"], head["BucketLocationName"]) == ("AvailabilityZone", ZONE)


def test_their_objects_are_express(s3, fast):
    s3.put_object(Bucket=fast, Key="k", Body=b"x")
    assert s3.head_object(Bucket=fast, Key="k")["StorageClass"] == "EXPRESS_ONEZONE"


def test_bytes_are_appended_at_the_end_only(s3, fast, help):
    s3.put_object(Bucket=fast, Key="k", Body=b"12")
    made = s3.put_object(Bucket=fast, Key="k", Body=b"345", WriteOffsetBytes=2)
    assert made["Size"] == 5
    assert s3.get_object(Bucket=fast, Key="k")["Body"].read() == b"12345"
    assert help.refused(s3.put_object, Bucket=fast, Key="k", Body=b"", WriteOffsetBytes=3)["Code"] == (
        "InvalidWriteOffset"
    )
    s3.put_object(Bucket=fast, Key="new", Body=b"0", WriteOffsetBytes=0)


def test_other_buckets_append_nothing(bucket, help):
    s3 = help.client(retries={"max_attempts": 0})
    error = help.refused(s3.put_object, Bucket=bucket, Key="k", Body=b"", WriteOffsetBytes=0)
    assert (error["Code"], error["Header"]) == ("NotImplemented", "x-amz-write-offset-bytes")


def test_an_object_is_renamed(s3, fast, help):
    s3.put_object(Bucket=fast, Key="old", Body=b"body")
    s3.rename_object(Bucket=fast, Key="new", RenameSource=f"/{fast}/old")
    assert s3.get_object(Bucket=fast, Key="new")["Body"].read() == b"body"
    assert help.refused(s3.get_object, Bucket=fast, Key="old")["Code"] == "NoSuchKey"
    s3.put_object(Bucket=fast, Key="old", Body=b"other")
    error = help.refused(
        s3.rename_object, Bucket=fast, Key="new", RenameSource=f"/{fast}/old", DestinationIfNoneMatch="*"
    )
    assert error["Code"] == "PreconditionFailed"


def test_a_sessions_credentials_last_five_minutes(s3, fast, aws, help):
    import boto3

    found = s3.create_session(Bucket=fast)["Credentials"]
    assert (found["Expiration"] - aws.clock.now()).total_seconds() == pytest.approx(300, abs=5)
    inside = boto3.client(
        "s3",
        region_name="us-east-1",
        aws_access_key_id=found["AccessKeyId"],
        aws_secret_access_key=found["SecretAccessKey"],
        aws_session_token=found["SessionToken"],
    )
    inside.list_objects_v2(Bucket=fast)
    aws.clock.advance(minutes=6)
    assert help.refused(inside.list_buckets)["Code"] == "ExpiredToken"


def test_only_they_have_sessions(s3, bucket, help):
    assert help.refused(s3.create_session, Bucket=bucket)["Code"] == "MethodNotAllowed"
