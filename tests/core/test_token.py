"""Client tokens, DryRun and tag specifications."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from asking import answer, ask

from sundog import AwsError, Cloud
from sundog.api import ec2 as api
from sundog.core import NO_TAGS, Key, Record, Tags, record
from sundog.core.token import ClientToken
from sundog.core.tx import Tx


@record(table="test.token.Volume", order="added", tagged_as="volume")
class Volume(Record):
    volume_id: Key[str]
    tags: Tags = NO_TAGS


@pytest.fixture
def cloud(handler: Any) -> Cloud:
    @handler("ec2", "CreateVolume")
    def create(tx: Tx, req: Any) -> Any:
        row = tx.add(Volume(volume_id=tx.new_id("vol")), tags=req.tag_specifications)
        if req.size == 13:
            raise AwsError("InvalidParameterValue", "unlucky")
        return row

    made = Cloud()
    made.clock.freeze(dt.datetime(2030, 1, 1, tzinfo=dt.timezone.utc))
    return made


def create(cloud: Cloud, size: int = 1, zone: str = "us-east-1a", **more: Any) -> Any:
    return ask(cloud, "CreateVolume", AvailabilityZone=zone, Size=size, **more)


def count(cloud: Cloud) -> int:
    return cloud.store.count(Volume)


def code(entry: Any) -> str | None:
    assert entry.exception is None
    return None if entry.error is None else entry.error.code


# -- client tokens -------------------------------------------------------------------------------------------------


def test_a_token_is_answered_once_and_from_then_on_alike(cloud: Cloud) -> None:
    first = create(cloud, ClientToken="t")
    again = create(cloud, ClientToken="t")
    assert first.answer == again.answer
    assert count(cloud) == 1
    assert create(cloud, ClientToken="u").answer != first.answer
    assert create(cloud).answer != create(cloud).answer
    assert count(cloud) == 4


def test_the_order_of_members_makes_no_difference(cloud: Cloud) -> None:
    one = ask(cloud, "CreateVolume", AvailabilityZone="a", Size=1, Iops=3, ClientToken="t")
    two = ask(cloud, "CreateVolume", ClientToken="t", Iops=3, Size=1, AvailabilityZone="a")
    assert one.answer == two.answer


def test_a_token_with_other_parameters_is_refused(cloud: Cloud) -> None:
    create(cloud, ClientToken="t")
    assert code(create(cloud, size=2, ClientToken="t")) == "IdempotentParameterMismatch"
    assert count(cloud) == 1


def test_a_call_that_failed_does_not_use_its_token_up(cloud: Cloud) -> None:
    assert code(create(cloud, size=13, ClientToken="t")) == "InvalidParameterValue"
    assert code(create(cloud, size=1, ClientToken="t")) is None


def test_a_token_holds_for_a_day(cloud: Cloud) -> None:
    first = create(cloud, ClientToken="t")
    cloud.clock.advance(hours=23)
    assert create(cloud, ClientToken="t").answer == first.answer
    cloud.clock.advance(hours=2)
    later = create(cloud, size=5, ClientToken="t")
    assert code(later) is None
    assert later.answer != first.answer
    assert create(cloud, size=5, ClientToken="t").answer == later.answer


def test_old_tokens_are_forgotten(cloud: Cloud) -> None:
    # In an order other than that of their names.
    for name in "zma":
        create(cloud, ClientToken=name)
        cloud.clock.advance(hours=10)
    cloud.clock.advance(hours=3)
    create(cloud, ClientToken="n")
    kept = [row.token for _, _, row in cloud.store.everywhere(ClientToken)]
    assert sorted(kept) == ["a", "m", "n"] or sorted(kept) == ["a", "n"]
    cloud.clock.advance(days=3)
    create(cloud, ClientToken="last")
    assert [row.token for _, _, row in cloud.store.everywhere(ClientToken)] == ["last"]


def test_tokens_of_two_accounts_are_two(cloud: Cloud) -> None:
    first = create(cloud, ClientToken="t")
    other = create(cloud, ClientToken="t", account="111111111111")
    assert first.answer != other.answer


def test_a_handler_may_look_after_its_tokens_itself(handler: Any) -> None:
    seen: list[str] = []

    @handler("ec2", "CreateVolume", idempotent=False)
    def create_volume(tx: Tx, req: Any) -> Any:
        seen.append(req.client_token)
        return api.Volume(volume_id=tx.new_id("vol"))

    cloud = Cloud()
    assert create(cloud, ClientToken="t").answer != create(cloud, ClientToken="t").answer
    assert seen == ["t", "t"]


def test_a_stored_answer_is_not_the_callers_to_change(cloud: Cloud) -> None:
    import boto3

    from sundog import mock_aws

    with mock_aws(cloud=cloud):
        client = boto3.client("ec2", region_name="us-east-1")
        tags = [{"ResourceType": "volume", "Tags": [{"Key": "a", "Value": "b"}]}]
        for _ in range(2):
            made = client.create_volume(AvailabilityZone="a", Size=1, ClientToken="t", TagSpecifications=tags)
            assert made["Tags"] == [{"Key": "a", "Value": "b"}]
            made["Tags"].clear()


# -- DryRun --------------------------------------------------------------------------------------------------------


def test_a_dry_run_says_that_it_would_have_worked_and_changes_nothing(cloud: Cloud) -> None:
    entry = create(cloud, DryRun=True)
    assert code(entry) == "DryRunOperation"
    assert entry.error.status == 412
    assert entry.error.message == "Request would have succeeded, but DryRun flag is set."
    assert count(cloud) == 0
    assert code(create(cloud, DryRun=False)) is None


def test_a_dry_run_of_what_fails_says_how(cloud: Cloud) -> None:
    assert code(create(cloud, size=13, DryRun=True)) == "InvalidParameterValue"


def test_a_dry_run_does_not_use_its_token_up(cloud: Cloud) -> None:
    assert code(create(cloud, DryRun=True, ClientToken="t")) == "DryRunOperation"
    assert code(create(cloud, size=2, ClientToken="t")) is None


# -- tag specifications --------------------------------------------------------------------------------------------


def specification(kind: str | None, *tags: tuple[str | None, str | None]) -> dict[str, Any]:
    made: dict[str, Any] = {} if kind is None else {"ResourceType": kind}
    found = [{name: text for name, text in (("Key", k), ("Value", v)) if text is not None} for k, v in tags]
    return {**made, "Tags": found}


def test_tags_of_the_resources_own_type_are_put_on_it(cloud: Cloud) -> None:
    made = create(cloud, TagSpecifications=[specification("volume", ("a", "1"), ("b", None))])
    assert made.answer["Tags"] == [{"Key": "a", "Value": "1"}, {"Key": "b", "Value": ""}]


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (
            [specification("instance", ("a", "1"))],
            "'instance' is not a valid taggable resource type for this operation.",
        ),
        ([specification(None, ("a", "1"))], "Tag specification resource type must have a value"),
        ([specification("volume", (None, "1"))], "Tag key cannot be null"),
        ([specification("volume", ("", "1"))], "Tag key cannot be empty"),
        ([specification("volume", ("a", "1"), ("a", "2"))], "Duplicate tag key 'a' specified."),
        ([specification("volume", ("AWS:x", "1"))], "Tag keys starting with 'aws:' are reserved for internal use"),
        ([specification("volume", ("k" * 128, "1"))], None),
        ([specification("volume", ("k", "v" * 256))], None),
    ],
)
def test_bad_tag_specifications_are_refused_and_nothing_is_made(cloud: Cloud, given: Any, message: str | None) -> None:
    entry = create(cloud, TagSpecifications=given)
    assert code(entry) == "InvalidParameterValue"
    assert message is None or entry.error.message == message
    assert count(cloud) == 0


def test_a_resource_bears_fifty_tags(cloud: Cloud) -> None:
    tags = [(f"k{number}", "v") for number in range(51)]
    assert code(create(cloud, TagSpecifications=[specification("volume", *tags[:50])])) is None
    assert code(create(cloud, TagSpecifications=[specification("volume", *tags)])) == "TagLimitExceeded"


def test_an_inner_calls_tag_specifications_are_its_own(cloud: Cloud, handler: Any) -> None:
    @handler("ec2", "CreateSnapshot", taggable=("snapshot",))
    def snapshot(tx: Tx, req: Any) -> Any:
        tx.call(
            "ec2",
            "CreateVolume",
            availability_zone="a",
            tag_specifications=[api.TagSpecification(resource_type="volume", tags=[api.Tag(key="a", value="b")])],
        )
        return api.Snapshot(snapshot_id="s")

    answer(cloud, "CreateSnapshot", VolumeId="vol-1")
    assert [row.tags for _, _, row in cloud.store.everywhere(Volume)] == [{"a": "b"}]
