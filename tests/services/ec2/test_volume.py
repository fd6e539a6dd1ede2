from __future__ import annotations

from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from sundog import mock_aws

ZONE = "us-east-1a"


def error(call: Any, **params: Any) -> tuple[str, str]:
    with pytest.raises(ClientError) as caught:
        call(**params)
    found = caught.value.response["Error"]
    return found["Code"], found["Message"]


def volume(ec2: Any, **options: Any) -> str:
    return ec2.create_volume(**{"AvailabilityZone": ZONE, "Size": 10, **options})["VolumeId"]


def describe(ec2: Any, volume_id: str) -> dict[str, Any]:
    return ec2.describe_volumes(VolumeIds=[volume_id])["Volumes"][0]


@pytest.fixture
def instance_id(ec2) -> str:
    return ec2.run_instances(ImageId="ami-1234abcd", MinCount=1, MaxCount=1)["Instances"][0]["InstanceId"]


def test_a_new_volume_is_creating_then_available(ec2):
    answer = ec2.create_volume(
        AvailabilityZone=ZONE,
        Size=10,
        TagSpecifications=[{"ResourceType": "volume", "Tags": [{"Key": "a", "Value": "b"}]}],
    )
    assert answer["State"] == "creating"
    assert answer["VolumeType"] == "gp2"
    assert answer["Iops"] == 100
    assert answer["SnapshotId"] == ""
    assert answer["MultiAttachEnabled"] is False
    assert "Attachments" not in answer
    shown = describe(ec2, answer["VolumeId"])
    assert shown["State"] == "available"
    assert shown["Attachments"] == []
    assert shown["Tags"] == [{"Key": "a", "Value": "b"}]
    assert shown["AvailabilityZoneId"] == "use1-az6"


@pytest.mark.parametrize(
    ("options", "iops", "throughput"),
    [
        ({"VolumeType": "gp2", "Size": 1000}, 3000, None),
        ({"VolumeType": "gp2", "Size": 16384}, 16000, None),
        ({"VolumeType": "gp3"}, 3000, 125),
        ({"VolumeType": "gp3", "Iops": 4000, "Throughput": 500}, 4000, 500),
        ({"VolumeType": "io1", "Iops": 200}, 200, None),
        ({"VolumeType": "standard"}, None, None),
        ({"VolumeType": "st1", "Size": 125}, None, None),
    ],
)
def test_what_volume_types_are_like(ec2, options: dict[str, Any], iops: int | None, throughput: int | None):
    shown = describe(ec2, volume(ec2, **options))
    assert (shown.get("Iops"), shown.get("Throughput")) == (iops, throughput)


@pytest.mark.parametrize(
    ("options", "code"),
    [
        ({"Size": 0}, "InvalidParameterValue"),
        ({"Size": 16385}, "InvalidParameterValue"),
        ({"VolumeType": "st1", "Size": 100}, "InvalidParameterValue"),
        ({"VolumeType": "io1"}, "InvalidParameterCombination"),
        ({"VolumeType": "io1", "Iops": 50}, "InvalidParameterValue"),
        ({"VolumeType": "io1", "Iops": 600}, "InvalidParameterValue"),
        ({"VolumeType": "gp2", "Iops": 300}, "InvalidParameterCombination"),
        ({"VolumeType": "gp3", "Throughput": 3000}, "InvalidParameterValue"),
        ({"VolumeType": "gp2", "Throughput": 125}, "InvalidParameterCombination"),
        ({"VolumeType": "gp3", "MultiAttachEnabled": True}, "InvalidParameterCombination"),
        ({"AvailabilityZone": "us-east-1z"}, "InvalidZone.NotFound"),
        ({"SnapshotId": "snap-0123456789abcdef0"}, "InvalidSnapshot.NotFound"),
    ],
)
def test_what_creation_refuses(ec2, options: dict[str, Any], code: str):
    assert error(ec2.create_volume, **{"AvailabilityZone": ZONE, "Size": 10, **options})[0] == code
    assert ec2.describe_volumes()["Volumes"] == []


def test_neither_size_nor_snapshot(ec2):
    code, _ = error(ec2.create_volume, AvailabilityZone=ZONE)
    assert code == "MissingParameter"


def test_encryption_by_request_and_by_default(ec2):
    assert describe(ec2, volume(ec2))["Encrypted"] is False
    encrypted = describe(ec2, volume(ec2, Encrypted=True))
    assert encrypted["Encrypted"] is True
    assert encrypted["KmsKeyId"].startswith("arn:aws:kms:us-east-1:123456789012:key/")
    assert ec2.enable_ebs_encryption_by_default()["EbsEncryptionByDefault"] is True
    assert ec2.get_ebs_encryption_by_default()["EbsEncryptionByDefault"] is True
    assert describe(ec2, volume(ec2))["Encrypted"] is True
    ec2.disable_ebs_encryption_by_default()
    assert describe(ec2, volume(ec2))["Encrypted"] is False


