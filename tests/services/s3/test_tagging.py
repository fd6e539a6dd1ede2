"""Tags of buckets and objects."""

from __future__ import annotations

import pytest

PAIR = [{"Key": "tag1", "Value": "tag1"}, {"Key": "tag2", "Value": ""}]
MALFORMED = {
    "Code": "MalformedXML",
    "Message": "The XML you provided was not well-formed or did not validate against our published schema",
    "Status": 400,
}
HEADER = (
    "The header 'x-amz-tagging' shall be encoded as UTF-8 then URLEncoded URL query parameters without tag name "
    "duplicates."
)


def tags(*pairs):
    return {"TagSet": [{"Key": key, "Value": value} for key, value in pairs]}


@pytest.fixture
def thing(s3, bucket):
    where = {"Bucket": bucket, "Key": "k"}
    s3.put_object(**where, Body=b"test-tagging")
    return where


def test_a_buckets_tags_come_change_and_go(s3, bucket, refused):
    none = {"Code": "NoSuchTagSet", "Message": "The TagSet does not exist", "BucketName": bucket, "Status": 404}
    assert refused(s3.get_bucket_tagging, Bucket=bucket) == none
    made = s3.put_bucket_tagging(Bucket=bucket, Tagging={"TagSet": PAIR})
    assert made["ResponseMetadata"]["HTTPStatusCode"] == 204
    assert s3.get_bucket_tagging(Bucket=bucket)["TagSet"] == PAIR
    s3.put_bucket_tagging(Bucket=bucket, Tagging=tags(("tag3", "tag3")))
    assert s3.get_bucket_tagging(Bucket=bucket)["TagSet"] == [{"Key": "tag3", "Value": "tag3"}]
    s3.put_bucket_tagging(Bucket=bucket, Tagging={"TagSet": []})
    assert refused(s3.get_bucket_tagging, Bucket=bucket) == none
    s3.put_bucket_tagging(Bucket=bucket, Tagging={"TagSet": PAIR})
    assert s3.delete_bucket_tagging(Bucket=bucket)["ResponseMetadata"]["HTTPStatusCode"] == 204
    assert refused(s3.get_bucket_tagging, Bucket=bucket) == none


def test_an_objects_tags_come_change_and_go(s3, thing):
    assert s3.get_object_tagging(**thing)["TagSet"] == []
    assert s3.put_object_tagging(**thing, Tagging={"TagSet": PAIR})["ResponseMetadata"]["HTTPStatusCode"] == 200
    assert s3.get_object_tagging(**thing)["TagSet"] == PAIR
    assert (s3.head_object(**thing)["TagCount"], s3.get_object(**thing)["TagCount"]) == (2, 2)
    s3.put_object_tagging(**thing, Tagging=tags(("tag3", "tag3")))
    assert s3.get_object_tagging(**thing)["TagSet"] == [{"Key": "tag3", "Value": "tag3"}]
    assert s3.delete_object_tagging(**thing)["ResponseMetadata"]["HTTPStatusCode"] == 204
    assert s3.get_object_tagging(**thing)["TagSet"] == []
    assert "TagCount" not in s3.head_object(**thing)


def test_tags_go_with_their_object(s3, bucket):
    where = {"Bucket": bucket, "Key": "k"}
    for again in (lambda: s3.put_object(**where), lambda: (s3.delete_object(**where), s3.put_object(**where))):
        s3.put_object(**where, Tagging="tag1=val1")
        assert s3.get_object_tagging(**where)["TagSet"] == [{"Key": "tag1", "Value": "val1"}]
        again()
        assert s3.get_object_tagging(**where)["TagSet"] == []


def test_tags_are_of_a_version(s3, versioned):
    where = {"Bucket": versioned, "Key": "k"}
    first = s3.put_object(**where, Tagging="a=1")["VersionId"]
    second = s3.put_object(**where, Tagging="a=2")["VersionId"]
    assert s3.put_object_tagging(**where, VersionId=first, Tagging=tags(("a", "3")))["VersionId"] == first
    assert s3.get_object_tagging(**where)["TagSet"] == [{"Key": "a", "Value": "2"}]
    assert s3.get_object_tagging(**where, VersionId=first)["TagSet"] == [{"Key": "a", "Value": "3"}]
    assert s3.delete_object_tagging(**where)["VersionId"] == second


@pytest.mark.parametrize("operation", ["get_object_tagging", "put_object_tagging", "delete_object_tagging"])
def test_what_is_not_there_has_no_tags(s3, bucket, refused, operation):
    more = {"Tagging": tags(("a", "b"))} if operation.startswith("put") else {}
    call = getattr(s3, operation)
    assert refused(call, Bucket="nothing", Key="k", **more)["Code"] == "NoSuchBucket"
    answer = refused(call, Bucket=bucket, Key="no", **more)
    shown = f"{bucket}/no" if operation.startswith("get") else "no"
    assert answer == {
        "Code": "NoSuchKey",
        "Message": "The specified key does not exist.",
        "Key": shown,
        "Status": 404,
    }


