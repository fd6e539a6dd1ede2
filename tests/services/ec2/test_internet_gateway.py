from __future__ import annotations

import pytest


@pytest.fixture
def gateway(ec2, vpc):
    made = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    ec2.attach_internet_gateway(InternetGatewayId=made, VpcId=vpc)
    return made


def test_a_gateway_serves_one_vpc_and_a_vpc_has_one_gateway(ec2, fails, vpc, gateway):
    other = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    assert fails(ec2.attach_internet_gateway, InternetGatewayId=gateway, VpcId=vpc) == (
        "Resource.AlreadyAssociated",
        f"resource {gateway} is already attached to network {vpc}",
    )
    assert fails(ec2.attach_internet_gateway, InternetGatewayId=other, VpcId=vpc) == (
        "InvalidParameterValue",
        f"Network {vpc} already has an internet gateway attached",
    )
    assert fails(ec2.detach_internet_gateway, InternetGatewayId=other, VpcId=vpc) == (
        "Gateway.NotAttached",
        f"resource {other} is not attached to network {vpc}",
    )
    assert fails(ec2.delete_internet_gateway, InternetGatewayId=gateway) == (
        "DependencyViolation",
        f"The internetGateway '{gateway}' has dependencies and cannot be deleted.",
    )


def test_a_gateway_stays_while_something_has_a_public_address(ec2, fails, vpc, subnet, gateway):
    eni = ec2.create_network_interface(SubnetId=subnet)["NetworkInterface"]["NetworkInterfaceId"]
    allocation = ec2.allocate_address(Domain="vpc")["AllocationId"]
    ec2.associate_address(AllocationId=allocation, NetworkInterfaceId=eni)
    code, message = fails(ec2.detach_internet_gateway, InternetGatewayId=gateway, VpcId=vpc)
    assert (code, message) == (
        "DependencyViolation",
        f"Network {vpc} has some mapped public address(es). Please unmap those public address(es) before detaching the "
        "gateway.",
    )


def test_gateways_are_listed_and_filtered(ec2, fails, vpc, gateway):
    for name, value in (("attachment.vpc-id", vpc), ("internet-gateway-id", gateway)):
        (found,) = ec2.describe_internet_gateways(Filters=[{"Name": name, "Values": [value]}])["InternetGateways"]
        assert found["InternetGatewayId"] == gateway
        assert found["Attachments"] == [{"State": "available", "VpcId": vpc}]
    missing = "igw-0123456789abcdef0"
    assert fails(ec2.describe_internet_gateways, InternetGatewayIds=[missing]) == (
        "InvalidInternetGatewayID.NotFound",
        f"The internetGateway ID '{missing}' does not exist",
    )


def test_a_new_gateway_serves_nobody(ec2):
    made = ec2.create_internet_gateway()["InternetGateway"]
    assert (made["Attachments"], made["Tags"], made["OwnerId"]) == ([], [], "123456789012")
