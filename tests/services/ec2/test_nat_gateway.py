from __future__ import annotations

import pytest

from sundog import mock_aws


@pytest.fixture
def gateway(ec2, vpc):
    made = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    ec2.attach_internet_gateway(InternetGatewayId=made, VpcId=vpc)
    return made


@pytest.fixture
def allocation(ec2):
    return ec2.allocate_address(Domain="vpc")["AllocationId"]


def one(ec2, nat):
    (found,) = ec2.describe_nat_gateways(NatGatewayIds=[nat])["NatGateways"]
    return found


def test_a_public_gateway_has_an_interface_and_an_address(ec2, vpc, subnet, gateway, allocation):
    made = ec2.create_nat_gateway(
        SubnetId=subnet,
        AllocationId=allocation,
        TagSpecifications=[{"ResourceType": "natgateway", "Tags": [{"Key": "Name", "Value": "n"}]}],
    )["NatGateway"]
    nat = made["NatGatewayId"]
    assert (made["State"], made["Tags"]) == ("pending", [{"Key": "Name", "Value": "n"}])
    found = one(ec2, nat)
    assert (found["State"], found["VpcId"], found["ConnectivityType"]) == ("available", vpc, "public")
    (address,) = found["NatGatewayAddresses"]
    assert (address["AllocationId"], address["IsPrimary"], address["Status"]) == (allocation, True, "succeeded")
    (eni,) = ec2.describe_network_interfaces(NetworkInterfaceIds=[address["NetworkInterfaceId"]])["NetworkInterfaces"]
    assert (eni["InterfaceType"], eni["Description"], eni["RequesterManaged"], eni["Status"]) == (
        "nat_gateway",
        f"Interface for NAT Gateway {nat}",
        True,
        "in-use",
    )
    assert eni["Association"]["PublicIp"] == address["PublicIp"]
    (elastic,) = ec2.describe_addresses(AllocationIds=[allocation])["Addresses"]
    assert elastic["NetworkInterfaceId"] == eni["NetworkInterfaceId"]


def test_a_deleted_gateway_gives_all_back(aws, ec2, vpc, subnet, gateway, allocation, fails):
    nat = ec2.create_nat_gateway(SubnetId=subnet, AllocationId=allocation)["NatGateway"]["NatGatewayId"]
    table = ec2.create_route_table(VpcId=vpc)["RouteTable"]["RouteTableId"]
    ec2.create_route(RouteTableId=table, DestinationCidrBlock="0.0.0.0/0", NatGatewayId=nat)
    assert fails(ec2.release_address, AllocationId=allocation)[0] == "InvalidIPAddress.InUse"
    assert fails(ec2.delete_subnet, SubnetId=subnet)[0] == "DependencyViolation"
    assert ec2.delete_nat_gateway(NatGatewayId=nat)["NatGatewayId"] == nat
    found = one(ec2, nat)
    assert found["State"] == "deleted"
    assert "DeleteTime" in found
    ec2.get_waiter("nat_gateway_deleted").wait(NatGatewayIds=[nat])
    ec2.release_address(AllocationId=allocation)
    (shown,) = ec2.describe_route_tables(RouteTableIds=[table])["RouteTables"]
    assert shown["Routes"][1]["State"] == "blackhole"
    ec2.delete_subnet(SubnetId=subnet)
    assert fails(ec2.delete_nat_gateway, NatGatewayId=nat) == (
        "NatGatewayNotFound",
        f"The Nat Gateway {nat} does not exist",
    )
    aws.clock.advance(hours=2)
    assert ec2.describe_nat_gateways()["NatGateways"] == []


def test_without_an_internet_gateway_a_public_one_fails(ec2, vpc, subnet, allocation):
    nat = ec2.create_nat_gateway(SubnetId=subnet, AllocationId=allocation)["NatGateway"]["NatGatewayId"]
    found = one(ec2, nat)
    assert (found["State"], found["FailureCode"], found["FailureMessage"]) == (
        "failed",
        "Gateway.NotAttached",
        f"Network {vpc} has no Internet gateway attached",
    )


def test_an_address_in_use_is_refused(ec2, subnet, gateway, allocation, fails):
    ec2.create_nat_gateway(SubnetId=subnet, AllocationId=allocation)
    code, _ = fails(ec2.create_nat_gateway, SubnetId=subnet, AllocationId=allocation)
    assert code == "Resource.AlreadyAssociated"
    assert fails(ec2.create_nat_gateway, SubnetId=subnet) == (
        "MissingParameter",
        "The request must contain the parameter AllocationId",
    )


