"""Events as queues hear of them."""

from __future__ import annotations

import json

import boto3
import pytest


@pytest.fixture
def sqs(aws):
    return boto3.client("sqs", region_name="us-east-1")


@pytest.fixture
def queue(sqs):
    url = sqs.create_queue(QueueName="q")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    return url, arn


@pytest.fixture
def heard(sqs, queue):
    """Takes what the queue has heard since it was asked last: test events and records."""

    def take():
        found = []
        while messages := sqs.receive_message(QueueUrl=queue[0], MaxNumberOfMessages=10).get("Messages"):
            for message in messages:
                found.append(json.loads(message["Body"]))
                sqs.delete_message(QueueUrl=queue[0], ReceiptHandle=message["ReceiptHandle"])
        return found

    return take


def listen(s3, bucket, queue, *events, **more):
    s3.put_bucket_notification_configuration(
        Bucket=bucket,
        NotificationConfiguration={"QueueConfigurations": [{"QueueArn": queue[1], "Events": list(events), **more}]},
    )


def names(found):
    return [record["eventName"] for message in found for record in message.get("Records", ())]


def test_the_destination_is_tried_with_a_test_event(s3, bucket, queue, heard):
    listen(s3, bucket, queue, "s3:ObjectCreated:*")
    (told,) = heard()
    assert (told["Service"], told["Event"], told["Bucket"]) == ("Amazon S3", "s3:TestEvent", bucket)


def test_a_record_of_a_put(s3, bucket, queue, heard, aws):
    listen(s3, bucket, queue, "s3:ObjectCreated:*", Id="mine")
    heard()
    s3.put_object(Bucket=bucket, Key="a@b c", Body=b"something")
    ((record,),) = [message["Records"] for message in heard()]
    assert (record["eventVersion"], record["eventSource"]) == ("2.1", "aws:s3")
    assert (record["eventName"], record["awsRegion"]) == ("ObjectCreated:Put", "us-east-1")
    told = record["s3"]
    assert told["s3SchemaVersion"] == "1.0"
    assert told["configurationId"] == "mine"
    assert (told["bucket"]["name"], told["bucket"]["arn"]) == (bucket, f"arn:aws:s3:::{bucket}")
    thing = told["object"]
    assert thing.pop("sequencer")
    assert thing == {"key": "a%40b+c", "size": 9, "eTag": "437b930db84b8079c2dd804a71936b5f"}
    assert set(record["responseElements"]) == {"x-amz-request-id", "x-amz-id-2"}


def test_each_way_of_making_an_object_has_its_name(s3, bucket, queue, heard):
    listen(s3, bucket, queue, "s3:ObjectCreated:*", "s3:ObjectRemoved:*", "s3:ObjectTagging:*")
    heard()
    s3.put_object(Bucket=bucket, Key="a", Body=b"1")
    s3.copy_object(Bucket=bucket, Key="b", CopySource=f"{bucket}/a")
    upload = s3.create_multipart_upload(Bucket=bucket, Key="c")["UploadId"]
    etag = s3.upload_part(Bucket=bucket, Key="c", UploadId=upload, PartNumber=1, Body=b"x")["ETag"]
    s3.complete_multipart_upload(
        Bucket=bucket, Key="c", UploadId=upload, MultipartUpload={"Parts": [{"ETag": etag, "PartNumber": 1}]}
    )
    s3.put_object_tagging(Bucket=bucket, Key="a", Tagging={"TagSet": [{"Key": "k", "Value": "v"}]})
    s3.delete_object_tagging(Bucket=bucket, Key="a")
    s3.delete_object(Bucket=bucket, Key="a")
    s3.delete_object(Bucket=bucket, Key="never there")
    assert names(heard()) == [
        "ObjectCreated:Put",
        "ObjectCreated:Copy",
        "ObjectCreated:CompleteMultipartUpload",
        "ObjectTagging:Put",
        "ObjectTagging:Delete",
        "ObjectRemoved:Delete",
    ]


def test_versions_are_named(s3, versioned, queue, heard):
    listen(s3, versioned, queue, "s3:ObjectCreated:*", "s3:ObjectRemoved:*")
    heard()
    version = s3.put_object(Bucket=versioned, Key="a", Body=b"1")["VersionId"]
    marker = s3.delete_object(Bucket=versioned, Key="a")["VersionId"]
    s3.delete_object(Bucket=versioned, Key="a", VersionId=version)
    found = heard()
    assert names(found) == ["ObjectCreated:Put", "ObjectRemoved:DeleteMarkerCreated", "ObjectRemoved:Delete"]
    things = [message["Records"][0]["s3"]["object"] for message in found]
    assert [thing["versionId"] for thing in things] == [version, marker, version]
    assert things[1]["eTag"] == "d41d8cd98f00b204e9800998ecf8427e"
    assert "eTag" not in things[2]


def test_filters_choose_by_prefix_and_suffix(s3, bucket, queue, heard):
    rules = [{"Name": "prefix", "Value": "in/"}, {"Name": "suffix", "Value": ".txt"}]
    listen(s3, bucket, queue, "s3:ObjectCreated:Put", Filter={"Key": {"FilterRules": rules}})
    heard()
    for key in ("in/a.txt", "in/a.bin", "out/a.txt"):
        s3.put_object(Bucket=bucket, Key=key, Body=b"")
    assert [message["Records"][0]["s3"]["object"]["key"] for message in heard()] == ["in/a.txt"]


def test_the_clocks_work_is_told_too(s3, bucket, queue, heard, aws):
    listen(s3, bucket, queue, "s3:LifecycleExpiration:*", "s3:ObjectRestore:*")
    heard()
    s3.put_bucket_lifecycle_configuration(
        Bucket=bucket,
        LifecycleConfiguration={
            "Rules": [{"Status": "Enabled", "Filter": {"Prefix": "tmp/"}, "Expiration": {"Days": 1}}]
        },
    )
    s3.put_object(Bucket=bucket, Key="tmp/a", Body=b"")
    s3.put_object(Bucket=bucket, Key="cold", Body=b"", StorageClass="GLACIER")
    s3.restore_object(Bucket=bucket, Key="cold", RestoreRequest={"Days": 1})
    aws.clock.advance(days=3)
    found = heard()
    assert sorted(names(found)) == [
        "LifecycleExpiration:Delete",
        "ObjectRestore:Completed",
        "ObjectRestore:Delete",
        "ObjectRestore:Post",
    ]
    done = next(item["Records"][0] for item in found if item["Records"][0]["eventName"] == "ObjectRestore:Completed")
    assert done["glacierEventData"]["restoreEventData"]["lifecycleRestoreStorageClass"] == "GLACIER"


def test_a_queue_that_is_not_there_is_refused_but_for_the_asking(s3, bucket, help):
    arn = "arn:aws:sqs:us-east-1:123456789012:none"
    wanted = {"QueueConfigurations": [{"Id": "i", "QueueArn": arn, "Events": ["s3:ObjectCreated:*"]}]}
    error = help.refused(s3.put_bucket_notification_configuration, Bucket=bucket, NotificationConfiguration=wanted)
    assert error == {
        "Code": "InvalidArgument",
        "Message": "Unable to validate the following destination configurations",
        "ArgumentName1": f"{arn}, null",
        "ArgumentValue1": "The destination queue does not exist",
    }
    s3.put_bucket_notification_configuration(
        Bucket=bucket, NotificationConfiguration=wanted, SkipDestinationValidation=True
    )
    found = help.answer(s3.get_bucket_notification_configuration, Bucket=bucket)
    assert found == wanted
