"""Lifecycle rules, as buckets keep them and as answers tell of them."""

from __future__ import annotations

import datetime

import pytest

MALFORMED = {
    "Code": "MalformedXML",
    "Message": "The XML you provided was not well-formed or did not validate against our published schema",
    "Status": 400,
}


@pytest.fixture
def rules(s3, bucket):
    """Sets the bucket's rules, each enabled and with a filter unless it says otherwise."""

    def put(*given, **more):
        made = [{"Status": "Enabled", **({} if "Prefix" in rule else {"Filter": {}}), **rule} for rule in given]
        return s3.put_bucket_lifecycle_configuration(Bucket=bucket, LifecycleConfiguration={"Rules": made}, **more)

    return put


def test_rules_come_and_go(s3, bucket, rules, refused):
    none = {
        "Code": "NoSuchLifecycleConfiguration",
        "Message": "The lifecycle configuration does not exist",
        "BucketName": bucket,
        "Status": 404,
    }
    assert refused(s3.get_bucket_lifecycle_configuration, Bucket=bucket) == none
    rules({"ID": "one", "Expiration": {"Days": 7}, "Filter": {"Prefix": ""}})
    found = s3.get_bucket_lifecycle_configuration(Bucket=bucket)
    assert found["Rules"] == [{"ID": "one", "Expiration": {"Days": 7}, "Filter": {"Prefix": ""}, "Status": "Enabled"}]
    assert s3.delete_bucket_lifecycle(Bucket=bucket)["ResponseMetadata"]["HTTPStatusCode"] == 204
    assert refused(s3.get_bucket_lifecycle_configuration, Bucket=bucket) == none


def test_a_date_comes_back_as_it_was(s3, bucket, rules):
    date = datetime.datetime(2035, 1, 1, tzinfo=datetime.timezone.utc)
    rules({"ID": "one", "Expiration": {"Date": date}})
    (found,) = s3.get_bucket_lifecycle_configuration(Bucket=bucket)["Rules"]
    assert found == {"ID": "one", "Expiration": {"Date": date}, "Filter": {}, "Status": "Enabled"}


def test_a_rule_without_an_id_is_given_one(s3, bucket, rules):
    rules({"Expiration": {"Days": 7}}, {"Expiration": {"Days": 9}})
    found = s3.get_bucket_lifecycle_configuration(Bucket=bucket)["Rules"]
    assert len({rule["ID"] for rule in found}) == 2


@pytest.mark.parametrize("value", ["varies_by_storage_class", "all_storage_classes_128K", None])
def test_how_small_objects_move_is_told(s3, bucket, rules, value):
    made = rules({"Expiration": {"Days": 7}}, **({"TransitionDefaultMinimumObjectSize": value} if value else {}))
    wanted = value or "all_storage_classes_128K"
    assert made["TransitionDefaultMinimumObjectSize"] == wanted
    found = s3.get_bucket_lifecycle_configuration(Bucket=bucket)
    assert found["TransitionDefaultMinimumObjectSize"] == wanted


def test_how_small_objects_move_is_one_of_two(bucket, s3, refused):
    found = refused(
        s3.put_bucket_lifecycle_configuration,
        Bucket=bucket,
        LifecycleConfiguration={"Rules": [{"Status": "Enabled", "Filter": {}, "Expiration": {"Days": 7}}]},
        TransitionDefaultMinimumObjectSize="value",
    )
    assert found == {
        "Code": "InvalidRequest",
        "Message": "Invalid TransitionDefaultMinimumObjectSize found: value",
        "Status": 400,
    }


NOW = datetime.datetime(2035, 1, 1, 12, tzinfo=datetime.timezone.utc)


@pytest.mark.parametrize(
    ("rule", "code", "message"),
    [
        ({"Expiration": {}}, "MalformedXML", MALFORMED["Message"]),
        ({"Expiration": {"Days": 1, "ExpiredObjectDeleteMarker": True}}, "MalformedXML", MALFORMED["Message"]),
        ({"Status": "Perhaps", "Expiration": {"Days": 1}}, "MalformedXML", MALFORMED["Message"]),
        (
            {"Expiration": {"Days": 1}, "Filter": {"Prefix": "a", "ObjectSizeLessThan": 5}},
            "MalformedXML",
            MALFORMED["Message"],
        ),
        (
            {"Transitions": [{"Days": 30, "StorageClass": "STANDARD"}]},
            "MalformedXML",
            MALFORMED["Message"],
        ),
        ({}, "InvalidRequest", "At least one action needs to be specified in a rule"),
        (
            {"Expiration": {"Days": 0}},
            "InvalidArgument",
            "'Days' for Expiration action must be a positive integer",
        ),
        ({"Expiration": {"Date": NOW}}, "InvalidArgument", "'Date' must be at midnight GMT"),
        (
            {"NoncurrentVersionExpiration": {"NoncurrentDays": 0}},
            "InvalidArgument",
            "'NoncurrentDays' for NoncurrentVersionExpiration action must be a positive integer",
        ),
        (
            {"Transitions": [{"Days": 29, "StorageClass": "STANDARD_IA"}]},
            "InvalidArgument",
            "'Days' in Transition action must be greater than or equal to 30 for storageClass 'STANDARD_IA'",
        ),
        (
            {
                "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 1},
                "Filter": {"Tag": {"Key": "a", "Value": "b"}},
            },
            "InvalidRequest",
            "AbortIncompleteMultipartUpload cannot be specified with Tags.",
        ),
        (
            {"ID": "x" * 256, "Expiration": {"Days": 1}},
            "InvalidArgument",
            "ID length should not exceed allowed limit of 255",
        ),
    ],
)
def test_rules_that_can_not_be_are_refused(s3, bucket, refused, rule, code, message):
    given = {"Rules": [{"Status": "Enabled", "Filter": {}, **rule}]}
    found = refused(s3.put_bucket_lifecycle_configuration, Bucket=bucket, LifecycleConfiguration=given)
    assert (found["Code"], found["Message"], found["Status"]) == (code, message, 400)


