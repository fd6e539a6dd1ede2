"""Lifecycle rules, carried out by the clock."""

from __future__ import annotations

import pytest

BIG = b"x" * (128 * 1024)


@pytest.fixture(autouse=True)
def noon(aws):
    import datetime

    aws.clock.freeze(datetime.datetime(2030, 1, 1, 12, tzinfo=datetime.timezone.utc))


@pytest.fixture
def locked(s3):
    s3.create_bucket(Bucket="locked", ObjectLockEnabledForBucket=True)
    return "locked"


def rules(s3, bucket, *given, **more):
    s3.put_bucket_lifecycle_configuration(
        Bucket=bucket, LifecycleConfiguration={"Rules": [{"Status": "Enabled", **rule} for rule in given]}, **more
    )


def keys(s3, bucket):
    return [item["Key"] for item in s3.list_objects_v2(Bucket=bucket).get("Contents", ())]


def put(s3, bucket, key, body=b"x", **more):
    return s3.put_object(Bucket=bucket, Key=key, Body=body, **more)


def test_an_object_expires_at_the_midnight_after_its_days(s3, bucket, aws):
    rules(s3, bucket, {"ID": "r", "Filter": {"Prefix": "tmp/"}, "Expiration": {"Days": 2}})
    for key in ("tmp/a", "kept"):
        put(s3, bucket, key)
    said = s3.head_object(Bucket=bucket, Key="tmp/a")["Expiration"]
    assert said == 'expiry-date="Fri, 04 Jan 2030 00:00:00 GMT", rule-id="r"'
    assert "Expiration" not in s3.head_object(Bucket=bucket, Key="kept")
    aws.clock.advance(days=2)
    assert keys(s3, bucket) == ["kept", "tmp/a"]
    aws.clock.advance(hours=13)
    assert keys(s3, bucket) == ["kept"]


def test_sizes_and_tags_choose(s3, bucket, aws):
    rules(
        s3,
        bucket,
        {
            "Filter": {"And": {"Prefix": "", "Tags": [{"Key": "k", "Value": "v"}], "ObjectSizeGreaterThan": 2}},
            "Expiration": {"Days": 1},
        },
    )
    put(s3, bucket, "both", b"123", Tagging="k=v")
    put(s3, bucket, "small", b"12", Tagging="k=v")
    put(s3, bucket, "untagged", b"123")
    aws.clock.advance(days=3)
    assert keys(s3, bucket) == ["small", "untagged"]


def test_a_disabled_or_removed_rule_does_nothing(s3, bucket, aws):
    rules(s3, bucket, {"Filter": {}, "Expiration": {"Days": 1}, "Status": "Disabled"})
    put(s3, bucket, "a")
    aws.clock.advance(days=5)
    rules(s3, bucket, {"Filter": {}, "Expiration": {"Days": 1}})
    s3.delete_bucket_lifecycle(Bucket=bucket)
    aws.clock.advance(days=5)
    assert keys(s3, bucket) == ["a"]


def test_with_versions_an_expiry_is_a_delete_marker(s3, versioned, aws):
    rules(s3, versioned, {"Filter": {}, "Expiration": {"Days": 1}})
    version = put(s3, versioned, "a")["VersionId"]
    aws.clock.advance(days=3)
    found = s3.list_object_versions(Bucket=versioned)
    assert [item["VersionId"] for item in found["Versions"]] == [version]
    assert len(found["DeleteMarkers"]) == 1


def test_old_versions_expire_but_for_the_newest_of_them(s3, versioned, aws):
    rules(
        s3,
        versioned,
        {"Filter": {}, "NoncurrentVersionExpiration": {"NoncurrentDays": 1, "NewerNoncurrentVersions": 1}},
    )
    ids = [put(s3, versioned, "a", str(number).encode())["VersionId"] for number in range(4)]
    aws.clock.advance(days=3)
    left = [item["VersionId"] for item in s3.list_object_versions(Bucket=versioned)["Versions"]]
    assert left == [ids[3], ids[2]]


def test_a_lonely_delete_marker_is_cleaned_up(s3, versioned, aws):
    rules(s3, versioned, {"Filter": {}, "Expiration": {"ExpiredObjectDeleteMarker": True}})
    s3.delete_object(Bucket=versioned, Key="gone")
    put(s3, versioned, "kept")
    s3.delete_object(Bucket=versioned, Key="kept")
    aws.clock.advance(days=1)
    markers = s3.list_object_versions(Bucket=versioned)["DeleteMarkers"]
    assert [item["Key"] for item in markers] == ["kept"]


def test_uploads_are_aborted(s3, bucket, aws):
    rules(s3, bucket, {"ID": "r", "Filter": {}, "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 1}})
    begun = s3.create_multipart_upload(Bucket=bucket, Key="a")
    assert begun["AbortRuleId"] == "r"
    assert begun["AbortDate"].isoformat() == "2030-01-03T00:00:00+00:00"
    aws.clock.advance(days=2)
    assert "Uploads" not in s3.list_multipart_uploads(Bucket=bucket)


def test_objects_move_to_colder_classes_step_by_step(s3, bucket, aws):
    steps = [{"Days": 30, "StorageClass": "STANDARD_IA"}, {"Days": 60, "StorageClass": "GLACIER"}]
    rules(s3, bucket, {"Filter": {}, "Transitions": steps})
    put(s3, bucket, "big", BIG)
    put(s3, bucket, "small", b"x")

    def classes():
        return [item["StorageClass"] for item in s3.list_objects_v2(Bucket=bucket)["Contents"]]

    aws.clock.advance(days=32)
    assert classes() == ["STANDARD_IA", "STANDARD"]
    aws.clock.advance(days=30)
    assert classes() == ["GLACIER", "STANDARD"]


def test_small_objects_move_where_the_class_decides(s3, bucket, aws):
    rules(
        s3,
        bucket,
        {"Filter": {}, "Transitions": [{"Days": 0, "StorageClass": "GLACIER"}]},
        TransitionDefaultMinimumObjectSize="varies_by_storage_class",
    )
    put(s3, bucket, "small", b"x")
    aws.clock.advance(days=1)
    assert s3.head_object(Bucket=bucket, Key="small")["StorageClass"] == "GLACIER"


def test_a_lock_outlives_a_rule(s3, locked, aws):
    import datetime

    rules(s3, locked, {"Filter": {}, "NoncurrentVersionExpiration": {"NoncurrentDays": 1}})
    until = datetime.datetime(2030, 2, 1, tzinfo=datetime.timezone.utc)
    put(s3, locked, "a", ObjectLockMode="COMPLIANCE", ObjectLockRetainUntilDate=until)
    put(s3, locked, "a")
    aws.clock.advance(days=10)
    assert len(s3.list_object_versions(Bucket=locked)["Versions"]) == 2
    aws.clock.advance(days=30)
    assert len(s3.list_object_versions(Bucket=locked)["Versions"]) == 1


def test_a_snapshot_brings_expired_objects_back(s3, bucket, aws):
    rules(s3, bucket, {"Filter": {}, "Expiration": {"Days": 1}})
    put(s3, bucket, "a", b"body")
    before = aws.snapshot()
    aws.clock.advance(days=3)
    assert keys(s3, bucket) == []
    aws.restore(before)
    assert s3.get_object(Bucket=bucket, Key="a")["Body"].read() == b"body"
