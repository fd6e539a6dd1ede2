"""Copies of objects."""

from __future__ import annotations

import pytest

KEYS = [
    "/leading",
    "a//b",
    "test key/",
    "test key//",
    "test%123",
    "test@key/",
    "test%40key/",
    "test+key",
    "a?b&c=d",
    "a?versionId=1",
    "a/%F0%9F%98%80/",
    "file%2Fname",
    "日本語/😀",
]
JSON = b'{"key": "value"}'
SUMS = {
    "CRC32": "MzVIGw==",
    "CRC32C": "078Ilw==",
    "CRC64NVME": "pX30eiUx5C0=",
    "SHA256": "lyTB4g5uPk1/V+0l+dTvsAblCFkNUoyQ2ll/andcE+U=",
}
ITSELF = (
    "This copy request is illegal because it is trying to copy an object to itself without changing the object's "
    "metadata, storage class, website redirect location or encryption attributes."
)


@pytest.fixture
def source(s3, bucket):
    s3.put_object(
        Bucket=bucket,
        Key="source",
        Body=JSON,
        ContentType="application/json",
        ContentLanguage="en-US",
        Metadata={"key": "value"},
        Tagging="key1=value1",
    )
    return {"Bucket": bucket, "Key": "source"}


def sums(found):
    return {name: value for name, value in found.items() if name.startswith("Checksum")}


def test_a_copy_tells_what_it_made(s3, source):
    made = s3.copy_object(Bucket=source["Bucket"], Key="copy", CopySource=source)
    del made["ResponseMetadata"]
    assert made["CopyObjectResult"].pop("LastModified")
    assert made == {
        "CopyObjectResult": {
            "ETag": '"88bac95f31528d13a072c05f2a1cf371"',
            "ChecksumCRC32": "MzVIGw==",
            "ChecksumType": "FULL_OBJECT",
        },
        "ServerSideEncryption": "AES256",
    }


def test_a_copy_is_as_its_source(s3, source):
    where = {"Bucket": source["Bucket"], "Key": "copy"}
    s3.copy_object(**where, CopySource=source)
    found = s3.get_object(**where)
    assert found["Body"].read() == JSON
    assert (found["ContentType"], found["ContentLanguage"]) == ("application/json", "en-US")
    assert (found["Metadata"], found["TagCount"]) == ({"key": "value"}, 1)


def test_a_copy_may_be_described_anew(s3, source):
    where = {"Bucket": source["Bucket"], "Key": "copy"}
    new = {"ContentType": "image/jpg", "Metadata": {"another-key": "value"}}
    s3.copy_object(**where, CopySource=source, MetadataDirective="REPLACE", **new)
    found = s3.head_object(**where)
    assert (found["ContentType"], found["Metadata"]) == ("image/jpg", {"another-key": "value"})
    assert "ContentLanguage" not in found


def test_what_is_said_with_the_directive_to_copy_is_not_minded(s3, source):
    where = {"Bucket": source["Bucket"], "Key": "copy"}
    s3.copy_object(**where, CopySource=source, ContentType="image/jpg", Metadata={"other": "one"})
    found = s3.head_object(**where)
    assert (found["ContentType"], found["Metadata"]) == ("application/json", {"key": "value"})


@pytest.mark.parametrize(
    ("directive", "tagging", "tags"),
    [
        (None, "other=tag", [{"Key": "key1", "Value": "value1"}]),
        ("COPY", "other=tag", [{"Key": "key1", "Value": "value1"}]),
        ("COPY", "", [{"Key": "key1", "Value": "value1"}]),
        ("REPLACE", "other=tag", [{"Key": "other", "Value": "tag"}]),
        ("REPLACE", "", []),
    ],
)
def test_tags_are_copied_or_replaced(s3, source, directive, tagging, tags):
    where = {"Bucket": source["Bucket"], "Key": "copy"}
    more = {"TaggingDirective": directive} if directive else {}
    s3.copy_object(**where, CopySource=source, Tagging=tagging, **more)
    assert s3.get_object_tagging(**where)["TagSet"] == tags


def test_each_version_has_its_own_tags_to_copy(s3, versioned):
    first = s3.put_object(Bucket=versioned, Key="k", Body=b"test", Tagging="key1=value1")["VersionId"]
    second = s3.put_object(Bucket=versioned, Key="k", Body=b"test-v2", Tagging="key1=value1-v2")["VersionId"]
    for version, asked, value in ((second, {}, "value1-v2"), (first, {"VersionId": first}, "value1")):
        source = {"Bucket": versioned, "Key": "k", **asked}
        made = s3.copy_object(Bucket=versioned, Key="copy", CopySource=source)
        assert made["CopySourceVersionId"] == version
        tags = s3.get_object_tagging(Bucket=versioned, Key="copy")
        assert (tags["TagSet"], tags["VersionId"]) == ([{"Key": "key1", "Value": value}], made["VersionId"])


