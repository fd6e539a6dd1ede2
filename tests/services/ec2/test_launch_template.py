from __future__ import annotations

from typing import Any

import pytest

IMAGE = "ami-1234abcd"


@pytest.fixture
def template(ec2) -> dict[str, Any]:
    return ec2.create_launch_template(
        LaunchTemplateName="web",
        VersionDescription="first",
        LaunchTemplateData={"ImageId": IMAGE, "InstanceType": "t3.micro"},
        TagSpecifications=[{"ResourceType": "launch-template", "Tags": [{"Key": "a", "Value": "b"}]}],
    )["LaunchTemplate"]


def test_a_template_begins_with_version_one(ec2, template):
    assert template["DefaultVersionNumber"] == template["LatestVersionNumber"] == 1
    assert template["Tags"] == [{"Key": "a", "Value": "b"}]
    assert ec2.describe_launch_templates(LaunchTemplateNames=["web"])["LaunchTemplates"] == [template]
    (version,) = ec2.describe_launch_template_versions(LaunchTemplateName="web")["LaunchTemplateVersions"]
    assert version["DefaultVersion"] is True
    assert version["VersionDescription"] == "first"
    assert version["LaunchTemplateData"] == {"ImageId": IMAGE, "InstanceType": "t3.micro"}


def test_a_name_is_taken_once(ec2, fails, template):
    assert fails(ec2.create_launch_template, LaunchTemplateName="web", LaunchTemplateData={"ImageId": IMAGE}) == (
        "InvalidLaunchTemplateName.AlreadyExistsException",
        "Launch template name already in use.",
    )


def test_a_version_made_from_another_keeps_what_it_does_not_say(ec2, template):
    made = ec2.create_launch_template_version(
        LaunchTemplateName="web", SourceVersion="1", LaunchTemplateData={"InstanceType": "t3.large"}
    )["LaunchTemplateVersion"]
    assert made["VersionNumber"] == 2
    assert made["DefaultVersion"] is False
    assert made["LaunchTemplateData"] == {"ImageId": IMAGE, "InstanceType": "t3.large"}
    plain = ec2.create_launch_template_version(
        LaunchTemplateName="web", LaunchTemplateData={"InstanceType": "t3.large"}
    )["LaunchTemplateVersion"]
    assert plain["LaunchTemplateData"] == {"InstanceType": "t3.large"}


def versions(ec2, **options: Any) -> list[int]:
    found = ec2.describe_launch_template_versions(**options)["LaunchTemplateVersions"]
    return [version["VersionNumber"] for version in found]


def test_versions_are_listed_newest_first_by_name_and_range(ec2, template):
    for size in ("t3.small", "t3.medium", "t3.large"):
        ec2.create_launch_template_version(LaunchTemplateName="web", LaunchTemplateData={"InstanceType": size})
    ec2.modify_launch_template(LaunchTemplateName="web", DefaultVersion="2")
    assert versions(ec2, LaunchTemplateName="web") == [4, 3, 2, 1]
    assert versions(ec2, LaunchTemplateName="web", MinVersion="2", MaxVersion="3") == [3, 2]
    assert versions(ec2, LaunchTemplateName="web", Versions=["$Latest", "$Default"]) == [4, 2]
    assert versions(ec2, Versions=["$Default"]) == [2]
    wanted = [{"Name": "instance-type", "Values": ["t3.l*"]}]
    assert versions(ec2, LaunchTemplateName="web", Filters=wanted) == [4]
    wanted = [{"Name": "is-default-version", "Values": ["true"]}]
    assert versions(ec2, LaunchTemplateName="web", Filters=wanted) == [2]


def test_a_launch_takes_what_the_template_says_and_the_request_does_not(ec2, template):
    (instance,) = ec2.run_instances(LaunchTemplate={"LaunchTemplateName": "web"}, MinCount=1, MaxCount=1)["Instances"]
    assert (instance["ImageId"], instance["InstanceType"]) == (IMAGE, "t3.micro")
    tags = {tag["Key"]: tag["Value"] for tag in instance["Tags"]}
    assert tags["aws:ec2launchtemplate:id"] == template["LaunchTemplateId"]
    assert tags["aws:ec2launchtemplate:version"] == "1"
    (other,) = ec2.run_instances(
        LaunchTemplate={"LaunchTemplateId": template["LaunchTemplateId"], "Version": "$Latest"},
        InstanceType="t3.large",
        MinCount=1,
        MaxCount=1,
    )["Instances"]
    assert other["InstanceType"] == "t3.large"


def test_the_default_version_cannot_be_deleted(ec2, template):
    ec2.create_launch_template_version(LaunchTemplateName="web", LaunchTemplateData={"ImageId": IMAGE})
    answer = ec2.delete_launch_template_versions(LaunchTemplateName="web", Versions=["1", "2", "9"])
    assert [item["VersionNumber"] for item in answer["SuccessfullyDeletedLaunchTemplateVersions"]] == [2]
    bad = {
        item["VersionNumber"]: item["ResponseError"]["Code"]
        for item in answer["UnsuccessfullyDeletedLaunchTemplateVersions"]
    }
    assert bad == {1: "unexpectedError", 9: "launchTemplateVersionDoesNotExist"}
    made = ec2.create_launch_template_version(LaunchTemplateName="web", LaunchTemplateData={"ImageId": IMAGE})
    assert made["LaunchTemplateVersion"]["VersionNumber"] == 3


def test_a_deleted_template_is_gone(ec2, fails, template):
    ec2.delete_launch_template(LaunchTemplateName="web")
    assert ec2.describe_launch_templates()["LaunchTemplates"] == []
    code, message = fails(ec2.delete_launch_template, LaunchTemplateName="web")
    assert code == "InvalidLaunchTemplateName.NotFoundException"
    assert message == "The specified launch template, with template name web, does not exist."
    code, _ = fails(ec2.describe_launch_template_versions, LaunchTemplateId=template["LaunchTemplateId"])
    assert code == "InvalidLaunchTemplateId.NotFound"


def test_the_data_of_an_instance_launch_another_like_it(ec2, template):
    (instance,) = ec2.run_instances(ImageId=IMAGE, InstanceType="t3.small", MinCount=1, MaxCount=1)["Instances"]
    data = ec2.get_launch_template_data(InstanceId=instance["InstanceId"])["LaunchTemplateData"]
    assert (data["ImageId"], data["InstanceType"]) == (IMAGE, "t3.small")
    assert data["NetworkInterfaces"][0]["SubnetId"] == instance["SubnetId"]


def test_a_missing_version_is_named(ec2, fails, template):
    code, message = fails(
        ec2.run_instances, LaunchTemplate={"LaunchTemplateName": "web", "Version": "7"}, MinCount=1, MaxCount=1
    )
    assert code == "InvalidLaunchTemplateId.VersionNotFound"
    assert template["LaunchTemplateId"] in message
