"""Host names: whose they are, and which service, region and bucket they name."""

from __future__ import annotations

import re
from collections.abc import Iterable

from sundog.wire.profile import Profile, named
from sundog.wire.profiles import KNOWN
from sundog.wire.table import table

_CACHE_MAX = 4096
_REGION = re.compile(r"[a-z]{2,}(?:-[a-z]+)+-\d+")
_S3_REGION = re.compile(
    r"(s3(?:-fips|-website|-control|-accesspoint|-outposts)??)-(?!website|fips|control|accesspoint|outposts)([a-z]{2,}(?:-[a-z]+)+-\d+)"
)
_S3_ZONE = re.compile(r"s3express(-fips)?-([a-z]+\d+-az\d+)")
_NOT_REGIONS = frozenset({"global", "us-gov", "aws-global"})
_METADATA = frozenset({"169.254.169.254", "[fd00:ec2::254]", "fd00:ec2::254", "169.254.170.2", "169.254.170.23"})
_AWS_DOMAINS = (
    # AWS has the whole top-level domain .aws: api.aws, on.aws, signin.aws.
    "aws",
    "amazonaws.com",
    "amazonaws.com.cn",
    "aws.amazon.com",
    "amazonaws.cn",
    "amazonaws-us-gov.com",
    "amazonaws-eusc.eu",
    "amazonwebservices.com.cn",
    "amazonwebservices.eu",
    "amazoncognito.com",
    "awsapps.com",
    "cloudfront.net",
    "elasticbeanstalk.com",
)
LOCAL = ("localhost", "localhost.localstack.cloud", "localhost.localstack")
"""Domains below which a server of ours answers as AWS does below its own."""


class Host:
    """What a host name says.

    ``prefix`` is the endpoint prefix it names (``s3``, ``api.ecr``), ``services`` botocore's services that answer
    there, ``rest`` the labels before it (a bucket, an account id, an API id; ``""`` if none). ``region`` may be None.
    ``weak`` marks a guess about a name that isn't a cloud's: it counts only if the request has no better hint.
    """

    __slots__ = ("aws", "name", "partition", "prefix", "profile", "region", "rest", "services", "weak")

    def __init__(
        self,
        name: str,
        services: tuple[str, ...] = (),
        prefix: str = "",
        region: str | None = None,
        partition: str = "aws",
        rest: str = "",
        aws: bool = False,
        weak: bool = False,
        profile: Profile | None = None,
    ) -> None:
        self.name = name
        self.services = services
        self.prefix = prefix
        self.region = region
        self.partition = partition
        self.rest = rest
        self.aws = aws
        self.weak = weak
        self.profile = profile

    def __repr__(self) -> str:
        return f"<Host {self.name} {self.prefix} {self.region} rest={self.rest!r}>"


def bare(host: str) -> str:
    """A host name without its port and closing dot, in lower case."""
    if host.startswith("["):
        return host[: host.find("]") + 1].lower()
    return host.partition(":")[0].rstrip(".").lower()


