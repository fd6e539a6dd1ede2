"""A service's shapes by name, kept: botocore makes a new one, with its members, each time it is asked."""

from __future__ import annotations

from typing import Any

from sundog.wire.model import Service


def shape_named(service: Service, name: str) -> Any:
    """The shape of this name."""
    known: dict[str, Any] = service.plans.setdefault("shapes by name", {})
    found = known.get(name)
    if found is None:
        found = known[name] = service.model.shape_for(name)
    return found
