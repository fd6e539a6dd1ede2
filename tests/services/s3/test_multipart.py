"""Uploads in parts."""

from __future__ import annotations

import pytest

FIVE = b"a" * (5 * 1024 * 1024 + 1)
NO_UPLOAD = (
    "The specified upload does not exist. The upload ID may be invalid, or the upload may have been aborted or "
    "completed."
)
WRONG_PART = (
    "One or more of the specified parts could not be found.  The part may not have been uploaded, or the specified "
    "entity tag may not match the part's entity tag."
)


@pytest.fixture
def upload(s3, bucket):
    """Begins an upload, and gives what all calls about it name."""

    def begin(key="k", **more):
        made = s3.create_multipart_upload(Bucket=bucket, Key=key, **more)
        return {"Bucket": bucket, "Key": key, "UploadId": made["UploadId"]}

    return begin


@pytest.fixture
def send(s3):
    """Sends parts, numbered from 1, and gives the document that completes the upload."""

    def send(where, *bodies, **more):
        parts = []
        for number, body in enumerate(bodies, 1):
            made = s3.upload_part(**where, PartNumber=number, Body=body, **more)
            parts.append({"PartNumber": number, "ETag": made["ETag"]})
        return {"Parts": parts}

    return send


def answer(found):
    return {name: value for name, value in found.items() if name != "ResponseMetadata"}


def test_an_upload_begins_with_an_id(s3, bucket):
    made = answer(s3.create_multipart_upload(Bucket=bucket, Key="k"))
    assert made.pop("UploadId")
    assert made == {"Bucket": bucket, "Key": "k", "ServerSideEncryption": "AES256"}


def test_a_part_tells_its_etag_and_checksum(s3, upload):
    made = answer(s3.upload_part(**upload(), PartNumber=1, Body=b"upload-part-1" * 5))
    assert made == {
        "ChecksumCRC32": "axEe0A==",
        "ETag": '"3237c18681adb6a9d843c733ce249480"',
        "ServerSideEncryption": "AES256",
    }


def test_a_completed_upload_is_an_object(s3, bucket, upload, send):
    where = upload()
    parts = send(where, b"upload-part-1" * 5)
    made = answer(s3.complete_multipart_upload(**where, MultipartUpload=parts))
    assert made.pop("Location").endswith("/k")
    assert made == {
        "Bucket": bucket,
        "Key": "k",
        "ChecksumCRC64NVME": "CTXktO4pIQs=",
        "ChecksumType": "FULL_OBJECT",
        "ETag": '"e747540af6911dbc890f8d3e0b48549b-1"',
        "ServerSideEncryption": "AES256",
    }
    found = s3.get_object(Bucket=bucket, Key="k", ChecksumMode="ENABLED")
    assert found["Body"].read() == b"upload-part-1" * 5
    assert (found["ETag"], found["ContentLength"], found["ChecksumCRC64NVME"]) == (made["ETag"], 65, "CTXktO4pIQs=")


def test_until_it_is_completed_there_is_no_object(s3, bucket, upload, send, refused):
    send(upload(), b"x")
    assert refused(s3.get_object, Bucket=bucket, Key="k")["Code"] == "NoSuchKey"
    assert s3.list_objects_v2(Bucket=bucket)["KeyCount"] == 0


def test_the_uploads_that_go_on_are_listed(s3, bucket, upload, send):
    where = upload()
    listed = answer(s3.list_multipart_uploads(Bucket=bucket))
    (found,) = listed.pop("Uploads")
    assert listed == {
        "Bucket": bucket,
        "IsTruncated": False,
        "KeyMarker": "",
        "MaxUploads": 1000,
        "NextKeyMarker": "k",
        "NextUploadIdMarker": where["UploadId"],
        "UploadIdMarker": "",
    }
    assert sorted(found) == ["Initiated", "Initiator", "Key", "Owner", "StorageClass", "UploadId"]
    assert (sorted(found["Initiator"]), sorted(found["Owner"])) == (["DisplayName", "ID"], ["ID"])
    s3.complete_multipart_upload(**where, MultipartUpload=send(where, b"x"))
    listed = s3.list_multipart_uploads(Bucket=bucket)
    assert "Uploads" not in listed
    assert (listed["NextKeyMarker"], listed["NextUploadIdMarker"]) == ("", "")


