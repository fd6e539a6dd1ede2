"""The many configurations that a bucket keeps and gives back."""

from __future__ import annotations

import pytest

MALFORMED = {
    "Code": "MalformedXML",
    "Message": "The XML you provided was not well-formed or did not validate against our published schema",
    "Status": 400,
}
UNKNOWN = {
    "Code": "NoSuchConfiguration",
    "Message": "The specified configuration does not exist.",
    "Status": 404,
}


def answer(found):
    return {name: value for name, value in found.items() if name != "ResponseMetadata"}


def status(found):
    return found["ResponseMetadata"]["HTTPStatusCode"]


# -- acceleration, payment, logging ----------------------------------------------------------------------------------


def test_acceleration_is_unsaid_enabled_or_suspended(s3, bucket, refused):
    assert answer(s3.get_bucket_accelerate_configuration(Bucket=bucket)) == {}
    for value in ("Enabled", "Suspended"):
        s3.put_bucket_accelerate_configuration(Bucket=bucket, AccelerateConfiguration={"Status": value})
        assert answer(s3.get_bucket_accelerate_configuration(Bucket=bucket)) == {"Status": value}
    given = {"AccelerateConfiguration": {"Status": "enabled"}}
    assert refused(s3.put_bucket_accelerate_configuration, Bucket=bucket, **given) == MALFORMED


def test_names_with_dots_are_not_accelerated(s3, refused):
    s3.create_bucket(Bucket="with.dots")
    given = {"AccelerateConfiguration": {"Status": "Enabled"}}
    assert refused(s3.put_bucket_accelerate_configuration, Bucket="with.dots", **given) == {
        "Code": "InvalidRequest",
        "Message": "S3 Transfer Acceleration is not supported for buckets with periods (.) in their names",
        "Status": 400,
    }


def test_the_owner_pays_until_the_requester_does(s3, bucket, refused):
    assert s3.get_bucket_request_payment(Bucket=bucket)["Payer"] == "BucketOwner"
    s3.put_bucket_request_payment(Bucket=bucket, RequestPaymentConfiguration={"Payer": "Requester"})
    assert s3.get_bucket_request_payment(Bucket=bucket)["Payer"] == "Requester"
    given = {"RequestPaymentConfiguration": {"Payer": "Random"}}
    assert refused(s3.put_bucket_request_payment, Bucket=bucket, **given) == MALFORMED


def test_logging_is_switched_on_and_off(s3, bucket):
    s3.create_bucket(Bucket="logs")
    assert answer(s3.get_bucket_logging(Bucket=bucket)) == {}
    enabled = {"LoggingEnabled": {"TargetBucket": "logs", "TargetPrefix": "log"}}
    assert status(s3.put_bucket_logging(Bucket=bucket, BucketLoggingStatus=enabled)) == 200
    assert answer(s3.get_bucket_logging(Bucket=bucket)) == enabled
    s3.put_bucket_logging(Bucket=bucket, BucketLoggingStatus={})
    assert answer(s3.get_bucket_logging(Bucket=bucket)) == {}


def test_logs_go_to_a_bucket_that_is_there(s3, bucket, refused):
    given = {"BucketLoggingStatus": {"LoggingEnabled": {"TargetBucket": "nothing", "TargetPrefix": "log"}}}
    found = refused(s3.put_bucket_logging, Bucket=bucket, **given)
    assert (found["Code"], found["TargetBucket"]) == ("InvalidTargetBucketForLogging", "nothing")
    assert found["Message"] == "The target bucket for logging does not exist"


def test_logs_stay_in_their_region(s3, client, bucket, refused):
    for region in ("us-west-2", "eu-west-1"):
        where = {"CreateBucketConfiguration": {"LocationConstraint": region}}
        client(region).create_bucket(Bucket=f"in-{region}", **where)
    wanted = {
        "Code": "CrossLocationLoggingProhibitted",
        "Message": "Cross S3 location logging not allowed. ",
        "TargetBucketLocation": "us-west-2",
        "Status": 403,
    }
    given = {"BucketLoggingStatus": {"LoggingEnabled": {"TargetBucket": "in-us-west-2", "TargetPrefix": ""}}}
    assert refused(s3.put_bucket_logging, Bucket=bucket, **given) == wanted
    found = refused(client("eu-west-1").put_bucket_logging, Bucket="in-eu-west-1", **given)
    assert found == {**wanted, "SourceBucketLocation": "eu-west-1"}


def test_tags_count_in_policies_if_they_are_to(s3, bucket):
    assert s3.get_bucket_abac(Bucket=bucket)["AbacStatus"] == {"Status": "Disabled"}
    s3.put_bucket_abac(Bucket=bucket, AbacStatus={"Status": "Enabled"})
    assert s3.get_bucket_abac(Bucket=bucket)["AbacStatus"] == {"Status": "Enabled"}


# -- configurations that a bucket has many of, by id -----------------------------------------------------------------


def target(bucket):
    return {"S3BucketDestination": {"Bucket": f"arn:aws:s3:::{bucket}", "Format": "CSV"}}


