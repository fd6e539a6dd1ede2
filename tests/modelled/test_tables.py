"""What the services' own tables say, as AWS's answers have it."""

from __future__ import annotations

import re

import boto3
import pytest
from botocore.exceptions import ClientError

from sundog.cloud import Cloud

pytestmark = pytest.mark.usefixtures("aws")
UUID = r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"


def client(name: str):
    return boto3.client(name, region_name="us-east-1")


def fails(code: str, message: str):
    return pytest.raises(ClientError, match=rf"\({re.escape(code)}\).*: {re.escape(message)}$")


def test_an_ecs_cluster_has_its_counts() -> None:
    cluster = client("ecs").create_cluster(clusterName="c")["cluster"]
    assert cluster["status"] == "ACTIVE"
    assert (cluster["runningTasksCount"], cluster["activeServicesCount"], cluster["capacityProviders"]) == (0, 0, [])


def test_task_definitions_count_revisions_and_their_family_names_the_newest() -> None:
    ecs = client("ecs")
    for image in ("one", "two"):
        ecs.register_task_definition(family="f", containerDefinitions=[{"name": "a", "image": image}])
    newest = ecs.describe_task_definition(taskDefinition="f")["taskDefinition"]
    assert newest["taskDefinitionArn"].endswith(":task-definition/f:2")
    first = ecs.describe_task_definition(taskDefinition="f:1")["taskDefinition"]
    assert first["containerDefinitions"][0]["image"] == "one"


def test_a_service_needs_its_cluster() -> None:
    with fails("ClusterNotFoundException", "Cluster not found."):
        client("ecs").create_service(cluster="nowhere", serviceName="s", taskDefinition="f")


def test_a_deleted_cluster_of_ecs_is_inactive() -> None:
    ecs = client("ecs")
    ecs.create_cluster(clusterName="c")
    assert ecs.delete_cluster(cluster="c")["cluster"]["status"] == "INACTIVE"


def test_an_eks_cluster_is_made_and_then_active() -> None:
    eks = client("eks")
    made = eks.create_cluster(name="c", roleArn="arn:aws:iam::123456789012:role/r", resourcesVpcConfig={})["cluster"]
    assert made["status"] == "CREATING"
    read = eks.describe_cluster(name="c")["cluster"]
    assert (read["status"], read["arn"]) == ("ACTIVE", "arn:aws:eks:us-east-1:123456789012:cluster/c")
    assert read["endpoint"] == made["endpoint"]


def test_an_eks_cluster_with_nodes_is_not_deleted() -> None:
    eks = client("eks")
    role = "arn:aws:iam::123456789012:role/r"
    eks.create_cluster(name="c", roleArn=role, resourcesVpcConfig={})
    eks.create_nodegroup(clusterName="c", nodegroupName="n", subnets=["subnet-1"], nodeRole=role)
    with fails("ResourceInUseException", "Cluster has nodegroups attached"):
        eks.delete_cluster(name="c")
    eks.delete_nodegroup(clusterName="c", nodegroupName="n")
    assert eks.delete_cluster(name="c")["cluster"]["status"] == "DELETING"


def test_a_repository_of_ecr_has_its_uri() -> None:
    made = client("ecr").create_repository(repositoryName="app")["repository"]
    assert made["repositoryUri"] == "123456789012.dkr.ecr.us-east-1.amazonaws.com/app"
    assert (made["imageTagMutability"], made["encryptionConfiguration"]) == ("MUTABLE", {"encryptionType": "AES256"})


def test_a_missing_repository_of_ecr_is_named_with_its_registry() -> None:
    text = "The repository with name 'gone' does not exist in the registry with id '123456789012'"
    with fails("RepositoryNotFoundException", text):
        client("ecr").describe_repositories(repositoryNames=["gone"])


def test_a_file_systems_creation_token_is_its_own() -> None:
    efs = client("efs")
    assert re.fullmatch(r"fs-0[0-9a-f]{16}", efs.create_file_system(CreationToken="t")["FileSystemId"])
    with fails("FileSystemAlreadyExists", "File system with creation token 't' already exists."):
        efs.create_file_system(CreationToken="t")


def test_a_db_instance_becomes_available_with_its_endpoint() -> None:
    rds = client("rds")
    made = rds.create_db_instance(DBInstanceIdentifier="d", DBInstanceClass="db.t3.micro", Engine="mysql")["DBInstance"]
    assert made["DBInstanceStatus"] == "creating"
    read = rds.describe_db_instances(DBInstanceIdentifier="d")["DBInstances"][0]
    assert (read["DBInstanceStatus"], read["Endpoint"]["Port"]) == ("available", 3306)
    assert rds.stop_db_instance(DBInstanceIdentifier="d")["DBInstance"]["DBInstanceStatus"] == "stopped"
    rds.delete_db_instance(DBInstanceIdentifier="d", SkipFinalSnapshot=True)
    with fails("DBInstanceNotFound", "DBInstance d not found."):
        rds.describe_db_instances(DBInstanceIdentifier="d")


