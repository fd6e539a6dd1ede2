from __future__ import annotations

import base64
from typing import Any

import pytest
from botocore.exceptions import ClientError

from sundog import mock_aws

IMAGE = "ami-1234abcd"


def launch(ec2: Any, **options: Any) -> dict[str, Any]:
    return ec2.run_instances(**{"ImageId": IMAGE, "MinCount": 1, "MaxCount": 1, **options})["Instances"][0]


def describe(ec2: Any, instance_id: str) -> dict[str, Any]:
    return ec2.describe_instances(InstanceIds=[instance_id])["Reservations"][0]["Instances"][0]


def error(call: Any, **params: Any) -> tuple[str, str]:
    with pytest.raises(ClientError) as caught:
        call(**params)
    found = caught.value.response["Error"]
    return found["Code"], found["Message"]


# -- launching


def test_a_launch_answers_pending_and_the_instance_runs(ec2):
    instance = launch(ec2)
    assert instance["State"] == {"Code": 0, "Name": "pending"}
    assert instance["StateReason"] == {"Code": "pending", "Message": "pending"}
    assert instance["BlockDeviceMappings"] == []
    assert "PublicIpAddress" not in instance
    assert instance["NetworkInterfaces"][0]["Attachment"]["Status"] == "attaching"
    running = describe(ec2, instance["InstanceId"])
    assert running["State"] == {"Code": 16, "Name": "running"}
    assert "StateReason" not in running
    assert running["NetworkInterfaces"][0]["Attachment"]["Status"] == "attached"
    assert running["PublicIpAddress"] == running["NetworkInterfaces"][0]["Association"]["PublicIp"]


def test_the_default_type_is_m1_small_in_the_first_zone(ec2):
    instance = launch(ec2)
    assert instance["InstanceType"] == "m1.small"
    assert instance["Placement"]["AvailabilityZone"] == "us-east-1a"
    assert instance["SecurityGroups"][0]["GroupName"] == "default"


def test_all_of_a_launch_share_a_reservation_and_are_numbered(ec2):
    answer = ec2.run_instances(ImageId=IMAGE, MinCount=2, MaxCount=3)
    assert [each["AmiLaunchIndex"] for each in answer["Instances"]] == [0, 1, 2]
    (reservation,) = ec2.describe_instances()["Reservations"]
    assert reservation["ReservationId"] == answer["ReservationId"]
    assert len({each["PrivateIpAddress"] for each in reservation["Instances"]}) == 3


def test_the_root_volume_is_a_real_volume(ec2):
    instance_id = launch(ec2)["InstanceId"]
    (mapping,) = describe(ec2, instance_id)["BlockDeviceMappings"]
    (volume,) = ec2.describe_volumes(VolumeIds=[mapping["Ebs"]["VolumeId"]])["Volumes"]
    assert volume["State"] == "in-use"
    assert volume["Size"] == 8
    assert volume["Attachments"][0]["InstanceId"] == instance_id
    assert volume["Attachments"][0]["Device"] == "/dev/xvda"
    assert volume["Attachments"][0]["DeleteOnTermination"] is True


def test_mappings_change_the_image_s_devices_and_add_more(ec2):
    mappings = [
        {"DeviceName": "/dev/xvda", "Ebs": {"VolumeSize": 30, "VolumeType": "gp3", "Throughput": 200}},
        {"DeviceName": "/dev/sdf", "Ebs": {"VolumeSize": 5, "DeleteOnTermination": False}},
        {"DeviceName": "/dev/sdg", "VirtualName": "ephemeral0"},
    ]
    instance_id = launch(ec2, BlockDeviceMappings=mappings)["InstanceId"]
    volumes = ec2.describe_volumes(Filters=[{"Name": "attachment.instance-id", "Values": [instance_id]}])["Volumes"]
    seen = {volume["Attachments"][0]["Device"]: volume for volume in volumes}
    assert set(seen) == {"/dev/xvda", "/dev/sdf"}
    assert (seen["/dev/xvda"]["Size"], seen["/dev/xvda"]["Iops"], seen["/dev/xvda"]["Throughput"]) == (30, 3000, 200)
    assert seen["/dev/sdf"]["VolumeType"] == "gp2"


def test_a_root_volume_smaller_than_its_snapshot_is_refused(ec2):
    code, message = error(
        ec2.run_instances,
        ImageId=IMAGE,
        MinCount=1,
        MaxCount=1,
        BlockDeviceMappings=[{"DeviceName": "/dev/xvda", "Ebs": {"VolumeSize": 4}}],
    )
    assert code == "InvalidBlockDeviceMapping"
    assert message.startswith("Volume of size 4GB is smaller than snapshot 'snap-")
    assert message.endswith("expect size >= 8GB")


