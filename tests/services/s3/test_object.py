from __future__ import annotations

import datetime
import hashlib

import pytest

ETAG = '"437b930db84b8079c2dd804a71936b5f"'


def put(s3, bucket, key="k", body=b"something", **more):
    return s3.put_object(Bucket=bucket, Key=key, Body=body, **more)


def test_what_is_put_is_got(s3, bucket, help):
    made = help.answer(s3.put_object, Bucket=bucket, Key="k", Body=b"something")
    assert made == {
        "ETag": ETAG,
        "ChecksumCRC32": "Cdox+w==",
        "ChecksumType": "FULL_OBJECT",
        "ServerSideEncryption": "AES256",
    }
    found = help.answer(s3.get_object, Bucket=bucket, Key="k")
    assert found.pop("Body").read() == b"something"
    assert isinstance(found.pop("LastModified"), datetime.datetime)
    assert found == {
        "AcceptRanges": "bytes",
        "ChecksumCRC32": "Cdox+w==",
        "ChecksumType": "FULL_OBJECT",
        "ContentLength": 9,
        "ContentType": "binary/octet-stream",
        "ETag": ETAG,
        "Metadata": {},
        "ServerSideEncryption": "AES256",
    }
    head = help.answer(s3.head_object, Bucket=bucket, Key="k")
    head.pop("LastModified")
    assert head == {name: value for name, value in found.items() if not name.startswith("Checksum")}


def test_a_key_that_is_not_there_is_named(s3, bucket, help):
    assert help.refused(s3.get_object, Bucket=bucket, Key="no/such") == {
        "Code": "NoSuchKey",
        "Message": "The specified key does not exist.",
        "Key": "no/such",
    }
    assert help.refused(s3.head_object, Bucket=bucket, Key="no/such") == {"Code": "404", "Message": "Not Found"}
    with pytest.raises(s3.exceptions.NoSuchKey):
        s3.get_object(Bucket=bucket, Key="no/such")


@pytest.mark.parametrize(
    "key",
    [
        "file%2Fname",
        "test%123",
        "test%percent",
        "test key//",
        "test+key",
        "test@key/",
        "a/\U0001f600/",
        "a/%F0%9F%98%80/",
        "/leading",
        "//",
        "..",
        "../../etc/passwd",
        "a/./b/../c",
        "ключ",
        "#hash",
        "q?x=1&y=2",
        "new\nline",
        "a" * 1024,
        "é" * 512,
    ],
)
def test_a_key_is_any_string(s3, bucket, key):
    put(s3, bucket, key, b"here")
    assert s3.get_object(Bucket=bucket, Key=key)["Body"].read() == b"here"
    assert [item["Key"] for item in s3.list_objects_v2(Bucket=bucket)["Contents"]] == [key]
    s3.copy_object(Bucket=bucket, Key="copy", CopySource={"Bucket": bucket, "Key": key})
    assert s3.get_object(Bucket=bucket, Key="copy")["Body"].read() == b"here"
    s3.delete_object(Bucket=bucket, Key=key)
    assert s3.list_objects_v2(Bucket=bucket)["KeyCount"] == 1


def test_a_key_has_1024_bytes_at_most(s3, bucket, help):
    error = help.refused(s3.put_object, Bucket=bucket, Key="é" * 513, Body=b"")
    assert (error["Code"], error["Size"], error["MaxSizeAllowed"]) == ("KeyTooLongError", "1026", "1024")


@pytest.mark.parametrize(
    ("asked", "start", "stop"),
    [
        ("bytes=0-3", 0, 4),
        ("bytes=4-", 4, 10),
        ("bytes=-3", 7, 10),
        ("bytes=-99", 0, 10),
        ("bytes=8-99", 8, 10),
        ("bytes=9-9", 9, 10),
    ],
)
def test_a_range_is_answered_with_206(s3, bucket, asked, start, stop):
    put(s3, bucket, body=b"0123456789")
    found = s3.get_object(Bucket=bucket, Key="k", Range=asked)
    assert found["Body"].read() == b"0123456789"[start:stop]
    assert found["ContentRange"] == f"bytes {start}-{stop - 1}/10"
    assert found["ContentLength"] == stop - start
    assert found["ResponseMetadata"]["HTTPStatusCode"] == 206
    assert "ChecksumCRC32" not in found


@pytest.mark.parametrize("asked", ["bytes=5-2", "bytes=-", "lines=0-1", "bytes=a-b", "bytes=0-1,4-5"])
def test_a_range_that_means_nothing_is_ignored(s3, bucket, asked):
    put(s3, bucket, body=b"0123456789")
    found = s3.get_object(Bucket=bucket, Key="k", Range=asked)
    assert found["Body"].read() == b"0123456789"
    assert found["ResponseMetadata"]["HTTPStatusCode"] == 200


