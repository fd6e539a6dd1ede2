from __future__ import annotations

import pytest


def no_bucket(name):
    return {
        "Code": "NoSuchBucket",
        "Message": "The specified bucket does not exist",
        "BucketName": name,
        "Status": 404,
    }


OWNED = "Your previous request to create the named bucket succeeded and you already own it."


def placed(region):
    return {"CreateBucketConfiguration": {"LocationConstraint": region}}


def incompatible(constraint):
    return {
        "Code": "IllegalLocationConstraintException",
        "Message": f"The {constraint} location constraint is incompatible for the region specific endpoint this "
        "request was sent to.",
        "Status": 400,
    }


def test_a_bucket_in_us_east_1_is_told_by_its_path(s3):
    made = s3.create_bucket(Bucket="plain")
    assert (made["Location"], made["BucketArn"]) == ("/plain", "arn:aws:s3:::plain")


def test_a_bucket_elsewhere_is_told_by_its_url(client):
    made = client("eu-west-1").create_bucket(Bucket="plain", **placed("eu-west-1"))
    assert (made["Location"], made["BucketArn"]) == ("http://plain.s3.amazonaws.com/", "arn:aws:s3:::plain")


@pytest.mark.parametrize("region", ["us-east-1", "eu-west-1"])
def test_a_head_tells_where_the_bucket_is(client, region):
    s3 = client(region)
    s3.create_bucket(Bucket="plain", **({} if region == "us-east-1" else placed(region)))
    head = s3.head_bucket(Bucket="plain")
    meta = head.pop("ResponseMetadata")
    assert head == {"BucketArn": "arn:aws:s3:::plain", "BucketRegion": region, "AccessPointAlias": False}
    assert meta["HTTPHeaders"]["x-amz-bucket-region"] == region
    assert meta["HTTPHeaders"]["x-amz-access-point-alias"] == "false"
    assert meta["HTTPHeaders"]["content-type"] == "application/xml"
    assert {"x-amz-id-2", "x-amz-request-id"} <= set(meta["HTTPHeaders"])


def test_a_head_of_no_bucket_has_no_words(s3, refused):
    assert refused(s3.head_bucket, Bucket="nothing") == {"Code": "404", "Message": "Not Found", "Status": 404}


@pytest.mark.parametrize(
    ("region", "constraint", "error"),
    [
        ("us-east-1", "us-east-1", "invalid"),
        ("us-east-1", "aws-global", "invalid"),
        ("us-west-1", "aws-global", "incompatible"),
        ("us-west-1", "us-east-1", "incompatible"),
        ("us-west-1", "us-east-2", "incompatible"),
        ("us-east-2", "EU", "incompatible"),
        ("eu-west-1", "bar", "incompatible"),
        ("us-east-2", None, "incompatible"),
    ],
)
def test_a_location_that_is_not_the_endpoints_is_refused(client, refused, region, constraint, error):
    answer = refused(client(region).create_bucket, Bucket="plain", **(placed(constraint) if constraint else {}))
    if error == "invalid":
        assert answer == {
            "Code": "InvalidLocationConstraint",
            "Message": "The specified location-constraint is not valid",
            "LocationConstraint": constraint,
            "Status": 400,
        }
    else:
        assert answer == incompatible(constraint or "unspecified")


def test_us_east_1_makes_buckets_for_other_regions(s3, client):
    s3.create_bucket(Bucket="far", **placed("us-west-2"))
    s3.create_bucket(Bucket="older", **placed("EU"))
    assert client("us-west-2").head_bucket(Bucket="far")["BucketRegion"] == "us-west-2"
    assert client("eu-west-1").head_bucket(Bucket="older")["BucketRegion"] == "eu-west-1"


def test_the_location_of_a_bucket_in_us_east_1_is_none(s3, bucket, refused):
    s3.create_bucket(Bucket="far", **placed("us-west-2"))
    assert s3.get_bucket_location(Bucket=bucket)["LocationConstraint"] is None
    assert s3.get_bucket_location(Bucket="far")["LocationConstraint"] == "us-west-2"
    assert refused(s3.get_bucket_location, Bucket="nothing") == no_bucket("nothing")


def test_the_owner_may_make_a_bucket_of_us_east_1_again(s3, bucket):
    s3.put_object(Bucket=bucket, Key="kept")
    assert s3.create_bucket(Bucket=bucket)["Location"] == f"/{bucket}"
    assert s3.head_object(Bucket=bucket, Key="kept")["ContentLength"] == 0


@pytest.mark.parametrize("region", ["us-east-2", "us-west-1"])
def test_elsewhere_a_bucket_is_not_made_again(client, refused, region):
    s3 = client(region)
    s3.create_bucket(Bucket="plain", **placed(region))
    assert refused(s3.create_bucket, Bucket="plain", **placed(region)) == {
        "Code": "BucketAlreadyOwnedByYou",
        "Message": OWNED,
        "BucketName": "plain",
        "Status": 409,
    }


