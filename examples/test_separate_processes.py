"""The stand-alone server as a process, and programs as others: what one makes there, the next one finds."""

import os
import pathlib
import subprocess
import sys
from urllib.request import urlopen

import pytest

HERE = pathlib.Path(__file__).parent


@pytest.fixture
def server(tmp_path, monkeypatch):
    """``sundog serve`` on a free port: its URL."""
    monkeypatch.setenv("SUNDOG_HOME", str(tmp_path))  # the certificate authority of this test alone
    command = [sys.executable, "-m", "sundog", "serve", "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        line = process.stdout.readline()
        assert line.startswith("Sundog is ready: "), line
        yield line.split()[-1]
        os.kill(process.pid, 15)
        assert process.wait(10) == 0


def launch(url, library, count, *options):
    """Run ``launch.py`` as ``sundog exec`` would have it, and say what it printed."""
    program = [sys.executable, str(HERE / "launch.py"), library, str(count)]
    command = [sys.executable, "-m", "sundog", "exec", "--url", url, *options, "--", *program]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return int(done.stdout)


def test_programs_share_a_server_as_their_proxy(server):
    assert launch(server, "boto2", 2, "--proxy") == 2
    assert launch(server, "boto3", 1, "--proxy") == 3


def test_as_an_endpoint_too(server):
    assert launch(server, "boto3", 1) == 1
    assert launch(server, "boto2", 1, "--proxy") == 2


def test_what_was_made_lasts_until_a_reset(server):
    assert launch(server, "boto3", 1) == 1
    assert launch(server, "boto3", 1) == 2
    urlopen(f"{server}/_sundog/reset", data=b"").close()
    assert launch(server, "boto3", 1) == 1
