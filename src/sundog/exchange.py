"""One exchange of a request for a response, on either path: who calls, what is asked, and the answer in its protocol."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sundog.core.calls import Call
from sundog.core.op import service_part
from sundog.wire.codec import codec
from sundog.wire.errors import AwsError
from sundog.wire.hosts import DEFAULT as HOSTS
from sundog.wire.http import Request, Response
from sundog.wire.model import Operation, Service
from sundog.wire.presigned import is_presigned
from sundog.wire.route import Routed, RouteError, route
from sundog.wire.route_s3 import find_s3
from sundog.wire.uri import service_tree

if TYPE_CHECKING:
    from sundog.cloud import Cloud


def answer(cloud: Cloud, request: Request, final: bool) -> Response:
    """The response to a request; ``Wait`` comes through."""
    if request.path.startswith("/SimpleNotificationService-"):
        # Not even a request to AWS's API: the certificate that SNS signs with.
        web = service_part("sns", "web")
        found = web.page(cloud, request) if web is not None else None
        if found is not None:
            return found
    try:
        routed = route(request, cloud.hosts)
    except RouteError as error:
        return refuse(cloud, error)
    call = call_of(cloud, routed, request)
    operation = routed.operation
    if operation is None or routed.kind == "post-object":
        return _not_an_operation(cloud, routed, request, call)
    spoken = codec(routed.protocol)
    version = None
    if routed.protocol in ("query", "ec2"):
        from sundog.wire.query import version_of

        version = version_of(request)
    try:
        if cloud.checks_signatures:
            cloud.verify(request, routed, call)
        elif routed.service.name == "s3" and is_presigned(routed.credential):
            from sundog.wire.sigv4 import check_expiry

            check_expiry(request, routed.credential, cloud.clock.now())
        call.params = spoken.decode(operation, request, routed.labels)
        if not isinstance(request.body, bytes):
            web = service_part(routed.service.python_name, "web")
            if web is not None and hasattr(web, "take_in"):
                web.take_in(cloud, call.params)
    except AwsError as error:
        call.error = error
        cloud.record(call)
    else:
        cloud.execute(operation, call.params, call, final)
    if call.error is not None:
        response = spoken.encode_error(routed.service, operation, call.error, call.request_id, version)
        response.headers.update(call.error.headers)
    else:
        assert call.answer is not None
        response = spoken.encode(operation, call.answer, call.request_id, version)
        if call.headers:
            response.headers.update(call.headers)
        if call.status is not None:
            response.status = call.status
    response.headers["x-sundog-fidelity"] = call.fidelity
    call.slim()
    if "origin" in request.headers:
        web = service_part(routed.service.python_name, "web")
        if web is not None and hasattr(web, "decorate"):
            web.decorate(cloud, routed, request, call, response)
    return response


def call_of(cloud: Cloud, routed: Routed, request: Request) -> Call:
    """The log's entry for a routed request: who calls, and where it lands."""
    access_key = routed.credential.access_key
    account = request.headers.get("x-sundog-account") or cloud.account_of(access_key)
    region = routed.region or cloud.settings.region
    profile = routed.profile
    if profile is not None:
        # Its host knows better than the signature, whose region clients make up where the cloud has none.
        region = profile.region(routed.host.region, routed.region, cloud.settings.region) or region
    if region in ("*", "aws-global"):
        region = routed.host.region or cloud.settings.region
    operation = routed.operation
    name = operation.name if operation is not None else routed.kind or ""
    call = Call(routed.service.name, name, {}, account, region, access_key)
    call.protocol = routed.protocol
    call.http = request
    call.profile = profile
    call.request_id = cloud.ids.request_id()
    return call


def refuse(cloud: Cloud, error: RouteError) -> Response:
    """The answer to a request that asks for nothing there is."""
    request_id = cloud.ids.request_id()
    service = error.service
    call = Call(service.name if service else "", "", {}, cloud.default_account, cloud.settings.region)
    call.request_id = request_id
    call.error = error
    call.fidelity = "unsupported"
    cloud.record(call)
    if service is None:
        from sundog.wire.model import get_service

        service = get_service("s3") if error.protocol == "rest-xml" else get_service("sts")
    return codec(error.protocol).encode_error(service, None, error, request_id)


def _not_an_operation(cloud: Cloud, routed: Routed, request: Request, call: Call) -> Response:
    """Requests that are no API calls (a bucket's website, a preflight): the service's ``web`` module answers, if it has one."""
    web = service_part(routed.service.python_name, "web")
    if web is not None:
        return web.answer(cloud, routed, request, call)
    call.fidelity = "unsupported"
    call.error = AwsError(
        "NotImplemented",
        f"Sundog does not answer requests of the kind {routed.kind} to {routed.service.name} yet.",
        501,
    )
    cloud.record(call)
    return codec(routed.protocol).encode_error(routed.service, None, call.error, call.request_id)


def labels_of(operation: Operation, request: Request) -> dict[str, str]:
    """The URI's labels for an operation that is known already."""
    service: Service = operation.service
    if not service.protocols[0].startswith("rest"):
        return {}
    if service.name == "s3":
        return find_s3(service, request, HOSTS.parse(request.host), request.path)[1]
    found = service_tree(service).find(request.method, request.path, request.query, request.headers)
    if found is None:
        return {}
    pattern, values = found
    return dict(zip(pattern.labels, values, strict=False))


def decoded(cloud: Cloud, operation: Operation, request: Request, call: Call) -> bool:
    """Decode a request whose operation is known into ``call.params``; False if that failed and the call has its error."""
    protocol = call.protocol = operation.service.protocols[0]
    try:
        call.params = codec(protocol).decode(operation, request, labels_of(operation, request))
    except AwsError as error:
        call.error = error
        cloud.record(call)
        return False
    return True


def perform(cloud: Cloud, operation: Operation, request: Request, call: Call) -> None:
    """The direct path's middle: decode, answer into ``call``; blocks for a long poll."""
    if decoded(cloud, operation, request, call):
        cloud.blocking(lambda final: cloud.execute(operation, call.params, call, final))
