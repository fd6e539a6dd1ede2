"""The tests of ``servers_outscale``: in the process, and through the server as a proxy."""

import pytest
from boto.exception import EC2ResponseError
from servers_outscale import add_servers, connect

import sundog
from sundog import mock_aws


@mock_aws
def test_servers_are_launched_at_outscale():
    ids = add_servers("ami-1234abcd", 2)
    servers = connect().get_only_instances()
    assert [server.id for server in servers] == ids
    assert {server.placement for server in servers} == {"eu-west-2a"}


@mock_aws
def test_regions_are_apart():
    add_servers("ami-1234abcd", 1)
    assert connect("us-east-2").get_only_instances() == []
    assert "cloudgouv-eu-west-1" in [region.name for region in connect().get_all_regions()]


@mock_aws
def test_what_outscale_lacks_is_refused():
    with pytest.raises(EC2ResponseError, match="InvalidAction"):
        connect().get_all_spot_instance_requests()


@pytest.mark.parametrize("secure", [False, True], ids=["http", "https"])
def test_through_the_proxy(monkeypatch, secure):
    server = sundog.serve(port=0)
    monkeypatch.setenv("AWS_CA_BUNDLE", str(server.ca))
    proxy = {"is_secure": secure, "proxy": server.host, "proxy_port": server.port}
    assert len(add_servers("ami-1234abcd", 2, **proxy)) == 2
    assert len(connect(**proxy).get_only_instances()) == 2
    server.stop()
