"""EC2 Instance Connect: keys that are good for a minute."""

from __future__ import annotations

import datetime
import re
from typing import Any

from sundog.api import ec2_instance_connect as api
from sundog.core import AwsError, Key, Record, Tx, op, record

_KEY = re.compile(r"(?:ssh-(?:rsa|ed25519)|ecdsa-sha2-nistp\d+) [A-Za-z0-9+/]+=*(?: .*)?\s*", re.DOTALL)
_LIFETIME = datetime.timedelta(seconds=60)


@record()
class PushedKey(Record):
    """A public key that a user of an instance may come in with for a while; ``user`` is empty for a serial port."""

    instance_id: Key[str]
    user: Key[str]
    public_key: str
    expires: datetime.datetime


def _instance(tx: Tx, instance_id: str) -> Any:
    try:
        found = tx.call("ec2", "DescribeInstances", instance_ids=[instance_id])
        row = found.reservations[0].instances[0]
    except (AwsError, IndexError):
        raise api.EC2InstanceNotFoundException(f"Instance not found: {instance_id}") from None
    if row.state.name != "running":
        raise api.EC2InstanceStateInvalidException(f"Instance state is not 'running'. Current state: {row.state.name}")
    return row


def _push(tx: Tx, instance_id: str, user: str, public_key: str) -> None:
    if _KEY.fullmatch(public_key) is None:
        raise api.InvalidArgsException("Invalid SSH public key.")
    known = tx.find(PushedKey, instance_id, user)
    if known is not None:
        tx.delete(known)
    tx.add(PushedKey(instance_id=instance_id, user=user, public_key=public_key, expires=tx.now + _LIFETIME))


@op
def send_ssh_public_key(tx: Tx, req: api.SendSSHPublicKeyRequest) -> api.SendSSHPublicKeyResponse:
    """Let a key in as a user of an instance, for a minute."""
    row = _instance(tx, req.instance_id)
    zone = row.placement.availability_zone
    if req.availability_zone not in (None, zone):
        raise api.EC2InstanceNotFoundException(
            f"Instance {req.instance_id} is not in the Availability Zone {req.availability_zone}"
        )
    _push(tx, row.instance_id, req.instance_os_user, req.ssh_public_key)
    return api.SendSSHPublicKeyResponse(request_id=tx.entry.request_id, success=True)


@op
def send_serial_console_ssh_public_key(
    tx: Tx, req: api.SendSerialConsoleSSHPublicKeyRequest
) -> api.SendSerialConsoleSSHPublicKeyResponse:
    """Let a key in at an instance's serial port, where the account may use it."""
    row = _instance(tx, req.instance_id)
    if req.serial_port not in (None, 0):
        raise api.InvalidArgsException("The serial port must be 0.")
    if not tx.call("ec2", "GetSerialConsoleAccessStatus").serial_console_access_enabled:
        raise api.SerialConsoleAccessDisabledException("Serial Console access is not enabled for your account.")
    (facts,) = tx.call("ec2", "DescribeInstanceTypes", instance_types=[row.instance_type]).instance_types
    if facts.hypervisor == "xen":
        raise api.EC2InstanceTypeInvalidException(
            f"The instance type {row.instance_type} is not supported for the serial console."
        )
    _push(tx, row.instance_id, "", req.ssh_public_key)
    return api.SendSerialConsoleSSHPublicKeyResponse(request_id=tx.entry.request_id, success=True)
