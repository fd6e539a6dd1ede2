"""Answers without bytes: the same as with, and the caller's own."""

from __future__ import annotations

from copy import deepcopy
from datetime import datetime, timezone
from io import BytesIO
from typing import Any

import pytest
from botocore.parsers import create_parser
from botocore.response import StreamingBody

from sundog.wire.codec import codec
from sundog.wire.direct import Headers, parsed, parsed_error
from sundog.wire.errors import AwsError
from sundog.wire.model import Operation, get_service


def operation(service: str, name: str) -> Operation:
    found = get_service(service).operation(name)
    assert found is not None
    return found


def test_the_caller_may_change_the_answer() -> None:
    op = operation("ec2", "DescribeVpcs")
    result = {"Vpcs": [{"VpcId": "vpc-1", "Tags": [{"Key": "k", "Value": "v"}], "CidrBlockAssociationSet": []}]}
    before = deepcopy(result)
    answer = parsed(op, result)
    assert answer == result
    answer["Vpcs"][0]["Tags"][0]["Key"] = "x"
    answer["Vpcs"][0]["Tags"].append({})
    answer["Vpcs"][0]["CidrBlockAssociationSet"].append(1)
    answer["Vpcs"].clear()
    assert result == before


@pytest.mark.parametrize(
    ("service", "name", "result", "expected"),
    [
        ("dynamodb", "GetItem", {"Item": {"a": {"L": [{"NULL": True}]}}, "ConsumedCapacity": None}, None),
        ("sqs", "ReceiveMessage", {"Messages": []}, {"Messages": []}),
        ("sdb", "ListDomains", {"DomainNames": []}, {}),
        ("s3", "ListObjectsV2", {"Contents": [], "KeyCount": 0}, {"KeyCount": 0}),
        ("s3", "HeadObject", {"ETag": '"e"'}, {"ETag": '"e"', "Metadata": {}}),
        ("s3", "GetBucketLocation", {}, {"LocationConstraint": None}),
        ("iam", "DeleteUser", {}, {}),
    ],
)
def test_what_is_there_and_what_is_not(service: str, name: str, result: Any, expected: Any) -> None:
    if expected is None:
        expected = {key: value for key, value in result.items() if value is not None}
    assert parsed(operation(service, name), result) == expected


def test_timestamps_are_cut_like_aws_cuts_them() -> None:
    moment = datetime(2020, 1, 2, 3, 4, 5, 678901, timezone.utc)
    cut = moment.replace(microsecond=678000)
    volumes = parsed(operation("ec2", "DescribeVolumes"), {"Volumes": [{"CreateTime": moment}]})
    assert volumes["Volumes"][0]["CreateTime"] == cut
    key = parsed(operation("kms", "DescribeKey"), {"KeyMetadata": {"CreationDate": moment}})
    assert key["KeyMetadata"]["CreationDate"] == cut
    head = parsed(operation("s3", "HeadObject"), {"LastModified": moment})
    assert head["LastModified"] == cut.replace(microsecond=0)


def test_bodies_are_streams() -> None:
    op = operation("s3", "GetObject")
    for body in (b"content", BytesIO(b"content")):
        answer = parsed(op, {"Body": body, "ContentLength": 7})
        assert isinstance(answer["Body"], StreamingBody)
        assert answer["ContentLength"] == 7
        assert answer["Body"].read(3) == b"con"
        assert answer["Body"].read() == b"tent"
    assert parsed(op, {})["Body"].read() == b""
    assert list(parsed(op, {"Body": b"a\nb"})["Body"].iter_lines()) == [b"a", b"b"]


ERRORS = [
    ("ec2", "DescribeVpcs", AwsError("InvalidVpcID.NotFound", "The vpc ID 'vpc-1' does not exist")),
    ("ec2", "DescribeVpcs", AwsError("Empty")),
    ("iam", "GetUser", AwsError("NoSuchEntity", "gone", 404)),
    ("iam", "GetUser", AwsError("Unheard", "", 400)),
    ("iam", "GetUser", AwsError("ServiceFailure", "oops", 500)),
    ("rds", "DescribeDBInstances", AwsError("DBInstanceNotFound", "gone", 404)),
    ("sqs", "SendMessage", AwsError("QueueDoesNotExist", "gone")),
    ("sqs", "SendMessage", AwsError("InvalidParameterValue", "bad")),
    ("dynamodb", "PutItem", AwsError("ConditionalCheckFailedException", "no", 400, {"Item": {"k": {"S": "v"}}})),
    ("dynamodb", "PutItem", AwsError("ValidationException", "bad")),
    ("cloudwatch", "GetDashboard", AwsError("ResourceNotFound", "no", 404)),
    ("lambda", "GetFunction", AwsError("ResourceNotFoundException", "no", 404)),
    ("lambda", "GetFunction", AwsError("Unheard", "of", 400)),
    ("apigateway", "GetRestApi", AwsError("NotFoundException", "no", 404)),
    ("s3", "GetObject", AwsError("NoSuchKey", "no", 404, {"Key": "k", "Empty": ""})),
    ("s3", "HeadObject", AwsError("NoSuchKey", "no", 404)),
    ("s3", "GetObject", AwsError("InvalidObjectState", "no", 403, {"StorageClass": "GLACIER"})),
    ("route53", "GetHostedZone", AwsError("NoSuchHostedZone", "no", 404)),
    ("cloudfront", "GetDistribution", AwsError("NoSuchDistribution", "no", 404)),
    ("eventbridgev2", "ListTagsForResource", AwsError("ResourceNotFoundException", "no", 404)),
]


@pytest.mark.parametrize(("service", "name", "error"), ERRORS)
def test_errors_are_as_botocore_parses_them(service: str, name: str, error: AwsError) -> None:
    if service == "eventbridgev2" and get_service(service).operation(name) is None:
        name = get_service(service).operation_names[0]
    op = operation(service, name)
    protocol = op.service.model.resolved_protocol
    response = codec(protocol).encode_error(op.service, op, error, "r")
    message = {
        "status_code": response.status,
        "headers": Headers(response.headers),
        "body": response.read(),
        "context": {"operation_name": name},
    }
    parser = create_parser(protocol)
    expected = parser.parse(message, op.model.output_shape)
    shape = op.service.model.shape_for_error_code(expected["Error"]["Code"])
    if shape is not None:
        expected.update(parser.parse(message, shape))
    expected.pop("ResponseMetadata", None)
    assert parsed_error(op, error) == expected


def test_a_timestamp_in_the_machines_own_zone(monkeypatch: pytest.MonkeyPatch) -> None:
    import time

    op = operation("kms", "DescribeKey")
    moment = datetime(2020, 7, 2, 3, 4, 5, tzinfo=timezone.utc)
    try:
        for zone, hours in (("America/New_York", -4), ("Asia/Tokyo", 9), ("UTC", 0)):
            monkeypatch.setenv("TZ", zone)
            time.tzset()
            found = parsed(op, {"KeyMetadata": {"CreationDate": moment}})["KeyMetadata"]["CreationDate"]
            assert found == moment
            assert found.utcoffset().total_seconds() == hours * 3600
    finally:
        monkeypatch.undo()
        time.tzset()
