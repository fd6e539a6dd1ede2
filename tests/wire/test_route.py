"""Requests of every kind to operations."""

from __future__ import annotations

import pytest

from sundog.wire.errors import AwsError
from sundog.wire.hosts import Hosts
from sundog.wire.http import Request
from sundog.wire.profile import Profile
from sundog.wire.profiles import EUCALYPTUS, OUTSCALE
from sundog.wire.route import Routed, RouteError, route
from sundog.wire.uri import Pattern, Tree

FORM = "application/x-www-form-urlencoded; charset=utf-8"
BARE = "127.0.0.1:4566"


def ask(
    method: str = "GET",
    url: str = "/",
    host: str = BARE,
    scope: str | None = None,
    body: bytes = b"",
    hosts: Hosts | None = None,
    **headers: str,
) -> Routed:
    path, _, query = url.partition("?")
    found = {name.replace("_", "-"): text for name, text in headers.items()}
    if scope:
        found["authorization"] = (
            f"AWS4-HMAC-SHA256 Credential=AKID/20260101/eu-west-1/{scope}/aws4_request, SignedHeaders=host, Signature=0"
        )
    return route(Request(method, host, path, query, found, body), hosts)


def name(routed: Routed) -> str:
    return f"{routed.service.name}:{routed.operation.name if routed.operation else routed.kind}"


def refused(*args, **options) -> RouteError:
    with pytest.raises(RouteError) as caught:
        ask(*args, **options)
    return caught.value


# ---- S3 ----

OBJECT = {"Bucket": "b", "Key": "k"}
S3 = [
    ("GET", "/", "ListBuckets", {}),
    ("PUT", "/b", "CreateBucket", {"Bucket": "b"}),
    ("PUT", "/b/", "CreateBucket", {"Bucket": "b"}),
    ("HEAD", "/b", "HeadBucket", {"Bucket": "b"}),
    ("DELETE", "/b", "DeleteBucket", {"Bucket": "b"}),
    ("GET", "/b", "ListObjects", {"Bucket": "b"}),
    ("GET", "/b?prefix=a%2Fb&marker=x", "ListObjects", {"Bucket": "b"}),
    ("GET", "/b?list-type=2&prefix=acl", "ListObjectsV2", {"Bucket": "b"}),
    ("GET", "/b?list-type=1", "ListObjects", {"Bucket": "b"}),
    ("GET", "/b?acl", "GetBucketAcl", {"Bucket": "b"}),
    ("GET", "/b?acl=", "GetBucketAcl", {"Bucket": "b"}),
    ("GET", "/b?lifecycle", "GetBucketLifecycleConfiguration", {"Bucket": "b"}),
    ("PUT", "/b?notification", "PutBucketNotificationConfiguration", {"Bucket": "b"}),
    ("GET", "/b?versions&prefix=x", "ListObjectVersions", {"Bucket": "b"}),
    ("GET", "/b?uploads", "ListMultipartUploads", {"Bucket": "b"}),
    ("GET", "/b?inventory", "ListBucketInventoryConfigurations", {"Bucket": "b"}),
    ("GET", "/b?inventory&id=1", "GetBucketInventoryConfiguration", {"Bucket": "b"}),
    ("PUT", "/b?inventory", "PutBucketInventoryConfiguration", {"Bucket": "b"}),
    ("POST", "/b?delete", "DeleteObjects", {"Bucket": "b"}),
    ("GET", "/b?session", "CreateSession", {"Bucket": "b"}),
    ("GET", "/b?policyStatus", "GetBucketPolicyStatus", {"Bucket": "b"}),
    ("GET", "/b/k", "GetObject", OBJECT),
    ("GET", "/b/k?versionId=1&partNumber=2&x-id=GetObject", "GetObject", OBJECT),
    ("HEAD", "/b/k?acl", "HeadObject", OBJECT),
    ("PUT", "/b/k", "PutObject", OBJECT),
    ("PUT", "/b/k?uploadId=u&partNumber=1", "UploadPart", OBJECT),
    ("POST", "/b/k?uploads", "CreateMultipartUpload", OBJECT),
    ("POST", "/b/k?uploadId=u", "CompleteMultipartUpload", OBJECT),
    ("DELETE", "/b/k?uploadId=u", "AbortMultipartUpload", OBJECT),
    ("DELETE", "/b/k?versionId=u", "DeleteObject", OBJECT),
    ("GET", "/b/k?uploadId=u", "ListParts", OBJECT),
    ("GET", "/b/k?attributes", "GetObjectAttributes", OBJECT),
    ("POST", "/b/k?select&select-type=2", "SelectObjectContent", OBJECT),
    ("POST", "/b/k?restore&versionId=3", "RestoreObject", OBJECT),
    ("GET", "/b/k?tagging", "GetObjectTagging", OBJECT),
    ("DELETE", "/b/k?tagging", "DeleteObjectTagging", OBJECT),
    # keys are decoded once and not touched otherwise
    ("GET", "/b/a%20b%2Bc+d%2525", "GetObject", {"Bucket": "b", "Key": "a b+c+d%25"}),
    ("GET", "/b//x/../y/./z//", "GetObject", {"Bucket": "b", "Key": "/x/../y/./z//"}),
    ("GET", "/b/%2F", "GetObject", {"Bucket": "b", "Key": "/"}),
    ("PUT", "/b/%C3%BC", "PutObject", {"Bucket": "b", "Key": "ü"}),
    ("GET", "//k", "GetObject", {"Bucket": "", "Key": "k"}),
]


