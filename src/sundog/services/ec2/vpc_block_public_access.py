"""VPC Block Public Access: the account's switch, and what is excluded from it."""

from __future__ import annotations

from sundog.api import ec2 as api
from sundog.core import AwsError, Tx, op
from sundog.services.ec2.lifecycle import alive, begin, change, end
from sundog.services.ec2.settle import moment
from sundog.services.ec2.state.guarding import BlockPublicAccessExclusion, BlockPublicAccessOptions
from sundog.services.ec2.state.network import BlockPublicAccess, Subnet, Vpc

_OFF = "off"


def _options(tx: Tx) -> BlockPublicAccessOptions:
    found = tx.find(BlockPublicAccessOptions, tx.account)
    return found or BlockPublicAccessOptions(aws_account_id=tx.account, aws_region=tx.region)


@op
def describe_vpc_block_public_access_options(
    tx: Tx, req: api.DescribeVpcBlockPublicAccessOptionsRequest
) -> api.DescribeVpcBlockPublicAccessOptionsResult:
    """Tell the switch's position."""
    return api.DescribeVpcBlockPublicAccessOptionsResult(vpc_block_public_access_options=_options(tx))


@op
def modify_vpc_block_public_access_options(
    tx: Tx, req: api.ModifyVpcBlockPublicAccessOptionsRequest
) -> api.ModifyVpcBlockPublicAccessOptionsResult:
    """Turn the switch for all VPCs of the region."""
    row = _options(tx)
    if tx.find(BlockPublicAccessOptions, tx.account) is None:
        row = tx.add(row)
    made = change(
        tx,
        row,
        "update-in-progress",
        "update-complete",
        internet_gateway_block_mode=req.internet_gateway_block_mode,
        last_update_timestamp=moment(tx),
    )
    _apply(tx)
    return api.ModifyVpcBlockPublicAccessOptionsResult(vpc_block_public_access_options=made)


def _apply(tx: Tx) -> None:
    """Bring VPCs and subnets up to date with the switch and its exclusions."""
    mode = _options(tx).internet_gateway_block_mode
    excluded = {
        row.resource_arn.rpartition("/")[2]: row.internet_gateway_exclusion_mode
        for row in tx.select(BlockPublicAccessExclusion)
        if not row.state.startswith("delete")
    }
    for vpc in tx.select(Vpc):
        state = BlockPublicAccess(_mode(mode, excluded.get(vpc.vpc_id)))
        if vpc.block_public_access_states != state:
            tx.update(vpc, block_public_access_states=state)
    for subnet in tx.select(Subnet):
        state = BlockPublicAccess(_mode(mode, excluded.get(subnet.subnet_id) or excluded.get(subnet.vpc_id)))
        if subnet.block_public_access_states != state:
            tx.update(subnet, block_public_access_states=state)


def _mode(mode: str, exclusion: str | None) -> str:
    if exclusion == "allow-bidirectional":
        return _OFF
    return "block-ingress" if exclusion == "allow-egress" and mode != _OFF else mode


@op
def create_vpc_block_public_access_exclusion(
    tx: Tx, req: api.CreateVpcBlockPublicAccessExclusionRequest
) -> api.CreateVpcBlockPublicAccessExclusionResult:
    """Exclude a VPC or a subnet."""
    if bool(req.vpc_id) == bool(req.subnet_id):
        raise AwsError("InvalidParameterCombination", "The request must contain exactly one of VpcId, SubnetId")
    if req.vpc_id:
        arn = tx.arn(f"vpc/{tx.get(Vpc, req.vpc_id).vpc_id}")
    else:
        arn = tx.get(Subnet, req.subnet_id).subnet_arn
    if any(not row.state.startswith("delete") for row in tx.select(BlockPublicAccessExclusion, resource_arn=arn)):
        raise AwsError("VpcBlockPublicAccessExclusionAlreadyExists", f"An exclusion already exists for {arn}.")
    row = BlockPublicAccessExclusion(
        exclusion_id=tx.new_id("vpcbpa-exclude"),
        internet_gateway_exclusion_mode=req.internet_gateway_exclusion_mode,
        resource_arn=arn,
        creation_timestamp=moment(tx),
        last_update_timestamp=moment(tx),
    )
    made = begin(tx, row, then="create-complete", tags=req.tag_specifications)
    _apply(tx)
    return api.CreateVpcBlockPublicAccessExclusionResult(vpc_block_public_access_exclusion=made)


@op
def describe_vpc_block_public_access_exclusions(
    tx: Tx, req: api.DescribeVpcBlockPublicAccessExclusionsRequest
) -> api.DescribeVpcBlockPublicAccessExclusionsResult:
    """List exclusions."""
    found = tx.search(BlockPublicAccessExclusion, ids=req.exclusion_ids, filters=req.filters)
    return api.DescribeVpcBlockPublicAccessExclusionsResult(vpc_block_public_access_exclusions=found)


@op
def modify_vpc_block_public_access_exclusion(
    tx: Tx, req: api.ModifyVpcBlockPublicAccessExclusionRequest
) -> api.ModifyVpcBlockPublicAccessExclusionResult:
    """Change what an exclusion lets pass."""
    row = alive(tx, BlockPublicAccessExclusion, req.exclusion_id)
    made = change(
        tx,
        row,
        "update-in-progress",
        "update-complete",
        internet_gateway_exclusion_mode=req.internet_gateway_exclusion_mode,
        last_update_timestamp=moment(tx),
    )
    _apply(tx)
    return api.ModifyVpcBlockPublicAccessExclusionResult(vpc_block_public_access_exclusion=made)


@op
def delete_vpc_block_public_access_exclusion(
    tx: Tx, req: api.DeleteVpcBlockPublicAccessExclusionRequest
) -> api.DeleteVpcBlockPublicAccessExclusionResult:
    """Exclude a VPC or subnet no longer."""
    row = alive(tx, BlockPublicAccessExclusion, req.exclusion_id)
    gone = end(tx, row, "delete-in-progress", "delete-complete", deletion_timestamp=moment(tx))
    _apply(tx)
    return api.DeleteVpcBlockPublicAccessExclusionResult(vpc_block_public_access_exclusion=gone)