def test_a_requested_certificate_waits_for_its_validation() -> None:
    acm = client("acm")
    arn = acm.request_certificate(DomainName="a.example.com", ValidationMethod="DNS")["CertificateArn"]
    assert re.fullmatch(rf"arn:aws:acm:us-east-1:123456789012:certificate/{UUID}", arn)
    certificate = acm.describe_certificate(CertificateArn=arn)["Certificate"]
    assert (certificate["Status"], certificate["Type"]) == ("PENDING_VALIDATION", "AMAZON_ISSUED")
    assert certificate["DomainValidationOptions"][0]["ResourceRecord"]["Type"] == "CNAME"


def test_athena_has_its_primary_workgroup_and_runs_queries() -> None:
    athena = client("athena")
    assert [group["Name"] for group in athena.list_work_groups()["WorkGroups"]] == ["primary"]
    query = athena.start_query_execution(QueryString="select 1")["QueryExecutionId"]
    execution = athena.get_query_execution(QueryExecutionId=query)["QueryExecution"]
    assert (execution["Query"], execution["Status"]["State"]) == ("select 1", "SUCCEEDED")


def test_a_trail_logs_when_started() -> None:
    trail = client("cloudtrail")
    trail.create_trail(Name="t-1", S3BucketName="bucket")
    assert trail.get_trail_status(Name="t-1")["IsLogging"] is False
    trail.start_logging(Name="t-1")
    assert trail.get_trail_status(Name="t-1")["IsLogging"] is True
    trail.stop_logging(Name="t-1")
    assert trail.get_trail_status(Name="t-1")["IsLogging"] is False


def test_a_schedule_lies_in_the_default_group() -> None:
    scheduler = client("scheduler")
    target = {"Arn": "arn:aws:sqs:us-east-1:123456789012:q", "RoleArn": "arn:aws:iam::123456789012:role/r"}
    params = {"ScheduleExpression": "rate(1 hour)", "FlexibleTimeWindow": {"Mode": "OFF"}, "Target": target}
    made = scheduler.create_schedule(Name="s", **params)
    assert made["ScheduleArn"] == "arn:aws:scheduler:us-east-1:123456789012:schedule/default/s"
    assert scheduler.get_schedule(Name="s")["GroupName"] == "default"
    with fails("ResourceNotFoundException", "Schedule group gone does not exist."):
        scheduler.create_schedule(Name="s", GroupName="gone", **params)
    with fails("ConflictException", "Schedule s already exists."):
        scheduler.create_schedule(Name="s", **params)


def test_namespaces_of_several_types_are_one_kind() -> None:
    discovery = client("servicediscovery")
    discovery.create_http_namespace(Name="one")
    discovery.create_private_dns_namespace(Name="two", Vpc="vpc-1")
    found = {space["Name"]: space["Type"] for space in discovery.list_namespaces()["Namespaces"]}
    assert found == {"one": "HTTP", "two": "DNS_PRIVATE"}
    wanted = [{"Name": "TYPE", "Values": ["DNS_PRIVATE"], "Condition": "EQ"}]
    assert [space["Name"] for space in discovery.list_namespaces(Filters=wanted)["Namespaces"]] == ["two"]


def test_a_table_of_glue_lies_in_its_database() -> None:
    glue = client("glue")
    glue.create_database(DatabaseInput={"Name": "db"})
    glue.create_table(DatabaseName="db", TableInput={"Name": "t"})
    assert glue.get_table(DatabaseName="db", Name="t")["Table"]["CatalogId"] == "123456789012"
    with fails("EntityNotFoundException", "Database gone not found."):
        glue.create_table(DatabaseName="gone", TableInput={"Name": "t"})
    glue.delete_database(Name="db")
    with pytest.raises(glue.exceptions.EntityNotFoundException):
        glue.get_table(DatabaseName="db", Name="t")


def test_an_organization_is_there_once() -> None:
    organizations = client("organizations")
    with fails("AWSOrganizationsNotInUseException", "Your account is not a member of an organization."):
        organizations.describe_organization()
    organizations.create_organization(FeatureSet="ALL")
    assert organizations.describe_organization()["Organization"]["MasterAccountId"] == "123456789012"


def test_a_broker_has_the_endpoints_of_its_engine() -> None:
    mq = client("mq")
    made = mq.create_broker(
        BrokerName="b", DeploymentMode="SINGLE_INSTANCE", EngineType="ACTIVEMQ", HostInstanceType="mq.t3.micro",
        PubliclyAccessible=True,
    )  # fmt: skip
    read = mq.describe_broker(BrokerId=made["BrokerId"])
    assert (read["BrokerState"], read["BrokerArn"]) == ("RUNNING", made["BrokerArn"])
    assert read["BrokerInstances"][0]["Endpoints"][0] == f"ssl://{made['BrokerId']}-1.mq.us-east-1.amazonaws.com:61617"


