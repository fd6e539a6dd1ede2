"""Uploads by HTML forms: their fields, the policy that lets them, and what the browser gets back."""

from __future__ import annotations

import base64
import binascii
import datetime
import mmap
import re
import tempfile
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode, urlsplit

import msgspec

from sundog.core import AwsError
from sundog.services.s3 import errors
from sundog.services.s3.checksum import MEMBERS
from sundog.wire.http import Request, Response
from sundog.wire.sigv4 import post_credential, verify_post
from sundog.wire.xmlin import BadXml, parse
from sundog.wire.xmlout import escape

if TYPE_CHECKING:
    from sundog.cloud import Cloud
    from sundog.core.calls import Call
    from sundog.wire.route import Routed

MAX_FIELDS = 20 * 1024
_PARAMETER = re.compile(rb';\s*([\w*-]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^;\s]*))')
_BOUNDARY = re.compile(r'boundary=(?:"([^"]+)"|([^;,\s]+))')
_FREE = frozenset({"policy", "file", "awsaccesskeyid", "signature", "x-amz-signature"})
_PLAIN = {
    "acl": "ACL",
    "cache-control": "CacheControl",
    "content-type": "ContentType",
    "content-disposition": "ContentDisposition",
    "content-encoding": "ContentEncoding",
    "content-md5": "ContentMD5",
    "expires": "Expires",
    "x-amz-storage-class": "StorageClass",
    "x-amz-website-redirect-location": "WebsiteRedirectLocation",
    "x-amz-server-side-encryption": "ServerSideEncryption",
    "x-amz-server-side-encryption-aws-kms-key-id": "SSEKMSKeyId",
    "x-amz-server-side-encryption-customer-algorithm": "SSECustomerAlgorithm",
    "x-amz-server-side-encryption-customer-key": "SSECustomerKey",
    "x-amz-server-side-encryption-customer-key-md5": "SSECustomerKeyMD5",
    "x-amz-object-lock-mode": "ObjectLockMode",
    "x-amz-object-lock-legal-hold": "ObjectLockLegalHoldStatus",
    "x-amz-checksum-algorithm": "ChecksumAlgorithm",
    **{f"x-amz-checksum-{name.lower()}": member for name, member in MEMBERS.items()},
}


def post(cloud: Cloud, routed: Routed, request: Request, call: Call) -> Response:
    """Keep the form's file as the form says."""
    from sundog.services.s3.web import refused

    call.operation = "PostObject"
    assert routed.operation is not None
    try:
        fields, body, filename = read_form(request)
        bucket = routed.labels["Bucket"]
        size = len(body) if isinstance(body, bytes) else body.seek(0, 2)
        if not isinstance(body, bytes):
            body.seek(0)
        _check(cloud, call, bucket, fields, size)
        key = fields["key"].replace("${filename}", filename)
        fields["key"] = key
        call.params = _parameters(bucket, fields, body)
    except AwsError as error:
        call.error = error
        cloud.record(call)
        return refused(routed, call, error)
    cloud.execute(routed.operation, call.params, call)
    if call.error is not None:
        return refused(routed, call, call.error)
    return _answer(cloud, routed, request, call, fields, bucket)


# -- the form -------------------------------------------------------------------------------------------------------


def read_form(request: Request) -> tuple[dict[str, str], Any, str]:
    """The fields before the file, by lower-case names; the file; its name."""
    found = _BOUNDARY.search(request.headers.get("content-type", ""))
    if found is None:
        raise _unreadable()
    mark = b"--" + (found[1] or found[2]).encode()
    data: Any = request.body if isinstance(request.body, bytes) else _mapped(request.body)
    fields: dict[str, str] = {}
    total = 0
    for head, start, stop in _parts(data, mark):
        parameters = {name.lower(): quoted or plain for name, quoted, plain in _PARAMETER.findall(head)}
        name = parameters.get(b"name", b"").decode("utf-8", "replace")
        if name.lower() == "file":
            filename = parameters.get(b"filename", b"").decode("utf-8", "replace")
            return fields, _cut(data, start, stop), filename.replace("\\", "/").rpartition("/")[2]
        total += stop - start
        if total > MAX_FIELDS:
            raise errors.fault(
                "MaxPostPreDataLengthExceeded",
                "Your POST request fields preceding the upload file were too large.",
                400,
                MaxPostPreDataLengthBytes=MAX_FIELDS,
            )
        fields[name.lower()] = data[start:stop].decode("utf-8", "replace")
    raise errors.argument("file", 0, "POST requires exactly one file upload per request.")


def _mapped(body: Any) -> Any:
    body.seek(0)
    body.flush()
    return mmap.mmap(body.fileno(), 0, access=mmap.ACCESS_READ)


def _cut(data: Any, start: int, stop: int) -> Any:
    if isinstance(data, bytes):
        return data[start:stop]
    out = tempfile.SpooledTemporaryFile(8 * 1024 * 1024)  # noqa: SIM115 - it lives as long as the request
    for position in range(start, stop, 1 << 20):
        out.write(data[position : min(position + (1 << 20), stop)])
    out.seek(0)
    return out


