"""Policies of classic load balancers."""

from __future__ import annotations

from typing import Any

from sundog.api import elb as api
from sundog.core import Tx, op
from sundog.services.elb.listener import change_listener
from sundog.services.elb.state import LoadBalancer, Policy

# Type: what it says of itself, and its attributes with type, default and how many.
TYPES: dict[str, tuple[str, tuple[tuple[str, str, str | None, str], ...]]] = {
    "SSLNegotiationPolicyType": (
        "Listener policy that defines the ciphers and protocols that will be accepted by the load balancer.",
        (
            ("Reference-Security-Policy", "String", None, "ZERO_OR_ONE"),
            ("Protocol-TLSv1", "Boolean", None, "ZERO_OR_ONE"),
            ("Protocol-TLSv1.1", "Boolean", None, "ZERO_OR_ONE"),
            ("Protocol-TLSv1.2", "Boolean", None, "ZERO_OR_ONE"),
            ("Server-Defined-Cipher-Order", "Boolean", None, "ZERO_OR_ONE"),
        ),
    ),
    "BackendServerAuthenticationPolicyType": (
        "Policy that controls authentication to back-end server(s).",
        (("PublicKeyPolicyName", "PolicyName", None, "ONE_OR_MORE"),),
    ),
    "PublicKeyPolicyType": (
        "Policy containing a list of public keys to accept when authenticating the back-end server(s).",
        (("PublicKey", "String", None, "ONE"),),
    ),
    "AppCookieStickinessPolicyType": (
        "Stickiness policy with session lifetimes controlled by the lifetime of the application-generated cookie.",
        (("CookieName", "String", None, "ONE"),),
    ),
    "LBCookieStickinessPolicyType": (
        "Stickiness policy with session lifetimes controlled by the browser (user-agent) or a specified expiration "
        "period.",
        (("CookieExpirationPeriod", "Long", None, "ZERO_OR_ONE"),),
    ),
    "ProxyProtocolPolicyType": (
        "Policy that controls whether to include the IP address and port of the originating request for TCP messages.",
        (("ProxyProtocol", "Boolean", None, "ONE"),),
    ),
}
_SAMPLES = ("ELBSecurityPolicy-2016-08", "ELBSecurityPolicy-TLS-1-2-2017-01", "ELBSecurityPolicy-TLS-1-1-2017-01")


def _add(tx: Tx, name: str, policy: Policy) -> None:
    row = tx.get(LoadBalancer, name)
    if any(each.policy_name == policy.policy_name for each in row.policies):
        raise api.DuplicatePolicyNameException(f"Policy with name {policy.policy_name} already exists for {name}")
    if len(row.policies) >= 100:
        raise api.TooManyPoliciesException("The quota for the number of policies for this load balancer was reached")
    tx.update(row, policies=(*row.policies, policy))


@op
def create_app_cookie_stickiness_policy(tx: Tx, req: api.CreateAppCookieStickinessPolicyInput) -> Any:
    """Stick by the application's own cookie."""
    policy = Policy(
        policy_name=req.policy_name,
        policy_type_name="AppCookieStickinessPolicyType",
        attributes=(("CookieName", req.cookie_name),),
    )
    _add(tx, req.load_balancer_name, policy)
    return api.CreateAppCookieStickinessPolicyOutput()


@op
def create_lb_cookie_stickiness_policy(tx: Tx, req: api.CreateLBCookieStickinessPolicyInput) -> Any:
    """Stick by a cookie of the load balancer."""
    period = req.cookie_expiration_period
    policy = Policy(
        policy_name=req.policy_name,
        policy_type_name="LBCookieStickinessPolicyType",
        attributes=(("CookieExpirationPeriod", str(period)),) if period is not None else (),
    )
    _add(tx, req.load_balancer_name, policy)
    return api.CreateLBCookieStickinessPolicyOutput()


@op
def create_load_balancer_policy(tx: Tx, req: api.CreateLoadBalancerPolicyInput) -> Any:
    """Make a policy of any type."""
    known = TYPES.get(req.policy_type_name)
    if known is None:
        raise api.PolicyTypeNotFoundException(f"Policy type {req.policy_type_name} is not found")
    names = {attribute[0] for attribute in known[1]}
    given = tuple((item.attribute_name or "", item.attribute_value or "") for item in req.policy_attributes or ())
    for name, _ in given:
        if name not in names and req.policy_type_name != "SSLNegotiationPolicyType":
            raise api.InvalidConfigurationRequestException(f"Attribute {name} is not known to {req.policy_type_name}")
    policy = Policy(policy_name=req.policy_name, policy_type_name=req.policy_type_name, attributes=given)
    _add(tx, req.load_balancer_name, policy)
    return api.CreateLoadBalancerPolicyOutput()


