"""Signatures made by botocore's and boto 2's own signers, checked by ours."""

from __future__ import annotations

import base64
import io
from datetime import datetime, timedelta, timezone
from urllib.parse import urlencode, urlsplit

import pytest
from botocore import auth as signers
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from sundog.wire import auth_errors
from sundog.wire.auth import identify
from sundog.wire.errors import AwsError
from sundog.wire.http import Request
from sundog.wire.sigv4 import Chunks, ecdsa_key, post_credential, signing_key, string_to_sign, verify, verify_post

KEY, SECRET = "AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
FORM = "application/x-www-form-urlencoded; charset=utf-8"


def now() -> datetime:
    return datetime.now(timezone.utc)


def taken(prepared) -> Request:
    """What arrives of a request that botocore has signed."""
    parts = urlsplit(prepared.url)
    body = prepared.body or b""
    return Request(
        prepared.method,
        parts.netloc,
        parts.path or "/",
        parts.query,
        {
            name.lower(): value.decode() if isinstance(value, bytes) else value
            for name, value in prepared.headers.items()
        },
        body.encode() if isinstance(body, str) else body,
        parts.scheme,
    )


def signed(
    signer=signers.SigV4Auth,
    service="sqs",
    method="POST",
    url="https://sqs.us-east-1.amazonaws.com/",
    body=b"Action=ListQueues",
    headers=None,
    token=None,
    **options,
) -> Request:
    request = AWSRequest(method=method, url=url, data=body, headers=headers or {})
    signer(Credentials(KEY, SECRET, token), service, "us-east-1", **options).add_auth(request)
    return taken(request.prepare())


def check(request: Request, secret: str = SECRET, when: datetime | None = None, **options) -> None:
    verify(request, identify(request), secret, when or now(), **options)


def error_of(request: Request, **options) -> AwsError:
    with pytest.raises(AwsError) as caught:
        check(request, **options)
    return caught.value


def code_of(request: Request, **options) -> str:
    return error_of(request, **options).code


@pytest.mark.parametrize(
    ("service", "url"),
    [
        ("sqs", "https://sqs.us-east-1.amazonaws.com/"),
        (
            "lambda",
            "https://lambda.us-east-1.amazonaws.com/2015-03-31/functions/arn%3Aaws%3Alambda%3A1/x%20y?a=b&a=a&z",
        ),
        ("execute-api", "https://x.execute-api.us-east-1.amazonaws.com/a//b/../c/?q=%2F%2B%20&q2=%C3%BC"),
        ("es", "http://127.0.0.1:4566/_search?q=%2A~-_.&empty="),
    ],
)
def test_a_header_signature_is_right(service, url):
    request = signed(service=service, url=url, body=b'{"a": 1}')
    check(request)
    assert identify(request).kind == "sigv4"


def test_a_wrong_secret_or_a_changed_request_is_refused():
    request = signed(token="session")
    assert identify(request).token == "session"
    assert code_of(request, secret="other") == "SignatureDoesNotMatch"
    request.body += b"&More=1"
    assert code_of(request) == "SignatureDoesNotMatch"
    assert code_of(request, family="json") == "InvalidSignatureException"
    assert code_of(request, family="ec2") == "AuthFailure"


def test_headers_are_compared_with_their_spaces_collapsed():
    request = signed(headers={"x-amz-meta-a": "  one   two ", "content-type": FORM})
    check(request)
    request.headers["x-amz-meta-a"] = "one twO"
    assert code_of(request) == "SignatureDoesNotMatch"


def test_a_signature_from_long_ago_is_expired():
    request = signed()
    later = now() + timedelta(minutes=16)
    with pytest.raises(AwsError, match=r"Signature expired: \d{8}T\d{6}Z is now earlier than .* \(.* - 15 min.\)"):
        check(request, when=later)
    with pytest.raises(AwsError, match="Signature not yet current"):
        check(request, when=now() - timedelta(minutes=16))
    assert code_of(request, when=later, family="ec2") == "RequestExpired"
    error = error_of(request, when=later, family="s3")
    assert (error.code, error.status, error.members["MaxAllowedSkewMilliseconds"]) == (
        "RequestTimeTooSkewed",
        403,
        "900000",
    )


