"""Objects as they come in: keys, what is said of them, digests of their bodies."""

from __future__ import annotations

import datetime

import pytest
import requests

KEYS = [
    "plain",
    "/leading",
    "//",
    "a//b",
    "../up/./and/..",
    "trailing/",
    "test key/",
    "test key//",
    "test%123",
    "test%123/",
    "test@key/",
    "test%40key/",
    "test+key",
    "#hash",
    "a?b&c=d",
    "a/%F0%9F%98%80/",
    "file%2Fname",
    "ÀÃ-ß/日本語/😀",
    "quote'\"<&>",
    "k" * 1024,
]


@pytest.mark.parametrize("style", ["path", "virtual"])
@pytest.mark.parametrize("key", KEYS)
def test_a_key_is_any_string(client, bucket, key, style):
    s3 = client(s3={"addressing_style": style})
    s3.put_object(Bucket=bucket, Key=key, Body=b"test")
    assert s3.get_object(Bucket=bucket, Key=key)["Body"].read() == b"test"
    assert [found["Key"] for found in s3.list_objects_v2(Bucket=bucket)["Contents"]] == [key]
    assert s3.delete_object(Bucket=bucket, Key=key)["ResponseMetadata"]["HTTPStatusCode"] == 204
    assert s3.list_objects_v2(Bucket=bucket)["KeyCount"] == 0


def test_keys_mind_case(s3, bucket, refused):
    s3.put_object(Bucket=bucket, Key="camelCaseKey", Body=b"something")
    assert refused(s3.get_object, Bucket=bucket, Key="camelcasekey") == {
        "Code": "NoSuchKey",
        "Message": "The specified key does not exist.",
        "Key": "camelcasekey",
        "Status": 404,
    }


def test_a_put_tells_etag_checksum_and_encryption(s3, bucket):
    made = s3.put_object(Bucket=bucket, Key="k", Body=b"something")
    assert made.pop("ResponseMetadata")["HTTPStatusCode"] == 200
    assert made == {
        "ETag": '"437b930db84b8079c2dd804a71936b5f"',
        "ChecksumCRC32": "Cdox+w==",
        "ChecksumType": "FULL_OBJECT",
        "ServerSideEncryption": "AES256",
    }


def test_an_object_without_a_body_is_empty(s3, bucket):
    assert s3.put_object(Bucket=bucket, Key="k")["ETag"] == '"d41d8cd98f00b204e9800998ecf8427e"'
    found = s3.get_object(Bucket=bucket, Key="k")
    assert (found["ContentLength"], found["Body"].read()) == (0, b"")


def test_an_object_takes_the_place_of_the_one_before(s3, bucket):
    s3.put_object(Bucket=bucket, Key="k", Body=b"one", Metadata={"a": "b"}, Tagging="c=d")
    s3.put_object(Bucket=bucket, Key="k", Body=b"two")
    found = s3.get_object(Bucket=bucket, Key="k")
    assert (found["Body"].read(), found["Metadata"]) == (b"two", {})
    assert "TagCount" not in found


def test_what_is_said_of_an_object_comes_back(s3, bucket):
    when = datetime.datetime(2030, 1, 2, 3, 4, 5, tzinfo=datetime.timezone.utc)
    said = {
        "CacheControl": "max-age=60",
        "ContentDisposition": 'attachment; filename="a.txt"',
        "ContentEncoding": "gzip",
        "ContentLanguage": "de",
        "ContentType": "text/plain",
        "Expires": when,
        "WebsiteRedirectLocation": "/elsewhere",
        "Metadata": {"Some-Key": "Some Value", "__meta_2": "bar"},
    }
    s3.put_object(Bucket=bucket, Key="k", Body=b"x", **said)
    for found in (s3.head_object(Bucket=bucket, Key="k"), s3.get_object(Bucket=bucket, Key="k")):
        assert {name: found[name] for name in said} == {
            **said,
            "Metadata": {"some-key": "Some Value", "__meta_2": "bar"},
        }
        assert found["ExpiresString"] == "Wed, 02 Jan 2030 03:04:05 GMT"


def test_an_expires_header_that_is_no_date_is_kept(s3, bucket):
    url = s3.generate_presigned_url("put_object", Params={"Bucket": bucket, "Key": "k"})
    assert requests.put(url, data=b"x", headers={"Expires": "some day"}).status_code == 200
    url = s3.generate_presigned_url("get_object", Params={"Bucket": bucket, "Key": "k"})
    assert requests.get(url).headers["Expires"] == "some day"


def test_metadata_has_its_limit(s3, bucket, refused):
    s3.put_object(Bucket=bucket, Key="k", Metadata={"a": "x" * 2047})
    assert refused(s3.put_object, Bucket=bucket, Key="k", Metadata={"a": "x" * 2048}) == {
        "Code": "MetadataTooLarge",
        "Message": "Your metadata headers exceed the maximum allowed metadata size",
        "Size": "2049",
        "MaxSizeAllowed": "2048",
        "Status": 400,
    }


def test_metadata_as_of_rfc_2047_is_read(s3, bucket, aws):
    url = s3.generate_presigned_url("put_object", Params={"Bucket": bucket, "Key": "k"})
    headers = {
        "x-amz-meta-asciib64-encoded": "=?UTF-8?B?YWJj?=",
        "x-amz-meta-fake-encoded": "=?UTF-8?Q?actually-ascii?=",
        "x-amz-meta-non-ascii-2": "=?UTF-8?Q?=C3=84M=C3=84Z=C3=95=C3=91_S3?=",
        "x-amz-meta-non-ascii-binary": "=?UTF-8?B?AAECAw==?=",
        "x-amz-meta-safe": "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~",
    }
    assert requests.put(url, headers=headers).status_code == 200
    assert s3.head_object(Bucket=bucket, Key="k")["Metadata"] == {
        "asciib64-encoded": "abc",
        "fake-encoded": "actually-ascii",
        "non-ascii-2": "=?UTF-8?Q?=C3=84M=C3=84Z=C3=95=C3=91_S3?=",
        "non-ascii-binary": "=?UTF-8?B?AAECAw==?=",
        "safe": "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~",
    }