def test_a_private_gateway_takes_more_private_addresses(ec2, subnet, fails):
    nat = ec2.create_nat_gateway(SubnetId=subnet, ConnectivityType="private", PrivateIpAddress="10.0.1.50")[
        "NatGateway"
    ]["NatGatewayId"]
    assert one(ec2, nat)["NatGatewayAddresses"][0]["PrivateIp"] == "10.0.1.50"
    answer = ec2.assign_private_nat_gateway_address(NatGatewayId=nat, PrivateIpAddressCount=2)
    assert [item["Status"] for item in answer["NatGatewayAddresses"]] == ["assigning", "assigning"]
    addresses = [item["PrivateIp"] for item in one(ec2, nat)["NatGatewayAddresses"]]
    assert len(addresses) == 3
    ec2.unassign_private_nat_gateway_address(NatGatewayId=nat, PrivateIpAddresses=[addresses[1]])
    assert [item["PrivateIp"] for item in one(ec2, nat)["NatGatewayAddresses"]] == [addresses[0], addresses[2]]
    code, _ = fails(ec2.unassign_private_nat_gateway_address, NatGatewayId=nat, PrivateIpAddresses=["10.0.1.50"])
    assert code == "InvalidParameterValue"


def test_a_public_gateway_takes_more_elastic_ips(ec2, subnet, gateway, allocation):
    nat = ec2.create_nat_gateway(SubnetId=subnet, AllocationId=allocation)["NatGateway"]["NatGatewayId"]
    second = ec2.allocate_address(Domain="vpc")["AllocationId"]
    ec2.associate_nat_gateway_address(NatGatewayId=nat, AllocationIds=[second])
    addresses = one(ec2, nat)["NatGatewayAddresses"]
    assert [item["AllocationId"] for item in addresses] == [allocation, second]
    ec2.disassociate_nat_gateway_address(NatGatewayId=nat, AssociationIds=[addresses[1]["AssociationId"]])
    assert len(one(ec2, nat)["NatGatewayAddresses"]) == 1
    ec2.release_address(AllocationId=second)


def test_a_regional_gateway_serves_a_whole_vpc(ec2, vpc, subnet, gateway):
    made = ec2.create_nat_gateway(AvailabilityMode="regional", VpcId=vpc)["NatGateway"]
    found = one(ec2, made["NatGatewayId"])
    assert (found["State"], found["AvailabilityMode"], found["AutoProvisionZones"]) == (
        "available",
        "regional",
        "enabled",
    )
    assert [item["AvailabilityZone"] for item in found["NatGatewayAddresses"]] == ["us-east-1a"]
    (table,) = ec2.describe_route_tables(RouteTableIds=[found["RouteTableId"]])["RouteTables"]
    assert table["Routes"][1]["GatewayId"] == gateway
    ec2.delete_nat_gateway(NatGatewayId=made["NatGatewayId"])


def test_the_same_token_makes_one_gateway(ec2, subnet):
    call = {"SubnetId": subnet, "ConnectivityType": "private", "ClientToken": "t"}
    first = ec2.create_nat_gateway(**call)["NatGateway"]["NatGatewayId"]
    assert ec2.create_nat_gateway(**call)["NatGateway"]["NatGatewayId"] == first


def test_gateways_take_their_time_when_delays_are_on():
    import boto3

    with mock_aws(delays=True) as aws:
        ec2 = boto3.client("ec2", "us-east-1")
        subnet = ec2.describe_subnets()["Subnets"][0]["SubnetId"]
        nat = ec2.create_nat_gateway(SubnetId=subnet, ConnectivityType="private")["NatGateway"]["NatGatewayId"]
        assert one(ec2, nat)["State"] == "pending"
        aws.clock.advance(seconds=60)
        assert one(ec2, nat)["State"] == "available"
        ec2.delete_nat_gateway(NatGatewayId=nat)
        assert one(ec2, nat)["State"] == "deleting"
        aws.clock.advance(seconds=60)
        assert one(ec2, nat)["State"] == "deleted"


def test_gateways_are_filtered(ec2, vpc, subnet):
    nat = ec2.create_nat_gateway(SubnetId=subnet, ConnectivityType="private")["NatGateway"]["NatGatewayId"]
    for name, value in (("vpc-id", vpc), ("subnet-id", subnet), ("state", "available"), ("nat-gateway-id", nat)):
        (found,) = ec2.describe_nat_gateways(Filters=[{"Name": name, "Values": [value]}])["NatGateways"]
        assert found["NatGatewayId"] == nat
