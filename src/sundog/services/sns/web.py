"""What SNS serves beside its API: the certificate that notifications verify against."""

from __future__ import annotations

from sundog.services.sns.signing import certificate, certificate_path
from sundog.wire.http import Request, Response


def page(request: Request) -> Response | None:
    """The page of a path; None if it is none of SNS's."""
    if request.method not in ("GET", "HEAD") or request.path != certificate_path():
        return None
    body = certificate()
    headers = {"content-type": "application/x-x509-ca-cert", "content-length": str(len(body))}
    return Response(200, headers, body if request.method == "GET" else b"")
