from __future__ import annotations

from typing import Any

import boto3
import pytest

from sundog import mock_aws


def ids(group: dict[str, Any]) -> list[str]:
    return [member["InstanceId"] for member in group["Instances"]]


def test_a_group_launches_what_it_wants_over_its_zones(ec2, asg, described):
    group = described(asg)
    assert group["DesiredCapacity"] == 2
    assert [member["LifecycleState"] for member in group["Instances"]] == ["InService", "InService"]
    assert {member["AvailabilityZone"] for member in group["Instances"]} == {"us-east-1a", "us-east-1b"}
    assert (group["HealthCheckType"], group["DefaultCooldown"]) == ("EC2", 300)
    assert group["TerminationPolicies"] == ["Default"]
    (reservation, *_) = ec2.describe_instances(InstanceIds=ids(group)[:1])["Reservations"]
    instance = reservation["Instances"][0]
    tags = {tag["Key"]: tag["Value"] for tag in instance["Tags"]}
    assert tags == {"aws:autoscaling:groupName": "asg", "team": "red"}
    assert instance["InstanceType"] == "t3.micro"


def test_its_size_follows_the_desired_capacity(autoscaling, ec2, asg, described):
    autoscaling.set_desired_capacity(AutoScalingGroupName=asg, DesiredCapacity=5)
    assert len(described(asg)["Instances"]) == 5
    autoscaling.set_desired_capacity(AutoScalingGroupName=asg, DesiredCapacity=1)
    assert len(described(asg)["Instances"]) == 1
    states = [i["State"]["Name"] for r in ec2.describe_instances()["Reservations"] for i in r["Instances"]]
    assert sorted(states) == ["running", "terminated", "terminated", "terminated", "terminated"]


@pytest.mark.parametrize(
    ("wanted", "message"),
    [
        (6, "New SetDesiredCapacity value 6 is above max value 5 for the AutoScalingGroup."),
        (0, "New SetDesiredCapacity value 0 is below min value 1 for the AutoScalingGroup."),
    ],
)
def test_the_desired_capacity_has_bounds(autoscaling, fails, asg, wanted, message):
    assert fails(autoscaling.set_desired_capacity, AutoScalingGroupName=asg, DesiredCapacity=wanted) == (
        "ValidationError",
        message,
    )


def test_an_update_changes_bounds_and_size(autoscaling, asg, described):
    autoscaling.update_auto_scaling_group(AutoScalingGroupName=asg, MinSize=3, DefaultCooldown=60)
    group = described(asg)
    assert (group["MinSize"], group["DesiredCapacity"], group["DefaultCooldown"]) == (3, 3, 60)
    assert len(group["Instances"]) == 3


def test_what_a_group_needs(autoscaling, fails, configuration):
    common = {"AutoScalingGroupName": "g", "MinSize": 0, "MaxSize": 1}
    assert fails(autoscaling.create_auto_scaling_group, **common, AvailabilityZones=["us-east-1a"]) == (
        "ValidationError",
        "Valid requests must contain either LaunchTemplate, LaunchConfigurationName, InstanceId or "
        "MixedInstancesPolicy parameter.",
    )
    assert fails(autoscaling.create_auto_scaling_group, **common, LaunchConfigurationName=configuration) == (
        "ValidationError",
        "At least one Availability Zone or VPC Subnet is required.",
    )
    _, message = fails(
        autoscaling.create_auto_scaling_group,
        **{**common, "MinSize": 2},
        LaunchConfigurationName=configuration,
        AvailabilityZones=["us-east-1a"],
    )
    assert message == "Max bound, 1, must be greater than or equal to min bound, 2"


def test_a_name_is_taken_once(autoscaling, fails, asg, configuration):
    code, _ = fails(
        autoscaling.create_auto_scaling_group,
        AutoScalingGroupName=asg,
        LaunchConfigurationName=configuration,
        MinSize=0,
        MaxSize=0,
        AvailabilityZones=["us-east-1a"],
    )
    assert code == "AlreadyExists"


def test_a_launch_template_of_a_group(autoscaling, ec2, described, subnets):
    ec2.create_launch_template(
        LaunchTemplateName="tpl", LaunchTemplateData={"ImageId": "ami-1234abcd", "InstanceType": "t3.small"}
    )
    autoscaling.create_auto_scaling_group(
        AutoScalingGroupName="g",
        LaunchTemplate={"LaunchTemplateName": "tpl", "Version": "$Latest"},
        MinSize=1,
        MaxSize=1,
        VPCZoneIdentifier=subnets[0],
    )
    group = described("g")
    assert group["LaunchTemplate"]["LaunchTemplateName"] == "tpl"
    assert group["LaunchTemplate"]["Version"] == "$Latest"
    (member,) = group["Instances"]
    assert member["InstanceType"] == "t3.small"
    assert member["LaunchTemplate"]["Version"] == "1"