def test_the_parts_of_an_upload_are_listed(s3, bucket, upload, send, refused):
    where = upload()
    before = answer(s3.list_parts(**where))
    assert sorted(before.pop("Initiator")) == ["DisplayName", "ID"]
    assert sorted(before.pop("Owner")) == ["ID"]
    assert before == {
        **where,
        "IsTruncated": False,
        "MaxParts": 1000,
        "NextPartNumberMarker": 0,
        "PartNumberMarker": 0,
        "StorageClass": "STANDARD",
    }
    parts = send(where, b"upload-part-1" * 5)
    listed = s3.list_parts(**where)
    (found,) = listed["Parts"]
    assert listed["NextPartNumberMarker"] == 1
    del found["LastModified"]
    assert found == {"PartNumber": 1, "ETag": '"3237c18681adb6a9d843c733ce249480"', "Size": 65}
    s3.complete_multipart_upload(**where, MultipartUpload=parts)
    assert refused(s3.list_parts, **where) == {
        "Code": "NoSuchUpload",
        "Message": NO_UPLOAD,
        "UploadId": where["UploadId"],
        "Status": 404,
    }


def test_parts_are_listed_page_by_page(s3, upload, send):
    where = upload()
    send(where, b"1", b"2", b"3")
    first = s3.list_parts(**where, MaxParts=2)
    assert ([part["PartNumber"] for part in first["Parts"]], first["IsTruncated"]) == ([1, 2], True)
    rest = s3.list_parts(**where, PartNumberMarker=first["NextPartNumberMarker"])
    assert ([part["PartNumber"] for part in rest["Parts"]], rest["IsTruncated"]) == ([3], False)
    pages = s3.get_paginator("list_parts").paginate(**where, PaginationConfig={"PageSize": 1})
    assert [part["PartNumber"] for page in pages for part in page["Parts"]] == [1, 2, 3]


def test_an_aborted_upload_is_gone(s3, bucket, upload, send, refused):
    where = upload()
    parts = send(where, b"x")
    assert s3.abort_multipart_upload(**where)["ResponseMetadata"]["HTTPStatusCode"] == 204
    for call, more in (
        (s3.abort_multipart_upload, {}),
        (s3.upload_part, {"PartNumber": 1, "Body": b"x"}),
        (s3.complete_multipart_upload, {"MultipartUpload": parts}),
    ):
        assert refused(call, **where, **more) == {
            "Code": "NoSuchUpload",
            "Message": NO_UPLOAD,
            "UploadId": where["UploadId"],
            "Status": 404,
        }
    assert "Uploads" not in s3.list_multipart_uploads(Bucket=bucket)


def test_an_upload_is_of_its_key_alone(s3, upload, refused):
    where = {**upload(), "Key": "other"}
    assert refused(s3.upload_part, **where, PartNumber=1, Body=b"x")["Code"] == "NoSuchUpload"


@pytest.mark.parametrize("number", [-1, 0, 10_001])
def test_a_parts_number_is_one_of_ten_thousand(s3, upload, refused, number):
    assert refused(s3.upload_part, **upload(), PartNumber=number, Body=b"x") == {
        "Code": "InvalidArgument",
        "Message": "Part number must be an integer between 1 and 10000, inclusive",
        "ArgumentName": "partNumber",
        "ArgumentValue": str(number),
        "Status": 400,
    }


def test_parts_are_completed_in_order(s3, bucket, upload, send, refused):
    where = upload()
    parts = send(where, FIVE, FIVE, b"upload-part-1" * 5)["Parts"]
    assert refused(s3.complete_multipart_upload, **where, MultipartUpload={"Parts": parts[::-1]}) == {
        "Code": "InvalidPartOrder",
        "Message": "The list of parts was not in ascending order. Parts must be ordered by part number.",
        "UploadId": where["UploadId"],
        "Status": 400,
    }
    made = s3.complete_multipart_upload(**where, MultipartUpload={"Parts": parts})
    assert made["ETag"].endswith('-3"')
    assert s3.get_object(Bucket=bucket, Key="k")["Body"].read() == FIVE + FIVE + b"upload-part-1" * 5


