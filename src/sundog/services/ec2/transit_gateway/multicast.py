"""Multicast domains, their subnets and groups."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sundog.api import ec2 as api
from sundog.core import AwsError, Tx, op, rows_of
from sundog.core.filter import narrow
from sundog.services.ec2.cidr import ipv4
from sundog.services.ec2.lifecycle import alive, begin, end
from sundog.services.ec2.settle import moment
from sundog.services.ec2.state.interface import NetworkInterface
from sundog.services.ec2.state.transit_gateway import (
    MulticastInterface,
    MulticastSubnet,
    TransitGateway,
    TransitGatewayAttachment,
    TransitGatewayMulticastDomain,
)
from sundog.services.ec2.transit_gateway.attachment import attachment


def domain(tx: Tx, domain_id: str | None) -> TransitGatewayMulticastDomain:
    if domain_id is None:
        raise AwsError("MissingParameter", "The request must contain the parameter TransitGatewayMulticastDomainId")
    return alive(tx, TransitGatewayMulticastDomain, domain_id)


@op
def create_transit_gateway_multicast_domain(
    tx: Tx, req: api.CreateTransitGatewayMulticastDomainRequest
) -> api.CreateTransitGatewayMulticastDomainResult:
    """Make a domain of a gateway that supports multicast."""
    gateway = alive(tx, TransitGateway, req.transit_gateway_id)
    if gateway.options.multicast_support != "enable":
        raise AwsError(
            "UnsupportedOperation", f"Multicast is not supported on transit gateway {gateway.transit_gateway_id}."
        )
    domain_id = tx.new_id("tgw-mcast-domain")
    asked = req.options
    row = TransitGatewayMulticastDomain(
        transit_gateway_multicast_domain_id=domain_id,
        transit_gateway_id=gateway.transit_gateway_id,
        transit_gateway_multicast_domain_arn=tx.arn(f"transit-gateway-multicast-domain/{domain_id}"),
        owner_id=tx.account,
        options={
            "Igmpv2Support": (asked and asked.igmpv2_support) or "disable",
            "StaticSourcesSupport": (asked and asked.static_sources_support) or "disable",
            "AutoAcceptSharedAssociations": (asked and asked.auto_accept_shared_associations) or "disable",
        },
        creation_time=moment(tx),
    )
    made = begin(tx, row, tags=req.tag_specifications)
    return api.CreateTransitGatewayMulticastDomainResult(transit_gateway_multicast_domain=made)


@op
def describe_transit_gateway_multicast_domains(
    tx: Tx, req: api.DescribeTransitGatewayMulticastDomainsRequest
) -> api.DescribeTransitGatewayMulticastDomainsResult:
    """List domains."""
    found = tx.search(TransitGatewayMulticastDomain, ids=req.transit_gateway_multicast_domain_ids, filters=req.filters)
    return api.DescribeTransitGatewayMulticastDomainsResult(transit_gateway_multicast_domains=found)


@op
def delete_transit_gateway_multicast_domain(
    tx: Tx, req: api.DeleteTransitGatewayMulticastDomainRequest
) -> api.DeleteTransitGatewayMulticastDomainResult:
    """Delete a domain that no subnet is in."""
    row = domain(tx, req.transit_gateway_multicast_domain_id)
    wanted = row.transit_gateway_multicast_domain_id
    if tx.select(MulticastSubnet, transit_gateway_multicast_domain_id=wanted):
        raise AwsError("IncorrectState", f"{wanted} has active associations.")
    return api.DeleteTransitGatewayMulticastDomainResult(transit_gateway_multicast_domain=end(tx, row))


def _answer(row: TransitGatewayAttachment, domain_id: str, subnet_ids: Iterable[str], state: str) -> dict[str, Any]:
    return {
        "TransitGatewayMulticastDomainId": domain_id,
        "TransitGatewayAttachmentId": row.transit_gateway_attachment_id,
        "ResourceId": row.resource_id,
        "ResourceType": row.resource_type,
        "ResourceOwnerId": row.resource_owner_id,
        "Subnets": [{"SubnetId": subnet_id, "State": state} for subnet_id in subnet_ids],
    }


@op
def associate_transit_gateway_multicast_domain(
    tx: Tx, req: api.AssociateTransitGatewayMulticastDomainRequest
) -> api.AssociateTransitGatewayMulticastDomainResult:
    """Put an attached VPC's subnets into a domain."""
    wanted = domain(tx, req.transit_gateway_multicast_domain_id)
    row = attachment(tx, req.transit_gateway_attachment_id, "vpc")
    domain_id = wanted.transit_gateway_multicast_domain_id
    if row.transit_gateway_id != wanted.transit_gateway_id:
        raise AwsError("InvalidParameterValue", f"{domain_id} belongs to another transit gateway.")
    accepted = row.resource_owner_id == tx.account or wanted.options["AutoAcceptSharedAssociations"] == "enable"
    for subnet_id in req.subnet_ids:
        if subnet_id not in (row.subnet_ids or ()):
            raise AwsError(
                "InvalidSubnetID.NotFound",
                f"The subnet ID '{subnet_id}' is not part of {row.transit_gateway_attachment_id}",
            )
        if tx.find(MulticastSubnet, domain_id, subnet_id) is not None:
            raise AwsError("Resource.AlreadyAssociated", f"Subnet {subnet_id} is already associated with {domain_id}.")
        tx.add(
            MulticastSubnet(
                transit_gateway_multicast_domain_id=domain_id,
                subnet_id=subnet_id,
                transit_gateway_attachment_id=row.transit_gateway_attachment_id,
                resource_id=row.resource_id,
                resource_type=row.resource_type,
                resource_owner_id=row.resource_owner_id,
                state="associated" if accepted else "pendingAcceptance",
            )
        )
    return api.AssociateTransitGatewayMulticastDomainResult(
        associations=_answer(row, domain_id, req.subnet_ids, "associating" if accepted else "pendingAcceptance")
    )


