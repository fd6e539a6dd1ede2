"""Object lock: retention, legal holds, and what they forbid."""

from __future__ import annotations

import datetime

import pytest

MALFORMED = {
    "Code": "MalformedXML",
    "Message": "The XML you provided was not well-formed or did not validate against our published schema",
    "Status": 400,
}
PROTECTED = {
    "Code": "AccessDenied",
    "Message": "Access Denied because object protected by object lock.",
    "Status": 403,
}
UNLOCKED = {"Code": "InvalidRequest", "Message": "Bucket is missing Object Lock Configuration", "Status": 400}
UNSET = {
    "Code": "NoSuchObjectLockConfiguration",
    "Message": "The specified object does not have a ObjectLock configuration",
    "Status": 404,
}


@pytest.fixture
def locked(s3):
    """A bucket that began with object lock."""
    s3.create_bucket(Bucket="locked", ObjectLockEnabledForBucket=True)
    return "locked"


@pytest.fixture
def later(aws):
    """A time some days from now."""

    def later(days=1):
        return (aws.clock.now() + datetime.timedelta(days=days)).replace(microsecond=0)

    return later


@pytest.fixture
def put(s3, locked):
    """Puts an object, and gives what calls about that version name."""

    def put(key="k", **more):
        made = s3.put_object(Bucket=locked, Key=key, Body=b"test", **more)
        return {"Bucket": locked, "Key": key, "VersionId": made["VersionId"]}

    return put


def rule(mode="GOVERNANCE", **more):
    return {"ObjectLockEnabled": "Enabled", "Rule": {"DefaultRetention": {"Mode": mode, **more}}}


def test_a_bucket_may_begin_locked(s3, locked):
    assert s3.get_bucket_versioning(Bucket=locked)["Status"] == "Enabled"
    found = s3.get_object_lock_configuration(Bucket=locked)["ObjectLockConfiguration"]
    assert found == {"ObjectLockEnabled": "Enabled"}


def test_a_locked_bucket_keeps_its_versions(s3, locked, refused):
    suspended = {"Bucket": locked, "VersioningConfiguration": {"Status": "Suspended"}}
    assert refused(s3.put_bucket_versioning, **suspended) == {
        "Code": "InvalidBucketState",
        "Message": "An Object Lock configuration is present on this bucket, so the versioning state cannot be changed.",
        "Status": 409,
    }


def test_a_bucket_needs_versions_to_be_locked(s3, bucket, refused):
    assert refused(s3.get_object_lock_configuration, Bucket=bucket) == {
        "Code": "ObjectLockConfigurationNotFoundError",
        "Message": "Object Lock configuration does not exist for this bucket",
        "BucketName": bucket,
        "Status": 404,
    }
    wanted = {
        "Code": "InvalidBucketState",
        "Message": "Versioning must be 'Enabled' on the bucket to apply a Object Lock configuration",
        "Status": 409,
    }
    lock = {"Bucket": bucket, "ObjectLockConfiguration": {"ObjectLockEnabled": "Enabled"}}
    assert refused(s3.put_object_lock_configuration, **lock) == wanted
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Suspended"})
    assert refused(s3.put_object_lock_configuration, **lock) == wanted
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    s3.put_object_lock_configuration(**lock)
    assert s3.get_object_lock_configuration(Bucket=bucket)["ObjectLockConfiguration"] == {
        "ObjectLockEnabled": "Enabled"
    }


@pytest.mark.parametrize(
    "configuration",
    [
        {},
        {"Rule": {"DefaultRetention": {"Mode": "GOVERNANCE", "Days": 1}}},
        {"ObjectLockEnabled": "Enabled", "Rule": {}},
        {"ObjectLockEnabled": "Enabled", "Rule": {"DefaultRetention": {}}},
        rule("GOVERNANCE"),
        rule("GOVERNANCE", Days=1, Years=1),
        rule("BAD-MODE", Days=1),
        {"ObjectLockEnabled": "Enabled", "Rule": {"DefaultRetention": {"Days": 1}}},
    ],
)
def test_a_configuration_must_be_well_formed(s3, locked, refused, configuration):
    answer = refused(s3.put_object_lock_configuration, Bucket=locked, ObjectLockConfiguration=configuration)
    assert answer == MALFORMED


@pytest.mark.parametrize(
    ("given", "days"), [(rule(Days=2), 2), (rule("COMPLIANCE", Years=1), 365)], ids=["days", "years"]
)
def test_new_objects_are_kept_by_default(s3, locked, put, aws, given, days):
    s3.put_object_lock_configuration(Bucket=locked, ObjectLockConfiguration=given)
    assert s3.get_object_lock_configuration(Bucket=locked)["ObjectLockConfiguration"] == given
    found = s3.head_object(**put())
    assert found["ObjectLockMode"] == given["Rule"]["DefaultRetention"]["Mode"]
    left = found["ObjectLockRetainUntilDate"] - aws.clock.now()
    assert abs(left - datetime.timedelta(days=days)) < datetime.timedelta(minutes=1)