def test_tags_go_to_what_they_name(ec2):
    specifications = [
        {"ResourceType": "instance", "Tags": [{"Key": "Name", "Value": "web"}]},
        {"ResourceType": "volume", "Tags": [{"Key": "Name", "Value": "disk"}]},
        {"ResourceType": "network-interface", "Tags": [{"Key": "Name", "Value": "card"}]},
    ]
    instance = launch(ec2, TagSpecifications=specifications)
    assert instance["Tags"] == [{"Key": "Name", "Value": "web"}]
    assert ec2.describe_volumes()["Volumes"][0]["Tags"] == [{"Key": "Name", "Value": "disk"}]
    card = ec2.describe_network_interfaces()["NetworkInterfaces"][0]
    assert card["TagSet"] == [{"Key": "Name", "Value": "card"}]


def test_groups_by_id_and_by_name(ec2):
    made = ec2.create_security_group(GroupName="web", Description="web servers")["GroupId"]
    by_id = launch(ec2, SecurityGroupIds=[made])
    by_name = launch(ec2, SecurityGroups=["web"])
    assert by_id["SecurityGroups"] == by_name["SecurityGroups"] == [{"GroupId": made, "GroupName": "web"}]


def test_a_launch_into_a_subnet_of_one_s_own_has_no_public_address(ec2):
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.0.1.0/24")["Subnet"]["SubnetId"]
    instance_id = launch(ec2, SubnetId=subnet, PrivateIpAddress="10.0.1.50")["InstanceId"]
    instance = describe(ec2, instance_id)
    assert instance["PrivateIpAddress"] == "10.0.1.50"
    assert (instance["SubnetId"], instance["VpcId"]) == (subnet, vpc)
    assert "PublicIpAddress" not in instance


def test_interface_specifications(ec2):
    subnet = ec2.describe_subnets()["Subnets"][0]["SubnetId"]
    cards = [
        {
            "DeviceIndex": 0,
            "SubnetId": subnet,
            "AssociatePublicIpAddress": False,
            "Description": "first",
            "SecondaryPrivateIpAddressCount": 2,
            "DeleteOnTermination": False,
        }
    ]
    instance = describe(ec2, launch(ec2, NetworkInterfaces=cards)["InstanceId"])
    (card,) = instance["NetworkInterfaces"]
    assert card["Description"] == "first"
    assert card["Attachment"]["DeleteOnTermination"] is False
    assert [each["Primary"] for each in card["PrivateIpAddresses"]] == [True, False, False]
    assert "PublicIpAddress" not in instance


def test_two_cards_and_an_existing_one(ec2):
    subnet = ec2.describe_subnets()["Subnets"][0]["SubnetId"]
    existing = ec2.create_network_interface(SubnetId=subnet)["NetworkInterface"]["NetworkInterfaceId"]
    cards = [{"DeviceIndex": 1, "SubnetId": subnet}, {"DeviceIndex": 0, "NetworkInterfaceId": existing}]
    instance = describe(ec2, launch(ec2, NetworkInterfaces=cards)["InstanceId"])
    assert [card["Attachment"]["DeviceIndex"] for card in instance["NetworkInterfaces"]] == [0, 1]
    assert instance["NetworkInterfaces"][0]["NetworkInterfaceId"] == existing
    code, message = error(
        ec2.run_instances,
        ImageId=IMAGE,
        MinCount=1,
        MaxCount=1,
        NetworkInterfaces=[{"DeviceIndex": 0, "NetworkInterfaceId": existing}],
    )
    assert (code, message) == ("InvalidNetworkInterface.InUse", f"Interface: [{existing}] in use.")


@pytest.mark.parametrize(
    ("options", "code", "message"),
    [
        ({"InstanceType": "m9.huge"}, "InvalidParameterValue", "Invalid value 'm9.huge' for InstanceType."),
        ({"KeyName": "nobody"}, "InvalidKeyPair.NotFound", "The key pair 'nobody' does not exist"),
        ({"ImageId": "ami-nonsense"}, "InvalidAMIID.Malformed", 'Invalid id: "ami-nonsense"'),
        ({"ImageId": "nonsense"}, "InvalidAMIID.Malformed", 'Invalid id: "nonsense" (expecting "ami-...")'),
        (
            {"SubnetId": "subnet-0123456789abcdef0"},
            "InvalidSubnetID.NotFound",
            "The subnet ID 'subnet-0123456789abcdef0' does not exist",
        ),
        (
            {"NetworkInterfaces": [{"DeviceIndex": 0}], "SecurityGroupIds": ["sg-0123456789abcdef0"]},
            "InvalidParameterCombination",
            "Network interfaces and an instance-level security groups may not be specified on the same request",
        ),
        (
            {"NetworkInterfaces": [{"AssociatePublicIpAddress": True}]},
            "InvalidParameterCombination",
            "Each network interface requires a device index.",
        ),
        ({"UserData": "x" * 30000}, "InvalidParameterValue", "User data is limited to 16384 bytes"),
    ],
)
def test_what_a_launch_refuses(ec2, options: dict[str, Any], code: str, message: str):
    params = {"ImageId": IMAGE, "MinCount": 1, "MaxCount": 1, **options}
    assert error(ec2.run_instances, **params) == (code, message)


