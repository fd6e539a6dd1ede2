"""The server's own API, below ``/_sundog/``: what an in-process user does on the ``Cloud``, as JSON."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import parse_qsl, unquote

from sundog import __version__
from sundog.ways.network import bare
from sundog.ways.worlds import DEFAULT, HEADER, World, WorldError, find_snapshot
from sundog.wire.http import Request, Response

if TYPE_CHECKING:
    from sundog.ways.server import Hub

PREFIX = "/_sundog"
COURTESY = {
    ("POST", "/moto-api/reset"): "reset",
    ("GET", "/_localstack/health"): "localstack_health",
}
"""Paths of other mocks' servers that scripts and health checks know by heart."""


class AdminError(Exception):
    """What the client is told, and with which status."""

    def __init__(self, message: str, status: int = 400) -> None:
        super().__init__(message)
        self.status = status


def is_admin(request: Request) -> bool:
    """Whether the path is one of ours. No bucket can be named so: a bucket's name begins with a letter or digit."""
    path = request.path
    return path.startswith(PREFIX) and (len(path) == len(PREFIX) or path[len(PREFIX)] == "/")


class Admin:
    """Answers the admin API of one server."""

    def __init__(self, hub: Hub) -> None:
        self.hub = hub
        self.begin = time.monotonic()

    def answer(self, request: Request) -> Response:
        """Answer; every error is JSON with a ``message``."""
        try:
            return _json(200, self._dispatch(request))
        except (AdminError, WorldError) as error:
            return _json(error.status, {"message": str(error)})
        except (TypeError, ValueError, OverflowError, KeyError) as error:
            return _json(400, {"message": f"{error}"})
        except Exception as error:
            self.hub.log.exception("The admin API failed")
            return _json(500, {"message": f"Sundog failed inside: {type(error).__name__}: {error}"})

    def _dispatch(self, request: Request) -> Any:
        _check_origin(request)
        courtesy = COURTESY.get((request.method, request.path))
        if courtesy is not None:
            return getattr(self, courtesy)(_Ask(request, {}))
        parts = [unquote(part) for part in request.path[len(PREFIX) :].split("/") if part]
        methods = _ROUTES.get((parts[0] if parts else "", len(parts) > 1))
        if methods is None or len(parts) > 2:
            raise AdminError(f"There is nothing at {request.path}. GET {PREFIX}/ lists what there is.", 404)
        method = "GET" if request.method == "HEAD" else request.method
        handler = methods.get(method)
        if handler is None:
            raise AdminError(f"{request.path} takes {' and '.join(methods)}, not {request.method}.", 405)
        return handler(self, _Ask(request, _body(request), parts[1] if len(parts) > 1 else None))

    def _world(self, ask: _Ask) -> World:
        """The world that is meant: by name, else as for any other request."""
        name = ask.get("world")
        if name is not None:
            return self.hub.worlds[str(name)]
        if HEADER in ask.request.headers:
            return self.hub.worlds[ask.request.headers[HEADER]]
        return self.hub.worlds.pick(ask.request)

    # -- what there is

    def index(self, ask: _Ask) -> Any:
        return {
            f"{PREFIX}/{name}{'/NAME' if named else ''}".rstrip("/") or PREFIX: list(methods)
            for (name, named), methods in _ROUTES.items()
        }

    def health(self, ask: _Ask) -> Any:
        return {
            "status": "ok",
            "version": __version__,
            "uptime": round(time.monotonic() - self.begin, 3),
            "requests": self.hub.answered,
            "waiting": self.hub.waiting,
            "worlds": [world.name for world in self.hub.worlds] or [DEFAULT],
        }

    def localstack_health(self, ask: _Ask) -> Any:
        from sundog.wire.model import service_names

        return {
            "services": dict.fromkeys(sorted(service_names()), "available"),
            "edition": "sundog",
            "version": __version__,
        }

    def config(self, ask: _Ask) -> Any:
        settings = self._world(ask).cloud.settings
        return {
            "settings": {name: getattr(settings, name) for name in type(settings).__struct_fields__},
            "url": self.hub.url,
            "ca": str(self.hub.authority.path),
            "limits": {name: getattr(self.hub.limits, name) for name in self.hub.limits.__slots__},
        }

    # -- state

    def reset(self, ask: _Ask) -> Any:
        world = self._world(ask)
        world.cloud.reset()
        return {"world": world.name, "status": "ok"}

    def snapshots(self, ask: _Ask) -> Any:
        world = self._world(ask)
        return {"world": world.name, "snapshots": list(world.snapshots)}

    def take_snapshot(self, ask: _Ask) -> Any:
        world = self._world(ask)
        name = str(ask.get("name") or f"snapshot-{len(world.snapshots) + 1}")
        world.snapshots[name] = world.cloud.snapshot()
        return {"world": world.name, "name": name}

    def delete_snapshot(self, ask: _Ask) -> Any:
        world = self._world(ask)
        find_snapshot(world, ask.name)
        del world.snapshots[ask.name]
        return {"world": world.name, "name": ask.name}

    def restore(self, ask: _Ask) -> Any:
        world = self._world(ask)
        name = str(ask.need("name"))
        world.cloud.restore(find_snapshot(world, name))
        return {"world": world.name, "name": name}

    # -- time

    def clock(self, ask: _Ask) -> Any:
        world = self._world(ask)
        clock = world.cloud.clock
        return {
            "world": world.name,
            "now": clock.now().isoformat(),
            "timestamp": clock.timestamp(),
            "frozen": clock.frozen,
        }

    def turn_clock(self, ask: _Ask) -> Any:
        clock = self._world(ask).cloud.clock
        ask.only("freeze", "advance", "set", "resume", "reset")
        if not ask.body:
            raise AdminError("Say what the clock is to do: freeze, set, advance, resume or reset.")
        # All is read before anything is done: a request that fails changes nothing.
        steps: list[Callable[[], Any]] = []
        if ask.get("reset"):
            steps.append(clock.reset)
        if ask.get("resume"):
            steps.append(clock.resume)
        if ask.get("set") is not None:
            moment = _moment(ask.get("set"))
            steps.append(lambda: clock.set(moment))
        freeze = ask.get("freeze")
        if freeze is not None and freeze is not False:
            at = None if freeze is True else _moment(freeze)
            steps.append(lambda: clock.freeze(at))
        if ask.get("advance") is not None:
            by = _duration(ask.get("advance"))
            steps.append(lambda: clock.advance(by))
        for step in steps:
            step()
        return self.clock(ask)

    # -- faults

    def faults(self, ask: _Ask) -> Any:
        world = self._world(ask)
        return {"world": world.name, "faults": [fault.to_dict() for fault in world.cloud.faults]}

    def add_fault(self, ask: _Ask) -> Any:
        fields = ("service", "operation", "error", "status", "message", "latency", "times", "probability", "parameters")
        ask.only(*fields)
        given = {name: ask.body[name] for name in fields if ask.body.get(name) is not None}
        kinds: dict[str, Any] = {"status": int, "times": int, "latency": (int, float), "probability": (int, float)}
        for name, value in given.items():
            kind = kinds.get(name, dict if name == "parameters" else str)
            if not isinstance(value, kind) or isinstance(value, bool):
                raise AdminError(f"{name} has a value of the wrong kind.")
        if not 200 <= given.get("status", 400) <= 599 or given.get("latency", 0) < 0:
            raise AdminError("status lies between 200 and 599, and latency is no less than 0.")
        return self._world(ask).cloud.faults.add(**given).to_dict()

    def clear_faults(self, ask: _Ask) -> Any:
        self._world(ask).cloud.faults.clear()
        return self.faults(ask)

    # -- calls

    def calls(self, ask: _Ask) -> Any:
        world = self._world(ask)
        ask.only("service", "operation", "fidelity", "kind", "error", "request_id", "limit")
        equal = {
            name: ask.get(name) for name in ("service", "operation", "fidelity", "kind", "request_id") if ask.get(name)
        }
        error = ask.get("error")
        found = [
            call
            for call in world.cloud.calls
            if all(getattr(call, name) == value for name, value in equal.items())
            and (error is None or (call.error is not None and error in (call.error.code, "*")))
        ]
        limit = int(ask.get("limit") or 1000)
        return {"world": world.name, "total": len(found), "calls": [call.to_dict() for call in found[-limit:]]}

    def clear_calls(self, ask: _Ask) -> Any:
        world = self._world(ask)
        world.cloud.calls.clear()
        return {"world": world.name, "status": "ok"}

    # -- worlds

    def worlds(self, ask: _Ask) -> Any:
        self.hub.worlds.default  # noqa: B018 - makes it, so that it is always listed
        return {"worlds": [world.to_dict() for world in self.hub.worlds]}

    def create_world(self, ask: _Ask) -> Any:
        ask.only("name", "from", "snapshot", "keys")
        keys: Any = ask.get("keys") or []
        if not isinstance(keys, list) or not all(isinstance(key, str) and key for key in cast("list[Any]", keys)):
            raise AdminError("keys is a list of access key ids.")
        name, source, snapshot = str(ask.need("name")), ask.get("from"), ask.get("snapshot")
        return self.hub.worlds.create(name, source, snapshot, cast("list[str]", keys)).to_dict()

    def show_world(self, ask: _Ask) -> Any:
        return self.hub.worlds[ask.name].to_dict()

    def delete_world(self, ask: _Ask) -> Any:
        self.hub.drop(ask.name)
        return {"name": ask.name, "status": "ok"}


