"""The rest-xml protocol: S3, its control plane, Route 53 and CloudFront."""

from __future__ import annotations

from base64 import b64encode
from hashlib import sha256
from typing import Any

from sundog.wire import fault
from sundog.wire.body import is_packed, unwrap
from sundog.wire.errors import AwsError
from sundog.wire.http import Request, Response
from sundog.wire.model import Operation, Service
from sundog.wire.plan import Traits, input_traits
from sundog.wire.rest import Output, input_of, output_of
from sundog.wire.values import WrongType, as_bytes
from sundog.wire.xmlin import BadXml, XmlIn, parse
from sundog.wire.xmlout import XmlOut, XmlOutMilliseconds, escape, namespace, write_attributes

DECLARATION = '<?xml version="1.0" encoding="UTF-8"?>\n'
S3_NAMESPACE = "http://s3.amazonaws.com/doc/2006-03-01/"

S3_ROOTS = {
    "ListBuckets": "ListAllMyBucketsResult",
    "ListDirectoryBuckets": "ListAllMyDirectoryBucketsResult",
    "ListObjects": "ListBucketResult",
    "ListObjectsV2": "ListBucketResult",
    "ListObjectVersions": "ListVersionsResult",
    "CreateMultipartUpload": "InitiateMultipartUploadResult",
    "DeleteObjects": "DeleteResult",
    "GetBucketAcl": "AccessControlPolicy",
    "GetObjectAcl": "AccessControlPolicy",
    "GetBucketAccelerateConfiguration": "AccelerateConfiguration",
    "GetBucketCors": "CORSConfiguration",
    "GetBucketLifecycle": "LifecycleConfiguration",
    "GetBucketLifecycleConfiguration": "LifecycleConfiguration",
    "GetBucketLogging": "BucketLoggingStatus",
    "GetBucketNotification": "NotificationConfiguration",
    "GetBucketNotificationConfiguration": "NotificationConfiguration",
    "GetBucketRequestPayment": "RequestPaymentConfiguration",
    "GetBucketTagging": "Tagging",
    "GetObjectTagging": "Tagging",
    "GetBucketVersioning": "VersioningConfiguration",
    "GetBucketWebsite": "WebsiteConfiguration",
    "GetObjectAttributes": "GetObjectAttributesResponse",
    "ListBucketAnalyticsConfigurations": "ListBucketAnalyticsConfigurationResult",
    "ListBucketInventoryConfigurations": "ListInventoryConfigurationsResult",
    "ListBucketMetricsConfigurations": "ListMetricsConfigurationsResult",
}
"""The root elements of S3's answers, which its model doesn't name."""

_MALFORMED = "The XML you provided was not well-formed or did not validate against our published schema"


def decode(op: Operation, request: Request, labels: dict[str, str]) -> dict[str, Any]:
    bound = input_of(op)
    if bound is None:
        return {}
    if is_packed(request):
        unwrap(request, inflate=bound.payload is None or bound.payload[1]["type"] != "blob")
    try:
        params = bound.read(request, labels)
    except WrongType as error:
        raise _bad_argument(op.service, error) from None
    compiler = XmlIn.of(op.service)
    try:
        if bound.payload is not None:
            name, traits = bound.payload
            kind = traits["type"]
            if kind == "blob":
                if request.body or name in bound.required:
                    params[name] = request.body
            elif kind == "string":
                body = request.read()
                if body:
                    params[name] = body.decode()
            else:
                body = request.read()
                if body:
                    params[name] = compiler.compile(traits)(parse(body))
        elif bound.rest is not None:
            body = request.read()
            if body:
                params.update(compiler.make_structure(bound.rest)(parse(body)))
    except (WrongType, BadXml, UnicodeDecodeError, RecursionError):
        raise malformed(op.service) from None
    return params


def malformed(service: Service) -> AwsError:
    if service.name in ("s3", "s3control"):
        return AwsError("MalformedXML", _MALFORMED)
    return AwsError("MalformedXML" if service.name == "cloudfront" else "MalformedInput", "Unable to parse the request")


def _bad_argument(service: Service, error: WrongType) -> AwsError:
    name, value = error.name, str(error.value)
    if service.name not in ("s3", "s3control"):
        return AwsError("InvalidInput", f"The value {value[:200]} of {name} is not valid")
    message = "Invalid Argument"
    if name == "partNumber":
        message = "Part number must be an integer between 1 and 10000, inclusive"
    elif error.expected in ("Integer", "Long"):
        message = f"Provided {name} not an integer or within integer range"
    return AwsError("InvalidArgument", message, 400, {"ArgumentName": name, "ArgumentValue": value[:1024]})


def head(op: Operation, result: dict[str, Any], request_id: str) -> tuple[int, dict[str, str]]:
    """Status and headers of the answer that holds a result."""
    service = op.service
    headers = request_headers(service, request_id)
    output = output_of(op)
    if output is None:
        return op.status, headers
    kind = output.kind
    if kind == "stream":
        headers["content-type"] = "application/vnd.amazon.eventstream"
    elif kind in ("blob", "string"):
        headers["content-type"] = output.content_type(service.name)
    elif (kind == "members" and op.method != "HEAD") or (
        output.payload is not None and result.get(output.payload[0]) is not None
    ):
        headers["content-type"] = _document_type(service)
    if output.headers or output.header_maps:
        output.write(result, headers)
    return output.code(result, op.status), headers


