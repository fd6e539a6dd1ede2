from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import botocore.session
import pytest

from sundog.ways import environment

NAMES = (
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "AWS_DEFAULT_REGION",
    "AWS_REGION",
    "AWS_PROFILE",
    "AWS_DEFAULT_PROFILE",
)


@pytest.fixture(autouse=True)
def nothing_set(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    for name in NAMES:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    before = dict(os.environ)
    yield
    assert environment._depth == 0
    monkeypatch.undo()
    assert {name for name in before if before[name].startswith("AKIAIOS")} == set()


def test_what_is_missing_is_there_while_it_lasts() -> None:
    before = dict(os.environ)
    environment.enter()
    session = botocore.session.Session()
    credentials = session.get_credentials()
    assert credentials is not None
    assert credentials.access_key == environment.ACCESS_KEY
    assert session.get_config_variable("region") == "us-east-1"
    environment.leave()
    assert dict(os.environ) == before


def test_it_is_counted() -> None:
    environment.enter()
    environment.enter()
    environment.leave()
    assert "AWS_ACCESS_KEY_ID" in os.environ
    environment.leave()
    assert "AWS_ACCESS_KEY_ID" not in os.environ
    with pytest.raises(RuntimeError):
        environment.leave()


def test_the_user_s_own_keys_stay(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "mine")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "mine too")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")
    before = dict(os.environ)
    environment.enter()
    assert dict(os.environ) == before
    environment.leave()
    assert dict(os.environ) == before


def test_half_a_pair_is_made_whole_and_halved_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "mine")
    before = dict(os.environ)
    environment.enter()
    credentials = botocore.session.Session().get_credentials()
    assert credentials is not None
    environment.leave()
    assert dict(os.environ) == before


def test_keys_in_shared_files_are_the_user_s_own(tmp_path: Path) -> None:
    (tmp_path / "credentials").write_text("[default]\naws_access_key_id = filed\naws_secret_access_key = filed\n")
    (tmp_path / "config").write_text("[default]\nregion=ap-south-1\n")
    before = dict(os.environ)
    environment.enter()
    assert dict(os.environ) == before
    environment.leave()


def test_another_profile_s_keys_are_not_this_one_s(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "credentials").write_text("[default]\naws_access_key_id = filed\naws_secret_access_key = filed\n")
    (tmp_path / "config").write_text(
        "[profile  work]\nregion = eu-north-1\nsso_session = x\n# aws_access_key_id = no\n"
    )
    monkeypatch.setenv("AWS_PROFILE", "work")
    environment.enter()
    assert os.environ["AWS_ACCESS_KEY_ID"] == environment.ACCESS_KEY
    assert "AWS_DEFAULT_REGION" not in os.environ
    credentials = botocore.session.Session().get_credentials()
    assert credentials is not None
    assert credentials.access_key == environment.ACCESS_KEY
    environment.leave()


def test_a_file_that_changed_is_read_again(tmp_path: Path) -> None:
    path = tmp_path / "credentials"
    path.write_text("[default]\naws_access_key_id = filed\n")
    environment.enter()
    assert "AWS_ACCESS_KEY_ID" not in os.environ
    environment.leave()
    path.write_text("[default]\n# nothing any more\n")
    environment.enter()
    assert "AWS_ACCESS_KEY_ID" in os.environ
    environment.leave()


def test_a_lone_token_is_laid_aside(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_SESSION_TOKEN", "stale")
    environment.enter()
    assert "AWS_SESSION_TOKEN" not in os.environ
    environment.leave()
    assert os.environ["AWS_SESSION_TOKEN"] == "stale"


def test_what_somebody_changed_meanwhile_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    environment.enter()
    monkeypatch.setenv("AWS_DEFAULT_REGION", "sa-east-1")
    environment.leave()
    assert os.environ["AWS_DEFAULT_REGION"] == "sa-east-1"
    assert "AWS_ACCESS_KEY_ID" not in os.environ