def test_the_default_key(ec2):
    assert ec2.get_ebs_default_kms_key_id()["KmsKeyId"] == "alias/aws/ebs"
    key = "arn:aws:kms:us-east-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab"
    assert ec2.modify_ebs_default_kms_key_id(KmsKeyId=key)["KmsKeyId"] == key
    assert describe(ec2, volume(ec2, Encrypted=True))["KmsKeyId"] == key
    ec2.reset_ebs_default_kms_key_id()
    assert ec2.get_ebs_default_kms_key_id()["KmsKeyId"] == "alias/aws/ebs"


def test_attach_and_detach(ec2, instance_id):
    made = volume(ec2)
    answer = ec2.attach_volume(VolumeId=made, InstanceId=instance_id, Device="/dev/sdf")
    assert answer["State"] == "attaching"
    shown = describe(ec2, made)
    assert shown["State"] == "in-use"
    (attachment,) = shown["Attachments"]
    assert (attachment["State"], attachment["Device"]) == ("attached", "/dev/sdf")
    assert attachment["DeleteOnTermination"] is False
    answer = ec2.detach_volume(VolumeId=made)
    assert answer["State"] == "detaching"
    assert answer["InstanceId"] == instance_id
    shown = describe(ec2, made)
    assert (shown["State"], shown["Attachments"]) == ("available", [])


def test_what_attachment_refuses(ec2, instance_id):
    made = volume(ec2)
    ec2.attach_volume(VolumeId=made, InstanceId=instance_id, Device="/dev/sdf")
    assert error(ec2.attach_volume, VolumeId=made, InstanceId=instance_id, Device="/dev/sdg") == (
        "VolumeInUse",
        f"{made} is already attached to an instance",
    )
    other = volume(ec2)
    assert error(ec2.attach_volume, VolumeId=other, InstanceId=instance_id, Device="/dev/sdf") == (
        "InvalidParameterValue",
        "Invalid value '/dev/sdf' for unixDevice. Attachment point /dev/sdf is already in use",
    )
    assert error(ec2.attach_volume, VolumeId=other, InstanceId=instance_id, Device="drive") == (
        "InvalidParameterValue",
        "Value (drive) for parameter device is invalid. drive is not a valid EBS device name.",
    )
    far = volume(ec2, AvailabilityZone="us-east-1b")
    assert error(ec2.attach_volume, VolumeId=far, InstanceId=instance_id, Device="/dev/sdh")[0] == (
        "InvalidVolume.ZoneMismatch"
    )
    assert error(ec2.attach_volume, VolumeId="vol-0123456789abcdef0", InstanceId=instance_id, Device="/dev/sdh") == (
        "InvalidVolume.NotFound",
        "The volume 'vol-0123456789abcdef0' does not exist.",
    )


def test_what_detachment_refuses(ec2, instance_id):
    made = volume(ec2)
    assert error(ec2.detach_volume, VolumeId=made) == (
        "IncorrectState",
        f"Volume '{made}' is in the 'available' state.",
    )
    (root,) = ec2.describe_volumes(Filters=[{"Name": "attachment.device", "Values": ["/dev/xvda"]}])["Volumes"]
    assert error(ec2.detach_volume, VolumeId=root["VolumeId"]) == (
        "OperationNotPermitted",
        f"Unable to detach root volume '{root['VolumeId']}' from instance '{instance_id}'",
    )
    ec2.stop_instances(InstanceIds=[instance_id])
    ec2.detach_volume(VolumeId=root["VolumeId"])


def test_a_shared_volume(ec2):
    ids = [
        each["InstanceId"] for each in ec2.run_instances(ImageId="ami-1234abcd", MinCount=2, MaxCount=2)["Instances"]
    ]
    made = volume(ec2, VolumeType="io2", Iops=100, MultiAttachEnabled=True)
    for instance_id in ids:
        ec2.attach_volume(VolumeId=made, InstanceId=instance_id, Device="/dev/sdf")
    assert [each["InstanceId"] for each in describe(ec2, made)["Attachments"]] == ids
    ec2.detach_volume(VolumeId=made, InstanceId=ids[0])
    assert describe(ec2, made)["State"] == "in-use"


def test_deletion(ec2, instance_id):
    made = volume(ec2)
    ec2.attach_volume(VolumeId=made, InstanceId=instance_id, Device="/dev/sdf")
    assert error(ec2.delete_volume, VolumeId=made) == (
        "VolumeInUse",
        f"Volume {made} is currently attached to {instance_id}",
    )
    ec2.detach_volume(VolumeId=made)
    ec2.delete_volume(VolumeId=made)
    assert error(ec2.describe_volumes, VolumeIds=[made])[0] == "InvalidVolume.NotFound"


