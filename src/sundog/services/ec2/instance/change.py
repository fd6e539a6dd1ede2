"""Options of instances that exist: monitoring, metadata, placement, credits, processors, names, maintenance."""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from sundog.api import ec2 as api
from sundog.core import AwsError, Rows, Tx, op
from sundog.core.filter import narrow
from sundog.core.structure import plain
from sundog.services.ec2.identifier import check_ids, well_formed
from sundog.services.ec2.instance.option import check_credits, cpu_options, default_credits, type_facts
from sundog.services.ec2.instance.transition import get_instance, get_instances
from sundog.services.ec2.settle import settle
from sundog.services.ec2.state.compute import RUNNING, STOPPED, TERMINATED, Instance, InstanceDefaults

SOON = 5

# -- monitoring


@op
def monitor_instances(tx: Tx, req: api.MonitorInstancesRequest) -> api.MonitorInstancesResult:
    """Measure every minute."""
    return api.MonitorInstancesResult(instance_monitorings=_monitor(tx, req.instance_ids, "enabled", "pending"))


@op
def unmonitor_instances(tx: Tx, req: api.UnmonitorInstancesRequest) -> api.UnmonitorInstancesResult:
    """Measure every five minutes again."""
    return api.UnmonitorInstancesResult(instance_monitorings=_monitor(tx, req.instance_ids, "disabled", "disabling"))


def _monitor(tx: Tx, ids: list[str], state: str, meanwhile: str) -> list[Any]:
    answers: list[Any] = []
    for row in get_instances(tx, ids):
        shown = state if row.monitoring == state else meanwhile
        answers.append({"InstanceId": row.instance_id, "Monitoring": {"State": shown}})
        tx.update(row, monitoring=shown)
        settle(tx, SOON, become_monitored, row.instance_id, state)
    return answers


def become_monitored(tx: Tx, instance_id: str, state: str) -> None:
    """Monitoring is as it was asked for."""
    row = tx.find(Instance, instance_id)
    if row is not None and row.monitoring in ("pending", "disabling"):
        tx.update(row, monitoring=state)


# -- metadata


@op
def modify_instance_metadata_options(
    tx: Tx, req: api.ModifyInstanceMetadataOptionsRequest
) -> api.ModifyInstanceMetadataOptionsResult:
    """Change how an instance's metadata can be reached."""
    row = get_instance(tx, req.instance_id)
    if row.state == TERMINATED:
        raise AwsError(
            "IncorrectInstanceState", f"The instance '{row.instance_id}' is not in a valid state for this operation."
        )
    given: dict[str, Any] = {
        "http_tokens": req.http_tokens,
        "http_put_response_hop_limit": req.http_put_response_hop_limit,
        "http_endpoint": req.http_endpoint,
        "http_protocol_ipv6": req.http_protocol_ipv6,
        "instance_metadata_tags": req.instance_metadata_tags,
    }
    changes = {name: value for name, value in given.items() if value is not None}
    if not changes:
        raise AwsError("InvalidParameterCombination", "No options specified.")
    hops = changes.get("http_put_response_hop_limit")
    if hops is not None and not 1 <= hops <= 64:
        raise AwsError(
            "InvalidParameterValue",
            f"Value ({hops}) for parameter HttpPutResponseHopLimit is invalid. Valid values are between 1 and 64.",
        )
    options = replace(row.metadata_options, **changes)
    tx.update(row, metadata_options=options)
    return api.ModifyInstanceMetadataOptionsResult(
        instance_id=row.instance_id, instance_metadata_options=replace(options, state="pending")
    )


@op
def get_instance_metadata_defaults(
    tx: Tx, req: api.GetInstanceMetadataDefaultsRequest
) -> api.GetInstanceMetadataDefaultsResult:
    """What the account has set for new instances."""
    row = tx.find(InstanceDefaults, "default")
    values = dict(row.metadata) if row is not None else {}
    return api.GetInstanceMetadataDefaultsResult(
        account_level=api.InstanceMetadataDefaultsResponse(**values, managed_by="account")
    )


