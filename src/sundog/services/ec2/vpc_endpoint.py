"""VPC endpoints."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any

from msgspec.structs import replace

from sundog.api import ec2 as api
from sundog.core import AwsError, Tx, op, rows_of
from sundog.services.ec2.endpoint_service_lookup import find_service
from sundog.services.ec2.lifecycle import alive, begin, end
from sundog.services.ec2.managed_interface import drop_interfaces, make_managed_interface
from sundog.services.ec2.managed_prefix_list import aws_list
from sundog.services.ec2.security_group import groups_for
from sundog.services.ec2.settle import moment
from sundog.services.ec2.state.endpoint import DnsEntry, DnsOptions, VpcEndpoint
from sundog.services.ec2.state.interface import GroupIdentifier, NetworkInterface
from sundog.services.ec2.state.network import Route, RouteTable, Subnet, Vpc
from sundog.services.ec2.state.security_group import SecurityGroup

GATEWAY_POLICY = '{"Version":"2008-10-17","Statement":[{"Effect":"Allow","Principal":"*","Action":"*","Resource":"*"}]}'
INTERFACE_POLICY = json.dumps(
    {"Statement": [{"Action": "*", "Effect": "Allow", "Principal": "*", "Resource": "*"}]},
    indent=2,
    separators=(", ", ": "),
)
REQUESTER = "727180483921"
_HOSTED_ZONE = "Z7HUB22UULQXV"


@op
def create_vpc_endpoint(tx: Tx, req: api.CreateVpcEndpointRequest) -> api.CreateVpcEndpointResult:
    """Make a way from a VPC to a service: by routes (gateway) or by interfaces in subnets (the others)."""
    vpc = tx.find(Vpc, req.vpc_id)
    if vpc is None:
        raise AwsError("InvalidVpcId.NotFound", f"The Vpc Id {req.vpc_id} does not exist")
    kind = req.vpc_endpoint_type or "Gateway"
    policy = _checked_policy(req.policy_document)
    if kind in ("Resource", "ServiceNetwork"):
        endpoint = _to_lattice(tx, vpc, kind, req)
    else:
        if req.service_name is None:
            raise AwsError("MissingParameter", "The request must contain the parameter ServiceName")
        service = find_service(tx, req.service_name, kind, req.service_region)
        make = _gateway if kind == "Gateway" else _interfaces
        endpoint = make(tx, vpc, kind, service, policy, req)
    made = begin(tx, endpoint, tags=req.tag_specifications, seconds=60) if endpoint.state == "pending" else None
    if made is None:
        made = tx.add(endpoint, tags=req.tag_specifications)
    from sundog.services.ec2.vpc_endpoint_connection_notification import tell

    tell(tx, made, "Connect")
    return api.CreateVpcEndpointResult(vpc_endpoint=view(made), client_token=req.client_token)


def view(endpoint: VpcEndpoint) -> api.VpcEndpoint:
    """An endpoint as it is shown."""
    payers = [{"Scope": scope, "PayerResponsibilityType": payer} for scope, payer in (endpoint.payers or {}).items()]
    shown = {name: getattr(endpoint, name) for name in endpoint.__struct_fields__ if name not in _HIDDEN}
    return api.VpcEndpoint(**shown, payer_responsibilities=payers or None)


_HIDDEN = ("serial_", "service_id", "dns_name", "connection_id", "payers")


def _checked_policy(text: str | None) -> str | None:
    if text is None:
        return None
    try:
        json.loads(text)
    except ValueError:
        raise AwsError("InvalidPolicyDocument", "Policy document is malformed: it is not valid JSON.") from None
    return text


def _gateway(
    tx: Tx, vpc: Vpc, kind: str, service: dict[str, Any], policy: str | None, req: api.CreateVpcEndpointRequest
) -> VpcEndpoint:
    if req.subnet_ids or req.security_group_ids:
        raise AwsError("InvalidParameter", "Subnets and security groups are not supported by gateway endpoints.")
    endpoint = VpcEndpoint(
        vpc_endpoint_id=tx.new_id("vpce"),
        vpc_endpoint_type=kind,
        vpc_id=vpc.vpc_id,
        service_name=req.service_name,
        service_region=tx.region,
        state="available",
        policy_document=policy or GATEWAY_POLICY,
        creation_timestamp=moment(tx),
        owner_id=tx.account,
    )
    return _route(tx, endpoint, req.route_table_ids or ())


def _prefix_list(tx: Tx, endpoint: VpcEndpoint) -> str:
    return aws_list(tx, (endpoint.service_name or "").rpartition(".")[2]).prefix_list_id


def _route(tx: Tx, endpoint: VpcEndpoint, table_ids: Iterable[str]) -> VpcEndpoint:
    """Let tables route the service's addresses to the endpoint."""
    wanted = _prefix_list(tx, endpoint)
    for table_id in dict.fromkeys(table_ids):
        table = tx.find(RouteTable, table_id)
        if table is None:
            raise AwsError("InvalidRouteTableId.NotFound", f"The routeTable ID '{table_id}' does not exist")
        if table.vpc_id != endpoint.vpc_id:
            raise AwsError(
                "InvalidParameter",
                f"Route table {table_id} and VPC endpoint {endpoint.vpc_endpoint_id} belong to different networks.",
            )
        if any(route.destination_prefix_list_id == wanted for route in table.routes):
            raise AwsError(
                "RouteAlreadyExists",
                f"route table {table_id} already has a route with destination-prefix-list-id {wanted}",
            )
        route = Route(destination_prefix_list_id=wanted, gateway_id=endpoint.vpc_endpoint_id)
        tx.update(table, routes=(*table.routes, route))
    return replace(endpoint, route_table_ids=tuple(dict.fromkeys((*endpoint.route_table_ids, *table_ids))))


