"""Checksums: of bodies, of parts, of wholes."""

from __future__ import annotations

import pytest

DATA = b"test data.."
SUMS = {
    "CRC32": "cZWHwQ==",
    "CRC32C": "Pf4upw==",
    "CRC64NVME": "qUVrWYOrIAM=",
    "SHA1": "B++3uSfJMSHWToQMQ1g6lIJY5Eo=",
    "SHA256": "2l26x0trnT0r2AvakoFk2MB7eKVKzYESLMxSAKAzoik=",
}
PARTS = {
    "CRC32": ("NRU+Sw==", "TBHN8A=="),
    "CRC32C": ("2/Ckiw==", "5yZkMA=="),
    "CRC64NVME": ("Kg7TOs6algM=", "DBqAA21lxVU="),
    "SHA1": ("bH71WIZUKQtUwR2wKSSkFjCRBPM=", "NJX/adNGcdHhWzOmPBN5/e3Toyo="),
    "SHA256": ("DjU70AB1bON8k0n0fVHv2PJQVWcA/jWsITp6ti20Tbs=", "vyy1imj2hNlaO3jvj2Ycmk5bCegsyPnMiMzpBSjK6yc="),
}
COMPOSITE = {
    "CRC32": "5FRUiw==",
    "CRC32C": "XF5+4A==",
    "SHA1": "AyE60nyQoBgJcwsyPHWu7aJuxBs=",
    "SHA256": "9o++y6AejqboiJ7MZCx0fahK2Vu5YC/qnNhhYsCLciI=",
}
WHOLE = {"CRC32": "qSEQSA==", "CRC32C": "eTdAQA==", "CRC64NVME": "ZMNX55lZurA="}
OF_ALL = {
    **WHOLE,
    "SHA1": "eIC+AqBqApUmeqCBQ+9n8OVTP+8=",
    "SHA256": "0+991zqhqOQ5J2EdwChmHIeC1dXXuJzaCritTzqVGDw=",
}
LARGE, SMALL = b"a" * (5 * 1024 * 1024 + 1), b"a" * 10


@pytest.fixture
def plain(client):
    """A client that sends checksums only when it is told to."""
    return client(request_checksum_calculation="when_required", response_checksum_validation="when_required")


def sums(found):
    return {name: value for name, value in found.items() if name.startswith("Checksum")}


def full(algorithm, value):
    return {f"Checksum{algorithm}": value, "ChecksumType": "FULL_OBJECT"}


@pytest.mark.parametrize("algorithm", sorted(SUMS))
def test_a_body_is_kept_with_its_checksum(s3, bucket, algorithm):
    wanted = full(algorithm, SUMS[algorithm])
    given = {f"Checksum{algorithm}": SUMS[algorithm]}
    assert sums(s3.put_object(Bucket=bucket, Key="k", Body=DATA, **given)) == wanted
    assert sums(s3.put_object(Bucket=bucket, Key="k", Body=DATA, ChecksumAlgorithm=algorithm, **given)) == wanted
    assert sums(s3.head_object(Bucket=bucket, Key="k", ChecksumMode="ENABLED")) == wanted
    assert sums(s3.get_object(Bucket=bucket, Key="k", ChecksumMode="ENABLED")) == wanted
    assert sums(s3.head_object(Bucket=bucket, Key="k")) == {}
    found = s3.get_object_attributes(Bucket=bucket, Key="k", ObjectAttributes=["ETag", "Checksum"])
    assert (found["Checksum"], found["ETag"]) == (wanted, "e6d9226c2a86b7232933663c13467527")
    (listed,) = s3.list_objects_v2(Bucket=bucket)["Contents"]
    assert (listed["ChecksumAlgorithm"], listed["ChecksumType"]) == ([algorithm], "FULL_OBJECT")


@pytest.mark.parametrize("algorithm", sorted(SUMS))
def test_a_wrong_checksum_is_refused(s3, bucket, refused, algorithm):
    other = SUMS[algorithm].replace(SUMS[algorithm][0], "A" if SUMS[algorithm][0] != "A" else "B", 1)
    where = {"Bucket": bucket, "Key": "k"}
    upload = {**where, "PartNumber": 1}
    upload["UploadId"] = s3.create_multipart_upload(**where, ChecksumAlgorithm=algorithm)["UploadId"]
    for call, params in ((s3.put_object, where), (s3.upload_part, upload)):
        sent = {**params, "Body": DATA, "ChecksumAlgorithm": algorithm}
        assert refused(call, **sent, **{f"Checksum{algorithm}": other}) == {
            "Code": "BadDigest",
            "Message": f"The {algorithm} you specified did not match the calculated checksum.",
            "Status": 400,
        }
        assert refused(call, **sent, **{f"Checksum{algorithm}": "no base64"}) == {
            "Code": "InvalidRequest",
            "Message": f"Value for x-amz-checksum-{algorithm.lower()} header is invalid.",
            "Status": 400,
        }
    assert s3.list_objects_v2(Bucket=bucket)["KeyCount"] == 0


