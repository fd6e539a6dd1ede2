from __future__ import annotations

import pytest

from sundog import mock_aws


def test_an_application_load_balancer_is_provisioning_then_active(elbv2, subnets, vpc):
    (made,) = elbv2.create_load_balancer(Name="front", Subnets=subnets)["LoadBalancers"]
    assert made["State"] == {"Code": "provisioning"}
    assert made["Scheme"] == "internet-facing"
    assert made["Type"] == "application"
    assert made["VpcId"] == vpc
    assert made["CanonicalHostedZoneId"] == "Z35SXDOTRQ7X7K"
    assert made["DNSName"].startswith("front-")
    assert made["DNSName"].endswith(".us-east-1.elb.amazonaws.com")
    assert ":loadbalancer/app/front/" in made["LoadBalancerArn"]
    assert {zone["SubnetId"] for zone in made["AvailabilityZones"]} == set(subnets)
    (shown,) = elbv2.describe_load_balancers(Names=["front"])["LoadBalancers"]
    assert shown["State"] == {"Code": "active"}
    assert shown["SecurityGroups"] == made["SecurityGroups"]


def test_a_network_load_balancer_needs_one_subnet_and_no_group(elbv2, subnets):
    (made,) = elbv2.create_load_balancer(Name="net", Type="network", Subnets=subnets[:1])["LoadBalancers"]
    assert ":loadbalancer/net/net/" in made["LoadBalancerArn"]
    assert "SecurityGroups" not in made
    assert made["DNSName"].endswith(".elb.us-east-1.amazonaws.com")


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("x" * 33, f"The load balancer name '{'x' * 33}' cannot be longer than '32' characters"),
        (
            "a_b",
            "The load balancer name 'a_b' can only contain characters that are alphanumeric characters and hyphens(-)",
        ),
        ("-a", "The load balancer name '-a' cannot begin or end with a hyphen(-)"),
        ("internal-a", "The load balancer name 'internal-a' cannot begin with 'internal-'"),
    ],
)
def test_names_have_rules(elbv2, fails, subnets, name, message):
    assert fails(elbv2.create_load_balancer, Name=name, Subnets=subnets) == ("ValidationError", message)


def test_one_zone_is_not_enough(elbv2, fails, subnets):
    assert fails(elbv2.create_load_balancer, Name="front", Subnets=subnets[:1]) == (
        "ValidationError",
        "At least two subnets in two different Availability Zones must be specified",
    )


def test_a_missing_subnet_is_named(elbv2, fails, subnets):
    code, message = fails(elbv2.create_load_balancer, Name="front", Subnets=[subnets[0], "subnet-12345678"])
    assert (code, message) == ("SubnetNotFound", "The subnet ID 'subnet-12345678' does not exist")


def test_the_same_request_finds_what_it_made_and_another_fails(elbv2, fails, subnets):
    first = elbv2.create_load_balancer(Name="front", Subnets=subnets)["LoadBalancers"][0]["LoadBalancerArn"]
    again = elbv2.create_load_balancer(Name="front", Subnets=subnets)["LoadBalancers"][0]["LoadBalancerArn"]
    assert first == again
    code, message = fails(elbv2.create_load_balancer, Name="front", Subnets=subnets, Scheme="internal")
    assert code == "DuplicateLoadBalancerName"
    assert message == "A load balancer with the same name 'front' exists, but with different settings"


def test_what_faces_the_internet_needs_a_gateway(ec2, elbv2, fails):
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    subnets = [
        ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.0.{place}.0/24", AvailabilityZone=f"us-east-1{zone}")["Subnet"][
            "SubnetId"
        ]
        for place, zone in enumerate("ab")
    ]
    assert fails(elbv2.create_load_balancer, Name="out", Subnets=subnets) == (
        "InvalidSubnet",
        f"VPC {vpc} has no internet gateway",
    )
    made = elbv2.create_load_balancer(Name="in", Subnets=subnets, Scheme="internal")["LoadBalancers"][0]
    assert made["DNSName"].startswith("internal-in-")


def test_its_interfaces_keep_a_subnet_until_it_is_gone(ec2, elbv2, fails, balancer, subnets):
    assert fails(ec2.delete_subnet, SubnetId=subnets[0])[0] == "DependencyViolation"
    elbv2.delete_load_balancer(LoadBalancerArn=balancer)
    ec2.delete_subnet(SubnetId=subnets[0])
    assert fails(elbv2.describe_load_balancers, Names=["front"]) == (
        "LoadBalancerNotFound",
        "Load balancers '[front]' not found",
    )


