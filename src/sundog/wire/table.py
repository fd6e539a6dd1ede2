"""What ``tools/compile_routes.py`` made of the models: names to services, read on first use."""

from __future__ import annotations

import gzip
import json
from functools import lru_cache
from pathlib import Path
from typing import Any

_DATA = Path(__file__).parent / "data"


class Table:
    """Host names, signing names and target prefixes to services (several where they share one), and the partitions."""

    def __init__(self, data: dict[str, Any]) -> None:
        services: dict[str, dict[str, Any]] = data["services"]
        order: dict[str, int] = {name: index for index, name in enumerate(data["order"])}
        self.suffixes: dict[str, str] = data["suffixes"]
        self.partitions: dict[str, tuple[str, str]] = {k: (v[0], v[1]) for k, v in data["partitions"].items()}
        self.protocols: dict[str, tuple[str, ...]] = {}
        self.versions: dict[str, str] = {}
        self.hosts: dict[str, tuple[str, ...]] = {}
        self.signing: dict[str, tuple[str, ...]] = {}
        self.targets: dict[str, tuple[str, ...]] = {}
        for name in sorted(services, key=lambda n: order.get(n, -1)):
            row = services[name]
            self.protocols[name] = tuple(row["protocols"])
            self.versions[name] = row["version"]
            for host in row["hosts"]:
                self.hosts[host] = (*self.hosts.get(host, ()), name)
            for signing in row["signing"]:
                self.signing[signing] = (*self.signing.get(signing, ()), name)
            if "target" in row:
                self.targets[row["target"]] = (*self.targets.get(row["target"], ()), name)

    def add(
        self, name: str, prefix: str, signing: str, protocols: tuple[str, ...], version: str, target: str | None
    ) -> None:
        """Learn a service that the compiled table doesn't have: a newer botocore's, or a user's own model."""
        self.protocols[name] = protocols
        self.versions[name] = version
        for names, key in ((self.hosts, prefix), (self.signing, signing), (self.targets, target)):
            if key and name not in names.get(key, ()):
                names[key] = (*names.get(key, ()), name)


def _read(name: str) -> Any:
    return json.loads(gzip.decompress((_DATA / f"{name}.json.gz").read_bytes()))


@lru_cache(maxsize=1)
def table() -> Table:
    return Table(_read("routes"))


@lru_cache(maxsize=1)
def actions() -> dict[str, frozenset[str]]:
    """The operations of each service that speaks a query protocol."""
    return {name: frozenset(found) for name, found in _read("rivals")["actions"].items()}


@lru_cache(maxsize=1)
def patterns() -> dict[str, list[str]]:
    """``METHOD /uri/{}/{+}`` of each operation of the REST services that share a name with another."""
    return _read("rivals")["patterns"]


@lru_cache(maxsize=1)
def learn_newer() -> None:
    """Look once for services that this botocore has and the compiled table hasn't."""
    from sundog.wire.model import get_service, service_names

    known = table()
    for name in sorted(service_names() - known.protocols.keys()):
        service = get_service(name)
        meta = service.metadata
        known.add(
            name,
            service.endpoint_prefix,
            service.signing_name,
            service.protocols,
            meta["apiVersion"],
            meta.get("targetPrefix"),
        )
