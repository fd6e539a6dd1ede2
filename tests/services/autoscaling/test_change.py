from __future__ import annotations

import datetime
from typing import Any

import pytest

from sundog.services.autoscaling.cron import Cron

UTC = datetime.timezone.utc


def ids(group: dict[str, Any]) -> list[str]:
    return [member["InstanceId"] for member in group["Instances"]]


# -- hooks


def test_a_hook_holds_a_new_instance_until_it_is_let_go(autoscaling, asg, described):
    autoscaling.put_lifecycle_hook(
        AutoScalingGroupName=asg,
        LifecycleHookName="in",
        LifecycleTransition="autoscaling:EC2_INSTANCE_LAUNCHING",
        HeartbeatTimeout=60,
    )
    autoscaling.set_desired_capacity(AutoScalingGroupName=asg, DesiredCapacity=3)
    (held,) = [m["InstanceId"] for m in described(asg)["Instances"] if m["LifecycleState"] == "Pending:Wait"]
    autoscaling.complete_lifecycle_action(
        AutoScalingGroupName=asg, LifecycleHookName="in", InstanceId=held, LifecycleActionResult="CONTINUE"
    )
    assert [m["LifecycleState"] for m in described(asg)["Instances"]] == ["InService"] * 3


def test_a_hook_that_nobody_completes_abandons(aws, autoscaling, asg, described):
    autoscaling.put_lifecycle_hook(
        AutoScalingGroupName=asg,
        LifecycleHookName="out",
        LifecycleTransition="autoscaling:EC2_INSTANCE_TERMINATING",
        HeartbeatTimeout=60,
    )
    autoscaling.set_desired_capacity(AutoScalingGroupName=asg, DesiredCapacity=1)
    states = sorted(m["LifecycleState"] for m in described(asg)["Instances"])
    assert states == ["InService", "Terminating:Wait"]
    aws.clock.advance(seconds=30)
    assert len(ids(described(asg))) == 2
    aws.clock.advance(seconds=31)
    assert len(ids(described(asg))) == 1


def test_hooks_are_listed_and_deleted(autoscaling, fails, asg):
    assert fails(autoscaling.put_lifecycle_hook, AutoScalingGroupName=asg, LifecycleHookName="x")[0] == (
        "ValidationError"
    )
    autoscaling.put_lifecycle_hook(
        AutoScalingGroupName=asg,
        LifecycleHookName="x",
        LifecycleTransition="autoscaling:EC2_INSTANCE_LAUNCHING",
    )
    (hook,) = autoscaling.describe_lifecycle_hooks(AutoScalingGroupName=asg)["LifecycleHooks"]
    assert (hook["HeartbeatTimeout"], hook["GlobalTimeout"], hook["DefaultResult"]) == (3600, 172800, "ABANDON")
    autoscaling.delete_lifecycle_hook(AutoScalingGroupName=asg, LifecycleHookName="x")
    assert autoscaling.describe_lifecycle_hooks(AutoScalingGroupName=asg)["LifecycleHooks"] == []


# -- policies


@pytest.mark.parametrize(
    ("options", "wanted"),
    [
        ({"AdjustmentType": "ChangeInCapacity", "ScalingAdjustment": 2}, 4),
        ({"AdjustmentType": "ChangeInCapacity", "ScalingAdjustment": 20}, 5),
        ({"AdjustmentType": "ExactCapacity", "ScalingAdjustment": 3}, 3),
        ({"AdjustmentType": "PercentChangeInCapacity", "ScalingAdjustment": 10}, 3),
        ({"AdjustmentType": "PercentChangeInCapacity", "ScalingAdjustment": 10, "MinAdjustmentMagnitude": 2}, 4),
    ],
)
def test_a_simple_policy_changes_the_size(autoscaling, asg, described, options, wanted):
    autoscaling.put_scaling_policy(AutoScalingGroupName=asg, PolicyName="p", **options)
    autoscaling.execute_policy(AutoScalingGroupName=asg, PolicyName="p")
    assert len(ids(described(asg))) == wanted


def test_a_step_policy_goes_by_the_breach(autoscaling, asg, described):
    arn = autoscaling.put_scaling_policy(
        AutoScalingGroupName=asg,
        PolicyName="s",
        PolicyType="StepScaling",
        AdjustmentType="ChangeInCapacity",
        StepAdjustments=[
            {"MetricIntervalLowerBound": 0, "MetricIntervalUpperBound": 10, "ScalingAdjustment": 1},
            {"MetricIntervalLowerBound": 10, "ScalingAdjustment": 3},
        ],
    )["PolicyARN"]
    autoscaling.execute_policy(PolicyName=arn, MetricValue=55, BreachThreshold=50)
    assert len(ids(described(asg))) == 3
    autoscaling.execute_policy(PolicyName=arn, MetricValue=65, BreachThreshold=50)
    assert len(ids(described(asg))) == 5


