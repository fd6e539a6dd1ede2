"""``path="server"``: the same clients, over a real socket."""

from __future__ import annotations

import io
import os
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import aiobotocore.session
import boto3
import pytest
from botocore.config import Config

from sundog import Cloud, mock_aws
from sundog.api import s3 as s3api
from sundog.api import sqs as sqsapi
from sundog.core import Key, Record, record
from sundog.ways import loopback


@record(table="test.Note")
class Note(Record):
    text: Key[str]


@pytest.fixture(autouse=True)
def no_world_is_left() -> Iterator[None]:
    yield
    assert loopback.worlds() == []


@pytest.fixture
def cloud() -> Iterator[Cloud]:
    with mock_aws(path="server") as made:
        yield made


@pytest.fixture
def polls(handler: Any) -> None:
    @handler("sqs", "ReceiveMessage")
    def receive(tx: Any, req: Any) -> Any:
        row = tx.select(Note).first()
        if row is None:
            tx.wait(Note, seconds=req.wait_time_seconds)
            return sqsapi.ReceiveMessageResult(messages=[])
        tx.delete(row)
        return sqsapi.ReceiveMessageResult(messages=[sqsapi.Message(body=row.text)])

    @handler("sqs", "SendMessage")
    def send(tx: Any, req: Any) -> Any:
        tx.add(Note(text=req.message_body))
        return sqsapi.SendMessageResult(message_id="m")


def sqs(**config: Any) -> Any:
    return boto3.client("sqs", region_name="us-east-1", config=Config(parameter_validation=False, **config))


def sts() -> Any:
    return boto3.client("sts", region_name="us-east-1")


def test_a_call_goes_over_http(cloud: Cloud) -> None:
    answer = sts().get_caller_identity()
    assert answer["Account"] == cloud.default_account
    assert answer["ResponseMetadata"]["HTTPHeaders"]["server"] == "sundog"


def test_the_cloud_sees_the_host_and_the_scheme_that_the_client_meant(cloud: Cloud) -> None:
    sts().get_caller_identity()
    request = cloud.calls[-1].http
    assert request is not None
    assert request.url == "https://sts.us-east-1.amazonaws.com/"


def test_the_client_sees_the_url_that_it_meant(cloud: Cloud) -> None:
    client = sts()
    seen: list[Any] = []
    client.meta.events.register("response-received.sts", lambda **given: seen.append(given["response_dict"]["headers"]))
    urls: list[str] = []
    client.meta.events.register("needs-retry.sts", lambda response, **_: urls.append(response[0].url))
    client.get_caller_identity()
    assert seen[0]["server"] == "sundog"
    assert urls == ["https://sts.us-east-1.amazonaws.com/"]


def test_clients_of_loopback_servers_reach_these(aws_server: str) -> None:
    with mock_aws(path="server") as cloud:
        boto3.client("sts", region_name="us-east-1", endpoint_url=aws_server).get_caller_identity()
    assert len(cloud.calls) == 0


def test_two_clouds_share_the_server_and_nothing_else(polls: None) -> None:
    first, second = Cloud(path="server"), Cloud(path="server")
    for cloud, text in ((first, "one"), (second, "two")):
        with mock_aws(cloud=cloud):
            sqs().send_message(QueueUrl="q", MessageBody=text)
    with mock_aws(cloud=first):
        assert sqs().receive_message(QueueUrl="q")["Messages"][0]["Body"] == "one"
        with mock_aws(cloud=second):
            assert sqs().receive_message(QueueUrl="q")["Messages"][0]["Body"] == "two"
            assert len(loopback.worlds()) == 2
        assert len(loopback.worlds()) == 1


def test_a_cloud_answers_again_after_its_mock_has_ended_and_begun_again() -> None:
    cloud = Cloud(path="server")
    client = None
    for _ in range(3):
        with mock_aws(cloud=cloud):
            client = client or sts()
            client.get_caller_identity()
    assert len(cloud.calls) == 3


def test_an_error_comes_as_the_clients_exception(cloud: Cloud) -> None:
    client = sts()
    with pytest.raises(client.exceptions.InvalidAuthorizationMessageException):
        client.decode_authorization_message(EncodedMessage="?")


def test_a_long_poll_ends_with_the_message(cloud: Cloud, polls: None) -> None:
    timer = threading.Timer(0.2, lambda: sqs().send_message(QueueUrl="q", MessageBody="hello"))
    timer.start()
    begin = time.monotonic()
    answer = sqs().receive_message(QueueUrl="q", WaitTimeSeconds=20)
    timer.join()
    assert answer["Messages"][0]["Body"] == "hello"
    assert 0.15 < time.monotonic() - begin < 10


def test_a_long_poll_ends_when_the_clock_has_passed_its_deadline(cloud: Cloud, polls: None) -> None:
    timer = threading.Timer(0.2, cloud.clock.advance, kwargs={"seconds": 21})
    timer.start()
    begin = time.monotonic()
    sqs().receive_message(QueueUrl="q", WaitTimeSeconds=20)
    timer.join()
    assert time.monotonic() - begin < 10