def test_a_bucket_of_others_keeps_its_name(client, refused, bucket):
    answer = refused(client(account="222222222222").create_bucket, Bucket=bucket)
    assert (answer["Code"], answer["Status"], answer["BucketName"]) == ("BucketAlreadyExists", 409, bucket)
    assert answer["Message"].startswith("The requested bucket name is not available. The bucket namespace is shared")


@pytest.mark.parametrize(
    "name", ["Upper", "no_underscore", "two..dots", "192.168.5.4", "-begin", "end-", "xn--puny", "has-s3alias"]
)
def test_names_that_are_none_are_refused(client, refused, name):
    s3 = client(s3={"addressing_style": "path"})
    assert refused(s3.create_bucket, Bucket=name) == {
        "Code": "InvalidBucketName",
        "Message": "The specified bucket is not valid.",
        "BucketName": name,
        "Status": 400,
    }


def test_dots_in_a_name_are_fine(s3):
    s3.create_bucket(Bucket="my.bucket.name")
    s3.put_object(Bucket="my.bucket.name", Key="my-content", Body=b"something")
    assert s3.list_objects(Bucket="my.bucket.name")["Contents"][0]["Key"] == "my-content"


def test_tags_come_with_a_new_bucket_and_forbid_making_it_again(s3, refused):
    tags = {"CreateBucketConfiguration": {"Tags": [{"Key": "tag1", "Value": "value1"}]}}
    s3.create_bucket(Bucket="plain", **tags)
    assert s3.get_bucket_tagging(Bucket="plain")["TagSet"] == [{"Key": "tag1", "Value": "value1"}]
    for value in ("value1", "other"):
        tags = {"CreateBucketConfiguration": {"Tags": [{"Key": "tag1", "Value": value}]}}
        assert refused(s3.create_bucket, Bucket="plain", **tags)["Code"] == "BucketAlreadyOwnedByYou"
    s3.create_bucket(Bucket="plain")
    s3.create_bucket(Bucket="plain", CreateBucketConfiguration={"Tags": []})
    assert s3.get_bucket_tagging(Bucket="plain")["TagSet"] == [{"Key": "tag1", "Value": "value1"}]


def test_a_bucket_with_content_stays(s3, bucket, refused):
    s3.put_object(Bucket=bucket, Key="k")
    assert refused(s3.delete_bucket, Bucket=bucket) == {
        "Code": "BucketNotEmpty",
        "Message": "The bucket you tried to delete is not empty",
        "BucketName": bucket,
        "Status": 409,
    }
    s3.delete_object(Bucket=bucket, Key="k")
    assert s3.delete_bucket(Bucket=bucket)["ResponseMetadata"]["HTTPStatusCode"] == 204
    assert refused(s3.delete_bucket, Bucket=bucket) == no_bucket(bucket)


def test_versions_and_delete_markers_keep_a_bucket(s3, versioned, refused):
    wanted = {
        "Code": "BucketNotEmpty",
        "Message": "The bucket you tried to delete is not empty. You must delete all versions in the bucket.",
        "BucketName": versioned,
        "Status": 409,
    }
    version = s3.put_object(Bucket=versioned, Key="k")["VersionId"]
    marker = s3.delete_object(Bucket=versioned, Key="k")["VersionId"]
    assert refused(s3.delete_bucket, Bucket=versioned) == wanted
    s3.delete_object(Bucket=versioned, Key="k", VersionId=version)
    assert refused(s3.delete_bucket, Bucket=versioned) == wanted
    gone = s3.delete_object(Bucket=versioned, Key="k", VersionId=marker)
    assert (gone["DeleteMarker"], gone["VersionId"]) == (True, marker)
    s3.delete_bucket(Bucket=versioned)


def test_uploads_that_go_on_do_not_keep_a_bucket(s3, bucket):
    s3.create_multipart_upload(Bucket=bucket, Key="k")
    s3.delete_bucket(Bucket=bucket)
    s3.create_bucket(Bucket=bucket)
    assert "Uploads" not in s3.list_multipart_uploads(Bucket=bucket)


def test_a_list_without_questions_names_no_regions(s3, bucket):
    answer = s3.list_buckets()
    (found,) = answer["Buckets"]
    assert sorted(found) == ["BucketArn", "CreationDate", "Name"]
    assert (found["Name"], found["BucketArn"]) == (bucket, f"arn:aws:s3:::{bucket}")
    assert sorted(answer["Owner"]) == ["ID"]
    assert "Prefix" not in answer


def test_a_list_by_prefix_minds_case(s3, bucket):
    answer = s3.list_buckets(Prefix=bucket)
    assert answer["Prefix"] == bucket
    assert [found["BucketRegion"] for found in answer["Buckets"]] == ["us-east-1"]
    nothing = s3.list_buckets(Prefix=bucket.upper())
    assert (nothing["Buckets"], nothing["Prefix"]) == ([], bucket.upper())


def test_a_list_by_region_holds_that_regions_buckets(s3, bucket):
    s3.create_bucket(Bucket="far", **placed("us-west-2"))
    assert [found["Name"] for found in s3.list_buckets(BucketRegion="us-west-2")["Buckets"]] == ["far"]
    assert s3.list_buckets(BucketRegion="eu-west-1")["Buckets"] == []