def test_a_failed_launch_leaves_nothing(ec2):
    before = ec2.describe_subnets()["Subnets"]
    error(
        ec2.run_instances,
        ImageId=IMAGE,
        MinCount=1,
        MaxCount=1,
        TagSpecifications=[{"ResourceType": "vpc", "Tags": [{"Key": "a", "Value": "b"}]}],
    )
    assert ec2.describe_instances()["Reservations"] == []
    assert ec2.describe_volumes()["Volumes"] == []
    assert ec2.describe_network_interfaces()["NetworkInterfaces"] == []
    assert ec2.describe_subnets()["Subnets"] == before


def test_an_image_for_other_processors_is_refused(ec2):
    images = ec2.describe_images(Owners=["amazon"], Filters=[{"Name": "architecture", "Values": ["arm64"]}])["Images"]
    code, message = error(
        ec2.run_instances, ImageId=images[0]["ImageId"], MinCount=1, MaxCount=1, InstanceType="t3.micro"
    )
    assert code == "InvalidParameterValue"
    assert message.startswith("The architecture 'x86_64' of the specified instance type does not match")


def test_dry_run_makes_nothing(ec2):
    code, message = error(ec2.run_instances, ImageId=IMAGE, MinCount=1, MaxCount=1, DryRun=True)
    assert (code, message) == ("DryRunOperation", "Request would have succeeded, but DryRun flag is set.")
    assert ec2.describe_instances()["Reservations"] == []


def test_a_client_token_launches_once(ec2):
    first = launch(ec2, ClientToken="once")
    again = launch(ec2, ClientToken="once")
    assert first["InstanceId"] == again["InstanceId"]
    assert first["ClientToken"] == "once"
    code, _ = error(ec2.run_instances, ImageId=IMAGE, MinCount=1, MaxCount=2, ClientToken="once")
    assert code == "IdempotentParameterMismatch"


def test_unknown_images_can_be_refused():
    import boto3

    with mock_aws(refuse_unknown_images=True):
        ec2 = boto3.client("ec2", "us-east-1")
        code, message = error(ec2.run_instances, ImageId=IMAGE, MinCount=1, MaxCount=1)
        assert (code, message) == ("InvalidAMIID.NotFound", "The image id '[ami-1234abcd]' does not exist")
        public = ec2.describe_images(Filters=[{"Name": "architecture", "Values": ["x86_64"]}])["Images"][0]
        assert launch(ec2, ImageId=public["ImageId"])["ImageId"] == public["ImageId"]


def test_options_are_kept(ec2):
    ec2.create_placement_group(GroupName="close", Strategy="cluster")
    ec2.create_key_pair(KeyName="mine", KeyType="ed25519")
    instance = describe(
        ec2,
        launch(
            ec2,
            InstanceType="m5.2xlarge",
            KeyName="mine",
            EbsOptimized=True,
            Monitoring={"Enabled": True},
            CpuOptions={"CoreCount": 2, "ThreadsPerCore": 1},
            MetadataOptions={"HttpTokens": "required", "HttpPutResponseHopLimit": 3},
            EnclaveOptions={"Enabled": True},
            Placement={"AvailabilityZone": "us-east-1b", "Tenancy": "dedicated", "GroupName": "close"},
            LicenseSpecifications=[{"LicenseConfigurationArn": "arn:aws:license-manager:us-east-1:1:lic"}],
            MaintenanceOptions={"AutoRecovery": "disabled"},
            PrivateDnsNameOptions={"HostnameType": "ip-name", "EnableResourceNameDnsARecord": True},
            CapacityReservationSpecification={"CapacityReservationPreference": "none"},
        )["InstanceId"],
    )
    assert instance["KeyName"] == "mine"
    assert instance["EbsOptimized"] is True
    assert instance["Monitoring"] == {"State": "enabled"}
    assert instance["CpuOptions"] == {"CoreCount": 2, "ThreadsPerCore": 1}
    assert instance["MetadataOptions"]["HttpTokens"] == "required"
    assert instance["MetadataOptions"]["State"] == "applied"
    assert instance["EnclaveOptions"] == {"Enabled": True}
    assert instance["Placement"]["Tenancy"] == "dedicated"
    assert instance["Placement"]["AvailabilityZone"] == "us-east-1b"
    assert instance["Placement"]["GroupName"] == "close"
    assert instance["Licenses"] == [{"LicenseConfigurationArn": "arn:aws:license-manager:us-east-1:1:lic"}]
    assert instance["MaintenanceOptions"]["AutoRecovery"] == "disabled"
    assert instance["PrivateDnsNameOptions"]["EnableResourceNameDnsARecord"] is True
    assert instance["CapacityReservationSpecification"] == {"CapacityReservationPreference": "none"}


