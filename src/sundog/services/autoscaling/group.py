"""Auto Scaling groups."""

from __future__ import annotations

from typing import Any

from sundog.api import autoscaling as api
from sundog.core import AwsError, Tx, op, rows_of
from sundog.core.filter import tag_match
from sundog.core.structure import plain
from sundog.services.autoscaling.capacity import (
    is_warm,
    leave,
    members_of,
    reconcile,
    stamp,
    upkeep,
)
from sundog.services.autoscaling.hook import put_hook
from sundog.services.autoscaling.launch import resolved_template
from sundog.services.autoscaling.launch_configuration import settings_of_instance
from sundog.services.autoscaling.state import (
    Activity,
    Group,
    Hook,
    LaunchConfiguration,
    Member,
    Notification,
    Policy,
    Refresh,
    ScheduledAction,
    invalid,
)
from sundog.services.autoscaling.tag import checked_group_tags
from sundog.services.autoscaling.warm_pool import fill

METRICS_AT = "1Minute"
_SAME = (
    "default_cooldown",
    "health_check_type",
    "health_check_grace_period",
    "placement_group",
    "new_instances_protected_from_scale_in",
    "capacity_rebalance",
    "max_instance_lifetime",
    "context",
    "desired_capacity_type",
    "default_instance_warmup",
    "deletion_protection",
)
_STRUCTURES = (
    "instance_maintenance_policy",
    "availability_zone_distribution",
    "availability_zone_impairment_policy",
    "capacity_reservation_specification",
    "instance_lifecycle_policy",
)
_DEFAULTS: dict[str, Any] = {
    "availability_zone_distribution": {"CapacityDistributionStrategy": "balanced-best-effort"},
    "availability_zone_impairment_policy": {
        "ZonalShiftEnabled": False,
        "ImpairedZoneHealthCheckBehavior": "IgnoreUnhealthy",
    },
    "capacity_reservation_specification": {"CapacityReservationPreference": "default"},
}
POLICIES = (
    "AllocationStrategy",
    "ClosestToNextInstanceHour",
    "Default",
    "NewestInstance",
    "OldestInstance",
    "OldestLaunchConfiguration",
    "OldestLaunchTemplate",
)


def _way(tx: Tx, req: Any, name: str) -> dict[str, Any]:
    """What the group launches, by the request: at most one way."""
    instance_id = getattr(req, "instance_id", None) if "instance_id" in req.wire_ else None
    ways = [req.launch_configuration_name, req.launch_template, req.mixed_instances_policy, instance_id]
    given = [way for way in ways if way is not None]
    if not given:
        return {}
    if len(given) > 1:
        raise invalid(
            "Valid requests must contain either LaunchTemplate, LaunchConfigurationName, InstanceId or "
            "MixedInstancesPolicy parameter."
        )
    made: dict[str, Any] = {"launch_configuration_name": None, "launch_template": None, "mixed_instances_policy": None}
    if req.launch_configuration_name is not None:
        if tx.find(LaunchConfiguration, req.launch_configuration_name) is None:
            raise invalid(
                "Launch configuration name not found - Launch configuration with name: "
                f"{req.launch_configuration_name} does not exist"
            )
        made["launch_configuration_name"] = req.launch_configuration_name
    elif req.launch_template is not None:
        made["launch_template"] = resolved_template(tx, plain(req.launch_template))
    elif req.mixed_instances_policy is not None:
        made["mixed_instances_policy"] = mixed(tx, plain(req.mixed_instances_policy))
    else:
        settings = settings_of_instance(tx, instance_id)
        settings = {"InstanceMonitoring": {"Enabled": True}, "BlockDeviceMappings": [], "UserData": "", **settings}
        tx.add(
            LaunchConfiguration(
                launch_configuration_name=name,
                launch_configuration_arn=tx.arn(f"launchConfiguration:{tx.ids.uuid()}:launchConfigurationName/{name}"),
                created_time=tx.now,
                settings=settings,
            )
        )
        made["launch_configuration_name"] = name
    return made


def mixed(tx: Tx, policy: dict[str, Any]) -> dict[str, Any]:
    """A mixed policy with its template found and its distribution filled in."""
    template = policy.get("LaunchTemplate") or {}
    if not template.get("LaunchTemplateSpecification"):
        raise invalid("A mixed instances policy must have a launch template specification.")
    template = {
        **template,
        "LaunchTemplateSpecification": resolved_template(tx, template["LaunchTemplateSpecification"]),
    }
    template.setdefault("Overrides", [])
    distribution = {
        "OnDemandAllocationStrategy": "prioritized",
        "OnDemandBaseCapacity": 0,
        "OnDemandPercentageAboveBaseCapacity": 100,
        "SpotAllocationStrategy": "lowest-price",
        **(policy.get("InstancesDistribution") or {}),
    }
    return {**policy, "LaunchTemplate": template, "InstancesDistribution": distribution}