@pytest.mark.parametrize(("method", "url", "operation", "labels"), S3, ids=[f"{c[0]} {c[1]}" for c in S3])
@pytest.mark.parametrize("scope", ["s3", None], ids=["signed", "anonymous"])
def test_s3_by_path(method, url, operation, labels, scope):
    routed = ask(method, url, scope=scope)
    assert (name(routed), routed.labels, routed.protocol) == (f"s3:{operation}", labels, "rest-xml")


@pytest.mark.parametrize(
    "host",
    ["b.s3.us-west-2.amazonaws.com", "b.s3.amazonaws.com", "b.localhost:4566", "b.s3.localhost.localstack.cloud"],
)
def test_s3_by_host(host):
    assert ask("GET", "/", host, "s3").labels == {"Bucket": "b"}
    routed = ask("PUT", "//a/b%20c", host, "s3")
    assert (name(routed), routed.labels) == ("s3:PutObject", {"Bucket": "b", "Key": "/a/b c"})
    assert name(ask("GET", "/?acl", host, "s3")) == "s3:GetBucketAcl"


def test_a_copy_is_told_by_its_header():
    assert name(ask("PUT", "/b/k", x_amz_copy_source="/b/x")) == "s3:CopyObject"
    assert name(ask("PUT", "/b/k?partNumber=1&uploadId=u", x_amz_copy_source="/b/x")) == "s3:UploadPartCopy"


def test_access_points_become_arns():
    routed = ask("GET", "/k", "my-ap-123456789012.s3-accesspoint.us-west-2.amazonaws.com", "s3")
    assert routed.labels == {"Bucket": "arn:aws:s3:us-west-2:123456789012:accesspoint/my-ap", "Key": "k"}
    routed = ask("GET", "/k", "ap-123456789012.op-01ab.s3-outposts.us-west-2.amazonaws.com", "s3-outposts")
    assert routed.labels["Bucket"] == "arn:aws:s3-outposts:us-west-2:123456789012:outpost/op-01ab/accesspoint/ap"


def test_s3_s_other_answers():
    assert (ask("OPTIONS", "/b/k").kind, ask("OPTIONS", "/b/k").operation) == ("preflight", None)
    routed = ask("GET", "/index.html", "b.s3-website-us-east-1.amazonaws.com")
    assert (routed.kind, routed.operation, routed.labels) == ("website", None, {"Bucket": "b", "Key": "index.html"})
    routed = ask("POST", "/b", content_type="multipart/form-data; boundary=x")
    assert (name(routed), routed.kind) == ("s3:PutObject", "post-object")
    assert name(ask("GET", "/", "s3express-control.us-west-2.amazonaws.com", "s3express")) == "s3:ListDirectoryBuckets"
    routed = ask(
        "POST", "/WriteGetObjectResponse", "r.s3-object-lambda.us-east-1.amazonaws.com", x_amz_request_route="r"
    )
    assert name(routed) == "s3:WriteGetObjectResponse"


