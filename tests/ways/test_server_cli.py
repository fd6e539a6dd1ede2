"""The command line, in processes of its own."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "SUNDOG_"))}
    kept = {name: value for name, value in kept.items() if "proxy" not in name.lower()}
    return {**kept, "SUNDOG_HOME": str(tmp_path / "home"), "HOME": str(tmp_path)}


def command(*words: str) -> list[str]:
    return [sys.executable, "-m", "sundog", *words]


def run(environment: dict[str, str], *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command(*words), env=environment, capture_output=True, text=True, timeout=60)


@pytest.fixture
def served(environment: dict[str, str]) -> Iterator[tuple[subprocess.Popen[str], str]]:
    process = subprocess.Popen(
        command("serve", "--port", "0"), env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    line = process.stdout.readline()
    assert line.startswith("Sundog is ready: http://127.0.0.1:")
    yield process, line.split()[-1]
    process.kill()
    process.communicate()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_serve_is_ready_answers_and_stops(served: tuple[subprocess.Popen[str], str], number: int) -> None:
    process, url = served
    with urllib.request.urlopen(url + "/_sundog/health") as answer:
        assert json.load(answer)["status"] == "ok"
    process.send_signal(number)
    _, errors = process.communicate(timeout=10)
    assert (process.returncode, errors) == (0, "")


def test_serve_lets_a_request_finish(served: tuple[subprocess.Popen[str], str]) -> None:
    process, url = served
    port = int(url.rpartition(":")[2])
    with socket.create_connection(("127.0.0.1", port)) as sock:
        sock.sendall(b"PUT /_sundog/x HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nab")
        time.sleep(0.1)
        process.send_signal(signal.SIGTERM)
        time.sleep(0.1)
        sock.sendall(b"c")
        assert sock.recv(1000).startswith(b"HTTP/1.1 404 ")
    assert process.wait(10) == 0


def test_a_busy_port_is_one_line(environment: dict[str, str]) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        found = run(environment, "serve", "--port", str(port))
    assert found.returncode == 1
    assert found.stderr == f"sundog: Can't listen on 127.0.0.1:{port}: Address already in use\n"


def test_a_setting_that_is_wrong_is_one_line(environment: dict[str, str]) -> None:
    found = run({**environment, "SUNDOG_ACCOUNT": "12"}, "serve", "--port", "0")
    assert (found.returncode, found.stderr) == (1, "sundog: account must be 12 digits, not '12'\n")


def test_other_than_loopback_is_warned_of(environment: dict[str, str]) -> None:
    process = subprocess.Popen(
        command("serve", "--port", "0", "--host", "0.0.0.0"),
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    process.stdout.readline()
    process.terminate()
    assert "warning: on 0.0.0.0" in process.communicate(timeout=10)[1]


def test_without_the_extra_it_says_what_to_install(environment: dict[str, str]) -> None:
    for name in ("click", "uvicorn"):
        code = f"import sys; sys.modules[{name!r}] = None; sys.argv = ['sundog', 'serve']"
        code += "; import sundog.cli as c; c.main()"
        found = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True)
        assert found.returncode == 1
        assert "pip install sundog[server]" in found.stderr
        assert "Traceback" not in found.stderr


def test_ca_prints_the_path(environment: dict[str, str]) -> None:
    path = Path(run(environment, "ca").stdout.strip())
    assert path == Path(environment["SUNDOG_HOME"]) / "ca.pem"
    assert b"BEGIN CERTIFICATE" in path.read_bytes()


def test_env_leads_to_the_endpoint(environment: dict[str, str]) -> None:
    lines = run(environment, "env").stdout.splitlines()
    assert "export AWS_ENDPOINT_URL=http://127.0.0.1:4566" in lines
    assert any(line.startswith("export AWS_ACCESS_KEY_ID=") for line in lines)
    assert "export AWS_DEFAULT_REGION=us-east-1" in lines


def test_env_leads_to_the_proxy(environment: dict[str, str]) -> None:
    text = run({**environment, "NO_PROXY": "intern.test"}, "env", "--proxy", "--url", "http://127.0.0.1:1").stdout
    assert "export HTTPS_PROXY=http://127.0.0.1:1\n" in text
    assert "export NO_PROXY=intern.test,localhost,127.0.0.1,::1\n" in text
    assert f"export AWS_CA_BUNDLE={environment['SUNDOG_HOME']}/bundle.pem\n" in text
    assert "AWS_ENDPOINT_URL" not in text


def test_env_keeps_the_users_credentials_and_region(environment: dict[str, str]) -> None:
    own = {"AWS_ACCESS_KEY_ID": "mine", "AWS_SECRET_ACCESS_KEY": "s", "AWS_REGION": "eu-west-3"}
    text = run({**environment, **own}, "env").stdout
    assert text == "export AWS_ENDPOINT_URL=http://127.0.0.1:4566\n"


def test_env_picks_a_world(environment: dict[str, str]) -> None:
    assert "export AWS_ACCESS_KEY_ID=world-blue\n" in run(environment, "env", "--world", "blue").stdout


SCRIPT = (
    "import os, sys, urllib.request as u; print(u.urlopen(os.environ['AWS_ENDPOINT_URL'] + '/_sundog/health').status)"
)


def test_exec_runs_a_command_with_a_server(environment: dict[str, str]) -> None:
    found = run(environment, "exec", "--", sys.executable, "-c", SCRIPT + "; sys.exit(7)")
    assert (found.stdout, found.returncode) == ("200\n", 7)


def test_exec_uses_a_server_that_runs(environment: dict[str, str], served: tuple[object, str]) -> None:
    code = "import os; print(os.environ['AWS_ENDPOINT_URL'])"
    assert run(environment, "exec", "--url", served[1], "--", sys.executable, "-c", code).stdout == served[1] + "\n"


def test_exec_through_the_proxy(environment: dict[str, str]) -> None:
    code = "import urllib.request as u; print(u.urlopen('http://sundog.local/_sundog/health').status)"
    found = run(environment, "exec", "--proxy", "--", sys.executable, "-c", code)
    assert found.stdout == "200\n", found.stderr


def test_exec_of_nothing_that_exists(environment: dict[str, str]) -> None:
    assert run(environment, "exec", "--", "/nosuchcommand").returncode == 127


def test_exec_of_a_command_that_is_killed(environment: dict[str, str]) -> None:
    found = run(environment, "exec", "--", sys.executable, "-c", "import os; os.kill(os.getpid(), 9)")
    assert found.returncode == 137


def test_exec_passes_sigterm_on(environment: dict[str, str]) -> None:
    code = (
        "import signal, sys, time; signal.signal(15, lambda *_: sys.exit(3)); print('up', flush=True); time.sleep(30)"
    )
    process = subprocess.Popen(
        command("exec", "--", sys.executable, "-c", code), env=environment, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "up\n"
    process.terminate()
    assert process.wait(10) == 3
    process.stdout.close()
