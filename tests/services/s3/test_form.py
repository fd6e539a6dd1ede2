"""Uploads by HTML forms."""

from __future__ import annotations

import base64
import json

import pytest
import requests

from sundog import mock_aws


@pytest.fixture(params=["s3", "s3v4"])
def version(request):
    return request.param


@pytest.fixture
def form(client, bucket, version):
    """Signs a form, and sends it with a file."""
    signer = client(signature_version=version)

    def send(
        key="k", body=b"abcdef", fields=None, conditions=None, without=(), expires=60, extra=None, filename="a.txt"
    ):
        made = signer.generate_presigned_post(bucket, key, Fields=fields, Conditions=conditions, ExpiresIn=expires)
        given = {name: value for name, value in made["fields"].items() if name not in without}
        given.update(extra or {})
        return requests.post(made["url"], data=given, files={"file": (filename, body)}, allow_redirects=False)

    return send


def test_a_form_makes_an_object(s3, bucket, form):
    answer = form()
    assert (answer.status_code, answer.content) == (204, b"")
    assert answer.headers["etag"] == '"e80b5017098950fc58aad83c8c14978e"'
    assert answer.headers["location"].endswith("/k")
    found = s3.get_object(Bucket=bucket, Key="k", ChecksumMode="ENABLED")
    assert (found["Body"].read(), found["ContentType"]) == (b"abcdef", "binary/octet-stream")
    assert found["ChecksumCRC64NVME"] == "Pact6XRTYyA="


def test_the_key_may_take_the_files_name(s3, bucket, form):
    assert form("uploads/${filename}", filename="c:\\dir\\picture.png").status_code == 204
    assert [found["Key"] for found in s3.list_objects_v2(Bucket=bucket)["Contents"]] == ["uploads/picture.png"]


@pytest.mark.parametrize(("status", "given"), [("200", 200), ("201", 201), ("204", 204), ("404", 204)])
def test_the_form_says_what_is_answered(bucket, form, status, given):
    field = {"success_action_status": status}
    answer = form("test_unicode—_file.pdf", fields=field, conditions=[field])
    assert answer.status_code == given
    assert answer.headers["location"].endswith("/test_unicode%E2%80%94_file.pdf")
    if given == 201:
        assert f"<Bucket>{bucket}</Bucket><Key>test_unicode—_file.pdf</Key>" in answer.content.decode()
        assert f"<Location>{answer.headers['location']}</Location>" in answer.text
        assert answer.content.startswith(b'<?xml version="1.0" encoding="UTF-8"?>')
    else:
        assert answer.content == b""


def test_the_browser_is_sent_where_the_form_says(bucket, form):
    field = {"success_action_redirect": "http://localhost.test/random?a=b"}
    answer = form(fields=field, conditions=[field])
    assert answer.status_code == 303
    assert answer.headers["location"] == (
        f"http://localhost.test/random?a=b&bucket={bucket}&key=k&etag=%22e80b5017098950fc58aad83c8c14978e%22"
    )


