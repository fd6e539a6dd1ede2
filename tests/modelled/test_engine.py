"""What the engine does, through boto3 clients of services that nobody wrote by hand."""

from __future__ import annotations

import boto3
import pytest
from botocore.exceptions import ClientError

from sundog import mock_aws
from sundog.cloud import Cloud


def client(name: str):
    return boto3.client(name, region_name="us-east-1")


def test_what_is_created_is_read_back(aws: Cloud) -> None:
    amplify = client("amplify")
    made = amplify.create_app(name="site", description="d", environmentVariables={"A": "1"})["app"]
    read = amplify.get_app(appId=made["appId"])["app"]
    assert (read["name"], read["description"], read["environmentVariables"]) == ("site", "d", {"A": "1"})
    assert read["appArn"] == f"arn:aws:amplify:us-east-1:123456789012:apps/{made['appId']}"


def test_answers_say_that_they_are_modelled(aws: Cloud) -> None:
    answer = client("amplify").list_apps()
    assert answer["apps"] == []
    assert aws.calls[-1].fidelity == "modelled"


def test_a_missing_resource_is_the_modelled_error(aws: Cloud) -> None:
    with pytest.raises(client("amplify").exceptions.NotFoundException):
        client("amplify").get_app(appId="d0123456789")


def test_a_parts_parent_keeps_it_apart(aws: Cloud) -> None:
    amplify = client("amplify")
    one, two = (amplify.create_app(name=name)["app"]["appId"] for name in "ab")
    amplify.create_branch(appId=one, branchName="main", description="of one")
    amplify.create_branch(appId=two, branchName="main", description="of two")
    assert amplify.get_branch(appId=two, branchName="main")["branch"]["description"] == "of two"
    assert len(amplify.list_branches(appId=one)["branches"]) == 1


def test_parts_go_with_the_whole(aws: Cloud) -> None:
    amplify = client("amplify")
    app = amplify.create_app(name="a")["app"]["appId"]
    amplify.create_branch(appId=app, branchName="main")
    amplify.delete_app(appId=app)
    with pytest.raises(ClientError):
        amplify.get_branch(appId=app, branchName="main")


def test_an_update_leaves_the_rest(aws: Cloud) -> None:
    amplify = client("amplify")
    app = amplify.create_app(name="a", description="old", platform="WEB")["app"]["appId"]
    amplify.update_app(appId=app, description="new")
    read = amplify.get_app(appId=app)["app"]
    assert (read["name"], read["description"], read["platform"]) == ("a", "new", "WEB")


def test_a_failed_create_leaves_nothing(aws: Cloud) -> None:
    groups = client("scheduler")
    groups.create_schedule_group(Name="g")
    with pytest.raises(groups.exceptions.ConflictException):
        groups.create_schedule_group(Name="g", Tags=[{"Key": "a", "Value": "b"}])
    named = [group["Name"] for group in groups.list_schedule_groups()["ScheduleGroups"]]
    assert named.count("g") == 1


def test_listings_come_in_pages(aws: Cloud) -> None:
    amplify = client("amplify")
    for number in range(5):
        amplify.create_app(name=f"a{number}")
    pages = list(amplify.get_paginator("list_apps").paginate(PaginationConfig={"PageSize": 2}))
    assert [len(page["apps"]) for page in pages] == [2, 2, 1]
    assert [app["name"] for page in pages for app in page["apps"]] == ["a0", "a1", "a2", "a3", "a4"]


def test_the_same_client_token_makes_one_resource(aws: Cloud) -> None:
    groups = client("scheduler")
    one = groups.create_schedule_group(Name="g", ClientToken="t")
    two = groups.create_schedule_group(Name="g", ClientToken="t")
    assert one["ScheduleGroupArn"] == two["ScheduleGroupArn"]


def test_a_newer_operation_than_the_table_is_inferred(aws: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    import msgspec

    from sundog.modelled import store
    from sundog.wire.model import get_service

    whole = store.load("amplify")
    assert whole is not None
    rules = {name: rule for name, rule in whole.rules.items() if name != "GetApp"}
    monkeypatch.setattr(store, "load", lambda name: msgspec.structs.replace(whole, rules=rules))
    service = get_service("amplify")
    monkeypatch.delitem(service.plans, "table", raising=False)
    assert store.table_of(service).rules["GetApp"].kind == "read"
    service.plans.pop("table")


def test_strictness_refuses_and_says_how_to_allow() -> None:
    with mock_aws(strict=True), pytest.raises(ClientError, match=r"allow_modelled=\('amplify:ListApps',\)"):
        client("amplify").list_apps()


def test_a_service_may_be_allowed_though_strict() -> None:
    with mock_aws(strict=True, allow_modelled=("amplify",)):
        assert client("amplify").list_apps()["apps"] == []


def test_what_cannot_be_modelled_is_refused_by_name(aws: Cloud) -> None:
    with pytest.raises(ClientError) as caught:
        client("translate").translate_text(Text="a", SourceLanguageCode="en", TargetLanguageCode="de")
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 501
    assert "TranslateText" in str(caught.value)


def test_snapshots_hold_modelled_resources(aws: Cloud) -> None:
    amplify = client("amplify")
    before = aws.snapshot()
    amplify.create_app(name="a")
    aws.restore(before)
    assert amplify.list_apps()["apps"] == []
