"""Listeners, with their certificates."""

from __future__ import annotations

from typing import Any

from sundog.api import elbv2 as api
from sundog.core import AwsError, Tx, op, rows_of
from sundog.core.structure import plain
from sundog.services.elbv2.action import checked_actions
from sundog.services.elbv2.attribute import listener_attributes
from sundog.services.elbv2.common import arn, checked_arn, checked_tags, invalid, new_part
from sundog.services.elbv2.ssl_policy import DEFAULT_POLICY, POLICIES
from sundog.services.elbv2.state import Listener, LoadBalancer, Rule, TrustStore

PROTOCOLS = {
    "application": ("HTTP", "HTTPS"),
    "network": ("TCP", "TLS", "UDP", "TCP_UDP", "QUIC", "TCP_QUIC"),
    "gateway": (),
}
MAX_LISTENERS = 50
MAX_CERTIFICATES = 25
_SECURE = ("HTTPS", "TLS")


def get_listener(tx: Tx, listener_arn: str) -> Listener:
    """The listener that a request names."""
    return tx.get(Listener, checked_arn(listener_arn, "listener"))


def shown(row: Listener) -> Any:
    """A listener as it is answered."""
    made = api.Listener(
        listener_arn=row.listener_arn,
        load_balancer_arn=row.load_balancer_arn,
        port=row.port,
        protocol=row.protocol,
        default_actions=list(row.default_actions),
    )
    if row.certificate is not None:
        made.certificates = [{"CertificateArn": row.certificate}]
    if row.ssl_policy is not None:
        made.ssl_policy = row.ssl_policy
    if row.alpn_policy is not None:
        made.alpn_policy = list(row.alpn_policy)
    if row.mutual_authentication is not None:
        made.mutual_authentication = row.mutual_authentication
    return made


def _check_protocol(balancer: LoadBalancer, protocol: str | None, port: int | None) -> None:
    allowed = PROTOCOLS[balancer.type]
    if not allowed:
        if protocol is not None or port is not None:
            raise invalid("You cannot specify a protocol or a port for the listener of a gateway load balancer")
        return
    if protocol is None:
        raise invalid("A listener protocol must be specified")
    if port is None:
        raise invalid("A listener port must be specified")
    if protocol not in allowed:
        raise invalid(f"Listener protocol '{protocol}' must be one of '{', '.join(allowed)}'")


def _check_port(tx: Tx, balancer: LoadBalancer, port: int | None, but: str | None = None) -> None:
    for other in tx.select(Listener, load_balancer_arn=balancer.load_balancer_arn):
        if other.port == port and other.listener_arn != but:
            raise api.DuplicateListenerException(
                f"A listener already exists on this port for this load balancer '{balancer.load_balancer_arn}'"
            )


def _check_certificate(tx: Tx, certificate_arn: str) -> None:
    """A certificate of ACM or IAM must be there, where these services can be asked."""
    missing = api.CertificateNotFoundException(f"Certificate '{certificate_arn}' not found")
    parts = certificate_arn.split(":", 5)
    if len(parts) != 6:
        raise invalid(f"Certificate ARN '{certificate_arn}' is not valid")
    try:
        if parts[2] == "acm":
            tx.call("acm", "DescribeCertificate", certificate_arn=certificate_arn)
        elif parts[2] == "iam":
            name = parts[5].rpartition("/")[2]
            found = tx.call("iam", "GetServerCertificate", server_certificate_name=name)
            if found.server_certificate.server_certificate_metadata.arn != certificate_arn:
                raise missing
        else:
            raise invalid(f"Certificate ARN '{certificate_arn}' is not valid")
    except AwsError as error:
        if error.code in ("ResourceNotFoundException", "NoSuchEntity"):
            raise missing from None
        if error.status != 501:
            raise


def _certificate(tx: Tx, protocol: str | None, given: list[Any] | None) -> str | None:
    if given and protocol not in _SECURE:
        raise invalid(f"Certificates cannot be specified for {protocol} listeners")
    if protocol not in _SECURE:
        return None
    if not given:
        raise invalid(f"A certificate must be specified for {protocol} listeners")
    if len(given) > 1:
        raise invalid("You can only specify one certificate for a listener's default certificate")
    _check_certificate(tx, given[0].certificate_arn)
    return given[0].certificate_arn


