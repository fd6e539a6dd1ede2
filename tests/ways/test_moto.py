"""moto's names, with or without moto."""

from __future__ import annotations

import importlib
import os
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import boto3
import pytest

import sundog.moto
from sundog.ways import active
from sundog.ways.network import HostRefused


@pytest.fixture
def moto() -> Iterator[Any]:
    sundog.moto.install()
    yield importlib.import_module("moto")
    sundog.moto.uninstall()
    assert active.current() is None


def account() -> str:
    return boto3.client("sts", region_name="us-east-1").get_caller_identity()["Account"]


def test_mock_aws_in_its_forms(moto: Any) -> None:
    from moto import mock_aws

    @mock_aws
    def bare() -> str:
        return account()

    @mock_aws()
    def called() -> str:
        return account()

    @mock_aws(config={"batch": {"use_docker": False}, "core": {"mock_credentials": True}})
    def configured() -> str:
        return account()

    assert [bare(), called(), configured()] == ["123456789012"] * 3
    with mock_aws():
        assert account() == "123456789012"
    started = mock_aws()
    started.start()
    assert account() == "123456789012"
    started.stop()


@pytest.mark.parametrize(
    "name", ["mock_s3", "mock_ec2", "mock_lambda", "mock_cognitoidp", "mock_cognito_idp", "mock_ec2_deprecated"]
)
def test_a_decorator_for_each_service(moto: Any, name: str) -> None:
    assert getattr(moto, name)(account)() == "123456789012"
    assert getattr(moto, name)()(account)() == "123456789012"


def test_no_decorator_for_what_is_no_service(moto: Any) -> None:
    with pytest.raises(ImportError, match="mock_teapot"):
        from moto import mock_teapot  # noqa: F401


def test_mocks_inside_a_mock_share_its_cloud(moto: Any) -> None:
    with moto.mock_s3() as outer:
        outer.clock.freeze()
        with moto.mock_ec2() as inner:
            assert inner is outer
        assert active.current() is outer
        assert outer.clock.frozen
    with moto.mock_s3() as later:
        assert later is not outer
        assert not later.clock.frozen


def test_mocks_that_overlap_share_it_until_the_last_ends(moto: Any) -> None:
    one, two = moto.mock_s3(), moto.mock_ec2()
    cloud = one.start()
    assert two.start() is cloud
    one.stop()
    assert active.current() is cloud
    assert account() == "123456789012"
    two.stop()
    assert active.current() is None


def test_hosts_let_through_by_moto_s_configuration(moto: Any) -> None:
    config = {"core": {"passthrough": {"urls": [r"https?://api\.example\.com/.*", "other.example.com"]}}}
    with moto.mock_aws(config=config) as cloud:
        assert set(cloud.settings.allow_hosts) == {"api.example.com", "other.example.com"}
    with moto.mock_aws(), pytest.raises(HostRefused):
        urllib.request.urlopen("http://api.example.com/")


def test_core_names(moto: Any) -> None:
    from moto.core import DEFAULT_ACCOUNT_ID, patch_client, set_initial_no_auth_action_count
    from moto.core.models import DEFAULT_ACCOUNT_ID as AGAIN
    from moto.moto_api import state_manager
    from moto.settings import S3_UPLOAD_PART_MIN_SIZE, TEST_SERVER_MODE

    assert DEFAULT_ACCOUNT_ID == AGAIN == "123456789012"
    assert set_initial_no_auth_action_count(0)(account) is account
    assert patch_client(boto3.client("sts", region_name="us-east-1")) is None
    state_manager.set_transition("dax::cluster", {"progression": "manual", "times": 3})
    assert state_manager.get_transition("dax::cluster") == {"progression": "manual", "times": 3}
    state_manager.unset_transition("dax::cluster")
    assert state_manager.get_transition("dax::cluster") == {"progression": "immediate"}
    assert TEST_SERVER_MODE is False
    assert S3_UPLOAD_PART_MIN_SIZE == 5242880


def test_the_threaded_server(moto: Any) -> None:
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer(port=0)
    with pytest.raises(RuntimeError, match="isn't running"):
        server.get_host_and_port()
    server.start()
    host, port = server.get_host_and_port()
    url = f"http://{host}:{port}"
    keys = {"aws_access_key_id": "a", "aws_secret_access_key": "b"}
    client = boto3.client("sts", region_name="us-east-1", endpoint_url=url, **keys)
    assert client.get_caller_identity()["Account"] == "123456789012"
    request = urllib.request.Request(url + "/moto-api/reset", method="POST", data=b"")
    assert urllib.request.urlopen(request).status == 200
    server.stop()
    with pytest.raises(OSError, match="refused"):
        urllib.request.urlopen(request)


def test_moto_s_inner_things_say_that_they_are_missing(moto: Any) -> None:
    with pytest.raises(ImportError, match="belongs to moto's own implementation"):
        from moto.s3.models import s3_backends  # noqa: F401
    backends = importlib.import_module("moto.backends")
    with pytest.raises(ImportError, match=r"moto\.backends\.get_backend"):
        backends.get_backend("s3")
    with pytest.raises(ImportError, match=r"moto\.ec2"):
        from moto.ec2 import ec2_backends  # noqa: F401


@pytest.fixture
def real_moto(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    """Another module called moto, imported and on the path."""
    (tmp_path / "moto").mkdir()
    (tmp_path / "moto" / "__init__.py").write_text("REAL = True\n")
    (tmp_path / "moto" / "core.py").write_text("REAL = True\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    yield importlib.import_module("moto.core")
    for name in ("moto", "moto.core"):
        sys.modules.pop(name, None)


def test_the_real_moto_is_hidden_and_comes_back(real_moto: ModuleType) -> None:
    before = {name: sys.modules[name] for name in ("moto", "moto.core")}
    sundog.moto.install()
    sundog.moto.install()
    assert sundog.moto.installed()
    assert not hasattr(importlib.import_module("moto"), "__REAL__")
    assert importlib.import_module("moto").mock_aws
    assert importlib.import_module("moto.core").DEFAULT_ACCOUNT_ID == "123456789012"
    sundog.moto.uninstall()
    assert {name: sys.modules[name] for name in ("moto", "moto.core")} == before
    assert importlib.import_module("moto").REAL
    sundog.moto.uninstall()


def test_as_a_plugin_of_pytest(tmp_path: Path) -> None:
    (tmp_path / "conftest.py").write_text("from moto import mock_aws\n")
    (tmp_path / "test_it.py").write_text(
        "import boto3\nfrom moto import mock_aws, mock_s3\n\n\n@mock_aws\ndef test_it():\n"
        "    assert boto3.client('sts', region_name='us-east-1').get_caller_identity()['Account'] == '123456789012'\n"
        "    import moto, sundog\n    assert 'sundog' in moto.__version__\n"
    )
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "sundog.moto"]
    env = {**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    done = subprocess.run(command, cwd=tmp_path, env=env, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