def check_sizes(least: int, most: int, desired: int | None) -> None:
    if least < 0 or most < 0:
        raise invalid("Sizes must not be negative")
    if least > most:
        raise invalid(f"Max bound, {most}, must be greater than or equal to min bound, {least}")
    if desired is not None and not least <= desired <= most:
        raise invalid(f"Desired capacity:{desired} must be between the specified min size:{least} and max size:{most}")


def _places(tx: Tx, req: Any) -> dict[str, Any]:
    """Zones and subnets of a request."""
    changes: dict[str, Any] = {}
    zones = list(req.availability_zones or ())
    if req.vpc_zone_identifier:
        wanted = [each.strip() for each in req.vpc_zone_identifier.split(",") if each.strip()]
        try:
            subnets = tx.call("ec2", "DescribeSubnets", subnet_ids=wanted).subnets
        except AwsError as error:
            raise invalid(error.message) from None
        found = list(dict.fromkeys(subnet.availability_zone for subnet in subnets))
        if zones and set(zones) != set(found):
            raise invalid("The availability zones of the specified subnets and the Auto Scaling group do not match")
        return {"availability_zones": tuple(found), "vpc_zone_identifier": ",".join(wanted)}
    if zones or req.availability_zone_ids:
        known = tx.call("ec2", "DescribeAvailabilityZones").availability_zones
        names = {zone.zone_name for zone in known}
        by_id = {zone.zone_id: zone.zone_name for zone in known}
        zones += [by_id.get(each, each) for each in req.availability_zone_ids or ()]
        wrong = [zone for zone in zones if zone not in names]
        if wrong:
            raise invalid(f"Invalid Availability Zone(s): [{', '.join(wrong)}]")
        changes = {"availability_zones": tuple(dict.fromkeys(zones)), "vpc_zone_identifier": ""}
    return changes


def _options(req: Any) -> dict[str, Any]:
    changes = {name: value for name in _SAME if (value := getattr(req, name)) is not None}
    for name in _STRUCTURES:
        if getattr(req, name) is not None:
            changes[name] = plain(getattr(req, name))
    if req.termination_policies:
        for policy in req.termination_policies:
            if policy not in POLICIES and not policy.startswith("arn:"):
                raise invalid(f"Unknown termination policy: {policy}")
        changes["termination_policies"] = tuple(req.termination_policies)
    if req.service_linked_role_arn is not None:
        changes["service_linked_role_arn"] = req.service_linked_role_arn
    return changes


@op
def create_auto_scaling_group(tx: Tx, req: api.CreateAutoScalingGroupType) -> None:
    """Make a group and launch its instances."""
    name = req.auto_scaling_group_name
    if tx.find(Group, name) is not None:
        raise api.AlreadyExistsFault(
            f"AutoScalingGroup by this name already exists - A group with the name {name} already exists"
        )
    way = _way(tx, req, name)
    if not way:
        raise invalid(
            "Valid requests must contain either LaunchTemplate, LaunchConfigurationName, InstanceId or "
            "MixedInstancesPolicy parameter."
        )
    check_sizes(req.min_size, req.max_size, req.desired_capacity)
    where = _places(tx, req)
    if not where:
        raise invalid("At least one Availability Zone or VPC Subnet is required.")
    _check_balancers(tx, req)
    row = tx.add(
        Group(
            auto_scaling_group_name=name,
            auto_scaling_group_arn=tx.arn(f"autoScalingGroup:{tx.ids.uuid()}:autoScalingGroupName/{name}"),
            min_size=req.min_size,
            max_size=req.max_size,
            desired_capacity=req.min_size if req.desired_capacity is None else req.desired_capacity,
            load_balancer_names=tuple(req.load_balancer_names or ()),
            target_group_arns=tuple(req.target_group_arns or ()),
            traffic_sources=tuple(plain(req.traffic_sources or [])),
            created_time=tx.now,
            group_tags=checked_group_tags(name, (), req.tags or ()),
            **{
                "service_linked_role_arn": tx.arn(
                    "role/aws-service-role/autoscaling.amazonaws.com/AWSServiceRoleForAutoScaling",
                    service="iam",
                    region="",
                ),
                **_DEFAULTS,
                **_options(req),
                **way,
                **where,
            },
        )
    )
    for hook in req.lifecycle_hook_specification_list or ():
        put_hook(tx, row, hook)
    why = (
        f"At {stamp(tx)} a user request created an AutoScalingGroup changing the desired capacity from 0 to "
        f"{row.desired_capacity}."
    )
    reconcile(tx, name, why)