def _unroute(tx: Tx, endpoint: VpcEndpoint, table_ids: Iterable[str]) -> VpcEndpoint:
    gone = set(table_ids)
    for table_id in gone:
        table = tx.find(RouteTable, table_id)
        if table is not None:
            left = tuple(route for route in table.routes if route.gateway_id != endpoint.vpc_endpoint_id)
            tx.update(table, routes=left)
    return replace(endpoint, route_table_ids=tuple(item for item in endpoint.route_table_ids if item not in gone))


def _interfaces(
    tx: Tx, vpc: Vpc, kind: str, service: dict[str, Any], policy: str | None, req: api.CreateVpcEndpointRequest
) -> VpcEndpoint:
    if req.route_table_ids:
        raise AwsError("InvalidParameter", "Route table IDs are only supported for Gateway type VPC Endpoint.")
    if policy is not None and not service.get("VpcEndpointPolicySupported", True):
        raise AwsError("InvalidParameter", f"{req.service_name} does not support endpoint policies.")
    options = req.dns_options
    owned = service.get("Owner") != "amazon"
    groups: Sequence[SecurityGroup] = ()
    if kind == "Interface":
        groups = groups_for(tx, vpc.vpc_id, req.security_group_ids)
    elif req.security_group_ids:
        raise AwsError("InvalidParameter", f"Security groups are not supported by endpoints of the type {kind}.")
    waits = bool(service.get("AcceptanceRequired"))
    dns_names = service.get("BaseEndpointDnsNames") or ("",)
    endpoint_id = tx.new_id("vpce")
    endpoint = VpcEndpoint(
        vpc_endpoint_id=endpoint_id,
        vpc_endpoint_type=kind,
        vpc_id=vpc.vpc_id,
        service_name=req.service_name,
        service_id=service["ServiceId"] if owned else None,
        service_region=service.get("ServiceRegion") or tx.region,
        state="pendingAcceptance" if waits else "pending",
        policy_document=(policy or INTERFACE_POLICY) if kind == "Interface" else None,
        groups=tuple(GroupIdentifier(group.group_id, group.group_name) for group in groups),
        ip_address_type=req.ip_address_type or "ipv4",
        dns_options=DnsOptions(
            dns_record_ip_type=(options and options.dns_record_ip_type) or req.ip_address_type or "ipv4",
            private_dns_only_for_inbound_resolver_endpoint=options
            and options.private_dns_only_for_inbound_resolver_endpoint,
            private_dns_preference=options and options.private_dns_preference,
            private_dns_specified_domains=tuple(domains)
            if options is not None and (domains := options.private_dns_specified_domains)
            else None,
        ),
        dns_name=f"{endpoint_id}-{tx.ids.choose('abcdefghijklmnopqrstuvwxyz0123456789', 8)}.{dns_names[0]}",
        connection_id=tx.new_id("vpce-con") if owned else None,
        creation_timestamp=moment(tx),
        owner_id=tx.account,
    )
    endpoint = _plug(tx, endpoint, req.subnet_ids or (), groups, req.subnet_configurations)
    if kind != "Interface":
        return endpoint
    private = service.get("PrivateDnsName")
    asked = req.private_dns_enabled
    enabled = bool(private) and (asked if asked is not None else not owned)
    if asked and not private:
        raise AwsError(
            "InvalidParameter",
            f"Private DNS can't be enabled because the service {req.service_name} does not provide a private DNS name.",
        )
    return with_names(tx, endpoint, private if enabled else None)


