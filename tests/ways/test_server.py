"""The server's HTTP, on real sockets."""

from __future__ import annotations

import hashlib
import os
import socket
import struct
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from fake_cloud import FakeCloud
from server_client import ask, connect, get, read_answer, read_head

from sundog.ways.server import Limits, Server, ServerError, serve
from sundog.ways.worlds import Worlds


def start(tmp_path: Path, **limits: float) -> Server:
    return Server(port=0, worlds=Worlds(FakeCloud), home=tmp_path, limits=Limits(**limits)).start()


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    made = start(tmp_path)
    yield made
    made.stop()


@pytest.fixture
def hasty(tmp_path: Path) -> Iterator[Server]:
    """A server without patience, and with small limits."""
    made = start(
        tmp_path, idle_timeout=0.3, read_timeout=0.3, write_timeout=0.5, linger_timeout=0.1, head=2000, body=100_000
    )
    yield made
    made.stop()


def rss_kib() -> int:
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmRSS"):
            return int(line.split()[1])
    raise AssertionError


def test_a_request_reaches_the_cloud_as_it_was_sent(server: Server) -> None:
    answer = ask(server, b"PUT /a%20b//c?x=%2F&y HTTP/1.1\r\nHOST: Foo.Example:81\r\nX-A: 1\r\nx-a: 2\r\n\r\n")
    request = server.cloud.last
    assert (request.method, request.host) == ("PUT", "foo.example:81")
    assert (request.path, request.query) == ("/a%20b//c", "x=%2F&y")
    assert request.headers["x-a"] == "1,2"
    assert request.scheme == "http"
    assert answer.fields["server"] == "sundog"
    assert answer.fields["date"].endswith(" GMT")


def test_the_date_is_the_clouds(server: Server) -> None:
    server.cloud.clock.advance(days=400)
    stamp = time.strptime(ask(server, get("/")).fields["date"], "%a, %d %b %Y %H:%M:%S GMT")
    assert 399 * 86400 < time.mktime(stamp) - time.mktime(time.gmtime()) < 401 * 86400


def test_a_connection_is_kept(server: Server) -> None:
    with connect(server) as sock, sock.makefile("rb") as file:
        for path in ("/a", "/b"):
            sock.sendall(get(path))
            assert path in read_answer(file).body.decode()


def test_pipelined_requests_are_answered_in_their_order(server: Server) -> None:
    with connect(server) as sock, sock.makefile("rb") as file:
        sock.sendall(get("/a") + get("/slow?0.2") + get("/stream?3") + get("/b") + get("/empty") + get("/c"))
        bodies = [read_answer(file).body for _ in range(6)]
    assert [b"/a" in bodies[0], bodies[1], len(bodies[2]), b"/b" in bodies[3], bodies[4], b"/c" in bodies[5]] == [
        True,
        b"slow",
        3 * 1024,
        True,
        b"",
        True,
    ]


def test_a_thousand_pipelined_requests(server: Server) -> None:
    with connect(server) as sock, sock.makefile("rb") as file:
        sock.sendall(b"".join(get(f"/{index}") for index in range(1000)))
        for index in range(1000):
            assert f"/{index} ".encode() in read_answer(file).body


@pytest.mark.parametrize(
    ("line", "more", "kept"),
    [
        ("HTTP/1.1", "", True),
        ("HTTP/1.1", "Connection: close\r\n", False),
        ("HTTP/1.0", "", False),
        ("HTTP/1.0", "Connection: keep-alive\r\n", True),
    ],
)
def test_who_wants_the_connection_closed_gets_that(server: Server, line: str, more: str, kept: bool) -> None:
    with connect(server) as sock, sock.makefile("rb") as file:
        sock.sendall(f"GET /a {line}\r\nHost: x\r\n{more}\r\n".encode())
        answer = read_answer(file)
        assert answer.fields.get("connection") == {
            (True, "HTTP/1.0"): "keep-alive",
            (True, "HTTP/1.1"): None,
        }.get((kept, line), "close")
        sock.settimeout(0.2)
        if kept:
            with pytest.raises(TimeoutError):
                sock.recv(1)
        else:
            assert sock.recv(1) == b""


def test_a_request_that_comes_byte_by_byte(server: Server) -> None:
    with connect(server) as sock, sock.makefile("rb") as file:
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for byte in b"POST /digest HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc":
            sock.sendall(bytes([byte]))
            time.sleep(0.001)
        assert read_answer(file).body == hashlib.md5(b"abc").hexdigest().encode()


def test_a_chunked_body(server: Server) -> None:
    body = b"5;x=y\r\nhello\r\n6\r\n world\r\n0\r\nx-trailer: 1\r\n\r\n"
    answer = ask(server, b"PUT /digest HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n" + body)
    assert answer.body == hashlib.md5(b"hello world").hexdigest().encode()
    assert "x-trailer" not in server.cloud.last.headers


