"""Metadata tables of buckets, and the encryption of objects changed in place."""

from __future__ import annotations

from sundog.api import s3 as api
from sundog.core import AwsError, Tx, op
from sundog.core.structure import plain
from sundog.services.s3 import errors
from sundog.services.s3.body import check_body
from sundog.services.s3.configuration import configured
from sundog.services.s3.encryption import kms_key
from sundog.services.s3.object_lock import is_retained, protected
from sundog.services.s3.place import bucket_of, object_of
from sundog.services.s3.state import Bucket, Encryption

_TABLES = (
    ("JournalTableConfiguration", "journal", "RecordExpiration"),
    ("InventoryTableConfiguration", "inventory", "ConfigurationState"),
    ("AnnotationTableConfiguration", "annotation", "ConfigurationState"),
)


def _missing() -> AwsError:
    return AwsError("MetadataConfigurationNotFound", "The metadata configuration does not exist.", 404)


@op
def create_bucket_metadata_configuration(tx: Tx, req: api.CreateBucketMetadataConfigurationRequest) -> None:
    """Have tables kept of the bucket's objects."""
    bucket = bucket_of(tx, req)
    check_body(tx, req)
    if "metadata" in bucket.configuration:
        raise AwsError("MetadataConfigurationExists", "A metadata configuration already exists on this bucket.", 409)
    configured(tx, bucket, "metadata", plain(req.metadata_configuration))


@op
def get_bucket_metadata_configuration(
    tx: Tx, req: api.GetBucketMetadataConfigurationRequest
) -> api.GetBucketMetadataConfigurationOutput:
    """Which tables are kept of the bucket's objects."""
    bucket = bucket_of(tx, req)
    given = bucket.configuration.get("metadata")
    if given is None:
        raise _missing()
    namespace = f"b_{bucket.name}"
    catalog = tx.in_(region=bucket.region).arn("bucket/aws-s3", service="s3tables")
    found: dict[str, object] = {
        "DestinationResult": {
            "TableBucketType": "aws",
            "TableBucketArn": catalog,
            "TableNamespace": namespace,
        }
    }
    for member, name, detail in _TABLES:
        if member not in given:
            continue
        table = {"TableStatus": "ACTIVE", "TableName": name, "TableArn": f"{catalog}/table/{name}"}
        if detail in given[member]:
            table[detail] = given[member][detail]
        if given[member].get("ConfigurationState") == "DISABLED":
            table = {"ConfigurationState": "DISABLED"}
        found[member + "Result"] = table
    return api.GetBucketMetadataConfigurationOutput(
        get_bucket_metadata_configuration_result={"MetadataConfigurationResult": found}
    )


@op
def delete_bucket_metadata_configuration(tx: Tx, req: api.DeleteBucketMetadataConfigurationRequest) -> None:
    """Keep no tables of the bucket's objects."""
    bucket = bucket_of(tx, req)
    if "metadata" not in bucket.configuration:
        raise _missing()
    configured(tx, bucket, "metadata", None)


def _changed(tx: Tx, bucket: Bucket, member: str, value: object) -> None:
    given = bucket.configuration.get("metadata")
    if given is None:
        raise _missing()
    configured(tx, bucket, "metadata", {**given, member: value})


@op
def update_bucket_metadata_inventory_table_configuration(
    tx: Tx, req: api.UpdateBucketMetadataInventoryTableConfigurationRequest
) -> None:
    """Switch the inventory table on or off."""
    bucket = bucket_of(tx, req)
    check_body(tx, req)
    _changed(tx, bucket, "InventoryTableConfiguration", plain(req.inventory_table_configuration))


@op
def update_bucket_metadata_journal_table_configuration(
    tx: Tx, req: api.UpdateBucketMetadataJournalTableConfigurationRequest
) -> None:
    """Say how long the journal table keeps its records."""
    bucket = bucket_of(tx, req)
    check_body(tx, req)
    _changed(tx, bucket, "JournalTableConfiguration", plain(req.journal_table_configuration))


@op
def update_bucket_metadata_annotation_table_configuration(
    tx: Tx, req: api.UpdateBucketMetadataAnnotationTableConfigurationRequest
) -> None:
    """Switch the annotation table on or off."""
    bucket = bucket_of(tx, req)
    check_body(tx, req)
    _changed(tx, bucket, "AnnotationTableConfiguration", plain(req.annotation_table_configuration))


@op
def create_bucket_metadata_table_configuration(tx: Tx, req: api.CreateBucketMetadataTableConfigurationRequest) -> None:
    """Have a table kept of the bucket's objects in a table bucket of one's own."""
    bucket = bucket_of(tx, req)
    check_body(tx, req)
    if "metadata_table" in bucket.configuration:
        raise AwsError("MetadataConfigurationExists", "A metadata configuration already exists on this bucket.", 409)
    configured(tx, bucket, "metadata_table", plain(req.metadata_table_configuration))


@op
def get_bucket_metadata_table_configuration(
    tx: Tx, req: api.GetBucketMetadataTableConfigurationRequest
) -> api.GetBucketMetadataTableConfigurationOutput:
    """Which table is kept of the bucket's objects."""
    given = bucket_of(tx, req).configuration.get("metadata_table")
    if given is None:
        raise _missing()
    target = given["S3TablesDestination"]
    return api.GetBucketMetadataTableConfigurationOutput(
        get_bucket_metadata_table_configuration_result={
            "MetadataTableConfigurationResult": {
                "S3TablesDestinationResult": {
                    **target,
                    "TableArn": f"{target['TableBucketArn']}/table/{target['TableName']}",
                    "TableNamespace": "aws_s3_metadata",
                }
            },
            "Status": "ACTIVE",
        }
    )


@op
def delete_bucket_metadata_table_configuration(tx: Tx, req: api.DeleteBucketMetadataTableConfigurationRequest) -> None:
    """Keep the table no longer."""
    bucket = bucket_of(tx, req)
    if "metadata_table" not in bucket.configuration:
        raise _missing()
    configured(tx, bucket, "metadata_table", None)


@op
def update_object_encryption(tx: Tx, req: api.UpdateObjectEncryptionRequest) -> api.UpdateObjectEncryptionResponse:
    """Encrypt a version with another key of KMS."""
    bucket = bucket_of(tx, req)
    row = object_of(tx, bucket, req.key, req.version_id, "PUT")
    check_body(tx, req)
    given = req.object_encryption.ssekms if req.object_encryption is not None else None
    if given is None or given.kms_key_arn is None:
        raise errors.malformed()
    if row.encryption.customer_md5 is not None or row.encryption.algorithm == "aws:kms:dsse":
        raise errors.invalid("The encryption type of the object can't be updated.")
    if is_retained(tx, row) and row.lock is not None and row.lock.mode == "COMPLIANCE":
        raise protected()
    sealed = Encryption("aws:kms", kms_key(tx, bucket, given.kms_key_arn), bool(given.bucket_key_enabled))
    tx.update(row, encryption=sealed)
    return api.UpdateObjectEncryptionResponse()
