"""Clouds that copy AWS's API: where they answer, what they call AWS's services, and which operations they have."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from fnmatch import translate
from typing import Any


class Profile:
    """One other cloud.

    - ``suffixes``: the domains below which its hosts are: ``ec2.example.com`` or ``fcu.eu-west-2.example.com``, with a
      bucket in front for S3.
    - ``services`` renames the first label of its host names to botocore's service (``{"fcu": "ec2"}``); a label that
      stands for itself need not be named.
    - ``paths``: path prefixes that name a service on *any* host that isn't AWS's (``{"/services/Eucalyptus": "ec2"}``).
    - ``port``: where its endpoint listens; whatever host has that port is taken for one of its own.
    - ``allowed``: the services it has (all, if None).
    - ``operations``: by service, the operations that it has, ``lacks``: those that it has not (``*`` is a wildcard).
    - ``regions``: the first is where calls land that name none. ``zones``: by region, the names of its zones (AWS's
      rule, if not said). ``endpoint``: what DescribeRegions says, of ``{service}``, ``{region}`` and ``{host}``.
    - ``partition``: what its ARNs say. ``id_digits``: how many hexadecimal digits its ids have.
    - ``images``: what its image ids begin with, beside ``ami``.

    A user's own takes a few lines::

        acme = Profile("acme", suffixes=["cloud.acme.test"], services={"compute": "ec2"}, regions=["north-1"])
        with mock_aws(profiles=[acme]): ...
    """

    __slots__ = (
        "_has",
        "allowed",
        "endpoint",
        "id_digits",
        "images",
        "lacks",
        "name",
        "operations",
        "partition",
        "paths",
        "port",
        "regions",
        "services",
        "suffixes",
        "zones",
    )

    def __init__(
        self,
        name: str,
        suffixes: Iterable[str] = (),
        services: Mapping[str, str] | None = None,
        regions: Iterable[str] = (),
        paths: Mapping[str, str] | None = None,
        allowed: Iterable[str] | None = None,
        port: int | None = None,
        partition: str = "aws",
        operations: Mapping[str, Iterable[str]] | None = None,
        lacks: Mapping[str, Iterable[str]] | None = None,
        zones: Mapping[str, Iterable[str]] | None = None,
        endpoint: str | None = None,
        id_digits: int = 17,
        images: Iterable[str] = (),
    ) -> None:
        self.name = name
        self.suffixes = tuple(s.strip(".").lower() for s in suffixes)
        self.services = dict(services or {})
        self.regions = tuple(regions)
        # Longest first, so that /services/LoadBalancingV2 isn't taken for /services/LoadBalancing.
        self.paths = dict(sorted((paths or {}).items(), key=lambda item: -len(item[0])))
        self.allowed = None if allowed is None else frozenset(allowed)
        self.port = port
        self.partition = partition
        self.operations = {service: tuple(names) for service, names in (operations or {}).items()}
        self.lacks = {service: tuple(names) for service, names in (lacks or {}).items()}
        self.zones = {region: tuple(names) for region, names in (zones or {}).items()}
        self.endpoint = endpoint
        self.id_digits = id_digits
        self.images = tuple(images)
        self._has: dict[str, tuple[re.Pattern[str] | None, re.Pattern[str] | None]] = {}

    def __repr__(self) -> str:
        return f"<Profile {self.name}>"

    def but(self, **changes: Any) -> Profile:
        """A profile like this one, but for what is given: ``OUTSCALE.but(suffixes=["cloud.test"])``."""
        same = {name: getattr(self, name) for name in self.__slots__ if name != "_has"}
        return Profile(**{**same, **changes})

    def allows(self, service: str) -> bool:
        """Whether it has the service."""
        return self.allowed is None or service in self.allowed

    def has(self, service: str, operation: str) -> bool:
        """Whether it has the operation, of a service that it has."""
        rule = self._has.get(service)
        if rule is None:
            rule = self._has[service] = (_pattern(self.operations.get(service)), _pattern(self.lacks.get(service)))
        only, not_these = rule
        return (only is None or only.match(operation) is not None) and (
            not_these is None or not_these.match(operation) is None
        )

    def region(self, *hints: str | None) -> str | None:
        """The first of the hints that is a region of its; else its first region, else the first hint."""
        for hint in hints:
            if hint in self.regions:
                return hint
        return self.regions[0] if self.regions else next((hint for hint in hints if hint), None)

    def label(self, service: str) -> str:
        """What it calls one of botocore's services."""
        return next((label for label, name in self.services.items() if name == service), service)

    def address(self, service: str, region: str, host: str) -> str:
        """The endpoint of a service in a region, as asked for at ``host``."""
        form = self.endpoint or (f"{{service}}.{{region}}.{self.suffixes[0]}" if self.suffixes else "{host}")
        return form.format(service=self.label(service), region=region, host=host)

    def service_at(self, path: str) -> tuple[str, str] | None:
        """The service that a path names, and what of the path is left for it."""
        for prefix, service in self.paths.items():
            if path.startswith(prefix) and path[len(prefix) : len(prefix) + 1] in ("", "/"):
                return service, path[len(prefix) :] or "/"
        return None


def _pattern(names: tuple[str, ...] | None) -> re.Pattern[str] | None:
    return None if names is None else re.compile("|".join(translate(name) for name in names))


def named(name: str, known: Iterable[Profile]) -> Profile:
    """The profile of a name: one of those known, or ``module:NAME`` of the user's. ``ValueError`` if there is none."""
    for profile in known:
        if profile.name == name:
            return profile
    module, colon, attribute = name.partition(":")
    if colon:
        import sys
        from importlib import import_module

        # The command `sundog` doesn't have the current folder in its path; `python -m sundog` does.
        sys.path.append("")
        try:
            found = getattr(import_module(module), attribute, None)
        except ImportError as error:
            raise ValueError(f"the profile {name} can't be imported: {error}") from None
        finally:
            sys.path.remove("")
        if isinstance(found, Profile):
            return found
        raise ValueError(f"{name} is no Profile")
    raise ValueError(f"no profile is called {name}; there are {', '.join(profile.name for profile in known)}")
