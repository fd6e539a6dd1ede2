"""Dedicated hosts."""

from __future__ import annotations

from typing import Any

from sundog.api import ec2 as api
from sundog.core import AwsError, Tx, op
from sundog.services.ec2.instance.option import type_facts
from sundog.services.ec2.settle import moment
from sundog.services.ec2.state.capacity import Host
from sundog.services.ec2.state.compute import SHUTTING_DOWN, TERMINATED, Instance
from sundog.services.ec2.zone import zone_ids, zone_named

_SOCKETS = 2
_VCPUS = 96


def _properties(type_name: str | None, family: str | None) -> dict[str, Any]:
    if (type_name is None) == (family is None):
        raise AwsError(
            "InvalidParameterCombination", "Either InstanceType or InstanceFamily must be given, and not both."
        )
    properties: dict[str, Any] = {"Cores": _VCPUS // 2, "Sockets": _SOCKETS, "TotalVCpus": _VCPUS}
    if type_name is not None:
        type_facts(type_name)
        return {**properties, "InstanceType": type_name, "InstanceFamily": type_name.partition(".")[0]}
    return {**properties, "InstanceFamily": family}


@op
def allocate_hosts(tx: Tx, req: api.AllocateHostsRequest) -> api.AllocateHostsResult:
    """Take hosts for the account alone."""
    properties = _properties(req.instance_type, req.instance_family)
    given = req.availability_zone or req.availability_zone_id
    zone = zone_named(tx, given) if given is not None else None
    if zone is None:
        raise AwsError("InvalidParameterValue", f"Invalid availability zone: [{given}]")
    quantity = 1 if req.quantity is None else req.quantity
    if quantity < 1:
        raise AwsError("InvalidParameterValue", f"Value ({quantity}) for parameter quantity is invalid.")
    found = [
        tx.add(
            Host(
                host_id=tx.new_id("h"),
                owner_id=tx.account,
                availability_zone=zone,
                availability_zone_id=zone_ids(tx)[zone],
                auto_placement=req.auto_placement or "on",
                host_recovery=req.host_recovery or "off",
                host_maintenance=req.host_maintenance or "off",
                allocation_time=moment(tx),
                client_token=req.client_token,
                allows_multiple_instance_types="off" if req.instance_type else "on",
                host_properties=properties,
            ),
            tags=req.tag_specifications,
        )
        for _ in range(quantity)
    ]
    return api.AllocateHostsResult(host_ids=[row.host_id for row in found])


def _instances(tx: Tx, host_id: str) -> list[Instance]:
    return [
        row
        for row in tx.select(Instance)
        if row.placement.host_id == host_id and row.state not in (SHUTTING_DOWN, TERMINATED)
    ]


def _shown(tx: Tx, row: Host) -> Any:
    made = api.Host(
        instances=[
            {"InstanceId": each.instance_id, "InstanceType": each.instance_type, "OwnerId": each.owner_id}
            for each in _instances(tx, row.host_id)
        ],
        tags=row.tags,
    )
    used = sum(type_facts(each.instance_type)["VCpuInfo"]["DefaultVCpus"] for each in _instances(tx, row.host_id))
    left = max(0, _VCPUS - used)
    capacity: list[Any] = []
    type_name = row.host_properties.get("InstanceType")
    if type_name is not None:
        each = type_facts(type_name)["VCpuInfo"]["DefaultVCpus"]
        capacity = [{"AvailableCapacity": left // each, "InstanceType": type_name, "TotalCapacity": _VCPUS // each}]
    if row.state == "available":
        made.available_capacity = {"AvailableInstanceCapacity": capacity, "AvailableVCpus": left}
    for name in Host.__struct_fields__:
        if name in api.Host.wire_ and name not in made.__dict__:
            setattr(made, name, getattr(row, name))
    return made


@op
def describe_hosts(tx: Tx, req: api.DescribeHostsRequest) -> api.DescribeHostsResult:
    """List hosts, with the instances on them."""
    rows = tx.search(Host, ids=req.host_ids, filters=req.filter)
    return api.DescribeHostsResult(hosts=rows.map(lambda row: _shown(tx, row)))


@op
def modify_hosts(tx: Tx, req: api.ModifyHostsRequest) -> api.ModifyHostsResult:
    """Change hosts; each that isn't there is told of."""
    changes: dict[str, Any] = {
        name: value
        for name, value in (
            ("auto_placement", req.auto_placement),
            ("host_recovery", req.host_recovery),
            ("host_maintenance", req.host_maintenance),
        )
        if value is not None
    }
    if req.instance_type is not None or req.instance_family is not None:
        changes["host_properties"] = _properties(req.instance_type, req.instance_family)
        changes["allows_multiple_instance_types"] = "off" if req.instance_type else "on"
    if not changes:
        raise AwsError("MissingParameter", "The request must contain a parameter to modify.")
    good: list[str] = []
    bad: list[Any] = []
    for host_id in req.host_ids:
        row = tx.find(Host, host_id)
        if row is None:
            bad.append(_problem(host_id, "InvalidHostID.NotFound", f"The specified host '{host_id}' does not exist."))
        else:
            tx.update(row, **changes)
            good.append(host_id)
    return api.ModifyHostsResult(successful=good, unsuccessful=bad)


def _problem(host_id: str, code: str, message: str) -> Any:
    return {"ResourceId": host_id, "Error": {"Code": code, "Message": message}}


@op
def release_hosts(tx: Tx, req: api.ReleaseHostsRequest) -> api.ReleaseHostsResult:
    """Give hosts back that nothing runs on."""
    good: list[str] = []
    bad: list[Any] = []
    for host_id in req.host_ids:
        row = tx.find(Host, host_id)
        if row is None or row.state == "released":
            bad.append(_problem(host_id, "InvalidHostID.NotFound", f"The specified host '{host_id}' does not exist."))
        elif _instances(tx, host_id):
            message = f"The host '{host_id}' has running instances and cannot be released."
            bad.append(_problem(host_id, "Client.InvalidHost.Occupied", message))
        else:
            tx.update(row, state="released", release_time=moment(tx))
            good.append(host_id)
    return api.ReleaseHostsResult(successful=good, unsuccessful=bad)