def test_numbers_of_parts_may_have_gaps(s3, bucket, upload):
    where = upload()
    parts = []
    for number, body in ((2, FIVE), (4, b"end")):
        made = s3.upload_part(**where, PartNumber=number, Body=body)
        parts.append({"PartNumber": number, "ETag": made["ETag"]})
    s3.complete_multipart_upload(**where, MultipartUpload={"Parts": parts})
    found = s3.get_object(Bucket=bucket, Key="k", PartNumber=2)
    assert (found["Body"].read(), found["PartsCount"]) == (b"end", 2)


def test_an_upload_is_completed_with_parts(s3, upload, refused):
    where = upload()
    assert refused(s3.complete_multipart_upload, **where, MultipartUpload={"Parts": []})["Status"] == 400
    assert refused(s3.complete_multipart_upload, **where) == {
        "Code": "InvalidRequest",
        "Message": "You must specify at least one part",
        "Status": 400,
    }


def test_all_parts_but_the_last_have_five_megabytes(s3, upload, send, refused):
    where = upload()
    parts = send(where, b"data", b"data")
    assert refused(s3.complete_multipart_upload, **where, MultipartUpload=parts) == {
        "Code": "EntityTooSmall",
        "Message": "Your proposed upload is smaller than the minimum allowed size",
        "ETag": "8d777f385d3dfec8815d20f7496026dc",
        "MinSizeAllowed": "5242880",
        "PartNumber": "1",
        "ProposedSize": "4",
        "Status": 400,
    }


@pytest.mark.parametrize(
    ("number", "etag"), [(1, "d41d8cd98f00b204e9800998ecf8427e"), (2, "8d777f385d3dfec8815d20f7496026dc")]
)
def test_a_part_that_was_not_sent_is_refused(s3, upload, send, refused, number, etag):
    where = upload()
    send(where, b"data")
    parts = {"Parts": [{"PartNumber": number, "ETag": f'"{etag}"'}]}
    assert refused(s3.complete_multipart_upload, **where, MultipartUpload=parts) == {
        "Code": "InvalidPart",
        "Message": WRONG_PART,
        "ETag": etag,
        "PartNumber": str(number),
        "UploadId": where["UploadId"],
        "Status": 400,
    }


def test_a_part_that_is_sent_again_counts_as_it_is_last(s3, bucket, upload):
    where = upload()
    s3.upload_part(**where, PartNumber=1, Body=b"first")
    made = s3.upload_part(**where, PartNumber=1, Body=b"second")
    parts = {"Parts": [{"PartNumber": 1, "ETag": made["ETag"]}]}
    s3.complete_multipart_upload(**where, MultipartUpload=parts)
    assert s3.get_object(Bucket=bucket, Key="k")["Body"].read() == b"second"


def test_an_upload_takes_the_place_of_an_object(s3, bucket, upload, send):
    s3.put_object(Bucket=bucket, Key="k", Body=b"before")
    where = upload()
    made = s3.complete_multipart_upload(**where, MultipartUpload=send(where, b"test content 123"))
    assert made["ETag"] == '"b972025bc34adf8d76d6d51e93c035cc-1"'
    assert s3.get_object(Bucket=bucket, Key="k")["Body"].read() == b"test content 123"


def test_what_the_upload_began_with_is_the_objects(s3, bucket, upload, send):
    where = upload(
        ContentType="text/plain",
        Metadata={"a": "b"},
        Tagging="c=d",
        StorageClass="STANDARD_IA",
        CacheControl="no-store",
    )
    s3.complete_multipart_upload(**where, MultipartUpload=send(where, b"x"))
    found = s3.head_object(Bucket=bucket, Key="k")
    assert (found["ContentType"], found["Metadata"], found["TagCount"]) == ("text/plain", {"a": "b"}, 1)
    assert (found["StorageClass"], found["CacheControl"]) == ("STANDARD_IA", "no-store")


