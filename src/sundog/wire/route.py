"""Which service and operation a request asks for, among all that botocore knows.

Hints, in order: the host name, together with the signing name in the credential's scope; the target header, the path of
``rpc-v2-cbor``, ``Action`` and ``Version``, or the path. A bare endpoint (``localhost:4566``) has no host to go by; a
request with no hint at all is S3's, path-style.
"""

from __future__ import annotations

from typing import Any

from sundog.wire import hosts as _hosts
from sundog.wire.auth import Credential, identify
from sundog.wire.errors import AwsError
from sundog.wire.hosts import Host, Hosts
from sundog.wire.http import Request
from sundog.wire.model import Operation, Service, get_service
from sundog.wire.presigned import hoist, is_presigned
from sundog.wire.profile import Profile
from sundog.wire.route_s3 import find_s3
from sundog.wire.table import actions, learn_newer, patterns, table
from sundog.wire.uri import Pattern, Tree, date_of, parse_query, service_tree

_FORM = "application/x-www-form-urlencoded"
_OLD_DYNAMODB = "DynamoDB_20111205."
"""The target of DynamoDB's API of 2011, which botocore has no model of."""
_MEMO_MAX = 4096


class Routed:
    """What a request asks for.

    ``labels`` holds the URI's labels, decoded, by the member's locationName; besides, labels of a host prefix by the
    *member's* name (``AccountId`` of S3 Control, ``graphIdentifier``), and ``QueueUrl`` for an SQS query request that
    was sent to a queue's URL (it counts only if the parameters have none).

    ``operation`` is None where the request isn't an API call; ``kind`` then says what it is:

    - ``preflight``: a CORS request (OPTIONS) to S3; labels ``Bucket``, ``Key``
    - ``website``: a request to a bucket's website; the same labels
    - ``execute-api``: a call of a deployed API; label ``ApiId``; ``path`` begins with the stage
    - ``function-url``: a call of a Lambda function's URL; label ``UrlId``
    - ``registry``: a container registry's own HTTP API
    - ``dynamodb-2011``: a call of DynamoDB's API of 2011; label ``Operation``
    - ``domain``: a call of a search domain's own HTTP API; label ``Domain``

    and beside an operation: ``post-object``, an HTML form that S3 takes as PutObject.

    ``path`` is the request's path without what a profile's prefix took; ``profile`` the other cloud meant, if any.
    """

    __slots__ = (
        "credential",
        "host",
        "kind",
        "labels",
        "operation",
        "path",
        "profile",
        "protocol",
        "region",
        "service",
    )

    def __init__(
        self,
        service: Service,
        operation: Operation | None,
        protocol: str,
        labels: dict[str, str],
        region: str | None,
        credential: Credential,
        host: Host,
        path: str,
        profile: Profile | None = None,
        kind: str | None = None,
    ) -> None:
        self.service = service
        self.operation = operation
        self.protocol = protocol
        self.labels = labels
        self.region = region
        self.credential = credential
        self.host = host
        self.path = path
        self.profile = profile
        self.kind = kind

    def __repr__(self) -> str:
        name = self.operation.name if self.operation else self.kind
        return f"<Routed {self.service.name}:{name} {self.protocol} {self.labels}>"


class RouteError(AwsError):
    """No operation matches. ``service`` and ``protocol`` say in whose words to answer; S3's where nothing is known."""

    def __init__(
        self, error: AwsError, service: Service | None, protocol: str, credential: Credential, host: Host
    ) -> None:
        super().__init__(error.code, error.message, error.status, error.members)
        self.service = service
        self.protocol = protocol
        self.credential = credential
        self.host = host
        self.profile = host.profile


_candidates: dict[tuple[Host, str | None], tuple[tuple[str, ...], bool]] = {}
_targets: dict[tuple[str, Host, str | None], tuple[Service, Operation]] = {}
_actions: dict[tuple[str, str, Host, str | None], tuple[Service, Operation, str]] = {}
_rivals: dict[tuple[str, ...], Tree[tuple[str, ...]]] = {}


