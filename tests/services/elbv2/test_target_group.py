from __future__ import annotations

from typing import Any

import pytest


def health(elbv2, group: str, **options: Any) -> list[dict[str, Any]]:
    found = elbv2.describe_target_health(TargetGroupArn=group, **options)
    return [item["TargetHealth"] for item in found["TargetHealthDescriptions"]]


def test_a_group_has_http_defaults(elbv2, vpc, group):
    (shown,) = elbv2.describe_target_groups(Names=["servers"])["TargetGroups"]
    assert shown == {
        "TargetGroupArn": group,
        "TargetGroupName": "servers",
        "Protocol": "HTTP",
        "Port": 80,
        "VpcId": vpc,
        "HealthCheckProtocol": "HTTP",
        "HealthCheckPort": "traffic-port",
        "HealthCheckEnabled": True,
        "HealthCheckIntervalSeconds": 30,
        "HealthCheckTimeoutSeconds": 5,
        "HealthyThresholdCount": 5,
        "UnhealthyThresholdCount": 2,
        "HealthCheckPath": "/",
        "Matcher": {"HttpCode": "200"},
        "LoadBalancerArns": [],
        "TargetType": "instance",
        "ProtocolVersion": "HTTP1",
        "IpAddressType": "ipv4",
    }


def test_a_tcp_group_has_no_path(elbv2, vpc):
    made = elbv2.create_target_group(Name="tcp", Protocol="TCP", Port=1, VpcId=vpc)["TargetGroups"][0]
    assert "HealthCheckPath" not in made
    assert "Matcher" not in made
    assert made["HealthCheckTimeoutSeconds"] == 10


def test_a_lambda_group_needs_nothing(elbv2):
    made = elbv2.create_target_group(Name="code", TargetType="lambda")["TargetGroups"][0]
    assert made["HealthCheckEnabled"] is False
    assert made["HealthCheckIntervalSeconds"] == 35
    assert "Port" not in made


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"Port": 80, "VpcId": "vpc"}, "A protocol must be specified"),
        ({"Protocol": "HTTP", "VpcId": "vpc"}, "A port must be specified"),
        ({"Protocol": "HTTP", "Port": 80}, "A VPC ID must be specified"),
        ({"Protocol": "HTTP", "Port": 80, "VpcId": "vpc-12345678"}, "The VPC ID 'vpc-12345678' is not found"),
    ],
)
def test_what_a_group_needs(elbv2, fails, options, message):
    assert fails(elbv2.create_target_group, Name="g", **options) == ("ValidationError", message)


def test_a_name_with_other_settings_is_taken(elbv2, fails, group, vpc):
    same = elbv2.create_target_group(Name="servers", Protocol="HTTP", Port=80, VpcId=vpc)
    assert same["TargetGroups"][0]["TargetGroupArn"] == group
    code, message = fails(elbv2.create_target_group, Name="servers", Protocol="HTTP", Port=81, VpcId=vpc)
    assert code == "DuplicateTargetGroupName"
    assert message == "A target group with the same name 'servers' exists, but with different settings"


def test_a_target_is_unused_until_something_forwards_to_it(elbv2, group, instance, balancer):
    elbv2.register_targets(TargetGroupArn=group, Targets=[{"Id": instance}])
    assert health(elbv2, group) == [
        {
            "State": "unused",
            "Reason": "Target.NotInUse",
            "Description": "Target group is not configured to receive traffic from the load balancer",
        }
    ]
    elbv2.create_listener(
        LoadBalancerArn=balancer,
        Protocol="HTTP",
        Port=80,
        DefaultActions=[{"Type": "forward", "TargetGroupArn": group}],
    )
    assert health(elbv2, group) == [{"State": "healthy"}]
    elbv2.get_waiter("target_in_service").wait(TargetGroupArn=group)
    (shown,) = elbv2.describe_target_groups(LoadBalancerArn=balancer)["TargetGroups"]
    assert shown["LoadBalancerArns"] == [balancer]


def test_a_stopped_instance_is_unused(ec2, elbv2, group, listener, instance):
    elbv2.register_targets(TargetGroupArn=group, Targets=[{"Id": instance, "Port": 8080}])
    ec2.stop_instances(InstanceIds=[instance])
    assert health(elbv2, group) == [
        {"State": "unused", "Reason": "Target.InvalidState", "Description": "Target is in the stopped state"}
    ]


def test_only_running_instances_of_the_vpc_are_registered(ec2, elbv2, fails, group, instance):
    code, _ = fails(elbv2.register_targets, TargetGroupArn=group, Targets=[{"Id": "i-12345678"}])
    assert code == "InvalidTarget"
    ec2.stop_instances(InstanceIds=[instance])
    assert fails(elbv2.register_targets, TargetGroupArn=group, Targets=[{"Id": instance}]) == (
        "InvalidTarget",
        f"The following targets are not in a running state and cannot be registered: '{instance}'",
    )


