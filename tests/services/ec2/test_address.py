from __future__ import annotations

import pytest

MISSING = "eipalloc-0123456789abcdef0"


@pytest.fixture
def online(ec2, vpc):
    """Gives the VPC a way to the internet."""
    gateway = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=vpc)


@pytest.fixture
def eni(ec2, subnet, online):
    return ec2.create_network_interface(SubnetId=subnet)["NetworkInterface"]["NetworkInterfaceId"]


@pytest.fixture
def allocation(ec2):
    return ec2.allocate_address(Domain="vpc")["AllocationId"]


def shown(ec2, allocation):
    return ec2.describe_addresses(AllocationIds=[allocation])["Addresses"][0]


def test_an_address_is_of_amazons_and_for_vpcs(ec2):
    made = ec2.allocate_address(Domain="standard")
    assert made["Domain"] == "vpc"
    assert made["NetworkBorderGroup"] == "us-east-1"
    found = shown(ec2, made["AllocationId"])
    assert found == {
        "PublicIp": made["PublicIp"],
        "AllocationId": made["AllocationId"],
        "Domain": "vpc",
        "PublicIpv4Pool": "amazon",
        "NetworkBorderGroup": "us-east-1",
    }


def test_addresses_are_never_the_same(ec2):
    made = [ec2.allocate_address()["PublicIp"] for _ in range(100)]
    assert len(set(made)) == 100


def test_an_associated_address_is_seen_from_both_sides(ec2, eni, allocation):
    made = ec2.associate_address(AllocationId=allocation, NetworkInterfaceId=eni)["AssociationId"]
    address = shown(ec2, allocation)
    (interface,) = ec2.describe_network_interfaces(NetworkInterfaceIds=[eni])["NetworkInterfaces"]
    assert address["AssociationId"] == made
    assert address["PrivateIpAddress"] == interface["PrivateIpAddress"]
    assert address["NetworkInterfaceOwnerId"] == "123456789012"
    assert interface["Association"] == {
        "AllocationId": allocation,
        "AssociationId": made,
        "IpOwnerId": "123456789012",
        "PublicIp": address["PublicIp"],
        "PublicDnsName": "",
    }
    assert interface["PrivateIpAddresses"][0]["Association"] == interface["Association"]
    ec2.disassociate_address(AssociationId=made)
    assert "AssociationId" not in shown(ec2, allocation)
    (interface,) = ec2.describe_network_interfaces(NetworkInterfaceIds=[eni])["NetworkInterfaces"]
    assert "Association" not in interface


def test_an_instance_is_seen_under_its_address(ec2, allocation):
    instance = ec2.run_instances(ImageId="ami-1234abcd", MinCount=1, MaxCount=1)["Instances"][0]["InstanceId"]
    ec2.associate_address(AllocationId=allocation, InstanceId=instance)
    address = shown(ec2, allocation)
    assert address["InstanceId"] == instance
    found = ec2.describe_instances(InstanceIds=[instance])["Reservations"][0]["Instances"][0]
    assert found["PublicIpAddress"] == address["PublicIp"]
    assert found["PublicDnsName"] == f"ec2-{address['PublicIp'].replace('.', '-')}.compute-1.amazonaws.com"
    ec2.terminate_instances(InstanceIds=[instance])
    assert "InstanceId" not in shown(ec2, allocation)


def test_an_address_moves_unless_it_must_not(ec2, fails, subnet, eni, allocation):
    first = ec2.associate_address(AllocationId=allocation, NetworkInterfaceId=eni)["AssociationId"]
    other = ec2.create_network_interface(SubnetId=subnet)["NetworkInterface"]["NetworkInterfaceId"]
    found = fails(ec2.associate_address, AllocationId=allocation, NetworkInterfaceId=other, AllowReassociation=False)
    assert found == (
        "Resource.AlreadyAssociated",
        f"resource {allocation} is already associated with associate-id {first}",
    )
    second = ec2.associate_address(AllocationId=allocation, NetworkInterfaceId=other)["AssociationId"]
    assert second != first
    assert shown(ec2, allocation)["NetworkInterfaceId"] == other