@pytest.mark.parametrize("path", ["/bucket/a b/c+d/ü//e/../f", "/bucket/~tilde*'()!", "/"])
def test_an_s3_signature_covers_the_path_as_it_is(path):
    from urllib.parse import quote

    url = "https://s3.us-east-1.amazonaws.com" + quote(path, safe="/~%")
    request = signed(signers.S3SigV4Auth, "s3", "PUT", url, b"data", {"content-md5": "x"})
    check(request, family="s3")
    request.body = b"date"
    assert code_of(request, family="s3") == "XAmzContentSHA256Mismatch"


def test_a_presigned_s3_url_lives_as_long_as_it_says():
    url = "https://bucket.s3.us-east-1.amazonaws.com/key%20x?response-content-type=text%2Fplain&versionId=1"
    request = signed(signers.S3SigV4QueryAuth, "s3", "GET", url, b"", expires=60, token="t/+=")
    credential = identify(request)
    assert (credential.kind, credential.access_key, credential.token) == ("sigv4-query", KEY, "t/+=")
    check(request, family="s3")
    error = error_of(request, when=now() + timedelta(seconds=62), family="s3")
    assert (error.code, error.message, error.status) == ("AccessDenied", "Request has expired", 403)
    assert error.members["X-Amz-Expires"] == "60"
    request.query = request.query.replace("versionId=1", "versionId=2")
    assert code_of(request, family="s3") == "SignatureDoesNotMatch"


def test_a_presigned_query_request_is_right():
    url = "https://sts.amazonaws.com/?Action=GetCallerIdentity&Version=2011-06-15"
    request = signed(signers.SigV4QueryAuth, "sts", "GET", url, b"", expires=60)
    check(request)
    assert code_of(request, secret="x") == "SignatureDoesNotMatch"


def test_a_presigned_url_needs_all_its_parts_and_a_sane_life():
    request = signed(signers.S3SigV4QueryAuth, "s3", "GET", "https://s3.amazonaws.com/b/k", b"", expires=60)
    good = request.query
    request.query = good.replace("X-Amz-Expires=60", "")
    assert code_of(request, family="s3") == "AuthorizationQueryParametersError"
    request.query = good.replace("X-Amz-Expires=60", "X-Amz-Expires=604801")
    assert code_of(request, family="s3") == "AuthorizationQueryParametersError"
    request.query = good.replace("X-Amz-Expires=60", "X-Amz-Expires=soon")
    assert code_of(request, family="s3") == "AuthorizationQueryParametersError"


def test_a_malformed_header_is_named_so():
    request = signed(signers.S3SigV4Auth, "s3", "GET", "https://s3.amazonaws.com/b", b"")
    request.headers["authorization"] = "AWS4-HMAC-SHA256 Credential=nonsense, SignedHeaders=host, Signature=0"
    assert code_of(request, family="s3") == "AuthorizationHeaderMalformed"
    assert code_of(request) == "IncompleteSignature"


def test_chunk_signatures_chain_from_the_seed():
    """AWS's documented example of a chunked upload."""
    request = Request(
        "PUT",
        "s3.amazonaws.com",
        "/examplebucket/chunkObject.txt",
        headers={
            "content-encoding": "aws-chunked",
            "content-length": "66824",
            "x-amz-content-sha256": "STREAMING-AWS4-HMAC-SHA256-PAYLOAD",
            "x-amz-date": "20130524T000000Z",
            "x-amz-decoded-content-length": "66560",
            "x-amz-storage-class": "REDUCED_REDUNDANCY",
            "authorization": "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request, "
            "SignedHeaders=content-encoding;content-length;host;x-amz-content-sha256;x-amz-date;"
            "x-amz-decoded-content-length;x-amz-storage-class, "
            "Signature=4f232c4386841ef735655705268965c44a0e4690baa4adea153f7db9fa80a0a9",
        },
    )
    secret = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
    check(request, secret, datetime(2013, 5, 24, tzinfo=timezone.utc), family="s3")
    chunks = Chunks(identify(request), secret, "20130524T000000Z")
    chunks.check(b"a" * 65536, "ad80c730a21e5b8d04586a2213dd63b9a0e99e0e2307b0ade35a65485a288648")
    chunks.check(b"a" * 1024, "0055627c9e194cb4542bae2aa5492e3c1575bbb81b612b7d234b86a503ef5497")
    with pytest.raises(AwsError, match="signature we calculated"):
        chunks.check(b"x", "b6c6ea8a5354eaf15b3cb7646744f4275b71ea724fed81ceb9323e279d449df9")
    chunks.check(b"", "b6c6ea8a5354eaf15b3cb7646744f4275b71ea724fed81ceb9323e279d449df9")


