"""Whether a signature is right: SigV4 (header, presigned, chunks), SigV4a, and versions 2 and 3 that boto 2 makes.

``verify`` recomputes what the client must have computed from the access key's secret, and raises the error of the
service's family where it differs. Which keys there are, and their tokens' lives, the caller knows (``auth_errors`` has
the words for those).
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime, timedelta, timezone
from functools import lru_cache
from typing import Any
from urllib.parse import parse_qsl, quote, unquote_to_bytes

from sundog.wire.auth import Credential
from sundog.wire.auth_errors import SKEW, incomplete, mismatch, request_expired, skewed, stamp_date, stamp_of_date
from sundog.wire.errors import AwsError
from sundog.wire.http import Request
from sundog.wire.presigned import check_form
from sundog.wire.sigv2 import SPACES, UNRESERVED, check_s3_v2, check_v2, check_v3

EMPTY_SHA256 = hashlib.sha256(b"").hexdigest()
UNSIGNED = "UNSIGNED-PAYLOAD"
STREAMING = "STREAMING-"


def verify(
    request: Request,
    credential: Credential,
    secret: str,
    now: datetime,
    family: str = "query",
    body_hash: str | None = None,
    bucket: str | None = None,
) -> None:
    """Check one request's signature; an AwsError says what is wrong with it.

    ``now`` is timezone-aware. ``body_hash`` is the body's SHA-256 in hex, if the caller has it. ``bucket`` is the
    bucket of a virtual-hosted S3 request, which version 2 signs. Anonymous and bearer requests have nothing to check.
    """
    kind = credential.kind
    if kind in ("sigv4", "sigv4a"):
        _check_header(request, credential, secret, now, family, body_hash)
    elif kind in ("sigv4-query", "sigv4a-query"):
        _check_presigned(request, credential, secret, now, family, body_hash)
    elif kind == "sigv2":
        check_v2(request, credential, secret, now, family)
    elif kind in ("s3v2", "sigv2-query"):
        check_s3_v2(request, credential, secret, now, bucket)
    elif kind == "sigv3":
        check_v3(request, credential, secret, now, family)


# ---- what is signed ----


def canonical_query(query: str, without: str = "") -> str:
    """Names and values encoded anew and sorted; ``without`` names the signature itself."""
    pairs: list[tuple[str, str]] = []
    for pair in query.split("&") if query else ():
        name, _, value = pair.partition("=")
        if name and name != without:
            pairs.append(
                (quote(unquote_to_bytes(name), safe=UNRESERVED), quote(unquote_to_bytes(value), safe=UNRESERVED))
            )
    pairs.sort()
    return "&".join(f"{name}={value}" for name, value in pairs)


def canonical_path(path: str, s3: bool) -> str:
    """S3 signs the path encoded once and otherwise as it is; all others normalise it and encode it twice."""
    if s3:
        return quote(unquote_to_bytes(path), safe="/" + UNRESERVED) or "/"
    parts: list[str] = []
    for part in path.split("/"):
        if part == "..":
            if parts:
                parts.pop()
        elif part and part != ".":
            parts.append(part)
    normal = "/" + "/".join(parts) + ("/" if parts and path.endswith("/") else "")
    return quote(normal, safe="/" + UNRESERVED)


def canonical_headers(request: Request, signed: list[str]) -> str:
    lines: list[str] = []
    for name in signed:
        value = request.headers.get(name)
        if value is None:
            value = request.host if name == "host" else ""
        elif not value.isascii():
            with suppress(UnicodeError):  # who signs, signs UTF-8
                value = value.encode("latin-1").decode()
        lines.append(f"{name}:{SPACES.sub(' ', value).strip()}\n")
    return "".join(lines)


def canonical_request(request: Request, credential: Credential, payload: str, without: str = "") -> str:
    signed = credential.signed_headers.split(";")
    return "\n".join(
        (
            request.method,
            canonical_path(request.path, _is_s3(credential)),
            canonical_query(request.query, without),
            canonical_headers(request, signed),
            credential.signed_headers,
            payload,
        )
    )


def _is_s3(credential: Credential) -> bool:
    return credential.service in ("s3", "s3express", "s3-outposts", "s3-object-lambda")


def scope_of(credential: Credential) -> str:
    parts = [credential.date, credential.region, credential.service, "aws4_request"]
    if credential.kind.startswith("sigv4a"):
        parts.remove(credential.region)
    return "/".join(part or "" for part in parts)


def string_to_sign(algorithm: str, stamp: str, scope: str, canonical: str) -> str:
    return "\n".join((algorithm, stamp, scope, hashlib.sha256(canonical.encode()).hexdigest()))


def _hmac(key: bytes, text: str) -> bytes:
    return hmac.new(key, text.encode(), hashlib.sha256).digest()


@lru_cache(maxsize=256)
def signing_key(secret: str, date: str, region: str, service: str) -> bytes:
    key = _hmac(f"AWS4{secret}".encode(), date)
    for part in (region, service, "aws4_request"):
        key = _hmac(key, part)
    return key


def key_of(credential: Credential, secret: str) -> bytes:
    return signing_key(secret, credential.date or "", credential.region or "", credential.service or "")


@lru_cache(maxsize=64)
def ecdsa_key(access_key: str, secret: str) -> Any:
    """The P-256 private key that SigV4a derives from an access key and its secret (NIST SP 800-108, counter mode)."""
    from cryptography.hazmat.primitives.asymmetric import ec

    order = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
    for counter in range(1, 255):
        label = b"AWS4-ECDSA-P256-SHA256" + b"\x00" + access_key.encode() + bytes([counter])
        block = b"\x00\x00\x00\x01" + label + b"\x00\x00\x01\x00"
        candidate = int.from_bytes(hmac.new(b"AWS4A" + secret.encode(), block, hashlib.sha256).digest(), "big")
        if candidate <= order - 2:
            return ec.derive_private_key(candidate + 1, ec.SECP256R1())
    raise AssertionError("no candidate below the curve's order")


# ---- SigV4 and SigV4a ----


def _matches(credential: Credential, secret: str, text: str) -> bool:
    if credential.kind.startswith("sigv4a"):
        from cryptography.exceptions import InvalidSignature
        from cryptography.hazmat.primitives import hashes
        from cryptography.hazmat.primitives.asymmetric import ec

        try:
            public = ecdsa_key(credential.access_key or "", secret).public_key()
            public.verify(bytes.fromhex(credential.signature), text.encode(), ec.ECDSA(hashes.SHA256()))
        except (InvalidSignature, ValueError):
            return False
        return True
    expected = hmac.new(key_of(credential, secret), text.encode(), hashlib.sha256).hexdigest()
    return hmac.compare_digest(expected.encode(), credential.signature.encode())


def _algorithm(credential: Credential) -> str:
    return "AWS4-ECDSA-P256-SHA256" if credential.kind.startswith("sigv4a") else "AWS4-HMAC-SHA256"


def _payload(request: Request, family: str, body_hash: str | None) -> str:
    """The hash that the signature covers, after checking that the body has it."""
    claimed = request.headers.get("x-amz-content-sha256")
    if claimed is not None and (claimed == UNSIGNED or claimed.startswith(STREAMING)):
        return claimed
    actual = body_hash or hashlib.sha256(request.read()).hexdigest()
    if claimed is not None and claimed != actual:
        if family == "s3":
            raise AwsError(
                "XAmzContentSHA256Mismatch",
                "The provided 'x-amz-content-sha256' header does not match what was computed.",
                400,
                {"ClientComputedContentSHA256": claimed, "S3ComputedContentSHA256": actual},
            )
        return actual
    return actual


def _check_header(
    request: Request, credential: Credential, secret: str, now: datetime, family: str, body_hash: str | None
) -> None:
    _check_form(credential, family)
    stamp = request.headers.get("x-amz-date") or stamp_of_date(request.headers.get("date", ""))
    signed_at = stamp_date(stamp, family)
    if abs(now - signed_at) > SKEW:
        raise skewed(stamp, now, signed_at, family)
    if stamp[:8] != credential.date:
        raise mismatch(
            family,
            f"Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: "
            f"'{credential.date}' != '{stamp[:8]}', from '{stamp}'.",
        )
    if "host" not in credential.signed_headers.split(";"):
        raise mismatch(family, "'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization.")
    canonical = canonical_request(request, credential, _payload(request, family, body_hash))
    text = string_to_sign(_algorithm(credential), stamp, scope_of(credential), canonical)
    if not _matches(credential, secret, text):
        raise mismatch(family, None, credential, text, canonical)


def _check_form(credential: Credential, family: str) -> None:
    """The parts that every signature has."""
    missing = not credential.date or not credential.service or not (credential.region or "v4a" in credential.kind)
    if missing:
        if family == "s3":
            raise AwsError(
                "AuthorizationHeaderMalformed",
                "The authorization header is malformed; the Credential is mal-formed; expecting "
                '"<YOUR-AKID>/YYYYMMDD/REGION/SERVICE/aws4_request".',
            )
        raise incomplete("Authorization header requires 'Credential' parameter.", family)
    if not credential.signature or not credential.signed_headers:
        name = "SignedHeaders" if credential.signature else "Signature"
        if family == "s3":
            raise AwsError(
                "AuthorizationHeaderMalformed",
                f"The authorization header is malformed; the authorization header requires three components: "
                f"Credential, SignedHeaders, and Signature. Missing {name}.",
            )
        raise incomplete(f"Authorization header requires '{name}' parameter.", family)


def check_expiry(request: Request, credential: Credential, now: datetime) -> None:
    """Refuse an S3 request whose presigned URL has run out, though nobody checks its signature."""
    check_form(request, credential)
    expires = credential.expires or ""
    if credential.kind in ("sigv4-query", "sigv4a-query"):
        params = dict(parse_qsl(request.query, keep_blank_values=True))
        seconds = _seconds(expires, True)
        ends = stamp_date(params["X-Amz-Date"], "s3") + timedelta(seconds=seconds)
        if now > ends:
            raise request_expired(now, ends, {"X-Amz-Expires": str(seconds)})
    elif expires.isdecimal():
        ends = datetime.fromtimestamp(int(expires), timezone.utc)
        if now > ends:
            raise request_expired(now, ends, {})


def _check_presigned(
    request: Request, credential: Credential, secret: str, now: datetime, family: str, body_hash: str | None
) -> None:
    params = dict(parse_qsl(request.query, keep_blank_values=True))
    stamp = params.get("X-Amz-Date", "")
    expires = credential.expires
    s3 = family == "s3"
    if s3:
        check_form(request, credential)
    _check_form(credential, family)
    seconds = _seconds(expires, s3)
    signed_at = stamp_date(stamp, family)
    ends = signed_at + timedelta(seconds=seconds)
    if now > ends:
        if s3:
            raise request_expired(now, ends, {"X-Amz-Expires": str(seconds)})
        raise skewed(stamp, now, signed_at, family)
    if signed_at - now > SKEW:
        if s3:
            raise AwsError("AccessDenied", "Request is not valid yet", 403)
        raise skewed(stamp, now, signed_at, family)
    if s3:
        payload = params.get("X-Amz-Content-Sha256") or request.headers.get("x-amz-content-sha256") or UNSIGNED
    else:
        payload = body_hash or hashlib.sha256(request.read()).hexdigest()
    canonical = canonical_request(request, credential, payload, "X-Amz-Signature")
    text = string_to_sign(_algorithm(credential), stamp, scope_of(credential), canonical)
    if not _matches(credential, secret, text):
        raise mismatch(family, None, credential, text, canonical)


def _seconds(expires: str | None, s3: bool) -> int:
    """A presigned URL's life. Only S3 insists on one."""
    if expires is None:
        return 900
    try:
        seconds = int(expires)
    except ValueError:
        raise AwsError("AuthorizationQueryParametersError", "X-Amz-Expires should be a number") from None
    if s3 and seconds < 0:
        raise AwsError("AuthorizationQueryParametersError", "X-Amz-Expires must be non-negative")
    if s3 and seconds > 604800:
        raise AwsError(
            "AuthorizationQueryParametersError",
            "X-Amz-Expires must be less than a week (in seconds); that is, the given X-Amz-Expires must be less than "
            "604800 seconds",
        )
    return seconds


