"""Launches from a launch template: the template's data under the request's own."""

from __future__ import annotations

from typing import Any

from sundog.api import ec2 as api
from sundog.core import AwsError, Tx
from sundog.core.structure import plain

TEMPLATE_TAGS = ("aws:ec2launchtemplate:id", "aws:ec2launchtemplate:version")
_RENAMED = {"RamDiskId": "RamdiskId"}
_NOT_FOR_LAUNCH = {"InstanceRequirements"}


def with_template(tx: Tx, req: Any) -> tuple[Any, dict[str, str]]:
    """The request with its template's data filled in, and the tags that tell of it."""
    named = req.launch_template
    if named is None:
        return req, {}
    try:
        from sundog.services.ec2.launch_template import launch_data
    except ModuleNotFoundError:
        raise AwsError("NotImplemented", "Sundog does not support launch templates yet.", 501) from None
    template_id, version, data = launch_data(tx, named.launch_template_id, named.launch_template_name, named.version)
    given = plain(req)
    merged: dict[str, Any] = {
        _RENAMED.get(name, name): value for name, value in data.items() if name not in _NOT_FOR_LAUNCH
    }
    if "NetworkInterfaces" in given:
        # What the request says of interfaces takes the place of all that the template says of the network.
        for name in ("SecurityGroupIds", "SecurityGroups"):
            merged.pop(name, None)
    if merged.get("NetworkInterfaces"):
        _fold(merged, given)
    tags = {item["ResourceType"]: item for item in merged.get("TagSpecifications", ())}
    tags.update({item.get("ResourceType"): item for item in given.get("TagSpecifications", ())})
    merged.update(given)
    if tags:
        merged["TagSpecifications"] = list(tags.values())
    return api.RunInstancesRequest.of(merged), dict(zip(TEMPLATE_TAGS, (template_id, str(version)), strict=True))


def _fold(merged: dict[str, Any], given: dict[str, Any]) -> None:
    """Put a request's subnet and groups into the template's primary interface, where it has one."""
    if "NetworkInterfaces" in given:
        return
    cards = [dict(card) for card in merged["NetworkInterfaces"]]
    for card in cards:
        if card.get("DeviceIndex", 0) == 0:
            if "SubnetId" in given:
                card["SubnetId"] = given.pop("SubnetId")
            if "SecurityGroupIds" in given:
                card["Groups"] = given.pop("SecurityGroupIds")
    merged["NetworkInterfaces"] = cards
