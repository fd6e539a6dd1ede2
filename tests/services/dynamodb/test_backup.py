from __future__ import annotations

import gzip
import json

import boto3
import pytest


def put(client, name, **more):
    client.put_item(TableName="things", Item={"id": {"S": name}, **more})


def ids(client, table):
    return [item["id"]["S"] for item in client.scan(TableName=table)["Items"]]


def test_a_backup_is_restored_under_another_name(aws, client, make):
    make(indexes={"by-kind": ("kind:S",)})
    put(client, "a", kind={"S": "k"})
    made = client.create_backup(TableName="things", BackupName="first")["BackupDetails"]
    assert made["BackupStatus"] == "CREATING"
    put(client, "b")
    described = client.describe_backup(BackupArn=made["BackupArn"])["BackupDescription"]
    assert described["BackupDetails"]["BackupStatus"] == "AVAILABLE"
    assert described["SourceTableDetails"]["ItemCount"] == 1
    restored = client.restore_table_from_backup(TargetTableName="again", BackupArn=made["BackupArn"])
    assert restored["TableDescription"]["TableStatus"] == "CREATING"
    assert restored["TableDescription"]["RestoreSummary"]["RestoreInProgress"]
    assert ids(client, "again") == ["a"]
    found = client.query(
        TableName="again",
        IndexName="by-kind",
        KeyConditionExpression="kind = :k",
        ExpressionAttributeValues={":k": {"S": "k"}},
    )
    assert found["Count"] == 1
    with pytest.raises(client.exceptions.TableAlreadyExistsException):
        client.restore_table_from_backup(TargetTableName="again", BackupArn=made["BackupArn"])


def test_backups_outlive_their_table(client, make):
    make()
    put(client, "a")
    arn = client.create_backup(TableName="things", BackupName="first")["BackupDetails"]["BackupArn"]
    client.delete_table(TableName="things")
    assert [each["BackupName"] for each in client.list_backups(TableName="things")["BackupSummaries"]] == ["first"]
    client.restore_table_from_backup(TargetTableName="things", BackupArn=arn)
    assert ids(client, "things") == ["a"]
    assert client.delete_backup(BackupArn=arn)["BackupDescription"]["BackupDetails"]["BackupStatus"] == "DELETED"
    with pytest.raises(client.exceptions.BackupNotFoundException):
        client.describe_backup(BackupArn=arn)


def recover(client):
    return client.update_continuous_backups(
        TableName="things", PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": True}
    )


def test_a_table_is_restored_to_a_moment(aws, client, make):
    make()
    put(client, "a")
    recover(client)
    aws.clock.advance(hours=1)
    moment = aws.clock.now()
    aws.clock.advance(hours=1)
    put(client, "b")
    put(client, "a", v={"S": "new"})
    client.restore_table_to_point_in_time(SourceTableName="things", TargetTableName="then", RestoreDateTime=moment)
    assert client.scan(TableName="then")["Items"] == [{"id": {"S": "a"}}]
    client.restore_table_to_point_in_time(SourceTableName="things", TargetTableName="now", UseLatestRestorableTime=True)
    assert ids(client, "now") == ["a", "b"]


def test_a_moment_must_lie_in_the_window(aws, client, make):
    make()
    with pytest.raises(client.exceptions.PointInTimeRecoveryUnavailableException):
        client.restore_table_to_point_in_time(
            SourceTableName="things", TargetTableName="then", UseLatestRestorableTime=True
        )
    before = aws.clock.now()
    aws.clock.advance(hours=1)
    recover(client)
    with pytest.raises(client.exceptions.InvalidRestoreTimeException):
        client.restore_table_to_point_in_time(SourceTableName="things", TargetTableName="then", RestoreDateTime=before)


def test_continuous_backups_are_described_as_aws_does(client, make):
    make()
    described = client.describe_continuous_backups(TableName="things")["ContinuousBackupsDescription"]
    assert described == {
        "ContinuousBackupsStatus": "ENABLED",
        "PointInTimeRecoveryDescription": {"PointInTimeRecoveryStatus": "DISABLED"},
    }
    described = recover(client)["ContinuousBackupsDescription"]["PointInTimeRecoveryDescription"]
    assert described.keys() == {
        "PointInTimeRecoveryStatus",
        "RecoveryPeriodInDays",
        "EarliestRestorableDateTime",
        "LatestRestorableDateTime",
    }
    with pytest.raises(client.exceptions.TableNotFoundException, match="Table not found: nothing"):
        client.describe_continuous_backups(TableName="nothing")