def test_an_objects_own_retention_wins_over_the_default(s3, locked, put, later):
    s3.put_object_lock_configuration(Bucket=locked, ObjectLockConfiguration=rule(Days=100))
    where = put(ObjectLockMode="GOVERNANCE", ObjectLockRetainUntilDate=later(3))
    assert s3.head_object(**where)["ObjectLockRetainUntilDate"] == later(3)


def test_a_mode_and_a_date_come_together(s3, locked, refused, later):
    def wanted(name):
        return {
            "Code": "InvalidArgument",
            "Message": "x-amz-object-lock-retain-until-date and x-amz-object-lock-mode must both be supplied",
            "ArgumentName": name,
            "Status": 400,
        }

    call = {"Bucket": locked, "Key": "k"}
    answer = refused(s3.put_object, **call, ObjectLockMode="GOVERNANCE")
    assert answer == wanted("x-amz-object-lock-retain-until-date")
    answer = refused(s3.put_object, **call, ObjectLockRetainUntilDate=later())
    assert answer == wanted("x-amz-object-lock-mode")


def test_retention_ends_in_the_future(s3, locked, refused, put, later):
    past = datetime.datetime(2020, 1, 1, tzinfo=datetime.timezone.utc)
    wanted = {
        "Code": "InvalidArgument",
        "Message": "The retain until date must be in the future!",
        "ArgumentName": "x-amz-object-lock-retain-until-date",
        "ArgumentValue": "Wed Jan 01 00:00:00 UTC 2020",
        "Status": 400,
    }
    given = {"ObjectLockMode": "GOVERNANCE", "ObjectLockRetainUntilDate": past}
    assert refused(s3.put_object, Bucket=locked, Key="k", **given) == wanted
    retention = {"Mode": "GOVERNANCE", "RetainUntilDate": past}
    assert refused(s3.put_object_retention, **put(), Retention=retention) == wanted


def test_governance_is_for_who_may_not_bypass_it(s3, put, refused, later):
    where = put()
    assert refused(s3.get_object_retention, **where) == UNSET
    retention = {"Mode": "GOVERNANCE", "RetainUntilDate": later(5)}
    s3.put_object_retention(**where, Retention=retention)
    assert s3.get_object_retention(**where)["Retention"] == retention
    shorter = {"Mode": "GOVERNANCE", "RetainUntilDate": later(2)}
    assert refused(s3.put_object_retention, **where, Retention=shorter) == PROTECTED
    assert refused(s3.put_object_retention, **where, Retention={}) == PROTECTED
    longer = {"Mode": "GOVERNANCE", "RetainUntilDate": later(9)}
    s3.put_object_retention(**where, Retention=longer)
    s3.put_object_retention(**where, Retention=shorter, BypassGovernanceRetention=True)
    assert s3.get_object_retention(**where)["Retention"] == shorter
    assert refused(s3.delete_object, **where) == PROTECTED
    gone = s3.delete_object(**where, BypassGovernanceRetention=True)
    assert gone["VersionId"] == where["VersionId"]


def test_retention_may_be_taken_away_by_who_bypasses_it(s3, put, refused, later):
    where = put(ObjectLockMode="GOVERNANCE", ObjectLockRetainUntilDate=later())
    s3.put_object_retention(**where, Retention={}, BypassGovernanceRetention=True)
    assert "ObjectLockMode" not in s3.head_object(**where)
    s3.delete_object(**where)


def test_compliance_is_for_everybody_until_it_ends(s3, put, refused, later, aws):
    where = put(ObjectLockMode="COMPLIANCE", ObjectLockRetainUntilDate=later(5))
    assert refused(s3.delete_object, **where) == PROTECTED
    assert refused(s3.delete_object, **where, BypassGovernanceRetention=True) == PROTECTED
    for loosened in (
        {"Mode": "COMPLIANCE", "RetainUntilDate": later(2)},
        {"Mode": "GOVERNANCE", "RetainUntilDate": later(9)},
    ):
        change = {"Retention": loosened, "BypassGovernanceRetention": True}
        assert refused(s3.put_object_retention, **where, **change) == PROTECTED
    s3.put_object_retention(**where, Retention={"Mode": "COMPLIANCE", "RetainUntilDate": later(6)})
    aws.clock.advance(days=5, hours=12)
    assert refused(s3.delete_object, **where) == PROTECTED
    aws.clock.advance(days=1)
    assert s3.delete_object(**where)["VersionId"] == where["VersionId"]


