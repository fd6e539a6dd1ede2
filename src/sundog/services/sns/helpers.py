"""What a test may ask of SNS beyond its API."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sundog.services.sns.state import OptedOut, Sent

if TYPE_CHECKING:
    from sundog.cloud import Cloud


class Helpers:
    """``aws.sns``."""

    def __init__(self, cloud: Cloud) -> None:
        self._cloud = cloud

    @property
    def sent(self) -> list[Sent]:
        """Every text message, mail and push notification that went out, oldest first."""
        found = [row for _, _, row in self._cloud.store.everywhere(Sent)]
        return sorted(found, key=lambda row: row.number)

    def opt_out(self, number: str, account: str | None = None, region: str | None = None) -> None:
        """Somebody answers STOP: the number gets no more messages."""
        cloud = self._cloud
        with cloud.writing(account, region) as tx:
            if tx.find(OptedOut, number) is None:
                tx.add(OptedOut(number=number, since=tx.now))
