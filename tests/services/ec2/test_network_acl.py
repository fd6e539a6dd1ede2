from __future__ import annotations

import pytest


@pytest.fixture
def acl(ec2, vpc):
    return ec2.create_network_acl(VpcId=vpc)["NetworkAcl"]["NetworkAclId"]


def shown(ec2, acl):
    return ec2.describe_network_acls(NetworkAclIds=[acl])["NetworkAcls"][0]


RULE = {"RuleNumber": 100, "Protocol": "6", "RuleAction": "allow", "Egress": False, "CidrBlock": "0.0.0.0/0"}
PORTS = {"PortRange": {"From": 80, "To": 81}}


def test_a_new_acl_lets_nothing_pass(ec2, vpc):
    made = ec2.create_network_acl(VpcId=vpc)["NetworkAcl"]
    deny = {"CidrBlock": "0.0.0.0/0", "Protocol": "-1", "RuleAction": "deny", "RuleNumber": 32767}
    assert made["Entries"] == [{**deny, "Egress": True}, {**deny, "Egress": False}]
    assert (made["IsDefault"], made["Associations"], made["Tags"]) == (False, [], [])


def test_entries_are_kept_in_order(ec2, acl):
    ec2.create_network_acl_entry(NetworkAclId=acl, **RULE, **PORTS)
    icmp = {**RULE, "RuleNumber": 50, "Protocol": "icmp", "IcmpTypeCode": {"Type": 8, "Code": -1}}
    ec2.create_network_acl_entry(NetworkAclId=acl, **icmp)
    entries = [entry for entry in shown(ec2, acl)["Entries"] if not entry["Egress"]]
    assert [entry["RuleNumber"] for entry in entries] == [50, 100, 32767]
    assert entries[0]["Protocol"] == "1"
    assert entries[0]["IcmpTypeCode"] == {"Type": 8, "Code": -1}
    assert entries[1]["PortRange"] == {"From": 80, "To": 81}


def test_a_number_is_given_once_in_each_direction(ec2, fails, acl):
    ec2.create_network_acl_entry(NetworkAclId=acl, **RULE, **PORTS)
    ec2.create_network_acl_entry(NetworkAclId=acl, **{**RULE, "Egress": True}, **PORTS)
    assert fails(ec2.create_network_acl_entry, NetworkAclId=acl, **RULE, **PORTS) == (
        "NetworkAclEntryAlreadyExists",
        "The network acl entry identified by 100 already exists.",
    )


def test_entries_are_replaced_and_deleted_by_number(ec2, fails, acl):
    wanted = ("InvalidNetworkAclEntry.NotFound", "The network acl entry identified by 100 does not exist")
    assert fails(ec2.replace_network_acl_entry, NetworkAclId=acl, **RULE, **PORTS) == wanted
    ec2.create_network_acl_entry(NetworkAclId=acl, **RULE, **PORTS)
    ec2.replace_network_acl_entry(NetworkAclId=acl, **{**RULE, "RuleAction": "deny"}, **PORTS)
    assert shown(ec2, acl)["Entries"][1]["RuleAction"] == "deny"
    ec2.delete_network_acl_entry(NetworkAclId=acl, RuleNumber=100, Egress=False)
    assert fails(ec2.delete_network_acl_entry, NetworkAclId=acl, RuleNumber=100, Egress=False) == wanted


def test_a_subnet_changes_its_acl(ec2, fails, vpc, subnet, acl):
    filters = [{"Name": "association.subnet-id", "Values": [subnet]}]
    (old,) = ec2.describe_network_acls(Filters=filters)["NetworkAcls"]
    association = old["Associations"][0]["NetworkAclAssociationId"]
    new = ec2.replace_network_acl_association(AssociationId=association, NetworkAclId=acl)["NewAssociationId"]
    (found,) = ec2.describe_network_acls(Filters=filters)["NetworkAcls"]
    assert found["NetworkAclId"] == acl
    assert found["Associations"] == [{"NetworkAclAssociationId": new, "NetworkAclId": acl, "SubnetId": subnet}]
    assert fails(ec2.delete_network_acl, NetworkAclId=acl) == (
        "DependencyViolation",
        f"The networkAcl '{acl}' has dependencies and cannot be deleted.",
    )
    default = old["NetworkAclId"]
    assert fails(ec2.delete_network_acl, NetworkAclId=default) == (
        "InvalidParameterValue",
        f"cannot delete default network ACL {default}",
    )
    ec2.delete_subnet(SubnetId=subnet)
    ec2.delete_network_acl(NetworkAclId=acl)
    assert fails(ec2.describe_network_acls, NetworkAclIds=[acl]) == (
        "InvalidNetworkAclID.NotFound",
        f"The networkAcl ID '{acl}' does not exist",
    )


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("entry.rule-number", "100"),
        ("entry.port-range.from", "80"),
        ("entry.protocol", "6"),
        ("entry.rule-action", "allow"),
        ("default", "false"),
    ],
)
def test_filters_choose_acls(ec2, vpc, acl, name, value):
    ec2.create_network_acl_entry(NetworkAclId=acl, **RULE, **PORTS)
    filters = [
        {"Name": name, "Values": [value]},
        {"Name": "vpc-id", "Values": [vpc]},
        {"Name": "default", "Values": ["false"]},
    ]
    assert [found["NetworkAclId"] for found in ec2.describe_network_acls(Filters=filters)["NetworkAcls"]] == [acl]


def test_twenty_entries_are_the_most(ec2, fails, acl):
    for number in range(1, 21):
        ec2.create_network_acl_entry(NetworkAclId=acl, **{**RULE, "RuleNumber": number}, **PORTS)
    code, _ = fails(ec2.create_network_acl_entry, NetworkAclId=acl, **{**RULE, "RuleNumber": 21}, **PORTS)
    assert code == "NetworkAclEntryLimitExceeded"