def exported(client, **more):
    arn = client.describe_table(TableName="things")["Table"]["TableArn"]
    made = client.export_table_to_point_in_time(TableArn=arn, S3Bucket="bucket", **more)["ExportDescription"]
    assert made["ExportStatus"] == "IN_PROGRESS"
    return client.describe_export(ExportArn=made["ExportArn"])["ExportDescription"]


def test_an_export_writes_files_that_an_import_reads(client, make):
    s3 = boto3.client("s3", "us-east-1")
    s3.create_bucket(Bucket="bucket")
    make()
    recover(client)
    put(client, "a", b={"B": b"\x00\xff"}, l={"L": [{"N": "1"}]})
    done = exported(client, S3Prefix="p")
    assert (done["ExportStatus"], done["ItemCount"]) == ("COMPLETED", 1)
    summary = json.loads(s3.get_object(Bucket="bucket", Key=done["ExportManifest"])["Body"].read())
    files = s3.get_object(Bucket="bucket", Key=summary["manifestFilesS3Key"])["Body"].read()
    key = json.loads(files)["dataFileS3Key"]
    line = gzip.decompress(s3.get_object(Bucket="bucket", Key=key)["Body"].read())
    assert json.loads(line) == {"Item": {"id": {"S": "a"}, "b": {"B": "AP8="}, "l": {"L": [{"N": "1"}]}}}
    imported = client.import_table(
        S3BucketSource={"S3Bucket": "bucket", "S3KeyPrefix": key},
        InputFormat="DYNAMODB_JSON",
        InputCompressionType="GZIP",
        TableCreationParameters={
            "TableName": "again",
            "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
            "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
            "BillingMode": "PAY_PER_REQUEST",
        },
    )["ImportTableDescription"]
    described = client.describe_import(ImportArn=imported["ImportArn"])["ImportTableDescription"]
    assert (described["ImportStatus"], described["ImportedItemCount"]) == ("COMPLETED", 1)
    assert client.scan(TableName="again")["Items"] == client.scan(TableName="things")["Items"]
    assert len(client.list_imports()["ImportSummaryList"]) == 1
    assert len(client.list_exports()["ExportSummaries"]) == 1


def test_csv_lines_that_are_no_items_are_counted(client, make):
    s3 = boto3.client("s3", "us-east-1")
    s3.create_bucket(Bucket="bucket")
    s3.put_object(Bucket="bucket", Key="in/a.csv", Body=b"id,at,v\na,1,x\nb,no,x\nc\n")
    arn = client.import_table(
        S3BucketSource={"S3Bucket": "bucket", "S3KeyPrefix": "in/"},
        InputFormat="CSV",
        TableCreationParameters={
            "TableName": "things",
            "AttributeDefinitions": [
                {"AttributeName": "id", "AttributeType": "S"},
                {"AttributeName": "at", "AttributeType": "N"},
            ],
            "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}, {"AttributeName": "at", "KeyType": "RANGE"}],
            "BillingMode": "PAY_PER_REQUEST",
        },
    )["ImportTableDescription"]["ImportArn"]
    described = client.describe_import(ImportArn=arn)["ImportTableDescription"]
    assert (described["ImportedItemCount"], described["ErrorCount"]) == (1, 2)
    assert client.scan(TableName="things")["Items"] == [{"id": {"S": "a"}, "at": {"N": "1"}, "v": {"S": "x"}}]


def test_an_export_to_no_bucket_fails(client, make):
    make()
    recover(client)
    done = exported(client)
    assert (done["ExportStatus"], done["FailureCode"]) == ("FAILED", "S3NoSuchBucket")


def test_an_incremental_export_holds_what_changed(aws, client, make):
    s3 = boto3.client("s3", "us-east-1")
    s3.create_bucket(Bucket="bucket")
    make()
    put(client, "a")
    put(client, "b")
    recover(client)
    aws.clock.advance(hours=1)
    begin = aws.clock.now()
    aws.clock.advance(hours=1)
    put(client, "a", v={"S": "new"})
    client.delete_item(TableName="things", Key={"id": {"S": "b"}})
    done = exported(client, ExportType="INCREMENTAL_EXPORT", IncrementalExportSpecification={"ExportFromTime": begin})
    assert done["ItemCount"] == 2
    data = next(each["Key"] for each in s3.list_objects_v2(Bucket="bucket", Prefix="AWSDynamoDB/data/")["Contents"])
    lines = gzip.decompress(s3.get_object(Bucket="bucket", Key=data)["Body"].read()).splitlines()
    changed, gone = map(json.loads, lines)
    assert changed["OldImage"] == {"id": {"S": "a"}}
    assert changed["NewImage"] == {"id": {"S": "a"}, "v": {"S": "new"}}
    assert gone["Keys"] == {"id": {"S": "b"}}
    assert "NewImage" not in gone