def with_names(tx: Tx, endpoint: VpcEndpoint, private: str | None) -> VpcEndpoint:
    """The endpoint with its DNS names; with ``private``, the service's own name leads to it inside the VPC."""
    vpc = tx.get(Vpc, endpoint.vpc_id)
    if private is not None:
        if not (vpc.enable_dns_support and vpc.enable_dns_hostnames):
            raise AwsError(
                "InvalidParameter",
                "Enabling private DNS requires both enableDnsSupport and enableDnsHostnames VPC attributes set to true "
                f"for {vpc.vpc_id}",
            )
        for other in tx.select(VpcEndpoint, vpc_id=vpc.vpc_id):
            if other.vpc_endpoint_id != endpoint.vpc_endpoint_id and any(
                entry.dns_name == private for entry in other.dns_entries
            ):
                raise AwsError(
                    "InvalidParameter",
                    "private-dns-enabled cannot be set because there is already a conflicting DNS domain for "
                    f"{private} in the VPC {vpc.vpc_id}",
                )
    head, _, tail = endpoint.dns_name.partition(".")
    zones = dict.fromkeys(tx.get(Subnet, subnet_id).availability_zone for subnet_id in endpoint.subnet_ids)
    names = [endpoint.dns_name, *(f"{head}-{zone}.{tail}" for zone in zones)]
    entries = [DnsEntry(name, _HOSTED_ZONE) for name in names]
    if private is not None:
        entries.append(DnsEntry(private, "ZONEIDPENDING" if endpoint.state == "pending" else _HOSTED_ZONE))
    return replace(endpoint, dns_entries=tuple(entries), private_dns_enabled=private is not None)


def _plug(
    tx: Tx,
    endpoint: VpcEndpoint,
    subnet_ids: Iterable[str],
    groups: Sequence[SecurityGroup],
    configurations: Iterable[Any] | None = None,
) -> VpcEndpoint:
    """Give an endpoint an interface in each of the subnets."""
    wanted = {item.subnet_id: item.ipv4 for item in configurations or ()}
    kind = {"GatewayLoadBalancer": "gateway_load_balancer_endpoint"}.get(endpoint.vpc_endpoint_type, "vpc_endpoint")
    zones = {tx.get(Subnet, subnet_id).availability_zone for subnet_id in endpoint.subnet_ids}
    made: list[str] = []
    for subnet_id in subnet_ids:
        subnet = tx.find(Subnet, subnet_id)
        if subnet is None:
            raise AwsError("InvalidSubnetId.NotFound", f"The subnet ID '{subnet_id}' does not exist")
        if subnet.vpc_id != endpoint.vpc_id:
            raise AwsError("InvalidParameter", f"Subnet {subnet_id} does not belong to the VPC {endpoint.vpc_id}.")
        if subnet.availability_zone in zones:
            raise AwsError(
                "DuplicateSubnetsInSameZone",
                "Found another VPC endpoint subnet in the availability zone of "
                f"{subnet_id}. VPC endpoint subnets should be in different availability zones supported by "
                "the VPC endpoint service.",
            )
        zones.add(subnet.availability_zone)
        interface = make_managed_interface(
            tx,
            subnet,
            groups,
            kind,
            f"VPC Endpoint Interface {endpoint.vpc_endpoint_id}",
            REQUESTER,
            wanted.get(subnet_id),
        )
        made.append(interface.network_interface_id)
    return replace(
        endpoint,
        subnet_ids=(*endpoint.subnet_ids, *subnet_ids),
        network_interface_ids=(*endpoint.network_interface_ids, *made),
    )


def _to_lattice(tx: Tx, vpc: Vpc, kind: str, req: api.CreateVpcEndpointRequest) -> VpcEndpoint:
    """An endpoint to a service network or to a resource of VPC Lattice's."""
    arn = req.service_network_arn if kind == "ServiceNetwork" else req.resource_configuration_arn
    if arn is None:
        member = "ServiceNetworkArn" if kind == "ServiceNetwork" else "ResourceConfigurationArn"
        raise AwsError("MissingParameter", f"The request must contain the parameter {member}")
    groups = groups_for(tx, vpc.vpc_id, req.security_group_ids)
    endpoint = VpcEndpoint(
        vpc_endpoint_id=tx.new_id("vpce"),
        vpc_endpoint_type=kind,
        vpc_id=vpc.vpc_id,
        service_name=None,
        service_network_arn=req.service_network_arn,
        resource_configuration_arn=req.resource_configuration_arn,
        state="pending",
        groups=tuple(GroupIdentifier(group.group_id, group.group_name) for group in groups),
        ip_address_type=req.ip_address_type or "ipv4",
        private_dns_enabled=bool(req.private_dns_enabled),
        creation_timestamp=moment(tx),
        owner_id=tx.account,
    )
    return _plug(tx, endpoint, req.subnet_ids or (), groups, req.subnet_configurations)


