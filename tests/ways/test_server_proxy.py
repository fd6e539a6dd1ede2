"""The server as a proxy, and its TLS."""

from __future__ import annotations

import concurrent.futures
import os
import socket
import ssl
import stat
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from fake_cloud import FakeCloud
from server_client import ask, connect, get, read_answer

from sundog.ways.ca import Authority
from sundog.ways.server import Server
from sundog.ways.worlds import Worlds

EC2 = "ec2.us-east-1.amazonaws.com"
STS_ANSWER = b"""<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><GetCallerIdentityResult>
<Arn>arn:aws:iam::123456789012:root</Arn><UserId>123456789012</UserId><Account>123456789012</Account>
</GetCallerIdentityResult></GetCallerIdentityResponse>"""


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("home")


@pytest.fixture
def server(home: Path) -> Iterator[Server]:
    made = Server(port=0, worlds=Worlds(FakeCloud), home=home).start()
    yield made
    made.stop()


@pytest.fixture
def trust(home: Path) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=str(Authority(home).load()))


def tunnel(server: Server, target: str, version: str = "1.1") -> socket.socket:
    sock = connect(server)
    sock.sendall(f"CONNECT {target} HTTP/{version}\r\nHost: {target}\r\n\r\n".encode())
    answer = b""
    while not answer.endswith(b"\r\n\r\n"):
        answer += sock.recv(1)
    assert answer.split()[1] == b"200", answer
    return sock


# -- plain proxying


def test_the_absolute_form_names_the_host(server: Server) -> None:
    ask(server, b"GET HTTP://S3.amazonaws.com:80/a%2Fb?x=/ HTTP/1.1\r\nHost: other\r\n\r\n")
    request = server.cloud.last
    assert (request.host, request.path, request.query) == ("s3.amazonaws.com:80", "/a%2Fb", "x=/")
    assert request.scheme == "http"
    assert request.headers["host"] == "other"  # what was signed


def test_the_absolute_form_without_a_path(server: Server) -> None:
    ask(server, f"GET http://{EC2}?Action=X HTTP/1.0\r\n\r\n".encode())
    assert (server.cloud.last.path, server.cloud.last.query) == ("/", "Action=X")
    assert server.cloud.last.headers["host"] == EC2


@pytest.mark.parametrize("host", ["example.com", "127.0.0.1:1", "[::1]:80", "amazonaws.com.evil.test", "localhost"])
def test_the_proxy_is_no_open_relay(server: Server, host: str) -> None:
    answer = ask(server, f"GET http://{host}/ HTTP/1.1\r\nHost: {host}\r\n\r\n".encode())
    assert answer.status == 403
    assert b"--allow-host" in answer.body
    name = host if host.endswith(("]:80", ":1")) else f"{host}:443"
    answer = ask(server, f"CONNECT {name} HTTP/1.1\r\nHost: {name}\r\n\r\n".encode())
    assert answer.status == 403
    assert server.cloud.last is None


@pytest.mark.parametrize("host", [EC2, "b.s3.eu-west-1.amazonaws.com", "sqs.cn-north-1.amazonaws.com.cn"])
@pytest.mark.parametrize("port", [80, 443])
def test_hosts_of_aws_are_answered(server: Server, host: str, port: int) -> None:
    with tunnel(server, f"{host}:{port}") as sock, sock.makefile("rb") as file:
        sock.sendall(get("/a", host))
        assert read_answer(file).status == 200
    assert server.cloud.last.host == host


def test_hosts_of_other_clouds_are_answered(server: Server) -> None:
    assert ask(server, get("http://fcu.eu-west-2.outscale.com/", "fcu.eu-west-2.outscale.com")).status == 200


@pytest.mark.parametrize(
    "data",
    [
        b"CONNECT nothing HTTP/1.1\r\n\r\n",
        b"CONNECT \r\n\r\n",
        b"CONNECT :443 HTTP/1.1\r\n\r\n",
        b"CONNECT a:b HTTP/1.1\r\n\r\n",
    ],
)
def test_a_tunnel_to_nowhere(server: Server, data: bytes) -> None:
    assert ask(server, data).status == 400


