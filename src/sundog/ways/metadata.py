"""Where instances and containers ask for their own data: EC2's instance metadata (versions 1 and 2), and containers'
credentials.

The process is taken for one that runs on an instance of the default account and region, with a role.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from sundog.wire.http import Request, Response

if TYPE_CHECKING:
    from sundog.cloud import Cloud

ROLE = "sundog-instance-role"
INSTANCE_ID = "i-1234567890abcdef0"
IMAGE_ID = "ami-0abcdef1234567890"
MAC = "0e:49:61:0f:c3:11"
ADDRESS = "10.0.0.10"
LIFETIME = timedelta(hours=6)
Tree = Mapping[str, "Tree | str"]
_TOKEN_SALT = b"sundog instance metadata "


def answer(cloud: Cloud, request: Request) -> Response:
    """One answer of 169.254.169.254 and its like."""
    if request.host.startswith("169.254.170."):
        return _container(cloud, request)
    parts = [part for part in request.path.split("/") if part]
    if parts[1:] == ["api", "token"]:
        return _token(request)
    if request.method not in ("GET", "HEAD"):
        return _refused(405, "Method Not Allowed")
    token = request.headers.get("x-aws-ec2-metadata-token")
    # Version 1 asks without a token; what is shown must be one of ours.
    if token is not None and token != _valid_token():
        return _refused(401, "Unauthorized")
    if not parts:
        return _text("1.0\n2014-02-25\nlatest")
    found: Tree | str | None = _tree(cloud)
    for part in parts[1:]:
        found = None if isinstance(found, str) else found.get(part)
        if found is None:
            return _refused(404, "Not Found")
    if not isinstance(found, str):
        return _text("\n".join(name if isinstance(below, str) else f"{name}/" for name, below in found.items()))
    if found.startswith("{"):
        return _json(found.encode())
    return _text(found)


def _valid_token() -> str:
    return hashlib.sha256(_TOKEN_SALT).hexdigest()[:56]


def _token(request: Request) -> Response:
    if request.method != "PUT":
        return _refused(405, "Method Not Allowed")
    if "x-forwarded-for" in request.headers:
        return _refused(403, "Forbidden")
    seconds = request.headers.get("x-aws-ec2-metadata-token-ttl-seconds", "")
    if not seconds.isdigit() or not 1 <= int(seconds) <= 21600:
        return _refused(400, "Bad Request")
    response = _text(_valid_token())
    response.headers["x-aws-ec2-metadata-token-ttl-seconds"] = seconds
    return response


def _tree(cloud: Cloud) -> Tree:
    """The data as nested folders, in the order in which they are listed."""
    region = cloud.settings.region
    zone = f"{region}a"
    account = cloud.default_account
    domain = "amazonaws.com.cn" if region.startswith("cn-") else "amazonaws.com"
    hostname = (
        f"ip-{ADDRESS.replace('.', '-')}.{'ec2.internal' if region == 'us-east-1' else region + '.compute.internal'}"
    )
    interface = {
        "device-number": "0",
        "local-hostname": hostname,
        "local-ipv4s": ADDRESS,
        "mac": MAC,
        "owner-id": account,
    }
    return {
        "dynamic": {"instance-identity": {"document": _document(cloud, zone)}},
        "meta-data": {
            "ami-id": IMAGE_ID,
            "ami-launch-index": "0",
            "hostname": hostname,
            "iam": {
                "info": _dumps(
                    {
                        "Code": "Success",
                        "LastUpdated": _time(cloud),
                        "InstanceProfileArn": f"arn:{_partition(region)}:iam::{account}:instance-profile/{ROLE}",
                        "InstanceProfileId": "AIPAABCDEFGHIJKLMN123",
                    }
                ),
                "security-credentials": {ROLE: _dumps({"Code": "Success", "Type": "AWS-HMAC", **_credentials(cloud)})},
            },
            "instance-action": "none",
            "instance-id": INSTANCE_ID,
            "instance-life-cycle": "on-demand",
            "instance-type": "m5.large",
            "local-hostname": hostname,
            "local-ipv4": ADDRESS,
            "mac": MAC,
            "network": {"interfaces": {"macs": {MAC: interface}}},
            "placement": {"availability-zone": zone, "region": region},
            "profile": "default-hvm",
            "reservation-id": "r-1234567890abcdef0",
            "security-groups": "default",
            "services": {"domain": domain, "partition": _partition(region)},
        },
    }


def _document(cloud: Cloud, zone: str) -> str:
    return _dumps(
        {
            "accountId": cloud.default_account,
            "architecture": "x86_64",
            "availabilityZone": zone,
            "billingProducts": None,
            "devpayProductCodes": None,
            "marketplaceProductCodes": None,
            "imageId": IMAGE_ID,
            "instanceId": INSTANCE_ID,
            "instanceType": "m5.large",
            "kernelId": None,
            "pendingTime": _time(cloud),
            "privateIp": ADDRESS,
            "ramdiskId": None,
            "region": cloud.settings.region,
            "version": "2017-09-30",
        }
    )


def _credentials(cloud: Cloud) -> dict[str, str]:
    """A role's passing credentials, with the default account's access key, so that calls made with them land there."""
    now = cloud.clock.now()
    return {
        "LastUpdated": now.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "AccessKeyId": "ASIAIOSFODNN7EXAMPLE",
        "SecretAccessKey": "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
        "Token": "sundog",
        "Expiration": (now + LIFETIME).strftime("%Y-%m-%dT%H:%M:%SZ"),
    }


def _container(cloud: Cloud, request: Request) -> Response:
    """Credentials of a task (ECS) or pod (EKS); any path that the environment names will do."""
    if request.method != "GET":
        return _refused(405, "Method Not Allowed")
    if not (request.path.startswith("/v2/credentials") or request.path == "/v1/credentials"):
        return _refused(404, "Not Found")
    region, account = cloud.settings.region, cloud.default_account
    role = f"arn:{_partition(region)}:iam::{account}:role/{ROLE}"
    return _json(_dumps({"RoleArn": role, **_credentials(cloud)}).encode())


def _partition(region: str) -> str:
    from sundog.core.arn import partition_of

    return partition_of(region)


def _time(cloud: Cloud) -> str:
    return cloud.clock.now().strftime("%Y-%m-%dT%H:%M:%SZ")


def _dumps(value: Any) -> str:
    import json

    return json.dumps(value, indent=2)


def _text(text: str) -> Response:
    return Response(200, {"content-type": "text/plain", "server": "EC2ws"}, text.encode())


def _json(body: bytes) -> Response:
    return Response(200, {"content-type": "application/json", "server": "EC2ws"}, body)


def _refused(status: int, title: str) -> Response:
    page = f'<?xml version="1.0" encoding="iso-8859-1"?>\n<html><head><title>{status} - {title}</title></head></html>\n'
    return Response(status, {"content-type": "text/html", "server": "EC2ws"}, page.encode())