@op
def delete_load_balancer_policy(tx: Tx, req: api.DeleteLoadBalancerPolicyInput) -> Any:
    """Delete a policy that nothing has."""
    row = tx.get(LoadBalancer, req.load_balancer_name)
    used = any(req.policy_name in each.policies for each in row.listeners)
    if used or any(req.policy_name in names for _, names in row.backends):
        raise api.InvalidConfigurationRequestException(
            f"You cannot delete policy {req.policy_name} because it is in use."
        )
    tx.update(row, policies=tuple(each for each in row.policies if each.policy_name != req.policy_name))
    return api.DeleteLoadBalancerPolicyOutput()


def _check_names(row: LoadBalancer, names: list[str]) -> None:
    known = {each.policy_name for each in row.policies} | set(_SAMPLES)
    for name in names:
        if name not in known:
            raise api.PolicyNotFoundException(
                f"There is no policy with name {name} for load balancer {row.load_balancer_name}"
            )


@op
def set_load_balancer_policies_of_listener(tx: Tx, req: api.SetLoadBalancerPoliciesOfListenerInput) -> Any:
    """Give a listener these policies in place of those that it has."""
    row = tx.get(LoadBalancer, req.load_balancer_name)
    _check_names(row, req.policy_names)
    change_listener(tx, row, req.load_balancer_port, policies=tuple(req.policy_names))
    return api.SetLoadBalancerPoliciesOfListenerOutput()


@op
def set_load_balancer_policies_for_backend_server(tx: Tx, req: api.SetLoadBalancerPoliciesForBackendServerInput) -> Any:
    """Give an instance port these policies in place of those that it has."""
    row = tx.get(LoadBalancer, req.load_balancer_name)
    _check_names(row, req.policy_names)
    if all(each.instance_port != req.instance_port for each in row.listeners):
        raise api.InvalidConfigurationRequestException(f"No listener sends requests to port {req.instance_port}")
    left = {port: names for port, names in row.backends if port != req.instance_port}
    if req.policy_names:
        left[req.instance_port] = tuple(req.policy_names)
    tx.update(row, backends=tuple(left.items()))
    return api.SetLoadBalancerPoliciesForBackendServerOutput()


def _shown(policy: Policy) -> Any:
    return {
        "PolicyName": policy.policy_name,
        "PolicyTypeName": policy.policy_type_name,
        "PolicyAttributeDescriptions": [
            {"AttributeName": name, "AttributeValue": value} for name, value in policy.attributes
        ],
    }


@op
def describe_load_balancer_policies(
    tx: Tx, req: api.DescribeLoadBalancerPoliciesInput
) -> api.DescribeLoadBalancerPoliciesOutput:
    """List policies: a load balancer's, or without one those that AWS gives as samples."""
    if req.load_balancer_name is None:
        found = {
            name: Policy(
                policy_name=name,
                policy_type_name="SSLNegotiationPolicyType",
                attributes=(("Reference-Security-Policy", name),),
            )
            for name in _SAMPLES
        }
        where = ""
    else:
        row = tx.get(LoadBalancer, req.load_balancer_name)
        found = {policy.policy_name: policy for policy in row.policies}
        where = f" for load balancer {row.load_balancer_name}"
    for name in req.policy_names or ():
        if name not in found:
            raise api.PolicyNotFoundException(f"There is no policy with name {name}{where}")
    names = req.policy_names or list(found)
    return api.DescribeLoadBalancerPoliciesOutput(policy_descriptions=[_shown(found[name]) for name in names])


@op
def describe_load_balancer_policy_types(
    tx: Tx, req: api.DescribeLoadBalancerPolicyTypesInput
) -> api.DescribeLoadBalancerPolicyTypesOutput:
    """List the types of policies."""
    names = req.policy_type_names or list(TYPES)
    for name in names:
        if name not in TYPES:
            raise api.PolicyTypeNotFoundException(f"Policy type {name} is not found")
    return api.DescribeLoadBalancerPolicyTypesOutput(
        policy_type_descriptions=[
            {
                "PolicyTypeName": name,
                "Description": TYPES[name][0],
                "PolicyAttributeTypeDescriptions": [
                    {
                        "AttributeName": attribute,
                        "AttributeType": kind,
                        "DefaultValue": default,
                        "Cardinality": count,
                    }
                    for attribute, kind, default, count in TYPES[name][1]
                ],
            }
            for name in names
        ]
    )
