"""What a test may ask of EC2 beyond its API."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sundog.cloud import Cloud
    from sundog.services.ec2.reach.packet import Reach


class Helpers:
    """``aws.ec2``."""

    def __init__(self, cloud: Cloud) -> None:
        self._cloud = cloud

    def can_reach(
        self,
        source: str,
        destination: str,
        port: int | None = None,
        protocol: str = "tcp",
        account: str | None = None,
        region: str | None = None,
    ) -> Reach:
        """Whether traffic passes, and by which route, ACL entry and group rule it does, or is dropped.

        An end is an instance, a network interface, an address or a gateway, by its id; or ``internet``. The answer is
        true or false, and its text tells the way.
        """
        from sundog.services.ec2.reach.walk import can_reach

        with self._cloud.writing(account, region) as tx:
            return can_reach(tx.in_(service="ec2"), source, destination, port, protocol)