@pytest.mark.parametrize(
    ("method", "url", "code", "status"),
    [
        ("POST", "/b", "PreconditionFailed", 412),
        ("POST", "/b/k", "MethodNotAllowed", 405),
        ("PUT", "/b?versions", "MethodNotAllowed", 405),
        ("DELETE", "/", "MethodNotAllowed", 405),
        ("PATCH", "/b/k", "MethodNotAllowed", 405),
    ],
)
def test_s3_refuses(method, url, code, status):
    error = refused(method, url, scope="s3")
    assert (error.code, error.status, error.protocol) == (code, status, "rest-xml")
    assert error.service is not None
    assert error.service.name == "s3"


def test_a_presigned_url_is_routed_like_a_signed_one():
    scope = "X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKID%2F20260101%2Feu-west-1%2Fs3%2Faws4_request"
    routed = ask("PUT", f"/b/k?{scope}&X-Amz-Signature=0&uploadId=u&partNumber=3")
    assert (name(routed), routed.region, routed.credential.access_key) == ("s3:UploadPart", "eu-west-1", "AKID")
    routed = ask("GET", "/b/k?AWSAccessKeyId=AKID&Signature=x%3D&Expires=1")
    assert (name(routed), routed.credential.kind) == ("s3:GetObject", "sigv2-query")
    sts = scope.replace("s3", "sts")
    assert name(ask("GET", f"/?Action=GetCallerIdentity&Version=2011-06-15&{sts}")) == "sts:GetCallerIdentity"
    polly = scope.replace("s3", "polly")
    assert name(ask("GET", f"/v1/lexicons/x?{polly}")) == "polly:GetLexicon"


def test_s3_control():
    host = "123456789012.s3-control.us-west-2.amazonaws.com"
    routed = ask("GET", "/v20180820/accesspoint/x", host, "s3", x_amz_account_id="123456789012")
    assert name(routed) == "s3control:GetAccessPoint"
    # The account is in the header too; a client that was made before has taken the host's prefix out of the model.
    assert {"AccountId": "123456789012", **routed.labels} == {"name": "x", "AccountId": "123456789012"}
    routed = ask("GET", "/v20180820/accesspoint/x", BARE, "s3", x_amz_account_id="1")
    assert name(routed) == "s3control:GetAccessPoint"
    assert name(ask("GET", "/v20180820/accesspoint/x", BARE, "s3")) == "s3:GetObject"


# ---- query, JSON, CBOR ----


def test_query_in_the_body_and_in_the_url():
    body = b"Version=2016-11-15&Action=DescribeVpcs&VpcId.1=vpc-1"
    routed = ask("POST", "/", scope="ec2", body=body, content_type=FORM)
    assert (name(routed), routed.protocol) == ("ec2:DescribeVpcs", "ec2")
    assert name(ask("GET", "/?Action=ListUsers&Version=2010-05-08", scope="iam")) == "iam:ListUsers"
    # A form is what a POST has if it doesn't say.
    assert name(ask("POST", "/", scope="sts", body=b"Action=GetCallerIdentity")) == "sts:GetCallerIdentity"


def test_query_without_any_credential():
    body = b"AWSAccessKeyId=AK&Action=DescribeInstances&SignatureVersion=2&Version=2014-10-01&Signature=x"
    routed = ask("POST", "/", body=body, content_type=FORM)
    assert (name(routed), routed.credential.kind, routed.credential.access_key) == (
        "ec2:DescribeInstances",
        "sigv2",
        "AK",
    )
    body = b"Action=AssumeRoleWithWebIdentity&Version=2011-06-15"
    assert name(ask("POST", "/", body=body, content_type=FORM)) == "sts:AssumeRoleWithWebIdentity"
    body = b"Action=DescribeDBInstances&Version=2014-10-31"
    assert name(ask("POST", "/", body=body, content_type=FORM)) == "rds:DescribeDBInstances"