class Chunks:
    """Checks a body that was signed in chunks (``STREAMING-AWS4-HMAC-SHA256-PAYLOAD``), each over the one before.

    >>> chunks = Chunks(credential, secret, request.headers["x-amz-date"])
    >>> for data, signature in framed_body: chunks.check(data, signature)
    """

    def __init__(self, credential: Credential, secret: str, stamp: str) -> None:
        self._credential = credential
        self._key = None if credential.kind == "sigv4a" else key_of(credential, secret)
        self._secret = secret
        self._stamp = stamp
        self._scope = scope_of(credential)
        self._previous = credential.signature

    def check(self, data: bytes, signature: str) -> None:
        """One chunk; the last one is empty."""
        self._check("PAYLOAD", f"{EMPTY_SHA256}\n{hashlib.sha256(data).hexdigest()}", signature)

    def check_trailer(self, trailers: Mapping[str, str], signature: str) -> None:
        """The trailing headers (``x-amz-checksum-...``), without the one that holds the signature."""
        text = "".join(f"{name}:{value}\n" for name, value in sorted(trailers.items()))
        self._check("TRAILER", hashlib.sha256(text.encode()).hexdigest(), signature)

    def _check(self, what: str, digest: str, signature: str) -> None:
        algorithm = f"{_algorithm(self._credential)}-{what}"
        text = "\n".join((algorithm, self._stamp, self._scope, self._previous, digest))
        if self._key is None:
            # ECDSA chunk signatures are padded with asterisks to a fixed length.
            probe = Credential("sigv4a", self._credential.access_key, signature=signature.rstrip("*"))
            right = _matches(probe, self._secret, text)
        else:
            expected = hmac.new(self._key, text.encode(), hashlib.sha256).hexdigest()
            right = hmac.compare_digest(expected.encode(), signature.encode())
        if not right:
            raise mismatch("s3")
        self._previous = signature


