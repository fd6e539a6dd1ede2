"""Encryption as requests and buckets ask for it."""

from __future__ import annotations

import base64
import hashlib

import pytest

KEY = b"testkey1" * 4
OTHER = b"otherkey" * 4
NEEDED = {
    "Code": "InvalidRequest",
    "Message": "The object was stored using a form of Server Side Encryption. The correct parameters must be provided "
    "to retrieve the object.",
    "Status": 400,
}
WRONG = {
    "Code": "AccessDenied",
    "Message": "Requests specifying Server Side Encryption with Customer provided keys must provide the correct secret "
    "key.",
    "Status": 403,
}


def md5_of(key):
    return base64.b64encode(hashlib.md5(key).digest()).decode()


def own(key=KEY, algorithm="AES256"):
    return {"SSECustomerAlgorithm": algorithm, "SSECustomerKey": key}


@pytest.fixture
def sealed(s3, bucket):
    """An object that was put with a key of the client's."""
    s3.put_object(Bucket=bucket, Key="k", Body=b"test-data", **own())
    return {"Bucket": bucket, "Key": "k"}


def kms(**more):
    return {
        "Rules": [{"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms", **more}, "BucketKeyEnabled": True}]
    }


# -- keys of S3 and KMS ----------------------------------------------------------------------------------------------


