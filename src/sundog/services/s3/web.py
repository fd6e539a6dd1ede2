"""What browsers ask of S3 beside the API: preflights, websites, forms; and what they are told with every answer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sundog.core import AwsError, Tx
from sundog.services.s3 import cors, errors
from sundog.services.s3.body import ingest
from sundog.services.s3.state import Bucket
from sundog.wire.codec import codec
from sundog.wire.http import Request, Response
from sundog.wire.restxml import request_headers

if TYPE_CHECKING:
    from sundog.cloud import Cloud
    from sundog.core.calls import Call
    from sundog.wire.route import Routed


def answer(cloud: Cloud, routed: Routed, request: Request, call: Call) -> Response:
    """The response to a request that is no call of the API."""
    if routed.kind == "post-object":
        from sundog.services.s3.form import post

        return post(cloud, routed, request, call)
    try:
        with cloud.reading(call) as tx:
            if routed.kind == "website":
                from sundog.services.s3.site import serve

                return serve(tx, routed, request, call)
            return preflight(tx, routed, request, call)
    except AwsError as error:
        call.error = error
        return refused(routed, call, error)
    finally:
        cloud.record(call)


def refused(routed: Routed, call: Call, error: AwsError) -> Response:
    return codec("rest-xml").encode_error(routed.service, None, error, call.request_id)


def preflight(tx: Tx, routed: Routed, request: Request, call: Call) -> Response:
    """Whether a browser may make a request of another origin."""
    headers = request.headers
    origin, method = headers.get("origin"), headers.get("access-control-request-method")
    if not origin:
        raise AwsError("BadRequest", "Insufficient information. Origin request header needed.")
    name, key = routed.labels.get("Bucket"), routed.labels.get("Key")
    kind = "OBJECT" if key else "BUCKET"

    def forbidden(message: str) -> AwsError:
        text = f"CORSResponse: {message}"
        return errors.fault("AccessForbidden", text, 403, Method=method or "OPTIONS", ResourceType=kind)

    bucket = tx.find(Bucket, name) if name else None
    if bucket is None:
        raise forbidden("Bucket not found")
    if "cors" not in bucket.configuration:
        raise forbidden("CORS is not enabled for this bucket.")
    if not method:
        raise AwsError("BadRequest", "Invalid Access-Control-Request-Method: null")
    asked = [part.strip() for part in headers.get("access-control-request-headers", "").split(",") if part.strip()]
    rule = cors.matching(bucket, origin, method, asked)
    if rule is None:
        raise forbidden(
            "This CORS request is not allowed. This is usually because the evalution of Origin, request method / "
            "Access-Control-Request-Method or Access-Control-Request-Headers are not whitelisted "
            "by the resource's CORS "
            "spec."
        )
    made = request_headers(routed.service, call.request_id)
    return Response(200, {**made, **cors.answer_headers(rule, origin, asked)}, b"")


def take_in(cloud: Cloud, params: dict[str, Any]) -> None:
    """Keep a big body before the transaction, so that nobody waits for it."""
    if hasattr(params.get("Body"), "read"):
        ingest(cloud.blobs, params)


def decorate(cloud: Cloud, routed: Routed, request: Request, call: Call, response: Response) -> None:
    """Tell a browser of another origin that it may read the answer."""
    name = routed.labels.get("Bucket")
    origin = request.headers.get("origin")
    if not name or not origin:
        return
    with cloud.reading(call) as tx:
        bucket = tx.find(Bucket, name)
    if bucket is None or "cors" not in bucket.configuration:
        return
    rule = cors.matching(bucket, origin, request.method, [])
    if rule is not None:
        response.headers.update(cors.answer_headers(rule, origin, []))
