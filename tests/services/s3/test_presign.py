"""Presigned URLs."""

from __future__ import annotations

from urllib.parse import quote

import boto3
import pytest
import requests
from botocore.config import Config

from sundog import mock_aws

UNSIGNED = "There were headers present in the request which were not signed"
MISMATCH = (
    "The request signature we calculated does not match the signature you provided. Check your key and signing method."
)


@pytest.fixture
def aws():
    """A cloud that checks signatures."""
    with mock_aws(verify_signatures=True) as cloud:
        yield cloud


@pytest.fixture
def client(aws):
    """Makes clients with a key of the account's root user."""
    key = aws.root_credentials()

    def make(**config):
        config.setdefault("request_checksum_calculation", "when_required")
        return boto3.client("s3", "us-east-1", config=Config(**config), **key)

    return make


@pytest.fixture(params=["s3", "s3v4"])
def version(request):
    return request.param


@pytest.fixture
def signer(aws, version, client):
    """A client that signs by either version."""
    made = client(signature_version=version)
    made.create_bucket(Bucket="signed")
    made.put_object(Bucket="signed", Key="k", Body=b"something")
    return made


def presign(s3, operation, expires=3600, method=None, **params):
    return s3.generate_presigned_url(
        operation, Params={"Bucket": "signed", "Key": "k", **params}, ExpiresIn=expires, HttpMethod=method
    )


@pytest.mark.parametrize("style", ["virtual", "path"])
def test_a_url_reads_writes_and_removes(signer, version, client, style):
    s3 = client(signature_version=version, s3={"addressing_style": style})
    assert requests.get(presign(s3, "get_object")).content == b"something"
    assert requests.put(presign(s3, "put_object"), data=b"else").status_code == 200
    assert requests.head(presign(s3, "head_object")).headers["Content-Length"] == "4"
    assert requests.delete(presign(s3, "delete_object")).status_code == 204
    assert requests.get(presign(s3, "get_object")).status_code == 404


def test_a_url_is_good_for_its_method_and_key_alone(signer, version, error_of):
    for answer in (
        requests.put(presign(signer, "get_object"), data=b"x"),
        requests.get(presign(signer, "put_object")),
        requests.get(presign(signer, "get_object").replace("/k?", "/other?")),
    ):
        found = error_of(answer)
        assert (found["Code"], found["Message"], found["Status"]) == ("SignatureDoesNotMatch", MISMATCH, 403)
        assert found["AWSAccessKeyId"] == signer._request_signer._credentials.access_key
        wanted = {
            "AWSAccessKeyId",
            "Code",
            "Message",
            "SignatureProvided",
            "StringToSign",
            "StringToSignBytes",
            "Status",
        }
        if version == "s3v4":
            wanted |= {"CanonicalRequest", "CanonicalRequestBytes"}
        assert set(found) == wanted


def test_a_url_runs_out(signer, version, aws, error_of):
    url = presign(signer, "get_object", expires=60)
    assert requests.get(url).status_code == 200
    aws.clock.advance(seconds=61)
    found = error_of(requests.get(url))
    assert (found["Code"], found["Message"], found["Status"]) == ("AccessDenied", "Request has expired", 403)
    more = {"X-Amz-Expires"} if version == "s3v4" else set()
    assert set(found) - {"Code", "Message", "Status"} == {"Expires", "ServerTime"} | more
    assert found["Expires"] < found["ServerTime"]
    assert found.get("X-Amz-Expires", "60") == "60"


@pytest.mark.parametrize("name", ["Signature", "Expires"])
def test_a_url_of_the_second_version_has_all_its_parameters(client, aws, name):
    s3 = client(signature_version="s3")
    s3.create_bucket(Bucket="signed")
    url = presign(s3, "get_object")
    kept = "&".join(pair for pair in url.partition("?")[2].split("&") if not pair.startswith(name))
    answer = requests.get(url.partition("?")[0] + "?" + kept)
    assert answer.status_code == 403
    assert b"<Code>AccessDenied</Code>" in answer.content


@pytest.mark.parametrize("name", ["Signature", "Date", "Expires", "Credential", "SignedHeaders"])
def test_a_url_of_the_fourth_version_has_all_its_parameters(client, aws, error_of, name):
    s3 = client(signature_version="s3v4")
    s3.create_bucket(Bucket="signed")
    url = presign(s3, "put_object")
    kept = "&".join(pair for pair in url.partition("?")[2].split("&") if not pair.startswith(f"X-Amz-{name}="))
    assert error_of(requests.put(url.partition("?")[0] + "?" + kept)) == {
        "Code": "AuthorizationQueryParametersError",
        "Message": "Query-string authentication version 4 requires the X-Amz-Algorithm, X-Amz-Credential, "
        "X-Amz-Signature, X-Amz-Date, X-Amz-SignedHeaders, and X-Amz-Expires parameters.",
        "Status": 400,
    }


def test_a_credential_that_is_encoded_twice_is_malformed(client, aws, error_of):
    s3 = client(signature_version="s3v4")
    s3.create_bucket(Bucket="signed")
    url = presign(s3, "get_object").replace("%2F", "%252F")
    assert error_of(requests.get(url)) == {
        "Code": "AuthorizationQueryParametersError",
        "Message": "Error parsing the X-Amz-Credential parameter; the Credential is mal-formed; expecting "
        '"<YOUR-AKID>/YYYYMMDD/REGION/SERVICE/aws4_request".',
        "Status": 400,
    }


