"""Launch templates and their versions."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from sundog.api import ec2 as api
from sundog.core import AwsError, Tx, op, rows_of
from sundog.core.structure import plain
from sundog.services.ec2.identifier import well_formed
from sundog.services.ec2.instance.template import TEMPLATE_TAGS
from sundog.services.ec2.settle import moment
from sundog.services.ec2.state.launch_template import LaunchTemplate, LaunchTemplateVersion

_NAME = re.compile(r"[a-zA-Z0-9().\-/_]{3,128}")
_BATCH = 200


def find_template(tx: Tx, template_id: str | None, name: str | None) -> LaunchTemplate:
    """The template that a request names by its id or its name."""
    if template_id is not None and name is not None:
        raise AwsError(
            "InvalidParameterCombination",
            "The parameter launchTemplateName cannot be used with the parameter launchTemplateId.",
        )
    if template_id is not None:
        _check_id(template_id)
        return tx.get(LaunchTemplate, template_id)
    if name is None:
        raise AwsError("MissingParameter", "Either the launch template ID or the launch template name must be given.")
    return _named(tx, name)


def _check_id(template_id: str) -> None:
    if not well_formed(template_id, "lt"):
        raise AwsError("InvalidLaunchTemplateId.Malformed", f'Invalid launch template ID: "{template_id}"')


def _named(tx: Tx, name: str) -> LaunchTemplate:
    found = tx.select(LaunchTemplate, launch_template_name=name).first()
    if found is None:
        raise AwsError(
            "InvalidLaunchTemplateName.NotFoundException",
            f"The specified launch template, with template name {name}, does not exist.",
        )
    return found


def find_version(tx: Tx, template: LaunchTemplate, version: str | None) -> LaunchTemplateVersion:
    """A version by its number, ``$Latest`` or ``$Default`` (as without any)."""
    number = _number(template, version or "$Default")
    found = tx.find(LaunchTemplateVersion, template.launch_template_id, number)
    if found is None:
        raise AwsError(
            "InvalidLaunchTemplateId.VersionNotFound",
            f"Could not find the specified version {version} for the launch template with ID "
            f"{template.launch_template_id}.",
        )
    return found


def _number(template: LaunchTemplate, version: str) -> int:
    if version == "$Latest":
        return template.latest_version_number
    if version == "$Default":
        return template.default_version_number
    if not version.isdecimal() or len(version) > 18:
        raise AwsError(
            "InvalidParameterValue",
            f"Invalid launch template version '{version}': a version is a number, $Latest or $Default.",
        )
    return int(version)


def launch_data(
    tx: Tx, template_id: str | None, name: str | None, version: str | None
) -> tuple[str, int, dict[str, Any]]:
    """Id, version and data of the template that a launch names."""
    template = find_template(tx, template_id, name)
    found = find_version(tx, template, version)
    return template.launch_template_id, found.version_number, found.launch_template_data


def _shown(tx: Tx, template: LaunchTemplate, row: LaunchTemplateVersion) -> Any:
    return api.LaunchTemplateVersion(
        launch_template_id=row.launch_template_id,
        launch_template_name=row.launch_template_name,
        version_number=row.version_number,
        version_description=row.version_description,
        create_time=row.create_time,
        created_by=row.created_by,
        default_version=row.version_number == template.default_version_number,
        launch_template_data=row.launch_template_data,
    )


def _checked_data(data: Any) -> dict[str, Any]:
    """The data of a request, for keeping."""
    if data.security_group_ids and data.network_interfaces:
        raise AwsError(
            "InvalidParameterCombination",
            "Network interfaces and an instance-level security groups may not be specified on the same request",
        )
    if data.instance_type is not None and data.instance_requirements is not None:
        raise AwsError(
            "InvalidParameterCombination", "InstanceType and InstanceRequirements cannot be specified together."
        )
    return plain(data)


def _add_version(
    tx: Tx, template: LaunchTemplate, number: int, description: str | None, data: dict[str, Any]
) -> LaunchTemplateVersion:
    return tx.add(
        LaunchTemplateVersion(
            launch_template_id=template.launch_template_id,
            version_number=number,
            launch_template_name=template.launch_template_name,
            version_description=description,
            create_time=moment(tx),
            created_by=tx.caller.arn,
            launch_template_data=data,
        )
    )


@op
def create_launch_template(tx: Tx, req: api.CreateLaunchTemplateRequest) -> api.CreateLaunchTemplateResult:
    """Keep the parameters of a launch under a name, as version 1."""
    name = req.launch_template_name
    if _NAME.fullmatch(name) is None:
        raise AwsError(
            "InvalidLaunchTemplateName.MalformedException",
            "A launch template name must be between 3 and 128 characters, and may contain letters, numbers, and the "
            "following characters: - ( ) . / _.",
        )
    if tx.select(LaunchTemplate, launch_template_name=name):
        raise AwsError("InvalidLaunchTemplateName.AlreadyExistsException", "Launch template name already in use.")
    data = _checked_data(req.launch_template_data)
    template = tx.add(
        LaunchTemplate(
            launch_template_id=tx.new_id("lt"),
            launch_template_name=name,
            create_time=moment(tx),
            created_by=tx.caller.arn,
        ),
        tags=req.tag_specifications,
    )
    _add_version(tx, template, 1, req.version_description, data)
    return api.CreateLaunchTemplateResult(launch_template=template)


@op
def create_launch_template_version(
    tx: Tx, req: api.CreateLaunchTemplateVersionRequest
) -> api.CreateLaunchTemplateVersionResult:
    """Add a version, from nothing or over another version's parameters."""
    template = find_template(tx, req.launch_template_id, req.launch_template_name)
    data = _checked_data(req.launch_template_data)
    if req.source_version is not None:
        data = {**find_version(tx, template, req.source_version).launch_template_data, **data}
    template = tx.update(template, latest_version_number=template.latest_version_number + 1)
    row = _add_version(tx, template, template.latest_version_number, req.version_description, data)
    return api.CreateLaunchTemplateVersionResult(launch_template_version=_shown(tx, template, row))


