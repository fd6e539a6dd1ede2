from __future__ import annotations

import base64
from typing import Any

import boto3
import msgspec
import pytest
from asking import answer, ask

from sundog import AwsError, Cloud, mock_aws
from sundog.api import ec2 as api
from sundog.api import iam as iam_api
from sundog.core import Key, Record, record
from sundog.core.page import Rows
from sundog.core.tx import Tx


@record(table="test.page.Thing", order="added")
class Thing(Record):
    vpc_id: Key[str]


@record(table="test.page.Sorted")
class Sorted(Record):
    left: Key[str]
    right: Key[int]


def fill(cloud: Cloud, *ids: str) -> None:
    part = cloud.store.part(Thing, cloud.default_account, "us-east-1")
    for vpc_id in ids:
        part.add(Thing(vpc_id=vpc_id))
    cloud.store.commit()


@pytest.fixture
def cloud(handler: Any) -> Cloud:
    made = Cloud()
    fill(made, *(f"vpc-{number}" for number in range(10)))
    return made


@pytest.fixture
def rows(handler: Any) -> None:
    @handler("ec2", "DescribeVpcs")
    def describe(tx: Tx, req: Any) -> Any:
        return api.DescribeVpcsResult(vpcs=tx.select(Thing))


@pytest.fixture(params=["rows", "narrowed rows", "list", "generator"])
def every_form(request: Any, handler: Any) -> str:
    @handler("ec2", "DescribeVpcs")
    def describe(tx: Tx, req: Any) -> Any:
        found: Any = tx.select(Thing)
        if request.param == "narrowed rows":
            found = found.where(lambda row: True).map(lambda row: api.Vpc(vpc_id=row.vpc_id))
        elif request.param == "list":
            found = list(found)
        elif request.param == "generator":
            found = (row for row in found)
        return api.DescribeVpcsResult(vpcs=found)

    return request.param


def ids(result: Any) -> list[str]:
    return [vpc["VpcId"] for vpc in result["Vpcs"]]


def pages(cloud: Cloud, size: int | None) -> list[list[str]]:
    found: list[list[str]] = []
    token: dict[str, str] = {}
    while True:
        limit = {} if size is None else {"MaxResults": size}
        result = answer(cloud, "DescribeVpcs", **limit, **token)
        found.append(ids(result))
        if "NextToken" not in result:
            return found
        token = {"NextToken": result["NextToken"]}


@pytest.mark.parametrize(
    ("size", "lengths"), [(None, [10]), (5, [5, 5]), (6, [6, 4]), (9, [9, 1]), (10, [10]), (11, [10])]
)
def test_pages_have_every_item_once_and_none_is_empty(
    cloud: Cloud, every_form: str, size: int | None, lengths: list[int]
) -> None:
    found = pages(cloud, size)
    assert [len(page) for page in found] == lengths
    assert [vpc_id for page in found for vpc_id in page] == [f"vpc-{number}" for number in range(10)]


def test_what_is_added_and_removed_between_pages_moves_nothing(cloud: Cloud, rows: None) -> None:
    first = answer(cloud, "DescribeVpcs", MaxResults=5)
    part = cloud.store.part(Thing, cloud.default_account, "us-east-1")
    for name in ("vpc-0", "vpc-4", "vpc-6"):
        part.delete(name)
    part.add(Thing(vpc_id="vpc-new"))
    cloud.store.commit()
    second = answer(cloud, "DescribeVpcs", MaxResults=10, NextToken=first["NextToken"])
    assert ids(second) == ["vpc-5", "vpc-7", "vpc-8", "vpc-9", "vpc-new"]


def test_keys_of_several_fields_carry_over(handler: Any) -> None:
    @handler("ec2", "DescribeVpcs")
    def describe(tx: Tx, req: Any) -> Any:
        return api.DescribeVpcsResult(vpcs=tx.select(Sorted).map(lambda row: api.Vpc(vpc_id=f"{row.left}{row.right}")))

    cloud = Cloud()
    part = cloud.store.part(Sorted, cloud.default_account, "us-east-1")
    for left in "ba":
        for right in (10, 9, 1):
            part.add(Sorted(left=left, right=right))
    cloud.store.commit()
    assert pages(cloud, 5) == [["a1", "a9", "a10", "b1", "b9"], ["b10"]]


