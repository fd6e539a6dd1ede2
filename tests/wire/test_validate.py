"""What is wrong with parameters, in AWS's words: most of the expected texts are AWS's recorded answers."""

from __future__ import annotations

import time

import pytest

from sundog.wire.errors import AwsError
from sundog.wire.model import get_service, service_names
from sundog.wire.patterns import matcher
from sundog.wire.validate import Fault, compile_check, validate
from sundog.wire.validate_words import _wordings, enum_order, wording


def refusal(service: str, operation: str, params: dict, protocol: str | None = None, strict: bool = False) -> AwsError:
    found = get_service(service)
    op = found.operation(operation)
    assert op is not None
    with pytest.raises(AwsError) as caught:
        validate(op, params, protocol or found.protocols[0], strict)
    return caught.value


def passes(service: str, operation: str, params: dict, strict: bool = False) -> None:
    found = get_service(service)
    op = found.operation(operation)
    assert op is not None
    validate(op, params, found.protocols[0], strict)


RECORDED = [
    (
        "kms",
        "GenerateRandom",
        {"NumberOfBytes": 1025},
        "ValidationException",
        "1 validation error detected: Value '1025' at 'numberOfBytes' failed to satisfy constraint: Member must "
        "have value "
        "less than or equal to 1024",
    ),
    (
        "kms",
        "GenerateMac",
        {"Message": b"x", "KeyId": "k", "MacAlgorithm": "INVALID"},
        "ValidationException",
        "1 validation error detected: Value 'INVALID' at 'macAlgorithm' failed to satisfy constraint: Member "
        "must satisfy "
        "enum value set: [HMAC_SHA_384, HMAC_SHA_256, HMAC_SHA_224, HMAC_SHA_512]",
    ),
    (
        "cloudwatch",
        "SetAlarmState",
        {"AlarmName": "a", "StateValue": "INVALID", "StateReason": "r"},
        "ValidationError",
        "1 validation error detected: Value 'INVALID' at 'stateValue' failed to satisfy constraint: Member must "
        "satisfy "
        "enum value set: [INSUFFICIENT_DATA, ALARM, OK]",
    ),
    (
        "sts",
        "AssumeRole",
        {"RoleArn": "arn:aws:iam::123456789012:role/x", "RoleSessionName": "Session1:2"},
        "ValidationError",
        "1 validation error detected: Value 'Session1:2' at 'roleSessionName' failed to satisfy constraint: "
        "Member must "
        r"satisfy regular expression pattern: [\w+=,.@-]*",
    ),
    (
        "apigateway",
        "CreateRestApi",
        {"name": "x", "endpointConfiguration": {"types": ["wrong"], "ipAddressType": "wrong"}},
        "ValidationException",
        "2 validation errors detected: Value '[wrong]' at 'createRestApiInput.endpointConfiguration.types' "
        "failed to satisfy "
        "constraint: Member must satisfy constraint: [Member must satisfy enum value set: [PRIVATE, EDGE, "
        "REGIONAL]]; Value "
        "'wrong' at 'createRestApiInput.endpointConfiguration.ipAddressType' failed to satisfy constraint: Member must "
        "satisfy enum value set: [ipv4, dualstack]",
    ),
    (
        "apigateway",
        "UpdateGatewayResponse",
        {"restApiId": "r", "responseType": "DEFAULT_4XX", "patchOperations": [{"op": "wrong-op"}]},
        "ValidationException",
        "1 validation error detected: Value 'wrong-op' at "
        "'updateGatewayResponseInput.patchOperations.1.member.op' failed to "
        "satisfy constraint: Member must satisfy enum value set: [add, remove, move, test, replace, copy]",
    ),
    (
        "apigateway",
        "PutMethodResponse",
        {"restApiId": "r", "resourceId": "r", "httpMethod": "GET", "statusCode": "wrong"},
        "ValidationException",
        "1 validation error detected: Value 'wrong' at 'statusCode' failed to satisfy constraint: Member must satisfy "
        r"regular expression pattern: [1-5]\d\d",
    ),
    (
        "lambda",
        "UntagResource",
        {"Resource": "arn:aws:lambda:us-east-1:123456789012:function:f"},
        "ValidationException",
        "1 validation error detected: Value null at 'tagKeys' failed to satisfy constraint: Member must not be null",
    ),
    (
        "logs",
        "DescribeLogGroups",
        {"limit": 51},
        "InvalidParameterException",
        "1 validation error detected: Value '51' at 'limit' failed to satisfy constraint: Member must have value "
        "less than "
        "or equal to 50",
    ),
    (
        "logs",
        "PutMetricFilter",
        {
            "logGroupName": "g",
            "filterName": "f",
            "filterPattern": "",
            "metricTransformations": [
                {"metricName": "metric1", "metricNamespace": "namespace1", "metricValue": "1"},
                {"metricName": "metric2", "metricNamespace": "namespace2", "metricValue": "1"},
            ],
        },
        "InvalidParameterException",
        "1 validation error detected: Value '[MetricTransformation(metricName=metric1, metricNamespace=namespace1, "
        "metricValue=1, defaultValue=null, dimensions=null, unit=null), MetricTransformation(metricName=metric2, "
        "metricNamespace=namespace2, metricValue=1, defaultValue=null, dimensions=null, unit=null)]' at "
        "'metricTransformations' failed to satisfy constraint: Member must have length less than or equal to 1",
    ),
    (
        "sns",
        "Publish",
        {"Message": "m", "MessageAttributes": {"attr1": {}}},
        "ValidationError",
        "1 validation error detected: Value null at 'messageAttributes.attr1.member.dataType' failed to satisfy "
        "constraint: "
        "Member must not be null",
    ),
    (
        "sns",
        "PublishBatch",
        {
            "TopicArn": "t",
            "PublishBatchRequestEntries": [{"Id": "1", "Message": "m", "MessageAttributes": {"attr1": {}}}],
        },
        "ValidationError",
        "1 validation error detected: Value null at "
        "'publishBatchRequestEntries.1.member.messageAttributes.attr1.member."
        "dataType' failed to satisfy constraint: Member must not be null",
    ),
    (
        "sns",
        "Unsubscribe",
        {},
        "InvalidParameter",
        "Invalid parameter: SubscriptionArn Reason: no value for required parameter",
    ),
    (
        "sqs",
        "SendMessage",
        {"QueueUrl": "q"},
        "MissingParameter",
        "The request must contain the parameter MessageBody.",
    ),
    (
        "iam",
        "UpdateServiceSpecificCredential",
        {"ServiceSpecificCredentialId": "ACCAEXAMPLE123EXAMPLE", "Status": "Invalid"},
        "ValidationError",
        "1 validation error detected: Value at 'status' failed to satisfy constraint: Member must satisfy enum "
        "value set",
    ),
    ("ec2", "CreateTags", {"Tags": []}, "MissingParameter", "The request must contain the parameter resourceIdSet"),
    (
        "stepfunctions",
        "ListExecutions",
        {"statusFilter": "succeeded"},
        "ValidationException",
        "1 validation error detected: Value 'succeeded' at 'statusFilter' failed to satisfy constraint: Member "
        "must satisfy "
        "enum value set: [SUCCEEDED, TIMED_OUT, PENDING_REDRIVE, ABORTED, FAILED, RUNNING]",
    ),
]