@op
def describe_vpc_endpoints(tx: Tx, req: api.DescribeVpcEndpointsRequest) -> api.DescribeVpcEndpointsResult:
    """List endpoints."""
    found = tx.search(VpcEndpoint, ids=req.vpc_endpoint_ids, filters=req.filters)
    return api.DescribeVpcEndpointsResult(vpc_endpoints=found.map(view))


@op
def modify_vpc_endpoint(tx: Tx, req: api.ModifyVpcEndpointRequest) -> api.ModifyVpcEndpointResult:
    """Change an endpoint's policy, routes, subnets, groups and names."""
    endpoint = alive(tx, VpcEndpoint, req.vpc_endpoint_id)
    gateway = endpoint.vpc_endpoint_type == "Gateway"
    if not gateway and (req.add_route_table_ids or req.remove_route_table_ids):
        raise AwsError("InvalidParameter", "Route table IDs are only supported for Gateway type VPC Endpoint.")
    if gateway and (
        req.add_subnet_ids or req.remove_subnet_ids or req.add_security_group_ids or req.remove_security_group_ids
    ):
        raise AwsError("InvalidParameter", "Subnets and security groups are not supported by gateway endpoints.")
    if req.reset_policy and req.policy_document is not None:
        raise AwsError("InvalidParameterCombination", "ResetPolicy and PolicyDocument cannot be used together.")
    if req.policy_document is not None:
        endpoint = replace(endpoint, policy_document=_checked_policy(req.policy_document))
    elif req.reset_policy:
        endpoint = replace(endpoint, policy_document=GATEWAY_POLICY if gateway else INTERFACE_POLICY)
    endpoint = _unroute(tx, endpoint, req.remove_route_table_ids or ())
    if req.add_route_table_ids:
        endpoint = _route(tx, endpoint, req.add_route_table_ids)
    endpoint = _regroup(tx, endpoint, req.add_security_group_ids or (), req.remove_security_group_ids or ())
    endpoint = _unplug(tx, endpoint, req.remove_subnet_ids or ())
    groups = [tx.get(SecurityGroup, item.group_id) for item in endpoint.groups]
    endpoint = _plug(tx, endpoint, req.add_subnet_ids or (), groups, req.subnet_configurations)
    if req.ip_address_type is not None:
        endpoint = replace(endpoint, ip_address_type=req.ip_address_type)
    if req.dns_options is not None and endpoint.dns_options is not None:
        given: dict[str, Any] = {
            name: tuple(value) if isinstance(value, list) else value
            for name in DnsOptions.__struct_fields__
            if (value := getattr(req.dns_options, name)) is not None
        }
        endpoint = replace(endpoint, dns_options=replace(endpoint.dns_options, **given))
    if endpoint.vpc_endpoint_type == "Interface":
        enabled = endpoint.private_dns_enabled if req.private_dns_enabled is None else req.private_dns_enabled
        service = find_service(tx, endpoint.service_name or "", "Interface", endpoint.service_region)
        endpoint = with_names(tx, endpoint, service.get("PrivateDnsName") if enabled else None)
    tx.update(tx.get(VpcEndpoint, endpoint.vpc_endpoint_id), **_fields(endpoint))
    return api.ModifyVpcEndpointResult(return_=True)


def _fields(row: VpcEndpoint) -> dict[str, Any]:
    return {name: getattr(row, name) for name in row.__struct_fields__ if name != "serial_"}


def _regroup(tx: Tx, endpoint: VpcEndpoint, add: Iterable[str], remove: Iterable[str]) -> VpcEndpoint:
    gone = set(remove)
    ids = [item.group_id for item in endpoint.groups if item.group_id not in gone]
    ids += [group_id for group_id in add if group_id not in ids]
    if ids == [item.group_id for item in endpoint.groups]:
        return endpoint
    if not ids:
        raise AwsError("InvalidParameter", "An interface endpoint must have at least one security group.")
    groups = tuple(GroupIdentifier(group.group_id, group.group_name) for group in groups_for(tx, endpoint.vpc_id, ids))
    for interface_id in endpoint.network_interface_ids:
        interface = tx.get(NetworkInterface, interface_id)
        tx.update(interface, groups=groups, group_ids=tuple(item.group_id for item in groups))
    return replace(endpoint, groups=groups)