class Hosts:
    """The names that one universe answers for: AWS's, its profiles', and the server's own.

    ``profiles`` come first. ``local`` are names of the server itself, below which services and buckets are as below
    AWS's domains (``sqs.us-east-1.localhost``, ``bucket.localhost``). ``meant`` is the cloud that is meant by hosts
    that are neither AWS's nor another profile's.
    """

    def __init__(
        self, profiles: Iterable[Profile] = KNOWN, local: Iterable[str] = LOCAL, meant: Profile | None = None
    ) -> None:
        self.profiles = tuple(profiles)
        self.meant = meant
        self.ports = tuple(f":{profile.port}" for profile in self.profiles if profile.port is not None)
        self.local = tuple(sorted((name.strip(".").lower() for name in local), key=len, reverse=True))
        self.with_paths = tuple(profile for profile in self.profiles if profile.paths)
        self.path_guard = tuple({"/" + path.split("/")[1] for p in self.with_paths for path in p.paths})
        self._cache: dict[str, Host] = {}

    def parse(self, host: str) -> Host:
        """What ``host`` (a name, with or without port) says. Cached."""
        found = self._cache.get(host)
        if found is None:
            if len(self._cache) >= _CACHE_MAX:
                self._cache.clear()
            found = self._cache[host] = self._parse(bare(host))
        return found

    def covers(self, host: str) -> bool:
        """Whether a cloud that we emulate answers at this name."""
        return self.parse(host).profile is not None or is_aws(host) or host.endswith(self.ports)

    def profile_of(self, host: Host, path: str) -> Profile | None:
        """The other cloud that a request means, if any."""
        if host.aws:
            return None
        found = self.at_path(host, path) if path.startswith(self.path_guard) else None
        return found[0] if found is not None else host.profile or self.meant

    def at_path(self, host: Host, path: str) -> tuple[Profile, str, str] | None:
        """The profile and service that a path names on a host that isn't AWS's, and what is left of the path."""
        if not host.aws and path.startswith(self.path_guard):
            mine = host.profile or self.meant
            for profile in (mine, *self.with_paths) if mine is not None and mine.paths else self.with_paths:
                found = profile.service_at(path)
                if found is not None:
                    return profile, *found
        return None

    def parse_as(self, host: Host, profile: Profile, service: str) -> Host:
        """The host as the endpoint of one service of a profile, which a path has named. Cached."""
        key = f"{service}@{profile.name}@{host.name}"
        found = self._cache.get(key)
        if found is None:
            services = (service,) if profile.allows(service) else ()
            found = Host(host.name, services, service, host.region, profile.partition, profile=profile)
            if len(self._cache) >= _CACHE_MAX:
                self._cache.clear()
            self._cache[key] = found
        return found

    def _parse(self, name: str) -> Host:
        for profile in self.profiles:
            for suffix in profile.suffixes:
                if name == suffix:
                    return Host(name, partition=profile.partition, profile=profile)
                if name.endswith("." + suffix):
                    return _below_profile(name, name[: -len(suffix) - 1].split("."), profile)
        suffix = _aws_suffix(name)
        if suffix is not None:
            labels = name[: -len(suffix) - 1].split(".") if len(name) > len(suffix) else []
            host = _below(name, labels, table().suffixes.get(suffix, "aws"))
            host.aws = True
            if host.partition == "aws" and ("us-gov-" in name or ".us-gov." in name):
                # amazonaws.com and api.aws serve two partitions; the region tells them apart.
                host.partition = "aws-us-gov"
            return host
        if name in _METADATA:
            return Host(name, aws=True)
        for suffix in self.local:
            if name == suffix:
                return Host(name)
            if name.endswith("." + suffix):
                labels = name[: -len(suffix) - 1].split(".")
                return self._meant(name, labels) or _below(name, labels, "aws")
        return self._meant(name, name.split(".")[:1]) or _stranger(name)

    def _meant(self, name: str, labels: list[str]) -> Host | None:
        """The host as one of the cloud's that bare hosts mean, if its labels name a service of that."""
        if self.meant is None:
            return None
        found = _below_profile(name, labels, self.meant)
        return found if found.services else None


def _aws_suffix(name: str) -> str | None:
    """The longest of AWS's own domains that the name ends with."""
    if name.endswith(".amazonaws.com") or name == "amazonaws.com":
        return "amazonaws.com"
    best = ""
    for suffix in (*table().suffixes, *_AWS_DOMAINS, "on.aws"):
        if len(suffix) > len(best) and name.endswith(suffix) and name[-len(suffix) - 1 : -len(suffix)] in ("", "."):
            best = suffix
    return best or None


def _is_region(label: str) -> bool:
    return label in _NOT_REGIONS or _REGION.fullmatch(label) is not None


def _clean(label: str) -> str:
    return label.removesuffix("-fips")