@op(page_size=_BATCH)
def describe_launch_templates(tx: Tx, req: api.DescribeLaunchTemplatesRequest) -> api.DescribeLaunchTemplatesResult:
    """List launch templates."""
    for template_id in req.launch_template_ids or ():
        _check_id(template_id)
    among = None
    if req.launch_template_names:
        among = rows_of([_named(tx, name) for name in dict.fromkeys(req.launch_template_names)])
    return api.DescribeLaunchTemplatesResult(
        launch_templates=tx.search(LaunchTemplate, ids=req.launch_template_ids, filters=req.filters, among=among)
    )


@op(page_size=_BATCH)
def describe_launch_template_versions(
    tx: Tx, req: api.DescribeLaunchTemplateVersionsRequest
) -> api.DescribeLaunchTemplateVersionsResult:
    """List a template's versions, newest first; or the latest or default ones of all templates."""
    if req.launch_template_id is None and req.launch_template_name is None:
        if not req.versions or not set(req.versions) <= {"$Latest", "$Default"}:
            raise AwsError(
                "MissingParameter", "The request must contain the parameter LaunchTemplateId or LaunchTemplateName."
            )
        templates: Iterable[LaunchTemplate] = tx.select(LaunchTemplate)
    else:
        templates = (find_template(tx, req.launch_template_id, req.launch_template_name),)
    found: list[tuple[LaunchTemplate, LaunchTemplateVersion]] = []
    for template in templates:
        if req.versions:
            if req.min_version is not None or req.max_version is not None:
                raise AwsError("InvalidParameterCombination", "Versions cannot be used with MinVersion and MaxVersion.")
            rows = {row.version_number: row for row in (find_version(tx, template, name) for name in req.versions)}
            chosen = list(rows.values())
        else:
            least = _number(template, req.min_version) if req.min_version is not None else 1
            most = _number(template, req.max_version) if req.max_version is not None else template.latest_version_number
            key = template.launch_template_id
            chosen = list(tx.range(LaunchTemplateVersion, (key, least), (key, most + 1)))[::-1]
        found.extend((template, row) for row in chosen)
    of = {template.launch_template_id: template for template, _ in found}
    rows = tx.search(LaunchTemplateVersion, filters=req.filters, among=rows_of([row for _, row in found]))
    resolve = bool(req.resolve_alias)

    def shown(row: LaunchTemplateVersion) -> Any:
        made = _shown(tx, of[row.launch_template_id], row)
        image = row.launch_template_data.get("ImageId", "")
        if resolve and image.startswith("resolve:ssm:"):
            made.launch_template_data = {**row.launch_template_data, "ImageId": _resolved(tx, image)}
        return made

    return api.DescribeLaunchTemplateVersionsResult(launch_template_versions=rows.map(shown))


def _resolved(tx: Tx, alias: str) -> str:
    """The image id that a parameter of Systems Manager holds."""
    try:
        return tx.call("ssm", "GetParameter", name=alias.removeprefix("resolve:ssm:")).parameter.value
    except AwsError:
        return alias


@op
def modify_launch_template(tx: Tx, req: api.ModifyLaunchTemplateRequest) -> api.ModifyLaunchTemplateResult:
    """Choose the default version."""
    template = find_template(tx, req.launch_template_id, req.launch_template_name)
    if req.default_version is None:
        raise AwsError("MissingParameter", "The request must contain the parameter SetDefaultVersion")
    version = find_version(tx, template, req.default_version)
    return api.ModifyLaunchTemplateResult(
        launch_template=tx.update(template, default_version_number=version.version_number)
    )


@op
def delete_launch_template(tx: Tx, req: api.DeleteLaunchTemplateRequest) -> api.DeleteLaunchTemplateResult:
    """Delete a template with all its versions."""
    template = find_template(tx, req.launch_template_id, req.launch_template_name)
    key = template.launch_template_id
    for row in list(tx.range(LaunchTemplateVersion, (key, 0), (key, template.latest_version_number + 1))):
        tx.delete(row)
    tx.delete(template)
    return api.DeleteLaunchTemplateResult(launch_template=template)


