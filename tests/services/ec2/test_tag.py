from __future__ import annotations


def tags_of(ec2, resource):
    found = ec2.describe_tags(Filters=[{"Name": "resource-id", "Values": [resource]}])["Tags"]
    return {tag["Key"]: tag["Value"] for tag in found}


def test_many_kinds_of_resources_bear_tags(ec2, vpc, subnet):
    group = ec2.create_security_group(VpcId=vpc, GroupName="g", Description="d")["GroupId"]
    instance = ec2.run_instances(ImageId="ami-1234abcd", MinCount=1, MaxCount=1)["Instances"][0]["InstanceId"]
    address = ec2.allocate_address()["AllocationId"]
    resources = {
        vpc: "vpc",
        subnet: "subnet",
        group: "security-group",
        instance: "instance",
        address: "elastic-ip",
    }
    ec2.create_tags(Resources=list(resources), Tags=[{"Key": "a", "Value": "1"}, {"Key": "b", "Value": ""}])
    found = ec2.describe_tags()["Tags"]
    assert {tag["ResourceId"]: tag["ResourceType"] for tag in found} == resources
    assert tags_of(ec2, group) == {"a": "1", "b": ""}
    assert ec2.describe_vpcs(VpcIds=[vpc])["Vpcs"][0]["Tags"] == [
        {"Key": "a", "Value": "1"},
        {"Key": "b", "Value": ""},
    ]


def test_a_tags_value_is_replaced(ec2, vpc):
    ec2.create_tags(Resources=[vpc], Tags=[{"Key": "a", "Value": "1"}])
    ec2.create_tags(Resources=[vpc], Tags=[{"Key": "a", "Value": "2"}])
    assert tags_of(ec2, vpc) == {"a": "2"}


def test_tags_are_deleted_by_key_by_value_or_all(ec2, vpc):
    tags = [{"Key": key, "Value": key} for key in "abcd"]
    ec2.create_tags(Resources=[vpc], Tags=tags)
    ec2.delete_tags(Resources=[vpc], Tags=[{"Key": "a"}, {"Key": "b", "Value": "other"}, {"Key": "c", "Value": "c"}])
    assert tags_of(ec2, vpc) == {"b": "b", "d": "d"}
    ec2.delete_tags(Resources=[vpc], Tags=[{"Key": "b", "Value": ""}])
    assert tags_of(ec2, vpc) == {"b": "b", "d": "d"}
    ec2.delete_tags(Resources=[vpc])
    assert tags_of(ec2, vpc) == {}


def test_what_cannot_bear_tags_is_told_of(ec2, fails, vpc):
    tags = [{"Key": "a", "Value": "1"}]
    assert fails(ec2.create_tags, Resources=["nonsense"], Tags=tags) == (
        "InvalidID",
        "The ID 'nonsense' is not valid",
    )
    missing = "vpc-0123456789abcdef0"
    assert fails(ec2.create_tags, Resources=[vpc, missing], Tags=tags) == (
        "InvalidVpcID.NotFound",
        f"The vpc ID '{missing}' does not exist",
    )
    assert tags_of(ec2, vpc) == {}
    assert fails(ec2.create_tags, Resources=["vol-0123456789abcdef0"], Tags=tags)[0] == "InvalidVolume.NotFound"
    assert fails(ec2.create_tags, Resources=[], Tags=tags) == (
        "MissingParameter",
        "The request must contain the parameter resourceIdSet",
    )


def test_fifty_tags_are_the_most(ec2, fails, vpc):
    ec2.create_tags(Resources=[vpc], Tags=[{"Key": str(n), "Value": "x"} for n in range(50)])
    found = fails(ec2.create_tags, Resources=[vpc], Tags=[{"Key": "more", "Value": "x"}])
    assert found == ("TagLimitExceeded", "The maximum number of Tags for a resource has been reached.")


def test_keys_of_amazons_are_refused(ec2, fails, vpc):
    code, message = fails(ec2.create_tags, Resources=[vpc], Tags=[{"Key": "aws:a", "Value": "x"}])
    assert (code, message) == (
        "InvalidParameterValue",
        "Tag keys starting with 'aws:' are reserved for internal use",
    )


def test_filters_choose_tags(ec2, vpc, subnet):
    ec2.create_tags(Resources=[vpc], Tags=[{"Key": "colour", "Value": "red"}])
    ec2.create_tags(Resources=[subnet], Tags=[{"Key": "size", "Value": "big"}])
    for name, value in (
        ("key", "col*"),
        ("value", "r?d"),
        ("resource-type", "vpc"),
        ("resource-id", vpc),
        ("tag:colour", "red"),
    ):
        found = ec2.describe_tags(Filters=[{"Name": name, "Values": [value]}])["Tags"]
        assert [tag["ResourceId"] for tag in found] == [vpc], name


def test_tags_come_in_pages(ec2, vpc):
    ec2.create_tags(Resources=[vpc], Tags=[{"Key": str(n), "Value": "x"} for n in range(12)])
    pages = list(ec2.get_paginator("describe_tags").paginate(PaginationConfig={"PageSize": 5}))
    assert [len(page["Tags"]) for page in pages] == [5, 5, 2]
