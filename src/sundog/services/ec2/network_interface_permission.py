"""Other accounts' leave to plug in an interface."""

from __future__ import annotations

from sundog.api import ec2 as api
from sundog.core import AwsError, Tx, op
from sundog.services.ec2.state.interface import NetworkInterface, NetworkInterfacePermission, PermissionState


@op
def create_network_interface_permission(
    tx: Tx, req: api.CreateNetworkInterfacePermissionRequest
) -> api.CreateNetworkInterfacePermissionResult:
    """Let an account use an interface."""
    interface = tx.get(NetworkInterface, req.network_interface_id)
    if not req.aws_account_id and not req.aws_service:
        raise AwsError("MissingParameter", "The request must contain the parameter AwsAccountId")
    row = tx.add(
        NetworkInterfacePermission(
            network_interface_permission_id=tx.new_id("eni-perm"),
            network_interface_id=interface.network_interface_id,
            aws_account_id=req.aws_account_id,
            aws_service=req.aws_service,
            permission=req.permission,
            permission_state=PermissionState("granted"),
        )
    )
    return api.CreateNetworkInterfacePermissionResult(interface_permission=row)


@op
def describe_network_interface_permissions(
    tx: Tx, req: api.DescribeNetworkInterfacePermissionsRequest
) -> api.DescribeNetworkInterfacePermissionsResult:
    """List who may use which interface."""
    found = tx.search(NetworkInterfacePermission, ids=req.network_interface_permission_ids, filters=req.filters)
    return api.DescribeNetworkInterfacePermissionsResult(network_interface_permissions=found)


@op
def delete_network_interface_permission(
    tx: Tx, req: api.DeleteNetworkInterfacePermissionRequest
) -> api.DeleteNetworkInterfacePermissionResult:
    """Take the leave back; by force also while the interface is plugged in."""
    row = tx.get(NetworkInterfacePermission, req.network_interface_permission_id)
    interface = tx.find(NetworkInterface, row.network_interface_id)
    if interface is not None and interface.attachment is not None and not req.force:
        raise AwsError(
            "OperationNotPermitted",
            f"The network interface '{interface.network_interface_id}' is attached to an instance.",
        )
    tx.delete(row)
    return api.DeleteNetworkInterfacePermissionResult(return_=True)
