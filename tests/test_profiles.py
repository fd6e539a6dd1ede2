"""Clouds that copy AWS's API, for boto 2 and boto3, in the process and through the proxy."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

import sundog
from sundog import OUTSCALE, Cloud, Profile, mock_aws
from sundog.settings import from_environment

boto: Any = None
FCU = "fcu.eu-west-2.outscale.com"
IMAGE = "ami-1234abcd"
ACME = Profile(
    "acme",
    suffixes=["cloud.acme.test"],
    services={"compute": "ec2", "storage": "s3"},
    regions=["north-1", "south-1"],
    allowed=["ec2", "s3"],
    lacks={"ec2": ["*Vpc*"]},
)
KEYS: Any = {"aws_access_key_id": "k", "aws_secret_access_key": "s"}


@pytest.fixture(autouse=True)
def _boto2() -> None:
    """boto 2 is imported by whatever a mock has made of Python."""
    global boto
    import sundog.boto2  # noqa: F401 - what the pytest plugin does for users

    boto = pytest.importorskip("boto")
    pytest.importorskip("boto.ec2")
    pytest.importorskip("boto.exception")


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> Iterator[Any]:
    started = sundog.serve(port=0, home=tmp_path, profiles=[ACME])
    monkeypatch.setenv("AWS_CA_BUNDLE", str(started.ca))
    yield started
    started.stop()


def fcu2(host: str = FCU, **options: Any) -> Any:
    from boto.ec2.regioninfo import EC2RegionInfo

    region = EC2RegionInfo(name=host.split(".")[1], endpoint=host)
    return boto.connect_ec2("k", "s", region=region, **options)


def client(service: str, url: str, region: str = "eu-west-2", **options: Any) -> Any:
    return boto3.client(service, region, endpoint_url=url, **KEYS, **options)


def refused(function: Any, *args: Any, **params: Any) -> str:
    with pytest.raises(ClientError) as caught:
        function(*args, **params)
    return caught.value.response["Error"]["Code"]


def launch_and_list(connection: Any) -> list[str]:
    connection.run_instances(IMAGE)
    connection.run_instances(IMAGE)
    return [each.id for each in connection.get_only_instances()]


# -- Outscale, in the process


@pytest.mark.parametrize("secure", [False, True])
def test_boto_2_launches_at_outscale(secure):
    with mock_aws() as aws:
        connection = fcu2(is_secure=secure)
        ids = launch_and_list(connection)
        assert len(ids) == 2
        assert [call.region for call in aws.calls] == ["eu-west-2"] * 3
        assert {call.http.scheme for call in aws.calls} == {"https" if secure else "http"}


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_boto3_launches_at_outscale(scheme):
    with mock_aws():
        ec2 = client("ec2", f"{scheme}://{FCU}")
        (instance,) = ec2.run_instances(ImageId=IMAGE, MinCount=1, MaxCount=1)["Instances"]
        assert instance["Placement"]["AvailabilityZone"] == "eu-west-2a"
        (found,) = ec2.describe_instances()["Reservations"]
        assert found["Instances"][0]["InstanceId"] == instance["InstanceId"]
        assert len(found["OwnerId"]) == 12


def test_ids_have_as_many_digits_as_outscale_s():
    with mock_aws():
        reservation = fcu2().run_instances(IMAGE)
        assert len(reservation.instances[0].id) == len("i-12345678")
        assert len(reservation.id) == len("r-12345678")
        assert len(boto.connect_ec2("k", "s").run_instances(IMAGE).instances[0].id) == len("i-0123456789abcdef0")


def test_outscale_has_regions_and_zones_of_its_own():
    with mock_aws():
        connection = fcu2()
        regions = {region.name: region.endpoint for region in connection.get_all_regions()}
        assert regions["eu-west-2"] == FCU
        assert regions["cloudgouv-eu-west-1"] == "fcu.cloudgouv-eu-west-1.outscale.com"
        assert "us-east-1" not in regions
        assert [zone.name for zone in connection.get_all_zones()] == ["eu-west-2a", "eu-west-2b", "eu-west-2c"]
        other = fcu2("fcu.us-east-2.outscale.com")
        assert [zone.name for zone in other.get_all_zones()] == ["us-east-2a", "us-east-2b"]


def test_a_region_s_connection_leads_to_that_region():
    with mock_aws():
        fcu2().run_instances(IMAGE)
        region = next(each for each in fcu2().get_all_regions() if each.name == "us-east-2")
        elsewhere = region.connect(aws_access_key_id="k", aws_secret_access_key="s")
        assert elsewhere.get_only_instances() == []
        assert len(fcu2().get_only_instances()) == 1


def test_the_host_s_region_counts_not_the_signature_s():
    with mock_aws():
        client("ec2", f"https://{FCU}", "us-east-1").run_instances(ImageId=IMAGE, MinCount=1, MaxCount=1)
        assert len(client("ec2", f"https://{FCU}").describe_instances()["Reservations"]) == 1


def test_outscale_s_names_for_aws_s_services():
    with mock_aws() as aws:
        iam = client("iam", "https://eim.eu-west-2.outscale.com")
        iam.create_user(UserName="ada")
        assert [user["UserName"] for user in iam.list_users()["Users"]] == ["ada"]
        s3 = client("s3", "https://oos.eu-west-2.outscale.com", config=Config(s3={"addressing_style": "virtual"}))
        s3.create_bucket(Bucket="mine", CreateBucketConfiguration={"LocationConstraint": "eu-west-2"})
        s3.put_object(Bucket="mine", Key="a/b", Body=b"hello")
        assert s3.get_object(Bucket="mine", Key="a/b")["Body"].read() == b"hello"
        client("elb", "https://lbu.eu-west-2.outscale.com").describe_load_balancers()
        client("directconnect", "https://directlink.eu-west-2.outscale.com").describe_locations()
        assert {call.service for call in aws.calls} == {"iam", "s3", "elb", "directconnect"}
        assert {call.region for call in aws.calls} == {"eu-west-2"}


def test_boto_2_s_own_names_for_these():
    with mock_aws() as aws:
        import boto.iam

        boto.connect_iam("k", "s", host="eim.eu-west-2.outscale.com").create_user("ada")
        bucket = boto.connect_s3("k", "s", host="oos.us-west-1.outscale.com").create_bucket("mine")
        bucket.new_key("a").set_contents_from_string("hello")
        assert bucket.get_key("a").get_contents_as_string() == b"hello"
        assert aws.calls[0].operation == "CreateUser"


def test_what_outscale_lacks_is_refused_as_an_invalid_action():
    with mock_aws():
        ec2 = client("ec2", f"https://{FCU}")
        assert refused(ec2.describe_network_acls) == "InvalidAction"
        assert refused(ec2.create_launch_template, LaunchTemplateName="x", LaunchTemplateData={}) == "InvalidAction"
        assert refused(client("iam", "https://eim.eu-west-2.outscale.com").list_roles) == "InvalidAction"
        oos = client("s3", "https://oos.eu-west-2.outscale.com")
        assert refused(oos.get_bucket_accelerate_configuration, Bucket="b") == "NotImplemented"
        link = client("directconnect", "https://directlink.eu-west-2.outscale.com")
        assert refused(link.describe_lags).startswith("UnknownOperation")
        assert client("ec2", "https://ec2.eu-west-2.amazonaws.com").describe_network_acls()["NetworkAcls"]


def test_services_that_outscale_lacks_are_refused():
    with mock_aws():
        refused(client("sqs", "https://sqs.eu-west-2.outscale.com").list_queues)


def test_outscale_s_other_operations_can_be_let_in():
    more = OUTSCALE.but(operations={})
    with mock_aws(profiles=[more]):
        assert client("ec2", f"https://{FCU}").describe_network_acls()["NetworkAcls"]


# -- Eucalyptus


@pytest.mark.parametrize("secure", [False, True])
def test_connect_euca(secure):
    with mock_aws() as aws:
        connection = boto.connect_euca("10.0.0.1", "k", "s", is_secure=secure)
        instance = connection.run_instances("emi-1234abcd", kernel_id="eki-1234abcd").instances[0]
        assert (instance.image_id, instance.kernel) == ("emi-1234abcd", "eki-1234abcd")
        assert [each.id for each in connection.get_only_instances()] == [instance.id]
        assert [zone.name for zone in connection.get_all_zones()] == ["one", "two"]
        assert instance.placement == "one"
        (region,) = connection.get_all_regions()
        assert (region.name, region.endpoint) == ("eucalyptus", "http://10.0.0.1:8773/services/compute")
        assert {call.region for call in aws.calls} == {"eucalyptus"}


def test_aws_takes_no_image_of_eucalyptus():
    with mock_aws(), pytest.raises(Exception, match=r"InvalidAMIID\.Malformed"):
        boto.connect_ec2("k", "s").run_instances("emi-1234abcd")


def test_walrus_is_s3():
    with mock_aws():
        bucket = boto.connect_walrus("10.0.0.1", "k", "s").create_bucket("mine")
        bucket.new_key("a/b").set_contents_from_string("hello")
        assert [key.name for key in bucket.list()] == ["a/b"]
        s3 = client("s3", "http://10.0.0.1:8773/services/objectstorage", config=Config(s3={"addressing_style": "path"}))
        assert s3.get_object(Bucket="mine", Key="a/b")["Body"].read() == b"hello"


def test_boto3_at_eucalyptus():
    with mock_aws() as aws:
        ec2 = client("ec2", "http://compute.cloud.example.com:8773/services/compute", "us-east-1")
        ec2.run_instances(ImageId="emi-1234abcd", MinCount=1, MaxCount=1)
        iam = client("iam", "http://euare.cloud.example.com:8773/services/Euare", "us-east-1")
        iam.create_user(UserName="ada")
        client("sts", "http://10.0.0.1:8773/services/Tokens", "us-east-1").get_caller_identity()
        assert [call.service for call in aws.calls] == ["ec2", "iam", "sts"]


# -- a user's own


def test_one_s_own_cloud_in_a_few_lines():
    with mock_aws(profiles=[ACME]):
        connection = fcu2("compute.north-1.cloud.acme.test")
        assert len(launch_and_list(connection)) == 2
        assert [region.endpoint for region in connection.get_all_regions()] == [
            "compute.north-1.cloud.acme.test",
            "compute.south-1.cloud.acme.test",
        ]
        assert connection.get_all_zones()[0].name == "north-1a"
        ec2 = client("ec2", "https://compute.south-1.cloud.acme.test", "south-1")
        assert ec2.describe_instances()["Reservations"] == []
        assert refused(ec2.describe_vpcs) == "InvalidAction"


def test_other_http_clients_reach_one_s_own_cloud():
    from urllib.request import urlopen

    with mock_aws(profiles=[ACME]):
        s3 = client("s3", "https://storage.north-1.cloud.acme.test", "north-1")
        s3.create_bucket(Bucket="mine")
        s3.put_object(Bucket="mine", Key="a", Body=b"hello")
        assert (
            urlopen(s3.generate_presigned_url("get_object", Params={"Bucket": "mine", "Key": "a"})).read() == b"hello"
        )


def test_a_fork_has_the_profiles_of_its_cloud():
    cloud = Cloud(profile=ACME).fork()
    with mock_aws(cloud=cloud):
        fcu2("compute.north-1.cloud.acme.test").run_instances(IMAGE)
    assert cloud.calls[0].profile is ACME


# -- by setting


def test_a_profile_by_setting_is_meant_by_hosts_that_name_no_cloud():
    with mock_aws(profile="outscale") as aws:
        connection = fcu2("internal.gateway")
        connection.run_instances(IMAGE)
        assert connection.get_all_zones()[0].name == "eu-west-2a"
        assert aws.calls[0].region == "eu-west-2"
        client("ec2", "http://gateway", "eu-west-2").describe_instances()
        assert refused(client("ec2", "http://gateway", "eu-west-2").describe_network_acls) == "InvalidAction"
        assert boto3.client("ec2", "us-east-1").describe_network_acls()["NetworkAcls"]


def test_a_profile_by_the_environment(monkeypatch):
    monkeypatch.setenv("SUNDOG_PROFILE", "eucalyptus")
    assert from_environment().profile == "eucalyptus"
    assert Cloud().hosts.meant.name == "eucalyptus"


def test_a_profile_by_module_and_name(monkeypatch, tmp_path):
    (tmp_path / "clouds_of_mine.py").write_text("import sundog\nMINE = sundog.Profile('mine')\nOTHER = 1\n")
    monkeypatch.chdir(tmp_path)
    try:
        assert Cloud(profile="clouds_of_mine:MINE").hosts.meant.name == "mine"
        with pytest.raises(ValueError, match="no Profile"):
            Cloud(profile="clouds_of_mine:OTHER")
    finally:
        sys.modules.pop("clouds_of_mine", None)
    assert "" not in sys.path or sys.path[-1] != ""


@pytest.mark.parametrize("name", ["nimbus", "no_such_module:X"])
def test_a_profile_that_there_is_not_is_an_error(name):
    with pytest.raises(ValueError, match=name.partition(":")[0]):
        Cloud(profile=name)


def test_the_server_as_an_endpoint_is_the_cloud_of_the_setting(tmp_path):
    with sundog.serve(port=0, home=tmp_path, profile="outscale") as url:
        ec2 = client("ec2", url)
        assert ec2.describe_regions()["Regions"][0]["Endpoint"] == FCU
        assert refused(ec2.describe_network_acls) == "InvalidAction"


# -- through the proxy


@pytest.mark.parametrize("secure", [False, True])
@pytest.mark.parametrize("host", [FCU, "compute.north-1.cloud.acme.test"])
def test_boto_2_through_the_proxy(server, host, secure):
    connection = fcu2(host, is_secure=secure, proxy=server.host, proxy_port=server.port)
    assert len(launch_and_list(connection)) == 2


@pytest.mark.parametrize("secure", [False, True])
def test_connect_euca_through_the_proxy(server, secure):
    options = {"is_secure": secure, "proxy": server.host, "proxy_port": server.port}
    connection = boto.connect_euca("euca.example.com", "k", "s", **options)
    assert len(launch_and_list(connection)) == 2
    assert connection.get_all_zones()[0].name == "one"


@pytest.mark.parametrize("scheme", ["http", "https"])
@pytest.mark.parametrize("host", [FCU, "compute.north-1.cloud.acme.test"])
def test_boto3_through_the_proxy(server, host, scheme):
    config = Config(proxies={"http": server.url, "https": server.url})
    ec2 = client("ec2", f"{scheme}://{host}", host.split(".")[1], config=config)
    ec2.run_instances(ImageId=IMAGE, MinCount=2, MaxCount=2)
    assert len(ec2.describe_instances()["Reservations"][0]["Instances"]) == 2


@pytest.mark.parametrize("secure", [False, True])
def test_the_proxy_refuses_hosts_of_no_cloud(server, secure):
    connection = fcu2("compute.example.com", is_secure=secure, proxy=server.host, proxy_port=server.port)
    connection.num_retries = 0
    with pytest.raises(OSError if secure else boto.exception.EC2ResponseError, match="403"):
        connection.get_only_instances()