def test_deletion_protection_protects(elbv2, fails, balancer):
    elbv2.modify_load_balancer_attributes(
        LoadBalancerArn=balancer, Attributes=[{"Key": "deletion_protection.enabled", "Value": "true"}]
    )
    assert fails(elbv2.delete_load_balancer, LoadBalancerArn=balancer) == (
        "OperationNotPermitted",
        f"Load balancer '{balancer}' cannot be deleted because deletion protection is enabled",
    )


def test_attributes_have_defaults_and_known_names(elbv2, fails, balancer):
    found = elbv2.describe_load_balancer_attributes(LoadBalancerArn=balancer)["Attributes"]
    values = {item["Key"]: item["Value"] for item in found}
    assert values["idle_timeout.timeout_seconds"] == "60"
    assert values["routing.http2.enabled"] == "true"
    code, message = fails(
        elbv2.modify_load_balancer_attributes, LoadBalancerArn=balancer, Attributes=[{"Key": "no", "Value": "1"}]
    )
    assert (code, message) == ("ValidationError", "Load balancer attribute key 'no' is not recognized")


def test_groups_and_subnets_are_set_anew(ec2, elbv2, balancer, subnets, vpc):
    group = ec2.create_security_group(GroupName="web", Description="web", VpcId=vpc)["GroupId"]
    answer = elbv2.set_security_groups(LoadBalancerArn=balancer, SecurityGroups=[group])
    assert answer["SecurityGroupIds"] == [group]
    others = [subnet["SubnetId"] for subnet in ec2.describe_subnets()["Subnets"]][2:4]
    elbv2.set_subnets(LoadBalancerArn=balancer, Subnets=others)
    (shown,) = elbv2.describe_load_balancers(LoadBalancerArns=[balancer])["LoadBalancers"]
    assert {zone["SubnetId"] for zone in shown["AvailabilityZones"]} == set(others)
    assert shown["SecurityGroups"] == [group]
    ec2.delete_subnet(SubnetId=subnets[0])


def test_with_delays_it_takes_a_minute():
    import boto3

    with mock_aws(delays=True) as aws:
        ec2 = boto3.client("ec2", "us-east-1")
        elbv2 = boto3.client("elbv2", "us-east-1")
        subnets = [subnet["SubnetId"] for subnet in ec2.describe_subnets()["Subnets"]][:2]
        elbv2.create_load_balancer(Name="slow", Subnets=subnets)
        assert elbv2.describe_load_balancers()["LoadBalancers"][0]["State"]["Code"] == "provisioning"
        aws.clock.advance(minutes=2)
        assert elbv2.describe_load_balancers()["LoadBalancers"][0]["State"]["Code"] == "active"


def test_tags_come_with_it_and_change(elbv2, fails, subnets):
    arn = elbv2.create_load_balancer(Name="t", Subnets=subnets, Tags=[{"Key": "a", "Value": "1"}])["LoadBalancers"][0][
        "LoadBalancerArn"
    ]
    elbv2.add_tags(ResourceArns=[arn], Tags=[{"Key": "b", "Value": "2"}])
    elbv2.remove_tags(ResourceArns=[arn], TagKeys=["a"])
    (shown,) = elbv2.describe_tags(ResourceArns=[arn])["TagDescriptions"]
    assert shown == {"ResourceArn": arn, "Tags": [{"Key": "b", "Value": "2"}]}
    code, _ = fails(elbv2.add_tags, ResourceArns=[arn], Tags=[{"Key": "a", "Value": "1"}, {"Key": "a", "Value": "2"}])
    assert code == "DuplicateTagKeys"


def test_limits_and_policies_are_told(elbv2, fails):
    assert {"Name": "target-groups", "Max": "3000"} in elbv2.describe_account_limits()["Limits"]
    (policy,) = elbv2.describe_ssl_policies(Names=["ELBSecurityPolicy-TLS13-1-3-2021-06"])["SslPolicies"]
    assert policy["SslProtocols"] == ["TLSv1.3"]
    assert fails(elbv2.describe_ssl_policies, Names=["x"])[0] == "SSLPolicyNotFound"
