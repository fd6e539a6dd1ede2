"""The two tunnels of a VPN connection: made, changed, replaced, and described to the device."""

from __future__ import annotations

import datetime
from typing import Any
from xml.sax.saxutils import escape

from sundog.api import ec2 as api
from sundog.core import AwsError, Tx, op
from sundog.core.structure import plain
from sundog.services.ec2.cidr import ipv4_text, known_range
from sundog.services.ec2.lifecycle import alive, change
from sundog.services.ec2.public_address import new_public_address
from sundog.services.ec2.state.vpn import CustomerGateway, VpnConnection, VpnGateway

_RENAMED = {
    "DPDTimeoutSeconds": "DpdTimeoutSeconds",
    "DPDTimeoutAction": "DpdTimeoutAction",
    "IKEVersions": "IkeVersions",
}
_RESERVED = {f"169.254.{third}.0/30" for third in range(6)} | {"169.254.169.252/30"}
_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._"


def tunnel(tx: Tx, asked: dict[str, Any]) -> dict[str, Any]:
    """A new tunnel as a connection shows it: what was asked for, with an outside address, inside range and key."""
    made = {"OutsideIpAddress": new_public_address(tx)}
    made["TunnelInsideCidr"] = asked.get("TunnelInsideCidr") or _inside(tx)
    made["PreSharedKey"] = asked.get("PreSharedKey") or tx.ids.choose(_LETTERS, 32)
    return changed(made, asked)


def _inside(tx: Tx) -> str:
    while True:
        number = tx.ids.random.randrange(1 << 14)
        text = f"169.254.{number >> 6}.{(number & 63) << 2}/30"
        if text not in _RESERVED:
            return text


def changed(old: dict[str, Any], asked: dict[str, Any]) -> dict[str, Any]:
    """A tunnel with other options."""
    inside = asked.get("TunnelInsideCidr")
    if inside is not None and (not inside.startswith("169.254.") or not inside.endswith("/30") or inside in _RESERVED):
        raise AwsError("InvalidParameterValue", f"Value ({inside}) for parameter TunnelInsideCidr is invalid.")
    key = asked.get("PreSharedKey")
    if key is not None and not (8 <= len(key) <= 64 and not key.startswith("0")):
        raise AwsError("InvalidParameterValue", "Value for parameter PreSharedKey is invalid.")
    return {**old, **{_RENAMED.get(name, name): value for name, value in asked.items()}}


def telemetry(options: dict[str, Any], when: datetime.datetime) -> tuple[dict[str, Any], ...]:
    """The state of new tunnels: no device has called yet."""
    return tuple(
        {
            "AcceptedRouteCount": 0,
            "LastStatusChange": when,
            "OutsideIpAddress": item["OutsideIpAddress"],
            "Status": "DOWN",
            "StatusMessage": "",
        }
        for item in options["TunnelOptions"]
    )


def configuration(row: VpnConnection, customer: CustomerGateway, gateway: VpnGateway | None) -> str:
    """What the device has to be told, as XML."""
    asn = gateway.amazon_side_asn if gateway else 64512
    parts = [
        '<?xml version="1.0" encoding="UTF-8"?>',
        f'<vpn_connection id="{row.vpn_connection_id}">',
        f"  <customer_gateway_id>{row.customer_gateway_id}</customer_gateway_id>",
        f"  <vpn_gateway_id>{row.vpn_gateway_id or row.transit_gateway_id or ''}</vpn_gateway_id>",
        f"  <vpn_connection_type>{escape(row.type)}</vpn_connection_type>",
    ]
    for item in row.options["TunnelOptions"]:
        inside = known_range(item["TunnelInsideCidr"])[0]
        parts += [
            "  <ipsec_tunnel>",
            "    <customer_gateway>",
            _outside_xml(customer.ip_address or ""),
            _inside_xml(ipv4_text(inside + 2)),
            f"      <bgp><asn>{customer.bgp_asn or ''}</asn><hold_time>30</hold_time></bgp>",
            "    </customer_gateway>",
            "    <vpn_gateway>",
            _outside_xml(item["OutsideIpAddress"]),
            _inside_xml(ipv4_text(inside + 1)),
            f"      <bgp><asn>{asn}</asn><hold_time>30</hold_time></bgp>",
            "    </vpn_gateway>",
            f"    <ike><pre_shared_key>{escape(item['PreSharedKey'])}</pre_shared_key></ike>",
            "  </ipsec_tunnel>",
        ]
    return "\n".join([*parts, "</vpn_connection>"])