def _check_balancers(tx: Tx, req: Any) -> None:
    for arn in req.target_group_arns or ():
        try:
            tx.call("elbv2", "DescribeTargetGroups", target_group_arns=[arn])
        except AwsError as error:
            raise invalid(
                "Provided Load Balancer(s)/Target Group(s) not found: One or more target groups not found"
                if error.code == "TargetGroupNotFound"
                else error.message
            ) from None
    for name in req.load_balancer_names or ():
        try:
            tx.call("elb", "DescribeLoadBalancers", load_balancer_names=[name])
        except AwsError as error:
            if error.status != 501:
                raise invalid(
                    "Provided Load Balancers may not be valid. Please ensure they exist and try again."
                ) from None


@op
def update_auto_scaling_group(tx: Tx, req: api.UpdateAutoScalingGroupType) -> None:
    """Change a group; its size follows."""
    row = tx.get(Group, req.auto_scaling_group_name)
    least = row.min_size if req.min_size is None else req.min_size
    most = row.max_size if req.max_size is None else req.max_size
    check_sizes(least, most, req.desired_capacity)
    desired = req.desired_capacity if req.desired_capacity is not None else min(max(row.desired_capacity, least), most)
    before = row.desired_capacity
    row = tx.update(
        row,
        min_size=least,
        max_size=most,
        desired_capacity=desired,
        **_options(req),
        **_way(tx, req, row.auto_scaling_group_name),
        **_places(tx, req),
    )
    why = (
        f"At {stamp(tx)} a user request update of AutoScalingGroup constraints to min: {least}, max: {most}, desired: "
        f"{desired} changing the desired capacity from {before} to {desired}."
    )
    reconcile(tx, row.auto_scaling_group_name, why)
    fill(tx, row.auto_scaling_group_name)


@op
def set_desired_capacity(tx: Tx, req: api.SetDesiredCapacityType) -> None:
    """Ask for another size."""
    row = tx.get(Group, req.auto_scaling_group_name)
    wanted = req.desired_capacity
    if wanted > row.max_size:
        raise invalid(
            f"New SetDesiredCapacity value {wanted} is above max value {row.max_size} for the AutoScalingGroup."
        )
    if wanted < row.min_size:
        raise invalid(
            f"New SetDesiredCapacity value {wanted} is below min value {row.min_size} for the AutoScalingGroup."
        )
    if req.honor_cooldown:
        check_cooldown(tx, row, row.default_cooldown)
    resize(
        tx,
        row,
        wanted,
        f"At {stamp(tx)} a user request explicitly set group desired capacity changing the desired capacity from "
        f"{row.desired_capacity} to {wanted}.",
    )


def check_cooldown(tx: Tx, row: Group, seconds: int) -> None:
    """Refuse what comes too soon after the last change of size."""
    if row.last_scaled is not None and (tx.now - row.last_scaled).total_seconds() < seconds:
        raise api.ScalingActivityInProgressFault(
            f"Scaling activity {tx.ids.uuid()} is in progress and blocks this action"
        )


def resize(tx: Tx, row: Group, wanted: int, why: str) -> None:
    """Change the desired capacity and see to it."""
    if wanted != row.desired_capacity:
        row = tx.update(row, desired_capacity=wanted, last_scaled=tx.now)
    reconcile(tx, row.auto_scaling_group_name, why)
    fill(tx, row.auto_scaling_group_name)


