from __future__ import annotations

import pytest

STRANGE = "HPniJFCxqTsMuIH9KX8K8wEjNUgmABCD"


def put(s3, bucket, body, key="k"):
    return s3.put_object(Bucket=bucket, Key=key, Body=body)


def read(s3, bucket, version=None, key="k"):
    more = {"VersionId": version} if version else {}
    return s3.get_object(Bucket=bucket, Key=key, **more)["Body"].read()


def test_a_bucket_without_versions_shows_none(s3, bucket, help):
    assert help.answer(s3.get_bucket_versioning, Bucket=bucket) == {}
    assert "VersionId" not in put(s3, bucket, b"1")
    assert "VersionId" not in s3.get_object(Bucket=bucket, Key="k")
    assert read(s3, bucket, "null") == b"1"
    assert help.refused(s3.get_object, Bucket=bucket, Key="k", VersionId=STRANGE) == {
        "Code": "InvalidArgument",
        "Message": "Invalid version id specified",
        "ArgumentName": "versionId",
        "ArgumentValue": STRANGE,
    }


def test_every_put_makes_a_version(s3, versioned):
    first, second = put(s3, versioned, b"1")["VersionId"], put(s3, versioned, b"2")["VersionId"]
    assert len(first) == 32
    assert (read(s3, versioned), read(s3, versioned, first), read(s3, versioned, second)) == (b"2", b"1", b"2")


def test_what_was_there_before_is_the_null_version(s3, bucket):
    put(s3, bucket, b"old")
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    assert s3.get_object(Bucket=bucket, Key="k")["VersionId"] == "null"
    put(s3, bucket, b"new")
    assert (read(s3, bucket, "null"), read(s3, bucket)) == (b"old", b"new")


def test_a_suspended_bucket_replaces_its_null_version(s3, versioned):
    kept = put(s3, versioned, b"kept")["VersionId"]
    s3.put_bucket_versioning(Bucket=versioned, VersioningConfiguration={"Status": "Suspended"})
    for body in (b"1", b"2"):
        assert "VersionId" not in put(s3, versioned, body)
    assert s3.get_object(Bucket=versioned, Key="k")["VersionId"] == "null"
    assert [item["VersionId"] for item in s3.list_object_versions(Bucket=versioned)["Versions"]] == ["null", kept]
    removed = s3.delete_object(Bucket=versioned, Key="k")
    assert (removed["DeleteMarker"], removed["VersionId"]) == (True, "null")
    found = s3.list_object_versions(Bucket=versioned)
    assert [item["VersionId"] for item in found["Versions"]] == [kept]
    assert [item["VersionId"] for item in found["DeleteMarkers"]] == ["null"]


def test_a_delete_marker_hides_and_its_removal_shows_again(s3, versioned, help):
    put(s3, versioned, b"1")
    marker = help.answer(s3.delete_object, Bucket=versioned, Key="k")
    assert marker["DeleteMarker"] is True
    assert help.refused(s3.get_object, Bucket=versioned, Key="k")["Code"] == "NoSuchKey"
    assert help.refused(s3.head_object, Bucket=versioned, Key="k", VersionId=marker["VersionId"]) == {
        "Code": "405",
        "Message": "Method Not Allowed",
    }
    assert help.refused(s3.get_object, Bucket=versioned, Key="k", VersionId=marker["VersionId"]) == {
        "Code": "MethodNotAllowed",
        "Message": "The specified method is not allowed against this resource.",
        "Method": "GET",
        "ResourceType": "DeleteMarker",
    }
    assert help.answer(s3.delete_object, Bucket=versioned, Key="k", VersionId=marker["VersionId"]) == marker
    assert read(s3, versioned) == b"1"


