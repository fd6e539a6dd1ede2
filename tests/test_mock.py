"""``mock_aws`` in all the forms in which it can be used, on clients of every kind."""

from __future__ import annotations

import asyncio
import datetime as dt
import subprocess
import sys
import threading
import unittest
from collections.abc import AsyncIterator, Iterator
from typing import Any

import aiobotocore.session
import boto3
import botocore.session
import pytest
from botocore.endpoint import Endpoint
from botocore.exceptions import ClientError

from sundog import Cloud, mock_aws
from sundog.api import sqs as sqs_api
from sundog.core import Key, Record, record
from sundog.core.tx import Tx
from sundog.ways import active

ORIGINAL = (Endpoint.make_request, Endpoint._send)


@record(table="test.mock.Queue", order="added")
class Queue(Record):
    name: Key[str]


@pytest.fixture(autouse=True)
def queues(handler: Any) -> Iterator[None]:
    @handler("sqs", "CreateQueue")
    def create(tx: Tx, req: Any) -> Any:
        tx.add(Queue(name=req.queue_name))
        return sqs_api.CreateQueueResult(queue_url=f"https://queue/{req.queue_name}")

    @handler("sqs", "ListQueues")
    def listed(tx: Tx, req: Any) -> Any:
        return sqs_api.ListQueuesResult(queue_urls=tx.select(Queue).map(lambda row: row.name))

    @handler("sqs", "GetQueueUrl")
    def url(tx: Tx, req: Any) -> Any:
        if tx.find(Queue, req.queue_name) is None:
            raise sqs_api.QueueDoesNotExist("The specified queue does not exist.")
        return sqs_api.GetQueueUrlResult(queue_url=f"https://queue/{req.queue_name}")

    before = active.current()  # a TestCase's, if its class has a mock
    yield
    assert active.current() is before
    assert before is not None or (Endpoint.make_request, Endpoint._send) == ORIGINAL


def sqs() -> Any:
    return boto3.client("sqs", region_name="us-east-1")


def names() -> list[str]:
    return sqs().list_queues().get("QueueUrls", [])


def make(name: str = "q") -> list[str]:
    sqs().create_queue(QueueName=name)
    return names()


# -- forms ---------------------------------------------------------------------------------------------------------


def test_a_block() -> None:
    with mock_aws() as aws:
        assert isinstance(aws, Cloud)
        assert active.current() is aws
        assert make() == ["q"]
    with mock_aws():
        assert names() == []


def test_a_function_gets_a_new_cloud_each_time_and_keeps_its_face() -> None:
    @mock_aws
    def plain(one: str, two: str = "b") -> list[str]:
        """Doc."""
        return [*make(), one, two]

    @mock_aws()
    def called() -> list[str]:
        return make()

    assert plain("a") == plain("a") == ["q", "a", "b"]
    assert called() == called() == ["q"]
    assert (plain.__name__, plain.__doc__) == ("plain", "Doc.")


def test_settings_reach_the_cloud() -> None:
    @mock_aws(region="eu-west-3", account="111111111111")
    def settings() -> tuple[str, str]:
        cloud = active.current()
        assert cloud is not None
        return cloud.settings.region, boto3.client("sts", region_name="eu-west-3").get_caller_identity()["Account"]

    assert settings() == ("eu-west-3", "111111111111")


def test_an_exception_ends_the_mock_and_comes_out() -> None:
    @mock_aws
    def fails() -> None:
        raise LookupError

    for _ in range(2):
        with pytest.raises(LookupError):
            fails()


async def test_a_coroutine_function() -> None:
    @mock_aws
    async def work() -> list[str]:
        await asyncio.sleep(0)
        return make()

    assert asyncio.iscoroutinefunction(work)
    assert await work() == await work() == ["q"]


def test_a_generator_is_mocked_from_its_first_step_to_its_last() -> None:
    @mock_aws
    def steps() -> Iterator[list[str]]:
        yield make("a")
        yield make("b")

    walk = steps()
    assert active.current() is None
    assert next(walk) == ["a"]
    assert names() == ["a"]
    assert list(walk) == [["a", "b"]]
    walk = steps()
    next(walk)
    walk.close()