def _outside_xml(address: str) -> str:
    return f"      <tunnel_outside_address><ip_address>{address}</ip_address></tunnel_outside_address>"


def _inside_xml(address: str) -> str:
    return (
        f"      <tunnel_inside_address><ip_address>{address}</ip_address>"
        "<network_mask>255.255.255.252</network_mask><network_cidr>30</network_cidr></tunnel_inside_address>"
    )


def _found(tx: Tx, req: Any) -> tuple[VpnConnection, dict[str, Any]]:
    row = alive(tx, VpnConnection, req.vpn_connection_id)
    for item in row.options["TunnelOptions"]:
        if item["OutsideIpAddress"] == req.vpn_tunnel_outside_ip_address:
            return row, item
    raise AwsError(
        "InvalidParameterValue",
        f"The tunnel {req.vpn_tunnel_outside_ip_address} does not belong to {row.vpn_connection_id}.",
    )


@op
def modify_vpn_tunnel_options(tx: Tx, req: api.ModifyVpnTunnelOptionsRequest) -> api.ModifyVpnTunnelOptionsResult:
    """Change one tunnel."""
    row, old = _found(tx, req)
    new = changed(old, plain(req.tunnel_options))
    tunnels = [new if item is old else item for item in row.options["TunnelOptions"]]
    made = change(tx, row, "modifying", "available", options={**row.options, "TunnelOptions": tunnels})
    return api.ModifyVpnTunnelOptionsResult(vpn_connection=made)


@op
def modify_vpn_tunnel_certificate(
    tx: Tx, req: api.ModifyVpnTunnelCertificateRequest
) -> api.ModifyVpnTunnelCertificateResult:
    """Let AWS's side of a tunnel show a new certificate; only where the device has one."""
    row, old = _found(tx, req)
    customer = tx.get(CustomerGateway, row.customer_gateway_id)
    if customer.certificate_arn is None:
        raise AwsError("InvalidParameterValue", f"{row.vpn_connection_id} does not use certificates.")
    arn = tx.arn(f"certificate/{tx.ids.uuid()}", service="acm")
    shown = tuple(
        {**item, "CertificateArn": arn} if item["OutsideIpAddress"] == old["OutsideIpAddress"] else item
        for item in row.vgw_telemetry
    )
    return api.ModifyVpnTunnelCertificateResult(
        vpn_connection=change(tx, row, "modifying", "available", vgw_telemetry=shown)
    )


@op
def replace_vpn_tunnel(tx: Tx, req: api.ReplaceVpnTunnelRequest) -> api.ReplaceVpnTunnelResult:
    """Put a new tunnel in the place of one; nothing of it changes that can be seen."""
    row, _ = _found(tx, req)
    change(tx, row, "modifying", "available")
    return api.ReplaceVpnTunnelResult(return_=True)


@op
def get_vpn_tunnel_replacement_status(
    tx: Tx, req: api.GetVpnTunnelReplacementStatusRequest
) -> api.GetVpnTunnelReplacementStatusResult:
    """Tell whether AWS wants to replace a tunnel: it never does."""
    row, item = _found(tx, req)
    return api.GetVpnTunnelReplacementStatusResult(
        vpn_connection_id=row.vpn_connection_id,
        transit_gateway_id=row.transit_gateway_id,
        customer_gateway_id=row.customer_gateway_id,
        vpn_gateway_id=row.vpn_gateway_id,
        vpn_tunnel_outside_ip_address=item["OutsideIpAddress"],
        maintenance_details={"PendingMaintenance": "false"},
    )


@op
def get_active_vpn_tunnel_status(
    tx: Tx, req: api.GetActiveVpnTunnelStatusRequest
) -> api.GetActiveVpnTunnelStatusResult:
    """Tell what a tunnel and its device agreed on: nothing yet."""
    _found(tx, req)
    return api.GetActiveVpnTunnelStatusResult(active_vpn_tunnel_status={"ProvisioningStatus": "available"})
