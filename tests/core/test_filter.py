from __future__ import annotations

import datetime as dt
from typing import Any

import msgspec
import pytest
from asking import answer, ask

from sundog import AwsError, Cloud
from sundog.api import ec2 as api
from sundog.core import NO_TAGS, Index, Key, Record, Tags, record
from sundog.core.filter import narrow, parse_names, pattern
from sundog.core.tx import Tx


class State(msgspec.Struct, frozen=True):
    name: str
    code: int


class Link(msgspec.Struct, frozen=True):
    address: str


def half(tx: Tx, row: Any) -> list[str]:
    return [row.cidr_block.split("/")[0]]


@record(
    table="test.filter.Net",
    order="added",
    tagged_as="vpc",
    missing=("InvalidVpcID.NotFound", "The vpc ID '{}' does not exist"),
    filters={
        **parse_names(
            (
                "vpc-id",
                "owner",
                "size",
                "is-default",
                "cidr=cidr_block",
                "state=state.name",
                "state-code=state.code",
                "link.address=links.address",
                "created",
                "note",
            )
        ),
        "half": half,
    },
)
class Net(Record):
    vpc_id: Key[str]
    owner: Index[str] = "me"
    size: Index[int] = 1
    is_default: bool = False
    cidr_block: str = "10.0.0.0/16"
    state: State = State("available", 16)
    links: tuple[Link, ...] = ()
    created: dt.datetime | None = None
    note: str | None = None
    tags: Tags = NO_TAGS


@record(table="test.filter.Numbered", filters=parse_names(("number",)))
class Numbered(Record):
    number: Key[int]


NETS = [
    Net(vpc_id="vpc-1", tags={"Name": "web", "env": "prod"}, links=(Link("a"), Link("b"))),
    Net(vpc_id="vpc-2", owner="you", size=20, is_default=True, tags={"Name": "web*"}, note="x"),
    Net(vpc_id="vpc-3", owner="them", size=3, cidr_block="10.1.0.0/16", state=State("pending", 0)),
    Net(
        vpc_id="other",
        owner="you",
        created=dt.datetime(2030, 1, 2, 3, 4, 5, 678000, dt.timezone.utc),
        tags={"Name": ""},
    ),
]


@pytest.fixture
def cloud(handler: Any) -> Cloud:
    @handler("ec2", "DescribeVpcs")
    def describe(tx: Tx, req: Any) -> Any:
        return api.DescribeVpcsResult(
            vpcs=tx.search(Net, req.vpc_ids, req.filters).map(lambda row: api.Vpc(vpc_id=row.vpc_id))
        )

    made = Cloud()
    part = made.store.part(Net, made.default_account, "us-east-1")
    for net in NETS:
        part.add(net)
    made.store.commit()
    return made


def found(cloud: Cloud, *filters: tuple[str, list[str]], ids: list[str] | None = None) -> list[str]:
    params: dict[str, Any] = {"Filters": [{"Name": name, "Values": values} for name, values in filters]}
    if ids is not None:
        params["VpcIds"] = ids
    return [vpc["VpcId"] for vpc in answer(cloud, "DescribeVpcs", **params)["Vpcs"]]


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        ([], "1 2 3 other"),
        ([("vpc-id", ["vpc-2"])], "2"),
        ([("vpc-id", ["vpc-3", "vpc-1", "vpc-1", "nope"])], "3 1"),
        ([("vpc-id", ["vpc-*"])], "1 2 3"),
        ([("vpc-id", ["vpc-?"])], "1 2 3"),
        ([("vpc-id", ["*"])], "1 2 3 other"),
        ([("vpc-id", ["VPC-1"])], ""),
        ([("owner", ["you"])], "2 other"),
        ([("owner", ["you", "me"])], "1 2 other"),
        ([("owner", ["y*", "them"])], "2 3 other"),
        ([("owner", [""])], ""),
        ([("size", ["20"])], "2"),
        ([("size", ["1", "3"])], "1 3 other"),
        ([("size", ["2*"])], "2"),
        ([("is-default", ["true"])], "2"),
        ([("is-default", ["false"])], "1 3 other"),
        ([("cidr", ["10.1.0.0/16"])], "3"),
        ([("cidr", ["10.?.0.0/*"])], "1 2 3 other"),
        ([("cidr", ["10_0.0.0/16", "10.0.0.0"])], ""),
        ([("state", ["pending"])], "3"),
        ([("state-code", ["16"])], "1 2 other"),
        ([("link.address", ["b"])], "1"),
        ([("link.address", ["b", "a"])], "1"),
        ([("created", ["2030-01-02T03:04:05.678Z"])], "other"),
        ([("created", ["2030-01-02*"])], "other"),
        ([("note", ["x"])], "2"),
        ([("note", ["None"])], ""),
        ([("half", ["10.1.0.0"])], "3"),
        ([("tag:Name", ["web"])], "1"),
        ([("tag:Name", ["web*"])], "1 2"),
        ([("tag:Name", ["web\\*"])], "2"),
        ([("tag:Name", [""])], "other"),
        ([("tag:name", ["web"])], ""),
        ([("tag-key", ["Name"])], "1 2 other"),
        ([("tag-key", ["e?v"])], "1"),
        ([("tag-value", ["prod", "web"])], "1"),
        ([("owner", ["you"]), ("tag:Name", ["web*"])], "2"),
        ([("owner", ["you"]), ("owner", ["me"])], ""),
        ([("owner", ["you"]), ("vpc-id", ["vpc-2", "vpc-3"])], "2"),
    ],
)
def test_filters_find(cloud: Cloud, filters: list[tuple[str, list[str]]], expected: str) -> None:
    names = [name if name == "other" else f"vpc-{name}" for name in expected.split()]
    assert sorted(found(cloud, *filters)) == sorted(names)