def test_fields_describe_the_object(s3, bucket, form):
    fields = {
        "Content-Type": "text/plain",
        "Cache-Control": "no-store",
        "x-amz-meta-test-1": "test-meta-1",
        "x-amz-meta-Test-2": "test-meta-2",
        "x-amz-storage-class": "STANDARD_IA",
        "Expires": "Wed, 21 Oct 2030 07:28:00 GMT",
        "tagging": "<Tagging><TagSet><Tag><Key>TagName</Key><Value>TagValue</Value></Tag></TagSet></Tagging>",
    }
    assert form(fields=fields, conditions=[{name: value} for name, value in fields.items()]).status_code == 204
    found = s3.head_object(Bucket=bucket, Key="k")
    assert (found["ContentType"], found["CacheControl"]) == ("text/plain", "no-store")
    assert (found["StorageClass"], found["TagCount"]) == ("STANDARD_IA", 1)
    assert found["Metadata"] == {"test-1": "test-meta-1", "test-2": "test-meta-2"}
    assert found["ExpiresString"] == "Wed, 21 Oct 2030 07:28:00 GMT"
    assert s3.get_object_tagging(Bucket=bucket, Key="k")["TagSet"] == [{"Key": "TagName", "Value": "TagValue"}]


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("ÄMÄZÕÑ S3", "=?UTF-8?Q?=C3=84M=C3=84Z=C3=95=C3=91_S3?="),
        ("=?UTF-8?B?YWJj?=", "abc"),
        ("test_—_é", "=?UTF-8?Q?test=5F=E2=80=94=5F=C3=A9?="),
    ],
)
def test_metadata_of_a_form_is_text(s3, bucket, form, sent, kept):
    field = {"x-amz-meta-a": sent}
    assert form(fields=field, conditions=[field]).status_code == 204
    assert s3.head_object(Bucket=bucket, Key="k")["Metadata"] == {"a": kept}


def test_tags_that_are_no_document_are_refused(bucket, form, error_of):
    fields = {"tagging": "not-xml"}
    assert error_of(form(fields=fields, conditions=[fields]))["Code"] == "MalformedXML"


def test_a_storage_class_that_s3_lacks_is_refused(form, error_of):
    field = {"x-amz-storage-class": "FakeClass"}
    assert error_of(form(fields=field, conditions=[field])) == {
        "Code": "InvalidStorageClass",
        "Message": "The storage class you specified is not valid",
        "StorageClassRequested": "FakeClass",
        "Status": 400,
    }


# -- the policy -----------------------------------------------------------------------------------------------------


def refusal(text, code="AccessDenied", status=403):
    return {"Code": code, "Message": text, "Status": status}


def test_a_policy_runs_out(form, aws, error_of):
    assert error_of(form(expires=-1)) == refusal("Invalid according to Policy: Policy expired.")


@pytest.mark.parametrize(
    ("condition", "text"),
    [
        (
            ["eq", "$success_action_redirect", "http://localhost.test/random"],
            '["eq", "$success_action_redirect", "http://localhost.test/random"]',
        ),
        (
            {"success_action_redirect": "HTTP://localhost.test/random"},
            '["eq", "$success_action_redirect", "HTTP://localhost.test/random"]',
        ),
        (
            ["eq", "success_action_redirect", "http://localhost.test/random"],
            '["eq", "success_action_redirect", "http://localhost.test/random"]',
        ),
        (
            ["starts-with", "$success_action_redirect", "https://"],
            '["starts-with", "$success_action_redirect", "https://"]',
        ),
    ],
)
def test_a_condition_that_fails_is_named(form, error_of, condition, text):
    field = {"success_action_redirect": "http://localhost.test/other"}
    answer = form(fields=field, conditions=[condition])
    assert error_of(answer) == refusal(f"Invalid according to Policy: Policy Condition failed: {text}")


def test_a_simple_condition_has_one_property(form, error_of):
    answer = form(conditions=[{"a": "1", "b": "2"}])
    assert error_of(answer) == refusal(
        "Invalid Policy: Invalid Simple-Condition: Simple-Conditions must have exactly one property specified.",
        "InvalidPolicyDocument",
        answer.status_code,
    )


def test_names_of_fields_do_not_mind_case(form):
    field = {"Success_Action_Status": "200"}
    assert form(fields=field, conditions=[["eq", "$success_action_STATUS", "200"]]).status_code == 200


def test_fields_that_the_policy_does_not_name_are_refused(form, error_of):
    answer = form(extra={"x-amz-meta-more": "x"})
    assert error_of(answer) == refusal("Invalid according to Policy: Extra input fields: x-amz-meta-more")
    assert form(extra={"x-ignore-more": "x"}).status_code == 204