def test_a_mixed_policy_takes_an_override(autoscaling, ec2, described, subnets):
    ec2.create_launch_template(LaunchTemplateName="tpl", LaunchTemplateData={"ImageId": "ami-1234abcd"})
    autoscaling.create_auto_scaling_group(
        AutoScalingGroupName="g",
        MixedInstancesPolicy={
            "LaunchTemplate": {
                "LaunchTemplateSpecification": {"LaunchTemplateName": "tpl"},
                "Overrides": [{"InstanceType": "t3.large"}],
            }
        },
        MinSize=1,
        MaxSize=1,
        VPCZoneIdentifier=subnets[0],
    )
    group = described("g")
    assert group["Instances"][0]["InstanceType"] == "t3.large"
    assert group["MixedInstancesPolicy"]["InstancesDistribution"]["OnDemandPercentageAboveBaseCapacity"] == 100


def test_a_missing_template_is_refused(autoscaling, fails, subnets):
    code, message = fails(
        autoscaling.create_auto_scaling_group,
        AutoScalingGroupName="g",
        LaunchTemplate={"LaunchTemplateName": "none"},
        MinSize=0,
        MaxSize=0,
        VPCZoneIdentifier=subnets[0],
    )
    assert code == "ValidationError"
    assert message.startswith("You must use a valid fully-formed launch template.")


def test_a_terminated_instance_is_replaced(autoscaling, ec2, asg, described):
    first, second = ids(described(asg))
    ec2.terminate_instances(InstanceIds=[first])
    group = described(asg)
    assert first not in ids(group)
    assert second in ids(group)
    assert len(ids(group)) == 2


def test_an_unhealthy_instance_is_replaced(autoscaling, asg, described):
    first, _ = ids(described(asg))
    autoscaling.set_instance_health(InstanceId=first, HealthStatus="Unhealthy")
    assert first not in ids(described(asg))


def test_suspended_processes_do_nothing(autoscaling, asg, described):
    autoscaling.suspend_processes(AutoScalingGroupName=asg, ScalingProcesses=["Launch"])
    autoscaling.set_desired_capacity(AutoScalingGroupName=asg, DesiredCapacity=4)
    group = described(asg)
    assert len(ids(group)) == 2
    assert [item["ProcessName"] for item in group["SuspendedProcesses"]] == ["Launch"]
    autoscaling.resume_processes(AutoScalingGroupName=asg)
    assert len(ids(described(asg))) == 4


def test_a_group_with_instances_is_deleted_by_force_only(autoscaling, ec2, fails, asg):
    assert fails(autoscaling.delete_auto_scaling_group, AutoScalingGroupName=asg) == (
        "ResourceInUse",
        "You cannot delete an AutoScalingGroup while there are instances or pending Spot instance request(s) still in "
        "the group.",
    )
    autoscaling.delete_auto_scaling_group(AutoScalingGroupName=asg, ForceDelete=True)
    assert autoscaling.describe_auto_scaling_groups()["AutoScalingGroups"] == []
    states = {i["State"]["Name"] for r in ec2.describe_instances()["Reservations"] for i in r["Instances"]}
    assert states == {"terminated"}


def test_a_missing_group_is_named(autoscaling, fails):
    assert fails(autoscaling.delete_auto_scaling_group, AutoScalingGroupName="none") == (
        "ValidationError",
        "AutoScalingGroup name not found - AutoScalingGroup 'none' not found",
    )


def test_a_used_configuration_stays(autoscaling, fails, asg, configuration):
    assert fails(autoscaling.delete_launch_configuration, LaunchConfigurationName=configuration) == (
        "ResourceInUse",
        "Cannot delete launch configuration lc because it is attached to AutoScalingGroup asg",
    )
    (shown,) = autoscaling.describe_launch_configurations()["LaunchConfigurations"]
    assert (shown["ImageId"], shown["InstanceType"]) == ("ami-1234abcd", "t3.micro")
    assert shown["InstanceMonitoring"] == {"Enabled": True}


def test_groups_are_found_by_tag(autoscaling, asg):
    def names(**item: Any) -> list[str]:
        found = autoscaling.describe_auto_scaling_groups(Filters=[item])["AutoScalingGroups"]
        return [group["AutoScalingGroupName"] for group in found]

    assert names(Name="tag:team", Values=["red"]) == ["asg"]
    assert names(Name="tag-key", Values=["nothing"]) == []
    autoscaling.create_or_update_tags(
        Tags=[{"ResourceId": asg, "ResourceType": "auto-scaling-group", "Key": "new", "Value": "1"}]
    )
    autoscaling.delete_tags(Tags=[{"ResourceId": asg, "ResourceType": "auto-scaling-group", "Key": "team"}])
    found = autoscaling.describe_tags(Filters=[{"Name": "auto-scaling-group", "Values": [asg]}])["Tags"]
    assert [tag["Key"] for tag in found] == ["new", "note"]


