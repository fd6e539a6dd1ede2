"""Buckets: made, seen, listed and removed."""

from __future__ import annotations

import re

from sundog.api import s3 as api
from sundog.core import AwsError, Rows, Tx, op
from sundog.core.access import canonical_id
from sundog.services.s3 import acl, errors, tagging
from sundog.services.s3.place import bucket_of
from sundog.services.s3.state import Bucket, Object

_NAME = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]\Z")
_ADDRESS = re.compile(r"\d+\.\d+\.\d+\.\d+\Z")
_DIRECTORY = re.compile(r"[a-z0-9][a-z0-9-]*--([a-z0-9-]+-az\d+)--x-s3\Z")
_REGION = re.compile(r"[a-z]{2,5}(?:-[a-z]+)+-\d\Z")
_ENDINGS = ("-s3alias", "--ol-s3", ".mrap", "--x-s3", "--table-s3", "-an--x")
BLOCKED = {"BlockPublicAcls": True, "IgnorePublicAcls": True, "BlockPublicPolicy": True, "RestrictPublicBuckets": True}


def check_name(name: str) -> None:
    """Refuse what can't name a bucket."""
    if (
        not _NAME.match(name)
        or ".." in name
        or _ADDRESS.match(name)
        or name.startswith(("xn--", "sthree-"))
        or (name.endswith(_ENDINGS) and not _DIRECTORY.match(name))
    ):
        raise errors.fault("InvalidBucketName", "The specified bucket is not valid.", 400, BucketName=name)


def _location(tx: Tx, req: api.CreateBucketRequest) -> str:
    """The region in which the bucket comes to lie."""
    configuration = req.create_bucket_configuration
    wanted = configuration.location_constraint if configuration is not None else None
    if configuration is not None and configuration.location is not None:
        return tx.region
    # Some programs sign for a place of their own ("US") when the endpoint isn't AWS's.
    here = tx.region if _REGION.match(tx.region) else "us-east-1"
    if tx.profile is not None:
        return here  # there, an endpoint is all it takes
    if here == "us-east-1":
        if not wanted:
            return here
        if wanted == "EU":
            return "eu-west-1"
        if wanted == "us-east-1" or not _REGION.match(wanted):
            message = "The specified location-constraint is not valid"
            raise errors.fault("InvalidLocationConstraint", message, 400, LocationConstraint=wanted)
        return wanted
    if ("eu-west-1" if wanted == "EU" and here == "eu-west-1" else wanted) == here:
        return here
    raise AwsError(
        "IllegalLocationConstraintException",
        f"The {wanted or 'unspecified'} location constraint is incompatible for the region specific endpoint this "
        "request was sent to.",
    )


@op
def create_bucket(tx: Tx, req: api.CreateBucketRequest) -> api.CreateBucketOutput:
    """Make a bucket. In us-east-1 its owner may make it again, which changes nothing."""
    name = req.bucket
    check_name(name)
    configuration = req.create_bucket_configuration
    tags = tagging.bucket_tags(configuration.tags, creating=True) if configuration is not None else {}
    region = _location(tx, req)
    ownership = req.object_ownership or "BucketOwnerEnforced"
    if ownership not in acl.OWNERSHIPS:
        raise errors.argument(
            "x-amz-object-ownership", ownership, f"Invalid x-amz-object-ownership header: {ownership}"
        )
    grants = acl.from_request(tx, req, tx.account)
    if grants is not None and ownership == "BucketOwnerEnforced" and not acl.is_private(grants, tx.account):
        raise AwsError(
            "InvalidBucketAclWithObjectOwnership",
            "Bucket cannot have ACLs set with ObjectOwnership's BucketOwnerEnforced setting",
        )
    arn = tx.arn(name, region="", account="")
    found = tx.find(Bucket, name)
    if found is not None:
        if found.account != tx.account:
            message = (
                "The requested bucket name is not available. The bucket namespace is shared by all "
                "users of the system. "
                "Please select a different name and try again."
            )
            raise errors.fault("BucketAlreadyExists", message, 409, BucketName=name)
        if tx.region != "us-east-1" or found.region != "us-east-1" or tags:
            message = "Your previous request to create the named bucket succeeded and you already own it."
            raise errors.fault("BucketAlreadyOwnedByYou", message, 409, BucketName=name)
        return api.CreateBucketOutput(location=f"/{name}", bucket_arn=arn)
    locked = bool(req.object_lock_enabled_for_bucket)
    settings = {"ownership": ownership, "public_access_block": dict(BLOCKED)}
    bucket = Bucket(
        name=name,
        account=tx.account,
        region=region,
        created=tx.now.replace(microsecond=0),
        versioning="Enabled" if locked else None,
        object_lock=locked,
        acl=grants or acl.private(tx.account),
        tags=tags,
        configuration=settings,
        namespace=req.bucket_namespace,
    )
    if configuration is not None and (configuration.bucket is not None or configuration.location is not None):
        bucket = _directory(tx, bucket, configuration)
    tx.add(bucket)
    where = f"/{name}" if region == "us-east-1" else f"http://{name}.s3.{tx.dns_suffix}/"
    return api.CreateBucketOutput(location=where, bucket_arn=arn)