def test_the_size_is_within_the_policys_range(s3, bucket, form, error_of):
    conditions = [["content-length-range", 5, 10]]
    assert form(body=b"a" * 10, conditions=conditions).status_code == 204
    assert error_of(form(body=b"a" * 12, conditions=conditions)) == {
        "Code": "EntityTooLarge",
        "Message": "Your proposed upload exceeds the maximum allowed size",
        "ProposedSize": "12",
        "MaxSizeAllowed": "10",
        "Status": 400,
    }
    assert error_of(form(body=b"a", conditions=conditions)) == {
        "Code": "EntityTooSmall",
        "Message": "Your proposed upload is smaller than the minimum allowed size",
        "ProposedSize": "1",
        "MinSizeAllowed": "5",
        "Status": 400,
    }
    answer = error_of(form(conditions=[["content-length-range", "test", "10"]]))
    text = '["content-length-range", "test", "10"]'
    assert answer == refusal(f"Invalid according to Policy: Policy Condition failed: {text}")
    assert form(body=b"a" * 7, conditions=[["content-length-range", "5", "10"]]).status_code == 204
    assert s3.get_object(Bucket=bucket, Key="k")["Body"].read() == b"a" * 7


def missing(name):
    return {
        "Code": "InvalidArgument",
        "Message": f"Bucket POST must contain a field named '{name}'.  If it is specified, please check the order of "
        "the fields.",
        "ArgumentName": name,
        "ArgumentValue": None,
        "Status": 400,
    }


NAMES = {
    "s3": ["AWSAccessKeyId", "signature"],
    "s3v4": ["x-amz-algorithm", "x-amz-credential", "x-amz-date", "x-amz-signature"],
}


def test_a_signed_form_has_all_its_fields(version, form, error_of):
    shown = {
        "signature": "Signature",
        "x-amz-algorithm": "X-Amz-Algorithm",
        "x-amz-credential": "X-Amz-Credential",
        "x-amz-date": "X-Amz-Date",
        "x-amz-signature": "X-Amz-Signature",
    }
    for name in NAMES[version]:
        found = error_of(form(without=[name]))
        assert {**found, "ArgumentValue": None} == missing(shown.get(name, name))


def test_a_policy_without_a_signature_is_refused(version, form, error_of):
    answer = form(without=NAMES[version])
    assert error_of(answer) == refusal("Access Denied")


def test_a_form_names_its_key(form, error_of):
    assert error_of(form(without=["key"]))["ArgumentName"] == "key"


def test_a_form_without_a_policy_is_anybodys(s3, bucket):
    url = f"https://{bucket}.s3.amazonaws.com/"
    answer = requests.post(url, data={"key": "open"}, files={"file": b"abc"})
    assert answer.status_code == 204
    assert s3.get_object(Bucket=bucket, Key="open")["Body"].read() == b"abc"


def test_a_form_has_a_file(bucket, error_of):
    url = f"https://{bucket}.s3.amazonaws.com/"
    answer = requests.post(url, files={"key": (None, "k")})
    found = error_of(answer)
    assert (found["Code"], found["Message"]) == (
        "InvalidArgument",
        "POST requires exactly one file upload per request.",
    )


def test_a_forms_signature_is_checked():
    import boto3

    with mock_aws(verify_signatures=True) as cloud:
        s3 = boto3.client("s3", "us-east-1", **cloud.root_credentials())
        s3.create_bucket(Bucket="signed")
        made = s3.generate_presigned_post("signed", "k")
        assert requests.post(made["url"], data=made["fields"], files={"file": b"abc"}).status_code == 204
        policy = json.loads(base64.b64decode(made["fields"]["policy"]))
        policy["conditions"].append(["starts-with", "$x-amz-meta-a", ""])
        changed = {**made["fields"], "policy": base64.b64encode(json.dumps(policy).encode()).decode()}
        answer = requests.post(made["url"], data=changed, files={"file": b"abc"})
        assert (answer.status_code, b"<Code>SignatureDoesNotMatch</Code>" in answer.content) == (403, True)
