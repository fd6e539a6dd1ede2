"""Instance profiles at instances: given, replaced and taken away."""

from __future__ import annotations

from typing import Any

from sundog.api import ec2 as api
from sundog.core import AwsError, Tx, op, rows_of
from sundog.services.ec2.instance.option import profile
from sundog.services.ec2.instance.transition import get_instance
from sundog.services.ec2.settle import moment
from sundog.services.ec2.state.capacity import ProfileAssociation
from sundog.services.ec2.state.compute import SHUTTING_DOWN, TERMINATED, Instance, InstanceProfile


def _shown(row: ProfileAssociation, what: InstanceProfile | None, state: str) -> Any:
    return api.IamInstanceProfileAssociation(
        association_id=row.association_id,
        instance_id=row.instance_id,
        iam_instance_profile=what,
        state=state,
        timestamp=row.timestamp if state == "associated" else None,
    )


def _profile(tx: Tx, given: Any) -> tuple[InstanceProfile, str]:
    found = profile(tx, given)
    if found is None:
        raise AwsError("MissingParameter", "The request must contain the parameter IamInstanceProfile.Name")
    return found


def _of(tx: Tx, instance: Instance) -> ProfileAssociation:
    """The association of an instance that has a profile; one from the launch gets its id when first asked for."""
    known = tx.select(ProfileAssociation, instance_id=instance.instance_id).first()
    return known or _add(tx, instance.instance_id)


def _add(tx: Tx, instance_id: str) -> ProfileAssociation:
    return tx.add(
        ProfileAssociation(association_id=tx.new_id("iip-assoc"), instance_id=instance_id, timestamp=moment(tx))
    )


@op
def associate_iam_instance_profile(
    tx: Tx, req: api.AssociateIamInstanceProfileRequest
) -> api.AssociateIamInstanceProfileResult:
    """Give an instance that has none a profile."""
    instance = get_instance(tx, req.instance_id)
    what, name = _profile(tx, req.iam_instance_profile)
    if instance.state in (SHUTTING_DOWN, TERMINATED):
        raise AwsError(
            "IncorrectInstanceState",
            f"The instance '{instance.instance_id}' is not in the 'running' or 'stopped' state.",
        )
    if instance.iam_instance_profile is not None:
        raise AwsError("IncorrectState", f"There is an existing association for instance {instance.instance_id}")
    tx.update(instance, iam_instance_profile=what, profile_name=name)
    return api.AssociateIamInstanceProfileResult(
        iam_instance_profile_association=_shown(_add(tx, instance.instance_id), what, "associating")
    )


def _instance(tx: Tx, row: ProfileAssociation) -> Instance:
    return tx.get(Instance, row.instance_id)


@op
def describe_iam_instance_profile_associations(
    tx: Tx, req: api.DescribeIamInstanceProfileAssociationsRequest
) -> api.DescribeIamInstanceProfileAssociationsResult:
    """List the associations of instances that are there."""
    for instance in list(tx.select(Instance)):
        if instance.iam_instance_profile is not None and instance.state != TERMINATED:
            _of(tx, instance)
    found = [
        row
        for row in tx.search(ProfileAssociation, ids=req.association_ids, filters=req.filters)
        if (instance := tx.find(Instance, row.instance_id)) is not None and instance.state != TERMINATED
    ]
    return api.DescribeIamInstanceProfileAssociationsResult(
        iam_instance_profile_associations=rows_of(found).map(
            lambda row: _shown(row, _instance(tx, row).iam_instance_profile, row.state)
        )
    )


@op
def disassociate_iam_instance_profile(
    tx: Tx, req: api.DisassociateIamInstanceProfileRequest
) -> api.DisassociateIamInstanceProfileResult:
    """Take an instance's profile away."""
    row = tx.get(ProfileAssociation, req.association_id)
    instance = _instance(tx, row)
    tx.update(instance, iam_instance_profile=None, profile_name=None)
    tx.delete(row)
    return api.DisassociateIamInstanceProfileResult(
        iam_instance_profile_association=_shown(row, instance.iam_instance_profile, "disassociating")
    )


@op
def replace_iam_instance_profile_association(
    tx: Tx, req: api.ReplaceIamInstanceProfileAssociationRequest
) -> api.ReplaceIamInstanceProfileAssociationResult:
    """Give an instance another profile; the association gets another id."""
    row = tx.get(ProfileAssociation, req.association_id)
    what, name = _profile(tx, req.iam_instance_profile)
    tx.update(_instance(tx, row), iam_instance_profile=what, profile_name=name)
    tx.delete(row)
    return api.ReplaceIamInstanceProfileAssociationResult(
        iam_instance_profile_association=_shown(_add(tx, row.instance_id), what, "associating")
    )
