from __future__ import annotations

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
def volume_id(ec2) -> str:
    return ec2.create_volume(AvailabilityZone="us-east-1a", Size=10)["VolumeId"]


def test_a_new_snapshot_is_pending_then_completed(ec2, volume_id):
    answer = ec2.create_snapshot(VolumeId=volume_id, Description="mine")
    assert answer["State"] == "pending"
    assert answer["Progress"] == ""
    assert answer["VolumeSize"] == 10
    (shown,) = ec2.describe_snapshots(OwnerIds=["self"])["Snapshots"]
    assert (shown["State"], shown["Progress"], shown["Description"]) == ("completed", "100%", "mine")
    assert shown["VolumeId"] == volume_id
    assert shown["StorageTier"] == "standard"


def test_a_volume_of_a_snapshot(ec2, volume_id):
    snapshot = ec2.create_snapshot(VolumeId=volume_id)["SnapshotId"]
    made = ec2.create_volume(AvailabilityZone="us-east-1b", SnapshotId=snapshot)
    assert (made["Size"], made["SnapshotId"]) == (10, snapshot)
    code, message = error(ec2.create_volume, AvailabilityZone="us-east-1b", SnapshotId=snapshot, Size=5)
    assert code == "InvalidParameterValue"
    assert message == f"Volume of size 5GB is smaller than snapshot '{snapshot}', expect size >= 10GB"


def test_an_encrypted_volume_s_snapshot_and_what_comes_of_it_are_encrypted(ec2):
    volume = ec2.create_volume(AvailabilityZone="us-east-1a", Size=10, Encrypted=True)
    snapshot = ec2.create_snapshot(VolumeId=volume["VolumeId"])
    assert snapshot["Encrypted"] is True
    again = ec2.create_volume(AvailabilityZone="us-east-1a", SnapshotId=snapshot["SnapshotId"])
    assert again["Encrypted"] is True
    assert again["KmsKeyId"] == volume["KmsKeyId"]


def test_snapshots_of_all_of_an_instance_s_volumes(ec2):
    instance_id = ec2.run_instances(
        ImageId="ami-1234abcd",
        MinCount=1,
        MaxCount=1,
        BlockDeviceMappings=[{"DeviceName": "/dev/sdf", "Ebs": {"VolumeSize": 3}}],
        TagSpecifications=[{"ResourceType": "volume", "Tags": [{"Key": "from", "Value": "volume"}]}],
    )["Instances"][0]["InstanceId"]
    made = ec2.create_snapshots(
        InstanceSpecification={"InstanceId": instance_id},
        CopyTagsFromSource="volume",
        TagSpecifications=[{"ResourceType": "snapshot", "Tags": [{"Key": "own", "Value": "x"}]}],
    )["Snapshots"]
    assert [each["VolumeSize"] for each in made] == [8, 3]
    assert {tag["Key"] for tag in made[0]["Tags"]} == {"from", "own"}
    (data,) = ec2.create_snapshots(InstanceSpecification={"InstanceId": instance_id, "ExcludeBootVolume": True})[
        "Snapshots"
    ]
    assert data["VolumeSize"] == 3


def test_a_copy_in_another_region(ec2, volume_id):
    snapshot = ec2.create_snapshot(VolumeId=volume_id)["SnapshotId"]
    west = boto3.client("ec2", "eu-west-1")
    copied = west.copy_snapshot(SourceRegion="us-east-1", SourceSnapshotId=snapshot, Encrypted=True)["SnapshotId"]
    assert copied != snapshot
    (shown,) = west.describe_snapshots(SnapshotIds=[copied])["Snapshots"]
    assert shown["Description"] == f"[Copied {snapshot} from us-east-1]"
    assert shown["Encrypted"] is True
    assert shown["KmsKeyId"].startswith("arn:aws:kms:eu-west-1:")
    assert error(west.copy_snapshot, SourceRegion="us-west-2", SourceSnapshotId=snapshot) == (
        "InvalidSnapshot.NotFound",
        f"The snapshot '{snapshot}' does not exist.",
    )


def test_a_snapshot_of_an_image_can_t_be_deleted(ec2):
    instance_id = ec2.run_instances(ImageId="ami-1234abcd", MinCount=1, MaxCount=1)["Instances"][0]["InstanceId"]
    image_id = ec2.create_image(InstanceId=instance_id, Name="image")["ImageId"]
    (snapshot,) = ec2.describe_snapshots(OwnerIds=["self"])["Snapshots"]
    snapshot_id = snapshot["SnapshotId"]
    assert snapshot["Description"] == f"Created by CreateImage({instance_id}) for {image_id}"
    assert error(ec2.delete_snapshot, SnapshotId=snapshot_id) == (
        "InvalidSnapshot.InUse",
        f"The snapshot {snapshot_id} is currently in use by {image_id}",
    )
    ec2.deregister_image(ImageId=image_id)
    ec2.delete_snapshot(SnapshotId=snapshot_id)
    assert error(ec2.describe_snapshots, SnapshotIds=[snapshot_id]) == (
        "InvalidSnapshot.NotFound",
        f"The snapshot '{snapshot_id}' does not exist.",
    )