@pytest.mark.parametrize(
    ("service", "operation", "params", "code", "message"), RECORDED, ids=[f"{r[0]}-{r[1]}" for r in RECORDED]
)
def test_faults_are_worded_as_recorded(service, operation, params, code, message):
    error = refusal(service, operation, params, strict=True)
    assert (error.code, error.message) == (code, message)


def test_patterns_are_checked_only_if_strict():
    params = {"RoleArn": "arn:aws:iam::123456789012:role/x", "RoleSessionName": "a:b"}
    passes("sts", "AssumeRole", params)
    assert "regular expression" in refusal("sts", "AssumeRole", params, strict=True).message


def test_several_faults_come_in_the_order_of_the_members():
    error = refusal("events", "CreateApiDestination", {"Name": "x" * 65, "HttpMethod": "FOO"})
    assert error.message == (
        f"4 validation errors detected: Value '{'x' * 65}' at 'name' failed to satisfy constraint: Member must "
        f"have length "
        "less than or equal to 64; Value null at 'connectionArn' failed to satisfy constraint: Member must not "
        "be null; "
        "Value null at 'invocationEndpoint' failed to satisfy constraint: Member must not be null; Value 'FOO' at "
        "'httpMethod' failed to satisfy constraint: Member must satisfy enum value set: [HEAD, POST, PATCH, "
        "DELETE, PUT, "
        "GET, OPTIONS]"
    )