@pytest.mark.parametrize(("version", "service"), [("2012-06-01", "elb"), ("2015-12-01", "elbv2"), ("", "elb")])
def test_the_version_tells_load_balancers_apart(version, service):
    body = f"Action=DescribeLoadBalancers&Version={version}".encode()
    assert name(ask("POST", "/", scope="elasticloadbalancing", body=body)) == f"{service}:DescribeLoadBalancers"


def test_an_action_that_only_one_of_them_has():
    body = b"Action=DescribeTargetGroups&Version=2012-06-01"
    error = refused("POST", "/", scope="elasticloadbalancing", body=body)
    assert (error.code, error.message) == (
        "InvalidAction",
        "Could not find operation DescribeTargetGroups for version 2012-06-01",
    )
    body = b"Action=DescribeTargetGroups"
    assert name(ask("POST", "/", scope="elasticloadbalancing", body=body)) == "elbv2:DescribeTargetGroups"
    body = b"Action=CreateDBClusterEndpoint&Version=2014-10-31"
    assert name(ask("POST", "/", scope="rds", body=body)) == "rds:CreateDBClusterEndpoint"


def test_sqs_in_both_protocols_and_by_queue_url():
    routed = ask(
        "POST", "/", scope="sqs", x_amz_target="AmazonSQS.SendMessage", content_type="application/x-amz-json-1.0"
    )
    assert (name(routed), routed.protocol, routed.labels) == ("sqs:SendMessage", "json", {})
    host = "sqs.us-east-1.amazonaws.com"
    routed = ask("POST", "/123456789012/q", host, "sqs", body=b"Action=SendMessage&MessageBody=x", content_type=FORM)
    assert (name(routed), routed.protocol) == ("sqs:SendMessage", "query")
    assert routed.labels == {"QueueUrl": f"https://{host}/123456789012/q"}
    assert (
        name(ask("GET", "/1/q?Action=ReceiveMessage", "eu-west-1.queue.amazonaws.com", "sqs")) == "sqs:ReceiveMessage"
    )


def test_cloudwatch_in_three_protocols():
    target = "GraniteServiceVersion20100801"
    path = f"/service/{target}/operation/PutMetricData"
    routed = ask("POST", path, scope="monitoring", smithy_protocol="rpc-v2-cbor", content_type="application/cbor")
    assert (name(routed), routed.protocol) == ("cloudwatch:PutMetricData", "smithy-rpc-v2-cbor")
    assert ask("POST", "/", scope="monitoring", x_amz_target=f"{target}.PutMetricData").protocol == "json"
    routed = ask("POST", "/", scope="monitoring", body=b"Action=PutMetricData&Version=2010-08-01", content_type=FORM)
    assert (name(routed), routed.protocol) == ("cloudwatch:PutMetricData", "query")


def test_a_json_service_takes_the_query_form_it_once_had():
    """boto 2's EMR."""
    body = b"Action=DescribeJobFlows&Version=2009-03-31"
    routed = ask("POST", "/", "elasticmapreduce.us-east-1.amazonaws.com", "elasticmapreduce", body)
    assert (name(routed), routed.protocol) == ("emr:DescribeJobFlows", "query")


def test_a_target_is_enough():
    assert name(ask("POST", "/", x_amz_target="DynamoDB_20120810.GetItem")) == "dynamodb:GetItem"
    assert name(ask("POST", "/", scope="dynamodb", x_amz_target="DynamoDBStreams_20120810.ListStreams")) == (
        "dynamodbstreams:ListStreams"
    )
    host = "query.timestream.us-east-1.amazonaws.com"
    assert name(ask("POST", "/", host, "timestream", x_amz_target="Timestream_20181101.TagResource")) == (
        "timestream-query:TagResource"
    )


