"""Server access logs."""

from __future__ import annotations


def test_requests_are_logged_into_the_target_within_the_hour(s3, bucket, aws):
    s3.create_bucket(Bucket="logs")
    target = {"TargetBucket": "logs", "TargetPrefix": "log/"}
    s3.put_bucket_logging(Bucket=bucket, BucketLoggingStatus={"LoggingEnabled": target})
    s3.put_object(Bucket=bucket, Key="k", Body=b"x")
    s3.list_objects_v2(Bucket=bucket)
    assert s3.list_objects_v2(Bucket="logs")["KeyCount"] == 0
    aws.clock.advance(hours=2)
    (found,) = s3.list_objects_v2(Bucket="logs")["Contents"]
    assert found["Key"].startswith("log/20")
    lines = s3.get_object(Bucket="logs", Key=found["Key"])["Body"].read().decode().splitlines()
    assert [line.split()[7] for line in lines] == ["REST.PUT.OBJECT", "REST.GET.BUCKET"]
    assert all(line.split()[1] == bucket for line in lines)
    s3.put_bucket_logging(Bucket=bucket, BucketLoggingStatus={})
    s3.list_objects_v2(Bucket=bucket)
    aws.clock.advance(hours=2)
    assert s3.list_objects_v2(Bucket="logs")["KeyCount"] == 1