def _policy(protocol: str | None, given: str | None) -> str | None:
    if protocol not in _SECURE:
        if given is not None:
            raise invalid(f"An SSL policy cannot be specified for {protocol} listeners")
        return None
    if given is not None and given not in POLICIES:
        raise api.SSLPolicyNotFoundException(f"SSL policy '{given}' not found")
    return given or DEFAULT_POLICY


def _mutual(tx: Tx, protocol: str | None, given: Any) -> dict[str, Any] | None:
    if given is None:
        return {"Mode": "off"} if protocol == "HTTPS" else None
    found = plain(given)
    if found.get("Mode") == "verify":
        tx.get(TrustStore, found.get("TrustStoreArn") or "")
        found = {"IgnoreClientCertificateExpiry": False, "AdvertiseTrustStoreCaNames": "off", **found}
    return found


@op
def create_listener(tx: Tx, req: api.CreateListenerInput) -> api.CreateListenerOutput:
    """Listen on a port, with a default rule."""
    balancer = tx.get(LoadBalancer, checked_arn(req.load_balancer_arn, "loadbalancer"))
    _check_protocol(balancer, req.protocol, req.port)
    actions, groups = checked_actions(tx, balancer, req.default_actions, req.protocol)
    certificate = _certificate(tx, req.protocol, req.certificates)
    policy = _policy(req.protocol, req.ssl_policy)
    tags = checked_tags(req.tags)
    for other in tx.select(Listener, load_balancer_arn=balancer.load_balancer_arn, port=req.port):
        same = (other.protocol, other.default_actions, other.certificate, other.ssl_policy)
        if same == (req.protocol, actions, certificate, policy) and other.tags == tags:
            return api.CreateListenerOutput(listeners=[shown(other)])
    _check_port(tx, balancer, req.port)
    if tx.select(Listener, load_balancer_arn=balancer.load_balancer_arn).count() >= MAX_LISTENERS:
        raise api.TooManyListenersException(
            f"The maximum number of listeners on load balancer '{balancer.load_balancer_arn}' has been reached"
        )
    path = f"{balancer.path}/{new_part(tx)}"
    row = tx.add(
        Listener(
            listener_arn=arn(tx, f"listener/{path}"),
            load_balancer_arn=balancer.load_balancer_arn,
            port=req.port,
            protocol=req.protocol,
            certificate=certificate,
            ssl_policy=policy,
            default_actions=actions,
            alpn_policy=tuple(req.alpn_policy) if req.alpn_policy else None,
            mutual_authentication=_mutual(tx, req.protocol, req.mutual_authentication),
            attributes=listener_attributes(req.protocol),
            target_groups=groups,
            tags=tags,
        )
    )
    tx.add(
        Rule(
            rule_arn=arn(tx, f"listener-rule/{path}/{new_part(tx)}"),
            listener_arn=row.listener_arn,
            number=0,
            actions=actions,
            target_groups=groups,
        )
    )
    return api.CreateListenerOutput(listeners=[shown(row)])


@op(page_size=400)
def describe_listeners(tx: Tx, req: api.DescribeListenersInput) -> api.DescribeListenersOutput:
    """List listeners: those named, or a load balancer's."""
    if (req.load_balancer_arn is None) == (not req.listener_arns):
        raise invalid("You must specify either listener ARNs or a load balancer ARN")
    if req.listener_arns:
        found = rows_of([get_listener(tx, each) for each in dict.fromkeys(req.listener_arns)])
        return api.DescribeListenersOutput(listeners=found.map(shown))
    balancer = tx.get(LoadBalancer, checked_arn(req.load_balancer_arn, "loadbalancer"))
    rows = tx.select(Listener, load_balancer_arn=balancer.load_balancer_arn)
    return api.DescribeListenersOutput(listeners=rows.map(shown))


