"""rest-xml: S3's ways, the others', and hostile documents."""

from __future__ import annotations

from io import BytesIO
from typing import Any

import pytest

from sundog.wire.codec import codec
from sundog.wire.errors import AwsError
from sundog.wire.http import Request
from sundog.wire.model import Operation, get_service


def operation(service: str, name: str) -> Operation:
    found = get_service(service).operation(name)
    assert found is not None
    return found


def decode(
    service: str, name: str, body: bytes = b"", query: str = "", headers: dict[str, str] | None = None
) -> dict[str, Any]:
    request = Request("PUT", "x", "/", query, dict(headers or {}), body)
    return codec("rest-xml").decode(operation(service, name), request, {"Bucket": "b", "Key": "k"})


def test_elements_with_and_without_namespaces() -> None:
    for namespace in ("", ' xmlns="http://s3.amazonaws.com/doc/2006-03-01/"'):
        body = (
            f"<?xml version='1.0'?><!-- c --><Delete{namespace}><Quiet>true</Quiet><Object><Key>a&amp;b</Key></Object>"
            "<Object><Key>c</Key><VersionId></VersionId></Object><Unknown><x/></Unknown></Delete>"
        )
        assert decode("s3", "DeleteObjects", body.encode()) == {
            "Bucket": "b",
            "Delete": {"Quiet": True, "Objects": [{"Key": "a&b"}, {"Key": "c", "VersionId": ""}]},
        }


def test_attributes_both_ways() -> None:
    body = (
        b'<AccessControlPolicy xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Owner><ID>o</ID></Owner>'
        b'<AccessControlList><Grant><Grantee xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:type="Group">'
        b"<URI>u</URI></Grantee><Permission>READ</Permission></Grant></AccessControlList></AccessControlPolicy>"
    )
    policy = {"Owner": {"ID": "o"}, "Grants": [{"Grantee": {"Type": "Group", "URI": "u"}, "Permission": "READ"}]}
    assert decode("s3", "PutBucketAcl", body)["AccessControlPolicy"] == policy
    assert body in codec("rest-xml").encode(operation("s3", "GetBucketAcl"), policy, "r").read()


@pytest.mark.parametrize(
    "body",
    [
        b"<Delete>",
        b"nonsense",
        b'<!DOCTYPE a [<!ENTITY x "y">]><Delete><Object><Key>&x;</Key></Object></Delete>',
        b'<!DOCTYPE Delete SYSTEM "file:///etc/passwd"><Delete/>',
        '<?xml version="1.0" encoding="UTF-16"?><!DOCTYPE a [<!ENTITY x "y">]><Delete>&x;</Delete>'.encode("utf-16"),
        b"<Delete><Object><Key>&undefined;</Key></Object></Delete>",
        b"<a>" * 100_000,
        b"<a>" * 500 + b"</a>" * 500,
        b"\xff\xfe\x00",
        b'<?xml version="1.0" encoding="no-such"?><Delete/>',
        b"<Delete><Quiet>perhaps</Quiet></Delete>",
        b"<Delete a='1' a='2'/>",
    ],
)
def test_hostile_xml_is_malformed(body: bytes) -> None:
    with pytest.raises(AwsError) as caught:
        decode("s3", "DeleteObjects", body)
    assert (caught.value.code, caught.value.status) == ("MalformedXML", 400)
    assert caught.value.message.startswith("The XML you provided was not well-formed")


def test_members_outside_of_the_body() -> None:
    params = decode(
        "s3",
        "PutObject",
        b"content",
        headers={
            "x-amz-meta-a": "1",
            "x-amz-meta-": "",
            "content-type": "text/plain",
            "expires": "Thu, 02 Jan 2020 03:04:05 GMT",
            "x-amz-server-side-encryption-bucket-key-enabled": "true",
            "x-amz-tagging": "a=b",
        },
    )
    assert params["Metadata"] == {"a": "1", "": ""}
    assert params["ContentType"] == "text/plain"
    assert params["BucketKeyEnabled"] is True
    assert params["Body"] == b"content"
    assert params["Key"] == "k"
    assert decode("s3", "ListObjectsV2", query="list-type=2&prefix=a%2Fb+c&max-keys=5&delimiter") == {
        "Bucket": "b",
        "Prefix": "a/b c",
        "MaxKeys": 5,
        "Delimiter": "",
    }


def test_a_big_body_stays_a_file() -> None:
    file = BytesIO(b"big")
    request = Request("PUT", "x", "/", "", {}, file)
    assert codec("rest-xml").decode(operation("s3", "PutObject"), request, {"Bucket": "b", "Key": "k"})["Body"] is file
    assert codec("rest-xml").encode(operation("s3", "GetObject"), {"Body": file}, "r").body is file


