"""Tags, of whatever of EC2's bears them."""

from __future__ import annotations

from collections.abc import Iterator

from sundog.api import ec2 as api
from sundog.core import AwsError, Record, Tx, op, rows_of
from sundog.core.filter import checked, pattern, unknown_filter
from sundog.core.record import tables
from sundog.core.tag import ec2_checked, pairs, within_limit
from sundog.core.tx import missing

_OTHERS = {
    "acl": ("InvalidNetworkAclID.NotFound", "The networkAcl ID '{}' does not exist"),
    "ami": ("InvalidAMIID.NotFound", "The image id '[{}]' does not exist"),
    "cgw": ("InvalidCustomerGatewayID.NotFound", "The customerGateway ID '{}' does not exist"),
    "eipalloc": ("InvalidAllocationID.NotFound", "The allocation ID '{}' does not exist"),
    "eni": ("InvalidNetworkInterfaceID.NotFound", "The networkInterface ID '{}' does not exist"),
    "i": ("InvalidInstanceID.NotFound", "The instance ID '{}' does not exist"),
    "lt": ("InvalidLaunchTemplateId.NotFound", "The specified launch template, with template ID {}, does not exist."),
    "nat": ("NatGatewayNotFound", "The Nat Gateway {} does not exist"),
    "pcx": ("InvalidVpcPeeringConnectionID.NotFound", "The vpcPeeringConnection ID '{}' does not exist"),
    "snap": ("InvalidSnapshot.NotFound", "The snapshot '{}' does not exist."),
    "vgw": ("InvalidVpnGatewayID.NotFound", "The vpnGateway ID '{}' does not exist"),
    "vol": ("InvalidVolume.NotFound", "The volume '{}' does not exist."),
    "vpce": ("InvalidVpcEndpointId.NotFound", "The Vpc Endpoint Id '{}' does not exist"),
}
"""Errors for resources whose records may not be loaded (then there are none of them), by the prefix of their ids."""


def tagged_kinds() -> list[type[Record]]:
    """Every record of EC2's that bears tags, among those that are loaded."""
    return [
        kind
        for name, kind in tables().items()
        if name.startswith("ec2.") and kind.meta_.tagged and kind.meta_.tagged_as is not None
    ]


def _id_field(kind: type[Record]) -> str:
    """The field by which tags find a row: its id, also where the table's key is a name."""
    (key, *_) = kind.meta_.keys
    if not key.endswith("_name"):
        return key
    return str(kind.meta_.tagged_as).replace("-", "_") + "_id"


def tagged_row(tx: Tx, resource_id: str) -> Record:
    """The row that bears the tags of a resource."""
    prefix, dash, _ = resource_id.rpartition("-")
    for kind in tagged_kinds():
        field = _id_field(kind)
        if kind.meta_.keys == (field,):
            row = tx.find(kind, resource_id)
        else:
            row = tx.select(kind, **{field: resource_id}).first() if field in kind.__struct_fields__ else None
        if row is not None:
            return row
    if dash:
        for kind in tagged_kinds():
            example = tx.select(kind).first()
            if example is not None and getattr(example, _id_field(kind), "").rpartition("-")[0] == prefix:
                raise missing(kind, (resource_id,))
    if dash and prefix in _OTHERS:
        code, message = _OTHERS[prefix]
        raise AwsError(code, message.format(resource_id))
    raise AwsError("InvalidID", f"The ID '{resource_id}' is not valid")


@op
def create_tags(tx: Tx, req: api.CreateTagsRequest) -> None:
    """Add tags to resources, or change their values."""
    if not req.resources:
        raise AwsError("MissingParameter", "The request must contain the parameter resourceIdSet")
    if not req.tags:
        raise AwsError("MissingParameter", "The request must contain the parameter tagSet")
    tags = ec2_checked(req.tags, own=_by_service(tx))
    for row in [tagged_row(tx, resource_id) for resource_id in dict.fromkeys(req.resources)]:
        set_tags(tx, row, within_limit({**row.tags, **tags}))  # type: ignore[attr-defined]


def _by_service(tx: Tx) -> bool:
    """Whether another service calls, which may change AWS's own tags."""
    return tx.entry.service != tx.service


def set_tags(tx: Tx, row: Record, tags: dict[str, str]) -> None:
    if tags != row.tags:  # type: ignore[attr-defined]
        tx.update(row, tags=tags)


@op
def delete_tags(tx: Tx, req: api.DeleteTagsRequest) -> None:
    """Remove tags from resources: those with the keys, and the values where any are given; without any keys, all.

    What a resource doesn't bear is passed over.
    """
    if not req.resources:
        raise AwsError("MissingParameter", "The request must contain the parameter resourceIdSet")
    unwanted: dict[str, str | None] | None = None
    if req.tags:
        values = (tag.value for tag in req.tags)
        unwanted = {key: value for (key, _), value in zip(pairs(req.tags), values, strict=True)}
        if not _by_service(tx) and any(key.lower().startswith("aws:") for key in unwanted):
            raise AwsError("InvalidParameterValue", "Tag keys starting with 'aws:' are reserved for internal use")
    for row in [tagged_row(tx, resource_id) for resource_id in dict.fromkeys(req.resources)]:
        tags: dict[str, str] = row.tags  # type: ignore[attr-defined]
        if unwanted is None:
            left = {key: value for key, value in tags.items() if key.startswith("aws:")}
        else:
            left = {
                key: value
                for key, value in tags.items()
                if key not in unwanted or (unwanted[key] is not None and unwanted[key] != value)
            }
        set_tags(tx, row, left)


@op
def describe_tags(tx: Tx, req: api.DescribeTagsRequest) -> api.DescribeTagsResult:
    """List tags, by resource and key."""
    found = sorted(_all(tx), key=lambda tag: (tag["ResourceId"], tag["Key"]))
    for name, values in checked(req.filters or ()):
        matches = [pattern(value) for value in values]
        if name.startswith("tag:"):
            key = name[4:]
            found = [tag for tag in found if tag["Key"] == key and any(match(tag["Value"]) for match in matches)]
            continue
        member = _FILTERS.get(name)
        if member is None:
            raise unknown_filter(name)
        found = [tag for tag in found if any(match(tag[member]) for match in matches)]
    return api.DescribeTagsResult(tags=rows_of(found))


_FILTERS = {
    "key": "Key",
    "resource-id": "ResourceId",
    "resource-type": "ResourceType",
    "value": "Value",
    "tag-key": "Key",
    "tag-value": "Value",
}


def _all(tx: Tx) -> Iterator[dict[str, str]]:
    for kind in tagged_kinds():
        field, resource_type = _id_field(kind), str(kind.meta_.tagged_as)
        for row in tx.select(kind):
            tags: dict[str, str] = row.tags  # type: ignore[attr-defined]
            for key, value in tags.items():
                yield {
                    "ResourceId": getattr(row, field),
                    "ResourceType": resource_type,
                    "Key": key,
                    "Value": value,
                }
