"""Metadata tables of buckets."""

from __future__ import annotations

import pytest

MISSING = {
    "Code": "MetadataConfigurationNotFound",
    "Message": "The metadata configuration does not exist.",
    "Status": 404,
}
JOURNAL = {"RecordExpiration": {"Expiration": "ENABLED", "Days": 30}}
INVENTORY = {"ConfigurationState": "ENABLED"}


def result(s3, bucket):
    found = s3.get_bucket_metadata_configuration(Bucket=bucket)
    return found["GetBucketMetadataConfigurationResult"]["MetadataConfigurationResult"]


@pytest.fixture
def tables(s3, bucket):
    given = {"JournalTableConfiguration": JOURNAL, "InventoryTableConfiguration": INVENTORY}
    s3.create_bucket_metadata_configuration(Bucket=bucket, MetadataConfiguration=given)
    return bucket


def test_tables_come_and_go(s3, tables, refused):
    found = result(s3, tables)
    assert found["DestinationResult"]["TableNamespace"] == f"b_{tables}"
    assert found["DestinationResult"]["TableBucketType"] == "aws"
    journal = found["JournalTableConfigurationResult"]
    assert (journal["TableName"], journal["TableStatus"]) == ("journal", "ACTIVE")
    assert journal["RecordExpiration"] == JOURNAL["RecordExpiration"]
    assert journal["TableArn"].startswith(found["DestinationResult"]["TableBucketArn"])
    assert found["InventoryTableConfigurationResult"]["ConfigurationState"] == "ENABLED"
    s3.delete_bucket_metadata_configuration(Bucket=tables)
    assert refused(s3.get_bucket_metadata_configuration, Bucket=tables) == MISSING
    assert refused(s3.delete_bucket_metadata_configuration, Bucket=tables) == MISSING


def test_a_bucket_has_one_set_of_tables(s3, tables, refused):
    given = {"MetadataConfiguration": {"JournalTableConfiguration": JOURNAL}}
    found = refused(s3.create_bucket_metadata_configuration, Bucket=tables, **given)
    assert (found["Code"], found["Status"]) == ("MetadataConfigurationExists", 409)


def test_tables_change_one_by_one(s3, tables):
    s3.update_bucket_metadata_inventory_table_configuration(
        Bucket=tables, InventoryTableConfiguration={"ConfigurationState": "DISABLED"}
    )
    s3.update_bucket_metadata_journal_table_configuration(
        Bucket=tables, JournalTableConfiguration={"RecordExpiration": {"Expiration": "DISABLED"}}
    )
    s3.update_bucket_metadata_annotation_table_configuration(
        Bucket=tables, AnnotationTableConfiguration={"ConfigurationState": "ENABLED"}
    )
    found = result(s3, tables)
    assert found["InventoryTableConfigurationResult"] == {"ConfigurationState": "DISABLED"}
    assert found["JournalTableConfigurationResult"]["RecordExpiration"] == {"Expiration": "DISABLED"}
    assert found["AnnotationTableConfigurationResult"]["TableName"] == "annotation"


def test_tables_that_are_not_there_do_not_change(s3, bucket, refused):
    given = {"JournalTableConfiguration": JOURNAL}
    assert refused(s3.update_bucket_metadata_journal_table_configuration, Bucket=bucket, **given) == MISSING


def test_a_table_of_ones_own_comes_and_goes(s3, bucket, refused):
    target = {"TableBucketArn": "arn:aws:s3tables:us-east-1:123456789012:bucket/tables", "TableName": "mine"}
    assert refused(s3.get_bucket_metadata_table_configuration, Bucket=bucket) == MISSING
    s3.create_bucket_metadata_table_configuration(
        Bucket=bucket, MetadataTableConfiguration={"S3TablesDestination": target}
    )
    found = s3.get_bucket_metadata_table_configuration(Bucket=bucket)["GetBucketMetadataTableConfigurationResult"]
    assert found["Status"] == "ACTIVE"
    told = found["MetadataTableConfigurationResult"]["S3TablesDestinationResult"]
    assert {name: told[name] for name in target} == target
    assert told["TableNamespace"] == "aws_s3_metadata"
    s3.delete_bucket_metadata_table_configuration(Bucket=bucket)
    assert refused(s3.get_bucket_metadata_table_configuration, Bucket=bucket) == MISSING
    assert refused(s3.delete_bucket_metadata_table_configuration, Bucket=bucket) == MISSING