def test_expect_100_continue_is_met_before_the_body(server: Server) -> None:
    with connect(server) as sock, sock.makefile("rb") as file:
        sock.sendall(b"PUT /digest HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\n")
        assert read_answer(file).status == 100
        sock.sendall(b"abc")
        assert read_answer(file).body == hashlib.md5(b"abc").hexdigest().encode()


def test_100_continue_waits_for_the_answer_before_it(server: Server) -> None:
    with connect(server) as sock, sock.makefile("rb") as file:
        expecting = b"PUT /digest HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\n"
        sock.sendall(get("/slow?0.2") + expecting)
        assert read_answer(file).body == b"slow"
        assert read_answer(file).status == 100
        sock.sendall(b"abc")
        assert read_answer(file).status == 200


def test_other_expectations_are_refused(server: Server) -> None:
    assert ask(server, get("/", more="Expect: tea\r\n")).status == 417


def test_a_body_too_long_is_refused_before_it_is_sent(hasty: Server) -> None:
    head = b"PUT /digest HTTP/1.1\r\nHost: x\r\nContent-Length: 200000\r\nExpect: 100-continue\r\n\r\n"
    assert ask(hasty, head).status == 413


def test_a_chunked_body_too_long_is_refused(hasty: Server) -> None:
    chunks = b"c350\r\n" + bytes(50000) + b"\r\n"
    answer = ask(hasty, b"PUT /digest HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n" + 3 * chunks)
    assert answer.status == 413


@pytest.mark.parametrize("head", [b"GET /" + b"a" * 3000, b"GET / HTTP/1.1\r\nX: " + b"a" * 3000, b"\r\n" * 3000])
def test_an_endless_head_is_refused(hasty: Server, head: bytes) -> None:
    with connect(hasty) as sock, sock.makefile("rb") as file:
        sock.sendall(head[:1000])
        time.sleep(0.05)
        sock.sendall(head[1000:])
        assert read_answer(file).status == 431


@pytest.mark.parametrize(
    "data",
    [
        b"NONSENSE\r\n\r\n",
        b"GET / HTTP/9.9\r\n\r\n",
        b"GET / HTTP/1.1\r\nno colon\r\n\r\n",
        b"POST / HTTP/1.1\r\nContent-Length: x\r\n\r\n",
        b"POST / HTTP/1.1\r\nContent-Length: -1\r\n\r\n",
        b"POST / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
        b"POST / HTTP/1.1\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
        b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n",
        b"\x00\x01\x02\x03",
    ],
)
def test_what_is_no_http_is_answered_400(server: Server, data: bytes) -> None:
    with connect(server) as sock, sock.makefile("rb") as file:
        sock.sendall(data)
        assert read_answer(file).status == 400
        assert file.read() == b""
    assert ask(server, get("/")).status == 200


def test_a_50_mb_upload_is_never_in_memory_whole(server: Server) -> None:
    block = os.urandom(1 << 20)
    digest = hashlib.md5()
    ask(server, get("/"))
    before = rss_kib()
    peak = 0
    with connect(server, 60) as sock, sock.makefile("rb") as file:
        sock.sendall(b"PUT /digest HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n" % (50 << 20))
        for _ in range(50):
            sock.sendall(block)
            digest.update(block)
            peak = max(peak, rss_kib())
        answer = read_answer(file)
    assert answer.body == digest.hexdigest().encode()
    assert answer.fields["x-kind"] == "file"
    assert peak - before < 25 * 1024


def test_a_small_body_is_bytes(server: Server) -> None:
    answer = ask(server, b"PUT /digest HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc")
    assert answer.fields["x-kind"] == "bytes"


def test_a_big_file_is_streamed_with_its_length(server: Server) -> None:
    answer = ask(server, get("/big?3000000"))
    assert answer.fields["content-length"] == "3000000"
    assert len(answer.body) == 3_000_000


def test_an_iterator_is_streamed_in_chunks(server: Server) -> None:
    answer = ask(server, get("/stream?500"))
    assert answer.fields["transfer-encoding"] == "chunked"
    assert answer.body == b"".join(b"%08d" % index * 128 for index in range(500))


def test_an_old_client_gets_no_chunks(server: Server) -> None:
    answer = ask(server, b"GET /stream?500 HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")
    assert "transfer-encoding" not in answer.fields
    assert len(answer.body) == 500 * 1024


def test_a_slow_reader_holds_a_stream_back(server: Server) -> None:
    with connect(server) as sock, sock.makefile("rb") as file:
        sock.sendall(get("/wide?200"))
        read_head(file)
        time.sleep(1)
        assert server.cloud.given < 40


