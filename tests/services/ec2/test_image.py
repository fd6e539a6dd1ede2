from __future__ import annotations

import datetime
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from sundog import mock_aws

OTHER = "111122223333"


def error(call: Any, **params: Any) -> tuple[str, str]:
    with pytest.raises(ClientError) as caught:
        call(**params)
    found = caught.value.response["Error"]
    return found["Code"], found["Message"]


@pytest.fixture
def instance_id(ec2) -> str:
    return ec2.run_instances(
        ImageId="ami-1234abcd",
        MinCount=1,
        MaxCount=1,
        BlockDeviceMappings=[{"DeviceName": "/dev/sdf", "Ebs": {"VolumeSize": 3, "DeleteOnTermination": False}}],
    )["Instances"][0]["InstanceId"]


def describe(ec2: Any, image_id: str) -> dict[str, Any]:
    return ec2.describe_images(ImageIds=[image_id])["Images"][0]


def test_an_image_of_an_instance(ec2, instance_id):
    image_id = ec2.create_image(InstanceId=instance_id, Name="web-1", Description="the web")["ImageId"]
    image = describe(ec2, image_id)
    assert image["State"] == "available"
    assert image["Name"] == "web-1"
    assert image["ImageLocation"] == "123456789012/web-1"
    assert image["Public"] is False
    assert image["SourceInstanceId"] == instance_id
    assert image["RootDeviceName"] == "/dev/xvda"
    assert [each["DeviceName"] for each in image["BlockDeviceMappings"]] == ["/dev/xvda", "/dev/sdf"]
    assert [each["Ebs"]["DeleteOnTermination"] for each in image["BlockDeviceMappings"]] == [True, False]
    snapshots = {each["SnapshotId"] for each in ec2.describe_snapshots(OwnerIds=["self"])["Snapshots"]}
    assert {each["Ebs"]["SnapshotId"] for each in image["BlockDeviceMappings"]} == snapshots


def test_a_launch_of_one_s_own_image_has_its_volumes(ec2, instance_id):
    image_id = ec2.create_image(InstanceId=instance_id, Name="web-1")["ImageId"]
    again = ec2.run_instances(ImageId=image_id, MinCount=1, MaxCount=1)["Instances"][0]["InstanceId"]
    volumes = ec2.describe_volumes(Filters=[{"Name": "attachment.instance-id", "Values": [again]}])["Volumes"]
    assert [volume["Size"] for volume in volumes] == [8, 3]


def test_tags_of_an_image_and_of_its_snapshots(ec2, instance_id):
    image_id = ec2.create_image(
        InstanceId=instance_id,
        Name="web-1",
        TagSpecifications=[
            {"ResourceType": "image", "Tags": [{"Key": "a", "Value": "image"}]},
            {"ResourceType": "snapshot", "Tags": [{"Key": "a", "Value": "snapshot"}]},
        ],
    )["ImageId"]
    assert describe(ec2, image_id)["Tags"] == [{"Key": "a", "Value": "image"}]
    for snapshot in ec2.describe_snapshots(OwnerIds=["self"])["Snapshots"]:
        assert snapshot["Tags"] == [{"Key": "a", "Value": "snapshot"}]


def test_names(ec2, instance_id):
    image_id = ec2.create_image(InstanceId=instance_id, Name="web-1")["ImageId"]
    assert error(ec2.create_image, InstanceId=instance_id, Name="web-1") == (
        "InvalidAMIName.Duplicate",
        f"AMI name web-1 is already in use by AMI {image_id}",
    )
    assert error(ec2.create_image, InstanceId=instance_id, Name="w!b")[0] == "InvalidAMIName.Malformed"
    ec2.deregister_image(ImageId=image_id)
    ec2.create_image(InstanceId=instance_id, Name="web-1")