def encode(op: Operation, result: dict[str, Any], request_id: str, version: str | None = None) -> Response:
    status, headers = head(op, result, request_id)
    output = output_of(op)
    if output is None:
        return Response(status, headers)
    return Response(status, headers, _body(op, output, result))


def _body(op: Operation, output: Output, result: dict[str, Any]) -> Any:
    service = op.service
    out: XmlOut = _compiler(service)
    if output.payload is not None:
        name, traits = output.payload
        value = result.get(name)
        if output.kind == "stream":
            from sundog.wire.eventstream import write_events

            return write_events(service, traits, value or (), out, None, "text/xml")
        if value is None:
            return b""
        if output.kind == "value":
            return _document(op, traits.get("locationName") or name, traits, out.compile(traits)(value), value)
        return value if hasattr(value, "read") else as_bytes(value)
    if output.rest is None or op.method == "HEAD":
        return b""
    if op.name == "GetBucketLocation" and service.name == "s3":
        return _document(op, "LocationConstraint", output.rest, escape(result.get("LocationConstraint") or ""), {})
    plan = op.plans.get("rest-xml-out")
    if plan is None:
        plan = op.plans["rest-xml-out"] = out.make_structure(output.traits)
    return _document(op, _root(op, output.traits), output.traits, plan(result), result)


def encode_error(
    service: Service, op: Operation | None, error: AwsError, request_id: str, version: str | None = None
) -> Response:
    headers = request_headers(service, request_id)
    if (op is not None and op.method == "HEAD") or error.status == 304:
        headers.update(error.headers)
        return Response(error.status, headers)
    headers["content-type"] = _document_type(service)
    traits = fault.error_traits(service, error)
    members = fault.error_members(service, traits, error)
    members.pop("HostId", None)
    message = members.pop(fault.message_member(traits) or "Message", error.message)
    inside, others = fault.modelled(traits, members)
    inner = f"<Code>{escape(fault.wire_code(service, error))}</Code><Message>{escape(message)}</Message>"
    if inside and traits is not None:
        Output(service.description["shapes"], traits).write(inside, headers)
        inner += _compiler(service).compile(traits)(inside)
    for name, value in others.items():
        inner += f"<{name}>{escape(value)}</{name}>"
    if service.name == "s3":
        text = f"<Error>{inner}<RequestId>{request_id}</RequestId><HostId>{headers['x-amz-id-2']}</HostId></Error>"
    else:
        kind = f"<Type>{error.fault}</Type>" if service.name != "s3control" else ""
        text = (
            f"<ErrorResponse{_xmlns(service)}><Error>{kind}{inner}</Error>"
            f"<RequestId>{request_id}</RequestId></ErrorResponse>"
        )
    headers.update(error.headers)
    return Response(error.status, headers, (DECLARATION + text).encode("utf-8", "replace"))


def request_headers(service: Service, request_id: str) -> dict[str, str]:
    if service.name in ("s3", "s3control"):
        host_id = b64encode(sha256(request_id.encode()).digest() + b"sundog").decode()
        return {"x-amz-request-id": request_id, "x-amz-id-2": host_id, "server": "AmazonS3"}
    return {"x-amzn-requestid": request_id}


def _compiler(service: Service) -> Any:
    return (XmlOutMilliseconds if service.name == "s3" else XmlOut).of(service)


def _document_type(service: Service) -> str:
    return "application/xml" if service.name in ("s3", "s3control") else "text/xml"


def _document(op: Operation, root: str, traits: Traits, inner: str, value: dict[str, Any]) -> bytes:
    attributes = _compiler(op.service).attributes(traits)
    opening = f"{root}{_xmlns(op.service, traits)}{write_attributes(attributes, value) if attributes else ''}"
    return f"{DECLARATION}<{opening}>{inner}</{root}>".encode("utf-8", "replace")


def _root(op: Operation, traits: Traits) -> str:
    if op.service.name == "s3" and op.name in S3_ROOTS:
        return S3_ROOTS[op.name]
    name = traits.get("locationName") or traits["shape"]
    return f"{op.name}Result" if name.endswith("Output") else name


def _xmlns(service: Service, traits: Traits | None = None) -> str:
    """The namespace of a document: its shape's own, else the one that the service's requests have."""
    own = namespace(traits) if traits is not None else ""
    if own:
        return own
    found = service.plans.get("rest-xmlns")
    if found is None:
        uri = S3_NAMESPACE if service.name == "s3" else service.metadata.get("xmlNamespace") or _seen_namespace(service)
        found = service.plans["rest-xmlns"] = f' xmlns="{escape(uri)}"' if uri else ""
    return found


def _seen_namespace(service: Service) -> str:
    shapes = service.description["shapes"]
    for name in service.operation_names:
        operation = service.operation(name)
        traits = input_traits(operation) if operation is not None else None
        if traits is None:
            continue
        payload = traits["members"].get(traits.get("payload"))
        for candidate in (traits, {**shapes[payload["shape"]], **payload} if payload else {}):
            found = candidate.get("xmlNamespace")
            if found:
                return found if isinstance(found, str) else found["uri"]
    return ""