def test_nothing_of_a_plain_launch_is_ignored(aws, ec2):
    launch(ec2, UserData="hello", InstanceInitiatedShutdownBehavior="terminate", DisableApiStop=False)
    assert list(aws.calls)[-1].unread == []


# -- transitions


def test_stop_and_start_change_the_public_address(ec2):
    instance_id = launch(ec2)["InstanceId"]
    first = describe(ec2, instance_id)
    (change,) = ec2.stop_instances(InstanceIds=[instance_id])["StoppingInstances"]
    assert change == {
        "InstanceId": instance_id,
        "PreviousState": {"Code": 16, "Name": "running"},
        "CurrentState": {"Code": 64, "Name": "stopping"},
    }
    stopped = describe(ec2, instance_id)
    assert stopped["State"] == {"Code": 80, "Name": "stopped"}
    assert stopped["StateReason"] == {
        "Code": "Client.UserInitiatedShutdown",
        "Message": "Client.UserInitiatedShutdown: User initiated shutdown",
    }
    assert stopped["StateTransitionReason"].startswith("User initiated (")
    assert "PublicIpAddress" not in stopped
    assert stopped["PrivateIpAddress"] == first["PrivateIpAddress"]
    (change,) = ec2.start_instances(InstanceIds=[instance_id])["StartingInstances"]
    assert change["CurrentState"]["Name"] == "pending"
    started = describe(ec2, instance_id)
    assert started["State"]["Name"] == "running"
    assert started["StateTransitionReason"] == ""
    assert started["PublicIpAddress"] != first["PublicIpAddress"]


def test_an_elastic_ip_stays_over_a_stop(ec2):
    instance_id = launch(ec2)["InstanceId"]
    address = ec2.allocate_address(Domain="vpc")
    ec2.associate_address(InstanceId=instance_id, AllocationId=address["AllocationId"])
    ec2.stop_instances(InstanceIds=[instance_id])
    assert describe(ec2, instance_id)["PublicIpAddress"] == address["PublicIp"]
    ec2.start_instances(InstanceIds=[instance_id])
    assert describe(ec2, instance_id)["PublicIpAddress"] == address["PublicIp"]


def test_termination_takes_what_ends_with_the_instance(ec2):
    mappings = [{"DeviceName": "/dev/sdf", "Ebs": {"VolumeSize": 5, "DeleteOnTermination": False}}]
    instance_id = launch(ec2, BlockDeviceMappings=mappings)["InstanceId"]
    (change,) = ec2.terminate_instances(InstanceIds=[instance_id])["TerminatingInstances"]
    assert change["CurrentState"] == {"Code": 32, "Name": "shutting-down"}
    gone = describe(ec2, instance_id)
    assert gone["State"] == {"Code": 48, "Name": "terminated"}
    assert gone["NetworkInterfaces"] == []
    assert gone["BlockDeviceMappings"] == []
    assert "VpcId" not in gone
    (left,) = ec2.describe_volumes()["Volumes"]
    assert (left["Size"], left["State"], left["Attachments"]) == (5, "available", [])
    assert ec2.describe_network_interfaces()["NetworkInterfaces"] == []


def test_a_terminated_instance_is_seen_for_an_hour(aws, ec2):
    instance_id = launch(ec2)["InstanceId"]
    ec2.terminate_instances(InstanceIds=[instance_id])
    aws.clock.advance(minutes=59)
    assert describe(ec2, instance_id)["State"]["Name"] == "terminated"
    aws.clock.advance(minutes=2)
    code, message = error(ec2.describe_instances, InstanceIds=[instance_id])
    assert (code, message) == ("InvalidInstanceID.NotFound", f"The instance ID '{instance_id}' does not exist")
    assert ec2.describe_instances()["Reservations"] == []