@pytest.mark.parametrize("directive", ["MetadataDirective", "TaggingDirective"])
def test_a_directive_is_to_copy_or_to_replace(s3, source, refused, directive):
    answer = refused(s3.copy_object, Bucket=source["Bucket"], Key="copy", CopySource=source, **{directive: "WHATEVER"})
    what = directive.removesuffix("Directive").lower()
    assert answer == {
        "Code": "InvalidArgument",
        "Message": f"Unknown {what} directive.",
        "ArgumentName": f"x-amz-{what}-directive",
        "ArgumentValue": "WHATEVER",
        "Status": 400,
    }


@pytest.mark.parametrize("key", KEYS)
def test_a_source_has_any_key(s3, bucket, key):
    s3.put_object(Bucket=bucket, Key=key, Body=b"test")
    s3.copy_object(Bucket=bucket, Key="copy-of", CopySource={"Bucket": bucket, "Key": key})
    assert s3.get_object(Bucket=bucket, Key="copy-of")["Body"].read() == b"test"


@pytest.mark.parametrize("text", ["{}/source", "/{}/source", "/{}/source?versionId=null"])
def test_a_source_is_written_in_several_ways(s3, source, text):
    where = {"Bucket": source["Bucket"], "Key": "copy"}
    assert s3.copy_object(**where, CopySource=text.format(source["Bucket"]))["CopyObjectResult"]


@pytest.mark.parametrize("text", ["wrongformat", "/", "bucket/"])
def test_a_source_without_a_key_is_refused(s3, bucket, refused, text):
    assert refused(s3.copy_object, Bucket=bucket, Key="copy", CopySource=text) == {
        "Code": "InvalidArgument",
        "Message": "Invalid copy source object key",
        "ArgumentName": "x-amz-copy-source",
        "ArgumentValue": "x-amz-copy-source",
        "Status": 400,
    }


def test_a_source_must_be_there(s3, versioned, refused):
    call = {"Bucket": versioned, "Key": "copy"}
    answer = refused(s3.copy_object, **call, CopySource="nothing-here/k")
    assert (answer["Code"], answer["BucketName"]) == ("NoSuchBucket", "nothing-here")
    missing = {
        "Code": "NoSuchKey",
        "Message": "The specified key does not exist.",
        "Key": "k",
        "Status": 404,
    }
    assert refused(s3.copy_object, **call, CopySource=f"{versioned}/k") == missing
    version = s3.put_object(Bucket=versioned, Key="k")["VersionId"]
    marker = s3.delete_object(Bucket=versioned, Key="k")["VersionId"]
    assert refused(s3.copy_object, **call, CopySource=f"{versioned}/k") == missing
    assert refused(s3.copy_object, **call, CopySource=f"{versioned}/k?versionId={marker}") == {
        "Code": "InvalidRequest",
        "Message": "The source of a copy request may not specifically refer to a delete marker by version id.",
        "Status": 400,
    }
    made = s3.copy_object(**call, CopySource=f"{versioned}/k?versionId={version}")
    assert (made["CopySourceVersionId"], made["CopyObjectResult"]["ETag"]) == (
        version,
        '"d41d8cd98f00b204e9800998ecf8427e"',
    )


def test_an_object_is_not_copied_onto_itself_for_nothing(s3, source, refused):
    assert refused(s3.copy_object, **source, CopySource=source) == {
        "Code": "InvalidRequest",
        "Message": ITSELF,
        "Status": 400,
    }


@pytest.mark.parametrize(
    "change",
    [
        {"MetadataDirective": "REPLACE"},
        {"StorageClass": "STANDARD"},
        {"ServerSideEncryption": "AES256"},
        {"WebsiteRedirectLocation": "/there"},
        {"ChecksumAlgorithm": "SHA256"},
    ],
)
def test_an_object_is_copied_onto_itself_to_change_it(s3, source, change):
    made = s3.copy_object(**source, CopySource=source, **change)
    assert made["CopyObjectResult"]["ETag"] == '"88bac95f31528d13a072c05f2a1cf371"'


def test_a_suspended_bucket_lets_objects_be_copied_onto_themselves(s3, bucket, source):
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Suspended"})
    for _ in range(2):
        made = s3.copy_object(**source, CopySource=source)
        assert made["VersionId"] == "null"
    assert s3.get_object(**source)["VersionId"] == "null"
    assert len(s3.list_object_versions(Bucket=bucket)["Versions"]) == 1


