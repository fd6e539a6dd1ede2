from __future__ import annotations

import pytest


def test_a_new_subnet_is_available_and_lacks_five_addresses(ec2, vpc):
    made = ec2.create_subnet(VpcId=vpc, CidrBlock="10.0.1.0/24", AvailabilityZone="us-east-1b")["Subnet"]
    assert (made["State"], made["AvailableIpAddressCount"]) == ("available", 251)
    assert (made["AvailabilityZone"], made["AvailabilityZoneId"]) == ("us-east-1b", "use1-az1")
    assert made["SubnetArn"] == f"arn:aws:ec2:us-east-1:123456789012:subnet/{made['SubnetId']}"
    assert made["MapPublicIpOnLaunch"] is False
    assert made["PrivateDnsNameOptionsOnLaunch"] == {
        "HostnameType": "ip-name",
        "EnableResourceNameDnsARecord": False,
        "EnableResourceNameDnsAAAARecord": False,
    }
    assert "Tags" not in made


def test_a_zone_may_be_named_by_its_id(ec2, vpc):
    (zone, *_) = ec2.describe_availability_zones(ZoneNames=["us-east-1c"])["AvailabilityZones"]
    made = ec2.create_subnet(VpcId=vpc, CidrBlock="10.0.1.0/24", AvailabilityZoneId=zone["ZoneId"])["Subnet"]
    assert made["AvailabilityZone"] == "us-east-1c"


def test_an_unknown_zone_is_refused(ec2, fails, vpc):
    code, message = fails(ec2.create_subnet, VpcId=vpc, CidrBlock="10.0.1.0/24", AvailabilityZone="us-east-1z")
    assert code == "InvalidParameterValue"
    assert message == (
        "Value (us-east-1z) for parameter availabilityZone is invalid. Subnets can currently only be created in the "
        "following availability zones: us-east-1a, us-east-1b, us-east-1c, us-east-1d, us-east-1e, us-east-1f."
    )


@pytest.mark.parametrize(
    ("cidr", "code", "message"),
    [
        ("10.1.0.0/24", "InvalidSubnet.Range", "The CIDR '10.1.0.0/24' is invalid."),
        ("10.0.0.0/29", "InvalidSubnet.Range", "The CIDR '10.0.0.0/29' is invalid."),
        ("10.0.1.128/25", "InvalidSubnet.Conflict", "The CIDR '10.0.1.128/25' conflicts with another subnet"),
        (
            "nonsense",
            "InvalidParameterValue",
            "Value (nonsense) for parameter cidrBlock is invalid. This is not a valid CIDR block.",
        ),
    ],
)
def test_a_bad_range_is_refused(ec2, fails, vpc, subnet, cidr, code, message):
    assert fails(ec2.create_subnet, VpcId=vpc, CidrBlock=cidr) == (code, message)


def test_a_subnet_with_an_interface_stays(ec2, fails, subnet):
    eni = ec2.create_network_interface(SubnetId=subnet)["NetworkInterface"]["NetworkInterfaceId"]
    found = fails(ec2.delete_subnet, SubnetId=subnet)
    assert found == ("DependencyViolation", f"The subnet '{subnet}' has dependencies and cannot be deleted.")
    ec2.delete_network_interface(NetworkInterfaceId=eni)
    ec2.delete_subnet(SubnetId=subnet)
    found = fails(ec2.describe_subnets, SubnetIds=[subnet])
    assert found == ("InvalidSubnetID.NotFound", f"The subnet ID '{subnet}' does not exist")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("availability-zone", "us-east-1a"),
        ("availabilityZone", "us-east-1a"),
        ("cidr-block", "10.0.1.0/24"),
        ("cidrBlock", "10.0.1.0/24"),
        ("available-ip-address-count", "251"),
        ("state", "available"),
        ("map-public-ip-on-launch", "false"),
        ("private-dns-name-options-on-launch.hostname-type", "ip-name"),
        ("ipv6-native", "false"),
    ],
)
def test_filters_choose_subnets(ec2, vpc, subnet, name, value):
    filters = [{"Name": name, "Values": [value]}, {"Name": "vpc-id", "Values": [vpc]}]
    assert [found["SubnetId"] for found in ec2.describe_subnets(Filters=filters)["Subnets"]] == [subnet]
    filters[0]["Values"] = ["other"]
    assert ec2.describe_subnets(Filters=filters)["Subnets"] == []


def test_attributes_are_changed_one_at_a_time(ec2, fails, subnet):
    ec2.modify_subnet_attribute(SubnetId=subnet, MapPublicIpOnLaunch={"Value": True})
    ec2.modify_subnet_attribute(SubnetId=subnet, PrivateDnsHostnameTypeOnLaunch="resource-name")
    (found,) = ec2.describe_subnets(SubnetIds=[subnet])["Subnets"]
    assert found["MapPublicIpOnLaunch"] is True
    assert found["PrivateDnsNameOptionsOnLaunch"]["HostnameType"] == "resource-name"
    both = {"MapPublicIpOnLaunch": {"Value": True}, "EnableDns64": {"Value": True}}
    assert fails(ec2.modify_subnet_attribute, SubnetId=subnet, **both)[0] == "InvalidParameterCombination"