def test_the_location_is_the_keys_url(s3, upload, send):
    where = upload("test-unicode_—_file")
    made = s3.complete_multipart_upload(**where, MultipartUpload=send(where, b"x"))
    assert made["Location"].endswith("/test-unicode_%E2%80%94_file")
    assert made["Key"] == "test-unicode_—_file"


def test_parts_of_an_object_are_read_by_number(s3, bucket, upload, send, refused):
    where = upload()
    s3.complete_multipart_upload(**where, MultipartUpload=send(where, FIVE, b"test content 123"))
    for mode in ({}, {"ChecksumMode": "ENABLED"}):
        found = s3.get_object(Bucket=bucket, Key="k", PartNumber=2, **mode)
        assert found["ResponseMetadata"]["HTTPStatusCode"] == 206
        assert found["Body"].read() == b"test content 123"
        assert found["ContentRange"] == "bytes 5242881-5242896/5242897"
        assert (found["ContentLength"], found["PartsCount"]) == (16, 2)
        assert not [name for name in found if name.startswith("Checksum")]
    head = s3.head_object(Bucket=bucket, Key="k", PartNumber=1)
    assert (head["ContentRange"], head["PartsCount"]) == ("bytes 0-5242880/5242897", 2)
    assert refused(s3.get_object, Bucket=bucket, Key="k", PartNumber=10) == {
        "Code": "InvalidPartNumber",
        "Message": "The requested partnumber is not satisfiable",
        "PartNumberRequested": "10",
        "ActualPartCount": "2",
        "Status": 416,
    }


def test_the_size_that_the_client_expects_is_checked(s3, upload, send, refused):
    where = upload()
    parts = send(where, b"12345")
    answer = refused(s3.complete_multipart_upload, **where, MultipartUpload=parts, MpuObjectSize=6)
    assert (answer["Code"], answer["Status"]) == ("InvalidRequest", 400)
    assert s3.complete_multipart_upload(**where, MultipartUpload=parts, MpuObjectSize=5)["ETag"]


# -- listing uploads ------------------------------------------------------------------------------------------------


@pytest.fixture
def going_on(upload):
    """Five uploads: three of the first key, one of the second, one of the third; as pairs in their order."""
    made = [(key, upload(key)["UploadId"]) for key in ("key-c", "key-b", "key-a", "key-a", "key-a")]
    return [made[2], made[3], made[4], made[1], made[0]]


def shown(listed):
    return [(found["Key"], found["UploadId"]) for found in listed.get("Uploads", ())]


def following(listed):
    return listed["NextKeyMarker"], listed["NextUploadIdMarker"], listed["IsTruncated"]


def test_uploads_are_ordered_by_key_and_beginning(s3, bucket, going_on):
    listed = s3.list_multipart_uploads(Bucket=bucket)
    assert shown(listed) == going_on
    assert following(listed) == (*going_on[-1], False)


@pytest.mark.parametrize(
    ("behind", "first"),
    [((None, None), 0), ((0, 0), 1), ((0, 2), 3), ((3, 3), 4), ((0, None), 3), ((None, 0), 0), ((4, None), None)],
)
def test_a_page_of_uploads_begins_behind_its_markers(s3, bucket, going_on, behind, first):
    key, upload = behind
    markers = {}
    if key is not None:
        markers["KeyMarker"] = going_on[key][0]
    if upload is not None:
        markers["UploadIdMarker"] = going_on[upload][1]
    listed = s3.list_multipart_uploads(Bucket=bucket, MaxUploads=1, **markers)
    assert listed["MaxUploads"] == 1
    if first is None:
        assert (shown(listed), following(listed)) == ([], ("", "", False))
    else:
        assert shown(listed) == [going_on[first]]
        assert following(listed) == (*going_on[first], first < 4)


def test_an_upload_marker_without_a_key_is_not_minded(s3, bucket, going_on):
    listed = s3.list_multipart_uploads(Bucket=bucket, MaxUploads=1, UploadIdMarker=going_on[1][1])
    assert (shown(listed), listed["UploadIdMarker"]) == (going_on[:1], "")