@op
def modify_listener(tx: Tx, req: api.ModifyListenerInput) -> api.ModifyListenerOutput:
    """Change what is given; a protocol without encryption loses certificate and policy."""
    row = get_listener(tx, req.listener_arn)
    balancer = tx.get(LoadBalancer, row.load_balancer_arn)
    protocol = req.protocol or row.protocol
    port = req.port if req.port is not None else row.port
    _check_protocol(balancer, protocol, port)
    _check_port(tx, balancer, port, row.listener_arn)
    changes: dict[str, Any] = {"protocol": protocol, "port": port}
    if protocol not in _SECURE:
        if req.certificates or req.ssl_policy:
            _certificate(tx, protocol, req.certificates)
            _policy(protocol, req.ssl_policy)
        changes.update(certificate=None, more_certificates=(), ssl_policy=None, mutual_authentication=None)
    else:
        if req.certificates or row.certificate is None:
            changes["certificate"] = _certificate(tx, protocol, req.certificates)
        changes["ssl_policy"] = _policy(protocol, req.ssl_policy or row.ssl_policy)
        if req.mutual_authentication is not None or row.mutual_authentication is None:
            changes["mutual_authentication"] = _mutual(tx, protocol, req.mutual_authentication)
    if protocol != row.protocol:
        changes["attributes"] = listener_attributes(protocol)
    if req.alpn_policy is not None:
        changes["alpn_policy"] = tuple(req.alpn_policy) or None
    if req.default_actions:
        actions, groups = checked_actions(tx, balancer, req.default_actions, protocol)
        changes.update(default_actions=actions, target_groups=groups)
        default = tx.select(Rule, listener_arn=row.listener_arn).where(lambda rule: rule.number == 0).first()
        if default is not None:
            tx.update(default, actions=actions, target_groups=groups)
    return api.ModifyListenerOutput(listeners=[shown(tx.update(row, **changes))])


@op
def delete_listener(tx: Tx, req: api.DeleteListenerInput) -> api.DeleteListenerOutput:
    """Stop listening."""
    delete_listener_row(tx, get_listener(tx, req.listener_arn))
    return api.DeleteListenerOutput()


def delete_listener_row(tx: Tx, row: Listener) -> None:
    """Remove a listener with its rules."""
    for rule in list(tx.select(Rule, listener_arn=row.listener_arn)):
        tx.delete(rule)
    tx.delete(row)


# -- certificates


@op
def add_listener_certificates(tx: Tx, req: api.AddListenerCertificatesInput) -> api.AddListenerCertificatesOutput:
    """Add certificates that are chosen by the name a client asks for."""
    row = get_listener(tx, req.listener_arn)
    if row.protocol not in _SECURE:
        raise invalid(f"Certificates cannot be specified for {row.protocol} listeners")
    names: list[str] = []
    for item in req.certificates:
        if item.is_default is not None:
            raise invalid("You cannot set the isDefault parameter for a certificate")
        _check_certificate(tx, item.certificate_arn)
        names.append(item.certificate_arn)
    found = tuple(dict.fromkeys((*row.more_certificates, *names)))
    if len(found) > MAX_CERTIFICATES:
        raise api.TooManyCertificatesException(
            f"The maximum number of certificates on listener '{row.listener_arn}' has been reached"
        )
    tx.update(row, more_certificates=found)
    return api.AddListenerCertificatesOutput(
        certificates=[{"CertificateArn": name, "IsDefault": False} for name in names]
    )


@op
def remove_listener_certificates(
    tx: Tx, req: api.RemoveListenerCertificatesInput
) -> api.RemoveListenerCertificatesOutput:
    """Remove certificates, but not the default one."""
    row = get_listener(tx, req.listener_arn)
    gone = {item.certificate_arn for item in req.certificates}
    if row.certificate in gone:
        raise api.OperationNotPermittedException("You cannot remove the default certificate of a listener")
    tx.update(row, more_certificates=tuple(name for name in row.more_certificates if name not in gone))
    return api.RemoveListenerCertificatesOutput()


@op(page_size=400)
def describe_listener_certificates(
    tx: Tx, req: api.DescribeListenerCertificatesInput
) -> api.DescribeListenerCertificatesOutput:
    """List a listener's certificates, the default one first."""
    row = get_listener(tx, req.listener_arn)
    found = [{"CertificateArn": row.certificate, "IsDefault": True}] if row.certificate else []
    found.extend({"CertificateArn": name, "IsDefault": False} for name in row.more_certificates)
    return api.DescribeListenerCertificatesOutput(certificates=found)
