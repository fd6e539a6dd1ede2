"""Every HTTP client, against a canned cloud: what is asked arrives, what is answered is seen, and nothing leaves."""

from __future__ import annotations

import asyncio
import gzip
import http.client
import http.server
import io
import threading
import time
import urllib.error
import urllib.request
import warnings
from collections.abc import Awaitable, Callable, Iterator
from typing import Any, NamedTuple

import aiohttp
import httpx
import pytest
import requests
import urllib3

from sundog.ways import active
from sundog.ways.http1 import SPOOL_LIMIT
from sundog.ways.network import HostRefused
from sundog.wire.http import Request, Response

HOST = "my-bucket.s3.us-west-2.amazonaws.com"
URL = f"https://{HOST}/some%20key?X-Amz-Signature=abc%2F"


class Answer(NamedTuple):
    status: int
    headers: dict[str, str]
    body: bytes


Client = Callable[..., Answer]


def lower(headers: Any) -> dict[str, str]:
    return {name.lower(): value for name, value in headers.items()}


def by_requests(method: str, url: str, body: Any = None, headers: Any = None) -> Answer:
    with requests.Session() as session:
        answer = session.request(method, url, data=body, headers=headers)
    return Answer(answer.status_code, lower(answer.headers), answer.content)


def by_urllib3(method: str, url: str, body: Any = None, headers: Any = None) -> Answer:
    with urllib3.PoolManager() as pool:
        answer = pool.request(method, url, body=body, headers=headers)
    return Answer(answer.status, lower(answer.headers), answer.data)


def by_urllib(method: str, url: str, body: Any = None, headers: Any = None) -> Answer:
    request = urllib.request.Request(url, body, headers or {}, method=method)
    try:
        with urllib.request.urlopen(request) as answer:
            return Answer(answer.status, lower(answer.headers), answer.read())
    except urllib.error.HTTPError as error:
        return Answer(error.code, lower(error.headers), error.read())


def by_http_client(method: str, url: str, body: Any = None, headers: Any = None) -> Answer:
    scheme, _, rest = url.partition("://")
    host, slash, target = rest.partition("/")
    kind = http.client.HTTPSConnection if scheme == "https" else http.client.HTTPConnection
    connection = kind(host)
    connection.request(method, slash + target, body, headers or {})
    answer = connection.getresponse()
    data = answer.read()
    connection.close()
    return Answer(answer.status, lower(answer.headers), data)


def by_httpx(method: str, url: str, body: Any = None, headers: Any = None) -> Answer:
    with httpx.Client() as client:
        answer = client.request(method, url, content=body, headers=headers, follow_redirects=True)
    return Answer(answer.status_code, lower(answer.headers), answer.content)


def by_httpx_async(method: str, url: str, body: Any = None, headers: Any = None) -> Answer:
    async def run() -> Answer:
        content = body
        if hasattr(body, "read"):
            content = body.read()
        elif isinstance(body, Iterator):

            async def chunks() -> Any:
                for chunk in body:
                    yield chunk

            content = chunks()
        async with httpx.AsyncClient() as client:
            answer = await client.request(method, url, content=content, headers=headers, follow_redirects=True)
        return Answer(answer.status_code, lower(answer.headers), answer.content)

    return asyncio.run(run())


def by_aiohttp(method: str, url: str, body: Any = None, headers: Any = None) -> Answer:
    async def run() -> Answer:
        content = body
        if isinstance(body, Iterator) and not hasattr(body, "read"):

            async def chunks() -> Any:
                for chunk in body:
                    yield chunk

            content = chunks()
        from yarl import URL as Url

        async with (
            aiohttp.ClientSession() as session,
            session.request(method, Url(url, encoded=True), data=content, headers=headers) as answer,
        ):
            data = await answer.read()
        return Answer(answer.status, lower(answer.headers), data)

    return asyncio.run(run())


CLIENTS = [by_requests, by_urllib3, by_urllib, by_http_client, by_httpx, by_httpx_async, by_aiohttp]
REDIRECTING = [client for client in CLIENTS if client is not by_http_client]


