"""Every override table names only what its service's model has; mistakes are reported with their line."""

from __future__ import annotations

import keyword
from importlib import resources

import pytest

from sundog.modelled.override import OverrideError, check, parse
from sundog.wire.model import get_service, service_names


def python_name_of(name: str) -> str:
    """The name of the service's file: a keyword gains ``_``."""
    plain = name.replace("-", "_")
    return f"{plain}_" if keyword.iskeyword(plain) else plain


FILES = sorted(file.name for file in resources.files("sundog.services").iterdir() if file.name.endswith(".toml"))
BY_PYTHON_NAME = {python_name_of(name): name for name in service_names()}


@pytest.mark.parametrize("name", FILES)
def test_the_table_names_only_what_there_is(name: str) -> None:
    text = (resources.files("sundog.services") / name).read_text()
    service = get_service(BY_PYTHON_NAME[name.removesuffix(".toml")])
    check(service, parse(text, name), text, name)


def test_an_unknown_field_is_reported_with_its_line() -> None:
    text = '[noun.Broker]\nid = "b"\n\n[noun.User]\nfirst = "A"\nfrist = "B"\n'
    with pytest.raises(OverrideError, match=r"^mq\.toml:6: .*frist"):
        parse(text, "mq.toml")


def test_a_wrong_type_is_reported_with_its_line() -> None:
    with pytest.raises(OverrideError, match=r"^mq\.toml:3: "):
        parse('[noun.Broker]\nid = "b"\nkey = "a"\n', "mq.toml")


def test_a_fault_of_the_syntax_is_reported_with_its_line() -> None:
    with pytest.raises(OverrideError, match="line 2"):
        parse("[noun.Broker]\nid = \n", "mq.toml")


def test_an_operation_that_is_not_there_is_reported() -> None:
    text = '[op.CreateBoker]\nkind = "create"\n'
    with pytest.raises(OverrideError, match=r"mq\.toml:1: mq has no operation CreateBoker"):
        check(get_service("mq"), parse(text, "mq.toml"), text, "mq.toml")