def test_registering_snapshots(ec2):
    volume_id = ec2.create_volume(AvailabilityZone="us-east-1a", Size=12)["VolumeId"]
    snapshot = ec2.create_snapshot(VolumeId=volume_id)["SnapshotId"]
    image_id = ec2.register_image(
        Name="mine",
        Architecture="x86_64",
        VirtualizationType="hvm",
        EnaSupport=True,
        RootDeviceName="/dev/sda1",
        BlockDeviceMappings=[{"DeviceName": "/dev/sda1", "Ebs": {"SnapshotId": snapshot, "VolumeType": "gp3"}}],
    )["ImageId"]
    image = describe(ec2, image_id)
    assert image["BlockDeviceMappings"] == [
        {
            "DeviceName": "/dev/sda1",
            "Ebs": {
                "DeleteOnTermination": True,
                "VolumeType": "gp3",
                "SnapshotId": snapshot,
                "VolumeSize": 12,
                "Encrypted": False,
            },
        }
    ]
    assert (image["Architecture"], image["VirtualizationType"], image["RootDeviceType"]) == ("x86_64", "hvm", "ebs")


def test_a_copy_in_another_region(ec2, instance_id):
    image_id = ec2.create_image(InstanceId=instance_id, Name="web-1")["ImageId"]
    west = boto3.client("ec2", "eu-west-1")
    copied = west.copy_image(SourceRegion="us-east-1", SourceImageId=image_id, Name="web-1", Encrypted=True)["ImageId"]
    image = describe(west, copied)
    assert (image["SourceImageId"], image["SourceImageRegion"]) == (image_id, "us-east-1")
    assert all(each["Ebs"]["Encrypted"] for each in image["BlockDeviceMappings"])
    assert len(west.describe_snapshots(OwnerIds=["self"])["Snapshots"]) == 2
    assert error(west.copy_image, SourceRegion="us-west-1", SourceImageId=image_id, Name="x-1")[0] == (
        "InvalidAMIID.NotFound"
    )


def test_owners_and_public_images(ec2, instance_id):
    image_id = ec2.create_image(InstanceId=instance_id, Name="web-1")["ImageId"]
    assert [each["ImageId"] for each in ec2.describe_images(Owners=["self"])["Images"]] == [image_id]
    amazon = ec2.describe_images(Owners=["amazon"])["Images"]
    assert len(amazon) > 10
    assert {each["ImageOwnerAlias"] for each in amazon} == {"amazon"}
    everything = {each["ImageId"] for each in ec2.describe_images()["Images"]}
    assert everything >= {image_id, *(each["ImageId"] for each in amazon)}
    al2023 = ec2.describe_images(
        Owners=["amazon"],
        Filters=[
            {"Name": "name", "Values": ["al2023-ami-2023.*-x86_64"]},
            {"Name": "architecture", "Values": ["x86_64"]},
            {"Name": "state", "Values": ["available"]},
        ],
    )["Images"]
    assert al2023
    assert all(each["Name"].startswith("al2023-ami-2023.") for each in al2023)


def test_filters(ec2, instance_id):
    image_id = ec2.create_image(InstanceId=instance_id, Name="web-1", Description="the web")["ImageId"]
    image = describe(ec2, image_id)
    for name, value in {
        "name": "web-*",
        "description": "the web",
        "image-id": image_id,
        "is-public": "false",
        "owner-id": "123456789012",
        "block-device-mapping.device-name": "/dev/sdf",
        "block-device-mapping.snapshot-id": image["BlockDeviceMappings"][0]["Ebs"]["SnapshotId"],
        "source-instance-id": instance_id,
        "manifest-location": "123456789012/web-1",
    }.items():
        found = ec2.describe_images(Filters=[{"Name": name, "Values": [value]}])["Images"]
        assert image_id in [each["ImageId"] for each in found], name
        assert all(each["OwnerId"] == "123456789012" or name.startswith("block") for each in found), name
    assert ec2.describe_images(Owners=["self"], Filters=[{"Name": "state", "Values": ["pending"]}])["Images"] == []


