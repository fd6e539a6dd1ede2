from __future__ import annotations

from collections.abc import Callable
from typing import Any
from xml.etree import ElementTree

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from sundog.cloud import Cloud

BUCKET = "sun-and-dogs"
Refused = Callable[..., dict[str, Any]]


@pytest.fixture
def client(aws: Cloud) -> Callable[..., Any]:
    """Makes clients of S3: of a region, of an account, with botocore's configuration."""

    def make(region: str = "us-east-1", account: str | None = None, **config: Any) -> Any:
        keys = {"aws_access_key_id": account, "aws_secret_access_key": "secret"} if account else {}
        return boto3.client("s3", region, config=Config(**config), **keys)

    return make


@pytest.fixture
def s3(client: Callable[..., Any]) -> Any:
    """A client in us-east-1."""
    return client()


@pytest.fixture
def bucket(s3: Any) -> str:
    """A bucket in us-east-1 without versions."""
    s3.create_bucket(Bucket=BUCKET)
    return BUCKET


@pytest.fixture
def versioned(s3: Any, bucket: str) -> str:
    """The same bucket, with versions."""
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    return bucket


@pytest.fixture
def refused() -> Refused:
    """Calls, and gives the error that must come: its members, with the HTTP status as ``Status``."""

    def refused(call: Any, **params: Any) -> dict[str, Any]:
        with pytest.raises(ClientError) as caught:
            call(**params)
        response = caught.value.response
        return {**response["Error"], "Status": response["ResponseMetadata"]["HTTPStatusCode"]}

    return refused


@pytest.fixture
def error_of() -> Callable[[Any], dict[str, Any]]:
    """The elements of an error's XML, but for the ids of request and host, with the HTTP status as ``Status``."""

    def read(response: Any) -> dict[str, Any]:
        root = ElementTree.fromstring(response.content)
        assert root.tag == "Error", response.text
        found: dict[str, Any] = {element.tag: element.text for element in root}
        assert found.pop("RequestId") == response.headers["x-amz-request-id"]
        assert found.pop("HostId") == response.headers["x-amz-id-2"]
        return {**found, "Status": response.status_code}

    return read


class Helpers:
    """What many tests do: make a client, take an error or an answer without what all of them have."""

    @staticmethod
    def client(service: str = "s3", region: str = "us-east-1", **config: Any) -> Any:
        return boto3.client(service, region_name=region, config=Config(**config))

    @staticmethod
    def refused(call: Any, **params: Any) -> dict[str, Any]:
        with pytest.raises(ClientError) as caught:
            call(**params)
        return caught.value.response["Error"]

    @staticmethod
    def answer(call: Any, **params: Any) -> dict[str, Any]:
        found = call(**params)
        found.pop("ResponseMetadata")
        return found


@pytest.fixture
def help() -> type[Helpers]:
    return Helpers
