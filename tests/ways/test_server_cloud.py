"""The server with the real cloud behind it."""

from __future__ import annotations

import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from sundog.ways.ca import Authority
from sundog.ways.server import Server, serve


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    made = serve(port=0, home=tmp_path, seed=1)
    yield made
    made.stop()


def client(service: str, key: str = "AKIAIOSFODNN7EXAMPLE", token: str | None = None, **options: Any) -> Any:
    import boto3
    from botocore.config import Config

    config = Config(retries={"total_max_attempts": 1}, proxies=options.pop("proxies", None))
    session = boto3.session.Session(key, "secret", token, region_name="us-east-1")
    return session.client(service, config=config, **options)


def test_as_an_endpoint(server: Server) -> None:
    assert client("sts", endpoint_url=server.url).get_caller_identity()["Account"] == "123456789012"


def test_as_a_proxy(server: Server) -> None:
    proxies = {"https": server.url}
    ca = str(Authority(server.home).load())
    assert client("sts", proxies=proxies, verify=ca).get_caller_identity()["Account"] == "123456789012"


def test_as_a_context_manager_it_gives_its_url(tmp_path: Path) -> None:
    with serve(port=0, home=tmp_path) as url:
        assert client("sts", endpoint_url=url).get_caller_identity()["Account"] == "123456789012"


def test_the_keys_that_a_world_gives_out_lead_back_to_it(server: Server) -> None:
    server.worlds.create("other")
    first = client("sts", "world-blue", endpoint_url=server.url)
    role = {"RoleArn": "arn:aws:iam::123456789012:role/r", "RoleSessionName": "session"}
    keys = first.assume_role(**role)["Credentials"]
    then = client("sts", keys["AccessKeyId"], keys["SessionToken"], endpoint_url=server.url)
    assert then.get_caller_identity()["Arn"].endswith("assumed-role/r/session")
    assert len(server.worlds["blue"].cloud.calls) == 2
    assert len(server.cloud.calls) == 0


def test_the_call_log_is_shown(server: Server) -> None:
    client("sts", endpoint_url=server.url).get_caller_identity()
    with urllib.request.urlopen(server.url + "/_sundog/calls?service=sts") as answer:
        assert b'"operation":"GetCallerIdentity"' in answer.read()


def test_a_fork_of_a_world_shares_nothing_that_comes_after(server: Server) -> None:
    before = server.cloud.snapshot()
    server.worlds.create("copy", "default")
    client("sts", "world-copy", endpoint_url=server.url).assume_role(
        RoleArn="arn:aws:iam::123456789012:role/r", RoleSessionName="session"
    )
    assert not list(server.cloud.diff(before))