def test_a_form_policy_is_signed_in_both_versions():
    policy = base64.b64encode(b'{"conditions": []}').decode()
    request = AWSRequest(method="POST", url="https://s3.amazonaws.com/b")
    fields: dict[str, str] = {}
    request.context["s3-presign-post-fields"] = fields
    request.context["s3-presign-post-policy"] = {"conditions": []}
    signers.S3SigV4PostAuth(Credentials(KEY, SECRET), "s3", "us-east-1").add_auth(request)
    credential = post_credential(fields)
    assert (credential.access_key, credential.region) == (KEY, "us-east-1")
    verify_post(fields, credential, SECRET)
    with pytest.raises(AwsError):
        verify_post({**fields, "policy": policy}, credential, SECRET)

    request.context["s3-presign-post-fields"] = older = {}
    request.context["s3-presign-post-policy"] = {"conditions": []}
    signers.HmacV1PostAuth(Credentials(KEY, SECRET)).add_auth(request)
    older = {name.lower(): value for name, value in request.context["s3-presign-post-fields"].items()}
    verify_post(older, post_credential(older), SECRET)
    with pytest.raises(AwsError):
        verify_post(older, post_credential(older), "other")


# ---- versions 2 and 3 ----


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_version_2_in_the_parameters(method):
    request = AWSRequest(method=method, url="https://ec2.amazonaws.com/", data={}, params={})
    target = request.data if method == "POST" else request.params
    target.update({"Action": "DescribeInstances", "Version": "2014-10-01", "Filter.1.Name": "a b/*~ü"})
    signers.SigV2Auth(Credentials(KEY, SECRET, "tok")).add_auth(request)
    if method == "POST":
        arrived = Request(
            "POST", "ec2.amazonaws.com", "/", "", {"content-type": FORM}, urlencode(request.data).encode()
        )
    else:
        arrived = Request("GET", "ec2.amazonaws.com", "/", urlencode(request.params))
    credential = identify(arrived)
    assert (credential.kind, credential.access_key, credential.token) == ("sigv2", KEY, "tok")
    check(arrived, family="ec2")
    assert code_of(arrived, secret="other", family="ec2") == "AuthFailure"
    assert code_of(arrived, when=now() + timedelta(hours=1), family="ec2") == "RequestExpired"


def test_s3_version_2_in_the_header():
    url = "https://s3.amazonaws.com/bucket/key?uploads&prefix=x&response-content-type=text%2Fplain"
    request = AWSRequest(method="POST", url=url, data=b"", headers={"x-amz-meta-a": "b", "content-type": "text/plain"})
    signers.HmacV1Auth(Credentials(KEY, SECRET, "tok")).add_auth(request)
    arrived = taken(request.prepare())
    assert (identify(arrived).kind, identify(arrived).token) == ("s3v2", "tok")
    check(arrived, family="s3")
    assert code_of(arrived, secret="other", family="s3") == "SignatureDoesNotMatch"
    assert code_of(arrived, when=now() + timedelta(hours=1), family="s3") == "RequestTimeTooSkewed"


