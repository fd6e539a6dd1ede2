"""The tests of ``servers_boto2``, in each of the four ways."""

import pytest

import sundog
from sundog import mock_aws

with mock_aws():  # boto 2 can't be imported on a new Python without help; an active mock gives it
    from servers_boto2 import add_servers, list_servers


@mock_aws
def test_with_a_decorator():
    add_servers("ami-1234abcd", 2)
    assert len(list_servers()) == 2


def test_with_a_context_manager():
    with mock_aws() as aws:
        add_servers("ami-1234abcd", 2)
        assert len(list_servers()) == 2
    assert [call.operation for call in aws.calls] == ["RunInstances", "RunInstances", "DescribeInstances"]


def test_by_hand():
    mock = mock_aws()
    mock.start()
    try:
        add_servers("ami-1234abcd", 2)
        assert len(list_servers()) == 2
    finally:
        mock.stop()


@pytest.mark.parametrize("secure", [False, True], ids=["http", "https"])
def test_with_the_server_as_a_proxy(secure):
    with sundog.serve(port=0) as server:
        # The endpoint stays ec2.us-east-1.amazonaws.com: only the proxy is new.
        through = {"proxy": server.host, "proxy_port": server.port, "is_secure": secure}
        if secure:
            through["https_connection_factory"] = None
            through["validate_certs"] = True
            from boto import config

            if not config.has_section("Boto"):
                config.add_section("Boto")
            config.set("Boto", "ca_certificates_file", str(server.ca_path))
        add_servers("ami-1234abcd", 2, **through)
        assert len(list_servers(**through)) == 2