def _subnets(tx: Tx, req: Any) -> tuple[TransitGatewayAttachment, str, list[MulticastSubnet]]:
    wanted = domain(tx, req.transit_gateway_multicast_domain_id).transit_gateway_multicast_domain_id
    row = attachment(tx, req.transit_gateway_attachment_id or "")
    found: list[MulticastSubnet] = []
    for subnet_id in req.subnet_ids or ():
        each = tx.find(MulticastSubnet, wanted, subnet_id)
        if each is None:
            raise AwsError("InvalidAssociation.NotFound", f"Subnet {subnet_id} is not associated with {wanted}.")
        found.append(each)
    return row, wanted, found


@op
def disassociate_transit_gateway_multicast_domain(
    tx: Tx, req: api.DisassociateTransitGatewayMulticastDomainRequest
) -> api.DisassociateTransitGatewayMulticastDomainResult:
    """Take subnets out of a domain, with their interfaces' memberships."""
    row, wanted, found = _subnets(tx, req)
    for each in found:
        tx.delete(each)
        for member in list(tx.select(MulticastInterface, transit_gateway_multicast_domain_id=wanted)):
            interface = tx.find(NetworkInterface, member.network_interface_id)
            if interface is None or interface.subnet_id == each.subnet_id:
                tx.delete(member)
    return api.DisassociateTransitGatewayMulticastDomainResult(
        associations=_answer(row, wanted, req.subnet_ids, "disassociating")
    )


@op
def accept_transit_gateway_multicast_domain_associations(
    tx: Tx, req: api.AcceptTransitGatewayMulticastDomainAssociationsRequest
) -> api.AcceptTransitGatewayMulticastDomainAssociationsResult:
    """Let another account's subnets into a domain."""
    row, wanted, found = _subnets(tx, req)
    for each in found:
        tx.update(each, state="associated")
    return api.AcceptTransitGatewayMulticastDomainAssociationsResult(
        associations=_answer(row, wanted, [each.subnet_id for each in found], "associating")
    )


@op
def reject_transit_gateway_multicast_domain_associations(
    tx: Tx, req: api.RejectTransitGatewayMulticastDomainAssociationsRequest
) -> api.RejectTransitGatewayMulticastDomainAssociationsResult:
    """Refuse another account's subnets."""
    row, wanted, found = _subnets(tx, req)
    for each in found:
        tx.delete(each)
    return api.RejectTransitGatewayMulticastDomainAssociationsResult(
        associations=_answer(row, wanted, [each.subnet_id for each in found], "rejected")
    )


@op
def get_transit_gateway_multicast_domain_associations(
    tx: Tx, req: api.GetTransitGatewayMulticastDomainAssociationsRequest
) -> api.GetTransitGatewayMulticastDomainAssociationsResult:
    """List a domain's subnets."""
    wanted = domain(tx, req.transit_gateway_multicast_domain_id).transit_gateway_multicast_domain_id
    found = [
        {
            "TransitGatewayAttachmentId": each.transit_gateway_attachment_id,
            "ResourceId": each.resource_id,
            "ResourceType": each.resource_type,
            "ResourceOwnerId": each.resource_owner_id,
            "Subnet": {"SubnetId": each.subnet_id, "State": each.state},
        }
        for each in tx.select(MulticastSubnet, transit_gateway_multicast_domain_id=wanted)
    ]
    declared = {
        "resource-id": "ResourceId",
        "resource-type": "ResourceType",
        "state": "Subnet.State",
        "subnet-id": "Subnet.SubnetId",
        "transit-gateway-attachment-id": "TransitGatewayAttachmentId",
    }
    shown = rows_of(narrow(found, req.filters, declared))
    return api.GetTransitGatewayMulticastDomainAssociationsResult(multicast_domain_associations=shown)