def test_protected_instances(ec2):
    instance_id = launch(ec2, DisableApiTermination=True, DisableApiStop=True)["InstanceId"]
    assert error(ec2.terminate_instances, InstanceIds=[instance_id]) == (
        "OperationNotPermitted",
        f"The instance '{instance_id}' may not be terminated. "
        "Modify its 'disableApiTermination' instance attribute and try again.",
    )
    assert error(ec2.stop_instances, InstanceIds=[instance_id]) == (
        "OperationNotPermitted",
        f"The instance '{instance_id}' may not be stopped. "
        "Modify its 'disableApiStop' instance attribute and try again.",
    )
    ec2.modify_instance_attribute(InstanceId=instance_id, DisableApiTermination={"Value": False})
    ec2.modify_instance_attribute(InstanceId=instance_id, DisableApiStop={"Value": False})
    ec2.terminate_instances(InstanceIds=[instance_id])


def test_states_that_forbid_a_transition(ec2):
    instance_id = launch(ec2)["InstanceId"]
    ec2.terminate_instances(InstanceIds=[instance_id])
    assert error(ec2.start_instances, InstanceIds=[instance_id]) == (
        "IncorrectInstanceState",
        f"The instance '{instance_id}' is not in a state from which it can be started.",
    )
    assert error(ec2.stop_instances, InstanceIds=[instance_id]) == (
        "IncorrectInstanceState",
        f"This instance '{instance_id}' is not in a state from which it can be stopped.",
    )
    (change,) = ec2.terminate_instances(InstanceIds=[instance_id])["TerminatingInstances"]
    assert change["PreviousState"]["Name"] == change["CurrentState"]["Name"] == "terminated"


def test_ids_that_are_unknown_or_malformed(ec2):
    missing = "i-0123456789abcdef0"
    assert error(ec2.terminate_instances, InstanceIds=[missing]) == (
        "InvalidInstanceID.NotFound",
        f"The instance ID '{missing}' does not exist",
    )
    assert error(ec2.stop_instances, InstanceIds=[missing, "i-12345678"]) == (
        "InvalidInstanceID.NotFound",
        f"The instance IDs '{missing}, i-12345678' do not exist",
    )
    assert error(ec2.describe_instances, InstanceIds=["i-foo"]) == (
        "InvalidInstanceID.Malformed",
        'Invalid id: "i-foo"',
    )


def test_botocore_s_waiters_end(ec2):
    instance_id = launch(ec2)["InstanceId"]
    for waiter in ("instance_exists", "instance_running", "instance_status_ok", "system_status_ok"):
        ec2.get_waiter(waiter).wait(InstanceIds=[instance_id], WaiterConfig={"MaxAttempts": 1})
    ec2.stop_instances(InstanceIds=[instance_id])
    ec2.get_waiter("instance_stopped").wait(InstanceIds=[instance_id], WaiterConfig={"MaxAttempts": 1})
    ec2.terminate_instances(InstanceIds=[instance_id])
    ec2.get_waiter("instance_terminated").wait(InstanceIds=[instance_id], WaiterConfig={"MaxAttempts": 1})


def test_with_delays_transitions_take_the_clock_s_time():
    import boto3

    with mock_aws(delays=True) as aws:
        ec2 = boto3.client("ec2", "us-east-1")
        instance_id = launch(ec2)["InstanceId"]
        assert describe(ec2, instance_id)["State"]["Name"] == "pending"
        assert ec2.describe_instance_status()["InstanceStatuses"] == []
        aws.clock.advance(seconds=20)
        running = describe(ec2, instance_id)
        assert running["State"]["Name"] == "running"
        assert running["PublicIpAddress"]
        ec2.stop_instances(InstanceIds=[instance_id])
        assert describe(ec2, instance_id)["State"]["Name"] == "stopping"
        assert error(ec2.start_instances, InstanceIds=[instance_id])[0] == "IncorrectInstanceState"
        aws.clock.advance(seconds=30)
        assert describe(ec2, instance_id)["State"]["Name"] == "stopped"
        ec2.terminate_instances(InstanceIds=[instance_id])
        assert describe(ec2, instance_id)["State"]["Name"] == "shutting-down"
        aws.clock.advance(seconds=30)
        assert describe(ec2, instance_id)["State"]["Name"] == "terminated"


# -- describing


def ids_by(ec2: Any, name: str, *values: str) -> list[str]:
    found = ec2.describe_instances(Filters=[{"Name": name, "Values": list(values)}])["Reservations"]
    return [each["InstanceId"] for reservation in found for each in reservation["Instances"]]


