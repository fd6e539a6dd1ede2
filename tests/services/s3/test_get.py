"""Objects as they go out: what is told of them, ranges, parts, and headers that the client wants."""

from __future__ import annotations

import pytest
import requests

LOREM = b"Lorem ipsum dolor sit amet, ... " * 30


@pytest.fixture
def thing(s3, bucket):
    s3.put_object(Bucket=bucket, Key="k", Body=b"abcdefgh")
    return {"Bucket": bucket, "Key": "k"}


def test_a_get_tells_what_is_known(s3, thing):
    found = s3.get_object(**thing)
    assert found.pop("ResponseMetadata")["HTTPStatusCode"] == 200
    assert found.pop("Body").read() == b"abcdefgh"
    assert found.pop("LastModified").microsecond == 0
    assert found == {
        "AcceptRanges": "bytes",
        "ChecksumCRC32": "ru8qUA==",
        "ChecksumType": "FULL_OBJECT",
        "ContentLength": 8,
        "ContentType": "binary/octet-stream",
        "ETag": '"e8dc4081b13434b45189a720b77b6818"',
        "Metadata": {},
        "ServerSideEncryption": "AES256",
    }


def test_a_head_tells_the_same_but_for_checksums(s3, thing):
    found = s3.head_object(**thing)
    del found["ResponseMetadata"], found["LastModified"]
    assert found == {
        "AcceptRanges": "bytes",
        "ContentLength": 8,
        "ContentType": "binary/octet-stream",
        "ETag": '"e8dc4081b13434b45189a720b77b6818"',
        "Metadata": {},
        "ServerSideEncryption": "AES256",
    }


def test_a_head_of_nothing_has_no_words(s3, bucket, refused):
    assert refused(s3.head_object, Bucket=bucket, Key="no") == {"Code": "404", "Message": "Not Found", "Status": 404}


@pytest.mark.parametrize("host", ["{}.s3.amazonaws.com/k", "s3.amazonaws.com/{}/k", "{}.s3.us-east-1.amazonaws.com/k"])
def test_the_headers_are_those_of_s3(s3, thing, host):
    s3.put_object_acl  # noqa: B018
    answer = requests.get("https://" + host.format(thing["Bucket"]))
    headers = {name.lower(): value for name, value in answer.headers.items() if not name.lower().startswith("x-sundog")}
    assert answer.content == b"abcdefgh"
    assert sorted(headers) == [
        "accept-ranges",
        "content-length",
        "content-type",
        "date",
        "etag",
        "last-modified",
        "server",
        "x-amz-id-2",
        "x-amz-request-id",
        "x-amz-server-side-encryption",
    ]
    assert (headers["server"], headers["content-length"]) == ("AmazonS3", "8")


@pytest.mark.parametrize(
    ("asked", "start", "stop"),
    [
        ("bytes=0-16", 0, 17),
        ("bytes=17-", 17, 960),
        ("bytes=-10", 950, 960),
        ("bytes=-5000", 0, 960),
        ("bytes=900-5000", 900, 960),
        ("bytes=959-959", 959, 960),
        ("bytes = 0 - 4", 0, 5),
    ],
)
def test_a_range_is_a_part_of_the_bytes(s3, bucket, asked, start, stop):
    s3.put_object(Bucket=bucket, Key="k", Body=LOREM)
    found = s3.get_object(Bucket=bucket, Key="k", Range=asked)
    assert found["ResponseMetadata"]["HTTPStatusCode"] == 206
    assert found["Body"].read() == LOREM[start:stop]
    assert (found["ContentRange"], found["ContentLength"]) == (f"bytes {start}-{stop - 1}/960", stop - start)
    assert found["ETag"] == '"c289c6e309be295fe68af649d1e6c6ec"'
    assert "ChecksumCRC32" not in found
    head = s3.head_object(Bucket=bucket, Key="k", Range=asked)
    assert (head["ContentRange"], head["ContentLength"]) == (found["ContentRange"], stop - start)


def test_a_range_of_nothing_is_of_nothing(s3, bucket, refused):
    assert refused(s3.get_object, Bucket=bucket, Key="k", Range="bytes=0-1")["Code"] == "NoSuchKey"


def test_a_part_and_a_range_exclude_each_other(s3, thing, refused):
    assert refused(s3.get_object, **thing, PartNumber=1, Range="bytes=0-1") == {
        "Code": "InvalidRequest",
        "Message": "Cannot specify both Range header and partNumber query parameter",
        "Status": 400,
    }


def test_a_wanted_header_must_be_latin(s3, thing, error_of):
    text = "non-ascii-%E2%80%94_—_é_"
    url = s3.generate_presigned_url("get_object", Params={**thing, "ResponseCacheControl": text})
    assert error_of(requests.get(url)) == {
        "Code": "InvalidArgument",
        "Message": "Header value cannot be represented using ISO-8859-1.",
        "ArgumentName": "response-cache-control",
        "ArgumentValue": text,
        "Status": 400,
    }


@pytest.mark.parametrize("name", ["GLACIER", "DEEP_ARCHIVE"])
def test_an_archived_object_is_not_read(s3, bucket, refused, name):
    s3.put_object(Bucket=bucket, Key="k", Body=b"body-test", StorageClass=name)
    answer = refused(s3.get_object, Bucket=bucket, Key="k")
    assert answer == {
        "Code": "InvalidObjectState",
        "Message": "The operation is not valid for the object's storage class",
        "StorageClass": name,
        "Status": 403,
    }
    assert s3.head_object(Bucket=bucket, Key="k")["StorageClass"] == name


@pytest.mark.parametrize("version", ["HPniJFCxqTsMuIH9KX8K8wEjNUgmABCD", "x"])
def test_a_version_that_s3_never_made_is_refused(s3, thing, refused, version):
    assert refused(s3.get_object, **thing, VersionId=version) == {
        "Code": "InvalidArgument",
        "Message": "Invalid version id specified",
        "ArgumentName": "versionId",
        "ArgumentValue": version,
        "Status": 400,
    }


def test_without_versions_there_is_the_version_null(s3, thing):
    found = s3.get_object(**thing, VersionId="null")
    assert found["Body"].read() == b"abcdefgh"
    assert "VersionId" not in found


@pytest.mark.parametrize("asked", ["ETag,Checksum,ObjectSize", "ETag, Checksum, ObjectSize"])
def test_names_of_attributes_may_stand_apart(s3, thing, asked):
    url = f"https://{thing['Bucket']}.s3.amazonaws.com/k?attributes"
    answer = requests.get(url, headers={"x-amz-object-attributes": asked})
    assert answer.status_code == 200
    assert "<ETag>e8dc4081b13434b45189a720b77b6818</ETag>" in answer.text
    assert "<ChecksumCRC32>ru8qUA==</ChecksumCRC32><ChecksumType>FULL_OBJECT</ChecksumType>" in answer.text
    assert "<ObjectSize>8</ObjectSize>" in answer.text
    assert 'xmlns="http://s3.amazonaws.com/doc/2006-03-01/"' in answer.text