def _register(tx: Tx, req: Any, source: bool) -> dict[str, Any]:
    wanted = domain(tx, req.transit_gateway_multicast_domain_id).transit_gateway_multicast_domain_id
    number = ipv4(req.group_ip_address)
    if number is None or number >> 28 != 0b1110:
        raise AwsError(
            "InvalidParameterValue", f"Value ({req.group_ip_address}) for parameter GroupIpAddress is invalid."
        )
    for interface_id in req.network_interface_ids:
        interface = tx.get(NetworkInterface, interface_id)
        if tx.find(MulticastSubnet, wanted, interface.subnet_id) is None:
            raise AwsError("InvalidParameterValue", f"The subnet of {interface_id} is not associated with {wanted}.")
        if tx.find(MulticastInterface, wanted, req.group_ip_address, interface_id, source) is None:
            tx.add(
                MulticastInterface(
                    transit_gateway_multicast_domain_id=wanted,
                    group_ip_address=req.group_ip_address,
                    network_interface_id=interface_id,
                    source=source,
                )
            )
    return {
        "TransitGatewayMulticastDomainId": wanted,
        "RegisteredNetworkInterfaceIds": req.network_interface_ids,
        "GroupIpAddress": req.group_ip_address,
    }


def _deregister(tx: Tx, req: Any, source: bool) -> dict[str, Any]:
    wanted = domain(tx, req.transit_gateway_multicast_domain_id).transit_gateway_multicast_domain_id
    named = set(req.network_interface_ids or ())
    gone: list[str] = []
    for row in list(tx.select(MulticastInterface, transit_gateway_multicast_domain_id=wanted)):
        if row.source == source and (req.group_ip_address or row.group_ip_address) == row.group_ip_address:
            if named and row.network_interface_id not in named:
                continue
            tx.delete(row)
            gone.append(row.network_interface_id)
    return {
        "TransitGatewayMulticastDomainId": wanted,
        "DeregisteredNetworkInterfaceIds": gone,
        "GroupIpAddress": req.group_ip_address,
    }


@op
def register_transit_gateway_multicast_group_members(
    tx: Tx, req: api.RegisterTransitGatewayMulticastGroupMembersRequest
) -> api.RegisterTransitGatewayMulticastGroupMembersResult:
    """Let interfaces receive what is sent to a group."""
    made = _register(tx, req, source=False)
    return api.RegisterTransitGatewayMulticastGroupMembersResult(registered_multicast_group_members=made)


@op
def register_transit_gateway_multicast_group_sources(
    tx: Tx, req: api.RegisterTransitGatewayMulticastGroupSourcesRequest
) -> api.RegisterTransitGatewayMulticastGroupSourcesResult:
    """Let interfaces send to a group."""
    made = _register(tx, req, source=True)
    return api.RegisterTransitGatewayMulticastGroupSourcesResult(registered_multicast_group_sources=made)


@op
def deregister_transit_gateway_multicast_group_members(
    tx: Tx, req: api.DeregisterTransitGatewayMulticastGroupMembersRequest
) -> api.DeregisterTransitGatewayMulticastGroupMembersResult:
    """Let interfaces receive a group's packets no longer."""
    gone = _deregister(tx, req, source=False)
    return api.DeregisterTransitGatewayMulticastGroupMembersResult(deregistered_multicast_group_members=gone)


@op
def deregister_transit_gateway_multicast_group_sources(
    tx: Tx, req: api.DeregisterTransitGatewayMulticastGroupSourcesRequest
) -> api.DeregisterTransitGatewayMulticastGroupSourcesResult:
    """Let interfaces send to a group no longer."""
    gone = _deregister(tx, req, source=True)
    return api.DeregisterTransitGatewayMulticastGroupSourcesResult(deregistered_multicast_group_sources=gone)


@op
def search_transit_gateway_multicast_groups(
    tx: Tx, req: api.SearchTransitGatewayMulticastGroupsRequest
) -> api.SearchTransitGatewayMulticastGroupsResult:
    """List members and sources of a domain's groups."""
    wanted = domain(tx, req.transit_gateway_multicast_domain_id).transit_gateway_multicast_domain_id
    found: list[dict[str, Any]] = []
    for row in tx.select(MulticastInterface, transit_gateway_multicast_domain_id=wanted):
        interface = tx.find(NetworkInterface, row.network_interface_id)
        subnet = tx.find(MulticastSubnet, wanted, interface.subnet_id) if interface is not None else None
        if interface is None or subnet is None:
            continue
        item: dict[str, Any] = {
            "GroupIpAddress": row.group_ip_address,
            "TransitGatewayAttachmentId": subnet.transit_gateway_attachment_id,
            "SubnetId": subnet.subnet_id,
            "ResourceId": subnet.resource_id,
            "ResourceType": subnet.resource_type,
            "ResourceOwnerId": subnet.resource_owner_id,
            "NetworkInterfaceId": row.network_interface_id,
            "GroupMember": not row.source,
            "GroupSource": row.source,
        }
        item["SourceType" if row.source else "MemberType"] = "static"
        found.append(item)
    declared = {
        "group-ip-address": "GroupIpAddress",
        "is-group-member": "GroupMember",
        "is-group-source": "GroupSource",
        "member-type": "MemberType",
        "resource-id": "ResourceId",
        "resource-type": "ResourceType",
        "source-type": "SourceType",
        "subnet-id": "SubnetId",
        "transit-gateway-attachment-id": "TransitGatewayAttachmentId",
    }
    return api.SearchTransitGatewayMulticastGroupsResult(multicast_groups=rows_of(narrow(found, req.filters, declared)))
