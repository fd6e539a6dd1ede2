"""Attributes of load balancers, target groups and listeners."""

from __future__ import annotations

from sundog.api import elbv2 as api
from sundog.core import Tx, op
from sundog.services.elbv2.common import changed_attributes, checked_arn, shown_attributes
from sundog.services.elbv2.state import Listener, LoadBalancer, TargetGroup

_LOGS = {"access_logs.s3.enabled": "false", "access_logs.s3.bucket": "", "access_logs.s3.prefix": ""}
_PROTECTION = {"deletion_protection.enabled": "false"}
_SHIFT = {"zonal_shift.config.enabled": "false"}
_LOAD_BALANCERS = {
    "application": {
        **_LOGS,
        "idle_timeout.timeout_seconds": "60",
        **_PROTECTION,
        "routing.http2.enabled": "true",
        "routing.http.drop_invalid_header_fields.enabled": "false",
        "routing.http.xff_client_port.enabled": "false",
        "routing.http.preserve_host_header.enabled": "false",
        "routing.http.xff_header_processing.mode": "append",
        "load_balancing.cross_zone.enabled": "true",
        "routing.http.desync_mitigation_mode": "defensive",
        "client_keep_alive.seconds": "3600",
        "waf.fail_open.enabled": "false",
        "routing.http.x_amzn_tls_version_and_cipher_suite.enabled": "false",
        **_SHIFT,
        "connection_logs.s3.enabled": "false",
        "connection_logs.s3.bucket": "",
        "connection_logs.s3.prefix": "",
        "health_check_logs.s3.enabled": "false",
        "health_check_logs.s3.bucket": "",
        "health_check_logs.s3.prefix": "",
    },
    "network": {
        **_LOGS,
        **_PROTECTION,
        "ipv6.deny_all_igw_traffic": "false",
        "load_balancing.cross_zone.enabled": "false",
        "dns_record.client_routing_policy": "any_availability_zone",
        "secondary_ips.auto_assigned.per_subnet": "0",
        **_SHIFT,
    },
    "gateway": {**_PROTECTION, "load_balancing.cross_zone.enabled": "false"},
}
_HEALTH = {
    "target_group_health.dns_failover.minimum_healthy_targets.count": "1",
    "target_group_health.dns_failover.minimum_healthy_targets.percentage": "off",
    "target_group_health.unhealthy_state_routing.minimum_healthy_targets.count": "1",
    "target_group_health.unhealthy_state_routing.minimum_healthy_targets.percentage": "off",
}
_CROSS = {"load_balancing.cross_zone.enabled": "use_load_balancer_configuration"}
_DELAY = {"deregistration_delay.timeout_seconds": "300"}
_HTTP_LISTENER = {
    "routing.http.response.server.enabled": "true",
    **{
        f"routing.http.response.{name}.header_value": ""
        for name in (
            "strict_transport_security",
            "access_control_allow_origin",
            "access_control_allow_methods",
            "access_control_allow_headers",
            "access_control_allow_credentials",
            "access_control_expose_headers",
            "access_control_max_age",
            "content_security_policy",
            "x_content_type_options",
            "x_frame_options",
        )
    },
}
_TLS_LISTENER = {
    f"routing.http.request.x_amzn_{name}.header_name": f"X-Amzn-{label}"
    for name, label in (
        ("mtls_clientcert_serial_number", "Mtls-Clientcert-Serial-Number"),
        ("mtls_clientcert_issuer", "Mtls-Clientcert-Issuer"),
        ("mtls_clientcert_subject", "Mtls-Clientcert-Subject"),
        ("mtls_clientcert_validity", "Mtls-Clientcert-Validity"),
        ("mtls_clientcert_leaf", "Mtls-Clientcert-Leaf"),
        ("mtls_clientcert", "Mtls-Clientcert"),
        ("tls_version", "Tls-Version"),
        ("tls_cipher_suite", "Tls-Cipher-Suite"),
    )
}


def load_balancer_attributes(kind: str) -> dict[str, str]:
    """What a new load balancer of the kind has."""
    return dict(_LOAD_BALANCERS[kind])