def test_a_connect_that_comes_byte_by_byte(server: Server) -> None:
    with connect(server) as sock, sock.makefile("rb") as file:
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for byte in f"CONNECT {EC2}:80 HTTP/1.0\r\nUser-Agent: boto\r\n\r\n".encode():
            sock.sendall(bytes([byte]))
            time.sleep(0.001)
        assert read_answer_head(file) == 200
        sock.sendall(get("/a", EC2))
        assert read_answer(file).status == 200


def test_a_client_that_does_not_wait_for_the_tunnel(server: Server) -> None:
    with connect(server) as sock, sock.makefile("rb") as file:
        sock.sendall(f"CONNECT {EC2}:80 HTTP/1.1\r\n\r\n".encode() + get("/a", EC2))
        assert read_answer_head(file) == 200
        assert read_answer(file).status == 200


def test_a_tunnel_on_a_connection_that_was_used_before(server: Server, trust: ssl.SSLContext) -> None:
    with connect(server) as sock:
        with sock.makefile("rb") as file:
            sock.sendall(get(f"http://{EC2}/a", EC2))
            read_answer(file)
            sock.sendall(f"CONNECT {EC2}:443 HTTP/1.1\r\n\r\n".encode())
            assert read_answer_head(file) == 200
        with trust.wrap_socket(sock, server_hostname=EC2) as secure, secure.makefile("rb") as file:
            secure.sendall(get("/b", EC2))
            assert read_answer(file).status == 200
    assert server.cloud.last.scheme == "https"


def test_the_proxy_itself_can_be_asked(server: Server) -> None:
    answer = ask(server, get("http://sundog.local/_sundog/health", "sundog.local"))
    assert b'"status":"ok"' in answer.body


def test_a_key_named_like_the_admin_api_is_the_clouds(server: Server) -> None:
    host = "bucket.s3.amazonaws.com"
    ask(server, get(f"http://{host}/_sundog/health", host))
    assert server.cloud.last.path == "/_sundog/health"
    with tunnel(server, f"{host}:80") as sock, sock.makefile("rb") as file:
        sock.sendall(get("/moto-api/reset", host))
        assert b"/moto-api/reset" in read_answer(file).body


# -- TLS


@pytest.mark.parametrize("name", [EC2, "s3.amazonaws.com", "b.s3.eu-west-1.amazonaws.com", "localhost", "127.0.0.1"])
def test_tls_shows_a_certificate_for_the_name(server: Server, trust: ssl.SSLContext, name: str) -> None:
    with trust.wrap_socket(connect(server), server_hostname=name) as sock, sock.makefile("rb") as file:
        for path in ("/a", "/b"):
            sock.sendall(get(path, name))
            assert f"GET https://{name}{path}" in read_answer(file).body.decode()


def test_tls_in_a_tunnel(server: Server, trust: ssl.SSLContext) -> None:
    sock = tunnel(server, f"{EC2}:443", "1.0")
    with trust.wrap_socket(sock, server_hostname=EC2) as secure, secure.makefile("rb") as file:
        secure.sendall(get("/a", EC2) + get("/stream?2000", EC2) + get("/poll?0.2", EC2))
        assert f"https://{EC2}/a".encode() in read_answer(file).body
        assert len(read_answer(file).body) == 2000 * 1024
        assert read_answer(file).body == b"nothing"


def test_without_a_name_in_the_hello_the_tunnel_says_it(server: Server, home: Path) -> None:
    trust = ssl.create_default_context(cafile=str(Authority(home).load()))
    trust.check_hostname = False
    with trust.wrap_socket(tunnel(server, f"{EC2}:443")) as secure:
        names = [value for _, value in secure.getpeercert()["subjectAltName"]]
    assert "*.us-east-1.amazonaws.com" in names


def test_a_big_upload_over_tls(server: Server, trust: ssl.SSLContext) -> None:
    with trust.wrap_socket(connect(server, 30), server_hostname="localhost") as sock, sock.makefile("rb") as file:
        sock.sendall(b"PUT /digest HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10000000\r\n\r\n")
        sock.sendall(bytes(10_000_000))
        assert read_answer(file).fields["x-kind"] == "file"


def test_a_client_that_distrusts_us_does_no_harm(server: Server, trust: ssl.SSLContext) -> None:
    with pytest.raises(ssl.SSLCertVerificationError):
        ssl.create_default_context().wrap_socket(connect(server), server_hostname=EC2)
    with trust.wrap_socket(connect(server), server_hostname=EC2):
        pass


