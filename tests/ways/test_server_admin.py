"""The admin API, and worlds."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fake_cloud import FakeCloud
from server_client import ask, connect, get, read_answer

from sundog.core.calls import Call
from sundog.ways.server import Server
from sundog.ways.worlds import WorldError, Worlds
from sundog.wire.errors import AwsError
from sundog.wire.http import Request


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    made = Server(port=0, worlds=Worlds(FakeCloud), home=tmp_path).start()
    yield made
    made.stop()


def call(server: Server, method: str, path: str, body: Any = None, status: int = 200, more: str = "") -> Any:
    data = b"" if body is None else json.dumps(body).encode()
    head = f"{method} /_sundog{path} HTTP/1.1\r\nHost: localhost\r\n{more}Content-Length: {len(data)}\r\n\r\n"
    answer = ask(server, head.encode() + data)
    assert answer.status == status, answer.body
    assert answer.fields["content-type"] == "application/json"
    return json.loads(answer.body)


def signed(key: str) -> str:
    return f"Authorization: AWS4-HMAC-SHA256 Credential={key}/20300101/us-east-1/sts/aws4_request, Signature=x\r\n"


def test_health(server: Server) -> None:
    found = call(server, "GET", "/health")
    assert found["status"] == "ok"
    assert found["version"]
    assert found["uptime"] >= 0


def test_the_index_lists_what_there_is(server: Server) -> None:
    assert "POST" in call(server, "GET", "/")["/_sundog/clock"]


def test_what_is_not_there_is_404(server: Server) -> None:
    assert "/_sundog/" in call(server, "GET", "/nothing", status=404)["message"]
    call(server, "GET", "/worlds/x/y", status=404)


def test_a_method_that_is_not_there_is_405(server: Server) -> None:
    assert "POST" in call(server, "GET", "/reset", status=405)["message"]


@pytest.mark.parametrize("body", [b"{", b"[]", b"\xff", b"[" * 100_000])
def test_a_body_that_is_no_object_is_400(server: Server, body: bytes) -> None:
    head = f"POST /_sundog/clock HTTP/1.1\r\nHost: localhost\r\nContent-Length: {len(body)}\r\n\r\n"
    assert ask(server, head.encode() + body).status == 400


def test_reset(server: Server) -> None:
    ask(server, get("/post?a"))
    call(server, "POST", "/reset")
    assert server.cloud.posted == []


def test_the_reset_that_scripts_know(server: Server) -> None:
    ask(server, get("/post?a"))
    assert ask(server, b"POST /moto-api/reset HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n").status == 200
    assert server.cloud.posted == []


def test_the_health_that_scripts_know(server: Server) -> None:
    found = json.loads(ask(server, get("/_localstack/health")).body)
    assert found["services"]["s3"] == "available"


def test_a_snapshot_can_be_restored_by_name(server: Server) -> None:
    ask(server, get("/post?a"))
    call(server, "POST", "/snapshot", {"name": "one"})
    ask(server, get("/post?b"))
    call(server, "POST", "/restore", {"name": "one"})
    assert server.cloud.posted == ["a"]
    assert call(server, "GET", "/snapshot")["snapshots"] == ["one"]
    call(server, "DELETE", "/snapshot/one")
    assert "one" in call(server, "POST", "/restore", {"name": "one"}, 404)["message"]


def test_the_clock_is_steered(server: Server) -> None:
    found = call(server, "POST", "/clock", {"freeze": "2030-01-31T12:00:00Z"})
    assert (found["now"], found["frozen"]) == ("2030-01-31T12:00:00+00:00", True)
    assert call(server, "POST", "/clock", {"advance": 60})["now"] == "2030-01-31T12:01:00+00:00"
    assert call(server, "POST", "/clock", {"advance": {"days": 1}})["now"] == "2030-02-01T12:01:00+00:00"
    assert call(server, "POST", "/clock", {"set": 0})["now"] == "1970-01-01T00:00:00+00:00"
    assert call(server, "POST", "/clock", {"resume": True})["frozen"] is False
    assert call(server, "POST", "/clock", {"reset": True})["timestamp"] > 1e9
    assert call(server, "GET", "/clock")["frozen"] is False


@pytest.mark.parametrize(
    "body", [{}, {"advance": -1}, {"advance": "x"}, {"advance": {"years": 1}}, {"set": "soon"}, {"fly": 1}, {"set": []}]
)
def test_a_clock_can_not_do_all(server: Server, body: Any) -> None:
    call(server, "POST", "/clock", {"freeze": 1000})
    assert call(server, "POST", "/clock", body, 400)["message"]
    assert call(server, "GET", "/clock")["timestamp"] == 1000


def test_faults(server: Server) -> None:
    call(server, "POST", "/faults", {"service": "s3", "error": "SlowDown", "status": 503, "times": 2})
    [fault] = call(server, "GET", "/faults")["faults"]
    assert (fault["service"], fault["error"], fault["status"], fault["remaining"]) == ("s3", "SlowDown", 503, 2)
    assert call(server, "DELETE", "/faults")["faults"] == []


@pytest.mark.parametrize(
    "body", [{}, {"error": 1}, {"error": "X", "times": "2"}, {"error": "X", "status": 1}, {"eror": "X"}]
)
def test_a_fault_that_makes_no_sense(server: Server, body: Any) -> None:
    call(server, "POST", "/faults", body, 400)
    assert len(server.cloud.faults) == 0


def test_calls_are_listed_by_what_they_are(server: Server) -> None:
    first = Call("s3", "PutObject", {"Body": b"\xff", "Stream": object()}, "1", "r")
    second = Call("s3", "GetObject", {}, "1", "r")
    second.error = AwsError("NoSuchKey")
    server.cloud.calls += [first, second]
    assert call(server, "GET", "/calls")["total"] == 2
    [found] = call(server, "GET", "/calls?operation=PutObject")["calls"]
    assert found["params"]["Body"] == "/w=="
    [found] = call(server, "GET", "/calls?error=NoSuchKey")["calls"]
    assert found["operation"] == "GetObject"
    assert len(call(server, "GET", "/calls?limit=1")["calls"]) == 1
    call(server, "GET", "/calls?sevice=s3", status=400)
    call(server, "DELETE", "/calls")
    assert call(server, "GET", "/calls")["total"] == 0


def test_the_settings_are_shown(server: Server) -> None:
    found = call(server, "GET", "/config")
    assert found["settings"]["account"] == "123456789012"
    assert found["url"] == server.url


def test_pages_of_other_sites_are_refused(server: Server) -> None:
    call(server, "POST", "/reset", status=403, more="Origin: https://evil.example\r\n")
    call(server, "POST", "/reset", more="Origin: http://localhost:4566\r\n")


# -- worlds


def test_the_access_key_picks_a_world(server: Server) -> None:
    ask(server, get("/post?mine", more=signed("world-blue")))
    ask(server, get("/post?yours", more=signed("AKIAIOSFODNN7EXAMPLE")))
    ask(server, get("/post?theirs", more="x-sundog-world: red\r\n"))
    worlds = server.worlds
    assert worlds["blue"].cloud.posted == ["mine"]
    assert worlds["red"].cloud.posted == ["theirs"]
    assert server.cloud.posted == ["yours"]


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/post?X-Amz-Credential=world-blue%2F20300101%2Fus-east-1%2Fs3%2Faws4_request", ""),
        ("/post?AWSAccessKeyId=world-blue&Signature=x", ""),
        ("/post", "Action=X&SignatureVersion=2&AWSAccessKeyId=world-blue&Signature=x"),
    ],
)
def test_presigned_and_old_requests_pick_a_world_too(server: Server, path: str, body: str) -> None:
    form = "Content-Type: application/x-www-form-urlencoded\r\n"
    ask(server, f"POST {path} HTTP/1.1\r\nHost: x\r\n{form}Content-Length: {len(body)}\r\n\r\n{body}".encode())
    assert len(server.worlds["blue"].cloud.posted) == 1


def test_a_world_begins_as_another_is(server: Server) -> None:
    ask(server, get("/post?a"))
    call(server, "POST", "/snapshot", {"name": "s"})
    ask(server, get("/post?b"))
    made = call(server, "POST", "/worlds", {"name": "copy", "from": "default", "keys": ["AKIAME"]})
    assert (made["from"], made["keys"]) == ("default", ["AKIAME"])
    call(server, "POST", "/worlds", {"name": "old", "snapshot": "s"})
    ask(server, get("/post?c", more=signed("AKIAME")))
    assert server.worlds["copy"].cloud.posted == ["a", "b", "c"]
    assert server.worlds["old"].cloud.posted == ["a"]
    assert server.cloud.posted == ["a", "b"]
    assert [world["name"] for world in call(server, "GET", "/worlds")["worlds"]] == ["default", "copy", "old"]


def test_the_admin_api_steers_the_world_that_is_meant(server: Server) -> None:
    call(server, "POST", "/worlds", {"name": "w"})
    call(server, "POST", "/clock", {"world": "w", "freeze": 5})
    assert call(server, "GET", "/clock?world=w")["timestamp"] == 5
    assert call(server, "GET", "/clock", more=signed("world-w"))["timestamp"] == 5
    assert call(server, "GET", "/clock", more="x-sundog-world: w\r\n")["timestamp"] == 5
    assert call(server, "GET", "/clock")["timestamp"] > 5
    call(server, "GET", "/clock?world=nosuch", status=404)


def test_a_deleted_world_is_closed_and_its_polls_answered(server: Server) -> None:
    call(server, "POST", "/worlds", {"name": "w"})
    cloud = server.worlds["w"].cloud
    with connect(server) as sock, sock.makefile("rb") as file:
        sock.sendall(get("/poll?20", more="x-sundog-world: w\r\n"))
        while not cloud.deadlines:
            pass
        call(server, "DELETE", "/worlds/w")
        assert read_answer(file).body == b"nothing"
    assert cloud.closed
    assert "w" not in server.worlds


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({}, 400),
        ({"name": "a/b"}, 400),
        ({"name": "default"}, 409),
        ({"name": "x", "from": "nosuch"}, 404),
        ({"name": "x", "snapshot": "nosuch"}, 404),
        ({"name": "x", "keys": "AKIA"}, 400),
    ],
)
def test_a_world_that_can_not_be_made(server: Server, body: Any, status: int) -> None:
    call(server, "POST", "/worlds", body, status)
    assert [world.name for world in server.worlds if world.name != "default"] == []


def test_the_default_world_stays(server: Server) -> None:
    call(server, "DELETE", "/worlds/default", status=400)


def test_a_bad_name_in_a_request_is_refused(server: Server) -> None:
    assert ask(server, get("/a", more="x-sundog-world: a/b\r\n")).status == 400


def test_a_key_that_a_world_issued_leads_back_to_it() -> None:
    worlds = Worlds(FakeCloud)
    worlds.create("w").cloud.known_keys.add("ASIAISSUED")
    request = Request("GET", "x", headers={"authorization": signed("ASIAISSUED")[15:-2]})
    assert worlds.pick(request).name == "w"
    worlds.delete("w")
    assert worlds.pick(request).name == "default"


def test_one_key_picks_one_world() -> None:
    worlds = Worlds(FakeCloud)
    worlds.create("a", keys=["K"])
    with pytest.raises(WorldError, match="another world"):
        worlds.create("b", keys=["K"])
    assert "b" not in worlds