def test_s3_version_2_presigned():
    request = AWSRequest(method="GET", url="https://s3.amazonaws.com/bucket/a%20key?acl", data=b"")
    signers.HmacV1QueryAuth(Credentials(KEY, SECRET, "to+k/="), expires=100).add_auth(request)
    arrived = taken(request.prepare())
    assert (identify(arrived).kind, identify(arrived).token) == ("sigv2-query", "to+k/=")
    check(arrived, family="s3")
    assert code_of(arrived, secret="other", family="s3") == "SignatureDoesNotMatch"
    assert code_of(arrived, when=now() + timedelta(seconds=102), family="s3") == "AccessDenied"


def boto2_request(connect, call) -> Request:
    """The request that a boto 2 connection signs for a call, taken off just before it is sent."""
    caught = []

    def send(http_request, *_args, **_kwargs):
        http_request.authorize(connection=connection)
        caught.append(http_request)
        raise InterruptedError

    connection = connect()
    connection._mexe = send
    with pytest.raises(InterruptedError):
        call(connection)
    made = caught[0]
    path, _, query = made.path.partition("?")
    body = made.body or b""
    headers = {name.lower(): str(value) for name, value in made.headers.items()}
    headers.setdefault("host", made.host)
    body = body.encode() if isinstance(body, str) else body
    return Request(made.method, made.host, path, query, headers, body)


def boto2(module, name, **options):
    __import__(module)
    import sys

    return lambda: getattr(sys.modules[module], name)(KEY, SECRET, **options)


def calls_of_boto2():
    pytest.importorskip("boto")
    from boto.ec2.connection import EC2Connection
    from boto.regioninfo import RegionInfo

    region = RegionInfo(name="us-east-1", endpoint="ec2.us-east-1.amazonaws.com", connection_cls=EC2Connection)
    return {
        "ec2": (
            boto2("boto.ec2.connection", "EC2Connection", region=region),
            lambda c: c.get_all_reservations(),
            "sigv4",
        ),
        "iam": (boto2("boto.iam.connection", "IAMConnection"), lambda c: c.get_user(), "sigv4"),
        "sqs": (boto2("boto.sqs.connection", "SQSConnection"), lambda c: c.get_all_queues("a b"), "sigv4"),
        "sdb": (boto2("boto.sdb.connection", "SDBConnection"), lambda c: c.get_all_domains(), "sigv2"),
        "route53": (boto2("boto.route53.connection", "Route53Connection"), lambda c: c.get_all_hosted_zones(), "sigv3"),
        "s3": (
            boto2("boto.s3.connection", "S3Connection", host="s3.amazonaws.com"),
            lambda c: c.get_all_buckets(),
            "s3v2",
        ),
    }


@pytest.mark.parametrize("service", ["ec2", "iam", "sqs", "sdb", "route53", "s3"])
def test_boto_2_signs_what_we_check(service):
    connect, call, kind = calls_of_boto2()[service]
    request = boto2_request(connect, call)
    credential = identify(request)
    assert (credential.kind, credential.access_key) == (kind, KEY)
    check(request, family="s3" if service == "s3" else "query")
    with pytest.raises(AwsError):
        check(request, secret="other")


# ---- SigV4a ----


def test_the_ecdsa_key_is_derived_as_aws_derives_it():
    numbers = (
        ecdsa_key("AKISORANDOMAASORANDOM", "q+jcrXGc+0zWN6uzclKVhvMmUsIfRPa4rlRandom").public_key().public_numbers()
    )
    assert f"{numbers.x:064x}" == "15d242ceebf8d8169fd6a8b5a746c41140414c3b07579038da06af89190fffcb"
    assert f"{numbers.y:064x}" == "0515242cedd82e94799482e4c0514b505afccf2c0c98d6a553bf539f424c5ec0"