def test_a_mock_that_ends_answers_the_long_polls_of_its_cloud(polls: None) -> None:
    answers: list[Any] = []
    with mock_aws(path="server") as cloud:
        client = sqs(retries={"max_attempts": 0})
        thread = threading.Thread(
            target=lambda: answers.append(client.receive_message(QueueUrl="q", WaitTimeSeconds=20))
        )
        thread.start()
        deadline = time.monotonic() + 10
        while not cloud.waiters._callbacks and time.monotonic() < deadline:
            time.sleep(0.01)
    thread.join(10)
    assert not thread.is_alive()
    assert answers[0]["Messages"] == []


@pytest.mark.parametrize("size", [0, 10, 3_000_000])
def test_bodies_stream_both_ways(cloud: Cloud, handler: Any, size: int) -> None:
    data = os.urandom(size)
    kept: dict[str, bytes] = {}

    @handler("s3", "PutObject")
    def put(tx: Any, req: Any) -> Any:
        kept[req.key] = b"" if req.body is None else req.body if isinstance(req.body, bytes) else req.body.read()
        return s3api.PutObjectOutput(e_tag='"x"')

    @handler("s3", "GetObject")
    def get(tx: Any, req: Any) -> Any:
        body = kept[req.key]
        return s3api.GetObjectOutput(body=body, content_length=len(body))

    client = boto3.client("s3", region_name="us-east-1")
    client.put_object(Bucket="bucket", Key="a key/é", Body=io.BytesIO(data))
    assert kept["a key/é"] == data
    stream = client.get_object(Bucket="bucket", Key="a key/é")["Body"]
    assert stream.read(7) == data[:7]
    assert stream.read() == data[7:]


def test_a_fault_is_retried_by_the_client(cloud: Cloud) -> None:
    cloud.faults.add("sts", "GetCallerIdentity", error="Throttling", times=2)
    answer = boto3.client(
        "sts", region_name="us-east-1", config=Config(retries={"mode": "standard", "max_attempts": 4})
    ).get_caller_identity()
    assert answer["ResponseMetadata"]["RetryAttempts"] == 2


def test_a_clients_proxy_is_not_asked(cloud: Cloud) -> None:
    config = Config(proxies={"http": "http://127.0.0.1:9", "https": "http://127.0.0.1:9"})
    client = boto3.client("sts", region_name="us-east-1", config=config)
    assert client.get_caller_identity()["Account"] == cloud.default_account


def test_threads_share_the_server(cloud: Cloud) -> None:
    client = sts()
    threads = [threading.Thread(target=lambda: [client.get_caller_identity() for _ in range(5)]) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(cloud.calls) == 40
    assert len(loopback.worlds()) == 1


def test_there_is_one_server_a_process(cloud: Cloud) -> None:
    sts().get_caller_identity()
    first = loopback.address(cloud)
    with mock_aws(path="server") as other:
        sts().get_caller_identity()
        second = loopback.address(other)
    assert first[0] == second[0]
    assert first[1] != second[1]


def test_the_server_can_be_stopped_under_a_running_mock(cloud: Cloud) -> None:
    client = sts()
    client.get_caller_identity()
    loopback.stop()
    client.get_caller_identity()
    assert len(cloud.calls) == 2


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_a_forked_child_has_a_server_of_its_own(cloud: Cloud) -> None:
    sts().get_caller_identity()
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:  # pragma: no cover
        try:
            os.write(writing, sts().get_caller_identity()["Account"].encode())
            loopback.stop()
        finally:
            os._exit(0)
    os.close(writing)
    with os.fdopen(reading) as pipe:
        said = pipe.read()
    os.waitpid(child, 0)
    assert said == cloud.default_account
    assert len(cloud.calls) == 1


async def test_aiobotocore_goes_over_http_too(cloud: Cloud) -> None:
    async with aiobotocore.session.get_session().create_client("sts", region_name="us-east-1") as client:
        answer = await client.get_caller_identity()
    assert answer["Account"] == cloud.default_account
    assert answer["ResponseMetadata"]["HTTPHeaders"]["server"] == "sundog"
    request = cloud.calls[-1].http
    assert request is not None
    assert request.url == "https://sts.us-east-1.amazonaws.com/"


def test_the_setting_comes_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SUNDOG_PATH", "server")
    with mock_aws():
        assert sts().get_caller_identity()["ResponseMetadata"]["HTTPHeaders"]["server"] == "sundog"


def test_other_paths_have_no_server(monkeypatch: pytest.MonkeyPatch) -> None:
    def never(*_: Any) -> Any:
        raise AssertionError

    monkeypatch.setattr(loopback, "address", never)
    check: Callable[[], Any] = sts().get_caller_identity
    for path in ("direct", "wire"):
        with mock_aws(path=path):
            check()
