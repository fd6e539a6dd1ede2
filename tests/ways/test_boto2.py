"""boto 2.49 in-process, on whatever Python runs this."""

from __future__ import annotations

import collections
import importlib
import subprocess
import sys
import warnings
from collections.abc import Iterator
from typing import Any

import pytest

from sundog.ways import active
from sundog.wire.http import Request, Response

with warnings.catch_warnings():
    warnings.simplefilter("error")
    boto = importlib.import_module("boto")
    for name in (
        "ec2",
        "ec2.elb",
        "s3",
        "s3.key",
        "sqs",
        "sts",
        "dynamodb",
        "dynamodb2.table",
        "dynamodb.layer2",
        "utils",
    ):
        importlib.import_module("boto." + name)

pytestmark = pytest.mark.filterwarnings("error")

INSTANCES = b"""<?xml version="1.0" encoding="UTF-8"?>
<DescribeInstancesResponse xmlns="http://ec2.amazonaws.com/doc/2014-10-01/"><requestId>r</requestId><reservationSet>
<item><reservationId>r-1</reservationId><ownerId>123456789012</ownerId><instancesSet><item><instanceId>i-1</instanceId>
<instanceState><code>16</code><name>running</name></instanceState></item></instancesSet></item>
</reservationSet></DescribeInstancesResponse>"""
GONE = b"""<?xml version="1.0" encoding="UTF-8"?><Response><Errors><Error><Code>InvalidInstanceID.NotFound</Code>
<Message>The instance ID 'i-2' does not exist</Message></Error></Errors><RequestID>r</RequestID></Response>"""


@pytest.fixture(autouse=True)
def nobody_tried(no_network: list[Any]) -> Iterator[None]:
    yield
    assert no_network == []


@pytest.fixture
def instances(cloud: Any) -> Any:
    cloud.reply = lambda request: Response(200, {"content-type": "text/xml;charset=UTF-8"}, INSTANCES)
    return cloud


def form(request: Request) -> dict[str, str]:
    from urllib.parse import parse_qsl

    return dict(parse_qsl(request.query) + parse_qsl(request.read().decode()))


@pytest.mark.parametrize("secure", [True, False])
@pytest.mark.parametrize("validate", [True, False])
def test_ec2(instances: Any, secure: bool, validate: bool) -> None:
    connection = boto.connect_ec2("the_key", "the_secret", is_secure=secure, validate_certs=validate)
    for _ in range(3):
        assert [i.id for r in connection.get_all_reservations() for i in r.instances] == ["i-1"]
    request = instances.last
    assert (request.scheme, request.host) == ("https" if secure else "http", "ec2.us-east-1.amazonaws.com")
    assert form(request)["Action"] == "DescribeInstances"


def test_a_region_by_name(instances: Any) -> None:
    import boto.ec2

    connection = boto.ec2.connect_to_region("eu-west-1", aws_access_key_id="k", aws_secret_access_key="s")
    connection.get_all_reservations()
    assert instances.last.host == "ec2.eu-west-1.amazonaws.com"


def test_an_error_is_boto_s_own(cloud: Any) -> None:
    cloud.reply = lambda request: Response(400, {"content-type": "text/xml;charset=UTF-8"}, GONE)
    with pytest.raises(boto.exception.EC2ResponseError) as caught:
        boto.connect_ec2("k", "s").get_all_reservations(["i-2"])
    assert caught.value.error_code == "InvalidInstanceID.NotFound"
    assert caught.value.status == 400


def test_clouds_that_copy_aws(instances: Any) -> None:
    from boto.ec2.regioninfo import EC2RegionInfo

    region = EC2RegionInfo(name="eu-west-2", endpoint="fcu.eu-west-2.outscale.com")
    boto.connect_ec2("k", "s", region=region).get_all_reservations()
    assert instances.last.host == "fcu.eu-west-2.outscale.com"
    boto.connect_euca("10.0.0.1", "k", "s").get_all_reservations()
    assert (instances.last.scheme, instances.last.host) == ("http", "10.0.0.1:8773")
    assert instances.last.path.startswith("/services/Eucalyptus")
    boto.connect_ec2_endpoint(
        "https://compute.cloud.example.com:8773/services/compute", "k", "s"
    ).get_all_reservations()
    assert instances.last.host == "compute.cloud.example.com:8773"


