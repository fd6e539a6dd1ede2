"""The clouds of a server, by name. The access key id picks one, so that any client can, with no header of ours."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any

from sundog.wire import auth

if TYPE_CHECKING:
    from sundog.cloud import Cloud
    from sundog.wire.http import Request

DEFAULT = "default"
PREFIX = "world-"
HEADER = "x-sundog-world"
LIMIT = 10_000
_NAME = re.compile(r"[A-Za-z0-9_.-]{1,128}\Z")


class WorldError(Exception):
    """A world that isn't there, or can't be made. ``status`` is the HTTP status that says so."""

    def __init__(self, message: str, status: int = 400) -> None:
        super().__init__(message)
        self.status = status


class World:
    """One cloud of a server, with its named snapshots and the access keys that pick it."""

    __slots__ = ("cloud", "keys", "name", "parent", "snapshots")

    def __init__(self, name: str, cloud: Cloud, parent: str | None = None) -> None:
        self.name = name
        self.cloud = cloud
        self.parent = parent
        self.snapshots: dict[str, Any] = {}
        self.keys: set[str] = set()

    def to_dict(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "from": self.parent,
            "keys": sorted(self.keys),
            "snapshots": list(self.snapshots),
            "calls": len(self.cloud.calls),
        }


class Worlds:
    """Clouds by name.

    A request goes to the world that its ``x-sundog-world`` header names, else to the one that its access key id
    picks: a key registered with a world, a key that this world issued, or ``world-NAME``, which makes the world if it
    is new. All others go to ``default``.
    """

    def __init__(self, make: Callable[[], Cloud]) -> None:
        self._make = make
        self._worlds: dict[str, World] = {}
        self._by_key: dict[str, World] = {}
        self._lock = threading.Lock()

    @property
    def default(self) -> World:
        found = self._worlds.get(DEFAULT)
        if found is None:
            with self._lock:
                found = self._worlds.get(DEFAULT)
                if found is None:
                    found = self._worlds[DEFAULT] = World(DEFAULT, self._make())
        return found

    def __iter__(self) -> Iterator[World]:
        return iter(list(self._worlds.values()))

    def __len__(self) -> int:
        return len(self._worlds)

    def __contains__(self, name: object) -> bool:
        return name in self._worlds

    def __getitem__(self, name: str) -> World:
        if name == DEFAULT:
            return self.default
        try:
            return self._worlds[name]
        except KeyError:
            raise WorldError(f"There is no world named {name!r}.", 404) from None

    def create(
        self, name: str, source: str | None = None, snapshot: str | None = None, keys: Iterable[str] = ()
    ) -> World:
        """Make a world: an empty one, or a copy of another as it is now, or as it was at one of its snapshots."""
        if not _NAME.match(name):
            raise WorldError("A world's name has 1 to 128 letters, digits, dots, hyphens and underscores.")
        if name in self._worlds or name == DEFAULT:
            raise WorldError(f"There already is a world named {name!r}.", 409)
        if len(self._worlds) >= LIMIT:
            raise WorldError(f"There are {LIMIT} worlds already; delete some.", 429)
        keys = list(keys)
        for key in keys:
            if key in self._by_key:
                raise WorldError(f"The access key {key!r} picks another world already.", 409)
        if source is None and snapshot is not None:
            source = DEFAULT
        self.default  # noqa: B018 - there as soon as any is: a single world then means that there is nothing to pick
        if source is None:
            cloud = self._make()
        else:
            origin = self[source]
            taken = None if snapshot is None else find_snapshot(origin, snapshot)
            cloud = origin.cloud.fork()
            if taken is not None:
                cloud.restore(taken)
        world = self._worlds[name] = World(name, cloud, source)
        for key in keys:
            world.keys.add(key)
            self._by_key[key] = world
        return world

    def adopt(self, name: str, cloud: Cloud) -> None:
        """Answer for a cloud that somebody else made, and closes."""
        self.default  # noqa: B018
        if name in self._worlds:
            raise WorldError(f"There already is a world named {name!r}.", 409)
        self._worlds[name] = World(name, cloud)

    def release(self, name: str) -> None:
        """The counterpart of ``adopt``."""
        world = self[name]
        del self._worlds[name]
        for key in [key for key, owner in self._by_key.items() if owner is world]:
            del self._by_key[key]

    def delete(self, name: str) -> None:
        if name == DEFAULT:
            raise WorldError("The default world can be reset, not deleted.")
        cloud = self[name].cloud
        self.release(name)
        cloud.close()

    def pick(self, request: Request) -> World:
        """The world that answers a request."""
        headers = request.headers
        name = headers.get(HEADER)
        if name is not None:
            return self._named(name)
        if len(self._worlds) <= 1 and not _names_world(request):
            return self._worlds.get(DEFAULT) or self.default
        key = auth.identify(request).access_key
        if key is None:
            return self.default
        return self._by_key.get(key) or self._by_new_key(key)

    def _named(self, name: str) -> World:
        if name == DEFAULT or name in self._worlds:
            return self[name]
        return self.create(name)

    def _by_new_key(self, key: str) -> World:
        if key.startswith(PREFIX):
            return self._named(key[len(PREFIX) :])
        for world in self._worlds.values():
            # A key that a world issued (CreateAccessKey, AssumeRole) leads back to it.
            if world.cloud.key(key) is not None:
                self._by_key[key] = world
                return world
        return self.default

    def close(self) -> None:
        for world in self:
            world.cloud.close()
        self._worlds.clear()
        self._by_key.clear()


def _names_world(request: Request) -> bool:
    """Whether the request could carry a ``world-NAME`` key; cheaper than finding its key out."""
    text = request.headers.get("authorization")
    if text is not None:
        return PREFIX in text
    if PREFIX in request.query:
        return True
    # boto 2 signs forms in the form itself.
    return isinstance(request.body, bytes) and len(request.body) < 65_536 and PREFIX.encode() in request.body


def find_snapshot(world: World, name: str) -> Any:
    try:
        return world.snapshots[name]
    except KeyError:
        raise WorldError(f"The world {world.name!r} has no snapshot named {name!r}.", 404) from None