def test_metadata_in_utf_8_comes_back_encoded(s3, bucket):
    url = s3.generate_presigned_url("put_object", Params={"Bucket": bucket, "Key": "k"})
    text = "non-ascii-%E2%80%94_—_é_"
    assert requests.put(url, headers={"x-amz-meta-foo": text.encode()}).status_code == 200
    found = s3.head_object(Bucket=bucket, Key="k")["Metadata"]
    assert found == {"foo": "=?UTF-8?Q?non-ascii-%E2%80%94=5F=E2=80=94=5F=C3=A9=5F?="}


def test_the_standard_class_goes_without_saying(s3, bucket):
    s3.put_object(Bucket=bucket, Key="k", StorageClass="STANDARD")
    assert "StorageClass" not in s3.head_object(Bucket=bucket, Key="k")


@pytest.mark.parametrize("operation", ["put_object", "create_multipart_upload"])
def test_a_storage_class_that_s3_lacks_is_refused(s3, bucket, refused, operation):
    assert refused(getattr(s3, operation), Bucket=bucket, Key="k", StorageClass="OUTPOSTS") == {
        "Code": "InvalidStorageClass",
        "Message": "The storage class you specified is not valid",
        "StorageClassRequested": "OUTPOSTS",
        "Status": 400,
    }


def test_a_redirect_must_be_a_place(s3, bucket, refused):
    answer = refused(s3.put_object, Bucket=bucket, Key="k", WebsiteRedirectLocation="elsewhere")
    assert (answer["Code"], answer["Status"]) == ("InvalidRedirectLocation", 400)


DIGESTS = ["__invalid__", "000", "not base64 encoded checksum", "MTIz", "dGVzdC1zdHJpbmc="]


@pytest.mark.parametrize("digest", DIGESTS)
def test_a_digest_that_is_none_is_refused(s3, bucket, refused, digest):
    wanted = {
        "Code": "InvalidDigest",
        "Message": "The Content-MD5 you specified was invalid.",
        "Content-MD5": digest,
        "Status": 400,
    }
    assert refused(s3.put_object, Bucket=bucket, Key="k", Body=b"something", ContentMD5=digest) == wanted
    upload = s3.create_multipart_upload(Bucket=bucket, Key="k")["UploadId"]
    part = {"Bucket": bucket, "Key": "k", "UploadId": upload, "PartNumber": 1}
    assert refused(s3.upload_part, Body=b"something", ContentMD5=digest, **part) == wanted


def test_a_digest_that_is_wrong_is_refused(s3, bucket, refused):
    wanted = {
        "Code": "BadDigest",
        "Message": "The Content-MD5 you specified did not match what we received.",
        "ExpectedDigest": "09891eb590524e35fc73372cddc5d596",
        "CalculatedDigest": "Q3uTDbhLgHnC3YBKcZNrXw==",
        "Status": 400,
    }
    wrong = "CYketZBSTjX8czcs3cXVlg=="
    assert refused(s3.put_object, Bucket=bucket, Key="k", Body=b"something", ContentMD5=wrong) == wanted
    upload = s3.create_multipart_upload(Bucket=bucket, Key="k")["UploadId"]
    part = {"Bucket": bucket, "Key": "k", "UploadId": upload, "PartNumber": 1}
    answer = refused(s3.upload_part, Body=b"something", ContentMD5=wrong, **part)
    assert answer == {**wanted, "ExpectedDigest": wrong}
    assert "Contents" not in s3.list_objects_v2(Bucket=bucket)


def test_a_digest_that_is_right_is_fine(s3, bucket):
    digest = "Q3uTDbhLgHnC3YBKcZNrXw=="
    assert s3.put_object(Bucket=bucket, Key="k", Body=b"something", ContentMD5=digest)["ETag"]
    upload = s3.create_multipart_upload(Bucket=bucket, Key="k")["UploadId"]
    part = {"Bucket": bucket, "Key": "k", "UploadId": upload, "PartNumber": 1}
    made = s3.upload_part(Body=b"something", ContentMD5=digest, **part)
    assert made["ETag"] == '"437b930db84b8079c2dd804a71936b5f"'


def test_a_big_body_comes_back_whole(s3, bucket):
    body = bytes(range(256)) * 40_000
    s3.put_object(Bucket=bucket, Key="k", Body=body)
    assert s3.get_object(Bucket=bucket, Key="k")["Body"].read() == body


def test_a_refused_put_leaves_no_object(s3, bucket, refused):
    refused(s3.put_object, Bucket=bucket, Key="k", Body=b"x", Tagging="aws:no=1")
    assert s3.list_objects_v2(Bucket=bucket)["KeyCount"] == 0


def test_headers_that_are_not_ascii_come_back_as_their_bytes(s3, bucket):
    text = "ÄMÄZÕÑ S3"
    s3.put_object(Bucket=bucket, Key="k", CacheControl=text, ContentLanguage="de")
    found = s3.get_object(Bucket=bucket, Key="k")
    assert found["CacheControl"] == text.encode().decode("latin-1")
    assert found["ContentLanguage"] == "de"