def test_a_copy_of_an_old_version_brings_it_back(s3, versioned):
    first = s3.put_object(Bucket=versioned, Key="k", Body=b"one")["VersionId"]
    s3.put_object(Bucket=versioned, Key="k", Body=b"two")
    s3.copy_object(Bucket=versioned, Key="k", CopySource={"Bucket": versioned, "Key": "k", "VersionId": first})
    assert s3.get_object(Bucket=versioned, Key="k")["Body"].read() == b"one"


@pytest.mark.parametrize("algorithm", ["CRC32C", "CRC64NVME", "SHA256", "CRC32"])
def test_a_copy_may_have_another_checksum(s3, source, algorithm):
    wanted = {f"Checksum{algorithm}": SUMS[algorithm], "ChecksumType": "FULL_OBJECT"}
    made = s3.copy_object(**source, CopySource=source, ChecksumAlgorithm=algorithm)
    assert sums(made["CopyObjectResult"]) == wanted
    assert s3.get_object_attributes(**source, ObjectAttributes=["Checksum"])["Checksum"] == wanted
    kept = s3.copy_object(Bucket=source["Bucket"], Key="copy", CopySource=source)
    assert sums(kept["CopyObjectResult"]) == wanted


def test_a_copy_goes_by_its_own_storage_class(s3, source):
    where = {"Bucket": source["Bucket"], "Key": "copy"}
    s3.copy_object(**where, CopySource=source, StorageClass="STANDARD_IA")
    s3.copy_object(Bucket=source["Bucket"], Key="again", CopySource=where)
    assert s3.head_object(**where)["StorageClass"] == "STANDARD_IA"
    assert "StorageClass" not in s3.head_object(Bucket=source["Bucket"], Key="again")


def test_an_upload_in_parts_is_copied_in_one_piece(s3, bucket):
    where = {"Bucket": bucket, "Key": "k"}
    upload = {**where, "UploadId": s3.create_multipart_upload(**where)["UploadId"]}
    part = s3.upload_part(**upload, PartNumber=1, Body=b"test content 123")
    parts = {"Parts": [{"PartNumber": 1, "ETag": part["ETag"]}]}
    assert s3.complete_multipart_upload(**upload, MultipartUpload=parts)["ETag"].endswith('-1"')
    made = s3.copy_object(Bucket=bucket, Key="copy", CopySource=where)["CopyObjectResult"]
    assert made["ETag"] == '"eee506dd7ada7ded524c77e359a0e7c6"'
    assert sums(made) == {"ChecksumCRC64NVME": "BsLNlKumA5I=", "ChecksumType": "FULL_OBJECT"}
    made = s3.copy_object(**where, CopySource=where, MetadataDirective="REPLACE")["CopyObjectResult"]
    assert made["ETag"] == '"eee506dd7ada7ded524c77e359a0e7c6"'


def test_objects_are_copied_between_regions(s3, client, source):
    far = client("us-west-2")
    far.create_bucket(Bucket="far", CreateBucketConfiguration={"LocationConstraint": "us-west-2"})
    far.copy_object(Bucket="far", Key="copy", CopySource=source)
    assert far.get_object(Bucket="far", Key="copy")["Body"].read() == JSON


def test_a_source_of_an_unexpected_owner_is_refused(s3, source, refused):
    call = {"Bucket": source["Bucket"], "Key": "copy", "CopySource": source}
    assert refused(s3.copy_object, **call, ExpectedSourceBucketOwner="999999999999")["Code"] == "AccessDenied"


def test_an_archived_source_is_refused(s3, bucket, refused):
    s3.put_object(Bucket=bucket, Key="cold", StorageClass="GLACIER")
    assert refused(s3.copy_object, Bucket=bucket, Key="copy", CopySource=f"{bucket}/cold") == {
        "Code": "InvalidObjectState",
        "Message": "Operation is not valid for the source object's storage class",
        "StorageClass": "GLACIER",
        "Status": 403,
    }


@pytest.mark.parametrize("text", ["{}/source", "{}%2Fsource", "/{}/s%6Furce"])
def test_a_presigned_copy_is_a_copy(s3, source, text):
    import requests

    url = s3.generate_presigned_url(
        "copy_object", Params={"Bucket": source["Bucket"], "Key": "copy", "CopySource": source}
    )
    answer = requests.put(url, headers={"x-amz-copy-source": text.format(source["Bucket"])})
    assert (answer.status_code, b"<CopyObjectResult" in answer.content) == (200, True)
    assert s3.get_object(Bucket=source["Bucket"], Key="copy")["Body"].read() == JSON
