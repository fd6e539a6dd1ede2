"""Launch configurations."""

from __future__ import annotations

from typing import Any

from sundog.api import autoscaling as api
from sundog.core import AwsError, Tx, op, rows_of
from sundog.core.structure import plain
from sundog.services.autoscaling.state import Group, LaunchConfiguration, invalid

NEEDS = "Valid requests must contain either the InstanceID parameter or both the ImageId and InstanceType parameters."


def _shown(row: LaunchConfiguration) -> dict[str, Any]:
    return {
        "LaunchConfigurationName": row.launch_configuration_name,
        "LaunchConfigurationARN": row.launch_configuration_arn,
        "CreatedTime": row.created_time,
        **row.settings,
    }


def settings_of_instance(tx: Tx, instance_id: str) -> dict[str, Any]:
    """What an instance was launched with, for a configuration that launches more like it."""
    try:
        row = tx.call("ec2", "DescribeInstances", instance_ids=[instance_id]).reservations[0].instances[0]
    except AwsError:
        raise invalid(f"The instance {instance_id} does not exist") from None
    found: dict[str, Any] = {
        "ImageId": row.image_id,
        "InstanceType": row.instance_type,
        "KeyName": row.key_name,
        "SecurityGroups": [group.group_id for group in row.security_groups or ()],
        "KernelId": row.kernel_id,
        "RamdiskId": row.ramdisk_id,
        "EbsOptimized": bool(row.ebs_optimized),
    }
    if row.iam_instance_profile is not None:
        found["IamInstanceProfile"] = row.iam_instance_profile.arn
    return {name: value for name, value in found.items() if value is not None}


@op
def create_launch_configuration(tx: Tx, req: api.CreateLaunchConfigurationType) -> None:
    """Keep what a group launches under a name."""
    name = req.launch_configuration_name
    if tx.find(LaunchConfiguration, name) is not None:
        raise api.AlreadyExistsFault(
            "Launch Configuration by this name already exists - A launch configuration already exists with the name "
            + name
        )
    given = plain(req)
    given.pop("LaunchConfigurationName")
    instance_id = given.pop("InstanceId", None)
    if instance_id is not None:
        given = {**settings_of_instance(tx, instance_id), **given}
    if not given.get("ImageId"):
        raise invalid(NEEDS)
    if not given.get("InstanceType"):
        raise invalid(NEEDS)
    _check_key(tx, given.get("KeyName"))
    settings = {
        "KeyName": "",
        "SecurityGroups": [],
        "ClassicLinkVPCSecurityGroups": [],
        "UserData": "",
        "KernelId": "",
        "RamdiskId": "",
        "BlockDeviceMappings": [],
        "InstanceMonitoring": {"Enabled": True},
        "EbsOptimized": False,
        **given,
    }
    tx.add(
        LaunchConfiguration(
            launch_configuration_name=name,
            launch_configuration_arn=tx.arn(f"launchConfiguration:{tx.ids.uuid()}:launchConfigurationName/{name}"),
            created_time=tx.now,
            settings=settings,
        )
    )


def _check_key(tx: Tx, name: str | None) -> None:
    if name:
        try:
            tx.call("ec2", "DescribeKeyPairs", key_names=[name])
        except AwsError:
            raise invalid(f"The key pair '{name}' does not exist") from None


@op(page_size=50)
def describe_launch_configurations(tx: Tx, req: api.LaunchConfigurationNamesType) -> api.LaunchConfigurationsType:
    """List launch configurations; names that aren't there are passed over."""
    names = req.launch_configuration_names
    if names:
        found = [row for name in dict.fromkeys(names) if (row := tx.find(LaunchConfiguration, name)) is not None]
        return api.LaunchConfigurationsType(launch_configurations=rows_of(found).map(_shown))
    return api.LaunchConfigurationsType(launch_configurations=tx.select(LaunchConfiguration).map(_shown))


@op
def delete_launch_configuration(tx: Tx, req: api.LaunchConfigurationNameType) -> None:
    """Delete a launch configuration that no group has."""
    row = tx.get(LaunchConfiguration, req.launch_configuration_name)
    user = tx.select(Group, launch_configuration_name=row.launch_configuration_name).first()
    if user is not None:
        raise api.ResourceInUseFault(
            f"Cannot delete launch configuration {row.launch_configuration_name} because it is attached to "
            f"AutoScalingGroup {user.auto_scaling_group_name}"
        )
    tx.delete(row)
