from __future__ import annotations

from collections.abc import Callable
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from sundog.cloud import Cloud


@pytest.fixture
def ec2(aws: Cloud) -> Any:
    return boto3.client("ec2", "us-east-1")


@pytest.fixture
def elb(aws: Cloud) -> Any:
    return boto3.client("elb", "us-east-1")


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
def subnets(ec2) -> list[str]:
    """Two subnets of the default VPC."""
    found = ec2.describe_subnets(Filters=[{"Name": "availability-zone", "Values": ["us-east-1a", "us-east-1b"]}])
    return [subnet["SubnetId"] for subnet in found["Subnets"]]


@pytest.fixture
def vpc(ec2) -> str:
    return ec2.describe_vpcs()["Vpcs"][0]["VpcId"]


@pytest.fixture
def balancer(elb, subnets) -> str:
    elb.create_load_balancer(
        LoadBalancerName="front",
        Listeners=[{"Protocol": "http", "LoadBalancerPort": 80, "InstancePort": 8080}],
        Subnets=subnets,
    )
    return "front"


@pytest.fixture
def instance(ec2, subnets) -> str:
    answer = ec2.run_instances(ImageId="ami-1234abcd", MinCount=1, MaxCount=1, SubnetId=subnets[0])
    return answer["Instances"][0]["InstanceId"]
