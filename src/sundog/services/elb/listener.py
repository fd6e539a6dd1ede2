"""Listeners of classic load balancers, and their certificates."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from msgspec.structs import replace

from sundog.api import elb as api
from sundog.core import AwsError, Tx, op
from sundog.services.elb.state import Listener, LoadBalancer

PROTOCOLS = ("HTTP", "HTTPS", "TCP", "SSL")
DEFAULT_POLICY = "ELBSecurityPolicy-2016-08"
_SECURE = ("HTTPS", "SSL")
_LAYER_7 = ("HTTP", "HTTPS")


def checked_listener(tx: Tx, given: Any) -> Listener:
    """A request's listener."""
    protocol = given.protocol.upper()
    inner = (given.instance_protocol or ("HTTP" if protocol in _LAYER_7 else "TCP")).upper()
    for name in (protocol, inner):
        if name not in PROTOCOLS:
            raise AwsError(
                "ValidationError",
                f"1 validation error detected: Protocol '{name}' must be one of {', '.join(PROTOCOLS)}",
            )
    if (protocol in _LAYER_7) != (inner in _LAYER_7):
        raise AwsError("ValidationError", "Protocol and InstanceProtocol must be of the same layer.")
    for port in (given.load_balancer_port, given.instance_port):
        if not 1 <= port <= 65535:
            raise AwsError("ValidationError", f"Port {port} must be between 1 and 65535")
    certificate = given.ssl_certificate_id
    if protocol in _SECURE:
        if not certificate:
            raise AwsError("ValidationError", "SSL Certificate Id must be specified for HTTPS and SSL listeners.")
        check_certificate(tx, certificate)
    return Listener(
        protocol=protocol,
        load_balancer_port=given.load_balancer_port,
        instance_protocol=inner,
        instance_port=given.instance_port,
        ssl_certificate_id=certificate if protocol in _SECURE else None,
        policies=(DEFAULT_POLICY,) if protocol in _SECURE else (),
    )


def check_certificate(tx: Tx, arn: str) -> None:
    """A certificate of IAM or ACM must be there, where these services can be asked."""
    try:
        if ":acm:" in arn:
            tx.call("acm", "DescribeCertificate", certificate_arn=arn)
        else:
            tx.call("iam", "GetServerCertificate", server_certificate_name=arn.rpartition("/")[2])
    except AwsError as error:
        if error.status != 501:
            raise api.CertificateNotFoundException(f"Server Certificate not found for the key: {arn}") from None


def with_listeners(tx: Tx, name: str, before: tuple[Listener, ...], given: Iterable[Any]) -> tuple[Listener, ...]:
    """The listeners with a request's added; the same once more changes nothing."""
    found = {each.load_balancer_port: each for each in before}
    for item in given:
        made = checked_listener(tx, item)
        known = found.get(made.load_balancer_port)
        if known is not None and replace(known, policies=made.policies) != made:
            raise api.DuplicateListenerException(
                f"A listener already exists for {name} with LoadBalancerPort {made.load_balancer_port}, but with a "
                "different InstancePort, Protocol, or SSLCertificateId"
            )
        found.setdefault(made.load_balancer_port, made)
    return tuple(found.values())


@op
def create_load_balancer_listeners(tx: Tx, req: api.CreateLoadBalancerListenerInput) -> Any:
    """Listen on more ports."""
    row = tx.get(LoadBalancer, req.load_balancer_name)
    tx.update(row, listeners=with_listeners(tx, row.load_balancer_name, row.listeners, req.listeners))
    return api.CreateLoadBalancerListenerOutput()


@op
def delete_load_balancer_listeners(tx: Tx, req: api.DeleteLoadBalancerListenerInput) -> Any:
    """Listen no longer on ports; those that aren't listened on are passed over."""
    row = tx.get(LoadBalancer, req.load_balancer_name)
    gone = set(req.load_balancer_ports)
    tx.update(row, listeners=tuple(each for each in row.listeners if each.load_balancer_port not in gone))
    return api.DeleteLoadBalancerListenerOutput()


def change_listener(tx: Tx, row: LoadBalancer, port: int, **changes: Any) -> None:
    """Change the listener on a port."""
    if all(each.load_balancer_port != port for each in row.listeners):
        raise api.ListenerNotFoundException(
            f"There is no listener on port {port} for load balancer {row.load_balancer_name}"
        )
    tx.update(
        row,
        listeners=tuple(
            replace(each, **changes) if each.load_balancer_port == port else each for each in row.listeners
        ),
    )


@op
def set_load_balancer_listener_ssl_certificate(tx: Tx, req: api.SetLoadBalancerListenerSSLCertificateInput) -> Any:
    """Give a secure listener another certificate."""
    row = tx.get(LoadBalancer, req.load_balancer_name)
    check_certificate(tx, req.ssl_certificate_id)
    for each in row.listeners:
        if each.load_balancer_port == req.load_balancer_port and each.protocol not in _SECURE:
            raise api.InvalidConfigurationRequestException("The listener does not use HTTPS or SSL")
    change_listener(tx, row, req.load_balancer_port, ssl_certificate_id=req.ssl_certificate_id)
    return api.SetLoadBalancerListenerSSLCertificateOutput()
