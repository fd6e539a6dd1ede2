from __future__ import annotations

import pytest

DNS = {"Key": "domain-name-servers", "Values": ["10.0.0.2", "10.0.0.3"]}


@pytest.fixture
def options(ec2):
    return ec2.create_dhcp_options(DhcpConfigurations=[DNS])["DhcpOptions"]["DhcpOptionsId"]


def test_options_are_shown_with_their_values(ec2):
    configurations = [DNS, {"Key": "domain-name", "Values": ["example.com"]}]
    made = ec2.create_dhcp_options(DhcpConfigurations=configurations)["DhcpOptions"]
    assert made["DhcpConfigurations"] == [
        {"Key": "domain-name", "Values": [{"Value": "example.com"}]},
        {"Key": "domain-name-servers", "Values": [{"Value": "10.0.0.2"}, {"Value": "10.0.0.3"}]},
    ]
    assert made["Tags"] == []


def test_an_unknown_option_is_refused(ec2, fails):
    found = fails(ec2.create_dhcp_options, DhcpConfigurations=[{"Key": "colour", "Values": ["red"]}])
    assert found == ("InvalidParameterValue", "Value (colour) for parameter name is invalid. Unknown DHCP option")


def test_options_in_use_stay(ec2, fails, vpc, options):
    ec2.associate_dhcp_options(DhcpOptionsId=options, VpcId=vpc)
    assert ec2.describe_vpcs(VpcIds=[vpc])["Vpcs"][0]["DhcpOptionsId"] == options
    assert fails(ec2.delete_dhcp_options, DhcpOptionsId=options) == (
        "DependencyViolation",
        f"The dhcpOptions '{options}' has dependencies and cannot be deleted.",
    )
    ec2.associate_dhcp_options(DhcpOptionsId="default", VpcId=vpc)
    ec2.delete_dhcp_options(DhcpOptionsId=options)
    assert fails(ec2.describe_dhcp_options, DhcpOptionsIds=[options]) == (
        "InvalidDhcpOptionID.NotFound",
        f"The dhcpOption ID '{options}' does not exist",
    )


@pytest.mark.parametrize(("name", "value"), [("key", "domain-name-servers"), ("value", "10.0.0.*")])
def test_filters_choose_options(ec2, options, name, value):
    filters = [{"Name": name, "Values": [value]}]
    assert options in [found["DhcpOptionsId"] for found in ec2.describe_dhcp_options(Filters=filters)["DhcpOptions"]]


def test_the_first_options_name_the_region(ec2):
    (found,) = ec2.describe_dhcp_options()["DhcpOptions"]
    assert found["DhcpConfigurations"][0] == {"Key": "domain-name", "Values": [{"Value": "ec2.internal"}]}