def _parts(data: Any, mark: bytes) -> Iterator[tuple[bytes, int, int]]:
    """Head, begin and end of each part."""
    position = data.find(mark)
    if position < 0:
        raise _unreadable()
    while True:
        begin = position + len(mark)
        if data[begin : begin + 2] == b"--":
            return
        begin = data.find(b"\n", begin) + 1
        end = data.find(b"\r\n\r\n", begin)
        if begin <= 0 or end < 0:
            raise _unreadable()
        following = data.find(b"\r\n" + mark, end + 2)
        if following < 0:
            raise _unreadable()
        yield data[begin:end], end + 4, max(end + 4, following)
        position = following + 2


def _unreadable() -> AwsError:
    return AwsError("MalformedPOSTRequest", "The body of your POST request is not well-formed multipart/form-data.")


def _missing(name: str) -> AwsError:
    message = (
        f"Bucket POST must contain a field named '{name}'.  If it is specified, please check the order of the fields."
    )
    return errors.argument(name, None, message)


# -- the policy -----------------------------------------------------------------------------------------------------


def _check(cloud: Cloud, call: Call, bucket: str, fields: dict[str, str], size: int) -> None:
    if "key" not in fields:
        raise _missing("key")
    policy = fields.get("policy")
    credential = post_credential(fields)
    if policy is None:
        if credential.access_key:
            raise _missing("policy")
        call.access_key = None
        return
    newer = any(name in fields for name in ("x-amz-signature", "x-amz-credential", "x-amz-algorithm", "x-amz-date"))
    older = "awsaccesskeyid" in fields or "signature" in fields
    if not newer and not older:
        raise errors.denied()
    if newer:
        for name, field in (
            ("X-Amz-Algorithm", "x-amz-algorithm"),
            ("X-Amz-Credential", "x-amz-credential"),
            ("X-Amz-Date", "x-amz-date"),
            ("X-Amz-Signature", "x-amz-signature"),
        ):
            if field not in fields:
                raise _missing(name)
    else:
        for name, field in (("AWSAccessKeyId", "awsaccesskeyid"), ("Signature", "signature")):
            if field not in fields:
                raise _missing(name)
    call.access_key = credential.access_key
    call.account = cloud.account_of(credential.access_key)
    if cloud.checks_signatures:
        from sundog.wire.auth_errors import unknown_key

        key = cloud.key(credential.access_key)
        if key is None or not key.active or (key.token is not None and key.token != credential.token):
            raise unknown_key(credential, "s3")
        verify_post(fields, credential, key.secret)
    check_policy(policy, fields, bucket, size, cloud.clock.now())


def check_policy(policy: str, fields: dict[str, str], bucket: str, size: int, now: datetime.datetime) -> None:
    """Hold a form against its policy."""
    try:
        source = msgspec.json.decode(base64.b64decode(policy))
    except (binascii.Error, ValueError, msgspec.DecodeError):
        raise AwsError("InvalidPolicyDocument", "Invalid Policy: Invalid JSON.") from None
    if not isinstance(source, dict) or not isinstance(source.get("conditions"), list):
        raise AwsError("InvalidPolicyDocument", "Invalid Policy: Policy missing conditions.")
    if _expiry(source) <= now:
        raise errors.denied("Invalid according to Policy: Policy expired.")
    values = {**fields, "bucket": bucket}
    covered = {"bucket"}
    for condition in source["conditions"]:
        _hold(condition, values, covered, size)
    for name in fields:
        if name not in covered and name not in _FREE and not name.startswith("x-ignore-"):
            raise errors.denied(f"Invalid according to Policy: Extra input fields: {name}")


def _expiry(source: dict[str, Any]) -> datetime.datetime:
    text = source.get("expiration")
    if not isinstance(text, str):
        raise AwsError("InvalidPolicyDocument", "Invalid Policy: Policy missing expiration.")
    try:
        found = datetime.datetime.fromisoformat(text.replace("Z", "+00:00"))
    except ValueError:
        raise AwsError("InvalidPolicyDocument", f"Invalid Policy: Invalid 'expiration' value: '{text}'") from None
    return found if found.tzinfo is not None else found.replace(tzinfo=datetime.timezone.utc)


def _failed(*parts: Any) -> AwsError:
    text = ", ".join(f'"{part}"' for part in parts)
    return errors.denied(f"Invalid according to Policy: Policy Condition failed: [{text}]")