@pytest.mark.parametrize(
    ("options", "code", "status", "protocol"),
    [
        ({"scope": "ec2", "body": b"Action=Foo"}, "InvalidAction", 400, "ec2"),
        ({"scope": "sns", "body": b"Action=Foo&Version=2010-03-31"}, "InvalidAction", 400, "query"),
        ({"body": b"Action=NoSuchThing"}, "InvalidAction", 400, "query"),
        ({"scope": "sts"}, "MissingAction", 400, "query"),
        ({"scope": "dynamodb"}, "UnknownOperationException", 404, "json"),
        ({"x_amz_target": "DynamoDB_20120810.Foo"}, "UnknownOperationException", 400, "json"),
        ({"x_amz_target": "Nonsense"}, "UnknownOperationException", 400, "json"),
        ({"scope": "lambda", "url": "/nowhere"}, "AccessDeniedException", 403, "rest-json"),
        ({"scope": "route53", "url": "/nowhere"}, "UnknownOperationException", 404, "rest-xml"),
        ({"host": "nothing.us-east-1.amazonaws.com"}, "UnknownOperationException", 404, "rest-xml"),
        (
            {"url": "/service/X/operation/Y", "smithy_protocol": "rpc-v2-cbor", "scope": "monitoring"},
            "UnknownOperationException",
            404,
            "smithy-rpc-v2-cbor",
        ),
    ],
)
def test_what_is_unknown_is_refused_in_the_family_s_words(options, code, status, protocol):
    error = refused("POST", **options)
    assert (error.code, error.status, error.protocol) == (code, status, protocol)


def test_ec2_s_words_for_an_unknown_action():
    error = refused("POST", scope="ec2", body=b"Action=Foo&Version=2016-11-15")
    assert error.message == "The action Foo is not valid for this web service."


# ---- REST ----


@pytest.mark.parametrize(
    ("method", "url", "scope", "expected", "labels"),
    [
        ("GET", "/2015-03-31/functions", "lambda", "lambda:ListFunctions", {}),
        ("GET", "/2015-03-31/functions/", "lambda", "lambda:ListFunctions", {}),
        ("DELETE", "/2015-03-31/functions/", "lambda", "lambda:DeleteFunction", {"FunctionName": ""}),
        (
            "GET",
            "/2015-03-31/functions//configuration",
            "lambda",
            "lambda:GetFunctionConfiguration",
            {"FunctionName": ""},
        ),
        (
            "GET",
            "/2015-03-31/functions/arn%3Aaws%3Alambda%3Aus-east-1%3A1%3Afunction%3Af",
            "lambda",
            "lambda:GetFunction",
            {"FunctionName": "arn:aws:lambda:us-east-1:1:function:f"},
        ),
        ("GET", "/2018-10-31/layers?find=LayerVersion&Arn=x", "lambda", "lambda:GetLayerVersionByArn", {}),
        ("GET", "/2018-10-31/layers", "lambda", "lambda:ListLayers", {}),
        ("POST", "/restapis?mode=import", "apigateway", "apigateway:ImportRestApi", {}),
        ("POST", "/restapis", "apigateway", "apigateway:CreateRestApi", {}),
        ("GET", "/v2/apis", "apigateway", "apigatewayv2:GetApis", {}),
        ("GET", "/tags/arn%3Aaws%3Ax%2Fy%252F", "apigateway", "apigateway:GetTags", {"resource_arn": "arn:aws:x/y%2F"}),
        ("GET", "/2021-01-01/opensearch/domain/d", "es", "opensearch:DescribeDomain", {"DomainName": "d"}),
        ("GET", "/2015-01-01/es/domain/d", "es", "es:DescribeElasticsearchDomain", {"DomainName": "d"}),
        ("POST", "/v2/email/list-identities", "ses", "sesv2:ListEmailIdentities", {}),
        ("GET", "/v1/email/identities", "ses", "pinpoint-email:ListEmailIdentities", {}),
        ("POST", "/2013-04-01/hostedzone/Z1/rrset/", "route53", "route53:ChangeResourceRecordSets", {"Id": "Z1"}),
        ("POST", "/2020-05-31/tagging?Operation=Untag&Resource=x", "cloudfront", "cloudfront:UntagResource", {}),
        ("POST", "/2020-05-31/distribution?WithTags", "cloudfront", "cloudfront:CreateDistributionWithTags", {}),
        # older dates of what boto 2 knew
        ("GET", "/2010-11-01/distribution", "cloudfront", "cloudfront:ListDistributions", {}),
        ("GET", "/2014-11-13/functions/f", "lambda", "lambda:GetFunction", {"FunctionName": "f"}),
        # a greedy label in the middle
        (
            "PUT",
            "/portals/arn%3Aaws%3Aworkspaces-web%3A%3A1%3Aportal/abc/userSettings",
            "workspaces-web",
            "workspaces-web:AssociateUserSettings",
            {"portalArn": "arn:aws:workspaces-web::1:portal/abc"},
        ),
        ("GET", "/-/vaults/v/jobs", "glacier", "glacier:ListJobs", {"accountId": "-", "vaultName": "v"}),
    ],
)
def test_rest(method, url, scope, expected, labels):
    routed = ask(method, url, scope=scope)
    assert (name(routed), routed.labels) == (expected, labels)


