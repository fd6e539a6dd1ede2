"""Websites: their configuration, and what is served."""

from __future__ import annotations

import re

import pytest
import requests

MALFORMED = {
    "Code": "MalformedXML",
    "Message": "The XML you provided was not well-formed or did not validate against our published schema",
}
INDEX = {"IndexDocument": {"Suffix": "index.html"}}


@pytest.fixture
def site(s3, bucket):
    """Makes the bucket a website, and fetches pages of it without following redirects."""
    where = f"http://{bucket}.s3-website-us-east-1.amazonaws.com"

    class Site:
        host = f"{bucket}.s3-website-us-east-1.amazonaws.com"

        @staticmethod
        def configure(**configuration):
            s3.put_bucket_website(Bucket=bucket, WebsiteConfiguration={**INDEX, **configuration})

        @staticmethod
        def put(key, body=b"", **more):
            s3.put_object(Bucket=bucket, Key=key, Body=body, ContentType="text/html", **more)

        @staticmethod
        def get(path="/", method="GET", **more):
            return requests.request(method, where + path, allow_redirects=False, **more)

    return Site


def test_a_website_comes_and_goes(s3, bucket, refused):
    none = {
        "Code": "NoSuchWebsiteConfiguration",
        "Message": "The specified bucket does not have a website configuration",
        "BucketName": bucket,
        "Status": 404,
    }
    assert refused(s3.get_bucket_website, Bucket=bucket) == none
    assert s3.delete_bucket_website(Bucket=bucket)["ResponseMetadata"]["HTTPStatusCode"] == 204
    assert s3.put_bucket_website(Bucket=bucket, WebsiteConfiguration=INDEX)["ResponseMetadata"]["HTTPStatusCode"] == 200
    found = s3.get_bucket_website(Bucket=bucket)
    del found["ResponseMetadata"]
    assert found == INDEX
    s3.delete_bucket_website(Bucket=bucket)
    assert refused(s3.get_bucket_website, Bucket=bucket) == none


def argument(name, value, message):
    return {"Code": "InvalidArgument", "Message": message, "ArgumentName": name, "ArgumentValue": value}


@pytest.mark.parametrize(
    ("configuration", "wanted"),
    [
        (
            {"IndexDocument": {"Suffix": "/index.html"}},
            argument("IndexDocument", "/index.html", "The IndexDocument Suffix is not well formed"),
        ),
        (
            {"IndexDocument": {"Suffix": "index.html"}, "RedirectAllRequestsTo": {"HostName": "test.com"}},
            argument(
                "RedirectAllRequestsTo",
                "not null",
                "RedirectAllRequestsTo cannot be provided in conjunction with other Routing Rules.",
            ),
        ),
        (
            {"ErrorDocument": {"Key": "/index.html"}},
            argument(
                "IndexDocument",
                "null",
                "A value for IndexDocument Suffix must be provided if RedirectAllRequestsTo is empty",
            ),
        ),
        (
            {"RedirectAllRequestsTo": {"HostName": "test.com", "Protocol": "protocol"}},
            {
                "Code": "InvalidRequest",
                "Message": "Invalid protocol, protocol can be http or https. If not defined the protocol will be "
                "selected automatically.",
            },
        ),
        (
            {**INDEX, "RoutingRules": [{"Redirect": {"ReplaceKeyPrefixWith": "a", "ReplaceKeyWith": "b"}}]},
            {
                "Code": "InvalidRequest",
                "Message": "You can only define ReplaceKeyPrefix or ReplaceKey but not both.",
            },
        ),
        (
            {**INDEX, "RoutingRules": [{"Condition": {}, "Redirect": {"ReplaceKeyWith": "b"}}]},
            {
                "Code": "InvalidRequest",
                "Message": "Condition cannot be empty. To redirect all requests without a condition, the condition "
                "element shouldn't be present.",
            },
        ),
        ({**INDEX, "RoutingRules": []}, MALFORMED),
    ],
)
def test_what_is_no_website_is_refused(s3, bucket, refused, configuration, wanted):
    answer = refused(s3.put_bucket_website, Bucket=bucket, WebsiteConfiguration=configuration)
    assert answer == {**wanted, "Status": 400}


def test_an_empty_suffix_is_not_well_formed(s3, bucket, refused):
    answer = refused(s3.put_bucket_website, Bucket=bucket, WebsiteConfiguration={"IndexDocument": {"Suffix": ""}})
    assert answer["Message"] == "The IndexDocument Suffix is not well formed"


def test_pages_are_served(site):
    site.configure()
    site.put("index.html", b"home", Metadata={"a": "b"}, CacheControl="no-store")
    site.put("actual/key", b"page")
    home = site.get()
    assert (home.status_code, home.content, home.headers["content-type"]) == (200, b"home", "text/html")
    assert (home.headers["etag"], home.headers["x-amz-meta-a"]) == ('"106a6c241b8797f52e1e77317b96a201"', "b")
    assert home.headers["cache-control"] == "no-store"
    assert site.get("/actual/key?whatever").content == b"page"
    assert (site.get(method="HEAD").content, site.get(method="HEAD").headers["content-length"]) == (b"", "4")


def test_folders_have_their_index(site):
    site.configure()
    site.put("directory/index.html", b"inside")
    assert site.get("/directory/").content == b"inside"
    answer = site.get("/directory")
    assert (answer.status_code, answer.headers["location"]) == (302, "/directory/")


def page(status, reason, *items, more=()):
    lines = [
        "<html>",
        f"<head><title>{status} {reason}</title></head>",
        "<body>",
        f"<h1>{status} {reason}</h1>",
        "<ul>",
    ]
    lines += [f"<li>{item}</li>" for item in items]
    lines += ["<li>RequestId: ID</li>", "<li>HostId: ID</li>", "</ul>", *more, "<hr/>", "</body>", "</html>", ""]
    return "\n".join(lines)


