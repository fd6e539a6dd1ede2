from __future__ import annotations

import re
import subprocess
import sys
from typing import Any

import pytest
from botocore.validate import ParamValidator

from sundog.services.ec2 import facts
from sundog.wire.model import get_service

PARTITIONS = {"aws": 34, "aws-cn": 2, "aws-us-gov": 2}
ALL_REGIONS = [region["RegionName"] for partition in PARTITIONS for region in facts.regions(partition)]


def complaints(shape_name: str, value: dict[str, Any]) -> str:
    """What botocore finds wrong with a value, with members that the shape lacks."""
    return ParamValidator().validate(value, get_service("ec2").model.shape_for(shape_name)).generate_report()


def test_every_instance_type_fits_the_model():
    found = {info["InstanceType"]: complaints("InstanceTypeInfo", info) for info in facts.instance_types()}
    assert len(found) == 1395
    assert {name: report for name, report in found.items() if report} == {}


def test_instance_types_are_sorted_and_named_once():
    names = [info["InstanceType"] for info in facts.instance_types()]
    assert names == sorted(set(names))
    assert tuple(names) == facts.instance_type_names()


def test_every_instance_type_says_how_big_it_is():
    for info in facts.instance_types():
        assert info["VCpuInfo"]["DefaultVCpus"] >= 1
        assert info["MemoryInfo"]["SizeInMiB"] >= 512
        assert info["ProcessorInfo"]["SupportedArchitectures"]
        assert info["SupportedVirtualizationTypes"]
        assert info["NetworkInfo"]["MaximumNetworkInterfaces"] >= 1


@pytest.mark.parametrize(
    ("name", "vcpus", "mebibytes", "architectures"),
    [
        ("m5.large", 2, 8192, ["x86_64"]),
        ("t3.micro", 2, 1024, ["x86_64"]),
        ("t2.micro", 1, 1024, ["i386", "x86_64"]),
        ("m1.small", 1, 1740, ["i386", "x86_64"]),
        ("t4g.micro", 2, 1024, ["arm64"]),
        ("c7g.16xlarge", 64, 131072, ["arm64"]),
        ("p4d.24xlarge", 96, 1179648, ["x86_64"]),
        ("mac2.metal", 8, 16384, ["arm64_mac"]),
    ],
)
def test_well_known_types(name: str, vcpus: int, mebibytes: int, architectures: list[str]):
    info = facts.instance_type(name)
    assert info is not None
    assert info["VCpuInfo"]["DefaultVCpus"] == vcpus
    assert info["MemoryInfo"]["SizeInMiB"] == mebibytes
    assert sorted(info["ProcessorInfo"]["SupportedArchitectures"]) == architectures


def test_a_type_found_by_name_is_the_one_listed():
    listed = {info["InstanceType"]: info for info in facts.instance_types()}
    assert {name: facts.instance_type(name) for name in facts.instance_type_names()} == listed


def test_accelerators_and_local_disks():
    info = facts.instance_type("p4d.24xlarge")
    assert info is not None
    (gpu,) = info["GpuInfo"]["Gpus"]
    assert (gpu["Name"], gpu["Manufacturer"], gpu["Count"]) == ("A100", "NVIDIA", 8)
    assert info["GpuInfo"]["TotalGpuMemoryInMiB"] == 327680
    assert info["InstanceStorageInfo"]["TotalSizeInGB"] == 8000
    assert info["NetworkInfo"]["EfaInfo"]["MaximumEfaInterfaces"] == 4
    assert "GpuInfo" not in (facts.instance_type("m5.large") or {})


def test_an_unknown_type_is_none():
    assert facts.instance_type("m5.gigantic") is None


def test_changing_an_answer_changes_no_fact():
    first = facts.instance_type("m5.large")
    assert first is not None
    first["MemoryInfo"]["SizeInMiB"] = 1
    assert facts.instance_type("m5.large")["MemoryInfo"]["SizeInMiB"] == 8192  # type: ignore[index]
    image = next(facts.images("us-east-1"))
    image["BlockDeviceMappings"].clear()
    assert next(facts.images("us-east-1"))["BlockDeviceMappings"]


@pytest.mark.parametrize(("partition", "count"), PARTITIONS.items())
def test_regions_fit_the_model(partition: str, count: int):
    found = facts.regions(partition)
    assert len(found) == count
    assert [complaints("Region", region) for region in found] == [""] * count
    assert {facts.partition(region["RegionName"]) for region in found} == {partition}