def test_all_that_items_must_be_is_listed():
    params = {"FunctionName": "f", "VpcConfig": {"SecurityGroupIds": ["x" * 1025]}}
    assert (
        "' at 'vpcConfig.securityGroupIds' failed to satisfy constraint: Member must satisfy constraint: [Member "
        "must have "
        "length less than or equal to 1024"
    ) in refusal("lambda", "UpdateFunctionConfiguration", params).message


def test_map_keys_and_values_are_named_as_such():
    message = refusal("apigateway", "TagResource", {"resourceArn": "a", "tags": None}).message
    assert "Value null at 'tagResourceInput.tags'" in message
    params = {"functionName": "f", "SecretId": "s", "UserPoolId": "eu-west-1_abc", "PoolName": "p"}
    error = refusal("cognito-idp", "TagResource", {**params, "ResourceArn": "a" * 20, "Tags": {"k": "v" * 257}})
    assert error.code == "InvalidParameterException"
    assert "Map value must satisfy constraint: [Member must have length less than or equal to 256" in error.message
    error = refusal("cognito-idp", "TagResource", {**params, "ResourceArn": "a" * 20, "Tags": {"k" * 129: "v"}})
    assert "Map keys must satisfy constraint: [Member must have length less than or equal to 128" in error.message


def test_a_secret_value_is_not_repeated():
    message = refusal("cognito-idp", "SignUp", {"ClientId": "c", "Username": "u" * 129, "Password": "p" * 300}).message
    assert "ppp" not in message
    assert "Value at 'password' failed to satisfy constraint" in message


def test_an_empty_label_is_too_short():
    assert (
        "Member must have length greater than or equal to 1"
        in refusal("lambda", "GetFunction", {"FunctionName": ""}).message
    )


def test_a_missing_token_that_sdks_make_is_no_fault():
    passes("ecs", "CreateTaskSet", {"service": "s", "cluster": "c", "taskDefinition": "t"})
    check = compile_check(get_service("ssm-incidents").operation("CreateTimelineEvent"), False)
    assert "clientToken" not in check.needs
    assert "eventData" in check.needs


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ({"a": 1}, "Start of structure or map found where not expected."),
        (["a"], "Start of list found where not expected"),
        (5, "NUMBER_VALUE can not be converted to a String"),
    ],
)
def test_a_value_of_the_wrong_type_is_a_serialization_error(value, message):
    error = refusal("kms", "GenerateMac", {"Message": b"x", "KeyId": value, "MacAlgorithm": "HMAC_SHA_256"})
    assert (error.code, error.message) == ("SerializationException", message)
    error = refusal("kms", "GenerateRandom", {"NumberOfBytes": "7"})
    assert error.message == "STRING_VALUE can not be converted to an Integer"
    assert refusal("kms", "GenerateRandom", {"NumberOfBytes": True}).code == "SerializationException"


def test_a_union_has_exactly_one_member():
    body = {"modelId": "m", "messages": [{"role": "user", "content": [{"text": "a"}]}]}
    passes("bedrock-runtime", "Converse", body)
    body["messages"][0]["content"] = [{}]
    assert refusal("bedrock-runtime", "Converse", body).code == "ValidationException"
    body["messages"][0]["content"] = [{"text": "a", "cachePoint": {"type": "default"}}]
    assert "exactly one" in refusal("bedrock-runtime", "Converse", body).message


def test_ec2_knows_only_what_is_missing():
    passes("ec2", "RunInstances", {"MinCount": 1, "MaxCount": 1, "InstanceType": "t99.huge"})
    error = refusal("ec2", "RunInstances", {"MinCount": 1})
    assert (error.code, error.message) == ("MissingParameter", "The request must contain the parameter MaxCount")