@pytest.fixture(params=CLIENTS, ids=lambda client: client.__name__[3:])
def client(request: pytest.FixtureRequest) -> Client:
    return request.param


@pytest.fixture(autouse=True)
def nobody_tried(no_network: list[Any]) -> Iterator[None]:
    yield
    assert no_network == []


def test_a_get_is_answered(client: Client, cloud: Any) -> None:
    answer = client("GET", URL)
    assert (answer.status, answer.body) == (200, b"canned")
    assert answer.headers["content-type"] == "text/plain"
    assert "date" in answer.headers
    request = cloud.last
    assert (request.method, request.scheme, request.host) == ("GET", "https", HOST)
    assert (request.path, request.query) == ("/some%20key", "X-Amz-Signature=abc%2F")
    assert request.headers["host"] == HOST
    assert request.read() == b""


def test_plain_http_and_ports_are_told(client: Client, cloud: Any) -> None:
    client("GET", "http://sqs.us-east-1.amazonaws.com:8080/")
    assert (cloud.last.scheme, cloud.last.host) == ("http", "sqs.us-east-1.amazonaws.com:8080")


def test_a_body_arrives(client: Client, cloud: Any) -> None:
    client("PUT", URL, b"\x00\xffbytes", {"Content-Type": "application/x-thing", "X-Amz-Meta-A": "b"})
    assert cloud.last.read() == b"\x00\xffbytes"
    assert cloud.last.headers["content-type"] == "application/x-thing"
    assert cloud.last.headers["x-amz-meta-a"] == "b"
    assert cloud.last.headers["content-length"] == "7"


def test_a_body_of_chunks_arrives_whole(client: Client, cloud: Any) -> None:
    client("PUT", URL, iter([b"one ", b"two\r\n", b"three" * 20000]))
    assert cloud.last.read() == b"one two\r\n" + b"three" * 20000
    assert "transfer-encoding" not in cloud.last.headers


