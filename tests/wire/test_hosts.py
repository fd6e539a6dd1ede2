"""What host names say."""

from __future__ import annotations

import pytest

from sundog.wire import hosts
from sundog.wire.hosts import Hosts
from sundog.wire.profile import Profile

NAMES = [
    # name, first service, region, rest
    ("ec2.us-east-1.amazonaws.com", "ec2", "us-east-1", ""),
    ("EC2.US-EAST-1.AMAZONAWS.COM:443", "ec2", "us-east-1", ""),
    ("iam.amazonaws.com", "iam", None, ""),
    ("iam.us-gov.amazonaws.com", "iam", None, ""),
    ("iam.global.api.aws", "iam", None, ""),
    ("global.health.amazonaws.com", "health", None, ""),
    ("ecs.us-east-1.api.aws", "ecs", "us-east-1", ""),
    ("dynamodb-fips.us-gov-west-1.amazonaws.com", "dynamodb", "us-gov-west-1", ""),
    ("fips.batch.us-east-1.amazonaws.com", "batch", "us-east-1", ""),
    ("models-fips.lex.us-east-1.amazonaws.com", "lex-models", "us-east-1", ""),
    ("sqs.cn-north-1.amazonaws.com.cn", "sqs", "cn-north-1", ""),
    ("cn.transcribe.cn-north-1.amazonaws.com.cn", "transcribe", "cn-north-1", ""),
    ("ec2.us-iso-east-1.c2s.ic.gov", "ec2", "us-iso-east-1", ""),
    ("ec2.us-isob-east-1.sc2s.sgov.gov", "ec2", "us-isob-east-1", ""),
    ("ec2.eusc-de-east-1.amazonaws.eu", "ec2", "eusc-de-east-1", ""),
    # older names of SQS, and names with the region in front
    ("queue.amazonaws.com", "sqs", None, ""),
    ("eu-west-1.queue.amazonaws.com", "sqs", "eu-west-1", ""),
    ("us-east-1.neptune-graph.amazonaws.com", "neptune-graph", "us-east-1", ""),
    ("search-x-abc.us-east-1.es.amazonaws.com", "es", "us-east-1", "search-x-abc"),
    # data planes and account-based names
    ("123456789012.ddb.us-east-1.amazonaws.com", "dynamodb", "us-east-1", "123456789012"),
    ("123456789012.control-kinesis.us-east-1.amazonaws.com", "kinesis", "us-east-1", "123456789012"),
    ("a1-ats.iot.us-east-1.amazonaws.com", "iot-data", "us-east-1", "a1-ats"),
    ("data-ats.iot.us-east-1.amazonaws.com", "iot-data", "us-east-1", ""),
    ("api.ecr.us-west-2.amazonaws.com", "ecr", "us-west-2", ""),
    ("123456789012.s3-control.dualstack.us-west-2.amazonaws.com", "s3control", "us-west-2", "123456789012"),
    ("abc.execute-api.us-east-1.amazonaws.com", "apigatewaymanagementapi", "us-east-1", "abc"),
    ("abc.lambda-url.us-east-1.on.aws", "lambda", "us-east-1", "abc"),
    # S3's many names
    ("s3.amazonaws.com", "s3", None, ""),
    ("s3-us-west-2.amazonaws.com", "s3", "us-west-2", ""),
    ("s3-external-1.amazonaws.com", "s3", None, ""),
    ("b.s3.amazonaws.com", "s3", None, "b"),
    ("a.b.c.s3.us-west-2.amazonaws.com", "s3", "us-west-2", "a.b.c"),
    ("b.s3-us-west-2.amazonaws.com", "s3", "us-west-2", "b"),
    ("b.s3.dualstack.us-west-2.amazonaws.com", "s3", "us-west-2", "b"),
    ("b.s3-fips.dualstack.us-gov-west-1.amazonaws.com", "s3", "us-gov-west-1", "b"),
    ("b.s3-accelerate.amazonaws.com", "s3", None, "b"),
    ("b.s3-accelerate.dualstack.amazonaws.com", "s3", None, "b"),
    ("b.s3-website-us-east-1.amazonaws.com", "s3", "us-east-1", "b"),
    ("b.s3-website.eu-central-1.amazonaws.com", "s3", "eu-central-1", "b"),
    ("b--usw2-az1--x-s3.s3express-usw2-az1.us-west-2.amazonaws.com", "s3", "us-west-2", "b--usw2-az1--x-s3"),
    ("s3express-control.us-west-2.amazonaws.com", "s3", "us-west-2", ""),
    ("x.mrap.accesspoint.s3-global.amazonaws.com", "s3", None, "x.mrap"),
    ("b.s3.cn-north-1.amazonaws.com.cn", "s3", "cn-north-1", "b"),
    # the server's own names
    ("sqs.us-east-1.localhost.localstack.cloud:4566", "sqs", "us-east-1", ""),
    ("b.s3.localhost:4566", "s3", None, "b"),
    ("b.s3.eu-west-1.localhost:4566", "s3", "eu-west-1", "b"),
    # guesses
    ("b.s3.minio.internal", "s3", None, "b"),
    ("dynamodb:8000", "dynamodb", None, ""),
]


