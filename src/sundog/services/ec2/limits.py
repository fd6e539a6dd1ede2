"""EC2's quotas on the network nouns.

What bounds one resource is AWS's default. What counts the resources of an account is what AWS grants on request: a server
shared by many test suites would meet the defaults (5 VPCs, 5 addresses) at once, and so do real accounts, which is why
theirs are raised.
"""

from __future__ import annotations

VPCS = 500
INTERNET_GATEWAYS = 500
ADDRESSES = 5000
INTERFACES = 50_000
SECURITY_GROUPS = 10_000
SUBNETS_PER_VPC = 200
ROUTE_TABLES_PER_VPC = 200
ACLS_PER_VPC = 200
CIDRS_PER_VPC = 5
IPV6_CIDRS_PER_VPC = 5
ROUTES_PER_TABLE = 500
ENTRIES_PER_ACL = 20
"""In each direction, the default rule not counted."""
RULES_PER_GROUP = 60
"""In each direction, for IPv4 and IPv6 each."""
GROUPS_PER_INTERFACE = 5