def _hold(condition: Any, values: dict[str, str], covered: set[str], size: int) -> None:
    if isinstance(condition, dict):
        if len(condition) != 1:
            raise AwsError(
                "InvalidPolicyDocument",
                "Invalid Policy: Invalid Simple-Condition: Simple-Conditions must have exactly one property specified.",
            )
        name, wanted = next(iter(condition.items()))
        covered.add(name.lower())
        if values.get(name.lower()) != str(wanted):
            raise _failed("eq", f"${name}", wanted)
        return
    if not isinstance(condition, list) or len(condition) != 3:
        raise AwsError("InvalidPolicyDocument", "Invalid Policy: Invalid condition.")
    how, name, wanted = condition
    kind = str(how).lower()
    if kind == "content-length-range":
        _hold_size(condition, size)
        return
    if not str(name).startswith("$"):
        raise _failed(how, name, wanted)
    field = str(name)[1:].lower()
    covered.add(field)
    value = values.get(field, "" if kind == "starts-with" else None)
    if kind == "eq":
        held = value == str(wanted)
    elif kind == "starts-with":
        assert value is not None
        pieces = value.split(",") if field == "content-type" else [value]
        held = all(piece.strip().startswith(str(wanted)) for piece in pieces)
    else:
        raise AwsError("InvalidPolicyDocument", f"Invalid Policy: Invalid condition operator: {how}")
    if not held:
        raise _failed(how, name, wanted)


def _hold_size(condition: list[Any], size: int) -> None:
    try:
        least, most = int(condition[1]), int(condition[2])
    except (ValueError, TypeError):
        raise _failed(*condition) from None
    if size > most:
        message = "Your proposed upload exceeds the maximum allowed size"
        raise errors.fault("EntityTooLarge", message, 400, ProposedSize=size, MaxSizeAllowed=most)
    if size < least:
        message = "Your proposed upload is smaller than the minimum allowed size"
        raise errors.fault("EntityTooSmall", message, 400, ProposedSize=size, MinSizeAllowed=least)


# -- the object, and the answer -------------------------------------------------------------------------------------


def _parameters(bucket: str, fields: dict[str, str], body: Any) -> dict[str, Any]:
    """The form as PutObject's parameters."""
    params: dict[str, Any] = {"Bucket": bucket, "Key": fields["key"], "Body": body}
    for field, member in _PLAIN.items():
        if field in fields:
            params[member] = fields[field]
    until = fields.get("x-amz-object-lock-retain-until-date")
    if until is not None:
        params["ObjectLockRetainUntilDate"] = datetime.datetime.fromisoformat(until.replace("Z", "+00:00"))
    if "x-amz-server-side-encryption-bucket-key-enabled" in fields:
        params["BucketKeyEnabled"] = fields["x-amz-server-side-encryption-bucket-key-enabled"] == "true"
    metadata = {name[11:]: value for name, value in fields.items() if name.startswith("x-amz-meta-")}
    if metadata:
        params["Metadata"] = metadata
    if "tagging" in fields:
        params["Tagging"] = _tags(fields["tagging"])
    return params


def _tags(text: str) -> str:
    """The tags of a form, a document, as the header has them."""
    try:
        root = parse(text.encode())
    except BadXml:
        raise errors.malformed() from None
    pairs: list[tuple[str, str]] = []
    for tag in root.iter():
        if tag.tag.rpartition("}")[2] == "Tag":
            found = {child.tag.rpartition("}")[2]: child.text or "" for child in tag}
            pairs.append((found.get("Key", ""), found.get("Value", "")))
    return urlencode(pairs)


def _answer(
    cloud: Cloud, routed: Routed, request: Request, call: Call, fields: dict[str, str], bucket: str
) -> Response:
    from sundog.wire.restxml import DECLARATION, request_headers

    assert call.answer is not None
    etag, key = call.answer["ETag"], fields["key"]
    headers = request_headers(routed.service, call.request_id)
    headers["etag"] = etag
    if "VersionId" in call.answer:
        headers["x-amz-version-id"] = call.answer["VersionId"]
    if "ServerSideEncryption" in call.answer:
        headers["x-amz-server-side-encryption"] = call.answer["ServerSideEncryption"]
    where = f"{request.scheme}://{request.host}/{quote(key, safe='')}"
    if not routed.host.rest:
        where = f"{request.scheme}://{request.host}/{bucket}/{quote(key, safe='')}"
    redirect = fields.get("success_action_redirect") or fields.get("redirect")
    if redirect:
        parts = urlsplit(redirect)
        if parts.scheme and parts.netloc:
            query = urlencode({"bucket": bucket, "key": key, "etag": etag})
            joined = f"{parts.query}&{query}" if parts.query else query
            headers["location"] = parts._replace(query=joined).geturl()
            return Response(303, headers, b"")
    headers["location"] = where
    status = fields.get("success_action_status")
    if status != "201":
        return Response(200 if status == "200" else 204, headers, b"")
    text = (
        f"{DECLARATION}<PostResponse><Location>{escape(where)}</Location><Bucket>{escape(bucket)}</Bucket>"
        f"<Key>{escape(key)}</Key><ETag>{escape(etag)}</ETag></PostResponse>"
    )
    headers["content-type"] = "application/xml"
    return Response(201, headers, text.encode())