def test_a_deregistered_target_is_not_listed(elbv2, group, listener, instance):
    elbv2.register_targets(TargetGroupArn=group, Targets=[{"Id": instance}, {"Id": instance, "Port": 81}])
    elbv2.deregister_targets(TargetGroupArn=group, Targets=[{"Id": instance, "Port": 81}])
    found = elbv2.describe_target_health(TargetGroupArn=group)["TargetHealthDescriptions"]
    assert [(item["Target"]["Port"], item["HealthCheckPort"]) for item in found] == [(80, "80")]
    elbv2.deregister_targets(TargetGroupArn=group, Targets=[{"Id": instance}])
    assert health(elbv2, group) == []
    assert health(elbv2, group, Targets=[{"Id": instance}])[0]["Reason"] == "Target.NotRegistered"


def test_addresses_must_be_in_the_vpc(elbv2, fails, vpc):
    group = elbv2.create_target_group(Name="ip", Protocol="HTTP", Port=80, VpcId=vpc, TargetType="ip")
    arn = group["TargetGroups"][0]["TargetGroupArn"]
    elbv2.register_targets(TargetGroupArn=arn, Targets=[{"Id": "172.31.0.9"}])
    elbv2.register_targets(TargetGroupArn=arn, Targets=[{"Id": "10.1.2.3", "AvailabilityZone": "all"}])
    assert fails(elbv2.register_targets, TargetGroupArn=arn, Targets=[{"Id": "x"}])[0] == "ValidationError"
    assert fails(elbv2.register_targets, TargetGroupArn=arn, Targets=[{"Id": "10.1.2.3"}])[0] == "ValidationError"


def test_health_checks_are_modified(elbv2, fails, group):
    elbv2.modify_target_group(TargetGroupArn=group, HealthCheckPath="/ok", Matcher={"HttpCode": "200-299"})
    (shown,) = elbv2.describe_target_groups(TargetGroupArns=[group])["TargetGroups"]
    assert (shown["HealthCheckPath"], shown["Matcher"]) == ("/ok", {"HttpCode": "200-299"})
    assert fails(elbv2.modify_target_group, TargetGroupArn=group, Matcher={"HttpCode": "600"}) == (
        "ValidationError",
        "Health check matcher HTTP code '600' must be within '200-499' inclusive",
    )


def test_group_attributes(elbv2, group):
    key = "stickiness.enabled"
    elbv2.modify_target_group_attributes(TargetGroupArn=group, Attributes=[{"Key": key, "Value": "true"}])
    found = elbv2.describe_target_group_attributes(TargetGroupArn=group)["Attributes"]
    values = {item["Key"]: item["Value"] for item in found}
    assert values[key] == "true"
    assert values["deregistration_delay.timeout_seconds"] == "300"


def test_with_delays_a_target_becomes_healthy_and_drains_by_the_clock():
    import boto3

    from sundog import mock_aws

    with mock_aws(delays=True) as aws:
        ec2, elbv2 = boto3.client("ec2", "us-east-1"), boto3.client("elbv2", "us-east-1")
        subnets = [subnet["SubnetId"] for subnet in ec2.describe_subnets()["Subnets"]]
        vpc = ec2.describe_vpcs()["Vpcs"][0]["VpcId"]
        group = elbv2.create_target_group(Name="g", Protocol="HTTP", Port=80, VpcId=vpc)["TargetGroups"][0]
        arn = group["TargetGroupArn"]
        balancer = elbv2.create_load_balancer(Name="b", Subnets=subnets)["LoadBalancers"][0]["LoadBalancerArn"]
        elbv2.create_listener(
            LoadBalancerArn=balancer,
            Protocol="HTTP",
            Port=80,
            DefaultActions=[{"Type": "forward", "TargetGroupArn": arn}],
        )
        made = ec2.run_instances(ImageId="ami-1234abcd", MinCount=1, MaxCount=1, SubnetId=subnets[0])
        instance = made["Instances"][0]["InstanceId"]
        aws.clock.advance(minutes=1)
        elbv2.register_targets(TargetGroupArn=arn, Targets=[{"Id": instance}])
        assert health(elbv2, arn)[0]["State"] == "initial"
        aws.clock.advance(minutes=1)
        assert health(elbv2, arn) == [{"State": "healthy"}]
        elbv2.deregister_targets(TargetGroupArn=arn, Targets=[{"Id": instance}])
        assert health(elbv2, arn)[0]["State"] == "draining"
        aws.clock.advance(minutes=6)
        assert health(elbv2, arn) == []
