"""Sundog: a mock cloud for testing software written against AWS.

``mock_aws`` answers every AWS call of the process while a test runs; ``serve`` does the same for any process, as an endpoint
or as a proxy; ``Cloud`` is one universe.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sundog.cloud import Cloud
    from sundog.mock import mock_aws
    from sundog.ways.server import serve
    from sundog.wire.errors import AwsError
    from sundog.wire.profile import Profile
    from sundog.wire.profiles import EUCALYPTUS, OUTSCALE

__version__ = "0.1.0"
__all__ = ["EUCALYPTUS", "OUTSCALE", "AwsError", "Cloud", "Profile", "__version__", "mock_aws", "serve"]

_HOMES = {
    "EUCALYPTUS": "sundog.wire.profiles",
    "OUTSCALE": "sundog.wire.profiles",
    "AwsError": "sundog.wire.errors",
    "Cloud": "sundog.cloud",
    "Profile": "sundog.wire.profile",
    "mock_aws": "sundog.mock",
    "serve": "sundog.ways.server",
}


def __getattr__(name: str) -> Any:
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    found = globals()[name] = getattr(import_module(home), name)
    return found


def __dir__() -> list[str]:
    return sorted(__all__)