def test_buckets_encrypt_with_s3s_keys_if_nothing_else_is_said(s3, bucket):
    standard = {
        "Rules": [{"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}, "BucketKeyEnabled": False}]
    }
    assert s3.get_bucket_encryption(Bucket=bucket)["ServerSideEncryptionConfiguration"] == standard
    s3.put_bucket_encryption(Bucket=bucket, ServerSideEncryptionConfiguration=kms())
    for _ in range(2):
        assert s3.delete_bucket_encryption(Bucket=bucket)["ResponseMetadata"]["HTTPStatusCode"] == 204
    assert s3.get_bucket_encryption(Bucket=bucket)["ServerSideEncryptionConfiguration"] == standard


def test_a_buckets_default_counts_for_what_comes_after(s3, bucket):
    before = s3.put_object(Bucket=bucket, Key="before", Body=b"test-sse")
    assert (before["ServerSideEncryption"], before["ETag"]) == ("AES256", '"42832cdec7083e70a9cd6f2d5852e004"')
    s3.put_bucket_encryption(Bucket=bucket, ServerSideEncryptionConfiguration=kms())
    assert s3.get_bucket_encryption(Bucket=bucket)["ServerSideEncryptionConfiguration"] == kms()
    made = s3.put_object(Bucket=bucket, Key="after", Body=b"test-sse")
    assert made["ServerSideEncryption"] == "aws:kms"
    assert made["BucketKeyEnabled"] is True
    assert made["SSEKMSKeyId"].startswith("arn:aws:kms:us-east-1:")
    assert made["ETag"] != before["ETag"]
    found = s3.get_object(Bucket=bucket, Key="after")
    for name in ("ServerSideEncryption", "BucketKeyEnabled", "SSEKMSKeyId", "ETag"):
        assert found[name] == made[name]
    assert found["Body"].read() == b"test-sse"
    head = s3.head_object(Bucket=bucket, Key="before")
    assert head["ServerSideEncryption"] == "AES256"
    assert "SSEKMSKeyId" not in head


def test_a_buckets_keys_may_be_left_unused(s3, bucket):
    s3.put_bucket_encryption(Bucket=bucket, ServerSideEncryptionConfiguration=kms())
    made = s3.put_object(Bucket=bucket, Key="k", BucketKeyEnabled=False)
    assert made["ServerSideEncryption"] == "aws:kms"
    assert "BucketKeyEnabled" not in made


def test_a_request_may_ask_for_kms_itself(s3, bucket):
    first = s3.put_object(Bucket=bucket, Key="k", Body=b"test-sse", ServerSideEncryption="aws:kms")
    assert first["ServerSideEncryption"] == "aws:kms"
    assert "BucketKeyEnabled" not in first
    s3.create_bucket(Bucket="second")
    second = s3.put_object(Bucket="second", Key="k", Body=b"test-sse", ServerSideEncryption="aws:kms")
    assert second["SSEKMSKeyId"] == first["SSEKMSKeyId"]
    assert second["ETag"] != first["ETag"]


def test_uploads_and_copies_are_encrypted_too(s3, bucket):
    where = {"Bucket": bucket, "Key": "k"}
    made = s3.create_multipart_upload(**where, ServerSideEncryption="aws:kms")
    assert made["ServerSideEncryption"] == "aws:kms"
    upload = {**where, "UploadId": made["UploadId"]}
    part = s3.upload_part(**upload, PartNumber=1, Body=b"x")
    assert part["SSEKMSKeyId"] == made["SSEKMSKeyId"]
    done = s3.complete_multipart_upload(**upload, MultipartUpload={"Parts": [{"PartNumber": 1, "ETag": part["ETag"]}]})
    assert done["SSEKMSKeyId"] == made["SSEKMSKeyId"]
    copied = s3.copy_object(Bucket=bucket, Key="copy", CopySource=where)
    assert copied["ServerSideEncryption"] == "AES256"
    copied = s3.copy_object(**where, CopySource=where, ServerSideEncryption="AES256")
    assert s3.head_object(**where)["ServerSideEncryption"] == "AES256"


def test_an_encryption_that_s3_lacks_is_refused(s3, bucket, refused):
    answer = refused(s3.put_object, Bucket=bucket, Key="k", ServerSideEncryption="ROT13")
    assert answer == {
        "Code": "InvalidArgument",
        "Message": "The encryption method specified is not supported",
        "ArgumentName": "x-amz-server-side-encryption",
        "ArgumentValue": "ROT13",
        "Status": 400,
    }
    answer = refused(s3.put_object, Bucket=bucket, Key="k", SSEKMSKeyId="abc")
    assert (answer["Code"], answer["ArgumentName"]) == ("InvalidArgument", "x-amz-server-side-encryption")


def test_a_key_of_kms_goes_with_kms(s3, bucket, refused):
    rules = {"Rules": [{"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256", "KMSMasterKeyID": "abc"}}]}
    answer = refused(s3.put_bucket_encryption, Bucket=bucket, ServerSideEncryptionConfiguration=rules)
    assert answer == {
        "Code": "InvalidArgument",
        "Message": "a KMSMasterKeyID is not applicable if the default sse algorithm is not aws:kms or aws:kms:dsse",
        "ArgumentName": "ApplyServerSideEncryptionByDefault",
        "Status": 400,
    }
    answer = refused(s3.put_bucket_encryption, Bucket=bucket, ServerSideEncryptionConfiguration={"Rules": []})
    assert answer["Code"] == "MalformedXML"


@pytest.mark.parametrize("operation", ["put_object", "create_multipart_upload"])
def test_a_key_of_another_region_is_refused(s3, bucket, refused, operation):
    arn = "arn:aws:kms:us-west-2:123456789012:key/134f2428-cec1-4b25-a1ae-9048164dba47"
    call = {"Bucket": bucket, "Key": "k", "ServerSideEncryption": "aws:kms", "SSEKMSKeyId": arn}
    assert refused(getattr(s3, operation), **call) == {
        "Code": "KMS.NotFoundException",
        "Message": "Invalid arn us-west-2",
        "Status": 400,
    }


# -- keys of the client's --------------------------------------------------------------------------------------------


def test_an_object_is_read_with_the_key_it_was_put_with(s3, bucket):
    made = s3.put_object(Bucket=bucket, Key="k", Body=b"test-data", **own())
    told = {"SSECustomerAlgorithm": "AES256", "SSECustomerKeyMD5": md5_of(KEY)}
    assert {name: made[name] for name in told} == told
    assert "ServerSideEncryption" not in made
    assert made["ETag"] != f'"{hashlib.md5(b"test-data").hexdigest()}"'
    found = s3.get_object(Bucket=bucket, Key="k", **own())
    assert found["Body"].read() == b"test-data"
    assert {name: found[name] for name in told} == told
    assert s3.head_object(Bucket=bucket, Key="k", **own())["ContentLength"] == 9


def test_without_the_key_nothing_is_read(s3, sealed, refused):
    assert refused(s3.get_object, **sealed) == NEEDED
    assert refused(s3.head_object, **sealed) == {"Code": "400", "Message": "Bad Request", "Status": 400}
    assert refused(s3.get_object_attributes, **sealed, ObjectAttributes=["ETag"]) == NEEDED
    assert refused(s3.get_object, **sealed, **own(OTHER)) == WRONG
    assert refused(s3.head_object, **sealed, **own(OTHER)) == {"Code": "403", "Message": "Forbidden", "Status": 403}


def test_a_key_must_be_whole(s3, sealed, refused):
    name = "x-amz-server-side-encryption"
    algorithm = {
        "Code": "InvalidEncryptionAlgorithmError",
        "Message": "The Encryption request you specified is not valid. Supported value: AES256.",
        "ArgumentName": name,
        "ArgumentValue": "KMS",
        "Status": 400,
    }
    assert refused(s3.get_object, **sealed, **own(algorithm="KMS")) == algorithm
    asked = {**sealed, "ObjectAttributes": ["ETag"]}
    # botocore encodes the key for other operations only.
    text = {"SSECustomerAlgorithm": "KMS", "SSECustomerKey": base64.b64encode(KEY).decode()}
    assert refused(s3.get_object_attributes, **asked, **text) == algorithm
    assert refused(s3.put_object, **sealed, **own(algorithm="KMS")) == algorithm
    assert refused(s3.get_object, **sealed, **own(b"short")) == {
        "Code": "InvalidArgument",
        "Message": "The secret key was invalid for the specified algorithm.",
        "ArgumentName": name,
        "Status": 400,
    }
    assert refused(s3.get_object, **sealed, **own(base64.b64encode(KEY).decode()), SSECustomerKeyMD5=md5_of(OTHER)) == {
        "Code": "InvalidArgument",
        "Message": "The calculated MD5 hash of the key did not match the hash that was provided.",
        "ArgumentName": name,
        "Status": 400,
    }
    answer = refused(s3.put_object, **sealed, SSECustomerAlgorithm="AES256")
    assert (answer["Code"], answer["ArgumentName"]) == ("InvalidArgument", f"{name}-customer-key")


def test_each_version_has_its_own_key(s3, versioned, refused):
    first = s3.put_object(Bucket=versioned, Key="k", Body=b"version1", **own())["VersionId"]
    second = s3.put_object(Bucket=versioned, Key="k", Body=b"version2", **own(OTHER))["VersionId"]
    where = {"Bucket": versioned, "Key": "k"}
    assert s3.get_object(**where, **own(OTHER))["Body"].read() == b"version2"
    assert refused(s3.get_object, **where, **own()) == WRONG
    assert s3.get_object(**where, VersionId=first, **own())["Body"].read() == b"version1"
    assert s3.get_object(**where, VersionId=second, **own(OTHER))["SSECustomerKeyMD5"] == md5_of(OTHER)


def test_a_key_does_not_open_what_has_none(s3, bucket, refused):
    s3.put_object(Bucket=bucket, Key="k")
    answer = refused(s3.get_object, Bucket=bucket, Key="k", **own())
    assert answer == {
        "Code": "InvalidRequest",
        "Message": "The encryption parameters are not applicable to this object.",
        "Status": 400,
    }


def test_all_parts_come_with_the_uploads_key(s3, bucket, refused):
    where = {"Bucket": bucket, "Key": "k"}
    made = s3.create_multipart_upload(**where, **own())
    assert made["SSECustomerKeyMD5"] == md5_of(KEY)
    assert "ServerSideEncryption" not in made
    upload = {**where, "UploadId": made["UploadId"]}
    part = {**upload, "PartNumber": 1, "Body": b"x"}
    requested = {
        "Code": "InvalidRequest",
        "Message": "The multipart upload initiate requested encryption. Subsequent part requests must include the "
        "appropriate encryption parameters.",
        "Status": 400,
    }
    assert refused(s3.upload_part, **part) == requested
    assert refused(s3.upload_part, **part, **own(OTHER)) == {
        "Code": "InvalidRequest",
        "Message": "The provided encryption parameters did not match the ones used originally.",
        "Status": 400,
    }
    plain = {**part, "UploadId": s3.create_multipart_upload(**where)["UploadId"]}
    assert refused(s3.upload_part, **plain, **own()) == requested
    sent = s3.upload_part(**part, **own())
    assert sent["SSECustomerKeyMD5"] == md5_of(KEY)
    assert "ServerSideEncryption" not in sent
    parts = {"Parts": [{"PartNumber": 1, "ETag": sent["ETag"]}]}
    done = s3.complete_multipart_upload(**upload, MultipartUpload=parts)
    assert not [name for name in done if name.startswith(("Checksum", "SSE", "ServerSide"))]
    assert refused(s3.get_object, **where) == NEEDED
    assert s3.get_object(**where, **own())["Body"].read() == b"x"


def test_a_copy_needs_its_sources_key(s3, sealed, refused):
    call = {"Bucket": sealed["Bucket"], "Key": "copy", "CopySource": sealed}
    assert refused(s3.copy_object, **call) == NEEDED
    key = {"CopySourceSSECustomerAlgorithm": "AES256", "CopySourceSSECustomerKey": KEY}
    s3.copy_object(**call, **key)
    assert s3.get_object(Bucket=sealed["Bucket"], Key="copy")["Body"].read() == b"test-data"
    s3.copy_object(**call, **key, **own(OTHER))
    assert s3.get_object(Bucket=sealed["Bucket"], Key="copy", **own(OTHER))["Body"].read() == b"test-data"


def test_a_client_key_and_a_servers_exclude_each_other(s3, bucket, refused):
    answer = refused(s3.put_object, Bucket=bucket, Key="k", ServerSideEncryption="AES256", **own())
    assert (answer["Code"], answer["ArgumentName"], answer["ArgumentValue"]) == (
        "InvalidArgument",
        "x-amz-server-side-encryption",
        "AES256",
    )


def test_an_objects_key_of_kms_may_be_changed(s3, bucket):
    where = {"Bucket": bucket, "Key": "k"}
    s3.put_object(**where)
    arn = s3.put_object(Bucket=bucket, Key="other", ServerSideEncryption="aws:kms")["SSEKMSKeyId"]
    s3.update_object_encryption(**where, ObjectEncryption={"SSEKMS": {"KMSKeyArn": arn, "BucketKeyEnabled": True}})
    found = s3.head_object(**where)
    assert (found["ServerSideEncryption"], found["SSEKMSKeyId"], found["BucketKeyEnabled"]) == ("aws:kms", arn, True)
