"""DescribeInstanceAttribute, ModifyInstanceAttribute and ResetInstanceAttribute."""

from __future__ import annotations

import base64
from collections.abc import Callable
from typing import Any

from sundog.api import ec2 as api
from sundog.core import AwsError, Tx, op
from sundog.services.ec2.instance.option import type_facts
from sundog.services.ec2.instance.transition import get_instance
from sundog.services.ec2.instance.view import devices_of, interfaces_of
from sundog.services.ec2.security_group import groups_for
from sundog.services.ec2.state.compute import STOPPED, Instance
from sundog.services.ec2.state.interface import GroupIdentifier, NetworkInterface
from sundog.services.ec2.volume import change_attachment, volumes_of

_OPTIONAL = {"kernel": "kernel_id", "ramdisk": "ramdisk_id", "sriovNetSupport": "sriov_net_support"}


@op
def describe_instance_attribute(tx: Tx, req: api.DescribeInstanceAttributeRequest) -> api.InstanceAttribute:
    """Tell one attribute."""
    row = get_instance(tx, req.instance_id)
    answer = api.InstanceAttribute(instance_id=row.instance_id)
    tell = _TOLD.get(req.attribute)
    if tell is None:
        raise AwsError(
            "InvalidParameterValue", f"Value ({req.attribute}) for parameter attribute is invalid. Unknown attribute."
        )
    member, value = tell(tx, row)
    setattr(answer, member, value)
    return answer


def _value(member: str, of: Callable[[Instance], Any]) -> Callable[[Tx, Instance], tuple[str, Any]]:
    def tell(tx: Tx, row: Instance) -> tuple[str, Any]:
        value = of(row)
        return member, {} if value is None else {"Value": value}

    return tell


def _primary(tx: Tx, row: Instance) -> NetworkInterface | None:
    return next(iter(interfaces_of(tx, row.instance_id)), None)


def _groups(tx: Tx, row: Instance) -> tuple[str, Any]:
    first = _primary(tx, row)
    return "groups", first.groups if first is not None else []


def _source_dest_check(tx: Tx, row: Instance) -> tuple[str, Any]:
    first = _primary(tx, row)
    return "source_dest_check", {"Value": first.source_dest_check} if first is not None else {}


_TOLD: dict[str, Callable[[Tx, Instance], tuple[str, Any]]] = {
    "instanceType": _value("instance_type", lambda row: row.instance_type),
    "kernel": _value("kernel_id", lambda row: row.kernel_id),
    "ramdisk": _value("ramdisk_id", lambda row: row.ramdisk_id),
    "userData": _value("user_data", lambda row: row.user_data),
    "disableApiTermination": _value("disable_api_termination", lambda row: row.disable_api_termination),
    "disableApiStop": _value("disable_api_stop", lambda row: row.disable_api_stop),
    "instanceInitiatedShutdownBehavior": _value(
        "instance_initiated_shutdown_behavior", lambda row: row.shutdown_behavior
    ),
    "rootDeviceName": _value("root_device_name", lambda row: row.root_device_name),
    "blockDeviceMapping": lambda tx, row: ("block_device_mappings", devices_of(tx, row.instance_id)),
    "productCodes": lambda tx, row: ("product_codes", row.traits.product_codes),
    "sourceDestCheck": _source_dest_check,
    "groupSet": _groups,
    "ebsOptimized": _value("ebs_optimized", lambda row: row.ebs_optimized),
    "sriovNetSupport": _value("sriov_net_support", lambda row: row.sriov_net_support),
    "enaSupport": _value("ena_support", lambda row: row.ena_support),
    "enclaveOptions": lambda tx, row: ("enclave_options", {"Enabled": row.enclave}),
}

_MEMBERS = {
    "instanceType": "instance_type",
    "kernel": "kernel",
    "ramdisk": "ramdisk",
    "userData": "user_data",
    "disableApiTermination": "disable_api_termination",
    "disableApiStop": "disable_api_stop",
    "instanceInitiatedShutdownBehavior": "instance_initiated_shutdown_behavior",
    "sourceDestCheck": "source_dest_check",
    "ebsOptimized": "ebs_optimized",
    "sriovNetSupport": "sriov_net_support",
    "enaSupport": "ena_support",
}
_BOOLEAN = {"disableApiTermination", "disableApiStop", "sourceDestCheck", "ebsOptimized", "enaSupport"}


@op
def modify_instance_attribute(tx: Tx, req: api.ModifyInstanceAttributeRequest) -> None:
    """Change attributes, given by their own members or in the old form of a name and a text."""
    row = get_instance(tx, req.instance_id)
    changed = False
    for attribute, value in _wanted(req):
        row = _CHANGED[attribute](tx, row, value)
        changed = True
    if req.groups:
        _change_groups(tx, row, req.groups)
        changed = True
    if req.enclave_options is not None:
        row = tx.update(_stopped(row), enclave=bool(req.enclave_options.enabled))
        changed = True
    for mapping in req.block_device_mappings or ():
        _change_device(tx, row, mapping)
        changed = True
    if not changed:
        raise AwsError("InvalidParameterCombination", "No attributes specified.")


