from __future__ import annotations

import pytest

from sundog import mock_aws

MISSING = "vpc-0123456789abcdef0"


def test_every_region_has_a_default_vpc_with_all_that_belongs_to_it(ec2):
    (vpc,) = ec2.describe_vpcs()["Vpcs"]
    assert (vpc["CidrBlock"], vpc["IsDefault"], vpc["State"]) == ("172.31.0.0/16", True, "available")
    assert "Tags" not in vpc
    subnets = ec2.describe_subnets()["Subnets"]
    zones = ec2.describe_availability_zones()["AvailabilityZones"]
    assert [subnet["AvailabilityZone"] for subnet in subnets] == [zone["ZoneName"] for zone in zones]
    assert [subnet["CidrBlock"] for subnet in subnets[:2]] == ["172.31.0.0/20", "172.31.16.0/20"]
    assert all(subnet["DefaultForAz"] and subnet["MapPublicIpOnLaunch"] for subnet in subnets)
    assert {subnet["AvailableIpAddressCount"] for subnet in subnets} == {4091}
    (gateway,) = ec2.describe_internet_gateways()["InternetGateways"]
    assert gateway["Attachments"] == [{"State": "available", "VpcId": vpc["VpcId"]}]
    (table,) = ec2.describe_route_tables()["RouteTables"]
    assert [(route["DestinationCidrBlock"], route["GatewayId"]) for route in table["Routes"]] == [
        ("172.31.0.0/16", "local"),
        ("0.0.0.0/0", gateway["InternetGatewayId"]),
    ]
    assert table["Associations"][0]["Main"] is True
    (acl,) = ec2.describe_network_acls()["NetworkAcls"]
    assert acl["IsDefault"]
    assert len(acl["Associations"]) == len(subnets)
    (options,) = ec2.describe_dhcp_options()["DhcpOptions"]
    assert options["DhcpOptionsId"] == vpc["DhcpOptionsId"]
    (group,) = ec2.describe_security_groups()["SecurityGroups"]
    assert group["GroupName"] == "default"
    assert group["IpPermissions"][0]["UserIdGroupPairs"] == [{"GroupId": group["GroupId"], "UserId": vpc["OwnerId"]}]


def test_a_new_vpc_is_pending_and_then_available(ec2):
    made = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]
    assert made["State"] == "pending"
    assert made["Ipv6CidrBlockAssociationSet"] == []
    assert made["CidrBlockAssociationSet"][0]["CidrBlockState"] == {"State": "associated"}
    found = ec2.describe_vpcs(VpcIds=[made["VpcId"]])["Vpcs"][0]
    assert (found["State"], found["InstanceTenancy"], found["IsDefault"]) == ("available", "default", False)
    assert "Ipv6CidrBlockAssociationSet" not in found


def test_with_delays_a_vpc_is_pending_for_a_moment():
    with mock_aws(delays=True) as aws:
        import boto3

        ec2 = boto3.client("ec2", "us-east-1")
        aws.clock.freeze()
        vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
        assert ec2.describe_vpcs(VpcIds=[vpc])["Vpcs"][0]["State"] == "pending"
        aws.clock.advance(seconds=2)
        assert ec2.describe_vpcs(VpcIds=[vpc])["Vpcs"][0]["State"] == "available"


def test_host_bits_of_a_range_are_cleared(ec2):
    assert ec2.create_vpc(CidrBlock="100.68.0.18/18")["Vpc"]["CidrBlock"] == "100.68.0.0/18"


@pytest.mark.parametrize(
    ("cidr", "code", "message"),
    [
        ("10.0.0.0/8", "InvalidVpc.Range", "The CIDR '10.0.0.0/8' is invalid."),
        ("10.0.0.0/29", "InvalidVpc.Range", "The CIDR '10.0.0.0/29' is invalid."),
        (
            "10.0.0.300/16",
            "InvalidParameterValue",
            "Value (10.0.0.300/16) for parameter cidrBlock is invalid. This is not a valid CIDR block.",
        ),
        (
            "10.0.0.0",
            "InvalidParameterValue",
            "Value (10.0.0.0) for parameter cidrBlock is invalid. This is not a valid CIDR block.",
        ),
    ],
)
def test_a_bad_range_is_refused(ec2, fails, cidr, code, message):
    assert fails(ec2.create_vpc, CidrBlock=cidr) == (code, message)


def test_a_vpc_that_is_not_there_is_told_of(ec2, fails):
    wanted = ("InvalidVpcID.NotFound", f"The vpc ID '{MISSING}' does not exist")
    assert fails(ec2.describe_vpcs, VpcIds=[MISSING]) == wanted
    assert fails(ec2.delete_vpc, VpcId=MISSING) == wanted