def test_a_label_of_the_host():
    routed = ask("GET", "/summary", "g-abc.us-east-1.neptune-graph.amazonaws.com", "neptune-graph")
    assert (name(routed), routed.labels) == ("neptune-graph:GetGraphSummary", {"graphIdentifier": "g-abc"})


def test_data_planes_are_marked():
    host = "abc.execute-api.us-east-1.amazonaws.com"
    routed = ask("GET", "/prod/pets", host)
    assert (routed.kind, routed.labels, routed.service.name) == ("execute-api", {"ApiId": "abc"}, "apigateway")
    routed = ask("POST", "/prod/@connections/c%3D", host, "execute-api")
    assert (name(routed), routed.labels) == ("apigatewaymanagementapi:PostToConnection", {"connectionId": "c="})
    assert name(ask("DELETE", "/%40connections/c", BARE, "execute-api")) == "apigatewaymanagementapi:DeleteConnection"
    assert name(ask("POST", "/participant/connection", BARE, "execute-api")) == (
        "connectparticipant:CreateParticipantConnection"
    )
    routed = ask("GET", "/x", "u1.lambda-url.us-east-1.on.aws")
    assert (routed.kind, routed.labels) == ("function-url", {"UrlId": "u1"})
    assert ask("GET", "/v2/", "123456789012.dkr.ecr.us-east-1.amazonaws.com").kind == "registry"


def test_the_region_is_the_scope_s_else_the_host_s():
    host = "lambda.us-west-2.amazonaws.com"
    assert ask("GET", "/2015-03-31/functions", host, "lambda").region == "eu-west-1"
    assert ask("GET", "/2015-03-31/functions", host).region == "us-west-2"
    assert ask("GET", "/b").region is None


# ---- other clouds ----


@pytest.mark.parametrize(
    ("host", "body", "expected"),
    [
        ("fcu.eu-west-2.outscale.com", b"Action=DescribeInstances&Version=2014-10-01", "ec2:DescribeInstances"),
        ("lbu.us-east-2.outscale.com", b"Action=DescribeLoadBalancers&Version=2012-06-01", "elb:DescribeLoadBalancers"),
        ("eim.cloudgouv-eu-west-1.outscale.com", b"Action=ListUsers&Version=2010-05-08", "iam:ListUsers"),
    ],
)
def test_outscale(host, body, expected):
    routed = ask("POST", "/", host, body=body, content_type=FORM)
    assert (name(routed), routed.profile, routed.region) == (expected, OUTSCALE, host.split(".")[1])


def test_outscale_s_others():
    host = "directlink.eu-west-2.outscale.com"
    assert name(ask("POST", "/", host, x_amz_target="OvertureService.DescribeConnections")) == (
        "directconnect:DescribeConnections"
    )
    routed = ask("GET", "/a/b", "bucket.oos.eu-west-2.outscale.com")
    assert (name(routed), routed.labels) == ("s3:GetObject", {"Bucket": "bucket", "Key": "a/b"})
    assert ask("GET", "/bucket", "oos.eu-west-2.outscale.com").labels == {"Bucket": "bucket"}
    for options in ({"body": b"Action=ListQueues"}, {"x_amz_target": "AmazonSQS.ListQueues"}, {"scope": "sqs"}):
        error = refused("POST", "/", "sqs.eu-west-2.outscale.com", **options)
        assert (error.profile, error.status) == (OUTSCALE, 404)