def test_s3_has_its_own_codes():
    assert refusal("s3", "PutBucketVersioning", {"Bucket": "b"}).code == "MissingRequestBodyError"
    assert refusal("s3", "PutBucketCors", {"Bucket": "b", "CORSConfiguration": {}}).code == "MalformedXML"
    error = refusal("s3", "CopyObject", {"Bucket": "b", "Key": "k"})
    assert error.message == "Missing required header for this request: x-amz-copy-source"


def test_a_service_may_word_its_own_faults():
    @wording("mediatailor")
    def own(op, faults: list[Fault], params) -> AwsError | None:
        return AwsError("Mine", faults[0].rule) if params.get("mine") else None

    try:
        assert refusal("mediatailor", "DeleteChannel", {"mine": 1}).code == "Mine"
        assert refusal("mediatailor", "DeleteChannel", {}).code == "ValidationException"
    finally:
        del _wordings["mediatailor"]


def test_recursive_shapes_are_checked_at_every_depth():
    deep = {"And": [{"Not": {"Dimensions": {"Key": "NO_SUCH_DIMENSION"}}}]}
    params = {"TimePeriod": {"Start": "2026-01-01", "End": "2026-01-02"}, "Granularity": "DAILY", "Metrics": ["x"]}
    error = refusal("ce", "GetCostAndUsage", {**params, "Filter": deep})
    assert "'filter.and.1.member.not.dimensions.key'" in error.message


def test_every_operation_compiles():
    """And required members are noticed everywhere."""
    count = 0
    for name in sorted(service_names())[::9]:
        service = get_service(name)
        for operation in service.operation_names:
            op = service.operation(operation)
            check = compile_check(op, False)
            if check is not None and check.needs:
                assert not check.ok({})
                count += 1
    assert count > 400


# ---- patterns ----


@pytest.mark.parametrize(
    ("pattern", "good", "bad"),
    [
        (r"[\p{L}\p{Z}\p{N}_.:/=+\-@]*", "Größe 1_a", "a#b"),
        (r"[\w+=,.@-]*", "abc", "ü"),
        (r"^(?<name>\d{12})$", "123456789012", "12345678901"),
        (r"[\u0009\u000A\u000D\u0020-\u00FF]+", "aÿ", "Ā"),
        (r"\p{Alnum}+", "aZ9", "a-"),
        (r"[[:alpha:]]+", "abc", "a1"),
        (r"[\x{1F600}-\x{1F64F}]", "\U0001f600", "a"),
        (r"arn:aws[a-z-]*:iam::\d{12}:role/?[a-zA-Z_0-9+=,.@\-_/]+", "arn:aws:iam::123456789012:role/x", "role/x"),
    ],
)
def test_java_patterns_are_translated(pattern, good, bad):
    match = matcher(pattern)
    assert match is not None
    assert match(good)
    assert not match(bad)


@pytest.mark.parametrize("pattern", [r"(a+)+", r"([a-z]*)*x", r"(a|b+)*", r"[a-z&&[^x]]", r"\P{C}*", r"a++b", r"("])
def test_patterns_that_might_run_wild_or_have_no_like_are_skipped(pattern):
    assert matcher(pattern) is None


def test_no_pattern_of_any_model_runs_long():
    """Each against values made to be hard."""
    hard = [":" * 2048, "a" * 2048, "arn:aws" + ":a" * 1000, "a.b" * 600 + "!", "-" * 300 + "!", " " * 2048 + "\n"]
    patterns = set()
    for name in sorted(service_names())[::5]:
        for shape in get_service(name).description["shapes"].values():
            if "pattern" in shape:
                patterns.add(shape["pattern"])
    slow = []
    for pattern in sorted(patterns):
        match = matcher(pattern)
        if match is None:
            continue
        began = time.process_time()
        for value in hard:
            match(value)
        if time.process_time() - began > 0.5:
            slow.append(pattern)
    assert slow == []


def test_the_order_of_an_enumeration_is_that_of_a_hash_table():
    assert enum_order(["json", "plain", "w3c", "raw", "parquet"]) == ["w3c", "raw", "json", "plain", "parquet"]
