"""The pytest plugin: fixtures, strictness, and a summary of what wasn't emulated.

    def test_add_servers(aws): ...              # a fresh Cloud, active during the test
    def test_a_page(aws_session): ...           # a fork of one Cloud that was filled once, see ``aws_base``
    def test_the_cli(aws_server): ...           # the URL of a server in a thread

It is loaded in every run of pytest where Sundog is installed: nothing else of Sundog is imported until it is used.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest

from sundog.ways import boto2_import, imports

if TYPE_CHECKING:
    from sundog.cloud import Cloud

_ACTIVE = "sundog.ways.active"
_STRICT = "SUNDOG_STRICT"
_REPORT = "sundog_report"
_SHOWN = 12

boto2_import.enable()


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("sundog", "Sundog, the mock cloud")
    group.addoption(
        "--sundog-strict",
        action="store_true",
        default=None,
        help="Refuse operations that are only modelled, and enforce the patterns of AWS's models.",
    )
    parser.addini("sundog_strict", "The same as --sundog-strict.", type="bool", default=False)
    parser.addini("sundog_summary", "Sum up what wasn't emulated at the end of the run.", type="bool", default=True)


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    if config.getoption("sundog_strict") or config.getini("sundog_strict"):
        # In the environment it holds for every cloud made in the run, whoever makes it.
        config.stash[_before] = os.environ.get(_STRICT)
        os.environ[_STRICT] = "1"
    if config.getini("sundog_summary"):
        config.pluginmanager.register(_Summary(config), _REPORT)


def pytest_unconfigure(config: pytest.Config) -> None:
    if _before in config.stash:
        before = config.stash[_before]
        if before is None:
            os.environ.pop(_STRICT, None)
        else:
            os.environ[_STRICT] = before
        del config.stash[_before]
    summary = config.pluginmanager.unregister(name=_REPORT)
    if isinstance(summary, _Summary):
        summary.close()


_before: pytest.StashKey[str | None] = pytest.StashKey()


# -- fixtures ------------------------------------------------------------------------------------------------


@pytest.fixture
def aws_settings() -> dict[str, Any]:
    """The settings of the clouds of ``aws`` and ``aws_server``. Override it to give some."""
    return {}


@pytest.fixture
def aws(aws_settings: dict[str, Any]) -> Iterator[Cloud]:
    """A fresh Cloud that answers every AWS call of the process during the test."""
    from sundog.mock import mock_aws

    with mock_aws(**aws_settings) as cloud:
        yield cloud


@pytest.fixture(scope="session")
def aws_base() -> Cloud:
    """The Cloud that ``aws_session`` forks: made once a run. Override it to fill it:

    @pytest.fixture(scope="session")
    def aws_base(aws_base):
        with mock_aws(cloud=aws_base):
            boto3.client("s3").create_bucket(Bucket="shared")
        return aws_base
    """
    from sundog.cloud import Cloud

    return Cloud()


@pytest.fixture
def aws_session(aws_base: Cloud) -> Iterator[Cloud]:
    """A fork of ``aws_base`` that answers during the test; the base never changes. A fork costs microseconds."""
    from sundog.mock import mock_aws

    if not hasattr(aws_base, "fork"):
        raise pytest.UsageError(f"the fixture aws_base must return the Cloud that it filled, not {aws_base!r}")
    cloud = aws_base.fork()
    with mock_aws(cloud=cloud):
        yield cloud
    cloud.close()


@pytest.fixture
def aws_server(aws_settings: dict[str, Any], request: pytest.FixtureRequest) -> Iterator[str]:
    """The URL of a server of this test's own, for clients in other processes or ``endpoint_url=``."""
    from sundog.ways import environment
    from sundog.ways.server import serve

    environment.enter()
    server = serve(port=0, **aws_settings)
    try:
        yield server.url
    finally:
        summary = request.config.pluginmanager.get_plugin(_REPORT)
        if summary is not None:
            summary.count(server.cloud)
        server.stop()
        environment.leave()


# -- the summary ---------------------------------------------------------------------------------------------


class _Summary:
    """What was asked of every cloud of this process, and of those of xdist's workers."""

    def __init__(self, config: pytest.Config) -> None:
        self._config = config
        self._levels: dict[str, dict[str, int]] = {"modelled": {}, "unsupported": {}}
        self._unread: dict[str, int] = {}
        active = sys.modules.get(_ACTIVE)
        if active is not None:
            self._listen(active)
        else:
            imports.on_import(_ACTIVE, self._listen)

    def _listen(self, active: Any) -> None:
        active.ended.append(self.count)

    def close(self) -> None:
        imports.forget(_ACTIVE)
        active = sys.modules.get(_ACTIVE)
        if active is not None and self.count in active.ended:
            active.ended.remove(self.count)

    def count(self, cloud: Any) -> None:
        """Add the calls of a cloud that no longer answers; those that were added before are skipped."""
        calls = getattr(cloud, "calls", None)
        if not calls:
            return
        marks: dict[str, Any] = cloud.__dict__
        last = marks.get("_summed_up")
        for call in reversed(calls[:]):
            if call is last:
                break
            if call.kind == "call" and call.operation:
                self._count(call)
        marks["_summed_up"] = calls[-1]

    def _count(self, call: Any) -> None:
        name = f"{call.service}:{call.operation}"
        level = self._levels.get(call.fidelity)
        if level is not None:
            level[name] = level.get(name, 0) + 1
        elif call.error is None:
            for member in call.unread:
                member = f"{name} {_general(member)}"
                self._unread[member] = self._unread.get(member, 0) + 1

    # With xdist, a worker hands its sums to the controller, which prints all.

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        output = getattr(session.config, "workeroutput", None)
        if output is not None:
            output["sundog"] = {**self._levels, "unread": self._unread}

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any, error: Any) -> None:
        report = getattr(node, "workeroutput", {}).get("sundog")
        if report:
            sums: dict[str, dict[str, int]] = {**self._levels, "unread": self._unread}
            for kind, mine in sums.items():
                for name, count in report[kind].items():
                    mine[name] = mine.get(name, 0) + count

    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        if hasattr(self._config, "workeroutput"):
            return
        parts: list[tuple[str, dict[str, int]]] = [
            ("unsupported (answered by an error)", self._levels["unsupported"]),
            ("only modelled (kept as data, without AWS's behaviour)", self._levels["modelled"]),
            ("sent but never read by Sundog", self._unread),
        ]
        if not any(counts for _, counts in parts):
            return
        shown = sys.maxsize if int(self._config.getoption("verbose") or 0) > 0 else _SHOWN
        terminalreporter.section("sundog")
        for title, counts in parts:
            if not counts:
                continue
            terminalreporter.line(f"{title}:")
            ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
            for name, count in ordered[:shown]:
                terminalreporter.line(f"  {name}" + (f" ({count} times)" if count > 1 else ""))
            if len(ordered) > shown:
                terminalreporter.line(f"  ... and {len(ordered) - shown} more (-v shows all)")


def _general(path: str) -> str:
    """A member's path without the indexes of lists."""
    return ".".join(part for part in path.replace("[", ".").split(".") if not part.rstrip("]").isdigit())
