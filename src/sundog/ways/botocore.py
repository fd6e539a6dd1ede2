"""The way in for botocore and boto3, at ``botocore.endpoint.Endpoint``: clients made before the mock are covered too.

Two paths with one result. On the direct path ``make_request`` answers from the serialized parameters: nothing is signed, no
bytes are made, and the answer is built in the form that botocore's parser would give. When something on the way would notice
(a user's handler on an event that is skipped, a fault, a check of signatures), the wire path takes over: ``_send``, after
botocore has signed, gets bytes back that botocore parses.
"""

from __future__ import annotations

import io
import tempfile
from collections.abc import Callable, Iterable
from types import ModuleType
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from sundog.core.calls import Call
from sundog.core.garbage import uncollected
from sundog.exchange import perform
from sundog.ways import active
from sundog.ways.active import Patch
from sundog.ways.network import decide
from sundog.wire.http import Request, Response

if TYPE_CHECKING:
    from sundog.cloud import Cloud
    from sundog.wire.model import Operation

SKIPPED_EVENTS = ("request-created", "before-send", "response-received", "before-parse", "needs-retry")
SIGNING_EVENTS = ("choose-signer", "before-sign")
_OWN = ("botocore.", "aiobotocore.", "boto3.", "s3transfer.", "sundog.")
_RETRIED = frozenset(
    (
        "BandwidthLimitExceeded EC2ThrottledException LimitExceededException PriorRequestNotComplete "
        "ProvisionedThroughputExceededException RequestLimitExceeded RequestThrottled RequestThrottledException SlowDown "
        "ThrottledException Throttling ThrottlingException TooManyRequestsException TransactionInProgressException "
        "RequestTimeout RequestTimeoutException IDPCommunicationError AuthorizationHeaderMalformed"
    ).split()
)


def patches(module: ModuleType) -> Iterable[Patch]:
    """What to replace in ``botocore.endpoint``."""
    yield Patch(module.Endpoint, "make_request", _make_request)
    yield Patch(module.Endpoint, "_send", _send)


def _make_request(original: Any) -> Any:
    def make_request(self: Any, operation_model: Any, request_dict: dict[str, Any]) -> Any:
        cloud = active.current()
        if cloud is not None:
            answer = direct(cloud, self, operation_model, request_dict)
            if answer is not None:
                return answer
        return original(self, operation_model, request_dict)

    return make_request


def _send(original: Any) -> Any:
    def send(self: Any, request: Any) -> Any:
        cloud = active.current()
        if cloud is None:
            return original(self, request)
        if cloud.settings.path == "server":
            from sundog.ways import loopback

            return loopback.send(original, self, cloud, request)
        made = from_prepared(request)
        if not answers_for(cloud, made.host):
            return original(self, request)
        return to_botocore(cloud.handle(made), request.url, request.stream_output)

    return send


def answers_for(cloud: Cloud, host: str) -> bool:
    """Whether the cloud answers for the host; False for one that is let through. Other hosts are refused."""
    known = cloud.__dict__.setdefault("_botocore_hosts", {})
    found = known.get(host)
    if found is None:
        if len(known) > 1000:
            known.clear()
        found = known[host] = decide(cloud, host)
    return found


def from_prepared(prepared: Any, body: Any = None) -> Request:
    """A request from one that botocore has prepared; ``body``: this one instead of its own."""
    url = urlsplit(prepared.url)
    headers: dict[str, str] = {}
    for name, value in prepared.headers.items():
        text = value if isinstance(value, str) and value.isascii() else _text(value)
        lower = name.lower()
        headers[lower] = f"{headers[lower]},{text}" if lower in headers else text
    headers.setdefault("host", url.netloc)
    if body is None:
        body = prepared.body
    if body is None:
        body = b""
    elif isinstance(body, str):
        body = body.encode()
    elif isinstance(body, bytearray):
        body = bytes(body)
    elif not isinstance(body, bytes):
        body = _spooled(body)
    return Request(prepared.method, headers["host"].lower(), url.path or "/", url.query, headers, body, url.scheme)


def from_dict(request_dict: dict[str, Any]) -> Request:
    """A request from botocore's serialized form, before it is signed or prepared."""
    url = request_dict["url"]
    scheme, _, rest = url.partition("://")
    host, slash, path = rest.partition("/")
    path, _, query = (slash + path).partition("?")
    body = request_dict["body"]
    headers = {
        name.lower(): value if isinstance(value, str) and value.isascii() else _text(value)
        for name, value in request_dict["headers"].items()
    }
    form = None
    if isinstance(body, dict):
        form, body = body, b""
    elif isinstance(body, str):
        body = body.encode()
    elif body is None:
        body = b""
    elif isinstance(body, bytearray):
        body = bytes(body)
    elif not isinstance(body, bytes):
        body = _spooled(body)
    request = Request(request_dict["method"], host.lower(), path or "/", query, headers, body, scheme)
    request.form = form
    return request


