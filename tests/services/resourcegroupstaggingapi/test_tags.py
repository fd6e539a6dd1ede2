from __future__ import annotations

import boto3
import pytest

from sundog.cloud import Cloud


def client(name: str, region: str = "us-east-1"):
    return boto3.client(name, region_name=region)


@pytest.fixture
def tagged(aws: Cloud) -> None:
    client("ec2").create_vpc(
        CidrBlock="10.0.0.0/16",
        TagSpecifications=[{"ResourceType": "vpc", "Tags": [{"Key": "team", "Value": "net"}]}],
    )
    client("sqs").create_queue(QueueName="jobs", tags={"team": "batch"})
    client("amplify").create_app(name="site", tags={"team": "web", "stage": "live"})


def arns(**filters: object) -> list[str]:
    answer = client("resourcegroupstaggingapi").get_resources(**filters)
    return [item["ResourceARN"] for item in answer["ResourceTagMappingList"]]


@pytest.mark.usefixtures("tagged")
def test_tagged_resources_of_handwritten_and_modelled_services_are_found() -> None:
    assert sorted(arn.split(":")[2] for arn in arns()) == ["amplify", "ec2", "sqs"]


@pytest.mark.usefixtures("tagged")
def test_a_type_narrows_the_resources() -> None:
    assert [arn.split(":")[5].split("/")[0] for arn in arns(ResourceTypeFilters=["ec2:vpc"])] == ["vpc"]


@pytest.mark.usefixtures("tagged")
def test_several_values_of_a_tag_are_alternatives() -> None:
    found = arns(TagFilters=[{"Key": "team", "Values": ["web", "net"]}])
    assert sorted(arn.split(":")[2] for arn in found) == ["amplify", "ec2"]


@pytest.mark.usefixtures("tagged")
def test_resources_come_in_pages() -> None:
    pages = client("resourcegroupstaggingapi").get_paginator("get_resources").paginate(PaginationConfig={"PageSize": 1})
    assert [len(page["ResourceTagMappingList"]) for page in pages] == [1, 1, 1]


@pytest.mark.usefixtures("tagged")
def test_tags_set_here_are_seen_by_the_service() -> None:
    arn = arns(ResourceTypeFilters=["amplify"])[0]
    api = client("resourcegroupstaggingapi")
    assert api.tag_resources(ResourceARNList=[arn], Tags={"more": "1"})["FailedResourcesMap"] == {}
    assert client("amplify").list_tags_for_resource(resourceArn=arn)["tags"]["more"] == "1"
    api.untag_resources(ResourceARNList=[arn], TagKeys=["more", "stage"])
    assert client("amplify").list_tags_for_resource(resourceArn=arn)["tags"] == {"team": "web"}


@pytest.mark.usefixtures("tagged")
def test_what_is_not_there_fails_alone() -> None:
    gone = "arn:aws:amplify:us-east-1:123456789012:apps/gone"
    answer = client("resourcegroupstaggingapi").tag_resources(ResourceARNList=[gone, *arns()], Tags={"a": "b"})
    assert list(answer["FailedResourcesMap"]) == [gone]
    assert client("resourcegroupstaggingapi").get_tag_values(Key="a")["TagValues"] == ["b"]


@pytest.mark.usefixtures("tagged")
def test_keys_and_values_in_use_are_listed() -> None:
    assert client("resourcegroupstaggingapi").get_tag_keys()["TagKeys"] == ["stage", "team"]
    assert client("resourcegroupstaggingapi").get_tag_values(Key="team")["TagValues"] == ["batch", "net", "web"]


@pytest.mark.usefixtures("tagged")
def test_another_region_has_other_resources() -> None:
    answer = client("resourcegroupstaggingapi", "eu-west-1").get_resources()
    assert answer["ResourceTagMappingList"] == []