def test_rules_have_ids_of_their_own(rules, s3, bucket, refused):
    rule = {"ID": "same", "Status": "Enabled", "Filter": {}, "Expiration": {"Days": 1}}
    found = refused(
        s3.put_bucket_lifecycle_configuration, Bucket=bucket, LifecycleConfiguration={"Rules": [rule, rule]}
    )
    assert found["Message"] == "Rule ID must be unique. Found same ID for more than one rule"


def test_no_rules_are_malformed(s3, bucket, refused):
    found = refused(s3.put_bucket_lifecycle_configuration, Bucket=bucket, LifecycleConfiguration={"Rules": []})
    assert found == MALFORMED


# -- what answers tell -----------------------------------------------------------------------------------------------


def expiry(aws, days, rule):
    date = (aws.clock.now() + datetime.timedelta(days=days + 1)).replace(hour=0, minute=0, second=0)
    return f'expiry-date="{date:%a, %d %b %Y} 00:00:00 GMT", rule-id="{rule}"'


def test_objects_tell_when_they_expire(s3, bucket, rules, aws):
    assert "Expiration" not in s3.put_object(Bucket=bucket, Key="before", Body=b"test")
    rules({"ID": "rule3", "Expiration": {"Days": 7}})
    made = s3.put_object(Bucket=bucket, Key="after", Body=b"test")
    assert made["Expiration"] == expiry(aws, 7, "rule3")
    for key in ("before", "after"):
        assert s3.head_object(Bucket=bucket, Key=key)["Expiration"] == expiry(aws, 7, "rule3")
        assert s3.get_object(Bucket=bucket, Key=key)["Expiration"] == expiry(aws, 7, "rule3")


def test_the_rule_that_comes_first_in_time_is_told(s3, bucket, rules, aws):
    rules(
        {"ID": "rule_one", "Expiration": {"Days": 9}, "Filter": {"Prefix": "testobject"}},
        {"ID": "rule_two", "Expiration": {"Days": 5}, "Filter": {"Prefix": "test"}},
        {"ID": "rule_three", "Expiration": {"Days": 7}, "Filter": {"Prefix": "t"}},
    )
    assert s3.put_object(Bucket=bucket, Key="testobject")["Expiration"] == expiry(aws, 5, "rule_two")
    assert s3.put_object(Bucket=bucket, Key="try")["Expiration"] == expiry(aws, 7, "rule_three")
    assert "Expiration" not in s3.put_object(Bucket=bucket, Key="other")


def test_rules_choose_by_size_and_tags(s3, bucket, rules, aws):
    tags = [{"Key": "a", "Value": "1"}, {"Key": "b", "Value": "2"}]
    rules(
        {"ID": "large", "Expiration": {"Days": 20}, "Filter": {"ObjectSizeGreaterThan": 20}},
        {"ID": "small", "Expiration": {"Days": 10}, "Filter": {"ObjectSizeLessThan": 10}},
        {"ID": "tagged", "Expiration": {"Days": 3}, "Filter": {"And": {"Prefix": "x", "Tags": tags}}},
    )
    for body, wanted in (
        (b"a" * 22, expiry(aws, 20, "large")),
        (b"a" * 9, expiry(aws, 10, "small")),
        (b"a" * 15, None),
    ):
        assert s3.put_object(Bucket=bucket, Key="k", Body=body).get("Expiration") == wanted
    assert s3.put_object(Bucket=bucket, Key="x", Body=b"a" * 15, Tagging="a=1&b=2")["Expiration"] == expiry(
        aws, 3, "tagged"
    )
    assert "Expiration" not in s3.put_object(Bucket=bucket, Key="x", Body=b"a" * 15, Tagging="a=1")


def test_uploads_tell_when_they_are_aborted(s3, bucket, rules, aws):
    rules({"ID": "stop", "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 2}})
    made = s3.create_multipart_upload(Bucket=bucket, Key="k")
    assert made["AbortRuleId"] == "stop"
    assert datetime.timedelta(days=2) <= made["AbortDate"] - aws.clock.now() <= datetime.timedelta(days=3)
    listed = s3.list_parts(Bucket=bucket, Key="k", UploadId=made["UploadId"])
    assert (listed["AbortRuleId"], listed["AbortDate"]) == ("stop", made["AbortDate"])


# -- the first form --------------------------------------------------------------------------------------------------


def test_the_first_form_sets_and_reads_the_same_rules(s3, bucket):
    rule = {
        "ID": "one",
        "Prefix": "logs/",
        "Status": "Enabled",
        "Expiration": {"Days": 90},
        "Transition": {"Days": 30, "StorageClass": "GLACIER"},
    }
    s3.put_bucket_lifecycle(Bucket=bucket, LifecycleConfiguration={"Rules": [rule]})
    assert s3.get_bucket_lifecycle(Bucket=bucket)["Rules"] == [rule]
    (newer,) = s3.get_bucket_lifecycle_configuration(Bucket=bucket)["Rules"]
    assert newer["Transitions"] == [{"Days": 30, "StorageClass": "GLACIER"}]
