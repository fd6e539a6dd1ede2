"""Customer gateways."""

from __future__ import annotations

from sundog.api import ec2 as api
from sundog.core import AwsError, Tx, op
from sundog.services.ec2.cidr import ipv4, ipv6
from sundog.services.ec2.lifecycle import GONE, alive, begin, end
from sundog.services.ec2.state.vpn import CustomerGateway, VpnConnection


@op
def create_customer_gateway(tx: Tx, req: api.CreateCustomerGatewayRequest) -> api.CreateCustomerGatewayResult:
    """Tell AWS of a device. The same address and number give the same gateway."""
    address = req.ip_address or req.public_ip
    if address is None and req.certificate_arn is None:
        raise AwsError("MissingParameter", "The request must contain the parameter ipAddress")
    if address is not None and ipv4(address) is None and ipv6(address) is None:
        raise AwsError("InvalidParameterValue", f"Value ({address}) for parameter ipAddress is invalid.")
    if req.bgp_asn is not None and req.bgp_asn_extended is not None:
        raise AwsError("InvalidParameterCombination", "BgpAsn and BgpAsnExtended cannot be used together.")
    extended = str(req.bgp_asn_extended) if req.bgp_asn_extended is not None else None
    asn = None if extended else str(req.bgp_asn or 65000)
    for row in tx.select(CustomerGateway):
        same = (row.ip_address, row.bgp_asn, row.bgp_asn_extended, row.certificate_arn)
        if row.state not in GONE and same == (address, asn, extended, req.certificate_arn):
            return api.CreateCustomerGatewayResult(customer_gateway=row)
    made = CustomerGateway(
        customer_gateway_id=tx.new_id("cgw"),
        type=req.type,
        ip_address=address,
        bgp_asn=asn,
        bgp_asn_extended=extended,
        certificate_arn=req.certificate_arn,
        device_name=req.device_name,
    )
    begin(tx, made, tags=req.tag_specifications)
    return api.CreateCustomerGatewayResult(customer_gateway=tx.get(CustomerGateway, made.customer_gateway_id))


@op
def describe_customer_gateways(tx: Tx, req: api.DescribeCustomerGatewaysRequest) -> api.DescribeCustomerGatewaysResult:
    """List customer gateways."""
    found = tx.search(CustomerGateway, ids=req.customer_gateway_ids, filters=req.filters)
    return api.DescribeCustomerGatewaysResult(customer_gateways=found)


@op
def delete_customer_gateway(tx: Tx, req: api.DeleteCustomerGatewayRequest) -> None:
    """Delete a gateway that no connection uses."""
    row = alive(tx, CustomerGateway, req.customer_gateway_id)
    connections = tx.select(VpnConnection, customer_gateway_id=row.customer_gateway_id)
    if any(connection.state not in GONE for connection in connections):
        raise AwsError("IncorrectState", "The customer gateway is in use.")
    end(tx, row)
