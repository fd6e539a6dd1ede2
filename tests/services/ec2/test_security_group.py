from __future__ import annotations

import boto3
import pytest

MISSING = "sg-0123456789abcdef0"


@pytest.fixture
def group(ec2, vpc):
    return ec2.create_security_group(VpcId=vpc, GroupName="web", Description="the web")["GroupId"]


def shown(ec2, group):
    return ec2.describe_security_groups(GroupIds=[group])["SecurityGroups"][0]


def tcp(port, **peers):
    return {"IpProtocol": "tcp", "FromPort": port, "ToPort": port, **peers}


ANY = [{"CidrIp": "0.0.0.0/0"}]


def test_a_new_group_lets_everything_out_and_nothing_in(ec2, vpc):
    made = ec2.create_security_group(VpcId=vpc, GroupName="web", Description="the web")
    assert made["SecurityGroupArn"] == f"arn:aws:ec2:us-east-1:123456789012:security-group/{made['GroupId']}"
    assert "Tags" not in made
    assert shown(ec2, made["GroupId"]) == {
        "GroupId": made["GroupId"],
        "SecurityGroupArn": made["SecurityGroupArn"],
        "GroupName": "web",
        "Description": "the web",
        "VpcId": vpc,
        "OwnerId": "123456789012",
        "IpPermissions": [],
        "IpPermissionsEgress": [
            {"IpProtocol": "-1", "IpRanges": ANY, "Ipv6Ranges": [], "PrefixListIds": [], "UserIdGroupPairs": []}
        ],
    }


def test_a_name_is_given_once_in_a_vpc(ec2, fails, vpc, group):
    found = fails(ec2.create_security_group, VpcId=vpc, GroupName="web", Description="x")
    assert found == ("InvalidGroup.Duplicate", f"The security group 'web' already exists for VPC '{vpc}'")
    ec2.create_security_group(GroupName="web", Description="of the default VPC")


@pytest.mark.parametrize(
    ("name", "description", "code", "message"),
    [
        ("default", "x", "InvalidParameterValue", "Cannot use reserved security group name: default"),
        (
            "sg-web",
            "x",
            "InvalidParameterValue",
            "Invalid value 'sg-web' for groupName. Group names may not be in the format sg-*.",
        ),
        (
            "wéb",
            "x",
            "InvalidParameterValue",
            "Value (wéb) for parameter GroupName is invalid. Character sets beyond ASCII are not supported.",
        ),
        ("web", "", "MissingParameter", "The request must contain the parameter GroupDescription"),
    ],
)
def test_bad_names_are_refused(ec2, fails, vpc, name, description, code, message):
    found = fails(ec2.create_security_group, VpcId=vpc, GroupName=name, Description=description)
    assert found == (code, message)


def test_ids_may_be_malformed_or_missing(ec2, fails):
    assert fails(ec2.describe_security_groups, GroupIds=["web"]) == (
        "InvalidGroupId.Malformed",
        'Invalid id: "web" (expecting "sg-...")',
    )
    wanted = ("InvalidGroup.NotFound", f"The security group '{MISSING}' does not exist")
    assert fails(ec2.describe_security_groups, GroupIds=[MISSING]) == wanted
    assert fails(ec2.delete_security_group, GroupId=MISSING) == wanted


def test_names_are_those_of_the_default_vpc(ec2, fails, group):
    vpc = ec2.describe_vpcs(Filters=[{"Name": "is-default", "Values": ["true"]}])["Vpcs"][0]["VpcId"]
    assert fails(ec2.describe_security_groups, GroupNames=["web"]) == (
        "InvalidGroup.NotFound",
        f"The security group 'web' does not exist in default VPC '{vpc}'",
    )
    made = ec2.create_security_group(GroupName="web", Description="x")["GroupId"]
    (found,) = ec2.describe_security_groups(GroupNames=["web"])["SecurityGroups"]
    assert found["GroupId"] == made
    answer = ec2.delete_security_group(GroupName="web")
    assert (answer["Return"], answer["GroupId"]) == (True, made)


