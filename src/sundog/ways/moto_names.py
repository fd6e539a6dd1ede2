"""What stands behind moto's public names while ``sundog.moto`` is installed."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from sundog.mock import MockAws
from sundog.settings import DEFAULT_ACCOUNT

if TYPE_CHECKING:
    from sundog.cloud import Cloud

Build = Callable[[], dict[str, Any]]

VERSION = "5.1.0+sundog"
_OLD_NAMES = frozenset(("all", "awslambda", "cognitoidp", "xray_client"))
_running: list[MotoMock] = []


class MotoMock(MockAws):
    """``mock_aws`` as moto has it: mocks inside a mock share its cloud, which begins anew with the outermost."""

    def start(self, reset: bool = True) -> Cloud:
        cloud = super().start()
        if self._depth == 1:
            _running.append(self)
        return cloud

    def stop(self) -> None:
        last = self._depth == 1
        inner = len(_running) > 1
        if last and inner and self._given is None:
            # The cloud lives on in the mocks around or beside this one.
            self._given = self.cloud
            try:
                super().stop()
            finally:
                self._given = None
        else:
            super().stop()
        if last:
            _running.remove(self)

    def reset(self) -> None:
        """Forget everything that was made."""
        if self.cloud is not None:
            self.cloud.reset()

    def _make(self) -> Cloud:
        if self._given is None and _running:
            assert _running[0].cloud is not None
            return _running[0].cloud
        return super()._make()


def mock(target: Any = None, config: dict[str, Any] | None = None) -> Any:
    """``@mock_aws``, ``@mock_aws()``, ``with mock_aws(config={...})``, and the same by the names of single services."""
    made = MotoMock(**_settings(config or {}))
    return made if target is None else made(target)


def _settings(config: dict[str, Any]) -> dict[str, Any]:
    """What of moto's configuration means something here: the hosts that are let through.

    The rest tells how moto emulates (with Docker or without, ...), and is of no account here.
    """
    core: dict[str, Any] = config.get("core") or {}
    through: dict[str, Any] = core.get("passthrough") or {}
    hosts = [_host_pattern(url) for url in through.get("urls") or ()]
    for service in through.get("services") or ():
        hosts += [f"{service}.amazonaws.com", f"{service}.*.amazonaws.com", f"*.{service}.amazonaws.com"]
        hosts.append(f"*.{service}.*.amazonaws.com")
    return {"allow_hosts": hosts} if hosts else {}


def _host_pattern(url: str) -> str:
    """The host of a regular expression for URLs, as a pattern with ``*``."""
    host = re.sub(r"^\^?https?\??(://|:\\/\\/|\\:\\/\\/)", "", url)
    host = host.replace("\\/", "/").partition("/")[0]
    host = re.sub(r"(\.|\[[^]]*\]|\\[wdS]|\([^)]*\))[*+]\??", "*", host)
    return host.replace("\\.", ".").replace("\\-", "-").strip("^$") or "*"


def _decorator(name: str) -> Any:
    """``mock_s3`` and its like; None for a service that there isn't."""
    service = name.removeprefix("mock_").removesuffix("_deprecated").removesuffix("_simple")
    plain = service.replace("_", "")
    if plain not in _OLD_NAMES:
        from sundog.wire.model import service_names

        if plain not in {known.replace("-", "") for known in service_names()}:
            return None
    return mock


def exists(module: str) -> bool:
    """Whether ``import module`` works: moto's public modules, and any of its services'."""
    if module in MODULES:
        return True
    parts = module.split(".")
    return len(parts) > 1 and not parts[1].startswith("_")


def missing(module: str, name: str) -> Any:
    """An attribute that isn't listed: decorators by service; else None."""
    if name.startswith("mock_") and module.count(".") <= 1:
        return _decorator(name)
    return None


# -- the modules ---------------------------------------------------------------------------------------------


def _moto() -> dict[str, Any]:
    return {"__version__": VERSION, "mock_aws": mock, "__all__": ["mock_aws"]}