def test_several_vpcs_that_are_not_there_are_told_of_together(ec2, fails):
    ids = [MISSING, "vpc-0123456789abcdef1"]
    code, message = fails(ec2.describe_vpcs, VpcIds=ids)
    assert (code, message) == ("InvalidVpcID.NotFound", f"The vpc IDs '{', '.join(ids)}' do not exist")


@pytest.mark.parametrize(
    ("name", "value", "found"),
    [
        ("cidr", "10.0.0.0/16", True),
        ("cidr-block-association.cidr-block", "10.0.*", True),
        ("cidr-block-association.state", "associated", True),
        ("is-default", "false", True),
        ("is-default", "true", False),
        ("state", "available", True),
        ("state", "pending", False),
        ("tag:Name", "red", True),
        ("tag:Name", "blue", False),
        ("tag-key", "Name", True),
        ("owner-id", "123456789012", True),
        ("ipv6-cidr-block-association.state", "associated", False),
    ],
)
def test_filters_choose_vpcs(ec2, name, value, found):
    tags = [{"ResourceType": "vpc", "Tags": [{"Key": "Name", "Value": "red"}]}]
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16", TagSpecifications=tags)["Vpc"]["VpcId"]
    answer = ec2.describe_vpcs(Filters=[{"Name": name, "Values": [value]}])["Vpcs"]
    assert (vpc in [each["VpcId"] for each in answer]) is found


def test_an_unknown_filter_is_refused(ec2, fails):
    found = fails(ec2.describe_vpcs, Filters=[{"Name": "colour", "Values": ["red"]}])
    assert found == ("InvalidParameterValue", "The filter 'colour' is invalid")


def test_vpcs_come_in_pages(ec2):
    for number in range(6):
        ec2.create_vpc(CidrBlock=f"10.{number}.0.0/16")
    pages = list(ec2.get_paginator("describe_vpcs").paginate(PaginationConfig={"PageSize": 5}))
    assert [len(page["Vpcs"]) for page in pages] == [5, 2]


def test_a_vpc_takes_what_it_was_made_with_along(ec2, vpc):
    ec2.delete_vpc(VpcId=vpc)
    for rows in (
        ec2.describe_route_tables()["RouteTables"],
        ec2.describe_network_acls()["NetworkAcls"],
        ec2.describe_security_groups()["SecurityGroups"],
    ):
        assert vpc not in [row["VpcId"] for row in rows]


@pytest.mark.parametrize(
    "add",
    [
        lambda ec2, vpc: ec2.create_subnet(VpcId=vpc, CidrBlock="10.0.0.0/24"),
        lambda ec2, vpc: ec2.create_security_group(VpcId=vpc, GroupName="g", Description="d"),
        lambda ec2, vpc: ec2.create_route_table(VpcId=vpc),
        lambda ec2, vpc: ec2.create_network_acl(VpcId=vpc),
        lambda ec2, vpc: ec2.attach_internet_gateway(
            VpcId=vpc, InternetGatewayId=ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
        ),
    ],
    ids=["subnet", "group", "route table", "acl", "gateway"],
)
def test_a_vpc_with_something_in_it_stays(ec2, fails, vpc, add):
    add(ec2, vpc)
    found = fails(ec2.delete_vpc, VpcId=vpc)
    assert found == ("DependencyViolation", f"The vpc '{vpc}' has dependencies and cannot be deleted.")


def test_attributes_of_a_vpc_are_turned_one_at_a_time(ec2, fails, vpc):
    def shown(name: str) -> bool:
        answer = ec2.describe_vpc_attribute(VpcId=vpc, Attribute=name)
        return answer[name[0].upper() + name[1:]]["Value"]

    assert (shown("enableDnsSupport"), shown("enableDnsHostnames")) == (True, False)
    ec2.modify_vpc_attribute(VpcId=vpc, EnableDnsHostnames={"Value": True})
    assert shown("enableDnsHostnames") is True
    assert shown("enableNetworkAddressUsageMetrics") is False
    both = {"EnableDnsHostnames": {"Value": True}, "EnableDnsSupport": {"Value": True}}
    code, _ = fails(ec2.modify_vpc_attribute, VpcId=vpc, **both)
    assert code == "InvalidParameterCombination"


def test_dns_host_names_give_interfaces_names(ec2, vpc, subnet):
    eni = ec2.create_network_interface(SubnetId=subnet)["NetworkInterface"]
    assert "PrivateDnsName" not in eni
    ec2.modify_vpc_attribute(VpcId=vpc, EnableDnsHostnames={"Value": True})
    (eni,) = ec2.describe_network_interfaces()["NetworkInterfaces"]
    assert eni["PrivateDnsName"] == "ip-10-0-1-4.ec2.internal"
    assert eni["PrivateIpAddresses"][0]["PrivateDnsName"] == "ip-10-0-1-4.ec2.internal"


