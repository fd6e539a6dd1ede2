from __future__ import annotations

import asyncio
import http.client
import importlib
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest

from sundog.ways import active, imports
from sundog.ways.active import Patch


@pytest.fixture(autouse=True)
def nothing_active() -> Iterator[None]:
    assert not active.installed()
    yield
    assert not active.installed()
    assert active.current() is None


def test_the_latest_shared_cloud_answers() -> None:
    first: Any = object()
    second: Any = object()
    active.push(first)
    active.push(second)
    assert active.current() is second
    active.pop(second)
    assert active.current() is first
    active.pop(first)
    assert active.current() is None


def test_clouds_end_in_any_order() -> None:
    first: Any = object()
    second: Any = object()
    active.push(first)
    active.push(second)
    active.pop(first)
    assert active.current() is second
    active.pop(second)


def test_popping_what_is_not_active_is_an_error() -> None:
    with pytest.raises(ValueError, match="is not active"):
        active.pop(object())  # type: ignore[arg-type]


def test_new_threads_see_the_shared_cloud_but_no_private_one() -> None:
    shared: Any = object()
    private: Any = object()
    seen: list[Any] = []
    active.push(shared)
    active.push(private, private=True)
    thread = threading.Thread(target=lambda: seen.append(active.current()))
    thread.start()
    thread.join()
    assert active.current() is private
    assert seen == [shared]
    active.pop(private)
    active.pop(shared)


async def test_two_tasks_have_private_clouds_side_by_side() -> None:
    async def work(cloud: Any, begun: asyncio.Event, other: asyncio.Event) -> bool:
        active.push(cloud, private=True)
        begun.set()
        await other.wait()
        right = active.current() is cloud
        inner = await asyncio.create_task(current_of_a_child())
        active.pop(cloud)
        return right and inner is cloud

    async def current_of_a_child() -> Any:
        return active.current()

    one, two = asyncio.Event(), asyncio.Event()
    assert await asyncio.gather(work(object(), one, two), work(object(), two, one)) == [True, True]


def test_a_private_cloud_popped_elsewhere_is_gone_here() -> None:
    cloud: Any = object()
    active.push(cloud, private=True)
    thread = threading.Thread(target=active.pop, args=(cloud,))
    thread.start()
    thread.join()
    assert active.current() is None


def test_outside_hides_every_cloud() -> None:
    cloud: Any = object()
    active.push(cloud)
    with active.outside():
        assert active.current() is None
    assert active.current() is cloud
    active.pop(cloud)


# -- patches ---------------------------------------------------------------------------


def attributes() -> list[Any]:
    import aiohttp.client
    import boto.connection
    import boto.https_connection
    import botocore.endpoint
    import httpx
    import urllib3.connectionpool as pool

    owners = [
        http.client.HTTPConnection,
        http.client.HTTPSConnection,
        pool.HTTPConnectionPool,
        pool.HTTPSConnectionPool,
        httpx.HTTPTransport,
        httpx.AsyncHTTPTransport,
        aiohttp.client.BaseConnector,
        boto.connection.AWSAuthConnection,
        boto.https_connection.CertValidatingHTTPSConnection,
        botocore.endpoint.Endpoint,
        sys.modules["socket"],
    ]
    return [(owner, dict(vars(owner))) for owner in owners]


def test_every_attribute_is_put_back() -> None:
    before = attributes()
    finders = list(sys.meta_path)
    cloud: Any = object()
    active.push(cloud)
    during = attributes()
    changed = [
        f"{owner.__name__}.{name}"
        for (owner, then), (_, now) in zip(before, during, strict=True)
        for name in now
        if then.get(name) is not now[name]
    ]
    active.pop(cloud)
    for (owner, then), (_, now) in zip(before, attributes(), strict=True):
        assert then.keys() == now.keys(), owner
        assert [name for name in then if then[name] is not now[name]] == [], owner
    assert sys.meta_path == finders
    assert {"HTTPConnection.putrequest", "HTTPConnectionPool._make_request", "BaseConnector.connect"} <= set(changed)


