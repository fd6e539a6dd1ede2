from __future__ import annotations

import datetime
from typing import Any

import pytest

IMAGE = "ami-1234abcd"
ZONE = "us-east-1a"


def launch(ec2, count: int = 1, **options: Any) -> list[dict[str, Any]]:
    wanted = {"ImageId": IMAGE, "InstanceType": "t3.micro", "MinCount": count, "MaxCount": count, **options}
    return ec2.run_instances(**wanted)["Instances"]


# -- placement groups


def test_a_placement_group_of_partitions(ec2):
    made = ec2.create_placement_group(
        GroupName="far",
        Strategy="partition",
        PartitionCount=3,
        TagSpecifications=[{"ResourceType": "placement-group", "Tags": [{"Key": "a", "Value": "b"}]}],
    )["PlacementGroup"]
    assert (made["Strategy"], made["PartitionCount"], made["State"]) == ("partition", 3, "available")
    assert made["GroupArn"].endswith(":placement-group/far")
    assert ec2.describe_placement_groups(GroupNames=["far"])["PlacementGroups"] == [made]
    found = ec2.describe_placement_groups(Filters=[{"Name": "strategy", "Values": ["cluster"]}])
    assert found["PlacementGroups"] == []


def test_placement_groups_are_known_by_name(ec2, fails):
    ec2.create_placement_group(GroupName="near", Strategy="cluster")
    assert fails(ec2.create_placement_group, GroupName="near") == (
        "InvalidPlacementGroup.Duplicate",
        "The Placement Group 'near' already exists.",
    )
    unknown = ("InvalidPlacementGroup.Unknown", "The Placement Group 'x' is unknown.")
    assert fails(ec2.delete_placement_group, GroupName="x") == unknown
    assert fails(launch, ec2=ec2, Placement={"GroupName": "x"}) == unknown


def test_a_used_placement_group_stays(ec2, fails):
    ec2.create_placement_group(GroupName="near", Strategy="cluster")
    (instance,) = launch(ec2, Placement={"GroupName": "near"})
    assert fails(ec2.delete_placement_group, GroupName="near") == (
        "InvalidPlacementGroup.InUse",
        "The placement group 'near' is in use and may not be deleted.",
    )
    ec2.terminate_instances(InstanceIds=[instance["InstanceId"]])
    ec2.delete_placement_group(GroupName="near")
    assert ec2.describe_placement_groups()["PlacementGroups"] == []


# -- capacity reservations


def reserve(ec2, **options: Any) -> dict[str, Any]:
    wanted = {"InstanceType": "t3.micro", "InstancePlatform": "Linux/UNIX", "AvailabilityZone": ZONE}
    return ec2.create_capacity_reservation(**{**wanted, "InstanceCount": 3, **options})["CapacityReservation"]


def test_open_launches_use_a_reservation_up(ec2):
    made = reserve(ec2)
    assert (made["State"], made["EndDateType"], made["AvailableInstanceCount"]) == ("active", "unlimited", 3)
    launch(ec2, 2, Placement={"AvailabilityZone": ZONE})
    launch(ec2, 1, Placement={"AvailabilityZone": "us-east-1b"})
    key = made["CapacityReservationId"]
    (shown,) = ec2.describe_capacity_reservations(CapacityReservationIds=[key])["CapacityReservations"]
    assert shown["AvailableInstanceCount"] == 1
    usage = ec2.get_capacity_reservation_usage(CapacityReservationId=key)
    assert usage["InstanceUsages"][0]["UsedInstanceCount"] == 2


def test_a_reservation_is_changed_cancelled_and_expires(aws, ec2, fails):
    key = reserve(ec2)["CapacityReservationId"]
    ec2.modify_capacity_reservation(CapacityReservationId=key, InstanceCount=5)
    ec2.cancel_capacity_reservation(CapacityReservationId=key)
    (shown,) = ec2.describe_capacity_reservations()["CapacityReservations"]
    assert (shown["State"], shown["TotalInstanceCount"]) == ("cancelled", 5)
    assert fails(ec2.cancel_capacity_reservation, CapacityReservationId=key)[0] == "InvalidCapacityReservationState"
    end = aws.clock.now() + datetime.timedelta(hours=2)
    reserve(ec2, EndDate=end, EndDateType="limited")
    aws.clock.advance(hours=3)
    states = [row["State"] for row in ec2.describe_capacity_reservations()["CapacityReservations"]]
    assert states == ["cancelled", "expired"]


