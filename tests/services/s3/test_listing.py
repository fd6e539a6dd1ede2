from __future__ import annotations

import base64

import pytest


def fill(s3, bucket, *keys):
    for key in keys:
        s3.put_object(Bucket=bucket, Key=key, Body=b"test-listing"[:11])


def keys(found):
    return [item["Key"] for item in found.get("Contents", ())]


def prefixes(found):
    return [item["Prefix"] for item in found.get("CommonPrefixes", ())]


TREE = ("folder/aSubfolder/subFile1", "folder/aSubfolder/subFile2", "folder/file1", "folder/file2")


def test_an_empty_listing(s3, bucket, help):
    assert help.answer(s3.list_objects_v2, Bucket=bucket) == {
        "EncodingType": "url",
        "IsTruncated": False,
        "KeyCount": 0,
        "MaxKeys": 1000,
        "Name": bucket,
        "Prefix": "",
    }
    assert help.answer(s3.list_objects, Bucket=bucket) == {
        "EncodingType": "url",
        "IsTruncated": False,
        "Marker": "",
        "MaxKeys": 1000,
        "Name": bucket,
        "Prefix": "",
    }
    assert help.answer(s3.list_object_versions, Bucket=bucket) == {
        "EncodingType": "url",
        "IsTruncated": False,
        "KeyMarker": "",
        "MaxKeys": 1000,
        "Name": bucket,
        "Prefix": "",
        "VersionIdMarker": "",
    }


def test_an_entry_of_each_listing(s3, bucket, help):
    fill(s3, bucket, "k")
    entry = s3.list_objects_v2(Bucket=bucket)["Contents"][0]
    when = entry.pop("LastModified")
    assert when.microsecond == 0
    assert entry == {
        "ChecksumAlgorithm": ["CRC32"],
        "ChecksumType": "FULL_OBJECT",
        "ETag": entry["ETag"],
        "Key": "k",
        "Size": 11,
        "StorageClass": "STANDARD",
    }
    older = s3.list_objects(Bucket=bucket)["Contents"][0]
    assert older == {**entry, "LastModified": when, "Owner": older["Owner"]}
    assert set(older["Owner"]) == {"ID"}
    asked = s3.list_objects_v2(Bucket=bucket, FetchOwner=True)["Contents"][0]
    assert asked == older
    version = s3.list_object_versions(Bucket=bucket)["Versions"][0]
    assert version == {**older, "VersionId": "null", "IsLatest": True}


def test_keys_are_ordered_by_their_bytes(s3, bucket):
    # U+FF5E comes before U+1F600 in UTF-8, after it in UTF-16
    names = ["\U0001f600", "\uff5e", "é", "z", "a", "B", "a/", "a!", "\u07ff", "\u0800"]
    fill(s3, bucket, *names)
    assert keys(s3.list_objects_v2(Bucket=bucket)) == sorted(names, key=lambda name: name.encode())


def test_a_delimiter_rolls_up_what_shares_a_prefix(s3, bucket):
    fill(s3, bucket, *TREE, "top")
    found = s3.list_objects_v2(Bucket=bucket, Delimiter="/")
    assert (keys(found), prefixes(found), found["KeyCount"]) == (["top"], ["folder/"], 2)
    inside = s3.list_objects_v2(Bucket=bucket, Delimiter="/", Prefix="folder/")
    assert keys(inside) == ["folder/file1", "folder/file2"]
    assert prefixes(inside) == ["folder/aSubfolder/"]
    words = s3.list_objects_v2(Bucket=bucket, Delimiter="File")
    assert prefixes(words) == ["folder/aSubfolder/subFile"]


def test_the_old_listing_goes_on_behind_the_marker(s3, bucket, help):
    fill(s3, bucket, *TREE)
    asked = {"Bucket": bucket, "Prefix": "folder/", "Delimiter": "/", "MaxKeys": 1}
    first = help.answer(s3.list_objects, **asked)
    assert (prefixes(first), first["NextMarker"], first["IsTruncated"]) == (
        ["folder/aSubfolder/"],
        "folder/aSubfolder/",
        True,
    )
    second = s3.list_objects(**asked, Marker="folder/aSubfolder/")
    assert (keys(second), second["NextMarker"]) == (["folder/file1"], "folder/file1")
    inside = s3.list_objects(**asked, Marker="folder/aSubfolder/subFile1")
    assert (keys(inside), prefixes(inside)) == (["folder/file1"], [])
    last = s3.list_objects(**asked, Marker="folder/file1")
    assert (keys(last), last["IsTruncated"]) == (["folder/file2"], False)
    assert "NextMarker" not in last


