"""What every account has in every region from the start: DHCP options and a default VPC with all that belongs to it."""

from __future__ import annotations

from sundog.core import Tx
from sundog.services.ec2.dns import private_domain
from sundog.services.ec2.state.network import DhcpConfiguration, DhcpOptions


def prepare(tx: Tx) -> None:
    """Make it."""
    from sundog.services.ec2.vpc import make_default_vpc

    tx.add(
        DhcpOptions(
            dhcp_options_id=tx.new_id("dopt"),
            owner_id=tx.account,
            configurations=(
                DhcpConfiguration("domain-name", (private_domain(tx.region),)),
                DhcpConfiguration("domain-name-servers", ("AmazonProvidedDNS",)),
            ),
            initial=True,
        )
    )
    make_default_vpc(tx)
