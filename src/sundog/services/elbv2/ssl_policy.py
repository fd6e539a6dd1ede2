"""Security policies: which protocols and ciphers a secure listener speaks."""

from __future__ import annotations

from typing import Any

from sundog.api import elbv2 as api
from sundog.core import Tx, op

DEFAULT_POLICY = "ELBSecurityPolicy-2016-08"
_TLS13 = ("TLS_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384", "TLS_CHACHA20_POLY1305_SHA256")
_GCM_128 = ("ECDHE-ECDSA-AES128-GCM-SHA256", "ECDHE-RSA-AES128-GCM-SHA256")
_SHA2_128 = ("ECDHE-ECDSA-AES128-SHA256", "ECDHE-RSA-AES128-SHA256")
_SHA1_128 = ("ECDHE-ECDSA-AES128-SHA", "ECDHE-RSA-AES128-SHA")
_GCM_256 = ("ECDHE-ECDSA-AES256-GCM-SHA384", "ECDHE-RSA-AES256-GCM-SHA384")
_SHA2_256 = ("ECDHE-ECDSA-AES256-SHA384", "ECDHE-RSA-AES256-SHA384")
_SHA1_256 = ("ECDHE-RSA-AES256-SHA", "ECDHE-ECDSA-AES256-SHA")
_RSA_2 = ("AES128-GCM-SHA256", "AES128-SHA256", "AES256-GCM-SHA384", "AES256-SHA256")
_RSA = ("AES128-GCM-SHA256", "AES128-SHA256", "AES128-SHA", "AES256-GCM-SHA384", "AES256-SHA256", "AES256-SHA")
_RESTRICTED = (*_GCM_128, *_GCM_256)
_STRONG = (*_GCM_128, *_SHA2_128, *_GCM_256, *_SHA2_256)
_ALL_EC = (*_GCM_128, *_SHA2_128, *_SHA1_128, *_GCM_256, *_SHA2_256, *_SHA1_256)
_ALL = (*_ALL_EC, *_RSA)
_V2 = ("TLSv1.2",)
_V12 = ("TLSv1.1", "TLSv1.2")
_V012 = ("TLSv1", "TLSv1.1", "TLSv1.2")

POLICIES: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "ELBSecurityPolicy-2016-08": (_V012, _ALL),
    "ELBSecurityPolicy-TLS13-1-2-2021-06": ((*_V2, "TLSv1.3"), (*_TLS13, *_STRONG)),
    "ELBSecurityPolicy-TLS13-1-2-Res-2021-06": ((*_V2, "TLSv1.3"), (*_TLS13, *_RESTRICTED)),
    "ELBSecurityPolicy-TLS13-1-2-Ext1-2021-06": ((*_V2, "TLSv1.3"), (*_TLS13, *_STRONG, *_RSA_2)),
    "ELBSecurityPolicy-TLS13-1-2-Ext2-2021-06": ((*_V2, "TLSv1.3"), (*_TLS13, *_ALL)),
    "ELBSecurityPolicy-TLS13-1-1-2021-06": ((*_V12, "TLSv1.3"), (*_TLS13, *_ALL)),
    "ELBSecurityPolicy-TLS13-1-0-2021-06": ((*_V012, "TLSv1.3"), (*_TLS13, *_ALL)),
    "ELBSecurityPolicy-TLS13-1-3-2021-06": (("TLSv1.3",), _TLS13),
    "ELBSecurityPolicy-TLS-1-2-2017-01": (_V2, (*_STRONG, *_RSA_2)),
    "ELBSecurityPolicy-TLS-1-1-2017-01": (_V12, _ALL),
    "ELBSecurityPolicy-TLS-1-2-Ext-2018-06": (_V2, _ALL),
    "ELBSecurityPolicy-FS-2018-06": (_V012, _ALL_EC),
    "ELBSecurityPolicy-FS-1-1-2019-08": (_V12, _ALL_EC),
    "ELBSecurityPolicy-FS-1-2-2019-08": (_V2, _ALL_EC),
    "ELBSecurityPolicy-FS-1-2-Res-2019-08": (_V2, _STRONG),
    "ELBSecurityPolicy-FS-1-2-Res-2020-10": (_V2, _RESTRICTED),
    "ELBSecurityPolicy-2015-05": (_V012, _ALL),
    "ELBSecurityPolicy-TLS-1-0-2015-04": (_V012, (*_ALL, "DES-CBC3-SHA")),
}


def _shown(name: str) -> Any:
    protocols, ciphers = POLICIES[name]
    return {
        "Name": name,
        "SslProtocols": list(protocols),
        "Ciphers": [{"Name": cipher, "Priority": place} for place, cipher in enumerate(ciphers, 1)],
        "SupportedLoadBalancerTypes": ["application", "network"],
    }


@op(page_size=400)
def describe_ssl_policies(tx: Tx, req: api.DescribeSSLPoliciesInput) -> api.DescribeSSLPoliciesOutput:
    """List security policies; gateway load balancers have none."""
    names = req.names or list(POLICIES)
    for name in names:
        if name not in POLICIES:
            raise api.SSLPolicyNotFoundException(f"SSL policy '{name}' not found")
    if req.load_balancer_type == "gateway":
        names = []
    return api.DescribeSSLPoliciesOutput(ssl_policies=[_shown(name) for name in names])