@op
def delete_auto_scaling_group(tx: Tx, req: api.DeleteAutoScalingGroupType) -> None:
    """Delete a group that is empty; or, by force, with its instances."""
    row = tx.get(Group, req.auto_scaling_group_name)
    name = row.auto_scaling_group_name
    if row.deletion_protection == "prevent-all-deletion" or (
        row.deletion_protection == "prevent-force-deletion" and req.force_delete
    ):
        raise invalid(f"The Auto Scaling group {name} is protected from deletion.")
    members = members_of(tx, name)
    if members and not req.force_delete:
        raise api.ResourceInUseFault(
            "You cannot delete an AutoScalingGroup while there are instances or pending Spot instance request(s) "
            "still in the group."
        )
    cause = f"At {stamp(tx)} a user request force-deleted AutoScalingGroup changing the desired capacity to 0."
    row = tx.update(row, status="Delete in progress", min_size=0, desired_capacity=0)
    for member in members:
        if "Terminating" not in member.lifecycle_state:
            leave(tx, row, member, cause, hooks=False)
    for kind in (Hook, Policy, ScheduledAction):
        for each in list(tx.select(kind, auto_scaling_group_name=name)):
            tx.delete(each)
    for each in list(tx.select(Notification, auto_scaling_group_name=name)):
        tx.delete(each)
    for each in list(tx.select(Refresh, auto_scaling_group_name=name)):
        tx.delete(each)
    for activity in tx.select(Activity, auto_scaling_group_name=name):
        tx.update(activity, auto_scaling_group_state="Deleted")
    left = tx.find(Group, name)
    if left is not None and not members_of(tx, name):
        tx.delete(left)


# -- showing


def shown_member(member: Member) -> dict[str, Any]:
    """An instance as a group shows it."""
    return {
        "InstanceId": member.instance_id,
        "InstanceType": member.instance_type,
        "AvailabilityZone": member.availability_zone,
        "AvailabilityZoneId": member.availability_zone_id,
        "LifecycleState": member.lifecycle_state,
        "HealthStatus": member.health_status,
        "LaunchConfigurationName": member.launch_configuration_name,
        "LaunchTemplate": member.launch_template,
        "ImageId": member.image_id,
        "ProtectedFromScaleIn": member.protected_from_scale_in,
        "WeightedCapacity": member.weighted_capacity,
    }


def _shown(tx: Tx, row: Group, instances: bool) -> Any:
    members = members_of(tx, row.auto_scaling_group_name)
    made = api.AutoScalingGroup(
        suspended_processes=[
            {"ProcessName": name, "SuspensionReason": reason} for name, reason in row.suspended.items()
        ],
        tags=list(row.group_tags),
        instances=[shown_member(member) for member in members if not is_warm(member)] if instances else [],
        availability_zones=list(row.availability_zones),
    )
    if row.enabled_metrics:
        made.enabled_metrics = [{"Metric": name, "Granularity": METRICS_AT} for name in row.enabled_metrics]
    else:
        made.enabled_metrics = []
    if row.warm_pool is not None:
        made.warm_pool_configuration = row.warm_pool
        made.warm_pool_size = sum(1 for member in members if is_warm(member))
    for name in Group.__struct_fields__:
        if name in api.AutoScalingGroup.wire_ and name not in made.__dict__ and getattr(row, name) is not None:
            setattr(made, name, getattr(row, name))
    return made


@op(page_size=50)
def describe_auto_scaling_groups(tx: Tx, req: api.AutoScalingGroupNamesType) -> api.AutoScalingGroupsType:
    """List groups with their instances; names that aren't there are passed over."""
    names = req.auto_scaling_group_names
    if names:
        rows: Any = [row for name in dict.fromkeys(names) if (row := tx.find(Group, name)) is not None]
    else:
        rows = list(tx.select(Group))
    for item in req.filters or ():
        match = tag_match(
            item.name, list(item.values or ()), lambda row: {tag["Key"]: tag["Value"] for tag in row.group_tags}
        )
        if match is None:
            raise invalid(f"Invalid filter type: {item.name}")
        rows = [row for row in rows if match(row)]
    for row in rows:
        upkeep(tx, row)
    instances = req.include_instances is not False
    found = [row for each in rows if (row := tx.find(Group, each.auto_scaling_group_name)) is not None]
    return api.AutoScalingGroupsType(auto_scaling_groups=rows_of(found).map(lambda row: _shown(tx, row, instances)))


@op(page_size=50)
def describe_auto_scaling_instances(tx: Tx, req: api.DescribeAutoScalingInstancesType) -> api.AutoScalingInstancesType:
    """List instances of groups."""
    for group in list(tx.select(Group)):
        upkeep(tx, group)
    if req.instance_ids:
        found = [row for each in dict.fromkeys(req.instance_ids) if (row := tx.find(Member, each)) is not None]
    else:
        found = list(tx.select(Member))

    def shown(member: Member) -> dict[str, Any]:
        state = member.lifecycle_state
        return {
            **shown_member(member),
            "AutoScalingGroupName": member.auto_scaling_group_name,
            "HealthStatus": member.health_status.upper(),
            "LifecycleState": state,
        }

    return api.AutoScalingInstancesType(auto_scaling_instances=rows_of(found).map(shown))
