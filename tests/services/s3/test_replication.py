"""Replication rules, as buckets keep them; what they do is in test_replica."""

from __future__ import annotations

import pytest

ROLE = "arn:aws:iam::123456789012:role/replicate"


@pytest.fixture
def target(s3):
    s3.create_bucket(Bucket="target")
    s3.put_bucket_versioning(Bucket="target", VersioningConfiguration={"Status": "Enabled"})
    return "target"


def rule(target="target", **more):
    return {
        "Status": "Enabled",
        "Priority": 1,
        "Filter": {"Prefix": "a/"},
        "DeleteMarkerReplication": {"Status": "Disabled"},
        "Destination": {"Bucket": f"arn:aws:s3:::{target}"},
        **more,
    }


def test_rules_come_and_go(s3, versioned, target, refused):
    none = {
        "Code": "ReplicationConfigurationNotFoundError",
        "Message": "The replication configuration was not found",
        "BucketName": versioned,
        "Status": 404,
    }
    assert refused(s3.get_bucket_replication, Bucket=versioned) == none
    given = {"Role": ROLE, "Rules": [rule(ID="one")]}
    s3.put_bucket_replication(Bucket=versioned, ReplicationConfiguration=given)
    assert s3.get_bucket_replication(Bucket=versioned)["ReplicationConfiguration"] == given
    assert s3.delete_bucket_replication(Bucket=versioned)["ResponseMetadata"]["HTTPStatusCode"] == 204
    assert refused(s3.get_bucket_replication, Bucket=versioned) == none


@pytest.mark.parametrize(
    ("rules", "message"),
    [
        ([rule("nothing-here")], "Destination bucket must exist."),
        ([rule("plain")], "Destination bucket must have versioning enabled."),
        (
            [rule(ID="one"), rule(ID="two")],
            "Found duplicate priority for replication rules. Priority must be unique.",
        ),
        (
            [rule(ID="one"), rule(ID="one", Priority=2)],
            "Rule Id must be unique. Found same Id for more than one rule",
        ),
        (
            [{name: value for name, value in rule().items() if name != "DeleteMarkerReplication"}],
            "DeleteMarkerReplication must be specified for this version of Cross Region Replication configuration "
            "schema.",
        ),
    ],
)
def test_rules_that_can_not_be_are_refused(s3, versioned, target, refused, rules, message):
    s3.create_bucket(Bucket="plain")
    given = {"Role": ROLE, "Rules": rules}
    found = refused(s3.put_bucket_replication, Bucket=versioned, ReplicationConfiguration=given)
    assert (found["Message"], found["Status"]) == (message, 400)


def test_a_bucket_without_versions_has_no_rules(s3, bucket, target, refused):
    given = {"Role": ROLE, "Rules": [rule()]}
    assert refused(s3.put_bucket_replication, Bucket=bucket, ReplicationConfiguration=given) == {
        "Code": "InvalidRequest",
        "Message": "Versioning must be 'Enabled' on the bucket to apply a replication configuration",
        "Status": 400,
    }


def test_a_bucket_that_is_not_there_has_none(s3, refused):
    assert refused(s3.get_bucket_replication, Bucket="nothing")["Code"] == "NoSuchBucket"