class Owner:
    def greet(self) -> str:
        return "original"


class Heir(Owner):
    pass


@pytest.fixture
def patched(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """``Owner.greet`` and ``Heir.greet`` as targets."""
    module = type(sys)("sundog_test_target")
    ours = type(sys)("sundog_test_way")

    def make(original: Any) -> Any:
        return lambda self: original(self) if active.current() is None else "mocked"

    ours.patches = lambda _: [Patch(Owner, "greet", make), Patch(Heir, "greet", make)]  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "sundog_test_target", module)
    monkeypatch.setitem(sys.modules, "sundog_test_way", ours)
    monkeypatch.setitem(active.TARGETS, "sundog_test_target", "sundog_test_way")
    yield
    assert "greet" not in vars(Heir)


@pytest.mark.usefixtures("patched")
def test_an_inherited_attribute_is_removed_again() -> None:
    cloud: Any = object()
    active.push(cloud)
    assert Heir().greet() == "mocked"
    active.pop(cloud)
    assert "greet" not in vars(Heir)
    assert Heir().greet() == "original"


@pytest.mark.usefixtures("patched")
def test_a_patch_on_top_of_ours_stays_and_ours_does_nothing() -> None:
    original = vars(Owner)["greet"]
    cloud: Any = object()
    active.push(cloud)
    ours = vars(Owner)["greet"]

    def on_top(self: Owner) -> str:
        return "top of " + ours(self)

    Owner.greet = on_top  # type: ignore[method-assign]
    assert Owner().greet() == "top of mocked"
    active.pop(cloud)
    assert vars(Owner)["greet"] is on_top
    assert Owner().greet() == "top of original"
    active.push(cloud)
    assert Owner().greet() == "mocked"
    active.pop(cloud)
    assert vars(Owner)["greet"] is on_top
    Owner.greet = ours  # they are done, and put back what they found
    assert Owner().greet() == "original"
    active.push(cloud)
    assert Owner().greet() == "mocked"
    active.pop(cloud)
    assert vars(Owner)["greet"] is original


def test_a_module_imported_under_the_mock_is_patched_then(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "late_client.py").write_text("class Client:\n    def call(self):\n        return 'network'\n")
    ours = type(sys)("sundog_test_late")
    ours.patches = lambda module: [  # type: ignore[attr-defined]
        Patch(module.Client, "call", lambda original: lambda self: "mocked" if active.current() else original(self))
    ]
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setitem(sys.modules, "sundog_test_late", ours)
    monkeypatch.setitem(active.TARGETS, "late_client", "sundog_test_late")
    cloud: Any = object()
    active.push(cloud)
    late = importlib.import_module("late_client")
    assert late.Client().call() == "mocked"
    assert late.__loader__ is late.__spec__.loader
    active.pop(cloud)
    assert late.Client().call() == "network"
    del sys.modules["late_client"]
    again = importlib.import_module("late_client")
    assert again.Client().call() == "network"
    del sys.modules["late_client"]


def test_a_missing_module_is_missing_as_ever() -> None:
    imports.on_import("sundog_there_is_no_such_module", lambda module: None)
    with pytest.raises(ModuleNotFoundError):
        importlib.import_module("sundog_there_is_no_such_module")
    imports.forget("sundog_there_is_no_such_module")


def test_opening_a_mock_is_cheap() -> None:
    attributes()  # all clients imported
    cloud: Any = object()
    best = 1.0
    for _ in range(50):
        begin = time.perf_counter()
        active.push(cloud)
        active.pop(cloud)
        best = min(best, time.perf_counter() - begin)
    assert best < 0.0003


def test_opening_a_mock_imports_no_client() -> None:
    code = (
        "import sys\n"
        "from sundog.ways import active\n"
        "active.push(object())\n"
        "heavy = {'requests', 'urllib3', 'httpx', 'aiohttp', 'boto', 'botocore', 'asyncio', 'http.client', 'email'}\n"
        "print(sorted(heavy & set(sys.modules)))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