def _directory(tx: Tx, bucket: Bucket, configuration: api.CreateBucketConfiguration) -> Bucket:
    """The bucket as a directory bucket, which lives in one zone."""
    import msgspec

    info, location = configuration.bucket, configuration.location
    found = _DIRECTORY.match(bucket.name)
    if info is not None and info.type != "Directory":
        raise errors.malformed()
    if location is None or not location.name or info is None or found is None or found[1] != location.name:
        raise errors.fault("InvalidBucketName", "The specified bucket is not valid.", 400, BucketName=bucket.name)
    return msgspec.structs.replace(
        bucket,
        directory=True,
        zone=location.name,
        zone_type=location.type or "AvailabilityZone",
        redundancy=info.data_redundancy or "SingleAvailabilityZone",
    )


@op
def head_bucket(tx: Tx, req: api.HeadBucketRequest) -> api.HeadBucketOutput:
    """Whether a bucket is there, and where."""
    bucket = bucket_of(tx, req)
    tx.entry.headers = {"content-type": "application/xml"}
    return api.HeadBucketOutput(
        bucket_region=bucket.region,
        bucket_arn=tx.arn(bucket.name, region="", account=""),
        access_point_alias=bucket.name != req.bucket,
        bucket_location_type=bucket.zone_type,
        bucket_location_name=bucket.zone,
    )


@op
def get_bucket_location(tx: Tx, req: api.GetBucketLocationRequest) -> api.GetBucketLocationOutput:
    """The bucket's region, from wherever it is asked; none for us-east-1."""
    found = tx.find(Bucket, req.bucket)
    bucket = bucket_of(tx.in_(region=found.region) if found is not None else tx, req)
    return api.GetBucketLocationOutput(location_constraint=None if bucket.region == "us-east-1" else bucket.region)


@op
def list_buckets(tx: Tx, req: api.ListBucketsRequest) -> api.ListBucketsOutput:
    """The account's buckets by name."""
    if req.max_buckets is not None and not 1 <= req.max_buckets <= 10000:
        raise errors.argument(
            "max-buckets", req.max_buckets, "Argument max-buckets must be an integer between 1 and 10000"
        )
    detailed = any(
        value is not None for value in (req.max_buckets, req.continuation_token, req.prefix, req.bucket_region)
    )

    def view(bucket: Bucket) -> api.Bucket:
        return api.Bucket(
            name=bucket.name,
            creation_date=bucket.created,
            bucket_arn=tx.arn(bucket.name, region="", account=""),
            bucket_region=bucket.region if detailed else None,
        )

    rows: Rows[Bucket] = tx.select(Bucket, account=tx.account).where(lambda bucket: not bucket.directory)
    if req.prefix:
        prefix = req.prefix
        rows = rows.where(lambda bucket: bucket.name.startswith(prefix))
    if req.bucket_region is not None:
        region = req.bucket_region
        rows = rows.where(lambda bucket: bucket.region == region)
    return api.ListBucketsOutput(buckets=rows.map(view), owner=owner(tx.account), prefix=req.prefix)


def owner(account: str) -> api.Owner:
    return api.Owner(id=canonical_id(account))


@op
def list_directory_buckets(tx: Tx, req: api.ListDirectoryBucketsRequest) -> api.ListDirectoryBucketsOutput:
    """The account's directory buckets of the region by name."""
    rows = tx.select(Bucket, account=tx.account).where(lambda row: row.directory and row.region == tx.region)
    return api.ListDirectoryBucketsOutput(
        buckets=rows.map(
            lambda row: api.Bucket(
                name=row.name,
                creation_date=row.created,
                bucket_region=row.region,
                bucket_arn=tx.arn(f"bucket/{row.name}", service="s3express"),
            )
        )
    )


@op
def delete_bucket(tx: Tx, req: api.DeleteBucketRequest) -> None:
    """Remove a bucket, which must have no objects, no versions and no delete markers."""
    from sundog.services.s3.multipart import abort_all

    bucket = bucket_of(tx, req)
    if next(tx.range(Object, (bucket.name, b""), (bucket.name, b"\xff")), None) is not None:
        message = "The bucket you tried to delete is not empty"
        if bucket.versioning is not None:
            message += ". You must delete all versions in the bucket."
        raise errors.fault("BucketNotEmpty", message, 409, BucketName=bucket.name)
    abort_all(tx, bucket)
    tx.delete(bucket)
