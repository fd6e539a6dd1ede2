"""Encryption as requests and buckets ask for it: S3's keys, KMS's, and keys that clients keep."""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
import uuid
from typing import Any

from sundog.api import s3 as api
from sundog.core import AwsError, Tx, op, parse_arn
from sundog.core.op import find_handler
from sundog.core.structure import plain
from sundog.services.s3 import errors
from sundog.services.s3.body import check_body
from sundog.services.s3.place import bucket_of
from sundog.services.s3.state import SSE_S3, Bucket, Encryption, Object

KMS = ("aws:kms", "aws:kms:dsse")
_ALGORITHMS = ("AES256", *KMS, "aws:fsx")
_KEY_ID = re.compile(r"(?:mrk-)?[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}\Z")
DEFAULT = {"Rules": [{"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}, "BucketKeyEnabled": False}]}


def customer_key(req: Any, prefix: str = "sse_customer_") -> str | None:
    """The MD5 of the key that the client sends along; None if it sends none."""
    algorithm, key, md5 = (getattr(req, prefix + name) for name in ("algorithm", "key", "key_md5"))
    if algorithm is None and key is None and md5 is None:
        return None
    name = "x-amz-server-side-encryption"
    if algorithm is None:
        message = (
            "Requests specifying Server Side Encryption with Customer provided keys must provide a valid encryption "
            "algorithm."
        )
        raise errors.argument(name + "-customer-algorithm", None, message)
    if algorithm != "AES256":
        message = "The Encryption request you specified is not valid. Supported value: AES256."
        raise AwsError(
            "InvalidEncryptionAlgorithmError", message, 400, {"ArgumentName": name, "ArgumentValue": algorithm}
        )
    if key is None:
        message = (
            "Requests specifying Server Side Encryption with Customer provided keys must provide an appropriate secret "
            "key."
        )
        raise errors.argument(name + "-customer-key", None, message)
    try:
        secret = base64.b64decode(key, validate=True)
    except (binascii.Error, ValueError):
        secret = b""
    if len(secret) != 32:
        raise errors.argument(name, ..., "The secret key was invalid for the specified algorithm.")
    digest = base64.b64encode(hashlib.md5(secret, usedforsecurity=False).digest()).decode()
    if md5 is None:
        raise errors.denied(
            "Requests specifying Server Side Encryption with Customer provided keys must provide "
            "the correct secret key."
        )
    if md5 != digest:
        raise errors.argument(name, ..., "The calculated MD5 hash of the key did not match the hash that was provided.")
    return digest


def check_access(row: Object, req: Any, prefix: str = "sse_customer_") -> None:
    """Refuse who doesn't bring the key that the object was stored with."""
    if row.encryption.customer_md5 is None:
        if customer_key(req, prefix) is not None:
            raise errors.invalid("The encryption parameters are not applicable to this object.")
        return
    if getattr(req, prefix + "algorithm") is None:
        raise errors.invalid(
            "The object was stored using a form of Server Side Encryption. The correct parameters must be provided to "
            "retrieve the object."
        )
    if customer_key(req, prefix) != row.encryption.customer_md5:
        raise errors.denied(
            "Requests specifying Server Side Encryption with Customer provided keys must provide "
            "the correct secret key."
        )


def for_new_object(tx: Tx, bucket: Bucket, req: Any) -> Encryption:
    """How what the request brings is encrypted: as it says, else as the bucket says."""
    md5 = customer_key(req) if "sse_customer_algorithm" in req.wire_ else None
    algorithm, key_id = req.server_side_encryption, req.ssekms_key_id
    if md5 is not None:
        if algorithm is not None:
            message = (
                "Server Side Encryption with Customer provided key is incompatible with the encryption method specified"
            )
            raise errors.argument("x-amz-server-side-encryption", algorithm, message)
        return Encryption(None, customer_md5=md5)
    bucket_key = req.bucket_key_enabled
    context = req.ssekms_encryption_context
    if algorithm is not None and algorithm not in _ALGORITHMS:
        message = "The encryption method specified is not supported"
        raise errors.argument("x-amz-server-side-encryption", algorithm, message)
    if key_id is not None and algorithm not in KMS:
        message = (
            "Server Side Encryption with AWS KMS managed key requires HTTP header "
            "x-amz-server-side-encryption : aws:kms"
        )
        raise errors.argument("x-amz-server-side-encryption", algorithm, message)
    rule = default_rule(bucket)
    if algorithm is None:
        algorithm = rule.get("SSEAlgorithm", "AES256")
        key_id = rule.get("KMSMasterKeyID")
        if bucket_key is None:
            bucket_key = rule.get("BucketKeyEnabled")
    elif algorithm in KMS and bucket_key is None and rule.get("SSEAlgorithm") in KMS:
        bucket_key = rule.get("BucketKeyEnabled")
    if algorithm not in KMS:
        return SSE_S3 if algorithm == "AES256" else Encryption(algorithm)
    return Encryption(algorithm, kms_key(tx, bucket, key_id), bool(bucket_key) and algorithm == "aws:kms", context)


def default_rule(bucket: Bucket) -> dict[str, Any]:
    """The bucket's default encryption, its parts on one level."""
    configured = bucket.configuration.get("encryption")
    if not configured or not configured.get("Rules"):
        return {}
    first = configured["Rules"][0]
    return {**first.get("ApplyServerSideEncryptionByDefault", {}), "BucketKeyEnabled": first.get("BucketKeyEnabled")}


def kms_key(tx: Tx, bucket: Bucket, key_id: str | None) -> str:
    """The ARN of a KMS key, which must be there if KMS is emulated here."""
    inside = tx.in_(region=bucket.region)
    if key_id is not None and key_id.startswith("arn:"):
        parsed = parse_arn(key_id)
        if parsed is None or parsed.region != bucket.region:
            where = parsed.region if parsed is not None else key_id
            raise AwsError("KMS.NotFoundException", f"Invalid arn {where}")
    wanted = key_id or "alias/aws/s3"
    if find_handler("kms", "describe_key") is not None:
        return _described(inside, wanted)
    if wanted.startswith("arn:"):
        return wanted
    if wanted == "alias/aws/s3":
        wanted = str(uuid.uuid5(uuid.NAMESPACE_URL, f"aws/s3/{tx.account}/{bucket.region}"))
    return inside.arn(wanted if wanted.startswith("alias/") else f"key/{wanted}", service="kms")


def _described(tx: Tx, wanted: str) -> str:
    try:
        metadata = tx.call("kms", "DescribeKey", key_id=wanted).key_metadata
    except AwsError as error:
        if error.code not in ("NotFoundException", "InvalidArnException", "ValidationException"):
            raise
        if wanted.startswith(("arn:", "alias/")):
            message = error.message
        elif not _KEY_ID.match(wanted):
            message = f"Invalid keyId '{wanted}'"
        else:
            message = f"Key '{tx.arn(f'key/{wanted}', service='kms')}' does not exist"
        raise AwsError("KMS.NotFoundException", message) from None
    if metadata.key_state == "Disabled":
        raise AwsError("KMS.DisabledException", f"{metadata.arn} is disabled.")
    if metadata.key_state == "PendingDeletion":
        raise AwsError("KMS.KMSInvalidStateException", f"{metadata.arn} is pending deletion.")
    return metadata.arn


@op
def put_bucket_encryption(tx: Tx, req: api.PutBucketEncryptionRequest) -> None:
    """Set how new objects are encrypted."""
    bucket = bucket_of(tx, req)
    check_body(tx, req)
    rules = req.server_side_encryption_configuration.rules
    if not rules or len(rules) > 1:
        raise errors.malformed()
    default = rules[0].apply_server_side_encryption_by_default
    if default is not None:
        if default.sse_algorithm not in _ALGORITHMS:
            raise errors.malformed()
        if default.sse_algorithm == "AES256" and default.kms_master_key_id is not None:
            raise errors.argument(
                "ApplyServerSideEncryptionByDefault",
                ...,
                "a KMSMasterKeyID is not applicable if the default sse algorithm is not aws:kms or aws:kms:dsse",
            )
    made = plain(req.server_side_encryption_configuration)
    made["Rules"][0].setdefault("BucketKeyEnabled", False)
    tx.update(bucket, configuration={**bucket.configuration, "encryption": made})


@op
def get_bucket_encryption(tx: Tx, req: api.GetBucketEncryptionRequest) -> api.GetBucketEncryptionOutput:
    """How new objects are encrypted: with S3's keys if nothing else was said."""
    bucket = bucket_of(tx, req)
    return api.GetBucketEncryptionOutput(
        server_side_encryption_configuration=bucket.configuration.get("encryption", DEFAULT)
    )


@op
def delete_bucket_encryption(tx: Tx, req: api.DeleteBucketEncryptionRequest) -> None:
    """Go back to S3's own keys."""
    bucket = bucket_of(tx, req)
    rest = {name: value for name, value in bucket.configuration.items() if name != "encryption"}
    tx.update(bucket, configuration=rest)