def test_a_delete_marker_hides_what_is_locked(s3, put, refused, later):
    where = put(ObjectLockMode="GOVERNANCE", ObjectLockRetainUntilDate=later())
    made = s3.delete_object(Bucket=where["Bucket"], Key=where["Key"])
    assert made["DeleteMarker"] is True
    marker = {**where, "VersionId": made["VersionId"]}
    wanted = {
        "Code": "MethodNotAllowed",
        "Message": "The specified method is not allowed against this resource.",
        "ResourceType": "DeleteMarker",
        "Status": 405,
    }
    assert refused(s3.get_object_retention, **marker) == {**wanted, "Method": "GET"}
    retention = {"Mode": "GOVERNANCE", "RetainUntilDate": later()}
    assert refused(s3.put_object_retention, **marker, Retention=retention) == {**wanted, "Method": "PUT"}
    assert refused(s3.head_object, **marker) == {"Code": "405", "Message": "Method Not Allowed", "Status": 405}
    s3.delete_object(**marker)
    assert s3.get_object(**where)["Body"].read() == b"test"


def test_each_of_many_deletions_is_refused_by_itself(s3, locked, put, later):
    kept = put("kept", ObjectLockMode="GOVERNANCE", ObjectLockRetainUntilDate=later())
    loose = put("loose")
    items = [{"Key": where["Key"], "VersionId": where["VersionId"]} for where in (kept, loose)]
    done = s3.delete_objects(Bucket=locked, Delete={"Objects": items})
    assert [found["Key"] for found in done["Deleted"]] == ["loose"]
    assert [(error["Key"], error["Code"]) for error in done["Errors"]] == [("kept", "AccessDenied")]
    done = s3.delete_objects(Bucket=locked, Delete={"Objects": items[:1]}, BypassGovernanceRetention=True)
    assert [found["Key"] for found in done["Deleted"]] == ["kept"]


def test_a_legal_hold_has_no_end(s3, put, refused, aws):
    where = put()
    assert refused(s3.get_object_legal_hold, **where) == UNSET
    s3.put_object_legal_hold(**where, LegalHold={"Status": "ON"})
    assert s3.get_object_legal_hold(**where)["LegalHold"] == {"Status": "ON"}
    assert s3.head_object(**where)["ObjectLockLegalHoldStatus"] == "ON"
    aws.clock.advance(days=5000)
    assert refused(s3.delete_object, **where) == PROTECTED
    assert refused(s3.delete_object, **where, BypassGovernanceRetention=True) == PROTECTED
    s3.put_object_legal_hold(**where, LegalHold={"Status": "OFF"})
    assert s3.head_object(**where)["ObjectLockLegalHoldStatus"] == "OFF"
    assert s3.delete_object(**where)["VersionId"] == where["VersionId"]


def test_a_hold_is_of_one_version(s3, put):
    first, second = put(ObjectLockLegalHoldStatus="ON"), put()
    assert s3.head_object(**first)["ObjectLockLegalHoldStatus"] == "ON"
    assert "ObjectLockLegalHoldStatus" not in s3.head_object(**second)


def test_what_is_locked_is_the_copys_own(s3, locked, put, later):
    where = put(ObjectLockLegalHoldStatus="ON", ObjectLockMode="GOVERNANCE", ObjectLockRetainUntilDate=later())
    made = s3.copy_object(Bucket=locked, Key="copy", CopySource=where)
    found = s3.head_object(Bucket=locked, Key="copy", VersionId=made["VersionId"])
    assert not [name for name in found if name.startswith("ObjectLock")]


@pytest.mark.parametrize("operation", ["legal_hold", "retention"])
def test_an_unlocked_bucket_locks_nothing(s3, bucket, refused, later, operation):
    put, get = getattr(s3, f"put_object_{operation}"), getattr(s3, f"get_object_{operation}")
    given = (
        {"LegalHold": {"Status": "ON"}}
        if operation == "legal_hold"
        else {"Retention": {"Mode": "GOVERNANCE", "RetainUntilDate": later()}}
    )
    assert refused(put, Bucket="nothing", Key="k", **given)["Code"] == "NoSuchBucket"
    assert refused(put, Bucket=bucket, Key="k", **given)["Code"] == "NoSuchKey"
    s3.put_object(Bucket=bucket, Key="k")
    assert refused(put, Bucket=bucket, Key="k", **given) == UNLOCKED
    assert refused(get, Bucket=bucket, Key="k") == UNLOCKED
    assert refused(s3.put_object, Bucket=bucket, Key="k", ObjectLockLegalHoldStatus="ON") == UNLOCKED


def test_a_hold_is_on_or_off(s3, put, refused, locked):
    where = put()
    assert refused(s3.put_object_legal_hold, **where, LegalHold={}) == MALFORMED
    assert refused(s3.put_object_legal_hold, **where, LegalHold={"Status": "MAYBE"}) == MALFORMED
    answer = refused(s3.put_object, Bucket=locked, Key="k", ObjectLockLegalHoldStatus="MAYBE")
    assert (answer["Code"], answer["ArgumentValue"]) == ("InvalidArgument", "MAYBE")