def test_a_removed_version_is_gone_for_good(s3, versioned, help):
    first, second = put(s3, versioned, b"1")["VersionId"], put(s3, versioned, b"2")["VersionId"]
    assert help.answer(s3.delete_object, Bucket=versioned, Key="k", VersionId=second) == {"VersionId": second}
    assert read(s3, versioned) == b"1"
    error = help.refused(s3.get_object, Bucket=versioned, Key="k", VersionId=second)
    assert error == {
        "Code": "NoSuchVersion",
        "Message": "The specified version does not exist.",
        "Key": "k",
        "VersionId": second,
    }
    assert s3.list_object_versions(Bucket=versioned)["Versions"][0]["VersionId"] == first


def test_many_deletions_tell_of_each_marker(s3, versioned, help):
    put(s3, versioned, b"1")
    found = s3.delete_objects(Bucket=versioned, Delete={"Objects": [{"Key": "k"}, {"Key": "other"}]})["Deleted"]
    assert [(item["Key"], item["DeleteMarker"]) for item in found] == [("k", True), ("other", True)]
    marker = found[0]["DeleteMarkerVersionId"]
    assert "VersionId" not in found[0]
    gone = help.answer(s3.delete_objects, Bucket=versioned, Delete={"Objects": [{"Key": "k", "VersionId": marker}]})
    assert gone["Deleted"] == [{"Key": "k", "VersionId": marker, "DeleteMarker": True, "DeleteMarkerVersionId": marker}]


@pytest.mark.parametrize("name", ["put_object_acl", "put_object_tagging"])
def test_a_delete_marker_takes_nothing(s3, versioned, help, name):
    put(s3, versioned, b"1")
    s3.delete_object(Bucket=versioned, Key="k")
    more = {"ACL": "private"} if name == "put_object_acl" else {"Tagging": {"TagSet": []}}
    error = help.refused(getattr(s3, name), Bucket=versioned, Key="k", **more)
    assert (error["Code"], error["Method"], error["ResourceType"]) == ("MethodNotAllowed", "PUT", "DeleteMarker")
    assert help.refused(s3.get_object_acl, Bucket=versioned, Key="k")["Code"] == "NoSuchKey"


def test_the_multi_factor_delete_wants_a_device(s3, versioned, help):
    setting = {"Status": "Enabled", "MFADelete": "Enabled"}
    assert help.refused(s3.put_bucket_versioning, Bucket=versioned, VersioningConfiguration=setting)["Code"] == (
        "AccessDenied"
    )
    device = "arn:aws:iam::123456789012:mfa/me 123456"
    s3.put_bucket_versioning(Bucket=versioned, VersioningConfiguration=setting, MFA=device)
    assert s3.get_bucket_versioning(Bucket=versioned)["MFADelete"] == "Enabled"
    version = put(s3, versioned, b"1")["VersionId"]
    error = help.refused(s3.delete_object, Bucket=versioned, Key="k", VersionId=version)
    assert error["Message"] == "Mfa Authentication must be used for this request"
    s3.delete_object(Bucket=versioned, Key="k", VersionId=version, MFA=device)


def test_a_lifecycle_of_conditions_on_writes(s3, versioned, help):
    put(s3, versioned, b"1")
    assert help.refused(s3.put_object, Bucket=versioned, Key="k", Body=b"", IfNoneMatch="*") == {
        "Code": "PreconditionFailed",
        "Message": "At least one of the pre-conditions you specified did not hold",
        "Condition": "If-None-Match",
    }
    s3.delete_object(Bucket=versioned, Key="k")
    s3.put_object(Bucket=versioned, Key="k", Body=b"2", IfNoneMatch="*")
    etag = s3.head_object(Bucket=versioned, Key="k")["ETag"]
    assert help.refused(s3.put_object, Bucket=versioned, Key="k", Body=b"", IfMatch='"nope"')["Condition"] == (
        "If-Match"
    )
    s3.put_object(Bucket=versioned, Key="k", Body=b"3", IfMatch=etag)
    assert read(s3, versioned) == b"3"
