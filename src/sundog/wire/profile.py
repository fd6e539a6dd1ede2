"""Clouds that copy AWS's API: where they answer, and what they call AWS's services."""

from __future__ import annotations

from collections.abc import Iterable, Mapping


class Profile:
    """One other cloud.

    ``services`` renames the first label of its host names to botocore's service (``{"fcu": "ec2"}``); a label that
    stands for itself need not be named. ``suffixes`` are the domains below which its hosts are: ``ec2.example.com``
    or ``fcu.eu-west-2.example.com``, with a bucket in front for S3. ``paths`` are path prefixes that name a service
    on *any* host that isn't AWS's (``{"/services/Eucalyptus": "ec2"}``). ``allowed`` limits the services it has (all,
    if None); ``port`` is where its endpoint listens, for whoever prints addresses. ``partition`` is what its ARNs say.

        acme = Profile("acme", suffixes=["cloud.acme.test"], services={"compute": "ec2"}, regions=["north-1"])
        hosts = Hosts(profiles=[acme])
    """

    __slots__ = ("allowed", "name", "partition", "paths", "port", "regions", "services", "suffixes")

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

    def __repr__(self) -> str:
        return f"<Profile {self.name}>"

    def allows(self, service: str) -> bool:
        return self.allowed is None or service in self.allowed

    def service_at(self, path: str) -> tuple[str, str] | None:
        """The service that a path names, and what of the path is left for it."""
        for prefix, service in self.paths.items():
            if path.startswith(prefix) and path[len(prefix) : len(prefix) + 1] in ("", "/"):
                return service, path[len(prefix) :] or "/"
        return None


OUTSCALE = Profile(
    "outscale",
    suffixes=["outscale.com", "outscale.hk"],
    services={"fcu": "ec2", "lbu": "elb", "eim": "iam", "oos": "s3", "osu": "s3", "directlink": "directconnect"},
    regions=["eu-west-2", "us-east-2", "us-west-1", "cloudgouv-eu-west-1", "ap-northeast-1"],
    allowed=["ec2", "elb", "iam", "s3", "directconnect", "sts"],
)

EUCALYPTUS = Profile(
    "eucalyptus",
    services={"compute": "ec2", "euare": "iam", "objectstorage": "s3", "loadbalancing": "elb", "tokens": "sts"},
    regions=["eucalyptus"],
    paths={
        "/services/Eucalyptus": "ec2",
        "/services/compute": "ec2",
        "/services/Euare": "iam",
        "/services/objectstorage": "s3",
        "/services/Walrus": "s3",
        "/services/LoadBalancing": "elb",
        "/services/CloudWatch": "cloudwatch",
        "/services/AutoScaling": "autoscaling",
        "/services/CloudFormation": "cloudformation",
        "/services/SimpleWorkflow": "swf",
        "/services/simplequeue": "sqs",
        "/services/SimpleQueue": "sqs",
        "/services/Tokens": "sts",
    },
    allowed=["ec2", "iam", "s3", "elb", "cloudwatch", "autoscaling", "cloudformation", "swf", "sqs", "sts"],
    port=8773,
)
