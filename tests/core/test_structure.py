from __future__ import annotations

import datetime as dt
from typing import Any

import msgspec
import pytest

from sundog.api import ec2 as api
from sundog.core import NO_TAGS, Key, Record, Tags, record
from sundog.core.project import projection
from sundog.core.structure import plain, structure_class
from sundog.wire.model import get_service

RAW: dict[str, Any] = {
    "ImageId": "ami-1",
    "MinCount": 1,
    "MaxCount": 2,
    "NetworkInterfaces": [{"DeviceIndex": 0, "Groups": ["sg-1"]}, {"DeviceIndex": 1}],
    "Placement": {"Tenancy": "host", "HostId": "h"},
    "Monitoring": {},
}


def request() -> Any:
    return api.RunInstancesRequest.of(RAW)


def test_members_read_as_attributes_nested_ones_too() -> None:
    req = request()
    assert (req.image_id, req.max_count, req.placement.tenancy) == ("ami-1", 2, "host")
    assert [item.device_index for item in req.network_interfaces] == [0, 1]
    assert req.network_interfaces[0].groups == ["sg-1"]


def test_what_was_not_sent_is_none() -> None:
    req = request()
    assert req.key_name is None
    assert req.block_device_mappings is None
    assert req.placement.group_name is None
    assert not req.sent_("key_name")
    assert req.sent_("monitoring")


def test_a_name_that_the_shape_lacks_is_an_error_both_ways() -> None:
    with pytest.raises(AttributeError, match="has no member imagined"):
        request().imagined  # noqa: B018
    with pytest.raises(TypeError, match="has no member imagined"):
        api.Placement(imagined=1)


def test_a_nested_member_is_the_same_object_each_time() -> None:
    req = request()
    assert req.placement is req.placement


def test_a_keyword_gains_an_underscore() -> None:
    structure = structure_class(get_service("sts"), get_service("sts").model.shape_for("Credentials"))
    assert "access_key_id" in structure.wire_
    assert not any(name in ("from", "in", "class", "lambda") for name in api.RunInstancesRequest.wire_)


def test_unread_members_are_named_by_their_paths() -> None:
    req = request()
    assert sorted(req.unread_()) == sorted(RAW)
    assert req.image_id
    assert req.placement.tenancy
    assert req.network_interfaces[0].device_index == 0
    assert sorted(req.unread_()) == [
        "MaxCount",
        "MinCount",
        "Monitoring",
        "NetworkInterfaces[].DeviceIndex",
        "NetworkInterfaces[].Groups",
        "Placement.HostId",
    ]


def test_the_plain_form_is_botocores_and_counts_as_read_through_and_through() -> None:
    req = request()
    assert plain(req) == RAW
    assert list(req.unread_()) == []
    req = request()
    assert plain(req.placement) == RAW["Placement"]
    assert not [path for path in req.unread_() if path.startswith("Placement")]


def test_made_structures_become_botocores_form() -> None:
    made = api.Reservation(owner_id=None, instances=[api.Instance(instance_id="i", tags=None)])
    assert plain(made) == {"Instances": [{"InstanceId": "i"}]}


def test_structures_are_equal_by_what_they_hold() -> None:
    assert api.Placement(tenancy="host", host_id="h") == request().placement
    assert api.Placement(tenancy="host") != request().placement
    assert api.Placement() != api.Monitoring()


# -- projection ----------------------------------------------------------------------------------------------------


@record(table="test.structure.Vpc", tagged_as="vpc")
class Vpc(Record):
    vpc_id: Key[str]
    cidr_block: str | None = None
    is_default: bool = False
    not_in_the_shape: str = "hidden"
    tags: Tags = NO_TAGS


@record(table="test.structure.Bare", bare=True)
class Bare(Record):
    vpc_id: Key[str]
    tags: Tags = NO_TAGS


@record(table="test.structure.Interface", bare=True)
class Interface(Record):
    network_interface_id: Key[str]
    tags: Tags = NO_TAGS


class Ipv6(msgspec.Struct, frozen=True):
    ipv6_cidr_block: str


def project(name: str, value: Any, service: str = "ec2") -> Any:
    found = get_service(service)
    made = projection(found, found.model.shape_for(name))
    assert made is not None
    return made(value)


def test_a_record_may_stand_for_a_structure() -> None:
    assert project("Vpc", Vpc(vpc_id="v", tags={"a": "b"})) == {
        "VpcId": "v",
        "IsDefault": False,
        "Tags": [{"Key": "a", "Value": "b"}],
    }
    assert project("Vpc", Vpc(vpc_id="v"))["Tags"] == []


@pytest.mark.parametrize(("tags", "shown"), [({}, False), ({"a": "b"}, True)])
def test_a_bare_record_without_tags_shows_none(tags: Tags, shown: bool) -> None:
    assert ("Tags" in project("Vpc", Bare(vpc_id="v", tags=tags))) is shown
    assert ("TagSet" in project("NetworkInterface", Interface(network_interface_id="e", tags=tags))) is shown


def test_records_structs_structures_and_dicts_mix() -> None:
    value = api.DescribeVpcsResult(
        vpcs=(
            Vpc(vpc_id="a"),
            {"VpcId": "b", "State": None},
            api.Vpc(vpc_id="c", ipv6_cidr_block_association_set=[Ipv6("::/56")]),
        )
    )
    assert project("DescribeVpcsResult", value) == {
        "Vpcs": [
            {"VpcId": "a", "IsDefault": False, "Tags": []},
            {"VpcId": "b"},
            {"VpcId": "c", "Ipv6CidrBlockAssociationSet": [{"Ipv6CidrBlock": "::/56"}]},
        ]
    }


def test_empty_lists_stay_and_absent_members_go() -> None:
    assert project("DescribeVpcsResult", api.DescribeVpcsResult(vpcs=[], next_token=None)) == {"Vpcs": []}


def test_a_member_that_the_shape_lacks_is_an_error() -> None:
    with pytest.raises(TypeError, match="has no member Nonsense"):
        project("Vpc", {"Nonsense": 1})
    with pytest.raises(TypeError, match="has no member"):
        project("Vpc", api.Subnet(subnet_id="s"))
    with pytest.raises(TypeError, match="can't stand for"):
        project("Vpc", "text")


def test_the_result_shares_no_container_with_the_state() -> None:
    groups = ["a"]
    state = {"SecurityGroupIds": groups}
    shape = "LaunchTemplateInstanceNetworkInterfaceSpecification"
    made = project(shape, {"Groups": groups})
    made["Groups"].append("b")
    assert groups == ["a"]
    assert state == {"SecurityGroupIds": ["a"]}


def test_timestamps_may_be_numbers() -> None:
    made = project("Credentials", {"AccessKeyId": "a", "Expiration": 0}, "sts")
    assert made["Expiration"] == dt.datetime(1970, 1, 1, tzinfo=dt.timezone.utc)


def test_tags_suit_every_models_form() -> None:
    assert project("ListQueueTagsResult", {"Tags": {"a": "b"}}, "sqs") == {"Tags": {"a": "b"}}
    assert project("ListUserTagsResponse", {"Tags": {"a": "b"}}, "iam") == {"Tags": [{"Key": "a", "Value": "b"}]}
    assert project("ListResourceTagsResponse", {"Tags": {"a": "b"}}, "kms") == {
        "Tags": [{"TagKey": "a", "TagValue": "b"}]
    }


def test_a_shape_that_holds_itself_projects() -> None:
    value = {
        "Classification": "a",
        "Configurations": [{"Classification": "b", "Configurations": [{"Properties": {"k": "v"}}]}],
    }
    assert project("Configuration", value, "emr") == value
