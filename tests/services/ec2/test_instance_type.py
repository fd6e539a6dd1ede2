from __future__ import annotations

import re
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from sundog.wire.model import get_service


def names(answer: dict[str, Any]) -> list[str]:
    return [each["InstanceType"] for each in answer["InstanceTypes"]]


def test_one_type(ec2):
    (found,) = ec2.describe_instance_types(InstanceTypes=["t3.micro"])["InstanceTypes"]
    assert found["VCpuInfo"]["DefaultVCpus"] == 2
    assert found["MemoryInfo"]["SizeInMiB"] == 1024


def test_all_types_come_in_pages(ec2):
    pages = list(ec2.get_paginator("describe_instance_types").paginate())
    assert len(pages[0]["InstanceTypes"]) == 100
    found = [name for page in pages for name in names(page)]
    assert len(found) == len(set(found)) > 700


def test_an_unknown_type(ec2):
    with pytest.raises(ClientError) as caught:
        ec2.describe_instance_types(InstanceTypes=["m9.huge"])
    found = caught.value.response["Error"]
    assert (found["Code"], found["Message"]) == (
        "InvalidInstanceType",
        "The following supplied instance types do not exist: [m9.huge]",
    )


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("instance-type", "t3.*", "t3.micro"),
        ("processor-info.supported-architecture", "arm64", "t4g.micro"),
        ("vcpu-info.default-vcpus", "96", "m5.24xlarge"),
        ("memory-info.size-in-mib", "1024", "t2.micro"),
        ("hypervisor", "nitro", "c5.large"),
        ("bare-metal", "true", "m5.metal"),
        ("burstable-performance-supported", "true", "t3.micro"),
        ("instance-storage-info.disk.type", "ssd", "m5d.large"),
        ("supported-usage-class", "spot", "m5.large"),
        ("network-info.ena-support", "required", "m5.large"),
    ],
)
def test_filters(ec2, name: str, value: str, expected: str):
    pages = ec2.get_paginator("describe_instance_types").paginate(Filters=[{"Name": name, "Values": [value]}])
    found = [each for page in pages for each in names(page)]
    assert expected in found
    assert "m1.small" not in found or name in ("supported-usage-class",)


def test_every_documented_filter_is_known(ec2):
    text = (
        get_service("ec2").model.operation_model("DescribeInstanceTypes").input_shape.members["Filters"].documentation
    )
    documented = re.findall(r"<code>([^<]*)</code> ?-", text)
    assert len(documented) > 50
    for name in documented:
        ec2.describe_instance_types(InstanceTypes=["t3.micro"], Filters=[{"Name": name, "Values": ["nothing-like-it"]}])


def test_offerings(ec2):
    zones = ec2.describe_instance_type_offerings(
        LocationType="availability-zone", Filters=[{"Name": "instance-type", "Values": ["t3.micro"]}]
    )["InstanceTypeOfferings"]
    assert {each["Location"] for each in zones} <= {f"us-east-1{letter}" for letter in "abcdef"}
    assert len(zones) >= 5
    region = boto3.client("ec2", "eu-west-1").describe_instance_type_offerings(
        Filters=[{"Name": "instance-type", "Values": ["t3.micro"]}]
    )["InstanceTypeOfferings"]
    assert region == [{"InstanceType": "t3.micro", "LocationType": "region", "Location": "eu-west-1"}]


def test_account_attributes(ec2):
    found = {
        each["AttributeName"]: [value["AttributeValue"] for value in each["AttributeValues"]]
        for each in ec2.describe_account_attributes()["AccountAttributes"]
    }
    assert found["supported-platforms"] == ["VPC"]
    assert found["default-vpc"] == [ec2.describe_vpcs()["Vpcs"][0]["VpcId"]]
    (one,) = ec2.describe_account_attributes(AttributeNames=["default-vpc"])["AccountAttributes"]
    assert one["AttributeName"] == "default-vpc"