@pytest.mark.parametrize(
    ("path", "action", "expected"),
    [
        ("/services/Eucalyptus", "DescribeInstances", "ec2:DescribeInstances"),
        ("/services/compute/", "DescribeInstances", "ec2:DescribeInstances"),
        ("/services/Euare", "ListUsers", "iam:ListUsers"),
        ("/services/LoadBalancing", "DescribeLoadBalancers", "elb:DescribeLoadBalancers"),
        ("/services/CloudWatch", "ListMetrics", "cloudwatch:ListMetrics"),
        ("/services/AutoScaling", "DescribeAutoScalingGroups", "autoscaling:DescribeAutoScalingGroups"),
        ("/services/Tokens", "AssumeRole", "sts:AssumeRole"),
    ],
)
def test_eucalyptus_by_path(path, action, expected):
    routed = ask("GET", f"{path}?Action={action}&AWSAccessKeyId=x&Signature=y", "10.1.1.1:8773")
    assert (name(routed), routed.profile) == (expected, EUCALYPTUS)


def test_eucalyptus_object_storage():
    routed = ask("PUT", "/services/objectstorage/bucket/a/b", "10.1.1.1:8773")
    assert (name(routed), routed.labels, routed.path) == (
        "s3:PutObject",
        {"Bucket": "bucket", "Key": "a/b"},
        "/bucket/a/b",
    )
    # A bucket of that name is still a bucket, and AWS's own hosts have no such paths.
    assert ask("GET", "/services/other").labels == {"Bucket": "services", "Key": "other"}
    assert ask("GET", "/services/Eucalyptus", "s3.amazonaws.com").labels["Key"] == "Eucalyptus"


def test_a_profile_of_one_s_own():
    cloud = Profile(
        "mine", suffixes=["mycloud.example.com"], services={"compute": "ec2"}, regions=["r1"], allowed=["ec2"]
    )
    hosts = Hosts(profiles=[cloud])
    routed = ask("POST", "/", "compute.r1.mycloud.example.com:8773", body=b"Action=DescribeVpcs", hosts=hosts)
    assert (name(routed), routed.region, routed.profile) == ("ec2:DescribeVpcs", "r1", cloud)
    error = refused("GET", "/bucket", "s3.r1.mycloud.example.com", hosts=hosts)
    assert (error.status, error.profile) == (404, cloud)


# ---- the tree ----


def test_literals_beat_labels_beat_greedy_ones():
    tree: Tree[str] = Tree()
    for uri in ("/a/{x}", "/a/b", "/a/{rest+}", "/a/{x}/c", "/{all+}", "/a/{rest+}/end"):
        tree.add(Pattern("GET", uri, uri))

    def find(path: str) -> tuple[str, list[str]] | None:
        found = tree.find("GET", path, "", {})
        return None if found is None else (found[0].value, found[1])

    assert find("/a/b") == ("/a/b", [])
    assert find("/a/x") == ("/a/{x}", ["x"])
    assert find("/a/b/c") == ("/a/{x}/c", ["b"])
    assert find("/a/b/d") == ("/a/{rest+}", ["b/d"])
    assert find("/a/b/d/end") == ("/a/{rest+}/end", ["b/d"])
    assert find("/z/y") == ("/{all+}", ["z/y"])
    assert tree.find("PUT", "/a/b", "", {}) is None


def test_required_parameters_and_headers_decide_between_equals():
    tree: Tree[str] = Tree()
    tree.add(Pattern("GET", "/x", "plain"))
    tree.add(Pattern("GET", "/x", "with-id", params=["id"]))
    tree.add(Pattern("GET", "/x", "with-header", headers=["x-h"]))
    found = [tree.find("GET", "/x", query, headers) for query, headers in (("", {}), ("id=1", {}), ("", {"x-h": "1"}))]
    assert [f[0].value for f in found if f] == ["plain", "with-id", "with-header"]


def test_a_route_error_is_an_aws_error():
    assert isinstance(refused("PATCH", "/b/k"), AwsError)