def inventory(bucket, name):
    return {
        "Destination": target(bucket),
        "IsEnabled": True,
        "Id": name,
        "IncludedObjectVersions": "All",
        "OptionalFields": ["Size", "ETag"],
        "Schedule": {"Frequency": "Daily"},
    }


def analytics(bucket, name):
    export = {"OutputSchemaVersion": "V_1", "Destination": target(bucket)}
    return {"Id": name, "Filter": {"Prefix": "a/"}, "StorageClassAnalysis": {"DataExport": export}}


def metrics(bucket, name):
    return {"Id": name, "Filter": {"Prefix": "logs/prefix"}}


def tiering(bucket, name):
    return {"Id": name, "Status": "Enabled", "Tierings": [{"Days": 90, "AccessTier": "ARCHIVE_ACCESS"}]}


KINDS = [
    (
        "put_bucket_inventory_configuration",
        "get_bucket_inventory_configuration",
        "delete_bucket_inventory_configuration",
        "list_bucket_inventory_configurations",
        "InventoryConfiguration",
        inventory,
        204,
    ),
    (
        "put_bucket_analytics_configuration",
        "get_bucket_analytics_configuration",
        "delete_bucket_analytics_configuration",
        "list_bucket_analytics_configurations",
        "AnalyticsConfiguration",
        analytics,
        200,
    ),
    (
        "put_bucket_metrics_configuration",
        "get_bucket_metrics_configuration",
        "delete_bucket_metrics_configuration",
        "list_bucket_metrics_configurations",
        "MetricsConfiguration",
        metrics,
        204,
    ),
    (
        "put_bucket_intelligent_tiering_configuration",
        "get_bucket_intelligent_tiering_configuration",
        "delete_bucket_intelligent_tiering_configuration",
        "list_bucket_intelligent_tiering_configurations",
        "IntelligentTieringConfiguration",
        tiering,
        200,
    ),
]


class Kind:
    """The four operations on one kind of configuration."""

    def __init__(self, s3, bucket, put, get, delete, list_, member, make, made):
        self.member, self.make, self.made = member, make, made
        self.put, self.get = getattr(s3, put), getattr(s3, get)
        self.delete, self.list = getattr(s3, delete), getattr(s3, list_)
        self.bucket = bucket

    def add(self, name, **changes):
        given = {**self.make(self.bucket, name), **changes}
        return self.put(Bucket=self.bucket, Id=name, **{self.member: given})


@pytest.fixture(params=KINDS, ids=[kind[4] for kind in KINDS])
def kind(request, s3, bucket):
    return Kind(s3, bucket, *request.param)


def test_a_configuration_comes_back_by_its_id(kind, bucket):
    assert status(kind.add("first")) == kind.made
    assert kind.get(Bucket=bucket, Id="first")[kind.member] == kind.make(bucket, "first")


def test_configurations_are_listed_by_id(kind, bucket):
    assert answer(kind.list(Bucket=bucket)) == {"IsTruncated": False}
    for name in ("z-test", "a-test", "test-1"):
        kind.add(name)
    wanted = [kind.make(bucket, name) for name in ("a-test", "test-1", "z-test")]
    assert answer(kind.list(Bucket=bucket)) == {"IsTruncated": False, f"{kind.member}List": wanted}
    assert status(kind.delete(Bucket=bucket, Id="z-test")) == 204
    assert kind.list(Bucket=bucket)[f"{kind.member}List"] == wanted[:2]


def test_a_removed_configuration_is_unknown(kind, bucket, refused):
    kind.add("first")
    kind.delete(Bucket=bucket, Id="first")
    assert refused(kind.get, Bucket=bucket, Id="first") == UNKNOWN
    assert refused(kind.delete, Bucket=bucket, Id="first") == UNKNOWN


def test_the_id_is_said_twice_alike(kind, bucket, refused):
    given = {kind.member: kind.make(bucket, "one")}
    found = refused(kind.put, Bucket=bucket, Id="other", **given)
    assert (found["Code"], found["Status"]) == ("InvalidArgument", 400)


def test_a_configuration_is_replaced_by_its_id(s3, bucket):
    for prefix in ("logs/prefix", "logs/new-prefix"):
        given = {"MetricsConfiguration": {"Id": "m", "Filter": {"Prefix": prefix}}}
        assert status(s3.put_bucket_metrics_configuration(Bucket=bucket, Id="m", **given)) == 204
    found = s3.get_bucket_metrics_configuration(Bucket=bucket, Id="m")["MetricsConfiguration"]
    assert found == {"Id": "m", "Filter": {"Prefix": "logs/new-prefix"}}
    assert len(s3.list_bucket_metrics_configurations(Bucket=bucket)["MetricsConfigurationList"]) == 1


def test_configurations_are_listed_a_hundred_at_a_time(kind, bucket):
    for number in range(102):
        kind.add(f"{number:03d}")
    first = kind.list(Bucket=bucket)
    assert (len(first[f"{kind.member}List"]), first["IsTruncated"]) == (100, True)
    token = first["NextContinuationToken"]
    rest = answer(kind.list(Bucket=bucket, ContinuationToken=token))
    wanted = [kind.make(bucket, name) for name in ("100", "101")]
    assert rest == {"IsTruncated": False, "ContinuationToken": token, f"{kind.member}List": wanted}