@op
def delete_launch_template_versions(
    tx: Tx, req: api.DeleteLaunchTemplateVersionsRequest
) -> api.DeleteLaunchTemplateVersionsResult:
    """Delete versions; each that can't be deleted is told of."""
    template = find_template(tx, req.launch_template_id, req.launch_template_name)
    if len(req.versions) > _BATCH:
        raise AwsError("InvalidParameterValue", "A maximum of 200 launch template versions may be deleted at once.")
    good: list[Any] = []
    bad: list[Any] = []
    for version in req.versions:
        number = _number(template, version)
        item: dict[str, Any] = {
            "LaunchTemplateId": template.launch_template_id,
            "LaunchTemplateName": template.launch_template_name,
            "VersionNumber": number,
        }
        row = tx.find(LaunchTemplateVersion, template.launch_template_id, number)
        if row is None:
            message = "The specified launch template version does not exist."
            bad.append({**item, "ResponseError": {"Code": "launchTemplateVersionDoesNotExist", "Message": message}})
        elif number == template.default_version_number:
            message = "The default version of a launch template cannot be deleted."
            bad.append({**item, "ResponseError": {"Code": "unexpectedError", "Message": message}})
        else:
            tx.delete(row)
            good.append(item)
    return api.DeleteLaunchTemplateVersionsResult(
        successfully_deleted_launch_template_versions=good, unsuccessfully_deleted_launch_template_versions=bad
    )


@op
def get_launch_template_data(tx: Tx, req: api.GetLaunchTemplateDataRequest) -> api.GetLaunchTemplateDataResult:
    """What a template would say to launch an instance like this one."""
    from sundog.services.ec2.instance.transition import get_instance
    from sundog.services.ec2.instance.view import interfaces_of
    from sundog.services.ec2.volume import volumes_of

    row = get_instance(tx, req.instance_id)
    place = row.placement
    cards = [
        {
            "DeviceIndex": card.attachment.device_index,
            "DeleteOnTermination": card.attachment.delete_on_termination,
            "Description": card.description,
            "Groups": list(card.group_ids),
            "InterfaceType": "interface",
            "NetworkCardIndex": 0,
            "PrivateIpAddresses": [{"Primary": True, "PrivateIpAddress": card.private_ip_address}],
            "SubnetId": card.subnet_id,
            **({"AssociatePublicIpAddress": row.public} if card.attachment.device_index == 0 else {}),
        }
        for card in interfaces_of(tx, row.instance_id)
        if card.attachment is not None
    ]
    devices = [
        {
            "DeviceName": attachment.device,
            "Ebs": {
                "Encrypted": volume.encrypted,
                "DeleteOnTermination": attachment.delete_on_termination,
                "Iops": volume.iops,
                "KmsKeyId": volume.kms_key_id,
                "SnapshotId": volume.snapshot_id or None,
                "VolumeSize": volume.size,
                "VolumeType": volume.volume_type,
                "Throughput": volume.throughput,
            },
        }
        for volume, attachment in volumes_of(tx, row.instance_id)
    ]
    tags = {key: value for key, value in row.tags.items() if key not in TEMPLATE_TAGS}
    data = api.ResponseLaunchTemplateData(
        kernel_id=row.kernel_id,
        ram_disk_id=row.ramdisk_id,
        ebs_optimized=row.ebs_optimized,
        iam_instance_profile={"Arn": row.iam_instance_profile.arn} if row.iam_instance_profile else None,
        block_device_mappings=devices,
        network_interfaces=cards,
        image_id=row.image_id,
        instance_type=row.instance_type,
        key_name=row.key_name,
        monitoring={"Enabled": row.monitoring == "enabled"},
        placement=api.LaunchTemplatePlacement(
            availability_zone=place.availability_zone, group_name=place.group_name, tenancy=place.tenancy
        ),
        disable_api_termination=row.disable_api_termination,
        disable_api_stop=row.disable_api_stop,
        instance_initiated_shutdown_behavior=row.shutdown_behavior,
        user_data=row.user_data,
        tag_specifications=[api.LaunchTemplateTagSpecification(resource_type="instance", tags=tags)] if tags else None,
        credit_specification={"CpuCredits": row.cpu_credits} if row.cpu_credits else None,
        cpu_options={"CoreCount": row.cpu_options.core_count, "ThreadsPerCore": row.cpu_options.threads_per_core}
        if row.cpu_options
        else None,
        hibernation_options={"Configured": row.hibernation},
        metadata_options=row.metadata_options,
        enclave_options={"Enabled": row.enclave},
        private_dns_name_options=row.private_dns_name_options,
        maintenance_options=row.maintenance_options,
    )
    return api.GetLaunchTemplateDataResult(launch_template_data=data)
