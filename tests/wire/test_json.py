"""The JSON protocols, both of them."""

from __future__ import annotations

import json
import math
from datetime import datetime, timezone
from typing import Any
from zlib import crc32

import pytest

from sundog.wire.codec import codec
from sundog.wire.errors import AwsError
from sundog.wire.http import Request
from sundog.wire.model import Operation, get_service


def operation(service: str, name: str) -> Operation:
    found = get_service(service).operation(name)
    assert found is not None
    return found


def decode(service: str, name: str, body: bytes | str, labels: dict[str, str] | None = None) -> dict[str, Any]:
    op = operation(service, name)
    content = body.encode() if isinstance(body, str) else body
    return codec(op.service.protocols[0]).decode(op, Request("POST", "x", body=content), labels or {})


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ('{"TableName": 1}', "NUMBER_VALUE can not be converted to a String"),
        ('{"TableName": 1.5}', "DECIMAL_VALUE can not be converted to a String"),
        ('{"TableName": true}', "TRUE_VALUE can not be converted to a String"),
        ('{"TableName": false}', "FALSE_VALUE can not be converted to a String"),
        ('{"TableName": []}', "Start of list found where not expected"),
        ('{"TableName": {}}', "Start of structure or map found where not expected."),
        ('{"ConsistentRead": "true"}', "STRING_VALUE can not be converted to a Boolean"),
        ('{"Limit": "1"}', "STRING_VALUE can not be converted to an Integer"),
        ('{"Limit": 1.5}', "DECIMAL_VALUE can not be converted to an Integer"),
        ('{"AttributesToGet": "a"}', "Expected list or null"),
        ('{"ExclusiveStartKey": "a"}', "Expected map or null"),
        ('{"ExclusiveStartKey": {"a": {"B": "!"}}}', "STRING_VALUE can not be converted to a Blob"),
        ("[]", "Start of list found where not expected"),
        ("{", ""),
        ("nonsense", ""),
        ('{"TableName": "\\ud800"}', ""),
    ],
)
def test_what_is_of_the_wrong_type_is_refused(body: str, message: str) -> None:
    with pytest.raises(AwsError) as caught:
        decode("dynamodb", "Query", body)
    assert (caught.value.code, caught.value.message, caught.value.status) == ("SerializationException", message, 400)


def test_rest_json_words_it_otherwise() -> None:
    with pytest.raises(AwsError) as caught:
        decode("apigateway", "CreateRestApi", '{"name": true}')
    assert caught.value.message == "class java.lang.Boolean can not be converted to an String"


@pytest.mark.parametrize(
    "body", [b"\xff\xfe", b"\x00", b"[" * 200_000, b'{"a":' * 200_000, b"1e999999", b'"' + b"x" * 9]
)
def test_hostile_json_raises_nothing_else(body: bytes) -> None:
    with pytest.raises(AwsError):
        decode("dynamodb", "Query", body)


def test_deep_recursive_shapes_raise_nothing_else() -> None:
    depth = 5000
    body = '{"TableName":"t","Item":{"a":' + '{"M":{"a":' * depth + '{"S":"x"}' + "}}" * depth + "}}"
    with pytest.raises(AwsError, match="SerializationException"):
        decode("dynamodb", "PutItem", body)


def test_null_is_nothing_and_unknown_members_are_let_go() -> None:
    body = '{"TableName": "t", "Limit": null, "Nonsense": {"a": [1]}, "ExclusiveStartKey": {"k": {"N": "1", "x": 2}}}'
    assert decode("dynamodb", "Query", body) == {"TableName": "t", "ExclusiveStartKey": {"k": {"N": "1"}}}
    assert decode("dynamodb", "ListTables", b"") == {}


def test_timestamps_come_in_any_form() -> None:
    for text in ("1577934245.5", '"1577934245.5"', '"2020-01-02T03:04:05.500Z"', '"2020-01-02T04:04:05.5+01:00"'):
        params = decode("cloudtrail", "LookupEvents", f'{{"StartTime": {text}}}')
        assert params == {"StartTime": datetime(2020, 1, 2, 3, 4, 5, 500000, timezone.utc)}
    params = decode("cloudtrail", "LookupEvents", '{"StartTime": "Thu, 02 Jan 2020 03:04:05 GMT"}')
    assert params == {"StartTime": datetime(2020, 1, 2, 3, 4, 5, 0, timezone.utc)}
    for text in ('"soon"', "1e300", "true", '"2020-13-01T00:00:00Z"', '"' + "9" * 400 + '"'):
        with pytest.raises(AwsError):
            decode("cloudtrail", "LookupEvents", f'{{"StartTime": {text}}}')