def test_a_sigv4a_header_is_checked():
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import ec

    from sundog.wire.sigv4 import canonical_request

    request = signed(service="s3", url="https://s3.amazonaws.com/b/k", body=b"x", method="PUT")
    stamp = request.headers["x-amz-date"]
    scope = f"{stamp[:8]}/s3/aws4_request"
    request.headers["x-amz-region-set"] = "us-east-1,us-west-*"
    names = "host;x-amz-date;x-amz-region-set"
    head = f"AWS4-ECDSA-P256-SHA256 Credential={KEY}/{scope}, SignedHeaders={names}, Signature="
    request.headers["authorization"] = head
    credential = identify(request)
    assert (credential.kind, credential.service, credential.region) == ("sigv4a", "s3", None)
    assert credential.regions == "us-east-1,us-west-*"
    import hashlib

    canonical = canonical_request(request, credential, hashlib.sha256(b"x").hexdigest())
    text = string_to_sign("AWS4-ECDSA-P256-SHA256", stamp, scope, canonical)
    signature = ecdsa_key(KEY, SECRET).sign(text.encode(), ec.ECDSA(hashes.SHA256())).hex()
    request.headers["authorization"] = head + signature
    check(request, family="s3")
    assert code_of(request, secret="other", family="s3") == "SignatureDoesNotMatch"


def test_crt_signs_what_we_check():
    awscrt = pytest.importorskip("awscrt")
    from botocore.crt.auth import CrtS3SigV4AsymAuth

    assert awscrt
    request = AWSRequest(
        method="PUT", url="https://x.mrap.accesspoint.s3-global.amazonaws.com/a%20key", data=io.BytesIO(b"d")
    )
    CrtS3SigV4AsymAuth(Credentials(KEY, SECRET), "s3", "*").add_auth(request)
    arrived = taken(request.prepare())
    arrived.body = b"d"
    assert identify(arrived).kind == "sigv4a"
    check(arrived, family="s3")
    assert code_of(arrived, secret="other", family="s3") == "SignatureDoesNotMatch"


def test_each_family_has_its_words():
    credential = identify(signed())
    cases = [
        (auth_errors.unknown_key, "s3", "InvalidAccessKeyId", 403),
        (auth_errors.unknown_key, "query", "InvalidClientTokenId", 403),
        (auth_errors.unknown_key, "json", "UnrecognizedClientException", 400),
        (auth_errors.unknown_key, "ec2", "AuthFailure", 401),
        (auth_errors.expired_token, "s3", "ExpiredToken", 400),
        (auth_errors.expired_token, "query", "ExpiredToken", 403),
        (auth_errors.expired_token, "json", "ExpiredTokenException", 400),
        (auth_errors.expired_token, "ec2", "RequestExpired", 400),
    ]
    for make, family, code, status in cases:
        error = make(credential, family)
        assert (error.code, error.status) == (code, status)


def test_the_signing_key_is_aws_s_documented_one():
    key = signing_key("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", "20120215", "us-east-1", "iam")
    assert key.hex() == "f4780e2d9f65fa895f9c67b32ce1baf0b0d8a43505a000a1a9e090d414db404d"


# ---- identify ----


def test_a_header_without_spaces_and_an_access_key_with_slashes():
    header = "AWS4-HMAC-SHA256 Credential=a/b/c/20260101/eu-west-1/sqs/aws4_request,SignedHeaders=host,Signature=f0"
    credential = identify(Request("GET", "localhost", headers={"authorization": header}))
    assert (credential.access_key, credential.date, credential.region, credential.service) == (
        "a/b/c",
        "20260101",
        "eu-west-1",
        "sqs",
    )
    assert (credential.signed_headers, credential.signature) == ("host", "f0")


@pytest.mark.parametrize(
    "header",
    [
        "",
        "AWS4-HMAC-SHA256",
        "AWS4-HMAC-SHA256 Credential",
        "AWS4-ECDSA-P256-SHA256 Credential=a",
        "Basic Zm9v",
        "AWS x",
    ],
)
def test_nonsense_never_raises(header):
    assert identify(Request("GET", "localhost", headers={"authorization": header})).kind


def test_bearer_and_anonymous():
    assert identify(Request("GET", "localhost")).kind == "anonymous"
    credential = identify(Request("GET", "localhost", headers={"authorization": "Bearer abc"}))
    assert (credential.kind, credential.token) == ("bearer", "abc")
