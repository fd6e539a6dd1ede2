"""The built wheel: what is in it, and that it works without the sources beside it."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SOURCE = ROOT / "src" / "sundog"

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Iterator[zipfile.ZipFile]:
    builder = pytest.importorskip("hatchling.builders.wheel").WheelBuilder(str(ROOT))
    (made,) = builder.build(directory=str(tmp_path_factory.mktemp("dist")), versions=["standard"])
    with zipfile.ZipFile(made) as opened:
        yield opened


def test_every_file_of_the_package_is_in_it_and_nothing_else(wheel):
    mine = {
        file.relative_to(SOURCE.parent).as_posix()
        for file in SOURCE.rglob("*")
        if file.is_file() and file.suffix not in (".pyc", ".pyo") and ".tmp" not in file.name
    }
    packed = {name for name in wheel.namelist() if ".dist-info/" not in name}
    assert packed == mine
    assert "sundog/py.typed" in packed


def test_it_is_small(wheel):
    assert sum(file.file_size for file in wheel.infolist()) < 10e6


def test_it_says_its_licence_its_commands_and_its_plugin(wheel):
    info = next(name.partition("/")[0] for name in wheel.namelist() if ".dist-info/" in name)
    entries = wheel.read(f"{info}/entry_points.txt").decode()
    assert "sundog = sundog.cli:main" in entries
    assert "sundog = sundog.ways.pytest" in entries
    assert b"License-Expression: Apache-2.0" in wheel.read(f"{info}/METADATA")
    assert any(name.endswith("/LICENSE") for name in wheel.namelist())


def test_it_works_unpacked_elsewhere(wheel, tmp_path):
    wheel.extractall(tmp_path)
    program = f"""
import sys
sys.path.insert(0, {str(tmp_path)!r})
import sundog
assert sundog.__file__.startswith({str(tmp_path)!r}), sundog.__file__
assert "botocore" not in sys.modules
import botocore.session
with sundog.mock_aws():
    ec2 = botocore.session.get_session().create_client("ec2", "us-east-1")
    ec2.run_instances(ImageId="ami-1234abcd", MinCount=1, MaxCount=2)
    assert len(ec2.describe_instances()["Reservations"][0]["Instances"]) == 2
    assert ec2.describe_instance_types(InstanceTypes=["m5.large"])["InstanceTypes"]
    botocore.session.get_session().create_client("mq", "us-east-1").list_brokers()
"""
    done = subprocess.run(
        [sys.executable, "-I", "-c", program], capture_output=True, text=True, cwd=tmp_path, timeout=60
    )
    assert done.returncode == 0, done.stderr