def test_the_default_group_stays(ec2, fails, vpc):
    (group,) = ec2.describe_security_groups(Filters=[{"Name": "vpc-id", "Values": [vpc]}])["SecurityGroups"]
    code, message = fails(ec2.delete_security_group, GroupId=group["GroupId"])
    assert code == "CannotDelete"
    assert message == f'the specified group: "{group["GroupId"]}" name: "default" cannot be deleted by a user'


def test_a_group_in_use_stays(ec2, fails, subnet, group):
    eni = ec2.create_network_interface(SubnetId=subnet, Groups=[group])["NetworkInterface"]["NetworkInterfaceId"]
    wanted = ("DependencyViolation", f"resource {group} has a dependent object")
    assert fails(ec2.delete_security_group, GroupId=group) == wanted
    ec2.delete_network_interface(NetworkInterfaceId=eni)
    ec2.delete_security_group(GroupId=group)


def test_a_group_that_another_names_stays(ec2, fails, vpc, group):
    other = ec2.create_security_group(VpcId=vpc, GroupName="db", Description="x")["GroupId"]
    permission = tcp(5432, UserIdGroupPairs=[{"GroupId": group}])
    ec2.authorize_security_group_ingress(GroupId=other, IpPermissions=[permission])
    assert fails(ec2.delete_security_group, GroupId=group)[0] == "DependencyViolation"
    ec2.delete_security_group(GroupId=other)
    ec2.delete_security_group(GroupId=group)


def test_rules_are_shown_by_ports_and_as_resources(ec2, group):
    answer = ec2.authorize_security_group_ingress(
        GroupId=group,
        IpPermissions=[
            tcp(22, IpRanges=[{"CidrIp": "10.0.0.7/8", "Description": "inside"}, *ANY]),
            tcp(22, Ipv6Ranges=[{"CidrIpv6": "2001:DB8::/32"}]),
            {"IpProtocol": "1", "IpRanges": ANY},
            {"IpProtocol": "-1", "UserIdGroupPairs": [{"GroupId": group}]},
        ],
    )
    assert answer["Return"] is True
    first = answer["SecurityGroupRules"][0]
    rule_id = first["SecurityGroupRuleId"]
    assert first == {
        "SecurityGroupRuleId": first["SecurityGroupRuleId"],
        "GroupId": group,
        "GroupOwnerId": "123456789012",
        "IsEgress": False,
        "IpProtocol": "tcp",
        "FromPort": 22,
        "ToPort": 22,
        "CidrIpv4": "10.0.0.0/8",
        "Description": "inside",
        "Tags": [],
        "SecurityGroupRuleArn": f"arn:aws:ec2:us-east-1:123456789012:security-group-rule/{rule_id}",
    }
    assert shown(ec2, group)["IpPermissions"] == [
        tcp(
            22,
            IpRanges=[{"CidrIp": "10.0.0.0/8", "Description": "inside"}, *ANY],
            Ipv6Ranges=[{"CidrIpv6": "2001:db8::/32"}],
            PrefixListIds=[],
            UserIdGroupPairs=[],
        ),
        {
            "IpProtocol": "icmp",
            "FromPort": -1,
            "ToPort": -1,
            "IpRanges": ANY,
            "Ipv6Ranges": [],
            "PrefixListIds": [],
            "UserIdGroupPairs": [],
        },
        {
            "IpProtocol": "-1",
            "IpRanges": [],
            "Ipv6Ranges": [],
            "PrefixListIds": [],
            "UserIdGroupPairs": [{"GroupId": group, "UserId": "123456789012"}],
        },
    ]
    rules = ec2.describe_security_group_rules(Filters=[{"Name": "group-id", "Values": [group]}])["SecurityGroupRules"]
    assert len(rules) == 6
    last = rules[-1]
    assert (last["FromPort"], last["ToPort"]) == (-1, -1)
    assert last["ReferencedGroupInfo"] == {"GroupId": group, "UserId": "123456789012"}