def test_a_cooldown_is_honored(autoscaling, fails, asg, aws):
    autoscaling.put_scaling_policy(
        AutoScalingGroupName=asg, PolicyName="p", AdjustmentType="ChangeInCapacity", ScalingAdjustment=1, Cooldown=60
    )
    autoscaling.execute_policy(AutoScalingGroupName=asg, PolicyName="p", HonorCooldown=True)
    code, _ = fails(autoscaling.execute_policy, AutoScalingGroupName=asg, PolicyName="p", HonorCooldown=True)
    assert code == "ScalingActivityInProgress"
    aws.clock.advance(seconds=61)
    autoscaling.execute_policy(AutoScalingGroupName=asg, PolicyName="p", HonorCooldown=True)


def test_a_target_tracking_policy_has_two_alarms(autoscaling, asg, fails):
    answer = autoscaling.put_scaling_policy(
        AutoScalingGroupName=asg,
        PolicyName="t",
        PolicyType="TargetTrackingScaling",
        TargetTrackingConfiguration={
            "PredefinedMetricSpecification": {"PredefinedMetricType": "ASGAverageCPUUtilization"},
            "TargetValue": 50.0,
        },
    )
    assert len(answer["Alarms"]) == 2
    (shown,) = autoscaling.describe_policies(AutoScalingGroupName=asg, PolicyTypes=["TargetTrackingScaling"])[
        "ScalingPolicies"
    ]
    assert shown["Alarms"] == answer["Alarms"]
    assert shown["TargetTrackingConfiguration"]["DisableScaleIn"] is False
    autoscaling.delete_policy(AutoScalingGroupName=asg, PolicyName="t")
    assert autoscaling.describe_policies()["ScalingPolicies"] == []
    assert fails(autoscaling.delete_policy, AutoScalingGroupName=asg, PolicyName="t")[0] == "ValidationError"


# -- the clock


def test_a_scheduled_action_happens_once_and_is_gone(aws, autoscaling, asg, described):
    start = aws.clock.now() + datetime.timedelta(hours=1)
    autoscaling.put_scheduled_update_group_action(
        AutoScalingGroupName=asg, ScheduledActionName="grow", StartTime=start, MaxSize=6, DesiredCapacity=6
    )
    (shown,) = autoscaling.describe_scheduled_actions(AutoScalingGroupName=asg)["ScheduledUpdateGroupActions"]
    assert (shown["ScheduledActionName"], shown["DesiredCapacity"]) == ("grow", 6)
    aws.clock.advance(minutes=59)
    assert described(asg)["MaxSize"] == 5
    aws.clock.advance(minutes=2)
    group = described(asg)
    assert (group["MaxSize"], len(group["Instances"])) == (6, 6)
    assert autoscaling.describe_scheduled_actions()["ScheduledUpdateGroupActions"] == []


def test_a_recurring_action_comes_again(aws, autoscaling, asg, described):
    autoscaling.put_scheduled_update_group_action(
        AutoScalingGroupName=asg, ScheduledActionName="nightly", Recurrence="0 0 * * *", DesiredCapacity=4
    )
    for _ in range(2):
        aws.clock.advance(days=1)
        assert described(asg)["DesiredCapacity"] == 4
        autoscaling.set_desired_capacity(AutoScalingGroupName=asg, DesiredCapacity=1)
    assert len(autoscaling.describe_scheduled_actions()["ScheduledUpdateGroupActions"]) == 1


@pytest.mark.parametrize(
    ("text", "zone", "expected"),
    [
        ("30 2 * * *", None, datetime.datetime(2024, 2, 29, 2, 30, tzinfo=UTC)),
        ("0 0 1 1 *", None, datetime.datetime(2025, 1, 1, tzinfo=UTC)),
        ("*/15 0-1 * * mon", None, datetime.datetime(2024, 3, 4, tzinfo=UTC)),
        ("0 9 * * *", "Europe/Paris", datetime.datetime(2024, 2, 29, 8, tzinfo=UTC)),
        ("0 0 30 2 *", None, None),
    ],
)
def test_cron_finds_the_next_time(text, zone, expected):
    moment = datetime.datetime(2024, 2, 28, 12, tzinfo=UTC)
    assert Cron(text, zone).after(moment) == expected