def test_without_a_delimiter_the_old_listing_names_no_next_marker(s3, bucket):
    fill(s3, bucket, "a", "b", "c")
    found = s3.list_objects(Bucket=bucket, MaxKeys=1)
    assert (keys(found), found["IsTruncated"]) == (["a"], True)
    assert "NextMarker" not in found
    assert keys(s3.list_objects(Bucket=bucket, MaxKeys=1, Marker="a")) == ["b"]


def test_pages_by_token_hold_everything_once(s3, bucket):
    fill(s3, bucket, *TREE, "top", "zebra/1", "zebra/2")
    for delimiter in ("", "/"):
        whole = s3.list_objects_v2(Bucket=bucket, Delimiter=delimiter)
        pages = s3.get_paginator("list_objects_v2").paginate(
            Bucket=bucket, Delimiter=delimiter, PaginationConfig={"PageSize": 1}
        )
        pages = list(pages)
        assert [key for page in pages for key in keys(page)] == keys(whole)
        assert [prefix for page in pages for prefix in prefixes(page)] == prefixes(whole)
        assert all(page["KeyCount"] == 1 for page in pages)


def test_a_token_wins_over_start_after(s3, bucket):
    fill(s3, bucket, "a", "b", "c", "d")
    first = s3.list_objects_v2(Bucket=bucket, StartAfter="a", MaxKeys=1)
    assert (keys(first), first["StartAfter"]) == (["b"], "a")
    second = s3.list_objects_v2(
        Bucket=bucket, StartAfter="a", MaxKeys=1, ContinuationToken=first["NextContinuationToken"]
    )
    assert (keys(second), second["ContinuationToken"]) == (["c"], first["NextContinuationToken"])
    assert "StartAfter" not in second


def test_a_strange_token_is_refused(s3, bucket, help):
    token = base64.b64encode(b"what").decode()
    assert help.refused(s3.list_objects_v2, Bucket=bucket, ContinuationToken=token) == {
        "Code": "InvalidArgument",
        "Message": "The continuation token provided is incorrect",
        "ArgumentName": "continuation-token",
        "ArgumentValue": token,
    }


def test_no_keys_may_be_asked_for(s3, bucket):
    fill(s3, bucket, "a")
    found = s3.list_objects_v2(Bucket=bucket, MaxKeys=0)
    assert (found["MaxKeys"], found["KeyCount"], found["IsTruncated"]) == (0, 0, False)
    assert "Contents" not in found
    assert s3.list_objects(Bucket=bucket, MaxKeys=5000)["MaxKeys"] == 1000


def test_less_than_no_keys_is_refused(s3, bucket, help):
    error = help.refused(s3.list_objects, Bucket=bucket, MaxKeys=-1)
    assert (error["Code"], error["ArgumentName"], error["ArgumentValue"]) == ("InvalidArgument", "maxKeys", "-1")


@pytest.mark.parametrize(
    "operation", ["list_objects", "list_objects_v2", "list_object_versions", "list_multipart_uploads"]
)
@pytest.mark.parametrize(("given", "shown"), [("value", "value"), ("", "null")])
def test_the_only_encoding_is_url(s3, bucket, help, operation, given, shown):
    assert help.refused(getattr(s3, operation), Bucket=bucket, EncodingType=given) == {
        "Code": "InvalidArgument",
        "Message": "Invalid Encoding Method specified in Request",
        "ArgumentName": "encoding-type",
        "ArgumentValue": shown,
    }