def test_a_missing_reservation_is_named(ec2, fails):
    code, _ = fails(ec2.cancel_capacity_reservation, CapacityReservationId="cr-12345678")
    assert code == "InvalidCapacityReservationId.NotFound"
    assert fails(reserve, ec2=ec2, EndDateType="limited")[0] == "InvalidParameterCombination"


# -- hosts


def test_hosts_are_allocated_changed_and_released(ec2):
    (host,) = ec2.allocate_hosts(AvailabilityZone=ZONE, InstanceType="m5.large", Quantity=1)["HostIds"]
    (shown,) = ec2.describe_hosts(HostIds=[host])["Hosts"]
    assert (shown["State"], shown["AutoPlacement"]) == ("available", "on")
    assert shown["HostProperties"]["InstanceType"] == "m5.large"
    assert shown["AvailableCapacity"]["AvailableInstanceCapacity"][0]["AvailableCapacity"] == 48
    (instance,) = launch(
        ec2,
        InstanceType="m5.large",
        Placement={"Tenancy": "host", "HostId": host, "AvailabilityZone": ZONE},
    )
    (shown,) = ec2.describe_hosts(Filter=[{"Name": "state", "Values": ["available"]}])["Hosts"]
    assert shown["Instances"][0]["InstanceId"] == instance["InstanceId"]
    assert ec2.release_hosts(HostIds=[host])["Unsuccessful"][0]["Error"]["Code"] == "Client.InvalidHost.Occupied"
    assert ec2.modify_hosts(HostIds=[host, "h-12345678"], AutoPlacement="off")["Successful"] == [host]
    ec2.terminate_instances(InstanceIds=[instance["InstanceId"]])
    assert ec2.release_hosts(HostIds=[host])["Successful"] == [host]
    assert ec2.describe_hosts()["Hosts"][0]["State"] == "released"


# -- spot


def test_a_spot_request_is_open_then_active(ec2):
    (made,) = ec2.request_spot_instances(
        SpotPrice="0.05", LaunchSpecification={"ImageId": IMAGE, "InstanceType": "t3.micro"}
    )["SpotInstanceRequests"]
    assert (made["State"], made["Status"]["Code"]) == ("open", "pending-evaluation")
    (shown,) = ec2.describe_spot_instance_requests()["SpotInstanceRequests"]
    assert (shown["State"], shown["Status"]["Code"], shown["SpotPrice"]) == ("active", "fulfilled", "0.050000")
    (instance,) = ec2.describe_instances(InstanceIds=[shown["InstanceId"]])["Reservations"][0]["Instances"]
    assert instance["InstanceLifecycle"] == "spot"
    assert instance["SpotInstanceRequestId"] == made["SpotInstanceRequestId"]
    ec2.get_waiter("spot_instance_request_fulfilled").wait(SpotInstanceRequestIds=[made["SpotInstanceRequestId"]])


def test_a_cancelled_request_leaves_its_instance(ec2, fails):
    key = ec2.request_spot_instances(LaunchSpecification={"ImageId": IMAGE})["SpotInstanceRequests"][0][
        "SpotInstanceRequestId"
    ]
    answer = ec2.cancel_spot_instance_requests(SpotInstanceRequestIds=[key])["CancelledSpotInstanceRequests"]
    assert answer == [{"SpotInstanceRequestId": key, "State": "cancelled"}]
    (shown,) = ec2.describe_spot_instance_requests()["SpotInstanceRequests"]
    assert shown["Status"]["Code"] == "request-canceled-and-instance-running"
    assert fails(ec2.cancel_spot_instance_requests, SpotInstanceRequestIds=["sir-12345678"]) == (
        "InvalidSpotInstanceRequestID.NotFound",
        "The spot instance request ID 'sir-12345678' does not exist",
    )


def test_a_terminated_spot_instance_closes_its_request(ec2):
    (instance,) = launch(ec2, InstanceMarketOptions={"MarketType": "spot"})
    (shown,) = ec2.describe_spot_instance_requests()["SpotInstanceRequests"]
    assert shown["InstanceId"] == instance["InstanceId"]
    ec2.terminate_instances(InstanceIds=[instance["InstanceId"]])
    (shown,) = ec2.describe_spot_instance_requests()["SpotInstanceRequests"]
    assert (shown["State"], shown["Status"]["Code"]) == ("closed", "instance-terminated-by-user")