def test_a_row_is_only_looked_at_when_its_page_is_asked_for(cloud: Cloud, handler: Any) -> None:
    seen: list[str] = []

    @handler("ec2", "DescribeVpcs")
    def describe(tx: Tx, req: Any) -> Any:
        return api.DescribeVpcsResult(vpcs=tx.select(Thing).map(lambda row: (seen.append(row.vpc_id), row)[1]))

    answer(cloud, "DescribeVpcs", MaxResults=5)
    assert len(seen) <= 6


def test_a_default_page_size_holds_where_the_caller_names_none(cloud: Cloud, handler: Any) -> None:
    @handler("ec2", "DescribeVpcs", page_size=4)
    def describe(tx: Tx, req: Any) -> Any:
        return api.DescribeVpcsResult(vpcs=tx.select(Thing))

    assert [len(page) for page in pages(cloud, None)] == [4, 4, 2]
    assert [len(page) for page in pages(cloud, 8)] == [8, 2]


def test_a_handler_may_page_by_itself(cloud: Cloud, handler: Any) -> None:
    @handler("ec2", "DescribeVpcs", paged=False)
    def describe(tx: Tx, req: Any) -> Any:
        assert req.max_results == 5
        return api.DescribeVpcsResult(vpcs=list(tx.select(Thing))[:7], next_token="mine")

    result = answer(cloud, "DescribeVpcs", MaxResults=5)
    assert (len(ids(result)), result["NextToken"]) == (7, "mine")


def forged(*content: Any) -> str:
    return base64.urlsafe_b64encode(msgspec.msgpack.encode(content)).decode()


@pytest.mark.parametrize(
    "token",
    ["", "x", "é", "AAAA", forged("DescribeSubnets", 3), forged("DescribeVpcs"), forged("DescribeVpcs", {"a": 1}),
     forged("DescribeVpcs", "text"), forged("DescribeVpcs", ["a", 1]), forged("DescribeVpcs", None), forged(1, 2)],
)  # fmt: skip
def test_a_token_that_nobody_gave_out_is_refused(cloud: Cloud, rows: None, token: str) -> None:
    found = ask(cloud, "DescribeVpcs", NextToken=token)
    assert found.exception is None
    assert found.error is not None
    assert found.error.code in ("InvalidNextToken", "InvalidParameterValue")


def test_a_negative_position_is_refused(cloud: Cloud, handler: Any) -> None:
    @handler("ec2", "DescribeVpcs")
    def describe(tx: Tx, req: Any) -> Any:
        return api.DescribeVpcsResult(vpcs=list(tx.select(Thing)))

    with pytest.raises(AwsError):
        answer(cloud, "DescribeVpcs", NextToken=forged("DescribeVpcs", -3))


@pytest.mark.parametrize("path", ["direct", "wire"])
def test_botos_paginator_walks_the_pages(rows: None, path: str) -> None:
    with mock_aws(path=path) as cloud:
        client = boto3.client("ec2", region_name="us-east-1")
        fill(cloud, *(f"vpc-{number}" for number in range(12)))
        found = [ids(page) for page in client.get_paginator("describe_vpcs").paginate(PaginationConfig={"PageSize": 5})]
        assert [len(page) for page in found] == [5, 5, 2]


def test_services_with_a_truncation_flag_say_whether_there_is_more(handler: Any) -> None:
    @handler("iam", "ListUserTags")
    def tags(tx: Tx, req: Any) -> Any:
        return iam_api.ListUserTagsResponse(tags={"a": "1", "b": "2", "c": "3"})

    cloud = Cloud()
    first = answer(cloud, "ListUserTags", "iam", UserName="u", MaxItems=2)
    assert first["Tags"] == [{"Key": "a", "Value": "1"}, {"Key": "b", "Value": "2"}]
    assert first["IsTruncated"] is True
    last = answer(cloud, "ListUserTags", "iam", UserName="u", MaxItems=2, Marker=first["Marker"])
    assert last == {"Tags": [{"Key": "c", "Value": "3"}], "IsTruncated": False}


def test_rows_are_a_view_that_can_be_walked_again() -> None:
    walks: list[Any] = []

    def scan(after: Any) -> Any:
        walks.append(after)
        return ((index, index) for index in range(0 if after is None else after + 1, 6))

    rows: Rows[int] = Rows(scan)
    even = rows.where(lambda n: n % 2 == 0)
    assert not walks
    assert list(even) == list(even) == [0, 2, 4]
    assert list(even.map(lambda n: n * 10)) == [0, 20, 40]
    assert list(even.after(2)) == [(4, 4)]
    assert (even.first(), even.count(), bool(even)) == (0, 3, True)
    assert not even.where(lambda n: n > 4)
    assert even.where(lambda n: n > 4).first() is None