def test_the_flat_form_of_ec2_classic_still_works(ec2, group):
    flat = {"GroupId": group, "IpProtocol": "tcp", "FromPort": 80, "ToPort": 90, "CidrIp": "1.2.3.4/32"}
    ec2.authorize_security_group_ingress(**flat)
    (permission,) = shown(ec2, group)["IpPermissions"]
    assert (permission["FromPort"], permission["ToPort"]) == (80, 90)
    assert permission["IpRanges"] == [{"CidrIp": "1.2.3.4/32"}]
    ec2.revoke_security_group_ingress(**flat)
    assert shown(ec2, group)["IpPermissions"] == []


def test_a_source_group_may_be_named_in_the_default_vpc(ec2):
    group = ec2.create_security_group(GroupName="web", Description="x")["GroupId"]
    ec2.authorize_security_group_ingress(GroupName="web", SourceSecurityGroupName="default")
    permissions = shown(ec2, group)["IpPermissions"]
    assert [(each["IpProtocol"], each["FromPort"], each["ToPort"]) for each in permissions] == [
        ("tcp", 0, 65535),
        ("udp", 0, 65535),
        ("icmp", -1, -1),
    ]


@pytest.mark.parametrize(
    ("permission", "text"),
    [
        (tcp(22, IpRanges=ANY), "peer: 0.0.0.0/0, TCP, from port: 22, to port: 22, ALLOW"),
        ({"IpProtocol": "-1", "IpRanges": ANY}, "peer: 0.0.0.0/0, ALL, ALLOW"),
        (
            {"IpProtocol": "udp", "FromPort": 1, "ToPort": 2, "Ipv6Ranges": [{"CidrIpv6": "::/0"}]},
            "peer: ::/0, UDP, from port: 1, to port: 2, ALLOW",
        ),
    ],
)
def test_a_rule_is_there_once(ec2, fails, group, permission, text):
    ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[permission])
    found = fails(ec2.authorize_security_group_ingress, GroupId=group, IpPermissions=[permission])
    assert found == ("InvalidPermission.Duplicate", f'the specified rule "{text}" already exists')


def test_a_refused_rule_leaves_none_of_its_request(ec2, fails, group):
    permissions = [tcp(22, IpRanges=ANY), tcp(23, IpRanges=[{"CidrIp": "1.2.3.4/33"}])]
    found = fails(ec2.authorize_security_group_ingress, GroupId=group, IpPermissions=permissions)
    assert found == ("InvalidParameterValue", "CIDR block 1.2.3.4/33 is malformed")
    assert shown(ec2, group)["IpPermissions"] == []


@pytest.mark.parametrize(
    ("permission", "code", "message"),
    [
        (
            {"IpProtocol": "ipx", "IpRanges": ANY},
            "InvalidParameterValue",
            "Invalid value 'ipx' for IP protocol. Unknown protocol.",
        ),
        (
            {"IpProtocol": "tcp", "FromPort": 90, "ToPort": 80, "IpRanges": ANY},
            "InvalidParameterValue",
            "Invalid TCP/UDP port range (90:80)",
        ),
        (
            {"IpProtocol": "tcp", "IpRanges": ANY},
            "InvalidParameterValue",
            "Invalid value 'Must specify both from and to ports with TCP/UDP.' for portRange.",
        ),
        (
            tcp(1, UserIdGroupPairs=[{"GroupId": MISSING}]),
            "InvalidGroup.NotFound",
            f"The security group '{MISSING}' does not exist",
        ),
    ],
)
def test_bad_rules_are_refused(ec2, fails, group, permission, code, message):
    found = fails(ec2.authorize_security_group_ingress, GroupId=group, IpPermissions=[permission])
    assert found == (code, message)


def test_a_group_of_another_network_is_refused(ec2, fails, group):
    other = ec2.create_security_group(GroupName="far", Description="of the default VPC")["GroupId"]
    permission = tcp(1, UserIdGroupPairs=[{"GroupId": other}])
    found = fails(ec2.authorize_security_group_ingress, GroupId=group, IpPermissions=[permission])
    assert found == (
        "InvalidGroup.NotFound",
        "You have specified two resources that belong to different networks.",
    )