def test_a_checksum_needs_no_name_of_its_algorithm(s3, bucket, refused):
    where = {"Bucket": bucket, "Key": "k", "Body": DATA}
    assert refused(s3.put_object, **where, ChecksumSHA256="TEST") == {
        "Code": "InvalidRequest",
        "Message": "Value for x-amz-checksum-sha256 header is invalid.",
        "Status": 400,
    }
    assert refused(s3.put_object, **where, ChecksumSHA256=SUMS["SHA256"], ChecksumCRC32=SUMS["CRC32"]) == {
        "Code": "InvalidRequest",
        "Message": "Expecting a single x-amz-checksum- header. Multiple checksum Types are not allowed.",
        "Status": 400,
    }
    wanted = full("SHA256", SUMS["SHA256"])
    assert sums(s3.put_object(**where, ChecksumSHA256=SUMS["SHA256"])) == wanted


def test_without_a_checksum_s3_makes_one_of_its_own(plain, bucket):
    made = plain.put_object(Bucket=bucket, Key="k", Body=DATA)
    wanted = full("CRC64NVME", SUMS["CRC64NVME"])
    assert sums(made) == wanted
    assert sums(plain.head_object(Bucket=bucket, Key="k", ChecksumMode="ENABLED")) == wanted
    found = plain.get_object_attributes(Bucket=bucket, Key="k", ObjectAttributes=["Checksum"])
    assert found["Checksum"] == wanted
    copied = plain.copy_object(Bucket=bucket, Key="copy", CopySource=f"{bucket}/k")["CopyObjectResult"]
    assert sums(copied) == wanted


def test_a_checksum_wins_over_another_algorithms_name(plain, bucket):
    plain.put_object(Bucket=bucket, Key="k", Body=DATA, ChecksumSHA256=SUMS["SHA256"])
    found = plain.head_object(Bucket=bucket, Key="k", ChecksumMode="ENABLED")
    assert sums(found) == full("SHA256", SUMS["SHA256"])


def test_a_range_has_no_checksum(s3, bucket):
    s3.put_object(Bucket=bucket, Key="k", Body=DATA)
    assert sums(s3.get_object(Bucket=bucket, Key="k", Range="bytes=0-3", ChecksumMode="ENABLED")) == {}


# -- in parts -------------------------------------------------------------------------------------------------------


def begin(s3, bucket, algorithm, **more):
    made = s3.create_multipart_upload(Bucket=bucket, Key="k", ChecksumAlgorithm=algorithm, **more)
    return made, {"Bucket": bucket, "Key": "k", "UploadId": made["UploadId"]}


@pytest.mark.parametrize(
    ("algorithm", "kind"),
    [("CRC32", "COMPOSITE"), ("CRC32C", "COMPOSITE"), ("SHA256", "COMPOSITE"), ("CRC64NVME", "FULL_OBJECT")],
)
def test_each_algorithm_has_its_kind(s3, bucket, algorithm, kind):
    made, _ = begin(s3, bucket, algorithm)
    assert (made["ChecksumAlgorithm"], made["ChecksumType"]) == (algorithm, kind)


@pytest.mark.parametrize(
    ("algorithm", "kind", "fine"),
    [
        ("CRC32", "FULL_OBJECT", True),
        ("CRC32", "COMPOSITE", True),
        ("CRC32C", "COMPOSITE", True),
        ("CRC64NVME", "FULL_OBJECT", True),
        ("CRC64NVME", "COMPOSITE", False),
        ("SHA1", "COMPOSITE", True),
        ("SHA1", "FULL_OBJECT", False),
        ("SHA256", "COMPOSITE", True),
        ("SHA256", "FULL_OBJECT", False),
    ],
)
def test_not_every_algorithm_goes_with_every_kind(s3, bucket, refused, algorithm, kind, fine):
    if fine:
        assert begin(s3, bucket, algorithm, ChecksumType=kind)[0]["ChecksumType"] == kind
        return
    params = {"Bucket": bucket, "Key": "k", "ChecksumAlgorithm": algorithm, "ChecksumType": kind}
    assert refused(s3.create_multipart_upload, **params) == {
        "Code": "InvalidRequest",
        "Message": f"The {kind} checksum type cannot be used with the {algorithm.lower()} checksum algorithm.",
        "Status": 400,
    }


