"""What a group launches: from a launch configuration or a launch template, into the zone that has fewest."""

from __future__ import annotations

from typing import Any

from sundog.core import AwsError, Tx
from sundog.services.autoscaling.state import Group, LaunchConfiguration, Member

GROUP_TAG = "aws:autoscaling:groupName"
_SAME = ("ImageId", "KeyName", "InstanceType", "KernelId", "EbsOptimized", "UserData", "BlockDeviceMappings")


def subnets_of(group: Group) -> list[str]:
    return [each.strip() for each in group.vpc_zone_identifier.split(",") if each.strip()]


def places(tx: Tx, group: Group) -> list[tuple[str, str | None]]:
    """Zones and subnets to launch into."""
    wanted = subnets_of(group)
    if wanted:
        found = tx.call("ec2", "DescribeSubnets", subnet_ids=wanted).subnets
        return [(subnet.availability_zone, subnet.subnet_id) for subnet in found]
    return [(zone, None) for zone in group.availability_zones]


def template_of(group: Group) -> dict[str, Any] | None:
    """The launch template that a group uses, by itself or in a mixed policy."""
    if group.mixed_instances_policy is not None:
        return group.mixed_instances_policy["LaunchTemplate"]["LaunchTemplateSpecification"]
    return group.launch_template


def version_of(tx: Tx, template: dict[str, Any]) -> Any:
    """The version that the template's specification means now."""
    named = {"launch_template_id": template["LaunchTemplateId"]}
    version = template.get("Version", "$Default")
    return tx.call("ec2", "DescribeLaunchTemplateVersions", **named, versions=[version]).launch_template_versions[0]


def resolved_template(tx: Tx, given: dict[str, Any]) -> dict[str, Any]:
    """A template's specification with both its id and name; an error if it isn't there."""
    given = dict(given)
    named = [name for name in ("LaunchTemplateId", "LaunchTemplateName") if given.get(name)]
    if len(named) != 1:
        raise AwsError(
            "ValidationError",
            "Valid requests must contain either launchTemplateId or LaunchTemplateName",
        )
    members: dict[str, Any] = (
        {"launch_template_ids": [given["LaunchTemplateId"]]}
        if named[0] == "LaunchTemplateId"
        else {"launch_template_names": [given["LaunchTemplateName"]]}
    )
    try:
        found = tx.call("ec2", "DescribeLaunchTemplates", **members).launch_templates[0]
        made = {"LaunchTemplateId": found.launch_template_id, "LaunchTemplateName": found.launch_template_name}
        if given.get("Version"):
            made["Version"] = given["Version"]
        version_of(tx, made)
    except AwsError as error:
        raise AwsError(
            "ValidationError", f"You must use a valid fully-formed launch template. {error.message}"
        ) from None
    return made


def request_of(tx: Tx, group: Group) -> dict[str, Any]:
    """The parameters of RunInstances that are the same for all of the group's instances."""
    tags = [{"Key": GROUP_TAG, "Value": group.auto_scaling_group_name}]
    tags += [{"Key": tag["Key"], "Value": tag["Value"]} for tag in group.group_tags if tag["PropagateAtLaunch"]]
    request: dict[str, Any] = {}
    template = template_of(group)
    if template is not None:
        version = version_of(tx, template)
        request["LaunchTemplate"] = {
            "LaunchTemplateId": template["LaunchTemplateId"],
            "Version": str(version.version_number),
        }
        if group.mixed_instances_policy is not None:
            for override in group.mixed_instances_policy["LaunchTemplate"].get("Overrides") or ():
                if override.get("InstanceType"):
                    request["InstanceType"] = override["InstanceType"]
                    break
        for specification in version.launch_template_data.tag_specifications or ():
            if specification.resource_type == "instance":
                ours = {tag["Key"] for tag in tags}
                tags += [
                    {"Key": tag.key, "Value": tag.value} for tag in specification.tags or () if tag.key not in ours
                ]
    else:
        settings = tx.get(LaunchConfiguration, group.launch_configuration_name).settings
        request = _from_configuration(tx, settings)
    request["TagSpecifications"] = [{"ResourceType": "instance", "Tags": tags}]
    if group.placement_group:
        request.setdefault("Placement", {})["GroupName"] = group.placement_group
    return request


def _from_configuration(tx: Tx, settings: dict[str, Any]) -> dict[str, Any]:
    request: dict[str, Any] = {name: settings[name] for name in _SAME if settings.get(name) not in (None, "")}
    if settings.get("RamdiskId"):
        request["RamdiskId"] = settings["RamdiskId"]
    if settings.get("SecurityGroups"):
        groups = settings["SecurityGroups"]
        key = "SecurityGroupIds" if all(each.startswith("sg-") for each in groups) else "SecurityGroups"
        request[key] = groups
    if settings.get("IamInstanceProfile"):
        profile = settings["IamInstanceProfile"]
        request["IamInstanceProfile"] = {"Arn" if profile.startswith("arn:") else "Name": profile}
    request["Monitoring"] = settings["InstanceMonitoring"]
    if settings.get("PlacementTenancy"):
        request["Placement"] = {"Tenancy": settings["PlacementTenancy"]}
    if settings.get("MetadataOptions"):
        request["MetadataOptions"] = settings["MetadataOptions"]
    if settings.get("SpotPrice"):
        request["InstanceMarketOptions"] = {"MarketType": "spot", "SpotOptions": {"MaxPrice": settings["SpotPrice"]}}
    if settings.get("AssociatePublicIpAddress") is not None:
        card: dict[str, Any] = {
            "DeviceIndex": 0,
            "AssociatePublicIpAddress": settings["AssociatePublicIpAddress"],
        }
        if "SecurityGroupIds" in request:
            card["Groups"] = request.pop("SecurityGroupIds")
        request["NetworkInterfaces"] = [card]
    return request


def in_place(request: dict[str, Any], zone: str, subnet_id: str | None) -> dict[str, Any]:
    """The parameters for one place."""
    made = dict(request)
    if subnet_id is None:
        made["Placement"] = {**made.get("Placement", {}), "AvailabilityZone": zone}
    elif "NetworkInterfaces" in made:
        made["NetworkInterfaces"] = [{**made["NetworkInterfaces"][0], "SubnetId": subnet_id}]
    else:
        made["SubnetId"] = subnet_id
    return made


def spread(found: list[tuple[str, str | None]], members: list[Member], count: int) -> dict[tuple[str, str | None], int]:
    """How many instances go to each place, so that the zones stay alike."""
    held = dict.fromkeys(found, 0)
    for member in members:
        for place in found:
            if place[0] == member.availability_zone:
                held[place] += 1
                break
    more = dict.fromkeys(found, 0)
    for _ in range(count):
        place = min(found, key=lambda each: held[each] + more[each])
        more[place] += 1
    return {place: number for place, number in more.items() if number}