def test_activities_tell_what_happened_latest_first(autoscaling, asg, described):
    first, _ = ids(described(asg))
    autoscaling.terminate_instance_in_auto_scaling_group(InstanceId=first, ShouldDecrementDesiredCapacity=True)
    found = autoscaling.describe_scaling_activities(AutoScalingGroupName=asg)["Activities"]
    assert found[0]["Description"] == f"Terminating EC2 instance: {first}"
    assert [activity["StatusCode"] for activity in found] == ["Successful"] * 3
    assert described(asg)["DesiredCapacity"] == 1


def test_the_least_size_is_kept(autoscaling, fails, asg, described):
    autoscaling.set_desired_capacity(AutoScalingGroupName=asg, DesiredCapacity=1)
    (last,) = ids(described(asg))
    code, message = fails(
        autoscaling.terminate_instance_in_auto_scaling_group, InstanceId=last, ShouldDecrementDesiredCapacity=True
    )
    assert code == "ValidationError"
    assert message.startswith("Currently, desiredSize equals minSize (1).")


def test_instances_are_attached_and_detached(autoscaling, ec2, asg, described, instance):
    autoscaling.attach_instances(AutoScalingGroupName=asg, InstanceIds=[instance])
    group = described(asg)
    assert instance in ids(group)
    assert group["DesiredCapacity"] == 3
    autoscaling.detach_instances(AutoScalingGroupName=asg, InstanceIds=[instance], ShouldDecrementDesiredCapacity=False)
    group = described(asg)
    assert instance not in ids(group)
    assert len(ids(group)) == 3
    assert autoscaling.describe_auto_scaling_instances(InstanceIds=[instance])["AutoScalingInstances"] == []


def test_an_instance_on_standby_is_not_counted(autoscaling, asg, described):
    first, _ = ids(described(asg))
    answer = autoscaling.enter_standby(
        AutoScalingGroupName=asg, InstanceIds=[first], ShouldDecrementDesiredCapacity=True
    )
    assert answer["Activities"][0]["StatusCode"] == "InProgress"
    group = described(asg)
    assert group["DesiredCapacity"] == 1
    states = {member["InstanceId"]: member["LifecycleState"] for member in group["Instances"]}
    assert states[first] == "Standby"
    autoscaling.exit_standby(AutoScalingGroupName=asg, InstanceIds=[first])
    assert described(asg)["DesiredCapacity"] == 2


def test_a_protected_instance_is_not_chosen(autoscaling, asg, described):
    first, _ = ids(described(asg))
    autoscaling.set_instance_protection(AutoScalingGroupName=asg, InstanceIds=[first], ProtectedFromScaleIn=True)
    autoscaling.set_desired_capacity(AutoScalingGroupName=asg, DesiredCapacity=1)
    assert ids(described(asg)) == [first]


def test_target_groups_get_the_instances(autoscaling, elbv2, asg, group, listener, described):
    autoscaling.attach_load_balancer_target_groups(AutoScalingGroupName=asg, TargetGroupARNs=[group])

    def targets() -> set[str]:
        found = elbv2.describe_target_health(TargetGroupArn=group)["TargetHealthDescriptions"]
        return {item["Target"]["Id"] for item in found}

    assert targets() == set(ids(described(asg)))
    autoscaling.set_desired_capacity(AutoScalingGroupName=asg, DesiredCapacity=3)
    assert targets() == set(ids(described(asg)))
    assert len(targets()) == 3
    shown = autoscaling.describe_load_balancer_target_groups(AutoScalingGroupName=asg)["LoadBalancerTargetGroups"]
    assert [item["LoadBalancerTargetGroupARN"] for item in shown] == [group]
    autoscaling.detach_load_balancer_target_groups(AutoScalingGroupName=asg, TargetGroupARNs=[group])
    assert targets() == set()


def test_with_delays_instances_are_pending_then_in_service():
    with mock_aws(delays=True) as aws:
        autoscaling = boto3.client("autoscaling", "us-east-1")
        autoscaling.create_launch_configuration(
            LaunchConfigurationName="lc", ImageId="ami-1234abcd", InstanceType="t3.micro"
        )
        autoscaling.create_auto_scaling_group(
            AutoScalingGroupName="g",
            LaunchConfigurationName="lc",
            MinSize=1,
            MaxSize=1,
            AvailabilityZones=["us-east-1a"],
        )

        def state() -> str:
            found = autoscaling.describe_auto_scaling_groups()["AutoScalingGroups"][0]
            return found["Instances"][0]["LifecycleState"]

        assert state() == "Pending"
        aws.clock.advance(minutes=2)
        assert state() == "InService"
