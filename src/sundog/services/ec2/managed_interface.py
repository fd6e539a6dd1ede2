"""Network interfaces that belong to a gateway or an endpoint: users see them but can't change them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from sundog.core import Tx
from sundog.services.ec2.network_interface import create_interface, delete_interface
from sundog.services.ec2.state.interface import InterfaceAttachment, NetworkInterface
from sundog.services.ec2.state.network import Subnet
from sundog.services.ec2.state.security_group import SecurityGroup


def make_managed_interface(
    tx: Tx,
    subnet: Subnet,
    groups: Sequence[SecurityGroup],
    kind: str,
    description: str,
    requester: str,
    private_ip: str | None = None,
    **members: Any,
) -> NetworkInterface:
    """Plug in an interface on behalf of a resource that AWS runs in the subnet."""
    return create_interface(
        tx,
        subnet,
        groups,
        private_ip,
        description,
        interface_type=kind,
        requester_id=requester,
        requester_managed=True,
        status="in-use",
        attachment=InterfaceAttachment(
            attachment_id=tx.new_id("ela-attach"),
            instance_id=None,
            instance_owner_id="amazon-aws",
            device_index=1,
            attach_time=tx.now.replace(microsecond=0),
        ),
        **members,
    )


def drop_interfaces(tx: Tx, interface_ids: Iterable[str | None]) -> None:
    """Remove such interfaces; Elastic IPs become free."""
    for interface_id in dict.fromkeys(interface_ids):
        interface = tx.find(NetworkInterface, interface_id) if interface_id else None
        if interface is not None:
            delete_interface(tx, interface)