@pytest.mark.parametrize("text", ["", "* * * *", "60 * * * *", "a * * * *", "*/0 * * * *"])
def test_cron_refuses_what_is_not_one(text):
    with pytest.raises(ValueError):
        Cron(text)


# -- refreshes and warm pools


def test_a_refresh_replaces_all_instances(autoscaling, ec2, asg, described):
    before = ids(described(asg))
    ec2.create_launch_template(
        LaunchTemplateName="tpl", LaunchTemplateData={"ImageId": "ami-1234abcd", "InstanceType": "t3.large"}
    )
    refresh = autoscaling.start_instance_refresh(
        AutoScalingGroupName=asg, DesiredConfiguration={"LaunchTemplate": {"LaunchTemplateName": "tpl"}}
    )["InstanceRefreshId"]
    (shown,) = autoscaling.describe_instance_refreshes(AutoScalingGroupName=asg)["InstanceRefreshes"]
    assert shown["InstanceRefreshId"] == refresh
    assert (shown["Status"], shown["PercentageComplete"], shown["InstancesToUpdate"]) == ("Successful", 100, 0)
    group = described(asg)
    assert not set(before) & set(ids(group))
    assert {member["InstanceType"] for member in group["Instances"]} == {"t3.large"}


def test_there_is_nothing_to_cancel(autoscaling, fails, asg):
    assert fails(autoscaling.cancel_instance_refresh, AutoScalingGroupName=asg)[0] == "ActiveInstanceRefreshNotFound"


def test_a_warm_pool_waits_stopped_and_is_used_first(autoscaling, ec2, asg, described):
    autoscaling.put_warm_pool(AutoScalingGroupName=asg, MinSize=1, MaxGroupPreparedCapacity=3)
    pool = autoscaling.describe_warm_pool(AutoScalingGroupName=asg)
    (waiting,) = pool["Instances"]
    assert waiting["LifecycleState"] == "Warmed:Stopped"
    assert len(ids(described(asg))) == 2
    autoscaling.set_desired_capacity(AutoScalingGroupName=asg, DesiredCapacity=3)
    assert waiting["InstanceId"] in ids(described(asg))
    state = ec2.describe_instances(InstanceIds=[waiting["InstanceId"]])["Reservations"][0]["Instances"][0]["State"]
    assert state["Name"] == "running"
    autoscaling.delete_warm_pool(AutoScalingGroupName=asg)
    assert autoscaling.describe_warm_pool(AutoScalingGroupName=asg)["Instances"] == []


# -- the rest


def test_topics_are_told_of_kinds(autoscaling, fails, asg):
    topic = "arn:aws:sns:us-east-1:123456789012:t"
    kinds = ["autoscaling:EC2_INSTANCE_LAUNCH", "autoscaling:EC2_INSTANCE_TERMINATE"]
    autoscaling.put_notification_configuration(AutoScalingGroupName=asg, TopicARN=topic, NotificationTypes=kinds)
    found = autoscaling.describe_notification_configurations()["NotificationConfigurations"]
    assert [item["NotificationType"] for item in found] == kinds
    autoscaling.delete_notification_configuration(AutoScalingGroupName=asg, TopicARN=topic)
    assert fails(autoscaling.delete_notification_configuration, AutoScalingGroupName=asg, TopicARN=topic)[0] == (
        "ValidationError"
    )


def test_metrics_are_collected_by_name(autoscaling, asg, described):
    autoscaling.enable_metrics_collection(AutoScalingGroupName=asg, Metrics=["GroupMinSize"], Granularity="1Minute")
    assert described(asg)["EnabledMetrics"] == [{"Metric": "GroupMinSize", "Granularity": "1Minute"}]
    autoscaling.disable_metrics_collection(AutoScalingGroupName=asg)
    assert described(asg)["EnabledMetrics"] == []


def test_types_and_limits_are_told(autoscaling, asg):
    assert {"ProcessName": "AZRebalance"} in autoscaling.describe_scaling_process_types()["Processes"]
    assert len(autoscaling.describe_adjustment_types()["AdjustmentTypes"]) == 3
    assert "OldestInstance" in autoscaling.describe_termination_policy_types()["TerminationPolicyTypes"]
    limits = autoscaling.describe_account_limits()
    assert (limits["NumberOfAutoScalingGroups"], limits["NumberOfLaunchConfigurations"]) == (1, 1)
    assert len(autoscaling.describe_lifecycle_hook_types()["LifecycleHookTypes"]) == 2
    assert len(autoscaling.describe_auto_scaling_notification_types()["AutoScalingNotificationTypes"]) == 5
    assert autoscaling.describe_metric_collection_types()["Granularities"] == [{"Granularity": "1Minute"}]
