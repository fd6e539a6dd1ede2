"""Rules over everything that stands in ``sundog/services``."""

from __future__ import annotations

import ast
import importlib
import inspect
import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import sundog.services
from sundog.core.op import handler_homes, service_names
from sundog.core.record import tables
from sundog.wire import model

ROOT = Path(sundog.services.__file__).parent
TESTS = Path(__file__).parents[1]
BOTOCORE = {name.replace("-", "_"): name for name in model.service_names()}
SERVICES = [name for name in service_names() if handler_homes(name)]
FORBIDDEN_CALLS = {
    ("os", "environ"),
    ("os", "getenv"),
    ("os", "urandom"),
    ("time", "time"),
    ("time", "sleep"),
    ("datetime", "now"),
    ("datetime", "utcnow"),
    ("uuid", "uuid4"),
    ("uuid", "uuid1"),
}


def files(service: str) -> Iterator[Path]:
    folder = ROOT / service
    if folder.is_dir():
        yield from sorted(folder.rglob("*.py"))
    else:
        yield folder.with_suffix(".py")


SOURCES = [path for service in service_names() for path in files(service)]


def name_of(path: Path) -> str:
    return str(path.relative_to(ROOT))


def wire_service(name: str) -> model.Service:
    return model.get_service(BOTOCORE[name.rstrip("_")])


@pytest.mark.parametrize("service", SERVICES)
def test_every_handler_is_an_operation_of_its_service(service: str) -> None:
    known = wire_service(service).python_operations
    assert [name for name in handler_homes(service) if name not in known] == []


@pytest.mark.parametrize("service", SERVICES)
def test_every_handler_can_be_imported_and_takes_a_transaction_and_a_request(service: str) -> None:
    for name, home in handler_homes(service).items():
        handler = getattr(importlib.import_module(home), name)
        assert hasattr(handler, "__op__"), name
        inspect.signature(handler).bind("tx", "req")


@pytest.mark.parametrize("service", SERVICES)
def test_every_operation_that_a_handler_answers_is_called_by_a_test(service: str) -> None:
    folder = TESTS / "services" / service
    text = "".join(path.read_text() for path in (*folder.rglob("*.py"), *TESTS.glob(f"services/test_{service}*.py")))
    if not folder.exists():
        # A small service beside another: the files that make clients of it.
        texts = (path.read_text() for path in TESTS.glob("services/*/*.py"))
        text += "".join(found for found in texts if f'"{BOTOCORE[service.rstrip("_")]}"' in found)
    text += "".join(path.read_text() for path in (TESTS / "core").glob("*.py"))
    known = wire_service(service).python_operations
    untested = [
        name
        for name in handler_homes(service)
        if not re.search(rf"\.{name}\b", text) and f'"{name}"' not in text and f'"{known[name]}"' not in text
    ]
    # Those that came before their tests; the list may only shrink.
    known_untested = json.loads((TESTS / "contract" / "untested.json").read_text()).get(service, [])
    assert [name for name in untested if name not in known_untested] == []


def test_every_record_that_is_tagged_by_specifications_has_tags() -> None:
    for service in SERVICES:
        for home in set(handler_homes(service).values()):
            importlib.import_module(home)
    wrong = [name for name, kind in tables().items() if kind.meta_.tagged_as and not kind.meta_.tagged]
    assert wrong == []


@pytest.mark.parametrize("path", SOURCES, ids=name_of)
def test_a_service_asks_its_transaction_and_not_the_machine(path: Path) -> None:
    found: list[str] = []
    for node in ast.walk(ast.parse(path.read_text())):
        if (
            isinstance(node, ast.Attribute)
            and isinstance(node.value, ast.Name)
            and (node.value.id, node.attr) in FORBIDDEN_CALLS
        ):
            found.append(f"{node.value.id}.{node.attr} in line {node.lineno}")
        if isinstance(node, ast.Import):
            found += [f"import {item.name}" for item in node.names if item.name in ("random", "secrets", "subprocess")]
        if isinstance(node, ast.Global):
            found.append(f"global in line {node.lineno}")
    assert found == []


def is_container(value: ast.expr | None) -> bool:
    if isinstance(value, ast.Call):
        made = value.func.attr if isinstance(value.func, ast.Attribute) else getattr(value.func, "id", "")
        return made in ("dict", "list", "set", "deque", "defaultdict", "OrderedDict", "Counter", "WeakValueDictionary")
    return isinstance(value, (ast.Dict, ast.List, ast.Set, ast.DictComp, ast.ListComp, ast.SetComp))


@pytest.mark.parametrize("path", SOURCES, ids=name_of)
def test_a_service_keeps_no_state_of_its_own(path: Path) -> None:
    """Nobody adds to, or takes from, what a module holds."""
    tree = ast.parse(path.read_text())
    held = {
        target.id
        for node in tree.body
        if isinstance(node, (ast.Assign, ast.AnnAssign)) and is_container(node.value)
        for target in (node.targets if isinstance(node, ast.Assign) else [node.target])
        if isinstance(target, ast.Name)
    }
    changing = {"append", "add", "update", "pop", "clear", "setdefault", "extend", "remove", "insert", "popitem"}
    found: list[str] = []
    for function in ast.walk(tree):
        if not isinstance(function, ast.FunctionDef):
            continue
        own = {node.id for node in ast.walk(function) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}
        own |= {argument.arg for argument in ast.walk(function.args) if isinstance(argument, ast.arg)}
        for node in ast.walk(function):
            target = None
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in changing:
                target = node.func.value
            elif isinstance(node, ast.Subscript) and isinstance(node.ctx, (ast.Store, ast.Del)):
                target = node.value
            if isinstance(target, ast.Name) and target.id in held - own:
                found.append(f"{target.id} in line {node.lineno}")
    assert found == []


@pytest.mark.parametrize("service", SERVICES)
def test_users_are_told_of_every_service(service: str) -> None:
    texts = [path.name for path in (TESTS.parent / "changelog.d").glob("*.md")]
    assert any(name.startswith((service.replace("_", "-"), service)) for name in texts)
