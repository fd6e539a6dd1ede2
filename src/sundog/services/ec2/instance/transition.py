"""Starting, stopping, rebooting and terminating."""

from __future__ import annotations

import datetime
from collections.abc import Iterable
from typing import Any

from sundog.api import ec2 as api
from sundog.core import AwsError, Tx, op
from sundog.services.ec2.identifier import check_ids
from sundog.services.ec2.instance.view import interfaces_of
from sundog.services.ec2.network_interface import (
    delete_interface,
    detach_interface,
    give_public_address,
    take_public_address,
)
from sundog.services.ec2.settle import moment, settle
from sundog.services.ec2.state.compute import (
    PENDING,
    RUNNING,
    SHUTTING_DOWN,
    STOPPED,
    STOPPING,
    TERMINATED,
    Instance,
    InstanceState,
    Reservation,
    StateReason,
)
from sundog.services.ec2.volume import remove_volume, unplug, volumes_of

BOOTING = 15
HALTING = 20
TERMINATED_SHOWN = datetime.timedelta(hours=1)
BY_USER = StateReason("Client.UserInitiatedShutdown", "Client.UserInitiatedShutdown: User initiated shutdown")
HIBERNATED = StateReason("Client.UserInitiatedHibernate", "Client.UserInitiatedHibernate: User initiated hibernate")


def get_instances(tx: Tx, ids: Iterable[str]) -> list[Instance]:
    """The instances that a request names, each once."""
    wanted = list(dict.fromkeys(ids))
    check_ids(wanted, "i", "InvalidInstanceID.Malformed")
    return tx.get_all(Instance, wanted)


def get_instance(tx: Tx, instance_id: str) -> Instance:
    """The instance that a request names."""
    return get_instances(tx, (instance_id,))[0]


def _change(row: Instance, current: InstanceState) -> Any:
    return api.InstanceStateChange(instance_id=row.instance_id, previous_state=row.state, current_state=current)


def _by_user(tx: Tx) -> str:
    return f"User initiated ({tx.now:%Y-%m-%d %H:%M:%S} GMT)"


# -- starting


@op
def start_instances(tx: Tx, req: api.StartInstancesRequest) -> api.StartInstancesResult:
    """Start stopped instances; running ones go on."""
    rows = get_instances(tx, req.instance_ids)
    for row in rows:
        if row.state not in (STOPPED, RUNNING, PENDING):
            raise AwsError(
                "IncorrectInstanceState",
                f"The instance '{row.instance_id}' is not in a state from which it can be started.",
            )
    changes: list[Any] = []
    starting: list[str] = []
    for row in rows:
        if row.state != STOPPED:
            changes.append(_change(row, row.state))
            continue
        changes.append(_change(row, PENDING))
        starting.append(row.instance_id)
        tx.update(row, state=PENDING, state_reason=None, state_transition_reason="", launch_time=moment(tx))
    if starting:
        settle(tx, BOOTING, become_running, tuple(starting))
    return api.StartInstancesResult(starting_instances=changes)


def become_running(tx: Tx, ids: Iterable[str]) -> None:
    """Instances have booted; those that may be reached from outside get an address."""
    for instance_id in ids:
        row = tx.find(Instance, instance_id)
        if row is None or row.state != PENDING:
            continue
        tx.update(row, state=RUNNING)
        if row.public:
            give_public_address(tx, interfaces_of(tx, instance_id)[0])


# -- stopping


@op
def stop_instances(tx: Tx, req: api.StopInstancesRequest) -> api.StopInstancesResult:
    """Stop running instances. Their public addresses go, their Elastic IPs stay."""
    rows = get_instances(tx, req.instance_ids)
    for row in rows:
        if row.state not in (RUNNING, STOPPING, STOPPED):
            raise AwsError(
                "IncorrectInstanceState",
                f"This instance '{row.instance_id}' is not in a state from which it can be stopped.",
            )
        if row.state != RUNNING:
            continue
        if row.disable_api_stop:
            raise AwsError("OperationNotPermitted", _protected(row, "stopped", "disableApiStop"))
        if row.traits.root_device_type != "ebs":
            raise AwsError(
                "UnsupportedOperation",
                f"The instance '{row.instance_id}' does not have an 'ebs' root device type and cannot be stopped.",
            )
        if row.instance_lifecycle == "spot" and not row.spot_persistent:
            raise AwsError(
                "UnsupportedOperation",
                f"You can't stop the Spot Instance '{row.instance_id}' because it is associated with a one-time Spot "
                "Instance request. You can only stop Spot Instances associated with persistent Spot Instance requests.",
            )
        if req.hibernate and not row.hibernation:
            raise AwsError(
                "UnsupportedHibernationConfiguration",
                f"Instance '{row.instance_id}' is not configured for hibernation.",
            )
    changes: list[Any] = []
    stopping: list[str] = []
    for row in rows:
        if row.state != RUNNING:
            changes.append(_change(row, row.state))
            continue
        changes.append(_change(row, STOPPING))
        stopping.append(row.instance_id)
        tx.update(
            row,
            state=STOPPING,
            state_reason=HIBERNATED if req.hibernate else BY_USER,
            state_transition_reason=_by_user(tx),
        )
    if stopping:
        settle(tx, HALTING, become_stopped, tuple(stopping))
    return api.StopInstancesResult(stopping_instances=changes)