def _unplug(tx: Tx, endpoint: VpcEndpoint, subnet_ids: Iterable[str]) -> VpcEndpoint:
    gone = set(subnet_ids)
    dropped = [
        interface_id
        for interface_id in endpoint.network_interface_ids
        if tx.get(NetworkInterface, interface_id).subnet_id in gone
    ]
    drop_interfaces(tx, dropped)
    return replace(
        endpoint,
        subnet_ids=tuple(item for item in endpoint.subnet_ids if item not in gone),
        network_interface_ids=tuple(item for item in endpoint.network_interface_ids if item not in dropped),
    )


@op
def delete_vpc_endpoints(tx: Tx, req: api.DeleteVpcEndpointsRequest) -> api.DeleteVpcEndpointsResult:
    """Delete endpoints with their routes and interfaces; those that aren't there are told."""
    missing: list[dict[str, Any]] = []
    for endpoint_id in req.vpc_endpoint_ids:
        endpoint = tx.find(VpcEndpoint, endpoint_id)
        if endpoint is None or endpoint.state == "deleting":
            missing.append(not_found(endpoint_id))
            continue
        _unroute(tx, endpoint, endpoint.route_table_ids)
        drop_interfaces(tx, endpoint.network_interface_ids)
        from sundog.services.ec2.vpc_endpoint_connection_notification import tell

        tell(tx, endpoint, "Delete")
        end(tx, endpoint, then=None, network_interface_ids=())
    return api.DeleteVpcEndpointsResult(unsuccessful=missing)


def not_found(endpoint_id: str) -> dict[str, Any]:
    return {
        "ResourceId": endpoint_id,
        "Error": {
            "Code": "InvalidVpcEndpoint.NotFound",
            "Message": f"The Vpc Endpoint Id '{endpoint_id}' does not exist",
        },
    }


@op
def modify_vpc_endpoint_payer_responsibility(
    tx: Tx, req: api.ModifyVpcEndpointPayerResponsibilityRequest
) -> api.ModifyVpcEndpointPayerResponsibilityResult:
    """Say who pays for an endpoint."""
    endpoint = alive(tx, VpcEndpoint, req.vpc_endpoint_id)
    if req.service_id is not None and req.service_id != endpoint.service_id:
        raise AwsError(
            "InvalidVpcEndpointServiceId.NotFound", f"The VpcEndpointService Id '{req.service_id}' does not exist"
        )
    payers = {**(endpoint.payers or {}), req.scope: req.payer_responsibility}
    tx.update(endpoint, payers=payers)
    return api.ModifyVpcEndpointPayerResponsibilityResult(
        vpc_endpoint_id=endpoint.vpc_endpoint_id,
        payer_responsibilities=[{"Scope": scope, "PayerResponsibilityType": payer} for scope, payer in payers.items()],
    )


@op
def describe_vpc_endpoint_associations(
    tx: Tx, req: api.DescribeVpcEndpointAssociationsRequest
) -> api.DescribeVpcEndpointAssociationsResult:
    """List what endpoints of VPC Lattice's lead to."""
    rows = tx.search(VpcEndpoint, ids=req.vpc_endpoint_ids)
    found: list[dict[str, Any]] = []
    for row in rows:
        arn = row.service_network_arn or row.resource_configuration_arn
        if arn is None:
            continue
        item: dict[str, Any] = {
            "Id": "vpce-assoc-" + row.vpc_endpoint_id.removeprefix("vpce-"),
            "VpcEndpointId": row.vpc_endpoint_id,
            "AssociatedResourceAccessibility": "Accessible",
            "Tags": [],
        }
        if row.service_network_arn:
            item |= {"ServiceNetworkArn": arn, "ServiceNetworkName": arn.rpartition("/")[2]}
        else:
            item["AssociatedResourceArn"] = arn
        found.append(item)
    from sundog.core.filter import narrow

    declared = {
        "vpc-endpoint-id": "VpcEndpointId",
        "associated-resource-accessibility": "AssociatedResourceAccessibility",
        "association-id": "Id",
        "associated-resource-id": "AssociatedResourceArn",
        "service-network-arn": "ServiceNetworkArn",
        "service-network-name": "ServiceNetworkName",
    }
    return api.DescribeVpcEndpointAssociationsResult(
        vpc_endpoint_associations=rows_of(narrow(found, req.filters, declared))
    )
