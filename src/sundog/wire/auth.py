"""Who a request says it comes from: every kind of AWS signature, read but not checked (``sigv4`` checks)."""

from __future__ import annotations

from urllib.parse import parse_qsl, unquote

from sundog.wire.http import Request

_Scope = tuple[str, "str | None", "str | None", "str | None"]
_SCOPES: dict[str, _Scope] = {}
_SCOPES_MAX = 4096
_FORM = "application/x-www-form-urlencoded"


class Credential:
    """What a request says of its signer.

    ``kind`` is one of

    - ``sigv4``, ``sigv4-query``: the ``Authorization`` header, or a presigned URL
    - ``sigv4a``, ``sigv4a-query``: the same with ECDSA; the scope has no region (``regions`` holds the region set)
    - ``sigv2``: ``AWSAccessKeyId`` and ``Signature`` among the parameters of a query API
    - ``s3v2``, ``sigv2-query``: S3's ``Authorization: AWS key:signature``, or its presigned URL
    - ``sigv3``: ``X-Amzn-Authorization`` or ``Authorization: AWS3...`` (boto 2's Route 53 and SES)
    - ``bearer``: ``Authorization: Bearer``; ``token`` is the token
    - ``anonymous``

    ``date`` is the scope's day, or the request's own date where the kind has no scope. ``token`` is the session token.
    ``expires`` is as sent: seconds for ``sigv4-query``, the epoch for ``sigv2-query``.
    """

    __slots__ = (
        "_header",
        "_signature",
        "_signed_headers",
        "access_key",
        "date",
        "expires",
        "kind",
        "region",
        "regions",
        "service",
        "token",
    )

    def __init__(
        self,
        kind: str,
        access_key: str | None = None,
        region: str | None = None,
        service: str | None = None,
        date: str | None = None,
        token: str | None = None,
        signed_headers: str = "",
        signature: str = "",
        expires: str | None = None,
        regions: str | None = None,
        header: str | None = None,
    ) -> None:
        self.kind = kind
        self.access_key = access_key
        self.region = region
        self.service = service
        self.date = date
        self.token = token
        self._signed_headers = signed_headers
        self._signature = signature
        self._header = header
        self.expires = expires
        self.regions = regions

    # Most calls are answered without anybody looking at these two, so a header is cut up only when asked.

    @property
    def signed_headers(self) -> str:
        """The names of the signed headers, joined by ``;``."""
        return self._signed_headers if self._header is None else _field(self._header, "SignedHeaders=")

    @property
    def signature(self) -> str:
        return self._signature if self._header is None else _field(self._header, "Signature=")

    def __repr__(self) -> str:
        return f"<Credential {self.kind} {self.access_key} {self.region}/{self.service}>"


def identify(request: Request) -> Credential:
    """Read the request's signature. Never raises: what can't be read is ``anonymous`` or has empty parts."""
    headers = request.headers
    authorization = headers.get("authorization")
    if authorization is not None:
        if authorization.startswith("AWS4-HMAC-SHA256"):
            return _header_v4(authorization, headers)
        return _header_other(authorization, headers)
    query = request.query
    if query:
        if "X-Amz-Credential" in query or "X-Amz-Algorithm" in query:
            return _query_v4(query)
        signature, key = "Signature=" in query, "AWSAccessKeyId=" in query
        if (signature and key) or ((signature or key) and "Expires=" in query and "Action=" not in query):
            return _parameters(query, headers)
    if headers.get("content-type", "").startswith(_FORM):
        body = request.read()
        if b"AWSAccessKeyId=" in body:
            return _parameters(body.decode("utf-8", "replace"), headers)
    if "x-amzn-authorization" in headers:
        return _v3(headers["x-amzn-authorization"], headers)
    return Credential("anonymous")


def _scope(scope: str) -> _Scope:
    """Access key, day, region and service of a credential scope."""
    found = _SCOPES.get(scope)
    if found is None:
        parts = scope.rsplit("/", 4)
        if len(parts) == 5:
            found = (parts[0], parts[1] or None, parts[2] or None, parts[3] or None)
        else:
            found = (scope.split("/", 1)[0], None, None, None)
        if len(_SCOPES) >= _SCOPES_MAX:
            _SCOPES.clear()
        _SCOPES[scope] = found
    return found


