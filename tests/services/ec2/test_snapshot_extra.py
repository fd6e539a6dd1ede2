from __future__ import annotations

import boto3
import pytest

ZONE = "us-east-1a"


@pytest.fixture
def snapshot(ec2) -> str:
    volume = ec2.create_volume(AvailabilityZone=ZONE, Size=1)["VolumeId"]
    return ec2.create_snapshot(VolumeId=volume)["SnapshotId"]


def test_a_locked_snapshot_stays_until_unlocked(ec2, fails, snapshot):
    answer = ec2.lock_snapshot(SnapshotId=snapshot, LockMode="governance", LockDuration=2)
    assert (answer["LockState"], answer["LockDuration"]) == ("governance", 2)
    assert fails(ec2.delete_snapshot, SnapshotId=snapshot)[0] == "OperationNotPermitted"
    (shown,) = ec2.describe_locked_snapshots()["Snapshots"]
    assert shown["SnapshotId"] == snapshot
    ec2.unlock_snapshot(SnapshotId=snapshot)
    assert fails(ec2.unlock_snapshot, SnapshotId=snapshot)[0] == "SnapshotNotLocked"
    ec2.delete_snapshot(SnapshotId=snapshot)


def test_a_compliance_lock_cools_off_holds_and_expires(aws, ec2, fails, snapshot):
    ec2.lock_snapshot(SnapshotId=snapshot, LockMode="compliance", LockDuration=1, CoolOffPeriod=2)
    assert ec2.describe_locked_snapshots()["Snapshots"][0]["LockState"] == "compliance-cooloff"
    aws.clock.advance(hours=3)
    assert fails(ec2.unlock_snapshot, SnapshotId=snapshot)[0] == "OperationNotPermitted"
    aws.clock.advance(days=1)
    assert ec2.describe_locked_snapshots()["Snapshots"][0]["LockState"] == "expired"
    ec2.delete_snapshot(SnapshotId=snapshot)


def test_fast_restores_by_zone(ec2, snapshot):
    answer = ec2.enable_fast_snapshot_restores(AvailabilityZones=[ZONE], SourceSnapshotIds=[snapshot, "snap-12345678"])
    assert [item["State"] for item in answer["Successful"]] == ["enabling"]
    errors = answer["Unsuccessful"][0]["FastSnapshotRestoreStateErrors"]
    assert errors[0]["Error"]["Code"] == "InvalidSnapshot.NotFound"
    (shown,) = ec2.describe_fast_snapshot_restores(Filters=[{"Name": "snapshot-id", "Values": [snapshot]}])[
        "FastSnapshotRestores"
    ]
    assert (shown["State"], shown["AvailabilityZone"]) == ("enabled", ZONE)
    ec2.disable_fast_snapshot_restores(AvailabilityZones=[ZONE], SourceSnapshotIds=[snapshot])
    assert ec2.describe_fast_snapshot_restores()["FastSnapshotRestores"] == []


def test_an_archived_snapshot_is_restored_for_a_while(aws, ec2, fails, snapshot):
    ec2.modify_snapshot_tier(SnapshotId=snapshot, StorageTier="archive")

    def tier() -> str:
        return ec2.describe_snapshot_tier_status()["SnapshotTierStatuses"][0]["StorageTier"]

    assert tier() == "archive"
    assert fails(ec2.modify_snapshot_tier, SnapshotId=snapshot)[0] == "IncorrectState"
    ec2.restore_snapshot_tier(SnapshotId=snapshot, TemporaryRestoreDays=2)
    assert tier() == "standard"
    aws.clock.advance(days=3)
    assert tier() == "archive"
    ec2.restore_snapshot_tier(SnapshotId=snapshot, PermanentRestore=True)
    assert tier() == "standard"


def test_instance_connect_takes_keys_of_running_instances(ec2, fails):
    connect = boto3.client("ec2-instance-connect", "us-east-1")
    instance = ec2.run_instances(ImageId="ami-1234abcd", InstanceType="t3.micro", MinCount=1, MaxCount=1)["Instances"][
        0
    ]["InstanceId"]
    key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJKyJLTCTMUtAQ5sVPYhHyXgGwVEdQwYhuXcSOBUbZbc me@example"
    send = {"InstanceId": instance, "InstanceOSUser": "me", "SSHPublicKey": key}
    assert connect.send_ssh_public_key(**send)["Success"] is True
    serial = {"InstanceId": instance, "SSHPublicKey": key}
    assert fails(connect.send_serial_console_ssh_public_key, **serial)[0] == "SerialConsoleAccessDisabledException"
    ec2.enable_serial_console_access()
    assert connect.send_serial_console_ssh_public_key(**serial)["Success"] is True
    ec2.stop_instances(InstanceIds=[instance])
    assert fails(connect.send_ssh_public_key, **send)[0] == "EC2InstanceStateInvalidException"
    assert fails(connect.send_ssh_public_key, **{**send, "InstanceId": "i-12345678901234567"})[0] == (
        "EC2InstanceNotFoundException"
    )