def route(request: Request, hosts: Hosts | None = None) -> Routed:
    """Find service and operation; RouteError (an AwsError in the family's words) if none matches."""
    routed = _route(request, hosts)
    profile = routed.profile
    if profile is not None:
        _check_profile(profile, routed, request)
    return routed


def _check_profile(profile: Profile, routed: Routed, request: Request) -> None:
    """Refuse what the other cloud doesn't have."""
    service, operation = routed.service, routed.operation
    if not profile.allows(service.name):
        error = _nothing_asked(None, routed.host)
    elif operation is None or profile.has(service.name, operation.name):
        return
    elif routed.protocol in ("query", "ec2"):
        error = invalid_action(service, operation.name, _action(request)[1])
    elif service.name == "s3":
        error = AwsError("NotImplemented", "A header you provided implies functionality that is not implemented.", 501)
    else:
        error = AwsError("UnknownOperationException", "")
    raise RouteError(error, service, routed.protocol, routed.credential, routed.host)


def _route(request: Request, hosts: Hosts | None) -> Routed:
    registry = _hosts.DEFAULT if hosts is None else hosts
    credential = identify(request)
    host = registry.parse(request.host)
    headers = request.headers
    path = request.path
    profile = host.profile if host.aws else host.profile or registry.meant
    if path.startswith(registry.path_guard):
        found = registry.at_path(host, path)
        if found is not None:
            profile, name, path = found
            host = registry.parse_as(host, profile, name)
    region = credential.region or host.region
    names, may_be_query = _choices(host, credential.service)
    target = headers.get("x-amz-target")
    if target is not None and not (len(names) == 1 and names[0] == "s3"):
        if target.startswith(_OLD_DYNAMODB):
            name = {"Operation": target[len(_OLD_DYNAMODB) :]}
            dynamodb = get_service("dynamodb")
            return Routed(dynamodb, None, "json", name, region, credential, host, path, profile, "dynamodb-2011")
        service, operation = _by_target(target, names, credential, host)
        return Routed(service, operation, "json", {}, region, credential, host, path, profile)
    if "smithy-protocol" in headers:
        found_cbor = _by_cbor(path, names, credential, host)
        if found_cbor is not None:
            service, operation = found_cbor
            return Routed(service, operation, "smithy-rpc-v2-cbor", {}, region, credential, host, path, profile)
    if may_be_query:
        action, version = _action(request)
        if action is not None:
            service, operation, protocol = _by_action(action, version, names, request, credential, host)
            labels: dict[str, str] = {}
            if len(path) > 1 and service.name == "sqs":
                labels["QueueUrl"] = f"{request.scheme}://{request.host}{request.path}"
            return Routed(service, operation, protocol, labels, region, credential, host, path, profile)
    return _by_path(request, names, path, region, credential, host, profile)


def candidates(host: Host, scope: str | None) -> tuple[str, ...]:
    """The services that host name and signing name leave, in order of preference; empty if they say nothing."""
    return _choices(host, scope)[0]


def _choices(host: Host, scope: str | None) -> tuple[tuple[str, ...], bool]:
    """The candidates, and whether one of them may take ``Action``."""
    key = (host, scope)
    found = _candidates.get(key)
    if found is None:
        names = _narrow(host, scope)
        if len(_candidates) >= _MEMO_MAX:
            _candidates.clear()
        found = _candidates[key] = (names, _may_be_query(names))
    return found


def _narrow(host: Host, scope: str | None) -> tuple[str, ...]:
    known = table()
    signed: tuple[str, ...] = ()
    if scope:
        signed = known.signing.get(scope) or known.hosts.get(scope) or ()
        if not signed:
            learn_newer()
            signed = known.signing.get(scope) or known.hosts.get(scope) or ()
    answering = host.services
    if answering and signed:
        both = tuple(name for name in answering if name in signed)
        found = both or (signed if host.weak else answering)
    else:
        found = answering or signed
    if host.profile is not None:
        found = tuple(name for name in found if host.profile.allows(name))
    return found


def _service(name: str) -> Service | None:
    try:
        return get_service(name)
    except KeyError:
        # The compiled table knows a service that this botocore doesn't have.
        return None


