"""Annotations: small documents kept beside an object's version."""

from __future__ import annotations

import pytest

MISSING = {
    "Code": "NoSuchAnnotation",
    "Message": "The specified annotation does not exist.",
    "Status": 404,
}


@pytest.fixture
def thing(s3, bucket):
    s3.put_object(Bucket=bucket, Key="k", Body=b"body")
    return {"Bucket": bucket, "Key": "k"}


def read(s3, where, name):
    return s3.get_object_annotation(**where, AnnotationName=name)["AnnotationPayload"].read()


def test_an_annotation_comes_changes_and_goes(s3, thing, refused):
    named = {**thing, "AnnotationName": "note"}
    assert refused(s3.get_object_annotation, **named) == MISSING
    made = s3.put_object_annotation(**named, AnnotationPayload=b"first")
    assert (made["AnnotationName"], made["Key"]) == ("note", "k")
    assert made["ETag"] == '"8b04d5e3775d298e78455efc5ca404d5"'
    assert read(s3, thing, "note") == b"first"
    s3.put_object_annotation(**named, AnnotationPayload=b"second")
    found = s3.get_object_annotation(**named)
    assert (found["AnnotationPayload"].read(), found["ContentLength"]) == (b"second", 6)
    s3.delete_object_annotation(**named)
    assert refused(s3.get_object_annotation, **named) == MISSING
    assert refused(s3.delete_object_annotation, **named) == MISSING


def test_an_annotation_leaves_its_object_as_it_is(s3, thing):
    before = s3.head_object(**thing)
    s3.put_object_annotation(**thing, AnnotationName="note", AnnotationPayload=b"text")
    after = s3.head_object(**thing)
    assert (after["ETag"], after["LastModified"]) == (before["ETag"], before["LastModified"])


def test_annotations_are_listed_by_name(s3, thing):
    assert "Annotations" not in s3.list_object_annotations(**thing)
    for name in ("b", "a/2", "a/1"):
        s3.put_object_annotation(**thing, AnnotationName=name, AnnotationPayload=name.encode())
    listed = s3.list_object_annotations(**thing)
    assert [(found["AnnotationName"], found["Size"]) for found in listed["Annotations"]] == [
        ("a/1", 3),
        ("a/2", 3),
        ("b", 1),
    ]
    listed = s3.list_object_annotations(**thing, AnnotationPrefix="a/")
    assert [found["AnnotationName"] for found in listed["Annotations"]] == ["a/1", "a/2"]


def test_annotations_are_listed_page_by_page(s3, thing):
    for name in ("a", "b", "c"):
        s3.put_object_annotation(**thing, AnnotationName=name, AnnotationPayload=b"x")
    first = s3.list_object_annotations(**thing, MaxAnnotationResults=2)
    assert [found["AnnotationName"] for found in first["Annotations"]] == ["a", "b"]
    rest = s3.list_object_annotations(**thing, ContinuationToken=first["NextContinuationToken"])
    assert [found["AnnotationName"] for found in rest["Annotations"]] == ["c"]
    assert "NextContinuationToken" not in rest


def test_each_version_has_annotations_of_its_own(s3, versioned, refused):
    where = {"Bucket": versioned, "Key": "k"}
    first = s3.put_object(**where)["VersionId"]
    s3.put_object_annotation(**where, AnnotationName="note", AnnotationPayload=b"old")
    s3.put_object(**where)
    assert refused(s3.get_object_annotation, **where, AnnotationName="note") == MISSING
    assert read(s3, {**where, "VersionId": first}, "note") == b"old"


def test_an_annotation_is_of_an_object(s3, bucket, refused):
    call = {"Bucket": bucket, "Key": "no", "AnnotationName": "note"}
    assert refused(s3.put_object_annotation, **call, AnnotationPayload=b"x")["Code"] == "NoSuchKey"


def test_annotations_go_with_their_object(s3, thing, refused):
    s3.put_object_annotation(**thing, AnnotationName="note", AnnotationPayload=b"x")
    s3.delete_object(**thing)
    s3.put_object(**thing)
    assert refused(s3.get_object_annotation, **thing, AnnotationName="note") == MISSING


def test_an_annotation_may_be_for_a_known_object_only(s3, thing, refused):
    call = {**thing, "AnnotationName": "note", "AnnotationPayload": b"x"}
    found = refused(s3.put_object_annotation, **call, ObjectIfMatch='"wrong"')
    assert (found["Code"], found["Status"]) == ("PreconditionFailed", 412)
    s3.put_object_annotation(**call, ObjectIfMatch=s3.head_object(**thing)["ETag"])