def _wanted(req: Any) -> list[tuple[str, Any]]:
    """Attributes and their new values."""
    found: list[tuple[str, Any]] = []
    for attribute, member in _MEMBERS.items():
        given = getattr(req, member)
        if given is not None and given.value is not None:
            found.append((attribute, given.value))
    if req.attribute is not None:
        if req.attribute not in _MEMBERS:
            if (req.attribute == "groupSet" and req.groups) or req.attribute == "blockDeviceMapping":
                return found
            raise AwsError(
                "InvalidParameterValue",
                f"Value ({req.attribute}) for parameter attribute is invalid. Unknown attribute.",
            )
        if req.value is not None:
            text = req.value
            found.append((req.attribute, text.lower() == "true" if req.attribute in _BOOLEAN else text))
        elif not found:
            raise AwsError("MissingParameter", "The request must contain the parameter value")
    return found


def _stopped(row: Instance) -> Instance:
    if row.state != STOPPED:
        raise AwsError("IncorrectInstanceState", f"The instance '{row.instance_id}' is not in the 'stopped' state.")
    return row


def _set(field: str, stopped: bool = False) -> Callable[[Tx, Instance, Any], Instance]:
    def change(tx: Tx, row: Instance, value: Any) -> Instance:
        return tx.update(_stopped(row) if stopped else row, **{field: value})

    return change


def _change_type(tx: Tx, row: Instance, value: str) -> Instance:
    kind = type_facts(value)
    _stopped(row)
    if row.traits.architecture not in kind["ProcessorInfo"]["SupportedArchitectures"]:
        raise AwsError(
            "InvalidParameterValue",
            f"The instance type '{value}' does not support the architecture '{row.traits.architecture}'.",
        )
    from sundog.services.ec2.instance.option import cpu_options, credits

    return tx.update(
        row,
        instance_type=value,
        cpu_options=cpu_options(None, value, kind),
        cpu_credits=credits(tx, None, value, kind),
    )


def _change_user_data(tx: Tx, row: Instance, value: Any) -> Instance:
    _stopped(row)
    if isinstance(value, bytes):
        value = base64.b64encode(value).decode()
    return tx.update(row, user_data=value or None)


def _change_shutdown(tx: Tx, row: Instance, value: str) -> Instance:
    if value not in ("stop", "terminate"):
        raise AwsError(
            "InvalidParameterValue",
            f"Value ({value}) for parameter instanceInitiatedShutdownBehavior is invalid. Expected: stop, terminate",
        )
    return tx.update(row, shutdown_behavior=value)


def _only_interface(tx: Tx, row: Instance) -> NetworkInterface:
    found = interfaces_of(tx, row.instance_id)
    if len(found) != 1:
        raise AwsError(
            "InvalidInstanceID",
            f"There are multiple interfaces attached to instance '{row.instance_id}'. Please specify an interface ID "
            "for the operation instead.",
        )
    return found[0]


def _change_source_dest_check(tx: Tx, row: Instance, value: bool) -> Instance:
    tx.update(_only_interface(tx, row), source_dest_check=value)
    return row


def _change_groups(tx: Tx, row: Instance, ids: list[str]) -> None:
    interface = _only_interface(tx, row)
    groups = groups_for(tx, interface.vpc_id, ids)
    tx.update(
        interface,
        groups=tuple(GroupIdentifier(group.group_id, group.group_name) for group in groups),
        group_ids=tuple(group.group_id for group in groups),
    )


def _change_device(tx: Tx, row: Instance, mapping: Any) -> None:
    """Whether a volume ends with its instance; a volume is never taken away here."""
    ebs = mapping.ebs
    for volume, attachment in volumes_of(tx, row.instance_id):
        if attachment.device == mapping.device_name:
            if ebs is not None and ebs.volume_id not in (None, volume.volume_id):
                break
            if ebs is not None and ebs.delete_on_termination is not None:
                change_attachment(tx, volume, row.instance_id, delete_on_termination=ebs.delete_on_termination)
            return
    raise AwsError("InvalidInstanceAttributeValue", f"No device is currently mapped at {mapping.device_name}")


_CHANGED: dict[str, Callable[[Tx, Instance, Any], Instance]] = {
    "instanceType": _change_type,
    "kernel": _set("kernel_id", stopped=True),
    "ramdisk": _set("ramdisk_id", stopped=True),
    "userData": _change_user_data,
    "disableApiTermination": _set("disable_api_termination"),
    "disableApiStop": _set("disable_api_stop"),
    "instanceInitiatedShutdownBehavior": _change_shutdown,
    "sourceDestCheck": _change_source_dest_check,
    "ebsOptimized": _set("ebs_optimized", stopped=True),
    "sriovNetSupport": _set("sriov_net_support", stopped=True),
    "enaSupport": _set("ena_support", stopped=True),
}


@op
def reset_instance_attribute(tx: Tx, req: api.ResetInstanceAttributeRequest) -> None:
    """Set an attribute back; only three can be."""
    row = get_instance(tx, req.instance_id)
    if req.attribute == "sourceDestCheck":
        _change_source_dest_check(tx, row, True)
    elif req.attribute in ("kernel", "ramdisk"):
        tx.update(_stopped(row), **{_OPTIONAL[req.attribute]: getattr(row.traits, _OPTIONAL[req.attribute])})
    else:
        raise AwsError("InvalidParameterValue", f"Value ({req.attribute}) for parameter attribute is invalid.")