def test_a_connection_made_before_the_mock(make_canned: Any, no_network: list[Any]) -> None:
    connection = boto.connect_ec2("k", "s")
    connection.num_retries = 0
    for _ in range(2):
        cloud = make_canned(lambda request: Response(200, {}, INSTANCES))
        active.push(cloud)
        assert len(connection.get_all_reservations()) == 1
        active.pop(cloud)
    with pytest.raises(Exception):  # noqa: B017
        connection.get_all_reservations()
    assert no_network == ["ec2.us-east-1.amazonaws.com"]
    no_network.clear()


@pytest.mark.parametrize("secure", [True, False])
def test_a_proxy_is_not_asked(instances: Any, secure: bool) -> None:
    connection = boto.connect_ec2("k", "s", is_secure=secure, proxy="proxy.example.com", proxy_port=3128)
    assert len(connection.get_all_reservations()) == 1
    assert instances.last.host == "ec2.us-east-1.amazonaws.com"
    assert instances.last.scheme == ("https" if secure else "http")


def test_s3_puts_and_gets(cloud: Any) -> None:
    stored: dict[str, bytes] = {}

    def reply(request: Request) -> Response:
        if request.method == "PUT":
            stored[request.path] = request.read()
            return Response(200, {"etag": '"5d41402abc4b2a76b9719d911017c592"'}, b"")
        if request.method == "HEAD":
            return Response(200, {"content-length": str(len(stored[request.path])), "etag": '"x"'}, b"")
        return Response(200, {"etag": '"x"'}, stored[request.path])

    cloud.reply = reply
    bucket = boto.connect_s3("k", "s").get_bucket("bucket", validate=False)
    key = bucket.new_key("a key")
    key.set_contents_from_string("hello")
    assert cloud.last.host == "bucket.s3.amazonaws.com"
    assert cloud.last.path == "/a%20key"
    assert bucket.get_key("a key").get_contents_as_string() == b"hello"


def test_s3_follows_a_redirect_to_the_bucket_s_region(cloud: Any) -> None:
    def reply(request: Request) -> Response:
        if request.host == "bucket.s3.amazonaws.com":
            return Response(307, {"location": "https://bucket.s3-us-west-2.amazonaws.com/key"}, b"<Error/>")
        return Response(200, {"content-length": "5", "etag": '"x"'}, b"" if request.method == "HEAD" else b"there")

    cloud.reply = reply
    bucket = boto.connect_s3("k", "s").get_bucket("bucket", validate=False)
    assert bucket.get_key("key", validate=False).get_contents_as_string() == b"there"


def test_instance_metadata_answers_at_once(cloud: Any) -> None:
    import boto.utils

    data = boto.utils.get_instance_metadata(timeout=1, num_retries=1)
    assert data["instance-id"].startswith("i-")
    assert data["placement"]["availability-zone"] == "us-east-1a"
    identity = boto.utils.get_instance_identity(timeout=1, num_retries=1)
    assert identity["document"]["accountId"] == "123456789012"
    assert cloud.requests == []


def test_credentials_come_from_the_instance_if_there_are_no_others(
    instances: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Any
) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    connection = boto.connect_ec2()
    connection.get_all_reservations()
    assert connection.access_key.startswith("ASIA")


def test_nobody_else_gets_what_boto_misses() -> None:
    assert not hasattr(collections, "Mapping")
    if sys.version_info >= (3, 12):
        with pytest.raises(ImportError):
            importlib.import_module("imp")


def test_importing_sundog_alone_changes_nothing() -> None:
    code = "import sys; before = list(sys.meta_path); import sundog; assert sys.meta_path == before"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_boto_imports_without_a_warning_once_mock_aws_is_imported() -> None:
    code = "import sundog.mock, boto, boto.ec2, boto.dynamodb2.table, boto.s3.connection, boto.auth"
    subprocess.run([sys.executable, "-B", "-W", "error", "-c", code], check=True)


def test_a_plugin_folder_still_loads(tmp_path: Any) -> None:
    (tmp_path / "own_auth.py").write_text("LOADED = True\n")
    import boto.plugin

    module = boto.plugin._import_module(str(tmp_path / "own_auth.py"))
    assert module.LOADED is True
    del sys.modules["own_auth"]