def test_addresses_of_a_subnet_run_out(ec2, fails, vpc):
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.0.2.0/28")["Subnet"]
    assert subnet["AvailableIpAddressCount"] == 11
    enis = [ec2.create_network_interface(SubnetId=subnet["SubnetId"])["NetworkInterface"] for _ in range(11)]
    assert {eni["PrivateIpAddress"] for eni in enis} == {f"10.0.2.{n}" for n in range(4, 15)}
    (found,) = ec2.describe_subnets(SubnetIds=[subnet["SubnetId"]])["Subnets"]
    assert found["AvailableIpAddressCount"] == 0
    assert fails(ec2.create_network_interface, SubnetId=subnet["SubnetId"])[0] == "InsufficientFreeAddressesInSubnet"
    ec2.delete_network_interface(NetworkInterfaceId=enis[3]["NetworkInterfaceId"])
    again = ec2.create_network_interface(SubnetId=subnet["SubnetId"])["NetworkInterface"]
    assert again["PrivateIpAddress"] == enis[3]["PrivateIpAddress"]


def test_a_freed_address_is_not_given_out_at_once(ec2, subnet):
    first = ec2.create_network_interface(SubnetId=subnet)["NetworkInterface"]
    ec2.delete_network_interface(NetworkInterfaceId=first["NetworkInterfaceId"])
    second = ec2.create_network_interface(SubnetId=subnet)["NetworkInterface"]
    assert second["PrivateIpAddress"] != first["PrivateIpAddress"]


def test_kept_ranges_are_left_out(ec2, subnet):
    made = ec2.create_subnet_cidr_reservation(SubnetId=subnet, Cidr="10.0.1.0/28", ReservationType="explicit")
    reservation = made["SubnetCidrReservation"]["SubnetCidrReservationId"]
    eni = ec2.create_network_interface(SubnetId=subnet)["NetworkInterface"]
    assert eni["PrivateIpAddress"] == "10.0.1.16"
    (found,) = ec2.get_subnet_cidr_reservations(SubnetId=subnet)["SubnetIpv4CidrReservations"]
    assert found["Cidr"] == "10.0.1.0/28"
    ec2.delete_subnet_cidr_reservation(SubnetCidrReservationId=reservation)
    assert ec2.get_subnet_cidr_reservations(SubnetId=subnet)["SubnetIpv4CidrReservations"] == []


def test_a_default_subnet_can_be_made_again(ec2, fails):
    (subnet,) = ec2.describe_subnets(Filters=[{"Name": "availability-zone", "Values": ["us-east-1b"]}])["Subnets"]
    code, message = fails(ec2.create_default_subnet, AvailabilityZone="us-east-1b")
    assert code == "DefaultSubnetAlreadyExistsInAvailabilityZone"
    assert message == f"'{subnet['SubnetId']}' is already the default subnet in us-east-1b."
    ec2.delete_subnet(SubnetId=subnet["SubnetId"])
    made = ec2.create_default_subnet(AvailabilityZone="us-east-1b")["Subnet"]
    assert (made["CidrBlock"], made["DefaultForAz"]) == (subnet["CidrBlock"], True)


def test_a_subnet_gets_an_ipv6_range_of_its_vpc(ec2, fails):
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16", AmazonProvidedIpv6CidrBlock=True)["Vpc"]
    home = vpc["Ipv6CidrBlockAssociationSet"][0]["Ipv6CidrBlock"]
    block = home.replace("/56", "/64")
    subnet = ec2.create_subnet(VpcId=vpc["VpcId"], CidrBlock="10.0.1.0/24", Ipv6CidrBlock=block)["Subnet"]
    assert subnet["Ipv6CidrBlockAssociationSet"][0]["Ipv6CidrBlock"] == block
    ec2.modify_subnet_attribute(SubnetId=subnet["SubnetId"], AssignIpv6AddressOnCreation={"Value": True})
    eni = ec2.create_network_interface(SubnetId=subnet["SubnetId"])["NetworkInterface"]
    assert len(eni["Ipv6Addresses"]) == 1
    other = ec2.create_subnet(VpcId=vpc["VpcId"], CidrBlock="10.0.2.0/24")["Subnet"]["SubnetId"]
    code, message = fails(ec2.associate_subnet_cidr_block, SubnetId=other, Ipv6CidrBlock=block)
    assert (code, message) == ("InvalidSubnet.Conflict", f"The CIDR '{block}' conflicts with another subnet")
    association = subnet["Ipv6CidrBlockAssociationSet"][0]["AssociationId"]
    assert fails(ec2.disassociate_subnet_cidr_block, AssociationId=association)[0] == "InvalidCidr.InUse"
    ec2.delete_network_interface(NetworkInterfaceId=eni["NetworkInterfaceId"])
    ec2.disassociate_subnet_cidr_block(AssociationId=association)
    (found,) = ec2.describe_subnets(SubnetIds=[subnet["SubnetId"]])["Subnets"]
    assert found["Ipv6CidrBlockAssociationSet"] == []