def become_stopped(tx: Tx, ids: Iterable[str]) -> None:
    """Instances have halted."""
    for instance_id in ids:
        row = tx.find(Instance, instance_id)
        if row is None or row.state != STOPPING:
            continue
        tx.update(row, state=STOPPED)
        for interface in interfaces_of(tx, instance_id):
            take_public_address(tx, interface)


@op
def reboot_instances(tx: Tx, req: api.RebootInstancesRequest) -> None:
    """Reboot instances that run; nothing of it can be seen afterwards."""
    for row in get_instances(tx, req.instance_ids):
        if row.state not in (RUNNING, PENDING):
            raise AwsError(
                "IncorrectInstanceState",
                f"The instance '{row.instance_id}' is not in a state from which it can be rebooted.",
            )


# -- terminating


@op
def terminate_instances(tx: Tx, req: api.TerminateInstancesRequest) -> api.TerminateInstancesResult:
    """End instances for good. What was to end with them does, the rest is set free."""
    rows = get_instances(tx, req.instance_ids)
    for row in rows:
        for forbidden, attribute in (
            (row.disable_api_termination, "disableApiTermination"),
            (row.disable_api_stop, "disableApiStop"),
        ):
            if forbidden and row.state not in (SHUTTING_DOWN, TERMINATED):
                raise AwsError("OperationNotPermitted", _protected(row, "terminated", attribute))
    changes: list[Any] = []
    ending: list[str] = []
    for row in rows:
        if row.state in (SHUTTING_DOWN, TERMINATED):
            changes.append(_change(row, row.state))
            continue
        changes.append(_change(row, SHUTTING_DOWN))
        ending.append(row.instance_id)
        tx.update(row, state=SHUTTING_DOWN, state_reason=BY_USER, state_transition_reason=_by_user(tx))
    if ending:
        settle(tx, HALTING, become_terminated, tuple(ending))
    return api.TerminateInstancesResult(terminating_instances=changes)


def _protected(row: Instance, what: str, attribute: str) -> str:
    return (
        f"The instance '{row.instance_id}' may not be {what}. Modify its '{attribute}' instance attribute "
        "and try again."
    )


def become_terminated(tx: Tx, ids: Iterable[str]) -> None:
    """Instances are gone; their rows stay for a while."""
    for instance_id in ids:
        row = tx.find(Instance, instance_id)
        if row is None or row.state != SHUTTING_DOWN:
            continue
        for interface in interfaces_of(tx, instance_id):
            keep = interface.attachment is None or not interface.attachment.delete_on_termination
            interface = detach_interface(tx, interface)
            if not keep:
                delete_interface(tx, interface)
        for volume, attachment in volumes_of(tx, instance_id):
            volume = unplug(tx, volume, instance_id)
            if attachment.delete_on_termination and not volume.attachments:
                remove_volume(tx, volume)
        tx.update(row, state=TERMINATED, subnet_id=None, vpc_id=None, monitoring="disabled")
    tx.at(tx.now + TERMINATED_SHOWN, forget, tuple(ids))


def forget(tx: Tx, ids: Iterable[str]) -> None:
    """Terminated instances aren't shown any longer."""
    for instance_id in ids:
        row = tx.find(Instance, instance_id)
        if row is None:
            continue
        tx.delete(row)
        if not tx.select(Instance, reservation_id=row.reservation_id):
            reservation = tx.find(Reservation, row.reservation_id)
            if reservation is not None:
                tx.delete(reservation)