def test_rules_are_revoked_by_what_they_say_or_by_id(ec2, group):
    made = ec2.authorize_security_group_ingress(
        GroupId=group, IpPermissions=[tcp(22, IpRanges=[*ANY, {"CidrIp": "10.0.0.0/8"}])]
    )["SecurityGroupRules"]
    ec2.revoke_security_group_ingress(GroupId=group, IpPermissions=[tcp(22, IpRanges=ANY)])
    assert shown(ec2, group)["IpPermissions"][0]["IpRanges"] == [{"CidrIp": "10.0.0.0/8"}]
    answer = ec2.revoke_security_group_ingress(GroupId=group, SecurityGroupRuleIds=[made[1]["SecurityGroupRuleId"]])
    assert answer["RevokedSecurityGroupRules"][0]["CidrIpv4"] == "10.0.0.0/8"
    assert shown(ec2, group)["IpPermissions"] == []


def test_revoking_an_unknown_rule_fails_but_in_the_default_vpc(ec2, fails, group):
    unknown = [tcp(22, IpRanges=ANY)]
    assert fails(ec2.revoke_security_group_ingress, GroupId=group, IpPermissions=unknown) == (
        "InvalidPermission.NotFound",
        "The specified rule does not exist in this security group.",
    )
    other = ec2.create_security_group(GroupName="web", Description="x")["GroupId"]
    answer = ec2.revoke_security_group_ingress(GroupId=other, IpPermissions=unknown)
    assert answer["Return"] is True
    assert answer["UnknownIpPermissions"][0]["IpRanges"] == ANY


def test_egress_has_rules_of_its_own(ec2, group):
    ec2.revoke_security_group_egress(GroupId=group, IpPermissions=[{"IpProtocol": "-1", "IpRanges": ANY}])
    assert shown(ec2, group)["IpPermissionsEgress"] == []
    (rule,) = ec2.authorize_security_group_egress(GroupId=group, IpPermissions=[tcp(443, IpRanges=ANY)])[
        "SecurityGroupRules"
    ]
    assert rule["IsEgress"] is True
    assert shown(ec2, group)["IpPermissions"] == []


def test_sixty_rules_are_the_most(ec2, fails, group):
    permissions = [tcp(port, IpRanges=ANY) for port in range(1, 62)]
    found = fails(ec2.authorize_security_group_ingress, GroupId=group, IpPermissions=permissions)
    assert found == (
        "RulesPerSecurityGroupLimitExceeded",
        "The maximum number of rules per security group has been reached.",
    )
    ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=permissions[:60])
    assert len(shown(ec2, group)["IpPermissions"]) == 60


def test_rules_are_modified_in_place(ec2, fails, group):
    (rule,) = ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[tcp(22, IpRanges=ANY)])[
        "SecurityGroupRules"
    ]
    rule_id = rule["SecurityGroupRuleId"]
    wanted = {"IpProtocol": "udp", "FromPort": 53, "ToPort": 53, "CidrIpv4": "10.0.0.0/8", "Description": "dns"}
    ec2.modify_security_group_rules(
        GroupId=group, SecurityGroupRules=[{"SecurityGroupRuleId": rule_id, "SecurityGroupRule": wanted}]
    )
    (found,) = ec2.describe_security_group_rules(SecurityGroupRuleIds=[rule_id])["SecurityGroupRules"]
    assert {name: found[name] for name in wanted} == wanted
    missing = "sgr-0123456789abcdef0"
    assert fails(ec2.describe_security_group_rules, SecurityGroupRuleIds=[missing]) == (
        "InvalidSecurityGroupRuleId.NotFound",
        f"The security group rule ID '{missing}' does not exist",
    )


