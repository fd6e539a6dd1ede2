"""S3 requests to operations: bucket and key from host and path, the operation from method and sub-resource."""

from __future__ import annotations

from typing import Any
from urllib.parse import unquote

from sundog.wire.errors import AwsError
from sundog.wire.hosts import Host
from sundog.wire.http import Request
from sundog.wire.model import Service, request_uri
from sundog.wire.uri import parse_query

_LEVELS = {"/": 0, "/{Bucket}": 1, "/{Bucket}/{Key+}": 2}

_OLDER = frozenset(
    {
        "GetBucketLifecycle",
        "PutBucketLifecycle",
        "GetBucketNotification",
        "PutBucketNotification",
        "ListDirectoryBuckets",
    }
)
"""Operations whose requests look like another's, which is the one that answers."""


class Rule:
    """What one operation needs to be meant: query parameters and headers."""

    __slots__ = ("headers", "name", "params")

    def __init__(self, name: str, params: set[str], headers: set[str]) -> None:
        self.name = name
        self.params = tuple(sorted(params))
        self.headers = tuple(sorted(headers))


class Rules:
    """All of S3's operations by level (service, bucket, object), method and sub-resource."""

    def __init__(self, service: Service) -> None:
        self.plain: dict[tuple[int, str], list[Rule]] = {}
        self.sub: dict[tuple[int, str], dict[str, list[Rule]]] = {}
        self.known: tuple[set[str], set[str], set[str]] = (set(), set(), set())
        shapes = service.description["shapes"]
        for name, raw in service.description["operations"].items():
            path, _, query = request_uri(raw["http"]).partition("?")
            level = _LEVELS.get(path)
            if level is None or name in _OLDER:
                continue
            literals = parse_query(query)
            shape: dict[str, Any] = shapes.get(raw.get("input", {}).get("shape"), {})
            needed: dict[str, set[str]] = {"querystring": set(), "header": set()}
            for member in shape.get("required", ()):
                ref = shape["members"][member]
                if ref.get("location") in needed:
                    needed[ref["location"]].add(ref["locationName"])
            rule = Rule(name, needed["querystring"], {header.lower() for header in needed["header"]})
            key = (level, raw["http"]["method"])
            if literals:
                main = next(iter(literals))
                self.sub.setdefault(key, {}).setdefault(main, []).append(rule)
                if main != "list-type":
                    self.known[level].add(main)
            else:
                self.plain.setdefault(key, []).append(rule)
        # The most demanding first: UploadPartCopy, UploadPart, CopyObject, PutObject.
        for rules in (*self.plain.values(), *(rules for subs in self.sub.values() for rules in subs.values())):
            rules.sort(key=lambda rule: (-len(rule.params) - len(rule.headers), rule.name))

    def find(self, level: int, method: str, query: str, headers: dict[str, str]) -> str | None:
        """The operation's name, or None if there is none for the method."""
        key = (level, method)
        plain = self.plain.get(key)
        found = parse_query(query) if query else {}
        if found:
            subs = self.sub.get(key)
            if subs is not None:
                for name in found:
                    rules = subs.get(name)
                    if rules is not None and (name != "list-type" or found[name] == "2"):
                        return _first(rules, found, headers) or rules[-1].name
            if method != "HEAD" and not self.known[level].isdisjoint(found):
                return None
        return None if plain is None else _first(plain, found, headers)


def _first(rules: list[Rule], query: dict[str, str], headers: dict[str, str]) -> str | None:
    """The first of the rules that has all it needs."""
    for rule in rules:
        for name in rule.params:
            if name not in query:
                break
        else:
            for name in rule.headers:
                if name not in headers:
                    break
            else:
                return rule.name
    return None


def rules_of(service: Service) -> Rules:
    found = service.plans.get("s3")
    if found is None:
        found = service.plans["s3"] = Rules(service)
    return found


def place(request: Request, host: Host, path: str) -> tuple[str | None, str | None]:
    """Bucket and key that host and path name, None where there is none; decoded once and otherwise untouched."""
    bucket = bucket_of(host)
    if bucket is not None:
        key = path[1:]
        return bucket, (unquote(key) if "%" in key else key) or None
    if path in ("/", "", "*"):
        return None, None
    bucket, _, key = path[1:].partition("/")
    if "%" in path:
        bucket, key = unquote(bucket), unquote(key)
    return bucket, key or None


def bucket_of(host: Host) -> str | None:
    """The bucket (or the access point's ARN) in a virtual-hosted name."""
    rest = host.rest
    prefix = host.prefix
    if not rest or (host.aws and not prefix):
        return None
    if prefix in ("s3-accesspoint", "s3-object-lambda"):
        name, dash, account = rest.rpartition("-")
        if dash and account.isdigit():
            service = "s3" if prefix == "s3-accesspoint" else prefix
            return f"arn:{host.partition}:{service}:{host.region or ''}:{account}:accesspoint/{name}"
        return rest
    if prefix == "s3-outposts":
        access_point, _, outpost = rest.partition(".")
        name, dash, account = access_point.rpartition("-")
        if dash and outpost:
            region = host.region or ""
            return f"arn:{host.partition}:s3-outposts:{region}:{account}:outpost/{outpost}/accesspoint/{name}"
    return rest


def find_s3(service: Service, request: Request, host: Host, path: str) -> tuple[str | None, dict[str, str], str | None]:
    """Operation, labels and marker of an S3 request; see ``route.Routed.kind`` for the markers."""
    if path == "/WriteGetObjectResponse" and "x-amz-request-route" in request.headers:
        return "WriteGetObjectResponse", {}, None
    bucket, key = place(request, host, path)
    labels: dict[str, str] = {}
    level = 0
    if bucket is not None:
        labels["Bucket"] = bucket
        level = 1
        if key is not None:
            labels["Key"] = key
            level = 2
    method = request.method
    if host.prefix == "s3-website":
        return None, labels, "website"
    if method == "OPTIONS":
        return None, labels, "preflight"
    if level == 0 and method == "GET" and host.prefix == "s3express-control":
        return "ListDirectoryBuckets", labels, None
    name = rules_of(service).find(level, method, request.query, request.headers)
    if name is None:
        if level == 1 and method == "POST":
            if request.headers.get("content-type", "").startswith("multipart/form-data"):
                return "PutObject", labels, "post-object"
            raise AwsError(
                "PreconditionFailed",
                "At least one of the pre-conditions you specified did not hold",
                412,
                {"Condition": "Bucket POST must be of the enclosure-type multipart/form-data"},
            )
        kind = ("SERVICE", "BUCKET", "OBJECT")[level]
        raise AwsError(
            "MethodNotAllowed",
            "The specified method is not allowed against this resource.",
            405,
            {"Method": method, "ResourceType": kind},
        )
    return name, labels, None