def _by_target(target: str, names: tuple[str, ...], credential: Credential, host: Host) -> tuple[Service, Operation]:
    key = (target, host, credential.service)
    found = _targets.get(key)
    if found is not None:
        return found
    prefix, _, name = target.rpartition(".")
    known = table().targets.get(prefix)
    if known is None and not names:
        learn_newer()
        known = table().targets.get(prefix)
    if known is None:
        # Some clients leave the version or the prefix out; host and scope know the service.
        known = tuple(n for n in names if "json" in table().protocols.get(n, ()))
    if len(known) > 1:
        known = tuple(n for n in known if n in names) or known
    for service_name in known:
        service = _service(service_name)
        operation = None if service is None else service.operation(name)
        if service is not None and operation is not None:
            if len(_targets) >= _MEMO_MAX:
                _targets.clear()
            _targets[key] = (service, operation)
            return service, operation
    service = _service((known or names or ("",))[0])
    raise RouteError(AwsError("UnknownOperationException", ""), service, "json", credential, host)


def _by_cbor(path: str, names: tuple[str, ...], credential: Credential, host: Host) -> tuple[Service, Operation] | None:
    parts = path.rsplit("/", 4)
    if len(parts) != 5 or parts[1] != "service" or parts[3] != "operation":
        return None
    known = table().targets.get(parts[2]) or names
    for service_name in known:
        service = _service(service_name)
        operation = None if service is None else service.operation(parts[4])
        if service is not None and operation is not None:
            return service, operation
    service = _service((known or ("",))[0])
    raise RouteError(AwsError("UnknownOperationException", "", 404), service, "smithy-rpc-v2-cbor", credential, host)


def _action(request: Request) -> tuple[str | None, str]:
    """``Action`` and ``Version`` of a query request; None if it has none."""
    query = request.query
    if query and "Action=" in query:
        params = parse_query(query)
        action = params.get("Action")
        if action is not None:
            return action, params.get("Version", "")
    if request.method == "POST" and request.headers.get("content-type", _FORM).startswith(_FORM):
        body = request.read()
        action = _form_value(body, b"Action=")
        if action is not None:
            return action, _form_value(body, b"Version=") or ""
    return None, ""


def _form_value(body: bytes, name: bytes) -> str | None:
    """One value of a form, whose name and value need no decoding."""
    if body.startswith(name):
        start = len(name)
    else:
        start = body.find(b"&" + name)
        if start < 0:
            return None
        start += len(name) + 1
    end = body.find(b"&", start)
    return (body[start:] if end < 0 else body[start:end]).decode("latin-1").strip()


def _may_be_query(names: tuple[str, ...]) -> bool:
    """Whether one of the services may take ``Action``: any that isn't REST alone. JSON ones had a query form once."""
    if not names:
        return True
    protocols = table().protocols
    return any(not protocols.get(name, ("rest",))[0].startswith("rest") for name in names)


def _by_action(
    action: str,
    version: str,
    names: tuple[str, ...],
    request: Request,
    credential: Credential,
    host: Host,
) -> tuple[Service, Operation, str]:
    key = (action, version, host, credential.service)
    found = _actions.get(key)
    if found is not None:
        return found
    known = table()
    having = actions()
    if not names:
        names = tuple(n for n in known.protocols if action in having.get(n, ()))
        same = tuple(n for n in names if known.versions.get(n) == version)
        names = same or names
        if not names:
            names = tuple(n for n in having if known.versions.get(n) == version)
        # Nothing but the action: the family's common services first.
        names = tuple(
            sorted(names, key=lambda n: (n not in ("sts", "iam", "ec2", "sqs", "sns"), n in ("neptune", "docdb")))
        )
    elif len(names) > 1:
        query = tuple(n for n in names if n in having)
        names = query or tuple(n for n in names if not known.protocols[n][0].startswith("rest")) or names
        same = tuple(n for n in names if known.versions.get(n) == version)
        names = same or names
    sharing = [n for n in names if action in having.get(n, (action,))]
    chosen = _preferred(sharing, request)
    for name in chosen:
        service = _service(name)
        operation = None if service is None else service.operation(action)
        if service is not None and operation is not None:
            protocol = "ec2" if service.protocols[0] == "ec2" else "query"
            result = (service, operation, protocol)
            if len(sharing) == 1:
                if len(_actions) >= _MEMO_MAX:
                    _actions.clear()
                _actions[key] = result
            return result
    service = _service(names[0]) if names else None
    raise RouteError(invalid_action(service, action, version), service, _query_protocol(service), credential, host)


