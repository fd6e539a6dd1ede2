"""A bucket's website as it is served."""

from __future__ import annotations

from html import escape
from typing import Any
from urllib.parse import quote

from sundog.core import Tx
from sundog.services.s3.condition import http_date
from sundog.services.s3.get import parse_range
from sundog.services.s3.place import current, key_bytes
from sundog.services.s3.policy import allowed
from sundog.services.s3.state import Bucket, Object
from sundog.wire.http import Request, Response

_REASONS = {
    301: "Moved Permanently",
    302: "Found",
    400: "Bad Request",
    403: "Forbidden",
    404: "Not Found",
    405: "Method Not Allowed",
    412: "Precondition Failed",
    416: "Requested Range Not Satisfiable",
}


class Trouble(Exception):
    """What goes wrong on the way to a page: status, code, message, and what else the page says."""

    def __init__(self, status: int, code: str, message: str, **more: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.more = more


def serve(tx: Tx, routed: Any, request: Request, call: Any) -> Response:
    """The page, redirect or error for a request."""
    from sundog.wire.restxml import request_headers

    headers = request_headers(routed.service, call.request_id)
    name, key = routed.labels.get("Bucket"), routed.labels.get("Key") or ""
    bucket = tx.find(Bucket, name) if name else None
    try:
        if bucket is None:
            raise Trouble(404, "NoSuchBucket", "The specified bucket does not exist", BucketName=name or "")
        site = bucket.configuration.get("website")
        if site is None:
            message = "The specified bucket does not have a website configuration"
            raise Trouble(404, "NoSuchWebsiteConfiguration", message, BucketName=bucket.name)
        everything = site.get("RedirectAllRequestsTo")
        if everything is not None:
            scheme = everything.get("Protocol", request.scheme)
            return _redirect(headers, 301, f"{scheme}://{everything['HostName']}/{quote(key)}")
        if request.method not in ("GET", "HEAD"):
            message = "The specified method is not allowed against this resource."
            raise Trouble(405, "MethodNotAllowed", message, Method=request.method, ResourceType="OBJECT")
        return _page(tx, bucket, site, key, request, headers)
    except Trouble as trouble:
        return _failed(tx, bucket, trouble, request, headers, call.request_id)


def _page(
    tx: Tx, bucket: Bucket, site: dict[str, Any], key: str, request: Request, headers: dict[str, str]
) -> Response:
    rule = _rule(site, key, None)
    if rule is not None:
        return _routed(rule, key, request, headers)
    suffix = site["IndexDocument"]["Suffix"]
    wanted = key + suffix if not key or key.endswith("/") else key
    try:
        row = _find(tx, bucket, wanted)
        if row is None and wanted == key:
            folder = _find(tx, bucket, f"{key}/{suffix}")
            if folder is not None:
                return _redirect(headers, 302, "/" + quote(key) + "/")
        if row is None:
            raise Trouble(404, "NoSuchKey", "The specified key does not exist.", Key=wanted)
    except Trouble as trouble:
        rule = _rule(site, key, trouble.status)
        if rule is not None:
            return _routed(rule, key, request, headers)
        raise
    if row.upkeep.redirect is not None:
        return _redirect(headers, 301, row.upkeep.redirect)
    return _object(row, request, headers, 200)


def _find(tx: Tx, bucket: Bucket, key: str) -> Object | None:
    if not allowed(tx, "s3:GetObject", bucket, key):
        raise Trouble(403, "AccessDenied", "Access Denied")
    row = current(tx, bucket, key_bytes(key))
    return None if row is None or row.marker else row


def _object(row: Object, request: Request, headers: dict[str, str], status: int) -> Response:
    assert row.blob is not None
    etag = f'"{row.etag}"'
    headers |= {
        "etag": etag,
        "last-modified": http_date(row.modified),
        "content-type": row.upkeep.headers.get("content_type", "binary/octet-stream"),
        "accept-ranges": "bytes",
    }
    for name, header in (
        ("cache_control", "cache-control"),
        ("content_disposition", "content-disposition"),
        ("content_encoding", "content-encoding"),
        ("content_language", "content-language"),
        ("expires", "expires"),
    ):
        if name in row.upkeep.headers:
            headers[header] = row.upkeep.headers[name]
    headers |= {f"x-amz-meta-{name}": value for name, value in row.upkeep.metadata.items()}
    if status == 200 and request.headers.get("if-none-match", "").strip('"') == row.etag:
        return Response(304, headers, b"")
    start, stop = 0, row.size
    text = request.headers.get("range")
    if status == 200 and text is not None:
        found = parse_range(text, row.size)
        if found is not None:
            start, stop = found
            status = 206
            headers["content-range"] = f"bytes {start}-{stop - 1}/{row.size}"
    headers["content-length"] = str(stop - start)
    body: Any = b"" if request.method == "HEAD" else row.blob.content(start, stop)
    return Response(status, headers, body)


def _rule(site: dict[str, Any], key: str, status: int | None) -> dict[str, Any] | None:
    """The first routing rule for a key, before it is looked for (no status) or after that failed."""
    for rule in site.get("RoutingRules", ()):
        condition = rule.get("Condition") or {}
        code = condition.get("HttpErrorCodeReturnedEquals")
        if (code is None) != (status is None) or (code is not None and str(status) != str(code)):
            continue
        if key.startswith(condition.get("KeyPrefixEquals") or ""):
            return rule
    return None


def _routed(rule: dict[str, Any], key: str, request: Request, headers: dict[str, str]) -> Response:
    redirect = rule["Redirect"]
    target = key
    if "ReplaceKeyWith" in redirect:
        target = redirect["ReplaceKeyWith"]
    elif "ReplaceKeyPrefixWith" in redirect:
        prefix = (rule.get("Condition") or {}).get("KeyPrefixEquals") or ""
        target = redirect["ReplaceKeyPrefixWith"] + key[len(prefix) :]
    scheme = redirect.get("Protocol", request.scheme)
    host = redirect.get("HostName", request.host)
    return _redirect(headers, int(redirect.get("HttpRedirectCode") or 301), f"{scheme}://{host}/{quote(target)}")


def _redirect(headers: dict[str, str], status: int, where: str) -> Response:
    return Response(status, {**headers, "location": where, "content-length": "0"}, b"")


def _failed(
    tx: Tx, bucket: Bucket | None, trouble: Trouble, request: Request, headers: dict[str, str], request_id: str
) -> Response:
    """The site's own error page, else S3's."""
    site = bucket.configuration.get("website", {}) if bucket is not None else {}
    document = (site.get("ErrorDocument") or {}).get("Key")
    second: Trouble | None = None
    if bucket is not None and document and trouble.status != 405:
        try:
            row = _find(tx, bucket, document)
            if row is not None:
                return _object(row, request, dict(headers), trouble.status)
            second = Trouble(404, "NoSuchKey", "The specified key does not exist.", Key=document)
        except Trouble as error:
            second = error
    host_id = headers["x-amz-id-2"]
    title = f"{trouble.status} {_REASONS.get(trouble.status, 'Error')}"
    lines = [
        "<html>",
        f"<head><title>{title}</title></head>",
        "<body>",
        f"<h1>{title}</h1>",
        "<ul>",
        *_items(trouble, RequestId=request_id, HostId=host_id),
        "</ul>",
    ]
    if second is not None:
        lines += [
            "<h3>An Error Occurred While Attempting to Retrieve a Custom Error Document</h3>",
            "<ul>",
            *_items(second),
            "</ul>",
        ]
    body = "\n".join([*lines, "<hr/>", "</body>", "</html>", ""]).encode()
    headers = {
        **headers,
        "content-type": "text/html; charset=utf-8",
        "x-amz-error-code": trouble.code,
        "x-amz-error-message": trouble.message,
        "content-length": str(len(body)),
    }
    for name, value in trouble.more.items():
        headers[f"x-amz-error-detail-{name.lower()}"] = quote(value, safe="/ ")
    if trouble.status == 405:
        headers["allow"] = "GET, HEAD"
    return Response(trouble.status, headers, b"" if request.method == "HEAD" else body)


def _items(trouble: Trouble, **more: str) -> list[str]:
    said = {"Code": trouble.code, "Message": trouble.message, **trouble.more, **more}
    return [f"<li>{name}: {escape(value)}</li>" for name, value in said.items()]