def test_delays_hold_a_status_back(aws: Cloud) -> None:
    from sundog import mock_aws

    with mock_aws(delays=True) as slow:
        eks = client("eks")
        eks.create_cluster(name="c", roleArn="arn:aws:iam::123456789012:role/r", resourcesVpcConfig={})
        assert eks.describe_cluster(name="c")["cluster"]["status"] == "CREATING"
        slow.clock.advance(minutes=20)
        assert eks.describe_cluster(name="c")["cluster"]["status"] == "ACTIVE"


def test_a_user_pool_is_named_after_its_region() -> None:
    cognito = client("cognito-idp")
    pool = cognito.create_user_pool(PoolName="p")["UserPool"]
    assert re.fullmatch(r"us-east-1_[0-9A-Za-z]{9}", pool["Id"])
    assert pool["Arn"] == f"arn:aws:cognito-idp:us-east-1:123456789012:userpool/{pool['Id']}"
    assert (pool["MfaConfiguration"], pool["Policies"]["PasswordPolicy"]["MinimumLength"]) == ("OFF", 8)
    user = cognito.admin_create_user(UserPoolId=pool["Id"], Username="u")["User"]
    assert (user["UserStatus"], user["Enabled"]) == ("FORCE_CHANGE_PASSWORD", True)
    with fails("UsernameExistsException", "User account already exists"):
        cognito.admin_create_user(UserPoolId=pool["Id"], Username="u")
    with fails("UserNotFoundException", "User does not exist."):
        cognito.admin_get_user(UserPoolId=pool["Id"], Username="no")
    with fails("ResourceNotFoundException", "User pool us-east-1_no does not exist."):
        cognito.describe_user_pool(UserPoolId="us-east-1_no")


def test_an_identity_pool_is_named_after_its_region() -> None:
    pools = client("cognito-identity")
    made = pools.create_identity_pool(IdentityPoolName="p", AllowUnauthenticatedIdentities=True)
    assert re.fullmatch(f"us-east-1:{UUID}", made["IdentityPoolId"])
    other = "us-east-1:12345678-1234-1234-1234-123456789012"
    with fails("ResourceNotFoundException", f"IdentityPool '{other}' not found."):
        pools.describe_identity_pool(IdentityPoolId=other)


def test_a_function_has_its_defaults() -> None:
    functions = client("lambda")
    given = {"FunctionName": "f", "Role": "arn:aws:iam::123456789012:role/r", "Code": {"ZipFile": b"zip"}}
    made = functions.create_function(**given, Runtime="python3.12", Handler="a.b")
    assert (made["State"], made["Version"], made["Timeout"], made["MemorySize"]) == ("Pending", "$LATEST", 3, 128)
    told = functions.get_function_configuration(FunctionName="f")
    assert (told["State"], told["PackageType"], told["Architectures"]) == ("Active", "Zip", ["x86_64"])
    with fails("ResourceConflictException", "Function already exist: f"):
        functions.create_function(**given, Runtime="python3.12", Handler="a.b")
    with fails("ResourceNotFoundException", "Function not found: arn:aws:lambda:us-east-1:123456789012:function:no"):
        functions.get_function(FunctionName="no")


def test_a_state_machine_has_its_defaults() -> None:
    states = client("stepfunctions")
    role = "arn:aws:iam::123456789012:role/r"
    machine = states.create_state_machine(name="m", definition="{}", roleArn=role)["stateMachineArn"]
    told = states.describe_state_machine(stateMachineArn=machine)
    assert (told["type"], told["status"], told["loggingConfiguration"]["level"]) == ("STANDARD", "ACTIVE", "OFF")
    started = states.start_execution(stateMachineArn=machine, name="e", input='{"a": 1}')["executionArn"]
    assert states.describe_execution(executionArn=started)["input"] == '{"a": 1}'
    with fails("StateMachineDoesNotExist", f"State Machine Does Not Exist: '{machine}x'"):
        states.describe_state_machine(stateMachineArn=machine + "x")


def test_a_stream_keeps_a_day() -> None:
    kinesis = client("kinesis")
    kinesis.create_stream(StreamName="s", ShardCount=1)
    told = kinesis.describe_stream_summary(StreamName="s")["StreamDescriptionSummary"]
    assert (told["StreamStatus"], told["RetentionPeriodHours"], told["EncryptionType"]) == ("ACTIVE", 24, "NONE")
    assert told["StreamARN"] == "arn:aws:kinesis:us-east-1:123456789012:stream/s"
    with pytest.raises(kinesis.exceptions.ResourceInUseException):
        kinesis.create_stream(StreamName="s", ShardCount=1)
    with fails("ResourceNotFoundException", "Stream no under account 123456789012 not found."):
        kinesis.describe_stream(StreamName="no")