def test_endpoints_and_opt_in():
    found = {region["RegionName"]: region for partition in PARTITIONS for region in facts.regions(partition)}
    assert found["us-east-1"] == {
        "RegionName": "us-east-1",
        "Endpoint": "ec2.us-east-1.amazonaws.com",
        "OptInStatus": "opt-in-not-required",
    }
    assert found["cn-north-1"]["Endpoint"] == "ec2.cn-north-1.amazonaws.com.cn"
    assert found["us-gov-west-1"]["Endpoint"] == "ec2.us-gov-west-1.amazonaws.com"
    assert found["me-south-1"]["OptInStatus"] == "not-opted-in"
    assert sum(region["OptInStatus"] == "opt-in-not-required" for region in facts.regions()) == 17


def test_a_zone_is_as_aws_was_recorded_to_describe_it():
    assert facts.zones("us-east-1")[0] == {
        "GroupLongName": "US East (N. Virginia) 1",
        "GroupName": "us-east-1-zg-1",
        "Messages": [],
        "NetworkBorderGroup": "us-east-1",
        "OptInStatus": "opt-in-not-required",
        "RegionName": "us-east-1",
        "State": "available",
        "ZoneId": "use1-az6",
        "ZoneName": "us-east-1a",
        "ZoneType": "availability-zone",
    }


def test_every_region_has_zones_of_its_own():
    ids: list[str] = []
    for region in ALL_REGIONS:
        found = facts.zones(region)
        assert len(found) >= (2 if region == "us-west-1" else 3), region
        names = [zone["ZoneName"] for zone in found]
        assert names == sorted(set(names))
        assert [complaints("AvailabilityZone", zone) for zone in found] == [""] * len(found)
        ids += [zone["ZoneId"] for zone in found]
    assert len(ids) == len(set(ids))
    assert all(re.fullmatch(r"[a-z]+\d-az\d", zone_id) for zone_id in ids)


@pytest.mark.parametrize(
    ("region", "zones"),
    [
        ("us-east-2", {"a": "use2-az1", "b": "use2-az2", "c": "use2-az3"}),
        ("us-west-1", {"a": "usw1-az1", "b": "usw1-az3"}),
        ("ap-northeast-1", {"a": "apne1-az4", "c": "apne1-az1", "d": "apne1-az2"}),
        ("ca-central-1", {"a": "cac1-az1", "b": "cac1-az2", "d": "cac1-az4"}),
        ("il-central-1", {"a": "ilc1-az1", "b": "ilc1-az2", "c": "ilc1-az3"}),
        ("cn-northwest-1", {"a": "cnnw1-az1", "b": "cnnw1-az2", "c": "cnnw1-az3"}),
        ("us-gov-east-1", {"a": "usge1-az1", "b": "usge1-az2", "c": "usge1-az3"}),
        ("cloudgouv-eu-west-1", {"a": "cloudgouveuw1-az1", "b": "cloudgouveuw1-az2", "c": "cloudgouveuw1-az3"}),
        ("here", {"a": "here-az1", "b": "here-az2", "c": "here-az3"}),
    ],
)
def test_zone_ids(region: str, zones: dict[str, str]):
    assert {zone["ZoneName"].removeprefix(region): zone["ZoneId"] for zone in facts.zones(region)} == zones


def test_offerings_differ_by_region_and_zone():
    assert len(facts.offered("us-east-1")) == 1375
    assert "p4d.24xlarge" in facts.offered("us-east-1")
    assert "p4d.24xlarge" not in facts.offered("me-south-1")
    assert "t3.micro" not in facts.offered("us-east-1", "us-east-1e")
    assert "t3.micro" in facts.offered("us-east-1", "us-east-1a")
    assert facts.offered("us-east-1", "us-east-1a") == facts.offered("us-east-1", "use1-az6")
    assert facts.offered("us-east-1", "eu-west-1a") == frozenset()


@pytest.mark.parametrize("region", ALL_REGIONS)
def test_every_region_offers_known_types(region: str):
    offered = facts.offered(region)
    assert len(offered) > 250
    assert offered <= set(facts.instance_type_names())
    assert offered == frozenset[str]().union(*[facts.offered(region, z["ZoneName"]) for z in facts.zones(region)])


def test_offerings_by_each_kind_of_location():
    by_region = list(facts.offerings("us-east-1"))
    assert by_region[0] == {"InstanceType": "a1.2xlarge", "LocationType": "region", "Location": "us-east-1"}
    assert len(by_region) == 1375
    by_zone = list(facts.offerings("us-east-1", "availability-zone"))
    by_id = list(facts.offerings("us-east-1", "availability-zone-id"))
    assert len(by_zone) == len(by_id) == 6436
    assert {o["Location"] for o in by_zone} == {"us-east-1" + letter for letter in "abcdef"}
    assert {o["Location"] for o in by_id} == {f"use1-az{number}" for number in range(1, 7)}
    assert {complaints("InstanceTypeOffering", o) for o in by_region[:50] + by_zone[:50] + by_id[:50]} == {""}


