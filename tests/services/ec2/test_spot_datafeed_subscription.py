from __future__ import annotations

import boto3


def test_an_account_subscribes_once(aws, ec2, fails):
    missing = ("InvalidSpotDatafeed.NotFound", "Spot datafeed subscription does not exist.")
    assert fails(ec2.describe_spot_datafeed_subscription) == missing
    assert fails(ec2.create_spot_datafeed_subscription, Bucket="nowhere")[0] == "InvalidBucket.NotFound"
    boto3.client("s3", "us-east-1").create_bucket(Bucket="feed")
    made = ec2.create_spot_datafeed_subscription(Bucket="feed", Prefix="p")["SpotDatafeedSubscription"]
    assert (made["Bucket"], made["Prefix"], made["State"]) == ("feed", "p", "Active")
    assert ec2.describe_spot_datafeed_subscription()["SpotDatafeedSubscription"] == made
    ec2.delete_spot_datafeed_subscription()
    assert fails(ec2.describe_spot_datafeed_subscription) == missing