def test_filters(ec2):
    group = ec2.create_security_group(GroupName="web", Description="web")["GroupId"]
    web = launch(
        ec2,
        InstanceType="t3.micro",
        SecurityGroupIds=[group],
        Placement={"AvailabilityZone": "us-east-1c"},
        TagSpecifications=[{"ResourceType": "instance", "Tags": [{"Key": "role", "Value": "web"}]}],
    )["InstanceId"]
    db = launch(ec2, ClientToken="db")["InstanceId"]
    ec2.stop_instances(InstanceIds=[db])
    shown = describe(ec2, web)
    card = shown["NetworkInterfaces"][0]
    of_web = {
        "instance-id": web,
        "instance-type": "t3.*",
        "instance-state-name": "running",
        "instance-state-code": "16",
        "availability-zone": "us-east-1c",
        "tag:role": "web",
        "tag-key": "role",
        "group-id": group,
        "instance.group-name": "web",
        "network-interface.group-id": group,
        "ip-address": shown["PublicIpAddress"],
        "dns-name": shown["PublicDnsName"],
        "private-ip-address": shown["PrivateIpAddress"],
        "network-interface.addresses.private-ip-address": shown["PrivateIpAddress"],
        "network-interface.network-interface-id": card["NetworkInterfaceId"],
        "network-interface.attachment.attachment-id": card["Attachment"]["AttachmentId"],
        "network-interface.mac-address": card["MacAddress"],
        "block-device-mapping.volume-id": shown["BlockDeviceMappings"][0]["Ebs"]["VolumeId"],
        "subnet-id": shown["SubnetId"],
        "reservation-id": ec2.describe_instances(InstanceIds=[web])["Reservations"][0]["ReservationId"],
    }
    for name, value in of_web.items():
        assert ids_by(ec2, name, value) == [web], name
    both = {
        "image-id": IMAGE,
        "vpc-id": shown["VpcId"],
        "architecture": "x86_64",
        "root-device-type": "ebs",
        "root-device-name": "/dev/xvda",
        "block-device-mapping.device-name": "/dev/xvda",
        "block-device-mapping.status": "attached",
        "hypervisor": "xen",
        "virtualization-type": "hvm",
        "tenancy": "default",
        "monitoring-state": "disabled",
        "owner-id": "123456789012",
        "network-interface.status": "in-use",
        "metadata-options.http-tokens": "optional",
        "source-dest-check": "true",
    }
    for name, value in both.items():
        assert ids_by(ec2, name, value) == [web, db], name
    assert ids_by(ec2, "state-reason-code", "Client.UserInitiatedShutdown") == [db]
    assert ids_by(ec2, "client-token", "db") == [db]
    assert ids_by(ec2, "instance-state-name", "terminated") == []


def test_every_documented_filter_is_known(ec2):
    import re

    from sundog.wire.model import get_service

    launch(ec2)
    text = get_service("ec2").model.operation_model("DescribeInstances").input_shape.members["Filters"].documentation
    names = [name for name in re.findall(r"<code>([^<]*)</code> ?-", text) if "&lt;" not in name]
    assert len(names) > 100
    for name in names:
        ec2.describe_instances(Filters=[{"Name": name, "Values": ["nothing-like-it"]}])


def test_an_unknown_filter_is_refused(ec2):
    assert error(ec2.describe_instances, Filters=[{"Name": "colour", "Values": ["red"]}]) == (
        "InvalidParameterValue",
        "The filter 'colour' is invalid",
    )


def test_pages(ec2):
    made = [launch(ec2)["InstanceId"] for _ in range(7)]
    pages = list(ec2.get_paginator("describe_instances").paginate(PaginationConfig={"PageSize": 5}))
    assert [len(page["Reservations"]) for page in pages] == [5, 2]
    assert [each["Instances"][0]["InstanceId"] for page in pages for each in page["Reservations"]] == made


def test_status_tells_of_running_instances_only(ec2):
    running, stopped = launch(ec2)["InstanceId"], launch(ec2)["InstanceId"]
    ec2.stop_instances(InstanceIds=[stopped])
    (status,) = ec2.describe_instance_status()["InstanceStatuses"]
    assert status["InstanceId"] == running
    assert status["InstanceStatus"] == {"Status": "ok", "Details": [{"Name": "reachability", "Status": "passed"}]}
    everything = ec2.describe_instance_status(IncludeAllInstances=True)["InstanceStatuses"]
    assert {each["InstanceId"]: each["SystemStatus"]["Status"] for each in everything} == {
        running: "ok",
        stopped: "not-applicable",
    }
    filtered = ec2.describe_instance_status(
        IncludeAllInstances=True, Filters=[{"Name": "instance-state-name", "Values": ["stopped"]}]
    )
    assert [each["InstanceId"] for each in filtered["InstanceStatuses"]] == [stopped]