def test_a_big_body_is_kept_in_a_file(client: Client, cloud: Any) -> None:
    data = b"0123456789abcdef" * (SPOOL_LIMIT // 16 + 1)
    headers = {"Content-Length": str(len(data))}
    client("PUT", URL, io.BytesIO(data), headers)
    assert not isinstance(cloud.last.body, bytes)
    assert cloud.last.body.tell() == 0
    assert cloud.last.read() == data


def test_a_head_has_no_body(client: Client, cloud: Any) -> None:
    cloud.reply = lambda request: Response(200, {"content-length": "12345", "etag": '"x"'}, b"")
    answer = client("HEAD", URL)
    assert (answer.status, answer.body) == (200, b"")
    assert (answer.headers["content-length"], answer.headers["etag"]) == ("12345", '"x"')


@pytest.mark.parametrize("status", [204, 304, 400, 404, 500, 503])
def test_any_status_comes_through(client: Client, cloud: Any, status: int) -> None:
    cloud.reply = lambda request: Response(status, {}, b"" if status in (204, 304) else b"<Error/>")
    answer = client("GET", URL)
    assert answer.status == status
    assert answer.body == (b"" if status in (204, 304) else b"<Error/>")
    assert len(cloud.requests) == 1


def test_an_answer_without_a_length_is_streamed(client: Client, cloud: Any) -> None:
    cloud.reply = lambda request: Response(200, {}, iter([b"a" * 70000, b"", b"bc"]))
    assert client("GET", URL).body == b"a" * 70000 + b"bc"


def test_an_answer_from_a_file(client: Client, cloud: Any) -> None:
    data = bytes(range(256)) * 8192
    cloud.reply = lambda request: Response(200, {}, io.BytesIO(data))
    assert client("GET", URL).body == data


def test_a_compressed_answer_is_undone_by_those_who_do(client: Client, cloud: Any) -> None:
    body = gzip.compress(b"text" * 1000)
    cloud.reply = lambda request: Response(200, {"content-encoding": "gzip"}, body)
    answer = client("GET", URL)
    assert answer.body == (body if client in (by_urllib, by_http_client) else b"text" * 1000)


def test_headers_outside_latin_1_survive(client: Client, cloud: Any) -> None:
    cloud.reply = lambda request: Response(200, {"x-amz-meta-a": "caf\u00e9"}, b"")
    assert client("GET", URL).headers["x-amz-meta-a"] in ("caf\u00e9", "caf\udce9")


@pytest.mark.parametrize("follow", REDIRECTING, ids=lambda client: client.__name__[3:])
def test_redirects_are_followed_within_the_mock(follow: Client, cloud: Any) -> None:
    elsewhere = "https://my-bucket.s3.eu-central-1.amazonaws.com/some%20key"

    def reply(request: Request) -> Response:
        if "eu-central-1" in request.host:
            return Response(200, {}, b"there")
        return Response(307, {"location": elsewhere}, b"<Error><Code>TemporaryRedirect</Code></Error>")

    cloud.reply = reply
    assert follow("GET", URL).body == b"there"
    assert [request.host for request in cloud.requests] == [HOST, "my-bucket.s3.eu-central-1.amazonaws.com"]


def test_an_exception_of_the_cloud_reaches_the_caller(client: Client, cloud: Any) -> None:
    def reply(request: Request) -> Response:
        raise ZeroDivisionError("a bug")

    cloud.reply = reply
    with pytest.raises(ZeroDivisionError, match="a bug"):
        client("GET", URL)


@pytest.mark.usefixtures("cloud")
def test_a_host_outside_aws_is_refused_by_name(client: Client) -> None:
    with pytest.raises(HostRefused, match=r"allow_hosts=\['www.example.com'\]"):
        client("GET", "https://www.example.com/")


@pytest.mark.usefixtures("cloud")
def test_looking_alike_is_not_being_aws(client: Client) -> None:
    with pytest.raises(HostRefused):
        client("GET", "https://sts.amazonaws.com.example.com/")


# -- servers on loopback -------------------------------------------------------------


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", "4")
        self.end_headers()
        self.wfile.write(b"real")

    def log_message(self, *args: Any) -> None: ...


@pytest.fixture
def server() -> Iterator[str]:
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as running:
        running.daemon_threads = True
        thread = threading.Thread(target=running.serve_forever, args=(0.01,))
        thread.start()
        yield f"http://127.0.0.1:{running.server_port}"
        running.shutdown()
        thread.join()


def test_loopback_is_let_through(client: Client, cloud: Any, server: str) -> None:
    assert client("GET", server + "/x").body == b"real"
    assert cloud.requests == []


def test_a_host_let_through_is_tried(client: Client, make_canned: Any, no_network: list[Any]) -> None:
    cloud = make_canned(allow_hosts=("*.example.com",))
    active.push(cloud)
    try:
        with pytest.raises(Exception) as caught:
            client("GET", "https://www.example.com/")
    finally:
        active.pop(cloud)
    assert not isinstance(caught.value, HostRefused)
    assert "www.example.com" in no_network
    no_network.clear()


def test_a_mere_star_lets_no_call_to_aws_out(client: Client, make_canned: Any) -> None:
    cloud = make_canned(allow_hosts=("*",))
    active.push(cloud)
    try:
        assert client("GET", URL).body == b"canned"
    finally:
        active.pop(cloud)


def test_after_the_mock_the_network_is_back(client: Client, make_canned: Any, no_network: list[Any]) -> None:
    cloud = make_canned()
    active.push(cloud)
    active.pop(cloud)
    with pytest.raises(Exception):  # noqa: B017
        client("GET", URL)
    assert HOST in no_network
    no_network.clear()


# -- objects made before the mock, and used after it -------------------------------------------------------------


def test_a_kept_connection_goes_in_and_out_of_the_mock(make_canned: Any, server: str) -> None:
    """One real keep-alive connection, taken over by name for one request, is itself again after."""
    host = server.removeprefix("http://")
    name, _, port = host.partition(":")
    connection = http.client.HTTPConnection(name, int(port))
    connection.request("GET", "/")
    assert connection.getresponse().read() == b"real"
    connection.host = "sqs.us-east-1.amazonaws.com"
    cloud = make_canned()
    active.push(cloud)
    connection.request("GET", "/")
    assert connection.getresponse().read() == b"canned"
    connection.request("GET", "/again")
    assert connection.getresponse().read() == b"canned"
    active.pop(cloud)
    connection.host = name
    connection.request("GET", "/")
    assert connection.getresponse().read() == b"real"
    connection.close()


def test_a_session_made_before_is_covered_and_free_after(make_canned: Any, no_network: list[Any]) -> None:
    session = requests.Session()
    for _ in range(2):
        cloud = make_canned()
        active.push(cloud)
        assert session.get(URL).content == b"canned"
        assert session.get(URL).content == b"canned"
        active.pop(cloud)
        assert len(cloud.requests) == 2
    with pytest.raises(Exception):  # noqa: B017
        session.get(URL)
    assert no_network == [HOST]
    no_network.clear()
    session.close()


@pytest.mark.usefixtures("cloud")
def test_no_warning_of_unverified_https() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert requests.get(URL, verify=False).content == b"canned"


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_proxy_is_not_asked_for_what_stays(cloud: Any, scheme: str) -> None:
    proxies = {"http": "http://proxy.example.com:3128", "https": "http://proxy.example.com:3128"}
    answer = requests.get(f"{scheme}://{HOST}/key?x=1", proxies=proxies)
    assert answer.content == b"canned"
    assert (cloud.last.scheme, cloud.last.host, cloud.last.path, cloud.last.query) == (scheme, HOST, "/key", "x=1")


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_proxy_of_the_environment_is_not_asked_either(
    cloud: Any, client: Client, scheme: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", "http://proxy.example.com:3128")
    monkeypatch.setenv("https_proxy", "http://proxy.example.com:3128")
    assert client("GET", f"{scheme}://{HOST}/key").body == b"canned"
    assert (cloud.last.scheme, cloud.last.host, cloud.last.path) == (scheme, HOST, "/key")


def test_streamed_reading(cloud: Any) -> None:
    sent: list[int] = []

    def chunks() -> Iterator[bytes]:
        for number in range(100):
            sent.append(number)
            yield b"x" * 100_000

    cloud.reply = lambda request: Response(200, {}, chunks())
    with requests.get(URL, stream=True) as answer:
        next(answer.iter_content(1000))
        assert len(sent) < 10
    with httpx.stream("GET", URL) as streamed:
        next(streamed.iter_bytes())
        assert len(sent) < 20


def test_expect_100_continue(cloud: Any) -> None:
    connection = http.client.HTTPSConnection(HOST)
    connection.putrequest("PUT", "/key")
    connection.putheader("Expect", "100-continue")
    connection.putheader("Content-Length", "5")
    connection.endheaders()
    first = connection.sock.makefile("rb", 0).readline()
    assert first.split()[1] == b"100"
    connection.send(b"hello")
    assert connection.getresponse().read() == b"canned"
    assert cloud.last.read() == b"hello"


# -- event loops -------------------------------------------------------------


async def get_httpx(times: int) -> list[bytes]:
    async with httpx.AsyncClient(timeout=30) as session:
        return [answer.content for answer in await asyncio.gather(*(session.get(URL) for _ in range(times)))]


async def get_aiohttp(times: int) -> list[bytes]:
    async def one() -> bytes:
        async with session.get(URL) as answer:
            return await answer.read()

    async with aiohttp.ClientSession() as session:
        return await asyncio.gather(*(one() for _ in range(times)))


@pytest.mark.parametrize("get", [get_httpx, get_aiohttp])
async def test_a_long_poll_does_not_hold_up_the_loop(get: Callable[[int], Awaitable[list[bytes]]], cloud: Any) -> None:
    cloud.ready = False
    polls = asyncio.ensure_future(get(50))
    await asyncio.sleep(0.1)
    begin = time.monotonic()
    await asyncio.sleep(0.1)
    assert time.monotonic() - begin < 1
    assert len(cloud.waiters._callbacks) == 50
    cloud.ready = True
    cloud.waiters.notify()
    assert await asyncio.wait_for(polls, 5) == [b"canned"] * 50
    assert cloud.waiters._callbacks == {}


@pytest.mark.parametrize("get", [get_httpx, get_aiohttp])
async def test_a_long_poll_can_be_cancelled(get: Callable[[int], Awaitable[list[bytes]]], cloud: Any) -> None:
    cloud.ready = False
    with pytest.raises(asyncio.TimeoutError):
        await asyncio.wait_for(get(1), 0.3)
    await asyncio.sleep(0.01)
    assert cloud.waiters._callbacks == {}


async def test_aiohttp_keeps_none_of_our_connections(cloud: Any) -> None:
    async with aiohttp.ClientSession() as session:
        for _ in range(3):
            async with session.get(URL) as answer:
                assert answer.ok
                answer.raise_for_status()
                assert await answer.text() == "canned"
        connector: Any = session.connector
        assert not connector._conns
        assert not connector._acquired
    assert len(cloud.requests) == 3


async def test_aiohttp_reads_a_stream_as_it_comes(cloud: Any) -> None:
    sent: list[int] = []

    def chunks() -> Iterator[bytes]:
        for number in range(200):
            sent.append(number)
            yield b"x" * 65536

    cloud.reply = lambda request: Response(200, {}, chunks())
    async with aiohttp.ClientSession() as session, session.get(URL) as answer:
        await answer.content.readexactly(1000)
        await asyncio.sleep(0.01)
        assert len(sent) < 50
        rest = await answer.read()
    assert len(rest) + 1000 == 200 * 65536


async def test_aiohttp_posts_json_and_forms(cloud: Any) -> None:
    async with aiohttp.ClientSession() as session:
        await session.post(URL, json={"a": 1})
        assert cloud.last.read() == b'{"a": 1}'
        form = aiohttp.FormData({"key": "k"})
        form.add_field("file", io.BytesIO(b"content"), filename="f.txt")
        await session.post(URL, data=form)
        assert b"content" in cloud.last.read()


# -- a real cloud ------------------------------------------------------------


def presigned() -> str:
    import boto3

    keys = {"aws_access_key_id": "AKIAIOSFODNN7EXAMPLE", "aws_secret_access_key": "secret"}
    return boto3.client("sts", region_name="eu-west-1", **keys).generate_presigned_url("get_caller_identity")


def test_a_presigned_url_is_answered_by_a_real_cloud(client: Client) -> None:
    from sundog.mock import mock_aws

    with mock_aws() as aws:
        answer = client("GET", presigned())
        assert [(call.service, call.operation, call.region) for call in aws.calls] == [
            ("sts", "GetCallerIdentity", "eu-west-1")
        ]
    assert answer.status == 200
    assert b"<Account>123456789012</Account>" in answer.body


def test_an_unknown_action_is_an_error_of_aws(client: Client) -> None:
    from sundog.mock import mock_aws

    with mock_aws():
        form = {"Content-Type": "application/x-www-form-urlencoded"}
        answer = client("POST", "https://sts.us-east-1.amazonaws.com/", b"Action=Nonsense&Version=2011-06-15", form)
    assert answer.status == 400
    assert b"<Code>InvalidAction</Code>" in answer.body


# -- the last gate -------------------------------------------------------------


@pytest.mark.usefixtures("cloud")
def test_no_name_of_aws_is_looked_up() -> None:
    import socket

    with pytest.raises(OSError, match="sundog serve"):
        socket.create_connection(("sqs.us-east-1.amazonaws.com", 443))
    with pytest.raises(OSError, match="sundog serve"):
        socket.create_connection(("169.254.169.254", 80))
