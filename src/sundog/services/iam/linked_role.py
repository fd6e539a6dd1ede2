"""Roles linked to a service: made in its name, and only its to change."""

from __future__ import annotations

import json

from sundog.api import iam as api
from sundog.core import Tx, op
from sundog.services.iam.common import arn_of, now
from sundog.services.iam.role import get_role_row, whole_role
from sundog.services.iam.state import Job, Role

LINKED = {
    "access-analyzer.amazonaws.com": ("AccessAnalyzer", "AccessAnalyzerServiceRolePolicy"),
    "accountdiscovery.ssm.amazonaws.com": (
        "AmazonSSM_AccountDiscovery",
        "AWSSystemsManagerAccountDiscoveryServicePolicy",
    ),
    "acm.amazonaws.com": ("CertificateManager", "CertificateManagerServiceRolePolicy"),
    "apidestinations.events.amazonaws.com": (
        "AmazonEventBridgeApiDestinations",
        "AmazonEventBridgeApiDestinationsServiceRolePolicy",
    ),
    "autoscaling-plans.amazonaws.com": ("AutoScalingPlans_EC2AutoScaling", "AWSAutoScalingPlansEC2AutoScalingPolicy"),
    "autoscaling.amazonaws.com": ("AutoScaling", "AutoScalingServiceRolePolicy"),
    "backup.amazonaws.com": ("Backup", "AWSBackupServiceLinkedRolePolicyForBackup"),
    "batch.amazonaws.com": ("Batch", "BatchServiceRolePolicy"),
    "cassandra.application-autoscaling.amazonaws.com": (
        "ApplicationAutoScaling_CassandraTable",
        "AWSApplicationAutoscalingCassandraTablePolicy",
    ),
    "cks.kms.amazonaws.com": (
        "KeyManagementServiceCustomKeyStores",
        "AWSKeyManagementServiceCustomKeyStoresServiceRolePolicy",
    ),
    "cloudtrail.amazonaws.com": ("CloudTrail", "CloudTrailServiceRolePolicy"),
    "cloudwatch-crossaccount.amazonaws.com": ("CloudWatchCrossAccount", "CloudWatch-CrossAccountAccess"),
    "codestar-notifications.amazonaws.com": ("CodeStarNotifications", "AWSCodeStarNotificationsServiceRolePolicy"),
    "config.amazonaws.com": ("Config", "AWSConfigServiceRolePolicy"),
    "connect.amazonaws.com": ("AmazonConnect", "AmazonConnectServiceLinkedRolePolicy"),
    "delivery.logs.amazonaws.com": ("LogDelivery", "AWSServiceRoleForLogDeliveryPolicy"),
    "dms-fleet-advisor.amazonaws.com": ("DMSFleetAdvisor", "AWSDMSFleetAdvisorServiceRolePolicy"),
    "dms.amazonaws.com": ("DMSServerless", "AWSDMSServerlessServiceRolePolicy"),
    "docdb-elastic.amazonaws.com": ("DocDB-Elastic", "AmazonDocDB-ElasticServiceRolePolicy"),
    "dynamodb.application-autoscaling.amazonaws.com": (
        "ApplicationAutoScaling_DynamoDBTable",
        "AWSApplicationAutoscalingDynamoDBTablePolicy",
    ),
    "ec2.application-autoscaling.amazonaws.com": (
        "ApplicationAutoScaling_EC2SpotFleetRequest",
        "AWSApplicationAutoscalingEC2SpotFleetRequestPolicy",
    ),
    "ec2fleet.amazonaws.com": ("EC2Fleet", "AWSEC2FleetServiceRolePolicy"),
    "ecr.amazonaws.com": ("ECRTemplate", "ECRTemplateServiceRolePolicy"),
    "ecs.amazonaws.com": ("ECS", "AmazonECSServiceRolePolicy"),
    "ecs.application-autoscaling.amazonaws.com": (
        "ApplicationAutoScaling_ECSService",
        "AWSApplicationAutoscalingECSServicePolicy",
    ),
    "eks-connector.amazonaws.com": ("AmazonEKSConnector", "AmazonEKSConnectorServiceRolePolicy"),
    "eks-fargate.amazonaws.com": ("AmazonEKSForFargate", "AmazonEKSForFargateServiceRolePolicy"),
    "eks-nodegroup.amazonaws.com": ("AmazonEKSNodegroup", "AWSServiceRoleForAmazonEKSNodegroup"),
    "eks.amazonaws.com": ("AmazonEKS", "AmazonEKSServiceRolePolicy"),
    "elasticache.amazonaws.com": ("ElastiCache", "ElastiCacheServiceRolePolicy"),
    "elasticbeanstalk.amazonaws.com": ("ElasticBeanstalk", "AWSElasticBeanstalkServiceRolePolicy"),
    "elasticfilesystem.amazonaws.com": ("AmazonElasticFileSystem", "AmazonElasticFileSystemServiceRolePolicy"),
    "elasticloadbalancing.amazonaws.com": ("ElasticLoadBalancing", "AWSElasticLoadBalancingServiceRolePolicy"),
    "elasticmapreduce.amazonaws.com": ("EMRCleanup", "AmazonEMRCleanupPolicy"),
    "email.cognito-idp.amazonaws.com": ("AmazonCognitoIdpEmailService", "AmazonCognitoIdpEmailServiceRolePolicy"),
    "emr-containers.amazonaws.com": ("AmazonEMRContainers", "AmazonEMRContainersServiceRolePolicy"),
    "emrwal.amazonaws.com": ("EMRWAL", "EMRDescribeClusterPolicyForEMRWAL"),
    "es.amazonaws.com": ("AmazonElasticsearchService", "AmazonElasticsearchServiceRolePolicy"),
    "events.amazonaws.com": ("CloudWatchEvents", "CloudWatchEventsServiceRolePolicy"),
    "fis.amazonaws.com": ("FIS", "AmazonFISServiceRolePolicy"),
    "fms.amazonaws.com": ("FMS", "FMSServiceRolePolicy"),
    "globalaccelerator.amazonaws.com": ("GlobalAccelerator", "AWSGlobalAcceleratorSLRPolicy"),
    "grafana.amazonaws.com": ("AmazonGrafana", "AmazonGrafanaServiceLinkedRolePolicy"),
    "guardduty.amazonaws.com": ("AmazonGuardDuty", "AmazonGuardDutyServiceRolePolicy"),
    "imagebuilder.amazonaws.com": ("ImageBuilder", "AWSServiceRoleForImageBuilder"),
    "inspector2.amazonaws.com": ("AmazonInspector2", "AmazonInspector2ServiceRolePolicy"),
    "iotmanagedintegrations.amazonaws.com": ("IoTManagedIntegrations", "AWSIoTManagedIntegrationsRolePolicy"),
    "kafka.amazonaws.com": ("Kafka", "KafkaServiceRolePolicy"),
    "kafkaconnect.amazonaws.com": ("KafkaConnect", "KafkaConnectServiceRolePolicy"),
    "lambda.application-autoscaling.amazonaws.com": (
        "ApplicationAutoScaling_LambdaConcurrency",
        "AWSApplicationAutoscalingLambdaConcurrencyPolicy",
    ),
    "lex.amazonaws.com": ("LexBots", "AmazonLexBotPolicy"),
    "lexv2.amazonaws.com": ("LexV2Bots", "AmazonLexV2BotPolicy"),
    "logs.amazonaws.com": ("LogDelivery", "AWSServiceRoleForLogDeliveryPolicy"),
    "m2.amazonaws.com": ("AWSM2", "AWSM2ServicePolicy"),
    "macie.amazonaws.com": ("AmazonMacie", "AmazonMacieServiceRolePolicy"),
    "memorydb.amazonaws.com": ("MemoryDB", "MemoryDBServiceRolePolicy"),
    "mq.amazonaws.com": ("AmazonMQ", "AmazonMQServiceRolePolicy"),
    "mrk.kms.amazonaws.com": (
        "KeyManagementServiceMultiRegionKeys",
        "AWSKeyManagementServiceMultiRegionKeysServiceRolePolicy",
    ),
    "network-firewall.amazonaws.com": ("NetworkFirewall", "AWSNetworkFirewallServiceRolePolicy"),
    "notifications.amazonaws.com": ("AwsUserNotifications", "AWSUserNotificationsServiceLinkedRolePolicy"),
    "observability.aoss.amazonaws.com": ("AmazonOpenSearchServerless", "AmazonOpenSearchServerlessServiceRolePolicy"),
    "opensearchservice.amazonaws.com": ("AmazonOpenSearchService", "AmazonOpenSearchServiceRolePolicy"),
    "ops.apigateway.amazonaws.com": ("APIGateway", "APIGatewayServiceRolePolicy"),
    "ops.emr-serverless.amazonaws.com": ("AmazonEMRServerless", "AmazonEMRServerlessServiceRolePolicy"),
    "opsdatasync.ssm.amazonaws.com": ("SystemsManagerOpsDataSync", "AWSSystemsManagerOpsDataSyncServiceRolePolicy"),
    "opsinsights.ssm.amazonaws.com": ("AmazonSSM_OpsInsights", "AWSSSMOpsInsightsServiceRolePolicy"),
    "organizations.amazonaws.com": ("Organizations", "AWSOrganizationsServiceTrustPolicy"),
    "pullthroughcache.ecr.amazonaws.com": ("ECRPullThroughCache", "AWSECRPullThroughCache_ServiceRolePolicy"),
    "ram.amazonaws.com": ("ResourceAccessManager", "AWSResourceAccessManagerServiceRolePolicy"),
    "rds.amazonaws.com": ("RDS", "AmazonRDSServiceRolePolicy"),
    "rds.application-autoscaling.amazonaws.com": (
        "ApplicationAutoScaling_RDSCluster",
        "AWSApplicationAutoscalingRDSClusterPolicy",
    ),
    "redshift.amazonaws.com": ("Redshift", "AmazonRedshiftServiceLinkedRolePolicy"),
    "replication.cassandra.amazonaws.com": ("KeyspacesReplication", "KeyspacesReplicationServiceRolePolicy"),
    "replicator.lambda.amazonaws.com": ("LambdaReplicator", "AWSLambdaReplicator"),
    "resource-explorer-2.amazonaws.com": ("ResourceExplorer", "AWSResourceExplorerServiceRolePolicy"),
    "s3-outposts.amazonaws.com": ("S3OnOutposts", "AWSS3OnOutpostsServiceRolePolicy"),
    "sagemaker.application-autoscaling.amazonaws.com": (
        "ApplicationAutoScaling_SageMakerEndpoint",
        "AWSApplicationAutoscalingSageMakerEndpointPolicy",
    ),
    "securityhub.amazonaws.com": ("SecurityHub", "AWSSecurityHubServiceRolePolicy"),
    "ses.amazonaws.com": ("AmazonSES", "AmazonSESServiceRolePolicy"),
    "shield.amazonaws.com": ("AWSShield", "AWSShieldServiceRolePolicy"),
    "spot.amazonaws.com": ("EC2Spot", "AWSEC2SpotServiceRolePolicy"),
    "spotfleet.amazonaws.com": ("EC2SpotFleet", "AWSEC2SpotFleetServiceRolePolicy"),
    "ssm.amazonaws.com": ("AmazonSSM", "AmazonSSMServiceRolePolicy"),
    "sso.amazonaws.com": ("SSO", "AWSSSOServiceRolePolicy"),
    "support.amazonaws.com": ("Support", "AWSSupportServiceRolePolicy"),
    "transitgateway.amazonaws.com": ("VPCTransitGateway", "AWSVPCTransitGatewayServiceRolePolicy"),
    "trustedadvisor.amazonaws.com": ("TrustedAdvisor", "AWSTrustedAdvisorServiceRolePolicy"),
    "waf.amazonaws.com": ("WAFLogging", "WAFLoggingServiceRolePolicy"),
    "wafv2.amazonaws.com": ("WAFV2Logging", "WAFV2LoggingServiceRolePolicy"),
}
"""By service: the role's name behind ``AWSServiceRoleFor``, and the policy that it has."""