# -- attributes and options


def test_attributes_can_be_told_and_changed(ec2):
    instance_id = launch(ec2, UserData="#!/bin/sh")["InstanceId"]

    def attribute(name: str) -> dict[str, Any]:
        found = ec2.describe_instance_attribute(InstanceId=instance_id, Attribute=name)
        return {key: value for key, value in found.items() if key not in ("ResponseMetadata", "InstanceId")}

    assert base64.b64decode(attribute("userData")["UserData"]["Value"]) == b"#!/bin/sh"
    assert attribute("instanceType") == {"InstanceType": {"Value": "m1.small"}}
    assert attribute("disableApiTermination") == {"DisableApiTermination": {"Value": False}}
    assert attribute("instanceInitiatedShutdownBehavior") == {"InstanceInitiatedShutdownBehavior": {"Value": "stop"}}
    assert attribute("kernel") == {"KernelId": {}}
    assert attribute("sourceDestCheck") == {"SourceDestCheck": {"Value": True}}
    assert attribute("rootDeviceName") == {"RootDeviceName": {"Value": "/dev/xvda"}}
    assert attribute("groupSet")["Groups"][0]["GroupName"] == "default"
    assert attribute("blockDeviceMapping")["BlockDeviceMappings"][0]["DeviceName"] == "/dev/xvda"

    assert error(ec2.modify_instance_attribute, InstanceId=instance_id, InstanceType={"Value": "t3.large"}) == (
        "IncorrectInstanceState",
        f"The instance '{instance_id}' is not in the 'stopped' state.",
    )
    ec2.stop_instances(InstanceIds=[instance_id])
    ec2.modify_instance_attribute(InstanceId=instance_id, InstanceType={"Value": "t3.large"})
    ec2.modify_instance_attribute(InstanceId=instance_id, UserData={"Value": b"other"})
    ec2.modify_instance_attribute(InstanceId=instance_id, SourceDestCheck={"Value": False})
    ec2.modify_instance_attribute(
        InstanceId=instance_id, Attribute="instanceInitiatedShutdownBehavior", Value="terminate"
    )
    assert attribute("instanceType") == {"InstanceType": {"Value": "t3.large"}}
    assert base64.b64decode(attribute("userData")["UserData"]["Value"]) == b"other"
    assert attribute("sourceDestCheck") == {"SourceDestCheck": {"Value": False}}
    assert attribute("instanceInitiatedShutdownBehavior")["InstanceInitiatedShutdownBehavior"]["Value"] == "terminate"
    ec2.reset_instance_attribute(InstanceId=instance_id, Attribute="sourceDestCheck")
    assert attribute("sourceDestCheck") == {"SourceDestCheck": {"Value": True}}


def test_groups_and_devices_can_be_changed(ec2):
    group = ec2.create_security_group(GroupName="web", Description="web")["GroupId"]
    instance_id = launch(ec2)["InstanceId"]
    ec2.modify_instance_attribute(InstanceId=instance_id, Groups=[group])
    ec2.modify_instance_attribute(
        InstanceId=instance_id,
        BlockDeviceMappings=[{"DeviceName": "/dev/xvda", "Ebs": {"DeleteOnTermination": False}}],
    )
    shown = describe(ec2, instance_id)
    assert shown["SecurityGroups"] == [{"GroupId": group, "GroupName": "web"}]
    assert shown["BlockDeviceMappings"][0]["Ebs"]["DeleteOnTermination"] is False


def test_a_change_of_nothing_is_refused(ec2):
    instance_id = launch(ec2)["InstanceId"]
    assert error(ec2.modify_instance_attribute, InstanceId=instance_id) == (
        "InvalidParameterCombination",
        "No attributes specified.",
    )


def test_monitoring(ec2):
    instance_id = launch(ec2)["InstanceId"]
    (answer,) = ec2.monitor_instances(InstanceIds=[instance_id])["InstanceMonitorings"]
    assert answer["Monitoring"] == {"State": "pending"}
    assert describe(ec2, instance_id)["Monitoring"] == {"State": "enabled"}
    (answer,) = ec2.unmonitor_instances(InstanceIds=[instance_id])["InstanceMonitorings"]
    assert answer["Monitoring"] == {"State": "disabling"}
    assert describe(ec2, instance_id)["Monitoring"] == {"State": "disabled"}


