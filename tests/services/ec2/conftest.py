from __future__ import annotations

from collections.abc import Callable
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from sundog.cloud import Cloud


@pytest.fixture
def ec2(aws: Cloud) -> Any:
    """A client of EC2 in us-east-1, answered by the test's own cloud."""
    return boto3.client("ec2", "us-east-1")


@pytest.fixture
def fails() -> Callable[..., tuple[str, str]]:
    """``fails(call, **params)`` gives the code and message of the error that a client's call must end with."""

    def error(call: Any, **params: Any) -> tuple[str, str]:
        with pytest.raises(ClientError) as caught:
            call(**params)
        found = caught.value.response["Error"]
        return found["Code"], found["Message"]

    return error


@pytest.fixture
def vpc(ec2: Any) -> str:
    """A VPC of 10.0.0.0/16."""
    return ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]


@pytest.fixture
def subnet(ec2: Any, vpc: str) -> str:
    """A subnet of 10.0.1.0/24 in that VPC."""
    return ec2.create_subnet(VpcId=vpc, CidrBlock="10.0.1.0/24")["Subnet"]["SubnetId"]