def test_a_later_request_waits_for_its_time(aws, ec2):
    begin = aws.clock.now() + datetime.timedelta(hours=1)
    ec2.request_spot_instances(LaunchSpecification={"ImageId": IMAGE}, ValidFrom=begin)
    assert ec2.describe_spot_instance_requests()["SpotInstanceRequests"][0]["State"] == "open"
    aws.clock.advance(hours=2)
    assert ec2.describe_spot_instance_requests()["SpotInstanceRequests"][0]["State"] == "active"


def test_prices_are_told_by_zone(ec2, fails):
    found = ec2.describe_spot_price_history(
        InstanceTypes=["m5.large"], AvailabilityZone=ZONE, ProductDescriptions=["Linux/UNIX"]
    )["SpotPriceHistory"]
    assert [(item["AvailabilityZone"], item["InstanceType"]) for item in found] == [(ZONE, "m5.large")]
    assert float(found[0]["SpotPrice"]) > 0


# -- fleets


@pytest.fixture
def template(ec2) -> dict[str, str]:
    ec2.create_launch_template(
        LaunchTemplateName="tpl", LaunchTemplateData={"ImageId": IMAGE, "InstanceType": "t3.micro"}
    )
    return {"LaunchTemplateName": "tpl", "Version": "$Latest"}


def test_an_instant_fleet_answers_with_its_instances(ec2, template):
    answer = ec2.create_fleet(
        Type="instant",
        LaunchTemplateConfigs=[{"LaunchTemplateSpecification": template, "Overrides": [{"InstanceType": "t3.small"}]}],
        TargetCapacitySpecification={
            "TotalTargetCapacity": 3,
            "OnDemandTargetCapacity": 1,
            "SpotTargetCapacity": 2,
            "DefaultTargetCapacityType": "spot",
        },
    )
    counts = {item["Lifecycle"]: len(item["InstanceIds"]) for item in answer["Instances"]}
    assert counts == {"on-demand": 1, "spot": 2}
    assert answer["Errors"] == []
    ids = [each for item in answer["Instances"] for each in item["InstanceIds"]]
    rows = [i for r in ec2.describe_instances(InstanceIds=ids)["Reservations"] for i in r["Instances"]]
    assert {row["InstanceType"] for row in rows} == {"t3.small"}
    tags = [{tag["Key"]: tag["Value"] for tag in row["Tags"]}["aws:ec2:fleet-id"] for row in rows]
    assert set(tags) == {answer["FleetId"]}
    assert ec2.describe_fleets()["Fleets"] == []
    assert len(ec2.describe_fleets(FleetIds=[answer["FleetId"]])["Fleets"]) == 1


def test_a_maintained_fleet_follows_its_capacity_until_deleted(ec2, template):
    key = ec2.create_fleet(
        LaunchTemplateConfigs=[{"LaunchTemplateSpecification": template}],
        TargetCapacitySpecification={"TotalTargetCapacity": 2, "DefaultTargetCapacityType": "on-demand"},
    )["FleetId"]

    def live() -> int:
        return len(ec2.describe_fleet_instances(FleetId=key)["ActiveInstances"])

    assert live() == 2
    ec2.modify_fleet(FleetId=key, TargetCapacitySpecification={"TotalTargetCapacity": 4})
    assert live() == 4
    ec2.modify_fleet(FleetId=key, TargetCapacitySpecification={"TotalTargetCapacity": 1})
    assert live() == 1
    (shown,) = ec2.describe_fleets()["Fleets"]
    assert (shown["FleetState"], shown["ActivityStatus"], shown["FulfilledCapacity"]) == ("active", "fulfilled", 1.0)
    answer = ec2.delete_fleets(FleetIds=[key, "fleet-none"], TerminateInstances=True)
    assert answer["SuccessfulFleetDeletions"][0]["CurrentFleetState"] == "deleted_terminating"
    assert answer["UnsuccessfulFleetDeletions"][0]["Error"]["Code"] == "fleetIdDoesNotExist"
    assert live() == 0


# -- profiles, windows, switches