def send(s3, where, algorithm):
    """Sends three parts; the list of them with their checksums."""
    parts = []
    for number, body in enumerate((LARGE, LARGE, SMALL), 1):
        value = PARTS[algorithm][number == 3]
        made = s3.upload_part(**where, PartNumber=number, Body=body, **{f"Checksum{algorithm}": value})
        assert sums(made) == {f"Checksum{algorithm}": value}
        parts.append({"PartNumber": number, "ETag": made["ETag"], f"Checksum{algorithm}": value})
    return parts


WRONG_PART = (
    "One or more of the specified parts could not be found.  The part may not have been uploaded, or the specified "
    "entity tag may not match the part's entity tag."
)


@pytest.mark.parametrize("algorithm", sorted(COMPOSITE))
def test_a_checksum_of_the_parts_checksums(s3, bucket, refused, algorithm):
    _, where = begin(s3, bucket, algorithm, ChecksumType="COMPOSITE")
    parts = send(s3, where, algorithm)
    name = f"Checksum{algorithm}"
    listed = s3.list_parts(**where)
    assert (listed["ChecksumAlgorithm"], listed["ChecksumType"]) == (algorithm, "COMPOSITE")
    assert [part[name] for part in listed["Parts"]] == [part[name] for part in parts]
    bare = [{member: value for member, value in part.items() if member != name} for part in parts]
    assert refused(s3.complete_multipart_upload, **where, MultipartUpload={"Parts": bare}) == {
        "Code": "InvalidRequest",
        "Message": f"The upload was created using a {algorithm.lower()} checksum. The complete request must include "
        "the checksum for each part. It was missing for part 1 in the request.",
        "Status": 400,
    }
    wrong = [parts[0], {**parts[1], name: parts[2][name]}, parts[2]]
    assert refused(s3.complete_multipart_upload, **where, MultipartUpload={"Parts": wrong}) == {
        "Code": "InvalidPart",
        "Message": WRONG_PART,
        "ETag": "c4c753e69bb853187f5854c46cf801c6",
        "PartNumber": "2",
        "UploadId": where["UploadId"],
        "Status": 400,
    }
    done = s3.complete_multipart_upload(**where, MultipartUpload={"Parts": parts})
    wanted = {name: f"{COMPOSITE[algorithm]}-3", "ChecksumType": "COMPOSITE"}
    assert (sums(done), done["ETag"]) == (wanted, '"4d45984fc3feb2ac9b22683c49674b56-3"')
    where = {"Bucket": bucket, "Key": "k"}
    assert sums(s3.head_object(**where, ChecksumMode="ENABLED")) == wanted
    found = s3.get_object(**where, PartNumber=3, ChecksumMode="ENABLED")
    assert sums(found) == {name: PARTS[algorithm][1], "ChecksumType": "COMPOSITE"}
    known = s3.get_object_attributes(**where, ObjectAttributes=["Checksum", "ETag", "ObjectParts"])
    assert known["Checksum"] == {name: COMPOSITE[algorithm], "ChecksumType": "COMPOSITE"}
    assert known["ETag"] == "4d45984fc3feb2ac9b22683c49674b56-3"
    assert known["ObjectParts"] == {
        "IsTruncated": False,
        "MaxParts": 1000,
        "NextPartNumberMarker": 3,
        "PartNumberMarker": 0,
        "Parts": [
            {"PartNumber": part["PartNumber"], "Size": len(body), name: part[name]}
            for part, body in zip(parts, (LARGE, LARGE, SMALL), strict=True)
        ],
        "TotalPartsCount": 3,
    }
    copied = s3.copy_object(Bucket=bucket, Key="copy", CopySource=where)["CopyObjectResult"]
    assert (sums(copied), copied["ETag"]) == (full(algorithm, OF_ALL[algorithm]), '"a0397ee2df08832642af5d7e57c5760c"')


@pytest.mark.parametrize("algorithm", sorted(WHOLE))
def test_a_checksum_of_all_bytes_of_the_parts(s3, bucket, refused, algorithm):
    _, where = begin(s3, bucket, algorithm, ChecksumType="FULL_OBJECT")
    parts = send(s3, where, algorithm)
    name = f"Checksum{algorithm}"
    wrong = [{**parts[0], name: parts[2][name]}, *parts[1:]]
    answer = refused(s3.complete_multipart_upload, **where, MultipartUpload={"Parts": wrong})
    assert (answer["Code"], answer["PartNumber"]) == ("InvalidPart", "1")
    bad = {name: PARTS[algorithm][0]}
    answer = refused(s3.complete_multipart_upload, **where, MultipartUpload={"Parts": parts}, **bad)
    assert answer["Code"] == "BadDigest"
    bare = [{member: value for member, value in part.items() if member != name} for part in parts]
    done = s3.complete_multipart_upload(**where, MultipartUpload={"Parts": bare}, **{name: WHOLE[algorithm]})
    wanted = full(algorithm, WHOLE[algorithm])
    assert sums(done) == wanted
    where = {"Bucket": bucket, "Key": "k"}
    assert sums(s3.head_object(**where, ChecksumMode="ENABLED")) == wanted
    assert sums(s3.get_object(**where, PartNumber=3, ChecksumMode="ENABLED")) == {}
    known = s3.get_object_attributes(**where, ObjectAttributes=["Checksum", "ObjectParts"])
    assert (known["Checksum"], known["ObjectParts"]) == (wanted, {"TotalPartsCount": 3})