def test_an_unknown_image(ec2):
    assert error(ec2.describe_images, ImageIds=["ami-1234abcd"]) == (
        "InvalidAMIID.NotFound",
        "The image id '[ami-1234abcd]' does not exist",
    )
    assert error(ec2.describe_images, ImageIds=["ami-1234abcd", "ami-12345678"]) == (
        "InvalidAMIID.NotFound",
        "The image ids '[ami-1234abcd, ami-12345678]' do not exist",
    )
    assert error(ec2.deregister_image, ImageId="ami-1234abcd")[0] == "InvalidAMIID.NotFound"


def test_deregistration(ec2, instance_id):
    image_id = ec2.create_image(InstanceId=instance_id, Name="web-1")["ImageId"]
    ec2.deregister_image(ImageId=image_id)
    assert error(ec2.describe_images, ImageIds=[image_id])[0] == "InvalidAMIID.NotFound"
    assert ec2.describe_images(Owners=["self"])["Images"] == []
    assert error(ec2.deregister_image, ImageId=image_id) == (
        "InvalidAMIID.Unavailable",
        f"The image ID '{image_id}' is no longer available",
    )
    assert error(ec2.run_instances, ImageId=image_id, MinCount=1, MaxCount=1)[0] == "InvalidAMIID.Unavailable"


def test_deregistration_can_take_the_snapshots_along(ec2, instance_id):
    image_id = ec2.create_image(InstanceId=instance_id, Name="web-1")["ImageId"]
    answer = ec2.deregister_image(ImageId=image_id, DeleteAssociatedSnapshots=True)
    assert [each["ReturnCode"] for each in answer["DeleteSnapshotResults"]] == ["success", "success"]
    assert ec2.describe_snapshots(OwnerIds=["self"])["Snapshots"] == []


def test_protection_from_deregistration(aws, ec2, instance_id):
    image_id = ec2.create_image(InstanceId=instance_id, Name="web-1")["ImageId"]
    ec2.enable_image_deregistration_protection(ImageId=image_id, WithCooldown=True)
    assert error(ec2.deregister_image, ImageId=image_id)[0] == "OperationNotPermitted"
    ec2.disable_image_deregistration_protection(ImageId=image_id)
    assert error(ec2.deregister_image, ImageId=image_id)[0] == "OperationNotPermitted"
    aws.clock.advance(hours=25)
    ec2.deregister_image(ImageId=image_id)


def test_launch_permissions(ec2, instance_id):
    image_id = ec2.create_image(InstanceId=instance_id, Name="web-1")["ImageId"]

    def permissions() -> list[dict[str, str]]:
        return ec2.describe_image_attribute(ImageId=image_id, Attribute="launchPermission")["LaunchPermissions"]

    assert permissions() == []
    ec2.modify_image_attribute(ImageId=image_id, LaunchPermission={"Add": [{"UserId": OTHER}, {"Group": "all"}]})
    assert permissions() == [{"UserId": OTHER}, {"Group": "all"}]
    assert describe(ec2, image_id)["Public"] is True
    ec2.modify_image_attribute(
        ImageId=image_id, Attribute="launchPermission", OperationType="remove", UserGroups=["all"]
    )
    assert permissions() == [{"UserId": OTHER}]
    assert [each["ImageId"] for each in ec2.describe_images(ExecutableUsers=[OTHER])["Images"]] == [image_id]
    ec2.reset_image_attribute(ImageId=image_id, Attribute="launchPermission")
    assert permissions() == []
    assert error(ec2.modify_image_attribute, ImageId=image_id, LaunchPermission={"Add": [{"UserId": "nobody"}]}) == (
        "InvalidAMIAttributeItemValue",
        'Invalid attribute item value "nobody" for userId item type.',
    )