def test_results_of_an_index_come_in_the_order_of_the_table(cloud: Cloud) -> None:
    assert found(cloud, ("owner", ["you", "me"])) == ["vpc-1", "vpc-2", "other"]


def test_ids_and_filters_hold_together(cloud: Cloud) -> None:
    assert found(cloud, ("owner", ["you"]), ids=["vpc-1", "vpc-2", "vpc-2"]) == ["vpc-2"]


def test_an_id_that_is_missing_is_an_error_though_a_filter_would_drop_it(cloud: Cloud) -> None:
    entry = ask(cloud, "DescribeVpcs", VpcIds=["vpc-1", "vpc-8", "vpc-9"], Filters=[{"Name": "owner", "Values": ["x"]}])
    assert entry.error is not None
    assert (entry.error.code, entry.error.message) == (
        "InvalidVpcID.NotFound",
        "The vpc IDs 'vpc-8, vpc-9' do not exist",
    )


@pytest.mark.parametrize(
    ("sent", "code", "message"),
    [
        ({"Name": "nonsense", "Values": ["x"]}, "InvalidParameterValue", "The filter 'nonsense' is invalid"),
        ({"Name": "Owner", "Values": ["x"]}, "InvalidParameterValue", "The filter 'Owner' is invalid"),
        ({"Values": ["x"]}, "InvalidParameterValue", "The filter 'null' is invalid"),
        ({"Name": "owner", "Values": ["x"] * 201}, "FilterLimitExceeded", None),
    ],
)
def test_bad_filters_are_refused(cloud: Cloud, sent: Any, code: str, message: str | None) -> None:
    entry = ask(cloud, "DescribeVpcs", Filters=[sent])
    assert entry.exception is None
    assert entry.error is not None
    assert entry.error.code == code
    assert message is None or entry.error.message == message


def test_a_key_that_is_no_text_is_found_by_its_text(handler: Any) -> None:
    @handler("ec2", "DescribeVpcs")
    def describe(tx: Tx, req: Any) -> Any:
        return api.DescribeVpcsResult(
            vpcs=tx.search(Numbered, None, req.filters).map(lambda row: api.Vpc(vpc_id=str(row.number)))
        )

    cloud = Cloud()
    part = cloud.store.part(Numbered, cloud.default_account, "us-east-1")
    for number in (5, 50, 7):
        part.add(Numbered(number=number))
    cloud.store.commit()
    assert found(cloud, ("number", ["5"])) == ["5"]
    assert found(cloud, ("number", ["5*"])) == ["5", "50"]


@pytest.mark.parametrize(
    ("text", "yes", "no"),
    [
        ("a.c", ["a.c"], ["abc"]),
        ("a*c", ["ac", "abc", "a\nc"], ["ab", "xac"]),
        ("a?c", ["abc"], ["ac", "abbc"]),
        ("a\\?c", ["a?c"], ["abc"]),
        ("a\\\\", ["a\\"], ["a"]),
        ("[ab]", ["[ab]"], ["a"]),
        ("", [""], ["a"]),
        ("**", ["", "x"], []),
        ("a\\", ["a\\"], ["a"]),
    ],
)
def test_patterns(text: str, yes: list[str], no: list[str]) -> None:
    match = pattern(text)
    assert all(match(item) for item in yes)
    assert not any(match(item) for item in no)


def test_a_hostile_pattern_takes_no_time() -> None:
    import time

    begin = time.perf_counter()
    pattern("*" * 2000 + "x")("y" * 2000)
    pattern("*a" * 12 + "b")("a" * 120)
    assert time.perf_counter() - begin < 2


def test_what_is_no_row_can_be_narrowed() -> None:
    items = [{"name": "a", "on": True}, {"name": "b", "on": False}]
    declared = parse_names(("name", "on"))

    class Filter:
        def __init__(self, name: str, *values: str) -> None:
            self.name, self.values = name, list(values)

    assert narrow(items, [Filter("on", "true")], declared) == items[:1]
    assert narrow(items, None, declared) == items
    with pytest.raises(AwsError):
        narrow(items, [Filter("off", "true")], declared)