def test_numbers_that_json_lacks_are_text() -> None:
    op = operation("forecast", "GetAccuracyMetrics")
    value = {"PredictorEvaluationResults": [{"TestWindows": [{"Metrics": {"RMSE": math.nan}}]}]}
    text = json.loads(codec("json").encode(op, value, "r").read())
    assert text["PredictorEvaluationResults"][0]["TestWindows"][0]["Metrics"]["RMSE"] == "NaN"
    found = decode("machinelearning", "CreateRealtimeEndpoint", "{}")
    assert found == {}
    params = decode("cloudwatch", "PutMetricData", '{"MetricData":[{"MetricName":"m","Value":"-Infinity"}]}')
    assert params["MetricData"][0]["Value"] == -math.inf


def test_milliseconds_are_all_that_is_written() -> None:
    op = operation("kms", "DescribeKey")
    moment = datetime(2020, 1, 2, 3, 4, 5, 678901, timezone.utc)
    text = codec("json").encode(op, {"KeyMetadata": {"KeyId": "k", "CreationDate": moment}}, "r").read()
    assert text == b'{"KeyMetadata":{"KeyId":"k","CreationDate":1577934245.678}}'
    whole = codec("json").encode(op, {"KeyMetadata": {"CreationDate": moment.replace(microsecond=0)}}, "r").read()
    assert whole == b'{"KeyMetadata":{"CreationDate":1577934245}}'


def test_dynamodb_sums_its_answers_up() -> None:
    op = operation("dynamodb", "GetItem")
    response = codec("json").encode(op, {"Item": {"k": {"B": b"\x00\xff"}, "s": {"SS": ["é"]}}}, "rid")
    assert response.headers["x-amz-crc32"] == str(crc32(response.read()))
    assert response.headers["content-type"] == "application/x-amz-json-1.0"
    assert response.headers["x-amzn-requestid"] == "rid"
    assert json.loads(response.read()) == {"Item": {"k": {"B": "AP8="}, "s": {"SS": ["é"]}}}


def test_errors_of_the_json_protocol() -> None:
    error = AwsError("ConditionalCheckFailedException", "no", 400, {"Item": {"k": {"S": "v"}}})
    response = codec("json").encode_error(get_service("dynamodb"), None, error, "r")
    assert json.loads(response.read()) == {
        "__type": "com.amazonaws.dynamodb.v20120810#ConditionalCheckFailedException",
        "message": "no",
        "Item": {"k": {"S": "v"}},
    }
    response = codec("json").encode_error(get_service("sqs"), None, AwsError("QueueDoesNotExist", "gone"), "r")
    assert response.headers["x-amzn-query-error"] == "AWS.SimpleQueueService.NonExistentQueue;Sender"
    assert json.loads(response.read()) == {"__type": "com.amazonaws.sqs#QueueDoesNotExist", "message": "gone"}
    response = codec("json").encode_error(get_service("kms"), None, AwsError("Unheard", "of", 500), "r")
    assert (response.status, json.loads(response.read())) == (500, {"__type": "Unheard", "message": "of"})


def test_errors_of_the_rest_protocol() -> None:
    error = AwsError("ResourceNotFoundException", "Function not found", 404)
    response = codec("rest-json").encode_error(get_service("lambda"), None, error, "r")
    assert response.headers["x-amzn-errortype"] == "ResourceNotFoundException"
    assert json.loads(response.read()) == {"Message": "Function not found", "Type": "User"}
    error = AwsError("TooManyRequestsException", "slow down", 429, {"retryAfterSeconds": "3"})
    response = codec("rest-json").encode_error(get_service("lambda"), None, error, "r")
    assert response.headers["retry-after"] == "3"


def test_documents_pass_as_they_are() -> None:
    document = {"a": [1, None, {"b": False}], "c": None}
    body = json.dumps({"modelId": "m", "additionalModelRequestFields": document})
    params = decode("bedrock-runtime", "Converse", body, {"modelId": "m"})
    assert params["additionalModelRequestFields"] == document


def test_payloads_labels_and_status() -> None:
    op = operation("lambda", "Invoke")
    request = Request("POST", "x", "/", "Qualifier=%24LATEST", {"x-amz-invocation-type": "Event"}, b"\x00payload")
    assert codec("rest-json").decode(op, request, {"FunctionName": "f:1"}) == {
        "FunctionName": "f:1",
        "Qualifier": "$LATEST",
        "InvocationType": "Event",
        "Payload": b"\x00payload",
    }
    response = codec("rest-json").encode(op, {"StatusCode": 202, "ExecutedVersion": "1", "Payload": b"{}"}, "r")
    assert (response.status, response.headers["x-amz-executed-version"], response.read()) == (202, "1", b"{}")


def test_a_header_has_no_second_line() -> None:
    op = operation("lambda", "Invoke")
    response = codec("rest-json").encode(op, {"LogResult": "a\r\nset-cookie: b"}, "r")
    assert "\n" not in response.headers["x-amz-log-result"]
    assert "\r" not in response.headers["x-amz-log-result"]