def _query_protocol(service: Service | None) -> str:
    return "ec2" if service is not None and service.protocols[0] == "ec2" else "query"


def _preferred(names: list[str], request: Request) -> list[str]:
    """Of services with the same operation at the same address, the one that the SDK says it is for, first."""
    if len(names) > 1:
        agent = request.headers.get("user-agent", "")
        if "api/" in agent:
            low = agent.lower()
            return sorted(names, key=lambda n: f"api/{n}#" not in low and f"api/{n}/" not in low)
    return names


def invalid_action(service: Service | None, action: str, version: str) -> AwsError:
    """What a query service says to an action that it doesn't have."""
    if service is not None and service.protocols[0] == "ec2":
        return AwsError("InvalidAction", f"The action {action} is not valid for this web service.")
    if service is not None and service.name == "sqs":
        return AwsError("InvalidAction", f"The action {action} is not valid for this endpoint.")
    return AwsError(
        "InvalidAction", f"Could not find operation {action} for version {version or 'NO_VERSION_SPECIFIED'}"
    )


def _by_path(
    request: Request,
    names: tuple[str, ...],
    path: str,
    region: str | None,
    credential: Credential,
    host: Host,
    profile: Profile | None,
) -> Routed:
    if not names and not host.aws and (profile is None or (profile.allows("s3") and not host.rest)):
        names = ("s3",)
    if len(names) > 1 and path.startswith(("/v20180820/", "/S3Outposts/")):
        # A bucket may have that name, but then the request carries nothing of the control plane.
        if path[1] == "S" and "s3outposts" in names:
            names = ("s3outposts",)
        elif path[1] == "v" and "s3control" in names and _s3_control(request, credential, host):
            names = ("s3control",)
    if names and names[0] == "s3":
        service = get_service("s3")
        if is_presigned(credential):
            hoist(request)
        try:
            name, labels, kind = find_s3(service, request, host, path)
        except AwsError as error:
            raise RouteError(error, service, "rest-xml", credential, host) from None
        operation = None if name is None else service.operation(name)
        return Routed(service, operation, "rest-xml", labels, region, credential, host, path, profile, kind)
    if host.prefix in _DATA_PLANES or "apigatewaymanagementapi" in names:
        special = _data_plane(path, region, credential, host, profile)
        if isinstance(special, Routed):
            return special
        path = special
    protocols = table().protocols
    rest = tuple(n for n in names if protocols.get(n, ("",))[0].startswith("rest"))
    if not rest:
        service = _service(names[0]) if names else None
        raise RouteError(
            _nothing_asked(service, host), service, service.protocols[0] if service else "rest-xml", credential, host
        )
    return _by_rest(request, rest, path, region, credential, host, profile)


def _s3_control(request: Request, credential: Credential, host: Host) -> bool:
    headers = request.headers
    return (
        "x-amz-account-id" in headers
        or "x-amz-outpost-id" in headers
        or credential.service == "s3-outposts"
        or host.prefix in ("s3-outposts", "s3express-control")
        or host.rest.isdigit()
    )


def _nothing_asked(service: Service | None, host: Host) -> AwsError:
    """A request to an RPC service that names no operation, or to a name at which none answers."""
    if service is None:
        return AwsError("UnknownOperationException", f"No service is known to answer at {host.name}", 404)
    if service.protocols[0] in ("query", "ec2"):
        return AwsError("MissingAction", "The request must contain the parameter Action")
    return AwsError("UnknownOperationException", "", 404)