def test_an_address_in_use_is_not_released(ec2, fails, eni, allocation):
    association = ec2.associate_address(AllocationId=allocation, NetworkInterfaceId=eni)["AssociationId"]
    public_ip = shown(ec2, allocation)["PublicIp"]
    found = fails(ec2.release_address, AllocationId=allocation)
    assert found == ("InvalidIPAddress.InUse", f"Address {public_ip} is in use.")
    ec2.disassociate_address(AssociationId=association)
    ec2.release_address(AllocationId=allocation)
    assert ec2.describe_addresses()["Addresses"] == []


def test_a_network_without_a_gateway_is_not_seen(ec2, fails, vpc, subnet, allocation):
    eni = ec2.create_network_interface(SubnetId=subnet)["NetworkInterface"]["NetworkInterfaceId"]
    found = fails(ec2.associate_address, AllocationId=allocation, NetworkInterfaceId=eni)
    assert found == ("Gateway.NotAttached", f"Network {vpc} is not attached to any internet gateway")


def test_what_is_not_there_is_told_of(ec2, fails, allocation):
    assert fails(ec2.describe_addresses, AllocationIds=[MISSING]) == (
        "InvalidAllocationID.NotFound",
        f"The allocation ID '{MISSING}' does not exist",
    )
    assert fails(ec2.describe_addresses, PublicIps=["1.2.3.4"]) == (
        "InvalidAddress.NotFound",
        "Address '1.2.3.4' not found.",
    )
    assert fails(ec2.disassociate_address, AssociationId="eipassoc-0123456789abcdef0") == (
        "InvalidAssociationID.NotFound",
        "The association ID 'eipassoc-0123456789abcdef0' does not exist",
    )
    assert fails(ec2.associate_address, InstanceId="i-0123456789abcdef0")[0] == "MissingParameter"


def test_numbers_do_as_well_as_ids(ec2, eni, allocation):
    public_ip = shown(ec2, allocation)["PublicIp"]
    ec2.associate_address(PublicIp=public_ip, NetworkInterfaceId=eni)
    (found,) = ec2.describe_addresses(PublicIps=[public_ip])["Addresses"]
    assert found["NetworkInterfaceId"] == eni
    ec2.disassociate_address(PublicIp=public_ip)
    ec2.release_address(PublicIp=public_ip)
    assert ec2.describe_addresses()["Addresses"] == []


def test_filters_choose_addresses(ec2, eni, allocation):
    ec2.allocate_address()
    association = ec2.associate_address(AllocationId=allocation, NetworkInterfaceId=eni)["AssociationId"]
    address = shown(ec2, allocation)
    for name, value in (
        ("allocation-id", allocation),
        ("association-id", association),
        ("network-interface-id", eni),
        ("private-ip-address", address["PrivateIpAddress"]),
        ("public-ip", address["PublicIp"]),
    ):
        found = ec2.describe_addresses(Filters=[{"Name": name, "Values": [value]}])["Addresses"]
        assert [each["AllocationId"] for each in found] == [allocation], name
    assert len(ec2.describe_addresses(Filters=[{"Name": "domain", "Values": ["vpc"]}])["Addresses"]) == 2


def test_a_deleted_interface_sets_its_address_free(ec2, eni, allocation):
    ec2.associate_address(AllocationId=allocation, NetworkInterfaceId=eni)
    ec2.delete_network_interface(NetworkInterfaceId=eni)
    assert "NetworkInterfaceId" not in shown(ec2, allocation)
    ec2.release_address(AllocationId=allocation)


def test_an_address_has_a_reverse_name(ec2, allocation):
    answer = ec2.modify_address_attribute(AllocationId=allocation, DomainName="mail.example.com")["Address"]
    assert answer["PtrRecordUpdate"] == {"Value": "mail.example.com.", "Status": "PENDING"}
    (found,) = ec2.describe_addresses_attribute(Attribute="domain-name")["Addresses"]
    assert (found["AllocationId"], found["PtrRecord"]) == (allocation, "mail.example.com.")
    ec2.reset_address_attribute(AllocationId=allocation, Attribute="domain-name")
    assert ec2.describe_addresses_attribute(Attribute="domain-name")["Addresses"] == []
