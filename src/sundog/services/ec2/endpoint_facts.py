"""AWS's services that VPC endpoints lead to."""

from __future__ import annotations

import zlib
from functools import lru_cache
from typing import Any

GATEWAY = ("dynamodb", "s3")
_INTERFACE = """
access-analyzer account acm acm-pca airflow.api airflow.env airflow.ops amplify analytics-omics aoss apigateway
appconfig appconfigdata appflow application-autoscaling appmesh appmesh-envoy-management apprunner
apprunner.requests appsync-api appstream.api appstream.streaming aps aps-workspaces athena auditmanager autoscaling
autoscaling-plans b2bi backup backup-gateway batch bedrock bedrock-agent bedrock-agent-runtime bedrock-runtime
billingconductor braket cases cassandra cleanrooms cloudcontrolapi cloudformation cloudhsmv2 cloudtrail
codeartifact.api codeartifact.repositories codebuild codecommit codeconnections.api codedeploy
codedeploy-commands-secure codepipeline cognito-idp comprehend comprehendmedical config connect-campaigns databrew
dataexchange datasync datazone detective devops-guru dms drs ds dynamodb ebs ec2 ec2messages ecr.api ecr.dkr ecs
ecs-agent ecs-telemetry eks eks-auth elastic-inference.runtime elasticache elasticbeanstalk elasticbeanstalk-health
elasticfilesystem elasticloadbalancing elasticmapreduce email-smtp emr-containers emr-serverless entityresolution
events evidently execute-api finspace firehose fis forecast forecastquery frauddetector fsx git-codecommit glue
glue.dashboard grafana grafana-workspace greengrass guardduty guardduty-data healthlake identitystore imagebuilder
inspector2 iot.credentials iot.data iotsitewise.api iotsitewise.data iottwinmaker.api iotwireless.api ivs kafka
kendra kinesis-firehose kinesis-streams kms lakeformation lambda license-manager logs lookoutequipment
lookoutmetrics lookoutvision lorawan.cups lorawan.lns m2 macie2 managedblockchain-query mediaconnect medical-imaging
memory-db mgn migrationhub-orchestrator monitoring neptune-graph networkmonitor notifications oam organizations
panorama payment-cryptography.controlplane payment-cryptography.dataplane pca-connector-ad personalize
personalize-events pinpoint pinpoint-sms-voice-v2 pipes polly private-networks profile proton qldb.session rbin rds
rds-data redshift redshift-data redshift-serverless refactor-spaces rekognition resource-groups robomaker
rolesanywhere rum rum-dataplane s3 s3-outposts sagemaker.api sagemaker.featurestore-runtime sagemaker.metrics
sagemaker.runtime scheduler schemas secretsmanager securityhub securitylake serverlessrepo servicecatalog
servicecatalog-appregistry servicediscovery servicequotas simspaceweaver sms-voice snow-device-management sns sqs
ssm ssm-contacts ssm-incidents ssmmessages states storagegateway sts swf synthetics tagging textract
timestream.ingest timestream.query transcribe transcribestreaming transfer transfer.server translate
verifiedpermissions vpc-lattice wafv2 wisdom workspaces xray
"""
_PRIVATE = {
    "airflow.api": "api.airflow",
    "ecr.dkr": "*.dkr.ecr",
    "execute-api": "*.execute-api",
    "kinesis-streams": "kinesis",
    "kinesis-firehose": "firehose",
    "s3": "*.s3",
    "states": "states",
    "vpc-lattice": "vpc-lattice",
}
_NO_POLICY = {"apprunner.requests", "email-smtp", "transfer.server", "grafana-workspace", "eks-auth"}


@lru_cache(maxsize=64)
def services(region: str, suffix: str, zones: tuple[tuple[str, str], ...]) -> tuple[dict[str, Any], ...]:
    """Every endpoint service of AWS's in a region, as DescribeVpcEndpointServices shows it."""
    prefix = "cn.com" if suffix.endswith(".cn") else "com"
    found = [_service(prefix, name, "Gateway", region, suffix, zones) for name in GATEWAY]
    found += [_service(prefix, name, "Interface", region, suffix, zones) for name in _INTERFACE.split()]
    return tuple(sorted(found, key=lambda item: (item["ServiceName"], item["ServiceType"][0]["ServiceType"])))


def _service(
    prefix: str, name: str, kind: str, region: str, suffix: str, zones: tuple[tuple[str, str], ...]
) -> dict[str, Any]:
    dotted = ".".join(reversed(name.split(".")))
    private = f"{_PRIVATE.get(name, dotted)}.{region}.{suffix}"
    number = zlib.crc32(f"{region}/{kind}/{name}".encode())
    made: dict[str, Any] = {
        "ServiceName": f"{prefix}.amazonaws.{region}.{name}",
        "ServiceId": f"vpce-svc-{number:08x}{zlib.crc32(name.encode()):08x}{number % 16:x}",
        "ServiceType": [{"ServiceType": kind}],
        "ServiceRegion": region,
        "AvailabilityZones": [zone for zone, _ in zones],
        "AvailabilityZoneIds": [zone_id for _, zone_id in zones],
        "Owner": "amazon",
        "BaseEndpointDnsNames": [
            f"{name}.{region}.{suffix}" if kind == "Gateway" else f"{dotted}.{region}.vpce.{suffix}"
        ],
        "VpcEndpointPolicySupported": name not in _NO_POLICY,
        "AcceptanceRequired": False,
        "ManagesVpcEndpoints": False,
        "Tags": [],
        "SupportedIpAddressTypes": ["ipv4"],
    }
    if kind == "Interface" and name != "apprunner.requests":
        names = [private]
        if name == "s3":
            names += [f"*.s3-accesspoint.{region}.{suffix}", f"*.s3-control.{region}.{suffix}"]
        made["PrivateDnsName"] = private
        made["PrivateDnsNames"] = [{"PrivateDnsName": item} for item in names]
        made["PrivateDnsNameVerificationState"] = "verified"
    return made
