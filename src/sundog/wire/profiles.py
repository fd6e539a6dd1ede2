"""The profiles that Sundog knows: Outscale and Eucalyptus.

Which operations Outscale has is what its public API references list (FCU, LBU, EIM, DirectLink); actions of its own, which
AWS lacks, aren't there. Say otherwise by ``OUTSCALE.but(operations={...})``.
"""

from __future__ import annotations

from sundog.wire.profile import Profile

_FCU = (
    "AcceptVpcPeeringConnection AllocateAddress AssignPrivateIpAddresses AssociateAddress AssociateDhcpOptions "
    "AssociateRouteTable AttachInternetGateway AttachNetworkInterface AttachVolume AttachVpnGateway "
    "AuthorizeSecurityGroup* CancelExportTask CopyImage CopySnapshot CreateCustomerGateway CreateDhcpOptions CreateImage "
    "CreateInternetGateway CreateKeyPair CreateNatGateway CreateNetworkInterface CreateRoute CreateRouteTable "
    "CreateSecurityGroup CreateSnapshot CreateSubnet CreateTags CreateVolume CreateVpc CreateVpcEndpoint "
    "CreateVpcPeeringConnection CreateVpnConnection CreateVpnConnectionRoute CreateVpnGateway DeleteCustomerGateway "
    "DeleteDhcpOptions DeleteInternetGateway DeleteKeyPair DeleteNatGateway DeleteNetworkInterface DeleteRoute "
    "DeleteRouteTable DeleteSecurityGroup DeleteSnapshot DeleteSubnet DeleteTags DeleteVolume DeleteVpc DeleteVpcEndpoints "
    "DeleteVpcPeeringConnection DeleteVpnConnection DeleteVpnConnectionRoute DeleteVpnGateway DeregisterImage "
    "DescribeAddresses DescribeAvailabilityZones DescribeCustomerGateways DescribeDhcpOptions DescribeImageAttribute "
    "DescribeImages DescribeInstanceAttribute DescribeInstanceStatus DescribeInstanceTypes DescribeInstances "
    "DescribeInternetGateways DescribeKeyPairs DescribeNatGateways DescribeNetworkInterfaceAttribute "
    "DescribeNetworkInterfaces DescribePrefixLists DescribeRegions DescribeReservedInstances* DescribeRouteTables "
    "DescribeSecurityGroups DescribeSnapshotAttribute DescribeSnapshots DescribeSubnets DescribeTags DescribeVolumes "
    "DescribeVolumeStatus DescribeVpcAttribute DescribeVpcEndpoints DescribeVpcEndpointServices "
    "DescribeVpcPeeringConnections DescribeVpcs DescribeVpnConnections DescribeVpnGateways DetachInternetGateway "
    "DetachNetworkInterface DetachVolume DetachVpnGateway DisableVgwRoutePropagation DisassociateAddress "
    "DisassociateRouteTable EnableVgwRoutePropagation GetConsoleOutput GetPasswordData ImportKeyPair ImportSnapshot "
    "ModifyImageAttribute ModifyInstanceAttribute ModifyNetworkInterfaceAttribute ModifySnapshotAttribute "
    "ModifySubnetAttribute ModifyVpcAttribute ModifyVpcEndpoint PurchaseReservedInstancesOffering RebootInstances "
    "RegisterImage RejectVpcPeeringConnection ReleaseAddress ReplaceRoute ReplaceRouteTableAssociation "
    "RevokeSecurityGroup* RunInstances StartInstances StopInstances TerminateInstances UnassignPrivateIpAddresses"
).split()

_EIM_LACKS = (
    "*Role* *SAML* *OpenIDConnect* *InstanceProfile* *MFA* *LoginProfile* *ServiceSpecific* *SSHPublicKey* "
    "*SigningCertificate* *AccountAlias* *AccountPasswordPolicy* *CredentialReport Simulate* *PermissionsBoundary "
    "*Organizations* *OutboundWebIdentity*"
).split()

_DIRECTLINK = (
    "AllocatePrivateVirtualInterface ConfirmPrivateVirtualInterface CreateConnection CreatePrivateVirtualInterface "
    "DeleteConnection DeleteVirtualInterface DescribeConnections DescribeLocations DescribeVirtualGateways "
    "DescribeVirtualInterfaces"
).split()

_OOS_LACKS = (
    "*Intelligent* *Analytics* *Inventory* *Metrics* *Accelerate* *Replication* *RequestPayment SelectObjectContent "
    "RestoreObject *Torrent *Ownership* *PublicAccessBlock *DirectoryBucket* CreateSession WriteGetObjectResponse *Abac* "
    "*BucketLogging *NotificationConfiguration *BucketNotification *BucketEncryption *MetadataTable* RenameObject"
).split()

OUTSCALE = Profile(
    "outscale",
    suffixes=["outscale.com", "outscale.hk"],
    services={"fcu": "ec2", "lbu": "elb", "eim": "iam", "oos": "s3", "osu": "s3", "directlink": "directconnect"},
    regions=["eu-west-2", "us-east-2", "us-west-1", "cloudgouv-eu-west-1", "ap-northeast-1", "cn-southeast-1"],
    zones={
        "eu-west-2": ["eu-west-2a", "eu-west-2b", "eu-west-2c"],
        "us-east-2": ["us-east-2a", "us-east-2b"],
        "us-west-1": ["us-west-1a", "us-west-1b"],
        "cloudgouv-eu-west-1": ["cloudgouv-eu-west-1a", "cloudgouv-eu-west-1b", "cloudgouv-eu-west-1c"],
        "ap-northeast-1": ["ap-northeast-1a", "ap-northeast-1b"],
        "cn-southeast-1": ["cn-southeast-1a", "cn-southeast-1b"],
    },
    endpoint="{service}.{region}.outscale.com",
    allowed=["ec2", "elb", "iam", "s3", "directconnect"],
    operations={"ec2": _FCU, "directconnect": _DIRECTLINK},
    lacks={"iam": _EIM_LACKS, "s3": _OOS_LACKS},
    id_digits=8,
)

EUCALYPTUS = Profile(
    "eucalyptus",
    services={"compute": "ec2", "euare": "iam", "objectstorage": "s3", "loadbalancing": "elb", "tokens": "sts"},
    regions=["eucalyptus"],
    zones={"eucalyptus": ["one", "two"]},
    endpoint="http://{host}/services/compute",
    paths={
        "/services/Eucalyptus": "ec2",
        "/services/compute": "ec2",
        "/services/Euare": "iam",
        "/services/objectstorage": "s3",
        "/services/Walrus": "s3",
        "/services/LoadBalancing": "elb",
        "/services/CloudWatch": "cloudwatch",
        "/services/AutoScaling": "autoscaling",
        "/services/CloudFormation": "cloudformation",
        "/services/SimpleWorkflow": "swf",
        "/services/simplequeue": "sqs",
        "/services/SimpleQueue": "sqs",
        "/services/Tokens": "sts",
    },
    allowed=["ec2", "iam", "s3", "elb", "cloudwatch", "autoscaling", "cloudformation", "swf", "sqs", "sts"],
    port=8773,
    id_digits=8,
    images=["emi", "eki", "eri"],
)

KNOWN = (OUTSCALE, EUCALYPTUS)