_ROUTES: dict[tuple[str, bool], dict[str, Callable[[Admin, Any], Any]]] = {
    ("", False): {"GET": Admin.index},
    ("health", False): {"GET": Admin.health},
    ("config", False): {"GET": Admin.config},
    ("reset", False): {"POST": Admin.reset},
    ("snapshot", False): {"GET": Admin.snapshots, "POST": Admin.take_snapshot},
    ("snapshot", True): {"DELETE": Admin.delete_snapshot},
    ("restore", False): {"POST": Admin.restore},
    ("clock", False): {"GET": Admin.clock, "POST": Admin.turn_clock},
    ("faults", False): {"GET": Admin.faults, "POST": Admin.add_fault, "DELETE": Admin.clear_faults},
    ("calls", False): {"GET": Admin.calls, "DELETE": Admin.clear_calls},
    ("worlds", False): {"GET": Admin.worlds, "POST": Admin.create_world},
    ("worlds", True): {"GET": Admin.show_world, "DELETE": Admin.delete_world},
}


class _Ask:
    """One request to the admin API: its JSON body, then its query string."""

    def __init__(self, request: Request, body: dict[str, Any], name: str | None = None) -> None:
        self.request = request
        self.body = body
        self.name = name or ""
        self.query = dict(parse_qsl(request.query, keep_blank_values=True))

    def get(self, name: str) -> Any:
        return self.body.get(name, self.query.get(name))

    def need(self, name: str) -> Any:
        value = self.get(name)
        if value in (None, ""):
            raise AdminError(f"{name} is missing.")
        return value

    def only(self, *names: str) -> None:
        """A misspelt member must not pass for one that was left out."""
        unknown = (self.body.keys() | self.query.keys()) - {*names, "world"}
        if unknown:
            raise AdminError(f"Unknown: {', '.join(sorted(unknown))}. Known: {', '.join((*names, 'world'))}.")


