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
def elbv2(aws: Cloud) -> Any:
    return boto3.client("elbv2", "us-east-1")


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
def balancer(elbv2, subnets) -> str:
    return elbv2.create_load_balancer(Name="front", Subnets=subnets)["LoadBalancers"][0]["LoadBalancerArn"]


@pytest.fixture
def group(elbv2, vpc) -> str:
    answer = elbv2.create_target_group(Name="servers", Protocol="HTTP", Port=80, VpcId=vpc)
    return answer["TargetGroups"][0]["TargetGroupArn"]


@pytest.fixture
def listener(elbv2, balancer, group) -> str:
    answer = elbv2.create_listener(
        LoadBalancerArn=balancer,
        Protocol="HTTP",
        Port=80,
        DefaultActions=[{"Type": "forward", "TargetGroupArn": group}],
    )
    return answer["Listeners"][0]["ListenerArn"]


@pytest.fixture
def instance(ec2, subnets) -> str:
    answer = ec2.run_instances(ImageId="ami-1234abcd", MinCount=1, MaxCount=1, SubnetId=subnets[0])
    return answer["Instances"][0]["InstanceId"]


@pytest.fixture
def autoscaling(aws: Cloud) -> Any:
    return boto3.client("autoscaling", "us-east-1")


@pytest.fixture
def configuration(autoscaling) -> str:
    autoscaling.create_launch_configuration(
        LaunchConfigurationName="lc", ImageId="ami-1234abcd", InstanceType="t3.micro"
    )
    return "lc"


@pytest.fixture
def asg(autoscaling, configuration, subnets) -> str:
    """A group of two to five instances, two of them wanted."""
    autoscaling.create_auto_scaling_group(
        AutoScalingGroupName="asg",
        LaunchConfigurationName=configuration,
        MinSize=1,
        MaxSize=5,
        DesiredCapacity=2,
        VPCZoneIdentifier=",".join(subnets),
        Tags=[{"Key": "team", "Value": "red", "PropagateAtLaunch": True}, {"Key": "note", "Value": "x"}],
    )
    return "asg"


@pytest.fixture
def described(autoscaling) -> Callable[[str], dict[str, Any]]:
    """``described(name)`` is the group as it is now."""
    return lambda name: autoscaling.describe_auto_scaling_groups(AutoScalingGroupNames=[name])["AutoScalingGroups"][0]