def test_the_default_vpc_can_be_deleted_and_made_again(ec2, fails):
    code, message = fails(ec2.create_default_vpc)
    assert (code, message) == (
        "DefaultVpcAlreadyExists",
        "A Default VPC already exists for this account in this region.",
    )
    (vpc,) = ec2.describe_vpcs()["Vpcs"]
    (gateway,) = ec2.describe_internet_gateways()["InternetGateways"]
    ec2.detach_internet_gateway(InternetGatewayId=gateway["InternetGatewayId"], VpcId=vpc["VpcId"])
    ec2.delete_internet_gateway(InternetGatewayId=gateway["InternetGatewayId"])
    for subnet in ec2.describe_subnets()["Subnets"]:
        ec2.delete_subnet(SubnetId=subnet["SubnetId"])
    ec2.delete_vpc(VpcId=vpc["VpcId"])
    assert ec2.describe_vpcs()["Vpcs"] == []
    made = ec2.create_default_vpc()["Vpc"]
    assert made["IsDefault"] is True
    assert made["VpcId"] != vpc["VpcId"]
    assert len(ec2.describe_subnets()["Subnets"]) == 6


def test_a_second_range_is_routed_in_every_table(ec2, vpc):
    answer = ec2.associate_vpc_cidr_block(VpcId=vpc, CidrBlock="10.1.0.0/16")
    assert answer["CidrBlockAssociation"]["CidrBlockState"]["State"] == "associating"
    (found,) = ec2.describe_vpcs(VpcIds=[vpc])["Vpcs"]
    assert [item["CidrBlock"] for item in found["CidrBlockAssociationSet"]] == ["10.0.0.0/16", "10.1.0.0/16"]
    (table,) = ec2.describe_route_tables(Filters=[{"Name": "vpc-id", "Values": [vpc]}])["RouteTables"]
    assert [route["DestinationCidrBlock"] for route in table["Routes"]] == ["10.0.0.0/16", "10.1.0.0/16"]
    ec2.create_subnet(VpcId=vpc, CidrBlock="10.1.0.0/24")
    (second,) = [x for x in found["CidrBlockAssociationSet"] if x["CidrBlock"] == "10.1.0.0/16"]
    with pytest.raises(ec2.exceptions.ClientError, match="currently has a subnet within CIDR block"):
        ec2.disassociate_vpc_cidr_block(AssociationId=second["AssociationId"])


def test_the_first_range_stays(ec2, fails, vpc):
    (found,) = ec2.describe_vpcs(VpcIds=[vpc])["Vpcs"]
    first = found["CidrBlockAssociationSet"][0]["AssociationId"]
    code, message = fails(ec2.disassociate_vpc_cidr_block, AssociationId=first)
    assert code == "OperationNotPermitted"
    assert "primary IPv4 CIDR block" in message


def test_private_ranges_do_not_mix(ec2, fails, vpc):
    code, message = fails(ec2.associate_vpc_cidr_block, VpcId=vpc, CidrBlock="192.168.0.0/16")
    assert code == "InvalidVpc.Range"
    assert message.startswith("The CIDR '192.168.0.0/16' is restricted. Use a CIDR from the same private address range")


def test_a_vpc_has_five_ranges_at_most(ec2, fails, vpc):
    for number in range(1, 5):
        ec2.associate_vpc_cidr_block(VpcId=vpc, CidrBlock=f"10.{number}.0.0/16")
    found = fails(ec2.associate_vpc_cidr_block, VpcId=vpc, CidrBlock="10.5.0.0/16")
    assert found == ("CidrLimitExceeded", f"This network '{vpc}' has met its maximum number of allowed CIDRs: 5")


def test_amazon_gives_an_ipv6_range(ec2):
    made = ec2.create_vpc(CidrBlock="10.0.0.0/16", AmazonProvidedIpv6CidrBlock=True)["Vpc"]
    (item,) = made["Ipv6CidrBlockAssociationSet"]
    assert item["Ipv6CidrBlockState"] == {"State": "associating"}
    assert item["Ipv6CidrBlock"].endswith("::/56") or item["Ipv6CidrBlock"].endswith("/56")
    (found,) = ec2.describe_vpcs(VpcIds=[made["VpcId"]])["Vpcs"]
    assert found["Ipv6CidrBlockAssociationSet"][0]["Ipv6CidrBlockState"] == {"State": "associated"}
    (acl,) = ec2.describe_network_acls(Filters=[{"Name": "vpc-id", "Values": [made["VpcId"]]}])["NetworkAcls"]
    assert [entry["RuleNumber"] for entry in acl["Entries"] if entry["Egress"]] == [100, 101, 32767, 32768]


def test_a_dry_run_makes_no_vpc(ec2, fails):
    code, _ = fails(ec2.create_vpc, CidrBlock="10.0.0.0/16", DryRun=True)
    assert code == "DryRunOperation"
    assert len(ec2.describe_vpcs()["Vpcs"]) == 1
