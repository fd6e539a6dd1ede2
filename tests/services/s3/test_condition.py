from __future__ import annotations

import datetime

import pytest

DAY = datetime.timedelta(days=1)
FAILED = {
    "Code": "PreconditionFailed",
    "Message": "At least one of the pre-conditions you specified did not hold",
}
UNCHANGED = {"Code": "304", "Message": "Not Modified"}


@pytest.fixture
def row(s3, bucket):
    s3.put_object(Bucket=bucket, Key="k", Body=b"data")
    return s3.head_object(Bucket=bucket, Key="k")


@pytest.mark.parametrize("name", ["get_object", "head_object"])
def test_reads_are_held_to_their_conditions(s3, bucket, row, help, name):
    call = getattr(s3, name)
    place = {"Bucket": bucket, "Key": "k"}
    etag, when = row["ETag"], row["LastModified"]

    def failed(condition, **more):
        error = help.refused(call, **place, **more)
        if name == "head_object":
            assert error == {"Code": "412", "Message": "Precondition Failed"}
        else:
            assert error == {**FAILED, "Condition": condition}

    failed("If-Match", IfMatch='"other"')
    failed("If-Unmodified-Since", IfUnmodifiedSince=when - DAY)
    assert help.refused(call, **place, IfNoneMatch=etag) == UNCHANGED
    assert help.refused(call, **place, IfNoneMatch=etag.strip('"')) == UNCHANGED
    assert help.refused(call, **place, IfNoneMatch="*") == UNCHANGED
    assert help.refused(call, **place, IfModifiedSince=when) == UNCHANGED
    call(**place, IfMatch=etag)
    call(**place, IfMatch=f'"other", {etag}')
    call(**place, IfUnmodifiedSince=when)
    call(**place, IfModifiedSince=when - DAY)
    call(**place, IfModifiedSince=when + DAY)  # a time to come is ignored
    call(**place, IfMatch=etag, IfUnmodifiedSince=when - DAY)
    assert help.refused(call, **place, IfNoneMatch=etag, IfModifiedSince=when - DAY) == UNCHANGED


def test_a_write_may_be_the_first_only(s3, bucket, row, help):
    assert help.refused(s3.put_object, Bucket=bucket, Key="k", Body=b"", IfNoneMatch="*") == {
        **FAILED,
        "Condition": "If-None-Match",
    }
    s3.put_object(Bucket=bucket, Key="new", Body=b"", IfNoneMatch="*")


def test_a_write_may_replace_only_what_it_knows(s3, bucket, row, help):
    place = {"Bucket": bucket, "Body": b"next"}
    assert help.refused(s3.put_object, **place, Key="k", IfMatch="nope") == {**FAILED, "Condition": "If-Match"}
    assert help.refused(s3.put_object, **place, Key="other", IfMatch="nope") == {
        "Code": "NoSuchKey",
        "Message": "The specified key does not exist.",
        "Key": "other",
    }
    s3.put_object(**place, Key="k", IfMatch=row["ETag"])


@pytest.mark.parametrize(
    ("members", "header", "more"),
    [
        (
            {"IfMatch": "*"},
            "If-Match",
            "We don't accept the provided value of If-Match header for this API",
        ),
        (
            {"IfNoneMatch": '"etag"'},
            "If-None-Match",
            "We don't accept the provided value of If-None-Match header for this API",
        ),
        (
            {"IfMatch": '"a"', "IfNoneMatch": "*"},
            "If-Match,If-None-Match",
            "Multiple conditional request headers present in the request",
        ),
    ],
)
def test_some_conditions_on_writes_are_not_to_be_had(bucket, help, members, header, more):
    s3 = help.client(retries={"max_attempts": 1, "mode": "standard"})
    assert help.refused(s3.put_object, Bucket=bucket, Key="k", Body=b"", **members) == {
        "Code": "NotImplemented",
        "Message": "A header you provided implies functionality that is not implemented",
        "Header": header,
        "additionalMessage": more,
    }


def test_a_copy_is_held_to_conditions_on_its_source(s3, bucket, row, help):
    place = {"Bucket": bucket, "Key": "copy", "CopySource": f"{bucket}/k"}
    etag, when = row["ETag"], row["LastModified"]
    name = "x-amz-copy-source-If-"
    for condition, members in (
        ("Match", {"CopySourceIfMatch": "nope"}),
        ("None-Match", {"CopySourceIfNoneMatch": etag}),
        ("Unmodified-Since", {"CopySourceIfUnmodifiedSince": when - DAY}),
        ("Modified-Since", {"CopySourceIfModifiedSince": when}),
    ):
        assert help.refused(s3.copy_object, **place, **members) == {**FAILED, "Condition": name + condition}
    s3.copy_object(**place, CopySourceIfMatch=etag, CopySourceIfUnmodifiedSince=when - DAY)
    s3.copy_object(**place, CopySourceIfModifiedSince=when - DAY, CopySourceIfNoneMatch='"nope"')


def test_a_copy_is_held_to_conditions_on_its_target(s3, bucket, row, help):
    place = {"Bucket": bucket, "CopySource": f"{bucket}/k"}
    s3.copy_object(**place, Key="copy", IfNoneMatch="*")
    assert help.refused(s3.copy_object, **place, Key="copy", IfNoneMatch="*")["Condition"] == "If-None-Match"
    assert help.refused(s3.copy_object, **place, Key="copy", IfMatch='"nope"')["Condition"] == "If-Match"
    assert help.refused(s3.copy_object, **place, Key="none", IfMatch='"nope"')["Code"] == "NoSuchKey"


def test_a_deletion_may_be_held_to_an_etag(s3, bucket, row, help):
    place = {"Bucket": bucket, "Key": "k"}
    assert help.refused(s3.delete_object, **place, IfMatch='"nope"')["Condition"] == "If-Match"
    s3.delete_object(**place, IfMatch=row["ETag"])


def test_other_conditions_on_deletions_are_for_directory_buckets(bucket, help, row):
    s3 = help.client(retries={"max_attempts": 1, "mode": "standard"})
    error = help.refused(s3.delete_object, Bucket=bucket, Key="k", IfMatchLastModifiedTime=row["LastModified"])
    assert (error["Code"], error["Header"]) == ("NotImplemented", "x-amz-if-match-last-modified-time")