def shown(answer):
    return re.sub(r"(RequestId|HostId): [^<]+", r"\1: ID", answer.text)


@pytest.mark.parametrize(
    ("path", "key"),
    [("/", "index.html"), ("/directory-wrong", "directory-wrong"), ("/directory-wrong/", "directory-wrong/index.html")],
)
def test_a_missing_page_is_told_so(site, path, key):
    site.configure()
    answer = site.get(path)
    assert (answer.status_code, answer.headers["content-type"]) == (404, "text/html; charset=utf-8")
    items = ("Code: NoSuchKey", "Message: The specified key does not exist.", f"Key: {key}")
    assert shown(answer) == page(404, "Not Found", *items)
    assert answer.headers["x-amz-error-code"] == "NoSuchKey"
    assert answer.headers["x-amz-error-detail-key"] == key


def test_a_missing_error_page_is_told_too(site):
    site.configure(ErrorDocument={"Key": "error.html"})
    items = ("Code: NoSuchKey", "Message: The specified key does not exist.")
    more = [
        "<h3>An Error Occurred While Attempting to Retrieve a Custom Error Document</h3>",
        "<ul>",
        *(f"<li>{item}</li>" for item in (*items, "Key: error.html")),
        "</ul>",
    ]
    assert shown(site.get()) == page(404, "Not Found", *items, "Key: index.html", more=more)
    site.put("error.html", b"sorry")
    answer = site.get("/nothing")
    assert (answer.status_code, answer.content) == (404, b"sorry")


@pytest.mark.parametrize("method", ["POST", "DELETE", "PUT"])
def test_a_website_is_read_only(site, method):
    site.configure(ErrorDocument={"Key": "error.html"})
    answer = site.get(method=method)
    items = (
        "Code: MethodNotAllowed",
        "Message: The specified method is not allowed against this resource.",
        f"Method: {method}",
        "ResourceType: OBJECT",
    )
    assert (answer.status_code, shown(answer)) == (405, page(405, "Method Not Allowed", *items))


def test_no_website_is_told_so(site, bucket):
    answer = site.get()
    items = (
        "Code: NoSuchWebsiteConfiguration",
        "Message: The specified bucket does not have a website configuration",
        f"BucketName: {bucket}",
    )
    assert (answer.status_code, shown(answer)) == (404, page(404, "Not Found", *items))
    answer = requests.get("http://nothing-here.s3-website-us-east-1.amazonaws.com/")
    assert "<li>Code: NoSuchBucket</li>" in answer.text


def test_all_requests_may_be_redirected(s3, bucket, site):
    everything = {"RedirectAllRequestsTo": {"HostName": "example.com", "Protocol": "https"}}
    s3.put_bucket_website(Bucket=bucket, WebsiteConfiguration=everything)
    answer = site.get("/some/page")
    assert (answer.status_code, answer.headers["location"]) == (301, "https://example.com/some/page")


def test_an_object_may_be_a_redirect(site):
    site.configure()
    site.put("old", WebsiteRedirectLocation="/new")
    site.put("away", WebsiteRedirectLocation="https://example.com/x")
    assert (site.get("/old").status_code, site.get("/old").headers["location"]) == (301, "/new")
    assert site.get("/away").headers["location"] == "https://example.com/x"


@pytest.mark.parametrize(
    ("rule", "path", "status", "where"),
    [
        ({"Redirect": {"ReplaceKeyWith": "all.html"}}, "/a", 301, "http://{host}/all.html"),
        (
            {"Condition": {"KeyPrefixEquals": "docs/"}, "Redirect": {"ReplaceKeyPrefixWith": "documents/"}},
            "/docs/a",
            301,
            "http://{host}/documents/a",
        ),
        (
            {
                "Condition": {"HttpErrorCodeReturnedEquals": "404"},
                "Redirect": {"HostName": "other.com", "Protocol": "https", "HttpRedirectCode": "307"},
            },
            "/a/b",
            307,
            "https://other.com/a/b",
        ),
        (
            {
                "Condition": {"HttpErrorCodeReturnedEquals": "404", "KeyPrefixEquals": "a/"},
                "Redirect": {"ReplaceKeyPrefixWith": "report-404/", "HttpRedirectCode": "302"},
            },
            "/a/b",
            302,
            "http://{host}/report-404/b",
        ),
    ],
)
def test_routing_rules_redirect(site, rule, path, status, where):
    site.configure(RoutingRules=[rule])
    answer = site.get(path)
    assert (answer.status_code, answer.headers["location"]) == (status, where.format(host=site.host))


def test_a_rule_that_does_not_fit_changes_nothing(site):
    site.configure(
        RoutingRules=[
            {"Condition": {"KeyPrefixEquals": "docs/"}, "Redirect": {"ReplaceKeyWith": "no"}},
            {"Condition": {"HttpErrorCodeReturnedEquals": "404"}, "Redirect": {"ReplaceKeyWith": "no"}},
        ]
    )
    site.put("page", b"page")
    assert (site.get("/page").status_code, site.get("/page").content) == (200, b"page")


def test_pages_may_be_had_in_part_or_not_again(site):
    site.configure()
    site.put("page", b"0123456789")
    answer = site.get("/page", headers={"Range": "bytes=2-4"})
    assert (answer.status_code, answer.content, answer.headers["content-range"]) == (206, b"234", "bytes 2-4/10")
    etag = site.get("/page").headers["etag"]
    assert site.get("/page", headers={"If-None-Match": etag}).status_code == 304