@op
def modify_instance_metadata_defaults(
    tx: Tx, req: api.ModifyInstanceMetadataDefaultsRequest
) -> api.ModifyInstanceMetadataDefaultsResult:
    """Set, or unset, what new instances get."""
    row = _defaults(tx)
    values = dict(row.metadata)
    for name, value in (
        ("http_tokens", req.http_tokens),
        ("http_put_response_hop_limit", req.http_put_response_hop_limit),
        ("http_endpoint", req.http_endpoint),
        ("instance_metadata_tags", req.instance_metadata_tags),
        ("http_tokens_enforced", req.http_tokens_enforced),
    ):
        if value in ("no-preference", -1):
            values.pop(name, None)
        elif value is not None:
            values[name] = value
    tx.update(row, metadata=values)
    return api.ModifyInstanceMetadataDefaultsResult(return_=True)


def _defaults(tx: Tx) -> InstanceDefaults:
    return tx.find(InstanceDefaults, "default") or tx.add(InstanceDefaults())


# -- placement


@op
def modify_instance_placement(tx: Tx, req: api.ModifyInstancePlacementRequest) -> api.ModifyInstancePlacementResult:
    """Move a stopped instance to another host, group or tenancy."""
    row = get_instance(tx, req.instance_id)
    given: dict[str, Any] = {
        "affinity": req.affinity,
        "group_name": req.group_name,
        "group_id": req.group_id,
        "host_id": req.host_id,
        "host_resource_group_arn": req.host_resource_group_arn,
        "partition_number": req.partition_number,
        "tenancy": req.tenancy,
    }
    changes = {name: value for name, value in given.items() if value is not None}
    if not changes:
        raise AwsError(
            "MissingParameter", "The request must contain the parameter Affinity, HostId, Tenancy or GroupName"
        )
    if row.state != STOPPED:
        raise AwsError("IncorrectInstanceState", f"The instance '{row.instance_id}' is not in the 'stopped' state.")
    tx.update(row, placement=replace(row.placement, **changes))
    return api.ModifyInstancePlacementResult(return_=True)


# -- credits


@op(page_size=1000)
def describe_instance_credit_specifications(
    tx: Tx, req: api.DescribeInstanceCreditSpecificationsRequest
) -> api.DescribeInstanceCreditSpecificationsResult:
    """How burstable instances pay for bursts: those named, else those that don't have their family's usual way."""
    ids = req.instance_ids
    check_ids(ids or (), "i", "InvalidInstanceID.Malformed")
    rows: Rows[Instance] = tx.search(Instance, ids=ids)
    if not ids:
        rows = rows.where(lambda row: row.cpu_credits == "unlimited" and row.state in (RUNNING, STOPPED))
    found = [
        {"InstanceId": row.instance_id, "CpuCredits": row.cpu_credits} for row in rows if row.cpu_credits is not None
    ]
    return api.DescribeInstanceCreditSpecificationsResult(
        instance_credit_specifications=narrow(found, req.filters, {"instance-id": "InstanceId"})
    )


@op
def modify_instance_credit_specification(
    tx: Tx, req: api.ModifyInstanceCreditSpecificationRequest
) -> api.ModifyInstanceCreditSpecificationResult:
    """Change how instances pay for bursts; each that can't be changed is told of."""
    good: list[Any] = []
    bad: list[Any] = []
    for item in req.instance_credit_specifications:
        value = check_credits(item.cpu_credits)
        problem = None
        row = tx.find(Instance, item.instance_id)
        if not well_formed(item.instance_id, "i"):
            problem = ("InvalidInstanceID.Malformed", f'Invalid id: "{item.instance_id}"')
        elif row is None:
            problem = ("InvalidInstanceID.NotFound", f"The instance ID '{item.instance_id}' does not exist")
        elif row.state not in (RUNNING, STOPPED):
            problem = (
                "IncorrectInstanceState",
                f"The instance '{item.instance_id}' is not in the 'running' or 'stopped' state.",
            )
        elif row.cpu_credits is None:
            problem = (
                "InstanceCreditSpecification.NotSupported",
                f"The instance type '{row.instance_type}' is not supported for the instance credit specification.",
            )
        if problem is None and row is not None:
            tx.update(row, cpu_credits=value)
            good.append({"InstanceId": item.instance_id})
        elif problem is not None:
            bad.append({"InstanceId": item.instance_id, "Error": {"Code": problem[0], "Message": problem[1]}})
    return api.ModifyInstanceCreditSpecificationResult(
        successful_instance_credit_specifications=good, unsuccessful_instance_credit_specifications=bad
    )


