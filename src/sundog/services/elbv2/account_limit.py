"""What an account may have."""

from __future__ import annotations

from sundog.api import elbv2 as api
from sundog.core import Tx, op

LIMITS = {
    "target-groups": "3000",
    "targets-per-application-load-balancer": "1000",
    "listeners-per-application-load-balancer": "50",
    "rules-per-application-load-balancer": "100",
    "network-load-balancers": "50",
    "targets-per-network-load-balancer": "3000",
    "targets-per-availability-zone-per-network-load-balancer": "500",
    "listeners-per-network-load-balancer": "50",
    "condition-values-per-alb-rule": "5",
    "condition-wildcards-per-alb-rule": "5",
    "target-groups-per-application-load-balancer": "100",
    "target-groups-per-action-on-application-load-balancer": "5",
    "target-groups-per-action-on-network-load-balancer": "1",
    "certificates-per-application-load-balancer": "25",
    "certificates-per-network-load-balancer": "25",
    "targets-per-target-group": "1000",
    "target-id-registrations-per-application-load-balancer": "1000",
    "network-load-balancer-enis-per-vpc": "1200",
    "application-load-balancers": "50",
    "gateway-load-balancers": "100",
    "gateway-load-balancers-per-vpc": "100",
    "geneve-target-groups": "100",
    "targets-per-availability-zone-per-gateway-load-balancer": "300",
}


@op
def describe_account_limits(tx: Tx, req: api.DescribeAccountLimitsInput) -> api.DescribeAccountLimitsOutput:
    """Tell the account's quotas."""
    return api.DescribeAccountLimitsOutput(limits=[{"Name": name, "Max": value} for name, value in LIMITS.items()])
