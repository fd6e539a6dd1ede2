"""What an account may do in EC2."""

from __future__ import annotations

from sundog.api import ec2 as api
from sundog.core import AwsError, Tx, op
from sundog.services.ec2.state.network import Vpc

LIMITS = {
    "max-instances": "20",
    "vpc-max-security-groups-per-interface": "5",
    "max-elastic-ips": "5",
    "vpc-max-elastic-ips": "5",
}


@op
def describe_account_attributes(
    tx: Tx, req: api.DescribeAccountAttributesRequest
) -> api.DescribeAccountAttributesResult:
    """Tell the account's platforms, default VPC and limits."""
    vpc = tx.select(Vpc, is_default=True).first()
    known = {
        "supported-platforms": "VPC",
        "vpc-max-security-groups-per-interface": LIMITS["vpc-max-security-groups-per-interface"],
        "max-elastic-ips": LIMITS["max-elastic-ips"],
        "max-instances": LIMITS["max-instances"],
        "vpc-max-elastic-ips": LIMITS["vpc-max-elastic-ips"],
        "default-vpc": vpc.vpc_id if vpc is not None else "none",
    }
    for name in req.attribute_names or ():
        if name not in known:
            raise AwsError("InvalidParameterValue", f"Value ({name}) for parameter attributeName is invalid.")
    names = req.attribute_names or list(known)
    return api.DescribeAccountAttributesResult(
        account_attributes=[
            {"AttributeName": name, "AttributeValues": [{"AttributeValue": known[name]}]} for name in names
        ]
    )