def _text(value: Any) -> str:
    """A header's value as a server reads what botocore would send: UTF-8, each byte a character."""
    if not isinstance(value, bytes):
        value = str(value).encode("utf-8", "surrogateescape")
    return value.decode("latin-1")


class Spool:
    """A copy of a body that is read bit by bit: what the user goes on to do with the original is the user's business."""

    def __init__(self) -> None:
        self._file = tempfile.SpooledTemporaryFile(max_size=8 << 20)  # noqa: SIM115
        self._size = 0

    def add(self, chunk: Any) -> None:
        data = chunk.encode() if isinstance(chunk, str) else chunk
        self._size += len(data)
        self._file.write(data)

    def body(self) -> Any:
        self._file.seek(0)
        if self._size > 1 << 20:
            return self._file
        with self._file:
            return self._file.read()


def _spooled(body: Any) -> Any:
    spool = Spool()
    chunks = iter(lambda: body.read(1 << 16), b"") if hasattr(body, "read") else iter(body)
    for chunk in chunks:
        if not chunk:
            break
        spool.add(chunk)
    return spool.body()


def in_memory(body: Any) -> bool:
    return body is None or isinstance(body, (bytes, str, bytearray, dict))


def rewinder(body: Any) -> Callable[[], Any] | None:
    """What puts a body that was read back to where it stands now; None if nothing can."""
    raw = getattr(body, "_raw", body)  # botocore wraps the file that it makes chunks of
    try:
        position = raw.tell()
        raw.seek(position)
    except (AttributeError, OSError, TypeError, ValueError):
        return None

    def rewind() -> None:
        if raw is not body:
            body.seek(0)
        raw.seek(position)

    return rewind


def to_botocore(response: Response, url: str, stream: bool) -> Any:
    """A response as botocore's HTTP session gives it."""
    from botocore.awsrequest import AWSResponse

    body = response.body
    raw = _Raw(body if hasattr(body, "read") else io.BytesIO(response.read()))
    if "content-length" not in response.headers and isinstance(body, bytes):
        response.headers["content-length"] = str(len(body))
    answer = AWSResponse(url, response.status, response.headers, raw)
    if not stream:
        _ = answer.content
    return answer


class _Raw:
    """What botocore takes for urllib3's response."""

    def __init__(self, body: Any) -> None:
        self._body = body
        self._fp = body

    def read(self, amt: int | None = None, **_: Any) -> bytes:
        return self._body.read() if amt is None else self._body.read(amt)

    def readinto(self, buffer: Any) -> int:
        data = self._body.read(len(buffer))
        buffer[: len(data)] = data
        return len(data)

    def stream(self, amt: int = 65536, decode_content: bool | None = None) -> Any:
        while chunk := self._body.read(amt):
            yield chunk

    def close(self) -> None:
        self._body.close()

    def release_conn(self) -> None:
        pass

    @property
    def closed(self) -> bool:
        return self._body.closed


# -- the direct path ------------------------------------------------------------------------------------------------


class _Path:
    """What one endpoint does with one operation: its model, its signer, and whether anybody would notice the direct path."""

    __slots__ = ("direct", "operation", "signer")

    def __init__(self, operation: Any, signer: Any, direct: bool) -> None:
        self.operation = operation
        self.signer = signer
        self.direct = direct


def _path(endpoint: Any, operation_model: Any) -> _Path:
    emitter = endpoint._event_emitter
    emitter = getattr(emitter, "_emitter", emitter)
    handlers = emitter._lookup_cache  # a new dict whenever a handler comes or goes
    known = endpoint.__dict__.get("_sundog")
    if known is None or known[0] is not handlers:
        known = endpoint.__dict__["_sundog"] = (handlers, {})
    name = operation_model.name
    found = known[1].get(name)
    if found is None:
        found = known[1][name] = _look(endpoint, operation_model)
    return found


