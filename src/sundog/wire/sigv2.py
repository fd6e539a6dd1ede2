"""Versions 2 and 3 of AWS's signatures, and S3's own version 2: what boto 2 sends."""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from datetime import datetime, timezone
from urllib.parse import parse_qsl, quote, unquote

from sundog.wire.auth import Credential
from sundog.wire.auth_errors import SKEW, http_date, iso_date, mismatch, request_expired, too_skewed
from sundog.wire.errors import AwsError
from sundog.wire.http import Request

UNRESERVED = "-_.~"
SPACES = re.compile(r"\s+")

# The query parameters that are part of what an S3 version 2 signature covers.
_V2_RESOURCES = frozenset(
    [
        "accelerate",
        "acl",
        "cors",
        "defaultObjectAcl",
        "delete",
        "lifecycle",
        "location",
        "logging",
        "notification",
        "partNumber",
        "policy",
        "requestPayment",
        "response-cache-control",
        "response-content-disposition",
        "response-content-encoding",
        "response-content-language",
        "response-content-type",
        "response-expires",
        "restore",
        "storageClass",
        "tagging",
        "torrent",
        "uploadId",
        "uploads",
        "versionId",
        "versioning",
        "versions",
        "website",
    ]
)


def check_v2(request: Request, credential: Credential, secret: str, now: datetime, family: str) -> None:
    form = request.read().decode("utf-8", "replace") if request.method == "POST" else ""
    pairs = parse_qsl(request.query, keep_blank_values=True) + parse_qsl(form, keep_blank_values=True)
    params = dict(pairs)
    limit = params.get("Expires")
    stamp = limit or params.get("Timestamp", "")
    when = iso_date(stamp)
    if when is None:
        raise AwsError("InvalidParameterValue", f"Value ({stamp}) for parameter Timestamp is invalid.")
    if (limit and now > when) or (not limit and abs(now - when) > SKEW):
        raise AwsError("RequestExpired", f"Request has expired. Timestamp date is {stamp}.")
    encoded = sorted(
        (quote(name, safe=UNRESERVED).encode(), quote(value, safe=UNRESERVED).encode())
        for name, value in pairs
        if name != "Signature"
    )
    query = b"&".join(name + b"=" + value for name, value in encoded).decode()
    version = params.get("SignatureVersion", "2")
    if version == "2":
        text = f"{request.method}\n{_v2_host(request)}\n{request.path or '/'}\n{query}"
    else:
        # Versions 0 and 1 are gone from AWS itself.
        raise mismatch(family)
    digest = hashlib.sha1 if params.get("SignatureMethod") == "HmacSHA1" else hashlib.sha256
    expected = base64.b64encode(hmac.new(secret.encode(), text.encode(), digest).digest())
    if not hmac.compare_digest(expected, credential.signature.encode()):
        raise mismatch(family)


def _v2_host(request: Request) -> str:
    """The host as version 2 signs it: in lower case, without a port that the scheme implies."""
    host = request.headers.get("host", request.host).lower()
    name, _, port = host.rpartition(":")
    return name if name and (request.scheme, port) in (("http", "80"), ("https", "443")) else host


def check_s3_v2(request: Request, credential: Credential, secret: str, now: datetime, bucket: str | None) -> None:
    headers = request.headers
    if credential.kind == "sigv2-query":
        date = credential.expires or ""
        try:
            ends = datetime.fromtimestamp(int(date), timezone.utc)
        except (ValueError, OverflowError):
            raise AwsError("AccessDenied", f"Invalid date (should be seconds since epoch): {date}", 403) from None
        if now > ends:
            raise request_expired(now, ends, {})
    else:
        date = "" if "x-amz-date" in headers else headers.get("date", "")
        stamp = headers.get("x-amz-date") or headers.get("date", "")
        when = http_date(stamp)
        if when is None:
            raise AwsError("AccessDenied", "AWS authentication requires a valid Date or x-amz-date header", 403)
        if abs(now - when) > SKEW:
            raise too_skewed(stamp, now)
    amz = {name: value for name, value in headers.items() if name.startswith("x-amz-")}
    signed_params: list[str] = []
    for pair in request.query.split("&") if request.query else ():
        name, equals, value = pair.partition("=")
        name = unquote(name)
        if name in _V2_RESOURCES:
            signed_params.append(f"{name}={unquote(value)}" if equals else name)
        elif credential.kind == "sigv2-query" and name.startswith("x-amz-"):
            amz[name] = unquote(value)
    resource = (f"/{bucket}" if bucket else "") + request.path
    if signed_params:
        resource += "?" + "&".join(sorted(signed_params, key=lambda p: p.partition("=")[0]))
    lines = [request.method, headers.get("content-md5", ""), headers.get("content-type", ""), date]
    lines += [f"{name}:{SPACES.sub(' ', value).strip()}" for name, value in sorted(amz.items())]
    text = "\n".join([*lines, resource])
    expected = base64.b64encode(hmac.new(secret.encode(), text.encode(), hashlib.sha1).digest())
    if not hmac.compare_digest(expected, credential.signature.encode()):
        raise mismatch("s3", None, credential, text)


def check_v3(request: Request, credential: Credential, secret: str, now: datetime, family: str) -> None:
    """``AWS3-HTTPS``: only the date is signed."""
    stamp = request.headers.get("x-amz-date") or request.headers.get("date", "")
    when = http_date(stamp)
    if when is None or abs(now - when) > SKEW:
        raise AwsError("RequestExpired", f"Request timestamp: {stamp} expired.", 400)
    header = request.headers.get("x-amzn-authorization") or request.headers.get("authorization", "")
    digest = hashlib.sha1 if "Algorithm=HmacSHA1" in header else hashlib.sha256
    expected = base64.b64encode(hmac.new(secret.encode(), stamp.encode(), digest).digest())
    if not hmac.compare_digest(expected, credential.signature.encode()):
        raise mismatch(family)