SUFFIXED = {"autoscaling.amazonaws.com", "connect.amazonaws.com", "lexv2.amazonaws.com"}
"""Services that take a suffix, for more than one role. One that isn't in the table takes it too: nobody knows
better."""


def role_name(service: str) -> tuple[str, str | None]:
    """The name of a service's role and its policy; for a service that isn't in the table a name made of its own."""
    known = LINKED.get(service)
    if known is not None:
        return "AWSServiceRoleFor" + known[0], known[1]
    words = service.split(".")[0].replace("_", "-").split("-")
    return "AWSServiceRoleFor" + "".join(word[:1].upper() + word[1:] for word in words), None


@op
def create_service_linked_role(tx: Tx, req: api.CreateServiceLinkedRoleRequest) -> api.CreateServiceLinkedRoleResponse:
    """Make a service's role, which that service alone can assume."""
    service = req.aws_service_name
    if not service.endswith(".amazonaws.com") and not service.endswith(".aws.internal"):
        raise api.InvalidInputException(f"Invalid service name: {service}")
    name, policy = role_name(service)
    suffix = req.custom_suffix
    if suffix is not None:
        if service in LINKED and service not in SUFFIXED:
            raise api.InvalidInputException(f"Custom suffix is not allowed for {service}")
        name = f"{name}_{suffix}"
    if tx.find(Role, name.lower()) is not None:
        raise api.InvalidInputException(
            f"Service role name {name} has been taken in this account, please try a different suffix."
        )
    trust = {
        "Version": "2012-10-17",
        "Statement": [{"Action": "sts:AssumeRole", "Effect": "Allow", "Principal": {"Service": service}}],
    }
    path = f"/aws-service-role/{service}/"
    row = tx.add(
        Role(
            key=name.lower(),
            role_name=name,
            path=path,
            role_id=tx.ids.unique_id("AROA"),
            arn=arn_of(tx, f"role{path}{name}"),
            create_date=now(tx),
            trust=json.dumps(trust, separators=(",", ":")),
            description=req.description,
            attached=() if policy is None else (f"arn:{tx.partition}:iam::aws:policy/aws-service-role/{policy}",),
            service=service,
        )
    )
    answer = whole_role(row)
    answer.max_session_duration = None
    return api.CreateServiceLinkedRoleResponse(role=answer)


@op
def delete_service_linked_role(tx: Tx, req: api.DeleteServiceLinkedRoleRequest) -> api.DeleteServiceLinkedRoleResponse:
    """Give a role back. The answer names the task; the role is gone at once."""
    row = get_role_row(tx, req.role_name)
    if row.service is None:
        raise api.NoSuchEntityException(f"The role with name {req.role_name} cannot be found.")
    task = f"task{row.path}{row.role_name}/{tx.ids.uuid()}"
    tx.delete(row)
    tx.add(Job(job_id=task, kind="deletion", created=now(tx), subject=row.arn))
    return api.DeleteServiceLinkedRoleResponse(deletion_task_id=task)


@op
def get_service_linked_role_deletion_status(
    tx: Tx, req: api.GetServiceLinkedRoleDeletionStatusRequest
) -> api.GetServiceLinkedRoleDeletionStatusResponse:
    job = tx.find(Job, req.deletion_task_id)
    if job is None or job.kind != "deletion":
        raise api.NoSuchEntityException(f"Deletion task {req.deletion_task_id} cannot be found.")
    return api.GetServiceLinkedRoleDeletionStatusResponse(status="SUCCEEDED")