def test_arguments_of_the_wrong_type() -> None:
    with pytest.raises(AwsError) as caught:
        decode("s3", "ListObjectsV2", query="max-keys=abc")
    assert caught.value.code == "InvalidArgument"
    assert caught.value.message == "Provided max-keys not an integer or within integer range"
    assert caught.value.members == {"ArgumentName": "max-keys", "ArgumentValue": "abc"}


def test_s3_names_its_roots() -> None:
    def body(name: str, result: dict[str, Any]) -> str:
        return codec("rest-xml").encode(operation("s3", name), result, "r").read().decode()

    start = '<?xml version="1.0" encoding="UTF-8"?>\n'
    xmlns = 'xmlns="http://s3.amazonaws.com/doc/2006-03-01/"'
    assert body("ListBuckets", {"Buckets": []}) == (
        f"{start}<ListAllMyBucketsResult {xmlns}><Buckets></Buckets></ListAllMyBucketsResult>"
    )
    assert body("ListObjectsV2", {"CommonPrefixes": [{"Prefix": "a/"}, {"Prefix": "b/"}]}) == (
        f"{start}<ListBucketResult {xmlns}><CommonPrefixes><Prefix>a/</Prefix></CommonPrefixes>"
        "<CommonPrefixes><Prefix>b/</Prefix></CommonPrefixes></ListBucketResult>"
    )
    location = body("GetBucketLocation", {"LocationConstraint": "eu-west-1"})
    assert location == f"{start}<LocationConstraint {xmlns}>eu-west-1</LocationConstraint>"
    assert body("GetBucketVersioning", {}) == f"{start}<VersioningConfiguration {xmlns}></VersioningConfiguration>"
    assert body("CopyObject", {"CopyObjectResult": {"ETag": '"e"'}}) == (
        f'{start}<CopyObjectResult {xmlns}><ETag>"e"</ETag></CopyObjectResult>'
    )
    assert body("GetBucketPolicy", {"Policy": "{}"}) == "{}"


def test_route_53_and_cloudfront_have_their_namespaces() -> None:
    text = codec("rest-xml").encode(operation("route53", "GetHostedZoneCount"), {"HostedZoneCount": 3}, "r").read()
    assert b'<GetHostedZoneCountResponse xmlns="https://route53.amazonaws.com/doc/2013-04-01/">' in text
    text = (
        codec("rest-xml").encode(operation("cloudfront", "GetDistribution"), {"Distribution": {"Id": "E"}}, "r").read()
    )
    assert b'<Distribution xmlns="http://cloudfront.amazonaws.com/doc/2020-05-31/"><Id>E</Id></Distribution>' in text


def test_s3_errors_are_bare() -> None:
    error = AwsError("NoSuchKey", "The specified key does not exist.", 404, {"Key": "a<b"})
    response = codec("rest-xml").encode_error(get_service("s3"), operation("s3", "GetObject"), error, "rid")
    host_id = response.headers["x-amz-id-2"]
    assert response.headers["x-amz-request-id"] == "rid"
    assert response.read().decode() == (
        '<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>NoSuchKey</Code>'
        "<Message>The specified key does not exist.</Message><Key>a&lt;b</Key>"
        f"<RequestId>rid</RequestId><HostId>{host_id}</HostId></Error>"
    )


def test_an_answer_to_head_has_no_body() -> None:
    error = AwsError("NoSuchKey", "The specified key does not exist.", 404)
    response = codec("rest-xml").encode_error(get_service("s3"), operation("s3", "HeadObject"), error, "rid")
    assert (response.status, response.read()) == (404, b"")
    response = codec("rest-xml").encode(operation("s3", "HeadObject"), {"ETag": '"e"', "Metadata": {"A": "b"}}, "r")
    assert (response.headers["etag"], response.headers["x-amz-meta-a"], response.read()) == ('"e"', "b", b"")


def test_other_errors_are_wrapped() -> None:
    error = AwsError("NoSuchHostedZone", "No hosted zone found with ID: Z", 404)
    text = codec("rest-xml").encode_error(get_service("route53"), None, error, "rid").read().decode()
    assert text.endswith(
        '<ErrorResponse xmlns="https://route53.amazonaws.com/doc/2013-04-01/"><Error><Type>Sender</Type>'
        "<Code>NoSuchHostedZone</Code><Message>No hosted zone found with ID: Z</Message></Error>"
        "<RequestId>rid</RequestId></ErrorResponse>"
    )