def test_an_upload_marker_must_be_of_the_key(s3, bucket, going_on, refused):
    marker = going_on[3][1]
    assert refused(s3.list_multipart_uploads, Bucket=bucket, KeyMarker="key-a", UploadIdMarker=marker) == {
        "Code": "InvalidArgument",
        "Message": "Invalid uploadId marker",
        "ArgumentName": "upload-id-marker",
        "ArgumentValue": marker,
        "Status": 400,
    }


def test_uploads_are_rolled_up_by_a_delimiter(s3, bucket, upload):
    for key in ("a/1", "a/2", "b", "c/1"):
        upload(key)
    listed = s3.list_multipart_uploads(Bucket=bucket, Delimiter="/")
    assert [found["Key"] for found in listed["Uploads"]] == ["b"]
    assert listed["CommonPrefixes"] == [{"Prefix": "a/"}, {"Prefix": "c/"}]
    listed = s3.list_multipart_uploads(Bucket=bucket, Prefix="a/")
    assert ([found["Key"] for found in listed["Uploads"]], listed["Prefix"]) == (["a/1", "a/2"], "a/")


# -- conditions -----------------------------------------------------------------------------------------------------


def conflict(condition):
    return {
        "Code": "ConditionalRequestConflict",
        "Message": "The conditional request cannot succeed due to a conflicting operation against this resource.",
        "Condition": condition,
        "Key": "k",
        "Status": 409,
    }


def test_an_upload_may_be_the_first_of_its_key_only(s3, bucket, upload, send, refused):
    s3.put_object(Bucket=bucket, Key="k")
    where = upload()
    done = {**where, "MultipartUpload": send(where, b"test content"), "IfNoneMatch": "*"}
    answer = refused(s3.complete_multipart_upload, **done)
    assert (answer["Code"], answer["Condition"], answer["Status"]) == ("PreconditionFailed", "If-None-Match", 412)
    s3.delete_object(Bucket=bucket, Key="k")
    assert refused(s3.complete_multipart_upload, **done) == conflict("If-None-Match")
    where = upload()
    assert s3.complete_multipart_upload(**where, MultipartUpload=send(where, b"x"), IfNoneMatch="*")["ETag"]


def test_an_upload_may_replace_only_what_it_knows(s3, bucket, upload, send, refused):
    etag = s3.put_object(Bucket=bucket, Key="k", Body=b"test")["ETag"]
    where = upload()
    parts = send(where, b"test content")
    answer = refused(s3.complete_multipart_upload, **where, MultipartUpload=parts, IfMatch='"wrong"')
    assert (answer["Code"], answer["Condition"], answer["Status"]) == ("PreconditionFailed", "If-Match", 412)
    now = s3.put_object(Bucket=bucket, Key="k", Body=b"meanwhile")["ETag"]
    assert refused(s3.complete_multipart_upload, **where, MultipartUpload=parts, IfMatch=now) == conflict("If-Match")
    where = upload()
    made = s3.complete_multipart_upload(**where, MultipartUpload=send(where, b"x"), IfMatch=now)
    assert made["ETag"] != etag


def test_an_upload_replaces_nothing_that_is_gone(s3, bucket, upload, send, refused):
    etag = s3.put_object(Bucket=bucket, Key="k", Body=b"test")["ETag"]
    where = upload()
    done = {**where, "MultipartUpload": send(where, b"x"), "IfMatch": etag}
    s3.delete_object(Bucket=bucket, Key="k")
    assert refused(s3.complete_multipart_upload, **done) == {
        "Code": "NoSuchKey",
        "Message": "The specified key does not exist.",
        "Key": "k",
        "Status": 404,
    }
    s3.put_object(Bucket=bucket, Key="k", Body=b"test")
    assert refused(s3.complete_multipart_upload, **done) == conflict("If-Match")


# -- parts that are copies ------------------------------------------------------------------------------------------