def test_rules_are_described_anew(ec2, fails, group):
    ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[tcp(22, IpRanges=ANY)])
    described = tcp(22, IpRanges=[{"CidrIp": "0.0.0.0/0", "Description": "ssh"}])
    ec2.update_security_group_rule_descriptions_ingress(GroupId=group, IpPermissions=[described])
    assert shown(ec2, group)["IpPermissions"][0]["IpRanges"] == described["IpRanges"]
    other = tcp(23, IpRanges=ANY)
    code, _ = fails(ec2.update_security_group_rule_descriptions_ingress, GroupId=group, IpPermissions=[other])
    assert code == "InvalidPermission.NotFound"


def test_rules_bear_tags(ec2, group):
    tags = [{"ResourceType": "security-group-rule", "Tags": [{"Key": "why", "Value": "ssh"}]}]
    (rule,) = ec2.authorize_security_group_ingress(
        GroupId=group, IpPermissions=[tcp(22, IpRanges=ANY)], TagSpecifications=tags
    )["SecurityGroupRules"]
    assert rule["Tags"] == [{"Key": "why", "Value": "ssh"}]
    found = ec2.describe_security_group_rules(Filters=[{"Name": "tag:why", "Values": ["ssh"]}])["SecurityGroupRules"]
    assert [each["SecurityGroupRuleId"] for each in found] == [rule["SecurityGroupRuleId"]]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("ip-permission.cidr", "1.2.3.0/24"),
        ("ip-permission.from-port", "22"),
        ("ip-permission.protocol", "tcp"),
        ("ip-permission.group-name", "we*"),
        ("ip-permission.group-id", "{group}"),
        ("ip-permission.user-id", "123456789012"),
        ("egress.ip-permission.to-port", "443"),
        ("description", "the web"),
        ("group-name", "web"),
    ],
)
def test_filters_choose_groups(ec2, vpc, group, name, value):
    permission = tcp(22, IpRanges=[{"CidrIp": "1.2.3.0/24"}], UserIdGroupPairs=[{"GroupId": group}])
    ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[permission])
    ec2.authorize_security_group_egress(GroupId=group, IpPermissions=[tcp(443, IpRanges=ANY)])
    ec2.create_security_group(VpcId=vpc, GroupName="other", Description="y")
    filters = [{"Name": "vpc-id", "Values": [vpc]}, {"Name": name, "Values": [value.format(group=group)]}]
    found = ec2.describe_security_groups(Filters=filters)["SecurityGroups"]
    assert group in [each["GroupId"] for each in found]
    assert "other" not in [each["GroupName"] for each in found]


def test_groups_may_be_used_in_associated_vpcs(ec2, vpc, group):
    other = ec2.create_vpc(CidrBlock="10.9.0.0/16")["Vpc"]["VpcId"]
    assert ec2.associate_security_group_vpc(GroupId=group, VpcId=other)["State"] == "associating"
    found = ec2.get_security_groups_for_vpc(VpcId=other)["SecurityGroupForVpcs"]
    assert [(each["GroupName"], each["PrimaryVpcId"]) for each in found] == [("web", vpc), ("default", other)]
    subnet = ec2.create_subnet(VpcId=other, CidrBlock="10.9.0.0/24")["Subnet"]["SubnetId"]
    eni = ec2.create_network_interface(SubnetId=subnet, Groups=[group])["NetworkInterface"]
    assert eni["Groups"] == [{"GroupId": group, "GroupName": "web"}]


def test_regions_have_groups_of_their_own(ec2, group):
    other = boto3.client("ec2", "eu-west-1")
    assert group not in [each["GroupId"] for each in other.describe_security_groups()["SecurityGroups"]]


def test_the_resource_interface_reads_rules(aws, vpc):
    made = boto3.resource("ec2", "us-east-1").create_security_group(VpcId=vpc, GroupName="res", Description="x")
    made.authorize_ingress(IpProtocol="tcp", FromPort=1, ToPort=2, CidrIp="0.0.0.0/0")
    made.reload()
    assert made.ip_permissions[0]["ToPort"] == 2
    assert made.tags is None
