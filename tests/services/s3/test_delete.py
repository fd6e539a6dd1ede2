"""Objects as they go."""

from __future__ import annotations

import boto3
import pytest

STRANGE = "HPniJFCxqTsMuIH9KX8K8wEjNUgmABCD"
BYPASS = {
    "Code": "InvalidArgument",
    "Message": "x-amz-bypass-governance-retention is only applicable to Object Lock enabled buckets.",
    "ArgumentName": "x-amz-bypass-governance-retention",
    "Status": 400,
}


def answer(found):
    return {name: value for name, value in found.items() if name != "ResponseMetadata"}


def remove(s3, bucket, *items, **more):
    objects = [item if isinstance(item, dict) else {"Key": item} for item in items]
    return answer(s3.delete_objects(Bucket=bucket, Delete={"Objects": objects, **more}))


def test_a_deleted_object_is_gone(s3, bucket, refused):
    s3.put_object(Bucket=bucket, Key="k")
    made = s3.delete_object(Bucket=bucket, Key="k")
    assert made.pop("ResponseMetadata")["HTTPStatusCode"] == 204
    assert made == {}
    assert refused(s3.get_object, Bucket=bucket, Key="k")["Code"] == "NoSuchKey"


def test_a_version_that_s3_never_made_is_not_deleted(s3, bucket, refused):
    assert refused(s3.delete_object, Bucket=bucket, Key="k", VersionId=STRANGE) == {
        "Code": "InvalidArgument",
        "Message": "Invalid version id specified",
        "ArgumentName": "versionId",
        "ArgumentValue": STRANGE,
        "Status": 400,
    }


def test_the_version_null_is_deleted_without_versions(s3, bucket):
    s3.put_object(Bucket=bucket, Key="k")
    s3.delete_object(Bucket=bucket, Key="k", VersionId="null")
    assert s3.list_objects_v2(Bucket=bucket)["KeyCount"] == 0


def test_many_keys_are_told_one_by_one(s3, bucket):
    s3.put_object(Bucket=bucket, Key="there")
    keys = ["a-wrong-key", "there", "a%2Fb", "a/%F0%9F%98%80", "a/😀", "<&>"]
    assert remove(s3, bucket, *keys) == {"Deleted": [{"Key": key} for key in keys]}
    assert s3.list_objects_v2(Bucket=bucket)["KeyCount"] == 0


def test_a_quiet_deletion_tells_errors_alone(s3, bucket):
    s3.put_object(Bucket=bucket, Key="there")
    assert remove(s3, bucket, "there", "not-there", Quiet=True) == {}
    assert remove(s3, bucket, {"Key": "k", "VersionId": STRANGE}, Quiet=True)["Errors"][0]["Code"] == "NoSuchVersion"


def test_versions_are_deleted_one_by_one(s3, versioned):
    first = s3.put_object(Bucket=versioned, Key="k", Body=b"something")["VersionId"]
    second = s3.put_object(Bucket=versioned, Key="k", Body=b"something-v2")["VersionId"]
    (made,) = remove(s3, versioned, "k")["Deleted"]
    marker = made["DeleteMarkerVersionId"]
    assert made == {"Key": "k", "DeleteMarker": True, "DeleteMarkerVersionId": marker}
    done = remove(s3, versioned, *({"Key": "k", "VersionId": version} for version in (first, second)))
    assert done["Deleted"] == [{"Key": "k", "VersionId": first}, {"Key": "k", "VersionId": second}]
    listed = s3.list_object_versions(Bucket=versioned)
    assert "Versions" not in listed
    assert [found["VersionId"] for found in listed["DeleteMarkers"]] == [marker]
    done = remove(s3, versioned, {"Key": "k", "VersionId": marker})
    assert done["Deleted"] == [{"Key": "k", "VersionId": marker, "DeleteMarker": True, "DeleteMarkerVersionId": marker}]


def test_versions_that_are_not_there_are_errors_of_their_own(s3, versioned):
    version = s3.put_object(Bucket=versioned, Key="k")["VersionId"]
    remove(s3, versioned, {"Key": "k", "VersionId": version})
    items = [{"Key": "k", "VersionId": version}, {"Key": "other", "VersionId": version}]
    assert remove(s3, versioned, *items) == {
        "Errors": [
            {**item, "Code": "NoSuchVersion", "Message": "The specified version does not exist."} for item in items
        ]
    }


def test_keys_that_never_were_get_delete_markers(s3, versioned):
    done = remove(s3, versioned, "no", "nor")["Deleted"]
    assert [sorted(found) for found in done] == [["DeleteMarker", "DeleteMarkerVersionId", "Key"]] * 2


def test_a_suspended_bucket_has_one_null_marker(s3, versioned):
    first = s3.put_object(Bucket=versioned, Key="k", Body=b"1")["VersionId"]
    second = s3.put_object(Bucket=versioned, Key="k", Body=b"2")["VersionId"]
    s3.put_bucket_versioning(Bucket=versioned, VersioningConfiguration={"Status": "Suspended"})

    def versions():
        listed = s3.list_object_versions(Bucket=versioned)
        return (
            [(found["VersionId"], found["IsLatest"]) for found in listed.get("Versions", ())],
            [(found["VersionId"], found["IsLatest"]) for found in listed.get("DeleteMarkers", ())],
        )

    assert versions() == ([(second, True), (first, False)], [])
    gone = s3.delete_object(Bucket=versioned, Key="k")
    assert (gone["DeleteMarker"], gone["VersionId"]) == (True, "null")
    assert versions() == ([(second, False), (first, False)], [("null", True)])
    assert "VersionId" not in s3.put_object(Bucket=versioned, Key="k", Body=b"3")
    assert versions() == ([("null", True), (second, False), (first, False)], [])
    gone = s3.delete_object(Bucket=versioned, Key="k")
    assert (gone["DeleteMarker"], gone["VersionId"]) == (True, "null")
    assert versions() == ([(second, False), (first, False)], [("null", True)])


@pytest.mark.parametrize("bypass", [True, False])
def test_nothing_is_bypassed_where_nothing_is_locked(s3, bucket, refused, bypass):
    s3.put_object(Bucket=bucket, Key="k")
    assert refused(s3.delete_object, Bucket=bucket, Key="k", BypassGovernanceRetention=bypass) == BYPASS
    many = {"Bucket": bucket, "Delete": {"Objects": [{"Key": "k"}]}}
    assert refused(s3.delete_objects, **many, BypassGovernanceRetention=bypass) == BYPASS


def test_each_of_many_is_held_to_its_own_etag(s3, bucket):
    etag = s3.put_object(Bucket=bucket, Key="a", Body=b"1")["ETag"]
    s3.put_object(Bucket=bucket, Key="b", Body=b"2")
    done = remove(s3, bucket, {"Key": "a", "ETag": etag}, {"Key": "b", "ETag": etag})
    assert done["Deleted"] == [{"Key": "a"}]
    assert [(error["Key"], error["Code"]) for error in done["Errors"]] == [("b", "PreconditionFailed")]


def test_a_thousand_objects_are_deleted_by_the_resource(s3, bucket, aws):
    for number in range(1100):
        s3.put_object(Bucket=bucket, Key=f"{number:04d}")
    boto3.resource("s3", "us-east-1").Bucket(bucket).objects.all().delete()
    assert s3.list_objects_v2(Bucket=bucket)["KeyCount"] == 0


def test_an_empty_list_is_refused(s3, bucket, refused):
    assert refused(s3.delete_objects, Bucket=bucket, Delete={"Objects": []})["Code"] == "MalformedXML"
