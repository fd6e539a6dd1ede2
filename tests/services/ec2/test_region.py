from __future__ import annotations

import boto3


def test_regions_that_need_no_opting_in_are_listed(ec2):
    found = {region["RegionName"]: region for region in ec2.describe_regions()["Regions"]}
    assert found["us-east-1"]["Endpoint"] == "ec2.us-east-1.amazonaws.com"
    assert {region["OptInStatus"] for region in found.values()} == {"opt-in-not-required"}
    everywhere = [region["RegionName"] for region in ec2.describe_regions(AllRegions=True)["Regions"]]
    assert "af-south-1" in everywhere
    assert "af-south-1" not in found


def test_partitions_have_regions_of_their_own(aws):
    china = boto3.client("ec2", "cn-north-1")
    assert [region["RegionName"] for region in china.describe_regions()["Regions"]] == ["cn-north-1", "cn-northwest-1"]


def test_regions_are_chosen_by_name_and_filter(ec2, fails):
    (found,) = ec2.describe_regions(RegionNames=["eu-west-1"])["Regions"]
    assert found["RegionName"] == "eu-west-1"
    filters = [{"Name": "endpoint", "Values": ["*us-west*"]}]
    found = ec2.describe_regions(Filters=filters)["Regions"]
    assert {region["RegionName"] for region in found} == {"us-west-1", "us-west-2"}
    assert fails(ec2.describe_regions, RegionNames=["mars-1"])[0] == "InvalidParameterValue"


def test_zones_are_chosen_by_name_id_and_filter(ec2, fails):
    zones = ec2.describe_availability_zones()["AvailabilityZones"]
    assert [zone["ZoneName"] for zone in zones] == [f"us-east-1{letter}" for letter in "abcdef"]
    first = zones[0]
    assert ec2.describe_availability_zones(ZoneIds=[first["ZoneId"]])["AvailabilityZones"] == [first]
    filters = [{"Name": "zone-name", "Values": ["us-east-1a"]}]
    assert ec2.describe_availability_zones(Filters=filters)["AvailabilityZones"] == [first]
    assert first["GroupLongName"] == "US East (N. Virginia) 1"
    assert fails(ec2.describe_availability_zones, ZoneNames=["us-east-1z"]) == (
        "InvalidParameterValue",
        "Invalid availability zone: [us-east-1z]",
    )