def test_a_strange_name_in_the_hello_does_no_harm(server: Server, home: Path) -> None:
    context = ssl.create_default_context(cafile=str(Authority(home).load()))
    context.check_hostname = False
    with context.wrap_socket(connect(server), server_hostname="x" * 63 + "." + "-bad-" + ".*"):
        pass


# -- the authority


def test_the_authoritys_key_is_its_owners_alone(tmp_path: Path) -> None:
    authority = Authority(tmp_path / "new")
    assert authority.load() == tmp_path / "new" / "ca.pem"
    assert stat.S_IMODE(authority.key_path.stat().st_mode) == 0o600
    assert stat.S_IMODE(authority.directory.stat().st_mode) == 0o700
    assert b"PRIVATE" not in authority.path.read_bytes()
    assert sorted(path.name for path in authority.directory.iterdir()) == ["ca-key.pem", "ca.pem"]


def test_a_key_that_others_may_read_is_put_right(tmp_path: Path) -> None:
    Authority(tmp_path).load()
    os.chmod(tmp_path / "ca-key.pem", 0o644)
    Authority(tmp_path).load()
    assert stat.S_IMODE((tmp_path / "ca-key.pem").stat().st_mode) == 0o600


def test_the_authority_outlives_the_process_that_made_it(tmp_path: Path) -> None:
    first = Authority(tmp_path).load().read_bytes()
    (tmp_path / "ca.pem").unlink()
    assert Authority(tmp_path).load().read_bytes() == first


def test_of_many_who_make_the_authority_one_wins(tmp_path: Path) -> None:
    with concurrent.futures.ThreadPoolExecutor(8) as threads:
        made = list(threads.map(lambda _: Authority(tmp_path), range(8)))
        list(threads.map(Authority.load, made))
    assert len({authority._certificate.serial_number for authority in made}) == 1