def _body(request: Request) -> dict[str, Any]:
    import json

    data = request.read()
    if not data.strip():
        return {}
    try:
        value = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise AdminError(f"The body is not JSON: {error}") from None
    if not isinstance(value, dict):
        raise AdminError("The body must be a JSON object.")
    return cast("dict[str, Any]", value)


def _check_origin(request: Request) -> None:
    """A page in the user's browser must not steer the server by a form or script of its own."""
    origin = request.headers.get("origin")
    if origin is not None and bare(origin.partition("://")[2]) != bare(request.host):
        raise AdminError("The admin API takes no requests from other sites' pages.", 403)


def _moment(value: Any) -> dt.datetime:
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return dt.datetime.fromtimestamp(value, dt.timezone.utc)
    if isinstance(value, str):
        try:
            return dt.datetime.fromtimestamp(float(value), dt.timezone.utc)
        except ValueError:
            found = dt.datetime.fromisoformat(value.replace("Z", "+00:00"))
            return found if found.tzinfo else found.replace(tzinfo=dt.timezone.utc)
    raise AdminError("A moment is a number of seconds since 1970, or a text such as 2030-01-31T12:00:00Z.")


def _duration(value: Any) -> dt.timedelta:
    if isinstance(value, dict):
        parts = cast("dict[str, float]", value)
        if parts.keys() - {"days", "hours", "minutes", "seconds"} or not parts:
            raise AdminError("advance takes days, hours, minutes and seconds.")
        return dt.timedelta(**parts)
    if isinstance(value, bool):
        raise AdminError("advance takes seconds, or an object of days, hours, minutes and seconds.")
    return dt.timedelta(seconds=float(value))


def _json(status: int, value: Any) -> Response:
    import msgspec

    body = msgspec.json.encode(value, enc_hook=_plain) + b"\n"
    return Response(status, {"content-type": "application/json"}, body)


def _plain(value: Any) -> Any:
    """What JSON has no form for, in a log that is for people."""
    if hasattr(value, "read"):
        return "<a stream>"
    return str(value)
