"""Attributes of network interfaces."""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from sundog.api import ec2 as api
from sundog.core import AwsError, Tx, op
from sundog.core.structure import plain
from sundog.services.ec2.network_interface import give_public_address, take_public_address
from sundog.services.ec2.security_group import groups_for
from sundog.services.ec2.state.interface import GroupIdentifier, NetworkInterface


@op
def describe_network_interface_attribute(
    tx: Tx, req: api.DescribeNetworkInterfaceAttributeRequest
) -> api.DescribeNetworkInterfaceAttributeResult:
    """Show one attribute of an interface."""
    interface = tx.get(NetworkInterface, req.network_interface_id)
    shown: dict[str, dict[str, Any]] = {
        "description": {"description": api.AttributeValue(value=interface.description)},
        "groupSet": {"groups": interface.groups},
        "sourceDestCheck": {"source_dest_check": api.AttributeBooleanValue(value=interface.source_dest_check)},
        "attachment": {"attachment": interface.attachment},
        "associatePublicIpAddress": {"associate_public_ip_address": interface.association is not None},
    }
    if req.attribute is None:
        raise AwsError("MissingParameter", "The request must contain the parameter attribute")
    if req.attribute not in shown:
        raise AwsError("InvalidParameterValue", f"Value ({req.attribute}) for parameter attribute is invalid.")
    return api.DescribeNetworkInterfaceAttributeResult(
        network_interface_id=interface.network_interface_id, **shown[req.attribute]
    )


@op
def modify_network_interface_attribute(tx: Tx, req: api.ModifyNetworkInterfaceAttributeRequest) -> None:
    """Change one attribute of an interface."""
    interface = tx.get(NetworkInterface, req.network_interface_id)
    changes: dict[str, Any] = {}
    if req.description is not None:
        changes["description"] = req.description.value or ""
    if req.source_dest_check is not None:
        changes["source_dest_check"] = req.source_dest_check.value
    if req.groups:
        groups = groups_for(tx, interface.vpc_id, req.groups)
        changes["groups"] = tuple(GroupIdentifier(group.group_id, group.group_name) for group in groups)
        changes["group_ids"] = tuple(group.group_id for group in groups)
    if req.attachment is not None:
        changes["attachment"] = _attachment(interface, req.attachment)
    if req.connection_tracking_specification is not None:
        changes["connection_tracking_configuration"] = plain(req.connection_tracking_specification)
    if req.enable_primary_ipv6:
        if not interface.ipv6_addresses:
            raise AwsError(
                "InvalidParameterValue",
                f"The network interface '{interface.network_interface_id}' has no IPv6 address to make primary.",
            )
        first = replace(interface.ipv6_addresses[0], is_primary_ipv6=True)
        changes["ipv6_addresses"] = (first, *interface.ipv6_addresses[1:])
    if changes:
        interface = tx.update(interface, **changes)
    if req.associate_public_ip_address is not None:
        change = give_public_address if req.associate_public_ip_address else take_public_address
        change(tx, interface)


def _attachment(interface: NetworkInterface, change: Any) -> Any:
    attachment = interface.attachment
    if attachment is None or attachment.attachment_id != change.attachment_id:
        raise AwsError(
            "InvalidAttachmentID.NotFound",
            f"The networkInterfaceAttachment ID '{change.attachment_id}' does not exist",
        )
    if change.delete_on_termination is None:
        return attachment
    return replace(attachment, delete_on_termination=change.delete_on_termination)


@op
def reset_network_interface_attribute(tx: Tx, req: api.ResetNetworkInterfaceAttributeRequest) -> None:
    """Check again that packets are from or for the interface itself."""
    interface = tx.get(NetworkInterface, req.network_interface_id)
    if req.source_dest_check is not None:
        tx.update(interface, source_dest_check=True)