@pytest.mark.parametrize("asked", ["bytes=10-", "bytes=1024-4096", "bytes=-0"])
def test_a_range_beyond_the_end_is_416(s3, bucket, help, asked):
    put(s3, bucket, body=b"0123456789")
    assert help.refused(s3.get_object, Bucket=bucket, Key="k", Range=asked) == {
        "Code": "InvalidRange",
        "Message": "The requested range is not satisfiable",
        "ActualObjectSize": "10",
        "RangeRequested": asked,
    }


def test_ranges_of_an_empty_object_are_416(s3, bucket, help):
    put(s3, bucket, body=b"")
    assert help.refused(s3.get_object, Bucket=bucket, Key="k", Range="bytes=0-0")["Code"] == "InvalidRange"


def test_a_part_of_what_has_none_is_the_whole(s3, bucket, help):
    put(s3, bucket, body=b"test-123")
    found = s3.get_object(Bucket=bucket, Key="k", PartNumber=1)
    assert (found["ContentRange"], found["ChecksumCRC32"]) == ("bytes 0-7/8", "MAPXAg==")
    assert found["ResponseMetadata"]["HTTPStatusCode"] == 206
    assert help.refused(s3.get_object, Bucket=bucket, Key="k", PartNumber=2) == {
        "Code": "InvalidPartNumber",
        "Message": "The requested partnumber is not satisfiable",
        "ActualPartCount": "1",
        "PartNumberRequested": "2",
    }
    error = help.refused(s3.get_object, Bucket=bucket, Key="k", PartNumber=1, Range="bytes=0-8")
    assert error["Message"] == "Cannot specify both Range header and partNumber query parameter"


def test_metadata_is_kept_with_small_names(s3, bucket):
    put(
        s3,
        bucket,
        Metadata={"TEST_META_1": "foo", "__meta_2": "bar"},
        ContentType="text/plain",
        ContentEncoding="gzip",
        CacheControl="max-age=1",
        ContentDisposition="attachment",
        ContentLanguage="de",
        Expires=datetime.datetime(2030, 1, 1, tzinfo=datetime.timezone.utc),
    )
    head = s3.head_object(Bucket=bucket, Key="k")
    assert head["Metadata"] == {"test_meta_1": "foo", "__meta_2": "bar"}
    assert head["ContentType"] == "text/plain"
    assert head["ContentEncoding"] == "gzip"
    assert head["CacheControl"] == "max-age=1"
    assert head["ContentDisposition"] == "attachment"
    assert head["ContentLanguage"] == "de"
    assert head["ExpiresString"] == "Tue, 01 Jan 2030 00:00:00 GMT"


def test_metadata_has_2_kb_at_most(s3, bucket, help):
    error = help.refused(s3.put_object, Bucket=bucket, Key="k", Body=b"", Metadata={"a": "x" * 2048})
    assert (error["Code"], error["Size"], error["MaxSizeAllowed"]) == ("MetadataTooLarge", "2049", "2048")


def test_the_answers_headers_can_be_asked_for(s3, bucket):
    put(s3, bucket)
    found = s3.get_object(
        Bucket=bucket,
        Key="k",
        ResponseContentType="text/html",
        ResponseCacheControl="no-cache",
        ResponseContentDisposition="inline",
        ResponseContentEncoding="identity",
        ResponseContentLanguage="fr",
    )
    assert found["ContentType"] == "text/html"
    assert found["CacheControl"] == "no-cache"
    assert found["ContentDisposition"] == "inline"
    assert found["ContentEncoding"] == "identity"
    assert found["ContentLanguage"] == "fr"


def test_deleting_what_is_not_there_is_no_error(s3, bucket, help):
    assert help.answer(s3.delete_object, Bucket=bucket, Key="k") == {}


def test_many_objects_are_deleted_at_once(s3, bucket, help):
    put(s3, bucket)
    wanted = [{"Key": "a-wrong-key"}, {"Key": "c-wrong-key"}, {"Key": "k"}]
    found = help.answer(s3.delete_objects, Bucket=bucket, Delete={"Objects": wanted})
    assert found == {"Deleted": wanted}
    assert help.answer(s3.delete_objects, Bucket=bucket, Delete={"Objects": wanted, "Quiet": True}) == {}


def test_a_strange_version_among_many_is_an_error_of_its_own(s3, bucket, help):
    put(s3, bucket)
    strange = {"Key": "k", "VersionId": "HPniJFCxqTsMuIH9KX8K8wEjNUgmABCD"}
    assert help.answer(s3.delete_objects, Bucket=bucket, Delete={"Objects": [strange]}) == {
        "Errors": [{"Code": "NoSuchVersion", "Message": "The specified version does not exist.", **strange}]
    }


