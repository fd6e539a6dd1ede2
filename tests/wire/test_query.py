"""The query and ec2 protocols: every form in which clients have ever sent lists, and hostile ones."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import pytest

from sundog.wire.codec import codec
from sundog.wire.errors import AwsError
from sundog.wire.http import Request
from sundog.wire.model import Operation, get_service
from sundog.wire.query import version_of


def operation(service: str, name: str) -> Operation:
    found = get_service(service).operation(name)
    assert found is not None
    return found


def decode(service: str, name: str, body: str = "", query: str = "", protocol: str | None = None) -> dict[str, Any]:
    op = operation(service, name)
    request = Request("POST", "x", "/", query, {}, body.encode())
    return codec(protocol or op.service.protocols[0]).decode(op, request, {})


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("InstanceId.1=i-1&InstanceId.2=i-2", {"InstanceIds": ["i-1", "i-2"]}),
        ("InstanceId.10=j&InstanceId.9=i&InstanceId.2=b", {"InstanceIds": ["b", "i", "j"]}),
        ("InstanceId.member.1=i-1", {"InstanceIds": ["i-1"]}),
        ("instanceid.1=i-1", {"InstanceIds": ["i-1"]}),
        (
            "Filter.1.Name=tag%3Aa+b&Filter.1.Value.1=x&Filter.1.Value.2=%C3%A9",
            {"Filters": [{"Name": "tag:a b", "Values": ["x", "é"]}]},
        ),
        ("Nonsense=1&Nonsense.2.x=3&MaxResults=5", {"MaxResults": 5}),
        ("DryRun=true", {"DryRun": True}),
        ("", {}),
        ("&&=&=x&InstanceId=", {"InstanceIds": []}),
    ],
)
def test_ec2_parameters(body: str, expected: dict[str, Any]) -> None:
    assert decode("ec2", "DescribeInstances", body) == expected


def test_what_boto_2_sends_to_run_instances() -> None:
    body = (
        "Action=RunInstances&Version=2014-10-01&AWSAccessKeyId=AKIA&ImageId=ami-1&MinCount=1&MaxCount=2&SecurityGroup.1=a"
        "&SecurityGroup.2=b&SecurityGroupId.1=sg-1&BlockDeviceMapping.1.DeviceName=%2Fdev%2Fsda1"
        "&BlockDeviceMapping.1.Ebs.DeleteOnTermination=false&BlockDeviceMapping.1.Ebs.VolumeSize=8"
        "&NetworkInterface.1.DeviceIndex=0&NetworkInterface.1.SecurityGroupId.1=sg-2"
        "&NetworkInterface.1.PrivateIpAddresses.1.PrivateIpAddress=10.0.0.4&Placement.AvailabilityZone=us-east-1a"
    )
    assert decode("ec2", "RunInstances", body) == {
        "ImageId": "ami-1",
        "MinCount": 1,
        "MaxCount": 2,
        "SecurityGroups": ["a", "b"],
        "SecurityGroupIds": ["sg-1"],
        "BlockDeviceMappings": [{"DeviceName": "/dev/sda1", "Ebs": {"DeleteOnTermination": False, "VolumeSize": 8}}],
        "NetworkInterfaces": [
            {"DeviceIndex": 0, "Groups": ["sg-2"], "PrivateIpAddresses": [{"PrivateIpAddress": "10.0.0.4"}]}
        ],
        "Placement": {"AvailabilityZone": "us-east-1a"},
    }


def test_query_string_and_body_are_one_form() -> None:
    assert decode("iam", "GetUser", "UserName=bob", "Action=GetUser") == {"UserName": "bob"}
    assert decode("iam", "GetUser", "", "Action=GetUser&UserName=bob") == {"UserName": "bob"}
    assert decode("iam", "GetUser", "UserName=alice", "UserName=bob") == {"UserName": "alice"}


def test_a_form_may_be_multipart() -> None:
    op = operation("iam", "GetUser")
    body = b'--x\r\nContent-Disposition: form-data; name="UserName"\r\n\r\nbob & co\r\n--x--\r\n'
    request = Request("POST", "x", headers={"content-type": "multipart/form-data; boundary=x"}, body=body)
    assert codec("query").decode(op, request, {}) == {"UserName": "bob & co"}


@pytest.mark.parametrize(
    ("name", "body", "expected"),
    [
        ("CreateQueue", "Attribute.1.Name=A&Attribute.1.Value=1&Tag.1.Key=k&Tag.1.Value=v", ("A", {"k": "v"})),
        ("CreateQueue", "Attribute.Name=A", None),
    ],
)
def test_sqs_still_answers_the_query_protocol(name: str, body: str, expected: Any) -> None:
    if expected is None:
        with pytest.raises(AwsError, match="MalformedInput"):
            decode("sqs", name, body, protocol="query")
        return
    params = decode("sqs", name, body, protocol="query")
    assert params == {"Attributes": {expected[0]: "1"}, "tags": expected[1]}


def test_sqs_batches_and_attributes_in_the_query_protocol() -> None:
    body = (
        "SendMessageBatchRequestEntry.1.Id=a&SendMessageBatchRequestEntry.1.MessageBody=x"
        "&SendMessageBatchRequestEntry.1.MessageAttribute.1.Name=n"
        "&SendMessageBatchRequestEntry.1.MessageAttribute.1.Value.DataType=Binary"
        "&SendMessageBatchRequestEntry.1.MessageAttribute.1.Value.BinaryValue=YWI%3D"
    )
    assert decode("sqs", "SendMessageBatch", body, protocol="query") == {
        "Entries": [
            {
                "Id": "a",
                "MessageBody": "x",
                "MessageAttributes": {"n": {"DataType": "Binary", "BinaryValue": b"ab"}},
            }
        ]
    }
    op = operation("sqs", "ReceiveMessage")
    message = {"MessageId": "m", "Body": "a<b", "Attributes": {"SentTimestamp": "1"}}
    text = codec("query").encode(op, {"Messages": [message, message]}, "r").read().decode()
    one = (
        "<Message><MessageId>m</MessageId><Body>a&lt;b</Body>"
        "<Attribute><Name>SentTimestamp</Name><Value>1</Value></Attribute></Message>"
    )
    assert f"<ReceiveMessageResult>{one}{one}</ReceiveMessageResult>" in text


def test_a_queue_url_from_the_path_fills_the_gap() -> None:
    op = operation("sqs", "SendMessage")
    request = Request("POST", "x", body=b"MessageBody=x")
    assert codec("query").decode(op, request, {"QueueUrl": "u"}) == {"MessageBody": "x", "QueueUrl": "u"}
    request = Request("POST", "x", body=b"MessageBody=x&QueueUrl=v")
    assert codec("query").decode(op, request, {"QueueUrl": "u"})["QueueUrl"] == "v"


@pytest.mark.parametrize(
    ("service", "name", "body", "code", "words"),
    [
        ("ec2", "DescribeInstances", "MaxResults=abc", "InvalidParameterValue", "Value (abc) for parameter MaxResults"),
        ("ec2", "DescribeInstances", "DryRun=maybe", "InvalidParameterValue", "DryRun"),
        (
            "ec2",
            "RunInstances",
            "BlockDeviceMapping.1.Ebs.VolumeSize=x",
            "InvalidParameterValue",
            "Mapping.1.Ebs.VolumeS",
        ),
        ("ec2", "RunInstances", "ImageId.1=x", "InvalidParameter", "ImageId"),
        ("ec2", "DescribeInstances", "InstanceId.x=1", "InvalidParameter", "InstanceId"),
        ("ec2", "DescribeInstances", "MaxResults=99999999999", "InvalidParameterValue", "99999999999"),
        ("ec2", "DescribeInstances", ".".join(["a"] * 5000) + "=1", "InvalidParameter", "a.a.a"),
        ("iam", "ListUsers", "MaxItems=abc", "MalformedInput", 'For input string: "abc"'),
        ("iam", "ListUsers", "MaxItems.1=1", "MalformedInput", "Start of structure or map found"),
        ("autoscaling", "CreateAutoScalingGroup", "Tags=x", "MalformedInput", "complex element termination"),
        ("cloudformation", "CreateStack", "Parameters.x=1", "MalformedInput", "Start of structure"),
        ("autoscaling", "PutScheduledUpdateGroupAction", "StartTime=soon", "MalformedInput", "must follow ISO8601"),
    ],
)
def test_what_is_of_the_wrong_type_is_refused(service: str, name: str, body: str, code: str, words: str) -> None:
    with pytest.raises(AwsError) as caught:
        decode(service, name, body)
    assert caught.value.code == code
    assert words in caught.value.message
    assert caught.value.status == 400


def test_bytes_that_are_no_form_raise_nothing_else() -> None:
    op = operation("ec2", "RunInstances")
    for body in (b"\xff\xfe\x00%zz=%&+", b"=", b"&" * 1000, b"MinCount=%F0%9F", b"\x00" * 100, b"BlockDeviceMapping"):
        request = Request("POST", "x", body=body)
        with suppress(AwsError):
            assert isinstance(codec("ec2").decode(op, request, {}), dict)


def test_ec2_writes_milliseconds_and_its_own_request_id() -> None:
    from datetime import datetime, timezone

    op = operation("ec2", "DescribeVolumes")
    moment = datetime(2020, 1, 2, 3, 4, 5, 678901, timezone.utc)
    response = codec("ec2").encode(op, {"Volumes": [{"CreateTime": moment, "Encrypted": False}]}, "rid")
    assert response.headers["content-type"] == "text/xml;charset=UTF-8"
    assert response.read().decode() == (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        '<DescribeVolumesResponse xmlns="http://ec2.amazonaws.com/doc/2016-11-15"><requestId>rid</requestId>'
        "<volumeSet><item><createTime>2020-01-02T03:04:05.678Z</createTime><encrypted>false</encrypted></item>"
        "</volumeSet></DescribeVolumesResponse>"
    )


def test_an_operation_without_a_result_says_so() -> None:
    assert b"<return>true</return>" in codec("ec2").encode(operation("ec2", "CreateTags"), {}, "r").read()
    text = codec("query").encode(operation("iam", "DeleteUser"), {}, "r").read()
    assert text.endswith(b"<ResponseMetadata><RequestId>r</RequestId></ResponseMetadata></DeleteUserResponse>")


def test_the_answer_is_in_the_version_that_was_asked_for() -> None:
    request = Request("POST", "x", body=b"Action=DescribeVpcs&Version=2013-02-01")
    version = version_of(request)
    assert version == "2013-02-01"
    op = operation("ec2", "DescribeVpcs")
    assert b'xmlns="http://ec2.amazonaws.com/doc/2013-02-01"' in codec("ec2").encode(op, {}, "r", version).read()
    assert b"2016-11-15" in codec("ec2").encode(op, {}, "r").read()
    assert version_of(Request("POST", "x", body=b'Version=1"><x')) is None
    assert b"<script>" not in codec("ec2").encode(op, {}, "r", '"><script>').read()


@pytest.mark.parametrize("text", ["a<b>&\"'c", "]]>", "\r\n\t", "\x01\x1f", "\ud800", "\uffff", "é😀", " ", ""])
def test_any_text_makes_well_formed_xml_or_what_aws_makes_of_it(text: str) -> None:
    from xml.etree import ElementTree

    op = operation("ec2", "DescribeKeyPairs")
    body = codec("ec2").encode(op, {"KeyPairs": [{"KeyName": text}]}, "r").read()
    if text == "\x01\x1f":
        assert b"<keyName>&#x1;&#x1f;</keyName>" in body
        return
    found = ElementTree.fromstring(body).find(".//{*}keyName")
    assert found is not None
    assert (found.text or "") == ("�" if text in ("\ud800", "\uffff") else text)


def test_errors() -> None:
    error = AwsError("InvalidInstanceID.NotFound", "The instance ID 'i-1' does not exist & more")
    response = codec("ec2").encode_error(get_service("ec2"), None, error, "rid")
    assert (response.status, response.read().decode()) == (
        400,
        '<?xml version="1.0" encoding="UTF-8"?>\n<Response><Errors><Error><Code>InvalidInstanceID.NotFound</Code>'
        "<Message>The instance ID 'i-1' does not exist &amp; more</Message></Error></Errors>"
        "<RequestID>rid</RequestID></Response>",
    )
    error = AwsError("NoSuchEntity", "gone", 404)
    response = codec("query").encode_error(get_service("iam"), None, error, "rid")
    assert (response.status, response.read().decode()) == (
        404,
        '<ErrorResponse xmlns="https://iam.amazonaws.com/doc/2010-05-08/"><Error><Type>Sender</Type>'
        "<Code>NoSuchEntity</Code><Message>gone</Message></Error><RequestId>rid</RequestId></ErrorResponse>",
    )


def test_an_error_named_by_its_shape_has_the_code_of_its_model() -> None:
    error = AwsError("NoSuchEntityException", "gone", 404)
    error.shape = "NoSuchEntityException"
    assert b"<Code>NoSuchEntity</Code>" in codec("query").encode_error(get_service("iam"), None, error, "r").read()
    error = AwsError("QueueDoesNotExist", "gone")
    text = codec("query").encode_error(get_service("sqs"), None, error, "r").read()
    assert b"<Code>AWS.SimpleQueueService.NonExistentQueue</Code>" in text


def test_a_member_that_the_shape_lacks_is_our_own_bug() -> None:
    with pytest.raises(TypeError, match="has no member 'Nonsense'"):
        codec("ec2").encode(operation("ec2", "DescribeVpcs"), {"Nonsense": 1}, "r")
