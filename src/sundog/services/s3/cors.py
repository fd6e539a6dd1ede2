"""Cross-origin rules: kept, and held against what browsers ask."""

from __future__ import annotations

from typing import Any

from sundog.api import s3 as api
from sundog.core import Tx, op
from sundog.core.structure import plain
from sundog.services.s3 import errors
from sundog.services.s3.body import check_body
from sundog.services.s3.configuration import configured
from sundog.services.s3.place import bucket_of
from sundog.services.s3.state import Bucket

METHODS = ("GET", "PUT", "HEAD", "POST", "DELETE")
VARY = "Origin, Access-Control-Request-Headers, Access-Control-Request-Method"


@op
def put_bucket_cors(tx: Tx, req: api.PutBucketCorsRequest) -> None:
    """Set the bucket's rules."""
    bucket = bucket_of(tx, req)
    check_body(tx, req)
    rules = req.cors_configuration.cors_rules
    if not rules or len(rules) > 100:
        raise errors.malformed()
    for rule in rules:
        if not rule.allowed_methods or not rule.allowed_origins:
            raise errors.malformed()
        for method in rule.allowed_methods:
            if method not in METHODS:
                raise errors.invalid(f"Found unsupported HTTP method in CORS config. Unsupported method is {method}")
        for what, values in (("AllowedOrigin", rule.allowed_origins), ("AllowedHeader", rule.allowed_headers or ())):
            for value in values:
                if value.count("*") > 1:
                    raise errors.invalid(f'{what} "{value}" can not have more than one wildcard.')
        for value in rule.expose_headers or ():
            if "*" in value:
                raise errors.invalid(
                    f'ExposeHeader "{value}" contains wildcard. We currently do not support wildcard for ExposeHeader.'
                )
    configured(tx, bucket, "cors", plain(req.cors_configuration))


@op
def get_bucket_cors(tx: Tx, req: api.GetBucketCorsRequest) -> api.GetBucketCorsOutput:
    """The bucket's rules."""
    bucket = bucket_of(tx, req)
    found = bucket.configuration.get("cors")
    if found is None:
        raise errors.unconfigured("NoSuchCORSConfiguration", "The CORS configuration does not exist", bucket.name)
    return api.GetBucketCorsOutput(cors_rules=found["CORSRules"])


@op
def delete_bucket_cors(tx: Tx, req: api.DeleteBucketCorsRequest) -> None:
    """Remove the bucket's rules."""
    configured(tx, bucket_of(tx, req), "cors", None)


def fits(pattern: str, text: str) -> bool:
    """Whether the text is the pattern, in which one ``*`` stands for anything."""
    head, star, tail = pattern.partition("*")
    if not star:
        return pattern == text
    return len(text) >= len(head) + len(tail) and text.startswith(head) and text.endswith(tail)


def matching(bucket: Bucket, origin: str, method: str, headers: list[str]) -> dict[str, Any] | None:
    """The first rule that lets the origin make the request."""
    for rule in bucket.configuration.get("cors", {}).get("CORSRules", ()):
        if method not in rule["AllowedMethods"]:
            continue
        if not any(fits(allowed, origin) for allowed in rule["AllowedOrigins"]):
            continue
        allowed_headers = [allowed.lower() for allowed in rule.get("AllowedHeaders", ())]
        if all(any(fits(allowed, name.lower()) for allowed in allowed_headers) for name in headers):
            return rule
    return None


def answer_headers(rule: dict[str, Any], origin: str, headers: list[str]) -> dict[str, str]:
    """What an answer tells the browser."""
    anyone = "*" in rule["AllowedOrigins"]
    found = {
        "access-control-allow-origin": "*" if anyone else origin,
        "access-control-allow-methods": ", ".join(rule["AllowedMethods"]),
        "vary": VARY,
    }
    if headers:
        found["access-control-allow-headers"] = ", ".join(name.lower() for name in headers)
    if rule.get("ExposeHeaders"):
        found["access-control-expose-headers"] = ", ".join(rule["ExposeHeaders"])
    if rule.get("MaxAgeSeconds") is not None:
        found["access-control-max-age"] = str(rule["MaxAgeSeconds"])
    if not anyone:
        found["access-control-allow-credentials"] = "true"
    return found
