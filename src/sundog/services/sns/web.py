"""What SNS serves beside its API: the certificate that notifications verify against."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sundog.services.sns.signing import certificate, certificate_path
from sundog.wire.http import Request, Response

if TYPE_CHECKING:
    from sundog.cloud import Cloud


def page(cloud: Cloud, request: Request) -> Response | None:
    """The page of a path; None if it is none of SNS's."""
    home = cloud.home
    if request.method not in ("GET", "HEAD") or request.path != certificate_path(home):
        return None
    body = certificate(home)
    headers = {"content-type": "application/x-x509-ca-cert", "content-length": str(len(body))}
    return Response(200, headers, body if request.method == "GET" else b"")