def test_a_part_of_a_full_checksum_that_is_all_shows_it(s3, bucket):
    _, where = begin(s3, bucket, "CRC32C", ChecksumType="FULL_OBJECT")
    made = s3.upload_part(**where, PartNumber=1, Body=b"test content 123", ChecksumCRC32C="fwuu0Q==")
    parts = {"Parts": [{"PartNumber": 1, "ETag": made["ETag"], "ChecksumCRC32C": made["ChecksumCRC32C"]}]}
    s3.complete_multipart_upload(**where, MultipartUpload=parts)
    found = s3.get_object(Bucket=bucket, Key="k", PartNumber=1, ChecksumMode="ENABLED")
    assert sums(found) == full("CRC32C", "fwuu0Q==")
    assert (found["PartsCount"], found["ContentRange"]) == (1, "bytes 0-15/16")


@pytest.mark.parametrize("kind", ["COMPOSITE", "FULL_OBJECT"])
def test_an_upload_without_an_algorithm_takes_no_kind(s3, bucket, refused, kind):
    upload = s3.create_multipart_upload(Bucket=bucket, Key="k")
    assert sums(upload) == {}
    where = {"Bucket": bucket, "Key": "k", "UploadId": upload["UploadId"]}
    made = s3.upload_part(**where, PartNumber=1, Body=b"aaa", ChecksumCRC32C="45fn2Q==")
    assert made["ETag"] == '"47bce5c74f589f4867dbd57e9ca9f808"'
    part = {"PartNumber": 1, "ETag": made["ETag"]}
    assert "ChecksumCRC32C" not in s3.list_parts(**where)["Parts"][0]
    parts = {"Parts": [{**part, "ChecksumCRC32C": made["ChecksumCRC32C"]}]}
    answer = refused(s3.complete_multipart_upload, **where, MultipartUpload=parts)
    assert (answer["Code"], answer["PartNumber"]) == ("InvalidPart", "1")
    assert refused(s3.complete_multipart_upload, **where, MultipartUpload={"Parts": [part]}, ChecksumType=kind) == {
        "Code": "InvalidRequest",
        "Message": "The upload was created using the null checksum mode. The complete request must use the same "
        "checksum mode.",
        "Status": 400,
    }
    done = s3.complete_multipart_upload(**where, MultipartUpload={"Parts": [part]})
    assert sums(done) == full("CRC64NVME", "Rnr2/5P7Gsk=")
    known = s3.get_object_attributes(Bucket=bucket, Key="k", ObjectAttributes=["Checksum", "ObjectParts"])
    assert (known["Checksum"], known["ObjectParts"]) == (
        full("CRC64NVME", "Rnr2/5P7Gsk="),
        {"TotalPartsCount": 1},
    )


def test_attributes_tell_parts_page_by_page(s3, bucket):
    _, where = begin(s3, bucket, "SHA256")
    parts = []
    for number in (1, 2):
        made = s3.upload_part(**where, PartNumber=number, Body=LARGE, ChecksumAlgorithm="SHA256")
        parts.append({"PartNumber": number, "ETag": made["ETag"], "ChecksumSHA256": made["ChecksumSHA256"]})
    done = s3.complete_multipart_upload(**where, MultipartUpload={"Parts": parts})
    assert done["ChecksumSHA256"] == "2Wjxbc3N6c1y3Eqve6x8X+xPy4qXhB1vAMgge0qeZJM=-2"
    asked = {"Bucket": bucket, "Key": "k", "ObjectAttributes": ["ObjectParts"]}
    found = s3.get_object_attributes(**asked, MaxParts=1, PartNumberMarker=1)["ObjectParts"]
    assert [part["PartNumber"] for part in found.pop("Parts")] == [2]
    assert found == {
        "IsTruncated": False,
        "MaxParts": 1,
        "NextPartNumberMarker": 2,
        "PartNumberMarker": 1,
        "TotalPartsCount": 2,
    }
    found = s3.get_object_attributes(**asked, MaxParts=1, PartNumberMarker=10)["ObjectParts"]
    assert found == {
        "IsTruncated": False,
        "MaxParts": 1,
        "NextPartNumberMarker": 0,
        "PartNumberMarker": 10,
        "TotalPartsCount": 2,
    }