def test_metadata_options(ec2):
    instance_id = launch(ec2)["InstanceId"]
    answer = ec2.modify_instance_metadata_options(InstanceId=instance_id, HttpTokens="required")
    assert answer["InstanceMetadataOptions"]["State"] == "pending"
    options = describe(ec2, instance_id)["MetadataOptions"]
    assert (options["HttpTokens"], options["State"]) == ("required", "applied")


def test_metadata_defaults_hold_for_new_instances(ec2):
    ec2.modify_instance_metadata_defaults(HttpTokens="required", HttpPutResponseHopLimit=5)
    options = describe(ec2, launch(ec2)["InstanceId"])["MetadataOptions"]
    assert (options["HttpTokens"], options["HttpPutResponseHopLimit"]) == ("required", 5)
    level = ec2.get_instance_metadata_defaults()["AccountLevel"]
    assert (level["HttpTokens"], level["HttpPutResponseHopLimit"]) == ("required", 5)


def test_credits(ec2):
    limited, unlimited = launch(ec2, InstanceType="t2.micro"), launch(ec2, InstanceType="t3.micro")
    plain = launch(ec2)["InstanceId"]
    ids = [limited["InstanceId"], unlimited["InstanceId"]]
    found = ec2.describe_instance_credit_specifications(InstanceIds=ids)["InstanceCreditSpecifications"]
    assert [each["CpuCredits"] for each in found] == ["standard", "unlimited"]
    answer = ec2.modify_instance_credit_specification(
        InstanceCreditSpecifications=[
            {"InstanceId": ids[0], "CpuCredits": "unlimited"},
            {"InstanceId": plain, "CpuCredits": "unlimited"},
        ]
    )
    assert answer["SuccessfulInstanceCreditSpecifications"] == [{"InstanceId": ids[0]}]
    (failed,) = answer["UnsuccessfulInstanceCreditSpecifications"]
    assert failed["Error"]["Code"] == "InstanceCreditSpecification.NotSupported"


def test_placement_changes_need_a_stopped_instance(ec2):
    instance_id = launch(ec2)["InstanceId"]
    code, _ = error(ec2.modify_instance_placement, InstanceId=instance_id, Tenancy="dedicated")
    assert code == "IncorrectInstanceState"
    ec2.stop_instances(InstanceIds=[instance_id])
    assert ec2.modify_instance_placement(InstanceId=instance_id, Tenancy="dedicated")["Return"] is True
    assert describe(ec2, instance_id)["Placement"]["Tenancy"] == "dedicated"


def test_console_and_password(ec2):
    instance_id = launch(ec2)["InstanceId"]
    assert instance_id in ec2.get_console_output(InstanceId=instance_id)["Output"]
    assert ec2.get_password_data(InstanceId=instance_id)["PasswordData"] == ""


def test_a_windows_password_is_encrypted_for_the_key_pair(ec2):
    from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    pair = ec2.create_key_pair(KeyName="admin")
    (image, *_) = ec2.describe_images(Owners=["amazon"], Filters=[{"Name": "platform", "Values": ["windows"]}])[
        "Images"
    ]
    instance_id = launch(ec2, ImageId=image["ImageId"], InstanceType="t3.large", KeyName="admin")["InstanceId"]
    data = ec2.get_password_data(InstanceId=instance_id)["PasswordData"]
    key = load_pem_private_key(pair["KeyMaterial"].encode(), None)
    assert len(key.decrypt(base64.b64decode(data), PKCS1v15())) > 8  # type: ignore[union-attr]
    assert describe(ec2, instance_id)["Platform"] == "windows"


def test_a_thousand_at_once(ec2):
    answer = ec2.run_instances(ImageId=IMAGE, MinCount=1000, MaxCount=1000)
    assert len(answer["Instances"]) == 1000
    (reservation,) = ec2.describe_instances()["Reservations"]
    assert len({each["PrivateIpAddress"] for each in reservation["Instances"]}) == 1000
    assert len({each["PublicIpAddress"] for each in reservation["Instances"]}) == 1000


def test_a_seed_makes_the_same_ids_again():
    import boto3

    def run() -> tuple[str, ...]:
        with mock_aws(seed=7) as aws:
            ec2 = boto3.client("ec2", "us-east-1")
            ec2.create_key_pair(KeyName="mine", KeyType="ed25519")
            made = describe(ec2, launch(ec2)["InstanceId"])
            return (
                made["InstanceId"],
                made["PublicIpAddress"],
                made["BlockDeviceMappings"][0]["Ebs"]["VolumeId"],
                ec2.describe_key_pairs()["KeyPairs"][0]["KeyPairId"],
                str(aws.settings.seed),
            )

    assert run() == run()