async def test_an_async_generator() -> None:
    @mock_aws
    async def steps() -> AsyncIterator[list[str]]:
        yield make("a")
        yield make("b")

    assert [step async for step in steps()] == [["a"], ["a", "b"]]


@pytest.fixture
@mock_aws
def inside() -> Iterator[list[str]]:
    yield make("inside")  # noqa: PT022


@mock_aws
@pytest.fixture
def outside() -> Iterator[list[str]]:
    yield make("outside")  # noqa: PT022


def test_a_fixture_below_the_decorator(inside: list[str]) -> None:
    assert inside == names() == ["inside"]


def test_a_fixture_above_the_decorator(outside: list[str]) -> None:
    assert outside == names() == ["outside"]


@mock_aws
def test_a_test_with_arguments(tmp_path: Any) -> None:
    assert make() == ["q"]
    assert tmp_path.exists()


@mock_aws
class TestPlainClass:
    def helper(self) -> list[str]:
        return names()

    def test_one(self) -> None:
        make("one")
        assert self.helper() == ["one"]

    def test_two(self) -> None:
        assert make("two") == ["two"]

    @staticmethod
    def test_static() -> None:
        assert make("three") == ["three"]


@mock_aws
class TestClassWithSetup:
    def setup_method(self) -> None:
        make("setup")

    def teardown_method(self) -> None:
        assert "setup" in names()

    def test_one(self) -> None:
        assert make("one") == ["setup", "one"]

    def test_two(self) -> None:
        assert make("two") == ["setup", "two"]


@mock_aws
class TestCaseClass(unittest.TestCase):
    def setUp(self) -> None:
        make("setup")

    def tearDown(self) -> None:
        assert "setup" in names()

    def test_one(self) -> None:
        assert make("one") == ["setup", "one"]

    def test_two(self) -> None:
        assert make("two") == ["setup", "two"]


def users(*names: str) -> list[str]:
    """The users there are, with these added. IAM answers before this file's handlers are there."""
    iam = boto3.client("iam", region_name="us-east-1")
    for name in names:
        iam.create_user(UserName=name)
    return sorted(user["UserName"] for user in iam.list_users()["Users"])


@mock_aws
class TestCaseWithClassSetup(unittest.TestCase):
    @classmethod
    def setUpClass(cls) -> None:
        users("class")

    @classmethod
    def tearDownClass(cls) -> None:
        assert users() == ["class"]

    def setUp(self) -> None:
        users("setup")

    def test_one(self) -> None:
        assert users("one") == ["class", "one", "setup"]

    def test_two(self) -> None:
        assert users("two") == ["class", "setup", "two"]


def test_start_and_stop_by_hand() -> None:
    mock = mock_aws()
    aws = mock.start()
    assert active.current() is aws
    assert make() == ["q"]
    mock.stop()
    with pytest.raises(RuntimeError):
        mock.stop()


def test_a_mock_started_again_goes_on_with_its_cloud() -> None:
    mock = mock_aws()
    with mock:
        make("a")
        with mock:
            assert names() == ["a"]
        assert make("b") == ["a", "b"]
    with mock:
        assert names() == []


def test_the_inner_of_two_mocks_answers() -> None:
    with mock_aws():
        make("outer")
        with mock_aws():
            assert make("inner") == ["inner"]
        assert names() == ["outer"]


def test_a_given_cloud_is_kept() -> None:
    cloud = Cloud()
    for name in "ab":
        with mock_aws(cloud=cloud):
            make(name)
    with mock_aws(cloud=cloud):
        assert names() == ["a", "b"]


def test_new_threads_are_mocked_and_a_private_mock_is_one_threads_own() -> None:
    seen: list[Any] = []
    with mock_aws():
        make("shared")
        with mock_aws(private=True):
            make("private")
            thread = threading.Thread(target=lambda: seen.append(names()))
            thread.start()
            thread.join()
            assert names() == ["private"]
    assert seen == [["shared"]]


