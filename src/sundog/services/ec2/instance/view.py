"""An instance as clients see it: its own row, with its interfaces and volumes."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from msgspec.structs import replace

from sundog.api import ec2 as api
from sundog.core import Tx
from sundog.services.ec2.state.compute import PENDING, Instance
from sundog.services.ec2.state.interface import UNMANAGED, NetworkInterface
from sundog.services.ec2.volume import volumes_of

_OPEN = {"CapacityReservationPreference": "open"}
_LAUNCHING = {"Code": "pending", "Message": "pending"}


def interfaces_of(tx: Tx, instance_id: str) -> list[NetworkInterface]:
    """An instance's interfaces, the primary one first."""
    found = list(tx.select(NetworkInterface, instance_id=instance_id))
    if len(found) > 1:
        found.sort(key=lambda row: row.attachment.device_index if row.attachment else 0)
    return found


def devices_of(tx: Tx, instance_id: str) -> list[dict[str, Any]]:
    """An instance's volumes, in botocore's form."""
    return [
        {
            "DeviceName": attachment.device,
            "Ebs": {
                "AttachTime": attachment.attach_time,
                "DeleteOnTermination": attachment.delete_on_termination,
                "Status": attachment.state,
                "VolumeId": attachment.volume_id,
            },
        }
        for _, attachment in volumes_of(tx, instance_id)
    ]


def view(tx: Tx, row: Instance) -> Any:
    """The instance as it is now."""
    return shown(row, interfaces_of(tx, row.instance_id), devices_of(tx, row.instance_id))


def launching_view(row: Instance, interfaces: Iterable[NetworkInterface]) -> Any:
    """The instance as its launch answers it: nothing is attached yet."""
    attaching = [_attaching(each) for each in interfaces]
    made = shown(row, attaching, [])
    members = made.__dict__
    members["state"] = PENDING
    members["state_reason"] = _LAUNCHING
    members["metadata_options"] = replace(row.metadata_options, state="pending")
    if row.monitoring == "enabled":
        members["monitoring"] = {"State": "pending"}
    return made


def _attaching(row: NetworkInterface) -> NetworkInterface:
    """The interface before it is plugged in and has a public address that was lent."""
    attachment = row.attachment and replace(row.attachment, status="attaching")
    if row.association is None or row.association.allocation_id is not None:
        return replace(row, attachment=attachment)
    addresses = tuple([replace(each, association=None) for each in row.private_ip_addresses])
    return replace(row, attachment=attachment, association=None, private_ip_addresses=addresses)


def shown(row: Instance, interfaces: list[NetworkInterface], devices: list[dict[str, Any]]) -> Any:
    """What clients see of the row and of what belongs to it."""
    traits = row.traits
    first = interfaces[0] if interfaces else None
    outside = first.association if first is not None else None
    return api.Instance(
        ami_launch_index=row.ami_launch_index,
        architecture=traits.architecture,
        block_device_mappings=devices,
        boot_mode=traits.boot_mode,
        capacity_reservation_id=row.capacity_reservation_id,
        capacity_reservation_specification=row.capacity_reservation_specification or _OPEN,
        client_token=row.client_token,
        cpu_options=row.cpu_options,
        current_instance_boot_mode=traits.current_instance_boot_mode,
        ebs_optimized=row.ebs_optimized,
        ena_support=row.ena_support,
        enclave_options={"Enabled": row.enclave},
        hibernation_options={"Configured": row.hibernation},
        hypervisor=traits.hypervisor,
        iam_instance_profile=row.iam_instance_profile,
        image_id=row.image_id,
        instance_id=row.instance_id,
        instance_lifecycle=row.instance_lifecycle,
        instance_type=row.instance_type,
        ipv6_address=first.ipv6_address if first is not None else None,
        kernel_id=row.kernel_id,
        key_name=row.key_name,
        launch_time=row.launch_time,
        licenses=[{"LicenseConfigurationArn": arn} for arn in row.licenses] if row.licenses else None,
        maintenance_options=row.maintenance_options,
        metadata_options=row.metadata_options,
        monitoring={"State": row.monitoring},
        network_interfaces=interfaces,
        network_performance_options={"BandwidthWeighting": row.bandwidth_weighting},
        operator=UNMANAGED,
        placement=row.placement,
        platform=traits.platform,
        platform_details=traits.platform_details,
        private_dns_name=(first.private_dns_name or "") if first is not None else "",
        private_dns_name_options=row.private_dns_name_options if first is not None else None,
        private_ip_address=first.private_ip_address if first is not None else None,
        product_codes=traits.product_codes,
        public_dns_name=outside.public_dns_name if outside is not None else "",
        public_ip_address=outside.public_ip if outside is not None else None,
        ramdisk_id=row.ramdisk_id,
        root_device_name=row.root_device_name,
        root_device_type=traits.root_device_type,
        security_groups=first.groups if first is not None else [],
        source_dest_check=first.source_dest_check if first is not None else None,
        spot_instance_request_id=row.spot_instance_request_id,
        sriov_net_support=row.sriov_net_support,
        state=row.state,
        state_reason=row.state_reason,
        state_transition_reason=row.state_transition_reason,
        subnet_id=row.subnet_id,
        tags=row.tags or None,
        tpm_support=traits.tpm_support,
        usage_operation=traits.usage_operation,
        usage_operation_update_time=row.usage_operation_update_time,
        virtualization_type=traits.virtualization_type,
        vpc_id=row.vpc_id,
    )
