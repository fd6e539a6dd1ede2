"""Cross-origin rules: kept, and held against what browsers ask."""

from __future__ import annotations

import pytest
import requests

RULE = {
    "AllowedOrigins": ["https://localhost:4200"],
    "AllowedMethods": ["GET", "PUT"],
    "MaxAgeSeconds": 3000,
    "AllowedHeaders": ["*"],
}
VARY = "Origin, Access-Control-Request-Headers, Access-Control-Request-Method"
REFUSED = (
    "CORSResponse: This CORS request is not allowed. This is usually because the evalution of Origin, request method / "
    "Access-Control-Request-Method or Access-Control-Request-Headers are not whitelisted by the resource's CORS spec."
)


@pytest.fixture
def rules(s3, bucket):
    """Sets the bucket's rules."""

    def put(*given):
        s3.put_bucket_cors(Bucket=bucket, CORSConfiguration={"CORSRules": list(given)})

    return put


@pytest.fixture
def url(s3, bucket):
    s3.put_object(Bucket=bucket, Key="k", Body=b"test-cors")
    return f"https://{bucket}.s3.amazonaws.com/k"


def told(answer):
    return {
        name.lower().removeprefix("access-control-"): value
        for name, value in answer.headers.items()
        if name.lower().startswith("access-control-") or name.lower() == "vary"
    }


def ask(url, origin=None, method=None, headers=None):
    given = {"Origin": origin, "Access-Control-Request-Method": method, "Access-Control-Request-Headers": headers}
    return requests.options(url, headers={name: value for name, value in given.items() if value is not None})


def test_rules_come_and_go(s3, bucket, rules, refused):
    none = {
        "Code": "NoSuchCORSConfiguration",
        "Message": "The CORS configuration does not exist",
        "BucketName": bucket,
        "Status": 404,
    }
    assert refused(s3.get_bucket_cors, Bucket=bucket) == none
    rules({"AllowedMethods": ["GET"], "AllowedOrigins": ["*"]})
    found = s3.get_bucket_cors(Bucket=bucket)
    assert found["CORSRules"] == [{"AllowedMethods": ["GET"], "AllowedOrigins": ["*"]}]
    assert s3.delete_bucket_cors(Bucket=bucket)["ResponseMetadata"]["HTTPStatusCode"] == 204
    assert refused(s3.get_bucket_cors, Bucket=bucket) == none


@pytest.mark.parametrize(
    ("rule", "message"),
    [
        (
            {"AllowedMethods": ["MYMETHOD"], "AllowedOrigins": ["*"]},
            "Found unsupported HTTP method in CORS config. Unsupported method is MYMETHOD",
        ),
        (
            {"AllowedMethods": ["GET"], "AllowedOrigins": ["*.a.*"]},
            'AllowedOrigin "*.a.*" can not have more than one wildcard.',
        ),
        (
            {"AllowedMethods": ["GET"], "AllowedOrigins": ["*"], "ExposeHeaders": ["x-*"]},
            'ExposeHeader "x-*" contains wildcard. We currently do not support wildcard for ExposeHeader.',
        ),
    ],
)
def test_rules_that_can_not_be_are_refused(s3, bucket, refused, rule, message):
    answer = refused(s3.put_bucket_cors, Bucket=bucket, CORSConfiguration={"CORSRules": [rule]})
    assert answer == {"Code": "InvalidRequest", "Message": message, "Status": 400}


def test_no_rules_are_malformed(s3, bucket, refused):
    answer = refused(s3.put_bucket_cors, Bucket=bucket, CORSConfiguration={"CORSRules": []})
    assert (answer["Code"], answer["Status"]) == ("MalformedXML", 400)


def test_a_preflight_names_its_origin(url, rules, error_of):
    wanted = {
        "Code": "BadRequest",
        "Message": "Insufficient information. Origin request header needed.",
        "Status": 400,
    }
    assert error_of(ask(url)) == wanted
    rules(RULE)
    assert error_of(ask(url)) == wanted
    assert error_of(requests.options(url, headers={"Referer": "https://localhost:4200"})) == wanted
    assert error_of(ask("https://nothing-here.s3.amazonaws.com/")) == wanted


def test_without_rules_a_preflight_is_refused(bucket, url, error_of):
    wanted = {
        "Code": "AccessForbidden",
        "Message": "CORSResponse: CORS is not enabled for this bucket.",
        "ResourceType": "BUCKET",
        "Status": 403,
    }
    where = url.removesuffix("k")
    assert error_of(ask(where, "https://localhost:4200", "PUT")) == {**wanted, "Method": "PUT"}
    assert error_of(ask(where, "https://localhost:4200")) == {**wanted, "Method": "OPTIONS"}


