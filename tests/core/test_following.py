"""What follows a call: attempts that may fail, requests that the cloud makes, polls that hear of their topic only."""

from __future__ import annotations

import threading
import time
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest

from sundog import AwsError, Cloud
from sundog.core import Key, Record, record
from sundog.core.outbox import Answer
from sundog.core.tx import Tx, Wait


@record(table="test.following.Row")
class Row(Record):
    group: Key[str]
    number: Key[int]


@record(table="test.following.Told")
class Told(Record):
    number: Key[int]
    text: str


@pytest.fixture
def cloud() -> Cloud:
    return Cloud()


def rows(cloud: Cloud) -> list[int]:
    return [row.number for _, _, row in cloud.store.everywhere(Row)]


# -- attempts


def fails(tx: Tx) -> None:
    tx.add(Row(group="a", number=2))
    tx.after_commit(never)
    raise AwsError("No", "no")


def never(tx: Tx) -> None:
    raise AssertionError("what was undone left work behind")


def tries(tx: Tx) -> None:
    tx.add(Row(group="a", number=1))
    assert tx.attempt(fails, tx).code == "No"
    assert tx.attempt(tx.add, Row(group="a", number=3)) is None


def test_a_failed_attempt_undoes_itself_alone_and_stands_in_the_log(cloud: Cloud) -> None:
    with cloud.writing() as tx:
        tx.after_commit(tries)
    assert rows(cloud) == [1, 3]
    [delivery] = [call for call in cloud.calls if call.kind == "delivery"]
    assert delivery.error is not None
    assert delivery.error.code == "No"


def test_writing_that_fails_leaves_nothing(cloud: Cloud) -> None:
    def write() -> None:
        with cloud.writing() as tx:
            tx.add(Row(group="a", number=1))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        write()
    assert rows(cloud) == []


# -- requests


def told(tx: Tx, answer: Answer, number: int) -> None:
    tx.add(Told(number=number, text=answer.error or f"{answer.status} {answer.body.decode()}"))


def heard(cloud: Cloud) -> list[str]:
    return [row.text for _, _, row in cloud.store.everywhere(Told)]


@pytest.fixture
def server(cloud: Cloud) -> Any:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            with cloud.writing() as tx:  # the lock must be free meanwhile, in any thread
                tx.add(Row(group="server", number=len(body)))
            self.send_response(202)
            self.end_headers()
            self.wfile.write((self.headers.get("authorization") or "").encode() + body)

        def log_message(self, *_: Any) -> None:
            pass

    made = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=made.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    yield made
    made.shutdown()
    made.server_close()
    thread.join()


def test_a_request_is_made_off_the_lock_and_its_answer_comes_back(cloud: Cloud, server: Any) -> None:
    with cloud.writing() as tx:
        tx.post(f"http://u:p%20w@127.0.0.1:{server.server_port}/x", {}, b"hello", told, 1)
    assert heard(cloud) == ["202 Basic dTpwIHc=hello"]
    assert rows(cloud) == [5]


def test_a_rollback_makes_no_request(cloud: Cloud, server: Any) -> None:
    def write() -> None:
        with cloud.writing() as tx:
            tx.post(f"http://127.0.0.1:{server.server_port}/", {}, b"hello", told, 1)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        write()
    assert rows(cloud) == []


def test_what_was_not_let_through_is_not_reached(cloud: Cloud) -> None:
    with cloud.writing() as tx:
        tx.post("http://example.com/", {}, b"", told, 1)
        tx.post("http://[", {}, b"", told, 2)
        tx.post("http://127.0.0.1:1/", {}, b"", told, 3)
    refused, wrong, closed = heard(cloud)
    assert "allow_hosts" in refused
    assert "IPv6" in wrong
    assert "ConnectionRefusedError" in closed


def test_a_host_of_aws_s_is_the_cloud_s_own(cloud: Cloud) -> None:
    with cloud.writing() as tx:
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        tx.post("https://sts.amazonaws.com/", headers, b"Action=GetCallerIdentity&Version=2011-06-15", told, 1)
    assert next(call.operation for call in cloud.calls) == "GetCallerIdentity"
    assert heard(cloud)[0][:3].isdigit()


# -- topics of polls


def wait_for(cloud: Cloud, **more: Any) -> Wait:
    with pytest.raises(Wait) as caught, cloud.writing() as tx:
        tx.wait(Row, seconds=20, **more)
    return caught.value


def add(cloud: Cloud, group: str, number: int) -> None:
    with cloud.writing() as tx:
        tx.add(Row(group=group, number=number))


def test_a_wait_goes_stale_by_its_own_rows_only(cloud: Cloud) -> None:
    wait = wait_for(cloud, within="a")
    add(cloud, "b", 1)
    with cloud.writing(region="eu-west-1") as tx:
        tx.add(Row(group="a", number=1))
    assert not cloud.waiters.stale(wait)
    add(cloud, "a", 1)
    assert cloud.waiters.stale(wait)


def test_time_that_jumps_wakes_everybody(cloud: Cloud) -> None:
    wait = wait_for(cloud, within="a")
    cloud.clock.advance(seconds=1)
    assert cloud.waiters.stale(wait)


def test_callbacks_hear_of_their_topic(cloud: Cloud) -> None:
    heard: list[str] = []
    one = cloud.waiters.add(lambda: heard.append("a"), wait_for(cloud, within="a"))
    cloud.waiters.add(lambda: heard.append("all rows"), wait_for(cloud))
    cloud.waiters.add(lambda: heard.append("everything"))
    add(cloud, "b", 1)
    assert sorted(heard) == ["all rows", "everything"]
    heard.clear()
    add(cloud, "a", 1)
    assert sorted(heard) == ["a", "all rows", "everything"]
    heard.clear()
    cloud.waiters.remove(one)
    add(cloud, "a", 2)
    assert sorted(heard) == ["all rows", "everything"]


def test_until_ends_a_sleep(cloud: Cloud) -> None:
    wait = wait_for(cloud, until=time.time() + 0.5)
    look = wait.next_look(cloud)
    assert look is not None
    assert 0.2 < look < 0.6


# -- counting, and helpers


def test_ranges_are_counted(cloud: Cloud) -> None:
    for number in range(1000):
        add(cloud, "a" if number % 2 else "b", number)
    with cloud.writing() as tx:
        assert tx.count(Row) == 1000
        assert tx.count(Row, ("a",), ("b",)) == 500
        assert tx.count(Row, ("b", 500), ("b", 600)) == 50


def test_a_cloud_has_the_helpers_of_its_services(cloud: Cloud) -> None:
    assert cloud.sns is cloud.sns
    assert cloud.sns.sent == []
    assert not hasattr(cloud, "nonsense")
    assert not hasattr(cloud, "sts")
