"""Instance connect endpoints."""

from __future__ import annotations

from typing import Any

from sundog.api import ec2 as api
from sundog.core import AwsError, Tx, op
from sundog.services.ec2.lifecycle import alive, begin, end
from sundog.services.ec2.managed_interface import drop_interfaces, make_managed_interface
from sundog.services.ec2.security_group import groups_for
from sundog.services.ec2.settle import moment
from sundog.services.ec2.state.guarding import InstanceConnectEndpoint
from sundog.services.ec2.state.interface import GroupIdentifier, NetworkInterface
from sundog.services.ec2.state.network import Subnet


@op
def create_instance_connect_endpoint(
    tx: Tx, req: api.CreateInstanceConnectEndpointRequest
) -> api.CreateInstanceConnectEndpointResult:
    """Make an endpoint in a subnet; a VPC has one at most."""
    subnet = tx.get(Subnet, req.subnet_id)
    if any(row.state != "delete-complete" for row in tx.select(InstanceConnectEndpoint, vpc_id=subnet.vpc_id)):
        raise AwsError(
            "ResourceLimitExceeded", "You have reached the limit of instance connect endpoints for this VPC."
        )
    groups = groups_for(tx, subnet.vpc_id, req.security_group_ids)
    endpoint_id = tx.new_id("eice")
    preserve = bool(req.preserve_client_ip)
    interface = make_managed_interface(
        tx,
        subnet,
        groups,
        "ec2_instance_connect_endpoint",
        f"EC2 Instance Connect Endpoint ({endpoint_id})",
        "727180483921",
    )
    name = f"{endpoint_id}.{tx.ids.hex(8)}"
    row = InstanceConnectEndpoint(
        instance_connect_endpoint_id=endpoint_id,
        instance_connect_endpoint_arn=tx.arn(f"instance-connect-endpoint/{endpoint_id}"),
        owner_id=tx.account,
        dns_name=f"{name}.ec2-instance-connect-endpoint.{tx.region}.{tx.dns_suffix}",
        fips_dns_name=f"{name}.fips.ec2-instance-connect-endpoint.{tx.region}.{tx.dns_suffix}",
        network_interface_ids=(interface.network_interface_id,),
        vpc_id=subnet.vpc_id,
        subnet_id=subnet.subnet_id,
        availability_zone=subnet.availability_zone,
        availability_zone_id=subnet.availability_zone_id,
        created_at=moment(tx),
        preserve_client_ip=preserve,
        security_group_ids=tuple(group.group_id for group in groups),
        ip_address_type=req.ip_address_type or "ipv4",
    )
    made = begin(tx, row, then="create-complete", tags=req.tag_specifications)
    return api.CreateInstanceConnectEndpointResult(instance_connect_endpoint=made, client_token=req.client_token)


@op
def describe_instance_connect_endpoints(
    tx: Tx, req: api.DescribeInstanceConnectEndpointsRequest
) -> api.DescribeInstanceConnectEndpointsResult:
    """List endpoints."""
    found = tx.search(InstanceConnectEndpoint, ids=req.instance_connect_endpoint_ids, filters=req.filters)
    return api.DescribeInstanceConnectEndpointsResult(instance_connect_endpoints=found)


@op
def modify_instance_connect_endpoint(
    tx: Tx, req: api.ModifyInstanceConnectEndpointRequest
) -> api.ModifyInstanceConnectEndpointResult:
    """Change an endpoint's groups and addresses."""
    row = alive(tx, InstanceConnectEndpoint, req.instance_connect_endpoint_id)
    changes: dict[str, Any] = {
        name: value for name in ("ip_address_type", "preserve_client_ip") if (value := getattr(req, name)) is not None
    }
    if req.security_group_ids:
        groups = groups_for(tx, row.vpc_id, req.security_group_ids)
        changes["security_group_ids"] = tuple(group.group_id for group in groups)
        for interface_id in row.network_interface_ids:
            tx.update(
                tx.get(NetworkInterface, interface_id),
                groups=tuple(GroupIdentifier(group.group_id, group.group_name) for group in groups),
                group_ids=changes["security_group_ids"],
            )
    tx.update(row, **changes)
    return api.ModifyInstanceConnectEndpointResult(return_=True)


@op
def delete_instance_connect_endpoint(
    tx: Tx, req: api.DeleteInstanceConnectEndpointRequest
) -> api.DeleteInstanceConnectEndpointResult:
    """Delete an endpoint."""
    row = alive(tx, InstanceConnectEndpoint, req.instance_connect_endpoint_id)
    drop_interfaces(tx, row.network_interface_ids)
    gone = end(tx, row, "delete-in-progress", "delete-complete")
    return api.DeleteInstanceConnectEndpointResult(instance_connect_endpoint=gone)