def test_a_part_may_be_a_range_of_an_object(s3, bucket, upload):
    s3.put_object(Bucket=bucket, Key="source", Body=b"0123456789")
    where = upload()
    source = {"CopySource": f"{bucket}/source", "CopySourceRange": "bytes=2-5"}
    made = answer(s3.upload_part_copy(**where, PartNumber=1, **source))
    assert made["CopyPartResult"].pop("LastModified")
    assert made == {
        "CopyPartResult": {"ETag": '"81b073de9370ea873f548e31b8adc081"'},
        "ServerSideEncryption": "AES256",
    }
    parts = {"Parts": [{"PartNumber": 1, "ETag": made["CopyPartResult"]["ETag"]}]}
    s3.complete_multipart_upload(**where, MultipartUpload=parts)
    assert s3.get_object(Bucket=bucket, Key="k")["Body"].read() == b"2345"


@pytest.mark.parametrize("asked", ["bytes=5-20", "0-4", "bytes=3-1"])
def test_a_range_that_the_source_lacks_is_refused(s3, bucket, upload, refused, asked):
    s3.put_object(Bucket=bucket, Key="source", Body=b"0123456789")
    answer = refused(
        s3.upload_part_copy, **upload(), PartNumber=1, CopySource=f"{bucket}/source", CopySourceRange=asked
    )
    assert (answer["Code"], answer["ArgumentName"], answer["ArgumentValue"]) == (
        "InvalidArgument",
        "x-amz-copy-source-range",
        asked,
    )


def test_a_copied_parts_checksum_is_the_uploads(s3, bucket, upload):
    s3.put_object(Bucket=bucket, Key="source", Body=b"this is a part")
    where = upload(ChecksumAlgorithm="CRC32C", ChecksumType="FULL_OBJECT")
    made = s3.upload_part_copy(**where, PartNumber=1, CopySource=f"{bucket}/source")["CopyPartResult"]
    assert (made["ETag"], made["ChecksumCRC32C"]) == ('"11df95d595559285eb2b042124e74f09"', "iqJrOQ==")
    part = {"PartNumber": 1, "ETag": made["ETag"], "ChecksumCRC32C": made["ChecksumCRC32C"]}
    done = s3.complete_multipart_upload(**where, MultipartUpload={"Parts": [part]})
    assert (done["ChecksumCRC32C"], done["ChecksumType"]) == ("iqJrOQ==", "FULL_OBJECT")
    assert done["ETag"] == '"395d97c07920de036bfa21e7568a2e9f-1"'


def test_a_copied_part_is_held_to_conditions_on_its_source(s3, bucket, upload, refused, aws):
    import datetime

    etag = s3.put_object(Bucket=bucket, Key="source", Body=b"0123456789")["ETag"]
    made = s3.head_object(Bucket=bucket, Key="source")["LastModified"]
    aws.clock.advance(hours=1)
    before, after = made - datetime.timedelta(minutes=5), made + datetime.timedelta(minutes=5)
    where = {**upload(), "PartNumber": 1, "CopySource": f"{bucket}/source"}
    for conditions in (
        {"CopySourceIfMatch": etag},
        {"CopySourceIfUnmodifiedSince": after},
        {"CopySourceIfMatch": etag, "CopySourceIfUnmodifiedSince": before},
        {"CopySourceIfModifiedSince": before},
        {"CopySourceIfNoneMatch": '"other"'},
    ):
        assert s3.upload_part_copy(**where, **conditions)["CopyPartResult"]["ETag"] == etag
    for conditions, name in (
        ({"CopySourceIfMatch": '"other"'}, "Match"),
        ({"CopySourceIfNoneMatch": etag}, "None-Match"),
        ({"CopySourceIfNoneMatch": etag, "CopySourceIfUnmodifiedSince": before}, "Unmodified-Since"),
        ({"CopySourceIfModifiedSince": after}, "Modified-Since"),
    ):
        assert refused(s3.upload_part_copy, **where, **conditions) == {
            "Code": "PreconditionFailed",
            "Message": "At least one of the pre-conditions you specified did not hold",
            "Condition": f"x-amz-copy-source-If-{name}",
            "Status": 412,
        }