@pytest.mark.parametrize("text", ["key1=val1&key1=val2", "key1=val1,key2=val2"])
def test_a_header_of_tags_is_a_query(s3, bucket, refused, text):
    assert refused(s3.put_object, Bucket=bucket, Key="k", Tagging=text) == {
        "Code": "InvalidArgument",
        "Message": HEADER,
        "ArgumentName": "x-amz-tagging",
        "ArgumentValue": text,
        "Status": 400,
    }


def test_a_header_of_tags_is_decoded(s3, bucket):
    s3.put_object(Bucket=bucket, Key="k", Tagging="a%20b=c%2Bd&e=")
    found = s3.get_object_tagging(Bucket=bucket, Key="k")["TagSet"]
    assert found == [{"Key": "a b", "Value": "c+d"}, {"Key": "e", "Value": ""}]


INVALID = [
    ([("Key1", "a"), ("Key1", "b")], "Cannot provide multiple Tags with the same key", {"TagKey": "Key1"}),
    ([("Key1,Key2", "a")], "The TagKey you have provided is invalid", {"TagKey": "Key1,Key2"}),
    (
        [("Key1", "Val1,Val2")],
        "The TagValue you have provided is invalid",
        {"TagKey": "Key1", "TagValue": "Val1,Val2"},
    ),
]


@pytest.mark.parametrize(("pairs", "message", "more"), INVALID)
def test_tags_that_can_not_be_are_refused(s3, thing, refused, pairs, message, more):
    wanted = {"Code": "InvalidTag", "Message": message, **more, "Status": 400}
    assert refused(s3.put_bucket_tagging, Bucket=thing["Bucket"], Tagging=tags(*pairs)) == wanted
    assert refused(s3.put_object_tagging, **thing, Tagging=tags(*pairs)) == wanted
    assert s3.get_object_tagging(**thing)["TagSet"] == []


def test_tags_of_aws_are_its_own(s3, thing, refused):
    wanted = {"Code": "InvalidTag", "TagKey": "aws:prefixed", "Status": 400}
    given = {"Tagging": tags(("aws:prefixed", "a"))}
    answer = refused(s3.put_bucket_tagging, Bucket=thing["Bucket"], **given)
    assert answer == {**wanted, "Message": "System tags cannot be added/updated by requester"}
    answer = refused(s3.put_object_tagging, **thing, **given)
    assert answer == {**wanted, "Message": "Your TagKey cannot be prefixed with aws:"}


@pytest.mark.parametrize(("count", "code"), [(11, "BadRequest"), (10, None)])
def test_an_object_has_ten_tags_at_most(s3, thing, refused, count, code):
    given = {"Tagging": tags(*((f"k{number}", "v") for number in range(count)))}
    if code is None:
        s3.put_object_tagging(**thing, **given)
        return
    assert refused(s3.put_object_tagging, **thing, **given) == {
        "Code": code,
        "Message": "Object tags cannot be greater than 10",
        "Status": 400,
    }


CREATION = [
    ([("test,test2", "a")], "The TagKey you have provided is invalid", {"TagKey": "test,test2"}),
    (
        [("test", "value1,value2")],
        "The TagValue you have provided is invalid",
        {"TagKey": "test", "TagValue": "value1,value2"},
    ),
    (
        [("aws:test", "a")],
        'User-defined tag keys can\'t start with "aws:". This prefix is reserved for system tags. Remove "aws:" from '
        "your tag keys and try again.",
        {},
    ),
]


@pytest.mark.parametrize(("pairs", "message", "more"), CREATION)
def test_a_bucket_does_not_begin_with_tags_that_can_not_be(s3, refused, pairs, message, more):
    given = {"CreateBucketConfiguration": {"Tags": tags(*pairs)["TagSet"]}}
    answer = refused(s3.create_bucket, Bucket="plain", **given)
    assert answer == {"Code": "InvalidTag", "Message": message, **more, "Status": 400}
    assert s3.list_buckets()["Buckets"] == []


def test_a_bucket_that_begins_with_a_tag_twice_is_an_internal_error(client, refused):
    s3 = client(retries={"max_attempts": 0})
    given = {"CreateBucketConfiguration": {"Tags": tags(("a", "1"), ("a", "2"))["TagSet"]}}
    assert refused(s3.create_bucket, Bucket="plain", **given) == {
        "Code": "InternalError",
        "Message": "We encountered an internal error. Please try again.",
        "Status": 500,
    }


@pytest.mark.parametrize("tag", [b"<Tag><Key>a</Key></Tag>", b"<Tag><Value>a</Value></Tag>"])
@pytest.mark.parametrize("path", ["?tagging", "/k?tagging"])
def test_a_tag_has_a_key_and_a_value(s3, thing, error_of, tag, path):
    import requests

    url = f"https://{thing['Bucket']}.s3.amazonaws.com{path if path[0] == '/' else '/' + path}"
    document = b"<Tagging><TagSet>" + tag + b"</TagSet></Tagging>"
    assert error_of(requests.put(url, data=document)) == MALFORMED