def test_buckets_share_a_certificate(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    one = authority.context("a.s3.eu-west-1.amazonaws.com")
    assert authority.context("b.s3.eu-west-1.amazonaws.com") is one
    assert authority.context("sqs.eu-west-1.amazonaws.com") is not one


def test_there_are_never_too_many_contexts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sundog.ways.ca.CACHED_CONTEXTS", 3)
    authority = Authority(tmp_path)
    for index in range(10):
        authority.context(f"h{index}.test")
    assert len(authority._contexts) == 3


def test_the_bundle_holds_the_webs_authorities_too(tmp_path: Path) -> None:
    context = ssl.create_default_context(cafile=str(Authority(tmp_path).bundle()))
    assert context.cert_store_stats()["x509_ca"] > 50


# -- clients


@pytest.fixture
def answering(server: Server, monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """The cloud says who one is, to whatever is asked."""
    from sundog.wire.http import Response

    seen: list[object] = []

    def attempt(self: FakeCloud, request: object, final: bool = False) -> Response:
        seen.append(request)
        return Response(200, {"content-type": "text/xml"}, STS_ANSWER)

    monkeypatch.setattr(FakeCloud, "attempt", attempt)
    return seen


def boto3_client(**config: object) -> object:
    import boto3
    from botocore.config import Config

    keys = {"aws_access_key_id": "k", "aws_secret_access_key": "s"}
    retries = {"total_max_attempts": 1}
    endpoint = config.pop("endpoint_url", None)
    verify = config.pop("verify", None)
    return boto3.session.Session(**keys, region_name="us-east-1").client(  # type: ignore[call-overload]
        "sts", endpoint_url=endpoint, verify=verify, config=Config(retries=retries, **config)
    )


def test_boto3_through_the_proxy(server: Server, home: Path, answering: list[object]) -> None:
    client = boto3_client(proxies={"https": server.url, "http": server.url}, verify=str(home / "ca.pem"))
    Authority(home).load()
    for _ in range(2):
        assert client.get_caller_identity()["Account"] == "123456789012"
    assert {request.url for request in answering} == {"https://sts.us-east-1.amazonaws.com/"}


def test_boto3_through_the_proxy_without_tls(server: Server, answering: list[object]) -> None:
    client = boto3_client(proxies={"http": server.url}, endpoint_url="http://sts.us-east-1.amazonaws.com")
    assert client.get_caller_identity()["Account"] == "123456789012"
    assert answering[0].url == "http://sts.us-east-1.amazonaws.com/"


def test_boto3_with_the_server_as_its_endpoint(server: Server, answering: list[object]) -> None:
    assert boto3_client(endpoint_url=server.url).get_caller_identity()["Account"] == "123456789012"
    assert answering[0].host == f"127.0.0.1:{server.port}"


def test_boto3_with_the_server_as_its_tls_endpoint(server: Server, home: Path, answering: list[object]) -> None:
    url = server.url.replace("http:", "https:")
    client = boto3_client(endpoint_url=url, verify=str(Authority(home).load()))
    assert client.get_caller_identity()["Account"] == "123456789012"


def test_boto_2_through_the_proxy(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    boto_ec2 = pytest.importorskip("boto.ec2.connection", exc_type=(ImportError, AttributeError))
    from sundog.wire.http import Response

    seen = []

    def attempt(self: FakeCloud, request: object, final: bool = False) -> Response:
        seen.append(request)
        xml = '<DescribeRegionsResponse xmlns="x"><regionInfo><item><regionName>r-1</regionName></item></regionInfo>'
        return Response(200, {"content-type": "text/xml"}, f"{xml}</DescribeRegionsResponse>".encode())

    monkeypatch.setattr(FakeCloud, "attempt", attempt)
    connection = boto_ec2.EC2Connection("k", "s", proxy="127.0.0.1", proxy_port=server.port, is_secure=False)
    assert [region.name for region in connection.get_all_regions()] == ["r-1"]
    assert seen[0].host == "ec2.us-east-1.amazonaws.com"


# -- hosts that the user lets through


class Upstream(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        self.send_response(201)
        self.send_header("x-seen", self.path)
        self.send_header("transfer-encoding", "chunked")
        self.end_headers()
        for part in (body, b"proxy-authorization" if "proxy-authorization" in self.headers else b"clean"):
            self.wfile.write(b"%x\r\n%b\r\n" % (len(part), part))
        self.wfile.write(b"0\r\n\r\n")

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def upstream() -> Iterator[int]:
    made = ThreadingHTTPServer(("127.0.0.1", 0), Upstream)
    thread = threading.Thread(target=made.serve_forever, daemon=True)
    thread.start()
    yield made.server_port
    made.shutdown()
    made.server_close()
    thread.join()


@pytest.fixture
def lenient(home: Path) -> Iterator[Server]:
    made = Server(port=0, worlds=Worlds(FakeCloud), home=home, allow_hosts=["127.0.0.*"]).start()
    yield made
    made.stop()


def test_a_host_that_is_let_through_is_asked_itself(lenient: Server, upstream: int) -> None:
    more = "Proxy-Authorization: secret\r\nContent-Length: 5\r\n"
    host = f"127.0.0.1:{upstream}"
    answer = ask(lenient, f"POST http://{host}/p?q HTTP/1.1\r\nHost: {host}\r\n{more}\r\nhello".encode())
    assert (answer.status, answer.fields["x-seen"], answer.body) == (201, "/p?q", b"helloclean")


def test_a_tunnel_to_a_host_that_is_let_through(lenient: Server, upstream: int) -> None:
    with tunnel(lenient, f"127.0.0.1:{upstream}") as sock, sock.makefile("rb") as file:
        for _ in range(2):
            sock.sendall(b"POST /t HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello")
            assert read_answer(file).fields["x-seen"] == "/t"


def test_a_host_that_is_let_through_but_is_not_there(lenient: Server) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        host = f"127.0.0.1:{unused.getsockname()[1]}"
        assert ask(lenient, f"GET http://{host}/ HTTP/1.1\r\nHost: {host}\r\n\r\n".encode()).status == 502
        assert ask(lenient, f"CONNECT {host} HTTP/1.1\r\n\r\n".encode()).status == 502


def test_letting_some_through_lets_not_all(lenient: Server) -> None:
    assert ask(lenient, get("http://example.com/", "example.com")).status == 403


def read_answer_head(file: object) -> int:
    from server_client import read_head

    return read_head(file)[0]