def test_a_stream_whose_reader_went_away_is_ended(server: Server) -> None:
    with connect(server) as sock:
        sock.sendall(get("/stream?200000"))
        sock.recv(1000)
    until(lambda: server.cloud.finished_streams == 1)


def test_head_has_no_body_but_the_length_of_one(server: Server) -> None:
    with connect(server) as sock, sock.makefile("rb") as file:
        for path, length in (("/sized", "1234"), ("/a", "17"), ("/big?77", "77")):
            sock.sendall(f"HEAD {path} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
            assert read_answer(file, head=True).fields["content-length"] == length
        sock.sendall(get("/b"))
        assert read_answer(file).status == 200


def test_no_content_has_no_length(server: Server) -> None:
    answer = ask(server, get("/empty"))
    assert answer.status == 204
    assert "content-length" not in answer.fields


def test_a_header_cannot_split_the_answer(server: Server) -> None:
    answer = ask(server, get("/split"))
    assert "set-cookie" not in answer.fields
    assert answer.body == b"ok"


def test_a_failure_inside_is_a_500_and_the_connection_lives_on(server: Server) -> None:
    with connect(server) as sock, sock.makefile("rb") as file:
        sock.sendall(get("/broken") + get("/a"))
        assert b"ZeroDivisionError" in read_answer(file).body
        assert read_answer(file).status == 200


def test_an_upgrade_is_ignored_and_its_body_read(server: Server) -> None:
    upgrade = b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AA\r\n"
    with connect(server) as sock, sock.makefile("rb") as file:
        sock.sendall(b"PUT /digest HTTP/1.1\r\nHost: x\r\n" + upgrade + b"Content-Length: 3\r\n\r\nab")
        time.sleep(0.05)
        sock.sendall(b"c" + b"GET /a HTTP/1.1\r\nHost: x\r\n" + upgrade + b"\r\n" + get("/b"))
        assert read_answer(file).body == hashlib.md5(b"abc").hexdigest().encode()
        assert b"/a" in read_answer(file).body
        assert b"/b" in read_answer(file).body


# -- time


def test_a_long_poll_is_answered_by_what_happens(server: Server) -> None:
    with connect(server) as sock, sock.makefile("rb") as file:
        sock.sendall(get("/poll?20"))
        time.sleep(0.1)
        ask(server, get("/post?hello"))
        assert read_answer(file).body == b"hello"


def test_a_long_poll_ends_at_its_deadline(server: Server) -> None:
    begin = time.monotonic()
    assert ask(server, get("/poll?0.3")).body == b"nothing"
    assert 0.25 < time.monotonic() - begin < 1.5


def test_a_long_poll_ends_when_the_clock_is_advanced(server: Server) -> None:
    with connect(server) as sock, sock.makefile("rb") as file:
        sock.sendall(get("/poll?1000"))
        until(lambda: server.cloud.deadlines)
        server.cloud.clock.advance(seconds=1001)
        assert read_answer(file).body == b"nothing"


def test_a_long_poll_ends_on_a_frozen_clock_too(server: Server) -> None:
    server.cloud.clock.freeze()
    assert ask(server, get("/poll?0.3")).body == b"nothing"


def test_a_poller_that_went_away_takes_no_message(server: Server) -> None:
    with connect(server) as sock:
        sock.sendall(get("/poll?20"))
        until(lambda: server.cloud.deadlines)
    until(lambda: not server.cloud.waiters._callbacks)
    ask(server, get("/post?hello"))
    assert server.cloud.posted == ["hello"]


def test_a_hundred_long_polls_hold_nobody_up(server: Server) -> None:
    polls = [connect(server, 20) for _ in range(100)]
    try:
        for sock in polls:
            sock.sendall(get("/poll?30"))
        until(lambda: len(server.cloud.deadlines) == 100)
        with connect(server) as sock, sock.makefile("rb") as file:
            begin = time.monotonic()
            for _ in range(200):
                sock.sendall(get("/a"))
                read_answer(file)
            assert time.monotonic() - begin < 2
        for index in range(100):
            ask(server, get(f"/post?{index}"))
        got = set()
        for sock in polls:
            with sock.makefile("rb") as file:
                got.add(int(read_answer(file).body))
        assert got == set(range(100))
    finally:
        for sock in polls:
            sock.close()


def test_slow_calls_hold_nobody_up(server: Server) -> None:
    with connect(server) as slow, slow.makefile("rb") as file:
        slow.sendall(get("/slow?1"))
        time.sleep(0.05)
        begin = time.monotonic()
        assert ask(server, get("/a")).status == 200
        assert time.monotonic() - begin < 0.5
        assert read_answer(file).body == b"slow"


def test_a_latency_fault_holds_nobody_up(server: Server) -> None:
    server.cloud.faults.add(latency=1)
    with connect(server) as slow, slow.makefile("rb") as file:
        begin = time.monotonic()
        slow.sendall(get("/a"))
        time.sleep(0.05)
        assert ask(server, get("/_sundog/health")).status == 200
        assert time.monotonic() - begin < 0.8
        assert read_answer(file).status == 200
        assert time.monotonic() - begin >= 1


def test_a_half_closed_client_still_gets_its_answer(server: Server) -> None:
    with connect(server) as sock, sock.makefile("rb") as file:
        sock.sendall(get("/slow?0.2"))
        time.sleep(0.05)
        sock.shutdown(socket.SHUT_WR)
        assert read_answer(file).body == b"slow"
        assert file.read() == b""


def test_silent_connections_are_closed(hasty: Server) -> None:
    with connect(hasty) as silent, connect(hasty) as kept, kept.makefile("rb") as file:
        kept.sendall(get("/a"))
        read_answer(file)
        assert silent.recv(1) == b""
        assert kept.recv(1) == b""


def test_a_head_that_never_ends_is_answered_408(hasty: Server) -> None:
    with connect(hasty) as sock, sock.makefile("rb") as file:
        sock.sendall(b"GET / HTTP/1.1\r\nX: ")
        assert read_answer(file).status == 408


def test_a_body_that_never_ends_is_answered_408(hasty: Server) -> None:
    with connect(hasty) as sock, sock.makefile("rb") as file:
        sock.sendall(b"PUT / HTTP/1.1\r\nContent-Length: 10\r\n\r\nabc")
        assert read_answer(file).status == 408


def test_a_client_that_never_reads_is_dropped(hasty: Server) -> None:
    with connect(hasty) as sock:
        sock.sendall(get("/stream?200000"))
        until(lambda: hasty.cloud.finished_streams == 1)


def test_connections_reset_at_any_moment_do_no_harm(server: Server) -> None:
    for data in (b"", b"C", b"GET", get("/slow?0.2"), get("/stream?1000"), get("/poll?5"), b"\x16\x03\x01"):
        sock = connect(server)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        sock.sendall(data)
        time.sleep(0.02)
        sock.close()
    assert ask(server, get("/")).status == 200


# -- beginning and end


def test_requests_under_way_finish_when_the_server_stops(tmp_path: Path) -> None:
    server = start(tmp_path)
    with connect(server) as slow, connect(server) as poll, connect(server) as idle, connect(server):
        slow.sendall(get("/slow?0.4"))
        poll.sendall(get("/poll?20"))
        idle.sendall(get("/a"))
        with slow.makefile("rb") as slow_file, poll.makefile("rb") as poll_file, idle.makefile("rb") as idle_file:
            read_answer(idle_file)
            until(lambda: server.cloud.deadlines)
            cloud = server.cloud
            stopper = threading.Thread(target=server.stop)
            stopper.start()
            assert read_answer(poll_file).body == b"nothing"
            answer = read_answer(slow_file)
            assert answer.body == b"slow"
            assert answer.fields["connection"] == "close"
            assert idle_file.read() == b""
            stopper.join(5)
            assert not stopper.is_alive()
    assert cloud.closed
    with pytest.raises(ConnectionRefusedError):
        connect(server)


def test_what_never_finishes_does_not_hold_the_end_up(tmp_path: Path) -> None:
    server = start(tmp_path, grace=0.3)
    with connect(server) as sock:
        sock.sendall(get("/stream?200000"))
        sock.recv(100)
        begin = time.monotonic()
        server.stop()
        assert time.monotonic() - begin < 2


def test_stopping_twice_is_no_error(tmp_path: Path) -> None:
    server = start(tmp_path)
    server.stop()
    server.stop()


def test_a_busy_port_is_said_so(server: Server) -> None:
    with pytest.raises(ServerError, match=f"Can't listen on 127.0.0.1:{server.port}: Address already in use"):
        serve(port=server.port)


def test_ipv6(tmp_path: Path) -> None:
    try:
        server = Server("::1", 0, worlds=Worlds(FakeCloud), home=tmp_path).start()
    except ServerError as error:
        pytest.skip(str(error))
    try:
        assert server.url == f"http://[::1]:{server.port}"
        with socket.create_connection(("::1", server.port)) as sock, sock.makefile("rb") as file:
            sock.sendall(get("/a", host=f"[::1]:{server.port}"))
            assert b"GET http://[::1]" in read_answer(file).body
    finally:
        server.stop()


def until(condition: object, seconds: float = 5) -> None:
    end = time.monotonic() + seconds
    while not condition():  # type: ignore[operator]
        assert time.monotonic() < end, "it did not come to pass"
        time.sleep(0.01)