@op
def get_default_credit_specification(
    tx: Tx, req: api.GetDefaultCreditSpecificationRequest
) -> api.GetDefaultCreditSpecificationResult:
    """What new instances of a family get."""
    return api.GetDefaultCreditSpecificationResult(
        instance_family_credit_specification={
            "InstanceFamily": req.instance_family,
            "CpuCredits": default_credits(tx, req.instance_family),
        }
    )


@op
def modify_default_credit_specification(
    tx: Tx, req: api.ModifyDefaultCreditSpecificationRequest
) -> api.ModifyDefaultCreditSpecificationResult:
    """Set what new instances of a family get."""
    row = _defaults(tx)
    value = check_credits(req.cpu_credits)
    tx.update(row, credits={**row.credits, req.instance_family: value})
    return api.ModifyDefaultCreditSpecificationResult(
        instance_family_credit_specification={"InstanceFamily": req.instance_family, "CpuCredits": value}
    )


# -- the rest


@op
def modify_instance_maintenance_options(
    tx: Tx, req: api.ModifyInstanceMaintenanceOptionsRequest
) -> api.ModifyInstanceMaintenanceOptionsResult:
    """Change what AWS may do when hardware fails."""
    row = get_instance(tx, req.instance_id)
    options = replace(
        row.maintenance_options,
        auto_recovery=req.auto_recovery or row.maintenance_options.auto_recovery,
        reboot_migration=req.reboot_migration or row.maintenance_options.reboot_migration,
    )
    tx.update(row, maintenance_options=options)
    return api.ModifyInstanceMaintenanceOptionsResult(
        instance_id=row.instance_id,
        auto_recovery=options.auto_recovery,
        reboot_migration=options.reboot_migration,
    )


@op
def modify_instance_cpu_options(tx: Tx, req: api.ModifyInstanceCpuOptionsRequest) -> api.ModifyInstanceCpuOptionsResult:
    """Change how many processors a stopped instance uses."""
    row = get_instance(tx, req.instance_id)
    if row.state != STOPPED:
        raise AwsError("IncorrectInstanceState", f"The instance '{row.instance_id}' is not in the 'stopped' state.")
    wanted = api.CpuOptionsRequest(
        core_count=req.core_count,
        threads_per_core=req.threads_per_core,
        nested_virtualization=req.nested_virtualization,
    )
    options = cpu_options(wanted, row.instance_type, type_facts(row.instance_type))
    tx.update(row, cpu_options=options)
    return api.ModifyInstanceCpuOptionsResult(
        instance_id=row.instance_id,
        core_count=options.core_count,
        threads_per_core=options.threads_per_core,
        nested_virtualization=options.nested_virtualization,
    )


@op
def modify_private_dns_name_options(
    tx: Tx, req: api.ModifyPrivateDnsNameOptionsRequest
) -> api.ModifyPrivateDnsNameOptionsResult:
    """Change how an instance is named."""
    row = get_instance(tx, req.instance_id)
    given: dict[str, Any] = {
        "hostname_type": req.private_dns_hostname_type,
        "enable_resource_name_dns_a_record": req.enable_resource_name_dns_a_record,
        "enable_resource_name_dns_aaaa_record": req.enable_resource_name_dns_aaaa_record,
    }
    changes = {name: value for name, value in given.items() if value is not None}
    if req.private_dns_hostname_type is not None and row.state != STOPPED:
        raise AwsError("IncorrectInstanceState", f"The instance '{row.instance_id}' is not in the 'stopped' state.")
    tx.update(row, private_dns_name_options=replace(row.private_dns_name_options, **changes))
    return api.ModifyPrivateDnsNameOptionsResult(return_=True)


@op
def modify_instance_capacity_reservation_attributes(
    tx: Tx, req: api.ModifyInstanceCapacityReservationAttributesRequest
) -> api.ModifyInstanceCapacityReservationAttributesResult:
    """Change which capacity reservations an instance may use."""
    row = get_instance(tx, req.instance_id)
    if row.state != STOPPED:
        raise AwsError("IncorrectInstanceState", f"The instance '{row.instance_id}' is not in the 'stopped' state.")
    tx.update(row, capacity_reservation_specification=plain(req.capacity_reservation_specification))
    return api.ModifyInstanceCapacityReservationAttributesResult(return_=True)