def test_sharing(aws, ec2, volume_id):
    snapshot = ec2.create_snapshot(VolumeId=volume_id)["SnapshotId"]
    assert (
        ec2.describe_snapshot_attribute(SnapshotId=snapshot, Attribute="createVolumePermission")[
            "CreateVolumePermissions"
        ]
        == []
    )
    ec2.modify_snapshot_attribute(
        SnapshotId=snapshot, Attribute="createVolumePermission", OperationType="add", UserIds=[OTHER]
    )
    assert ec2.describe_snapshot_attribute(SnapshotId=snapshot, Attribute="createVolumePermission")[
        "CreateVolumePermissions"
    ] == [{"UserId": OTHER}]
    ec2.modify_snapshot_attribute(SnapshotId=snapshot, CreateVolumePermission={"Add": [{"Group": "all"}]})
    assert ec2.describe_snapshots(RestorableByUserIds=["all"])["Snapshots"][0]["SnapshotId"] == snapshot
    ec2.reset_snapshot_attribute(SnapshotId=snapshot, Attribute="createVolumePermission")
    assert ec2.describe_snapshots(RestorableByUserIds=["all"])["Snapshots"] == []


def test_another_account_sees_only_what_is_shared():
    with mock_aws():
        ours = boto3.client("ec2", "us-east-1")
        theirs = boto3.client("ec2", "us-east-1", aws_access_key_id=OTHER, aws_secret_access_key="x")
        volume_id = ours.create_volume(AvailabilityZone="us-east-1a", Size=10)["VolumeId"]
        snapshot = ours.create_snapshot(VolumeId=volume_id)["SnapshotId"]
        assert error(theirs.describe_snapshots, SnapshotIds=[snapshot])[0] == "InvalidSnapshot.NotFound"
        ours.modify_snapshot_attribute(SnapshotId=snapshot, OperationType="add", UserIds=[OTHER])
        assert theirs.describe_snapshots(SnapshotIds=[snapshot])["Snapshots"][0]["OwnerId"] == "123456789012"
        theirs.create_volume(AvailabilityZone="us-east-1a", SnapshotId=snapshot)
        assert error(theirs.delete_snapshot, SnapshotId=snapshot)[0] == "InvalidSnapshot.NotFound"


def test_filters(ec2, volume_id):
    first = ec2.create_snapshot(VolumeId=volume_id, Description="first")["SnapshotId"]
    other = ec2.create_volume(AvailabilityZone="us-east-1a", Size=20)["VolumeId"]
    second = ec2.create_snapshot(VolumeId=other, Description="second")["SnapshotId"]

    def found(name: str, value: str) -> list[str]:
        snapshots = ec2.describe_snapshots(Filters=[{"Name": name, "Values": [value]}])["Snapshots"]
        return [each["SnapshotId"] for each in snapshots]

    assert found("description", "fir*") == [first]
    assert found("volume-id", other) == [second]
    assert found("volume-size", "20") == [second]
    assert found("status", "completed") == [first, second]
    assert found("owner-id", "123456789012") == [first, second]
    assert found("encrypted", "true") == []


def test_pages(ec2, volume_id):
    made = [ec2.create_snapshot(VolumeId=volume_id)["SnapshotId"] for _ in range(7)]
    pages = list(ec2.get_paginator("describe_snapshots").paginate(PaginationConfig={"PageSize": 5}))
    assert [len(page["Snapshots"]) for page in pages] == [5, 2]
    assert [each["SnapshotId"] for page in pages for each in page["Snapshots"]] == made


def test_the_waiter_ends_once_the_clock_has_run():
    with mock_aws(delays=True) as aws:
        ec2 = boto3.client("ec2", "us-east-1")
        volume_id = ec2.create_volume(AvailabilityZone="us-east-1a", Size=10)["VolumeId"]
        aws.clock.advance(seconds=10)
        snapshot = ec2.create_snapshot(VolumeId=volume_id)["SnapshotId"]
        assert ec2.describe_snapshots(SnapshotIds=[snapshot])["Snapshots"][0]["State"] == "pending"
        aws.clock.advance(minutes=1)
        ec2.get_waiter("snapshot_completed").wait(SnapshotIds=[snapshot], WaiterConfig={"MaxAttempts": 1})