def test_more_than_1000_objects_are_refused(s3, bucket, help):
    wanted = [{"Key": str(number)} for number in range(1001)]
    assert help.refused(s3.delete_objects, Bucket=bucket, Delete={"Objects": wanted})["Code"] == "MalformedXML"


@pytest.mark.parametrize(
    "name", ["STANDARD_IA", "ONEZONE_IA", "REDUCED_REDUNDANCY", "GLACIER_IR", "INTELLIGENT_TIERING"]
)
def test_a_storage_class_is_kept(s3, bucket, name):
    put(s3, bucket, StorageClass=name)
    assert s3.get_object(Bucket=bucket, Key="k")["StorageClass"] == name
    assert s3.list_objects_v2(Bucket=bucket)["Contents"][0]["StorageClass"] == name


def test_a_storage_class_must_be_one_of_s3s(s3, bucket, help):
    for call, more in ((s3.put_object, {"Body": b""}), (s3.create_multipart_upload, {})):
        assert help.refused(call, Bucket=bucket, Key="k", StorageClass="OUTPOSTS", **more) == {
            "Code": "InvalidStorageClass",
            "Message": "The storage class you specified is not valid",
            "StorageClassRequested": "OUTPOSTS",
        }


def test_an_archived_object_is_read_after_its_restore(s3, bucket, aws, help):
    put(s3, bucket, StorageClass="DEEP_ARCHIVE")
    assert help.refused(s3.get_object, Bucket=bucket, Key="k") == {
        "Code": "InvalidObjectState",
        "Message": "The operation is not valid for the object's storage class",
        "StorageClass": "DEEP_ARCHIVE",
    }
    found = s3.restore_object(Bucket=bucket, Key="k", RestoreRequest={"Days": 1})
    assert found["ResponseMetadata"]["HTTPStatusCode"] == 202
    assert s3.head_object(Bucket=bucket, Key="k")["Restore"].startswith('ongoing-request="false", expiry-date="')
    assert s3.get_object(Bucket=bucket, Key="k")["Body"].read() == b"something"
    aws.clock.advance(days=3)
    assert help.refused(s3.get_object, Bucket=bucket, Key="k")["Code"] == "InvalidObjectState"


def test_only_archived_objects_are_restored(s3, bucket, help):
    put(s3, bucket)
    error = help.refused(s3.restore_object, Bucket=bucket, Key="k", RestoreRequest={"Days": 1})
    assert error["Message"] == "Restore is not allowed for the object's current storage class"


@pytest.mark.parametrize(
    ("members", "wanted"),
    [
        ({"Body": b"", "ContentMD5": "000"}, "InvalidDigest"),
        ({"Body": b"", "ContentMD5": "MTIz"}, "InvalidDigest"),
        ({"Body": b"something", "ContentMD5": "CYketZBSTjX8czcs3cXVlg=="}, "BadDigest"),
    ],
)
def test_a_content_md5_must_be_the_bodys(s3, bucket, help, members, wanted):
    error = help.refused(s3.put_object, Bucket=bucket, Key="k", **members)
    assert error["Code"] == wanted
    if wanted == "BadDigest":
        assert error == {
            "Code": "BadDigest",
            "Message": "The Content-MD5 you specified did not match what we received.",
            "CalculatedDigest": "Q3uTDbhLgHnC3YBKcZNrXw==",
            "ExpectedDigest": "09891eb590524e35fc73372cddc5d596",
        }
    else:
        assert error["Content-MD5"] == members["ContentMD5"]


def test_an_objects_attributes(s3, bucket, help):
    put(s3, bucket, body=b"upload-")
    names = ["StorageClass", "ETag", "ObjectSize", "ObjectParts", "Checksum"]
    found = help.answer(s3.get_object_attributes, Bucket=bucket, Key="k", ObjectAttributes=names)
    found.pop("LastModified")
    assert found == {
        "ETag": hashlib.md5(b"upload-").hexdigest(),
        "Checksum": {"ChecksumCRC32": found["Checksum"]["ChecksumCRC32"], "ChecksumType": "FULL_OBJECT"},
        "ObjectSize": 7,
        "StorageClass": "STANDARD",
    }
    assert not found["ETag"].startswith('"')


def test_torrents_are_no_more(s3, bucket, help):
    put(s3, bucket)
    assert help.refused(s3.get_object_torrent, Bucket=bucket, Key="k")["Code"] == "MethodNotAllowed"
