"""What replication copies."""

from __future__ import annotations

import pytest

ROLE = "arn:aws:iam::123456789012:role/replication"


@pytest.fixture
def target(s3):
    s3.create_bucket(Bucket="target")
    s3.put_bucket_versioning(Bucket="target", VersioningConfiguration={"Status": "Enabled"})
    return "target"


def replicate(s3, bucket, target, **rule):
    rule = {
        "ID": "r",
        "Status": "Enabled",
        "Priority": 1,
        "Filter": {},
        "DeleteMarkerReplication": {"Status": "Disabled"},
        "Destination": {"Bucket": f"arn:aws:s3:::{target}"},
        **rule,
    }
    s3.put_bucket_replication(Bucket=bucket, ReplicationConfiguration={"Role": ROLE, "Rules": [rule]})


def test_a_new_version_is_copied_with_its_id(s3, versioned, target):
    replicate(s3, versioned, target)
    made = s3.put_object(Bucket=versioned, Key="k", Body=b"body", Metadata={"a": "b"}, Tagging="t=v")
    assert s3.head_object(Bucket=versioned, Key="k")["ReplicationStatus"] == "COMPLETED"
    copy = s3.get_object(Bucket=target, Key="k", VersionId=made["VersionId"])
    assert copy["Body"].read() == b"body"
    assert (copy["ReplicationStatus"], copy["Metadata"], copy["TagCount"]) == ("REPLICA", {"a": "b"}, 1)


def test_what_no_rule_takes_in_stays_here(s3, versioned, target):
    replicate(s3, versioned, target, Filter={"Prefix": "go/"})
    s3.put_object(Bucket=versioned, Key="stay", Body=b"")
    assert "ReplicationStatus" not in s3.head_object(Bucket=versioned, Key="stay")
    assert s3.list_objects_v2(Bucket=target)["KeyCount"] == 0


@pytest.mark.parametrize(("status", "markers"), [("Enabled", 1), ("Disabled", 0)])
def test_delete_markers_follow_if_they_may(s3, versioned, target, status, markers):
    replicate(s3, versioned, target, DeleteMarkerReplication={"Status": status})
    s3.put_object(Bucket=versioned, Key="k", Body=b"")
    s3.delete_object(Bucket=versioned, Key="k")
    found = s3.list_object_versions(Bucket=target)
    assert len(found.get("DeleteMarkers", ())) == markers


def test_removing_a_version_removes_no_copy(s3, versioned, target):
    replicate(s3, versioned, target)
    version = s3.put_object(Bucket=versioned, Key="k", Body=b"")["VersionId"]
    s3.delete_object(Bucket=versioned, Key="k", VersionId=version)
    assert len(s3.list_object_versions(Bucket=target)["Versions"]) == 1


def test_two_buckets_that_copy_each_other_come_to_rest(s3, versioned, target):
    replicate(s3, versioned, target)
    replicate(s3, target, versioned)
    s3.put_object(Bucket=versioned, Key="k", Body=b"1")
    s3.put_object(Bucket=target, Key="k", Body=b"2")
    for bucket in (versioned, target):
        assert len(s3.list_object_versions(Bucket=bucket)["Versions"]) == 2
        assert s3.get_object(Bucket=bucket, Key="k")["Body"].read() == b"2"


def test_the_copys_class_is_the_destinations(s3, versioned, target):
    replicate(s3, versioned, target, Destination={"Bucket": f"arn:aws:s3:::{target}", "StorageClass": "STANDARD_IA"})
    s3.put_object(Bucket=versioned, Key="k", Body=b"")
    assert s3.head_object(Bucket=target, Key="k")["StorageClass"] == "STANDARD_IA"


def test_a_destination_that_is_gone_is_a_failure(s3, versioned, target):
    replicate(s3, versioned, target)
    s3.delete_bucket(Bucket=target)
    s3.put_object(Bucket=versioned, Key="k", Body=b"")
    assert s3.head_object(Bucket=versioned, Key="k")["ReplicationStatus"] == "FAILED"


def test_both_buckets_must_have_versions(s3, versioned, help):
    s3.create_bucket(Bucket="plain")
    with pytest.raises(s3.exceptions.ClientError, match=r"Destination bucket must have versioning enabled\."):
        replicate(s3, versioned, "plain")
    with pytest.raises(s3.exceptions.ClientError, match=r"Destination bucket must exist\."):
        replicate(s3, versioned, "nowhere")
    with pytest.raises(s3.exceptions.ClientError, match="Versioning must be 'Enabled' on the bucket"):
        replicate(s3, "plain", versioned)