def target_group_attributes(target_type: str, protocol: str | None) -> dict[str, str]:
    """What a new target group has."""
    if target_type == "lambda":
        return {"lambda.multi_value_headers.enabled": "false", **_CROSS, **_HEALTH}
    if protocol == "GENEVE":
        return {
            **_DELAY,
            "stickiness.enabled": "false",
            "stickiness.type": "source_ip_dest_ip_proto",
            "target_failover.on_deregistration": "no_rebalance",
            "target_failover.on_unhealthy": "no_rebalance",
            **_CROSS,
        }
    if protocol in ("HTTP", "HTTPS"):
        return {
            "stickiness.enabled": "false",
            **_DELAY,
            "stickiness.app_cookie.cookie_name": "",
            "stickiness.type": "lb_cookie",
            "stickiness.lb_cookie.duration_seconds": "86400",
            "slow_start.duration_seconds": "0",
            "stickiness.app_cookie.duration_seconds": "86400",
            "load_balancing.algorithm.type": "round_robin",
            "load_balancing.algorithm.anomaly_mitigation": "off",
            **_CROSS,
            **_HEALTH,
        }
    return {
        "stickiness.enabled": "false",
        **_DELAY,
        "stickiness.type": "source_ip",
        "proxy_protocol_v2.enabled": "false",
        "preserve_client_ip.enabled": "true" if target_type == "instance" or protocol == "UDP" else "false",
        "deregistration_delay.connection_termination.enabled": "false",
        "target_health_state.unhealthy.connection_termination.enabled": "true",
        "target_health_state.unhealthy.draining_interval_seconds": "0",
        **_CROSS,
        **_HEALTH,
    }


def listener_attributes(protocol: str | None) -> dict[str, str]:
    """What a new listener has."""
    if protocol in ("HTTP", "HTTPS"):
        return {**_HTTP_LISTENER, **(_TLS_LISTENER if protocol == "HTTPS" else {})}
    return {"tcp.idle_timeout.seconds": "350"} if protocol in ("TCP", None) else {}


@op
def describe_load_balancer_attributes(
    tx: Tx, req: api.DescribeLoadBalancerAttributesInput
) -> api.DescribeLoadBalancerAttributesOutput:
    """Show a load balancer's attributes."""
    row = tx.get(LoadBalancer, checked_arn(req.load_balancer_arn, "loadbalancer"))
    return api.DescribeLoadBalancerAttributesOutput(attributes=shown_attributes(row.attributes))


@op
def modify_load_balancer_attributes(
    tx: Tx, req: api.ModifyLoadBalancerAttributesInput
) -> api.ModifyLoadBalancerAttributesOutput:
    """Change some of a load balancer's attributes."""
    row = tx.get(LoadBalancer, checked_arn(req.load_balancer_arn, "loadbalancer"))
    found = changed_attributes("Load balancer", row.attributes, req.attributes, _LOAD_BALANCERS[row.type])
    if found.get("access_logs.s3.enabled") == "true" and not found.get("access_logs.s3.bucket"):
        raise api.InvalidConfigurationRequestException("Access Denied for bucket: . Please check S3bucket permission")
    tx.update(row, attributes=found)
    return api.ModifyLoadBalancerAttributesOutput(attributes=shown_attributes(found))


@op
def describe_target_group_attributes(
    tx: Tx, req: api.DescribeTargetGroupAttributesInput
) -> api.DescribeTargetGroupAttributesOutput:
    """Show a target group's attributes."""
    row = tx.get(TargetGroup, checked_arn(req.target_group_arn, "targetgroup"))
    return api.DescribeTargetGroupAttributesOutput(attributes=shown_attributes(row.attributes))


@op
def modify_target_group_attributes(
    tx: Tx, req: api.ModifyTargetGroupAttributesInput
) -> api.ModifyTargetGroupAttributesOutput:
    """Change some of a target group's attributes."""
    row = tx.get(TargetGroup, checked_arn(req.target_group_arn, "targetgroup"))
    found = changed_attributes(
        "Target group", row.attributes, req.attributes, target_group_attributes(row.target_type, row.protocol)
    )
    tx.update(row, attributes=found)
    return api.ModifyTargetGroupAttributesOutput(attributes=shown_attributes(found))


@op
def describe_listener_attributes(
    tx: Tx, req: api.DescribeListenerAttributesInput
) -> api.DescribeListenerAttributesOutput:
    """Show a listener's attributes."""
    row = tx.get(Listener, checked_arn(req.listener_arn, "listener"))
    return api.DescribeListenerAttributesOutput(attributes=shown_attributes(row.attributes))


@op
def modify_listener_attributes(tx: Tx, req: api.ModifyListenerAttributesInput) -> api.ModifyListenerAttributesOutput:
    """Change some of a listener's attributes."""
    row = tx.get(Listener, checked_arn(req.listener_arn, "listener"))
    found = changed_attributes("Listener", row.attributes, req.attributes, listener_attributes(row.protocol))
    tx.update(row, attributes=found)
    return api.ModifyListenerAttributesOutput(attributes=shown_attributes(found))