def test_another_account_may_launch_what_is_shared_and_not_change_it():
    with mock_aws(refuse_unknown_images=True):
        ours = boto3.client("ec2", "us-east-1")
        theirs = boto3.client("ec2", "us-east-1", aws_access_key_id=OTHER, aws_secret_access_key="x")
        volume_id = ours.create_volume(AvailabilityZone="us-east-1a", Size=8)["VolumeId"]
        snapshot = ours.create_snapshot(VolumeId=volume_id)["SnapshotId"]
        image_id = ours.register_image(
            Name="mine",
            Architecture="x86_64",
            RootDeviceName="/dev/sda1",
            BlockDeviceMappings=[{"DeviceName": "/dev/sda1", "Ebs": {"SnapshotId": snapshot}}],
        )["ImageId"]
        assert error(theirs.run_instances, ImageId=image_id, MinCount=1, MaxCount=1)[0] == "InvalidAMIID.NotFound"
        ours.modify_image_attribute(ImageId=image_id, LaunchPermission={"Add": [{"UserId": OTHER}]})
        assert [each["ImageId"] for each in theirs.describe_images(ExecutableUsers=["self"])["Images"]] == [image_id]
        theirs.run_instances(ImageId=image_id, MinCount=1, MaxCount=1)
        assert error(theirs.deregister_image, ImageId=image_id)[0] == "AuthFailure"


def test_other_attributes(ec2, instance_id):
    image_id = ec2.create_image(InstanceId=instance_id, Name="web-1")["ImageId"]
    ec2.modify_image_attribute(ImageId=image_id, Description={"Value": "new words"})
    assert ec2.describe_image_attribute(ImageId=image_id, Attribute="description")["Description"] == {
        "Value": "new words"
    }
    ec2.modify_image_attribute(ImageId=image_id, Attribute="imdsSupport", Value="v2.0")
    started = ec2.run_instances(ImageId=image_id, MinCount=1, MaxCount=1)["Instances"][0]
    assert started["MetadataOptions"]["HttpTokens"] == "required"


def test_deprecation_and_disabling(aws, ec2, instance_id):
    image_id = ec2.create_image(InstanceId=instance_id, Name="web-1")["ImageId"]
    when = datetime.datetime(2090, 1, 1, tzinfo=datetime.timezone.utc)
    ec2.enable_image_deprecation(ImageId=image_id, DeprecateAt=when)
    assert describe(ec2, image_id)["DeprecationTime"] == "2090-01-01T00:00:00.000Z"
    ec2.disable_image_deprecation(ImageId=image_id)
    assert "DeprecationTime" not in describe(ec2, image_id)
    ec2.disable_image(ImageId=image_id)
    assert ec2.describe_images(Owners=["self"])["Images"] == []
    assert ec2.describe_images(Owners=["self"], IncludeDisabled=True)["Images"][0]["State"] == "disabled"
    ec2.enable_image(ImageId=image_id)
    assert describe(ec2, image_id)["State"] == "available"


def test_instances_tell_their_image_after_its_end(ec2, instance_id):
    image_id = ec2.create_image(InstanceId=instance_id, Name="web-1")["ImageId"]
    started = ec2.run_instances(ImageId=image_id, MinCount=1, MaxCount=1)["Instances"][0]["InstanceId"]
    ec2.deregister_image(ImageId=image_id)
    (found,) = ec2.describe_instance_image_metadata(InstanceIds=[started])["InstanceImageMetadata"]
    assert found["ImageMetadata"]["State"] == "deregistered"
    assert found["ImageMetadata"]["Name"] == "web-1"


def test_waiters_end(ec2, instance_id):
    image_id = ec2.create_image(InstanceId=instance_id, Name="web-1")["ImageId"]
    ec2.get_waiter("image_exists").wait(ImageIds=[image_id], WaiterConfig={"MaxAttempts": 1})
    ec2.get_waiter("image_available").wait(ImageIds=[image_id], WaiterConfig={"MaxAttempts": 1})
