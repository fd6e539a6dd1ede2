"""The bucket that tells how spot instances were used: one an account."""

from __future__ import annotations

from typing import Any

from sundog.api import ec2 as api
from sundog.core import AwsError, Key, Record, Tx, op, record


@record(scope="account")
class SpotDatafeed(Record):
    """The account's subscription."""

    owner_id: Key[str]
    bucket: str
    prefix: str = ""
    state: str = "Active"


@op
def create_spot_datafeed_subscription(
    tx: Tx, req: api.CreateSpotDatafeedSubscriptionRequest
) -> api.CreateSpotDatafeedSubscriptionResult:
    """Subscribe, in place of what was subscribed before."""
    try:
        tx.call("s3", "GetBucketLocation", bucket=req.bucket)
    except AwsError as error:
        if error.status != 501:
            raise AwsError("InvalidBucket.NotFound", f"The bucket '{req.bucket}' does not exist") from None
    known = tx.find(SpotDatafeed, tx.account)
    if known is not None:
        tx.delete(known)
    row = tx.add(SpotDatafeed(owner_id=tx.account, bucket=req.bucket, prefix=req.prefix or ""))
    return api.CreateSpotDatafeedSubscriptionResult(spot_datafeed_subscription=row)


@op
def describe_spot_datafeed_subscription(
    tx: Tx, req: api.DescribeSpotDatafeedSubscriptionRequest
) -> api.DescribeSpotDatafeedSubscriptionResult:
    """Show the subscription."""
    row = tx.find(SpotDatafeed, tx.account)
    if row is None:
        raise AwsError("InvalidSpotDatafeed.NotFound", "Spot datafeed subscription does not exist.")
    return api.DescribeSpotDatafeedSubscriptionResult(spot_datafeed_subscription=row)


@op
def delete_spot_datafeed_subscription(tx: Tx, req: api.DeleteSpotDatafeedSubscriptionRequest) -> Any:
    """End the subscription, if there is one."""
    row = tx.find(SpotDatafeed, tx.account)
    if row is not None:
        tx.delete(row)
