from __future__ import annotations

import json
from datetime import datetime, timezone
from typing import Any

import pytest
import requests
from botocore.credentials import ContainerProvider, InstanceMetadataProvider
from botocore.utils import ContainerMetadataFetcher, IMDSRegionProvider, InstanceMetadataFetcher

BASE = "http://169.254.169.254/latest"


@pytest.fixture(autouse=True)
def nobody_tried(no_network: list[Any], cloud: Any) -> Any:
    yield
    assert no_network == []
    assert cloud.requests == []


def token(seconds: str = "60") -> str:
    return requests.put(f"{BASE}/api/token", headers={"X-aws-ec2-metadata-token-ttl-seconds": seconds}).text


def get(path: str) -> requests.Response:
    return requests.get(BASE + path, headers={"X-aws-ec2-metadata-token": token()})


def test_a_token_lets_one_read() -> None:
    assert get("/meta-data/instance-id").text.startswith("i-")
    assert get("/meta-data/placement/region").text == "us-east-1"


def test_version_1_reads_without() -> None:
    assert requests.get(f"{BASE}/meta-data/local-ipv4").text.startswith("10.")


def test_folders_are_listed() -> None:
    listed = get("/meta-data/").text.split("\n")
    assert {"instance-id", "placement/", "iam/", "network/"} <= set(listed)
    assert get("/meta-data/placement/").text == "availability-zone\nregion"


def test_the_identity_document() -> None:
    document = json.loads(get("/dynamic/instance-identity/document").text)
    assert document["accountId"] == "123456789012"
    assert document["region"] == "us-east-1"
    assert document["availabilityZone"].startswith(document["region"])


@pytest.mark.parametrize(
    ("method", "path", "headers", "status"),
    [
        ("GET", "/meta-data/no-such-thing", {}, 404),
        ("GET", "/user-data", {}, 404),
        ("GET", "/meta-data/instance-id/deeper", {}, 404),
        ("GET", "/meta-data/", {"X-aws-ec2-metadata-token": "wrong"}, 401),
        ("PUT", "/api/token", {}, 400),
        ("PUT", "/api/token", {"X-aws-ec2-metadata-token-ttl-seconds": "0"}, 400),
        ("PUT", "/api/token", {"X-aws-ec2-metadata-token-ttl-seconds": "21601"}, 400),
        ("PUT", "/api/token", {"X-aws-ec2-metadata-token-ttl-seconds": "9", "X-Forwarded-For": "1.2.3.4"}, 403),
        ("POST", "/meta-data/", {}, 405),
    ],
)
def test_what_is_refused(method: str, path: str, headers: dict[str, str], status: int) -> None:
    assert requests.request(method, BASE + path, headers=headers).status_code == status


def test_botocore_finds_the_role_s_credentials() -> None:
    provider = InstanceMetadataProvider(iam_role_fetcher=InstanceMetadataFetcher(timeout=1, num_attempts=1))
    credentials = provider.load()
    frozen = credentials.get_frozen_credentials()
    assert frozen.access_key.startswith("ASIA")
    assert frozen.token
    assert credentials._expiry_time > datetime.now(timezone.utc)


def test_botocore_finds_a_container_s_credentials() -> None:
    environ = {"AWS_CONTAINER_CREDENTIALS_RELATIVE_URI": "/v2/credentials/abc"}
    credentials = ContainerProvider(environ=environ, fetcher=ContainerMetadataFetcher()).load()
    assert credentials.get_frozen_credentials().access_key.startswith("ASIA")


def test_botocore_finds_the_region(monkeypatch: pytest.MonkeyPatch) -> None:
    import botocore.session

    session = botocore.session.Session()
    assert IMDSRegionProvider(session).provide() == "us-east-1"
