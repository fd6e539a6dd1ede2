"""The plugin, in runs of pytest of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

Run = Callable[..., tuple[int, str]]
ARGS = ["-p", "no:cacheprovider", "-p", "sundog.ways.pytest"]
XDIST = ["-p", "xdist", "-n"]


@pytest.fixture
def run(tmp_path: Path) -> Run:
    def run(tests: str, *args: str, conftest: str = "", ini: str = "") -> tuple[int, str]:
        (tmp_path / "test_it.py").write_text(tests)
        (tmp_path / "conftest.py").write_text(conftest)
        (tmp_path / "pytest.ini").write_text("[pytest]\n" + ini)
        command = [sys.executable, "-m", "pytest", *ARGS, *args]
        # Only the plug-ins that the test is about: the others take seconds to import.
        env = {**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
        done = subprocess.run(command, cwd=tmp_path, env=env, capture_output=True, text=True, timeout=120)
        return done.returncode, done.stdout + done.stderr

    return run


CALL = "boto3.client('sts', region_name='us-east-1').get_caller_identity()['Account']"


def test_aws_is_a_fresh_active_cloud(run: Run) -> None:
    code, out = run(
        f"""
import boto3, pytest
seen = []

@pytest.mark.parametrize("number", range(2))
def test_one(aws, number):
    assert {CALL} == "123456789012"
    assert len(aws.calls) == 1
    seen.append(aws)

async def test_async(aws):
    assert {CALL} == "123456789012"

def test_after():
    from sundog.ways import active
    assert active.current() is None
    assert len(set(map(id, seen))) == 2
""",
        "-p",
        "pytest_asyncio.plugin",
        ini="asyncio_mode = auto\n",
    )
    assert code == 0, out
    assert "4 passed" in out


def test_aws_takes_settings(run: Run) -> None:
    code, out = run(
        f"""
import boto3, pytest

@pytest.fixture
def aws_settings():
    return {{"account": "111122223333"}}

def test_it(aws):
    assert {CALL} == "111122223333"
"""
    )
    assert code == 0, out


def test_aws_session_is_a_fork_of_what_was_filled_once(run: Run) -> None:
    code, out = run(
        """
import boto3, pytest

@pytest.mark.parametrize("number", range(3))
def test_it(aws_session, aws_base, number, fills):
    assert aws_session is not aws_base
    role = boto3.client("sts", region_name="us-east-1").get_caller_identity()
    assert len(aws_session.calls) == 1
    assert aws_session.clock.frozen
    aws_session.clock.unfreeze() if hasattr(aws_session.clock, "unfreeze") else aws_session.clock.resume()
    assert aws_base.clock.frozen
    assert fills == [1]
""",
        conftest="""
import boto3, pytest
from sundog import mock_aws
FILLS = []

@pytest.fixture(scope="session")
def aws_base(aws_base):
    FILLS.append(1)
    with mock_aws(cloud=aws_base):
        boto3.client("sts", region_name="us-east-1").get_caller_identity()
    aws_base.clock.freeze()
    return aws_base

@pytest.fixture
def fills():
    return FILLS
""",
    )
    assert code == 0, out


def test_a_base_that_returns_nothing_is_explained(run: Run) -> None:
    code, out = run(
        "def test_it(aws_session): pass",
        conftest="import pytest\n@pytest.fixture(scope='session')\ndef aws_base(): pass\n",
    )
    assert code == 1
    assert "the fixture aws_base must return the Cloud" in out


def test_aws_server_is_a_url(run: Run) -> None:
    code, out = run(
        """
import boto3
def test_it(aws_server):
    client = boto3.client("sts", region_name="us-east-1", endpoint_url=aws_server)
    assert client.get_caller_identity()["Account"] == "123456789012"
"""
    )
    assert code == 0, out


@pytest.mark.parametrize("args", [(), (*XDIST, "2")], ids=["alone", "xdist"])
def test_the_end_sums_up_what_was_not_emulated(run: Run, args: tuple[str, ...]) -> None:
    code, out = run(FAKED, *args)
    assert code == 0, out
    assert "= sundog =" in out
    assert "sts:GetCallerIdentity (4 times)" in out
    assert out.count("only modelled") == 1


FAKED = f"""
import boto3, pytest

@pytest.mark.parametrize("number", range(4))
def test_it(aws, number):
    {CALL}
    aws.calls[0].fidelity = "modelled"
"""


def test_nothing_is_said_when_all_was_emulated(run: Run) -> None:
    code, out = run(f"import boto3\ndef test_it(aws):\n    {CALL}\n")
    assert code == 0, out
    assert "sundog ==" not in out


def test_the_summary_can_be_left_out(run: Run) -> None:
    code, out = run(FAKED, ini="sundog_summary = false\n")
    assert code == 0, out
    assert "only modelled" not in out


STRICT = """
from sundog import Cloud
def test_it():
    assert Cloud().settings.strict
"""


def test_strict_by_option_and_by_ini(run: Run) -> None:
    assert run(STRICT)[0] == 1
    assert run(STRICT, "--sundog-strict")[0] == 0
    assert run(STRICT, ini="sundog_strict = true\n")[0] == 0
    assert run(STRICT, "--sundog-strict", *XDIST, "1")[0] == 0


def test_the_plugin_loads_nothing_of_the_core() -> None:
    code = (
        "import sys, pytest, time; begin = time.perf_counter(); import sundog.ways.pytest\n"
        "print(time.perf_counter() - begin)\n"
        "print(sorted(m for m in sys.modules if m.startswith(('sundog', 'botocore', 'msgspec'))))"
    )
    seconds, modules = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    ).stdout.splitlines()
    assert modules == str(
        ["sundog", "sundog.ways", "sundog.ways.boto2_import", "sundog.ways.imports", "sundog.ways.pytest"]
    )
    assert float(seconds) < 0.05  # 2 ms on a machine that does nothing else