async def test_tasks_may_have_private_mocks_side_by_side() -> None:
    async def work(name: str) -> list[str]:
        with mock_aws(private=True):
            make(name)
            await asyncio.sleep(0.01)
            return names()

    assert await asyncio.gather(work("a"), work("b")) == [["a"], ["b"]]


def test_what_cannot_be_decorated_is_refused() -> None:
    with pytest.raises(TypeError):
        mock_aws()(3)  # type: ignore[type-var]
    with pytest.raises(TypeError):
        mock_aws(no_such_setting=1).start()


# -- clients -------------------------------------------------------------------------------------------------------


def test_a_client_made_before_the_mock_is_mocked() -> None:
    session = botocore.session.get_session()
    session.set_credentials("a", "b")
    client = session.create_client("sqs", region_name="us-east-1")
    with mock_aws():
        client.create_queue(QueueName="q")
        assert names() == ["q"]


def test_resources_paginators_and_sessions() -> None:
    with mock_aws():
        resource = boto3.resource("sqs", region_name="us-east-1")
        queue = resource.create_queue(QueueName="q")
        assert queue.url == "https://queue/q"
        pages = boto3.Session(region_name="us-east-1").client("sqs").get_paginator("list_queues").paginate()
        assert [name for page in pages for name in page["QueueUrls"]] == ["q"]
        with pytest.raises(resource.meta.client.exceptions.QueueDoesNotExist):
            resource.get_queue_by_name(QueueName="none")


@pytest.mark.parametrize("path", ["direct", "wire"])
async def test_aiobotocore_and_botocore_share_the_cloud(path: str) -> None:
    with mock_aws(path=path):
        make("sync")
        async with aiobotocore.session.get_session().create_client("sqs", region_name="us-east-1") as client:
            await client.create_queue(QueueName="async")
            assert (await client.list_queues())["QueueUrls"] == ["sync", "async"]
            with pytest.raises(ClientError):
                await client.get_queue_url(QueueName="none")
        assert names() == ["sync", "async"]


@pytest.mark.parametrize("path", ["direct", "wire", "server"])
@pytest.mark.parametrize("size", [0, 5, 2_000_000])
async def test_aiobotocore_sends_and_reads_bodies(path: str, size: int, handler: Any) -> None:
    import io

    from sundog.api import s3 as s3_api

    kept: list[bytes] = []

    @handler("s3", "PutObject")
    def put(tx: Tx, req: Any) -> Any:
        body = req.body or b""
        kept.append(body if isinstance(body, bytes) else body.read())
        return s3_api.PutObjectOutput(e_tag='"x"')

    @handler("s3", "GetObject")
    def get(tx: Tx, req: Any) -> Any:
        return s3_api.GetObjectOutput(body=kept[-1], content_length=len(kept[-1]))

    data = bytes(size)
    with mock_aws(path=path):
        async with aiobotocore.session.get_session().create_client("s3", region_name="us-east-1") as client:
            for body in (data, io.BytesIO(data)):
                await client.put_object(Bucket="bucket", Key="k", Body=body)
                assert kept[-1] == data
            answer = await client.get_object(Bucket="bucket", Key="k")
            assert await answer["Body"].read() == data


@pytest.mark.parametrize("seekable", [True, False])
def test_a_body_survives_the_step_from_the_direct_path_to_the_wire(handler: Any, seekable: bool) -> None:
    import io

    from sundog.api import s3 as s3_api
    from sundog.core import AwsError

    bodies: list[Any] = []

    @handler("s3", "PutObject")
    def put(tx: Tx, req: Any) -> Any:
        bodies.append(req.body)
        if len(bodies) == 1:
            raise AwsError("SlowDown", "Please reduce your request rate.", 503)
        return s3_api.PutObjectOutput(e_tag='"x"')

    class Stream(io.BytesIO):
        def seekable(self) -> bool:
            return seekable

    with mock_aws():
        boto3.client("s3", region_name="us-east-1").put_object(Bucket="bucket", Key="k", Body=Stream(b"hello"))
    assert bodies == [b"hello", b"hello"]