def test_buckets_are_listed_page_by_page(s3):
    for name in ("ccc", "aaa", "bbb"):
        s3.create_bucket(Bucket=name)
    first = s3.list_buckets(MaxBuckets=1)
    assert [found["Name"] for found in first["Buckets"]] == ["aaa"]
    rest = s3.list_buckets(ContinuationToken=first["ContinuationToken"])
    assert [found["Name"] for found in rest["Buckets"]] == ["bbb", "ccc"]
    assert "ContinuationToken" not in rest


def test_accounts_see_their_own_buckets(s3, client, bucket):
    assert client(account="222222222222").list_buckets()["Buckets"] == []


@pytest.mark.parametrize("owner", ["0000000000020", "0000", "aa000000000$", "abcd"])
def test_an_expected_owner_must_be_an_account(s3, bucket, refused, owner):
    assert refused(s3.get_bucket_policy, Bucket=bucket, ExpectedBucketOwner=owner) == {
        "Code": "InvalidBucketOwnerAWSAccountID",
        "Message": f"The value of the expected bucket owner parameter must be an AWS Account ID... [{owner}]",
        "Status": 400,
    }


def test_a_bucket_of_an_unexpected_owner_is_refused(s3, client, refused):
    s3 = client(account="111111111111")
    s3.create_bucket(Bucket="plain")
    assert "Grants" in s3.get_bucket_acl(Bucket="plain", ExpectedBucketOwner="111111111111")
    assert refused(s3.get_bucket_acl, Bucket="plain", ExpectedBucketOwner="222222222222") == {
        "Code": "AccessDenied",
        "Message": "Access Denied",
        "Status": 403,
    }


@pytest.mark.parametrize(
    ("operation", "more"),
    [
        ("get_bucket_lifecycle_configuration", {}),
        ("get_bucket_replication", {}),
        ("get_bucket_notification_configuration", {}),
        ("get_bucket_acl", {}),
        ("list_objects", {}),
        ("list_objects_v2", {}),
        ("get_object", {"Key": "k"}),
        ("delete_objects", {"Delete": {"Objects": [{"Key": "k"}]}}),
        ("get_object_tagging", {"Key": "k"}),
        ("put_bucket_request_payment", {"RequestPaymentConfiguration": {"Payer": "Requester"}}),
    ],
)
def test_what_asks_for_no_bucket_is_told_so(s3, refused, operation, more):
    assert refused(getattr(s3, operation), Bucket="nothing", **more) == no_bucket("nothing")


def test_answers_of_listings_tell_the_buckets_region(client):
    s3 = client("eu-west-1")
    s3.create_bucket(Bucket="plain", **placed("eu-west-1"))
    headers = s3.list_objects_v2(Bucket="plain")["ResponseMetadata"]["HTTPHeaders"]
    assert headers["x-amz-bucket-region"] == "eu-west-1"


def test_configurations_are_read_from_other_regions(s3, client):
    far = client("us-west-2")
    far.create_bucket(Bucket="far", **placed("us-west-2"))
    s3.put_bucket_cors(
        Bucket="far", CORSConfiguration={"CORSRules": [{"AllowedOrigins": ["*"], "AllowedMethods": ["GET"]}]}
    )
    s3.put_bucket_website(Bucket="far", WebsiteConfiguration={"IndexDocument": {"Suffix": "index.html"}})
    assert far.get_bucket_cors(Bucket="far")["CORSRules"] == [{"AllowedOrigins": ["*"], "AllowedMethods": ["GET"]}]
    assert far.get_bucket_website(Bucket="far")["IndexDocument"] == {"Suffix": "index.html"}


def test_a_wrong_region_is_redirected(client, aws):
    import requests

    client("us-west-2").create_bucket(Bucket="far", **placed("us-west-2"))
    answer = requests.get("https://far.s3.eu-west-1.amazonaws.com/", allow_redirects=False)
    assert answer.status_code == 301
    assert answer.headers["x-amz-bucket-region"] == "us-west-2"
    assert "<Code>PermanentRedirect</Code>" in answer.text
    assert "<Endpoint>far.s3.us-west-2.amazonaws.com</Endpoint>" in answer.text


def test_directory_buckets_are_listed_by_themselves(client):
    s3 = client("us-west-2")
    name = "plain--usw2-az1--x-s3"
    s3.create_bucket(
        Bucket=name,
        CreateBucketConfiguration={
            "Location": {"Type": "AvailabilityZone", "Name": "usw2-az1"},
            "Bucket": {"Type": "Directory", "DataRedundancy": "SingleAvailabilityZone"},
        },
    )
    assert [found["Name"] for found in s3.list_directory_buckets()["Buckets"]] == [name]
    assert s3.list_buckets()["Buckets"] == []
    head = s3.head_bucket(Bucket=name)
    assert (head["BucketLocationType"], head["BucketLocationName"]) == ("AvailabilityZone", "usw2-az1")