def _look(endpoint: Any, operation_model: Any) -> _Path:
    from sundog.wire.model import find_service

    service_model = operation_model.service_model
    operation = find_service(service_model.service_name, service_model).operation(operation_model.name)
    emitter = getattr(endpoint._event_emitter, "_emitter", endpoint._event_emitter)
    service_id = service_model.service_id.hyphenize()
    signer = None
    unnoticed = not operation_model.has_event_stream_output and not operation_model.has_event_stream_input
    for event in SKIPPED_EVENTS + SIGNING_EVENTS:
        for handler in emitter._handlers.prefix_search(f"{event}.{service_id}.{operation_model.name}"):
            owner = getattr(handler, "__self__", None)
            if event == "request-created" and hasattr(owner, "_credentials") and hasattr(owner, "sign"):
                signer = owner
            module = getattr(handler, "__module__", None) or type(handler).__module__
            if not module.startswith(_OWN):
                unnoticed = False
    return _Path(operation, signer, unnoticed and operation is not None)


def direct(cloud: Cloud, endpoint: Any, operation_model: Any, request_dict: dict[str, Any]) -> Any:
    """The answer as ``make_request`` gives it; None if the wire path must answer."""
    body = request_dict["body"]
    rewind = None
    if not in_memory(body):
        rewind = rewinder(body)
        if rewind is None:
            return None
    prepared = prepare_direct(cloud, endpoint, operation_model, request_dict)
    if prepared is None:
        if rewind is not None:
            rewind()
        return None
    operation, request, call = prepared
    perform(cloud, operation, request, call)
    answer = answer_of(cloud, operation, call, request_dict)
    if answer is None and rewind is not None:
        rewind()
    return answer


def prepare_direct(
    cloud: Cloud, endpoint: Any, operation_model: Any, request_dict: dict[str, Any]
) -> tuple[Operation, Request, Call] | None:
    """What the direct path works on; None if the wire path must answer."""
    settings = cloud.settings
    if settings.path != "direct" or settings.enforce_iam or settings.verify_signatures:
        return None
    path = _path(endpoint, operation_model)
    if not path.direct:
        return None
    operation = path.operation
    service = operation.service
    if len(cloud.faults) and cloud.faults.covers(service.name, operation.name):
        return None
    request = from_dict(request_dict)
    if not answers_for(cloud, request.host):
        return None
    if cloud.hosts.profile_of(cloud.hosts.parse(request.host), request.path) is not None:
        return None  # the route knows the other cloud's names, and what it lacks
    call = _call(cloud, path, operation, request_dict)
    call.http = request
    return operation, request, call


def _call(cloud: Cloud, path: _Path, operation: Any, request_dict: dict[str, Any]) -> Call:
    context = request_dict["context"]
    signing = context.get("signing") or {}
    access_key = None
    if path.signer is not None and context.get("auth_type") != "none":
        credentials = signing.get("request_credentials") or path.signer._credentials
        if credentials is not None and path.signer._signature_version is not _unsigned():
            access_key = credentials.access_key
    region = signing.get("region") or (path.signer._region_name if path.signer is not None else None)
    if not region or region == "*" or region == "aws-global":
        region = context.get("client_region") or cloud.settings.region
    if region == "aws-global":
        region = "us-east-1"
    return Call(operation.service.name, operation.name, {}, cloud.account_of(access_key), region, access_key)


def _unsigned() -> Any:
    from botocore import UNSIGNED

    return UNSIGNED


@uncollected
def answer_of(cloud: Cloud, operation: Any, call: Call, request_dict: dict[str, Any]) -> Any:
    """HTTP response and parsed answer of a call; None if botocore may want to try again, which only the wire path can."""
    from sundog.wire.direct import head, parsed, parsed_error

    error = call.error
    if error is None:
        assert call.answer is not None
        answer = parsed(operation, call.answer)
        status, headers = head(operation, call.answer, call.request_id)
        status = call.status or status
        more = call.headers
    else:
        if call.exception is None and (error.status >= 500 or error.code in _RETRIED or 300 <= error.status < 400):
            cloud.calls.discard(call)
            return None
        answer = parsed_error(operation, error)
        status, headers = error.status, head(operation, {}, call.request_id)[1]
        more = error.headers
    if more:
        headers.update(more)
    call.slim()
    metadata: dict[str, Any] = {"RequestId": call.request_id}
    if "x-amz-id-2" in headers:
        metadata["HostId"] = headers["x-amz-id-2"]
    metadata["HTTPStatusCode"] = status
    metadata["HTTPHeaders"] = headers
    metadata["RetryAttempts"] = 0
    answer["ResponseMetadata"] = metadata
    return _Http(request_dict["url"], status, headers), answer


class _Http:
    """What stands for the HTTP response that never was."""

    __slots__ = ("headers", "raw", "status_code", "url")

    content = b""
    text = ""

    def __init__(self, url: str, status: int, headers: dict[str, str]) -> None:
        self.url = url
        self.status_code = status
        self.headers = headers
        self.raw = None