def test_a_bucket_that_is_not_there_is_forbidden(aws, error_of):
    assert error_of(ask("https://nothing-here.s3.amazonaws.com/", "https://localhost:4200")) == {
        "Code": "AccessForbidden",
        "Message": "CORSResponse: Bucket not found",
        "Method": "OPTIONS",
        "ResourceType": "BUCKET",
        "Status": 403,
    }


def test_a_named_origin_is_let_in_with_credentials(url, rules):
    rules(RULE)
    wanted = {
        "allow-origin": "https://localhost:4200",
        "allow-methods": "GET, PUT",
        "allow-credentials": "true",
        "max-age": "3000",
        "vary": VARY,
    }
    answer = ask(url, "https://localhost:4200", "PUT")
    assert (answer.status_code, answer.content, answer.headers["content-length"]) == (200, b"", "0")
    assert told(answer) == wanted
    answer = requests.get(url, headers={"Origin": "https://localhost:4200"})
    assert (answer.content, told(answer)) == (b"test-cors", wanted)


def test_anybody_is_let_in_without_credentials(url, rules):
    rules({**RULE, "AllowedOrigins": ["*"]})
    wanted = {"allow-origin": "*", "allow-methods": "GET, PUT", "max-age": "3000", "vary": VARY}
    assert told(ask(url, "https://whoever.com", "PUT")) == wanted
    assert told(requests.get(url, headers={"Origin": "https://whoever.com"})) == wanted


def test_another_origin_is_refused_the_preflight_and_told_nothing(url, rules, error_of):
    rules(RULE)
    assert error_of(ask(url, "https://localhost:4201", "PUT")) == {
        "Code": "AccessForbidden",
        "Message": REFUSED,
        "Method": "PUT",
        "ResourceType": "OBJECT",
        "Status": 403,
    }
    for headers in ({}, {"Origin": "https://localhost:4201"}, {"Referer": "https://localhost:4200"}):
        answer = requests.get(url, headers=headers)
        assert (answer.content, told(answer)) == (b"test-cors", {})


def test_a_wildcard_stands_for_a_part_of_the_origin(url, rules, error_of):
    rules({**RULE, "AllowedOrigins": ["http://*.origin.com"]})
    assert told(ask(url, "http://test.origin.com", "PUT"))["allow-origin"] == "http://test.origin.com"
    where = url.removesuffix("k")
    answer = error_of(ask(where, "https://test.origin.com", "GET"))
    assert (answer["Message"], answer["ResourceType"], answer["Method"]) == (REFUSED, "BUCKET", "GET")


def test_methods_are_only_those_of_the_rule(url, rules, error_of):
    rules(RULE)
    assert error_of(ask(url, "https://localhost:4200", "DELETE"))["Method"] == "DELETE"
    assert told(requests.head(url, headers={"Origin": "https://localhost:4200"})) == {}


def test_headers_are_only_those_of_the_rule(url, rules, error_of):
    rules({"AllowedMethods": ["GET"], "AllowedOrigins": ["*"]})
    assert told(ask(url, "https://a.com", "GET")) == {"allow-origin": "*", "allow-methods": "GET", "vary": VARY}
    assert error_of(ask(url, "https://a.com", "GET", "x-amz-request-payer"))["Message"] == REFUSED
    rules({"AllowedMethods": ["GET"], "AllowedOrigins": ["*"], "AllowedHeaders": ["x-amz-*", "Content-Type"]})
    answer = ask(url, "https://a.com", "GET", "X-Amz-Request-Payer, content-type")
    assert told(answer)["allow-headers"] == "x-amz-request-payer, content-type"
    assert ask(url, "https://a.com", "GET", "x-amz-a, other").status_code == 403


def test_headers_that_scripts_may_read_are_told(url, rules):
    rules({**RULE, "ExposeHeaders": ["x-amz-id-2", "ETag"]})
    assert told(ask(url, "https://localhost:4200", "GET"))["expose-headers"] == "x-amz-id-2, ETag"


def test_the_first_rule_that_fits_counts(url, rules):
    rules(
        {"AllowedMethods": ["GET"], "AllowedOrigins": ["https://a.com"], "MaxAgeSeconds": 1},
        {"AllowedMethods": ["GET", "PUT"], "AllowedOrigins": ["https://a.com"], "MaxAgeSeconds": 2},
    )
    assert told(ask(url, "https://a.com", "GET"))["max-age"] == "1"
    assert told(ask(url, "https://a.com", "PUT"))["max-age"] == "2"