def test_a_profile_is_given_replaced_and_taken(aws, ec2, fails):
    import boto3

    iam = boto3.client("iam")
    for name in ("one", "two"):
        iam.create_instance_profile(InstanceProfileName=name)
    (instance,) = launch(ec2)
    key = instance["InstanceId"]
    made = ec2.associate_iam_instance_profile(InstanceId=key, IamInstanceProfile={"Name": "one"})
    first = made["IamInstanceProfileAssociation"]
    assert first["State"] == "associating"
    assert fails(ec2.associate_iam_instance_profile, InstanceId=key, IamInstanceProfile={"Name": "two"}) == (
        "IncorrectState",
        f"There is an existing association for instance {key}",
    )
    second = ec2.replace_iam_instance_profile_association(
        AssociationId=first["AssociationId"], IamInstanceProfile={"Name": "two"}
    )["IamInstanceProfileAssociation"]
    (shown,) = ec2.describe_iam_instance_profile_associations(Filters=[{"Name": "instance-id", "Values": [key]}])[
        "IamInstanceProfileAssociations"
    ]
    assert (shown["AssociationId"], shown["State"]) == (second["AssociationId"], "associated")
    assert shown["IamInstanceProfile"]["Arn"].endswith(":instance-profile/two")
    ec2.disassociate_iam_instance_profile(AssociationId=second["AssociationId"])
    assert ec2.describe_iam_instance_profile_associations()["IamInstanceProfileAssociations"] == []


def test_a_profile_from_the_launch_has_an_association(aws, ec2):
    import boto3

    boto3.client("iam").create_instance_profile(InstanceProfileName="one")
    (instance,) = launch(ec2, IamInstanceProfile={"Name": "one"})
    (shown,) = ec2.describe_iam_instance_profile_associations()["IamInstanceProfileAssociations"]
    assert shown["InstanceId"] == instance["InstanceId"]


def test_event_windows(ec2, fails):
    (instance,) = launch(ec2)
    made = ec2.create_instance_event_window(
        Name="night",
        TimeRanges=[{"StartWeekDay": "monday", "StartHour": 2, "EndWeekDay": "monday", "EndHour": 6}],
    )["InstanceEventWindow"]
    key = made["InstanceEventWindowId"]
    ec2.associate_instance_event_window(
        InstanceEventWindowId=key, AssociationTarget={"InstanceIds": [instance["InstanceId"]]}
    )
    (shown,) = ec2.describe_instance_event_windows()["InstanceEventWindows"]
    assert shown["AssociationTarget"]["InstanceIds"] == [instance["InstanceId"]]
    assert fails(ec2.delete_instance_event_window, InstanceEventWindowId=key)[0] == "DependencyViolation"
    ec2.disassociate_instance_event_window(
        InstanceEventWindowId=key, AssociationTarget={"InstanceIds": [instance["InstanceId"]]}
    )
    ec2.modify_instance_event_window(InstanceEventWindowId=key, CronExpression="* 21-23 * * 2,3")
    (shown,) = ec2.describe_instance_event_windows(InstanceEventWindowIds=[key])["InstanceEventWindows"]
    assert shown["CronExpression"] == "* 21-23 * * 2,3"
    assert not shown.get("TimeRanges")
    ec2.delete_instance_event_window(InstanceEventWindowId=key)
    assert ec2.describe_instance_event_windows()["InstanceEventWindows"] == []


def test_account_switches(ec2):
    assert ec2.get_serial_console_access_status()["SerialConsoleAccessEnabled"] is False
    ec2.enable_serial_console_access()
    assert ec2.get_serial_console_access_status()["SerialConsoleAccessEnabled"] is True
    ec2.enable_snapshot_block_public_access(State="block-all-sharing")
    assert ec2.get_snapshot_block_public_access_state()["State"] == "block-all-sharing"
    ec2.enable_image_block_public_access(ImageBlockPublicAccessState="block-new-sharing")
    assert ec2.get_image_block_public_access_state()["ImageBlockPublicAccessState"] == "block-new-sharing"
    ec2.replace_image_criteria_in_allowed_images_settings(ImageCriteria=[{"ImageProviders": ["amazon"]}])
    ec2.enable_allowed_images_settings(AllowedImagesSettingsState="audit-mode")
    settings = ec2.get_allowed_images_settings()
    assert (settings["State"], settings["ImageCriteria"]) == ("audit-mode", [{"ImageProviders": ["amazon"]}])
    assert ec2.disable_serial_console_access()["SerialConsoleAccessEnabled"] is False
    assert ec2.disable_snapshot_block_public_access()["State"] == "unblocked"
    assert ec2.disable_image_block_public_access()["ImageBlockPublicAccessState"] == "unblocked"
    assert ec2.disable_allowed_images_settings()["AllowedImagesSettingsState"] == "disabled"