def test_modification(ec2):
    made = volume(ec2)
    change = ec2.modify_volume(VolumeId=made, Size=20, VolumeType="gp3")["VolumeModification"]
    assert change["ModificationState"] == "modifying"
    assert (change["OriginalSize"], change["TargetSize"]) == (10, 20)
    assert (change["TargetIops"], change["TargetThroughput"]) == (3000, 125)
    shown = describe(ec2, made)
    assert (shown["Size"], shown["VolumeType"]) == (20, "gp3")
    (modification,) = ec2.describe_volumes_modifications(VolumeIds=[made])["VolumesModifications"]
    assert (modification["ModificationState"], modification["Progress"]) == ("completed", 100)
    assert error(ec2.modify_volume, VolumeId=made, Size=5) == (
        "InvalidParameterValue",
        "New size cannot be smaller than existing size",
    )


def test_a_volume_without_modifications(ec2):
    made = volume(ec2)
    assert ec2.describe_volumes_modifications()["VolumesModifications"] == []
    assert error(ec2.describe_volumes_modifications, VolumeIds=[made]) == (
        "InvalidVolumeModification.NotFound",
        f"Modification for volume '{made}' does not exist.",
    )


def test_with_delays_a_modification_takes_its_time():
    with mock_aws(delays=True) as aws:
        ec2 = boto3.client("ec2", "us-east-1")
        made = volume(ec2)
        assert describe(ec2, made)["State"] == "creating"
        aws.clock.advance(seconds=10)
        assert describe(ec2, made)["State"] == "available"
        ec2.modify_volume(VolumeId=made, Size=20)
        assert describe(ec2, made)["Size"] == 10
        assert error(ec2.modify_volume, VolumeId=made, Size=30)[0] == "IncorrectModificationState"
        aws.clock.advance(seconds=40)
        (modification,) = ec2.describe_volumes_modifications()["VolumesModifications"]
        assert modification["ModificationState"] == "optimizing"
        assert describe(ec2, made)["Size"] == 20
        aws.clock.advance(minutes=2)
        (modification,) = ec2.describe_volumes_modifications()["VolumesModifications"]
        assert modification["ModificationState"] == "completed"


def test_attributes_and_status(ec2):
    made = volume(ec2)
    assert ec2.describe_volume_attribute(VolumeId=made, Attribute="autoEnableIO")["AutoEnableIO"] == {"Value": False}
    ec2.modify_volume_attribute(VolumeId=made, AutoEnableIO={"Value": True})
    assert ec2.describe_volume_attribute(VolumeId=made, Attribute="autoEnableIO")["AutoEnableIO"] == {"Value": True}
    (status,) = ec2.describe_volume_status(VolumeIds=[made])["VolumeStatuses"]
    assert status["VolumeStatus"]["Status"] == "ok"
    assert status["VolumeStatus"]["Details"][0] == {"Name": "io-enabled", "Status": "passed"}
    wrong = [{"Name": "volume-status.status", "Values": ["impaired"]}]
    assert ec2.describe_volume_status(Filters=wrong)["VolumeStatuses"] == []


def test_filters(ec2, instance_id):
    big = volume(ec2, Size=100, VolumeType="gp3", AvailabilityZone="us-east-1b")

    def found(name: str, *values: str) -> list[str]:
        volumes = ec2.describe_volumes(Filters=[{"Name": name, "Values": list(values)}])["Volumes"]
        return [each["VolumeId"] for each in volumes]

    for name, value in {
        "size": "100",
        "volume-type": "gp3",
        "availability-zone": "us-east-1b",
        "status": "available",
        "volume-id": big,
    }.items():
        assert found(name, value) == [big], name
    (root,) = found("attachment.instance-id", instance_id)
    assert found("attachment.delete-on-termination", "true") == [root]
    assert found("attachment.status", "attached") == [root]
    assert found("encrypted", "false") == [root, big]
    assert error(ec2.describe_volumes, Filters=[{"Name": "colour", "Values": ["red"]}]) == (
        "InvalidParameterValue",
        "The filter 'colour' is invalid",
    )


def test_malformed_ids(ec2):
    assert error(ec2.describe_volumes, VolumeIds=["vol-x"]) == (
        "InvalidParameterValue",
        "Value (vol-x) for parameter volumes is invalid. Expected: 'vol-...'.",
    )


def test_waiters_end(ec2, instance_id):
    made = volume(ec2)
    ec2.get_waiter("volume_available").wait(VolumeIds=[made], WaiterConfig={"MaxAttempts": 1})
    ec2.attach_volume(VolumeId=made, InstanceId=instance_id, Device="/dev/sdf")
    ec2.get_waiter("volume_in_use").wait(VolumeIds=[made], WaiterConfig={"MaxAttempts": 1})
    ec2.detach_volume(VolumeId=made)
    ec2.delete_volume(VolumeId=made)
    ec2.get_waiter("volume_deleted").wait(VolumeIds=[made], WaiterConfig={"MaxAttempts": 1})