# ---- S3's HTML forms ----


def post_credential(fields: Mapping[str, str]) -> Credential:
    """Who signed an HTML form's policy; ``fields`` have lower-case names. Anonymous if nobody did."""
    token = fields.get("x-amz-security-token")
    if "x-amz-credential" in fields or "x-amz-signature" in fields:
        parts = fields.get("x-amz-credential", "").rsplit("/", 4)
        access_key, date, region, service = (parts + [""] * 4)[:4] if len(parts) == 5 else (parts[0], "", "", "")
        signature = fields.get("x-amz-signature", "")
        return Credential("sigv4", access_key, region, service, date, token, signature=signature)
    if "awsaccesskeyid" in fields:
        return Credential(
            "s3v2", fields["awsaccesskeyid"], service="s3", token=token, signature=fields.get("signature", "")
        )
    return Credential("anonymous")


def verify_post(fields: Mapping[str, str], credential: Credential, secret: str) -> None:
    """Check the signature of an HTML form's policy. Its conditions and expiry are the service's business."""
    policy = fields.get("policy", "")
    if credential.kind == "sigv4":
        if not credential.signature:
            raise AwsError(
                "InvalidArgument",
                "Bucket POST must contain a field named 'X-Amz-Signature'.  If it is specified, please check the order "
                "of the fields.",
            )
        expected = hmac.new(key_of(credential, secret), policy.encode(), hashlib.sha256).hexdigest()
    else:
        expected = base64.b64encode(hmac.new(secret.encode(), policy.encode(), hashlib.sha1).digest()).decode()
    if not hmac.compare_digest(expected.encode(), credential.signature.encode()):
        raise mismatch("s3", None, credential, policy)