def test_keys_are_encoded_only_when_asked(s3, bucket):
    fill(s3, bucket, "date=2026-03-01/a b", "date=2026-05-01/x")
    asked = s3.list_objects_v2(Bucket=bucket, EncodingType="url", StartAfter="date=2026-01-01/", Prefix="date=")
    assert keys(asked) == ["date%3D2026-03-01/a+b", "date%3D2026-05-01/x"]
    assert (asked["StartAfter"], asked["Prefix"]) == ("date%3D2026-01-01/", "date%3D")


def test_without_an_encoding_the_document_names_none(s3, bucket, aws):
    import requests

    fill(s3, bucket, "test/foo/bar")
    url = f"https://{bucket}.s3.amazonaws.com/?list-type=2&prefix=test%2Ffoo"
    text = requests.get(url, timeout=5).text
    assert "EncodingType" not in text
    assert '<ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/">' in text
    assert "<Key>test/foo/bar</Key>" in text


def test_versions_are_listed_the_newest_first(s3, versioned, help):
    ids = {}
    for key in ("test_0", "test_1", "test_2"):
        ids[key] = [s3.put_object(Bucket=versioned, Key=key, Body=b"1")["VersionId"]]
    ids["test_2"].append(s3.put_object(Bucket=versioned, Key="test_2", Body=b"2")["VersionId"])
    marker = s3.delete_object(Bucket=versioned, Key="test_1")["VersionId"]
    whole = s3.list_object_versions(Bucket=versioned)
    assert [(item["Key"], item["VersionId"], item["IsLatest"]) for item in whole["Versions"]] == [
        ("test_0", ids["test_0"][0], True),
        ("test_1", ids["test_1"][0], False),
        ("test_2", ids["test_2"][1], True),
        ("test_2", ids["test_2"][0], False),
    ]
    assert [(item["Key"], item["VersionId"], item["IsLatest"]) for item in whole["DeleteMarkers"]] == [
        ("test_1", marker, True)
    ]
    one = s3.list_object_versions(Bucket=versioned, MaxKeys=1, KeyMarker="test_0")
    assert (one["NextKeyMarker"], one["NextVersionIdMarker"]) == ("test_1", marker)
    assert "Versions" not in one
    both = s3.list_object_versions(Bucket=versioned, MaxKeys=1, KeyMarker="test_1", VersionIdMarker=marker)
    assert [item["VersionId"] for item in both["Versions"]] == ids["test_1"]
    last = s3.list_object_versions(Bucket=versioned, MaxKeys=1, KeyMarker="test_2", VersionIdMarker=ids["test_2"][1])
    assert (last["Versions"][0]["VersionId"], last["IsTruncated"]) == (ids["test_2"][0], False)
    assert "NextKeyMarker" not in last
    assert help.refused(s3.list_object_versions, Bucket=versioned, VersionIdMarker=marker) == {
        "Code": "InvalidArgument",
        "Message": "A version-id marker cannot be specified without a key marker.",
        "ArgumentName": "version-id-marker",
        "ArgumentValue": marker,
    }


def test_pages_of_versions_hold_everything_once(s3, versioned):
    for number in range(3):
        for key in ("a", "b/1", "b/2", "c"):
            s3.put_object(Bucket=versioned, Key=key, Body=str(number).encode())
    s3.delete_object(Bucket=versioned, Key="c")
    whole = s3.list_object_versions(Bucket=versioned)
    pages = s3.get_paginator("list_object_versions").paginate(Bucket=versioned, PaginationConfig={"PageSize": 2})
    found = [item["VersionId"] for page in pages for item in page.get("Versions", ())]
    assert found == [item["VersionId"] for item in whole["Versions"]]
    rolled = s3.list_object_versions(Bucket=versioned, Delimiter="/")
    assert prefixes(rolled) == ["b/"]


def test_what_is_deleted_hides_its_prefix(s3, versioned):
    fill(s3, versioned, "gone/a", "gone/b", "here/a")
    for key in ("gone/a", "gone/b"):
        s3.delete_object(Bucket=versioned, Key=key)
    assert prefixes(s3.list_objects_v2(Bucket=versioned, Delimiter="/")) == ["here/"]


def test_the_answer_tells_the_buckets_region(s3, bucket):
    headers = s3.list_objects_v2(Bucket=bucket)["ResponseMetadata"]["HTTPHeaders"]
    assert headers["x-amz-bucket-region"] == "us-east-1"