def _core() -> dict[str, Any]:
    return {
        "DEFAULT_ACCOUNT_ID": DEFAULT_ACCOUNT,
        "ACCOUNT_ID": DEFAULT_ACCOUNT,
        "get_account_id": lambda: DEFAULT_ACCOUNT,
        "set_initial_no_auth_action_count": set_initial_no_auth_action_count,
        "patch_client": _patched_already,
        "patch_resource": _patched_already,
        "mock_aws": mock,
    }


def set_initial_no_auth_action_count(count: int) -> Any:
    """Accepted. Whether policies decide is a setting of the whole cloud here: ``mock_aws(enforce_iam=True)``."""

    def keep(target: Any) -> Any:
        return target

    return keep


def _patched_already(client: Any) -> None:
    """Clients are mocked by class, whenever they were made: there is nothing to do."""


def _core_models() -> dict[str, Any]:
    return {"DEFAULT_ACCOUNT_ID": DEFAULT_ACCOUNT, "ACCOUNT_ID": DEFAULT_ACCOUNT, "MockAWS": MotoMock}


class _States:
    """``state_manager``: transitions are instant unless a setting (``delays=True``) says otherwise."""

    def __init__(self) -> None:
        self._known: dict[str, dict[str, Any]] = {}

    def set_transition(self, model_name: str, transition: dict[str, Any]) -> None:
        self._known[model_name] = transition

    def unset_transition(self, model_name: str) -> None:
        self._known.pop(model_name, None)

    def get_transition(self, model_name: str) -> dict[str, Any]:
        return self._known.get(model_name, {"progression": "immediate"})


class _Recorder:
    """``recorder`` keeps a log of requests for a later replay; ``aws.calls`` is Sundog's."""

    def __getattr__(self, name: str) -> Any:
        from sundog.moto import Unsupported

        if name.startswith("__"):
            raise AttributeError(name)
        raise Unsupported(f"moto.moto_api.recorder.{name}")


def _moto_api() -> dict[str, Any]:
    return {"state_manager": _States(), "recorder": _Recorder()}


def _settings_module() -> dict[str, Any]:
    return {
        "TEST_SERVER_MODE": False,
        "TEST_DECORATOR_MODE": True,
        "TEST_IS_PROXY": False,
        "INITIAL_NO_AUTH_ACTION_COUNT": float("inf"),
        "DEFAULT_CONTAINER_REGISTRY": "docker.io",
        "S3_UPLOAD_PART_MIN_SIZE": 5 * 1024 * 1024,
        "PRETTIFY_RESPONSES": False,
        "is_test_proxy_mode": lambda: False,
        "get_s3_default_key_buffer_size": lambda: 16 * 1024 * 1024,
        "ecs_new_arn_format": lambda: True,
        "iam_load_aws_managed_policies": lambda: True,
        "enable_iso_regions": lambda: True,
        "allow_unknown_region": lambda: True,
        "test_server_mode_endpoint": lambda: "http://localhost:5000",
    }


class ThreadedMotoServer:
    """A server in a thread, by moto's interface. It listens on loopback unless an address is given."""

    def __init__(self, ip_address: str = "127.0.0.1", port: int = 5000, verbose: bool = True) -> None:
        self._ip_address = ip_address
        self._port = port
        self._server: Any = None

    def start(self) -> None:
        from sundog.ways.server import serve

        if self._server is None:
            self._server = serve(host=self._ip_address, port=self._port)

    def get_host_and_port(self) -> tuple[str, int]:
        if self._server is None:
            raise RuntimeError("the server isn't running: call start() first")
        return self._ip_address, self._server.port

    def stop(self) -> None:
        if self._server is not None:
            self._server.stop()
            self._server = None


def _server() -> dict[str, Any]:
    return {"ThreadedMotoServer": ThreadedMotoServer}


MODULES: dict[str, Build] = {
    "moto": _moto,
    "moto.core": _core,
    "moto.core.models": _core_models,
    "moto.moto_api": _moto_api,
    "moto.server": _server,
    "moto.settings": _settings_module,
}
