"""S3's presigned URLs: headers in their query, and what must be right before their signature is looked at."""

from __future__ import annotations

from urllib.parse import parse_qsl, unquote_plus

from sundog.wire.auth import Credential
from sundog.wire.errors import AwsError
from sundog.wire.http import Request

_AUTHENTICATION = frozenset(
    {
        "x-amz-algorithm",
        "x-amz-credential",
        "x-amz-date",
        "x-amz-expires",
        "x-amz-signedheaders",
        "x-amz-signature",
        "x-amz-security-token",
        "x-amz-content-sha256",
    }
)
_PARAMETERS = frozenset(
    {
        "X-Amz-Algorithm",
        "X-Amz-Credential",
        "X-Amz-Date",
        "X-Amz-Expires",
        "X-Amz-Signature",
        "X-Amz-SignedHeaders",
    }
)


def is_presigned(credential: Credential) -> bool:
    return credential.kind.endswith("-query")


def hoist(request: Request) -> None:
    """Let parameters that stand for headers count as such: signers put them there so that a bare URL suffices."""
    for pair in request.query.split("&"):
        if pair[:6].lower() == "x-amz-":
            name, _, value = pair.partition("=")
            name = unquote_plus(name).lower()
            if name not in _AUTHENTICATION:
                request.headers.setdefault(name, unquote_plus(value))


def check_form(request: Request, credential: Credential) -> None:
    """Refuse a URL that lacks a part of its signature, or comes with headers that the signature doesn't cover."""
    params = dict(parse_qsl(request.query, keep_blank_values=True))
    if credential.kind == "sigv2-query":
        if not {"AWSAccessKeyId", "Signature", "Expires"} <= params.keys():
            message = "Query-string authentication requires the Signature, Expires and AWSAccessKeyId parameters"
            raise AwsError("AccessDenied", message, 403)
        return
    if not params.keys() >= _PARAMETERS:
        raise AwsError(
            "AuthorizationQueryParametersError",
            "Query-string authentication version 4 requires the X-Amz-Algorithm, X-Amz-Credential, X-Amz-Signature, "
            "X-Amz-Date, X-Amz-SignedHeaders, and X-Amz-Expires parameters.",
        )
    if not (credential.access_key and credential.date and credential.service):
        raise AwsError(
            "AuthorizationQueryParametersError",
            "Error parsing the X-Amz-Credential parameter; the Credential is mal-formed; expecting "
            '"<YOUR-AKID>/YYYYMMDD/REGION/SERVICE/aws4_request".',
        )
    covered = {name.lower() for name in params} - _AUTHENTICATION | {"x-amz-content-sha256"}
    covered.update(credential.signed_headers.split(";"))
    unsigned = sorted(name for name in request.headers if name.startswith("x-amz-") and name not in covered)
    if unsigned:
        raise AwsError(
            "AccessDenied",
            "There were headers present in the request which were not signed",
            403,
            {"HeadersNotSigned": ", ".join(unsigned)},
        )
