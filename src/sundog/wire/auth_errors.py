"""What AWS says to a request that it doesn't believe, by family of services; and the dates that requests carry."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from email.utils import parsedate_to_datetime
from typing import Any

from sundog.wire.auth import Credential
from sundog.wire.errors import AwsError

SKEW = timedelta(minutes=15)
STAMP = "%Y%m%dT%H%M%SZ"


def family_of(service: str, protocol: str) -> str:
    """Whose words a service's authentication errors are in: ``s3``, ``ec2``, ``query``, ``json`` or ``rest``."""
    if service in ("s3", "s3control"):
        return "s3"
    if protocol == "ec2":
        return "ec2"
    if protocol in ("query", "rest-xml"):
        return "query"
    return "rest" if protocol == "rest-json" else "json"


def stamp_date(stamp: str, family: str) -> datetime:
    try:
        return datetime.strptime(stamp, STAMP).replace(tzinfo=timezone.utc)
    except ValueError:
        if family == "s3":
            raise AwsError(
                "AccessDenied", "AWS authentication requires a valid Date or x-amz-date header", 403
            ) from None
        raise incomplete(
            f"Date must be in ISO-8601 'basic format'. Got '{stamp}'. See http://en.wikipedia.org/wiki/ISO_8601",
            family,
        ) from None


def stamp_of_date(text: str) -> str:
    """A ``Date`` header in SigV4's form, for clients that send no ``X-Amz-Date``."""
    when = http_date(text)
    return text if when is None else when.strftime(STAMP)


def http_date(text: str) -> datetime | None:
    try:
        when = parsedate_to_datetime(text)
    except (TypeError, ValueError, IndexError):
        return iso_date(text)
    return when.replace(tzinfo=timezone.utc) if when.tzinfo is None else when.astimezone(timezone.utc)


def iso_date(text: str) -> datetime | None:
    for form in ("%Y-%m-%dT%H:%M:%SZ", "%Y-%m-%dT%H:%M:%S.%fZ", "%Y-%m-%dT%H:%M:%S", STAMP):
        try:
            return datetime.strptime(text, form).replace(tzinfo=timezone.utc)
        except ValueError:
            continue
    return None


def incomplete(message: str, family: str) -> AwsError:
    code = "IncompleteSignature" if family in ("query", "ec2") else "IncompleteSignatureException"
    return AwsError(code, message, 400 if family != "rest" else 403)


def mismatch(
    family: str,
    message: str | None = None,
    credential: Credential | None = None,
    text: str = "",
    canonical: str = "",
) -> AwsError:
    if family == "ec2":
        return AwsError("AuthFailure", "AWS was not able to validate the provided access credentials", 401)
    if family == "s3":
        members: dict[str, Any] = {}
        if credential is not None:
            members = {
                "AWSAccessKeyId": credential.access_key,
                "StringToSign": text,
                "SignatureProvided": credential.signature,
                "StringToSignBytes": " ".join(f"{byte:02x}" for byte in text.encode()),
            }
            if canonical:
                members["CanonicalRequest"] = canonical
                members["CanonicalRequestBytes"] = " ".join(f"{byte:02x}" for byte in canonical.encode())
        return AwsError(
            "SignatureDoesNotMatch",
            "The request signature we calculated does not match the signature you provided. Check your key and signing "
            "method.",
            403,
            members,
        )
    code = "SignatureDoesNotMatch" if family == "query" else "InvalidSignatureException"
    if message is None:
        message = (
            "The request signature we calculated does not match the signature you provided. Check your AWS Secret "
            "Access Key and signing method. Consult the service documentation for details."
        )
        if canonical and family != "query":
            message += (
                f"\n\nThe Canonical String for this request should have been\n'{canonical}'\n\n"
                f"The String-to-Sign should have been\n'{text}'\n"
            )
    return AwsError(code, message, 400 if family == "json" else 403)


def skewed(stamp: str, now: datetime, signed_at: datetime, family: str) -> AwsError:
    """The request was signed too long ago, or too far in the future."""
    if family == "s3":
        return too_skewed(stamp, now)
    if family == "ec2":
        return AwsError("RequestExpired", "Request has expired.", 400)
    here = now.strftime(STAMP)
    if signed_at < now:
        limit = (now - SKEW).strftime(STAMP)
        return mismatch(family, f"Signature expired: {stamp} is now earlier than {limit} ({here} - 15 min.)")
    limit = (now + SKEW).strftime(STAMP)
    return mismatch(family, f"Signature not yet current: {stamp} is still later than {limit} ({here} + 15 min.)")


def _iso_seconds(when: datetime) -> str:
    return when.strftime("%Y-%m-%dT%H:%M:%SZ")


def too_skewed(stamp: str, now: datetime) -> AwsError:
    return AwsError(
        "RequestTimeTooSkewed",
        "The difference between the request time and the current time is too large.",
        403,
        {
            "RequestTime": stamp,
            "ServerTime": _iso_seconds(now),
            "MaxAllowedSkewMilliseconds": "900000",
        },
    )


def request_expired(now: datetime, ends: datetime, members: dict[str, Any]) -> AwsError:
    return AwsError(
        "AccessDenied",
        "Request has expired",
        403,
        {**members, "Expires": _iso_seconds(ends), "ServerTime": _iso_seconds(now)},
    )


def unknown_key(credential: Credential, family: str) -> AwsError:
    """Nobody has this access key."""
    if family == "s3":
        return AwsError(
            "InvalidAccessKeyId",
            "The AWS Access Key Id you provided does not exist in our records.",
            403,
            {"AWSAccessKeyId": credential.access_key},
        )
    if family == "ec2":
        return AwsError("AuthFailure", "AWS was not able to validate the provided access credentials", 401)
    if family == "query":
        return AwsError("InvalidClientTokenId", "The security token included in the request is invalid.", 403)
    status = 400 if family == "json" else 403
    return AwsError("UnrecognizedClientException", "The security token included in the request is invalid.", status)


def expired_token(credential: Credential, family: str) -> AwsError:
    """The session that the token belongs to is over."""
    if family == "s3":
        return AwsError("ExpiredToken", "The provided token has expired.", 400, {"Token-0": credential.token})
    if family == "ec2":
        return AwsError("RequestExpired", "Request has expired.", 400)
    if family == "query":
        return AwsError("ExpiredToken", "The security token included in the request is expired", 403)
    status = 400 if family == "json" else 403
    return AwsError("ExpiredTokenException", "The security token included in the request is expired", status)


def missing_token(family: str) -> AwsError:
    """A request without any signature, where one is needed."""
    if family == "s3":
        return AwsError("AccessDenied", "Access Denied", 403)
    if family == "ec2":
        return AwsError("MissingParameter", "The request must contain the parameter AWSAccessKeyId", 400)
    code = "MissingAuthenticationToken" if family == "query" else "MissingAuthenticationTokenException"
    if family == "query":
        return AwsError(code, "Request is missing Authentication Token", 403)
    return AwsError(code, "Missing Authentication Token", 400 if family == "json" else 403)