def _below(name: str, labels: list[str], partition: str) -> Host:
    """A name below a cloud's domain: ``labels`` are those before the domain."""
    region: str | None = None
    rest = labels
    if rest and _is_region(rest[-1]):
        region, rest = rest[-1], rest[:-1]
    if len(rest) > 1 and rest[-1] == "dualstack":
        rest = rest[:-1]
    if rest:
        s3 = _S3_REGION.fullmatch(rest[-1])
        if s3:
            return Host(name, _s3_services(s3[1]), _clean(s3[1]), s3[2], partition, ".".join(rest[:-1]))
        zone = _S3_ZONE.fullmatch(rest[-1])
        if zone:
            return Host(name, ("s3",), "s3express", region, partition, ".".join(rest[:-1]))
    known = table().hosts
    for start in range(max(0, len(rest) - 3), len(rest)):
        prefix = ".".join(_clean(label) for label in rest[start:])
        services = known.get(prefix)
        if services is not None:
            before = rest[:start]
            if region is None and before and _REGION.fullmatch(before[-1]):
                region, before = before[-1], before[:-1]
            elif before and before[-1] in ("fips", "cn", "global"):
                before = before[:-1]
            return Host(
                name,
                _answering(prefix, services, bool(before)),
                prefix,
                None if region in _NOT_REGIONS else region,
                partition,
                ".".join(before),
            )
    return Host(name, (), "", None if region in _NOT_REGIONS else region, partition, ".".join(rest))


def _s3_services(prefix: str) -> tuple[str, ...]:
    return table().hosts.get(_clean(prefix), ("s3",))


def _answering(prefix: str, services: tuple[str, ...], has_rest: bool) -> tuple[str, ...]:
    """Some names mean another service when something stands before them: the endpoints of single customers."""
    if has_rest:
        if prefix == "iot":
            return ("iot-data", "iot-jobs-data", *services)
        if prefix == "cloudsearch":
            return ("cloudsearchdomain",)
        if prefix == "s3-outposts":
            return ("s3",)
    return services


def _below_profile(name: str, labels: list[str], profile: Profile) -> Host:
    region = next((label for label in labels if label in profile.regions), None)
    rest = [label for label in labels if label != region]
    known = table().hosts
    for index in range(len(rest) - 1, -1, -1):
        service = profile.services.get(rest[index])
        services = (service,) if service else known.get(rest[index], ())
        services = tuple(s for s in services if profile.allows(s))
        if services:
            prefix = rest[index]
            return Host(name, services, prefix, region, profile.partition, ".".join(rest[:index]), profile=profile)
    return Host(name, (), "", region, profile.partition, ".".join(rest), profile=profile)


def _stranger(name: str) -> Host:
    """A name that nobody registered: ``s3`` or ``bucket.s3`` at its front, or the name of a service, is a guess."""
    if name.startswith("[") or name.replace(".", "").isdigit():
        return Host(name)
    labels = name.split(".")
    for index, label in enumerate(labels):
        if label == "s3":
            return Host(name, ("s3",), "s3", _region_among(labels), rest=".".join(labels[:index]), weak=True)
    services = table().hosts.get(labels[0], ())
    return Host(name, services, labels[0] if services else "", _region_among(labels), weak=True)


def _region_among(labels: list[str]) -> str | None:
    return next((label for label in labels[1:] if _REGION.fullmatch(label)), None)


def is_aws(host: str) -> bool:
    """Whether the name (or address) is AWS's own, in any partition."""
    name = bare(host)
    return name in _METADATA or _aws_suffix(name) is not None


DEFAULT = Hosts()


def of_profiles(profiles: tuple[Profile, ...], meant: str | None) -> Hosts:
    """The names that a cloud with profiles of its own answers for; these come before the known ones."""
    if not profiles and not meant:
        return DEFAULT
    known = (*profiles, *KNOWN)
    chosen = named(meant, known) if meant else None
    if chosen is not None and chosen not in known:
        known = (chosen, *known)
    return Hosts(known, meant=chosen)


parse = DEFAULT.parse


def region_of(host: str) -> str | None:
    """The region that a host name has, or None."""
    return DEFAULT.parse(host).region