@pytest.mark.parametrize(
    "event", ["before-send", "request-created", "before-sign", "choose-signer", "response-received", "needs-retry"]
)
def test_a_users_handler_of_an_event_is_called(event: str) -> None:
    seen: list[str] = []

    def watch(event_name: str, **_: Any) -> None:
        seen.append(event_name)

    with mock_aws():
        client = sqs()
        client.list_queues()
        client.meta.events.register(f"{event}.sqs", watch)
        client.list_queues()
        assert len(seen) == 1
        client.meta.events.unregister(f"{event}.sqs", watch)
        client.list_queues()
    assert len(seen) == 1


def test_a_before_send_handler_may_answer_itself() -> None:
    from botocore.awsrequest import AWSResponse

    class Raw:
        def stream(self) -> Iterator[bytes]:
            yield b'{"QueueUrls": ["mine"]}'

    with mock_aws() as aws:
        client = sqs()
        client.meta.events.register("before-send.sqs", lambda request, **_: AWSResponse(request.url, 200, {}, Raw()))
        assert client.list_queues()["QueueUrls"] == ["mine"]
        assert len(aws.calls) == 0


def same(direct: Any, wire: Any) -> None:
    """Two answers that differ in nothing that a run may not differ in."""
    for answer in (direct, wire):
        headers = answer["ResponseMetadata"].pop("HTTPHeaders")
        assert headers["x-amzn-requestid"] == answer["ResponseMetadata"].pop("RequestId")
    assert direct == wire


@pytest.mark.parametrize(
    ("service", "operation", "params"),
    [
        ("sqs", "create_queue", {"QueueName": "new"}),
        ("sqs", "list_queues", {}),
        ("sqs", "list_queues", {"MaxResults": 1}),
        ("sqs", "get_queue_url", {"QueueName": "none"}),
        ("sts", "get_caller_identity", {}),
        ("sts", "get_access_key_info", {"AccessKeyId": "AKIAIOSFODNN7EXAMPLE"}),
        ("sts", "decode_authorization_message", {"EncodedMessage": "x"}),
        ("sts", "get_session_token", {}),
        ("sqs", "list_queues", {"MaxResults": 100_000}),
    ],
)
def test_the_two_paths_answer_alike(service: str, operation: str, params: dict[str, Any]) -> None:
    answers: list[Any] = []
    for path in ("direct", "wire"):
        with mock_aws(path=path, seed=3) as aws:
            aws.clock.freeze(dt.datetime(2030, 1, 1, tzinfo=dt.timezone.utc))
            make("a")
            make("b")
            try:
                found = getattr(boto3.client(service, region_name="us-east-1"), operation)(**params)
            except ClientError as error:
                found = error.response
            answers.append(found)
    same(*answers)


# -- what it costs to be there -------------------------------------------------------------------------------------


def run(code: str) -> str:
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_importing_sundog_is_cheap() -> None:
    code = (
        "import botocore, time; b = time.process_time(); import sundog; sundog.mock_aws; print(time.process_time() - b)"
    )
    # The budget is 30 ms on an idle machine, with modules compiled before; this may be neither.
    assert min(float(run(code)) for _ in range(5)) < 0.3


def test_importing_sundog_imports_no_service_no_server_and_no_botocore() -> None:
    code = "import sundog, sys; print([m for m in sys.modules if m.startswith(('botocore', 'sundog.', 'msgspec'))])"
    assert run(code) == "[]"


def test_using_one_service_loads_only_that_service() -> None:
    code = """
import boto3, sys
from sundog import mock_aws
with mock_aws():
    boto3.client("sts", region_name="us-east-1").get_caller_identity()
names = {name.split(".")[2] for name in sys.modules if name.startswith("sundog.services.")}
print(sorted(names), "uvicorn" in sys.modules, "asyncio" in sys.modules and "sundog.ways.server" in sys.modules)
"""
    assert run(code) == "['sts'] False False"
