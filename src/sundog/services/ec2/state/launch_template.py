"""Launch templates and their versions."""

from __future__ import annotations

import datetime
from typing import Any

from sundog.core import NO_TAGS, Index, Key, Record, Tags, record
from sundog.core.filter import parse_names


@record(
    missing=("InvalidLaunchTemplateId.NotFound", "The specified launch template, with template ID {}, does not exist."),
    tagged_as="launch-template",
    order="added",
    filters=parse_names(("create-time", "launch-template-name")),
)
class LaunchTemplate(Record):
    """A launch template: a name, and which of its versions count."""

    launch_template_id: Key[str]
    launch_template_name: Index[str]
    create_time: datetime.datetime
    created_by: str
    default_version_number: int = 1
    latest_version_number: int = 1
    tags: Tags = NO_TAGS


def _is_default(tx: Any, row: LaunchTemplateVersion) -> list[bool]:
    template = tx.find(LaunchTemplate, row.launch_template_id)
    return [template is not None and template.default_version_number == row.version_number]


@record(
    filters={
        "is-default-version": _is_default,
        **parse_names(
            (
                "create-time",
                "ebs-optimized=launch_template_data.EbsOptimized",
                "http-endpoint=launch_template_data.MetadataOptions.HttpEndpoint",
                "http-protocol-ipv4=launch_template_data.MetadataOptions.HttpEndpoint",
                "host-resource-group-arn=launch_template_data.Placement.HostResourceGroupArn",
                "http-tokens=launch_template_data.MetadataOptions.HttpTokens",
                "iam-instance-profile=launch_template_data.IamInstanceProfile.Arn",
                "image-id=launch_template_data.ImageId",
                "instance-type=launch_template_data.InstanceType",
                "kernel-id=launch_template_data.KernelId",
                "license-configuration-arn=launch_template_data.LicenseSpecifications.LicenseConfigurationArn",
                "network-card-index=launch_template_data.NetworkInterfaces.NetworkCardIndex",
                "ram-disk-id=launch_template_data.RamDiskId",
            )
        ),
    },
)
class LaunchTemplateVersion(Record):
    """One version. Its data are in botocore's form and never changed."""

    launch_template_id: Key[str]
    version_number: Key[int]
    launch_template_name: str
    version_description: str | None = None
    create_time: datetime.datetime
    created_by: str
    launch_template_data: dict[str, Any]