def _field(text: str, name: str) -> str:
    """The value of ``name=`` in a header's comma-separated list."""
    start = text.find(name)
    if start < 0:
        return ""
    start += len(name)
    end = text.find(",", start)
    return (text[start:] if end < 0 else text[start:end]).strip()


def _token(headers: dict[str, str]) -> str | None:
    token = headers.get("x-amz-security-token")
    return headers.get("x-amz-s3session-token") if token is None else token


def _header_v4(authorization: str, headers: dict[str, str]) -> Credential:
    start = authorization.find("Credential=") + 11
    end = authorization.find(",", start)
    scope = authorization[start:end] if end > 0 <= start - 11 else _field(authorization, "Credential=")
    access_key, date, region, service = _SCOPES.get(scope) or _scope(scope)
    token = headers.get("x-amz-security-token")
    if token is None:
        token = headers.get("x-amz-s3session-token")
    return Credential("sigv4", access_key, region, service, date, token, header=authorization)


def _scope_a(scope: str) -> tuple[str, str, str]:
    """Access key, day and service of a SigV4a scope, which has no region."""
    parts = scope.rsplit("/", 3)
    return (parts[0], parts[1], parts[2]) if len(parts) == 4 else (scope.split("/", 1)[0], "", "")


def _header_other(authorization: str, headers: dict[str, str]) -> Credential:
    if authorization.startswith("AWS4-ECDSA-P256-SHA256"):
        access_key, date, service = _scope_a(_field(authorization, "Credential="))
        return Credential(
            "sigv4a",
            access_key,
            None,
            service or None,
            date or None,
            _token(headers),
            _field(authorization, "SignedHeaders="),
            _field(authorization, "Signature="),
            regions=headers.get("x-amz-region-set"),
        )
    if authorization.startswith("AWS3"):
        return _v3(authorization, headers)
    if authorization.startswith("AWS "):
        access_key, _, signature = authorization[4:].strip().partition(":")
        date = headers.get("x-amz-date") or headers.get("date")
        return Credential("s3v2", access_key, None, "s3", date, _token(headers), "", signature)
    scheme, _, token = authorization.partition(" ")
    if scheme.lower() == "bearer":
        return Credential("bearer", token=token.strip())
    return Credential("anonymous")


def _v3(authorization: str, headers: dict[str, str]) -> Credential:
    return Credential(
        "sigv3",
        _field(authorization, "AWSAccessKeyId="),
        date=headers.get("x-amz-date") or headers.get("date"),
        token=_token(headers),
        signed_headers=_field(authorization, "SignedHeaders="),
        signature=_field(authorization, "Signature="),
    )


def _query_v4(query: str) -> Credential:
    # Names are matched as sent: SDKs never encode them, and "X-Amz-" is what AWS requires.
    params: dict[str, str] = {}
    for pair in query.split("&"):
        if pair[:6] == "X-Amz-":
            name, _, value = pair.partition("=")
            params[name] = unquote(value)
    scope = params.get("X-Amz-Credential", "")
    expires = params.get("X-Amz-Expires")
    token = params.get("X-Amz-Security-Token") or params.get("X-Amz-S3session-Token")
    signed, signature = params.get("X-Amz-SignedHeaders", ""), params.get("X-Amz-Signature", "")
    if params.get("X-Amz-Algorithm") == "AWS4-ECDSA-P256-SHA256":
        access_key, date, service = _scope_a(scope)
        regions = params.get("X-Amz-Region-Set")
        return Credential("sigv4a-query", access_key, None, service, date, token, signed, signature, expires, regions)
    access_key, date, region, service = _scope(scope)
    return Credential("sigv4-query", access_key, region, service, date, token, signed, signature, expires)


def _parameters(text: str, headers: dict[str, str]) -> Credential:
    """Version 2 in parameters: a query API's if it says its version, else S3's presigned URL."""
    params = dict(parse_qsl(text, keep_blank_values=True))
    access_key, signature = params.get("AWSAccessKeyId", ""), params.get("Signature", "")
    if "SignatureVersion" in params or "Action" in params:
        token = params.get("SecurityToken") or _token(headers)
        date = params.get("Timestamp")
        return Credential(
            "sigv2", access_key, date=date, token=token, signature=signature, expires=params.get("Expires")
        )
    token = params.get("x-amz-security-token") or _token(headers)
    return Credential(
        "sigv2-query", access_key, service="s3", token=token, signature=signature, expires=params.get("Expires")
    )