@pytest.mark.parametrize("region", [*ALL_REGIONS, "xx-nowhere-1"])
def test_images_fit_the_model(region: str):
    found = list(facts.images(region))
    names = [image["Name"] for image in found]
    ids = [image["ImageId"] for image in found]
    assert names == sorted(set(names))
    assert len(ids) == len(set(ids))
    for image in found:
        assert complaints("Image", image) == ""
        assert re.fullmatch(r"ami-[0-9a-f]{17}", image["ImageId"])
        root = next(m for m in image["BlockDeviceMappings"] if m["DeviceName"] == image["RootDeviceName"])
        assert re.fullmatch(r"snap-[0-9a-f]{17}", root["Ebs"]["SnapshotId"])
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.000Z", image["CreationDate"])
        assert facts.image(region, image["ImageId"]) == image
    for publisher, architectures in {
        r"al2023-ami-2023\.": {"x86_64", "arm64"},
        r"amzn2-ami-kernel-5\.10-hvm-.*-gp2": {"x86_64", "arm64"},
        r"ubuntu/images/hvm-ssd/ubuntu-jammy-22\.04-": {"x86_64", "arm64"},
        r"ubuntu/images/hvm-ssd-gp3/ubuntu-noble-24\.04-": {"x86_64", "arm64"},
        r"RHEL-9": {"x86_64", "arm64"},
        r"Windows_Server-2019-": {"x86_64"},
        r"Windows_Server-2022-": {"x86_64"},
    }.items():
        assert {i["Architecture"] for i in found if re.match(publisher, i["Name"])} == architectures, publisher


def test_ids_are_a_regions_own():
    ids = [image["ImageId"] for region in ALL_REGIONS for image in facts.images(region)]
    assert len(ids) == len(set(ids))


def test_amazon_linux_has_awss_own_ids():
    image = facts.image("us-east-1", "ami-03c3da4cfa8e8943a")
    assert image is not None
    assert image["Name"] == "al2023-ami-2023.12.20260930.0-kernel-6.1-x86_64"
    assert image["ImageLocation"] == "amazon/al2023-ami-2023.12.20260930.0-kernel-6.1-x86_64"
    assert (image["OwnerId"], image["ImageOwnerAlias"]) == ("137112412989", "amazon")
    assert (image["BootMode"], image["ImdsSupport"]) == ("uefi-preferred", "v2.0")
    assert image["RootDeviceName"] == "/dev/xvda"
    (mapping,) = image["BlockDeviceMappings"]
    assert (mapping["Ebs"]["VolumeType"], mapping["Ebs"]["VolumeSize"], mapping["Ebs"]["Iops"]) == ("gp3", 8, 3000)
    assert facts.image("eu-west-1", "ami-03c3da4cfa8e8943a") is None


def test_publishers_have_an_account_in_each_partition():
    def owner(region: str, start: str) -> set[str]:
        return {image["OwnerId"] for image in facts.images(region) if image["Name"].startswith(start)}

    assert owner("eu-west-1", "ubuntu/") == {"099720109477"}
    assert owner("ap-east-1", "al2023") == {"910595266909"}
    assert owner("us-gov-west-1", "ubuntu/") == {"513442679011"}
    assert owner("cn-north-1", "Windows_Server") == {"016951021795"}
    assert owner("us-east-1", "debian-12-") == {"136693071363"}


def test_windows_is_a_platform_and_linux_is_none():
    found = list(facts.images("us-west-2"))
    assert {i.get("Platform") for i in found if i["Name"].startswith("Windows_Server-")} == {"windows"}
    assert {i.get("Platform") for i in found if not i["Name"].startswith("Windows_Server-")} == {None}
    assert {i["ImageOwnerAlias"] for i in found} == {"amazon", "aws-marketplace"}


def test_nothing_is_read_before_it_is_asked_for():
    script = """
import builtins
opened, real = [], builtins.open
builtins.open = lambda path, *more, **options: (opened.append(str(path)), real(path, *more, **options))[1]
from sundog.services.ec2 import facts
assert not [path for path in opened if path.endswith(".z")], opened
assert facts.instance_type("m5.large")["InstanceType"] == "m5.large"
assert [path.rpartition("/")[2] for path in opened if path.endswith(".z")] == ["instance_types.msgpack.z"], opened
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
