"""boto 2's way to talk of networks: an old API version, flat parameters, names instead of ids."""

from __future__ import annotations

import importlib
import warnings

import pytest

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    boto = importlib.import_module("boto")
    for module in ("ec2", "vpc"):
        importlib.import_module("boto." + module)


@pytest.fixture
def classic(aws):
    return boto.ec2.connect_to_region("us-east-1", aws_access_key_id="k", aws_secret_access_key="s")


@pytest.fixture
def networks(aws):
    return boto.vpc.connect_to_region("us-east-1", aws_access_key_id="k", aws_secret_access_key="s")


def test_groups_and_rules_by_name(classic):
    group = classic.create_security_group("web", "the web")
    assert group.authorize("tcp", 80, 80, "0.0.0.0/0") is True
    assert classic.authorize_security_group("web", src_security_group_name="default") is True
    (found,) = classic.get_all_security_groups(["web"])
    assert next((rule.ip_protocol, rule.from_port) for rule in found.rules) == ("tcp", "80")
    assert found.rules[0].grants[0].cidr_ip == "0.0.0.0/0"
    assert group.revoke("tcp", 80, 80, "0.0.0.0/0") is True
    assert classic.delete_security_group("web") is True


def test_addresses_by_number(classic):
    address = classic.allocate_address()
    (found,) = classic.get_all_addresses([address.public_ip])
    assert found.public_ip == address.public_ip
    instance = classic.run_instances("ami-1234abcd").instances[0]
    assert classic.associate_address(instance.id, address.public_ip) is True
    assert classic.disassociate_address(address.public_ip) is True
    assert classic.release_address(address.public_ip) is True


def test_vpcs_and_what_belongs_to_them(networks):
    vpc = networks.create_vpc("10.0.0.0/16")
    subnet = networks.create_subnet(vpc.id, "10.0.1.0/24")
    gateway = networks.create_internet_gateway()
    assert networks.attach_internet_gateway(gateway.id, vpc.id) is True
    table = networks.create_route_table(vpc.id)
    assert networks.create_route(table.id, "0.0.0.0/0", gateway_id=gateway.id) is True
    association = networks.associate_route_table(table.id, subnet.id)
    assert association.startswith("rtbassoc-")
    acl = networks.create_network_acl(vpc.id)
    assert networks.create_network_acl_entry(
        acl.id, 110, "6", "allow", "0.0.0.0/0", False, port_range_from=1, port_range_to=2
    )
    vpc.add_tag("Name", "mine")
    (found,) = networks.get_all_vpcs(filters={"tag:Name": "mine"})
    assert (found.id, found.state, found.tags) == (vpc.id, "available", {"Name": "mine"})
    assert networks.disassociate_route_table(association) is True
    assert networks.delete_subnet(subnet.id) is True


def test_errors_have_codes(classic):
    with pytest.raises(boto.exception.EC2ResponseError) as caught:
        classic.get_all_security_groups(["nobody"])
    assert caught.value.error_code == "InvalidGroup.NotFound"


def test_regions_and_zones(classic):
    assert "us-west-2" in [region.name for region in classic.get_all_regions()]
    assert classic.get_all_zones()[0].name == "us-east-1a"