@pytest.mark.parametrize(("name", "service", "region", "rest"), NAMES, ids=[n[0] for n in NAMES])
def test_a_name_says(name, service, region, rest):
    host = hosts.parse(name)
    assert (host.services[0], host.region, host.rest) == (service, region, rest)


@pytest.mark.parametrize("name", ["127.0.0.1:4566", "localhost", "[::1]:80", "10.0.0.1", "sundog.test:4566"])
def test_a_bare_endpoint_says_nothing(name):
    host = hosts.parse(name)
    assert (host.services, host.rest, host.aws) == ((), "", False)


def test_a_bucket_below_localhost_has_no_service_in_its_name():
    host = hosts.parse("my.bucket.localhost:4566")
    assert (host.services, host.rest) == ((), "my.bucket")


@pytest.mark.parametrize(
    ("name", "partition"),
    [
        ("ec2.us-east-1.amazonaws.com", "aws"),
        ("ec2.us-gov-west-1.amazonaws.com", "aws-us-gov"),
        ("iam.us-gov.api.aws", "aws-us-gov"),
        ("ec2.cn-north-1.amazonaws.com.cn", "aws-cn"),
        ("ec2.cn-north-1.api.amazonwebservices.com.cn", "aws-cn"),
        ("ec2.us-isof-south-1.csp.hci.ic.gov", "aws-iso-f"),
    ],
)
def test_partitions(name, partition):
    assert hosts.parse(name).partition == partition


@pytest.mark.parametrize(
    "name",
    [
        "sqs.us-east-1.amazonaws.com:443",
        "amazonaws.com",
        "x.amazonaws.com.cn",
        "lambda.us-east-1.api.aws",
        "abc.lambda-url.us-east-1.on.aws",
        "public.ecr.aws",
        "us-west-2.signin.aws.amazon.com",
        "pool.auth.us-east-1.amazoncognito.com",
        "ec2.us-isob-east-1.sc2s.sgov.gov",
        "169.254.169.254",
        "[fd00:ec2::254]:80",
    ],
)
def test_names_that_are_aws_s(name):
    assert hosts.is_aws(name)


@pytest.mark.parametrize(
    "name", ["example.com", "notamazonaws.com", "amazonaws.com.evil.test", "localhost", "paws", "xaws", "1.2.3.4", ""]
)
def test_names_that_are_not(name):
    assert not hosts.is_aws(name)


def test_region_of():
    assert hosts.region_of("sqs.eu-west-3.amazonaws.com") == "eu-west-3"
    assert hosts.region_of("localhost:4566") is None


def test_covers_is_aws_and_every_profile():
    assert hosts.DEFAULT.covers("fcu.eu-west-2.outscale.com")
    assert hosts.DEFAULT.covers("s3.amazonaws.com")
    assert not hosts.DEFAULT.covers("example.com")


def test_a_profile_takes_a_few_lines():
    acme = Profile(
        "acme", suffixes=["cloud.acme.test"], services={"compute": "ec2"}, regions=["north-1"], allowed=["ec2", "s3"]
    )
    registry = Hosts(profiles=[acme])
    host = registry.parse("compute.north-1.cloud.acme.test:8773")
    assert (host.services, host.region, host.profile) == (("ec2",), "north-1", acme)
    host = registry.parse("a.bucket.s3.cloud.acme.test")
    assert (host.services, host.rest) == (("s3",), "a.bucket")
    assert registry.parse("sqs.cloud.acme.test").services == ()
    assert not registry.covers("fcu.eu-west-2.outscale.com")


def test_the_cache_is_bounded():
    registry = Hosts()
    for index in range(hosts._CACHE_MAX + 10):
        registry.parse(f"b{index}.s3.amazonaws.com")
    assert len(registry._cache) <= hosts._CACHE_MAX


def test_parse_is_cached():
    registry = Hosts()
    assert registry.parse("s3.amazonaws.com") is registry.parse("s3.amazonaws.com")