def _by_rest(
    request: Request,
    names: tuple[str, ...],
    path: str,
    region: str | None,
    credential: Credential,
    host: Host,
    profile: Profile | None,
) -> Routed:
    name = names[0]
    if len(names) > 1:
        name = _rival(names, request, path)
    service = _service(name)
    if service is None:
        raise RouteError(unknown_path(None), None, "rest-json", credential, host)
    found = service_tree(service).find(request.method, path, request.query, request.headers)
    if found is None:
        date = date_of(path)
        if date is not None:
            # Older clients name older versions of what is the same API by now (boto 2's CloudFront and Lambda).
            found = _other_date(service, request, path[11:])
        if found is None:
            raise RouteError(unknown_path(service), service, service.protocols[0], credential, host)
    pattern, values = found
    operation = service.operation(pattern.value)
    labels = dict(zip(pattern.labels, values, strict=True))
    if host.rest and operation is not None:
        label = _host_label(operation)
        if label is not None:
            labels[label] = host.rest
    return Routed(service, operation, service.protocols[0], labels, region, credential, host, path, profile)


def _other_date(service: Service, request: Request, tail: str) -> tuple[Pattern[str], list[str]] | None:
    tree: Tree[str] = service_tree(service)
    for date in sorted(tree.literals, reverse=True):
        if date_of("/" + date) is not None:
            found = tree.find(request.method, f"/{date}{tail}", request.query, request.headers)
            if found is not None:
                return found
    return None


def _host_label(operation: Operation) -> str | None:
    """The member that the host's first label stands for (``{AccountId}.``)."""
    if "host_label" not in operation.plans:
        raw: dict[str, Any] = operation.service.description["operations"][operation.name]
        prefix: str = raw.get("endpoint", {}).get("hostPrefix", "")
        operation.plans["host_label"] = prefix[1 : prefix.index("}")] if prefix.startswith("{") else None
    label: str | None = operation.plans["host_label"]
    return label


_DATA_PLANES = frozenset({"lambda-url", "dkr.ecr", "dkr-ecr", "execute-api"})


def _data_plane(
    path: str,
    region: str | None,
    credential: Credential,
    host: Host,
    profile: Profile | None,
) -> Routed | str:
    """Requests for what users run on AWS; for the management API's own paths, the path without the stage."""
    if "@connections/" in path or "%40connections/" in path:
        start = path.find("/@connections/")
        if start < 0:
            start = path.find("/%40connections/")
        return path[start:]
    labels: dict[str, str] = {}
    kind = ""
    service: Service | None = None
    if host.prefix == "execute-api" and not path.startswith("/participant/"):
        service, kind, labels = get_service("apigateway"), "execute-api", {"ApiId": host.rest}
    elif host.prefix == "lambda-url":
        service, kind, labels = get_service("lambda"), "function-url", {"UrlId": host.rest}
    elif host.prefix in ("dkr.ecr", "dkr-ecr"):
        service, kind = get_service("ecr"), "registry"
    if service is None:
        return path
    return Routed(service, None, service.protocols[0], labels, region, credential, host, path, profile, kind)


def _rival(names: tuple[str, ...], request: Request, path: str) -> str:
    """Among REST services that share a name, the one that has this path."""
    tree = _rivals.get(names)
    if tree is None:
        sharing: dict[str, tuple[str, ...]] = {}
        for name in names:
            for line in patterns().get(name, ()):
                sharing[line] = (*sharing.get(line, ()), name)
        tree = Tree[tuple[str, ...]]()
        for line, having in sharing.items():
            method, _, uri = line.partition(" ")
            tree.add(Pattern(method, uri, having))
        _rivals[names] = tree
    found = tree.find(request.method, path, request.query, request.headers)
    return names[0] if found is None else _preferred(list(found[0].value), request)[0]


def unknown_path(service: Service | None) -> AwsError:
    """What a REST service says to a method and path that it doesn't have."""
    if service is not None and service.protocols[0] == "rest-xml":
        return AwsError("UnknownOperationException", "", 404)
    return AwsError("AccessDeniedException", "Unable to determine service/operation name to be authorized", 403)
