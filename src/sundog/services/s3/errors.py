"""S3's errors, as it words them."""

from __future__ import annotations

from typing import Any

from sundog.core import AwsError


def fault(code: str, message: str, status: int = 400, **members: Any) -> AwsError:
    """An error with further elements."""
    return AwsError(code, message, status, {name: str(value) for name, value in members.items() if value is not None})


def argument(name: str, value: Any, message: str) -> AwsError:
    """InvalidArgument; a value of None stands as ``null``."""
    members = {"ArgumentName": name}
    if value is not ...:
        members["ArgumentValue"] = "null" if value is None else str(value)
    return AwsError("InvalidArgument", message, 400, members)


def malformed() -> AwsError:
    return AwsError(
        "MalformedXML", "The XML you provided was not well-formed or did not validate against our published schema"
    )


def invalid(message: str) -> AwsError:
    return AwsError("InvalidRequest", message)


def denied(message: str = "Access Denied") -> AwsError:
    return AwsError("AccessDenied", message, 403)


def no_bucket(name: str) -> AwsError:
    return fault("NoSuchBucket", "The specified bucket does not exist", 404, BucketName=name)


def no_key(key: str) -> AwsError:
    return fault("NoSuchKey", "The specified key does not exist.", 404, Key=key)


def no_version(key: str, version: str) -> AwsError:
    return fault("NoSuchVersion", "The specified version does not exist.", 404, Key=key, VersionId=version)


def no_upload(upload_id: str | None) -> AwsError:
    message = (
        "The specified upload does not exist. The upload ID may be invalid, or the upload may have been aborted or "
        "completed."
    )
    return fault("NoSuchUpload", message, 404, UploadId=upload_id or "")


def not_allowed(method: str, kind: str) -> AwsError:
    message = "The specified method is not allowed against this resource."
    return fault("MethodNotAllowed", message, 405, Method=method, ResourceType=kind)


def precondition(condition: str) -> AwsError:
    message = "At least one of the pre-conditions you specified did not hold"
    return fault("PreconditionFailed", message, 412, Condition=condition)


def not_implemented(header: str, more: str | None = None) -> AwsError:
    message = "A header you provided implies functionality that is not implemented"
    return fault("NotImplemented", message, 501, Header=header, additionalMessage=more)


def unconfigured(code: str, message: str, bucket: str | None = None) -> AwsError:
    return fault(code, message, 404, BucketName=bucket)