def test_headers_that_were_signed_must_be_sent_as_they_were(signer, version, error_of):
    url = presign(signer, "put_object", ContentType="text/plain")
    assert requests.put(url, data=b"x", headers={"Content-Type": "text/plain"}).status_code == 200
    for headers in ({"Content-Type": "text/other"}, {}):
        found = error_of(requests.put(url, data=b"x", headers=headers))
        assert (found["Code"], found["Status"]) == ("SignatureDoesNotMatch", 403)
    headers = {"Content-Type": "text/plain", "Content-Encoding": "identity"}
    assert requests.put(url, data=b"x", headers=headers).status_code == 200


def test_headers_of_amazon_must_be_signed(signer, version, error_of):
    url = presign(signer, "put_object")
    found = error_of(requests.put(url, data=b"x", headers={"x-amz-meta-wrong": "y"}))
    if version == "s3":
        assert (found["Code"], found["Status"]) == ("SignatureDoesNotMatch", 403)
    else:
        assert found == {
            "Code": "AccessDenied",
            "Message": UNSIGNED,
            "HeadersNotSigned": "x-amz-meta-wrong",
            "Status": 403,
        }


def test_metadata_is_sent_with_a_url(signer, version, error_of):
    url = presign(signer, "put_object", Metadata={"foo": "bar"})
    headers = {} if "x-amz-meta-foo=" in url else {"x-amz-meta-foo": "bar"}
    assert requests.put(url, data=b"test-metadata"[:11], headers=headers).status_code == 200
    assert signer.head_object(Bucket="signed", Key="k")["Metadata"] == {"foo": "bar"}
    if headers:
        assert error_of(requests.put(url, data=b"x"))["Code"] == "SignatureDoesNotMatch"
        wrong = {"x-amz-meta-foo": "bar", "x-amz-meta-wrong": "wrong"}
        assert requests.put(url, data=b"x", headers=wrong).status_code == 403


def test_headers_may_stand_in_the_query(client, aws):
    """As the SDKs for JavaScript and Go sign them."""
    from botocore.auth import S3SigV4QueryAuth
    from botocore.awsrequest import AWSRequest

    s3 = client()
    s3.create_bucket(Bucket="signed")
    credentials = s3._request_signer._credentials
    query = "x-amz-meta-foo=bar-complicated-no-random&x-amz-storage-class=STANDARD_IA&x-amz-tagging=" + quote("a=b")
    request = AWSRequest(method="PUT", url=f"https://signed.s3.amazonaws.com/k?{query}")
    S3SigV4QueryAuth(credentials, "s3", "us-east-1").add_auth(request)
    assert requests.put(request.url, data=b"123456").status_code == 200
    found = s3.head_object(Bucket="signed", Key="k")
    assert (found["Metadata"], found["StorageClass"]) == ({"foo": "bar-complicated-no-random"}, "STANDARD_IA")
    assert found["TagCount"] == 1


def test_a_url_works_in_the_name_of_its_key_alone(signer, version, error_of):
    key = signer._request_signer._credentials.access_key
    url = presign(signer, "get_object").replace(key, "AKIAIOSFODNN7NOBODY1")
    found = error_of(requests.get(url))
    assert (found["Code"], found["Status"]) in {("InvalidAccessKeyId", 403), ("SignatureDoesNotMatch", 403)}


def test_extra_parameters_break_the_fourth_versions_signature_only(signer, version):
    status = requests.get(presign(signer, "get_object") + "&utm=1").status_code
    assert status == (200 if version == "s3" else 403)


def test_a_digest_in_a_url_is_held_to(client, aws, error_of):
    s3 = client(signature_version="s3v4")
    s3.create_bucket(Bucket="signed")
    url = presign(s3, "put_object", ContentMD5="Q3uTDbhLgHnC3YBKcZNrXw==")
    right = {"Content-MD5": "Q3uTDbhLgHnC3YBKcZNrXw=="}
    assert requests.put(url, data=b"something", headers=right).status_code == 200
    assert error_of(requests.put(url, data=b"else", headers=right))["Code"] == "BadDigest"


@pytest.mark.parametrize("sized", [True, False])
def test_headers_of_chunked_bodies_must_be_signed(client, aws, error_of, sized):
    s3 = client(signature_version="s3v4")
    s3.create_bucket(Bucket="signed")
    headers = {
        "x-amz-content-sha256": "STREAMING-AWS4-HMAC-SHA256-PAYLOAD",
        "x-amz-date": aws.clock.now().strftime("%Y%m%dT%H%M%SZ"),
        "content-encoding": "aws-chunked",
    }
    names = ["x-amz-date"]
    if sized:
        headers["x-amz-decoded-content-length"] = "3"
        names.append("x-amz-decoded-content-length")
    assert error_of(requests.put(presign(s3, "put_object"), data=b"abc", headers=headers)) == {
        "Code": "AccessDenied",
        "Message": UNSIGNED,
        "HeadersNotSigned": ", ".join(names),
        "Status": 403,
    }


def test_headers_that_are_not_ascii_are_signed_as_utf_8(client, aws):
    s3 = client()
    s3.create_bucket(Bucket="signed")
    assert s3.put_object(Bucket="signed", Key="k", CacheControl="ÄMÄZÕÑ S3 —")["ETag"]
