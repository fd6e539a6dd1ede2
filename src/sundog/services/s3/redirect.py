"""Requests that reach a bucket's wrong region."""

from __future__ import annotations

from sundog.core import AwsError, Tx
from sundog.services.s3 import errors
from sundog.services.s3.state import Bucket


def check_region(tx: Tx, bucket: Bucket) -> None:
    """Send the client to the bucket's region, as AWS's own hosts do. A server of ours has all at one address."""
    request = tx.entry.http
    if request is None or tx.entry.kind != "call" or tx.entry.service != "s3":
        return
    host = tx.cloud.hosts.parse(request.host)
    if not host.aws:
        return
    error: AwsError
    if host.region is None and tx.region == "us-east-1":
        error = errors.fault(
            "AuthorizationHeaderMalformed",
            f"The authorization header is malformed; the region '{tx.region}' is wrong; expecting '{bucket.region}'",
            400,
            Region=bucket.region,
        )
    else:
        endpoint = f"s3.{bucket.region}.{tx.dns_suffix}"
        if host.rest:
            endpoint = f"{bucket.name}.{endpoint}"
        error = errors.fault(
            "PermanentRedirect",
            "The bucket you are attempting to access must be addressed using the specified endpoint. "
            "Please send all future requests to this endpoint.",
            301,
            Endpoint=endpoint,
            Bucket=bucket.name,
        )
    error.headers = {"x-amz-bucket-region": bucket.region}
    raise error
